//! The definitions, word for word, tried out: all orders of transactions, all moments of their starts and commits, all
//! orders of versions. Every transaction committed, and wrote each key at most once.

use super::{Base, Level, Order, Part, Txn};

pub fn holds(txns: &[Txn], level: Level, append: bool) -> bool {
    let before = |a: usize, b: usize| match level.order {
        Order::None => false,
        Order::Session => txns[a].process == txns[b].process && txns[a].ended < txns[b].invoked,
        Order::RealTime => txns[a].ended < txns[b].invoked,
    };
    match level.base {
        Base::RepeatableRead | Base::Serializable => {
            serial(txns, &before, append, &mut Vec::new(), &Default::default())
        }
        Base::SnapshotIsolation => {
            let start = Snapshots {
                started: vec![None; txns.len()],
                committed: vec![None; txns.len()],
                now: 0,
                state: Default::default(),
            };
            snapshot(txns, &before, append, &start)
        }
        Base::ReadUncommitted | Base::ReadCommitted => versions(txns, level.base, &before, append),
    }
}

type State = [Vec<i64>; 3];

/// Carries out a transaction on what it sees; false if it was answered otherwise.
fn run(txn: &Txn, state: &mut State, append: bool) -> bool {
    txn.parts.iter().all(|part| match part {
        Part::Read(key, values) => *values == state[*key],
        Part::Write(key, value) => {
            if !append {
                state[*key].clear();
            }
            state[*key].push(*value);
            true
        }
    })
}

/// Some order of all, one after another.
fn serial(
    txns: &[Txn],
    before: &dyn Fn(usize, usize) -> bool,
    append: bool,
    done: &mut Vec<usize>,
    state: &State,
) -> bool {
    done.len() == txns.len()
        || (0..txns.len()).filter(|next| !done.contains(next)).collect::<Vec<usize>>().into_iter().any(|next| {
            let waits = (0..txns.len()).any(|other| !done.contains(&other) && before(other, next));
            let mut after = state.clone();
            !waits && run(&txns[next], &mut after, append) && {
                done.push(next);
                let good = serial(txns, before, append, done, &after);
                done.pop();
                good
            }
        })
}

#[derive(Clone)]
struct Snapshots {
    started: Vec<Option<usize>>,
    committed: Vec<Option<usize>>,
    now: usize,
    state: State,
}

/// Some moments of starts and commits: what is read is as of the start; of two that overlap no key is written by both.
fn snapshot(txns: &[Txn], before: &dyn Fn(usize, usize) -> bool, append: bool, at: &Snapshots) -> bool {
    let wrote =
        |txn: usize, key: usize| txns[txn].parts.iter().any(|part| matches!(part, Part::Write(own, _) if *own == key));
    at.committed.iter().all(Option::is_some)
        || (0..txns.len()).any(|txn| {
            let mut next = at.clone();
            next.now += 1;
            match (at.started[txn], at.committed[txn]) {
                (None, _) => {
                    next.started[txn] = Some(at.now);
                    let waits = (0..txns.len()).any(|other| before(other, txn) && at.committed[other].is_none());
                    !waits && run(&txns[txn], &mut at.state.clone(), append) && snapshot(txns, before, append, &next)
                }
                (Some(start), None) => {
                    next.committed[txn] = Some(at.now);
                    let since = |other: usize| at.committed[other].is_some_and(|commit| commit > start);
                    let clash = (0..txns.len())
                        .any(|other| since(other) && (0..3).any(|key| wrote(txn, key) && wrote(other, key)));
                    let writes = Txn {
                        parts: txns[txn].parts.iter().filter(|part| matches!(part, Part::Write(..))).cloned().collect(),
                        ..txns[txn].clone()
                    };
                    run(&writes, &mut next.state, append);
                    !clash && snapshot(txns, before, append, &next)
                }
                _ => false,
            }
        })
}

fn orders(writers: &[usize]) -> Vec<Vec<usize>> {
    if writers.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let rest: Vec<usize> = writers.iter().copied().filter(|other| *other != writers[at]).collect();
        orders(&rest).into_iter().map(move |tail| [vec![writers[at]], tail].concat())
    };
    (0..writers.len()).flat_map(first).collect()
}

fn value(txns: &[Txn], txn: usize, key: usize) -> Option<i64> {
    txns[txn]
        .parts
        .iter()
        .find_map(|part| if let Part::Write(own, value) = part { (*own == key).then_some(*value) } else { None })
}

/// Some order of each key's versions: no cycle of writes over one another, or of those and of reads.
fn versions(txns: &[Txn], base: Base, before: &dyn Fn(usize, usize) -> bool, append: bool) -> bool {
    let n = txns.len();
    let writers = |key: usize| (0..n).filter(|txn| value(txns, *txn, key).is_some()).collect::<Vec<usize>>();
    let reads = || (0..n).flat_map(|txn| txns[txn].parts.iter().enumerate().map(move |(at, part)| (txn, at, part)));
    let committed = base == Base::ReadCommitted;
    // A transaction sees its own writes, as it wrote them.
    let own = |(txn, at, part): (usize, usize, &Part)| {
        let Part::Read(key, values) = part else { return true };
        let written = txns[txn].parts[..at].iter().any(|part| matches!(part, Part::Write(own, _) if own == key));
        match value(txns, txn, *key) {
            Some(value) if append => values.contains(&value) == written,
            Some(value) if written => *values == [value],
            Some(value) => !values.contains(&value),
            None => true,
        }
    };
    if committed && !reads().all(own) {
        return false;
    }
    let of = [orders(&writers(0)), orders(&writers(1))];
    of[0].iter().any(|x| {
        of[1].iter().any(|y| {
            let order = |key: usize| if key == 0 { x } else { y };
            let list = |key: usize| order(key).iter().filter_map(|txn| value(txns, *txn, key)).collect::<Vec<i64>>();
            let is_part = |(_, _, part): (usize, usize, &Part)| match part {
                Part::Read(key, values) if append => list(*key).starts_with(values),
                _ => true,
            };
            let mut edges: Vec<Vec<bool>> = (0..n).map(|a| (0..n).map(|b| before(a, b)).collect()).collect();
            for key in 0..2 {
                order(key).windows(2).for_each(|two| edges[two[0]][two[1]] = true);
            }
            for (txn, _, part) in reads().filter(|_| committed) {
                if let Part::Read(key, values) = part
                    && let Some(writer) = values
                        .last()
                        .and_then(|last| writers(*key).into_iter().find(|w| value(txns, *w, *key) == Some(*last)))
                    && writer != txn
                {
                    edges[writer][txn] = true;
                }
            }
            reads().all(is_part) && acyclic(edges)
        })
    })
}

fn acyclic(mut edges: Vec<Vec<bool>>) -> bool {
    let n = edges.len();
    for middle in 0..n {
        for a in 0..n {
            for b in 0..n {
                edges[a][b] |= edges[a][middle] && edges[middle][b];
            }
        }
    }
    (0..n).all(|txn| !edges[txn][txn])
}
