//! From a draft to the pack that the engine plays: names of scenarios become places, texts are parsed, conditions are
//! fitted to the runs that they judge.

use super::condition::Condition;
use super::draft::Draft;
use super::finding::Finding;
use super::format::{ChoiceOptionFile, FailuresFile, MeasureFile, OneOrMany, OutageFile, PredictionFile, StepFile};
use super::goal::Goal;
use super::meter::Quantity;
use super::pack::*;
use super::watch::opened;
use crate::base::codec;
use crate::lesson::spanned::Spanned;
use crate::wire::Opened;
use std::ops::Range;

impl Draft {
    pub fn pack(&self) -> Result<Pack, Finding> {
        let steps: Result<Vec<PackStep>, Finding> =
            self.file.steps.iter().map(|s| self.pack_step(s.get_ref())).collect();
        let scenarios = self.scenarios.values().map(|blueprint| blueprint.scenario.clone()).collect();
        Ok(Pack { page: codec::to_bytes(&self.page()), scenarios, steps: steps? })
    }

    /// The place of a scenario, and how a run of it opens.
    fn place(&self, name: &Spanned<String>) -> Result<(u32, Opened), Finding> {
        let found = self.scenarios.keys().position(|known| known == name.get_ref());
        let place = found.ok_or_else(|| {
            let message = format!("there is no scenarios/{}", name.get_ref());
            self.at(name.span(), message)
        })?;
        Ok((place as u32, opened(&self.scenarios[name.get_ref()])))
    }

    fn wrong(&self, (span, message): (Range<usize>, String)) -> Finding {
        self.at(span, message)
    }

    fn pack_step(&self, step: &StepFile) -> Result<PackStep, Finding> {
        let (scenario, run) = self.place(&step.scenario)?;
        let goals: Result<Vec<Goal>, Finding> =
            step.goals.iter().map(|goal| Goal::compile(goal, &run).map_err(|w| self.wrong(w))).collect();
        let predictions: Result<Vec<PackPrediction>, Finding> =
            step.predictions.iter().map(|p| self.pack_prediction(step, p.get_ref())).collect();
        let measure = step.measure.as_ref().map(|m| self.pack_measure(m.get_ref())).transpose()?;
        let buttons = step.buttons.iter().map(|b| b.get_ref().commands.clone()).collect();
        Ok(PackStep { scenario, goals: goals?, predictions: predictions?, measure, buttons })
    }

    fn pack_prediction(&self, step: &StepFile, prediction: &PredictionFile) -> Result<PackPrediction, Finding> {
        let run = prediction.run.get_ref();
        let named = run.scenario.clone().map(|name| Spanned::new(prediction.run.span(), name));
        let (scenario, seen) = self.place(named.as_ref().unwrap_or(&step.scenario))?;
        let option = |o: &Spanned<super::format::OptionFile>| {
            let goal = Goal::option(o, &seen).map_err(|w| self.wrong(w))?;
            Ok(PackOption { goal, because: self.inlines(&o.get_ref().because) })
        };
        let options: Result<Vec<PackOption>, Finding> = prediction.options.iter().map(option).collect();
        let (seed, until, commands) = (run.seed, run.until, run.commands.clone());
        Ok(PackPrediction { scenario, seed, until, commands, options: options? })
    }

    fn pack_measure(&self, m: &MeasureFile) -> Result<PackMeasure, Finding> {
        let titles = |c: &super::format::ChoiceFile| c.options.iter().map(|o| o.get_ref().title.clone()).collect();
        let all: Vec<(String, Vec<String>)> =
            m.choices.iter().map(|c| (c.get_ref().name.clone(), titles(c.get_ref()))).collect();
        let fit = |when| Condition::pooled(when, &all).map_err(|w| self.wrong(w));
        let mut packed = PackMeasure {
            id: m.id.clone(),
            columns: Vec::new(),
            variants: Vec::new(),
            seeds: m.seeds,
            until: m.until,
            scenario: m.scenario.as_ref().map(|name| self.place(name)).transpose()?.map(|(place, _)| place),
            choices: Vec::new(),
            outages: m.outages.iter().map(|o| pack_outage(o.get_ref())).collect(),
            failures: m.failures.iter().map(|f| pack_failures(f.get_ref())).collect(),
            requirements: Vec::new(),
            follow_ups: Vec::new(),
            answer: m.answer.as_ref().map_or_else(Vec::new, |text| self.inlines(text)),
        };
        for column in m.columns.iter().map(Spanned::get_ref) {
            let of = column.value.get_ref();
            let quantity = Quantity::parse(&of.measure).map_err(|message| self.at(column.value.span(), message))?;
            let (title, function, digits) = (column.title.clone(), of.function.clone(), of.digits);
            packed.columns.push(PackColumn { title, quantity, function, digits });
        }
        for variant in m.variants.iter().map(Spanned::get_ref) {
            let (scenario, _) = self.place(&variant.scenario)?;
            let (title, commands) = (variant.title.clone(), variant.commands.clone());
            let parameters = variant.parameters.clone();
            packed.variants.push(PackVariant { title, scenario, parameters, commands });
        }
        for choice in m.choices.iter().map(Spanned::get_ref) {
            let options: Result<Vec<PackChoiceOption>, Finding> =
                choice.options.iter().map(|o| self.pack_option(o.get_ref())).collect();
            let (name, title) = (choice.name.clone(), choice.title.clone());
            packed.choices.push(PackChoice { name, title, options: options? });
        }
        for requirement in m.requirements.iter().map(Spanned::get_ref) {
            let (met, missed) = (self.filled(requirement.met.get_ref()), self.filled(requirement.missed.get_ref()));
            packed.requirements.push(PackRequirement { when: fit(&requirement.when)?, met, missed });
        }
        for follow_up in m.follow_ups.iter().map(Spanned::get_ref) {
            let when = follow_up.when.as_ref().map(fit).transpose()?;
            let (id, ask) = (follow_up.id.clone(), self.filled(follow_up.ask.get_ref()));
            packed.follow_ups.push(PackFollowUp { id, when, ask, answer: self.inlines(&follow_up.answer) });
        }
        Ok(packed)
    }

    fn pack_option(&self, option: &ChoiceOptionFile) -> Result<PackChoiceOption, Finding> {
        let scenario = option.scenario.as_ref().map(|name| self.place(name)).transpose()?;
        Ok(PackChoiceOption {
            title: option.title.clone(),
            scenario: scenario.map(|(place, _)| place),
            count: option.count.clone(),
            parameters: option.parameters.clone(),
            commands: option.commands.clone(),
        })
    }
}

fn pack_failures(file: &FailuresFile) -> PackFailures {
    PackFailures { on: words(&file.on), together: file.together, up: file.up, down: file.down }
}

fn pack_outage(file: &OutageFile) -> PackOutage {
    PackOutage { on: words(&file.on), from: file.from, to: file.to }
}

fn words(of: &OneOrMany) -> Vec<String> {
    match of {
        OneOrMany::One(word) => vec![word.clone()],
        OneOrMany::Many(words) => words.clone(),
    }
}
