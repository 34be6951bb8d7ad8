//! What servers and clients say to each other (figures 2 and 13; dissertation, sections 3.10 and 6).

use super::log::Entries;
use super::snapshot::Snapshot;
use crate::base::NodeId;
use crate::wire::{Datum, Op, Tone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    RequestVote {
        term: u64,
        last_index: u64,
        last_term: u64,
        ballot: Ballot,
    },
    Vote {
        /// The voter's.
        term: u64,
        /// The term of the election that it answers.
        election: u64,
        pre: bool,
        granted: bool,
    },
    AppendEntries {
        term: u64,
        prev_index: u64,
        prev_term: u64,
        commit: u64,
        /// Counts the leader's rounds of heartbeats: whoever echoes it took this server for the leader after the round
        /// began.
        round: u64,
        entries: Entries,
    },
    Appended {
        term: u64,
        round: u64,
        result: Appended,
    },
    /// In one message: the network here takes time in proportion to a message's size, so that chunks add nothing.
    InstallSnapshot {
        term: u64,
        round: u64,
        snapshot: Rc<Snapshot>,
    },
    TimeoutNow {
        term: u64,
    },
    Ask {
        serial: u32,
        what: Ask,
    },
    Answer {
        serial: u32,
        reply: Reply,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ballot {
    Vote,
    /// Would you vote for me? (Dissertation, section 9.6.)
    PreVote,
    /// A vote that the present leader asked for, to hand over: it counts as if no leader were heard (section 4.2.3).
    Transfer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appended {
    /// The log is the leader's up to this index.
    Matches(u64),
    /// The same, in answer to a heartbeat.
    Echo(u64),
    /// The entry before `prev + 1` is not the leader's: where the leader may try next (end of section 5.3). Term 0: there
    /// is no such entry, and `index` is the first that is missing; else the term of the conflicting entry and the first
    /// index of that term.
    Conflict { prev: u64, term: u64, index: u64 },
    /// The sender's term is over.
    Stale,
}

/// What a command is recognised by when it comes again (dissertation, section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub session: u64,
    /// The number of the client's operation.
    pub serial: u32,
    /// All operations below are over for the client: their answers may be forgotten.
    pub settled: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// The number of the first operation that asked for this session: who asks again gets the same.
    Register {
        first: u32,
    },
    Read {
        key: SmolStr,
    },
    Write {
        ticket: Ticket,
        op: Op,
    },
    AddServer(NodeId),
    RemoveServer(NodeId),
    ChangeMembers(Vec<NodeId>),
    /// None: whoever has the longest log.
    TransferLeadership(Option<NodeId>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// As of this index of the log.
    Done {
        value: Datum,
        index: u64,
    },
    Session(u64),
    NotLeader(Option<NodeId>),
    /// Not now: ask again later.
    Later,
    /// Certainly without effect.
    Refused(String),
    /// The session is not known any more: what became of the operation is not known either.
    Expired,
}

/// Timers of servers, then of clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Timer {
    Election,
    Heartbeat,
    Batch,
    Retry {
        op: u32,
    },
    GiveUp {
        op: u32,
    },
    /// A candidate that needs no other vote has its own on its disk.
    OwnVote {
        term: u64,
    },
}

/// Kinds of messages, in the order of the numbers in [`label`].
pub const KINDS: [(&str, Tone); 12] = [
    ("RequestVote", Tone::Query),
    ("PreVote", Tone::Query),
    ("Vote", Tone::Reply),
    ("Refusal", Tone::Refusal),
    ("AppendEntries", Tone::Update),
    ("Heartbeat", Tone::Routine),
    ("Appended", Tone::Reply),
    ("Echo", Tone::Routine),
    ("InstallSnapshot", Tone::Update),
    ("TimeoutNow", Tone::Query),
    ("Request", Tone::Client),
    ("Answer", Tone::Reply),
];

pub const TIMERS: [&str; 6] = ["election", "heartbeat", "batch", "retry", "give up", "own vote"];

pub fn label(m: &Message) -> (u8, String) {
    match m {
        Message::RequestVote { term, ballot: Ballot::PreVote, .. } => (1, format!("PreVote term {term}")),
        Message::RequestVote { term, last_index, last_term, .. } => {
            (0, format!("RequestVote term {term}, log to {last_index} of term {last_term}"))
        }
        Message::Vote { election, pre, granted: true, .. } => {
            (2, format!("{} term {election}", if *pre { "PreVote granted" } else { "Vote" }))
        }
        Message::Vote { term, election, .. } => (3, format!("no vote in term {election}, voter is in term {term}")),
        Message::AppendEntries { term, prev_index, entries, commit, .. } => match &entries[..] {
            [] => (5, format!("Heartbeat term {term}, committed {commit}")),
            [one] => (4, format!("Append {} {one}", prev_index + 1)),
            [first, ..] => (4, format!("Append {}..{} {first} …", prev_index + 1, prev_index + entries.len() as u64)),
        },
        Message::Appended { term, result, .. } => match result {
            Appended::Matches(index) => (6, format!("matches to {index}")),
            Appended::Echo(index) => (7, format!("echo, matches to {index}")),
            Appended::Conflict { prev, term: 0, index } => (3, format!("no entry {prev}: try {index}")),
            Appended::Conflict { prev, term, index } => {
                (3, format!("another entry {prev}: of term {term} from {index} on"))
            }
            Appended::Stale => (3, format!("stale: it is term {term}")),
        },
        Message::InstallSnapshot { snapshot, .. } => (8, format!("InstallSnapshot to {}", snapshot.last_index)),
        Message::TimeoutNow { term } => (9, format!("TimeoutNow term {term}")),
        Message::Ask { what, .. } => (10, what.words()),
        Message::Answer { reply, .. } => reply.label(),
    }
}

/// The term that it carries; an answer's is the sender's own.
pub fn term(m: &Message) -> u64 {
    match m {
        Message::RequestVote { term, .. }
        | Message::AppendEntries { term, .. }
        | Message::Appended { term, .. }
        | Message::InstallSnapshot { term, .. }
        | Message::TimeoutNow { term } => *term,
        Message::Vote { term, election, granted, .. } => {
            if *granted {
                *election
            } else {
                *term
            }
        }
        Message::Ask { .. } | Message::Answer { .. } => 0,
    }
}

impl Ask {
    fn words(&self) -> String {
        match self {
            Ask::Register { .. } => "open a session".into(),
            Ask::Read { key } => format!("get {key}"),
            Ask::Write { op, .. } => op.to_string(),
            Ask::AddServer(_) => "add a server".into(),
            Ask::RemoveServer(_) => "remove a server".into(),
            Ask::ChangeMembers(_) => "change the members".into(),
            Ask::TransferLeadership(_) => "transfer the leadership".into(),
        }
    }
}

impl Reply {
    fn label(&self) -> (u8, String) {
        match self {
            Reply::Done { value: Datum::None, .. } => (11, "done".into()),
            Reply::Done { value, .. } => (11, format!("answer {value}")),
            Reply::Session(id) => (11, format!("session {id}")),
            Reply::NotLeader(Some(_)) => (3, "ask the leader".into()),
            Reply::NotLeader(None) => (3, "no leader is known".into()),
            Reply::Later => (3, "not now".into()),
            Reply::Refused(why) => (3, format!("refused: {why}")),
            Reply::Expired => (3, "session expired".into()),
        }
    }
}

pub fn timer_label(t: &Timer) -> (u8, String) {
    let words = match t {
        Timer::Election => "election".into(),
        Timer::Heartbeat => "heartbeat".into(),
        Timer::Batch => "end of a batch".into(),
        Timer::Retry { op } => format!("retry of operation {op}"),
        Timer::GiveUp { op } => format!("end of patience for operation {op}"),
        Timer::OwnVote { term } => format!("own vote of term {term} is on disk"),
    };
    (timer_kind(t), words)
}

/// An index into [`TIMERS`].
pub fn timer_kind(t: &Timer) -> u8 {
    match t {
        Timer::Election => 0,
        Timer::Heartbeat => 1,
        Timer::Batch => 2,
        Timer::Retry { .. } => 3,
        Timer::GiveUp { .. } => 4,
        Timer::OwnVote { .. } => 5,
    }
}
