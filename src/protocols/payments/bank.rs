//! The bank: believes what is proved, does what is new, and remembers what it answered.

use super::{Bug, Context, Fresh, Kept, Keys, Message, Order, Payments, Reply, proof::Window};
use crate::base::NodeId;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bank {
    /// What is remembered in memory only.
    pub kept: Kept,
    pub numbers: LiteMap<NodeId, Window>,
    /// The charge made last, for whoever watches: its number, whose operation it was, who was paid, and how much.
    pub last: Option<(u64, (NodeId, u32), SmolStr, i64)>,
}

impl Payments {
    /// At the very first start every client is given an account.
    pub(super) fn open_bank(&self, ctx: &mut Context<'_>) -> Bank {
        if ctx.disk().accounts.is_empty() {
            let clients = ctx.setup().nodes.iter().filter(|node| node.client);
            let accounts: Vec<SmolStr> = clients.map(|node| node.name.as_str().into()).collect();
            ctx.disk_mut().accounts = accounts.into_iter().map(|name| (name, self.opening)).collect();
            ctx.sync();
        }
        Bank::default()
    }

    pub(super) fn on_pay(&self, b: &mut Bank, from: NodeId, order: Order, ctx: &mut Context<'_>) {
        if !self.is_credible(&order, ctx) {
            return;
        }
        self.forget(b, ctx);
        let key = (order.client, order.key);
        let kept = match self.keys {
            Keys::Disk => ctx.disk().kept.get(&key),
            Keys::Memory => b.kept.get(&key),
            Keys::Nowhere | Keys::Front => None,
        };
        if let Some((reply, _)) = kept.cloned() {
            ctx.note(format!("answers again: {} was charged before", words(&order, ctx)));
            return ctx.send(from, &self.answer(order.client, order.op, reply, ctx.setup()));
        }
        if self.fresh == Fresh::Number && !self.take_number(b, &order, ctx) {
            return ctx.note(format!("rejects: number {} was used before", order.key));
        }
        self.charge(b, from, order, ctx);
    }

    /// Whoever is not believed is told nothing: the answer could be believed in turn.
    fn is_credible(&self, order: &Order, ctx: &mut Context<'_>) -> bool {
        if order.client.index() >= ctx.setup().nodes.len() {
            ctx.note("rejects: nobody has that number");
            return false;
        }
        if self.proof && order.tag != self.tag_of_order(order, ctx.setup()) {
            let name = ctx.setup().name(order.client);
            ctx.note(format!("rejects: {name} has not signed that"));
            return false;
        }
        let (now, sent) = (ctx.local_now(), order.sent);
        let apart = now.since(sent).max(sent.since(now));
        if self.fresh == Fresh::Time && apart > self.fresh_for {
            ctx.note(format!("rejects: it was sent {apart} from now"));
            return false;
        }
        true
    }

    fn take_number(&self, b: &mut Bank, order: &Order, ctx: &mut Context<'_>) -> bool {
        let numbers = if self.has(Bug::NumbersInMemory) { &mut b.numbers } else { &mut ctx.disk_mut().numbers };
        numbers.entry(order.client).or_default().take(order.key)
    }

    fn forget(&self, b: &mut Bank, ctx: &mut Context<'_>) {
        if self.forget_after.0 == 0 {
            return;
        }
        let (now, patience) = (ctx.local_now(), self.forget_after);
        let is_old = |at| now.since(at) >= patience;
        b.kept.retain(|_, (_, at)| !is_old(*at));
        if ctx.disk().kept.values().any(|(_, at)| is_old(*at)) {
            ctx.disk_mut().kept.retain(|_, (_, at)| !is_old(*at));
        }
    }

    /// Charge and key are on disk, by one sync, before the answer leaves.
    fn charge(&self, b: &mut Bank, from: NodeId, order: Order, ctx: &mut Context<'_>) {
        let payer = SmolStr::from(ctx.setup().name(order.client));
        let has = ctx.disk().accounts.get(&payer).copied().unwrap_or(0);
        let reply = if order.amount <= 0 || has < order.amount {
            ctx.note(format!("refuses: {}, of {has}", words(&order, ctx)));
            Reply::Refused
        } else {
            self.transfer(b, &payer, &order, ctx)
        };
        let kept = (reply.clone(), ctx.local_now());
        let answer = self.answer(order.client, order.op, reply, ctx.setup());
        if self.has(Bug::KeyAfterCharge) {
            ctx.sync();
        }
        match self.keys {
            Keys::Disk => {
                ctx.disk_mut().kept.insert((order.client, order.key), kept);
            }
            Keys::Memory => {
                b.kept.insert((order.client, order.key), kept);
            }
            Keys::Nowhere | Keys::Front => {}
        }
        if self.has(Bug::AckBeforeSync) {
            ctx.send(from, &answer);
        }
        ctx.sync();
        if !self.has(Bug::AckBeforeSync) {
            ctx.send(from, &answer);
        }
    }

    fn transfer(&self, b: &mut Bank, payer: &SmolStr, order: &Order, ctx: &mut Context<'_>) -> Reply {
        let disk = ctx.disk_mut();
        disk.charges += 1;
        let number = disk.charges;
        *disk.accounts.entry(payer.clone()).or_default() -= order.amount;
        if self.has(Bug::SplitTransfer) {
            ctx.sync();
        }
        *ctx.disk_mut().accounts.entry(order.to.clone()).or_default() += order.amount;
        b.last = Some((number, (order.client, order.op), order.to.clone(), order.amount));
        ctx.note(format!("charges: {} (charge {number})", words(order, ctx)));
        Reply::Paid(number)
    }

    /// What it answers is durable, because a node handles nothing while its disk syncs.
    pub(super) fn on_ask(&self, from: NodeId, account: &str, client: NodeId, op: u32, ctx: &mut Context<'_>) {
        if client.index() < ctx.setup().nodes.len() {
            let holds = ctx.disk().accounts.get(account).copied().unwrap_or(0);
            let answer: Message = self.answer(client, op, Reply::Holds(holds), ctx.setup());
            ctx.send(from, &answer);
        }
    }
}

fn words(order: &Order, ctx: &Context<'_>) -> String {
    format!("{} from {} to {}", order.amount, ctx.setup().name(order.client), order.to)
}
