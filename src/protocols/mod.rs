//! Layer 3: the protocols, one folder each, and their registry.

use crate::sim::cell::Entry;

/// Every protocol: one line each.
pub fn all() -> &'static [Entry] {
    &[]
}
