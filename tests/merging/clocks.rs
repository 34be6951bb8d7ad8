//! Logical clocks: against the causality that the engine records, under faults, with planted bugs, and in every order.

use super::common::{breaks, broken, ended, play, probe, sentences, survives, sweep, words};
use faultline::base::{Micros, codec};
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Verdict, explore};
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::protocols::logical_clocks::{Message, What};
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{NodeLine, Scenario, VERSION};
use faultline::sim::timeline::Timeline;
use faultline::wire::{Datum, LinkChange, Op, RowKind};
use std::collections::BTreeMap;

/// Nodes that nobody asks, and two or three that somebody does. Of the orders each seed draws one.
fn nodes(orders: &[&str], flag: Option<&str>) -> Sweep {
    let mut parameters = vec![("gossip-interval", ParamValue::Text("50ms".into()))];
    parameters.extend(flag.map(|flag| (flag, ParamValue::Flag(true))));
    let mut sweep = sweep("logical-clocks", ("node", "node"), &[1, 2, 3], &parameters);
    sweep.profile.drawn.push(words("order", orders));
    sweep
}

const SOUND: [&str; 3] = ["lamport", "hybrid", "vector"];

#[test]
fn logical_clocks_survive_faults() {
    let marks = [
        "crash",
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message lost to a partition",
        "message overtaken",
        "message waited",
        "note: keeps both",
        "note: overruled",
        "note: replaces",
        "operation cut off by its client's crash",
        "operation ok",
        "pause",
        "timer fired: gossip",
    ];
    survives(&nodes(&SOUND, None), &marks);
}

/// Whose clock is behind loses what it writes, though it has read what it replaces. Nothing else breaks.
#[test]
fn physical_time_loses_later_writes() {
    breaks(&nodes(&["physical"], None), "physical order", &["no later write is lost"]);
}

#[test]
fn planted_bugs_are_caught() {
    let near = "hybrid clocks stay near";
    let bugs: [(&str, &str, &[&str]); 8] = [
        ("bug-hybrid-follows-clock", "hybrid", &["hybrid clock condition", near]),
        ("bug-hybrid-forgets", "hybrid", &["hybrid clock condition", near]),
        ("bug-lamport-ignores-messages", "lamport", &["clock condition"]),
        ("bug-no-compare", "hybrid", &["no later write is lost", "same writes, same value"]),
        ("bug-no-tie-break", "lamport", &["same writes, same value"]),
        ("bug-siblings-by-lamport", "vector", &["concurrent writes are kept"]),
        ("bug-tell-before-sync", "hybrid", &["what was told is on disk"]),
        ("bug-vector-not-merged", "vector", &["strong clock condition"]),
    ];
    for (bug, order, properties) in bugs {
        breaks(&nodes(&[order], Some(bug)), bug, properties);
    }
}

#[test]
fn lying_disks_are_noticed() {
    let mut sweep = nodes(&SOUND, None);
    sweep.profile.lying_disks = true;
    breaks(&sweep, "lying disks", &["what was told is on disk"]);
}

/// After healing all nodes hold the same, whichever clock orders the writes: that is a property of each order, not of the
/// clocks being right.
#[test]
fn nodes_converge() {
    for order in ["physical", "lamport", "hybrid", "vector"] {
        let sweep = nodes(&[order], None);
        for seed in 0..30 {
            let timeline = ended(&sweep, seed);
            let all = timeline.head().shells.len() as u16;
            let held: Vec<Datum> = (0..all).map(|node| probe(&timeline, node, "time.x")).collect();
            // The last writes come half a second before the end; an offer goes round in 50 ms.
            assert!(held.iter().all(|other| *other == held[0]), "{order}, seed {seed}: {held:?}");
        }
    }
}

/// The writes of a run: the row of each, and the clocks that its node gave it.
fn writes(timeline: &Timeline) -> BTreeMap<u32, Message> {
    let trace = &timeline.trace;
    let mut found = BTreeMap::new();
    for (row, rec) in (0u32..).zip(trace.rows()).filter(|(_, rec)| rec.kind == RowKind::Send) {
        let Ok(message) = codec::from_bytes::<Message>(trace.data(rec)) else { continue };
        if matches!(message.what, What::Write { .. }) {
            found.insert(row, message);
        }
    }
    // A write goes to all others: its first message stands for it.
    let mut seen = Vec::new();
    found.retain(|_, message| {
        let id = (message.stamp.node, message.stamp.event);
        !seen.contains(&id) && {
            seen.push(id);
            true
        }
    });
    found
}

/// The engine's own record of what caused what, which no protocol has a hand in, against the clocks on the messages: for
/// each two writes vectors say exactly what happened, Lamport and hybrid clocks never the contrary, and physical clocks
/// do say the contrary. Crashes are left out: what was lost in one is in the engine's record, and nobody's past.
#[test]
fn clocks_agree_with_the_engines_causality() {
    let (mut pairs, mut ordered, mut wrong) = (0u32, 0u32, 0u32);
    for seed in 0..40 {
        let mut sweep = nodes(&SOUND, None);
        sweep.profile.rough = Micros::ms(600);
        let mut scenario = sweep.blueprint(seed).expect("a good scenario").scenario;
        scenario.commands.retain(|entry| !matches!(entry.command, faultline::wire::Command::Crash(_)));
        let blueprint =
            faultline::sim::scenario::Blueprint::resolve(scenario, protocols::all()).expect("a good scenario");
        let watch = faultline::sim::world::Watch { properties: true, hash: false };
        let mut timeline = Timeline::new(blueprint, watch, None);
        timeline.advance(Micros::ms(800), u64::MAX);
        let writes = writes(&timeline);
        let Some(last) = writes.keys().next_back() else { continue };
        let truth = timeline.trace.clocks(timeline.head().shells.len(), *last);
        for (a, one) in &writes {
            for (b, other) in writes.iter().filter(|(b, other)| *b > a && other.stamp.node != one.stamp.node) {
                let node = one.stamp.node.index();
                let before = truth[*b as usize][node] >= truth[*a as usize][node];
                let (one, other) = (&one.stamp, &other.stamp);
                assert_eq!(one.within(other), before, "seed {seed}: {one:?} and {other:?}");
                assert!(!other.within(one), "seed {seed}: the later row is no cause");
                pairs += 1;
                if before {
                    ordered += 1;
                    assert!(one.lamport < other.lamport && one.hybrid < other.hybrid, "seed {seed}");
                    wrong += u32::from(one.physical >= other.physical);
                }
            }
        }
    }
    println!(
        "{pairs} pairs of writes, {ordered} ordered by cause, {wrong} of these the other way round by physical clocks"
    );
    assert!(pairs > 5_000 && ordered > 500 && pairs - ordered > 500 && wrong > 100);
}

fn three(order: &str, until: Micros, script: &[(&str, &str)]) -> Timeline {
    let more = format!("parameters = {{ order = \"{order}\", gossip-interval = \"600s\" }}");
    play("logical-clocks", "{ name = \"n\", role = \"node\", count = 3 }", &more, until, script)
}

/// n2 is half a second behind, has read what n1 wrote, and writes.
const BEHIND: [(&str, &str); 4] = [
    ("1s", "clock = { node = \"n2\", offset_us = -500000 }"),
    ("1010ms", "n1 put x=1"),
    ("1100ms", "n2 get x"),
    ("1200ms", "n2 put x=2"),
];

#[test]
fn the_later_write_is_lost_by_physical_time() {
    for (order, value, lost) in
        [("physical", 1, true), ("lamport", 2, false), ("hybrid", 2, false), ("vector", 2, false)]
    {
        let timeline = three(order, Micros::s(2), &BEHIND);
        let held: Vec<Datum> = (0..3).map(|node| probe(&timeline, node, "value.x")).collect();
        assert_eq!(held, vec![Datum::Int(value); 3], "{order}");
        assert_eq!(broken(&timeline), if lost { vec!["no later write is lost"] } else { Vec::new() }, "{order}");
    }
}

/// Two writes that do not know of each other stay side by side; who has both replaces both.
#[test]
fn vectors_keep_concurrent_writes() {
    let script = [
        ("10ms", "n1 put x=1"),
        ("12ms", "n3 put x=2"),
        ("50ms", "n2 get x"),
        ("60ms", "n2 put x=3"),
        ("100ms", "n3 tell n1"),
    ];
    let timeline = three("vector", Micros::ms(300), &script);
    assert_eq!(broken(&timeline), Vec::<&str>::new());
    let held: Vec<Datum> = (0..3).map(|node| probe(&timeline, node, "value.x")).collect();
    assert_eq!(held, vec![Datum::Int(3); 3]);
    assert!(sentences(&timeline).contains("keeps both"), "{}", sentences(&timeline));
}

/// Puts at the first nodes, in every order of all messages; nobody offers anything.
fn orders(nodes: u16, puts: usize, order: &str) -> (u64, u64, Verdict) {
    let line = NodeLine { name: "n".into(), role: "node".into(), count: Some(nodes), groups: Vec::new(), place: None };
    let scenario = Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "logical-clocks".into(),
        seed: 1,
        pace: None,
        parameters: BTreeMap::from([("order".to_string(), ParamValue::Text(order.into()))]),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line],
        commands: Vec::new(),
    };
    let put = |n: usize| Op { f: "put".into(), key: "x".into(), value: Datum::Int(n as i64) };
    let mut case = Case::new(scenario, Start::default(), protocols::all()).expect("a good scenario");
    case.programs = (1..=puts).map(|n| (format!("n{n}"), vec![put(n)])).collect();
    let cluster = case.cluster(Bounds { memory: false, ..Bounds::default() }).expect("it can be explored");
    let found = explore(&cluster, Options { states: 200_000, ..Options::default() });
    println!("{nodes} nodes, {puts} puts, {order}: {} states, {} ends", found.distinct, found.ends);
    (found.distinct, found.ends, found.verdict())
}

/// One put at one of n nodes: it is asked for or not; then each of the n - 1 others has heard or not, and who has heard of
/// one thing only is where it is by that: 1 + 2^(n-1). No order of two puts breaks
/// anything, but by physical clocks: time stands still here, so they tie, and the tie falls to a name.
#[test]
fn every_order_is_explored() {
    for nodes in 1..=4u16 {
        let (states, ends, verdict) = orders(nodes, 1, "hybrid");
        assert_eq!((states, ends, verdict), (1 + 2u64.pow(u32::from(nodes) - 1), 1, Verdict::Holds), "{nodes} nodes");
    }
    let cases = [
        (2, 2, "vector", Verdict::Holds),
        (3, 2, "vector", Verdict::Holds),
        (3, 2, "lamport", Verdict::Holds),
        (3, 2, "physical", Verdict::Broken),
    ];
    for (nodes, puts, order, wanted) in cases {
        let (states, ends, verdict) = orders(nodes, puts, order);
        assert_eq!(verdict, wanted, "{nodes} nodes, {puts} puts, {order}: {states} states, {ends} ends");
    }
}
