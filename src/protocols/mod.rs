//! Layer 3: the protocols, one folder each, and their registry. A new protocol is one module and one line here.
//!
//! A protocol is a value (its configuration, planted bugs included) with handlers that turn state and a message into
//! effects; nothing here knows the network, the clock or the page. Each ships named properties, golden transcripts
//! (`tests/transcripts`) and a seed sweep with planted bugs that it must catch (`tests/sweep`).

pub mod causal_broadcast;
pub mod causal_store;
pub mod chain;
pub mod crdt;
pub mod detector;
pub mod edge_cache;
pub mod kv_single;
pub mod link_state;
pub mod logical_clocks;
pub mod majority_register;
pub mod once;
pub mod payments;
pub mod primary_backup;
pub mod quorum_store;
pub mod raft;
mod remembered;
pub mod rolling_upgrade;
pub mod shared_counter;
pub mod swim;
pub mod two_generals;

use crate::sim::cell::Entry;
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum, FunctionInfo, Op};

/// Every protocol: one line each, in that engine's list of the page which is to hold it.
const CONSENSUS: [Entry; 1] = [Entry::of::<raft::Raft>()];
const REGISTERS: [Entry; 3] = [
    Entry::of::<kv_single::KvSingle>(),
    Entry::of::<majority_register::MajorityRegister>(),
    Entry::of::<shared_counter::SharedCounter>(),
];
const QUORUMS: [Entry; 1] = [Entry::of::<quorum_store::QuorumStore>()];
const CAUSAL: [Entry; 1] = [Entry::of::<causal_store::CausalStore>()];
const GROUPS: [Entry; 1] = [Entry::of::<primary_backup::PrimaryBackup>()];
const MEMBERSHIP: [Entry; 2] = [Entry::of::<swim::Swim>(), Entry::of::<detector::Detector>()];
const SERVICES: [Entry; 2] = [Entry::of::<payments::Payments>(), Entry::of::<two_generals::TwoGenerals>()];
const ROUTES: [Entry; 1] = [Entry::of::<link_state::LinkState>()];
const EDGES: [Entry; 1] = [Entry::of::<edge_cache::EdgeCache>()];
const CHAINS: [Entry; 1] = [Entry::of::<chain::Chain>()];
const UPGRADES: [Entry; 1] = [Entry::of::<rolling_upgrade::RollingUpgrade>()];
const CLOCKS: [Entry; 2] = [Entry::of::<logical_clocks::Clocks>(), Entry::of::<causal_broadcast::Broadcast>()];
const MERGING: [Entry; 1] = [Entry::of::<crdt::Crdt>()];

/// The engines that the page can load, by their programs' names, each with the names of its protocols: nobody downloads
/// protocols that no run of theirs needs. Natively, one engine has all.
pub const ENGINES: [(&str, &[&str]); 13] = [
    ("engine", &["raft"]),
    ("registers", &["kv-single", "majority-register", "shared-counter"]),
    ("quorums", &["quorum-store"]),
    ("causal", &["causal-store"]),
    ("groups", &["primary-backup"]),
    ("membership", &["swim", "detector"]),
    ("services", &["payments", "two-generals"]),
    ("chains", &["chain-replication"]),
    ("clocks", &["logical-clocks", "causal-broadcast"]),
    ("merging", &["crdt"]),
    ("upgrades", &["rolling-upgrade"]),
    ("routes", &["link-state"]),
    ("edges", &["edge-cache"]),
];

/// The engine that has every protocol: larger than any other.
const EVERY: &str = "exporter";

/// Replicated logs: the engine that the page starts with.
pub fn consensus() -> &'static [Entry] {
    &CONSENSUS
}

/// Values on one server, and on majorities.
pub fn registers() -> &'static [Entry] {
    &REGISTERS
}

/// Values on quorums of any size.
pub fn quorums() -> &'static [Entry] {
    &QUORUMS
}

/// Values at several sites.
pub fn causal() -> &'static [Entry] {
    &CAUSAL
}

/// A primary and its backups.
pub fn groups() -> &'static [Entry] {
    &GROUPS
}

/// Who is there.
pub fn membership() -> &'static [Entry] {
    &MEMBERSHIP
}

/// What is asked for by requests, and what comes of asking again.
pub fn services() -> &'static [Entry] {
    &SERVICES
}

/// A chain of servers that answers.
pub fn chains() -> &'static [Entry] {
    &CHAINS
}

/// Order without a common clock.
pub fn clocks() -> &'static [Entry] {
    &CLOCKS
}

/// Values that need no order.
pub fn merging() -> &'static [Entry] {
    &MERGING
}

/// Replicas of two releases.
pub fn upgrades() -> &'static [Entry] {
    &UPGRADES
}

/// How packets find their way.
pub fn routes() -> &'static [Entry] {
    &ROUTES
}

/// Who answers near by for one far away.
pub fn edges() -> &'static [Entry] {
    &EDGES
}

pub fn all() -> &'static [Entry] {
    const ALL: [Entry; 18] = [
        REGISTERS[0],
        REGISTERS[1],
        CONSENSUS[0],
        GROUPS[0],
        CHAINS[0],
        MEMBERSHIP[0],
        QUORUMS[0],
        CAUSAL[0],
        MEMBERSHIP[1],
        SERVICES[0],
        SERVICES[1],
        CLOCKS[0],
        MERGING[0],
        REGISTERS[2],
        UPGRADES[0],
        CLOCKS[1],
        ROUTES[0],
        EDGES[0],
    ];
    &ALL
}

/// The engine that has all of some protocols; of those that are in no engine together, the one that writes runs too, which
/// has them all.
pub fn engine_of(protocols: &[&str]) -> Option<&'static str> {
    let held = |known: &[&str]| protocols.iter().all(|protocol| known.contains(protocol));
    if let Some((engine, _)) = ENGINES.iter().find(|(_, known)| held(known)) {
        return Some(engine);
    }
    let known = |protocol: &&str| ENGINES.iter().any(|(_, held)| held.contains(protocol));
    protocols.iter().all(known).then_some(EVERY)
}

/// `get` and `put`, as clients of key-value services ask for them.
fn get_and_put() -> Vec<FunctionInfo> {
    let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
    vec![function("get", false), function("put", true)]
}

/// A key on the card of a node that stores it. The first keys are shown, the others counted; `x`, `y` and `z` are probes
/// under their bare names too.
fn stored_key(card: &mut Card, key: &str, value: &Datum, firm: bool, order: (&str, Datum)) {
    const KEYS_SHOWN: usize = 8;
    if card.cells.len() >= KEYS_SHOWN {
        return;
    }
    card.cells.push(Cell { text: format!("{key}={value}"), firm, epoch: 0 });
    if ["x", "y", "z"].contains(&key) {
        card.probes.push((key.into(), value.clone()));
    }
    card.probes.push((format!("value.{key}"), value.clone()));
    card.probes.push((format!("{}.{key}", order.0), order.1));
}

/// The number of keys, under the name of a node that stores them.
fn stored_keys(card: &mut Card, count: usize) {
    card.headline = match count {
        0 => "empty".into(),
        1 => "1 key".into(),
        n => format!("{n} keys"),
    };
    card.probes.push(("keys".into(), Datum::Int(count as i64)));
}

/// The operations that a client waits for, under its name.
fn waiting(card: &mut Card, oldest: Option<(&Op, String)>, count: usize) {
    card.headline = match oldest {
        None => "idle".into(),
        Some((op, progress)) if count == 1 => format!("{op} · {progress}"),
        Some((op, progress)) => format!("{op} · {progress} · {} more", count - 1),
    };
    card.probes.push(("waiting".into(), Datum::Int(count as i64)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_is_in_the_engine_that_is_said_to_have_it() {
        let first = [consensus(), registers(), quorums(), causal(), groups()];
        let others = [membership(), services(), chains(), clocks(), merging(), upgrades(), routes(), edges()];
        let engines = [&first[..], &others].concat();
        for ((engine, names), entries) in ENGINES.iter().zip(&engines) {
            let held: Vec<&str> = entries.iter().map(|entry| (entry.describe)().name).collect();
            assert_eq!(held, *names, "{engine}");
        }
        assert_eq!(all().len(), engines.iter().map(|held| held.len()).sum::<usize>());
        for entry in all() {
            let name = (entry.describe)().name;
            assert!(engine_of(&[name]).is_some(), "{name} is in no engine");
        }
        assert_eq!(engine_of(&["majority-register", "kv-single"]), Some("registers"));
        assert_eq!(engine_of(&["majority-register", "raft"]), Some(EVERY));
        assert_eq!(engine_of(&["raft", "of another build"]), None);
    }
}
