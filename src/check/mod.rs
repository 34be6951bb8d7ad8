//! Layer 4: what checks protocols beyond one run. Histories of clients' operations, sequential specifications, and the
//! checks of linearizability, of weaker models and of transactions' isolation ([`consistency`] has them by their names), and
//! what clients got on each side of a cut; the explorer, that visits every state that a model or a small cluster can come
//! to; seed sweeps with random faults, then healing and a demand for progress. A run of a sweep and a counterexample of the
//! explorer are scenarios like any other, so that each can be opened, stepped and shared.

pub mod consistency;
pub mod explore;
pub mod graph;
pub mod history;
pub mod isolation;
pub mod lattice;
mod least;
pub mod linear;
pub mod sides;
pub mod spec;
pub mod weak;

pub mod coverage;
pub mod faults;
#[cfg(not(target_arch = "wasm32"))]
pub mod measures;
pub mod sweep;
