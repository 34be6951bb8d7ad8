//! What the runs of a sweep have met: a sweep that never lost an unsynced write proves nothing about syncs.

use crate::sim::trace::{Rec, Trace};
use crate::wire::{Datum, Outcome, RowKind};
use std::collections::BTreeMap;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage(pub BTreeMap<String, u64>);

impl Coverage {
    fn mark(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(name.into(), 1)),
        }
    }

    /// Counts one run's trace. `timers` are the names of the protocol's timers.
    pub fn of(trace: &Trace, timers: &[&str]) -> Coverage {
        let mut coverage = Coverage::default();
        // Whether a node's disk holds something that no completed sync covers.
        let mut unsynced = BTreeMap::new();
        let mut newest: BTreeMap<(u16, u16), u32> = BTreeMap::new();
        for rec in trace.rows() {
            match rec.kind {
                RowKind::Write => drop(unsynced.insert(rec.node, true)),
                // What a disk that lied has not kept is not synced.
                RowKind::Synced if rec.code == 0 => drop(unsynced.insert(rec.node, false)),
                RowKind::Crash => {
                    coverage.mark("crash");
                    if unsynced.insert(rec.node, false) == Some(true) {
                        coverage.mark("crash that lost an unsynced write");
                    }
                }
                RowKind::Deliver => {
                    let highest = newest.entry((rec.peer, rec.node)).or_default();
                    if rec.count < *highest {
                        coverage.mark("message overtaken");
                    }
                    *highest = rec.count.max(*highest);
                }
                _ => coverage.other(trace, rec, timers),
            }
        }
        coverage
    }

    fn other(&mut self, trace: &Trace, rec: &Rec, timers: &[&str]) {
        match rec.kind {
            RowKind::Complete => match trace.completed(rec) {
                (_, Outcome::Ok, ..) => self.mark("operation ok"),
                (_, Outcome::Fail, ..) => self.mark("operation failed"),
                (_, Outcome::Unknown, Datum::Text(why), _) if why == "the client crashed" => {
                    self.mark("operation cut off by its client's crash");
                }
                (_, Outcome::Unknown, ..) => self.mark("operation unknown"),
            },
            RowKind::Lost => match trace.loss(rec).1 {
                "random loss" => self.mark("message lost by chance"),
                rule if rule.starts_with("split") => self.mark("message lost to a partition"),
                rule if rule.ends_with("is down") => self.mark("message to a node that is down"),
                _ => self.mark("message lost otherwise"),
            },
            RowKind::Duplicate => self.mark("message duplicated"),
            RowKind::Queued => self.mark("message waited"),
            RowKind::Pause => self.mark("pause"),
            RowKind::Adversary => self.mark("adversary"),
            RowKind::Synced => self.mark("disk lied"),
            RowKind::TimerFired => {
                let name = timers.get(usize::from(rec.code)).copied().unwrap_or("?");
                self.mark(&format!("timer fired: {name}"));
            }
            RowKind::Note if !trace.text(rec).starts_with("the command had no effect") => {
                let text = trace.text(rec);
                let kind = text.split(':').next().unwrap_or(text);
                self.mark(&format!("note: {kind}"));
            }
            _ => {}
        }
    }
}
