//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks know by themselves what each session has read and written, from what its client was told: what a message says
//! of it is not trusted. And they know which writes each replica has carried out: what was not on disk before a crash has
//! not happened.
//!
//! Of what a write follows only the nearest are looked at: what those follow was looked at when they became visible.

use super::{CausalStore, Dependency, State, Version, keeper};
use crate::base::{NodeId, OpId};
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{Ended, Setup, StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 6] = [
    (
        "effects are seen after their causes",
        "When a write becomes visible at a site, all that its session had read or written before is visible there.",
    ),
    (
        "a write is later than what it follows",
        "A write's version is later than those of all that its session had read or written before.",
    ),
    (
        "sessions never go back",
        "A get returns a version at least as late as every version of the key that its session had read or written before.",
    ),
    (
        "versions never go back",
        "At every replica the version of a key never decreases: in its memory while it is up, and on its disk, crashes and \
         restarts included.",
    ),
    (
        "acknowledged writes reach every site",
        "When a put has answered ok, its replica has it on disk, and for every other site that site's replica of the key, too, \
         or the first one keeps it to be sent; then and ever after.",
    ),
    ("a put takes effect once", "No put is carried out a second time, however often it is asked for."),
];
const CAUSES: u16 = 0;
const LATER: u16 = 1;
const SESSIONS: u16 = 2;
const ADVANCE: u16 = 3;
const REACH: u16 = 4;
const ONCE: u16 = 5;

/// Acknowledged writes that are looked at again when a replica crashes, what of its reads a session's next write is held
/// to, and writes that a replica is known to have: the newest.
const ACKNOWLEDGED_MAX: usize = 64;
const FOLLOWED_MAX: usize = 64;
const DONE_MAX: usize = 4_096;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    replicas: LiteMap<NodeId, Witnessed>,
    sessions: LiteMap<NodeId, Session>,
    /// For each open operation the latest version of its key in its session.
    open: LiteMap<OpId, Version>,
    puts: Remembered<(NodeId, u32), Put>,
    /// Which put made a version.
    makers: Remembered<Version, (NodeId, u32)>,
    /// Acknowledged: key and version.
    acknowledged: Vec<Dependency>,
}

#[derive(Clone, Serialize)]
struct Put {
    after: Vec<Dependency>,
    made: Option<Version>,
}

/// What a client's session has read and written.
#[derive(Clone, Default, Serialize)]
struct Session {
    /// Since its last put, and that put.
    follows: Vec<Dependency>,
    latest: LiteMap<SmolStr, Version>,
}

/// What one replica showed so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    /// Which writes it has carried out.
    done: BTreeSet<Version>,
    cached: LiteMap<SmolStr, Version>,
    durable: LiteMap<SmolStr, Version>,
    touched: Vec<SmolStr>,
    unconfirmed: usize,
}

impl Memory {
    pub fn check(&mut self, store: &CausalStore, view: &View<'_, CausalStore>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            let session = self.sessions.entry(id.client).or_default();
            self.open.insert(*id, session.latest.get(&op.key).copied().unwrap_or_default());
            if op.f == "put" {
                self.puts.insert((id.client, id.count), Put { after: session.follows.clone(), made: None });
            }
        }
        if let Some(node) = step.node
            && view.setup.nodes[node.index()].role == "replica"
        {
            self.replica_acted(store, view, node, broken);
        }
        for ended in &step.ended {
            self.operation_ended(store, view, ended, broken);
        }
    }

    fn replica_acted(&mut self, store: &CausalStore, view: &View<'_, CausalStore>, node: NodeId, broken: &mut Broken) {
        let mut seen = self.replicas.remove(&node).unwrap_or_default();
        let (state, durable) = (view.state(node), view.durable(node));
        let was_up = std::mem::replace(&mut seen.up, state.is_some());
        let unconfirmed: usize = durable.outboxes.values().map(|outbox| outbox.writes.len()).sum();
        let forgot = std::mem::replace(&mut seen.unconfirmed, unconfirmed) > unconfirmed;
        let mut keys = std::mem::take(&mut seen.touched);
        if let Some(State::Replica(replica)) = state {
            seen.touched = replica.touched.iter().map(|(key, ..)| key.clone()).collect();
            for (key, version, by) in &replica.touched {
                if version.node == node {
                    self.taken(view, &seen, key, (*version, *by), broken);
                }
                if seen.done.insert(*version) {
                    self.visible(store, view, (node, &seen), *by, broken);
                }
                if seen.done.len() > DONE_MAX {
                    seen.done.pop_first();
                }
            }
        } else if was_up {
            // Crashed: what was not on disk has not happened.
            seen.done.retain(|version| match version.node == node {
                true => version.clock <= durable.clock,
                false => durable.inboxes.get(&version.node).is_some_and(|inbox| version.clock <= inbox.clock),
            });
            seen.cached.clone_from(&seen.durable);
        }
        keys.extend(seen.touched.iter().cloned());
        if was_up != seen.up {
            keys = seen.durable.keys().chain(seen.cached.keys()).cloned().collect();
        }
        for key in keys {
            advances(view, node, &mut seen, key, broken);
        }
        self.replicas.insert(node, seen);
        if was_up != self.replicas[&node].up || forgot {
            self.acknowledged.iter().for_each(|write| self.reaches(store, view, write, broken));
        }
    }

    /// A replica takes a put: is it the first time, and is its version later than what it follows?
    fn taken(
        &mut self,
        view: &View<'_, CausalStore>,
        seen: &Witnessed,
        key: &str,
        (version, by): (Version, (NodeId, u32)),
        broken: &mut Broken,
    ) {
        // A version whose write was lost in a crash, unseen, may be taken again.
        let makers = &self.makers.map;
        let kept = |made: Version| seen.done.contains(&made) && makers.get(&made) == Some(&by);
        let Some(put) = self.puts.map.get_mut(&by) else { return };
        let client = view.setup.name(by.0);
        match put.made.replace(version) {
            Some(made) if made != version && kept(made) => {
                let why = format!("{client}'s put of {key} was carried out as {made}, and again as {version}");
                broken.push((ONCE, why));
            }
            _ => {}
        }
        if let Some(cause) = put.after.iter().find(|cause| cause.version >= version) {
            let why = format!("{client}'s put of {key} is {version}, but follows {cause}");
            broken.push((LATER, why));
        }
        self.makers.insert(version, by);
    }

    /// A write becomes visible at a replica: is all that it follows visible at that site?
    fn visible(
        &self,
        store: &CausalStore,
        view: &View<'_, CausalStore>,
        (node, seen): (NodeId, &Witnessed),
        by: (NodeId, u32),
        broken: &mut Broken,
    ) {
        let Some(put) = self.puts.map.get(&by) else { return };
        let site = store.home(view.setup, node);
        for cause in &put.after {
            let Some(keeper) = keeper(&site, &cause.key) else { continue };
            let done = if keeper == node { Some(seen) } else { self.replicas.get(&keeper) };
            let here = done.is_some_and(|seen| seen.done.contains(&cause.version));
            if !here && self.makers.map.contains_key(&cause.version) {
                let name = |node| view.setup.name(node);
                let why = format!(
                    "{} shows {}'s put (operation {}), which follows {cause}, but {} does not have that",
                    name(node),
                    name(by.0),
                    by.1,
                    name(keeper)
                );
                broken.push((CAUSES, why));
            }
        }
    }

    fn operation_ended(
        &mut self,
        store: &CausalStore,
        view: &View<'_, CausalStore>,
        ended: &Ended,
        broken: &mut Broken,
    ) {
        let before = self.open.remove(&ended.id).unwrap_or_default();
        if ended.outcome != Outcome::Ok {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(client)) = view.state(ended.id.client) else { return };
        let Some((_, version)) = client.finished.iter().rev().find(|(op, _)| *op == ended.id.count) else { return };
        let own = Dependency { key: ended.op.key.clone(), version: *version };
        let session = self.sessions.entry(ended.id.client).or_default();
        let latest = session.latest.entry(own.key.clone()).or_default();
        *latest = (*latest).max(own.version);
        if ended.op.f == "put" {
            if let Some(put) = self.puts.map.get(&(ended.id.client, ended.id.count)) {
                session.follows.retain(|known| !put.after.contains(known));
            }
            session.follows.push(own.clone());
            self.reaches(store, view, &own, broken);
            self.acknowledged.push(own);
            if self.acknowledged.len() > ACKNOWLEDGED_MAX {
                self.acknowledged.remove(0);
            }
            return;
        }
        if own.version < before {
            let name = view.setup.name(ended.id.client);
            let why = format!("{name}'s {} returned {}, although its session knew {before}", ended.op, own.version);
            broken.push((SESSIONS, why));
        }
        if own.version > Version::default() && !session.follows.contains(&own) {
            session.follows.push(own);
            if session.follows.len() > FOLLOWED_MAX {
                session.follows.remove(0);
            }
        }
    }

    /// Its replica has it, and each other site has it or will be sent it.
    fn reaches(&self, store: &CausalStore, view: &View<'_, CausalStore>, write: &Dependency, broken: &mut Broken) {
        let Version { clock, node } = write.version;
        let (disk, name) = (view.durable(node), |node| view.setup.name(node));
        let done = |node| self.replicas.get(&node).is_some_and(|seen| seen.done.contains(&write.version));
        if disk.clock < clock || !done(node) {
            let why = format!("the put of {write} was answered, but {} does not have it on disk", name(node));
            return broken.push((REACH, why));
        }
        for other in elsewhere(store, view.setup, node, &write.key) {
            let outbox = disk.outboxes.get(&other);
            let kept = outbox.is_some_and(|outbox| outbox.writes.iter().any(|kept| kept.version == write.version));
            if !kept && !done(other) {
                let why = format!("{} keeps {write} for {} no longer, which does not have it", name(node), name(other));
                broken.push((REACH, why));
            }
        }
    }
}

/// The replicas of a key at the other sites.
fn elsewhere(store: &CausalStore, setup: &Setup, node: NodeId, key: &str) -> Vec<NodeId> {
    let sites = store.sites(setup);
    sites.iter().filter(|site| !site.contains(&node)).filter_map(|site| keeper(site, key)).collect()
}

/// One key at one replica.
fn advances(view: &View<'_, CausalStore>, node: NodeId, seen: &mut Witnessed, key: SmolStr, broken: &mut Broken) {
    let held = |disk: &super::Disk| disk.entries.get(&key).map(|entry| entry.version).unwrap_or_default();
    let (cached, durable) = (held(view.disk(node)), held(view.durable(node)));
    let name = view.setup.name(node);
    for (before, now, verb) in [(&mut seen.cached, cached, "held"), (&mut seen.durable, durable, "had on disk")] {
        let before = before.entry(key.clone()).or_default();
        if now < *before {
            broken.push((ADVANCE, format!("{name} {verb} {key} {before}, and now {now}")));
        }
        *before = now;
    }
}
