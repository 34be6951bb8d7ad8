//! A key-value service on one server.
//!
//! The baseline: nothing is replicated, so when the server is down the service is, and when its disk is gone so is
//! everything. What it can promise it does: a put is on disk before it is acknowledged, and takes effect at most once
//! however often it is asked for.
//!
//! Once-only is that of [`super::once`]: tickets are on the same disk, in the same sync, as what they changed.
//!
//! Left out: compaction of the disk, more than one server (further ones stand idle).

mod client;
mod properties;
mod server;

use super::get_and_put;
use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct KvSingle {
    retry_after: Micros,
    give_up_after: Micros,
    bug_ack_before_sync: bool,
    bug_no_once_only: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Put {
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
    },
    Get {
        ticket: Ticket,
        key: SmolStr,
    },
    /// The version that a put made, or the value and version that a get saw; version 0 is a key that nobody has put.
    Answer {
        ticket: Ticket,
        value: Datum,
        version: u64,
    },
}

/// Both are about an operation of the client that sets them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Retry { op: u32 },
    GiveUp { op: u32 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Of the server.
    pub entries: LiteMap<SmolStr, Entry>,
    pub sessions: Sessions<u64>,
    /// Of a client: how often it was started.
    pub lives: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub value: Datum,
    /// Counts the puts of this key.
    pub version: u64,
    /// Whose put it was: client, life, operation.
    pub by: (NodeId, u32, u32),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Server(server::Server),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, KvSingle>;

impl Protocol for KvSingle {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let (ms, s) = (Micros::ms, Micros::s);
        let retry = "a client asks again after this time without an answer";
        let give_up = "a client gives an operation up after this time";
        Description {
            name: "kv-single",
            summary: "a key-value service on one server",
            roles: vec![
                RoleSpec { name: "server", meaning: "holds all keys, durably", tone: Tone::Server, client: false },
                RoleSpec { name: "client", meaning: "asks, retries, gives up", tone: Tone::Client, client: true },
            ],
            messages: vec![("Put", Tone::Update), ("Get", Tone::Query), ("Answer", Tone::Reply)],
            timers: vec!["retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: get_and_put(),
            administration: Vec::new(),
            params: vec![
                ParamSpec::time("retry-after", retry, ms(40), ms(1), s(60)),
                ParamSpec::time("give-up-after", give_up, ms(300), ms(2), s(600)),
                ParamSpec::bug("bug-ack-before-sync", "the server acknowledges first and syncs its disk afterwards"),
                ParamSpec::bug("bug-no-once-only", "the server carries out a put every time that it arrives"),
            ],
        }
    }

    fn configure(params: &Params) -> Self {
        KvSingle {
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bug_ack_before_sync: params.flag("bug-ack-before-sync"),
            bug_no_once_only: params.flag("bug-no-once-only"),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            _ => State::Server(server::Server::default()),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Server(s), Message::Put { ticket, key, value }) => self.on_put(s, from, ticket, key, value, ctx),
            (State::Server(_), Message::Get { ticket, key }) => self.on_get(from, ticket, key, ctx),
            (State::Client(c), Message::Answer { ticket, value, version }) => {
                self.on_answer(c, ticket, value, version, ctx);
            }
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Server(_), _) => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        match m {
            Message::Put { key, value, .. } => (0, format!("put {key}={value}")),
            Message::Get { key, .. } => (1, format!("get {key}")),
            Message::Answer { version: 0, .. } => (2, "answer nothing yet".into()),
            Message::Answer { value: Datum::None, .. } => (2, "done".into()),
            Message::Answer { value, .. } => (2, format!("answer {value}")),
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
            State::Server(_) => server::card(disk, durable, card),
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

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        self.why_stuck(view)
    }
}
