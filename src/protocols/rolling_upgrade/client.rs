//! The client: asks the replicas in turn, and the next one where one cannot help it.
//!
//! How an operation ends for its caller:
//! - ok: a majority has accepted it, or what it read.
//! - fail: a get that was given up. It has no effect.
//! - unknown: a put that was given up. It may have happened, or may yet.

use super::schema::Field;
use super::{Ballot, Context, Message, Reply, RollingUpgrade, Timer, What};
use crate::base::{NodeId, OpId};
use crate::protocols::once::Ticket;
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What was answered last, for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    life: u32,
    /// Its place among the clients: they begin with different replicas.
    place: u32,
    pub pending: LiteMap<u32, Pending>,
    /// Operations that ended well, and under which ballots; newest last.
    pub finished: VecDeque<(u32, Ballot)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    pub asked: u32,
    /// Why somebody could not help.
    pub why: String,
}

pub fn field(op: &Op) -> Field {
    if op.f.ends_with("note") { Field::Note } else { Field::Value }
}

pub fn is_put(op: &Op) -> bool {
    op.f.starts_with("put")
}

impl RollingUpgrade {
    /// Its lives are on its disk before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.sync();
        let me = ctx.me();
        let place = ctx.setup().role("client").position(|node| node == me).unwrap_or_default() as u32;
        Client { life: ctx.disk().lives, place, pending: LiteMap::new(), finished: VecDeque::new() }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let sound = match &op.value {
            Datum::Int(_) => true,
            Datum::Text(text) => !text.is_empty(),
            Datum::None | Datum::List(_) => false,
        };
        if is_put(op) && !sound {
            let why = "a field holds a number or a text".into();
            return ctx.reply(id, Outcome::Fail, Datum::Text(why));
        }
        c.pending.insert(id.count, Pending { op: op.clone(), asked: 0, why: String::new() });
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// The same ticket, whoever is asked.
    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let settled = c.pending.keys().min().copied().unwrap_or(op);
        let replicas = self.replicas(ctx);
        let (life, place) = (c.life, c.place);
        let Some(pending) = c.pending.get_mut(&op) else { return };
        if replicas.is_empty() {
            return;
        }
        let first = match self.coordinators {
            0 => replicas.len(),
            some => some.min(replicas.len()),
        };
        let turn = (op.wrapping_add(place) as usize % first + pending.asked as usize) % replicas.len();
        pending.asked += 1;
        let put = is_put(&pending.op).then(|| pending.op.value.clone());
        let what = What::Ask { ticket: Ticket { life, op, settled }, field: field(&pending.op), put };
        ctx.send(replicas[turn], &Message { release: 0, key: pending.op.key.clone(), what });
    }

    pub(super) fn on_answer(&self, c: &mut Client, from: NodeId, ticket: Ticket, reply: Reply, ctx: &mut Context<'_>) {
        let op = ticket.op;
        let Some(pending) = c.pending.get_mut(&op).filter(|_| ticket.life == c.life) else { return };
        let name = ctx.setup().name(from);
        match reply {
            Reply::Done { found, ballot } => {
                if c.finished.len() >= FINISHED_MAX {
                    c.finished.pop_front();
                }
                c.finished.push_back((op, ballot));
                return self.end_operation(c, op, Outcome::Ok, found, ctx);
            }
            Reply::NoNotes => pending.why = format!("{name} knows no notes"),
            Reply::Unreadable(release, fault) => pending.why = format!("{name} says: {}", fault.words(release)),
        }
        // Once round, and then not before the next retry.
        if !(pending.asked as usize).is_multiple_of(self.replicas(ctx).len()) {
            self.ask(c, op, ctx);
        }
    }

    fn end_operation(&self, c: &mut Client, op: u32, outcome: Outcome, answer: Datum, ctx: &mut Context<'_>) {
        c.pending.remove(&op);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, answer);
    }

    /// The request or its answer may have been lost, or who was asked may be down.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get(&op) else { return };
        let outcome = if is_put(&pending.op) { Outcome::Unknown } else { Outcome::Fail };
        let why = if pending.why.is_empty() { "no answer".into() } else { pending.why.clone() };
        self.end_operation(c, op, outcome, Datum::Text(why), ctx);
    }
}
