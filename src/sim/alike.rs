//! Nodes of a world that stands still that could change names without anybody noticing: which they are, and what states are
//! known by then.
//!
//! Whether nodes of one role are alike is the protocol's to say ([`super::protocol::Protocol::alike`]); what else tells
//! nodes apart is looked at here: groups, places, clocks, disks, service times, cuts of the network. A state's parts are
//! encoded with marks ([`crate::base::marks`]) and renamed in each way; the least hash of all these is what all states have
//! that differ by names only.

use super::cell::{Machine, Monitor, NodeBox};
use super::node::{Incoming, Shell, Timer};
use super::protocol::{Effect, Outbox};
use super::world::World;
use crate::base::marks::{self, Mark};
use crate::base::{NodeId, codec, hash};
use crate::wire::Distribution;
use std::rc::Rc;
use std::sync::Arc;

/// Of more nodes that are alike the first so many are renamed: each way costs a hash of every state.
const ALIKE_MAX: usize = 4;

/// The ways to rename nodes.
pub struct Names {
    machine: Arc<dyn Machine>,
    /// For each way the new name of each node.
    ways: Vec<Vec<u16>>,
}

/// An encoding under way.
#[derive(Default)]
pub struct Marked {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
}

impl Marked {
    fn plain<T: serde::Serialize>(&mut self, value: &T) {
        codec::append_marked(value, &mut self.bytes, &mut self.marks);
    }
}

impl Names {
    /// None: no two nodes of a role are alike.
    pub fn of(world: &World) -> Option<Names> {
        let nodes = world.setup.nodes.len();
        if !marks::MADE || !world.net.cuts.is_empty() || nodes > marks::NAMES_MAX {
            return None;
        }
        let machine = Arc::clone(&world.machine);
        let same: Vec<u16> = (0..nodes as u16).collect();
        let mut ways = vec![same.clone()];
        for role in machine.alike() {
            let Some(first) = world.setup.role(role).next() else { continue };
            let alike: Vec<u16> =
                world.setup.role(role).filter(|node| are_alike(world, first, *node)).map(|node| node.0).collect();
            let mut orders = Vec::new();
            permute(&mut alike[..alike.len().min(ALIKE_MAX)].to_vec(), 0, &mut orders);
            let renamed = |way: &Vec<u16>, order: &Vec<u16>| {
                let mut way = way.clone();
                alike.iter().zip(order).for_each(|(node, name)| way[usize::from(*node)] = *name);
                way
            };
            ways = ways
                .iter()
                .flat_map(|way| orders.iter().map(|order| renamed(way, order)).collect::<Vec<_>>())
                .collect();
        }
        (ways.len() > 1).then_some(Names { machine, ways })
    }

    pub fn ways(&self) -> &[Vec<u16>] {
        &self.ways
    }

    /// The hash of an encoding, in each way.
    fn keys(&self, marked: &Marked) -> Rc<[u64]> {
        let mut out = Vec::new();
        let key = |names: &Vec<u16>| {
            out.clear();
            marks::renamed(&marked.bytes, &marked.marks, names, &mut out);
            hash::bytes(0, &out)
        };
        self.ways.iter().map(key).collect()
    }

    pub fn message(&self, from: NodeId, to: NodeId, bytes: &[u8]) -> Rc<[u64]> {
        let mut marked = Marked::default();
        marked.plain(&(from, to));
        self.machine.marked_message(bytes, &mut marked.bytes, &mut marked.marks);
        self.keys(&marked)
    }

    /// Of a timer of a node, whenever it is due.
    pub fn timer(&self, node: NodeId, timer: &Timer) -> Rc<[u64]> {
        let mut marked = Marked::default();
        marked.plain(&(node, timer.kind));
        self.machine.marked_timer(&timer.bytes, &mut marked.bytes, &mut marked.marks);
        self.keys(&marked)
    }

    pub fn monitor(&self, monitor: &dyn Monitor) -> Rc<[u64]> {
        let mut marked = Marked::default();
        monitor.marked(&mut marked.bytes, &mut marked.marks);
        self.keys(&marked)
    }

    /// A node, without its own name. `plain` is what of the shell names no node.
    pub fn node(&self, cell: &dyn NodeBox, shell: &Shell, plain: &[u8]) -> Rc<[u64]> {
        let mut marked = Marked::default();
        cell.marked(&mut marked.bytes, &mut marked.marks);
        marked.bytes.extend_from_slice(plain);
        for incoming in &shell.inbox {
            match incoming {
                Incoming::Message(m) => {
                    marked.plain(&(0u8, m.id.from));
                    self.machine.marked_message(&m.bytes, &mut marked.bytes, &mut marked.marks);
                }
                Incoming::Timer(timer) => {
                    marked.plain(&(1u8, timer.kind));
                    self.machine.marked_timer(&timer.bytes, &mut marked.bytes, &mut marked.marks);
                }
                Incoming::Request { id, op, .. } => marked.plain(&(2u8, id.count, op)),
                Incoming::Synced => marked.plain(&3u8),
            }
        }
        if let Some((_, outbox)) = &shell.held {
            self.waiting(outbox, &mut marked);
        }
        self.keys(&marked)
    }

    /// What waits for a sync.
    fn waiting(&self, outbox: &Outbox, marked: &mut Marked) {
        let content = |start: u32, end: u32| &outbox.bytes[start as usize..end as usize];
        for effect in outbox.left() {
            match *effect {
                Effect::Send { to, start, end } => {
                    marked.plain(&(0u8, to));
                    self.machine.marked_message(content(start, end), &mut marked.bytes, &mut marked.marks);
                }
                Effect::SetTimer { kind, after, start, end } => {
                    marked.plain(&(1u8, kind, after));
                    self.machine.marked_timer(content(start, end), &mut marked.bytes, &mut marked.marks);
                }
                Effect::CancelTimer { start, end } => {
                    marked.plain(&2u8);
                    self.machine.marked_timer(content(start, end), &mut marked.bytes, &mut marked.marks);
                }
                Effect::Reply { place } => marked.plain(&(3u8, &outbox.replies[place as usize])),
                Effect::Note { .. } => {}
                Effect::Sync => marked.plain(&4u8),
            }
        }
    }
}

/// Two nodes of a role differ in their names only, as far as the engine can see.
fn are_alike(world: &World, one: NodeId, other: NodeId) -> bool {
    let (a, b) = (&world.setup.nodes[one.index()], &world.setup.nodes[other.index()]);
    let (x, y) = (&world.shells[one.index()], &world.shells[other.index()]);
    let constant = |time: &Distribution| matches!(time, Distribution::Constant(_));
    // Times that are drawn are drawn for each node by its name.
    let undrawn = constant(&x.sync_time) && x.service.as_deref().is_none_or(constant);
    let same = x.sync_time == y.sync_time && x.service == y.service && x.lies == y.lies && x.clock == y.clock;
    one == other || !a.client && a.groups == b.groups && a.place == b.place && undrawn && same
}

/// All orders of these.
fn permute(items: &mut [u16], from: usize, all: &mut Vec<Vec<u16>>) {
    if from + 1 >= items.len() {
        return all.push(items.to_vec());
    }
    for place in from..items.len() {
        items.swap(from, place);
        permute(items, from + 1, all);
        items.swap(from, place);
    }
}
