//! The stable hash: XXH3-64 over canonical bytes, the same on every platform.

use serde::Serialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

/// Hashes `bytes`, chained to an earlier value.
pub fn bytes(chain: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, chain)
}

/// Hashes the canonical encoding of `value` without building it.
pub fn of<T: Serialize + ?Sized>(value: &T) -> u64 {
    struct Sink(Box<Xxh3>);
    impl postcard::ser_flavors::Flavor for Sink {
        type Output = u64;
        fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
            self.0.update(&[byte]);
            Ok(())
        }
        fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
            self.0.update(bytes);
            Ok(())
        }
        fn finalize(self) -> postcard::Result<u64> {
            Ok(self.0.digest())
        }
    }
    postcard::serialize_with_flavor(value, Sink(Box::new(Xxh3::new()))).expect("plain data always encodes")
}
