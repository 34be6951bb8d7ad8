//! Whether what the clients were told could have come from one copy: the run's history, judged an object at a time, as
//! JSON for the page's list of operations.

use crate::base::json::Json;
use crate::check::history::{self, History, NEVER, Operation};
use crate::check::linear::{self, Evidence, Limits, Verdict};
use crate::check::spec::Readings;
use crate::sim::timeline::Timeline;
use crate::wire::Datum;
use std::collections::BTreeMap;

/// Enough for what one plays on the bench, and answered within a second or two.
const LIMITS: Limits = Limits { steps: 3_000_000, configurations: 400_000, explain: true };
/// The functions that the model of a map knows.
const KNOWN: [&str; 5] = ["read", "write", "append", "cas", "put"];
/// So many operations of an object are told at most: the last ones up to what was found.
const TOLD_MAX: usize = 1_500;

/// The verdict about a run, as far as it is simulated.
pub fn write(timeline: &Timeline, out: &mut String) {
    let all = history::record(&timeline.trace);
    let known = all.filter(|op| KNOWN.contains(&op.f.as_str()));
    let others = all.operations.len() - known.operations.len();
    let objects = known.by_key().into_iter().map(|(key, history)| object(timeline, &key, &history));
    let fields = [
        ("to", Json::Int(timeline.head().now as i64)),
        ("others", Json::Int(others as i64)),
        ("objects", Json::List(objects.collect())),
    ];
    map(fields).write(out);
}

fn map<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn object(timeline: &Timeline, key: &Datum, history: &History) -> Json {
    // By the names of the lanes: it makes no difference what processes are called.
    let (lanes, lane_of) = lanes(timeline, history);
    let named = |op: &Operation| {
        let process = Datum::Text(lanes[lane_of[&op.process]].clone());
        Operation { process, ..op.clone() }
    };
    let history = &History { operations: history.operations.iter().map(named).collect() };
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    let checked = linear::check("kv", history, readings, LIMITS);
    let (verdict, said, evidence, order) = match checked {
        Ok(report) => match report.verdict {
            Verdict::Satisfied => {
                ("holds", String::new(), None, report.orders.into_iter().next().map(|(_, order)| order))
            }
            Verdict::Violated(evidence) => {
                let sentence = evidence.as_ref().map_or_else(String::new, |evidence| evidence.sentence.clone());
                let longest = evidence.as_ref().and_then(|evidence| evidence.partial.first().cloned());
                ("broken", sentence, evidence, longest)
            }
            Verdict::Unknown(why) => ("unknown", why, None, None),
        },
        Err(why) => ("unknown", why, None, None),
    };
    let places: BTreeMap<u32, usize> = order.unwrap_or_default().into_iter().zip(0..).collect();
    let until = evidence.as_ref().map_or(NEVER, |evidence| evidence.prefix);
    let begun = history.operations.iter().filter(|op| op.invoked <= until).count();
    let told = history.operations.iter().skip(begun.saturating_sub(TOLD_MAX)).take(TOLD_MAX);
    let lane = |op: &Operation| lanes.iter().position(|lane| op.process == Datum::Text(lane.clone())).unwrap_or(0);
    let told = told.map(|op| operation(op, lane(op), evidence.as_deref(), &places));
    map([
        ("name", if *key == Datum::None { Json::Null } else { text(&key.to_string()) }),
        ("verdict", text(verdict)),
        ("said", text(&said)),
        ("count", Json::Int(history.operations.len() as i64)),
        ("lanes", Json::List(lanes.iter().map(|lane| text(lane)).collect())),
        ("operations", Json::List(told.collect())),
    ])
}

/// A client's operations lie in a lane; those that it has open at the same time in further ones.
fn lanes(timeline: &Timeline, history: &History) -> (Vec<String>, BTreeMap<Datum, usize>) {
    let node = |op: &Operation| timeline.trace.rows()[op.invoked as usize].node;
    let mut processes: Vec<(u16, Datum)> = history.operations.iter().map(|op| (node(op), op.process.clone())).collect();
    processes.sort();
    processes.dedup();
    let mut names = Vec::with_capacity(processes.len());
    for (i, (client, _)) in processes.iter().enumerate() {
        let name = &timeline.world().setup.nodes[*client as usize].name;
        let earlier = processes[..i].iter().filter(|(other, _)| other == client).count();
        names.push(if earlier == 0 { name.to_string() } else { format!("{name} ({})", earlier + 1) });
    }
    (names, processes.into_iter().map(|(_, process)| process).zip(0..).collect())
}

fn operation(op: &Operation, lane: usize, evidence: Option<&Evidence>, places: &BTreeMap<u32, usize>) -> Json {
    let micros = |ns: Option<i64>| ns.map_or(Json::Null, |ns| Json::Int(ns / 1_000));
    let words = op.words();
    // Without the process: the lane says who.
    let words = words.strip_prefix(&op.process.to_string()).map_or(words.as_str(), str::trim_start);
    let core = evidence.is_some_and(|evidence| evidence.core_lines.contains(&op.lines.0));
    map([
        ("lane", Json::Int(lane as i64)),
        ("from", micros(op.begun_ns)),
        ("to", micros(op.ended_ns)),
        ("words", text(words)),
        ("outcome", text(&op.outcome.to_string())),
        ("row", Json::Int(i64::from(op.invoked))),
        ("core", Json::Bool(core)),
        ("place", places.get(&op.lines.0).map_or(Json::Null, |place| Json::Int(*place as i64))),
    ])
}
