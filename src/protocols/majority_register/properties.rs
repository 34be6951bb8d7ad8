//! What must hold at every moment, and why it does not when it does not.
//!
//! A check looks only at what the step touched: the key that a replica stored last, and the operations that began and
//! ended. A crash or restart looks at all keys of that replica.

use super::{MajorityRegister, State, Tag, Versioned, majority};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 4] = [
    (
        "tags never go back",
        "At every replica the tag of a key never decreases: not the one it answers with while it is up, and not the one \
         on its disk, crashes and restarts included.",
    ),
    (
        "completed writes are on a majority",
        "When a put has answered ok, a majority of the replicas hold its tag or a higher one on disk, then and ever after.",
    ),
    (
        "reads are fresh",
        "A get returns a tag at least as high as that of every operation on the key that was completed before it began; \
         a put takes a higher one.",
    ),
    ("one tag, one value", "Whoever holds or returns the same tag of a key holds or returns the same value."),
];
const NEVER_BACK: u16 = 0;
const ON_MAJORITY: u16 = 1;
const FRESH: u16 = 2;
const ONE_VALUE: u16 = 3;

/// Tags of one key whose values are remembered: the highest ones.
const TAGS_MAX: usize = 64;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    replicas: LiteMap<NodeId, Witnessed>,
    keys: LiteMap<SmolStr, Key>,
    /// For each open operation the highest tag of its key that was completed before it began.
    open: LiteMap<OpId, Tag>,
}

/// What one replica showed so far.
#[derive(Clone, Default, Serialize)]
struct Witnessed {
    up: bool,
    last_key: SmolStr,
    /// For each key the highest tag in its cache in this life, and on its disk ever.
    tags: LiteMap<SmolStr, (Tag, Tag)>,
}

#[derive(Clone, Default, Serialize)]
struct Key {
    /// The highest tag of a completed operation, and whose.
    completed: Option<(Tag, NodeId)>,
    /// The highest tag of a completed put, and whose.
    put: Option<(Tag, NodeId)>,
    values: LiteMap<Tag, Datum>,
}

impl Memory {
    pub fn check(&mut self, view: &View<'_, MajorityRegister>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            let completed = self.keys.get(op.key.as_str()).and_then(|key| key.completed);
            self.open.insert(*id, completed.map(|(tag, _)| tag).unwrap_or_default());
        }
        if let Some(node) = step.node
            && view.setup.nodes[node.index()].role == "replica"
        {
            self.replica_acted(view, node, broken);
        }
        for ended in &step.ended {
            self.operation_ended(view, ended, broken);
        }
    }

    fn replica_acted(&mut self, view: &View<'_, MajorityRegister>, node: NodeId, broken: &mut Broken) {
        let seen = self.replicas.entry(node).or_default();
        let was_up = seen.up;
        let Some(State::Replica(replica)) = view.state(node) else {
            // Crashed: the cache is gone; what its disk holds must be what it held.
            seen.up = false;
            seen.tags.iter_mut().for_each(|(_, (cached, durable))| *cached = *durable);
            return self.look_at_all(view, node, broken);
        };
        seen.up = true;
        if !was_up {
            return self.look_at_all(view, node, broken);
        }
        let earlier = std::mem::replace(&mut seen.last_key, replica.last_key.clone());
        if earlier != replica.last_key && !earlier.is_empty() {
            self.look_at(view, node, &earlier, broken);
        }
        if !replica.last_key.is_empty() {
            self.look_at(view, node, &replica.last_key, broken);
        }
    }

    fn look_at_all(&mut self, view: &View<'_, MajorityRegister>, node: NodeId, broken: &mut Broken) {
        let keys: Vec<SmolStr> = self.replicas[&node].tags.keys().cloned().collect();
        for key in keys {
            self.look_at(view, node, &key, broken);
        }
        for (name, key) in &self.keys {
            if let Some((tag, client)) = key.put {
                on_majority(view, name, tag, client, broken);
            }
        }
    }

    /// One key at one replica.
    fn look_at(&mut self, view: &View<'_, MajorityRegister>, node: NodeId, key: &str, broken: &mut Broken) {
        let held = |versioned: Option<&Versioned>| versioned.map(|v| v.tag).unwrap_or_default();
        let now = view.disk(node).registers.get(key);
        let (cached, durable) = (held(now), held(view.durable(node).registers.get(key)));
        let seen = self.replicas.entry(node).or_default();
        let (cached_before, durable_before) = seen.tags.entry(key.into()).or_default();
        let name = view.setup.name(node);
        if cached < *cached_before {
            let why = format!("{name} held {cached_before} for {key}, and now holds {cached}");
            broken.push((NEVER_BACK, why));
        } else if durable < *durable_before {
            let why = format!("{name} had {durable_before} for {key} on disk, and now has {durable}");
            broken.push((NEVER_BACK, why));
        }
        (*cached_before, *durable_before) = (cached, durable);
        if let Some(versioned) = now {
            self.one_value(key, versioned, || format!("{name} holds"), broken);
        }
    }

    fn one_value(&mut self, key: &str, now: &Versioned, who: impl FnOnce() -> String, broken: &mut Broken) {
        if !self.keys.contains_key(key) {
            self.keys.insert(key.into(), Key::default());
        }
        let values = &mut self.keys.get_mut(key).expect("just made").values;
        match values.get(&now.tag) {
            Some(known) if *known != now.value => {
                let why = format!("{} {}, but {} was {known} before", who(), now.words(key), now.tag);
                broken.push((ONE_VALUE, why));
            }
            Some(_) => {}
            None => {
                values.insert(now.tag, now.value.clone());
                if values.len() > TAGS_MAX {
                    let oldest = *values.first().expect("it is not empty").0;
                    values.remove(&oldest);
                }
            }
        }
    }

    fn operation_ended(&mut self, view: &View<'_, MajorityRegister>, ended: &Ended, broken: &mut Broken) {
        let before = self.open.remove(&ended.id).unwrap_or_default();
        let (client, key) = (ended.id.client, &ended.op.key);
        if ended.outcome != Outcome::Ok {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(state)) = view.state(client) else { return };
        let Some((_, done)) = state.finished.iter().rev().find(|(op, _)| *op == ended.id.count) else { return };
        let (name, tag) = (view.setup.name(client), done.tag);
        let is_put = ended.op.f == "put";
        if is_put && tag <= before {
            let why = format!("{name}'s {} took {tag}, although {before} was completed before it began", ended.op);
            broken.push((FRESH, why));
        } else if tag < before {
            let why = format!("{name}'s {} returned {tag}, although {before} was completed before it began", ended.op);
            broken.push((FRESH, why));
        }
        if tag > Tag::default() {
            self.one_value(key, done, || format!("{name}'s {} has", ended.op), broken);
        }
        let known = self.keys.entry(key.clone()).or_default();
        if known.completed.is_none_or(|(highest, _)| highest < tag) {
            known.completed = Some((tag, client));
        }
        if is_put {
            on_majority(view, key, tag, client, broken);
            if known.put.is_none_or(|(highest, _)| highest < tag) {
                known.put = Some((tag, client));
            }
        }
    }
}

/// A majority holds the tag of a completed put, or a higher one, on disk.
fn on_majority(view: &View<'_, MajorityRegister>, key: &str, tag: Tag, client: NodeId, broken: &mut Broken) {
    let replicas = view.setup.role("replica");
    let holds = |node: &NodeId| view.durable(*node).registers.get(key).is_some_and(|held| held.tag >= tag);
    let holders = replicas.clone().filter(holds).count();
    let needed = majority(replicas.clone().count());
    if holders < needed {
        let without: Vec<&str> = replicas.filter(|r| !holds(r)).map(|r| view.setup.name(r)).collect();
        let why = format!(
            "{}'s put of {key} ({tag}) was completed, but only {holders} of at least {needed} replicas have it on disk; \
             without it: {}",
            view.setup.name(client),
            without.join(", ")
        );
        broken.push((ON_MAJORITY, why));
    }
}
