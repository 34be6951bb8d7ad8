//! A key-value store at several sites: each answers by itself, and nothing is seen before what it follows.
//!
//! Lloyd, Freedman, Kaminsky, Andersen: Don't settle for eventual: scalable causal consistency for wide-area storage with
//! COPS, SOSP 2011. Every site holds all keys, spread over its replicas; a client speaks with its own site alone, which
//! answers at once (section 3). A client's session knows what its next write follows: what it has read since its last
//! write, and that write; further back nothing has to be named, since those name it (section 4.2, nearest dependencies).
//! The replica that took a write sends it to the other sites later, where it becomes visible only once the replicas of
//! what it follows have said that they have that (section 4.3, `dep_check`). Writes of one key that do not know of each
//! other are ordered by their versions, a Lamport clock and the replica, everywhere alike: the later one stays (section
//! 4.3, last writer wins).
//!
//! A replica that is asked for a dependency says that it has it when it has carried out **that write**. To have a later
//! version of the key is not enough: it may come from a third site, and stand in for one whose own dependencies are not
//! here yet (planted bug `bug-compare-versions`). So writes of one replica to another are numbered and carried out in
//! order, and one count for each sender says which are here. Waiting in this order ends: whatever is waited for, an
//! earlier number or a dependency, has a lower version.
//!
//! Invariants:
//! - A replica's version of a key never goes back; it is on disk before anybody is told.
//! - A write's version is later than those of all that it follows.
//! - A write is visible at a site only when all that it follows is.
//! - A replica keeps a write for another until that one has it on disk.
//! - A session outlives its client's crash: what it follows is on the client's disk before its caller has the answer.
//!
//! Sites are the groups of the replicas (their first ones); without groups the replicas are dealt out in order. Left out:
//! copies within a site (COPS has a chain of servers for each key: here a site whose replica is down cannot answer for its
//! keys), removal of keys, clients that change sites, and transactions of several gets (COPS-GT).

mod client;
mod properties;
mod replica;
mod words;

use super::get_and_put;
use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId, hash};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, Setup, StepFacts, View};
use crate::wire::{Datum, Op, Tone};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;
use std::fmt;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct CausalStore {
    sites: usize,
    send_again_after: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    ClockNotAdvanced,
    CompareVersions,
    ConfirmEarly,
    ForgetReads,
    NoCompare,
    NoDependencyCheck,
    NoOnceOnly,
    PutClearsAll,
}

const BUGS: [(&str, &str); 8] = [
    ("bug-clock-not-advanced", "a replica's clock does not advance by the versions that it hears of"),
    ("bug-compare-versions", "any later version of a key counts as the one that a write follows"),
    ("bug-confirm-early", "a replica confirms a write of another site before it is on its disk"),
    ("bug-forget-reads", "a session forgets what it has read"),
    ("bug-no-compare", "a replica stores what comes last, whatever its version"),
    ("bug-no-dependency-check", "a write of another site is visible as soon as it is there"),
    ("bug-no-once-only", "a put that is asked for again is carried out again"),
    ("bug-put-clears-all", "the end of a put clears what its session has read meanwhile"),
];

/// The order of writes: a Lamport clock, ties broken by the replica that took the write (section 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    pub clock: u64,
    pub node: NodeId,
}

/// A write that another follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub key: SmolStr,
    pub version: Version,
}

/// What is stored of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub value: Datum,
    pub version: Version,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub key: SmolStr,
    pub value: Datum,
    pub version: Version,
    /// The operation that asked for it.
    pub by: (NodeId, u32),
    pub after: Vec<Dependency>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A client asks the replica of a key at its site.
    Put {
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
        after: Vec<Dependency>,
    },
    Get {
        ticket: Ticket,
        key: SmolStr,
    },
    Answer {
        ticket: Ticket,
        reply: Reply,
    },
    /// The n-th write of this replica to that one.
    Replicate {
        number: u64,
        write: Write,
    },
    /// All writes up to this number are on disk and visible.
    Confirm {
        number: u64,
    },
    /// To a replica of the own site: say when you have what the n-th write of that origin follows.
    Check {
        origin: NodeId,
        number: u64,
        after: Dependency,
    },
    Checked {
        origin: NodeId,
        number: u64,
        after: Dependency,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    Stored(Version),
    Found(Entry),
    /// Too many writes wait for other sites.
    Full,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    /// Of a replica: sends again what was not confirmed, and asks again for what was not answered.
    SendAgain,
    /// Of a client.
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
}

/// What another replica was sent: how much of it that one has, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    pub confirmed: u64,
    pub writes: VecDeque<Write>,
}

/// What came from another replica: how many of its writes are here, and the clock of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inbox {
    pub number: u64,
    pub clock: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Of a client: how often it was started, and what its session's next write follows.
    pub lives: u32,
    pub follows: Vec<Dependency>,
    /// Of a replica.
    pub clock: u64,
    pub entries: LiteMap<SmolStr, Entry>,
    pub sessions: Sessions<Version>,
    pub outboxes: LiteMap<NodeId, Outbox>,
    pub inboxes: LiteMap<NodeId, Inbox>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Replica(Box<replica::Replica>),
    Client(Box<client::Client>),
}

type Context<'a> = Ctx<'a, CausalStore>;

impl CausalStore {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    /// The replicas of each site.
    fn sites(&self, setup: &Setup) -> Vec<Vec<NodeId>> {
        let replicas: Vec<NodeId> = setup.role("replica").collect();
        let mut sites: Vec<(Option<&String>, Vec<NodeId>)> = Vec::new();
        let grouped = replicas.iter().all(|node| !setup.nodes[node.index()].groups.is_empty());
        for (i, node) in replicas.iter().enumerate() {
            let group = setup.nodes[node.index()].groups.first().filter(|_| grouped);
            let dealt = i * self.sites / replicas.len();
            let place = match grouped {
                true => sites.iter().position(|(name, _)| *name == group),
                false => sites.len().checked_sub(1).filter(|_| i > 0 && dealt == (i - 1) * self.sites / replicas.len()),
            };
            match place {
                Some(place) => sites[place].1.push(*node),
                None => sites.push((group, vec![*node])),
            }
        }
        sites.into_iter().map(|(_, site)| site).collect()
    }

    /// The site of a replica, or of a client: that of its group, or else the clients are dealt out in turn.
    fn home(&self, setup: &Setup, node: NodeId) -> Vec<NodeId> {
        let mut sites = self.sites(setup);
        let group = setup.nodes[node.index()].groups.first();
        let same = |site: &Vec<NodeId>| {
            let shared = || group.is_some() && setup.nodes[site[0].index()].groups.first() == group;
            site.contains(&node) || setup.nodes[node.index()].client && shared()
        };
        let turn = || setup.role("client").position(|client| client == node).map(|turn| turn % sites.len().max(1));
        let place = sites.iter().position(same).or_else(turn);
        place.filter(|place| *place < sites.len()).map(|place| sites.swap_remove(place)).unwrap_or_default()
    }
}

/// The replica of a key among those of a site.
fn keeper(site: &[NodeId], key: &str) -> Option<NodeId> {
    let place = hash::bytes(0, key.as_bytes()).checked_rem(site.len() as u64)?;
    Some(site[place as usize])
}

impl Protocol for CausalStore {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        Description {
            name: "causal-store",
            summary: "a key-value service at several sites that answer by themselves and keep cause before effect, after COPS",
            roles: vec![
                role("replica", "holds some of the keys at its site", Tone::Server, false),
                role("client", "asks its own site, knows what its next write follows", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["send again", "retry", "give up"],
            properties: properties::STATEMENTS.to_vec(),
            functions: get_and_put(),
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        CausalStore {
            sites: params.int("sites") as usize,
            send_again_after: params.time("send-again-after"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        ctx.disk_mut().lives += 1;
        ctx.sync();
        match ctx.role() {
            "client" => State::Client(Box::new(client::Client::new(ctx.disk().lives))),
            _ => State::Replica(Box::new(self.start_replica(ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Replica(r) => self.replica_hears(r, from, m, ctx),
            State::Client(c) => {
                if let Message::Answer { ticket, reply } = m {
                    self.on_answer(c, ticket, reply, ctx);
                }
            }
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Replica(r), Timer::SendAgain) => self.on_send_again(r, ctx),
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
            Timer::SendAgain => (0, "sending again of what was not confirmed".into()),
            Timer::Retry { op } => (1, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (2, format!("end of patience for operation {op}")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Replica(r) => words::replica(r, disk, durable, card),
            State::Client(c) => words::client(c, disk, card),
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

/// COPS was measured with two data centres (section 6.1). Times fit links of some milliseconds.
fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let mut specs = vec![
        ParamSpec {
            name: "sites",
            meaning: "sites that replicas without groups are dealt out to, in order; groups are sites by themselves",
            kind: ParamKind::Int { default: 2, min: 1, max: 8, unit: "sites" },
        },
        time(
            "send-again-after",
            "a replica sends again what was not confirmed, and asks again for what was not answered, after this time",
            ms(100),
            ms(1),
            s(60),
        ),
        time("retry-after", "a client asks again after this time without an answer", ms(40), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", ms(300), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}

/// `7.2`: at clock 7, by the second node.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.clock, self.node.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::protocol::NodeSetup;

    fn setup(nodes: &[(&str, &str)]) -> Setup {
        let node = |(i, (role, group)): (usize, &(&str, &str))| NodeSetup {
            name: format!("{role}{i}"),
            role: (*role).into(),
            groups: if group.is_empty() { Vec::new() } else { vec![(*group).into()] },
            client: *role == "client",
            place: None,
        };
        Setup { seed: 1, nodes: nodes.iter().enumerate().map(node).collect() }
    }

    fn store(sites: i64) -> CausalStore {
        let given =
            std::collections::BTreeMap::from([("sites".to_string(), crate::sim::params::ParamValue::Int(sites))]);
        CausalStore::configure(&Params::check(&specs(), &given).expect("good"))
    }

    fn numbers(site: &[NodeId]) -> Vec<u16> {
        site.iter().map(|node| node.0).collect()
    }

    #[test]
    fn replicas_without_groups_are_dealt_out_in_order() {
        let nodes = setup(&[("replica", ""); 5]);
        let sites = |n| store(n).sites(&nodes).iter().map(|site| numbers(site)).collect::<Vec<_>>();
        assert_eq!(sites(1), [vec![0, 1, 2, 3, 4]]);
        assert_eq!(sites(2), [vec![0, 1, 2], vec![3, 4]]);
        assert_eq!(sites(3), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(sites(8).len(), 5);
        assert!(store(2).sites(&setup(&[("client", "")])).is_empty());
    }

    #[test]
    fn groups_are_sites_and_clients_stand_where_they_say() {
        let nodes = setup(&[
            ("replica", "zone=a"),
            ("replica", "zone=b"),
            ("replica", "zone=a"),
            ("client", "zone=b"),
            ("client", ""),
        ]);
        let store = store(3);
        let home = |node| numbers(&store.home(&nodes, NodeId(node)));
        assert_eq!([home(0), home(1), home(2)], [vec![0, 2], vec![1], vec![0, 2]]);
        assert_eq!(home(3), [1], "its group's");
        assert_eq!(home(4), [1], "the second client in turn");
    }
}
