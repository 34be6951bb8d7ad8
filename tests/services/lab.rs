//! Runs, and what they say.

use faultline::base::{Micros, NodeId};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::{Watch, World};
use faultline::wire::{RowKind, SourceFile};
use std::fmt::Write;

pub fn read(text: &str) -> Blueprint {
    let file = SourceFile { name: "scenario.toml".into(), text: text.into() };
    Blueprint::read(&file, protocols::all()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Links that take 10 ms, disks that take 5 ms: every time in a transcript can be added up by hand.
pub fn head(protocol: &str, nodes: &str, more: &str) -> String {
    format!(
        "version = 1\ntitle = \"transcript\"\nprotocol = \"{protocol}\"\nseed = 1\nnetwork.latency.constant = \"10ms\"\n\
         disk.constant = \"5ms\"\nnodes = [{nodes}]\n{more}\n"
    )
}

/// One bank and two clients, with two fronts between them if wanted.
pub fn bank(fronts: bool, more: &str) -> String {
    let fronts = if fronts { "{ name = \"f\", role = \"front\", count = 2 }, " } else { "" };
    let nodes =
        format!("{{ name = \"bank\", role = \"bank\" }}, {fronts}{{ name = \"c\", role = \"client\", count = 2 }}");
    head("payments", &nodes, more)
}

/// With commands in short form ("c1 pay x=4", or TOML after "do.").
pub fn scripted(head: &str, script: &[(&str, &str)]) -> String {
    let mut text = head.to_string();
    for (at, what) in script {
        let command = match what.split_once(' ') {
            Some((client @ ("c1" | "c2" | "a"), op)) => request(client, op),
            _ => (*what).to_string(),
        };
        let _ = write!(text, "\n[[commands]]\nat = \"{at}\"\ndo.{command}\n");
    }
    text
}

fn request(client: &str, op: &str) -> String {
    let (f, rest) = op.split_once(' ').unwrap_or((op, ""));
    let (key, value) = match rest.split_once('=') {
        Some((key, value)) => (key, format!(", value.int = {value}")),
        None => (rest, String::new()),
    };
    format!("request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{key}\"{value} }} }}")
}

pub fn run(text: &str, until: Micros) -> Timeline {
    run_seed(&read(text), 1, until)
}

pub fn run_seed(blueprint: &Blueprint, seed: u64, until: Micros) -> Timeline {
    let mut timeline = Timeline::new(blueprint.with_seed(seed), Watch { properties: true, hash: false }, None);
    timeline.advance(until, u64::MAX);
    timeline
}

/// Every row but the start of the nodes and the setting of timers, then how the nodes ended.
pub fn transcript(text: &str, until: Micros) -> String {
    let timeline = run(text, until);
    let world = timeline.head();
    let mut told = String::new();
    for (at, kind, sentence) in sentences(&timeline) {
        let start = at <= Micros(5_000) && matches!(kind, RowKind::Boot | RowKind::Write | RowKind::Synced);
        if !start && !matches!(kind, RowKind::TimerSet | RowKind::TimerCancelled) {
            let _ = writeln!(told, "{:>10}  {sentence}", at.to_string());
        }
    }
    told += "\n";
    (0..world.shells.len()).for_each(|i| ending(world, NodeId(i as u16), &mut told));
    told
}

/// Time, kind and sentence of each row.
pub fn sentences(timeline: &Timeline) -> Vec<(Micros, RowKind, String)> {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader =
        Reader { trace, setup: &world.setup, machine: &*world.machine, properties: &world.describe.properties };
    trace.rows().iter().map(|rec| (rec.time(), rec.kind, reader.sentence(rec))).collect()
}

fn ending(world: &World, node: NodeId, text: &mut String) {
    let card = world.card(node);
    let cell = |c: &faultline::wire::Cell| if c.firm { c.text.clone() } else { format!("({})", c.text) };
    let cells: Vec<String> = card.cells.iter().map(cell).collect();
    let name = world.setup.name(node);
    let _ = writeln!(text, "{name}: {:?} {}", world.shells[node.index()].status, card.headline);
    if !cells.is_empty() {
        let _ = writeln!(text, "    {}", cells.join(", "));
    }
}

/// How many rows of a kind have some words.
pub fn count(timeline: &Timeline, kind: RowKind, words: &str) -> usize {
    sentences(timeline).iter().filter(|(_, k, sentence)| *k == kind && sentence.contains(words)).count()
}

/// The names of the properties that broke, and how often each was found broken.
pub fn broken(timeline: &Timeline) -> Vec<(&'static str, u32)> {
    let world = timeline.head();
    let found = world.found.iter().zip(&world.describe.properties);
    found.filter(|((count, _), _)| *count > 0).map(|((count, _), (name, _))| (*name, *count)).collect()
}
