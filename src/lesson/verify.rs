//! Plays again what a learner's progress says: the run that is kept with each met goal, in the scenario of its step, with the
//! learner's commands.
//!
//! It proves that these commands meet these goals. Who gave them, and whether a friend's file was handed in, it cannot know.

use super::draft::Draft;
use super::goal::Verdict;
use super::runner;
use crate::base::Micros;
use crate::progress::{Class, GoalMet, Progress};
use crate::sim::cell::Entry;
use crate::sim::scenario::Blueprint;
use crate::wire::SourceFile;

/// What became of a goal that a progress says was met.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// It is met in the run that is kept, then, by so many commands of the learner.
    Confirmed { at: Micros, commands: usize },
    /// It is not; or the run is not one of this step.
    Refuted(String),
    /// The run was too long to be kept, or the lessons are others.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub slug: String,
    /// `step/goal`.
    pub key: String,
    pub proof: Proof,
}

/// Every goal of a progress, in its order.
pub fn verify(progress: &Progress, lessons: &[Draft], registry: &'static [Entry]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (slug, own) in progress.lessons.iter() {
        let lesson = lessons.iter().find(|lesson| lesson.file.slug.get_ref() == slug);
        let class = progress.class.as_ref().filter(|class| class.lessons.iter().any(|listed| listed == slug));
        for (key, met) in own.goals.iter() {
            let proof = match lesson {
                Some(lesson) => proof(lesson, key, met, class, registry),
                None => Proof::Unknown("there is no such lesson here".into()),
            };
            claims.push(Claim { slug: slug.into(), key: key.into(), proof });
        }
    }
    claims
}

fn proof(lesson: &Draft, key: &str, met: &GoalMet, class: Option<&Class>, registry: &'static [Entry]) -> Proof {
    let (step, goal) = key.split_once('/').unwrap_or((key, ""));
    let place = lesson.file.steps.iter().position(|s| s.get_ref().id == step);
    let Some(step) = place else { return Proof::Unknown("the lesson has no such step".into()) };
    let goals = &lesson.file.steps[step].get_ref().goals;
    let Some(goal) = goals.iter().position(|g| g.get_ref().id == goal) else {
        return Proof::Unknown("the step has no such goal".into());
    };
    if met.run.is_empty() {
        return Proof::Unknown("its run was too long to be kept".into());
    }
    let file = SourceFile { name: "the kept run".into(), text: met.run.clone() };
    let kept = match Blueprint::read(&file, registry) {
        Ok(kept) => kept,
        Err(why) => return Proof::Refuted(why),
    };
    let played = lesson.blueprint(step as u32).and_then(|own| {
        is_of_step(&kept, &own)?;
        match class.filter(|class| u64::from(class.seed) != kept.scenario.seed) {
            Some(class) => {
                Err(format!("it was played under seed {}, the class has {}", kept.scenario.seed, class.seed))
            }
            None => play(lesson, step, goal, met, kept),
        }
    });
    match played {
        Ok(proof) => proof,
        Err(why) => Proof::Refuted(why),
    }
}

/// The run has the step's set-up and its author's commands: only the seed, the learner's commands and how the nodes stand on
/// the stage may be others.
fn is_of_step(kept: &Blueprint, own: &Blueprint) -> Result<(), String> {
    let nodes = |blueprint: &Blueprint| -> Vec<(String, String, Vec<String>)> {
        let nodes = blueprint.setup.nodes.iter();
        nodes.map(|node| (node.name.clone(), node.role.clone(), node.groups.clone())).collect()
    };
    let given = |blueprint: &Blueprint| -> Vec<_> {
        blueprint.scenario.commands.iter().filter(|entry| !entry.learner).cloned().collect()
    };
    let (a, b) = (&kept.scenario, &own.scenario);
    for (same, what) in [
        (a.protocol == b.protocol, "protocol"),
        (a.parameters == b.parameters, "parameters"),
        (a.network == b.network, "network"),
        (a.disk == b.disk, "disk"),
        (nodes(kept) == nodes(own), "nodes"),
        (given(kept) == given(own), "own commands"),
    ] {
        if !same {
            return Err(format!("the kept run has not the step's {what}"));
        }
    }
    Ok(())
}

fn play(lesson: &Draft, step: usize, goal: usize, met: &GoalMet, kept: Blueprint) -> Result<Proof, String> {
    let goals = lesson.goals(step as u32, &super::watch::opened(&kept))?;
    let given: Vec<Micros> = kept.scenario.commands.iter().filter(|e| e.learner).map(|e| e.at).collect();
    // A goal without a moment of its own is met by time that passes: a step's length after the last command is enough.
    let last = given.last().copied().unwrap_or(Micros::ZERO);
    let run = lesson.file.steps[step].get_ref().run;
    let until = if met.at_us > 0 { Micros(met.at_us) } else { last.plus(run) };
    let done = runner::run(kept, until, goals)?;
    match done.goals.verdicts().nth(goal) {
        Some(Verdict::Met { at, .. }) => Ok(Proof::Confirmed { at, commands: given.len() }),
        _ => Err(format!("the kept run does not meet it by {until}")),
    }
}
