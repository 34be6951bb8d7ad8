//! What of a run changes seldom: properties, goals, marks, branches, the command log, measures, operations.

use super::Run;
use crate::base::{Micros, NodeId, order};
use crate::sim::branches::Limb;
use crate::sim::scenario::LogEntry;
use crate::sim::sentence;
use crate::sim::trace::Rec;
use crate::wire::*;

/// Marks on the scrubber; beyond, they are thinned evenly.
const MARKS_MAX: usize = 240;
/// Operations listed for each client.
const OPS_EACH: usize = 6;
pub(super) const OP_ROWS_BACK_MAX: usize = 2_000;

impl Run {
    pub(super) fn status(&self) -> Status {
        let (timeline, world) = (&self.timeline, self.timeline.world());
        let watcher = self.watcher();
        Status {
            properties: (0..world.broken.len()).map(|index| self.property(index)).collect(),
            goals: watcher.goals.cards(Micros(timeline.head().now)),
            marks: self.marks(),
            branches: self.branches(),
            branch: timeline.branch,
            commands: self.commands(),
            rules: world.net.cuts.iter().map(|rule| rule.name.clone()).collect(),
            adversaries: world.adversaries.iter().map(|a| a.name.to_string()).collect(),
            measures: watcher.meter.table(),
            own: self.columns.iter().map(|column| column.cell(&watcher.meter)).collect(),
            ops: self.ops(),
        }
    }

    /// Whether a property holds at the cursor, and whether it breaks later.
    fn property(&self, index: usize) -> PropertyCard {
        let (world, trace) = (self.timeline.world(), &self.timeline.trace);
        let at = |row: u32| trace.get(row).time();
        let broken = world.broken[index].as_ref().map(|(row, reason)| {
            let (times, last) = world.found[index];
            Broken { row: (*row).into(), at: at(*row), reason: reason.to_string(), times, last: Micros(last) }
        });
        let later = self.timeline.head().broken[index].as_ref().filter(|_| broken.is_none());
        PropertyCard { index: index as u16, broken, later: later.map(|(row, _)| ((*row).into(), at(*row))) }
    }

    /// All branches in the order of their making, the present one among them.
    fn branches(&self) -> Vec<BranchCard> {
        let timeline = &self.timeline;
        let kept = |id: u32| timeline.branches.iter().find(|branch| branch.id == id);
        let log =
            |id: u32| if id == timeline.branch { Some(&timeline.log) } else { kept(id).map(|branch| &branch.log) };
        let card = |limb: &Limb| {
            let own = log(limb.id)?;
            let from = limb.parent.and_then(log);
            Some(BranchCard {
                id: limb.id,
                parent: limb.parent,
                fork: limb.fork,
                head: kept(limb.id).map_or(Micros::ZERO, |branch| branch.head),
                name: limb.name.clone(),
                label: match limb.id {
                    0 => "as it began".into(),
                    _ => self.difference(from.map_or(&[][..], |from| from), own),
                },
                commands: own.iter().filter(|entry| entry.learner).count() as u32,
            })
        };
        timeline.limbs.iter().filter_map(card).collect()
    }

    /// What was first done differently on a branch than on the one that it left.
    fn difference(&self, from: &[LogEntry], own: &[LogEntry]) -> String {
        let same = from.iter().zip(own).take_while(|(a, b)| a == b).count();
        let say = |entry: &LogEntry| sentence::of_command(&entry.command, &self.timeline.blueprint.setup);
        match (own.get(same).filter(|entry| entry.learner), from.get(same).filter(|entry| entry.learner)) {
            (Some(own), Some(other)) if own.command == other.command => format!("{} at {}", say(own), own.at),
            (Some(own), _) => say(own),
            (None, Some(other)) => format!("without: {}", say(other)),
            (None, None) => own.iter().find(|entry| entry.learner).map_or("as it began".into(), say),
        }
    }

    fn commands(&self) -> Vec<CommandCard> {
        let entries = self.timeline.log.iter().zip(&self.timeline.refused);
        entries
            .map(|(entry, refused)| CommandCard {
                at: entry.at,
                sentence: sentence::of_command(&entry.command, &self.timeline.blueprint.setup),
                scripted: !entry.learner,
                refused: refused.clone(),
            })
            .collect()
    }

    fn mark(&self, row: u32) -> Option<Mark> {
        let rec = self.timeline.trace.get(row);
        let kind = match rec.kind {
            RowKind::Violation => MarkKind::Violation,
            RowKind::Note => MarkKind::Note,
            RowKind::Command => match rec.code {
                1 => MarkKind::Fault,
                2 => MarkKind::Repair,
                _ => return None,
            },
            _ => return None,
        };
        Some(Mark { at: rec.time(), kind, row: row.into(), label: self.reader().sentence(rec) })
    }

    fn marks(&self) -> Vec<Mark> {
        let rows = self.timeline.trace.mark_rows();
        let every = rows.len().div_ceil(MARKS_MAX).max(1);
        let mut marks: Vec<Mark> = rows.iter().step_by(every).filter_map(|row| self.mark(*row)).collect();
        let goals = self.watcher().goals.cards(Micros(self.timeline.head().now));
        marks.extend(goals.into_iter().filter(|g| g.state == GoalState::Met).filter_map(|g| {
            let (row, at) = g.evidence?;
            Some(Mark { at, kind: MarkKind::Goal, row, label: g.sentence })
        }));
        order::sort(&mut marks, |a, b| (a.at, a.row) < (b.at, b.row));
        marks
    }

    /// An operation by the row of its end.
    pub(super) fn ended_op(&self, row: u32) -> OpCard {
        let rec = self.timeline.trace.get(row);
        let (op, outcome, answer, begun) = self.timeline.trace.completed(rec);
        OpCard {
            client: rec.node,
            text: op.to_string(),
            begun: Micros(begun),
            ended: Some(rec.time()),
            outcome: Some(outcome),
            answer: if answer == Datum::None { String::new() } else { answer.to_string() },
            row: row.into(),
        }
    }

    /// The latest operations of each client up to the cursor, oldest first.
    fn ops(&self) -> Vec<OpCard> {
        let (trace, world) = (&self.timeline.trace, self.timeline.world());
        let mut cards: Vec<OpCard> = Vec::new();
        for (i, shell) in world.shells.iter().enumerate() {
            cards.extend(shell.open_ops.iter().rev().take(OPS_EACH).map(|op| OpCard {
                client: i as u16,
                text: op.op.to_string(),
                begun: Micros(op.begun),
                ended: None,
                outcome: None,
                answer: String::new(),
                row: op.row.into(),
            }));
        }
        let mut counts = vec![0usize; world.shells.len()];
        for row in trace.op_rows(world.rows).iter().rev().take(OP_ROWS_BACK_MAX) {
            let rec: &Rec = trace.get(*row);
            let count = &mut counts[NodeId(rec.node).index()];
            if rec.kind != RowKind::Complete || *count >= OPS_EACH {
                continue;
            }
            *count += 1;
            cards.push(self.ended_op(*row));
        }
        order::sort(&mut cards, |a, b| (a.client, a.begun, a.row) < (b.client, b.begun, b.row));
        cards
    }
}
