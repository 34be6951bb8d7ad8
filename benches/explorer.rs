//! The explorer's speed and memory: `make bench`.
//!
//! On such a machine stateright explores the same model of two-phase commit with 8 resource managers at 3.1 million states
//! a second, single-threaded, and that of Paxos with 3 clients at 0.16 million, at 745 bytes a distinct state: three times
//! that speed is wanted, at a quarter of the memory.

#[path = "../tests/explore/models.rs"]
#[allow(dead_code)]
mod models;
#[path = "../tests/explore/paxos.rs"]
mod paxos;

use faultline::base::Micros;
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Model, Options, Report, Strategy, explore};
use faultline::protocols;
use faultline::sim::scenario::Scenario;
use faultline::wire::SourceFile;
use std::time::Instant;

const ROUNDS: usize = 5;

fn line<A>(what: &str, seconds: f64, found: &Report<A>) {
    println!(
        "{what}: {} distinct of {} generated, depth {}: {:.2} million states a second, {:.1} bytes a distinct state at \
         most; {:?}",
        found.distinct,
        found.generated,
        found.depth,
        found.generated as f64 / seconds / 1e6,
        found.bytes as f64 / found.distinct as f64,
        found.verdict(),
    );
}

/// The median of several rounds.
fn time<M: Model>(what: &str, rounds: usize, model: &M, options: Options) {
    let mut runs: Vec<(f64, Report<M::Action>)> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            let found = explore(model, options);
            (start.elapsed().as_secs_f64(), found)
        })
        .collect();
    runs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (seconds, found) = &runs[rounds / 2];
    line(what, *seconds, found);
}

/// A put and a get of three replicas, which are alike.
fn registers(all: Options) {
    let text = include_str!("../tests/explore/scenarios/register.toml").into();
    let scenario = Scenario::read(&SourceFile { name: "register.toml".into(), text }).expect("a good scenario");
    let case = Case::new(scenario, Start::default(), protocols::all()).expect("a good scenario");
    let cluster = || case.cluster(Bounds::default()).expect("it can be explored");
    time("majority register, 3 replicas, a put and a get", 1, &cluster(), all);
    let symmetric = cluster().symmetric().expect("replicas are alike");
    time("majority register, the same with symmetry", 1, &symmetric, Options { symmetry: true, ..all });
}

fn main() {
    let eight = models::TwoPhase { managers: 8 };
    let all = Options::default();
    time("two-phase commit, 8 managers, breadth first (wanted: 9.3)", ROUNDS, &eight, all);
    time("two-phase commit, 8 managers, depth first", ROUNDS, &eight, Options { strategy: Strategy::Depth, ..all });
    time("two-phase commit, 8 managers, symmetry", ROUNDS, &eight, Options { symmetry: true, ..all });
    let three = paxos::Paxos::new(3);
    time("Paxos, 3 clients (wanted: 0.48, in 186 bytes)", ROUNDS, &three, all);
    registers(all);
    let text = include_str!("../tests/explore/scenarios/raft.toml").into();
    let scenario = Scenario::read(&SourceFile { name: "raft.toml".into(), text }).expect("a good scenario");
    let start = Start { from: Micros::s(1), syncs: false };
    let case = Case::new(scenario, start, protocols::all()).expect("a good scenario");
    let bounds = Bounds { crashes: 1, ..Bounds::default() };
    let cluster = case.cluster(bounds).expect("it can be explored");
    time("Raft, 3 servers, one crash, two requests", ROUNDS, &cluster, all);
    let bounds = Bounds { timers: 1, ..bounds };
    let cluster = case.cluster(bounds).expect("it can be explored");
    let bounded = Options { states: 200_000, ..all };
    time("Raft, 3 servers, one crash, one timer, two requests", 1, &cluster, bounded);
}
