//! The client: asks the coordinators of a key one after the other, or coordinates itself, and gives up.
//!
//! Under siblings a put carries the vector of what this client read last of the key: its context. A put without one, or
//! a second put without a read between, makes a sibling.
//!
//! How an operation ends for its caller:
//! - ok: R or W replicas answered. Of a get: nothing, a value, or a list of siblings' values.
//! - fail: a get was given up; it has no effect.
//! - unknown: a put was given up. Some replicas may have it, and it may spread.

use super::coordinate::{Ask, Coordinator};
use super::version::{Author, Mark, Vector};
use super::{Bug, Call, Conflicts, Context, Message, QuorumStore, Reply, Timer};
use crate::base::{Micros, NodeId, OpId};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    pub life: u32,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// Of those that it coordinates itself.
    pub coordinator: Coordinator,
    /// What it read last of each key.
    reads: LiteMap<SmolStr, Seen>,
    /// The operations that ended well, newest last.
    pub finished: VecDeque<Finished>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
    /// Of a put: what its client had read.
    pub seen: Seen,
}

/// What a client read: the vector, and whose versions it was given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    past: Vector,
    pub authors: Vec<Author>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    pub op: u32,
    /// Of a put its own mark, of a get the latest.
    pub mark: Mark,
    pub seen: Vector,
}

impl QuorumStore {
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.sync();
        let life = ctx.disk().lives;
        Client { life, coordinator: Coordinator::new(life), ..Client::default() }
    }

    pub(super) fn client_hears(&self, c: &mut Client, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        let done = match m {
            Message::Answer { call, key, reply } => return self.finish(c, call, &key, &reply, ctx),
            Message::Ack { task, instead_of, .. } => self.on_ack(&mut c.coordinator, from, task, instead_of, ctx),
            Message::Response { task, instead_of, held, .. } => {
                self.on_response(&mut c.coordinator, None, from, (task, instead_of), held, ctx)
            }
            // Addressed to the wrong role, by an adversary.
            _ => None,
        };
        if let Some(done) = done {
            self.finish(c, done.ask.call, &done.ask.key, &done.reply, ctx);
        }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let (number, is_put) = (id.count, op.f == "put");
        let siblings = self.conflicts == Conflicts::Siblings;
        let read = c.reads.get(&op.key).filter(|_| is_put && siblings);
        let seen = read.cloned().unwrap_or_default();
        let pending = Pending { op: op.clone(), begun: ctx.local_now(), asked: 0, seen };
        c.pending.insert(number, pending);
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: number });
        if !self.client_coordinates || self.gossip || is_put && siblings {
            ctx.set_timer(self.retry_after, &Timer::Retry { op: number });
            return self.ask(c, number, ctx);
        }
        let ask = Ask { client: ctx.me(), call: Call { life: c.life, op: number }, key: op.key.clone() };
        let coordinator = &mut c.coordinator;
        // Nobody has answered yet, and a client holds nothing itself.
        let none = match is_put {
            true => self.begin_put(coordinator, None, ask, (op.value.clone(), Vector::default()), ctx),
            false => self.begin_get(coordinator, None, ask, ctx),
        };
        debug_assert!(none.is_none());
    }

    /// Asks the next coordinator: the home replicas in turn, in a gossip each client from another one on; of a sloppy quorum
    /// anyone, unless dots have to be counted.
    fn ask(&self, c: &mut Client, number: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&number) else { return };
        let key = pending.op.key.clone();
        let anyone = self.sloppy && !self.gossip && self.conflicts == Conflicts::LastWriterWins;
        let coordinators = if anyone { self.order(ctx.setup(), &key) } else { self.homes(ctx.setup(), &key) };
        let me = ctx.me();
        let place = ctx.setup().role("client").position(|node| node == me).filter(|_| self.gossip);
        let turn = pending.asked as usize + place.unwrap_or(0);
        pending.asked += 1;
        if coordinators.is_empty() {
            return;
        }
        let call = Call { life: c.life, op: number };
        let question = match pending.op.f.as_str() {
            "put" => Message::Put { call, key, value: pending.op.value.clone(), past: pending.seen.past.clone() },
            _ => Message::Get { call, key },
        };
        ctx.send(coordinators[turn % coordinators.len()], &question);
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    fn finish(&self, c: &mut Client, call: Call, key: &SmolStr, reply: &Reply, ctx: &mut Context<'_>) {
        if call.life != c.life || c.pending.remove(&call.op).is_none() {
            return;
        }
        ctx.cancel_timer(&Timer::Retry { op: call.op });
        ctx.cancel_timer(&Timer::GiveUp { op: call.op });
        let (answer, mark, seen) = match reply {
            Reply::Stored(mark, context) => {
                if self.has(Bug::ContextFromPut) {
                    c.reads.entry(key.clone()).or_default().past.join(context);
                }
                (Datum::None, *mark, Vector(vec![mark.dot]))
            }
            Reply::Found(held) => {
                let authors = held.0.iter().map(|version| version.author).collect();
                c.reads.insert(key.clone(), Seen { past: held.seen(), authors });
                let latest = held.latest().map(|version| version.mark);
                (held.answer(), latest.unwrap_or_default(), held.seen())
            }
        };
        ctx.reply(OpId { client: ctx.me(), count: call.op }, Outcome::Ok, answer);
        if c.finished.len() >= FINISHED_MAX {
            c.finished.pop_front();
        }
        c.finished.push_back(Finished { op: call.op, mark, seen });
    }

    /// The question or the answer may have been lost, or the coordinator be down.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let (outcome, why) = match pending.op.f == "put" {
            true => (Outcome::Unknown, "no quorum has answered: some replicas may have it"),
            false => (Outcome::Fail, "no quorum has answered"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }
}
