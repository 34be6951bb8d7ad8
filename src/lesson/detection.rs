//! Measures of failure detectors: how soon those who live learn of a crash, and how often one who lives is declared dead.
//!
//! Read from what detectors say in their notes ("declares dead: n3", by whatever protocol), and from crashes and restarts
//! (Chen, Toueg, Aguilera: On the quality of service of failure detectors, IEEE TC 2002, section 2: detection time, and the
//! rate of mistakes).

use super::step::StepView;
use crate::base::{Micros, order};
use crate::wire::{NodeStatus, RowKind};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detection {
    /// Nodes that are down, and since when.
    down: Vec<(u16, Micros)>,
    /// Somebody was ever declared dead.
    pub known: bool,
    /// From each crash to each declaration of it, in microseconds, sorted.
    pub times: Vec<u32>,
    /// Declarations of somebody who lived.
    pub mistakes: u64,
}

impl Detection {
    /// Takes in a row that is a note, a crash or a restart.
    pub fn feed(&mut self, view: &dyn StepView, row: u64) {
        let (node, now) = (view.node(row), view.now());
        match view.kind(row) {
            RowKind::Crash => self.down.push((node, now)),
            RowKind::Restart => self.down.retain(|(down, _)| *down != node),
            _ => {
                let text = view.text(row);
                if let Some(rest) = text.strip_prefix("declares dead: ") {
                    self.declared(view, rest.split(',').next().unwrap_or(rest), now);
                }
            }
        }
    }

    fn declared(&mut self, view: &dyn StepView, name: &str, now: Micros) {
        self.known = true;
        let crash = self.down.iter().find(|(down, _)| view.name(*down) == name);
        // Down without a crash in this run: it was so from the beginning.
        match crash.filter(|(down, _)| view.status(*down) == NodeStatus::Down) {
            Some((_, since)) => {
                let time = u32::try_from(now.since(*since).0).unwrap_or(u32::MAX);
                self.times.insert(self.times.partition_point(|t| *t <= time), time);
            }
            None => self.mistakes += 1,
        }
    }

    /// Pools another run's.
    pub fn add(&mut self, other: &Detection) {
        self.times = order::merged(&self.times, &other.times);
        self.mistakes += other.mistakes;
        self.known |= other.known;
    }
}
