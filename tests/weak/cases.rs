//! Histories of papers and of folklore, and what is said of them.

use super::{GUARANTEES, Op, datum, evidence, history, is_good, one_copy, quick, verdict, verdict_of};
use faultline::check::consistency::{self, Consistency, NAMES, Options};
use faultline::check::history::{History, Operation};
use faultline::check::linear::Verdict;
use faultline::check::weak::Versions;
use faultline::check::weak::stale::Bound;
use faultline::wire::{Datum, Outcome};

/// "0 w x 1": process, what, key, value, after one another.
fn lines(text: &str) -> History {
    let op = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let value: i64 = words[3].parse().expect("a value");
        let (found, left) = if words[1] == "r" { (Some(value), None) } else { (None, Some(value)) };
        let key = usize::from(words[2] == "y");
        Op { process: words[0].parse().expect("a process"), key, found, left, known: true, ..Op::default() }
    };
    history(&text.split(',').map(op).collect::<Vec<Op>>())
}

/// From the figures of the papers, and folklore: which hold.
#[test]
fn each_model_has_a_history_of_its_own() {
    let weak = ["pram", "read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"];
    for (text, lacks) in [
        // Two see two writes that do not know of each other in two orders (Ahamad et al., figure 1).
        ("0 w x 1,1 w x 2,2 r x 1,2 r x 2,3 r x 2,3 r x 1", &["sequential", "causal-convergence"][..]),
        // Each writes, and does not see the other (store buffers).
        ("0 w x 1,0 r y 0,1 w y 1,1 r x 0", &["sequential"]),
        // What was read first is lost on one who reads what was written after it (write to read causality).
        (
            "0 w x 1,1 r x 1,1 w y 1,2 r y 1,2 r x 0",
            &["sequential", "causal-memory", "causal-convergence", "causal", "writes-follow-reads"],
        ),
        // Back and forth between two that do not know of each other: each by itself can be explained.
        (
            "0 w x 1,1 w x 2,2 r x 1,2 r x 2,2 r x 1",
            &["sequential", "causal-memory", "causal-convergence", "pram", "monotonic-reads"],
        ),
        (
            "0 w x 1,0 r x 0",
            &["sequential", "causal-memory", "causal-convergence", "causal", "pram", "read-your-writes"],
        ),
        (
            "0 w x 1,0 w x 2,1 r x 2,1 r x 1",
            &["sequential", "causal-memory", "causal-convergence", "causal", "pram", "monotonic-reads"],
        ),
        (
            "0 w x 1,0 w y 1,1 r y 1,1 r x 0",
            &["sequential", "causal-memory", "causal-convergence", "causal", "pram", "monotonic-writes"],
        ),
    ] {
        let history = lines(text);
        for name in GUARANTEES {
            assert_eq!(!is_good(name, &history), lacks.contains(&name), "{name}: {text}");
        }
    }
    assert!(weak.iter().all(|name| is_good(name, &lines("0 w x 1,1 r x 0,1 r x 1"))));
}

#[test]
fn a_verdict_says_why_in_one_sentence() {
    let stale = lines("0 w x 1,0 w y 1,1 r y 1,1 r x 0");
    assert_eq!(
        evidence("causal", &stale).sentence,
        "“1 read x” (line 7) saw nothing, though “0 write x 1” (line 1) had replaced that before: line 3 comes \
         after line 1 in process 0; line 5 saw what line 3 wrote; line 7 comes after line 5 in process 1."
    );
    let evidence = evidence("causal-convergence", &lines("0 w x 1,1 w x 2,2 r x 1,2 r x 2,3 r x 2,3 r x 1"));
    assert_eq!(evidence.core_lines, [1, 3, 5, 7, 9, 11]);
    assert!(
        evidence
            .sentence
            .contains("; line 1 must come before line 3, for line 7 comes after line 1 and yet saw line 3;"),
        "{}",
        evidence.sentence
    );
    assert!(evidence.minimal && evidence.links.iter().any(|link| (link.from, link.to) == (3, 1)), "{evidence:?}");
}

#[test]
fn who_read_from_whom_must_be_known() {
    let twice = lines("0 w x 1,1 w x 1,2 r x 1");
    assert!(matches!(verdict("causal", &twice), Verdict::Unknown(why) if why.contains("lines 1 and 3")));
    assert!(is_good("sequential", &twice), "the search needs no more than the history");
    assert!(is_good("causal", &lines("0 w x 1,1 w x 1,2 r x 0")), "what nobody read may be written twice");
    let none = lines("0 w x 0,1 r x 0");
    assert!(matches!(verdict("pram", &none), Verdict::Unknown(why) if why.contains("line 1 wrote nothing")));
    assert!(evidence("causal", &lines("0 w x 1,1 r x 7")).sentence.contains("nobody wrote that"));
    let mut failed = lines("0 w x 7,1 r x 7");
    failed.operations[0].outcome = Outcome::Fail;
    assert!(evidence("monotonic-writes", &failed).sentence.contains("“0 write x 7 (failed)” (line 1) failed"));
    assert!(!is_good("sequential", &failed));
    // It saw something else than 1: what, is not known.
    let mut other = lines("0 w x 1,1 r x 1,1 r x 1");
    let cas = &mut other.operations[2];
    (cas.f, cas.input, cas.outcome) = ("cas".into(), Datum::List(vec![Datum::Int(1), Datum::Int(2)]), Outcome::Fail);
    assert!(is_good("causal", &other), "it never happened");
    let readings = faultline::check::spec::Readings { failed_cas_did_not_match: true, ..Default::default() };
    let told = verdict_of("cas-register", "causal", &other, Options { readings, ..quick() });
    assert!(matches!(told, Verdict::Unknown(why) if why.contains("line 5")));
    assert_eq!(
        verdict_of("cas-register", "sequential", &other, Options { readings, ..quick() }),
        Verdict::Violated(None)
    );
}

#[test]
fn versions_by_real_time_are_asked_for() {
    // Written by two, one after the other: a store may have them in either order.
    let history = lines("0 w x 1,1 w x 2,2 r x 2,2 r x 1");
    assert!(is_good("monotonic-reads", &history));
    let versions = Versions::RealTime;
    let told = verdict_of("register", "monotonic-reads", &history, Options { versions, ..Options::default() });
    let Verdict::Violated(Some(evidence)) = told else { panic!("{told:?}") };
    assert!(evidence.sentence.contains("line 1 had ended before line 3 began"), "{}", evidence.sentence);
}

#[test]
fn staleness_has_bounds() {
    // Events are a millisecond apart: 2 was there from 3 ms on, and the read begins at 6 ms.
    let history = lines("0 w x 1,0 w x 2,1 r x 2,2 r x 1");
    let told = |age: Option<i64>, versions: Option<u32>| {
        let bound = Bound { age_ns: age.map(|ms| ms * 1_000_000), versions };
        verdict_of("register", "bounded-staleness", &history, Options { bound, ..Options::default() })
    };
    assert_eq!(told(Some(3), None), Verdict::Satisfied);
    let Verdict::Violated(Some(evidence)) = told(Some(2), None) else { panic!("2 ms are not enough") };
    assert!(
        evidence.sentence.starts_with("Even if reads may be 2 ms behind: No order explains “2 read x → 1”"),
        "{}",
        evidence.sentence
    );
    assert_eq!(evidence.prefix, 7);
    assert_eq!(told(None, Some(1)), Verdict::Satisfied);
    assert!(matches!(told(None, Some(0)), Verdict::Violated(_)));
    let mut timeless = history.clone();
    timeless.operations[1].begun_ns = None;
    let bound = Bound { age_ns: Some(1), versions: None };
    let told = verdict_of("register", "bounded-staleness", &timeless, Options { bound, ..quick() });
    assert!(matches!(told, Verdict::Unknown(why) if why.contains("needs a time")));
    let none = consistency::check("register", Consistency::BoundedStaleness, &history, quick());
    assert!(none.is_err_and(|why| why.contains("needs a bound")));
}

#[test]
fn reads_come_to_agree_or_do_not() {
    let told = |text: &str, settle: Option<i64>| {
        let settle_ns = settle.map(|ms| ms * 1_000_000);
        verdict_of("register", "eventual", &lines(text), Options { settle_ns, ..Options::default() })
    };
    let slow = "0 w x 1,0 w x 2,1 r x 1,2 r x 2,1 r x 2";
    assert_eq!(told(slow, None), Verdict::Satisfied, "the last reads agree");
    assert!(matches!(told(slow, Some(0)), Verdict::Violated(_)), "the first was too late to be old");
    assert_eq!(told(slow, Some(2)), Verdict::Satisfied);
    assert!(matches!(told(slow, Some(20)), Verdict::Unknown(_)), "none is that late");
    let Verdict::Violated(Some(evidence)) = told("0 w x 1,1 w x 2,0 r x 1,1 r x 2", None) else {
        panic!("they differ")
    };
    assert_eq!(evidence.core_lines, [5, 7]);
    assert!(matches!(told("0 w x 1,1 r x 0", None), Verdict::Violated(_)), "it was lost");
    assert!(matches!(told("0 w x 1,1 r x 3", None), Verdict::Violated(_)), "nobody wrote it");
    assert!(matches!(told("0 r x 0,1 w x 1", None), Verdict::Unknown(_)));
    let mut open = lines("0 w x 1,1 w x 2,0 r x 1,1 r x 2");
    open.operations[1].outcome = Outcome::Unknown;
    assert!(
        matches!(verdict_of("register", "eventual", &open, quick()), Verdict::Unknown(why) if why.contains("may yet take effect"))
    );
}

#[test]
fn long_histories_are_judged() {
    let plans: Vec<_> = (0..3_000).map(|i| (i % 3, i % 2, i % 5 < 3, i * 7 % 4_000)).collect();
    let ops = one_copy(&plans);
    for name in GUARANTEES {
        assert!(is_good(name, &history(&ops)), "{name}");
    }
}

#[test]
fn all_models_at_once_agree_with_each() {
    for text in ["0 w x 1,1 w x 2,2 r x 1,2 r x 2", "0 w x 1,0 w y 1,1 r y 1,1 r x 0", "0 w x 1,1 r x 0,2 r x 1"] {
        let history = lines(text);
        let all = consistency::lattice("kv", &history, quick()).expect("well-formed");
        assert_eq!(all.len(), 11);
        for (own, report) in all {
            let alone = verdict_of("kv", own.name(), &history, quick());
            assert_eq!(report.verdict == Verdict::Satisfied, alone == Verdict::Satisfied, "{} {text}", own.name());
        }
    }
    // What the weaker cannot tell by themselves they hold by what is stronger.
    let twice = lines("0 w x 1,1 w x 1,2 r x 1");
    let all = consistency::lattice("register", &twice, quick()).expect("well-formed");
    assert!(all.iter().all(|(_, report)| report.verdict == Verdict::Satisfied), "{all:?}");
    for (name, own, _) in NAMES {
        assert_eq!((Consistency::named(name), own.name()), (Some(own), name));
    }
    let queue = consistency::check("queue", Consistency::named("pram").expect("it is there"), &twice, quick());
    assert!(queue.is_err_and(|why| why.contains("linearizable") && why.contains("not for pram")));
}

/// Not only registers: sequential consistency is by the models' own specifications, of all keys together.
#[test]
fn queues_are_sequential_or_not() {
    let op = |process: i64, f: &str, value: i64, at: u32| Operation {
        process: Datum::Int(process),
        f: f.into(),
        key: Datum::None,
        input: if f == "enqueue" { Datum::Int(value) } else { Datum::None },
        output: datum(value),
        outcome: Outcome::Ok,
        invoked: at,
        ended: at + 1,
        begun_ns: None,
        ended_ns: None,
        lines: (at + 1, at + 2),
    };
    let good = History {
        operations: vec![
            op(0, "enqueue", 1, 0),
            op(1, "enqueue", 2, 2),
            op(2, "dequeue", 2, 4),
            op(2, "dequeue", 1, 6),
        ],
    };
    let told = |history: &History| verdict_of("queue", "sequential", history, Options::default());
    assert_eq!(told(&good), Verdict::Satisfied);
    assert!(matches!(verdict_of("queue", "linearizable", &good, quick()), Verdict::Violated(_)));
    let mut bad = good.clone();
    bad.operations[1].process = Datum::Int(0);
    let Verdict::Violated(Some(evidence)) = told(&bad) else { panic!("one process enqueued them in order") };
    assert!(evidence.minimal && evidence.core_lines == [1, 5], "{evidence:?}");
    assert!(evidence.sentence.contains("No one order of these 2 operations"), "{}", evidence.sentence);
}
