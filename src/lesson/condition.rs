//! Conditions: what a lesson can say about a run, compiled from [`ConditionFile`] for the nodes of one run.
//!
//! A condition is a small automaton. What it must remember (how many events it saw, what was measured) lies in slots
//! beside it, so that a run's keyframes can hold copies of it.

use super::meter::{Meter, Quantity};
use super::step::StepView;
use crate::base::Micros;
use crate::wire::{Datum, NodeStatus, Outcome, RowKind};
use serde::{Deserialize, Serialize};

/// A condition that fits a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Condition {
    pub(super) node: Node,
    pub(super) slots: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Node {
    Event { slot: u32, filter: Box<Filter>, test: Test },
    Nodes { status: NodeStatus, on: Vec<u16>, test: Test },
    Probe { name: String, on: Vec<u16>, count: usize, test: Test },
    Measure { slot: u32, quantity: Quantity, function: Option<String>, test: Test },
    Choice { name: String, option: String },
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Filter {
    pub kind: RowKind,
    pub on: Option<Vec<u16>>,
    pub peer: Option<Vec<u16>>,
    pub message: Option<u8>,
    pub function: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
    pub outcome: Option<Outcome>,
    pub answer: Option<String>,
    pub answered: Option<bool>,
    pub text: Option<String>,
    pub fresh: bool,
}

/// A comparison. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Test {
    pub is: Option<Scalar>,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
}

/// The memory of a condition: one slot for each counted event and each measured value.
#[derive(Clone, Debug, Default)]
pub struct Memory(Vec<Slot>);

#[derive(Clone, Debug)]
enum Slot {
    Count { seen: u64, last_row: Option<u64> },
    Meter(Box<Meter>),
}

/// Measured values of pooled runs and what was chosen, for conditions of an exercise.
pub struct Pool<'a> {
    pub meter: &'a Meter,
    /// Name of each choice and the title of the option taken.
    pub chosen: &'a [(String, String)],
}

/// A value to compare with: a number, a word, or a time such as `"20ms"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    Flag(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Condition {
    pub fn memory(&self) -> Memory {
        let mut slots = vec![Slot::Count { seen: 0, last_row: None }; self.slots as usize];
        self.node.each(&mut |node| {
            if let Node::Measure { slot, .. } = node {
                slots[*slot as usize] = Slot::Meter(Box::default());
            }
        });
        Memory(slots)
    }

    /// Takes in a step. `since` is when the condition began to count.
    pub fn feed(&self, memory: &mut Memory, view: &dyn StepView, since: Micros) {
        self.node.each(&mut |node| match node {
            Node::Event { slot, filter, .. } => {
                for row in view.rows().filter(|row| filter.admits(view, *row, since)) {
                    if let Slot::Count { seen, last_row } = &mut memory.0[*slot as usize] {
                        (*seen, *last_row) = (*seen + 1, Some(row));
                    }
                }
            }
            Node::Measure { slot, .. } => {
                if let Slot::Meter(meter) = &mut memory.0[*slot as usize] {
                    meter.feed(view);
                }
            }
            _ => {}
        });
    }

    pub fn holds(&self, memory: &Memory, view: &dyn StepView) -> bool {
        self.node.holds(memory, Some(view), None)
    }

    /// Whether it holds for pooled runs.
    pub fn holds_for(&self, pool: &Pool<'_>) -> bool {
        self.node.holds(&Memory::default(), None, Some(pool))
    }

    /// The latest row that was counted.
    pub fn last_row(&self, memory: &Memory) -> Option<u64> {
        let rows = memory.0.iter().filter_map(|slot| match slot {
            Slot::Count { last_row, .. } => *last_row,
            Slot::Meter(_) => None,
        });
        rows.max()
    }

    /// How far it has come: so many of so many.
    pub fn progress(&self, memory: &Memory, view: &dyn StepView) -> Option<(u64, u64)> {
        self.node.progress(memory, view)
    }

    /// Whether it asks for this measure.
    pub fn measures(&self, wanted: Quantity) -> bool {
        let mut found = false;
        self.node.each(&mut |node| found |= matches!(node, Node::Measure { quantity, .. } if *quantity == wanted));
        found
    }

    /// Probes that it asks for, so that a check can tell a name that no node ever had.
    pub fn probes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Probe { name, .. } = node {
                names.push(name.as_str());
            }
        });
        names
    }
}

impl Node {
    /// Visits this node and all below it.
    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
            Node::Not(part) => part.each(visit),
            _ => {}
        }
    }

    fn holds(&self, memory: &Memory, view: Option<&dyn StepView>, pool: Option<&Pool<'_>>) -> bool {
        match self {
            Node::Event { slot, test, .. } => test.admits_number(memory.count(*slot) as f64),
            Node::Nodes { status, on, test } => {
                view.is_some_and(|view| test.admits_number(count_status(view, *status, on) as f64))
            }
            Node::Probe { name, on, count, test } => view.is_some_and(|view| {
                let has = |node: &&u16| view.probe(**node, name).is_some_and(|found| test.admits(&found));
                on.iter().filter(has).take(*count).count() == *count
            }),
            Node::Measure { slot, quantity, function, test } => {
                let meter = match (pool, memory.0.get(*slot as usize)) {
                    (Some(pool), _) => pool.meter,
                    (None, Some(Slot::Meter(meter))) => meter,
                    _ => return false,
                };
                meter.value(*quantity, function.as_deref()).is_some_and(|value| test.admits_number(value))
            }
            Node::Choice { name, option } => {
                pool.is_some_and(|pool| pool.chosen.iter().any(|(n, o)| n == name && o == option))
            }
            Node::All(parts) => parts.iter().all(|part| part.holds(memory, view, pool)),
            Node::Any(parts) => parts.iter().any(|part| part.holds(memory, view, pool)),
            Node::Not(part) => !part.holds(memory, view, pool),
        }
    }

    fn progress(&self, memory: &Memory, view: &dyn StepView) -> Option<(u64, u64)> {
        match self {
            Node::Event { slot, test, .. } => Some((memory.count(*slot), test.needs()?)),
            Node::Nodes { status, on, test } => Some((count_status(view, *status, on), test.needs()?)),
            Node::All(parts) => {
                let open = parts.iter().find(|part| !part.holds(memory, Some(view), None))?;
                open.progress(memory, view)
            }
            _ => None,
        }
    }
}

fn count_status(view: &dyn StepView, status: NodeStatus, on: &[u16]) -> u64 {
    on.iter().filter(|node| view.status(**node) == status).count() as u64
}

impl Memory {
    fn count(&self, slot: u32) -> u64 {
        match self.0.get(slot as usize) {
            Some(Slot::Count { seen, .. }) => *seen,
            _ => 0,
        }
    }
}

impl Filter {
    fn admits(&self, view: &dyn StepView, row: u64, since: Micros) -> bool {
        view.kind(row) == self.kind
            && self.on.as_ref().is_none_or(|on| on.contains(&view.node(row)))
            && self.admits_message(view, row)
            && self.admits_op(view, row, since)
            && self.text.as_ref().is_none_or(|part| contains(&view.text(row), part))
    }

    fn admits_message(&self, view: &dyn StepView, row: u64) -> bool {
        if self.message.is_none() && self.peer.is_none() {
            return true;
        }
        view.message(row).is_some_and(|(kind, peer)| {
            self.message.is_none_or(|wanted| wanted == kind)
                && self.peer.as_ref().is_none_or(|peers| peers.contains(&peer))
        })
    }

    fn admits_op(&self, view: &dyn StepView, row: u64, since: Micros) -> bool {
        let any = self.function.is_none() && self.key.is_none() && self.value.is_none();
        if any && self.outcome.is_none() && self.answer.is_none() && self.answered.is_none() && !self.fresh {
            return true;
        }
        view.op(row).is_some_and(|fact| {
            self.function.as_ref().is_none_or(|f| *f == fact.op.f)
                && self.key.as_ref().is_none_or(|key| *key == fact.op.key)
                && self.value.as_ref().is_none_or(|value| *value == fact.op.value.to_string())
                && self.outcome.is_none_or(|outcome| fact.outcome == Some(outcome))
                && self.answer.as_ref().is_none_or(|answer| *answer == fact.answer.to_string())
                && self.answered.is_none_or(|wanted| wanted == (fact.answer != Datum::None))
                && (!self.fresh || fact.begun >= since)
        })
    }
}

/// Whether `text` holds `part`, in any case.
fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

impl Test {
    fn admits_number(&self, value: f64) -> bool {
        self.is.as_ref().is_none_or(|is| number(is) == Some(value))
            && self.at_least.is_none_or(|bound| value >= bound)
            && self.at_most.is_none_or(|bound| value <= bound)
    }

    fn admits(&self, found: &Datum) -> bool {
        match (found, &self.is) {
            (Datum::Int(n), Some(Scalar::Text(_))) => self.is == Some(Scalar::Text(n.to_string())),
            (Datum::Int(n), Some(Scalar::Flag(flag))) => i64::from(*flag) == *n,
            (Datum::Int(n), _) => self.admits_number(*n as f64),
            (other, Some(Scalar::Flag(flag))) => other.to_string() == flag.to_string(),
            (other, Some(Scalar::Text(text))) => other.to_string() == *text,
            _ => false,
        }
    }

    /// The number that is counted up to, when there is one.
    fn needs(&self) -> Option<u64> {
        self.at_least.or_else(|| self.is.as_ref().and_then(number)).filter(|n| *n >= 1.0).map(|n| n as u64)
    }
}

pub(super) fn number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::Int(n) => Some(*n as f64),
        Scalar::Float(n) => Some(*n),
        Scalar::Flag(_) | Scalar::Text(_) => None,
    }
}
