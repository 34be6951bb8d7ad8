//! A log for ShiViz (bestchai.bitbucket.io/shiviz), in the form of its default parser, `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`:
//! two lines an event, its host with a vector clock as JSON, then its words. ShiViz wants each host's own entry to count
//! its events one by one: acts that count as one event here (a message handled, with what the handler sent) are one there.

use super::Log;
use crate::base::json::quote;

/// One event of a host: its clock, and the words of its acts.
struct Event {
    node: u16,
    clock: Vec<u32>,
    words: Vec<String>,
}

pub fn write(log: &Log<'_>, out: &mut String) {
    let clocks = log.clocks();
    let mut events: Vec<Event> = Vec::new();
    let mut last: Vec<Option<usize>> = vec![None; log.nodes()];
    for (rec, clock) in log.rows().iter().zip(&clocks).filter(|(rec, _)| rec.is_act()) {
        let own = usize::from(rec.node);
        let sentence = log.reader.sentence(rec);
        match last[own].filter(|place| events[*place].clock[own] == clock[own]) {
            Some(place) => {
                events[place].clock.clone_from(clock);
                events[place].words.push(sentence);
            }
            None => {
                last[own] = Some(events.len());
                events.push(Event { node: rec.node, clock: clock.clone(), words: vec![sentence] });
            }
        }
    }
    for event in events {
        out.push_str(&host(log.name(event.node)));
        out.push_str(" {");
        let known = event.clock.iter().enumerate().filter(|(_, count)| **count > 0);
        for (i, (node, count)) in known.enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            quote(&host(log.name(node as u16)), out);
            out.push_str(&format!(": {count}"));
        }
        out.push_str("}\n");
        out.push_str(&event.words.join("; ").replace(['\n', '\r'], " "));
        out.push('\n');
    }
}

/// A host's name has no space in it.
fn host(name: &str) -> String {
    name.replace(char::is_whitespace, "_")
}
