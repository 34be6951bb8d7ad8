//! Layer 3: the protocols, one folder each, and their registry. A new protocol is one module and one line here.

pub mod kv_single;
pub mod majority_register;

use crate::sim::cell::Entry;
use crate::wire::FunctionInfo;

/// Every protocol: one line each.
pub fn all() -> &'static [Entry] {
    const ALL: [Entry; 2] = [Entry::of::<kv_single::KvSingle>(), Entry::of::<majority_register::MajorityRegister>()];
    &ALL
}

/// `get` and `put`, as clients of key-value services ask for them.
fn get_and_put() -> Vec<FunctionInfo> {
    let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
    vec![function("get", false), function("put", true)]
}
