//! A key-value store that stays writable: N copies, R answers to a read, W to a write, and what brings copies together.
//!
//! DeCandia and others: Dynamo: Amazon's highly available key-value store, SOSP 2007. Any number of replicas stand on a
//! ring; the first N from a key on are its home (section 4.3). Who coordinates an operation sends it to all of the home
//! replicas and answers after R or W of them (section 4.5). What is apart then comes together in three ways, each of which
//! can be turned off: hints are handed to the replica that they are for when it is back (section 4.6), a read repairs what
//! it finds behind (section 5), and replicas compare hash trees from time to time (section 4.7). Versions that nobody knows
//! the order of are kept side by side ([`version`]), or the later by the coordinators' clocks wins (section 6.2).
//!
//! Coordinators: a home replica, whose own copy counts; or the client itself (section 6.4). Under siblings a put goes to a
//! home replica in any case: only there does a new dot count what was seen before it. With clients that coordinate, the
//! four delays of a write, its acknowledgement, a read and its response are those of the model WARS: Bailis, Venkataraman,
//! Franklin, Hellerstein, Stoica: Probabilistically bounded staleness for practical partial quorums, PVLDB 5(8), 2012; a
//! scenario's network gives each kind of message its own latency.
//!
//! With `spread = "gossip"` nothing is sent to the others at once: each replica answers by itself, and comparisons alone
//! carry writes on. That is a register with anti-entropy, as of Demers and others: Epidemic algorithms for replicated
//! database maintenance, PODC 1987 (section 1.3, push and pull).
//!
//! Invariants:
//! - What a replica holds of a key is only ever replaced by what supersedes it.
//! - Of W that count for a write each is another home replica's copy: its own, or a hint for it.
//! - A hint is forgotten only once its replica has said that it holds just that.
//! - A dot names one version: of a coordinator in one of its lives, which it counts on its disk.
//!
//! Left out: the ring's membership and its gossip (everyone knows all replicas; who is silent for too long is stood in
//! for, and nobody remembers it), removal of keys, and once-only puts: one that a client asks for again at another
//! coordinator makes another version, which wins or stays beside the first.

mod client;
mod coordinate;
mod entropy;
mod properties;
mod replica;
mod ring;
mod version;
mod words;

use super::get_and_put;
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use entropy::Round;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use version::{Held, Mark, Vector};

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct QuorumStore {
    replication: usize,
    read_quorum: usize,
    write_quorum: usize,
    virtual_nodes: u64,
    client_coordinates: bool,
    gossip: bool,
    conflicts: Conflicts,
    sloppy: bool,
    handoff: bool,
    read_repair: bool,
    anti_entropy: bool,
    durable: bool,
    suspect_after: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    handoff_interval: Micros,
    anti_entropy_interval: Micros,
    flush_interval: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// What becomes of versions that are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    LastWriterWins,
    Siblings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AckBeforeSync,
    AnswerEarly,
    ContextFromPut,
    DotWithoutLife,
    HintDroppedEarly,
    NoCompare,
    ShortRead,
    StandInCountsTwice,
    TreeIgnoresValues,
}

const BUGS: [(&str, &str); 9] = [
    ("bug-ack-before-sync", "a replica acknowledges first and syncs its disk afterwards"),
    ("bug-answer-early", "a coordinator answers a put one acknowledgement too early"),
    ("bug-context-from-put", "a client takes the coordinator's whole vector for what it has read"),
    ("bug-dot-without-life", "dots do not tell the lives of a coordinator apart"),
    ("bug-hint-dropped-early", "a hint is forgotten when it is sent, not when its replica holds it"),
    ("bug-no-compare", "a replica stores what comes last, whatever its version"),
    ("bug-short-read", "a coordinator answers a get one response too early"),
    ("bug-stand-in-counts-twice", "a home replica and who stands in for it count as two"),
    ("bug-tree-ignores-values", "the hash trees are made of keys alone"),
];

/// An operation of a client in one of its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub life: u32,
    pub op: u32,
}

/// What a coordinator works on: it counts, in each of its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub life: u32,
    pub number: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A client asks a coordinator.
    Put {
        call: Call,
        key: SmolStr,
        value: Datum,
        past: Vector,
    },
    Get {
        call: Call,
        key: SmolStr,
    },
    Answer {
        call: Call,
        key: SmolStr,
        reply: Reply,
    },
    /// A coordinator has a replica store this: as its own, or as a hint for the one that it stands in for.
    Write {
        task: Task,
        instead_of: Option<NodeId>,
        key: SmolStr,
        held: Held,
    },
    Ack {
        task: Task,
        instead_of: Option<NodeId>,
        key: SmolStr,
    },
    Read {
        task: Task,
        instead_of: Option<NodeId>,
        key: SmolStr,
    },
    Response {
        task: Task,
        instead_of: Option<NodeId>,
        key: SmolStr,
        held: Held,
    },
    /// A read found this replica behind.
    Repair {
        key: SmolStr,
        held: Held,
    },
    /// A hint for this replica.
    Handoff {
        key: SmolStr,
        held: Held,
    },
    /// It holds what the hint of this digest held.
    Taken {
        key: SmolStr,
        digest: u64,
    },
    /// Hashes of nodes of the tree on one level; none: all that was compared is equal.
    Tree {
        round: Round,
        level: u8,
        nodes: Vec<(u16, u64)>,
    },
    /// The keys of leaves that differ, with the digests of what is held of each.
    Keys {
        round: Round,
        leaves: Vec<u16>,
        digests: Vec<(SmolStr, u64)>,
    },
    /// What is held of the keys that differ, and of which of them the other's is wanted.
    Exchange {
        round: Round,
        helds: Vec<(SmolStr, Held)>,
        wanted: Vec<SmolStr>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// W replicas hold the version of this mark. The vector is empty, planted bugs aside.
    Stored(Mark, Vector),
    Found(Held),
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
    /// Of a coordinator: who has not answered until then is stood in for.
    Suspect {
        task: u32,
    },
    Deadline {
        task: u32,
    },
    /// Of a replica.
    Handoff,
    AntiEntropy,
    Flush,
}

/// What a replica keeps for another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hint {
    pub home: NodeId,
    pub key: SmolStr,
    pub held: Held,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// How often the node was started.
    pub lives: u32,
    pub held: LiteMap<SmolStr, Held>,
    pub hints: Vec<Hint>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Replica(Box<replica::Replica>),
    Client(Box<client::Client>),
}

type Context<'a> = Ctx<'a, QuorumStore>;

impl Disk {
    fn hint(&self, home: NodeId, key: &str) -> Option<&Hint> {
        self.hints.iter().find(|hint| hint.home == home && hint.key == key)
    }
}

impl QuorumStore {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// Home replicas of so many that must have a write before it is answered.
    fn write_needed(&self, homes: usize) -> usize {
        if self.gossip { homes.min(1) } else { self.write_quorum.min(homes) }
    }

    /// Every read meets every write that was acknowledged before (Gifford, 1979): as long as nobody stands in.
    fn is_strict(&self, homes: usize) -> bool {
        !self.gossip
            && !self.sloppy
            && self.durable
            && self.read_quorum.min(homes) + self.write_quorum.min(homes) > homes
    }
}

impl Protocol for QuorumStore {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "quorum-store",
            summary: "a key-value store of N copies, read and written by quorums that may be partial, after Dynamo",
            roles: vec![
                role("replica", "stores versions and hints, coordinates, repairs", Tone::Server, false),
                role("client", "asks a coordinator or coordinates itself, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["retry", "give up", "suspect", "deadline", "handoff", "anti-entropy", "flush"],
            properties: properties::STATEMENTS.to_vec(),
            functions: get_and_put(),
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let number = |name| params.int(name) as usize;
        QuorumStore {
            replication: number("replication"),
            read_quorum: number("read-quorum").min(number("replication")),
            write_quorum: number("write-quorum").min(number("replication")),
            virtual_nodes: params.int("virtual-nodes") as u64,
            client_coordinates: params.word("coordinator") == "client",
            gossip: params.word("spread") == "gossip",
            conflicts: match params.word("conflicts") {
                "siblings" => Conflicts::Siblings,
                _ => Conflicts::LastWriterWins,
            },
            sloppy: params.flag("sloppy-quorum"),
            handoff: params.flag("hinted-handoff"),
            read_repair: params.flag("read-repair"),
            anti_entropy: params.flag("anti-entropy"),
            durable: params.flag("durable-writes"),
            suspect_after: params.time("suspect-after"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            handoff_interval: params.time("handoff-interval"),
            anti_entropy_interval: params.time("anti-entropy-interval"),
            flush_interval: params.time("flush-interval"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        ctx.disk_mut().lives += 1;
        match ctx.role() {
            "client" => State::Client(Box::new(self.start_client(ctx))),
            _ => State::Replica(Box::new(self.start_replica(ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Replica(r) => self.replica_hears(r, from, m, ctx),
            State::Client(c) => self.client_hears(c, from, m, ctx),
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Client(c), Timer::Suspect { task }) => self.on_suspect(&mut c.coordinator, None, task, ctx),
            (State::Client(c), Timer::Deadline { task }) => self.on_deadline(&mut c.coordinator, None, task, ctx),
            (State::Replica(r), t) => self.on_replica_timer(r, &t, ctx),
            (State::Client(_), Timer::Handoff | Timer::AntiEntropy | Timer::Flush) => {}
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
            Timer::Suspect { task } => (2, format!("look for who is silent on task {task}")),
            Timer::Deadline { task } => (3, format!("deadline of task {task}")),
            Timer::Handoff => (4, "handing over of hints".into()),
            Timer::AntiEntropy => (5, "comparison with another replica".into()),
            Timer::Flush => (6, "sync of what was acknowledged".into()),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Replica(r) => words::replica(r, disk, durable, card),
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
        words::why_stuck(self, view)
    }
}

/// Copies and quorums: Dynamo, section 4.5, calls (3, 2, 2) the common choice. Times fit links of some milliseconds.
fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let number = |name, meaning, default, unit| ParamSpec {
        name,
        meaning,
        kind: ParamKind::Int { default, min: 1, max: 16, unit },
    };
    let flag = |name, meaning, default| ParamSpec { name, meaning, kind: ParamKind::Flag { default } };
    let word = |name, meaning, default, among| ParamSpec { name, meaning, kind: ParamKind::Word { default, among } };
    let mut specs = vec![
        number("replication", "home replicas of each key (N), if there are so many", 3, "replicas"),
        number("read-quorum", "responses that a get waits for (R), at most N", 2, "replicas"),
        number("write-quorum", "acknowledgements that a put waits for (W), at most N", 2, "replicas"),
        number("virtual-nodes", "places of each replica on the ring", 8, "places"),
        word(
            "coordinator",
            "who sends an operation to the replicas: one of the key's home, or the client itself (puts under siblings: \
             always a home replica)",
            "replica",
            &["replica", "client"],
        ),
        word(
            "spread",
            "how a write comes to the other home replicas: at once, or by comparisons alone; then any home replica answers \
             by itself, and R and W count for nothing",
            "at-once",
            &["at-once", "gossip"],
        ),
        word(
            "conflicts",
            "versions that are apart: the later one by the coordinators' clocks wins, or those that were written without \
             knowing of each other stay as siblings",
            "last-writer-wins",
            &["last-writer-wins", "siblings"],
        ),
        flag("sloppy-quorum", "others on the ring stand in for home replicas that are silent, and count", true),
        flag(
            "hinted-handoff",
            "hints are handed to their replica when it is back; with strict quorums coordinators keep them, uncounted",
            true,
        ),
        flag("read-repair", "a get brings the replicas up to date that it finds behind", true),
        flag("anti-entropy", "replicas compare hash trees with one another, drawn at random", true),
        flag("durable-writes", "a replica syncs before it acknowledges; otherwise from time to time", true),
        time("suspect-after", "a coordinator asks on after this time of a replica's silence", ms(20), ms(1), s(60)),
        time("retry-after", "a client asks the next coordinator after this time", ms(60), ms(1), s(60)),
        time("give-up-after", "clients and coordinators give an operation up after this time", ms(300), ms(2), s(600)),
        time("handoff-interval", "hints are sent to their replicas after this time", ms(100), ms(1), s(3_600)),
        time(
            "anti-entropy-interval",
            "a replica compares itself with another after this time",
            ms(500),
            ms(1),
            s(3_600),
        ),
        time("flush-interval", "without durable writes, a replica syncs after this time", s(1), ms(1), s(3_600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
