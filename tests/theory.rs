//! The closed forms that lessons draw beside their measurements, held to runs. `tests/measures.rs` holds the one of split
//! votes, `tests/swim.rs` that of false suspicions, `tests/load` that of a queue. The universal scalability law has no run
//! here: it is a fit, and only its values are tested.

use faultline::base::Micros;
use faultline::lesson::meter::Quantity;
use faultline::lesson::{GoalRun, runner, theory};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::wire::{RowKind, SourceFile};

fn blueprint(text: &str) -> Blueprint {
    let text = format!("version = 1\n{text}");
    Blueprint::read(&SourceFile { name: "theory.toml".into(), text }, protocols::all()).expect("a good scenario")
}

/// The mean is what is expected, within four standard errors, which are small beside it.
fn agrees(what: &str, values: &[f64], expected: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    println!("{what}: {mean:.4}, expected {expected:.4}, standard error {error:.4}");
    assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean}, expected {expected}, standard error {error}");
    assert!(error < 0.1 * expected.max(0.05), "{what}: standard error {error} says too little");
}

/// Five machines that crash and return by chance: for which share of the time at least k of them are up.
#[test]
fn as_many_are_up_as_the_binomial_says() {
    const HOUR: u64 = 3_600_000_000;
    let (up, down) = (Micros::s(6), Micros::s(2));
    let plain =
        blueprint("protocol = \"majority-register\"\nnodes = [{ name = \"n\", role = \"replica\", count = 5 }]");
    let names: Vec<Vec<String>> = (1..=5).map(|i| vec![format!("n{i}")]).collect();
    let share = |seed: u64| -> Vec<f64> {
        let seeded = plain.with_seed(seed);
        let outages = runner::failures(&seeded, &names, up, down, Micros(HOUR), 0);
        let run = runner::with_commands(&seeded, runner::carry_out(outages));
        let done = runner::run(run, Micros(HOUR), GoalRun::default()).expect("it runs");
        let (mut count, mut since, mut shares) = (0usize, 0u64, vec![0u64; 6]);
        for row in done.trace().rows().iter().filter(|row| matches!(row.kind, RowKind::Boot | RowKind::Crash)) {
            shares[count] += row.at - since;
            since = row.at;
            if row.kind == RowKind::Boot { count += 1 } else { count -= 1 }
        }
        shares[count] += HOUR - since;
        (0..=5).map(|k| shares[k..].iter().sum::<u64>() as f64 / HOUR as f64).collect()
    };
    let runs: Vec<Vec<f64>> = (1..=12).map(share).collect();
    for k in 1..=5usize {
        let values: Vec<f64> = runs.iter().map(|run| run[k]).collect();
        agrees(&format!("{k} of 5"), &values, theory::k_of_n(k as f64, 5.0, 0.75));
    }
}

/// A put that `write` of five replicas have, and the others cannot get; then a get that asks `read` at random.
#[test]
fn reads_miss_writes_as_often_as_quorums_do_not_meet() {
    for (read, write) in [(1u32, 1u32), (1, 3), (2, 2), (3, 3)] {
        let text = format!(
            "protocol = \"quorum-store\"\nnetwork.latency.exponential.mean = \"4ms\"\n\
             parameters = {{ coordinator = \"client\", replication = 5, read-quorum = {read}, write-quorum = {write}, sloppy-quorum = false, \
             hinted-handoff = false, read-repair = false, anti-entropy = false, suspect-after = \"2s\", give-up-after = \"5s\" }}\n\
             nodes = [{{ name = \"n\", role = \"replica\", count = 5 }}, {{ name = \"c\", role = \"client\", count = 2 }}]\n"
        );
        let commands: String = (write + 1..=5)
            .map(|n| {
                format!(
                    "[[commands]]\nat = \"0s\"\ndo.cut = {{ name = \"c1 | n{n}\", from = [\"c1\"], to = [\"n{n}\"] }}\n"
                )
            })
            .collect();
        let asked = "[[commands]]\nat = \"1ms\"\ndo.request = { client = \"c1\", op = { f = \"put\", key = \"x\", value.int = 1 } }\n\
                     [[commands]]\nat = \"2s\"\ndo.request = { client = \"c2\", op = { f = \"get\", key = \"x\" } }\n";
        let plain = blueprint(&(text + &commands + asked));
        let stale = |seed: u64| {
            let done = runner::run(plain.with_seed(seed), Micros::s(4), GoalRun::default()).expect("it runs");
            assert_eq!(done.meter.value(Quantity::OpsOk, None), Some(2.0), "seed {seed}");
            done.meter.value(Quantity::ReadsBehind, None).expect("there was a read")
        };
        let values: Vec<f64> = (0..600).map(stale).collect();
        let expected = theory::quorum_staleness(5.0, f64::from(read), f64::from(write));
        if expected == 0.0 {
            assert!(values.iter().all(|value| *value == 0.0), "quorums that meet miss nothing");
        } else {
            agrees(&format!("read {read}, write {write}"), &values, expected);
        }
    }
}

/// Six members under independent loss, with a time-out halfway between two heartbeats: a mistake takes one that is heard and
/// then `missed` that are lost.
#[test]
fn living_members_are_declared_dead_as_often_as_heartbeats_are_lost_in_a_row() {
    const SECONDS: u64 = 20;
    for (loss, missed) in [(0.05f64, 1u32), (0.1, 2), (0.2, 2), (0.2, 3), (0.4, 4)] {
        let text = format!(
            "protocol = \"detector\"\nnetwork.latency.constant = \"10ms\"\n\
             parameters = {{ mode = \"heartbeat\", interval = \"100ms\", time-out = \"{}ms\" }}\n\
             nodes = [{{ name = \"m\", role = \"member\", count = 6 }}]\n\
             [[commands]]\nat = \"0s\"\ndo.link = {{ loss = {loss:?} }}\n",
            100 * missed + 50
        );
        let plain = blueprint(&text);
        let rate = |seed: u64| {
            let run = plain.with_seed(seed);
            let done = runner::run(run, Micros::s(SECONDS), GoalRun::default()).expect("it runs");
            done.meter.value(Quantity::FalsePerMinute, None).expect("somebody was declared dead")
        };
        let values: Vec<f64> = (0..40).map(rate).collect();
        let expected = theory::missed_heartbeats(loss, f64::from(missed), 100.0, 30.0);
        agrees(&format!("loss {loss}, {missed} missed"), &values, expected);
    }
}
