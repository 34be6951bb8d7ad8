//! Anti-entropy: two replicas find out what they hold differently, by hash trees (Merkle, 1987; Dynamo, section 4.7).
//!
//! The keys that both are home to fall into 64 leaves by their hashes; above them are three levels of four children each.
//! Who begins sends the root's hash. In turns each answers with the children's hashes of what differs, down to the
//! leaves; then the keys of leaves that differ are told by their digests, and only what differs is exchanged, both ways.
//! A tree is made anew whenever it is asked for: whatever was equal when it was compared has been equal since the
//! comparison began, or more.

use super::replica::Replica;
use super::version::Held;
use super::words::count;
use super::{Bug, Context, Disk, Message, QuorumStore, Timer};
use crate::base::{NodeId, codec, hash};
use crate::sim::protocol::Setup;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Levels below the root. An odd number: the leaves' hashes come back to who began.
const DEPTH: u8 = 3;
const FANOUT: usize = 4;
const LEAVES: usize = FANOUT.pow(DEPTH as u32);

/// A comparison: of a replica in one of its lives, which counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub by: NodeId,
    pub life: u32,
    pub number: u32,
}

/// One that this replica has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub round: Round,
    pub with: NodeId,
    /// Hashes that were sent either way.
    hashes: u32,
}

impl QuorumStore {
    /// Both have the key at home.
    pub(super) fn shared(&self, setup: &Setup, key: &str, a: NodeId, b: NodeId) -> bool {
        let homes = self.homes(setup, key);
        homes.contains(&a) && homes.contains(&b)
    }

    /// The hashes of a level of the tree over what this replica shares with another.
    fn level(&self, setup: &Setup, disk: &Disk, (me, other): (NodeId, NodeId), level: u8) -> Vec<u64> {
        let mut hashes = vec![0; LEAVES];
        for (key, held) in disk.held.iter().filter(|(key, _)| self.shared(setup, key, me, other)) {
            let own = hash::bytes(if self.has(Bug::TreeIgnoresValues) { 0 } else { held.digest() }, key.as_bytes());
            let leaf = &mut hashes[leaf(key)];
            *leaf = hash::bytes(*leaf, &own.to_le_bytes());
        }
        for _ in level..DEPTH {
            let parent = |children: &[u64]| match children.iter().all(|hash| *hash == 0) {
                true => 0,
                false => hash::bytes(0, &codec::to_bytes(children)),
            };
            hashes = hashes.chunks(FANOUT).map(parent).collect();
        }
        hashes
    }

    /// Begins a comparison with another replica, drawn at random. One that has not ended by now is given up.
    pub(super) fn compare(&self, r: &mut Replica, ctx: &mut Context<'_>) {
        ctx.set_timer(self.anti_entropy_interval, &Timer::AntiEntropy);
        let me = ctx.me();
        let others: Vec<NodeId> = ctx.setup().role("replica").filter(|node| *node != me).collect();
        if others.is_empty() {
            return;
        }
        let with = others[ctx.choose("whom to compare with", others.len() as u64) as usize];
        r.comparisons += 1;
        let round = Round { by: me, life: r.coordinator.life, number: r.comparisons };
        r.comparison = Some(Comparison { round, with, hashes: 1 });
        let root = self.level(ctx.setup(), ctx.disk(), (me, with), 0)[0];
        ctx.send(with, &Message::Tree { round, level: 0, nodes: vec![(0, root)] });
    }

    /// Compares the hashes of a level with its own, and goes on below those that differ.
    pub(super) fn on_tree(
        &self,
        r: &mut Replica,
        from: NodeId,
        (round, level): (Round, u8),
        nodes: &[(u16, u64)],
        ctx: &mut Context<'_>,
    ) {
        let me = ctx.me();
        if let Some(comparison) = r.comparison.as_mut().filter(|c| c.round == round) {
            comparison.hashes += nodes.len() as u32;
        } else if round.by == me {
            return;
        }
        let own = self.level(ctx.setup(), ctx.disk(), (me, from), level.min(DEPTH));
        let differ = |(place, hash): &&(u16, u64)| own.get(usize::from(*place)) != Some(hash);
        let differing: Vec<u16> = nodes.iter().filter(differ).map(|(place, _)| *place).collect();
        if differing.is_empty() && round.by == me {
            self.compared(r, round, 0, ctx);
        } else if level < DEPTH {
            let below = self.level(ctx.setup(), ctx.disk(), (me, from), level + 1);
            let places = differing.iter().flat_map(|place| place * FANOUT as u16..(place + 1) * FANOUT as u16);
            let nodes: Vec<(u16, u64)> =
                places.filter_map(|place| Some((place, *below.get(usize::from(place))?))).collect();
            if let Some(comparison) = r.comparison.as_mut().filter(|c| c.round == round) {
                comparison.hashes += nodes.len() as u32;
            }
            ctx.send(from, &Message::Tree { round, level: level + 1, nodes });
        } else {
            let digests = self.digests(ctx, from, &differing);
            ctx.send(from, &Message::Keys { round, leaves: differing, digests });
        }
    }

    /// The shared keys of some leaves, with the digests of what is held of each.
    fn digests(&self, ctx: &Context<'_>, other: NodeId, leaves: &[u16]) -> Vec<(SmolStr, u64)> {
        let within = |key: &str| leaves.contains(&(leaf(key) as u16));
        let shared = |key: &str| self.shared(ctx.setup(), key, ctx.me(), other);
        let held = ctx.disk().held.iter().filter(|(key, _)| within(key) && shared(key));
        held.map(|(key, held)| (key.clone(), held.digest())).collect()
    }

    /// Sends what differs or is missing there, and asks for what differs or is missing here.
    pub(super) fn on_keys(
        &self,
        from: NodeId,
        round: Round,
        leaves: &[u16],
        digests: &[(SmolStr, u64)],
        ctx: &mut Context<'_>,
    ) {
        let own = self.digests(ctx, from, leaves);
        let wanted = digests.iter().filter(|theirs| !own.contains(theirs)).map(|(key, _)| key.clone()).collect();
        let sent = own.iter().filter(|ours| !digests.contains(ours)).map(|(key, _)| key);
        let helds: Vec<(SmolStr, Held)> =
            sent.map(|key| (key.clone(), ctx.disk().held.get(key).cloned().unwrap_or_default())).collect();
        ctx.send(from, &Message::Exchange { round, helds, wanted });
    }

    pub(super) fn on_exchange(
        &self,
        r: &mut Replica,
        from: NodeId,
        round: Round,
        helds: &[(SmolStr, Held)],
        wanted: &[SmolStr],
        ctx: &mut Context<'_>,
    ) {
        let mut changed = false;
        for (key, held) in helds {
            changed |= self.take_up(&mut r.local, key, held, ctx);
        }
        if !wanted.is_empty() {
            // Both have the same of these afterwards.
            let helds =
                wanted.iter().filter_map(|key| Some((key.clone(), ctx.disk().held.get(key)?.clone()))).collect();
            ctx.send(from, &Message::Exchange { round, helds, wanted: Vec::new() });
        }
        if changed {
            self.settle(&mut r.local, ctx);
        }
        let only_here = wanted.iter().filter(|key| helds.iter().all(|(other, _)| other != *key)).count();
        self.compared(r, round, helds.len() + only_here, ctx);
    }

    /// A comparison that this replica has begun is over.
    fn compared(&self, r: &mut Replica, round: Round, keys: usize, ctx: &mut Context<'_>) {
        let Some(comparison) = r.comparison.take_if(|comparison| comparison.round == round) else { return };
        r.compared = Some(round);
        if keys > 0 {
            let (name, hashes) = (ctx.setup().name(comparison.with), comparison.hashes);
            let keys = count(keys, "key", "keys");
            let note = format!("anti-entropy: {keys} exchanged with {name} after {hashes} hashes");
            ctx.note(note);
        }
    }
}

fn leaf(key: &str) -> usize {
    hash::bytes(0, key.as_bytes()) as usize % LEAVES
}
