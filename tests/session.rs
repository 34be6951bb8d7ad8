//! Moving about in a run as the page does it: steps, conditions, forks, branches, single messages and timers, all through
//! the session.

use faultline::base::Micros;
use faultline::protocols;
use faultline::session::Session;
use faultline::wire::*;

const RUN: &str = r#"{
  "version": 1, "protocol": "majority-register", "seed": 3,
  "network": {"latency": {"uniform": {"min": "2ms", "max": "9ms"}}},
  "nodes": [{"name": "r", "role": "replica", "count": 3}, {"name": "c", "role": "client", "count": 2}],
  "commands": [{"at": "0s", "do": {"workload": {"client": "client", "arrivals": {"closed": {"think": {"constant": "5ms"}}},
    "mix": {"get": 1, "put": 1}, "limit": 40}}},
    {"at": "5ms", "do": {"slow": {"node": "r3", "service": {"constant": "1ms"}}}},
    {"at": "5ms", "do": {"slow": {"node": "r2", "service": {"constant": "1ms"}}}},
    {"at": "30ms", "do": {"slow": {"node": "r3", "service": {"constant": "0ms"}}}}]
}"#;

fn opened() -> Session {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: RUN.into() });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    assert!(matches!(&replies[..], [Reply::Opened(_), Reply::Frame(_)]), "{replies:?}");
    session
}

/// The frame, and what was refused.
fn ask(session: &mut Session, request: Request) -> (Frame, Option<String>) {
    let mut replies = session.handle(request).into_iter();
    match (replies.next(), replies.next()) {
        (Some(Reply::Frame(frame)), None) => (*frame, None),
        (Some(Reply::Refused(why)), Some(Reply::Frame(frame))) => (*frame, Some(why)),
        other => panic!("{other:?}"),
    }
}

fn frame(session: &mut Session, request: Request) -> Frame {
    let (frame, refused) = ask(session, request);
    assert_eq!(refused, None);
    frame
}

/// All that is seen at a moment, without what is sent only when it changes.
fn seen(frame: &Frame) -> Frame {
    Frame { status: None, ..frame.clone() }
}

#[test]
fn steps_forward_and_back_are_inverse() {
    let mut session = opened();
    let mut way = vec![frame(&mut session, Request::Move(Move::Start))];
    for _ in 0..60 {
        way.push(frame(&mut session, Request::Move(Move::Forward)));
    }
    assert!(way.windows(2).all(|pair| pair[1].step == pair[0].step + 1));
    for earlier in way.iter().rev().skip(1) {
        let back = frame(&mut session, Request::Move(Move::Back));
        assert_eq!((back.step, &back.nodes, &back.flights), (earlier.step, &earlier.nodes, &earlier.flights));
    }
    for _ in 0..=way[0].step {
        frame(&mut session, Request::Move(Move::Back));
    }
    let first = frame(&mut session, Request::Move(Move::Back));
    assert_eq!((first.step, first.now), (5, Micros::ZERO), "the five nodes' first starts are one moment");
}

#[test]
fn runs_until_a_condition_both_ways() {
    let mut session = opened();
    let until = |text: &str, kinds: &[RowKind], backwards| {
        let filter = RowFilter { text: text.into(), kinds: kinds.to_vec(), node: None };
        Request::Move(Move::Until { filter, backwards })
    };
    let done = until("succeeded", &[RowKind::Complete], false);
    let first = frame(&mut session, done.clone());
    let filter = RowFilter { text: "succeeded".into(), ..RowFilter::default() };
    let replies = session.handle(Request::Rows { first: 0, count: 9, filter });
    assert!(
        matches!(&replies[..], [Reply::Rows(page)] if page.total == 1 && page.rows[0].step == first.step),
        "{replies:?}"
    );
    let second = frame(&mut session, done.clone());
    assert!(second.now > first.now);
    // Backwards to the same moment, and no further.
    let back = frame(&mut session, until("succeeded", &[RowKind::Complete], true));
    assert_eq!((back.step, &back.nodes), (first.step, &first.nodes));
    let (still, why) = ask(&mut session, until("succeeded", &[RowKind::Complete], true));
    assert_eq!((still.step, why.as_deref()), (first.step, Some("nothing earlier is like that")));
    // What never happens leaves the cursor where it is, and is said.
    let (still, why) = ask(&mut session, until("crashed", &[], false));
    assert_eq!(still.step, first.step);
    assert!(why.is_some_and(|why| why.starts_with("nothing like that happens until")));
    let (still, why) = ask(&mut session, until("", &[], false));
    assert!(still.step == first.step && why.is_some());
    // A fresh session simulates what is not recorded yet, to the same moment.
    let mut fresh = opened();
    frame(&mut fresh, done.clone());
    assert_eq!(seen(&frame(&mut fresh, done)).step, second.step);
}

#[test]
fn a_fork_keeps_the_old_branch() {
    let mut session = opened();
    let old = frame(&mut session, Request::Show { at: Micros::ms(300) });
    frame(&mut session, Request::Show { at: Micros::ms(100) });
    let forked = frame(&mut session, Request::Do(Command::Crash(NodeRef { node: "r1".into() })));
    let status = forked.status.expect("the branches changed");
    assert_eq!((status.branches.len(), forked.head), (2, forked.now));
    let there = frame(&mut session, Request::Show { at: Micros::ms(300) });
    assert_eq!((old.nodes[0].status, there.nodes[0].status), (NodeStatus::Up, NodeStatus::Down));
    let other = status.branches.iter().map(|b| b.id).find(|id| *id != status.branch).expect("the old one");
    frame(&mut session, Request::Branch(other));
    let again = frame(&mut session, Request::Show { at: Micros::ms(300) });
    assert_eq!((again.step, &again.nodes, &again.flights), (old.step, &old.nodes, &old.flights));
}

#[test]
fn undo_takes_the_last_command_back() {
    let mut session = opened();
    let plain = frame(&mut session, Request::Show { at: Micros::ms(50) });
    frame(&mut session, Request::Do(Command::Pause(NodeRef { node: "r2".into() })));
    let undone = frame(&mut session, Request::Undo);
    assert_eq!((undone.step, &undone.nodes), (plain.step, &plain.nodes));
}

#[test]
fn a_message_is_dropped_doubled_delayed_and_delivered_by_its_id() {
    let flight = |frame: &Frame| frame.flights[0].clone();
    let at = |session: &mut Session| frame(session, Request::Show { at: Micros::ms(20) });
    let here = |frame: &Frame, id| frame.flights.iter().filter(|f| f.id == id).map(|f| f.due).collect::<Vec<_>>();
    let mut session = opened();
    let before = at(&mut session);
    let message = flight(&before);
    let dropped = frame(&mut session, Request::Do(Command::Drop(MsgRef { message: message.id })));
    let lost = dropped.flights.iter().find(|f| f.id == message.id).and_then(|f| f.lost.clone());
    assert!(lost.is_some_and(|loss| loss.at == dropped.now), "it breaks where it is");
    let others = |frame: &Frame| frame.flights.iter().filter(|f| f.id != message.id).cloned().collect::<Vec<_>>();
    assert_eq!(others(&dropped), others(&before), "nothing else changed");
    // It is gone: a second drop is reported, not ignored.
    let (_, why) = ask(&mut session, Request::Do(Command::Drop(MsgRef { message: message.id })));
    assert!(why.is_some());
    frame(&mut session, Request::Undo);
    let delay = DelayMsg { message: message.id, by: Micros::ms(30) };
    let delayed = frame(&mut session, Request::Do(Command::Delay(delay)));
    assert_eq!(here(&delayed, message.id), [message.due.plus(Micros::ms(30))]);
    frame(&mut session, Request::Undo);
    let doubled = frame(&mut session, Request::Do(Command::Duplicate(MsgRef { message: message.id })));
    let copies = doubled
        .flights
        .iter()
        .filter(|f| (f.id.from, f.id.to, f.id.count) == (message.id.from, message.id.to, message.id.count));
    assert_eq!(copies.count(), 2);
    frame(&mut session, Request::Undo);
    let now = frame(&mut session, Request::Do(Command::DeliverNow(MsgRef { message: message.id })));
    let next = frame(&mut session, Request::Move(Move::Forward));
    assert_eq!((now.now, next.now), (before.now, before.now), "it is handled at once");
    assert!(here(&next, message.id).is_empty());
}

#[test]
fn timers_are_fired_postponed_and_aligned() {
    let at = |session: &mut Session| frame(session, Request::Show { at: Micros::ms(20) });
    let due = |frame: &Frame, id| frame.timers.iter().find(|t| t.id == id).map(|t| t.due);
    let mut session = opened();
    let before = at(&mut session);
    let [first, second] = [&before.timers[0], &before.timers[before.timers.len() - 1]].map(Clone::clone);
    assert_ne!(first.id, second.id);
    let postponed = PostponeTimer { timer: first.id, by: Micros::ms(7) };
    let later = frame(&mut session, Request::Do(Command::PostponeTimer(postponed)));
    assert_eq!(due(&later, first.id), Some(first.due.plus(Micros::ms(7))));
    assert_eq!(due(&later, second.id), Some(second.due), "the others stay");
    let kind = "retry".to_owned();
    let aligned =
        frame(&mut session, Request::Do(Command::AlignTimers(AlignTimers { kind: kind.clone(), nodes: Vec::new() })));
    let opened_kinds = aligned.timers.iter().filter(|t| t.kind == first.kind || t.kind == second.kind);
    let times: Vec<Micros> = opened_kinds.map(|t| t.due).collect();
    assert!(times.iter().filter(|t| **t == *times.iter().max().expect("some")).count() > 1, "{times:?}");
    let fired = frame(&mut session, Request::Do(Command::FireTimer(TimerRef { timer: first.id })));
    assert_eq!(fired.now, before.now);
    frame(&mut session, Request::Move(Move::Forward));
    let (_, why) = ask(&mut session, Request::Do(Command::FireTimer(TimerRef { timer: first.id })));
    assert!(why.is_some(), "a timer that has fired is not there any more");
}

#[test]
fn what_is_exported_can_be_opened_again() {
    for steps in 0..40 {
        let mut session = opened();
        frame(&mut session, Request::Move(Move::Start));
        for _ in 0..steps {
            frame(&mut session, Request::Move(Move::Forward));
        }
        for node in ["r1", "r2"] {
            frame(&mut session, Request::Do(Command::Crash(NodeRef { node: node.into() })));
        }
        let before = frame(&mut session, Request::Move(Move::NextInteresting));
        let replies = session.handle(Request::Export);
        let [Reply::Exported(text)] = &replies[..] else { panic!("{replies:?}") };
        let source = RunSource::Text(SourceFile { name: "saved run".into(), text: text.clone() });
        let open = OpenRun { source, seed: None, cursor: Some(before.now) };
        let replies = session.handle(Request::Open(open));
        let [Reply::Opened(_), Reply::Frame(after)] = &replies[..] else {
            panic!("{steps} steps: {replies:?}\n{text}")
        };
        assert_eq!((after.now, after.nodes[0].status), (before.now, before.nodes[0].status), "{steps} steps");
    }
}

#[test]
fn a_saved_run_opens_where_the_learner_last_did_something() {
    let mut session = opened();
    while frame(&mut session, Request::Move(Move::Forward)).now < Micros::ms(10) {}
    let crash = Command::Crash(NodeRef { node: "r1".into() });
    let done = frame(&mut session, Request::Do(crash));
    let saved = match session.handle(Request::Export).remove(0) {
        Reply::Exported(text) => text,
        other => panic!("{other:?}"),
    };
    let source = RunSource::Text(SourceFile { name: "saved.json".into(), text: saved });
    let mut again = Session::new(protocols::all());
    let replies = again.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    let [Reply::Opened(_), Reply::Frame(shown)] = &replies[..] else { panic!("{replies:?}") };
    // The scenario's own command at 30 ms is yet to come.
    assert!(shown.now < Micros::ms(30));
    assert_eq!((shown.now, &shown.nodes, &shown.flights), (done.now, &done.nodes, &done.flights));
}

/// What the page hears over the wire, frames after the first as changes, against the same frames whole.
#[test]
fn frames_sent_as_changes_are_whole_again() {
    let (mut whole, mut sent) = (opened(), Session::new(protocols::all()));
    let open = |session: &mut Session, generation: u32| {
        let source = RunSource::Text(SourceFile { name: "run.json".into(), text: RUN.into() });
        let request = Request::Open(OpenRun { source, seed: None, cursor: None });
        session.answer(ToEngine { version: VERSION, generation, request })
    };
    let last = |replies: Vec<FromEngine>| match replies.into_iter().last().map(|r| r.reply) {
        Some(Reply::Frame(frame)) => *frame,
        other => panic!("{other:?}"),
    };
    let mut kept = last(open(&mut sent, 1));
    assert!(kept.changes.is_none(), "the first frame is whole");
    let (mut short, mut long) = (0, 0);
    let jumps = (0..60u64).map(|i| Request::Show { at: Micros(i * 7_919 % 90_000) });
    let steps = (0..60).map(|i| Request::Move(if i % 5 == 4 { Move::Back } else { Move::Forward }));
    let crash = Request::Do(Command::Crash(NodeRef { node: "r2".into() }));
    for request in jumps.chain([crash, Request::Undo]).chain(steps) {
        let expected = frame(&mut whole, request.clone());
        let frame = last(sent.answer(ToEngine { version: VERSION, generation: 1, request }));
        assert!(frame.changes.is_some());
        (short, long) =
            (short + frame.flights.len() + frame.nodes.len(), long + expected.flights.len() + expected.nodes.len());
        kept = frame.whole(Some(kept));
        assert_eq!(seen(&kept), seen(&expected));
    }
    assert!(short < long, "{short} of {long} were sent");
    assert!(last(open(&mut sent, 2)).changes.is_none(), "what an older run showed is no ground for a new one");
}

#[test]
fn commands_given_at_once_are_taken_back_at_once_and_payloads_are_told() {
    let mut session = opened();
    let held = frame(&mut session, Request::Do(Command::Hold(Hold { on: true })));
    assert!(held.held);
    let later = frame(&mut session, Request::Show { at: Micros::ms(20) });
    let flying: Vec<_> = later.flights.iter().map(|f| f.id).collect();
    assert!(flying.len() >= 2 && later.flights.iter().all(|f| f.due == Micros::MAX), "{:?}", later.flights);
    let Reply::Payload(payload) = &session.handle(Request::Payload { row: later.flights[0].row })[0] else { panic!() };
    assert!(payload.bytes > 0 && !payload.tree.children.is_empty(), "{payload:?}");
    let now = |id: &faultline::base::MsgId| (Micros::ZERO, Command::DeliverNow(MsgRef { message: *id }));
    let after = frame(&mut session, Request::DoAll(flying[..2].iter().rev().map(now).collect()));
    assert_eq!(after.now, later.now, "time stands still");
    assert!(!after.flights.iter().any(|f| flying[..2].contains(&f.id)), "both have arrived");
    let back = frame(&mut session, Request::Undo);
    assert_eq!(back.flights, later.flights);
    assert!(matches!(&session.handle(Request::Payload { row: 1 << 40 })[0], Reply::Failed(_)));
}

/// A command is given later, then not at all: the rest of the log stays, and the earlier branches are kept.
#[test]
fn a_command_is_given_at_another_time_or_not_at_all() {
    let mut session = opened();
    let crash = |node: &str| Command::Crash(NodeRef { node: node.into() });
    let restart = |node: &str| Command::Restart(NodeRef { node: node.into() });
    frame(&mut session, Request::Show { at: Micros::ms(10) });
    let script = vec![(Micros::ZERO, crash("r1")), (Micros::ms(10), crash("r2")), (Micros::ms(20), restart("r2"))];
    frame(&mut session, Request::DoAll(script));
    let shown = frame(&mut session, Request::Show { at: Micros::ms(25) });
    let down = |frame: &Frame| frame.nodes.iter().map(|n| n.status == NodeStatus::Down).collect::<Vec<_>>();
    assert_eq!(down(&shown)[..3], [true, true, false]);
    let status = shown.status.expect("it changed");
    let own = |status: &Status| -> Vec<(usize, u64)> {
        let mine = status.commands.iter().enumerate().filter(|(_, c)| !c.scripted);
        mine.map(|(place, c)| (place, c.at.0 / 1_000)).collect()
    };
    let places = own(&status);
    assert_eq!(places.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [10, 20, 30]);
    let branches = status.branches.len();
    let edit = |place: usize, at: Option<u64>| Request::Edit { place: place as u32, at: at.map(Micros::ms) };
    let later = frame(&mut session, edit(places[0].0, Some(27)));
    assert_eq!((later.now, &down(&later)[..3]), (Micros::ms(25), &[false, true, false][..]));
    let status = later.status.expect("it changed");
    assert_eq!(own(&status).iter().map(|(_, at)| *at).collect::<Vec<_>>(), [20, 27, 30]);
    assert_eq!(status.branches.len(), branches + 1, "what was is kept");
    let gone = frame(&mut session, edit(own(&status)[0].0, None));
    assert_eq!(down(&gone)[..3], [false, false, false]);
    let after = frame(&mut session, Request::Show { at: Micros::ms(29) });
    assert_eq!(down(&after)[..3], [true, false, false]);
    let (_, refused) = ask(&mut session, edit(0, Some(3)));
    assert!(refused.is_some_and(|why| why.contains("your own")), "the scenario's commands stay");
}

#[test]
fn a_protocol_of_another_build_is_refused() {
    let mut session = Session::new(protocols::all());
    let open = |protocol: &str| {
        let text = RUN.replace("majority-register", protocol);
        let source = RunSource::Text(SourceFile { name: "run.json".into(), text });
        Request::Open(OpenRun { source, seed: None, cursor: None })
    };
    let unknown = session.handle(open("no-such-protocol"));
    assert!(matches!(&unknown[..], [Reply::Failed(why)] if why.contains("unknown protocol")), "{unknown:?}");
}
