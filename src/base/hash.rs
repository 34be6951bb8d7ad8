//! The stable hash: XXH3-64 over canonical bytes, the same on every platform.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Hashes `bytes`, chained to an earlier value.
pub fn bytes(earlier: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, earlier)
}
