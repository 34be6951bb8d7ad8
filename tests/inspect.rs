//! What the inspector says of a moment: how a state came to be, whether properties hold, why operations do not go on, and
//! expressions over time.

use faultline::base::Micros;
use faultline::protocols;
use faultline::session::Session;
use faultline::view::inspect::{Sign, sign};
use faultline::wire::*;

const RUN: &str = r#"{
  "version": 1, "protocol": "majority-register", "seed": 3,
  "network": {"latency": {"uniform": {"min": "2ms", "max": "9ms"}}},
  "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
    "mix": {"get": 1, "put": 1}, "keys": {"uniform": {"count": 12}}}}},
    {"at": "200ms", "do": {"crash": {"node": "r1"}}}, {"at": "210ms", "do": {"crash": {"node": "r2"}}}]
}"#;

fn open(text: &str) -> Session {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: text.into() });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    assert!(matches!(&replies[..], [Reply::Opened(_), Reply::Frame(_)]), "{replies:?}");
    session
}

fn frame(session: &mut Session, request: Request) -> Frame {
    match session.handle(request).pop() {
        Some(Reply::Frame(frame)) => *frame,
        other => panic!("{other:?}"),
    }
}

fn show(session: &mut Session, ms: u64) -> Frame {
    frame(session, Request::Show { at: Micros::ms(ms) })
}

fn inspect(session: &mut Session, node: u16, of: ChartsAsk, watch: &[&str]) -> Inspection {
    let watch = watch.iter().map(|words| (*words).to_owned()).collect();
    match session.handle(Request::Inspect { node, of, watch }).pop() {
        Some(Reply::Inspected(inspection)) => *inspection,
        other => panic!("{other:?}"),
    }
}

const WHOLE: ChartsAsk = ChartsAsk { from: Micros::ZERO, to: Micros::ms(400), parts: 40 };

/// The values of a tree now, and what they were before, in order.
fn leaves(tree: &Tree, now: &mut Vec<String>, before: &mut Vec<String>) {
    let plain = |text: &str| !matches!(text, "nothing" | "empty" | "[]" | "");
    if tree.children.is_empty() {
        let (text, was) = (tree.text.as_str(), tree.before.as_deref());
        now.extend(Some(text).filter(|text| plain(text)).map(String::from));
        before.extend(Some(was.unwrap_or(text)).filter(|text| plain(text)).map(String::from));
    }
    for child in &tree.children {
        leaves(child, now, before);
    }
}

/// What a tree says that was before is what the tree of the step before said that is.
#[test]
fn what_was_before_is_what_was() {
    let mut session = open(RUN);
    frame(&mut session, Request::Move(Move::Start));
    let mut known: Vec<Vec<String>> = Vec::new();
    let (mut changed, mut new, mut gone, mut compared) = (0, 0, 0, 0);
    for _ in 0..400 {
        let mut nodes = Vec::new();
        for node in 0..5 {
            let i = inspect(&mut session, node, WHOLE, &[]);
            let (mut now, mut before) = (Vec::new(), Vec::new());
            leaves(&i.state, &mut now, &mut before);
            leaves(&i.disk, &mut now, &mut before);
            now.sort();
            before.sort();
            if let Some(was) = known.get(node as usize).filter(|_| !becomes_another(&i.state)) {
                assert_eq!(&before, was, "node {node} at step {}", i.step);
                compared += 1;
            }
            nodes.push(now);
            count(&i.state, &mut changed, &mut new, &mut gone);
        }
        known = nodes;
        frame(&mut session, Request::Move(Move::Forward));
    }
    assert!(changed > 50 && new > 20 && gone > 20 && compared > 1_500, "{changed} {new} {gone} {compared}");
}

/// A single value becomes several, or the other way round: their texts are not those of leaves.
fn becomes_another(tree: &Tree) -> bool {
    let summary = tree.before.as_deref().is_some_and(|before| before.contains(" field"));
    sign(tree) == Sign::Changed && (summary || tree.text.contains(" field"))
        || tree.children.iter().any(becomes_another)
}

fn count(tree: &Tree, changed: &mut u32, new: &mut u32, gone: &mut u32) {
    match sign(tree) {
        Sign::Changed => *changed += 1,
        Sign::New => *new += 1,
        Sign::Gone => *gone += 1,
        Sign::Same => {}
    }
    tree.children.iter().for_each(|child| count(child, changed, new, gone));
}

const BUG: &str = r#"{"version": 1, "protocol": "raft", "seed": 4, "network": {"latency": {"constant": "20ms"}},
  "parameters": {"bug-double-vote": true, "election-timeout-min": "150ms", "election-timeout-max": "300ms"},
  "nodes": [{"name": "n", "role": "server", "count": 5}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "10ms", "do": {"align-timers": {"kind": "election"}}}]}"#;

#[test]
fn properties_are_told_as_they_are_at_the_cursor() {
    let mut session = open(BUG);
    show(&mut session, 900);
    let end = frame(&mut session, Request::Move(Move::Head));
    assert!(end.status.is_none(), "nothing changed");
    let start = show(&mut session, 10).status.expect("what is broken changed");
    let later: Vec<_> = start.properties.iter().filter_map(|card| Some((card.index, card.later?))).collect();
    assert!(start.properties.iter().all(|card| card.broken.is_none()));
    let (index, (row, at)) = later[0];
    assert!(at > Micros::ms(100), "{at}");
    let there = frame(&mut session, Request::Move(Move::ToRow(row)));
    assert_eq!(there.now, at);
    let card = there.status.expect("it changed").properties[index as usize].clone();
    let broken = card.broken.expect("it breaks here");
    assert_eq!((broken.row, broken.at, broken.times, broken.last), (row, at, 1, at));
    assert!(broken.reason.contains("elected in term"), "{}", broken.reason);
    let before = frame(&mut session, Request::Move(Move::Back));
    assert!(before.status.expect("it changed").properties[index as usize].broken.is_none());
}

#[test]
fn why_there_is_no_progress_is_said_at_the_cursor() {
    let mut session = open(RUN);
    show(&mut session, 400);
    let progress = inspect(&mut session, 0, WHOLE, &[]).progress;
    assert_eq!(progress.open, 2);
    assert!(progress.why[0].starts_with("no majority of replicas is up: r1, r2 are down"), "{:?}", progress.why);
    let (row, at) = progress.last.expect("some went well");
    assert!(at < Micros::ms(220) && progress.oldest.is_some_and(|begun| begun < Micros::ms(220)));
    let done = frame(&mut session, Request::Move(Move::ToRow(row)));
    assert!(done.sentence.contains("succeeded") || done.now == at, "{}", done.sentence);
    // Earlier it was otherwise: the cursor counts.
    show(&mut session, 150);
    let earlier = inspect(&mut session, 0, WHOLE, &[]).progress;
    assert!(earlier.last.is_some_and(|(_, last)| last <= Micros::ms(150)) && earlier.open <= 2);
    assert!(!earlier.why.iter().any(|why| why.contains("no majority")), "{:?}", earlier.why);
    // Without a leader it is said although nobody asks.
    let leaderless = r#"{"version": 1, "protocol": "raft", "seed": 1, "nodes": [{"name": "n", "role": "server", "count": 3}],
      "commands": [{"at": "0s", "do": {"cut": {"name": "split", "from": ["n1"], "to": ["n2", "n3"]}}},
        {"at": "0s", "do": {"cut": {"name": "other", "from": ["n2"], "to": ["n3"]}}}]}"#;
    let mut session = open(leaderless);
    show(&mut session, 3_000);
    let progress = inspect(&mut session, 0, WHOLE, &[]).progress;
    assert_eq!((progress.open, progress.last), (0, None));
    let why = progress.why.join("; ");
    assert!(why.contains("a majority is up (3 of 3 voters), yet there is no leader after"), "{why}");
    assert!(why.contains("the rule \"split\" cuts links"), "{why}");
}

/// With every server down, each protocol that has operations has a reason.
#[test]
fn every_protocol_says_why() {
    for entry in protocols::all() {
        let describe = (entry.describe)();
        if describe.roles.iter().all(|role| role.client) {
            continue;
        }
        let Some(client) = describe.roles.iter().find(|role| role.client) else { continue };
        let servers = describe.roles.iter().filter(|role| !role.client).enumerate();
        // Where all nodes are asked, nobody waits for another.
        if describe.roles.iter().all(|role| role.client) {
            continue;
        }
        let nodes = servers.map(|(i, role)| {
            let count = if role.name == "view-service" { 1 } else { 3 };
            format!(r#"{{"name": "s{i}x", "role": "{}", "count": {count}}}"#, role.name)
        });
        let down: Vec<String> = describe
            .roles
            .iter()
            .filter(|role| !role.client)
            .enumerate()
            .flat_map(|(i, role)| {
                let count = if role.name == "view-service" { 1 } else { 3 };
                (1..=count).map(move |k| format!(r#"{{"at": "1s", "do": {{"crash": {{"node": "s{i}x{k}"}}}}}}"#))
            })
            .collect();
        let function = &describe.functions[0];
        let key = if function.has_key { r#", "key": "x""# } else { "" };
        let value = if function.has_value { r#", "value": {"int": 1}"# } else { "" };
        let text = format!(
            r#"{{"version": 1, "protocol": "{}", "seed": 1, "nodes": [{}, {{"name": "c", "role": "{}"}}],
               "commands": [{}, {{"at": "1001ms", "do": {{"request": {{"client": "c", "op": {{"f": "{}"{key}{value}}}}}}}}}]}}"#,
            describe.name,
            nodes.collect::<Vec<_>>().join(", "),
            client.name,
            down.join(", "),
            function.f
        );
        let mut session = open(&text);
        show(&mut session, 1_020);
        let progress = inspect(&mut session, 0, WHOLE, &[]).progress;
        assert_eq!(progress.open, 1, "{}: {progress:?}", describe.name);
        assert!(progress.why.iter().any(|why| why.contains("c waits for")), "{}: {progress:?}", describe.name);
    }
}

/// What is kept of expressions over time is what a fresh look gives, while the run goes on, forks and comes back.
#[test]
fn expressions_over_time_are_the_same_however_they_are_asked_for() {
    let watch = ["count(up)", "r1.keys", "max(keys) - min(keys)", "1 +", "r2.role"];
    let mut session = open(RUN);
    let mut seen = 0;
    let mut check = |session: &mut Session, way: &[Request]| {
        let known = inspect(session, 0, WHOLE, &watch);
        let mut fresh = open(RUN);
        for request in way {
            fresh.handle(request.clone());
        }
        let new = inspect(&mut fresh, 0, WHOLE, &watch);
        assert_eq!((&known.lines, &known.watched), (&new.lines, &new.watched));
        assert_eq!(known.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), &watch[..3]);
        assert!(known.watched[3].now.is_err() && known.watched[4].now.is_ok());
        seen += known.lines[0].values.iter().flatten().count();
    };
    let mut way = Vec::new();
    let mut go = |session: &mut Session, request: Request| {
        session.handle(request.clone());
        way.push(request);
        check(session, &way);
    };
    for ms in [50, 55, 120, 205, 230, 300, 390, 100] {
        go(&mut session, Request::Show { at: Micros::ms(ms) });
    }
    go(&mut session, Request::Do(Command::Crash(NodeRef { node: "r3".into() })));
    go(&mut session, Request::Show { at: Micros::ms(250) });
    go(&mut session, Request::Branch(0));
    assert!(seen > 200, "{seen}");
}
