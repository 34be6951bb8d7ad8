//! The wasm of the engine for routers, which the page runs in a worker.

faultline::engine!(faultline::protocols::routes);
