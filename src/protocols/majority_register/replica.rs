//! A replica: answers queries, stores what is newer (Attiya–Bar-Noy–Dolev, section 3: "the servers").

use super::{MajorityRegister, Msg, Tag};
use crate::base::NodeId;
use crate::sim::protocol::Ctx;
use crate::wire::Datum;

/// Tells tag and value as they are. They are durable: while a sync is under way, a replica handles nothing else.
pub fn on_query(from: NodeId, op: u32, key: String, ctx: &mut Ctx<'_, MajorityRegister>) {
    let (tag, value) = ctx.disk().registers.get(&key).cloned().unwrap_or_default();
    ctx.send(from, &Msg::Reply { op, key, tag, value });
}

impl MajorityRegister {
    /// Stores a higher tag with its value, and acknowledges when that is durable. What is not newer is acknowledged at
    /// once: the replica has that, or something later.
    pub(super) fn on_update(
        &self,
        from: NodeId,
        op: u32,
        key: String,
        tag: Tag,
        value: Datum,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let ack = Msg::Ack { op, key: key.clone() };
        let known = ctx.disk().registers.get(&key).map(|(tag, _)| *tag).unwrap_or_default();
        if tag <= known {
            return ctx.send(from, &ack);
        }
        ctx.disk_mut().registers.insert(key, (tag, value));
        if self.bug_ack_before_sync {
            ctx.send(from, &ack);
            ctx.sync();
        } else {
            ctx.sync();
            ctx.send(from, &ack);
        }
    }
}
