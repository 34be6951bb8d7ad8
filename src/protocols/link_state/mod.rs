//! Link-state routing: a network of routers that finds its ways by itself, and finds others when a router or a link is gone.
//!
//! Baran: On distributed communications I: introduction to distributed communications networks, RAND RM-3420-PR, 1964: in a
//! mesh with a little redundancy, whatever parts are left can still reach each other, if each node passes messages on by what
//! it knows itself. What it knows is here as McQuillan, Richer and Rosen made it (The new routing algorithm for the ARPANET,
//! IEEE Transactions on Communications, 1980), in the form of OSPF (Moy: OSPF version 2, RFC 2328, 1998), which all section
//! numbers below are of:
//! - **Hello**: neighbours tell each other that they live, and that they hear each other (sections 7.1 and 10.5). Who has been
//!   silent for the dead interval is gone.
//! - **Link-state advertisements**: each router tells all of its own links, under a number that only grows. They are flooded:
//!   everyone passes what is newer on to its neighbours, each of whom must acknowledge it (section 13). New neighbours compare
//!   their databases first (section 10.6).
//! - **Shortest paths**: each router computes them for itself by Dijkstra's algorithm over the links that both ends advertise
//!   (section 16.1), and passes packets on to the next hop only. While databases differ, packets may go in circles: the hop
//!   limit ends them (RFC 791, section 3.2, "Time to live").
//!
//! The network promises nothing for a packet. That an operation is done, and once, is up to its two ends (Saltzer, Reed, Clark:
//! End-to-end arguments in system design, ACM TOCS 1984): clients ask again, hosts recognise what they have done.
//!
//! A router keeps nothing on a disk. After a restart it begins with the first number again, hears its own older, higher
//! numbered advertisement from others, and takes over with a higher number (section 13.4).
//!
//! Invariants:
//! - What a router has of another only gets newer while it is up: by number, then by checksum, then by being expired
//!   (section 13.1). Time is counted in hello intervals, so that no state has a clock reading.
//! - A router advertises exactly those neighbours with which it has exchanged databases.
//! - What a neighbour has not acknowledged is sent to it again.
//!
//! Left out: areas, broadcast networks and their designated routers, several ways of equal cost, waiting before one
//! advertises or computes again (MinLSInterval, MinLSArrival), signatures, and numbers that run out. What has expired is kept,
//! marked as such, since it is one entry for each router.

mod client;
mod flood;
mod host;
mod paths;
mod properties;
mod router;
mod topology;
mod words;

use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, Setup, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use flood::{Advertisement, Header};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkState {
    topology: topology::Shape,
    hello_interval: Micros,
    /// The next three are counted in hello intervals.
    dead_interval: u32,
    refresh_after: u32,
    max_age: u32,
    retransmit_after: Micros,
    hop_limit: u8,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AcceptsOlder,
    AckBeforeSync,
    NoChecksum,
    NoExchange,
    NoHopLimit,
    NoRetransmission,
    NoTakeover,
    NoTwoWayCheck,
}

const BUGS: [(&str, &str); 8] = [
    ("bug-accepts-older", "a router believes the advertisement that it heard last, however old it is"),
    ("bug-ack-before-sync", "a host answers first and syncs its disk afterwards"),
    ("bug-no-checksum", "two advertisements of one number are taken for the same"),
    ("bug-no-exchange", "new neighbours do not compare their databases"),
    ("bug-no-hop-limit", "packets are passed on however often they were passed on before"),
    ("bug-no-retransmission", "an advertisement is sent once, whether it is acknowledged or not"),
    ("bug-no-takeover", "a router that hears its own old advertisement keeps it"),
    ("bug-no-two-way-check", "a link counts though only one of its ends advertises it"),
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Hello(Pair),
    /// Between routers that hear each other.
    Link(Pair, Talk),
    Packet(Packet),
}

/// Which acquaintance of two neighbours a message is of: the sender's number of it, and the receiver's, as far as the sender
/// has heard that. What is of another one is an echo, and counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub mine: u64,
    pub yours: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Talk {
    /// All that the sender has, unless the receiver is known to know it (the Database Description of section 10.6).
    Summary {
        has: Vec<Header>,
        /// The sender has got the receiver's.
        heard: bool,
        /// It knows that the receiver has got its own, and waits for no answer.
        done: bool,
    },
    Request(Vec<NodeId>),
    Update(Vec<Advertisement>),
    Ack(Vec<Header>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    pub source: NodeId,
    pub destination: NodeId,
    /// So many more routers may pass it on.
    pub hops_left: u8,
    /// The routers that it came by, in order (RFC 791, section 3.1, "Record route").
    pub trail: Vec<NodeId>,
    pub ticket: Ticket,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    Put {
        key: SmolStr,
        value: Datum,
    },
    Get {
        key: SmolStr,
    },
    /// With the version that a put made or a get saw (0: nobody has put the key), and the trail of the request.
    Answer {
        value: Datum,
        version: u64,
        came_by: Vec<NodeId>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Hello,
    Retransmit { to: NodeId },
    Retry { op: u32 },
    GiveUp { op: u32 },
}

/// A router has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Of a host: values with their versions.
    pub entries: LiteMap<SmolStr, (Datum, u64)>,
    pub sessions: Sessions<u64>,
    /// Of a client: how often it was started.
    pub lives: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Router(Box<router::Router>),
    /// It needs no memory: all is on its disk.
    Host,
    Client(client::Client),
}

type Context<'a> = Ctx<'a, LinkState>;

impl LinkState {
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
    let intervals = "hello intervals";
    let mut specs = vec![
        word(
            "topology",
            "which routers are linked: in a ring, a grid, all with all, or those that share a group link=NAME or link=NAME:COST",
            "ring",
            &["ring", "grid", "full", "groups"],
        ),
        word("costs", "a link's cost, unless its group says it: 1, or 1 to 3", "equal", &["equal", "varied"]),
        time("hello-interval", "routers tell their neighbours that they live after this time", ms(50), ms(1), s(60)),
        number("dead-interval", "a neighbour that is silent for longer is gone", 4, (1, 1_000), intervals),
        number("refresh-after", "a router advertises its links anew after these", 180, (2, 100_000), intervals),
        number("max-age", "an advertisement that is older has expired", 360, (4, 200_000), intervals),
        time("retransmit-after", "what is not acknowledged is sent again after this time", ms(60), ms(1), s(60)),
        number("hop-limit", "so many routers pass a packet on at most", 16, (1, 64), "routers"),
        time("retry-after", "a client asks again after this time without an answer", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for LinkState {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "link-state",
            summary: "a packet network that finds its ways by itself",
            roles: vec![
                role("router", "finds ways, and passes packets on", Tone::Server, false),
                role("host", "holds keys, durably, behind one router", Tone::Neutral, false),
                role("client", "asks through one router, asks again, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["hello", "retransmit", "retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: super::get_and_put(),
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let number = |name| params.int(name) as u32;
        let max_age = number("max-age");
        LinkState {
            topology: topology::Shape::of(params.word("topology"), params.word("costs") == "varied"),
            hello_interval: params.time("hello-interval"),
            dead_interval: number("dead-interval"),
            refresh_after: number("refresh-after").min(max_age / 2),
            max_age,
            retransmit_after: params.time("retransmit-after"),
            hop_limit: number("hop-limit") as u8,
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            "host" => State::Host,
            _ => State::Router(Box::new(self.start_router(ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match (s, m) {
            (State::Router(r), m) => self.on_router_message(r, from, m, ctx),
            (State::Host, Message::Packet(packet)) => self.on_asked(from, packet, ctx),
            (State::Client(c), Message::Packet(packet)) => self.on_answer(c, packet, ctx),
            // Addressed to the wrong role, by an adversary.
            _ => {}
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Router(r), Timer::Hello) => self.on_hello_timer(r, ctx),
            (State::Router(r), Timer::Retransmit { to }) => self.on_retransmit(r, to, ctx),
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

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Hello => (0, "hello".into()),
            Timer::Retransmit { to } => (1, format!("retransmission to node {}", to.index() + 1)),
            Timer::Retry { op } => (2, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (3, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Router(r) => words::router(r, card),
            State::Host => words::host(disk, durable, card),
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

    fn links(&self, setup: &Setup) -> Option<Vec<(NodeId, NodeId)>> {
        Some(self.topology.links(setup))
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        words::why_stuck(view)
    }
}
