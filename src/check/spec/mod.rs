//! Sequential specifications: what an object answers when operations come one after another.
//!
//! A model reads each operation once into a call of its own form (which is where a malformed one is refused), and then
//! says of a state and a call what the state is afterwards, or that the call could not have been answered so. All models
//! are deterministic. A new one is a type with these two functions and a line in [`MODELS`].

mod collections;
mod lock;
mod map;
mod register;
mod transactions;

pub use collections::{Counter, Queue, Set, Stack};
pub use lock::Lock;
pub use map::Map;
pub use register::Register;
pub use transactions::{Part, Transactions};

use super::history::Operation;
use crate::wire::{Datum, Outcome};
use std::collections::BTreeMap;
use std::hash::Hash;

pub trait Spec {
    /// An operation in the model's own form.
    type Call: Clone;
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;

    /// Reads an operation that is `ok`, that nobody knows the end of (its answer may then be anything), or that failed
    /// for a reason that says something about the state. None: it says nothing at all and can be left out. The error says
    /// what is malformed.
    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Self::Call>, String>;

    /// Has the calls of one object say more than each does by itself: what all together tell of an answer that nobody was
    /// given. No order that explains the calls may be lost by that.
    fn sharpen(&self, _calls: &mut [&mut Self::Call]) {}

    /// The state after the call, or none if it could not have been answered so.
    fn apply(&self, state: &Self::State, call: &Self::Call) -> Option<Self::State>;

    /// Neither its answer nor the state after it depends on the state before: a plain write. The search skips orders that
    /// this makes pointless; saying false is always right.
    fn is_blind(&self, _call: &Self::Call) -> bool {
        false
    }

    /// A blind call whose effect no other call's answer has in it: one that comes directly before another blind call might as
    /// well not have been. Saying false is always right.
    fn is_unseen(&self, _call: &Self::Call) -> bool {
        false
    }

    /// It never changes the state, whatever that is: it reads. Saying false is always right.
    fn only_looks(&self, _call: &Self::Call) -> bool {
        false
    }

    /// What it does, where the object holds one value that is read and written as a whole, or added to at its end, and this
    /// does nothing else.
    fn access<'a>(&self, _call: &'a Self::Call) -> Option<Access<'a>> {
        None
    }

    /// What the answer of `other` says of `call`, should nobody know the end of that. Saying [`Shown::Perhaps`] is always
    /// right; a model that can say more spares the search most of the operations that may or may not have been.
    fn shows(&self, _call: &Self::Call, _other: &Self::Call) -> Shown {
        Shown::Perhaps
    }

    /// The values that a call is about, so that of two calls without one in common neither tells anything of the other
    /// ([`Spec::shows`] says nothing). False: it may tell something of any, and any of it.
    fn about(&self, _call: &Self::Call, _values: &mut Vec<u64>) -> bool {
        false
    }

    /// The state in a few words, for evidence.
    fn words(&self, state: &Self::State, words: &Words) -> String;
}

/// A value, as a model's calls have it. The object holds nothing, 0 or none, from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value<'a> {
    Number(u32),
    Datum(&'a Datum),
}

impl Value<'_> {
    pub fn datum(self, words: &Words) -> Datum {
        match self {
            Value::Number(number) => words.value(number).clone(),
            Value::Datum(datum) => datum.clone(),
        }
    }
}

/// What an operation does with the one value of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access<'a> {
    /// It saw this.
    Read(Value<'a>),
    Write(Value<'a>),
    /// It found the first and wrote the second: a compare-and-set that matched; or, of unknown end, may have.
    Both(Value<'a>, Value<'a>),
    /// It found anything but this, and wrote nothing: a compare-and-set that did not match.
    Not(Value<'a>),
    /// It added this at the end of what was there.
    Append(Value<'a>),
}

/// What an operation tells of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: it is answered alike whether the other has taken effect or not.
    Nothing,
    /// Its answer may depend on the other.
    Perhaps,
    /// It has seen what the other wrote, if nothing else wrote the same.
    Surely,
    /// It writes the same, or what looks the same.
    Twin,
    /// Its answer may depend on the other, and it writes the same.
    Both,
}

impl Shown {
    /// What a compare-and-set tells: by what it expected, and by whether it writes the same.
    fn of_cas(expected: Shown, is_twin: bool, matched: Option<bool>) -> Shown {
        match (expected, matched) {
            // Perhaps it did not match because of the other. It wrote nothing.
            (_, Some(false)) => Shown::Perhaps,
            (Shown::Nothing, _) => {
                if is_twin {
                    Shown::Twin
                } else {
                    Shown::Nothing
                }
            }
            (Shown::Surely, Some(true)) if !is_twin => Shown::Surely,
            _ => {
                if is_twin {
                    Shown::Both
                } else {
                    Shown::Perhaps
                }
            }
        }
    }
}

/// How answers are read that have two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// A compare-and-set that failed did not match; otherwise it never happened, and says nothing.
    pub failed_cas_did_not_match: bool,
    /// A read that answered nothing (`null`) says nothing; otherwise it saw the initial, empty state.
    pub nil_read_says_nothing: bool,
}

/// Values as numbers, so that states are small: equal numbers, equal values. 0 is nothing (`null`).
#[derive(Clone, Debug)]
pub struct Words {
    numbers: BTreeMap<Datum, u32>,
    values: Vec<Datum>,
}

impl Default for Words {
    fn default() -> Words {
        Words { numbers: BTreeMap::from([(Datum::None, 0)]), values: vec![Datum::None] }
    }
}

impl Words {
    pub fn number(&mut self, value: &Datum) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = self.values.len() as u32;
        self.numbers.insert(value.clone(), number);
        self.values.push(value.clone());
        number
    }

    pub fn value(&self, number: u32) -> &Datum {
        &self.values[number as usize]
    }
}

/// The names by which models are asked for, what each is, and the operations that it knows.
pub const MODELS: [(&str, &str); 10] = [
    ("register", "one value: write v, read → v"),
    ("cas-register", "as register, and cas [expected, new]"),
    (
        "kv",
        "a map: put (write) v, get (read) → v, append v (texts are joined, lists grow), cas [expected, new]; each key",
    ),
    ("counter", "a number: add n (or increment, decrement), read → n"),
    ("set", "add v, remove v, read → the list of all"),
    ("queue", "first in, first out: enqueue v, dequeue → v (null: it was empty)"),
    ("stack", "last in, first out: push v, pop → v (null: it was empty)"),
    ("lock", "acquire → a fencing token above all before it (null: not told), release"),
    ("list-append", "transactions of [\"append\", key, v] and [\"r\", key, [v …]]"),
    ("rw-register", "transactions of [\"w\", key, v] and [\"r\", key, v]"),
];

/// What is to be done with a model, whichever it is.
pub trait Visitor {
    type Told;
    fn visit<S: Spec>(self, spec: &S) -> Self::Told;
}

/// Finds a model by its name. The error lists those that there are.
pub fn visit<V: Visitor>(model: &str, readings: Readings, visitor: V) -> Result<V::Told, String> {
    Ok(match model {
        "register" => visitor.visit(&Register { with_cas: false, readings }),
        "cas-register" => visitor.visit(&Register { with_cas: true, readings }),
        "kv" => visitor.visit(&Map { readings }),
        "counter" => visitor.visit(&Counter),
        "set" => visitor.visit(&Set),
        "queue" => visitor.visit(&Queue),
        "stack" => visitor.visit(&Stack),
        "lock" => visitor.visit(&Lock),
        "list-append" => visitor.visit(&Transactions { append: true }),
        "rw-register" => visitor.visit(&Transactions { append: false }),
        other => {
            let known: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
            return Err(format!("there is no model {other:?}; there are {}", known.join(", ")));
        }
    })
}

/// What an operation that is not known is answered.
fn unknown_function(op: &Operation, known: &str) -> String {
    format!("line {}: this model does not know \"{}\": it knows {known}", op.lines.0, op.f)
}

/// Two values in a list, as a compare-and-set has them.
fn pair(op: &Operation) -> Result<(&Datum, &Datum), String> {
    match &op.input {
        Datum::List(items) if items.len() == 2 => Ok((&items[0], &items[1])),
        _ => Err(format!("line {}: a cas needs [expected, new] as its value", op.lines.0)),
    }
}

/// A compare-and-set: what it expected and wrote, and whether it matched, as far as that is known. None: it says nothing.
type Cas<'a> = Option<(&'a Datum, &'a Datum, Option<bool>)>;

fn cas(op: &Operation, readings: Readings) -> Result<Cas<'_>, String> {
    let (expected, new) = pair(op)?;
    Ok(match op.outcome {
        Outcome::Ok => Some((expected, new, Some(true))),
        Outcome::Unknown => Some((expected, new, None)),
        Outcome::Fail => readings.failed_cas_did_not_match.then_some((expected, new, Some(false))),
    })
}

/// What it answered, where that is known.
fn answer(op: &Operation) -> Option<&Datum> {
    (op.outcome == Outcome::Ok).then_some(&op.output)
}

fn whole(op: &Operation, value: &Datum) -> Result<i64, String> {
    match value {
        Datum::Int(n) => Ok(*n),
        other => Err(format!("line {}: {} needs a whole number, not {other}", op.lines.0, op.f)),
    }
}
