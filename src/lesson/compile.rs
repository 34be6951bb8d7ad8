//! From what a teacher wrote to a condition that fits a run: names become numbers, bounds get their unit, and whatever
//! has no meaning is an error at its place in the file.

use super::condition::{Condition, Scalar};
use super::condition::{Filter, Node, Test, number};
use super::format::{ConditionFile, OneOrMany};
use super::meter::{Quantity, Unit};
use crate::base::Micros;
use crate::lesson::spanned::Spanned;
use crate::wire::{Opened, RowKind};
use std::ops::Range;

/// What is wrong, and at which bytes of the file.
pub type Wrong = (Range<usize>, String);

pub(super) struct Compiler<'a> {
    run: Option<&'a Opened>,
    choices: &'a [(String, Vec<String>)],
    slots: u32,
}

/// The subjects of conditions, in the order in which errors list them.
const SUBJECTS: &str = "event, nodes, probe, measure, choice, all, any, not";

impl Condition {
    /// Fits a condition to a run: names become node numbers, and names that the run does not know are errors.
    pub fn compile(file: &Spanned<ConditionFile>, run: &Opened) -> Result<Condition, Wrong> {
        let mut compiler = Compiler::for_run(run);
        Ok(Condition { node: compiler.node(file)?, slots: compiler.slots() })
    }

    /// The same for pooled runs, where only measures and choices (names and options) have a meaning.
    pub fn pooled(file: &Spanned<ConditionFile>, choices: &[(String, Vec<String>)]) -> Result<Condition, Wrong> {
        let mut compiler = Compiler::for_pool(choices);
        Ok(Condition { node: compiler.node(file)?, slots: compiler.slots() })
    }
}

impl<'a> Compiler<'a> {
    pub fn for_run(run: &'a Opened) -> Compiler<'a> {
        Compiler { run: Some(run), choices: &[], slots: 0 }
    }

    pub fn for_pool(choices: &'a [(String, Vec<String>)]) -> Compiler<'a> {
        Compiler { run: None, choices, slots: 0 }
    }

    /// How many slots the conditions compiled so far need.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    pub fn node(&mut self, file: &Spanned<ConditionFile>) -> Result<Node, Wrong> {
        let c = file.get_ref();
        let wrong = |message: String| (file.span(), message);
        match subjects(c).as_slice() {
            ["all"] | ["any"] | ["not"] => self.combined(file),
            ["event"] => self.event(c).map_err(wrong),
            ["nodes"] => self.nodes(c).map_err(wrong),
            ["probe"] => self.probe(c).map_err(wrong),
            ["measure"] => self.measure(c).map_err(wrong),
            ["choice"] => self.choice(c).map_err(wrong),
            [] => Err(wrong(format!("this condition has no subject; write one of {SUBJECTS}"))),
            several => {
                let message = format!("one condition has one subject, this one has {}", several.join(" and "));
                Err(wrong(message + "; join two with all = [{ … }, { … }]"))
            }
        }
    }

    fn combined(&mut self, file: &Spanned<ConditionFile>) -> Result<Node, Wrong> {
        let c = file.get_ref();
        only(c, &[]).map_err(|message| (file.span(), message))?;
        let mut parts = |parts: &Vec<Spanned<ConditionFile>>| -> Result<Vec<Node>, Wrong> {
            if parts.is_empty() {
                return Err((file.span(), "all and any need at least one condition".into()));
            }
            parts.iter().map(|part| self.node(part)).collect()
        };
        match (&c.all, &c.any, &c.not) {
            (Some(all), _, _) => Ok(Node::All(parts(all)?)),
            (_, Some(any), _) => Ok(Node::Any(parts(any)?)),
            (_, _, Some(part)) => Ok(Node::Not(Box::new(self.node(part)?))),
            _ => unreachable!("called for combinations"),
        }
    }

    fn event(&mut self, c: &ConditionFile) -> Result<Node, String> {
        let kind = c.event.expect("called for events");
        let run = self.run_of("event")?;
        let mut allowed = vec!["on", "is", "at_least", "at_most"];
        allowed.extend_from_slice(match kind {
            RowKind::Invoke => &["function", "key", "value", "fresh"],
            RowKind::Complete => &["function", "key", "value", "fresh", "outcome", "answer", "answered"],
            RowKind::Send | RowKind::Deliver | RowKind::Queued | RowKind::Duplicate => &["message", "peer"],
            RowKind::Lost | RowKind::Adversary => &["message", "peer", "text"],
            RowKind::Note | RowKind::Command | RowKind::Violation => &["text"],
            _ => &[],
        });
        only(c, &allowed)?;
        let message = c.message.as_ref().map(|name| message_kind(run, name)).transpose()?;
        if let Some(f) = &c.function {
            known_function(run, f)?;
        }
        let filter = Filter {
            kind,
            on: c.on.as_ref().map(|words| resolve(run, words)).transpose()?,
            peer: c.peer.as_ref().map(|words| resolve(run, words)).transpose()?,
            message,
            function: c.function.clone(),
            key: c.key.clone(),
            value: c.value.clone(),
            outcome: c.outcome,
            answer: c.answer.clone(),
            answered: c.answered,
            text: c.text.clone(),
            fresh: c.fresh.unwrap_or(false),
        };
        let test = whole_numbers(c)?;
        Ok(Node::Event { slot: self.slot(), filter: Box::new(filter), test })
    }

    fn nodes(&mut self, c: &ConditionFile) -> Result<Node, String> {
        only(c, &["on", "is", "at_least", "at_most"])?;
        let on = resolve_or_all(self.run_of("nodes")?, &c.on)?;
        Ok(Node::Nodes { status: c.nodes.expect("called for nodes"), on, test: whole_numbers(c)? })
    }

    fn probe(&mut self, c: &ConditionFile) -> Result<Node, String> {
        only(c, &["on", "is", "at_least", "at_most", "count"])?;
        let on = resolve_or_all(self.run_of("probe")?, &c.on)?;
        let count = c.count.map_or(on.len(), |count| count as usize);
        if count == 0 || count > on.len() {
            return Err(format!("count = {count} is not from 1 to {}, the nodes meant", on.len()));
        }
        let bound = |given: &Option<Scalar>| given.as_ref().map(plain_number).transpose();
        let test = Test { is: c.is.clone(), at_least: bound(&c.at_least)?, at_most: bound(&c.at_most)? };
        if test == Test::default() {
            return Err("a probe needs one of is, at_least, at_most".into());
        }
        Ok(Node::Probe { name: c.probe.clone().expect("called for probes"), on, count, test })
    }

    fn measure(&mut self, c: &ConditionFile) -> Result<Node, String> {
        only(c, &["function", "is", "at_least", "at_most"])?;
        let quantity = Quantity::parse(c.measure.as_deref().expect("called for measures"))?;
        if c.function.is_some() && !quantity.by_function() {
            return Err("messages, bytes and leaders belong to no function; leave function out".into());
        }
        if let (Some(run), Some(f)) = (self.run, &c.function) {
            known_function(run, f)?;
        }
        let bound = |given: &Option<Scalar>| given.as_ref().map(|s| in_unit(s, quantity.unit())).transpose();
        let is = bound(&c.is)?.map(Scalar::Float);
        let test = Test { is, at_least: bound(&c.at_least)?, at_most: bound(&c.at_most)? };
        if test == Test::default() {
            return Err("a measure needs one of is, at_least, at_most".into());
        }
        Ok(Node::Measure { slot: self.slot(), quantity, function: c.function.clone(), test })
    }

    fn choice(&mut self, c: &ConditionFile) -> Result<Node, String> {
        only(c, &["is"])?;
        let name = c.choice.clone().expect("called for choices");
        let Some((_, options)) = self.choices.iter().find(|(known, _)| *known == name) else {
            let names: Vec<_> = self.choices.iter().map(|(known, _)| known.as_str()).collect();
            return Err(format!("unknown choice \"{name}\"; accepted here: {}", or_none(&names)));
        };
        match &c.is {
            Some(Scalar::Text(option)) if options.contains(option) => Ok(Node::Choice { name, option: option.clone() }),
            _ => Err(format!("choice needs is = one of \"{}\"", options.join("\", \""))),
        }
    }

    fn run_of(&self, subject: &str) -> Result<&'a Opened, String> {
        self.run.ok_or_else(|| {
            format!("\"{subject}\" has no meaning for pooled runs; write one of measure, choice, all, any, not")
        })
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }
}

fn subjects(c: &ConditionFile) -> Vec<&'static str> {
    let given = [
        ("event", c.event.is_some()),
        ("nodes", c.nodes.is_some()),
        ("probe", c.probe.is_some()),
        ("measure", c.measure.is_some()),
        ("choice", c.choice.is_some()),
        ("all", c.all.is_some()),
        ("any", c.any.is_some()),
        ("not", c.not.is_some()),
    ];
    given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect()
}

/// Complains about details that have no meaning beside the condition's subject.
fn only(c: &ConditionFile, allowed: &[&str]) -> Result<(), String> {
    let given = [
        ("on", c.on.is_some()),
        ("message", c.message.is_some()),
        ("peer", c.peer.is_some()),
        ("function", c.function.is_some()),
        ("key", c.key.is_some()),
        ("value", c.value.is_some()),
        ("outcome", c.outcome.is_some()),
        ("answer", c.answer.is_some()),
        ("answered", c.answered.is_some()),
        ("fresh", c.fresh.is_some()),
        ("text", c.text.is_some()),
        ("is", c.is.is_some()),
        ("at_least", c.at_least.is_some()),
        ("at_most", c.at_most.is_some()),
        ("count", c.count.is_some()),
    ];
    match given.iter().find(|(name, given)| *given && !allowed.contains(name)) {
        Some((name, _)) => Err(format!("\"{name}\" has no meaning here; accepted: {}", or_none(allowed))),
        None => Ok(()),
    }
}

fn or_none(names: &[&str]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

/// The nodes meant by names, roles or groups.
pub fn resolve(run: &Opened, words: &OneOrMany) -> Result<Vec<u16>, String> {
    let words = match words {
        OneOrMany::One(word) => std::slice::from_ref(word),
        OneOrMany::Many(words) => words,
    };
    let mut found = Vec::new();
    for word in words {
        let before = found.len();
        let named = run.nodes.iter().any(|n| n.name == *word);
        for (i, node) in run.nodes.iter().enumerate() {
            let meant = if named { node.name == *word } else { node.role == *word || node.groups.contains(word) };
            if meant {
                found.push(i as u16);
            }
        }
        if found.len() == before {
            return Err(format!("no node is called \"{word}\"; accepted: {}", names_of(run).join(", ")));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn resolve_or_all(run: &Opened, words: &Option<OneOrMany>) -> Result<Vec<u16>, String> {
    match words {
        Some(words) => resolve(run, words),
        None => Ok((0..run.nodes.len() as u16).collect()),
    }
}

/// Node names, then roles and groups.
fn names_of(run: &Opened) -> Vec<&str> {
    let mut names: Vec<&str> = run.nodes.iter().map(|n| n.name.as_str()).collect();
    for node in &run.nodes {
        for word in std::iter::once(&node.role).chain(&node.groups) {
            if !names.contains(&word.as_str()) {
                names.push(word);
            }
        }
    }
    names
}

fn message_kind(run: &Opened, name: &str) -> Result<u8, String> {
    let place = run.kinds.iter().position(|kind| kind.name == name);
    place.map(|i| i as u8).ok_or_else(|| {
        let names: Vec<_> = run.kinds.iter().map(|kind| kind.name.as_str()).collect();
        format!("unknown kind of message \"{name}\"; accepted: {}", or_none(&names))
    })
}

fn known_function(run: &Opened, f: &str) -> Result<(), String> {
    let names: Vec<_> = run.functions.iter().map(|known| known.f.as_str()).collect();
    if names.contains(&f) { Ok(()) } else { Err(format!("unknown function \"{f}\"; accepted: {}", or_none(&names))) }
}

/// The comparison of something counted; without one, at least 1.
fn whole_numbers(c: &ConditionFile) -> Result<Test, String> {
    let bound = |given: &Option<Scalar>| match given {
        None => Ok(None),
        Some(Scalar::Int(n)) if *n >= 0 => Ok(Some(*n as f64)),
        Some(_) => Err("what is counted is compared with a whole number from 0 on".to_string()),
    };
    let test =
        Test { is: bound(&c.is)?.map(Scalar::Float), at_least: bound(&c.at_least)?, at_most: bound(&c.at_most)? };
    if test == Test::default() { Ok(Test { at_least: Some(1.0), ..test }) } else { Ok(test) }
}

fn plain_number(scalar: &Scalar) -> Result<f64, String> {
    number(scalar).ok_or_else(|| "at_least and at_most of a probe are numbers".into())
}

/// A bound in the unit of what is measured, times in microseconds.
fn in_unit(scalar: &Scalar, unit: Unit) -> Result<f64, String> {
    match (unit, scalar) {
        (Unit::Time, Scalar::Text(text)) => Micros::parse(text).map(|t| t.0 as f64),
        (Unit::Time, _) => Err("a latency is compared with a time such as \"20ms\"".into()),
        (Unit::Fraction, Scalar::Text(text)) => {
            let read = text.strip_suffix('%').and_then(|n| crate::base::decimal::parse(n.trim())).map(|n| n / 100.0);
            read.filter(|n| (0.0..=1.0).contains(n)).ok_or_else(|| PERCENT.into())
        }
        (Unit::Fraction, _) => Err(PERCENT.into()),
        (Unit::Count, other) => number(other).ok_or_else(|| "this measure is compared with a number".into()),
    }
}

const PERCENT: &str = "an availability is compared with a percentage such as \"99.9%\"";
