//! An origin and its edges: golden transcripts, sweeps, planted bugs, every order of small cases, and hit ratios held to a
//! closed form.

use super::lab::{broken, head, read, run, run_seed, scripted, transcript};
use super::sweeps::{breaks, survives, sweep, words};
use faultline::base::{Micros, NodeId};
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Verdict, explore};
use faultline::check::faults::Profile;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{Blueprint, LogEntry, NodeLine, Scenario, VERSION};
use faultline::sim::timeline::Timeline;
use faultline::wire::{ClientRequest, Command, Datum, LinkChange, Op, Outcome, RowKind};
use std::collections::{BTreeMap, HashSet};

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

/// Two regions, each with an edge and a client: a message takes 10 ms, to and from the origin 50 ms.
fn regions(parameters: &str) -> String {
    let nodes = "{ name = \"o\", role = \"origin\" }, \
                 { name = \"e1\", role = \"edge\", groups = [\"region=a\"] }, \
                 { name = \"e2\", role = \"edge\", groups = [\"region=b\"] }, \
                 { name = \"c1\", role = \"client\", groups = [\"region=a\"] }, \
                 { name = \"c2\", role = \"client\", groups = [\"region=b\"] }";
    let far = "[[commands]]\nat = \"0ms\"\ndo.link = { from = [\"o\"], to = [\"edge\", \"client\"], latency.constant = \"50ms\" }";
    head(
        "edge-cache",
        nodes,
        &format!("parameters = {{ clock-drift-bound = 0, purge-interval = \"200ms\", {parameters} }}\n{far}"),
    )
}

fn probe(timeline: &Timeline, node: &str, name: &str) -> Datum {
    let world = timeline.head();
    let node = (0..world.shells.len() as u16).map(NodeId).find(|n| world.setup.name(*n) == node).expect("a node");
    let card = world.card(node);
    card.probes.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no probe {name}")).1.clone()
}

fn number(timeline: &Timeline, node: &str, name: &str) -> i64 {
    match probe(timeline, node, name) {
        Datum::Int(n) => n,
        other => panic!("{name} is {other}"),
    }
}

/// Fetched at 20 ms, fresh until 320 ms; then it is validated, and not sent again.
#[test]
fn edge_fetches_keeps_and_validates() {
    let script = [
        ("10ms", "c1 put x=4"),
        ("140ms", "c1 get x"),
        ("300ms", "c1 get x"),
        ("600ms", "c1 get x"),
        ("700ms", "c2 get y"),
        ("850ms", "c2 get y"),
    ];
    let text = scripted(&regions("purge = \"none\", lifetime = \"300ms\", stale-while-revalidate = \"0ms\""), &script);
    golden!(transcript(&text, Micros::s(1)));
}

/// The answer to the fetch of version 1 leaves the origin before the put of version 2 arrives there, and takes longer than
/// its purge.
#[test]
fn edge_purge_overtakes_a_fetch() {
    let slow = "link = { from = [\"o\"], to = [\"e1\"], one_way = true, latency.constant = \"150ms\" }";
    let fast = "link = { from = [\"o\"], to = [\"e1\"], one_way = true, latency.constant = \"20ms\" }";
    let script = [
        ("10ms", "c1 put x=4"),
        ("200ms", slow),
        ("200ms", "c1 get x"),
        ("225ms", "c2 put x=5"),
        ("265ms", fast),
        ("500ms", "c1 get x"),
    ];
    let bug = scripted(&regions("purge = \"wait\", bug-purge-loses = true"), &script);
    assert_eq!(broken(&run(&bug, Micros::s(1))).first().map(|(name, _)| *name), Some(GONE));
    let text = scripted(&regions("purge = \"wait\""), &script);
    let text = transcript(&text, Micros::s(1));
    assert!(text.contains("overtaken: version 1 of x was purged before it came"), "{text}");
    golden!(text);
}

/// With the origin down a stale value is served, up to its bound; then there is no answer anywhere.
#[test]
fn edge_serves_stale_while_the_origin_is_down() {
    let script = [
        ("10ms", "c1 put x=4"),
        ("200ms", "c1 get x"),
        ("400ms", "crash.node = \"o\""),
        ("600ms", "c1 get x"),
        ("900ms", "c1 get x"),
        ("1100ms", "crash.node = \"e1\""),
        ("1150ms", "restart.node = \"e1\""),
        ("1300ms", "c1 get x"),
    ];
    let parameters = "lifetime = \"200ms\", stale-while-revalidate = \"100ms\", stale-if-error = \"900ms\", \
                      fetch-timeout = \"150ms\", retry-after = \"400ms\", give-up-after = \"700ms\"";
    golden!(transcript(&scripted(&regions(parameters), &script), Micros::ms(2_100)));
}

/// The nearest edge is down: the next one answers.
#[test]
fn edge_clients_are_rerouted() {
    let script = [("10ms", "c1 put x=4"), ("200ms", "crash.node = \"e1\""), ("210ms", "c1 get x")];
    golden!(transcript(&scripted(&regions("retry-after = \"100ms\""), &script), Micros::ms(600)));
}

/// The edge is paused beyond the time-out of its fetch: what comes meanwhile is too late, whichever is looked at first.
#[test]
fn answers_after_the_time_out_are_none() {
    let script = [
        ("10ms", "c1 put x=4"),
        ("200ms", "c1 get x"),
        ("220ms", "pause.node = \"e1\""),
        ("520ms", "resume.node = \"e1\""),
    ];
    let text = regions("fetch-timeout = \"150ms\", retry-after = \"2s\", give-up-after = \"3s\"");
    let timeline = run(&scripted(&text, &script), Micros::s(1));
    assert_eq!((number(&timeline, "e1", "failed"), number(&timeline, "e1", "keys")), (1, 0));
    assert_eq!(broken(&timeline), []);
}

type Set = BTreeMap<String, ParamValue>;

fn times(values: &[(&str, &str)]) -> Set {
    values.iter().map(|(name, time)| ((*name).to_string(), ParamValue::Text((*time).into()))).collect()
}

/// Edges near two or three clients, one origin, in every combination of the settings. Clocks drift by up to a fifth each way.
fn edges(parameters: &[Set]) -> Profile {
    let mut all = times(&[
        ("negative-lifetime", "30ms"),
        ("purge-interval", "20ms"),
        ("fetch-timeout", "50ms"),
        ("retry-after", "60ms"),
        ("give-up-after", "400ms"),
    ]);
    all.insert("clock-drift-bound".into(), ParamValue::Int(50));
    parameters.iter().cloned().for_each(|set| all.extend(set));
    let stale = |beyond, error| times(&[("stale-while-revalidate", beyond), ("stale-if-error", error)]);
    Profile {
        protocol: "edge-cache".into(),
        parameters: all,
        drawn: vec![
            words("purge", &["none", "background", "wait"]),
            words("lifetime", &["0ms", "40ms", "120ms"]),
            vec![stale("0ms", "0ms"), stale("30ms", "0ms"), stale("0ms", "150ms"), stale("30ms", "150ms")],
        ],
        servers: ("edge".into(), "e".into(), vec![1, 2, 3]),
        clients: ("client".into(), "c".into(), vec![2, 3]),
        beside: vec![("origin".into(), "o".into())],
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    }
}

fn bug(name: &str, sets: &[Set]) -> Profile {
    edges(&[&[BTreeMap::from([(name.to_string(), ParamValue::Flag(true))])], sets].concat())
}

#[test]
fn edges_survive_faults() {
    let marks = [
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message overtaken",
        "operation cut off by its client's crash",
        "operation failed",
        "operation ok",
        "operation unknown",
        "note: cold",
        "note: no answer",
        "note: overtaken",
        "note: purge expires",
        "note: rerouted",
        "note: serves stale",
        "timer fired: fetch time-out",
        "timer fired: purge again",
        "timer fired: retry",
    ];
    survives(edges(&[]), "edges_survive_faults", &marks);
}

#[test]
fn replayed_messages_are_borne_by_edges() {
    survives(Profile { adversary: true, ..edges(&[]) }, "replayed_messages_are_borne_by_edges", &["adversary"]);
}

const SURVIVE: &str = "acknowledged puts survive";
const WRITTEN: &str = "answers were written";
const STALE: &str = "staleness is bounded";
const GONE: &str = "purged versions are gone";
const BACK: &str = "an edge does not go back";

#[test]
fn planted_bugs_of_edges_are_caught() {
    let bugs: [(&str, &[&str]); 11] = [
        ("bug-ack-before-sync", &[SURVIVE]),
        ("bug-age-from-arrival", &[STALE, GONE]),
        ("bug-any-validator", &[STALE, GONE]),
        ("bug-error-kept", &[STALE, GONE, BACK]),
        ("bug-key-cut", &[WRITTEN]),
        ("bug-late-answers", &[STALE, GONE, BACK]),
        ("bug-no-collapsing", &["one fetch for each key"]),
        ("bug-no-once-only", &["a put takes effect once"]),
        ("bug-purge-loses", &[GONE]),
        ("bug-stale-at-once", &["errors come first"]),
        ("bug-stale-for-ever", &[STALE, GONE]),
    ];
    for (name, properties) in bugs {
        breaks(name, bug(name, &[]), properties);
    }
    // An edge that is cut off has it still when the origin is back and the put is asked for again.
    let long = times(&[("purge", "wait"), ("lifetime", "1s")]);
    breaks("bug-purge-in-memory", bug("bug-purge-in-memory", &[long]), &[GONE]);
}

#[test]
fn lying_disks_of_origins_are_noticed() {
    let servers = ("origin".into(), "o".into(), vec![1]);
    let beside = ["e1", "e2"].map(|name| ("edge".into(), name.into())).to_vec();
    let profile = Profile { lying_disks: true, servers, beside, ..edges(&[]) };
    breaks("lying disks", profile, &[SURVIVE, BACK, WRITTEN]);
}

/// Half a second after everything healed each client gets each key once more, and no edge answers with what is older than
/// that: all are told the last value.
#[test]
fn edges_converge() {
    let profile = edges(&[times(&[("lifetime", "120ms"), ("stale-while-revalidate", "30ms")])]);
    let (sweep, at) = (sweep(profile.clone()), profile.ends_at().plus(Micros::ms(500)));
    let mut asked = 0;
    for seed in 0..100 {
        let mut scenario = sweep.blueprint(seed).expect("a good scenario").scenario;
        let clients = scenario.nodes.iter().find(|line| line.role == "client").and_then(|line| line.count);
        for client in 1..=clients.expect("some") {
            for key in ["x", "y", "z"] {
                let op = Op { f: "get".into(), key: key.into(), value: Datum::None };
                let command = Command::Request(ClientRequest { client: format!("c{client}"), op });
                let at = at.plus(Micros::ms(u64::from(client)));
                scenario.commands.push(LogEntry {
                    at,
                    after: 0,
                    spread: Micros::ZERO,
                    command,
                    learner: false,
                    press: 0,
                });
            }
        }
        let blueprint = Blueprint::resolve(scenario, protocols::all()).expect("as good");
        let timeline = run_seed(&blueprint, seed, at.plus(Micros::s(1)));
        let ends = timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Complete);
        for (op, outcome, answer, begun) in ends.map(|rec| timeline.trace.completed(rec)) {
            if begun < at.0 {
                continue;
            }
            asked += 1;
            let value = format!("value.{}", op.key);
            let world = timeline.head();
            let card =
                (0..world.shells.len() as u16).map(NodeId).find(|n| world.setup.name(*n) == "o").map(|n| world.card(n));
            let held = card.expect("an origin").probes.into_iter().find(|(name, _)| *name == value);
            let wanted = held.map_or(Datum::None, |(_, value)| value);
            assert_eq!((outcome, &answer), (Outcome::Ok, &wanted), "seed {seed}: {op}");
        }
    }
    assert!(asked > 400, "{asked}");
}

/// So many clients get the same at the same time from one edge: how many fetches reach the origin, and what the edge counts.
fn herd(clients: u16, parameters: &str) -> Timeline {
    let nodes = format!(
        "{{ name = \"o\", role = \"origin\" }}, {{ name = \"e\", role = \"edge\" }}, \
         {{ name = \"c\", role = \"client\", count = {clients} }}"
    );
    let requests: Vec<String> = (1..=clients)
        .map(|n| format!("request = {{ client = \"c{n}\", op = {{ f = \"get\", key = \"x\" }} }}"))
        .collect();
    let script: Vec<(&str, &str)> = requests.iter().map(|request| ("100ms", request.as_str())).collect();
    run(&scripted(&head("edge-cache", &nodes, parameters), &script), Micros::ms(200))
}

#[test]
fn a_herd_is_one_fetch() {
    let timeline = herd(30, "");
    let counts = |name| number(&timeline, "e", name);
    assert_eq!((number(&timeline, "o", "fetches"), counts("misses"), counts("collapsed")), (1, 1, 29));
    let timeline = herd(30, "parameters.bug-no-collapsing = true");
    assert_eq!(number(&timeline, "o", "fetches"), 30);
    assert!(broken(&timeline).iter().any(|(name, _)| *name == "one fetch for each key"));
}

const SECONDS: u64 = 1_000;

/// One key is asked for at one edge at the given rate, in a Poisson process; a fetch takes 40 ms. Shares of the
/// requests that were answered at once, and that were no cause of a fetch; and fetches by the second.
fn shares(rate: f64, lifetime: &str, bug: &str, seed: u64) -> [f64; 3] {
    let text = format!(
        "version = 1\ntitle = \"hits\"\nprotocol = \"edge-cache\"\nnetwork.latency.constant = \"20ms\"\n\
         nodes = [{{ name = \"o\", role = \"origin\" }}, {{ name = \"e\", role = \"edge\" }}, {{ name = \"c\", role = \"client\" }}]\n\
         parameters = {{ lifetime = \"{lifetime}\", negative-lifetime = \"{lifetime}\", stale-while-revalidate = \"0ms\"{bug} }}\n\
         [[commands]]\nat = \"1ms\"\ndo.workload = {{ client = \"c\", arrivals.open.rate = {rate:?}, mix = {{ get = 1 }}, \
         keys.uniform.count = 1 }}\n"
    );
    let timeline = run_seed(&read(&text), seed, Micros::s(SECONDS));
    let count = |name| number(&timeline, "e", name) as f64;
    let requests = count("requests");
    [count("hits") / requests, (requests - count("misses")) / requests, count("fetches") / SECONDS as f64]
}

/// Jung, Berger, Balakrishnan (Modeling TTL-based Internet caches, INFOCOM 2003): of Poisson requests at rate r for an item
/// that is kept for T, rT / (1 + rT) are hits. The age counts from when the edge asks, so T does, too; who comes within
/// the D of a fetch waits for it, so that r (T - D) / (1 + rT) are answered at once. Where the age counts from the arrival,
/// an item is kept for D longer.
#[test]
fn hit_ratios_of_lifetimes() {
    // Student's t of 19 degrees of freedom, two-sided 99.9 %.
    const T: f64 = 3.883;
    let delay = 0.04;
    for (rate, lifetime, bug) in [(10.0, 0.1, false), (10.0, 0.4, false), (25.0, 0.2, false), (10.0, 0.1, true)] {
        let flag = if bug { ", bug-age-from-arrival = true" } else { "" };
        let runs: Vec<[f64; 3]> =
            (1..=20).map(|seed| shares(rate, &format!("{}ms", lifetime * 1e3), flag, seed)).collect();
        let kept = if bug { lifetime + delay } else { lifetime };
        let expected = [rate * (kept - delay), rate * kept, rate].map(|share| share / (1.0 + rate * kept));
        for (i, expected) in expected.into_iter().enumerate() {
            let mean = runs.iter().map(|run| run[i]).sum::<f64>() / 20.0;
            let variance = runs.iter().map(|run| (run[i] - mean) * (run[i] - mean)).sum::<f64>() / 19.0;
            let half = T * (variance / 20.0).sqrt();
            println!("rate {rate}, lifetime {lifetime}, measure {i}: {mean:.5} ± {half:.5}, expected {expected:.5}");
            assert!((mean - expected).abs() <= half, "rate {rate}, lifetime {lifetime}, measure {i}: {mean} ± {half}");
            assert!(half <= 0.02 * expected, "measure {i}: ± {half} says too little about {expected}");
        }
    }
}

/// One get of each of so many clients at one edge, before anything was put; and puts of others.
fn case(gets: u16, puts: u16, parameters: &[(&str, ParamValue)]) -> Case {
    let line = |name: &str, role: &str, count| NodeLine {
        name: name.into(),
        role: role.into(),
        count: Some(count),
        groups: Vec::new(),
        place: None,
    };
    let scenario = Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "edge-cache".into(),
        seed: 1,
        pace: None,
        parameters: parameters.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect(),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line("o", "origin", 1), line("e", "edge", 1), line("c", "client", gets + puts)],
        commands: Vec::new(),
    };
    let mut case = Case::new(scenario, Start::default(), protocols::all()).expect("a good scenario");
    let op = |f: &str, value| Op { f: f.into(), key: "x".into(), value };
    let program = |client: u16| match client <= gets {
        true => op("get", Datum::None),
        false => op("put", Datum::Int(i64::from(client))),
    };
    case.programs = (1..=gets + puts).map(|client| (format!("c{client}"), vec![program(client)])).collect();
    case
}

/// What tells moments of such gets apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Moment {
    /// Operations that began (false) and ended, in order.
    told: Vec<(bool, u16)>,
    /// Requests that wait for the fetch, in order of their arrival; and answers on their way, by whether they waited.
    waiting: Vec<u16>,
    answers: Vec<(u16, bool)>,
    /// 0: no fetch yet. 1: it is on its way. 2: the answer is. 3: the edge holds it.
    fetch: u8,
    collapsed: usize,
    hits: usize,
    /// What the edge did last: 1 if it answered from memory, 2 by the fetch.
    last: u8,
}

impl Moment {
    /// All that can come next.
    fn next(&self, clients: u16) -> Vec<Moment> {
        let mut all = Vec::new();
        let mut may = |change: &dyn Fn(&mut Moment)| {
            let mut next = self.clone();
            change(&mut next);
            next.answers.sort_unstable();
            all.push(next);
        };
        if self.fetch == 1 {
            may(&|m| m.fetch = 2);
        }
        if self.fetch == 2 {
            may(&|m| {
                (m.fetch, m.last) = (3, 2);
                m.answers.extend(std::mem::take(&mut m.waiting).into_iter().map(|client| (client, true)));
            });
        }
        for client in 0..clients {
            let answer = self.answers.iter().position(|(to, _)| *to == client);
            let ended = self.told.contains(&(true, client));
            if let Some(place) = answer {
                may(&|m| {
                    m.answers.remove(place);
                    m.told.push((true, client));
                });
            } else if !self.told.contains(&(false, client)) {
                may(&|m| m.told.push((false, client)));
            } else if !ended && !self.waiting.contains(&client) {
                may(&|m| match m.fetch {
                    3 => {
                        (m.hits, m.last) = (m.hits + 1, 1);
                        m.answers.push((client, false));
                    }
                    under_way => {
                        m.collapsed += usize::from(under_way > 0);
                        m.fetch = under_way.max(1);
                        m.waiting.push(client);
                    }
                });
            }
        }
        all
    }
}

/// How many moments there are, and how many are ends.
fn by_hand(clients: u16) -> (u64, u64) {
    let (mut open, mut known, mut ends) = (vec![Moment::default()], HashSet::from([Moment::default()]), 0);
    while let Some(moment) = open.pop() {
        let next = moment.next(clients);
        ends += u64::from(next.is_empty());
        open.extend(next.into_iter().filter(|next| known.insert(next.clone())));
    }
    (known.len() as u64, ends)
}

#[test]
fn gets_have_as_many_states_as_by_hand() {
    for clients in 1..=3 {
        let cluster =
            case(clients, 0, &[]).cluster(Bounds { memory: false, ..Bounds::default() }).expect("it can be explored");
        let found = explore(&cluster, Options { states: 200_000, ..Options::default() });
        println!("{clients} clients: {} states, {} ends", found.distinct, found.ends);
        assert_eq!(found.verdict(), Verdict::Holds);
        assert_eq!((found.distinct, found.ends), by_hand(clients), "{clients} clients");
    }
}

/// A put that waits for its purge and a get at the same time, with a loss, a crash of anybody and timers, in every order.
#[test]
fn every_order_of_a_put_and_a_get_is_explored() {
    let wait = [("purge", ParamValue::Text("wait".into()))];
    let bounds = Bounds { drops: 1, crashes: 1, timers: 1, ..Bounds::default() };
    let cluster = case(1, 1, &wait).cluster(bounds).expect("it can be explored");
    let found = explore(&cluster, Options { states: 600_000, ..Options::default() });
    assert_eq!(found.verdict(), Verdict::Holds);
    let counts = format!("{} states, {} transitions, {} ends", found.distinct, found.generated - 1, found.ends);
    golden!(counts);
}

/// The get is asked for, arrives, is fetched; the put is asked for, arrives (disks take no time here); it is purged, which is
/// said; then what was fetched arrives.
#[test]
fn a_purge_that_loses_is_found_by_a_shortest_way() {
    let parameters = [("purge", ParamValue::Text("wait".into())), ("bug-purge-loses", ParamValue::Flag(true))];
    let cluster = case(1, 1, &parameters).cluster(Bounds::default()).expect("it can be explored");
    let found = explore(&cluster, Options { states: 200_000, ..Options::default() });
    let found = found.violation.expect("found");
    assert_eq!((found.property.name, found.actions.len()), (GONE, 8));
}
