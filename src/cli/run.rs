//! `faultline run`.

use super::{FAILED, Format, print};
use crate::base::Micros;
use crate::protocols;
use crate::sim::scenario::Blueprint;
use crate::sim::sentence::Reader;
use crate::sim::timeline::Timeline;
use crate::sim::trace::Rec;
use crate::sim::world::{Watch, World};
use crate::wire::{Outcome, RowKind, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

pub fn run(path: &Path, seed: Option<u64>, until: Micros, format: Format) -> Result<ExitCode, String> {
    let mut blueprint = read(path)?;
    if let Some(seed) = seed {
        blueprint = blueprint.with_seed(seed);
    }
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: true }, None);
    timeline.advance(until, u64::MAX);
    match format {
        Format::Summary => print(&summary(&timeline)),
        Format::Jsonl => jsonl(&timeline),
    }
    let broken = timeline.head().broken.iter().any(Option::is_some);
    Ok(if broken { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// `faultline json`: any scenario, checked, as JSON.
pub fn json(path: &Path) -> Result<ExitCode, String> {
    print(&(read(path)?.scenario.to_json() + "\n"));
    Ok(ExitCode::SUCCESS)
}

pub fn read(path: &Path) -> Result<Blueprint, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    Blueprint::read(&SourceFile { name, text }, protocols::all())
}

fn reader<'a>(timeline: &'a Timeline, world: &'a World) -> Reader<'a> {
    Reader {
        trace: &timeline.trace,
        setup: &world.setup,
        machine: &*world.machine,
        properties: &world.describe.properties,
    }
}

/// Writing to a string cannot fail.
fn summary(timeline: &Timeline) -> String {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader = reader(timeline, world);
    let mut text = String::new();
    let scenario = &timeline.blueprint.scenario;
    let _ = writeln!(text, "{} ({}, seed {})", scenario.title, scenario.protocol, world.setup.seed);
    let _ = writeln!(text, "simulated time    {}", Micros(world.now));
    let _ = writeln!(text, "steps             {}", world.step);
    let _ = writeln!(text, "events            {}", trace.len());
    let counters = &world.counters;
    let _ = writeln!(
        text,
        "messages          {} sent ({} bytes), {} delivered, {} lost",
        counters.sent, counters.sent_bytes, counters.delivered, counters.lost
    );
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for rec in trace.rows() {
        match rec.kind {
            RowKind::Send => {
                let kind = reader.message_kind(rec).unwrap_or(0);
                *kinds.entry(world.describe.messages[usize::from(kind)].0).or_default() += 1;
            }
            RowKind::Complete => {
                let (op, outcome, ..) = trace.completed(rec);
                *outcomes.entry(format!("{} {outcome}", op.f)).or_default() += 1;
            }
            _ => {}
        }
    }
    for (kind, count) in kinds {
        let _ = writeln!(text, "  {kind:<16}{count}");
    }
    let _ = writeln!(text, "operations");
    for (outcome, count) in outcomes {
        let _ = writeln!(text, "  {outcome:<16}{count}");
    }
    let open: usize = world.shells.iter().map(|shell| shell.open_ops.len()).sum();
    let _ = writeln!(text, "  still open      {open}");
    let _ = writeln!(text, "properties");
    for ((name, _), broken) in world.describe.properties.iter().zip(&world.broken) {
        let _ = match broken {
            None => writeln!(text, "  holds   {name}"),
            Some((row, why)) => writeln!(text, "  BROKEN  {name}, at event {row} ({}): {why}", trace.get(*row).time()),
        };
    }
    if let Some(why) = world.halted {
        let _ = writeln!(text, "{why}");
    }
    let _ = writeln!(text, "trace hash        {:016x}", world.trace_hash());
    text
}

/// One object a row. Fields: `id` (from 0), `at_us` (simulated microseconds), `step`, `kind` (as goals name it),
/// `node`, `peer` and `message` (rows about a message), `cause` (id of the row that caused it), `clock` (vector clock,
/// one entry a node), `outcome` (ends of operations), `text` (the sentence).
fn jsonl(timeline: &Timeline) {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader = reader(timeline, world);
    let clocks = match trace.len() {
        0 => Vec::new(),
        rows => trace.clocks(world.setup.nodes.len(), rows as u32 - 1),
    };
    for (id, rec) in trace.rows().iter().enumerate() {
        let mut line = serde_json::json!({
            "id": id,
            "at_us": rec.at,
            "step": rec.step,
            "kind": rec.kind,
            "node": world.setup.nodes[usize::from(rec.node)].name,
            "cause": rec.cause(),
            "clock": clocks[id],
            "text": reader.sentence(rec),
        });
        if is_about_message(rec) {
            line["peer"] = world.setup.nodes[usize::from(rec.peer)].name.as_str().into();
            line["message"] = rec.message().to_string().into();
        }
        if rec.kind == RowKind::Complete {
            let outcome: Outcome = trace.completed(rec).1;
            line["outcome"] = serde_json::to_value(outcome).unwrap_or_default();
        }
        print(&format!("{line}\n"));
    }
}

fn is_about_message(rec: &Rec) -> bool {
    use RowKind::*;
    matches!(rec.kind, Send | Deliver | Lost | Duplicate | Adversary)
}
