//! The client: two phases, each a question to all replicas that a majority answers, with retries and an end.
//!
//! How an operation ends for its caller:
//! - ok: both phases had their majority.
//! - fail: it has certainly no effect. A get never has one; a put that was given up in its query never sent its value.
//! - unknown: a put was given up in its update, or the client crashed. It may have taken effect, or may yet, when a
//!   later get finds it on some replica and writes it back.

use super::{Call, Context, MajorityRegister, Message, State, Tag, Timer, Versioned};
use crate::base::{Micros, NodeId, OpId};
use crate::protocols::waiting;
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Tags of finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Its place among the clients, from 1, and its life: together its name as a writer.
    pub place: u16,
    pub life: u32,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The highest counter that it took for each key in this life. It never takes one twice: a put that was given up, or
    /// that is still under way, may have left its tag on a replica that no query has reached.
    pub taken: LiteMap<SmolStr, u64>,
    /// The tags of the operations that ended well, newest last.
    pub finished: VecDeque<(u32, Versioned)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub phase: Phase,
    /// The replicas that have answered in this phase.
    pub heard: Vec<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// The highest tag seen so far, and whether all answers carried the same.
    Query {
        best: Versioned,
        agreed: bool,
    },
    Update {
        new: Versioned,
    },
}

impl MajorityRegister {
    /// Counts its lives durably before it asks anything: see the invariants of the module above.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.disk_mut().lives += 1;
        let life = ctx.disk().lives;
        ctx.sync();
        let me = ctx.me();
        let place = ctx.setup().role("client").position(|node| node == me).map_or(0, |i| i as u16 + 1);
        Client { place, life, pending: LiteMap::new(), taken: LiteMap::new(), finished: VecDeque::new() }
    }

    /// An operation begins with its query (LS, section 3: both reads and writes do), unless it is the single writer's.
    pub(super) fn begin(&self, client: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let mut phase = Phase::Query { best: Versioned::default(), agreed: true };
        if self.one_writer && op.f == "put" {
            if client.place != 1 && !self.bug_two_writers {
                let writer = ctx.setup().role("client").next().unwrap_or_default();
                let why = format!("{} is the only writer", ctx.setup().name(writer));
                return ctx.reply(id, Outcome::Fail, Datum::Text(why));
            }
            let begins = client.life == 1 || self.bug_writer_forgets;
            if let Some(last) = client.taken.get(&op.key).copied().or(begins.then_some(0)) {
                phase = Phase::Update { new: self.next(client, &op.key, last, op.value.clone()) };
            }
        }
        let pending = Pending { op: op.clone(), begun: ctx.local_now(), phase, heard: Vec::new() };
        ask(client.life, id.count, &pending, ctx);
        client.pending.insert(id.count, pending);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// A replica answered the query: keep the highest tag; with a quorum, go on to the update.
    pub(super) fn on_reply(
        &self,
        client: &mut Client,
        from: NodeId,
        call: Call,
        holds: Versioned,
        ctx: &mut Context<'_>,
    ) {
        let Some(pending) = client.awaits(call, from) else { return };
        let Phase::Query { best, agreed } = &mut pending.phase else { return };
        *agreed &= pending.heard.is_empty() || holds.tag == best.tag;
        if holds.tag > best.tag {
            *best = holds;
        }
        pending.heard.push(from);
        if pending.heard.len() >= self.quorum(replicas(ctx)) {
            self.end_query(client, call.op, ctx);
        }
    }

    /// The query has its quorum. A put takes the next tag; a get writes the highest one back (ABD, section 3).
    fn end_query(&self, client: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = client.pending.get_mut(&op) else { return };
        let Phase::Query { best, agreed } = pending.phase.clone() else { return };
        let key = &pending.op.key;
        let new = if pending.is_put() {
            let taken = client.taken.get(key).copied().unwrap_or_default();
            let least = if self.bug_tag_without_life { 0 } else { taken };
            let (key, value) = (key.clone(), pending.op.value.clone());
            self.next(client, &key, best.tag.counter.max(least), value)
        } else {
            // What all of a majority hold needs no write-back; that nobody wrote, every replica knows.
            let needless = best.tag == Tag::default() || self.skip_agreed_write_back && agreed;
            if needless || self.bug_no_write_back {
                return self.finish(client, op, best, ctx);
            }
            if !agreed {
                ctx.note(format!("the replicas disagree: writes {} back", best.words(key)));
            }
            best
        };
        let Some(pending) = client.pending.get_mut(&op) else { return };
        pending.phase = Phase::Update { new };
        pending.heard.clear();
        ask(client.life, op, pending, ctx);
        // The second phase has the whole time until its first retry.
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.set_timer(self.retry_after, &Timer::Retry { op });
    }

    /// A value of its own with the tag after a counter.
    fn next(&self, client: &mut Client, key: &SmolStr, last: u64, value: Datum) -> Versioned {
        client.taken.insert(key.clone(), last + 1);
        Versioned { tag: self.tag(last + 1, client.place, client.life), value }
    }

    fn tag(&self, counter: u64, client: u16, life: u32) -> Tag {
        if self.one_writer {
            Tag { counter, client: 0, life }
        } else if self.bug_tag_without_writer {
            Tag { counter, client: 0, life: 0 }
        } else {
            Tag { counter, client, life: if self.bug_tag_without_life { 0 } else { life } }
        }
    }

    /// A replica holds the tag, or a higher one, on its disk; with a quorum, the operation is over.
    pub(super) fn on_ack(&self, client: &mut Client, from: NodeId, call: Call, ctx: &mut Context<'_>) {
        let Some(pending) = client.awaits(call, from) else { return };
        let Phase::Update { new } = &pending.phase else { return };
        let new = new.clone();
        pending.heard.push(from);
        if pending.heard.len() >= self.quorum(replicas(ctx)) {
            self.finish(client, call.op, new, ctx);
        }
    }

    fn finish(&self, client: &mut Client, op: u32, holds: Versioned, ctx: &mut Context<'_>) {
        let Some(pending) = client.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        let answer = if !pending.is_put() { holds.value.clone() } else { Datum::None };
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, answer);
        if client.finished.len() >= FINISHED_MAX {
            client.finished.pop_front();
        }
        client.finished.push_back((op, holds));
    }

    /// Asks those again that have not answered: the question or the answer may have been lost.
    pub(super) fn on_retry(&self, client: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if let Some(pending) = client.pending.get(&op) {
            ask(client.life, op, pending, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, client: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = client.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let (heard, of) = (pending.heard.len(), replicas(ctx));
        let (outcome, why) = match (&pending.phase, pending.is_put()) {
            (Phase::Query { .. }, _) => (Outcome::Fail, "answered its query"),
            (Phase::Update { .. }, false) => (Outcome::Fail, "took what it read"),
            (Phase::Update { .. }, true) => (Outcome::Unknown, "acknowledged it, so it may take effect yet"),
        };
        let why = format!("no majority: {heard} of {of} replicas {why}");
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why));
    }

    pub(super) fn client_card(&self, client: &Client, card: &mut Card) {
        let oldest = client.pending.first().map(|(_, pending)| pending);
        let (phase, heard) = oldest.map_or(("none", 0), |p| (p.phase.name(), p.heard.len()));
        waiting(card, oldest.map(|p| (&p.op, format!("{phase}, {heard} heard"))), client.pending.len());
        card.probes.push(("phase".into(), Datum::Text(phase.into())));
        card.probes.push(("heard".into(), Datum::Int(heard as i64)));
    }

    pub(super) fn why_stuck(&self, view: &View<'_, Self>) -> Option<String> {
        let needed = self.quorum(view.setup.role("replica").count());
        let mut waits = Vec::new();
        for node in view.setup.role("client") {
            let Some(State::Client(client)) = view.state(node) else { continue };
            for p in client.pending.values().take(3) {
                let mut silent: Vec<&str> = Vec::new();
                for replica in view.setup.role("replica").filter(|r| !p.heard.contains(r)) {
                    silent.push(view.setup.name(replica));
                }
                waits.push(format!(
                    "{} waits for {} since {} ({}: {} of {needed}; no answer from {})",
                    view.setup.name(node),
                    p.op,
                    p.begun,
                    p.phase.name(),
                    p.heard.len(),
                    silent.join(", ")
                ));
            }
        }
        if waits.is_empty() {
            return None;
        }
        let down = view.setup.role("replica").filter(|r| view.state(*r).is_none());
        let down: Vec<&str> = down.map(|r| view.setup.name(r)).collect();
        let up = view.setup.role("replica").count() - down.len();
        let who = match (up >= needed, down.len()) {
            (true, _) => format!("{up} replicas are up, but no {needed} of them answer"),
            (false, 1) => format!("no majority of replicas is up: {} is down", down[0]),
            (false, _) => format!("no majority of replicas is up: {} are down", down.join(", ")),
        };
        Some(format!("{who}; {}", waits.join("; ")))
    }
}

impl Client {
    /// The operation that waits for this answer. Answers to earlier phases, earlier lives, and second answers of one
    /// replica count for nothing.
    fn awaits(&mut self, call: Call, from: NodeId) -> Option<&mut Pending> {
        let life = self.life;
        let pending = self.pending.get_mut(&call.op)?;
        let expected = call.life == life && call.phase == pending.phase.number() && !pending.heard.contains(&from);
        expected.then_some(pending)
    }
}

impl Pending {
    fn is_put(&self) -> bool {
        self.op.f == "put"
    }
}

impl Phase {
    fn number(&self) -> u8 {
        match self {
            Phase::Query { .. } => 1,
            Phase::Update { .. } => 2,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Phase::Query { .. } => "query",
            Phase::Update { .. } => "update",
        }
    }
}

fn replicas(ctx: &Context<'_>) -> usize {
    ctx.setup().role("replica").count()
}

/// Sends the current phase's question to the replicas that have not answered it.
fn ask(life: u32, op: u32, pending: &Pending, ctx: &mut Context<'_>) {
    let call = Call { life, op, phase: pending.phase.number() };
    let key = pending.op.key.clone();
    let question = match &pending.phase {
        Phase::Query { .. } => Message::Query { call, key },
        Phase::Update { new } => Message::Update { call, key, new: new.clone() },
    };
    let silent: Vec<NodeId> = ctx.setup().role("replica").filter(|r| !pending.heard.contains(r)).collect();
    for replica in silent {
        ctx.send(replica, &question);
    }
}
