//! What must hold at every moment, and why it does not when it does not. A check looks only at the member that acted.
//!
//! That nobody who lives is declared dead is no property: where messages may be late, no detector that ever declares
//! anybody can promise it (Chandra, Toueg: Unreliable failure detectors, JACM 1996, section 1). It is measured.

use super::member::{Member, Peer};
use super::{Detector, State};
use crate::base::NodeId;
use crate::sim::protocol::{StepFacts, View};
use litemap::LiteMap;
use serde::Serialize;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 5] = [
    (
        "the silent are declared dead",
        "Whoever was not heard for longer than silence is borne is believed dead, at the latest one heartbeat of one's own \
         later (strong completeness: Chandra, Toueg, section 2).",
    ),
    (
        "only newer heartbeats count",
        "A member is heard by a heartbeat that is newer than all before: of a later life, or of a higher number.",
    ),
    ("outages are not learned", "The silence that a declaration of death has ended is not among the intervals."),
    (
        "lives are one's own",
        "Nobody has heard of a later life of a member than is on that member's disk; and a member's lives only go up, \
         crashes and restarts included.",
    ),
    (
        "the bound is that of the window",
        "By φ, a silence is borne for as long as the last intervals say, and no others.",
    ),
];
const SILENT: u16 = 0;
const NEWER: u16 = 1;
const OUTAGES: u16 = 2;
const LIVES: u16 = 3;
const BOUND: u16 = 4;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    /// The last life that each member had begun.
    lives: LiteMap<NodeId, u64>,
    /// Of each member that is up what it knew of each other.
    known: LiteMap<NodeId, LiteMap<NodeId, Known>>,
}

#[derive(Clone, Copy, Serialize)]
struct Known {
    alive: bool,
    newest: (u64, u64),
    heard: u64,
    beats: u64,
    learned: u64,
}

impl Memory {
    pub fn check(&mut self, detector: &Detector, view: &View<'_, Detector>, step: &StepFacts, broken: &mut Broken) {
        let Some(node) = step.node else { return };
        match view.state(node) {
            Some(State::Member(member)) => self.acted(detector, view, member, broken),
            Some(State::Client(_)) => {}
            None => {
                self.known.remove(&node);
            }
        }
    }

    fn acted(&mut self, detector: &Detector, view: &View<'_, Detector>, m: &Member, broken: &mut Broken) {
        let name = view.setup.name(m.me);
        let begun = !self.known.contains_key(&m.me);
        let last = self.lives.entry(m.me).or_default();
        if begun && m.life <= *last {
            broken.push((LIVES, format!("{name} has begun life {last}, and begins life {}", m.life)));
        }
        // One that is not on the disk yet has told nobody of itself, and may be begun again.
        if view.durable(m.me).life >= m.life {
            *last = m.life.max(*last);
        }
        let mut known = self.known.remove(&m.me).unwrap_or_default();
        for peer in &m.peers {
            let of = view.setup.name(peer.node);
            let has = view.durable(peer.node).life;
            if peer.newest.0 > has {
                broken.push((LIVES, format!("{name} has heard of life {} of {of}, which has {has}", peer.newest.0)));
            }
            if let Some(before) = known.get(&peer.node) {
                told(name, of, before, peer, broken);
            }
            if peer.overdue > 1 {
                broken.push((SILENT, format!("{name} has not heard {of} for too long, and believes it alive")));
            }
            self::bound(detector, name, of, peer, broken);
            let Peer { node, alive, newest, heard, beats, learned, .. } = peer;
            let (heard, beats, learned) = (heard.0, *beats, *learned);
            known.insert(*node, Known { alive: *alive, newest: *newest, heard, beats, learned });
        }
        self.known.insert(m.me, known);
    }
}

fn told(name: &str, of: &str, before: &Known, peer: &Peer, broken: &mut Broken) {
    let ((life, number), (newer_life, newer)) = (before.newest, peer.newest);
    if peer.heard.0 != before.heard && peer.newest <= before.newest {
        let why = format!("{name} had heard {number} of {of}'s life {life}, and counts {newer} of life {newer_life}");
        broken.push((NEWER, why));
    }
    // After a pause many are heard in one step: the first of them has ended the silence.
    let (beats, learned) = (peer.beats - before.beats, peer.learned - before.learned);
    if !before.alive && beats > 0 && learned >= beats {
        broken.push((OUTAGES, format!("{name} learns from a silence of {of}, whom it had declared dead")));
    }
}

/// The same in another way: with floating point, from the intervals.
fn bound(detector: &Detector, name: &str, of: &str, peer: &Peer, broken: &mut Broken) {
    let intervals = &peer.window.intervals;
    let n = intervals.len() as f64;
    if !detector.phi || n < 2.0 {
        return;
    }
    let mean = intervals.iter().sum::<u64>() as f64 / n;
    let variance = intervals.iter().map(|i| (*i as f64 - mean) * (*i as f64 - mean)).sum::<f64>() / n;
    let should = detector.bound_of(mean as u64, variance.sqrt() as u64).0 as f64;
    let is = peer.bound.0 as f64;
    // Whole microseconds, and what the root of a difference of large numbers loses.
    if (is - should).abs() > should * 0.01 + 10_000.0 {
        let why = format!("{name} bears {is} us of {of}'s silence, by its last intervals it is {should} us");
        broken.push((BOUND, why));
    }
}
