//! The board and the load model agree: on what a form calls usual, on what a text means, on what a worker says; and a run
//! that is watched is the run.

use faultline::jobs::design::desk;
use faultline::load::recorder::Spent;
use faultline::load::{Design, Outcome, Plan, run, watch};
use faultline::view::board::desk::Desk;
use faultline::view::board::doc::Doc;
use faultline::view::board::exercise::Exercise;
use faultline::view::board::kinds::{self, CALL, CLASS, Calls, Field, KINDS, RUN, Takes};
use faultline::view::board::picture::{self, Picture};
use faultline::view::board::score::{self, Scores};
use faultline::view::board::seen::{self, Seen};
use faultline::view::board::toml::Value;

const CACHE: &str = include_str!("../lessons/designs/cache.toml");

/// As the load model writes it back, with all defaults.
fn filled(text: &str) -> serde_json::Value {
    let design = Design::parse(text).unwrap_or_else(|(line, why)| panic!("line {line}: {why}\n{text}"));
    serde_json::to_value(design).expect("plain")
}

/// What a field calls usual is what the load model takes when nothing is said.
fn assert_usual(field: &Field, owner: &serde_json::Value, place: &str) {
    if field.usual.is_empty() || field.key.starts_with("breaker") {
        return;
    }
    let found = field.key.split('.').try_fold(owner, |value, step| value.get(step));
    let found = found.unwrap_or_else(|| panic!("{place}: the load model knows no {}", field.key));
    let found = match (field.takes, found) {
        (Takes::Spread, of) => of.get("constant").and_then(|time| time.as_str()).expect("a constant").to_owned(),
        (_, serde_json::Value::String(text)) => text.clone(),
        (Takes::Number(..), number) => format!("{:?}", number.as_f64().expect("a number")),
        (_, other) => other.to_string(),
    };
    let same = match field.takes {
        Takes::Spread | Takes::Time => {
            let time = |text: &str| faultline::base::Micros::parse(text).expect("a time");
            time(&found) == time(field.usual)
        }
        _ => found == field.usual,
    };
    assert!(same, "{place}: {} is usually {found}, the form says {}", field.key, field.usual);
}

#[test]
fn what_forms_call_usual_is_what_the_load_model_takes() {
    for kind in KINDS {
        let mut doc = Doc::empty("usual");
        let name = if kind.table == "clients" { "users".to_owned() } else { doc.add(kind) };
        let sink = doc.add(kinds::of("stores").expect("a kind"));
        let path = format!("{}/{name}", kind.table);
        for field in kind.fields.iter().filter(|field| !field.usual.is_empty()) {
            doc.put(&format!("{path}/{}", field.key.replace('.', "/")), None);
        }
        if kind.calls != Calls::None {
            doc.connect(&name, &sink).expect("it can call");
        }
        if kind.table != "clients" {
            doc.connect("users", &name).expect("they can call");
        }
        let all = filled(&doc.write());
        kind.fields.iter().for_each(|field| assert_usual(field, &all[kind.table][&name], kind.table));
        // What has just been added can be run at once, where it need call nothing more.
        let plan = Plan::new(&Design::parse(&doc.write()).expect("good"));
        assert!(plan.is_ok() || matches!(kind.table, "key-values" | "indexes"), "{}: {plan:?}", kind.table);
    }
    let all = filled(CACHE);
    RUN.iter().for_each(|field| assert_usual(field, &filled("version = 1")["run"], "run"));
    let bare = CACHE.replace("share = 0.95, ", "");
    CLASS.iter().for_each(|field| assert_usual(field, &filled(&bare)["clients"]["users"]["classes"][0], "class"));
    // The call on a miss has fewest words.
    CALL.iter().filter(|f| f.key != "when").for_each(|field| {
        assert_usual(field, &all["services"]["app"]["calls"][1], "call");
    });
}

/// What a design can say of a part, its form can: but for lists, which are written as text.
#[test]
fn every_parameter_has_a_field() {
    const AS_TEXT: [&str; 4] = ["calls", "call", "speeds", "weights"];
    for kind in KINDS.iter().filter(|kind| kind.table != "clients") {
        let mut doc = Doc::empty("all");
        let (name, sink) = (doc.add(kind), doc.add(kinds::of("stores").expect("a kind")));
        if kind.calls != Calls::None {
            doc.connect(&name, &sink).expect("it can call");
        }
        doc.connect("users", &name).expect("they can call");
        let all = filled(&doc.write());
        let part = all[kind.table][&name].as_object().expect("a table");
        for key in part.keys().filter(|key| !AS_TEXT.contains(&key.as_str())) {
            let has = kind.fields.iter().any(|field| field.key.split('.').next() == Some(key));
            assert!(has, "{}: no field for {key}", kind.table);
        }
    }
    let all = filled(CACHE);
    let call = all["services"]["app"]["calls"][1].as_object().expect("a call");
    for key in call.keys().filter(|key| *key != "to") {
        assert!(CALL.iter().any(|field| field.key.split('.').next() == Some(key)), "no field for a call's {key}");
    }
    for key in all["clients"]["users"]["classes"][0].as_object().expect("a class").keys() {
        assert!(CLASS.iter().any(|field| field.key == key), "no field for a class's {key}");
    }
}

/// What if there were more load: the same system, asked more often.
#[test]
fn a_run_under_another_load_is_that_of_a_design_with_it() {
    let twice = CACHE.replace("rate = 1200.0", "rate = 2400.0");
    assert_ne!(twice, CACHE);
    assert_eq!(run(&plan(CACHE).under(2.0), 3).hash(), run(&plan(&twice), 3).hash());
}

/// What a learner begins an exercise with is a design that can be read.
#[test]
fn every_exercise_begins_with_a_design() {
    let mut count = 0;
    for folder in std::fs::read_dir("lessons/designs").expect("the exercises") {
        let Ok(text) = std::fs::read_to_string(folder.expect("one").path().join("exercise.toml")) else { continue };
        let exercise = Exercise::read(&text).expect("it reads");
        let begun = exercise.starter().write();
        Design::parse(&begun).unwrap_or_else(|why| panic!("{}: {why:?}\n{begun}", exercise.title()));
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn a_design_from_the_board_is_the_design() {
    let mut desk = Desk::open("cache", CACHE);
    let (before, hash) = (filled(CACHE), hash(CACHE, 3));
    desk.change("", "", |doc| {
        doc.put("title", Some(Value::Text("Other".into())));
    });
    assert!(!desk.text.contains('#'), "it was written anew");
    desk.change("", "", |doc| {
        doc.put("title", Some(Value::Text("A cache before a database".into())));
    });
    assert_eq!(filled(&desk.text), before);
    desk.move_to("app", faultline::view::board::layout::Place { x: 300.4, y: -20.0 });
    assert_eq!(self::hash(&desk.text, 3), hash, "places change nothing of a run");
}

fn plan(text: &str) -> Plan {
    Plan::new(&Design::parse(text).expect("good")).expect("good")
}

fn hash(text: &str, seed: u64) -> u64 {
    run(&plan(text), seed).hash()
}

#[test]
fn a_run_that_is_watched_is_the_run_and_every_moment_of_slow_requests_is_accounted_for() {
    // With retries, time-outs, hedges, a quorum and a circuit that is cut: all ways to wait.
    let quorum = "version = 1\n[run]\nduration = \"6s\"\nwarm-up = \"1s\"\n[keys.k]\ncount = 500\n\
        [clients.c]\nload.open.rate = 300.0\nclasses = [{ name = \"get\", keys = \"k\", deadline = \"1s\" }, { name = \"put\", keys = \"k\", write = true }]\n\
        call = { to = [\"s\"], time-out = \"300ms\", retries = 2, back-off = \"10ms\" }\n\
        [services.s]\ninstances = 2\nconcurrency = 8\nservice.exponential.mean = \"2ms\"\n\
        [[services.s.calls]]\nto = [\"kv\"]\ntime-out = \"80ms\"\nretries = 1\nhedge = \"20ms\"\n\
        [key-values.kv]\nread.exponential.mean = \"4ms\"\nwrite.exponential.mean = \"4ms\"\nconcurrency = 1\n\
        [[faults]]\nat = \"3s\"\nuntil = \"4s\"\ndoes.cut = { from = \"s\", to = \"kv\" }\n\
        [[faults]]\nat = \"4500ms\"\nuntil = \"5s\"\ndoes.down = { component = \"s\", instance = 1 }\n";
    for text in [CACHE, quorum] {
        let plan = plan(text);
        for seed in 0..3 {
            let (report, seen) = watch(&plan, seed);
            assert_eq!(report.hash(), run(&plan, seed).hash(), "watching changes nothing");
            let of = |spent: &Spent| spent.waiting + spent.served + spent.held;
            let told = seen.spent.iter().map(of).sum::<u64>() + seen.travelled;
            assert!(seen.slow > 0);
            assert_eq!(told, seen.slow_time, "every microsecond is spent somewhere");
            let asked: u64 = seen.portions.iter().flatten().map(|portion| portion.asked).sum();
            let ended: u64 = report.classes.iter().map(|class| class.asked - class.unfinished).sum();
            assert_eq!(asked, ended);
            for way in &seen.ways {
                assert!(way.spans.iter().all(|span| span.sent >= way.began), "{way:?}");
                let back = |span: &&faultline::load::recorder::Span| span.parent.is_none() && span.back == way.ended;
                assert!(way.spans.iter().any(|span| back(&span)) || way.outcome != Outcome::Answered, "{way:?}");
            }
        }
    }
}

fn ask(desk: &mut dyn FnMut(&str) -> Result<String, String>, words: &str) -> String {
    desk(words).unwrap_or_else(|why| panic!("{words}: {why}"))
}

#[test]
fn a_worker_is_understood() {
    let mut worker = desk();
    assert!(worker("grade 0 3").is_err() && worker("dance").is_err());
    let opened = score::opened(&ask(&mut *worker, &format!("open\n{CACHE}"))).expect("words").expect("good");
    assert_eq!(opened.requirements.len(), 8);
    assert_eq!(opened.cost, 20.0 + 240.0 + 240.0 + 500.0);
    // Slices, to the end.
    let mut scores = Scores::new(opened.requirements, 20);
    while let Some((mut from, to)) = scores.hand_out(1) {
        while from < to {
            from = scores.take(&ask(&mut *worker, &format!("grade {from} {to}"))).expect("a slice");
        }
    }
    assert_eq!(scores.done(), 20);
    assert!(scores.met(), "{:?}", scores.lines());
    // A run, as it is without a worker.
    let seen = Seen::read(&ask(&mut *worker, "seed 4 100")).expect("a run");
    let report = run(&plan(CACHE), 4);
    assert_eq!(seen.hash, format!("{:016x}", report.hash()));
    assert_eq!((seen.parts(), seen.components.len()), (60, report.components.len()));
    let read = report.class("read").expect("it");
    assert_eq!(seen.classes[0].latency[2], read.latency.quantile(0.99));
    let memory = seen.component("memory").expect("it");
    assert_eq!(memory.over.iter().map(|part| part.down).max(), Some(1), "a node was down");
    assert!(
        memory
            .hits
            .is_some_and(|hits| (hits - report.component("memory").expect("it").hit_ratio.expect("it")).abs() < 1e-6)
    );
    let way = seen.slowest(None).expect("there is one");
    let rows = seen::waterfall(&seen, way);
    assert!(rows.len() >= 3 && rows[0].name.starts_with("front"), "{rows:?}");
    let took = way.ended - way.began;
    assert!(rows.iter().flat_map(|row| &row.bars).all(|(_, from, to)| from <= to && *to <= took), "{rows:?}");
    // On the board.
    let mut desk = Desk::open("cache", CACHE);
    desk.see(seen, CACHE.to_owned());
    let drawn = Picture::new(&desk);
    assert!(drawn.part("database").expect("it").used.is_some_and(|used| used > 0.1 && used < 0.6));
    assert!(drawn.callout.is_some());
    let dots = picture::dots(&desk, &drawn);
    assert!(dots.len() > 10);
    for dot in dots {
        let times: Vec<f64> = dot.times.split(';').map(|t| t.parse().expect("a number")).collect();
        assert!(times.is_sorted() && times[0] == 0.0 && times[times.len() - 1] == 1.0, "{times:?}");
    }
}

/// What limits a design is told beside its component, and not over what stands elsewhere.
#[test]
fn a_callout_keeps_off_the_frames_of_others() {
    let text = [
        ("[run]", "[network]\nzones = [\"eu/a\", \"eu/b\", \"us/a\"]\n\n[run]"),
        ("instances = 4", "instances = 4\nzones = [\"eu/a\"]"),
        ("instances = 3", "instances = 3\nzones = [\"eu/b\"]"),
        ("replicas = 1", "replicas = 1\nzones = [\"us/a\"]"),
    ];
    let text = text.iter().fold(CACHE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let mut worker = desk();
    ask(&mut *worker, &format!("open\n{text}"));
    let mut design = Desk::open("cache", &text);
    design.see(Seen::read(&ask(&mut *worker, "seed 4 100")).expect("a run"), text);
    let drawn = Picture::new(&design);
    let callout = drawn.callout.as_ref().expect("there is a bottleneck");
    let others: Vec<_> = drawn.frames.iter().filter(|frame| !callout.title.contains(&frame.members[0])).collect();
    assert!(others.len() > 2, "{:?}", drawn.frames);
    for frame in others {
        let beside = frame.at.x + frame.width <= callout.at.x || callout.at.x + callout.width <= frame.at.x;
        let bottom = callout.at.y + callout.height();
        let beyond = frame.at.y + frame.height <= callout.at.y || bottom <= frame.at.y;
        assert!(beside || beyond, "{callout:?} lies on {frame:?}");
    }
}

#[test]
fn a_worker_says_which_line_is_wrong() {
    let mut worker = desk();
    let mut wrong =
        |text: &str| score::opened(&ask(&mut *worker, &format!("open\n{text}"))).expect("words").expect_err("wrong");
    let line = |text: &str, of: &str| text[..text.find(of).expect("it is there")].matches('\n').count() + 1;
    for (from, to, at, why) in [
        ("instances = 4", "instances = \"four\"", "instances = \"four\"", "invalid type"),
        ("queue = 64", "kueue = 64", "kueue", "unknown field"),
        ("instances = 4", "instances = 4000", "[services.app]", "outside of"),
        ("to = [\"app\"]", "to = [\"apq\"]", "[balancers.front]", "apq"),
        ("hits(memory)", "hits(memoria)", "hits(memoria)", "memoria"),
        ("\"p50(read) <= 4ms in 95%\"", "\"p50 of reads\"", "\"p50 of reads\"", "measure"),
    ] {
        let text = CACHE.replacen(from, to, 1);
        let (found, said) = wrong(&text);
        assert!(said.contains(why), "{said}");
        assert_eq!(found, line(&text, at), "{said}");
    }
}

#[test]
fn what_limits_a_design_is_named_with_its_evidence() {
    let mut worker = desk();
    // Too few connections before the same load.
    let text =
        CACHE.replace("concurrency = 16\nread", "concurrency = 3\nread").replace("capacity = 8000", "capacity = 2000");
    score::opened(&ask(&mut *worker, &format!("open\n{text}"))).expect("words").expect("good");
    let seen = Seen::read(&ask(&mut *worker, "seed 0 100")).expect("a run");
    let found = seen.bottleneck().expect("one");
    assert_eq!((found.name.as_str(), found.easy), ("database", false), "{found:?}");
    assert!(found.evidence.contains("is spent waiting here"), "{found:?}");
}
