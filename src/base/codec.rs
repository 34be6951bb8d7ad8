//! The canonical byte encoding of messages, disks, states and wire data: postcard (see its specification), which is
//! the same on every platform: integers of 16 bits and more are variable-length, `usize` is widened to 64 bits,
//! and map order is the map's own (the core has ordered maps only).

use super::decode;
pub use super::encode::{Writer, append, append_marked};
use serde::{Serialize, de::DeserializeOwned};

/// The encoding of `value`.
///
/// # Panics
/// On types without a canonical encoding: lists of unknown length, characters, numbers of 128 bits, floats of 32.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    append(value, &mut bytes);
    bytes
}

/// Decodes a value that takes up all of `bytes`.
#[inline]
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match decode::take(bytes) {
        Some((value, [])) => Some(value),
        _ => None,
    }
}

/// Decodes what this program encoded itself. Says no more of what it cannot read than that: the code that prints texts in
/// their escaped form would come with it.
pub fn own<T: DeserializeOwned>(bytes: &[u8]) -> T {
    match read(bytes) {
        Some(value) => value,
        None => panic!("what was encoded here can be decoded here"),
    }
}

/// The same as [`read`], for what comes from elsewhere: the error says what is wrong.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match decode::take(bytes) {
        Some((value, [])) => Ok(value),
        Some((_, rest)) => Err(format!("{} bytes are left over", rest.len())),
        None => Err("it is not well encoded".into()),
    }
}
