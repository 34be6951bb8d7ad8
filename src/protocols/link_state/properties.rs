//! What must hold at every moment, and why it does not when it does not. Ways are held against a twin that finds them in
//! another manner: it relaxes every link until nothing gets shorter (Bellman 1958).

use super::flood::Instance;
use super::router::{Neighbour, Router};
use super::{LinkState, State};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 7] = [
    (
        "databases only advance",
        "What a router has of another never gets older while it is up: by number, checksum, and being expired (section 13.1).",
    ),
    (
        "what is acknowledged is there",
        "Of two neighbours that have exchanged databases, each has what the other has, or something newer, unless it is still \
         owed an acknowledgement for it (section 13).",
    ),
    (
        "routers advertise their own links",
        "What a router has in its database of itself are the neighbours that it has now, under the number that it gave last \
         (section 13.4).",
    ),
    (
        "ways are the shortest of the database",
        "A router's ways cost as little as the links allow that both ends advertise in its database, and it has ways to no \
         others (section 16.1).",
    ),
    (
        "converged routers find the shortest ways",
        "When each router hears exactly those that hear it, and a router has what those it can reach advertised last, its ways \
         are the shortest there are, and each next hop is nearer to where a packet goes: none goes in circles.",
    ),
    ("packets end", "No packet is passed on by more routers than the hop limit says."),
    (
        "answers come from the host",
        "An answered put is on its host's disk, then and ever after; an answered get saw all that was completed on the key \
         before it began.",
    ),
];
const ADVANCE: u16 = 0;
const ACKED: u16 = 1;
const OWN: u16 = 2;
const SHORTEST: u16 = 3;
const CONVERGED: u16 = 4;
const END: u16 = 5;
const HOST: u16 = 6;

type Broken = Vec<(u16, String)>;
type Edge = (NodeId, NodeId, u32);

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    /// Of each router that is up what it has of each other.
    known: LiteMap<NodeId, LiteMap<NodeId, Instance>>,
    /// For each open operation the highest version of its key that was completed before it began.
    open: LiteMap<OpId, u64>,
    /// The highest version of each key that was seen in an answer, and in that of a put.
    completed: LiteMap<SmolStr, (u64, u64)>,
}

impl Memory {
    pub fn check(&mut self, config: &LinkState, view: &View<'_, LinkState>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            self.open.insert(*id, self.completed.get(&op.key).map_or(0, |(any, _)| *any));
        }
        if let Some(node) = step.node {
            match view.state(node) {
                Some(State::Router(r)) => self.router_acted(config, view, r, broken),
                Some(State::Client(_)) => {}
                Some(State::Host) | None => {
                    self.known.remove(&node);
                    self.host_acted(view, broken);
                }
            }
        }
        for ended in &step.ended {
            self.operation_ended(view, ended, broken);
        }
    }

    fn router_acted(&mut self, config: &LinkState, view: &View<'_, LinkState>, r: &Router, broken: &mut Broken) {
        let name = |n: NodeId| view.setup.name(n);
        let now: LiteMap<NodeId, Instance> = r.database.iter().map(|(n, told)| (*n, told.instance())).collect();
        let before = self.known.insert(r.me, now).unwrap_or_default();
        for (origin, old) in &before {
            if let Some(told) = r.database.get(origin).filter(|told| told.instance() < *old) {
                let (me, of, had) = (name(r.me), name(*origin), old.sequence);
                broken.push((ADVANCE, format!("{me} had number {had} of {of}, and has {} now", told.sequence)));
            }
        }
        acknowledged(view, r, broken);
        if r.database.get(&r.me).is_none_or(|own| own.links != r.own_links() || own.sequence != r.sequence) {
            broken.push((OWN, format!("{} does not have in its database what it has for neighbours", name(r.me))));
        }
        if r.longest > u64::from(config.hop_limit) {
            broken.push((END, format!("{} passed a packet on that had come by {} routers", name(r.me), r.longest)));
        }
        if r.computed {
            shortest(view, r, broken);
            converged(view, r, broken);
        }
    }

    /// What was not on disk has not happened.
    fn host_acted(&mut self, view: &View<'_, LinkState>, broken: &mut Broken) {
        for (key, (_, put)) in &mut self.completed {
            let durable = durable(view, key);
            if durable < *put {
                broken.push((HOST, format!("the put of {key} that made version {put} was answered, and is lost")));
                *put = durable;
            }
        }
    }

    fn operation_ended(&mut self, view: &View<'_, LinkState>, ended: &Ended, broken: &mut Broken) {
        let before = self.open.remove(&ended.id).unwrap_or(0);
        let Some(State::Client(client)) = view.state(ended.id.client) else { return };
        let Some((_, version, _)) = client.last.as_ref().filter(|(op, ..)| *op == ended.id.count) else { return };
        if ended.outcome != Outcome::Ok {
            return;
        }
        let (who, key, is_put) = (view.setup.name(ended.id.client), &ended.op.key, ended.op.f == "put");
        let durable = durable(view, key);
        if *version > durable || (!is_put && *version < before) {
            let why = format!("{who}'s {} is answered with version {version}", ended.op);
            broken.push((HOST, format!("{why}; the host has {durable} on disk, {before} was completed before")));
        }
        let (any, put) = self.completed.entry(key.clone()).or_default();
        *any = (*any).max(*version);
        if is_put {
            *put = (*put).max(*version).min(durable);
        }
    }
}

fn durable(view: &View<'_, LinkState>, key: &SmolStr) -> u64 {
    let held = view.setup.role("host").filter_map(|host| view.durable(host).entries.get(key));
    held.map(|(_, version)| *version).max().unwrap_or(0)
}

fn router<'a>(view: &'a View<'_, LinkState>, node: NodeId) -> Option<&'a Router> {
    match view.state(node) {
        Some(State::Router(r)) => Some(r),
        _ => None,
    }
}

/// The two ends of a link as each sees the other, if both have exchanged databases in one acquaintance.
fn joined<'a>(
    view: &'a View<'_, LinkState>,
    r: &'a Router,
) -> impl Iterator<Item = (&'a Router, &'a Neighbour, &'a Neighbour)> {
    r.neighbours.iter().filter(|n| n.is_full()).filter_map(|n| {
        let other = router(view, n.node)?;
        let back = other.neighbours.iter().find(|m| m.node == r.me)?;
        let same = n.theirs == Some(back.mine) && back.theirs == Some(n.mine);
        (back.is_full() && same).then_some((other, n, back))
    })
}

fn acknowledged(view: &View<'_, LinkState>, r: &Router, broken: &mut Broken) {
    for (other, n, back) in joined(view, r) {
        for (has, lacks, link) in [(r, other, n), (other, r, back)] {
            let missing = has.database.iter().find(|(origin, told)| {
                let held = lacks.database.get(origin).map(super::flood::Advertisement::instance);
                held.is_none_or(|held| held < told.instance()) && !link.unacked.contains_key(origin)
            });
            if let Some((origin, told)) = missing {
                let name = |n: NodeId| view.setup.name(n);
                let (a, b, of) = (name(has.me), name(lacks.me), name(*origin));
                broken.push((ACKED, format!("{b} lacks number {} of {of}, and {a} owes it nothing", told.sequence)));
            }
        }
    }
}

/// The least costs from a node, by links that are known from both ends.
fn distances(from: NodeId, edges: &[Edge]) -> LiteMap<NodeId, u32> {
    let mut known = LiteMap::new();
    known.insert(from, 0);
    loop {
        let mut shorter = false;
        for (a, b, cost) in edges {
            let Some(by) = known.get(a).map(|d: &u32| d.saturating_add(*cost)) else { continue };
            if known.get(b).is_none_or(|d| by < *d) {
                known.insert(*b, by);
                shorter = true;
            }
        }
        if !shorter {
            return known;
        }
    }
}

fn shortest(view: &View<'_, LinkState>, r: &Router, broken: &mut Broken) {
    let links = |node| r.valid(node).map_or(&[][..], |told| &told.links[..]);
    let lists = |a, b| links(a).iter().any(|(node, _)| *node == b);
    let mut edges: Vec<Edge> = Vec::new();
    for a in r.database.keys() {
        edges.extend(links(*a).iter().filter(|(b, _)| lists(*b, *a)).map(|(b, cost)| (*a, *b, *cost)));
    }
    let least = distances(r.me, &edges);
    differs(view, r, &least, SHORTEST, broken);
}

/// The first router to which a router's way costs more or less than it should.
fn differs(view: &View<'_, LinkState>, r: &Router, least: &LiteMap<NodeId, u32>, property: u16, broken: &mut Broken) {
    let cost = |node| r.table.get(node).map(|route| route.cost);
    let wrong = least.keys().chain(r.table.keys()).find(|node| cost(node) != least.get(node).copied());
    if let Some(node) = wrong {
        let say = |cost: Option<u32>| cost.map_or("there is none".into(), |cost| cost.to_string());
        let (from, to) = (view.setup.name(r.me), view.setup.name(*node));
        let (has, is) = (say(cost(node)), say(least.get(node).copied()));
        broken.push((property, format!("the way of {from} to {to} costs {has} by its table; the shortest: {is}")));
    }
}

fn converged(view: &View<'_, LinkState>, r: &Router, broken: &mut Broken) {
    let up = || view.setup.role("router").filter_map(|node| router(view, node));
    let settled = |r: &Router| joined(view, r).count() == r.own_links().len();
    if !up().all(settled) {
        return;
    }
    let edges: Vec<Edge> = up().flat_map(|a| joined(view, a).map(|(b, n, _)| (a.me, b.me, n.cost))).collect();
    let least = distances(r.me, &edges);
    let own = |node: NodeId| router(view, node).and_then(|other| other.database.get(&node));
    let has =
        |node: &NodeId| own(*node).is_some_and(|own| r.valid(*node).is_some_and(|t| t.instance() == own.instance()));
    if !least.keys().all(has) {
        return;
    }
    differs(view, r, &least, CONVERGED, broken);
    for n in r.neighbours.iter().filter(|n| least.contains_key(&n.node)) {
        let onward = distances(n.node, &edges);
        let by_it = r.table.iter().filter(|(node, route)| route.next == n.node && **node != r.me);
        for (node, route) in by_it {
            if onward.get(node).is_none_or(|rest| n.cost.saturating_add(*rest) != route.cost) {
                let (me, next, to) = (view.setup.name(r.me), view.setup.name(n.node), view.setup.name(*node));
                broken.push((CONVERGED, format!("{me} sends by {next} what goes to {to}, which is no shortest way")));
            }
        }
    }
}
