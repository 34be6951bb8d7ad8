//! How long the check of linearizability takes: histories of 10,000 operations of 20 clients on one register, as the
//! majority register's sweep makes them; the logs that Porcupine is measured with; and how many of the histories of Raft's
//! sweep it decides. `make bench`.

mod etcd;
mod histories;

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::history;
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::Readings;
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use histories::{HISTORIES, OPERATIONS};
use std::time::Instant;
use todc_utils::linearizability::WGLChecker;
use todc_utils::specifications::etcd::{EtcdSpecification, history_from_log};

fn main() {
    let sweep = histories::sweep();
    let mut times = Vec::new();
    let (mut unknown, mut overlaps, mut undecided) = (0, 0.0, 0);
    let mut seeds = 0..2_000;
    while times.len() < HISTORIES {
        let Some(seed) = seeds.next() else { break };
        let Some((history, open)) = histories::history(&sweep, seed) else { continue };
        let start = Instant::now();
        let limits = Limits { explain: false, ..Limits::default() };
        let report = linear::check("register", &history, Readings::default(), limits).expect("well-formed");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        unknown += open;
        overlaps += histories::overlap(&history);
        undecided += usize::from(matches!(report.verdict, Verdict::Unknown(_)));
        assert!(!matches!(report.verdict, Verdict::Violated(_)), "seed {seed} is not linearizable");
    }
    times.sort_by(f64::total_cmp);
    let count = times.len();
    println!(
        "{count} histories of {OPERATIONS} operations (of {} seeds), {:.1} open at once, {:.1} % unknown: median {:.1} ms, worst \
         {:.1} ms (wanted: 2,000); {undecided} undecided",
        seeds.start,
        overlaps / count as f64,
        unknown as f64 / (count * OPERATIONS) as f64 * 100.0,
        times[count / 2],
        times[count - 1]
    );
    of_etcd();
    raft();
}

const ROUNDS: usize = 9;

/// Porcupine took 0.52 s for these on such a machine, and a bare search with fingerprints of 128 bits 0.08 s.
fn of_etcd() {
    let logs = etcd::logs();
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    let (mut times, mut wrong) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = Instant::now();
        for log in &logs {
            let limits = Limits { explain: false, ..Limits::default() };
            let report = linear::check("cas-register", &log.history, readings, limits).expect("well-formed");
            let expected = if log.linearizable { Verdict::Satisfied } else { Verdict::Violated(None) };
            if round == 0 && report.verdict != expected {
                wrong.push(log.number);
            }
        }
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let operations: usize = logs.iter().map(|log| log.history.operations.len()).sum();
    println!(
        "{} logs of etcd, {operations} operations: {:.1} ms together (wanted: 173), other verdicts than known: {wrong:?}",
        logs.len(),
        times[ROUNDS / 2] * 1e3
    );
    assert!(wrong.is_empty());
    let histories: Vec<_> = logs.iter().map(|log| history_from_log(log.path.display().to_string())).collect();
    let start = Instant::now();
    let good =
        histories.into_iter().filter(|history| WGLChecker::<EtcdSpecification>::is_linearizable(history.clone()));
    println!("todc-utils' for the same: {} linearizable, {:.1} ms", good.count(), start.elapsed().as_secs_f64() * 1e3);
}

/// Raft's clients append and compare-and-set too, and its sweep leaves many operations with an end that nobody knows.
fn raft() {
    let times = [("retry-after", "40ms"), ("give-up-after", "600ms")];
    let profile = Profile {
        protocol: "raft".into(),
        parameters: times.map(|(name, time)| (name.to_owned(), ParamValue::Text(time.into()))).into(),
        drawn: Vec::new(),
        servers: ("server".into(), "n".into(), vec![3, 3, 4, 5]),
        clients: ("client".into(), "c".into(), vec![2, 3]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(4),
        settle: Micros::s(3),
        bound: Micros::ms(500),
    };
    let sweep = Sweep::new(profile, protocols::all()).expect("a good profile");
    let of_map = |op: &history::Operation| ["read", "write", "append", "cas"].contains(&op.f.as_str());
    let (mut decided, mut operations, mut open) = (0, 0, 0);
    let start = Instant::now();
    let seeds = 60;
    for seed in 0..seeds {
        let mut timeline = Timeline::new(
            sweep.blueprint(seed).expect("a good profile"),
            Watch { properties: false, hash: false },
            None,
        );
        timeline.advance(sweep.profile.ends_at(), u64::MAX);
        let history = history::record(&timeline.trace).filter(of_map);
        operations += history.operations.len();
        open += history.operations.iter().filter(|op| op.completed() == history::NEVER).count();
        let limits = Limits { steps: 300_000, bytes: 16 << 20, explain: false, ..Limits::GENEROUS };
        let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
        let report = linear::check("kv", &history, readings, limits).expect("well-formed");
        assert!(!matches!(report.verdict, Verdict::Violated(_)), "seed {seed} is not linearizable");
        if report.verdict == Verdict::Satisfied {
            decided += 1;
        } else {
            println!("  seed {seed}: {} operations, undecided at key {}", history.operations.len(), report.key);
            if let Ok(folder) = std::env::var("DUMP") {
                let key = history.filter(|op| op.key == report.key);
                std::fs::write(format!("{folder}/{seed}.jsonl"), history::write(&key)).expect("a folder to write to");
            }
        }
    }
    println!(
        "Raft's sweep: {decided} of {seeds} histories decided within 300,000 steps ({} operations each, {:.1} % unknown), in {:.2} s with their runs",
        operations / seeds as usize,
        f64::from(open as u32) / operations as f64 * 100.0,
        start.elapsed().as_secs_f64()
    );
}
