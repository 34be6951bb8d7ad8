//! Evidence of which each operation is needed, out of operations that are enough.

use super::history::History;
use super::linear::{Evidence, minimise, relaxed};
use std::collections::BTreeSet;

/// What a check tells of a part of a history, in which operations have their places: evidence, nothing, or (none) that it
/// does not know.
pub type Told = Option<Option<Evidence>>;

/// Where what evidence names is not enough by itself, longer histories are not searched for what is.
const SEARCHED_MAX: usize = 500;

/// Takes all operations but those of the evidence out of the reckoning, then as many of these as can be: taken out, an
/// operation may have happened or not. One that is only named because others saw it may stay in either way.
pub fn least(
    history: &History,
    first: Evidence,
    told: impl Fn(&History) -> Result<Told, String>,
) -> Result<Evidence, String> {
    let only = |lines: &BTreeSet<u32>| {
        let operations = history.operations.iter();
        let operations = operations.map(|op| if lines.contains(&op.lines.0) { op.clone() } else { relaxed(op) });
        History { operations: operations.collect() }
    };
    let mut minimal = true;
    let mut try_out = |lines: &BTreeSet<u32>| {
        let told = told(&only(lines))?;
        minimal &= told.is_some();
        Ok::<_, String>(told.flatten())
    };
    let mut lines: BTreeSet<u32> = first.core_lines.iter().copied().collect();
    let mut best = try_out(&lines)?;
    if best.is_none() && history.operations.len() <= SEARCHED_MAX {
        let violates = |part: &History| Ok(told(part)?.map(|evidence| evidence.is_some()));
        let (core, _) = minimise(history, None, violates)?;
        lines = core.iter().map(|place| history.operations[*place].lines.0).collect();
        best = try_out(&lines)?;
    }
    let Some(mut best) = best else { return Ok(Evidence { minimal: false, ..first }) };
    loop {
        let mut next: Option<(usize, BTreeSet<u32>, Evidence)> = None;
        for line in &lines {
            let rest: BTreeSet<u32> = lines.iter().copied().filter(|other| other != line).collect();
            let Some(evidence) = try_out(&rest)? else { continue };
            let named = rest.iter().chain(&evidence.core_lines).collect::<BTreeSet<_>>().len();
            if next.as_ref().is_none_or(|(least, ..)| named < *least) {
                next = Some((named, rest, evidence));
            }
        }
        let Some((_, rest, evidence)) = next else { break };
        (lines, best) = (rest, evidence);
    }
    lines.extend(&best.core_lines);
    let core = || history.operations.iter().filter(|op| lines.contains(&op.lines.0));
    Ok(Evidence {
        core: core().map(|op| op.words()).collect(),
        core_lines: core().map(|op| op.lines.0).collect(),
        minimal,
        ..best
    })
}
