//! `faultline check`.

use super::{FAILED, UNKNOWN, print};
use crate::base::Micros;
use crate::base::json::Json;
use crate::check::consistency::{self, Consistency, NAMES, Options};
use crate::check::history;
use crate::check::limits::{Limits, Stop};
use crate::check::linear::{Evidence, Link, Report, Verdict};
use crate::check::spec::{MODELS, Readings};
use crate::check::weak::Versions;
use crate::check::weak::stale::Bound;
use crate::wire::Datum;
use clap::{Args, ValueEnum};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Order {
    /// One event a line: {"process":0,"type":"invoke","f":"write","key":"x","value":3,"time":1000}
    history: PathBuf,
    /// What the object is: register, cas-register, kv, counter, set, queue, stack, lock, list-append, rw-register.
    #[arg(long, value_parser = model)]
    model: String,
    /// What is asked of it, as in sequential, causal, read-your-writes, snapshot-isolation; all: which of them hold.
    #[arg(long, value_parser = asked, default_value = "linearizable")]
    consistency: Asked,
    /// For bounded-staleness: how old what is read may be, as in 100ms.
    #[arg(long, value_parser = Micros::parse)]
    within: Option<Micros>,
    /// For bounded-staleness: how many versions behind the newest it may be.
    #[arg(long)]
    versions: Option<u32>,
    /// For eventual: reads must agree that begin later than this after the last write; without it, the last of each process.
    #[arg(long, value_parser = Micros::parse)]
    settle: Option<Micros>,
    /// For read-your-writes, monotonic-reads and the like: which of two versions is newer.
    #[arg(long, value_enum, default_value = "derived")]
    version_order: VersionOrder,
    /// A compare-and-set that failed: it never happened and says nothing, or the value did not match.
    #[arg(long, value_enum, default_value = "never-happened")]
    failed_cas: FailedCas,
    /// A read that answered nothing (null): it saw the initial state, or it says nothing.
    #[arg(long, value_enum, default_value = "initial")]
    nil_read: NilRead,
    /// Calls tried before it is given up as unknown.
    #[arg(long, default_value_t = Limits::GENEROUS.steps)]
    steps: u64,
    /// Memory, in MB, before it is given up as unknown.
    #[arg(long, default_value_t = Limits::GENEROUS.bytes >> 20, value_parser = clap::value_parser!(u64).range(..1 << 44))]
    memory: u64,
    /// Seconds before it is given up as unknown; else it takes as long as it takes.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time: Option<Duration>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy)]
enum Asked {
    All,
    One(Consistency),
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum VersionOrder {
    /// Of two that one process wrote the later; what a compare-and-set wrote than what it found.
    Derived,
    /// Also one whose write began after the other's had ended.
    RealTime,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FailedCas {
    NeverHappened,
    DidNotMatch,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum NilRead {
    Initial,
    SaysNothing,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn model(text: &str) -> Result<String, String> {
    let known = MODELS.iter().any(|(name, _)| *name == text);
    let all = || MODELS.iter().map(|(name, what)| format!("\n  {name:<14}{what}")).collect::<String>();
    if known { Ok(text.to_owned()) } else { Err(format!("there are these models:{}", all())) }
}

fn asked(text: &str) -> Result<Asked, String> {
    let all = || NAMES.iter().map(|(name, _, what)| format!("\n  {name:<34}{what}")).collect::<String>();
    match Consistency::named(text) {
        Some(one) => Ok(Asked::One(one)),
        None if text == "all" => Ok(Asked::All),
        None => Err(format!("there are these:{}\n  {:<34}which of these hold", all(), "all")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "write a number of seconds, as in 30 or 0.5".into())
}

/// From now on so long. It lives as long as the program, as does what is checked.
fn stop(time: Option<Duration>) -> Stop {
    let begun = Instant::now();
    time.map_or(Stop::NEVER, |time| Stop::when(Box::leak(Box::new(move || begun.elapsed() >= time))))
}

pub fn check(order: &Order) -> Result<ExitCode, String> {
    let stop = stop(order.time);
    let name = order.history.display().to_string();
    let text = std::fs::read_to_string(&order.history).map_err(|error| format!("{name}: {error}"))?;
    let history = history::read(&text).map_err(|why| format!("{name}: {why}"))?;
    if history.operations.is_empty() {
        return Err(format!("{name}: there is no operation of a client in it, so there is nothing to judge"));
    }
    let readings = Readings {
        failed_cas_did_not_match: order.failed_cas == FailedCas::DidNotMatch,
        nil_read_says_nothing: order.nil_read == NilRead::SaysNothing,
    };
    let limits = Limits { steps: order.steps, bytes: order.memory << 20, stop, explain: true };
    let ns = |time: Option<Micros>| time.map(|time| (time.0 as i64).saturating_mul(1_000));
    let options = Options {
        readings,
        limits,
        bound: Bound { age_ns: ns(order.within), versions: order.versions },
        settle_ns: ns(order.settle),
        versions: if order.version_order == VersionOrder::RealTime { Versions::RealTime } else { Versions::Derived },
    };
    let (text, reports) = match order.consistency {
        Asked::One(one) => {
            let report = consistency::check(&order.model, one, &history, options);
            let report = report.map_err(|why| format!("{name}: {why}"))?;
            let text = match order.format {
                Format::Text => words(one.name(), &report),
                Format::Json => line(json(one.name(), &report)),
            };
            (text, vec![report])
        }
        Asked::All => {
            let reports = consistency::lattice(&order.model, &history, options);
            let reports = reports.map_err(|why| format!("{name}: {why}"))?;
            let text = match order.format {
                Format::Text => reports.iter().rev().map(|(one, report)| row(one.name(), report)).collect(),
                Format::Json => {
                    line(Json::List(reports.iter().rev().map(|(one, report)| json(one.name(), report)).collect()))
                }
            };
            (text, reports.into_iter().map(|(_, report)| report).collect())
        }
    };
    print(&text);
    let any = |is: fn(&Verdict) -> bool| reports.iter().any(|report| is(&report.verdict));
    Ok(if any(|verdict| matches!(verdict, Verdict::Violated(_))) {
        ExitCode::from(FAILED)
    } else if any(|verdict| matches!(verdict, Verdict::Unknown(_))) {
        ExitCode::from(UNKNOWN)
    } else {
        ExitCode::SUCCESS
    })
}

fn line(json: Json) -> String {
    let mut out = String::new();
    json.write(&mut out);
    out + "\n"
}

/// A model of many, and whether it holds.
fn row(name: &str, report: &Report) -> String {
    match &report.verdict {
        Verdict::Satisfied => format!("holds    {name}\n"),
        Verdict::Violated(Some(evidence)) => format!("NOT      {name:<34}{}\n", evidence.sentence),
        Verdict::Violated(None) => format!("NOT      {name}\n"),
        Verdict::Unknown(why) => format!("unknown  {name:<34}{why}\n"),
    }
}

fn key(report: &Report) -> String {
    if report.key == Datum::None { String::new() } else { format!(", key {}", report.key) }
}

/// Writing to a string cannot fail.
fn words(name: &str, report: &Report) -> String {
    let mut text = String::new();
    let _ = match &report.verdict {
        Verdict::Satisfied => writeln!(text, "{name}"),
        Verdict::Violated(_) => writeln!(text, "NOT {name}{}", key(report)),
        Verdict::Unknown(why) => writeln!(text, "unknown{}: {why}", key(report)),
    };
    if let Verdict::Violated(Some(evidence)) = &report.verdict {
        let _ = writeln!(text, "{}", evidence.sentence);
        let perhaps = if evidence.shortest { "" } else { " at the latest (a limit left it open before)" };
        let _ = writeln!(text, "first seen at line {}{perhaps}", evidence.line);
        let _ =
            writeln!(text, "not true together{}:", if evidence.minimal { "" } else { " (perhaps not all are needed)" });
        for (line, op) in evidence.core_lines.iter().zip(&evidence.core) {
            let _ = writeln!(text, "  line {line:<6}{op}");
        }
        for longest in &evidence.partial {
            let _ = writeln!(text, "longest order, by lines: {}", list(longest, 40));
        }
    }
    let Report { operations, keys, steps, configurations, .. } = report;
    let _ = write!(text, "{operations} operations on {keys} {}", if *keys == 1 { "object" } else { "objects" });
    let _ = match steps {
        0 => writeln!(text),
        steps => writeln!(text, ", {steps} calls tried, {configurations} configurations"),
    };
    text
}

/// The last so many.
fn list(lines: &[u32], most: usize) -> String {
    let from = lines.len().saturating_sub(most);
    let shown: Vec<String> = lines[from..].iter().map(u32::to_string).collect();
    format!("{}{}", if from > 0 { "… " } else { "" }, shown.join(" "))
}

fn json(name: &str, report: &Report) -> Json {
    let text = |text: &str| Json::Text(text.to_owned());
    let lines = |lines: &[u32]| Json::List(lines.iter().map(|line| Json::Int(i64::from(*line))).collect());
    let (verdict, why, evidence): (_, _, Option<&Evidence>) = match &report.verdict {
        Verdict::Satisfied => ("satisfied", None, None),
        Verdict::Violated(evidence) => {
            ("violated", evidence.as_ref().map(|evidence| evidence.sentence.as_str()), evidence.as_deref())
        }
        Verdict::Unknown(why) => ("unknown", Some(why.as_str()), None),
    };
    let mut fields =
        vec![("consistency", text(name)), ("verdict", text(verdict)), ("why", why.map_or(Json::Null, text))];
    if report.key != Datum::None {
        fields.push(("key", text(&report.key.to_string())));
    }
    if let Some(evidence) = evidence {
        fields.push(("line", Json::Int(i64::from(evidence.line))));
        fields.push(("operation", text(&evidence.operation)));
        fields.push(("core", Json::List(evidence.core.iter().map(|op| text(op)).collect())));
        fields.push(("core_lines", lines(&evidence.core_lines)));
        fields.push(("minimal", Json::Bool(evidence.minimal)));
        fields.push(("shortest", Json::Bool(evidence.shortest)));
        let link = |link: &Link| {
            let ends = [("from", link.from), ("to", link.to)].map(|(name, line)| (name.into(), Json::Int(line.into())));
            Json::Map(ends.into_iter().chain([("why".to_owned(), text(&link.why))]).collect())
        };
        fields.push(("links", Json::List(evidence.links.iter().map(link).collect())));
        fields.push(("partial", Json::List(evidence.partial.iter().map(|order| lines(order)).collect())));
    }
    let orders = report.orders.iter().map(|(_, order)| lines(order));
    fields.push(("orders", Json::List(orders.collect())));
    fields.push(("operations", Json::Int(report.operations as i64)));
    fields.push(("objects", Json::Int(report.keys as i64)));
    fields.push(("steps", Json::Int(report.steps as i64)));
    fields.push(("configurations", Json::Int(report.configurations as i64)));
    Json::Map(fields.into_iter().map(|(name, json)| (name.to_owned(), json)).collect())
}
