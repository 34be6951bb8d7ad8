//! Small clusters and what is asked of them.

use faultline::check::explore::cluster::{Bounds, Cluster, Move, Program};
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Report, explore};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{NodeLine, Scenario, VERSION};
use faultline::wire::{Datum, LinkChange, Op};

pub const STATES_MAX: u64 = 200_000;

pub fn line(name: &str, role: &str, count: u16) -> NodeLine {
    NodeLine { name: name.into(), role: role.into(), count: Some(count), groups: Vec::new(), place: None }
}

/// A scenario of so many replicas and clients.
pub fn scenario(replicas: u16, clients: u16, flag: Option<&str>) -> Scenario {
    Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "majority-register".into(),
        seed: 1,
        pace: None,
        parameters: flag.map(|flag| (flag.to_string(), ParamValue::Flag(true))).into_iter().collect(),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line("n", "replica", replicas), line("c", "client", clients)],
        commands: Vec::new(),
    }
}

/// What the clients c1, c2, … ask for: `g` is a get, `p` a put of a value of its own.
pub fn programs(words: &[&str]) -> Vec<Program> {
    let op = |client: usize, place: usize, letter: char| match letter {
        'g' => Op { f: "get".into(), key: "x".into(), value: Datum::None },
        _ => Op { f: "put".into(), key: "x".into(), value: Datum::Int((client * 10 + place) as i64) },
    };
    let ops = |client: usize, word: &str| word.chars().enumerate().map(|(i, c)| op(client, i, c)).collect();
    words.iter().enumerate().map(|(i, word)| (format!("c{}", i + 1), ops(i + 1, word))).collect()
}

pub fn case(scenario: Scenario, programs: Vec<Program>, start: Start) -> Case {
    let mut case = Case::new(scenario, start, protocols::all()).expect("a good scenario");
    case.programs = programs;
    case
}

/// Orders of deliveries alone; states are told apart as the models of the tests tell them.
pub fn orders(scenario: Scenario, programs: Vec<Program>, states: u64) -> (Case, Cluster, Report<Move>) {
    let case = case(scenario, programs, Start::default());
    let cluster = case.cluster(Bounds { memory: false, ..Bounds::default() }).expect("it can be explored");
    let found = explore(&cluster, Options { states, ..Options::default() });
    (case, cluster, found)
}
