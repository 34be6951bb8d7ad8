//! A world that stands still: nothing moves but what is chosen, so that every order of what may happen can be explored.
//!
//! Every message is held ([`crate::wire::Hold`]) until it is delivered or dropped; timers, syncs and service times are
//! kept in the order of their times, and the clock moves only when one of them is chosen: to its time, or not at all if
//! that has passed. So every choice is one that the engine's own commands can force, and time is that of the engine.
//!
//! A [`Still`] is such a world as plain shared parts: what a step leaves alone, the states before and after it share. A
//! [`Stage`] is the one world in which the engine's own handlers run; a state is put on it as far as the node that acts
//! needs it. Message names, counts of rows and of timers are no part of a state.
//!
//! What happens at once with a choice (timers of no delay, syncs that take no time) happens in its step.
//!
//! Left out: adversaries and workloads ([`Stage::new`] refuses them), ordered links (explored as unordered ones).

use super::alike::Names;
use super::cell::{Monitor, NodeBox};
use super::net::Pairs;
use super::node::{Bytes, Incoming, Message, Shell, Timer};
use super::world::{Item, World};
use crate::base::{MsgId, NodeId, codec, hash};
use crate::wire::{Distribution, NodeStatus, Op};
use std::rc::Rc;
use std::sync::Arc;

/// A node with all that the engine keeps of it.
struct Part {
    cell: Rc<dyn NodeBox>,
    shell: Shell,
    key: u64,
    /// With nodes renamed in each way; empty where they are not.
    keys: Rc<[u64]>,
    bytes: usize,
}

/// A message that is held.
#[derive(Debug)]
pub struct Flying {
    pub from: NodeId,
    pub to: NodeId,
    pub bytes: Bytes,
    /// Its hashes with nodes renamed in each way; empty where they are not.
    keys: Rc<[u64]>,
}

/// Something that comes with time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    pub at: u64,
    pub node: NodeId,
    /// What it is, whenever it is due: the same for timers of equal content at one node.
    pub key: u64,
    pub what: What,
}

/// With what the engine knows it by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Timer { count: u32 },
    Sync { epoch: u32 },
    Wake { epoch: u32 },
}

#[derive(Clone)]
pub struct Still {
    pub now: u64,
    parts: Vec<Rc<Part>>,
    /// With the hash of each, in the order of the hashes.
    messages: Vec<(u64, Rc<Flying>)>,
    /// In the order in which they come.
    dues: Vec<Due>,
    monitor: Rc<dyn Monitor>,
    monitor_key: u64,
    monitor_keys: Rc<[u64]>,
    /// Chained over the beginnings and ends of operations.
    history: u64,
    /// Which of the stage's cuts is in force, plus one; 0: none.
    pub cut: u16,
    /// The property that broke in the step that led here, and why.
    pub broken: Option<(u16, Arc<str>)>,
    /// A bound of the engine was reached: nothing more happens.
    pub halted: bool,
    /// What happened in the step that led here: what was chosen, and what came with it at once.
    pub happened: u32,
}

/// What tells states apart besides nodes and messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apart {
    /// What properties remember.
    pub memory: bool,
    /// The order in which operations began and ended, and their answers.
    pub history: bool,
    /// Timers: not when none can fire any more.
    pub timers: bool,
}

/// Where states are put to have something happen in them.
pub struct Stage {
    world: World,
    cuts: Vec<Pairs>,
    /// The cut that is in force on the stage, plus one.
    cut: u16,
    names: Option<Rc<Names>>,
    scratch: Vec<u8>,
}

impl Still {
    pub fn messages(&self) -> impl Iterator<Item = (u64, &Flying)> {
        self.messages.iter().map(|(key, message)| (*key, &**message))
    }

    /// In the order in which they come.
    pub fn dues(&self) -> &[Due] {
        &self.dues
    }

    pub fn nodes(&self) -> usize {
        self.parts.len()
    }

    pub fn is_up(&self, node: NodeId) -> bool {
        self.parts[node.index()].shell.status != NodeStatus::Down
    }

    /// A pending timer, by the number that it has in this state.
    pub fn timer(&self, node: NodeId, count: u32) -> Option<&Timer> {
        self.parts[node.index()].shell.timers.iter().find(|timer| timer.count == count)
    }

    /// Operations of a client that have begun and not ended.
    pub fn open_ops(&self, client: NodeId) -> usize {
        self.parts[client.index()].shell.open_ops.len()
    }

    /// An estimate of what it takes up and does not share.
    pub fn bytes(&self) -> usize {
        let part = self.parts.iter().map(|part| part.bytes).max().unwrap_or(0);
        size_of::<Still>() + self.parts.len() * 8 + self.messages.len() * 40 + self.dues.len() * size_of::<Due>() + part
    }

    /// Its fingerprint, chained to what else there is to know.
    pub fn key(&self, chain: u64, apart: Apart) -> u64 {
        let mut words = self.begin();
        words.extend(self.parts.iter().map(|part| part.key));
        words.extend(self.messages.iter().map(|(key, _)| *key));
        words.extend(self.told_apart(apart).flat_map(|due| [due.at, due.key]));
        words.push(if apart.memory { self.monitor_key } else { 0 });
        self.end(words, chain, apart)
    }

    /// The same with nodes renamed in one of the ways.
    fn renamed_key(&self, names: &Names, way: usize, chain: u64, apart: Apart) -> u64 {
        let (mut words, new) = (self.begin(), &names.ways()[way]);
        let parts = words.len();
        words.resize(parts + self.parts.len(), 0);
        for (part, name) in self.parts.iter().zip(new) {
            words[parts + usize::from(*name)] = part.keys[way];
        }
        let messages = words.len();
        words.extend(self.messages.iter().map(|(_, message)| message.keys[way]));
        words[messages..].sort_unstable();
        for due in self.told_apart(apart) {
            let key = match due.what {
                What::Timer { count } => {
                    self.timer(due.node, count).map_or(0, |timer| names.timer(due.node, timer)[way])
                }
                // A sync, a service: below 256, and the node above.
                _ => u64::from(new[due.node.index()]) << 8 | due.key & 255,
            };
            words.extend([due.at, key]);
        }
        words.push(if apart.memory { self.monitor_keys[way] } else { 0 });
        self.end(words, chain, apart)
    }

    fn begin(&self) -> Words {
        [self.now, self.cut.into(), self.parts.len() as u64, self.messages.len() as u64].into_iter().collect()
    }

    fn told_apart(&self, apart: Apart) -> impl Iterator<Item = &Due> {
        self.dues.iter().filter(move |due| apart.timers || !matches!(due.what, What::Timer { .. }))
    }

    fn end(&self, mut words: Words, chain: u64, apart: Apart) -> u64 {
        words.push(if apart.history { self.history } else { 0 });
        let mut bytes: smallvec::SmallVec<[u8; 512]> = smallvec::SmallVec::new();
        words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
        hash::bytes(chain, &bytes)
    }
}

type Words = smallvec::SmallVec<[u64; 64]>;

impl Stage {
    /// A stage, and the state of a world whose messages are held.
    ///
    /// # Errors
    /// What of it cannot be explored.
    pub fn new(world: &World, cuts: Vec<Pairs>) -> Result<(Stage, Still), String> {
        let mut world = world.clone();
        if !world.adversaries.is_empty() {
            return Err("adversaries cannot be explored: stop them first".into());
        }
        if world.shells.iter().any(|shell| shell.working.is_some()) {
            return Err("workloads cannot be explored: stop them first".into());
        }
        assert!(world.net.held, "every message is held");
        let mut items = Vec::new();
        while let Some((at, place)) = world.queue.due(u64::MAX) {
            items.push((at, world.queue.take(place)));
        }
        world.still = Some(Vec::new());
        let mut scratch = Vec::new();
        let mut still = Still {
            now: world.now,
            parts: Vec::new(),
            messages: Vec::new(),
            dues: items.iter().filter_map(|(at, item)| due(&world, *at, item)).collect(),
            monitor: Rc::from((*world.monitor).clone_box()),
            monitor_key: 0,
            monitor_keys: Rc::default(),
            history: 0,
            cut: 0,
            broken: None,
            halted: false,
            happened: 0,
        };
        still.monitor_key = fingerprint(&*still.monitor, &mut scratch);
        for (cell, shell) in world.cells.iter().zip(&world.shells) {
            still.parts.push(Rc::new(Part::new(Rc::clone(cell), shell.clone(), None, &mut scratch)));
        }
        still.add(world.clogged.drain(..), None);
        Ok((Stage { world, cuts, cut: 0, names: None, scratch }, still))
    }

    /// From now on states have hashes for each way to rename nodes that are alike, this one first. Says how many ways there
    /// are; 1: no two nodes are alike.
    pub fn rename(&mut self, still: &mut Still) -> usize {
        let Some(names) = Names::of(&self.world) else { return 1 };
        for part in &mut still.parts {
            let again = Part::new(Rc::clone(&part.cell), part.shell.clone(), Some(&names), &mut self.scratch);
            *part = Rc::new(again);
        }
        for (_, flying) in &mut still.messages {
            let Flying { from, to, ref bytes, .. } = **flying;
            *flying = Rc::new(Flying { from, to, bytes: bytes.clone(), keys: names.message(from, to, bytes) });
        }
        still.monitor_keys = names.monitor(&*still.monitor);
        let ways = names.ways().len();
        self.names = Some(Rc::new(names));
        ways
    }

    /// What all states have that differ from this one by the names of nodes that are alike.
    pub fn orbit(&self, state: &Still, chain: u64, apart: Apart) -> u64 {
        let Some(names) = &self.names else { return state.key(chain, apart) };
        let keys = (0..names.ways().len()).map(|way| state.renamed_key(names, way, chain, apart));
        keys.min().unwrap_or_default()
    }

    /// A message of this hash arrives; None if there is none.
    pub fn deliver(&mut self, from: &Still, key: u64) -> Option<Still> {
        let place = from.messages.iter().position(|(known, _)| *known == key)?;
        let flying = Rc::clone(&from.messages[place].1);
        let id = MsgId { from: flying.from, to: flying.to, count: 0, copy: 0 };
        let message = Message { id, row: 0, bytes: flying.bytes.clone() };
        let mut state = self.act(from, flying.to, from.now, None, |world| {
            world.happen(Item::Arrive(message), &mut None);
        });
        let place = state.messages.iter().position(|(known, _)| *known == key)?;
        state.messages.remove(place);
        Some(state)
    }

    /// A message of this hash is lost.
    pub fn lose(&self, from: &Still, key: u64) -> Option<Still> {
        let place = from.messages.iter().position(|(known, _)| *known == key)?;
        let mut state = Still { happened: 1, broken: None, ..from.clone() };
        state.messages.remove(place);
        Some(state)
    }

    /// What comes with time, comes: a timer fires, a sync is done, a service time is over.
    pub fn pass(&mut self, from: &Still, place: usize) -> Still {
        let due = from.dues[place];
        let now = from.now.max(due.at);
        self.act(from, due.node, now, Some(place), |world| {
            let node = due.node;
            match due.what {
                What::Timer { count } => {
                    let timers = &mut world.shells[node.index()].timers;
                    let place = timers.iter().position(|timer| timer.count == count).expect("it is pending");
                    let timer = timers.remove(place);
                    world.come(node, Incoming::Timer(timer), &mut None);
                }
                What::Sync { epoch } => drop(world.happen(Item::SyncDone { node, epoch }, &mut None)),
                What::Wake { epoch } => drop(world.happen(Item::Wake { node, epoch }, &mut None)),
            }
        })
    }

    pub fn request(&mut self, from: &Still, client: NodeId, op: &Op) -> Still {
        self.act(from, client, from.now, None, |world| world.invoke(client, op.clone(), None, &mut None))
    }

    /// None if it is down already.
    pub fn crash(&mut self, from: &Still, node: NodeId) -> Option<Still> {
        let name = self.name(node);
        let crash = |world: &mut World| world.do_crash(&name, 0, &mut None).expect("it is up");
        from.is_up(node).then(|| self.act(from, node, from.now, None, crash))
    }

    /// None if it is up.
    pub fn restart(&mut self, from: &Still, node: NodeId) -> Option<Still> {
        let name = self.name(node);
        let restart = |world: &mut World| world.do_restart(&name, 0, &mut None).expect("it is down");
        (!from.is_up(node)).then(|| self.act(from, node, from.now, None, restart))
    }

    fn name(&self, node: NodeId) -> String {
        self.world.setup.name(node).to_owned()
    }

    /// What is sent from now on across a cut is lost; 0 heals.
    pub fn cut(&self, from: &Still, cut: u16) -> Still {
        Still { cut, happened: 1, broken: None, ..from.clone() }
    }

    /// Puts the state on the stage as far as `node` needs it, has it act, and takes the state that comes of it. `taken` is
    /// the place of what comes with time.
    fn act(
        &mut self,
        from: &Still,
        node: NodeId,
        now: u64,
        taken: Option<usize>,
        deed: impl FnOnce(&mut World),
    ) -> Still {
        self.set(from, node, now);
        let world = &mut self.world;
        let (mut history, mut happened) = (from.history, 1);
        world.begin_step();
        deed(world);
        world.end_step(Some(node), &mut None);
        remember(world, &mut history);
        // What is due at once.
        while let Some(place) = world.still.iter().flatten().position(|(at, _)| *at <= now) {
            let (_, item) = world.still.as_mut().expect("it stands still").remove(place);
            if due(world, now, &item).is_some() {
                world.begin_step();
                world.happen(item, &mut None);
                world.end_step(Some(node), &mut None);
                remember(world, &mut history);
                happened += 1;
            }
        }
        let mut state = Still { now, history, happened, broken: None, ..from.clone() };
        self.take(&mut state, node, taken);
        state
    }

    fn set(&mut self, from: &Still, node: NodeId, now: u64) {
        let world = &mut self.world;
        for (cell, part) in world.cells.iter_mut().zip(&from.parts) {
            *cell = Rc::clone(&part.cell);
        }
        world.shells[node.index()] = from.parts[node.index()].shell.clone();
        world.monitor = (*from.monitor).clone_box();
        world.broken.fill(None);
        world.found.clear();
        world.halted = None;
        world.now = now;
        if self.cut != from.cut {
            world.net.heal("");
            if let Some(pairs) = from.cut.checked_sub(1).and_then(|place| self.cuts.get(usize::from(place))) {
                world.net.cut("cut", pairs.clone());
            }
            self.cut = from.cut;
        }
    }

    fn take(&mut self, state: &mut Still, node: NodeId, taken: Option<usize>) {
        let world = &mut self.world;
        let mut place = 0;
        state.dues.retain(|due| {
            place += 1;
            taken != Some(place - 1) && (due.node != node || is_live(&world.shells[node.index()], due))
        });
        let new = world.still.replace(Vec::new()).expect("it stands still");
        state.dues.extend(new.iter().filter_map(|(at, item)| due(world, *at, item)));
        state.dues.sort_by_key(|due| due.at);
        let idle = Shell::new(Arc::clone(&world.shells[node.index()].sync_time));
        let shell = std::mem::replace(&mut world.shells[node.index()], idle);
        let cell = Rc::clone(&world.cells[node.index()]);
        let names = self.names.as_deref();
        state.parts[node.index()] = Rc::new(Part::new(cell, shell, names, &mut self.scratch));
        let key = fingerprint(&*world.monitor, &mut self.scratch);
        if key != state.monitor_key {
            state.monitor_key = key;
            if let Some(names) = names {
                state.monitor_keys = names.monitor(&*world.monitor);
            }
            state.monitor = Rc::from((*world.monitor).clone_box());
        }
        let broken = world.broken.iter().enumerate().find_map(|(place, broken)| Some((place, broken.as_ref()?)));
        state.broken = broken.map(|(place, (_, why))| (place as u16, Arc::clone(why)));
        state.halted = world.halted.is_some();
        state.add(world.clogged.drain(..), names);
    }
}

impl Still {
    fn add(&mut self, messages: impl Iterator<Item = Message>, names: Option<&Names>) {
        for message in messages {
            let MsgId { from, to, .. } = message.id;
            let key = hash::bytes(u64::from(from.0) << 16 | u64::from(to.0), &message.bytes);
            let place = self.messages.partition_point(|(known, _)| *known < key);
            let keys = names.map_or_else(Rc::default, |names| names.message(from, to, &message.bytes));
            self.messages.insert(place, (key, Rc::new(Flying { from, to, bytes: message.bytes, keys })));
        }
    }
}

impl Part {
    fn new(cell: Rc<dyn NodeBox>, shell: Shell, names: Option<&Names>, scratch: &mut Vec<u8>) -> Part {
        let key = cell.identity(0, scratch);
        let bytes = size_of::<Part>() + 2 * scratch.len() + shell.timers.len() * 80;
        scratch.clear();
        let constant = |time: &Distribution| matches!(time, Distribution::Constant(_));
        let syncs = if constant(&shell.sync_time) { 0 } else { shell.syncs };
        let handled = if shell.service.as_deref().is_none_or(constant) { 0 } else { shell.handled };
        codec::append(&(shell.status, shell.choices, shell.op_count, syncs, handled, shell.busy), scratch);
        for open in &shell.open_ops {
            codec::append(&(open.id.count, &open.op), scratch);
        }
        let keys = names.map_or_else(Rc::default, |names| names.node(&*cell, &shell, scratch));
        for incoming in &shell.inbox {
            match incoming {
                Incoming::Message(m) => codec::append(&(0u8, m.id.from, &m.bytes[..]), scratch),
                Incoming::Timer(timer) => codec::append(&(1u8, timer.kind, &timer.bytes[..]), scratch),
                Incoming::Request { id, op, .. } => codec::append(&(2u8, id.count, op), scratch),
                Incoming::Synced => codec::append(&3u8, scratch),
            }
        }
        if let Some((_, outbox)) = &shell.held {
            outbox.waiting(scratch);
        }
        Part { key: hash::bytes(key, scratch), keys, cell, shell, bytes }
    }
}

fn fingerprint(monitor: &dyn Monitor, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    monitor.encode(scratch);
    hash::bytes(0, scratch)
}

/// The beginnings and ends of the last step enter the history.
fn remember(world: &World, history: &mut u64) {
    if world.facts.is_empty() {
        return;
    }
    for (id, op) in &world.facts.began {
        *history = hash::bytes(*history, &codec::to_bytes(&(0u8, id, op)));
    }
    for ended in &world.facts.ended {
        let end = (1u8, ended.id, ended.outcome, &ended.answer);
        *history = hash::bytes(*history, &codec::to_bytes(&end));
    }
}

fn is_live(shell: &Shell, due: &Due) -> bool {
    match due.what {
        What::Timer { count } => shell.timers.iter().any(|timer| timer.count == count),
        What::Sync { epoch } => shell.epoch == epoch && shell.held.is_some(),
        What::Wake { epoch } => shell.epoch == epoch && shell.busy,
    }
}

/// What a queued item is, if it still is something.
fn due(world: &World, at: u64, item: &Item) -> Option<Due> {
    let (node, what, key) = match item {
        Item::Timer { node, count } => {
            let timers = &world.shells[node.index()].timers;
            let timer = timers.iter().find(|timer| timer.count == *count && timer.due == at)?;
            let key = hash::bytes(u64::from(node.0) << 8 | u64::from(timer.kind), &timer.bytes);
            (*node, What::Timer { count: *count }, key)
        }
        Item::SyncDone { node, epoch } => (*node, What::Sync { epoch: *epoch }, u64::from(node.0) << 8 | 1),
        Item::Wake { node, epoch } => (*node, What::Wake { epoch: *epoch }, u64::from(node.0) << 8 | 2),
        Item::Arrive(_) | Item::Arrival { .. } => return None,
    };
    let due = Due { at, node, key, what };
    is_live(&world.shells[node.index()], &due).then_some(due)
}
