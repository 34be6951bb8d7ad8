//! Advertisements: which is newer, how they spread, and how they are told again until they are acknowledged (section 13).

use super::router::Router;
use super::{Bug, Context, LinkState, Talk};
use crate::base::{NodeId, codec, hash};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What a router says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advertisement {
    pub origin: NodeId,
    pub sequence: u64,
    /// Of its contents. A router that forgot its number may use one twice: then this tells the two apart.
    pub checksum: u32,
    /// In hello intervals, counted by whoever has it.
    pub age: u32,
    pub expired: bool,
    /// The neighbours with which it has exchanged databases, and the costs of the links to them.
    pub links: Vec<(NodeId, u32)>,
    /// Hosts and clients behind it.
    pub ends: Vec<NodeId>,
}

/// One of a router's advertisements. The later one in this order is the newer one (section 13.1). That it has expired is news,
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Instance {
    pub sequence: u64,
    pub checksum: u32,
    pub expired: bool,
}

pub type Header = (NodeId, Instance);

impl Advertisement {
    pub fn instance(&self) -> Instance {
        Instance { sequence: self.sequence, checksum: self.checksum, expired: self.expired }
    }
}

pub(super) fn is_there(node: NodeId, ctx: &Context<'_>) -> bool {
    node.index() < ctx.setup().nodes.len()
}

impl LinkState {
    /// Is the first newer than the second?
    pub(super) fn compare(&self, one: Instance, other: Instance) -> Ordering {
        let short = |i: Instance| (i.sequence, i.expired);
        if self.has(Bug::NoChecksum) { short(one).cmp(&short(other)) } else { one.cmp(&other) }
    }

    /// As it goes out: a hop takes time, and nothing may go around for ever (section 13.3, InfTransDelay). On the way it does
    /// not expire: its sender would not know.
    fn copy_of(&self, told: &Advertisement) -> Advertisement {
        let age = if told.expired { told.age } else { told.age.saturating_add(1).min(self.max_age - 1) };
        Advertisement { age, ..told.clone() }
    }

    /// A router tells of its links anew, under a number that is higher than all that it knows to be used.
    pub(super) fn originate(&self, r: &mut Router, ctx: &mut Context<'_>) {
        r.sequence = r.sequence.saturating_add(1);
        let links = r.own_links();
        let ends = super::topology::behind(ctx.setup(), r.me);
        let checksum = hash::bytes(0, &codec::to_bytes(&(&links, &ends))) as u32;
        let own = Advertisement { origin: r.me, sequence: r.sequence, checksum, age: 0, expired: false, links, ends };
        self.install(r, own, None, ctx);
    }

    /// Takes an advertisement into the database and floods it to all but the neighbour from which it came.
    fn install(&self, r: &mut Router, told: Advertisement, from: Option<usize>, ctx: &mut Context<'_>) {
        let origin = told.origin;
        r.database.insert(origin, told);
        r.changed = true;
        self.flood(r, origin, from, ctx);
    }

    /// Section 13.3, for each neighbour.
    pub(super) fn flood(&self, r: &mut Router, origin: NodeId, from: Option<usize>, ctx: &mut Context<'_>) {
        let Some(told) = r.database.get(&origin) else { return };
        let (instance, copy) = (told.instance(), self.copy_of(told));
        let update = Talk::Update(vec![copy]);
        for (place, n) in r.neighbours.iter_mut().enumerate().filter(|(_, n)| n.two_way) {
            n.unacked.remove(&origin);
            if let Some(wanted) = n.wanted.get(&origin).copied() {
                if wanted > instance {
                    continue;
                }
                n.wanted.remove(&origin);
                if wanted == instance {
                    continue;
                }
            }
            if from == Some(place) {
                continue;
            }
            if !self.has(Bug::NoRetransmission) {
                n.unacked.insert(origin, instance);
                self.arm(n, ctx);
            }
            n.say(&update, ctx);
        }
    }

    /// The advertisements of these routers, as far as they are here, in one message.
    pub(super) fn send_copies(&self, r: &Router, place: usize, origins: &[NodeId], ctx: &mut Context<'_>) {
        let copies: Vec<Advertisement> =
            origins.iter().filter_map(|origin| r.database.get(origin)).map(|told| self.copy_of(told)).collect();
        if !copies.is_empty() {
            r.neighbours[place].say(&Talk::Update(copies), ctx);
        }
    }

    /// Section 13: what is new is taken, passed on and acknowledged; what is known is acknowledged; whoever sends what is old
    /// is sent what is newer.
    pub(super) fn on_update(&self, r: &mut Router, place: usize, all: Vec<Advertisement>, ctx: &mut Context<'_>) {
        let (mut acks, mut newer): (Vec<Header>, Vec<NodeId>) = (Vec::new(), Vec::new());
        for told in all {
            // An adversary may name whom there is not.
            if !is_there(told.origin, ctx) {
                continue;
            }
            let (origin, instance) = (told.origin, told.instance());
            let n = &mut r.neighbours[place];
            if n.wanted.get(&origin).is_some_and(|wanted| *wanted <= instance) {
                n.wanted.remove(&origin);
            }
            let held = r.database.get(&origin).map(Advertisement::instance);
            match held.map_or(Ordering::Greater, |held| self.compare(instance, held)) {
                Ordering::Equal if n.unacked.get(&origin) == Some(&instance) => {
                    // It has it from elsewhere, which is as good as an acknowledgement (step 7a).
                    n.unacked.remove(&origin);
                }
                Ordering::Equal => acks.push((origin, instance)),
                Ordering::Less if !self.has(Bug::AcceptsOlder) => newer.push(origin),
                _ => {
                    acks.push((origin, instance));
                    self.take(r, place, told, ctx);
                }
            }
        }
        if !acks.is_empty() {
            r.neighbours[place].say(&Talk::Ack(acks), ctx);
        }
        self.send_copies(r, place, &newer, ctx);
    }

    /// A router that hears of itself what it has not said in this life says something newer (section 13.4).
    fn take(&self, r: &mut Router, place: usize, told: Advertisement, ctx: &mut Context<'_>) {
        if told.origin == r.me && !self.has(Bug::NoTakeover) {
            ctx.note(format!("takes over: heard its own number {}", told.sequence));
            r.sequence = r.sequence.max(told.sequence);
            self.originate(r, ctx);
        } else {
            self.install(r, told, Some(place), ctx);
        }
    }

    pub(super) fn on_ack(&self, r: &mut Router, place: usize, all: &[Header]) {
        let n = &mut r.neighbours[place];
        for (origin, instance) in all {
            if n.unacked.get(origin) == Some(instance) {
                n.unacked.remove(origin);
            }
        }
    }

    /// Everything gets older; what is too old has expired, and everyone is told so (section 14). One's own is renewed before.
    pub(super) fn grow_older(&self, r: &mut Router, ctx: &mut Context<'_>) {
        let mut expired = Vec::new();
        let mut renew = false;
        for (origin, told) in r.database.iter_mut().filter(|(_, told)| !told.expired) {
            told.age = told.age.saturating_add(1);
            if *origin == r.me {
                renew = told.age >= self.refresh_after;
            } else if told.age >= self.max_age {
                told.expired = true;
                expired.push(*origin);
            }
        }
        if renew {
            self.originate(r, ctx);
        }
        for origin in expired {
            ctx.note(format!("expires: what {} said", ctx.setup().name(origin)));
            r.changed = true;
            self.flood(r, origin, None, ctx);
        }
    }
}
