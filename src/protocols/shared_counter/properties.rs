//! What must hold at every moment, and why it does not when it does not: counted by what clients asked for and were told.

use super::SharedCounter;
use crate::base::{NodeId, OpId};
use crate::sim::protocol::{StepFacts, View};
use crate::wire::{Datum, Outcome};
use litemap::LiteMap;
use serde::Serialize;
use smol_str::SmolStr;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 4] = [
    (
        "no increment is lost",
        "A counter on the server's disk is at least the number of increments that were answered ok.",
    ),
    (
        "no increment counts twice",
        "A counter is at most the number of increments that were asked for and did not fail.",
    ),
    (
        "the counter never goes back",
        "A counter never falls: in the server's memory while it is up, and on its disk, crashes and restarts included.",
    ),
    (
        "reads see what was counted",
        "A get returns at least the number of increments that were answered ok before it began.",
    ),
];
const LOST: u16 = 0;
const TWICE: u16 = 1;
const BACK: u16 = 2;
const READ: u16 = 3;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    keys: LiteMap<SmolStr, Key>,
    /// For each open get how many increments had been answered before it began.
    open: LiteMap<OpId, i64>,
    up: bool,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Key {
    asked: i64,
    failed: i64,
    counted: i64,
    cached: i64,
    durable: i64,
}

impl Memory {
    pub fn check(&mut self, view: &View<'_, SharedCounter>, step: &StepFacts, broken: &mut Broken) {
        for (id, op) in &step.began {
            let key = self.keys.entry(op.key.clone()).or_default();
            match op.f.as_str() {
                "get" => {
                    self.open.insert(*id, key.counted);
                }
                _ => key.asked += 1,
            }
        }
        for ended in &step.ended {
            let key = self.keys.entry(ended.op.key.clone()).or_default();
            let before = self.open.remove(&ended.id);
            match (before, ended.outcome, &ended.answer) {
                (None, Outcome::Ok, _) => key.counted += 1,
                (None, Outcome::Fail, _) => key.failed += 1,
                (Some(before), Outcome::Ok, Datum::Int(found)) if *found < before => {
                    let who = view.setup.name(ended.id.client);
                    let why = format!("{who}'s {} found {found}; {before} increments had been answered", ended.op);
                    broken.push((READ, why));
                }
                _ => {}
            }
        }
        let server = view.setup.role("server").next();
        if let Some(server) = server.filter(|server| step.node == Some(*server) || !step.ended.is_empty()) {
            self.counters(view, server, broken);
        }
    }

    fn counters(&mut self, view: &View<'_, SharedCounter>, server: NodeId, broken: &mut Broken) {
        let name = view.setup.name(server);
        let was_up = std::mem::replace(&mut self.up, view.state(server).is_some());
        for (key, seen) in self.keys.iter_mut() {
            let value = |disk: &super::Disk| disk.counters.get(key).map_or(0, |counter| counter.value);
            let (cached, durable) = (value(view.disk(server)), value(view.durable(server)));
            if was_up && self.up && cached < seen.cached {
                broken.push((BACK, format!("{key} was {} at {name}, and is {cached}", seen.cached)));
            }
            if durable < seen.durable {
                broken.push((BACK, format!("{key} was {} on the disk of {name}, and is {durable}", seen.durable)));
            }
            (seen.cached, seen.durable) = (cached, durable);
            if durable < seen.counted {
                let why =
                    format!("{} increments of {key} were answered; {name} has {durable} on its disk", seen.counted);
                broken.push((LOST, why));
            }
            let most = seen.asked - seen.failed;
            if cached > most {
                broken.push((TWICE, format!("{most} increments of {key} were asked for; {name} has {cached}")));
            }
        }
    }
}
