//! Layer 2: the deterministic engine. It knows no browser, clock, thread, file or global random source, and no
//! protocol: those come through [`protocol::Protocol`] and a registry of [`cell::Entry`].

pub mod adversary;
mod alike;
pub mod apply;
pub mod branches;
pub mod causality;
pub mod cell;
mod effects;
mod form;
mod kept;
pub mod leaders;
pub mod net;
pub mod node;
pub mod operations;
pub mod params;
pub mod protocol;
pub mod queue;
pub mod sample;
pub mod scenario;
pub mod sentence;
mod sheet;
pub mod still;
pub mod timeline;
pub mod trace;
pub mod window;
pub mod workload;
pub mod world;
pub mod ziggurat;

#[cfg(not(target_arch = "wasm32"))]
pub use sheet::info;
