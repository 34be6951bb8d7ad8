//! How messages and nodes look and read.

use super::client::Client;
use super::coordinator::Phase;
use super::replica::Replica;
use super::schema::{self, Field, Schema};
use super::{Ballot, Disk, Message, Reply, RollingUpgrade, State, What, Why};
use crate::protocols::waiting;
use crate::sim::protocol::{Card, Setup, View};
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 7] = [
    ("Ask", Tone::Query),
    ("Prepare", Tone::Query),
    ("Promise", Tone::Reply),
    ("Accept", Tone::Update),
    ("Accepted", Tone::Reply),
    ("Refuse", Tone::Refusal),
    ("Answer", Tone::Reply),
];

/// Records that a card shows.
const RECORDS_SHOWN: usize = 8;

impl Ballot {
    pub fn words(&self, setup: &Setup) -> String {
        match setup.nodes.get(self.node.index()) {
            Some(node) => format!("{}.{}", self.counter, node.name),
            None => self.counter.to_string(),
        }
    }
}

pub fn label(m: &Message) -> (u8, String) {
    let (key, v) = (&m.key, m.release);
    match &m.what {
        What::Ask { field, put, .. } => {
            let note = if *field == Field::Note { "-note" } else { "" };
            let text = match put {
                Some(value) => format!("put{note} {key}={value}"),
                None => format!("get{note} {key}"),
            };
            (0, text)
        }
        What::Prepare { ballot } => (1, format!("prepare {key}, ballot {} (v{v})", ballot.counter)),
        What::Promise { held, .. } if held.ballot.counter == 0 => (2, format!("promised, has no {key} (v{v})")),
        What::Promise { held, .. } => (2, format!("promised, has {} (v{v})", schema::words(&held.bytes))),
        What::Accept { held } => (3, format!("accept {key} {} (v{v})", schema::words(&held.bytes))),
        What::Accepted { ballot } => (4, format!("accepted {} (v{v})", ballot.counter)),
        What::Refuse { why: Why::Promised(counter), .. } => (5, format!("refused: promised {counter} (v{v})")),
        What::Refuse { why: Why::Unreadable(fault), .. } => (5, format!("refused: {}", fault.words(v))),
        What::Answer { reply: Reply::Done { found: Datum::None, .. }, .. } => (6, "done".into()),
        What::Answer { reply: Reply::Done { found, .. }, .. } => (6, format!("found {found}")),
        What::Answer { reply: Reply::NoNotes, .. } => (6, format!("v{v} knows no notes")),
        What::Answer { reply: Reply::Unreadable(release, fault), .. } => {
            (6, format!("cannot: {}", fault.words(*release)))
        }
    }
}

pub fn replica(schema: Schema, r: &Replica, disk: &Disk, durable: &Disk, card: &mut Card) {
    card.epoch = u64::from(r.release);
    card.headline = match r.rounds.len() {
        0 => format!("v{}", r.release),
        n => format!("v{} · {n} under way", r.release),
    };
    card.probes.push(("release".into(), Datum::Int(i64::from(r.release))));
    card.probes.push(("rounds".into(), Datum::Int(r.rounds.len() as i64)));
    let mut unreadable = 0;
    let mut x = (Datum::None, Datum::None);
    let written = disk.slots.iter().filter(|(_, slot)| slot.held.ballot.counter > 0);
    for (i, (key, slot)) in written.enumerate() {
        let held = &slot.held;
        let read = schema.read(r.release, &held.bytes);
        unreadable += i64::from(read.is_err());
        if i < RECORDS_SHOWN {
            let firm = durable.slots.get(key).is_some_and(|slot| slot.held == *held);
            let mark = if read.is_err() { " ✗" } else { "" };
            let text = format!("{key} {}{mark}", schema::words(&held.bytes));
            card.cells.push(Cell { text, firm, epoch: u64::from(held.release) });
        }
        if let ("x", Ok(record)) = (key.as_str(), read) {
            x = (record.get(Field::Value), record.get(Field::Note));
        }
    }
    card.probes.push(("value.x".into(), x.0));
    card.probes.push(("note.x".into(), x.1));
    card.probes.push(("unreadable".into(), Datum::Int(unreadable)));
}

pub fn client(c: &Client, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let asked = oldest.map_or(0, |p| p.asked);
    let progress = oldest.map_or(String::new(), |p| match (p.asked, p.why.is_empty()) {
        (1, true) => "asked once".into(),
        (n, true) => format!("asked {n} times"),
        (_, false) => p.why.clone(),
    });
    waiting(card, oldest.map(|p| (&p.op, progress)), c.pending.len());
    card.probes.push(("asked".into(), Datum::Int(i64::from(asked))));
}

/// Who waits, and what stands in the way.
pub fn why_stuck(protocol: &RollingUpgrade, view: &View<'_, RollingUpgrade>) -> Option<String> {
    let name = |node| view.setup.name(node);
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        for p in client.pending.values().take(3) {
            let why = if p.why.is_empty() { String::new() } else { format!(" ({})", p.why) };
            waits.push(format!("{} waits for {}{why}", name(node), p.op));
        }
    }
    if waits.is_empty() {
        return None;
    }
    let replicas = || view.setup.role("replica");
    let down: Vec<&str> = replicas().filter(|node| view.state(*node).is_none()).map(name).collect();
    let up = replicas().count() - down.len();
    let needed = protocol.quorum(replicas().count());
    let mut who = format!("{up} replicas are up, and {needed} are needed");
    if up < needed {
        who += &format!("; down: {}", down.join(", "));
    }
    for node in replicas() {
        let Some(State::Replica(replica)) = view.state(node) else { continue };
        let blind = replica.rounds.values().filter(|round| round.phase != Phase::Waits).flat_map(|r| &r.blind);
        for (other, release, fault) in blind.take(2) {
            who += &format!("; {} asks {}: {}", name(node), name(*other), fault.words(*release));
        }
    }
    Some(format!("{who}; {}", waits.join("; ")))
}
