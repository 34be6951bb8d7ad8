//! Plays each step: untouched, with the listed mistakes, with random clicks, and with the solution.

use super::{Report, SOLUTION, clicks};
use crate::base::Micros;
use crate::lesson::compile::Wrong;
use crate::lesson::draft::Draft;
use crate::lesson::finding::Finding;
use crate::lesson::format::{GoalFile, PressFile, SolutionFile, SolveFile, StepFile, WrongFile};
use crate::lesson::goal::{Goal, GoalRun, Verdict};
use crate::lesson::runner::{self, Done};
use crate::lesson::spanned::Spanned;
use crate::lesson::watch::opened;
use crate::sim::scenario::{Blueprint, LogEntry};
use std::collections::BTreeSet;

/// Seeds on which the solution must work, unless more are asked for, and doing nothing or a listed mistake must not, besides
/// the scenario's own.
pub const SEEDS: u64 = 20;
/// Scripts of random clicks.
const SCRIPTS: u64 = 20;

pub fn check(lesson: &Draft, text: &str, solution: &SolutionFile, seeds: u64, report: &mut Report) {
    let mut player = Player { lesson, text, seeds, report };
    let ids: Vec<&str> = lesson.file.steps.iter().map(|s| s.get_ref().id.as_str()).collect();
    let steps = solution.solves.iter().map(|s| &s.get_ref().step);
    for step in steps.chain(solution.wrongs.iter().map(|w| &w.get_ref().step)) {
        if !ids.contains(&step.get_ref().as_str()) {
            let message = format!("no step \"{}\"; the steps are: {}", step.get_ref(), ids.join(", "));
            player.wrong_at(step, message);
        }
    }
    for (index, step) in lesson.file.steps.iter().enumerate() {
        player.report.goals += step.get_ref().goals.len() as u32;
        if let Err(finding) = player.step(index as u32, step, solution) {
            player.report.findings.push(finding);
        }
    }
}

struct Player<'a> {
    lesson: &'a Draft,
    /// The text of solution.toml.
    text: &'a str,
    /// On which solutions are played.
    seeds: u64,
    report: &'a mut Report,
}

impl Player<'_> {
    fn wrong_at<T>(&mut self, place: &Spanned<T>, message: String) {
        self.report.findings.push(Finding::at(SOLUTION, self.text, place.span(), message));
    }

    fn step(&mut self, index: u32, step: &Spanned<StepFile>, solution: &SolutionFile) -> Result<(), Finding> {
        let file = step.get_ref();
        if file.goals.is_empty() {
            return Ok(());
        }
        let stop = |message: String| self.lesson.at(step.span(), message);
        let blueprint = self.lesson.blueprint(index).map_err(stop)?;
        self.probes_exist(&blueprint, file)?;
        self.untouched(&blueprint, file)?;
        self.at_random(&blueprint, file)?;
        for wrong in solution.wrongs.iter().filter(|w| *w.get_ref().step.get_ref() == file.id) {
            self.mistake(&blueprint, file, wrong)?;
        }
        let (mut solved, mut pressed) = (BTreeSet::new(), BTreeSet::new());
        for solve in solution.solves.iter().filter(|s| *s.get_ref().step.get_ref() == file.id) {
            self.solve(&blueprint, file, solve)?;
            solved.extend(solve.get_ref().goals.iter().cloned());
            pressed.extend(solve.get_ref().presses.iter().map(|press| press.get_ref().button.clone()));
        }
        for button in file.buttons.iter().filter(|button| !pressed.contains(&button.get_ref().title)) {
            let message = format!("no [[solve]] of {SOLUTION} presses \"{}\"", button.get_ref().title);
            self.report.findings.push(self.lesson.at(button.span(), message));
        }
        for goal in file.goals.iter().filter(|goal| !solved.contains(&goal.get_ref().id)) {
            let message = format!("no [[solve]] of {SOLUTION} meets the goal \"{}\"", goal.get_ref().id);
            self.report.findings.push(self.lesson.at(goal.span(), message));
        }
        Ok(())
    }

    /// Plays `commands` on a step. Anything but a bound that is reached gives a run.
    fn play(
        &mut self,
        blueprint: &Blueprint,
        step: &StepFile,
        commands: Vec<LogEntry>,
        until: Micros,
    ) -> Result<Done, Finding> {
        self.report.runs += 1;
        let commands = commands.into_iter().map(|entry| LogEntry { learner: true, ..entry });
        let blueprint = runner::with_commands(blueprint, commands);
        let goals = goals(self.lesson, step, &blueprint)?;
        let seed = blueprint.setup.seed;
        let place = step.scenario.span();
        runner::run(blueprint, until, goals).map_err(|why| self.lesson.at(place, format!("with seed {seed}: {why}")))
    }

    /// Each probe that a goal asks for exists on some node at the start.
    fn probes_exist(&mut self, blueprint: &Blueprint, step: &StepFile) -> Result<(), Finding> {
        let run = opened(blueprint);
        let done = self.play(blueprint, step, Vec::new(), step.run)?;
        for goal in &step.goals {
            let compiled = Goal::compile(goal, &run).map_err(|(span, message)| self.lesson.at(span, message))?;
            for name in compiled.conditions().iter().flat_map(|c| c.probes()) {
                let known = done.probe_names();
                if !known.iter().any(|n| n == name) {
                    let message = format!("no node has a probe \"{name}\"; there are: {}", known.join(", "));
                    self.report.findings.push(self.lesson.at(goal.span(), message));
                }
            }
        }
        Ok(())
    }

    fn untouched(&mut self, blueprint: &Blueprint, step: &StepFile) -> Result<(), Finding> {
        for seeded in seeds(blueprint, SEEDS) {
            let done = self.play(&seeded, step, Vec::new(), step.run)?;
            let first = met(step, &done).next();
            if let Some((goal, row)) = first {
                let seed = seeded.setup.seed;
                let message =
                    format!("nothing is done, and yet the goal \"{}\" is met (seed {seed}, row {row})", goal.id());
                self.report.findings.push(self.lesson.at(goal.0.span(), message));
                return Ok(());
            }
        }
        Ok(())
    }

    fn at_random(&mut self, blueprint: &Blueprint, step: &StepFile) -> Result<(), Finding> {
        let run = opened(blueprint);
        let mut told = BTreeSet::new();
        for number in 1..=SCRIPTS {
            let script = clicks::script(&run, &step.buttons, step.run, number);
            let done = self.play(&blueprint.with_seed(number), step, script.clone(), step.run.plus(Micros::s(10)))?;
            for (goal, _) in met(step, &done) {
                if goal.0.get_ref().luck.is_some() || !told.insert(goal.id().to_string()) {
                    continue;
                }
                let setup = &blueprint.setup;
                let sentence =
                    |e: &LogEntry| format!("{}: {}", e.at, crate::sim::sentence::of_command(&e.command, setup));
                let clicks: Vec<String> = script.iter().map(sentence).collect();
                let message = format!(
                    "random clicks meet the goal \"{}\" (seed {number}; {}); make it stricter, or say in luck = \"…\" why that does no harm",
                    goal.id(),
                    clicks.join("; ")
                );
                self.report.findings.push(self.lesson.at(goal.0.span(), message));
            }
        }
        Ok(())
    }

    fn mistake(&mut self, blueprint: &Blueprint, step: &StepFile, wrong: &Spanned<WrongFile>) -> Result<(), Finding> {
        let w = wrong.get_ref();
        self.goals_exist(step, wrong, &w.unmet);
        let commands = self.with_presses(step, &w.commands, &w.presses);
        for seeded in seeds(blueprint, SEEDS) {
            let done = self.play(&seeded, step, commands.clone(), w.until.unwrap_or(step.run))?;
            let seed = seeded.setup.seed;
            if let Some((goal, row)) = met(step, &done).find(|(goal, _)| w.unmet.iter().any(|id| id == goal.id())) {
                let message = format!("\"{}\" meets the goal \"{}\" (seed {seed}, row {row})", w.why, goal.id());
                self.wrong_at(wrong, message);
                return Ok(());
            }
        }
        Ok(())
    }

    fn solve(&mut self, blueprint: &Blueprint, step: &StepFile, solve: &Spanned<SolveFile>) -> Result<(), Finding> {
        let s = solve.get_ref();
        self.goals_exist(step, solve, &s.goals);
        let commands = self.with_presses(step, &s.commands, &s.presses);
        for seeded in seeds(blueprint, self.seeds) {
            let done = self.play(&seeded, step, commands.clone(), s.until.unwrap_or(step.run))?;
            let seed = seeded.setup.seed;
            if let Some((entry, why)) = done.refused.first() {
                self.wrong_at(solve, format!("with seed {seed} the command at {} had no effect: {why}", entry.at));
                return Ok(());
            }
            for (goal, verdict) in step.goals.iter().map(Spanned::get_ref).zip(done.goals.verdicts()) {
                if s.goals.contains(&goal.id) && !matches!(verdict, Verdict::Met { .. }) {
                    let state = if verdict == Verdict::Open { "stays open" } else { "is missed" };
                    self.wrong_at(solve, format!("with seed {seed} the goal \"{}\" {state}", goal.id));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A script with what the pressed buttons do, in the order of times.
    fn with_presses(&mut self, step: &StepFile, script: &[LogEntry], presses: &[Spanned<PressFile>]) -> Vec<LogEntry> {
        let mut script = script.to_vec();
        for (number, press) in (1..).zip(presses) {
            let PressFile { at, button } = press.get_ref();
            match step.buttons.iter().find(|b| b.get_ref().title == *button) {
                Some(found) => script.extend(clicks::press(found.get_ref(), *at, number)),
                None => {
                    let titles: Vec<&str> = step.buttons.iter().map(|b| b.get_ref().title.as_str()).collect();
                    self.wrong_at(
                        press,
                        format!("no button \"{button}\" in this step; there are: {}", titles.join(", ")),
                    );
                }
            }
        }
        script.sort_by_key(|entry| entry.at);
        script
    }

    fn goals_exist<T>(&mut self, step: &StepFile, place: &Spanned<T>, named: &[String]) {
        let ids: Vec<&str> = step.goals.iter().map(|g| g.get_ref().id.as_str()).collect();
        for name in named.iter().filter(|name| !ids.contains(&name.as_str())) {
            self.wrong_at(place, format!("no goal \"{name}\" in this step; there are: {}", ids.join(", ")));
        }
    }
}

/// A goal with its place in the file.
struct Placed<'a>(&'a Spanned<GoalFile>);

impl Placed<'_> {
    fn id(&self) -> &str {
        &self.0.get_ref().id
    }
}

fn goals(lesson: &Draft, step: &StepFile, blueprint: &Blueprint) -> Result<GoalRun, Finding> {
    let run = opened(blueprint);
    let goals: Result<Vec<Goal>, Wrong> = step.goals.iter().map(|goal| Goal::compile(goal, &run)).collect();
    goals.map(GoalRun::new).map_err(|(span, message)| lesson.at(span, message))
}

/// The goals that were met, each with the row that decided.
fn met<'a>(step: &'a StepFile, done: &'a Done) -> impl Iterator<Item = (Placed<'a>, u64)> {
    step.goals.iter().zip(done.goals.verdicts()).filter_map(|(goal, verdict)| match verdict {
        Verdict::Met { row, .. } => Some((Placed(goal), row)),
        _ => None,
    })
}

/// The scenario with its own seed, then with seeds from 1 on.
fn seeds(blueprint: &Blueprint, count: u64) -> impl Iterator<Item = Blueprint> + '_ {
    std::iter::once(blueprint.clone()).chain((1..=count).map(|seed| blueprint.with_seed(seed)))
}
