//! What heartbeats measure against closed forms.

use super::lab::{head, read, run_seed, sentences};
use faultline::base::Micros;
use faultline::wire::RowKind;

fn members(count: u16, parameters: &str, more: &str) -> String {
    let nodes = format!("{{ name = \"n\", role = \"member\", count = {count} }}");
    head("detector", &nodes, &format!("parameters = {{ {parameters} }}\n{more}"))
}

fn noted(text: &str, seed: u64, until: Micros, words: &str) -> Vec<Micros> {
    let timeline = run_seed(&read(text), seed, until);
    assert!(timeline.head().broken.iter().all(Option::is_none), "seed {seed}");
    let rows = sentences(&timeline);
    rows.iter().filter(|(_, kind, s)| *kind == RowKind::Note && s.contains(words)).map(|(at, ..)| *at).collect()
}

/// The last heartbeat before a crash was sent up to one interval earlier, evenly: detection takes the time-out and the
/// latency, less a time uniform between 0 and the interval (Chen, Toueg, Aguilera, section 3: T_D ≤ η + the time-out).
#[test]
fn a_crash_is_found_within_the_time_out_less_half_an_interval_on_average() {
    let crash = Micros::ms(2_000);
    let text =
        members(2, "interval = \"100ms\", time-out = \"300ms\"", "[[commands]]\nat = \"2s\"\ndo.crash.node = \"n2\"\n");
    let mut times = Vec::new();
    for seed in 1..=400 {
        let found = noted(&text, seed, Micros::s(3), "declares dead: n2");
        assert_eq!(found.len(), 1, "seed {seed}");
        times.push(found[0].since(crash).0 as f64);
    }
    let (least, most) = (times.iter().copied().fold(f64::MAX, f64::min), times.iter().copied().fold(0.0, f64::max));
    // What is on its way at the crash still arrives.
    assert!(least >= 210_000.0 && most <= 310_000.0, "{least} to {most}");
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let error = 100_000.0 / 12f64.sqrt() / (times.len() as f64).sqrt();
    println!("detection takes {mean:.0} us, expected 260000, standard error {error:.0}");
    assert!((mean - 260_000.0).abs() < 4.0 * error, "{mean}");
}

/// With a time-out of k intervals and a half, whoever lives is declared dead when k heartbeats in a row are lost: of n sent
/// each run of losses of length k or more counts once, so (n - k) p^k (1 - p), near enough.
#[test]
fn false_alarms_are_as_frequent_as_theory_says() {
    for (k, loss) in [(1u32, 0.05), (2, 0.2)] {
        let time_out = k * 100 + 50;
        let parameters = format!("interval = \"100ms\", time-out = \"{time_out}ms\"");
        let text = members(2, &parameters, &format!("[[commands]]\nat = \"0s\"\ndo.link.loss = {loss}\n"));
        let (mut alarms, seconds, runs) = (0, 60u64, 20u64);
        for seed in 1..=runs {
            alarms += noted(&text, seed, Micros::s(seconds), "declares dead").len();
        }
        let sent = (seconds * 10 * runs * 2) as f64;
        let expected = sent * f64::powi(loss, k as i32) * (1.0 - loss);
        let error = expected.sqrt();
        println!("{k} in a row of loss {loss}: {alarms} alarms, expected {expected:.0} ± {error:.0}");
        assert!((alarms as f64 - expected).abs() < 4.0 * error + 2.0 * runs as f64, "{alarms}, expected {expected}");
    }
}

/// Among n members each sends to each: n (n - 1) heartbeats an interval.
#[test]
fn heartbeats_grow_with_the_square() {
    for n in [3u64, 6, 12] {
        let timeline = run_seed(&read(&members(n as u16, "interval = \"100ms\"", "")), 1, Micros::s(10));
        let (sent, expected) = (timeline.head().counters.sent, n * (n - 1) * 100);
        assert!(sent <= expected && sent >= expected * 98 / 100, "{sent} of {expected} among {n}");
    }
}

/// φ bears more where intervals deviate more, and a crash is found nonetheless.
#[test]
fn phi_follows_the_network() {
    let crash = "[[commands]]\nat = \"20s\"\ndo.crash.node = \"n2\"\n";
    let rough = "[[commands]]\nat = \"0s\"\ndo.link.latency.normal = { mean = \"100ms\", sd = \"40ms\" }\n";
    let time = |more: &str, seed| {
        let found = noted(&members(2, "mode = \"phi\"", more), seed, Micros::s(24), "declares dead: n2");
        found.last().expect("it is found").since(Micros::s(20)).0
    };
    for seed in 1..=10 {
        let (calm, rough) = (time(crash, seed), time(&format!("{rough}{crash}"), seed));
        assert!(calm < 200_000 && rough > 250_000 && rough < 700_000, "seed {seed}: {calm} and {rough}");
    }
}
