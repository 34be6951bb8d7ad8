//! Nodes that write, read and send each other messages, each with four clocks on the same events: its own physical clock,
//! and a Lamport, a vector and a hybrid clock; and a register whose writes are ordered by one of them.
//!
//! Lamport: Time, clocks, and the ordering of events in a distributed system, CACM 21(7), 1978 (happened before; the clock
//! condition, rules IR1 and IR2). Fidge: Timestamps in message-passing systems that preserve the partial ordering, 1988,
//! and Mattern: Virtual time and global states of distributed systems, 1989 (vector clocks; the strong clock condition).
//! Kulkarni, Demirbas, Madappa, Avva, Leone: Logical physical clocks, OPODIS 2014 (hybrid clocks; figure 5, and the bound of
//! section 4). The register, with physical time, is what Dynamo calls last writer wins (SOSP 2007, section 6.2), and with
//! vector clocks keeps siblings (section 4.4).
//!
//! Every node takes writes and reads of its own user and answers at once, from its own disk. A write goes to all others,
//! and what got lost is made up for by gossip: each node offers all that it holds to another from time to time, which
//! answers with what the first has not (Demers and others, PODC 1987, push and pull).
//!
//! An event is a write, a read, a message told, or a message heard: all clocks count it. An event is on the node's disk
//! before anybody hears of it, so that a node that crashed goes on behind all that it told.
//!
//! Invariants:
//! - An event's Lamport, vector and hybrid clock are above those of all events that happened before it.
//! - A register is only ever replaced by a write that is later by the chosen order, or (vectors) joined by one that is
//!   neither earlier nor later.
//! - What a node tells is on its disk.
//!
//! Left out: removal of keys, vectors for nodes that come and go (interval tree clocks, dotted versions: see
//! [`super::quorum_store`]), and clocks that a time server corrects.

mod node;
mod properties;
mod stamp;
mod words;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, FunctionInfo, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use stamp::Stamp;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Clocks {
    order: Order,
    gossip_interval: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// By which clock a register's writes are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Physical,
    Lamport,
    Hybrid,
    Vector,
}

const ORDERS: [(&str, Order); 4] =
    [("physical", Order::Physical), ("lamport", Order::Lamport), ("hybrid", Order::Hybrid), ("vector", Order::Vector)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    HybridFollowsClock,
    HybridForgets,
    LamportIgnoresMessages,
    NoCompare,
    NoTieBreak,
    SiblingsByLamport,
    TellBeforeSync,
    VectorNotMerged,
}

const BUGS: [(&str, &str); 8] = [
    ("bug-hybrid-follows-clock", "a hybrid clock shows the node's own clock, whatever was heard"),
    ("bug-hybrid-forgets", "a hybrid clock begins anew after a restart"),
    ("bug-lamport-ignores-messages", "a Lamport clock counts its own node's events only"),
    ("bug-no-compare", "a register takes what comes last, whatever its time"),
    ("bug-no-tie-break", "of two writes of equal time each node keeps the one that it had first"),
    ("bug-siblings-by-lamport", "of two siblings the one with the higher Lamport clock replaces the other"),
    ("bug-tell-before-sync", "a node tells of an event before it is on its disk"),
    ("bug-vector-not-merged", "a vector clock counts its own node's events only"),
];

/// An event: where, and the how manieth there.
type Id = (NodeId, u64);

/// A write, as registers hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub value: Datum,
    pub stamp: Stamp,
}

type Held = Vec<(SmolStr, Vec<Version>)>;

/// Every message carries the clocks of the event of its sending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub stamp: Stamp,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// Nothing but that it was sent.
    Tell,
    Write {
        key: SmolStr,
        version: Version,
    },
    /// All that the sender holds.
    Offer(Held),
    /// What the other's offer had not.
    Answer(Held),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Gossip,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// The clocks, as of the last event.
    pub clocks: Stamp,
    pub held: LiteMap<SmolStr, Vec<Version>>,
}

type Context<'a> = Ctx<'a, Clocks>;

impl Clocks {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

impl Protocol for Clocks {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = node::Node;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "logical-clocks",
            summary: "nodes with physical, Lamport, vector and hybrid clocks, and a register whose writes one of them orders",
            roles: vec![RoleSpec {
                name: "node",
                meaning: "writes, reads, tells and hears, by its own clock",
                tone: Tone::Server,
                client: true,
            }],
            messages: words::KINDS.to_vec(),
            timers: vec!["gossip"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("get", false), function("put", true)],
            administration: vec![function("tell", false)],
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let order = ORDERS.iter().find(|(name, _)| *name == params.word("order"));
        Clocks {
            order: order.map_or(Order::Hybrid, |(_, order)| *order),
            gossip_interval: params.time("gossip-interval"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> node::Node {
        self.start(ctx)
    }

    fn on_message(&self, s: &mut node::Node, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        self.hear(s, from, m, ctx);
    }

    fn on_timer(&self, s: &mut node::Node, _t: Timer, ctx: &mut Context<'_>) {
        self.gossip(s, ctx);
    }

    fn on_request(&self, s: &mut node::Node, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        self.asked(s, id, op, ctx);
    }

    fn label(&self, m: &Message) -> (u8, String) {
        words::label(self, m)
    }

    fn timer_label(&self, _t: &Timer) -> (u8, String) {
        (0, "gossip".into())
    }

    fn card(&self, _role: &str, _s: &node::Node, disk: &Disk, durable: &Disk, card: &mut Card) {
        words::node(self, disk, durable, card);
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &View<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(self, view, step, broken);
    }

    /// Nobody waits for anybody: an operation ends with its node's own sync.
    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        let down = view.setup.role("node").find(|node| view.state(*node).is_none())?;
        Some(format!("{} is down", view.setup.name(down)))
    }
}

fn specs() -> Vec<ParamSpec> {
    let mut specs = vec![
        ParamSpec {
            name: "order",
            meaning: "the clock that orders a register's writes: the last one wins, and by vectors what has no order stays",
            kind: ParamKind::Word { default: "hybrid", among: &["physical", "lamport", "hybrid", "vector"] },
        },
        ParamSpec::time(
            "gossip-interval",
            "a node offers all that it holds to another one after this time, again and again",
            Micros::ms(200),
            Micros::ms(1),
            Micros::s(600),
        ),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
