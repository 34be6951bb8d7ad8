//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks know the true time, and when each version was on the origin's disk; from edges they take what they answered
//! with and for what reason, and not how old they believe it to be.

use super::edge::Last;
use super::{EdgeCache, Entry, How, Purging, State};
use crate::base::{Micros, NodeId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::VecDeque;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 8] = [
    (
        "acknowledged puts survive",
        "When a put has answered ok, it or a later put of the key is on the origin's disk, ever after.",
    ),
    ("a put takes effect once", "No put is carried out a second time, however often it is asked for."),
    (
        "answers were written",
        "What an edge answers for a version of a key is what the origin had on disk as that version.",
    ),
    (
        "staleness is bounded",
        "An edge answers with a version at most so long after a newer one is on the origin's disk: its lifetime; with \
         stale-while-revalidate or stale-if-error where that is the reason; the time-out of a fetch for who waited for one.",
    ),
    (
        "purged versions are gone",
        "When a purge is over, and when a put was answered that waits for its own, no edge answers with an older version.",
    ),
    ("one fetch for each key", "An edge has at most one fetch of a key under way."),
    (
        "an edge does not go back",
        "The versions of a key that an edge answers with never decrease, not even across its restarts. (Of different edges \
         no such thing holds.)",
    ),
    (
        "errors come first",
        "An edge answers with what is stale for an error only if it has heard nothing about the key for the time-out of a \
         fetch.",
    ),
];
const SURVIVES: u16 = 0;
const ONCE: u16 = 1;
const WRITTEN: u16 = 2;
const STALE: u16 = 3;
const GONE: u16 = 4;
const COLLAPSED: u16 = 5;
const BACK: u16 = 6;
const ERRORS: u16 = 7;

/// Versions of one key that are remembered: the latest ones.
const VERSIONS_MAX: usize = 256;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    keys: LiteMap<SmolStr, Key>,
    /// What each edge did about each key.
    edges: LiteMap<(NodeId, SmolStr), Seen>,
    /// The last handlers that were looked at.
    turns: LiteMap<NodeId, u32>,
    /// What was found broken: what an edge answered with is past and gone, and the state that follows on it must not be
    /// taken for the same one that came about in order.
    found: u32,
}

#[derive(Clone, Default, Serialize)]
struct Key {
    /// As they came to be on the origin's disk, and when.
    versions: VecDeque<(Micros, Entry)>,
    /// The highest version whose put was answered.
    acknowledged: u64,
    /// All below are purged.
    gone: u64,
}

#[derive(Clone, Default, Serialize)]
struct Seen {
    highest: u64,
    /// Since when the origin is asked and has not answered.
    silent_since: Option<Micros>,
}

impl Memory {
    pub fn check(&mut self, p: &EdgeCache, view: &View<'_, EdgeCache>, step: &StepFacts, broken: &mut Broken) {
        let Some(node) = step.node else { return };
        let origin = view.setup.role("origin").next();
        match view.state(node) {
            _ if origin == Some(node) => self.origin_acted(view, node, step.now, broken),
            None => self.restarted(node),
            Some(State::Edge(edge)) => {
                let turn = self.turns.insert(node, edge.last.turn);
                if turn != Some(edge.last.turn) {
                    self.edge_acted(p, view, (node, &edge.last), step.now, broken);
                }
                self.edge_asks(view, node, step.now, broken);
            }
            Some(_) => {}
        }
        for ended in &step.ended {
            self.put_ended(p, view, origin, ended, broken);
        }
        self.found += broken.len() as u32;
    }

    /// What it waited for went with its memory.
    fn restarted(&mut self, node: NodeId) {
        self.turns.remove(&node);
        for (_, seen) in self.edges.iter_mut().filter(|((edge, _), _)| *edge == node) {
            seen.silent_since = None;
        }
    }

    fn origin_acted(&mut self, view: &View<'_, EdgeCache>, origin: NodeId, now: Micros, broken: &mut Broken) {
        for (name, entry) in &view.durable(origin).entries {
            let key = self.keys.entry(name.clone()).or_default();
            if key.versions.back().is_some_and(|(_, last)| last.version >= entry.version) {
                continue;
            }
            if key.versions.iter().any(|(_, known)| known.by == entry.by) {
                let (client, _, op) = entry.by;
                let client = view.setup.name(client);
                broken.push((ONCE, format!("{client}'s put of {name} (operation {op}) was carried out twice")));
            }
            key.versions.push_back((now, entry.clone()));
            if key.versions.len() > VERSIONS_MAX {
                key.versions.pop_front();
            }
        }
        match view.state(origin) {
            Some(State::Origin(o)) if self.turns.insert(origin, o.turn) != Some(o.turn) => {
                for (name, version) in &o.over {
                    let key = self.keys.entry(name.clone()).or_default();
                    key.gone = key.gone.max(*version);
                }
            }
            Some(_) => {}
            None => {
                self.turns.remove(&origin);
                for (name, key) in &self.keys {
                    survives(view, origin, name, key, broken);
                }
            }
        }
    }

    fn put_ended(
        &mut self,
        p: &EdgeCache,
        view: &View<'_, EdgeCache>,
        origin: Option<NodeId>,
        ended: &Ended,
        broken: &mut Broken,
    ) {
        let Some(State::Client(client)) = view.state(ended.id.client) else { return };
        let made = client.finished.iter().rev().find(|(op, _)| *op == ended.id.count);
        let (Some((_, version)), Some(origin)) = (made.filter(|_| ended.outcome == Outcome::Ok), origin) else {
            return;
        };
        let key = self.keys.entry(ended.op.key.clone()).or_default();
        key.acknowledged = key.acknowledged.max(*version);
        if p.purge == Purging::Wait {
            key.gone = key.gone.max(*version);
        }
        survives(view, origin, &ended.op.key, key, broken);
    }

    /// What it answered with, if it did.
    fn edge_acted(
        &mut self,
        p: &EdgeCache,
        view: &View<'_, EdgeCache>,
        (node, last): (NodeId, &Last),
        now: Micros,
        broken: &mut Broken,
    ) {
        if let Some(name) = &last.heard {
            self.edges.entry((node, name.clone())).or_default().silent_since = None;
        }
        let Some((name, version, value, how)) = &last.served else { return };
        let key = self.keys.entry(name.clone()).or_default();
        let seen = self.edges.entry((node, name.clone())).or_default();
        let mut says = |property, why: String| {
            broken
                .push((property, format!("{} answers with version {version} of {name}, {why}", view.setup.name(node))));
        };
        if !key.wrote(*version, value) {
            says(WRITTEN, format!("and says that it is {value}: the origin has never had that on its disk"));
        }
        let bound = p.on_any_clock(p.age_max(*version, *how));
        if let Some((at, newer)) = key.versions.iter().find(|(_, entry)| entry.version > *version)
            && now.since(*at) > bound
        {
            let (newer, late) = (newer.version, now.since(*at));
            says(STALE, format!("{late} after version {newer} was on the origin's disk; at most {bound}"));
        }
        if *version < key.gone {
            says(GONE, format!("though all below version {} are purged", key.gone));
        }
        if *version < seen.highest {
            says(BACK, format!("and has answered with version {} before", seen.highest));
        }
        seen.highest = seen.highest.max(*version);
        // As a clock that is fast by the bound measures it.
        let waited = seen.silent_since.map(|at| p.on_any_clock(now.since(at)));
        if *how == How::IfError && waited.is_none_or(|waited| waited < p.fetch_timeout) {
            says(ERRORS, "which is stale, as if the origin were silent".into());
        }
    }

    fn edge_asks(&mut self, view: &View<'_, EdgeCache>, node: NodeId, now: Micros, broken: &mut Broken) {
        let Some(State::Edge(edge)) = view.state(node) else { return };
        for (i, fetch) in edge.fetches.iter().enumerate() {
            self.edges.entry((node, fetch.key.clone())).or_default().silent_since.get_or_insert(now);
            if edge.fetches[..i].iter().any(|other| other.key == fetch.key) {
                let name = view.setup.name(node);
                broken.push((COLLAPSED, format!("{name} has two fetches of {} under way", fetch.key)));
            }
        }
    }
}

impl Key {
    fn wrote(&self, version: u64, value: &Datum) -> bool {
        let forgotten = self.versions.front().is_some_and(|(_, first)| version < first.version);
        match version {
            0 => *value == Datum::None,
            _ => forgotten || self.versions.iter().any(|(_, e)| e.version == version && e.value == *value),
        }
    }
}

/// The latest acknowledged put of a key, or a later one, is on disk.
fn survives(view: &View<'_, EdgeCache>, origin: NodeId, name: &str, key: &Key, broken: &mut Broken) {
    let durable = view.durable(origin).entries.get(name).map_or(0, |entry| entry.version);
    if durable < key.acknowledged {
        let (origin, version) = (view.setup.name(origin), key.acknowledged);
        broken
            .push((SURVIVES, format!("version {version} of {name} was acknowledged; {origin} has {durable} on disk")));
    }
}
