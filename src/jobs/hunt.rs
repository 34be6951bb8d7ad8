//! The search for a counterexample from the cursor of the open run on, in slices: by every order of what may happen, or by
//! random ones ([`explore`](crate::check::explore)), or by random faults in time ([`timed`](crate::check::timed)). What is
//! found is made small, and told as a run whose commands after the cursor are a person's: the page goes on by it as a branch.

use super::{map, number, text};
use crate::base::Micros;
use crate::base::json::Json;
use crate::check::explore::cluster::{Bounds, Cluster, Move};
use crate::check::explore::record::{Case, replay, told};
use crate::check::explore::{Finding, Options, Search, Strategy, Verdict, minimise};
use crate::check::faults::Only;
use crate::check::sweep::Verdict as Fate;
use crate::check::timed::{Failure, Spans, Timed};
use crate::check::trial::PROGRESS;
use crate::session::Session;
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, Scenario};
use crate::sim::sentence::Reader;
use crate::sim::timeline::Timeline;
use crate::sim::world::Watch;
use crate::wire::RowKind;

/// What a slice does before it answers: states, random walks, steps of runs.
const STATES: u64 = 3_000;
const WALKS: u64 = 60;
const STEPS: u64 = 60_000;
/// For what is known; a worker has some 4 GB at most.
const BYTES_MAX: u64 = 600 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Every order, nearest states first.
    Orders,
    /// Random orders.
    Walks,
    /// Random faults in time, then healing and a demand for progress.
    Faults,
}

/// What is searched, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub way: Way,
    pub bounds: Bounds,
    /// Syncs of disks take their time.
    pub syncs: bool,
    /// Clients ask for something where nothing is commanded later.
    pub asks: bool,
    pub seed: u64,
    pub states: u64,
    pub depth: u32,
    pub spans: Spans,
}

impl Default for Plan {
    fn default() -> Plan {
        let (bounds, spans) = (Bounds::default(), Spans::default());
        Plan { way: Way::Orders, bounds, syncs: false, asks: true, seed: 1, states: 1_000_000, depth: 300, spans }
    }
}

impl Plan {
    /// Reads words like `way=walks crashes=1`.
    ///
    /// # Errors
    /// The word that is wrong.
    pub fn read(words: &str) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for word in words.split_whitespace() {
            let wrong = || format!("{word:?} is no part of a search");
            let (key, value) = word.split_once('=').ok_or_else(wrong)?;
            if key == "way" {
                plan.way = match value {
                    "orders" => Way::Orders,
                    "walks" => Way::Walks,
                    "faults" => Way::Faults,
                    _ => return Err(wrong()),
                };
                continue;
            }
            if key == "only" {
                plan.spans.only = match value {
                    "all" => Only::All,
                    "crashes" => Only::Crashes,
                    "cuts" => Only::Cuts,
                    "administration" => Only::Administration,
                    _ => return Err(wrong()),
                };
                continue;
            }
            let number: u64 = value.parse().map_err(|_| wrong())?;
            let few = number.min(u8::MAX.into()) as u8;
            match key {
                "crashes" => plan.bounds.crashes = few,
                "drops" => plan.bounds.drops = few,
                "partitions" => plan.bounds.partitions = few,
                "timers" => plan.bounds.timers = few,
                "early" => plan.bounds.early = few,
                "syncs" => plan.syncs = number > 0,
                "asks" => plan.asks = number > 0,
                "seed" => plan.seed = number,
                "states" => plan.states = number,
                "depth" => plan.depth = number.min(u32::MAX.into()) as u32,
                "rough" => plan.spans.rough = Micros(number),
                "settle" => plan.spans.settle = Micros(number),
                "bound" => plan.spans.bound = Micros(number),
                _ => return Err(wrong()),
            }
        }
        Ok(plan)
    }
}

/// A search under way.
pub struct Hunt {
    plan: Plan,
    search: Kind,
}

enum Kind {
    Orders(Box<(Case, Cluster, Option<Search<Cluster>>)>),
    Faults(Box<Timed>, Option<Failure>),
}

/// What was found, ready to be shown.
struct Found {
    property: String,
    why: String,
    steps: usize,
    /// Each with the row in which it happens, where there is one.
    told: Vec<(u32, String)>,
    run: Scenario,
    to: Micros,
}

impl Hunt {
    /// # Errors
    /// Why nothing can be searched from there.
    pub fn new(session: &Session, plan: &Plan) -> Result<Hunt, String> {
        let timeline = session.timeline().ok_or("no run is open")?;
        let strategy = match plan.way {
            Way::Faults => {
                let timed = Timed::new(timeline, plan.spans, plan.seed)?;
                return Ok(Hunt { plan: *plan, search: Kind::Faults(Box::new(timed), None) });
            }
            Way::Orders => Strategy::Breadth,
            Way::Walks => Strategy::Walks { seed: plan.seed, walks: u64::MAX },
        };
        let case = Case::at(timeline, plan.syncs, plan.asks);
        let cluster = case.cluster(plan.bounds)?;
        let options = Options { strategy, depth: plan.depth, states: plan.states, bytes: BYTES_MAX, symmetry: false };
        let search = Search::new(&cluster, options);
        Ok(Hunt { plan: *plan, search: Kind::Orders(Box::new((case, cluster, Some(search)))) })
    }

    pub fn progress(&self) -> Json {
        let (seen, depth) = match &self.search {
            Kind::Orders(parts) => {
                let (distinct, _, depth) = parts.2.as_ref().map_or((0, 0, 0), Search::progress);
                (distinct, depth)
            }
            Kind::Faults(timed, _) => (timed.seed - self.plan.seed, 0),
        };
        map(vec![("state", text("on")), ("seen", number(seen)), ("depth", number(depth.into()))])
    }

    /// A slice further; what it came to, when it is over.
    ///
    /// # Errors
    /// Why what was found is no run; it is our fault then.
    pub fn advance(&mut self, registry: &[Entry]) -> Result<Option<Json>, String> {
        let found = match &mut self.search {
            Kind::Orders(parts) => {
                let (case, cluster, search) = &mut **parts;
                let slice = if self.plan.way == Way::Walks { WALKS } else { STATES };
                let mut under_way = search.take().ok_or("the search is over")?;
                if !under_way.advance(cluster, slice) {
                    *search = Some(under_way);
                    return Ok(None);
                }
                let report = under_way.report(cluster);
                match &report.violation {
                    Some(finding) => ordered(case, cluster, finding, self.plan.syncs, registry)?,
                    None => {
                        let said = match report.verdict() {
                            Verdict::Unknown(bound) => format!("not all was seen: {bound}"),
                            _ => "all that can happen within these budgets was seen".into(),
                        };
                        let fields =
                            vec![("state", text("none")), ("said", text(&said)), ("seen", number(report.distinct))];
                        return Ok(Some(map(fields)));
                    }
                }
            }
            Kind::Faults(timed, failure) => match failure {
                None => {
                    *failure = timed.search(STEPS);
                    return Ok(None);
                }
                Some(failure) => in_time(timed, failure, registry)?,
            },
        };
        Ok(Some(found.json()))
    }
}

/// A counterexample of orders, made small.
fn ordered(
    case: &Case,
    cluster: &Cluster,
    finding: &Finding<Move>,
    syncs: bool,
    registry: &[Entry],
) -> Result<Found, String> {
    let small = minimise::shorten(cluster, finding);
    let mut run = case.run(cluster, &small)?;
    for entry in &mut run.commands[case.begins_at()..] {
        entry.learner = true;
    }
    let timeline = replay(run.clone(), registry)?;
    let (property, why) = broken(&timeline).ok_or("the run does not break what the search broke")?;
    let told = told(&timeline, case.held_at(), syncs);
    let to = Micros(timeline.head().now);
    Ok(Found { property, why, steps: small.actions.len(), told, run, to })
}

fn broken(timeline: &Timeline) -> Option<(String, String)> {
    let world = timeline.head();
    let places = world.describe.properties.iter().zip(&world.broken);
    let first = places.filter_map(|((name, _), broken)| Some((broken.as_ref()?, *name)));
    let ((_, why), name) = first.min_by_key(|((row, _), _)| *row)?;
    Some((name.to_owned(), why.to_string()))
}

/// A failing run in time, made small: told by the faults that it needs.
fn in_time(timed: &Timed, failure: &Failure, registry: &[Entry]) -> Result<Found, String> {
    let small = timed.shorten(failure);
    let (run, to) = timed.scenario(&small);
    let blueprint = Blueprint::resolve(run.clone(), registry).map_err(|fault| fault.message)?;
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(to, u64::MAX);
    let (property, why) = match &small.verdict {
        Fate::NoProgress { reason } => (PROGRESS.to_owned(), reason.clone()),
        _ => broken(&timeline).ok_or("the run does not break what the search broke")?,
    };
    let steps = small.faults.len();
    let told = commanded(&timeline, run.commands.len() - steps - small.after.len(), steps);
    Ok(Found { property, why, steps, told, run, to })
}

/// So many commands after the first ones, and the violation.
fn commanded(timeline: &Timeline, before: usize, many: usize) -> Vec<(u32, String)> {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader =
        Reader { trace, setup: &world.setup, machine: &*world.machine, properties: &world.describe.properties };
    let mut given = 0;
    let mut sentences = Vec::new();
    for (row, rec) in trace.rows().iter().enumerate() {
        given += usize::from(rec.kind == RowKind::Command);
        let told = rec.kind == RowKind::Command && given > before && given <= before + many;
        if told || rec.kind == RowKind::Violation {
            sentences.push((row as u32, format!("{}  {}", rec.time(), reader.sentence(rec))));
        }
    }
    sentences
}

impl Found {
    fn json(&self) -> Json {
        let told = self.told.iter().map(|(row, words)| Json::List(vec![number((*row).into()), text(words)]));
        map(vec![
            ("state", text("found")),
            ("property", text(&self.property)),
            ("why", text(&self.why)),
            ("steps", number(self.steps as u64)),
            ("told", Json::List(told.collect())),
            ("run", text(&self.run.to_json())),
            ("to", number(self.to.0)),
        ])
    }
}
