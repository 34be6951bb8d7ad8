//! The catalogue agrees with the lessons that exist.

use super::CATALOGUE;
use crate::lesson::draft::{Draft, LESSON, PROSE, SCENARIOS};
use crate::lesson::finding::Finding;
use crate::wire::{Catalogue, CatalogueEntry, SourceFile};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: u32 = 1;

/// `lessons` by folder; none for a lesson that could not be read.
pub fn check(file: Option<&SourceFile>, lessons: &BTreeMap<&str, Option<Draft>>) -> Vec<Finding> {
    let Some(file) = file else { return vec![Finding::of(CATALOGUE, "this file is missing")] };
    let catalogue: Catalogue = match serde_json::from_str(&file.text) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            let line = Some(error.line() as u32);
            return vec![Finding { file: CATALOGUE.into(), line, message: error.to_string() }];
        }
    };
    let mut findings = Vec::new();
    if catalogue.version != VERSION {
        let message = format!("version {} is not known; accepted: {VERSION}", catalogue.version);
        findings.push(Finding::of(CATALOGUE, message));
    }
    let entries = || catalogue.chapters.iter().flat_map(|chapter| &chapter.lessons);
    let mut seen = BTreeSet::new();
    for chapter in &catalogue.chapters {
        for entry in &chapter.lessons {
            let line = line_of_slug(&file.text, &entry.slug);
            let mut wrong = |message: String| findings.push(Finding { file: CATALOGUE.into(), line, message });
            if entry.id.split('.').next() != Some(chapter.number.to_string().as_str()) {
                wrong(format!("lesson {} stands in chapter {}", entry.id, chapter.number));
            }
            for slug in entry.needs.iter().filter(|slug| !seen.contains(slug.as_str())) {
                wrong(format!("needs \"{slug}\", which is no lesson before it"));
            }
            if !seen.insert(entry.slug.as_str()) {
                wrong(format!("\"{}\" is there twice", entry.slug));
            }
            match lessons.get(entry.slug.as_str()) {
                None => wrong(format!("there is no folder \"{}\"", entry.slug)),
                Some(None) => {}
                Some(Some(lesson)) => differences(entry, &expected(lesson)).into_iter().for_each(wrong),
            }
        }
    }
    for folder in lessons.keys().filter(|folder| entries().all(|entry| entry.slug != **folder)) {
        findings.push(Finding::of(CATALOGUE, format!("the lesson in \"{folder}\" is not listed")));
    }
    findings
}

fn line_of_slug(text: &str, slug: &str) -> Option<u32> {
    let place = text.lines().position(|line| line.contains("\"slug\"") && line.contains(&format!("\"{slug}\"")));
    place.map(|i| i as u32 + 1)
}

/// The entry that a lesson should have, but for what it builds upon, which only the catalogue says.
pub fn expected(lesson: &Draft) -> CatalogueEntry {
    let file = &lesson.file;
    let scenarios = lesson.scenarios.keys().map(|name| format!("{SCENARIOS}{name}"));
    CatalogueEntry {
        id: file.id.get_ref().clone(),
        slug: file.slug.get_ref().clone(),
        title: file.title.clone(),
        question: file.question.clone(),
        minutes: file.minutes,
        steps: file.steps.len() as u32,
        needs: Vec::new(),
        goals: file.steps.iter().map(|step| step.get_ref().goals.len() as u32).sum(),
        files: [LESSON, PROSE].map(String::from).into_iter().chain(scenarios).collect(),
    }
}

fn differences(entry: &CatalogueEntry, lesson: &CatalogueEntry) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |name: &str, listed: String, is: String| {
        if listed != is {
            found.push(format!("{name} is {listed} here and {is} in the lesson"));
        }
    };
    compare("id", entry.id.clone(), lesson.id.clone());
    compare("title", entry.title.clone(), lesson.title.clone());
    compare("question", entry.question.clone(), lesson.question.clone());
    compare("minutes", entry.minutes.to_string(), lesson.minutes.to_string());
    compare("steps", entry.steps.to_string(), lesson.steps.to_string());
    compare("goals", entry.goals.to_string(), lesson.goals.to_string());
    let sorted = |files: &[String]| files.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    compare("files", sorted(&entry.files).join(", "), sorted(&lesson.files).join(", "));
    found
}
