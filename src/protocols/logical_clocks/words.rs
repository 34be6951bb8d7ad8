//! How messages and nodes look and read.

use super::node::shown;
use super::stamp::Stamp;
use super::{Clocks, Disk, Message, Order, Version, What};
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 4] =
    [("Tell", Tone::Query), ("Write", Tone::Update), ("Offer", Tone::Update), ("Answer", Tone::Reply)];

/// Keys that a card shows.
const KEYS_SHOWN: usize = 5;

pub fn label(clocks: &Clocks, m: &Message) -> (u8, String) {
    match &m.what {
        What::Tell => (0, format!("it is {} here", time(clocks, &m.stamp))),
        What::Write { key, version } => (1, write(clocks, key, version)),
        What::Offer(held) => (2, format!("offers {}", keys(held.len()))),
        What::Answer(held) => (3, format!("has more of {}", keys(held.len()))),
    }
}

fn keys(count: usize) -> String {
    if count == 1 { "1 key".into() } else { format!("{count} keys") }
}

/// `x=4 (1.204 s)`
pub fn write(clocks: &Clocks, key: &str, version: &Version) -> String {
    format!("{key}={} ({})", version.value, time(clocks, &version.stamp))
}

/// What the clock that orders writes shows.
fn time(clocks: &Clocks, stamp: &Stamp) -> String {
    match clocks.order {
        Order::Physical => stamp.physical.to_string(),
        Order::Lamport => stamp.lamport.to_string(),
        Order::Hybrid => stamp.hybrid.to_string(),
        Order::Vector => vector(stamp),
    }
}

/// `3,1,0`
fn vector(stamp: &Stamp) -> String {
    let counts: Vec<String> = stamp.vector.iter().map(u64::to_string).collect();
    counts.join(",")
}

pub fn node(clocks: &Clocks, disk: &Disk, durable: &Disk, card: &mut Card) {
    let now = &disk.clocks;
    card.headline = match now.event {
        0 => "no event".into(),
        _ => format!("L {} · V {}", now.lamport, vector(now)),
    };
    for (key, held) in disk.held.iter().take(KEYS_SHOWN) {
        let firm = durable.held.get(key) == Some(held);
        let values: Vec<String> = held.iter().map(|version| version.value.to_string()).collect();
        let order = held.iter().map(|version| time(clocks, &version.stamp)).collect::<Vec<_>>().join(" | ");
        card.cells.push(Cell { text: format!("{key}={}", values.join(" | ")), firm, epoch: 0 });
        if ["x", "y", "z"].contains(&key.as_str()) {
            card.probes.push((key.to_string(), shown(held)));
        }
        card.probes.push((format!("value.{key}"), shown(held)));
        card.probes.push((format!("time.{key}"), Datum::Text(order)));
        card.probes.push((format!("siblings.{key}"), Datum::Int(held.len() as i64)));
    }
    if !disk.held.contains_key("x") {
        // Goals may ask for it before anything was written.
        card.probes.push(("value.x".into(), Datum::None));
        card.probes.push(("siblings.x".into(), Datum::Int(0)));
    }
    let ahead = now.hybrid.latest.since(now.physical);
    for (name, value) in [
        ("events", now.event as i64),
        ("lamport", now.lamport as i64),
        ("physical-us", now.physical.0 as i64),
        ("hybrid-us", now.hybrid.latest.0 as i64),
        ("hybrid-count", now.hybrid.count as i64),
        ("hybrid-ahead-us", ahead.0 as i64),
    ] {
        card.probes.push((name.into(), Datum::Int(value)));
    }
    card.probes.push(("vector".into(), Datum::Text(vector(now))));
}
