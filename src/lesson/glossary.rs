//! The glossary of all lessons: `glossary.toml`, one line a term, with the sentence that explains it, the source of that, and
//! the step of a lesson or the ready scenario that shows it. A lesson's own sentence on a term goes before this one.
//!
//! When the page is built it is packed by itself ([`Glossary::pack`]): it is fetched when somebody opens it. What a lesson's
//! texts link is packed with the lesson too.

use super::draft::Draft;
use super::finding::{Finding, read_toml};
use crate::view::route::Route;
use crate::wire::{self, SourceCard, SourceFile};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

pub const FILE: &str = "glossary.toml";
/// What the page fetches.
pub const PACK: &str = "glossary.pack";
const VERSION: u32 = 1;
/// Fewer leave a learner without an answer too often.
const TERMS_MIN: usize = 150;
/// Words of the sentence about a term.
const WORDS: std::ops::RangeInclusive<usize> = 6..=40;

/// What a lesson needs of it: the sentence of each term, by its key.
pub type Shared = BTreeMap<String, String>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GlossaryFile {
    version: Spanned<u32>,
    #[serde(rename = "source")]
    sources: BTreeMap<String, Spanned<SourceLine>>,
    #[serde(rename = "term")]
    terms: BTreeMap<String, Spanned<TermLine>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceLine {
    text: String,
    url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermLine {
    /// How it is written; absent: its key with spaces for hyphens.
    name: Option<String>,
    text: String,
    /// The source's id, then the section: "raft §5.2".
    source: String,
    /// A step of a lesson, `lesson/step`; or
    step: Option<String>,
    /// a scenario of the gallery.
    scenario: Option<String>,
}

/// The glossary as it was written.
#[derive(Clone, Debug)]
pub struct Glossary {
    text: String,
    file: GlossaryFile,
}

impl Glossary {
    pub fn read(file: &SourceFile) -> Result<Glossary, Finding> {
        let read: GlossaryFile = read_toml(FILE, &file.text)?;
        if *read.version.get_ref() != VERSION {
            let message = format!("version {} is not known; accepted: {VERSION}", read.version.get_ref());
            return Err(Finding::at(FILE, &file.text, read.version.span(), message));
        }
        Ok(Glossary { text: file.text.clone(), file: read })
    }

    /// Of the files of the lessons' folder: none where there is no glossary.
    pub fn find(files: &[SourceFile]) -> Option<Result<Glossary, Finding>> {
        files.iter().find(|file| file.name == FILE).map(Glossary::read)
    }

    pub fn shared(&self) -> Shared {
        self.file.terms.iter().map(|(key, term)| (key.clone(), term.get_ref().text.clone())).collect()
    }

    /// As the page shows it, with every step that links a term; the lessons are in the order of the course, the scenarios
    /// by their names and titles.
    pub fn pack(&self, lessons: &[&Draft], scenarios: &[(String, String)]) -> Result<wire::Glossary, Vec<Finding>> {
        let ids: Vec<&String> = self.file.sources.keys().collect();
        let mut findings = Vec::new();
        let mut terms = Vec::new();
        for (key, line) in &self.file.terms {
            let term = line.get_ref();
            let (id, section) = term.source.split_once(' ').unwrap_or((&term.source, ""));
            let source = ids.iter().position(|known| *known == id);
            if source.is_none() || section.is_empty() {
                let message = format!("{key}: source is a [source] and its section, as in \"raft §5.2\"");
                findings.push(Finding::at(FILE, &self.text, line.span(), message));
            }
            let mut places = match place(term, lessons, scenarios) {
                Ok(place) => vec![place],
                Err(why) => {
                    findings.push(Finding::at(FILE, &self.text, line.span(), format!("{key}: {why}")));
                    Vec::new()
                }
            };
            for used in uses(key, lessons) {
                if !places.contains(&used) {
                    places.push(used);
                }
            }
            terms.push(wire::Term {
                key: key.clone(),
                name: name(key, term),
                text: term.text.clone(),
                source: source.unwrap_or_default() as u32,
                section: section.to_owned(),
                places,
            });
        }
        terms.sort_by_key(|term| (term.name.to_lowercase(), term.key.clone()));
        let card = |(id, line): (&String, &Spanned<SourceLine>)| SourceCard {
            id: id.clone(),
            text: line.get_ref().text.clone(),
            url: line.get_ref().url.clone(),
        };
        let sources = self.file.sources.iter().map(card).collect();
        if findings.is_empty() { Ok(wire::Glossary { terms, sources }) } else { Err(findings) }
    }

    /// Terms are many, each one sentence and once; every link goes somewhere, and every source is used.
    pub fn check(&self, lessons: &[&Draft], scenarios: &[(String, String)]) -> Vec<Finding> {
        let mut findings = match self.pack(lessons, scenarios) {
            Ok(_) => Vec::new(),
            Err(findings) => findings,
        };
        let mut wrong = |span: std::ops::Range<usize>, message: String| {
            findings.push(Finding::at(FILE, &self.text, span, message));
        };
        let count = self.file.terms.len();
        if count < TERMS_MIN {
            wrong(self.file.version.span(), format!("{count} terms; at least {TERMS_MIN}"));
        }
        let (mut names, mut texts, mut sources) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (key, line) in &self.file.terms {
            let term = line.get_ref();
            if !key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                wrong(line.span(), format!("{key}: a key has small letters, digits and hyphens only"));
            }
            if !names.insert(name(key, term).to_lowercase()) || !texts.insert(term.text.as_str()) {
                wrong(line.span(), format!("{key}: its name or its sentence is there twice"));
            }
            let words = term.text.split_whitespace().count();
            if !term.text.ends_with('.') || !WORDS.contains(&words) {
                let message = format!("{key}: {words} words; one sentence of {} to {}", WORDS.start(), WORDS.end());
                wrong(line.span(), message);
            }
            sources.insert(term.source.split(' ').next().unwrap_or_default());
        }
        for (id, line) in self.file.sources.iter().filter(|(id, _)| !sources.contains(id.as_str())) {
            wrong(line.span(), format!("no term has the source {id}"));
        }
        findings
    }
}

fn name(key: &str, term: &TermLine) -> String {
    term.name.clone().unwrap_or_else(|| key.replace('-', " "))
}

/// The words of a link to a step, and its address.
fn step_link(lesson: &Draft, index: usize) -> (String, String) {
    let file = &lesson.file;
    let words = format!("{} {}: {}", file.id.get_ref(), file.title, file.steps[index].get_ref().title);
    (words, Route::Lesson(file.slug.get_ref().clone(), index as u32).href())
}

/// Where the author says that a term is shown.
fn place(term: &TermLine, lessons: &[&Draft], scenarios: &[(String, String)]) -> Result<(String, String), String> {
    match (&term.step, &term.scenario) {
        (Some(step), None) => {
            let (slug, id) = step.split_once('/').ok_or("step is LESSON/STEP, by their names")?;
            let lesson = lessons.iter().find(|lesson| lesson.file.slug.get_ref() == slug);
            let lesson = lesson.ok_or_else(|| format!("there is no lesson \"{slug}\""))?;
            let index = lesson.file.steps.iter().position(|step| step.get_ref().id == id);
            let ids = || lesson.file.steps.iter().map(|s| s.get_ref().id.as_str()).collect::<Vec<_>>().join(", ");
            let index = index.ok_or_else(|| format!("{slug} has no step \"{id}\"; it has: {}", ids()))?;
            Ok(step_link(lesson, index))
        }
        (None, Some(slug)) => {
            let found = scenarios.iter().find(|(known, _)| known == slug);
            let (_, title) = found.ok_or_else(|| format!("the gallery has no scenario \"{slug}\""))?;
            Ok((format!("Sandbox: {title}"), Route::Sandbox(slug.clone()).href()))
        }
        _ => Err("a term has either a step that uses or shows it, or a scenario".into()),
    }
}

/// The steps whose prose links a term.
fn uses(key: &str, lessons: &[&Draft]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for lesson in lessons {
        for (index, blocks) in lesson.prose.iter().enumerate() {
            let mut links = false;
            super::prose::each_inline(&mut blocks.clone(), &mut |inline| {
                links |= matches!(inline, wire::Inline::Term(_, term) if term == key);
            });
            if links {
                found.push(step_link(lesson, index));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(terms: &str) -> Glossary {
        let text = format!("version = 1\n[source]\na = {{ text = \"A paper.\" }}\n[term]\n{terms}");
        Glossary::read(&SourceFile { name: FILE.into(), text }).expect("it reads")
    }

    #[test]
    fn what_is_wrong_with_a_term_names_its_line() {
        let scenarios = [("split-vote".to_owned(), "A split vote".to_owned())];
        let good = "quorum = { text = \"A set that meets every other such set somewhere.\", source = \"a §1\", scenario = \"split-vote\" }\n";
        let page = glossary(good).pack(&[], &scenarios).expect("it packs");
        assert_eq!(page.terms[0].places, [("Sandbox: A split vote".to_owned(), "#/sandbox/split-vote".to_owned())]);
        for (line, says) in [
            (
                "x = { text = \"One two three four five six.\", source = \"b §1\", scenario = \"split-vote\" }",
                "source is a",
            ),
            (
                "x = { text = \"One two three four five six.\", source = \"a\", scenario = \"split-vote\" }",
                "source is a",
            ),
            ("x = { text = \"One two three four five six.\", source = \"a §1\", scenario = \"none\" }", "no scenario"),
            ("x = { text = \"One two three four five six.\", source = \"a §1\", step = \"one/two\" }", "no lesson"),
            ("x = { text = \"One two three four five six.\", source = \"a §1\" }", "either a step"),
            ("x = { text = \"Too short.\", source = \"a §1\", scenario = \"split-vote\" }", "one sentence of"),
            (
                "X = { text = \"One two three four five six.\", source = \"a §1\", scenario = \"split-vote\" }",
                "small letters",
            ),
            (
                "x = { name = \"Quorum\", text = \"One two three four five six.\", source = \"a §1\", scenario = \"split-vote\" }",
                "twice",
            ),
        ] {
            let findings = glossary(&format!("{good}{line}\n")).check(&[], &scenarios);
            let found = findings.iter().any(|f| f.line == Some(6) && f.message.contains(says));
            assert!(found, "{line}: {findings:?}");
        }
        let twice = format!("version = 1\n[source]\n[term]\n{good}{good}");
        assert!(Glossary::read(&SourceFile { name: FILE.into(), text: twice }).is_err());
    }
}
