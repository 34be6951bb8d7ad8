//! How messages and nodes look and read.

use super::client::Client;
use super::replica::Replica;
use super::{CausalStore, Dependency, Disk, Entry, Message, Reply, State, Version, Write, keeper};
use crate::protocols::{stored_key, stored_keys, waiting};
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Tone};
use std::fmt;

pub const KINDS: [(&str, Tone); 7] = [
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Answer", Tone::Reply),
    ("Replicate", Tone::Update),
    ("Confirm", Tone::Reply),
    ("Check", Tone::Query),
    ("Checked", Tone::Reply),
];

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Put { key, value, after, .. } => (0, format!("put {key}={value}{}", following(after))),
        Message::Get { key, .. } => (1, format!("get {key}")),
        Message::Answer { reply: Reply::Stored(version), .. } => (2, format!("stored as {version}")),
        Message::Answer { reply: Reply::Found(Entry { version, .. }), .. } if *version == Version::default() => {
            (2, "found nothing".into())
        }
        Message::Answer { reply: Reply::Found(entry), .. } => (2, format!("found {} ({})", entry.value, entry.version)),
        Message::Answer { reply: Reply::Full, .. } => (2, "refused".into()),
        Message::Replicate { write: w, .. } => (3, format!("{}{}", write(w), following(&w.after))),
        Message::Confirm { number } => (4, format!("has {number} of yours")),
        Message::Check { after, .. } => (5, format!("is {after} here?")),
        Message::Checked { after, .. } => (6, format!("{after} is here")),
    }
}

/// `x=4 (7.2)`
pub fn write(write: &Write) -> String {
    format!("{}={} ({})", write.key, write.value, write.version)
}

pub fn entry(key: &str, entry: &Entry) -> String {
    format!("{key}={} ({})", entry.value, entry.version)
}

fn following(after: &[Dependency]) -> String {
    let names: Vec<String> = after.iter().map(Dependency::to_string).collect();
    if names.is_empty() { String::new() } else { format!(" after {}", names.join(", ")) }
}

/// `x 7.2`
impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.version)
    }
}

pub fn replica(r: &Replica, disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.entries.len());
    let unsent: usize = disk.outboxes.values().map(|outbox| outbox.writes.len()).sum();
    for (count, word) in [(r.waiting.len(), "held back"), (unsent, "unconfirmed")] {
        if count > 0 {
            card.headline += &format!(" · {count} {word}");
        }
    }
    for (key, entry) in &disk.entries {
        let firm = durable.entries.get(key) == Some(entry);
        stored_key(card, key, &entry.value, firm, ("version", Datum::Text(entry.version.to_string())));
    }
    let behind = disk.outboxes.iter().filter(|(_, outbox)| !outbox.writes.is_empty());
    card.knows = behind.map(|(node, outbox)| (*node, format!("{} unconfirmed", outbox.writes.len()))).collect();
    for (name, value) in
        [("held-back", r.waiting.len() as i64), ("unconfirmed", unsent as i64), ("clock", disk.clock as i64)]
    {
        card.probes.push((name.into(), Datum::Int(value)));
    }
}

pub fn client(c: &Client, disk: &Disk, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let asked = oldest.map_or(0, |pending| pending.asked);
    let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
    waiting(card, oldest.map(|pending| (&pending.op, times)), c.pending.len());
    for after in disk.follows.iter().take(4) {
        card.cells.push(crate::wire::Cell { text: after.to_string(), firm: true, epoch: 0 });
    }
    card.probes.push(("follows".into(), Datum::Int(disk.follows.len() as i64)));
}

/// Who waits, and for whom.
pub fn why_stuck(store: &CausalStore, view: &View<'_, CausalStore>) -> Option<String> {
    let name = |node| view.setup.name(node);
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        for p in client.pending.values().take(3) {
            let who = match keeper(&store.home(view.setup, node), &p.op.key) {
                None => "no replica".into(),
                Some(keeper) if view.state(keeper).is_none() => format!("{}, which is down", name(keeper)),
                Some(keeper) => name(keeper).to_string(),
            };
            waits.push(format!("{} waits for {} since {}, by {who}", name(node), p.op, p.begun));
        }
    }
    (!waits.is_empty()).then(|| waits.join("; "))
}
