//! How messages and nodes look and read.

use super::{Chain, Configuration, Disk, Message, Reply, Stamp, State, master, server};
use crate::protocols::{stored_key, stored_keys};
use crate::sim::protocol::{Card, Setup, View};
use crate::wire::{Datum, Tone};
use std::fmt;

pub const KINDS: [(&str, Tone); 9] = [
    ("Ping", Tone::Routine),
    ("Configured", Tone::Routine),
    ("Find", Tone::Query),
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Answer", Tone::Reply),
    ("Forward", Tone::Update),
    ("Ack", Tone::Reply),
    ("Transfer", Tone::Update),
];

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Ping { number, ready: false, .. } => (0, format!("ping in configuration {number}")),
        Message::Ping { number, ready: true, .. } => (0, format!("ping, ready to join {number}")),
        Message::Configured { configuration: c, .. } => {
            let joins = if c.joining.is_some() { ", one joins" } else { "" };
            (1, format!("configuration {}: {} in the chain{joins}", c.number, c.servers.len()))
        }
        Message::Find => (2, "who is the chain?".into()),
        Message::Put { key, value, .. } => (3, format!("put {key}={value}")),
        Message::Get { key, .. } => (4, format!("get {key}")),
        Message::Answer { reply, .. } => match reply {
            Reply::Done(..) => (5, "done".into()),
            Reply::Value(Datum::None, _) => (5, "answer nothing yet".into()),
            Reply::Value(value, _) => (5, format!("answer {value}")),
            Reply::NotServing => (5, "does not serve that".into()),
        },
        Message::Forward { after, changes, .. } => match &changes[..] {
            [] => (6, format!("has {}", writes(*after))),
            [one] => (6, format!("write {}: {}={}", one.stamp.index, one.key, one.value)),
            [first, .., last] => (6, format!("writes {} to {}", first.stamp.index, last.stamp.index)),
        },
        Message::Ack { received, wants: true, .. } => (7, format!("has {received}, wants more")),
        Message::Ack { done, .. } => (7, format!("{} done", writes(*done))),
        Message::Transfer { store, .. } => (8, format!("state of {}", writes(store.index))),
    }
}

/// So many, in words.
pub fn writes(n: u64) -> String {
    if n == 1 { "1 write".into() } else { format!("{n} writes") }
}

impl Configuration {
    /// `3 is n1, n4, and n2 joins`
    pub fn words(&self, setup: &Setup) -> String {
        let names: Vec<&str> = self.servers.iter().map(|n| setup.name(*n)).collect();
        let joins = self.joining.map(|n| format!(", and {} joins", setup.name(n))).unwrap_or_default();
        format!("{} is {}{joins}", self.number, names.join(", "))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write {} of configuration {}", self.index, self.configuration)
    }
}

pub fn server(s: &server::Server, disk: &Disk, durable: &Disk, card: &mut Card) {
    let (role, tone) = match s.configuration.number {
        0 => ("restarted", Tone::Neutral),
        _ if s.is_head() && s.is_tail() => ("head and tail", Tone::Leader),
        _ if s.is_head() => ("head", Tone::Leader),
        _ if s.is_tail() => ("tail", Tone::Follower),
        _ if s.is_member() => ("middle", Tone::Follower),
        _ if s.joins() => ("joins", Tone::Candidate),
        _ => ("spare", Tone::Neutral),
    };
    let on_its_way = if s.is_member() { disk.store.index.saturating_sub(s.done) } else { 0 };
    stored_keys(card, disk.store.entries.len());
    card.headline = format!("chain {} · {}", disk.promised, writes(disk.store.index));
    if on_its_way > 0 {
        card.headline += &format!(" · {on_its_way} on its way");
    }
    (card.role, card.tone, card.epoch) = (role.into(), Some(tone), disk.promised);
    card.knows = s.after().zip(s.received).map(|(next, n)| (next, format!("has {n} or more"))).into_iter().collect();
    for (key, entry) in &disk.store.entries {
        let firm = durable.store.entries.get(key) == Some(entry);
        stored_key(card, key, &entry.value, firm, ("version", Datum::Int(entry.stamp.index as i64)));
    }
    let has_state = disk.held > 0 && disk.held == disk.promised;
    for (name, value) in [
        ("configuration", disk.promised),
        ("writes", disk.store.index),
        ("on-its-way", on_its_way),
        ("has-state", u64::from(has_state)),
    ] {
        card.probes.push((name.into(), Datum::Int(value as i64)));
    }
}

pub fn master(s: &master::Master, card: &mut Card) {
    let joins = if s.configuration.joining.is_some() { " · one joins" } else { "" };
    card.headline = format!("chain {} of {}{joins}", s.configuration.number, s.configuration.servers.len());
    card.epoch = s.configuration.number;
    card.probes.push(("configuration".into(), Datum::Int(s.configuration.number as i64)));
    card.probes.push(("length".into(), Datum::Int(s.configuration.servers.len() as i64)));
}

/// Who waits, and what stands in the way.
pub fn why_stuck(view: &View<'_, Chain>) -> Option<String> {
    let name = |n| view.setup.name(n);
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        let oldest = client.pending.values().take(3);
        waits.extend(oldest.map(|p| format!("{} waits for {} since {}", name(node), p.op, p.begun)));
    }
    if waits.is_empty() {
        return None;
    }
    let who = match view.setup.role("master").next().map(|n| (n, view.state(n))) {
        None => "there is no master".into(),
        Some((n, None)) => format!("{}, the master, is down", name(n)),
        Some((_, Some(State::Master(m)))) => {
            let c = &m.configuration;
            let down: Vec<&str> = c.servers.iter().copied().filter(|n| view.state(*n).is_none()).map(name).collect();
            match down.is_empty() {
                false => format!("of the chain {} {} down", c.words(view.setup), down.join(", ")),
                true => format!("the chain {} is up, but does not answer", c.words(view.setup)),
            }
        }
        Some(_) => return None,
    };
    Some(format!("{who}; {}", waits.join("; ")))
}
