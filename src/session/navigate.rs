//! Moving about: steps, interesting moments, conditions, in both directions.

use super::Run;
use crate::base::Micros;
use crate::sim::trace::Rec;
use crate::wire::{Move, RowFilter};

/// Steps that a search forwards may simulate before it gives up.
const SEARCH_STEPS_MAX: u32 = 200_000;

impl Run {
    /// An error when what was looked for is nowhere: the cursor stays.
    pub(super) fn go(&mut self, to: Move) -> Result<(), String> {
        match to {
            Move::Forward => {
                self.timeline.forward();
            }
            Move::Back => {
                self.timeline.back();
            }
            Move::ToRow(row) => {
                let row = row.min(self.timeline.head().rows.saturating_sub(1).into()) as u32;
                self.go_to(row);
            }
            Move::Start => self.timeline.seek(Micros::ZERO, super::SLICE_STEPS),
            Move::Head => self.timeline.seek_step(u32::MAX),
            Move::NextInteresting => {
                self.search_on(&|run, rec| run.reader().is_interesting(rec));
            }
            Move::PreviousInteresting => {
                if !self.search_back(&|run, rec| run.reader().is_interesting(rec)) {
                    self.timeline.seek(Micros::ZERO, super::SLICE_STEPS);
                }
            }
            Move::Until { filter, backwards } => return self.until(&filter, backwards),
        }
        Ok(())
    }

    fn until(&mut self, filter: &RowFilter, backwards: bool) -> Result<(), String> {
        if *filter == RowFilter::default() {
            return Err("say what to look for: a word of a sentence, a kind, a node".into());
        }
        let wanted = |run: &Run, rec: &Rec| run.matches(rec, filter);
        let step = self.timeline.world().step;
        if backwards {
            return self.search_back(&wanted).then_some(()).ok_or_else(|| "nothing earlier is like that".into());
        }
        if self.search_on(&wanted) {
            return Ok(());
        }
        let end = self.timeline.shown();
        self.timeline.seek_step(step);
        Err(format!("nothing like that happens until {end}"))
    }

    /// To the next step with a wanted row: among those recorded, else by simulating.
    fn search_on(&mut self, wanted: &dyn Fn(&Run, &Rec) -> bool) -> bool {
        let mut from = self.timeline.world().rows;
        while from < self.timeline.head().rows {
            self.timeline.hold_row(from);
            let trace = &self.timeline.trace;
            if let Some(place) = trace.between(from, u32::MAX).iter().position(|rec| wanted(self, rec)) {
                self.go_to(from + place as u32);
                return true;
            }
            from = trace.len() as u32;
        }
        self.timeline.seek_step(u32::MAX);
        for _ in 0..SEARCH_STEPS_MAX {
            let first = self.timeline.head().rows;
            if !self.timeline.forward() {
                return false;
            }
            if self.timeline.trace.between(first, u32::MAX).iter().any(|rec| wanted(self, rec)) {
                return true;
            }
        }
        false
    }

    fn search_back(&mut self, wanted: &dyn Fn(&Run, &Rec) -> bool) -> bool {
        let step = self.timeline.world().step;
        self.timeline.hold_step(step);
        let mut before = self.timeline.trace.first_of_step(step.into());
        loop {
            let trace = &self.timeline.trace;
            if let Some(place) = trace.between(0, before).iter().rposition(|rec| wanted(self, rec)) {
                self.go_to(trace.first() + place as u32);
                return true;
            }
            before = trace.first();
            if before == 0 {
                return false;
            }
            self.timeline.hold_row(before - 1);
        }
    }

    /// To the step of a row.
    fn go_to(&mut self, row: u32) {
        self.timeline.hold_row(row);
        let step = self.timeline.trace.get(row).step;
        self.timeline.seek_step(step);
    }
}
