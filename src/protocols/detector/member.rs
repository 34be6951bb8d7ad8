//! A member: beats, listens, and believes.

use super::{Bug, Context, Detector, Message, Timer};
use crate::base::{Micros, NodeId};
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many deviations above the mean a normal interval is with probability 10^-φ, for φ from 1 to 16, in millionths.
const TAIL: [u64; 16] = [
    1_281_552, 2_326_348, 3_090_232, 3_719_016, 4_264_891, 4_753_424, 5_199_338, 5_612_001, 5_997_807, 6_361_341,
    6_706_023, 7_034_484, 7_348_796, 7_650_628, 7_941_345, 8_222_082,
];
/// A longer interval counts as one of this length: the sum of the squares of a thousand has room.
const INTERVAL_MAX: u64 = 60_000_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub me: NodeId,
    pub life: u64,
    number: u64,
    /// Every other member that there is, in order.
    pub peers: Vec<Peer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peer {
    pub node: NodeId,
    pub alive: bool,
    /// Life and number of the newest heartbeat.
    pub newest: (u64, u64),
    /// When it was heard, by the own clock; at first when the own life began.
    pub heard: Micros,
    /// For how long it may be silent from then on.
    pub bound: Micros,
    pub window: Window,
    /// Heartbeats that were heard, for whoever watches.
    pub beats: u64,
    /// Intervals learned in all, for whoever watches.
    pub learned: u64,
    /// How often it was declared dead.
    pub declared: u32,
    /// Own heartbeats since its silence became too long, for whoever watches.
    pub overdue: u32,
}

/// The last intervals, in microseconds, with their sum and the sum of their squares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub intervals: VecDeque<u64>,
    sum: u64,
    squares: u64,
}

impl Window {
    fn take(&mut self, interval: u64, samples: usize, subtracts: bool) {
        let interval = interval.min(INTERVAL_MAX);
        self.intervals.push_back(interval);
        (self.sum, self.squares) = (self.sum + interval, self.squares + interval * interval);
        if self.intervals.len() > samples
            && let Some(oldest) = self.intervals.pop_front()
            && subtracts
        {
            (self.sum, self.squares) = (self.sum - oldest, self.squares - oldest * oldest);
        }
    }

    /// Mean and deviation; none of fewer than two.
    fn moments(&self) -> Option<(u64, u64)> {
        let n = self.intervals.len() as u64;
        let mean = self.sum.checked_div(n).filter(|_| n >= 2)?;
        Some((mean, (self.squares / n).saturating_sub(mean * mean).isqrt()))
    }
}

impl Detector {
    /// Everybody is given the benefit of the doubt.
    pub(super) fn start_member(&self, life: u64, ctx: &mut Context<'_>) -> Member {
        if !self.has(Bug::LifeNotPersisted) || life == 1 {
            ctx.disk_mut().life = life;
        }
        ctx.sync();
        let (me, heard) = (ctx.me(), ctx.elapsed());
        let watched = |node| {
            let (window, newest) = (Window::default(), (0, 0));
            Peer {
                node,
                alive: true,
                newest,
                heard,
                bound: Micros::ZERO,
                window,
                beats: 0,
                learned: 0,
                declared: 0,
                overdue: 0,
            }
        };
        let mut peers: Vec<Peer> = ctx.setup().role("member").filter(|n| *n != me).map(watched).collect();
        for peer in &mut peers {
            peer.bound = self.bound(&peer.window);
            ctx.set_timer(peer.bound, &Timer::Silent { node: peer.node });
        }
        let offset = ctx.choose("first heartbeat", self.interval.0.max(1));
        ctx.set_timer(Micros(offset), &Timer::Beat);
        Member { me, life, number: 0, peers }
    }

    /// How long a silence is borne. With too little to go by, intervals are taken to deviate by a quarter.
    pub(super) fn bound(&self, window: &Window) -> Micros {
        if !self.phi {
            return self.timeout;
        }
        let (mean, deviation) = window.moments().unwrap_or((self.interval.0, self.interval.0 / 4));
        self.bound_of(mean, deviation)
    }

    /// Where φ reaches the threshold (Hayashibara and others, section 4.2).
    pub(super) fn bound_of(&self, mean: u64, deviation: u64) -> Micros {
        let tail = TAIL[self.threshold.clamp(1, TAIL.len()) - 1];
        Micros(mean + deviation.max(self.least_deviation.0) * tail / 1_000_000)
    }

    pub(super) fn beat(&self, m: &mut Member, ctx: &mut Context<'_>) {
        ctx.set_timer(self.interval, &Timer::Beat);
        m.number += 1;
        let beat = Message::Beat { life: m.life, number: m.number };
        let now = ctx.elapsed();
        for (place, peer) in m.peers.iter_mut().enumerate() {
            if place == 0 {
                ctx.send(peer.node, &beat);
            } else {
                ctx.send_again(peer.node);
            }
            let late = peer.alive && now > peer.heard.plus(peer.bound);
            peer.overdue = if late { peer.overdue + 1 } else { 0 };
        }
    }

    pub(super) fn on_beat(&self, m: &mut Member, from: NodeId, beat: (u64, u64), ctx: &mut Context<'_>) {
        let Some(peer) = m.peers.iter_mut().find(|peer| peer.node == from) else { return };
        if beat <= peer.newest && !self.has(Bug::OldBeatsCount) {
            return;
        }
        let now = ctx.elapsed();
        let silent = now.since(peer.heard);
        peer.beats += 1;
        let same_life = peer.newest.0 == beat.0;
        if same_life && (peer.alive || self.has(Bug::OutageIsInterval)) {
            peer.window.take(silent.0, self.samples, !self.has(Bug::EvictedStillCounts));
            peer.learned += 1;
        }
        let came_back = !std::mem::replace(&mut peer.alive, true);
        (peer.newest, peer.heard, peer.overdue) = (beat, now, 0);
        peer.bound = self.bound(&peer.window);
        let timer = Timer::Silent { node: from };
        ctx.cancel_timer(&timer);
        if !(peer.declared > 0 && self.has(Bug::StopsWatching)) {
            ctx.set_timer(peer.bound, &timer);
        }
        if came_back {
            let note = format!("believes alive: {}, after {silent} of silence", ctx.setup().name(from));
            ctx.note(note);
        }
    }

    pub(super) fn on_silent(&self, m: &mut Member, node: NodeId, ctx: &mut Context<'_>) {
        let Some(peer) = m.peers.iter_mut().find(|peer| peer.node == node && peer.alive) else { return };
        // The timer may have waited while this member was busy, and a heartbeat come before it.
        let left = peer.heard.plus(peer.bound).since(ctx.elapsed());
        if left > Micros::ZERO {
            ctx.cancel_timer(&Timer::Silent { node });
            return ctx.set_timer(left, &Timer::Silent { node });
        }
        peer.alive = false;
        peer.declared += 1;
        let note = format!("declares dead: {}, silent for {}", ctx.setup().name(node), peer.bound);
        ctx.note(note);
    }
}

impl Member {
    /// Whom it believes in, itself included.
    pub fn members(&self) -> Vec<NodeId> {
        let mut members: Vec<NodeId> = self.peers.iter().filter(|p| p.alive).map(|p| p.node).collect();
        members.push(self.me);
        members.sort();
        members
    }

    pub(super) fn card(&self, card: &mut Card) {
        let dead = self.peers.iter().filter(|p| !p.alive).count();
        card.headline = format!("life {} · {} members", self.life, self.members().len());
        card.epoch = self.life;
        let bound = |peer: &Peer| if peer.alive { format!("≤ {} ms", peer.bound.0 / 1_000) } else { "dead".into() };
        let cell = |peer: &Peer| {
            let text = format!("{} {}", peer.node.index() + 1, bound(peer));
            Cell { text, firm: peer.alive, epoch: 0 }
        };
        card.cells = self.peers.iter().take(8).map(cell).collect();
        let longest = self.peers.iter().map(|p| p.bound.0 / 1_000).max().unwrap_or(0);
        let int = |n: u64| Datum::Int(n as i64);
        card.probes.push(("members".into(), int(self.members().len() as u64)));
        card.probes.push(("dead".into(), int(dead as u64)));
        card.probes.push(("life".into(), int(self.life)));
        card.probes.push(("bound-ms".into(), int(longest)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::params::Params;
    use crate::sim::protocol::Protocol;
    use std::collections::BTreeMap;

    #[test]
    fn mean_and_deviation_are_those_of_the_last_intervals() {
        let mut window = Window::default();
        assert_eq!(window.moments(), None);
        [9_000, 2, 4, 4, 4, 5, 5, 7, 9].into_iter().for_each(|interval| window.take(interval * 1_000, 8, true));
        assert_eq!(window.moments(), Some((5_000, 2_000)));
    }

    /// With 100 ms between heartbeats and a deviation of 10 ms, φ = 1 is 1.28 deviations away: one in ten is later.
    #[test]
    fn the_bound_is_where_phi_reaches_the_threshold() {
        let bound = |threshold: i64| {
            let given = BTreeMap::from([
                ("mode".to_string(), crate::sim::params::ParamValue::Text("phi".into())),
                ("threshold".to_string(), crate::sim::params::ParamValue::Int(threshold)),
            ]);
            let params = Params::check(&Detector::describe().params, &given).expect("good parameters");
            Detector::configure(&params).bound_of(100_000, 10_000).0
        };
        assert_eq!((bound(1), bound(2), bound(8)), (112_815, 123_263, 156_120));
    }
}
