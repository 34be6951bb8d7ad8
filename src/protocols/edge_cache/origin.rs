//! The origin: carries each put out once, answers fetches from its disk, and purges the edges.

use super::{Bug, Context, EdgeCache, Entry, FetchId, How, Message, Purging, Timer};
use crate::base::{Micros, NodeId};
use crate::protocols::once::{Standing, Ticket, honour, standing};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// In the order of their puts.
    pub purges: Vec<Purge>,
    /// Fetches that were answered, and those of them without a body.
    pub fetches: u32,
    pub not_modified: u32,
    /// Counts the handlers that ended a purge, and what the last one ended: for whoever watches.
    pub turn: u32,
    pub over: Vec<(SmolStr, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purge {
    pub key: SmolStr,
    pub version: u64,
    /// The edges that have not acknowledged it.
    pub missing: Vec<NodeId>,
    /// Then nothing older is in any memory, whoever has acknowledged what.
    until: Micros,
    /// The puts that wait for it.
    waiting: Vec<(NodeId, Ticket, u64)>,
}

impl EdgeCache {
    /// A purge that a crash cut off begins anew: whoever asks for the put again waits for it.
    pub(super) fn start_origin(&self, ctx: &mut Context<'_>) -> Origin {
        let mut o = Origin::default();
        if self.has(Bug::PurgeInMemory) {
            ctx.disk_mut().purging.clear();
        }
        for (key, version) in ctx.disk().purging.clone() {
            self.purge(&mut o, key, version, None, ctx);
        }
        o
    }

    pub(super) fn on_put(
        &self,
        o: &mut Origin,
        from: NodeId,
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
        ctx: &mut Context<'_>,
    ) {
        let standing =
            if self.has(Bug::NoOnceOnly) { Standing::New } else { standing(&ctx.disk().sessions, from, ticket) };
        let version = match standing {
            Standing::Over => return,
            Standing::Honoured(version) => {
                let open = o.purges.iter_mut().find(|purge| purge.key == key && purge.version >= version);
                match open.filter(|_| self.purge == Purging::Wait) {
                    Some(purge) if purge.waiting.iter().any(|(_, known, _)| *known == ticket) => {}
                    Some(purge) => purge.waiting.push((from, ticket, version)),
                    None => acknowledge(from, ticket, version, ctx),
                }
                return;
            }
            Standing::New => self.store(from, ticket, &key, value, ctx),
        };
        if !self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
        match self.purge {
            Purging::None => acknowledge(from, ticket, version, ctx),
            Purging::Background => {
                acknowledge(from, ticket, version, ctx);
                self.purge(o, key, version, None, ctx);
            }
            Purging::Wait => self.purge(o, key, version, Some((from, ticket, version)), ctx),
        }
        if self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
    }

    /// The value, the ticket, and that edges are to be purged: together on the disk. Returns the key's new version.
    fn store(&self, from: NodeId, ticket: Ticket, key: &SmolStr, value: Datum, ctx: &mut Context<'_>) -> u64 {
        let disk = ctx.disk_mut();
        let entry = disk.entries.entry(key.clone()).or_default();
        let version = entry.version + 1;
        *entry = Entry { value, version, by: (from, ticket.life, ticket.op) };
        honour(&mut disk.sessions, from, ticket, version);
        if self.purge != Purging::None {
            disk.purging.insert(key.clone(), version);
        }
        version
    }

    fn purge(
        &self,
        o: &mut Origin,
        key: SmolStr,
        version: u64,
        waiting: Option<(NodeId, Ticket, u64)>,
        ctx: &mut Context<'_>,
    ) {
        if o.purges.is_empty() {
            ctx.set_timer(self.purge_interval, &Timer::PurgeAgain);
        }
        let missing: Vec<NodeId> = ctx.setup().role("edge").collect();
        let purge = Message::Purge { key: key.clone(), version };
        missing.iter().for_each(|edge| ctx.send(*edge, &purge));
        let until = ctx.elapsed().plus(self.gone_after());
        o.purges.push(Purge { key, version, missing, until, waiting: waiting.into_iter().collect() });
        self.end_purges(o, ctx);
    }

    /// Who keeps nothing below a version keeps nothing below an earlier one.
    pub(super) fn on_purged(&self, o: &mut Origin, from: NodeId, key: &str, version: u64, ctx: &mut Context<'_>) {
        let concerned = o.purges.iter_mut().filter(|purge| purge.key == key && purge.version <= version);
        concerned.for_each(|purge| purge.missing.retain(|edge| *edge != from));
        self.end_purges(o, ctx);
    }

    pub(super) fn on_purge_again(&self, o: &mut Origin, ctx: &mut Context<'_>) {
        self.end_purges(o, ctx);
        for purge in &o.purges {
            let again = Message::Purge { key: purge.key.clone(), version: purge.version };
            purge.missing.iter().for_each(|edge| ctx.send(*edge, &again));
        }
        if !o.purges.is_empty() {
            ctx.set_timer(self.purge_interval, &Timer::PurgeAgain);
        }
    }

    fn end_purges(&self, o: &mut Origin, ctx: &mut Context<'_>) {
        let now = ctx.elapsed();
        let is_over = |purge: &Purge| purge.missing.is_empty() || purge.until <= now;
        if !o.purges.iter().any(is_over) {
            return;
        }
        o.turn += 1;
        o.over.clear();
        for purge in std::mem::take(&mut o.purges) {
            if !is_over(&purge) {
                o.purges.push(purge);
                continue;
            }
            if !purge.missing.is_empty() {
                ctx.note(format!("purge expires: nothing below version {} of {} is kept", purge.version, purge.key));
            }
            // Not synced: a purge that is over may begin again.
            if ctx.disk().purging.get(&purge.key) == Some(&purge.version) {
                ctx.disk_mut().purging.remove(&purge.key);
            }
            for (client, ticket, version) in purge.waiting {
                acknowledge(client, ticket, version, ctx);
            }
            o.over.push((purge.key, purge.version));
        }
        if o.purges.is_empty() {
            ctx.cancel_timer(&Timer::PurgeAgain);
        }
    }

    /// RFC 9111, section 4.3.2. What it answers is durable, because a node handles nothing while its disk syncs.
    pub(super) fn on_fetch(
        &self,
        o: &mut Origin,
        from: NodeId,
        key: SmolStr,
        id: FetchId,
        validator: Option<u64>,
        ctx: &mut Context<'_>,
    ) {
        let Entry { value, version, .. } = ctx.disk().entries.get(&key).cloned().unwrap_or_default();
        o.fetches += 1;
        let newest = validator.filter(|held| *held == version || self.has(Bug::AnyValidator));
        let (version, body) = match newest {
            Some(held) => (held, None),
            None => (version, Some(value)),
        };
        o.not_modified += u32::from(body.is_none());
        ctx.send(from, &Message::Content { key, id, version, body });
    }
}

fn acknowledge(client: NodeId, ticket: Ticket, version: u64, ctx: &mut Context<'_>) {
    let (value, how, age) = (Datum::None, How::Fresh, Micros::ZERO);
    ctx.send(client, &Message::Answer { ticket, version, value, how, age });
}
