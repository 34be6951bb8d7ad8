//! The properties by name, checked after every step.

use super::{MajorityRegister, Tag};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use std::collections::BTreeMap;

const TAGS_GROW: u16 = 0;
const ON_MAJORITY: u16 = 1;
const FRESH: u16 = 2;
const ONE_VALUE: u16 = 3;

/// Tags remembered for each key; older ones can no longer be confused with new ones.
const TAGS_EACH: usize = 64;

pub fn list() -> Vec<(&'static str, &'static str)> {
    vec![
        ("tags never go back", "the tag that a replica's disk holds durably for a key only grows"),
        (
            "completed writes are on a majority",
            "when a write completes, a majority holds its tag or a higher one durably",
        ),
        ("reads are fresh", "an operation returns a tag at least as high as any that completed before it began"),
        ("a tag names one value", "no two replicas ever hold one tag of a key with different values"),
    ]
}

#[derive(Clone, Default)]
pub struct Monitor {
    durable: BTreeMap<(NodeId, String), Tag>,
    /// The highest tag of each key that an operation completed with.
    completed: BTreeMap<String, Tag>,
    /// That tag, as it was when each open operation began.
    floors: BTreeMap<OpId, Tag>,
    values: BTreeMap<String, BTreeMap<Tag, Datum>>,
}

impl Monitor {
    pub fn after(&mut self, view: &View<'_, MajorityRegister>, step: &StepFacts, broken: &mut Vec<(u16, String)>) {
        if let Some(node) = step.node {
            self.look_at_disk(view, node, broken);
        }
        for (id, op) in &step.began {
            self.floors.insert(*id, self.completed.get(&op.key).copied().unwrap_or_default());
        }
        for ended in &step.ended {
            let floor = self.floors.remove(&ended.id).unwrap_or_default();
            let tag = view.state(ended.id.client).and_then(|s| s.completed).filter(|c| c.0 == ended.id.count);
            if let (Outcome::Ok, Some((_, tag))) = (ended.outcome, tag) {
                self.look_at_end(view, ended, tag, floor, broken);
            }
        }
    }

    fn look_at_disk(&mut self, view: &View<'_, MajorityRegister>, node: NodeId, broken: &mut Vec<(u16, String)>) {
        for (key, (tag, value)) in &view.disk(node).registers {
            let values = self.values.entry(key.clone()).or_default();
            let known = values.entry(*tag).or_insert_with(|| value.clone());
            if known != value {
                let name = view.setup.name(node);
                broken
                    .push((ONE_VALUE, format!("tag {tag} of {key} means {known}, but {name} holds {value} under it")));
            }
            if values.len() > TAGS_EACH {
                values.pop_first();
            }
        }
        for (key, before) in self.durable.range((node, String::new())..).take_while(|((n, _), _)| *n == node) {
            let now = view.durable(node).registers.get(&key.1).map(|(tag, _)| *tag).unwrap_or_default();
            if now < *before {
                let name = view.setup.name(node);
                broken.push((TAGS_GROW, format!("{name} held tag {before} of {}, and now holds {now}", key.1)));
            }
        }
        for (key, (tag, _)) in &view.durable(node).registers {
            self.durable.insert((node, key.clone()), *tag);
        }
    }

    fn look_at_end(
        &mut self,
        view: &View<'_, MajorityRegister>,
        ended: &Ended,
        tag: Tag,
        floor: Tag,
        broken: &mut Vec<(u16, String)>,
    ) {
        let key = &ended.op.key;
        if tag < floor {
            let why = format!("{} came to tag {tag}, but {floor} had completed before it began", ended.op);
            broken.push((FRESH, why));
        }
        if ended.op.f == "put" {
            let holds = |r: &NodeId| view.durable(*r).registers.get(key).is_some_and(|(t, _)| *t >= tag);
            let replicas = view.setup.role("replica").count();
            let have = view.setup.role("replica").filter(holds).count();
            if have < replicas / 2 + 1 {
                let why =
                    format!("{} completed with tag {tag}, which {have} of {replicas} replicas hold durably", ended.op);
                broken.push((ON_MAJORITY, why));
            }
        }
        let known = self.completed.entry(key.clone()).or_default();
        *known = (*known).max(tag);
    }
}
