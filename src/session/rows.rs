//! Rows of the trace for the log, filtered.

use super::Run;
use crate::base::Micros;
use crate::sim::trace::Rec;
use crate::wire::{Row, RowFilter, RowKind, RowsPage, TracePage};

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
        let of_message = matches!(
            rec.kind,
            RowKind::Send
                | RowKind::Deliver
                | RowKind::Queued
                | RowKind::Lost
                | RowKind::Duplicate
                | RowKind::Adversary
        );
        let kind = of_message.then(|| reader.message_kind(rec)).flatten();
        let kind = kind.and_then(|kind| world.describe.messages.get(usize::from(kind)));
        format!("{} {}", reader.sentence(rec), kind.map_or("", |kind| kind.0)).to_ascii_lowercase()
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

    /// What happened before the instant that the head is at: at that instant more may come.
    pub(super) fn trace(&self, first: u64) -> TracePage {
        let (trace, upto) = (&self.timeline.trace, Micros(self.timeline.head().now));
        let known = trace.rows().partition_point(|rec| rec.at < upto.0) as u64;
        let rows =
            (first.min(known)..first.saturating_add(ROWS_A_PAGE_MAX.into()).min(known)).map(|id| self.row(id as u32));
        TracePage { first, rows: rows.collect(), upto }
    }
}
