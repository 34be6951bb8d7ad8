//! The explorer: on hand-written models with known counts, and on clusters of the real protocols.

mod backups;
mod bugs;
mod causal;
mod chains;
mod common;
mod hand;
mod models;
mod paxos;
mod raft;
mod registers;
mod runs;
