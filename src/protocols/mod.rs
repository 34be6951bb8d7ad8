//! Layer 3: the protocols, one folder each, and their registry. A new protocol is one module and one line here.
//!
//! A protocol is a value (its configuration, planted bugs included) with handlers that turn state and a message into
//! effects; nothing here knows the network, the clock or the page. Each ships named properties, golden transcripts
//! (`tests/transcripts.rs`) and a seed sweep with planted bugs that it must catch (`tests/sweep.rs`).

pub mod kv_single;
pub mod majority_register;
pub mod raft;

use crate::sim::cell::Entry;
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum, FunctionInfo, Op};

/// Every protocol: one line each.
pub fn all() -> &'static [Entry] {
    const ALL: [Entry; 3] = [
        Entry::of::<kv_single::KvSingle>(),
        Entry::of::<majority_register::MajorityRegister>(),
        Entry::of::<raft::Raft>(),
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
    card.cells.push(Cell { text: format!("{key}={value}"), firm });
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
