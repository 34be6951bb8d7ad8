//! What every lesson has, and how long it may be.

use crate::lesson::draft::{Draft, PROSE};
use crate::lesson::finding::Finding;
use crate::lesson::format::MeasureFile;
use crate::lesson::prose;
use crate::lesson::spanned::Spanned;
use crate::wire::Inline;

/// Words of one step's prose.
const STEP_WORDS_MAX: usize = 120;
/// Words of a lesson that a learner reads before acting: prose, predictions, goals, hints, measurements, omissions.
const LESSON_WORDS: std::ops::RangeInclusive<usize> = 600..=1_200;
/// Words of what is to be explained back, and of the model answer.
const QUESTION_WORDS_MAX: usize = 30;
const ANSWER_WORDS: std::ops::RangeInclusive<usize> = 20..=80;
/// More linked words in one step are read by nobody.
const TERMS_MAX: usize = 8;

pub fn check(lesson: &Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    let file = &lesson.file;
    let start = file.id.span();
    let mut must = |holds: bool, message: &str| {
        if !holds {
            findings.push(lesson.at(start.clone(), message));
        }
    };
    let steps = || file.steps.iter().map(Spanned::get_ref);
    must((2..=5).contains(&file.omissions.len()), "omissions: two to five bullets on what the model leaves out");
    must(!file.sources.is_empty(), "a lesson has sources");
    must(steps().any(|s| !s.predictions.is_empty()), "a lesson has a prediction");
    must(steps().any(|s| !s.goals.is_empty()), "a lesson has goals");
    let measures = || steps().filter_map(|s| s.measure.as_ref()).map(Spanned::get_ref);
    must(measures().any(|m| m.choices.is_empty()), "a lesson measures a trade-off");
    must(measures().any(|m| !m.requirements.is_empty()), "a lesson has an exercise with requirements");
    must(file.explain.is_some(), "a lesson has an [explain] with a question and a model answer");
    if let Some(explain) = file.explain.as_ref().map(Spanned::get_ref) {
        let count = |text| prose::words(&lesson.inlines(text));
        let (question, answer) = (count(&explain.question), count(&explain.answer));
        let asks = explain.question.get_ref().ends_with('?') && question <= QUESTION_WORDS_MAX;
        must(asks, "explain: the question ends with a question mark and has at most 30 words");
        let message = format!("explain: {answer} words; a model answer has 20 to 80");
        must(ANSWER_WORDS.contains(&answer), &message);
    }
    must(file.question.ends_with('?'), "the question ends with a question mark");
    let total = lesson.words_read();
    let message = format!("{total} words; a lesson has {} to {}", LESSON_WORDS.start(), LESSON_WORDS.end());
    must(LESSON_WORDS.contains(&total), &message);
    for step in steps().filter(|s| !s.goals.is_empty() && s.hints.is_empty()) {
        must(false, &format!("step \"{}\" has goals and no hints", step.id));
    }
    for (step, blocks) in steps().zip(&lesson.prose) {
        let count = prose::words_in(blocks);
        if count > STEP_WORDS_MAX {
            let message = format!("section \"{}\" has {count} words; at most {STEP_WORDS_MAX}", step.id);
            findings.push(Finding::of(PROSE, message));
        }
        let mut terms = 0;
        prose::each_inline(&mut blocks.clone(), &mut |inline| terms += usize::from(matches!(inline, Inline::Term(..))));
        if terms > TERMS_MAX {
            let message = format!("section \"{}\" links {terms} terms; at most {TERMS_MAX}", step.id);
            findings.push(Finding::of(PROSE, message));
        }
    }
    findings.extend(unused(lesson));
    findings
}

/// Every term and source that is declared is referred to.
fn unused(lesson: &Draft) -> Vec<Finding> {
    let terms = lesson.file.glossary.iter().map(|(key, text)| (format!("term:{key}"), text.span()));
    let sources = lesson.file.sources.iter().map(|s| (format!("source:{}", s.get_ref().id), s.span()));
    let unused = terms.chain(sources).filter(|(reference, _)| !lesson.used.contains(reference));
    unused.map(|(reference, span)| lesson.at(span, format!("no text refers to {reference}"))).collect()
}

impl Draft {
    /// Words that a learner reads before acting.
    pub(in crate::lesson) fn words_read(&self) -> usize {
        let text = |t: &Spanned<String>| prose::words(&self.inlines(t));
        let mut total: usize = self.prose.iter().map(|blocks| prose::words_in(blocks)).sum();
        total += self.file.omissions.iter().map(text).sum::<usize>();
        for step in self.file.steps.iter().map(Spanned::get_ref) {
            total += step.hints.iter().map(text).sum::<usize>();
            total += step.goals.iter().map(|g| text(&g.get_ref().title)).sum::<usize>();
            for prediction in step.predictions.iter().map(Spanned::get_ref) {
                total += text(&prediction.question);
                total += prediction.options.iter().map(|o| text(&o.get_ref().text)).sum::<usize>();
            }
            total += step.measure.as_ref().map_or(0, |m| words_of_measure(self, m.get_ref()));
        }
        total
    }
}

fn words_of_measure(lesson: &Draft, m: &MeasureFile) -> usize {
    let text = |t: &Spanned<String>| prose::words(&lesson.inlines(t));
    let requirements: usize = m.requirements.iter().map(|r| r.get_ref().title.split_whitespace().count()).sum();
    text(&m.intro) + requirements + m.answer.as_ref().map_or(0, text)
}
