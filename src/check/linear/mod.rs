//! Linearizability (M. Herlihy, J. Wing: Linearizability: a correctness condition for concurrent objects, 1990): is there
//! an order of the operations, in keeping with real time, that one copy of the object could have answered so?
//!
//! Objects that are independent of each other are checked one at a time (Herlihy and Wing's locality). A verdict is
//! "satisfied" with an order, "violated" with evidence, or "unknown" with the limit that was reached: never a guess.

mod evidence;
mod search;
pub(super) mod seen;
mod zones;

pub use evidence::{Evidence, Link};
pub(super) use evidence::{minimise, tries};

pub use super::limits::Limits;

use super::history::{History, NEVER, Operation};
use super::limits::{TIME, reached};
use super::spec::{self, Readings, Shown, Spec, Words};
use crate::wire::{Datum, Outcome};
use search::{Found, Item, Search};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Satisfied,
    /// With evidence, where that was asked for.
    Violated(Option<Box<Evidence>>),
    /// The limit that was reached.
    Unknown(String),
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub verdict: Verdict,
    /// The object that it is about: the one that violates, or that took too long.
    pub key: Datum,
    pub operations: usize,
    pub keys: usize,
    /// Of each object that satisfies, in order: an order that explains it, by the lines of the invocations.
    pub orders: Vec<(Datum, Vec<u32>)>,
    /// Calls that were tried, and configurations that were kept.
    pub steps: u64,
    pub configurations: usize,
}

/// Checks a history by the model of a name. The error says what is wrong with the history.
pub fn check(model: &str, history: &History, readings: Readings, limits: Limits) -> Result<Report, String> {
    struct Keys<'a>(&'a History, Limits);
    impl spec::Visitor for Keys<'_> {
        type Told = Result<Report, String>;
        fn visit<S: Spec>(self, spec: &S) -> Self::Told {
            keys(spec, self.0, self.1)
        }
    }
    spec::visit(model, readings, Keys(history, limits))?
}

impl Report {
    /// Of a check that looks at all objects at once.
    pub(super) fn of(history: &History, verdict: Verdict) -> Report {
        Report {
            verdict,
            key: Datum::None,
            operations: history.operations.len(),
            keys: history.by_key().len(),
            orders: Vec::new(),
            steps: 0,
            configurations: 0,
        }
    }
}

/// Checks each object by itself. One that violates decides; else one that took too long.
pub(super) fn keys<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<Report, String> {
    let keys = history.by_key();
    let operations = history.operations.len();
    let mut report = Report {
        verdict: Verdict::Satisfied,
        key: Datum::None,
        operations,
        keys: keys.len(),
        orders: Vec::new(),
        steps: 0,
        configurations: 0,
    };
    for (key, history) in keys {
        if limits.stop.is_due() {
            (report.verdict, report.key) = (Verdict::Unknown(reached(TIME)), key);
            return Ok(report);
        }
        let left = Limits { steps: limits.steps.saturating_sub(report.steps), ..limits };
        let object = Object::read(spec, &history)?;
        let (found, steps, configurations) = object.judge(spec, left);
        report.steps += steps;
        report.configurations = report.configurations.max(configurations);
        match found {
            Found::Order(order) => {
                let line = |item: usize| history.operations[object.places[item]].lines.0;
                report.orders.push((key, order.into_iter().map(line).collect()));
            }
            Found::Nothing => {
                let evidence = limits.explain.then(|| evidence::gather(spec, &history, limits)).transpose()?;
                report.verdict = Verdict::Violated(evidence.map(Box::new));
                report.key = key;
                return Ok(report);
            }
            Found::Limit(what) => {
                report.verdict = Verdict::Unknown(reached(what));
                report.key = key;
            }
        }
    }
    Ok(report)
}

/// A history in a model's own form.
struct Object<S: Spec> {
    items: Vec<Item<S::Call>>,
    /// For each item its operation's place in the history.
    places: Vec<usize>,
    words: Words,
}

impl<S: Spec> Object<S> {
    fn read(spec: &S, history: &History) -> Result<Object<S>, String> {
        let mut object = Object::plain(spec, history)?;
        spec.sharpen(&mut object.items.iter_mut().map(|item| &mut item.call).collect::<Vec<_>>());
        object.settle(spec);
        Ok(object)
    }

    /// With the calls as they were made: their states are those that the object was in.
    fn plain(spec: &S, history: &History) -> Result<Object<S>, String> {
        let mut object = Object { items: Vec::new(), places: Vec::new(), words: Words::default() };
        for (place, op) in history.operations.iter().enumerate() {
            if let Some(call) = spec.read(op, &mut object.words)? {
                object.items.push(Item { call, invoked: op.invoked, completed: op.completed() });
                object.places.push(place);
            }
        }
        Ok(object)
    }

    /// Whether there is an order, by the quickest way that can tell; with the calls that were tried and the configurations
    /// that were kept.
    fn judge(&self, spec: &S, limits: Limits) -> (Found, u64, usize) {
        if let Some(found) = zones::judge(&self.items, |call| spec.access(call)) {
            return (found, self.items.len() as u64, 0);
        }
        let mut search = Search::new(spec, &self.items);
        (search.run(limits), search.steps, search.configurations())
    }

    /// Of operations that nobody knows the end of: leaves out those that nothing could have shown, for an order with one
    /// of them is as good without it; and those whose effect was seen have happened by the time that was answered.
    fn settle(&mut self, spec: &S) {
        if self.items.iter().all(|item| item.completed != NEVER) {
            return;
        }
        let index = Index::new(spec, &self.items);
        let fate = |(place, item): (usize, &Item<S::Call>)| {
            let mut fate = Fate::default();
            if item.completed == NEVER {
                index.near(place, self.items.len(), |other| {
                    let other = &self.items[other];
                    fate.hear(spec.shows(&item.call, &other.call), item.invoked, other.completed);
                });
            }
            fate
        };
        let fates: Vec<Fate> = self.items.iter().enumerate().map(fate).collect();
        for (item, fate) in self.items.iter_mut().zip(&fates) {
            if !fate.twin {
                item.completed = item.completed.min(fate.seen);
            }
        }
        let mut kept = self.items.iter().zip(&fates).map(|(item, fate)| item.completed != NEVER || fate.shown);
        let kept: Vec<bool> = kept.by_ref().collect();
        let (mut items, mut places) = (kept.iter(), kept.iter());
        self.items.retain(|_| *items.next().unwrap_or(&true));
        self.places.retain(|_| *places.next().unwrap_or(&true));
    }
}

/// Who may tell something of whom, by the values that they are about.
struct Index {
    /// By item: its values; none: it may be about any.
    values: Vec<Option<Vec<u64>>>,
    about: BTreeMap<u64, Vec<usize>>,
    about_any: Vec<usize>,
}

impl Index {
    fn new<S: Spec>(spec: &S, items: &[Item<S::Call>]) -> Index {
        let mut index = Index { values: Vec::new(), about: BTreeMap::new(), about_any: Vec::new() };
        for (place, item) in items.iter().enumerate() {
            let mut values = Vec::new();
            if spec.about(&item.call, &mut values) {
                values.sort_unstable();
                values.dedup();
                values.iter().for_each(|value| index.about.entry(*value).or_default().push(place));
                index.values.push(Some(values));
            } else {
                index.about_any.push(place);
                index.values.push(None);
            }
        }
        index
    }

    /// Those others that may tell something of an item; some perhaps more than once.
    fn near(&self, place: usize, count: usize, mut tell: impl FnMut(usize)) {
        let Some(values) = &self.values[place] else {
            return (0..count).filter(|other| *other != place).for_each(tell);
        };
        let near = values.iter().filter_map(|value| self.about.get(value)).flatten().chain(&self.about_any);
        near.filter(|other| **other != place).for_each(|other| tell(*other));
    }
}

/// What the others tell of an operation that nobody knows the end of.
struct Fate {
    /// Something may have shown it.
    shown: bool,
    /// Something else writes the same.
    twin: bool,
    /// Where the first answer is that has seen it.
    seen: u32,
}

impl Default for Fate {
    fn default() -> Fate {
        Fate { shown: false, twin: false, seen: NEVER }
    }
}

impl Fate {
    fn hear(&mut self, what: Shown, invoked: u32, completed: u32) {
        self.twin |= matches!(what, Shown::Twin | Shown::Both);
        match what {
            Shown::Nothing | Shown::Twin => {}
            // What was answered before is no answer to it.
            _ if completed < invoked => {}
            Shown::Perhaps | Shown::Both => self.shown = true,
            Shown::Surely => {
                self.shown = true;
                self.seen = self.seen.min(completed);
            }
        }
    }
}

/// The operation with its outcome unknown: it may have taken effect at any time after its invocation, or never.
pub(super) fn relaxed(op: &Operation) -> Operation {
    Operation { outcome: Outcome::Unknown, output: Datum::None, ..op.clone() }
}
