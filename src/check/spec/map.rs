//! One key of a key-value map: get, put, append, compare-and-set. Keys are independent of each other, so a map is checked
//! a key at a time.

use super::{Access, Readings, Shown, Spec, Value, Words, answer, cas, unknown_function};
use crate::check::history::Operation;
use crate::check::linear::seen;
use crate::wire::{Datum, Outcome};
use std::collections::BTreeMap;

pub struct Map {
    pub readings: Readings,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Put(Datum),
    /// Puts something that nobody saw ([`Map::sharpen`]).
    Unseen(Datum),
    Get(Datum),
    /// What is appended; and what it made, where that is known ([`Map::sharpen`]).
    Append(Datum, Option<Datum>),
    Cas(Datum, Datum, Option<bool>),
}

impl Spec for Map {
    type Call = Call;
    type State = Datum;

    fn start(&self) -> Datum {
        Datum::None
    }

    fn read(&self, op: &Operation, _: &mut Words) -> Result<Option<Call>, String> {
        Ok(match op.f.as_str() {
            "get" | "read" => match answer(op) {
                Some(Datum::None) if self.readings.nil_read_says_nothing => None,
                answer => answer.cloned().map(Call::Get),
            },
            "cas" => cas(op, self.readings)?
                .map(|(expected, new, matched)| Call::Cas(expected.clone(), new.clone(), matched)),
            "put" | "write" | "append" if op.outcome == Outcome::Fail => None,
            "put" | "write" => Some(Call::Put(op.input.clone())),
            "append" => Some(Call::Append(op.input.clone(), None)),
            _ => return Err(unknown_function(op, "get (read), put (write), append, cas")),
        })
    }

    fn apply(&self, state: &Datum, call: &Call) -> Option<Datum> {
        match call {
            Call::Put(value) | Call::Unseen(value) => Some(value.clone()),
            Call::Get(value) => (value == state).then(|| state.clone()),
            Call::Append(value, made) => {
                let after = appended(state, value);
                made.as_ref().is_none_or(|made| *made == after).then_some(after)
            }
            Call::Cas(expected, new, matched) => {
                let matches = expected == state;
                let after = || if matches { new.clone() } else { state.clone() };
                matched.is_none_or(|matched| matched == matches).then(after)
            }
        }
    }

    fn is_blind(&self, call: &Call) -> bool {
        matches!(call, Call::Put(_) | Call::Unseen(_))
    }

    fn is_unseen(&self, call: &Call) -> bool {
        matches!(call, Call::Unseen(_))
    }

    fn only_looks(&self, call: &Call) -> bool {
        matches!(call, Call::Get(_) | Call::Cas(_, _, Some(false)))
    }

    fn access<'a>(&self, call: &'a Call) -> Option<Access<'a>> {
        match call {
            Call::Get(value) => Some(Access::Read(Value::Datum(value))),
            Call::Put(value) => Some(Access::Write(Value::Datum(value))),
            Call::Cas(expected, _, Some(false)) => Some(Access::Not(Value::Datum(expected))),
            Call::Cas(expected, new, _) => Some(Access::Both(Value::Datum(expected), Value::Datum(new))),
            Call::Append(value, _) => Some(Access::Append(Value::Datum(value))),
            Call::Unseen(_) => None,
        }
    }

    fn shows(&self, call: &Call, other: &Call) -> Shown {
        let (wrote, appended) = match call {
            Call::Put(value) | Call::Cas(_, value, _) => (value, false),
            Call::Append(value, _) => (value, true),
            Call::Unseen(_) => return Shown::Nothing,
            Call::Get(_) => return Shown::Perhaps,
        };
        // Pieces of the same, from which it could have been put together.
        let is_twin = |value: &Datum| holds(wrote, value) || holds(value, wrote);
        match other {
            _ if *wrote == Datum::None => Shown::Perhaps,
            Call::Get(value) => sight(wrote, appended, value),
            Call::Put(value) | Call::Append(value, _) if is_twin(value) => Shown::Twin,
            Call::Cas(expected, new, matched) => {
                Shown::of_cas(sight(wrote, appended, expected), is_twin(new), *matched)
            }
            Call::Put(_) | Call::Unseen(_) | Call::Append(..) => Shown::Nothing,
        }
    }

    fn about(&self, call: &Call, values: &mut Vec<u64>) -> bool {
        match call {
            Call::Unseen(_) => true,
            Call::Get(value) => pieces(value, values),
            Call::Put(value) | Call::Append(value, _) => *value != Datum::None && pieces(value, values),
            Call::Cas(_, _, Some(false)) => false,
            Call::Cas(expected, new, _) => *new != Datum::None && pieces(expected, values) && pieces(new, values),
        }
    }

    /// Where a value is written once only, a list that was seen with it as an item tells what its append made: the list up to
    /// there, for lists only grow until something else is put. So of all orders of appends that were under way at once, only
    /// the one that was seen is tried. And what nobody saw nor expected can have been anything that nobody saw: all of that
    /// is one value, put instead of what was there.
    fn sharpen(&self, calls: &mut [&mut Call]) {
        if !calls.iter().any(|call| matches!(**call, Call::Append(..))) {
            return;
        }
        let mut written: BTreeMap<Datum, u32> = BTreeMap::new();
        let mut made: BTreeMap<Datum, Datum> = BTreeMap::new();
        // Atoms that some answer or expectation has in it.
        let mut known: BTreeMap<Datum, u32> = BTreeMap::new();
        for call in calls.iter() {
            let (wrote, saw) = match call {
                Call::Put(value) | Call::Unseen(value) | Call::Append(value, _) => (Some(value), None),
                Call::Get(value) => (None, Some(value)),
                Call::Cas(expected, new, _) => (Some(new), Some(expected)),
            };
            let plain = wrote.is_none_or(|value| count(value, &mut written));
            if !plain || !saw.is_none_or(|value| count(value, &mut known)) {
                return;
            }
            let was_there = matches!(call, Call::Get(_) | Call::Cas(_, _, Some(true)));
            if let Some(Datum::List(items)) = saw.filter(|_| was_there) {
                for (place, item) in items.iter().enumerate().filter(|(_, item)| is_atom(item)) {
                    made.entry(item.clone()).or_insert_with(|| Datum::List(items[..=place].to_vec()));
                }
            }
        }
        let once = |value: &Datum| is_atom(value) && written.get(value) == Some(&1);
        let unseen = |value: &Datum| *value != Datum::None && once(value) && !known.contains_key(value);
        let Some(anything) = written.keys().find(|value| unseen(value)).map(|value| Datum::List(vec![value.clone()]))
        else {
            return tell_made(calls, &made, once);
        };
        // Where a compare-and-set did not match, that may be for something that nobody saw.
        let made_way = calls.iter().any(|call| matches!(**call, Call::Cas(_, _, Some(false))));
        let put = if made_way { Call::Put(anything.clone()) } else { Call::Unseen(anything.clone()) };
        for call in calls.iter_mut() {
            match &mut **call {
                Call::Put(value) | Call::Append(value, _) if unseen(value) => **call = put.clone(),
                Call::Cas(_, value, _) if unseen(value) => *value = anything.clone(),
                _ => {}
            }
        }
        tell_made(calls, &made, once);
    }

    fn words(&self, state: &Datum, _: &Words) -> String {
        state.to_string()
    }
}

/// What a value tells of something that was put, or appended.
fn sight(wrote: &Datum, appended: bool, value: &Datum) -> Shown {
    let is_item = || matches!(value, Datum::List(items) if items.contains(wrote));
    match appended {
        false if value == wrote => Shown::Surely,
        true if is_item() => Shown::Surely,
        // It was put, and more appended.
        false if is_atom(wrote) && is_item() => Shown::Surely,
        _ if holds(value, wrote) => Shown::Perhaps,
        _ => Shown::Nothing,
    }
}

/// Tells appends of values that are written once what they made.
fn tell_made(calls: &mut [&mut Call], made: &BTreeMap<Datum, Datum>, once: impl Fn(&Datum) -> bool) {
    for call in calls {
        if let Call::Append(value, known) = &mut **call
            && once(value)
        {
            *known = made.get(value).cloned();
        }
    }
}

/// A value that nothing else can be put together to, nor be a part of it.
fn is_atom(value: &Datum) -> bool {
    !matches!(value, Datum::Text(_) | Datum::List(_))
}

/// Counts the atoms of a value; false: there are texts, which may be put together in many ways.
fn count(value: &Datum, atoms: &mut BTreeMap<Datum, u32>) -> bool {
    match value {
        Datum::Text(_) => false,
        Datum::List(items) => items.iter().all(|item| count(item, atoms)),
        atom => {
            *atoms.entry(atom.clone()).or_default() += 1;
            true
        }
    }
}

/// Whether a value is, or has in it, what could come of a piece.
fn holds(value: &Datum, piece: &Datum) -> bool {
    match (value, piece) {
        (Datum::Text(text), Datum::Text(part)) => text.contains(part.as_str()),
        (Datum::List(items), Datum::List(parts)) => parts.is_empty() || items.windows(parts.len()).any(|w| w == parts),
        (Datum::List(items), piece) => items.iter().any(|item| holds(item, piece)),
        (value, piece) => value == piece,
    }
}

/// What a value is made of, as numbers. A value that holds another one ([`holds`]) has all its pieces; of texts and of what is
/// empty these are not known.
fn pieces(value: &Datum, pieces_of: &mut Vec<u64>) -> bool {
    match value {
        Datum::Text(_) => false,
        Datum::List(items) => !items.is_empty() && items.iter().all(|item| pieces(item, pieces_of)),
        other => {
            pieces_of.push(seen::of(other, &mut Vec::new()) as u64);
            true
        }
    }
}

/// Texts are joined; anything else becomes a list that grows.
fn appended(state: &Datum, value: &Datum) -> Datum {
    match (state, value) {
        (Datum::None, Datum::Text(text)) => Datum::Text(text.clone()),
        (Datum::Text(text), Datum::Text(more)) => Datum::Text(text.clone() + more),
        (Datum::None, value) => Datum::List(vec![value.clone()]),
        (Datum::List(items), value) => Datum::List(items.iter().chain([value]).cloned().collect()),
        (one, value) => Datum::List(vec![one.clone(), value.clone()]),
    }
}
