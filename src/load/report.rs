//! What was measured: everything between the end of the warm-up and the end of the load. Requests that came in that time
//! count to their end, if it comes within the drain.

use super::engine::{Caller, Engine, SLICES};
use super::histogram::Histogram;
use super::kinds::Held;
use super::plan::{Kind, NEVER};
use super::scale::Cold;
use crate::base::{codec, hash};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub seed: u64,
    /// How long was measured, in microseconds.
    pub measured: u64,
    pub classes: Vec<ClassReport>,
    /// The classes again, for each part of the run that requirements are about: requests that began then.
    pub windows: Vec<WindowReport>,
    pub components: Vec<ComponentReport>,
    pub edges: Vec<EdgeReport>,
    /// Units a month, by the prices of the design.
    pub cost: f64,
    /// The run ended early: there were more visits at once than there may be ([`super::LIVE_MAX`]).
    pub limit_reached: bool,
}

/// From a time on, up to another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowReport {
    pub from: u64,
    pub until: u64,
    pub classes: Vec<ClassReport>,
}

/// Requests of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    pub name: String,
    /// All that came; the sum of those below.
    pub asked: u64,
    pub answered: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub shed: u64,
    /// On their way when the run ended.
    pub unfinished: u64,
    /// Answered reads that returned less than what had been acknowledged before they began.
    pub stale: u64,
    /// Of those that were answered, in microseconds.
    pub latency: Histogram,
    /// Of their messages through queues, from the request until each was done; and how many are dead. Not by window.
    pub delivered: Histogram,
    pub undelivered: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComponentReport {
    pub name: String,
    /// The table of the form that it stands in.
    pub table: String,
    /// What there was of it over time, on average.
    pub instances: f64,
    /// The share of the slots that is taken; none of a component without limit.
    pub utilisation: Option<f64>,
    /// Inside at once, and waiting for a slot at once: means over time, and the most that waited.
    pub inside_mean: f64,
    pub waiting_mean: f64,
    pub waiting_max: u32,
    pub arrived: u64,
    pub answered: u64,
    pub failed: u64,
    pub shed: u64,
    /// Of a cache's reads.
    pub hit_ratio: Option<f64>,
    /// Acknowledged writes that a fail-over has lost, or a cache or a broker that kept them, over the whole run.
    pub lost: u64,
    /// Writes that replaced what whoever wrote had not seen (lost updates), over the whole run.
    pub overwritten: u64,
    /// The most connections that an instance has held.
    pub connections: u32,
    /// Detached calls, of messages for instance: done, and given up.
    pub done: u64,
    pub dead: u64,
    /// Times in microseconds: until a slot was free, of service, and from arrival to answer.
    pub wait: Histogram,
    pub service: Histogram,
    pub sojourn: Histogram,
    /// Of calls that nobody waits for: until they were done.
    pub later: Histogram,
    /// What it cost that instances start cold; none if none did.
    pub cold: Option<Cold>,
    /// For each of 60 parts of the measured time: how many waited, and the share of slots taken (0 without limit).
    pub over_time: Vec<(f64, f64)>,
    pub cost: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeReport {
    pub from: String,
    pub to: String,
    pub attempts: u64,
    pub retries: u64,
    pub hedges: u64,
    pub timed_out: u64,
    /// By the breaker.
    pub refused: u64,
    /// It has a time-out.
    pub limited: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub asked: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub shed: u64,
    pub stale: u64,
    pub latency: Histogram,
    pub delivered: Histogram,
    pub undelivered: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub arrived: u64,
    pub answered: u64,
    pub failed: u64,
    pub shed: u64,
    pub hits: u64,
    pub misses: u64,
    pub done: u64,
    pub dead: u64,
    pub lost: u64,
    pub inside_area: u64,
    pub waiting_max: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct EdgeCounts {
    pub attempts: u64,
    pub retries: u64,
    pub hedges: u64,
    pub timed_out: u64,
    pub refused: u64,
}

impl Report {
    /// The same for the same plan and seed, everywhere.
    pub fn hash(&self) -> u64 {
        hash::bytes(0, &codec::to_bytes(self))
    }

    pub fn class(&self, name: &str) -> Option<&ClassReport> {
        self.classes.iter().find(|class| class.name == name)
    }

    pub fn component(&self, name: &str) -> Option<&ComponentReport> {
        self.components.iter().find(|component| component.name == name)
    }

    pub fn edge(&self, from: &str, to: &str) -> Option<&EdgeReport> {
        self.edges.iter().find(|edge| edge.from == from && edge.to == to)
    }

    /// Acknowledged writes that were lost.
    pub fn lost(&self) -> u64 {
        self.components.iter().map(|component| component.lost).sum()
    }

    /// Of all requests that came.
    pub fn answered_share(&self) -> f64 {
        share(self.classes.iter().map(|c| c.answered).sum(), self.classes.iter().map(|c| c.asked).sum())
    }
}

impl ClassReport {
    pub fn answered_share(&self) -> f64 {
        share(self.answered, self.asked)
    }

    pub fn stale_share(&self) -> f64 {
        share(self.stale, self.answered)
    }
}

/// Of nothing, all.
fn share(of: u64, all: u64) -> f64 {
    if all == 0 { 1.0 } else { of as f64 / all as f64 }
}

pub(super) fn make(engine: &mut Engine, seed: u64) -> Report {
    let plan = engine.plan;
    let windows = plan.windows.iter().enumerate().map(|(at, (from, until))| WindowReport {
        from: *from,
        until: *until,
        classes: classes(engine, &engine.windows[at], Some((*from, *until))),
    });
    let windows = windows.collect();
    let components: Vec<ComponentReport> = (0..plan.parts.len()).filter_map(|at| component(engine, at)).collect();
    Report {
        seed,
        measured: plan.duration - plan.warm_up,
        classes: classes(engine, &engine.tallies, None),
        windows,
        cost: components.iter().map(|component| component.cost).sum(),
        components,
        edges: engine.edges.iter().enumerate().map(|(at, edge)| edge_report(engine, at, &edge.count)).collect(),
        limit_reached: engine.full,
    }
}

fn classes(engine: &Engine, tallies: &[Tally], window: Option<(u64, u64)>) -> Vec<ClassReport> {
    let within = |began: u64| window.is_none_or(|(from, until)| (from..until).contains(&began));
    let report = |(at, tally): (usize, &Tally)| {
        let unfinished = |call: &&super::engine::Call| {
            let of_client = matches!(call.caller, Caller::Client { .. });
            let measured = call.began >= engine.plan.warm_up && within(call.began);
            of_client && usize::from(call.freight.class) == at && measured
        };
        ClassReport {
            name: engine.plan.classes[at].name.clone(),
            asked: tally.asked,
            answered: tally.latency.count(),
            failed: tally.failed,
            timed_out: tally.timed_out,
            shed: tally.shed,
            unfinished: engine.calls.all().iter().filter(unfinished).count() as u64,
            stale: tally.stale,
            latency: tally.latency.clone(),
            delivered: tally.delivered.clone(),
            undelivered: tally.undelivered,
        }
    };
    tallies.iter().enumerate().map(report).collect()
}

fn component(engine: &mut Engine, at: usize) -> Option<ComponentReport> {
    let of = &engine.plan.parts[at];
    if matches!(of.kind, Kind::Clients) {
        return None;
    }
    let length = engine.plan.duration - engine.plan.warm_up;
    let concurrency = f64::from(of.concurrency);
    let limited = of.concurrency != u32::MAX;
    let state = &mut engine.parts[at];
    let areas = state.slices.iter().copied();
    let before = std::iter::once([0; 3]).chain(areas.clone());
    let slice = length as f64 / SLICES as f64;
    let over_time = areas.zip(before).map(|(now, before)| {
        let [waiting, busy, on] = [0, 1, 2].map(|of| (now[of] - before[of]) as f64);
        (waiting / slice, if limited && on > 0.0 { busy / on / concurrency } else { 0.0 })
    });
    let over_time = over_time.collect();
    let [waiting, busy, on] = state.slices.last().copied().unwrap_or([0; 3]);
    let instances = on as f64 / length as f64;
    let count = &state.count;
    Some(ComponentReport {
        name: of.name.clone(),
        table: of.table.to_owned(),
        instances,
        utilisation: limited.then(|| if on == 0 { 0.0 } else { busy as f64 / on as f64 / concurrency }),
        inside_mean: count.inside_area as f64 / length as f64,
        waiting_mean: waiting as f64 / length as f64,
        waiting_max: count.waiting_max,
        arrived: count.arrived,
        answered: count.answered,
        failed: count.failed,
        shed: count.shed,
        hit_ratio: matches!(of.kind, Kind::Cache(_)).then(|| share(count.hits, count.hits + count.misses)),
        lost: count.lost + if let Held::Store(store) = &state.held { store.lost } else { 0 },
        overwritten: match &state.held {
            Held::Store(store) => store.overwritten,
            Held::KeyValue(_, overwritten) => *overwritten,
            _ => 0,
        },
        connections: if let Held::Connections(held) = &state.held { held.most } else { 0 },
        done: count.done,
        dead: count.dead,
        wait: std::mem::take(&mut state.wait),
        service: std::mem::take(&mut state.served),
        sojourn: std::mem::take(&mut state.sojourn),
        later: std::mem::take(&mut state.later),
        cold: state.scaled.told(waiting, count.shed),
        over_time,
        cost: of.price * instances,
    })
}

fn edge_report(engine: &Engine, at: usize, count: &EdgeCounts) -> EdgeReport {
    let edge = &engine.plan.edges[at];
    EdgeReport {
        from: engine.plan.parts[usize::from(edge.from)].name.clone(),
        to: engine.plan.parts[usize::from(edge.to)].name.clone(),
        attempts: count.attempts,
        retries: count.retries,
        hedges: count.hedges,
        timed_out: count.timed_out,
        refused: count.refused,
        limited: edge.time_out != NEVER,
    }
}
