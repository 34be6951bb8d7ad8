//! Layer 4: what checks protocols beyond one run. Histories of clients' operations, sequential specifications and the
//! check of linearizability; the explorer, that visits every state that a model or a small cluster can come to; natively
//! too: seed sweeps with random faults, then healing and a demand for progress. A run of a sweep and a counterexample of
//! the explorer are scenarios like any other, so that each can be opened, stepped and shared.

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
