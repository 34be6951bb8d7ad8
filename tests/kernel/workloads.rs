//! Workloads and requests by hand, against closed forms of queueing theory.

use super::lab::{Lab, answers, get, put, rows, sentences, times};
use faultline::base::Micros;
use faultline::sim::timeline::Timeline;
use faultline::wire::{Outcome, RowKind};
use std::collections::BTreeMap;

const SERVICE_US: f64 = 10_000.0;
const THINK_US: f64 = 40_000.0;
/// There and back.
const TRAVEL_US: f64 = 4_000.0;

/// So many clients that think, ask and wait; the server takes an exponential time for each.
fn closed(clients: u16, seed: u64, until: Micros) -> Timeline {
    let slow = "slow = { node = \"n1\", service.exponential.mean = \"10ms\" }";
    let work =
        "workload = { client = \"client\", arrivals.closed.think.exponential.mean = \"40ms\", mix = { get = 1 } }";
    Lab { clients, seed, ..Lab::default() }.good(&[("0s", slow), ("0s", work)], until)
}

/// Operations ended, and the mean of how long they took in microseconds.
fn measured(timeline: &Timeline) -> (usize, f64) {
    let ended = rows(timeline, RowKind::Complete);
    let took = ended.iter().map(|rec| (rec.at - timeline.trace.completed(rec).3) as f64).sum::<f64>();
    (ended.len(), took / ended.len() as f64)
}

/// The interactive response time law, N = X (R + Z): Denning and Buzen, The operational analysis of queueing network
/// models, 1978, section 6. X and R are measured; Z is the scenario's, of which a run sees a sample.
#[test]
fn a_closed_loop_obeys_the_response_time_law() {
    let span = Micros::s(200);
    for clients in [1, 2, 5, 12] {
        let (ended, response) = measured(&closed(clients, 3, span));
        let throughput = ended as f64 / span.0 as f64;
        let n = throughput * (response + THINK_US);
        // Four deviations of the mean of so many exponential times, and the cycles that the ends of the run cut.
        let within = throughput * 4.0 * THINK_US / (ended as f64).sqrt() + 2.0 * f64::from(clients) / ended as f64;
        assert!(
            (n - f64::from(clients)).abs() < within,
            "N = {clients}: X (R + Z) = {n} ± {within}, {ended} operations"
        );
        assert!(within < 0.07 * f64::from(clients), "a loose bound shows nothing: {within}");
    }
}

/// N customers, one exponential server, and a delay (thinking, travelling) of any distribution: the machine repair
/// model. Idle with p0 = 1 / Σ N! / (N - k)! (S / D)^k.
#[test]
fn a_closed_loop_has_the_throughput_of_the_machine_repair_model() {
    let span = Micros::s(200);
    for clients in [1, 2, 5, 12] {
        let (mut sum, mut term) = (1.0, 1.0);
        for k in 0..clients {
            term *= f64::from(clients - k) * SERVICE_US / (THINK_US + TRAVEL_US);
            sum += term;
        }
        let expected = (1.0 - 1.0 / sum) / SERVICE_US * span.0 as f64;
        let (ended, _) = measured(&closed(clients, 3, span));
        // Departures are less spread than a Poisson process of their rate.
        assert!(
            (ended as f64 - expected).abs() < 4.0 * expected.sqrt(),
            "N = {clients}: {ended}, by the model {expected}"
        );
    }
}

#[test]
fn a_constant_thinking_time_passes_after_each_answer() {
    let work = "workload = { client = \"c1\", arrivals.closed.think.constant = \"7ms\", mix = { get = 1 } }";
    let timeline = Lab::default().good(&[("100ms", work)], Micros::s(1));
    let begun = times(&timeline, RowKind::Invoke, 1);
    let expected: Vec<u64> = (0..).map(|i| 107_000 + i * 11_000).take_while(|at| *at <= 1_000_000).collect();
    assert_eq!(begun, expected, "4 ms for the answer, 7 ms of thought");
    assert!(times(&timeline, RowKind::Invoke, 2).is_empty(), "the other client rests");
}

#[test]
fn a_workload_ends_at_its_limit() {
    for arrivals in ["closed.think.constant = \"1ms\"", "open.rate = 500.0"] {
        let work =
            format!("workload = {{ client = \"client\", arrivals.{arrivals}, mix = {{ put = 1 }}, limit = 37 }}");
        let timeline = Lab::default().good(&[("0s", &work)], Micros::s(60));
        for client in [1, 2] {
            assert_eq!(answers(&timeline, client).len(), 37, "{arrivals}: each client's");
        }
        let last = rows(&timeline, RowKind::Complete).last().map(|rec| rec.at);
        assert!(last.is_some_and(|at| at < 1_000_000), "a minute later they have long been quiet");
    }
}

#[test]
fn a_new_workload_replaces_the_old_and_off_ends_it() {
    let of = |f: &str| format!("workload = {{ client = \"c1\", arrivals.open.rate = 100.0, mix = {{ {f} = 1 }} }}");
    let (gets, puts) = (of("get"), of("put"));
    let off = "workload = { client = \"c1\", arrivals = \"off\", mix = {} }";
    let timeline = Lab::default().good(&[("0s", &gets), ("2s", &puts), ("4s", off)], Micros::s(6));
    let mut counts: BTreeMap<(u64, String), usize> = BTreeMap::new();
    for rec in rows(&timeline, RowKind::Complete) {
        let (op, _, _, begun) = timeline.trace.completed(&rec);
        *counts.entry((begun / 2_000_000, op.f.to_string())).or_default() += 1;
    }
    let kinds: Vec<(u64, &str)> = counts.keys().map(|(span, f)| (*span, f.as_str())).collect();
    assert_eq!(kinds, [(0, "get"), (1, "put")]);
    // 200 are expected of each; four deviations.
    assert!(counts.values().all(|n| n.abs_diff(200) < 57), "{counts:?}");
    let words = sentences(&timeline, RowKind::Command);
    assert_eq!(words, ["c1 asks 100 times a second", "c1 asks 100 times a second", "c1 stops asking by itself"]);
}

#[test]
fn the_mix_is_drawn_by_its_weights() {
    let work = "workload = { client = \"c1\", arrivals.closed.think.constant = \"1ms\", mix = { get = 9, put = 1 } }";
    let timeline = Lab::default().good(&[("0s", work)], Micros::s(60));
    let ended = rows(&timeline, RowKind::Complete);
    let puts = ended.iter().filter(|rec| timeline.trace.completed(rec).0.f == "put").count();
    let (n, share) = (ended.len() as f64, puts as f64 / ended.len() as f64);
    assert!(n > 10_000.0 && (share - 0.1).abs() < 4.0 * (0.09 / n).sqrt(), "{share} of {n} are puts");
}

#[test]
fn a_request_by_hand_begins_at_once_and_is_caused_by_its_command() {
    let (one, two) = (put("c1", "x", 5), get("c2", "x"));
    let timeline = Lab::default().good(&[("10ms", &one), ("20ms", &two)], Micros::ms(50));
    let begun = rows(&timeline, RowKind::Invoke);
    assert_eq!(
        begun.iter().map(|rec| (rec.at, rec.op().to_string())).collect::<Vec<_>>(),
        [(10_000, "1?1".into()), (20_000, "2?1".into())]
    );
    for rec in &begun {
        assert_eq!(rec.cause().map(|row| timeline.trace.get(row).kind), Some(RowKind::Command));
    }
    assert_eq!(sentences(&timeline, RowKind::Command), ["You make c1 ask for put x=5", "You make c2 ask for get x"]);
    assert_eq!(answers(&timeline, 2).len(), 1);
    let crash = [("1ms", "crash.node = \"c1\""), ("2ms", &one)];
    assert_eq!(Lab::default().run(&crash, Micros::ms(9)).refused[1].as_deref(), Some("c1 is down"));
}

/// A client that crashes leaves its operation unknown, and asks on after its restart.
#[test]
fn a_closed_loop_goes_on_after_a_crash() {
    let work = "workload = { client = \"c1\", arrivals.closed.think.constant = \"6ms\", mix = { get = 1 } }";
    let commands = [("0s", work), ("107ms", "crash.node = \"c1\""), ("200ms", "restart.node = \"c1\"")];
    let timeline = Lab::default().good(&commands, Micros::ms(300));
    let ended = answers(&timeline, 1);
    let unknown: Vec<u64> = ended.iter().filter(|(_, outcome, _)| *outcome == Outcome::Unknown).map(|e| e.0).collect();
    assert_eq!(unknown, [107_000], "asked for at 106 ms");
    let begun = times(&timeline, RowKind::Invoke, 1);
    assert!(begun.iter().all(|at| !(107_000..200_000).contains(at)));
    assert!(begun.iter().filter(|at| **at >= 200_000).count() >= 9, "{begun:?}");
}
