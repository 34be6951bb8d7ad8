//! The wasm of the engine that the page starts with, which it runs in a worker.

faultline::engine!(faultline::protocols::consensus);
