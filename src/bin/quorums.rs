//! The wasm of the engine for stores on quorums of any size, which the page runs in a worker.

faultline::engine!(faultline::protocols::quorums);
