//! How long the checks of the weaker models take, by the number of operations: of the majority register's histories, and of
//! lists that five clients add to and read as they were a while ago; both satisfy all of them. `make bench`.

#[allow(dead_code)]
mod histories;

use faultline::base::random::{Purpose, Stream};
use faultline::check::consistency::{self, Consistency, Options};
use faultline::check::history::{History, Operation};
use faultline::check::linear::{Limits, Verdict};
use faultline::wire::{Datum, Outcome};
use std::time::Instant;

const SIZES: [usize; 4] = [1_000, 2_000, 5_000, 10_000];
const MODELS: [&str; 9] = [
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "pram",
    "causal",
    "causal-memory",
    "causal-convergence",
    "sequential",
];
/// So long a list is, before another is begun.
const ADDED: usize = 50;

fn main() {
    let sweep = histories::sweep();
    let (history, _) = (0..100).find_map(|seed| histories::history(&sweep, seed)).expect("some seed has enough");
    for size in SIZES {
        table("majority register", "register", &first(&history, size));
        table("lists", "kv", &lists(size));
    }
}

fn first(history: &History, count: usize) -> History {
    history.prefix(history.operations[count - 1].invoked)
}

fn table(what: &str, model: &str, history: &History) {
    println!("{what}, {} operations:", history.operations.len());
    for name in MODELS {
        let consistency = Consistency::named(name).expect("a model");
        let options = Options { limits: Limits { explain: false, ..Limits::default() }, ..Options::default() };
        let start = Instant::now();
        let report = consistency::check(model, consistency, history, options).expect("well-formed");
        let took = start.elapsed().as_secs_f64() * 1e3;
        let verdict = match report.verdict {
            Verdict::Satisfied => "satisfied".to_owned(),
            Verdict::Violated(_) => "violated".to_owned(),
            Verdict::Unknown(why) => format!("unknown: {why}"),
        };
        println!("  {name:<22}{took:>10.1} ms  {verdict}");
    }
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
