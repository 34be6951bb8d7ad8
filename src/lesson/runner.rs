//! Runs that nobody watches: predictions, measurements, checks. The same engine as the bench, to the bit.

use super::goal::GoalRun;
use super::meter::Meter;
use super::watch::Watcher;
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, NodeId, order};
use crate::sim::cell::Entry;
use crate::sim::params::ParamValue;
use crate::sim::sample;
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::sim::timeline::Timeline;
use crate::sim::trace::Trace;
use crate::sim::world::Watch;
use crate::wire::{Command, Distribution, NodeRef};
use std::collections::BTreeMap;

/// Steps that one run may take. More is a bound reached, and an error.
const STEPS_MAX: u64 = 1_000_000;

/// What a run came to.
pub struct Done {
    pub meter: Meter,
    pub goals: GoalRun,
    /// Commands that had no effect, with the reason.
    pub refused: Vec<(LogEntry, String)>,
    timeline: Timeline,
}

impl Done {
    /// How many steps the run took.
    pub fn steps(&self) -> u64 {
        self.timeline.head().step.into()
    }

    pub fn trace(&self) -> &Trace {
        &self.timeline.trace
    }

    /// Names of the probes that nodes have at the end.
    pub fn probe_names(&self) -> Vec<String> {
        let nodes = 0..self.timeline.head().shells.len() as u16;
        let cards = nodes.map(|node| self.timeline.head().card(NodeId(node)));
        let mut names: Vec<String> = cards.flat_map(|card| card.probes).map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The run as a scenario with its log.
    pub fn saved(&self) -> String {
        self.timeline.save().to_json()
    }
}

/// Adds commands to a scenario's own, in the order of their times.
pub fn with_commands(blueprint: &Blueprint, more: impl IntoIterator<Item = LogEntry>) -> Blueprint {
    let mut blueprint = blueprint.clone();
    let commands = &mut blueprint.scenario.commands;
    for entry in more {
        let place = commands.partition_point(|other| (other.at, other.after) <= (entry.at, entry.after));
        commands.insert(place, entry);
    }
    blueprint
}

/// Runs to `until` (everything that happens at that instant included).
pub fn run(blueprint: Blueprint, until: Micros, goals: GoalRun) -> Result<Done, String> {
    let properties = !goals.is_empty();
    run_judged(blueprint, until, goals, properties)
}

/// The same; properties are checked only where somebody asks for them, since that takes its time.
pub fn run_judged(blueprint: Blueprint, until: Micros, goals: GoalRun, properties: bool) -> Result<Done, String> {
    let watch = Watch { properties, hash: false };
    let mut timeline = Timeline::new(blueprint, watch, Some(Box::new(Watcher::new(goals))));
    let arrived = timeline.advance(until, STEPS_MAX);
    if let Some(why) = timeline.head().halted {
        return Err(why.into());
    }
    if !arrived {
        return Err(format!("limit reached: {STEPS_MAX} steps did not bring the run to {until}"));
    }
    let watcher: &Watcher = timeline.observer().and_then(|o| o.as_any().downcast_ref()).expect("it was given above");
    let Watcher { mut goals, mut meter } = watcher.clone();
    goals.pass(until);
    meter.pass(until);
    let log = timeline.log.iter().zip(&timeline.refused);
    let refused = log.filter_map(|(entry, why)| Some((entry.clone(), why.clone()?))).collect();
    Ok(Done { meter, goals, refused, timeline })
}

/// Runs seeds 1 to `seeds` and pools what was measured. `more` gives each seed's further commands.
pub fn pooled(
    blueprint: &Blueprint,
    seeds: u32,
    until: Micros,
    properties: bool,
    more: &dyn Fn(&Blueprint) -> Vec<LogEntry>,
) -> Result<Meter, String> {
    let mut meter = Meter::default();
    for seed in 1..=u64::from(seeds) {
        let seeded = blueprint.with_seed(seed);
        let commands = more(&seeded);
        meter.add(&run_judged(with_commands(&seeded, commands), until, GoalRun::default(), properties)?.meter);
    }
    if meter.is_full() {
        return Err("limit reached: more operations ended than are measured".into());
    }
    Ok(meter)
}

/// A time during which a node is down.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    pub node: String,
    pub from: Micros,
    pub to: Micros,
}

/// Machines that fail and return by chance: alternating exponential times with means `up` and `down`. Each inner list
/// of names fails together. Drawn for the blueprint's seed; `part` tells several such processes of a run apart.
pub fn failures(
    blueprint: &Blueprint,
    groups: &[Vec<String>],
    up: Micros,
    down: Micros,
    until: Micros,
    part: u64,
) -> Vec<Outage> {
    let mut outages = Vec::new();
    for (index, names) in groups.iter().enumerate() {
        let mut stream = Stream::new(blueprint.setup.seed, Purpose::Script, part, index as u64);
        let mut draw = |mean| sample::draw(&Distribution::Exponential { min: Micros(1), mean }, &mut stream);
        let mut from = draw(up);
        while from < until {
            let to = from.plus(draw(down));
            outages.extend(names.iter().map(|node| Outage { node: node.clone(), from, to }));
            from = to.plus(draw(up));
        }
    }
    outages
}

/// Crashes and restarts: a node is up when none of its outages lasts.
pub fn carry_out(mut outages: Vec<Outage>) -> Vec<LogEntry> {
    order::sort(&mut outages, |a, b| (&a.node, a.from) < (&b.node, b.from));
    let mut merged: Vec<Outage> = Vec::new();
    for outage in outages {
        match merged.last_mut() {
            Some(last) if last.node == outage.node && outage.from <= last.to => last.to = last.to.max(outage.to),
            _ => merged.push(outage),
        }
    }
    let commands = merged.into_iter().flat_map(|outage| {
        let node = NodeRef { node: outage.node };
        [entry(outage.from, Command::Crash(node.clone())), entry(outage.to, Command::Restart(node))]
    });
    commands.collect()
}

pub fn entry(at: Micros, command: Command) -> LogEntry {
    LogEntry { at, after: 0, spread: Micros::ZERO, command, learner: false, press: 0 }
}

/// The scenario with other numbers of nodes for some of its lines, and other parameters.
pub fn changed(
    blueprint: &Blueprint,
    counts: &BTreeMap<String, u16>,
    parameters: &BTreeMap<String, ParamValue>,
    registry: &[Entry],
) -> Result<Blueprint, String> {
    let mut scenario = blueprint.scenario.clone();
    for (line, count) in counts {
        let names: Vec<String> = scenario.nodes.iter().map(|l| l.name.clone()).collect();
        let found = scenario.nodes.iter_mut().find(|l| l.name == *line);
        let found =
            found.ok_or_else(|| format!("no line of nodes is named \"{line}\"; accepted: {}", names.join(", ")))?;
        found.count = Some(*count);
    }
    for (name, value) in parameters {
        scenario.parameters.insert(name.clone(), value.clone());
    }
    Blueprint::resolve(scenario, registry).map_err(|fault| fault.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_of_one_node_join() {
        let outage = |node: &str, from, to| Outage { node: node.into(), from: Micros(from), to: Micros(to) };
        let log = carry_out(vec![outage("b", 5, 9), outage("a", 1, 4), outage("a", 3, 8), outage("a", 9, 10)]);
        let crash = |at, node: &str| entry(Micros(at), Command::Crash(NodeRef { node: node.into() }));
        let restart = |at, node: &str| entry(Micros(at), Command::Restart(NodeRef { node: node.into() }));
        let a = [crash(1, "a"), restart(8, "a"), crash(9, "a"), restart(10, "a")];
        assert_eq!(log, [a.to_vec(), vec![crash(5, "b"), restart(9, "b")]].concat());
    }
}
