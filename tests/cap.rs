//! What clients got on each side of a cut, against small runs that are counted by hand.

use faultline::base::Micros;
use faultline::check::sides::{self, Consistency, Sides, Spread};
use faultline::export;
use faultline::protocols;
use faultline::session::Session;
use faultline::view::cap::{self, Half};
use faultline::wire::*;

/// One server and one client on each side; every message takes 10 ms, every disk none.
const ONE: &str = r#"{"version": 1, "protocol": "kv-single", "seed": 1, "disk": {"constant": "0ms"},
  "parameters": {"retry-after": "40ms", "give-up-after": "100ms"},
  "network": {"latency": {"constant": "10ms"}},
  "nodes": [{"name": "s", "role": "server"}, {"name": "c1", "role": "client"}, {"name": "c2", "role": "client"}],
  "commands": [
    {"at": "100ms", "do": {"request": {"client": "c1", "op": {"f": "put", "key": "x", "value": {"int": 1}}}}},
    {"at": "200ms", "do": {"request": {"client": "c2", "op": {"f": "get", "key": "x"}}}},
    {"at": "300ms", "do": {"cut": {"name": "cut", "from": ["s", "c1"], "to": ["c2"]}}},
    {"at": "310ms", "do": {"request": {"client": "c1", "op": {"f": "put", "key": "x", "value": {"int": 2}}}}},
    {"at": "320ms", "do": {"request": {"client": "c2", "op": {"f": "get", "key": "x"}}}},
    {"at": "600ms", "do": {"request": {"client": "c2", "op": {"f": "put", "key": "x", "value": {"int": 3}}}}},
    {"at": "630ms", "do": {"heal": {"name": "cut"}}},
    {"at": "900ms", "do": {"request": {"client": "c1", "op": {"f": "get", "key": "x"}}}}
  ]}"#;

/// Two copies that answer by themselves, `n2` first to `c1`, and never hear of each other.
const APART: &str = r#"{"version": 1, "protocol": "quorum-store", "seed": 1, "disk": {"constant": "0ms"},
  "parameters": {"spread": "gossip", "replication": 2, "anti-entropy": false, "read-repair": false},
  "network": {"latency": {"constant": "10ms"}},
  "nodes": [{"name": "n", "role": "replica", "count": 2}, {"name": "c", "role": "client", "count": 2}],
  "commands": [
    {"at": "100ms", "do": {"cut": {"name": "cut", "from": ["n2", "c1"], "to": ["n1", "c2"]}}},
    {"at": "200ms", "do": {"request": {"client": "c1", "op": {"f": "put", "key": "x", "value": {"int": 1}}}}},
    {"at": "400ms", "do": {"request": {"client": "c1", "op": {"f": "put", "key": "x", "value": {"int": 2}}}}},
    {"at": "600ms", "do": {"request": {"client": "c2", "op": {"f": "get", "key": "x"}}}}
  ]}"#;

fn opened(run: &str, until: u64) -> Session {
    let mut session = Session::new(protocols::all()).with_writer(export::writer());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: run.into() });
    let opened = session.handle(Request::Open(OpenRun { source, seed: None, cursor: Some(Micros::ms(until)) }));
    assert!(matches!(&opened[..], [Reply::Opened(_), Reply::Frame(_)]), "{opened:?}");
    session
}

fn measured(run: &str, until: u64) -> Sides {
    sides::measure(opened(run, until).timeline().expect("a run is open"), Micros::ms(until))
}

#[test]
fn operations_are_counted_where_their_clients_were() {
    let all = measured(ONE, 1_000);
    assert_eq!((all.to, all.trip), (Micros::s(1), Some(Micros::ms(20))));
    // Two before the cut and one after it, each a round trip of 20 ms.
    assert_eq!((all.calm.answered, all.calm.judged(), all.calm.nodes.len()), (3, 3, 3));
    let took = |count, us| Spread { count, p50: us, p90: us, p99: us, max: us };
    assert_eq!((all.calm.reads.clone(), all.calm.writes.clone()), (took(2, 20_000), took(1, 20_000)));
    let [cut] = &all.cuts[..] else { panic!("{:?}", all.cuts) };
    assert_eq!((cut.from, cut.to), (Micros::ms(300), Some(Micros::ms(630))));
    let [here, there] = &cut.sides[..] else { panic!("{cut:?}") };
    assert_eq!((here.nodes.clone(), there.nodes.clone()), (vec![0, 1], vec![2]));
    assert_eq!((here.answered, here.judged(), here.first_denied), (1, 1, None));
    // The get was given up; the put asks again after the cut, and is answered too late to count.
    assert_eq!((there.answered, there.timed_out, there.late, there.refused), (0, 1, 1, 0));
    assert!(there.first_denied.is_some());
    assert_eq!((all.staleness.reads, all.staleness.behind), (2, 0));
    assert_eq!(all.consistency, Consistency::Kept);
}

#[test]
fn the_past_is_measured_as_it_was() {
    let session = opened(ONE, 1_000);
    let timeline = session.timeline().expect("a run is open");
    assert_eq!(sides::measure(timeline, Micros::ms(250)), measured(ONE, 250));
    let during = sides::measure(timeline, Micros::ms(330));
    assert_eq!((during.cuts.len(), during.cuts[0].to), (1, None));
    let waiting: Vec<u32> = during.cuts[0].sides.iter().map(|side| side.waiting).collect();
    assert_eq!(waiting, [0, 1], "the put was answered at 330 ms");
    assert_eq!(sides::measure(timeline, Micros::ZERO).calm.judged(), 0);
}

#[test]
fn a_read_is_behind_by_what_was_answered_before_it() {
    let all = measured(APART, 700);
    let sides: Vec<(u32, u32)> = all.cuts[0].sides.iter().map(|side| (side.answered, side.judged())).collect();
    assert_eq!(sides, [(1, 1), (2, 2)], "{:?}", all.cuts);
    let stale = &all.staleness;
    assert_eq!((stale.reads, stale.behind, stale.versions_max), (1, 1, 2));
    // The first of the two that it missed was answered at 220 ms.
    assert_eq!(stale.time.max, 380_000);
    let Consistency::Lost { at, .. } = &all.consistency else { panic!("{:?}", all.consistency) };
    assert_eq!(*at, Micros::ms(620));
    assert_eq!(measured(APART, 610).consistency, Consistency::Kept);
}

#[test]
fn the_page_reads_what_is_written() {
    let mut session = opened(APART, 700);
    let read = |session: &mut Session, form: &str| match session.handle(Request::Write { form: form.into() }).pop() {
        Some(Reply::Exported(text)) => cap::read(&text).expect("it reads"),
        other => panic!("{other:?}"),
    };
    let all = read(&mut session, "sides");
    assert_eq!(all, read(&mut session, "sides 700000"));
    assert_eq!(all.cuts[0].sides[1].nodes, ["n2", "c1"]);
    assert_eq!((all.reads, all.behind, all.versions, all.stale.times[3]), (1, 1, 2, 380_000));
    assert_eq!(all.placed().partition, Half::First);
    assert_eq!(all.lost_at(), Some(Micros::ms(620)));
    // Nothing was asked before the cut.
    assert_eq!(all.placed().calm, Half::Untried);
    let before = read(&mut session, "sides 610000");
    assert_eq!((before.placed().partition, before.lost_at()), (Half::Untried, None));
}
