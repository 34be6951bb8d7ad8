//! All small histories, each against the definitions: of so many transactions of one or two parts each, on two keys, that
//! write each key at most once and read anything that is written to it, in each way in which they can lie in time.

use super::{Base, Level, Order, Part, Txn, definition, history, is_good};
use faultline::wire::Outcome;

/// Of each transaction its process, its beginning and its end.
type Times = [(usize, u32, u32)];

/// By who ended before who began. Processes are such that their orders are the same as those of real time, or there are none.
const TWO: [&Times; 3] = [&[(0, 0, 2), (1, 1, 3)], &[(0, 0, 1), (0, 2, 3)], &[(0, 0, 1), (1, 2, 3)]];
const THREE: [&Times; 5] = [
    &[(0, 0, 3), (1, 1, 4), (2, 2, 5)],
    // The first before the second; before both others; the first two before the third; one after another.
    &[(0, 0, 2), (0, 3, 5), (1, 1, 4)],
    &[(0, 0, 1), (1, 2, 4), (2, 3, 5)],
    &[(0, 0, 2), (1, 1, 3), (2, 4, 5)],
    &[(0, 0, 1), (0, 2, 3), (0, 4, 5)],
];

/// What a transaction does: keys, and whether it writes.
fn deeds() -> Vec<Vec<(usize, bool)>> {
    let one = [(0, true), (1, true), (0, false), (1, false)];
    let two = one.iter().flat_map(|first| one.iter().map(move |second| vec![*first, *second]));
    let twice = |deed: &Vec<(usize, bool)>| deed[0] == deed[1] && deed[0].1;
    one.iter().map(|deed| vec![*deed]).chain(two.filter(|deed| !twice(deed))).collect()
}

/// What can be read where these values are written: of registers one of them or nothing; of lists some, in any order.
fn readings(values: &[i64], append: bool) -> Vec<Vec<i64>> {
    let mut all: Vec<Vec<i64>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..if append { values.len() } else { 1 } {
        let end = all.len();
        for at in from..end {
            let more = values.iter().filter(|value| !all[at].contains(value));
            let more: Vec<Vec<i64>> = more.map(|value| all[at].iter().chain([value]).copied().collect()).collect();
            all.extend(more);
        }
        from = end;
    }
    all
}

/// What so many transactions can have done and read.
fn every(count: usize, append: bool, each: &mut dyn FnMut(&[Vec<Part>])) {
    fn read(
        left: &[(usize, usize, usize)],
        can: &[Vec<Vec<i64>>; 2],
        parts: &mut [Vec<Part>],
        each: &mut dyn FnMut(&[Vec<Part>]),
    ) {
        let Some(((txn, place, key), rest)) = left.split_first() else { return each(parts) };
        for values in &can[*key] {
            parts[*txn][*place] = Part::Read(*key, values.clone());
            read(rest, can, parts, each);
        }
    }
    let deeds = deeds();
    for number in 0..deeds.len().pow(count as u32) {
        let done = |txn: usize| &deeds[number / deeds.len().pow(txn as u32) % deeds.len()];
        let wrote = |key: usize| -> Vec<i64> {
            (0..count).filter(|txn| done(*txn).contains(&(key, true))).map(|txn| txn as i64 + 1).collect()
        };
        let can = [0, 1].map(|key| readings(&wrote(key), append));
        let part = |txn: usize, (key, writes): (usize, bool)| match writes {
            true => Part::Write(key, txn as i64 + 1),
            false => Part::Read(key, Vec::new()),
        };
        let mut parts: Vec<Vec<Part>> =
            (0..count).map(|txn| done(txn).iter().map(|deed| part(txn, *deed)).collect()).collect();
        let places =
            (0..count).flat_map(|txn| done(txn).iter().enumerate().map(move |(place, deed)| (txn, place, *deed)));
        let reads: Vec<(usize, usize, usize)> =
            places.filter(|(.., deed)| !deed.1).map(|(txn, place, deed)| (txn, place, deed.0)).collect();
        read(&reads, &can, &mut parts, each);
    }
}

const BASES: [Base; 5] =
    [Base::ReadUncommitted, Base::ReadCommitted, Base::SnapshotIsolation, Base::RepeatableRead, Base::Serializable];

/// Judges one in so many of them, at all times. Says how many there are, and how many of those that were judged, and all
/// overlap, each base had.
fn judged(times: &[&Times], append: bool, one_in: usize) -> (usize, [usize; BASES.len()]) {
    let (mut count, mut held) = (0, [0; BASES.len()]);
    every(times[0].len(), append, &mut |parts| {
        count += 1;
        if count % one_in != 0 {
            return;
        }
        for (at, times) in times.iter().enumerate() {
            let txn = |(parts, (process, invoked, ended)): (&Vec<Part>, &(usize, u32, u32))| Txn {
                process: *process,
                invoked: *invoked,
                ended: *ended,
                parts: parts.clone(),
                outcome: Outcome::Ok,
            };
            let txns: Vec<Txn> = parts.iter().zip(*times).map(txn).collect();
            let one = history(&txns, append);
            let same = (0..txns.len()).all(|a| {
                (0..txns.len()).all(|b| txns[a].ended > txns[b].invoked || txns[a].process == txns[b].process)
            });
            for (base, held) in BASES.into_iter().zip(&mut held) {
                let expected = definition::holds(&txns, Level { base, order: Order::RealTime }, append);
                *held += usize::from(at == 0 && expected);
                let orders = match (at, same) {
                    (0, _) => &[Order::None, Order::Session, Order::RealTime][..],
                    (_, true) => &[Order::Session, Order::RealTime],
                    (_, false) => &[Order::RealTime],
                };
                for order in orders {
                    let level = Level { base, order: *order };
                    assert_eq!(is_good(append, level, &one), expected, "{level:?} {txns:#?}");
                }
            }
        }
    });
    (count, held)
}

/// Weaker levels hold more often, and each is broken by some.
fn are_apart(held: [usize; BASES.len()], tried: usize) {
    println!("{tried} histories: {:?}", BASES.iter().zip(held).collect::<Vec<_>>());
    let [uncommitted, committed, snapshot, repeatable, serializable] = held;
    assert!(uncommitted >= committed && committed > snapshot && repeatable == serializable && serializable > 0);
    // Two that write skewed are of snapshot isolation and not serializable.
    assert!(snapshot > serializable && committed < tried);
}

#[test]
fn every_history_of_two_transactions_is_judged_by_the_definitions() {
    for (append, count) in [(false, 868), (true, 1_076)] {
        let (tried, held) = judged(&TWO, append, 1);
        assert_eq!(tried, count);
        are_apart(held, tried);
    }
}

/// One in a hundred and one, a prime, so that all kinds are among them.
#[test]
fn some_histories_of_three_transactions_are_judged_by_the_definitions() {
    for (append, count) in [(false, 51_600), (true, 211_212)] {
        let (all, held) = judged(&THREE, append, 101);
        assert_eq!(all, count);
        are_apart(held, all / 101);
    }
}

#[test]
#[ignore = "minutes: part of `make nightly`"]
fn every_history_of_three_transactions_on_registers_is_judged_by_the_definitions() {
    let (tried, held) = judged(&THREE, false, 1);
    assert_eq!(tried, 51_600);
    are_apart(held, tried);
}

#[test]
#[ignore = "minutes: part of `make nightly`"]
fn every_history_of_three_transactions_on_lists_is_judged_by_the_definitions() {
    let (tried, held) = judged(&THREE, true, 1);
    assert_eq!(tried, 211_212);
    are_apart(held, tried);
}
