//! A sequence diagram as text (mermaid.js.org/syntax/sequenceDiagram.html). Arrows there are level: a message stands where
//! it arrived, or where it was lost, in the order of these moments.

use super::Log;
use crate::sim::trace::Rec;
use crate::wire::{Outcome, RowKind};
use std::fmt::Write;

/// Arrows and notes at most: Mermaid refuses texts of more than 50,000 characters.
const LINES_MAX: usize = 400;

pub fn write(log: &Log<'_>, out: &mut String) {
    out.push_str("sequenceDiagram\n");
    for node in 0..log.nodes() as u16 {
        let _ = writeln!(out, "  participant {node} as {}", escaped(log.name(node)));
    }
    let mut lines = log.rows().iter().filter_map(|rec| line(log, rec));
    for line in lines.by_ref().take(LINES_MAX) {
        let _ = writeln!(out, "  {line}");
    }
    let more = lines.count();
    if more > 0 {
        let _ = writeln!(out, "  %% {more} more are left out: Mermaid draws no longer texts");
    }
}

fn line(log: &Log<'_>, rec: &Rec) -> Option<String> {
    let trace = &log.timeline.trace;
    let over = |text: &str| Some(format!("Note over {}: {}", rec.node, escaped(text)));
    let ways = |arrow: &str, text: &str| {
        let id = rec.message();
        Some(format!("{}{arrow}{}: {}", id.from.0, id.to.0, escaped(text)))
    };
    match rec.kind {
        RowKind::Deliver => ways("->>", &log.reader.message(rec)),
        RowKind::Lost => ways("--x", &format!("{} ({})", log.reader.message(rec), trace.loss(rec).1)),
        RowKind::Complete => {
            let (op, outcome, answer, _) = trace.completed(rec);
            match outcome {
                Outcome::Ok => over(&format!("{op} → {answer}")),
                _ => over(&format!("{op}: {outcome}")),
            }
        }
        RowKind::Crash | RowKind::Restart | RowKind::Pause | RowKind::Resume | RowKind::Note | RowKind::Violation => {
            over(&log.reader.sentence(rec))
        }
        _ => None,
    }
}

/// Text that means nothing to Mermaid.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '#' | ';' | '%' | '<' | '>' | '&' | '"' | ':' => {
                let _ = write!(safe, "#{};", c as u32);
            }
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
