//! The wasm that sweeps over seeds and searches for counterexamples. It knows all protocols; the page loads it when somebody
//! asks for either, as many times as there are cores.

#[cfg(target_arch = "wasm32")]
fn main() {
    faultline::worker::register(faultline::protocols::all, faultline::jobs::writer);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    eprintln!("This program is the browser's; natively `faultline sweep` and `faultline explore` do the same.");
    std::process::ExitCode::from(2)
}
