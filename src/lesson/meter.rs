//! Measured values of a run, or of several runs pooled: operations and how they ended, latencies, messages, bytes.
//!
//! Latencies are kept exactly, up to a bound, so that a percentile is a latency that occurred (nearest rank).

use super::behind::Behind;
use super::detection::Detection;
use super::leaders::Leaders;
use super::step::StepView;
use crate::base::{Micros, decimal, order};
use crate::wire::{Outcome, RowKind};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// At most so many latencies are kept for each function; [`Meter::is_full`] says when more were seen.
const LATENCIES_MAX: usize = 200_000;

/// What can be measured, by the name that lessons use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    OpsBegun,
    OpsOk,
    OpsFail,
    OpsUnknown,
    /// Operations that ended ok among all that ended.
    Availability,
    /// Latencies are of operations that ended ok.
    LatencyMean,
    LatencyP50,
    LatencyP90,
    LatencyP99,
    LatencyMax,
    /// Reads of what had been replaced before they began.
    ReadsBehind,
    MessagesSent,
    MessagesLost,
    /// Messages sent for each operation that ended.
    MessagesPerOp,
    BytesSent,
    BytesPerOp,
    /// Times from losing the last leader to the next one.
    LeaderlessP50,
    LeaderlessP99,
    /// Terms in which some node stood for election after the first leader.
    Elections,
    /// Elections that began while a leader was up, for each hour of simulated time.
    NeedlessPerHour,
    /// How often properties were found broken.
    Violations,
    /// Times from a crash to each declaration of it.
    DetectionP50,
    DetectionP99,
    /// Declarations of death of somebody who lived, for each minute of simulated time.
    FalsePerMinute,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Fraction,
    Time,
}

use Quantity::*;

/// All quantities with their names.
pub const QUANTITIES: [(&str, Quantity); 24] = [
    ("ops.begun", OpsBegun),
    ("ops.ok", OpsOk),
    ("ops.fail", OpsFail),
    ("ops.unknown", OpsUnknown),
    ("ops.availability", Availability),
    ("ops.latency_mean", LatencyMean),
    ("ops.latency_p50", LatencyP50),
    ("ops.latency_p90", LatencyP90),
    ("ops.latency_p99", LatencyP99),
    ("ops.latency_max", LatencyMax),
    ("reads.behind", ReadsBehind),
    ("messages.sent", MessagesSent),
    ("messages.lost", MessagesLost),
    ("messages.per_op", MessagesPerOp),
    ("bytes.sent", BytesSent),
    ("bytes.per_op", BytesPerOp),
    ("leaderless.p50", LeaderlessP50),
    ("leaderless.p99", LeaderlessP99),
    ("elections", Elections),
    ("elections.needless_per_hour", NeedlessPerHour),
    ("violations", Violations),
    ("detection.p50", DetectionP50),
    ("detection.p99", DetectionP99),
    ("detection.false_per_minute", FalsePerMinute),
];

impl Quantity {
    /// Reads a name. The error lists the accepted ones.
    pub fn parse(name: &str) -> Result<Quantity, String> {
        let found = QUANTITIES.iter().find(|(known, _)| *known == name);
        found.map(|(_, quantity)| *quantity).ok_or_else(|| {
            let names: Vec<_> = QUANTITIES.iter().map(|(known, _)| *known).collect();
            format!("unknown measure \"{name}\"; accepted: {}", names.join(", "))
        })
    }

    pub fn unit(self) -> Unit {
        match self {
            Availability => Unit::Fraction,
            LatencyMean | LatencyP50 | LatencyP90 | LatencyP99 | LatencyMax => Unit::Time,
            LeaderlessP50 | LeaderlessP99 | DetectionP50 | DetectionP99 => Unit::Time,
            _ => Unit::Count,
        }
    }

    /// Messages, leaders and what reads saw belong to no function.
    pub fn by_function(self) -> bool {
        let messages = matches!(self, MessagesSent | MessagesLost | MessagesPerOp | BytesSent | BytesPerOp);
        let nodes = matches!(self, LeaderlessP50 | LeaderlessP99 | Elections | NeedlessPerHour)
            || matches!(self, DetectionP50 | DetectionP99 | FalsePerMinute);
        !messages && !nodes && !matches!(self, ReadsBehind | Violations)
    }
}

impl Unit {
    /// Writes a value (times in microseconds) with `digits` digits after the point; seconds have at least one.
    pub fn show(self, value: f64, digits: u8) -> String {
        let (value, unit, digits) = match self {
            Unit::Count => (value, "", digits),
            Unit::Fraction => (value * 100.0, " %", digits),
            Unit::Time if value >= 1_000_000.0 => (value / 1_000_000.0, " s", digits.max(1)),
            Unit::Time => (value / 1_000.0, " ms", digits),
        };
        decimal::fixed(value, digits.into()) + unit
    }
}

/// The operations of one function.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ops {
    begun: u64,
    ok: u64,
    fail: u64,
    unknown: u64,
    /// Of those that ended ok, in microseconds, sorted.
    latencies: Vec<u32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    functions: LiteMap<String, Ops>,
    sent: u64,
    bytes: u64,
    lost: u64,
    behind: Behind,
    leaders: Leaders,
    detection: Detection,
    /// How often properties were found broken.
    found: u64,
    /// Simulated time, of all runs together.
    time: Micros,
    full: bool,
}

impl Meter {
    /// Takes in the rows of a step.
    pub fn feed(&mut self, view: &dyn StepView) {
        (self.time, self.found) = (view.now(), view.found());
        for row in view.rows() {
            match view.kind(row) {
                RowKind::Send => {
                    self.sent += 1;
                    self.bytes += u64::from(view.bytes(row));
                }
                RowKind::Lost => self.lost += 1,
                RowKind::Invoke => {
                    if let Some(fact) = view.op(row) {
                        self.functions.entry(fact.op.f.to_string()).or_default().begun += 1;
                    }
                }
                RowKind::Complete => {
                    if let Some(fact) = view.op(row) {
                        self.complete(&fact.op.f, fact.outcome, view.now().since(fact.begun));
                        self.behind.take(&fact, view.now());
                    }
                }
                RowKind::Restart => self.detection.feed(view, row),
                RowKind::Note | RowKind::Crash => {
                    self.leaders.feed(view, row);
                    self.detection.feed(view, row);
                }
                RowKind::Pause | RowKind::Resume => self.leaders.feed(view, row),
                _ => {}
            }
        }
    }

    /// The run went on to here without a step.
    pub fn pass(&mut self, until: Micros) {
        self.time = until;
    }

    fn complete(&mut self, f: &str, outcome: Option<Outcome>, latency: Micros) {
        let ops = self.functions.entry(f.into()).or_default();
        match outcome {
            Some(Outcome::Fail) => ops.fail += 1,
            Some(Outcome::Unknown) => ops.unknown += 1,
            Some(Outcome::Ok) | None => {
                ops.ok += 1;
                if ops.latencies.len() < LATENCIES_MAX {
                    let latency = u32::try_from(latency.0).unwrap_or(u32::MAX);
                    let place = ops.latencies.partition_point(|l| *l <= latency);
                    ops.latencies.insert(place, latency);
                } else {
                    self.full = true;
                }
            }
        }
    }

    /// Pools another run's values into this one's.
    pub fn add(&mut self, other: &Meter) {
        for (f, theirs) in &other.functions {
            let ours = self.functions.entry(f.clone()).or_default();
            ours.begun += theirs.begun;
            ours.ok += theirs.ok;
            ours.fail += theirs.fail;
            ours.unknown += theirs.unknown;
            ours.latencies = order::merged(&ours.latencies, &theirs.latencies);
            self.full |= ours.latencies.len() > LATENCIES_MAX;
            ours.latencies.truncate(LATENCIES_MAX);
        }
        self.sent += other.sent;
        self.bytes += other.bytes;
        self.lost += other.lost;
        self.behind.count += other.behind.count;
        self.leaders.add(&other.leaders);
        self.detection.add(&other.detection);
        self.found += other.found;
        self.time = self.time.plus(other.time);
        self.full |= other.full;
    }

    /// When the run's longest time without a leader began; the start without any.
    pub fn longest_gap(&self) -> Micros {
        self.leaders.longest.1
    }

    /// Every value by its name, for showing: what cannot be computed yet is left out.
    pub fn table(&self) -> Vec<(String, String)> {
        let row = |(name, quantity): &(&str, Quantity)| {
            let unit = quantity.unit();
            let digits = u8::from(unit != Unit::Count || name.ends_with("per_op"));
            self.value(*quantity, None).map(|value| ((*name).to_string(), unit.show(value, digits)))
        };
        QUANTITIES.iter().filter_map(row).collect()
    }

    /// More latencies were seen than are kept: percentiles are not to be trusted.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The value, of one function or of all; none when nothing was seen that it could be computed from.
    pub fn value(&self, quantity: Quantity, function: Option<&str>) -> Option<f64> {
        let sum = |part: fn(&Ops) -> u64| -> f64 { self.of(function).map(part).sum::<u64>() as f64 };
        let ended = sum(|o| o.ok + o.fail + o.unknown);
        let per_ended = |n: f64| (ended > 0.0).then(|| n / ended);
        match quantity {
            OpsBegun => Some(sum(|o| o.begun)),
            OpsOk => Some(sum(|o| o.ok)),
            OpsFail => Some(sum(|o| o.fail)),
            OpsUnknown => Some(sum(|o| o.unknown)),
            Availability => per_ended(sum(|o| o.ok)),
            LatencyMean => {
                let (mut total, mut count) = (0u64, 0u64);
                for latency in self.of(function).flat_map(|o| &o.latencies) {
                    (total, count) = (total + u64::from(*latency), count + 1);
                }
                (count > 0).then(|| total as f64 / count as f64)
            }
            LatencyP50 => self.percentile(function, 50),
            LatencyP90 => self.percentile(function, 90),
            LatencyP99 => self.percentile(function, 99),
            LatencyMax => self.percentile(function, 100),
            ReadsBehind => Some(self.behind.count as f64),
            MessagesSent => Some(self.sent as f64),
            MessagesLost => Some(self.lost as f64),
            MessagesPerOp => per_ended(self.sent as f64),
            BytesSent => Some(self.bytes as f64),
            BytesPerOp => per_ended(self.bytes as f64),
            LeaderlessP50 => nearest_rank(&self.leaders.gaps, 50),
            LeaderlessP99 => nearest_rank(&self.leaders.gaps, 99),
            Elections => self.leaders.known.then_some(self.leaders.elections as f64),
            Violations => Some(self.found as f64),
            DetectionP50 => nearest_rank(&self.detection.times, 50),
            DetectionP99 => nearest_rank(&self.detection.times, 99),
            FalsePerMinute => {
                let minutes = self.time.0 as f64 / Micros::s(60).0 as f64;
                (self.detection.known && minutes > 0.0).then(|| self.detection.mistakes as f64 / minutes)
            }
            NeedlessPerHour => {
                let hours = self.time.0 as f64 / Micros::s(3_600).0 as f64;
                (self.leaders.known && hours > 0.0).then(|| self.leaders.needless as f64 / hours)
            }
        }
    }

    fn of<'a>(&'a self, function: Option<&'a str>) -> impl Iterator<Item = &'a Ops> {
        self.functions.iter().filter(move |(f, _)| function.is_none_or(|wanted| wanted == *f)).map(|(_, ops)| ops)
    }

    /// The smallest latency that `hundredths` of all latencies do not exceed.
    fn percentile(&self, function: Option<&str>, hundredths: usize) -> Option<f64> {
        let mut sorted = Cow::Borrowed(&[][..]);
        for ops in self.of(function) {
            sorted = match &*sorted {
                [] => Cow::Borrowed(&ops.latencies[..]),
                others => Cow::Owned(order::merged(others, &ops.latencies)),
            };
        }
        nearest_rank(&sorted, hundredths)
    }
}

/// None of nothing.
fn nearest_rank(sorted: &[u32], hundredths: usize) -> Option<f64> {
    order::nearest_rank(sorted, hundredths).map(|value| f64::from(*value))
}
