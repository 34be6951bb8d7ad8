//! How messages and nodes look and read.

use super::client::Client;
use super::replica::Replica;
use super::{Disk, Message, QuorumStore, Reply, State};
use crate::protocols::{stored_key, stored_keys, waiting};
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Tone};

pub const KINDS: [(&str, Tone); 13] = [
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Answer", Tone::Reply),
    ("Write", Tone::Update),
    ("Ack", Tone::Reply),
    ("Read", Tone::Query),
    ("Response", Tone::Reply),
    ("Repair", Tone::Update),
    ("Handoff", Tone::Update),
    ("Taken", Tone::Reply),
    ("Tree", Tone::Routine),
    ("Keys", Tone::Routine),
    ("Exchange", Tone::Update),
];

pub fn label(m: &Message) -> (u8, String) {
    let stands_in = |instead: bool| if instead { " for another" } else { "" };
    match m {
        Message::Put { key, value, .. } => (0, format!("put {key}={value}")),
        Message::Get { key, .. } => (1, format!("get {key}")),
        Message::Answer { reply: Reply::Stored(..), .. } => (2, "stored".into()),
        Message::Answer { key, reply: Reply::Found(held), .. } => (2, format!("found {}", held.words(key))),
        Message::Write { key, held, instead_of, .. } => {
            (3, format!("write {}{}", held.words(key), stands_in(instead_of.is_some())))
        }
        Message::Ack { key, .. } => (4, format!("has {key}")),
        Message::Read { key, instead_of, .. } => (5, format!("read {key}{}", stands_in(instead_of.is_some()))),
        Message::Response { key, held, .. } => (6, format!("holds {}", held.words(key))),
        Message::Repair { key, held } => (7, format!("repair {}", held.words(key))),
        Message::Handoff { key, held } => (8, format!("hint {}", held.words(key))),
        Message::Taken { key, .. } => (9, format!("took {key}")),
        Message::Tree { nodes, .. } if nodes.is_empty() => (10, "all hashes equal".into()),
        Message::Tree { level, nodes, .. } => (10, format!("level {level}: {}", count(nodes.len(), "hash", "hashes"))),
        Message::Keys { digests, .. } => (11, format!("digests of {}", count(digests.len(), "key", "keys"))),
        Message::Exchange { helds, wanted, .. } => {
            (12, format!("{}, wants {}", count(helds.len(), "key", "keys"), wanted.len()))
        }
    }
}

pub fn count(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {more}") }
}

pub fn replica(r: &Replica, disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.held.len());
    if !disk.hints.is_empty() {
        card.headline += &format!(" · {}", count(disk.hints.len(), "hint", "hints"));
    }
    for (key, held) in &disk.held {
        let firm = durable.held.get(key) == Some(held);
        let mark = held.latest().map(|latest| latest.mark.to_string()).unwrap_or_default();
        stored_key(card, key, &held.answer(), firm, ("mark", Datum::Text(mark)));
    }
    for hint in &disk.hints {
        let text = format!("hint: {}", hint.held.words(&hint.key));
        match card.knows.iter_mut().find(|(node, _)| *node == hint.home) {
            Some((_, words)) => *words = "hints".into(),
            None => card.knows.push((hint.home, text)),
        }
    }
    let siblings = disk.held.values().map(|held| held.0.len()).max().unwrap_or(0);
    card.probes.push(("hints".into(), Datum::Int(disk.hints.len() as i64)));
    card.probes.push(("siblings".into(), Datum::Int(siblings as i64)));
    card.probes.push(("coordinating".into(), Datum::Int(r.coordinator.open.len() as i64)));
}

pub fn client(c: &Client, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let progress = match oldest.map_or(0, |pending| pending.asked) {
        0 => format!("{} heard", c.coordinator.open.first().map_or(0, |(_, work)| work.heard.len())),
        1 => "asked once".into(),
        asked => format!("asked {asked} times"),
    };
    waiting(card, oldest.map(|pending| (&pending.op, progress)), c.pending.len());
}

/// Who waits, and who of the key's home is down.
pub fn why_stuck(store: &QuorumStore, view: &View<'_, QuorumStore>) -> Option<String> {
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        for p in client.pending.values().take(3) {
            let homes = store.homes(view.setup, &p.op.key);
            let down = homes.iter().filter(|home| view.state(**home).is_none());
            let down: Vec<&str> = down.map(|home| view.setup.name(*home)).collect();
            let homes: Vec<&str> = homes.iter().map(|home| view.setup.name(*home)).collect();
            let down = if down.is_empty() { String::new() } else { format!(", of whom {} down", down.join(", ")) };
            let (name, needed) =
                (view.setup.name(node), if p.op.f == "put" { store.write_quorum } else { store.read_quorum });
            waits.push(format!("{name} waits for {} since {} ({needed} of {}{down})", p.op, p.begun, homes.join(", ")));
        }
    }
    (!waits.is_empty()).then(|| waits.join("; "))
}
