//! The replica: answers queries from its disk, stores larger tags, and acknowledges what is durable.

use super::{Call, Context, Disk, MajorityRegister, Message, Versioned};
use crate::base::NodeId;
use crate::protocols::{stored_key, stored_keys};
use crate::sim::protocol::Card;
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A replica needs no memory: everything is on its disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Replica {
    /// The key stored last, for whoever watches.
    pub last_key: SmolStr,
}

impl MajorityRegister {
    /// ABD, figure 1, "upon receiving a query"; what it answers is durable, because a node handles nothing while its disk
    /// syncs.
    pub(super) fn on_query(&self, from: NodeId, call: Call, key: SmolStr, ctx: &mut Context<'_>) {
        let holds = ctx.disk().registers.get(&key).cloned().unwrap_or_default();
        ctx.send(from, &Message::Reply { call, key, holds });
    }

    /// ABD, figure 1, "upon receiving an update": adopt the larger tag, acknowledge in any case.
    pub(super) fn on_update(
        &self,
        replica: &mut Replica,
        from: NodeId,
        call: Call,
        key: SmolStr,
        new: Versioned,
        ctx: &mut Context<'_>,
    ) {
        let held = ctx.disk().registers.get(&key).map(|held| held.tag).unwrap_or_default();
        let stores = new.tag > held || self.bug_no_compare && new.tag != held;
        if stores {
            ctx.disk_mut().registers.insert(key.clone(), new);
            replica.last_key.clone_from(&key);
            if !self.bug_ack_before_sync {
                ctx.sync();
            }
        }
        ctx.send(from, &Message::Ack { call, key });
        if stores && self.bug_ack_before_sync {
            ctx.sync();
        }
    }
}

pub(super) fn card(disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.registers.len());
    for (key, held) in &disk.registers {
        let firm = durable.registers.get(key) == Some(held);
        stored_key(card, key, &held.value, firm, ("tag", Datum::Text(held.tag.to_string())));
    }
}
