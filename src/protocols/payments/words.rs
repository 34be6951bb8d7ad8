//! How messages and nodes look and read.

use super::{Disk, Message, Payments, Reply, State, bank, client, front};
use crate::protocols::waiting;
use crate::sim::protocol::{Card, View};
use crate::wire::{Cell, Datum, Tone};

pub const KINDS: [(&str, Tone); 3] = [("Pay", Tone::Update), ("Ask", Tone::Query), ("Answer", Tone::Reply)];

/// Accounts that a card shows.
const ACCOUNTS_SHOWN: usize = 8;

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::Pay(order) => (0, format!("pay {} {}", order.to, order.amount)),
        Message::Ask { account, .. } => (1, format!("balance of {account}")),
        Message::Answer { reply: Reply::Paid(_), .. } => (2, "paid".into()),
        Message::Answer { reply: Reply::Refused, .. } => (2, "refused".into()),
        Message::Answer { reply: Reply::Holds(amount), .. } => (2, format!("holds {amount}")),
    }
}

pub fn bank(b: &bank::Bank, disk: &Disk, durable: &Disk, card: &mut Card) {
    let keys = disk.kept.len() + b.kept.len();
    card.headline = match disk.charges {
        1 => "1 charge".into(),
        n => format!("{n} charges"),
    };
    if keys > 0 {
        card.headline += &format!(" · {keys} keys");
    }
    for (name, amount) in disk.accounts.iter().take(ACCOUNTS_SHOWN) {
        let firm = durable.accounts.get(name) == Some(amount);
        card.cells.push(Cell { text: format!("{name}={amount}"), firm, epoch: 0 });
        card.probes.push((format!("balance.{name}"), Datum::Int(*amount)));
    }
    card.probes.push(("charges".into(), Datum::Int(disk.charges as i64)));
    card.probes.push(("keys".into(), Datum::Int(keys as i64)));
}

pub fn front(f: &front::Front, card: &mut Card) {
    card.headline = match f.open.len() {
        0 => "idle".into(),
        n => format!("{n} under way"),
    };
    card.probes.push(("open".into(), Datum::Int(f.open.len() as i64)));
    card.probes.push(("keys".into(), Datum::Int(f.kept.len() as i64)));
}

pub fn client(c: &client::Client, card: &mut Card) {
    let oldest = c.pending.first().map(|(_, pending)| pending);
    let asked = oldest.map_or(0, |p| p.asked);
    let times = if asked == 1 { "asked once".into() } else { format!("asked {asked} times") };
    waiting(card, oldest.map(|p| (&p.op, times)), c.pending.len());
    card.probes.push(("asked".into(), Datum::Int(i64::from(asked))));
}

/// Who waits, and what stands in the way.
pub fn why_stuck(view: &View<'_, Payments>) -> Option<String> {
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
    let down = |role: &str| {
        let nodes = view.setup.role(role).filter(|n| view.state(*n).is_none());
        nodes.map(name).collect::<Vec<_>>().join(", ")
    };
    let who = match (view.setup.role("bank").next(), down("bank"), down("front")) {
        (None, ..) => "there is no bank".into(),
        (_, bank, _) if !bank.is_empty() => format!("{bank} is down"),
        (_, _, fronts) if !fronts.is_empty() => format!("of the fronts {fronts} is down"),
        (Some(bank), ..) => format!("{} is up, but does not answer", name(bank)),
    };
    Some(format!("{who}; {}", waits.join("; ")))
}
