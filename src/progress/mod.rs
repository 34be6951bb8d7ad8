//! Layer 2, pure: what a learner has done, in a versioned form that is kept in the browser and in files.
//!
//! Steps, predictions and goals are named by their ids, so that a lesson may gain steps without losing anyone's work.
//! A goal that was met keeps the run that met it (scenario, seed and commands): it can be opened again.
//! What cannot be read is never overwritten: the reader says why, and the caller sets it aside.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Raise it with every change of the form, and add the way from the last version to [`read`].
pub const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    pub version: u32,
    /// Where the learner was last.
    pub position: Option<Position>,
    /// By slug.
    pub lessons: BTreeMap<String, LessonProgress>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub lesson: String,
    pub step: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonProgress {
    /// Ids of the steps that were opened.
    pub seen: BTreeSet<String>,
    /// By "step/prediction".
    pub answers: BTreeMap<String, Answer>,
    /// By "step/goal".
    pub goals: BTreeMap<String, Met>,
    /// By the measurement's id: what was chosen, and whether every requirement was met.
    pub measures: BTreeMap<String, Measured>,
    /// The runs that met goals.
    pub runs: Vec<String>,
    /// The last step was reached with all goals met.
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub option: u32,
    /// Per cent, 50 to 100.
    pub confidence: u32,
    /// The option that turned out true.
    pub truth: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Met {
    /// The sentence that says by what.
    pub sentence: String,
    pub row: u64,
    pub at_us: u64,
    /// Index into the lesson's runs.
    pub run: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub choices: Vec<u32>,
    pub passed: bool,
}

/// Why a text is not progress that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// From a later Faultline.
    Newer(u32),
    Corrupt(String),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unreadable::Newer(version) => {
                write!(f, "it was written by a newer Faultline (version {version}; this one reads up to {VERSION})")
            }
            Unreadable::Corrupt(why) => write!(f, "it is damaged ({why})"),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress { version: VERSION, position: None, lessons: BTreeMap::new() }
    }
}

/// Reads what [`Progress::write`] wrote, now or in an earlier version.
pub fn read(text: &str) -> Result<Progress, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    let corrupt = |error: serde_json::Error| Unreadable::Corrupt(error.to_string());
    let head: Head = serde_json::from_str(text).map_err(corrupt)?;
    match head.version {
        VERSION => {
            let progress: Progress = serde_json::from_str(text).map_err(corrupt)?;
            progress.check().map_err(Unreadable::Corrupt)?;
            Ok(progress)
        }
        newer if newer > VERSION => Err(Unreadable::Newer(newer)),
        older => Err(Unreadable::Corrupt(format!("version {older} never was"))),
    }
}

impl Progress {
    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("progress is plain data")
    }

    fn check(&self) -> Result<(), String> {
        for (slug, lesson) in &self.lessons {
            if lesson.goals.values().any(|met| met.run as usize >= lesson.runs.len()) {
                return Err(format!("a goal of {slug} names a run that is not there"));
            }
        }
        Ok(())
    }

    pub fn lesson(&self, slug: &str) -> Option<&LessonProgress> {
        self.lessons.get(slug)
    }

    fn lesson_mut(&mut self, slug: &str) -> &mut LessonProgress {
        self.lessons.entry(slug.to_owned()).or_default()
    }

    pub fn answer(&self, slug: &str, step: &str, prediction: &str) -> Option<&Answer> {
        self.lesson(slug)?.answers.get(&key(step, prediction))
    }

    pub fn met(&self, slug: &str, step: &str, goal: &str) -> Option<&Met> {
        self.lesson(slug)?.goals.get(&key(step, goal))
    }

    pub fn visit(&mut self, slug: &str, step: u32, id: &str) {
        self.position = Some(Position { lesson: slug.to_owned(), step });
        self.lesson_mut(slug).seen.insert(id.to_owned());
    }

    /// Keeps an answer. The first one counts: a later one is ignored.
    pub fn predict(&mut self, slug: &str, step: &str, prediction: &str, answer: Answer) {
        self.lesson_mut(slug).answers.entry(key(step, prediction)).or_insert(answer);
    }

    /// Notes which option turned out true.
    pub fn outcome(&mut self, slug: &str, step: &str, prediction: &str, truth: u32) {
        if let Some(answer) = self.lesson_mut(slug).answers.get_mut(&key(step, prediction)) {
            answer.truth = Some(truth);
        }
    }

    /// Notes a goal with the run that met it. The first time counts.
    pub fn meet(&mut self, slug: &str, step: &str, goal: &str, (row, at_us, sentence): (u64, u64, String), run: &str) {
        let lesson = self.lesson_mut(slug);
        if lesson.goals.contains_key(&key(step, goal)) {
            return;
        }
        let place = lesson.runs.iter().position(|r| r == run).unwrap_or_else(|| {
            lesson.runs.push(run.to_owned());
            lesson.runs.len() - 1
        });
        lesson.goals.insert(key(step, goal), Met { sentence, row, at_us, run: place as u32 });
    }

    pub fn measured(&mut self, slug: &str, id: &str, choices: Vec<u32>, passed: bool) {
        let measured = self.lesson_mut(slug).measures.entry(id.to_owned()).or_insert(Measured { choices: vec![], passed });
        measured.choices = choices;
        measured.passed |= passed;
    }

    pub fn finish(&mut self, slug: &str) {
        self.lesson_mut(slug).done = true;
    }

    /// Takes over what another copy has and this one has not. Nothing is lost.
    pub fn merge(&mut self, other: Progress) {
        self.position = self.position.take().or(other.position);
        for (slug, theirs) in other.lessons {
            let ours = self.lesson_mut(&slug);
            ours.done |= theirs.done;
            ours.seen.extend(theirs.seen);
            for (name, answer) in theirs.answers {
                ours.answers.entry(name).or_insert(answer);
            }
            for (name, measured) in theirs.measures {
                ours.measures.entry(name).or_insert(measured);
            }
            for (name, met) in theirs.goals {
                if !ours.goals.contains_key(&name) {
                    let run = &theirs.runs[met.run as usize];
                    let place = ours.runs.iter().position(|r| r == run).unwrap_or_else(|| {
                        ours.runs.push(run.clone());
                        ours.runs.len() - 1
                    });
                    ours.goals.insert(name, Met { run: place as u32, ..met });
                }
            }
        }
    }
}

fn key(step: &str, what: &str) -> String {
    format!("{step}/{what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Progress {
        let mut progress = Progress::default();
        progress.visit("one", 2, "kill");
        progress.predict("one", "kill", "p1", Answer { option: 1, confidence: 70, truth: None });
        progress.outcome("one", "kill", "p1", 2);
        progress.meet("one", "kill", "g1", (12, 900, "n1 crashed".into()), "{run a}");
        progress.meet("one", "kill", "g2", (14, 950, "refused".into()), "{run a}");
        progress.measured("one", "cost", vec![1, 0], true);
        progress
    }

    #[test]
    fn reads_back() {
        let progress = some();
        assert_eq!(read(&progress.write()), Ok(progress.clone()));
        assert_eq!(progress.lesson("one").unwrap().runs.len(), 1, "goals of one run share it");
        assert_eq!(progress.answer("one", "kill", "p1").unwrap().truth, Some(2));
    }

    /// The form of version 1, as it lies in learners' browsers: it must stay readable for ever.
    #[test]
    fn version_1_is_pinned() {
        let text = r#"{"version":1,"position":{"lesson":"one","step":2},"lessons":{"one":{"seen":["kill"],"answers":{"kill/p1":{"option":1,"confidence":70,"truth":2}},"goals":{"kill/g1":{"sentence":"n1 crashed","row":12,"at_us":900,"run":0},"kill/g2":{"sentence":"refused","row":14,"at_us":950,"run":0}},"measures":{"cost":{"choices":[1,0],"passed":true}},"runs":["{run a}"],"done":false}}}"#;
        assert_eq!(read(text), Ok(some()));
        assert_eq!(some().write(), text);
    }

    #[test]
    fn says_why_it_cannot_read() {
        assert_eq!(read(r#"{"version":2,"anything":[]}"#), Err(Unreadable::Newer(2)));
        for bad in ["", "{", "null", r#"{"version":1}"#, r#"{"version":0}"#] {
            assert!(matches!(read(bad), Err(Unreadable::Corrupt(_))), "{bad}");
        }
        let mut progress = some();
        progress.lessons.get_mut("one").unwrap().runs.clear();
        assert!(matches!(read(&progress.write()), Err(Unreadable::Corrupt(_))));
    }

    #[test]
    fn the_first_answer_counts() {
        let mut progress = some();
        progress.predict("one", "kill", "p1", Answer { option: 0, confidence: 100, truth: None });
        assert_eq!(progress.answer("one", "kill", "p1").unwrap().option, 1);
        progress.meet("one", "kill", "g1", (99, 99, "again".into()), "{run b}");
        assert_eq!(progress.lesson("one").unwrap().runs.len(), 1);
    }

    #[test]
    fn merging_loses_nothing() {
        let mut ours = Progress::default();
        ours.meet("one", "kill", "g3", (1, 1, "earlier".into()), "{run z}");
        ours.merge(some());
        ours.merge(some());
        let lesson = ours.lesson("one").unwrap();
        assert_eq!((lesson.goals.len(), lesson.runs.len(), lesson.answers.len()), (3, 2, 1));
        assert_eq!(lesson.runs[lesson.goals["kill/g2"].run as usize], "{run a}");
        assert_eq!(read(&ours.write()), Ok(ours));
    }
}
