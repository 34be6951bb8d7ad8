//! Tests of the goal language on hand-made steps.

mod goals;
mod wrongs;

use super::step::{OpFact, StepView};
use crate::base::Micros;
use crate::wire::{Datum, FunctionInfo, KindInfo, NodeInfo, NodeStatus, Op, Opened, Outcome, RowKind, Tone};
use std::ops::Range;

/// Three replicas r1 to r3 in zones a and b, and a client c.
pub fn opened() -> Opened {
    let node = |name: &str, role: &str, zone: &str| NodeInfo {
        name: name.into(),
        role: role.into(),
        tone: Tone::Server,
        client: role == "client",
        groups: vec![format!("zone={zone}")],
        place: None,
    };
    let kind = |name: &str| KindInfo { name: name.into(), tone: Tone::Query };
    let function = |f: &str| FunctionInfo { f: f.into(), has_key: true, has_value: f == "put" };
    Opened {
        arrangement: Default::default(),
        network: crate::wire::LinkChange::default(),
        disk: crate::wire::Distribution::Constant(crate::base::Micros(500)),
        wires: None,
        title: "Three replicas".into(),
        protocol: "test".into(),
        seed: 1,
        nodes: vec![
            node("r1", "replica", "a"),
            node("r2", "replica", "b"),
            node("r3", "replica", "b"),
            node("c", "client", "b"),
        ],
        kinds: vec![kind("ask"), kind("answer")],
        properties: Vec::new(),
        timers: Vec::new(),
        functions: vec![function("get"), function("put")],
        parameters: Vec::new(),
        pace_us_per_s: 1,
    }
}

/// A row of a hand-made step.
#[derive(Clone, Debug)]
pub struct Fact {
    kind: RowKind,
    node: u16,
    message: Option<(u8, u16)>,
    op: Option<OpFact>,
    text: &'static str,
}

pub fn row(kind: RowKind, node: u16) -> Fact {
    Fact { kind, node, message: None, op: None, text: "" }
}

/// The client's operation ends; it began at `begun_ms`.
pub fn ended(f: &str, outcome: Outcome, answer: i64, begun_ms: u64) -> Fact {
    let op = Op { f: f.into(), key: "x".into(), value: Datum::Int(4) };
    let fact = OpFact { op, begun: Micros::ms(begun_ms), outcome: Some(outcome), answer: Datum::Int(answer) };
    Fact { op: Some(fact), ..row(RowKind::Complete, 3) }
}

/// A hand-made run: the test moves it on and changes its nodes.
#[derive(Clone, Debug)]
pub struct Bench {
    now: Micros,
    first: u64,
    facts: Vec<Fact>,
    pub status: [NodeStatus; 4],
    pub version: [i64; 3],
}

impl Bench {
    pub fn new() -> Bench {
        let status = [NodeStatus::Up; 4];
        Bench { now: Micros::ZERO, first: 0, facts: Vec::new(), status, version: [0; 3] }
    }

    /// The next step, at a time in milliseconds.
    pub fn step(&mut self, at_ms: u64, facts: Vec<Fact>) -> &Bench {
        self.first += self.facts.len() as u64;
        (self.now, self.facts) = (Micros::ms(at_ms), facts);
        self
    }

    fn fact(&self, row: u64) -> &Fact {
        &self.facts[(row - self.first) as usize]
    }
}

impl StepView for Bench {
    fn now(&self) -> Micros {
        self.now
    }
    fn rows(&self) -> Range<u64> {
        self.first..self.first + self.facts.len() as u64
    }
    fn kind(&self, row: u64) -> RowKind {
        self.fact(row).kind
    }
    fn node(&self, row: u64) -> u16 {
        self.fact(row).node
    }
    fn message(&self, row: u64) -> Option<(u8, u16)> {
        self.fact(row).message
    }
    fn bytes(&self, _row: u64) -> u32 {
        100
    }
    fn op(&self, row: u64) -> Option<OpFact> {
        self.fact(row).op.clone()
    }
    fn text(&self, row: u64) -> String {
        self.fact(row).text.into()
    }
    fn status(&self, node: u16) -> NodeStatus {
        self.status[usize::from(node)]
    }
    fn name(&self, node: u16) -> &str {
        ["n1", "n2", "n3"].get(usize::from(node)).copied().unwrap_or("")
    }
    fn found(&self) -> u64 {
        0
    }
    fn probe(&self, node: u16, name: &str) -> Option<Datum> {
        let version = (name == "version").then(|| self.version.get(usize::from(node)));
        version.flatten().map(|v| Datum::Int(*v))
    }
}
