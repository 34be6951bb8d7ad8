//! A key-value service that one primary orders and its backups copy, with fail-over by a view service.
//!
//! Primary copy as in Alsberg and Day: A principle for resilient sharing of distributed resources, ICSE 1976 (AD), with
//! the view service of the MIT course 6.824 (lab 2 of 2012 to 2015: Primary/backup key/value service), which decides alone
//! who is primary and who backs it up. What makes a view fit to serve is taken from Lamport, Malkhi, Zhou: Vertical Paxos
//! and primary-backup replication, PODC 2009 (VP): a new view is **active** only once all of its members hold the state,
//! and until then the next primary is taken from the last active view alone.
//!
//! What an acknowledged write means is the mode's:
//! - synchronous: all members of the view have it on disk. It survives every fail-over.
//! - semi-synchronous: the primary and so many backups have it, as with MySQL's `rpl_semi_sync_source_wait_for_replica_count`.
//!   It survives if one of those is promoted: the view service takes the one that reported most, which is no proof, unless
//!   all backups had to have it. Confirmed reads show nothing that they do not have yet (MySQL's `AFTER_SYNC`), the
//!   primary's own do (`AFTER_COMMIT`). A primary that waits for too long may fall back to asynchronous until enough backups
//!   have caught up (`rpl_semi_sync_source_timeout`): then it loses what asynchronous replication loses.
//! - asynchronous: the primary has it. A fail-over loses what had not been shipped, and a primary that does not know yet
//!   that it was replaced goes on acknowledging what will be lost.
//!
//! Reads may be answered by the primary alone, by any copy, or by any copy that holds all that the client has read and
//! written before: the session guarantees read your writes and monotonic reads of Terry and others: Session guarantees for
//! weakly consistent replicated data, PDIS 1994 (section 4: a version vector; of one history its length is enough). They
//! hold until a fail-over loses what the session has seen: by such a read it may see a write of the primary that nobody else
//! has yet.
//!
//! Invariants:
//! - A server promises on its disk never to act in a view older than the newest it heard of.
//! - Whoever holds index n of a view holds the same first n writes as everyone else in that view.
//! - The view service tells nobody of a view that is not on its disk.
//!
//! Left out: a replicated view service (while it is down nothing fails over), and a view whose primary reaches the view
//! service but not its backup, which stays as it is.

mod client;
mod properties;
mod server;
mod service;
mod words;

use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId, codec, hash};
use crate::protocols::once;
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, Setup, StepFacts, View as Nodes};
use crate::wire::{Datum, FunctionInfo, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct PrimaryBackup {
    mode: Mode,
    reads: Reads,
    backups: usize,
    acknowledgements: usize,
    ping_interval: Micros,
    dead_after: Micros,
    ship_after: Micros,
    /// Zero: never.
    fall_back_after: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Asynchronous,
    SemiSynchronous,
    Synchronous,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    Confirmed,
    Primary,
    Any,
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AcceptOldView,
    AckBeforeSync,
    AnswerBeforeBackups,
    ApplyGaps,
    CountsItself,
    LocalReads,
    PromoteUnready,
    ReadyBeforeTransfer,
    SessionForgets,
    TransferWithoutSessions,
    ViewNotPersisted,
}

const BUGS: [(&str, &str); 11] = [
    ("bug-accept-old-view", "a backup takes writes of a primary that was replaced"),
    ("bug-ack-before-sync", "a backup acknowledges first and syncs its disk afterwards"),
    ("bug-answer-before-backups", "the primary answers a write before any backup has it"),
    ("bug-apply-gaps", "a backup carries out a write though it lacks the one before"),
    ("bug-counts-itself", "semi-synchronously, the primary counts itself among the backups that have a write"),
    ("bug-local-reads", "the primary answers reads without asking whether it was replaced"),
    ("bug-promote-unready", "the view service promotes a backup of a view that never was active"),
    ("bug-ready-before-transfer", "a primary reports its view ready before the backups have the state"),
    ("bug-session-forgets", "a session does not remember what it has written, only what it has read"),
    ("bug-transfer-without-sessions", "the state that a backup is sent leaves the clients' sessions out"),
    ("bug-view-not-persisted", "the view service keeps its views in memory only"),
];

/// Who serves in a view (6.824, lab 2, part A). Number 0: none is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub number: u64,
    pub primary: NodeId,
    pub backups: Vec<NodeId>,
    /// All members hold the state: the primary may serve (VP, section 4).
    pub active: bool,
}

/// The place of a write: the view whose primary ordered it, and how many writes it is in that history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    pub view: u64,
    pub index: u64,
}

/// A write in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub stamp: Stamp,
    pub client: NodeId,
    pub ticket: Ticket,
    pub key: SmolStr,
    pub value: Datum,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub value: Datum,
    pub stamp: Stamp,
}

/// The replicated state: that of a history of writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// How many writes made it.
    pub index: u64,
    /// Chained over those writes: two stores of the same are the same.
    pub digest: u64,
    /// Client, life and operation of the last.
    pub last: (NodeId, u32, u32),
    pub entries: LiteMap<SmolStr, Entry>,
    pub sessions: Sessions<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// To the view service: the newest view heard of, which state is held, and whether all of the view hold it.
    Ping {
        view: u64,
        holds: Stamp,
        ready: bool,
    },
    /// From the view service.
    View(View),
    /// A client asks the view service who serves.
    Find,
    Put {
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
    },
    Get {
        ticket: Ticket,
        key: SmolStr,
    },
    /// A client asks the view service to make a server primary.
    Promote {
        ticket: Ticket,
        server: SmolStr,
    },
    Answer {
        ticket: Ticket,
        reply: Reply,
    },
    /// The whole state, from the primary of a new view to its backups.
    Transfer {
        view: View,
        round: u64,
        store: Store,
    },
    /// Writes in order; none: only asks whether the backup is still in the view.
    Update {
        view: u64,
        round: u64,
        changes: Vec<Change>,
    },
    /// A backup holds so many writes on its disk and has promised no newer view.
    Ack {
        view: u64,
        round: u64,
        index: u64,
    },
    /// A get of a session: only who holds what the session has seen may answer.
    GetAfter {
        ticket: Ticket,
        key: SmolStr,
        seen: Stamp,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// A put was carried out, or a server promoted; and the view that says so.
    Done(Stamp, u64),
    Value(Datum, Stamp),
    /// This server does not serve in a view that it knows.
    NotPrimary,
    /// The server cannot be promoted: it does not hold the state, or is silent.
    Refused,
    /// This copy lacks something that the session has seen.
    Behind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    /// Of a server: pings the view service and sends again what backups lack.
    Ping,
    /// Of a primary: sends what it has answered.
    Ship,
    /// Of the view service: looks who is silent.
    Look,
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
    /// Of a primary: this write has waited for too long.
    FallBack {
        index: u64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// How often the node was started.
    pub lives: u32,
    /// Of a server: the newest view that it heard of, and the view whose state it holds.
    pub promised: u64,
    pub held: u64,
    pub store: Store,
    /// Of the view service: the newest view, and the newest that was active.
    pub view: View,
    pub base: View,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Server(Box<server::Server>),
    Service(Box<service::Service>),
    Client(Box<client::Client>),
}

type Context<'a> = Ctx<'a, PrimaryBackup>;

impl View {
    /// The view that everybody starts in: the first servers in order, all empty.
    fn first(setup: &Setup, backups: usize) -> View {
        let mut servers = setup.role("server");
        let primary = servers.next().unwrap_or_default();
        View { number: 1, primary, backups: servers.take(backups).collect(), active: true }
    }

    fn members(&self) -> impl Iterator<Item = NodeId> + Clone + '_ {
        std::iter::once(self.primary).chain(self.backups.iter().copied()).filter(|_| self.number > 0)
    }
}

impl Store {
    fn apply(&mut self, change: &Change) {
        self.index = change.stamp.index;
        self.digest = hash::bytes(self.digest, &codec::to_bytes(change));
        self.last = (change.client, change.ticket.life, change.ticket.op);
        self.entries.insert(change.key.clone(), Entry { value: change.value.clone(), stamp: change.stamp });
        once::honour(&mut self.sessions, change.client, change.ticket, change.stamp);
    }
}

impl PrimaryBackup {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// The backups of a view of so many that must have a write before it is answered.
    fn needed(&self, backups: usize) -> usize {
        match self.mode {
            Mode::Asynchronous => 0,
            Mode::SemiSynchronous => backups.min(self.acknowledgements),
            Mode::Synchronous => backups,
        }
    }

    /// All backups must have a write before it is answered: whoever is promoted has it.
    fn needs_all(&self) -> bool {
        self.mode != Mode::Asynchronous && self.needed(self.backups) == self.backups
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let word = |name, meaning, default, among| ParamSpec { name, meaning, kind: ParamKind::Word { default, among } };
    let mut specs = vec![
        word(
            "mode",
            "who has a write on disk when it is answered: all of the view, the primary and so many backups, the primary",
            "synchronous",
            &["asynchronous", "semi-synchronous", "synchronous"],
        ),
        word(
            "reads",
            "who answers a get: the primary once as many backups as a write needs confirm it; the primary at once; any \
             member of the view at once; any that holds what the client has read and written before",
            "confirmed",
            &["confirmed", "primary", "any", "session"],
        ),
        ParamSpec {
            name: "backups",
            meaning: "backups of a view, if there are servers enough",
            kind: ParamKind::Int { default: 1, min: 0, max: 8, unit: "backups" },
        },
        ParamSpec {
            name: "acknowledgements",
            meaning: "semi-synchronously, backups that must have a write before it is answered, at most all of the view",
            kind: ParamKind::Int { default: 1, min: 1, max: 8, unit: "backups" },
        },
        time("ping-interval", "a server pings the view service after this time", ms(50), ms(1), s(60)),
        time(
            "dead-after",
            "the view service takes a server for dead after this time of silence",
            ms(250),
            ms(2),
            s(600),
        ),
        time(
            "ship-after",
            "asynchronously, a primary sends its writes to the backups after this time",
            ms(20),
            ms(0),
            s(60),
        ),
        time(
            "fall-back-after",
            "semi-synchronously, a write that has waited so long makes the primary answer without backups until enough of \
             them have caught up; 0: never (MySQL: 10 s)",
            ms(0),
            ms(0),
            s(600),
        ),
        time("retry-after", "a client asks again after this time without an answer", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for PrimaryBackup {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "primary-backup",
            summary: "a key-value service that a primary orders and its backups copy, with fail-over by a view service",
            roles: vec![
                role("server", "primary, backup or idle, as the view service decides", Tone::Server, false),
                role("view-service", "decides who is primary and who backs it up", Tone::Neutral, false),
                role("client", "asks the primary, retries, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["ping", "ship", "look", "retry", "give up", "fall back"],
            properties: properties::STATEMENTS.to_vec(),
            functions: super::get_and_put(),
            administration: vec![FunctionInfo { f: "promote".into(), has_key: true, has_value: false }],
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        PrimaryBackup {
            mode: match params.word("mode") {
                "asynchronous" => Mode::Asynchronous,
                "semi-synchronous" => Mode::SemiSynchronous,
                _ => Mode::Synchronous,
            },
            reads: match params.word("reads") {
                "primary" => Reads::Primary,
                "any" => Reads::Any,
                "session" => Reads::Session,
                _ => Reads::Confirmed,
            },
            backups: params.int("backups") as usize,
            acknowledgements: params.int("acknowledgements") as usize,
            fall_back_after: params.time("fall-back-after"),
            ping_interval: params.time("ping-interval"),
            dead_after: params.time("dead-after"),
            ship_after: params.time("ship-after"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, disk: &Disk, ctx: &mut Context<'_>) -> State {
        let first = disk.lives == 0;
        ctx.disk_mut().lives += 1;
        match ctx.role() {
            "client" => State::Client(Box::new(self.start_client(ctx))),
            "view-service" => State::Service(Box::new(self.start_service(ctx))),
            _ => State::Server(Box::new(self.start_server(first, ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Service(s), Message::Ping { view, holds, ready }) => self.on_ping(s, from, view, holds, ready, ctx),
            (State::Service(s), Message::Find) => ctx.send(from, &Message::View(s.view.clone())),
            (State::Service(s), Message::Promote { ticket, server }) => self.on_promote(s, from, ticket, &server, ctx),
            (State::Server(s), Message::View(view)) => self.on_view(s, view, ctx),
            (State::Server(s), Message::Put { ticket, key, value }) => self.on_put(s, from, ticket, key, value, ctx),
            (State::Server(s), Message::Get { ticket, key }) => self.on_get(s, from, ticket, &key, ctx),
            (State::Server(s), Message::GetAfter { ticket, key, seen }) => {
                self.on_get_after(s, from, ticket, &key, seen, ctx);
            }
            (State::Server(s), Message::Transfer { view, round, store }) => {
                self.on_transfer(s, from, view, round, store, ctx);
            }
            (State::Server(_), Message::Update { view, round, changes }) => {
                self.on_update(from, view, round, &changes, ctx);
            }
            (State::Server(s), Message::Ack { view, round, index }) => self.on_ack(s, from, view, (index, round), ctx),
            (State::Client(c), Message::View(view)) => self.on_news(c, view, ctx),
            (State::Client(c), Message::Answer { ticket, reply }) => self.on_answer(c, ticket, reply, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Server(s), Timer::Ping) => self.on_ping_timer(s, ctx),
            (State::Server(s), Timer::Ship) => self.on_ship(s, ctx),
            (State::Server(s), Timer::FallBack { index }) => self.on_fall_back(s, index, ctx),
            (State::Service(s), Timer::Look) => self.on_look(s, ctx),
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
        words::label(m)
    }

    fn epoch(&self, m: &Message) -> u64 {
        match m {
            Message::Ping { view, .. } | Message::Update { view, .. } | Message::Ack { view, .. } => *view,
            Message::View(view) | Message::Transfer { view, .. } => view.number,
            _ => 0,
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Ping => (0, "ping of the view service".into()),
            Timer::Ship => (1, "shipping of writes".into()),
            Timer::Look => (2, "look for silent servers".into()),
            Timer::Retry { op } => (3, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (4, format!("end of patience for operation {op}")),
            Timer::FallBack { index } => (5, format!("falling back if write {index} still waits")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Server(s) => words::server(s, disk, durable, card),
            State::Service(s) => words::service(s, card),
            State::Client(c) => c.card(card),
        }
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &Nodes<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(self, view, step, broken);
    }

    fn why_no_progress(&self, view: &Nodes<'_, Self>) -> Option<String> {
        words::why_stuck(view)
    }
}
