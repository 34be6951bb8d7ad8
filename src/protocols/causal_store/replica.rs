//! The replica: answers its site at once, sends its writes to the others, and holds theirs back until what they follow is
//! here.

use super::{
    Bug, CausalStore, Context, Dependency, Disk, Entry, Message, Outbox, Reply, Timer, Version, Write, keeper, words,
};
use crate::base::NodeId;
use crate::protocols::once::{self, Standing, Ticket};
use crate::wire::Datum;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Writes that are on their way to another replica at a time.
const WINDOW: u64 = 16;

/// Writes that a replica keeps for another; puts are refused beyond.
const OUTBOX_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Replica {
    /// Writes of other sites that wait, by their origin and number, each with what is not known to be here.
    pub waiting: LiteMap<(NodeId, u64), Held>,
    /// Who wants to be told when something is here.
    checks: Vec<(NodeId, Message)>,
    sends_again: bool,
    /// What its last handler carried out, for whoever watches: of its own site, or from another.
    pub touched: Vec<(SmolStr, Version, (NodeId, u32))>,
}

/// A write that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub write: Write,
    pub missing: Vec<Dependency>,
}

impl CausalStore {
    pub(super) fn start_replica(&self, ctx: &mut Context<'_>) -> Replica {
        let mut r = Replica::default();
        if ctx.disk().outboxes.values().any(|outbox| !outbox.writes.is_empty()) {
            self.on_send_again(&mut r, ctx);
        }
        r
    }

    pub(super) fn replica_hears(&self, r: &mut Replica, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        r.touched.clear();
        match m {
            Message::Put { ticket, key, value, after } => self.on_put(r, from, ticket, (key, value, after), ctx),
            Message::Get { ticket, key } => {
                let reply = Reply::Found(ctx.disk().entries.get(&key).cloned().unwrap_or_default());
                ctx.send(from, &Message::Answer { ticket, reply });
            }
            Message::Replicate { number, write } => self.on_replicate(r, from, number, write, ctx),
            Message::Confirm { number } => self.on_confirm(from, number, ctx),
            Message::Check { .. } => self.on_check(r, from, m, ctx),
            Message::Checked { origin, number, after } => {
                if let Some(held) = r.waiting.get_mut(&(origin, number)) {
                    held.missing.retain(|missing| *missing != after);
                    self.carry_out(r, ctx);
                }
            }
            // Addressed to the wrong role, by an adversary.
            Message::Answer { .. } => {}
        }
    }

    /// A client of this site writes: here it is visible at once, since all that it follows was visible to its client here
    /// (COPS, section 4.3).
    fn on_put(
        &self,
        r: &mut Replica,
        from: NodeId,
        ticket: Ticket,
        (key, value, after): (SmolStr, Datum, Vec<Dependency>),
        ctx: &mut Context<'_>,
    ) {
        let reply = match once::standing(&ctx.disk().sessions, from, ticket) {
            Standing::Over if !self.has(Bug::NoOnceOnly) => return,
            Standing::Honoured(version) if !self.has(Bug::NoOnceOnly) => Reply::Stored(version),
            _ if ctx.disk().outboxes.values().any(|outbox| outbox.writes.len() >= OUTBOX_MAX) => Reply::Full,
            _ => {
                let heard = after.iter().map(|after| after.version.clock).filter(|_| !self.has(Bug::ClockNotAdvanced));
                let clock = heard.fold(ctx.disk().clock, u64::max) + 1;
                let version = Version { clock, node: ctx.me() };
                let write = Write { key, value, version, by: (from, ticket.op), after };
                self.store(r, &write, ctx);
                let disk = ctx.disk_mut();
                disk.clock = clock;
                once::honour(&mut disk.sessions, from, ticket, version);
                let others = self.others(&write.key, ctx);
                let disk = ctx.disk_mut();
                for other in &others {
                    disk.outboxes.entry(*other).or_default().writes.push_back(write.clone());
                }
                ctx.sync();
                for other in others {
                    let outbox = &ctx.disk().outboxes[&other];
                    let waiting = outbox.writes.len() as u64;
                    if waiting <= WINDOW {
                        let number = outbox.confirmed + waiting;
                        ctx.send(other, &Message::Replicate { number, write: write.clone() });
                        self.send_again_later(r, ctx);
                    }
                }
                Reply::Stored(version)
            }
        };
        ctx.send(from, &Message::Answer { ticket, reply });
    }

    /// The replicas of a key at the other sites.
    fn others(&self, key: &str, ctx: &Context<'_>) -> Vec<NodeId> {
        let me = ctx.me();
        let sites = self.sites(ctx.setup());
        sites.iter().filter(|site| !site.contains(&me)).filter_map(|site| keeper(site, key)).collect()
    }

    /// The later version stays.
    fn store(&self, r: &mut Replica, write: &Write, ctx: &mut Context<'_>) {
        r.touched.push((write.key.clone(), write.version, write.by));
        let disk = ctx.disk_mut();
        let entry = disk.entries.entry(write.key.clone()).or_default();
        if entry.version < write.version || self.has(Bug::NoCompare) {
            *entry = Entry { value: write.value.clone(), version: write.version };
        } else {
            let note = format!("overruled: {} by {}", words::write(write), words::entry(&write.key, entry));
            ctx.note(note);
        }
    }

    /// A write of another site (COPS, section 4.3: "the remote storage node").
    fn on_replicate(&self, r: &mut Replica, from: NodeId, number: u64, write: Write, ctx: &mut Context<'_>) {
        let here = ctx.disk().inboxes.get(&from).map_or(0, |inbox| inbox.number);
        if number <= here || self.has(Bug::ConfirmEarly) && number == here + 1 {
            ctx.send(from, &Message::Confirm { number: here.max(number.min(here + 1)) });
        }
        if number <= here || number > here + WINDOW || r.waiting.contains_key(&(from, number)) {
            return;
        }
        let mut missing = write.after.clone();
        if self.has(Bug::NoDependencyCheck) {
            missing.clear();
        }
        let held = Held { write, missing };
        self.ask_for(&(from, number), &held, ctx);
        r.waiting.insert((from, number), held);
        self.carry_out(r, ctx);
        if let Some(held) = r.waiting.get(&(from, number)) {
            if let Some(after) = held.missing.iter().find(|after| self.keeps(&after.key, ctx)) {
                ctx.note(format!("held back: {} follows {after}, which is not here", words::write(&held.write)));
            }
            self.send_again_later(r, ctx);
        }
    }

    /// This is the replica of the key at its site.
    fn keeps(&self, key: &str, ctx: &Context<'_>) -> bool {
        keeper(&self.home(ctx.setup(), ctx.me()), key) == Some(ctx.me())
    }

    /// Asks those replicas of the site that should have what a write follows.
    fn ask_for(&self, (origin, number): &(NodeId, u64), held: &Held, ctx: &mut Context<'_>) {
        let (me, site) = (ctx.me(), self.home(ctx.setup(), ctx.me()));
        for after in &held.missing {
            if let Some(other) = keeper(&site, &after.key).filter(|other| *other != me) {
                ctx.send(other, &Message::Check { origin: *origin, number: *number, after: after.clone() });
            }
        }
    }

    /// Carries out what waits for nothing any more, and says so.
    fn carry_out(&self, r: &mut Replica, ctx: &mut Context<'_>) {
        let site = self.home(ctx.setup(), ctx.me());
        let mut origins = Vec::new();
        while let Some(place) = self.next(r, &site, ctx) {
            let Some(held) = r.waiting.remove(&place) else { break };
            let (origin, number) = place;
            self.store(r, &held.write, ctx);
            let (clock, advances) = (held.write.version.clock, !self.has(Bug::ClockNotAdvanced));
            let disk = ctx.disk_mut();
            let inbox = disk.inboxes.entry(origin).or_default();
            (inbox.number, inbox.clock) = (number, clock);
            if advances {
                disk.clock = disk.clock.max(clock);
            }
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        if origins.is_empty() {
            return;
        }
        ctx.sync();
        for origin in origins {
            let number = ctx.disk().inboxes[&origin].number;
            ctx.send(origin, &Message::Confirm { number });
        }
        let checks = std::mem::take(&mut r.checks);
        r.checks = checks.into_iter().filter(|(from, check)| !self.answers(*from, check, ctx)).collect();
    }

    /// A write that is the next of its origin and follows nothing that is not here.
    fn next(&self, r: &mut Replica, site: &[NodeId], ctx: &Context<'_>) -> Option<(NodeId, u64)> {
        let (me, disk) = (ctx.me(), ctx.disk());
        for (place, held) in r.waiting.iter_mut() {
            let (origin, number) = *place;
            if disk.inboxes.get(&origin).map_or(0, |inbox| inbox.number) + 1 == number {
                held.missing.retain(|after| keeper(site, &after.key) != Some(me) || !self.is_here(after, me, disk));
                if held.missing.is_empty() {
                    return Some(*place);
                }
            }
        }
        None
    }

    /// That write was carried out here. What a replica of this site took is here from the beginning.
    fn is_here(&self, after: &Dependency, me: NodeId, disk: &Disk) -> bool {
        let Version { clock, node } = after.version;
        if self.has(Bug::CompareVersions) {
            return disk.entries.get(&after.key).is_some_and(|entry| entry.version >= after.version);
        }
        if node == me { disk.clock >= clock } else { disk.inboxes.get(&node).is_some_and(|inbox| inbox.clock >= clock) }
    }

    /// COPS, section 4.3: "if it has been written, the node immediately responds, otherwise it blocks".
    fn on_check(&self, r: &mut Replica, from: NodeId, check: Message, ctx: &mut Context<'_>) {
        if self.answers(from, &check, ctx) {
            return;
        }
        let waits = (from, check);
        if !r.checks.contains(&waits) {
            if let Message::Check { after, .. } = &waits.1 {
                ctx.note(format!("asked for what is not here: {after}"));
            }
            r.checks.push(waits);
        }
    }

    /// Says that something is here, if it is.
    fn answers(&self, to: NodeId, check: &Message, ctx: &mut Context<'_>) -> bool {
        let Message::Check { origin, number, after } = check else { return true };
        let here = self.is_here(after, ctx.me(), ctx.disk());
        if here {
            ctx.send(to, &Message::Checked { origin: *origin, number: *number, after: after.clone() });
        }
        here
    }

    /// Another site's replica has these on its disk: they can be forgotten, and others sent.
    fn on_confirm(&self, from: NodeId, number: u64, ctx: &mut Context<'_>) {
        let Some(outbox) = ctx.disk().outboxes.get(&from) else { return };
        let sent = outbox.confirmed + WINDOW.min(outbox.writes.len() as u64);
        if number <= outbox.confirmed || number > sent {
            return;
        }
        if let Some(outbox) = ctx.disk_mut().outboxes.get_mut(&from) {
            outbox.writes.drain(..(number - outbox.confirmed) as usize);
            outbox.confirmed = number;
        }
        self.send(from, sent, ctx);
    }

    /// Sends another replica what is in its window, beyond a number.
    fn send(&self, to: NodeId, beyond: u64, ctx: &mut Context<'_>) {
        let Outbox { confirmed, writes } = &ctx.disk().outboxes[&to];
        let window = (confirmed + 1..).zip(writes).take(WINDOW as usize).filter(|(number, _)| *number > beyond);
        let messages: Vec<Message> =
            window.map(|(number, write)| Message::Replicate { number, write: write.clone() }).collect();
        messages.iter().for_each(|message| ctx.send(to, message));
    }

    fn send_again_later(&self, r: &mut Replica, ctx: &mut Context<'_>) {
        if !r.sends_again {
            r.sends_again = true;
            ctx.set_timer(self.send_again_after, &Timer::SendAgain);
        }
    }

    pub(super) fn on_send_again(&self, r: &mut Replica, ctx: &mut Context<'_>) {
        r.touched.clear();
        r.sends_again = false;
        let unconfirmed = ctx.disk().outboxes.iter().filter(|(_, outbox)| !outbox.writes.is_empty());
        let others: Vec<NodeId> = unconfirmed.map(|(other, _)| *other).collect();
        others.iter().for_each(|other| self.send(*other, 0, ctx));
        r.waiting.iter().for_each(|(place, held)| self.ask_for(place, held, ctx));
        if !others.is_empty() || !r.waiting.is_empty() {
            self.send_again_later(r, ctx);
        }
    }
}
