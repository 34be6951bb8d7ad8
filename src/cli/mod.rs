//! Layer 8, native only: the command line.
//!
//! Exit codes: 0 good, 1 a property, goal or consistency model failed, 2 bad input, 3 a check reached its limit.

mod check;
mod design;
mod explore;
pub mod lessons;
mod progress;
mod protocols;
mod run;
mod sweep;

use crate::base::Micros;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// A property or goal failed.
const FAILED: u8 = 1;
/// The input cannot be used.
const BAD_INPUT: u8 = 2;
/// A check cannot tell: within its limits, or by what the history says.
const UNKNOWN: u8 = 3;

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
    /// Run a scenario under many seeds: verdicts, and percentiles of measures.
    Sweep {
        scenario: PathBuf,
        /// Seeds A..B: from A up to, not including, B.
        #[arg(long, value_parser = seeds)]
        seeds: (u64, u64),
        /// Threads; as many as the machine has, unless it is said.
        #[arg(long)]
        jobs: Option<u64>,
        /// A measure (may be given several times; all without it): leaderless_time, elections, split_votes,
        /// commit_latency, messages_per_commit, bytes_per_commit, latency, answered.
        #[arg(long = "measure", value_name = "NAME")]
        measures: Vec<String>,
        /// Simulated time to run each seed to.
        #[arg(long, default_value = "10s", value_parser = Micros::parse)]
        until: Micros,
        /// Random faults upon the scenario up to there; then all heals, and every client must get an operation of each kind
        /// done.
        #[arg(long)]
        faults: bool,
        /// Write the run of the first failing seed, which `faultline run` and the page open.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Only the I-th of N parts of the seeds; `faultline merge` puts the JSON reports together.
        #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = shard)]
        shard: (u64, u64),
        #[arg(long, value_enum, default_value = "text")]
        format: SweepFormat,
    },
    /// Put the JSON reports of a sweep's shards together.
    Merge {
        #[arg(required = true)]
        reports: Vec<PathBuf>,
        #[arg(long, value_enum, default_value = "text")]
        format: SweepFormat,
    },
    /// Check a history of clients' operations (JSON lines in Jepsen's form) against a consistency model.
    Check(check::Order),
    /// Explore every order in which things may happen in a small scenario, within budgets of faults.
    Explore(explore::Order),
    /// Run a design (TOML) under its load and faults, for many seeds: latencies, queues, what was lost, requirements.
    Design {
        design: PathBuf,
        /// An exercise of the lessons: the file is a graph, which is put under the exercise's load and faults.
        #[arg(long, value_name = "SLUG")]
        exercise: Option<String>,
        /// Where the lessons are.
        #[arg(long, default_value = "lessons")]
        lessons: PathBuf,
        /// Seeds A..B: from A up to, not including, B.
        #[arg(long, default_value = "0..10", value_parser = seeds)]
        seeds: (u64, u64),
        #[arg(long, value_enum, default_value = "text")]
        format: SweepFormat,
    },
    /// Print a scenario as JSON, the form that the page reads.
    Json { scenario: PathBuf },
    /// List the protocols with roles, messages, properties and parameters.
    Protocols,
    /// Look at what a learner hands in.
    Progress {
        #[command(subcommand)]
        command: ProgressCommand,
    },
    /// Work on lessons.
    Lessons {
        #[command(subcommand)]
        command: LessonsCommand,
    },
}

#[derive(Subcommand)]
enum ProgressCommand {
    /// Play again the run that is kept with each met goal, and confirm it. This proves no authorship.
    Verify {
        /// A file that the page saved.
        file: PathBuf,
        #[arg(long, default_value = "lessons")]
        lessons: PathBuf,
    },
}

#[derive(Subcommand)]
enum LessonsCommand {
    /// Begin a lesson: a small one that passes the check, to be changed step by step.
    New {
        /// The folder's name: small letters, digits and hyphens.
        slug: String,
        /// Chapter and number, as in 9.1.
        #[arg(long, default_value = "15.1")]
        id: String,
        #[arg(long, default_value = "lessons")]
        folder: PathBuf,
    },
    /// Print the JSON Schema of a lesson's or a design exercise's file.
    Schema {
        #[arg(value_enum, default_value = "lesson")]
        of: Schema,
    },
    /// Prove every lesson and design exercise of a folder, or one: schema, goals, predictions, numbers, links; requirements.
    Check {
        /// A folder of lessons, or of one lesson or exercise.
        #[arg(default_value = "lessons")]
        folder: PathBuf,
        /// Play the solutions of one lesson, or the designs of one exercise, on so many seeds.
        #[arg(long)]
        seeds: Option<u64>,
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
enum Schema {
    /// `lesson.toml`
    Lesson,
    /// `solution.toml`
    Solution,
    /// `exercise.toml` of a design exercise
    Exercise,
    /// `accepted/*.toml` and `wrong/*.toml` of a design exercise
    Reference,
    /// A design by itself
    Design,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Events, messages by kind, operations, properties, trace hash.
    Summary,
    /// One JSON object a row of the trace: id, at_us, step, kind, node, peer, message, cause, clock, text.
    Jsonl,
    /// A Mermaid sequence diagram, as text.
    Mermaid,
    /// A log with vector clocks that ShiViz reads.
    Shiviz,
    /// Values over time: latency, operations, messages, what is in flight, load.
    Csv,
    /// Operations as traces: OpenTelemetry's JSON.
    Otlp,
    /// The space-time diagram as a picture.
    Svg,
    /// The clients' operations, as JSON lines in Jepsen's form: what `faultline check` reads.
    History,
    /// The same in EDN.
    Edn,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SweepFormat {
    /// Verdicts, the first failing seed with its replay, and a table of percentiles.
    Text,
    /// One object: verdicts, and for each measure its figures and all of its values.
    Json,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let range = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    range.filter(|(a, b)| a < b).ok_or_else(|| "write A..B with A below B, as in 0..2000".into())
}

fn shard(text: &str) -> Result<(u64, u64), String> {
    let shard = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    shard.filter(|(i, n)| 1 <= *i && i <= n).ok_or_else(|| "write I/N with I from 1 to N, as in 2/8".into())
}

/// Runs the command line; panics are our bugs, everything else is an exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run { scenario, seed, until, format } => run::run(&scenario, seed, until, format),
        Command::Sweep { scenario, seeds, jobs, measures, until, faults, out, shard, format } => {
            let threads = || std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
            let jobs = jobs.unwrap_or_else(threads);
            sweep::sweep(&sweep::Order { scenario, seeds, jobs, measures, until, faults, out, shard, format })
        }
        Command::Merge { reports, format } => sweep::merge(&reports, format),
        Command::Check(order) => check::check(&order),
        Command::Explore(order) => explore::explore(&order),
        Command::Design { design, exercise, lessons, seeds, format } => {
            design::design(&design::Order { design, exercise, lessons, seeds, format })
        }
        Command::Json { scenario } => run::json(&scenario),
        Command::Protocols => protocols::list(),
        Command::Progress { command: ProgressCommand::Verify { file, lessons } } => progress::check(&file, &lessons),
        Command::Lessons { command: LessonsCommand::New { slug, id, folder } } => lessons::begin(&folder, &slug, &id),
        Command::Lessons { command: LessonsCommand::Schema { of } } => {
            print(&match of {
                Schema::Lesson => crate::lesson::schema::lesson(),
                Schema::Solution => crate::lesson::schema::solution(),
                Schema::Exercise => crate::lesson::schema::exercise(),
                Schema::Reference => crate::lesson::schema::reference(),
                Schema::Design => crate::lesson::schema::design(),
            });
            Ok(ExitCode::SUCCESS)
        }
        Command::Lessons { command: LessonsCommand::Check { folder, seeds } } => lessons::check(&folder, seeds),
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
