//! What must hold at every moment, and why it does not when it does not. A check looks only at the member that acted.

use super::member::Member;
use super::{Belief, State, Status, Swim};
use crate::base::NodeId;
use crate::sim::protocol::{StepFacts, View};
use litemap::LiteMap;
use serde::Serialize;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 6] = [
    (
        "beliefs only advance",
        "What a member believes of another never goes back while it is up: by incarnation, then from alive over suspected \
         and dead to left (section 4.2).",
    ),
    (
        "incarnations are one's own",
        "Nobody believes in a higher incarnation of a member than that member has on its disk; and a member's never goes \
         back, crashes and restarts included.",
    ),
    (
        "accusations are refuted",
        "A member that has heard that it is suspected or dead has a higher incarnation than that (section 4.2).",
    ),
    (
        "the dead are noticed",
        "With targets in turn, a member that is down is declared dead by every other within 2n - 1 of the other's periods \
         since it could last know better, one more for the probe, and those of the suspicion (section 4.3).",
    ),
    ("suspicion takes its time", "With suspicion, a member declares dead only whom it suspected for long enough."),
    ("news dies out", "A piece of news is passed on at most λ·⌈log₂(n + 1)⌉ times by a member (section 4.1)."),
];
const ADVANCE: u16 = 0;
const OWN: u16 = 1;
const REFUTED: u16 = 2;
const NOTICED: u16 = 3;
const PATIENT: u16 = 4;
const DIES_OUT: u16 = 5;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    /// The highest incarnation that each member had.
    incarnations: LiteMap<NodeId, u64>,
    /// Of each member that is up what it believes of each other, and the period in which it last had reason to think that
    /// the other is up: the other was, or it came to know of another incarnation.
    beliefs: LiteMap<NodeId, LiteMap<NodeId, (Belief, u64)>>,
}

impl Memory {
    pub fn check(&mut self, swim: &Swim, view: &View<'_, Swim>, step: &StepFacts, broken: &mut Broken) {
        let Some(node) = step.node else { return };
        match view.state(node) {
            Some(State::Member(member)) => {
                self.own(view, member, broken);
                self.advances(swim, view, member, broken);
            }
            Some(State::Client(_)) => {}
            None => {
                self.beliefs.remove(&node);
            }
        }
    }

    fn own(&mut self, view: &View<'_, Swim>, m: &Member, broken: &mut Broken) {
        let name = view.setup.name(m.me);
        let highest = self.incarnations.entry(m.me).or_default();
        if m.incarnation < *highest {
            let why = format!("{name} was in incarnation {highest}, and is now in {}", m.incarnation);
            broken.push((OWN, why));
        }
        *highest = m.incarnation.max(*highest);
        if !m.left && m.accused >= m.incarnation {
            let why = format!("{name} heard incarnation {} suspected, and lives on in {}", m.accused, m.incarnation);
            broken.push((REFUTED, why));
        }
    }

    fn advances(&mut self, swim: &Swim, view: &View<'_, Swim>, m: &Member, broken: &mut Broken) {
        let (name, all) = (view.setup.name(m.me), m.peers.len() + 1);
        let patience = swim.suspicion_periods(all);
        let bound = 2 * all as u64 + 1 + if swim.suspicion { patience } else { 0 };
        let mut known = self.beliefs.remove(&m.me).unwrap_or_default();
        for peer in &m.peers {
            let (of, believed) = (view.setup.name(peer.node), peer.belief);
            let (before, mut hopeful) = known.get(&peer.node).copied().unwrap_or((believed, m.period));
            if believed < before {
                broken.push((ADVANCE, format!("{name} believed {of} {before}, and believes it {believed} now")));
            }
            if believed.incarnation > view.durable(peer.node).incarnation.max(1) {
                let has = view.durable(peer.node).incarnation;
                broken.push((OWN, format!("{name} believes {of} {believed}, which has incarnation {has}")));
            }
            if view.state(peer.node).is_some() || believed.incarnation != before.incarnation || m.left {
                hopeful = m.period;
            }
            if swim.round_robin && believed.is_member() && m.period > hopeful + bound {
                let why =
                    format!("{of} is down, and {name} believes it {believed} after {} periods", m.period - hopeful);
                broken.push((NOTICED, why));
            }
            let dead = believed.status == Status::Dead && before.status == Status::Suspect;
            if let Some(waited) = m.waited.filter(|waited| dead && swim.suspicion && *waited < patience) {
                broken.push((PATIENT, format!("{name} declared {of} dead after {waited} of {patience} periods")));
            }
            known.insert(peer.node, (believed, hopeful));
        }
        self.beliefs.insert(m.me, known);
        let limit = swim.gossip_limit(all);
        if let Some(g) = m.gossip.iter().find(|g| g.sent > limit) {
            let of = view.setup.name(g.news.0);
            broken.push((DIES_OUT, format!("{name} passed news of {of} on {} times, {limit} at most", g.sent)));
        }
    }
}

impl std::fmt::Display for Belief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = match self.status {
            Status::Alive => "alive",
            Status::Suspect => "suspect",
            Status::Dead => "dead",
            Status::Left => "gone",
        };
        write!(f, "{status} in incarnation {}", self.incarnation)
    }
}
