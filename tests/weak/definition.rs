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
    let written = |i: &usize| ops[*i].found.is_none_or(|found| found == 0 || source(ops, *i).is_some());
    if !all.iter().all(written) {
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
                            && (source(ops, *r) == Some(a) || *r == a && ops[a].left.is_some())
                    })
            };
            forward(ops, *p, &follows)
        }),
        other => unreachable!("{other}"),
    }
}

fn source(ops: &[Op], read: usize) -> Option<usize> {
    let value = ops[read].found.filter(|found| *found != 0)?;
    (0..ops.len()).find(|i| *i != read && ops[*i].key == ops[read].key && ops[*i].left == Some(value))
}

fn program(ops: &[Op], a: usize, b: usize) -> bool {
    a < b && ops[a].process == ops[b].process && ops[a].known
}

fn saw(ops: &[Op], a: usize, b: usize) -> bool {
    source(ops, b) == Some(a)
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

/// An order of the members, in keeping with what is before what, explains those that are looked at.
fn explains(ops: &[Op], members: &[usize], before: &Before, looked_at: &dyn Fn(usize) -> bool) -> bool {
    fn go(ops: &[Op], left: &[usize], before: &Before, looked: &dyn Fn(usize) -> bool, state: [i64; 2]) -> bool {
        left.is_empty()
            || left.iter().any(|next| {
                let op = &ops[*next];
                if left.iter().any(|other| before[*other][*next])
                    || looked(*next) && op.found.is_some_and(|found| found != state[op.key])
                {
                    return false;
                }
                let mut after = state;
                after[op.key] = op.left.unwrap_or(state[op.key]);
                let rest: Vec<usize> = left.iter().copied().filter(|other| other != next).collect();
                go(ops, &rest, before, looked, after)
            })
    }
    go(ops, members, before, looked_at, [0; 2])
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
            let last = order.iter().rev().find(seen).and_then(|i| ops[*i].left);
            !ops[read].known || ops[read].found.is_none_or(|found| found == last.unwrap_or(0))
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
