//! Rows of the trace: what happened, one row a fact, with its cause and its sentence.

use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// The kinds of rows. Each has a node, a step and a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum RowKind {
    /// A node began: first boot or restart.
    Boot,
    /// A command of the log was carried out.
    Command,
    Send,
    Deliver,
    /// A message arrived and waits: the node is busy, syncing or paused.
    Queued,
    /// A message was lost; the row names the rule.
    Lost,
    /// A second copy of a message was put on the link.
    Duplicate,
    TimerSet,
    TimerFired,
    TimerCancelled,
    /// A client's operation began.
    Invoke,
    /// A client's operation ended: ok, fail or unknown.
    Complete,
    Write,
    Synced,
    Crash,
    Restart,
    Pause,
    Resume,
    /// What a protocol wants a reader to see ("became leader of term 3").
    Note,
    /// A property that held no longer holds.
    Violation,
    /// An adversary acted on a message.
    Adversary,
}

impl RowKind {
    /// Whether a row of this kind is about a message; of those that wait, some are about a timer or a request instead.
    pub fn is_of_message(self) -> bool {
        use RowKind::*;
        matches!(self, Send | Deliver | Queued | Lost | Duplicate | Adversary)
    }
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub id: u64,
    pub at: Micros,
    pub kind: RowKind,
    /// The node where it happened.
    pub node: u16,
    /// The step it belongs to (from 1).
    pub step: u64,
    /// The row that caused it.
    pub cause: Option<u64>,
    /// In plain English, without the time: "n3 received Write x=4 from n1".
    pub sentence: String,
    /// A reader would stop here.
    pub interesting: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowFilter {
    /// Empty: every kind.
    pub kinds: Vec<RowKind>,
    pub node: Option<u16>,
    /// Words that the sentence or the kind of the message has, in any case and order.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowsPage {
    /// Place of the first row within the filtered rows.
    pub first: u64,
    pub rows: Vec<Row>,
    /// How many rows up to the cursor match the filter.
    pub total: u64,
    /// From where on they were looked for: of a long run not all rows are held.
    pub since: Micros,
}

/// Rows of the trace, whatever the cursor is at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TracePage {
    pub first: u64,
    pub rows: Vec<Row>,
    /// Everything before this instant is simulated.
    pub upto: Micros,
}
