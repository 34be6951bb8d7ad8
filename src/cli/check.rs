//! `faultline check`.

use super::{FAILED, UNKNOWN, print};
use crate::base::json::Json;
use crate::check::history;
use crate::check::linear::{self, Evidence, Limits, Report, Verdict};
use crate::check::spec::{MODELS, Readings};
use crate::wire::Datum;
use clap::{Args, ValueEnum};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Order {
    /// One event a line: {"process":0,"type":"invoke","f":"write","key":"x","value":3,"time":1000}
    history: PathBuf,
    /// What the object is: register, cas-register, kv, counter, set, queue, stack, lock, list-append, rw-register.
    #[arg(long, value_parser = model)]
    model: String,
    #[arg(long, value_enum, default_value = "linearizable")]
    consistency: Consistency,
    /// A compare-and-set that failed: it never happened and says nothing, or the value did not match.
    #[arg(long, value_enum, default_value = "never-happened")]
    failed_cas: FailedCas,
    /// A read that answered nothing (null): it saw the initial state, or it says nothing.
    #[arg(long, value_enum, default_value = "initial")]
    nil_read: NilRead,
    /// Calls tried before it is given up as unknown.
    #[arg(long, default_value_t = Limits::default().steps)]
    steps: u64,
    /// Configurations kept before it is given up as unknown.
    #[arg(long, default_value_t = Limits::default().configurations)]
    configurations: usize,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Consistency {
    /// An order in keeping with real time that one copy could have answered so. For transactions: strictly serializable.
    Linearizable,
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

pub fn check(order: &Order) -> Result<ExitCode, String> {
    let name = order.history.display().to_string();
    let text = std::fs::read_to_string(&order.history).map_err(|error| format!("{name}: {error}"))?;
    let history = history::read(&text).map_err(|why| format!("{name}: {why}"))?;
    let readings = Readings {
        failed_cas_did_not_match: order.failed_cas == FailedCas::DidNotMatch,
        nil_read_says_nothing: order.nil_read == NilRead::SaysNothing,
    };
    let limits = Limits { steps: order.steps, configurations: order.configurations, explain: true };
    let report = match order.consistency {
        Consistency::Linearizable => linear::check(&order.model, &history, readings, limits),
    };
    let report = report.map_err(|why| format!("{name}: {why}"))?;
    match order.format {
        Format::Text => print(&words(&report)),
        Format::Json => {
            let mut out = String::new();
            json(&report).write(&mut out);
            print(&(out + "\n"));
        }
    }
    Ok(match report.verdict {
        Verdict::Satisfied => ExitCode::SUCCESS,
        Verdict::Violated(_) => ExitCode::from(FAILED),
        Verdict::Unknown(_) => ExitCode::from(UNKNOWN),
    })
}

fn key(report: &Report) -> String {
    if report.key == Datum::None { String::new() } else { format!(", key {}", report.key) }
}

/// Writing to a string cannot fail.
fn words(report: &Report) -> String {
    let mut text = String::new();
    let _ = match &report.verdict {
        Verdict::Satisfied => writeln!(text, "linearizable"),
        Verdict::Violated(_) => writeln!(text, "NOT linearizable{}", key(report)),
        Verdict::Unknown(why) => writeln!(text, "unknown{}: {why}", key(report)),
    };
    if let Verdict::Violated(Some(evidence)) = &report.verdict {
        let _ = writeln!(text, "{}", evidence.sentence);
        let _ = writeln!(text, "first seen at line {}", evidence.line);
        let _ =
            writeln!(text, "not true together{}:", if evidence.minimal { "" } else { " (perhaps not all are needed)" });
        for (line, op) in evidence.core_lines.iter().zip(&evidence.core) {
            let _ = writeln!(text, "  line {line:<6}{op}");
        }
        if let Some(longest) = evidence.partial.first() {
            let _ = writeln!(text, "longest order, by lines: {}", list(longest, 40));
        }
    }
    let Report { operations, keys, steps, configurations, .. } = report;
    let _ = writeln!(
        text,
        "{operations} operations on {keys} {}, {steps} calls tried, {configurations} configurations",
        if *keys == 1 { "object" } else { "objects" }
    );
    text
}

/// The last so many.
fn list(lines: &[u32], most: usize) -> String {
    let from = lines.len().saturating_sub(most);
    let shown: Vec<String> = lines[from..].iter().map(u32::to_string).collect();
    format!("{}{}", if from > 0 { "… " } else { "" }, shown.join(" "))
}

fn json(report: &Report) -> Json {
    let text = |text: &str| Json::Text(text.to_owned());
    let lines = |lines: &[u32]| Json::List(lines.iter().map(|line| Json::Int(i64::from(*line))).collect());
    let (verdict, why, evidence): (_, _, Option<&Evidence>) = match &report.verdict {
        Verdict::Satisfied => ("satisfied", None, None),
        Verdict::Violated(evidence) => {
            ("violated", evidence.as_ref().map(|evidence| evidence.sentence.as_str()), evidence.as_deref())
        }
        Verdict::Unknown(why) => ("unknown", Some(why.as_str()), None),
    };
    let mut fields = vec![("verdict", text(verdict)), ("why", why.map_or(Json::Null, text))];
    if report.key != Datum::None {
        fields.push(("key", text(&report.key.to_string())));
    }
    if let Some(evidence) = evidence {
        fields.push(("line", Json::Int(i64::from(evidence.line))));
        fields.push(("operation", text(&evidence.operation)));
        fields.push(("core", Json::List(evidence.core.iter().map(|op| text(op)).collect())));
        fields.push(("core_lines", lines(&evidence.core_lines)));
        fields.push(("minimal", Json::Bool(evidence.minimal)));
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
