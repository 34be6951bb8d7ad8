//! The data types: how each is updated, merged and shown.

use super::{Bug, Crdt, Dot, Kind};
use crate::base::{Micros, NodeId};
use crate::wire::Datum;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Object {
    /// For each replica, how far it has counted up and down.
    Counter(LiteMap<NodeId, (u64, u64)>),
    /// Elements that were added; true: and removed, for ever.
    TwoPhase(LiteMap<Datum, bool>),
    /// The latest update of each element, by the replicas' clocks. A map has but one, its value.
    Timed(LiteMap<Datum, Timed>),
    /// Elements with the adds of them that nobody has removed.
    Observed(LiteMap<Datum, Vec<Dot>>),
    /// Elements in the order in which they came.
    Sequence(Vec<Item>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    pub time: Micros,
    pub dot: Dot,
    pub value: Datum,
    /// It was added, not removed.
    pub there: bool,
}

/// Where an element of a sequence stands among those behind the same one: the higher the nearer to that.
pub type Place = (u64, NodeId);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub place: Place,
    /// The element that it was put behind; none: the beginning.
    pub after: Option<Place>,
    pub value: Datum,
    pub removed: bool,
}

/// An update at its replica.
pub struct Update<'a> {
    pub add: bool,
    pub value: &'a Datum,
    pub dot: Dot,
    /// By the replica's clock.
    pub time: Micros,
}

impl Object {
    pub(super) fn new(kind: Kind) -> Object {
        match kind {
            Kind::GCounter | Kind::PnCounter => Object::Counter(LiteMap::new()),
            Kind::TwoPhaseSet => Object::TwoPhase(LiteMap::new()),
            Kind::LwwSet | Kind::LwwMap => Object::Timed(LiteMap::new()),
            Kind::OrSet => Object::Observed(LiteMap::new()),
            Kind::Sequence => Object::Sequence(Vec::new()),
        }
    }
}

/// How much an update of a counter counts.
pub fn amount(value: &Datum) -> u64 {
    match value {
        Datum::Int(n) => n.unsigned_abs(),
        _ => 1,
    }
}

impl Crdt {
    /// Carries an update out at its own replica. The error says why it has no effect.
    pub(super) fn update(&self, object: &mut Object, update: &Update<'_>) -> Result<(), &'static str> {
        let Update { add, value, dot, time } = *update;
        match object {
            Object::Counter(counts) => {
                if !add && self.kind == Kind::GCounter {
                    return Err("a grow-only counter does not go down");
                }
                let (up, down) = counts.entry(dot.0).or_default();
                let count = if add { up } else { down };
                *count = count.saturating_add(amount(value));
            }
            Object::TwoPhase(elements) => match (add, elements.get_mut(value)) {
                (true, None) => {
                    elements.insert(value.clone(), false);
                }
                (true, Some(true)) => return Err("it was removed once, and cannot come back"),
                (true, Some(false)) => {}
                (false, Some(removed)) => *removed = true,
                (false, None) => return Err("it is not there"),
            },
            Object::Timed(entries) => {
                let (element, value) = match self.kind {
                    Kind::LwwMap => (Datum::None, value.clone()),
                    _ => (value.clone(), Datum::None),
                };
                take_later(entries, &element, &Timed { time, dot, value, there: add });
            }
            Object::Observed(elements) => {
                if add {
                    // The new dot stands for those that were seen.
                    elements.insert(value.clone(), vec![dot]);
                } else if elements.remove(value).is_none() {
                    return Err("it is not there");
                }
            }
            Object::Sequence(items) => return self.edit(items, update),
        }
        Ok(())
    }

    /// A pair of a position and a value goes behind so many elements, a value alone to the end. Removed is the first
    /// element of that value.
    fn edit(&self, items: &mut Vec<Item>, update: &Update<'_>) -> Result<(), &'static str> {
        let shown = self.in_order(items, update.dot.0);
        if !update.add {
            let place = shown.iter().find(|item| item.value == *update.value).map(|item| item.place);
            let found = items.iter_mut().find(|item| Some(item.place) == place).ok_or("it is not there")?;
            found.removed = true;
            if self.has(Bug::TombstoneForgotten) {
                items.retain(|item| !item.removed);
            }
            return Ok(());
        }
        let (behind, value) = match update.value {
            Datum::List(pair) => match pair.as_slice() {
                [Datum::Int(position), value] => (usize::try_from(*position).unwrap_or(0), value.clone()),
                _ => return Err("a pair of a position and a value is needed"),
            },
            value => (usize::MAX, value.clone()),
        };
        let after = behind.min(shown.len()).checked_sub(1).map(|last| shown[last].place);
        let clock = items.iter().map(|item| item.place.0).max().unwrap_or(0) + 1;
        items.push(Item { place: (clock, update.dot.0), after, value, removed: false });
        Ok(())
    }

    /// The least state above both. `ours` and `theirs` say which updates the two states contain.
    pub(super) fn merge(&self, object: &mut Object, other: &Object, ours: &[u64], theirs: &[u64]) {
        match (object, other) {
            (Object::Counter(counts), Object::Counter(others)) => {
                for (node, (up, down)) in others {
                    let own = counts.entry(*node).or_default();
                    *own = match self.has(Bug::CounterAdds) {
                        true => (own.0.saturating_add(*up), own.1.saturating_add(*down)),
                        false => (own.0.max(*up), own.1.max(*down)),
                    };
                }
            }
            (Object::TwoPhase(elements), Object::TwoPhase(others)) => {
                for (element, removed) in others {
                    *elements.entry(element.clone()).or_default() |= *removed;
                }
            }
            (Object::Timed(entries), Object::Timed(others)) => {
                others.iter().for_each(|(element, timed)| take_later(entries, element, timed));
            }
            (Object::Observed(elements), Object::Observed(others)) => {
                self.merge_observed(elements, others, ours, theirs)
            }
            (Object::Sequence(items), Object::Sequence(others)) => {
                for other in others {
                    match items.iter_mut().find(|item| item.place == other.place) {
                        Some(item) => item.removed |= other.removed,
                        None => items.push(other.clone()),
                    }
                }
                if self.has(Bug::TombstoneForgotten) {
                    items.retain(|item| !item.removed);
                }
            }
            // All replicas of a run have one type.
            _ => {}
        }
    }

    /// An add that only one of the two has is new to the other, or was removed there: its vector tells which.
    fn merge_observed(
        &self,
        elements: &mut LiteMap<Datum, Vec<Dot>>,
        others: &LiteMap<Datum, Vec<Dot>>,
        ours: &[u64],
        theirs: &[u64],
    ) {
        let unseen = |vector: &[u64], dot: &Dot| vector.get(dot.0.index()).is_none_or(|seen| dot.1 > *seen);
        let keep = self.has(Bug::KeepRemoved);
        let empty = Vec::new();
        for (element, dots) in elements.iter_mut() {
            let others = others.get(element).unwrap_or(&empty);
            let stays = |dot: &Dot| {
                let unseen = unseen(theirs, dot) && (!self.has(Bug::RemoveUnseen) || theirs.is_empty());
                keep || others.contains(dot) || unseen
            };
            dots.retain(stays);
        }
        for (element, dots) in others {
            let own = elements.entry(element.clone()).or_default();
            for dot in dots.iter().filter(|dot| keep || unseen(ours, dot)) {
                if !own.contains(dot) {
                    own.push(*dot);
                }
            }
            own.sort_unstable();
        }
        elements.retain(|_, dots| !dots.is_empty());
    }

    /// The elements of a sequence that are there. Each is put right behind the one that it was put after, in the order of
    /// their places: so of those behind the same one the latest comes first.
    pub(super) fn in_order<'a>(&self, items: &'a [Item], me: NodeId) -> Vec<&'a Item> {
        let mut sorted: Vec<&Item> = items.iter().collect();
        let own = |item: &Item| self.has(Bug::NoTieBreak) && item.place.1 == me;
        sorted.sort_by_key(|item| (item.place.0, own(item), item.place.1));
        let mut list: Vec<&Item> = Vec::with_capacity(items.len());
        for item in sorted {
            let behind = list.iter().position(|known| Some(known.place) == item.after).map_or(0, |place| place + 1);
            list.insert(behind, item);
        }
        list.retain(|item| !item.removed);
        list
    }

    /// What a reader gets. A set as a list in the order of its elements.
    pub(super) fn shown(&self, object: &Object, me: NodeId) -> Datum {
        match object {
            Object::Counter(counts) => {
                let sum: i128 = counts.values().map(|(up, down)| i128::from(*up) - i128::from(*down)).sum();
                Datum::Int(sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
            }
            Object::TwoPhase(elements) => {
                let there = elements.iter().filter(|(_, removed)| !**removed);
                Datum::List(there.map(|(element, _)| element.clone()).collect())
            }
            Object::Timed(entries) => {
                let mut there = entries.iter().filter(|(_, timed)| timed.there);
                match self.kind {
                    Kind::LwwMap => there.next().map(|(_, timed)| timed.value.clone()).unwrap_or_default(),
                    _ => Datum::List(there.map(|(element, _)| element.clone()).collect()),
                }
            }
            Object::Observed(elements) => Datum::List(elements.keys().cloned().collect()),
            Object::Sequence(items) => {
                Datum::List(self.in_order(items, me).into_iter().map(|item| item.value.clone()).collect())
            }
        }
    }
}

fn take_later(entries: &mut LiteMap<Datum, Timed>, element: &Datum, new: &Timed) {
    match entries.get_mut(element) {
        Some(known) if (known.time, known.dot) >= (new.time, new.dot) => {}
        Some(known) => *known = new.clone(),
        None => {
            entries.insert(element.clone(), new.clone());
        }
    }
}
