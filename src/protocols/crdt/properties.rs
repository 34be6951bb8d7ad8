//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks know by themselves which updates there were, and in which state of its replica each was made. What a replica
//! shows is held against what those of its updates mean that its vector says it contains (Burckhardt, Gotsman, Yang,
//! Zawirski: Replicated data types: specification, verification, optimality, POPL 2014): a function of the updates and of
//! which of them had seen which, without any merging.

use super::object::{Object, Place, amount};
use super::{Crdt, Dot, Kind, Known};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::protocol::{StepFacts, View};
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 5] = [
    ("same updates, same value", "Two replicas that contain the same updates show the same."),
    (
        "values are what their updates mean",
        "A counter shows the sum of its updates; an element is in a set, or a value in a map, if that follows from the updates \
         and from which had seen which; what left a sequence stays out of it.",
    ),
    ("no add is lost", "An element is in a set as long as it contains an add of it that no remove in it had seen."),
    ("lists keep their order", "No two elements of a sequence are shown in different orders by two replicas."),
    ("what was told is on disk", "An update that another replica or a user has heard of survives its replica's crash."),
];
const SAME: u16 = 0;
const MEANING: u16 = 1;
const ADDS: u16 = 2;
const ORDER: u16 = 3;
const TOLD: u16 = 4;

/// Of a key with more updates the meaning is looked at no longer.
const UPDATES_MAX: usize = 48;
/// Operations that are remembered while they last.
const OPEN_MAX: usize = 1_024;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    open: LiteMap<OpId, Op>,
    keys: LiteMap<SmolStr, Vec<Update>>,
    /// Keys that had more updates than are remembered.
    full: Vec<SmolStr>,
    replicas: LiteMap<NodeId, Witnessed>,
}

#[derive(Clone, Serialize)]
struct Update {
    dot: Dot,
    add: bool,
    value: Datum,
    time: Micros,
    /// What its replica contained with it.
    past: Vec<u64>,
}

/// What one replica showed so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    vector: Vec<u64>,
    told: u64,
    /// Elements of sequences that are shown, and that were.
    shown: LiteMap<SmolStr, Vec<Place>>,
    gone: LiteMap<SmolStr, Vec<Place>>,
}

impl Update {
    fn is_in(&self, vector: &[u64]) -> bool {
        contains(vector, self.dot)
    }
}

fn contains(vector: &[u64], dot: Dot) -> bool {
    vector.get(dot.0.index()).is_some_and(|count| *count >= dot.1)
}

impl Memory {
    pub fn check(&mut self, crdt: &Crdt, view: &View<'_, Crdt>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            self.open.insert(*id, op.clone());
            if self.open.len() > OPEN_MAX {
                let oldest = *self.open.keys().next().expect("there are some");
                self.open.remove(&oldest);
            }
        }
        if let Some(node) = step.node {
            self.acted(crdt, view, node, broken);
        }
        for ended in &step.ended {
            self.open.remove(&ended.id);
            let node = ended.id.client;
            // Not found only if more operations than a replica remembers ended within one step.
            let finished = view.state(node).and_then(|r| r.finished.iter().rev().find(|(op, _)| *op == ended.id.count));
            if let Some((_, number)) = finished.filter(|_| ended.outcome == Outcome::Ok) {
                self.told(view, (node, *number), "its user", broken);
            }
        }
    }

    fn acted(&mut self, crdt: &Crdt, view: &View<'_, Crdt>, node: NodeId, broken: &mut Broken) {
        let Some(state) = view.state(node) else { return self.crashed(view, node, broken) };
        let known = view.disk(node);
        let seen = self.replicas.entry(node).or_default();
        seen.up = true;
        if seen.vector == known.vector {
            return;
        }
        seen.vector.clone_from(&known.vector);
        if let Some(made) = &state.made
            && let Some(op) = self.open.get(&OpId { client: node, count: made.op })
        {
            let updates = self.keys.entry(op.key.clone()).or_default();
            let dot = (node, made.number);
            updates.retain(|update| update.dot != dot);
            let (add, value) = (op.f == "add", crdt.value(&op.value));
            updates.push(Update { dot, add, value, time: made.time, past: known.vector.clone() });
            if updates.len() > UPDATES_MAX && !self.full.contains(&op.key) {
                self.full.push(op.key.clone());
            }
        }
        for (i, number) in known.vector.iter().enumerate().filter(|(i, _)| *i != node.index()) {
            self.told(view, (NodeId(i as u16), *number), view.setup.name(node), broken);
        }
        for (key, object) in &known.objects {
            self.means(crdt, view, node, (key, object), broken);
            if let Object::Sequence(items) = object {
                let places = crdt.in_order(items, node).into_iter().map(|item| item.place).collect();
                self.ordered(view, node, key, places, broken);
            }
        }
        self.same(crdt, view, node, known, broken);
    }

    /// What was not on the disk has not happened; what somebody heard of was.
    fn crashed(&mut self, view: &View<'_, Crdt>, node: NodeId, broken: &mut Broken) {
        let Some(seen) = self.replicas.get_mut(&node) else { return };
        if !std::mem::replace(&mut seen.up, false) {
            return;
        }
        let durable = view.durable(node);
        let number = durable.vector.get(node.index()).copied().unwrap_or(0);
        if number < seen.told {
            let (name, told) = (view.setup.name(node), seen.told);
            broken.push((TOLD, format!("{name} told of its update {told}, and has {number} on its disk")));
        }
        seen.vector.clone_from(&durable.vector);
        seen.shown.clear();
        seen.gone.clear();
        for (_, updates) in self.keys.iter_mut() {
            updates.retain(|update| update.dot.0 != node || update.dot.1 <= number);
        }
    }

    /// Somebody has heard of an update.
    fn told(&mut self, view: &View<'_, Crdt>, (node, number): Dot, who: &str, broken: &mut Broken) {
        let seen = self.replicas.entry(node).or_default();
        if number <= seen.told {
            return;
        }
        seen.told = number;
        let durable = view.durable(node).vector.get(node.index()).copied().unwrap_or(0);
        if durable < number {
            let name = view.setup.name(node);
            broken.push((TOLD, format!("{who} heard of {name}'s update {number}; {name} has {durable} on its disk")));
        }
    }

    /// What a key of a replica shows, against what its updates mean.
    fn means(
        &self,
        crdt: &Crdt,
        view: &View<'_, Crdt>,
        node: NodeId,
        (key, object): (&SmolStr, &Object),
        broken: &mut Broken,
    ) {
        let Some(updates) = self.keys.get(key).filter(|_| !self.full.contains(key)) else { return };
        let vector = &view.disk(node).vector;
        let known: Vec<&Update> = updates.iter().filter(|update| update.is_in(vector)).collect();
        let shown = crdt.shown(object, node);
        let name = view.setup.name(node);
        let should = match crdt.kind {
            Kind::GCounter | Kind::PnCounter => sum(crdt.kind, &known),
            Kind::LwwMap => latest(&known).filter(|last| last.add).map(|last| last.value.clone()).unwrap_or_default(),
            Kind::Sequence => return,
            Kind::TwoPhaseSet | Kind::LwwSet | Kind::OrSet => elements(crdt.kind, &known),
        };
        if shown != should {
            broken.push((MEANING, format!("{name} shows {key}={shown}; its updates mean {should}")));
        }
        if let (Datum::List(shown), Datum::List(adds)) = (&shown, elements(Kind::OrSet, &known))
            && let Some(lost) = adds.iter().find(|element| !shown.contains(element))
        {
            let why = format!("{name} shows {key} without {lost}, of which it has an add that no remove had seen");
            broken.push((ADDS, why));
        }
    }

    /// The elements of a sequence, against those that other replicas show, and that this one showed.
    fn ordered(&mut self, view: &View<'_, Crdt>, node: NodeId, key: &SmolStr, places: Vec<Place>, broken: &mut Broken) {
        let name = |node| view.setup.name(node);
        for (other, seen) in self.replicas.iter().filter(|(other, _)| **other != node) {
            let Some(theirs) = seen.shown.get(key) else { continue };
            let common: Vec<&Place> = places.iter().filter(|place| theirs.contains(place)).collect();
            let in_theirs: Vec<&Place> = theirs.iter().filter(|place| places.contains(place)).collect();
            if let Some((a, b)) = common.iter().zip(&in_theirs).find(|(a, b)| a != b) {
                let why = format!("{} shows {a:?} of {key} where {} shows {b:?}", name(node), name(*other));
                broken.push((ORDER, why));
            }
        }
        let seen = self.replicas.entry(node).or_default();
        let before = seen.shown.insert(key.clone(), places.clone()).unwrap_or_default();
        let gone = seen.gone.entry(key.clone()).or_default();
        gone.extend(before.into_iter().filter(|place| !places.contains(place)));
        if let Some(back) = places.iter().find(|place| gone.contains(place)) {
            broken.push((MEANING, format!("{} shows {back:?} of {key} again, which it had removed", name(node))));
        }
    }

    /// Against all replicas that contain the same.
    fn same(&self, crdt: &Crdt, view: &View<'_, Crdt>, node: NodeId, known: &Known, broken: &mut Broken) {
        for (other, seen) in &self.replicas {
            if *other == node || !seen.up || seen.vector != known.vector {
                continue;
            }
            for (key, object) in &known.objects {
                let theirs = view.disk(*other).objects.get(key).map(|object| crdt.shown(object, *other));
                let ours = crdt.shown(object, node);
                if theirs.as_ref() != Some(&ours) {
                    let (name, theirs) = (|node| view.setup.name(node), theirs.unwrap_or_default());
                    let why = format!(
                        "{} and {} contain the same updates; of {key} one shows {ours}, the other {theirs}",
                        name(node),
                        name(*other)
                    );
                    broken.push((SAME, why));
                }
            }
        }
    }
}

fn sum(kind: Kind, known: &[&Update]) -> Datum {
    let count = |update: &&Update| {
        let amount = i128::from(amount(&update.value));
        match update.add {
            true => amount,
            false if kind == Kind::GCounter => 0,
            false => -amount,
        }
    };
    let sum: i128 = known.iter().map(count).sum();
    Datum::Int(sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

/// The last update by the replicas' clocks.
fn latest<'a>(known: &[&'a Update]) -> Option<&'a Update> {
    known.iter().copied().max_by_key(|update| (update.time, update.dot))
}

/// The elements that are in a set after some updates.
fn elements(kind: Kind, known: &[&Update]) -> Datum {
    let mut values: Vec<&Datum> = known.iter().map(|update| &update.value).collect();
    values.sort_unstable();
    values.dedup();
    let is_in = |value: &&Datum| {
        let of: Vec<&Update> = known.iter().copied().filter(|update| update.value == **value).collect();
        let seen_by = |add: &Update, update: &Update| update.dot != add.dot && contains(&update.past, add.dot);
        let removed = |add: &Update| of.iter().any(|update| !update.add && seen_by(add, update));
        match kind {
            Kind::LwwSet => latest(&of).is_some_and(|last| last.add),
            // A remove of what is not there has no effect.
            Kind::TwoPhaseSet => of.iter().any(|add| add.add) && !of.iter().any(|add| add.add && removed(add)),
            _ => of.iter().any(|add| add.add && !removed(add)),
        }
    };
    Datum::List(values.into_iter().filter(is_in).cloned().collect())
}
