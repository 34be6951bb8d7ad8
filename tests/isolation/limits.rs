//! A check that a limit stops says which: "unknown", never another verdict than it would have come to; and the command line
//! says so by its exit code.

use super::cases::{faultline, file, lines};
use super::{
    Consistency, ENGINES, History, Level, Limits, Options, Verdict, carried_out, history, model, plan, schedule,
};
use crate::countdown::stop_after;
use faultline::check::consistency;
use faultline::check::history::write;
use proptest::prelude::*;
use std::mem::discriminant;

fn told(append: bool, level: Level, history: &History, limits: Limits) -> Verdict {
    let options = Options { limits, ..Options::default() };
    let asked = Consistency::Isolation(level);
    consistency::check(model(append), asked, history, options).expect("a well-formed history").verdict
}

/// Nine that wrote a key and read nothing of it: their order has to be tried out.
fn blind() -> (History, bool) {
    let text: Vec<String> = (0..9).map(|i| format!("{i} rx wx{} wy{}", i + 1, i + 1)).collect();
    lines(&text.join(","), false)
}

#[test]
fn each_limit_is_said() {
    let (history, append) = blind();
    let level = super::level("snapshot-isolation");
    assert!(matches!(told(append, level, &history, Limits::GENEROUS), Verdict::Violated(_)));
    for (limits, what) in [
        (Limits { steps: 0, ..Limits::GENEROUS }, "steps"),
        (Limits { bytes: 100, ..Limits::GENEROUS }, "memory"),
        (Limits { stop: stop_after(0), ..Limits::GENEROUS }, "time"),
    ] {
        let said = Verdict::Unknown(format!("the limit of {what} was reached"));
        assert_eq!(told(append, level, &history, limits), said);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// With evidence: a limit that is reached while that is gathered leaves the verdict as it is.
    #[test]
    fn what_a_limit_stops_is_unknown_or_right(
        plan in plan(8), schedule in schedule(), engine in proptest::sample::select(&ENGINES[..]), append in any::<bool>(),
        steps in 0..60_u64, bytes in 0..3_000_u64, asks in 0..40_u32,
    ) {
        let history = history(&carried_out(&plan, &schedule, engine, append), append);
        for level in Level::all() {
            let truth = told(append, level, &history, Limits::GENEROUS);
            for limits in [
                Limits { steps, ..Limits::GENEROUS },
                Limits { bytes, ..Limits::GENEROUS },
                Limits { stop: stop_after(asks), ..Limits::GENEROUS },
            ] {
                let told = told(append, level, &history, limits);
                let same = discriminant(&told) == discriminant(&truth);
                prop_assert!(same || matches!(told, Verdict::Unknown(_)), "{:?} {:?}: {:?}", level, limits, told);
            }
        }
    }
}

#[test]
fn the_command_line_says_unknown_by_its_exit_code() {
    let (history, _) = blind();
    let path = file("blind.jsonl", &write(&history));
    let check = |consistency: &str, more: &[&str]| {
        faultline(&[&["check", &path, "--model", "rw-register", "--consistency", consistency][..], more].concat())
    };
    let limits: [(&[&str], &str); 3] =
        [(&["--steps", "0"], "steps"), (&["--memory", "0"], "memory"), (&["--time", "0"], "time")];
    for consistency in ["snapshot-isolation", "linearizable"] {
        assert_eq!(check(consistency, &[]).0, Some(1), "{consistency}");
        assert_eq!(check(consistency, &["--time", "600", "--memory", "100"]).0, Some(1), "{consistency}");
        for (more, what) in limits {
            let (code, out, _) = check(consistency, more);
            assert!(
                code == Some(3) && out.contains(&format!("unknown: the limit of {what} was reached")),
                "{consistency} {out}"
            );
        }
    }
    let (code, out, _) = check("all", &["--time", "0", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let all = all.as_array().expect("of each level");
    assert!(code == Some(3) && all.len() == 15 && all.iter().all(|one| one["verdict"] == "unknown"), "{out}");
    for wrong in ["soon", "-1", "1e300"] {
        let (code, _, error) = check("serializable", &[&format!("--time={wrong}")[..]]);
        assert!(code == Some(2) && error.contains("a number of seconds"), "{error}");
    }
}
