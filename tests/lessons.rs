//! Every lesson is proved, the check finds what is wrong with a lesson, and a session plays one through.

use faultline::base::{Micros, codec};
use faultline::lesson::check::{check, check_lesson};
use faultline::lesson::draft::Draft;
use faultline::lesson::goal::Verdict;
use faultline::lesson::{Finding, Lesson, Pack, runner};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::scenario::LogEntry;
use faultline::wire::*;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")
}

fn read(folder: &Path) -> Vec<SourceFile> {
    faultline::cli::lessons::files(folder).unwrap()
}

fn one_machine() -> Vec<SourceFile> {
    read(&folder().join("one-machine"))
}

/// The files with a part of one of them replaced; an empty `from` appends.
fn changed(mut files: Vec<SourceFile>, name: &str, from: &str, to: &str) -> Vec<SourceFile> {
    let file = files.iter_mut().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    assert!(file.text.contains(from), "{name} has no {from:?}");
    file.text = if from.is_empty() { file.text.clone() + to } else { file.text.replacen(from, to, 1) };
    files
}

fn text(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn every_lesson_is_good() {
    let begun = std::time::Instant::now();
    let report = check(&read(&folder()), protocols::all());
    assert!(report.findings.is_empty(), "cargo run -- lessons check\n{}", text(&report.findings));
    assert!(report.lessons > 0 && report.goals >= 4 * report.lessons);
    println!("{} lessons, {} runs, {:?}", report.lessons, report.runs, begun.elapsed());
}

/// What is wrong in the files themselves is told with file and line (here: whether a line is known).
#[test]
fn mistakes_in_the_files_are_found() {
    for (file, from, to, expected) in [
        ("lesson.toml", "version = 1", "version = 2", "lesson.toml:1: version 2 is not known; accepted: 1"),
        ("lesson.toml", "minutes = 15", "minuets = 15", "lesson.toml:6: unknown field \"minuets\""),
        ("lesson.toml", "minutes = 15", "", "lesson.toml:1: missing field \"minutes\""),
        ("lesson.toml", "scenario = \"five.toml\"", "scenario = \"six.toml\"", "there is no scenarios/six.toml"),
        ("lesson.toml", "on = \"n1\"", "on = \"n7\"", "accepted: n1, c1, server, client"),
        ("lesson.toml", "function = \"put\", outcome", "function = \"cas\", outcome", "accepted: get, put"),
        ("lesson.toml", "id = \"read-back\"", "id = \"Read back\"", "small letters, digits and hyphens only"),
        ("lesson.toml", "{{ops.fail}}", "{{ops.failed}}", "unknown measure \"ops.failed\""),
        (
            "lesson.toml",
            "choice = \"place\", is = \"one zone\"",
            "choice = \"place\", is = \"the moon\"",
            "one of \"one zone\"",
        ),
        ("prose.md", "[(§4.3)](source:textbook)", "[(§4.3)](source:book)", "source:book is not declared"),
        ("lesson.toml", "Machines here crash", "Machines <b>here</b> crash", "HTML is not accepted"),
        ("prose.md", "## crash-it", "## crash", "prose.md:9: section \"crash\"; the steps are, in order: one-server"),
        ("prose.md", "term:durable", "term:durability", "prose.md: term:durability is not declared"),
        ("prose.md", "{{one-latency}}", "{{latency}}", "{{latency}} is no number of this lesson"),
        ("prose.md", "Start with one.", "<em>Start</em> with one.", "prose.md:3: HTML is not accepted"),
        ("scenarios/one.toml", "kv-single", "kv-double", "scenarios/one.toml:4: unknown protocol \"kv-double\""),
        ("scenarios/five.toml", "median = \"5ms\"", "median = \"5\"", "scenarios/five.toml:12: "),
    ] {
        let files = changed(one_machine(), file, from, to);
        let findings = Draft::read(&files, protocols::all()).err().unwrap_or_default();
        assert!(text(&findings).contains(expected), "{from} → {to}:\n{}", text(&findings));
    }
}

/// A change to a file, and what the check must say of it.
type Mistake<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What only runs can show. Mistakes in different places are made at once: each must be found.
#[test]
fn lessons_that_prove_nothing_are_found() {
    let long = "word ".repeat(90);
    let first: [Mistake<'_>; 8] = [
        (
            "lesson.toml",
            "after = { event = \"restart\", on = \"n1\" }",
            "",
            "nothing is done, and yet the goal \"back\" is met",
        ),
        ("lesson.toml", "luck = \"Any two machines", "# \"Any two machines", "random clicks meet the goal \"keep\""),
        (
            "solution.toml",
            "do.crash.node = \"n5\"",
            "do.pause.node = \"n5\"",
            "with seed 1 the goal \"keep\" stays open",
        ),
        ("solution.toml", "goals = [\"refuse\", \"recover\"]", "goals = [\"refuse\"]", "meets the goal \"recover\""),
        (
            "lesson.toml",
            "when = { event = \"complete\", function = \"put\", outcome = \"ok\" }\nbecause",
            "when = { event = \"complete\", function = \"put\" }\nbecause",
            "exactly one option must turn out true in the run; these are:",
        ),
        (
            "lesson.toml",
            "when = { choice = \"replicas\", is = \"1\" }",
            "when = { measure = \"ops.availability\", at_most = \"1%\" }",
            "no combination of choices leads to this follow-up",
        ),
        ("prose.md", "Start with one.", "Start with one. It takes 3 ms.", "section \"one-server\": \"3 ms\" is typed"),
        ("prose.md", "[(§4.3)](source:note)", "", "no text refers to source:note"),
    ];
    let second: [Mistake<'_>; 6] = [
        ("solution.toml", "do.restart.node = \"n1\"", "do.resume.node = \"n1\"", "had no effect: n1 is not paused"),
        (
            "solution.toml",
            "unmet = [\"read-back\"]",
            "unmet = [\"read\"]",
            "no goal \"read\" in this step; there are: read-back",
        ),
        (
            "solution.toml",
            "step = \"the-price\"\ngoals",
            "step = \"price\"\ngoals",
            "no step \"price\"; the steps are: one-server",
        ),
        (
            "solution.toml",
            "why = \"only one replica is down\"\nunmet = [\"keep\"]\n",
            "why = \"only one replica is down\"\nunmet = [\"keep\"]\n[[wrong.commands]]\nat = \"190ms\"\ndo.crash.node = \"n1\"\n",
            "\"only one replica is down\" meets the goal \"keep\"",
        ),
        ("lesson.toml", "at_most = \"150ms\"", "at_most = \"1ms\"", "0 combinations of choices meet all requirements"),
        ("prose.md", "Start with one.", &long, "section \"one-server\" has"),
    ];
    for mistakes in [&first[..], &second[..]] {
        let mut files = one_machine();
        for (file, from, to, _) in mistakes {
            files = changed(files, file, from, to);
        }
        let (_, report) = check_lesson("one-machine", &files, protocols::all());
        let found = text(&report.findings);
        for (_, _, _, expected) in mistakes {
            assert!(found.contains(expected), "expected {expected}:\n{found}");
        }
    }
}

/// Where measurements are not what a test is about.
fn measured_in_haste(mut files: Vec<SourceFile>) -> Vec<SourceFile> {
    let lesson = files.iter_mut().find(|file| file.name == "lesson.toml").expect("it is there");
    lesson.text = lesson
        .text
        .replace("seeds = 100\n", "seeds = 2\n")
        .replace("seeds = 20\nuntil = \"16s\"", "seeds = 2\nuntil = \"16s\"");
    files
}

/// Without the steps' long runs: no solution, so that only texts, numbers and predictions are checked.
fn found_without_plays(lesson: &str, changes: &[(&str, &str, &str)]) -> String {
    let mut files = read(&folder().join(lesson));
    for (file, from, to) in changes {
        files = changed(files, file, from, to);
    }
    let mut files = measured_in_haste(files);
    let solution = files.iter_mut().find(|file| file.name == "solution.toml").expect("it is there");
    let end = solution.text.find("[[solve]]").expect("a solution");
    solution.text.truncate(end);
    text(&check_lesson(lesson, &files, protocols::all()).1.findings)
}

/// What is explained back is asked for in every lesson; and at most eight linked terms stand in a step.
#[test]
fn explaining_back_and_the_number_of_links_are_held() {
    let links = "[majority](term:majority) ".repeat(9);
    let found = found_without_plays(
        "one-machine",
        &[("lesson.toml", "[explain]\n", "[other]\n"), ("prose.md", "Start with one.", &links)],
    );
    assert!(found.contains("unknown field \"other\""), "{found}");
    let changes = [
        ("lesson.toml", "[explain]\n", "# "),
        ("lesson.toml", "\nanswer = \"Every operation", "\n# answer = \"Every operation"),
        ("prose.md", "Start with one.", &links),
    ];
    let found = found_without_plays("one-machine", &changes);
    assert!(found.contains("a lesson has an [explain]"), "{found}");
    assert!(found.contains("section \"one-server\" links") && found.contains("at most 8"), "{found}");
    let short = [("lesson.toml", "answer = \"Every operation", "answer = \"Too short.\"\n# \"Every operation")];
    let found = found_without_plays("one-machine", &short);
    assert!(found.contains("a model answer has 20 to 80"), "{found}");
}

/// A number that nobody computed is found in every kind of text, in digits and in words.
#[test]
fn typed_numbers_are_found() {
    let changes = [
        ("prose.md", "Nobody tells the client.", "Nobody tells the client. Nine messages are lost."),
        ("prose.md", "You may lose two.", "You may lose 4 ms."),
        ("lesson.toml", "Leave both down and", "Leave both down for 31 s and"),
        ("lesson.toml", "see three new puts and three", "see three new puts and six"),
        ("lesson.toml", "Two of five are down, and", "Two of six are down, and"),
        ("lesson.toml", "`c1` has sent a put.", "`c1` has sent a put 11 ms ago."),
        ("lesson.toml", "About 10: one", "About 16: one"),
        ("lesson.toml", "No answer. Its get fails", "No answer for 12 s. Its get fails"),
        ("lesson.toml", "Two answers came", "After 61 ms two answers came"),
        ("lesson.toml", "a hundred operations each", "fifty operations each"),
        ("lesson.toml", "title = \"7\"", "title = \"8\""),
        ("lesson.toml", "title = \"Put, 99 of 100 within\"", "title = \"Put, 95 of 100 within\""),
        (
            "lesson.toml",
            "title = \"99 of 100 puts take at most 150 ms\"",
            "title = \"99 of 100 puts take at most 140 ms\"",
        ),
        ("lesson.toml", "regions are too far apart", "regions are 36 ms apart and so too far"),
        ("lesson.toml", "Four of seven: just", "Four of seventeen, so 13 machines: just"),
        ("lesson.toml", "Every key is a register", "Each of 13 keys is a register"),
        ("lesson.toml", "text = \"two round trips\"", "text = \"two round tours\""),
    ];
    let found = found_without_plays("one-machine", &changes);
    for typed in [
        "section \"crash-it\": \"Nine messages\"",
        "section \"three-down\": \"4 ms\"",
        "\"31 s\"",
        "\"six new gets\"",
        "\"six\"",
        "\"11 ms\"",
        "\"16\"",
        "\"12 s\"",
        "\"61 ms\"",
        "\"fifty operations\"",
        "\"8\"",
        "\"95 of 100\"",
        "\"140 ms\"",
        "\"36 ms\"",
        "\"13 machines\"",
        "\"13\"",
        "section \"the-price\": \"two round trips\"",
    ] {
        assert!(found.contains(&format!("{typed} is typed")), "{typed}:\n{found}");
    }
    assert!(found.contains("no text has the words \"two round tours\""), "{found}");
}

/// An engine or a scenario that behaves otherwise than the texts say makes the check fail. What changes here is a bug of
/// the protocol, its patience, and the network.
#[test]
fn texts_that_runs_contradict_are_found() {
    let said = |truth: &str, told: &str| format!("in the run \"{truth}\" is true, and solution.toml says \"{told}");
    let bug = ("scenarios/five.toml", "give-up-after = \"800ms\"", "give-up-after = \"800ms\"\nbug-double-vote = true");
    let title = ("lesson.toml", "{ election-timeout-min = \"25ms\"", "{ election-timeout-min = \"30ms\"");
    let often = ("lesson.toml", "Twenty times a minute", "Thirty times a minute");
    let once = ("lesson.toml", "for two seconds", "for three seconds");
    let found = found_without_plays("leader-dies", &[bug, title, often, once]);
    for typed in ["25–50 ms", "Thirty times a minute", "three seconds"] {
        assert!(found.contains(&format!("\"{typed}\" is typed")), "{typed}:\n{found}");
    }
    assert!(found.contains(&said("One of the four wins at once.", "Nobody wins this term")), "{found}");
    let hasty = ("scenarios/five.toml", "give-up-after = \"800ms\"", "give-up-after = \"100ms\"");
    let found = found_without_plays("leader-dies", &[hasty]);
    assert!(found.contains("these are: \"They fail until an operator steps in.\""), "{found}");
    let slow = ("scenarios/cost-one.toml", "median = \"5ms\"", "median = \"50ms\"");
    let found = found_without_plays("one-machine", &[slow]);
    assert!(found.contains("{{five-latency}} instead of {{one-latency}}\": the runs give 1"), "{found}");
    let undecided = ("solution.toml", "prediction = \"silence\"", "prediction = \"noise\"");
    let found = found_without_plays("one-machine", &[undecided]);
    assert!(found.contains("says which option of \"silence\" is true"), "{found}");
    assert!(found.contains("no prediction \"noise\" in a step \"crash-it\""), "{found}");
}

/// The lessons folder with one lesson, which runs nothing long: only the files matter here.
fn light() -> Vec<SourceFile> {
    let files = read(&folder());
    let kept = |name: &str| !name.contains('/') || name.starts_with("one-machine/") && !name.ends_with("solution.toml");
    files.into_iter().filter(|file| kept(&file.name)).collect()
}

#[test]
fn the_catalogue_and_stray_files_are_held_to_the_lessons() {
    let first = {
        let mut files = light();
        for (from, to) in [
            ("\"goals\": 10", "\"goals\": 11"),
            ("\"number\": 1", "\"number\": 2"),
            ("scenarios/one.toml", "scenarios/two.toml"),
        ] {
            files = changed(files, "catalogue.json", from, to);
        }
        let file = |name: &str, text: String| SourceFile { name: name.into(), text };
        files.push(file("notes.txt", String::new()));
        files.push(file("one-machine/notes.txt", String::new()));
        files.push(file("one-machine/scenarios/copy.toml", text_of("one-machine/scenarios/one.toml")));
        files.push(file("two/prose.md", String::new()));
        changed(files, "home.toml", "\"raft\"", "\"no-such-protocol\"")
    };
    let second = changed(light(), "catalogue.json", "\"slug\": \"one-machine\"", "\"slug\": \"two\"");
    let third = changed(light(), "catalogue.json", "\"minutes\"", "\"minuets\"");
    let third = third.into_iter().filter(|file| file.name != "home.toml").collect();
    for (files, all) in [
        (
            first,
            &[
                "catalogue.json:10: goals is 11 here and 10 in the lesson",
                "catalogue.json:10: lesson 1.1 stands in chapter 2",
                "scenarios/two.toml",
                "notes.txt: a stray file",
                "one-machine/notes.txt: a stray file",
                "one-machine/scenarios/copy.toml: no step, prediction, number or measurement uses this scenario",
                "one-machine/solution.toml: this file is missing",
                "two/lesson.toml: this file is missing",
                "home.toml:4: unknown protocol \"no-such-protocol\"",
            ][..],
        ),
        (second, &["there is no folder \"two\"", "the lesson in \"one-machine\" is not listed"]),
        (third, &["catalogue.json:13: unknown field `minuets`", "home.toml: this file is missing"]),
    ] {
        let found = text(&check(&files, protocols::all()).findings);
        for expected in all {
            assert!(found.contains(expected), "expected {expected}:\n{found}");
        }
    }
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn packed() -> Pack {
    let draft = Draft::read(&one_machine(), protocols::all()).unwrap_or_else(|findings| panic!("{}", text(&findings)));
    draft.pack().unwrap_or_else(|finding| panic!("{finding}"))
}

/// A session with the lesson loaded and a step open.
fn opened(step: u32) -> Session {
    let mut session = Session::new(protocols::all());
    let pack = packed().to_bytes();
    let replies = session.handle(Request::LoadLesson { name: "one-machine".into(), pack });
    assert!(
        matches!(&replies[..], [Reply::Lesson(page)] if codec::own::<LessonPage>(page).steps.len() == 10),
        "{replies:?}"
    );
    let open = OpenRun { source: RunSource::Step(step), seed: None, cursor: None };
    assert!(matches!(&session.handle(Request::Open(open))[..], [Reply::Opened(_), Reply::Frame(_)]));
    session
}

fn frame(session: &mut Session, request: Request) -> Frame {
    let mut replies = session.handle(request);
    match replies.pop() {
        Some(Reply::Frame(frame)) if replies.is_empty() => *frame,
        other => panic!("{replies:?} {other:?}"),
    }
}

/// The goals as of a frame that says what they are.
fn goals(frame: &Frame) -> Vec<GoalState> {
    frame.status.as_ref().expect("the status changed").goals.iter().map(|goal| goal.state).collect()
}

fn crash(node: &str) -> Request {
    Request::Do(Command::Crash(NodeRef { node: node.into() }))
}

#[test]
fn a_goal_is_met_by_clicks_and_open_again_in_a_fork_from_before() {
    use GoalState::*;
    let mut session = opened(1);
    frame(&mut session, Request::Show { at: Micros::ms(200) });
    frame(&mut session, crash("n1"));
    let after = frame(&mut session, Request::Show { at: Micros::ms(800) });
    assert_eq!(goals(&after), [Met, Open]);
    let card = &after.status.as_ref().unwrap().goals[0];
    let (row, at) = card.evidence.expect("a goal that is met says by what");
    assert!(at > Micros::ms(200));
    let shown = frame(&mut session, Request::Move(Move::ToRow(row)));
    assert_eq!(shown.now, at, "the evidence can be gone to");
    frame(&mut session, Request::Show { at: Micros::ms(150) });
    let forked = frame(&mut session, Request::Do(Command::Pause(NodeRef { node: "n1".into() })));
    assert_eq!(goals(&forked), [Open, Open], "before the crash nothing was met");
}

/// A measurement, slice by slice as the page asks for it.
fn measured(session: &mut Session, step: u32, choices: Vec<u32>) -> Measurement {
    let mut done = 0;
    loop {
        let replies = session.handle(Request::Measure { step, choices: choices.clone(), done });
        let [Reply::Measured(measured)] = &replies[..] else { panic!("{replies:?}") };
        assert!(measured.done > done, "each slice makes a run at least");
        if measured.done == measured.runs {
            return (**measured).clone();
        }
        assert!(measured.verdicts.is_empty() && measured.follow_ups.is_empty(), "nothing is judged half-way");
        done = measured.done;
    }
}

#[test]
fn predictions_and_measurements_come_through_the_session() {
    let mut session = opened(0);
    for (step, truth) in [(1, 1), (3, 1), (4, 2)] {
        let replies = session.handle(Request::Predict { step, prediction: 0 });
        let [Reply::Predicted(outcome)] = &replies[..] else { panic!("{replies:?}") };
        assert_eq!((outcome.step, outcome.truth), (step, truth));
        let source = RunSource::Text(SourceFile { name: "run".into(), text: outcome.run.clone() });
        let open = OpenRun { source, seed: None, cursor: outcome.evidence.map(|(_, at)| at) };
        let replies = session.handle(Request::Open(open));
        assert!(matches!(&replies[..], [Reply::Opened(_), Reply::Frame(_)]), "the run that decided can be opened");
    }
    let price = measured(&mut session, 4, Vec::new());
    assert_eq!(price.rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["One server", "Five replicas"]);
    let verdicts = |m: &Measurement| m.verdicts.iter().map(|(met, _)| *met).collect::<Vec<_>>();
    let (five, one) = (measured(&mut session, 5, vec![2, 1]), measured(&mut session, 5, vec![0, 1]));
    assert_eq!((verdicts(&five), verdicts(&one)), (vec![true, true, true], vec![false, false, true]));
    assert!(!five.follow_ups.is_empty() && five.follow_ups != one.follow_ups && !five.answer.is_empty());
    let replies = session.handle(Request::Measure { step: 5, choices: vec![9, 0], done: 0 });
    assert!(matches!(&replies[..], [Reply::Failed(why)] if why.contains("has no option 9")), "{replies:?}");
}

/// The lesson whose steps have buttons, changed as in [`changed`], and what the check says of it.
fn found_in_leader_dies(file: &str, from: &str, to: &str) -> String {
    let files = measured_in_haste(changed(read(&folder().join("leader-dies")), file, from, to));
    text(&check_lesson("leader-dies", &files, protocols::all()).1.findings)
}

#[test]
fn buttons_that_are_not_proved_are_found() {
    let unknown = found_in_leader_dies("solution.toml", "button = \"Heal the cut\"", "button = \"Heal\"");
    assert!(unknown.contains("no button \"Heal\" in this step; there are: Heal the cut"), "{unknown}");
    assert!(unknown.contains("no [[solve]] of solution.toml presses \"Heal the cut\""), "{unknown}");
    let refused = found_in_leader_dies("lesson.toml", "heal.name = \"island\"", "heal.name = \"isle\"");
    assert!(refused.contains("the command at 1.2 s had no effect"), "{refused}");
    let parameter = found_in_leader_dies("lesson.toml", "{ election-timeout-min = \"800ms\"", "{ time-out = \"1s\"");
    assert!(parameter.contains("unknown parameter \"time-out\""), "{parameter}");
}

/// A number in the prose follows the engine: other time-outs, another number.
#[test]
fn numbers_in_the_prose_come_from_runs() {
    let files = read(&folder().join("leader-dies"));
    let prose = |files: &[SourceFile]| {
        let draft = Draft::read(files, protocols::all()).unwrap_or_else(|findings| panic!("{}", text(&findings)));
        codec::own::<LessonPage>(&draft.pack().unwrap_or_else(|finding| panic!("{finding}")).page).steps
    };
    let slow = changed(files.clone(), "scenarios/five.toml", "min = \"150ms\"", "min = \"200ms\"");
    let (now, then) = (prose(&files), prose(&slow));
    assert_ne!(now[0].prose, then[0].prose, "the time without a leader");
    assert_eq!(now[1].prose, then[1].prose, "this step quotes none");
}

#[test]
fn a_button_gives_its_commands_at_the_cursor() {
    let draft = Draft::read(&read(&folder().join("leader-dies")), protocols::all()).unwrap_or_else(|_| panic!());
    let mut session = Session::new(protocols::all());
    let pack = draft.pack().unwrap_or_else(|finding| panic!("{finding}")).to_bytes();
    session.handle(Request::LoadLesson { name: "leader-dies".into(), pack });
    let press = |button| Request::Press { step: 2, button };
    assert!(matches!(&session.handle(press(0))[..], [Reply::Failed(why)] if why == "no run is open"));
    session.handle(Request::Open(OpenRun { source: RunSource::Step(2), seed: None, cursor: None }));
    frame(&mut session, Request::Show { at: Micros::ms(500) });
    let pressed = frame(&mut session, press(0));
    let said = |frame: &Frame| -> Vec<(Micros, String)> {
        let cards = frame.status.as_ref().expect("the log changed").commands.iter();
        cards.filter(|card| !card.scripted).map(|card| (card.at, card.sentence.clone())).collect()
    };
    let align = "You align the election timers of all nodes";
    let both = [(Micros::ms(500), "You crash @leader".to_string()), (Micros::ms(550), align.to_string())];
    assert_eq!(said(&pressed), both);
    let replies = session.handle(press(0));
    assert!(matches!(&replies[..], [Reply::Refused(_), Reply::Frame(_)]), "nobody leads: {replies:?}");
    frame(&mut session, Request::Show { at: Micros::s(2) });
    let undone = frame(&mut session, Request::Undo);
    assert_eq!(said(&undone).len(), 0, "one press, one undo");
    frame(&mut session, Request::Show { at: Micros::ms(500) });
    frame(&mut session, press(0));
    frame(&mut session, Request::Show { at: Micros::s(1) });
    let done = frame(&mut session, Request::Show { at: Micros::s(2) });
    let done = done.status.unwrap_or_else(|| frame(&mut session, Request::Move(Move::Head)).status.expect("sent anew"));
    assert_eq!(done.goals[0].state, GoalState::Met, "the vote was split, and the tie resolved");
    assert!(matches!(&session.handle(press(9))[..], [Reply::Failed(why)] if why.contains("no button 9")));
}

/// One press splits the vote, whenever it comes: the last heartbeats have landed, and no time-out has run out.
#[test]
fn one_press_makes_a_tie_at_any_time() {
    let draft = Draft::read(&read(&folder().join("leader-dies")), protocols::all()).unwrap_or_else(|_| panic!());
    let pack = draft.pack().unwrap_or_else(|finding| panic!("{finding}"));
    let lesson = Lesson::new(pack, protocols::all());
    let tie = 2;
    for seed in 1..=20u64 {
        let at = Micros::ms(400 + seed * 37);
        let blueprint = lesson.blueprint(tie).expect("the step").with_seed(seed);
        let given = lesson.button(tie, 0).expect("the button").iter();
        let given = given.map(|entry| LogEntry { at: at.plus(entry.at), ..entry.clone() });
        let blueprint = runner::with_commands(&blueprint, given);
        let done = runner::run(blueprint, at.plus(Micros::s(3)), lesson.goals(tie).expect("goals")).expect("it runs");
        assert!(done.refused.is_empty(), "seed {seed}, {at}: {:?}", done.refused);
        assert!(matches!(done.goals.verdicts().next(), Some(Verdict::Met { .. })), "seed {seed}, pressed at {at}");
    }
}
