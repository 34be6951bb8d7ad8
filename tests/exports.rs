//! Runs in the forms of other tools, read back by the rules of those tools.

use faultline::base::Micros;
use faultline::export::{self, Form};
use faultline::protocols;
use faultline::session::Session;
use faultline::wire::*;
use std::collections::{BTreeMap, BTreeSet};

const RUN: &str = r#"{
  "version": 1, "protocol": "majority-register", "seed": 5, "title": "a <b>bold</b> & \"quoted\" title",
  "network": {"latency": {"uniform": {"min": "2ms", "max": "9ms"}}, "loss": 0.05, "duplicate": 0.05},
  "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
    "mix": {"get": 1, "put": 1}}}},
    {"at": "100ms", "do": {"crash": {"node": "r2"}}}, {"at": "150ms", "do": {"restart": {"node": "r2"}}}]
}"#;

fn written(run: &str, until: u64, form: Form) -> String {
    let mut session = Session::new(protocols::all()).with_writer(export::writer());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: run.into() });
    let opened = session.handle(Request::Open(OpenRun { source, seed: None, cursor: Some(Micros::ms(until)) }));
    assert!(matches!(&opened[..], [Reply::Opened(_), Reply::Frame(_)]), "{opened:?}");
    let name = Form::ALL.iter().find(|(_, own)| *own == form).expect("every form is listed").0;
    match session.handle(Request::Write { form: name.into() }).pop() {
        Some(Reply::Exported(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn raft() -> String {
    RUN.replace("majority-register", "raft").replace("\"replica\"", "\"server\"")
}

/// The rules that ShiViz checks when it has read a log (its VectorTimestampSerializer and ModelGraph).
#[test]
fn shiviz_accepts_the_clocks() {
    for (run, until) in [(RUN.to_owned(), 300), (raft(), 2_000)] {
        let text = written(&run, until, Form::Shiviz);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() > 200 && lines.len().is_multiple_of(2), "{} lines", lines.len());
        let mut events: BTreeMap<(String, u64), BTreeMap<String, u64>> = BTreeMap::new();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for pair in lines.chunks(2) {
            // (?<host>\S*) (?<clock>{.*})\n(?<event>.*)
            let (host, clock) = pair[0].split_once(' ').expect("a host, then a clock");
            let clock: BTreeMap<String, u64> = serde_json::from_str(clock).expect("the clock is JSON");
            assert!(!pair[1].is_empty() && !host.is_empty());
            let count = counts.entry(host.to_owned()).or_default();
            *count += 1;
            let count = *count;
            assert_eq!(clock.get(host), Some(&count), "{}: a host's own events count one by one", pair[0]);
            for (other, known) in &clock {
                assert!(*known > 0 && counts.get(other).is_some_and(|n| n >= known), "{}: of the future", pair[0]);
            }
            events.insert((host.to_owned(), count), clock);
        }
        // A clock holds all that the events knew which it knows of.
        for clock in events.values() {
            for (other, known) in clock {
                let theirs = &events[&(other.clone(), *known)];
                assert!(
                    theirs.iter().all(|(host, n)| clock.get(host).is_some_and(|own| own >= n)),
                    "{clock:?} {theirs:?}"
                );
            }
        }
        assert!(events.values().any(|clock| clock.len() >= 4), "word went round");
    }
}

#[test]
fn traces_are_trees_with_w3c_ids() {
    let text = written(RUN, 300, Form::Otlp);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut spans = BTreeMap::new();
    let mut services = BTreeSet::new();
    for resource in document["resourceSpans"].as_array().expect("a list") {
        let service = resource["resource"]["attributes"][0]["value"]["stringValue"].as_str().expect("a name");
        services.insert(service.to_owned());
        for span in resource["scopeSpans"][0]["spans"].as_array().expect("a list") {
            let id = |field: &str| span[field].as_str().map(str::to_owned);
            let (trace, own) = (id("traceId").expect("a trace"), id("spanId").expect("a span"));
            let hex = |id: &str, length| {
                id.len() == length && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0')
            };
            assert!(hex(&trace, 32) && hex(&own, 16), "{span}");
            let nanos = |field: &str| span[field].as_str().and_then(|n| n.parse::<u64>().ok()).expect("nanoseconds");
            let (from, to) = (nanos("startTimeUnixNano"), nanos("endTimeUnixNano"));
            assert!(from <= to, "{span}");
            let twice = spans.insert((trace, own), (id("parentSpanId"), from, span["kind"].clone()));
            assert!(twice.is_none(), "{span}");
        }
    }
    assert_eq!(services.into_iter().collect::<Vec<_>>(), ["c1", "c2", "r1", "r2", "r3"]);
    let roots: Vec<_> = spans.iter().filter(|(_, (parent, ..))| parent.is_none()).collect();
    assert!(roots.len() > 10, "{} operations", roots.len());
    assert!(roots.iter().all(|(_, (_, _, kind))| *kind == 3));
    let ended: BTreeSet<&String> = roots.iter().map(|((trace, _), _)| trace).collect();
    for ((trace, _), (parent, from, _)) in &spans {
        let Some(parent) = parent else { continue };
        // An operation that has not ended yet has no root.
        if let Some((_, began, _)) = spans.get(&(trace.clone(), parent.clone())) {
            assert!(began <= from);
        } else {
            assert!(!ended.contains(trace), "a span without its parent");
        }
    }
    // A put of a majority register asks three replicas twice, and each answers: 12 messages unless some were lost.
    let of_trace = |trace: &String| spans.keys().filter(|(own, _)| own == trace).count();
    assert!(roots.iter().any(|((trace, _), _)| of_trace(trace) >= 12));
}

#[test]
fn mermaid_means_nothing_by_accident() {
    for until in [20, 2_000] {
        let text = written(RUN, until, Form::Mermaid);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("sequenceDiagram"));
        assert!(text.len() < 50_000, "{} characters", text.len());
        for line in lines.map(str::trim) {
            if let Some(named) = line.strip_prefix("participant ") {
                assert!(
                    named.split_once(" as ").is_some_and(|(id, name)| id.parse::<u16>().is_ok() && !name.is_empty())
                );
            } else if !line.starts_with("%%") {
                let (head, words) = line.split_once(": ").expect("an arrow or a note, then words");
                let arrow = ["->>", "--x"].iter().find_map(|arrow| head.split_once(arrow));
                let ends = arrow.map_or_else(|| head.strip_prefix("Note over ").map(|id| (id, id)), Some);
                let known = |id: &str| id.parse::<u16>().is_ok_and(|id| id < 5);
                assert!(ends.is_some_and(|(a, b)| known(a) && known(b)), "{line}");
                let plain = words.replace("#58;", "").replace("#35;", "").replace("#60;", "").replace("#62;", "");
                assert!(!plain.contains([':', '%', '<', '>']), "{line}");
            }
        }
        assert_eq!(text.contains("are left out"), until == 2_000);
    }
}

#[test]
fn values_over_time_are_those_of_the_charts() {
    let text = written(RUN, 300, Form::Csv);
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("from_s,to_s,chart,series,unit,value"));
    let mut ok = 0.0;
    for line in lines.filter(|line| !line.is_empty()) {
        // Titles with commas are in quotes.
        let (head, rest) = line
            .split_at(line.find([',']).and_then(|a| line[a + 1..].find(',').map(|b| a + b + 2)).expect("two commas"));
        let times: Vec<f64> = head.split(',').filter_map(|n| n.parse().ok()).collect();
        assert!(times.len() == 2 && times[0] < times[1], "{line}");
        let value: f64 = rest.rsplit(',').next().and_then(|n| n.parse().ok()).expect("a number");
        if rest.starts_with("Operations ended,ok,1/s,") {
            ok += value * (times[1] - times[0]);
        }
    }
    let rows = written(RUN, 300, Form::Jsonl);
    let ended = rows.lines().filter(|line| line.contains("\"outcome\":\"ok\"")).count() as f64;
    assert!((ok - ended).abs() < 0.01 && ended > 10.0, "{ok} {ended}");
}

#[test]
fn the_event_log_is_an_object_a_line() {
    for (id, line) in written(&raft(), 200, Form::Jsonl).lines().enumerate() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(row["id"], id);
        assert!(row["cause"].is_null() || row["cause"].as_u64().is_some_and(|cause| cause < id as u64), "{line}");
        assert_eq!(row["clock"].as_array().map(Vec::len), Some(5), "{line}");
    }
}

#[test]
fn the_picture_is_a_document_without_anybodys_markup() {
    let text = written(RUN, 60, Form::Svg);
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    assert!(text.contains("a &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot; title"), "{}", &text[..400]);
    for name in ["r1", "r2", "r3", "c1", "c2"] {
        assert!(text.contains(&format!(">{name}<")), "no lane of {name}");
    }
    assert!(text.matches("<path").count() > 20 && !text.contains("NaN") && !text.contains("currentColor"));
}

#[test]
fn an_unknown_form_and_an_engine_that_writes_none_say_so() {
    let mut session = Session::new(protocols::all());
    let write = || Request::Write { form: "gif".into() };
    assert!(matches!(&session.handle(write())[..], [Reply::Failed(why)] if why.contains("writes no other forms")));
    let mut session = session.with_writer(export::writer());
    assert!(matches!(&session.handle(write())[..], [Reply::Failed(why)] if why.contains("no form \"gif\"")));
}

/// The page's reader takes what is written; a planted bug is found, and what is told of it is in the run.
#[test]
fn a_verdict_names_what_cannot_be_true() {
    use faultline::view::judged::{self, Verdict};
    let judged = judged::read(&written(RUN, 600, Form::Verdict)).expect("it reads");
    assert_eq!(judged.to, Micros::ms(600));
    let all: u32 = judged.objects.iter().map(|object| object.count).sum();
    assert!(all > 20 && judged.objects.iter().all(|object| object.verdict == Verdict::Holds), "{judged:?}");
    // Each operation of a client that took effect has its place in the order.
    for object in &judged.objects {
        assert!(object.operations.iter().all(|bar| bar.outcome != "ok" || bar.place.is_some()), "{object:?}");
        assert_eq!(object.lanes, ["c1", "c2"]);
    }
    // Replicas that answer without a majority: sooner or later a read misses a write.
    let bad = RUN.replace("\"seed\": 5", "\"seed\": 5, \"parameters\": {\"bug-small-quorum\": true}");
    let broken = |seed: u64| {
        let run = bad.replace("\"seed\": 5", &format!("\"seed\": {seed}"));
        let judged = judged::read(&written(&run, 900, Form::Verdict)).expect("it reads");
        judged.objects.into_iter().find(|object| object.verdict == Verdict::Broken)
    };
    let object = (0..40).find_map(broken).expect("a seed of 40 shows it");
    assert!(object.said.starts_with("No order explains"), "{}", object.said);
    assert!(object.operations.iter().filter(|bar| bar.core).count() >= 2, "{object:?}");
}
