//! A lock that gives out fencing tokens: each above all that were given before, so that a store can refuse a holder that
//! does not know yet that it has lost the lock (M. Kleppmann: Designing Data-Intensive Applications, chapter 8, "Fencing
//! tokens").

use super::{Spec, Words, answer, unknown_function, whole};
use crate::check::history::Operation;
use crate::wire::{Datum, Outcome};

pub struct Lock;

#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// By whom, and the token; none: it was not told.
    Acquire(u32, Option<i64>),
    Release(u32),
}

/// Who holds it, and the highest token so far. Tokens are whole numbers: one that was not told is at least one more.
pub type State = (Option<u32>, i64);

impl Spec for Lock {
    type Call = Call;
    type State = State;

    fn start(&self) -> State {
        (None, i64::MIN)
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<Call>, String> {
        let by = words.number(&op.process);
        Ok(match op.f.as_str() {
            "acquire" | "release" if op.outcome == Outcome::Fail => None,
            "acquire" => {
                let token = answer(op).filter(|token| **token != Datum::None);
                Some(Call::Acquire(by, token.map(|token| whole(op, token)).transpose()?))
            }
            "release" => Some(Call::Release(by)),
            _ => return Err(unknown_function(op, "acquire, release")),
        })
    }

    fn apply(&self, &(holder, highest): &State, call: &Call) -> Option<State> {
        match *call {
            Call::Acquire(by, token) => {
                let token = token.unwrap_or(highest.saturating_add(1));
                (holder.is_none() && token > highest).then_some((Some(by), token))
            }
            Call::Release(by) => (holder == Some(by)).then_some((None, highest)),
        }
    }

    fn words(&self, &(holder, highest): &State, words: &Words) -> String {
        let holder = holder.map_or("free".to_owned(), |by| format!("held by {}", words.value(by)));
        if highest == i64::MIN { holder } else { format!("{holder}, token {highest}") }
    }
}
