//! Measurements give values that go the way that the prose says; an exercise can be passed and failed, each listed
//! design misses exactly what it says, and each follow-up is asked for some design.

use super::{Report, SOLUTION};
use crate::lesson::Lesson;
use crate::lesson::draft::Draft;
use crate::lesson::finding::Finding;
use crate::lesson::format::{DesignFile, MeasureFile, StepFile, Trend};
use crate::lesson::page;
use crate::lesson::spanned::Spanned;
use crate::wire::Measurement;
use std::collections::BTreeSet;

/// `listed` are the text and the designs of the solution.
pub fn check(lesson: &Draft, packed: &Lesson, listed: (&str, &[Spanned<DesignFile>]), report: &mut Report) {
    let (text, designs) = listed;
    for (index, step) in lesson.file.steps.iter().map(Spanned::get_ref).enumerate() {
        let Some(measure) = &step.measure else { continue };
        let mine = designs.iter().filter(|d| *d.get_ref().step.get_ref() == step.id).collect();
        let mut checker = Checker { lesson, packed, text, step, report };
        if let Err(message) = checker.one(index as u32, measure, mine) {
            report.findings.push(lesson.at(measure.span(), message));
        }
    }
    for design in designs.iter().map(Spanned::get_ref) {
        let exercises = |s: &&StepFile| s.measure.as_ref().is_some_and(|m| !m.get_ref().choices.is_empty());
        let mut steps = lesson.file.steps.iter().map(Spanned::get_ref).filter(exercises);
        if !steps.any(|s| s.id == *design.step.get_ref()) {
            let message = format!("no step \"{}\" has an exercise with choices", design.step.get_ref());
            report.findings.push(Finding::at(SOLUTION, text, design.step.span(), message));
        }
    }
}

struct Checker<'a> {
    lesson: &'a Draft,
    packed: &'a Lesson,
    /// The text of solution.toml.
    text: &'a str,
    step: &'a StepFile,
    report: &'a mut Report,
}

impl Checker<'_> {
    fn one(
        &mut self,
        step: u32,
        measure: &Spanned<MeasureFile>,
        listed: Vec<&Spanned<DesignFile>>,
    ) -> Result<(), String> {
        let m = measure.get_ref();
        let Some(runs) = &self.packed.pack.steps[step as usize].measure else { return Ok(()) };
        let mut designs = Vec::new();
        for choices in runs.combinations() {
            let measured = self.packed.measure(step, &choices)?;
            self.report.runs += measured.runs;
            if let Some(row) = measured.rows.iter().find(|row| row.cells.contains(&None)) {
                return Err(format!("nothing was measured in a column of \"{}\"", row.title));
            }
            designs.push(measured);
        }
        if m.choices.is_empty() {
            self.trends(m, &designs[0]);
            self.theories(m, &designs[0]);
            return Ok(());
        }
        self.follow_ups(m, &designs)?;
        self.listed(m, &designs, &listed);
        Ok(())
    }

    /// Each column rises or falls from variant to variant as its author says.
    fn trends(&mut self, m: &MeasureFile, measured: &Measurement) {
        for (place, column) in m.columns.iter().map(Spanned::get_ref).enumerate() {
            let Some(trend) = &column.trend else { continue };
            let points = measured.rows.iter().filter_map(|row| Some((&row.title, row.cells[place].as_ref()?)));
            let points: Vec<_> = points.collect();
            for pair in points.windows(2) {
                let ((before, (shown, value)), (after, (next_shown, next))) = (pair[0], pair[1]);
                let holds = match trend.get_ref() {
                    Trend::Rises => next >= value,
                    Trend::Falls => next <= value,
                };
                if !holds {
                    let message = format!(
                        "\"{}\" goes the other way from \"{before}\" ({shown}) to \"{after}\" ({next_shown})",
                        column.title
                    );
                    self.report.findings.push(self.lesson.at(trend.span(), message));
                }
            }
        }
    }

    /// What theory says is what the runs give, as near as its author says.
    fn theories(&mut self, m: &MeasureFile, measured: &Measurement) {
        for theory in &m.theories {
            let t = theory.get_ref();
            let said = match page::theory(m, t) {
                Ok(said) => said,
                Err(message) => {
                    self.report.findings.push(self.lesson.at(theory.span(), message));
                    continue;
                }
            };
            for (row, (shown, expected)) in measured.rows.iter().zip(&said.values) {
                let Some((found, value)) = &row.cells[said.column as usize] else { continue };
                if (value - expected).abs() > t.within * expected.abs() {
                    let message = format!(
                        "\"{}\": {} is measured as {found}, and {} gives {shown}",
                        row.title,
                        t.column.get_ref(),
                        t.form.get_ref()
                    );
                    self.report.findings.push(self.lesson.at(theory.span(), message));
                }
            }
        }
    }

    fn follow_ups(&mut self, m: &MeasureFile, designs: &[Measurement]) -> Result<(), String> {
        let passed = designs.iter().filter(|d| d.verdicts.iter().all(|(met, _)| *met)).count();
        let failed = designs.len() - passed;
        if passed == 0 || failed == 0 {
            return Err(format!(
                "{passed} combinations of choices meet all requirements and {failed} do not; an exercise needs both"
            ));
        }
        let asked: BTreeSet<&str> = designs.iter().flat_map(|d| &d.follow_ups).map(|f| f.id.as_str()).collect();
        for follow_up in m.follow_ups.iter().filter(|f| !asked.contains(f.get_ref().id.as_str())) {
            let message = "no combination of choices leads to this follow-up";
            self.report.findings.push(self.lesson.at(follow_up.span(), message));
        }
        if designs.iter().any(|d| d.follow_ups.is_empty()) {
            return Err("some combination of choices has no follow-up; end with one without a condition".into());
        }
        Ok(())
    }

    /// The designs of the solution: each misses what it says and no more, and each requirement is missed by one.
    fn listed(&mut self, m: &MeasureFile, designs: &[Measurement], listed: &[&Spanned<DesignFile>]) {
        let ids: Vec<&str> = m.requirements.iter().map(|r| r.get_ref().id.as_str()).collect();
        let (mut solved, mut told) = (false, BTreeSet::new());
        for design in listed {
            let d = design.get_ref();
            let mut wrong = |message: String| {
                self.report.findings.push(Finding::at(SOLUTION, self.text, design.span(), message));
            };
            let choices = match places(m, d) {
                Ok(choices) => choices,
                Err(message) => {
                    wrong(message);
                    continue;
                }
            };
            let Some(measured) = designs.iter().find(|one| one.choices == choices) else { continue };
            let verdicts = ids.iter().zip(&measured.verdicts);
            let missed: Vec<&str> = verdicts.filter(|(_, (met, _))| !met).map(|(id, _)| *id).collect();
            if missed != d.missed {
                let sentences: Vec<&str> = measured.verdicts.iter().map(|(_, words)| words.as_str()).collect();
                let said = if missed.is_empty() { "nothing".into() } else { missed.join(", ") };
                wrong(format!("this design misses {said}: {}", sentences.join(" ")));
                continue;
            }
            solved |= d.missed.is_empty();
            told.extend(d.missed.iter().map(String::as_str));
        }
        if !solved {
            let message =
                format!("no [[design]] of {SOLUTION} for the step \"{}\" meets all requirements", self.step.id);
            self.report.findings.push(Finding::of(SOLUTION, message));
        }
        for requirement in m.requirements.iter().filter(|r| !told.contains(r.get_ref().id.as_str())) {
            let message = format!("no [[design]] of {SOLUTION} misses this requirement");
            self.report.findings.push(self.lesson.at(requirement.span(), message));
        }
    }
}

/// The places of the options that a design takes.
fn places(m: &MeasureFile, design: &DesignFile) -> Result<Vec<u32>, String> {
    let names: Vec<&str> = m.choices.iter().map(|c| c.get_ref().name.as_str()).collect();
    if let Some(unknown) = design.choices.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("unknown choice \"{unknown}\"; accepted: {}", names.join(", ")));
    }
    let place = |choice: &Spanned<crate::lesson::format::ChoiceFile>| {
        let c = choice.get_ref();
        let titles: Vec<&str> = c.options.iter().map(|o| o.get_ref().title.as_str()).collect();
        let taken = design.choices.get(&c.name).and_then(|title| titles.iter().position(|t| t == title));
        taken.map(|place| place as u32).ok_or_else(|| {
            let accepted = titles.join("\", \"");
            format!("choices.{} needs one of \"{accepted}\"", c.name)
        })
    };
    m.choices.iter().map(place).collect()
}
