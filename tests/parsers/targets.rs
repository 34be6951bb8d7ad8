//! What reads texts and bytes from outside: each with good examples, and a function that feeds it. It returns whether the
//! input was read; it panics where the parser panics, or where a refusal says nothing of use.

use faultline::base::{Micros, codec};
use faultline::check::history;
use faultline::lesson::draft::Draft;
use faultline::lesson::prose;
use faultline::progress::Progress;
use faultline::progress::settings::Settings;
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::scenario::{Blueprint, NODES_MAX, Scenario};
use faultline::view::{catalogue, link};
use faultline::wire::{
    Command, Cut, Move, OpenRun, Reply, Request, RowFilter, RunSource, SourceFile, ToEngine, VERSION,
};

pub struct Target {
    pub name: &'static str,
    /// What it reads.
    pub good: fn() -> Vec<Vec<u8>>,
    pub feed: fn(&[u8]) -> bool,
}

const SCENARIO: &[u8] = br#"version = 1
protocol = "majority-register"
seed = 7
pace = "4ms"
layout = "groups"
[network]
latency = { uniform = { min = "1ms", max = "5ms" } }
loss = 0.01
[parameters]
retry-after = "60ms"
[[nodes]]
name = "r"
role = "replica"
count = 3
groups = ["zone=a"]
[[nodes]]
name = "c"
role = "client"
place = [500, 20]
[[commands]]
at = "10ms"
spread = "5ms"
do.crash.node = "@replica"
[[commands]]
at = "300ms"
do.cut = { name = "split", from = ["r2"], to = ["r3"] }
"#;

const RAFT: &[u8] = br#"version = 1
protocol = "raft"
nodes = [{ name = "n", role = "server", count = 3 }, { name = "c", role = "client" }]
[[commands]]
at = "1s"
do.request = { client = "c", op = { f = "put", key = "x", value = { int = 3 } } }
"#;

const RUN: &[u8] = br#"{"version": 1, "title": "x <b>", "protocol": "majority-register", "seed": 18446744073709551615,
"network": {"latency": {"uniform": {"min": "6ms", "max": "14ms"}}, "loss": 0.25},
"nodes": [{"name": "r", "role": "replica", "count": 3, "groups": ["zone=a"]}, {"name": "c", "role": "client", "place": [3, 900]}],
"commands": [{"at": "0s", "do": {"workload": {"client": "c", "arrivals": {"open": {"rate": 30}}, "mix": {"put": 1, "get": 1}}}},
{"at": "12.5ms", "after": 3, "do": {"crash": {"node": "r1"}}, "learner": true, "press": 2},
{"at": "20ms", "do": {"drop": {"message": "0>1.2"}}}]}"#;

const SWIM: &[u8] =
    br#"{"version": 1, "protocol": "swim", "seed": 1, "nodes": [{"name": "m", "role": "member", "count": 3}]}"#;

const FIVE: &[u8] =
    br#"{"version": 1, "protocol": "majority-register", "nodes": [{"name": "r", "role": "replica", "count": 5}]}"#;

const LESSON: &[u8] = br#"version = 1
id = "1.1"
slug = "small"
title = "A small lesson"
question = "Does it read?"
minutes = 5
omissions = ["Nothing is left out.", "Nor is this."]
[glossary]
majority = "More than half."

[[source]]
id = "book"
text = "A book."
[[step]]
id = "one"
title = "One"
scenario = "five.toml"
run = "1s"
hints = ["Select `r1`."]
[[step.button]]
title = "Crash it"
[[step.button.commands]]
at = "0ms"
do.crash.node = "r1"
[[step.goal]]
id = "down"
title = "Crash a node"
met = "It is down."
after = { event = "command" }
eventually = { event = "crash", on = "r1" }
"#;

const PROSE: &[u8] = b"## one\n\nA *word* and a [majority](term:majority), `code` [](source:book).\n\n- a list\n- of two\n\n> quoted\n\n## two\n\n1. first\n2. **second** {{number}}\n";

const LINK: &[u8] = b"{\"at_us\":12000,\"tab\":\"log\",\"note\":\"Look: <b>\\u00e9</b>\\n\\\"twice\\\"\",\"from\":\"#/lesson/x/1\"}\n{\"version\": 1}";

const PROGRESS: [&[u8]; 2] = [
    br#"{"version":2,"position":{"slug":"one","step":3},"lessons":{"one":{"answers":{"kill/who":{"option":1,"confidence":70,"truth":2}},"goals":{"kill/lost":{"at_us":5,"sentence":"down","run":"{}"}},"hints":{"a":3},"words":{"end/why":"<b>quorum</b>"},"finished":true},"two":{}}}"#,
    br#"{"version":1,"position":{"slug":"one","step":3},"lessons":{"one":{"answers":{},"goals":{},"hints":{},"finished":false}}}"#,
];

const SETTINGS: &[u8] = br#"{"version":1,"spoken":"loud","keys":{"crash":"w","play":"\"","pause":"arrowup"}}"#;

const CATALOGUE: &[u8] = br#"{"version":1,"chapters":[{"number":1,"title":"Introduction","lessons":[{"id":"1.1","slug":"one-machine","title":"One","question":"Is it?","minutes":15,"steps":6,"goals":7,"files":["lesson.toml","prose.md"]}]}]}"#;

/// As Jepsen writes them.
const HISTORY: [&[u8]; 2] = [
    br#"{"process":0,"type":"invoke","f":"write","key":"x","value":3,"time":10}
{"process":1,"type":"invoke","f":"read","value":["x",null]}
{"process":0,"type":"info","f":"write","key":"x","value":3,"time":20,"error":"timeout"}
{"process":1,"type":"ok","f":"read","value":["x",3]}
{"process":2,"type":"invoke","f":"txn","value":[["append",1,2],["r",1,null]]}
{"process":2,"type":"fail","f":"txn","value":[["append",1,2],["r",1,null]]}
"#,
    br#"{"process":3,"type":"invoke","f":"read","time":1}
{"process":4,"type":"invoke","f":"cas","value":[3,4],"time":1}
{"process":3,"type":"ok","f":"read","value":null,"time":3}
"#,
];

/// Requests as the page sends them.
fn requests() -> Vec<Vec<u8>> {
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: text(SWIM) });
    let cut = Cut { name: "split".into(), from: vec!["r1".into()], to: vec![], one_way: true };
    let filter = RowFilter { text: "crash".into(), ..RowFilter::default() };
    let requests = [
        Request::Open(OpenRun { source, seed: Some(7), cursor: Some(Micros::ms(12)) }),
        Request::Do(Command::Cut(cut)),
        Request::Rows { first: 3, count: 200, filter: filter.clone() },
        Request::Move(Move::Until { filter, backwards: true }),
        Request::Measure { step: 1, choices: vec![0, 300], done: 2 },
    ];
    let sent = |request| codec::to_bytes(&ToEngine { version: VERSION, generation: 300, request });
    requests.into_iter().map(sent).collect()
}

fn good<const N: usize>(texts: [&[u8]; N]) -> Vec<Vec<u8>> {
    texts.into_iter().map(<[u8]>::to_vec).collect()
}

pub const TARGETS: &[Target] = &[
    Target { name: "scenario", good: || good([SCENARIO, RAFT]), feed: scenario },
    Target { name: "imported_run", good: || good([RUN, SWIM]), feed: imported_run },
    Target { name: "lesson", good: || good([LESSON]), feed: lesson },
    Target { name: "prose", good: || good([PROSE]), feed: read_prose },
    Target { name: "link", good: || good([LINK]), feed: read_link },
    Target { name: "progress", good: || good(PROGRESS), feed: progress },
    Target { name: "settings", good: || good([SETTINGS]), feed: settings },
    Target { name: "catalogue", good: || good([CATALOGUE]), feed: read_catalogue },
    Target { name: "history", good: || good(HISTORY), feed: read_history },
    Target { name: "wire", good: requests, feed: wire },
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn file(name: &str, bytes: &[u8]) -> SourceFile {
    SourceFile { name: name.into(), text: text(bytes) }
}

/// Whether it was read; if not, its reason holds one of these words.
fn judged<T>(read: Result<T, String>, words: &[&str]) -> bool {
    match read {
        Ok(_) => true,
        Err(why) => {
            assert!(words.iter().any(|word| why.contains(word)), "a refusal that does not say where: {why}");
            false
        }
    }
}

fn resolved(file: &SourceFile) -> Result<Blueprint, String> {
    let blueprint = Blueprint::read(file, protocols::all())?;
    assert!(blueprint.setup.nodes.len() <= NODES_MAX);
    Ok(blueprint)
}

fn scenario(bytes: &[u8]) -> bool {
    judged(resolved(&file("fuzzed.toml", bytes)), &["fuzzed.toml:"])
}

/// What a learner opens as a file, or a link brings: what can be read is opened, and saved again.
fn imported_run(bytes: &[u8]) -> bool {
    let file = file("fuzzed.json", bytes);
    let read = resolved(&file);
    if let Ok(blueprint) = &read {
        let saved = SourceFile { name: "saved.json".into(), text: blueprint.scenario.to_json() };
        assert_eq!(Scenario::read(&saved).as_ref(), Ok(&blueprint.scenario), "a run reads back");
        // Opening costs more than reading: one of some.
        if bytes.len().is_multiple_of(16) {
            let open = OpenRun { source: RunSource::Text(file), seed: None, cursor: None };
            let replies = Session::new(protocols::all()).handle(Request::Open(open));
            assert!(!matches!(replies[0], Reply::Failed(_)), "{:?}", replies[0]);
        }
    }
    judged(read, &["fuzzed.json:"])
}

fn lesson(bytes: &[u8]) -> bool {
    let run = SourceFile { name: "scenarios/five.toml".into(), text: text(FIVE) };
    let prose =
        SourceFile { name: "prose.md".into(), text: "## one\n\nA [majority](term:majority) [](source:book).\n".into() };
    let read = Draft::read(&[file("lesson.toml", bytes), prose, run], protocols::all());
    let findings = read.err().unwrap_or_default();
    assert!(findings.iter().all(|finding| !finding.file.is_empty() && !finding.message.is_empty()));
    findings.is_empty()
}

fn read_prose(bytes: &[u8]) -> bool {
    match prose::sections("prose.md", &text(bytes)) {
        Ok(_) => true,
        Err(findings) => {
            assert!(findings.iter().all(|finding| finding.file == "prose.md" && !finding.message.is_empty()));
            false
        }
    }
}

fn read_link(bytes: &[u8]) -> bool {
    let text = text(bytes);
    let _ = link::packed(&text);
    judged(link::Session::read(&text), &["This link"])
}

fn progress(bytes: &[u8]) -> bool {
    let read = Progress::read(&text(bytes));
    if let Ok(progress) = &read {
        assert_eq!(Progress::read(&progress.to_text()).as_ref(), Ok(progress), "progress reads back");
        let mut joined = progress.clone();
        joined.join(progress.clone(), &Progress::default());
    }
    judged(read, &["the saved progress"])
}

fn settings(bytes: &[u8]) -> bool {
    let read = Settings::read(&text(bytes));
    if let Ok(settings) = &read {
        assert_eq!(Settings::read(&settings.to_text()).as_ref(), Ok(settings), "settings read back");
    }
    judged(read, &["the saved keys"])
}

fn read_catalogue(bytes: &[u8]) -> bool {
    judged(catalogue::read(&text(bytes)), &[""])
}

fn read_history(bytes: &[u8]) -> bool {
    let read = history::read(&text(bytes));
    if let Ok(history) = &read {
        let again = history::read(&history::write(history)).expect("what was written can be read");
        assert_eq!(again.operations.len(), history.operations.len());
    }
    judged(read, &["line "])
}

fn wire(bytes: &[u8]) -> bool {
    codec::from_bytes::<ToEngine>(bytes).is_ok()
}
