//! Layer 2, pure: the learner's saved progress. Versioned; read and written as JSON text.
//!
//! Nothing is silently dropped: a text that cannot be read (corrupt, or of a newer build) is handed back to be set aside
//! under [`ASIDE_KEY`], where the page offers it for download.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const VERSION: u32 = 1;
/// The key in local storage.
pub const KEY: &str = "faultline.progress";
/// Where a text that cannot be read is kept.
pub const ASIDE_KEY: &str = "faultline.progress.aside";
/// A saved run that met a goal is kept up to so many bytes; beyond, only that the goal was met.
pub const RUN_BYTES_MAX: usize = 200_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    pub version: u32,
    /// Where the learner was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// By the lesson's slug.
    #[serde(default)]
    pub lessons: BTreeMap<String, LessonProgress>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub slug: String,
    /// From 0.
    pub step: u32,
}

/// Steps, predictions and goals are named by their ids, which are stable: `step`, `step/prediction`, `step/goal`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonProgress {
    #[serde(default)]
    pub answers: BTreeMap<String, Answer>,
    #[serde(default)]
    pub goals: BTreeMap<String, GoalMet>,
    /// Hints opened, by step.
    #[serde(default)]
    pub hints: BTreeMap<String, u32>,
    /// The last step was reached and left by "Finish".
    #[serde(default)]
    pub finished: bool,
}

/// A prediction that the learner committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub option: u32,
    /// How sure, in percent, 50 to 100.
    pub confidence: u8,
    /// What the run said, once it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<u32>,
}

/// A goal that was met, with the run that met it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalMet {
    /// Simulated time in microseconds.
    pub at_us: u64,
    /// The sentence that said so.
    pub sentence: String,
    /// Scenario, seed and command log as JSON; empty if it was too long to keep.
    #[serde(default)]
    pub run: String,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { version: VERSION, position: None, lessons: BTreeMap::new() }
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Progress {
    /// Reads a saved text. The error is a sentence; the caller sets the text aside.
    pub fn read(text: &str) -> Result<Progress, String> {
        let version = serde_json::from_str::<Versioned>(text)
            .map_err(|error| format!("the saved progress cannot be read ({error})"))?
            .version;
        match version {
            1 => serde_json::from_str(text).map_err(|error| format!("the saved progress cannot be read ({error})")),
            newer if newer > VERSION => Err(format!(
                "the saved progress is of a newer version ({newer}; this page knows {VERSION}); reload to get the newer page"
            )),
            other => Err(format!("the saved progress has the unknown version {other}")),
        }
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("progress is plain data")
    }

    /// Takes in what another progress has beyond this one. What both have stays as it is here.
    pub fn merge(&mut self, other: Progress) {
        for (slug, theirs) in other.lessons {
            let mine = self.lessons.entry(slug).or_default();
            for (key, answer) in theirs.answers {
                mine.answers.entry(key).or_insert(answer);
            }
            for (key, goal) in theirs.goals {
                mine.goals.entry(key).or_insert(goal);
            }
            for (key, hints) in theirs.hints {
                let opened = mine.hints.entry(key).or_default();
                *opened = (*opened).max(hints);
            }
            mine.finished |= theirs.finished;
        }
        self.position = self.position.take().or(other.position);
    }

    pub fn lesson(&self, slug: &str) -> Option<&LessonProgress> {
        self.lessons.get(slug)
    }

    pub fn lesson_mut(&mut self, slug: &str) -> &mut LessonProgress {
        self.lessons.entry(slug.into()).or_default()
    }
}

impl LessonProgress {
    /// Keeps the first time that a goal was met. Says whether that is news.
    pub fn meet(&mut self, key: &str, mut met: GoalMet) -> bool {
        if met.run.len() > RUN_BYTES_MAX {
            met.run.clear();
        }
        match self.goals.get_mut(key) {
            Some(known) if known.run.is_empty() && !met.run.is_empty() => {
                *known = met;
                true
            }
            Some(_) => false,
            None => {
                self.goals.insert(key.into(), met);
                true
            }
        }
    }

    /// Commits to an answer; a prediction is answered once.
    pub fn answer(&mut self, key: &str, option: u32, confidence: u8) -> bool {
        if self.answers.contains_key(key) {
            return false;
        }
        let confidence = confidence.clamp(50, 100);
        self.answers.insert(key.into(), Answer { option, confidence, truth: None });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Progress {
        let position = Some(Position { slug: "one".into(), step: 3 });
        let mut progress = Progress { position, ..Progress::default() };
        let lesson = progress.lesson_mut("one");
        assert!(lesson.answer("kill/who", 1, 70));
        assert!(!lesson.answer("kill/who", 2, 90), "an answer stands");
        assert!(lesson.meet("kill/lost", GoalMet { at_us: 5, sentence: "down".into(), run: "{}".into() }));
        assert!(!lesson.meet("kill/lost", GoalMet { at_us: 9, sentence: "again".into(), run: "{}".into() }));
        progress
    }

    #[test]
    fn reads_back() {
        let progress = sample();
        assert_eq!(Progress::read(&progress.to_text()), Ok(progress));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, says) in [
            ("", "cannot be read"),
            ("{\"version\":1,\"lessons\":[]}", "cannot be read"),
            ("{\"version\":7,\"cards\":{}}", "newer version (7"),
            ("{\"version\":0}", "unknown version 0"),
            ("{\"version\":1,\"surprise\":1}", "cannot be read"),
        ] {
            let error = Progress::read(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn an_import_adds_and_overwrites_nothing() {
        let mut mine = sample();
        let mut theirs = Progress::default();
        theirs.lesson_mut("one").answer("kill/who", 0, 99);
        theirs.lesson_mut("one").answer("cost/more", 2, 60);
        theirs.lesson_mut("two").finished = true;
        mine.merge(theirs);
        assert_eq!(mine.lessons["one"].answers["kill/who"].option, 1);
        assert_eq!(mine.lessons["one"].answers["cost/more"].option, 2);
        assert!(mine.lessons["two"].finished);
        assert_eq!(mine.position.map(|p| p.step), Some(3));
    }

    #[test]
    fn a_run_too_long_to_keep_leaves_the_goal_met() {
        let mut lesson = LessonProgress::default();
        lesson.meet("a/b", GoalMet { at_us: 1, sentence: String::new(), run: "x".repeat(RUN_BYTES_MAX + 1) });
        assert_eq!(lesson.goals["a/b"].run, "");
    }
}
