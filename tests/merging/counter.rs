//! A counter that several clients count up: under faults, with planted bugs, and by a checker that knows nothing of it.

use super::common::{breaks, broken, ended, play, probe, sentences, survives, sweep, words};
use faultline::base::Micros;
use faultline::check::history;
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::Readings;
use faultline::check::sweep::Sweep;
use faultline::sim::params::ParamValue;
use faultline::sim::timeline::Timeline;
use faultline::wire::Datum;

/// Of the ways to count each seed draws one.
fn counter(ways: &[&str], flag: Option<&str>) -> Sweep {
    let mut parameters = vec![("lease", ParamValue::Text("60ms".into()))];
    parameters.extend(flag.map(|flag| (flag, ParamValue::Flag(true))));
    let mut sweep = sweep("shared-counter", ("server", "client"), &[1], &parameters);
    sweep.profile.drawn.push(words("update", ways));
    sweep.profile.drawn.push(words("think", &["0ms", "5ms"]));
    sweep
}

const SOUND: [&str; 3] = ["compare-and-set", "lock", "atomic"];

#[test]
fn shared_counter_survives_faults() {
    let marks = [
        "crash",
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message lost to a partition",
        "message to a node that is down",
        "note: begins again",
        "note: lease over",
        "note: refuses a write",
        "operation cut off by its client's crash",
        "operation failed",
        "operation ok",
        "operation unknown",
        "timer fired: give up",
        "timer fired: lease",
        "timer fired: retry",
        "timer fired: think",
    ];
    survives(&counter(&SOUND, None), &marks);
}

#[test]
fn reading_and_then_writing_loses_increments() {
    let properties = ["no increment is lost", "the counter never goes back", "reads see what was counted"];
    breaks(&counter(&["read-then-write"], None), "read-then-write", &properties);
}

#[test]
fn planted_bugs_are_caught() {
    let (lost, twice, back) = ("no increment is lost", "no increment counts twice", "the counter never goes back");
    let bugs: [(&str, &str, &[&str]); 5] = [
        ("bug-ack-before-sync", "atomic", &[lost, back]),
        ("bug-lock-given-twice", "lock", &[lost, back]),
        ("bug-no-compare", "compare-and-set", &[lost, back]),
        ("bug-no-fencing", "lock", &[lost, back]),
        ("bug-no-once-only", "atomic", &[twice]),
    ];
    for (bug, way, properties) in bugs {
        breaks(&counter(&[way], Some(bug)), bug, properties);
    }
}

#[test]
fn lying_disks_are_noticed() {
    let mut sweep = counter(&SOUND, None);
    sweep.profile.lying_disks = true;
    breaks(&sweep, "lying disks", &["no increment is lost", "the counter never goes back"]);
}

fn judged(sweep: &Sweep, seed: u64) -> Verdict {
    let mut history = history::record(&ended(sweep, seed).trace);
    // How much is one increment: what was answered is no input.
    for op in history.operations.iter_mut().filter(|op| op.f == "increment") {
        op.input = Datum::None;
    }
    let of_one = history.filter(|op| op.key == Datum::Text("x".into()));
    let limits = Limits { steps: 300_000, bytes: 16 << 20, explain: false, ..Limits::GENEROUS };
    linear::check("counter", &of_one, Readings::default(), limits).expect("well-formed").verdict
}

#[test]
fn what_clients_are_told_is_linearizable() {
    for way in SOUND {
        let sweep = counter(&[way], None);
        let mut decided = 0;
        for seed in 0..30 {
            let verdict = judged(&sweep, seed);
            assert!(!matches!(verdict, Verdict::Violated(_)), "{way}, seed {seed}");
            decided += u32::from(verdict == Verdict::Satisfied);
        }
        println!("{way}: {decided} of 30 runs are linearizable, of the others it cannot be told within the limits");
        assert!(decided >= 20, "{way}: {decided} of 30");
    }
    let broken = counter(&["read-then-write"], None);
    let found = (0..200).find(|seed| matches!(judged(&broken, *seed), Verdict::Violated(_)));
    println!("read-then-write: the first run in which clients notice is {found:?}");
    assert!(found.is_some());
}

fn at_once(way: &str, more: &str) -> Timeline {
    let nodes = "{ name = \"n1\", role = \"server\" }, { name = \"c\", role = \"client\", count = 2 }";
    let more = format!("parameters = {{ update = \"{way}\"{more} }}");
    let script = [("10ms", "c1 increment x"), ("12ms", "c2 increment x"), ("300ms", "c1 get x")];
    play("shared-counter", nodes, &more, Micros::s(1), &script)
}

#[test]
fn two_increments_at_once() {
    for (way, value) in [("read-then-write", 1), ("compare-and-set", 2), ("lock", 2), ("atomic", 2)] {
        let timeline = at_once(way, "");
        assert_eq!(probe(&timeline, 0, "value.x"), Datum::Int(value), "{way}");
        let lost = way == "read-then-write";
        assert_eq!(broken(&timeline).contains(&"no increment is lost"), lost, "{way}");
    }
    let text = sentences(&at_once("compare-and-set", ""));
    assert!(text.contains("begins again"), "{text}");
}

/// The holder of a lock is paused until its lease is over. What it then writes is refused, by the number of its grant.
#[test]
fn a_lock_without_fencing_loses_what_its_next_holder_wrote() {
    let nodes = "{ name = \"n1\", role = \"server\" }, { name = \"c\", role = \"client\", count = 2 }";
    for (bug, lost) in [(false, false), (true, true)] {
        let more = format!(
            "parameters = {{ update = \"lock\", lease = \"100ms\", think = \"30ms\", give-up-after = \"2s\", retry-after = \"1s\", bug-no-fencing = {bug} }}"
        );
        let script = [
            ("10ms", "c1 increment x"),
            ("20ms", "c2 increment x"),
            ("60ms", "pause.node = \"c1\""),
            ("400ms", "resume.node = \"c1\""),
        ];
        let timeline = play("shared-counter", nodes, &more, Micros::s(2), &script);
        assert_eq!(probe(&timeline, 0, "value.x"), Datum::Int(if lost { 1 } else { 2 }), "{bug}");
        assert_eq!(broken(&timeline).contains(&"no increment is lost"), lost, "{bug}");
    }
}
