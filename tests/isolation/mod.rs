//! Isolation levels against their definitions, tried out on small histories; against what engines of those levels did, and
//! that spoilt; and by what implies what.

use faultline::check::consistency::{self, Consistency, Options};
use faultline::check::history::{History, Operation};
use faultline::check::isolation::{Base, Level, Order};
use faultline::check::linear::{Evidence, Limits, Verdict};
use faultline::wire::{Datum, Outcome};
use proptest::prelude::*;

mod cases;
mod definition;
mod every;
mod limits;

/// A part of a transaction: a write of a value to a key, or a read of values (of registers, of at most one).
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Write(usize, i64),
    Read(usize, Vec<i64>),
}

#[derive(Clone, Debug)]
pub struct Txn {
    pub process: usize,
    /// The places of its two events.
    pub invoked: u32,
    pub ended: u32,
    pub parts: Vec<Part>,
    pub outcome: Outcome,
}

fn datum(part: &Part, append: bool, asked: bool) -> Datum {
    let key = |key: usize| Datum::Text(["x", "y", "z"][key].into());
    let text = |text: &str| Datum::Text(text.into());
    match part {
        Part::Write(own, value) => {
            Datum::List(vec![text(if append { "append" } else { "w" }), key(*own), Datum::Int(*value)])
        }
        Part::Read(own, _) if asked => Datum::List(vec![text("r"), key(*own), Datum::None]),
        Part::Read(own, values) if append => {
            Datum::List(vec![text("r"), key(*own), Datum::List(values.iter().copied().map(Datum::Int).collect())])
        }
        Part::Read(own, values) => {
            Datum::List(vec![text("r"), key(*own), values.first().map_or(Datum::None, |value| Datum::Int(*value))])
        }
    }
}

fn history(txns: &[Txn], append: bool) -> History {
    let operation = |txn: &Txn| {
        let list = |asked| Datum::List(txn.parts.iter().map(|part| datum(part, append, asked)).collect());
        Operation {
            process: Datum::Int(txn.process as i64),
            f: "txn".into(),
            key: Datum::None,
            input: list(true),
            output: if txn.outcome == Outcome::Ok { list(false) } else { Datum::None },
            outcome: txn.outcome,
            invoked: txn.invoked,
            ended: txn.ended,
            begun_ns: None,
            ended_ns: None,
            lines: (txn.invoked + 1, txn.ended.saturating_add(1)),
        }
    };
    let mut operations: Vec<Operation> = txns.iter().map(operation).collect();
    operations.sort_by_key(|op| op.invoked);
    History { operations }
}

fn model(append: bool) -> &'static str {
    if append { "list-append" } else { "rw-register" }
}

fn verdict(append: bool, asked: Consistency, history: &History, explain: bool) -> Verdict {
    let limits = Limits { explain, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    consistency::check(model(append), asked, history, options).expect("a well-formed history").verdict
}

fn is_good(append: bool, level: Level, history: &History) -> bool {
    match verdict(append, Consistency::Isolation(level), history, false) {
        Verdict::Satisfied => true,
        Verdict::Violated(_) => false,
        Verdict::Unknown(why) => panic!("{why}: {history:#?}"),
    }
}

fn level(name: &str) -> Level {
    match Consistency::named(name) {
        Some(Consistency::Isolation(level)) => level,
        other => panic!("{name}: {other:?}"),
    }
}

fn evidence(append: bool, level: Level, history: &History) -> Evidence {
    match verdict(append, Consistency::Isolation(level), history, true) {
        Verdict::Violated(Some(evidence)) => *evidence,
        other => panic!("{level:?}: {other:?}"),
    }
}

/// How an engine keeps transactions apart.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Engine {
    /// Not at all: every part is carried out at once, for all to see.
    None,
    /// Each reads as of its beginning, and writes at its end, whatever others wrote.
    Snapshot,
    /// The same; a transaction is left out whose keys others wrote meanwhile.
    FirstCommitter,
    /// At one moment, within its two events.
    Serial,
    /// As none, but reads may see something older.
    Stale,
}

/// What is asked for: of each transaction its process, and its parts (key, writes, how old a read may be).
type Plan = Vec<(usize, Vec<(usize, bool, usize)>)>;

fn plan(most: usize) -> impl Strategy<Value = Plan> {
    let part = (0..2_usize, any::<bool>(), 0..4_usize);
    proptest::collection::vec((0..3_usize, proptest::collection::vec(part, 1..4)), 1..=most)
}

/// What a read sees that may see something older.
fn older(values: &[i64], old: usize, next: i64, append: bool) -> Vec<i64> {
    if append {
        values[..values.len().saturating_sub(old / 2)].to_vec()
    } else if old == 3 {
        (next > 1).then_some(next - 1).into_iter().collect()
    } else {
        values.to_vec()
    }
}

/// Which transaction, how far it is, what it sees, and the versions of that.
type Open = (usize, usize, [Vec<i64>; 3], [usize; 3]);

/// Carries out a plan, its transactions interleaved as the schedule says; one at a time of each process.
fn carried_out(plan: &Plan, schedule: &[usize], engine: Engine, append: bool) -> Vec<Txn> {
    let mut state: [Vec<i64>; 3] = Default::default();
    let mut versions = [0_usize; 3];
    let (mut next, mut place) = ([0_i64; 3], 0_u32);
    let mut done: Vec<Txn> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut waiting: Vec<usize> = (0..plan.len()).collect();
    let mut schedule = schedule.iter().cycle();
    let mut txns: Vec<Txn> = plan
        .iter()
        .map(|(process, _)| Txn { process: *process, invoked: 0, ended: 0, parts: Vec::new(), outcome: Outcome::Ok })
        .collect();
    let put = |list: &mut Vec<i64>, value: i64| {
        if !append {
            list.clear();
        }
        list.push(value);
    };
    while !waiting.is_empty() || !open.is_empty() {
        let choice = *schedule.next().unwrap_or(&0);
        let free = waiting.iter().position(|txn| open.iter().all(|(other, ..)| plan[*other].0 != plan[*txn].0));
        if let Some(at) = free.filter(|_| open.is_empty() || choice.is_multiple_of(3)) {
            let txn = waiting.remove(at);
            txns[txn].invoked = place;
            place += 1;
            open.push((txn, 0, state.clone(), versions));
            continue;
        }
        let at = choice % open.len();
        let (txn, part, mut seen, known) = open.remove(at);
        let parts = &plan[txn].1;
        let whole = engine == Engine::Serial;
        if part < parts.len() {
            let until = if whole { parts.len() } else { part + 1 };
            for &(key, writes, old) in &parts[part..until] {
                let apart = matches!(engine, Engine::Snapshot | Engine::FirstCommitter);
                let view = if apart { &mut seen } else { &mut state };
                if writes && !txns[txn].parts.iter().any(|part| matches!(part, Part::Write(own, _) if *own == key)) {
                    next[key] += 1;
                    put(&mut view[key], next[key]);
                    txns[txn].parts.push(Part::Write(key, next[key]));
                } else {
                    let stale = engine == Engine::Stale;
                    let values = if stale { older(&view[key], old, next[key], append) } else { view[key].clone() };
                    txns[txn].parts.push(Part::Read(key, values));
                }
            }
            open.push((txn, until, seen, known));
            continue;
        }
        let mut own = txns[txn].clone();
        own.ended = place;
        place += 1;
        let writes: Vec<(usize, i64)> = own
            .parts
            .iter()
            .filter_map(|part| if let Part::Write(key, value) = part { Some((*key, *value)) } else { None })
            .collect();
        if engine == Engine::FirstCommitter && writes.iter().any(|(key, _)| versions[*key] != known[*key]) {
            own.outcome = Outcome::Fail;
        } else if matches!(engine, Engine::Snapshot | Engine::FirstCommitter) {
            for (key, value) in writes {
                put(&mut state[key], value);
                versions[key] += 1;
            }
        }
        done.push(own);
    }
    done.sort_by_key(|txn| txn.invoked);
    done
}

const ENGINES: [Engine; 5] = [Engine::None, Engine::Snapshot, Engine::FirstCommitter, Engine::Serial, Engine::Stale];

fn schedule() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..60_usize, 8..40)
}

fn committed(txns: &[Txn]) -> Vec<Txn> {
    txns.iter().filter(|txn| txn.outcome == Outcome::Ok).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn histories_are_judged_by_the_definitions(
        plan in plan(4), schedule in schedule(), engine in proptest::sample::select(&ENGINES[..]), append in any::<bool>(),
    ) {
        let txns = carried_out(&plan, &schedule, engine, append);
        let whole = history(&txns, append);
        let txns = committed(&txns);
        for level in Level::all() {
            let expected = definition::holds(&txns, level, append);
            prop_assert_eq!(is_good(append, level, &whole), expected, "{:?} {:#?}", level, txns);
        }
        // What is strictly serializable is linearizable as one object.
        let one = verdict(append, Consistency::Linearizable, &whole, false) == Verdict::Satisfied;
        prop_assert_eq!(one, is_good(append, level("strict-serializable"), &whole));
    }

    #[test]
    fn what_is_stronger_implies_what_is_weaker(
        plan in plan(8), schedule in schedule(), engine in proptest::sample::select(&ENGINES[..]), append in any::<bool>(),
    ) {
        let history = history(&carried_out(&plan, &schedule, engine, append), append);
        let held: Vec<(Level, bool)> = Level::all().into_iter().map(|level| (level, is_good(append, level, &history))).collect();
        for (strong, good) in &held {
            for (weak, holds) in held.iter().filter(|(weak, _)| strong.implies(*weak)) {
                prop_assert!(!good || *holds, "{:?} but not {:?}", strong, weak);
            }
        }
    }

    #[test]
    fn engines_keep_what_they_promise(plan in plan(30), schedule in schedule(), append in any::<bool>()) {
        for (engine, name) in [(Engine::FirstCommitter, "strong-snapshot-isolation"), (Engine::Serial, "strict-serializable")] {
            let history = history(&carried_out(&plan, &schedule, engine, append), append);
            prop_assert!(is_good(append, level(name), &history), "{} {:#?}", name, history);
        }
        // (Of lists it would append to others than it read.)
        let snapshot = history(&carried_out(&plan, &schedule, Engine::Snapshot, false), false);
        prop_assert!(is_good(false, level("strong-read-committed"), &snapshot));
    }

    /// A read of what nobody wrote, or of nothing although something had been written before it began.
    #[test]
    fn a_planted_fault_is_found(plan in plan(20), schedule in schedule(), append in any::<bool>(), place in 0..20_usize) {
        let txns = carried_out(&plan, &schedule, Engine::Serial, append);
        let reads = |txn: &Txn| txn.parts.iter().position(|part| matches!(part, Part::Read(key, values) if !values.is_empty()
            && !txn.parts.iter().any(|other| matches!(other, Part::Write(own, _) if own == key))));
        let readers: Vec<usize> = (0..txns.len()).filter(|i| reads(&txns[*i]).is_some()).collect();
        prop_assume!(!readers.is_empty());
        let reader = readers[place % readers.len()];
        let part = reads(&txns[reader]).unwrap_or(0);
        let Part::Read(key, values) = txns[reader].parts[part].clone() else { unreachable!() };
        let mut spoilt = txns.clone();
        spoilt[reader].parts[part] = Part::Read(key, if append { values.iter().copied().chain([99]).collect() } else { vec![99] });
        let told = evidence(append, level("read-committed"), &history(&spoilt, append));
        prop_assert_eq!(told.core_lines, &[txns[reader].invoked + 1]);
        prop_assert!(is_good(append, level("read-uncommitted"), &history(&spoilt, append)));

        let begun = txns[reader].invoked;
        let wrote = |txn: &&Txn| txn.ended < begun && txn.parts.iter().any(|part| matches!(part, Part::Write(own, _) if *own == key));
        prop_assume!(txns.iter().any(|txn| wrote(&txn)));
        for other in spoilt[reader].parts.iter_mut().filter(|other| matches!(other, Part::Read(own, _) if *own == key)) {
            *other = Part::Read(key, Vec::new());
        }
        let told = evidence(append, level("strict-serializable"), &history(&spoilt, append));
        prop_assert!(told.core_lines.contains(&(begun + 1)), "{:?}", told);
    }

    /// The operations of the evidence are a violation by themselves, the others open; and without any one of them none.
    #[test]
    fn evidence_is_enough_and_needed(
        plan in plan(8), schedule in schedule(), engine in proptest::sample::select(&ENGINES[..]), append in any::<bool>(),
    ) {
        let history = history(&carried_out(&plan, &schedule, engine, append), append);
        for level in Level::all() {
            let Verdict::Violated(Some(evidence)) = verdict(append, Consistency::Isolation(level), &history, true) else { continue };
            prop_assert!(evidence.minimal && !evidence.sentence.is_empty(), "{:?} {:?}", level, evidence);
            let relax = |keep: &dyn Fn(&Operation) -> bool| {
                let open = |op: Operation| if op.outcome == Outcome::Fail { op } else { Operation { outcome: Outcome::Unknown, output: Datum::None, ..op } };
                let operations = history.operations.iter().cloned();
                History { operations: operations.map(|op| if keep(&op) { op } else { open(op) }).collect() }
            };
            let core = |op: &Operation| evidence.core_lines.contains(&op.lines.0);
            prop_assert!(!is_good(append, level, &relax(&core)), "{:?} {:?}", level, evidence);
            prop_assert!(evidence.links.is_empty() || evidence.links.len() >= 2, "{:?}", evidence);
        }
    }

    #[test]
    fn names_do_not_matter_nor_does_real_time_where_it_is_not_used(
        plan in plan(5), schedule in schedule(), engine in proptest::sample::select(&ENGINES[..]), append in any::<bool>(), at in 0..10_u32,
    ) {
        let one = history(&carried_out(&plan, &schedule, engine, append), append);
        let mut renamed = one.clone();
        renamed.operations.iter_mut().for_each(|op| op.process = Datum::Text(format!("p{}", op.process)));
        let mut swapped = one.clone();
        let find = |place| one.operations.iter().find(|op| op.invoked == place || op.ended == place);
        let (first, second) = (find(at), find(at + 1));
        let like = first.zip(second).is_some_and(|(a, b)| (a.invoked == at) == (b.invoked == at + 1));
        let apart = first.zip(second).is_some_and(|(a, b)| a.process != b.process);
        for op in &mut swapped.operations {
            for place in [&mut op.invoked, &mut op.ended] {
                *place = if *place == at { at + 1 } else if *place == at + 1 { at } else { *place };
            }
        }
        swapped.operations.sort_by_key(|op| op.invoked);
        for level in Level::all() {
            let good = is_good(append, level, &one);
            prop_assert_eq!(is_good(append, level, &renamed), good);
            if apart && (like || level.order != Order::RealTime) {
                prop_assert_eq!(is_good(append, level, &swapped), good, "{:?}", level);
            }
        }
    }
}
