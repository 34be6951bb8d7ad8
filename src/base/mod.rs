//! Layer 0: identities, simulated time, keyed random streams, the stable hash and the canonical encoding.
//!
//! Nothing here knows of protocols or networks. Everything is the same to the bit natively and in wasm32:
//! integers of explicit width, `libm` for transcendental functions, value-stable generators.

pub mod codec;
pub mod decimal;
pub mod decode;
mod encode;
pub mod form;
pub mod hash;
pub mod histogram;
pub mod ids;
pub mod json;
pub mod marks;
pub mod order;
pub mod plain;
pub mod random;
pub mod time;

pub use ids::{MsgId, NodeId, OpId, TimerId};
pub use time::Micros;
