//! Whether what the clients were told could have come from one copy: the run's history, judged an object at a time, as
//! JSON for the page's list of operations.

use super::told::{self, Lanes, map, text};
use crate::base::Micros;
use crate::base::json::Json;
use crate::check::history::{History, NEVER, Operation};
use crate::check::linear::{self, Evidence, Limits, Verdict};
use crate::check::spec::Readings;
use crate::session::Session;
use crate::sim::timeline::Timeline;
use crate::wire::{Datum, DiagramAsk, Reply, Request, RowFilter, Span, SpanKind};
use std::collections::BTreeMap;

/// Enough for what one plays on the bench, and answered within a second or two.
const LIMITS: Limits = Limits { steps: 3_000_000, bytes: 32 << 20, ..Limits::GENEROUS };
/// So many operations of an object are told at most: the last ones up to what was found.
const TOLD_MAX: usize = 1_500;

/// The verdict about a run, as far as it is simulated, and the faults that lasted.
pub fn write(session: &mut Session, out: &mut String) {
    let faults = faults(session);
    let Some(timeline) = session.timeline() else { return };
    let (known, others) = told::known(timeline);
    let objects = known.by_key().into_iter().map(|(key, history)| object(timeline, &key, &history));
    let fields = [
        ("to", Json::Int(timeline.head().now as i64)),
        ("others", Json::Int(others as i64)),
        ("objects", Json::List(objects.collect())),
        ("faults", Json::List(faults)),
    ];
    map(fields).write(out);
}

/// As the space-time diagram has them.
fn faults(session: &mut Session) -> Vec<Json> {
    let Some(head) = session.timeline().map(|timeline| Micros(timeline.head().now)) else { return Vec::new() };
    let filter = RowFilter::default();
    let ask = DiagramAsk { from: Micros::ZERO, to: head, room: 0, filter, focus: None, anchor: None };
    let Some(Reply::Diagram(diagram)) = session.handle(Request::Diagram(ask)).pop() else { return Vec::new() };
    let Some(timeline) = session.timeline() else { return Vec::new() };
    let name = |node: u16| timeline.world().setup.nodes[usize::from(node)].name.to_string();
    let fault = |span: &Span| {
        let words = match (span.kind, span.node.map(name)) {
            (SpanKind::Cut, _) | (_, None) => format!("cut: {}", span.words),
            (_, Some(node)) => format!("{node} {}", span.words),
        };
        map([
            ("from", Json::Int(span.from.0 as i64)),
            ("to", Json::Int(span.to.0 as i64)),
            ("paused", Json::Bool(span.kind == SpanKind::Paused)),
            ("words", text(&words)),
        ])
    };
    diagram.spans.iter().map(fault).collect()
}

fn object(timeline: &Timeline, key: &Datum, history: &History) -> Json {
    let Lanes { names: lanes, of_operation, history, .. } = told::lanes(timeline, history);
    let history = &history;
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    let checked = linear::check("kv", history, readings, LIMITS);
    let (verdict, said, evidence, order) = match checked {
        Ok(report) => match report.verdict {
            Verdict::Satisfied => {
                ("holds", String::new(), None, report.orders.into_iter().next().map(|(_, order)| order))
            }
            Verdict::Violated(evidence) => {
                let sentence = evidence.as_ref().map_or_else(String::new, |evidence| told::sentence(evidence));
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
    let told = history.operations.iter().zip(of_operation).skip(begun.saturating_sub(TOLD_MAX)).take(TOLD_MAX);
    let told = told.map(|(op, lane)| operation(op, lane, evidence.as_deref(), &places));
    map([
        ("name", if *key == Datum::None { Json::Null } else { text(&key.to_string()) }),
        ("verdict", text(verdict)),
        ("said", text(&said)),
        ("count", Json::Int(history.operations.len() as i64)),
        ("lanes", Json::List(lanes.iter().map(|lane| text(lane)).collect())),
        ("operations", Json::List(told.collect())),
        ("slice", evidence.as_ref().map_or(Json::Null, |evidence| told::ends(evidence, history))),
    ])
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
