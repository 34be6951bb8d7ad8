//! What SWIM measures against the closed forms of its paper (Das, Gupta, Motivala, DSN 2002, sections 3.1, 4.1 and 4.3).

use faultline::base::Micros;
use faultline::lesson::theory;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{RowKind, SourceFile};

const SEEDS: u64 = 1_000;
/// Of a protocol period and of a message, in microseconds.
const PERIOD_US: u64 = 200_000;
const LATENCY_US: u64 = 1_000;

/// Members without clients; every link takes 1 ms.
fn scenario(members: u64, parameters: &str, more: &str) -> Blueprint {
    let text = format!(
        "version = 1\nprotocol = \"swim\"\nnetwork.latency.constant = \"1ms\"\ndisk.constant = \"0us\"\n\
         nodes = [{{ name = \"n\", role = \"member\", count = {members} }}]\nparameters = {{ {parameters} }}\n{more}"
    );
    Blueprint::read(&SourceFile { name: "swim.toml".into(), text }, protocols::all()).expect("a good scenario")
}

fn crash_at(at_us: u64) -> String {
    format!("[[commands]]\nat = \"{at_us}us\"\ndo.crash.node = \"n1\"\n")
}

fn run(blueprint: &Blueprint, seed: u64, until_us: u64) -> Timeline {
    let mut timeline = Timeline::new(blueprint.with_seed(seed), Watch { properties: true, hash: false }, None);
    timeline.advance(Micros(until_us), u64::MAX);
    assert!(timeline.head().broken.iter().all(Option::is_none), "seed {seed}");
    timeline
}

/// When members noted something that contains the text, in microseconds.
fn noted(timeline: &Timeline, text: &str) -> Vec<u64> {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader =
        Reader { trace, setup: &world.setup, machine: &*world.machine, properties: &world.describe.properties };
    let notes = trace.rows().iter().filter(|rec| rec.kind == RowKind::Note && reader.sentence(rec).contains(text));
    notes.map(|rec| rec.at).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean is what is expected, within four standard errors.
fn agrees(what: &str, values: &[f64], expected: f64) {
    let mean = mean(values);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    let error = (variance / values.len() as f64).sqrt();
    println!("{what}: {mean:.4}, expected {expected:.4}, standard error {error:.4}");
    assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean}, expected {expected}, standard error {error}");
}

/// Each of m = n - 1 members picks the dead one with probability q = 1/m in a period, at a moment of its own: none has
/// within t periods with probability ((1 - q)^⌊t⌋ (1 - q (t - ⌊t⌋)))^m. So whole periods are geometric, with the mean
/// 1/(1 - (1 - q)^m), which tends to e/(e - 1) (section 3.1); and the time itself has the integral of that as its mean.
#[test]
fn the_first_random_probe_of_the_dead_comes_after_e_over_e_minus_1_periods() {
    for n in [4, 10, 30] {
        let crash = 3 * PERIOD_US;
        let blueprint = scenario(n, "targets = \"random\", suspicion = false", &crash_at(crash));
        let (mut periods, mut times) = (Vec::new(), Vec::new());
        for seed in 0..SEEDS {
            let timeline = run(&blueprint, seed, crash + 20 * PERIOD_US);
            let first = noted(&timeline, "declares dead: n1")[0];
            // A ping on its way at the crash is lost, too; its sender declares one period after it was sent.
            let t = (first - PERIOD_US + LATENCY_US - crash) as f64 / PERIOD_US as f64;
            times.push(t);
            periods.push(t.floor() + 1.0);
        }
        let m = (n - 1) as f64;
        let (none, hits) = ((1.0 - 1.0 / m).powf(m), 1.0 - (1.0 - 1.0 / m).powf(m + 1.0));
        agrees(&format!("whole periods, n = {n}"), &periods, 1.0 / (1.0 - none));
        agrees(&format!("periods, n = {n}"), &times, hits * m / (m + 1.0) / (1.0 - none));
    }
}

/// With targets in turn every member finds out by itself within 2n - 1 periods (section 4.3), some by a probe that comes
/// nearly as late; at random some take longer.
#[test]
fn targets_in_turn_bound_the_time_to_detection() {
    // One probe into a round of four.
    let (n, crash) = (5, 21 * PERIOD_US);
    let latest = |targets: &str| {
        let parameters = format!("targets = \"{targets}\", suspicion = false, gossip-max = 0, reconnect-every = 0");
        let blueprint = scenario(n, &parameters, &crash_at(crash));
        let latest = (0..SEEDS).map(|seed| {
            let found = noted(&run(&blueprint, seed, crash + 60 * PERIOD_US), "declares dead: n1");
            assert!(found.len() == n as usize - 1, "seed {seed}: all others find out: {found:?}");
            (found[found.len() - 1] - crash) as f64 / PERIOD_US as f64
        });
        latest.fold(0.0, f64::max)
    };
    let (turns, random) = (latest("round-robin"), latest("random"));
    println!("latest of {SEEDS} seeds: {turns:.2} periods in turn, {random:.2} at random");
    let bound = (2 * n - 1) as f64;
    assert!(turns <= bound && turns > bound - 3.0 && random > bound, "{turns}, {random}, bound {bound}");
}

/// With loss p a ping and its ack both arrive with probability (1 - p)², by way of one helper with (1 - p)⁴; all k fail
/// independently (section 3.1, where nodes are up). The first probe of each member counts.
#[test]
fn false_suspicions_come_as_often_as_messages_are_lost() {
    for (loss, k) in [(0.1f64, 0), (0.1, 1), (0.3, 1), (0.3, 3), (0.5, 3)] {
        let (n, parameters) = (8, format!("helpers = {k}, gossip-max = 0"));
        let link = format!("[[commands]]\nat = \"0s\"\ndo.link = {{ loss = {loss:?} }}\n");
        let blueprint = scenario(n, &parameters, &link);
        let share = |seed| noted(&run(&blueprint, seed, 2 * PERIOD_US - 1), "suspects:").len() as f64 / n as f64;
        let shares: Vec<f64> = (0..SEEDS).map(share).collect();
        agrees(&format!("loss {loss}, k = {k}"), &shares, theory::false_suspicion(loss, f64::from(k)));
    }
}

/// An epidemic: with twice the members news needs at most one period more, although some might find out by themselves.
#[test]
fn news_spreads_in_logarithmic_time() {
    let crash = 3 * PERIOD_US;
    let spread = |n: u64| {
        let blueprint = scenario(n, "suspicion = false, gossip-factor = 4", &crash_at(crash));
        let times = (0..SEEDS / 4).map(|seed| {
            let found = noted(&run(&blueprint, seed, crash + 30 * PERIOD_US), "declares dead: n1");
            assert_eq!(found.len() as u64, n - 1, "seed {seed}");
            (found[found.len() - 1] - found[0]) as f64 / PERIOD_US as f64
        });
        mean(&times.collect::<Vec<_>>())
    };
    let sizes = [8, 16, 32, 64];
    let times = sizes.map(spread);
    println!("periods until all know, of {sizes:?}: {times:.2?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] < 1.0), "{times:?}");
    assert!(times[3] < 7.0, "64 members: {times:?}, log₂ 65 is 6.02");
}

/// A member sends one ping and, on average, one ack a period, however many members there are.
#[test]
fn load_does_not_depend_on_the_number_of_members() {
    for n in [4, 16, 64] {
        let blueprint = scenario(n, "", "");
        let periods = 50;
        // The last pings sent have not been answered when the run stops.
        let timeline = run(&blueprint, 1, periods * PERIOD_US);
        let sent = timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Send).count() as u64;
        assert!(sent <= 2 * n * periods && sent >= 2 * n * periods - n, "{n} members sent {sent}");
    }
}
