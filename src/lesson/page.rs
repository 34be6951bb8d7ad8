//! A lesson as the page shows it.

use super::draft::Draft;
use super::format::{MeasureFile, NumberFile, PredictionFile, StepFile, TheoryFile};
use super::meter::{Meter, Quantity, Unit};
use super::{Finding, prose, quote, runner, theory};
use crate::lesson::spanned::Spanned;
use crate::wire::*;

/// How fast one reads what one has to think about.
const WORDS_A_MINUTE: u32 = 180;

impl Draft {
    pub fn page(&self) -> LessonPage {
        let file = &self.file;
        let source = |s: &Spanned<super::format::SourceFile>| {
            let s = s.get_ref();
            let url = s.url.as_ref().map(|url| url.get_ref().clone());
            SourceCard { id: s.id.clone(), text: s.text.clone(), url }
        };
        let term = |(key, text): (&String, &Spanned<String>)| (key.clone(), text.get_ref().clone());
        // The lesson's own sentence goes before that of all lessons.
        let shared = self
            .shared
            .iter()
            .filter(|(key, _)| !file.glossary.contains_key(*key) && self.used.contains(&format!("term:{key}")));
        let shared = shared.map(|(key, text)| (key.clone(), text.clone()));
        let explain = file.explain.as_ref().map(Spanned::get_ref);
        LessonPage {
            id: file.id.get_ref().clone(),
            slug: file.slug.get_ref().clone(),
            title: file.title.clone(),
            question: file.question.clone(),
            minutes: file.minutes,
            reading: (self.words_read() as u32).div_ceil(WORDS_A_MINUTE),
            explain: explain.map(|e| (self.inlines(&e.question), self.inlines(&e.answer))),
            steps: file
                .steps
                .iter()
                .zip(&self.prose)
                .map(|(step, prose)| self.step_page(step.get_ref(), prose))
                .collect(),
            omissions: file.omissions.iter().map(|text| self.inlines(text)).collect(),
            sources: file.sources.iter().map(source).collect(),
            glossary: file.glossary.iter().map(term).chain(shared).collect(),
        }
    }

    fn step_page(&self, step: &StepFile, blocks: &[Block]) -> StepPage {
        let mut prose = blocks.to_vec();
        prose::each_inline(&mut prose, &mut |inline| {
            if let Some(text) = quote::text_mut(inline)
                && let Ok(filled) =
                    quote::fill(text, &mut |name| self.numbers.get(name).cloned().ok_or_else(String::new))
            {
                *text = filled;
            }
        });
        let goal = |g: &Spanned<super::format::GoalFile>| GoalPage {
            id: g.get_ref().id.clone(),
            title: self.inlines(&g.get_ref().title),
        };
        StepPage {
            id: step.id.clone(),
            title: step.title.clone(),
            prose,
            predictions: step.predictions.iter().map(|p| self.prediction_page(p.get_ref())).collect(),
            goals: step.goals.iter().map(goal).collect(),
            hints: step.hints.iter().map(|hint| self.inlines(hint)).collect(),
            measure: step.measure.as_ref().map(|m| self.measure_page(m.get_ref())),
            buttons: step.buttons.iter().map(|b| b.get_ref().title.clone()).collect(),
        }
    }

    fn prediction_page(&self, prediction: &PredictionFile) -> PredictionPage {
        PredictionPage {
            id: prediction.id.clone(),
            question: self.inlines(&prediction.question),
            options: prediction.options.iter().map(|o| self.inlines(&o.get_ref().text)).collect(),
        }
    }

    fn measure_page(&self, m: &MeasureFile) -> MeasurePage {
        let choice = |c: &Spanned<super::format::ChoiceFile>| {
            let options = c.get_ref().options.iter().map(|o| o.get_ref().title.clone()).collect();
            ChoicePage { title: c.get_ref().title.clone(), options }
        };
        MeasurePage {
            id: m.id.clone(),
            title: m.title.clone(),
            intro: self.inlines(&m.intro),
            columns: m.columns.iter().map(|c| c.get_ref().title.clone()).collect(),
            axis: m.axis.clone(),
            variants: m.variants.iter().map(|v| v.get_ref().title.clone()).collect(),
            theories: m.theories.iter().filter_map(|t| theory(m, t.get_ref()).ok()).collect(),
            choices: m.choices.iter().map(choice).collect(),
            requirements: m.requirements.iter().map(|r| r.get_ref().title.clone()).collect(),
        }
    }

    /// Runs what the prose quotes.
    pub(super) fn compute_numbers(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut values: Vec<(String, f64)> = Vec::new();
        for number in &self.file.numbers {
            match self.number(number.get_ref()) {
                Ok(value) => values.push((number.get_ref().name.clone(), value)),
                Err(message) => findings.push(self.at(number.span(), message)),
            }
        }
        let find = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        for number in self.file.numbers.iter().map(Spanned::get_ref) {
            let shown = number.value.get_ref();
            let (Some(value), Ok(quantity)) = (find(&number.name), Quantity::parse(&shown.measure)) else { continue };
            let (value, unit) = match number.per.as_ref().map(|per| find(per.get_ref())) {
                None => (value, quantity.unit()),
                Some(per) => (value / per.unwrap_or(f64::NAN), Unit::Count),
            };
            self.numbers.insert(number.name.clone(), unit.show(value, shown.digits));
            self.values.insert(number.name.clone(), value);
        }
        findings
    }

    fn number(&self, number: &NumberFile) -> Result<f64, String> {
        let blueprint = self.scenario(number.scenario.get_ref())?;
        let more = |_: &_| number.commands.clone();
        let properties = Quantity::parse(&number.value.get_ref().measure)? == Quantity::Violations;
        let meter = runner::pooled(blueprint, number.seeds, number.until, properties, &more)?;
        value(&meter, number.value.get_ref())?.ok_or_else(|| "nothing was measured: no operation ended".into())
    }
}

/// The values of a closed form for the variants of a measurement. The error is a sentence.
pub(super) fn theory(m: &MeasureFile, t: &TheoryFile) -> Result<TheoryPage, String> {
    let place = m.columns.iter().position(|column| column.get_ref().title == *t.column.get_ref());
    let place = place.ok_or_else(|| format!("no column is titled \"{}\"", t.column.get_ref()))?;
    let of = m.columns[place].get_ref().value.get_ref();
    let measured = Quantity::parse(&of.measure)?.unit();
    if t.at.len() != m.variants.len() {
        return Err(format!("{} values in \"at\" for {} variants", t.at.len(), m.variants.len()));
    }
    let mut values = Vec::new();
    for at in &t.at {
        let mut given = t.with.clone();
        given.extend(at.clone());
        let (value, unit) = theory::value(t.form.get_ref(), &given)?;
        if unit != measured {
            return Err(format!("{} is not of the kind that {} is", t.form.get_ref(), of.measure));
        }
        values.push((unit.show(value, of.digits), value));
    }
    Ok(TheoryPage { column: place as u32, title: t.title.clone(), values })
}

/// A measured value of a meter, none when nothing was seen that it could be computed from.
pub fn value(meter: &Meter, of: &super::format::ValueFile) -> Result<Option<f64>, String> {
    Ok(meter.value(Quantity::parse(&of.measure)?, of.function.as_deref()))
}
