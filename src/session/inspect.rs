//! A node under the inspector: its state and disk as trees, with what the last step changed.

use super::Run;
use super::status::OP_ROWS_BACK_MAX;
use crate::base::json::Json;
use crate::base::{Micros, NodeId};
use crate::wire::{ChartsAsk, Inspection, Outcome, Payload, Progress, Reply, RowKind, Tree};

/// An operation has waited for long when it waits so many times longer than the slowest of the last ones that ended well.
const PATIENCE: u64 = 2;
const LATELY: usize = 20;

impl Run {
    pub(super) fn inspect(&mut self, node: u16, of: ChartsAsk, watch: &[String]) -> Reply {
        let id = NodeId(node);
        if id.index() >= self.timeline.world().shells.len() {
            return Reply::Failed(format!("there is no node {node}"));
        }
        self.timeline.hold_cursor();
        let step = self.timeline.world().step;
        let now = self.timeline.world().trees(id);
        let before = self.timeline.before(step).trees(id);
        let rows = self.timeline.trace.first_of_step(step.into())..self.timeline.world().rows;
        let last: Vec<RowKind> =
            rows.map(|row| self.timeline.trace.get(row)).filter(|rec| rec.node == node).map(|rec| rec.kind).collect();
        let (inbox, progress) = (self.inbox(id), self.progress());
        let state = tree("state", Some(&now.0), Some(&before.0));
        let disk = tree("disk", Some(&now.1), Some(&before.1));
        let (watched, lines) = self.watched(watch, of);
        let step = step.into();
        Reply::Inspected(Box::new(Inspection { node, step, state, disk, inbox, last, watched, of, lines, progress }))
    }

    /// How clients' operations fare, and why they do not go on.
    fn progress(&self) -> Progress {
        let (world, trace) = (self.timeline.world(), &self.timeline.trace);
        let open = world.shells.iter().flat_map(|shell| &shell.open_ops);
        let ended_well = |row: &u32| {
            let rec = trace.get(*row);
            let (_, outcome, _, begun) = (rec.kind == RowKind::Complete).then(|| trace.completed(rec))?;
            (outcome == Outcome::Ok).then(|| (*row, rec.time(), rec.at.saturating_sub(begun)))
        };
        let back = trace.op_rows(world.rows).iter().rev().take(OP_ROWS_BACK_MAX);
        let lately: Vec<_> = back.filter_map(ended_well).take(LATELY).collect();
        let oldest = open.clone().map(|op| op.begun).min();
        // One that has not waited for long is on its way.
        let usual = lately.iter().map(|(.., took)| *took).max();
        let waits = oldest.map(|begun| self.timeline.shown().0.saturating_sub(begun));
        let fine = waits.zip(usual).is_some_and(|(waits, usual)| waits <= PATIENCE * usual);
        let why = if fine { String::new() } else { world.why_no_progress().unwrap_or_default() };
        Progress {
            open: open.clone().count() as u32,
            oldest: oldest.map(Micros),
            last: lately.first().map(|(row, at, _)| (u64::from(*row), *at)),
            why: why.split("; ").filter(|reason| !reason.is_empty()).map(String::from).collect(),
        }
    }

    pub(super) fn payload(&mut self, row: u64) -> Reply {
        let known = u32::try_from(row).ok().filter(|row| *row < self.timeline.head().rows);
        let Some(id) = known else { return Reply::Failed(format!("there is no row {row}")) };
        self.timeline.hold_row(id);
        let trace = &self.timeline.trace;
        let rec = trace.get(id);
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

/// A tree of `now`, each leaf with what it was where that differs, and what is gone.
fn tree(name: &str, now: Option<&Json>, before: Option<&Json>) -> Tree {
    let children = match (now, before) {
        (Some(Json::Map(fields)), old) => fields_of(fields, if let Some(Json::Map(old)) = old { old } else { &[] }),
        (None | Some(Json::Null), Some(Json::Map(old))) => fields_of(&[], old),
        (Some(Json::List(items)), old) => items_of(items, if let Some(Json::List(old)) = old { old } else { &[] }),
        (None | Some(Json::Null), Some(Json::List(old))) => items_of(&[], old),
        _ => Vec::new(),
    };
    let (text, was) = (words(now), words(before));
    let alike =
        matches!((now, before), (Some(Json::Map(_)), Some(Json::Map(_))) | (Some(Json::List(_)), Some(Json::List(_))));
    let changed = now != before && (children.is_empty() || !alike);
    Tree { name: name.replace('_', " "), text, before: changed.then_some(was), children }
}

fn fields_of(fields: &[(String, Json)], old: &[(String, Json)]) -> Vec<Tree> {
    let gone = old.iter().filter(|(key, _)| find(fields, key).is_none());
    let kept = fields.iter().map(|(key, value)| tree(key, Some(value), find(old, key)));
    kept.chain(gone.map(|(key, value)| tree(key, None, Some(value)))).collect()
}

/// Short lists of plain values are leaves. In others, what is the same at the beginning and at the end stays what it is,
/// wherever it moved; between them items are changed, come or go.
fn items_of(items: &[Json], old: &[Json]) -> Vec<Tree> {
    let nested = |value: &Json| matches!(value, Json::Map(_) | Json::List(_));
    if items.len().max(old.len()) <= 8 && !items.iter().chain(old).any(nested) {
        return Vec::new();
    }
    let first = items.iter().zip(old).take_while(|(a, b)| a == b).count();
    let last = items[first..].iter().rev().zip(old[first..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (end, old_end) = (items.len() - last, old.len() - last);
    let name = |i: usize| format!("[{i}]");
    let same = |i: usize| tree(&name(i), items.get(i), items.get(i));
    let between = (first..end.max(old_end)).map(|i| tree(&name(i), items[..end].get(i), old[..old_end].get(i)));
    (0..first).map(same).chain(between).chain((end..items.len()).map(same)).collect()
}

fn find<'a>(fields: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn words(value: Option<&Json>) -> String {
    match value {
        None => String::new(),
        Some(Json::Null) => "nothing".into(),
        Some(Json::Text(text)) if text.is_empty() => "“”".into(),
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
