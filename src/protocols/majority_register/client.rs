//! A client: both phases of reads and writes, retransmission, and the end of patience.

use super::{MajorityRegister, Msg, State, Tag, Timer};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::Ctx;
use crate::wire::{Datum, Op, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    pub phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// Hearing what a majority has.
    Query { replies: BTreeMap<NodeId, (Tag, Datum)> },
    /// Making sure that a majority has this.
    Update { tag: Tag, value: Datum, acks: BTreeSet<NodeId> },
}

impl Pending {
    /// The phase's name, and how many replicas were heard in it.
    pub fn progress(&self) -> (&'static str, usize) {
        match &self.phase {
            Phase::Query { replies } => ("query", replies.len()),
            Phase::Update { acks, .. } => ("update", acks.len()),
        }
    }

    fn has_heard(&self, replica: NodeId) -> bool {
        match &self.phase {
            Phase::Query { replies } => replies.contains_key(&replica),
            Phase::Update { acks, .. } => acks.contains(&replica),
        }
    }

    fn message(&self, op: u32) -> Msg {
        let key = self.op.key.clone();
        match &self.phase {
            Phase::Query { .. } => Msg::Query { op, key },
            Phase::Update { tag, value, .. } => Msg::Update { op, key, tag: *tag, value: value.clone() },
        }
    }
}

impl MajorityRegister {
    fn quorum(&self, ctx: &Ctx<'_, Self>) -> usize {
        let replicas = ctx.setup().role("replica").count();
        if self.bug_small_quorum { (replicas / 2).max(1) } else { replicas / 2 + 1 }
    }

    /// An operation begins with its query phase.
    pub(super) fn begin(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Ctx<'_, Self>) {
        let phase = Phase::Query { replies: BTreeMap::new() };
        s.pending.insert(id.count, Pending { op: op.clone(), phase });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
        self.ask_the_rest(s, id.count, ctx);
    }

    /// (Re)sends the present phase's message to the replicas that have not answered it, and sets the next retry.
    pub(super) fn ask_the_rest(&self, s: &State, op: u32, ctx: &mut Ctx<'_, Self>) {
        let Some(pending) = s.pending.get(&op) else { return };
        let message = pending.message(op);
        let rest: Vec<NodeId> = ctx.setup().role("replica").filter(|r| !pending.has_heard(*r)).collect();
        rest.into_iter().for_each(|replica| ctx.send(replica, &message));
        ctx.set_timer(self.retry_after, &Timer::Retry { op });
    }

    /// With a majority of replies, the highest tag decides what to update with.
    pub(super) fn on_reply(
        &self,
        s: &mut State,
        from: NodeId,
        op: u32,
        tag: Tag,
        value: Datum,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let quorum = self.quorum(ctx);
        let Some(pending) = s.pending.get_mut(&op) else { return };
        // Replies to the first phase that come in the second are too late to count.
        let Phase::Query { replies } = &mut pending.phase else { return };
        replies.insert(from, (tag, value));
        if replies.len() < quorum {
            return;
        }
        let agreed = replies.values().all(|(tag, _)| *tag == replies[&from].0);
        let (highest, seen) = replies.values().max_by_key(|(tag, _)| *tag).cloned().unwrap_or_default();
        let is_read = pending.op.f != "put";
        let unwritten = highest == Tag::default();
        if is_read && (unwritten || self.bug_no_write_back || agreed && self.skip_agreed_write_back) {
            return complete(s, op, highest, seen, ctx);
        }
        let (tag, value) =
            if is_read { (highest, seen) } else { (self.next_tag(highest, op, ctx), pending.op.value.clone()) };
        pending.phase = Phase::Update { tag, value, acks: BTreeSet::new() };
        ctx.cancel_timer(&Timer::Retry { op });
        self.ask_the_rest(s, op, ctx);
    }

    /// A tag above the highest seen, of this writer alone (Lynch–Shvartsman, section 3).
    fn next_tag(&self, highest: Tag, op: u32, ctx: &Ctx<'_, Self>) -> Tag {
        let counter = highest.counter + 1;
        if self.bug_tag_without_writer {
            Tag { counter, ..Tag::default() }
        } else {
            Tag { counter, writer: ctx.me(), op }
        }
    }

    /// With a majority of acknowledgements, the operation is done.
    pub(super) fn on_ack(&self, s: &mut State, from: NodeId, op: u32, ctx: &mut Ctx<'_, Self>) {
        let quorum = self.quorum(ctx);
        let Some(pending) = s.pending.get_mut(&op) else { return };
        let Phase::Update { tag, value, acks } = &mut pending.phase else { return };
        acks.insert(from);
        if acks.len() >= quorum {
            let (tag, value) = (*tag, value.clone());
            complete(s, op, tag, value, ctx);
        }
    }
}

fn complete(s: &mut State, op: u32, tag: Tag, value: Datum, ctx: &mut Ctx<'_, MajorityRegister>) {
    let Some(pending) = s.pending.remove(&op) else { return };
    s.completed = Some((op, tag));
    ctx.cancel_timer(&Timer::Retry { op });
    ctx.cancel_timer(&Timer::GiveUp { op });
    let answer = if pending.op.f == "put" { Datum::None } else { value };
    let id = OpId { client: ctx.me(), count: op };
    ctx.reply(id, Outcome::Ok, answer);
}

/// Patience ends. A read changes nothing, and a write that never left its query phase has told nobody its value: both
/// failed for certain. A write in its update phase may have reached replicas: unknown.
pub(super) fn give_up(s: &mut State, op: u32, ctx: &mut Ctx<'_, MajorityRegister>) {
    let Some(pending) = s.pending.remove(&op) else { return };
    ctx.cancel_timer(&Timer::Retry { op });
    let in_update = matches!(pending.phase, Phase::Update { .. });
    let outcome = if pending.op.f == "put" && in_update { Outcome::Unknown } else { Outcome::Fail };
    let (phase, heard) = pending.progress();
    let replicas = ctx.setup().role("replica").count();
    let why = format!("no majority: {heard} of {replicas} replicas answered its {phase}");
    let id = OpId { client: ctx.me(), count: op };
    ctx.reply(id, outcome, Datum::Text(why));
}
