//! The weaker models against their definitions, tried out on small histories; against histories that were made good and
//! then spoilt; and by what implies what.

use faultline::check::consistency::{self, Consistency, Options};
use faultline::check::history::{History, NEVER, Operation};
use faultline::check::linear::{Evidence, Limits, Verdict};
use faultline::check::weak::stale::Bound;
use faultline::wire::{Datum, Outcome};
use proptest::prelude::*;

mod cases;
mod definition;
mod limits;
mod lists;

const GUARANTEES: [&str; 9] = [
    "sequential",
    "causal-memory",
    "causal-convergence",
    "causal",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
];

/// An operation of a small history: what it found and what it left (0: nothing). Both: a compare-and-set.
#[derive(Clone, Debug, Default)]
struct Op {
    process: usize,
    key: usize,
    found: Option<i64>,
    left: Option<i64>,
    known: bool,
    /// Of lists: it adds what it leaves to what is there; and what it found after the first item.
    appends: bool,
    more: Vec<i64>,
}

fn datum(value: i64) -> Datum {
    if value == 0 { Datum::None } else { Datum::Int(value) }
}

/// The operations one after another, in the order in which they are given.
fn history(ops: &[Op]) -> History {
    // One item is a list if it was added.
    let is_added = |key: usize, value: i64| ops.iter().any(|op| op.appends && op.key == key && op.left == Some(value));
    let saw = |op: &Op, found: i64| match op.more.is_empty() && !is_added(op.key, found) {
        true => datum(found),
        false => Datum::List([found].iter().chain(&op.more).map(|item| datum(*item)).collect()),
    };
    let operation = |(i, op): (usize, &Op)| {
        let (f, input, output) = match (op.found, op.left) {
            (Some(found), Some(left)) => ("cas", Datum::List(vec![saw(op, found), datum(left)]), Datum::None),
            (Some(found), None) => ("read", Datum::None, saw(op, found)),
            (None, left) => (if op.appends { "append" } else { "write" }, datum(left.unwrap_or(0)), Datum::None),
        };
        let output = if f == "read" { output } else { input.clone() };
        let (invoked, ended) = (2 * i as u32, 2 * i as u32 + 1);
        Operation {
            process: Datum::Int(op.process as i64),
            f: f.into(),
            key: Datum::Text(["x", "y"][op.key].into()),
            input,
            output: if op.known { output } else { Datum::None },
            outcome: if op.known { Outcome::Ok } else { Outcome::Unknown },
            invoked,
            ended: if op.known { ended } else { NEVER },
            begun_ns: Some(i64::from(invoked) * 1_000_000),
            ended_ns: op.known.then_some(i64::from(ended) * 1_000_000),
            lines: (invoked + 1, if op.known { ended + 1 } else { 0 }),
        }
    };
    History { operations: ops.iter().enumerate().map(operation).collect() }
}

fn verdict_of(model: &str, name: &str, history: &History, options: Options) -> Verdict {
    let consistency = Consistency::named(name).expect("there is such a model");
    consistency::check(model, consistency, history, options).expect("a well-formed history").verdict
}

fn quick() -> Options {
    Options { limits: Limits { explain: false, ..Limits::default() }, ..Options::default() }
}

fn verdict(name: &str, history: &History) -> Verdict {
    verdict_of("cas-register", name, history, Options::default())
}

fn is_good(name: &str, history: &History) -> bool {
    match verdict_of("cas-register", name, history, quick()) {
        Verdict::Satisfied => true,
        Verdict::Violated(_) => false,
        Verdict::Unknown(why) => panic!("{why}: {history:#?}"),
    }
}

fn evidence(name: &str, history: &History) -> Evidence {
    match verdict(name, history) {
        Verdict::Violated(Some(evidence)) => *evidence,
        other => panic!("{name}: {other:?}"),
    }
}

/// All small histories of so many operations by these processes: writes of new values, reads of anything that is written,
/// on two keys.
fn every(processes: &[usize], mut each: impl FnMut(&[Op])) {
    fn go(processes: &[usize], writes: &[usize], ops: &mut Vec<Op>, each: &mut dyn FnMut(&[Op])) {
        let Some(process) = processes.get(ops.len()) else {
            // Reads of what will be written are good, too: of at most as many values as there are writes.
            let count = |key: usize| ops.iter().filter(|op| op.key == key && op.left.is_some()).count() as i64;
            let counts = [count(0), count(1)];
            if ops.iter().all(|op| op.found.is_none_or(|found| found <= counts[op.key])) {
                each(ops);
            }
            return;
        };
        for key in 0..2 {
            let op = Op { process: *process, key, known: true, ..Op::default() };
            let next = writes.iter().filter(|other| **other == key).count() as i64 + 1;
            ops.push(Op { left: Some(next), ..op.clone() });
            let more: Vec<usize> = writes.iter().copied().chain([key]).collect();
            go(processes, &more, ops, each);
            ops.pop();
            for found in 0..processes.len() as i64 {
                ops.push(Op { found: Some(found), ..op.clone() });
                go(processes, writes, ops, each);
                ops.pop();
            }
        }
    }
    go(processes, &[], &mut Vec::new(), &mut each);
}

#[test]
fn every_small_history_is_judged_by_the_definitions() {
    let mut held = [0_u32; GUARANTEES.len()];
    let mut tried = 0;
    for processes in
        [&[0, 0][..], &[0, 1], &[0, 0, 0], &[0, 0, 1], &[0, 1, 2], &[0, 0, 0, 1], &[0, 0, 1, 1], &[0, 0, 1, 2]]
    {
        every(processes, |ops| {
            let history = history(ops);
            tried += 1;
            for (name, held) in GUARANTEES.iter().zip(&mut held) {
                let expected = definition::holds(name, ops);
                *held += u32::from(expected);
                assert_eq!(is_good(name, &history), expected, "{name}: {ops:#?}");
            }
        });
    }
    println!("{tried} histories: {:?}", GUARANTEES.iter().zip(held).collect::<Vec<_>>());
}

/// Operations of three processes, compare-and-sets and unknown ends among them, that found anything that is written.
fn some_ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let one = (0..3_usize, 0..2_usize, 0..5_u8, 0..4_usize, proptest::bool::weighted(0.1));
    proptest::collection::vec(one, 1..=most).prop_map(|plans| {
        let writes = |what: u8| what < 2 || what == 4;
        let count = |key: usize| plans.iter().filter(|plan| plan.1 == key && writes(plan.2)).count();
        let counts = [count(0), count(1)];
        let mut next = [0; 2];
        let op = |&(process, key, what, found, unknown): &(usize, usize, u8, usize, bool)| {
            let left = writes(what).then(|| {
                next[key] += 1;
                next[key]
            });
            let mut found = (what >= 2).then_some((found % (counts[key] + 1)) as i64);
            if found.is_some() && found == left {
                found = Some(0);
            }
            Op { process, key, found, left, known: left.is_none() || !unknown, ..Op::default() }
        };
        plans.iter().map(op).collect()
    })
}

/// What a store answers whose processes have a copy each: what others wrote reaches it in their order, at any time.
fn replicated(plans: &[(usize, usize, bool, usize)], causal: bool) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    // Of each process what reached it, in order; a write knows how much of it there was.
    let mut reached: [Vec<usize>; 3] = Default::default();
    let mut known: Vec<Vec<usize>> = Vec::new();
    let mut next = [0; 2];
    for &(process, key, writes, news) in plans {
        for write in (0..ops.len()).filter(|i| ops[*i].left.is_some()).take(news) {
            let earlier =
                |other: usize| ops[other].left.is_some() && ops[other].process == ops[write].process && other < write;
            let ready = (0..ops.len()).filter(|other| earlier(*other)).all(|other| reached[process].contains(&other))
                && (!causal || known[write].iter().all(|other| reached[process].contains(other)));
            if ready && !reached[process].contains(&write) {
                reached[process].push(write);
            }
        }
        let last = reached[process].iter().rev().find(|i| ops[**i].key == key);
        let found = last.map_or(0, |i| ops[*i].left.unwrap_or(0));
        known.push(reached[process].clone());
        if writes {
            next[key] += 1;
            reached[process].push(ops.len());
        }
        let left = writes.then_some(next[key]);
        ops.push(Op { process, key, found: (!writes).then_some(found), left, known: true, ..Op::default() });
    }
    ops
}

fn plans() -> impl Strategy<Value = Vec<(usize, usize, bool, usize)>> {
    proptest::collection::vec((0..3_usize, 0..2_usize, any::<bool>(), 0..20_usize), 1..30)
}

/// One copy answers, one operation at a time: each has 20 ms of its own around the moment.
fn one_copy(plans: &[(usize, usize, bool, usize)]) -> Vec<Op> {
    let (mut state, mut next) = ([0; 2], [0; 2]);
    let op = |&(process, key, writes, _): &(usize, usize, bool, usize)| {
        if writes {
            next[key] += 1;
            state[key] = next[key];
        }
        let (found, left) = if writes { (None, Some(state[key])) } else { (Some(state[key]), None) };
        Op { process, key, found, left, known: true, ..Op::default() }
    };
    plans.iter().map(op).collect()
}

fn renamed(history: &History) -> History {
    let mut other = history.clone();
    other.operations.iter_mut().for_each(|op| {
        op.process = Datum::Text(format!("p{}", 7 - op.process.to_string().parse::<i64>().unwrap_or(0)))
    });
    other
}

/// Two neighbours in real time change places, unless they are of one process.
fn swapped(history: &History, place: u32) -> Option<History> {
    let mut other = history.clone();
    let at = |place| history.operations.iter().position(|op| op.invoked == place || op.ended == place);
    let (a, b) = (at(place)?, at(place + 1)?);
    if history.operations[a].process == history.operations[b].process {
        return None;
    }
    for op in &mut other.operations {
        for at in [&mut op.invoked, &mut op.ended] {
            *at = if *at == place {
                place + 1
            } else if *at == place + 1 {
                place
            } else {
                *at
            };
        }
    }
    other.operations.sort_by_key(|op| op.invoked);
    Some(other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn histories_are_judged_by_the_definitions(ops in some_ops(7)) {
        let history = history(&ops);
        for name in GUARANTEES {
            prop_assert_eq!(is_good(name, &history), definition::holds(name, &ops), "{}", name);
        }
    }

    /// Evidence is a violation by itself, and none without any one of its operations.
    #[test]
    fn evidence_is_enough_and_needed(ops in some_ops(8)) {
        let history = history(&ops);
        for name in GUARANTEES {
            let Verdict::Violated(Some(evidence)) = verdict(name, &history) else { continue };
            prop_assert!(evidence.minimal && !evidence.sentence.is_empty(), "{:?}", evidence);
            let relax = |keep: &dyn Fn(&Operation) -> bool| {
                let open = |op: Operation| Operation { outcome: Outcome::Unknown, output: Datum::None, ..op };
                let operations = history.operations.iter().cloned();
                History { operations: operations.map(|op| if keep(&op) { op } else { open(op) }).collect() }
            };
            let core = |op: &Operation| evidence.core_lines.contains(&op.lines.0);
            prop_assert!(!is_good(name, &relax(&core)), "{} {:?}", name, evidence);
            // Evidence against sequential consistency is mostly that of a weaker model, for which each is needed.
            let looked_at = |op: &&Operation| name != "sequential" && core(op) && op.outcome == Outcome::Ok;
            let good_without = |lines: &[u32]| is_good(name, &relax(&|op| core(op) && !lines.contains(&op.lines.0)));
            let operations = history.operations.iter().filter(looked_at);
            let spare: Vec<&Operation> = operations.filter(|op| !good_without(&[op.lines.0])).collect();
            let lines: Vec<u32> = spare.iter().map(|op| op.lines.0).collect();
            for op in &spare {
                let line = op.lines.0;
                // A write that is only named as the cause of what is seen may stay in either way.
                let named = evidence.links.iter().any(|link| link.from == line || link.to == line)
                    || evidence.sentence.contains(&format!("line {line}"));
                // Such a write may be a violation of another kind by itself, when it is taken for done. With all these out of
                // the reckoning, what saw them is needed.
                let others: Vec<u32> = lines.iter().copied().filter(|other| *other != line).collect();
                let needed = !good_without(&others) && good_without(&lines);
                prop_assert!(op.f != "read" && named || needed, "{} {:?}", name, evidence);
            }
        }
    }

    #[test]
    fn what_is_stronger_implies_what_is_weaker(ops in some_ops(8)) {
        let history = history(&ops);
        let names = || GUARANTEES.iter().copied().chain(["linearizable"]).filter_map(Consistency::named);
        for strong in names() {
            for weak in names().filter(|weak| strong.implies(*weak)) {
                let good = !is_good(strong.name(), &history) || is_good(weak.name(), &history);
                prop_assert!(good, "{} but not {}", strong.name(), weak.name());
            }
        }
    }

    #[test]
    fn names_and_real_time_do_not_matter_to_them(ops in some_ops(8), at in 0..14_u32) {
        let history = history(&ops);
        let others: Vec<History> = swapped(&history, at).into_iter().chain([renamed(&history)]).collect();
        for name in GUARANTEES {
            for other in &others {
                prop_assert_eq!(is_good(name, &history), is_good(name, other), "{}", name);
            }
        }
    }

    #[test]
    fn good_histories_are_good_and_spoilt_ones_are_not(plans in plans(), place in 0..30_usize) {
        let one = history(&one_copy(&plans));
        for name in GUARANTEES {
            prop_assert!(is_good(name, &one), "{}", name);
        }
        let causal = replicated(&plans, true);
        for name in GUARANTEES.iter().filter(|name| !["sequential", "causal-convergence"].contains(name)) {
            prop_assert!(is_good(name, &history(&causal)), "{}", name);
        }
        let fifo = history(&replicated(&plans, false));
        for name in ["pram", "read-your-writes", "monotonic-reads", "monotonic-writes"] {
            prop_assert!(is_good(name, &fifo), "{}", name);
        }
        // A read that sees what it saw before its process wrote to the key itself: nothing allows that, but what has nothing to
        // do with it.
        let reads: Vec<usize> = (0..causal.len()).filter(|i| causal[*i].found.is_some()).collect();
        let before = |i: usize| (0..i).rev().find(|w| causal[*w].left.is_some() && causal[*w].process == causal[i].process && causal[*w].key == causal[i].key);
        let old: Vec<usize> = reads.into_iter().filter(|i| before(*i).is_some()).collect();
        prop_assume!(!old.is_empty());
        let mut spoilt = causal.clone();
        let read = old[place % old.len()];
        spoilt[read].found = Some(0);
        let line = 2 * read as u32 + 1;
        for name in ["sequential", "causal-memory", "causal-convergence", "causal", "pram", "read-your-writes"] {
            let evidence = evidence(name, &history(&spoilt));
            prop_assert!(evidence.core_lines.contains(&line), "{} {:?}", name, evidence);
            prop_assert!(evidence.minimal, "{} {:?}", name, evidence);
        }
    }

    /// Neither age nor versions: as linearizability. More of either never takes away.
    #[test]
    fn staleness_grows_out_of_linearizability(ops in some_ops(8)) {
        let history = history(&ops);
        let told = |age: i64, versions: u32| {
            let bound = Bound { age_ns: Some(age * 1_000_000), versions: Some(versions) };
            verdict_of("cas-register", "bounded-staleness", &history, Options { bound, ..quick() }) == Verdict::Satisfied
        };
        prop_assert_eq!(told(0, 0), is_good("linearizable", &history));
        for (age, versions) in [(0, 0), (3, 0), (0, 1), (3, 1), (9, 0), (0, 2)] {
            prop_assert!(!told(age, versions) || told(age + 4, versions) && told(age, versions + 1));
        }
        if is_good("linearizable", &history) {
            let verdict = verdict_of("cas-register", "eventual", &history, quick());
            prop_assert!(!matches!(verdict, Verdict::Violated(_)), "{:?}", verdict);
        }
    }

    /// One after another, so that there is one order: a read sees one of the last values.
    #[test]
    fn versions_are_counted(plans in plans(), lags in proptest::collection::vec(0..4_usize, 30), most in 0..4_usize) {
        let mut ops = one_copy(&plans);
        let mut written: [Vec<i64>; 2] = [vec![0], vec![0]];
        let mut worst = 0;
        for (op, lag) in ops.iter_mut().zip(lags) {
            match op.left {
                Some(value) => written[op.key].push(value),
                None => {
                    let behind = lag.min(written[op.key].len() - 1);
                    op.found = Some(written[op.key][written[op.key].len() - 1 - behind]);
                    worst = worst.max(behind);
                }
            }
        }
        let bound = Bound { age_ns: None, versions: Some(most as u32) };
        let verdict = verdict_of("register", "bounded-staleness", &history(&ops), Options { bound, ..quick() });
        prop_assert_eq!(verdict == Verdict::Satisfied, worst <= most);
    }
}
