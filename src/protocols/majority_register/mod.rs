//! A map of multi-writer registers on N replicas by majority quorums with write-back.
//!
//! Attiya, Bar-Noy, Dolev: Sharing memory robustly in message-passing systems, JACM 42(1), 1995 (single writer; section
//! numbers refer to it); Lynch, Shvartsman: Robust emulation of shared memory using dynamic quorum-acknowledged
//! broadcasts, FTCS 1997 (writers first ask a majority for the highest tag, and break ties by their name).
//!
//! Every operation has two phases. Query: ask all replicas for tag and value, wait for a majority, take the highest.
//! Update: send a tag and value to all replicas, wait until a majority has it durably. A write updates with a higher
//! tag of its own; a read writes back what it saw, so that no later read can see less.
//!
//! Invariants: a replica's durable tag only grows; a tag names one value; an acknowledged tag is durable.
//! Left out: reconfiguration of the replicas, deletion, garbage collection of keys.

mod client;
mod properties;
mod replica;

use super::get_and_put;
use super::kv_single::{client_card, store_card};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::*;
use crate::wire::{Datum, Op, Tone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

pub use client::Pending;
pub use properties::Monitor;

#[derive(Clone)]
pub struct MajorityRegister {
    retry_after: Micros,
    give_up_after: Micros,
    /// A read whose majority agrees needs no write-back (an optimisation; off by default).
    skip_agreed_write_back: bool,
    bug_no_write_back: bool,
    bug_ack_before_sync: bool,
    bug_small_quorum: bool,
    bug_tag_without_writer: bool,
}

/// Orders the writes of a key: first by counter, then by writer. A client's operations are numbered for good, also
/// across its crashes, so that no two writes ever share a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    pub counter: u64,
    pub writer: NodeId,
    pub op: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    Query { op: u32, key: String },
    Reply { op: u32, key: String, tag: Tag, value: Datum },
    Update { op: u32, key: String, tag: Tag, value: Datum },
    Ack { op: u32, key: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Retry { op: u32 },
    GiveUp { op: u32 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub registers: BTreeMap<String, (Tag, Datum)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Of a client: operations under way.
    pub pending: BTreeMap<u32, Pending>,
    /// Of a client: the operation that completed last, with its tag.
    pub completed: Option<(u32, Tag)>,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.counter, self.writer.0, self.op)
    }
}

impl Protocol for MajorityRegister {
    type Msg = Msg;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = Monitor;

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
            properties: properties::list(),
            functions: get_and_put(),
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
        }
    }

    fn boot(&self, _: &Disk, _: &mut Ctx<'_, Self>) -> State {
        State::default()
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Msg, ctx: &mut Ctx<'_, Self>) {
        match m {
            Msg::Query { op, key } => replica::on_query(from, op, key, ctx),
            Msg::Update { op, key, tag, value } => self.on_update(from, op, key, tag, value, ctx),
            Msg::Reply { op, tag, value, .. } => self.on_reply(s, from, op, tag, value, ctx),
            Msg::Ack { op, .. } => self.on_ack(s, from, op, ctx),
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Ctx<'_, Self>) {
        match t {
            Timer::Retry { op } => self.ask_the_rest(s, op, ctx),
            Timer::GiveUp { op } => client::give_up(s, op, ctx),
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Ctx<'_, Self>) {
        self.begin(s, id, op, ctx);
    }

    fn label(&self, m: &Msg) -> (u8, String) {
        match m {
            Msg::Query { key, .. } => (0, format!("Query {key}")),
            Msg::Reply { key, value: Datum::None, .. } => (1, format!("Reply {key}: nothing yet")),
            Msg::Reply { key, value, tag, .. } => (1, format!("Reply {key}={value}, tag {}", tag.counter)),
            Msg::Update { key, value, tag, .. } => (2, format!("Update {key}={value}, tag {}", tag.counter)),
            Msg::Ack { key, .. } => (3, format!("Ack {key}")),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Retry { op } => (0, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (1, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, role: &str, s: &State, disk: &Disk, _durable: &Disk, card: &mut Card) {
        if role == "client" {
            client_card(s.pending.values().map(|p| &p.op), card);
            if let Some(pending) = s.pending.values().next().filter(|_| s.pending.len() == 1) {
                let (phase, heard) = pending.progress();
                card.cells.push(crate::wire::Cell { text: format!("{phase}: {heard} heard"), firm: false });
                card.probes.push(("phase".into(), Datum::Text(phase.into())));
                card.probes.push(("heard".into(), Datum::Int(heard as i64)));
            }
        } else {
            store_card(disk.registers.iter().map(|(key, (_, value))| (key, value, true)), card);
        }
    }

    fn check(&self, m: &mut Monitor, view: &View<'_, Self>, step: &StepFacts, broken: &mut Vec<(u16, String)>) {
        m.after(view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        let replicas = view.setup.role("replica").count();
        let up = view.setup.role("replica").filter(|r| view.state(*r).is_some()).count();
        let needed = replicas / 2 + 1;
        (up < needed).then(|| format!("only {up} of {replicas} replicas are up; a majority is {needed}"))
    }
}

fn params() -> Vec<ParamSpec> {
    let flag = |name, meaning| ParamSpec { name, meaning, kind: ParamKind::Flag { default: false } };
    vec![
        ParamSpec::time("retry-after", "a client asks again after", Micros::ms(40), Micros::ms(1), Micros::s(60)),
        ParamSpec::time("give-up-after", "a client's patience", Micros::ms(300), Micros::ms(2), Micros::s(600)),
        flag("skip-agreed-write-back", "a read whose majority agrees on the tag skips its second phase"),
        ParamSpec::bug("bug-no-write-back", "reads skip their second phase, always"),
        ParamSpec::bug("bug-ack-before-sync", "replicas acknowledge before their disk has synced"),
        ParamSpec::bug("bug-small-quorum", "half of the replicas count as a quorum"),
        ParamSpec::bug("bug-tag-without-writer", "tags hold the counter alone, so that writers can tie"),
    ]
}
