//! A server: orders writes while it is primary, copies them while it is a backup.

use super::{Bug, Change, Context, Message, Mode, PrimaryBackup, Reads, Reply, Stamp, Store, Timer, View, words};
use crate::base::NodeId;
use crate::protocols::once::{self, Standing, Ticket};
use crate::wire::Datum;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Newest writes that a primary keeps for sending again; a backup that lacks more is sent the whole state.
const LOG_MAX: usize = 256;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Server {
    pub me: NodeId,
    /// As it was told in this life; number 0: not yet.
    pub view: View,
    /// Of a primary: which writes and which round each backup that has the state has acknowledged.
    pub acks: LiteMap<NodeId, (u64, u64)>,
    pub log: VecDeque<Change>,
    pub waiting: Vec<Waiting>,
    /// Counts the reads to be confirmed; its upper half is this life, so that no acknowledgement to an earlier one counts.
    pub round: u64,
    pub shipping: bool,
    /// It answers without backups until enough of them have caught up.
    pub fell_back: bool,
    /// The last view in which it did so, and its last write then: of what was answered alone a step may show no other trace.
    pub alone: (u64, u64),
}

/// A client that waits until enough backups have acknowledged so much.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub client: NodeId,
    pub ticket: Ticket,
    pub index: u64,
    pub round: u64,
    pub reply: Reply,
}

impl Server {
    pub fn is_primary(&self) -> bool {
        self.view.number > 0 && self.view.primary == self.me
    }

    pub fn serves(&self) -> bool {
        self.is_primary() && self.view.active
    }

    /// All backups hold the state of the view.
    fn is_ready(&self) -> bool {
        self.view.backups.iter().all(|backup| self.acks.contains_key(backup))
    }
}

impl PrimaryBackup {
    /// At its first start a server knows the first view and has its state, nothing; later it asks the view service.
    pub(super) fn start_server(&self, first: bool, ctx: &mut Context<'_>) -> Server {
        let me = ctx.me();
        let mut s = Server { me, round: u64::from(ctx.disk().lives) << 32, ..Server::default() };
        if first {
            let view = View::first(ctx.setup(), self.backups);
            let disk = ctx.disk_mut();
            disk.promised = view.number;
            disk.held = if view.members().any(|n| n == me) { view.number } else { 0 };
            if view.primary == me {
                s.acks = view.backups.iter().map(|backup| (*backup, (0, 0))).collect();
            }
            s.view = view;
        }
        ctx.sync();
        if !first {
            self.ping(&s, ctx);
        }
        ctx.set_timer(self.ping_interval, &Timer::Ping);
        s
    }

    fn ping(&self, s: &Server, ctx: &mut Context<'_>) {
        let disk = ctx.disk();
        let holds = Stamp { view: disk.held, index: disk.store.index };
        let early = self.has(Bug::ReadyBeforeTransfer);
        let ready = s.is_primary() && (early || s.is_ready());
        let ping = Message::Ping { view: s.view.number, holds, ready };
        let services: Vec<NodeId> = ctx.setup().role("view-service").take(1).collect();
        services.into_iter().for_each(|service| ctx.send(service, &ping));
    }

    /// Pings, and sends again what was not acknowledged.
    pub(super) fn on_ping_timer(&self, s: &mut Server, ctx: &mut Context<'_>) {
        self.ping(s, ctx);
        if s.is_primary() {
            self.catch_up(s, ctx);
        }
        ctx.set_timer(self.ping_interval, &Timer::Ping);
    }

    pub(super) fn on_ship(&self, s: &mut Server, ctx: &mut Context<'_>) {
        s.shipping = false;
        if s.is_primary() {
            self.catch_up(s, ctx);
        }
    }

    /// News of the view service (6.824, lab 2: "the primary in view i+1 must have been the primary or backup in view i").
    pub(super) fn on_view(&self, s: &mut Server, view: View, ctx: &mut Context<'_>) {
        if view.number < ctx.disk().promised {
            return;
        }
        if view.number == s.view.number {
            if view.active && !s.view.active {
                s.view.active = true;
                if s.is_primary() {
                    ctx.note(format!("becomes leader: primary of view {}", view.number));
                }
            }
            return;
        }
        self.adopt(s, view, ctx);
        if !s.is_primary() {
            return ctx.sync();
        }
        let disk = ctx.disk_mut();
        disk.held = disk.promised;
        ctx.sync();
        if s.view.active {
            ctx.note(format!("becomes leader: primary of view {}", s.view.number));
        }
        self.catch_up(s, ctx);
        if s.is_ready() || self.has(Bug::ReadyBeforeTransfer) {
            self.ping(s, ctx);
            self.settle(s, ctx);
        }
    }

    /// From here on this server takes part in no older view.
    fn adopt(&self, s: &mut Server, view: View, ctx: &mut Context<'_>) {
        if s.is_primary() && view.primary != s.me {
            ctx.note(format!("steps down: view {} has another primary", view.number));
            s.waiting.clear();
        }
        ctx.disk_mut().promised = view.number;
        s.acks.clear();
        s.log.clear();
        s.fell_back = false;
        s.view = view;
    }

    /// Backups that must have a write now before it is answered.
    fn awaited(&self, s: &Server) -> usize {
        if s.fell_back { 0 } else { self.needed(s.view.backups.len()) }
    }

    /// A write has waited for too long: from now on nobody waits (MySQL's manual, semisynchronous replication).
    pub(super) fn on_fall_back(&self, s: &mut Server, index: u64, ctx: &mut Context<'_>) {
        if s.serves() && !s.fell_back && s.waiting.iter().any(|w| w.index == index) {
            s.fell_back = true;
            ctx.note("falls back: answers without its backups");
            self.settle(s, ctx);
        }
    }

    /// Enough backups have caught up: writes wait for them again.
    fn recover(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let last = ctx.disk().store.index;
        let caught_up = s.acks.values().filter(|(index, _)| *index >= last).count();
        if s.fell_back && caught_up >= self.needed(s.view.backups.len()) {
            s.fell_back = false;
            ctx.note("is semi-synchronous again: enough backups have caught up");
        }
    }

    /// Sends each backup what it has not acknowledged.
    fn catch_up(&self, s: &Server, ctx: &mut Context<'_>) {
        let confirm = s.waiting.iter().map(|w| w.round).max().unwrap_or(0);
        for backup in s.view.backups.clone() {
            let last = ctx.disk().store.index;
            let message = match s.acks.get(&backup) {
                Some((index, round)) if *index == last && *round >= confirm => continue,
                Some((index, _)) if *index == last || s.log.front().is_some_and(|c| c.stamp.index <= index + 1) => {
                    let changes = s.log.iter().filter(|c| c.stamp.index > *index).cloned().collect();
                    Message::Update { view: s.view.number, round: s.round, changes }
                }
                _ => {
                    let mut store = ctx.disk().store.clone();
                    if self.has(Bug::TransferWithoutSessions) {
                        store.sessions.clear();
                    }
                    Message::Transfer { view: s.view.clone(), round: s.round, store }
                }
            };
            ctx.send(backup, &message);
        }
    }

    pub(super) fn on_put(
        &self,
        s: &mut Server,
        from: NodeId,
        ticket: Ticket,
        key: SmolStr,
        value: Datum,
        ctx: &mut Context<'_>,
    ) {
        if !s.serves() {
            return ctx.send(from, &Message::Answer { ticket, reply: Reply::NotPrimary });
        }
        let (round, index) = (0, ctx.disk().store.index + 1);
        match once::standing(&ctx.disk().store.sessions, from, ticket) {
            Standing::Over => return,
            Standing::Honoured(stamp) => {
                wait(s, Waiting { client: from, ticket, index: stamp.index, round, reply: Reply::Done(stamp, 0) })
            }
            Standing::New => {
                let stamp = Stamp { view: s.view.number, index };
                let change = Change { stamp, client: from, ticket, key, value };
                ctx.disk_mut().store.apply(&change);
                ctx.sync();
                wait(s, Waiting { client: from, ticket, index, round, reply: Reply::Done(stamp, 0) });
                self.replicate(s, change, ctx);
                if self.mode == Mode::SemiSynchronous && self.fall_back_after.0 > 0 && self.awaited(s) > 0 {
                    ctx.set_timer(self.fall_back_after, &Timer::FallBack { index });
                }
            }
        }
        self.settle(s, ctx);
    }

    /// Sends a write to the backups, at once or later.
    fn replicate(&self, s: &mut Server, change: Change, ctx: &mut Context<'_>) {
        s.log.push_back(change.clone());
        if s.log.len() > LOG_MAX {
            s.log.pop_front();
        }
        if self.mode == Mode::Asynchronous && self.ship_after.0 > 0 {
            if !s.shipping && !s.view.backups.is_empty() {
                s.shipping = true;
                ctx.set_timer(self.ship_after, &Timer::Ship);
            }
            return;
        }
        let update = Message::Update { view: s.view.number, round: s.round, changes: vec![change] };
        s.view.backups.iter().for_each(|backup| ctx.send(*backup, &update));
    }

    /// The value is taken now; it is returned once it is known that this server was still primary then, and that what it
    /// saw will survive.
    pub(super) fn on_get(&self, s: &mut Server, from: NodeId, ticket: Ticket, key: &str, ctx: &mut Context<'_>) {
        let any = self.reads == Reads::Any && s.view.number > 0 && ctx.disk().held == s.view.number;
        if !s.serves() && !any {
            return ctx.send(from, &Message::Answer { ticket, reply: Reply::NotPrimary });
        }
        let (entry, index) = (ctx.disk().store.entries.get(key).cloned().unwrap_or_default(), ctx.disk().store.index);
        let reply = Reply::Value(entry.value, entry.stamp);
        if self.reads != Reads::Confirmed || self.has(Bug::LocalReads) {
            return ctx.send(from, &Message::Answer { ticket, reply });
        }
        s.round += 1;
        wait(s, Waiting { client: from, ticket, index, round: s.round, reply });
        if self.awaited(s) > 0 {
            let confirm = Message::Update { view: s.view.number, round: s.round, changes: Vec::new() };
            s.view.backups.iter().for_each(|backup| ctx.send(*backup, &confirm));
        }
        self.settle(s, ctx);
    }

    /// Any copy of the view answers a session that has seen no more than it holds (PDIS 1994, section 4). A primary that lacks
    /// something was replaced, and does not know it yet.
    pub(super) fn on_get_after(
        &self,
        s: &mut Server,
        from: NodeId,
        ticket: Ticket,
        key: &str,
        seen: Stamp,
        ctx: &mut Context<'_>,
    ) {
        let disk = ctx.disk();
        let current = s.view.number > 0 && disk.held == s.view.number;
        let reply = match current && (Stamp { view: disk.held, index: disk.store.index }) >= seen {
            true => {
                let entry = disk.store.entries.get(key).cloned().unwrap_or_default();
                Reply::Value(entry.value, entry.stamp)
            }
            false if current && !s.serves() => Reply::Behind,
            false => Reply::NotPrimary,
        };
        ctx.send(from, &Message::Answer { ticket, reply });
    }

    /// Answers whom enough backups have acknowledged.
    fn settle(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if s.fell_back {
            s.alone = (s.view.number, ctx.disk().store.index);
        }
        if !s.serves() {
            return;
        }
        let early = self.has(Bug::AnswerBeforeBackups);
        let itself = self.mode == Mode::SemiSynchronous && self.has(Bug::CountsItself);
        let (needed, acks) = (self.awaited(s).saturating_sub(usize::from(itself)), &s.acks);
        s.waiting.retain(|w| {
            let has = |(index, round): &&(u64, u64)| *index >= w.index && *round >= w.round;
            let done = early && w.round == 0 || acks.values().filter(has).count() >= needed;
            if done {
                let reply = match &w.reply {
                    Reply::Done(stamp, _) => Reply::Done(*stamp, s.view.number),
                    other => other.clone(),
                };
                ctx.send(w.client, &Message::Answer { ticket: w.ticket, reply });
                if self.fall_back_after.0 > 0 && w.round == 0 {
                    ctx.cancel_timer(&Timer::FallBack { index: w.index });
                }
            }
            !done
        });
    }

    /// A backup takes the whole state, unless it has as much of this view.
    pub(super) fn on_transfer(
        &self,
        s: &mut Server,
        from: NodeId,
        view: View,
        round: u64,
        store: Store,
        ctx: &mut Context<'_>,
    ) {
        let number = view.number;
        if number < ctx.disk().promised {
            return;
        }
        if number > s.view.number {
            self.adopt(s, view, ctx);
        }
        let disk = ctx.disk();
        if disk.held < number || disk.store.index < store.index {
            if disk.store.index > store.index {
                let lost = disk.store.index - store.index;
                ctx.note(format!(
                    "rolls back: {} that the primary of view {number} does not have",
                    words::writes(lost)
                ));
            }
            let disk = ctx.disk_mut();
            (disk.held, disk.store) = (number, store);
        }
        self.acknowledge(from, number, round, true, ctx);
    }

    pub(super) fn on_update(&self, from: NodeId, view: u64, round: u64, changes: &[Change], ctx: &mut Context<'_>) {
        let disk = ctx.disk();
        let current = view == disk.promised && view == disk.held;
        let old = view < disk.promised && self.has(Bug::AcceptOldView);
        if !(current || old) {
            return;
        }
        let before = disk.store.index;
        for change in changes {
            let index = ctx.disk().store.index;
            if change.stamp.index == index + 1 || self.has(Bug::ApplyGaps) && change.stamp.index > index {
                ctx.disk_mut().store.apply(change);
            }
        }
        let wrote = ctx.disk().store.index > before;
        self.acknowledge(from, view, round, wrote, ctx);
    }

    /// What is acknowledged is on the disk: a node handles nothing while its disk syncs.
    fn acknowledge(&self, to: NodeId, view: u64, round: u64, wrote: bool, ctx: &mut Context<'_>) {
        let ack = Message::Ack { view, round, index: ctx.disk().store.index };
        if self.has(Bug::AckBeforeSync) {
            ctx.send(to, &ack);
        }
        if wrote {
            ctx.sync();
        }
        if !self.has(Bug::AckBeforeSync) {
            ctx.send(to, &ack);
        }
    }

    pub(super) fn on_ack(
        &self,
        s: &mut Server,
        from: NodeId,
        view: u64,
        (index, round): (u64, u64),
        ctx: &mut Context<'_>,
    ) {
        if view != s.view.number || !s.is_primary() || !s.view.backups.contains(&from) {
            return;
        }
        let was_ready = s.is_ready();
        let known = s.acks.entry(from).or_default();
        *known = (known.0.max(index), known.1.max(round));
        if !was_ready && s.is_ready() && !s.view.active {
            self.ping(s, ctx);
        }
        self.recover(s, ctx);
        self.settle(s, ctx);
    }
}

/// A client that asks again waits once.
fn wait(s: &mut Server, waiting: Waiting) {
    s.waiting
        .retain(|w| (w.client, w.ticket.life, w.ticket.op) != (waiting.client, waiting.ticket.life, waiting.ticket.op));
    s.waiting.push(waiting);
}
