//! The causal slice between events of a run, as JSON for the page: what lies on causal paths from what clients asked to what
//! one of them was told. These are the messages and changes that made the answer what it is; nothing else could.

use super::Log;
use super::told::{map, text};
use crate::base::json::Json;
use crate::session::Session;
use crate::sim::trace::{Rec, Trace};
use crate::wire::RowKind;
use std::collections::BTreeSet;

/// So many events are told in words.
const TOLD_MAX: usize = 160;

/// By "A,B … TO": rows.
pub fn named(session: &mut Session, ends: &str) -> Result<String, String> {
    let timeline = session.timeline().ok_or("no run is open")?;
    let log = Log::new(timeline);
    let rows = log.rows().len();
    let row = |word: &str| word.parse().ok().filter(|row: &u32| (*row as usize) < rows).ok_or("there is no such row");
    let (starts, end) = ends.rsplit_once(' ').ok_or("a slice needs rows where it begins, and one where it ends")?;
    let starts: Vec<u32> = starts.split(',').map(row).collect::<Result<_, _>>()?;
    let mut out = String::new();
    write(&log, &starts, row(end)?).write(&mut out);
    Ok(out)
}

fn write(log: &Log, starts: &[u32], end: u32) -> Json {
    let trace = &log.timeline.trace;
    let slice = trace.slice(log.nodes(), starts, end);
    let lit = lit(trace, &slice);
    let told: Vec<u32> = slice.iter().copied().filter(|row| is_told(trace.get(*row).kind)).collect();
    let line = |row: &u32| {
        let rec = trace.get(*row);
        let sentence = log.reader.sentence(rec);
        map([("row", Json::Int((*row).into())), ("at", Json::Int(rec.at as i64)), ("words", text(&sentence))])
    };
    let time = |row: Option<&u32>| Json::Int(row.map_or(0, |row| trace.get(*row).at as i64));
    map([
        ("from", time(slice.first())),
        ("to", time(slice.last())),
        ("events", Json::Int(told.len() as i64)),
        ("messages", Json::Int(lit.len() as i64 - slice.iter().filter(|row| is_dot(trace.get(**row))).count() as i64)),
        ("rows", Json::List(lit.iter().map(|row| Json::Int((*row).into())).collect())),
        ("lines", Json::List(told.iter().take(TOLD_MAX).map(line).collect())),
    ])
}

/// The rows that the space-time diagram lights: the events themselves; of messages, those that arrived within the slice, by
/// the row where they set out.
fn lit(trace: &Trace, slice: &[u32]) -> BTreeSet<u32> {
    let arrived =
        slice.iter().filter(|row| trace.get(**row).kind == RowKind::Deliver).filter_map(|row| set_out(trace, *row));
    let among = arrived.filter(|row| slice.binary_search(&sent(trace, *row)).is_ok());
    let dots = slice.iter().copied().filter(|row| is_dot(trace.get(*row)));
    among.collect::<Vec<_>>().into_iter().chain(dots).collect()
}

/// Where a message that arrived set out: its sending, or its doubling.
fn set_out(trace: &Trace, arrival: u32) -> Option<u32> {
    let mut row = trace.get(arrival).cause();
    while let Some(earlier) = row {
        let rec = trace.get(earlier);
        match rec.kind {
            RowKind::Send | RowKind::Duplicate => return Some(earlier),
            RowKind::Queued | RowKind::Adversary | RowKind::Deliver => row = rec.cause(),
            _ => return None,
        }
    }
    None
}

/// The sending of a message, or of what was doubled.
fn sent(trace: &Trace, mut row: u32) -> u32 {
    while trace.get(row).kind == RowKind::Duplicate {
        match trace.get(row).cause() {
            Some(earlier) => row = earlier,
            None => break,
        }
    }
    row
}

fn is_dot(rec: &Rec) -> bool {
    rec.kind != RowKind::Send
}

/// Setting a timer, or asking the disk, changes nothing that anybody sees; a sending is told by its arrival.
fn is_told(kind: RowKind) -> bool {
    !matches!(kind, RowKind::Send | RowKind::TimerSet | RowKind::TimerCancelled | RowKind::Write)
}
