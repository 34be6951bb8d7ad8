//! The wasm of the engine for primary-backup replication, which the page runs in a worker.

faultline::engine!(faultline::protocols::groups);
