//! The interview around an exercise: its phases, a clock that can be stopped, what was asked, estimated, noted and rated; kept
//! as a text, and written down as a report at the end.

use super::desk::Desk;
use super::exercise::{Exercise, PHASES};
use super::score::grouped;
use crate::base::json::{self, Json};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interview {
    /// None: it has not begun.
    pub phase: Option<usize>,
    /// Seconds of the clock, and whether it goes on.
    pub spent: u64,
    pub running: bool,
    /// Questions of the learner that were answered, by their numbers.
    pub asked: Vec<usize>,
    /// The estimation sheet, by names.
    pub entries: BTreeMap<String, String>,
    /// By phase.
    pub notes: [String; PHASES.len()],
    /// Levels of the rubric, from 1; 0: not rated.
    pub ratings: Vec<u64>,
    /// Phases whose model answers were looked at.
    pub answered: [bool; PHASES.len()],
}

/// A line of the sheet as the worker has judged it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub name: String,
    /// "good", "missing" or what is wrong with it.
    pub verdict: String,
    pub said: String,
    /// How one would work it out, with the learner's own numbers.
    pub steps: String,
}

/// What the interviewer asks because of the design or its runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FollowUp {
    pub ask: String,
    pub answer: String,
    pub because: String,
    pub seed: Option<u64>,
}

/// The sheet as the worker has judged it.
pub fn sheet(answer: &str) -> Result<Vec<Row>, String> {
    let row = |json: Json| {
        let mut f = json.fields()?;
        Ok(Row { name: f.text("name")?, verdict: f.text("verdict")?, said: f.text("said")?, steps: f.text("steps")? })
    };
    let rows = json::read(answer)?.fields()?.find("rows").map_or(Ok(Vec::new()), Json::list)?;
    rows.into_iter().map(row).collect()
}

/// What the interviewer asks, and what the runs say of lines of the sheet, by their names.
pub type Card = (Vec<FollowUp>, Vec<(String, String)>);

pub fn card(answer: &str) -> Result<Card, String> {
    let one = |json: Json| {
        let mut f = json.fields()?;
        let seed = f.find("seed").and_then(|json| if let Json::Int(n) = json { u64::try_from(n).ok() } else { None });
        Ok(FollowUp { ask: f.text("ask")?, answer: f.text("answer")?, because: f.text("because")?, seed })
    };
    let measured = |json: Json| {
        let mut f = json.fields()?;
        Ok((f.text("name")?, f.text("said")?))
    };
    let mut f = json::read(answer)?.fields()?;
    let asked: Result<_, String> = f.take("asked")?.list()?.into_iter().map(one).collect();
    let measured: Result<_, String> = f.take("measured")?.list()?.into_iter().map(measured).collect();
    Ok((asked?, measured?))
}

impl Interview {
    /// What is left on the clock, as one reads it.
    pub fn left(&self, minutes: u64) -> String {
        let left = (minutes * 60) as i64 - self.spent as i64;
        let (sign, left) = (if left < 0 { "−" } else { "" }, left.unsigned_abs());
        format!("{sign}{}:{:02}", left / 60, left % 60)
    }

    pub fn rate(&mut self, skill: usize, level: u64) {
        if self.ratings.len() <= skill {
            self.ratings.resize(skill + 1, 0);
        }
        self.ratings[skill] = level;
    }

    pub fn write(&self) -> String {
        let number = |n: u64| Json::Int(n as i64);
        let text = |t: &String| Json::Text(t.clone());
        let entries = self.entries.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let mut out = String::new();
        let phase = self.phase.map_or(Json::Null, |phase| number(phase as u64));
        let fields = vec![
            ("phase", phase),
            ("spent", number(self.spent)),
            ("asked", Json::List(self.asked.iter().map(|n| number(*n as u64)).collect())),
            ("entries", Json::Map(entries)),
            ("notes", Json::List(self.notes.iter().map(text).collect())),
            ("ratings", Json::List(self.ratings.iter().copied().map(number).collect())),
            ("answered", Json::List(self.answered.iter().copied().map(Json::Bool).collect())),
        ];
        Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).write(&mut out);
        out
    }

    /// What was kept; the clock stands. Nothing, if it cannot be read.
    pub fn read(text: &str) -> Interview {
        Interview::parsed(text).unwrap_or_default()
    }

    fn parsed(text: &str) -> Option<Interview> {
        let mut f = json::read(text).ok()?.fields().ok()?;
        let int = |json: Json| if let Json::Int(n) = json { u64::try_from(n).ok() } else { None };
        let phase = f.find("phase").and_then(int).map(|phase| phase as usize).filter(|phase| *phase < PHASES.len());
        let numbers = |json: Json| json.list().ok()?.into_iter().map(int).collect::<Option<Vec<u64>>>();
        let entries = f.take("entries").ok()?.fields().ok()?.rest();
        let notes: Vec<String> =
            f.take("notes").ok()?.list().ok()?.into_iter().filter_map(|note| note.text().ok()).collect();
        let answered = f.take("answered").ok()?.list().ok()?;
        Some(Interview {
            phase,
            spent: f.number("spent").ok()?,
            running: false,
            asked: numbers(f.take("asked").ok()?)?.into_iter().map(|n| n as usize).collect(),
            entries: entries.into_iter().filter_map(|(name, value)| Some((name, value.text().ok()?))).collect(),
            notes: notes.try_into().ok()?,
            ratings: numbers(f.take("ratings").ok()?)?,
            answered: std::array::from_fn(|i| answered.get(i) == Some(&Json::Bool(true))),
        })
    }
}

/// A report to keep, as Markdown.
pub fn report(desk: &Desk, exercise: &Exercise) -> String {
    let own = &desk.interview;
    let mut out = format!("# {}\n\n{} of {} minutes\n", exercise.title(), own.spent / 60, exercise.minutes());
    out += "\n## Score\n\n";
    let lines = desk.scores.lines();
    if lines.is_empty() {
        out += "Not graded.\n";
    }
    for line in &lines {
        let sign = if line.met { "met" } else { "missed" };
        out += &format!(
            "- {sign}: {} ({} of {}; {}; worst {}, seed {})\n",
            line.text, line.good, line.all, line.margin, line.worst, line.worst_seed
        );
    }
    if let Some(seen) = &desk.seen {
        out += &format!("\nCost: {} units a month.\n", grouped(seen.cost as i64));
        if let Some(found) = seen.bottleneck() {
            out += &format!("{}. {}\n", found.title, found.evidence);
        }
    }
    out += "\n## Questions asked\n\n";
    for (i, (ask, answer, _)) in exercise.questions().into_iter().enumerate() {
        if own.asked.contains(&i) {
            out += &format!("- {ask} {answer}\n");
        }
    }
    out += "\n## Estimation\n\n";
    for quantity in exercise.sheet() {
        let entry = own.entries.get(quantity.name).map_or(quantity.given, String::as_str);
        let judged = desk.sheet.iter().find(|row| row.name == quantity.name).map_or("", |row| row.said.as_str());
        let measured = desk.measured(quantity.name).map_or(String::new(), |said| format!(" The runs: {said}."));
        out += &format!("- {}: {} {judged}{measured}\n", quantity.label, if entry.is_empty() { "–" } else { entry });
    }
    if !desk.follow_ups.is_empty() {
        out += "\n## What the interviewer asked\n\n";
    }
    for of in &desk.follow_ups {
        let because = if of.because.is_empty() { String::new() } else { format!(" ({})", of.because) };
        out += &format!("- {}{because} {}\n", of.ask, of.answer);
    }
    for (i, (_, title)) in PHASES.iter().enumerate().filter(|(i, _)| !own.notes[*i].is_empty()) {
        out += &format!("\n## {title}\n\n{}\n", own.notes[i]);
    }
    out += "\n## Self-rating\n\n";
    for (i, (skill, levels)) in exercise.rubric().into_iter().enumerate() {
        let level = own.ratings.get(i).copied().unwrap_or(0) as usize;
        let words = level.checked_sub(1).and_then(|at| levels.get(at)).copied().unwrap_or("not rated");
        out += &format!("- {skill}: {level} of {} ({words})\n", levels.len());
    }
    out + &format!("\n## The design\n\n```toml\n{}```\n", desk.text)
}
