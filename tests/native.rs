//! The native tests, in one program: they share what is compiled, and whatever is still to be run keeps all processors busy. One
//! suite of them: `cargo test --test native raft::`.
#![cfg(not(target_arch = "wasm32"))]

mod board;
mod branches;
mod cap;
mod causal;
mod charts;
mod costs;
#[path = "limits/countdown.rs"]
mod countdown;
mod course;
mod determinism;
mod engine;
mod explore;
mod exports;
mod form;
mod fuzz;
mod hunts;
mod inspect;
mod isolation;
mod jobs;
mod kernel;
mod lattice;
mod layering;
mod lessons;
mod linear;
mod load;
mod measures;
mod merging;
mod one_writer;
mod parity;
mod parsers;
mod quorum;
mod raft;
mod sandbox;
mod schema;
mod services;
mod session;
mod sweep;
mod swim;
mod theory;
mod timeline;
mod tradeoffs;
mod transcripts;
mod weak;
mod window;
