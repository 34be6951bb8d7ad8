//! Every row as a sentence in plain English, without its time.

use super::cell::Machine;
use super::protocol::Setup;
use super::sample;
use super::trace::{Rec, Trace};
use crate::base::{codec, decimal};
use crate::wire::*;

/// What is needed to read a row.
pub struct Reader<'a> {
    pub trace: &'a Trace,
    pub setup: &'a Setup,
    pub machine: &'a dyn Machine,
    /// The properties' names, in order.
    pub properties: &'a [(&'static str, &'static str)],
}

impl Reader<'_> {
    fn name(&self, node: u16) -> &str {
        &self.setup.nodes[usize::from(node)].name
    }

    /// The words for the message that a row is about.
    pub fn message(&self, rec: &Rec) -> String {
        let label = self.machine.label(self.trace.payload(rec));
        let words = label.map_or_else(|| "an unreadable message".into(), |(_, words)| words);
        if rec.copy > 0 { format!("a copy of {words}") } else { words }
    }

    /// The kind of the message that a row is about.
    pub fn message_kind(&self, rec: &Rec) -> Option<u8> {
        self.machine.label(self.trace.payload(rec)).map(|(kind, _)| kind)
    }

    fn timer(&self, rec: &Rec) -> String {
        self.machine.timer_label(self.trace.data(rec)).1
    }

    pub fn sentence(&self, rec: &Rec) -> String {
        let (me, peer) = (self.name(rec.node), self.name(rec.peer));
        let text = || self.trace.text(rec);
        match rec.kind {
            RowKind::Boot => format!("{me} started"),
            RowKind::Command => text().into(),
            RowKind::Send => format!("{me} sent {} to {peer}", self.message(rec)),
            RowKind::Deliver => format!("{me} received {} from {peer}", self.message(rec)),
            RowKind::Queued => self.queued(rec),
            RowKind::Lost => {
                let (from, to) = if rec.code == 1 { (me, peer) } else { (peer, me) };
                format!("{} from {from} to {to} was lost: {}", capital(&self.message(rec)), self.trace.loss(rec).1)
            }
            RowKind::Duplicate => format!("The network made {} from {me} to {peer}", self.message(rec)),
            RowKind::TimerSet => format!("{me} set a timer: {}", self.timer(rec)),
            RowKind::TimerFired => format!("{me}'s timer fired: {}", self.timer(rec)),
            RowKind::TimerCancelled => format!("{me} cancelled a timer: {}", self.timer(rec)),
            RowKind::Invoke => {
                let op: Op = codec::own(self.trace.data(rec));
                format!("{me} asks for {op}")
            }
            RowKind::Complete => self.complete(rec),
            RowKind::Write => format!("{me} wrote to its disk, not yet durable"),
            RowKind::Synced if rec.code == 1 => {
                format!("{me}'s disk lied: it said that a sync was finished, and kept nothing")
            }
            RowKind::Synced => format!("{me}'s disk finished a sync: what was written is durable"),
            RowKind::Crash => format!("{me} crashed: its memory is lost, and what its disk had not synced"),
            RowKind::Restart => format!("{me} restarts from its disk"),
            RowKind::Pause => format!("{me} paused: messages to it queue"),
            RowKind::Resume => format!("{me} goes on"),
            RowKind::Note => format!("{me}: {}", text()),
            RowKind::Violation => {
                let name = self.properties.get(usize::from(rec.code)).map_or("a property", |p| p.0);
                format!("\"{name}\" no longer holds: {}", text())
            }
            RowKind::Adversary => self.adversary(rec),
        }
    }

    /// What an adversary did shows in its row: copies have a name of their own, changed bytes differ from those before.
    fn adversary(&self, rec: &Rec) -> String {
        let before = rec.cause().map(|row| self.trace.get(row)).unwrap_or(rec);
        let (was, is) = (self.message(before), self.message(rec));
        let link = format!("from {} to {}", self.name(rec.node), self.name(rec.peer));
        match (rec.copy > 0, self.trace.payload(before) == self.trace.payload(rec)) {
            (true, true) => format!("An adversary replays {was} {link}"),
            // A message of its own, copy though it is called.
            (true, false) => {
                format!("An adversary injects {} {link}", self.message(&Rec { copy: 0, ..*rec }))
            }
            (false, true) => format!("An adversary read {was} {link}"),
            (false, false) => format!("An adversary altered {was} {link}: now it is {is}"),
        }
    }

    fn queued(&self, rec: &Rec) -> String {
        let (me, why) = (self.name(rec.node), self.trace.text(rec));
        match rec.cause().map(|row| self.trace.get(row).kind) {
            Some(RowKind::Send | RowKind::Duplicate | RowKind::Adversary) => {
                format!("{} from {} waits: {me} {why}", capital(&self.message(rec)), self.name(rec.peer))
            }
            Some(RowKind::TimerSet) => format!("A timer of {me} waits: {me} {why}"),
            Some(RowKind::Invoke) => format!("A request waits: {me} {why}"),
            _ => format!("{me}'s disk finished a sync while {me} is paused"),
        }
    }

    fn complete(&self, rec: &Rec) -> String {
        let (op, outcome, answer, begun) = self.trace.completed(rec);
        let took = rec.time().since(crate::base::Micros(begun));
        let me = self.name(rec.node);
        match (outcome, &answer) {
            (Outcome::Ok, Datum::None) => format!("{me}'s {op} succeeded after {took}"),
            (Outcome::Ok, value) => format!("{me}'s {op} answered {value} after {took}"),
            (Outcome::Fail, Datum::Text(why)) => format!("{me}'s {op} failed after {took}: {why}"),
            (Outcome::Fail, _) => format!("{me}'s {op} failed after {took}"),
            (Outcome::Unknown, Datum::Text(why)) => {
                format!("{me} does not know what became of {op} after {took}: {why}")
            }
            (Outcome::Unknown, _) => format!("{me} does not know what became of {op} after {took}"),
        }
    }

    /// A reader would stop here.
    pub fn is_interesting(&self, rec: &Rec) -> bool {
        use RowKind::*;
        matches!(rec.kind, Command | Lost | Complete | Crash | Restart | Pause | Resume | Note | Violation | Invoke)
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(chars).collect())
}

fn list(words: &[String], none: &str) -> String {
    if words.is_empty() { none.into() } else { words.join(", ") }
}

/// A command as a sentence.
pub fn of_command(command: &Command, setup: &Setup) -> String {
    let name = |node: crate::base::NodeId| {
        setup.nodes.get(node.index()).map_or_else(|| format!("node {}", node.0), |n| n.name.clone())
    };
    let message = |id: crate::base::MsgId| format!("message {} from {} to {}", id.count, name(id.from), name(id.to));
    let timer = |id: crate::base::TimerId| format!("timer {} of {}", id.count, name(id.node));
    let way = |one_way: bool| if one_way { " (one way)" } else { "" };
    match command {
        Command::Crash(n) => format!("You crash {}", n.node),
        Command::Restart(n) => format!("You restart {}", n.node),
        Command::Pause(n) => format!("You pause {}", n.node),
        Command::Resume(n) => format!("You resume {}", n.node),
        Command::Slow(c) => format!("{} now takes {} for each message", c.node, sample::describe(&c.service)),
        Command::Clock(c) => {
            format!("{}'s clock is off by {} us and drifts by {} ppm", c.node, c.offset_us, c.drift_ppm)
        }
        Command::Disk(c) => {
            let lies = if c.lies { ", and acknowledges syncs that it does not make" } else { "" };
            format!("{}'s disk takes {} for a sync{lies}", c.node, sample::describe(&c.sync))
        }
        Command::Cut(c) => {
            let (from, to) = (list(&c.from, "everyone"), list(&c.to, "everyone else"));
            format!("You cut {from} from {to}{}: rule \"{}\"", way(c.one_way), c.name)
        }
        Command::Heal(c) if c.name.is_empty() => "You heal all cuts".into(),
        Command::Heal(c) => format!("You heal \"{}\"", c.name),
        Command::Link(c) => {
            format!(
                "You change the links from {} to {}{}",
                list(&c.from, "everyone"),
                list(&c.to, "everyone"),
                way(c.one_way)
            )
        }
        Command::Clog(c) => {
            let act = if c.clogged { "clog" } else { "unclog" };
            format!(
                "You {act} the links from {} to {}{}",
                list(&c.from, "everyone"),
                list(&c.to, "everyone else"),
                way(c.one_way)
            )
        }
        Command::Adversary(c) => match &c.act {
            AdversaryAct::Stop => format!("The adversary \"{}\" stops", c.name),
            act => format!(
                "An adversary \"{}\" sits on the links from {} to {}: it {} {} messages",
                c.name,
                list(&c.from, "everyone"),
                list(&c.to, "everyone else"),
                match act {
                    AdversaryAct::Read => "reads",
                    AdversaryAct::Alter { .. } => "alters",
                    AdversaryAct::Replay { .. } => "replays",
                    _ => "injects its own after",
                },
                if c.kind.is_empty() { "all" } else { &c.kind }
            ),
        },
        Command::Hold(hold) if hold.on => "You hold back every message".into(),
        Command::Hold(_) => "You let the messages go".into(),
        Command::Drop(m) => format!("You drop {}", message(m.message)),
        Command::Duplicate(m) => format!("You duplicate {}", message(m.message)),
        Command::Delay(m) => format!("You delay {} by {}", message(m.message), m.by),
        Command::DeliverNow(m) => format!("You deliver {} now", message(m.message)),
        Command::FireTimer(t) => format!("You fire {}", timer(t.timer)),
        Command::PostponeTimer(t) => format!("You postpone {} by {}", timer(t.timer), t.by),
        Command::AlignTimers(c) => format!("You align the {} timers of {}", c.kind, list(&c.nodes, "all nodes")),
        Command::Request(c) => format!("You make {} ask for {}", c.client, c.op),
        Command::Workload(c) => match &c.arrivals {
            Arrivals::Off => format!("{} stops asking by itself", c.client),
            Arrivals::Open { rate } => format!("{} asks {} times a second", c.client, decimal::shortest(*rate)),
            Arrivals::Closed { think } => {
                format!("{} asks again {} after each answer", c.client, sample::describe(think))
            }
        },
    }
}
