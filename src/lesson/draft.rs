//! A lesson as its author wrote it, read and checked as far as that needs no long runs: names, links, scenarios,
//! conditions. Native only; see [`super::pack`] for what the page loads.

use super::compile::Wrong;
use super::condition::Condition;
use super::finding::{Finding, read_toml};
use super::format::{ConditionFile, LessonFile, MeasureFile, PredictionFile, StepFile, VERSION, ValueFile};
use super::glossary::Shared;
use super::goal::{Goal, GoalRun};
use super::meter::Quantity;
use super::watch::opened;
use super::{prose, quote};
use crate::lesson::spanned::Spanned;
use crate::sim::cell::Entry;
use crate::sim::scenario::Blueprint;
use crate::wire::{Block, Inline, Opened, SourceFile};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub const LESSON: &str = "lesson.toml";
pub const PROSE: &str = "prose.md";
pub const SCENARIOS: &str = "scenarios/";

/// A lesson whose parts fit together.
pub struct Draft {
    pub(super) file: LessonFile,
    /// The text of lesson.toml, for places.
    pub(super) text: String,
    /// For each step.
    pub(super) prose: Vec<Vec<Block>>,
    /// By file name under `scenarios/`.
    pub(super) scenarios: BTreeMap<String, Blueprint>,
    /// What prose quotes.
    pub(super) numbers: BTreeMap<String, String>,
    /// The same as values, times in microseconds.
    pub(super) values: BTreeMap<String, f64>,
    pub(super) registry: &'static [Entry],
    /// Terms and sources that texts refer to.
    pub(super) used: BTreeSet<String>,
    /// Terms of all lessons, each with its sentence.
    pub(super) shared: Shared,
}

impl Draft {
    /// Reads a lesson from its files, named relative to its folder.
    pub fn read(files: &[SourceFile], registry: &'static [Entry]) -> Result<Draft, Vec<Finding>> {
        Draft::read_with(files, &Shared::new(), registry)
    }

    /// Reads a lesson whose texts may link terms of the glossary of all lessons too.
    pub fn read_with(files: &[SourceFile], shared: &Shared, registry: &'static [Entry]) -> Result<Draft, Vec<Finding>> {
        let find = |name: &str| files.iter().find(|file| file.name == name);
        let missing = |name: &str| vec![Finding::of(name, "this file is missing")];
        let text = find(LESSON).ok_or_else(|| missing(LESSON))?.text.clone();
        let prose_text = &find(PROSE).ok_or_else(|| missing(PROSE))?.text;
        let file: LessonFile = read_toml(LESSON, &text).map_err(|finding| vec![finding])?;
        let version = *file.version.get_ref();
        if version != VERSION {
            let message = format!("version {version} is not known; accepted: {VERSION}");
            return Err(vec![Finding::at(LESSON, &text, file.version.span(), message)]);
        }
        let mut lesson = Draft {
            prose: Vec::new(),
            scenarios: BTreeMap::new(),
            numbers: BTreeMap::new(),
            values: BTreeMap::new(),
            used: BTreeSet::new(),
            shared: shared.clone(),
            file,
            text,
            registry,
        };
        let mut findings = lesson.read_scenarios(files);
        findings.extend(lesson.read_prose(prose_text));
        if findings.is_empty() {
            findings.extend(Reader::new(&lesson).read());
        }
        if findings.is_empty() {
            findings.extend(lesson.compute_numbers());
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        lesson.used = Reader::new(&lesson).references();
        Ok(lesson)
    }

    fn read_scenarios(&mut self, files: &[SourceFile]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for file in files {
            let Some(name) = file.name.strip_prefix(SCENARIOS) else { continue };
            match Blueprint::read(file, self.registry) {
                Ok(blueprint) => {
                    self.scenarios.insert(name.into(), blueprint);
                }
                Err(error) => findings.push(Finding::read(&file.name, &error)),
            }
        }
        findings
    }

    /// One section for each step, in their order.
    fn read_prose(&mut self, text: &str) -> Vec<Finding> {
        let sections = match prose::sections(PROSE, text) {
            Ok(sections) => sections,
            Err(findings) => return findings,
        };
        let mut findings = Vec::new();
        let ids: Vec<&str> = self.file.steps.iter().map(|step| step.get_ref().id.as_str()).collect();
        for (i, section) in sections.iter().enumerate() {
            if ids.get(i).is_none_or(|id| *id != section.name) {
                let message = format!("section \"{}\"; the steps are, in order: {}", section.name, ids.join(", "));
                findings.push(Finding { file: PROSE.into(), line: Some(section.line), message });
                return findings;
            }
        }
        if let Some(id) = ids.get(sections.len()) {
            findings.push(Finding::of(PROSE, format!("no section for the step \"{id}\"; write \"## {id}\"")));
        }
        self.prose = sections.into_iter().map(|section| section.blocks).collect();
        findings
    }

    pub(super) fn at(&self, span: Range<usize>, message: impl Into<String>) -> Finding {
        Finding::at(LESSON, &self.text, span, message)
    }

    /// The inlines of a text that was checked when the lesson was read, with its numbers filled in.
    pub(super) fn inlines(&self, text: &Spanned<String>) -> Vec<Inline> {
        prose::inlines(LESSON, &self.text, text.span().start, &self.filled(text.get_ref())).unwrap_or_default()
    }

    /// A text with the lesson's numbers. Measures are left, to be filled from the run that they are about.
    pub(super) fn filled(&self, text: &str) -> String {
        let left = |name: &str| format!("{{{{{name}}}}}");
        let value = &mut |name: &str| Ok(self.numbers.get(name).cloned().unwrap_or_else(|| left(name)));
        quote::fill(text, value).unwrap_or_else(|_| text.into())
    }

    pub(super) fn step(&self, index: u32) -> Result<&StepFile, String> {
        let step = self.file.steps.get(index as usize).map(Spanned::get_ref);
        step.ok_or_else(|| format!("the lesson has no step {index}; it has {}", self.file.steps.len()))
    }

    /// The scenario of a step, ready to run.
    pub fn blueprint(&self, step: u32) -> Result<Blueprint, String> {
        let name = self.step(step)?.scenario.get_ref();
        self.scenario(name).cloned()
    }

    pub(super) fn scenario(&self, name: &str) -> Result<&Blueprint, String> {
        self.scenarios.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.scenarios.keys().map(String::as_str).collect();
            format!("there is no scenarios/{name}; there are: {}", names.join(", "))
        })
    }

    /// The goals of a step, for a run with these nodes.
    pub fn goals(&self, step: u32, run: &Opened) -> Result<GoalRun, String> {
        let goals = self.step(step)?.goals.iter().map(|goal| Goal::compile(goal, run));
        let goals: Result<Vec<Goal>, Wrong> = goals.collect();
        goals.map(GoalRun::new).map_err(|(span, message)| self.at(span, message).to_string())
    }
}

/// Goes through a lesson's texts and conditions once and collects what is wrong.
struct Reader<'a> {
    lesson: &'a Draft,
    findings: Vec<Finding>,
    /// `term:key` and `source:id` that texts refer to.
    references: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(lesson: &'a Draft) -> Reader<'a> {
        Reader { lesson, findings: Vec::new(), references: BTreeSet::new() }
    }

    fn read(mut self) -> Vec<Finding> {
        self.visit();
        self.findings
    }

    fn references(mut self) -> BTreeSet<String> {
        self.visit();
        self.references
    }

    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.findings.push(self.lesson.at(span, message));
    }

    fn visit(&mut self) {
        let lesson = self.lesson;
        let file = &lesson.file;
        let steps = file.steps.iter().map(|step| (step.get_ref().id.as_str(), step.span()));
        self.unique("step", steps);
        self.unique("number", file.numbers.iter().map(|n| (n.get_ref().name.as_str(), n.span())));
        self.unique("source", file.sources.iter().map(|s| (s.get_ref().id.as_str(), s.span())));
        for blocks in &lesson.prose {
            let mut inlines = Vec::new();
            prose::each_inline(&mut blocks.clone(), &mut |inline| inlines.push(inline.clone()));
            self.inlines(&inlines, 0..0, PROSE);
            for text in inlines.iter().map(prose::text_of) {
                self.placeholders(text, PROSE, 0..0, &|name| known_number(file, name));
            }
        }
        file.omissions.iter().for_each(|text| self.text(text));
        if let Some(explain) = file.explain.as_ref().map(Spanned::get_ref) {
            self.text(&explain.question);
            self.text(&explain.answer);
        }
        file.glossary.values().for_each(|text| self.text(text));
        for step in &file.steps {
            self.step(step.get_ref());
        }
        for number in &file.numbers {
            let n = number.get_ref();
            self.scenario(&n.scenario);
            self.value(&n.value);
            if let Some(per) = &n.per
                && let Err(message) = known_number(file, per.get_ref())
            {
                self.wrong(per.span(), message);
            }
        }
    }

    fn unique<'b>(&mut self, what: &str, names: impl Iterator<Item = (&'b str, Range<usize>)>) {
        let mut seen = BTreeSet::new();
        for (name, span) in names {
            let plain =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !plain {
                self.wrong(span, format!("{what} \"{name}\": a name has small letters, digits and hyphens only"));
            } else if !seen.insert(name) {
                self.wrong(span, format!("{what} \"{name}\" is there twice"));
            }
        }
    }

    fn step(&mut self, step: &'a StepFile) {
        self.unique("goal", step.goals.iter().map(|g| (g.get_ref().id.as_str(), g.span())));
        step.hints.iter().for_each(|hint| self.text(hint));
        step.goals.iter().for_each(|goal| self.text(&goal.get_ref().title));
        if let Some(blueprint) = self.scenario(&step.scenario) {
            let run = opened(blueprint);
            for goal in &step.goals {
                self.fits(Goal::compile(goal, &run).map(|_| ()));
            }
        }
        for prediction in &step.predictions {
            self.prediction(step, prediction.get_ref());
        }
        if let Some(measure) = &step.measure {
            self.measure(measure);
        }
    }

    fn prediction(&mut self, step: &'a StepFile, prediction: &'a PredictionFile) {
        self.text(&prediction.question);
        if prediction.options.len() < 2 {
            self.wrong(prediction.question.span(), "a prediction has at least two options");
        }
        let run = prediction.run.get_ref();
        let name = run.scenario.as_ref().unwrap_or(step.scenario.get_ref());
        let found = match self.lesson.scenario(name) {
            Ok(blueprint) => opened(blueprint),
            Err(message) => return self.wrong(prediction.run.span(), message),
        };
        for option in &prediction.options {
            self.fits(Goal::option(option, &found).map(|_| ()));
            self.text(&option.get_ref().text);
            self.quoting(&option.get_ref().because);
        }
    }

    fn measure(&mut self, measure: &'a Spanned<MeasureFile>) {
        let m = measure.get_ref();
        self.text(&m.intro);
        m.answer.iter().for_each(|text| self.text(text));
        m.columns.iter().for_each(|column| self.value(&column.get_ref().value));
        m.variants.iter().for_each(|v| {
            self.scenario(&v.get_ref().scenario);
        });
        match (m.variants.is_empty(), m.choices.is_empty(), &m.scenario) {
            (false, true, None) => {}
            (true, false, Some(name)) => {
                self.scenario(name);
            }
            _ => {
                let message = "a measurement has either [[variant]]s, or a scenario with [[choice]]s";
                self.wrong(measure.span(), message);
            }
        }
        self.unique("requirement", m.requirements.iter().map(|r| (r.get_ref().id.as_str(), r.span())));
        self.unique("follow-up", m.follow_ups.iter().map(|f| (f.get_ref().id.as_str(), f.span())));
        if m.axis.is_some() && m.variants.len() < 3 {
            self.wrong(measure.span(), "a chart needs at least three [[variant]]s along its axis");
        }
        if m.columns.is_empty() || m.seeds == 0 {
            self.wrong(measure.span(), "a measurement has at least one [[column]] and one seed");
        }
        let mut choices: Vec<(String, Vec<String>)> = Vec::new();
        for choice in m.choices.iter().map(Spanned::get_ref) {
            let titles = choice.options.iter().map(|o| o.get_ref().title.clone());
            choices.push((choice.name.clone(), titles.collect()));
            choice.options.iter().filter_map(|o| o.get_ref().scenario.as_ref()).for_each(|name| {
                self.scenario(name);
            });
        }
        for requirement in m.requirements.iter().map(Spanned::get_ref) {
            self.pooled(&requirement.when, &choices);
            self.quotes(&requirement.met);
            self.quotes(&requirement.missed);
        }
        for follow_up in m.follow_ups.iter().map(Spanned::get_ref) {
            follow_up.when.iter().for_each(|when| self.pooled(when, &choices));
            self.quotes(&follow_up.ask);
            self.quoting(&follow_up.answer);
        }
    }

    fn pooled(&mut self, when: &Spanned<ConditionFile>, choices: &[(String, Vec<String>)]) {
        self.fits(Condition::pooled(when, choices).map(|_| ()));
    }

    fn fits(&mut self, result: Result<(), Wrong>) {
        if let Err((span, message)) = result {
            self.wrong(span, message);
        }
    }

    fn scenario(&mut self, name: &Spanned<String>) -> Option<&'a Blueprint> {
        match self.lesson.scenario(name.get_ref()) {
            Ok(blueprint) => Some(blueprint),
            Err(message) => {
                self.wrong(name.span(), message);
                None
            }
        }
    }

    fn value(&mut self, value: &Spanned<ValueFile>) {
        match Quantity::parse(&value.get_ref().measure) {
            Ok(quantity) if value.get_ref().function.is_some() && !quantity.by_function() => {
                self.wrong(value.span(), "messages, bytes and leaders belong to no function; leave function out");
            }
            Ok(_) => {}
            Err(message) => self.wrong(value.span(), message),
        }
    }

    /// A text of lesson.toml that may quote the lesson's numbers.
    fn text(&mut self, text: &Spanned<String>) {
        self.links(text);
        let file = &self.lesson.file;
        self.placeholders(text.get_ref(), LESSON, text.span(), &|name| known_number(file, name));
    }

    /// A text that may quote measures as well.
    fn quoting(&mut self, text: &Spanned<String>) {
        self.links(text);
        self.quotes(text);
    }

    fn links(&mut self, text: &Spanned<String>) {
        match prose::inlines(LESSON, &self.lesson.text, text.span().start, text.get_ref()) {
            Ok(inlines) => self.inlines(&inlines, text.span(), LESSON),
            Err(findings) => self.findings.extend(findings),
        }
    }

    fn quotes(&mut self, text: &Spanned<String>) {
        let file = &self.lesson.file;
        self.placeholders(text.get_ref(), LESSON, text.span(), &|words| {
            if known_number(file, words).is_ok() {
                return Ok(());
            }
            Quantity::parse(words.split(' ').next().unwrap_or("")).map(|_| ())
        });
    }

    fn placeholders(&mut self, text: &str, file: &str, span: Range<usize>, known: &dyn Fn(&str) -> Result<(), String>) {
        if let Err(message) = quote::fill(text, &mut |name| known(name).map(|()| String::new())) {
            if file == LESSON {
                self.wrong(span, message);
            } else {
                self.findings.push(Finding::of(file, message));
            }
        }
    }

    /// Links of a text: each goes somewhere.
    fn inlines(&mut self, inlines: &[Inline], span: Range<usize>, file: &str) {
        for inline in inlines {
            let (reference, known, names) = match inline {
                Inline::Term(_, key) => {
                    let own = &self.lesson.file.glossary;
                    let known = own.contains_key(key) || self.lesson.shared.contains_key(key);
                    let mut terms: Vec<&str> = own.keys().map(String::as_str).collect();
                    terms.push("and those of glossary.toml");
                    (format!("term:{key}"), known, terms)
                }
                Inline::Source(id) => {
                    let ids: Vec<&str> = self.lesson.file.sources.iter().map(|s| s.get_ref().id.as_str()).collect();
                    (format!("source:{id}"), ids.contains(&id.as_str()), ids)
                }
                _ => continue,
            };
            if !known {
                let message = format!("{reference} is not declared; declared: {}", names.join(", "));
                let finding =
                    if file == LESSON { self.lesson.at(span.clone(), message) } else { Finding::of(file, message) };
                self.findings.push(finding);
            }
            self.references.insert(reference);
        }
    }
}

fn known_number(file: &LessonFile, name: &str) -> Result<(), String> {
    let names: Vec<&str> = file.numbers.iter().map(|n| n.get_ref().name.as_str()).collect();
    if names.contains(&name) {
        Ok(())
    } else {
        Err(format!("{{{{{name}}}}} is no number of this lesson; declared: {}", names.join(", ")))
    }
}
