//! What a run can give is computed, not typed: every number of a text is quoted (`{{…}}`), or stands in the scenario,
//! the conditions or the choices that the text belongs to, or is declared as [`GivenFile`] with its reason.

use super::amounts::amounts;
use super::facts::{self, Facts};
use crate::lesson::draft::{Draft, LESSON, PROSE};
use crate::lesson::finding::Finding;
use crate::lesson::format::{GivenFile, MeasureFile, StepFile};
use crate::lesson::prose;
use crate::lesson::spanned::Spanned;
use crate::wire::{Block, Inline};
use std::collections::BTreeSet;
use std::ops::Range;

pub fn check(lesson: &Draft) -> Vec<Finding> {
    let mut reader = Reader { lesson, findings: Vec::new(), used: BTreeSet::new(), said: String::new() };
    reader.lesson_texts();
    let unused = lesson.file.givens.iter().filter(|given| !reader.used.contains(&given.span().start));
    let unused: Vec<Finding> = unused
        .map(|given| lesson.at(given.span(), format!("no text has the words \"{}\"", given.get_ref().text)))
        .collect();
    let claims = claims(lesson, &reader.said);
    reader.findings.into_iter().chain(unused).chain(claims).collect()
}

/// Each claim stands in some text, and its numbers bear it out.
fn claims(lesson: &Draft, said: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for claim in lesson.file.claims.iter() {
        let c = claim.get_ref();
        if !said.contains(&c.text) {
            findings.push(lesson.at(claim.span(), format!("no text has the words \"{}\"", c.text)));
        }
        let value = |name: &Spanned<String>| {
            let known = lesson.values.get(name.get_ref());
            known.copied().ok_or_else(|| lesson.at(name.span(), format!("no [[number]] \"{}\"", name.get_ref())))
        };
        match (value(&c.less), value(&c.than)) {
            (Ok(less), Ok(than)) if less < than => {}
            (Ok(_), Ok(_)) => {
                let shown = |name: &Spanned<String>| lesson.numbers[name.get_ref()].clone();
                let (less, than) = (shown(&c.less), shown(&c.than));
                let message = format!("\"{}\": the runs give {less}, which is not less than {than}", c.text);
                findings.push(lesson.at(claim.span(), message));
            }
            (less, than) => findings.extend([less.err(), than.err()].into_iter().flatten()),
        }
    }
    findings
}

struct Reader<'a> {
    lesson: &'a Draft,
    findings: Vec<Finding>,
    /// Where the givens begin that some text has.
    used: BTreeSet<usize>,
    /// All texts, one after the other.
    said: String,
}

/// Where a text stands.
#[derive(Clone)]
enum Place {
    Lesson(Range<usize>),
    /// The section of the prose.
    Prose(String),
}

impl Reader<'_> {
    fn lesson_texts(&mut self) {
        let lesson = self.lesson;
        let steps: Vec<Facts> = lesson.file.steps.iter().map(|s| facts::of_step(lesson, s.get_ref())).collect();
        let mut all = Facts::default();
        steps.iter().for_each(|facts| all.extend(facts));
        self.plain(&lesson.file.question, lesson.file.id.span(), &all);
        lesson.file.omissions.iter().for_each(|text| self.text(text, &all));
        lesson.file.glossary.values().for_each(|text| self.text(text, &all));
        if let Some(explain) = lesson.file.explain.as_ref().map(Spanned::get_ref) {
            self.text(&explain.question, &all);
            self.text(&explain.answer, &all);
        }
        for ((step, blocks), facts) in lesson.file.steps.iter().zip(&lesson.prose).zip(&steps) {
            self.step(step, blocks, facts);
        }
    }

    fn step(&mut self, place: &Spanned<StepFile>, blocks: &[Block], facts: &Facts) {
        let step = place.get_ref();
        for words in blocks.iter().flat_map(paragraphs) {
            let facts = self.with_quoted(&words, facts);
            self.read(&words, Place::Prose(step.id.clone()), &facts);
        }
        self.plain(&step.title, place.span(), facts);
        step.hints.iter().for_each(|text| self.text(text, facts));
        for goal in step.goals.iter().map(Spanned::get_ref) {
            self.text(&goal.title, facts);
            self.plain(&goal.met, goal.title.span(), facts);
            goal.missed.iter().for_each(|text| self.plain(text, goal.title.span(), facts));
        }
        for prediction in step.predictions.iter().map(Spanned::get_ref) {
            self.text(&prediction.question, facts);
            for option in prediction.options.iter().map(Spanned::get_ref) {
                let mut facts = facts.clone();
                facts.add_range(&option.when);
                self.text(&option.text, &facts);
                self.text(&option.because, &facts);
            }
        }
        for button in &step.buttons {
            self.plain(&button.get_ref().title, button.span(), facts);
        }
        if let Some(measure) = &step.measure {
            self.measure(measure, facts);
        }
    }

    fn measure(&mut self, measure: &Spanned<MeasureFile>, facts: &Facts) {
        let m = measure.get_ref();
        let choices = m.choices.iter().map(|choice| &choice.get_ref().title);
        let titles = [&m.title].into_iter().chain(&m.axis).chain(choices);
        titles.for_each(|title| self.plain(title, measure.span(), facts));
        self.text(&m.intro, facts);
        m.answer.iter().for_each(|text| self.text(text, facts));
        for column in &m.columns {
            let mut facts = Facts::default();
            facts.add_rank(&column.get_ref().value.get_ref().measure);
            self.plain(&column.get_ref().title, column.span(), &facts);
        }
        for theory in &m.theories {
            let t = theory.get_ref();
            let mut facts = facts.clone();
            facts.add_data(&(&t.with, &t.at));
            self.plain(&t.title, theory.span(), &facts);
        }
        for variant in &m.variants {
            let v = variant.get_ref();
            let mut facts = Facts::default();
            facts.add_data(&v.parameters);
            facts.add_commands(&v.commands, None);
            if let Ok(blueprint) = self.lesson.scenario(v.scenario.get_ref()) {
                facts.add_nodes_of(blueprint);
            }
            self.plain(&v.title, variant.span(), &facts);
        }
        self.choices(m);
        for requirement in &m.requirements {
            let r = requirement.get_ref();
            let mut facts = Facts::default();
            facts.add_condition(&r.when);
            self.plain(&r.title, requirement.span(), &facts);
            self.text(&r.met, &facts);
            self.text(&r.missed, &facts);
        }
        for follow_up in m.follow_ups.iter().map(Spanned::get_ref) {
            let mut facts = facts.clone();
            follow_up.when.iter().for_each(|when| facts.add_condition(when));
            self.text(&follow_up.ask, &facts);
            self.text(&follow_up.answer, &facts);
        }
    }

    /// The title of an option tells its own nodes and parameters, or the scenario's where it changes none.
    fn choices(&mut self, m: &MeasureFile) {
        let plain = m.scenario.as_ref().and_then(|name| self.lesson.scenario(name.get_ref()).ok());
        for option in m.choices.iter().flat_map(|choice| &choice.get_ref().options) {
            let o = option.get_ref();
            let mut facts = Facts::default();
            let own = o.scenario.as_ref().and_then(|name| self.lesson.scenario(name.get_ref()).ok());
            facts.add_option(o, own.or(plain));
            if let Some(blueprint) = own.or(plain) {
                facts.add_groups_of(blueprint);
                facts.add_data(
                    &blueprint
                        .scenario
                        .parameters
                        .iter()
                        .filter(|(name, _)| !o.parameters.contains_key(*name))
                        .collect::<Vec<_>>(),
                );
            }
            self.plain(&o.title, option.span(), &facts);
        }
    }

    /// What the numbers that a paragraph quotes are about: their scenarios, and the percentile that they are.
    fn with_quoted(&self, words: &str, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        for number in self.lesson.file.numbers.iter().map(Spanned::get_ref) {
            if words.contains(&format!("{{{{{}}}}}", number.name)) {
                facts.add_rank(&number.value.get_ref().measure);
                if let Ok(blueprint) = self.lesson.scenario(number.scenario.get_ref()) {
                    facts.add_scenario(blueprint, None);
                }
            }
        }
        facts
    }

    fn text(&mut self, text: &Spanned<String>, facts: &Facts) {
        let place = text.span().start;
        let inlines = prose::inlines(LESSON, &self.lesson.text, place, text.get_ref()).unwrap_or_default();
        self.read(&visible(&inlines), Place::Lesson(text.span()), facts);
    }

    fn plain(&mut self, text: &str, span: Range<usize>, facts: &Facts) {
        self.read(text, Place::Lesson(span), facts);
    }

    fn read(&mut self, words: &str, place: Place, facts: &Facts) {
        self.said.push_str(words);
        self.said.push('\n');
        let rest = self.without_givens(&without_quotes(words));
        for amount in amounts(&rest).into_iter().filter(|amount| !facts.hold(amount)) {
            let words = &amount.words;
            let message = format!(
                "\"{words}\" is typed, and neither the scenario nor a condition of this step says so; compute it \
                 ([[number]], {{{{…}}}}), or say in a [[given]] where it comes from"
            );
            self.findings.push(match &place {
                Place::Lesson(span) => self.lesson.at(span.clone(), message),
                Place::Prose(step) => Finding::of(PROSE, format!("section \"{step}\": {message}")),
            });
        }
    }

    fn without_givens(&mut self, words: &str) -> String {
        let mut rest = words.to_string();
        for given in &self.lesson.file.givens {
            let GivenFile { text, .. } = given.get_ref();
            if rest.contains(text.as_str()) {
                self.used.insert(given.span().start);
                rest = rest.replace(text.as_str(), ";");
            }
        }
        rest
    }
}

/// Quotes become a word that is no number.
fn without_quotes(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        out += before;
        out += "quoted;";
        rest = after.split_once("}}").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The words that a reader sees, without code.
fn visible(inlines: &[Inline]) -> String {
    let word = |inline: &Inline| match inline {
        Inline::Code(_) => "code".to_string(),
        other => prose::text_of(other).to_string(),
    };
    inlines.iter().map(word).collect()
}

fn paragraphs(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) | Block::Quote(inlines) => vec![visible(inlines)],
        Block::List { items, .. } => items.iter().map(|item| visible(item)).collect(),
        Block::Code(_) => Vec::new(),
    }
}
