//! Histories to measure the check of linearizability with, natively and in the browser alike: 10,000 operations of 20 clients
//! on one register, as the majority register's sweep makes them.

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::history::{self, History};
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use std::collections::BTreeMap;

pub const OPERATIONS: usize = 10_000;
pub const HISTORIES: usize = 50;
/// At most so many of them with unknown outcomes, in percent.
const UNKNOWN_MAX: usize = 5;

pub fn sweep() -> Sweep {
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
pub fn history(sweep: &Sweep, seed: u64) -> Option<(History, usize)> {
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
