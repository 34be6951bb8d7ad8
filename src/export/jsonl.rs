//! The event log. One object a row, with the fields `id` (from 0), `at_us` (simulated microseconds), `step`, `kind` (as goals
//! name it), `node`, `peer` and `message` (rows about a message), `cause` (id of the row that caused it), `clock` (vector
//! clock, one entry a node), `outcome` (ends of operations), `text` (the sentence).

use super::{Log, is_about_message};
use crate::base::json::Json;
use crate::wire::{Outcome, RowKind};

pub fn write(log: &Log<'_>, out: &mut String) {
    let clocks = log.clocks();
    for (id, rec) in log.rows().iter().enumerate() {
        let text = |text: &str| Json::Text(text.into());
        let mut fields = vec![
            ("id", Json::Int(id as i64)),
            ("at_us", Json::Int(rec.at as i64)),
            ("step", Json::Int(rec.step.into())),
            ("kind", text(kind(rec.kind))),
            ("node", text(log.name(rec.node))),
            ("cause", rec.cause().map_or(Json::Null, |cause| Json::Int(cause.into()))),
            ("clock", Json::List(clocks[id].iter().map(|n| Json::Int((*n).into())).collect())),
        ];
        if is_about_message(rec) {
            fields.push(("peer", text(log.name(rec.peer))));
            fields.push(("message", Json::Text(rec.message().to_string())));
        }
        if rec.kind == RowKind::Complete {
            fields.push(("outcome", text(outcome(log.timeline.trace.completed(rec).1))));
        }
        fields.push(("text", Json::Text(log.reader.sentence(rec))));
        Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).write(out);
        out.push('\n');
    }
}

pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
    }
}

fn kind(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Boot => "boot",
        RowKind::Command => "command",
        RowKind::Send => "send",
        RowKind::Deliver => "deliver",
        RowKind::Queued => "queued",
        RowKind::Lost => "lost",
        RowKind::Duplicate => "duplicate",
        RowKind::TimerSet => "timer-set",
        RowKind::TimerFired => "timer-fired",
        RowKind::TimerCancelled => "timer-cancelled",
        RowKind::Invoke => "invoke",
        RowKind::Complete => "complete",
        RowKind::Write => "write",
        RowKind::Synced => "synced",
        RowKind::Crash => "crash",
        RowKind::Restart => "restart",
        RowKind::Pause => "pause",
        RowKind::Resume => "resume",
        RowKind::Note => "note",
        RowKind::Violation => "violation",
        RowKind::Adversary => "adversary",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_outcomes_are_named_as_everywhere() {
        for number in 0..=RowKind::Adversary as u8 {
            let all = [
                RowKind::Boot,
                RowKind::Command,
                RowKind::Send,
                RowKind::Deliver,
                RowKind::Queued,
                RowKind::Lost,
                RowKind::Duplicate,
                RowKind::TimerSet,
                RowKind::TimerFired,
                RowKind::TimerCancelled,
                RowKind::Invoke,
                RowKind::Complete,
                RowKind::Write,
                RowKind::Synced,
                RowKind::Crash,
                RowKind::Restart,
                RowKind::Pause,
                RowKind::Resume,
                RowKind::Note,
                RowKind::Violation,
                RowKind::Adversary,
            ];
            let own = all[usize::from(number)];
            assert_eq!(own as u8, number);
            assert_eq!(serde_json::json!(own), kind(own));
        }
        for own in [Outcome::Ok, Outcome::Fail, Outcome::Unknown] {
            assert_eq!(serde_json::json!(own), outcome(own));
        }
    }
}
