//! How long each weaker model and each level of isolation takes, by the number of operations, and how that compares with the
//! check of linearizability of the same history: of the majority register's histories; of lists that five clients add to
//! and read as they were a while ago; of transactions on lists and on registers, each at one moment within its time. The
//! lists are not linearizable, which is found out soon; the others satisfy all. `make bench`.

#[allow(dead_code)]
mod histories;

use faultline::base::random::{Purpose, Stream};
use faultline::check::consistency::{self, Consistency, Options};
use faultline::check::history::{History, Operation};
use faultline::check::linear::{Limits, Verdict};
use faultline::check::weak::stale::Bound;
use faultline::wire::{Datum, Outcome};
use std::time::Instant;

const SIZES: [usize; 4] = [1_000, 2_000, 5_000, 10_000];
/// So long a list is, before another is begun.
const ADDED: usize = 50;
/// So many keys transactions choose from.
const KEYS: u64 = 10;

fn main() {
    let sweep = histories::sweep();
    let (history, _) = (0..100).find_map(|seed| histories::history(&sweep, seed)).expect("some seed has enough");
    for size in SIZES {
        table("majority register", "register", &first(&history, size));
        table("lists", "kv", &lists(size));
    }
    for size in SIZES {
        table("transactions on lists", "list-append", &transactions(size, true));
        table("transactions on registers", "rw-register", &transactions(size, false));
    }
}

fn first(history: &History, count: usize) -> History {
    history.prefix(history.operations[count - 1].invoked)
}

/// Linearizability, then all others that can be asked of the model.
fn table(what: &str, model: &str, history: &History) {
    println!("{what}, {} operations:", history.operations.len());
    let options = Options {
        limits: Limits { explain: false, ..Limits::default() },
        bound: Bound { age_ns: None, versions: Some(1) },
        ..Options::default()
    };
    let time = |consistency: Consistency| {
        let start = Instant::now();
        let report = consistency::check(model, consistency, history, options).expect("well-formed");
        (start.elapsed().as_secs_f64() * 1e3, report.verdict)
    };
    let (base, verdict) = time(Consistency::Linearizable);
    line(Consistency::Linearizable, base, base, verdict);
    for consistency in consistency::of_model(model) {
        if consistency != Consistency::Linearizable {
            let (took, verdict) = time(consistency);
            line(consistency, took, base, verdict);
        }
    }
}

fn line(consistency: Consistency, took: f64, base: f64, verdict: Verdict) {
    let verdict = match verdict {
        Verdict::Satisfied => "satisfied".to_owned(),
        Verdict::Violated(_) => "violated".to_owned(),
        Verdict::Unknown(why) => format!("unknown: {why}"),
    };
    println!("  {:<34}{took:>10.1} ms {:>8.2} times linearizable  {verdict}", consistency.name(), took / base);
}

/// Five clients' transactions of one to four parts, each carried out at one moment between its two events, so that some
/// overlap; they write values of their own, to one of a few lists or registers. A list that is long is left for a new one.
fn transactions(count: usize, append: bool) -> History {
    let mut random = Stream::new(11, Purpose::Script, 0, 0);
    let mut state: Vec<(i64, Vec<Datum>)> = (0..KEYS as i64).map(|key| (key, Vec::new())).collect();
    let (mut next, mut events, mut operations) = (1, Vec::new(), Vec::new());
    let text = |text: &str| Datum::Text(text.into());
    for place in 0..count {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        for _ in 0..=random.below(4) {
            let (key, values) = &mut state[random.below(KEYS) as usize];
            let own = Datum::Int(*key);
            if random.chance(0.5) {
                let part = Datum::List(vec![text(if append { "append" } else { "w" }), own, Datum::Int(next)]);
                if !append {
                    values.clear();
                }
                values.push(Datum::Int(next));
                next += 1;
                input.push(part.clone());
                output.push(part);
                if values.len() == ADDED {
                    (*key, *values) = (*key + KEYS as i64, Vec::new());
                }
            } else {
                let seen =
                    if append { Datum::List(values.clone()) } else { values.first().cloned().unwrap_or(Datum::None) };
                input.push(Datum::List(vec![text("r"), own.clone(), Datum::None]));
                output.push(Datum::List(vec![text("r"), own, seen]));
            }
        }
        // Of one client two are fifty apart.
        let at = 10 * place as u64 + 20;
        events.extend([(at - random.below(20), false, place), (at + 1 + random.below(20), true, place)]);
        operations.push(Operation {
            process: Datum::Int(place as i64 % 5),
            f: "txn".into(),
            key: Datum::None,
            input: Datum::List(input),
            output: Datum::List(output),
            outcome: Outcome::Ok,
            invoked: 0,
            ended: 0,
            begun_ns: None,
            ended_ns: None,
            lines: (0, 0),
        });
    }
    events.sort_unstable();
    for (place, (_, ends, own)) in (0..).zip(events) {
        let op = &mut operations[own];
        *if ends { &mut op.ended } else { &mut op.invoked } = place;
        *if ends { &mut op.lines.1 } else { &mut op.lines.0 } = place + 1;
    }
    operations.sort_by_key(|op| op.invoked);
    History { operations }
}

/// Five clients add to lists, one list after another, and read what was there a while ago, but never less than before, nor
/// than what they added: there is one order of all, which is not that of real time.
fn lists(count: usize) -> History {
    let mut random = Stream::new(7, Purpose::Script, 0, 0);
    let mut operations = Vec::with_capacity(count);
    // What was added, in order; how much of it each has.
    let (mut added, mut has) = (Vec::new(), [0; 5]);
    for place in 0..count as u32 {
        let process = random.below(5) as usize;
        let list = added.len() / ADDED;
        let (f, output) = if random.chance(0.5) {
            has[process] = added.len() + 1;
            added.push(Datum::Int(i64::from(place) + 1));
            ("append", Datum::None)
        } else {
            has[process] = has[process].max(added.len().saturating_sub(random.below(9) as usize));
            let own = &added[(list * ADDED).min(has[process])..has[process]];
            ("get", if own.is_empty() { Datum::None } else { Datum::List(own.to_vec()) })
        };
        let input = if f == "append" { Datum::Int(i64::from(place) + 1) } else { Datum::None };
        let list = if f == "append" { (added.len() - 1) / ADDED } else { list };
        operations.push(Operation {
            process: Datum::Int(process as i64),
            f: f.into(),
            key: Datum::Int(list as i64),
            input,
            output,
            outcome: Outcome::Ok,
            invoked: 2 * place,
            ended: 2 * place + 1,
            begun_ns: None,
            ended_ns: None,
            lines: (2 * place + 1, 2 * place + 2),
        });
    }
    History { operations }
}
