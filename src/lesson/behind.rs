//! Reads of what had been replaced before they began: they miss a write that had been answered by then, and that was asked
//! for only after the write that they saw had been answered. Where real time does not order writes, no read is behind; nor
//! is one of a value that was not seen to be written.

use super::step::OpFact;
use crate::base::Micros;
use crate::wire::{Datum, Outcome};
use std::sync::Arc;

/// Writes that are remembered.
const WRITES_MAX: usize = 4_096;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behind {
    /// Copies share them: a keyframe of a run has a copy.
    writes: Vec<Arc<Write>>,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Write {
    key: String,
    value: Datum,
    begun: Micros,
    ended: Micros,
}

impl Behind {
    /// An operation has ended.
    pub fn take(&mut self, fact: &OpFact, now: Micros) {
        if fact.outcome != Some(Outcome::Ok) {
            return;
        }
        match &*fact.op.f {
            "put" | "write" => {
                if self.writes.len() >= WRITES_MAX {
                    self.writes.remove(0);
                }
                let (key, value) = (fact.op.key.to_string(), fact.op.value.clone());
                self.writes.push(Arc::new(Write { key, value, begun: fact.begun, ended: now }));
            }
            "get" | "read" => self.count += u64::from(self.is_behind(fact)),
            _ => {}
        }
    }

    fn is_behind(&self, read: &OpFact) -> bool {
        let of_key = || self.writes.iter().filter(|write| *write.key == *read.op.key);
        let since = match of_key().find(|write| write.value == read.answer) {
            Some(seen) => Some(seen.ended),
            None if read.answer == Datum::None => None,
            None => return false,
        };
        of_key().any(|write| write.ended < read.begun && since.is_none_or(|since| write.begun > since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Op;

    fn fact(f: &str, value: Datum, begun: u64, answer: Datum) -> OpFact {
        let op = Op { f: f.into(), key: "x".into(), value };
        OpFact { op, begun: Micros(begun), outcome: Some(Outcome::Ok), answer }
    }

    #[test]
    fn only_what_real_time_orders_makes_a_read_behind() {
        let mut behind = Behind::default();
        let put = |behind: &mut Behind, n, begun, ended| {
            behind.take(&fact("put", Datum::Int(n), begun, Datum::None), Micros(ended));
        };
        let get = |behind: &mut Behind, answer, begun| {
            let before = behind.count;
            behind.take(&fact("get", Datum::None, begun, answer), Micros(begun + 5));
            behind.count - before
        };
        put(&mut behind, 1, 0, 10);
        assert_eq!(get(&mut behind, Datum::None, 5), 0, "the write was under way");
        assert_eq!(get(&mut behind, Datum::None, 11), 1, "it had been answered");
        put(&mut behind, 2, 20, 40);
        put(&mut behind, 3, 30, 50);
        assert_eq!(get(&mut behind, Datum::Int(2), 60), 0, "2 and 3 have no order");
        assert_eq!(get(&mut behind, Datum::Int(1), 60), 1, "both came after 1");
        assert_eq!(get(&mut behind, Datum::Int(9), 60), 0, "nobody was seen to write it");
    }
}
