//! Operations as traces: OTLP's JSON (opentelemetry.io/docs/specs/otlp, "JSON Protobuf encoding"), ids as W3C Trace Context has
//! them (16 and 8 bytes, in hexadecimal). An operation is the root span of a trace, at its client; each message that it
//! caused is a span at its receiver, from sending to handling, below what made it be sent. What a client's own timers
//! cause belongs to the operation too; what other timers cause belongs to none, or it would never end.

use super::{Log, jsonl::outcome};
use crate::base::json::Json;
use crate::base::{MsgId, OpId, hash};
use crate::sim::trace::Rec;
use crate::wire::{Outcome, RowKind};

/// Where a row belongs: the operation's first row, and the span's.
type Place = Option<(u32, u32)>;

struct Span {
    node: u16,
    place: (u32, u32),
    parent: Option<u32>,
    name: String,
    /// 2: server, 3: client (SpanKind of the specification).
    kind: i64,
    from: u64,
    to: u64,
    attributes: Vec<(&'static str, String)>,
    /// What went wrong.
    error: Option<String>,
}

pub fn write(log: &Log<'_>, out: &mut String) {
    let mut spans: Vec<Span> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    // The spans of operations that are open, by their first row.
    let mut open: Vec<(OpId, u32)> = Vec::new();
    for (row, rec) in (0..).zip(log.rows()) {
        let caused: Place = rec.cause().and_then(|cause| places[cause as usize]);
        let place = match rec.kind {
            RowKind::Invoke => {
                open.push((rec.op(), row));
                Some((row, row))
            }
            RowKind::Complete => {
                let begun = open.iter().position(|(op, _)| *op == rec.op()).map(|place| open.swap_remove(place).1);
                spans.extend(begun.map(|begun| operation(log, rec, begun)));
                caused
            }
            RowKind::Deliver | RowKind::Lost => {
                let sent = way(log, rec);
                let parent = sent.and_then(|sent| places[sent as usize]);
                let span = parent.zip(sent).map(|((op, span), sent)| message(log, rec, sent, (op, row), span));
                let place = span.as_ref().map(|span| span.place);
                spans.extend(span);
                place
            }
            RowKind::TimerSet | RowKind::TimerFired => {
                caused.filter(|(op, _)| log.rows()[*op as usize].node == rec.node)
            }
            _ => caused,
        };
        places.push(place);
    }
    document(log, &spans).write(out);
    out.push('\n');
}

/// The row where the message set out.
fn way(log: &Log<'_>, rec: &Rec) -> Option<u32> {
    let mut cause = rec.cause();
    while let Some(row) = cause {
        let earlier = &log.rows()[row as usize];
        match earlier.kind {
            RowKind::Send | RowKind::Duplicate => return Some(row),
            RowKind::Queued | RowKind::Adversary => cause = earlier.cause(),
            _ => return None,
        }
    }
    None
}

fn operation(log: &Log<'_>, rec: &Rec, begun: u32) -> Span {
    let (op, outcome_, answer, from) = log.timeline.trace.completed(rec);
    Span {
        node: rec.node,
        place: (begun, begun),
        parent: None,
        name: op.f.to_string(),
        kind: 3,
        from,
        to: rec.at,
        attributes: vec![("faultline.operation", op.to_string()), ("faultline.answer", answer.to_string())],
        error: (outcome_ != Outcome::Ok).then(|| outcome(outcome_).to_owned()),
    }
}

fn message(log: &Log<'_>, rec: &Rec, sent: u32, place: (u32, u32), parent: u32) -> Span {
    let id: MsgId = rec.message();
    let lost = rec.kind == RowKind::Lost;
    Span {
        // A lost message is known to its sender alone.
        node: if lost { id.from.0 } else { id.to.0 },
        place,
        parent: Some(parent),
        name: log.reader.message(rec),
        kind: if lost { 3 } else { 2 },
        from: log.rows()[sent as usize].at,
        to: rec.at,
        attributes: vec![("faultline.message", id.to_string()), ("network.peer.name", log.name(id.from.0).to_owned())],
        error: lost.then(|| format!("lost: {}", log.timeline.trace.loss(rec).1)),
    }
}

fn map(fields: Vec<(&str, Json)>) -> Json {
    Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn attribute(key: &str, value: &str) -> Json {
    let value = map(vec![("stringValue", Json::Text(value.into()))]);
    map(vec![("key", Json::Text(key.into())), ("value", value)])
}

fn document(log: &Log<'_>, spans: &[Span]) -> Json {
    let of_node = |node: u16| {
        let own: Vec<Json> = spans.iter().filter(|span| span.node == node).map(|s| span(log, s)).collect();
        let service = map(vec![("attributes", Json::List(vec![attribute("service.name", log.name(node))]))]);
        let scope =
            map(vec![("scope", map(vec![("name", Json::Text("faultline".into()))])), ("spans", Json::List(own))]);
        map(vec![("resource", service), ("scopeSpans", Json::List(vec![scope]))])
    };
    map(vec![("resourceSpans", Json::List((0..log.nodes() as u16).map(of_node).collect()))])
}

fn span(log: &Log<'_>, span: &Span) -> Json {
    let seed = log.timeline.head().setup.seed;
    // Never all zeros, which the specification forbids: the row counts from 1.
    let trace = format!("{:016x}{:016x}", hash::bytes(seed, &span.place.0.to_le_bytes()), span.place.0 + 1);
    let id = |row: u32| Json::Text(format!("{:016x}", row + 1));
    let nanos = |us: u64| Json::Text((u128::from(us) * 1_000).to_string());
    let mut fields = vec![("traceId", Json::Text(trace)), ("spanId", id(span.place.1))];
    fields.extend(span.parent.map(|parent| ("parentSpanId", id(parent))));
    fields.extend([
        ("name", Json::Text(span.name.clone())),
        ("kind", Json::Int(span.kind)),
        ("startTimeUnixNano", nanos(span.from)),
        ("endTimeUnixNano", nanos(span.to)),
        ("attributes", Json::List(span.attributes.iter().map(|(key, value)| attribute(key, value)).collect())),
    ]);
    // 2: an error.
    let status = span.error.as_ref().map(|why| map(vec![("code", Json::Int(2)), ("message", Json::Text(why.clone()))]));
    fields.extend(status.map(|status| ("status", status)));
    map(fields)
}
