//! Predictions: the run says who was right.

use super::goal::GoalRun;
use super::pack::{Lesson, PackPrediction};
use super::quote;
use super::runner::{self, Done};
use crate::wire::PredictionOutcome;

impl Lesson {
    /// Runs a prediction's pinned run and says which option turned out true.
    pub fn predict(&self, step: u32, prediction: u32) -> Result<PredictionOutcome, String> {
        let asked = self.step(step)?.predictions.get(prediction as usize);
        let asked = asked.ok_or_else(|| format!("the step has no prediction {prediction}"))?;
        let done = self.pinned(asked)?;
        let truths = truths(&done);
        let [truth] = truths[..] else {
            return Err(format!("{} options turned out true instead of one", truths.len()));
        };
        let row = done.goals.last_row(truth as usize);
        Ok(PredictionOutcome {
            step,
            prediction,
            truth,
            because: quote::fill_inlines(&asked.options[truth as usize].because, &done.meter)?,
            evidence: row.map(|row| (row, done.trace().get(row as u32).time())),
            run: done.saved(),
        })
    }

    /// The pinned run, with the options as its goals.
    pub(super) fn pinned(&self, asked: &PackPrediction) -> Result<Done, String> {
        let blueprint = self.scenario(asked.scenario)?.with_seed(asked.seed);
        let blueprint = runner::with_commands(&blueprint, asked.commands.clone());
        let options = asked.options.iter().map(|option| option.goal.clone()).collect();
        runner::run(blueprint, asked.until, GoalRun::new(options))
    }
}

/// The options that hold at the end.
pub(super) fn truths(done: &Done) -> Vec<u32> {
    done.goals.holding().enumerate().filter(|(_, holds)| *holds).map(|(i, _)| i as u32).collect()
}
