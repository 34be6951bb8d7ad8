//! A host: honours each ticket once, and acknowledges what is durable. What it says goes back by its own router.

use super::{Body, Bug, Context, Disk, LinkState, Message, Packet};
use crate::base::NodeId;
use crate::protocols::once::{Standing, Ticket, honour, standing};
use crate::wire::Datum;

impl LinkState {
    pub(super) fn on_asked(&self, router: NodeId, packet: Packet, ctx: &mut Context<'_>) {
        if packet.destination != ctx.me() {
            return;
        }
        let (client, ticket) = (packet.source, packet.ticket);
        let mut wrote = false;
        let (value, version) = match packet.body {
            Body::Get { key } => ctx.disk().entries.get(&key).cloned().unwrap_or_default(),
            Body::Put { key, value } => match standing(&ctx.disk().sessions, client, ticket) {
                Standing::Over => return,
                Standing::Honoured(version) => (Datum::None, version),
                Standing::New => {
                    wrote = true;
                    (Datum::None, store(ctx.disk_mut(), client, ticket, &key, value))
                }
            },
            Body::Answer { .. } => return,
        };
        let body = Body::Answer { value, version, came_by: packet.trail };
        let answer = Packet {
            source: packet.destination,
            destination: client,
            hops_left: self.hop_limit,
            trail: Vec::new(),
            ticket,
            body,
        };
        // The answer leaves when the sync is complete, unless it was sent before.
        if wrote && !self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
        ctx.send(router, &Message::Packet(answer));
        if wrote && self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
    }
}

/// Stores the value and the ticket together; returns the key's new version.
fn store(disk: &mut Disk, client: NodeId, ticket: Ticket, key: &str, value: Datum) -> u64 {
    let entry = disk.entries.entry(key.into()).or_default();
    *entry = (value, entry.1 + 1);
    let version = entry.1;
    honour(&mut disk.sessions, client, ticket, version);
    version
}
