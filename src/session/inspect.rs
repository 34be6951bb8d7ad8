//! A node under the inspector: its state and disk as trees, with what the last step changed.

use super::Run;
use crate::base::NodeId;
use crate::base::json::Json;
use crate::wire::{Inspection, Payload, Reply, RowKind, Tree};

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

    pub(super) fn payload(&self, row: u64) -> Reply {
        let trace = &self.timeline.trace;
        let Some(rec) = trace.rows().get(row as usize) else {
            return Reply::Failed(format!("there is no row {row}"));
        };
        let (bytes, world) = (trace.payload(rec), self.timeline.world());
        let content = world.machine.message_tree(bytes);
        let tree = tree("message", content.as_ref(), content.as_ref());
        Reply::Payload(Box::new(Payload { row, tree, bytes: bytes.len() as u32 }))
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
fn tree(name: &str, now: Option<&Json>, before: Option<&Json>) -> Tree {
    let children = match (now, before) {
        (Some(Json::Map(fields)), _) => {
            let old = if let Some(Json::Map(old)) = before { &old[..] } else { &[] };
            let gone = old.iter().filter(|(key, _)| find(fields, key).is_none());
            let kept = fields.iter().map(|(key, value)| tree(key, Some(value), find(old, key)));
            kept.chain(gone.map(|(key, value)| tree(key, None, Some(value)))).collect()
        }
        (Some(Json::List(items)), _)
            if items.len() > 8 || items.iter().any(|v| matches!(v, Json::Map(_) | Json::List(_))) =>
        {
            let old = if let Some(Json::List(old)) = before { &old[..] } else { &[] };
            let item = |i: usize| tree(&format!("[{i}]"), items.get(i), old.get(i));
            (0..items.len().max(old.len())).map(item).collect()
        }
        _ => Vec::new(),
    };
    let (text, was) = (words(now), words(before));
    let changed = children.is_empty() && now != before;
    Tree { name: name.replace('_', " "), text, before: changed.then_some(was), children }
}

fn find<'a>(fields: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn words(value: Option<&Json>) -> String {
    match value {
        None => String::new(),
        Some(Json::Null) => "nothing".into(),
        Some(Json::Text(text)) => text.clone(),
        Some(Json::Map(fields)) => match fields.len() {
            0 => "empty".into(),
            n => format!("{n} field{}", if n == 1 { "" } else { "s" }),
        },
        Some(other) => {
            let mut text = String::new();
            other.write(&mut text);
            text
        }
    }
}
