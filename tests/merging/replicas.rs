//! Replicated data types: under faults, with planted bugs, by their textbook cases, and in every order.

use super::common::{breaks, broken, ended, play, probe, sentences, survives, sweep, words};
use faultline::base::Micros;
use faultline::check::sweep::Sweep;
use faultline::sim::params::ParamValue;
use faultline::sim::timeline::Timeline;
use faultline::wire::Datum;

/// Replicas that nobody asks, and two or three that somebody does, all about few elements.
fn replicas(types: &[&str], flag: Option<&str>) -> Sweep {
    let mut parameters = vec![("gossip-interval", ParamValue::Text("50ms".into())), ("values", ParamValue::Int(4))];
    parameters.extend(flag.map(|flag| (flag, ParamValue::Flag(true))));
    let mut sweep = sweep("crdt", ("peer", "peer"), &[1, 2, 3], &parameters);
    sweep.profile.drawn.push(words("type", types));
    sweep
}

/// Those that lose nothing.
const SOUND: [&str; 5] = ["g-counter", "pn-counter", "or-set", "lww-map", "sequence"];

#[test]
fn replicated_data_types_survive_faults() {
    let marks = [
        "crash",
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message lost to a partition",
        "message overtaken",
        "message waited",
        "note: merges",
        "note: no effect",
        "operation cut off by its client's crash",
        "operation ok",
        "pause",
        "timer fired: gossip",
    ];
    survives(&replicas(&SOUND, None), &marks);
}

/// They converge, and do what they say; but what they say loses adds.
#[test]
fn two_sets_lose_adds() {
    for set in ["two-phase-set", "lww-set"] {
        breaks(&replicas(&[set], None), set, &["no add is lost"]);
    }
}

#[test]
fn planted_bugs_are_caught() {
    let (same, meaning, adds) = ("same updates, same value", "values are what their updates mean", "no add is lost");
    let bugs: [(&str, &str, &[&str]); 6] = [
        ("bug-counter-adds", "pn-counter", &[same, meaning]),
        ("bug-keep-removed", "or-set", &[same, meaning]),
        ("bug-no-tie-break", "sequence", &[same, "lists keep their order"]),
        ("bug-remove-unseen", "or-set", &[same, meaning, adds]),
        ("bug-tell-before-sync", "or-set", &["what was told is on disk"]),
        ("bug-tombstone-forgotten", "sequence", &[same, meaning, "lists keep their order"]),
    ];
    for (bug, kind, properties) in bugs {
        breaks(&replicas(&[kind], Some(bug)), bug, properties);
    }
}

/// A replica whose disk lies forgets an update that another one has from it. What others have told it, it may forget: they
/// tell it again, so the lying servers of a sweep, which nobody asks, do no harm.
#[test]
fn lying_disks_are_noticed() {
    let lies = "disk = { node = \"n1\", sync.constant = \"5ms\", lies = true }";
    let script =
        [("5ms", lies), ("20ms", "n1 add x=1"), ("400ms", "crash.node = \"n1\""), ("500ms", "restart.node = \"n1\"")];
    let broken = broken(&two("or-set", "", &script));
    assert!(broken.contains(&"what was told is on disk"), "{broken:?}");
    let mut sweep = replicas(&SOUND, None);
    sweep.profile.lying_disks = true;
    survives(&sweep, &["crash that lost an unsynced write"]);
}

/// After healing all replicas contain the same updates, and show the same.
#[test]
fn replicas_converge() {
    for kind in [&SOUND[..], &["two-phase-set", "lww-set"]].concat() {
        let sweep = replicas(&[kind], None);
        for seed in 0..20 {
            let timeline = ended(&sweep, seed);
            let all = timeline.head().shells.len() as u16;
            for name in ["vector", "value.x"] {
                let held: Vec<Datum> = (0..all).map(|node| probe(&timeline, node, name)).collect();
                assert!(held.iter().all(|other| *other == held[0]), "{kind}, seed {seed}, {name}: {held:?}");
            }
        }
    }
}

fn two(kind: &str, more: &str, script: &[(&str, &str)]) -> Timeline {
    let more = format!("parameters = {{ type = \"{kind}\", gossip-interval = \"100ms\"{more} }}");
    play("crdt", "{ name = \"n\", role = \"peer\", count = 2 }", &more, Micros::s(2), script)
}

fn list(values: &[i64]) -> Datum {
    Datum::List(values.iter().map(|n| Datum::Int(*n)).collect())
}

/// n1 removes the element while n2, cut off, adds it once more: one wins by what it has seen, one by the clock, and one by
/// having been first.
#[test]
fn an_add_and_a_remove_at_once() {
    let script = [
        ("10ms", "n1 add x=7"),
        ("300ms", "cut = { name = \"apart\", from = [\"n1\"] }"),
        ("400ms", "n2 add x=7"),
        ("450ms", "n1 remove x=7"),
        ("600ms", "heal.name = \"apart\""),
    ];
    for (kind, there) in [("or-set", true), ("lww-set", false), ("two-phase-set", false)] {
        let timeline = two(kind, "", &script);
        let shown = [0, 1].map(|node| probe(&timeline, node, "value.x"));
        let expected = if there { list(&[7]) } else { list(&[]) };
        assert_eq!(shown, [expected.clone(), expected], "{kind}");
        assert_eq!(broken(&timeline), if there { vec![] } else { vec!["no add is lost"] }, "{kind}");
    }
}

#[test]
fn counters_count_both_sides_of_a_cut() {
    let script = [
        ("10ms", "cut = { name = \"apart\", from = [\"n1\"] }"),
        ("20ms", "n1 add x=3"),
        ("21ms", "n2 add x=4"),
        ("40ms", "n2 remove x=1"),
        ("300ms", "heal.name = \"apart\""),
    ];
    let timeline = two("pn-counter", "", &script);
    assert_eq!([0, 1].map(|node| probe(&timeline, node, "value.x")), [Datum::Int(6), Datum::Int(6)]);
    assert!(sentences(&timeline).contains("merges"), "{}", sentences(&timeline));
    let grow = two("g-counter", "", &script);
    assert_eq!(probe(&grow, 0, "value.x"), Datum::Int(7), "it does not go down");
    // What n2 has already is added once more, together with what is new.
    let again = [&script[..], &[("800ms", "n1 add x=1")]].concat();
    let broken = broken(&two("pn-counter", ", bug-counter-adds = true", &again));
    assert!(broken.contains(&"values are what their updates mean"), "{broken:?}");
}

/// Both put something to the end at once. Each run of one replica stays together, and both show one order.
#[test]
fn sequences_agree_on_one_order() {
    let script = [
        ("10ms", "n1 add x=1"),
        ("300ms", "cut = { name = \"apart\", from = [\"n1\"] }"),
        ("310ms", "n1 add x=11"),
        ("311ms", "n2 add x=21"),
        ("330ms", "n1 add x=12"),
        ("331ms", "n2 add x=22"),
        ("350ms", "n2 remove x=1"),
        ("600ms", "heal.name = \"apart\""),
    ];
    let timeline = two("sequence", "", &script);
    assert_eq!(
        [0, 1].map(|node| probe(&timeline, node, "value.x")),
        [list(&[21, 22, 11, 12]), list(&[21, 22, 11, 12])]
    );
    let apart = two("sequence", ", bug-no-tie-break = true", &script);
    assert_ne!(probe(&apart, 0, "value.x"), probe(&apart, 1, "value.x"));
}

/// The later by the replicas' clocks stays: n2's is behind by a second.
#[test]
fn a_map_keeps_the_later_value() {
    let script =
        [("1s", "clock = { node = \"n2\", offset_us = -900000 }"), ("1100ms", "n1 add x=1"), ("1500ms", "n2 add x=2")];
    let timeline = two("lww-map", "", &script);
    assert_eq!([0, 1].map(|node| probe(&timeline, node, "value.x")), [Datum::Int(1), Datum::Int(1)]);
}
