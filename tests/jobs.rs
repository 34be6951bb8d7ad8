//! What runs beside the bench is what the command line does: the page's sweep, slice by slice and by several workers, comes to
//! what `faultline sweep` says, and a seed's run is the run that was swept.

use faultline::base::Micros;
use faultline::jobs::{self, sweep::bucket};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::scenario::{Blueprint, Scenario};
use faultline::view::jobs::Standing;
use faultline::view::jobs::sweep::{Ask, Sweep};
use faultline::wire::{OpenRun, Reply, Request, RunSource, SourceFile};
use std::collections::BTreeMap;
use std::process::Command;

fn worker(run: &str) -> Session {
    let mut session = Session::new(protocols::all()).with_writer(jobs::writer());
    let source = RunSource::Text(SourceFile { name: "the run".into(), text: run.into() });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    assert!(matches!(replies.last(), Some(Reply::Frame(_))), "{replies:?}");
    session
}

fn asked(session: &mut Session, words: String) -> String {
    match session.handle(Request::Write { form: words }).pop() {
        Some(Reply::Exported(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// As the page does it: workers in turn, each with seeds of its own.
fn swept(run: &str, ask: Ask, workers: usize) -> Sweep {
    let mut sweep = Sweep::of(ask);
    sweep.begin("a title".into(), run.into(), workers as u32);
    let mut sessions: Vec<(Session, (u64, u64))> = (0..workers).map(|_| (worker(run), (0, 0))).collect();
    while sweep.standing == Standing::Running {
        for (session, seeds) in &mut sessions {
            if seeds.0 >= seeds.1 {
                match sweep.hand_out() {
                    Some(more) => *seeds = more,
                    None => continue,
                }
            }
            let slice = asked(session, sweep.words(*seeds));
            seeds.0 = sweep.take(&slice).expect("it reads");
        }
    }
    sweep
}

/// What the command line says of the same file, as JSON.
fn command_line(file: &str, ask: &Ask) -> serde_json::Value {
    let (first, end, until) = (ask.first, ask.first + ask.count, ask.until.0 / 1_000_000);
    let mut command = Command::new(env!("CARGO_BIN_EXE_faultline"));
    command.args([
        "sweep",
        file,
        "--seeds",
        &format!("{first}..{end}"),
        "--until",
        &format!("{until}s"),
        "--format",
        "json",
    ]);
    if ask.faults {
        command.arg("--faults");
    }
    serde_json::from_slice(&command.output().expect("it runs").stdout).expect("JSON")
}

fn number(json: &serde_json::Value) -> u64 {
    json.as_u64().expect("a number")
}

#[test]
fn the_pages_sweep_is_the_command_lines() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let bug = format!("{folder}/two-votes.toml");
    let text = std::fs::read_to_string("tests/sweeps/split-votes.toml").expect("text");
    std::fs::write(&bug, text.replace("[parameters]", "[parameters]\nbug-double-vote = true")).expect("written");
    let cases = [
        ("tests/sweeps/leader-crash.toml", false, 45),
        (bug.as_str(), false, 45),
        ("lessons/gallery/five-replicas.toml", true, 30),
        ("lessons/gallery/half-quorum.toml", true, 30),
    ];
    for (file, faults, count) in cases {
        let text = std::fs::read_to_string(file).expect("text");
        let scenario = Scenario::read(&SourceFile { name: file.into(), text }).expect("a good scenario");
        let ask = Ask { first: 7, count, until: Micros::s(2), faults };
        let native = command_line(file, &ask);
        let sweep = swept(&scenario.to_json(), ask, 3);
        assert_eq!(
            (sweep.done, sweep.good, sweep.limited),
            (count, number(&native["good"]), number(&native["limited"]))
        );
        let fallen: BTreeMap<&str, u64> = sweep.fallen.iter().map(|f| (f.property.as_str(), f.count)).collect();
        let theirs = native["violated"].as_object().expect("a map");
        assert_eq!(fallen, theirs.iter().map(|(name, count)| (name.as_str(), number(count))).collect(), "{file}");
        println!("{file}: {} good, {fallen:?}", sweep.good);
        let first = sweep.fallen.iter().filter_map(|fallen| fallen.seeds.first()).min();
        assert_eq!(first.copied(), native["first_failing"]["seed"].as_u64(), "{file}");
        for measure in &sweep.measures {
            let theirs = &native["measures"][measure.name.replace(' ', "_")];
            let mut buckets: BTreeMap<u32, u64> = BTreeMap::new();
            for value in theirs["values"].as_array().expect("values") {
                *buckets.entry(bucket(&measure.unit, value[0].as_f64().expect("a value"))).or_default() +=
                    number(&value[1]);
            }
            let ours = measure.buckets.iter().map(|(bucket, count, _)| (*bucket, *count)).collect();
            assert_eq!(buckets, ours, "{file}: {}", measure.name);
        }
    }
}

/// The run of a seed, as a file: under random faults too it breaks what the sweep said.
#[test]
fn a_seeds_run_is_the_one_that_was_swept() {
    let text = std::fs::read_to_string("lessons/gallery/half-quorum.toml").expect("text");
    let scenario = Scenario::read(&SourceFile { name: "half-quorum.toml".into(), text }).expect("a good scenario");
    let ask = Ask { first: 0, count: 20, until: Micros::s(2), faults: true };
    let sweep = swept(&scenario.to_json(), ask, 1);
    let fallen = sweep.fallen.first().expect("a planted bug breaks something");
    let run = asked(&mut worker(&scenario.to_json()), sweep.seed_words(fallen.seeds[0]));
    let file = SourceFile { name: "the run".into(), text: run };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    assert_eq!(blueprint.scenario.seed, fallen.seeds[0]);
    let file = format!("{}/seed.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, blueprint.scenario.to_json()).expect("written");
    let run = Command::new(env!("CARGO_BIN_EXE_faultline")).args(["run", &file]).output().expect("it runs");
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(said.contains(&format!("BROKEN  {}", fallen.property)), "{said}");
}

/// What nobody planted a bug in goes on after healing, under random faults.
#[test]
fn sound_scenarios_make_progress_after_healing() {
    for file in ["five-servers", "five-replicas", "one-server", "primary-and-backup", "seven-members", "siblings"] {
        let text = std::fs::read_to_string(format!("lessons/gallery/{file}.toml")).expect("text");
        let scenario = Scenario::read(&SourceFile { name: file.into(), text }).expect("a good scenario");
        let ask = Ask { first: 0, count: 25, until: Micros::s(2), faults: true };
        let sweep = swept(&scenario.to_json(), ask, 1);
        assert_eq!((sweep.good + sweep.limited, &sweep.fallen[..]), (25, &[][..]), "{file}");
    }
}
