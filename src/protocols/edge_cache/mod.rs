//! A content delivery network: an origin that holds objects, and edges near the clients that keep what they fetch.
//!
//! Clients put at the origin, which gives each put of a key the next version: the entity tag. They get from the nearest
//! edge (the one with most groups in common), and from the next one when it does not answer in time. An edge is a shared
//! cache (RFC 9111):
//!
//! - It answers from its memory while the age of what it holds is below the freshness lifetime (section 4.2). The age counts
//!   from when the edge asked, so that the time in transit is in it (section 4.2.3: response_delay).
//! - What is stale it validates: it asks with the version that it has, and is told "not modified" without the value if
//!   that is still the newest (section 4.3).
//! - Requests that come while a fetch of their key is under way wait for its answer (section 4: collapsed requests).
//! - For `stale-while-revalidate` beyond the lifetime it answers at once with what it has, and asks meanwhile (RFC 5861,
//!   section 3). If the origin does not answer, it does so for `stale-if-error` beyond the lifetime (section 4).
//! - That there is nothing under a key is kept, too, for a lifetime of its own (as in DNS: RFC 2308, section 5).
//!
//! By `purge` a write reaches the edges before lifetimes end: the origin tells each of them which version a key has now, again
//! and again until it has acknowledged that, or until nothing older can be in its memory any more, as with a lease (Gray,
//! Cheriton: Leases, SOSP 1989). With `wait` a put is answered only then. A purge may overtake the answer to an earlier
//! fetch: a fetch remembers the purge, and takes nothing older.
//!
//! Invariants:
//! - What the origin sends is on its disk; and so are the purges that are not over.
//! - An edge has at most one fetch of a key under way, takes an answer for the fetch that it belongs to, and takes none after
//!   the fetch has timed out. So its versions of a key never go back, not even across a restart with an empty memory.
//! - A client that is sent to another edge may well see an older version there.
//! - Clocks are never compared: an age is a difference on one clock. Bounds in true time hold as far as `clock-drift-bound`
//!   does.
//!
//! Left out: ages by the clock of the origin (section 4.2.3: apparent_age), caches behind caches, writes through edges, an
//! origin on several machines; and clients remember nothing, neither values nor which edge was silent.

mod client;
mod edge;
mod origin;
mod properties;
mod words;

use super::get_and_put;
use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeCache {
    lifetime: Micros,
    negative_lifetime: Micros,
    while_revalidate: Micros,
    if_error: Micros,
    purge: Purging,
    purge_interval: Micros,
    fetch_timeout: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// In percent.
    drift: u64,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// What a put does about the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purging {
    None,
    Background,
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AckBeforeSync,
    AgeFromArrival,
    AnyValidator,
    ErrorKept,
    KeyCut,
    LateAnswers,
    NoCollapsing,
    NoOnceOnly,
    PurgeInMemory,
    PurgeLoses,
    StaleAtOnce,
    StaleForEver,
}

const BUGS: [(&str, &str); 12] = [
    ("bug-ack-before-sync", "the origin sends first and syncs its disk afterwards"),
    ("bug-age-from-arrival", "the age of an answer counts from its arrival: its time in transit is not in it"),
    ("bug-any-validator", "the origin takes any version for the newest one: not modified"),
    ("bug-error-kept", "an edge keeps an error as if there were nothing under the key"),
    ("bug-key-cut", "an edge leaves the last letter of a key out of account"),
    ("bug-late-answers", "an answer to a fetch that was given up counts for the next one"),
    ("bug-no-collapsing", "each request that finds nothing fresh is a fetch of its own"),
    ("bug-no-once-only", "the origin carries out a put every time that it arrives"),
    ("bug-purge-in-memory", "the origin forgets in a crash which purges are not over"),
    ("bug-purge-loses", "a purge does not concern a fetch that is under way"),
    ("bug-stale-at-once", "an edge answers as if the origin were silent, before that is known"),
    ("bug-stale-for-ever", "while the origin is silent, stale answers have no bound"),
];

/// Why an edge may answer as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    Fresh,
    /// By the answer to a fetch, which it was waiting for.
    Fetched,
    WhileRevalidate,
    IfError,
}

/// A fetch: the edge's life, and its number there.
type FetchId = (u32, u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// To the origin.
    Put {
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
    },
    /// To an edge.
    Get {
        ticket: Ticket,
        key: SmolStr,
    },
    /// Of a put: which version it made. Of a get: what was found, where version 0 is nothing.
    Answer {
        ticket: Ticket,
        version: u64,
        value: Datum,
        how: How,
        age: Micros,
    },
    /// The edge has nothing that it may answer with, and the origin is silent.
    Unavailable {
        ticket: Ticket,
    },
    /// RFC 9111, section 4.3.1: with the version that the edge has, if any.
    Fetch {
        key: SmolStr,
        id: FetchId,
        validator: Option<u64>,
    },
    /// Without a body: not modified.
    Content {
        key: SmolStr,
        id: FetchId,
        version: u64,
        body: Option<Datum>,
    },
    /// Nothing below this version is to be kept.
    Purge {
        key: SmolStr,
        version: u64,
    },
    Purged {
        key: SmolStr,
        version: u64,
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
    /// Of an edge.
    FetchTimeout {
        fetch: u32,
    },
    /// Of the origin.
    PurgeAgain,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// How often the node was started.
    pub lives: u32,
    /// Of the origin.
    pub entries: LiteMap<SmolStr, Entry>,
    pub sessions: Sessions<u64>,
    /// For each key whose purge is not over the version that it is about.
    pub purging: LiteMap<SmolStr, u64>,
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
    Origin(origin::Origin),
    Edge(edge::Edge),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, EdgeCache>;

impl EdgeCache {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// The longest age at which an edge answers with this version for this reason.
    fn age_max(&self, version: u64, how: How) -> Micros {
        match (how, version) {
            (How::Fetched, _) => self.fetch_timeout,
            (_, 0) => self.negative_lifetime,
            (How::Fresh, _) => self.lifetime,
            (How::WhileRevalidate, _) => self.lifetime.plus(self.while_revalidate),
            (How::IfError, _) => self.lifetime.plus(self.if_error),
        }
    }

    /// What is longer than so on one clock, is longer than `time` on any.
    fn on_any_clock(&self, time: Micros) -> Micros {
        Micros(time.0.saturating_mul(100 + self.drift) / 100)
    }

    /// After this time no edge answers with what was the newest version before it.
    fn gone_after(&self) -> Micros {
        let reasons = [How::Fresh, How::Fetched, How::WhileRevalidate, How::IfError];
        let longest = reasons.iter().flat_map(|how| [0, 1].map(|version| self.age_max(version, *how))).max();
        self.on_any_clock(longest.unwrap_or_default())
    }
}

impl Protocol for EdgeCache {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "edge-cache",
            summary: "an origin far away, and edges near the clients that answer from what they have fetched",
            roles: vec![
                role("origin", "holds all keys, durably, and purges the edges", Tone::Leader, false),
                role("edge", "answers from its memory, and fetches what is not there or stale", Tone::Server, false),
                role("client", "puts at the origin, gets from the nearest edge or the next", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["retry", "give up", "fetch time-out", "purge again"],
            properties: properties::STATEMENTS.to_vec(),
            functions: get_and_put(),
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        EdgeCache {
            lifetime: params.time("lifetime"),
            negative_lifetime: params.time("negative-lifetime"),
            while_revalidate: params.time("stale-while-revalidate"),
            if_error: params.time("stale-if-error"),
            purge: match params.word("purge") {
                "none" => Purging::None,
                "wait" => Purging::Wait,
                _ => Purging::Background,
            },
            purge_interval: params.time("purge-interval"),
            fetch_timeout: params.time("fetch-timeout"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            drift: params.int("clock-drift-bound") as u64,
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    /// Lives are counted durably, before anything is asked: tickets and fetches of one life are not those of another.
    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        ctx.disk_mut().lives += 1;
        ctx.sync();
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            "edge" => State::Edge(self.start_edge(ctx)),
            _ => State::Origin(self.start_origin(ctx)),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Origin(o), Message::Put { ticket, key, value }) => self.on_put(o, from, ticket, key, value, ctx),
            (State::Origin(o), Message::Fetch { key, id, validator }) => {
                self.on_fetch(o, from, key, id, validator, ctx)
            }
            (State::Origin(o), Message::Purged { key, version }) => self.on_purged(o, from, &key, version, ctx),
            (State::Edge(e), Message::Get { ticket, key }) => self.on_get(e, (from, ticket), key, ctx),
            (State::Edge(e), Message::Content { key, id, version, body }) => {
                self.on_content(e, &key, id, version, body, ctx);
            }
            (State::Edge(e), Message::Purge { key, version }) => self.on_purge(e, from, key, version, ctx),
            (State::Client(c), Message::Answer { ticket, version, value, how, age }) => {
                self.on_answer(c, ticket, version, value, (how, age), ctx);
            }
            (State::Client(c), Message::Unavailable { ticket }) => self.on_unavailable(c, from, ticket, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Edge(e), Timer::FetchTimeout { fetch }) => self.on_fetch_timeout(e, fetch, ctx),
            (State::Origin(o), Timer::PurgeAgain) => self.on_purge_again(o, ctx),
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
            Timer::FetchTimeout { fetch } => (2, format!("end of patience for fetch {fetch}")),
            Timer::PurgeAgain => (3, "purge again".into()),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Origin(o) => words::origin(o, disk, durable, card),
            State::Edge(e) => words::edge(e, card),
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
        memory.check(self, view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        words::why_stuck(view)
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s) = (Micros::ms, Micros::s);
    let time = |name, meaning, default, min| ParamSpec::time(name, meaning, default, min, s(600));
    let purge = ParamKind::Word { default: "background", among: &["none", "background", "wait"] };
    let drift = ParamKind::Int { default: 10, min: 0, max: 400, unit: "percent" };
    let spec = |name, meaning, kind| ParamSpec { name, meaning, kind };
    let mut specs = vec![
        time("lifetime", "an edge may answer with what it holds up to this age (max-age)", s(1), Micros::ZERO),
        time(
            "negative-lifetime",
            "that there is nothing under a key may be answered up to this age",
            ms(200),
            Micros::ZERO,
        ),
        time(
            "stale-while-revalidate",
            "for so long beyond its lifetime a value is answered with, while the origin is asked",
            ms(200),
            Micros::ZERO,
        ),
        time(
            "stale-if-error",
            "for so long beyond its lifetime a value is answered with, if the origin does not answer",
            s(5),
            Micros::ZERO,
        ),
        spec(
            "purge",
            "a put leaves what edges hold to its lifetime, or purges it from all edges; and the put may wait for that",
            purge,
        ),
        time("purge-interval", "the origin purges again after this time without an acknowledgement", ms(100), ms(1)),
        time("fetch-timeout", "an edge gives a fetch up after this time: the origin is silent", ms(250), ms(1)),
        time("retry-after", "a client asks again after this time: for a get, the next edge", ms(300), ms(1)),
        time("give-up-after", "a client gives an operation up after this time", s(1), ms(2)),
        spec("clock-drift-bound", "by how much one clock may run faster than another, at most", drift),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
