//! The server: honours each ticket once, and acknowledges what is durable.

use super::{Context, Disk, Entry, KvSingle, Message};
use crate::base::NodeId;
use crate::protocols::once::{Standing, Ticket, honour, standing};
use crate::protocols::{stored_key, stored_keys};
use crate::sim::protocol::Card;
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The server needs no memory: everything is on its disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Server {
    /// The key stored last, for whoever watches.
    pub last_key: SmolStr,
}

impl KvSingle {
    pub(super) fn on_put(
        &self,
        server: &mut Server,
        from: NodeId,
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
        ctx: &mut Context<'_>,
    ) {
        let standing = if self.bug_no_once_only { Standing::New } else { standing(&ctx.disk().sessions, from, ticket) };
        match standing {
            Standing::Over => {}
            Standing::Honoured(version) => ctx.send(from, &Message::Answer { ticket, value: Datum::None, version }),
            Standing::New => {
                let version = store(ctx.disk_mut(), from, ticket, &key, value);
                server.last_key = key;
                // The acknowledgement leaves when the sync is complete, unless it was sent before.
                if !self.bug_ack_before_sync {
                    ctx.sync();
                }
                ctx.send(from, &Message::Answer { ticket, value: Datum::None, version });
                if self.bug_ack_before_sync {
                    ctx.sync();
                }
            }
        }
    }

    /// What it answers is durable, because a node handles nothing while its disk syncs.
    pub(super) fn on_get(&self, from: NodeId, ticket: Ticket, key: SmolStr, ctx: &mut Context<'_>) {
        let Entry { value, version, .. } = ctx.disk().entries.get(&key).cloned().unwrap_or_default();
        ctx.send(from, &Message::Answer { ticket, value, version });
    }
}

/// Stores the value and the ticket together; returns the key's new version.
fn store(disk: &mut Disk, from: NodeId, ticket: Ticket, key: &str, value: Datum) -> u64 {
    let entry = disk.entries.entry(key.into()).or_default();
    *entry = Entry { value, version: entry.version + 1, by: (from, ticket.life, ticket.op) };
    let version = entry.version;
    honour(&mut disk.sessions, from, ticket, version);
    version
}

pub(super) fn card(disk: &Disk, durable: &Disk, card: &mut Card) {
    stored_keys(card, disk.entries.len());
    for (key, held) in &disk.entries {
        let firm = durable.entries.get(key) == Some(held);
        stored_key(card, key, &held.value, firm, ("version", Datum::Int(held.version as i64)));
    }
}
