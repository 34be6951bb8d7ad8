//! Lists to which values are added: the weaker models against the same definitions.

use super::{GUARANTEES, Op, definition, history as of_ops, quick, verdict_of};
use faultline::check::consistency::Consistency;
use faultline::check::history::{self, History, Operation};
use faultline::check::linear::Verdict;
use faultline::wire::{Datum, Outcome};
use proptest::prelude::*;

fn is_good(name: &str, history: &History) -> bool {
    match verdict_of("kv", name, history, quick()) {
        Verdict::Satisfied => true,
        Verdict::Violated(_) => false,
        Verdict::Unknown(why) => panic!("{name}: {why}: {history:#?}"),
    }
}

/// All orders of some of so many values, none twice.
fn orders(values: i64) -> Vec<Vec<i64>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        let begun = all[at].clone();
        all.extend((1..=values).filter(|value| !begun.contains(value)).map(|value| [&begun[..], &[value]].concat()));
        at += 1;
    }
    all
}

fn read(process: usize, key: usize, items: &[i64]) -> Op {
    let (found, more) = items.split_first().map_or((0, &[][..]), |(first, more)| (*first, more));
    Op { process, key, found: Some(found), more: more.to_vec(), known: true, ..Op::default() }
}

/// All small histories of so many operations by these processes on one list: what is put, what is added, and reads of
/// anything that is written, in any order.
fn every(processes: &[usize], each: &mut dyn FnMut(&[Op])) {
    // Of each operation: 0 puts, 1 adds, 2 reads.
    for kinds in 0..3_usize.pow(processes.len() as u32) {
        let kind = |place: usize| kinds / 3_usize.pow(place as u32) % 3;
        let writes = (0..processes.len()).filter(|place| kind(*place) < 2).count() as i64;
        let orders = orders(writes);
        let reads: Vec<usize> = (0..processes.len()).filter(|place| kind(*place) == 2).collect();
        for chosen in 0..orders.len().pow(reads.len() as u32) {
            let mut next = 0;
            let op = |(place, process): (usize, &usize)| match reads.iter().position(|read| *read == place) {
                Some(which) => read(*process, 0, &orders[chosen / orders.len().pow(which as u32) % orders.len()]),
                None => {
                    next += 1;
                    let appends = kind(place) == 1;
                    Op { process: *process, left: Some(next), known: true, appends, ..Op::default() }
                }
            };
            let ops: Vec<Op> = processes.iter().enumerate().map(op).collect();
            each(&ops);
        }
    }
}

#[test]
fn every_small_history_of_a_list_is_judged_by_the_definitions() {
    let mut held = [0_u32; GUARANTEES.len()];
    let mut tried = 0;
    for processes in [&[0, 0][..], &[0, 1], &[0, 0, 0], &[0, 0, 1], &[0, 1, 2], &[0, 0, 0, 1], &[0, 0, 1, 1]] {
        every(processes, &mut |ops| {
            let history = of_ops(ops);
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

fn told(name: &str, lines: &[(i64, &str, &str)]) -> Verdict {
    let line = |&(process, f, value): &(i64, &str, &str)| {
        let asked = if f == "read" { "null" } else { value };
        let event = |kind: &str, value: &str| {
            format!(r#"{{"process":{process},"type":"{kind}","f":"{f}","key":"x","value":{value}}}"#)
        };
        format!("{}\n{}\n", event("invoke", asked), event("ok", value))
    };
    let history = history::read(&lines.iter().map(line).collect::<String>()).expect("a good history");
    verdict_of("kv", name, &history, Default::default())
}

#[test]
fn what_cannot_be_told_of_a_list_is_unknown_and_what_cannot_be_is_said() {
    for (lines, why) in [
        (&[(0, "append", "1"), (1, "append", "1"), (0, "read", "[1]")][..], "1 was written by lines 1 and 3, and read"),
        (&[(0, "append", "\"a\""), (1, "read", "\"a\"")], "runs together"),
        (&[(0, "append", "1"), (1, "write", "[1]")], "runs together"),
    ] {
        let Verdict::Unknown(said) = told("causal", lines) else { panic!("{lines:?}") };
        assert!(said.contains(why), "{said}");
    }
    for (lines, why) in [
        (&[(0, "append", "1"), (1, "read", "[1, 1]")][..], "“0 append x 1” (line 1) added once what is there twice"),
        (
            &[(0, "write", "1"), (0, "append", "2"), (1, "read", "[2, 1]")],
            "“0 write x 1” (line 1) leaves nothing like that",
        ),
        (&[(0, "append", "1"), (1, "read", "[1, 2]")], "nobody wrote that"),
        (
            &[(0, "append", "1"), (0, "append", "2"), (0, "read", "[1]")],
            "lacks what “0 append x 2” (line 3) had added before",
        ),
    ] {
        let Verdict::Violated(Some(evidence)) = told("causal", lines) else { panic!("{lines:?}") };
        assert!(evidence.sentence.contains(why), "{}", evidence.sentence);
    }
    // In one's own list something came into the middle: nothing that was seen was lost, but no one order has both.
    let middle = &[(0, "append", "1"), (1, "append", "2"), (2, "read", "[2]"), (2, "read", "[1, 2]")];
    assert_eq!(told("causal-convergence", middle), Verdict::Satisfied);
    assert_eq!(told("read-your-writes", middle), Verdict::Satisfied);
    for name in ["monotonic-reads", "pram", "sequential"] {
        assert!(matches!(told(name, middle), Verdict::Violated(_)), "{name}");
    }
}

fn drop_second(items: &mut Vec<i64>) {
    items.remove(1);
}

/// What a store answers whose processes have a copy each, to which what others wrote comes in their order, at any time; some
/// of it told otherwise: a list without an item, or with two in the other order.
fn some_lists(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let one = (0..3_usize, 0..2_usize, 0..6_u8, 0..20_usize, 0..12_usize, proptest::bool::weighted(0.1));
    proptest::collection::vec(one, 1..=most).prop_map(|plans| {
        let mut ops: Vec<Op> = Vec::new();
        let mut reached: [Vec<usize>; 3] = Default::default();
        let mut next = [0; 2];
        for (process, key, what, news, spoilt, unknown) in plans {
            for write in (0..ops.len()).filter(|i| ops[*i].left.is_some()).take(news) {
                let earlier = |other: &usize| {
                    *other < write && ops[*other].left.is_some() && ops[*other].process == ops[write].process
                };
                if !reached[process].contains(&write)
                    && (0..write).filter(earlier).all(|other| reached[process].contains(&other))
                {
                    reached[process].push(write);
                }
            }
            let mut items: Vec<i64> = Vec::new();
            for write in reached[process].iter().map(|i| &ops[*i]).filter(|write| write.key == key) {
                if !write.appends {
                    items.clear();
                }
                items.extend(write.left);
            }
            match spoilt {
                0 if items.len() > 1 => items.swap(0, 1),
                1 => items.truncate(items.len().saturating_sub(1)),
                2 if items.len() > 2 => drop_second(&mut items),
                3 if items.len() > 2 => items.swap(1, 2),
                _ => {}
            }
            let saw = read(process, key, &items);
            let left = (what < 4).then(|| {
                next[key] += 1;
                reached[process].push(ops.len());
                next[key]
            });
            ops.push(match what {
                0..3 => Op { left, known: !unknown, appends: what > 0, process, key, ..Op::default() },
                3 => Op { left, known: !unknown, ..saw },
                _ => saw,
            });
        }
        ops
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn histories_of_lists_are_judged_by_the_definitions(ops in some_lists(7)) {
        let history = of_ops(&ops);
        for name in GUARANTEES {
            prop_assert_eq!(is_good(name, &history), definition::holds(name, &ops), "{}", name);
        }
    }

    #[test]
    fn of_lists_too_what_is_stronger_implies_what_is_weaker(ops in some_lists(10)) {
        let history = of_ops(&ops);
        let names = || GUARANTEES.iter().copied().chain(["linearizable"]).filter_map(Consistency::named);
        for strong in names() {
            for weak in names().filter(|weak| strong.implies(*weak)) {
                let good = !is_good(strong.name(), &history) || is_good(weak.name(), &history);
                prop_assert!(good, "{} but not {}", strong.name(), weak.name());
            }
        }
    }

    /// Evidence is a violation by itself.
    #[test]
    fn evidence_about_lists_is_enough(ops in some_lists(8)) {
        let history = of_ops(&ops);
        for name in GUARANTEES {
            let Verdict::Violated(evidence) = verdict_of("kv", name, &history, Default::default()) else { continue };
            let evidence = evidence.expect("it was asked for");
            let open = |op: Operation| Operation { outcome: Outcome::Unknown, output: Datum::None, ..op };
            let operations = history.operations.iter().cloned();
            let keep = |op: Operation| if evidence.core_lines.contains(&op.lines.0) { op } else { open(op) };
            prop_assert!(!is_good(name, &History { operations: operations.map(keep).collect() }), "{} {:?}", name, evidence);
            prop_assert!(evidence.minimal, "{} {:?}", name, evidence);
        }
    }
}
