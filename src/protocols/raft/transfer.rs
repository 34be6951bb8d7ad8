//! Leadership transfer (dissertation, section 3.10): the leader takes no more commands, brings the other up to date, and
//! tells it to time out now; if it still leads after an election time-out, it goes on.

use super::messages::{Ballot, Message, Reply};
use super::{Bug, Context, Raft, Role, Server};
use crate::base::{Micros, NodeId};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transfer {
    pub target: NodeId,
    pub ends: Micros,
    pub sent: bool,
}

impl Raft {
    /// The client hears that it is done when it asks the new leader.
    pub(super) fn on_transfer(
        &self,
        s: &mut Server,
        client: NodeId,
        serial: u32,
        target: Option<NodeId>,
        ctx: &mut Context<'_>,
    ) {
        self.end_batch(s, ctx);
        let me = ctx.me();
        let Role::Leader(leading) = &mut s.role else { return };
        let voters = leading.peers.iter().filter(|peer| s.config.contains(peer.node));
        let longest = voters.max_by_key(|peer| peer.matched).map(|peer| peer.node);
        let reply = match target.or(longest) {
            Some(node) if node == me => Reply::Done { value: Datum::None, index: s.applied },
            Some(node) if !s.config.contains(node) => Reply::Refused("it is no member of the cluster".into()),
            None => Reply::Refused("there is nobody to hand over to".into()),
            Some(target) if leading.transfer.is_none() => {
                let ends = ctx.local_now().plus(self.timeout_max);
                leading.transfer = Some(Transfer { target, ends, sent: false });
                let name = ctx.setup().name(target).to_string();
                ctx.note(format!("transfers leadership: to {name}"));
                return self.hand_over(s, ctx);
            }
            Some(_) => Reply::Later,
        };
        ctx.send(client, &Message::Answer { serial, reply });
    }

    /// When the other has everything.
    pub(super) fn hand_over(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let Some(transfer) = leading.transfer.as_ref().filter(|transfer| !transfer.sent) else { return };
        let target = transfer.target;
        if leading.matched(target) == ctx.disk().log.last_index() || self.has(Bug::TransferAtOnce) {
            leading.transfer.as_mut().expect("just looked at").sent = true;
            leading.waived = true;
            ctx.send(target, &Message::TimeoutNow { term: s.term });
        }
    }

    pub(super) fn give_up_transfer(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let now = ctx.local_now();
        if leading.transfer.take_if(|transfer| transfer.ends <= now).is_some() {
            ctx.note("gives the transfer up: it still leads after an election time-out");
        }
    }

    /// As if its election timer had fired; those who hear the old leader vote all the same.
    pub(super) fn on_timeout_now(&self, s: &mut Server, term: u64, ctx: &mut Context<'_>) {
        if term == s.term && matches!(s.role, Role::Follower) && s.electable(ctx.me()) {
            self.campaign(s, Ballot::Transfer, ctx);
        }
    }
}
