//! The wasm that writes runs in the forms of other tools. It knows all protocols; the page loads it when somebody exports.

#[cfg(target_arch = "wasm32")]
fn main() {
    faultline::worker::register_writer(faultline::protocols::all, faultline::export::writer);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    eprintln!("This program is the browser's; natively `faultline run --format` writes the same forms.");
    std::process::ExitCode::from(2)
}
