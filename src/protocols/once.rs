//! Writes that take effect once, however often they are asked for (RIFL: Lee and others, Implementing linearizability at
//! large scale and low latency, SOSP 2015).
//!
//! A write carries a ticket: the client's life, the operation, and below which number all of its writes are settled. The
//! server keeps the tickets that it has honoured with what they made, in the same sync as what they changed, and forgets
//! those that the client has settled. Without it a write that is asked for again could undo a newer one of another client.

use crate::base::NodeId;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// What a write is recognised by when it comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket {
    /// Counts the client's starts.
    pub life: u32,
    pub op: u32,
    /// All writes of this life below this number are over for the client: answered or given up.
    pub settled: u32,
}

/// The writes of one client in its present life that were honoured and are not settled, with the versions they made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session<V> {
    pub life: u32,
    pub settled: u32,
    pub honoured: LiteMap<u32, V>,
}

/// The sessions of all clients.
pub type Sessions<V> = LiteMap<NodeId, Session<V>>;

/// What a ticket is to the server.
pub enum Standing<V> {
    New,
    /// Of an earlier life, or settled: the client does not wait for it.
    Over,
    /// Honoured before: the version it made.
    Honoured(V),
}

pub fn standing<V: Clone>(sessions: &Sessions<V>, from: NodeId, ticket: Ticket) -> Standing<V> {
    match sessions.get(&from) {
        Some(session) if ticket.life < session.life => Standing::Over,
        Some(session) if ticket.life == session.life => match session.honoured.get(&ticket.op) {
            Some(version) => Standing::Honoured(version.clone()),
            None if ticket.op < session.settled => Standing::Over,
            None => Standing::New,
        },
        _ => Standing::New,
    }
}

/// Remembers that a ticket was honoured, and forgets what its client has settled.
pub fn honour<V: Default>(sessions: &mut Sessions<V>, from: NodeId, ticket: Ticket, version: V) {
    let session = sessions.entry(from).or_default();
    if session.life != ticket.life {
        *session = Session { life: ticket.life, ..Session::default() };
    }
    session.settled = session.settled.max(ticket.settled);
    let settled = session.settled;
    session.honoured.insert(ticket.op, version);
    session.honoured.retain(|op, _| *op >= settled);
}
