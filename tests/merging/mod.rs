//! What comes together without one copy that decides: logical clocks, replicated data types, and a counter that several
//! clients count up.

mod broadcast;
mod clocks;
mod common;
mod counter;
mod replicas;
