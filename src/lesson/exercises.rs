//! Design exercises: `designs/<slug>/` has `exercise.toml`, and designs that are accepted or must fail, each a file of
//! `accepted/` or `wrong/`. Such a file is a design's graph with a table `about`: a title, why it is good or must fail, of a
//! wrong one the requirement that it misses; and, if it is another one changed, the name of that one and what it lacks of it.
//!
//! The check proves an exercise: what can be read off it (dimensions of the sheet, follow-ups that nothing gives cause for),
//! and over seeds that every accepted design meets all requirements, and every wrong one misses what it is said to miss.

use super::check::Report;
use super::finding::{Finding, line_of, read_toml};
use crate::base::codec;
use crate::load::design::VERSION;
use crate::load::exercise::{Exercise, Listed, PHASES, Reference, Task};
use crate::load::grade::{Facts, Grader, conditions, measure};
use crate::load::{Design, Plan, sheet};
use crate::wire::SourceFile;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::{Table, Value};

/// The folder beside the lessons.
pub const FOLDER: &str = "designs";
/// What the page fetches: this, and a file for each exercise.
pub const LIST: &str = "list.bin";
pub const TASK: &str = "exercise.toml";
/// Requests that a seed may have.
const REQUESTS_MAX: u64 = 30_000;

/// The table `about` of a design that ships.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct About {
    title: String,
    why: String,
    fails: Option<String>,
    /// The accepted one that this is, changed.
    from: Option<String>,
    /// What it lacks of that: "caches.memory".
    #[serde(default)]
    remove: Vec<String>,
}

/// Runs seeds; the command line does so on several threads.
pub type Sweep<'s> = &'s dyn Fn(&Grader, Range<u64>) -> Result<Vec<Facts>, String>;

/// One after another.
pub fn one_by_one(grader: &Grader, seeds: Range<u64>) -> Result<Vec<Facts>, String> {
    seeds.map(|seed| grader.seed(seed)).collect()
}

/// All exercises of the folder.
///
/// # Errors
/// All that is wrong with them.
pub fn read_all(files: &[SourceFile]) -> Result<Vec<Exercise>, Vec<Finding>> {
    let (mut exercises, mut findings) = (Vec::new(), Vec::new());
    for (slug, files) in folders(files) {
        match read(&slug, &files) {
            Ok(exercise) => exercises.push(exercise),
            Err(wrong) => findings.extend(wrong.into_iter().map(|finding| finding.under(&slug))),
        }
    }
    if findings.is_empty() { Ok(exercises) } else { Err(findings) }
}

/// The files of each exercise; designs that lie beside them are examples.
fn folders(files: &[SourceFile]) -> BTreeMap<String, Vec<SourceFile>> {
    let mut folders: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
    for file in files {
        if let Some((slug, name)) = file.name.split_once('/') {
            folders.entry(slug.into()).or_default().push(SourceFile { name: name.into(), text: file.text.clone() });
        }
    }
    folders
}

/// What the page fetches, by name: the list, and each exercise.
pub fn pack(exercises: &[Exercise]) -> Vec<(String, Vec<u8>)> {
    let list: Vec<Listed> = exercises.iter().map(Exercise::listed).collect();
    let packed = exercises.iter().map(|exercise| (format!("{}.bin", exercise.slug), exercise.to_bytes()));
    std::iter::once((LIST.to_owned(), codec::to_bytes(&list))).chain(packed).collect()
}

/// One exercise from the files of its folder.
///
/// # Errors
/// All that can be seen without running it.
pub fn read(slug: &str, files: &[SourceFile]) -> Result<Exercise, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let text = files.iter().find(|file| file.name == TASK).map(|file| &file.text);
    let text = text.ok_or_else(|| one(Finding::of(TASK, "this file is missing")))?;
    let task: Task = read_toml(TASK, text).map_err(one)?;
    let mut findings = check_task(&task, text);
    let (mut accepted, mut wrong) = (BTreeMap::new(), BTreeMap::new());
    for file in files {
        let into = match file.name.split_once('/') {
            Some(("accepted", _)) => &mut accepted,
            Some(("wrong", _)) => &mut wrong,
            _ if file.name == TASK => continue,
            _ => {
                findings
                    .push(Finding::of(&file.name, "a stray file; an exercise has exercise.toml, accepted/ and wrong/"));
                continue;
            }
        };
        match table(file) {
            Ok(of) => drop(into.insert(file.name.clone(), of)),
            Err(finding) => findings.push(finding),
        }
    }
    let mut resolve = |which: &BTreeMap<String, (About, Table)>, wrong: bool| {
        let mut references = Vec::new();
        for (name, of) in which {
            let text = files.iter().find(|file| file.name == *name).map_or("", |file| &file.text);
            match reference(name, text, of, &accepted, &task) {
                Ok(reference) => {
                    if reference.fails.is_some() != wrong {
                        let message = if wrong {
                            "about.fails must name the requirement that it misses"
                        } else {
                            "an accepted design fails nothing"
                        };
                        findings.push(Finding::of(name, message));
                    }
                    references.push(reference);
                }
                Err(finding) => findings.push(finding),
            }
        }
        references
    };
    let (good, bad) = (resolve(&accepted, false), resolve(&wrong, true));
    for (name, found, least) in [("accepted", good.len(), 2), ("wrong", bad.len(), 3)] {
        if found < least {
            findings.push(Finding::of(TASK, format!("{name}/ has {found} designs; at least {least} are needed")));
        }
    }
    if findings.is_empty() {
        return Ok(Exercise { slug: slug.to_owned(), task, accepted: good, wrong: bad });
    }
    Err(findings)
}

/// A graph as a learner may have it in a file: with or without the table `about`.
///
/// # Errors
/// The file's name, the line, and what is wrong.
pub fn graph(name: &str, text: &str, exercise: &Exercise) -> Result<Design, String> {
    let file = SourceFile { name: name.to_owned(), text: text.to_owned() };
    let table: Table = read_toml(name, text).map_err(|finding| finding.to_string())?;
    if !table.contains_key("about") {
        return Design::read(name, text);
    }
    let of = self::table(&file).map_err(|finding| finding.to_string())?;
    let Some(from) = &of.0.from else {
        return design(name, text, of.1).map_err(|finding| finding.to_string());
    };
    let all = ["accepted", "wrong"].into_iter().zip([&exercise.accepted, &exercise.wrong]);
    let mut shipped =
        all.flat_map(|(folder, all)| all.iter().map(move |of| (format!("{folder}/{}.toml", of.name), of)));
    match shipped.find(|(file, _)| name.ends_with(file)) {
        Some((_, shipped)) => Ok(shipped.design.clone()),
        None => Err(format!("{name}: only designs of the exercise's folder can be changes of \"{from}\"")),
    }
}

fn table(file: &SourceFile) -> Result<(About, Table), Finding> {
    let mut table: Table = read_toml(&file.name, &file.text)?;
    let about = table.remove("about").ok_or_else(|| Finding::of(&file.name, "the table [about] is missing"))?;
    let about = About::deserialize(about).map_err(|error| placed(&file.name, &file.text, &error.to_string()))?;
    table.entry("version").or_insert(Value::Integer(i64::from(VERSION)));
    Ok((about, table))
}

/// A finding at the line that has the first word in quotes of a message.
fn placed(name: &str, text: &str, message: &str) -> Finding {
    let message = message.trim().replace('`', "\"");
    let word = message.split('"').nth(1).filter(|word| !word.is_empty());
    match word.and_then(|word| text.find(word)) {
        Some(at) => Finding { file: name.into(), line: Some(line_of(text, at)), message },
        None => Finding::of(name, message),
    }
}

fn design(name: &str, text: &str, table: Table) -> Result<Design, Finding> {
    Design::deserialize(Value::Table(table)).map_err(|error| placed(name, text, &error.to_string()))
}

fn reference(
    name: &str,
    text: &str,
    (about, own): &(About, Table),
    accepted: &BTreeMap<String, (About, Table)>,
    task: &Task,
) -> Result<Reference, Finding> {
    let mut table = own.clone();
    if let Some(from) = &about.from {
        let base = accepted.get(&format!("accepted/{from}.toml")).filter(|(about, _)| about.from.is_none());
        let (_, base) = base.ok_or_else(|| {
            placed(name, text, &format!("from = \"{from}\": accepted/ has no whole design of this name"))
        })?;
        let mut changed = base.clone();
        for path in &about.remove {
            let gone = path.split_once('.').and_then(|(kind, of)| changed.get_mut(kind)?.as_table_mut()?.remove(of));
            gone.ok_or_else(|| placed(name, text, &format!("remove: there is no \"{path}\" in \"{from}\"")))?;
        }
        merge(&mut changed, &table);
        table = changed;
    }
    let graph = design(name, text, table)?;
    let whole = task.design(&graph).and_then(|design| Plan::new(&design));
    whole.map_err(|why| placed(name, text, &why))?;
    let short = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".toml");
    if let Some(fails) =
        about.fails.as_ref().filter(|fails| !task.requirements.iter().any(|demand| demand.text == **fails))
    {
        return Err(placed(name, text, &format!("fails = \"{fails}\": the exercise has no such requirement")));
    }
    let (title, why, fails) = (about.title.clone(), about.why.clone(), about.fails.clone());
    Ok(Reference { name: short.to_owned(), title, why, fails, design: graph })
}

/// Tables are put together, everything else replaced.
fn merge(into: &mut Table, more: &Table) {
    for (name, value) in more {
        match (into.get_mut(name), value) {
            (Some(Value::Table(own)), Value::Table(more)) => merge(own, more),
            _ => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

/// What can be seen of a task alone.
fn check_task(task: &Task, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |message: String| findings.push(placed(TASK, text, &message));
    if task.version != VERSION {
        say(format!("version {} is not known; accepted: {VERSION}", task.version));
    }
    if task.brief.is_empty() || task.questions.len() < 4 || task.follow_ups.len() < 3 || task.rubric.len() < 4 {
        say("it has a brief, 4 questions, 3 follow-ups and 4 skills of the rubric at least".into());
    }
    if !task.questions.iter().any(|question| question.decides) {
        say("questions: at least one decides what the design is".into());
    }
    if let Some(skill) = task.rubric.iter().find(|skill| skill.levels.len() < 3) {
        say(format!("rubric: \"{}\" has less than 3 levels", skill.skill));
    }
    if !task.answers.iter().map(|answer| answer.phase.as_str()).eq(PHASES) {
        say(format!("answers: one for each phase, in their order: {}", PHASES.join(", ")));
    }
    for follow in &task.follow_ups {
        if let Err(why) = conditions(&follow.when) {
            say(why);
        }
    }
    for of in task.sheet.iter().filter_map(|of| of.measured.as_ref()) {
        if let Err(why) = measure(of) {
            say(why);
        }
    }
    if let Err(why) = sheet::check(&task.sheet) {
        say(why);
    }
    if task.sheet.iter().filter(|of| of.formula.is_some()).count() < 3 {
        say("sheet: at least 3 quantities are to be estimated".into());
    }
    if task.given.prices.is_empty() {
        say("given.prices: what the prices are taken from, and of when".into());
    }
    findings
}

/// Proves the exercises of the folder over seeds.
pub fn check(files: &[SourceFile], seeds: Range<u64>, sweep: Sweep, report: &mut Report) {
    for file in files.iter().filter(|file| !file.name.contains('/')) {
        let plan = Design::read(&file.name, &file.text).and_then(|design| Plan::new(&design));
        report.findings.extend(plan.err().map(|why| Finding::read(&file.name, &why)));
    }
    for (slug, files) in folders(files) {
        let before = report.findings.len();
        check_one(&slug, &files, seeds.clone(), sweep, report);
        let own = report.findings.split_off(before);
        report.findings.extend(own.into_iter().map(|finding| finding.under(&slug)));
    }
}

/// Proves one exercise, from the files of its folder.
pub fn check_one(slug: &str, files: &[SourceFile], seeds: Range<u64>, sweep: Sweep, report: &mut Report) {
    let findings = match read(slug, files) {
        Ok(exercise) => prove(&exercise, seeds, sweep, report),
        Err(findings) => findings,
    };
    report.findings.extend(findings);
    report.exercises += 1;
}

fn prove(exercise: &Exercise, seeds: Range<u64>, sweep: Sweep, report: &mut Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut asked = BTreeSet::new();
    let folders =
        exercise.accepted.iter().map(|of| ("accepted", of)).chain(exercise.wrong.iter().map(|of| ("wrong", of)));
    for (folder, of) in folders {
        let name = format!("{folder}/{}.toml", of.name);
        let done =
            Grader::new(&of.design, Some(exercise)).and_then(|grader| Ok((sweep(&grader, seeds.clone())?, grader)));
        let (facts, grader) = match done {
            Ok(done) => done,
            Err(why) => {
                findings.push(Finding::of(&name, why));
                continue;
            }
        };
        report.runs += facts.len() as u32;
        let card = grader.card(&facts);
        asked.extend(card.asked.iter().map(|asked| asked.at));
        if card.limit_reached {
            findings.push(Finding::of(&name, "a run had more requests at once than can be held"));
        }
        for line in &card.lines {
            let told = |value: f64| line.unit.told(value);
            let (worst, median, seed) = (told(line.worst), told(line.median), line.worst_seed);
            let seen = format!("in {} of {} seeds; median {median}, worst {worst} in seed {seed}", line.good, line.all);
            if of.fails.is_none() && !line.met {
                findings.push(Finding::of(&name, format!("it should meet \"{}\", and does {seen}", line.text)));
            }
            if of.fails.as_ref() == Some(&line.text) && line.met {
                findings.push(Finding::of(&name, format!("it should miss \"{}\", and meets it {seen}", line.text)));
            }
        }
        if folder == "accepted"
            && let Some(seed) = seeds.clone().next()
        {
            let run = grader.run(seed);
            let all: u64 = run.classes.iter().map(|class| class.asked).sum();
            let all = (all as f64 * grader.plan().duration as f64 / run.measured as f64) as u64;
            if all > REQUESTS_MAX {
                findings.push(Finding::of(TASK, format!("{all} requests in a seed; at most {REQUESTS_MAX}")));
            }
        }
    }
    let never = (0..exercise.task.follow_ups.len()).filter(|at| !asked.contains(at));
    findings.extend(never.map(|at| {
        let when = &exercise.task.follow_ups[at].when;
        Finding::of(TASK, format!("follow-ups: no design that ships gives cause for \"{when}\""))
    }));
    findings
}
