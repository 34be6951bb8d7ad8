//! Proves lessons: what `faultline lessons check` and the tests run.
//!
//! A lesson whose goals pass untouched, or that cannot be completed, does not build. Everything here works on texts in
//! memory; who calls it reads the files.

mod amounts;
mod catalogue;
mod clicks;
mod facts;
mod measures;
mod plays;
mod style;
mod typed;

pub use plays::SEEDS;

use super::Lesson;
use super::draft::{Draft, LESSON, PROSE, SCENARIOS};
use super::finding::{Finding, read_toml};
use super::format::{SolutionFile, TruthFile, VERSION};
use super::glossary::{self, Glossary, Shared};
use super::{exercises, gallery, hunts};
use crate::base::Micros;
use crate::lesson::spanned::Spanned;
use crate::sim::cell::Entry;
use crate::sim::scenario::Blueprint;
use crate::wire::SourceFile;
use std::collections::{BTreeMap, BTreeSet};

pub use catalogue::expected as entry_of;

pub const CATALOGUE: &str = "catalogue.json";
pub const HOME: &str = "home.toml";
const SOLUTION: &str = "solution.toml";

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub lessons: u32,
    pub goals: u32,
    pub runs: u32,
    /// Design exercises.
    pub exercises: u32,
    pub findings: Vec<Finding>,
}

/// Checks the lessons folder: every file by its name relative to it, with `/`.
pub fn check(files: &[SourceFile], registry: &'static [Entry]) -> Report {
    let mut report = Report::default();
    let mut folders: BTreeMap<&str, Vec<SourceFile>> = BTreeMap::new();
    for file in files {
        match file.name.split_once('/') {
            Some((folder, name)) => {
                folders.entry(folder).or_default().push(SourceFile { name: name.into(), text: file.text.clone() });
            }
            None if [CATALOGUE, HOME, glossary::FILE].contains(&file.name.as_str()) => {}
            None => report.findings.push(Finding::of(&file.name, "a stray file; remove it")),
        }
    }
    let mut shown = Report::default();
    let gallery_files = folders.remove(gallery::FOLDER).unwrap_or_default();
    gallery::check(&gallery_files, registry, &mut shown);
    report.runs += shown.runs;
    report.findings.extend(shown.findings.into_iter().map(|finding| finding.under(gallery::FOLDER)));
    let mut starts = Report::default();
    if let Some(files) = folders.remove(hunts::FOLDER) {
        hunts::check(&files, registry, &mut starts);
    }
    report.findings.extend(starts.findings.into_iter().map(|finding| finding.under(hunts::FOLDER)));
    // They are proved by themselves, over seeds.
    folders.remove(exercises::FOLDER);
    let mut facts = BTreeMap::new();
    let glossary = match Glossary::find(files).transpose() {
        Ok(glossary) => glossary,
        Err(finding) => {
            report.findings.push(finding);
            None
        }
    };
    let shared = glossary.as_ref().map(Glossary::shared).unwrap_or_default();
    for (folder, files) in &folders {
        let (lesson, one) = check_lesson_over(folder, files, &shared, registry, SEEDS);
        report.lessons += 1;
        report.goals += one.goals;
        report.runs += one.runs;
        report.findings.extend(one.findings.into_iter().map(|finding| finding.under(folder)));
        facts.insert(*folder, lesson);
    }
    let find = |name: &str| files.iter().find(|file| file.name == name);
    report.findings.extend(catalogue::check(find(CATALOGUE), &facts));
    report.findings.extend(check_home(find(HOME), registry));
    if let Some(glossary) = glossary {
        let lessons: Vec<&Draft> = facts.values().flatten().collect();
        report.findings.extend(glossary.check(&lessons, &gallery::titles(&gallery_files, registry)));
    }
    report
}

/// Checks one lesson that links no terms but its own.
pub fn check_lesson(slug: &str, files: &[SourceFile], registry: &'static [Entry]) -> (Option<Draft>, Report) {
    check_lesson_over(slug, files, &Shared::new(), registry, SEEDS)
}

/// Checks one lesson, with solutions played on so many seeds. The findings' files are relative to its folder.
pub fn check_lesson_over(
    slug: &str,
    files: &[SourceFile],
    shared: &Shared,
    registry: &'static [Entry],
    seeds: u64,
) -> (Option<Draft>, Report) {
    let mut report = Report::default();
    let lesson = match Draft::read_with(files, shared, registry) {
        Ok(lesson) => lesson,
        Err(findings) => return (None, Report { findings, ..report }),
    };
    if lesson.file.slug.get_ref() != slug {
        let message = format!("slug \"{}\" in a folder named \"{slug}\"", lesson.file.slug.get_ref());
        report.findings.push(lesson.at(lesson.file.slug.span(), message));
    }
    report.findings.extend(check_files(&lesson, files));
    report.findings.extend(style::check(&lesson));
    report.findings.extend(typed::check(&lesson));
    let solution = solution(files);
    match lesson.pack().and_then(|pack| Lesson::new(pack, registry).complete().map_err(|why| Finding::of(LESSON, why)))
    {
        Ok(packed) => {
            let told = solution.as_ref().map_or(&[][..], |(_, file)| &file.truths);
            report.findings.extend(predictions(&lesson, &packed, told));
            let solution = solution.as_ref().ok().map(|(text, file)| (text.as_str(), file.designs.as_slice()));
            measures::check(&lesson, &packed, solution.unwrap_or_default(), &mut report);
        }
        Err(finding) => report.findings.push(finding),
    }
    match solution {
        Ok((text, file)) => plays::check(&lesson, &text, &file, seeds, &mut report),
        Err(finding) => report.findings.push(finding),
    }
    (Some(lesson), report)
}

fn solution(files: &[SourceFile]) -> Result<(String, SolutionFile), Finding> {
    let file = files.iter().find(|file| file.name == SOLUTION);
    let text = file.ok_or_else(|| Finding::of(SOLUTION, "this file is missing"))?.text.clone();
    let solution: SolutionFile = read_toml(SOLUTION, &text)?;
    let version = *solution.version.get_ref();
    if version != VERSION {
        let message = format!("version {version} is not known; accepted: {VERSION}");
        return Err(Finding::at(SOLUTION, &text, solution.version.span(), message));
    }
    Ok((text, solution))
}

/// No stray files, no scenario without use.
fn check_files(lesson: &Draft, files: &[SourceFile]) -> Vec<Finding> {
    let used = used_scenarios(lesson);
    let mut findings = Vec::new();
    for file in files {
        let name = file.name.as_str();
        match name.strip_prefix(SCENARIOS) {
            Some(scenario) if !used.contains(scenario) => {
                findings.push(Finding::of(name, "no step, prediction, number or measurement uses this scenario"));
            }
            None if ![LESSON, PROSE, SOLUTION].contains(&name) => {
                findings.push(Finding::of(
                    name,
                    "a stray file; a lesson has lesson.toml, prose.md, solution.toml and scenarios/",
                ));
            }
            _ => {}
        }
    }
    findings
}

fn used_scenarios(lesson: &Draft) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    used.extend(lesson.file.numbers.iter().map(|n| n.get_ref().scenario.get_ref().as_str()));
    for step in lesson.file.steps.iter().map(Spanned::get_ref) {
        used.insert(step.scenario.get_ref());
        used.extend(step.predictions.iter().filter_map(|p| p.get_ref().run.get_ref().scenario.as_deref()));
        if let Some(measure) = step.measure.as_ref().map(Spanned::get_ref) {
            used.extend(measure.scenario.iter().map(|name| name.get_ref().as_str()));
            used.extend(measure.variants.iter().map(|v| v.get_ref().scenario.get_ref().as_str()));
            let options = measure.choices.iter().flat_map(|c| &c.get_ref().options);
            used.extend(options.filter_map(|o| o.get_ref().scenario.as_ref()).map(|name| name.get_ref().as_str()));
        }
    }
    used
}

/// Exactly one option of each prediction is true in its run, the one that the solution names.
fn predictions(lesson: &Draft, packed: &Lesson, told: &[Spanned<TruthFile>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unknown: Vec<&TruthFile> = told.iter().map(Spanned::get_ref).collect();
    for (step, packed_step) in lesson.file.steps.iter().map(Spanned::get_ref).zip(&packed.pack.steps) {
        for (prediction, asked) in step.predictions.iter().zip(&packed_step.predictions) {
            let p = prediction.get_ref();
            let of = |t: &&TruthFile| t.step == step.id && t.prediction == p.id;
            let named = unknown.iter().position(of).map(|place| unknown.remove(place));
            let done = match packed.pinned(asked) {
                Ok(done) => done,
                Err(message) => {
                    findings.push(lesson.at(prediction.span(), message));
                    continue;
                }
            };
            if let Some((entry, why)) = done.refused.first() {
                let message = format!("the command at {} had no effect: {why}", entry.at);
                findings.push(lesson.at(p.run.span(), message));
            }
            let truths = super::predict::truths(&done);
            if truths.len() != 1 {
                let texts: Vec<_> =
                    truths.iter().map(|i| format!("\"{}\"", p.options[*i as usize].get_ref().text.get_ref())).collect();
                let which =
                    if texts.is_empty() { "none is".into() } else { format!("these are: {}", texts.join(", ")) };
                let message = format!("exactly one option must turn out true in the run; {which}");
                findings.push(lesson.at(prediction.span(), message));
                continue;
            }
            let truth = p.options[truths[0] as usize].get_ref().text.get_ref();
            match named {
                Some(told) if told.option == *truth => {}
                Some(told) => {
                    let message = format!("in the run \"{truth}\" is true, and {SOLUTION} says \"{}\"", told.option);
                    findings.push(lesson.at(prediction.span(), message));
                }
                None => {
                    let message = format!("no [[truth]] of {SOLUTION} says which option of \"{}\" is true", p.id);
                    findings.push(lesson.at(prediction.span(), message));
                }
            }
        }
    }
    let stray = |t: &TruthFile| format!("no prediction \"{}\" in a step \"{}\"", t.prediction, t.step);
    findings.extend(unknown.into_iter().map(|t| Finding::of(SOLUTION, stray(t))));
    findings
}

/// The home page's scenario reads, and runs without reaching a bound.
fn check_home(file: Option<&SourceFile>, registry: &'static [Entry]) -> Vec<Finding> {
    let Some(file) = file else { return vec![Finding::of(HOME, "this file is missing")] };
    let blueprint = match Blueprint::read(file, registry) {
        Ok(blueprint) => blueprint,
        Err(error) => return vec![Finding::read(HOME, &error)],
    };
    match super::runner::run(blueprint, Micros::s(30), super::GoalRun::default()) {
        Ok(done) if done.refused.is_empty() => Vec::new(),
        Ok(done) => done.refused.iter().map(|(_, why)| Finding::of(HOME, why)).collect(),
        Err(why) => vec![Finding::of(HOME, why)],
    }
}
