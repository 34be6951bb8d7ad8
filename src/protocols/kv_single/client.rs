//! The client: asks the server, asks again, and gives up.
//!
//! A put that was given up is unknown to its caller: no answer is no news. The server may have carried it out, or may
//! yet, when the request still travels. A get has no effect, so one that was given up has certainly failed.

use super::{Context, KvSingle, Message, State, Timer};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::once::Ticket;
use crate::protocols::waiting;
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Versions of finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    pub life: u32,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The versions that the operations that ended well made or saw, newest last.
    pub finished: VecDeque<(u32, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
}

impl KvSingle {
    /// Counts its lives durably before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.disk_mut().lives += 1;
        let life = ctx.disk().lives;
        ctx.sync();
        Client { life, pending: LiteMap::new(), finished: VecDeque::new() }
    }

    pub(super) fn begin(&self, client: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let pending = Pending { op: op.clone(), begun: ctx.local_now(), asked: 0 };
        client.pending.insert(id.count, pending);
        client.ask(id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(
        &self,
        client: &mut Client,
        ticket: Ticket,
        answer: Datum,
        version: u64,
        ctx: &mut Context<'_>,
    ) {
        let op = ticket.op;
        if ticket.life != client.life || client.pending.remove(&op).is_none() {
            return;
        }
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, answer);
        if client.finished.len() >= FINISHED_MAX {
            client.finished.pop_front();
        }
        client.finished.push_back((op, version));
    }

    /// The same ticket once more: the request or the answer may have been lost.
    pub(super) fn on_retry(&self, client: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if client.pending.contains_key(&op) {
            client.ask(op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, client: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = client.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let (outcome, why) = match pending.is_put() {
            true => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
            false => (Outcome::Fail, "no answer"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }

    pub(super) fn client_card(&self, client: &Client, card: &mut Card) {
        let oldest = client.pending.first().map(|(_, pending)| pending);
        let asked = oldest.map_or(0, |p| p.asked);
        let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
        waiting(card, oldest.map(|p| (&p.op, times)), client.pending.len());
        card.probes.push(("asked".into(), Datum::Int(i64::from(asked))));
    }

    pub(super) fn why_stuck(&self, view: &View<'_, Self>) -> Option<String> {
        let mut waits = Vec::new();
        for node in view.setup.role("client") {
            let Some(State::Client(client)) = view.state(node) else { continue };
            for p in client.pending.values().take(3) {
                waits.push(format!("{} waits for {} since {}", view.setup.name(node), p.op, p.begun));
            }
        }
        if waits.is_empty() {
            return None;
        }
        let who = match view.setup.role("server").next() {
            None => "there is no server".into(),
            Some(server) if view.state(server).is_none() => format!("{} is down", view.setup.name(server)),
            Some(server) => format!("{} is up, but does not answer", view.setup.name(server)),
        };
        Some(format!("{who}; {}", waits.join("; ")))
    }
}

impl Client {
    fn ask(&mut self, op: u32, ctx: &mut Context<'_>) {
        let open_put = |(op, pending): (&u32, &Pending)| pending.is_put().then_some(*op);
        let settled = self.pending.iter().find_map(open_put).unwrap_or(op).min(op);
        let ticket = Ticket { life: self.life, op, settled };
        let (Some(server), Some(pending)) = (first_server(ctx), self.pending.get_mut(&op)) else { return };
        pending.asked += 1;
        let key = pending.op.key.clone();
        let request = if pending.is_put() {
            Message::Put { ticket, key, value: pending.op.value.clone() }
        } else {
            Message::Get { ticket, key }
        };
        ctx.send(server, &request);
    }
}

impl Pending {
    fn is_put(&self) -> bool {
        self.op.f == "put"
    }
}

fn first_server(ctx: &Context<'_>) -> Option<NodeId> {
    ctx.setup().role("server").next()
}
