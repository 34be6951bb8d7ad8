//! Who leads, for measures: read from what a protocol with leaders says in its notes, as sweeps read it.

use super::step::StepView;
use crate::base::Micros;
use crate::wire::RowKind;

/// Time without a leader, and terms in which somebody stood for election.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaders {
    leading: Vec<u16>,
    /// Leaders that are paused: they serve nobody, and lead on when they go on.
    paused: Vec<u16>,
    /// Somebody ever led.
    pub known: bool,
    /// Since when nobody leads, once somebody did.
    since: Option<Micros>,
    /// Times without a leader, in microseconds, sorted.
    pub gaps: Vec<u32>,
    /// The longest of one run, and when it began.
    pub longest: (u32, Micros),
    /// Terms of elections, without those before the first leader: they are the way to the situation that is measured.
    terms: Vec<u32>,
    pub elections: u64,
    /// Those of them that began while a leader was up.
    pub needless: u64,
}

impl Leaders {
    /// Takes in a row that is a note, a crash, a pause or its end.
    pub fn feed(&mut self, view: &dyn StepView, row: u64) {
        let node = view.node(row);
        match view.kind(row) {
            RowKind::Crash => return self.lost(node, view.now()),
            RowKind::Pause => {
                if self.leading.contains(&node) {
                    self.lost(node, view.now());
                    self.paused.push(node);
                }
                return;
            }
            RowKind::Resume => {
                if self.paused.contains(&node) {
                    self.leads(node, view.now());
                }
                return;
            }
            _ => {}
        }
        let text = view.text(row);
        if text.starts_with("steps down") {
            self.lost(node, view.now());
        } else if text.starts_with("becomes leader") {
            self.leads(node, view.now());
        } else if let Some(term) = text.strip_prefix("stands for election: in term ").and_then(|t| t.parse().ok())
            && self.known
            && !self.terms.contains(&term)
        {
            self.terms.push(term);
            self.elections += 1;
            self.needless += u64::from(!self.leading.is_empty());
        }
    }

    fn leads(&mut self, node: u16, now: Micros) {
        if let Some(since) = self.since.take() {
            let gap = u32::try_from(now.since(since).0).unwrap_or(u32::MAX);
            if gap > self.longest.0 {
                self.longest = (gap, since);
            }
            self.gaps.insert(self.gaps.partition_point(|g| *g <= gap), gap);
        }
        self.known = true;
        self.paused.retain(|leader| *leader != node);
        if !self.leading.contains(&node) {
            self.leading.push(node);
        }
    }

    fn lost(&mut self, node: u16, now: Micros) {
        self.paused.retain(|leader| *leader != node);
        let before = self.leading.len();
        self.leading.retain(|leader| *leader != node);
        if self.leading.len() < before && self.leading.is_empty() {
            self.since = Some(now);
        }
    }

    /// Pools another run's.
    pub fn add(&mut self, other: &Leaders) {
        self.gaps.extend(&other.gaps);
        self.gaps.sort_unstable();
        self.elections += other.elections;
        self.needless += other.needless;
        self.known |= other.known;
    }
}
