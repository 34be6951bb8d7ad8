//! JSON lines in Jepsen's form, one event a line:
//!
//! ```json
//! {"process":0,"type":"invoke","f":"write","key":"x","value":3,"time":1200000}
//! {"process":0,"type":"ok","f":"write","key":"x","value":3,"time":1900000}
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `process` | a whole number; or `"nemesis"`, which is no client: its lines are passed over |
//! | `type` | `invoke`, `ok`, `fail` or `info`: see [`super`] |
//! | `f` | what was asked for; each model says which it knows |
//! | `key` | the object; absent: the only one, or see `value` |
//! | `value` | at the invocation what was asked, at `ok` what was answered. Without any `key` in the file, and with every value a list of two whose first is no list, values are `[key, value]`, as of Jepsen's independent keys (a compare-and-set's is `[key, [expected, new]]`) |
//! | `time` | nanoseconds, of any clock that all lines share |
//!
//! Numbers are whole. Other fields are passed over. Empty lines are too.

use super::{Event, History, Kind, NEVER, Operation, pair};
use crate::base::json::{self, Json};
use crate::wire::{Datum, Outcome};

/// Longer lines are refused.
const LINE_MAX: usize = 1 << 20;

/// Reads a history. The error names the line.
pub fn read(text: &str) -> Result<History, String> {
    let mut events = Vec::new();
    let mut keyed = false;
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let event = event(text, line, &mut keyed).map_err(|why| format!("line {line}: {why}"))?;
        events.extend(event);
    }
    if !keyed {
        independent(&mut events);
    }
    pair(events)
}

fn event(text: &str, line: u32, keyed: &mut bool) -> Result<Option<Event>, String> {
    if text.len() > LINE_MAX {
        return Err(format!("longer than {LINE_MAX} bytes"));
    }
    let Json::Map(fields) = json::read(text).map_err(|why| why.trim_start_matches("line 1: ").to_owned())? else {
        return Err("expected an object, as in {\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}".into());
    };
    let (mut process, mut kind, mut f, mut key, mut value, mut time) = (None, None, None, None, None, None);
    for (name, json) in fields {
        let field = match name.as_str() {
            "process" => &mut process,
            "type" => &mut kind,
            "f" => &mut f,
            "key" => &mut key,
            "value" => &mut value,
            "time" => &mut time,
            _ => continue,
        };
        if field.replace(json).is_some() {
            return Err(format!("the field {name:?} is here twice"));
        }
    }
    let process = match process {
        Some(Json::Int(n)) => Datum::Int(n),
        // Who is no client does nothing to the objects.
        Some(Json::Text(word)) if word.trim_start_matches(':') == "nemesis" => return Ok(None),
        Some(Json::Text(word)) => {
            return Err(format!(
                "\"process\" is {word:?}: number the clients (only \"nemesis\", which is none, may be a word)"
            ));
        }
        _ => return Err("\"process\" must be a whole number, or \"nemesis\"".into()),
    };
    let kind = match &kind {
        Some(Json::Text(word)) => Kind::NAMES.iter().find(|(name, _)| name == word).map(|(_, kind)| *kind),
        _ => None,
    };
    let kind = kind.ok_or("\"type\" must be one of invoke, ok, fail, info")?;
    let Some(Json::Text(f)) = f else { return Err("\"f\" must be a text, as in \"read\"".into()) };
    let time_ns = match time {
        None | Some(Json::Null) => None,
        Some(Json::Int(n)) => Some(n),
        Some(_) => return Err("\"time\" must be a whole number of nanoseconds".into()),
    };
    *keyed |= key.is_some();
    let key = datum(key.unwrap_or_default())?;
    Ok(Some(Event { process, kind, f, key, value: datum(value.unwrap_or_default())?, time_ns, line }))
}

/// A value of JSON as one of ours. Truth is a word.
fn datum(json: Json) -> Result<Datum, String> {
    Ok(match json {
        Json::Null => Datum::None,
        Json::Bool(yes) => Datum::Text(yes.to_string()),
        Json::Int(n) => Datum::Int(n),
        Json::Text(text) => Datum::Text(text),
        Json::List(items) => Datum::List(items.into_iter().map(datum).collect::<Result<_, _>>()?),
        Json::Map(_) => return Err("a value cannot be an object; write a number, a text or a list".into()),
    })
}

/// Takes keys out of values, where all of them have one.
fn independent(events: &mut [Event]) {
    let pair = |event: &Event| match &event.value {
        Datum::List(items) if items.len() == 2 && !matches!(items[0], Datum::List(_) | Datum::None) => {
            !event.f.contains("cas") || matches!(items[1], Datum::List(_))
        }
        _ => false,
    };
    if events.is_empty() || !events.iter().all(pair) {
        return;
    }
    for event in events {
        if let Datum::List(items) = std::mem::take(&mut event.value) {
            let mut items = items.into_iter();
            event.key = items.next().unwrap_or_default();
            event.value = items.next().unwrap_or_default();
        }
    }
}

/// Writes a history as JSON lines, events in the order of real time.
pub fn write(history: &History) -> String {
    let mut out = String::new();
    for (kind, op) in events(history) {
        let fields = [
            ("process", json(&op.process)),
            ("type", Json::Text(kind.name().into())),
            ("f", Json::Text(op.f.clone())),
            ("key", json(&op.key)),
            ("value", json(value(kind, op))),
            ("time", time(kind, op).map_or(Json::Null, Json::Int)),
        ];
        let shown = fields.into_iter().filter(|(name, json)| *json != Json::Null || *name == "value");
        Json::Map(shown.map(|(name, json)| (name.into(), json)).collect()).write(&mut out);
        out.push('\n');
    }
    out
}

/// Both events of every operation, in the order of real time.
pub(super) fn events(history: &History) -> Vec<(Kind, &Operation)> {
    let mut events: Vec<(u32, Kind, &Operation)> = Vec::new();
    for op in &history.operations {
        events.push((op.invoked, Kind::Invoke, op));
        if op.ended != NEVER {
            let kind = match op.outcome {
                Outcome::Ok => Kind::Ok,
                Outcome::Fail => Kind::Fail,
                Outcome::Unknown => Kind::Info,
            };
            events.push((op.ended, kind, op));
        }
    }
    events.sort_by_key(|(place, ..)| *place);
    events.into_iter().map(|(_, kind, op)| (kind, op)).collect()
}

pub(super) fn value(kind: Kind, op: &Operation) -> &Datum {
    if kind == Kind::Ok { &op.output } else { &op.input }
}

pub(super) fn time(kind: Kind, op: &Operation) -> Option<i64> {
    if kind == Kind::Invoke { op.begun_ns } else { op.ended_ns }
}

fn json(datum: &Datum) -> Json {
    match datum {
        Datum::None => Json::Null,
        Datum::Int(n) => Json::Int(*n),
        Datum::Text(text) => Json::Text(text.clone()),
        Datum::List(items) => Json::List(items.iter().map(json).collect()),
    }
}
