//! Which replicas a key belongs to: consistent hashing with virtual nodes (Dynamo, sections 4.2 and 4.3).
//!
//! Nodes and keys are hashed to the same circle, each node to several places. From a key's place on, clockwise, the first N
//! different nodes are its home replicas; who comes after them stands in for them.

use super::QuorumStore;
use crate::base::{NodeId, hash};
use crate::sim::protocol::Setup;

impl QuorumStore {
    /// All replicas in the order in which the ring meets them from the key on: Dynamo's preference list.
    pub(super) fn order(&self, setup: &Setup, key: &str) -> Vec<NodeId> {
        let from = hash::bytes(1, key.as_bytes());
        let distance = |node: &NodeId| {
            let places = (0..self.virtual_nodes).map(|place| hash::bytes(2 + place, setup.name(*node).as_bytes()));
            places.map(|place| place.wrapping_sub(from)).min()
        };
        let mut order: Vec<(Option<u64>, NodeId)> = setup.role("replica").map(|node| (distance(&node), node)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, node)| node).collect()
    }

    /// The home replicas of a key.
    pub(super) fn homes(&self, setup: &Setup, key: &str) -> Vec<NodeId> {
        let mut order = self.order(setup, key);
        order.truncate(self.replication);
        order
    }
}
