//! Histories: what clients asked for, what they were told, and in which order in real time.
//!
//! The form is Jepsen's. An operation is an *invocation* and at most one *completion*:
//!
//! | completion | meaning |
//! |---|---|
//! | `ok` | it took effect exactly once, between its two events, and its value is what the client was told |
//! | `fail` | it certainly did not take effect, nor ever will |
//! | `info` | nobody knows: it may have taken effect, may yet, at any time after its invocation, or never |
//! | none | as `info` |
//!
//! Operation A precedes B in real time when A's completion stands before B's invocation. Where every event has a time,
//! events are ordered by it, and those of one time as their lines are; where one has none, the order of the lines is the
//! order in real time. After `info` a process may go on, as Jepsen's do not: what it does next has no order with what
//! it does not know about.

mod edn;
mod jsonl;
mod record;

pub use edn::write as write_edn;
pub use jsonl::{read, write};
pub use record::record;

use crate::wire::{Datum, Outcome};

/// The place of an event that never came: after all others.
pub const NEVER: u32 = u32::MAX;

/// One operation of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Who asked: at most one operation of a process is open at a time. A number, or a word.
    pub process: Datum,
    pub f: String,
    /// The object that it is about; none: the only one.
    pub key: Datum,
    /// What was asked for: the value to write, `[expected, new]` of a compare-and-set, the parts of a transaction.
    pub input: Datum,
    /// What the client was told; it means something when the outcome is ok.
    pub output: Datum,
    pub outcome: Outcome,
    /// The places of its two events in the order of real time. [`NEVER`]: it is still open.
    pub invoked: u32,
    pub ended: u32,
    /// When they were, in nanoseconds, as far as the history says.
    pub begun_ns: Option<i64>,
    pub ended_ns: Option<i64>,
    /// The lines of its two events, from 1; 0: there is none.
    pub lines: (u32, u32),
}

impl Operation {
    /// The place by which it has taken effect, if it ever does. [`NEVER`]: nobody knows.
    pub fn completed(&self) -> u32 {
        if self.outcome == Outcome::Unknown { NEVER } else { self.ended }
    }

    /// It began after the other had taken effect.
    pub fn follows(&self, other: &Operation) -> bool {
        other.completed() < self.invoked
    }

    /// In a few words: "3 write x 5 → ok", as evidence names it.
    pub fn words(&self) -> String {
        let mut words = format!("{} {}", self.process, self.f);
        if self.key != Datum::None {
            words += &format!(" {}", self.key);
        }
        if self.input != Datum::None {
            words += &format!(" {}", self.input);
        }
        match self.outcome {
            Outcome::Ok if self.output != self.input => words += &format!(" → {}", self.output),
            Outcome::Ok => {}
            other => words += &format!(" ({other})"),
        }
        words
    }
}

/// The operations of a run, in the order of their invocations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub operations: Vec<Operation>,
}

impl History {
    /// Only the operations of which that is true; places stay as they are.
    pub fn filter(&self, keep: impl Fn(&Operation) -> bool) -> History {
        History { operations: self.operations.iter().filter(|op| keep(op)).cloned().collect() }
    }

    /// The history up to and including the event at a place: what completed later is open.
    pub fn prefix(&self, place: u32) -> History {
        let begun = self.operations.iter().filter(|op| op.invoked <= place);
        let cut = |op: &Operation| {
            if op.ended <= place {
                return op.clone();
            }
            Operation { outcome: Outcome::Unknown, output: Datum::None, ended: NEVER, ended_ns: None, ..op.clone() }
        };
        History { operations: begun.map(cut).collect() }
    }

    /// The keys, in the order in which they first come, each with its own history.
    pub fn by_key(&self) -> Vec<(Datum, History)> {
        let mut keys: Vec<(Datum, History)> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for op in &self.operations {
            let place = *places.entry(op.key.clone()).or_insert_with(|| {
                keys.push((op.key.clone(), History::default()));
                keys.len() - 1
            });
            keys[place].1.operations.push(op.clone());
        }
        keys
    }
}

/// An event as it was read or recorded, before invocations and completions are paired.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub process: Datum,
    pub kind: Kind,
    pub f: String,
    pub key: Datum,
    pub value: Datum,
    pub time_ns: Option<i64>,
    pub line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Kind {
    pub const NAMES: [(&str, Kind); 4] =
        [("invoke", Kind::Invoke), ("ok", Kind::Ok), ("fail", Kind::Fail), ("info", Kind::Info)];

    pub fn name(self) -> &'static str {
        Kind::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }
}

/// Pairs events. The error names the line.
pub fn pair(mut events: Vec<Event>) -> Result<History, String> {
    if events.iter().all(|event| event.time_ns.is_some()) {
        events.sort_by_key(|event| event.time_ns);
    }
    let mut operations: Vec<Operation> = Vec::new();
    let mut open = std::collections::BTreeMap::<Datum, usize>::new();
    for (place, event) in events.into_iter().enumerate() {
        let place = place as u32;
        let Event { process, kind, f, key, value, time_ns, line } = event;
        if kind == Kind::Invoke {
            if let Some(other) = open.get(&process) {
                let first = operations[*other].lines.0;
                return Err(format!(
                    "line {line}: process {process} invokes {f} while its {} of line {first} is open; give each operation \
                     at a time a process of its own",
                    operations[*other].f
                ));
            }
            open.insert(process.clone(), operations.len());
            operations.push(Operation {
                process,
                f,
                key,
                input: value,
                output: Datum::None,
                outcome: Outcome::Unknown,
                invoked: place,
                ended: NEVER,
                begun_ns: time_ns,
                ended_ns: None,
                lines: (line, 0),
            });
            continue;
        }
        let Some(own) = open.remove(&process) else {
            return Err(format!("line {line}: {} of process {process}, which has no operation open", kind.name()));
        };
        let own = &mut operations[own];
        if own.f != f {
            let first = own.lines.0;
            return Err(format!("line {line}: process {process} completes {f}, but line {first} invoked {}", own.f));
        }
        if key != own.key {
            return Err(format!("line {line}: completes with the key {key}, but line {} has {}", own.lines.0, own.key));
        }
        own.lines.1 = line;
        own.ended_ns = time_ns;
        own.ended = place;
        own.outcome = match kind {
            Kind::Ok => Outcome::Ok,
            Kind::Fail => Outcome::Fail,
            _ => Outcome::Unknown,
        };
        if kind == Kind::Ok {
            own.output = value;
        }
    }
    Ok(History { operations })
}
