//! The search for a counterexample by runs in time: from a moment of a run on, random faults, seed after seed; then all
//! heals, and every client must get an operation of each kind done. What is found is made small ([`minimise`]): faults are
//! dropped while the same property breaks, or while there still is no progress.
//!
//! What the explorer cannot find in reach (bugs that need hundreds of events, or many time-outs in a row) is found so, and
//! what is no matter of orders at all: that nothing goes on any more.

use super::explore::minimise;
use super::faults::{self, Only, Upon};
use super::sweep::{Run, Verdict};
use crate::base::Micros;
use crate::sim::scenario::{LogEntry, Scenario};
use crate::sim::timeline::Timeline;
use crate::sim::world::World;

/// Runs that a counterexample may take to be made small.
const TRIES_MAX: u32 = 600;

/// Which faults come and how long; how long what was asked for before may take to end after healing, and a fresh operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    pub rough: Micros,
    pub settle: Micros,
    pub bound: Micros,
    pub only: Only,
}

impl Default for Spans {
    fn default() -> Spans {
        Spans { rough: Micros::s(3), settle: Micros::s(3), bound: Micros::s(2), only: Only::All }
    }
}

pub struct Timed {
    /// The run up to the moment at which faults begin.
    scenario: Scenario,
    world: World,
    upon: Upon,
    /// The next one.
    pub seed: u64,
}

/// A run that fails.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub verdict: Verdict,
    pub faults: Vec<LogEntry>,
    /// How all heals, and what is asked for then.
    pub after: Vec<LogEntry>,
}

impl Timed {
    /// From the cursor of a run on; seeds are counted from the given one.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn new(timeline: &Timeline, spans: Spans, seed: u64) -> Result<Timed, String> {
        let world = timeline.world().clone();
        if let Some(place) = world.broken.iter().position(Option::is_some) {
            return Err(format!(
                "\"{}\" is broken already: step back to before that",
                world.describe.properties[place].0
            ));
        }
        let names = |client: bool| {
            let nodes = world.setup.nodes.iter().filter(|node| node.client == client);
            nodes.map(|node| node.name.clone()).collect()
        };
        let upon = Upon {
            servers: names(false),
            clients: names(true),
            // What happens at this instant comes first.
            from: timeline.shown().plus(Micros(1)),
            rough: spans.rough,
            settle: spans.settle,
            bound: spans.bound,
            only: spans.only,
            load: world.shells.iter().all(|shell| shell.working.is_none()),
        };
        let commands = timeline.log[..timeline.done()].to_vec();
        Ok(Timed { scenario: Scenario { commands, ..timeline.blueprint.scenario.clone() }, world, upon, seed })
    }

    pub fn ends_at(&self) -> Micros {
        self.upon.ends_at()
    }

    fn run(&self, log: &[LogEntry]) -> (Verdict, u64) {
        let before = u64::from(self.world.step);
        let (verdict, steps) =
            Run::new(self.world.clone(), log).finish(self.upon.asks_at(), self.upon.ends_at(), &mut None);
        (verdict, steps - before)
    }

    /// Runs seeds until one fails or so many steps are done.
    pub fn search(&mut self, steps: u64) -> Option<Failure> {
        let mut left = steps;
        loop {
            let seed = self.seed;
            self.seed += 1;
            let (faults, after) = faults::upon(&self.upon, &self.world.describe, seed);
            let (verdict, took) = self.run(&[&faults[..], &after].concat());
            if matches!(verdict, Verdict::Violation { .. } | Verdict::NoProgress { .. }) {
                return Some(Failure { seed, verdict, faults, after });
            }
            if took >= left {
                return None;
            }
            left -= took;
        }
    }

    /// Drops faults while the failure stays.
    pub fn shorten(&self, failure: &Failure) -> Failure {
        let mut tries = 0;
        let mut small = failure.clone();
        let fails = |faults: &[LogEntry]| {
            tries += 1;
            if tries > TRIES_MAX {
                return None;
            }
            let (verdict, _) = self.run(&[faults, &failure.after].concat());
            if !is_same(&verdict, &failure.verdict) {
                return None;
            }
            let end = if let Verdict::Violation { at, .. } = verdict { at } else { Micros::MAX };
            small.verdict = verdict;
            Some(faults.iter().filter(|entry| entry.at <= end).cloned().collect())
        };
        let faults = minimise::minimise(&failure.faults, fails);
        if let Verdict::Violation { at, .. } = small.verdict {
            small.after.retain(|entry| entry.at <= at);
        }
        Failure { faults, ..small }
    }

    /// The failing run, the faults as commands of a person; and until when it is to be run.
    pub fn scenario(&self, failure: &Failure) -> (Scenario, Micros) {
        let mut scenario = self.scenario.clone();
        let given = failure.faults.iter().chain(&failure.after);
        scenario.commands.extend(given.map(|entry| LogEntry { learner: true, ..entry.clone() }));
        let end = if let Verdict::Violation { at, .. } = failure.verdict { at } else { self.ends_at() };
        (scenario, end)
    }
}

fn is_same(a: &Verdict, b: &Verdict) -> bool {
    match (a, b) {
        (Verdict::Violation { property: a, .. }, Verdict::Violation { property: b, .. }) => a == b,
        (Verdict::NoProgress { .. }, Verdict::NoProgress { .. }) => true,
        _ => false,
    }
}
