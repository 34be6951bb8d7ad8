//! Planted bugs, found by the explorer from small scenarios: each counterexample is made small, and breaks the property
//! when the engine runs its commands.

use faultline::base::Micros;
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start, replay};
use faultline::check::explore::{Options, Strategy, Verdict, explore, minimise};
use faultline::protocols;
use faultline::sim::scenario::Scenario;
use faultline::wire::SourceFile;

const BREADTH: Options =
    Options { strategy: Strategy::Breadth, depth: u32::MAX, states: 200_000, bytes: 1 << 30, symmetry: false };
const RANDOM: Options = Options { strategy: Strategy::Walks { seed: 1, walks: 100_000 }, depth: 300, ..BREADTH };
const NONE: Bounds = Bounds { crashes: 0, drops: 0, partitions: 0, timers: 0, early: 0, memory: true, answered: false };

/// A planted bug, and how it is found.
struct Planted<'a> {
    bug: &'a str,
    /// Of three servers (or replicas), spares, clients; more parameters.
    nodes: &'a str,
    parameters: &'a str,
    /// Moment, client, function, key, value.
    requests: &'a [(&'a str, &'a str, &'a str, &'a str, &'a str)],
    from: Micros,
    syncs: bool,
    bounds: Bounds,
    options: Options,
    property: &'a str,
    /// Steps of the counterexample, made small; 0 where a random one is as long as it is.
    steps: usize,
}

const REGISTER: &str = r#"{ name = "n", role = "replica", count = 3 }, { name = "c", role = "client", count = 2 }"#;
const ALONE: &str = r#"{ name = "n", role = "replica" }, { name = "c", role = "client", count = 2 }"#;
const RAFT: &str = r#"{ name = "n", role = "server", count = 3 }, { name = "c", role = "client", count = 2 }"#;
const SPARES: &str = r#"{ name = "n", role = "server", count = 3 }, { name = "s", role = "spare", count = 2 },
    { name = "c", role = "client" }"#;

const PLAIN: Planted<'_> = Planted {
    bug: "",
    nodes: RAFT,
    parameters: "",
    requests: &[],
    from: Micros::ZERO,
    syncs: false,
    bounds: NONE,
    options: BREADTH,
    property: "",
    steps: 0,
};

impl Planted<'_> {
    fn scenario(&self, bug: bool) -> Scenario {
        let protocol = if self.nodes == REGISTER || self.nodes == ALONE { "majority-register" } else { "raft" };
        let mut text = format!("version = 1\nprotocol = \"{protocol}\"\nseed = 1\nnodes = [{}]\n", self.nodes);
        text += &format!("[parameters]\n{} = {bug}\n{}\n", self.bug, self.parameters);
        for (at, client, f, key, value) in self.requests {
            let value = if value.is_empty() { String::new() } else { format!(", value = {value}") };
            text += &format!("[[commands]]\nat = \"{at}\"\n");
            text +=
                &format!("do.request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{key}\"{value} }} }}\n");
        }
        Scenario::read(&SourceFile { name: format!("{}.toml", self.bug), text }).expect("a good scenario")
    }

    fn case(&self, bug: bool) -> Case {
        let start = Start { from: self.from, syncs: self.syncs };
        Case::new(self.scenario(bug), start, protocols::all()).expect("a good scenario")
    }

    /// Finds it, makes it small, runs it; and finds nothing of the kind without the bug.
    fn prove(&self) {
        let case = self.case(true);
        let cluster = case.cluster(self.bounds).expect("it can be explored");
        let found = explore(&cluster, self.options);
        let counts = (found.distinct, found.generated);
        let violation = found.violation.unwrap_or_else(|| panic!("{}: nothing found, {counts:?}", self.bug));
        let small = minimise::shorten(&cluster, &violation);
        println!("{}: {} steps of {}, {counts:?}", self.bug, small.actions.len(), violation.actions.len());
        assert_eq!(small.property.name, self.property, "{}", self.bug);
        if self.steps > 0 {
            assert_eq!(small.actions.len(), self.steps, "{}", self.bug);
        }
        assert!(small.actions.len() <= violation.actions.len());
        let run = case.run(&cluster, &small).unwrap_or_else(|why| panic!("{}: {why}", self.bug));
        let timeline = replay(run, protocols::all()).expect("a good scenario");
        assert!(timeline.refused.iter().all(Option::is_none), "{}: {:?}", self.bug, timeline.refused);
        let world = timeline.head();
        let place = world.describe.properties.iter().position(|(name, _)| *name == self.property).expect("its own");
        assert!(world.broken[place].is_some(), "{}: the engine's run does not break it", self.bug);
        // As far without the bug there is nothing.
        let sound = self.case(false);
        let cluster = sound.cluster(self.bounds).expect("it can be explored");
        let strategy = match self.options.strategy {
            Strategy::Walks { seed, .. } => Strategy::Walks { seed, walks: 1_000 },
            other => other,
        };
        let without = explore(&cluster, Options { strategy, states: counts.0.min(20_000), ..self.options });
        assert_ne!(without.verdict(), Verdict::Broken, "{} although it is off", self.bug);
    }
}

const PUT: (&str, &str, &str, &str, &str) = ("0s", "c1", "put", "x", "{ int = 1 }");
const PUT_TOO: (&str, &str, &str, &str, &str) = ("0s", "c2", "put", "x", "{ int = 2 }");
const GET_TOO: (&str, &str, &str, &str, &str) = ("0s", "c2", "get", "x", "");
/// Before the exploration: it opens the client's session.
const FIRST: (&str, &str, &str, &str, &str) = ("600ms", "c1", "append", "x", "{ int = 1 }");

#[test]
fn the_registers_bugs_are_found() {
    let crash = Bounds { crashes: 1, ..NONE };
    let plain = Planted { nodes: REGISTER, requests: &[PUT], ..PLAIN };
    let both = Planted { requests: &[PUT, PUT_TOO], ..plain };
    let majority = "completed writes are on a majority";
    let cases = [
        Planted { bug: "bug-small-quorum", property: majority, steps: 5, ..plain },
        // The clients' first syncs, a request, and both phases of two of three replicas, none of which has synced.
        Planted { bug: "bug-ack-before-sync", syncs: true, property: majority, steps: 11, ..plain },
        Planted { bug: "bug-no-compare", property: "tags never go back", steps: 12, ..both },
        Planted { bug: "bug-tag-without-writer", property: "one tag, one value", steps: 12, ..both },
        Planted {
            bug: "bug-tag-without-life",
            nodes: ALONE,
            requests: &[PUT, ("0s", "c1", "put", "x", "{ int = 2 }")],
            bounds: crash,
            property: "one tag, one value",
            steps: 11,
            ..plain
        },
        Planted {
            bug: "bug-no-write-back",
            requests: &[PUT, GET_TOO, GET_TOO],
            options: RANDOM,
            property: "reads are fresh",
            ..plain
        },
    ];
    cases.iter().for_each(Planted::prove);
}

#[test]
fn bugs_of_rafts_elections_are_found() {
    let two = Bounds { timers: 2, early: 1, ..NONE };
    let crash = Bounds { crashes: 1, ..two };
    let survive = "terms and votes survive crashes";
    let complete = "leader completeness";
    let cases = [
        // Two stand for election, the third votes for both.
        Planted { bug: "bug-double-vote", bounds: two, property: "election safety", steps: 6, ..PLAIN },
        // It votes for itself, crashes, and comes back.
        Planted { bug: "bug-vote-not-persisted", bounds: crash, property: survive, steps: 3, ..PLAIN },
        Planted { bug: "bug-term-not-persisted", bounds: crash, property: survive, steps: 3, ..PLAIN },
        // An election of three steps, its no-op and the answer; the third is elected without it.
        Planted { bug: "bug-no-up-to-date-check", bounds: two, property: complete, steps: 8, ..PLAIN },
        // The members are changing when the exploration begins: two of the old elect one.
        Planted {
            bug: "bug-joint-by-new-majority",
            nodes: SPARES,
            requests: &[("1s", "c", "change-members", "", "{ text = \"n1 s1 s2\" }")],
            from: Micros::ms(1_015),
            bounds: Bounds { timers: 1, early: 1, ..NONE },
            property: complete,
            steps: 7,
            ..PLAIN
        },
    ];
    cases.iter().for_each(Planted::prove);
}

#[test]
fn bugs_of_rafts_log_are_found() {
    let one = Bounds { timers: 1, early: 1, ..NONE };
    let append = ("1s", "c1", "append", "x", "{ int = 2 }");
    let plain = Planted { from: Micros::s(1), requests: &[FIRST, append, append], bounds: one, ..PLAIN };
    let cases = [
        Planted { bug: "bug-forget-session", property: "exactly-once application", steps: 8, ..plain },
        // A heartbeat from before arrives after what it does not know of was committed.
        Planted { bug: "bug-truncate-matching", property: "leader completeness", steps: 12, ..plain },
        Planted { bug: "bug-apply-before-commit", property: "state-machine safety", steps: 5, ..plain },
        Planted {
            bug: "bug-snapshot-without-sessions",
            parameters: "snapshot-threshold = 2",
            requests: &[FIRST, append],
            bounds: Bounds { crashes: 1, timers: 1, ..NONE },
            property: "state-machine safety",
            ..plain
        },
        Planted {
            bug: "bug-no-consistency-check",
            bounds: Bounds { crashes: 1, timers: 2, early: 2, ..NONE },
            options: RANDOM,
            property: "log matching",
            ..plain
        },
        Planted {
            bug: "bug-expired-lease",
            parameters: "read-mode = \"lease\"",
            requests: &[FIRST, ("600ms", "c2", "get", "x", ""), append, ("1s", "c2", "get", "x", "")],
            bounds: Bounds { timers: 2, early: 2, ..NONE },
            options: RANDOM,
            property: "read freshness",
            ..plain
        },
    ];
    cases.iter().for_each(Planted::prove);
}

/// Figure 8 of the paper from its moment (d) on, as the gallery's scenario leads there.
#[test]
fn figure_8_is_found_from_the_state_before_its_end() {
    let text = include_str!("../../lessons/gallery/figure-8.toml").to_string();
    let scenario = Scenario::read(&SourceFile { name: "figure-8.toml".into(), text }).expect("a good scenario");
    let start = Start { from: Micros::ms(856), syncs: false };
    let case = Case::new(scenario, start, protocols::all()).expect("a good scenario");
    let cluster = case.cluster(Bounds { timers: 2, early: 2, ..NONE }).expect("it can be explored");
    let found = explore(&cluster, BREADTH);
    let violation = found.violation.expect("found");
    assert_eq!((violation.property.name, violation.actions.len()), ("leader completeness", 6));
    let run = case.run(&cluster, &violation).expect("commands force it");
    let timeline = replay(run, protocols::all()).expect("a good scenario");
    assert!(timeline.head().broken.iter().any(Option::is_some));
}
