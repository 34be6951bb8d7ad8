//! Shortest paths over a router's own database (section 16.1).

use super::flood::Advertisement;
use super::router::Router;
use super::{Bug, LinkState};
use crate::base::NodeId;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// The way to a router: by which neighbour, and at what cost in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    pub cost: u32,
    pub next: NodeId,
}

impl LinkState {
    /// Dijkstra's algorithm: of all that is known, the nearest is certain. Of two ways of one cost the one by the lower
    /// neighbour is taken, so that the same database gives the same ways.
    pub(super) fn shortest(&self, r: &Router) -> LiteMap<NodeId, Route> {
        let mut certain: LiteMap<NodeId, Route> = LiteMap::new();
        let mut open: LiteMap<NodeId, Route> = LiteMap::new();
        open.insert(r.me, Route { cost: 0, next: r.me });
        while let Some((node, route)) = open.iter().min_by_key(|(node, route)| (**route, **node)).map(|(n, r)| (*n, *r))
        {
            open.remove(&node);
            certain.insert(node, route);
            let Some(told) = r.valid(node) else { continue };
            for (to, cost) in &told.links {
                if certain.contains_key(to) || !self.counts(r, node, *to) {
                    continue;
                }
                let next = if node == r.me { *to } else { route.next };
                let by = Route { cost: route.cost.saturating_add(*cost), next };
                let known = open.entry(*to).or_insert(by);
                *known = by.min(*known);
            }
        }
        certain
    }

    /// A link counts if its other end advertises it, too (section 16.1, step 2b): one that crashed advertises nothing any
    /// more, yet its last word is still there.
    fn counts(&self, r: &Router, from: NodeId, to: NodeId) -> bool {
        let back = |other: &Advertisement| other.links.iter().any(|(node, _)| *node == from);
        r.valid(to).is_some_and(|other| back(other) || self.has(Bug::NoTwoWayCheck))
    }
}

impl Router {
    /// What a router advertised last, unless that has expired.
    pub fn valid(&self, origin: NodeId) -> Option<&Advertisement> {
        self.database.get(&origin).filter(|told| !told.expired)
    }

    /// The next hop on the way to a host or client behind another router.
    pub fn way_to(&self, end: NodeId) -> Option<Route> {
        let reached =
            self.table.iter().filter(|(router, _)| self.valid(**router).is_some_and(|a| a.ends.contains(&end)));
        reached.map(|(_, route)| *route).min()
    }
}
