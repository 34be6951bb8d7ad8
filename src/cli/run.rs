//! `faultline run`.

use super::{FAILED, Format, print};
use crate::base::Micros;
use crate::export::{self, Form};
use crate::protocols;
use crate::session::Session;
use crate::sim::scenario::Blueprint;
use crate::sim::sentence::Reader;
use crate::sim::timeline::Timeline;
use crate::sim::world::{Watch, World};
use crate::wire::{OpenRun, Reply, Request, RowKind, RunSource, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

pub fn run(path: &Path, seed: Option<u64>, until: Micros, format: Format) -> Result<ExitCode, String> {
    let form = match format {
        Format::Summary => None,
        Format::Jsonl => Some(Form::Jsonl),
        Format::Mermaid => Some(Form::Mermaid),
        Format::Shiviz => Some(Form::Shiviz),
        Format::Csv => Some(Form::Csv),
        Format::Otlp => Some(Form::Otlp),
        Format::Svg => Some(Form::Svg),
        Format::History => Some(Form::History),
        Format::Edn => Some(Form::Edn),
    };
    let broken = match form {
        Some(form) => exported(path, seed, until, form)?,
        None => {
            let mut blueprint = read(path)?;
            if let Some(seed) = seed {
                blueprint = blueprint.with_seed(seed);
            }
            let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: true }, None);
            timeline.advance(until, u64::MAX);
            print(&summary(&timeline));
            is_broken(&timeline)
        }
    };
    Ok(if broken { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn is_broken(timeline: &Timeline) -> bool {
    timeline.head().broken.iter().any(Option::is_some)
}

/// Prints a run in another form; says whether a property broke.
fn exported(path: &Path, seed: Option<u64>, until: Micros, form: Form) -> Result<bool, String> {
    let mut session = Session::new(protocols::all());
    let mut show = session.handle(Request::Open(OpenRun { source: RunSource::Text(text(path)?), seed, cursor: None }));
    // Each answer may stop short of the wanted time, and ends there when nothing more can happen.
    let mut before = None;
    loop {
        match show.pop() {
            Some(Reply::Frame(frame)) if frame.now >= until || before == Some((frame.now, frame.head_step)) => break,
            Some(Reply::Frame(frame)) => before = Some((frame.now, frame.head_step)),
            Some(Reply::Failed(why)) => return Err(why),
            other => return Err(format!("the engine gave no moment of the run: {other:?}")),
        }
        show = session.handle(Request::Show { at: until });
    }
    let mut text = String::new();
    export::write(&mut session, form, &mut text);
    print(&text);
    Ok(session.timeline().is_some_and(is_broken))
}

/// `faultline json`: any scenario, checked, as JSON.
pub fn json(path: &Path) -> Result<ExitCode, String> {
    print(&(read(path)?.scenario.to_json() + "\n"));
    Ok(ExitCode::SUCCESS)
}

pub fn read(path: &Path) -> Result<Blueprint, String> {
    Blueprint::read(&text(path)?, protocols::all())
}

fn text(path: &Path) -> Result<SourceFile, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(SourceFile { name, text })
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
