//! Exhaustive exploration: every order in which requests can begin and messages can be delivered, breadth first, so that
//! a violation comes with a shortest way to it.
//!
//! It runs the engine's own handlers: an action is a command of the engine ([`Command::Request`],
//! [`Command::DeliverNow`]) followed by whatever happens at that same instant. Time stands still: latencies are longer
//! than any run, so that a message moves only when it is chosen; no timer fires, and syncs take no time.
//!
//! A state is the world without its clock ([`World::untimed_hash`]), the requests not yet made, and the order in which
//! operations have begun and ended so far. The last makes what a property remembers of operations a function of the
//! state, so that dropping states that were met before drops no violation of a property about their order.
//!
//! States are known by a hash of 64 bits: two could fall together with probability n² / 2⁶⁵, that is 3 in a billion at
//! half a million states.
//!
//! Left out: crashes, losses and timers as actions; reduction by symmetry or by commuting deliveries.

use crate::base::{Micros, MsgId, NodeId, codec, hash};
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, Scenario};
use crate::sim::world::{Watch, World};
use crate::wire::{ClientRequest, Command, Distribution, LinkChange, MsgRef, Op};
use std::collections::BTreeSet;

/// What each client asks for, one after another: the next begins at any time after the answer to the one before.
pub type Program = (String, Vec<Op>);

/// What an exploration came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exploration {
    /// Distinct states, the first one among them.
    pub states: usize,
    /// Actions taken from them; several may lead to one state.
    pub transitions: usize,
    /// States in which nothing is left to do.
    pub ends: usize,
    /// The length of the longest shortest way to a state.
    pub depth: usize,
    /// A property that broke on a shortest way; the exploration stops there.
    pub violation: Option<Violation>,
    /// The bound on states was reached: nothing is proved about the rest.
    pub limit_reached: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    pub property: &'static str,
    pub reason: String,
    /// The commands that lead there from the start, all at time 0.
    pub way: Vec<Command>,
}

/// A state on the frontier.
struct Node {
    world: World,
    /// Requests made so far, for each program.
    made: Vec<usize>,
    /// Chained over the beginnings and ends of operations.
    history: u64,
    /// Its place among the steps of all ways.
    step: usize,
}

/// The explored tree, as steps with the place of the step before; 0 is the start.
type Ways = Vec<(usize, Option<Command>)>;

/// Explores a scenario's nodes and parameters (its network, disks and commands are set aside) up to `states_max` states.
///
/// # Errors
/// What is wrong with the scenario or a program.
pub fn explore(
    mut scenario: Scenario,
    programs: &[Program],
    states_max: usize,
    registry: &[Entry],
) -> Result<Exploration, String> {
    let never = Distribution::Constant(Micros::s(3_600));
    scenario.network = LinkChange { latency: Some(never), ..LinkChange::default() };
    scenario.disk = Some(Distribution::Constant(Micros::ZERO));
    scenario.commands.clear();
    let blueprint = Blueprint::resolve(scenario, registry).map_err(|fault| fault.message)?;
    let clients = programs.iter().map(|(name, _)| {
        let place = blueprint.setup.nodes.iter().position(|node| node.name == *name);
        place.map(|place| NodeId(place as u16)).ok_or_else(|| format!("there is no node \"{name}\""))
    });
    let clients = clients.collect::<Result<Vec<NodeId>, String>>()?;
    let mut world = blueprint.world(Watch { properties: true, hash: false });
    world.boot(&mut None);
    let mut start = Node { world, made: vec![0; programs.len()], history: 0, step: 0 };
    start.settle();

    let mut found = Exploration { states: 1, ..Exploration::default() };
    let mut ways: Ways = vec![(0, None)];
    let mut known = BTreeSet::from([start.key()]);
    let mut frontier = vec![start];
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for node in &frontier {
            let actions = node.actions(programs, &clients);
            found.ends += usize::from(actions.is_empty());
            for (command, program) in actions {
                found.transitions += 1;
                let mut after = node.after(&command, program)?;
                if let Some((property, reason)) = after.broken() {
                    let way = way(&ways, node.step, command);
                    found.violation = Some(Violation { property, reason, way });
                    return Ok(found);
                }
                if !known.insert(after.key()) {
                    continue;
                }
                if found.states == states_max {
                    found.limit_reached = true;
                    return Ok(found);
                }
                found.states += 1;
                after.step = ways.len();
                ways.push((node.step, Some(command)));
                next.push(after);
            }
        }
        found.depth += usize::from(!next.is_empty());
        frontier = next;
    }
    Ok(found)
}

fn way(ways: &Ways, mut step: usize, last: Command) -> Vec<Command> {
    let mut way = vec![last];
    while let (before, Some(command)) = &ways[step] {
        way.push(command.clone());
        step = *before;
    }
    way.reverse();
    way
}

impl Node {
    fn key(&self) -> u64 {
        hash::bytes(self.world.untimed_hash(), &codec::to_bytes(&(&self.made, self.history)))
    }

    /// All that can be done next: with the place of the program for a request.
    fn actions(&self, programs: &[Program], clients: &[NodeId]) -> Vec<(Command, Option<usize>)> {
        let deliver = |message: MsgId| (Command::DeliverNow(MsgRef { message }), None);
        let mut actions: Vec<_> = self.world.deliverable().into_iter().map(deliver).collect();
        for (place, ((name, ops), client)) in programs.iter().zip(clients).enumerate() {
            if let Some(op) = ops.get(self.made[place])
                && self.world.shells[client.index()].open_ops.is_empty()
            {
                let request = ClientRequest { client: name.clone(), op: op.clone() };
                actions.push((Command::Request(request), Some(place)));
            }
        }
        actions
    }

    fn after(&self, command: &Command, program: Option<usize>) -> Result<Node, String> {
        let mut after =
            Node { world: self.world.clone(), made: self.made.clone(), history: self.history, step: self.step };
        if let Some(place) = program {
            after.made[place] += 1;
        }
        after.world.apply(command, &mut None)?;
        after.remember();
        after.settle();
        Ok(after)
    }

    /// Everything that happens at this same instant.
    fn settle(&mut self) {
        while self.world.step(self.world.now, &mut None).is_some() {
            self.remember();
        }
    }

    /// The beginnings and ends of the last step enter the history.
    fn remember(&mut self) {
        let facts = self.world.facts();
        for (id, op) in &facts.began {
            self.history = hash::bytes(self.history, &codec::to_bytes(&(0u8, id, op)));
        }
        for ended in &facts.ended {
            let end = (1u8, ended.id, ended.outcome, &ended.answer);
            self.history = hash::bytes(self.history, &codec::to_bytes(&end));
        }
    }

    fn broken(&self) -> Option<(&'static str, String)> {
        let properties = self.world.describe.properties.iter().zip(&self.world.broken);
        let mut broken = properties.filter_map(|((name, _), broken)| Some((*name, broken.as_ref()?.1.to_string())));
        broken.next()
    }
}
