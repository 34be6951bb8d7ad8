//! Sweeps of one protocol, and short scripts with transcripts.

use faultline::base::{Micros, NodeId};
use faultline::check::faults::Profile;
use faultline::check::sweep::{Report, Sweep, Verdict, run_all};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::{Datum, RowKind, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

pub const SEEDS: u64 = 2_000;

pub fn seeds() -> Range<u64> {
    let number = |text: &str| text.parse().expect("SEEDS is a number, or two as in 17..18");
    match std::env::var("SEEDS") {
        Err(_) => 0..SEEDS,
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => 0..number(&text),
        },
    }
}

pub fn threads() -> u64 {
    std::thread::available_parallelism().map_or(2, |n| n.get() as u64)
}

/// Values of one parameter, to be drawn from.
pub fn words(name: &str, words: &[&str]) -> Vec<BTreeMap<String, ParamValue>> {
    words.iter().map(|word| BTreeMap::from([(name.to_string(), ParamValue::Text((*word).into()))])).collect()
}

/// A protocol with servers of a role and clients of a role, and how many servers there are.
pub fn sweep(protocol: &str, roles: (&str, &str), servers: &[u16], parameters: &[(&str, ParamValue)]) -> Sweep {
    let profile = Profile {
        protocol: protocol.into(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect(),
        drawn: Vec::new(),
        servers: (roles.0.into(), "n".into(), servers.to_vec()),
        clients: (roles.1.into(), "c".into(), vec![2, 3]),
        beside: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    Sweep::new(profile, protocols::all()).expect("a good profile")
}

/// No property breaks and everyone makes progress; each mark is met by 1 % of the seeds.
pub fn survives(sweep: &Sweep, wanted: &[&str]) {
    let (protocol, seeds, begun) = (&sweep.profile.protocol, seeds(), std::time::Instant::now());
    let summary = run_all(sweep, seeds.clone(), true, threads(), |report| report.verdict != Verdict::Good);
    if let Some(bad) = &summary.stopped {
        let name = format!("target/sweep-{protocol}-{}.json", bad.seed);
        std::fs::write(&name, sweep.blueprint(bad.seed).expect("it ran").scenario.to_json())
            .expect("it can be written");
        panic!("seed {}: {:?}\nreplay: cargo run -- run {name}", bad.seed, bad.verdict);
    }
    println!("{protocol}: seeds {seeds:?}, {} steps, {:.1} s", summary.steps, begun.elapsed().as_secs_f64());
    for (name, (count, met)) in &summary.coverage {
        println!("  {name:45} {count:>9}   in {:5.1} % of seeds", *met as f64 * 100.0 / summary.runs as f64);
    }
    if summary.runs >= SEEDS {
        for name in wanted {
            let met = summary.coverage.get(*name).map_or(0, |(_, met)| *met);
            assert!(met * 100 >= summary.runs, "only {met} of {} seeds met \"{name}\"", summary.runs);
        }
    }
}

/// The first property that breaks within the common number of seeds is one of these.
pub fn breaks(sweep: &Sweep, what: &str, properties: &[&str]) {
    let is_violation = |report: &Report| matches!(report.verdict, Verdict::Violation { .. });
    let summary = run_all(sweep, 0..SEEDS, false, threads(), is_violation);
    let Some(Report { seed, verdict: Verdict::Violation { property, reason, at }, .. }) = &summary.stopped else {
        panic!("{} with {what} is not caught within {SEEDS} seeds", sweep.profile.protocol);
    };
    println!("{} with {what}: seed {seed}, at {at}: \"{property}\": {reason}", sweep.profile.protocol);
    assert!(properties.contains(property), "{what} broke \"{property}\", expected one of {properties:?}");
}

/// A run to its end, recorded.
pub fn ended(sweep: &Sweep, seed: u64) -> Timeline {
    let blueprint = sweep.blueprint(seed).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(sweep.profile.ends_at(), u64::MAX);
    timeline
}

/// Links that take 10 ms, disks that take 5 ms. A line of the script is a time and "n1 put x=4", or TOML after "do.".
pub fn play(protocol: &str, nodes: &str, more: &str, until: Micros, script: &[(&str, &str)]) -> Timeline {
    let mut text = format!(
        "version = 1\nprotocol = \"{protocol}\"\nseed = 1\nnetwork.latency.constant = \"10ms\"\n\
         disk.constant = \"5ms\"\nnodes = [{nodes}]\n{more}\n"
    );
    for (at, what) in script {
        let words: Vec<&str> = what.split(' ').collect();
        let command = match words[..] {
            [client, f, rest] if !what.contains("= ") => {
                let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
                let value = if value.is_empty() { String::new() } else { format!(", value.int = {value}") };
                format!("request = {{ client = \"{client}\", op = {{ f = \"{f}\", key = \"{key}\"{value} }} }}")
            }
            _ => (*what).to_string(),
        };
        let _ = write!(text, "\n[[commands]]\nat = \"{at}\"\ndo.{command}\n");
    }
    let file = SourceFile { name: "script.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(until, 100_000);
    timeline
}

/// Every row but the start of the nodes and the setting of timers, then how the nodes ended.
pub fn sentences(timeline: &Timeline) -> String {
    let (world, trace) = (timeline.head(), &timeline.trace);
    let reader =
        Reader { trace, setup: &world.setup, machine: &*world.machine, properties: &world.describe.properties };
    let mut text = String::new();
    for rec in trace.rows() {
        let start = rec.at <= 5_000 && matches!(rec.kind, RowKind::Boot | RowKind::Write | RowKind::Synced);
        if !start && !matches!(rec.kind, RowKind::TimerSet | RowKind::TimerCancelled) {
            let _ = writeln!(text, "{:>10}  {}", Micros(rec.at).to_string(), reader.sentence(rec));
        }
    }
    text += "\n";
    for node in 0..world.shells.len() {
        let node = NodeId(node as u16);
        let card = world.card(node);
        let cells: Vec<String> = card.cells.iter().map(|cell| cell.text.clone()).collect();
        let _ = writeln!(text, "{}: {} | {}", world.setup.name(node), card.headline, cells.join(", "));
    }
    text
}

/// A named observation of a node at the end.
pub fn probe(timeline: &Timeline, node: u16, name: &str) -> Datum {
    let card = timeline.head().card(NodeId(node));
    card.probes.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
}

/// The properties that have broken.
pub fn broken(timeline: &Timeline) -> Vec<&'static str> {
    let world = timeline.head();
    let broken = world.broken.iter().zip(&world.describe.properties).filter(|(broken, _)| broken.is_some());
    broken.map(|(_, (name, _))| *name).collect()
}
