//! The branches of a run: what was done once is not done twice, and all of them hang together as a tree.

use faultline::base::Micros;
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::branches::{BRANCHES_MAX, NAME_MAX};
use faultline::wire::*;

const RUN: &str = r#"{
  "version": 1, "protocol": "majority-register", "seed": 3,
  "network": {"latency": {"uniform": {"min": "2ms", "max": "9ms"}}},
  "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
    "mix": {"get": 1, "put": 1}, "limit": 40}}}]
}"#;

fn opened() -> Session {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: RUN.into() });
    session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    frame(&mut session, Request::Show { at: Micros::ms(300) });
    session
}

fn frame(session: &mut Session, request: Request) -> Frame {
    match session.handle(request).pop() {
        Some(Reply::Frame(frame)) => *frame,
        other => panic!("{other:?}"),
    }
}

/// All of the frame, with the status.
fn status(session: &mut Session) -> Status {
    // A name makes the status differ, so that it is sent.
    let branch = session.timeline().expect("it is open").branch;
    frame(session, Request::Name { branch, name: "a".into() });
    let named = frame(session, Request::Name { branch, name: "b".into() });
    let status = *named.status.expect("the name changed");
    frame(session, Request::Name { branch, name: String::new() });
    status
}

fn crash(node: &str) -> Request {
    Request::Do(Command::Crash(NodeRef { node: node.into() }))
}

fn show(ms: u64) -> Request {
    Request::Show { at: Micros::ms(ms) }
}

fn seen(frame: &Frame) -> (u64, &[NodeCard], &[Flight]) {
    (frame.step, &frame.nodes, &frame.flights)
}

#[test]
fn the_same_command_at_the_same_place_leads_to_its_branch() {
    let mut session = opened();
    frame(&mut session, show(100));
    frame(&mut session, Request::Move(Move::NextInteresting));
    let place = frame(&mut session, Request::Move(Move::Forward));
    let crashed = frame(&mut session, crash("r1"));
    let later = frame(&mut session, show(250));
    // On the branch itself: the run goes on as it did.
    frame(&mut session, Request::Move(Move::ToRow(place.row - 1)));
    let again = frame(&mut session, crash("r1"));
    assert_eq!((seen(&again), again.now), (seen(&crashed), crashed.now));
    assert_eq!((again.head, status(&mut session).branches.len()), (Micros::ms(250), 2));
    assert_eq!(seen(&frame(&mut session, show(250))), seen(&later));
    // Something else there is another branch, from which the same leads back.
    frame(&mut session, Request::Move(Move::ToRow(place.row - 1)));
    frame(&mut session, crash("r2"));
    assert_eq!(status(&mut session).branch, 2);
    frame(&mut session, Request::Move(Move::Back));
    let back = frame(&mut session, crash("r1"));
    assert_eq!(seen(&back), seen(&crashed));
    let tree = status(&mut session);
    assert_eq!((tree.branch, tree.branches.len()), (1, 3));
    // An event earlier it is not the same place.
    frame(&mut session, Request::Move(Move::ToRow(place.row - 1)));
    frame(&mut session, Request::Move(Move::Back));
    frame(&mut session, crash("r1"));
    assert_eq!(status(&mut session).branches.len(), 4);
}

/// Between events a place is a moment.
#[test]
fn the_same_command_at_another_moment_is_another_one() {
    let mut session = opened();
    let events: Vec<u64> = session.timeline().expect("it is open").trace.rows().iter().map(|rec| rec.at).collect();
    let (before, after) = events.windows(2).map(|pair| (pair[0], pair[1])).find(|(a, b)| b - a > 400).expect("a pause");
    let moment = |part: u64| Request::Show { at: Micros(before + (after - before) * part / 4) };
    for (part, branches) in [(1, 2), (2, 3), (1, 3), (2, 3), (3, 4)] {
        frame(&mut session, Request::Branch(0));
        frame(&mut session, moment(part));
        let crashed = frame(&mut session, crash("r1"));
        assert_eq!(crashed.now, Micros(before + (after - before) * part / 4), "the crash is at its moment");
        assert_eq!(status(&mut session).branches.len(), branches, "after part {part}");
    }
}

#[test]
fn what_is_taken_back_and_done_again_makes_no_more_branches() {
    let mut session = opened();
    let free = frame(&mut session, show(300));
    frame(&mut session, show(120));
    let crashed = frame(&mut session, crash("r1"));
    for _ in 0..3 {
        let undone = frame(&mut session, Request::Undo);
        assert_eq!((undone.now, undone.nodes[0].status), (Micros::ms(120), NodeStatus::Up));
        assert_eq!(undone.head, Micros::ms(300), "the run without it is there as it was");
        assert_eq!(seen(&frame(&mut session, show(300))), seen(&free));
        frame(&mut session, show(120));
        assert_eq!(seen(&frame(&mut session, crash("r1"))), seen(&crashed));
        assert_eq!(status(&mut session).branches.len(), 2);
    }
    // A command that is moved and moved back is where it was.
    let place = status(&mut session).commands.iter().position(|card| !card.scripted).expect("the crash") as u32;
    frame(&mut session, Request::Edit { place, at: Some(Micros::ms(150)) });
    assert_eq!(status(&mut session).branches.len(), 3);
    frame(&mut session, Request::Edit { place, at: Some(Micros::ms(120)) });
    let tree = status(&mut session);
    assert_eq!((tree.branch, tree.branches.len()), (1, 3));
}

#[test]
fn several_commands_as_one_are_done_once() {
    let mut session = opened();
    let command = |node: &str| Command::Crash(NodeRef { node: node.into() });
    let restart = || Command::Restart(NodeRef { node: "r1".into() });
    let both = |ms| Request::DoAll(vec![(Micros::ZERO, command("r1")), (Micros::ms(ms), restart())]);
    frame(&mut session, show(100));
    frame(&mut session, both(20));
    let after = frame(&mut session, show(140));
    // At its moment one is after it.
    frame(&mut session, Request::Branch(0));
    frame(&mut session, show(100));
    frame(&mut session, both(20));
    assert_eq!(status(&mut session).branches.len(), 2);
    assert_eq!(seen(&frame(&mut session, show(140))), seen(&after));
    for other in [both(30), Request::Do(command("r1"))] {
        let count = status(&mut session).branches.len();
        frame(&mut session, Request::Branch(0));
        frame(&mut session, show(100));
        frame(&mut session, other);
        assert_eq!(status(&mut session).branches.len(), count + 1, "half of it is something else");
    }
}

/// To deliver by hand what arrives next anyway is to go on.
#[test]
fn the_next_event_asked_for_is_the_next_event() {
    let mut session = opened();
    let trace = &session.timeline().expect("it is open").trace;
    let place = trace
        .rows()
        .windows(2)
        .position(|rows| rows[0].step != rows[1].step && rows[1].kind == RowKind::Deliver && rows[1].at > 50_000);
    let (row, message) =
        (place.expect("a delivery") as u64, trace.get(place.expect("a delivery") as u32 + 1).message());
    frame(&mut session, Request::Move(Move::ToRow(row)));
    let next = frame(&mut session, Request::Move(Move::Forward));
    frame(&mut session, Request::Move(Move::Back));
    let delivered = frame(&mut session, Request::Do(Command::DeliverNow(MsgRef { message })));
    assert_eq!((seen(&delivered), delivered.now), (seen(&next), next.now));
    assert_eq!(status(&mut session).branches.len(), 1);
}

/// By hand time stands still: what a command causes at its instant belongs to it, then as now.
#[test]
fn held_messages_are_delivered_again_on_their_branch() {
    let mut session = opened();
    frame(&mut session, show(100));
    let held = frame(&mut session, Request::Do(Command::Hold(Hold { on: true })));
    let flying: Vec<_> = held.flights.iter().filter(|flight| flight.lost.is_none()).map(|flight| flight.id).collect();
    assert!(flying.len() >= 2, "{flying:?}");
    let deliver = |place: usize| Request::Do(Command::DeliverNow(MsgRef { message: flying[place] }));
    let first = frame(&mut session, deliver(0));
    let second = frame(&mut session, deliver(1));
    let branches = status(&mut session).branches.len();
    frame(&mut session, Request::Move(Move::ToRow(held.row - 1)));
    assert_eq!(seen(&frame(&mut session, deliver(0))), seen(&first));
    assert_eq!(seen(&frame(&mut session, deliver(1))), seen(&second));
    assert_eq!(status(&mut session).branches.len(), branches);
    frame(&mut session, Request::Move(Move::ToRow(held.row - 1)));
    frame(&mut session, deliver(1));
    assert_eq!(status(&mut session).branches.len(), branches + 1, "another order is another branch");
}

#[test]
fn branches_hang_on_those_that_they_left_and_have_names() {
    let mut session = opened();
    for (at, node) in [(200, "r1"), (100, "r2"), (150, "r3")] {
        frame(&mut session, show(at));
        frame(&mut session, crash(node));
        frame(&mut session, show(260));
    }
    let tree = status(&mut session);
    let hangs: Vec<_> = tree.branches.iter().map(|card| (card.id, card.parent, card.fork.0 / 1_000)).collect();
    assert_eq!(hangs, [(0, None, 0), (1, Some(0), 200), (2, Some(1), 100), (3, Some(2), 150)]);
    let labels: Vec<_> = tree.branches.iter().map(|card| (card.label.as_str(), card.commands)).collect();
    assert_eq!(labels, [("as it began", 0), ("You crash r1", 1), ("You crash r2", 1), ("You crash r3", 2)]);
    assert_eq!(tree.branches[0].head, Micros::ms(300));
    let name = |branch, name: &str| Request::Name { branch, name: name.into() };
    let named = frame(&mut session, name(1, " without r1 "));
    assert_eq!(named.status.expect("it changed").branches[1].name, "without r1");
    for (branch, words) in [(99, "x".to_owned()), (1, "x".repeat(NAME_MAX + 1))] {
        assert!(matches!(&session.handle(name(branch, &words))[..], [Reply::Refused(_), Reply::Frame(_)]));
    }
    // One more than are kept: what left the first one hangs on nothing, the rest as before.
    for i in 0..BRANCHES_MAX as u64 - 3 {
        frame(&mut session, show(90 - i));
        frame(&mut session, crash("c1"));
    }
    let all = status(&mut session);
    assert_eq!((all.branches.len(), all.branches[0].parent), (BRANCHES_MAX + 1, None));
    frame(&mut session, show(20));
    frame(&mut session, crash("c1"));
    let fewer = status(&mut session);
    assert_eq!((fewer.branches.len(), fewer.branches[0].id), (BRANCHES_MAX + 1, 1));
    assert_eq!((fewer.branches[0].parent, fewer.branches[1].parent), (None, Some(1)));
}

/// The end of a branch is shown as one sees it there, and nothing moves.
#[test]
fn a_glance_shows_the_end_of_a_branch_without_going_there() {
    let mut session = opened();
    let glance = |session: &mut Session, branch| match session.handle(Request::Glance { branch }).pop() {
        Some(Reply::Glanced(of, end)) if of == branch => *end,
        other => panic!("{other:?}"),
    };
    let first = frame(&mut session, show(300));
    let there = glance(&mut session, 0);
    assert_eq!((seen(&there), &there.timers), (seen(&first), &first.timers));
    frame(&mut session, show(120));
    frame(&mut session, crash("r1"));
    let second = frame(&mut session, show(200));
    let now = frame(&mut session, show(150));
    let there = glance(&mut session, 0);
    assert_eq!((seen(&there), &there.timers, there.now), (seen(&first), &first.timers, first.now));
    assert_eq!(seen(&glance(&mut session, 1)), seen(&second));
    assert_eq!(seen(&frame(&mut session, show(150))), seen(&now));
    frame(&mut session, Request::Branch(0));
    assert_eq!(seen(&glance(&mut session, 1)), seen(&second));
    assert!(matches!(&session.handle(Request::Glance { branch: 7 })[..], [Reply::Failed(_)]));
}
