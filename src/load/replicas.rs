//! A relational store: the primary's log, the replicas that follow it, and what is lost when one of them takes over.
//!
//! A replica applies the log in order, and commits as many entries at once as have come: its commits do not wait for one
//! another, nor for its reads. What it has not got when it becomes the primary is gone, acknowledged or not; the others then
//! begin from a copy of it. A replica that was down comes back with a copy of the primary.

use super::design::Does;
use super::engine::{Caller, Engine, Event, NONE, Outcome, Stage};
use super::kinds::{Found, Held};
use super::plan::Kind;
use crate::base::random::{Purpose, derive};
use std::collections::VecDeque;

/// The way back of a replica's acknowledgement.
const ACK: u64 = Purpose::Latency as u64;

pub(super) struct Store {
    pub primary: u16,
    /// By instance and key.
    pub versions: Vec<Vec<u32>>,
    /// What not every replica has; the first has the number `base`.
    log: VecDeque<Entry>,
    base: u64,
    /// By instance: entries applied; when the last that is on its way comes; which of those count.
    applied: Vec<u64>,
    due: Vec<u64>,
    epochs: Vec<u32>,
    /// By instance: when the last of its acknowledgements that are on their way comes to the primary.
    heard: Vec<u64>,
    /// Counts the logs: each primary begins one of its own.
    logs: u16,
    /// Counts the primaries' ends.
    pub term: u32,
    /// Acknowledged writes that no primary has any more.
    pub lost: u64,
    /// Writes that replaced what whoever wrote had not seen.
    pub overwritten: u64,
    /// By key, if rows are locked: the visit that writes; those that wait stand behind it.
    locks: Vec<u32>,
}

struct Entry {
    /// Of the write's visit: what draws are keyed by.
    id: u64,
    key: u32,
    version: u32,
    visit: u32,
    turn: u32,
    copies: u16,
    acknowledged: bool,
}

impl Store {
    pub fn new(instances: u16, keys: u32, row_locks: bool) -> Store {
        let count = usize::from(instances);
        Store {
            primary: 0,
            versions: vec![vec![0; keys as usize]; count],
            log: VecDeque::new(),
            base: 0,
            applied: vec![0; count],
            due: vec![0; count],
            epochs: vec![0; count],
            heard: vec![0; count],
            logs: 0,
            term: 0,
            lost: 0,
            overwritten: 0,
            locks: if row_locks { vec![NONE; keys as usize] } else { Vec::new() },
        }
    }

    fn end(&self) -> u64 {
        self.base + self.log.len() as u64
    }

    /// A replica becomes a copy of the primary.
    fn copy(&mut self, replica: u16, now: u64) {
        let of_primary = self.versions[usize::from(self.primary)].clone();
        let replica = usize::from(replica);
        self.versions[replica] = of_primary;
        (self.applied[replica], self.due[replica]) = (self.end(), now);
        self.epochs[replica] += 1;
    }

    /// Forgets what all that are up have.
    fn trim(&mut self, up: impl Fn(usize) -> bool, sync: u16) {
        let primary = usize::from(self.primary);
        let followers = (0..self.applied.len()).filter(|at| *at != primary && up(*at));
        let least = followers.map(|at| self.applied[at]).min().unwrap_or(self.end());
        while self.base < least && self.log.front().is_some_and(|entry| entry.acknowledged || sync == 0) {
            self.log.pop_front();
            self.base += 1;
        }
    }
}

impl Engine<'_> {
    fn store(&mut self, part: u16) -> &mut Store {
        match &mut self.parts[usize::from(part)].held {
            Held::Store(store) => store,
            _ => unreachable!("asked of stores only"),
        }
    }

    /// A write at the primary: into its log, and on the way to the replicas.
    pub(super) fn commit(&mut self, at: u32) -> Found {
        let visit = self.visits[at];
        let plan = self.plan;
        let Kind::Store { sync, lag, .. } = &plan.parts[usize::from(visit.part)].kind else { return Found::GoOn };
        let here = plan.place(visit.part, visit.instance);
        let state = &mut self.parts[usize::from(visit.part)];
        let (service, instances) = (state.service, &state.instances);
        let Held::Store(store) = &mut state.held else { return Found::GoOn };
        if store.primary != visit.instance {
            return Found::Done(Outcome::Failed);
        }
        let (key, version) = (visit.freight.key, visit.freight.version);
        let own = &mut store.versions[usize::from(visit.instance)][key as usize];
        let unseen = visit.freight.seen != NONE && visit.freight.seen != *own;
        if unseen && visit.freight.guard {
            return Found::Done(Outcome::Failed);
        }
        store.overwritten += u64::from(unseen);
        *own = (*own).max(version);
        let acknowledged = *sync == 0;
        let id = visit.freight.id;
        store.log.push_back(Entry { id, key, version, visit: at, turn: visit.turn, copies: 0, acknowledged });
        for replica in 0..instances.len() as u16 {
            let place = usize::from(replica);
            if replica == visit.instance || instances[place].down > 0 {
                continue;
            }
            let lag = lag.draw(|| service.stream(derive(id, u64::from(replica) + 1)));
            let far = plan.network.distance(here, plan.place(visit.part, replica));
            store.due[place] = store.due[place].max(self.now + lag + u64::from(far));
            let epoch = store.epochs[place];
            self.queue.push(store.due[place], Event::Apply { part: visit.part, replica, epoch });
        }
        store.trim(|at| instances[at].down == 0, *sync);
        if acknowledged { Found::GoOn } else { Found::Held }
    }

    /// A replica applies its next entry.
    pub(super) fn apply(&mut self, part: u16, replica: u16, epoch: u32) {
        let store = self.store(part);
        let place = usize::from(replica);
        if store.epochs[place] != epoch {
            return;
        }
        let at = (store.applied[place] - store.base) as usize;
        let Some(entry) = store.log.get(at) else { return };
        let (key, version) = (entry.key as usize, entry.version);
        store.versions[place][key] = store.versions[place][key].max(version);
        store.applied[place] += 1;
        self.acknowledge(part, replica, at);
        self.trim(part);
    }

    fn trim(&mut self, part: u16) {
        let Kind::Store { sync, .. } = self.plan.parts[usize::from(part)].kind else { return };
        let state = &mut self.parts[usize::from(part)];
        let Held::Store(store) = &mut state.held else { return };
        store.trim(|at| state.instances[at].down == 0, sync);
    }

    /// A replica says that it has an entry of the log; what it says comes in order, too.
    fn acknowledge(&mut self, part: u16, replica: u16, at: usize) {
        let (plan, now) = (self.plan, self.now);
        let Kind::Store { sync, ack, .. } = &plan.parts[usize::from(part)].kind else { return };
        let state = &mut self.parts[usize::from(part)];
        let Held::Store(store) = &mut state.held else { return };
        let id = derive(store.log[at].id, ACK);
        let ack = ack.draw(|| state.service.stream(derive(id, u64::from(replica))));
        let far = plan.network.distance(plan.place(part, replica), plan.place(part, store.primary));
        let heard = &mut store.heard[usize::from(replica)];
        *heard = (*heard).max(now + ack + u64::from(far));
        // Nobody waits for it, or it is known at once.
        if *sync == 0 || *heard == now {
            return self.copied(part, at);
        }
        let entry = (store.base + at as u64) as u32;
        self.queue.push(*heard, Event::Copied { part, log: store.logs, entry });
    }

    /// What was on its way when its primary was replaced counts no more.
    pub(super) fn hears_of_copy(&mut self, part: u16, log: u16, entry: u32) {
        let store = self.store(part);
        let at = entry.wrapping_sub(store.base as u32) as usize;
        if store.logs == log && at < store.log.len() {
            self.copied(part, at);
            self.trim(part);
        }
    }

    /// One replica more has an entry of the log: perhaps it is acknowledged now.
    fn copied(&mut self, part: u16, at: usize) {
        let Kind::Store { sync, .. } = self.plan.parts[usize::from(part)].kind else { return };
        let entry = &mut self.store(part).log[at];
        entry.copies += 1;
        if entry.acknowledged || entry.copies < sync {
            return;
        }
        entry.acknowledged = true;
        let (visit, turn) = (entry.visit, entry.turn);
        if self.visits[visit].turn == turn {
            self.finish(visit, Outcome::Answered);
        }
    }

    /// An instance of a store has gone down.
    pub(super) fn store_down(&mut self, part: u16, instance: u16) {
        let Kind::Store { fail_over, .. } = self.plan.parts[usize::from(part)].kind else { return };
        let now = self.now;
        let store = self.store(part);
        if store.primary != instance {
            store.epochs[usize::from(instance)] += 1;
            return;
        }
        // What is on its way stays in the log of a primary that is not there.
        store.epochs.iter_mut().for_each(|epoch| *epoch += 1);
        store.term += 1;
        let term = store.term;
        if store.applied.len() > 1 {
            self.queue.push(now + fail_over, Event::Promote { part, term });
        }
    }

    /// The replica that has most becomes the primary, unless the old one is back.
    pub(super) fn promote(&mut self, part: u16, term: u32) {
        let now = self.now;
        let state = &mut self.parts[usize::from(part)];
        let Held::Store(store) = &mut state.held else { return };
        let instances = &state.instances;
        if store.term != term || instances[usize::from(store.primary)].down == 0 {
            return;
        }
        let up = (0..instances.len() as u16).filter(|at| instances[usize::from(*at)].down == 0);
        let Some(next) = up.max_by_key(|at| (store.applied[usize::from(*at)], u16::MAX - at)) else {
            return self.queue.push(now + 1_000_000, Event::Promote { part, term });
        };
        // What all that were up had had, it may never have seen.
        let applied = store.applied[usize::from(next)];
        store.lost += store.base.saturating_sub(applied);
        let from = applied.saturating_sub(store.base) as usize;
        store.lost += store.log.iter().skip(from).filter(|entry| entry.acknowledged).count() as u64;
        store.log.clear();
        store.logs = store.logs.wrapping_add(1);
        store.base = applied;
        store.primary = next;
        store.term += 1;
        for other in 0..instances.len() as u16 {
            if other != next {
                store.copy(other, now);
            }
        }
    }

    /// An instance of a store is back.
    pub(super) fn store_up(&mut self, part: u16, instance: u16) {
        let now = self.now;
        let store = self.store(part);
        if store.primary != instance {
            // With the primary down there is nobody to copy from: it has what it had.
            let primary = usize::from(store.primary);
            if self.parts[usize::from(part)].instances[primary].down == 0 {
                self.catch_up(part, instance);
            }
            return;
        }
        store.due.iter_mut().for_each(|due| *due = now);
        for replica in 0..self.parts[usize::from(part)].instances.len() as u16 {
            if replica != instance && self.parts[usize::from(part)].instances[usize::from(replica)].down == 0 {
                self.catch_up(part, replica);
            }
        }
    }

    /// A replica has all of the log at once.
    fn catch_up(&mut self, part: u16, replica: u16) {
        let now = self.now;
        let store = self.store(part);
        let from = store.applied[usize::from(replica)].max(store.base) - store.base;
        let len = store.log.len();
        store.copy(replica, now);
        for at in from as usize..len {
            self.copied(part, at);
        }
    }

    /// Takes the row of a write. Is it free? If not, the visit waits behind the others.
    pub(super) fn lock(&mut self, at: u32) -> bool {
        let visit = &self.visits[at];
        if visit.freight.does != Does::Write {
            return true;
        }
        let (part, key) = (visit.part, visit.freight.key as usize);
        let Some(holder) = self.store(part).locks.get_mut(key) else { return true };
        if *holder == NONE {
            *holder = at;
            return true;
        }
        // At most as many wait as there are connections.
        let mut last = *holder;
        while self.visits[last].next != NONE {
            last = self.visits[last].next;
        }
        self.visits[last].next = at;
        false
    }

    /// A write is over: the next of its row begins.
    pub(super) fn unlock(&mut self, at: u32) {
        let visit = &self.visits[at];
        let key = visit.freight.key as usize;
        let Held::Store(store) = &mut self.parts[usize::from(visit.part)].held else { return };
        let Some(holder) = store.locks.get_mut(key).filter(|holder| **holder == at) else { return };
        let next = std::mem::replace(&mut self.visits[at].next, NONE);
        *holder = next;
        if next != NONE {
            self.work(next);
        }
    }

    /// A write is gone with its instance, and those behind it too.
    pub(super) fn forget_lock(&mut self, at: u32) {
        let visit = &self.visits[at];
        let key = visit.freight.key as usize;
        if let Held::Store(store) = &mut self.parts[usize::from(visit.part)].held
            && let Some(holder) = store.locks.get_mut(key).filter(|holder| **holder == at)
        {
            *holder = NONE;
        }
    }

    /// A broker is down: messages that were acknowledged, and of which no copy had been made, are lost.
    pub(super) fn lose_messages(&mut self, part: u16, instance: u16) {
        if !matches!(self.plan.parts[usize::from(part)].kind, Kind::Queue { .. }) {
            return;
        }
        let here = self.plan.place(part, instance);
        let on_their_way = |at: &u32| {
            let visit = &self.visits[*at];
            let of_it = self.plan.edges[usize::from(visit.edge)].from == part && visit.from == here;
            visit.stage == Stage::Travelling && of_it
        };
        let gone: Vec<u32> = (0..self.visits.all().len() as u32).filter(on_their_way).collect();
        for at in gone {
            let call = self.visits[at].call;
            let lost =
                matches!(self.calls[call].caller, Caller::Nobody) && self.calls[call].turn == self.visits[at].call_turn;
            self.parts[usize::from(part)].count.lost += u64::from(lost);
            self.visits[at].stage = Stage::Lost;
        }
    }
}
