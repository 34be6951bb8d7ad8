//! Carrying out what a handler asked for: sends, timers, syncs, answers; and a message's way onto its link.

use super::net::Fate;
use super::node::{Bytes, Message, Shell, Timer};
use super::protocol::Effect;
use super::trace::{Rec, Trace};
use super::world::{Item, World};
use crate::base::{Micros, MsgId, NodeId};
use crate::wire::RowKind;

/// Cancelled timers that may stay queued, at least.
const CANCELLED_MAX: usize = 4_096;

impl World {
    /// Carries out the outbox's effects in order; from a sync on, they wait for it.
    pub(super) fn carry_out(&mut self, node: NodeId, mut cause: u32, trace: &mut Option<&mut Trace>) {
        if std::mem::take(&mut self.outbox.wrote) {
            self.emit(Rec::new(RowKind::Write, self.now, node, Some(cause)), b"", trace);
        }
        self.outbox.pad();
        for i in self.outbox.done..self.outbox.effects.len() {
            let effect = self.outbox.effects[i];
            if let Effect::Send { to, start, end } = effect {
                self.send(node, to, (start, end), cause, trace);
            } else if effect == Effect::Sync {
                let time = self.shells[node.index()].next_sync_time(self.setup.seed, node);
                if time > Micros::ZERO {
                    self.outbox.done = i + 1;
                    return self.sync(node, cause, time);
                }
                cause = self.made_durable(node, cause, trace);
            } else {
                self.carry_out_rare(node, effect, cause, trace);
            }
        }
        self.outbox.clear();
    }

    /// The effects that most steps do not have: apart, so that those that they have find room in registers.
    #[inline(never)]
    fn carry_out_rare(&mut self, node: NodeId, effect: Effect, cause: u32, trace: &mut Option<&mut Trace>) {
        match effect {
            Effect::SetTimer { kind, after, start, end } => {
                let bytes = self.outbox.content(start, end);
                self.set_timer(node, kind, after, bytes, cause, trace);
            }
            Effect::CancelTimer { start, end } => {
                let bytes = self.outbox.content(start, end);
                self.cancel_timer(node, &bytes, cause, trace);
            }
            Effect::Reply { place } => {
                let (op, outcome, answer) = &mut self.outbox.replies[place as usize];
                let (op, outcome, answer) = (*op, *outcome, std::mem::take(answer));
                self.reply(op, outcome, answer, cause, trace);
            }
            Effect::Note { start, end } => {
                let bytes = self.outbox.content(start, end);
                self.emit(Rec::new(RowKind::Note, self.now, node, Some(cause)), &bytes, trace);
            }
            Effect::Send { .. } | Effect::Sync => {}
        }
    }

    /// The rest of the outbox waits for the node's disk.
    fn sync(&mut self, node: NodeId, cause: u32, time: Micros) {
        let shell = &mut self.shells[node.index()];
        let empty = self.spare.pop().unwrap_or_default();
        self.outbox.trim();
        shell.held = Some((cause, std::mem::replace(&mut self.outbox, empty)));
        let epoch = shell.epoch;
        self.schedule(self.now + time.0, Item::SyncDone { node, epoch });
    }

    #[inline(always)]
    fn send(&mut self, from: NodeId, to: NodeId, (start, end): (u32, u32), cause: u32, trace: &mut Option<&mut Trace>) {
        let link = self.net.link(from, to);
        let count = self.net.links[link].count + 1;
        self.net.links[link].count = count;
        let due = self.net.links[link].plain_arrival(self.now, count);
        // As late as possible: bytes that were just written one by one can't be copied at once.
        let bytes = self.outbox.content(start, end);
        let id = MsgId { from, to, count, copy: 0 };
        let row = self.emit_message((RowKind::Send, true), id, cause, &bytes, trace);
        self.counters.sent += 1;
        self.counters.sent_bytes += u64::from(end - start);
        // Made in each branch: a message that is lent anywhere is put together in memory, and copied from there.
        match due {
            Some(due) if self.adversaries.is_empty() => self.queue.push(due, Item::Arrive(Message { id, row, bytes })),
            _ => self.meet_adversaries(link, Message { id, row, bytes }, trace),
        }
    }

    /// The kind of a message, where its link asks for it.
    pub(super) fn kind_on(&self, link: usize, message: &Message) -> &'static str {
        let label = if self.net.tells_kinds(link) { self.machine.label(&message.bytes) } else { None };
        label.map_or("", |(kind, _)| self.describe.messages[usize::from(kind)].0)
    }

    /// A message enters its link: its fate is decided.
    pub(super) fn enter_link(&mut self, link: usize, message: Message, trace: &mut Option<&mut Trace>) {
        let (id, now) = (message.id, self.now);
        let rec = |row| Rec::of_message(RowKind::Lost, now, id, true, Some(row));
        let kind = self.kind_on(link, &message);
        match self.net.transmit(link, now, (kind, message.bytes.len()), id.count) {
            Fate::Cut(due, rule) => {
                let name = self.net.cuts[usize::from(rule)].name.clone();
                self.lose(rec(message.row), due, &name, trace);
            }
            Fate::LostByChance(due) => self.lose(rec(message.row), due, "random loss", trace),
            Fate::Arrives(due) => {
                if self.net.links[link].shape.duplicate > 0.0
                    && let Some(second) = self.net.duplicate(link, now, kind, id.count)
                {
                    let id = MsgId { copy: 1, ..id };
                    let row =
                        self.emit(Rec::of_message(RowKind::Duplicate, now, id, true, Some(message.row)), b"", trace);
                    self.put_on_link(link, second, Message { id, row, ..message.clone() });
                }
                self.put_on_link(link, due, message);
            }
        }
    }

    /// Has `item` happen at `at`. Apart from messages on plain links without adversaries, all is scheduled here.
    #[inline(never)]
    pub(super) fn schedule(&mut self, at: u64, item: Item) {
        match &mut self.still {
            None => self.queue.push(at, item),
            Some(list) => list.push((at, item)),
        }
    }

    pub(super) fn put_on_link(&mut self, link: usize, due: u64, message: Message) {
        if self.net.links[link].clogged {
            self.clogged.push(message);
        } else {
            self.schedule(due, Item::Arrive(message));
        }
    }

    pub(super) fn lose(&mut self, rec: Rec, due: u64, rule: &str, trace: &mut Option<&mut Trace>) {
        self.counters.lost += 1;
        let mut data = due.to_le_bytes().to_vec();
        data.extend_from_slice(rule.as_bytes());
        self.emit(rec, &data, trace);
    }

    fn set_timer(
        &mut self,
        node: NodeId,
        kind: u8,
        after: Micros,
        bytes: Bytes,
        cause: u32,
        trace: &mut Option<&mut Trace>,
    ) {
        let shell = &mut self.shells[node.index()];
        shell.timer_count += 1;
        let count = shell.timer_count;
        let due = self.now.saturating_add(shell.clock.true_span(after)).min(Micros::MAX.0);
        let rec = Rec::new(RowKind::TimerSet, self.now, node, Some(cause));
        let row = self.emit(Rec { count, code: u16::from(kind), ..rec }, &bytes, trace);
        let timer = Timer { count, kind, set: self.now, due, row, bytes };
        self.shells[node.index()].timers.push(timer);
        self.schedule(due, Item::Timer { node, count });
    }

    fn cancel_timer(&mut self, node: NodeId, bytes: &[u8], cause: u32, trace: &mut Option<&mut Trace>) {
        let place = |shell: &Shell| shell.timers.iter().position(|t| t.bytes[..] == *bytes);
        while let Some(place) = place(&self.shells[node.index()]) {
            let timer = self.shells[node.index()].timers.remove(place);
            let rec = Rec::new(RowKind::TimerCancelled, self.now, node, Some(cause));
            self.emit(Rec { count: timer.count, code: u16::from(timer.kind), ..rec }, bytes, trace);
            self.cancelled += 1;
        }
        if self.cancelled > CANCELLED_MAX && 2 * self.cancelled > self.queue.len() {
            self.forget_cancelled();
        }
    }

    /// A timer that was cancelled stays queued until its time, which is cheap, unless it is far away and many are.
    #[cold]
    fn forget_cancelled(&mut self) {
        let shells = &self.shells;
        let set = |node: NodeId, count: u32| shells[node.index()].timers.iter().any(|timer| timer.count == count);
        self.queue.extract(|item| matches!(item, Item::Timer { node, count } if !set(*node, *count)));
        self.cancelled = 0;
    }
}
