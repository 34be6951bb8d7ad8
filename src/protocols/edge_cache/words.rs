//! How messages and nodes look and read.

use super::client::Client;
use super::edge::Edge;
use super::origin::Origin;
use super::{Disk, EdgeCache, How, Message, State};
use crate::protocols::{stored_key, stored_keys, waiting};
use crate::sim::protocol::{Card, View};
use crate::wire::{Datum, Tone};

pub const KINDS: [(&str, Tone); 9] = [
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Answer", Tone::Reply),
    ("Unavailable", Tone::Refusal),
    ("Fetch", Tone::Query),
    ("Content", Tone::Reply),
    ("Not modified", Tone::Reply),
    ("Purge", Tone::Update),
    ("Purged", Tone::Routine),
];

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Put { key, value, .. } => (0, format!("put {key}={value}")),
        Message::Get { key, .. } => (1, format!("get {key}")),
        Message::Answer { value: Datum::None, version: 1.., .. } => (2, "done".into()),
        Message::Answer { version, value, how, age, .. } => {
            let said = if *version == 0 { "nothing".into() } else { format!("{value}") };
            let stale = if matches!(how, How::WhileRevalidate | How::IfError) { ", stale" } else { "" };
            (2, format!("answer {said}, {age} old{stale}"))
        }
        Message::Unavailable { .. } => (3, "the origin is silent".into()),
        Message::Fetch { key, validator: None, .. } => (4, format!("fetch {key}")),
        Message::Fetch { key, validator: Some(version), .. } => (4, format!("fetch {key} unless {version}")),
        Message::Content { key, version, body: Some(value), .. } => (5, format!("{key}={value}, version {version}")),
        Message::Content { key, version, body: None, .. } => (6, format!("{key} is still version {version}")),
        Message::Purge { key, version } => (7, format!("purge {key} below {version}")),
        Message::Purged { key, version } => (8, format!("purged {key} below {version}")),
    }
}

fn number(card: &mut Card, name: &str, value: u32) {
    card.probes.push((name.into(), Datum::Int(i64::from(value))));
}

pub fn origin(o: &Origin, disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.entries.len());
    if !o.purges.is_empty() {
        card.headline += &format!(" · {} purges", o.purges.len());
    }
    for (key, held) in &disk.entries {
        let firm = durable.entries.get(key) == Some(held);
        stored_key(card, key, &held.value, firm, ("version", Datum::Int(held.version as i64)));
    }
    number(card, "fetches", o.fetches);
    number(card, "not-modified", o.not_modified);
    number(card, "purging", o.purges.len() as u32);
}

pub fn edge(e: &Edge, card: &mut Card) {
    let counts = &e.counts;
    stored_keys(card, e.held.len());
    let ratio = (u64::from(counts.hits) * 100).checked_div(u64::from(counts.requests));
    if let Some(ratio) = ratio {
        card.headline += &format!(" · {ratio} % hits");
    }
    for (key, held) in &e.held {
        stored_key(card, key, &held.value, !held.failed, ("version", Datum::Int(held.version as i64)));
    }
    for (name, value) in [
        ("requests", counts.requests),
        ("hits", counts.hits),
        ("hit-percent", ratio.unwrap_or_default() as u32),
        ("collapsed", counts.collapsed),
        ("misses", counts.misses),
        ("stale", counts.stale),
        ("fetches", counts.fetches),
        ("not-modified", counts.not_modified),
        ("failed", counts.failed),
        ("fetching", e.fetches.len() as u32),
        ("silent", e.held.values().filter(|held| held.failed).count() as u32),
    ] {
        number(card, name, value);
    }
}

pub fn client(c: &Client, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let asked = oldest.map_or(0, |p| p.asked);
    let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
    waiting(card, oldest.map(|p| (&p.op, times)), c.pending.len());
    number(card, "rerouted", c.rerouted);
    number(card, "stale", c.stale);
    card.probes.push(("age-us".into(), Datum::Int(c.age.0 as i64)));
}

/// Who waits, and who is down.
pub fn why_stuck(view: &View<'_, EdgeCache>) -> Option<String> {
    let name = |node| view.setup.name(node);
    let waits = view.setup.role("client").find_map(|node| match view.state(node)? {
        State::Client(c) => Some(format!("{} waits for {}", name(node), c.pending.first()?.1.op)),
        _ => None,
    })?;
    let mut served = view.setup.role("origin").chain(view.setup.role("edge"));
    let down = served.find(|node| view.state(*node).is_none());
    Some(format!("{}; {waits}", down.map_or("nobody is down".into(), |node| format!("{} is down", name(node)))))
}
