//! What happened before what (Lamport 1978): vector clocks, the causal past and future of a row, and the chain of
//! messages by which one event came to matter to another. Made from the recorded causes, on demand.
//!
//! A node's acts are ordered as they happened at it; an act also follows what caused it. What the network does with a
//! message, what a person commands and what the watched properties say are no acts of a node: nobody learns from a
//! message that was lost.

use super::trace::{Rec, Trace};
use crate::wire::RowKind;

/// The causal past and future of a row, as a cut through the nodes: for each node its last row that happened before (or
/// is) the row, and its first that happened after (or is) it. Only acts count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cone {
    pub past: Vec<Option<u32>>,
    pub future: Vec<Option<u32>>,
}

impl Rec {
    /// Something that its node did or came to know.
    pub fn is_act(&self) -> bool {
        !matches!(
            self.kind,
            RowKind::Command
                | RowKind::Queued
                | RowKind::Lost
                | RowKind::Duplicate
                | RowKind::Adversary
                | RowKind::Violation
        )
    }
}

impl Trace {
    /// The act (or the command) that an act learns from: through what the network did with the message.
    fn source(&self, rec: &Rec) -> Option<u32> {
        let mut cause = rec.cause();
        while let Some(row) = cause {
            let earlier = self.get(row);
            if earlier.is_act() || earlier.kind == RowKind::Command {
                return Some(row);
            }
            cause = earlier.cause();
        }
        None
    }

    /// Vector clocks of the rows up to and including `last` (Fidge 1988, Mattern 1989), each with one entry a node: each
    /// of a node's own events, which is an act that something else caused with the acts that it caused in the same step,
    /// counts one; an act learns its cause's clock. Other rows have their cause's clock.
    pub fn clocks(&self, nodes: usize, last: u32) -> Vec<Vec<u32>> {
        let mut at_node = vec![(vec![0u32; nodes], 0u32); nodes];
        let mut clocks: Vec<Vec<u32>> = Vec::with_capacity(last as usize + 1);
        for (row, rec) in (0..).zip(&self.rows()[..=last as usize]) {
            let learnt = rec.cause().map(|cause| clocks[cause as usize].clone());
            if !rec.is_act() {
                clocks.push(learnt.unwrap_or_else(|| vec![0; nodes]));
                continue;
            }
            let (own, first) = &mut at_node[usize::from(rec.node)];
            let goes_on = |source: u32| {
                let source_rec = self.get(source);
                source >= *first && source_rec.node == rec.node && source_rec.is_act() && source_rec.step == rec.step
            };
            if !self.source(rec).is_some_and(goes_on) {
                *first = row;
                own[usize::from(rec.node)] += 1;
            }
            for (own, other) in own.iter_mut().zip(learnt.iter().flatten()) {
                *own = (*own).max(*other);
            }
            clocks.push(own.clone());
        }
        clocks
    }

    /// The causal position of one row: its vector clock.
    pub fn clock(&self, nodes: usize, row: u32) -> Vec<u32> {
        self.clocks(nodes, row).pop().unwrap_or_default()
    }

    /// The causal past and future of a row, as far as they lie among the rows from `first` to `last` (inclusive). Cost:
    /// those rows and the ones between them and `row`.
    pub fn cone(&self, nodes: usize, row: u32, first: u32, last: u32) -> Cone {
        let mut cone = Cone { past: vec![None; nodes], future: vec![None; nodes] };
        let rec = self.get(row);
        let node = |row: u32| usize::from(self.get(row).node);
        // What is no act follows the act that it tells of.
        let start = if rec.is_act() { Some(row) } else { self.source(rec).filter(|r| self.get(*r).is_act()) };
        if let Some(start) = start {
            cone.past[node(start)] = Some(start);
        }
        for (i, rec) in (first..=row).rev().map(|i| (i, self.get(i))) {
            if rec.is_act()
                && cone.past[usize::from(rec.node)] >= Some(i)
                && let Some(source) = self.source(rec).filter(|s| self.get(*s).is_act())
            {
                let known = &mut cone.past[node(source)];
                *known = (*known).max(Some(source));
            }
        }
        if rec.is_act() {
            cone.future[node(row)] = Some(row);
        }
        for (i, rec) in (row + 1..=last).map(|i| (i, self.get(i))).filter(|(_, rec)| rec.is_act()) {
            if cone.future[usize::from(rec.node)].is_none()
                && let Some(source) = self.source(rec)
                && (source == row || cone.future[node(source)].is_some_and(|known| known <= source))
            {
                cone.future[usize::from(rec.node)] = Some(i);
            }
        }
        cone
    }

    /// The acts on causal paths from any of some acts to a later one: those in the future of one of them and in the past of
    /// the later one, all of them included. Those that did not happen before it add nothing.
    pub fn slice(&self, nodes: usize, starts: &[u32], end: u32) -> Vec<u32> {
        let Some(first) = starts.iter().copied().filter(|start| *start <= end).min() else { return Vec::new() };
        let past = self.cone(nodes, end, first, end).past;
        let mut from: Vec<Option<u32>> = vec![None; nodes];
        for start in starts.iter().filter(|start| **start <= end) {
            let future = self.cone(nodes, *start, *start, end).future;
            for (from, own) in from.iter_mut().zip(future) {
                *from = [*from, own].into_iter().flatten().min();
            }
        }
        let among = |row: &u32| {
            let node = usize::from(self.get(*row).node);
            self.get(*row).is_act() && from[node].is_some_and(|from| from <= *row) && past[node] >= Some(*row)
        };
        (first..=end).filter(among).collect()
    }

    /// The rows in which word of `earlier` passed from node to node until `later` could know, the first arrival first;
    /// empty when both are at one node. None when `earlier` did not happen before `later`.
    pub fn chain(&self, nodes: usize, earlier: u32, later: u32) -> Option<Vec<u32>> {
        let (from, to) = (self.get(earlier), self.get(later));
        if earlier >= later || !from.is_act() || !to.is_act() {
            return None;
        }
        let reached = self.cone(nodes, earlier, later, later).future;
        let mut chain = Vec::new();
        let (mut node, mut row) = (usize::from(to.node), later);
        while node != usize::from(from.node) {
            let arrival = reached[node].filter(|first| *first <= row)?;
            chain.push(arrival);
            row = self.source(self.get(arrival))?;
            node = usize::from(self.get(row).node);
        }
        chain.reverse();
        Some(chain)
    }
}
