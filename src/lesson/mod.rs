//! Layer 5: lessons. What the session asks of them; the format follows.

use crate::base::Micros;
use crate::sim::cell::Entry;
use crate::sim::scenario::Blueprint;
use crate::wire::*;
use std::ops::Range;

pub trait StepView {
    fn now(&self) -> Micros;
    fn rows(&self) -> Range<u64>;
    fn kind(&self, row: u64) -> RowKind;
    fn node(&self, row: u64) -> u16;
    fn message(&self, row: u64) -> Option<(u8, u16)>;
    fn bytes(&self, row: u64) -> u32;
    fn op(&self, row: u64) -> Option<OpFact>;
    fn text(&self, row: u64) -> String;
    fn status(&self, node: u16) -> NodeStatus;
    fn probe(&self, node: u16, name: &str) -> Option<Datum>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpFact {
    pub op: Op,
    pub begun: Micros,
    pub outcome: Option<Outcome>,
    pub answer: Datum,
}

#[derive(Clone, Default)]
pub struct GoalRun;

impl GoalRun {
    pub fn after_step(&mut self, _view: &dyn StepView) {}
    pub fn cards(&self, _now: Micros) -> Vec<GoalCard> {
        Vec::new()
    }
}

#[derive(Clone, Default)]
pub struct Meter;

impl Meter {
    pub fn feed(&mut self, _view: &dyn StepView) {}
    pub fn table(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

pub struct Lesson;

impl Lesson {
    pub fn load(_files: &[SourceFile], _registry: &'static [Entry]) -> Result<Lesson, String> {
        Err("lessons cannot be read yet".into())
    }
    pub fn page(&self) -> LessonPage {
        unreachable!("no lesson can be loaded")
    }
    pub fn blueprint(&self, _step: u32) -> Result<Blueprint, String> {
        Err("lessons cannot be read yet".into())
    }
    pub fn goals(&self, _step: u32, _run: &Opened) -> Result<GoalRun, String> {
        Ok(GoalRun)
    }
    pub fn predict(&self, _step: u32, _prediction: u32) -> Result<PredictionOutcome, String> {
        Err("lessons cannot be read yet".into())
    }
    pub fn measure(&self, _step: u32, _choices: &[u32]) -> Result<Measurement, String> {
        Err("lessons cannot be read yet".into())
    }
}
