//! Faultline: a distributed-systems lab.
pub mod base;
pub mod wire;
