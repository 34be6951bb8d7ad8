//! Disks: what a sync delays, what a crash loses, and what a lying disk loses.

use super::lab::{Lab, answers, broken, get, put, rows, sentences, times};
use faultline::base::Micros;
use faultline::wire::{Datum, Outcome, RowKind};

const SLOW: Lab = Lab {
    protocol: "kv-single",
    servers: ("server", 1),
    clients: 2,
    seed: 11,
    parameters: "retry-after = \"60s\", give-up-after = \"600s\"",
    network: "latency.constant = \"2ms\"",
    disk: "constant = \"5ms\"",
};

#[test]
fn a_sync_delays_what_comes_after_it_and_queues_messages_meanwhile() {
    let timeline = SLOW.good(&[("10ms", &put("c1", "x", 7)), ("11ms", &get("c2", "x"))], Micros::ms(50));
    assert_eq!(times(&timeline, RowKind::Write, 0), [12_000]);
    assert_eq!(times(&timeline, RowKind::Synced, 0), [17_000]);
    // The acknowledgement waits for the sync, and so does the get, which then sees the value.
    assert_eq!(times(&timeline, RowKind::Queued, 0), [13_000]);
    assert_eq!(sentences(&timeline, RowKind::Queued), ["Get x from c2 waits: n1 waits for its disk"]);
    assert_eq!(times(&timeline, RowKind::Deliver, 0), [12_000, 17_000]);
    assert_eq!(times(&timeline, RowKind::Send, 0), [17_000, 17_000]);
    assert_eq!(answers(&timeline, 1), [(19_000, Outcome::Ok, Datum::None)]);
    assert_eq!(answers(&timeline, 2), [(19_000, Outcome::Ok, Datum::Int(7))]);
}

#[test]
fn what_comes_before_a_sync_does_not_wait_for_it() {
    let parameters = "retry-after = \"60s\", give-up-after = \"600s\", bug-ack-before-sync = true";
    let timeline = Lab { parameters, ..SLOW }.good(&[("10ms", &put("c1", "x", 7))], Micros::ms(50));
    assert_eq!(times(&timeline, RowKind::Send, 0), [12_000]);
    assert_eq!(times(&timeline, RowKind::Synced, 0), [17_000]);
}

#[test]
fn every_sync_takes_its_own_time() {
    let lab = Lab { disk: "uniform = { min = \"1ms\", max = \"9ms\" }", ..SLOW };
    let work = "workload = { client = \"c1\", arrivals.closed.think.constant = \"1ms\", mix = { put = 1 } }";
    let timeline = lab.good(&[("0s", work)], Micros::s(20));
    let (begun, ended) = (times(&timeline, RowKind::Write, 0), times(&timeline, RowKind::Synced, 0));
    let took: Vec<u64> = begun.iter().zip(&ended).map(|(begun, ended)| ended - begun).collect();
    assert!(took.len() > 1_500 && took.iter().all(|time| (1_000..=9_000).contains(time)));
    let mean = took.iter().sum::<u64>() as f64 / took.len() as f64;
    // The deviation of a uniform draw is its width by the root of 12.
    let four_sigma = 4.0 * 8_000.0 / (12.0 * took.len() as f64).sqrt();
    assert!((mean - 5_000.0).abs() < four_sigma, "{mean}");
}

#[test]
fn a_changed_disk_counts_from_the_next_sync_on() {
    let faster = "disk = { node = \"n1\", sync.constant = \"1ms\" }";
    let commands = [("10ms", &put("c1", "x", 1)[..]), ("13ms", faster), ("30ms", &put("c1", "x", 2)[..])];
    let timeline = SLOW.good(&commands, Micros::ms(50));
    assert_eq!(times(&timeline, RowKind::Synced, 0), [17_000, 33_000]);
}

#[test]
fn a_paused_node_learns_of_its_sync_when_it_resumes() {
    let commands =
        [("10ms", &put("c1", "x", 7)[..]), ("14ms", "pause.node = \"n1\""), ("30ms", "resume.node = \"n1\"")];
    let timeline = SLOW.good(&commands, Micros::ms(50));
    assert_eq!(times(&timeline, RowKind::Queued, 0), [17_000]);
    assert_eq!(sentences(&timeline, RowKind::Queued), ["n1's disk finished a sync while n1 is paused"]);
    assert_eq!(
        (times(&timeline, RowKind::Synced, 0), times(&timeline, RowKind::Send, 0)),
        (vec![30_000], vec![30_000])
    );
}

/// A put at 10 ms that is on disk at 17 ms, a crash, a restart at 40 ms and a get.
fn crashed_at(at: &str) -> faultline::sim::timeline::Timeline {
    let (put, get) = (put("c1", "x", 7), get("c2", "x"));
    let commands = [("10ms", &put[..]), (at, "crash.node = \"n1\""), ("40ms", "restart.node = \"n1\""), ("50ms", &get)];
    SLOW.good(&commands, Micros::ms(100))
}

#[test]
fn a_crash_loses_what_was_not_synced_and_nothing_else() {
    let during = crashed_at("16999us");
    assert_eq!(answers(&during, 2), [(54_000, Outcome::Ok, Datum::None)]);
    assert!(times(&during, RowKind::Synced, 0).is_empty(), "the sync under way is void");
    assert!(answers(&during, 1).is_empty() && broken(&during).is_empty(), "nobody was promised anything");
    let after = crashed_at("17001us");
    assert_eq!(answers(&after, 2), [(54_000, Outcome::Ok, Datum::Int(7))]);
    assert_eq!(answers(&after, 1), [(19_000, Outcome::Ok, Datum::None)]);
}

#[test]
fn a_lying_disk_loses_what_it_acknowledged() {
    let lies = "disk = { node = \"n1\", sync.constant = \"5ms\", lies = true }";
    let honest = "disk = { node = \"n1\", sync.constant = \"5ms\" }";
    let (one, two, get) = (put("c1", "x", 1), put("c1", "x", 2), get("c2", "x"));
    let crash = [("60ms", "crash.node = \"n1\""), ("70ms", "restart.node = \"n1\""), ("80ms", &get[..])];
    let lied = [&[("6ms", &one[..]), ("20ms", lies), ("30ms", &two)], &crash[..]].concat();
    let timeline = SLOW.good(&lied, Micros::ms(100));
    // It takes as long as an honest one, and the client believes it.
    assert_eq!(answers(&timeline, 1), [(15_000, Outcome::Ok, Datum::None), (39_000, Outcome::Ok, Datum::None)]);
    assert_eq!(answers(&timeline, 2), [(84_000, Outcome::Ok, Datum::Int(1))], "kept to the last true sync");
    assert!(broken(&timeline).contains(&"acknowledged writes survive"), "{:?}", broken(&timeline));
    let synced: Vec<String> =
        sentences(&timeline, RowKind::Synced).into_iter().filter(|s| s.starts_with("n1")).collect();
    assert_eq!(
        synced,
        [
            "n1's disk finished a sync: what was written is durable",
            "n1's disk lied: it said that a sync was finished, and kept nothing",
        ]
    );
    let commands = sentences(&timeline, RowKind::Command);
    assert!(commands.contains(&"n1's disk takes 5 ms for a sync, and acknowledges syncs that it does not make".into()));
    // One honest sync later keeps everything that was written by then.
    let three = put("c1", "y", 3);
    let honest_again = [&lied[..3], &[("45ms", honest), ("46ms", &three[..])], &crash[..]].concat();
    let timeline = SLOW.good(&honest_again, Micros::ms(100));
    assert_eq!(answers(&timeline, 2), [(84_000, Outcome::Ok, Datum::Int(2))]);
    assert!(rows(&timeline, RowKind::Violation).len() <= 1);
}

#[test]
fn times_that_could_overflow_are_refused() {
    for command in [
        "disk = { node = \"n1\", sync.constant = \"10000h\" }",
        "slow = { node = \"n1\", service.uniform = { min = \"0s\", max = \"10000h\" } }",
        "link = { latency.normal = { mean = \"1s\", sd = \"10000h\" } }",
    ] {
        // Whatever the run is like by then: a scenario cannot hold it.
        let why = SLOW.read(&[("1ms", command)]).err().expect("too long");
        assert!(why.starts_with("lab.toml:"), "{why}");
        assert!(why.ends_with(": 36000000 s is too long: times are up to 32000000 s"), "{command}: {why}");
    }
    let error = Lab { disk: "constant = \"10000h\"", ..SLOW }.read(&[]).err().expect("too long");
    assert_eq!(error, "lab.toml:6: 36000000 s is too long: times are up to 32000000 s");
}
