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

/// Every protocol, one line each: it is found by its name. In the page each is a part of the engine that is loaded by itself
/// (`src/bin/split/lists.rs`).
pub fn all() -> &'static [Entry] {
    const ALL: [Entry; 18] = [
        Entry::of::<kv_single::KvSingle>("kv-single"),
        Entry::of::<majority_register::MajorityRegister>("majority-register"),
        Entry::of::<raft::Raft>("raft"),
        Entry::of::<primary_backup::PrimaryBackup>("primary-backup"),
        Entry::of::<chain::Chain>("chain-replication"),
        Entry::of::<swim::Swim>("swim"),
        Entry::of::<quorum_store::QuorumStore>("quorum-store"),
        Entry::of::<causal_store::CausalStore>("causal-store"),
        Entry::of::<detector::Detector>("detector"),
        Entry::of::<payments::Payments>("payments"),
        Entry::of::<two_generals::TwoGenerals>("two-generals"),
        Entry::of::<logical_clocks::Clocks>("logical-clocks"),
        Entry::of::<crdt::Crdt>("crdt"),
        Entry::of::<shared_counter::SharedCounter>("shared-counter"),
        Entry::of::<rolling_upgrade::RollingUpgrade>("rolling-upgrade"),
        Entry::of::<causal_broadcast::Broadcast>("causal-broadcast"),
        Entry::of::<link_state::LinkState>("link-state"),
        Entry::of::<edge_cache::EdgeCache>("edge-cache"),
    ];
    &ALL
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
    fn every_protocol_is_found_by_its_name() {
        for entry in all() {
            assert_eq!((entry.describe)().name, entry.name);
            assert_eq!(all().iter().filter(|other| other.name == entry.name).count(), 1);
        }
    }
}
