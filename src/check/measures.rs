//! What a run comes to in numbers, for sweeps over seeds: how long nobody led, how often was voted, what a commit cost.
//!
//! A protocol with leaders says in its notes who "stands for election", "becomes leader" and "steps down" (see
//! [`Ctx::note`](crate::sim::protocol::Ctx::note)); the rest is read from operations and counters of any protocol.

use crate::base::Micros;
use crate::sim::leaders::{Change, Leaders};
use crate::sim::timeline::Timeline;
use crate::sim::trace::Trace;
use crate::wire::{Outcome, RowKind};
use std::collections::BTreeSet;

/// A measure: its name, its unit, and what one value of it is.
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    pub meaning: &'static str,
}

const fn measure(name: &'static str, unit: &'static str, meaning: &'static str) -> Measure {
    Measure { name, unit, meaning }
}

/// Elections are those since the first leader was lost, by a crash or by stepping down; in a run in which none was, those
/// since the start.
pub const MEASURES: [Measure; 8] = [
    measure(
        "leaderless_time",
        "us",
        "a time without a leader that is up and not paused, from losing the last one to the next",
    ),
    measure("elections", "elections", "terms in which some node stood for election, in a run"),
    measure("split_votes", "terms", "terms of the first election that ended without a leader, in a run"),
    measure("commit_latency", "us", "from a client's request that writes to its answer"),
    measure("messages_per_commit", "messages", "messages sent, for each write that was answered, in a run"),
    measure("bytes_per_commit", "bytes", "bytes sent, for each write that was answered, in a run"),
    measure("latency", "us", "from a client's request of any kind to its answer"),
    measure("answered", "operations", "operations that were answered, in a run"),
];

/// The values of one run, in the order of [`MEASURES`].
pub type Values = [Vec<f64>; MEASURES.len()];

/// Reads a run that was recorded from its beginning.
pub fn of(timeline: &Timeline) -> Values {
    let world = timeline.head();
    let elections = Elections::read(&timeline.trace);
    let writes = |f: &str| world.describe.functions.iter().any(|info| info.f == f && info.has_value);
    let (mut latencies, mut all) = (Vec::new(), Vec::new());
    for rec in timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete) {
        let (op, outcome, _, begun) = timeline.trace.completed(rec);
        if outcome == Outcome::Ok {
            all.push((rec.at - begun) as f64);
            if writes(&op.f) {
                latencies.push((rec.at - begun) as f64);
            }
        }
    }
    let per_commit = |n: u64| if latencies.is_empty() { Vec::new() } else { vec![n as f64 / latencies.len() as f64] };
    let held = !elections.stood.is_empty();
    [
        elections.leaderless.iter().map(|time| time.0 as f64).collect(),
        if held { vec![elections.stood.len() as f64] } else { Vec::new() },
        if held { vec![elections.split as f64] } else { Vec::new() },
        latencies.clone(),
        per_commit(world.counters.sent),
        per_commit(world.counters.sent_bytes),
        all.clone(),
        vec![all.len() as f64],
    ]
}

/// What became of the leaders, since the first one was lost where one was.
#[derive(Default)]
struct Elections {
    leaders: Leaders,
    lost: bool,
    leaderless: Vec<Micros>,
    stood: BTreeSet<u32>,
    /// Terms of the first election without a leader: counted until it is won.
    split: usize,
    won: bool,
}

impl Elections {
    fn read(trace: &Trace) -> Elections {
        let mut elections = Elections::default();
        for rec in trace.rows() {
            let text = if rec.kind == RowKind::Note { trace.text(rec) } else { "" };
            match elections.leaders.take(rec.kind, rec.node, rec.time(), text) {
                Some(Change::Leads { since, elected }) => {
                    elections.leaderless.extend(since.map(|since| rec.time().since(since)));
                    if elected {
                        elections.elected();
                    }
                }
                Some(Change::Lost) => elections.loses(),
                Some(Change::Stands { term }) => {
                    elections.stood.insert(term);
                }
                None => {}
            }
        }
        if !elections.won {
            elections.split = elections.stood.len();
        }
        elections
    }

    fn elected(&mut self) {
        if !std::mem::replace(&mut self.won, true) {
            self.split = self.stood.len().saturating_sub(1);
        }
    }

    /// What came before the first loss was the way to the situation that is measured.
    fn loses(&mut self) {
        if !std::mem::replace(&mut self.lost, true) {
            self.leaderless.clear();
            self.stood.clear();
            (self.split, self.won) = (0, false);
        }
    }
}
