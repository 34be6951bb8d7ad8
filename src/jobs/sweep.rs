//! A slice of a sweep: what became of each seed, and its values in buckets ([`histogram`]), so that thousands of runs take
//! little room. Values that are no lengths of time are told in thousandths.

use super::{map, number, text};
use crate::base::histogram;
use crate::base::json::Json;
use crate::check::measures::MEASURES;
use crate::check::trial::{Outcome, Trial};
use std::collections::BTreeMap;
use std::ops::Range;

/// Steps that a slice may take before it answers; the run under way is finished.
const SLICE_STEPS: u64 = 60_000;

/// The bucket of a value of a measure.
pub fn bucket(unit: &str, value: f64) -> u32 {
    let scale = if unit == "us" { 1.0 } else { 1_000.0 };
    histogram::bucket::<{ histogram::DRAWN }>((value * scale + 0.5) as u64)
}

/// # Errors
/// What is wrong with the scenario.
pub fn slice(trial: &Trial<'_>, seeds: Range<u64>) -> Result<Json, String> {
    let (mut runs, mut steps, mut next) = (Vec::new(), 0, seeds.start);
    while next < seeds.end && steps < SLICE_STEPS {
        let outcome = trial.run(next)?;
        steps += outcome.steps;
        runs.push(run(&outcome));
        next += 1;
    }
    let measures = MEASURES.iter().map(|m| Json::List(vec![text(m.name), text(m.unit), text(m.meaning)]));
    let ends_at = number(trial.ends_at().0);
    Ok(map(vec![
        ("next", number(next)),
        ("ends_at", ends_at),
        ("measures", Json::List(measures.collect())),
        ("runs", Json::List(runs)),
    ]))
}

fn run(outcome: &Outcome) -> Json {
    let (failed, why) = match &outcome.failed {
        Some((property, why)) => (text(property), text(why)),
        None => (Json::Null, Json::Null),
    };
    let values = outcome.values.iter().zip(&MEASURES).map(|(values, measure)| {
        let mut buckets: BTreeMap<u32, u64> = BTreeMap::new();
        for value in values {
            *buckets.entry(bucket(measure.unit, *value)).or_default() += 1;
        }
        // Bucket and count, one after the other.
        Json::List(buckets.into_iter().flat_map(|(bucket, count)| [number(bucket.into()), number(count)]).collect())
    });
    map(vec![
        ("seed", number(outcome.seed)),
        ("failed", failed),
        ("why", why),
        ("limited", Json::Bool(outcome.limited)),
        ("values", Json::List(values.collect())),
    ])
}
