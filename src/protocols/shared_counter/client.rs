//! The client: makes an increment of requests, and asks each again until it is answered.
//!
//! How an operation ends for its caller:
//! - ok: it was counted, and is on the server's disk. (By `read-then-write` somebody else may take it back.)
//! - fail: no write was ever asked for.
//! - unknown: a write was asked for, and not answered: it may have been counted, or may yet.

use super::{Context, Message, Only, Reply, SharedCounter, State, Timer, Way, What};
use crate::base::OpId;
use crate::protocols::once::Ticket;
use crate::protocols::waiting;
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    life: u32,
    /// Requests made in this life: each has a ticket of its own.
    requests: u32,
    pending: LiteMap<u32, Pending>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    op: Op,
    /// The request that it waits for, by its number; none while it thinks.
    request: Option<(u32, What)>,
    grant: Option<u64>,
    /// What it has read: value and version.
    read: (i64, u64),
    /// It has asked for a write.
    wrote: bool,
    attempts: u32,
}

impl SharedCounter {
    /// Counts its lives durably before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.disk_mut().lives += 1;
        let life = ctx.disk().lives;
        ctx.sync();
        Client { life, requests: 0, pending: LiteMap::new() }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let pending = Pending { op: op.clone(), request: None, grant: None, read: (0, 0), wrote: false, attempts: 0 };
        c.pending.insert(id.count, pending);
        self.attempt(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// From the beginning: a lock, a value, or all at once.
    fn attempt(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.attempts += 1;
        let what = match self.way {
            _ if pending.op.f == "get" => What::Get,
            Way::Lock => What::Acquire,
            Way::Atomic => What::Increment,
            Way::ReadThenWrite | Way::CompareAndSet => What::Get,
        };
        c.request(op, what, ctx);
    }

    pub(super) fn on_answer(&self, c: &mut Client, answered: (Ticket, SmolStr), reply: Reply, ctx: &mut Context<'_>) {
        let (ticket, key) = answered;
        let asked = |pending: &Pending| pending.request.as_ref().is_some_and(|(n, _)| *n == ticket.op);
        let mut open = c.pending.iter().filter(|_| ticket.life == c.life);
        let Some(op) = open.find(|(_, pending)| asked(pending)).map(|(op, _)| *op) else {
            // Nobody here wants it any more, and others wait: it need not last as long as its lease.
            let unused = |grant| c.pending.values().all(|pending| pending.grant != Some(grant));
            if let Reply::Granted { grant } = reply
                && unused(grant)
            {
                ctx.note(format!("too late: lock {grant}"));
                c.requests += 1;
                c.tell(c.requests, key, What::Release { grant }, ctx);
            }
            return;
        };
        let Some(pending) = c.pending.get_mut(&op) else { return };
        match reply {
            Reply::Found { value, .. } if pending.op.f == "get" => self.end(c, op, value, ctx),
            Reply::Found { value, version } => {
                pending.read = (value, version);
                pending.request = None;
                if self.think.0 == 0 {
                    return self.on_thought(c, op, ctx);
                }
                ctx.set_timer(self.think, &Timer::Think { op });
            }
            Reply::Granted { grant } => {
                pending.grant = Some(grant);
                c.request(op, What::Get, ctx);
            }
            Reply::Stored { value } => {
                if let Some(grant) = pending.grant {
                    c.request(op, What::Release { grant }, ctx);
                }
                self.end(c, op, value, ctx);
            }
            Reply::Refused => {
                pending.grant = None;
                ctx.note(format!("begins again: operation {op}"));
                self.attempt(c, op, ctx);
            }
        }
    }

    /// Writes one more than it has read.
    pub(super) fn on_thought(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get_mut(&op) else { return };
        let (value, version) = pending.read;
        let only = match (self.way, pending.grant) {
            (Way::CompareAndSet, _) => Only::Version(version),
            (_, Some(grant)) => Only::Grant(grant),
            _ => Only::Always,
        };
        c.request(op, What::Put { value: value + 1, only }, ctx);
    }

    fn end(&self, c: &mut Client, op: u32, value: i64, ctx: &mut Context<'_>) {
        c.pending.remove(&op);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, Datum::Int(value));
    }

    /// The same request once more: it or its answer may have been lost.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if let Some(pending) = c.pending.get(&op) {
            if let Some((number, what)) = pending.request.clone() {
                c.ask(op, number, &what, ctx);
            }
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get(&op) else { return };
        let (wrote, grant) = (pending.wrote, pending.grant);
        if let Some(grant) = grant {
            c.request(op, What::Release { grant }, ctx);
        }
        c.pending.remove(&op);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::Think { op });
        let (outcome, why) = match wrote {
            true => (Outcome::Unknown, "no answer: it may have been counted, or may yet"),
            false => (Outcome::Fail, "no answer"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }

    pub(super) fn why_stuck(&self, view: &View<'_, Self>) -> Option<String> {
        let mut waits = Vec::new();
        for node in view.setup.role("client") {
            let Some(State::Client(client)) = view.state(node) else { continue };
            for p in client.pending.values().take(3) {
                waits.push(format!("{} waits for {}", view.setup.name(node), p.op));
            }
        }
        let who = match view.setup.role("server").next() {
            None => "there is no server".into(),
            Some(server) if view.state(server).is_none() => format!("{} is down", view.setup.name(server)),
            Some(server) => format!("{} is up", view.setup.name(server)),
        };
        (!waits.is_empty()).then(|| format!("{who}; {}", waits.join("; ")))
    }
}

impl Client {
    /// A new request of an operation, which then waits for it.
    fn request(&mut self, op: u32, what: What, ctx: &mut Context<'_>) {
        self.requests += 1;
        let number = self.requests;
        if let Some(pending) = self.pending.get_mut(&op) {
            pending.wrote |= matches!(what, What::Put { .. } | What::Increment);
            pending.request = Some((number, what.clone()));
        }
        self.ask(op, number, &what, ctx);
    }

    fn ask(&self, op: u32, number: u32, what: &What, ctx: &mut Context<'_>) {
        if let Some(pending) = self.pending.get(&op) {
            self.tell(number, pending.op.key.clone(), what.clone(), ctx);
        }
    }

    fn tell(&self, number: u32, key: SmolStr, what: What, ctx: &mut Context<'_>) {
        let open = self.pending.values().filter_map(|pending| pending.request.as_ref().map(|(n, _)| *n));
        let ticket = Ticket { life: self.life, op: number, settled: open.min().unwrap_or(number).min(number) };
        let server = ctx.setup().role("server").next();
        if let Some(server) = server {
            ctx.send(server, &Message { ticket, key, what });
        }
    }

    pub(super) fn card(&self, card: &mut Card) {
        let oldest = self.pending.first().map(|(_, pending)| pending);
        let progress = oldest.map_or(String::new(), |p| match (p.attempts, &p.request) {
            (_, None) => format!("read {}", p.read.0),
            (1, _) => "first attempt".into(),
            (n, _) => format!("attempt {n}"),
        });
        waiting(card, oldest.map(|p| (&p.op, progress)), self.pending.len());
        let attempts = oldest.map_or(0, |p| p.attempts);
        card.probes.push(("attempts".into(), Datum::Int(i64::from(attempts))));
    }
}
