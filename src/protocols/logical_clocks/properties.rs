//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks know by themselves which event happened before which: they count each node's events, and of a message they
//! take nothing but which event it was sent by. What the clocks say is held against that. `tests/clocks.rs` holds both
//! against the causality that the engine records.

use super::stamp::Stamp;
use super::{Clocks, Disk, Id, Order};
use crate::base::{Micros, NodeId};
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{Setup, StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 8] = [
    ("clock condition", "If an event happened before another, its Lamport clock is lower (Lamport 1978)."),
    (
        "strong clock condition",
        "An event happened before another if, and only if, its vector clock is lower (Mattern 1989).",
    ),
    ("hybrid clock condition", "If an event happened before another, its hybrid clock is lower (Kulkarni 2014)."),
    (
        "hybrid clocks stay near",
        "The physical part of an event's hybrid clock is the latest that any node's clock showed at an event that happened \
         before it or is it: never behind the own clock, and ahead of it by no more than clocks differ.",
    ),
    (
        "no later write is lost",
        "A node that has heard of two writes of a key does not keep one of which the other is the successor: a write that \
         happened after it.",
    ),
    (
        "concurrent writes are kept",
        "Where vectors order writes, a write that a node has heard of is there until one that happened after it replaces it.",
    ),
    ("what was told is on disk", "An event that another node or a user has heard of survives its node's crash."),
    ("same writes, same value", "Two nodes that have heard of the same writes of a key hold the same."),
];
const LAMPORT: u16 = 0;
const VECTOR: u16 = 1;
const HYBRID: u16 = 2;
const NEAR: u16 = 3;
const LATER: u16 = 4;
const KEPT: u16 = 5;
const TOLD: u16 = 6;
const SAME: u16 = 7;

/// Writes of a key that a node is known to have heard of: the newest.
const HEARD_MAX: usize = 32;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    events: Remembered<Id, Event>,
    nodes: LiteMap<NodeId, Witnessed>,
    /// An event was heard of that is remembered no longer: of what follows it the truth is not known.
    lost: bool,
}

/// An event, as it was.
#[derive(Clone, Default, Serialize)]
struct Event {
    /// For each node, how many of its events happened before this one or are it.
    past: Vec<u64>,
    /// The latest physical time in that past.
    latest: Micros,
    stamp: Stamp,
}

/// What one node showed so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    last: Event,
    /// The last event that anybody else has heard of.
    told: u64,
    heard: LiteMap<SmolStr, Vec<Id>>,
}

impl Memory {
    pub fn check(&mut self, clocks: &Clocks, view: &View<'_, Clocks>, step: &StepFacts, broken: &mut Broken) {
        if let Some(node) = step.node {
            self.acted(clocks, view, node, broken);
        }
        for ended in step.ended.iter().filter(|ended| ended.outcome == Outcome::Ok) {
            let node = ended.id.client;
            // Not found only if more operations than a node remembers ended within one step.
            let finished = view.state(node).and_then(|n| n.finished.iter().rev().find(|(op, _)| *op == ended.id.count));
            if let Some((_, event)) = finished {
                self.told(view, (node, *event), "its user", broken);
            }
        }
    }

    fn acted(&mut self, clocks: &Clocks, view: &View<'_, Clocks>, node: NodeId, broken: &mut Broken) {
        let Some(state) = view.state(node) else { return self.crashed(view, node, broken) };
        let mut seen = self.nodes.remove(&node).unwrap_or_default();
        seen.up = true;
        let now = &view.disk(node).clocks;
        if now.event == seen.last.stamp.event || state.happened.event != now.event {
            self.nodes.insert(node, seen);
            return;
        }
        let mut past = seen.last.past.clone();
        past.resize(view.setup.nodes.len(), 0);
        let mut latest = seen.last.latest.max(now.physical);
        let mut causes = vec![seen.last.clone()];
        if let Some(heard) = state.happened.heard {
            match self.events.map.get(&heard) {
                Some(event) => {
                    past.iter_mut().zip(&event.past).for_each(|(own, other)| *own = (*own).max(*other));
                    latest = latest.max(event.latest);
                    causes.push(event.clone());
                }
                None => self.lost = true,
            }
        }
        past[node.index()] = now.event;
        let event = Event { past, latest, stamp: now.clone() };
        self.clocks_fit(view.setup, &event, &causes, broken);
        self.events.insert((node, now.event), event.clone());
        seen.last = event;
        for (key, id) in &state.happened.writes {
            let heard = seen.heard.entry(key.clone()).or_default();
            if !heard.contains(id) {
                heard.push(*id);
            }
            if heard.len() > HEARD_MAX {
                heard.remove(0);
            }
        }
        self.nodes.insert(node, seen);
        if let Some(heard) = state.happened.heard {
            self.told(view, heard, view.setup.name(node), broken);
        }
        let mut keys: Vec<&SmolStr> = state.happened.writes.iter().map(|(key, _)| key).collect();
        keys.dedup();
        keys.into_iter().for_each(|key| self.register(clocks, view, node, key, broken));
    }

    /// What was not on the disk has not happened; what somebody heard of was.
    fn crashed(&mut self, view: &View<'_, Clocks>, node: NodeId, broken: &mut Broken) {
        let Some(mut seen) = self.nodes.remove(&node) else { return };
        if std::mem::replace(&mut seen.up, false) {
            let Disk { clocks, held } = view.durable(node);
            if clocks.event < seen.told {
                let name = view.setup.name(node);
                let why = format!("{name} told of its event {}, and has {} on its disk", seen.told, clocks.event);
                broken.push((TOLD, why));
            }
            seen.last = self.events.map.get(&(node, clocks.event)).cloned().unwrap_or_default();
            let ids = |(key, versions): (&SmolStr, &Vec<super::Version>)| {
                (key.clone(), versions.iter().map(|version| version.stamp.id()).collect())
            };
            seen.heard = held.iter().map(ids).collect();
        }
        self.nodes.insert(node, seen);
    }

    /// Somebody has heard of an event.
    fn told(&mut self, view: &View<'_, Clocks>, (node, event): Id, who: &str, broken: &mut Broken) {
        let seen = self.nodes.entry(node).or_default();
        seen.told = seen.told.max(event);
        let durable = view.durable(node).clocks.event;
        if durable < event {
            let name = view.setup.name(node);
            broken.push((TOLD, format!("{who} heard of {name}'s event {event}; {name} has {durable} on its disk")));
        }
    }

    /// The clocks of an event against what caused it, and against the last events of all others.
    fn clocks_fit(&self, setup: &Setup, event: &Event, causes: &[Event], broken: &mut Broken) {
        if self.lost {
            return;
        }
        let now = &event.stamp;
        let name = |stamp: &Stamp| format!("{}'s event {}", setup.name(stamp.node), stamp.event);
        let others = self.nodes.values().map(|seen| &seen.last);
        for other in causes.iter().chain(others).filter(|other| other.stamp.event > 0) {
            let then = &other.stamp;
            let before = event.past[then.node.index()] >= then.event;
            let said = then.within(now);
            if before && then.lamport >= now.lamport {
                let why = format!("{} ({}) happened before {} ({})", name(then), then.lamport, name(now), now.lamport);
                broken.push((LAMPORT, why));
            }
            if before != said {
                let truth = if before { "happened before" } else { "did not happen before" };
                let why = format!("{} {truth} {}: {:?} and {:?}", name(then), name(now), then.vector, now.vector);
                broken.push((VECTOR, why));
            }
            if before && then.hybrid >= now.hybrid {
                let why = format!("{} ({}) happened before {} ({})", name(then), then.hybrid, name(now), now.hybrid);
                broken.push((HYBRID, why));
            }
        }
        if now.hybrid.latest != event.latest {
            let why = format!(
                "{} has {}; the latest clock in its past showed {}, its own {}",
                name(now),
                now.hybrid,
                event.latest,
                now.physical
            );
            broken.push((NEAR, why));
        }
    }

    /// Whether a write happened before another.
    fn before(&self, a: Id, b: Id) -> bool {
        a != b && self.events.map.get(&b).is_some_and(|event| event.past.get(a.0.index()).is_some_and(|n| *n >= a.1))
    }

    /// What a node holds of a key, against all that it has heard of.
    fn register(&self, clocks: &Clocks, view: &View<'_, Clocks>, node: NodeId, key: &SmolStr, broken: &mut Broken) {
        let none = Vec::new();
        let held = view.disk(node).held.get(key).unwrap_or(&none);
        let Some(heard) = self.nodes.get(&node).and_then(|seen| seen.heard.get(key)) else { return };
        let name = |node| view.setup.name(node);
        let write = |id: Id| format!("{}'s event {}", name(id.0), id.1);
        for id in heard {
            if let Some(old) = held.iter().find(|held| self.before(held.stamp.id(), *id)) {
                let (old, value) = (old.stamp.id(), &old.value);
                let why = format!(
                    "{} keeps {key}={value} of {}; {} happened after it, and is gone",
                    name(node),
                    write(old),
                    write(*id)
                );
                broken.push((LATER, why));
            }
            let there = |held: &super::Version| held.stamp.id() == *id || self.before(*id, held.stamp.id());
            if clocks.order == Order::Vector && self.events.map.contains_key(id) && !held.iter().any(there) {
                let why = format!("{} has lost {key} of {}, and nothing that came after it", name(node), write(*id));
                broken.push((KEPT, why));
            }
        }
        let same = |ids: &Vec<Id>| {
            ids.len() == heard.len() && ids.len() < HEARD_MAX && heard.iter().all(|id| ids.contains(id))
        };
        for (other, seen) in self.nodes.iter().filter(|(other, seen)| **other != node && seen.up) {
            if seen.heard.get(key).is_some_and(same) && view.disk(*other).held.get(key) != Some(held) {
                let why = format!("{} and {} heard of the same writes of {key}, and differ", name(node), name(*other));
                broken.push((SAME, why));
            }
        }
    }
}
