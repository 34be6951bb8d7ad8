//! Everything is bounded, and says so when the bound is reached (architecture, invariant 4).

use super::lab::{Lab, get, times};
use faultline::base::{Micros, NodeId};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::branches::BRANCHES_MAX;
use faultline::sim::scenario::NODES_MAX;
use faultline::sim::timeline::{KEYFRAMES_MAX, Timeline};
use faultline::sim::trace::{ARENA_BYTES_MAX, ROWS_MAX, Rec, Trace};
use faultline::sim::world::{FLIGHTS_MAX, INBOX_MAX, Watch, World};
use faultline::wire::*;

/// Runs without recording until the engine says that it stops.
fn halted(lab: &Lab, commands: &[(&str, &str)]) -> World {
    let blueprint = lab.blueprint(commands);
    let mut world = blueprint.world(Watch { properties: false, hash: false });
    world.boot(&mut None);
    for entry in &blueprint.scenario.commands {
        world.apply(&entry.command, &mut None).expect("a good command");
    }
    while world.step(Micros::s(60).0, &mut None).is_some() {}
    let (now, step) = (world.now, world.step);
    assert!(world.step(Micros::MAX.0, &mut None).is_none(), "it goes no further");
    assert_eq!((world.now, world.step), (now, step));
    world
}

const FLOOD: &str = "workload = { client = \"c1\", arrivals.open.rate = 100000.0, mix = { put = 1 } }";

/// Few operations with few timers, yet many messages: each asks again and again.
const ASK_AGAIN: &str = "retry-after = \"1ms\", give-up-after = \"600s\"";
const ASKS: &str = "workload = { client = \"c1\", arrivals.open.rate = 10000.0, mix = { put = 1 }, limit = 1000 }";

#[test]
fn too_many_messages_in_flight_are_said() {
    let lab = Lab { network: "latency.constant = \"1h\"", ..Lab::default() };
    let world = halted(&lab, &[("0s", FLOOD)]);
    assert_eq!(world.halted, Some("limit reached: too many messages in flight; the run stops here"));
    // One step may bring a few at once.
    assert!((FLIGHTS_MAX..FLIGHTS_MAX + 8).contains(&world.queue.len()));
}

#[test]
fn messages_held_back_on_clogged_links_count_as_in_flight() {
    let world = halted(&Lab::default(), &[("0s", "clog.from = [\"c1\"]"), ("0s", FLOOD)]);
    assert_eq!(world.halted, Some("limit reached: too many messages in flight; the run stops here"));
    assert!(world.clogged.len() > FLIGHTS_MAX / 4);
    assert!(world.queue.len() + world.clogged.len() < FLIGHTS_MAX + 8);
}

#[test]
fn too_many_messages_at_one_node_are_said() {
    let lab = Lab { parameters: ASK_AGAIN, ..Lab::default() };
    let world = halted(&lab, &[("0s", "pause.node = \"n1\""), ("0s", ASKS)]);
    assert_eq!(world.halted, Some("limit reached: too many messages wait at one node; the run stops here"));
    let waiting = world.shells[0].inbox.len();
    assert!((INBOX_MAX..INBOX_MAX + 8).contains(&waiting), "{waiting}");
}

/// By rows, and by bytes of contents.
#[test]
fn a_full_trace_is_said() {
    let fill = |rows: usize, bytes: usize| {
        let mut trace = Trace::default();
        let rec = Rec::new(RowKind::Write, 0, NodeId(0), None);
        (1..rows).for_each(|_| trace.push(rec, b""));
        assert!(!trace.is_full());
        trace.push(rec, &vec![0; bytes]);
        assert!(trace.is_full());
        let mut world = Lab::default().blueprint(&[]).world(Watch { properties: false, hash: false });
        world.boot(&mut Some(&mut trace));
        assert_eq!(world.halted, Some("limit reached: the trace is full; the run stops here"));
        assert!(world.step(u64::MAX, &mut Some(&mut trace)).is_none());
    };
    fill(ROWS_MAX, 0);
    fill(1, ARENA_BYTES_MAX);
}

#[test]
fn the_page_is_told() {
    let mut session = Session::new(protocols::all());
    let lab = Lab { parameters: ASK_AGAIN, ..Lab::default() };
    let text = lab.blueprint(&[("0s", "pause.node = \"n1\""), ("0s", ASKS)]).scenario.to_json();
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text });
    session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    // In bounded slices: each answers soon.
    for slice in 1..20 {
        let replies = session.handle(Request::Show { at: Micros::s(60) });
        let [Reply::Frame(frame)] = &replies[..] else { panic!("{replies:?}") };
        if let Some(why) = &frame.halted {
            assert!(slice > 1 && why.starts_with("limit reached: too many messages wait at one node"), "{why}");
            return;
        }
        assert!(frame.now < Micros::s(60), "a slice stops short, and shows how far it came");
    }
    panic!("the page is never told");
}

#[test]
fn too_many_nodes_are_refused() {
    let error = Lab { clients: NODES_MAX as u16, ..Lab::default() }.read(&[]).err().expect("one too many");
    assert_eq!(error, format!("lab.toml:7: {} nodes; accepted: 1 to {NODES_MAX}", NODES_MAX + 1));
    assert!(Lab { clients: NODES_MAX as u16 - 1, ..Lab::default() }.read(&[]).is_ok());
}

#[test]
fn a_branch_that_was_given_up_is_said() {
    let blueprint = Lab::default().blueprint(&[("1ms", &get("c1", "x"))]);
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: false }, None);
    timeline.seek(Micros::ms(90), u64::MAX);
    // Each fork leaves one branch more.
    for i in 0..=BRANCHES_MAX as u64 {
        timeline.seek(Micros::ms(80 - i), u64::MAX);
        timeline.command(Command::Crash(NodeRef { node: "c2".into() })).expect("c2 is up");
    }
    assert_eq!(timeline.branches.len(), BRANCHES_MAX);
    assert_eq!(timeline.go_to_branch(0), Err("branch 1 is not kept any more: no more than the last 32 are".into()));
    assert_eq!(timeline.go_to_branch(99), Err("there is no branch 99".into()));
    timeline.go_to_branch(1).expect("the second is kept");
    assert_eq!(times(&timeline, RowKind::Crash, 2), [80_000]);
}

#[test]
fn rows_come_in_pages_that_say_how_many_there_are() {
    let mut session = Session::new(protocols::all());
    let text = Lab::default().blueprint(&[("0s", FLOOD)]).scenario.to_json();
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text });
    session.handle(Request::Open(OpenRun { source, seed: None, cursor: Some(Micros::ms(50)) }));
    let replies = session.handle(Request::Rows { first: 0, count: u32::MAX, filter: RowFilter::default() });
    let [Reply::Rows(page)] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(page.rows.len(), 500);
    assert!(page.total > 5_000, "{}", page.total);
}

/// However long a run, it keeps no more than so many keyframes, spread over all of it; any moment can be found again.
#[test]
fn keyframes_are_thinned() {
    let work = "workload = { client = \"c1\", arrivals.closed.think.constant = \"1ms\", mix = { put = 1 } }";
    let blueprint = Lab::default().blueprint(&[("0s", work)]);
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: true }, None);
    let mut hashes = Vec::new();
    for _ in 0..8 {
        timeline.advance(Micros::MAX, 10_000);
        hashes.push((timeline.head().step, timeline.head().trace_hash()));
        assert!(timeline.keyframes().count() <= KEYFRAMES_MAX);
    }
    // One each 128 steps at first, which would be 625 of them; one each 1,024 after three thinnings.
    let steps: Vec<u32> = timeline.keyframes().collect();
    assert!((75..=KEYFRAMES_MAX).contains(&steps.len()), "{}", steps.len());
    assert!(steps.windows(2).all(|pair| pair[1] - pair[0] == 1_024), "{steps:?}");
    for (step, hash) in hashes.into_iter().rev() {
        timeline.seek_step(step);
        assert_eq!(timeline.world().trace_hash(), hash);
    }
}
