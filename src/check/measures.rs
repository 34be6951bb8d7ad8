//! What a run comes to in numbers, for sweeps over seeds: how long nobody led, how often was voted, what a commit cost.
//!
//! A protocol with leaders says in its notes who "stands for election", "becomes leader" and "steps down" (see
//! [`Ctx::note`](crate::sim::protocol::Ctx::note)); the rest is read from operations and counters of any protocol.

use crate::base::Micros;
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
pub const MEASURES: [Measure; 6] = [
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
];

/// The values of one run, in the order of [`MEASURES`].
pub type Values = [Vec<f64>; MEASURES.len()];

/// Reads a run that was recorded from its beginning.
pub fn of(timeline: &Timeline) -> Values {
    let world = timeline.head();
    let elections = Elections::read(&timeline.trace);
    let writes = |f: &str| world.describe.functions.iter().any(|info| info.f == f && info.has_value);
    let mut latencies = Vec::new();
    for rec in timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete) {
        let (op, outcome, _, begun) = timeline.trace.completed(rec);
        if outcome == Outcome::Ok && writes(&op.f) {
            latencies.push((rec.at - begun) as f64);
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
    ]
}

/// What the notes say about leaders.
#[derive(Default)]
struct Elections {
    leaders: BTreeSet<u16>,
    /// Leaders that are paused: nobody is served by them; they lead on when they go on.
    paused: BTreeSet<u16>,
    /// When the last leader was lost; at first the start. None while somebody leads.
    since: Option<u64>,
    lost: bool,
    leaderless: Vec<Micros>,
    stood: BTreeSet<u64>,
    /// Terms of the first election without a leader: counted until it is won.
    split: usize,
    won: bool,
}

impl Elections {
    fn read(trace: &Trace) -> Elections {
        let mut elections = Elections { since: Some(0), ..Elections::default() };
        for rec in trace.rows() {
            match rec.kind {
                RowKind::Crash => elections.loses(rec.node, rec.at),
                RowKind::Pause if elections.leaders.contains(&rec.node) => {
                    elections.loses(rec.node, rec.at);
                    elections.paused.insert(rec.node);
                }
                RowKind::Resume if elections.paused.remove(&rec.node) => elections.gains(rec.node, rec.at),
                RowKind::Note => elections.note(rec.node, rec.at, trace.text(rec)),
                _ => {}
            }
        }
        if !elections.won {
            elections.split = elections.stood.len();
        }
        elections
    }

    fn note(&mut self, node: u16, at: u64, text: &str) {
        let (kind, rest) = text.split_once(": ").unwrap_or((text, ""));
        match kind {
            "stands for election" => self.stood.extend(term(rest)),
            "steps down" => self.loses(node, at),
            "becomes leader" => {
                self.gains(node, at);
                if !std::mem::replace(&mut self.won, true) {
                    self.split = self.stood.len().saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    fn gains(&mut self, node: u16, at: u64) {
        if let Some(since) = self.since.take() {
            self.leaderless.push(Micros(at - since));
        }
        self.leaders.insert(node);
    }

    fn loses(&mut self, node: u16, at: u64) {
        self.paused.remove(&node);
        if !self.leaders.remove(&node) || !self.leaders.is_empty() {
            return;
        }
        self.since = Some(at);
        // What came before the first loss was the way to the situation that is measured.
        if !std::mem::replace(&mut self.lost, true) {
            self.leaderless.clear();
            self.stood.clear();
            (self.split, self.won) = (0, false);
        }
    }
}

/// The term in "in term 4" and "of term 4, elected by …".
fn term(words: &str) -> Option<u64> {
    let digits = words.split_once("term ")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}
