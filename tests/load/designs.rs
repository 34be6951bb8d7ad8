//! The designs that ship run, and the exercises are proved.

use super::{adds_up, little};
use faultline::base::Micros;
use faultline::lesson::check::Report;
use faultline::lesson::exercises;
use faultline::load::design::Objects;
use faultline::load::grade::Grader;
use faultline::load::sheet::{self, Verdict};
use faultline::load::{Design, Exercise};
use faultline::wire::{Distribution, SourceFile};
use std::path::Path;

const FOLDER: &str = "lessons/designs";

/// Files of the folder, by their names in it.
fn files() -> Vec<SourceFile> {
    faultline::cli::lessons::files(Path::new(FOLDER)).expect("the folder is there")
}

fn exercises() -> Vec<Exercise> {
    exercises::read_all(&files()).unwrap_or_else(|findings| panic!("{findings:?}"))
}

#[test]
fn the_cache_meets_its_requirements() {
    let path = "lessons/designs/cache.toml";
    let design = Design::read(path, include_str!("../../lessons/designs/cache.toml")).expect("good");
    let grader = Grader::new(&design, None).expect("good");
    let mut facts = Vec::new();
    for seed in 0..20 {
        let report = grader.run(seed);
        adds_up(&report);
        little(&report, 15.0);
        assert!(!report.limit_reached);
        facts.push(grader.facts(&report).expect("it is there"));
    }
    let card = grader.card(&facts);
    assert!(card.met && card.lines.len() >= 6 && card.seeds == 20, "{:?}", card.lines);
    assert!(card.lines.iter().all(|line| line.margin >= 0.0 && line.values.len() == 20));
    let bars: u32 = card.lines[0].bars.iter().map(|(_, seeds)| seeds).sum();
    assert_eq!(bars, 20);
    // Without the cache the database is too slow for that: the requirements can be missed.
    let mut without = design;
    without.caches.get_mut("memory").expect("a cache").capacity = 1;
    let grader = Grader::new(&without, None).expect("good");
    let card = grader.card(&[grader.seed(0).expect("it is there")]);
    let missed = card.lines.iter().filter(|line| !line.met).count();
    assert!(missed >= 2 && card.lines.iter().all(|line| line.met == (line.margin >= 0.0)), "{:?}", card.lines);
    assert!(card.bottleneck.is_some_and(|of| of.component == "database" || of.component == "app"));
}

/// Every accepted design meets its requirements over seeds, every wrong one misses the one that it is said to miss.
#[test]
fn exercises_are_proved() {
    let mut report = Report::default();
    exercises::check(&files(), 0..6, &exercises::one_by_one, &mut report);
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(report.exercises >= 8 && report.runs >= 200, "{} exercises, {} runs", report.exercises, report.runs);
}

/// What the page fetches is what was read, and a design made there is the one made here.
#[test]
fn an_exercise_is_packed() {
    let all = exercises();
    for (exercise, (name, bytes)) in all.iter().zip(&exercises::pack(&all)[1..]) {
        assert_eq!(*name, format!("{}.bin", exercise.slug));
        assert_eq!(Exercise::from_bytes(bytes).as_ref(), Ok(exercise));
        let why = exercise.design(&exercise.starter()).expect_err("nobody is connected");
        assert!(why.contains("connect them"), "{why}");
    }
}

/// A design of an exercise's folder that is another one changed is read by its name.
#[test]
fn a_changed_design_is_read() {
    let all = exercises();
    let cache = all.iter().find(|exercise| exercise.slug == "distributed-cache").expect("it ships");
    let text = |file: &str| {
        let own = files().into_iter().find(|own| own.name == format!("distributed-cache/{file}"));
        own.expect("it is there").text
    };
    let file = "wrong/one-node.toml";
    let design = exercises::graph(&format!("designs/distributed-cache/{file}"), &text(file), cache).expect("good");
    assert_eq!(design.caches["memory"].instances, 1);
    let whole = exercises::graph("mine.toml", &text("accepted/aside.toml"), cache).expect("good");
    assert_eq!(whole, cache.accepted.iter().find(|of| of.name == "aside").expect("it ships").design);
    let why = exercises::graph("mine.toml", &text(file), cache).expect_err("a change of what?");
    assert!(why.contains("can be changes of \"aside\""), "{why}");
}

/// A learner's own figures cannot make parts faster or cheaper.
#[test]
fn what_is_given_cannot_be_changed() {
    let all = exercises();
    let cache = all.iter().find(|exercise| exercise.slug == "distributed-cache").expect("it ships");
    let mut graph = cache.accepted[0].design.clone();
    let before = cache.design(&graph).expect("good");
    for store in graph.stores.values_mut() {
        store.price = 0.0;
        store.concurrency = 1_000;
    }
    graph.caches.values_mut().for_each(|part| part.capacity = 1_000_000);
    graph.services.values_mut().for_each(|part| part.speeds = vec![100.0]);
    graph.keys.clear();
    graph.requirements.clear();
    graph.faults.clear();
    assert_eq!(cache.design(&graph), Ok(before));
    // Nor parts of a kind of which the exercise says nothing.
    let fast = Objects { read: Distribution::Constant(Micros(1)), price: 0.0, ..Objects::default() };
    graph.objects.insert("free".into(), fast);
    let made = cache.design(&graph).expect("good");
    assert_eq!(made.objects["free"], Objects::default());
}

/// With our own formulas every line of every sheet is good.
#[test]
fn sheets_come_out() {
    for exercise in exercises() {
        let lines = exercise.task.sheet.iter().filter_map(|of| Some((of.name.as_str(), of.formula.as_deref()?)));
        let rows = sheet::evaluate(&exercise.task.sheet, &lines.collect::<Vec<_>>());
        for row in &rows {
            assert_eq!(row.verdict, Verdict::Good, "{}: {}", exercise.slug, row.name);
            if !row.given {
                println!("{}: {}", exercise.slug, row.steps);
            }
        }
        let none = sheet::evaluate(&exercise.task.sheet, &[]);
        assert!(none.iter().filter(|row| row.verdict == Verdict::Missing).count() >= 3);
    }
}

/// Files that are wrong are refused with the file, the line and what to do.
#[test]
fn what_is_wrong_with_an_exercise_is_said() {
    let all = files();
    let of = |name: &str| format!("distributed-cache/{name}");
    let check = |name: &str, from: &str, to: &str, expected: &str| {
        let mut changed: Vec<SourceFile> =
            all.iter().filter(|file| file.name.starts_with("distributed-cache/")).cloned().collect();
        let file = changed.iter_mut().find(|file| file.name == of(name)).expect("it is there");
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replacen(from, to, 1);
        let findings = exercises::read_all(&changed).expect_err(expected);
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|finding| finding.contains(expected)), "{told:?} should say {expected:?}");
    };
    check("exercise.toml", "minutes", "hours", "distributed-cache/exercise.toml:3: unknown field \"hours\"");
    check(
        "exercise.toml",
        "formula = \"people * looks\"",
        "formula = \"people * lokks\"",
        "no quantity has the name \"lokks\"",
    );
    check("exercise.toml", "unit = \"GB\"", "unit = \"GB/s\"", "memory");
    check("exercise.toml", "p50(read)", "p51(read)", "is no measure");
    check("accepted/aside.toml", "to = [\"app\"]", "to = [\"ap\"]", "no component has this name");
    check("accepted/aside.toml", "instances = 3", "instanzes = 3", "accepted/aside.toml:");
    check("wrong/one-node.toml", "fails = \"p99(read)", "fails = \"p98(read)", "the exercise has no such requirement");
    check("wrong/one-node.toml", "from = \"aside\"", "from = \"beside\"", "no whole design of this name");
}
