//! The wasm of the engine for registers on one server and on majorities, which the page runs in a worker.

faultline::engine!(faultline::protocols::registers);
