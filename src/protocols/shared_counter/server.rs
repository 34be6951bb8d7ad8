//! The server: counters and locks. It answers what is on its disk.

use super::{Bug, Context, Counter, Disk, Message, Only, Reply, SharedCounter, Timer, What};
use crate::base::NodeId;
use crate::protocols::once::{Standing, Ticket, honour, standing};
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Clients that wait for a lock; others ask again.
const QUEUE_MAX: usize = 64;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Server {
    locks: LiteMap<SmolStr, Lock>,
}

/// A crash forgets who holds a lock and who waits for it: grants have higher numbers afterwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lock {
    /// Who holds it, for which request, and by which grant.
    held: Option<(NodeId, Ticket, u64)>,
    waits: VecDeque<(NodeId, Ticket)>,
}

impl SharedCounter {
    pub(super) fn server_hears(&self, s: &mut Server, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        let Message { ticket, key, what } = m;
        let counter = ctx.disk().counters.get(&key).copied().unwrap_or_default();
        match what {
            // What it answers is durable, because a node handles nothing while its disk syncs.
            What::Get => {
                let Counter { value, version, .. } = counter;
                answer((from, ticket, key), Reply::Found { value, version }, ctx);
            }
            What::Put { value, only } => {
                let good = match only {
                    Only::Always => true,
                    Only::Version(read) => read == counter.version || self.has(Bug::NoCompare),
                    Only::Grant(grant) => grant == counter.grant || self.has(Bug::NoFencing),
                };
                self.write((from, ticket, key), good.then_some(value), ctx);
            }
            What::Increment => self.write((from, ticket, key), Some(counter.value + 1), ctx),
            What::Acquire => self.on_acquire(s, (from, ticket, key), ctx),
            What::Release { grant } => {
                let lock = s.locks.entry(key.clone()).or_default();
                if lock.held.is_some_and(|(_, _, held)| held == grant) {
                    ctx.cancel_timer(&Timer::Lease { key: key.clone(), grant });
                    lock.held = None;
                    self.grant(s, &key, ctx);
                }
            }
            // Addressed to the wrong role, by an adversary.
            What::Answer(_) => {}
        }
    }

    /// Writes once, however often it is asked for; nothing if it was refused.
    fn write(&self, (from, ticket, key): (NodeId, Ticket, SmolStr), value: Option<i64>, ctx: &mut Context<'_>) {
        let new = self.has(Bug::NoOnceOnly);
        let standing = if new { Standing::New } else { standing(&ctx.disk().sessions, from, ticket) };
        match (standing, value) {
            (Standing::Over, _) => {}
            (Standing::Honoured(value), _) => answer((from, ticket, key), Reply::Stored { value }, ctx),
            (Standing::New, None) => {
                ctx.note(format!("refuses a write: of {key}"));
                answer((from, ticket, key), Reply::Refused, ctx);
            }
            (Standing::New, Some(value)) => {
                let disk = ctx.disk_mut();
                let counter = disk.counters.entry(key.clone()).or_default();
                counter.value = value;
                counter.version += 1;
                honour(&mut disk.sessions, from, ticket, value);
                let late = self.has(Bug::AckBeforeSync);
                if !late {
                    ctx.sync();
                }
                answer((from, ticket, key), Reply::Stored { value }, ctx);
                if late {
                    ctx.sync();
                }
            }
        }
    }

    fn on_acquire(&self, s: &mut Server, (from, ticket, key): (NodeId, Ticket, SmolStr), ctx: &mut Context<'_>) {
        let lock = s.locks.entry(key.clone()).or_default();
        if let Some((_, _, grant)) = lock.held.filter(|(node, held, _)| (*node, held.op) == (from, ticket.op)) {
            return answer((from, ticket, key), Reply::Granted { grant }, ctx);
        }
        // A client that asks for something new waits for nothing that it has settled.
        let over =
            |node: NodeId, known: &Ticket| node == from && (known.life, known.op) < (ticket.life, ticket.settled);
        lock.waits.retain(|(node, known)| !over(*node, known));
        if lock.waits.iter().all(|(node, known)| (*node, known.op) != (from, ticket.op)) && lock.waits.len() < QUEUE_MAX
        {
            lock.waits.push_back((from, ticket));
        }
        self.grant(s, &key, ctx);
    }

    /// Grants a lock that nobody holds to the first who waits. The grant's number is on the disk before it is told.
    fn grant(&self, s: &mut Server, key: &SmolStr, ctx: &mut Context<'_>) {
        let lock = s.locks.entry(key.clone()).or_default();
        if lock.held.is_some() && !self.has(Bug::LockGivenTwice) {
            return;
        }
        let Some((to, ticket)) = lock.waits.pop_front() else { return };
        let counter = ctx.disk_mut().counters.entry(key.clone()).or_default();
        // Of the same grant both would be let through.
        counter.grant += u64::from(lock.held.is_none());
        let grant = counter.grant;
        lock.held = Some((to, ticket, grant));
        ctx.sync();
        answer((to, ticket, key.clone()), Reply::Granted { grant }, ctx);
        ctx.set_timer(self.lease, &Timer::Lease { key: key.clone(), grant });
    }

    pub(super) fn on_lease_over(&self, s: &mut Server, key: &SmolStr, grant: u64, ctx: &mut Context<'_>) {
        let lock = s.locks.entry(key.clone()).or_default();
        if lock.held.is_some_and(|(_, _, held)| held == grant) {
            lock.held = None;
            ctx.note(format!("lease over: lock {grant} of {key}"));
            self.grant(s, key, ctx);
        }
    }
}

fn answer((to, ticket, key): (NodeId, Ticket, SmolStr), reply: Reply, ctx: &mut Context<'_>) {
    ctx.send(to, &Message { ticket, key, what: What::Answer(reply) });
}

pub(super) fn card(s: &Server, disk: &Disk, durable: &Disk, card: &mut Card) {
    card.headline = match s.locks.values().find_map(|lock| lock.held) {
        Some((_, _, grant)) => format!("lock {grant} is held"),
        None => String::new(),
    };
    for (key, counter) in disk.counters.iter().take(8) {
        let firm = durable.counters.get(key) == Some(counter);
        card.cells.push(Cell { text: format!("{key}={}", counter.value), firm, epoch: 0 });
        card.probes.push((format!("value.{key}"), Datum::Int(counter.value)));
        card.probes.push((format!("version.{key}"), Datum::Int(counter.version as i64)));
    }
    if !disk.counters.contains_key("x") {
        // Goals may ask for it before anything was counted.
        card.probes.push(("value.x".into(), Datum::Int(0)));
    }
}
