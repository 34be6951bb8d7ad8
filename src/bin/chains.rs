//! The wasm of the engine for chains of servers, which the page runs in a worker.

faultline::engine!(faultline::protocols::chains);
