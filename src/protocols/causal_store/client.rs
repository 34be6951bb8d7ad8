//! The client: asks the replica of the key at its own site, asks again, gives up; and its session.
//!
//! The session is a list of what the next put follows. A get adds what it found (COPS, section 4.2). A put carries the
//! list along; once it is answered it stands for all of that, and takes its place. Only what was in the list when the put
//! was asked for goes: a session with several operations at once may have read something meanwhile.
//!
//! How an operation ends for its caller:
//! - ok: the site has answered; other sites may not have heard of it.
//! - fail: a get was given up, or a put was refused. It has no effect.
//! - unknown: a put was given up. It may have been carried out, or may yet. Nothing of this session follows it.

use super::{Bug, CausalStore, Context, Dependency, Message, Reply, Timer, Version, keeper};
use crate::base::{Micros, OpId};
use crate::protocols::once::Ticket;
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    pub life: u32,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The versions that the operations that ended well made or saw, newest last.
    pub finished: VecDeque<(u32, Version)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
    /// Of a put: what it follows.
    pub after: Vec<Dependency>,
}

impl Client {
    pub fn new(life: u32) -> Client {
        Client { life, pending: LiteMap::new(), finished: VecDeque::new() }
    }
}

impl CausalStore {
    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let after = if op.f == "put" { ctx.disk().follows.clone() } else { Vec::new() };
        c.pending.insert(id.count, Pending { op: op.clone(), begun: ctx.local_now(), asked: 0, after });
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let open_put = |(op, pending): (&u32, &Pending)| (pending.op.f == "put").then_some(*op);
        let settled = c.pending.iter().find_map(open_put).unwrap_or(op).min(op);
        let ticket = Ticket { life: c.life, op, settled };
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let (key, site) = (pending.op.key.clone(), self.home(ctx.setup(), ctx.me()));
        let Some(to) = keeper(&site, &key) else { return };
        let question = match pending.op.f.as_str() {
            "put" => Message::Put { ticket, key, value: pending.op.value.clone(), after: pending.after.clone() },
            _ => Message::Get { ticket, key },
        };
        ctx.send(to, &question);
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(&self, c: &mut Client, ticket: Ticket, reply: Reply, ctx: &mut Context<'_>) {
        let op = ticket.op;
        if ticket.life != c.life {
            return;
        }
        let Some(pending) = c.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        let id = OpId { client: ctx.me(), count: op };
        let (version, answer) = match reply {
            Reply::Full => {
                return ctx.reply(id, Outcome::Fail, Datum::Text("too many writes wait for other sites".into()));
            }
            Reply::Stored(version) => (version, Datum::None),
            Reply::Found(entry) => (entry.version, entry.value),
        };
        let own = Dependency { key: pending.op.key.clone(), version };
        if self.follow(own, &pending, ctx) {
            ctx.sync();
        }
        ctx.reply(id, Outcome::Ok, answer);
        if c.finished.len() >= FINISHED_MAX {
            c.finished.pop_front();
        }
        c.finished.push_back((op, version));
    }

    /// The session's next write follows this one too; says whether that is new. Of the writes of a key that one replica
    /// took the last stands for the others, because they are carried out in order everywhere.
    fn follow(&self, own: Dependency, pending: &Pending, ctx: &mut Context<'_>) -> bool {
        let put = pending.op.f == "put";
        let covers = |known: &Dependency| {
            (&known.key, known.version.node) == (&own.key, own.version.node) && known.version >= own.version
        };
        let known = own.version == Version::default() || ctx.disk().follows.iter().any(covers);
        if !put && (known || self.has(Bug::ForgetReads)) {
            return false;
        }
        let clears_all = self.has(Bug::PutClearsAll);
        let follows = &mut ctx.disk_mut().follows;
        match put {
            true => follows.retain(|known| !clears_all && !pending.after.contains(known)),
            false => follows.retain(|known| (&known.key, known.version.node) != (&own.key, own.version.node)),
        }
        follows.push(own);
        true
    }

    /// The question or the answer may have been lost.
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
            true => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
            false => (Outcome::Fail, "no answer"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }
}
