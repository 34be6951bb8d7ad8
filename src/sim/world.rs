//! The world: nodes, network, queue and clock, advanced one step at a time.
//!
//! A step is one thing that happens at one instant: a message is handled, a timer fires, a sync completes, a command is
//! carried out. Its first row is its main row; what the handler asked for follows, caused by it. The world records into
//! a [`Trace`] when it is given one and only counts rows otherwise, so that replaying between keyframes costs no memory
//! and gives every row the same number.
//!
//! Left out: threads inside a node, partial writes of a sync, corruption of disks, network interface queues per node.

use super::cell::{Machine, Memo, Monitor, NodeBox};
use super::net::{Network, Shape};
use super::node::{Bytes, Incoming, Message, Shell};
use super::protocol::{CtxCore, Description, Outbox, Setup, StepFacts};
use super::queue::Queue;
use super::trace::{Rec, Trace};
use crate::base::json::Json;
use crate::base::{Micros, MsgId, NodeId, hash};
use crate::wire::{Datum, Distribution, NodeStatus, Outcome, RowKind};
use std::rc::Rc;
use std::sync::Arc;

/// Messages in flight at once (held back on clogged links too), and timers; one more is a bound reached.
pub const FLIGHTS_MAX: usize = 200_000;
/// Messages waiting at one node.
pub const INBOX_MAX: usize = 100_000;

/// What the queue holds.
#[derive(Clone, Debug)]
pub enum Item {
    Arrive(Message),
    Timer {
        node: NodeId,
        count: u32,
    },
    /// A service time is over.
    Wake {
        node: NodeId,
        epoch: u32,
    },
    SyncDone {
        node: NodeId,
        epoch: u32,
    },
    /// The workload's next operation.
    Arrival {
        client: NodeId,
        generation: u32,
    },
}

/// Where the contents of a message to be handled lie: most are read where they were queued.
enum Content {
    Queued(u32),
    Own(Bytes),
}

/// How a run is watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watch {
    /// Check the protocol's properties after each step.
    pub properties: bool,
    /// Keep the trace hash: time, node, kind, message bytes and post-state of every step.
    pub hash: bool,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    pub sent: u64,
    pub sent_bytes: u64,
    pub delivered: u64,
    pub lost: u64,
}

pub struct World {
    pub setup: Arc<Setup>,
    pub machine: Arc<dyn Machine>,
    pub describe: Arc<Description>,
    pub now: u64,
    /// Queue entries taken and commands carried out at this instant: the place of a command within it.
    pub at_now: u32,
    pub step: u32,
    pub rows: u32,
    pub queue: Queue<Item>,
    pub net: Network,
    pub(super) cells: Vec<Rc<dyn NodeBox>>,
    pub shells: Vec<Shell>,
    /// Messages on clogged links.
    pub clogged: Vec<Message>,
    /// Timers cancelled since the queue was last rid of such.
    pub(super) cancelled: usize,
    pub adversaries: Vec<super::adversary::Adversary>,
    pub counters: Counters,
    /// For each property the row at which it first broke, and the reason.
    pub broken: Vec<Option<(u32, Arc<str>)>>,
    /// How often each was found broken, and when last. Empty while none is.
    pub found: Vec<(u32, u64)>,
    pub(super) monitor: Box<dyn Monitor>,
    pub(super) watch: Watch,
    hash: u64,
    /// A bound that was reached: the run goes no further.
    pub halted: Option<&'static str>,
    pub(super) outbox: Outbox,
    /// Empty outboxes whose memory is used again.
    pub(super) spare: Vec<Outbox>,
    pub(super) facts: StepFacts,
    scratch: Vec<u8>,
    memo: Memo,
    /// Of a world that stands still: what was scheduled in this step, in the queue's stead.
    pub(super) still: Option<Vec<(u64, Item)>>,
}

impl Clone for World {
    fn clone(&self) -> Self {
        World {
            setup: Arc::clone(&self.setup),
            machine: Arc::clone(&self.machine),
            describe: Arc::clone(&self.describe),
            queue: self.queue.clone(),
            net: self.net.clone(),
            cells: self.cells.clone(),
            shells: self.shells.clone(),
            clogged: self.clogged.clone(),
            cancelled: self.cancelled,
            adversaries: self.adversaries.clone(),
            broken: self.broken.clone(),
            found: self.found.clone(),
            monitor: (*self.monitor).clone_box(),
            outbox: Outbox::default(),
            spare: Vec::new(),
            facts: StepFacts::default(),
            scratch: Vec::new(),
            memo: Memo::default(),
            still: self.still.clone(),
            ..*self
        }
    }
}

/// A node's state for writing: copied first if a keyframe shares it.
#[inline(always)]
fn writable(cell: &mut Rc<dyn NodeBox>) -> &mut dyn NodeBox {
    if Rc::strong_count(cell) > 1 {
        *cell = cell.clone_rc();
    }
    Rc::get_mut(cell).expect("just made unique")
}

/// Drops what the queue held; most messages own nothing, which is quicker to see than to drop.
#[inline(always)]
fn discard(item: Item) {
    match item {
        Item::Arrive(message) if !message.bytes.spilled() => std::mem::forget(message),
        other => drop(other),
    }
}

impl World {
    /// A world at time 0, its nodes not yet started: see [`World::boot`].
    pub fn new(
        setup: Arc<Setup>,
        machine: Arc<dyn Machine>,
        describe: Arc<Description>,
        network: Shape,
        disk: Distribution,
        watch: Watch,
    ) -> World {
        let nodes = setup.nodes.len();
        let disk = Arc::new(disk);
        World {
            now: 0,
            at_now: 0,
            step: 0,
            rows: 0,
            queue: Queue::default(),
            net: Network::new(setup.seed, nodes, network),
            cells: (0..nodes).map(|_| machine.node()).collect(),
            shells: (0..nodes).map(|_| Shell::new(Arc::clone(&disk))).collect(),
            clogged: Vec::new(),
            cancelled: 0,
            adversaries: Vec::new(),
            counters: Counters::default(),
            broken: vec![None; describe.properties.len()],
            found: Vec::new(),
            monitor: machine.monitor(),
            watch,
            hash: setup.seed,
            halted: None,
            outbox: Outbox::default(),
            spare: Vec::new(),
            facts: StepFacts::default(),
            scratch: Vec::new(),
            memo: Memo::default(),
            still: None,
            setup,
            machine,
            describe,
        }
    }

    /// Starts every node, in order, at time 0.
    pub fn boot(&mut self, trace: &mut Option<&mut Trace>) {
        for node in 0..self.shells.len() {
            self.begin_step();
            self.start(NodeId(node as u16), None, trace);
            self.end_step(Some(NodeId(node as u16)), trace);
        }
    }

    /// Takes the next step that happens at or before `limit`, and moves the clock to it. None: there is none; the clock
    /// is then as it was.
    pub fn step(&mut self, limit: u64, trace: &mut Option<&mut Trace>) -> Option<u32> {
        loop {
            if self.halted.is_some() {
                return None;
            }
            let (at, place) = self.queue.due(limit)?;
            self.advance_clock(at);
            self.at_now += 1;
            let before = self.rows;
            self.begin_step();
            let node = match self.queue.item(place) {
                Item::Arrive(m) if self.shells[m.id.to.index()].handles_at_once() => {
                    let (id, cause) = (m.id, m.row);
                    self.deliver(id, cause, Content::Queued(place), trace);
                    self.serve_next(id.to, trace);
                    Some(id.to)
                }
                _ => {
                    let item = self.queue.take(place);
                    self.happen(item, trace)
                }
            };
            if self.rows > before {
                self.end_step(node, trace);
                return Some(self.step);
            }
            self.step -= 1;
        }
    }

    /// Moves the clock without anything happening. Nothing may be due before.
    pub fn advance_clock(&mut self, at: u64) {
        if at > self.now {
            self.now = at;
            self.at_now = 0;
        }
    }

    #[inline(always)]
    pub(super) fn begin_step(&mut self) {
        self.step += 1;
        if !self.facts.is_empty() {
            self.facts.began.clear();
            self.facts.ended.clear();
        }
    }

    #[inline(always)]
    pub(super) fn end_step(&mut self, node: Option<NodeId>, trace: &mut Option<&mut Trace>) {
        if self.watch.hash || self.watch.properties {
            self.look(node, trace);
        }
        if let Some(trace) = trace
            && trace.is_full()
        {
            self.halted = Some("limit reached: the trace is full; the run stops here");
        } else if self.queue.len() + self.clogged.len() >= FLIGHTS_MAX {
            self.halted = Some("limit reached: too many messages in flight; the run stops here");
        }
    }

    /// The step is over: its post-state goes into the trace hash, and the properties are checked.
    fn look(&mut self, node: Option<NodeId>, trace: &mut Option<&mut Trace>) {
        if self.watch.hash
            && let Some(node) = node
        {
            self.hash = self.cells[node.index()].fingerprint(self.hash, &mut self.scratch);
        }
        if self.watch.properties {
            self.check(node, trace);
        }
    }

    fn check(&mut self, node: Option<NodeId>, trace: &mut Option<&mut Trace>) {
        self.facts.now = Micros(self.now);
        self.facts.node = node;
        let mut broken = Vec::new();
        self.machine.check(&mut *self.monitor, &self.setup, &self.cells, &self.facts, &mut broken);
        for (index, reason) in broken {
            self.found.resize(self.broken.len(), (0, 0));
            let found = &mut self.found[usize::from(index)];
            *found = (found.0 + 1, self.now);
            if self.broken[usize::from(index)].is_none() {
                let cause = self.rows.checked_sub(1);
                let rec = Rec::new(RowKind::Violation, self.now, node.unwrap_or_default(), cause);
                let row = self.emit(Rec { code: index, ..rec }, reason.as_bytes(), trace);
                self.broken[usize::from(index)] = Some((row, reason.into()));
            }
        }
    }

    /// The trace hash so far.
    pub fn trace_hash(&self) -> u64 {
        self.hash
    }

    /// Adds a row; returns its id. The record is only made when somebody looks.
    #[inline(always)]
    pub(super) fn emit(&mut self, rec: Rec, data: &[u8], trace: &mut Option<&mut Trace>) -> u32 {
        self.rows += 1;
        if self.watch.hash || trace.is_some() {
            self.record(rec, data, trace);
        }
        self.rows - 1
    }

    /// Adds a row whose data is only made when somebody looks.
    pub(super) fn emit_with(
        &mut self,
        rec: Rec,
        data: impl FnOnce() -> Vec<u8>,
        trace: &mut Option<&mut Trace>,
    ) -> u32 {
        let data = if self.watch.hash || trace.is_some() { data() } else { Vec::new() };
        self.emit(rec, &data, trace)
    }

    /// Adds a row about a message.
    #[inline(always)]
    pub(super) fn emit_message(
        &mut self,
        (kind, at_sender): (RowKind, bool),
        id: MsgId,
        cause: u32,
        data: &[u8],
        trace: &mut Option<&mut Trace>,
    ) -> u32 {
        self.rows += 1;
        if self.watch.hash || trace.is_some() {
            self.record(Rec::of_message(kind, self.now, id, at_sender, Some(cause)), data, trace);
        }
        self.rows - 1
    }

    #[inline(never)]
    fn record(&mut self, mut rec: Rec, data: &[u8], trace: &mut Option<&mut Trace>) {
        rec.step = self.step;
        if self.watch.hash {
            let mut head = [0u8; 16];
            head[..8].copy_from_slice(&rec.at.to_le_bytes());
            head[8..10].copy_from_slice(&rec.node.to_le_bytes());
            head[10..12].copy_from_slice(&rec.peer.to_le_bytes());
            head[12..16].copy_from_slice(&(rec.count << 8 | rec.kind as u32).to_le_bytes());
            self.hash = hash::bytes(hash::bytes(self.hash, &head), data);
        }
        if let Some(trace) = trace {
            trace.push(rec, data);
        }
    }

    #[inline(never)]
    pub(super) fn happen(&mut self, item: Item, trace: &mut Option<&mut Trace>) -> Option<NodeId> {
        match item {
            Item::Arrive(message) => {
                let to = message.id.to;
                if self.shells[to.index()].status == NodeStatus::Down {
                    let rec = Rec::of_message(RowKind::Lost, self.now, message.id, false, Some(message.row));
                    let name = format!("{} is down", self.setup.name(to));
                    self.lose(rec, self.now, &name, trace);
                } else {
                    self.come(to, Incoming::Message(message), trace);
                }
                Some(to)
            }
            Item::Timer { node, count } => {
                let timers = &mut self.shells[node.index()].timers;
                let place = timers.iter().position(|t| t.count == count && t.due == self.now)?;
                let timer = timers.remove(place);
                self.come(node, Incoming::Timer(timer), trace);
                Some(node)
            }
            Item::Wake { node, epoch } => {
                let shell = &mut self.shells[node.index()];
                if shell.epoch != epoch || !shell.busy {
                    return None;
                }
                shell.busy = false;
                if shell.is_ready()
                    && let Some(incoming) = shell.inbox.pop_front()
                {
                    self.handle(node, incoming, trace);
                    self.serve_next(node, trace);
                }
                Some(node)
            }
            Item::SyncDone { node, epoch } => {
                let shell = &mut self.shells[node.index()];
                if shell.epoch != epoch {
                    return None;
                }
                if shell.status == NodeStatus::Paused {
                    shell.inbox.push_front(Incoming::Synced);
                    let cause = shell.held.as_ref().map(|(row, _)| *row);
                    self.emit(Rec::new(RowKind::Queued, self.now, node, cause), b"", trace);
                } else {
                    self.synced(node, trace);
                    self.serve_next(node, trace);
                }
                Some(node)
            }
            Item::Arrival { client, generation } => {
                self.arrival(client, generation, trace);
                Some(client)
            }
        }
    }

    /// Something comes to a node: it is handled now, or waits.
    pub(super) fn come(&mut self, node: NodeId, incoming: Incoming, trace: &mut Option<&mut Trace>) {
        let shell = &mut self.shells[node.index()];
        if shell.handles_at_once() {
            self.handle(node, incoming, trace);
            return self.serve_next(node, trace);
        }
        let rec = match &incoming {
            Incoming::Message(m) => Rec::of_message(RowKind::Queued, self.now, m.id, false, Some(m.row)),
            Incoming::Timer(t) => Rec { count: t.count, ..Rec::new(RowKind::Queued, self.now, node, Some(t.row)) },
            Incoming::Request { id, row, .. } => {
                Rec { count: id.count, ..Rec::new(RowKind::Queued, self.now, node, Some(*row)) }
            }
            Incoming::Synced => Rec::new(RowKind::Queued, self.now, node, None),
        };
        if shell.inbox.len() >= INBOX_MAX {
            self.halted = Some("limit reached: too many messages wait at one node; the run stops here");
        }
        let why = if shell.is_ready() { "is busy" } else { shell.why_waits() };
        shell.inbox.push_back(incoming);
        self.emit(rec, why.as_bytes(), trace);
        self.serve_next(node, trace);
    }

    /// Starts on the inbox if the node is free: at once where there is no service time, else when it is over.
    #[inline(always)]
    pub(super) fn serve_next(&mut self, node: NodeId, trace: &mut Option<&mut Trace>) {
        if !self.shells[node.index()].inbox.is_empty() {
            self.serve(node, trace);
        }
    }

    fn serve(&mut self, node: NodeId, trace: &mut Option<&mut Trace>) {
        loop {
            let (seed, now) = (self.setup.seed, self.now);
            let shell = &mut self.shells[node.index()];
            if shell.inbox.is_empty() || !shell.is_ready() {
                return;
            }
            if let Some(time) = shell.next_service_time(seed, node) {
                shell.busy = true;
                let epoch = shell.epoch;
                self.schedule(now + time.0, Item::Wake { node, epoch });
                return;
            }
            let incoming = shell.inbox.pop_front().expect("not empty");
            self.handle(node, incoming, trace);
        }
    }

    /// Runs the handler for what came, and carries out its effects.
    fn handle(&mut self, node: NodeId, incoming: Incoming, trace: &mut Option<&mut Trace>) {
        let now = self.now;
        match incoming {
            Incoming::Message(message) => {
                self.deliver(message.id, message.row, Content::Own(message.bytes), trace);
            }
            Incoming::Timer(timer) => {
                let rec = Rec::new(RowKind::TimerFired, now, node, Some(timer.row));
                let rec = Rec { count: timer.count, code: u16::from(timer.kind), ..rec };
                let row = self.emit(rec, &timer.bytes, trace);
                self.call(node, |cell, core| cell.on_timer(&timer.bytes, core));
                self.carry_out(node, row, trace);
            }
            Incoming::Request { id, op, row } => {
                self.call(node, |cell, core| cell.on_request(id, &op, core));
                self.carry_out(node, row, trace);
            }
            Incoming::Synced => self.synced(node, trace),
        }
    }

    /// Runs the handler for a message, and ends the message.
    #[inline(always)]
    fn deliver(&mut self, id: MsgId, cause: u32, content: Content, trace: &mut Option<&mut Trace>) {
        let row = self.emit_message((RowKind::Deliver, false), id, cause, b"", trace);
        self.counters.delivered += 1;
        let understood = {
            let World { queue, shells, cells, outbox, setup, now, memo, .. } = self;
            let shell = &mut shells[id.to.index()];
            let (clock, choices) = (&shell.clock, &mut shell.choices);
            let core = CtxCore { me: id.to, now: *now, clock, setup, out: outbox, choices };
            let bytes = match &content {
                Content::Queued(place) => match queue.item(*place) {
                    Item::Arrive(message) => &message.bytes,
                    _ => unreachable!("only messages are delivered"),
                },
                Content::Own(bytes) => bytes,
            };
            writable(&mut cells[id.to.index()]).on_message(id.from, bytes, memo, core)
        };
        match content {
            Content::Queued(place) => discard(self.queue.take(place)),
            Content::Own(bytes) => drop(bytes),
        }
        if understood {
            self.carry_out(id.to, row, trace);
        } else {
            let rec = Rec::of_message(RowKind::Lost, self.now, id, false, Some(row));
            self.lose(rec, self.now, "it cannot be decoded", trace);
        }
    }

    #[inline]
    fn call<R>(&mut self, node: NodeId, handler: impl FnOnce(&mut dyn NodeBox, CtxCore<'_>) -> R) -> R {
        let shell = &mut self.shells[node.index()];
        let core = CtxCore {
            me: node,
            now: self.now,
            clock: &shell.clock,
            setup: &self.setup,
            out: &mut self.outbox,
            choices: &mut shell.choices,
        };
        handler(writable(&mut self.cells[node.index()]), core)
    }

    /// Boots a node: first start, and restart.
    pub(super) fn start(&mut self, node: NodeId, cause: Option<u32>, trace: &mut Option<&mut Trace>) {
        self.shells[node.index()].status = NodeStatus::Up;
        let row = self.emit(Rec::new(RowKind::Boot, self.now, node, cause), b"", trace);
        self.call(node, |cell, core| cell.boot(core));
        self.carry_out(node, row, trace);
    }

    /// The sync under way completes: what waited for it leaves.
    pub(super) fn synced(&mut self, node: NodeId, trace: &mut Option<&mut Trace>) {
        let (cause, held) = self.shells[node.index()].held.take().expect("a sync was under way");
        let row = self.made_durable(node, cause, trace);
        self.spare.push(std::mem::replace(&mut self.outbox, held));
        self.carry_out(node, row, trace);
    }

    /// The oldest sync that the node asked for is done. Returns its row.
    pub(super) fn made_durable(&mut self, node: NodeId, cause: u32, trace: &mut Option<&mut Trace>) -> u32 {
        let lies = self.shells[node.index()].lies;
        writable(&mut self.cells[node.index()]).synced(lies);
        let rec = Rec::new(RowKind::Synced, self.now, node, Some(cause));
        self.emit(Rec { code: u16::from(lies), ..rec }, b"", trace)
    }

    pub(super) fn crash(&mut self, node: NodeId, cause: u32, trace: &mut Option<&mut Trace>) {
        self.emit(Rec::new(RowKind::Crash, self.now, node, Some(cause)), b"", trace);
        let open = std::mem::take(&mut self.shells[node.index()].open_ops);
        for op in open {
            self.end_op(op, Outcome::Unknown, Datum::Text("the client crashed".into()), cause, trace);
        }
        self.shells[node.index()].forget();
        writable(&mut self.cells[node.index()]).crash();
    }

    /// The facts of the last step, for goals and drivers.
    pub fn facts(&self) -> &StepFacts {
        &self.facts
    }

    /// A node's face: card and probes of the protocol.
    pub fn card(&self, node: NodeId) -> super::protocol::Card {
        let mut card = super::protocol::Card::default();
        self.cells[node.index()].card(&self.setup.nodes[node.index()].role, &mut card);
        card
    }

    /// State and disk of a node as trees.
    pub fn trees(&self, node: NodeId) -> (Json, Json) {
        self.cells[node.index()].trees()
    }
}
