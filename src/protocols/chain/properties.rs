//! What must hold at every moment, and why it does not when it does not.
//!
//! The checks keep the history of each configuration: which writes, in which order, its servers have on disk. What was not
//! on disk before a crash has not happened.

use super::{Chain, Configuration, Stamp, State};
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::Outcome;
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::VecDeque;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 6] = [
    ("one chain a number", "A number is given to one configuration only, and numbers never go back."),
    (
        "each holds a prefix of the one before",
        "What a server of a configuration has on disk is a beginning of what the server before it has (update propagation).",
    ),
    (
        "acknowledged writes are on the whole chain",
        "A put that has answered ok is on the disks of all servers of the configuration that answered.",
    ),
    (
        "repairs keep acknowledged writes",
        "The head of every configuration holds all puts that have answered ok in earlier ones.",
    ),
    (
        "reads see the last acknowledged write",
        "With leases of at most half the time of silence after which a server is given up, a get returns a version at least \
         as late as that of every operation on the key that was completed before it began. Other reads do not promise it.",
    ),
    ("a write takes effect once", "No history contains a put twice, however often it was asked for."),
];
const ONE_CHAIN: u16 = 0;
const PREFIX: u16 = 1;
const ON_DISK: u16 = 2;
const KEPT: u16 = 3;
const FRESH: u16 = 4;
const ONCE: u16 = 5;

/// Writes of a history, and configurations, that are remembered: the newest.
const HISTORY_MAX: usize = 512;
const CONFIGURATIONS_MAX: usize = 16;

type Broken = Vec<(u16, String)>;
/// Client, life and operation of a put.
type By = (NodeId, u32, u32);
/// Index, digest and writer of each write.
type History = VecDeque<(u64, u64, By)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    /// The chain and who joins it, by number.
    configurations: LiteMap<u64, (Vec<NodeId>, Option<NodeId>)>,
    histories: LiteMap<u64, History>,
    /// Which configuration's history each server held, and how much of it.
    held: LiteMap<NodeId, (u64, u64)>,
    /// The latest put that was acknowledged in each configuration: its index and the digest of the history up to it.
    acknowledged: LiteMap<u64, (u64, u64)>,
    /// The latest version of each key that a completed operation made or saw.
    completed: LiteMap<SmolStr, Stamp>,
    /// For each open operation the latest version of its key that was completed before it began.
    open: LiteMap<OpId, Stamp>,
}

impl Memory {
    pub fn check(&mut self, p: &Chain, view: &View<'_, Chain>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            self.open.insert(*id, self.completed.get(op.key.as_str()).copied().unwrap_or_default());
        }
        match step.node.map(|node| (node, view.state(node))) {
            // What is not on disk yet, nobody was told.
            Some((node, Some(State::Master(m)))) if view.disk(node) == view.durable(node) => {
                let c = &m.configuration;
                self.decided(c.number, (c.servers.clone(), c.joining), broken);
            }
            Some((node, Some(State::Server(_)))) => self.server_acted(p, view, node, broken),
            _ => {}
        }
        for ended in &step.ended {
            self.operation_ended(p, view, ended, broken);
        }
    }

    /// The chain of a configuration, empty if it is not remembered. The first one is nobody's decision.
    fn servers(&self, p: &Chain, view: &View<'_, Chain>, number: u64) -> Vec<NodeId> {
        let known = self.configurations.get(&number).map(|(servers, _)| servers.clone());
        known.unwrap_or_else(|| match number {
            1 => Configuration::first(view.setup, p.replicas).servers,
            _ => Vec::new(),
        })
    }

    fn decided(&mut self, number: u64, chain: (Vec<NodeId>, Option<NodeId>), broken: &mut Broken) {
        let newest = self.configurations.last().map_or(0, |(newest, _)| *newest);
        match self.configurations.get(&number) {
            _ if number < newest => {
                broken.push((ONE_CHAIN, format!("the master went from configuration {newest} back to {number}")));
            }
            Some(known) if *known != chain => {
                broken.push((ONE_CHAIN, format!("there are two configurations {number}")));
            }
            Some(_) => {}
            None => {
                self.configurations.insert(number, chain);
                forget(&mut self.configurations);
            }
        }
    }

    fn server_acted(&mut self, p: &Chain, view: &View<'_, Chain>, node: NodeId, broken: &mut Broken) {
        let disk = view.durable(node);
        let (now, store) = ((disk.held, disk.store.index), &disk.store);
        let before = self.held.insert(node, now).unwrap_or_default();
        if now == before || now.0 == 0 {
            return;
        }
        self.brings_along(before, now);
        self.is_prefix(p, view, node, now, broken);
        let name = view.setup.name(node);
        let history = self.histories.entry(now.0).or_default();
        match history.iter().rev().find(|(index, ..)| *index == now.1) {
            _ if now.1 == 0 => {}
            Some((_, digest, _)) if *digest != store.digest => {
                let why = format!("{name} holds other {} writes of configuration {} than another server", now.1, now.0);
                broken.push((PREFIX, why));
            }
            Some(_) => {}
            None if history.back().is_none_or(|(index, ..)| *index + 1 == now.1) => {
                if history.iter().any(|(.., by)| *by == store.last) {
                    let (client, _, op) = store.last;
                    let client = view.setup.name(client);
                    let why = format!("{client}'s put (operation {op}) was carried out twice, last by {name}");
                    broken.push((ONCE, why));
                }
                history.push_back((now.1, store.digest, store.last));
                if history.len() > HISTORY_MAX {
                    history.pop_front();
                }
            }
            None if history.front().is_some_and(|(index, ..)| *index > now.1) => {}
            None => {
                let why = format!("{name} holds {} writes, of which no server before it held the one before", now.1);
                broken.push((PREFIX, why));
            }
        }
        let head = self.configurations.get(&now.0).and_then(|(servers, _)| servers.first());
        if before.0 != now.0 && head == Some(&node) {
            self.kept(now.0, broken);
        }
    }

    /// A server that goes on to a newer configuration brings along what it holds of the earlier one's history.
    fn brings_along(&mut self, before: (u64, u64), now: (u64, u64)) {
        if before.0 == now.0 {
            return;
        }
        let earlier = self.histories.get(&before.0).cloned().unwrap_or_default();
        let history = self.histories.entry(now.0).or_default();
        let last = history.back().map_or(0, |(index, ..)| *index);
        history.extend(earlier.into_iter().filter(|(index, ..)| *index > last && *index <= now.1));
        while history.len() > HISTORY_MAX {
            history.pop_front();
        }
        forget(&mut self.histories);
    }

    /// The server before it has as much, if it is in the same configuration.
    fn is_prefix(&self, p: &Chain, view: &View<'_, Chain>, node: NodeId, now: (u64, u64), broken: &mut Broken) {
        let servers = self.servers(p, view, now.0);
        let place = servers.iter().position(|n| *n == node).and_then(|place| place.checked_sub(1));
        let Some(one) = place.map(|place| servers[place]) else { return };
        let disk = view.durable(one);
        if disk.held == now.0 && disk.store.index < now.1 {
            let (name, other) = (view.setup.name(node), view.setup.name(one));
            let why = format!("{name} holds {} writes, and {other} before it only {}", now.1, disk.store.index);
            broken.push((PREFIX, why));
        }
    }

    /// What was acknowledged before is part of the history of a configuration's head.
    fn kept(&self, number: u64, broken: &mut Broken) {
        let head = self.configurations.get(&number).and_then(|(servers, _)| servers.first());
        let holds = head.and_then(|head| self.held.get(head)).filter(|held| held.0 == number);
        let (Some(held), Some(history)) = (holds, self.histories.get(&number)) else { return };
        for (earlier, (index, digest)) in self.acknowledged.iter().filter(|(earlier, _)| **earlier < number) {
            let oldest = history.front().map_or(0, |(index, ..)| *index);
            let found = history.iter().any(|(i, d, _)| (i, d) == (index, digest));
            if held.1 < *index || !found && (oldest <= *index || history.is_empty()) {
                let why = format!(
                    "write {index} of configuration {earlier} was acknowledged, but the head of configuration {number} \
                     does not have it"
                );
                broken.push((KEPT, why));
            }
        }
    }

    fn operation_ended(&mut self, p: &Chain, view: &View<'_, Chain>, ended: &Ended, broken: &mut Broken) {
        let before = self.open.remove(&ended.id).unwrap_or_default();
        if ended.outcome != Outcome::Ok {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(client)) = view.state(ended.id.client) else { return };
        let Some((_, stamp, number)) = client.finished.iter().rev().find(|(op, ..)| *op == ended.id.count) else {
            return;
        };
        let who = view.setup.name(ended.id.client);
        let put = ended.op.f == "put";
        if !put && p.reads_are_safe() && *stamp < before {
            let why = format!("{who}'s {} returned {stamp}, although {before} was completed before it began", ended.op);
            broken.push((FRESH, why));
        }
        let key = self.completed.entry(ended.op.key.clone()).or_default();
        *key = (*key).max(*stamp);
        if put {
            self.on_disk(p, view, (*number, stamp.index), who, broken);
            self.acknowledge(*number, stamp.index, broken);
        }
    }

    fn acknowledge(&mut self, number: u64, index: u64, broken: &mut Broken) {
        let entry = self.histories.get(&number).into_iter().flatten().find(|(i, ..)| *i == index);
        let Some((index, digest, _)) = entry.copied() else { return };
        let known = self.acknowledged.entry(number).or_default();
        *known = (*known).max((index, digest));
        forget(&mut self.acknowledged);
        let newest = self.configurations.last().map(|(newest, _)| *newest);
        if let Some(newest) = newest.filter(|newest| *newest > number) {
            self.kept(newest, broken);
        }
    }

    /// Servers that went on to a later configuration, or were taken out, count as having had it.
    fn on_disk(&self, p: &Chain, view: &View<'_, Chain>, (number, index): (u64, u64), who: &str, broken: &mut Broken) {
        let servers = self.servers(p, view, number);
        let lacks = |n: &&NodeId| {
            let disk = view.durable(**n);
            disk.held == number && disk.store.index < index
        };
        let names: Vec<&str> = servers.iter().filter(lacks).map(|n| view.setup.name(*n)).collect();
        if !names.is_empty() {
            let why =
                format!("{who}'s put (write {index}) was acknowledged, but {} does not have it", names.join(", "));
            broken.push((ON_DISK, why));
        }
    }
}

fn forget<T>(known: &mut LiteMap<u64, T>) {
    if known.len() > CONFIGURATIONS_MAX {
        let oldest = *known.first().expect("some").0;
        known.remove(&oldest);
    }
}
