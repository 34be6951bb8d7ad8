//! The replica: what it stores for itself, and as hints for others.

use super::coordinate::{Ask, Coordinator, Done};
use super::entropy::{Comparison, Round};
use super::version::Held;
use super::{Bug, Conflicts, Context, Hint, Message, QuorumStore, Task, Timer};
use crate::base::{Micros, NodeId};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Hints that are sent at a time.
const HANDED_MAX: usize = 16;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Replica {
    pub coordinator: Coordinator,
    pub local: Local,
    /// The comparison with another replica that it began last and that has not ended, and how many it has begun.
    pub comparison: Option<Comparison>,
    pub comparisons: u32,
    /// The one that ended last, for whoever watches.
    pub compared: Option<Round>,
}

/// What storing takes beside the disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Local {
    /// The keys that its last handler changed, for whoever watches.
    pub touched: Vec<SmolStr>,
    /// Timers that are set.
    handing: bool,
    flushing: bool,
}

impl QuorumStore {
    pub(super) fn start_replica(&self, ctx: &mut Context<'_>) -> Replica {
        ctx.sync();
        let mut r = Replica::default();
        r.coordinator.life = ctx.disk().lives;
        if !ctx.disk().hints.is_empty() {
            self.arm_handoff(&mut r.local, ctx);
        }
        if self.anti_entropy {
            let first = Micros(ctx.choose("first comparison", self.anti_entropy_interval.0));
            ctx.set_timer(first, &Timer::AntiEntropy);
        }
        r
    }

    pub(super) fn replica_hears(&self, r: &mut Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        r.local.touched.clear();
        let (c, local) = (&mut r.coordinator, &mut r.local);
        let done = match m {
            Message::Put { call, key, value, past } => match c.known(from, call) {
                Some(done) => done,
                None => self.begin_put(c, Some(local), Ask { client: from, call, key }, (value, past), ctx),
            },
            Message::Get { call, key } => match c.known(from, call) {
                Some(done) => done,
                None => self.begin_get(c, Some(local), Ask { client: from, call, key }, ctx),
            },
            Message::Ack { task, instead_of, .. } => self.on_ack(c, from, task, instead_of, ctx),
            Message::Response { task, instead_of, held, .. } => {
                self.on_response(c, Some(local), from, (task, instead_of), held, ctx)
            }
            m => return self.replica_stores(r, from, m, ctx),
        };
        if let Some(Done { ask, reply }) = done {
            ctx.send(ask.client, &Message::Answer { call: ask.call, key: ask.key, reply });
        }
    }

    /// What others have it store, read or compare.
    fn replica_stores(&self, r: &mut Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match m {
            Message::Write { task, instead_of, key, held } => {
                self.on_write(&mut r.local, from, (task, instead_of), key, &held, ctx);
            }
            Message::Read { task, instead_of, key } => self.on_read(from, (task, instead_of), key, ctx),
            Message::Repair { key, held } => self.keep(&mut r.local, &key, &held, ctx),
            Message::Handoff { key, held } => {
                self.keep(&mut r.local, &key, &held, ctx);
                ctx.send(from, &Message::Taken { key, digest: held.digest() });
            }
            Message::Taken { key, digest } => self.on_taken(&mut r.local, from, &key, digest, ctx),
            Message::Tree { round, level, nodes } => self.on_tree(r, from, (round, level), &nodes, ctx),
            Message::Keys { round, leaves, digests } => self.on_keys(from, round, &leaves, &digests, ctx),
            Message::Exchange { round, helds, wanted } => self.on_exchange(r, from, round, &helds, &wanted, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    pub(super) fn on_replica_timer(&self, r: &mut Replica, t: &Timer, ctx: &mut Context<'_>) {
        r.local.touched.clear();
        let (c, local) = (&mut r.coordinator, &mut r.local);
        match t {
            Timer::Suspect { task } => self.on_suspect(c, Some(local), *task, ctx),
            Timer::Deadline { task } => self.on_deadline(c, Some(local), *task, ctx),
            Timer::Handoff => self.on_handoff_timer(local, ctx),
            Timer::AntiEntropy => self.compare(r, ctx),
            Timer::Flush => {
                local.flushing = false;
                ctx.sync();
            }
            Timer::Retry { .. } | Timer::GiveUp { .. } => {}
        }
    }

    /// What it acknowledges is durable, because a node handles nothing while its disk syncs.
    fn on_write(
        &self,
        local: &mut Local,
        from: NodeId,
        (task, instead_of): (Task, Option<NodeId>),
        key: SmolStr,
        held: &Held,
        ctx: &mut Context<'_>,
    ) {
        let changed = match instead_of {
            None => self.take_up(local, &key, held, ctx),
            Some(home) => self.take_hint(local, home, &key, held, ctx),
        };
        let late = self.has(Bug::AckBeforeSync);
        if changed && !late {
            self.settle(local, ctx);
        }
        ctx.send(from, &Message::Ack { task, instead_of, key });
        if changed && late {
            self.settle(local, ctx);
        }
    }

    /// Who stands in for another answers from what it keeps for it.
    fn on_read(&self, from: NodeId, (task, instead_of): (Task, Option<NodeId>), key: SmolStr, ctx: &mut Context<'_>) {
        let held = match instead_of {
            None => ctx.disk().held.get(&key).cloned(),
            Some(home) => ctx.disk().hint(home, &key).map(|hint| hint.held.clone()),
        };
        ctx.send(from, &Message::Response { task, instead_of, key, held: held.unwrap_or_default() });
    }

    /// Adds what another holds to its own; says whether that changed the disk.
    pub(super) fn take_up(&self, local: &mut Local, key: &SmolStr, held: &Held, ctx: &mut Context<'_>) -> bool {
        let own = ctx.disk().held.get(key).cloned().unwrap_or_default();
        let Some(new) = self.joined(own, held) else { return false };
        ctx.disk_mut().held.insert(key.clone(), new);
        local.touched.push(key.clone());
        true
    }

    /// Adds what another holds to its own, durably.
    pub(super) fn keep(&self, local: &mut Local, key: &SmolStr, held: &Held, ctx: &mut Context<'_>) {
        if self.take_up(local, key, held, ctx) {
            self.settle(local, ctx);
        }
    }

    /// Both together, if that is more than the first.
    fn joined(&self, mut own: Held, other: &Held) -> Option<Held> {
        if self.has(Bug::NoCompare) && !other.0.is_empty() && self.conflicts == Conflicts::LastWriterWins {
            return (own != *other).then(|| other.clone());
        }
        own.merge(other, self.conflicts).then_some(own)
    }

    /// Adds to what it keeps for a home replica; says whether that changed the disk.
    pub(super) fn take_hint(
        &self,
        local: &mut Local,
        home: NodeId,
        key: &SmolStr,
        held: &Held,
        ctx: &mut Context<'_>,
    ) -> bool {
        let own = ctx.disk().hint(home, key).map(|hint| hint.held.clone()).unwrap_or_default();
        let Some(new) = self.joined(own, held) else { return false };
        let hints = &mut ctx.disk_mut().hints;
        match hints.iter_mut().find(|hint| hint.home == home && hint.key == *key) {
            Some(hint) => hint.held = new,
            None => hints.push(Hint { home, key: key.clone(), held: new }),
        }
        self.arm_handoff(local, ctx);
        true
    }

    /// What was stored becomes durable: now, or before long.
    pub(super) fn settle(&self, local: &mut Local, ctx: &mut Context<'_>) {
        if self.durable {
            ctx.sync();
        } else if !local.flushing {
            local.flushing = true;
            ctx.set_timer(self.flush_interval, &Timer::Flush);
        }
    }

    fn arm_handoff(&self, local: &mut Local, ctx: &mut Context<'_>) {
        if self.handoff && !local.handing {
            local.handing = true;
            ctx.set_timer(self.handoff_interval, &Timer::Handoff);
        }
    }

    /// Dynamo, section 4.6: who kept a replica's writes for it tries to deliver them.
    fn on_handoff_timer(&self, local: &mut Local, ctx: &mut Context<'_>) {
        local.handing = false;
        let hints: Vec<Hint> = ctx.disk().hints.iter().take(HANDED_MAX).cloned().collect();
        for hint in &hints {
            ctx.send(hint.home, &Message::Handoff { key: hint.key.clone(), held: hint.held.clone() });
        }
        if self.has(Bug::HintDroppedEarly) && !hints.is_empty() {
            ctx.disk_mut().hints.drain(..hints.len());
            self.settle(local, ctx);
        }
        if !ctx.disk().hints.is_empty() {
            self.arm_handoff(local, ctx);
        }
    }

    /// The hint may have grown since it was sent: then it stays.
    fn on_taken(&self, local: &mut Local, from: NodeId, key: &SmolStr, digest: u64, ctx: &mut Context<'_>) {
        if ctx.disk().hint(from, key).is_none_or(|hint| hint.held.digest() != digest) {
            return;
        }
        let name = ctx.setup().name(from).to_owned();
        ctx.note(format!("hint delivered: {key} to {name}"));
        ctx.disk_mut().hints.retain(|hint| hint.home != from || hint.key != *key);
        self.settle(local, ctx);
    }
}
