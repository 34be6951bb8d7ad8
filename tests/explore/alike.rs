//! Symmetry of clusters: states that differ by the names of nodes that are alike are taken for one. That this is sound is
//! tried out on all states of small clusters: those that are taken for one must have the same properties, and lead to the
//! same, as many times each. Then no way is lost (D. Park's bisimulation; Clarke, Grumberg, Peled, chapter 14).

use super::common::{case, programs, scenario};
use faultline::base::{Micros, NodeId, OpId};
use faultline::check::explore::cluster::{Bounds, Cluster};
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Model, Options, Strategy, Verdict, explore};
use faultline::sim::cell::Entry;
use faultline::sim::params::Params;
use faultline::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec};
use faultline::sim::scenario::Scenario;
use faultline::wire::{Datum, Distribution, Op, Outcome, Tone};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// States and orbits; or that two states of one orbit differ.
fn quotient(cluster: &Cluster) -> Result<(u64, u64), String> {
    let mut open = cluster.begin();
    let mut known: BTreeSet<u64> = open.iter().map(|state| cluster.fingerprint(state)).collect();
    let mut orbits: BTreeMap<u64, (u64, Vec<u64>)> = BTreeMap::new();
    while let Some(state) = open.pop() {
        let mut actions = Vec::new();
        cluster.actions(&state, &mut actions);
        let next: Vec<_> = actions.iter().filter_map(|action| cluster.next(&state, action)).collect();
        let mut leads: Vec<u64> = next.iter().map(|state| cluster.orbit(state)).collect();
        leads.sort_unstable();
        let own = (cluster.holds(&state), leads);
        let first = orbits.entry(cluster.orbit(&state)).or_insert_with(|| own.clone());
        if *first != own {
            return Err(format!("of {} states two that are taken for one differ", known.len()));
        }
        open.extend(next.into_iter().filter(|state| known.insert(cluster.fingerprint(state))));
    }
    Ok((known.len() as u64, orbits.len() as u64))
}

fn symmetric(case: &Case, bounds: Bounds) -> Result<Cluster, String> {
    case.cluster(bounds).expect("it can be explored").symmetric()
}

#[test]
fn states_that_are_taken_for_one_lead_to_the_same() {
    let none = Bounds::default();
    let syncs = Start { from: Micros::ZERO, syncs: true };
    let cases: [(u16, &[&str], Bounds, Start); 8] = [
        (2, &["p", "g"], none, Start::default()),
        (2, &["p", "p"], Bounds { memory: false, ..none }, Start::default()),
        (3, &["p"], none, Start::default()),
        (3, &["g", "g"], none, Start::default()),
        (4, &["g"], none, Start::default()),
        (3, &["g"], Bounds { drops: 2, ..none }, Start::default()),
        (2, &["p"], Bounds { timers: 1, ..none }, Start::default()),
        (2, &["p"], Bounds { crashes: 1, drops: 1, ..none }, syncs),
    ];
    for (replicas, words, bounds, start) in cases {
        let mut scenario = scenario(replicas, words.len() as u16, None);
        scenario.disk = Some(Distribution::Constant(Micros::ms(1)));
        let case = case(scenario, programs(words), start);
        let cluster = symmetric(&case, bounds).expect("replicas are alike");
        let (states, orbits) =
            quotient(&cluster).unwrap_or_else(|why| panic!("{replicas} {words:?} {bounds:?}: {why}"));
        println!("{replicas} replicas, {words:?}, {bounds:?}: {states} states in {orbits} orbits");
        assert!(orbits < states, "{replicas} {words:?} {bounds:?}");
        for strategy in [Strategy::Breadth, Strategy::Depth] {
            let of = |symmetry| explore(&cluster, Options { strategy, symmetry, ..Options::default() });
            let (all, one) = (of(false), of(true));
            assert_eq!((all.distinct, one.distinct), (states, orbits), "{replicas} {words:?} {bounds:?}");
            assert_eq!((all.verdict(), one.verdict()), (Verdict::Holds, Verdict::Holds));
            assert_eq!((all.unseen, all.examples.len()), (one.unseen, one.examples.len()));
        }
    }
}

/// A planted bug is found with symmetry as without, by a way as short, which the engine repeats.
#[test]
fn bugs_are_found_with_symmetry_too() {
    let cases: [(&str, u16, &[&str]); 2] = [("bug-small-quorum", 3, &["p"]), ("bug-no-compare", 2, &["p", "p"])];
    for (bug, replicas, words) in cases {
        let case = case(scenario(replicas, words.len() as u16, Some(bug)), programs(words), Start::default());
        let cluster = symmetric(&case, Bounds::default()).expect("replicas are alike");
        let found = |symmetry| explore(&cluster, Options { symmetry, ..Options::default() });
        let (one, all) = (found(true), found(false));
        assert!(one.distinct < all.distinct, "{bug}");
        let (one, all) = (one.violation.expect("found"), all.violation.expect("found"));
        assert_eq!((one.property, one.actions.len()), (all.property, all.actions.len()), "{bug}");
        assert!(case.run(&cluster, &one).is_ok(), "{bug}");
    }
}

#[test]
fn symmetry_is_refused_where_nodes_are_told_apart() {
    let refused = |case: &Case, bounds: Bounds| symmetric(case, bounds).err().unwrap_or_default();
    let plain = || scenario(3, 1, None);
    let of = |scenario: Scenario| case(scenario, programs(&["p"]), Start::default());
    let cut = refused(&of(plain()), Bounds { partitions: 1, ..Bounds::default() });
    assert!(cut.contains("their sides have names"), "{cut}");
    let alone = refused(&of(scenario(1, 1, None)), Bounds::default());
    assert!(alone.contains("no two nodes are alike"), "{alone}");
    let mut racks = plain();
    let replica = |n: u16, rack: &str| faultline::sim::scenario::NodeLine {
        groups: vec![rack.into()],
        ..super::common::line(&format!("n{n}"), "replica", 1)
    };
    racks.nodes.splice(0..1, [replica(1, "a"), replica(2, "b")]);
    let racks = refused(&of(racks), Bounds::default());
    assert!(racks.contains("no two nodes are alike"), "{racks}");
    let text = include_str!("scenarios/raft.toml").to_string();
    let raft =
        Scenario::read(&faultline::wire::SourceFile { name: "raft.toml".into(), text }).expect("a good scenario");
    let raft = Case::new(raft, Start::default(), faultline::protocols::all()).expect("a good scenario");
    let raft = refused(&raft, Bounds::default());
    assert!(raft.contains("no two nodes are alike"), "{raft}");
}

/// A protocol that breaks its promise: of all servers the client chooses the one with the highest name.
#[derive(Clone, Debug)]
struct Highest;

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Said {
    Who,
    Me,
    You,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Heard {
    from: Vec<NodeId>,
    open: u32,
    chosen: bool,
}

impl Protocol for Highest {
    type Msg = Said;
    type Timer = ();
    type Disk = ();
    type State = Heard;
    type Monitor = ();

    fn describe() -> Description {
        let role = |name, client| RoleSpec { name, meaning: "", tone: Tone::Server, client };
        Description {
            name: "highest",
            summary: "",
            roles: vec![role("server", false), role("client", true)],
            messages: vec![("Said", Tone::Query)],
            timers: Vec::new(),
            properties: Vec::new(),
            functions: Vec::new(),
            administration: Vec::new(),
            params: Vec::new(),
        }
    }

    fn configure(_: &Params) -> Self {
        Highest
    }

    fn boot(&self, (): &(), _: &mut Ctx<'_, Self>) -> Heard {
        Heard::default()
    }

    fn on_request(&self, s: &mut Heard, id: OpId, _: &Op, ctx: &mut Ctx<'_, Self>) {
        s.open = id.count;
        let servers: Vec<NodeId> = ctx.setup().role("server").collect();
        servers.iter().for_each(|server| ctx.send(*server, &Said::Who));
    }

    fn on_message(&self, s: &mut Heard, from: NodeId, m: Said, ctx: &mut Ctx<'_, Self>) {
        match m {
            Said::Who => ctx.send(from, &Said::Me),
            Said::You => s.chosen = true,
            Said::Me => {
                s.from.push(from);
                if s.from.len() == ctx.setup().role("server").count() {
                    let highest = s.from.iter().copied().max().unwrap_or_default();
                    ctx.send(highest, &Said::You);
                    ctx.reply(OpId { client: ctx.me(), count: s.open }, Outcome::Ok, Datum::None);
                }
            }
        }
    }

    fn label(&self, _: &Said) -> (u8, String) {
        (0, String::new())
    }

    fn timer_label(&self, (): &()) -> (u8, String) {
        (0, String::new())
    }

    fn card(&self, _: &str, _: &Heard, (): &(), (): &(), _: &mut Card) {}

    fn alike(&self) -> &'static [&'static str] {
        &["server"]
    }
}

#[test]
fn a_false_promise_is_found() {
    let nodes = vec![super::common::line("n", "server", 2), super::common::line("c", "client", 1)];
    let scenario = Scenario { protocol: "highest".into(), nodes, ..scenario(2, 1, None) };
    let registry = [Entry::of::<Highest>("highest")];
    let mut case = Case::new(scenario, Start::default(), &registry).expect("a good scenario");
    case.programs = programs(&["p"]);
    let cluster = symmetric(&case, Bounds::default()).expect("it says so");
    assert!(quotient(&cluster).is_err());
}
