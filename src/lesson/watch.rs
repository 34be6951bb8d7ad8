//! Watches a run for goals and measures, as the head advances.

use super::goal::GoalRun;
use super::meter::Meter;
use super::step::{OpFact, StepView};
use crate::base::{Micros, NodeId, codec};
use crate::sim::protocol::Card;
use crate::sim::scenario::Blueprint;
use crate::sim::timeline::Observer;
use crate::sim::trace::{Rec, Trace};
use crate::sim::world::World;
use crate::wire::{Datum, KindInfo, NodeInfo, NodeStatus, Opened, RowKind, Tone};
use std::any::Any;
use std::cell::RefCell;
use std::ops::Range;

/// Goals and measures of one run.
#[derive(Clone)]
pub struct Watcher {
    pub goals: GoalRun,
    pub meter: Meter,
}

impl Watcher {
    pub fn new(goals: GoalRun) -> Watcher {
        Watcher { goals, meter: Meter::default() }
    }
}

impl Observer for Watcher {
    fn after_step(&mut self, world: &World, trace: &Trace, first_row: u32) {
        let view = View { world, trace, rows: first_row..world.rows, cards: RefCell::default() };
        self.meter.feed(&view);
        self.goals.after_step(&view);
    }

    fn clone_box(&self) -> Box<dyn Observer> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// One step, just done. Cards are made when a probe is asked for, at most once a node.
struct View<'a> {
    world: &'a World,
    trace: &'a Trace,
    rows: Range<u32>,
    cards: RefCell<Vec<(u16, Card)>>,
}

impl View<'_> {
    fn rec(&self, row: u64) -> &Rec {
        self.trace.get(row as u32)
    }
}

impl StepView for View<'_> {
    fn now(&self) -> Micros {
        Micros(self.world.now)
    }

    fn rows(&self) -> Range<u64> {
        self.rows.start.into()..self.rows.end.into()
    }

    fn kind(&self, row: u64) -> RowKind {
        self.rec(row).kind
    }

    fn node(&self, row: u64) -> u16 {
        self.rec(row).node
    }

    fn message(&self, row: u64) -> Option<(u8, u16)> {
        let rec = self.rec(row);
        use RowKind::*;
        if !matches!(rec.kind, Send | Deliver | Lost | Duplicate | Adversary) {
            return None;
        }
        self.world.machine.label(self.trace.payload(rec)).map(|(kind, _)| (kind, rec.peer))
    }

    fn bytes(&self, row: u64) -> u32 {
        let rec = self.rec(row);
        if rec.kind == RowKind::Send { self.trace.data(rec).len() as u32 } else { 0 }
    }

    fn op(&self, row: u64) -> Option<OpFact> {
        let rec = self.rec(row);
        match rec.kind {
            RowKind::Invoke => {
                let op = codec::own(self.trace.data(rec));
                Some(OpFact { op, begun: rec.time(), outcome: None, answer: Datum::None })
            }
            RowKind::Complete => {
                let (op, outcome, answer, begun) = self.trace.completed(rec);
                Some(OpFact { op, begun: Micros(begun), outcome: Some(outcome), answer })
            }
            _ => None,
        }
    }

    fn text(&self, row: u64) -> String {
        let rec = self.rec(row);
        match rec.kind {
            RowKind::Lost => self.trace.loss(rec).1.into(),
            RowKind::Violation => self.world.describe.properties[usize::from(rec.code)].0.into(),
            RowKind::Note | RowKind::Command => self.trace.text(rec).into(),
            _ => String::new(),
        }
    }

    fn status(&self, node: u16) -> NodeStatus {
        self.world.shells[usize::from(node)].status
    }

    fn name(&self, node: u16) -> &str {
        self.world.setup.name(NodeId(node))
    }

    fn found(&self) -> u64 {
        self.world.found.iter().map(|(count, _)| u64::from(*count)).sum()
    }

    fn probe(&self, node: u16, name: &str) -> Option<Datum> {
        let find = |card: &Card| card.probes.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
        let mut cards = self.cards.borrow_mut();
        if let Some((_, card)) = cards.iter().find(|(n, _)| *n == node) {
            return find(card);
        }
        let card = self.world.card(NodeId(node));
        let found = find(&card);
        cards.push((node, card));
        found
    }
}

/// What is fixed about a run, in the page's terms.
pub fn opened(blueprint: &Blueprint) -> Opened {
    let describe = &blueprint.describe;
    let node = |n: &crate::sim::protocol::NodeSetup| {
        let role = describe.roles.iter().find(|r| r.name == n.role);
        NodeInfo {
            name: n.name.clone(),
            role: n.role.clone(),
            tone: role.map_or(Tone::Neutral, |r| r.tone),
            client: n.client,
            groups: n.groups.clone(),
            place: n.place,
        }
    };
    let links = blueprint.machine.links(&blueprint.setup);
    Opened {
        arrangement: blueprint.scenario.layout,
        title: blueprint.scenario.title.clone(),
        protocol: describe.name.into(),
        seed: blueprint.setup.seed,
        nodes: blueprint.setup.nodes.iter().map(node).collect(),
        kinds: describe.messages.iter().map(|(name, tone)| KindInfo { name: (*name).into(), tone: *tone }).collect(),
        properties: describe.properties.iter().map(|(n, s)| ((*n).into(), (*s).into())).collect(),
        timers: describe.timers.iter().map(|t| (*t).into()).collect(),
        functions: describe.all_functions(),
        parameters: blueprint.unusual_parameters(),
        pace_us_per_s: Micros::ms(10).0,
        wires: links.map(|links| links.into_iter().map(|(a, b)| (a.0.min(b.0), a.0.max(b.0))).collect()),
        network: blueprint.network(),
        disk: blueprint.disk().clone(),
    }
}
