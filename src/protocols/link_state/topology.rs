//! Who is linked with whom: routers with routers, and each host and client with one router. Links are as the configuration
//! says; whether they carry anything is up to the network.

use crate::base::NodeId;
use crate::sim::protocol::Setup;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Ring,
    Grid,
    Full,
    /// By groups whose names begin with [`LINK`].
    Groups,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    plan: Plan,
    varied: bool,
}

const LINK: &str = "link=";
/// A host or a client says by this group which router is its own.
const AT: &str = "at=";

impl Shape {
    pub fn of(word: &str, varied: bool) -> Shape {
        let plan = match word {
            "grid" => Plan::Grid,
            "full" => Plan::Full,
            "groups" => Plan::Groups,
            _ => Plan::Ring,
        };
        Shape { plan, varied }
    }

    /// A router's neighbours, in order, with the costs of the links to them.
    pub fn neighbours(self, setup: &Setup, me: NodeId) -> Vec<(NodeId, u32)> {
        let all = setup.role("router").count();
        let Some(place) = setup.role("router").position(|n| n == me) else { return Vec::new() };
        let link = |(other, node): (usize, NodeId)| {
            let cost = self.link(setup, all, (place, me), (other, node))?;
            Some((node, cost))
        };
        setup.role("router").enumerate().filter_map(link).collect()
    }

    /// All links: between routers, and from each host and client to its own.
    pub fn links(self, setup: &Setup) -> Vec<(NodeId, NodeId)> {
        let of = |node: NodeId| {
            let higher = self.neighbours(setup, node).into_iter().filter(move |(other, _)| *other > node);
            let routers: Vec<(NodeId, NodeId)> = higher.map(|(other, _)| (node, other)).collect();
            let ends: Vec<(NodeId, NodeId)> = behind(setup, node).into_iter().map(|end| (node, end)).collect();
            [routers, ends].concat()
        };
        setup.role("router").flat_map(of).collect()
    }

    /// The cost of the link between two routers, each with its place among them; both say the same.
    fn link(self, setup: &Setup, all: usize, a: (usize, NodeId), b: (usize, NodeId)) -> Option<u32> {
        let (low, high) = (a.0.min(b.0), a.0.max(b.0));
        if low == high {
            return None;
        }
        // The least square that all fit into.
        let wide = (1..).find(|w| w * w >= all).unwrap_or(1);
        let linked = match self.plan {
            Plan::Ring => high - low == 1 || (low == 0 && high == all - 1),
            Plan::Grid => high - low == wide || (high - low == 1 && high % wide != 0),
            Plan::Full => true,
            Plan::Groups => {
                let groups = |n: NodeId| setup.nodes[n.index()].groups.iter();
                let shared = groups(a.1).find(|g| g.starts_with(LINK) && groups(b.1).any(|other| other == *g))?;
                let cost = shared.rsplit_once(':').and_then(|(_, cost)| cost.parse::<u16>().ok());
                if let Some(cost) = cost {
                    return Some(u32::from(cost.max(1)));
                }
                true
            }
        };
        let varied = ((low + high) % 3) as u32 * u32::from(self.varied);
        linked.then_some(1 + varied)
    }
}

/// The router of a host or a client: the one that its group names; else clients are given one from the first on, hosts from
/// the last.
pub fn router_of(setup: &Setup, node: NodeId) -> Option<NodeId> {
    let own = setup.nodes.get(node.index())?;
    let named = own.groups.iter().find_map(|g| g.strip_prefix(AT));
    let named = named.and_then(|name| setup.role("router").find(|n| setup.name(*n) == name));
    named.or_else(|| {
        let all = setup.role("router").count();
        let turn = setup.role(&own.role).position(|n| n == node)? % all.max(1);
        setup.role("router").nth(if own.client { turn } else { all - 1 - turn })
    })
}

/// The hosts and clients of a router, in order.
pub fn behind(setup: &Setup, router: NodeId) -> Vec<NodeId> {
    let ends = setup.nodes.iter().enumerate().filter(|(_, node)| node.role != "router");
    ends.map(|(i, _)| NodeId(i as u16)).filter(|node| router_of(setup, *node) == Some(router)).collect()
}
