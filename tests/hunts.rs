//! The start scenarios of the search for a counterexample: each is found, as the page does it, made small, and goes on as a
//! branch of the run that breaks the property. `SEEDS=10` takes ten seeds of each search and says how long it took;
//! `ONLY=word` those whose names have the word.

use faultline::base::Micros;
use faultline::base::json::{self, Fields, Json};
use faultline::jobs;
use faultline::lesson::hunts::{self, Hunt};
use faultline::protocols;
use faultline::session::Session;
use faultline::wire::{Move, OpenRun, Reply, Request, RunSource, SourceFile};
use std::path::Path;
use std::time::Instant;

/// Seconds in which each is to be found, in the page: `bench_hunts` of tests/browser measures them there.
const MEDIAN_MAX: f64 = 30.0;
/// Slices after which a search has failed, or the same search without the bug has found nothing.
const SLICES_MAX: u32 = 4_000;
const SLICES_SOUND: u32 = 40;

fn starts() -> Vec<Hunt> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/hunts");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files: Vec<SourceFile> = files
        .map(|path| SourceFile {
            name: path.file_name().expect("a name").to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("text"),
        })
        .collect();
    hunts::read(&files, protocols::all()).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn open(session: &mut Session, run: String, at: Micros) {
    let source = RunSource::Text(SourceFile { name: "the run".into(), text: run });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: Some(at) }));
    assert!(matches!(replies.last(), Some(Reply::Frame(_))), "{replies:?}");
}

fn asked(session: &mut Session, words: &str) -> Result<Fields, String> {
    match session.handle(Request::Write { form: words.into() }).pop() {
        Some(Reply::Exported(text)) => json::read(&text)?.fields(),
        other => Err(format!("{other:?}")),
    }
}

/// Searches by so many slices at most.
fn search(hunt: &Hunt, bug: bool, seed: u64, slices: u32) -> Option<(Session, Fields)> {
    let mut session = Session::new(protocols::all()).with_writer(jobs::writer());
    let mut scenario = hunt.blueprint.scenario.clone();
    if !bug {
        scenario.parameters.remove(&hunt.bug);
    }
    open(&mut session, scenario.to_json(), hunt.from);
    let begun = asked(&mut session, &format!("hunt {} seed={seed}", hunt.search));
    begun.unwrap_or_else(|why| panic!("{}: {why}", hunt.name));
    for _ in 0..slices {
        let mut said = asked(&mut session, "on").unwrap_or_else(|why| panic!("{}: {why}", hunt.name));
        match said.text("state").expect("a state").as_str() {
            "on" => {}
            "found" => return Some((session, said)),
            _ => return None,
        }
    }
    None
}

fn prove(hunt: &Hunt, seed: u64) -> f64 {
    let begun = Instant::now();
    let found = search(hunt, true, seed * 100_000, SLICES_MAX);
    let took = begun.elapsed().as_secs_f64();
    let (mut session, mut found) = found.unwrap_or_else(|| panic!("{}: nothing found in {took:.1} s", hunt.name));
    assert_eq!(found.text("property").expect("a property"), hunt.property, "{}", hunt.name);
    let (run, to): (String, u64) = (found.text("run").expect("a run"), found.number("to").expect("an end"));
    let (steps, why): (u64, String) = (found.number("steps").expect("steps"), found.text("why").expect("why"));
    if seed == 1 {
        println!("{}: {took:.2} s, {steps} steps: {why}", hunt.name);
    }
    // As a branch of the run that was open.
    let before = session.timeline().expect("open").branch;
    let replies = session.handle(Request::Adopt { run, to: Micros(to), name: "found".into() });
    let [Reply::Frame(frame)] = &replies[..] else { panic!("{}: {replies:?}", hunt.name) };
    assert_eq!(frame.now, Micros(to), "{}", hunt.name);
    let timeline = session.timeline().expect("open");
    assert_ne!(timeline.branch, before);
    let world = timeline.head();
    let place = world.describe.properties.iter().position(|(name, _)| *name == hunt.property);
    assert!(place.is_none_or(|place| world.broken[place].is_some()), "{}: the branch does not break it", hunt.name);
    // It can be left, stepped and edited like any other.
    let last = timeline.log.iter().rposition(|entry| entry.learner).expect("commands of a person");
    for request in [Request::Move(Move::Back), Request::Edit { place: last as u32, at: None }, Request::Branch(before)]
    {
        let replies = session.handle(request);
        assert!(matches!(replies[..], [Reply::Frame(_)]), "{}: {replies:?}", hunt.name);
    }
    took
}

#[test]
fn each_planted_bug_is_found_from_its_start() {
    let seeds = std::env::var("SEEDS").map_or(1, |seeds| seeds.parse().expect("a number"));
    let only = std::env::var("ONLY").unwrap_or_default();
    for hunt in starts().iter().filter(|hunt| hunt.name.contains(&only)) {
        let mut times: Vec<f64> = (1..=seeds).map(|seed| prove(hunt, seed)).collect();
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!("  {}: median {median:.2} s, longest {:.2} s of {seeds}", hunt.name, times[times.len() - 1]);
        assert!(seeds == 1 || median < MEDIAN_MAX, "{}: median {median:.1} s", hunt.name);
        if let Some((_, mut found)) = search(hunt, false, 1, SLICES_SOUND) {
            panic!("{}, without the bug: {:?} {:?}", hunt.name, found.text("property"), found.text("why"));
        }
    }
}

/// A counterexample is of the run that it was searched in.
#[test]
fn a_branch_of_another_run_is_refused() {
    let starts = starts();
    let (mut session, _) = search(&starts[0], true, 1, 10).expect("it is found at once");
    let other = starts[1].blueprint.scenario.to_json();
    let replies = session.handle(Request::Adopt { run: other, to: Micros::ZERO, name: String::new() });
    assert!(matches!(&replies[..], [Reply::Refused(why), _] if why.contains("another run")), "{replies:?}");
}

#[test]
fn what_cannot_be_searched_is_said() {
    let start = &starts()[0];
    let mut session = Session::new(protocols::all()).with_writer(jobs::writer());
    assert!(asked(&mut session, "hunt way=orders").is_err(), "no run is open");
    open(&mut session, start.blueprint.scenario.to_json(), Micros::ZERO);
    for wrong in ["hunt way=up", "hunt crashes=many", "hunt colour=1", "on", "fish", "sweep 1 2"] {
        assert!(asked(&mut session, wrong).is_err(), "{wrong}");
    }
    let mut said = asked(&mut session, "hunt way=orders states=2").expect("it begins");
    while said.text("state").expect("a state") == "on" {
        said = asked(&mut session, "on").expect("it goes on");
    }
    assert!(said.text("said").expect("words").contains("the bound on states was reached"));
    assert_eq!(said.take("seen"), Ok(Json::Int(2)));
}
