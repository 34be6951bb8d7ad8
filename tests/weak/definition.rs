//! The definitions, word for word, tried out: all orders, of all that may have happened.

use super::Op;

type Before = Vec<Vec<bool>>;

/// Some of what may have happened, and all that must have.
pub fn holds(name: &str, ops: &[Op]) -> bool {
    let may: Vec<usize> = (0..ops.len()).filter(|i| !ops[*i].known).collect();
    (0..1_usize << may.len()).any(|chosen| {
        let left_out = |i: usize| may.iter().position(|m| *m == i).is_some_and(|at| chosen >> at & 1 == 0);
        let kept: Vec<Op> = (0..ops.len()).filter(|i| !left_out(*i)).map(|i| ops[i].clone()).collect();
        of_all(name, &kept)
    })
}

fn of_all(name: &str, ops: &[Op]) -> bool {
    let all: Vec<usize> = (0..ops.len()).collect();
    if !all.iter().all(|i| possible(ops, *i)) {
        return false;
    }
    let processes: Vec<usize> = (0..3).collect();
    match name {
        "sequential" => explains(ops, &all, &closure(ops, |a, b| program(ops, a, b)), &|_| true),
        "causal" => causality(ops).is_some_and(|past| {
            all.iter().all(|own| {
                let members: Vec<usize> = all.iter().copied().filter(|i| i == own || past[*i][*own]).collect();
                explains(ops, &members, &past, &|i| i == *own && ops[i].known)
            })
        }),
        "causal-convergence" => causality(ops).is_some_and(|past| arbitrated(ops, &past, &mut Vec::new())),
        "causal-memory" => causality(ops).is_some_and(|past| processes.iter().all(|p| view(ops, *p, &past))),
        "pram" => processes.iter().all(|p| {
            view(ops, *p, &closure(ops, |a, b| least(ops, a, b) || program(ops, a, b) && both(ops, *p, a, b)))
        }),
        // Of lists each read by itself.
        "read-your-writes" if ops.iter().any(|op| op.appends) => all.iter().all(|read| {
            let reads = |i: usize| ops[i].found.is_some() && ops[i].known;
            let own = |a: usize, b: usize| program(ops, a, b) && ops[a].left.is_some() && ops[a].key == ops[b].key;
            let before = closure(ops, |a, b| least(ops, a, b) || b == *read && own(a, b));
            let members: Vec<usize> = all.iter().copied().filter(|i| i == read || ops[*i].left.is_some()).collect();
            !reads(*read) || explains(ops, &members, &before, &|i| i == *read)
        }),
        "read-your-writes" => processes.iter().all(|p| {
            let own = |a: usize, b: usize| {
                program(ops, a, b) && ops[a].process == *p && ops[a].left.is_some() && ops[b].found.is_some()
            };
            view(ops, *p, &closure(ops, |a, b| least(ops, a, b) || own(a, b) && ops[a].key == ops[b].key))
        }),
        "monotonic-reads" => processes.iter().all(|p| monotonic(ops, *p, usize::MAX)),
        "monotonic-writes" => processes.iter().all(|p| {
            let writes = |a: usize, b: usize| program(ops, a, b) && ops[a].left.is_some() && ops[b].left.is_some();
            forward(ops, *p, &writes)
        }),
        "writes-follow-reads" => processes.iter().all(|p| {
            // What was read before a write is before it; a compare-and-set has seen what it left.
            let follows = |a: usize, b: usize| {
                ops[b].left.is_some()
                    && all.iter().any(|r| {
                        ops[*r].found.is_some()
                            && program(ops, *r, b)
                            && (saw(ops, a, *r) || *r == a && ops[a].left.is_some())
                    })
            };
            forward(ops, *p, &follows)
        }),
        other => unreachable!("{other}"),
    }
}

/// What an operation found, item by item.
fn found(op: &Op) -> Option<Vec<i64>> {
    op.found.map(|first| if first == 0 { Vec::new() } else { [&[first], &op.more[..]].concat() })
}

fn writer(ops: &[Op], read: usize, value: i64) -> Option<usize> {
    (0..ops.len()).find(|i| *i != read && ops[*i].key == ops[read].key && ops[*i].left == Some(value))
}

/// Someone wrote each item, once, and all but the first were added.
fn possible(ops: &[Op], read: usize) -> bool {
    let items = found(&ops[read]).unwrap_or_default();
    let written = |(at, value): (usize, &i64)| {
        writer(ops, read, *value).is_some_and(|writer| (at == 0 || ops[writer].appends) && !items[..at].contains(value))
    };
    items.iter().enumerate().all(written)
}

fn program(ops: &[Op], a: usize, b: usize) -> bool {
    a < b && ops[a].process == ops[b].process && ops[a].known
}

fn saw(ops: &[Op], a: usize, b: usize) -> bool {
    found(&ops[b]).is_some_and(|items| items.iter().any(|value| writer(ops, b, *value) == Some(a)))
}

/// What every view has: the versions of one process, and what a compare-and-set found.
fn least(ops: &[Op], a: usize, b: usize) -> bool {
    let versions = program(ops, a, b) && ops[a].key == ops[b].key && ops[a].left.is_some() && ops[b].left.is_some();
    versions || saw(ops, a, b) && ops[b].left.is_some()
}

fn both(ops: &[Op], process: usize, a: usize, b: usize) -> bool {
    [a, b].iter().all(|i| ops[*i].process == process || ops[*i].left.is_some())
}

fn closure(ops: &[Op], first: impl Fn(usize, usize) -> bool) -> Before {
    let n = ops.len();
    let mut before: Before = (0..n).map(|a| (0..n).map(|b| first(a, b)).collect()).collect();
    for middle in 0..n {
        for a in 0..n {
            for b in 0..n {
                before[a][b] |= before[a][middle] && before[middle][b];
            }
        }
    }
    before
}

fn causality(ops: &[Op]) -> Option<Before> {
    let past = closure(ops, |a, b| program(ops, a, b) || saw(ops, a, b));
    (0..ops.len()).all(|i| !past[i][i]).then_some(past)
}

fn leave(op: &Op, state: &mut Vec<i64>) {
    if !op.appends && op.left.is_some() {
        state.clear();
    }
    state.extend(op.left);
}

/// An order of the members, in keeping with what is before what, explains those that are looked at.
fn explains(ops: &[Op], members: &[usize], before: &Before, looked_at: &dyn Fn(usize) -> bool) -> bool {
    fn go(ops: &[Op], left: &[usize], before: &Before, looked: &dyn Fn(usize) -> bool, state: [Vec<i64>; 2]) -> bool {
        left.is_empty()
            || left.iter().any(|next| {
                let op = &ops[*next];
                if left.iter().any(|other| before[*other][*next])
                    || looked(*next) && found(op).is_some_and(|found| found != state[op.key])
                {
                    return false;
                }
                let mut after = state.clone();
                leave(op, &mut after[op.key]);
                let rest: Vec<usize> = left.iter().copied().filter(|other| other != next).collect();
                go(ops, &rest, before, looked, after)
            })
    }
    go(ops, members, before, looked_at, Default::default())
}

/// An order of all writes and a process's own reads explains these.
fn view(ops: &[Op], process: usize, before: &Before) -> bool {
    let own = |i: &usize| ops[*i].process == process || ops[*i].left.is_some();
    let members: Vec<usize> = (0..ops.len()).filter(own).collect();
    explains(ops, &members, before, &|i| ops[i].process == process && ops[i].known)
}

/// A view of a process's first reads only, with their order and what else is before what.
fn reads_view(ops: &[Op], process: usize, count: usize, more: &dyn Fn(usize, usize) -> bool) -> bool {
    let reads = |i: &usize| ops[*i].process == process && ops[*i].found.is_some() && ops[*i].known;
    let own: Vec<usize> = (0..ops.len()).filter(reads).take(count).collect();
    let in_order = |a: usize, b: usize| a < b && own.contains(&a) && own.contains(&b);
    let before = closure(ops, |a, b| least(ops, a, b) || in_order(a, b) || more(a, b));
    let members: Vec<usize> = (0..ops.len()).filter(|i| own.contains(i) || ops[*i].left.is_some()).collect();
    explains(ops, &members, &before, &|i| own.contains(&i))
}

fn monotonic(ops: &[Op], process: usize, count: usize) -> bool {
    reads_view(ops, process, count, &|_, _| false)
}

/// The same, by the reads that do not go back.
fn forward(ops: &[Op], process: usize, more: &dyn Fn(usize, usize) -> bool) -> bool {
    let count = (0..=ops.len()).take_while(|count| monotonic(ops, process, *count)).last().unwrap_or(0);
    reads_view(ops, process, count, more)
}

/// One order of all, in keeping with causality: each sees the last of the writes in its past.
fn arbitrated(ops: &[Op], past: &Before, order: &mut Vec<usize>) -> bool {
    if order.len() == ops.len() {
        return (0..ops.len()).all(|read| {
            let seen = |i: &&usize| past[**i][read] && ops[**i].key == ops[read].key && ops[**i].left.is_some();
            let mut state = Vec::new();
            order.iter().filter(seen).for_each(|i| leave(&ops[*i], &mut state));
            !ops[read].known || found(&ops[read]).is_none_or(|found| found == state)
        });
    }
    (0..ops.len()).any(|next| {
        let can = !order.contains(&next) && (0..ops.len()).all(|i| !past[i][next] || order.contains(&i));
        can && {
            order.push(next);
            let good = arbitrated(ops, past, order);
            order.pop();
            good
        }
    })
}
