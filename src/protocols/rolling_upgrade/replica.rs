//! The replica: promises and accepts. It keeps the bytes that it was sent, but none that it cannot read.

use super::coordinator::Round;
use super::schema::{Fault, NEW, OLD, Release};
use super::{Ballot, Bug, Context, Held, Message, OnRestart, RollingUpgrade, What, Why};
use crate::base::NodeId;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replica {
    pub life: u32,
    pub release: Release,
    /// What it coordinates, by numbers in the order in which they came.
    pub rounds: LiteMap<u32, Round>,
    pub begun: u32,
    /// The writes that it had accepted last, for whoever watches: whose, and under which ballot.
    pub made: VecDeque<(NodeId, u32, Ballot)>,
}

impl RollingUpgrade {
    /// Another release is another program that finds the same disk.
    pub(super) fn start_replica(&self, ctx: &mut Context<'_>) -> Replica {
        let place = self.replicas(ctx).iter().position(|node| *node == ctx.me()).unwrap_or_default();
        let (life, was) = (ctx.disk().lives, ctx.disk().release);
        let release = match (was, self.on_restart) {
            (0, _) if place < self.upgraded => NEW,
            (0, _) => OLD,
            (_, OnRestart::Upgrade) | (OLD, OnRestart::Switch) => NEW,
            (_, OnRestart::Switch) => OLD,
            (_, OnRestart::Stay) => was,
        };
        if was != 0 && release != was {
            let what = if release > was { "upgraded" } else { "rolled back" };
            ctx.note(format!("{what}: from v{was} to v{release}"));
        }
        ctx.disk_mut().release = release;
        ctx.sync();
        Replica { life, release, rounds: LiteMap::new(), begun: 0, made: VecDeque::new() }
    }

    pub(super) fn replicas(&self, ctx: &Context<'_>) -> Vec<NodeId> {
        ctx.setup().role("replica").collect()
    }

    pub(super) fn replica_hears(&self, r: &mut Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        let Message { release, key, what } = m;
        match what {
            What::Ask { ticket, field, put } => self.on_ask(r, (from, ticket, key), (field, put), ctx),
            What::Prepare { ballot } => self.on_prepare(r, from, key, ballot, ctx),
            What::Accept { held } => self.on_accept(r, from, key, held, ctx),
            What::Promise { ballot, held } => self.on_promise(r, from, &key, ballot, held, ctx),
            What::Accepted { ballot } => self.on_accepted(r, from, &key, ballot, ctx),
            What::Refuse { ballot, why } => self.on_refuse(r, from, &key, (ballot, release, why), ctx),
            // Addressed to the wrong role, by an adversary.
            What::Answer { .. } => {}
        }
    }

    /// It promises what is above all that it has promised, and says what it holds; the same again to one who asks again.
    pub(super) fn on_prepare(
        &self,
        r: &mut Replica,
        from: NodeId,
        key: SmolStr,
        ballot: Ballot,
        ctx: &mut Context<'_>,
    ) {
        let slot = ctx.disk().slots.get(&key).cloned().unwrap_or_default();
        if ballot < slot.promised {
            let why = Why::Promised(slot.promised.counter);
            return self.tell(r, from, key, What::Refuse { ballot, why }, false, ctx);
        }
        if let Err(fault) = self.can_read(r.release, &slot.held) {
            ctx.note(format!("cannot read: its own {key}, {}", fault.words(r.release)));
            let why = Why::Unreadable(fault);
            return self.tell(r, from, key, What::Refuse { ballot, why }, false, ctx);
        }
        ctx.disk_mut().slots.entry(key.clone()).or_default().promised = ballot;
        self.tell(r, from, key, What::Promise { ballot, held: slot.held }, true, ctx);
    }

    pub(super) fn on_accept(&self, r: &mut Replica, from: NodeId, key: SmolStr, held: Held, ctx: &mut Context<'_>) {
        let ballot = held.ballot;
        let promised = ctx.disk().slots.get(&key).map_or(Ballot::default(), |slot| slot.promised);
        if ballot < promised && !self.has(Bug::NoCompare) {
            let why = Why::Promised(promised.counter);
            return self.tell(r, from, key, What::Refuse { ballot, why }, false, ctx);
        }
        if let Err(fault) = self.can_read(r.release, &held) {
            let who = ctx.setup().name(from).to_string();
            ctx.note(format!("cannot read: {who}'s {key}, {}", fault.words(r.release)));
            let why = Why::Unreadable(fault);
            return self.tell(r, from, key, What::Refuse { ballot, why }, false, ctx);
        }
        let slot = ctx.disk_mut().slots.entry(key.clone()).or_default();
        slot.promised = ballot;
        slot.held = held;
        self.tell(r, from, key, What::Accepted { ballot }, true, ctx);
    }

    /// That nobody wrote is read by all.
    pub(super) fn can_read(&self, release: Release, held: &Held) -> Result<(), Fault> {
        if held.ballot.counter == 0 { Ok(()) } else { self.schema.read(release, &held.bytes).map(|_| ()) }
    }

    /// Answers a coordinator, who may be itself, once what it says is on disk.
    fn tell(&self, r: &mut Replica, to: NodeId, key: SmolStr, what: What, wrote: bool, ctx: &mut Context<'_>) {
        let late = self.has(Bug::AckBeforeSync);
        if wrote && !late {
            ctx.sync();
        }
        let message = Message { release: r.release, key, what };
        if to == ctx.me() {
            self.replica_hears(r, to, message, ctx);
        } else {
            ctx.send(to, &message);
        }
        if wrote && late {
            ctx.sync();
        }
    }
}
