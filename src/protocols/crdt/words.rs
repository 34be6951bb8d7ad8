//! How messages and nodes look and read.

use super::object::Object;
use super::{Crdt, Known, Message};
use crate::base::NodeId;
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 2] = [("Offer", Tone::Update), ("Answer", Tone::Reply)];

/// Keys that a card shows.
const KEYS_SHOWN: usize = 6;

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Offer(known) => (0, format!("contains {}", updates(known))),
        Message::Answer(known) => (1, format!("contains {}", updates(known))),
    }
}

fn updates(known: &Known) -> String {
    match known.vector.iter().sum::<u64>() {
        1 => "1 update".into(),
        n => format!("{n} updates"),
    }
}

pub fn replica(crdt: &Crdt, me: NodeId, disk: &Known, durable: &Known, card: &mut Card) {
    card.headline = updates(disk);
    let counts: Vec<String> = disk.vector.iter().map(u64::to_string).collect();
    let mut dead = 0;
    for (key, object) in &disk.objects {
        let shown = crdt.shown(object, me);
        let size = if let Datum::List(items) = &shown { items.len() as i64 } else { 1 };
        dead += tombstones(object);
        if card.cells.len() < KEYS_SHOWN {
            let firm = durable.objects.get(key) == Some(object);
            card.cells.push(Cell { text: format!("{key}={shown}"), firm, epoch: 0 });
        }
        card.probes.push((format!("size.{key}"), Datum::Int(size)));
        card.probes.push((format!("value.{key}"), shown));
    }
    if !disk.objects.contains_key("x") {
        // Goals may ask for it before anything was written.
        card.probes.push(("value.x".into(), Datum::None));
        card.probes.push(("size.x".into(), Datum::Int(0)));
    }
    card.probes.push(("updates".into(), Datum::Int(disk.vector.iter().sum::<u64>() as i64)));
    card.probes.push(("vector".into(), Datum::Text(counts.join(","))));
    card.probes.push(("tombstones".into(), Datum::Int(dead)));
}

/// What a state keeps of elements that are gone.
fn tombstones(object: &Object) -> i64 {
    let count = match object {
        Object::TwoPhase(elements) => elements.values().filter(|removed| **removed).count(),
        Object::Timed(entries) => entries.values().filter(|timed| !timed.there).count(),
        Object::Sequence(items) => items.iter().filter(|item| item.removed).count(),
        Object::Counter(_) | Object::Observed(_) => 0,
    };
    count as i64
}
