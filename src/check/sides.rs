//! What clients got while the network was cut, on each side of the cut, and what they got without one: the trade of the CAP
//! theorem as numbers of one run.
//!
//! Gilbert and Lynch: Brewer's conjecture and the feasibility of consistent, available, partition-tolerant web services,
//! SIGACT News 33(2), 2002 (section 2): a service is available when every request received by a node that has not failed
//! results in a response. So each operation is one of these, by the side its client is on:
//!
//! | | |
//! |---|---|
//! | answered | it ended well while the cut lasted |
//! | late | it ended well, but only after the cut: while it lasted there was no answer |
//! | refused | somebody's message said no |
//! | timed out | the client gave up |
//! | waiting | it is open still, or ended with its client |
//!
//! An operation belongs to the first cut that it meets, and to the calm if it meets none. A side is a set of nodes that
//! reach each other both ways; clients pass nothing on, so each is on the side of the largest set of servers it reaches.
//!
//! How far reads are behind is what [`stale::measured`] says of each.

use super::history::{self, History, NEVER};
use super::linear::{self, Limits, Verdict};
use super::spec::{Map, Readings};
use super::weak::stale;
use crate::base::{Micros, NodeId, order};
use crate::sim::timeline::Timeline;
use crate::sim::world::World;
use crate::wire::{Outcome, RowKind};
use std::collections::BTreeMap;

const LIMITS: Limits = Limits { steps: 1_000_000, bytes: 16 << 20, ..Limits::GENEROUS };
/// The functions that the model of a map knows.
const KNOWN: [&str; 4] = ["read", "write", "append", "cas"];

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// The run is measured up to here.
    pub to: Micros,
    /// Twice the median of the times that messages took.
    pub trip: Option<Micros>,
    pub calm: Group,
    /// In their order.
    pub cuts: Vec<Cut>,
    pub staleness: Staleness,
    pub consistency: Consistency,
}

/// A stretch of time in which links were cut in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    pub from: Micros,
    /// None: it lasts.
    pub to: Option<Micros>,
    pub sides: Vec<Group>,
}

/// The operations of some nodes' clients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub nodes: Vec<u16>,
    pub answered: u32,
    pub late: u32,
    pub refused: u32,
    pub timed_out: u32,
    pub waiting: u32,
    /// The row in which the first one began that got no answer in time.
    pub first_denied: Option<u32>,
    /// Latencies of those that ended well.
    pub reads: Spread,
    pub writes: Spread,
    pub all: Spread,
}

/// Lengths of time in microseconds: values that occurred, by nearest rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    pub count: u32,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub max: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Staleness {
    /// Reads that were answered.
    pub reads: u32,
    pub behind: u32,
    pub versions_max: u32,
    /// How long they are behind.
    pub time: Spread,
    /// The row in which the one began that is the most versions behind.
    pub worst: Option<u32>,
}

/// Whether the history is linearizable.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Consistency {
    #[default]
    Kept,
    /// From this row on it is not; and the sentence that says why.
    Lost { row: u32, at: Micros, said: String },
    /// The check came to its limit.
    Unknown(String),
}

impl Group {
    /// Operations of which it is known whether they got an answer in time.
    pub fn judged(&self) -> u32 {
        self.answered + self.late + self.refused + self.timed_out
    }
}

/// A run up to a moment, as far as it is simulated.
pub fn measure(timeline: &Timeline, to: Micros) -> Sides {
    let end = timeline.trace.first_after(to);
    let history = history::record(&timeline.trace);
    let history = if end == 0 { History::default() } else { history.prefix(end - 1) };
    let mut cuts = stretches(timeline, end);
    let all = (0..timeline.head().setup.nodes.len() as u16).collect();
    let calm = count(timeline, &history, to, all, &mut cuts);
    Sides {
        to,
        trip: trip(timeline, end),
        calm,
        cuts,
        staleness: staleness(&history),
        consistency: consistency(timeline, &history),
    }
}

/// The cuts, still without their operations.
fn stretches(timeline: &Timeline, end: u32) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut now: Option<Vec<Vec<u16>>> = None;
    for row in timeline.trace.mark_rows().iter().take_while(|row| **row < end) {
        let rec = timeline.trace.get(*row);
        if rec.kind != RowKind::Command {
            continue;
        }
        let sides = sides(&timeline.before(rec.step + 1));
        if sides == now {
            continue;
        }
        if let Some(cut) = cuts.last_mut().filter(|cut| cut.to.is_none()) {
            cut.to = Some(rec.time());
        }
        if let Some(sides) = &sides {
            let group = |nodes: &Vec<u16>| Group { nodes: nodes.clone(), ..Group::default() };
            cuts.push(Cut { from: rec.time(), to: None, sides: sides.iter().map(group).collect() });
        }
        now = sides;
    }
    // What was over at once was no cut.
    cuts.retain(|cut| cut.to != Some(cut.from));
    cuts
}

/// The sides that rules of the network make; none without a rule.
fn sides(world: &World) -> Option<Vec<Vec<u16>>> {
    if world.net.cuts.is_empty() {
        return None;
    }
    let nodes = &world.setup.nodes;
    let reach = |a: usize, b: usize| {
        let (a, b) = (NodeId(a as u16), NodeId(b as u16));
        world.net.cut_by(a, b).is_none() && world.net.cut_by(b, a).is_none()
    };
    let mut sides: Vec<Vec<u16>> = Vec::new();
    for node in (0..nodes.len()).filter(|node| !nodes[*node].client) {
        let (met, apart): (Vec<_>, Vec<_>) =
            sides.into_iter().partition(|side| side.iter().any(|other| reach(node, usize::from(*other))));
        sides = apart;
        sides.push(met.into_iter().flatten().chain([node as u16]).collect());
    }
    let servers = sides.clone();
    for node in (0..nodes.len()).filter(|node| nodes[*node].client) {
        let reached = |side: &Vec<u16>| side.iter().filter(|other| reach(node, usize::from(**other))).count();
        let place = (0..servers.len()).rev().max_by_key(|place| reached(&servers[*place]));
        match place.filter(|place| reached(&servers[*place]) > 0) {
            Some(place) => sides[place].push(node as u16),
            None => sides.push(vec![node as u16]),
        }
    }
    sides.iter_mut().for_each(|side| side.sort_unstable());
    sides.sort_unstable();
    Some(sides)
}

/// Counts every operation where it belongs; those of the calm are returned.
fn count(timeline: &Timeline, history: &History, to: Micros, all: Vec<u16>, cuts: &mut [Cut]) -> Group {
    let mut calm = Group { nodes: all, ..Group::default() };
    let mut latencies: BTreeMap<Option<(usize, usize)>, [Vec<u64>; 2]> = BTreeMap::new();
    for op in &history.operations {
        let begin = timeline.trace.get(op.invoked);
        let complete = (op.ended != NEVER).then(|| timeline.trace.get(op.ended));
        let until = complete.map_or(to, |rec| rec.time());
        let cut = cuts.iter().position(|cut| cut.from <= until && cut.to.is_none_or(|end| end > begin.time()));
        let side = |cut: usize| cuts[cut].sides.iter().position(|side| side.nodes.contains(&begin.node)).unwrap_or(0);
        let place = cut.map(|cut| (cut, side(cut)));
        let over = place.and_then(|(cut, _)| cuts[cut].to).is_some_and(|end| until > end);
        let group = place.map_or(&mut calm, |(cut, side)| &mut cuts[cut].sides[side]);
        let cause = complete.and_then(|rec| rec.cause()).map(|row| timeline.trace.get(row).kind);
        let denied = match complete.map(|rec| timeline.trace.completed(rec).1) {
            Some(Outcome::Ok) => {
                let slot = usize::from(op.f != "read");
                latencies.entry(place).or_default()[slot].push(until.since(begin.time()).0);
                *(if over { &mut group.late } else { &mut group.answered }) += 1;
                over
            }
            Some(_) if cause == Some(RowKind::TimerFired) => {
                group.timed_out += 1;
                true
            }
            Some(_) if matches!(cause, Some(RowKind::Deliver | RowKind::Queued)) => {
                group.refused += 1;
                true
            }
            _ => {
                group.waiting += 1;
                false
            }
        };
        if denied {
            group.first_denied.get_or_insert(op.invoked);
        }
    }
    for (place, [reads, writes]) in latencies {
        let group = place.map_or(&mut calm, |(cut, side)| &mut cuts[cut].sides[side]);
        group.all = Spread::of([&reads[..], &writes[..]].concat());
        (group.reads, group.writes) = (Spread::of(reads), Spread::of(writes));
    }
    calm
}

impl Spread {
    pub fn of(mut times: Vec<u64>) -> Spread {
        times.sort_unstable();
        let rank = |hundredths| order::nearest_rank(&times, hundredths).copied().unwrap_or(0);
        Spread { count: times.len() as u32, p50: rank(50), p90: rank(90), p99: rank(99), max: rank(100) }
    }
}

fn trip(timeline: &Timeline, end: u32) -> Option<Micros> {
    let mut times: Vec<u64> = Vec::new();
    for rec in &timeline.trace.rows()[..end as usize] {
        if matches!(rec.kind, RowKind::Deliver | RowKind::Queued)
            && let Some(sent) = rec.cause().map(|row| timeline.trace.get(row)).filter(|sent| sent.kind == RowKind::Send)
        {
            times.push(rec.at - sent.at);
        }
    }
    times.sort_unstable();
    order::nearest_rank(&times, 50).map(|median| Micros(median * 2))
}

fn staleness(history: &History) -> Staleness {
    let reads = history.operations.iter().filter(|op| op.f == "read" && op.outcome == Outcome::Ok).count();
    let old = stale::measured(&Map { readings: Readings::default() }, history).unwrap_or_default();
    let times = old.iter().map(|one| one.age_ns.unwrap_or(0) as u64 / 1_000).collect();
    let worst = old.iter().rev().max_by_key(|one| one.versions);
    Staleness {
        reads: reads as u32,
        behind: old.len() as u32,
        versions_max: worst.map_or(0, |one| one.versions),
        time: Spread::of(times),
        worst: worst.map(|one| history.operations[one.read].invoked),
    }
}

fn consistency(timeline: &Timeline, history: &History) -> Consistency {
    let known = history.filter(|op| KNOWN.contains(&op.f.as_str()));
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    match linear::check("kv", &known, readings, LIMITS).map(|report| report.verdict) {
        Ok(Verdict::Satisfied) => Consistency::Kept,
        Ok(Verdict::Violated(Some(evidence))) => {
            let at = timeline.trace.get(evidence.prefix).time();
            Consistency::Lost { row: evidence.prefix, at, said: evidence.sentence }
        }
        Ok(Verdict::Violated(None)) => Consistency::Unknown("it is not linearizable; where is not known".into()),
        Ok(Verdict::Unknown(why)) | Err(why) => Consistency::Unknown(why),
    }
}
