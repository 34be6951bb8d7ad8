//! A way of a cluster as a run: the commands that force it, so that it can be opened, stepped, shared and edited.
//!
//! The commands are found by walking the way in a world that does not stand still, beside the one that does: there every
//! message has a name, and every timer a number. Timers that are overtaken are postponed by a day, and fired when their
//! turn comes. What takes place at one instant keeps its order by [`LogEntry::after`].

use super::cluster::{Bounds, Cluster, Move, Program, State};
use super::{Finding, walk};
use crate::base::{Micros, MsgId, NodeId, TimerId};
use crate::sim::cell::Entry;
use crate::sim::node::Timer;
use crate::sim::protocol::NodeSetup;
use crate::sim::scenario::{Blueprint, LogEntry, Scenario};
use crate::sim::sentence::Reader;
use crate::sim::still::{Due, What};
use crate::sim::timeline::Timeline;
use crate::sim::world::{Watch, World};
use crate::wire::*;
use std::collections::BTreeMap;

const DAY: Micros = Micros(86_400_000_000);

/// A run up to the moment at which everything is held, and what clients may ask from then on.
pub struct Case {
    pub scenario: Scenario,
    /// The commands up to that moment, those that hold everything among them.
    prefix: Vec<LogEntry>,
    world: World,
    pub programs: Vec<Program>,
}

/// How a case begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Up to here the scenario runs as it is, without what is commanded at this moment itself.
    pub from: Micros,
    /// Syncs of disks take their time, and a node can crash before one is done. Else they take none.
    pub syncs: bool,
}

impl Case {
    /// Runs a scenario up to where the exploration starts. The requests that it commands from there on are what clients may
    /// ask, whenever they may; its other commands from there on are left out.
    ///
    /// # Errors
    /// What is wrong with the scenario.
    pub fn new(mut scenario: Scenario, start: Start, registry: &[Entry]) -> Result<Case, String> {
        if !start.syncs && start.from == Micros::ZERO {
            scenario.disk = Some(Distribution::Constant(Micros::ZERO));
        }
        let blueprint = Blueprint::resolve(scenario.clone(), registry).map_err(|fault| fault.message)?;
        let script = blueprint.script();
        let later = script.partition_point(|entry| entry.at < start.from);
        let mut programs: BTreeMap<String, Vec<Op>> = BTreeMap::new();
        for entry in &script[later..] {
            if let Command::Request(request) = &entry.command {
                programs.entry(request.client.clone()).or_default().push(request.op.clone());
            }
        }
        scenario.commands = script[..later].to_vec();
        let before = Blueprint::resolve(scenario.clone(), registry).map_err(|fault| fault.message)?;
        let mut timeline = Timeline::new(before, Watch { properties: true, hash: false }, None);
        if start.from > Micros::ZERO {
            timeline.advance(Micros(start.from.0 - 1), u64::MAX);
        }
        let mut world = timeline.head().clone();
        world.advance_clock(start.from.0);
        Ok(Case::held(scenario, world, programs.into_iter().collect(), start.syncs))
    }

    /// From the cursor of a run on. Clients may ask for what is commanded after it; if that is nothing, and they shall ask,
    /// each for a value to be written and to be read.
    pub fn at(timeline: &Timeline, syncs: bool, asks: bool) -> Case {
        let (before, later) = timeline.log.split_at(timeline.done());
        let mut world = timeline.world().clone();
        world.advance_clock(timeline.shown().0);
        let mut programs: BTreeMap<String, Vec<Op>> = BTreeMap::new();
        for entry in later {
            if let Command::Request(request) = &entry.command {
                programs.entry(request.client.clone()).or_default().push(request.op.clone());
            }
        }
        if asks && programs.is_empty() {
            let clients = world.setup.nodes.iter().filter(|node| node.client);
            let usual = |(place, client): (usize, &NodeSetup)| (client.name.clone(), usual(&world, place as i64 + 1));
            programs = clients.enumerate().map(usual).collect();
        }
        let scenario = Scenario { commands: before.to_vec(), ..timeline.blueprint.scenario.clone() };
        Case::held(scenario, world, programs.into_iter().collect(), syncs)
    }

    fn held(scenario: Scenario, mut world: World, programs: Vec<Program>, syncs: bool) -> Case {
        let mut log = Log { world: &mut world, entries: scenario.commands.clone() };
        log.hold(syncs);
        let prefix = log.entries;
        Case { scenario, prefix, world, programs }
    }

    /// The number of commands up to the moment at which it begins, without those that hold everything.
    pub fn begins_at(&self) -> usize {
        self.scenario.commands.len()
    }

    /// The number of commands up to where everything is held.
    pub fn held_at(&self) -> usize {
        self.prefix.len()
    }

    /// # Errors
    /// What of it cannot be explored.
    pub fn cluster(&self, bounds: Bounds) -> Result<Cluster, String> {
        Cluster::new(&self.world, &self.programs, bounds)
    }

    /// The run that a finding's way is.
    ///
    /// # Errors
    /// What of the way the engine's commands cannot force.
    pub fn run(&self, cluster: &Cluster, finding: &Finding<Move>) -> Result<Scenario, String> {
        let states = walk(cluster, finding.start, &finding.actions).ok_or("the way cannot be walked")?;
        let mut world = self.world.clone();
        let mut log = Log { world: &mut world, entries: self.prefix.clone() };
        for (state, (action, next)) in states.iter().zip(finding.actions.iter().zip(&states[1..])) {
            log.force(cluster, state, action, next)?;
        }
        let commands = log.entries;
        Ok(Scenario { commands, ..self.scenario.clone() })
    }
}

/// A write and a read, as the protocol has them.
fn usual(world: &World, number: i64) -> Vec<Op> {
    let functions = &world.describe.functions;
    let kinds = [true, false].map(|writes| functions.iter().find(|f| f.has_value == writes));
    let op = |function: &FunctionInfo| Op {
        f: function.f.as_str().into(),
        key: if function.has_key { "x".into() } else { Default::default() },
        value: if function.has_value { Datum::Int(1_000 + number) } else { Datum::None },
    };
    kinds.into_iter().flatten().map(op).collect()
}

/// What happened after so many commands of a run, each with its row; syncs where they take time.
pub fn told(timeline: &Timeline, commands: usize, syncs: bool) -> Vec<(u32, String)> {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let (setup, machine) = (&world.setup, &*world.machine);
    let reader = Reader { trace, setup, machine, properties: &world.describe.properties };
    let mut given = 0;
    let mut sentences = Vec::new();
    for (row, rec) in trace.rows().iter().enumerate() {
        let told = match rec.kind {
            RowKind::Command => {
                given += 1;
                let command = timeline.log.get(given - 1).map(|entry| &entry.command);
                matches!(command, Some(Command::Cut(_) | Command::Heal(_)))
            }
            RowKind::Deliver | RowKind::Lost | RowKind::TimerFired | RowKind::Invoke | RowKind::Complete => true,
            RowKind::Crash | RowKind::Restart | RowKind::Note | RowKind::Violation => true,
            RowKind::Synced => syncs,
            _ => false,
        };
        if told && given > commands {
            sentences.push((row as u32, format!("{}  {}", rec.time(), reader.sentence(rec))));
        }
    }
    sentences
}

/// A run to its last command, with what comes of that at once.
///
/// # Errors
/// What is wrong with the scenario.
pub fn replay(scenario: Scenario, registry: &[Entry]) -> Result<Timeline, String> {
    let end = scenario.commands.last().map_or(Micros::ZERO, |entry| entry.at);
    let blueprint = Blueprint::resolve(scenario, registry).map_err(|fault| fault.message)?;
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: true }, None);
    timeline.advance(end, u64::MAX);
    Ok(timeline)
}

/// Commands with their moments, carried out as they are written.
struct Log<'a> {
    world: &'a mut World,
    entries: Vec<LogEntry>,
}

impl Log<'_> {
    fn give(&mut self, command: Command) -> Result<(), String> {
        let (at, after) = (Micros(self.world.now), self.world.at_now);
        self.world.apply(&command, &mut None)?;
        self.entries.push(LogEntry { at, after, spread: Micros::ZERO, command, learner: false, press: 0 });
        Ok(())
    }

    /// From now on nothing moves by itself but time.
    fn hold(&mut self, syncs: bool) {
        let given = |done: Result<(), String>| done.expect("these commands are always possible");
        given(self.give(Command::Hold(Hold { on: true })));
        let shape = self.world.net.default_shape();
        let odd = shape.loss > 0.0 || shape.duplicate > 0.0 || shape.reorder > 0.0 || shape.bandwidth > 0;
        if odd || !self.world.net.is_plain() {
            let (loss, duplicate, reorder, bandwidth) = (Some(0.0), Some(0.0), Some(0.0), Some(0));
            let plain = LinkChange { loss, duplicate, reorder, bandwidth, ..LinkChange::default() };
            given(self.give(Command::Link(plain)));
        }
        for node in 0..self.world.shells.len() {
            let (name, shell) = (self.world.setup.nodes[node].name.clone(), &self.world.shells[node]);
            let none = Distribution::Constant(Micros::ZERO);
            let (slow, lies, working) = (*shell.sync_time != none, shell.lies, shell.working.is_some());
            if !syncs && slow {
                given(self.give(Command::Disk(DiskShape { node: name.clone(), sync: none, lies })));
            }
            if working {
                let (mix, keys) = (BTreeMap::new(), Keys::default());
                let off = Workload { client: name, arrivals: Arrivals::Off, mix, keys, limit: 0 };
                given(self.give(Command::Workload(off)));
            }
        }
    }

    /// What leads from one state to the next, as commands.
    fn force(&mut self, cluster: &Cluster, from: &State, action: &Move, to: &State) -> Result<(), String> {
        let name = |log: &Self, node: NodeId| NodeRef { node: log.world.setup.name(node).to_owned() };
        let mut happens = to.still.happened;
        match *action {
            Move::Deliver(key) => {
                let message = self.message(from, key)?;
                self.give(Command::DeliverNow(MsgRef { message }))?;
            }
            Move::Drop(key) => {
                let message = self.message(from, key)?;
                self.give(Command::Drop(MsgRef { message }))?;
                happens = 0;
            }
            Move::Fire(key) => {
                let due = from.still.dues().iter().find(|due| due.key == key);
                let due = *due.ok_or("no such timer is pending")?;
                let count = self.timer(from, &due).ok_or("no such timer is pending")?;
                self.pass_to(due.at, Some((due.node, count)))?;
                self.give(Command::FireTimer(TimerRef { timer: TimerId { node: due.node, count } }))?;
            }
            Move::Pass => self.pass_to(to.still.now, None)?,
            _ => happens -= 1,
        }
        match *action {
            Move::Request(program) => {
                let place = usize::from(program);
                let (client, ops) = &cluster.programs[place];
                let client = self.world.setup.name(*client).to_owned();
                let op = ops[from.made(place)].clone();
                self.give(Command::Request(ClientRequest { client, op }))?;
            }
            Move::Crash(node) => self.give(Command::Crash(name(self, node)))?,
            Move::Restart(node) => self.give(Command::Restart(name(self, node)))?,
            Move::Cut(cut) => {
                let from = cluster.cuts[usize::from(cut)].clone();
                self.give(Command::Cut(Cut { name: "cut".into(), from, to: Vec::new(), one_way: false }))?;
            }
            Move::Heal => self.give(Command::Heal(Heal { name: "cut".into() }))?,
            _ => {}
        }
        for _ in 0..happens {
            self.world.step(self.world.now, &mut None).ok_or("the engine does not do what the model does")?;
        }
        Ok(())
    }

    /// The message that is held here and has the contents of that one.
    fn message(&self, state: &State, key: u64) -> Result<MsgId, String> {
        let found = state.still.messages().find(|(known, _)| *known == key);
        let (_, flying) = found.ok_or("no such message is held")?;
        let same = |m: &&crate::sim::node::Message| {
            (m.id.from, m.id.to) == (flying.from, flying.to) && m.bytes == flying.bytes
        };
        let held = self.world.clogged.iter().filter(same).map(|m| m.id).min();
        held.ok_or_else(|| "no such message is held in the engine".into())
    }

    /// The number that a timer has here.
    fn timer(&self, state: &State, due: &Due) -> Option<u32> {
        let What::Timer { count } = due.what else { return None };
        let timer = state.still.timer(due.node, count)?;
        let same = |other: &&Timer| other.kind == timer.kind && other.bytes == timer.bytes;
        self.world.shells[due.node.index()].timers.iter().filter(same).map(|timer| timer.count).min()
    }

    /// Moves the clock on. Timers that would fire by themselves on the way are postponed, but for the one that is to fire.
    fn pass_to(&mut self, at: u64, but: Option<(NodeId, u32)>) -> Result<(), String> {
        let mut late = Vec::new();
        for (node, shell) in self.world.shells.iter().enumerate() {
            let node = NodeId(node as u16);
            let due = shell.timers.iter().filter(|timer| timer.due <= at && but != Some((node, timer.count)));
            late.extend(due.map(|timer| TimerId { node, count: timer.count }));
        }
        for timer in late {
            self.give(Command::PostponeTimer(PostponeTimer { timer, by: DAY }))?;
        }
        if at > self.world.now {
            if self.world.step(at - 1, &mut None).is_some() {
                return Err("something comes by itself before".into());
            }
            self.world.advance_clock(at);
        }
        Ok(())
    }
}
