//! What an operation costs, against closed forms: time and messages in runs without failures.

use faultline::base::{Micros, codec};
use faultline::protocols;
use faultline::protocols::causal_broadcast::Message;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Outcome, RowKind, SourceFile};

struct Costs {
    /// Of each put and each get, in microseconds.
    puts: Vec<f64>,
    gets: Vec<f64>,
    messages: u64,
}

/// One client that asks again and again; `network` is TOML, `commands` may shape single links.
fn costs(protocol: &str, role: &str, servers: u16, network: &str, more: &str, ops: u32) -> Costs {
    let text = format!(
        r#"
version = 1
title = "costs"
protocol = "{protocol}"
seed = 3
parameters = {{ retry-after = "60s", give-up-after = "600s" }}
network = {network}
disk.constant = "700us"
nodes = [{{ name = "n", role = "{role}", count = {servers} }}, {{ name = "c1", role = "client" }}]

{more}

[[commands]]
at = "10ms"
do.request = {{ client = "c1", op = {{ f = "put", key = "x", value.int = 1 }} }}

[[commands]]
at = "2s"
do.workload = {{ client = "c1", arrivals.closed.think.constant = "300ms", mix = {{ get = 1, put = 1 }}, limit = {ops} }}
"#
    );
    let file = SourceFile { name: "costs.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::s(2 + u64::from(ops)), u64::MAX);
    let mut costs = Costs { puts: Vec::new(), gets: Vec::new(), messages: 0 };
    let from = timeline.trace.first_after(Micros::s(2));
    for rec in &timeline.trace.rows()[from as usize..] {
        match rec.kind {
            RowKind::Send => costs.messages += 1,
            RowKind::Complete => {
                let (op, outcome, _, begun) = timeline.trace.completed(rec);
                assert_eq!(outcome, Outcome::Ok);
                let list = if op.f == "put" { &mut costs.puts } else { &mut costs.gets };
                list.push((rec.at - begun) as f64);
            }
            _ => {}
        }
    }
    assert_eq!(costs.puts.len() + costs.gets.len(), ops as usize);
    costs
}

/// With constant link latency L and sync time s: one server takes 2L + s for a put and 2L for a get, in 2 messages; the
/// register takes 4L + s and 4L (the write-back finds the tag there and need not sync), in 4 N messages.
#[test]
fn constant_latency_gives_exact_times() {
    let network = "{ latency.constant = \"4ms\" }";
    let one = costs("kv-single", "server", 1, network, "", 100);
    assert!(one.puts.iter().all(|t| *t == 8_700.0) && one.gets.iter().all(|t| *t == 8_000.0));
    assert_eq!(one.messages, 2 * 100);
    for n in [1, 3, 5, 7] {
        let many = costs("majority-register", "replica", n, network, "", 100);
        assert!(many.puts.iter().all(|t| *t == 16_700.0) && many.gets.iter().all(|t| *t == 16_000.0), "{n} replicas");
        assert_eq!(many.messages, 4 * u64::from(n) * 100);
    }
}

/// Harmonic-like sums: the k-th smallest of n exponential times of mean 1 has mean Σ 1/i and variance Σ 1/i², for i from
/// n−k+1 to n (Rényi 1953).
fn order_statistic(k: u16, n: u16) -> (f64, f64) {
    let terms = (n - k + 1..=n).map(f64::from);
    (terms.clone().map(|i| 1.0 / i).sum(), terms.map(|i| 1.0 / (i * i)).sum())
}

/// Questions take 1 ms, answers 1 ms and an exponential time of mean 5 ms: a phase ends with the majority's last answer,
/// so its mean is 2 ms + 5 ms × an order statistic.
#[test]
fn random_latency_agrees_with_order_statistics() {
    let network = "{ latency.constant = \"1ms\" }";
    let ops = 4_000;
    for n in [1u16, 3, 5, 9] {
        let answers = "[[commands]]\nat = \"0s\"\ndo.link = { from = [\"replica\"], to = [\"client\"], one_way = true, \
                       latency.exponential = { min = \"1ms\", mean = \"5ms\" } }";
        let costs = costs("majority-register", "replica", n, network, answers, ops);
        let (mean, variance) = order_statistic(n / 2 + 1, n);
        for (what, times, sync) in [("put", &costs.puts, 700.0), ("get", &costs.gets, 0.0)] {
            let expected = 2.0 * (2_000.0 + 5_000.0 * mean) + sync;
            let measured = times.iter().sum::<f64>() / times.len() as f64;
            let error = 4.0 * (2.0 * 5_000.0 * 5_000.0 * variance / times.len() as f64).sqrt() + 1.0;
            println!("{n} replicas, {what}: {measured:.0} us, expected {expected:.0} ± {error:.0}");
            assert!((measured - expected).abs() < error, "{n} replicas: {what} takes {measured}, expected {expected}");
        }
    }
}

/// A run of posts by one of n members, 50 of them one after the other: their times, and the bytes of each message that
/// carries one.
fn posts(n: u16, order: &str, answer: &str) -> (Vec<u64>, u64, Vec<usize>) {
    let text = format!(
        r#"
version = 1
title = "costs"
protocol = "causal-broadcast"
seed = 3
parameters = {{ order = "{order}", answer = "{answer}", ask-interval = "600s" }}
network.latency.constant = "4ms"
disk.constant = "700us"
nodes = [{{ name = "n", role = "member", count = {n} }}]

[[commands]]
at = "10ms"
do.workload = {{ client = "n1", arrivals.closed.think.constant = "300ms", mix = {{ post = 1 }}, limit = 50 }}
"#
    );
    let file = SourceFile { name: "costs.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::s(30), u64::MAX);
    let (mut times, mut messages, mut sizes) = (Vec::new(), 0, Vec::new());
    for rec in timeline.trace.rows() {
        match rec.kind {
            RowKind::Send => {
                messages += 1;
                if let Ok(Message::Post(_)) = codec::from_bytes(timeline.trace.data(rec)) {
                    sizes.push(timeline.trace.data(rec).len());
                }
            }
            RowKind::Complete => times.push(rec.at - timeline.trace.completed(rec).3),
            _ => {}
        }
    }
    assert_eq!(times.len(), 50);
    (times, messages, sizes)
}

/// A multicast to n - 1 others is n - 1 messages, over once it is on the author's disk; if it is to be everywhere, each of
/// the others syncs, too, and says so: 2 (n - 1) messages, and 2L + 2s. Vector time is a count for each member where FIFO
/// order needs one: n - 1 more, a byte each while counts are below 128.
#[test]
fn a_multicast_costs_as_much_as_its_closed_form() {
    for n in [2u16, 3, 5, 9] {
        let others = u64::from(n) - 1;
        let (times, messages, numbered) = posts(n, "fifo", "sent");
        assert!(times.iter().all(|t| *t == 700), "{n} members: {times:?}");
        assert_eq!(messages, 50 * others, "{n} members");
        let (times, messages, stamped) = posts(n, "causal", "everywhere");
        assert!(times.iter().all(|t| *t == 9_400), "{n} members: {times:?}");
        assert_eq!(messages, 50 * 2 * others, "{n} members");
        assert_eq!(numbered.len() as u64, 50 * others);
        let more: Vec<usize> = stamped.iter().zip(&numbered).map(|(stamped, numbered)| stamped - numbered).collect();
        assert_eq!(more, vec![usize::from(n) - 1; numbered.len()], "{n} members");
    }
}
