//! A server: head, middle and tail are the same code, told apart by the configuration (CR, section 3.1).

use super::{Bug, Chain, Change, Configuration, Context, Message, Reads, Reply, Stamp, Store, Timer, words};
use crate::base::{Micros, NodeId};
use crate::protocols::once::{self, Standing, Ticket};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Newest writes that a server keeps for sending again; who lacks more is sent the whole state.
const LOG_MAX: usize = 256;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Server {
    pub me: NodeId,
    /// As it was told in this life; number 0: not yet.
    pub configuration: Configuration,
    pub log: VecDeque<Change>,
    /// So many writes are at the tail, and in which configuration that was heard last: what comes after is what the paper
    /// calls `Sent`.
    pub done: u64,
    pub done_in: u64,
    /// So much the next server has said to have, in this configuration; none: it has not been heard. Next after the tail is
    /// who joins, once it has the state.
    pub received: Option<u64>,
    /// The one before has told, in this configuration, all that was lacking; the head lacks nothing.
    pub connected: bool,
    /// The tail answers reads until then, by its own clock.
    pub leased_until: Micros,
    /// Of a tail: who joins has the state, and is next.
    pub hands_over: bool,
    /// Of a tail behind which another joins: reads of what that one does not have yet.
    pub waiting: Vec<Waiting>,
    /// What was done when the timer fired last: without progress since then, what is on its way is sent again.
    pub done_before: u64,
}

/// A client that waits until so many writes are done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub client: NodeId,
    pub ticket: Ticket,
    pub index: u64,
    pub reply: Reply,
}

impl Server {
    fn before(&self) -> Option<NodeId> {
        let tail = || self.configuration.servers.last().copied().filter(|_| self.joins());
        self.configuration.before(self.me).or_else(tail)
    }

    pub fn after(&self) -> Option<NodeId> {
        let joining = || self.configuration.joining.filter(|_| self.is_tail() && self.hands_over);
        self.configuration.after(self.me).or_else(joining)
    }

    pub fn joins(&self) -> bool {
        self.configuration.joining == Some(self.me)
    }

    pub fn is_member(&self) -> bool {
        self.configuration.place(self.me).is_some()
    }

    pub fn is_head(&self) -> bool {
        self.configuration.servers.first() == Some(&self.me)
    }

    pub fn is_tail(&self) -> bool {
        self.configuration.servers.last() == Some(&self.me)
    }

    fn keep(&mut self, change: Change) {
        self.log.push_back(change);
        if self.log.len() > LOG_MAX {
            self.log.pop_front();
        }
    }
}

impl Chain {
    /// At its first start a server knows the first configuration and has its state, nothing; later it asks the master.
    pub(super) fn start_server(&self, first: bool, ctx: &mut Context<'_>) -> Server {
        let mut s = Server { me: ctx.me(), ..Server::default() };
        if first {
            s.configuration = Configuration::first(ctx.setup(), self.replicas);
            s.connected = true;
            s.received = s.after().map(|_| 0);
            let held = if s.is_member() { s.configuration.number } else { 0 };
            let disk = ctx.disk_mut();
            (disk.promised, disk.held) = (s.configuration.number, held);
        }
        ctx.sync();
        if !first || self.reads == Reads::Leased {
            self.ping(&s, ctx);
        }
        ctx.set_timer(self.ping_interval, &Timer::Ping);
        s
    }

    fn ping(&self, s: &Server, ctx: &mut Context<'_>) {
        let number = s.configuration.number;
        let ready = s.joins() && s.connected && ctx.disk().held == number;
        let sent = ctx.local_now();
        let masters: Vec<NodeId> = ctx.setup().role("master").take(1).collect();
        masters.into_iter().for_each(|master| ctx.send(master, &Message::Ping { number, ready, sent }));
    }

    /// Pings; and what makes no progress is tried again.
    pub(super) fn on_ping_timer(&self, s: &mut Server, ctx: &mut Context<'_>) {
        self.ping(s, ctx);
        if !s.connected {
            self.ask_before(s, ctx);
        }
        let stuck = s.done == s.done_before && s.done < ctx.disk().store.index;
        if let Some(next) = s.after().filter(|_| s.received.is_none() || stuck) {
            self.catch_up(s, next, s.received, ctx);
        }
        s.done_before = s.done;
        self.transfer_to_joining(s, ctx);
        ctx.set_timer(self.ping_interval, &Timer::Ping);
    }

    /// Asks the server before for what it has beyond this one's. Who joins is sent the state unasked.
    fn ask_before(&self, s: &Server, ctx: &mut Context<'_>) {
        if ctx.disk().held == s.configuration.number {
            self.acknowledge(s, true, ctx);
        }
    }

    /// Up the chain.
    fn acknowledge(&self, s: &Server, wants: bool, ctx: &mut Context<'_>) {
        if let Some(before) = s.before() {
            let received = ctx.disk().store.index;
            ctx.send(before, &Message::Ack { number: s.configuration.number, received, done: s.done, wants });
        }
    }

    pub(super) fn on_configured(
        &self,
        s: &mut Server,
        configuration: Configuration,
        heard: Option<Micros>,
        ctx: &mut Context<'_>,
    ) {
        if configuration.number < ctx.disk().promised {
            return;
        }
        if configuration.number > s.configuration.number {
            self.adopt(s, configuration, ctx);
        }
        if let Some(sent) = heard {
            s.leased_until = s.leased_until.max(sent.plus(self.lease));
        }
    }

    /// From here on this server takes part in no older configuration (CR, section 3.2: the master tells each server of its
    /// new neighbours; who stays keeps its history).
    fn adopt(&self, s: &mut Server, configuration: Configuration, ctx: &mut Context<'_>) {
        let (was_head, number) = (s.is_head(), configuration.number);
        s.configuration = configuration;
        let (member, head) = (s.is_member(), s.is_head());
        let disk = ctx.disk_mut();
        disk.promised = number;
        // Who was sent the state of this configuration before a crash has it still, and the tail knows that it has.
        disk.held = if member || disk.held == number { number } else { 0 };
        s.hands_over = disk.handed_over == number;
        if !member {
            s.log.clear();
        }
        (s.received, s.connected) = (None, head || !member && !s.joins());
        ctx.sync();
        for waiting in std::mem::take(&mut s.waiting) {
            ctx.send(waiting.client, &Message::Answer { ticket: waiting.ticket, reply: Reply::NotServing });
        }
        match (was_head, head) {
            (false, true) => ctx.note(format!("becomes leader: head of configuration {number}")),
            (true, false) => ctx.note(format!("steps down: configuration {number} has another head")),
            _ => {}
        }
        if !s.connected {
            self.ask_before(s, ctx);
        }
        match s.after() {
            Some(next) => self.catch_up(s, next, None, ctx),
            None => self.settle(s, ctx),
        }
        self.transfer_to_joining(s, ctx);
    }

    /// Sends the next server what it lacks; where that is not known, what there is.
    fn catch_up(&self, s: &Server, next: NodeId, received: Option<u64>, ctx: &mut Context<'_>) {
        let (number, index) = (s.configuration.number, ctx.disk().store.index);
        let received = received.unwrap_or(index);
        let kept = received >= index || s.log.front().is_some_and(|first| first.stamp.index <= received + 1);
        let message = match kept {
            true => {
                let changes = s.log.iter().filter(|change| change.stamp.index > received).cloned().collect();
                Message::Forward { number, after: received, changes }
            }
            false => self.state(s, ctx),
        };
        ctx.send(next, &message);
    }

    fn state(&self, s: &Server, ctx: &Context<'_>) -> Message {
        let mut store = ctx.disk().store.clone();
        if self.has(Bug::TransferWithoutSessions) {
            store.sessions.clear();
        }
        Message::Transfer { number: s.configuration.number, store }
    }

    /// The tail brings up to date who is to come behind it (CR, section 3.3).
    fn transfer_to_joining(&self, s: &Server, ctx: &mut Context<'_>) {
        if let Some(joining) = s.configuration.joining.filter(|_| s.is_tail() && s.received.is_none()) {
            let state = self.state(s, ctx);
            ctx.send(joining, &state);
        }
    }

    /// At the end of the chain all is done that is there. Who joins behind the tail only says what it has.
    fn settle(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if ctx.disk().held != s.configuration.number {
            return;
        }
        match s.joins() {
            true => self.acknowledge(s, false, ctx),
            false => self.complete(s, ctx.disk().store.index, ctx),
        }
    }

    /// So many are on all servers: the tail answers the clients whose writes were on their way, and says so up the chain.
    fn complete(&self, s: &mut Server, index: u64, ctx: &mut Context<'_>) {
        let number = s.configuration.number;
        let done = s.log.iter().filter(|change| change.stamp.index > s.done && change.stamp.index <= index);
        for change in done {
            let reply = Reply::Done(change.stamp, number);
            ctx.send(change.client, &Message::Answer { ticket: change.ticket, reply });
        }
        (s.done, s.done_in) = (index.max(s.done), number);
        self.acknowledge(s, false, ctx);
        let leased = self.is_leased(s, ctx);
        let (answered, waiting) = s.waiting.drain(..).partition(|waiting| waiting.index <= index);
        s.waiting = waiting;
        for Waiting { client, ticket, reply, .. } in answered {
            let reply = if leased { reply } else { Reply::NotServing };
            ctx.send(client, &Message::Answer { ticket, reply });
        }
    }

    fn is_leased(&self, s: &Server, ctx: &Context<'_>) -> bool {
        self.reads == Reads::Tail || self.has(Bug::EndlessLease) || ctx.local_now() < s.leased_until
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
        if !s.is_head() {
            return ctx.send(from, &Message::Answer { ticket, reply: Reply::NotServing });
        }
        match once::standing(&ctx.disk().store.sessions, from, ticket) {
            Standing::Over => {}
            Standing::Honoured(stamp) if stamp.index <= s.done => {
                ctx.send(from, &Message::Answer { ticket, reply: Reply::Done(stamp, s.done_in) });
            }
            // It is on its way, and the tail answers it.
            Standing::Honoured(_) => {}
            Standing::New => {
                let index = ctx.disk().store.index + 1;
                let stamp = Stamp { configuration: s.configuration.number, index };
                let change = Change { stamp, client: from, ticket, key, value };
                self.store(s, std::slice::from_ref(&change), ctx);
                if self.has(Bug::HeadAnswers) && s.after().is_some() {
                    let reply = Reply::Done(stamp, s.configuration.number);
                    ctx.send(from, &Message::Answer { ticket, reply });
                }
            }
        }
    }

    /// Stores writes that follow what there is, and passes them on: to the next server, or to the clients.
    fn store(&self, s: &mut Server, changes: &[Change], ctx: &mut Context<'_>) {
        let before = ctx.disk().store.index;
        for change in changes {
            ctx.disk_mut().store.apply(change);
            s.keep(change.clone());
        }
        if !self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
        match s.after() {
            Some(next) if s.received.is_some() => {
                let (number, changes) = (s.configuration.number, changes.to_vec());
                ctx.send(next, &Message::Forward { number, after: before, changes });
            }
            // It has not said yet what it has.
            Some(_) => {}
            None => self.settle(s, ctx),
        }
        if self.has(Bug::AckBeforeSync) {
            ctx.sync();
        }
    }

    /// The tail has what is done, and nothing else; unless another joins behind it, who has to have it as well by then.
    pub(super) fn on_get(&self, s: &mut Server, from: NodeId, ticket: Ticket, key: &str, ctx: &mut Context<'_>) {
        let (entry, index) = (ctx.disk().store.entries.get(key).cloned().unwrap_or_default(), ctx.disk().store.index);
        let mut reply = Reply::Value(entry.value, entry.stamp);
        if !self.has(Bug::AnyReads) {
            if !s.is_tail() || !self.is_leased(s, ctx) {
                reply = Reply::NotServing;
            } else if s.done < index {
                s.waiting.retain(|w| (w.client, w.ticket.life, w.ticket.op) != (from, ticket.life, ticket.op));
                return s.waiting.push(Waiting { client: from, ticket, index, reply });
            }
        }
        ctx.send(from, &Message::Answer { ticket, reply });
    }

    pub(super) fn on_forward(
        &self,
        s: &mut Server,
        from: NodeId,
        number: u64,
        after: u64,
        changes: &[Change],
        ctx: &mut Context<'_>,
    ) {
        let known = s.configuration.number;
        if number > known {
            return self.ping(s, ctx);
        }
        let current = number == known && s.before() == Some(from) && ctx.disk().held == number;
        let old = number < known && s.is_member() && self.has(Bug::AcceptOldChain);
        if !current && !old {
            return;
        }
        let index = ctx.disk().store.index;
        if after > index && !self.has(Bug::ApplyGaps) {
            return self.ask_before(s, ctx);
        }
        let new: Vec<Change> = changes.iter().filter(|change| change.stamp.index > index).cloned().collect();
        let newly = current && !std::mem::replace(&mut s.connected, true);
        if !new.is_empty() {
            self.store(s, &new, ctx);
        } else if s.after().is_none() {
            self.settle(s, ctx);
        }
        if s.after().is_some() && (newly || new.is_empty()) {
            self.acknowledge(s, false, ctx);
        }
        if newly && s.joins() {
            self.ping(s, ctx);
        }
    }

    pub(super) fn on_ack(
        &self,
        s: &mut Server,
        from: NodeId,
        number: u64,
        (received, done): (u64, u64),
        wants: bool,
        ctx: &mut Context<'_>,
    ) {
        if number > s.configuration.number {
            return self.ping(s, ctx);
        }
        if number < s.configuration.number {
            return;
        }
        let joining = s.is_tail() && s.configuration.joining == Some(from);
        if joining && self.has(Bug::AnswersAlone) {
            return self.catch_up(s, from, Some(received), ctx);
        }
        if !joining && s.after() != Some(from) {
            return;
        }
        if joining && !s.hands_over {
            s.hands_over = true;
            ctx.disk_mut().handed_over = number;
            ctx.sync();
        }
        let first = s.received.is_none();
        s.received = Some(s.received.unwrap_or(0).max(received));
        if joining && received > s.done {
            self.complete(s, received, ctx);
        } else if !joining && done > s.done {
            (s.done, s.done_in) = (done, number);
            self.acknowledge(s, false, ctx);
        }
        if wants || first && (joining || received < ctx.disk().store.index) {
            self.catch_up(s, from, Some(received), ctx);
        }
    }

    /// The whole state, before this server is added, or when it lacks more than the one before keeps.
    pub(super) fn on_transfer(&self, s: &mut Server, from: NodeId, number: u64, store: Store, ctx: &mut Context<'_>) {
        if number > s.configuration.number {
            return self.ping(s, ctx);
        }
        let disk = ctx.disk();
        if number < s.configuration.number {
            return;
        }
        if s.joins() {
            // A state again, if the tail does not keep any more what has been written since the last one.
            if disk.held != number || disk.store.index < store.index {
                if disk.store.index > store.index {
                    let lost = words::writes(disk.store.index - store.index);
                    ctx.note(format!("rolls back: {lost} that the chain does not have"));
                }
                (s.done, s.done_in) = (store.index, number);
                let disk = ctx.disk_mut();
                (disk.held, disk.store) = (number, store);
                s.log.clear();
                ctx.sync();
            }
            return self.acknowledge(s, false, ctx);
        }
        if s.before() != Some(from) {
            return;
        }
        if disk.store.index < store.index {
            ctx.disk_mut().store = store;
            s.log.clear();
            ctx.sync();
            if let Some(next) = s.after() {
                self.catch_up(s, next, s.received, ctx);
            }
        }
        s.connected = true;
        match s.after() {
            None => self.settle(s, ctx),
            Some(_) => self.acknowledge(s, false, ctx),
        }
    }
}
