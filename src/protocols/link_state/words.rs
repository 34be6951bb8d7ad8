//! How messages and nodes look and read.

use super::{Body, Disk, LinkState, Message, State, Talk, client, router};
use crate::base::NodeId;
use crate::protocols::{stored_key, stored_keys, waiting};
use crate::sim::protocol::{Card, View};
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 8] = [
    ("Hello", Tone::Routine),
    ("Summary", Tone::Query),
    ("Request", Tone::Query),
    ("Update", Tone::Update),
    ("Ack", Tone::Routine),
    ("Put", Tone::Update),
    ("Get", Tone::Query),
    ("Answer", Tone::Reply),
];

/// Neighbours and ways that a card shows.
const SHOWN: usize = 8;

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Hello(pair) if pair.yours.is_none() => (0, "hello".into()),
        Message::Hello(_) => (0, "hello, I hear you".into()),
        Message::Link(_, Talk::Summary { has, done: false, .. }) => (1, format!("has {}", advertisements(has.len()))),
        Message::Link(_, Talk::Summary { .. }) => (1, "has read the summary".into()),
        Message::Link(_, Talk::Request(wanted)) => (2, format!("asks for {}", advertisements(wanted.len()))),
        Message::Link(_, Talk::Update(all)) => match &all[..] {
            [one] => (3, format!("links of node {}, number {}", one.origin.index() + 1, one.sequence)),
            _ => (3, advertisements(all.len())),
        },
        Message::Link(_, Talk::Ack(all)) => (4, format!("has got {}", advertisements(all.len()))),
        Message::Packet(packet) => match &packet.body {
            Body::Put { key, value } => (5, format!("put {key}={value}")),
            Body::Get { key } => (6, format!("get {key}")),
            Body::Answer { version: 0, .. } => (7, "answer nothing yet".into()),
            Body::Answer { value: Datum::None, .. } => (7, "done".into()),
            Body::Answer { value, .. } => (7, format!("answer {value}")),
        },
    }
}

fn advertisements(n: usize) -> String {
    if n == 1 { "1 advertisement".into() } else { format!("{n} advertisements") }
}

fn int(n: u64) -> Datum {
    Datum::Int(n as i64)
}

pub fn router(r: &router::Router, card: &mut Card) {
    let full = r.own_links().len();
    let reached = r.table.len().saturating_sub(1);
    card.headline = format!("{full} of {} links · reaches {reached}", r.neighbours.len());
    let cell = |n: &router::Neighbour| Cell {
        text: format!("{}: cost {}", n.node.index() + 1, n.cost),
        firm: n.is_full(),
        epoch: 0,
    };
    card.cells = r.neighbours.iter().take(SHOWN).map(cell).collect();
    let ways = r.table.iter().filter(|(node, _)| **node != r.me).take(SHOWN);
    card.knows = ways.map(|(node, way)| (*node, format!("by {}, cost {}", way.next.index() + 1, way.cost))).collect();
    let probes = [
        ("links", full as u64),
        ("reaches", reached as u64),
        ("advertised", r.sequence),
        ("passed-on", r.passed),
        ("no-way", r.no_way),
        ("too-far", r.too_far),
        ("circled", r.circled),
    ];
    card.probes.extend(probes.map(|(name, n)| (name.into(), int(n))));
}

pub fn host(disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.entries.len());
    for (key, held) in &disk.entries {
        let firm = durable.entries.get(key) == Some(held);
        stored_key(card, key, &held.0, firm, ("version", int(held.1)));
    }
}

pub fn client(c: &client::Client, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let asked = oldest.map_or(0, |p| p.asked);
    let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
    waiting(card, oldest.map(|p| (&p.op, times)), c.pending.len());
    card.probes.push(("asked".into(), int(asked.into())));
    if let Some((_, _, came_by)) = &c.last {
        card.cells = vec![Cell { text: format!("by {}", c.way), firm: true, epoch: 0 }];
        card.probes.push(("way".into(), Datum::Text(c.way.clone())));
        card.probes.push(("hops".into(), int(came_by.len() as u64)));
    }
}

/// Who waits, and who on the way is down.
pub fn why_stuck(view: &View<'_, LinkState>) -> Option<String> {
    let name = |n: NodeId| view.setup.name(n);
    let mut waits = Vec::new();
    for node in view.setup.role("client") {
        let Some(State::Client(client)) = view.state(node) else { continue };
        let oldest = client.pending.values().take(3);
        waits.extend(oldest.map(|p| format!("{} waits for {} since {}", name(node), p.op, p.begun)));
    }
    if waits.is_empty() {
        return None;
    }
    let all = (0..view.setup.nodes.len() as u16).map(NodeId);
    let down: Vec<&str> = all.filter(|n| view.state(*n).is_none()).map(name).collect();
    let who = if down.is_empty() { "all are up".into() } else { format!("down: {}", down.join(", ")) };
    Some(format!("{who}; {}", waits.join("; ")))
}
