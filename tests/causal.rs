//! The causal store: what its clients are told is causally consistent, by checkers that know nothing of it; sites answer
//! by themselves, and as fast as they are; and they come to hold the same.

use faultline::base::json::Json;
use faultline::base::{Micros, NodeId};
use faultline::check::consistency::{self, Consistency, Options};
use faultline::check::faults::Profile;
use faultline::check::history;
use faultline::check::linear::{Limits, Verdict};
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Datum, Outcome, RowKind, SourceFile};
use std::collections::BTreeMap;

fn sweep(flag: Option<&str>) -> Sweep {
    let mut parameters: BTreeMap<String, ParamValue> =
        flag.map(|flag| (flag.to_string(), ParamValue::Flag(true))).into_iter().collect();
    parameters.insert("send-again-after".into(), ParamValue::Text("40ms".into()));
    let profile = Profile {
        protocol: "causal-store".into(),
        parameters,
        drawn: vec![[2, 3].map(|n| BTreeMap::from([("sites".to_string(), ParamValue::Int(n))])).to_vec()],
        servers: ("replica".into(), "n".into(), vec![4, 6]),
        clients: ("client".into(), "c".into(), vec![3]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

fn ended(sweep: &Sweep, seed: u64, properties: bool) -> Timeline {
    let blueprint = sweep.blueprint(seed).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties, hash: false }, None);
    timeline.advance(sweep.profile.ends_at(), u64::MAX);
    timeline
}

fn judged(sweep: &Sweep, seed: u64, model: &str) -> Verdict {
    let history = history::record(&ended(sweep, seed, false).trace);
    assert!(history.operations.len() > 10, "seed {seed}: clients ask for something");
    let limits = Limits { explain: false, ..Limits::default() };
    let model = Consistency::named(model).expect("a model");
    consistency::check("kv", model, &history, Options { limits, ..Options::default() }).expect("well-formed").verdict
}

/// COPS calls it causal+ (section 3.1): causal, and copies that converge. Crashes of clients are among the faults: their
/// sessions go on.
#[test]
fn what_clients_are_told_is_causal_and_convergent() {
    let sweep = sweep(None);
    for seed in 0..100 {
        assert_eq!(judged(&sweep, seed, "causal-convergence"), Verdict::Satisfied, "seed {seed}");
    }
    let linear = (0..20).filter(|seed| matches!(judged(&sweep, *seed, "linearizable"), Verdict::Violated(_))).count();
    println!("of 20 runs {linear} are not linearizable");
    assert!(linear > 15, "only {linear} of 20 runs show that this is no single copy");
}

/// What each planted bug does to clients, where it does something to them: the checker knows nothing of the protocol.
#[test]
fn clients_of_a_broken_store_are_told_what_is_not_causal() {
    let bugs = [
        "bug-clock-not-advanced",
        "bug-forget-reads",
        "bug-no-compare",
        "bug-no-dependency-check",
        "bug-no-once-only",
        "bug-put-clears-all",
    ];
    for bug in bugs {
        let sweep = sweep(Some(bug));
        let broken = |seed: &u64| matches!(judged(&sweep, *seed, "causal-convergence"), Verdict::Violated(_));
        let found = (0..200).find(broken);
        println!("{bug}: the first run in which clients notice is {found:?}");
        assert!(found.is_some(), "{bug}: no client noticed in 200 runs");
    }
}

/// What each site holds at last: key, value and version.
fn held(timeline: &Timeline, node: u16) -> Json {
    match timeline.head().trees(NodeId(node)).1 {
        Json::Map(fields) => fields.into_iter().find(|(name, _)| name == "entries").expect("a replica's disk").1,
        other => panic!("{other:?}"),
    }
}

/// Two sites of one replica each: nothing is spread over replicas that differ in number.
#[test]
fn sites_converge() {
    for (flag, all) in [(None, true), (Some("bug-confirm-early"), false)] {
        let mut sweep = sweep(flag);
        sweep.profile.servers.2 = vec![2];
        sweep.profile.drawn.clear();
        let apart = (0..60).filter(|seed| {
            let timeline = ended(&sweep, *seed, false);
            held(&timeline, 0) != held(&timeline, 1)
        });
        let apart = apart.count();
        println!("{flag:?}: of 60 runs {apart} end with sites apart");
        assert_eq!(apart == 0, all, "{flag:?}: {apart} of 60");
    }
}

const LOCAL_US: u64 = 1_000;
const FAR_US: u64 = 80_000;
const DISK_US: u64 = 500;

/// Two sites of two replicas; within a site messages take 1 ms, between sites 80 ms.
fn run(script: &[(&str, &str)]) -> Timeline {
    let timeline = play(&[("a", 2), ("b", 2)], "", script);
    assert!(timeline.head().broken.iter().all(Option::is_none), "{:?}", timeline.head().broken);
    timeline
}

/// Sites with so many replicas each, and two clients each: "ca1" is the first at site "a".
fn play(sites: &[(&str, u16)], parameters: &str, script: &[(&str, &str)]) -> Timeline {
    let node = |(name, count): &(&str, u16)| {
        format!(
            "{{ name = \"{name}\", role = \"replica\", count = {count}, groups = [\"region={name}\"] }}, \
             {{ name = \"c{name}\", role = \"client\", count = 2, groups = [\"region={name}\"] }}"
        )
    };
    let nodes: Vec<String> = sites.iter().map(node).collect();
    let mut text = format!(
        "version = 1\nprotocol = \"causal-store\"\nnetwork.latency.constant = \"{LOCAL_US}us\"\n\
         network.kinds = {{ Replicate.constant = \"{FAR_US}us\", Confirm.constant = \"{FAR_US}us\" }}\n\
         disk.constant = \"{DISK_US}us\"\nparameters = {{ send-again-after = \"1s\"{parameters} }}\nnodes = [{}]\n",
        nodes.join(", ")
    );
    for (at, what) in script {
        let command = match what.split_once(' ') {
            Some((client, op))
                if sites.iter().any(|(name, _)| client.strip_prefix('c').is_some_and(|c| c.starts_with(name))) =>
            {
                let (f, rest) = op.split_once(' ').expect("function and key");
                let (key, value) = rest
                    .split_once('=')
                    .map_or((rest, String::new()), |(key, value)| (key, format!(", value.int = {value}")));
                format!("request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{key}\"{value} }} }}")
            }
            _ => (*what).to_string(),
        };
        text += &format!("[[commands]]\nat = \"{at}\"\ndo.{command}\n");
    }
    let file = SourceFile { name: "sites.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::s(3), u64::MAX);
    timeline
}

/// Function, outcome, answer and time of every operation that ended.
fn operations(timeline: &Timeline) -> Vec<(String, Outcome, Datum, u64)> {
    let completed = timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete);
    let told = completed.map(|rec| {
        let (op, outcome, answer, begun) = timeline.trace.completed(rec);
        (format!("{} {}", op.f, op.key), outcome, answer, rec.at - begun)
    });
    told.collect()
}

/// A put takes the way to the replica of the site and back, and a sync at each end; a get of what its session knows takes
/// the ways alone; however far the other site is, and whether it can be reached or not.
#[test]
fn a_site_answers_at_once_cut_off_or_not() {
    let script = [("100ms", "ca1 put x=1"), ("200ms", "ca1 get x"), ("200ms", "cb1 put x=2"), ("210ms", "cb1 get x")];
    let cut = ("50ms", "cut = { name = \"apart\", from = [\"region=a\"] }");
    for cut_off in [false, true] {
        let script = if cut_off { [&[cut][..], &script[..]].concat() } else { script.to_vec() };
        let told = operations(&run(&script));
        assert_eq!(told.len(), 4);
        for (op, outcome, answer, took) in told {
            let disks = if op == "put x" { 2 } else { 0 };
            assert_eq!((outcome, took), (Outcome::Ok, 2 * LOCAL_US + disks * DISK_US), "{op}, cut off: {cut_off}");
            assert!(op != "get x" || answer != Datum::None, "each site knows its own");
        }
    }
}

/// A write is visible elsewhere one long way after its replica has it; one that follows another also after the question
/// within the site whether that is there, and its answer. x and z lie on different replicas.
#[test]
fn a_write_is_visible_elsewhere_after_one_long_way_and_a_question() {
    let timeline = run(&[("100ms", "ca1 put x=1"), ("500ms", "ca1 put z=2")]);
    let confirmed = |from: u16| {
        let sent = |rec: &&faultline::sim::trace::Rec| rec.kind == RowKind::Send && rec.node == from && rec.peer < 2;
        timeline.trace.rows().iter().filter(sent).map(|rec| rec.at).next().expect("it confirms")
    };
    let first = 100_000 + LOCAL_US + DISK_US + FAR_US + DISK_US;
    let second = 500_000 + LOCAL_US + DISK_US + FAR_US + 2 * LOCAL_US + DISK_US;
    // Behind two replicas and two clients of the first site.
    let mut seen = [confirmed(4), confirmed(5)];
    seen.sort_unstable();
    assert_eq!(seen, [first, second]);
}

/// ca1 writes z and then x, and neither reaches b. cc1 reads that x at c, where cc2 then writes x, too, without having read
/// it: a later version, which reaches b. What cc1 writes next follows the x of ca1. To b, whose x is later, that may look
/// as if it was there; but what that x follows, z, is not.
#[test]
fn a_later_version_is_not_the_one_that_a_write_follows() {
    let script = [
        ("10ms", "cut = { name = \"apart\", from = [\"a1\"], to = [\"b1\"] }"),
        ("20ms", "ca1 put z=1"),
        ("40ms", "ca1 put x=1"),
        ("200ms", "cc1 get x"),
        ("220ms", "cc2 put x=9"),
        ("240ms", "cc1 put y=2"),
        ("500ms", "cb1 get y"),
        ("520ms", "cb1 get z"),
    ];
    for (bug, told) in [(false, Datum::None), (true, Datum::Int(2))] {
        let timeline = play(&[("a", 1), ("b", 1), ("c", 1)], &format!(", bug-compare-versions = {bug}"), &script);
        let operations = operations(&timeline);
        assert!(operations.iter().all(|(_, outcome, ..)| *outcome == Outcome::Ok), "{operations:?}");
        let last: Vec<&Datum> = operations.iter().rev().take(2).map(|(_, _, answer, _)| answer).collect();
        assert_eq!(last, [&Datum::None, &told], "z, and y before it");
        let causal = Consistency::named("causal").expect("a model");
        let history = history::record(&timeline.trace);
        let verdict = consistency::check("kv", causal, &history, Options::default()).expect("well-formed").verdict;
        assert_eq!(matches!(verdict, Verdict::Violated(_)), bug, "{verdict:?}");
        let broken = timeline.head().broken.iter().position(Option::is_some);
        assert_eq!(broken, bug.then_some(0), "effects are seen after their causes");
    }
}
