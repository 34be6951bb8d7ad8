//! What must hold at every moment, and why it does not when it does not. A check looks only at what the step touched.

use super::{KvSingle, State};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::VecDeque;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 3] = [
    (
        "acknowledged writes survive",
        "When a put has answered ok, the server has it or a later put of the key on disk, then and ever after.",
    ),
    (
        "reads see the last acknowledged write",
        "A get returns a version at least as late as that of every operation on the key that was completed before it \
         began.",
    ),
    ("a write takes effect once", "No put is carried out a second time, however often it is asked for."),
];
const SURVIVES: u16 = 0;
const LAST: u16 = 1;
const ONCE: u16 = 2;

/// Puts of one key that are remembered as carried out: the latest ones.
const PUTS_MAX: usize = 256;

type Broken = Vec<(u16, String)>;
/// Client, life and operation of a put.
type By = (NodeId, u32, u32);

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    server_up: bool,
    keys: LiteMap<SmolStr, Key>,
    /// For each open operation the highest version of its key that was completed before it began.
    open: LiteMap<OpId, u64>,
}

#[derive(Clone, Default, Serialize)]
struct Key {
    /// The highest version of a completed operation, and of a completed put with its client.
    completed: u64,
    put: Option<(u64, NodeId)>,
    carried_out: VecDeque<(u64, By)>,
}

impl Memory {
    pub fn check(&mut self, view: &View<'_, KvSingle>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            self.open.insert(*id, self.keys.get(op.key.as_str()).map_or(0, |key| key.completed));
        }
        let server = view.setup.role("server").next();
        if let Some(server) = server.filter(|server| step.node == Some(*server)) {
            self.server_acted(view, server, broken);
        }
        for ended in &step.ended {
            self.operation_ended(view, server, ended, broken);
        }
    }

    fn server_acted(&mut self, view: &View<'_, KvSingle>, server: NodeId, broken: &mut Broken) {
        let was_up = std::mem::replace(&mut self.server_up, view.state(server).is_some());
        if was_up != self.server_up {
            for (name, key) in &mut self.keys {
                // What was not on disk has not happened.
                let durable = view.durable(server).entries.get(name).map_or(0, |entry| entry.version);
                key.carried_out.retain(|(version, _)| *version <= durable);
                survives(view, server, name, key, broken);
            }
        }
        let Some(State::Server(state)) = view.state(server) else { return };
        let name = &state.last_key;
        let Some(entry) = view.disk(server).entries.get(name) else { return };
        if !self.keys.contains_key(name) {
            self.keys.insert(name.clone(), Key::default());
        }
        let puts = &mut self.keys.get_mut(name).expect("just made").carried_out;
        if puts.back().is_some_and(|(version, _)| *version == entry.version) {
            return;
        }
        if puts.iter().any(|(_, by)| *by == entry.by) {
            let (client, _, op) = entry.by;
            let client = view.setup.name(client);
            broken.push((ONCE, format!("{client}'s put of {name} (operation {op}) was carried out twice")));
        }
        puts.push_back((entry.version, entry.by));
        if puts.len() > PUTS_MAX {
            puts.pop_front();
        }
    }

    fn operation_ended(
        &mut self,
        view: &View<'_, KvSingle>,
        server: Option<NodeId>,
        ended: &Ended,
        broken: &mut Broken,
    ) {
        let before = self.open.remove(&ended.id).unwrap_or(0);
        let (client, name) = (ended.id.client, &ended.op.key);
        if ended.outcome != Outcome::Ok {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(state)) = view.state(client) else { return };
        let Some((_, version)) = state.finished.iter().rev().find(|(op, _)| *op == ended.id.count) else { return };
        let who = view.setup.name(client);
        if ended.op.f == "get" && *version < before {
            let why = format!(
                "{who}'s {} returned version {version}, although version {before} was completed before it began",
                ended.op
            );
            broken.push((LAST, why));
        }
        let key = self.keys.entry(name.clone()).or_default();
        key.completed = key.completed.max(*version);
        if ended.op.f == "put" && key.put.is_none_or(|(highest, _)| highest < *version) {
            key.put = Some((*version, client));
        }
        if let Some(server) = server.filter(|_| ended.op.f == "put") {
            survives(view, server, name, key, broken);
        }
    }
}

/// The latest acknowledged put of a key, or a later one, is on disk.
fn survives(view: &View<'_, KvSingle>, server: NodeId, name: &str, key: &Key, broken: &mut Broken) {
    let durable = view.durable(server).entries.get(name).map_or(0, |entry| entry.version);
    if let Some((version, client)) = key.put.filter(|(version, _)| durable < *version) {
        let why = format!(
            "{}'s put of {name} (version {version}) was acknowledged, but {} has version {durable} on disk",
            view.setup.name(client),
            view.setup.name(server)
        );
        broken.push((SURVIVES, why));
    }
}
