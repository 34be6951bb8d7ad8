//! Faultline: a distributed-systems lab.
pub mod base;
pub mod sim;
pub mod wire;
