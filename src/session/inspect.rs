//! A node under the inspector: its state and disk as trees, with what the last step changed.

use super::Run;
use crate::base::NodeId;
use crate::wire::{Inspection, Reply, RowKind, Tree};
use serde_json::Value;

impl Run {
    pub(super) fn inspect(&mut self, node: u16) -> Reply {
        let id = NodeId(node);
        if id.index() >= self.timeline.world().shells.len() {
            return Reply::Failed(format!("there is no node {node}"));
        }
        let step = self.timeline.world().step;
        let shown = self.timeline.shown();
        let now = self.timeline.world().trees(id);
        let before = self.timeline.before(step).trees(id);
        let rows = self.timeline.trace.first_of_step(step.into())..self.timeline.world().rows;
        let last: Vec<RowKind> =
            rows.map(|row| self.timeline.trace.get(row)).filter(|rec| rec.node == node).map(|rec| rec.kind).collect();
        debug_assert_eq!(shown, self.timeline.shown());
        let inbox = self.inbox(id);
        let state = tree("state", Some(&now.0), Some(&before.0));
        let disk = tree("disk", Some(&now.1), Some(&before.1));
        Reply::Inspected(Box::new(Inspection { node, step: step.into(), state, disk, inbox, last }))
    }

    fn inbox(&self, node: NodeId) -> Vec<String> {
        use crate::sim::node::Incoming;
        let world = self.timeline.world();
        let words = |incoming: &Incoming| match incoming {
            Incoming::Message(m) => {
                let label = world.machine.label(&m.bytes).map_or("unreadable".into(), |(_, words)| words);
                format!("{label} from {}", world.setup.name(m.id.from))
            }
            Incoming::Timer(t) => format!("timer: {}", world.machine.timer_label(&t.bytes).1),
            Incoming::Request { op, .. } => format!("request: {op}"),
            Incoming::Synced => "disk sync done".into(),
        };
        world.shells[node.index()].inbox.iter().map(words).collect()
    }
}

/// A tree of `now`, each leaf with what it was where that differs.
fn tree(name: &str, now: Option<&Value>, before: Option<&Value>) -> Tree {
    let children = match (now, before) {
        (Some(Value::Object(map)), _) => {
            let old = before.and_then(Value::as_object);
            let gone = old.into_iter().flatten().filter(|(key, _)| !map.contains_key(*key));
            let kept = map.iter().map(|(key, value)| tree(key, Some(value), old.and_then(|o| o.get(key))));
            kept.chain(gone.map(|(key, value)| tree(key, None, Some(value)))).collect()
        }
        (Some(Value::Array(items)), _) if items.iter().any(|v| v.is_object() || v.is_array()) || items.len() > 8 => {
            let old = before.and_then(Value::as_array);
            let item = |i: usize| tree(&format!("[{i}]"), items.get(i), old.and_then(|o| o.get(i)));
            (0..items.len().max(old.map_or(0, Vec::len))).map(item).collect()
        }
        _ => Vec::new(),
    };
    let (text, was) = (words(now), words(before));
    let changed = children.is_empty() && now != before;
    Tree { name: name.replace('_', " "), text, before: changed.then_some(was), children }
}

fn words(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Null) => "nothing".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) => match map.len() {
            0 => "empty".into(),
            n => format!("{n} field{}", if n == 1 { "" } else { "s" }),
        },
        Some(other) => other.to_string(),
    }
}
