//! Measures of leaders: how long nobody led, and how often somebody stood for election.

use super::step::StepView;
use crate::base::{Micros, order};
use crate::sim::leaders::{Change, Leaders as Leading};
use crate::wire::RowKind;

/// Time without a leader, and terms in which somebody stood for election, since the first leader: what came before is
/// the way to the situation that is measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaders {
    now: Leading,
    /// Somebody ever led.
    pub known: bool,
    /// Times without a leader, in microseconds, sorted.
    pub gaps: Vec<u32>,
    /// The longest of one run, and when it began.
    pub longest: (u32, Micros),
    /// Terms of elections.
    terms: Vec<u32>,
    pub elections: u64,
    /// Those of them that began while a leader was up.
    pub needless: u64,
}

impl Leaders {
    /// Takes in a row that is a note, a crash, a pause or its end.
    pub fn feed(&mut self, view: &dyn StepView, row: u64) {
        let (kind, now) = (view.kind(row), view.now());
        let text = if kind == RowKind::Note { view.text(row) } else { String::new() };
        match self.now.take(kind, view.node(row), now, &text) {
            Some(Change::Leads { since, .. }) => {
                if let Some(since) = since.filter(|_| self.known) {
                    self.gap(since, now);
                }
                self.known = true;
            }
            Some(Change::Stands { term }) if self.known && !self.terms.contains(&term) => {
                self.terms.push(term);
                self.elections += 1;
                self.needless += u64::from(self.now.any());
            }
            _ => {}
        }
    }

    fn gap(&mut self, since: Micros, now: Micros) {
        let gap = u32::try_from(now.since(since).0).unwrap_or(u32::MAX);
        if gap > self.longest.0 {
            self.longest = (gap, since);
        }
        self.gaps.insert(self.gaps.partition_point(|g| *g <= gap), gap);
    }

    /// Pools another run's.
    pub fn add(&mut self, other: &Leaders) {
        self.gaps = order::merged(&self.gaps, &other.gaps);
        self.elections += other.elections;
        self.needless += other.needless;
        self.known |= other.known;
    }
}
