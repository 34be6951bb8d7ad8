//! A register, with and without compare-and-set.

use super::{Access, Readings, Shown, Spec, Value, Words, answer, cas, unknown_function};
use crate::check::history::Operation;
use crate::wire::{Datum, Outcome};

pub struct Register {
    pub with_cas: bool,
    pub readings: Readings,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call {
    Write(u32),
    Read(u32),
    /// Expected, new, and whether it matched, as far as that is known.
    Cas(u32, u32, Option<bool>),
}

impl Spec for Register {
    type Call = Call;
    type State = u32;

    fn start(&self) -> u32 {
        0
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Call>, String> {
        Ok(match op.f.as_str() {
            "write" | "put" if op.outcome != Outcome::Fail => Some(Call::Write(words.number(&op.input))),
            "read" | "get" => match answer(op) {
                Some(Datum::None) if self.readings.nil_read_says_nothing => None,
                answer => answer.map(|value| Call::Read(words.number(value))),
            },
            "write" | "put" => None,
            "cas" if self.with_cas => cas(op, self.readings)?
                .map(|(expected, new, matched)| Call::Cas(words.number(expected), words.number(new), matched)),
            _ => return Err(unknown_function(op, if self.with_cas { "read, write, cas" } else { "read, write" })),
        })
    }

    #[inline]
    fn apply(&self, state: &u32, call: &Call) -> Option<u32> {
        match *call {
            Call::Write(value) => Some(value),
            Call::Read(value) => (value == *state).then_some(value),
            Call::Cas(expected, new, matched) => {
                let matches = expected == *state;
                (matched.is_none_or(|matched| matched == matches)).then_some(if matches { new } else { *state })
            }
        }
    }

    fn is_blind(&self, call: &Call) -> bool {
        matches!(call, Call::Write(_))
    }

    fn only_looks(&self, call: &Call) -> bool {
        matches!(call, Call::Read(_) | Call::Cas(_, _, Some(false)))
    }

    fn access<'a>(&self, call: &'a Call) -> Option<Access<'a>> {
        let value = Value::Number;
        Some(match *call {
            Call::Read(saw) => Access::Read(value(saw)),
            Call::Write(wrote) => Access::Write(value(wrote)),
            Call::Cas(expected, _, Some(false)) => Access::Not(value(expected)),
            Call::Cas(expected, new, _) => Access::Both(value(expected), value(new)),
        })
    }

    fn shows(&self, call: &Call, other: &Call) -> Shown {
        let (Call::Write(wrote) | Call::Cas(_, wrote, _)) = *call else { return Shown::Perhaps };
        match *other {
            // The register holds nothing (0) from the beginning.
            _ if wrote == 0 => Shown::Perhaps,
            Call::Read(saw) if saw == wrote => Shown::Surely,
            Call::Write(other) if other == wrote => Shown::Twin,
            Call::Cas(expected, new, matched) => {
                let seen = if expected == wrote { Shown::Surely } else { Shown::Nothing };
                Shown::of_cas(seen, new == wrote, matched)
            }
            Call::Read(_) | Call::Write(_) => Shown::Nothing,
        }
    }

    fn about(&self, call: &Call, values: &mut Vec<u64>) -> bool {
        let (one, other) = match *call {
            Call::Read(value) => (value, value),
            Call::Write(value) => (value, value),
            Call::Cas(_, _, Some(false)) => return false,
            Call::Cas(expected, new, _) => (expected, new),
        };
        values.extend([one, other].map(u64::from));
        // Who writes nothing leaves what was there first.
        !matches!(*call, Call::Write(0) | Call::Cas(_, 0, _))
    }

    fn words(&self, state: &u32, words: &Words) -> String {
        words.value(*state).to_string()
    }
}
