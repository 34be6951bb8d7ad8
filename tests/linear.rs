//! The check of linearizability against the definition, tried out on every small history; against histories that were made
//! good and then spoilt; and by what must not matter.

use faultline::check::history::{self, History, NEVER, Operation};
use faultline::check::limits::{Limits, Stop};
use faultline::check::linear::{Verdict, check};
use faultline::check::spec::Readings;
use faultline::wire::{Datum, Outcome};
use proptest::prelude::*;

#[path = "../benches/etcd/mod.rs"]
#[allow(dead_code)]
mod etcd;

fn verdict(model: &str, history: &History) -> Verdict {
    check(model, history, Readings::default(), Limits::default()).expect("a well-formed history").verdict
}

fn is_good(model: &str, history: &History) -> bool {
    match verdict(model, history) {
        Verdict::Satisfied => true,
        Verdict::Violated(_) => false,
        Verdict::Unknown(why) => panic!("{why}"),
    }
}

fn operation(f: &str, value: Datum, outcome: Outcome, invoked: u32, ended: u32) -> Operation {
    let is_read = ["read", "dequeue", "pop"].contains(&f);
    Operation {
        process: Datum::Int(i64::from(invoked)),
        f: f.into(),
        key: Datum::None,
        input: if is_read { Datum::None } else { value.clone() },
        output: value,
        outcome,
        invoked,
        ended,
        begun_ns: None,
        ended_ns: None,
        lines: (invoked + 1, ended.saturating_add(1)),
    }
}

/// What a register's operation can be, in all small histories: writes of 1 and 2, known and unknown; reads of nothing, 1, 2.
const KINDS: [(&str, i64, Outcome); 7] = [
    ("write", 1, Outcome::Ok),
    ("write", 2, Outcome::Ok),
    ("write", 1, Outcome::Unknown),
    ("write", 2, Outcome::Unknown),
    ("read", 0, Outcome::Ok),
    ("read", 1, Outcome::Ok),
    ("read", 2, Outcome::Ok),
];

/// All ways in which `count` operations can lie in real time, numbered by their invocations: for each the places of its
/// two events. At most three are open at once.
fn overlaps(count: usize) -> Vec<Vec<(u32, u32)>> {
    fn go(count: usize, open: &mut Vec<usize>, now: &mut Vec<(u32, u32)>, place: u32, all: &mut Vec<Vec<(u32, u32)>>) {
        if now.len() == count && open.is_empty() {
            all.push(now.clone());
            return;
        }
        if now.len() < count && open.len() < 3 {
            now.push((place, NEVER));
            open.push(now.len() - 1);
            go(count, open, now, place + 1, all);
            open.pop();
            now.pop();
        }
        for i in 0..open.len() {
            let one = open.remove(i);
            now[one].1 = place;
            go(count, open, now, place + 1, all);
            now[one].1 = NEVER;
            open.insert(i, one);
        }
    }
    let mut all = Vec::new();
    go(count, &mut Vec::new(), &mut Vec::new(), 0, &mut all);
    all
}

/// The definition, word for word: some of what may have happened and all that must have, in some order that keeps to real
/// time, explains every read.
fn by_definition(operations: &[Operation], step: fn(&Operation, &Datum) -> Option<Datum>) -> bool {
    type Step = fn(&Operation, &Datum) -> Option<Datum>;
    fn go(operations: &[Operation], left: &mut Vec<usize>, value: &Datum, step: Step) -> bool {
        if left.iter().all(|i| operations[*i].outcome == Outcome::Unknown) {
            return true;
        }
        for place in 0..left.len() {
            let next = left[place];
            if left.iter().any(|other| operations[next].follows(&operations[*other])) {
                continue;
            }
            let Some(after) = step(&operations[next], value) else { continue };
            left.remove(place);
            let good = go(operations, left, &after, step);
            left.insert(place, next);
            if good {
                return true;
            }
        }
        false
    }
    go(operations, &mut (0..operations.len()).collect(), &Datum::None, step)
}

fn register(op: &Operation, value: &Datum) -> Option<Datum> {
    match op.f.as_str() {
        "read" => (op.output == *value).then(|| value.clone()),
        _ => Some(op.input.clone()),
    }
}

/// One key of a map, where a failed compare-and-set did not match.
fn map(op: &Operation, value: &Datum) -> Option<Datum> {
    match (op.f.as_str(), &op.input, value) {
        ("read", _, value) => (op.output == *value).then(|| value.clone()),
        ("write", input, _) | ("append", input @ Datum::Text(_), Datum::None) => Some(input.clone()),
        ("append", Datum::Text(more), Datum::Text(text)) => Some(Datum::Text(text.clone() + more)),
        ("cas", Datum::List(pair), value) => match (op.outcome, pair[0] == *value) {
            (Outcome::Ok, false) | (Outcome::Fail, true) => None,
            (Outcome::Fail, false) | (Outcome::Unknown, false) => Some(value.clone()),
            (_, true) => Some(pair[1].clone()),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_small_register_history_is_judged_by_the_definition() {
    let mut tried = [0_u32; 2];
    for count in 1..=4_usize {
        for overlap in overlaps(count) {
            for kinds in 0..KINDS.len().pow(count as u32) {
                let kind = |i: usize| KINDS[kinds / KINDS.len().pow(i as u32) % KINDS.len()];
                let operations: Vec<Operation> = (0..count)
                    .map(|i| {
                        let (f, value, outcome) = kind(i);
                        let value = if value == 0 { Datum::None } else { Datum::Int(value) };
                        operation(f, value, outcome, overlap[i].0, overlap[i].1)
                    })
                    .collect();
                let expected = by_definition(&operations, register);
                tried[usize::from(expected)] += 1;
                let history = History { operations };
                // Evidence is gathered for few of them: it takes several searches each.
                let limits = Limits { explain: !expected && tried[0] % 100 == 0, ..Limits::default() };
                let report = check("register", &history, Readings::default(), limits).expect("well-formed");
                assert_eq!(report.verdict == Verdict::Satisfied, expected, "{history:#?}");
            }
        }
    }
    println!("{} histories are linearizable, {} are not", tried[1], tried[0]);
    assert_eq!(tried, [92_732, 107_048]);
}

/// One operation of a history that is good by construction: who, what, and how its two events lie around the moment at which
/// it takes effect.
#[derive(Clone, Debug)]
struct Plan {
    what: u8,
    value: i64,
    early: u32,
    late: u32,
    unknown: bool,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    plans_of(40)
}

fn plans_of(most: usize) -> impl Strategy<Value = Vec<Plan>> {
    let one = (0..6_u8, 1..4_i64, 0..30_u32, 0..30_u32, proptest::bool::weighted(0.1));
    let plan = one.prop_map(|(what, value, early, late, unknown)| Plan { what, value, early, late, unknown });
    proptest::collection::vec(plan, 1..most)
}

/// A history of a model: one object carries out the plan, an operation every ten units of time; what a client is told is
/// what that object answered.
fn good(model: &str, plans: &[Plan]) -> History {
    let int = Datum::Int;
    let mut items: Vec<i64> = Vec::new();
    let mut value = Datum::None;
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    let mut operations = Vec::new();
    for (i, plan) in plans.iter().enumerate() {
        let writes = plan.what < 3;
        let mut outcome = if plan.unknown { Outcome::Unknown } else { Outcome::Ok };
        let (f, input, output) = match model {
            "queue" | "stack" if writes => {
                items.push(plan.value);
                (if model == "queue" { "enqueue" } else { "push" }, int(plan.value), int(plan.value))
            }
            "queue" => ("dequeue", Datum::None, if items.is_empty() { Datum::None } else { int(items.remove(0)) }),
            "stack" => ("pop", Datum::None, items.pop().map_or(Datum::None, int)),
            "counter" if writes => {
                items.push(plan.value);
                ("add", int(plan.value), int(plan.value))
            }
            "counter" => ("read", Datum::None, int(items.iter().sum())),
            "set" if writes => {
                items.retain(|item| *item != plan.value);
                items.push(plan.value);
                ("add", int(plan.value), int(plan.value))
            }
            "set" => ("read", Datum::None, Datum::List(items.iter().copied().map(int).collect())),
            "kv" if plan.what == 0 => {
                let mut list = match value {
                    Datum::List(list) => list,
                    Datum::None => Vec::new(),
                    one => vec![one],
                };
                list.push(int(plan.value));
                value = Datum::List(list);
                ("append", int(plan.value), int(plan.value))
            }
            "cas-register" | "kv" if plan.what == 1 => {
                let expected = if plan.value == 1 { value.clone() } else { int(plan.value) };
                let pair = Datum::List(vec![expected.clone(), int(7)]);
                if expected == value {
                    value = int(7);
                } else if outcome == Outcome::Ok {
                    outcome = Outcome::Fail;
                }
                ("cas", pair.clone(), pair)
            }
            _ if writes => {
                value = int(plan.value);
                ("write", int(plan.value), int(plan.value))
            }
            _ => ("read", Datum::None, value.clone()),
        };
        let at = (i as u32 + 4) * 10;
        events.push((at - plan.early, false, i));
        events.push((at + plan.late + 1, true, i));
        operations.push(Operation { input, ..operation(f, output, outcome, 0, 0) });
    }
    events.sort_unstable();
    for (place, (_, ends, i)) in (0..).zip(events) {
        let op = &mut operations[i];
        if ends {
            op.ended = place
        } else {
            op.invoked = place
        }
        op.lines = (op.invoked + 1, op.ended.saturating_add(1));
        op.process = Datum::Int(i as i64);
    }
    operations.sort_by_key(|op| op.invoked);
    History { operations }
}

const MODELS: [&str; 7] = ["register", "cas-register", "kv", "counter", "set", "queue", "stack"];

/// Readings that make use of all that a history says.
const STRICT: Readings = Readings { failed_cas_did_not_match: true, nil_read_says_nothing: false };

fn swapped(history: &History, place: u32) -> Option<History> {
    let ends = |op: &Operation, place| op.ended == place;
    let begins = |op: &Operation, place| op.invoked == place;
    let pair = |at: &dyn Fn(&Operation, u32) -> bool| {
        let find = |place| history.operations.iter().position(|op| at(op, place));
        find(place).zip(find(place + 1))
    };
    let mut other = history.clone();
    if let Some((a, b)) = pair(&ends) {
        (other.operations[a].ended, other.operations[b].ended) = (place + 1, place);
    } else {
        let (a, b) = pair(&begins)?;
        (other.operations[a].invoked, other.operations[b].invoked) = (place + 1, place);
        other.operations.sort_by_key(|op| op.invoked);
    }
    Some(other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_one_object_answered_is_linearizable(plans in plans(), model in proptest::sample::select(&MODELS[..])) {
        let history = good(model, &plans);
        let report = check(model, &history, STRICT, Limits::default()).expect("well-formed");
        prop_assert_eq!(&report.verdict, &Verdict::Satisfied, "{} {:#?}", model, history);
        // Its lines, read back, are the same history.
        let again = history::read(&history::write(&history)).expect("what was written can be read");
        prop_assert_eq!(again.operations.len(), history.operations.len());
        prop_assert!(is_good(model, &again));
    }

    /// A read of what was never written is always a violation, and the evidence names it.
    #[test]
    fn a_planted_fault_is_found(plans in plans_of(20), model in proptest::sample::select(&MODELS[..]), place in 0..40_usize) {
        let mut history = good(model, &plans);
        let reads = |op: &&mut Operation| ["read", "dequeue", "pop"].contains(&op.f.as_str()) && op.outcome == Outcome::Ok;
        let count = history.operations.iter_mut().filter(reads).count();
        prop_assume!(count > 0);
        let spoilt = history.operations.iter_mut().filter(reads).nth(place % count).expect("it is there");
        spoilt.output = if model == "set" { Datum::List(vec![Datum::Int(99)]) } else { Datum::Int(-99) };
        let (line, end) = (spoilt.lines.0, spoilt.ended);
        match verdict(model, &history) {
            Verdict::Violated(Some(evidence)) => {
                prop_assert_eq!(evidence.prefix, end);
                if evidence.minimal {
                    prop_assert_eq!(&evidence.core_lines, &[line]);
                }
                prop_assert!(evidence.core_lines.contains(&line));
                // What is before is linearizable, what is up to there is not.
                prop_assert!(end == 0 || is_good(model, &history.prefix(end - 1)));
                prop_assert!(!is_good(model, &history.prefix(end)));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever was read: neighbours that both begin, or both end, may change places, and names do not matter.
    #[test]
    fn the_order_of_like_neighbours_and_names_do_not_matter(plans in plans(), reads in proptest::collection::vec(0..4_i64, 40), at in 0..80_u32) {
        let mut history = good("register", &plans);
        for (op, value) in history.operations.iter_mut().zip(reads).filter(|(op, _)| op.f == "read") {
            if value < 3 {
                op.output = if value == 0 { Datum::None } else { Datum::Int(value) };
            }
        }
        let expected = is_good("register", &history);
        if let Some(other) = swapped(&history, at) {
            prop_assert_eq!(is_good("register", &other), expected);
        }
        let mut renamed = history.clone();
        for op in &mut renamed.operations {
            op.process = Datum::Text(format!("p{}", op.process));
        }
        prop_assert_eq!(is_good("register", &renamed), expected);
        // A violation's core is a violation by itself, and none without any one of its operations.
        if let Verdict::Violated(Some(evidence)) = verdict("register", &history) {
            prop_assert!(evidence.minimal, "{:?}", evidence);
            let core = |op: &Operation| evidence.core_lines.contains(&op.lines.0);
            let relax = |keep: &dyn Fn(&Operation) -> bool| {
                let relaxed = history.prefix(evidence.prefix).operations.into_iter();
                History { operations: relaxed.map(|op| if keep(&op) { op } else { Operation { outcome: Outcome::Unknown, ..op } }).collect() }
            };
            prop_assert!(!is_good("register", &relax(&core)));
            for line in &evidence.core_lines {
                prop_assert!(is_good("register", &relax(&|op| core(op) && op.lines.0 != *line)));
            }
        }
    }
}

/// An operation of a map with texts, as good or bad as it comes: what, its value, where its two events are, its outcome.
fn any_of_map() -> impl Strategy<Value = (u8, u8, u8, u32, u32, u8)> {
    (0..5_u8, 0..4_u8, 0..4_u8, 0..12_u32, 1..8_u32, 0..3_u8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What may have happened is left out, or known to have happened, only where the definition allows it.
    #[test]
    fn small_map_histories_are_judged_by_the_definition(all in proptest::collection::vec(any_of_map(), 1..7)) {
        const TEXTS: [&str; 4] = ["a", "b", "ab", "ba"];
        let word = |i: u8| Datum::Text(TEXTS[i as usize].into());
        let one = |(i, (what, value, other, at, long, how)): (usize, &(u8, u8, u8, u32, u32, u8))| {
            // Places of events are all different.
            let (from, to) = (at * 16 + i as u32 * 2, (at + long) * 16 + i as u32 * 2 + 1);
            let f = ["read", "write", "append", "cas", "read"][*what as usize];
            let outcome = match how {
                0 if f != "read" => Outcome::Unknown,
                1 if f == "cas" => Outcome::Fail,
                _ => Outcome::Ok,
            };
            let value = if f == "cas" { Datum::List(vec![word(*value), word(*other)]) } else { word(*value) };
            let ended = if outcome == Outcome::Unknown { NEVER } else { to };
            operation(f, value, outcome, from, ended)
        };
        let operations: Vec<Operation> = all.iter().enumerate().map(one).collect();
        let expected = by_definition(&operations, map);
        let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
        let limits = Limits { explain: false, ..Limits::default() };
        for (model, fits) in [("kv", true), ("cas-register", operations.iter().all(|op| op.f != "append"))] {
            if fits {
                let report = check(model, &History { operations: operations.clone() }, readings, limits);
                prop_assert_eq!(report.expect("well-formed").verdict == Verdict::Satisfied, expected, "{:#?}", operations);
            }
        }
    }
}

/// An operation of [`any_of_map`], and what a read of it saw.
type OfLists = ((u8, u8, u8, u32, u32, u8), Vec<i64>);

/// One key of a map of lists, to which numbers are appended.
fn lists(op: &Operation, value: &Datum) -> Option<Datum> {
    match (op.f.as_str(), value) {
        ("read", value) => (op.output == *value).then(|| value.clone()),
        ("write", _) => Some(op.input.clone()),
        ("cas", _) => map(op, value),
        ("append", Datum::None) => Some(Datum::List(vec![op.input.clone()])),
        ("append", Datum::List(items)) => Some(Datum::List(items.iter().chain([&op.input]).cloned().collect())),
        ("append", one) => Some(Datum::List(vec![one.clone(), op.input.clone()])),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What lists tell of the appends that made them is only what must be so: appended once or twice, known or not, put
    /// between them or not.
    #[test]
    fn small_histories_of_lists_are_judged_by_the_definition(
        all in proptest::collection::vec((any_of_map(), proptest::collection::vec(1..5_i64, 0..4)), 1..7),
    ) {
        let one = |(i, ((what, value, _, at, long, how), seen)): (usize, &OfLists)| {
            let (from, to) = (at * 16 + i as u32 * 2, (at + long) * 16 + i as u32 * 2 + 1);
            let f = ["read", "append", "append", "cas", "write"][*what as usize];
            let f = if f == "cas" && seen.len() == 2 { "read" } else { f };
            let number = Datum::Int(i64::from(*value) + 1);
            let saw = match seen.as_slice() {
                [] => Datum::None,
                [one] if *how < 2 => Datum::Int(*one),
                items => Datum::List(items.iter().map(|item| Datum::Int(*item)).collect()),
            };
            let value = match f {
                "read" => saw,
                "cas" => Datum::List(vec![saw, number]),
                _ => number,
            };
            let outcome = match how {
                0 if f != "read" => Outcome::Unknown,
                1 if f == "cas" => Outcome::Fail,
                _ => Outcome::Ok,
            };
            operation(f, value, outcome, from, if outcome == Outcome::Unknown { NEVER } else { to })
        };
        let operations: Vec<Operation> = all.iter().enumerate().map(one).collect();
        let expected = by_definition(&operations, lists);
        let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
        let limits = Limits { explain: false, ..Limits::default() };
        let report = check("kv", &History { operations: operations.clone() }, readings, limits);
        prop_assert_eq!(report.expect("well-formed").verdict == Verdict::Satisfied, expected, "{:#?}", operations);
    }
}

#[test]
fn malformed_histories_name_their_line() {
    let begins = r#"{"process":0,"type":"invoke","f":"write","value":3}"#;
    for (lines, why) in [
        ("nonsense", "line 1: expected a value"),
        ("[1]", "line 1: expected an object"),
        (r#"{"type":"ok"}"#, "line 1: \"process\" must be a whole number"),
        (r#"{"process":0,"type":"okay","f":"read"}"#, "line 1: \"type\" must be one of invoke, ok, fail, info"),
        (r#"{"process":0,"type":"ok"}"#, "line 1: \"f\" must be a text"),
        (r#"{"process":0,"type":"ok","f":"read"}"#, "line 1: ok of process 0, which has no operation open"),
        (r#"{"process":0,"type":"invoke","f":"read","time":"now"}"#, "line 1: \"time\" must be a whole number"),
        (r#"{"process":0,"type":"invoke","f":"read","value":{}}"#, "line 1: a value cannot be an object"),
        (r#"{"process":0,"f":"a","f":"b"}"#, "line 1: the field \"f\" is here twice"),
        (&format!("{begins}\n\n{begins}"), "line 3: process 0 invokes write while its write of line 1 is open"),
        (
            &format!("{begins}\n{}", r#"{"process":0,"type":"ok","f":"read"}"#),
            "line 2: process 0 completes read, but line 1",
        ),
    ] {
        let said = history::read(lines).expect_err(lines);
        assert!(said.starts_with(why), "{lines}: {said}");
    }
    let odd = history::read(&begins.replace("write", "fly")).expect("the form is right");
    let said = check("register", &odd, Readings::default(), Limits::default()).expect_err("it does not fly");
    assert_eq!(said, "line 1: this model does not know \"fly\": it knows read, write");
}

#[test]
fn keys_within_values_times_and_the_readings_of_nothing() {
    let lines = r#"
        {"process":0,"type":"invoke","f":"write","value":["x",1],"time":10}
        {"process":"nemesis","type":"info","f":"start"}
        {"process":0,"type":"ok","f":"write","value":["x",1],"time":30}
        {"process":1,"type":"invoke","f":"read","value":["y",null],"time":20}
        {"process":1,"type":"ok","f":"read","value":["y",null],"time":40}
        {"process":2,"type":"invoke","f":"read","value":["x",null],"time":35}
        {"process":2,"type":"ok","f":"read","value":["x",null],"time":50}"#;
    let history = history::read(lines).expect("well-formed");
    assert_eq!(history.by_key().len(), 2);
    assert!(!is_good("register", &history), "x was written before it was read as nothing");
    let lenient = Readings { nil_read_says_nothing: true, ..Readings::default() };
    let report = check("register", &history, lenient, Limits::default()).expect("well-formed");
    assert_eq!(report.verdict, Verdict::Satisfied);
    // By its times the read of x began before the write had ended: any order explains it.
    let early = history::read(&lines.replace("35", "25")).expect("well-formed");
    assert!(is_good("register", &early));
}

#[test]
fn limits_are_said() {
    const OVER: Stop = Stop::when(&|| true);
    let plans: Vec<Plan> =
        (0..200).map(|i| Plan { what: i % 6, value: 1, early: 30, late: 30, unknown: false }).collect();
    let history = good("queue", &plans);
    for (limits, what) in [
        (Limits { steps: 100, ..Limits::GENEROUS }, "steps"),
        // The first table of configurations takes 30,720; the way to the present one has to be somewhere, too.
        (Limits { bytes: 31_000, ..Limits::GENEROUS }, "memory"),
        (Limits { stop: OVER, ..Limits::GENEROUS }, "time"),
    ] {
        let report = check("queue", &history, STRICT, limits).expect("well-formed");
        assert_eq!(report.verdict, Verdict::Unknown(format!("the limit of {what} was reached")));
    }
}

#[test]
fn a_lock_whose_tokens_go_back_is_no_lock() {
    let lines = |second: i64| {
        let event = |process: u32, kind: &str, f: &str, value: i64| {
            format!(r#"{{"process":{process},"type":"{kind}","f":"{f}","value":{value}}}"#)
        };
        [
            event(0, "invoke", "acquire", 0),
            event(0, "ok", "acquire", 33),
            event(0, "invoke", "release", 0),
            event(1, "invoke", "acquire", 0),
            event(0, "ok", "release", 0),
            event(1, "ok", "acquire", second),
        ]
        .join("\n")
    };
    assert!(is_good("lock", &history::read(&lines(34)).expect("well-formed")));
    assert!(!is_good("lock", &history::read(&lines(33)).expect("well-formed")));
}

#[test]
fn transactions_are_strictly_serializable_or_not() {
    let lines = |read: &str| {
        format!(
            r#"{{"process":0,"type":"invoke","f":"txn","value":[["append","x",1],["append","y",1]]}}
               {{"process":0,"type":"ok","f":"txn","value":[["append","x",1],["append","y",1]]}}
               {{"process":1,"type":"invoke","f":"txn","value":[["r","x",null],["r","y",null]]}}
               {{"process":1,"type":"ok","f":"txn","value":[["r","x",[1]],["r","y",{read}]]}}"#
        )
    };
    assert!(is_good("list-append", &history::read(&lines("[1]")).expect("well-formed")));
    assert!(
        !is_good("list-append", &history::read(&lines("[]")).expect("well-formed")),
        "half of a transaction was read"
    );
}
/// States and places that are small numbers alike are told apart.
#[test]
fn a_read_among_two_increments_sees_neither() {
    let add = |n, invoked, ended| operation("add", Datum::Int(n), Outcome::Ok, invoked, ended);
    let read = operation("read", Datum::Int(2), Outcome::Ok, 4, 5);
    let history = History { operations: vec![add(2, 0, 1), add(1, 2, 6), add(1, 3, 7), read] };
    assert!(is_good("counter", &history));
}

/// 102 histories of a real system, of which others have said what they are.
#[test]
fn the_logs_of_etcd_are_what_they_are_known_to_be() {
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    let logs = etcd::logs();
    assert_eq!((logs.len(), logs.iter().filter(|log| log.linearizable).count()), (102, 23));
    for log in logs {
        let report = check("cas-register", &log.history, readings, Limits::default()).expect("well-formed");
        match report.verdict {
            Verdict::Satisfied => assert!(log.linearizable, "{}", log.path.display()),
            Verdict::Violated(evidence) => {
                assert!(!log.linearizable, "{}", log.path.display());
                assert!(!evidence.expect("it was asked for").sentence.is_empty());
            }
            Verdict::Unknown(why) => panic!("{}: {why}", log.path.display()),
        }
    }
}
