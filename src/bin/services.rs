//! The wasm of the engine for services, which the page runs in a worker.

faultline::engine!(faultline::protocols::services);
