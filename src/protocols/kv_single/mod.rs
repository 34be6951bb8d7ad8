//! A key-value service on one server: the baseline against which replication is measured.
//!
//! The server writes a put to its disk and syncs before it answers. Clients retry until an answer comes or their
//! patience ends. A retry must not be applied twice, nor after a newer put of somebody else: the server remembers on
//! its disk which operations of each client it applied, and forgets those that the client says are settled (Lee and
//! others: Implementing linearizability at large scale and low latency, SOSP 2015, sections 3.2 and 3.4).
//!
//! Invariants: versions of a key only grow; what was acknowledged is on the durable disk.
//! Left out: a bound on keys, batching of syncs.

use super::get_and_put;
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamSpec, Params};
use crate::sim::protocol::*;
use crate::wire::{Cell, Datum, Op, Outcome, Tone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct KvSingle {
    retry_after: Micros,
    give_up_after: Micros,
    bug_ack_before_sync: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    /// `settled`: the client waits for no operation below this one any more.
    Put {
        op: u32,
        settled: u32,
        key: String,
        value: Datum,
    },
    Get {
        op: u32,
        key: String,
    },
    /// The version that a put made, or a get saw.
    Answer {
        op: u32,
        version: u64,
        value: Datum,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Retry { op: u32 },
    GiveUp { op: u32 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub keys: BTreeMap<String, Versioned>,
    sessions: BTreeMap<NodeId, ClientSession>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versioned {
    pub version: u64,
    pub value: Datum,
}

/// What the server remembers of a client: puts applied at or above `settled`, with the version each made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ClientSession {
    settled: u32,
    applied: BTreeMap<u32, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Of a client: operations without an answer.
    waiting: BTreeMap<u32, Op>,
    /// Of a client: the operation answered last, with its version.
    answered: Option<(u32, u64)>,
}

/// The highest acknowledged version of each key, now and when each open operation began.
#[derive(Clone, Default)]
pub struct Monitor {
    acknowledged: BTreeMap<String, u64>,
    floors: BTreeMap<OpId, u64>,
}

const SURVIVE: u16 = 0;
const FRESH: u16 = 1;

impl Protocol for KvSingle {
    type Msg = Msg;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = Monitor;

    fn describe() -> Description {
        Description {
            name: "kv-single",
            summary: "a key-value service on one server",
            roles: vec![
                RoleSpec { name: "server", meaning: "holds all keys, durably", tone: Tone::Server, client: false },
                RoleSpec { name: "client", meaning: "asks, retries, gives up", tone: Tone::Client, client: true },
            ],
            messages: vec![("Put", Tone::Update), ("Get", Tone::Query), ("Answer", Tone::Reply)],
            timers: vec!["retry", "give up"],
            properties: vec![
                ("acknowledged writes survive", "the durable version of a key is at least every acknowledged one"),
                ("reads are fresh", "a read returns a version at least as high as any acknowledged before it began"),
            ],
            functions: get_and_put(),
            params: vec![
                ParamSpec::time(
                    "retry-after",
                    "a client asks again after",
                    Micros::ms(40),
                    Micros::ms(1),
                    Micros::s(60),
                ),
                ParamSpec::time("give-up-after", "a client's patience", Micros::ms(300), Micros::ms(2), Micros::s(600)),
                ParamSpec::bug("bug-ack-before-sync", "the server answers before its disk has synced"),
            ],
        }
    }

    fn configure(params: &Params) -> Self {
        KvSingle {
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bug_ack_before_sync: params.flag("bug-ack-before-sync"),
        }
    }

    fn boot(&self, _: &Disk, _: &mut Ctx<'_, Self>) -> State {
        State::default()
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Msg, ctx: &mut Ctx<'_, Self>) {
        match m {
            Msg::Put { op, settled, key, value } => self.on_put(from, op, settled, key, value, ctx),
            Msg::Get { op, key } => on_get(from, op, &key, ctx),
            Msg::Answer { op, version, value } => on_answer(s, op, version, value, ctx),
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Ctx<'_, Self>) {
        match t {
            Timer::Retry { op } => self.ask(s, op, ctx),
            Timer::GiveUp { op } => give_up(s, op, ctx),
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Ctx<'_, Self>) {
        s.waiting.insert(id.count, op.clone());
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
        self.ask(s, id.count, ctx);
    }

    fn label(&self, m: &Msg) -> (u8, String) {
        match m {
            Msg::Put { key, value, .. } => (0, format!("put {key}={value}")),
            Msg::Get { key, .. } => (1, format!("get {key}")),
            Msg::Answer { value: Datum::None, .. } => (2, "done".into()),
            Msg::Answer { value, .. } => (2, format!("answer {value}")),
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
            client_card(s.waiting.values(), card);
        } else {
            store_card(disk.keys.iter().map(|(key, v)| (key, &v.value, true)), card);
        }
    }

    fn check(&self, m: &mut Monitor, view: &View<'_, Self>, step: &StepFacts, broken: &mut Vec<(u16, String)>) {
        for (id, op) in &step.began {
            m.floors.insert(*id, m.acknowledged.get(&op.key).copied().unwrap_or(0));
        }
        for ended in &step.ended {
            let floor = m.floors.remove(&ended.id).unwrap_or(0);
            let version = view.state(ended.id.client).and_then(|s| s.answered).filter(|a| a.0 == ended.id.count);
            if let (Outcome::Ok, Some((_, version))) = (ended.outcome, version) {
                check_end(ended, version, floor, m, broken);
            }
        }
        check_server(m, view, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        let down = view.setup.role("server").find(|server| view.state(*server).is_none())?;
        Some(format!("{} is down, and there is no other server", view.setup.name(down)))
    }
}

impl KvSingle {
    /// (Re)sends an operation that still waits.
    fn ask(&self, s: &State, op: u32, ctx: &mut Ctx<'_, Self>) {
        let Some(asked) = s.waiting.get(&op) else { return };
        let key = asked.key.clone();
        let settled = s.waiting.keys().next().copied().unwrap_or(op);
        let message = match asked.f.as_str() {
            "put" => Msg::Put { op, settled, key, value: asked.value.clone() },
            _ => Msg::Get { op, key },
        };
        let servers: Vec<NodeId> = ctx.setup().role("server").collect();
        servers.into_iter().for_each(|server| ctx.send(server, &message));
        ctx.set_timer(self.retry_after, &Timer::Retry { op });
    }

    /// Applies a put once; answers it, and every retry of it, when it is durable.
    fn on_put(&self, from: NodeId, op: u32, settled: u32, key: String, value: Datum, ctx: &mut Ctx<'_, Self>) {
        let session = ctx.disk().sessions.get(&from).cloned().unwrap_or_default();
        if let Some(version) = session.applied.get(&op) {
            return ctx.send(from, &Msg::Answer { op, version: *version, value: Datum::None });
        }
        if op < session.settled {
            return ctx.note(format!("ignored a late copy of operation {op}: its client has settled it"));
        }
        let disk = ctx.disk_mut();
        let entry = disk.keys.entry(key).or_insert(Versioned { version: 0, value: Datum::None });
        entry.version += 1;
        entry.value = value;
        let version = entry.version;
        let session = disk.sessions.entry(from).or_default();
        session.settled = session.settled.max(settled);
        session.applied.insert(op, version);
        session.applied = session.applied.split_off(&session.settled);
        let answer = Msg::Answer { op, version, value: Datum::None };
        if self.bug_ack_before_sync {
            ctx.send(from, &answer);
            ctx.sync();
        } else {
            ctx.sync();
            ctx.send(from, &answer);
        }
    }
}

fn on_get(from: NodeId, op: u32, key: &str, ctx: &mut Ctx<'_, KvSingle>) {
    let found = ctx.disk().keys.get(key).cloned().unwrap_or(Versioned { version: 0, value: Datum::None });
    ctx.send(from, &Msg::Answer { op, version: found.version, value: found.value });
}

fn on_answer(s: &mut State, op: u32, version: u64, value: Datum, ctx: &mut Ctx<'_, KvSingle>) {
    // A second answer to a retried operation finds it gone.
    if s.waiting.remove(&op).is_some() {
        s.answered = Some((op, version));
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        let id = OpId { client: ctx.me(), count: op };
        ctx.reply(id, Outcome::Ok, value);
    }
}

/// A get changes nothing, so its failure is certain; a put may have been applied, or may be yet.
fn give_up(s: &mut State, op: u32, ctx: &mut Ctx<'_, KvSingle>) {
    let Some(asked) = s.waiting.remove(&op) else { return };
    ctx.cancel_timer(&Timer::Retry { op });
    let outcome = if asked.f == "put" { Outcome::Unknown } else { Outcome::Fail };
    let id = OpId { client: ctx.me(), count: op };
    ctx.reply(id, outcome, Datum::Text("no answer in time".into()));
}

fn check_end(ended: &Ended, version: u64, floor: u64, m: &mut Monitor, broken: &mut Vec<(u16, String)>) {
    let key = &ended.op.key;
    if version < floor {
        let why = format!("{} saw version {version} of {key}, but {floor} was acknowledged before it began", ended.op);
        broken.push((FRESH, why));
    }
    if ended.op.f == "put" {
        let known = m.acknowledged.entry(key.clone()).or_default();
        *known = (*known).max(version);
    }
}

fn check_server(m: &Monitor, view: &View<'_, KvSingle>, broken: &mut Vec<(u16, String)>) {
    for server in view.setup.role("server") {
        let disk = view.durable(server);
        for (key, acknowledged) in &m.acknowledged {
            let durable = disk.keys.get(key).map_or(0, |v| v.version);
            if durable < *acknowledged {
                let name = view.setup.name(server);
                let why =
                    format!("{key} was acknowledged at version {acknowledged}, but {name}'s disk holds {durable}");
                broken.push((SURVIVE, why));
            }
        }
    }
}

/// A client's face: what it waits for.
pub(super) fn client_card<'a>(waiting: impl Iterator<Item = &'a Op> + Clone, card: &mut Card) {
    let count = waiting.clone().count();
    card.headline = match (waiting.clone().next(), count) {
        (None, _) => "idle".into(),
        (Some(op), 1) => op.to_string(),
        (Some(_), n) => format!("{n} waiting"),
    };
    card.probes.push(("waiting".into(), Datum::Int(count as i64)));
}

/// A store's face: its keys. The bool says whether a value is durable.
pub(super) fn store_card<'a>(keys: impl Iterator<Item = (&'a String, &'a Datum, bool)>, card: &mut Card) {
    const NAMED: [&str; 3] = ["x", "y", "z"];
    let mut count = 0;
    for (key, value, firm) in keys {
        count += 1;
        card.cells.push(Cell { text: format!("{key}={value}"), firm });
        if let Some(name) = NAMED.iter().find(|n| **n == key.as_str()) {
            card.probes.push(((*name).into(), value.clone()));
        }
    }
    card.headline = match count {
        0 => "empty".into(),
        1 => "1 key".into(),
        n => format!("{n} keys"),
    };
    card.probes.push(("keys".into(), Datum::Int(count)));
}
