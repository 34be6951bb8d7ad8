//! A scripted adversary on links: it reads, alters, replays and injects messages, and every act is a row of the trace.
//! What it sends itself takes a latency of the link and meets no other rule of it: no cut, no loss, no queue.

use super::net::Pairs;
use super::node::Message;
use super::trace::{Rec, Trace};
use super::world::{Item, World};
use crate::base::{Micros, MsgId};
use crate::wire::{AdversaryAct, RowKind};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Adversary {
    pub name: Arc<str>,
    pub pairs: Arc<Pairs>,
    /// Acts on messages of this kind only; empty for all.
    pub kind: Arc<str>,
    pub act: Arc<AdversaryAct>,
    /// How many acts are left; None for no bound.
    pub left: Option<u32>,
}

/// Copies made by adversaries and by hand are numbered from here, apart from the network's own duplicate.
pub const FIRST_COPY: u8 = 2;

impl World {
    /// A message meets the adversaries of its link, in their order, before it enters.
    #[inline(never)]
    pub(super) fn meet_adversaries(&mut self, link: usize, mut message: Message, trace: &mut Option<&mut Trace>) {
        let id = message.id;
        let mut copies = 0;
        for place in 0..self.adversaries.len() {
            let adversary = &self.adversaries[place];
            if adversary.left == Some(0) || !adversary.pairs.holds(id.from, id.to) {
                continue;
            }
            if !adversary.kind.is_empty() && !self.is_of_kind(&message, &adversary.kind) {
                continue;
            }
            let adversary = &mut self.adversaries[place];
            adversary.left = adversary.left.map(|n| n - 1);
            let act = Arc::clone(&adversary.act);
            // A copy is called after its message and how many of it were made before, whatever else was copied: its
            // latency hangs on that name.
            self.act(&act, link, &mut message, FIRST_COPY.saturating_add(copies), trace);
            let copied = matches!(*act, AdversaryAct::Replay { .. } | AdversaryAct::Inject { .. });
            copies = copies.saturating_add(u8::from(copied));
        }
        self.enter_link(link, message, trace);
    }

    fn is_of_kind(&self, message: &Message, kind: &str) -> bool {
        self.machine
            .label(&message.bytes)
            .is_some_and(|(index, _)| self.describe.messages[usize::from(index)].0 == kind)
    }

    fn act(
        &mut self,
        act: &AdversaryAct,
        link: usize,
        message: &mut Message,
        copy: u8,
        trace: &mut Option<&mut Trace>,
    ) {
        let rec = |row| Rec::of_message(RowKind::Adversary, self.now, message.id, true, Some(row));
        match act {
            AdversaryAct::Read => {
                self.emit(rec(message.row), b"", trace);
            }
            AdversaryAct::Alter { at, bytes } => {
                for (i, byte) in bytes.iter().enumerate() {
                    if let Some(old) = message.bytes.get_mut(*at as usize + i) {
                        *old = *byte;
                    }
                }
                message.row = self.emit(rec(message.row), &message.bytes, trace);
            }
            AdversaryAct::Replay { after } => {
                let copy_id = MsgId { copy, ..message.id };
                let row = self.emit(Rec { copy, ..rec(message.row) }, &message.bytes, trace);
                let kind = self.kind_on(link, message);
                let latency = self.net.latency_of_copy(link, kind, copy_id.count, copy);
                let due = Micros(self.now).plus(*after).0 + latency;
                self.schedule(due, Item::Arrive(Message { id: copy_id, row, ..message.clone() }));
            }
            AdversaryAct::Inject { after, bytes } => {
                let id = MsgId { copy, ..message.id };
                let row = self.emit(Rec { copy, ..rec(message.row) }, bytes, trace);
                let injected = Message { id, row, bytes: bytes[..].into() };
                let latency = self.net.latency_of_copy(link, self.kind_on(link, &injected), id.count, copy);
                self.schedule(Micros(self.now).plus(*after).0 + latency, Item::Arrive(injected));
            }
            AdversaryAct::Stop => {}
        }
    }
}
