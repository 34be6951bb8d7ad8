//! Who votes, and what a majority is (section 6; dissertation, chapter 4): the only place that counts.

use crate::base::{NodeId, order};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A configuration; with `old`, a joint one, that needs the majorities of both (section 6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// In order.
    pub voters: Vec<NodeId>,
    pub old: Option<Vec<NodeId>>,
}

impl Config {
    pub fn of(mut voters: Vec<NodeId>) -> Config {
        order::sort(&mut voters, |a, b| a < b);
        voters.dedup();
        Config { voters, old: None }
    }

    pub fn contains(&self, node: NodeId) -> bool {
        self.voters.contains(&node) || self.old.as_ref().is_some_and(|old| old.contains(&node))
    }

    /// All who vote, in order.
    pub fn everyone(&self) -> Vec<NodeId> {
        let both = self.voters.iter().chain(self.old.iter().flatten()).copied();
        Config::of(both.collect()).voters
    }

    /// Whether those for whom `has` holds are a quorum.
    pub fn quorum(&self, has: impl Fn(NodeId) -> bool) -> bool {
        self.agreed(&|node| u64::from(has(node))) == 1
    }

    /// The highest value that a quorum has reached.
    pub fn agreed(&self, value: &dyn Fn(NodeId) -> u64) -> u64 {
        let new = majority_has(&self.voters, value);
        self.old.as_ref().map_or(new, |old| new.min(majority_has(old, value)))
    }

    /// By majorities of the new configuration alone: a planted bug.
    pub fn without_old(&self) -> Config {
        Config { voters: self.voters.clone(), old: None }
    }
}

/// The highest value that a majority of these has reached. Of nobody there is no majority.
fn majority_has(voters: &[NodeId], value: &dyn Fn(NodeId) -> u64) -> u64 {
    // In falling order; there are few.
    let mut values = SmallVec::<[u64; 8]>::new();
    for node in voters {
        values.push(value(*node));
        for place in (1..values.len()).rev() {
            if values[place - 1] >= values[place] {
                break;
            }
            values.swap(place - 1, place);
        }
    }
    values.get(voters.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nodes(bits: u8) -> Vec<NodeId> {
        (0..8).filter(|i| bits >> i & 1 == 1).map(NodeId).collect()
    }

    /// Counts, for every candidate value, who has reached it.
    fn dumb(config: &Config, values: &[u64]) -> u64 {
        let reached =
            |voters: &Vec<NodeId>, v: u64| voters.iter().filter(|n| values[n.index()] >= v).count() * 2 > voters.len();
        let all = |v: &u64| reached(&config.voters, *v) && config.old.as_ref().is_none_or(|old| reached(old, *v));
        (1..=20).filter(all).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn agrees_with_counting(new: u8, old: Option<u8>, values in prop::collection::vec(0u64..20, 8)) {
            let config = Config { voters: nodes(new), old: old.map(nodes) };
            let expected = if new == 0 || old == Some(0) { 0 } else { dumb(&config, &values) };
            prop_assert_eq!(config.agreed(&|n| values[n.index()]), expected);
            let quorum = config.quorum(|n| values[n.index()] >= 10);
            prop_assert_eq!(quorum, expected >= 10);
        }

        /// Section 6 and figure 10: with one server more or less, or through a joint configuration, quorums overlap.
        #[test]
        fn quorums_of_neighbours_overlap(before: u8, change in 0u16..8, a: u8, b: u8) {
            let old = nodes(before);
            let node = NodeId(change);
            let new = match old.contains(&node) {
                true => old.iter().copied().filter(|n| *n != node).collect(),
                false => [&old[..], &[node]].concat(),
            };
            let holds = |set: u8| move |n: NodeId| set >> n.0 & 1 == 1;
            let (one, two) = (Config::of(old.clone()), Config::of(new));
            if one.quorum(holds(a)) && two.quorum(holds(b)) {
                prop_assert!(a & b != 0);
            }
            let joint = Config { voters: nodes(a), old: Some(old) };
            for config in [Config::of(nodes(a)), Config::of(nodes(before))] {
                if joint.quorum(holds(b)) {
                    prop_assert!(config.quorum(holds(b)));
                }
            }
        }
    }
}
