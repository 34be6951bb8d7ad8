//! The network, nodes and workloads against closed forms and exact recursions.

use faultline::base::{Micros, MsgId};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Rec;
use faultline::sim::world::Watch;
use faultline::wire::{RowKind, SourceFile};
use std::collections::BTreeMap;

/// Server n1, clients c1 and c2; retries only after a minute.
fn run(network: &str, commands: &str, until: Micros) -> Timeline {
    run_with("kv-single", "server", 1, "\"60s\"", network, commands, until)
}

fn run_with(
    protocol: &str,
    role: &str,
    servers: u16,
    retry: &str,
    network: &str,
    commands: &str,
    until: Micros,
) -> Timeline {
    let text = format!(
        r#"
version = 1
title = "closed forms"
protocol = "{protocol}"
seed = 11
parameters = {{ retry-after = {retry}, give-up-after = "600s" }}
network = {network}
disk.constant = "0us"
nodes = [{{ name = "n", role = "{role}", count = {servers} }}, {{ name = "c", role = "client", count = 2 }}]
{commands}
"#
    );
    let file = SourceFile { name: "engine.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(until, u64::MAX);
    assert!(timeline.refused.iter().all(Option::is_none), "{:?}", timeline.refused);
    timeline
}

/// c1 gets, by Poisson arrivals.
fn gets(rate: u32) -> String {
    command("0s", &format!("workload = {{ client = \"c1\", arrivals.open.rate = {rate}.0, mix = {{ get = 1 }} }}"))
}

fn command(at: &str, what: &str) -> String {
    format!("[[commands]]\nat = \"{at}\"\ndo.{what}\n")
}

fn rows(timeline: &Timeline, kind: RowKind) -> Vec<Rec> {
    timeline.trace.rows().iter().filter(|rec| rec.kind == kind).copied().collect()
}

/// When each message was sent and delivered, in the order of sending.
fn flights(timeline: &Timeline) -> Vec<(MsgId, u64, u64)> {
    let delivered: BTreeMap<MsgId, u64> =
        rows(timeline, RowKind::Deliver).iter().map(|rec| (rec.message(), rec.at)).collect();
    let sent = rows(timeline, RowKind::Send);
    sent.iter().filter_map(|rec| Some((rec.message(), rec.at, *delivered.get(&rec.message())?))).collect()
}

/// The half-width of an interval that holds a binomial's share but once in 15,000 times (4 standard deviations).
fn four_sigma(p: f64, n: usize) -> f64 {
    4.0 * (p * (1.0 - p) / n as f64).sqrt()
}

#[test]
fn latencies_have_the_means_of_their_distributions() {
    let cases = [
        ("constant = \"3ms\"", 3_000.0),
        ("uniform = { min = \"1ms\", max = \"9ms\" }", 5_000.0),
        ("exponential = { min = \"1ms\", mean = \"4ms\" }", 5_000.0),
        ("normal = { mean = \"20ms\", sd = \"3ms\" }", 20_000.0),
        ("log-normal = { median = \"5ms\", sigma = 0.5 }", 5_000.0 * (0.125f64).exp()),
        ("pareto = { min = \"2ms\", alpha = 4.0 }", 2_000.0 * 4.0 / 3.0),
        ("quantiles = [[0.0, \"1ms\"], [0.5, \"2ms\"], [1.0, \"10ms\"]]", 0.5 * 1_500.0 + 0.5 * 6_000.0),
    ];
    for (latency, mean) in cases {
        let timeline = run(&format!("{{ latency = {{ {latency} }} }}"), &gets(200), Micros::s(50));
        let times: Vec<f64> = flights(&timeline).iter().map(|(_, sent, at)| (at - sent) as f64).collect();
        assert!(times.len() > 15_000, "{} messages", times.len());
        let measured = times.iter().sum::<f64>() / times.len() as f64;
        assert!((measured / mean - 1.0).abs() < 0.02, "{latency}: mean {measured}, by the closed form {mean}");
    }
}

#[test]
fn a_narrow_link_queues_by_size() {
    let network = "{ latency = { constant = \"2ms\" }, bandwidth = 1000 }";
    let timeline = run(network, &gets(100), Micros::s(60));
    // Lindley's recursion for the transmitter of each link, to the microsecond.
    let sizes: BTreeMap<MsgId, u64> = rows(&timeline, RowKind::Send)
        .iter()
        .map(|rec| (rec.message(), timeline.trace.data(rec).len() as u64))
        .collect();
    let mut free = BTreeMap::new();
    let mut waited = 0;
    let flights = flights(&timeline);
    for (id, sent, at) in &flights {
        let free: &mut u64 = free.entry((id.from, id.to)).or_default();
        waited += usize::from(*free > *sent);
        *free = (*free).max(*sent) + (sizes[id] * 1_000_000).div_ceil(1_000);
        assert_eq!(*at, *free + 2_000, "message {id}");
    }
    assert!(flights.len() > 5_000 && waited * 10 > flights.len(), "{waited} of {} waited", flights.len());
}

#[test]
fn loss_and_duplication_come_at_their_rates() {
    let (loss, twice) = (0.1, 0.07);
    let network = format!("{{ latency = {{ constant = \"2ms\" }}, loss = {loss}, duplicate = {twice} }}");
    let timeline = run(&network, &gets(200), Micros::s(100));
    let sent = rows(&timeline, RowKind::Send).len();
    let lost = rows(&timeline, RowKind::Lost);
    assert!(lost.iter().all(|rec| timeline.trace.loss(rec).1 == "random loss"));
    let share = lost.len() as f64 / sent as f64;
    assert!((share - loss).abs() < four_sigma(loss, sent), "{share} of {sent} lost");
    let carried = sent - lost.len();
    let share = rows(&timeline, RowKind::Duplicate).len() as f64 / carried as f64;
    assert!((share - twice).abs() < four_sigma(twice, carried), "{share} of {carried} duplicated");
}

#[test]
fn only_an_ordered_link_keeps_order() {
    let overtaken = |ordered: bool| {
        let network = format!("{{ latency.uniform = {{ min = \"1ms\", max = \"50ms\" }}, ordered = {ordered} }}");
        let timeline = run(&network, &gets(200), Micros::s(20));
        let arrivals = flights(&timeline);
        let requests: Vec<_> = arrivals.iter().filter(|(id, ..)| id.to.0 == 0).collect();
        requests.windows(2).filter(|pair| pair[1].2 < pair[0].2).count()
    };
    assert_eq!(overtaken(true), 0);
    assert!(overtaken(false) > 100);
}

#[test]
fn a_clogged_link_holds_back_and_then_lets_go() {
    let commands = gets(100)
        + &command("5s", "clog = { from = [\"c1\"], to = [\"n1\"], one_way = true }")
        + &command("8s", "clog = { from = [\"c1\"], to = [\"n1\"], one_way = true, clogged = false }");
    let timeline = run("{ latency = { constant = \"2ms\" } }", &commands, Micros::s(10));
    let held: Vec<_> = flights(&timeline)
        .into_iter()
        .filter(|(id, sent, _)| id.to.0 == 0 && (5_000_000..8_000_000).contains(sent))
        .collect();
    assert!(held.len() > 200, "{} held", held.len());
    assert!(held.iter().all(|(_, _, at)| *at == 8_002_000), "all are let go at once, and then take their latency");
}

#[test]
fn a_lost_message_names_the_first_rule_that_cuts_it() {
    let commands = gets(100)
        + &command("1s", "cut = { name = \"deaf\", from = [\"c1\"], to = [\"n1\"], one_way = true }")
        + &command("2s", "cut = { name = \"all\", from = [\"c1\"] }")
        + &command("3s", "heal = { name = \"deaf\" }")
        + &command("4s", "heal = {}");
    let timeline = run("{ latency = { constant = \"2ms\" } }", &commands, Micros::s(6));
    for rec in rows(&timeline, RowKind::Lost) {
        let expected = match rec.at / 1_000_000 {
            1 | 2 => "deaf",
            3 => "all",
            other => panic!("lost in second {other}"),
        };
        assert_eq!(timeline.trace.loss(&rec).1, expected, "at {}", rec.at);
    }
    let lost = |second| rows(&timeline, RowKind::Lost).iter().filter(|rec| rec.at / 1_000_000 == second).count();
    assert!([1, 2, 3].into_iter().all(|second| lost(second) > 60));
    // One way means one way: what was asked before is answered after the first cut.
    let answered = |rec: &&Rec| rec.message().from.0 == 0 && (1_000_000..1_004_000).contains(&rec.at);
    assert!(rows(&timeline, RowKind::Deliver).iter().filter(answered).count() <= 4);
}

#[test]
fn a_partial_cut_leaves_the_third_in_touch_with_both() {
    let commands = command("0s", "cut = { name = \"a-b\", from = [\"c1\"], to = [\"n1\"] }")
        + &command("0s", "workload = { client = \"c1\", arrivals.open.rate = 20.0, mix = { get = 1 } }");
    let network = "{ latency = { constant = \"2ms\" } }";
    let timeline = run_with("majority-register", "replica", 3, "\"60s\"", network, &commands, Micros::s(5));
    let pairs = |kind| -> Vec<(u16, u16)> {
        let mut pairs: Vec<_> =
            rows(&timeline, kind).iter().map(|rec| (rec.message().from.0, rec.message().to.0)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    };
    assert_eq!(pairs(RowKind::Lost), [(3, 0)], "c1 (node 3) does not reach n1");
    assert_eq!(pairs(RowKind::Deliver), [(1, 3), (2, 3), (3, 1), (3, 2)]);
}

#[test]
fn a_slow_node_serves_one_at_a_time() {
    let commands = command("0s", "slow = { node = \"n1\", service = { constant = \"7ms\" } }") + &gets(100);
    let timeline =
        run("{ latency = { uniform = { min = \"1ms\", max = \"3ms\" } }, ordered = true }", &commands, Micros::s(30));
    let came: BTreeMap<MsgId, u64> =
        rows(&timeline, RowKind::Queued).iter().map(|rec| (rec.message(), rec.at)).collect();
    let (mut free, mut waited) = (0, 0);
    let served: Vec<_> = flights(&timeline).into_iter().filter(|(id, ..)| id.to.0 == 0).collect();
    for (id, _, at) in &served {
        waited += usize::from(free > came[id]);
        free = free.max(came[id]) + 7_000;
        assert_eq!(*at, free, "message {id}");
    }
    // Utilisation 0.7: by PASTA so many find the server busy.
    let share = waited as f64 / served.len() as f64;
    assert!((share - 0.7).abs() < 0.06, "{share} of {} waited", served.len());
}

#[test]
fn a_paused_node_handles_what_came_when_it_resumes() {
    let commands = gets(100) + &command("2s", "pause.node = \"n1\"") + &command("3s", "resume.node = \"n1\"");
    let timeline = run("{ latency = { constant = \"2ms\" } }", &commands, Micros::s(5));
    for (id, sent, at) in flights(&timeline) {
        let due = sent + 2_000;
        let paused = id.to.0 == 0 && (2_000_000..3_000_000).contains(&due);
        assert_eq!(at, if paused { 3_000_000 } else { due }, "message {id}");
    }
}

#[test]
fn timers_run_by_the_local_clock() {
    for (drift, span) in [(0, 100_000), (100_000, 90_910), (-200_000, 125_000)] {
        let commands = command("0s", "cut = { name = \"all\", from = [\"c1\"] }")
            + &command("1s", &format!("clock = {{ node = \"c1\", offset_us = 5000, drift_ppm = {drift} }}"))
            + &command("2s", "request = { client = \"c1\", op = { f = \"get\", key = \"x\" } }");
        let network = "{ latency = { constant = \"2ms\" } }";
        let timeline = run_with("kv-single", "server", 1, "\"100ms\"", network, &commands, Micros::ms(2_500));
        let set: BTreeMap<u32, u64> =
            rows(&timeline, RowKind::TimerSet).iter().map(|rec| (rec.timer().count, rec.at)).collect();
        let fired = rows(&timeline, RowKind::TimerFired);
        assert!(fired.len() >= 3, "drift {drift}: {} timers fired", fired.len());
        for rec in fired {
            assert_eq!(rec.at - set[&rec.timer().count], span, "drift {drift} ppm");
        }
    }
}

#[test]
fn open_arrivals_are_poisson_and_keys_follow_zipf() {
    let (count, s) = (10u32, 1.1f64);
    let commands = command(
        "0s",
        &format!(
            "workload = {{ client = \"c1\", arrivals.open.rate = 100.0, mix = {{ get = 3, put = 1 }}, \
             keys.zipf = {{ count = {count}, s = {s} }} }}"
        ),
    );
    let timeline = run("{ latency = { constant = \"1ms\" } }", &commands, Micros::s(200));
    let begun = rows(&timeline, RowKind::Invoke);
    let n = begun.len();
    assert!((n as f64 - 20_000.0).abs() < 4.0 * 20_000f64.sqrt(), "{n} arrivals");
    let gaps: Vec<f64> = begun.windows(2).map(|pair| (pair[1].at - pair[0].at) as f64).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!((variance.sqrt() / mean - 1.0).abs() < 0.04, "an exponential's deviation is its mean");
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut puts = 0;
    for rec in rows(&timeline, RowKind::Complete) {
        let (op, ..) = timeline.trace.completed(&rec);
        puts += usize::from(op.f == "put");
        *keys.entry(op.key.to_string()).or_default() += 1;
    }
    assert!((puts as f64 / n as f64 - 0.25).abs() < four_sigma(0.25, n), "{puts} of {n} are puts");
    let mut counts: Vec<usize> = keys.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let total: f64 = (1..=count).map(|rank| f64::from(rank).powf(-s)).sum();
    for (rank, seen) in (1..=count).zip(counts) {
        let p = f64::from(rank).powf(-s) / total;
        let share = seen as f64 / n as f64;
        assert!((share - p).abs() < four_sigma(p, n) + 1e-3, "rank {rank}: {share}, by Zipf {p}");
    }
}
