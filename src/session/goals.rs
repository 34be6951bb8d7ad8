//! Watches a run for goals and measures, as the head advances.

use crate::base::{Micros, NodeId};
use crate::lesson::{GoalRun, Meter, OpFact, StepView};
use crate::sim::protocol::Card;
use crate::sim::timeline::Observer;
use crate::sim::trace::Trace;
use crate::sim::world::World;
use crate::wire::{Datum, NodeStatus, RowKind};
use std::cell::RefCell;
use std::ops::Range;

/// Goals (of a lesson's step) and measures of one run.
#[derive(Clone)]
pub struct Watcher {
    pub goals: Option<GoalRun>,
    pub meter: Meter,
}

impl Watcher {
    pub fn new(goals: Option<GoalRun>) -> Watcher {
        Watcher { goals, meter: Meter::default() }
    }
}

impl Observer for Watcher {
    fn after_step(&mut self, world: &World, trace: &Trace, first_row: u32) {
        let view = View { world, trace, rows: first_row..world.rows, cards: RefCell::default() };
        self.meter.feed(&view);
        if let Some(goals) = &mut self.goals {
            goals.after_step(&view);
        }
    }

    fn clone_box(&self) -> Box<dyn Observer> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn std::any::Any {
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

impl StepView for View<'_> {
    fn now(&self) -> Micros {
        Micros(self.world.now)
    }

    fn rows(&self) -> Range<u64> {
        self.rows.start.into()..self.rows.end.into()
    }

    fn kind(&self, row: u64) -> RowKind {
        self.trace.get(row as u32).kind
    }

    fn node(&self, row: u64) -> u16 {
        self.trace.get(row as u32).node
    }

    fn message(&self, row: u64) -> Option<(u8, u16)> {
        let rec = self.trace.get(row as u32);
        use RowKind::*;
        if !matches!(rec.kind, Send | Deliver | Lost | Duplicate | Adversary) {
            return None;
        }
        self.world.machine.label(self.trace.payload(rec)).map(|(kind, _)| (kind, rec.peer))
    }

    fn bytes(&self, row: u64) -> u32 {
        let rec = self.trace.get(row as u32);
        if rec.kind == RowKind::Send { self.trace.data(rec).len() as u32 } else { 0 }
    }

    fn op(&self, row: u64) -> Option<OpFact> {
        let rec = self.trace.get(row as u32);
        match rec.kind {
            RowKind::Invoke => {
                let op = crate::base::codec::from_bytes(self.trace.data(rec)).ok()?;
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
        let rec = self.trace.get(row as u32);
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
