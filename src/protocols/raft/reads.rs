//! Linearizable reads without the log (section 8; dissertation, section 6.4).

use super::messages::{Message, Reply};
use super::{Bug, Context, Raft, Reads, Role, Server};
use crate::base::NodeId;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A get that waits to be confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Read {
    pub client: NodeId,
    pub serial: u32,
    pub key: SmolStr,
    /// The state machine must have got there,
    pub index: u64,
    /// and a quorum must have answered this round.
    pub round: u64,
}

impl Raft {
    /// ReadIndex: what is committed now, or this leader's first entry if that is not yet, is the least that the get may
    /// see; and this server must still be the leader after the get has come (dissertation, section 6.4, steps 1 to 4).
    pub(super) fn on_read(&self, s: &mut Server, client: NodeId, serial: u32, key: SmolStr, ctx: &mut Context<'_>) {
        if self.reads == Reads::Lease && self.holds_lease(s, ctx) {
            return answer(s, client, serial, &key, ctx);
        }
        let Role::Leader(leading) = &mut s.role else { return };
        let index = s.commit.max(leading.first);
        leading.reads.push_back(Read { client, serial, key, index, round: leading.round + 1 });
        self.broadcast(s, ctx);
    }

    /// A quorum answered a round of heartbeats: until the shortest election time-out after that round began, less the
    /// drift of clocks, nobody else can have been elected (dissertation, section 6.4.1).
    fn holds_lease(&self, s: &Server, ctx: &mut Context<'_>) -> bool {
        let Role::Leader(leading) = &s.role else { return false };
        if s.applied < leading.first || leading.waived && !self.has(Bug::ExpiredLease) {
            return false;
        }
        let now = ctx.local_now();
        let holds = leading.quorum_at.is_some_and(|at| at <= now && now < at.plus(self.lease));
        if !holds && !self.has(Bug::ExpiredLease) {
            ctx.note("lease expired: asks a quorum before it answers");
            return false;
        }
        true
    }

    /// Answers the gets that are confirmed by the `round` that a quorum has answered.
    pub(super) fn answer_reads(&self, s: &mut Server, round: u64, ctx: &mut Context<'_>) {
        let applied = s.applied;
        while let Role::Leader(leading) = &mut s.role
            && let Some(read) = leading.reads.pop_front_if(|read| read.round <= round && read.index <= applied)
        {
            answer(s, read.client, read.serial, &read.key, ctx);
        }
    }
}

fn answer(s: &Server, client: NodeId, serial: u32, key: &str, ctx: &mut Context<'_>) {
    let reply = Reply::Done { value: s.machine.get(key), index: s.applied };
    ctx.send(client, &Message::Answer { serial, reply });
}
