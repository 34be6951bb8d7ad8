//! The wasm of the engine for edge caches, which the page runs in a worker.

faultline::engine!(faultline::protocols::edges);
