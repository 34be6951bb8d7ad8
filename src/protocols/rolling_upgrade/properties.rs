//! What must hold at every moment, and why it does not when it does not. What stays broken is reported once.

use super::client::{field, is_put};
use super::schema::{Field, NEW, Record, Schema};
use super::{Ballot, Held, RollingUpgrade, State, schema};
use crate::base::{NodeId, OpId};
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 6] = [
    (
        "no acknowledged field is lost",
        "A field whose write was answered ok is in the newest record of every majority, and a get that begins later finds it.",
    ),
    (
        "what was acknowledged can be read",
        "While a majority is up, there is a replica that can read each acknowledged record with a majority, and have it accepted.",
    ),
    ("reads return what was written", "A get returns what some client asked to be written to that field, or nothing."),
    (
        "completed writes are on a majority",
        "What was answered ok is on the disks of a majority, or something newer is, crashes and restarts included.",
    ),
    ("copies of one write are the same", "Two replicas that accepted the same ballot hold the same record."),
    ("a write takes effect once", "However often a write is asked for, it is put into the record once."),
];
const LOST: u16 = 0;
const UNREADABLE: u16 = 1;
const READ: u16 = 2;
const MAJORITY: u16 = 3;
const COPIES: u16 = 4;
const TWICE: u16 = 5;

/// Values of a field that are remembered; beyond that, anything may have been written.
const ASKED_MAX: usize = 1_024;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    keys: LiteMap<SmolStr, Key>,
    /// For each open get whether its field had been acknowledged before it began.
    open: LiteMap<OpId, bool>,
    made: Remembered<(NodeId, u32), Ballot>,
}

#[derive(Clone, Default, Serialize)]
struct Key {
    /// The highest ballot that was acknowledged.
    acknowledged: Ballot,
    value: Seen,
    note: Seen,
    /// A bit for each property that is broken now, and one for each field.
    told: u32,
}

#[derive(Clone, Default, Serialize)]
struct Seen {
    asked: Vec<Datum>,
    acknowledged: bool,
}

impl Key {
    fn seen(&mut self, field: Field) -> &mut Seen {
        match field {
            Field::Value => &mut self.value,
            Field::Note => &mut self.note,
        }
    }

    /// Reports what was not broken before.
    fn tell(&mut self, bit: u32, property: u16, reason: Option<String>, broken: &mut Broken) {
        let was = self.told >> bit & 1 == 1;
        self.told = self.told & !(1 << bit) | u32::from(reason.is_some()) << bit;
        if let (Some(reason), false) = (reason, was) {
            broken.push((property, reason));
        }
    }
}

impl Memory {
    pub fn check(
        &mut self,
        protocol: &RollingUpgrade,
        view: &View<'_, RollingUpgrade>,
        step: &StepFacts,
        broken: &mut Broken,
    ) {
        for (id, op) in &step.began {
            let seen = self.keys.entry(op.key.clone()).or_default().seen(field(op));
            if !is_put(op) {
                self.open.insert(*id, seen.acknowledged);
            } else if seen.asked.len() < ASKED_MAX && !seen.asked.contains(&op.value) {
                seen.asked.push(op.value.clone());
            }
        }
        step.ended.iter().for_each(|ended| self.ended(view, ended, broken));
        let replica = step.node.filter(|node| view.setup.nodes[node.index()].role == "replica");
        if let Some(State::Replica(replica)) = replica.and_then(|node| view.state(node)) {
            for (client, op, ballot) in &replica.made {
                match self.made.map.get(&(*client, *op)) {
                    Some(before) if before != ballot => {
                        let who = view.setup.name(*client);
                        let (one, two) = (before.words(view.setup), ballot.words(view.setup));
                        broken.push((TWICE, format!("{who}'s operation {op} was accepted as {one}, and as {two}")));
                        self.made.map.insert((*client, *op), *ballot);
                    }
                    Some(_) => {}
                    None => self.made.insert((*client, *op), *ballot),
                }
            }
        }
        if replica.is_some() || !step.ended.is_empty() {
            let replicas: Vec<NodeId> = view.setup.role("replica").collect();
            for (name, key) in self.keys.iter_mut() {
                Disks { protocol, view, replicas: &replicas, name }.check(key, broken);
            }
        }
    }

    fn ended(&mut self, view: &View<'_, RollingUpgrade>, ended: &Ended, broken: &mut Broken) {
        let (op, field) = (&ended.op, field(&ended.op));
        let key = self.keys.entry(op.key.clone()).or_default();
        let before = self.open.remove(&ended.id);
        if ended.outcome != Outcome::Ok {
            return;
        }
        let who = view.setup.name(ended.id.client);
        if let Some(State::Client(client)) = view.state(ended.id.client)
            && let Some((_, ballot)) = client.finished.iter().rfind(|(count, _)| *count == ended.id.count)
        {
            key.acknowledged = key.acknowledged.max(*ballot);
        }
        let seen = key.seen(field);
        match (before, &ended.answer) {
            (None, _) => seen.acknowledged = true,
            (Some(true), Datum::None) => {
                broken.push((LOST, format!("{who}'s {op} finds nothing, and a write of it had been answered")));
            }
            (Some(_), found)
                if *found != Datum::None && seen.asked.len() < ASKED_MAX && !seen.asked.contains(found) =>
            {
                broken.push((READ, format!("{who}'s {op} finds {found}, which nobody wrote there")));
            }
            _ => {}
        }
    }
}

/// A record on all disks.
struct Disks<'a> {
    protocol: &'a RollingUpgrade,
    view: &'a View<'a, RollingUpgrade>,
    replicas: &'a [NodeId],
    name: &'a str,
}

impl Disks<'_> {
    fn check(&self, key: &mut Key, broken: &mut Broken) {
        let none = Held::default();
        let held: Vec<(NodeId, &Held)> =
            self.replicas.iter().map(|node| (*node, self.held(*node).unwrap_or(&none))).collect();
        let need = if self.protocol.wait_for_all { held.len() } else { held.len() / 2 + 1 };
        key.tell(0, COPIES, self.copies(&held), broken);
        let have = held.iter().filter(|(_, held)| held.ballot >= key.acknowledged).count();
        let missing = (have < need).then(|| {
            let ballot = key.acknowledged.words(self.view.setup);
            format!("{} {ballot} was answered, and {have} of {} disks have it", self.name, held.len())
        });
        key.tell(1, MAJORITY, missing, broken);
        let acknowledged = key.value.acknowledged || key.note.acknowledged;
        let newest = if acknowledged { self.newest(&held, need) } else { Vec::new() };
        for (bit, field, known) in [(2, Field::Value, key.value.acknowledged), (3, Field::Note, key.note.acknowledged)]
        {
            key.tell(bit, LOST, known.then(|| self.lost(&newest, field)).flatten(), broken);
        }
        key.tell(4, UNREADABLE, acknowledged.then(|| self.unreadable(&held, need)).flatten(), broken);
    }

    fn held(&self, node: NodeId) -> Option<&Held> {
        self.view.durable(node).slots.get(self.name).map(|slot| &slot.held)
    }

    fn copies(&self, held: &[(NodeId, &Held)]) -> Option<String> {
        let differ = |(i, (_, one)): (usize, &(NodeId, &Held))| {
            let mut others = held[i + 1..].iter();
            let other = others.find(|(_, two)| one.ballot == two.ballot && one.bytes != two.bytes)?;
            Some((i, other.0))
        };
        let (i, other) = held.iter().enumerate().find_map(differ)?;
        let (one, two) = (held[i].0, other);
        let bytes = |node| self.held(node).map_or(String::new(), |held| schema::words(&held.bytes));
        let name = |node| self.view.setup.name(node);
        let ballot = held[i].1.ballot.words(self.view.setup);
        let (first, second) = (bytes(one), bytes(two));
        Some(format!("{} {ballot} is {first} at {}, and {second} at {}", self.name, name(one), name(two)))
    }

    /// What some majority takes for the newest, with what one makes of it who knows all that there is.
    fn newest<'h>(&self, held: &[(NodeId, &'h Held)], need: usize) -> Vec<(NodeId, &'h Held, Record)> {
        let older = |ballot: &Ballot| held.iter().filter(|(_, other)| other.ballot <= *ballot).count();
        let newest = held.iter().filter(|(_, one)| older(&one.ballot) >= need);
        newest.map(|(node, one)| (*node, *one, self.read(one))).collect()
    }

    /// A replica without the field that some majority takes for the newest.
    fn lost(&self, newest: &[(NodeId, &Held, Record)], field: Field) -> Option<String> {
        let (node, record, _) = newest.iter().find(|(_, _, read)| read.get(field) == Datum::None)?;
        let what = if field == Field::Note { "note" } else { "value" };
        let (key, bytes, name) = (self.name, schema::words(&record.bytes), self.view.setup.name(*node));
        Some(format!("the {what} of {key} was answered, and {name} has {bytes} for the newest"))
    }

    fn read(&self, held: &Held) -> Record {
        let schema = self.protocol.schema;
        let newest = if schema == Schema::Renumbered { held.release } else { NEW };
        let read = schema.read(newest, &held.bytes);
        read.or_else(|_| schema.read(held.release, &held.bytes)).unwrap_or_default()
    }

    /// No replica finds a majority of whose records it can read all, and who can read what it makes of them.
    fn unreadable(&self, held: &[(NodeId, &Held)], need: usize) -> Option<String> {
        let schema = self.protocol.schema;
        if schema != Schema::Required {
            return None;
        }
        let release = |node| match self.view.state(node) {
            Some(State::Replica(replica)) => Some(replica.release),
            _ => None,
        };
        let up: Vec<_> = held.iter().filter_map(|(node, held)| Some((release(*node)?, *held))).collect();
        let both = |reader, keeper, held: &Held| {
            let understands = |release, bytes: &[u8]| schema.read(release, bytes);
            held.ballot.counter == 0
                || understands(keeper, &held.bytes).is_ok()
                    && understands(reader, &held.bytes)
                        .is_ok_and(|record| understands(keeper, &schema.write(reader, &record)).is_ok())
        };
        let can = |reader| up.iter().filter(|(keeper, held)| both(reader, *keeper, held)).count() >= need;
        if up.len() < need || up.iter().any(|(reader, _)| can(*reader)) {
            return None;
        }
        let new = up.iter().filter(|(release, _)| *release == NEW).count();
        let (old, all) = (up.len() - new, held.len());
        Some(format!(
            "{} of {all} replicas are up, {old} in v1 and {new} in v2: no {need} of them can read {}",
            up.len(),
            self.name
        ))
    }
}
