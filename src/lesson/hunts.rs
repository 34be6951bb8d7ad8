//! Start scenarios for the search for a counterexample: `hunts/hunts.toml` lists them, each with the planted bug that it is
//! about, the moment from which on to search, how, and the property that breaks. Each is a plain scenario beside the list.
//! That each is found is tested (`tests/hunts.rs`); here it is checked that each bug of the protocols has one.

use super::check::Report;
use super::finding::{Finding, read_toml};
use crate::base::Micros;
use crate::base::json::Json;
use crate::sim::cell::Entry;
use crate::sim::params::ParamKind;
use crate::sim::scenario::Blueprint;
use crate::wire::SourceFile;
use serde::Deserialize;

/// The folder beside the lessons, and the list in it.
pub const FOLDER: &str = "hunts";
const LIST: &str = "hunts.toml";
/// What the page fetches.
pub const PACK: &str = "hunts.json";
const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    version: u32,
    /// Each of their planted bugs has a start scenario.
    protocols: Vec<String>,
    #[serde(rename = "hunt")]
    hunts: Vec<EntryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    /// The scenario's file without its `.toml`.
    file: String,
    bug: String,
    why: String,
    property: String,
    from: Micros,
    /// In the words of `jobs::hunt`.
    search: String,
}

/// A start scenario that reads.
pub struct Hunt {
    pub name: String,
    pub bug: String,
    /// A sentence about what goes wrong.
    pub why: String,
    pub property: String,
    pub from: Micros,
    pub search: String,
    pub blueprint: Blueprint,
}

/// Reads the files of the folder.
///
/// # Errors
/// All that is wrong with them.
pub fn read(files: &[SourceFile], registry: &[Entry]) -> Result<Vec<Hunt>, Vec<Finding>> {
    let one = |message: String| vec![Finding::of(LIST, message)];
    let text = files.iter().find(|file| file.name == LIST).map(|file| &file.text);
    let text = text.ok_or_else(|| one("this file is missing".into()))?;
    let list: ListFile = read_toml(LIST, text).map_err(|finding| vec![finding])?;
    if list.version != VERSION {
        return Err(one(format!("version {} is not known; accepted: {VERSION}", list.version)));
    }
    let (mut hunts, mut findings) = (Vec::new(), Vec::new());
    for entry in list.hunts {
        match hunt(entry, files, registry) {
            Ok(hunt) => hunts.push(hunt),
            Err(finding) => findings.push(finding),
        }
    }
    for (protocol, bug) in bugs(&list.protocols, registry) {
        let about = |hunt: &Hunt| hunt.bug == bug && hunt.blueprint.scenario.protocol == protocol;
        if findings.is_empty() && !hunts.iter().any(about) {
            findings.push(Finding::of(LIST, format!("{protocol}'s {bug} has no start scenario")));
        }
    }
    if findings.is_empty() { Ok(hunts) } else { Err(findings) }
}

/// The planted bugs of protocols.
fn bugs(protocols: &[String], registry: &[Entry]) -> Vec<(String, &'static str)> {
    let described = registry.iter().map(|entry| (entry.describe)());
    let of = described.filter(|describe| protocols.iter().any(|name| name == describe.name));
    of.flat_map(|describe| {
        let bugs = describe.params.into_iter().filter(|spec| spec.kind == ParamKind::Bug);
        bugs.map(|spec| (describe.name.to_owned(), spec.name)).collect::<Vec<_>>()
    })
    .collect()
}

fn hunt(entry: EntryFile, files: &[SourceFile], registry: &[Entry]) -> Result<Hunt, Finding> {
    let EntryFile { file, bug, why, property, from, search } = entry;
    let name = format!("{file}.toml");
    let source = files.iter().find(|file| file.name == name);
    let source = source.ok_or_else(|| Finding::of(LIST, format!("there is no {FOLDER}/{name}")))?;
    let blueprint = Blueprint::read(source, registry).map_err(|why| Finding::read(&name, &why))?;
    if !blueprint.scenario.parameters.contains_key(&bug) {
        return Err(Finding::of(&name, format!("{bug} is not planted in it")));
    }
    if blueprint.scenario.title.is_empty() || !why.ends_with('.') {
        return Err(Finding::of(&name, "it needs a title, and a sentence that says why"));
    }
    Ok(Hunt { name: file, bug, why, property, from, search, blueprint })
}

/// What the page reads.
pub fn pack(hunts: &[Hunt]) -> String {
    let text = |text: &str| Json::Text(text.to_owned());
    let one = |hunt: &Hunt| {
        let scenario = &hunt.blueprint.scenario;
        let fields = [
            ("title", text(&scenario.title)),
            ("protocol", text(&scenario.protocol)),
            ("why", text(&hunt.why)),
            ("property", text(&hunt.property)),
            ("from", Json::Int(hunt.from.0 as i64)),
            ("search", text(&hunt.search)),
            ("run", text(&scenario.to_json())),
        ];
        Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let mut out = String::new();
    Json::List(hunts.iter().map(one).collect()).write(&mut out);
    out
}

/// Checks the folder.
pub fn check(files: &[SourceFile], registry: &[Entry], report: &mut Report) {
    match read(files, registry) {
        Ok(hunts) => {
            let listed = |file: &SourceFile| hunts.iter().any(|hunt| format!("{}.toml", hunt.name) == file.name);
            let stray = files.iter().filter(|file| file.name != LIST && !listed(file));
            report.findings.extend(stray.map(|file| Finding::of(&file.name, format!("{LIST} does not list it"))));
        }
        Err(findings) => report.findings.extend(findings),
    }
}
