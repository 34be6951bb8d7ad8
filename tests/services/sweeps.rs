//! Seed sweeps: thousands of banks and memberships under random faults, then healed; and each planted bug must be caught.
//! `SEEDS=17..18` replays one.

use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::sweep::{Report, Sweep, Verdict, run_all};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use std::collections::BTreeMap;
use std::ops::Range;

const SEEDS: u64 = 1_000;

/// A run of replicas of two releases takes as long as several of a bank.
fn seeds_of(protocol: &str) -> u64 {
    if protocol == "rolling-upgrade" { SEEDS / 5 } else { SEEDS }
}

fn seeds(protocol: &str) -> Range<u64> {
    let number = |text: &str| text.parse().expect("SEEDS is a number, or two as in 17..18");
    match std::env::var("SEEDS") {
        Err(_) => 0..seeds_of(protocol),
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => 0..number(&text),
        },
    }
}

type Set = BTreeMap<String, ParamValue>;

pub fn word(name: &str, word: &str) -> Set {
    BTreeMap::from([(name.to_string(), ParamValue::Text(word.into()))])
}

fn flag(name: &str) -> Set {
    BTreeMap::from([(name.to_string(), ParamValue::Flag(true))])
}

pub fn words(name: &str, values: &[&str]) -> Vec<Set> {
    values.iter().map(|value| word(name, value)).collect()
}

/// A bank behind two fronts, in every combination of what does not weaken it.
fn bank(parameters: &[Set]) -> Profile {
    let times = [("retry-after", "40ms"), ("give-up-after", "300ms")];
    let mut all: Set = times.iter().flat_map(|(name, time)| word(name, time)).collect();
    parameters.iter().cloned().for_each(|set| all.extend(set));
    Profile {
        protocol: "payments".into(),
        parameters: all,
        drawn: vec![
            words("proof", &["none", "mac"]),
            words("fresh", &["none", "number"]),
            words("hedge-after", &["0ms", "15ms"]),
            words("retry-at", &["next", "same"]),
        ],
        servers: ("bank".into(), "n".into(), vec![1]),
        clients: ("client".into(), "c".into(), vec![2, 3]),
        beside: vec![("front".into(), "f1".into()), ("front".into(), "f2".into())],
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    }
}

fn members(parameters: &[Set]) -> Profile {
    let times = [
        ("interval", "20ms"),
        ("time-out", "90ms"),
        ("least-deviation", "4ms"),
        ("retry-after", "40ms"),
        ("give-up-after", "300ms"),
    ];
    let mut all: Set = times.iter().flat_map(|(name, time)| word(name, time)).collect();
    parameters.iter().cloned().for_each(|set| all.extend(set));
    // So few that what was learned while all was rough is forgotten in time.
    all.insert("samples".into(), ParamValue::Int(20));
    Profile {
        drawn: vec![words("mode", &["heartbeat", "phi"])],
        servers: ("member".into(), "n".into(), vec![3, 4, 5]),
        beside: Vec::new(),
        protocol: "detector".into(),
        parameters: all,
        ..bank(&[])
    }
}

pub fn sweep(profile: Profile) -> Sweep {
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

/// No seed breaks anything, and each of these is met by one seed in a hundred at least.
pub fn survives(profile: Profile, test: &str, wanted: &[&str]) {
    let sweep = sweep(profile);
    let (protocol, seeds) = (&sweep.profile.protocol, seeds(&sweep.profile.protocol));
    let summary = run_all(&sweep, seeds.clone(), true, 2, |report| report.verdict != Verdict::Good);
    if let Some(Report { seed, verdict, .. }) = &summary.stopped {
        let name = format!("target/sweep-{}-{seed}.json", sweep.profile.protocol);
        std::fs::write(&name, sweep.blueprint(*seed).expect("it ran").scenario.to_json()).expect("target is there");
        let next = seed + 1;
        panic!(
            "seed {seed}: {verdict:?}\nreplay: cargo run -- run {name}\n    or: SEEDS={seed}..{next} cargo test --test native services::{test}"
        );
    }
    for (name, (count, met)) in &summary.coverage {
        println!("  {name:45} {count:>9}   in {met} of {} seeds", summary.runs);
    }
    if summary.runs >= seeds_of(protocol) {
        for name in wanted {
            let met = summary.coverage.get(*name).map_or(0, |(_, met)| *met);
            assert!(met * 100 >= summary.runs, "only {met} of {} seeds met \"{name}\"", summary.runs);
        }
    }
}

const MARKS: [&str; 8] = [
    "crash that lost an unsynced write",
    "message duplicated",
    "message lost by chance",
    "operation cut off by its client's crash",
    "operation ok",
    "operation unknown",
    "note: answers again",
    "note: charges",
];

#[test]
fn payments_survive_faults() {
    survives(bank(&[]), "payments_survive_faults", &[&MARKS[..], &["timer fired: hedge"]].concat());
}

/// Messages that come again half a second later, out of all order, harm nobody.
#[test]
fn replayed_messages_are_borne() {
    survives(Profile { adversary: true, ..bank(&[]) }, "replayed_messages_are_borne", &["adversary"]);
    survives(Profile { adversary: true, ..members(&[]) }, "replayed_messages_are_borne", &["adversary"]);
}

/// By numbers alone a payment is charged once, too, though its second attempt is not answered.
#[test]
fn numbers_alone_let_no_payment_be_charged_twice() {
    let profile = bank(&[word("keys", "none"), word("fresh", "number")]);
    survives(profile, "numbers_alone_let_no_payment_be_charged_twice", &["note: rejects"]);
}

/// After healing every client finds that all members believe in all.
#[test]
fn detectors_survive_faults() {
    let marks = ["note: believes alive", "note: declares dead", "timer fired: silent", "crash", "pause"];
    survives(members(&[]), "detectors_survive_faults", &marks);
}

pub fn breaks(what: &str, profile: Profile, properties: &[&str]) {
    let sweep = sweep(profile);
    let is_violation = |report: &Report| matches!(report.verdict, Verdict::Violation { .. });
    let summary = run_all(&sweep, 0..SEEDS, false, 2, is_violation);
    let Some(Report { seed, verdict: Verdict::Violation { property, reason, at }, .. }) = &summary.stopped else {
        panic!("{what} is not caught within {SEEDS} seeds");
    };
    println!("{what}: seed {seed}, at {at}: \"{property}\": {reason}");
    assert!(properties.contains(property), "{what} broke \"{property}\", expected one of {properties:?}");
}

/// One of them ([`super::adversary`]) needs somebody who alters.
#[test]
fn planted_bugs_of_payments_are_caught() {
    let bugs: [(&str, &str); 5] = [
        ("bug-ack-before-sync", "every acknowledged payment happened"),
        ("bug-key-after-charge", "no payment is charged twice"),
        ("bug-new-key-each-attempt", "no payment is charged twice"),
        ("bug-split-transfer", "money is conserved"),
        ("bug-timeout-means-failed", "what is said to have failed never happens"),
    ];
    for (bug, property) in bugs {
        breaks(bug, bank(&[flag(bug)]), &[property]);
    }
    let numbers = bank(&[flag("bug-numbers-in-memory"), word("keys", "none"), word("fresh", "number")]);
    breaks("bug-numbers-in-memory", numbers, &["no payment is charged twice"]);
}

/// What the settings do that promise less.
#[test]
fn weaker_settings_charge_twice() {
    for keys in ["none", "front", "memory"] {
        breaks(keys, bank(&[word("keys", keys), word("fresh", "none")]), &["no payment is charged twice"]);
    }
    breaks(
        "forgetting",
        bank(&[word("forget-after", "30ms"), word("fresh", "none")]),
        &["no payment is charged twice"],
    );
}

#[test]
fn planted_bugs_of_detectors_are_caught() {
    let bugs: [(&str, &str); 5] = [
        ("bug-evicted-still-counts", "the bound is that of the window"),
        ("bug-life-not-persisted", "lives are one's own"),
        ("bug-old-beats-count", "only newer heartbeats count"),
        ("bug-outage-is-interval", "outages are not learned"),
        ("bug-stops-watching", "the silent are declared dead"),
    ];
    for (bug, property) in bugs {
        let mut profile = members(&[flag(bug), word("mode", "phi")]);
        profile.rough = Micros::s(4);
        breaks(bug, profile, &[property]);
    }
}

/// Nothing can keep a promise on a disk that acknowledges what it does not keep, and a property says so.
#[test]
fn lying_disks_are_noticed() {
    breaks(
        "lying disks",
        Profile { lying_disks: true, ..bank(&[]) },
        &["every acknowledged payment happened", "no payment is charged twice"],
    );
    breaks("lying disks", Profile { lying_disks: true, ..members(&[]) }, &["lives are one's own"]);
}
