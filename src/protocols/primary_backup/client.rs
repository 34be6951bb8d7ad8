//! The client: asks the primary that it knows of, asks the view service for another, and gives up.
//!
//! A put that was given up is unknown to its caller: it may have been carried out, or may yet. A get has no effect, so one
//! that was given up has certainly failed.

use super::{Bug, Context, Message, PrimaryBackup, Reads, Reply, Stamp, Timer, View};
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
    pub view: View,
    /// The latest write that this session, which ends with its client's life, has made or seen.
    pub seen: Stamp,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The stamps that the operations that ended well made or saw, newest last; of a put the view that answered, too.
    pub finished: VecDeque<(u32, Stamp, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
}

impl PrimaryBackup {
    /// Counts its lives durably before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.sync();
        let view = View::first(ctx.setup(), self.backups);
        let (life, seen) = (ctx.disk().lives, Stamp::default());
        Client { life, view, seen, pending: LiteMap::new(), finished: VecDeque::new() }
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
        let (ticket, seen) = (Ticket { life: c.life, op, settled }, c.seen);
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let (key, value) = (pending.op.key.clone(), pending.op.value.clone());
        let turn = (op + pending.asked) as usize % (1 + c.view.backups.len());
        let (to, question) = match pending.op.f.as_str() {
            "put" => (Some(c.view.primary), Message::Put { ticket, key, value }),
            "promote" => (service(ctx), Message::Promote { ticket, server: key }),
            _ if self.reads == Reads::Any => (c.view.members().nth(turn), Message::Get { ticket, key }),
            _ if self.reads == Reads::Session => (c.view.members().nth(turn), Message::GetAfter { ticket, key, seen }),
            _ => (Some(c.view.primary), Message::Get { ticket, key }),
        };
        if let Some(to) = to {
            ctx.send(to, &question);
        }
    }

    /// A newer view: whoever waits is asked for there.
    pub(super) fn on_news(&self, c: &mut Client, view: View, ctx: &mut Context<'_>) {
        if view.number > c.view.number {
            c.view = view;
            let open: Vec<u32> = c.pending.keys().copied().collect();
            open.into_iter().for_each(|op| self.ask(c, op, ctx));
        }
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(&self, c: &mut Client, ticket: Ticket, reply: Reply, ctx: &mut Context<'_>) {
        let op = ticket.op;
        if ticket.life != c.life || !c.pending.contains_key(&op) {
            return;
        }
        let (outcome, answer, finished) = match reply {
            Reply::NotPrimary => return find(ctx),
            Reply::Behind => return self.ask_primary(c, ticket, ctx),
            Reply::Refused => (Outcome::Fail, Datum::Text("it does not hold the state, or is silent".into()), None),
            Reply::Done(stamp, view) => (Outcome::Ok, Datum::None, Some((op, stamp, view))),
            Reply::Value(value, stamp) => (Outcome::Ok, value, Some((op, stamp, 0))),
        };
        let put = c.pending.remove(&op).is_some_and(|pending| pending.op.f == "put");
        let remembers = self.reads == Reads::Session && !(put && self.has(Bug::SessionForgets));
        if let Some((_, stamp, _)) = finished.filter(|_| remembers) {
            c.seen = c.seen.max(stamp);
        }
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, answer);
        if c.finished.len() >= FINISHED_MAX {
            c.finished.pop_front();
        }
        c.finished.extend(finished);
    }

    /// The copy that was asked lacks what this session has seen: the primary has it.
    fn ask_primary(&self, c: &mut Client, ticket: Ticket, ctx: &mut Context<'_>) {
        let seen = c.seen;
        if let Some(pending) = c.pending.get_mut(&ticket.op) {
            pending.asked += 1;
            let key = pending.op.key.clone();
            ctx.send(c.view.primary, &Message::GetAfter { ticket, key, seen });
        }
    }

    /// The question or the answer may have been lost, or the primary replaced.
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
        card.probes.push(("view".into(), Datum::Int(self.view.number as i64)));
    }
}

fn service(ctx: &Context<'_>) -> Option<NodeId> {
    ctx.setup().role("view-service").next()
}

fn find(ctx: &mut Context<'_>) {
    if let Some(service) = service(ctx) {
        ctx.send(service, &Message::Find);
    }
}
