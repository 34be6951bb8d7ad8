//! Requirements as predicates over reports: `p99(read) <= 200ms in 95%` holds if the report of at least so many seeds
//! fulfils it; without a share, of all.
//!
//! | measure | of | in |
//! |---|---|---|
//! | p50, p90, p95, p99, p999, mean, max | a class: latency of what was answered | a time |
//! | answered, failed, timed-out, shed, stale | a class: share of what was asked (stale: of what was answered) | % |
//! | use | a component: share of its slots taken | % |
//! | hits | a cache: share of its reads | % |
//! | lost, dead | a component: acknowledged writes, messages | a count |
//! | cost | nothing: write `cost()` | units a month |

use super::report::Report;
use crate::base::Micros;

#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    pub text: String,
    measure: String,
    of: String,
    most: bool,
    bound: f64,
    /// Of the seeds.
    share: f64,
}

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
        let share =
            percent(share).filter(|share| (0.0..=100.0).contains(share)).ok_or_else(|| wrong("a share in %"))?;
        let bound = match measure.trim() {
            "p50" | "p90" | "p95" | "p99" | "p999" | "mean" | "max" => Micros::parse(bound.trim())?.0 as f64,
            "answered" | "failed" | "timed-out" | "shed" | "stale" | "use" | "hits" => {
                percent(bound).ok_or_else(|| wrong("a bound in %"))? / 100.0
            }
            "lost" | "dead" | "cost" => bound.trim().parse().map_err(|_| wrong("a number"))?,
            other => return Err(wrong(&format!("\"{other}\" is no measure"))),
        };
        let (measure, of) = (measure.trim().to_owned(), of.trim().to_owned());
        Ok(Requirement { text: text.to_owned(), measure, of, most, bound, share: share / 100.0 })
    }

    /// What it measures in a report. Says so if there is no such class or component.
    pub fn measure(&self, report: &Report) -> Result<f64, String> {
        let unknown = || format!("requirement \"{}\": the design has no \"{}\"", self.text, self.of);
        if self.measure == "cost" {
            return Ok(report.cost);
        }
        if let "use" | "hits" | "lost" | "dead" = self.measure.as_str() {
            let component = report.component(&self.of).ok_or_else(unknown)?;
            return Ok(match self.measure.as_str() {
                "use" => component.utilisation.unwrap_or(0.0),
                "hits" => component.hit_ratio.unwrap_or(0.0),
                "lost" => component.lost as f64,
                _ => component.dead as f64,
            });
        }
        let class = report.class(&self.of).ok_or_else(unknown)?;
        let of_asked = |count: u64| if class.asked == 0 { 0.0 } else { count as f64 / class.asked as f64 };
        Ok(match self.measure.as_str() {
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
            _ if class.answered == 0 => 0.0,
            _ => class.stale_share(),
        })
    }

    pub fn holds(&self, measured: f64) -> bool {
        if self.most { measured <= self.bound } else { measured >= self.bound }
    }

    /// Is it enough that so many of all seeds fulfil it?
    pub fn enough(&self, good: usize, all: usize) -> bool {
        good as f64 >= self.share * all as f64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read() {
        let read = Requirement::read("p99(read) <= 200ms in 95%").expect("good");
        assert!(read.holds(200_000.0) && !read.holds(200_001.0));
        assert!(read.enough(19, 20) && !read.enough(18, 20));
        assert_eq!(read.worst(&[1.0, 3.0, 2.0]), Some(1));
        let answered = Requirement::read("answered(read) >= 99.9%").expect("good");
        assert!(answered.holds(0.9995) && !answered.holds(0.998) && !answered.enough(1, 2));
        assert_eq!(answered.worst(&[0.9, 0.3, 0.5]), Some(1));
        for bad in ["", "p99", "p99(x)", "p99(x) < 3ms", "p99(x) <= 3", "speed(x) <= 3", "lost(x) <= 3 in all"] {
            assert!(Requirement::read(bad).is_err(), "{bad}");
        }
    }
}
