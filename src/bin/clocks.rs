//! The wasm of the engine for clocks, and for values that merge, which the page runs in a worker.

faultline::engine!(faultline::protocols::clocks);
