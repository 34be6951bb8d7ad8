//! `faultline explore`.

use super::{FAILED, UNKNOWN, print, run};
use crate::base::Micros;
use crate::base::json::Json;
use crate::check::explore::cluster::{Bounds, Cluster, Move};
use crate::check::explore::record::{Case, Start, replay, told};
use crate::check::explore::{Finding, Options, Report, Strategy, Verdict, explore as search, minimise};
use crate::protocols;
use crate::sim::scenario::Scenario;
use clap::{Args, ValueEnum};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Args)]
pub struct Order {
    /// Its nodes and parameters, and the requests that it commands: clients make them in this order, at any moment.
    scenario: PathBuf,
    /// bfs finds a shortest counterexample; dfs and random go deep.
    #[arg(long, value_enum, default_value = "bfs")]
    strategy: Way,
    /// Steps from the start at most; 300 for random walks, unless it is said.
    #[arg(long)]
    depth: Option<u32>,
    /// Distinct states at most.
    #[arg(long, default_value_t = 10_000_000)]
    states: u64,
    /// Memory at most, in MB.
    #[arg(long, default_value_t = 2_048)]
    memory: u64,
    /// Random walks, and their seed.
    #[arg(long, default_value_t = 10_000)]
    walks: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Crashes at most; a node that crashed may restart at any time.
    #[arg(long, default_value_t = 0)]
    crashes: u8,
    /// Messages that may be lost.
    #[arg(long, default_value_t = 0)]
    drops: u8,
    /// How often the network may be cut in two, one cut at a time.
    #[arg(long, default_value_t = 0)]
    partitions: u8,
    /// How often timers may fire.
    #[arg(long, default_value_t = 0)]
    timers: u8,
    /// How often one may fire although another is due before it, which then fires late.
    #[arg(long, default_value_t = 0)]
    early: u8,
    /// Run the scenario as it is up to here, and explore what may come of that.
    #[arg(long, default_value = "0s", value_parser = Micros::parse)]
    from: Micros,
    /// Syncs of disks take the scenario's time, so that a crash may come before one is done; else they take none.
    #[arg(long)]
    syncs: bool,
    /// Demand too that every request ends on every way.
    #[arg(long)]
    answered: bool,
    /// Take states for one that differ by the names of nodes that are alike, if the protocol has such.
    #[arg(long)]
    symmetry: bool,
    /// Write the counterexample as a run, which the page opens.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Way {
    Bfs,
    Dfs,
    Random,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A counterexample as it is shown.
struct Shown {
    property: &'static str,
    why: String,
    steps: usize,
    /// Where it goes round for ever.
    cycle: Option<usize>,
    sentences: Vec<String>,
    /// The run, or why the engine's commands cannot force it.
    run: Result<Scenario, String>,
}

pub fn explore(order: &Order) -> Result<ExitCode, String> {
    let scenario = run::read(&order.scenario)?.scenario;
    let name = order.scenario.display().to_string();
    let start = Start { from: order.from, syncs: order.syncs };
    let wrong = |why: String| format!("{name}: {why}");
    let case = Case::new(scenario, start, protocols::all()).map_err(wrong)?;
    let Order { crashes, drops, partitions, timers, early, answered, symmetry, .. } = *order;
    let bounds = Bounds { crashes, drops, partitions, timers, early, memory: true, answered };
    let mut cluster = case.cluster(bounds).map_err(wrong)?;
    if symmetry {
        cluster = cluster.symmetric().map_err(wrong)?;
    }
    let strategy = match order.strategy {
        Way::Bfs => Strategy::Breadth,
        Way::Dfs => Strategy::Depth,
        Way::Random => Strategy::Walks { seed: order.seed, walks: order.walks },
    };
    let longest = if order.strategy == Way::Random { 300 } else { u32::MAX };
    let depth = order.depth.unwrap_or(longest);
    let options = Options { strategy, depth, states: order.states, bytes: order.memory << 20, symmetry };
    let begun = Instant::now();
    let report = search(&cluster, options);
    let seconds = begun.elapsed().as_secs_f64();
    let shown = report.violation.as_ref().map(|finding| show(&case, &cluster, finding, order.syncs)).transpose()?;
    if let (Some(out), Some(Shown { run: Ok(run), .. })) = (&order.out, &shown) {
        std::fs::write(out, run.to_json() + "\n").map_err(|error| format!("{}: {error}", out.display()))?;
    }
    print(&match order.format {
        Format::Text => text(&case, &report, shown.as_ref(), seconds),
        Format::Json => {
            let mut out = String::new();
            json(&report, shown.as_ref(), seconds).write(&mut out);
            out + "\n"
        }
    });
    Ok(match report.verdict() {
        Verdict::Holds => ExitCode::SUCCESS,
        Verdict::Broken => ExitCode::from(FAILED),
        Verdict::Unknown(_) => ExitCode::from(UNKNOWN),
    })
}

/// Makes a counterexample small, and runs it in the engine.
fn show(case: &Case, cluster: &Cluster, finding: &Finding<Move>, syncs: bool) -> Result<Shown, String> {
    let small = minimise::shorten(cluster, finding);
    let property = small.property.name;
    let mut shown = Shown {
        property,
        why: "nothing can happen any more, and a request is open".into(),
        steps: small.actions.len(),
        cycle: small.cycle,
        sentences: Vec::new(),
        run: case.run(cluster, &small),
    };
    if let Ok(run) = &shown.run {
        let timeline = replay(run.clone(), protocols::all())?;
        shown.sentences = told(&timeline, case.held_at(), syncs).into_iter().map(|(_, words)| words).collect();
        let world = timeline.head();
        let places = world.describe.properties.iter().zip(&world.broken);
        let mut broken = places.filter(|((name, _), _)| *name == property);
        match broken.next() {
            Some((_, Some((_, why)))) => shown.why = why.to_string(),
            Some((_, None)) => return Err(format!("the run does not break \"{property}\": please report this")),
            None => {}
        }
    }
    Ok(shown)
}

/// Writing to a string cannot fail.
fn text(case: &Case, report: &Report<Move>, shown: Option<&Shown>, seconds: f64) -> String {
    let mut text = String::new();
    let _ = match (shown, report.verdict()) {
        (Some(shown), _) => writeln!(text, "\"{}\" breaks after {} steps: {}", shown.property, shown.steps, shown.why),
        (None, Verdict::Unknown(bound)) => writeln!(text, "nothing found, and not all was seen: {bound}"),
        (None, _) => writeln!(text, "nothing found, and all was seen"),
    };
    if let Some(shown) = shown {
        for (place, sentence) in shown.sentences.iter().enumerate() {
            let _ = writeln!(text, "{:>4}  {sentence}", place + 1);
        }
        if let Some(cycle) = shown.cycle {
            let _ = writeln!(text, "from step {} on it goes round for ever", cycle + 1);
        }
        if let Err(why) = &shown.run {
            let _ = writeln!(text, "commands cannot force this run: {why}");
        }
    }
    for example in &report.examples {
        let _ = writeln!(text, "{}: possible, in {} steps", example.property.name, example.actions.len());
    }
    for property in &report.unseen {
        let _ = writeln!(text, "{}: in no state that was seen", property.name);
    }
    let Report { distinct, generated, ends, depth, bytes, .. } = report;
    let requests: usize = case.programs.iter().map(|(_, ops)| ops.len()).sum();
    let rate = *generated as f64 / seconds.max(1e-9);
    let _ = writeln!(
        text,
        "{requests} requests; {distinct} distinct states of {generated} generated, {ends} ends, depth {depth}; \
         {seconds:.2} s, {rate:.0} states a second, {} MB",
        bytes >> 20
    );
    let _ = writeln!(text, "two states taken for one: a probability of at most {:.1e}", report.mistaken());
    text
}

fn json(report: &Report<Move>, shown: Option<&Shown>, seconds: f64) -> Json {
    let text = |text: &str| Json::Text(text.to_owned());
    let number = |n: u64| Json::Int(n as i64);
    let (verdict, bound) = match report.verdict() {
        Verdict::Holds => ("holds", Json::Null),
        Verdict::Broken => ("broken", Json::Null),
        Verdict::Unknown(bound) => ("unknown", text(&bound.to_string())),
    };
    let mut fields = vec![("verdict", text(verdict)), ("bound", bound)];
    if let Some(shown) = shown {
        fields.push(("property", text(shown.property)));
        fields.push(("why", text(&shown.why)));
        fields.push(("steps", number(shown.steps as u64)));
        fields.push(("way", Json::List(shown.sentences.iter().map(|sentence| text(sentence)).collect())));
    }
    let examples = report.examples.iter().map(|example| text(example.property.name));
    fields.push(("examples", Json::List(examples.collect())));
    fields.push(("distinct", number(report.distinct)));
    fields.push(("generated", number(report.generated)));
    fields.push(("ends", number(report.ends)));
    fields.push(("depth", number(report.depth.into())));
    fields.push(("bytes", number(report.bytes)));
    fields.push(("milliseconds", number((seconds * 1e3) as u64)));
    Json::Map(fields.into_iter().map(|(name, json)| (name.to_owned(), json)).collect())
}
