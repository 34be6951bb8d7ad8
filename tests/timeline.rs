//! The timeline: stepping, seeking, forking and returning give exactly what a fresh run to that moment gives.

use faultline::base::{Micros, NodeId};
use faultline::protocols;
use faultline::sim::scenario::{Blueprint, LogEntry};
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Command, NodeRef, SourceFile};

const SCENARIO: &str = r#"
version = 1
title = "timeline test"
protocol = "majority-register"
seed = 5
network = { loss = 0.05, duplicate = 0.05 }
nodes = [{ name = "n", role = "replica", count = 5 }, { name = "c", role = "client", count = 2 }]

[[commands]]
at = "0s"
do.workload = { client = "client", arrivals = { open = { rate = 150 } }, mix = { get = 1, put = 1 }, keys = { zipf = { count = 4, s = 1.0 } } }

[[commands]]
at = "120ms"
do.pause.node = "n3"

[[commands]]
at = "260ms"
do.resume.node = "n3"
"#;

fn open(text: &str) -> Timeline {
    let file = SourceFile { name: "test.toml".into(), text: text.into() };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    Timeline::new(blueprint, Watch { properties: true, hash: true }, None)
}

fn crash(node: &str) -> Command {
    Command::Crash(NodeRef { node: node.into() })
}

fn restart(node: &str) -> Command {
    Command::Restart(NodeRef { node: node.into() })
}

/// All that a moment is: its hash covers every step before it; states are compared by themselves too.
fn moment(timeline: &Timeline) -> (u64, u64, u32, Vec<String>) {
    let world = timeline.world();
    let states = (0..world.shells.len()).map(|i| format!("{:?}", world.trees(NodeId(i as u16)))).collect();
    (world.trace_hash(), world.now, world.step, states)
}

#[test]
fn stepping_back_and_forth_meets_the_same_moments() {
    let mut timeline = open(SCENARIO);
    let mut moments = vec![moment(&timeline)];
    for _ in 0..900 {
        assert!(timeline.forward());
        moments.push(moment(&timeline));
    }
    for expected in moments.iter().rev().skip(1) {
        assert!(timeline.back());
        assert_eq!(&moment(&timeline), expected);
    }
    assert!(!timeline.back(), "nothing lies before the start");
    for expected in &moments[1..] {
        assert!(timeline.forward());
        assert_eq!(&moment(&timeline), expected);
    }
}

#[test]
fn seeking_anywhere_equals_a_fresh_run_to_there() {
    let mut timeline = open(SCENARIO);
    timeline.seek(Micros::s(1), u64::MAX);
    for i in 0..40u64 {
        let at = Micros(i * 7_919 * 131 % 1_000_000);
        timeline.seek(at, u64::MAX);
        assert_eq!(timeline.shown(), at);
        let mut fresh = open(SCENARIO);
        fresh.seek(at, u64::MAX);
        assert_eq!(moment(&timeline).0, moment(&fresh).0, "at {at}");
        assert_eq!(moment(&timeline).3, moment(&fresh).3, "at {at}");
    }
}

#[test]
fn rows_of_a_replayed_run_are_those_recorded() {
    let mut timeline = open(SCENARIO);
    timeline.seek(Micros::ms(400), u64::MAX);
    let rows = timeline.trace.rows().to_vec();
    timeline.seek(Micros::ms(90), u64::MAX);
    timeline.seek(Micros::ms(400), u64::MAX);
    assert_eq!(timeline.trace.rows(), rows);
    for rec in &rows {
        if let Some(cause) = rec.cause() {
            assert!(timeline.trace.get(cause).at <= rec.at, "causes come first");
        }
    }
}

#[test]
fn a_command_in_the_past_forks_and_the_old_branch_comes_back() {
    let mut timeline = open(SCENARIO);
    timeline.seek(Micros::ms(300), u64::MAX);
    timeline.command(crash("n1")).expect("n1 is up");
    timeline.seek(Micros::ms(600), u64::MAX);
    let old = moment(&timeline);
    let old_rows = timeline.trace.rows().to_vec();

    timeline.seek(Micros::ms(150), u64::MAX);
    let past = moment(&timeline);
    timeline.command(crash("n2")).expect("n2 is up");
    assert_eq!(timeline.branches.len(), 1);
    assert_ne!(moment(&timeline).0, past.0);
    assert!(timeline.log.iter().all(|e| !e.learner || e.at == Micros::ms(150)), "later commands stay behind");
    assert_eq!(timeline.log.iter().filter(|e| !e.learner).count(), 3, "the scenario's own commands stay");
    timeline.seek(Micros::ms(600), u64::MAX);
    let new = moment(&timeline);
    assert_ne!(new.0, old.0);

    let id = timeline.branches[0].id;
    timeline.go_to_branch(id).expect("it is kept");
    timeline.seek(Micros::ms(600), u64::MAX);
    assert_eq!(moment(&timeline), old);
    assert_eq!(timeline.trace.rows(), old_rows);
    let id = timeline.branches[0].id;
    timeline.go_to_branch(id).expect("the other is kept too");
    timeline.seek(Micros::ms(600), u64::MAX);
    assert_eq!(moment(&timeline), new);
    assert!(timeline.go_to_branch(99).is_err());
}

#[test]
fn undo_takes_back_one_command() {
    let mut timeline = open(SCENARIO);
    timeline.seek(Micros::ms(200), u64::MAX);
    timeline.command(crash("n1")).expect("n1 is up");
    timeline.seek(Micros::ms(250), u64::MAX);
    let one = moment(&timeline);
    timeline.command(crash("n2")).expect("n2 is up");
    timeline.undo().expect("there is one");
    assert_eq!(moment(&timeline).3, one.3);
    timeline.undo().expect("there is another");
    let mut fresh = open(SCENARIO);
    fresh.seek(Micros::ms(250), u64::MAX);
    assert_eq!(moment(&timeline).3, moment(&fresh).3);
    assert!(timeline.undo().is_err(), "the scenario's own commands are not the learner's to take back");
}

/// A press gives one command now and one later: they are taken back together, whatever was given in between.
#[test]
fn undo_takes_back_a_whole_press() {
    let given = |ms, command| LogEntry {
        at: Micros::ms(ms),
        after: 0,
        spread: Micros::ZERO,
        command,
        learner: false,
        press: 0,
    };
    let press = [given(0, crash("n1")), given(30, restart("n1"))];
    let mine = |timeline: &Timeline| timeline.log.iter().filter(|e| e.learner).map(|e| e.at.0).collect::<Vec<_>>();
    let mut timeline = open(SCENARIO);
    timeline.seek(Micros::ms(200), u64::MAX);
    let before = moment(&timeline).3;
    timeline.press(&press).expect("n1 is up");
    timeline.seek(Micros::ms(210), u64::MAX);
    timeline.command(crash("n2")).expect("n2 is up");
    timeline.seek(Micros::ms(250), u64::MAX);
    assert_eq!(mine(&timeline), [200_000, 210_000, 230_000]);
    timeline.undo().expect("the crash of n2 came last");
    assert_eq!(mine(&timeline), [200_000, 230_000], "what a press gives later stays");
    timeline.seek(Micros::ms(220), u64::MAX);
    timeline.command(crash("n3")).expect("n3 is up");
    assert_eq!(mine(&timeline), [200_000, 220_000, 230_000], "and so it does in a fork");
    timeline.undo().expect("the crash of n3");
    timeline.undo().expect("the press, half of which is still to come");
    assert_eq!(mine(&timeline), [0; 0]);
    timeline.seek(Micros::ms(200), u64::MAX);
    assert_eq!(moment(&timeline).3, before);
    timeline.press(&press).expect("n1 is up");
    assert!(timeline.press(&press).is_err_and(|why| why.contains("n1 is")), "it is down");
    assert_eq!(mine(&timeline), [200_000, 200_000, 230_000], "the rest of a refused press is not given");
    let saved = timeline.save().to_json();
    let mut again = open(&saved);
    again.seek(Micros::ms(210), u64::MAX);
    again.undo().expect("the press is known in a saved run");
    assert_eq!(mine(&again), [0; 0]);
}

#[test]
fn a_saved_run_is_the_same_run() {
    let mut timeline = open(SCENARIO);
    for _ in 0..137 {
        timeline.forward();
    }
    // In the middle of an instant, between two things that happen at it.
    timeline.command(crash("n4")).expect("n4 is up");
    timeline.command(restart("n4")).expect("n4 is down");
    timeline.seek(Micros::ms(500), u64::MAX);
    assert_eq!(timeline.command(restart("n5")), Err("n5 is not down".into()));
    assert!(timeline.command(crash("n9")).is_err_and(|why| why.contains("there is no node") && why.contains("n1, n2")));
    timeline.seek(Micros::ms(700), u64::MAX);
    let saved = timeline.save().to_json();
    let mut again = open(&saved);
    again.seek(Micros::ms(700), u64::MAX);
    assert_eq!(moment(&again), moment(&timeline));
    assert_eq!(again.trace.rows(), timeline.trace.rows());
    assert_eq!(again.save().to_json(), saved);
}

#[test]
fn bad_scenarios_name_the_line_and_what_is_accepted() {
    let read = |text: &str| {
        let file = SourceFile { name: "bad.toml".into(), text: text.into() };
        Blueprint::read(&file, protocols::all()).err().expect("a bad scenario")
    };
    for (from, to, line, says) in [
        ("version = 1", "version = 9", 2, "version 9"),
        ("majority-register", "paxos", 4, "accepted: kv-single, majority-register"),
        ("seed = 5", "sed = 5", 5, "unknown field `sed`"),
        ("loss = 0.05", "loss = 1.5", 6, "not a probability"),
        ("role = \"replica\"", "role = \"king\"", 7, "accepted: replica, client"),
        ("at = \"120ms\"", "at = \"120 parsecs\"", 14, "write a number with us, ms, s, min or h"),
        ("do.pause.node", "do.explode.node", 15, "expected one of `crash`"),
        ("at = \"260ms\"", "at = \"26ms\"", 9, "order of their times"),
    ] {
        let error = read(&SCENARIO.replacen(from, to, 1));
        assert!(error.starts_with(&format!("bad.toml:{line}: ")), "{from} → {to}: {error}");
        assert!(error.contains(says), "{from} → {to}: {error}");
    }
    let error = read(&SCENARIO.replacen("seed = 5", "seed = 5\nparameters = { retry-after = \"0us\" }", 1));
    assert!(error.starts_with("bad.toml:6: ") && error.contains("a time from 1 ms to 60 s"), "{error}");
    let error = read("{\"version\": 1,\n \"protocol\": 3}");
    assert!(error.starts_with("bad.toml:2: "), "{error}");
}
