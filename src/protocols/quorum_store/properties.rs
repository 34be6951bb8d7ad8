//! What must hold at every moment, and why it does not when it does not. What only some settings promise says so, and is
//! looked at in those alone.
//!
//! A check looks only at what the step touched: the keys that a replica changed, and the operations that began and ended.
//! A crash or restart looks at all keys of that replica.

use super::entropy::Round;
use super::version::{Author, Dot, Held, Mark, Vector, Version};
use super::{Conflicts, QuorumStore, State};
use crate::base::{NodeId, OpId};
use crate::protocols::remembered::Remembered;
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 6] = [
    (
        "acknowledged writes have W holders",
        "With durable writes, when a put has answered ok, W home replicas (in a gossip, one) hold its version, \
         or what supersedes it, on their own disks or as a hint on another's, then and ever after.",
    ),
    (
        "strict reads are fresh",
        "With strict quorums, R + W > N and durable writes, a get finds every put of the key that was completed before it \
         began, or what supersedes it. Other settings do not promise it.",
    ),
    (
        "replicas only advance",
        "What a replica holds of a key is only replaced by what supersedes it, by the coordinators' clocks under \
         last-writer-wins: in its memory while it is up, and on its disk, crashes and restarts included.",
    ),
    (
        "no write is lost unseen",
        "Under siblings, a version disappears from a replica only for one whose client had read it, directly or by way \
         of what it read.",
    ),
    ("one dot, one version", "Whoever holds a version of the same dot holds the same value of the same put."),
    (
        "comparisons leave nothing out",
        "With durable writes, when a replica has compared itself with another, it holds all that the other had on disk of \
         their keys when the comparison began, or what supersedes it: so replicas that can compare themselves converge.",
    ),
];
const HOLDERS: u16 = 0;
const FRESH: u16 = 1;
const ADVANCE: u16 = 2;
const UNSEEN: u16 = 3;
const ONE_VERSION: u16 = 4;
const COMPARED: u16 = 5;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    replicas: LiteMap<NodeId, Witnessed>,
    keys: LiteMap<SmolStr, Completed>,
    /// For each open operation what was completed on its key before it began.
    open: LiteMap<OpId, Completed>,
    /// Whose versions the client of a put had read.
    pasts: Remembered<Author, Vec<Author>>,
    versions: Remembered<Dot, (Author, Datum)>,
}

/// What one replica showed so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    touched: Vec<SmolStr>,
    cached: LiteMap<SmolStr, Held>,
    durable: LiteMap<SmolStr, Held>,
    hints: usize,
    /// The comparison that it began last.
    comparison: Option<Begun>,
}

/// A comparison, with whom, and what the other had then.
type Begun = (Round, NodeId, Vec<(SmolStr, Held)>);

/// The puts of a key that were completed.
#[derive(Clone, Default, Serialize)]
struct Completed {
    latest: Mark,
    seen: Vector,
    /// The one that was completed last.
    last: Option<Mark>,
}

impl Memory {
    pub fn check(&mut self, store: &QuorumStore, view: &View<'_, QuorumStore>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            self.open.insert(*id, self.keys.get(op.key.as_str()).cloned().unwrap_or_default());
        }
        if let Some(node) = step.node {
            match view.state(node) {
                Some(State::Client(client)) => {
                    for (op, pending) in client.pending.iter().filter(|(_, pending)| pending.op.f == "put") {
                        let author = Author { client: node, life: client.life, op: *op };
                        if !self.pasts.map.contains_key(&author) {
                            self.pasts.insert(author, pending.seen.authors.clone());
                        }
                    }
                }
                _ if view.setup.nodes[node.index()].role == "replica" => {
                    self.replica_acted(store, view, node, broken);
                }
                _ => {}
            }
        }
        for ended in &step.ended {
            self.operation_ended(store, view, ended, broken);
        }
    }

    fn replica_acted(&mut self, store: &QuorumStore, view: &View<'_, QuorumStore>, node: NodeId, broken: &mut Broken) {
        let mut seen = self.replicas.remove(&node).unwrap_or_default();
        let (was_up, hints) = (seen.up, view.durable(node).hints.len());
        let state = view.state(node);
        seen.up = state.is_some();
        let mut keys = std::mem::take(&mut seen.touched);
        if let Some(State::Replica(replica)) = state {
            seen.touched.clone_from(&replica.local.touched);
            keys.extend(seen.touched.iter().filter(|key| !keys.contains(key)).cloned().collect::<Vec<_>>());
            self.compared(store, view, node, &mut seen, replica, broken);
        } else {
            // Crashed: the cache is gone; what its disk holds must be what it held.
            seen.cached.clone_from(&seen.durable);
        }
        if was_up != seen.up {
            keys = seen.durable.keys().chain(seen.cached.keys()).cloned().collect();
        }
        for key in &keys {
            self.look_at(store, view, node, &mut seen, key, broken);
        }
        if store.durable && (was_up != seen.up || hints < seen.hints) {
            for (key, completed) in &self.keys {
                if let Some(mark) = completed.last {
                    holders(store, view, key, mark, broken);
                }
            }
        }
        seen.hints = hints;
        self.replicas.insert(node, seen);
    }

    /// One key at one replica.
    fn look_at(
        &mut self,
        store: &QuorumStore,
        view: &View<'_, QuorumStore>,
        node: NodeId,
        seen: &mut Witnessed,
        key: &SmolStr,
        broken: &mut Broken,
    ) {
        let held = |disk: &super::Disk| disk.held.get(key).cloned().unwrap_or_default();
        let (cached, durable) = (held(view.disk(node)), held(view.durable(node)));
        let name = view.setup.name(node);
        let places = [(&mut seen.cached, cached, "held"), (&mut seen.durable, durable, "had on disk")];
        for (before, now, verb) in places {
            let before = before.entry(key.clone()).or_default();
            if *before == now {
                continue;
            }
            for lost in before.0.iter().filter(|version| !now.covers(version.mark, store.conflicts)) {
                let (was, is) = (lost.words(key), now.words(key));
                broken.push((ADVANCE, format!("{name} {verb} {was}, and now {is} without it")));
            }
            self.versions_changed(store, name, key, before, &now, broken);
            *before = now;
        }
    }

    fn versions_changed(
        &mut self,
        store: &QuorumStore,
        name: &str,
        key: &str,
        before: &Held,
        now: &Held,
        broken: &mut Broken,
    ) {
        for version in &now.0 {
            let this = (version.author, version.value.clone());
            match self.versions.map.get(&version.mark.dot) {
                Some(known) if *known != this => {
                    let why =
                        format!("{name} holds {}, but {} was {} before", version.words(key), version.mark.dot, known.1);
                    broken.push((ONE_VERSION, why));
                }
                Some(_) => {}
                None => self.versions.insert(version.mark.dot, this),
            }
        }
        if store.conflicts == Conflicts::LastWriterWins {
            return;
        }
        let gone = before.0.iter().filter(|old| now.0.iter().all(|new| new.mark.dot != old.mark.dot));
        for old in gone {
            if !now.0.iter().any(|new| self.knew(new.author, old.author)) {
                let why =
                    format!("{name} replaced {} by {}, whose client had not read it", old.words(key), now.words(key));
                broken.push((UNSEEN, why));
            }
        }
    }

    /// The client of `later` had read the version of `earlier`, or what had replaced it; or nobody remembers.
    fn knew(&self, later: Author, earlier: Author) -> bool {
        let mut met = vec![later];
        let mut next = 0;
        while next < met.len() {
            if met[next] == earlier {
                return true;
            }
            let Some(past) = self.pasts.map.get(&met[next]) else { return true };
            for author in past {
                if !met.contains(author) {
                    met.push(*author);
                }
            }
            next += 1;
        }
        false
    }

    fn compared(
        &self,
        store: &QuorumStore,
        view: &View<'_, QuorumStore>,
        node: NodeId,
        seen: &mut Witnessed,
        replica: &super::replica::Replica,
        broken: &mut Broken,
    ) {
        if !store.durable {
            return;
        }
        if let Some((_, with, there)) = seen.comparison.take_if(|(round, ..)| replica.compared == Some(*round)) {
            for (key, held) in &there {
                let own = view.disk(node).held.get(key).cloned().unwrap_or_default();
                if let Some(lacks) = held.0.iter().find(|version| !own.covers(version.mark, store.conflicts)) {
                    let (name, other) = (view.setup.name(node), view.setup.name(with));
                    let why = format!("{name} has compared itself with {other}, but lacks its {}", lacks.words(key));
                    broken.push((COMPARED, why));
                }
            }
        }
        let begun = replica.comparison.filter(|c| seen.comparison.as_ref().is_none_or(|(round, ..)| *round != c.round));
        if let Some(begun) = begun {
            let there = view.durable(begun.with).held.iter();
            let shared = there.filter(|(key, _)| store.shared(view.setup, key, node, begun.with));
            let shared = shared.map(|(key, held)| (key.clone(), held.clone())).collect();
            seen.comparison = Some((begun.round, begun.with, shared));
        }
    }

    fn operation_ended(
        &mut self,
        store: &QuorumStore,
        view: &View<'_, QuorumStore>,
        ended: &Ended,
        broken: &mut Broken,
    ) {
        let before = self.open.remove(&ended.id).unwrap_or_default();
        if ended.outcome != Outcome::Ok {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(client)) = view.state(ended.id.client) else { return };
        let Some(done) = client.finished.iter().rev().find(|done| done.op == ended.id.count) else { return };
        let key = &ended.op.key;
        if ended.op.f == "put" {
            let known = self.keys.entry(key.clone()).or_default();
            known.latest = known.latest.max(done.mark);
            known.seen.join(&done.seen);
            known.last = Some(done.mark);
            if store.durable {
                holders(store, view, key, done.mark, broken);
            }
            return;
        }
        let homes = store.homes(view.setup, key).len();
        if !store.is_strict(homes) {
            return;
        }
        let missed = match store.conflicts {
            Conflicts::LastWriterWins => (done.mark < before.latest).then(|| before.latest.to_string()),
            Conflicts::Siblings => {
                before.seen.0.iter().find(|dot| !done.seen.contains(**dot)).map(|dot| dot.to_string())
            }
        };
        if let Some(missed) = missed {
            let name = view.setup.name(ended.id.client);
            let why = format!("{name}'s {} did not find {missed}, which was completed before it began", ended.op);
            broken.push((FRESH, why));
        }
    }
}

/// W home replicas have a version, or what supersedes it, themselves or as a hint somewhere.
fn holders(store: &QuorumStore, view: &View<'_, QuorumStore>, key: &str, mark: Mark, broken: &mut Broken) {
    let homes = store.homes(view.setup, key);
    let has = |held: Option<&Held>| held.is_some_and(|held| held.covers(mark, store.conflicts));
    let held = |home: &NodeId| {
        let hint = |node: NodeId| has(view.durable(node).hint(*home, key).map(|hint| &hint.held));
        has(view.durable(*home).held.get(key)) || view.setup.role("replica").any(hint)
    };
    let (have, have_not): (Vec<NodeId>, Vec<NodeId>) = homes.iter().partition(|home| held(home));
    let needed = store.write_needed(homes.len());
    if have.len() < needed {
        let without: Vec<&str> = have_not.iter().map(|home| view.setup.name(*home)).collect();
        let why = format!(
            "the put of {key} ({mark}) was completed, but only {} of at least {needed} home replicas have it; without it: {}",
            have.len(),
            without.join(", ")
        );
        broken.push((HOLDERS, why));
    }
}

impl Version {
    /// `x=4 (12 ms by 1.3)`
    fn words(&self, key: &str) -> String {
        format!("{key}={} ({})", self.value, self.mark)
    }
}
