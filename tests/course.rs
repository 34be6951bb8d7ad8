//! What a learner hands in is played again, and a new lesson passes the check.

use faultline::base::Micros;
use faultline::cli::lessons;
use faultline::lesson::check::{SEEDS, check_lesson_over};
use faultline::lesson::draft::Draft;
use faultline::lesson::glossary::Glossary;
use faultline::lesson::verify::{Proof, verify};
use faultline::lesson::{prose, runner};
use faultline::progress::{Class, GoalMet, Progress};
use faultline::protocols;
use faultline::sim::scenario::{Blueprint, LogEntry};
use faultline::wire::{ClientRequest, Command, Datum, NodeRef, Op, SourceFile};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")
}

fn one_machine() -> Vec<Draft> {
    let files = lessons::files(&folder().join("one-machine")).expect("the lesson is there");
    vec![Draft::read(&files, protocols::all()).unwrap_or_else(|found| panic!("{found:?}"))]
}

fn asked(at: u64, f: &str, value: Datum) -> LogEntry {
    let op = Op { f: f.into(), key: "x".into(), value };
    let command = Command::Request(ClientRequest { client: "c1".into(), op });
    LogEntry { learner: true, ..runner::entry(Micros(at), command) }
}

/// The first step of the lesson, with commands of the learner, as a page keeps it.
fn kept(draft: &Draft, seed: u64, commands: Vec<LogEntry>) -> String {
    let blueprint = runner::with_commands(&draft.blueprint(0).expect("a step").with_seed(seed), commands);
    blueprint.scenario.to_json()
}

fn proof(drafts: &[Draft], class: Option<Class>, key: &str, at_us: u64, run: String) -> Proof {
    let mut progress = Progress { class, ..Progress::default() };
    let met = GoalMet { at_us, sentence: "met".into(), run };
    progress.lesson_mut("one-machine").meet(key, met);
    let read = Progress::read(&progress.to_text()).expect("it reads");
    let mut claims = verify(&read, drafts, protocols::all());
    assert_eq!(claims.len(), 1);
    claims.remove(0).proof
}

#[test]
fn what_was_met_is_confirmed_and_nothing_else() {
    let drafts = one_machine();
    let both = || vec![asked(100_000, "put", Datum::Int(7)), asked(300_000, "get", Datum::None)];
    let run = kept(&drafts[0], 3, both());
    let goal = "one-server/read-back";
    let good = proof(&drafts, None, goal, 600_000, run.clone());
    let Proof::Confirmed { at, commands } = good else { panic!("{good:?}") };
    assert!(at > Micros(300_000) && commands == 2, "{at}, {commands}");
    // A moment before it happened, or without one of the commands, it is not met.
    let refuted = |proof: Proof, says: &str| match proof {
        Proof::Refuted(why) => assert!(why.contains(says), "{why}"),
        other => panic!("{other:?} is not refuted"),
    };
    refuted(proof(&drafts, None, goal, 300_001, run.clone()), "does not meet it");
    refuted(
        proof(&drafts, None, goal, 600_000, kept(&drafts[0], 3, vec![asked(100_000, "put", Datum::Int(7))])),
        "does not meet it",
    );
    // Another set-up, or commands that pretend to be the author's, are not the step's.
    let mut eased: Blueprint = drafts[0].blueprint(0).expect("a step");
    eased.scenario.disk = Some(faultline::wire::Distribution::Constant(Micros(1)));
    let eased = runner::with_commands(&eased, both());
    refuted(proof(&drafts, None, goal, 600_000, eased.scenario.to_json()), "not the step's disk");
    let mut sly = both();
    sly.push(runner::entry(Micros(50_000), Command::Crash(NodeRef { node: "n1".into() })));
    refuted(proof(&drafts, None, goal, 600_000, kept(&drafts[0], 3, sly)), "not the step's own commands");
    refuted(proof(&drafts, None, goal, 600_000, "{}".into()), "the kept run");
    // A class has its seed.
    let class = |seed| Some(Class { seed, lessons: vec!["one-machine".into()] });
    assert!(matches!(proof(&drafts, class(3), goal, 600_000, run.clone()), Proof::Confirmed { .. }));
    refuted(proof(&drafts, class(4), goal, 600_000, run.clone()), "seed 3, the class has 4");
    for (key, run) in [("one-server/nothing", run.clone()), ("nowhere/read-back", run), (goal, String::new())] {
        assert!(matches!(proof(&drafts, None, key, 600_000, run), Proof::Unknown(_)), "{key}");
    }
}

#[test]
fn a_new_lesson_passes_the_check_and_is_listed() {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lessons-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("catalogue.json"), "{\"version\": 1, \"chapters\": []}").expect("a catalogue");
    std::fs::copy(folder().join("glossary.toml"), place.join("glossary.toml")).expect("the glossary");
    lessons::begin(&place, "my-lesson", "9.1").expect("it begins");
    let files: Vec<SourceFile> = lessons::files(&place.join("my-lesson")).expect("its files");
    let glossary = Glossary::find(&lessons::files(&folder()).expect("files")).expect("it is there").expect("it reads");
    let (draft, report) = check_lesson_over("my-lesson", &files, &glossary.shared(), protocols::all(), SEEDS);
    let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(draft.is_some() && found.is_empty(), "{}", found.join("\n"));
    let catalogue = std::fs::read_to_string(place.join("catalogue.json")).expect("it is there");
    assert!(catalogue.contains("\"slug\": \"my-lesson\"") && catalogue.contains("\"id\": \"9.1\""), "{catalogue}");
    for (slug, id) in [("my-lesson", "9.1"), ("My", "9.1"), ("other", "nine"), ("../x", "9.1")] {
        assert!(lessons::begin(&place, slug, id).is_err(), "{slug} {id}");
    }
    std::fs::remove_dir_all(&place).expect("it goes");
}

#[test]
fn a_lesson_that_is_not_listed_shows_up() {
    let drafts = one_machine();
    let all: Vec<&Draft> = drafts.iter().collect();
    let catalogue = faultline::lesson::course::complete("{\"version\": 1, \"chapters\": []}", &all).expect("it reads");
    assert_eq!(catalogue.chapters[0].number, 1);
    assert_eq!(catalogue.chapters[0].lessons[0].slug, "one-machine");
}

/// The lessons of the course: every folder with a lesson.
fn slugs() -> Vec<String> {
    let mut slugs: Vec<String> = std::fs::read_dir(folder())
        .expect("the lessons")
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.join("lesson.toml").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    slugs.sort();
    slugs
}

fn text_of(slug: &str, file: &str) -> String {
    let path = folder().join(slug).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// A lesson explains, and not at length: 600 to 1,200 words of prose, quoted numbers counted as one word each.
#[test]
fn the_prose_of_a_lesson_is_neither_a_caption_nor_a_chapter() {
    let slugs = slugs();
    assert!(slugs.len() >= 18, "{slugs:?}");
    let counted = slugs.iter().map(|slug| {
        let sections = prose::sections("prose.md", &text_of(slug, "prose.md")).expect("prose that reads");
        (slug, sections.iter().map(|section| prose::words_in(&section.blocks)).sum::<usize>())
    });
    let wrong: Vec<_> = counted.filter(|(_, words)| !(600..=1_200).contains(words)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Two sources at least say where in them: a section, or a chapter of a book.
#[test]
fn a_lesson_rests_on_two_places_that_can_be_looked_up() {
    let places = |slug: &String| {
        let lesson: toml::Table = text_of(slug, "lesson.toml").parse().expect("a lesson that reads");
        let sources = lesson["source"].as_array().expect("sources").iter();
        let texts = sources.filter_map(|source| source.get("text").and_then(toml::Value::as_str));
        let placed = |text: &&str| ["section", "§", "chapter"].iter().any(|word| text.contains(word));
        texts.filter(placed).count()
    };
    let wrong: Vec<_> = slugs().into_iter().filter(|slug| places(slug) < 2).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A lesson sends learners only to exercises and lessons that there are.
#[test]
fn links_of_lessons_lead_somewhere() {
    let mut links = 0;
    for slug in slugs() {
        for file in ["lesson.toml", "prose.md"] {
            let text = text_of(&slug, file);
            for target in text.split("](#/").skip(1).filter_map(|rest| rest.split(')').next()) {
                links += 1;
                let place = match target.split('/').collect::<Vec<_>>()[..] {
                    ["design", name] => folder().join("designs").join(name).join("exercise.toml"),
                    ["lesson", name] | ["lesson", name, _] => folder().join(name).join("lesson.toml"),
                    _ => continue,
                };
                assert!(place.exists(), "{slug}/{file}: #/{target}");
            }
        }
    }
    assert!(links > 0);
}
