//! Clients that pay by requests over a network, at a bank that holds the accounts: what asking again does, and what keeps
//! it from doing it twice.
//!
//! A request may be lost, its answer may be lost, either may be late: the client cannot tell which (Birrell, Nelson:
//! Implementing remote procedure calls, ACM TOCS 1984, section 3.1). So it may ask once
//! (**at most once**), ask until somebody answers (**at least once**), or ask again under the same **idempotency key**,
//! which the bank remembers together with what it answered. Where the key is remembered decides what it is good for: at a
//! front, in the bank's memory, or on its disk in the same sync as the charge. For how long it is remembered, too
//! (`forget-after`).
//!
//! Between clients and bank there may be **fronts**, which only pass on: a slow one among healthy ones is the grey failure
//! of lesson 3.4, and a client that waits for too long may ask another one (Dean, Barroso: The tail at scale, CACM 2013,
//! "Hedged requests").
//!
//! Who sits on a link can read, alter and replay. With a **proof**, client and bank share a key and sign what they say
//! (HMAC with SHA-256: RFC 2104; cut to 128 bits as in RFC 4868, section 2.1). That a signed request is **fresh** is another
//! matter: its number was not used before (a window of 64, RFC 4303, section 3.4.3), or its time is not long past.
//!
//! Invariants:
//! - A payment is named by its client and the number of its operation, which are never used twice.
//! - What the bank answers is on its disk before anybody hears of it.
//! - A client says that a payment failed only if the bank refused it.
//!
//! Left out: intents that survive their client's crash, more than one bank, secrecy (who reads a link reads all), and how
//! keys come to those who share them.

mod bank;
mod client;
mod front;
mod proof;
mod properties;
mod words;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{FunctionInfo, Op, Tone};
use litemap::LiteMap;
use proof::Tag;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Payments {
    /// How often one request is sent at most.
    attempts: u32,
    retry_after: Micros,
    give_up_after: Micros,
    /// Zero: never.
    hedge_after: Micros,
    /// Asks again at the next front, not at the same.
    elsewhere: bool,
    keys: Keys,
    /// Zero: never.
    forget_after: Micros,
    proof: bool,
    fresh: Fresh,
    fresh_for: Micros,
    opening: i64,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// Where the keys of payments are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Nowhere,
    Front,
    Memory,
    Disk,
}

/// How the bank knows that a request is not an old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fresh {
    Unknown,
    Number,
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AckBeforeSync,
    KeyAfterCharge,
    MacWithoutAmount,
    NewKeyEachAttempt,
    NumbersInMemory,
    SplitTransfer,
    TimeoutMeansFailed,
}

const BUGS: [(&str, &str); 7] = [
    ("bug-ack-before-sync", "the bank answers first and syncs its disk afterwards"),
    ("bug-key-after-charge", "the bank syncs the charge first, and the key that remembers it afterwards"),
    ("bug-mac-without-amount", "what is signed leaves out who is paid, and how much"),
    ("bug-new-key-each-attempt", "a client makes a new key each time that it asks for the same payment"),
    ("bug-numbers-in-memory", "the bank keeps the numbers that were used in its memory only"),
    ("bug-split-transfer", "the bank syncs when it has taken the money, and again when it has given it"),
    ("bug-timeout-means-failed", "a client that got no answer says that the payment failed"),
];

/// A payment as its client asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub to: SmolStr,
    pub amount: i64,
    pub client: NodeId,
    pub op: u32,
    /// By which the bank recognises it. With a planted bug not that of the operation.
    pub key: u64,
    /// By the client's clock, when this request was sent.
    pub sent: Micros,
    pub tag: Option<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Pay(Order),
    /// What does an account hold?
    Ask {
        account: SmolStr,
        client: NodeId,
        op: u32,
    },
    Answer {
        client: NodeId,
        op: u32,
        reply: Reply,
        tag: Option<Tag>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Charged, as the bank's so manieth.
    Paid(u64),
    /// There was not enough in the account.
    Refused,
    Holds(i64),
}

/// All are about an operation of the client that sets them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Retry { op: u32 },
    GiveUp { op: u32 },
    Hedge { op: u32 },
}

/// Of the bank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub accounts: LiteMap<SmolStr, i64>,
    /// So many payments were charged.
    pub charges: u64,
    pub kept: Kept,
    pub numbers: LiteMap<NodeId, proof::Window>,
}

/// What was answered under a client's key, and when, by the bank's clock.
pub type Kept = LiteMap<(NodeId, u64), (Reply, Micros)>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Bank(Box<bank::Bank>),
    Front(front::Front),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, Payments>;

impl Payments {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let word = |name, meaning, default, among| ParamSpec { name, meaning, kind: ParamKind::Word { default, among } };
    let number = |name, meaning, default, (min, max), unit| {
        let kind = ParamKind::Int { default, min, max, unit };
        ParamSpec { name, meaning, kind }
    };
    let mut specs = vec![
        number("attempts", "a client sends a request so often at most; 1: at most once", 100, (1, 1_000), "times"),
        time("retry-after", "a client asks again after this time without an answer", ms(40), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", ms(300), ms(2), s(600)),
        time(
            "hedge-after",
            "a client asks another front as well after this time without an answer; 0: never",
            ms(0),
            ms(0),
            s(60),
        ),
        word("retry-at", "which front a client asks again: the next, or the same", "next", &["next", "same"]),
        word(
            "keys",
            "where it is remembered which payments were charged",
            "disk",
            &["none", "front", "memory", "disk"],
        ),
        time("forget-after", "the bank forgets a key after this time; 0: never", ms(0), ms(0), s(600)),
        word(
            "proof",
            "how it is known who said something: not, or by an authentication code",
            "none",
            &["none", "mac"],
        ),
        word(
            "fresh",
            "how it is known that a request is new: not, by a number, or by its time",
            "none",
            &["none", "number", "time"],
        ),
        time("fresh-for", "by its time, a request is new for so long", ms(500), ms(1), s(600)),
        number("opening", "each client's account holds so much at the start", 100_000_000, (0, 1_000_000_000), "units"),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for Payments {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "payments",
            summary: "payments by requests that are sent again",
            roles: vec![
                role("bank", "holds all accounts, durably", Tone::Server, false),
                role("front", "passes requests on to the bank, and answers back", Tone::Neutral, false),
                role("client", "pays, asks again, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["retry", "give up", "hedge"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("balance", false), function("pay", true)],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        Payments {
            attempts: params.int("attempts") as u32,
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            hedge_after: params.time("hedge-after"),
            elsewhere: params.word("retry-at") == "next",
            keys: match params.word("keys") {
                "none" => Keys::Nowhere,
                "front" => Keys::Front,
                "memory" => Keys::Memory,
                _ => Keys::Disk,
            },
            forget_after: params.time("forget-after"),
            proof: params.word("proof") == "mac",
            fresh: match params.word("fresh") {
                "number" => Fresh::Number,
                "time" => Fresh::Time,
                _ => Fresh::Unknown,
            },
            fresh_for: params.time("fresh-for"),
            opening: params.int("opening"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(client::Client::default()),
            "front" => State::Front(front::Front::default()),
            _ => State::Bank(Box::new(self.open_bank(ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Bank(b), Message::Pay(order)) => self.on_pay(b, from, order, ctx),
            (State::Bank(_), Message::Ask { account, client, op }) => self.on_ask(from, &account, client, op, ctx),
            (State::Front(f), m) => self.pass_on(f, m, ctx),
            (State::Client(c), Message::Answer { client, op, reply, tag }) => {
                self.on_answer(c, client, op, reply, tag, ctx);
            }
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Client(c), Timer::Hedge { op }) => self.on_hedge(c, op, ctx),
            _ => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        words::label(m)
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Retry { op } => (0, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (1, format!("end of patience for operation {op}")),
            Timer::Hedge { op } => (2, format!("another front for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Bank(b) => words::bank(b, disk, durable, card),
            State::Front(f) => words::front(f, card),
            State::Client(c) => words::client(c, card),
        }
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &View<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(self.opening, view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        words::why_stuck(view)
    }
}
