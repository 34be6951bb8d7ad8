//! A node: its events, its register, and how registers come together.

use super::stamp::Stamp;
use super::{Bug, Clocks, Context, Held, Id, Message, Order, Timer, Version, What, words};
use crate::base::{NodeId, OpId};
use crate::wire::{Datum, Op, Outcome};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;

/// Finished operations that are remembered for whoever watches.
const FINISHED_MAX: usize = 32;

/// Everything that lasts is on the disk. What is here is for whoever watches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Node {
    /// The event of its last handler.
    pub happened: Happened,
    /// Operations that were answered, each with its event.
    pub finished: VecDeque<(u32, u64)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Happened {
    /// 0: none yet.
    pub event: u64,
    /// The event that it hears of.
    pub heard: Option<Id>,
    /// Writes that the register took in, or turned down.
    pub writes: Vec<(SmolStr, Id)>,
}

/// What became of a write.
enum Fate {
    Known,
    Alone,
    /// There is a later one.
    Overruled,
    /// With others that are neither earlier nor later.
    Beside,
}

impl Clocks {
    pub(super) fn start(&self, ctx: &mut Context<'_>) -> Node {
        if self.has(Bug::HybridForgets) {
            ctx.disk_mut().clocks.hybrid = Default::default();
        }
        ctx.set_timer(self.gossip_interval, &Timer::Gossip);
        Node::default()
    }

    /// An event: all clocks advance. What it tells leaves when it is on the disk.
    fn event(&self, n: &mut Node, heard: Option<&Stamp>, ctx: &mut Context<'_>) -> Stamp {
        let (at, nodes) = ((ctx.me(), ctx.local_now()), ctx.setup().nodes.len());
        let clocks = &mut ctx.disk_mut().clocks;
        self.advance(clocks, heard, at, nodes);
        let stamp = clocks.clone();
        n.happened = Happened { event: stamp.event, heard: heard.map(Stamp::id), writes: Vec::new() };
        stamp
    }

    fn sync(&self, ctx: &mut Context<'_>) {
        if !self.has(Bug::TellBeforeSync) {
            ctx.sync();
        }
    }

    fn sync_late(&self, ctx: &mut Context<'_>) {
        if self.has(Bug::TellBeforeSync) {
            ctx.sync();
        }
    }

    pub(super) fn asked(&self, n: &mut Node, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        let stamp = self.event(n, None, ctx);
        let (mut answer, mut outcome) = (Datum::None, Outcome::Ok);
        match op.f.as_str() {
            "put" => {
                let version = Version { value: op.value.clone(), stamp: stamp.clone() };
                self.take(n, &op.key, &version, ctx);
                let tell = others(ctx);
                self.sync(ctx);
                let what = What::Write { key: op.key.clone(), version };
                send(&tell, &Message { stamp, what }, ctx);
            }
            "get" => {
                answer = shown(ctx.disk().held.get(&op.key).map_or(&[][..], Vec::as_slice));
                self.sync(ctx);
            }
            _ => {
                let mut tell = ctx.setup().resolve(&op.key);
                tell.retain(|node| *node != ctx.me());
                if tell.is_empty() {
                    (outcome, answer) = (Outcome::Fail, Datum::Text(format!("there is nobody called {}", op.key)));
                }
                self.sync(ctx);
                send(&tell, &Message { stamp, what: What::Tell }, ctx);
            }
        }
        if n.finished.len() >= FINISHED_MAX {
            n.finished.pop_front();
        }
        n.finished.push_back((id.count, n.happened.event));
        ctx.reply(id, outcome, answer);
        self.sync_late(ctx);
    }

    pub(super) fn hear(&self, n: &mut Node, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        let stamp = self.event(n, Some(&m.stamp), ctx);
        match m.what {
            What::Tell => self.sync(ctx),
            What::Write { key, version } => {
                self.take(n, &key, &version, ctx);
                self.sync(ctx);
            }
            What::Answer(held) => {
                self.take_all(n, &held, ctx);
                self.sync(ctx);
            }
            What::Offer(offered) => {
                self.take_all(n, &offered, ctx);
                let has = |key: &SmolStr, version: &Version| {
                    offered.iter().any(|(known, versions)| known == key && versions.contains(version))
                };
                let mut more = Held::new();
                for (key, versions) in &ctx.disk().held {
                    let rest: Vec<Version> = versions.iter().filter(|version| !has(key, version)).cloned().collect();
                    if !rest.is_empty() {
                        more.push((key.clone(), rest));
                    }
                }
                self.sync(ctx);
                if !more.is_empty() {
                    ctx.send(from, &Message { stamp, what: What::Answer(more) });
                }
            }
        }
        self.sync_late(ctx);
    }

    /// Offers all that it holds to another node. Who holds nothing tells nothing.
    pub(super) fn gossip(&self, n: &mut Node, ctx: &mut Context<'_>) {
        ctx.set_timer(self.gossip_interval, &Timer::Gossip);
        let others = others(ctx);
        if others.is_empty() || ctx.disk().held.is_empty() {
            return;
        }
        let peer = others[ctx.choose("whom to offer", others.len() as u64) as usize];
        let stamp = self.event(n, None, ctx);
        let held = ctx.disk().held.iter().map(|(key, versions)| (key.clone(), versions.clone())).collect();
        self.sync(ctx);
        ctx.send(peer, &Message { stamp, what: What::Offer(held) });
        self.sync_late(ctx);
    }

    fn take_all(&self, n: &mut Node, held: &Held, ctx: &mut Context<'_>) {
        for (key, versions) in held {
            versions.iter().for_each(|version| self.take(n, key, version, ctx));
        }
    }

    /// A register hears of a write.
    fn take(&self, n: &mut Node, key: &SmolStr, version: &Version, ctx: &mut Context<'_>) {
        let held = ctx.disk_mut().held.entry(key.clone()).or_default();
        let before = held.clone();
        let fate = self.merge(held, version);
        let after = held.clone();
        match fate {
            Fate::Known => return,
            Fate::Overruled => {
                let by = after.first().unwrap_or(version);
                ctx.note(format!("overruled: {} by {}", words::write(self, key, version), words::write(self, key, by)));
            }
            Fate::Beside => {
                let all: Vec<String> = after.iter().map(|version| words::write(self, key, version)).collect();
                ctx.note(format!("keeps both: {}", all.join(", ")));
            }
            Fate::Alone => {
                let gone: Vec<String> = before.iter().map(|version| words::write(self, key, version)).collect();
                if !gone.is_empty() {
                    ctx.note(format!("replaces: {} by {}", gone.join(", "), words::write(self, key, version)));
                }
            }
        }
        n.happened.writes.push((key.clone(), version.stamp.id()));
    }

    fn merge(&self, held: &mut Vec<Version>, new: &Version) -> Fate {
        if held.iter().any(|known| known.stamp.id() == new.stamp.id()) {
            return Fate::Known;
        }
        if self.has(Bug::NoCompare) {
            *held = vec![new.clone()];
            return Fate::Alone;
        }
        if self.order != Order::Vector {
            if held.iter().any(|known| !self.is_later(new, known)) {
                return Fate::Overruled;
            }
            *held = vec![new.clone()];
            return Fate::Alone;
        }
        if held.iter().any(|known| self.follows(known, new)) {
            return Fate::Overruled;
        }
        held.retain(|known| !self.follows(new, known));
        held.push(new.clone());
        held.sort_unstable_by_key(|version| version.stamp.id());
        if held.len() > 1 { Fate::Beside } else { Fate::Alone }
    }

    /// By the clock that orders writes; of equal times, by the node.
    fn is_later(&self, new: &Version, known: &Version) -> bool {
        let time = |v: &Version| match self.order {
            Order::Physical => (v.stamp.physical.0, 0),
            Order::Lamport => (v.stamp.lamport, 0),
            Order::Hybrid | Order::Vector => (v.stamp.hybrid.latest.0, v.stamp.hybrid.count),
        };
        match self.has(Bug::NoTieBreak) {
            true => time(new) > time(known),
            false => (time(new), new.stamp.node) > (time(known), known.stamp.node),
        }
    }

    fn follows(&self, later: &Version, earlier: &Version) -> bool {
        match self.has(Bug::SiblingsByLamport) {
            true => later.stamp.lamport > earlier.stamp.lamport,
            false => earlier.stamp.within(&later.stamp),
        }
    }
}

/// All nodes but this one.
fn others(ctx: &Context<'_>) -> Vec<NodeId> {
    ctx.setup().role("node").filter(|node| *node != ctx.me()).collect()
}

fn send(to: &[NodeId], message: &Message, ctx: &mut Context<'_>) {
    if let Some((first, rest)) = to.split_first() {
        ctx.send(*first, message);
        rest.iter().for_each(|node| ctx.send_again(*node));
    }
}

/// What a reader gets: the value, or all that have no order.
pub fn shown(held: &[Version]) -> Datum {
    match held {
        [] => Datum::None,
        [version] => version.value.clone(),
        several => Datum::List(several.iter().map(|version| version.value.clone()).collect()),
    }
}
