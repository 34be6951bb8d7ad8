//! The explorer: on hand-written models with known counts, and on clusters of the real protocols.

mod alike;
mod backups;
mod bugs;
mod causal;
mod chains;
mod common;
mod hand;
mod marks;
mod models;
mod paxos;
mod raft;
mod registers;
mod runs;
