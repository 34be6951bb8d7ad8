//! The wasm that runs designs for the board. It knows the load model and no protocol; the page loads it when somebody opens
//! the board, and for a grading as many times as there are cores.

#[cfg(target_arch = "wasm32")]
fn main() {
    faultline::worker::register_desk(faultline::jobs::design::desk);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    eprintln!("This program is the browser's; natively `faultline design` does the same.");
    std::process::ExitCode::from(2)
}
