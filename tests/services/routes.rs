//! Link-state routing: golden transcripts, sweeps, planted bugs, every order of small networks, and ways that can be counted.

use super::lab::{broken, count, head, read, run, run_seed, scripted, transcript};
use super::sweeps::{breaks, survives, sweep, word, words};
use faultline::base::Micros;
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Verdict, explore};
use faultline::check::faults::Profile;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::timeline::Timeline;
use faultline::wire::{Datum, RowKind};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

/// So many routers, the client behind the first and the host behind the last.
fn network(routers: u16, parameters: &str) -> String {
    let nodes = format!(
        "{{ name = \"r\", role = \"router\", count = {routers} }}, {{ name = \"h1\", role = \"host\" }}, \
         {{ name = \"c1\", role = \"client\" }}"
    );
    head("link-state", &nodes, &format!("parameters = {{ {parameters} }}"))
}

/// Six routers: two ways from the first to the last, of costs 3 and 4, and a link between them.
///
/// ```text
///      r2 -1- r3
///   1 /   \     \ 1
///   r1    2      r6
///   1 \     \   / 1
///      r4 -2- r5
/// ```
fn mesh(parameters: &str) -> String {
    let router = |name: &str, links: &[&str]| {
        let groups: Vec<String> = links.iter().map(|link| format!("\"link={link}\"")).collect();
        format!("{{ name = \"{name}\", role = \"router\", groups = [{}] }}, ", groups.join(", "))
    };
    let routers = [
        router("r1", &["a:1", "b:1"]),
        router("r2", &["a:1", "c:1", "d:2"]),
        router("r3", &["c:1", "e:1"]),
        router("r4", &["b:1", "f:2"]),
        router("r5", &["d:2", "f:2", "g:1"]),
        router("r6", &["e:1", "g:1"]),
    ];
    let ends = "{ name = \"h1\", role = \"host\", groups = [\"at=r6\"] }, { name = \"c1\", role = \"client\" }";
    let nodes = routers.concat() + ends;
    head("link-state", &nodes, &format!("parameters = {{ topology = \"groups\", {parameters} }}"))
}

fn probe(timeline: &Timeline, node: &str, name: &str) -> Datum {
    let world = timeline.head();
    let node = world.setup.resolve(node)[0];
    let card = world.card(node);
    card.probes.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).expect("such a probe")
}

fn text(words: &str) -> Datum {
    Datum::Text(words.into())
}

/// Two routers meet, compare what they have, and a packet goes there and back.
#[test]
fn route_two_meet() {
    golden!(transcript(&scripted(&network(2, "hello-interval = \"1s\""), &[("200ms", "c1 put x=4")]), Micros::ms(300)));
}

/// The link on the way is cut: both its ends find out, tell the others, and the request that was lost is asked again.
#[test]
fn route_around_a_cut() {
    let text = network(3, "hello-interval = \"100ms\", dead-interval = 1, retry-after = \"250ms\"");
    let script = [("400ms", "cut = { name = \"digger\", from = [\"r1\"], to = [\"r3\"] }"), ("450ms", "c1 put x=4")];
    let told = transcript(&scripted(&text, &script), Micros::ms(800));
    let start = told.find("    400 ms").expect("the cut");
    golden!(&told[start..]);
}

/// What costs least, and what is left of it when routers on the way are gone.
#[test]
fn packets_take_the_cheapest_way_that_is_left() {
    let ask = [("1s", "c1 get x"), ("3s", "c1 get x"), ("5s", "c1 get x"), ("7s", "c1 get x")];
    let crash =
        [("1500ms", "crash.node = \"r3\""), ("3500ms", "crash.node = \"r2\""), ("5500ms", "crash.node = \"r4\"")];
    let all = scripted(
        &mesh("retry-after = \"300ms\", give-up-after = \"1s\""),
        &[ask[0], crash[0], ask[1], crash[1], ask[2], crash[2], ask[3]],
    );
    for (until, way, hops) in [(2, "r1 r2 r3 r6", 4), (4, "r1 r2 r5 r6", 4), (6, "r1 r4 r5 r6", 4)] {
        let timeline = run(&all, Micros::s(until));
        assert_eq!(probe(&timeline, "c1", "way"), text(way));
        assert_eq!(probe(&timeline, "c1", "hops"), Datum::Int(hops));
    }
    let timeline = run(&all, Micros::s(9));
    // Five links there and back, of 10 ms each.
    assert_eq!(count(&timeline, RowKind::Complete, "succeeded after 100 ms"), 3);
    assert_eq!(count(&timeline, RowKind::Complete, "failed"), 1, "none is left");
    assert_eq!(probe(&timeline, "r1", "reaches"), Datum::Int(0));
    assert_eq!(broken(&timeline), []);
}

/// What is drawn as linked is linked: everything that is sent goes over one of these, and each has something sent over it.
#[test]
fn everything_goes_over_links() {
    let script =
        [("1s", "c1 put x=4"), ("2s", "crash.node = \"r3\""), ("3s", "c1 get x"), ("4s", "restart.node = \"r3\"")];
    for (text, count) in
        [(mesh(""), 9), (network(9, "topology = \"grid\""), 14), (network(4, "topology = \"full\""), 8)]
    {
        let timeline = run(&scripted(&text, &script), Micros::s(6));
        let links = timeline.blueprint.machine.links(&timeline.head().setup).expect("routers are linked with some");
        let of = |a: u16, b: u16| (a.min(b), a.max(b));
        let links: BTreeSet<(u16, u16)> = links.into_iter().map(|(a, b)| of(a.0, b.0)).collect();
        let sent = timeline.trace.rows().iter().filter(|rec| rec.kind == RowKind::Send);
        assert_eq!(sent.map(|rec| of(rec.node, rec.peer)).collect::<BTreeSet<_>>(), links);
        assert_eq!(links.len(), count);
    }
}

/// A router forgets its number, hears of its former self, and takes over: in the same moment it is taken for itself again.
#[test]
fn a_router_takes_over_from_its_former_self() {
    let script = [("1s", "crash.node = \"r5\""), ("2s", "restart.node = \"r5\""), ("4s", "c1 get x")];
    let timeline = run(&scripted(&mesh(""), &script), Micros::s(5));
    assert_eq!(count(&timeline, RowKind::Note, "r5: takes over: heard its own number 4"), 1);
    for r in 1..=6 {
        assert_eq!(probe(&timeline, &format!("r{r}"), "reaches"), Datum::Int(5), "r{r}");
    }
    assert_eq!(broken(&timeline), []);
}

/// A link that carries in one direction only is none.
#[test]
fn a_link_of_one_way_is_not_used() {
    let cut = "cut = { name = \"one way\", from = [\"r3\"], to = [\"r2\"], one_way = true }";
    let script = [("1s", cut), ("3s", "c1 get x"), ("4s", "heal.name = \"one way\""), ("6s", "c1 get x")];
    let all = scripted(&mesh(""), &script);
    let timeline = run(&all, Micros::s(4));
    assert_eq!(probe(&timeline, "c1", "way"), text("r1 r2 r5 r6"));
    assert_eq!(probe(&timeline, "r3", "links"), Datum::Int(1));
    let timeline = run(&all, Micros::s(7));
    assert_eq!(probe(&timeline, "c1", "way"), text("r1 r2 r3 r6"));
    assert_eq!(broken(&timeline), []);
}

/// Two halves, of which each finds its own ways, then one again; and what a half said of the other one is not believed for
/// ever.
#[test]
fn halves_come_together_again() {
    let cut = "cut = { name = \"halves\", from = [\"r1\", \"r2\", \"r4\", \"c1\"] }";
    let script = [("1s", cut), ("5s", "heal.name = \"halves\""), ("7s", "c1 get x")];
    let all = scripted(&mesh("refresh-after = 10, max-age = 24"), &script);
    let timeline = run(&all, Micros::s(4));
    for (router, reaches) in [("r1", 2), ("r2", 2), ("r3", 2), ("r6", 2)] {
        assert_eq!(probe(&timeline, router, "reaches"), Datum::Int(reaches), "{router}");
    }
    assert!(count(&timeline, RowKind::Note, "expires: what r6 said") >= 1);
    let timeline = run(&all, Micros::s(8));
    assert_eq!(probe(&timeline, "c1", "way"), text("r1 r2 r3 r6"));
    assert_eq!(broken(&timeline), []);
}

/// While r2 knows that r3 is gone and r1 does not, packets for it go to and fro between them until the hop limit ends them.
#[test]
fn packets_go_in_circles_while_databases_differ() {
    let nodes = "{ name = \"r\", role = \"router\", count = 5 }, { name = \"h1\", role = \"host\", groups = [\"at=r3\"] }, \
                 { name = \"c1\", role = \"client\" }";
    let more = "parameters = { hop-limit = 6, retry-after = \"10ms\", retransmit-after = \"400ms\", hello-interval = \"100ms\" }";
    // What r1 is told takes long.
    let cut =
        "link = { from = [\"r2\", \"r5\"], to = [\"r1\"], one_way = true, kinds = { Update.constant = \"600ms\" } }";
    let gone = "cut = { name = \"gone\", from = [\"r2\"], to = [\"r3\"] }";
    let script = [("1s", cut), ("1s", gone), ("1500ms", "c1 get x"), ("3500ms", "c1 get x")];
    let timeline = run(&scripted(&head("link-state", nodes, more), &script), Micros::s(5));
    let number = |name: &str| match (probe(&timeline, "r1", name), probe(&timeline, "r2", name)) {
        (Datum::Int(one), Datum::Int(two)) => one + two,
        _ => unreachable!(),
    };
    println!("{} circled, {} went too far", number("circled"), number("too-far"));
    assert!(number("circled") > 0 && number("too-far") > 0);
    assert_eq!(probe(&timeline, "c1", "way"), text("r1 r5 r4 r3"), "and then they arrive");
    assert_eq!(broken(&timeline), []);
}

type Set = BTreeMap<String, ParamValue>;

fn routers(parameters: &[Set]) -> Profile {
    let times =
        [("hello-interval", "20ms"), ("retransmit-after", "30ms"), ("retry-after", "40ms"), ("give-up-after", "300ms")];
    let numbers = [("refresh-after", 25), ("max-age", 60), ("hop-limit", 8)];
    let mut all: Set = times.iter().flat_map(|(name, time)| word(name, time)).collect();
    all.extend(numbers.map(|(name, n)| (name.to_string(), ParamValue::Int(n))));
    parameters.iter().cloned().for_each(|set| all.extend(set));
    Profile {
        protocol: "link-state".into(),
        parameters: all,
        drawn: vec![words("topology", &["ring", "grid", "full"]), words("costs", &["equal", "varied"])],
        servers: ("router".into(), "r".into(), vec![2, 3, 4, 5, 6]),
        clients: ("client".into(), "c".into(), vec![1, 2]),
        beside: vec![("host".into(), "h1".into()), ("host".into(), "h2".into())],
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    }
}

fn flag(name: &str) -> Set {
    BTreeMap::from([(name.to_string(), ParamValue::Flag(true))])
}

/// After healing every client is answered: the routers have found their ways again.
#[test]
fn routers_survive_faults() {
    let marks = [
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message to a node that is down",
        "operation failed",
        "operation ok",
        "operation unknown",
        "note: drops a packet",
        "note: expires",
        "note: parts from",
        "note: takes for dead",
        "note: takes over",
        "timer fired: retransmit",
        "timer fired: retry",
    ];
    survives(routers(&[]), "routers_survive_faults", &marks);
}

#[test]
fn replayed_messages_are_borne_by_routers() {
    survives(Profile { adversary: true, ..routers(&[]) }, "replayed_messages_are_borne_by_routers", &["adversary"]);
}

/// When all has healed, each router has what every other advertised last, and ways to all.
#[test]
fn routers_converge() {
    let profile = routers(&[]);
    let sweep = sweep(profile.clone());
    let mut expired = 0;
    for seed in 0..100 {
        let timeline = run_seed(&sweep.blueprint(seed).expect("a good scenario"), seed, profile.ends_at());
        let names: Vec<String> = timeline.head().setup.nodes.iter().map(|node| node.name.clone()).collect();
        let routers = || names.iter().filter(|name| name.starts_with('r'));
        for router in routers() {
            let others = Datum::Int(routers().count() as i64 - 1);
            assert_eq!(probe(&timeline, router, "reaches"), others, "seed {seed}, {router}");
        }
        expired += count(&timeline, RowKind::Note, "expires");
    }
    println!("{expired} advertisements expired, and were not believed again");
}

const ADVANCE: &str = "databases only advance";
const THERE: &str = "what is acknowledged is there";
const OWN: &str = "routers advertise their own links";
const SHORTEST: &str = "ways are the shortest of the database";
const CONVERGED: &str = "converged routers find the shortest ways";
const END: &str = "packets end";
const HOST: &str = "answers come from the host";

#[test]
fn planted_bugs_of_routers_are_caught() {
    let bugs: [(&str, &[&str]); 8] = [
        ("bug-accepts-older", &[ADVANCE]),
        ("bug-ack-before-sync", &[HOST]),
        ("bug-no-checksum", &[THERE]),
        ("bug-no-exchange", &[THERE]),
        ("bug-no-hop-limit", &[END]),
        ("bug-no-retransmission", &[THERE]),
        ("bug-no-takeover", &[OWN]),
        ("bug-no-two-way-check", &[SHORTEST, CONVERGED]),
    ];
    for (bug, properties) in bugs {
        breaks(bug, routers(&[flag(bug)]), properties);
    }
}

#[test]
fn lying_disks_are_noticed_by_hosts() {
    breaks("lying disks", Profile { lying_disks: true, ..liars() }, &[HOST]);
}

/// The host is what has a disk that matters.
fn liars() -> Profile {
    let swapped = routers(&[]);
    Profile {
        servers: ("host".into(), "h".into(), vec![1]),
        beside: vec![("router".into(), "r1".into()), ("router".into(), "r2".into())],
        ..swapped
    }
}

/// So many routers that meet, in every order of all messages: what there is, and whether it holds.
fn orders(routers: u16, parameters: &str, bounds: Bounds) -> (u64, u64, Verdict) {
    let nodes = format!("{{ name = \"r\", role = \"router\", count = {routers} }}");
    let text = head("link-state", &nodes, &format!("parameters = {{ {parameters} }}"));
    let case = Case::new(read(&text).scenario, Start::default(), protocols::all()).expect("a good scenario");
    let cluster = case.cluster(bounds).expect("it can be explored");
    let found = explore(&cluster, Options { states: 400_000, ..Options::default() });
    println!("{routers} routers, {parameters}: {} states, {} ends", found.distinct, found.ends);
    (found.distinct, found.ends, found.verdict())
}

#[test]
fn every_order_of_a_meeting_is_explored() {
    let plain = Bounds { memory: false, ..Bounds::default() };
    assert_eq!(orders(2, "", plain), (14_246, 3, Verdict::Holds));
    assert_eq!(orders(2, "", Bounds { drops: 1, ..plain }), (42_732, 26, Verdict::Holds));
    assert_eq!(orders(2, "", Bounds { timers: 1, ..plain }), (142_907, 24, Verdict::Holds));
    for bug in ["bug-accepts-older", "bug-no-retransmission", "bug-no-two-way-check"] {
        assert_eq!(orders(2, &format!("{bug} = true"), plain).2, Verdict::Broken, "{bug}");
    }
}
