//! `faultline lessons check`.

use super::{FAILED, print};
use crate::base::codec;
use crate::lesson::draft::{self, Draft};
use crate::lesson::gallery::{self, Gallery};
use crate::lesson::hunts;
use crate::lesson::{Finding, check, pack};
use crate::protocols;
use crate::sim::scenario::Blueprint;
use crate::wire::SourceFile;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

const DESIGNS: &str = "designs";

/// Checks a folder of lessons; or one lesson's, whose solutions can be played on more seeds.
pub fn check(folder: &Path, seeds: Option<u64>) -> Result<ExitCode, String> {
    let files = files(folder)?;
    let one = files.iter().any(|file| file.name == draft::LESSON);
    let report = match (one, seeds) {
        (true, seeds) => {
            let whole = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
            let slug = whole.file_name().unwrap_or_default().to_string_lossy();
            let (_, report) = check::check_lesson_over(&slug, &files, protocols::all(), seeds.unwrap_or(check::SEEDS));
            check::Report { lessons: 1, ..report }
        }
        (false, None) => check::check(&files, protocols::all()),
        (false, Some(_)) => return Err("--seeds goes with the folder of one lesson".into()),
    };
    for finding in &report.findings {
        print(&format!("{}/{finding}\n", folder.display()));
    }
    let (lessons, goals, runs, findings) = (report.lessons, report.goals, report.runs, report.findings.len());
    print(&format!("{lessons} lessons, {goals} goals, {runs} runs: {findings} findings\n"));
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
        let of = |f: &SourceFile| {
            let name = f.name.strip_prefix(slug)?.strip_prefix('/')?.to_owned();
            Some(SourceFile { name, text: f.text.clone() })
        };
        let own: Vec<SourceFile> = files.iter().filter_map(of).collect();
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
            // Designs are no lessons: `faultline design` runs them.
            if path != top.join(DESIGNS) {
                read(top, &path, files)?;
            }
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(&path, e))?;
        let parts = path.strip_prefix(top).unwrap_or(&path).components();
        let name = parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        files.push(SourceFile { name, text });
    }
    Ok(())
}
