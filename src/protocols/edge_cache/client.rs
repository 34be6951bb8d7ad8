//! The client: puts at the origin, gets from the nearest edge, and asks the next one when there is no answer.
//!
//! How an operation ends for its caller:
//! - ok: the put is durable (and, where it waits for that, older versions are gone from the edges); or an edge answered.
//! - fail: a get that was given up. It has no effect.
//! - unknown: a put that was given up. It may have happened, or may yet.

use super::{Context, EdgeCache, How, Message, Timer};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::once::Ticket;
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// What was answered last, for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    life: u32,
    /// The edges, nearest first.
    edges: Vec<NodeId>,
    pub pending: LiteMap<u32, Pending>,
    /// Puts that ended well, and the versions that they made; newest last.
    pub finished: VecDeque<(u32, u64)>,
    /// Gets that were answered by another edge than the nearest, and those that were answered with what is stale.
    pub rerouted: u32,
    pub stale: u32,
    /// How old the last answer to a get was when it left its edge.
    pub age: Micros,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    pub asked: u32,
}

impl Pending {
    fn is_put(&self) -> bool {
        self.op.f == "put"
    }
}

impl EdgeCache {
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        Client {
            life: ctx.disk().lives,
            edges: edges_by_distance(ctx),
            pending: LiteMap::new(),
            finished: VecDeque::new(),
            rerouted: 0,
            stale: 0,
            age: Micros::ZERO,
        }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        c.pending.insert(id.count, Pending { op: op.clone(), asked: 0 });
        c.ask(id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(
        &self,
        c: &mut Client,
        ticket: Ticket,
        version: u64,
        value: Datum,
        (how, age): (How, Micros),
        ctx: &mut Context<'_>,
    ) {
        let Some(pending) = c.pending.get(&ticket.op).filter(|_| ticket.life == c.life) else { return };
        if pending.is_put() {
            if c.finished.len() >= FINISHED_MAX {
                c.finished.pop_front();
            }
            c.finished.push_back((ticket.op, version));
        } else {
            c.age = age;
            c.stale += u32::from(matches!(how, How::WhileRevalidate | How::IfError));
            c.rerouted += u32::from(pending.asked > 1);
        }
        end_operation(c, ticket.op, Outcome::Ok, value, ctx);
    }

    /// That edge cannot help. Once round, and then not before the next retry.
    pub(super) fn on_unavailable(&self, c: &mut Client, from: NodeId, ticket: Ticket, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.get(&ticket.op).filter(|_| ticket.life == c.life) else { return };
        let last = pending.asked as usize % c.edges.len().max(1);
        let asked_last = c.edges.get((last + c.edges.len() - 1) % c.edges.len().max(1));
        if last > 0 && asked_last == Some(&from) {
            c.ask(ticket.op, ctx);
        }
    }

    /// The request or its answer may have been lost, or who was asked may be down.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            c.ask(op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let (outcome, why) = match c.pending.get(&op) {
            None => return,
            Some(pending) if pending.is_put() => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
            Some(_) => (Outcome::Fail, "no edge has an answer"),
        };
        end_operation(c, op, outcome, Datum::Text(why.into()), ctx);
    }
}

impl Client {
    fn ask(&mut self, op: u32, ctx: &mut Context<'_>) {
        let open_put = |(op, pending): (&u32, &Pending)| pending.is_put().then_some(*op);
        let settled = self.pending.iter().find_map(open_put).unwrap_or(op).min(op);
        let ticket = Ticket { life: self.life, op, settled };
        let Some(pending) = self.pending.get_mut(&op) else { return };
        let turn = pending.asked;
        pending.asked += 1;
        let key = pending.op.key.clone();
        if pending.is_put() {
            let origin = ctx.setup().role("origin").next();
            let put = Message::Put { ticket, key, value: pending.op.value.clone() };
            return origin.into_iter().for_each(|origin| ctx.send(origin, &put));
        }
        let Some(edge) = self.edges.get(turn as usize % self.edges.len().max(1)).copied() else { return };
        if turn > 0 && self.edges.len() > 1 {
            ctx.note(format!("rerouted: get {key} goes to {}", ctx.setup().name(edge)));
        }
        ctx.send(edge, &Message::Get { ticket, key });
    }
}

fn end_operation(c: &mut Client, op: u32, outcome: Outcome, answer: Datum, ctx: &mut Context<'_>) {
    c.pending.remove(&op);
    ctx.cancel_timer(&Timer::Retry { op });
    ctx.cancel_timer(&Timer::GiveUp { op });
    ctx.reply(OpId { client: ctx.me(), count: op }, outcome, answer);
}

/// Most groups in common first; of those that are as near, clients begin with different ones.
fn edges_by_distance(ctx: &Context<'_>) -> Vec<NodeId> {
    let (setup, me) = (ctx.setup(), ctx.me());
    let place = setup.role("client").position(|node| node == me).unwrap_or_default();
    let own = &setup.nodes[me.index()].groups;
    let mut edges: Vec<NodeId> = setup.role("edge").collect();
    if !edges.is_empty() {
        let places = edges.len();
        edges.rotate_left(place % places);
    }
    let shared = |edge: &NodeId| setup.nodes[edge.index()].groups.iter().filter(|group| own.contains(group)).count();
    edges.sort_by_key(|edge| Reverse(shared(edge)));
    edges
}
