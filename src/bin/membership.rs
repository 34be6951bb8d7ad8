//! The wasm of the engine for membership, which the page runs in a worker.

faultline::engine!(faultline::protocols::membership);
