//! Histories to measure the check of linearizability with, natively and in the browser alike: 10,000 operations of 20 clients
//! on one register, as the majority register's sweep makes them.

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::history::{self, History};
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Arrivals, Command, Distribution, Keys, RowKind};
use std::collections::BTreeMap;

pub const OPERATIONS: usize = 10_000;
pub const HISTORIES: usize = 50;
/// At most so many of them with unknown outcomes, in percent.
const UNKNOWN_MAX: usize = 5;
const CLIENTS: u16 = 20;
/// So many are open when another begins, with that: as many as make this the mean over the histories.
const OVERLAP: f64 = 5.0;
const OVERLAP_OFF: f64 = 0.5;
/// Runs after which a seed whose clients cannot be paced so is left out.
const PACED_MAX: usize = 5;
/// How long clients pause at first, in µs.
const PAUSE: f64 = 40_000.0;

pub fn sweep() -> Sweep {
    let profile = Profile {
        protocol: "majority-register".into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: ("replica".into(), "r".into(), vec![3, 5]),
        clients: ("client".into(), "c".into(), vec![CLIENTS]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(100),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

/// The first operations of a seed's run on one register, and how many of them nobody knows the end of. The faults are the
/// sweep's; the clients pause for as long as lets the wanted number of operations be under way at once.
pub fn history(sweep: &Sweep, seed: u64) -> Option<(History, usize)> {
    let wanted = (OVERLAP - 1.0) / (f64::from(CLIENTS) - 1.0);
    let mut pause = PAUSE;
    let mut count = OPERATIONS / 5;
    for _ in 0..PACED_MAX {
        let history = run(sweep, seed, Micros(pause as u64), count)?;
        let overlap = overlap(&history);
        if (overlap - OVERLAP).abs() > OVERLAP_OFF {
            // The share of its time for which another client has an operation under way.
            let busy = ((overlap - 1.0) / (f64::from(CLIENTS) - 1.0)).clamp(0.01, 0.95);
            pause *= busy / (1.0 - busy) * (1.0 - wanted) / wanted;
        } else if count < OPERATIONS {
            count = OPERATIONS;
        } else {
            let unknown = history.operations.iter().filter(|op| op.completed() == history::NEVER).count();
            return (unknown * 100 <= OPERATIONS * UNKNOWN_MAX).then_some((history, unknown));
        }
    }
    None
}

/// The first so many operations, if the run has them.
fn run(sweep: &Sweep, seed: u64, mean: Micros, count: usize) -> Option<History> {
    let mut scenario = sweep.blueprint(seed).expect("a good profile").scenario;
    for entry in &mut scenario.commands {
        // At the end of the faults the clients stop.
        if let Command::Workload(workload) = &mut entry.command
            && workload.arrivals != Arrivals::Off
        {
            workload.arrivals = Arrivals::Closed { think: Distribution::Exponential { min: Micros::ZERO, mean } };
            workload.keys = Keys::Uniform { count: 1 };
        }
    }
    let blueprint = Blueprint::resolve(scenario, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: false }, None);
    let (mut until, mut asked) = (Micros::ZERO, 0);
    while asked <= count && until < sweep.profile.rough {
        until = until.plus(Micros::s(1));
        let before = timeline.trace.rows().len();
        timeline.advance(until, u64::MAX);
        asked += timeline.trace.rows()[before..].iter().filter(|rec| rec.kind == RowKind::Invoke).count();
    }
    let history = history::record(&timeline.trace);
    let last = history.operations.get(count - 1)?.invoked;
    Some(history.prefix(last))
}

/// How many operations are open at once, on average over the invocations.
pub fn overlap(history: &History) -> f64 {
    let mut events: Vec<(u32, i64)> = Vec::new();
    for op in &history.operations {
        events.push((op.invoked, 1));
        if op.ended != history::NEVER {
            events.push((op.ended, -1));
        }
    }
    events.sort_unstable();
    let (mut open, mut sum) = (0, 0);
    for (_, step) in events {
        open += step;
        sum += if step > 0 { open } else { 0 };
    }
    sum as f64 / history.operations.len() as f64
}
