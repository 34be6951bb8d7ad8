//! `faultline sweep` and `faultline merge`: a scenario under many seeds, verdicts and measures; reports of shards together
//! say exactly what one sweep over all of their seeds says.

use super::{FAILED, SweepFormat, print, run};
use crate::base::Micros;
use crate::check::measures::MEASURES;
use crate::check::trial::{Outcome, Plan, Trial};
use crate::protocols;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

const VERSION: u32 = 1;

/// What is asked for.
pub struct Order {
    pub scenario: PathBuf,
    pub seeds: (u64, u64),
    pub jobs: u64,
    /// Empty: all.
    pub measures: Vec<String>,
    pub until: Micros,
    /// Random faults, then healing and a demand for progress.
    pub faults: bool,
    /// Where to write the run of the first failing seed.
    pub out: Option<PathBuf>,
    pub shard: (u64, u64),
    pub format: SweepFormat,
}

/// A report, whole or of a shard. As JSON it can be merged with others of the same sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    version: u32,
    scenario: String,
    /// Of the scenario as it was read, in 16 hexadecimal digits: only reports of the same are merged.
    hash: String,
    until_us: u64,
    #[serde(default)]
    faults: bool,
    /// First seed and the one after the last.
    seeds: (u64, u64),
    /// Shards that are in, each as its number from 1, of how many.
    shards: Vec<(u64, u64)>,
    runs: u64,
    /// Runs in which every property held, and that met no bound of the engine.
    good: u64,
    /// For each property that broke: in how many runs.
    violated: BTreeMap<String, u64>,
    /// Runs that met a bound of the engine: they say nothing.
    limited: u64,
    first_failing: Option<Failing>,
    measures: BTreeMap<String, Measured>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    seed: u64,
    property: String,
    reason: String,
    /// The command that shows it.
    replay: String,
}

/// All values of a measure. The figures are made from `values` and are there for readers; merging makes them anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    unit: String,
    /// Runs that gave no value.
    runs_without: u64,
    count: u64,
    mean: f64,
    min: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
    /// Each value with how often it came, in rising order.
    values: Vec<(f64, u64)>,
}

pub fn sweep(order: &Order) -> Result<ExitCode, String> {
    let blueprint = run::read(&order.scenario)?;
    let chosen = chosen(&order.measures)?;
    let (shard, of) = order.shard;
    if shard == 0 || shard > of {
        return Err(format!("--shard {shard}/{of}: write I/N with I from 1 to N"));
    }
    let seeds: Vec<u64> = (order.seeds.0..order.seeds.1).filter(|seed| seed % of == shard - 1).collect();
    if seeds.is_empty() {
        return Err("no seed is asked for: write --seeds A..B with A below B".into());
    }
    let hash = crate::base::hash::bytes(0, blueprint.with_seed(0).scenario.to_json().as_bytes());
    let trial = Trial::new(blueprint, Plan { until: order.until, faults: order.faults }, protocols::all());
    let outcomes = run_all(&trial, order.jobs, &seeds)?;
    let mut report = Report {
        version: VERSION,
        scenario: order.scenario.display().to_string(),
        hash: format!("{hash:016x}"),
        until_us: order.until.0,
        faults: order.faults,
        seeds: order.seeds,
        shards: vec![order.shard],
        runs: 0,
        good: 0,
        violated: BTreeMap::new(),
        limited: 0,
        first_failing: None,
        measures: BTreeMap::new(),
    };
    for &place in &chosen {
        let unit = MEASURES[place].unit.to_owned();
        report.measures.insert(MEASURES[place].name.into(), Measured { unit, ..Measured::default() });
    }
    outcomes.into_iter().for_each(|outcome| report.take(outcome, &chosen, order));
    report.measures.values_mut().for_each(Measured::finish);
    if let (Some(out), Some(failing)) = (&order.out, &report.first_failing) {
        let run = trial.scenario(failing.seed).to_json() + "\n";
        std::fs::write(out, run).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    report.show(order.format)
}

pub fn merge(files: &[PathBuf], format: SweepFormat) -> Result<ExitCode, String> {
    let mut all: Option<Report> = None;
    for file in files {
        let report = Report::read(file)?;
        match &mut all {
            None => all = Some(report),
            Some(all) => all.join(report).map_err(|why| format!("{}: {why}", file.display()))?,
        }
    }
    let mut report = all.ok_or("no report is given")?;
    let of = report.shards[0].1;
    if report.shards.len() as u64 == of {
        report.shards = vec![(1, 1)];
    }
    report.measures.values_mut().for_each(Measured::finish);
    report.show(format)
}

/// Places of the measures by name; all without a name.
fn chosen(names: &[String]) -> Result<Vec<usize>, String> {
    if names.is_empty() {
        return Ok((0..MEASURES.len()).collect());
    }
    let place = |name: &String| {
        MEASURES.iter().position(|measure| measure.name == name).ok_or_else(|| {
            let known: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
            format!("unknown measure \"{name}\"; accepted: {}", known.join(", "))
        })
    };
    names.iter().map(place).collect()
}

/// In the order of the seeds, however many jobs there are.
fn run_all(trial: &Trial<'_>, jobs: u64, seeds: &[u64]) -> Result<Vec<Outcome>, String> {
    let next = AtomicU64::new(0);
    let bar = ProgressBar::new(seeds.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left") {
        bar.set_style(style);
    }
    let work = || {
        let mut outcomes = Vec::new();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            outcomes.push(trial.run(*seed)?);
            bar.inc(1);
        }
        Ok(outcomes)
    };
    let all: Result<Vec<Vec<Outcome>>, String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a run does not panic")).collect()
    });
    bar.finish_and_clear();
    let mut all: Vec<Outcome> = all?.into_iter().flatten().collect();
    all.sort_by_key(|outcome| outcome.seed);
    Ok(all)
}

impl Report {
    fn take(&mut self, outcome: Outcome, chosen: &[usize], order: &Order) {
        self.runs += 1;
        self.limited += u64::from(outcome.limited);
        self.good += u64::from(outcome.failed.is_none() && !outcome.limited);
        if let Some((property, reason)) = outcome.failed {
            *self.violated.entry(property.clone()).or_default() += 1;
            let (file, seed, until) =
                (order.scenario.display(), outcome.seed, order.until.to_string().replace(' ', ""));
            let replay = match order.faults {
                true => format!(
                    "faultline sweep {file} --seeds {seed}..{} --until {until} --faults --out run.json",
                    seed + 1
                ),
                false => format!("faultline run {file} --seed {seed} --until {until}"),
            };
            self.first_failing.get_or_insert(Failing { seed, property, reason, replay });
        }
        for &place in chosen {
            let measured = self.measures.get_mut(MEASURES[place].name).expect("it was put there");
            let values = &outcome.values[place];
            measured.runs_without += u64::from(values.is_empty());
            measured.values.extend(values.iter().map(|value| (*value, 1)));
        }
    }

    fn read(file: &Path) -> Result<Report, String> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
        let report: Report =
            serde_json::from_str(&text).map_err(|error| format!("{name}:{}: {error}", error.line()))?;
        match report.version {
            VERSION if !report.shards.is_empty() => Ok(report),
            VERSION => Err(format!("{name}: the report is of no shard")),
            other => Err(format!("{name}: version {other} is not known; accepted: {VERSION}")),
        }
    }

    fn join(&mut self, other: Report) -> Result<(), String> {
        let same = (&self.hash, self.until_us, self.faults, self.seeds, self.shards[0].1)
            == (&other.hash, other.until_us, other.faults, other.seeds, other.shards[0].1)
            && self.measures.keys().eq(other.measures.keys());
        if !same {
            return Err(
                "it is of another sweep: scenario, seeds, --until, measures and number of shards must agree".into()
            );
        }
        if let Some((twice, of)) = other.shards.iter().find(|shard| self.shards.contains(shard)) {
            return Err(format!("shard {twice}/{of} is here twice"));
        }
        self.shards.extend(other.shards);
        self.shards.sort_unstable();
        self.runs += other.runs;
        self.good += other.good;
        self.limited += other.limited;
        for (property, count) in other.violated {
            *self.violated.entry(property).or_default() += count;
        }
        let both = self.first_failing.take().into_iter().chain(other.first_failing);
        self.first_failing = both.min_by_key(|failing| failing.seed);
        for (name, measured) in other.measures {
            let mine = self.measures.get_mut(&name).expect("the same measures");
            mine.runs_without += measured.runs_without;
            mine.values.extend(measured.values);
        }
        Ok(())
    }

    fn show(&self, format: SweepFormat) -> Result<ExitCode, String> {
        match format {
            SweepFormat::Json => {
                print(&(serde_json::to_string(self).map_err(|error| error.to_string())? + "\n"));
            }
            SweepFormat::Text => print(&self.text()),
        }
        Ok(if self.violated.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    /// Writing to a string cannot fail.
    fn text(&self) -> String {
        let mut text = String::new();
        let (first, end) = self.seeds;
        let rough = if self.faults { " under random faults, then healed" } else { "" };
        let _ = writeln!(text, "{}, seeds {first}..{end}, each to {}{}", self.scenario, Micros(self.until_us), rough);
        if let [(shard, of)] = self.shards[..]
            && of > 1
        {
            let _ = writeln!(text, "shard {shard} of {of}");
        }
        let _ = writeln!(text, "{} runs: {} good, {} met a bound of the engine", self.runs, self.good, self.limited);
        for (property, count) in &self.violated {
            let _ = writeln!(text, "  BROKEN in {count}: {property}");
        }
        if let Some(failing) = &self.first_failing {
            let _ = writeln!(text, "first: seed {}: {}: {}", failing.seed, failing.property, failing.reason);
            let _ = writeln!(text, "replay: {}", failing.replay);
        }
        let _ = writeln!(
            text,
            "\n{:<22}{:>9}{:>13}{:>13}{:>13}{:>13}{:>13}",
            "", "count", "mean", "p50", "p90", "p99", "max"
        );
        for (name, m) in &self.measures {
            let show = |value: f64| match (m.unit.as_str(), m.count) {
                (_, 0) => "-".into(),
                ("us", _) => Micros(value.round() as u64).to_string(),
                _ => format!("{value:.3}"),
            };
            let figures = [m.mean, m.p50, m.p90, m.p99, m.max].map(show);
            let _ = write!(text, "{name:<22}{:>9}", m.count);
            for figure in figures {
                let _ = write!(text, "{figure:>13}");
            }
            let _ = match m.runs_without {
                0 => writeln!(text),
                runs => writeln!(text, "   ({runs} runs without)"),
            };
        }
        text
    }
}

impl Measured {
    /// Sorts and counts the values, and makes the figures: quantiles are values that occurred (nearest rank).
    fn finish(&mut self) {
        self.values.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.values.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        self.count = self.values.iter().map(|(_, count)| count).sum();
        if self.count == 0 {
            return;
        }
        let rank = |share: f64| {
            let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
            let mut seen = 0;
            let found = self.values.iter().find(|(_, count)| {
                seen += count;
                seen >= wanted
            });
            found.map_or(f64::NAN, |(value, _)| *value)
        };
        let sum: f64 = self.values.iter().map(|(value, count)| value * *count as f64).sum();
        (self.p50, self.p90, self.p99, self.p999) = (rank(0.5), rank(0.9), rank(0.99), rank(0.999));
        (self.mean, self.min, self.max) = (sum / self.count as f64, rank(0.0), rank(1.0));
    }
}
