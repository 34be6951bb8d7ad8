//! A world without its clock: what it may do next, and what it is, for exploring every order of deliveries. Native only.
//!
//! Time, counts and names are no part of an untimed state: two runs that came to the same nodes, timers and messages on
//! the way have the same futures, whatever their messages are called. A protocol that stores clock readings has no
//! bounded untimed state unless time stands still.

use super::world::{Item, World};
use crate::base::{MsgId, codec, hash};

impl World {
    /// The messages on their way, one of each (sender, receiver, contents), in a canonical order.
    pub fn deliverable(&self) -> Vec<MsgId> {
        let mut messages = self.flying();
        messages.sort();
        messages.dedup_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2));
        messages.into_iter().map(|(.., id)| id).collect()
    }

    /// The hash of everything that the future hangs on but time: states, disks, pending timers, what waits at nodes, and
    /// the multiset of messages on their way. Two disks of equal contents of which one was written since its last sync
    /// count as two: such states may be told apart for nothing, but never taken for one.
    pub fn untimed_hash(&self) -> u64 {
        let (mut scratch, mut chain) = (Vec::new(), 0);
        for (cell, shell) in self.cells.iter().zip(&self.shells) {
            chain = cell.fingerprint(chain, &mut scratch);
            let mut timers: Vec<(u8, &[u8])> = shell.timers.iter().map(|t| (t.kind, &t.bytes[..])).collect();
            timers.sort_unstable();
            let waits = (shell.inbox.len() as u64, shell.held.is_some());
            let shell = codec::to_bytes(&(shell.status, shell.choices, waits, timers));
            chain = hash::bytes(chain, &shell);
        }
        let mut messages: Vec<_> = self.flying().into_iter().map(|(from, to, bytes, _)| (from, to, bytes)).collect();
        messages.sort_unstable();
        hash::bytes(chain, &codec::to_bytes(&messages))
    }

    fn flying(&self) -> Vec<(u16, u16, &[u8], MsgId)> {
        let messages = self.queue.iter().filter_map(|(_, item)| match item {
            Item::Arrive(m) => Some((m.id.from.0, m.id.to.0, &m.bytes[..], m.id)),
            _ => None,
        });
        messages.collect()
    }
}
