//! Transactions over lists (append and read) or registers (write and read), one after another: what is linearizable by
//! this model is strictly serializable.

use super::{Spec, Words, answer, unknown_function};
use crate::check::history::Operation;
use crate::wire::{Datum, Outcome};

pub struct Transactions {
    /// Writes append to lists; otherwise they replace a value.
    pub append: bool,
}

#[derive(Clone, Debug)]
pub enum Part {
    Write(u32, u32),
    /// The key, and what was read, as far as it is known: a list's values, or one value (none of nothing).
    Read(u32, Option<Vec<u32>>),
}

/// By key, in order.
pub type State = Vec<(u32, Vec<u32>)>;

impl Spec for Transactions {
    type Call = Vec<Part>;
    type State = State;

    fn start(&self) -> State {
        Vec::new()
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Vec<Part>>, String> {
        if op.f != "txn" {
            return Err(unknown_function(op, "txn"));
        }
        if op.outcome == Outcome::Fail {
            return Ok(None);
        }
        let parts = answer(op).filter(|parts| **parts != Datum::None).unwrap_or(&op.input);
        let Datum::List(parts) = parts else { return Err(self.malformed(op)) };
        let known = op.outcome == Outcome::Ok;
        parts.iter().map(|part| self.part(op, part, known, words)).collect::<Result<_, _>>().map(Some)
    }

    fn apply(&self, state: &State, call: &Vec<Part>) -> Option<State> {
        let mut after = state.clone();
        for part in call {
            match part {
                Part::Write(key, value) => {
                    let place = after.binary_search_by_key(key, |(own, _)| *own).unwrap_or_else(|place| {
                        after.insert(place, (*key, Vec::new()));
                        place
                    });
                    let values = &mut after[place].1;
                    if !self.append {
                        values.clear();
                    }
                    values.push(*value);
                }
                Part::Read(_, None) => {}
                Part::Read(key, Some(said)) => {
                    let place = after.binary_search_by_key(key, |(own, _)| *own);
                    if place.map_or(&[][..], |place| &after[place].1) != said.as_slice() {
                        return None;
                    }
                }
            }
        }
        Some(after)
    }

    fn words(&self, state: &State, words: &Words) -> String {
        let keys = state.iter().map(|(key, values)| {
            let values: Vec<String> = values.iter().map(|value| words.value(*value).to_string()).collect();
            format!("{} = [{}]", words.value(*key), values.join(", "))
        });
        if state.is_empty() { "nothing".into() } else { keys.collect::<Vec<_>>().join(", ") }
    }
}

impl Transactions {
    fn malformed(&self, op: &Operation) -> String {
        let write = if self.append { "[\"append\", key, v]" } else { "[\"w\", key, v]" };
        format!("line {}: a txn needs a list of {write} and [\"r\", key, what was read]", op.lines.0)
    }

    fn part(&self, op: &Operation, part: &Datum, known: bool, words: &mut Words) -> Result<Part, String> {
        let Datum::List(items) = part else { return Err(self.malformed(op)) };
        let [Datum::Text(f), key, value] = items.as_slice() else { return Err(self.malformed(op)) };
        let key = words.number(key);
        match (f.as_str(), value) {
            ("append", value) if self.append => Ok(Part::Write(key, words.number(value))),
            ("w", value) if !self.append => Ok(Part::Write(key, words.number(value))),
            ("r", _) if !known => Ok(Part::Read(key, None)),
            ("r", Datum::None) => Ok(Part::Read(key, Some(Vec::new()))),
            ("r", Datum::List(values)) if self.append => {
                Ok(Part::Read(key, Some(values.iter().map(|value| words.number(value)).collect())))
            }
            ("r", value) if !self.append => Ok(Part::Read(key, Some(vec![words.number(value)]))),
            _ => Err(self.malformed(op)),
        }
    }
}
