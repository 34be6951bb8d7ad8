//! Why a history is not linearizable: how much of it already is not, which operations make it so, and how far one gets.

use super::search::{Found, Search};
use super::{Object, relaxed};
use crate::check::history::{History, NEVER};
use crate::check::limits::Limits;
use crate::check::spec::Spec;

#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The event with which the history cannot be explained any more: its place in the order of real time.
    pub prefix: u32,
    /// No shorter part is known to be inexplicable; false: of a shorter one the limit left it open.
    pub shortest: bool,
    /// The line of the operation that ended there, and the operation in words.
    pub line: u32,
    pub operation: String,
    pub sentence: String,
    /// Operations that cannot be explained together, in words, by their invocations: when any one of them may have
    /// happened or not, the rest can be.
    pub core: Vec<String>,
    /// The lines of their invocations.
    pub core_lines: Vec<u32>,
    /// Each of them is needed; otherwise a limit was reached before that was known.
    pub minimal: bool,
    /// Longest orders that explain a part of the operations up to there, each by the lines of their invocations, as far as
    /// they differ from the first. Each operation that is in any order is in one of these.
    pub partial: Vec<Vec<u32>>,
    /// What orders them so that it cannot be: each step leads from one operation to the next, in a cycle or to a read that
    /// saw something older. Of models that are not checked by a search.
    pub links: Vec<Link>,
}

/// One operation comes before another, and why; both by the lines of their invocations.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub from: u32,
    pub to: u32,
    pub why: String,
}

/// The limits of each try to leave operations out; time is that of the whole.
pub fn tries(limits: Limits) -> Limits {
    Limits { steps: 20_000, bytes: 2 << 20, explain: false, ..limits }
}

const TRIES_MAX: u32 = 500;
const PARTIAL_MAX: usize = 16;

/// Explains a violation of one object.
pub fn gather<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<Evidence, String> {
    let (prefix, shortest) = shortest_prefix(spec, history, limits)?;
    let failing = history.prefix(prefix);
    let last = failing.operations.iter().position(|op| op.ended == prefix).unwrap_or(0);
    let (core, minimal) = minimise(&failing, Some(last), |history| violates(spec, history, tries(limits)))?;
    let mut object = Object::plain(spec, &failing)?;
    object.settle(spec);
    let mut search = Search::new(spec, &object.items).telling();
    search.run(limits);
    let reached = search.reached.take();
    let (states, longest) = reached.map(|reached| (reached.states, reached.longest)).unwrap_or_default();
    let states: Vec<String> = states.iter().map(|state| spec.words(state, &object.words)).collect();
    let op = &failing.operations[last];
    let line = |item: &usize| failing.operations[object.places[*item]].lines.0;
    let mut orders: Vec<Vec<u32>> = longest.iter().flatten().map(|order| order.iter().map(line).collect()).collect();
    orders.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    orders.dedup();
    orders.truncate(PARTIAL_MAX);
    let core_words: Vec<String> = core.iter().map(|place| failing.operations[*place].words()).collect();
    Ok(Evidence {
        prefix,
        shortest,
        line: op.lines.1,
        operation: op.words(),
        sentence: sentence(&op.words(), &states, &core_words),
        core: core_words,
        core_lines: core.iter().map(|place| failing.operations[*place].lines.0).collect(),
        minimal,
        partial: orders,
        links: Vec::new(),
    })
}

fn sentence(operation: &str, states: &[String], core: &[String]) -> String {
    let left = match states {
        [] => "the operations that ended before it have no order either that would leave room for it".to_owned(),
        [one] => format!("however the others are ordered, they leave {one}"),
        [many @ .., last] => format!("however the others are ordered, they leave {} or {last}", many.join(", ")),
    };
    let others = match core.len() {
        0 | 1 => String::new(),
        2 => "; it and one other cannot both be true of one copy".to_owned(),
        n => format!("; it and {} others cannot all be true of one copy", n - 1),
    };
    format!("No order explains “{operation}”: {left}{others}.")
}

/// The place of the first completion by which the history is not linearizable. Prefixes of linearizable histories are,
/// so it can be searched for by halves.
fn shortest_prefix<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<(u32, bool), String> {
    let mut ends: Vec<u32> = history.operations.iter().map(|op| op.completed()).filter(|at| *at != NEVER).collect();
    ends.sort_unstable();
    let (mut good, mut bad, mut sure) = (0, ends.len() - 1, true);
    while good < bad {
        let middle = (good + bad) / 2;
        let found = violates(spec, &history.prefix(ends[middle]), limits)?;
        sure &= found.is_some();
        if found == Some(true) {
            bad = middle;
        } else {
            good = middle + 1;
        }
    }
    Ok((ends[bad], sure))
}

/// Whether a history is not linearizable; none: the limit was reached.
fn violates<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<Option<bool>, String> {
    if limits.stop.is_due() {
        return Ok(None);
    }
    let object = Object::read(spec, history)?;
    Ok(match object.judge(spec, limits).0 {
        Found::Nothing => Some(true),
        Found::Order(_) => Some(false),
        Found::Limit(_) => None,
    })
}

/// Takes operations out of the reckoning, as many at a time as there are, then half as many, as long as what is left
/// cannot be explained (after A. Zeller, R. Hildebrandt: Simplifying and isolating failure-inducing input, 2002). Taken out
/// means: it may have happened at any time, or never; so what is left is evidence by itself. The last operation stays.
pub fn minimise(
    failing: &History,
    last: Option<usize>,
    violates: impl Fn(&History) -> Result<Option<bool>, String>,
) -> Result<(Vec<usize>, bool), String> {
    let is_last = |place: usize| last == Some(place);
    let known = |place: &usize| failing.operations[*place].completed() != NEVER;
    let mut core: Vec<usize> = (0..failing.operations.len()).filter(|place| known(place) && !is_last(*place)).collect();
    let mut tries = 0;
    let mut size = core.len().max(1);
    // Whether every operation of the core was seen to be needed.
    let mut minimal;
    let without = |core: &[usize]| {
        let keep = |place: usize| is_last(place) || core.binary_search(&place).is_ok();
        let operations = failing.operations.iter().enumerate();
        let operations = operations.map(|(place, op)| if keep(place) { op.clone() } else { relaxed(op) });
        History { operations: operations.collect() }
    };
    loop {
        let mut from = 0;
        let mut found = false;
        minimal = size == 1;
        while from < core.len() && tries < TRIES_MAX {
            let to = (from + size).min(core.len());
            let rest: Vec<usize> = core[..from].iter().chain(&core[to..]).copied().collect();
            tries += 1;
            match violates(&without(&rest))? {
                Some(true) => {
                    core = rest;
                    found = true;
                }
                told => {
                    minimal &= told.is_some();
                    from = to;
                }
            }
        }
        if tries >= TRIES_MAX {
            minimal = false;
            break;
        }
        if size == 1 && !found {
            break;
        }
        size = size.div_ceil(2).max(1).min(core.len().max(1));
    }
    if let Some(last) = last {
        let place = core.binary_search(&last).unwrap_or_else(|place| place);
        core.insert(place, last);
    }
    Ok((core, minimal))
}
