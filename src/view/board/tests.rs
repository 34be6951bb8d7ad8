//! The board's text, tables, pictures and judgements, held to those of the load model.

use super::desk::{Desk, Hold, Selected, Tab};
use super::doc::Doc;
use super::exercise::Exercise;
use super::interview::{self, Interview};
use super::kinds::{self, Calls, Field, KINDS, Takes};
use super::layout::Place;
use super::picture::Picture;
use super::score::{Opened, Scores, Unit};
use super::seen::{Cold, Component, Seen, Spent};
use super::toml::{self, Table, Value};
use super::values;
use super::{charts, picture, score};
use proptest::prelude::*;

const CACHE: &str = include_str!("../../../lessons/designs/cache.toml");

/// As the command line's reader has it.
fn theirs(value: &::toml::Value) -> Value {
    use ::toml::Value as Other;
    match value {
        Other::String(text) => Value::Text(text.clone()),
        Other::Integer(n) => Value::Plain(n.to_string()),
        Other::Float(n) => Value::Plain(format!("{n:?}")),
        Other::Boolean(yes) => Value::Plain(yes.to_string()),
        Other::Array(items) => Value::List(items.iter().map(theirs).collect()),
        Other::Table(table) => Value::Table(sorted(Table(table.iter().map(|(k, v)| (k.clone(), theirs(v))).collect()))),
        Other::Datetime(when) => Value::Text(when.to_string()),
    }
}

/// By names: the other reader has no order.
fn sorted(mut table: Table) -> Table {
    table.0.sort_by(|a, b| a.0.cmp(&b.0));
    table.0.iter_mut().for_each(|(_, value)| *value = sorted_value(value.clone()));
    table
}

fn sorted_value(value: Value) -> Value {
    match value {
        Value::Table(table) => Value::Table(sorted(table)),
        Value::List(items) => Value::List(items.into_iter().map(sorted_value).collect()),
        other => other,
    }
}

fn parsed(text: &str) -> Option<Table> {
    let table: ::toml::Table = ::toml::from_str(text).ok()?;
    theirs(&::toml::Value::Table(table)).table().cloned()
}

#[test]
fn designs_are_read_as_the_command_line_reads_them_and_written_back() {
    let ours = toml::read(CACHE).expect("good");
    assert_eq!(Some(sorted(ours.clone())), parsed(CACHE));
    let written = Doc(ours.clone()).write();
    assert_eq!(sorted(toml::read(&written).expect("good")), sorted(ours), "{written}");
    // Once written, it stays so.
    assert_eq!(Doc::read(&written).expect("good").write(), written);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, line, why) in [
        ("a = 1\nb = ", 2, "expected a value"),
        ("a = 1\na = 2", 2, "twice"),
        ("[x]\n\n[x]", 3, "twice"),
        ("a = [1, 2", 1, "expected"),
        ("a = \"x\nb = 1", 1, "end of the text"),
        ("a 1", 1, "\"=\""),
        ("a = 1 b", 1, "end of the line"),
        ("a = 1x", 1, "value"),
    ] {
        let wrong = toml::read(text).expect_err(text);
        assert!(wrong.line == line && wrong.why.contains(why), "{text:?}: {wrong:?}");
        assert!(parsed(text).is_none(), "{text:?}");
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|n| Value::Plain(n.to_string())),
        any::<bool>().prop_map(|b| Value::Plain(b.to_string())),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map("[a-z ]{1,6}", inner, 0..4)
                .prop_map(|m| Value::Table(Table(m.into_iter().collect()))),
        ]
    })
}

proptest! {
    #[test]
    fn anything_written_is_read_by_both(entries in prop::collection::btree_map("[a-z-]{1,8}", values(), 0..6)) {
        let table = Table(entries.into_iter().collect());
        let text = toml::write(&table, |name| name == "services");
        let flat = Table(table.0.iter().filter(|(name, _)| name != "services").cloned().collect());
        if flat.0.len() == table.0.len() {
            prop_assert_eq!(toml::read(&text).map(sorted), Ok(sorted(table.clone())), "{}", text);
            prop_assert_eq!(parsed(&text), Some(sorted(table)), "{}", text);
        }
    }
}

/// A design with a character less, wherever that was: what is still taken is taken by both, as the same.
#[test]
fn what_we_take_the_command_line_takes() {
    let places = CACHE.char_indices().map(|(at, c)| (at, at + c.len_utf8()));
    for (at, end) in places {
        let text = [&CACHE[..at], &CACHE[end..]].concat();
        if let Ok(table) = toml::read(&text) {
            assert_eq!(Some(sorted(table)), parsed(&text), "without the character at {at}");
        }
    }
}

/// One that has just been added, as it is written.
fn defaults(kind: &kinds::Kind) -> serde_json::Value {
    let mut doc = Doc::empty("test");
    let name = if kind.table == "clients" {
        "users".to_owned()
    } else {
        doc.add(KINDS.iter().find(|k| k.table == kind.table).expect("a kind"))
    };
    let sink = doc.add(kinds::of("services").expect("a kind"));
    if kind.calls != Calls::None && name != sink {
        doc.connect(&name, &sink).expect("it can call");
    }
    if kind.table != "clients" {
        doc.connect("users", &sink).expect("they can call");
    }
    let text = doc.write();
    let design: ::toml::Value = ::toml::from_str(&text).expect("good");
    serde_json::to_value(&design[kind.table][&name]).expect("plain")
}

#[test]
fn every_new_component_has_what_its_form_has_not_as_usual() {
    for kind in KINDS {
        let made = defaults(kind);
        for field in kind.fields {
            let said = field.key.split('.').try_fold(&made, |value, step| value.get(step)).is_some();
            assert!(
                said || !field.usual.is_empty() || matches!(field.takes, Takes::Time) || field.help.contains("Empty:"),
                "{}: {}",
                kind.table,
                field.key
            );
        }
    }
}

#[test]
fn fields_take_what_they_say_and_show_it_again() {
    let field = |field: &Field| {
        if field.usual.is_empty() || field.takes == Takes::Spread {
            return;
        }
        let value = values::read(field.takes, field.usual).unwrap_or_else(|why| panic!("{}: {why}", field.key));
        let shown = values::shown(field.takes, &value.expect("something"));
        assert_eq!(shown, field.usual.trim_end_matches(".0"), "{}", field.key);
    };
    KINDS.iter().flat_map(|kind| kind.fields).chain(kinds::CALL).chain(kinds::CLASS).chain(kinds::RUN).for_each(field);
    assert_eq!(values::read(Takes::Whole(1, 9), "10"), Err("Write a whole number from 1 to 9.".into()));
    assert!(values::read(Takes::Time, "5").is_err() && values::read(Takes::Number(0.0, 1.0), "1.5").is_err());
    assert_eq!(kinds::typed("+ cache").map(|kind| kind.table), Some("caches"));
    assert_eq!(kinds::typed("key").map(|kind| kind.table), Some("key-values"));
    assert_eq!(kinds::typed("+"), None);
}

fn desk() -> Desk {
    Desk::open("cache", CACHE)
}

#[test]
fn a_design_is_built_by_hand_and_every_step_is_undone() {
    let mut desk = Desk::open("", &Doc::empty("Mine").write());
    assert!(desk.wrong.is_none(), "{:?}", desk.wrong);
    let mut texts = vec![desk.text.clone()];
    assert!(
        desk.add_typed("+ balancer")
            && desk.add_typed("service")
            && desk.add_typed("+cache")
            && desk.add_typed("database")
    );
    assert!(!desk.add_typed("teapot") && desk.said.contains("teapot"));
    for (from, to) in [("users", "balancer"), ("balancer", "service"), ("service", "cache"), ("service", "database")] {
        desk.connect(from, to);
        texts.push(desk.text.clone());
    }
    desk.connect("database", "cache");
    assert!(desk.said.contains("calls nothing"), "{}", desk.said);
    desk.connect("service", "balancer");
    assert!(desk.said.contains("circle"), "{}", desk.said);
    desk.aside("service");
    assert_eq!(desk.doc.part("service").expect("it").calls().len(), 5);
    desk.set("services/service/instances", Takes::Whole(1, 1_000), "4");
    desk.set("services/service/instances", Takes::Whole(1, 1_000), "many");
    assert_eq!(desk.untaken("services/service/instances"), Some(("many", "Write a whole number from 1 to 1000.")));
    desk.rename("cache", "memory");
    assert!(desk.text.contains("to = [\"memory\"]") && !desk.text.contains("\"cache\""), "{}", desk.text);
    desk.select(Selected::Part("memory".into()));
    desk.remove();
    assert_eq!(desk.doc.part("service").expect("it").calls().len(), 2, "{}", desk.text);
    let last = desk.text.clone();
    let mut steps = 0;
    while desk.can_undo() {
        desk.undo();
        steps += 1;
    }
    assert_eq!((desk.text.as_str(), steps), (texts[0].as_str(), 12));
    while desk.can_redo() {
        desk.redo();
    }
    assert_eq!(desk.text, last);
}

#[test]
fn the_text_and_the_board_are_one() {
    let mut desk = desk();
    desk.write(&CACHE.replace("instances = 4", "instances = 7"));
    assert_eq!(desk.doc.part("app").expect("it").instances(), 7);
    desk.write(&CACHE.replace("[caches.memory]", "[caches.memory"));
    assert_eq!(desk.wrong.as_ref().map(|(line, _)| *line), Some(76));
    // The board stays as it was.
    assert_eq!(desk.doc.parts().len(), 5);
    desk.undo();
    assert_eq!((desk.text.as_str(), desk.wrong.is_none()), (CACHE, true));
}

#[test]
fn a_file_is_opened_or_says_why_not_and_nothing_is_lost() {
    let mut desk = desk();
    desk.select(Selected::Part("app".into()));
    desk.refuse_file("notes.txt", 3, "expected \"=\".");
    assert_eq!((desk.text.as_str(), desk.can_undo()), (CACHE, false));
    let refused = desk.refused.clone().expect("it says so");
    assert!(refused.starts_with("notes.txt, line 3: expected \"=\". What is taken is a design"), "{refused}");
    assert_eq!(super::desk::readable("a = 1\n\0"), Err((2, "this is no text".into())));
    assert_eq!(super::desk::readable("a = 1\nb"), Err((2, "expected \"=\"".into())));
    assert_eq!(super::desk::readable(&CACHE.replace('\n', "\r\n")), Ok(()));
    let other = Doc::empty("Other").write();
    desk.take_file(&other);
    assert_eq!((desk.said.as_str(), &desk.refused), ("Opened; undo takes it back.", &None));
    assert_eq!((desk.text.as_str(), desk.doc.title(), desk.chosen().len()), (other.as_str(), "Other", 0));
    desk.undo();
    assert_eq!((desk.text.as_str(), desk.can_undo()), (CACHE, false));
    desk.redo();
    desk.take_file(&other);
    assert!(desk.said.contains("already"), "{}", desk.said);
    desk.undo();
    assert_eq!(desk.text, CACHE);
}

#[test]
fn the_ghost_is_the_run_before_the_step() {
    let seen = |seed: u64| super::seen::Seen { seed, ..Default::default() };
    let mut desk = desk();
    desk.see(seen(1), desk.text.clone());
    assert_eq!(desk.before, None);
    for (at, seed) in [(5, 2), (6, 3), (7, 4)] {
        desk.try_value("services/app/instances", at);
        desk.see(seen(seed), desk.text.clone());
        // However often it was tried.
        assert_eq!(desk.before.as_ref().map(|seen| seen.seed), Some(1));
        assert_eq!((desk.seed, desk.before_of.as_str()), (seed, "app: Instances 4"));
    }
    desk.load = 200;
    desk.see(seen(5), desk.text.clone());
    assert_eq!((desk.before.as_ref().map(|seen| seen.seed), desk.before_of.as_str()), (Some(4), "load 100 %"));
    desk.undo();
    desk.see(seen(6), desk.text.clone());
    assert_eq!((desk.before.as_ref().map(|seen| seen.seed), desk.before_of.as_str()), (Some(5), ""));
    // Another seed of the same is beside the same.
    desk.see(seen(7), desk.text.clone());
    assert_eq!(desk.before.as_ref().map(|seen| seen.seed), Some(5));
}

#[test]
fn what_a_hand_does_is_seen_before_it_is_done() {
    let mut desk = desk();
    let at = |desk: &Desk, name: &str| Picture::new(desk).part(name).expect("it").at;
    let (app, memory, front) = (at(&desk, "app"), at(&desk, "memory"), at(&desk, "front"));
    desk.choose(vec!["app".into(), "memory".into()]);
    let to = Place { x: app.x + 10.0, y: app.y + 20.0 };
    desk.hold = Some(Hold::Part { name: "app".into(), by: Place::default(), to: Some(to) });
    assert_eq!(at(&desk, "app"), to);
    assert_eq!(at(&desk, "memory"), Place { x: memory.x + 10.0, y: memory.y + 20.0 });
    assert_eq!(at(&desk, "front"), front);
    // A rectangle, drawn from any of its corners.
    desk.hold = Some(Hold::Lasso {
        from: Place { x: app.x + 5.0, y: app.y + 5.0 },
        to: Place { x: app.x - 5.0, y: app.y - 9.0 },
    });
    let picture = Picture::new(&desk);
    let lasso = picture.lasso.expect("it is drawn");
    assert_eq!(lasso, (Place { x: app.x - 5.0, y: app.y - 9.0 }, 10.0, 14.0));
    assert_eq!(picture.within(lasso), ["app"]);
    assert_eq!(picture.within((Place::default(), picture.width, picture.height)).len(), 5);
    // Where it stands is seen, said, and in the file.
    desk.write(&CACHE.replace("instances = 4", "instances = 4\nzones = [\"eu/a\"]"));
    let picture = Picture::new(&desk);
    assert!(picture.part("app").expect("it").told.contains(", in eu/a"));
    assert_eq!(picture.frames.len(), 2);
    assert!(picture::file(&desk).contains(">zone eu/a</text>"));
}

fn overlap(picture: &Picture) -> Option<(String, String)> {
    let (w, h) = (super::layout::WIDTH, super::layout::HEIGHT);
    let parts = &picture.parts;
    let pairs = parts.iter().enumerate().flat_map(|(i, a)| parts[i + 1..].iter().map(move |b| (a, b)));
    let hits = |a: &picture::Part, b: &picture::Part| (a.at.x - b.at.x).abs() < w && (a.at.y - b.at.y).abs() < h;
    pairs.filter(|(a, b)| hits(a, b)).map(|(a, b)| (a.name.clone(), b.name.clone())).next()
}

#[test]
fn nothing_lies_over_another_and_calls_go_to_the_right() {
    let mut desk = desk();
    for kind in KINDS {
        desk.add(kind, None);
    }
    for tall in [false, true] {
        desk.tall = tall;
        let picture = Picture::new(&desk);
        assert_eq!(overlap(&picture), None);
        for wire in &picture.wires {
            let at = |name: &str| picture.part(name).expect("it").at;
            let (from, to) = (at(&wire.edge.from), at(&wire.edge.to));
            assert!(if tall { from.y < to.y } else { from.x < to.x }, "{:?}", wire.edge);
        }
        let part = picture.part("app").expect("it");
        assert_eq!(picture.hit(picture::middle(part.at)).map(|part| part.name.as_str()), Some("app"));
        let right = if tall { (0, 1) } else { (1, 0) };
        let next = picture.toward(Some("front"), right).expect("there is one");
        assert_eq!(next.name, "app");
    }
}

#[test]
fn a_pointer_is_where_it_is_seen() {
    let mut desk = desk();
    let picture = Picture::new(&desk);
    // A place twice as wide as needed: the drawing is in the middle.
    let at = picture.under((picture.width, picture.height / 2.0), (picture.width * 2.0, picture.height));
    assert!((at.x - picture.width / 2.0).abs() < 0.1 && (at.y - picture.height / 2.0).abs() < 0.1, "{at:?}");
    desk.camera = desk.camera.stepped(picture.size(), 4);
    let near = Picture::new(&desk);
    assert!((near.view.1 * 2.0 - picture.width).abs() < 1.0, "{:?}", near.view);
}

#[test]
fn seeds_are_judged() {
    let answer = r#"{"cost":1190000,"requirements":[{"text":"p99(read) <= 60ms in 95%","unit":"us","most":true,"bound":60000,"share":950000},
        {"text":"hits(memory) >= 60%","unit":"%","most":false,"bound":600000,"share":1000000}]}"#;
    let opened: Opened = score::opened(answer).expect("words").expect("good");
    assert_eq!((opened.cost, opened.requirements[1].unit), (1190.0, Unit::Share));
    let mut scores = Scores::new(opened.requirements, 20);
    let mut slices = String::new();
    for seed in 0..20 {
        let p99 = if seed == 7 { 90_000 } else { 40_000 + seed * 500 };
        slices += &format!("{}[{seed},0,{p99},{}]", if seed > 0 { "," } else { "" }, 700_000 - seed * 10_000);
    }
    assert_eq!(scores.take(&format!("{{\"next\":20,\"seeds\":[{slices}]}}")), Ok(20));
    let lines = scores.lines();
    assert!(
        lines[0].met && lines[0].good == 19 && lines[0].worst_seed == 7 && lines[0].worst == "90.0 ms",
        "{:?}",
        lines[0]
    );
    // The 19th best of 20 counts: 49.5 ms of 60.
    assert_eq!(lines[0].margin, "18 % to spare");
    assert!(!lines[1].met && lines[1].good == 11 && lines[1].worst_seed == 19, "{:?}", lines[1]);
    assert_eq!(lines[1].margin, "9.0 points short");
    for line in &lines {
        assert_eq!(line.bars.iter().map(|bar| bar.count).sum::<usize>(), 20);
        let good: usize = line.bars.iter().filter(|bar| bar.good).map(|bar| bar.count).sum();
        assert_eq!(good, line.good, "the bound is a bar's edge: {:?}", line.bars);
    }
    assert!(!scores.met());
    assert_eq!(score::opened(r#"{"line":3,"why":"no"}"#), Ok(Err((3, "no".into()))));
}

#[test]
fn charts_are_there_only_for_what_was_run() {
    let mut desk = desk();
    assert!(charts::chart(&desk).is_none());
    desk.tab = Tab::Text;
    assert!(charts::chart(&desk).is_none());
    assert_eq!(picture::faults(&desk.doc), [(10_000_000, Some(14_000_000), "memory 2 down".to_owned())]);
    let file = picture::file(&desk);
    assert!(file.starts_with("<svg") && file.matches("<rect").count() > 5 && file.ends_with("</svg>\n"));
}

const EXERCISE: &str = r#"version = 1
title = "A cache"
minutes = 30
brief = ["It is slow.", "Make it fast."]
[[questions]]
ask = "How slow?"
answer = "Very."
decides = true
[run]
duration = "20s"
[keys.items]
count = 100
[clients.users]
load.open.rate = 100.0
[given]
prices = "Of 2026"
services = { service.exponential.mean = "1ms", price = 60.0 }
[others.bank]
instances = 3
[[faults]]
at = "10s"
does.down = { component = "caches.*", instance = 0 }
[[requirements]]
text = "cost() <= 1200"
why = "Money."
[[sheet]]
name = "people"
label = "People"
unit = "user"
given = "10 user"
[[sheet]]
name = "reads"
label = "Reads"
unit = "read/s"
formula = "people * 3"
[[rubric]]
skill = "Failure"
levels = ["Falls over.", "Stands."]
[[answers]]
phase = "estimation"
text = ["Thirty."]
"#;

#[test]
fn an_exercise_gives_what_is_not_the_learners() {
    let exercise = Exercise::read(EXERCISE).expect("good");
    assert!(exercise.is_one() && !Exercise::read(CACHE).expect("good").is_one());
    assert_eq!((exercise.minutes(), exercise.brief().len(), exercise.questions()[0].2), (30, 2, true));
    assert!(
        exercise.gives("services", "service")
            && exercise.gives("caches", "price")
            && exercise.gives("clients", "load.open.rate")
    );
    assert!(!exercise.gives("services", "instances"));
    assert_eq!((exercise.why("cost() <= 1200"), exercise.prices()), ("Money.", "Of 2026"));
    assert_eq!(exercise.answer("estimation"), ["Thirty."]);
    let starter = exercise.starter();
    let names: Vec<&str> = starter.parts().iter().map(|part| part.name).collect();
    assert_eq!(names, ["users", "bank"]);
    assert!(exercise.is_of_others("bank") && !exercise.is_of_others("users"));
    assert_eq!(picture::faults(&starter).len(), 1);
    let written = starter.write();
    assert!(written.contains("call.to = []"), "{written}");
    let mut desk = Desk::open("cache", &written);
    desk.add_typed("service");
    desk.connect("users", "service");
    assert!(desk.text.contains("call.to = [\"service\"]"), "{}", desk.text);
}

#[test]
fn an_interview_is_kept_and_written_down() {
    let exercise = Exercise::read(EXERCISE).expect("good");
    let mut own = Interview { phase: Some(1), spent: 61, asked: vec![0], ..Interview::default() };
    own.entries.insert("reads".into(), "people * 3 \"read/s\"".into());
    own.notes[4] = "It falls\nover.".into();
    own.rate(0, 2);
    own.answered[1] = true;
    assert_eq!(own.left(30), "28:59");
    assert_eq!(Interview { spent: 1_861, ..own.clone() }.left(30), "−1:01");
    let kept = Interview::read(&own.write());
    assert_eq!(kept, Interview { running: false, ..own.clone() });
    assert_eq!(Interview::read("{}"), Interview::default());
    let mut desk = desk();
    desk.interview = own;
    let report = interview::report(&desk, &exercise);
    for part in [
        "# A cache",
        "1 of 30 minutes",
        "Not graded",
        "How slow? Very.",
        "Reads: people * 3",
        "## Failure\n\nIt falls",
        "Failure: 2 of 2 (Stands.)",
        "[services.app]",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let rows =
        interview::sheet(r#"{"rows":[{"name":"reads","verdict":"good","said":"30 read/s","steps":"10 user * 3"}]}"#);
    assert_eq!(rows.expect("rows")[0].said, "30 read/s");
    let card = r#"{"asked":[{"ask":"Why?","answer":"So.","because":"always","seed":null}],"measured":[{"name":"reads","said":"31 read/s"}]}"#;
    let (asked, measured) = interview::card(card).expect("a card");
    assert_eq!((asked[0].seed, measured), (None, vec![("reads".to_owned(), "31 read/s".to_owned())]));
}

#[test]
fn paths_know_what_they_take() {
    for (path, takes) in [
        ("services/app/instances", Takes::Whole(1, 1_000)),
        ("services/app/calls/0/time-out", Takes::Time),
        ("services/app/service/exponential/mean", Takes::Time),
        ("stores/db/read/log-normal/sigma", Takes::Number(0.0, 100.0)),
        ("services/app/service/constant", Takes::Time),
        ("services/app/calls/2/latency/uniform/max", Takes::Time),
        ("clients/users/load/open/rate", Takes::Number(1e-6, 1e7)),
        ("clients/users/classes/1/share", Takes::Number(1e-9, 1e9)),
        ("balancers/front/call/breaker/failures", Takes::Whole(1, 10_000)),
        ("run/warm-up", Takes::Time),
        ("faults/0/until", Takes::Time),
        ("requirements/3", Takes::Text),
    ] {
        assert_eq!(values::takes(path), Some(takes), "{path}");
    }
    assert_eq!(values::takes("services/app/nothing"), None);
    let shaped = values::reshaped(Some(&toml::value("{ exponential.mean = \"7ms\" }").expect("good")), "log-normal")
        .expect("one");
    assert_eq!(toml::written(&shaped), "{ log-normal = { median = \"7ms\", sigma = 0.5 } }");
}

/// Where most of the waiting is while instances start, the bottleneck says so; where less is, it does not.
#[test]
fn cold_starts_are_named() {
    let said = |waited: f64, instances: u64| {
        let cold = Some(Cold { waited, instances, from: 40_000_000, until: 70_000_000 });
        let app = Component { name: "app".into(), used: Some(0.95), cold, ..Component::default() };
        let spent = vec![Spent { name: "app".into(), waiting: 800, served: 150, held: 0 }];
        let seen = Seen { slow_time: 1_000, components: vec![app], spent, ..Seen::default() };
        seen.bottleneck().expect("it waits").evidence
    };
    let here = "80 % of the time of slow requests is spent waiting here.";
    let while_cold = "of all waiting here was while instances were starting cold:";
    assert_eq!(
        said(0.9, 3),
        format!("{here} 90 % {while_cold} 3 were asked for at 40.00 s and there at 70.00 s only.")
    );
    assert!(said(0.6, 1).ends_with("cold: one was asked for at 40.00 s and there at 70.00 s only."));
    assert_eq!(said(0.3, 3), here);
}
