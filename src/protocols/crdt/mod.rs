//! Replicas that take every update at once, from whoever stands beside them, and come together by merging: counters, sets,
//! a map and a sequence for which the order of updates does not matter, and two sets for which it does.
//!
//! Shapiro, Preguiça, Baquero, Zawirski: Conflict-free replicated data types, SSS 2011, and A comprehensive study of
//! convergent and commutative replicated data types, INRIA RR-7506, 2011: state-based types, whose states form a lattice
//! and whose merge is the least upper bound. The grow-only counter and the one that goes down as well are its section 3.1,
//! the last-writer-wins register and the map of such its section 3.2, the two-phase set, the last-writer-wins set and the
//! observed-remove set its section 3.3. The last is kept without tombstones, by dots and a vector: Bieniusa and others: An
//! optimized conflict-free replicated set, INRIA RR-8083, 2012. The sequence is RGA: Roh, Jeon, Kim, Lee: Replicated
//! abstract data types, JPDC 71(3), 2011, kept as a tree of elements, each behind the one that it was put after.
//!
//! Each replica offers its whole state to another one from time to time, which merges it and answers with its own if that
//! has more (anti-entropy: Demers and others, PODC 1987). States are never sent in parts (deltas), nor updates as such.
//!
//! A replica numbers its updates. Its state has with an update all that the replica had before, so that one count for each
//! replica says which updates a state contains.
//!
//! Invariants:
//! - Two replicas whose states contain the same updates show the same.
//! - A state only grows: what it contains is never lost, crashes and restarts included.
//! - What a replica tells, the others or its user, is on its disk.
//!
//! Left out: deltas, updates sent as operations, tombstones that are forgotten once all have seen them, and replicas that
//! come and go.

mod object;
mod properties;
mod replica;
mod words;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{FunctionInfo, Op, Tone};
use litemap::LiteMap;
use object::Object;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Crdt {
    kind: Kind,
    /// Whole numbers are taken modulo this; 0: as they are.
    values: i64,
    gossip_interval: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

/// What every key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    GCounter,
    PnCounter,
    TwoPhaseSet,
    LwwSet,
    OrSet,
    LwwMap,
    Sequence,
}

const NAMES: &[&str] = &["g-counter", "pn-counter", "two-phase-set", "lww-set", "or-set", "lww-map", "sequence"];
const KINDS: [Kind; 7] =
    [Kind::GCounter, Kind::PnCounter, Kind::TwoPhaseSet, Kind::LwwSet, Kind::OrSet, Kind::LwwMap, Kind::Sequence];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    CounterAdds,
    KeepRemoved,
    NoTieBreak,
    RemoveUnseen,
    TellBeforeSync,
    TombstoneForgotten,
}

const BUGS: [(&str, &str); 6] = [
    ("bug-counter-adds", "a merge adds the counts of two replicas instead of taking the higher ones"),
    ("bug-keep-removed", "a merge of sets keeps whatever one of the two has"),
    ("bug-no-tie-break", "of elements put at one place at once each replica shows its own first"),
    ("bug-remove-unseen", "a merge takes an add that the other has not seen for one that it has removed"),
    ("bug-tell-before-sync", "a replica tells of an update before it is on its disk"),
    ("bug-tombstone-forgotten", "a replica forgets which elements of a sequence were removed"),
];

/// An update: by which replica, and the how manieth of it.
type Dot = (NodeId, u64);

/// All that a replica knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// How many updates of each replica it contains.
    pub vector: Vec<u64>,
    pub objects: LiteMap<SmolStr, Object>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A replica's state.
    Offer(Known),
    /// That of one that has more than was offered to it.
    Answer(Known),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Gossip,
}

type Context<'a> = Ctx<'a, Crdt>;

impl Crdt {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }
}

impl Protocol for Crdt {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Known;
    type State = replica::Replica;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "crdt",
            summary: "replicas that take updates at once and merge: counters, sets, a map, a sequence (CRDTs)",
            roles: vec![RoleSpec {
                name: "peer",
                meaning: "updates and reads its own copy, merges with others",
                tone: Tone::Server,
                client: true,
            }],
            messages: words::KINDS.to_vec(),
            timers: vec!["gossip"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![function("read", false), function("add", true), function("remove", true)],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let kind = NAMES.iter().position(|name| *name == params.word("type"));
        Crdt {
            kind: KINDS[kind.unwrap_or_default()],
            values: params.int("values"),
            gossip_interval: params.time("gossip-interval"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Known, ctx: &mut Context<'_>) -> replica::Replica {
        ctx.set_timer(self.gossip_interval, &Timer::Gossip);
        replica::Replica::default()
    }

    fn on_message(&self, s: &mut replica::Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        self.hear(s, from, m, ctx);
    }

    fn on_timer(&self, s: &mut replica::Replica, _t: Timer, ctx: &mut Context<'_>) {
        self.gossip(s, ctx);
    }

    fn on_request(&self, s: &mut replica::Replica, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        self.asked(s, id, op, ctx);
    }

    fn label(&self, m: &Message) -> (u8, String) {
        words::label(m)
    }

    fn timer_label(&self, _t: &Timer) -> (u8, String) {
        (0, "gossip".into())
    }

    fn card(&self, _role: &str, s: &replica::Replica, disk: &Known, durable: &Known, card: &mut Card) {
        words::replica(self, s.me, disk, durable, card);
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

    /// Nobody waits for anybody: an operation ends with its replica's own sync.
    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        let down = view.setup.role("peer").find(|node| view.state(*node).is_none())?;
        Some(format!("{} is down", view.setup.name(down)))
    }
}

fn specs() -> Vec<ParamSpec> {
    let mut specs = vec![
        ParamSpec {
            name: "type",
            meaning: "what every key holds",
            kind: ParamKind::Word { default: "or-set", among: NAMES },
        },
        ParamSpec {
            name: "values",
            meaning: "whole numbers are taken modulo this, so that clients of a workload meet at the same elements; 0: as \
                      they are",
            kind: ParamKind::Int { default: 0, min: 0, max: 1_000, unit: "values" },
        },
        ParamSpec::time(
            "gossip-interval",
            "a replica offers its state to another one after this time, again and again",
            Micros::ms(100),
            Micros::ms(1),
            Micros::s(600),
        ),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
