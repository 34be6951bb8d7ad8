//! Membership: who is alive, found out by probing at random and told by gossip.
//!
//! Das, Gupta, Motivala: SWIM: scalable weakly-consistent infection-style process group membership protocol, DSN 2002.
//! Every period each member pings one other; without an answer it asks k others to ping it (section 3.1). News rides on
//! these messages, each item at most λ·⌈log₂(n + 1)⌉ times (sections 3.2 and 4.1). Who does not answer is suspected first,
//! and may refute that by a higher incarnation number, which it alone may raise (section 4.2). Targets are taken in turn
//! from a shuffled list, so that everyone is probed within 2n − 1 periods (section 4.3).
//!
//! Added, as in HashiCorp's memberlist: a member that was declared dead may come back by a higher incarnation, and those
//! who are gone (dead, or left) are pinged now and then. Without that the two sides of a partition would never find each
//! other again, nor would two who each left and came back while the other was away.
//!
//! Invariants:
//! - What a member believes of another only advances: by incarnation, then from alive over suspected and dead to left.
//! - An incarnation is on the disk of the member before anybody hears of it.
//!
//! Left out: members that nobody has heard of before (all names are in the configuration), and signatures.

mod client;
mod member;
mod properties;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Cell, Datum, FunctionInfo, Op, Tone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Swim {
    period: Micros,
    ping_timeout: Micros,
    helpers: usize,
    suspicion: bool,
    suspicion_factor: u64,
    gossip_factor: u32,
    gossip_max: usize,
    round_robin: bool,
    reconnect_every: u64,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AccuserRaises,
    EndlessGossip,
    IncarnationNotPersisted,
    NoRefutation,
    ShortSuspicion,
    SkipsLast,
    StaleNews,
}

const BUGS: [(&str, &str); 7] = [
    ("bug-accuser-raises", "who suspects another raises the incarnation of the other"),
    ("bug-endless-gossip", "news rides on messages for ever"),
    ("bug-incarnation-not-persisted", "a member's incarnation is not written to its disk"),
    ("bug-no-refutation", "a member that hears that it is suspected says nothing"),
    ("bug-short-suspicion", "who is suspected is declared dead in the next period"),
    ("bug-skips-last", "the last in the shuffled list is never probed"),
    ("bug-stale-news", "a member believes what it heard last, however old it is"),
];

/// What is believed of a member, in the order in which one overrides the other at the same incarnation (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    Alive,
    Suspect,
    Dead,
    /// It said so itself.
    Left,
}

/// News of a member, or what is believed of it: the later one in this order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Belief {
    pub incarnation: u64,
    pub status: Status,
}

pub type News = (NodeId, Belief);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Ping {
        sequence: u64,
        news: Vec<News>,
    },
    PingReq {
        sequence: u64,
        target: NodeId,
        news: Vec<News>,
    },
    Ack {
        sequence: u64,
        news: Vec<News>,
    },
    /// A member that starts, or comes back: wants to know who is there.
    Join(Belief),
    Roster(Vec<News>),
    /// A client asks for the members that one believes in.
    Ask {
        op: u32,
    },
    Leave {
        op: u32,
    },
    Rejoin {
        op: u32,
    },
    /// Absent: the member has left itself.
    Members {
        op: u32,
        members: Option<Vec<NodeId>>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Period,
    /// The direct ping was not answered in time.
    PingTimeout {
        sequence: u64,
    },
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
}

/// Of a member; a client's stays empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub incarnation: u64,
    pub left: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Member(Box<member::Member>),
    Client(Box<client::Client>),
}

type Context<'a> = Ctx<'a, Swim>;

impl Belief {
    fn alive(incarnation: u64) -> Belief {
        Belief { incarnation, status: Status::Alive }
    }

    /// Suspected members are members (section 4.2).
    pub fn is_member(self) -> bool {
        self.status <= Status::Suspect
    }
}

impl Swim {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// How often a piece of news is passed on at most: λ·⌈log₂(n + 1)⌉ (section 4.1).
    pub(crate) fn gossip_limit(&self, members: usize) -> u32 {
        self.gossip_factor * log2_ceil(members)
    }

    /// For how many periods a member is suspected before it is declared dead.
    pub(crate) fn suspicion_periods(&self, members: usize) -> u64 {
        self.suspicion_factor * u64::from(log2_ceil(members))
    }
}

/// ⌈log₂(n + 1)⌉.
fn log2_ceil(n: usize) -> u32 {
    usize::BITS - n.leading_zeros()
}

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let number = |name, meaning, default, max, unit| {
        let kind = ParamKind::Int { default, min: 0, max, unit };
        ParamSpec { name, meaning, kind }
    };
    let mut specs = vec![
        time("protocol-period", "a member probes another after this time", ms(200), ms(2), s(60)),
        time(
            "ping-timeout",
            "a ping that is not answered after this time is repeated through others",
            ms(60),
            ms(1),
            s(60),
        ),
        number("helpers", "members that are asked to ping who did not answer (k)", 3, 20, "members"),
        ParamSpec {
            name: "suspicion",
            meaning: "who does not answer is suspected before it is declared dead",
            kind: ParamKind::Flag { default: true },
        },
        number("suspicion-factor", "a suspicion lasts this times ⌈log₂(n + 1)⌉ periods", 1, 20, "times"),
        number("gossip-factor", "news is passed on at most this times ⌈log₂(n + 1)⌉ times (λ)", 3, 20, "times"),
        number("gossip-max", "pieces of news on one message at most", 6, 64, "pieces"),
        ParamSpec {
            name: "targets",
            meaning: "whom to probe: in turn from a shuffled list, or anyone at random",
            kind: ParamKind::Word { default: "round-robin", among: &["round-robin", "random"] },
        },
        number(
            "reconnect-every",
            "in one of so many periods a member that is dead or left is pinged, too; 0: never",
            10,
            1_000,
            "periods",
        ),
        time("retry-after", "a client asks again after this time without an answer", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", s(2), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

impl Protocol for Swim {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str, has_key| FunctionInfo { f: f.into(), has_key, has_value: false };
        Description {
            name: "swim",
            summary: "membership by random probes, gossip and suspicion",
            roles: vec![
                role("member", "probes the others and passes news on", Tone::Server, false),
                role("client", "asks members whom they believe in", Tone::Client, true),
            ],
            messages: vec![
                ("Ping", Tone::Routine),
                ("PingReq", Tone::Query),
                ("Ack", Tone::Reply),
                ("Join", Tone::Update),
                ("Roster", Tone::Update),
                ("Ask", Tone::Query),
                ("Leave", Tone::Update),
                ("Rejoin", Tone::Update),
                ("Members", Tone::Reply),
            ],
            timers: vec!["period", "ping timeout", "retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("members", false), function("agreement", false)],
            administration: vec![function("leave", true), function("rejoin", true)],
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let period = params.time("protocol-period");
        Swim {
            period,
            ping_timeout: params.time("ping-timeout").min(period),
            helpers: params.int("helpers") as usize,
            suspicion: params.flag("suspicion"),
            suspicion_factor: params.int("suspicion-factor") as u64,
            gossip_factor: params.int("gossip-factor") as u32,
            gossip_max: params.int("gossip-max") as usize,
            round_robin: params.word("targets") == "round-robin",
            reconnect_every: params.int("reconnect-every") as u64,
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(Box::default()),
            _ => State::Member(Box::new(self.start_member(disk, ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Member(s) => self.on_member_message(s, from, m, ctx),
            State::Client(c) => {
                if let Message::Members { op, members } = m {
                    self.on_members(c, from, op, members, ctx);
                }
            }
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Member(s), Timer::Period) => self.on_period(s, ctx),
            (State::Member(s), Timer::PingTimeout { sequence }) => self.on_ping_timeout(s, sequence, ctx),
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
        let news = |what: &str, news: &[News]| match news.len() {
            0 => what.to_string(),
            n => format!("{what} with {n} news"),
        };
        match m {
            Message::Ping { news: n, .. } => (0, news("ping", n)),
            Message::PingReq { news: n, .. } => (1, news("ping request", n)),
            Message::Ack { news: n, .. } => (2, news("ack", n)),
            Message::Join(_) => (3, "join".into()),
            Message::Roster(all) => (4, format!("roster of {}", all.len())),
            Message::Ask { .. } => (5, "who is there?".into()),
            Message::Leave { .. } => (6, "leave".into()),
            Message::Rejoin { .. } => (7, "rejoin".into()),
            Message::Members { members: None, .. } => (8, "I left".into()),
            Message::Members { members: Some(members), .. } => (8, format!("{} members", members.len())),
        }
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Period => (0, "protocol period".into()),
            Timer::PingTimeout { .. } => (1, "ping not answered in time".into()),
            Timer::Retry { op } => (2, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (3, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, _disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Member(s) => s.card(durable, card),
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
        client::why_stuck(view)
    }
}

/// A belief of another as a cell: the name, and what is believed if it is not simply alive.
fn cell(name: usize, belief: Belief) -> Cell {
    let text = match belief.status {
        Status::Alive => format!("{name}"),
        Status::Suspect => format!("{name}?"),
        Status::Dead => format!("{name} dead"),
        Status::Left => format!("{name} left"),
    };
    Cell { text, firm: belief.status == Status::Alive, epoch: belief.incarnation }
}

fn int(n: u64) -> Datum {
    Datum::Int(n as i64)
}

fn named(setup: &crate::sim::protocol::Setup, node: NodeId) -> SmolStr {
    setup.name(node).into()
}
