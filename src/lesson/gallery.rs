//! The gallery: scenarios that are ready to be opened, each with what is seen in it. `gallery/gallery.toml` lists them in
//! the order in which they are shown; each is a plain scenario beside it, which runs on the command line too. What is said
//! of a run is proved by the run, to the letter that the page opens: by way of a form's sheet.

use super::check::Report;
use super::condition::Condition;
use super::finding::{Finding, read_toml};
use super::format::ConditionFile;
use super::goal::{Aim, Goal, GoalRun, Verdict};
use super::{opened, runner};
use crate::base::Micros;
use crate::lesson::spanned::Spanned;
use crate::sim;
use crate::sim::cell::Entry;
use crate::sim::scenario::{Blueprint, Fault, Scenario};
use crate::view::sandbox;
use crate::wire::{GalleryEntry, ProtocolInfo, RowKind, Sheet, Shelf, SourceFile};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The folder beside the lessons, and the list in it.
pub const FOLDER: &str = "gallery";
const LIST: &str = "gallery.toml";
/// What the page fetches.
pub const PACK: &str = "sandbox.pack";
const VERSION: u32 = 1;
/// Fewer are no gallery.
const SCENARIOS_MIN: usize = 12;
/// Letters of a sentence about a scenario.
const LETTERS_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    version: Spanned<u32>,
    #[serde(rename = "scenario")]
    scenarios: Vec<Spanned<EntryFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    /// The scenario's file without its `.toml`, and its name in addresses.
    file: String,
    /// One sentence: why one would look at it.
    why: String,
    /// One sentence: what is seen by `until`.
    outcome: String,
    until: Micros,
    /// The properties that break by then, and no others.
    #[serde(default)]
    breaks: Vec<String>,
    /// What comes to hold by then.
    sees: Vec<Spanned<ConditionFile>>,
    /// A configuration of the CAP lab.
    #[serde(default)]
    cap: bool,
    /// Another run that it is worth to be compared with: what differs.
    versus: Option<Spanned<VersusFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersusFile {
    protocol: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// A gallery that reads, with what must be known to judge it.
pub struct Gallery {
    pub shelf: Shelf,
    text: String,
    list: ListFile,
}

impl Gallery {
    /// Reads the files of the gallery's folder.
    pub fn read(files: &[SourceFile], registry: &[Entry]) -> Result<Gallery, Vec<Finding>> {
        let one = |finding| vec![finding];
        let text = files.iter().find(|file| file.name == LIST).map(|file| file.text.clone());
        let text = text.ok_or_else(|| one(Finding::of(LIST, "this file is missing")))?;
        let list: ListFile = read_toml(LIST, &text).map_err(one)?;
        if *list.version.get_ref() != VERSION {
            let message = format!("version {} is not known; accepted: {VERSION}", list.version.get_ref());
            return Err(one(Finding::at(LIST, &text, list.version.span(), message)));
        }
        let (mut gallery, mut findings) = (Vec::new(), Vec::new());
        for entry in &list.scenarios {
            match read_entry(entry.get_ref(), files, registry) {
                Ok(read) => gallery.push(read),
                Err(finding) if finding.line.is_some() => findings.push(finding),
                Err(finding) => findings.push(Finding::at(LIST, &text, entry.span(), finding.message)),
            }
        }
        let protocols = protocols(&gallery, registry).map_err(|message| {
            findings.push(Finding::of(LIST, message));
            findings.clone()
        })?;
        let mut shelf = Shelf { protocols, gallery };
        let places = if findings.is_empty() { 0..list.scenarios.len() } else { 0..0 };
        for place in places {
            if let Some(versus) = &list.scenarios[place].get_ref().versus {
                match other(&shelf, place, versus.get_ref(), registry) {
                    Ok(sheet) => shelf.gallery[place].versus = Some(sheet),
                    Err(message) => findings.push(Finding::at(LIST, &text, versus.span(), message)),
                }
            }
        }
        if findings.is_empty() { Ok(Gallery { shelf, text, list }) } else { Err(findings) }
    }
}

/// The names of a gallery's scenarios and their titles; none when it cannot be read, which [`check`] tells.
pub fn titles(files: &[SourceFile], registry: &[Entry]) -> Vec<(String, String)> {
    let gallery = Gallery::read(files, registry).map(|gallery| gallery.shelf.gallery).unwrap_or_default();
    gallery.into_iter().map(|entry| (entry.slug, entry.sheet.title)).collect()
}

fn read_entry(entry: &EntryFile, files: &[SourceFile], registry: &[Entry]) -> Result<GalleryEntry, Finding> {
    let name = format!("{}.toml", entry.file);
    let file = files.iter().find(|file| file.name == name && name != LIST);
    let file = file.ok_or_else(|| Finding::of(LIST, format!("there is no {FOLDER}/{name}")))?;
    let blueprint = Blueprint::read(file, registry).map_err(|why| Finding::read(&name, &why))?;
    Ok(GalleryEntry {
        slug: entry.file.clone(),
        why: entry.why.clone(),
        outcome: entry.outcome.clone(),
        until: entry.until,
        sheet: blueprint.scenario.sheet(&blueprint.setup),
        cap: entry.cap,
        versus: None,
    })
}

/// Every protocol with its first scenario.
fn protocols(gallery: &[GalleryEntry], registry: &[Entry]) -> Result<Vec<ProtocolInfo>, String> {
    let info = |entry: &Entry| {
        let describe = (entry.describe)();
        let first = gallery.iter().position(|e| e.sheet.protocol == describe.name);
        let first = first.ok_or_else(|| format!("no scenario of {}: one cannot begin with it", describe.name))?;
        Ok(sim::info(&describe, first as u32))
    };
    registry.iter().map(info).collect()
}

fn other(shelf: &Shelf, place: usize, versus: &VersusFile, registry: &[Entry]) -> Result<Sheet, String> {
    let mut sheet = shelf.gallery[place].sheet.clone();
    if let Some(protocol) = &versus.protocol {
        sheet = sandbox::under(shelf, &sheet, protocol).0;
    }
    for (name, value) in &versus.parameters {
        sandbox::set_parameter(&mut sheet, name, value);
    }
    if sheet == shelf.gallery[place].sheet {
        return Err("nothing differs".into());
    }
    blueprint(&sheet, registry).map_err(|fault| fault.message)?;
    Ok(sheet)
}

fn blueprint(sheet: &Sheet, registry: &[Entry]) -> Result<Blueprint, Fault> {
    Blueprint::resolve(Scenario::of_sheet(sheet, registry)?, registry)
}

/// Checks the gallery's folder: each scenario opens, runs to its end, and shows what is said of it.
pub fn check(files: &[SourceFile], registry: &'static [Entry], report: &mut Report) {
    let gallery = match Gallery::read(files, registry) {
        Ok(gallery) => gallery,
        Err(findings) => return report.findings.extend(findings),
    };
    let listed: BTreeSet<String> = gallery.shelf.gallery.iter().map(|e| format!("{}.toml", e.slug)).collect();
    let stray = files.iter().filter(|file| file.name != LIST && !listed.contains(&file.name));
    report.findings.extend(stray.map(|file| Finding::of(&file.name, format!("{LIST} does not list it"))));
    let count = gallery.shelf.gallery.len();
    if count < SCENARIOS_MIN || listed.len() < count {
        let message = format!("{} different scenarios; at least {SCENARIOS_MIN}, each once", listed.len());
        report.findings.push(Finding::of(LIST, message));
    }
    for (entry, file) in gallery.shelf.gallery.iter().zip(&gallery.list.scenarios) {
        for message in judge(entry, file.get_ref(), registry, report) {
            report.findings.push(Finding::at(LIST, &gallery.text, file.span(), format!("{}: {message}", entry.slug)));
        }
    }
}

/// What is wrong with a scenario and what is said of it.
fn judge(entry: &GalleryEntry, file: &EntryFile, registry: &[Entry], report: &mut Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.slug.is_empty() || !entry.slug.chars().all(slug) {
        wrong.push("a name is small letters, digits and hyphens only".into());
    }
    for words in [&entry.why, &entry.outcome] {
        let letters = words.chars().count();
        if !words.ends_with('.') || letters > LETTERS_MAX {
            wrong.push(format!("“{words}” is not one sentence of {LETTERS_MAX} letters at most"));
        }
    }
    if entry.sheet.title.is_empty() || file.sees.is_empty() {
        wrong.push("it needs a title, and something that is seen".into());
    }
    match run(entry, file, registry) {
        Ok(found) => wrong.extend(found),
        Err(message) => wrong.push(message),
    }
    report.runs += 1;
    wrong
}

fn run(entry: &GalleryEntry, file: &EntryFile, registry: &[Entry]) -> Result<Vec<String>, String> {
    let blueprint = blueprint(&entry.sheet, registry).map_err(|fault| fault.message)?;
    let seen = opened(&blueprint);
    let goal = |condition: &Spanned<ConditionFile>| {
        let goal = Condition::compile(condition, &seen).map_err(|(_, message)| message)?;
        let aim = Aim::Reach { goal, guard: None, hold: None };
        Ok(Goal { after: None, during: None, aim, within: None, met: String::new(), missed: String::new() })
    };
    let goals = file.sees.iter().map(goal).collect::<Result<Vec<Goal>, String>>()?;
    let properties = blueprint.describe.properties.clone();
    let done = runner::run(blueprint, file.until, GoalRun::new(goals))?;
    let refused = done.refused.iter().map(|(entry, why)| format!("the command at {} has no effect: {why}", entry.at));
    let mut wrong: Vec<String> = refused.collect();
    for (place, verdict) in done.goals.verdicts().enumerate() {
        if !matches!(verdict, Verdict::Met { .. }) {
            wrong.push(format!("what sees says in place {} is not seen by {}", place + 1, file.until));
        }
    }
    let violations = done.trace().rows().iter().filter(|rec| rec.kind == RowKind::Violation);
    let broken: BTreeSet<&str> = violations.map(|rec| properties[usize::from(rec.code)].0).collect();
    let told: BTreeSet<&str> = file.breaks.iter().map(String::as_str).collect();
    if broken != told {
        wrong.push(format!("breaks says {told:?}, and the run breaks {broken:?}"));
    }
    Ok(wrong)
}
