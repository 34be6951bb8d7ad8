//! The client: asks through its router, asks again, and gives up. What was given up is unknown: a packet may still be on its
//! way. A get has no effect, so one that was given up has certainly failed.

use super::{Body, Context, LinkState, Message, Packet, Timer, topology};
use crate::base::{Micros, NodeId, OpId, hash};
use crate::protocols::once::Ticket;
use crate::wire::{Datum, Op, Outcome};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    pub life: u32,
    /// Operations that have begun and not ended.
    pub pending: LiteMap<u32, Pending>,
    /// The operation that was answered last: its version, and the routers that its request came by.
    pub last: Option<(u32, u64, Vec<NodeId>)>,
    /// The same in words.
    pub way: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub op: Op,
    /// By the client's own clock.
    pub begun: Micros,
    pub asked: u32,
}

impl Pending {
    fn is_put(&self) -> bool {
        self.op.f == "put"
    }
}

impl LinkState {
    /// Counts its lives durably before it asks anything, so that its tickets differ from those of earlier lives.
    pub(super) fn start_client(&self, ctx: &mut Context<'_>) -> Client {
        ctx.disk_mut().lives += 1;
        let life = ctx.disk().lives;
        ctx.sync();
        Client { life, pending: LiteMap::new(), last: None, way: String::new() }
    }

    pub(super) fn begin(&self, c: &mut Client, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        c.pending.insert(id.count, Pending { op: op.clone(), begun: ctx.local_now(), asked: 0 });
        self.ask(c, id.count, ctx);
        ctx.set_timer(self.retry_after, &Timer::Retry { op: id.count });
        ctx.set_timer(self.give_up_after, &Timer::GiveUp { op: id.count });
    }

    /// A packet to the host that has the key.
    fn ask(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let settled = c.pending.iter().find_map(|(op, p)| p.is_put().then_some(*op)).unwrap_or(op).min(op);
        let Some(pending) = c.pending.get_mut(&op) else { return };
        pending.asked += 1;
        let key = pending.op.key.clone();
        let hosts = ctx.setup().role("host").count() as u64;
        let turn = hash::bytes(0, key.as_bytes()) % hosts.max(1);
        let host = ctx.setup().role("host").nth(turn as usize);
        let (Some(destination), Some(router)) = (host, topology::router_of(ctx.setup(), ctx.me())) else { return };
        let body = match pending.is_put() {
            true => Body::Put { key, value: pending.op.value.clone() },
            false => Body::Get { key },
        };
        let packet = Packet {
            source: ctx.me(),
            destination,
            hops_left: self.hop_limit,
            trail: Vec::new(),
            ticket: Ticket { life: c.life, op, settled },
            body,
        };
        ctx.send(router, &Message::Packet(packet));
    }

    /// The first answer to an operation that is still open, in this life, ends it.
    pub(super) fn on_answer(&self, c: &mut Client, packet: Packet, ctx: &mut Context<'_>) {
        let (Body::Answer { value, version, came_by }, Ticket { life, op, .. }) = (packet.body, packet.ticket) else {
            return;
        };
        if packet.destination != ctx.me() || life != c.life || c.pending.remove(&op).is_none() {
            return;
        }
        ctx.cancel_timer(&Timer::Retry { op });
        ctx.cancel_timer(&Timer::GiveUp { op });
        let names: Vec<&str> =
            came_by.iter().filter_map(|n| ctx.setup().nodes.get(n.index())).map(|n| &*n.name).collect();
        c.way = names.join(" ");
        c.last = Some((op, version, came_by));
        ctx.reply(OpId { client: ctx.me(), count: op }, Outcome::Ok, value);
    }

    /// The same ticket once more: the request or the answer may have been lost, and there may be another way by now.
    pub(super) fn on_retry(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        if c.pending.contains_key(&op) {
            self.ask(c, op, ctx);
            ctx.set_timer(self.retry_after, &Timer::Retry { op });
        }
    }

    pub(super) fn on_give_up(&self, c: &mut Client, op: u32, ctx: &mut Context<'_>) {
        let Some(pending) = c.pending.remove(&op) else { return };
        ctx.cancel_timer(&Timer::Retry { op });
        let (outcome, why) = match pending.is_put() {
            true => (Outcome::Unknown, "no answer: it may have happened, or may yet"),
            false => (Outcome::Fail, "no answer"),
        };
        ctx.reply(OpId { client: ctx.me(), count: op }, outcome, Datum::Text(why.into()));
    }
}
