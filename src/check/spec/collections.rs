//! A counter, a set, a queue and a stack.

use super::{Spec, Words, answer, unknown_function, whole};
use crate::check::history::Operation;
use crate::wire::{Datum, Outcome};

pub struct Counter;

#[derive(Clone, Copy, Debug)]
pub enum Count {
    Add(i64),
    Read(i64),
}

impl Spec for Counter {
    type Call = Count;
    type State = i64;

    fn start(&self) -> i64 {
        0
    }

    fn read(&self, op: &Operation, _: &mut Words) -> Result<Option<Count>, String> {
        let step = || if op.input == Datum::None { Ok(1) } else { whole(op, &op.input) };
        Ok(match op.f.as_str() {
            "read" | "get" => answer(op).map(|value| whole(op, value)).transpose()?.map(Count::Read),
            "add" | "increment" | "decrement" if op.outcome == Outcome::Fail => None,
            "add" => Some(Count::Add(whole(op, &op.input)?)),
            "increment" => Some(Count::Add(step()?)),
            "decrement" => Some(Count::Add(step()?.wrapping_neg())),
            _ => return Err(unknown_function(op, "add, increment, decrement, read")),
        })
    }

    fn apply(&self, state: &i64, call: &Count) -> Option<i64> {
        match *call {
            Count::Add(n) => Some(state.wrapping_add(n)),
            Count::Read(n) => (n == *state).then_some(n),
        }
    }

    fn only_looks(&self, call: &Count) -> bool {
        matches!(call, Count::Read(_))
    }

    fn words(&self, state: &i64, _: &Words) -> String {
        state.to_string()
    }
}

pub struct Set;

#[derive(Clone, Debug)]
pub enum Member {
    Add(u32),
    Remove(u32),
    /// All members, in order.
    Read(Vec<u32>),
}

impl Spec for Set {
    type Call = Member;
    type State = Vec<u32>;

    fn start(&self) -> Vec<u32> {
        Vec::new()
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Member>, String> {
        Ok(match op.f.as_str() {
            "add" | "remove" if op.outcome == Outcome::Fail => None,
            "add" => Some(Member::Add(words.number(&op.input))),
            "remove" => Some(Member::Remove(words.number(&op.input))),
            "read" => match answer(op) {
                None => None,
                Some(Datum::None) => Some(Member::Read(Vec::new())),
                Some(Datum::List(items)) => {
                    let mut all: Vec<u32> = items.iter().map(|item| words.number(item)).collect();
                    all.sort_unstable();
                    if all.windows(2).any(|two| two[0] == two[1]) {
                        return Err(format!("line {}: a set has no member twice", op.lines.1));
                    }
                    Some(Member::Read(all))
                }
                Some(other) => return Err(format!("line {}: a set is read as a list, not as {other}", op.lines.1)),
            },
            _ => return Err(unknown_function(op, "add, remove, read")),
        })
    }

    fn apply(&self, state: &Vec<u32>, call: &Member) -> Option<Vec<u32>> {
        let mut after = state.clone();
        match call {
            Member::Read(all) => return (all == state).then_some(after),
            Member::Add(one) => {
                if let Err(place) = after.binary_search(one) {
                    after.insert(place, *one);
                }
            }
            Member::Remove(one) => {
                if let Ok(place) = after.binary_search(one) {
                    after.remove(place);
                }
            }
        }
        Some(after)
    }

    fn only_looks(&self, call: &Member) -> bool {
        matches!(call, Member::Read(_))
    }

    fn words(&self, state: &Vec<u32>, words: &Words) -> String {
        list(state, words)
    }
}

fn list(items: &[u32], words: &Words) -> String {
    let items: Vec<String> = items.iter().map(|item| words.value(*item).to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// First in, first out.
pub struct Queue;

/// Last in, first out.
pub struct Stack;

#[derive(Clone, Copy, Debug)]
pub enum Item {
    In(u32),
    /// What came out; 0: it was empty. None: nobody knows.
    Out(Option<u32>),
}

fn item(op: &Operation, words: &mut Words, into: &str, out: &str) -> Result<Option<Item>, String> {
    if op.f != into && op.f != out {
        return Err(unknown_function(op, &format!("{into}, {out}")));
    }
    Ok(match op.outcome {
        Outcome::Fail => None,
        _ if op.f == into => Some(Item::In(words.number(&op.input))),
        _ => Some(Item::Out(answer(op).map(|value| words.number(value)))),
    })
}

/// Takes out the item at a place, or finds nothing there.
fn out(state: &[u32], place: Option<usize>, said: Option<u32>) -> Option<Vec<u32>> {
    let is = place.map_or(0, |place| state[place]);
    let mut after = state.to_vec();
    if let Some(place) = place {
        after.remove(place);
    }
    said.is_none_or(|said| said == is).then_some(after)
}

fn put(state: &[u32], value: u32) -> Vec<u32> {
    state.iter().copied().chain([value]).collect()
}

impl Spec for Queue {
    type Call = Item;
    type State = Vec<u32>;

    fn start(&self) -> Vec<u32> {
        Vec::new()
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Item>, String> {
        item(op, words, "enqueue", "dequeue")
    }

    fn apply(&self, state: &Vec<u32>, call: &Item) -> Option<Vec<u32>> {
        match *call {
            Item::In(value) => Some(put(state, value)),
            Item::Out(said) => out(state, (!state.is_empty()).then_some(0), said),
        }
    }

    fn words(&self, state: &Vec<u32>, words: &Words) -> String {
        list(state, words)
    }
}

impl Spec for Stack {
    type Call = Item;
    type State = Vec<u32>;

    fn start(&self) -> Vec<u32> {
        Vec::new()
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Item>, String> {
        item(op, words, "push", "pop")
    }

    fn apply(&self, state: &Vec<u32>, call: &Item) -> Option<Vec<u32>> {
        match *call {
            Item::In(value) => Some(put(state, value)),
            Item::Out(said) => out(state, state.len().checked_sub(1), said),
        }
    }

    fn words(&self, state: &Vec<u32>, words: &Words) -> String {
        list(state, words)
    }
}
