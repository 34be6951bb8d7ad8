//! The wasm of the engine for routers, which the page runs in a worker.

#[cfg(target_arch = "wasm32")]
fn main() {
    faultline::worker::register(faultline::protocols::routes);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    eprintln!("This program is the browser's engine; natively the same engine is in `faultline`.");
    std::process::ExitCode::from(2)
}
