//! Layer 4: what checks protocols beyond one run. Histories of clients' operations, sequential specifications and the
//! check of linearizability; natively too: seed sweeps with random faults, then healing and a demand for progress, and
//! exhaustive exploration of small configurations. A run of a sweep is a scenario like any other, so that each can be
//! opened, stepped and shared.

pub mod explore;
pub mod history;
pub mod linear;
pub mod spec;

#[cfg(not(target_arch = "wasm32"))]
pub mod coverage;
#[cfg(not(target_arch = "wasm32"))]
pub mod faults;
#[cfg(not(target_arch = "wasm32"))]
pub mod measures;
#[cfg(not(target_arch = "wasm32"))]
pub mod sweep;
