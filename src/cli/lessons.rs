//! `faultline lessons check`.

use super::{FAILED, print};
use crate::base::codec;
use crate::lesson::draft::{self, Draft};
use crate::lesson::gallery::{self, Gallery};
use crate::lesson::glossary::{self, Glossary, Shared};
use crate::lesson::{Finding, check, course, exercises, hunts, pack};
use crate::load::{Design, Plan};
use crate::protocols;
use crate::sim::scenario::Blueprint;
use crate::wire::{GalleryEntry, SourceFile};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Seeds that an exercise is proved over.
const SEEDS: u64 = 20;

/// Checks a folder of lessons; or one lesson's, or one exercise's, which can be played on more seeds.
pub fn check(folder: &Path, seeds: Option<u64>) -> Result<ExitCode, String> {
    let files = files(folder)?;
    let has = |name: &str| files.iter().any(|file| file.name == name);
    let place = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let slug = place.file_name().unwrap_or_default().to_string_lossy();
    let report = match (has(draft::LESSON), seeds) {
        _ if has(exercises::TASK) => {
            let mut report = check::Report::default();
            exercises::check_one(&slug, &files, 0..seeds.unwrap_or(SEEDS), &super::design::facts, &mut report);
            report
        }
        (true, seeds) => {
            let shared = place.parent().map(shared).transpose()?.unwrap_or_default();
            let seeds = seeds.unwrap_or(check::SEEDS);
            let (_, report) = check::check_lesson_over(&slug, &files, &shared, protocols::all(), seeds);
            check::Report { lessons: 1, ..report }
        }
        (false, None) => whole(&files),
        (false, Some(_)) => return Err("--seeds goes with the folder of one lesson or exercise".into()),
    };
    for finding in &report.findings {
        print(&format!("{}/{finding}\n", folder.display()));
    }
    let (lessons, goals, runs, findings) = (report.lessons, report.goals, report.runs, report.findings.len());
    let exercises = report.exercises;
    print(&format!("{lessons} lessons, {goals} goals, {exercises} exercises, {runs} runs: {findings} findings\n"));
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// All lessons and exercises of a folder.
fn whole(files: &[SourceFile]) -> check::Report {
    let mut report = check::check(files, protocols::all());
    let mut proved = check::Report::default();
    exercises::check(&under(files, exercises::FOLDER), 0..SEEDS, &super::design::facts, &mut proved);
    report.runs += proved.runs;
    report.exercises = proved.exercises;
    report.findings.extend(proved.findings.into_iter().map(|finding| finding.under(exercises::FOLDER)));
    report
}

/// The terms that all lessons of a folder share; none without a glossary.
fn shared(folder: &Path) -> Result<Shared, String> {
    let file = folder.join(glossary::FILE);
    let Ok(text) = std::fs::read_to_string(&file) else { return Ok(Shared::new()) };
    let read = Glossary::read(&SourceFile { name: glossary::FILE.into(), text });
    read.map(|glossary| glossary.shared()).map_err(|finding| format!("{}/{finding}", folder.display()))
}

/// The lessons of a folder, read; the first that cannot be read is the error.
pub fn drafts(folder: &Path) -> Result<Vec<Draft>, String> {
    let files = files(folder)?;
    let shared = Glossary::find(&files).transpose().map_err(|finding| format!("{}/{finding}", folder.display()))?;
    let shared = shared.as_ref().map(Glossary::shared).unwrap_or_default();
    let mut drafts = Vec::new();
    for slug in
        slugs(&files).into_iter().filter(|slug| ![gallery::FOLDER, hunts::FOLDER, exercises::FOLDER].contains(slug))
    {
        let draft = Draft::read_with(&under(&files, slug), &shared, protocols::all());
        drafts.push(draft.map_err(|findings| complaints(folder, slug, findings))?);
    }
    Ok(drafts)
}

/// The lesson that a new one begins as: small, whole, with a comment on each part, and proved by the check.
const TEMPLATE: [(&str, &str); 6] = [
    ("lesson.toml", include_str!("template/lesson.toml")),
    ("prose.md", include_str!("template/prose.md")),
    ("solution.toml", include_str!("template/solution.toml")),
    ("scenarios/quiet.toml", include_str!("template/scenarios/quiet.toml")),
    ("scenarios/busy.toml", include_str!("template/scenarios/busy.toml")),
    ("scenarios/group.toml", include_str!("template/scenarios/group.toml")),
];

/// Writes a new lesson and lists it in the catalogue.
pub fn begin(folder: &Path, slug: &str, id: &str) -> Result<ExitCode, String> {
    let plain = !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let number = id.split('.').count() == 2 && id.split('.').all(|part| part.parse::<u32>().is_ok());
    if !plain || !number {
        return Err("a lesson's name has small letters, digits and hyphens only; its number is CHAPTER.NUMBER".into());
    }
    let place = folder.join(slug);
    if place.exists() {
        return Err(format!("{} is there already", place.display()));
    }
    for (name, text) in TEMPLATE {
        let own = text.replace("CHAPTER.NUMBER", id).replace("\"SLUG\"", &format!("\"{slug}\""));
        write(&place.join(name), own.as_bytes())?;
    }
    let catalogue = folder.join(check::CATALOGUE);
    let text = std::fs::read_to_string(&catalogue).map_err(|error| format!("{}: {error}", catalogue.display()))?;
    let drafts = drafts(folder)?;
    let all: Vec<&Draft> = drafts.iter().collect();
    let listed = course::complete(&text, &all).map_err(|finding| finding.to_string())?;
    let text = serde_json::to_string_pretty(&listed).map_err(|error| error.to_string())? + "\n";
    write(&catalogue, text.as_bytes())?;
    print(&format!(
        "{} passes the check as it is: change it step by step, as docs/authoring.md says.\n",
        place.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The folders of a folder of lessons.
fn slugs(files: &[SourceFile]) -> BTreeSet<&str> {
    files.iter().filter_map(|f| Some(f.name.split_once('/')?.0)).collect()
}

fn complaints(folder: &Path, slug: &str, findings: Vec<Finding>) -> String {
    let lines = findings.into_iter().map(|f| format!("{}/{}", folder.display(), f.under(slug)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Packs the lessons for the page. A lesson that cannot be read stops it; what a long check would find does not.
pub fn pack(folder: &Path, into: &Path) -> Result<ExitCode, String> {
    let files = files(folder)?;
    let complain = |slug: &str, findings: Vec<Finding>| complaints(folder, slug, findings);
    let glossary = Glossary::find(&files).transpose().map_err(|finding| format!("{}/{finding}", folder.display()))?;
    let shared = glossary.as_ref().map(Glossary::shared).unwrap_or_default();
    let (mut drafts, mut scenarios) = (Vec::new(), Vec::new());
    for slug in slugs(&files) {
        let own = under(&files, slug);
        if slug == exercises::FOLDER {
            let exercises = exercises::read_all(&own).map_err(|findings| complain(slug, findings))?;
            for (name, bytes) in exercises::pack(&exercises) {
                write(&into.join(slug).join(name), &bytes)?;
            }
            continue;
        }
        if slug == gallery::FOLDER {
            let gallery = Gallery::read(&own, protocols::all()).map_err(|findings| complain(slug, findings))?;
            write(&into.join(gallery::PACK), &codec::to_bytes(&gallery.shelf))?;
            let title = |entry: &GalleryEntry| (entry.slug.clone(), entry.sheet.title.clone());
            scenarios = gallery.shelf.gallery.iter().map(title).collect();
            continue;
        }
        if slug == hunts::FOLDER {
            let hunts = hunts::read(&own, protocols::all()).map_err(|findings| complain(slug, findings))?;
            write(&into.join(hunts::PACK), hunts::pack(&hunts).as_bytes())?;
            continue;
        }
        let draft = Draft::read_with(&own, &shared, protocols::all()).map_err(|findings| complain(slug, findings))?;
        let pack = draft.pack().map_err(|finding| complain(slug, vec![finding]))?;
        write(&into.join(slug).join(pack::FILE), &pack.to_bytes())?;
        drafts.push(draft);
    }
    designs(folder, into)?;
    if let Some(home) = files.iter().find(|f| f.name == check::HOME) {
        let blueprint = Blueprint::read(home, protocols::all())?;
        write(&into.join("home.json"), blueprint.scenario.to_json().as_bytes())?;
    }
    if let Some(catalogue) = files.iter().find(|f| f.name == check::CATALOGUE) {
        let found = |findings: Vec<Finding>| {
            let lines = findings.iter().map(|finding| format!("{}/{finding}", folder.display()));
            lines.collect::<Vec<_>>().join("\n")
        };
        let all: Vec<&Draft> = drafts.iter().collect();
        let catalogue = course::complete(&catalogue.text, &all).map_err(|finding| found(vec![finding]))?;
        let lessons = course::in_order(&catalogue, &drafts);
        let text = serde_json::to_string(&catalogue).map_err(|error| error.to_string())?;
        write(&into.join(check::CATALOGUE), text.as_bytes())?;
        write(&into.join(course::PACK), &codec::to_bytes(&course::pack(&lessons)))?;
        if let Some(glossary) = &glossary {
            let glossary = glossary.pack(&lessons, &scenarios).map_err(found)?;
            write(&into.join(glossary::PACK), &codec::to_bytes(&glossary))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of a folder, by their names in it.
pub fn under(files: &[SourceFile], folder: &str) -> Vec<SourceFile> {
    let of = |f: &SourceFile| {
        let name = f.name.strip_prefix(folder)?.strip_prefix('/')?.to_owned();
        Some(SourceFile { name, text: f.text.clone() })
    };
    files.iter().filter_map(of).collect()
}

/// Exercises and designs to begin with, as they are written, and a list of them: the board reads both. A design that cannot
/// be run stops it; exercises were read before.
fn designs(folder: &Path, into: &Path) -> Result<(), String> {
    let from = folder.join(exercises::FOLDER);
    let Ok(entries) = std::fs::read_dir(&from) else { return Ok(()) };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort_by_key(|path| (!path.is_dir(), path.clone()));
    let mut list = Vec::new();
    for path in paths {
        let file = if path.is_dir() { path.join("exercise.toml") } else { path.clone() };
        if file.extension().is_none_or(|end| end != "toml") || !file.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        if !path.is_dir() {
            let design = Design::read(&file.display().to_string(), &text)?;
            Plan::new(&design).map_err(|why| format!("{}: {why}", file.display()))?;
        }
        let title =
            toml::from_str::<toml::Table>(&text).ok().and_then(|table| table.get("title")?.as_str().map(str::to_owned));
        let slug = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        write(&into.join(exercises::FOLDER).join(format!("{slug}.toml")), text.as_bytes())?;
        list.push(serde_json::json!({ "slug": slug, "title": title.unwrap_or_else(|| slug.clone()) }));
    }
    write(&into.join("designs.json"), serde_json::Value::Array(list).to_string().as_bytes())
}

/// Writes only what changed, so that a watching server does not start over.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(wrong)?;
    std::fs::write(path, bytes).map_err(wrong)
}

/// All files of a folder of lessons, by their paths within it.
pub fn files(folder: &Path) -> Result<Vec<SourceFile>, String> {
    let mut files = Vec::new();
    read(folder, folder, &mut files)?;
    Ok(files)
}

/// Every file under `folder`, named relative to `top` with `/`, in order.
fn read(top: &Path, folder: &Path, files: &mut Vec<SourceFile>) -> Result<(), String> {
    let wrong = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let entries = std::fs::read_dir(folder).map_err(|e| wrong(folder, e))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(top, &path, files)?;
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(&path, e))?;
        let parts = path.strip_prefix(top).unwrap_or(&path).components();
        let name = parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        files.push(SourceFile { name, text });
    }
    Ok(())
}
