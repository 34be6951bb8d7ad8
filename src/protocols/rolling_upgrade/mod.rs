//! Records on N replicas, of which some run an older release than others, as in every rolling upgrade.
//!
//! A record is a few numbered fields ([`schema`]). Release 1 knows the value; release 2 adds a note. A replica that is
//! restarted comes back in another release, by `on-restart`; the records on its disk stay as they are. What the releases
//! make of each other's records is the `schema`:
//!
//! - `compatible`: what is missing is simply not there, and what is unknown is kept and passed on (Protocol Buffers,
//!   Language Guide, "Updating A Message Type" and "Unknown Fields"; Kleppmann: Designing data-intensive applications,
//!   chapter 4, "Protocol Buffers and Thrift: field tags and schema evolution").
//! - `dropping`: what is unknown is skipped; whoever reads a record, changes it and writes it back takes the new fields away
//!   (Kleppmann, chapter 4, "Dataflow through databases").
//! - `required`: release 2 refuses records without a note, release 1 those with one (Language Guide, "Required is forever").
//! - `renumbered`: release 2 gives the value's number to the note (Language Guide, "Updating A Message Type": numbers of
//!   existing fields never change).
//!
//! Records are changed by CASPaxos (Rystsov: CASPaxos: replicated state machines without logs, 2018, section 2.2): any
//! replica coordinates; it has a majority promise a ballot and takes the record of the highest ballot accepted so far, it
//! changes that, and has a majority accept it. A get writes back what it read. Replicas keep the bytes that they are sent,
//! after they have made sure that they can read them. By the tickets of [`super::once`], kept with the record, a write
//! takes effect once, however many coordinators are asked for it.
//!
//! Invariants:
//! - A replica accepts nothing below what it has promised; both are on its disk before it says so.
//! - A ballot names one record: it has the coordinator's place and life, and the life is on its disk.
//! - `compatible`: fields that were acknowledged stay, whichever release reads and writes, forwards or backwards.
//!
//! Left out: members that change; removal of records; fields that change their type; a note that waits until the last
//! replica knows it.

mod client;
mod coordinator;
mod properties;
mod replica;
mod schema;
mod words;

use super::once::{Sessions, Ticket};
use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::{ParamKind, ParamSpec, Params};
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{Datum, FunctionInfo, Op, Tone};
use litemap::LiteMap;
use schema::{Fault, Field, Release, Schema};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct RollingUpgrade {
    schema: Schema,
    /// So many of the first replicas begin in release 2.
    upgraded: usize,
    on_restart: OnRestart,
    wait_for_all: bool,
    /// Clients ask the first so many; 0: all.
    coordinators: usize,
    back_off: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each of [`BUGS`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnRestart {
    Upgrade,
    Switch,
    Stay,
}

const RESTARTS: &[&str] = &["upgrade", "switch", "stay"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AckBeforeSync,
    NoCompare,
    NoOnceOnly,
    PutDropsUnknown,
    SmallQuorum,
}

const BUGS: [(&str, &str); 5] = [
    ("bug-ack-before-sync", "a replica answers first and syncs its disk afterwards"),
    ("bug-no-compare", "a replica accepts whatever it has promised"),
    ("bug-no-once-only", "a coordinator carries out a write every time that it is asked for"),
    ("bug-put-drops-unknown", "unknown fields are passed on, but not kept in a record that is changed"),
    ("bug-small-quorum", "a coordinator waits for half of the replicas"),
];

/// Who proposes, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ballot {
    pub counter: u64,
    pub node: NodeId,
    pub life: u32,
}

/// A record as it was accepted: what is on disks, and on its way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// None yet: counter 0.
    pub ballot: Ballot,
    /// In which release it was written.
    pub release: Release,
    pub bytes: Vec<u8>,
    /// The writes that it has in it.
    pub sessions: Sessions<()>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Of the replica that sends it; 0: a client's.
    pub release: Release,
    pub key: SmolStr,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    Ask { ticket: Ticket, field: Field, put: Option<Datum> },
    Prepare { ballot: Ballot },
    Promise { ballot: Ballot, held: Held },
    Accept { held: Held },
    Accepted { ballot: Ballot },
    Refuse { ballot: Ballot, why: Why },
    Answer { ticket: Ticket, reply: Reply },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Why {
    /// It has promised a ballot of this counter to somebody.
    Promised(u64),
    Unreadable(Fault),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// What was found, and the ballot that it was accepted under, if there is anything.
    Done { found: Datum, ballot: Ballot },
    /// This release has no such function.
    NoNotes,
    /// Too many replicas, or it itself, cannot read the record: in which release, and why.
    Unreadable(Release, Fault),
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
    /// Of a coordinator: a round is to begin again.
    Again {
        round: u32,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub lives: u32,
    /// In which it runs.
    pub release: Release,
    pub slots: LiteMap<SmolStr, Slot>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub promised: Ballot,
    pub held: Held,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Replica(replica::Replica),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, RollingUpgrade>;

impl RollingUpgrade {
    fn has(&self, bug: Bug) -> bool {
        self.bugs >> bug as u32 & 1 == 1
    }

    fn quorum(&self, replicas: usize) -> usize {
        match self.wait_for_all {
            true => replicas,
            false if self.has(Bug::SmallQuorum) => replicas.div_ceil(2),
            false => replicas / 2 + 1,
        }
    }
}

impl Protocol for RollingUpgrade {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "rolling-upgrade",
            summary: "records on replicas of two releases: what each makes of the other's fields, while one after another is restarted",
            roles: vec![
                role("replica", "keeps records, and coordinates what it is asked for", Tone::Server, false),
                role("client", "asks the replicas in turn, retries, gives up", Tone::Client, true),
            ],
            messages: words::KINDS.to_vec(),
            timers: vec!["retry", "give up", "again"],
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![
                function("get", false),
                function("put", true),
                function("get-note", false),
                function("put-note", true),
            ],
            administration: Vec::new(),
            params: specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        let bugs = BUGS.iter().enumerate().filter(|(_, (name, _))| params.flag(name));
        let schema = schema::NAMES.iter().position(|name| *name == params.word("schema"));
        RollingUpgrade {
            schema: schema::SCHEMAS[schema.unwrap_or_default()],
            upgraded: params.int("upgraded") as usize,
            on_restart: match params.word("on-restart") {
                "upgrade" => OnRestart::Upgrade,
                "switch" => OnRestart::Switch,
                _ => OnRestart::Stay,
            },
            wait_for_all: params.word("wait") == "all",
            coordinators: params.int("coordinators") as usize,
            back_off: params.time("back-off"),
            retry_after: params.time("retry-after"),
            give_up_after: params.time("give-up-after"),
            bugs: bugs.fold(0, |bits, (i, _)| bits | 1 << i),
        }
    }

    fn boot(&self, _disk: &Disk, ctx: &mut Context<'_>) -> State {
        ctx.disk_mut().lives += 1;
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            _ => State::Replica(self.start_replica(ctx)),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Replica(r) => self.replica_hears(r, from, m, ctx),
            State::Client(c) => {
                if let What::Answer { ticket, reply } = m.what {
                    self.on_answer(c, from, ticket, reply, ctx);
                }
            }
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            (State::Replica(r), Timer::Again { round }) => self.on_again(r, round, ctx),
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
        u64::from(m.release)
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        match t {
            Timer::Retry { op } => (0, format!("retry of operation {op}")),
            Timer::GiveUp { op } => (1, format!("end of patience for operation {op}")),
            Timer::Again { round } => (2, format!("round {round} again")),
        }
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, durable: &Disk, card: &mut Card) {
        match s {
            State::Replica(r) => words::replica(self.schema, r, disk, durable, card),
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

fn specs() -> Vec<ParamSpec> {
    let (ms, s, time) = (Micros::ms, Micros::s, ParamSpec::time);
    let word = |name, meaning, among: &'static [&'static str]| ParamSpec {
        name,
        meaning,
        kind: ParamKind::Word { default: among[0], among },
    };
    let count = |name, meaning| ParamSpec {
        name,
        meaning,
        kind: ParamKind::Int { default: 0, min: 0, max: 9, unit: "replicas" },
    };
    let mut specs = vec![
        word(
            "schema",
            "what a release makes of fields that it does not know, and of those that it misses",
            schema::NAMES,
        ),
        count("upgraded", "so many of the first replicas begin in release 2"),
        word(
            "on-restart",
            "a replica that restarts comes up in release 2, in the other release, or as it was",
            RESTARTS,
        ),
        word("wait", "a coordinator waits for this many replicas", &["majority", "all"]),
        count("coordinators", "clients ask the first so many replicas in turn; 0: all of them"),
        time(
            "back-off",
            "a coordinator that met another one waits up to twice this time, and twice as long each further time",
            ms(5),
            ms(1),
            s(10),
        ),
        time("retry-after", "who has no answer asks again after this time", ms(100), ms(1), s(60)),
        time("give-up-after", "a client gives an operation up after this time", ms(600), ms(2), s(600)),
    ];
    specs.extend(BUGS.iter().map(|(name, meaning)| ParamSpec::bug(name, meaning)));
    specs
}
