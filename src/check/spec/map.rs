//! One key of a key-value map: get, put, append, compare-and-set. Keys are independent of each other, so a map is checked
//! a key at a time.

use super::{Readings, Spec, Words, answer, pair, unknown_function};
use crate::check::history::Operation;
use crate::wire::{Datum, Outcome};

pub struct Map {
    pub readings: Readings,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Put(Datum),
    Get(Datum),
    Append(Datum),
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
            "cas" => {
                let (expected, new) = pair(op)?;
                let cas = |matched| Some(Call::Cas(expected.clone(), new.clone(), matched));
                match op.outcome {
                    Outcome::Ok => cas(Some(true)),
                    Outcome::Unknown => cas(None),
                    Outcome::Fail if self.readings.failed_cas_did_not_match => cas(Some(false)),
                    Outcome::Fail => None,
                }
            }
            "put" | "write" | "append" if op.outcome == Outcome::Fail => None,
            "put" | "write" => Some(Call::Put(op.input.clone())),
            "append" => Some(Call::Append(op.input.clone())),
            _ => return Err(unknown_function(op, "get (read), put (write), append, cas")),
        })
    }

    fn apply(&self, state: &Datum, call: &Call) -> Option<Datum> {
        match call {
            Call::Put(value) => Some(value.clone()),
            Call::Get(value) => (value == state).then(|| state.clone()),
            Call::Append(value) => Some(appended(state, value)),
            Call::Cas(expected, new, matched) => {
                let matches = expected == state;
                let after = || if matches { new.clone() } else { state.clone() };
                matched.is_none_or(|matched| matched == matches).then(after)
            }
        }
    }

    fn is_blind(&self, call: &Call) -> bool {
        matches!(call, Call::Put(_))
    }

    fn words(&self, state: &Datum, _: &Words) -> String {
        state.to_string()
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
