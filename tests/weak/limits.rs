//! A check that a limit stops says which: "unknown", never another verdict than it would have come to.

use super::{GUARANTEES, Op, history, quick, some_ops, verdict_of};
use crate::countdown::stop_after;
use faultline::check::consistency::Options;
use faultline::check::history::History;
use faultline::check::limits::Limits;
use faultline::check::linear::Verdict;
use faultline::check::weak::stale::Bound;
use proptest::prelude::*;
use std::mem::discriminant;

fn told(name: &str, history: &History, limits: Limits) -> Verdict {
    let bound = Bound { age_ns: None, versions: Some(1) };
    verdict_of("cas-register", name, history, Options { limits, bound, ..quick() })
}

/// Those that are decided by steps that cost, and those that look at all operations once.
fn searched() -> impl Iterator<Item = &'static str> {
    GUARANTEES.into_iter().chain(["bounded-staleness"])
}

#[test]
fn each_limit_is_said_of_each_model() {
    let op = |i: usize| Op {
        process: i % 3,
        key: i % 2,
        left: (i % 4 < 2).then_some(i as i64 / 4 + 1),
        found: (i % 4 >= 2).then_some(i as i64 / 4 + 1),
        known: true,
        ..Op::default()
    };
    let history = history(&(0..40).map(op).collect::<Vec<_>>());
    let explain = Limits { explain: false, ..Limits::GENEROUS };
    for name in searched() {
        assert_eq!(told(name, &history, explain), Verdict::Satisfied, "{name}");
        for (limits, what) in [
            (Limits { steps: 0, ..explain }, "steps"),
            (Limits { bytes: 100, ..explain }, "memory"),
            (Limits { stop: stop_after(0), ..explain }, "time"),
        ] {
            let said = Verdict::Unknown(format!("the limit of {what} was reached"));
            assert_eq!(told(name, &history, limits), said, "{name}");
        }
    }
    for name in ["linearizable", "eventual"] {
        let said = Verdict::Unknown("the limit of time was reached".into());
        assert_eq!(told(name, &history, Limits { stop: stop_after(0), ..explain }), said, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// With evidence: a limit that is reached while that is gathered leaves the verdict as it is.
    #[test]
    fn what_a_limit_stops_is_unknown_or_right(
        ops in some_ops(12), steps in 0..300_u64, bytes in 0..60_000_u64, asks in 0..40_u32,
    ) {
        let history = history(&ops);
        for name in searched().chain(["linearizable", "eventual"]) {
            let truth = told(name, &history, Limits::GENEROUS);
            for limits in [
                Limits { steps, ..Limits::GENEROUS },
                Limits { bytes, ..Limits::GENEROUS },
                Limits { stop: stop_after(asks), ..Limits::GENEROUS },
            ] {
                let told = told(name, &history, limits);
                let same = discriminant(&told) == discriminant(&truth);
                prop_assert!(same || matches!(told, Verdict::Unknown(_)), "{} {:?}: {:?}, not {:?}", name, limits, told, truth);
            }
        }
    }
}
