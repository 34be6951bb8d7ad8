//! A design over seeds: what each run shows of the requirements, put together to a score card, with what limits the design
//! and what an interviewer asks next. Runs are independent, so that several workers can make them, and a card can be made of
//! those that are there.

use super::exercise::Exercise;
use super::plan::Plan;
use super::report::{ComponentReport, Report};
use super::requirement::{Requirement, Unit};
use super::scale::Cold;
use super::{Design, run};
use serde::{Deserialize, Serialize};

/// Bars of a line's distribution.
const BARS: usize = 20;
/// From this share on of a component's waiting cold starts are named as its cause.
const MOSTLY: f64 = 0.5;

pub struct Grader {
    plan: Plan,
    /// Why each requirement is one.
    whys: Vec<String>,
    follow_ups: Vec<(Vec<Requirement>, String, String)>,
    /// Of lines of the estimation sheet: the name, what is measured, and how many cells the system has.
    sheet: Vec<(String, Requirement, f64)>,
}

/// What a run shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub seed: u64,
    pub hash: u64,
    /// Of requirements, then of the follow-ups' conditions, then of the sheet: what was measured, and of which component.
    pub found: Vec<Option<(f64, String)>>,
    pub loads: Vec<Load>,
    pub cost: f64,
    pub limit_reached: bool,
}

/// How loaded a component was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    pub component: String,
    /// The share of its slots that was taken.
    pub used: f64,
    /// All waiting for a slot together, and the 99th percentile of it, in microseconds.
    pub waited: f64,
    pub wait_p99: f64,
    /// What it cost that its instances start cold.
    pub cold: Option<Cold>,
}

/// Of the seeds that are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub seeds: u64,
    /// Are all requirements met?
    pub met: bool,
    /// Units a month, the mean of the runs.
    pub cost: f64,
    pub lines: Vec<Line>,
    pub bottleneck: Option<Bottleneck>,
    pub asked: Vec<Asked>,
    pub measured: Vec<Measured>,
    pub limit_reached: bool,
}

/// One requirement over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub text: String,
    pub why: String,
    pub met: bool,
    /// Seeds that fulfil it, of all; and the share that must.
    pub good: usize,
    pub all: usize,
    pub wanted: f64,
    pub bound: f64,
    /// Is the bound the most that may be, or the least?
    pub most: bool,
    pub unit: Unit,
    /// How far the seed that just counts is from the bound, as a share of it; below 0 if it is missed.
    pub margin: f64,
    pub median: f64,
    pub worst: f64,
    pub worst_seed: u64,
    /// By seed, in the order of the facts.
    pub values: Vec<f64>,
    /// From where each of equally wide bars begins, and how many seeds it has.
    pub bars: Vec<(f64, u32)>,
}

/// What limits the design next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bottleneck {
    pub component: String,
    pub used: f64,
    /// Of all waiting in the design.
    pub wait_share: f64,
    pub text: String,
}

/// A follow-up that the design or its runs gave cause for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Which of the exercise's it is.
    pub at: usize,
    pub ask: String,
    pub answer: String,
    /// The condition, and the seed that shows it best; of "always" none.
    pub because: String,
    pub seed: Option<u64>,
}

/// What the runs say of a line of the estimation sheet, scaled up to the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub name: String,
    pub value: f64,
}

impl Grader {
    /// # Errors
    /// Says by name what is wrong with the design; of an exercise also with its graph.
    pub fn new(graph: &Design, exercise: Option<&Exercise>) -> Result<Grader, String> {
        let Some(exercise) = exercise else {
            let (whys, follow_ups, sheet) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Grader { plan: Plan::new(graph)?, whys, follow_ups, sheet });
        };
        let task = &exercise.task;
        let plan = Plan::new(&task.design(graph)?)?;
        let follow_ups =
            task.follow_ups.iter().map(|of| Ok((conditions(&of.when)?, of.ask.clone(), of.answer.clone())));
        let follow_ups = follow_ups.collect::<Result<_, String>>()?;
        let line = |of: &super::sheet::Quantity| {
            let cells = if of.cells == 0.0 { 1.0 } else { of.cells };
            Some(measure(of.measured.as_ref()?).map(|requirement| (of.name.clone(), requirement, cells)))
        };
        let sheet = task.sheet.iter().filter_map(line).collect::<Result<_, String>>()?;
        let whys = task.requirements.iter().map(|demand| demand.why.clone()).collect();
        Ok(Grader { plan, whys, follow_ups, sheet })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Everything about the run of a seed.
    pub fn run(&self, seed: u64) -> Report {
        run(&self.plan, seed)
    }

    /// # Errors
    /// A requirement is about something that the design has not.
    pub fn seed(&self, seed: u64) -> Result<Facts, String> {
        self.facts(&self.run(seed))
    }

    pub fn facts(&self, report: &Report) -> Result<Facts, String> {
        let conditions = self.follow_ups.iter().flat_map(|(conditions, ..)| conditions);
        let sheet = self.sheet.iter().map(|(_, requirement, _)| requirement);
        let asked = self.plan.requirements.iter().chain(conditions).chain(sheet);
        let load = |of: &ComponentReport| Load {
            component: of.name.clone(),
            used: of.utilisation.unwrap_or(0.0),
            waited: of.wait.mean() * of.wait.count() as f64,
            wait_p99: of.wait.quantile(0.99) as f64,
            cold: of.cold.clone(),
        };
        Ok(Facts {
            seed: report.seed,
            hash: report.hash(),
            found: asked.map(|requirement| requirement.find(report)).collect::<Result<_, String>>()?,
            loads: report.components.iter().map(load).collect(),
            cost: report.cost,
            limit_reached: report.limit_reached,
        })
    }

    /// What some seeds say together.
    pub fn card(&self, facts: &[Facts]) -> Card {
        let requirements = &self.plan.requirements;
        let lines: Vec<Line> = requirements.iter().enumerate().map(|(at, of)| self.line(at, of, facts)).collect();
        let mean = |of: fn(&Facts) -> f64| facts.iter().map(of).sum::<f64>() / facts.len().max(1) as f64;
        Card {
            seeds: facts.len() as u64,
            met: lines.iter().all(|line| line.met) && !facts.is_empty(),
            cost: mean(|facts| facts.cost),
            lines,
            bottleneck: bottleneck(facts),
            asked: self.asked(facts),
            measured: self.measured(facts),
            limit_reached: facts.iter().any(|facts| facts.limit_reached),
        }
    }

    fn line(&self, at: usize, of: &Requirement, facts: &[Facts]) -> Line {
        let value = |facts: &Facts| facts.found[at].as_ref().map_or(of.bound, |(value, _)| *value);
        let values: Vec<f64> = facts.iter().map(value).collect();
        let good = values.iter().filter(|value| of.holds(**value)).count();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        if !of.most {
            sorted.reverse();
        }
        // From the best on: so many must be good.
        let counts = (libm::ceil(of.share * sorted.len() as f64 - 1e-9) as usize).clamp(1, sorted.len().max(1)) - 1;
        let worst = of.worst(&values).unwrap_or(0);
        Line {
            text: of.text.clone(),
            why: self.whys.get(at).cloned().unwrap_or_default(),
            met: of.enough(good, values.len()),
            good,
            all: values.len(),
            wanted: of.share,
            bound: of.bound,
            most: of.most,
            unit: of.unit,
            margin: sorted.get(counts).map_or(0.0, |value| of.margin(*value)),
            median: sorted.get(sorted.len() / 2).copied().unwrap_or(0.0),
            worst: values.get(worst).copied().unwrap_or(0.0),
            worst_seed: facts.get(worst).map_or(0, |facts| facts.seed),
            bars: bars(&values),
            values,
        }
    }

    fn asked(&self, facts: &[Facts]) -> Vec<Asked> {
        let mut first = self.plan.requirements.len();
        let mut asked = Vec::new();
        for (at, (conditions, ask, answer)) in self.follow_ups.iter().enumerate() {
            let own = first..first + conditions.len();
            first = own.end;
            let shows = |facts: &&Facts| {
                let holds = |(of, found): (&Requirement, &Option<(f64, String)>)| {
                    found.as_ref().is_some_and(|(value, _)| of.holds(*value))
                };
                conditions.iter().zip(&facts.found[own.clone()]).all(holds)
            };
            let good: Vec<&Facts> = facts.iter().filter(shows).collect();
            let share = conditions.first().map_or(0.0, |of| of.share);
            let enough = if share == 0.0 { !good.is_empty() } else { good.len() as f64 >= share * facts.len() as f64 };
            if good.is_empty() || !enough {
                continue;
            }
            let Some(of) = conditions.first() else {
                asked.push(Asked { at, ask: ask.clone(), answer: answer.clone(), because: String::new(), seed: None });
                continue;
            };
            let value = |facts: &Facts| facts.found[own.start].as_ref().map_or(0.0, |(value, _)| *value);
            let far = |a: &&&Facts, b: &&&Facts| {
                let order = value(a).total_cmp(&value(b));
                if of.most { order.reverse() } else { order }
            };
            let Some(shown) = good.iter().max_by(far) else { continue };
            let (value, component) = shown.found[own.start].clone().unwrap_or_default();
            let fill = |text: &str| {
                let text = text.replace("{seed}", &shown.seed.to_string());
                text.replace("{value}", &of.unit.told(value)).replace("{component}", &component)
            };
            let because = conditions.iter().map(|of| of.text.as_str()).collect::<Vec<_>>().join(" and ");
            asked.push(Asked { at, ask: fill(ask), answer: fill(answer), because, seed: Some(shown.seed) });
        }
        asked
    }

    fn measured(&self, facts: &[Facts]) -> Vec<Measured> {
        let conditions: usize = self.follow_ups.iter().map(|(conditions, ..)| conditions.len()).sum();
        let first = self.plan.requirements.len() + conditions;
        let of = |(at, (name, _, cells)): (usize, &(String, Requirement, f64))| {
            let values = facts.iter().filter_map(|facts| facts.found[first + at].as_ref()).map(|(value, _)| *value);
            let values: Vec<f64> = values.collect();
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            (!values.is_empty()).then(|| Measured { name: name.clone(), value: mean * cells })
        };
        self.sheet.iter().enumerate().filter_map(of).collect()
    }
}

/// Conditions of a follow-up; of "always" none.
pub fn conditions(text: &str) -> Result<Vec<Requirement>, String> {
    if text == "always" { Ok(Vec::new()) } else { text.split(" and ").map(Requirement::read).collect() }
}

/// What is measured, without a bound: "rate(read)".
pub fn measure(text: &str) -> Result<Requirement, String> {
    let with = |bound: &str| Requirement::read(&format!("{text} <= {bound}"));
    with("1").or_else(|_| with("1%")).or_else(|_| with("1s"))
}

/// Where most of the waiting is, or if hardly anything waits, what is used most.
fn bottleneck(facts: &[Facts]) -> Option<Bottleneck> {
    let parts = facts.first()?.loads.len();
    let mean = |at: usize, of: fn(&Load) -> f64| {
        facts.iter().map(|facts| of(&facts.loads[at])).sum::<f64>() / facts.len() as f64
    };
    let all: f64 = (0..parts).map(|at| mean(at, |load| load.waited)).sum();
    let share = |at: usize| if all > 0.0 { mean(at, |load| load.waited) / all } else { 0.0 };
    let waits = (0..parts).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
    let used = (0..parts).max_by(|a, b| mean(*a, |load| load.used).total_cmp(&mean(*b, |load| load.used)))?;
    let worst = facts.iter().map(|facts| facts.loads[waits].wait_p99).fold(0.0, f64::max);
    // Less than a millisecond is no waiting to speak of.
    let at = if worst < 1e3 { used } else { waits };
    let load = &facts[0].loads[at];
    let (use_mean, wait) = (mean(at, |load| load.used), mean(at, |load| load.wait_p99));
    let mut text = format!(
        "{} at {}: {} of all waiting is there, one request in a hundred waits {} or longer",
        load.component,
        Unit::Share.told(use_mean),
        Unit::Share.told(share(at)),
        Unit::Time.told(wait)
    );
    text += &cold(facts, at).unwrap_or_default();
    Some(Bottleneck { component: load.component.clone(), used: use_mean, wait_share: share(at), text })
}

/// That instances start cold, if that is when most of a component's waiting is; with the seed that shows it best.
fn cold(facts: &[Facts], at: usize) -> Option<String> {
    let waited = |facts: &Facts| facts.loads[at].cold.as_ref().map_or(0.0, |cold| cold.waited * facts.loads[at].waited);
    let all: f64 = facts.iter().map(|facts| facts.loads[at].waited).sum();
    let share = facts.iter().map(waited).sum::<f64>() / all.max(1.0);
    let shown = facts.iter().max_by(|a, b| waited(a).total_cmp(&waited(b)))?;
    let worst = &shown.loads[at].cold.as_ref()?.worst;
    if share < MOSTLY {
        return None;
    }
    Some(format!(
        "; {} of it while instances were starting: {} that were decided on from {} on were there at {} only (seed {})",
        Unit::Share.told(share),
        worst.instances,
        Unit::Time.told(worst.from as f64),
        Unit::Time.told(worst.until as f64),
        shown.seed
    ))
}

fn bars(values: &[f64]) -> Vec<(f64, u32)> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() || most <= least {
        return values.first().map(|value| (*value, values.len() as u32)).into_iter().collect();
    }
    let width = (most - least) / BARS as f64;
    let mut bars: Vec<(f64, u32)> = (0..BARS).map(|at| (least + at as f64 * width, 0)).collect();
    for value in values {
        bars[(((value - least) / width) as usize).min(BARS - 1)].1 += 1;
    }
    bars
}
