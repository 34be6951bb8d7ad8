//! Rows of the trace for the log, filtered.

use super::Run;
use crate::base::Micros;
use crate::sim::trace::Rec;
use crate::wire::{Row, RowFilter, RowsPage, TracePage};

pub const ROWS_A_PAGE_MAX: u32 = 500;

impl Run {
    pub(super) fn row(&self, id: u32) -> Row {
        let reader = self.reader();
        let rec = self.timeline.trace.get(id);
        Row {
            id: id.into(),
            at: rec.time(),
            kind: rec.kind,
            node: rec.node,
            step: rec.step.into(),
            cause: rec.cause().map(u64::from),
            sentence: reader.sentence(rec),
            interesting: reader.is_interesting(rec),
        }
    }

    pub(super) fn matches(&self, rec: &Rec, filter: &RowFilter) -> bool {
        let kind = filter.kinds.is_empty() || filter.kinds.contains(&rec.kind);
        let node = filter.node.is_none_or(|node| node == rec.node);
        kind && node && {
            let text = filter.text.to_ascii_lowercase();
            text.trim().is_empty() || {
                let said = self.searched(rec);
                text.split_ascii_whitespace().all(|word| said.contains(word))
            }
        }
    }

    /// What a search looks in: the sentence, with the kind of the message.
    fn searched(&self, rec: &Rec) -> String {
        let (reader, world) = (self.reader(), self.timeline.head());
        let kind = rec.kind.is_of_message().then(|| reader.message_kind(rec)).flatten();
        let kind = kind.and_then(|kind| world.describe.messages.get(usize::from(kind)));
        format!("{} {}", reader.sentence(rec), kind.map_or("", |kind| kind.0)).to_ascii_lowercase()
    }

    /// A page of the rows up to the cursor; of those that a filter lets through only the held ones are looked at.
    pub(super) fn rows(&mut self, first: u64, count: u32, filter: &RowFilter) -> RowsPage {
        let upto = self.timeline.world().rows;
        let count = count.min(ROWS_A_PAGE_MAX);
        if *filter == RowFilter::default() {
            let rows = self.page(first, count, upto);
            return RowsPage { first, rows, total: upto.into(), since: Micros::ZERO };
        }
        self.timeline.hold_cursor();
        let trace = &self.timeline.trace;
        let rows = (trace.first()..).zip(trace.between(0, upto));
        let matching: Vec<u32> = rows.filter(|(_, rec)| self.matches(rec, filter)).map(|(id, _)| id).collect();
        let page = matching.iter().skip(first as usize).take(count as usize).map(|id| self.row(*id)).collect();
        let since = if trace.first() == 0 { Micros::ZERO } else { trace.get(trace.first()).time() };
        RowsPage { first, rows: page, total: matching.len() as u64, since }
    }

    /// The rows from one on, as many as a window holds of them.
    fn page(&mut self, first: u64, count: u32, upto: u32) -> Vec<Row> {
        let first = first.min(upto.into()) as u32;
        self.timeline.hold_row(first);
        let ids = first..first.saturating_add(count).min(upto).min(self.timeline.trace.len() as u32);
        ids.map(|id| self.row(id)).collect()
    }

    /// What happened before the instant that the head is at: at that instant more may come.
    pub(super) fn trace(&mut self, first: u64) -> TracePage {
        let upto = Micros(self.timeline.head().now);
        self.timeline.hold_head();
        let known = self.timeline.trace.first_at(upto);
        TracePage { first, rows: self.page(first, ROWS_A_PAGE_MAX, known), upto }
    }
}
