//! How old what is read may be, and whether reads come to agree.
//!
//! *Bounded by time*: every read may be as if it had begun so much earlier; with that the history is linearizable (W. Golab,
//! X. Li, M. Shah: Analyzing consistency properties for fun and profit, PODC 2011, section 3: Δ-atomicity). *By versions*:
//! there is an order in keeping with real time in which every read sees one of the last versions (A. Aiyer, L. Alvisi, R.
//! Bazzi: On the availability of non-strict quorum systems, DISC 2005, section 3: k-atomicity; one version behind is k = 2).
//! Both are decided by the search for linearizability, and with neither age nor versions they are it.
//!
//! *Eventual convergence* is about what comes after the last write to a key has ended: reads agree then, on something that
//! was written (W. Vogels: Eventually consistent, CACM 2009). Of a store that has no end no history can show that it will
//! not; so a history is judged as if nothing came after it. Without a time to settle, what counts is the last read of each
//! process; with one, every read that begins later than that after the last write.

use super::explain::{evidence, named};
use crate::check::history::{History, NEVER, Operation};
use crate::check::limits::{Limits, TIME, reached};
use crate::check::linear::{self, Link, Report, Verdict};
use crate::check::spec::{Access, Shown, Spec, Words};
use crate::wire::{Datum, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// How old what is read may be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    pub age_ns: Option<i64>,
    /// How many versions behind the newest.
    pub versions: Option<u32>,
}

pub fn bounded<S: Spec>(spec: &S, history: &History, bound: Bound, limits: Limits) -> Result<Report, String> {
    if bound == Bound::default() {
        return Err("bounded staleness needs a bound: by time, by versions, or both".into());
    }
    let stale = Stale { spec, versions: bound.versions.unwrap_or(0) as usize };
    let Some(earlier) = bound
        .age_ns
        .filter(|age| *age > 0)
        .map_or_else(|| Ok(Some(history.clone())), |age| earlier(spec, history, age))?
    else {
        let why = "staleness by time needs a time at every event".to_owned();
        return Ok(Report::of(history, Verdict::Unknown(why)));
    };
    let mut report = linear::keys(&stale, &earlier, limits)?;
    if let Verdict::Violated(Some(evidence)) = &mut report.verdict {
        let ends = |op: &&Operation| op.lines.1 == evidence.line;
        evidence.prefix = history.operations.iter().find(ends).map_or(evidence.prefix, |op| op.ended);
        let age = bound.age_ns.map(|ns| format!("{} ms", crate::base::decimal::shortest(ns as f64 / 1e6)));
        let versions = bound.versions.map(|n| format!("{n} version{}", if n == 1 { "" } else { "s" }));
        let old: Vec<String> = age.into_iter().chain(versions).collect();
        evidence.sentence = format!("Even if reads may be {} behind: {}", old.join(" and "), evidence.sentence);
    }
    Ok(report)
}

/// A read of something that had been replaced before it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Old {
    /// The places of the read, of the newest and of the first write that had ended by then and began after the one that was
    /// seen had ended: in the history's list.
    pub read: usize,
    pub newest: usize,
    pub first: usize,
    /// So many of them there were.
    pub versions: u32,
    /// The first of them had ended so long before the read began.
    pub age_ns: Option<i64>,
}

/// How old what was read was, at least: only what real time orders counts. Reads of values that several wrote are left out.
pub fn measured<S: Spec>(spec: &S, history: &History) -> Result<Vec<Old>, String> {
    let mut words = Words::default();
    let mut writes: BTreeMap<&Datum, Vec<usize>> = BTreeMap::new();
    let mut writers: BTreeMap<(&Datum, Datum), Vec<usize>> = BTreeMap::new();
    let mut reads = Vec::new();
    for (place, op) in history.operations.iter().enumerate() {
        let Some(call) = spec.read(op, &mut words)? else { continue };
        match spec.access(&call) {
            Some(Access::Read(value)) => reads.push((place, value.datum(&words))),
            Some(Access::Write(value) | Access::Both(_, value)) => {
                writes.entry(&op.key).or_default().push(place);
                writers.entry((&op.key, value.datum(&words))).or_default().push(place);
            }
            _ => {}
        }
    }
    let op = |place: usize| &history.operations[place];
    writes.values_mut().for_each(|writes| writes.sort_by_key(|write| op(*write).completed()));
    let mut old = Vec::new();
    for (read, value) in reads {
        let own = op(read);
        let wrote = writers.get(&(&own.key, value.clone())).map_or(&[][..], Vec::as_slice);
        let since = match (wrote, value == Datum::None) {
            ([], true) => None,
            ([one], false) => Some(op(*one).completed()),
            _ => continue,
        };
        let all = writes.get(&own.key).map_or(&[][..], Vec::as_slice);
        let ended = &all[..all.partition_point(|write| op(*write).completed() < own.invoked)];
        let newer: Vec<usize> =
            ended.iter().copied().filter(|write| since.is_none_or(|at| op(*write).invoked > at)).collect();
        if let (Some(first), Some(newest)) = (newer.first(), newer.last()) {
            let age_ns = own.begun_ns.zip(op(*first).ended_ns).map(|(begun, ended)| begun.saturating_sub(ended));
            old.push(Old { read, newest: *newest, first: *first, versions: newer.len() as u32, age_ns });
        }
    }
    Ok(old)
}

/// The history with every read begun so much earlier; none where a time is missing.
fn earlier<S: Spec>(spec: &S, history: &History, age_ns: i64) -> Result<Option<History>, String> {
    let mut words = Words::default();
    let mut events = Vec::new();
    for op in &history.operations {
        let is_read = spec.read(op, &mut words)?.is_some_and(|call| is_read(spec, &call));
        let Some(begun) = op.begun_ns else { return Ok(None) };
        // As old as it may be is still good: before what ended at that very time.
        events.push(if is_read { (begun.saturating_sub(age_ns), 0, op.invoked) } else { (begun, 1, op.invoked) });
        if op.ended != NEVER {
            let Some(ended) = op.ended_ns else { return Ok(None) };
            events.push((ended, 1, op.ended));
        }
    }
    events.sort_unstable();
    let places: BTreeMap<u32, u32> = events.iter().zip(0..).map(|((_, _, old), new)| (*old, new)).collect();
    let moved = |place: u32| places.get(&place).copied().unwrap_or(NEVER);
    let operations = history.operations.iter();
    let mut operations: Vec<Operation> =
        operations.map(|op| Operation { invoked: moved(op.invoked), ended: moved(op.ended), ..op.clone() }).collect();
    operations.sort_by_key(|op| op.invoked);
    Ok(Some(History { operations }))
}

fn is_read<S: Spec>(spec: &S, call: &S::Call) -> bool {
    matches!(spec.access(call), Some(Access::Read(_)))
}

/// A model whose reads may see one of its last states.
struct Stale<'a, S> {
    spec: &'a S,
    versions: usize,
}

impl<S: Spec> Spec for Stale<'_, S> {
    type Call = S::Call;
    /// The newest is the last.
    type State = Vec<S::State>;

    fn start(&self) -> Self::State {
        vec![self.spec.start()]
    }

    fn read(&self, op: &Operation, words: &mut Words) -> Result<Option<S::Call>, String> {
        self.spec.read(op, words)
    }

    fn apply(&self, state: &Self::State, call: &S::Call) -> Option<Self::State> {
        if is_read(self.spec, call) {
            return state.iter().any(|old| self.spec.apply(old, call).is_some()).then(|| state.clone());
        }
        let newest = state.last()?;
        let after = self.spec.apply(newest, call)?;
        let mut states = state.clone();
        if after != *newest || self.spec.is_blind(call) {
            states.push(after);
        }
        let old = states.len().saturating_sub(self.versions + 1);
        states.drain(..old);
        Some(states)
    }

    /// With older versions a write leaves what was before it.
    fn is_blind(&self, call: &S::Call) -> bool {
        self.versions == 0 && self.spec.is_blind(call)
    }

    fn only_looks(&self, call: &S::Call) -> bool {
        self.spec.only_looks(call)
    }

    fn shows(&self, call: &S::Call, other: &S::Call) -> Shown {
        self.spec.shows(call, other)
    }

    fn words(&self, state: &Self::State, words: &Words) -> String {
        let states: Vec<String> = state.iter().rev().map(|state| self.spec.words(state, words)).collect();
        states.join(", before that ")
    }
}

/// A key after its last write.
struct Quiet<'a> {
    /// What was written.
    values: BTreeSet<Datum>,
    /// Whether all of that is known.
    plain: bool,
    last: Option<&'a Operation>,
    /// A write that may yet take effect.
    open: Option<&'a Operation>,
    reads: Vec<(usize, Datum)>,
}

/// One look at each key's operations: of the limits only time counts.
pub fn eventual<S: Spec>(
    spec: &S,
    history: &History,
    settle_ns: Option<i64>,
    limits: Limits,
) -> Result<Report, String> {
    let mut unknown = None;
    for (key, _) in history.by_key() {
        if limits.stop.is_due() {
            return Ok(Report { key, ..Report::of(history, Verdict::Unknown(reached(TIME))) });
        }
        let mut words = Words::default();
        let quiet = quiet(spec, history, &key, settle_ns, &mut words)?;
        let of = if key == Datum::None { String::new() } else { format!(" of {key}") };
        let odd = disagreement(history, &quiet);
        let verdict = match (odd, quiet.open) {
            (Some((places, sentence)), None) => {
                let sentence = format!("{sentence}, and nothing was written{of} any more.");
                let links = Vec::<Link>::new();
                Verdict::Violated(Some(Box::new(evidence(history, places, links, sentence))))
            }
            (Some(_), Some(open)) => {
                Verdict::Unknown(format!("“{}” may yet take effect (line {})", open.words(), open.lines.0))
            }
            (None, _) if quiet.reads.is_empty() && quiet.last.is_some() => Verdict::Unknown(format!(
                "no read{of} began {}after its last write",
                if settle_ns.is_some() { "late enough " } else { "" }
            )),
            (None, _) => continue,
        };
        let report = Report { key, ..Report::of(history, verdict) };
        if matches!(report.verdict, Verdict::Violated(_)) {
            return Ok(report);
        }
        unknown.get_or_insert(report);
    }
    Ok(unknown.unwrap_or_else(|| Report::of(history, Verdict::Satisfied)))
}

fn quiet<'a, S: Spec>(
    spec: &S,
    history: &'a History,
    key: &Datum,
    settle_ns: Option<i64>,
    words: &mut Words,
) -> Result<Quiet<'a>, String> {
    let mut quiet = Quiet { values: BTreeSet::new(), plain: true, last: None, open: None, reads: Vec::new() };
    let mut reads = Vec::new();
    for (place, op) in history.operations.iter().enumerate().filter(|(_, op)| op.key == *key) {
        let Some(call) = spec.read(op, words)? else { continue };
        match spec.access(&call) {
            Some(Access::Read(value)) => reads.push((place, value.datum(words))),
            Some(Access::Not(_)) => {}
            access => {
                match access {
                    Some(Access::Write(value) | Access::Both(_, value)) => {
                        quiet.values.insert(value.datum(words));
                    }
                    _ => quiet.plain = false,
                }
                if op.outcome == Outcome::Unknown {
                    quiet.open = Some(op);
                } else if quiet.last.is_none_or(|last| last.ended < op.ended) {
                    quiet.last = Some(op);
                }
            }
        }
    }
    let late = |op: &Operation| match (quiet.last, settle_ns) {
        (None, _) => true,
        (Some(last), None) => op.follows(last),
        (Some(last), Some(settle)) => {
            let times = op.begun_ns.zip(last.ended_ns);
            op.follows(last) && times.is_some_and(|(begun, ended)| begun.saturating_sub(ended) > settle)
        }
    };
    reads.retain(|(place, _)| late(&history.operations[*place]));
    if settle_ns.is_none() {
        let process = |place: usize| &history.operations[place].process;
        let last: BTreeMap<&Datum, (usize, Datum)> =
            reads.into_iter().map(|(place, value)| (process(place), (place, value))).collect();
        reads = last.into_values().collect();
        reads.sort_unstable();
    }
    quiet.reads = reads;
    Ok(quiet)
}

/// What does not agree, with the places of the operations.
fn disagreement(history: &History, quiet: &Quiet<'_>) -> Option<(BTreeSet<usize>, String)> {
    let (first, value) = quiet.reads.first()?;
    let name = |place: &usize| named(history, *place);
    if let Some((other, _)) = quiet.reads.iter().find(|(_, other)| other != value) {
        let sentence = format!("{} and {} do not agree", name(first), name(other));
        return Some(([*first, *other].into(), sentence));
    }
    let nothing = *value == Datum::None;
    if let Some(last) = quiet.last.filter(|_| nothing && !quiet.values.contains(value)) {
        let write = history.operations.iter().position(|op| op.lines == last.lines);
        let ended = write.map(|place| named(history, place)).unwrap_or_default();
        let sentence = format!("{} saw nothing, although {ended} had ended", name(first));
        return Some((write.into_iter().chain([*first]).collect(), sentence));
    }
    let written = !quiet.plain || nothing || quiet.values.contains(value);
    (!written).then(|| ([*first].into(), format!("{} saw what nobody wrote", name(first))))
}
