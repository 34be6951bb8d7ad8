//! Clients' operations: how they begin, how they end, and why they do not.

use super::node::{Incoming, OpenOp};
use super::protocol::Ended;
use super::trace::{Rec, Trace};
use super::world::World;
use crate::base::{NodeId, OpId, codec};
use crate::wire::{Datum, NodeStatus, Op, Outcome, RowKind};

impl World {
    /// A client's operation begins.
    pub(super) fn invoke(&mut self, client: NodeId, op: Op, cause: Option<u32>, trace: &mut Option<&mut Trace>) {
        let shell = &mut self.shells[client.index()];
        shell.op_count += 1;
        let id = OpId { client, count: shell.op_count };
        let rec = Rec { count: id.count, ..Rec::new(RowKind::Invoke, self.now, client, cause) };
        let row = self.emit_with(rec, || codec::to_bytes(&op), trace);
        let open = OpenOp { id, op: op.clone(), begun: self.now, row };
        self.shells[client.index()].open_ops.push(open);
        self.facts.began.push((id, op.clone()));
        self.come(client, Incoming::Request { id, op, row }, trace);
    }

    pub(super) fn reply(
        &mut self,
        id: OpId,
        outcome: Outcome,
        answer: Datum,
        cause: u32,
        trace: &mut Option<&mut Trace>,
    ) {
        let open = &mut self.shells[id.client.index()].open_ops;
        // A protocol may answer twice (a late reply after a time-out): the first answer stands.
        if let Some(place) = open.iter().position(|o| o.id == id) {
            let op = open.remove(place);
            self.end_op(op, outcome, answer, cause, trace);
            self.next_closed_arrival(id.client);
        }
    }

    pub(super) fn end_op(
        &mut self,
        op: OpenOp,
        outcome: Outcome,
        answer: Datum,
        cause: u32,
        trace: &mut Option<&mut Trace>,
    ) {
        let rec = Rec::new(RowKind::Complete, self.now, op.id.client, Some(cause));
        let data = || codec::to_bytes(&(&op.op, outcome, &answer, op.begun));
        self.emit_with(Rec { count: op.id.count, ..rec }, data, trace);
        self.facts.ended.push(Ended { id: op.id, op: op.op, outcome, answer });
    }

    /// Why operations make no progress: the protocol's reason, and what only the engine knows of pauses and the network.
    pub fn why_no_progress(&self) -> Option<String> {
        let mut reasons = vec![self.machine.why_no_progress(&self.setup, &self.cells)?];
        for (node, shell) in self.setup.nodes.iter().zip(&self.shells) {
            if shell.status == NodeStatus::Paused {
                reasons.push(format!("{} is paused", node.name));
            }
        }
        reasons.extend(self.net.cuts.iter().map(|rule| format!("the rule \"{}\" cuts links", rule.name)));
        if self.net.held {
            reasons.push("messages are held back until somebody delivers them".into());
        } else if !self.clogged.is_empty() {
            reasons.push(format!("{} messages are held back on clogged links", self.clogged.len()));
        }
        Some(reasons.join("; "))
    }
}
