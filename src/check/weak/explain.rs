//! Why a guarantee is broken, in words: the operations, what orders them, and the read that does not fit.

use super::orders::{Broken, Fault, Why};
use super::registers::{Air, Registers, Sight};
use crate::check::graph::Step;
use crate::check::history::{History, NEVER, Operation};
use crate::check::linear::{Evidence, Link};
use std::collections::BTreeSet;

/// Evidence from the places of the operations that it is about.
pub fn evidence(history: &History, places: BTreeSet<usize>, links: Vec<Link>, sentence: String) -> Evidence {
    let core: Vec<&Operation> = places.iter().map(|place| &history.operations[*place]).collect();
    let ended = |op: &&&Operation| if op.ended == NEVER { 0 } else { op.ended };
    let last = core.iter().max_by_key(ended);
    Evidence {
        prefix: last.as_ref().map_or(0, ended),
        shortest: true,
        line: last.map_or(0, |op| if op.ended == NEVER { op.lines.0 } else { op.lines.1 }),
        operation: last.map(|op| op.words()).unwrap_or_default(),
        sentence,
        core: core.iter().map(|op| op.words()).collect(),
        core_lines: core.iter().map(|op| op.lines.0).collect(),
        minimal: true,
        partial: Vec::new(),
        links,
    }
}

/// An operation as a sentence names it.
pub fn named(history: &History, place: usize) -> String {
    let op = &history.operations[place];
    format!("“{}” (line {})", op.words(), op.lines.0)
}

pub fn thin_air(history: &History, read: usize, why: Air) -> Evidence {
    let name = |place: usize| named(history, place);
    let (other, why) = match why {
        Air::Nobody => (None, "nobody wrote that".to_owned()),
        Air::Failed(write) => (Some(write), format!("{} failed, so nobody wrote it", name(write))),
        Air::Odd(write) => (Some(write), format!("{} leaves nothing like that", name(write))),
        Air::Twice(write) => (Some(write), format!("{} added once what is there twice", name(write))),
    };
    let places = other.into_iter().chain([read]).collect();
    evidence(history, places, Vec::new(), format!("{} saw what was not there: {why}.", name(read)))
}

pub fn broken(registers: &Registers, history: &History, broken: &Broken) -> Evidence {
    let mut telling = Telling { registers, history, broken, places: BTreeSet::new(), links: Vec::new() };
    let name = |item: usize| named(history, registers.items[item].place);
    let whose = broken.process.map(|process| {
        let op = registers.items.iter().find(|item| item.process == process).map(|item| item.place);
        format!("in the view of process {}, ", op.map_or("?".into(), |op| history.operations[op].process.to_string()))
    });
    let head = match &broken.fault {
        Fault::Cycle(steps) => {
            telling.path(steps);
            let whose = whose.unwrap_or_default();
            format!(
                "No order is left{}",
                if whose.is_empty() { String::new() } else { format!(" {}", whose.trim_end_matches(", ")) }
            )
        }
        Fault::Replaced { read, by } => {
            let item = &registers.items[*read];
            if let Some(Sight::Of(write)) = item.sight {
                telling.leads(write, *by, u32::MAX);
            }
            telling.leads(*by, *read, u32::MAX);
            telling.tell(*read);
            let (read, other) = (name(*read), name(*by));
            match (item.sight, registers.items[*by].appends) {
                (Some(Sight::Of(write)), _) => {
                    format!("{read} saw what {} wrote, though {other} had replaced that before", name(write))
                }
                (_, true) => format!("{read} lacks what {other} had added before"),
                _ if item.added.len > 0 => {
                    format!("{read} saw no more than was added, though {other} had replaced that before")
                }
                _ => format!("{read} saw nothing, though {other} had replaced that before"),
            }
        }
    };
    let Telling { places, links, .. } = telling;
    let mut whys: Vec<&str> = Vec::new();
    links.iter().for_each(|link| {
        if !whys.contains(&link.why.as_str()) {
            whys.push(&link.why)
        }
    });
    let sentence = format!("{head}: {}.", whys.join("; "));
    evidence(history, places, links, sentence)
}

struct Telling<'a> {
    registers: &'a Registers,
    history: &'a History,
    broken: &'a Broken,
    places: BTreeSet<usize>,
    links: Vec<Link>,
}

impl Telling<'_> {
    fn tell(&mut self, item: usize) {
        self.places.insert(self.registers.items[item].place);
    }

    fn op(&self, item: usize) -> &Operation {
        &self.history.operations[self.registers.items[item].place]
    }

    /// How one comes before another, by what was known in rounds before that one.
    fn leads(&mut self, from: usize, to: usize, round: u32) {
        let earlier = |why: &Why| !matches!(why, Why::Forced { round: other, .. } if *other >= round);
        if let Some(steps) = self.broken.graph.path(from, to, earlier) {
            self.path(&steps);
        }
    }

    /// Steps, those after one another in a process as one.
    fn path(&mut self, steps: &[Step<Why>]) {
        let mut at = 0;
        while at < steps.len() {
            let Step { from, why, .. } = steps[at];
            // Not through a compare-and-set: what comes before what it wrote need not come before what follows what it read.
            let merges = |two: &&[Step<Why>]| {
                let middle = &self.registers.items[two[0].to];
                two[1].why == Why::Process && !(middle.writes && middle.sight.is_some())
            };
            let run = if why == Why::Process { 1 + steps[at..].windows(2).take_while(merges).count() } else { 1 };
            let to = steps[at + run - 1].to;
            at += run;
            self.tell(from);
            self.tell(to);
            let (a, b) = (self.op(from).lines.0, self.op(to).lines.0);
            let why = match why {
                Why::Process => format!("line {b} comes after line {a} in process {}", self.op(from).process),
                Why::Saw => format!("line {b} saw what line {a} wrote"),
                Why::RealTime => format!("line {a} had ended before line {b} began"),
                Why::Listed { read } => {
                    let line = self.op(read).lines.0;
                    self.tell(read);
                    format!("line {line} has what line {a} wrote before what line {b} wrote")
                }
                Why::NotYet { read } => {
                    let line = self.op(read).lines.0;
                    self.tell(read);
                    format!("line {a} has not yet what line {b} wrote, which line {line} has in the same list")
                }
                Why::Forced { read, round } => {
                    let line = self.op(read).lines.0;
                    self.leads(from, read, round);
                    self.tell(read);
                    format!(
                        "line {a} must come before line {b}, for line {line} comes after line {a} and yet saw line {b}"
                    )
                }
            };
            let link = Link { from: a, to: b, why };
            if !self.links.contains(&link) {
                self.links.push(link);
            }
        }
    }
}
