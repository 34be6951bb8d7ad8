//! A map of registers on N replicas, read and written by majorities.
//!
//! Attiya, Bar-Noy, Dolev: Sharing memory robustly in message-passing systems, JACM 42(1), 1995 (ABD), in the form for
//! several writers of Lynch and Shvartsman: Robust emulation of shared memory using dynamic quorum-acknowledged
//! broadcasts, FTCS 1997 (LS). Every operation has two phases, each a question to all replicas that a majority answers:
//! the query learns the highest tag, the update makes a tag durable on a majority. A get writes back what it is about
//! to return, so that no later get can return something older.
//!
//! Invariants:
//! - A replica's tag of a key never decreases; it is on disk before it is acknowledged.
//! - A tag names one value. Its writer is a client *in one of its lives*: a client counts its starts on its own disk,
//!   synced before it does anything else, so that after a crash it cannot give a second value to a tag that its earlier
//!   life may have left on some replica. Within a life it never takes a counter for a key twice, even if its earlier put
//!   was given up.
//! - An answer counts for the call it answers: life, operation and phase. Late answers and copies count for nothing.
//!
//! Left out: reconfiguration, removal of keys, and disks that lie about their syncs (no acknowledgement means anything
//! then; the properties show it).

mod client;
mod properties;
mod replica;

use super::get_and_put;
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct MajorityRegister {
    retry_after: Micros,
    give_up_after: Micros,
    skip_agreed_write_back: bool,
    one_writer: bool,
    bug_no_write_back: bool,
    bug_ack_before_sync: bool,
    bug_small_quorum: bool,
    bug_tag_without_writer: bool,
    bug_tag_without_life: bool,
    bug_no_compare: bool,
    bug_two_writers: bool,
    bug_writer_forgets: bool,
}

/// The order of writes: by counter, ties broken by the writer (LS, section 3). The default is that of a register that
/// nobody has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub counter: u64,
    /// The writing client's place among the clients, from 1.
    pub client: u16,
    /// Which life of that client, from 1.
    pub life: u32,
}

/// What a register holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    pub tag: Tag,
    pub value: Datum,
}

/// One question of a client to all replicas: answers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub life: u32,
    pub op: u32,
    pub phase: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Query { call: Call, key: SmolStr },
    Reply { call: Call, key: SmolStr, holds: Versioned },
    Update { call: Call, key: SmolStr, new: Versioned },
    Ack { call: Call, key: SmolStr },
}

/// Both are about an operation of the client that sets them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Retry { op: u32 },
    GiveUp { op: u32 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Of a replica.
    pub registers: LiteMap<SmolStr, Versioned>,
    /// Of a client: how often it was started.
    pub lives: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Replica(replica::Replica),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, MajorityRegister>;

/// Replicas that make a majority of `n`.
pub fn majority(n: usize) -> usize {
    n / 2 + 1
}

impl MajorityRegister {
    /// Answers that a phase waits for.
    fn quorum(&self, replicas: usize) -> usize {
        if self.bug_small_quorum { (replicas / 2).max(1) } else { majority(replicas) }
    }
}

impl Protocol for MajorityRegister {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        Description {
            name: "majority-register",
            summary: "a key-value service on N replicas by majority quorums with write-back",
            roles: vec![
                RoleSpec {
                    name: "replica",
                    meaning: "stores tag and value, durably",
                    tone: Tone::Server,
                    client: false,
                },
                RoleSpec {
                    name: "client",
                    meaning: "runs both phases, retries, gives up",
                    tone: Tone::Client,
                    client: true,
                },
            ],
            messages: vec![
                ("Query", Tone::Query),
                ("Reply", Tone::Reply),
                ("Update", Tone::Update),
                ("Ack", Tone::Reply),
            ],
            timers: vec!["retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: get_and_put(),
            administration: Vec::new(),
            params: params(),
        }
    }

    fn configure(params: &Params) -> Self {
        MajorityRegister {
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            skip_agreed_write_back: params.flag("skip-agreed-write-back"),
            bug_no_write_back: params.flag("bug-no-write-back"),
            bug_ack_before_sync: params.flag("bug-ack-before-sync"),
            bug_small_quorum: params.flag("bug-small-quorum"),
            bug_tag_without_writer: params.flag("bug-tag-without-writer"),
            bug_tag_without_life: params.flag("bug-tag-without-life"),
            bug_no_compare: params.flag("bug-no-compare"),
            one_writer: params.word("writers") == "one",
            bug_two_writers: params.flag("bug-two-writers"),
            bug_writer_forgets: params.flag("bug-writer-forgets"),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            _ => State::Replica(replica::Replica::default()),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Replica(_), Message::Query { call, key }) => self.on_query(from, call, key, ctx),
            (State::Replica(r), Message::Update { call, key, new }) => self.on_update(r, from, call, key, new, ctx),
            (State::Client(c), Message::Reply { call, holds, .. }) => self.on_reply(c, from, call, holds, ctx),
            (State::Client(c), Message::Ack { call, .. }) => self.on_ack(c, from, call, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Replica(_), _) => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        match m {
            Message::Query { key, .. } => (0, format!("Query {key}")),
            Message::Reply { key, holds, .. } => (1, format!("Reply {}", holds.words(key))),
            Message::Update { key, new, .. } => (2, format!("Update {}", new.words(key))),
            Message::Ack { key, .. } => (3, format!("Ack {key}")),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Retry { op } => (0, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (1, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Replica(_) => replica::card(disk, durable, card),
            State::Client(c) => self.client_card(c, card),
        }
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &View<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(view, step, broken);
    }

    /// They answer whoever asks, and are counted.
    fn alike(&self) -> &'static [&'static str] {
        &["replica"]
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        self.why_stuck(view)
    }
}

fn params() -> Vec<ParamSpec> {
    let (ms, s) = (Micros::ms, Micros::s);
    let skip = ParamSpec {
        name: "skip-agreed-write-back",
        meaning: "a get returns after one phase when all replies of its majority carry the same tag",
        kind: ParamKind::Flag { default: false },
    };
    let writers = ParamSpec {
        name: "writers",
        meaning: "who may write: any client, after a query; or the first alone, who knows its own last counter",
        kind: ParamKind::Word { default: "many", among: &["many", "one"] },
    };
    let retry = "a client asks those that have not answered again after this time";
    let give_up = "a client gives an operation up after this time";
    vec![
        ParamSpec::time("retry-after", retry, ms(40), ms(1), s(60)),
        ParamSpec::time("give-up-after", give_up, ms(300), ms(2), s(600)),
        skip,
        writers,
        ParamSpec::bug("bug-no-write-back", "a get returns what it read without writing it back"),
        ParamSpec::bug("bug-ack-before-sync", "a replica acknowledges first and syncs its disk afterwards"),
        ParamSpec::bug("bug-small-quorum", "a phase waits for N/2 replicas instead of a majority"),
        ParamSpec::bug("bug-tag-without-writer", "tags are counters only: two writers can take the same one"),
        ParamSpec::bug("bug-tag-without-life", "tags tell neither the lives of a client apart nor its puts under way"),
        ParamSpec::bug("bug-no-compare", "a replica stores what comes last, whatever its tag"),
        ParamSpec::bug("bug-two-writers", "with one writer, others write all the same"),
        ParamSpec::bug("bug-writer-forgets", "with one writer, it counts from the beginning when it was started again"),
    ]
}

impl Versioned {
    /// `x=4 (3.c1)`
    pub fn words(&self, key: &str) -> String {
        if self.tag == Tag::default() {
            format!("{key} unwritten")
        } else {
            format!("{key}={} ({})", self.value, self.tag)
        }
    }
}

/// `3.c1`: the third write, by the first client; `3.c1/2` in that client's second life. Of a single writer: `3`, `3/2`.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.client, self.life) {
            (0, 0 | 1) => write!(f, "{}", self.counter),
            (0, life) => write!(f, "{}/{life}", self.counter),
            (client, 0 | 1) => write!(f, "{}.c{client}", self.counter),
            (client, life) => write!(f, "{}.c{client}/{life}", self.counter),
        }
    }
}
