//! Layer 7, native only: the command line.
//!
//! Exit codes: 0 good, 1 a property or goal failed, 2 bad input.

mod lessons;
mod protocols;
mod run;

use crate::base::Micros;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// A property or goal failed.
const FAILED: u8 = 1;
/// The input cannot be used.
const BAD_INPUT: u8 = 2;

#[derive(Parser)]
#[command(name = "faultline", version, about = "A distributed-systems lab: the engine on the command line.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario (TOML or JSON) and print what happened.
    Run {
        scenario: PathBuf,
        /// Overrides the scenario's seed.
        #[arg(long)]
        seed: Option<u64>,
        /// Simulated time to run to, as in 10s or 250ms.
        #[arg(long, default_value = "10s", value_parser = Micros::parse)]
        until: Micros,
        #[arg(long, value_enum, default_value = "summary")]
        format: Format,
    },
    /// Print a scenario as JSON, the form that the page reads.
    Json { scenario: PathBuf },
    /// List the protocols with roles, messages, properties and parameters.
    Protocols,
    /// Work on lessons.
    Lessons {
        #[command(subcommand)]
        command: LessonsCommand,
    },
}

#[derive(Subcommand)]
enum LessonsCommand {
    /// Prove every lesson of a folder: schema, goals, predictions, numbers, links.
    Check {
        #[arg(default_value = "lessons")]
        folder: PathBuf,
    },
    /// Pack every lesson for the page: one file each, and the home page's scenario as JSON.
    Pack {
        #[arg(default_value = "lessons")]
        folder: PathBuf,
        /// Where to write them.
        #[arg(default_value = "target/lessons")]
        into: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Events, messages by kind, operations, properties, trace hash.
    Summary,
    /// One JSON object a row of the trace: id, at_us, step, kind, node, peer, message, cause, clock, text.
    Jsonl,
}

/// Runs the command line; panics are our bugs, everything else is an exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run { scenario, seed, until, format } => run::run(&scenario, seed, until, format),
        Command::Json { scenario } => run::json(&scenario),
        Command::Protocols => protocols::list(),
        Command::Lessons { command: LessonsCommand::Check { folder } } => lessons::check(&folder),
        Command::Lessons { command: LessonsCommand::Pack { folder, into } } => lessons::pack(&folder, &into),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(BAD_INPUT)
    })
}

/// Prints to standard output; a reader that has gone away (`| head`) is not an error.
fn print(text: &str) {
    use std::io::Write;
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        std::process::exit(0);
    }
}
