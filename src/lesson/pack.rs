//! A lesson as the engine plays it: checked, its texts parsed, its conditions fitted to its scenarios.
//!
//! Lessons are written as TOML and Markdown (a `Draft`, native only), packed when the page is built, and loaded at run
//! time one at a time. So the engine's wasm holds no parser, and a lesson that does not pass its checks has no pack.

use super::condition::Condition;
use super::goal::{Goal, GoalRun};
use super::meter::Quantity;
use crate::base::{Micros, codec, decode};
use crate::sim::cell::Entry;
use crate::sim::params::ParamValue;
use crate::sim::scenario::{Blueprint, LogEntry, Scenario};
use crate::wire::Inline;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::BTreeMap;

pub const VERSION: u32 = 3;
/// The pack's file name within the lesson's folder.
pub const FILE: &str = "lesson.pack";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pack {
    /// A [`LessonPage`](crate::wire::LessonPage), encoded: the engine only passes it on, and so need not know its parts.
    pub page: Vec<u8>,
    pub scenarios: Vec<Scenario>,
    pub steps: Vec<PackStep>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackStep {
    /// Place in [`Pack::scenarios`], as everywhere here.
    pub scenario: u32,
    pub goals: Vec<Goal>,
    pub predictions: Vec<PackPrediction>,
    pub measure: Option<PackMeasure>,
    /// The commands of each button, their times counted from the press.
    pub buttons: Vec<Vec<LogEntry>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackPrediction {
    pub scenario: u32,
    pub seed: u64,
    pub until: Micros,
    pub commands: Vec<LogEntry>,
    pub options: Vec<PackOption>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackOption {
    /// Judged at the end of the run.
    pub goal: Goal,
    /// May quote measures of the run.
    pub because: Vec<Inline>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackMeasure {
    pub id: String,
    pub columns: Vec<PackColumn>,
    pub variants: Vec<PackVariant>,
    pub seeds: u32,
    pub until: Micros,
    /// What an exercise starts from.
    pub scenario: Option<u32>,
    pub choices: Vec<PackChoice>,
    pub failures: Vec<PackFailures>,
    pub outages: Vec<PackOutage>,
    pub requirements: Vec<PackRequirement>,
    pub follow_ups: Vec<PackFollowUp>,
    pub answer: Vec<Inline>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackColumn {
    pub title: String,
    pub quantity: Quantity,
    pub function: Option<String>,
    pub digits: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackVariant {
    pub title: String,
    pub scenario: u32,
    pub parameters: BTreeMap<String, ParamValue>,
    pub commands: Vec<LogEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackChoice {
    pub name: String,
    pub title: String,
    pub options: Vec<PackChoiceOption>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackChoiceOption {
    pub title: String,
    pub scenario: Option<u32>,
    /// Number of nodes for lines of the scenario.
    pub count: BTreeMap<String, u16>,
    pub parameters: BTreeMap<String, ParamValue>,
    pub commands: Vec<LogEntry>,
}

/// Machines that fail and return by chance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackFailures {
    /// Nodes, roles or groups.
    pub on: Vec<String>,
    pub together: bool,
    pub up: Micros,
    pub down: Micros,
}

/// Nodes that are down for a stated time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackOutage {
    pub on: Vec<String>,
    pub from: Micros,
    pub to: Micros,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackRequirement {
    pub when: Condition,
    pub met: String,
    pub missed: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackFollowUp {
    pub id: String,
    pub when: Option<Condition>,
    pub ask: String,
    /// May quote measures of the runs.
    pub answer: Vec<Inline>,
}

/// A lesson that can be played.
pub struct Lesson {
    pub(super) pack: Pack,
    /// Of each scenario, once it was asked for.
    blueprints: Vec<OnceCell<Result<Blueprint, String>>>,
    pub(super) registry: &'static [Entry],
}

impl Pack {
    /// The file's bytes: version, hash of the contents, contents.
    pub fn to_bytes(&self) -> Vec<u8> {
        let contents = codec::to_bytes(self);
        let mut bytes = codec::to_bytes(&(VERSION, crate::base::hash::bytes(0, &contents)));
        bytes.extend(contents);
        bytes
    }

    /// `name` is what errors call it.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Pack, String> {
        let damaged = |why: &str| format!("{name}: the lesson cannot be read ({why}); reload the page");
        let ((version, hash), contents) =
            decode::take::<(u32, u64)>(bytes).ok_or_else(|| damaged("it is no lesson"))?;
        if version != VERSION {
            return Err(damaged(&format!("version {version}; this page plays version {VERSION}")));
        }
        if crate::base::hash::bytes(0, contents) != hash {
            return Err(damaged("it is damaged"));
        }
        codec::from_bytes(contents).map_err(|why| damaged(&why))
    }
}

impl Lesson {
    pub fn new(pack: Pack, registry: &'static [Entry]) -> Lesson {
        let blueprints = pack.scenarios.iter().map(|_| OnceCell::new()).collect();
        Lesson { blueprints, pack, registry }
    }

    /// Makes all its scenarios ready; the error is what is wrong with one.
    pub fn complete(self) -> Result<Lesson, String> {
        (0..self.blueprints.len() as u32).try_for_each(|place| self.scenario(place).map(drop))?;
        Ok(self)
    }

    /// The encoded page.
    pub fn page(&self) -> &[u8] {
        &self.pack.page
    }

    pub(super) fn step(&self, index: u32) -> Result<&PackStep, String> {
        let count = self.pack.steps.len();
        self.pack.steps.get(index as usize).ok_or_else(|| format!("the lesson has no step {index}; it has {count}"))
    }

    /// One of the scenarios. It is made ready when it is first asked for: until then nobody need have its protocol.
    pub(super) fn scenario(&self, place: u32) -> Result<&Blueprint, String> {
        let known = self.pack.scenarios.get(place as usize).zip(self.blueprints.get(place as usize));
        let (scenario, made) = known.ok_or_else(|| format!("the lesson has no scenario {place}"))?;
        let make = || Blueprint::resolve(scenario.clone(), self.registry).map_err(|fault| fault.message);
        made.get_or_init(make).as_ref().map_err(Clone::clone)
    }

    /// The scenario of a step, ready to run.
    pub fn blueprint(&self, step: u32) -> Result<Blueprint, String> {
        self.scenario(self.step(step)?.scenario).cloned()
    }

    /// What a button of a step does.
    pub fn button(&self, step: u32, button: u32) -> Result<&[LogEntry], String> {
        let found = self.step(step)?.buttons.get(button as usize);
        found.map(Vec::as_slice).ok_or_else(|| format!("the step has no button {button}"))
    }

    /// The goals of a step, none met yet.
    pub fn goals(&self, step: u32) -> Result<GoalRun, String> {
        Ok(GoalRun::new(self.step(step)?.goals.clone()))
    }
}
