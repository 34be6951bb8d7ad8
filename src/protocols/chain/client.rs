//! The client: asks the head to put and the tail to get, asks the master for another chain, and gives up.
//!
//! A put that was given up is unknown to its caller: it may have been carried out, or may yet. A get has no effect, so one
//! that was given up has certainly failed.

use super::{Bug, Chain, Configuration, Context, Message, Reply, Stamp, Timer};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::once::Ticket;
use crate::protocols::waiting;
use crate::sim::protocol::Card;
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Stamps of finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    pub life: u32,
    pub configuration: Configuration,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The stamps that the operations that ended well made or saw, newest last; of a put the configuration that has it, too.
    pub finished: VecDeque<(u32, Stamp, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
}

impl Chain {
    /// Counts its lives durably before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.sync();
        let configuration = Configuration::first(ctx.setup(), self.replicas);
        Client { life: ctx.disk().lives, configuration, pending: LiteMap::new(), finished: VecDeque::new() }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        c.pending.insert(id.count, Pending { op: op.clone(), begun: ctx.local_now(), asked: 0 });
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
        let (key, servers) = (pending.op.key.clone(), &c.configuration.servers);
        let (to, question) = match pending.op.f.as_str() {
            "put" => (servers.first(), Message::Put { ticket, key, value: pending.op.value.clone() }),
            _ if self.has(Bug::AnyReads) => {
                (servers.get((op + pending.asked) as usize % servers.len().max(1)), Message::Get { ticket, key })
            }
            _ => (servers.last(), Message::Get { ticket, key }),
        };
        if let Some(to) = to.copied() {
            ctx.send(to, &question);
        }
    }

    /// A newer chain: whoever waits is asked for there.
    pub(super) fn on_news(&self, c: &mut Client, configuration: Configuration, ctx: &mut Context<'_>) {
        if configuration.number > c.configuration.number {
            let same = configuration.servers == c.configuration.servers;
            c.configuration = configuration;
            let open: Vec<u32> = c.pending.keys().copied().filter(|_| !same).collect();
            open.into_iter().for_each(|op| self.ask(c, op, ctx));
        }
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(&self, c: &mut Client, ticket: Ticket, reply: Reply, ctx: &mut Context<'_>) {
        let op = ticket.op;
        if ticket.life != c.life || !c.pending.contains_key(&op) {
            return;
        }
        let (answer, finished) = match reply {
            Reply::NotServing => return find(ctx),
            Reply::Done(stamp, number) => (Datum::None, (op, stamp, number)),
            Reply::Value(value, stamp) => (value, (op, stamp, 0)),
        };
        c.pending.remove(&op);
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, answer);
        if c.finished.len() >= FINISHED_MAX {
            c.finished.pop_front();
        }
        c.finished.push_back(finished);
    }

    /// The question or the answer may have been lost, or the chain repaired.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            find(ctx);
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let (outcome, why) = match pending.op.f == "get" {
            true => (Outcome::Fail, "no answer"),
            false => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }
}

impl Client {
    pub(super) fn card(&self, card: &mut Card) {
        let oldest = self.pending.first().map(|(_, pending)| pending);
        let asked = oldest.map_or(0, |p| p.asked);
        let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
        waiting(card, oldest.map(|p| (&p.op, times)), self.pending.len());
        card.probes.push(("configuration".into(), Datum::Int(self.configuration.number as i64)));
    }
}

fn find(ctx: &mut Context<'_>) {
    let master: Option<NodeId> = ctx.setup().role("master").next();
    if let Some(master) = master {
        ctx.send(master, &Message::Find);
    }
}
