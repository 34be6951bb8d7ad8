//! Measurements give values; an exercise can be passed and failed, and each follow-up is asked for some choice.

use super::Report;
use crate::lesson::Lesson;
use crate::lesson::draft::Draft;
use crate::lesson::format::MeasureFile;
use toml::Spanned;

pub fn check(lesson: &Draft, packed: &Lesson, report: &mut Report) {
    for (index, step) in lesson.file.steps.iter().enumerate() {
        if let Some(measure) = &step.get_ref().measure
            && let Err(message) = one(lesson, packed, index as u32, measure, report)
        {
            report.findings.push(lesson.at(measure.span(), message));
        }
    }
}

fn one(
    lesson: &Draft,
    packed: &Lesson,
    step: u32,
    measure: &Spanned<MeasureFile>,
    report: &mut Report,
) -> Result<(), String> {
    let m = measure.get_ref();
    let Some(runs) = &packed.pack.steps[step as usize].measure else { return Ok(()) };
    let (mut passed, mut failed, mut asked) = (0, 0, Vec::new());
    for choices in runs.combinations() {
        let measured = packed.measure(step, &choices)?;
        report.runs += measured.runs;
        if let Some((row, _)) = measured.rows.iter().find(|(_, cells)| cells.iter().any(|cell| cell == "none")) {
            return Err(format!("nothing was measured in a column of \"{row}\""));
        }
        let met = measured.verdicts.iter().all(|(met, _)| *met);
        if met {
            passed += 1
        } else {
            failed += 1
        }
        asked.extend(measured.follow_up);
    }
    if m.choices.is_empty() {
        return Ok(());
    }
    if passed == 0 || failed == 0 {
        return Err(format!(
            "{passed} combinations of choices meet all requirements and {failed} do not; an exercise needs both"
        ));
    }
    for follow_up in m.follow_ups.iter().map(Spanned::get_ref) {
        let start = follow_up.ask.get_ref().split("{{").next().unwrap_or("");
        if !asked.iter().any(|text| text.starts_with(start)) {
            report.findings.push(lesson.at(follow_up.ask.span(), "no combination of choices leads to this follow-up"));
        }
    }
    if asked.len() < passed + failed {
        return Err("some combination of choices has no follow-up; end with one without a condition".into());
    }
    Ok(())
}
