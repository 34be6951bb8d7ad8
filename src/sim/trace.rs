//! The trace: one compact record a row, contents in one arena. Causes are stored; sentences and vector clocks are made
//! on demand ([`super::sentence`], [`super::causality`]).
//!
//! A trace holds the rows from `first` on. Of those before, it keeps what the whole run is read by ([`Kept`]); the others can
//! be made again ([`super::window`]).

use super::adversary::FIRST_COPY;
use super::kept::Kept;
use crate::base::{Micros, MsgId, NodeId, OpId, TimerId, codec};
use crate::wire::{Datum, Op, Outcome, RowKind};

/// A run of so many rows stops and says so.
pub const ROWS_MAX: usize = 6_000_000;
/// At most so many bytes of contents are held.
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
    /// The first row that is held, and how many rows are still to come before it.
    first: u32,
    skip: u32,
    rows: Vec<Rec>,
    arena: Vec<u8>,
    pub(super) kept: Kept,
}

/// Stands for a row that is neither held nor kept: nobody's act, and the end of any chain of causes.
static GONE: Rec = Rec {
    at: 0,
    step: 0,
    cause: 0,
    data: 0,
    len: 0,
    count: 0,
    node: 0,
    peer: 0,
    kind: RowKind::Command,
    copy: 0,
    code: 0,
};

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

    /// An event of a diagram, drawn as a dot: an arrow's ends are such only where something was handled.
    pub fn is_event(&self) -> bool {
        use RowKind::*;
        !matches!(self.kind, Send | Queued | Lost | Duplicate | TimerSet | TimerCancelled | Write)
    }
}

impl Trace {
    /// One that will hold the rows from `first` on, when the next that is added is row `next`.
    pub(super) fn since(first: u32, next: u32) -> Trace {
        Trace { first, skip: first.saturating_sub(next), ..Trace::default() }
    }

    pub fn push(&mut self, mut rec: Rec, data: &[u8]) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.kept.note(self.len() as u32, &rec, data);
        rec.data = self.arena.len() as u32;
        rec.len = data.len() as u32;
        self.arena.extend_from_slice(data);
        self.rows.push(rec);
    }

    /// Rows of the run so far.
    pub fn len(&self) -> usize {
        self.first as usize + self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first row that is held.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// How often rows were forgotten: what was computed of all rows before is no longer right.
    pub fn forks(&self) -> u32 {
        self.kept.forks
    }

    pub fn is_full(&self) -> bool {
        self.len() >= ROWS_MAX || self.arena.len() >= ARENA_BYTES_MAX
    }

    /// A row that is held or kept; of another one nothing is known.
    pub fn get(&self, row: u32) -> &Rec {
        self.held(row).or_else(|| self.kept.get(row)).unwrap_or(&GONE)
    }

    fn held(&self, row: u32) -> Option<&Rec> {
        self.rows.get(row.checked_sub(self.first)? as usize)
    }

    /// The rows that are held.
    pub fn rows(&self) -> &[Rec] {
        &self.rows
    }

    /// Those of some rows that are held.
    pub fn between(&self, from: u32, to: u32) -> &[Rec] {
        let place = |row: u32| (row.saturating_sub(self.first) as usize).min(self.rows.len());
        &self.rows[place(from)..place(to.max(from))]
    }

    /// The rows in which operations began or ended, up to but without `row`.
    pub fn op_rows(&self, row: u32) -> &[u32] {
        let ops = &self.kept.ops;
        &ops[..ops.partition_point(|r| *r < row)]
    }

    /// The rows that a scrubber marks: commands, notes, violations.
    pub fn mark_rows(&self) -> &[u32] {
        &self.kept.marks
    }

    /// The rows in which a node went down, came back, paused or went on.
    pub fn turn_rows(&self) -> &[u32] {
        &self.kept.turns
    }

    pub fn data(&self, rec: &Rec) -> &[u8] {
        self.kept.data(rec).unwrap_or_else(|| &self.arena[rec.data as usize..][..rec.len as usize])
    }

    /// Keeps a row about a message or a timer, and what a message has its contents from, when the rows before are let go.
    pub(super) fn keep(&mut self, row: u32) {
        let Some(rec) = self.held(row).copied() else { return };
        if !matches!(rec.kind, RowKind::Send | RowKind::TimerSet)
            && let Some(cause) = rec.cause()
        {
            self.keep(cause);
        }
        let data = self.arena[rec.data as usize..][..rec.len as usize].to_vec();
        self.kept.keep(row, rec, &data);
    }

    /// Lets the rows before `row` go, but for those that are kept.
    pub(super) fn let_go(&mut self, row: u32) {
        let count = (row - self.first) as usize;
        let bytes = self.rows.get(count).map_or(self.arena.len(), |rec| rec.data as usize);
        self.rows.drain(..count);
        self.arena.drain(..bytes);
        self.first = row;
        for rec in &mut self.rows {
            rec.data -= bytes as u32;
        }
    }

    /// The contents as text (notes, commands, reasons).
    pub fn text(&self, rec: &Rec) -> &str {
        std::str::from_utf8(self.data(rec)).unwrap_or("")
    }

    /// Forgets the rows from `row` on: the run forks there.
    pub fn truncate(&mut self, row: u32) {
        if (row as usize) < self.len() {
            self.kept.forget(row);
            let place = row.saturating_sub(self.first) as usize;
            if let Some(first) = self.rows.get(place) {
                self.arena.truncate(first.data as usize);
                self.rows.truncate(place);
            }
        }
    }

    /// Where the message that a row is about set out: its sending, or its doubling.
    pub fn set_out(&self, rec: &Rec) -> Option<u32> {
        let mut cause = rec.cause();
        while let Some(row) = cause {
            let earlier = self.get(row);
            if matches!(earlier.kind, RowKind::Send | RowKind::Duplicate) {
                return Some(row);
            }
            cause = earlier.cause().filter(|_| is_on_the_way(earlier.kind));
        }
        None
    }

    /// The bytes of the message that a row is about: those of its sending, unless an adversary changed them later. None of a
    /// row that is about no message.
    pub fn payload(&self, rec: &Rec) -> &[u8] {
        let mut rec = rec;
        loop {
            match rec.kind {
                RowKind::Send => return self.data(rec),
                RowKind::Adversary if rec.len > 0 => return self.data(rec),
                // Those of a timer or a request that waits are about no message.
                kind => match rec.cause().filter(|_| kind.is_of_message()) {
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

    /// Whether a message sets out in a row: sent, or copied, by an adversary too.
    pub(super) fn sets_out(rec: &Rec) -> bool {
        match rec.kind {
            RowKind::Send | RowKind::Duplicate => true,
            RowKind::Adversary => rec.copy >= FIRST_COPY,
            _ => false,
        }
    }

    /// Where the message that a row is about set out, copies apart.
    pub(super) fn begun(&self, rec: &Rec) -> Option<u32> {
        let mut cause = rec.cause();
        while let Some(row) = cause {
            let earlier = self.get(row);
            if Trace::sets_out(earlier) {
                return Some(row);
            }
            cause = earlier.cause().filter(|_| is_on_the_way(earlier.kind));
        }
        None
    }

    /// The first held row at or after a step.
    pub fn first_of_step(&self, step: u64) -> u32 {
        self.first + self.rows.partition_point(|rec| u64::from(rec.step) < step) as u32
    }

    /// The first held row at or after an instant.
    pub fn first_at(&self, at: Micros) -> u32 {
        self.first + self.rows.partition_point(|rec| rec.at < at.0) as u32
    }

    /// The first held row after an instant.
    pub fn first_after(&self, at: Micros) -> u32 {
        self.first + self.rows.partition_point(|rec| rec.at <= at.0) as u32
    }
}

fn is_on_the_way(kind: RowKind) -> bool {
    matches!(kind, RowKind::Queued | RowKind::Adversary | RowKind::Deliver)
}
