//! EDN, as Jepsen's own tools read it: a map a line, events in the order of real time.

use super::History;
use super::jsonl::{events, time, value};
use crate::wire::Datum;

pub fn write(history: &History) -> String {
    let mut out = String::new();
    for (index, (kind, op)) in events(history).into_iter().enumerate() {
        out += &format!("{{:index {index}, :process {}, :type :{}, :f :{}", edn(&op.process), kind.name(), op.f);
        // An operation on one of several objects has a pair as its value, as of Jepsen's independent keys.
        match (&op.key, value(kind, op)) {
            (Datum::None, value) => out += &format!(", :value {}", edn(value)),
            (key, value) => out += &format!(", :value [{} {}]", edn(key), edn(value)),
        }
        if let Some(time) = time(kind, op) {
            out += &format!(", :time {time}");
        }
        out += "}\n";
    }
    out
}

fn edn(datum: &Datum) -> String {
    match datum {
        Datum::None => "nil".into(),
        Datum::Int(n) => n.to_string(),
        Datum::Text(text) => {
            let mut quoted = String::from("\"");
            for c in text.chars() {
                match c {
                    '"' | '\\' => quoted.extend(['\\', c]),
                    '\n' => quoted += "\\n",
                    '\r' => quoted += "\\r",
                    '\t' => quoted += "\\t",
                    c => quoted.push(c),
                }
            }
            quoted.push('"');
            quoted
        }
        Datum::List(items) => {
            let items: Vec<String> = items.iter().map(edn).collect();
            format!("[{}]", items.join(" "))
        }
    }
}
