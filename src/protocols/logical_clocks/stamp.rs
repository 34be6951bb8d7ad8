//! The clocks of an event, and how they advance.

use super::{Bug, Clocks, Id};
use crate::base::{Micros, NodeId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What each clock shows at an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub node: NodeId,
    /// The node's events so far, this one included.
    pub event: u64,
    /// The node's own clock.
    pub physical: Micros,
    pub lamport: u64,
    /// For each node, how many of its events happened before (or are) this one.
    pub vector: Vec<u64>,
    pub hybrid: Hybrid,
}

/// The latest physical time that was heard of, and a count of the events since it advanced (Kulkarni and others 2014,
/// section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hybrid {
    pub latest: Micros,
    pub count: u64,
}

impl Stamp {
    pub fn id(&self) -> Id {
        (self.node, self.event)
    }

    /// This vector is at most the other's: by vector clocks, this event happened before the other, or is it.
    pub fn within(&self, other: &Stamp) -> bool {
        self.vector.iter().enumerate().all(|(i, count)| other.vector.get(i).is_some_and(|known| count <= known))
    }
}

impl Hybrid {
    /// Figure 5 of the paper: of an event of the node's own, or of a message's arrival.
    fn advance(&mut self, now: Micros, heard: Option<Hybrid>) {
        let before = *self;
        let heard = heard.unwrap_or_default();
        self.latest = before.latest.max(heard.latest).max(now);
        let counts = [before, heard].into_iter().filter(|clock| clock.latest == self.latest).map(|clock| clock.count);
        self.count = counts.max().map_or(0, |count| count + 1);
    }
}

impl Clocks {
    /// The next event of a node, of which the last one's clocks are given; it may be that it hears of another.
    pub(super) fn advance(&self, clocks: &mut Stamp, heard: Option<&Stamp>, (me, now): (NodeId, Micros), nodes: usize) {
        clocks.node = me;
        clocks.event += 1;
        clocks.physical = now;
        // IR1 and IR2.
        let told = heard.filter(|_| !self.has(Bug::LamportIgnoresMessages)).map_or(0, |heard| heard.lamport);
        clocks.lamport = clocks.lamport.max(told) + 1;
        clocks.vector.resize(nodes, 0);
        let learnt = heard.filter(|_| !self.has(Bug::VectorNotMerged)).map_or(&[][..], |heard| heard.vector.as_slice());
        for (own, other) in clocks.vector.iter_mut().zip(learnt) {
            *own = (*own).max(*other);
        }
        clocks.vector[me.index()] += 1;
        if self.has(Bug::HybridFollowsClock) {
            clocks.hybrid = Hybrid { latest: now, count: 0 };
        } else {
            clocks.hybrid.advance(now, heard.map(|heard| heard.hybrid));
        }
    }
}

/// `1.204 s + 2`
impl fmt::Display for Hybrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} + {}", self.latest, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four cases of an arrival: both times equal, the own one later, the message's later, the own clock's later.
    #[test]
    fn hybrid_clocks_advance_as_in_the_paper() {
        let clock = |latest, count| Hybrid { latest: Micros(latest), count };
        for (before, now, heard, after) in [
            (clock(10, 0), 5, None, clock(10, 1)),
            (clock(10, 4), 12, None, clock(12, 0)),
            (clock(10, 1), 5, Some(clock(10, 3)), clock(10, 4)),
            (clock(10, 1), 5, Some(clock(8, 3)), clock(10, 2)),
            (clock(10, 1), 5, Some(clock(12, 3)), clock(12, 4)),
            (clock(10, 1), 15, Some(clock(12, 3)), clock(15, 0)),
        ] {
            let mut hybrid = before;
            hybrid.advance(Micros(now), heard);
            assert_eq!(hybrid, after, "{before:?} at {now}, hears {heard:?}");
        }
    }
}
