//! Layer 4: what checks protocols beyond one run. Histories of clients' operations, sequential specifications, and the
//! checks of linearizability, of weaker models and of transactions' isolation ([`consistency`] has them by their names), and
//! what clients got on each side of a cut ([`sides`]); the explorer, that visits every state that a model or a small cluster
//! can come to; seed sweeps with random faults, then healing and a demand for progress, of a protocol ([`sweep`]), of a
//! scenario ([`trial`]), or from a moment of a run on ([`timed`]). A run of a sweep and a counterexample are scenarios like
//! any other, so that each can be opened, stepped and shared.

pub mod consistency;
pub mod coverage;
pub mod explore;
pub mod faults;
pub mod graph;
pub mod history;
pub mod isolation;
pub mod lattice;
mod least;
pub mod limits;
pub mod linear;
pub mod measures;
pub mod sides;
pub mod spec;
pub mod sweep;
pub mod timed;
pub mod trial;
pub mod weak;
