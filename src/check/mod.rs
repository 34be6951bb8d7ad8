//! Layer 4: what checks protocols beyond one run. Now: seed sweeps with random faults, then healing and a demand for
//! progress; and exhaustive exploration of small configurations. A run of a sweep is a scenario like any other, so that
//! each can be opened, stepped and shared.

pub mod coverage;
pub mod explore;
pub mod faults;
pub mod measures;
pub mod sweep;
