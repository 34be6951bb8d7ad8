//! A key-value service on a chain of servers: writes go in at the head, reads are answered at the tail.
//!
//! Van Renesse and Schneider: Chain replication for supporting high throughput and availability, OSDI 2004 (CR). The head
//! orders writes, each server stores a write and passes it on, and the tail, which is the last to have it, answers the
//! client (section 3.1): so whatever is answered is on the disks of all servers of the chain. A master watches the servers
//! and closes the chain over one that is gone; what the server before it had sent, and not heard to be done, it sends again
//! to the one after (section 3.2). A server is added behind the tail once it has been sent the state (section 3.3), and from
//! then on the tail answers nothing that this one does not have: else the last of the others could fail in between, and
//! what they answered would be gone (planted bug `bug-answers-alone`).
//!
//! The paper's servers are fail-stop: they halt, and that is noticed without error. Nothing here is: a server that is
//! silent may be alive and cut off. Therefore each **configuration** of the chain has a number, a server takes part in the
//! newest that it knows of alone, and messages of another one are not heard. And a tail that was given up without its
//! knowing would answer reads from the past: so with leased reads it answers only for as long as the master has promised
//! not to give it up, counted on its own clock from the ping that the master answered. That is safe if the master waits
//! twice as long and clocks run at most by a fifth too fast or too slow. Read as in the paper (`reads = tail`) the chain
//! believes in its detector.
//!
//! Links lose, double and reorder messages: writes are numbered, carried out in order, and sent again.
//!
//! Invariants:
//! - Each server of a configuration holds a prefix of what the one before it holds (CR, Update Propagation Invariant), on
//!   its disk before the next one is told.
//! - Each server of a configuration holds all that was answered before it became a part of it.
//! - The master tells nobody of a configuration that is not on its disk. It removes nobody within the lease, and adds
//!   nobody without the state; the last servers stay, whatever their silence.
//!
//! Left out: a replicated master (CR runs Paxos; while this one is down the chain goes on, but is not repaired), queries of
//! several objects, and the division of objects over many chains (CR, section 5).

mod client;
mod master;
mod properties;
mod server;
mod words;

use super::once::{self, Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId, codec, hash};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, Setup, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The protocol's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    replicas: usize,
    reads: Reads,
    ping_interval: Micros,
    dead_after: Micros,
    lease: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    Leased,
    Tail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AcceptOldChain,
    AckBeforeSync,
    AnswersAlone,
    AnyReads,
    ApplyGaps,
    ConfigurationNotPersisted,
    EndlessLease,
    HeadAnswers,
    JoinWithoutState,
    TransferWithoutSessions,
}

const BUGS: [(&str, &str); 10] = [
    ("bug-accept-old-chain", "a server takes writes of an older configuration"),
    ("bug-ack-before-sync", "a server passes a write on first and syncs its disk afterwards"),
    ("bug-answers-alone", "the tail answers by itself while another server is brought up to date"),
    ("bug-any-reads", "any server of the chain answers reads from what it holds"),
    ("bug-apply-gaps", "a server carries out a write though it lacks the one before"),
    ("bug-configuration-not-persisted", "the master keeps its configurations in memory only"),
    ("bug-endless-lease", "the tail's lease never ends"),
    ("bug-head-answers", "the head answers a write before the others have it"),
    ("bug-join-without-state", "the master adds a server to the chain before it was sent the state"),
    ("bug-transfer-without-sessions", "the state that a server is sent leaves the clients' sessions out"),
];

/// The chain, head first, and who is being brought up to date to be added. Number 0: none is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub number: u64,
    pub servers: Vec<NodeId>,
    pub joining: Option<NodeId>,
}

/// The place of a write: the configuration whose head ordered it, and how many writes it is in the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    pub configuration: u64,
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

/// What a history of writes makes.
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
    /// To the master: the newest configuration heard of, whether the state was received that one needs to be added, and
    /// the sender's clock.
    Ping {
        number: u64,
        ready: bool,
        sent: Micros,
    },
    /// From the master. As an answer to a ping it has that one's time: the lease counts from it.
    Configured {
        configuration: Configuration,
        heard: Option<Micros>,
    },
    /// A client asks the master for the chain.
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
    Answer {
        ticket: Ticket,
        reply: Reply,
    },
    /// Down the chain: the writes that come after so many. Without any: there are so many.
    Forward {
        number: u64,
        after: u64,
        changes: Vec<Change>,
    },
    /// Up the chain: so many are here, so many are at the tail; and whether the sender wants what follows.
    Ack {
        number: u64,
        received: u64,
        done: u64,
        wants: bool,
    },
    /// The whole state: to who joins, and to who lacks more than is kept for sending again.
    Transfer {
        number: u64,
        store: Store,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The put is on all servers of the configuration of this number.
    Done(Stamp, u64),
    Value(Datum, Stamp),
    /// This server does not answer that now.
    NotServing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    /// Of a server: pings the master, and sends again what makes no progress.
    Ping,
    /// Of the master: looks who is silent.
    Look,
    /// Of a client.
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// How often the node was started.
    pub lives: u32,
    /// Of a server: the newest configuration that it heard of, and the one whose history it holds.
    pub promised: u64,
    pub held: u64,
    pub store: Store,
    /// Of a tail: the configuration in which it began to wait for who joins behind it.
    pub handed_over: u64,
    /// Of the master.
    pub configuration: Configuration,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Server(Box<server::Server>),
    Master(Box<master::Master>),
    Client(Box<client::Client>),
}

type Context<'a> = Ctx<'a, Chain>;

impl Configuration {
    /// The one that everybody starts in: the first servers in order, all empty.
    fn first(setup: &Setup, replicas: usize) -> Configuration {
        Configuration { number: 1, servers: setup.role("server").take(replicas).collect(), joining: None }
    }

    fn place(&self, node: NodeId) -> Option<usize> {
        self.servers.iter().position(|server| *server == node)
    }

    fn before(&self, node: NodeId) -> Option<NodeId> {
        self.place(node)?.checked_sub(1).map(|place| self.servers[place])
    }

    fn after(&self, node: NodeId) -> Option<NodeId> {
        self.servers.get(self.place(node)? + 1).copied()
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

impl Chain {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// Clocks that run by a fifth too fast or too slow do no harm.
    fn reads_are_safe(&self) -> bool {
        self.reads == Reads::Leased && self.lease.0.saturating_mul(2) <= self.dead_after.0
    }
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let mut specs = vec![
        ParamSpec {
            name: "replicas",
            meaning: "servers of the chain, if there are enough; the others wait to be added",
            kind: ParamKind::Int { default: 3, min: 1, max: 9, unit: "servers" },
        },
        ParamSpec {
            name: "reads",
            meaning: "when the tail answers a get: while its lease lasts, or always, as if no server were ever given up \
                      by mistake",
            kind: ParamKind::Word { default: "leased", among: &["leased", "tail"] },
        },
        time("ping-interval", "a server pings the master after this time", ms(50), ms(1), s(60)),
        time("dead-after", "the master gives a server up after this time of silence", ms(250), ms(2), s(600)),
        time(
            "lease",
            "the tail answers reads for so long after a ping that the master has answered; at most half of the time after \
             which a server is given up",
            ms(125),
            ms(1),
            s(300),
        ),
        time("retry-after", "a client asks again after this time without an answer", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for Chain {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "chain-replication",
            summary: "a key-value service on a chain of servers: writes go in at the head, the tail answers; a master repairs \
                      the chain",
            roles: vec![
                role("server", "head, middle, tail or spare, as the master decides", Tone::Server, false),
                role(
                    "master",
                    "closes the chain over servers that are silent, and adds spare ones",
                    Tone::Neutral,
                    false,
                ),
                role("client", "asks the head or the tail, retries, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["ping", "look", "retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: super::get_and_put(),
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        Chain {
            replicas: params.int("replicas") as usize,
            reads: if params.word("reads") == "tail" { Reads::Tail } else { Reads::Leased },
            ping_interval: params.time("ping-interval"),
            dead_after: params.time("dead-after"),
            lease: params.time("lease"),
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
            "master" => State::Master(Box::new(self.start_master(ctx))),
            _ => State::Server(Box::new(self.start_server(first, ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Master(s), Message::Ping { number, ready, sent }) => {
                self.on_ping(s, from, number, ready, sent, ctx)
            }
            (State::Master(s), Message::Find) => {
                ctx.send(from, &Message::Configured { configuration: s.configuration.clone(), heard: None });
            }
            (State::Server(s), Message::Configured { configuration, heard }) => {
                self.on_configured(s, configuration, heard, ctx);
            }
            (State::Server(s), Message::Put { ticket, key, value }) => self.on_put(s, from, ticket, key, value, ctx),
            (State::Server(s), Message::Get { ticket, key }) => self.on_get(s, from, ticket, &key, ctx),
            (State::Server(s), Message::Forward { number, after, changes }) => {
                self.on_forward(s, from, number, after, &changes, ctx);
            }
            (State::Server(s), Message::Ack { number, received, done, wants }) => {
                self.on_ack(s, from, number, (received, done), wants, ctx);
            }
            (State::Server(s), Message::Transfer { number, store }) => self.on_transfer(s, from, number, store, ctx),
            (State::Client(c), Message::Configured { configuration, .. }) => self.on_news(c, configuration, ctx),
            (State::Client(c), Message::Answer { ticket, reply }) => self.on_answer(c, ticket, reply, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Server(s), Timer::Ping) => self.on_ping_timer(s, ctx),
            (State::Master(s), Timer::Look) => self.on_look(s, ctx),
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
            Message::Ping { number, .. }
            | Message::Forward { number, .. }
            | Message::Ack { number, .. }
            | Message::Transfer { number, .. } => *number,
            Message::Configured { configuration, .. } => configuration.number,
            _ => 0,
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Ping => (0, "ping of the master".into()),
            Timer::Look => (1, "look for silent servers".into()),
            Timer::Retry { op } => (2, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (3, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Server(s) => words::server(s, disk, durable, card),
            State::Master(s) => words::master(s, card),
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
        words::why_stuck(view)
    }
}
