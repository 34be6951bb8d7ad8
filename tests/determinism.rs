//! Same scenario, same bits; and stable identity (architecture, invariant 6): taking one message away changes only what
//! depends on it.

use faultline::base::{Micros, MsgId};
use faultline::check::faults::{self, Profile};
use faultline::protocols;
use faultline::sim::scenario::{Blueprint, LogEntry};
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::{Rec, Trace};
use faultline::sim::world::Watch;
use faultline::wire::{Command, MsgRef, NodeRef, RowKind, SourceFile};
use std::collections::{BTreeMap, BTreeSet};

/// Where only the rows are looked at, nothing needs to be hashed.
fn open(blueprint: Blueprint, until: Micros, hash: bool) -> Timeline {
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash }, None);
    timeline.advance(until, u64::MAX);
    timeline
}

fn profile(protocol: &str) -> Profile {
    let (role, counts) = match protocol {
        "kv-single" | "shared-counter" => ("server", vec![1]),
        "logical-clocks" => ("node", vec![2, 3]),
        "crdt" => ("peer", vec![2, 3]),
        "causal-broadcast" => ("member", vec![2, 3]),
        "raft" | "primary-backup" | "chain-replication" => ("server", vec![3, 5]),
        "swim" | "detector" => ("member", vec![3, 5]),
        "payments" => ("bank", vec![1]),
        "link-state" => ("router", vec![3, 5]),
        "edge-cache" => ("edge", vec![2, 3]),
        _ => ("replica", vec![3, 5]),
    };
    let all_asked = ["node", "peer"].contains(&role) || protocol == "causal-broadcast";
    Profile {
        protocol: protocol.into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: (role.into(), "n".into(), counts),
        clients: (if all_asked { role } else { "client" }.into(), "c".into(), vec![2]),
        beside: beside(protocol),
        adversary: false,
        lying_disks: false,
        rough: Micros::ms(400),
        settle: Micros::ms(400),
        bound: Micros::ms(300),
    }
}

/// The single nodes that a protocol needs beside its servers.
fn beside(protocol: &str) -> Vec<(String, String)> {
    match protocol {
        "primary-backup" => vec![("view-service".into(), "v".into())],
        "chain-replication" => vec![("master".into(), "m".into())],
        "link-state" => vec![("host".into(), "h".into())],
        "edge-cache" => vec![("origin".into(), "o".into())],
        _ => Vec::new(),
    }
}

/// Generals have no servers.
fn with_servers() -> impl Iterator<Item = &'static str> {
    protocols::all().iter().map(|entry| (entry.describe)().name).filter(|name| *name != "two-generals")
}

fn swept(protocol: &str, seed: u64) -> Blueprint {
    let entry = protocols::all().iter().find(|entry| (entry.describe)().name == protocol).expect("registered");
    let scenario = faults::scenario(&profile(protocol), &(entry.describe)(), seed);
    Blueprint::resolve(scenario, protocols::all()).expect("a good scenario")
}

#[test]
fn same_seed_same_hash_other_seed_other_hash() {
    for name in with_servers() {
        let hash = |seed| open(swept(name, seed), Micros::s(2), true).head().trace_hash();
        let hashes: Vec<u64> = (0..20).map(hash).collect();
        assert_eq!(hashes, (0..20).map(hash).collect::<Vec<_>>(), "{name}");
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len(), "{name}: two seeds, one hash");
    }
}

/// A run's saved form is the same run.
#[test]
fn a_saved_scenario_gives_the_same_hash() {
    for seed in 0..20 {
        let first = open(swept("majority-register", seed), Micros::s(2), true);
        let saved = SourceFile { name: "saved.json".into(), text: first.save().to_json() };
        let again = open(Blueprint::read(&saved, protocols::all()).expect("saved by us"), Micros::s(2), true);
        assert_eq!(first.head().trace_hash(), again.head().trace_hash(), "seed {seed}");
    }
}

#[test]
fn commands_without_a_target_are_reported() {
    let head = "version = 1\ntitle = \"t\"\nprotocol = \"majority-register\"\nnodes = [{ name = \"n\", role = \"replica\", \
                count = 3 }, { name = \"c1\", role = \"client\" }]\n";
    let expected = [
        ("crash.node = \"n9\"", "n9"),
        ("restart.node = \"n1\"", "n1 is not down"),
        ("resume.node = \"n1\"", "n1 is not paused"),
        ("drop.message = \"0>1.7\"", "0>1.7 is not on its way"),
        ("duplicate.message = \"0>9.1\"", "0>9.1 is not on its way"),
        ("delay = { message = \"3>0.99\", by = \"1ms\" }", "3>0.99 is not on its way"),
        ("deliver-now.message = \"3>0.99\"", "3>0.99 is not on its way"),
        ("fire-timer.timer = \"3!5\"", "3!5 is not pending"),
        ("postpone-timer = { timer = \"9!1\", by = \"1ms\" }", "9!1 is not pending"),
        ("align-timers.kind = \"election\"", "no timer is called \"election\""),
        ("heal.name = \"split\"", "no rule is named \"split\""),
        ("cut = { name = \"a\", from = [\"zone=b\"] }", "zone=b"),
        ("request = { client = \"n1\", op = { f = \"get\", key = \"x\" } }", "n1 is not a client"),
        ("request = { client = \"c1\", op = { f = \"swap\", key = \"x\" } }", "\"swap\" is not a function"),
    ];
    let commands = expected.iter().map(|(command, _)| format!("[[commands]]\nat = \"1ms\"\ndo.{command}\n"));
    let text = head.to_string() + &commands.collect::<String>();
    let file = SourceFile { name: "t.toml".into(), text };
    let timeline = open(Blueprint::read(&file, protocols::all()).expect("well formed"), Micros::ms(10), false);
    for (reason, (command, part)) in timeline.refused.iter().zip(&expected) {
        let reason = reason.as_deref().unwrap_or("nothing");
        assert!(reason.contains(part), "{command}: reported {reason}");
    }
    let notes = timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Note);
    assert_eq!(notes.count(), expected.len(), "each is in the trace too");
}

/// What a row is, apart from where it stands in the trace.
type Identity<'a> = (u64, RowKind, u16, u16, u32, u8, u16, &'a [u8]);

fn identity<'a>(trace: &'a Trace, rec: &Rec) -> Identity<'a> {
    (rec.at, rec.kind, rec.node, rec.peer, rec.count, rec.copy, rec.code, trace.data(rec))
}

/// Lowers, for each node, the time from which it may depend on something: rows caused by what lies inside of that cone
/// take their node into it (Lamport 1978). Says whether a time was lowered.
fn widen(trace: &Trace, from: &mut [u64]) -> bool {
    let mut inside = vec![false; trace.len()];
    let mut lowered = false;
    for (i, rec) in trace.rows().iter().enumerate() {
        let from = &mut from[usize::from(rec.node)];
        inside[i] = rec.at >= *from || rec.cause().is_some_and(|cause| inside[cause as usize]);
        if inside[i] && rec.at < *from {
            *from = rec.at;
            lowered = true;
        }
    }
    lowered
}

/// What happened at each node before the given times, in an order that hangs on nothing else.
fn before<'a>(trace: &'a Trace, times: &[u64], leave_out: impl Fn(&Rec) -> bool) -> Vec<Identity<'a>> {
    let rows = trace.rows().iter().filter(|rec| rec.at < times[usize::from(rec.node)] && !leave_out(rec));
    let mut rows: Vec<_> = rows.map(|rec| identity(trace, rec)).collect();
    rows.sort();
    rows
}

/// Drops every so-manieth message of a run, one at a time.
fn dropping_one_changes_only_what_follows(protocol: &str, seed: u64, every: usize) -> (u64, u64) {
    let until = profile(protocol).ends_at();
    let blueprint = swept(protocol, seed);
    let whole = open(blueprint.clone(), until, false);
    let trace = &whole.trace;
    let is_sent = |rec: &&Rec| rec.kind == RowKind::Send;
    let sent: Vec<u32> = (0..trace.len() as u32).filter(|row| is_sent(&trace.get(*row))).collect();
    let (mut tried, mut kept) = (0, 0);
    for row in sent.into_iter().step_by(every) {
        let rec = *trace.get(row);
        let mut blueprint = blueprint.clone();
        let place = blueprint.scenario.commands.partition_point(|entry| entry.at.0 <= rec.at);
        // Dropped an instant after it was sent. What arrived or was lost within that instant is gone already.
        let command = Command::Drop(MsgRef { message: rec.message() });
        let entry =
            LogEntry { at: Micros(rec.at + 1), after: 0, spread: Micros::ZERO, command, learner: true, press: 0 };
        blueprint.scenario.commands.insert(place, entry);
        let other = open(blueprint, until, false);
        if other.refused[place].is_some() {
            continue;
        }
        tried += 1;
        let comes = |r: &&Rec| r.cause() == Some(row) && matches!(r.kind, RowKind::Deliver | RowKind::Queued);
        let mut times = vec![u64::MAX; whole.head().shells.len()];
        times[usize::from(rec.peer)] = trace.rows().iter().find(comes).map_or(u64::MAX, |r| r.at);
        // A message that was not sent in one run but in the other depends on the drop in both.
        while widen(trace, &mut times) | widen(&other.trace, &mut times) {}
        // The dropping itself, and the same message's loss in the whole run (its receiver was down).
        let by_hand = |r: &Rec| match r.kind {
            RowKind::Command => r.at == rec.at + 1 && other.trace.text(r).starts_with("You drop"),
            RowKind::Lost => other.trace.loss(r).1 == "dropped by hand",
            _ => false,
        };
        let own_loss = |r: &Rec| r.kind == RowKind::Lost && r.cause() == Some(row);
        let (expected, found) = (before(trace, &times, own_loss), before(&other.trace, &times, by_hand));
        if expected != found {
            let place = (0..).find(|place| expected.get(*place) != found.get(*place)).unwrap_or_default();
            let (expected, found) = (expected.get(place), found.get(place));
            panic!("{protocol}, seed {seed}: message {} does not cause this: {expected:?}, {found:?}", rec.message());
        }
        kept += expected.len() as u64 * 100 / trace.len() as u64;
    }
    (tried, kept)
}

#[test]
fn dropping_one_message_changes_only_what_depends_on_it() {
    for name in with_servers() {
        let (mut tried, mut kept) = (0, 0);
        for seed in 0..160 {
            if tried > 1_200 {
                break;
            }
            let (more, same) = dropping_one_changes_only_what_follows(name, seed, 5);
            (tried, kept) = (tried + more, kept + same);
        }
        println!("{name}: {tried} messages dropped, one at a time; {} % of rows lie outside: the same", kept / tried);
        assert!(tried > 1_000 && kept / tried > 20, "{name}: the test compares too little");
    }
}

/// Time on the way of each message that arrived, and what became of it otherwise.
fn fates(trace: &Trace) -> BTreeMap<MsgId, Result<u64, String>> {
    let mut fates = BTreeMap::new();
    for rec in trace.rows() {
        let Some(sent) = rec.cause().map(|cause| trace.get(cause).at) else { continue };
        match rec.kind {
            RowKind::Deliver => drop(fates.insert(rec.message(), Ok(rec.at - sent))),
            RowKind::Lost => drop(fates.insert(rec.message(), Err(trace.loss(rec).1.to_string()))),
            _ => {}
        }
    }
    fates
}

/// Even inside of the cone a message's fate is its own: the n-th message of a link takes as long, or is lost or copied,
/// whatever else happened and whenever it was sent.
#[test]
fn a_messages_fate_hangs_on_its_identity_alone() {
    const SCENARIO: &str = r#"
version = 1
title = "fates"
protocol = "majority-register"
network = { loss = 0.05, duplicate = 0.1, reorder = 0.1 }
disk.constant = "0us"
nodes = [{ name = "n", role = "replica", count = 3 }, { name = "c", role = "client", count = 3 }]

[[commands]]
at = "0s"
do.workload = { client = "client", arrivals = { closed = { think = { constant = "1ms" } } }, mix = { get = 1, put = 1 } }
"#;
    let file = SourceFile { name: "fates.toml".into(), text: SCENARIO.into() };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let whole = fates(&open(blueprint.clone(), Micros::s(2), false).trace);
    let mut changed = blueprint;
    let crash = Command::Crash(NodeRef { node: "c3".into() });
    changed.scenario.commands.push(LogEntry {
        at: Micros::ms(100),
        after: 0,
        spread: Micros::ZERO,
        command: crash,
        learner: true,
        press: 0,
    });
    let other = fates(&open(changed, Micros::s(2), false).trace);
    let both: Vec<_> = whole.iter().filter_map(|(id, fate)| Some((id, fate, other.get(id)?))).collect();
    let down = |fate: &Result<u64, String>| fate.as_ref().is_err_and(|why| why.ends_with("is down"));
    for (id, one, two) in &both {
        assert!(one == two || down(two), "message {id}: {one:?} and {two:?}");
    }
    let lost = both.iter().filter(|(_, fate, _)| fate.is_err()).count();
    println!("{} messages in both runs, {lost} of them lost, each with the same fate", both.len());
    assert!(both.len() > 2_000 && lost > 50);
}
