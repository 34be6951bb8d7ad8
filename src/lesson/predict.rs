//! Predictions: the run says who was right.

use super::finding::Finding;
use super::format::{OptionFile, PredictionFile, StepFile};
use super::goal::{Goal, GoalRun};
use super::load::{LESSON, Lesson};
use super::runner::{self, Done};
use super::watch::opened;
use super::{compile::Wrong, prose};
use crate::wire::PredictionOutcome;
use toml::Spanned;

impl Lesson {
    /// Runs a prediction's pinned run and says which option turned out true.
    pub fn predict(&self, step: u32, prediction: u32) -> Result<PredictionOutcome, String> {
        let file = self.step(step)?;
        let asked = file.predictions.get(prediction as usize).map(Spanned::get_ref);
        let asked = asked.ok_or_else(|| format!("the step has no prediction {prediction}"))?;
        let done = self.pinned(file, asked)?;
        let truths = truths(&done);
        let [truth] = truths[..] else {
            return Err(format!("{} options turned out true instead of one", truths.len()));
        };
        let row = done.goals.last_row(truth as usize);
        Ok(PredictionOutcome {
            step,
            prediction,
            truth,
            because: self.because(asked.options[truth as usize].get_ref(), &done)?,
            evidence: row.map(|row| (row, done.trace().get(row as u32).time())),
            run: done.saved(),
        })
    }

    fn because(&self, option: &OptionFile, done: &Done) -> Result<Vec<crate::wire::Inline>, String> {
        let text = prose::fill(option.because.get_ref(), &mut |words| runner::quote(&done.meter, words))?;
        prose::inlines(LESSON, &self.text, option.because.span().start, &text).map_err(|findings| join(&findings))
    }

    /// The pinned run, with the options as its goals.
    pub(super) fn pinned(&self, step: &StepFile, prediction: &PredictionFile) -> Result<Done, String> {
        let run = prediction.run.get_ref();
        let blueprint = self.scenario(run.scenario.as_ref().unwrap_or(step.scenario.get_ref()))?;
        let blueprint = runner::with_commands(&blueprint.with_seed(run.seed), run.commands.clone());
        let opened = opened(&blueprint);
        let options: Result<Vec<Goal>, Wrong> =
            prediction.options.iter().map(|option| Goal::option(option, &opened)).collect();
        let options = options.map_err(|(span, message)| self.at(span, message).to_string())?;
        runner::run(blueprint, run.until, GoalRun::new(options))
    }
}

/// The options that hold at the end.
pub(super) fn truths(done: &Done) -> Vec<u32> {
    done.goals.holding().enumerate().filter(|(_, holds)| *holds).map(|(i, _)| i as u32).collect()
}

fn join(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}
