//! The wasm of the engine for replicas of two releases, which the page runs in a worker.

faultline::engine!(faultline::protocols::upgrades);
