//! How messages and nodes look and read.

use super::{Disk, Message, PrimaryBackup, Reply, State, View, server, service};
use crate::protocols::{stored_key, stored_keys};
use crate::sim::protocol::{Card, View as Nodes};
use crate::wire::{Datum, Tone};

pub const KINDS: [(&str, Tone); 11] = [
    ("Ping", Tone::Routine),
    ("View", Tone::Routine),
    ("Find", Tone::Query),
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Promote", Tone::Update),
    ("Answer", Tone::Reply),
    ("Transfer", Tone::Update),
    ("Update", Tone::Update),
    ("Ack", Tone::Reply),
    ("Get after", Tone::Query),
];

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Ping { view, ready: false, .. } => (0, format!("ping in view {view}")),
        Message::Ping { view, ready: true, .. } => (0, format!("ping, view {view} is ready")),
        Message::View(View { number, active: true, .. }) => (1, format!("view {number}")),
        Message::View(View { number, .. }) => (1, format!("view {number}, not active")),
        Message::Find => (2, "who serves?".into()),
        Message::Put { key, value, .. } => (3, format!("put {key}={value}")),
        Message::Get { key, .. } => (4, format!("get {key}")),
        Message::Promote { server, .. } => (5, format!("promote {server}")),
        Message::Answer { reply, .. } => match reply {
            Reply::Done(..) => (6, "done".into()),
            Reply::Value(Datum::None, _) => (6, "answer nothing yet".into()),
            Reply::Value(value, _) => (6, format!("answer {value}")),
            Reply::NotPrimary => (6, "not primary".into()),
            Reply::Refused => (6, "refused".into()),
            Reply::Behind => (6, "behind that session".into()),
        },
        Message::Transfer { store, .. } => (7, format!("state of {}", writes(store.index))),
        Message::Update { changes, .. } => match &changes[..] {
            [] => (8, "still my backup?".into()),
            [one] => (8, format!("write {}: {}={}", one.stamp.index, one.key, one.value)),
            [first, .., last] => (8, format!("writes {} to {}", first.stamp.index, last.stamp.index)),
        },
        Message::Ack { index, .. } => (9, format!("has {}", writes(*index))),
        Message::GetAfter { key, seen, .. } => (10, format!("get {key} after {}", writes(seen.index))),
    }
}

/// So many, in words.
pub fn writes(n: u64) -> String {
    if n == 1 { "1 write".into() } else { format!("{n} writes") }
}

pub fn server(s: &server::Server, disk: &Disk, durable: &Disk, card: &mut Card) {
    let holds = disk.held > 0 && disk.held == disk.promised;
    let (role, tone) = match s.view.number {
        _ if s.serves() => ("primary", Tone::Leader),
        _ if s.is_primary() => ("primary, not active", Tone::Candidate),
        _ if s.view.backups.contains(&s.me) => ("backup", Tone::Follower),
        0 => ("restarted", Tone::Neutral),
        _ => ("idle", Tone::Neutral),
    };
    stored_keys(card, disk.store.entries.len());
    card.headline = format!("view {} · {}", disk.promised, writes(disk.store.index));
    if s.fell_back {
        card.headline += " · fell back";
    }
    (card.role, card.tone, card.epoch) = (role.into(), Some(tone), disk.promised);
    card.knows = s.acks.iter().map(|(node, (index, _))| (*node, format!("has {index}"))).collect();
    for (key, entry) in &disk.store.entries {
        let firm = durable.store.entries.get(key) == Some(entry);
        stored_key(card, key, &entry.value, firm, ("version", Datum::Int(entry.stamp.index as i64)));
    }
    card.probes.push(("view".into(), Datum::Int(disk.promised as i64)));
    card.probes.push(("writes".into(), Datum::Int(disk.store.index as i64)));
    card.probes.push(("has-state".into(), Datum::Int(i64::from(holds))));
}

pub fn service(s: &service::Service, card: &mut Card) {
    let active = if s.view.active { "" } else { ", not active" };
    card.headline = format!("view {}{active}", s.view.number);
    card.epoch = s.view.number;
    card.probes.push(("view".into(), Datum::Int(s.view.number as i64)));
    card.probes.push(("active".into(), Datum::Int(i64::from(s.view.active))));
}

/// Who waits, and what stands in the way.
pub fn why_stuck(nodes: &Nodes<'_, PrimaryBackup>) -> Option<String> {
    let name = |n| nodes.setup.name(n);
    let mut waits = Vec::new();
    for node in nodes.setup.role("client") {
        let Some(State::Client(client)) = nodes.state(node) else { continue };
        let oldest = client.pending.values().take(3);
        waits.extend(oldest.map(|p| format!("{} waits for {} since {}", name(node), p.op, p.begun)));
    }
    if waits.is_empty() {
        return None;
    }
    let service = nodes.setup.role("view-service").next();
    let who = match service.map(|n| (n, nodes.state(n))) {
        None => "there is no view service".into(),
        Some((n, None)) => format!("{}, the view service, is down", name(n)),
        Some((_, Some(State::Service(s)))) => {
            let view = &s.view;
            let down: Vec<&str> = view.members().filter(|n| nodes.state(*n).is_none()).map(name).collect();
            match (view.active, down.is_empty()) {
                (_, false) => format!("of view {} {} down", view.number, down.join(", ")),
                (false, _) => format!("view {} is not active yet", view.number),
                (true, _) => format!("{} is primary of view {}, but does not answer", name(view.primary), view.number),
            }
        }
        Some(_) => return None,
    };
    Some(format!("{who}; {}", waits.join("; ")))
}
