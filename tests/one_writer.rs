//! The majority register with a single writer: ABD as it was published. What it saves, whom it refuses, and that it keeps
//! its promises under faults; and its two planted bugs.

use faultline::base::{Micros, NodeId};
use faultline::check::faults::{self, Profile};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{Blueprint, Scenario};
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Command, Datum, Outcome, RowKind, SourceFile};
use std::collections::BTreeMap;

const PROTOCOL: &str = "majority-register";

/// Three to five replicas and three clients under the faults of a sweep, of whom the first alone writes; with some of the
/// bugs, all ask for puts.
fn scenario(seed: u64, bug: Option<&str>, all_write: bool) -> Scenario {
    let flag = bug.map(|bug| (bug.to_string(), ParamValue::Flag(true)));
    let parameters = [("writers".to_string(), ParamValue::Text("one".into()))].into_iter().chain(flag);
    let profile = Profile {
        protocol: PROTOCOL.into(),
        parameters: parameters.collect::<BTreeMap<_, _>>(),
        drawn: Vec::new(),
        servers: ("replica".into(), "n".into(), vec![3, 4, 5]),
        clients: ("client".into(), "c".into(), vec![3]),
        beside: Vec::new(),
        adversary: seed.is_multiple_of(4),
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    let entry = protocols::all().iter().find(|entry| (entry.describe)().name == PROTOCOL).expect("registered");
    let mut scenario = faults::scenario(&profile, &(entry.describe)(), seed);
    scenario.commands.retain_mut(|entry| match &mut entry.command {
        Command::Workload(workload) if workload.client != "c1" && !all_write => {
            workload.mix.remove("put");
            true
        }
        Command::Request(request) => all_write || request.client == "c1" || request.op.f != "put",
        _ => true,
    });
    scenario
}

/// The properties that broke, and how many operations ended well after everything had healed.
fn run(scenario: Scenario) -> (Vec<&'static str>, usize) {
    let blueprint = Blueprint::resolve(scenario, protocols::all()).unwrap_or_else(|fault| panic!("{}", fault.message));
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::ms(3_500), u64::MAX);
    let (world, trace) = (timeline.head(), &timeline.trace);
    let broken = world.broken.iter().zip(&world.describe.properties).filter(|(broken, _)| broken.is_some());
    let broken = broken.map(|(_, (name, _))| *name).collect();
    let fresh = trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete && rec.at >= 3_000_000);
    (broken, fresh.filter(|rec| trace.completed(rec).1 == Outcome::Ok).count())
}

#[test]
fn one_writer_and_its_readers_survive_faults() {
    for seed in 0..400 {
        let (broken, fresh) = run(scenario(seed, None, false));
        assert!(broken.is_empty(), "seed {seed}: {broken:?}");
        // A put and a get of the writer, a get of each other.
        assert!(fresh >= 4, "seed {seed}: only {fresh} of 4 fresh operations ended well");
    }
}

#[test]
fn planted_bugs_of_the_single_writer_are_caught() {
    let cases: [(&str, bool, &[&str]); 2] = [
        ("bug-two-writers", true, &["one tag, one value", "reads are fresh"]),
        ("bug-writer-forgets", false, &["reads are fresh"]),
    ];
    for (bug, all_write, properties) in cases {
        let found = (0..400).find_map(|seed| run(scenario(seed, Some(bug), all_write)).0.first().map(|p| (seed, *p)));
        println!("{bug}: {found:?}");
        assert!(found.is_some_and(|(_, property)| properties.contains(&property)), "{bug}: {found:?}");
    }
}

/// Who is not the writer is refused, with the writer's name, and nothing of it comes to any replica.
#[test]
fn a_second_writer_is_refused() {
    let mut refused = 0;
    for seed in 0..20 {
        let scenario = scenario(seed, None, true);
        let blueprint =
            Blueprint::resolve(scenario, protocols::all()).unwrap_or_else(|fault| panic!("{}", fault.message));
        let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
        timeline.advance(Micros::ms(3_500), u64::MAX);
        let (world, trace) = (timeline.head(), &timeline.trace);
        assert!(world.broken.iter().all(Option::is_none), "seed {seed}");
        for rec in trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete) {
            let (op, outcome, answer, _) = trace.completed(rec);
            if op.f != "put" || world.setup.name(NodeId(rec.node)) == "c1" {
                continue;
            }
            // Some are cut off by a crash of their client before it can say so.
            assert_ne!(outcome, Outcome::Ok, "seed {seed}: {op}");
            refused += usize::from(outcome == Outcome::Fail && answer == Datum::Text("c1 is the only writer".into()));
        }
    }
    assert!(refused > 500, "only {refused} puts were refused in 20 runs");
}

/// Messages of a put and of a get, and how long they take, on links of 10 ms and disks of 5 ms.
fn costs(writers: &str, replicas: usize) -> [(usize, u64); 2] {
    let text = format!(
        "version = 1\nprotocol = \"{PROTOCOL}\"\nnetwork.latency.constant = \"10ms\"\ndisk.constant = \"5ms\"\n\
         parameters.writers = \"{writers}\"\nnodes = [{{ name = \"n\", role = \"replica\", count = {replicas} }}, \
         {{ name = \"c\", role = \"client\", count = 2 }}]\n[[commands]]\nat = \"100ms\"\n\
         do.request = {{ client = \"c1\", op = {{ f = \"put\", key = \"x\", value.int = 1 }} }}\n[[commands]]\n\
         at = \"300ms\"\ndo.request = {{ client = \"c2\", op = {{ f = \"get\", key = \"x\" }} }}\n"
    );
    let file = SourceFile { name: "costs.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(Micros::ms(500), u64::MAX);
    let rows = timeline.trace.rows();
    let took = |from| rows.iter().find(|rec| rec.kind == RowKind::Complete && rec.at > from).map(|rec| rec.at - from);
    let sent = |from, to| rows.iter().filter(|rec| rec.kind == RowKind::Send && (from..to).contains(&rec.at)).count();
    [(100_000, 300_000), (300_000, 500_000)].map(|(from, to)| (sent(from, to), took(from).expect("it ends")))
}

/// A put of the single writer is one question to all of N replicas and their answers, with one sync on the way: half of what
/// it is with many writers (ABD, section 3). A get is the same with both.
#[test]
fn a_put_of_the_single_writer_takes_one_round() {
    for replicas in [1, 3, 5, 7] {
        let (one, many) = (costs("one", replicas), costs("many", replicas));
        assert_eq!(one[0], (2 * replicas, 25_000), "{replicas} replicas, one writer");
        assert_eq!(many[0], (4 * replicas, 45_000), "{replicas} replicas, many writers");
        assert_eq!(one[1], many[1], "a get");
        assert_eq!(one[1].0, 4 * replicas, "a get writes back");
    }
}
