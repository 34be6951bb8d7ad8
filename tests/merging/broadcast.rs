//! Causal broadcast: under faults, in its three orders, with planted bugs, and in every order of deliveries.

use super::common::{breaks, broken, ended, play, probe, survives, sweep, words};
use faultline::base::Micros;
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Verdict, explore};
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{NodeLine, Scenario, VERSION};
use faultline::sim::timeline::Timeline;
use faultline::wire::{Datum, LinkChange, Op};
use std::collections::BTreeMap;

const REPLY: &str = "no reply before its comment";
const CAUSAL: &str = "causal delivery";
const FIFO: &str = "FIFO delivery";
const TOLD: &str = "what was told is on disk";

/// Members whom nobody asks, and two or three whom somebody does. Of some seeds the authors wait until all have it.
fn members(order: &str, flag: Option<&str>) -> Sweep {
    let text = |text: &str| ParamValue::Text(text.into());
    let mut parameters = vec![("ask-interval", text("30ms")), ("give-up-after", text("300ms")), ("order", text(order))];
    parameters.extend(flag.map(|flag| (flag, ParamValue::Flag(true))));
    let mut sweep = sweep("causal-broadcast", ("member", "member"), &[1, 2, 3], &parameters);
    sweep.profile.drawn.push(words("answer", &["sent", "everywhere"]));
    sweep
}

/// Where posts end when all have them, that one ends is delivery everywhere: after healing it is demanded of everybody.
#[test]
fn causal_broadcast_survives_faults() {
    let marks = [
        "crash",
        "crash that lost an unsynced write",
        "message duplicated",
        "message lost by chance",
        "message lost to a partition",
        "message overtaken",
        "message waited",
        "note: delivers late",
        "note: held back",
        "operation cut off by its client's crash",
        "operation ok",
        "operation unknown",
        "pause",
        "timer fired: ask",
        "timer fired: give up",
    ];
    survives(&members("causal", None), &marks);
}

/// What the weaker orders do not promise: numbers of authors let a reply overtake, and without them all may.
#[test]
fn weaker_orders_break_what_they_do_not_promise() {
    breaks(&members("fifo", None), "fifo order", &[REPLY, CAUSAL]);
    breaks(&members("arrival", None), "order of arrival", &[REPLY, CAUSAL, FIFO]);
}

#[test]
fn planted_bugs_are_caught() {
    let bugs: [(&str, &[&str]); 7] = [
        ("bug-deliver-again", &["delivered once"]),
        ("bug-forget-early", &["kept until all have it"]),
        ("bug-no-increment", &["one number, one post"]),
        ("bug-no-recheck", &["nothing waits without a cause"]),
        ("bug-sender-only", &[REPLY, CAUSAL]),
        ("bug-skip-gaps", &[FIFO, REPLY]),
        ("bug-tell-before-sync", &[TOLD]),
    ];
    for (bug, properties) in bugs {
        breaks(&members("causal", Some(bug)), bug, properties);
    }
}

#[test]
fn lying_disks_are_noticed() {
    let mut sweep = members("causal", None);
    sweep.profile.lying_disks = true;
    breaks(&sweep, "lying disks", &[TOLD, "kept until all have it"]);
}

/// After healing every member has every post, and nothing waits, in each order.
#[test]
fn members_converge() {
    for order in ["arrival", "fifo", "causal"] {
        let sweep = members(order, None);
        for seed in 0..30 {
            let timeline = ended(&sweep, seed);
            for name in ["vector", "delivered", "held-back"] {
                let all = (0..timeline.head().shells.len() as u16).map(|node| probe(&timeline, node, name));
                let all: Vec<Datum> = all.collect();
                assert!(all.iter().all(|other| *other == all[0]), "{order}, seed {seed}: {name} {all:?}");
            }
            assert_eq!(probe(&timeline, 0, "held-back"), Datum::Int(0), "{order}, seed {seed}");
        }
    }
}

/// n1 posts, n2 reads it and replies; what n1 sends to n3 takes 100 ms.
fn late(order: &str) -> Timeline {
    let script = [
        ("1ms", "link = { from = [\"n1\"], to = [\"n3\"], one_way = true, latency.constant = \"100ms\" }"),
        ("10ms", "n1 post x=1"),
        ("40ms", "n2 post x=2"),
        ("80ms", "n3 read x"),
        ("200ms", "n3 read x"),
    ];
    let more = format!("parameters = {{ order = \"{order}\", ask-interval = \"600s\" }}");
    play("causal-broadcast", "{ name = \"n\", role = \"member\", count = 3 }", &more, Micros::ms(300), &script)
}

/// Posts reach n3 at 115 ms and 55 ms: by vectors the reply waits 60 ms, and is shown after what it replies to.
#[test]
fn a_reply_waits_for_its_comment_by_vectors_alone() {
    let list = |values: [i64; 2]| Datum::List(values.map(Datum::Int).to_vec());
    for (order, wall, waited, wrong) in [
        ("arrival", [2, 1], 0, vec![REPLY, CAUSAL]),
        ("fifo", [2, 1], 0, vec![REPLY, CAUSAL]),
        ("causal", [1, 2], 60_000, Vec::new()),
    ] {
        let timeline = late(order);
        assert_eq!(broken(&timeline), wrong, "{order}");
        assert_eq!(probe(&timeline, 2, "wall.x"), list(wall), "{order}");
        assert_eq!(probe(&timeline, 2, "late-max-us"), Datum::Int(waited), "{order}");
    }
}

/// What has been on everybody's wall for long is forgotten, but for the last posts.
#[test]
fn walls_do_not_grow() {
    let more = "parameters = { ask-interval = \"50ms\" }";
    let load =
        "workload = { client = \"n1\", arrivals.closed.think.constant = \"20ms\", mix = { post = 1 }, limit = 60 }";
    let nodes = "{ name = \"n\", role = \"member\", count = 3 }";
    let timeline = play("causal-broadcast", nodes, more, Micros::s(4), &[("10ms", load)]);
    for node in 0..3 {
        assert_eq!(probe(&timeline, node, "delivered"), Datum::Int(60));
        assert_eq!(probe(&timeline, node, "kept"), Datum::Int(16));
    }
}

/// Posts of the first members, in every order of all messages; nobody asks for what is lost.
fn orders(nodes: u16, posts: usize, order: &str) -> (u64, u64, Verdict) {
    let line =
        NodeLine { name: "n".into(), role: "member".into(), count: Some(nodes), groups: Vec::new(), place: None };
    let scenario = Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "causal-broadcast".into(),
        seed: 1,
        pace: None,
        parameters: BTreeMap::from([("order".to_string(), ParamValue::Text(order.into()))]),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line],
        commands: Vec::new(),
    };
    let post = |n: usize| Op { f: "post".into(), key: "x".into(), value: Datum::Int(n as i64) };
    let mut case = Case::new(scenario, Start::default(), protocols::all()).expect("a good scenario");
    case.programs = (1..=posts).map(|n| (format!("n{n}"), vec![post(n)])).collect();
    let cluster = case.cluster(Bounds { memory: false, ..Bounds::default() }).expect("it can be explored");
    let found = explore(&cluster, Options { states: 200_000, ..Options::default() });
    println!("{nodes} members, {posts} posts, {order}: {} states, {} ends", found.distinct, found.ends);
    (found.distinct, found.ends, found.verdict())
}

/// One post of one of n members: it is asked for or not; then each of the n - 1 others has it or not: 1 + 2^(n-1). Of two
/// posts by two of three members, the third is shown the later one first in some order, but by vectors.
#[test]
fn every_order_is_explored() {
    for nodes in 1..=4u16 {
        let (states, ends, verdict) = orders(nodes, 1, "causal");
        assert_eq!((states, ends, verdict), (1 + 2u64.pow(u32::from(nodes) - 1), 1, Verdict::Holds), "{nodes} members");
    }
    for (nodes, order, wanted) in [
        (2, "fifo", Verdict::Holds),
        (3, "fifo", Verdict::Broken),
        (3, "arrival", Verdict::Broken),
        (3, "causal", Verdict::Holds),
        (4, "causal", Verdict::Holds),
    ] {
        let (states, ends, verdict) = orders(nodes, 2, order);
        assert_eq!(verdict, wanted, "{nodes} members, {order}: {states} states, {ends} ends");
    }
}
