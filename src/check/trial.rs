//! A scenario of anyone's under one seed after another: the same for the command line's sweep and for the page's. As it is,
//! or with random faults upon it, which then heal; after that every client must get an operation of each kind done.

use super::faults::{self, Only, Upon};
use super::measures::{self, Values};
use crate::base::Micros;
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, Scenario};
use crate::sim::timeline::Timeline;
use crate::sim::world::Watch;
use crate::wire::{Command, Outcome as Fate, RowKind};

/// What is demanded after healing, under the name of a property.
pub const PROGRESS: &str = "progress after healing";
/// How long what was asked for before may take to end after healing; then fresh operations are asked for.
pub const SETTLE: Micros = Micros::s(5);
/// How long a fresh operation may take.
pub const BOUND: Micros = Micros::s(2);

/// How each seed is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// To here; with faults, they heal here, and the run goes on.
    pub until: Micros,
    pub faults: bool,
}

/// What became of a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub seed: u64,
    /// The property that broke first, and why.
    pub failed: Option<(String, String)>,
    /// A bound of the engine was met: the run says nothing.
    pub limited: bool,
    pub steps: u64,
    pub values: Values,
}

pub struct Trial<'a> {
    blueprint: Blueprint,
    plan: Plan,
    registry: &'a [Entry],
}

impl<'a> Trial<'a> {
    pub fn new(blueprint: Blueprint, plan: Plan, registry: &'a [Entry]) -> Trial<'a> {
        Trial { blueprint, plan, registry }
    }

    pub fn ends_at(&self) -> Micros {
        match self.plan.faults {
            true => self.upon().ends_at(),
            false => self.plan.until,
        }
    }

    fn upon(&self) -> Upon {
        let names = |client: bool| {
            let nodes = self.blueprint.setup.nodes.iter().filter(|node| node.client == client);
            nodes.map(|node| node.name.clone()).collect()
        };
        let works = |command: &Command| matches!(command, Command::Workload(_));
        Upon {
            servers: names(false),
            clients: names(true),
            from: Micros::ZERO,
            rough: self.plan.until,
            settle: SETTLE,
            bound: BOUND,
            only: Only::All,
            load: !self.blueprint.scenario.commands.iter().any(|entry| works(&entry.command)),
        }
    }

    /// The run of a seed as a scenario that can be opened like any other.
    pub fn scenario(&self, seed: u64) -> Scenario {
        let mut scenario = self.blueprint.with_seed(seed).scenario;
        if self.plan.faults {
            let upon = self.upon();
            // The script is over when all heals.
            scenario.commands.retain(|entry| entry.at < upon.rough);
            let (faults, after) = faults::upon(&upon, &self.blueprint.describe, seed);
            scenario.commands.extend(faults.into_iter().chain(after));
            scenario.commands.sort_by_key(|entry| entry.at);
        }
        scenario
    }

    /// # Errors
    /// What is wrong with the scenario.
    pub fn run(&self, seed: u64) -> Result<Outcome, String> {
        let blueprint = match self.plan.faults {
            true => Blueprint::resolve(self.scenario(seed), self.registry).map_err(|fault| fault.message)?,
            false => self.blueprint.with_seed(seed),
        };
        let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
        timeline.advance(self.ends_at(), u64::MAX);
        let world = timeline.head();
        let broken = world.broken.iter().zip(&world.describe.properties);
        let first =
            broken.filter_map(|(b, (name, _))| b.as_ref().map(|(row, why)| (*row, *name, why.to_string()))).min();
        let limited = world.halted.is_some();
        let failed = first.map(|(_, name, why)| (name.to_owned(), why));
        let stuck = || self.stuck(&timeline).map(|why| (PROGRESS.to_owned(), why));
        let failed = failed.or_else(|| if self.plan.faults && !limited { stuck() } else { None });
        Ok(Outcome { seed, failed, limited, steps: world.step.into(), values: measures::of(&timeline) })
    }

    /// Why there is no progress after healing, if there is none.
    fn stuck(&self, timeline: &Timeline) -> Option<String> {
        let (upon, world) = (self.upon(), timeline.head());
        let owed = upon.clients.len() * self.blueprint.describe.functions.len();
        let done = timeline.trace.rows().iter().rev().take_while(|rec| rec.time() >= upon.asks_at());
        let done = done.filter(|rec| rec.kind == RowKind::Complete).filter(|rec| {
            let (_, fate, _, begun) = timeline.trace.completed(rec);
            fate == Fate::Ok && begun >= upon.asks_at().0
        });
        let done = done.count();
        (done < owed).then(|| {
            let why = world.why_no_progress().unwrap_or_else(|| "the protocol names no reason".into());
            format!("{} of {owed} fresh operations were not done in time; {why}", owed - done)
        })
    }
}
