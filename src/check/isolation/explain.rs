//! What a violation is called, and what it says.

use super::read::{Observed, Oddity};
use super::solve::{Choice, Solved};
use super::{Dependency, How, Why};
use crate::check::history::History;
use crate::check::linear::{Evidence, Link};
use crate::check::weak::explain::evidence;
use std::collections::BTreeSet;

pub fn odd(history: &History, oddity: &Oddity) -> Evidence {
    evidence(history, oddity.places.clone(), Vec::new(), format!("{}: {}.", oddity.name, oddity.why))
}

/// Evidence of what is not good.
pub fn solved(history: &History, observed: &Observed, solved: &Solved) -> Option<Evidence> {
    let words = Telling { history, observed };
    Some(match solved {
        Solved::Good | Solved::Limit(_) => return None,
        Solved::Cycle(cycle) => {
            let name = Name::of(observed, cycle, None);
            let sentence = format!(
                "{}: {}; so each comes before the next, and the last before the first.",
                name.full(),
                words.steps(cycle)
            );
            words.evidence(&[cycle], sentence)
        }
        Solved::Either(choice, first, second) => {
            let Choice { key, a, b } = *choice;
            let name = Name::of(observed, first, Some(*choice)).max(Name::of(observed, second, Some(*choice)));
            let (a, b) = (words.line(a), words.line(b));
            let sentence = format!(
                "{}: lines {a} and {b} both wrote {}, and neither can have been first. If line {a} was: {}. If line {b} was: {}.",
                name.full(),
                words.key(key),
                words.steps(first),
                words.steps(second)
            );
            words.evidence(&[first, second], sentence)
        }
    })
}

/// What a cycle is called; the later, the less it takes to forbid it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    kind: Kind,
    variant: Variant,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    DirtyWrite,
    CircularInformation,
    LostUpdate,
    Single,
    NonAdjacent,
    WriteSkew,
    Item,
}

/// Whether it takes the order of a process, or of real time, to make a cycle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Variant {
    Plain,
    Process,
    RealTime,
}

impl Name {
    fn of(observed: &Observed, cycle: &[Dependency], choice: Option<Choice>) -> Name {
        let has = |is: &dyn Fn(&Why) -> bool| cycle.iter().any(|own| is(&own.why));
        let variant = match () {
            () if has(&|why| *why == Why::RealTime) => Variant::RealTime,
            () if has(&|why| *why == Why::Process) => Variant::Process,
            () => Variant::Plain,
        };
        let missed: Vec<bool> = cycle.iter().map(|own| matches!(own.why, Why::Missed { .. })).collect();
        let count = missed.iter().filter(|missed| **missed).count();
        let adjacent = (0..missed.len()).any(|at| missed[at] && missed[(at + 1) % missed.len()]);
        let pair = choice.map(|own| (own.a, own.b)).or((cycle.len() == 2).then(|| (cycle[0].from, cycle[0].to)));
        let kind = match count {
            0 if has(&|why| matches!(why, Why::Saw { .. })) => Kind::CircularInformation,
            0 => Kind::DirtyWrite,
            1 if pair.is_some_and(|(a, b)| lost(observed, cycle, a, b)) => Kind::LostUpdate,
            1 => Kind::Single,
            _ if !adjacent => Kind::NonAdjacent,
            2 if is_skew(cycle) => Kind::WriteSkew,
            _ => Kind::Item,
        };
        Name { kind, variant }
    }

    fn full(self) -> String {
        let (code, name) = match self.kind {
            Kind::DirtyWrite => ("G0", "dirty write"),
            Kind::CircularInformation => ("G1c", "circular information flow"),
            Kind::LostUpdate => ("G-single", "lost update"),
            Kind::Single => ("G-single", "read skew"),
            Kind::NonAdjacent => ("G-nonadjacent", "anti-dependencies apart"),
            Kind::WriteSkew => ("G2-item", "write skew"),
            Kind::Item => ("G2-item", "anti-dependency cycle"),
        };
        let variant = match self.variant {
            Variant::Plain => "",
            Variant::Process => "-process",
            Variant::RealTime => "-realtime",
        };
        format!("{code}{variant} ({name})")
    }
}

/// Two transactions read the same version of a key, and both wrote it.
fn lost(observed: &Observed, cycle: &[Dependency], a: usize, b: usize) -> bool {
    cycle.iter().any(|own| {
        let (Why::Missed { key } | Why::Wrote { key, .. }) = own.why else { return false };
        let saw = |txn| observed.saw.get(&(txn, key));
        let wrote = |txn| observed.wrote.contains(&(txn, key));
        wrote(a) && wrote(b) && saw(a).is_some() && saw(a) == saw(b)
    })
}

/// Two transactions each missed what the other wrote, of different keys.
fn is_skew(cycle: &[Dependency]) -> bool {
    matches!(cycle, [Dependency { why: Why::Missed { key }, .. }, Dependency { why: Why::Missed { key: other }, .. }] if key != other)
}

struct Telling<'a> {
    history: &'a History,
    observed: &'a Observed,
}

impl Telling<'_> {
    fn place(&self, txn: usize) -> usize {
        self.observed.places[txn]
    }

    fn line(&self, txn: usize) -> u32 {
        self.history.operations[self.place(txn)].lines.0
    }

    fn key(&self, key: u32) -> String {
        self.observed.words.value(key).to_string()
    }

    fn step(&self, own: &Dependency) -> String {
        let (a, b) = (self.line(own.from), self.line(own.to));
        match own.why {
            Why::Wrote { key, how: How::Supposed } => format!("line {a} wrote {} before line {b} did", self.key(key)),
            Why::Wrote { key, how: How::Must } => {
                format!("line {a} must have written {} before line {b} did", self.key(key))
            }
            Why::Wrote { key, how: How::Read } => {
                let witness =
                    self.observed.witnesses.get(&key).map(|txn| format!(", as line {} read", self.line(*txn)));
                format!("line {a} wrote {} before line {b} did{}", self.key(key), witness.unwrap_or_default())
            }
            Why::Saw { key } => format!("line {b} read {} as line {a} left it", self.key(key)),
            Why::Missed { key } => format!("line {a} read {} without what line {b} wrote to it", self.key(key)),
            Why::Process => format!(
                "line {a} comes before line {b} in process {}",
                self.history.operations[self.place(own.from)].process
            ),
            Why::RealTime => format!("line {a} had ended before line {b} began"),
            Why::Own => String::new(),
        }
    }

    fn steps(&self, cycle: &[Dependency]) -> String {
        cycle.iter().map(|own| self.step(own)).collect::<Vec<String>>().join("; ")
    }

    fn evidence(&self, cycles: &[&Vec<Dependency>], sentence: String) -> Evidence {
        let all = || cycles.iter().flat_map(|cycle| cycle.iter());
        let mut places: BTreeSet<usize> = all().flat_map(|own| [self.place(own.from), self.place(own.to)]).collect();
        // What orders the versions was read by someone.
        for own in all() {
            if let Why::Wrote { key, .. } | Why::Missed { key } = own.why {
                places.extend(self.observed.witnesses.get(&key).map(|txn| self.place(*txn)));
            }
        }
        let link = |own: &Dependency| Link { from: self.line(own.from), to: self.line(own.to), why: self.step(own) };
        evidence(self.history, places, all().map(link).collect(), sentence)
    }
}
