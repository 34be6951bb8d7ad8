//! Layer 6: the command line.

use std::process::ExitCode;

/// Exit code 0: good; 1: a property or goal failed; 2: bad input.
pub fn main() -> ExitCode {
    eprintln!("The command line is not there yet.");
    ExitCode::from(2)
}
