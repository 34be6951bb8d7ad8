//! The trace: one compact record a row, contents in one arena. Causes are stored; sentences and vector clocks are made
//! on demand ([`super::sentence`], [`super::causality`]).

use crate::base::{Micros, MsgId, NodeId, OpId, TimerId, codec};
use crate::wire::{Datum, Op, Outcome, RowKind};

/// At most so many rows are kept; a run stops there and says so.
pub const ROWS_MAX: usize = 6_000_000;
/// At most so many bytes of contents.
pub const ARENA_BYTES_MAX: usize = 256 << 20;

/// One row. Ids of rows count from 0; a cause is stored plus one, 0 for none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rec {
    pub at: u64,
    pub step: u32,
    pub(super) cause: u32,
    pub(super) data: u32,
    pub(super) len: u32,
    /// Send count of the message, or count of the timer or operation.
    pub count: u32,
    pub node: u16,
    /// The other end of the message.
    pub peer: u16,
    pub kind: RowKind,
    pub copy: u8,
    /// Of the message: 1 when `node` is its sender. Of a timer: its kind. Of a violation: the property. Of a command: 1
    /// for a fault, 2 for a repair, else 0. Of a sync: 1 when the disk lied.
    pub code: u16,
}

/// What the contents of a row of an operation hold.
pub type Completed = (Op, Outcome, Datum, u64);

#[derive(Clone, Debug, Default)]
pub struct Trace {
    rows: Vec<Rec>,
    arena: Vec<u8>,
    /// Rows of operations' beginnings and ends, and rows that a scrubber marks.
    ops: Vec<u32>,
    marks: Vec<u32>,
    /// Rows in which a node went down, came back, paused or went on.
    turns: Vec<u32>,
    /// Counts how often rows were forgotten.
    forks: u32,
}

impl Rec {
    pub fn new(kind: RowKind, at: u64, node: NodeId, cause: Option<u32>) -> Rec {
        let cause = cause.map_or(0, |row| row + 1);
        Rec { at, step: 0, cause, data: 0, len: 0, count: 0, node: node.0, peer: 0, kind, copy: 0, code: 0 }
    }

    /// A row about a message, seen by its sender or its receiver.
    pub fn of_message(kind: RowKind, at: u64, id: MsgId, at_sender: bool, cause: Option<u32>) -> Rec {
        let (node, peer) = if at_sender { (id.from, id.to) } else { (id.to, id.from) };
        let rec = Rec::new(kind, at, node, cause);
        Rec { peer: peer.0, count: id.count, copy: id.copy, code: u16::from(at_sender), ..rec }
    }

    pub fn cause(&self) -> Option<u32> {
        self.cause.checked_sub(1)
    }

    pub fn message(&self) -> MsgId {
        let (node, peer) = (NodeId(self.node), NodeId(self.peer));
        let (from, to) = if self.code == 1 { (node, peer) } else { (peer, node) };
        MsgId { from, to, count: self.count, copy: self.copy }
    }

    pub fn timer(&self) -> TimerId {
        TimerId { node: NodeId(self.node), count: self.count }
    }

    pub fn op(&self) -> OpId {
        OpId { client: NodeId(self.node), count: self.count }
    }

    pub fn time(&self) -> Micros {
        Micros(self.at)
    }
}

impl Trace {
    pub fn push(&mut self, mut rec: Rec, data: &[u8]) {
        rec.data = self.arena.len() as u32;
        rec.len = data.len() as u32;
        match rec.kind {
            RowKind::Invoke | RowKind::Complete => self.ops.push(self.rows.len() as u32),
            RowKind::Command | RowKind::Note | RowKind::Violation => self.marks.push(self.rows.len() as u32),
            RowKind::Crash | RowKind::Restart | RowKind::Pause | RowKind::Resume => {
                self.turns.push(self.rows.len() as u32);
            }
            _ => {}
        }
        self.arena.extend_from_slice(data);
        self.rows.push(rec);
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How often rows were forgotten: what was computed of all rows before is no longer right.
    pub fn forks(&self) -> u32 {
        self.forks
    }

    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.arena.len() >= ARENA_BYTES_MAX
    }

    pub fn get(&self, row: u32) -> &Rec {
        &self.rows[row as usize]
    }

    pub fn rows(&self) -> &[Rec] {
        &self.rows
    }

    /// The rows in which operations began or ended, up to but without `row`.
    pub fn op_rows(&self, row: u32) -> &[u32] {
        &self.ops[..self.ops.partition_point(|r| *r < row)]
    }

    /// The rows that a scrubber marks: commands, notes, violations.
    pub fn mark_rows(&self) -> &[u32] {
        &self.marks
    }

    /// The rows in which a node went down, came back, paused or went on.
    pub fn turn_rows(&self) -> &[u32] {
        &self.turns
    }

    pub fn data(&self, rec: &Rec) -> &[u8] {
        &self.arena[rec.data as usize..][..rec.len as usize]
    }

    /// The contents as text (notes, commands, reasons).
    pub fn text(&self, rec: &Rec) -> &str {
        std::str::from_utf8(self.data(rec)).unwrap_or("")
    }

    /// Forgets the rows from `row` on: the run forks there.
    pub fn truncate(&mut self, row: u32) {
        if let Some(first) = self.rows.get(row as usize) {
            self.forks += 1;
            self.arena.truncate(first.data as usize);
            self.rows.truncate(row as usize);
            self.ops.truncate(self.ops.partition_point(|r| *r < row));
            self.marks.truncate(self.marks.partition_point(|r| *r < row));
            self.turns.truncate(self.turns.partition_point(|r| *r < row));
        }
    }

    /// The bytes of the message that a row is about: those of its sending, unless an adversary changed them later.
    pub fn payload(&self, rec: &Rec) -> &[u8] {
        let mut rec = rec;
        loop {
            match rec.kind {
                RowKind::Send => return self.data(rec),
                RowKind::Adversary if rec.len > 0 => return self.data(rec),
                _ => match rec.cause() {
                    Some(cause) => rec = self.get(cause),
                    None => return &[],
                },
            }
        }
    }

    /// The end of a client's operation.
    pub fn completed(&self, rec: &Rec) -> Completed {
        codec::own(self.data(rec))
    }

    /// When a lost message would have arrived, and the rule that took it.
    pub fn loss(&self, rec: &Rec) -> (Micros, &str) {
        let (due, rule) = self.data(rec).split_at(8);
        let due = u64::from_le_bytes(due.try_into().expect("eight bytes"));
        (Micros(due), std::str::from_utf8(rule).unwrap_or(""))
    }

    /// The first row at or after a step.
    pub fn first_of_step(&self, step: u64) -> u32 {
        self.rows.partition_point(|rec| u64::from(rec.step) < step) as u32
    }

    /// The first row after an instant.
    pub fn first_after(&self, at: Micros) -> u32 {
        self.rows.partition_point(|rec| rec.at <= at.0) as u32
    }
}
