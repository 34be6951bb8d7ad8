//! Faultline: a distributed-systems lab.
pub mod base;
pub mod sim;
pub mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
#[cfg(target_arch = "wasm32")]
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod worker;
