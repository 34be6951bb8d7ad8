//! Who is there, by heartbeats: everyone tells everyone that it lives, and takes silence for death.
//!
//! How long a silence may last is the mode's:
//! - **heartbeat**: a fixed time (Aguilera, Chen, Toueg: Heartbeat: a timeout-free failure detector, WDAG 1997, and every
//!   system before; what a bound buys and costs: Chen, Toueg, Aguilera: On the quality of service of failure detectors, IEEE
//!   TC 2002, section 2).
//! - **phi**: what was seen decides (Hayashibara, Défago, Yared, Katayama: The φ accrual failure detector, SRDS 2004,
//!   section 4). The last intervals between arrivals give a mean and a deviation; φ is -log₁₀ of the probability that a
//!   normal interval is longer than the present silence, and whoever's φ exceeds the threshold is declared dead. As the
//!   moment at which that happens is known as soon as somebody was heard, a timer is set to it: mean + z · deviation, with z
//!   from the normal distribution's tail.
//!
//! Invariants:
//! - A heartbeat counts if it is newer than all that were heard of that member: by its life, then by its number.
//! - What a declaration of death has ended is no interval: outages are not learned from.
//! - A member's life is on its disk before it tells anybody of it.
//!
//! Left out: gossip and indirect probes (see [`super::swim`]), and joining: everyone knows who there may be.

mod client;
mod member;
mod properties;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{FunctionInfo, Op, Tone};
use serde::{Deserialize, Serialize};

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    phi: bool,
    interval: Micros,
    timeout: Micros,
    threshold: usize,
    samples: usize,
    least_deviation: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    EvictedStillCounts,
    LifeNotPersisted,
    OldBeatsCount,
    OutageIsInterval,
    StopsWatching,
}

const BUGS: [(&str, &str); 5] = [
    ("bug-evicted-still-counts", "intervals that have left the window still count for the mean"),
    ("bug-life-not-persisted", "a member keeps the count of its lives in memory only"),
    ("bug-old-beats-count", "a heartbeat counts though a newer one was heard"),
    ("bug-outage-is-interval", "the silence of somebody who was declared dead counts as an interval"),
    ("bug-stops-watching", "whoever was declared dead and came back is not watched any more"),
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// I live: for the so manieth time, as the so manieth heartbeat of this life.
    Beat {
        life: u64,
        number: u64,
    },
    /// From clients.
    Ask {
        op: u32,
    },
    Members {
        op: u32,
        members: Vec<NodeId>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Beat,
    /// This member has been silent for as long as silence is borne.
    Silent {
        node: NodeId,
    },
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub life: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Member(Box<member::Member>),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, Detector>;

impl Detector {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let number = |name, meaning, default, (min, max), unit| {
        let kind = ParamKind::Int { default, min, max, unit };
        ParamSpec { name, meaning, kind }
    };
    let mut specs = vec![
        ParamSpec {
            name: "mode",
            meaning: "how long a silence is borne: a fixed time, or by what was seen",
            kind: ParamKind::Word { default: "heartbeat", among: &["heartbeat", "phi"] },
        },
        time("interval", "everyone sends a heartbeat after this time", ms(100), ms(1), s(60)),
        time("time-out", "by heartbeats, whoever is silent for longer is dead", ms(400), ms(2), s(600)),
        number("threshold", "by φ, whoever exceeds this is dead", 8, (1, 16), "(φ)"),
        number("samples", "by φ, so many intervals are remembered of each member", 100, (2, 1_000), "intervals"),
        time("least-deviation", "by φ, intervals are taken to deviate by this at least", ms(10), Micros(1), s(60)),
        time("retry-after", "a client asks again after this time without an answer", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for Detector {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str| FunctionInfo { f: f.into(), has_key: false, has_value: false };
        Description {
            name: "detector",
            summary: "membership by heartbeats, with a fixed or a learned time-out",
            roles: vec![
                role("member", "tells the others that it lives, and takes silence for death", Tone::Server, false),
                role("client", "asks members whom they believe in", Tone::Client, true),
            ],
            messages: vec![("Beat", Tone::Routine), ("Ask", Tone::Query), ("Members", Tone::Reply)],
            timers: vec!["heartbeat", "silent", "retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("members"), function("agreement")],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        Detector {
            phi: params.word("mode") == "phi",
            interval: params.time("interval"),
            timeout: params.time("time-out"),
            threshold: params.int("threshold") as usize,
            samples: params.int("samples") as usize,
            least_deviation: params.time("least-deviation"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(client::Client::default()),
            _ => State::Member(Box::new(self.start_member(disk.life + 1, ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Member(s), Message::Beat { life, number }) => self.on_beat(s, from, (life, number), ctx),
            (State::Member(s), Message::Ask { op }) => {
                ctx.send(from, &Message::Members { op, members: s.members() });
            }
            (State::Client(c), Message::Members { op, members }) => self.on_members(c, from, op, members, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Member(s), Timer::Beat) => self.beat(s, ctx),
            (State::Member(s), Timer::Silent { node }) => self.on_silent(s, node, ctx),
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            _ => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        match m {
            Message::Beat { number, .. } => (0, format!("heartbeat {number}")),
            Message::Ask { .. } => (1, "who is there?".into()),
            Message::Members { members, .. } => (2, format!("{} members", members.len())),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Beat => (0, "heartbeat".into()),
            Timer::Silent { node } => (1, format!("silence of the node {}", node.index() + 1)),
            Timer::Retry { op } => (2, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (3, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, _disk: &Disk, _durable: &Disk, card: &mut Card) {
        match s {
            State::Member(s) => s.card(card),
            State::Client(c) => c.card(card),
        }
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

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        client::why_stuck(view)
    }
}
