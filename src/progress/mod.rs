//! Layer 2, pure: the learner's saved progress. Versioned; read and written as JSON text.
//!
//! Nothing is silently dropped: a text that cannot be read (corrupt, or of a newer build) is handed back to be set aside
//! under [`ASIDE_KEY`], where the page offers it for download.

mod named;
pub mod review;
pub mod settings;

pub use named::Named;

use crate::base::json::{self, Fields, Json};

pub const VERSION: u32 = 3;
/// The key in local storage.
pub const KEY: &str = "faultline.progress";
/// Where a text that cannot be read is kept.
pub const ASIDE_KEY: &str = "faultline.progress.aside";
/// A saved run that met a goal is kept up to so many bytes; beyond, only that the goal was met.
pub const RUN_BYTES_MAX: usize = 200_000;
/// Of the learner's own words so many characters are kept for each question.
pub const WORDS_MAX: usize = 4_000;
/// The name under which a lesson keeps what the learner explained back, and when that was looked at again.
pub const EXPLAIN: &str = "explain";
/// Of a card so many looks are kept, the last ones.
const LOOKS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Progress {
    pub version: u32,
    /// Where the learner was last.
    #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
    pub position: Option<Position>,
    /// What a class link fixed. Since version 3.
    #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
    pub class: Option<Class>,
    /// By the lesson's slug.
    #[cfg_attr(test, serde(default))]
    pub lessons: Named<LessonProgress>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Position {
    pub slug: String,
    /// From 0.
    pub step: u32,
}

/// A teacher's list of lessons, and the seed under which all of the class play them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Class {
    pub seed: u32,
    pub lessons: Vec<String>,
}

/// One look at a card: when, in milliseconds since 1970, and how well it was known, 1 to 4 (again, hard, good, easy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct Recall(pub u64, pub u8);

/// Steps, predictions and goals are named by their ids, which are stable: `step`, `step/prediction`, `step/goal`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct LessonProgress {
    #[cfg_attr(test, serde(default))]
    pub answers: Named<Answer>,
    #[cfg_attr(test, serde(default))]
    pub goals: Named<GoalMet>,
    /// Hints opened, by step.
    #[cfg_attr(test, serde(default))]
    pub hints: Named<u32>,
    /// The learner's own words on an interviewer's question: `step/follow-up`. Since version 2.
    #[cfg_attr(test, serde(default))]
    pub words: Named<String>,
    /// What came back for review: `step/prediction`, or [`EXPLAIN`]; the first look is the prediction itself. Since version 3.
    #[cfg_attr(test, serde(default))]
    pub looks: Named<Vec<Recall>>,
    /// The last step was reached and left by "Finish".
    #[cfg_attr(test, serde(default))]
    pub finished: bool,
}

/// A prediction that the learner committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Answer {
    pub option: u32,
    /// How sure, in percent, 50 to 100.
    pub confidence: u8,
    /// What the run said, once it was asked.
    #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
    pub truth: Option<u32>,
}

/// A goal that was met, with the run that met it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct GoalMet {
    /// Simulated time in microseconds.
    pub at_us: u64,
    /// The sentence that said so.
    pub sentence: String,
    /// Scenario, seed and command log as JSON; empty if it was too long to keep.
    #[cfg_attr(test, serde(default))]
    pub run: String,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { version: VERSION, position: None, class: None, lessons: Named::default() }
    }
}

impl Progress {
    /// Reads a saved text. The error is a sentence; the caller sets the text aside.
    pub fn read(text: &str) -> Result<Progress, String> {
        let wrong = |error: String| format!("the saved progress cannot be read ({error})");
        let mut fields = json::read(text).and_then(Json::fields).map_err(wrong)?;
        match fields.number::<u32>("version").map_err(wrong)? {
            // Version 1 had no words of the learner, version 2 no reviews and no class; what they have is read as it is.
            1 | 2 | VERSION => read_fields(fields).map_err(wrong),
            newer if newer > VERSION => Err(format!(
                "the saved progress is of a newer version ({newer}; this page knows {VERSION}); reload to get the newer page"
            )),
            other => Err(format!("the saved progress has the unknown version {other}")),
        }
    }

    pub fn to_text(&self) -> String {
        let mut fields = vec![field("version", int(self.version))];
        if let Some(position) = &self.position {
            let place = vec![field("slug", text(&position.slug)), field("step", int(position.step))];
            fields.push(field("position", Json::Map(place)));
        }
        if let Some(class) = &self.class {
            let lessons = class.lessons.iter().map(|slug| text(slug)).collect();
            let class = vec![field("seed", int(class.seed)), field("lessons", Json::List(lessons))];
            fields.push(field("class", Json::Map(class)));
        }
        fields.push(field("lessons", map(&self.lessons, LessonProgress::to_json)));
        let mut out = String::new();
        Json::Map(fields).write(&mut out);
        out
    }

    /// Takes in what another progress has beyond this one. What both have stays as it is here.
    pub fn merge(&mut self, other: Progress) {
        for (slug, theirs) in other.lessons {
            let mine = self.lessons.or_insert(slug, LessonProgress::default());
            for (key, answer) in theirs.answers {
                mine.answers.or_insert(key, answer);
            }
            for (key, goal) in theirs.goals {
                mine.goals.or_insert(key, goal);
            }
            for (key, hints) in theirs.hints {
                let opened = mine.hints.or_insert(key, 0);
                *opened = (*opened).max(hints);
            }
            for (key, words) in theirs.words {
                mine.words.or_insert(key, words);
            }
            for (key, looks) in theirs.looks {
                let mine = mine.looks.or_insert(key, Vec::new());
                mine.extend(looks);
                mine.sort_unstable();
                mine.dedup();
                forget_oldest(mine);
            }
            mine.finished |= theirs.finished;
        }
        self.position = self.position.take().or(other.position);
        self.class = self.class.take().or(other.class);
    }

    /// Takes in what another tab wrote; `base` is what both began with. Of words that only the other changed its own stand;
    /// words that both changed are kept both.
    pub fn join(&mut self, theirs: Progress, base: &Progress) {
        for (slug, lesson) in theirs.lessons.iter() {
            let mine = self.lessons.or_insert(slug.into(), LessonProgress::default());
            let known = base.lesson(slug);
            for (key, words) in lesson.words.iter() {
                let known = known.and_then(|l| l.words.get(key)).map_or("", String::as_str);
                let own = mine.words.or_insert(key.into(), String::new());
                if words == known || own == words {
                    continue;
                }
                let both = if own == known { words.clone() } else { format!("{own}\n{words}") };
                *own = both.chars().take(WORDS_MAX).collect();
            }
            for (key, answer) in lesson.answers.iter() {
                if let Some(own) = mine.answers.get_mut(key).filter(|own| own.option == answer.option) {
                    own.truth = own.truth.or(answer.truth);
                }
            }
        }
        self.merge(theirs);
    }

    pub fn lesson(&self, slug: &str) -> Option<&LessonProgress> {
        self.lessons.get(slug)
    }

    pub fn lesson_mut(&mut self, slug: &str) -> &mut LessonProgress {
        self.lessons.or_insert(slug.into(), LessonProgress::default())
    }
}

fn field(name: &str, value: Json) -> (String, Json) {
    (name.into(), value)
}

fn int(n: impl Into<i64>) -> Json {
    Json::Int(n.into())
}

fn text(words: &str) -> Json {
    Json::Text(words.into())
}

fn map<T>(of: &Named<T>, value: impl Fn(&T) -> Json) -> Json {
    Json::Map(of.iter().map(|(name, item)| (name.into(), value(item))).collect())
}

/// A map with free names; absent is empty.
fn read_map<T>(value: Option<Json>, read: impl Fn(Json) -> Result<T, String>) -> Result<Named<T>, String> {
    let fields = value.map_or(Ok(Vec::new()), |value| value.fields().map(Fields::rest))?;
    let mut map = Named::default();
    for (name, value) in fields {
        map.insert(name, read(value)?);
    }
    Ok(map)
}

fn read_fields(mut fields: Fields) -> Result<Progress, String> {
    let position = match fields.find("position") {
        Some(value) => {
            let mut place = value.fields()?;
            let position = Position { slug: place.text("slug")?, step: place.number("step")? };
            place.done()?;
            Some(position)
        }
        None => None,
    };
    let class = match fields.find("class") {
        Some(value) => {
            let mut fields = value.fields()?;
            let lessons = fields.take("lessons")?.list()?.into_iter().map(Json::text);
            let class = Class { lessons: lessons.collect::<Result<_, String>>()?, seed: fields.number("seed")? };
            fields.done()?;
            Some(class)
        }
        None => None,
    };
    let lessons = read_map(fields.find("lessons"), |value| LessonProgress::read(value.fields()?))?;
    fields.done()?;
    Ok(Progress { version: VERSION, position, class, lessons })
}

impl LessonProgress {
    fn to_json(&self) -> Json {
        Json::Map(vec![
            field("answers", map(&self.answers, Answer::to_json)),
            field("goals", map(&self.goals, GoalMet::to_json)),
            field("hints", map(&self.hints, |opened| int(*opened))),
            field("words", map(&self.words, |words| text(words))),
            field("looks", map(&self.looks, |looks| Json::List(looks.iter().copied().map(Recall::to_json).collect()))),
            field("finished", Json::Bool(self.finished)),
        ])
    }

    fn read(mut fields: Fields) -> Result<LessonProgress, String> {
        let count = |value| match value {
            Json::Int(n) => u32::try_from(n).map_err(|_| "a number of hints is out of range".to_owned()),
            _ => Err("a number of hints is not a number".to_owned()),
        };
        let lesson = LessonProgress {
            answers: read_map(fields.find("answers"), |value| Answer::read(value.fields()?))?,
            goals: read_map(fields.find("goals"), |value| GoalMet::read(value.fields()?))?,
            hints: read_map(fields.find("hints"), count)?,
            words: read_map(fields.find("words"), Json::text)?,
            looks: read_map(fields.find("looks"), |value| value.list()?.into_iter().map(Recall::read).collect())?,
            finished: match fields.find("finished") {
                None => false,
                Some(Json::Bool(finished)) => finished,
                Some(_) => return Err("\"finished\" is neither true nor false".into()),
            },
        };
        fields.done()?;
        Ok(lesson)
    }
}

impl Recall {
    fn to_json(self) -> Json {
        Json::List(vec![Json::Int(i64::try_from(self.0).unwrap_or(i64::MAX)), int(self.1)])
    }

    fn read(value: Json) -> Result<Recall, String> {
        let wrong = || "a look is not a time and a rating from 1 to 4".to_owned();
        match value.list()?.as_slice() {
            [Json::Int(at), Json::Int(rating @ 1..=4)] => {
                Ok(Recall(u64::try_from(*at).map_err(|_| wrong())?, *rating as u8))
            }
            _ => Err(wrong()),
        }
    }
}

fn forget_oldest(looks: &mut Vec<Recall>) {
    let beyond = looks.len().saturating_sub(LOOKS_MAX);
    looks.drain(..beyond);
}

impl Answer {
    fn to_json(&self) -> Json {
        let mut fields = vec![field("option", int(self.option)), field("confidence", int(self.confidence))];
        fields.extend(self.truth.map(|truth| field("truth", int(truth))));
        Json::Map(fields)
    }

    fn read(mut fields: Fields) -> Result<Answer, String> {
        let truth = if let Some(value) = fields.find("truth") {
            let Json::Int(n) = value else { return Err("\"truth\" is not a number".into()) };
            Some(u32::try_from(n).map_err(|_| "\"truth\" is out of range".to_owned())?)
        } else {
            None
        };
        let answer = Answer { option: fields.number("option")?, confidence: fields.number("confidence")?, truth };
        fields.done()?;
        Ok(answer)
    }
}

impl GoalMet {
    fn to_json(&self) -> Json {
        let at = Json::Int(self.at_us.min(i64::MAX as u64) as i64);
        Json::Map(vec![field("at_us", at), field("sentence", text(&self.sentence)), field("run", text(&self.run))])
    }

    fn read(mut fields: Fields) -> Result<GoalMet, String> {
        let run = fields.find("run").map_or(Ok(String::new()), Json::text)?;
        let met = GoalMet { at_us: fields.number("at_us")?, sentence: fields.text("sentence")?, run };
        fields.done()?;
        Ok(met)
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

    /// Keeps the learner's words, up to a bound.
    pub fn write(&mut self, key: &str, words: &str) {
        *self.words.or_insert(key.into(), String::new()) = words.chars().take(WORDS_MAX).collect();
    }

    /// Notes that a card was looked at.
    pub fn look(&mut self, key: &str, look: Recall) {
        let looks = self.looks.or_insert(key.into(), Vec::new());
        looks.push(look);
        looks.sort_unstable();
        forget_oldest(looks);
    }

    /// What the run said of a prediction. The first time, that is its first look as a card.
    pub fn decide(&mut self, key: &str, truth: u32, at_ms: u64) {
        let Some(answer) = self.answers.get_mut(key) else { return };
        if answer.truth.replace(truth).is_none() {
            let rating = review::first_rating(answer.option == truth, answer.confidence);
            self.look(key, Recall(at_ms, rating));
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

    /// The forms of all versions, as they lie in learners' browsers: they must stay readable for ever.
    #[test]
    fn versions_are_pinned() {
        let third = r#"{"version":3,"position":{"slug":"one","step":3},"class":{"seed":7,"lessons":["one","two"]},"lessons":{"one":{"answers":{"kill/who":{"option":1,"confidence":70,"truth":1}},"goals":{"kill/lost":{"at_us":5,"sentence":"down","run":"{}"}},"hints":{},"words":{"explain":"a majority"},"looks":{"kill/who":[[1764000000000,3],[1764300000000,4]]},"finished":false}}}"#;
        let mut progress = sample();
        progress.class = Some(Class { seed: 7, lessons: vec!["one".into(), "two".into()] });
        let lesson = progress.lesson_mut("one");
        lesson.decide("kill/who", 1, 1_764_000_000_000);
        lesson.decide("kill/who", 1, 1_764_100_000_000);
        lesson.look("kill/who", Recall(1_764_300_000_000, 4));
        lesson.write(EXPLAIN, "a majority");
        assert_eq!(Progress::read(third), Ok(progress.clone()));
        assert_eq!(progress.to_text(), third);

        let second = r#"{"version":2,"position":{"slug":"one","step":3},"lessons":{"one":{"answers":{"kill/who":{"option":1,"confidence":70}},"goals":{"kill/lost":{"at_us":5,"sentence":"down","run":"{}"}},"hints":{},"words":{"end/why":"<b>quorum</b>"},"finished":false}}}"#;
        let mut progress = sample();
        progress.lesson_mut("one").write("end/why", "<b>quorum</b>");
        assert_eq!(Progress::read(second), Ok(progress));

        let pinned = r#"{"version":1,"position":{"slug":"one","step":3},"lessons":{"one":{"answers":{"kill/who":{"option":1,"confidence":70}},"goals":{"kill/lost":{"at_us":5,"sentence":"down","run":"{}"}},"hints":{},"finished":false}}}"#;
        assert_eq!(Progress::read(pinned), Ok(sample()));
    }

    /// Written by hand to keep the page small: held to what `serde_json` makes of the same types.
    #[test]
    fn agrees_with_serde_json() {
        let mut progress = sample();
        let lesson = progress.lesson_mut("one");
        lesson.hints.insert("kill".into(), 2);
        lesson.write("end/why", "a \"majority\"");
        lesson.finished = true;
        lesson.decide("kill/who", 0, 12);
        progress.class = Some(Class { seed: 3, lessons: vec!["one".into()] });
        for progress in [progress, Progress::default()] {
            let theirs = serde_json::to_string(&progress).expect("plain data");
            assert_eq!(progress.to_text(), theirs);
            assert_eq!(Progress::read(&theirs), Ok(progress.clone()));
            assert_eq!(serde_json::from_str::<Progress>(&progress.to_text()).ok(), Some(progress));
        }
        let least = r#"{"version":3,"lessons":{"x":{}}}"#;
        assert_eq!(Progress::read(least).ok(), serde_json::from_str(least).ok());
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
            ("{\"version\":3,\"lessons\":{\"a\":{\"looks\":{\"b\":[[1,5]]}}}}", "a rating from 1 to 4"),
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
        theirs.lesson_mut("one").write("end/why", "theirs");
        mine.lesson_mut("one").write("end/why", "mine");
        theirs.lesson_mut("two").finished = true;
        mine.merge(theirs);
        assert_eq!(mine.lessons["one"].answers["kill/who"].option, 1);
        assert_eq!(mine.lessons["one"].answers["cost/more"].option, 2);
        assert_eq!(mine.lessons["one"].words["end/why"], "mine");
        assert!(mine.lessons["two"].finished);
        assert_eq!(mine.position.map(|p| p.step), Some(3));
    }

    /// Two tabs that know nothing of each other but what is stored.
    #[test]
    fn two_tabs_lose_nothing() {
        let base = {
            let mut base = sample();
            base.lesson_mut("one").write("end/why", "a");
            base
        };
        let (mut mine, mut theirs) = (base.clone(), base.clone());
        mine.lesson_mut("one").answer("cost/more", 2, 60);
        theirs.lesson_mut("one").write("end/why", "ab");
        theirs.lesson_mut("one").answers.get_mut("kill/who").expect("answered").truth = Some(1);
        theirs.lesson_mut("two").finished = true;
        mine.lesson_mut("one").look("kill/who", Recall(5, 3));
        theirs.lesson_mut("one").look("kill/who", Recall(9, 1));
        theirs.lesson_mut("one").look("kill/who", Recall(5, 3));
        mine.join(theirs.clone(), &base);
        assert_eq!(mine.lessons["one"].looks["kill/who"], [Recall(5, 3), Recall(9, 1)], "all looks, each once");
        assert_eq!(mine.lessons["one"].words["end/why"], "ab", "only they changed it");
        assert_eq!(mine.lessons["one"].answers["kill/who"].truth, Some(1));
        assert_eq!(mine.lessons["one"].answers["cost/more"].option, 2);
        assert!(mine.lessons["two"].finished);
        // What I changed and they did not stays mine; what both changed is kept both.
        let base = theirs.clone();
        mine.lesson_mut("one").write("end/why", "abc");
        mine.join(theirs.clone(), &base);
        assert_eq!(mine.lessons["one"].words["end/why"], "abc");
        theirs.lesson_mut("one").write("end/why", "xab");
        mine.join(theirs, &base);
        assert_eq!(mine.lessons["one"].words["end/why"], "abc\nxab");
    }

    #[test]
    fn words_are_bounded() {
        let mut lesson = LessonProgress::default();
        lesson.write("a/b", &"é".repeat(WORDS_MAX + 1));
        assert_eq!(lesson.words["a/b"].chars().count(), WORDS_MAX);
    }

    #[test]
    fn a_run_too_long_to_keep_leaves_the_goal_met() {
        let mut lesson = LessonProgress::default();
        lesson.meet("a/b", GoalMet { at_us: 1, sentence: String::new(), run: "x".repeat(RUN_BYTES_MAX + 1) });
        assert_eq!(lesson.goals["a/b"].run, "");
    }
}
