//! What is kept of all rows of a run, also of those that are let go: operations' beginnings and ends, what a scrubber
//! marks, what became of nodes, and messages that were on their way when a block ended ([`super::window`]).

use super::trace::Rec;
use crate::wire::RowKind;

/// Marks contents that lie here.
const HERE: u32 = 1 << 31;

#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Whether rows are let go at all: else none is copied.
    pub bounded: bool,
    /// Rows that are noted; they are noted once, however often they are made again.
    upto: u32,
    pub ops: Vec<u32>,
    pub marks: Vec<u32>,
    /// Rows in which a node went down, came back, paused or went on.
    pub turns: Vec<u32>,
    rows: Vec<(u32, Rec)>,
    arena: Vec<u8>,
    /// Counts how often rows were forgotten.
    pub forks: u32,
}

impl Kept {
    /// Notes the next row.
    pub fn note(&mut self, row: u32, rec: &Rec, data: &[u8]) {
        if row < self.upto {
            return;
        }
        self.upto = row + 1;
        let list = match rec.kind {
            RowKind::Invoke | RowKind::Complete => &mut self.ops,
            RowKind::Command | RowKind::Note | RowKind::Violation => &mut self.marks,
            RowKind::Crash | RowKind::Restart | RowKind::Pause | RowKind::Resume => &mut self.turns,
            _ => return,
        };
        list.push(row);
        if self.bounded {
            self.keep(row, *rec, data);
        }
    }

    fn place(&self, row: u32) -> usize {
        self.rows.partition_point(|(other, _)| *other < row)
    }

    pub fn get(&self, row: u32) -> Option<&Rec> {
        self.rows.get(self.place(row)).filter(|(own, _)| *own == row).map(|(_, rec)| rec)
    }

    /// Keeps a row.
    pub fn keep(&mut self, row: u32, rec: Rec, data: &[u8]) {
        let place = self.place(row);
        if self.rows.get(place).is_some_and(|(own, _)| *own == row) {
            return;
        }
        let at = HERE | self.arena.len() as u32;
        self.arena.extend_from_slice(data);
        self.rows.insert(place, (row, Rec { data: at, len: data.len() as u32, ..rec }));
    }

    /// The contents of a row, if they lie here.
    pub fn data(&self, rec: &Rec) -> Option<&[u8]> {
        (rec.data & HERE != 0).then(|| &self.arena[(rec.data ^ HERE) as usize..][..rec.len as usize])
    }

    /// Forgets the rows from `row` on.
    pub fn forget(&mut self, row: u32) {
        self.forks += 1;
        self.upto = self.upto.min(row);
        for list in [&mut self.ops, &mut self.marks, &mut self.turns] {
            list.truncate(list.partition_point(|own| *own < row));
        }
        self.rows.truncate(self.place(row));
        // Contents lie as they came, not as the rows do.
        let mut arena = Vec::new();
        for (_, rec) in &mut self.rows {
            let from = (rec.data ^ HERE) as usize;
            rec.data = HERE | arena.len() as u32;
            arena.extend_from_slice(&self.arena[from..][..rec.len as usize]);
        }
        self.arena = arena;
    }
}
