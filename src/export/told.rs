//! What clients were told in a run, as the judgements of it need it: operations in the lanes of their clients, and evidence
//! in words that a reader of the page can follow.

use crate::base::json::Json;
use crate::check::history::{self, History, NEVER, Operation};
use crate::check::lattice::Clients;
use crate::check::linear::Evidence;
use crate::sim::timeline::Timeline;
use crate::wire::{Datum, Outcome};
use std::collections::BTreeMap;

/// The functions that the model of a map knows.
const KNOWN: [&str; 5] = ["read", "write", "append", "cas", "put"];

pub fn map<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

/// The operations that are about a value, and how many are not: those that the model does not know, and reads of a key that
/// such a one is about (a counter's value is no write's). A compare-and-set that was refused never happened: it is none
/// that did not match, and says nothing.
pub fn known(timeline: &Timeline) -> (History, usize) {
    let trace = &timeline.trace;
    let all = history::record(trace);
    let refused = |op: &Operation| {
        op.f == "cas" && op.outcome == Outcome::Fail && trace.completed(trace.get(op.ended)).1 == Outcome::Fail
    };
    let is_known = |op: &Operation| KNOWN.contains(&op.f.as_str());
    let mut foreign: Vec<Datum> = all.operations.iter().filter(|op| !is_known(op)).map(|op| op.key.clone()).collect();
    foreign.sort_unstable();
    foreign.dedup();
    let about = all.filter(|op| is_known(op) && !(op.f == "read" && foreign.contains(&op.key)));
    let others = all.operations.len() - about.operations.len();
    (about.filter(|op| !refused(op)), others)
}

/// A client's operations lie in a lane; those that it has open at the same time in further ones.
pub struct Lanes {
    pub names: Vec<String>,
    pub of_operation: Vec<usize>,
    /// With the lanes' names as processes: it makes no difference to a check what they are called.
    pub history: History,
    /// The clients' names, and whose each process is.
    pub clients: Vec<String>,
    pub whose: Clients,
}

pub fn lanes(timeline: &Timeline, history: &History) -> Lanes {
    let node = |op: &Operation| timeline.trace.rows()[op.invoked as usize].node;
    let mut processes: Vec<(u16, &Datum)> = history.operations.iter().map(|op| (node(op), &op.process)).collect();
    processes.sort();
    processes.dedup();
    let mut names = Vec::with_capacity(processes.len());
    let (mut clients, mut whose) = (Vec::<String>::new(), Clients::default());
    for (i, (client, _)) in processes.iter().enumerate() {
        let name = timeline.world().setup.nodes[usize::from(*client)].name.to_string();
        let earlier = processes[..i].iter().filter(|(other, _)| other == client).count();
        if earlier == 0 {
            clients.push(name.clone());
        }
        names.push(if earlier == 0 { name } else { format!("{name} ({})", earlier + 1) });
        whose.of_process.insert(Datum::Text(names[i].clone()), clients.len() - 1);
    }
    whose.count = clients.len();
    let numbers: BTreeMap<&Datum, usize> = processes.iter().map(|(_, process)| *process).zip(0..).collect();
    let of_operation: Vec<usize> = history.operations.iter().map(|op| numbers[&op.process]).collect();
    let named =
        |(op, lane): (&Operation, &usize)| Operation { process: Datum::Text(names[*lane].clone()), ..op.clone() };
    let history = History { operations: history.operations.iter().zip(&of_operation).map(named).collect() };
    Lanes { names, of_operation, history, clients, whose }
}

/// The sentence of evidence, its operations by their places in the list of them instead of lines of a file.
pub fn sentence(evidence: &Evidence) -> String {
    let mut words = String::new();
    let mut rest = evidence.sentence.as_str();
    while let Some(at) = rest.find("line ") {
        let (before, number) = (&rest[..at], &rest[at + "line ".len()..]);
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let place = number[..digits]
            .parse()
            .ok()
            .and_then(|line: u32| evidence.core_lines.iter().position(|core| *core == line));
        words += before;
        match place {
            Some(place) => words += &format!("operation {}", place + 1),
            None => words += &rest[at..at + "line ".len() + digits],
        }
        rest = &number[digits..];
    }
    words + rest
}

/// Between which rows the causal slice of evidence lies: from the beginnings of its operations to the answer with which it
/// could not be any more.
pub fn ends(evidence: &Evidence, history: &History) -> Json {
    let core = history.operations.iter().filter(|op| evidence.core_lines.contains(&op.lines.0));
    let last = core.clone().filter(|op| op.ended != NEVER).max_by_key(|op| op.ended);
    let Some(last) = last else { return Json::Null };
    let mut from: Vec<Json> = core.filter(|op| op.lines != last.lines).map(|op| Json::Int(op.invoked.into())).collect();
    if from.is_empty() {
        from.push(Json::Int(last.invoked.into()));
    }
    map([("from", Json::List(from)), ("to", Json::Int(last.ended.into()))])
}
