//! Runs the scenarios of [`super::faults`] over many seeds: no property may break, and after healing every client must
//! get its fresh operations done.

use super::coverage::Coverage;
use super::faults::{self, Profile};
use crate::base::{Micros, OpId};
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, LogEntry};
use crate::sim::trace::Trace;
use crate::sim::world::{Watch, World};
use crate::wire::{Command, Outcome};
use std::collections::BTreeMap;

/// What became of a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub seed: u64,
    pub verdict: Verdict,
    pub steps: u64,
    /// Empty unless the run was recorded.
    pub coverage: Coverage,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No property broke, and everyone made progress after healing.
    Good,
    Violation {
        property: &'static str,
        reason: String,
        at: Micros,
    },
    NoProgress {
        reason: String,
    },
    /// A bound of the engine was reached: this says nothing about the protocol.
    Limit {
        reason: &'static str,
    },
}

/// A sweep: one protocol under one profile.
pub struct Sweep {
    pub profile: Profile,
    entry: Entry,
}

impl Sweep {
    /// The error says which protocols there are.
    pub fn new(profile: Profile, registry: &[Entry]) -> Result<Sweep, String> {
        let find = registry.iter().find(|entry| entry.name == profile.protocol);
        let entry = *find.ok_or_else(|| format!("there is no protocol \"{}\"", profile.protocol))?;
        let sweep = Sweep { profile, entry };
        sweep.blueprint(0)?;
        Ok(sweep)
    }

    /// The run of a seed as a scenario that can be opened like any other.
    pub fn blueprint(&self, seed: u64) -> Result<Blueprint, String> {
        let scenario = faults::scenario(&self.profile, &(self.entry.describe)(), seed);
        Blueprint::resolve(scenario, &[self.entry]).map_err(|fault| fault.message)
    }

    /// Runs one seed. Recording costs time and gives coverage.
    pub fn run(&self, seed: u64, record: bool) -> Report {
        let blueprint = self.blueprint(seed).expect("the profile was checked");
        let mut trace = record.then(Trace::default);
        let mut world = blueprint.world(Watch { properties: true, hash: false });
        world.boot(&mut trace.as_mut());
        let run = Run::new(world, &blueprint.scenario.commands);
        let (verdict, steps) = run.finish(self.profile.asks_at(), self.profile.ends_at(), &mut trace.as_mut());
        let coverage = trace.map(|trace| Coverage::of(&trace, &blueprint.describe.timers)).unwrap_or_default();
        Report { seed, verdict, steps, coverage }
    }
}

/// A run from a world on: what is still to be commanded, and the fresh operations that are owed an answer.
pub(super) struct Run<'a> {
    world: World,
    log: &'a [LogEntry],
    owed: BTreeMap<OpId, String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(world: World, log: &'a [LogEntry]) -> Run<'a> {
        Run { world, log, owed: BTreeMap::new() }
    }

    /// To its end, or to the first property that breaks. What is asked for from `asks_at` on must be done by then.
    pub(super) fn finish(mut self, asks_at: Micros, ends_at: Micros, trace: &mut Option<&mut Trace>) -> (Verdict, u64) {
        let log = self.log;
        let verdict = (|| {
            for entry in log {
                if entry.at.0 > self.world.now {
                    self.advance(entry.at.0 - 1, trace)?;
                    self.world.advance_clock(entry.at.0);
                }
                // A command may find its target in another state than the script thought: that is reported in the
                // trace, and no fault of the run.
                let _ = self.world.apply(&entry.command, trace);
                let fresh = entry.at >= asks_at;
                if let (true, Command::Request(request), Some((id, op))) =
                    (fresh, &entry.command, self.world.facts().began.first())
                {
                    self.owed.insert(*id, format!("{}'s {op}", request.client));
                }
                self.look()?;
            }
            self.advance(ends_at.0, trace)?;
            self.owes()
        })();
        (verdict.err().unwrap_or(Verdict::Good), u64::from(self.world.step))
    }

    fn advance(&mut self, limit: u64, trace: &mut Option<&mut Trace>) -> Result<(), Verdict> {
        while self.world.step(limit, trace).is_some() {
            self.look()?;
        }
        Ok(())
    }

    /// After each step: has a property broken, has an owed operation ended?
    #[inline]
    fn look(&mut self) -> Result<(), Verdict> {
        if let Some(reason) = self.world.halted {
            return Err(Verdict::Limit { reason });
        }
        for ended in &self.world.facts().ended {
            if ended.outcome == Outcome::Ok {
                self.owed.remove(&ended.id);
            }
        }
        let Some(index) = self.world.broken.iter().position(Option::is_some) else { return Ok(()) };
        let reason = self.world.broken[index].as_ref().map(|(_, reason)| reason.to_string()).unwrap_or_default();
        let property = self.world.describe.properties[index].0;
        Err(Verdict::Violation { property, reason, at: Micros(self.world.now) })
    }

    fn owes(&self) -> Result<(), Verdict> {
        if self.owed.is_empty() {
            return Ok(());
        }
        let owed: Vec<&str> = self.owed.values().map(String::as_str).collect();
        let why = self.world.why_no_progress().unwrap_or_else(|| "the protocol names no reason".into());
        Err(Verdict::NoProgress { reason: format!("after healing, not done in time: {}; {why}", owed.join(", ")) })
    }
}

/// What a whole sweep came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub runs: u64,
    pub steps: u64,
    /// For each mark how often it was met, and in how many runs.
    pub coverage: BTreeMap<String, (u64, u64)>,
    /// The report of the lowest seed that ended the sweep.
    pub stopped: Option<Report>,
}

impl Summary {
    /// Adds a run; `stops` says whether its report ends the sweep.
    pub fn take(&mut self, report: Report, stops: bool) {
        self.runs += 1;
        self.steps += report.steps;
        for (name, count) in &report.coverage.0 {
            let entry = self.coverage.entry(name.clone()).or_default();
            *entry = (entry.0 + count, entry.1 + 1);
        }
        if stops && self.stopped.as_ref().is_none_or(|known| report.seed < known.seed) {
            self.stopped = Some(report);
        }
    }

    /// Both together.
    pub fn join(mut self, other: Summary) -> Summary {
        self.runs += other.runs;
        self.steps += other.steps;
        for (name, (count, runs)) in other.coverage {
            let entry = self.coverage.entry(name).or_default();
            *entry = (entry.0 + count, entry.1 + runs);
        }
        let both = self.stopped.into_iter().chain(other.stopped);
        self.stopped = both.min_by_key(|report| report.seed);
        self
    }
}

/// Runs the seeds of a range on `threads` threads, in order, until a report says `stop`. Native only: in the page a job
/// runs [`Sweep::run`] seed by seed.
#[cfg(not(target_arch = "wasm32"))]
pub fn run_all(
    sweep: &Sweep,
    seeds: std::ops::Range<u64>,
    record: bool,
    threads: u64,
    stop: impl Fn(&Report) -> bool + Sync,
) -> Summary {
    use std::sync::atomic::{AtomicU64, Ordering};
    let (next, end) = (AtomicU64::new(seeds.start), AtomicU64::new(seeds.end));
    let work = || {
        let mut summary = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return summary;
            }
            let report = sweep.run(seed, record);
            let stops = stop(&report);
            if stops {
                // Lower seeds that are under way elsewhere are finished; higher ones are not begun.
                end.fetch_min(seed + 1, Ordering::Relaxed);
            }
            summary.take(report, stops);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let summaries = workers.into_iter().map(|worker| worker.join().expect("a run does not panic"));
        summaries.fold(Summary::default(), Summary::join)
    })
}
