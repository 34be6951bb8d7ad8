//! What commands do to a run, each by itself and to the microsecond: adversaries, disks, single messages, timers,
//! workloads; causal positions; and that every bound says so when it is reached.

mod adversary;
mod bounds;
mod causality;
mod disks;
mod lab;
mod single;
mod workloads;
