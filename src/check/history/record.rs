//! The history of a run: what its clients asked for and were told, of every protocol alike.
//!
//! A client may have several operations open at once; each then counts as a process of its own, the lowest number that is
//! free. What a client gave up (unknown) leaves its process free for its next operation.

use super::{History, NEVER, Operation};
use crate::base::codec;
use crate::sim::trace::Trace;
use crate::wire::{Datum, Op, Outcome, RowKind};
use std::collections::BTreeMap;

/// What each function of the services is called in a history.
const NAMES: [(&str, &str); 2] = [("get", "read"), ("put", "write")];

/// Nanoseconds of a microsecond.
const NS: i64 = 1_000;

pub fn record(trace: &Trace) -> History {
    let mut operations: Vec<Operation> = Vec::new();
    // By client and count: its place in the list, and its process.
    let mut open = BTreeMap::new();
    let mut processes: Vec<(u16, bool)> = Vec::new();
    for (place, rec) in (0..NEVER).zip(trace.rows()) {
        match rec.kind {
            RowKind::Invoke => {
                let op: Op = codec::from_bytes(trace.data(rec)).expect("the engine wrote it");
                let free = processes.iter().position(|(client, busy)| *client == rec.node && !busy);
                let process = free.unwrap_or_else(|| {
                    processes.push((rec.node, false));
                    processes.len() - 1
                });
                processes[process].1 = true;
                open.insert((rec.node, rec.count), (operations.len(), process));
                operations.push(Operation {
                    process: Datum::Int(process as i64),
                    f: name(&op.f).into(),
                    key: if op.key.is_empty() { Datum::None } else { Datum::Text(op.key.to_string()) },
                    input: op.value,
                    output: Datum::None,
                    outcome: Outcome::Unknown,
                    invoked: place,
                    ended: NEVER,
                    begun_ns: Some(rec.at as i64 * NS),
                    ended_ns: None,
                    lines: (place + 1, 0),
                });
            }
            RowKind::Complete => {
                let Some((own, process)) = open.remove(&(rec.node, rec.count)) else { continue };
                processes[process].1 = false;
                let (_, outcome, answer, _) = trace.completed(rec);
                let own = &mut operations[own];
                own.ended_ns = Some(rec.at as i64 * NS);
                own.lines.1 = place + 1;
                own.outcome = outcome;
                own.ended = place;
                ended(own, answer);
            }
            _ => {}
        }
    }
    // What is still open may have set its value, too.
    for own in operations.iter_mut().filter(|own| own.ended == NEVER) {
        ended(own, Datum::None);
    }
    History { operations }
}

/// Takes down what the client was told.
fn ended(own: &mut Operation, answer: Datum) {
    let paired = matches!(&own.input, Datum::List(pair) if pair.len() == 2);
    match (own.f.as_str(), own.outcome, answer) {
        ("read", Outcome::Ok, answer) => own.output = answer,
        ("cas", Outcome::Ok, Datum::List(said)) if said.len() == 2 => {
            let [did, before] = <[Datum; 2]>::try_from(said).expect("two");
            match (did == Datum::Int(0), paired) {
                // Told as done; in a history it failed.
                (true, true) => own.outcome = Outcome::Fail,
                // Its client chose what to expect, which no row says; what it was told was there was read.
                (true, false) => (own.f, own.input, own.output) = ("read".into(), Datum::None, before),
                (false, true) => own.output = own.input.clone(),
                (false, false) => {
                    own.input = Datum::List(vec![before, own.input.clone()]);
                    own.output = own.input.clone();
                }
            }
        }
        // It may have set its value, whatever it expected: that allows more than what can have been, never less. One that
        // failed did not.
        ("cas", Outcome::Unknown | Outcome::Fail, _) if !paired => own.f = "write".into(),
        (_, Outcome::Ok, _) => own.output = own.input.clone(),
        _ => {}
    }
}

fn name(f: &str) -> &str {
    NAMES.iter().find(|(own, _)| *own == f).map_or(f, |(_, name)| name)
}
