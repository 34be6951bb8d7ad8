//! The wasm of the engine for a store at several sites, which the page runs in a worker.

faultline::engine!(faultline::protocols::causal);
