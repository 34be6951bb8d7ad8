//! Closed forms of the field, by name: a measurement may draw one beside what it measures, and the check holds the runs to
//! it. Pure; the powers and logarithms are `libm`'s, so that the same lesson has the same curve everywhere.
//!
//! Each says what it takes for granted. Where a run does not (failures that come together, a queue that is bounded), theory
//! and measurement part, and that is worth a look.

use super::meter::Unit;
use std::collections::BTreeMap;

/// A closed form.
pub struct Form {
    pub name: &'static str,
    /// Names of its arguments; times are in milliseconds, rates a second.
    pub arguments: &'static [&'static str],
    pub unit: Unit,
    of: fn(&[f64]) -> f64,
}

pub const FORMS: [Form; 9] = [
    Form { name: "k-of-n", arguments: &["k", "n", "up"], unit: Unit::Fraction, of: |a| k_of_n(a[0], a[1], a[2]) },
    Form {
        name: "k-of-n-behind",
        arguments: &["k", "n", "up", "shared"],
        unit: Unit::Fraction,
        of: |a| k_of_n_behind(a[0], a[1], a[2], a[3]),
    },
    Form {
        name: "split-vote",
        arguments: &["voters", "spread-ms", "delay-ms"],
        unit: Unit::Fraction,
        of: |a| split_vote(a[0], a[1], a[2]),
    },
    Form {
        name: "false-suspicion",
        arguments: &["loss", "helpers"],
        unit: Unit::Fraction,
        of: |a| false_suspicion(a[0], a[1]),
    },
    Form {
        name: "missed-heartbeats",
        arguments: &["loss", "missed", "interval-ms", "pairs"],
        unit: Unit::Count,
        of: |a| missed_heartbeats(a[0], a[1], a[2], a[3]),
    },
    Form {
        name: "quorum-staleness",
        arguments: &["n", "read", "write"],
        unit: Unit::Fraction,
        of: |a| quorum_staleness(a[0], a[1], a[2]),
    },
    Form {
        name: "mm1-mean",
        arguments: &["arrivals-per-s", "service-ms"],
        unit: Unit::Time,
        of: |a| mm1_mean(a[0], a[1]),
    },
    Form {
        name: "mm1-percentile",
        arguments: &["arrivals-per-s", "service-ms", "percent"],
        unit: Unit::Time,
        of: |a| mm1_percentile(a[0], a[1], a[2]),
    },
    Form {
        name: "universal-scalability",
        arguments: &["alone", "contention", "coherence", "nodes"],
        unit: Unit::Count,
        of: |a| universal_scalability(a[0], a[1], a[2], a[3]),
    },
];

/// The value of a form; times in microseconds, as measures have them. The error lists what is accepted.
pub fn value(name: &str, given: &BTreeMap<String, f64>) -> Result<(f64, Unit), String> {
    let form = FORMS.iter().find(|form| form.name == name).ok_or_else(|| {
        let names: Vec<&str> = FORMS.iter().map(|form| form.name).collect();
        format!("unknown form \"{name}\"; accepted: {}", names.join(", "))
    })?;
    let accepted = || format!("{name} takes: {}", form.arguments.join(", "));
    if let Some(stray) = given.keys().find(|key| !form.arguments.contains(&key.as_str())) {
        return Err(format!("{name} has no argument \"{stray}\"; {}", accepted()));
    }
    let argument = |key: &&str| given.get(*key).copied().ok_or_else(|| format!("no \"{key}\"; {}", accepted()));
    let arguments: Vec<f64> = form.arguments.iter().map(argument).collect::<Result<_, String>>()?;
    let value = (form.of)(&arguments);
    if !value.is_finite() || value < 0.0 {
        return Err(format!("{name} has no value for {arguments:?}"));
    }
    Ok((if form.unit == Unit::Time { value * 1_000.0 } else { value }, form.unit))
}

/// So many ways to choose `k` of `n`.
fn choose(n: f64, k: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k as u32).fold(1.0, |product, i| product * (n - f64::from(i)) / (f64::from(i) + 1.0))
}

/// The share of time in which at least `k` of `n` parts are up, each for the share `up`, independently.
pub fn k_of_n(k: f64, n: f64, up: f64) -> f64 {
    let exactly = |i: u32| {
        let i = f64::from(i);
        choose(n, i) * libm::pow(up, i) * libm::pow(1.0 - up, n - i)
    };
    (k as u32..=n as u32).map(exactly).sum()
}

/// The same of parts behind one that all of them need, and that is up for the share `shared`, independently of them.
pub fn k_of_n_behind(k: f64, n: f64, up: f64, shared: f64) -> f64 {
    shared * k_of_n(k, n, up)
}

/// How often a first election of Raft is split: the time-outs of `voters` are uniform over a spread, and the first candidate
/// wins alone only if no other's ends before its request, which takes `delay`, arrives there. An upper bound: a split may
/// still be won by the rest.
/// D. Ongaro, "Consensus: Bridging Theory and Practice", 2014, section 9.2.
pub fn split_vote(voters: f64, spread_ms: f64, delay_ms: f64) -> f64 {
    1.0 - libm::pow(1.0 - (delay_ms / spread_ms).min(1.0), voters)
}

/// How often SWIM suspects a living member in one period: the probe or its answer is lost, and so is, for each of the
/// `helpers`, one of the four messages of the way around. Messages are lost independently.
/// A. Das, I. Gupta, A. Motivala, "SWIM", DSN 2002, section 3.1.
pub fn false_suspicion(loss: f64, helpers: f64) -> f64 {
    let kept = 1.0 - loss;
    (1.0 - kept * kept) * libm::pow(1.0 - libm::pow(kept, 4.0), helpers)
}

/// How often a minute living members are declared dead by a fixed time-out, among `pairs` of a watcher and a watched: a
/// heartbeat is heard, and the next `missed` are all lost. The time-out ends between two heartbeats, and delays vary by less
/// than what lies between it and either; messages are lost independently.
/// The rate of mistakes is that of W. Chen, S. Toueg, M. K. Aguilera, "On the Quality of Service of Failure Detectors", IEEE
/// TC 51(5), 2002, section 2.
pub fn missed_heartbeats(loss: f64, missed: f64, interval_ms: f64, pairs: f64) -> f64 {
    pairs * 60_000.0 / interval_ms * (1.0 - loss) * libm::pow(loss, missed)
}

/// How often a read of `read` random replicas of `n` misses a write that `write` others have, and that spread no further.
/// P. Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", PVLDB 5(8), 2012, section 3.1.
pub fn quorum_staleness(n: f64, read: f64, write: f64) -> f64 {
    choose(n - write, read) / choose(n, read)
}

/// The mean time in a system with one server, random arrivals and service times (both exponential), in milliseconds.
/// L. Kleinrock, "Queueing Systems", volume 1, 1975, section 3.2.
pub fn mm1_mean(arrivals_per_s: f64, service_ms: f64) -> f64 {
    let idle = 1.0 - arrivals_per_s * service_ms / 1_000.0;
    if idle > 0.0 { service_ms / idle } else { f64::INFINITY }
}

/// The time in that system that so many of a hundred stay below: it is exponential too.
pub fn mm1_percentile(arrivals_per_s: f64, service_ms: f64, percent: f64) -> f64 {
    -mm1_mean(arrivals_per_s, service_ms) * libm::log(1.0 - percent / 100.0)
}

/// Throughput on `nodes`, when one alone does `alone`: a part of the work is done one after the other (contention), and a
/// part is spent on every pair's agreeing (coherence). N. Gunther, "Guerrilla Capacity Planning", 2007, chapter 4.
pub fn universal_scalability(alone: f64, contention: f64, coherence: f64, nodes: f64) -> f64 {
    alone * nodes / (1.0 + contention * (nodes - 1.0) + coherence * nodes * (nodes - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a}, expected {b}");
    }

    /// Values that one can work out by hand.
    #[test]
    fn by_hand() {
        near(k_of_n(1.0, 1.0, 0.9), 0.9);
        near(k_of_n(2.0, 3.0, 0.9), 3.0 * 0.81 * 0.1 + 0.729);
        near(k_of_n(0.0, 5.0, 0.3), 1.0);
        near(k_of_n_behind(1.0, 2.0, 0.9, 0.5), 0.495);
        near(split_vote(2.0, 100.0, 50.0), 0.75);
        near(split_vote(5.0, 100.0, 200.0), 1.0);
        near(false_suspicion(0.0, 3.0), 0.0);
        near(false_suspicion(0.5, 0.0), 0.75);
        near(missed_heartbeats(0.5, 1.0, 1_000.0, 2.0), 30.0);
        near(missed_heartbeats(0.1, 3.0, 100.0, 30.0), 16.2);
        near(quorum_staleness(3.0, 1.0, 1.0), 2.0 / 3.0);
        near(quorum_staleness(3.0, 2.0, 2.0), 0.0);
        near(mm1_mean(100.0, 5.0), 10.0);
        near(mm1_percentile(100.0, 5.0, 50.0), 10.0 * std::f64::consts::LN_2);
        near(universal_scalability(100.0, 0.0, 0.0, 8.0), 800.0);
        near(universal_scalability(100.0, 1.0, 0.0, 8.0), 100.0);
    }

    #[test]
    fn what_it_takes_is_said() {
        let given = |pairs: &[(&str, f64)]| pairs.iter().map(|(name, x)| ((*name).to_owned(), *x)).collect();
        let says = |name: &str, pairs: &[(&str, f64)]| value(name, &given(pairs)).expect_err("it is refused");
        assert!(says("mm2", &[]).contains("accepted: k-of-n, k-of-n-behind, split-vote"));
        assert!(says("mm1-mean", &[("service-ms", 5.0)]).contains("takes: arrivals-per-s, service-ms"));
        assert!(says("mm1-mean", &[("speed", 5.0)]).contains("no argument \"speed\""));
        assert!(says("mm1-mean", &[("arrivals-per-s", 300.0), ("service-ms", 5.0)]).contains("no value"));
        let good = value("mm1-mean", &given(&[("arrivals-per-s", 100.0), ("service-ms", 5.0)]));
        assert_eq!(good, Ok((10_000.0, Unit::Time)));
    }
}
