//! What goals and meters see of a run: one step at a time, in plain terms.

use crate::base::Micros;
use crate::wire::{Datum, NodeStatus, Op, Outcome, RowKind};
use std::ops::Range;

/// One step of a run, just done: its rows, and the nodes as they are after it. Costly answers are computed when asked.
pub trait StepView {
    fn now(&self) -> Micros;
    /// Ids of the step's rows.
    fn rows(&self) -> Range<u64>;
    fn kind(&self, row: u64) -> RowKind;
    fn node(&self, row: u64) -> u16;
    /// Of a row about a message: its kind (an index into the run's kinds) and the node at the other end.
    fn message(&self, row: u64) -> Option<(u8, u16)>;
    /// Bytes of the message that a row is about, 0 for others.
    fn bytes(&self, row: u64) -> u32;
    /// Of the beginning or end of an operation.
    fn op(&self, row: u64) -> Option<OpFact>;
    /// A note, a command, the rule that took a message, the name of a broken property; else empty.
    fn text(&self, row: u64) -> String;
    fn status(&self, node: u16) -> NodeStatus;
    fn name(&self, node: u16) -> &str;
    /// How often properties were found broken in the run so far.
    fn found(&self) -> u64;
    fn probe(&self, node: u16, name: &str) -> Option<Datum>;
}

/// A client's operation as its beginning or end shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpFact {
    pub op: Op,
    pub begun: Micros,
    /// Absent at its beginning.
    pub outcome: Option<Outcome>,
    pub answer: Datum,
}
