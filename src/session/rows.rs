//! Rows of the trace for the log, filtered.

use super::Run;
use crate::sim::trace::Rec;
use crate::wire::{Row, RowFilter, RowsPage};

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
            let text = filter.text.trim().to_ascii_lowercase();
            text.is_empty() || self.reader().sentence(rec).to_ascii_lowercase().contains(&text)
        }
    }

    pub(super) fn rows(&self, first: u64, count: u32, filter: &RowFilter) -> RowsPage {
        let upto = (self.timeline.world().rows as usize).min(self.timeline.trace.len());
        let count = count.min(ROWS_A_PAGE_MAX) as usize;
        if *filter == RowFilter::default() {
            let ids = (first as usize).min(upto)..(first as usize).saturating_add(count).min(upto);
            return RowsPage { first, rows: ids.map(|id| self.row(id as u32)).collect(), total: upto as u64 };
        }
        let rows = self.timeline.trace.rows()[..upto].iter().enumerate();
        let matching: Vec<u32> = rows.filter(|(_, rec)| self.matches(rec, filter)).map(|(i, _)| i as u32).collect();
        let page = matching.iter().skip(first as usize).take(count).map(|id| self.row(*id)).collect();
        RowsPage { first, rows: page, total: matching.len() as u64 }
    }
}
