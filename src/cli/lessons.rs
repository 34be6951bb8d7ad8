//! `faultline lessons check`.

use super::{FAILED, print};
use crate::base::codec;
use crate::lesson::draft::Draft;
use crate::lesson::gallery::{self, Gallery};
use crate::lesson::{Finding, check, exercises, hunts, pack};
use crate::protocols;
use crate::sim::scenario::Blueprint;
use crate::wire::SourceFile;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Seeds that an exercise is proved over.
const SEEDS: u64 = 40;

pub fn check(folder: &Path) -> Result<ExitCode, String> {
    let files = files(folder)?;
    let mut report = check::check(&files, protocols::all());
    let mut proved = check::Report::default();
    exercises::check(&under(&files, exercises::FOLDER), 0..SEEDS, &super::design::facts, &mut proved);
    report.runs += proved.runs;
    report.exercises = proved.exercises;
    report.findings.extend(proved.findings.into_iter().map(|finding| finding.under(exercises::FOLDER)));
    for finding in &report.findings {
        print(&format!("{}/{finding}\n", folder.display()));
    }
    let (lessons, goals, runs, findings) = (report.lessons, report.goals, report.runs, report.findings.len());
    let exercises = report.exercises;
    print(&format!("{lessons} lessons, {goals} goals, {exercises} exercises, {runs} runs: {findings} findings\n"));
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Packs the lessons for the page. A lesson that cannot be read stops it; what a long check would find does not.
pub fn pack(folder: &Path, into: &Path) -> Result<ExitCode, String> {
    let files = files(folder)?;
    let complain = |slug: &str, findings: Vec<Finding>| {
        let lines = findings.into_iter().map(|f| format!("{}/{}", folder.display(), f.under(slug)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let slugs: BTreeSet<&str> = files.iter().filter_map(|f| Some(f.name.split_once('/')?.0)).collect();
    for slug in slugs {
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
            continue;
        }
        if slug == hunts::FOLDER {
            let hunts = hunts::read(&own, protocols::all()).map_err(|findings| complain(slug, findings))?;
            write(&into.join(hunts::PACK), hunts::pack(&hunts).as_bytes())?;
            continue;
        }
        let draft = Draft::read(&own, protocols::all()).map_err(|findings| complain(slug, findings))?;
        let pack = draft.pack().map_err(|finding| complain(slug, vec![finding]))?;
        write(&into.join(slug).join(pack::FILE), &pack.to_bytes())?;
    }
    if let Some(home) = files.iter().find(|f| f.name == check::HOME) {
        let blueprint = Blueprint::read(home, protocols::all())?;
        write(&into.join("home.json"), blueprint.scenario.to_json().as_bytes())?;
    }
    if let Some(catalogue) = files.iter().find(|f| f.name == check::CATALOGUE) {
        write(&into.join(check::CATALOGUE), catalogue.text.as_bytes())?;
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
