//! The canonical byte encoding of messages, disks, states and wire data: postcard (see its specification), which is
//! the same on every platform: integers of 16 bits and more are variable-length, `usize` is widened to 64 bits,
//! and map order is the map's own (the core has ordered maps only).

use super::decode;
use serde::{Serialize, de::DeserializeOwned};

/// Encodes `value`. Only types without a derivable encoding could fail (sequences of unknown length); none is used.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    append(value, &mut bytes);
    bytes
}

/// Appends the encoding of `value` to `out`.
#[inline]
pub fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    postcard::serialize_with_flavor(value, Appender(out)).expect("plain data always encodes");
}

/// Postcard's own growing flavor moves the vector and extends it byte by byte; this one is several times faster.
struct Appender<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appender<'_> {
    type Output = ();

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // Most are integers of a byte or two: dearer to copy than to push.
        match bytes {
            [a] => self.0.push(*a),
            [a, b] => self.0.extend([*a, *b]),
            [a, b, c] => self.0.extend([*a, *b, *c]),
            _ => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Decodes a value that takes up all of `bytes`.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match decode::take(bytes) {
        Some((value, [])) => Ok(value),
        Some((_, rest)) => Err(format!("{} bytes are left over", rest.len())),
        None => Err("it is not well encoded".into()),
    }
}
