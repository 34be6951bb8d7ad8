//! How long the check of linearizability takes: histories of 10,000 operations of 20 clients on one register, as the
//! majority register's sweep makes them. `make bench`.

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::history::{self, History};
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::Readings;
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use std::collections::BTreeMap;
use std::time::Instant;

const OPERATIONS: usize = 10_000;
const HISTORIES: usize = 50;
/// At most so many of them with unknown outcomes, in percent.
const UNKNOWN_MAX: usize = 5;

fn sweep() -> Sweep {
    let profile = Profile {
        protocol: "majority-register".into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: ("replica".into(), "r".into(), vec![3, 5]),
        clients: ("client".into(), "c".into(), vec![20]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(40),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

/// The first operations on the key that has most, and how many of them nobody knows the end of.
fn history(sweep: &Sweep, seed: u64) -> Option<(History, usize)> {
    let blueprint = sweep.blueprint(seed).expect("a good profile");
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: false }, None);
    timeline.advance(sweep.profile.ends_at(), u64::MAX);
    let keys = history::record(&timeline.trace).by_key();
    let (_, most) = keys.into_iter().max_by_key(|(_, history)| history.operations.len())?;
    let last = most.operations.get(OPERATIONS - 1)?.invoked;
    let history = most.prefix(last);
    let unknown = history.operations.iter().filter(|op| op.completed() == history::NEVER).count();
    (unknown * 100 <= OPERATIONS * UNKNOWN_MAX).then_some((history, unknown))
}

/// How many operations are open at once, on average over the invocations.
fn overlap(history: &History) -> f64 {
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

fn main() {
    let sweep = sweep();
    let mut times = Vec::new();
    let (mut unknown, mut overlaps, mut undecided) = (0, 0.0, 0);
    let mut seeds = 0..2_000;
    while times.len() < HISTORIES {
        let Some(seed) = seeds.next() else { break };
        let Some((history, open)) = history(&sweep, seed) else { continue };
        let start = Instant::now();
        let limits = Limits { explain: false, ..Limits::default() };
        let report = linear::check("register", &history, Readings::default(), limits).expect("well-formed");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        unknown += open;
        overlaps += overlap(&history);
        undecided += usize::from(matches!(report.verdict, Verdict::Unknown(_)));
        assert!(!matches!(report.verdict, Verdict::Violated(_)), "seed {seed} is not linearizable");
    }
    times.sort_by(f64::total_cmp);
    let count = times.len();
    println!(
        "{count} histories of {OPERATIONS} operations, {:.1} open at once, {:.1} % unknown: median {:.1} ms, worst {:.1} ms (wanted: \
         2,000); {undecided} undecided",
        overlaps / count as f64,
        unknown as f64 / (count * OPERATIONS) as f64 * 100.0,
        times[count / 2],
        times[count - 1]
    );
}
