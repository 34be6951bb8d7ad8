//! `faultline lessons check`.

use super::{FAILED, print};
use crate::lesson::check;
use crate::protocols;
use crate::wire::SourceFile;
use std::path::Path;
use std::process::ExitCode;

pub fn check(folder: &Path) -> Result<ExitCode, String> {
    let mut files = Vec::new();
    read(folder, folder, &mut files)?;
    let report = check::check(&files, protocols::all());
    for finding in &report.findings {
        print(&format!("{}/{finding}\n", folder.display()));
    }
    let (lessons, goals, runs, findings) = (report.lessons, report.goals, report.runs, report.findings.len());
    print(&format!("{lessons} lessons, {goals} goals, {runs} runs: {findings} findings\n"));
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
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
