//! Values over time against what the frames and the rows of the same run say, counted in another way.

use faultline::base::Micros;
use faultline::protocols;
use faultline::session::Session;
use faultline::wire::*;

/// Every way in which a message can end: handled, queued at a busy node, lost by chance, by a cut, at a node that is down.
const RUN: &str = r#"{
  "version": 1, "protocol": "majority-register", "seed": 5,
  "network": {"latency": {"uniform": {"min": "2ms", "max": "9ms"}}, "loss": 0.05, "duplicate": 0.05},
  "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
    "mix": {"get": 1, "put": 1}}}},
    {"at": "5ms", "do": {"slow": {"node": "r2", "service": {"constant": "3ms"}}}},
    {"at": "300ms", "do": {"crash": {"node": "r2"}}},
    {"at": "400ms", "do": {"restart": {"node": "r2"}}},
    {"at": "500ms", "do": {"cut": {"name": "split", "from": ["r1"]}}}]
}"#;

fn opened() -> Session {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: RUN.into() });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    assert!(matches!(&replies[..], [Reply::Opened(_), Reply::Frame(_)]), "{replies:?}");
    frame(&mut session, Request::Show { at: Micros::ms(800) });
    session
}

fn frame(session: &mut Session, request: Request) -> Frame {
    match session.handle(request).pop() {
        Some(Reply::Frame(frame)) => *frame,
        other => panic!("{other:?}"),
    }
}

fn charts(session: &mut Session, from: u64, to: u64, parts: u32) -> Charts {
    let ask = ChartsAsk { from: Micros(from), to: Micros(to), parts };
    match session.handle(Request::Charts { of: ask, watch: Vec::new() }).pop() {
        Some(Reply::Charts(charts)) => *charts,
        other => panic!("{other:?}"),
    }
}

fn rows(session: &mut Session, kinds: &[RowKind]) -> Vec<Row> {
    let mut all = Vec::new();
    loop {
        let filter = RowFilter { kinds: kinds.to_vec(), ..RowFilter::default() };
        match session.handle(Request::Rows { first: all.len() as u64, count: 500, filter }).pop() {
            Some(Reply::Rows(page)) if page.rows.is_empty() => return all,
            Some(Reply::Rows(page)) => all.extend(page.rows),
            other => panic!("{other:?}"),
        }
    }
}

fn chart<'a>(charts: &'a Charts, title: &str) -> &'a Chart {
    charts.charts.iter().find(|chart| chart.title.starts_with(title)).unwrap_or_else(|| panic!("no chart {title}"))
}

/// How many a line of rates counts in all.
fn total(of: &ChartsAsk, series: &Series) -> f64 {
    let part = of.to.since(of.from).0 as f64 / 1e6 / f64::from(of.parts);
    series.values.iter().flatten().sum::<f64>() * part
}

#[test]
fn what_is_in_flight_is_what_the_stage_shows() {
    let mut session = opened();
    let busy: Vec<u64> = rows(&mut session, &[]).iter().map(|row| row.at.0).collect();
    let quiet: Vec<u64> = (1..800).map(|ms| ms * 1_000 + 500).filter(|at| busy.binary_search(at).is_err()).collect();
    assert!(quiet.len() > 700);
    let mut most = 0;
    for at in quiet {
        let shown = frame(&mut session, Request::Show { at: Micros(at) });
        let flying = shown.flights.iter().filter(|flight| flight.lost.is_none()).count();
        let charts = charts(&mut session, at, at + 1, 1);
        assert_eq!(chart(&charts, "In flight").series[0].values, [Some(flying as f64)], "at {at} µs");
        most = most.max(flying);
    }
    let charts = charts(&mut session, 0, 800_001, 1);
    let peak = chart(&charts, "In flight").series[0].values[0].expect("it was measured");
    assert!(peak >= most as f64, "{peak} {most}");
}

#[test]
fn counts_are_those_of_the_rows() {
    let mut session = opened();
    for parts in [1, 7, 120] {
        let charts = charts(&mut session, 0, 800_001, parts);
        let sum = |title: &str, wanted: &dyn Fn(&str) -> bool| {
            let chart = chart(&charts, title);
            chart.series.iter().filter(|s| wanted(&s.name)).map(|s| total(&charts.of, s)).sum::<f64>()
        };
        let mut count = |kind| rows(&mut session, &[kind]).len() as f64;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 && b > 0.0, "{a} {b}");
        near(sum("Messages sent", &|name| name != "lost"), count(RowKind::Send));
        near(sum("Messages sent", &|name| name == "lost"), count(RowKind::Lost));
        near(sum("Messages handled", &|_| true), count(RowKind::Deliver));
        near(sum("Operations ended", &|_| true), count(RowKind::Complete));
    }
}

#[test]
fn percentiles_are_by_nearest_rank() {
    let mut session = opened();
    // Each part is as long as one of its operations' ends apart: alone in its part, an operation is all three lines.
    let ends: Vec<u64> = rows(&mut session, &[RowKind::Complete]).iter().map(|row| row.at.0).collect();
    let mut alone = Vec::new();
    for at in &ends {
        let one = charts(&mut session, *at, at + 1, 1);
        let lines = &chart(&one, "Latency").series;
        if let Some(value) = lines[0].values[0] {
            assert!(lines.iter().all(|line| line.values == [Some(value)]));
            alone.push(value);
        }
    }
    assert!(alone.len() > 20);
    alone.sort_by(f64::total_cmp);
    let rank = |p: f64| alone[((alone.len() as f64 * p).ceil() as usize).max(1) - 1];
    let all = charts(&mut session, 0, 800_001, 1);
    let values: Vec<f64> = chart(&all, "Latency").series.iter().filter_map(|line| line.values[0]).collect();
    assert_eq!(values, [rank(0.5), rank(0.99), rank(1.0)]);
}

/// A fork forgets rows: what was counted of them is counted anew.
#[test]
fn a_fork_is_counted_anew() {
    let mut session = opened();
    charts(&mut session, 0, 800_001, 50);
    frame(&mut session, Request::Show { at: Micros::ms(200) });
    let crash = Command::Crash(NodeRef { node: "r1".into() });
    session.handle(Request::Do(crash.clone()));
    frame(&mut session, Request::Show { at: Micros::ms(600) });
    let forked = charts(&mut session, 0, 600_001, 50);
    let mut fresh = opened();
    frame(&mut fresh, Request::Show { at: Micros::ms(200) });
    fresh.handle(Request::Do(crash));
    frame(&mut fresh, Request::Show { at: Micros::ms(600) });
    assert_eq!(forked, charts(&mut fresh, 0, 600_001, 50));
    // What the run has not reached has no value.
    let beyond = charts(&mut fresh, 0, 1_200_000, 12);
    let flights = &chart(&beyond, "In flight").series[0].values;
    assert!(flights[..6].iter().all(Option::is_some) && flights[7..].iter().all(Option::is_none), "{flights:?}");
}

fn watched(session: &mut Session, words: &[&str]) -> Charts {
    let of = ChartsAsk { from: Micros(0), to: Micros(800_001), parts: 16 };
    let watch = words.iter().map(|words| (*words).to_owned()).collect();
    match session.handle(Request::Charts { of, watch }).pop() {
        Some(Reply::Charts(charts)) => *charts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn expressions_are_given_values() {
    let mut session = opened();
    let mut now = |words: &str| watched(&mut session, &[words]).watched.remove(0).now;
    let good = |words: &str| Ok::<String, String>(words.to_owned());
    assert_eq!(now("1 + 2 * 3 - 4 / 2"), good("5"));
    assert_eq!(now("(1 + 2) * 3 >= 9 and not 1 > 2"), good("yes"));
    assert_eq!(now("1 < 2 or no-such-word = x"), good("yes"));
    assert_eq!(now("count(role = replica)"), good("3"));
    assert_eq!(now("count(up)"), good("5"));
    assert_eq!(now("r1.role"), good("replica"));
    assert_eq!(now("r1.keys >= 1 and r2.keys = r2.keys"), good("yes"));
    assert_eq!(now("max(keys) = min(keys) or max(keys) > min(keys)"), good("yes"));
    assert_eq!(now("r1.no-such-probe"), good("–"));
    assert_eq!(now("1 / 0"), good("–"));
    assert_eq!(now("-3 + 1"), good("-2"));
    for (bad, why) in [
        ("", "expected a number, a name or a bracket at its end"),
        ("1 +", "expected a number, a name or a bracket at its end"),
        ("(1", "expected a closing bracket at its end"),
        ("max(keys", "expected a closing bracket at its end"),
        ("1 2", "expected an operator, or the end at “2”"),
        ("max(sum(keys))", "“sum” cannot stand within another that goes over all nodes"),
        ("r1.keys-r2.keys", "“r1.keys-r2.keys” is no name of a probe; a minus needs spaces around it"),
        ("a $ b", "expected an operator, or the end at “$ b”"),
    ] {
        assert_eq!(now(bad), Err(why.to_owned()), "{bad}");
    }
    assert!(now(&"(".repeat(500)).is_err_and(|why| why.contains("longer than 200")));
}

/// A line over time is what the frames say at the beginning of each part.
#[test]
fn expressions_are_drawn_over_time() {
    let mut session = opened();
    let charts = watched(&mut session, &["count(up)", "r2.keys", "r2.role", "nonsense $"]);
    let lines = &chart(&charts, "Watched").series;
    assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["count(up)", "r2.keys"]);
    assert_eq!(charts.watched.iter().filter(|watched| watched.now.is_err()).count(), 1);
    let mut downs = 0;
    for part in 0..16_u64 {
        let at = Micros(800_001 * part / 16);
        let shown = frame(&mut session, Request::Show { at });
        let up = shown.nodes.iter().filter(|node| node.status == NodeStatus::Up).count();
        assert_eq!(lines[0].values[part as usize], Some(up as f64), "at {at}");
        let keys =
            shown.nodes[1].probes.iter().find(|(name, _)| name == "keys").and_then(|(_, n)| n.parse::<f64>().ok());
        assert_eq!(lines[1].values[part as usize], keys, "at {at}");
        downs += u32::from(up == 4);
    }
    assert!(downs > 0, "it was down for a while");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(2_000))]

    #[test]
    fn fuzz_any_expression_is_read_or_refused(
        any in ".{0,60}",
        parts in proptest::collection::vec(proptest::sample::select(
            vec!["r1.keys", "max(", ")", "(", "+", "-", "*", "/", "<", "=", "and", "or", "not ", "1", "2.5", "up", " ", "count(", "é"]), 0..40),
    ) {
        let mut session = Session::new(protocols::all());
        let source = RunSource::Text(SourceFile { name: "run.json".into(), text: RUN.into() });
        session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
        watched(&mut session, &[&any, &parts.concat()]);
    }
}
