//! Records on replicas of two releases: golden transcripts, sweeps, planted bugs, and a checker that knows nothing of it.

use super::lab::{broken, count, head, run, run_seed, scripted, transcript};
use super::sweeps::{breaks, survives, sweep, word, words};
use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::history;
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::Readings;
use faultline::check::sweep::{self, run_all};
use faultline::sim::params::ParamValue;
use faultline::wire::{Datum, RowKind};
use std::collections::BTreeMap;

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

fn three(parameters: &str) -> String {
    let nodes = "{ name = \"n\", role = \"replica\", count = 3 }, { name = \"c\", role = \"client\", count = 2 }";
    head("rolling-upgrade", nodes, &format!("parameters = {{ retry-after = \"150ms\", {parameters} }}"))
}

/// Two of three are restarted, in turn.
const HALF: [(&str, &str); 4] = [
    ("100ms", "crash.node = \"n1\""),
    ("110ms", "restart.node = \"n1\""),
    ("200ms", "crash.node = \"n2\""),
    ("210ms", "restart.node = \"n2\""),
];

fn half(parameters: &str, more: &[(&str, &str)]) -> String {
    let script = [&[("10ms", "c1 put x=4")][..], &HALF, more].concat();
    scripted(&three(parameters), &script)
}

#[test]
fn upgrade_put_then_get() {
    golden!(transcript(&scripted(&three(""), &[("10ms", "c1 put x=4"), ("200ms", "c2 get x")]), Micros::ms(400)));
}

/// The new replicas have the majority, and cannot read what the old ones wrote.
#[test]
fn upgrade_stops_half_way() {
    let text = half("schema = \"required\", give-up-after = \"200ms\"", &[("300ms", "c2 get x")]);
    golden!(transcript(&text, Micros::ms(700)));
    assert_eq!(broken(&run(&text, Micros::s(1))), [("what was acknowledged can be read", 1)]);
}

/// A get of the value, coordinated by the old release, writes the record back without its note.
#[test]
fn upgrade_loses_a_note_by_a_get() {
    let more = [("300ms", "c1 put-note x=7"), ("500ms", "c2 get x")];
    let text = half("schema = \"dropping\", on-restart = \"upgrade\"", &more);
    golden!(transcript(&text, Micros::ms(800)));
    assert_eq!(broken(&run(&text, Micros::s(1))), [("no acknowledged field is lost", 1)]);
}

/// The same with fields that are kept; then a replica that knew them is rolled back.
#[test]
fn upgrade_keeps_a_note_through_a_rollback() {
    let back = [("600ms", "crash.node = \"n2\""), ("610ms", "restart.node = \"n2\"")];
    let more = [("300ms", "c1 put-note x=7"), ("500ms", "c2 get x"), back[0], back[1], ("700ms", "c2 put x=5")];
    let text = half("on-restart = \"switch\"", &[&more[..], &[("900ms", "c1 get-note x")]].concat());
    golden!(transcript(&text, Micros::s(2)));
    let timeline = run(&text, Micros::s(2));
    assert_eq!(broken(&timeline), []);
    assert_eq!(count(&timeline, RowKind::Note, "rolled back"), 1);
}

/// The note lies where the value lay: a number is read that nobody wrote there.
#[test]
fn upgrade_reads_one_field_for_the_other() {
    let text = half("schema = \"renumbered\"", &[("300ms", "c2 get-note x")]);
    golden!(transcript(&text, Micros::ms(500)));
}

type Set = BTreeMap<String, ParamValue>;

fn upgraded(least: i64) -> Vec<Set> {
    (least..least + 2).map(|n| BTreeMap::from([("upgraded".to_string(), ParamValue::Int(n))])).collect()
}

/// Clients ask all replicas, or one after the other.
fn asked() -> Vec<Set> {
    [0, 1].map(|n| BTreeMap::from([("coordinators".to_string(), ParamValue::Int(n))])).to_vec()
}

/// Replicas that are upgraded by their crashes; one at least knows notes from the beginning.
fn cluster(parameters: &[Set]) -> Profile {
    let times = [("retry-after", "40ms"), ("give-up-after", "4500ms")];
    let mut all: Set = times.iter().flat_map(|(name, time)| word(name, time)).collect();
    parameters.iter().cloned().for_each(|set| all.extend(set));
    Profile {
        protocol: "rolling-upgrade".into(),
        parameters: all,
        drawn: vec![upgraded(1), asked()],
        servers: ("replica".into(), "n".into(), vec![3, 3, 4, 5]),
        clients: ("client".into(), "c".into(), vec![2, 3]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(5),
        bound: Micros::s(5),
    }
}

fn schema(name: &str) -> Profile {
    cluster(&[word("schema", name)])
}

fn bug(name: &str, set: Set) -> Profile {
    cluster(&[BTreeMap::from([(name.to_string(), ParamValue::Flag(true))]), set])
}

#[test]
fn upgrades_survive_faults() {
    let marks = [
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "operation cut off by its client's crash",
        "operation failed",
        "operation ok",
        "operation unknown",
        "note: meets another coordinator",
        "note: upgraded",
        "timer fired: again",
        "timer fired: retry",
    ];
    survives(cluster(&[]), "upgrades_survive_faults", &marks);
    survives(cluster(&[word("wait", "all")]), "upgrades_survive_faults", &["operation ok"]);
}

#[test]
fn replayed_messages_are_borne_by_upgrades() {
    survives(Profile { adversary: true, ..cluster(&[]) }, "replayed_messages_are_borne_by_upgrades", &["adversary"]);
}

/// Forwards and backwards at every restart. (Who is asked for notes when nobody knows them, gets nowhere: no demand for
/// progress here.)
#[test]
fn rollbacks_break_nothing() {
    let profile = Profile { drawn: vec![upgraded(0), words("on-restart", &["switch"])], ..cluster(&[]) };
    let violated = |report: &sweep::Report| matches!(report.verdict, sweep::Verdict::Violation { .. });
    let summary = run_all(&sweep(profile), 0..1_000, true, 2, violated);
    if let Some(bad) = &summary.stopped {
        panic!("seed {}: {:?}", bad.seed, bad.verdict);
    }
    let back = summary.coverage.get("note: rolled back").map_or(0, |(_, met)| *met);
    println!("{back} of {} runs had a rollback", summary.runs);
    assert!(back * 4 > summary.runs);
}

const LOST: &str = "no acknowledged field is lost";
const READABLE: &str = "what was acknowledged can be read";
const WRITTEN: &str = "reads return what was written";
const MAJORITY: &str = "completed writes are on a majority";
const COPIES: &str = "copies of one write are the same";
const ONCE: &str = "a write takes effect once";

#[test]
fn other_schemas_do_not_bear_an_upgrade() {
    breaks("dropping", schema("dropping"), &[LOST]);
    breaks("required", schema("required"), &[READABLE]);
    breaks("renumbered", schema("renumbered"), &[LOST, WRITTEN]);
}

/// In one release, all of them are sound.
#[test]
fn other_schemas_are_sound_in_one_release() {
    for name in ["dropping", "required", "renumbered"] {
        let all = BTreeMap::from([("upgraded".to_string(), ParamValue::Int(9))]);
        let profile = Profile { drawn: Vec::new(), ..cluster(&[word("schema", name), all]) };
        survives(profile, "other_schemas_are_sound_in_one_release", &["operation ok"]);
    }
}

#[test]
fn planted_bugs_of_upgrades_are_caught() {
    let bugs: [(&str, &[&str]); 5] = [
        ("bug-ack-before-sync", &[MAJORITY, LOST]),
        ("bug-no-compare", &[MAJORITY, LOST, ONCE]),
        ("bug-no-once-only", &[ONCE]),
        ("bug-put-drops-unknown", &[LOST]),
        ("bug-small-quorum", &[MAJORITY, LOST]),
    ];
    for (name, properties) in bugs {
        breaks(name, bug(name, Set::new()), properties);
    }
}

#[test]
fn lying_disks_are_noticed_by_upgrades() {
    breaks("lying disks", Profile { lying_disks: true, ..cluster(&[]) }, &[MAJORITY, LOST, COPIES, ONCE]);
}

/// What clients are told of values, in mixed clusters that go forwards and backwards, one copy could have told them.
#[test]
fn what_clients_are_told_of_records_is_linearizable() {
    let profile = Profile { drawn: vec![upgraded(0), words("on-restart", &["switch"])], ..cluster(&[]) };
    let (sweep, until) = (sweep(profile.clone()), profile.ends_at());
    let mut decided = 0;
    for seed in 0..30 {
        let timeline = run_seed(&sweep.blueprint(seed).expect("a good scenario"), seed, until);
        let history = history::record(&timeline.trace);
        let of_values = history.filter(|op| op.key == Datum::Text("x".into()) && (op.f == "get" || op.f == "put"));
        let limits = Limits { steps: 300_000, bytes: 16 << 20, explain: false, ..Limits::GENEROUS };
        let checked = linear::check("register", &of_values, Readings::default(), limits).expect("well-formed");
        assert!(!matches!(checked.verdict, Verdict::Violated(_)), "seed {seed}");
        decided += u32::from(checked.verdict == Verdict::Satisfied);
    }
    println!("{decided} of 30 runs are linearizable, of the others it cannot be told within the limits");
    assert!(decided >= 15);
}
