//! The client: asks, asks again, and gives up.
//!
//! A payment that was given up is unknown to its caller: no answer is no news. A balance has no effect, so one that was
//! given up has certainly failed.

use super::{Bug, Context, Message, Order, Payments, Reply, Timer, proof::Tag};
use crate::base::{Micros, NodeId, OpId};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
}

impl Payments {
    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if op.f == "pay" && !matches!(op.value, Datum::Int(amount) if amount > 0) {
            return ctx.reply(id, Outcome::Fail, Datum::Text("an amount is a whole number above 0".into()));
        }
        c.pending.insert(id.count, Pending { op: op.clone(), begun: ctx.local_now(), asked: 0 });
        self.ask(c, id.count, ctx);
        if self.attempts > 1 {
            ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
            if self.hedge_after.0 > 0 {
                ctx.set_timer(self.hedge_after, &Timer::Hedge { op: id.count });
            }
        }
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// The same payment under the same key, whoever is asked.
    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let turn = op + if self.elsewhere { pending.asked } else { 1 };
        let Some(to) = in_turn(turn, ctx) else { return };
        let client = ctx.me();
        let question = match (pending.op.f.as_str(), &pending.op.value) {
            ("pay", Datum::Int(amount)) => {
                let fresh = if self.has(Bug::NewKeyEachAttempt) { u64::from(pending.asked) << 32 } else { 0 };
                let (account, sent) = (pending.op.key.clone(), ctx.local_now());
                let key = fresh | u64::from(op);
                let mut order = Order { to: account, amount: *amount, client, op, key, sent, tag: None };
                order.tag = self.tag_of_order(&order, ctx.setup());
                Message::Pay(order)
            }
            _ => Message::Ask { account: pending.op.key.clone(), client, op },
        };
        ctx.send(to, &question);
    }

    /// The first answer to an operation that is still open ends it.
    pub(super) fn on_answer(
        &self,
        c: &mut Client,
        client: NodeId,
        op: u32,
        reply: Reply,
        tag: Option<Tag>,
        ctx: &mut Context<'_>,
    ) {
        let is_mine = client == ctx.me() && c.pending.contains_key(&op);
        if !is_mine {
            return;
        }
        if self.proof && tag != self.tag_of_answer(client, op, &reply, ctx.setup()) {
            return ctx.note("rejects: the bank has not signed that");
        }
        let (outcome, answer) = match reply {
            Reply::Paid(_) => (Outcome::Ok, Datum::None),
            Reply::Refused => (Outcome::Fail, Datum::Text("refused: not enough in the account".into())),
            Reply::Holds(amount) => (Outcome::Ok, Datum::Int(amount)),
        };
        self.end(c, op, outcome, answer, ctx);
    }

    fn end(&self, c: &mut Client, op: u32, outcome: Outcome, answer: Datum, ctx: &mut Context<'_>) {
        if c.pending.remove(&op).is_some() {
            ctx.cancel_timer(&Timer::Retry { op });
            ctx.cancel_timer(&Timer::GiveUp { op });
            if self.hedge_after.0 > 0 {
                ctx.cancel_timer(&Timer::Hedge { op });
            }
            ctx.reply(OpId { client: ctx.me(), count: op }, outcome, answer);
        }
    }

    /// The request or the answer may have been lost, or be late: that cannot be told apart.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.get(&op).is_some_and(|pending| pending.asked < self.attempts) {
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    /// Another one may be faster; whichever answers first has answered.
    pub(super) fn on_hedge(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        self.ask(c, op, ctx);
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get(&op) else { return };
        let harmless = pending.op.f != "pay" || self.has(Bug::TimeoutMeansFailed);
        let (outcome, why) = match harmless {
            true => (Outcome::Fail, "no answer"),
            false => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
        };
        self.end(c, op, outcome, Datum::Text(why.into()), ctx);
    }
}

/// The fronts in turn; where there are none, the bank.
fn in_turn(turn: u32, ctx: &Context<'_>) -> Option<NodeId> {
    let fronts = ctx.setup().role("front");
    match fronts.clone().count() {
        0 => ctx.setup().role("bank").next(),
        count => fronts.clone().nth(turn as usize % count),
    }
}
