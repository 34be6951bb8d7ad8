//! What must hold at every moment, and why it does not when it does not. What only some modes promise says so, and is
//! looked at in those alone.
//!
//! The checks keep the history of each view: which writes, in which order, its members have on disk. What was not on disk
//! before a crash has not happened.

use super::{Mode, PrimaryBackup, Reads, Stamp, State, View};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View as Nodes};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::VecDeque;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 7] = [
    ("one view, one primary", "A number is given to one view only, and numbers never go back."),
    ("replicas agree", "Servers that hold equally many writes of a view hold the same writes in the same order."),
    (
        "acknowledged writes are on disk",
        "A put that has answered ok is on the primary's disk, semi-synchronously on those of so many backups too, unless the \
         primary had fallen back, synchronously on those of all members of the view that answered.",
    ),
    (
        "fail-over keeps acknowledged writes",
        "The history of every active view contains all puts that have answered ok in earlier views: synchronously, and \
         semi-synchronously if all backups must have a write, and but for what a primary that had fallen back answered. Other \
         settings do not promise it.",
    ),
    (
        "reads see the last acknowledged write",
        "Synchronously with confirmed reads, a get returns a version at least as late as that of every operation on the key \
         that was completed before it began. Other reads do not promise it.",
    ),
    ("a write takes effect once", "No history contains a put twice, however often it was asked for."),
    (
        "sessions keep what they saw",
        "With reads by session, a get returns a version at least as late as all that its client had read or written of the key \
         before it began, in this life. After a fail-over it is promised only where none loses what was acknowledged, and of \
         writes that were: a session may see one that no backup has yet.",
    ),
];
const ONE_VIEW: u16 = 0;
const AGREE: u16 = 1;
const ON_DISK: u16 = 2;
const KEPT: u16 = 3;
const FRESH: u16 = 4;
const ONCE: u16 = 5;
const SESSIONS: u16 = 6;

/// Writes of a view's history, and views, that are remembered: the newest.
const HISTORY_MAX: usize = 512;
const VIEWS_MAX: usize = 16;

type Broken = Vec<(u16, String)>;
/// Client, life and operation of a put.
type By = (NodeId, u32, u32);

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    views: LiteMap<u64, View>,
    histories: LiteMap<u64, History>,
    /// Which view's state each server held, and how much of it.
    held: LiteMap<NodeId, (u64, u64)>,
    /// The latest put that was acknowledged in each view: its index and the digest of the history up to it.
    acknowledged: LiteMap<u64, (u64, u64)>,
    /// Views in which the primary fell back, and its last write until then: what that is answered is not promised much.
    excused: LiteMap<u64, u64>,
    /// The latest version of each key that a completed operation made or saw.
    completed: LiteMap<SmolStr, Stamp>,
    /// For each open operation the latest version of its key that was completed before it began, and that its own session
    /// had seen.
    open: LiteMap<OpId, (Stamp, Stamp)>,
    /// The latest version of a key that a client's present life has read or written.
    sessions: LiteMap<(NodeId, SmolStr), (u32, Stamp)>,
}

/// Index, digest and writer of each write.
type History = VecDeque<(u64, u64, By)>;

impl Memory {
    pub fn check(
        &mut self,
        p: &PrimaryBackup,
        nodes: &Nodes<'_, PrimaryBackup>,
        step: &StepFacts,
        broken: &mut Broken,
    ) {
        for (id, op) in &step.began {
            let life = nodes.disk(id.client).lives;
            let seen = self.sessions.get(&(id.client, op.key.clone())).filter(|(lived, _)| *lived == life);
            let completed = self.completed.get(op.key.as_str()).copied().unwrap_or_default();
            self.open.insert(*id, (completed, seen.map(|(_, stamp)| *stamp).unwrap_or_default()));
        }
        match step.node.map(|node| (node, nodes.state(node))) {
            // What is not on disk yet, nobody was told.
            Some((node, Some(State::Service(s)))) if nodes.disk(node) == nodes.durable(node) => {
                self.decided(p, &s.view, broken);
            }
            Some((node, Some(State::Server(s)))) => {
                let (view, index) = s.alone;
                if index > 0 {
                    self.excused.insert(view, index);
                    if self.excused.len() > VIEWS_MAX {
                        let oldest = *self.excused.first().expect("some").0;
                        self.excused.remove(&oldest);
                    }
                }
                self.server_acted(nodes, node, broken);
            }
            _ => {}
        }
        for ended in &step.ended {
            self.operation_ended(p, nodes, ended, broken);
        }
    }

    /// The view service has a view: is it another under a known number, and does it hold what was acknowledged?
    fn decided(&mut self, p: &PrimaryBackup, view: &View, broken: &mut Broken) {
        let number = view.number;
        let newest = self.views.last().map_or(0, |(newest, _)| *newest);
        match self.views.get(&number) {
            _ if number < newest => {
                broken.push((ONE_VIEW, format!("the view service went from view {newest} back to view {number}")));
            }
            Some(known) if (known.primary, &known.backups) != (view.primary, &view.backups) => {
                broken.push((ONE_VIEW, format!("there are two views {number}")));
            }
            Some(known) if known.active => {}
            _ => {
                self.views.insert(number, view.clone());
                if self.views.len() > VIEWS_MAX {
                    let oldest = *self.views.first().expect("some").0;
                    self.views.remove(&oldest);
                }
                if view.active {
                    self.kept(p, number, broken);
                }
            }
        }
    }

    /// What was acknowledged before is part of the history of an active view.
    fn kept(&self, p: &PrimaryBackup, active: u64, broken: &mut Broken) {
        let Some(history) = self.histories.get(&active).filter(|_| p.needs_all()) else { return };
        for (view, (index, digest)) in self.acknowledged.iter().filter(|(view, _)| **view < active) {
            let oldest = history.front().map_or(0, |(index, ..)| *index);
            let found = history.iter().any(|(i, d, _)| (i, d) == (index, digest));
            if !found && (oldest <= *index || history.is_empty()) {
                let why =
                    format!("write {index} of view {view} was acknowledged, but view {active} is active without it");
                broken.push((KEPT, why));
            }
        }
    }

    fn server_acted(&mut self, nodes: &Nodes<'_, PrimaryBackup>, node: NodeId, broken: &mut Broken) {
        let disk = nodes.durable(node);
        let (now, store) = ((disk.held, disk.store.index), &disk.store);
        let before = self.held.insert(node, now).unwrap_or_default();
        if now == before {
            return;
        }
        if !self.histories.contains_key(&now.0) {
            // Its primary brings along what it holds of another view's history.
            let earlier = self.histories.get(&before.0).into_iter().flatten().filter(|(i, ..)| *i <= now.1);
            let earlier = earlier.copied().collect();
            self.histories.insert(now.0, earlier);
            if self.histories.len() > VIEWS_MAX {
                let oldest = *self.histories.first().expect("some").0;
                self.histories.remove(&oldest);
            }
        }
        let name = nodes.setup.name(node);
        let Some(history) = self.histories.get_mut(&now.0).filter(|_| now.1 > 0) else { return };
        match history.iter().rev().find(|(index, ..)| *index == now.1) {
            Some((_, digest, _)) if *digest != store.digest => {
                let why = format!("{name} holds other {} writes of view {} than another server", now.1, now.0);
                broken.push((AGREE, why));
            }
            Some(_) => {}
            None if history.back().is_none_or(|(index, ..)| *index + 1 == now.1) => {
                if history.iter().any(|(.., by)| *by == store.last) {
                    let (client, _, op) = store.last;
                    let client = nodes.setup.name(client);
                    broken
                        .push((ONCE, format!("{client}'s put (operation {op}) was carried out twice, last by {name}")));
                }
                history.push_back((now.1, store.digest, store.last));
                if history.len() > HISTORY_MAX {
                    history.pop_front();
                }
            }
            None if history.front().is_some_and(|(index, ..)| *index > now.1) => {}
            None => {
                let why =
                    format!("{name} holds {} writes of view {}, of which nobody held the one before", now.1, now.0);
                broken.push((AGREE, why));
            }
        }
    }

    fn operation_ended(
        &mut self,
        p: &PrimaryBackup,
        nodes: &Nodes<'_, PrimaryBackup>,
        ended: &Ended,
        broken: &mut Broken,
    ) {
        let (before, seen) = self.open.remove(&ended.id).unwrap_or_default();
        let put = ended.op.f == "put";
        if ended.outcome != Outcome::Ok || !put && ended.op.f != "get" {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(client)) = nodes.state(ended.id.client) else { return };
        let Some((_, stamp, view)) = client.finished.iter().rev().find(|(op, ..)| *op == ended.id.count) else {
            return;
        };
        let who = nodes.setup.name(ended.id.client);
        let promised = p.mode == Mode::Synchronous && p.reads == Reads::Confirmed;
        if !put && promised && *stamp < before {
            let why = format!("{who}'s {} returned {stamp}, although {before} was completed before it began", ended.op);
            broken.push((FRESH, why));
        }
        if p.reads == Reads::Session {
            let acknowledged = self.acknowledged.get(&seen.view).is_some_and(|(index, _)| *index >= seen.index);
            let kept = self.views.len() <= 1 || p.needs_all() && acknowledged;
            if !put && *stamp < seen && kept {
                let why = format!("{who}'s {} returned {stamp}, although it had seen {seen} before", ended.op);
                broken.push((SESSIONS, why));
            }
            let known = self.sessions.entry((ended.id.client, ended.op.key.clone())).or_default();
            let earlier = if known.0 == client.life { known.1 } else { Stamp::default() };
            *known = (client.life, earlier.max(*stamp));
        }
        let key = self.completed.entry(ended.op.key.clone()).or_default();
        *key = (*key).max(*stamp);
        if put && self.excused.get(view).is_none_or(|index| *index < stamp.index) {
            let done = Stamp { view: *view, index: stamp.index };
            self.on_disk(p, nodes, done, who, broken);
            self.acknowledge(p, done, broken);
        }
    }

    fn acknowledge(&mut self, p: &PrimaryBackup, stamp: Stamp, broken: &mut Broken) {
        let entry = self.histories.get(&stamp.view).into_iter().flatten().find(|(index, ..)| *index == stamp.index);
        let Some((index, digest, _)) = entry.copied() else { return };
        let known = self.acknowledged.entry(stamp.view).or_default();
        *known = (*known).max((index, digest));
        if self.acknowledged.len() > VIEWS_MAX {
            let oldest = *self.acknowledged.first().expect("some").0;
            self.acknowledged.remove(&oldest);
        }
        let active = self.views.iter().rev().find(|(_, view)| view.active).map(|(number, _)| *number);
        if let Some(active) = active.filter(|active| *active > stamp.view) {
            self.kept(p, active, broken);
        }
    }

    /// Servers that went on to the state of a later view count as having had it.
    fn on_disk(
        &self,
        p: &PrimaryBackup,
        nodes: &Nodes<'_, PrimaryBackup>,
        stamp: Stamp,
        who: &str,
        broken: &mut Broken,
    ) {
        let first = View::first(nodes.setup, p.backups);
        let known = self.views.get(&stamp.view).or((stamp.view == 1).then_some(&first));
        let Some(view) = known else { return };
        let has = |n: &NodeId| {
            let disk = nodes.durable(*n);
            (disk.held, disk.store.index) >= (stamp.view, stamp.index)
        };
        let backups = view.backups.iter().filter(|n| has(n)).count();
        if !has(&view.primary) || backups < p.needed(view.backups.len()) {
            let holders: Vec<&str> = view.members().filter(has).map(|n| nodes.setup.name(n)).collect();
            let on = if holders.is_empty() { "no disk".into() } else { holders.join(", ") };
            let why = format!("{who}'s put ({stamp}) was acknowledged, but of its view only {on} has it");
            broken.push((ON_DISK, why));
        }
    }
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "write {} of view {}", self.index, self.view)
    }
}
