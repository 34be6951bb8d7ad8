//! A counter on one server that several clients count up, in one of four ways.
//!
//! To count up is to read a value and to write another one. Between the two somebody else may have written: then the second
//! write takes back what the first one did, a lost update (Berenson and others: A critique of ANSI SQL isolation levels,
//! SIGMOD 1995, section 4.1, P4). Three ways out, and the way in:
//!
//! - `read-then-write`: as it is said.
//! - `compare-and-set`: the write says which version was read, and is refused if there is another by now; then all is done
//!   again (optimistic: Kung, Robinson: On optimistic methods for concurrency control, TODS 6(2), 1981).
//! - `lock`: who wants to count asks for the lock first. A lock is a lease, since its holder may be gone; each grant has a
//!   higher number, by which the server refuses the write of one whose lease is over (fencing: Burrows: The Chubby lock
//!   service, OSDI 2006, section 2.4, sequencers).
//! - `atomic`: the server counts.
//!
//! Writes take effect once, by [`super::once`], and are on the disk before they are answered.
//!
//! Invariants:
//! - Save for `read-then-write`, the counter is at least the number of increments that were answered.
//! - It is at most the number of those that were asked for.
//! - Numbers of grants rise, crashes included.
//!
//! Left out: several servers (further ones stand idle), increments by other amounts than one, locks of several keys.

mod client;
mod properties;
mod server;

use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{FunctionInfo, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedCounter {
    way: Way,
    think: Micros,
    lease: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ReadThenWrite,
    CompareAndSet,
    Lock,
    Atomic,
}

const NAMES: &[&str] = &["read-then-write", "compare-and-set", "lock", "atomic"];
const WAYS: [Way; 4] = [Way::ReadThenWrite, Way::CompareAndSet, Way::Lock, Way::Atomic];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AckBeforeSync,
    LockGivenTwice,
    NoCompare,
    NoFencing,
    NoOnceOnly,
}

const BUGS: [(&str, &str); 5] = [
    ("bug-ack-before-sync", "the server answers first and syncs its disk afterwards"),
    ("bug-lock-given-twice", "the server grants a lock that somebody holds"),
    ("bug-no-compare", "the server stores whatever version was read"),
    ("bug-no-fencing", "the server takes the write of one whose lease is over"),
    ("bug-no-once-only", "the server carries out a write every time that it arrives"),
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub ticket: Ticket,
    pub key: SmolStr,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    Get,
    /// The value, and what must hold for it to be stored.
    Put {
        value: i64,
        only: Only,
    },
    Increment,
    Acquire,
    /// The lock of this grant is not needed any more.
    Release {
        grant: u64,
    },
    Answer(Reply),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Only {
    Always,
    /// This is the counter's version.
    Version(u64),
    /// No later lock was granted.
    Grant(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    Found {
        value: i64,
        version: u64,
    },
    Stored {
        value: i64,
    },
    /// The version, or the lock, is an old one.
    Refused,
    Granted {
        grant: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    /// Of a client.
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
    /// Between what was read and what is written.
    Think {
        op: u32,
    },
    /// Of the server: the lease of a grant is over.
    Lease {
        key: SmolStr,
        grant: u64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Of the server.
    pub counters: LiteMap<SmolStr, Counter>,
    pub sessions: Sessions<i64>,
    /// Of a client: how often it was started.
    pub lives: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    pub value: i64,
    /// Counts the writes.
    pub version: u64,
    /// The last lock that was granted.
    pub grant: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Server(server::Server),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, SharedCounter>;

impl SharedCounter {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

impl Protocol for SharedCounter {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str| FunctionInfo { f: f.into(), has_key: true, has_value: false };
        Description {
            name: "shared-counter",
            summary: "a counter on one server that clients count up: by reading and writing, compare-and-set, a lock, or at once",
            roles: vec![
                role("server", "holds all counters, durably, and the locks", Tone::Server, false),
                role("client", "counts up, retries, gives up", Tone::Client, true),
            ],
            messages: vec![
                ("Get", Tone::Query),
                ("Put", Tone::Update),
                ("Increment", Tone::Update),
                ("Acquire", Tone::Query),
                ("Release", Tone::Routine),
                ("Answer", Tone::Reply),
            ],
            timers: vec!["retry", "give up", "think", "lease"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("get"), function("increment")],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let way = NAMES.iter().position(|name| *name == params.word("update"));
        SharedCounter {
            way: WAYS[way.unwrap_or_default()],
            think: params.time("think"),
            lease: params.time("lease"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            _ => State::Server(server::Server::default()),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Server(s) => self.server_hears(s, from, m, ctx),
            State::Client(c) => {
                if let What::Answer(reply) = m.what {
                    self.on_answer(c, (m.ticket, m.key), reply, ctx);
                }
            }
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Client(c), Timer::Think { op }) => self.on_thought(c, op, ctx),
            (State::Server(s), Timer::Lease { key, grant }) => self.on_lease_over(s, &key, grant, ctx),
            _ => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        let key = &m.key;
        match &m.what {
            What::Get => (0, format!("get {key}")),
            What::Put { value, only: Only::Always } => (1, format!("put {key}={value}")),
            What::Put { value, only: Only::Version(n) } => (1, format!("put {key}={value} if at version {n}")),
            What::Put { value, only: Only::Grant(n) } => (1, format!("put {key}={value} by lock {n}")),
            What::Increment => (2, format!("increment {key}")),
            What::Acquire => (3, format!("lock {key}")),
            What::Release { grant } => (4, format!("unlock {key} ({grant})")),
            What::Answer(Reply::Found { value, version }) => (5, format!("found {value}, version {version}")),
            What::Answer(Reply::Stored { value }) => (5, format!("stored {value}")),
            What::Answer(Reply::Refused) => (5, "refused".into()),
            What::Answer(Reply::Granted { grant }) => (5, format!("lock {grant} is yours")),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Retry { op } => (0, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (1, format!("end of patience for operation {op}")),
            Timer::Think { op } => (2, format!("thought about operation {op}")),
            Timer::Lease { key, grant } => (3, format!("end of lock {grant} of {key}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Server(s) => server::card(s, disk, durable, card),
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
        memory.check(view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        self.why_stuck(view)
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let mut specs = vec![
        ParamSpec {
            name: "update",
            meaning: "how a client counts up",
            kind: ParamKind::Word { default: "compare-and-set", among: NAMES },
        },
        time("think", "a client thinks for this time between what it read and what it writes", ms(0), ms(0), s(60)),
        time("lease", "a lock is granted for this time", ms(200), ms(1), s(600)),
        time("retry-after", "a client asks again after this time without an answer", ms(40), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", ms(400), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
