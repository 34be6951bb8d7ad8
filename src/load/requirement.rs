//! Requirements as predicates over reports: `p99(read) <= 200ms in 95%` holds if the report of at least so many seeds
//! fulfils it; without a share, of all; `in any`, of one.
//!
//! | measure | of | in |
//! |---|---|---|
//! | p50, p90, p95, p99, p999, mean, max | a class: latency of what was answered | a time |
//! | answered, failed, timed-out, shed, stale | a class: share of what was asked (stale: of what was answered) | % |
//! | rate | a class: answered a second, over the measured time | a number |
//! | delivered50, delivered99 | a class: of its messages through queues, from the request until each was done | a time |
//! | undelivered | a class: its messages that are dead | a count |
//! | use | a component: share of its slots taken | % |
//! | hits | a cache: share of its reads | % |
//! | done99 | a component: of calls nobody waits for, the 99th percentile until they were done | a time |
//! | waiting, connections | a component: the most that waited, or that an instance held | a count |
//! | lost, dead, overwritten | a component: acknowledged writes, messages, lost updates | a count |
//! | instances, count | components: the fewest that one had on average; how many components | a number |
//! | unguarded | components that call: calls without a time-out | a count |
//! | cost | nothing: write `cost()` | units a month |
//!
//! A class may be about a part of the run: `answered(read from 10s to 20s)`. A component may be every one of a table:
//! `use(stores.*)` is that of the busiest, `lost(stores.*)` the sum; `workers.*` are the workers of all queues. Where there
//! is none, a requirement is fulfilled.

use super::parts::{TABLES, WORKERS};
use super::report::{ClassReport, ComponentReport, Report};
use crate::base::Micros;
use crate::base::decimal::shortest;
use serde::{Deserialize, Serialize};

/// How a measure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// In microseconds.
    Time,
    Share,
    Count,
}

impl Unit {
    /// A measured number in words.
    pub fn told(self, value: f64) -> String {
        match self {
            Unit::Time => Micros(libm::round(value) as u64).to_string(),
            Unit::Share => format!("{} %", shortest(libm::round(value * 1e4) / 1e2)),
            Unit::Count => shortest(libm::round(value * 1e2) / 1e2),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    pub text: String,
    pub measure: String,
    pub of: String,
    /// The part of the run, in microseconds.
    pub window: Option<(u64, u64)>,
    pub unit: Unit,
    pub most: bool,
    pub bound: f64,
    /// Of the seeds; 0 is any.
    pub share: f64,
}

const OF_CLASSES: [&str; 16] = [
    "p50",
    "p90",
    "p95",
    "p99",
    "p999",
    "mean",
    "max",
    "answered",
    "failed",
    "timed-out",
    "shed",
    "stale",
    "rate",
    "delivered50",
    "delivered99",
    "undelivered",
];

impl Requirement {
    /// Reads one; the error says what was expected.
    pub fn read(text: &str) -> Result<Requirement, String> {
        let wrong = |what: &str| format!("requirement \"{text}\": {what}, as in \"p99(read) <= 200ms in 95%\"");
        let (measure, rest) = text.split_once('(').ok_or_else(|| wrong("a measure with a name in parentheses"))?;
        let (of, rest) = rest.split_once(')').ok_or_else(|| wrong("a name in parentheses"))?;
        let rest = rest.trim();
        let (most, rest) = match (rest.strip_prefix("<="), rest.strip_prefix(">=")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(wrong("<= or >= after the measure")),
        };
        let (bound, share) = rest.split_once(" in ").unwrap_or((rest, "100%"));
        let percent = |text: &str| text.trim().strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
        let share = if share.trim() == "any" { Some(0.0) } else { percent(share) };
        let share = share.filter(|share| (0.0..=100.0).contains(share)).ok_or_else(|| wrong("a share in %"))?;
        let measure = measure.trim();
        let unit = unit(measure).ok_or_else(|| wrong(&format!("\"{measure}\" is no measure")))?;
        let bound = match unit {
            Unit::Time => Micros::parse(bound.trim())?.0 as f64,
            Unit::Share => percent(bound).ok_or_else(|| wrong("a bound in %"))? / 100.0,
            Unit::Count => bound.trim().parse().map_err(|_| wrong("a number"))?,
        };
        let (of, window) = match of.split_once(" from ") {
            Some((of, window)) if OF_CLASSES.contains(&measure) => {
                let (from, to) = window.split_once(" to ").ok_or_else(|| wrong("\"from 10s to 20s\""))?;
                let (from, to) = (Micros::parse(from.trim())?.0, Micros::parse(to.trim())?.0);
                if from >= to {
                    return Err(wrong("a part of the run that begins before it ends"));
                }
                (of, Some((from, to)))
            }
            Some(_) => return Err(wrong("only classes are measured in a part of the run")),
            None => (of, None),
        };
        let (measure, of) = (measure.to_owned(), of.trim().to_owned());
        if let Some(table) = of.strip_suffix(".*").filter(|table| !TABLES.contains(table) && *table != WORKERS) {
            return Err(wrong(&format!("\"{table}\" is no kind of component: there are {}", TABLES.join(", "))));
        }
        Ok(Requirement { text: text.to_owned(), measure, of, window, unit, most, bound, share: share / 100.0 })
    }

    /// What it measures in a report, and of which component; nothing if there is none of a table. Says so if there is no
    /// such class or component.
    pub fn find(&self, report: &Report) -> Result<Option<(f64, String)>, String> {
        let unknown = || format!("requirement \"{}\": the design has no \"{}\"", self.text, self.of);
        if self.measure == "cost" {
            return Ok(Some((report.cost, String::new())));
        }
        if !OF_CLASSES.contains(&self.measure.as_str()) {
            return self.of_components(report).ok_or_else(unknown);
        }
        let classes = match self.window {
            None => &report.classes,
            Some(window) => {
                let of_it = report.windows.iter().find(|of| (of.from, of.until) == window);
                &of_it.ok_or_else(unknown)?.classes
            }
        };
        let class = classes.iter().find(|class| class.name == self.of).ok_or_else(unknown)?;
        Ok(Some((self.of_class(class, report), self.of.clone())))
    }

    /// What it measures in a report; of nothing, what just fulfils it.
    pub fn measure(&self, report: &Report) -> Result<f64, String> {
        Ok(self.find(report)?.map_or(self.bound, |(value, _)| value))
    }

    /// Nothing at all if the component is not there; `None` of a table without any.
    fn of_components(&self, report: &Report) -> Option<Option<(f64, String)>> {
        let table = self.of.strip_suffix(".*");
        let found: Vec<&ComponentReport> = match table {
            Some(table) => report.components.iter().filter(|of| of.table == table).collect(),
            None => vec![report.component(&self.of)?],
        };
        if self.measure == "count" {
            return Some(Some((found.len() as f64, self.of.clone())));
        }
        let values: Vec<f64> = found.iter().map(|of| self.of_component(of, report)).collect();
        let name = |at: usize| found[at].name.clone();
        let sums = ["lost", "dead", "overwritten", "unguarded"].contains(&self.measure.as_str());
        let least = self.measure == "instances" || !self.most && self.measure == "hits";
        let better = |a: f64, b: f64| if least { a < b } else { a > b };
        let at = (0..values.len()).reduce(|best, at| if better(values[at], values[best]) { at } else { best });
        Some(at.map(|at| (if sums { values.iter().sum() } else { values[at] }, name(at))))
    }

    fn of_component(&self, of: &ComponentReport, report: &Report) -> f64 {
        match self.measure.as_str() {
            "use" => of.utilisation.unwrap_or(0.0),
            "hits" => of.hit_ratio.unwrap_or(0.0),
            "done99" => of.later.quantile(0.99) as f64,
            "waiting" => f64::from(of.waiting_max),
            "connections" => f64::from(of.connections),
            "lost" => of.lost as f64,
            "overwritten" => of.overwritten as f64,
            "instances" => of.instances,
            "unguarded" => report.edges.iter().filter(|edge| edge.from == of.name && !edge.limited).count() as f64,
            _ => of.dead as f64,
        }
    }

    fn of_class(&self, class: &ClassReport, report: &Report) -> f64 {
        // What nobody was answered within takes at least as long.
        let latency = matches!(self.measure.as_str(), "p50" | "p90" | "p95" | "p99" | "p999" | "mean" | "max");
        let delivery = self.measure.starts_with("delivered");
        if class.asked > 0
            && (latency && class.answered == 0 || delivery && class.delivered.count() == 0 && class.undelivered > 0)
        {
            return report.measured as f64;
        }
        let of_asked = |count: u64| if class.asked == 0 { 0.0 } else { count as f64 / class.asked as f64 };
        match self.measure.as_str() {
            "p50" => class.latency.quantile(0.5) as f64,
            "p90" => class.latency.quantile(0.9) as f64,
            "p95" => class.latency.quantile(0.95) as f64,
            "p99" => class.latency.quantile(0.99) as f64,
            "p999" => class.latency.quantile(0.999) as f64,
            "mean" => class.latency.mean(),
            "max" => class.latency.max() as f64,
            "answered" => class.answered_share(),
            "failed" => of_asked(class.failed),
            "timed-out" => of_asked(class.timed_out),
            "shed" => of_asked(class.shed),
            "delivered50" => class.delivered.quantile(0.5) as f64,
            "delivered99" => class.delivered.quantile(0.99) as f64,
            "undelivered" => class.undelivered as f64,
            "rate" => class.answered as f64 / (report.measured as f64 / 1e6),
            _ if class.answered == 0 => 0.0,
            _ => class.stale_share(),
        }
    }

    pub fn holds(&self, measured: f64) -> bool {
        if self.most { measured <= self.bound } else { measured >= self.bound }
    }

    /// Is it enough that so many of all seeds fulfil it?
    pub fn enough(&self, good: usize, all: usize) -> bool {
        if self.share == 0.0 { good > 0 } else { good as f64 >= self.share * all as f64 }
    }

    /// How far from the bound, as a share of it; below 0 on the wrong side.
    pub fn margin(&self, measured: f64) -> f64 {
        let left = if self.most { self.bound - measured } else { measured - self.bound };
        if self.bound == 0.0 { left } else { left / self.bound }
    }

    /// The worst of some measured numbers, by its place.
    pub fn worst(&self, measured: &[f64]) -> Option<usize> {
        let worse = |a: &usize, b: &usize| {
            let order = measured[*a].total_cmp(&measured[*b]);
            if self.most { order } else { order.reverse() }
        };
        (0..measured.len()).max_by(worse)
    }
}

fn unit(measure: &str) -> Option<Unit> {
    Some(match measure {
        "p50" | "p90" | "p95" | "p99" | "p999" | "mean" | "max" | "done99" | "delivered50" | "delivered99" => {
            Unit::Time
        }
        "answered" | "failed" | "timed-out" | "shed" | "stale" | "use" | "hits" => Unit::Share,
        "lost" | "dead" | "overwritten" | "cost" | "rate" | "waiting" | "connections" | "instances" | "count"
        | "unguarded" | "undelivered" => Unit::Count,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read() {
        let read = Requirement::read("p99(read) <= 200ms in 95%").expect("good");
        assert!(read.holds(200_000.0) && !read.holds(200_001.0));
        assert!(read.enough(19, 20) && !read.enough(18, 20));
        assert_eq!(read.worst(&[1.0, 3.0, 2.0]), Some(1));
        assert_eq!((read.margin(100_000.0), read.margin(300_000.0)), (0.5, -0.5));
        let answered = Requirement::read("answered(read) >= 99.9%").expect("good");
        assert!(answered.holds(0.9995) && !answered.holds(0.998) && !answered.enough(1, 2));
        assert_eq!(answered.worst(&[0.9, 0.3, 0.5]), Some(1));
        let any = Requirement::read("lost(stores.*) >= 1 in any").expect("good");
        assert!(any.enough(1, 200) && !any.enough(0, 200));
        let part = Requirement::read("p50(read from 10s to 14s) <= 3ms").expect("good");
        assert_eq!((part.of.as_str(), part.window), ("read", Some((10_000_000, 14_000_000))));
        for bad in [
            "",
            "p99",
            "p99(x)",
            "p99(x) < 3ms",
            "p99(x) <= 3",
            "speed(x) <= 3",
            "lost(x) <= 3 in all",
            "p99(x from 3s to 1s) <= 3ms",
            "use(x from 1s to 3s) <= 3%",
            "use(shops.*) <= 3%",
        ] {
            assert!(Requirement::read(bad).is_err(), "{bad}");
        }
    }
}
