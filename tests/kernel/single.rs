//! Single messages and timers: a command changes its target and what follows from it, and nothing else.

use super::lab::{Lab, Said, get, rows, said, times};
use faultline::base::{Micros, NodeId};
use faultline::sim::timeline::Timeline;
use faultline::wire::RowKind;
use std::collections::BTreeMap;

/// The rows of `one` that `other` has not, commands left out.
fn only(one: &Timeline, other: &Timeline) -> Vec<Said> {
    let mut counts: BTreeMap<_, i32> = BTreeMap::new();
    for rec in other.trace.rows() {
        *counts.entry(said(other, rec)).or_default() += 1;
    }
    let mut rest = Vec::new();
    for rec in one.trace.rows().iter().filter(|rec| rec.kind != RowKind::Command) {
        let count = counts.entry(said(one, rec)).or_default();
        *count -= 1;
        if *count < 0 {
            rest.push(said(one, rec));
        }
    }
    rest
}

fn kinds(rows: &[Said]) -> Vec<RowKind> {
    rows.iter().map(|((kind, ..), _)| *kind).collect()
}

/// A get of each client every 10 ms, latencies of 1 to 9 ms.
fn asked(command: Option<(&str, &str)>) -> Timeline {
    let mut commands: Vec<(String, String)> = Vec::new();
    for i in 1..=10 {
        for client in ["c1", "c2"] {
            commands.push((format!("{}ms", i * 10), get(client, "x")));
        }
    }
    if let Some((at, command)) = command {
        commands.push((at.into(), command.into()));
    }
    commands.sort_by_key(|(at, _)| Micros::parse(at).expect("a time"));
    let commands: Vec<_> = commands.iter().map(|(at, command)| (at.as_str(), command.as_str())).collect();
    let lab = Lab { network: "latency.uniform = { min = \"1ms\", max = \"9ms\" }", ..Lab::default() };
    lab.good(&commands, Micros::s(1))
}

/// When the fifth get of c1 (asked for at 50 ms, message 1>0.5) arrives.
fn arrival(timeline: &Timeline) -> u64 {
    let delivered = rows(timeline, RowKind::Deliver);
    delivered.iter().find(|rec| rec.message().to_string() == "1>0.5").expect("it arrives").at
}

/// The rows that differ are the message's arrival and what follows from it, each shifted by the same time.
fn shifts_by(plain: &Timeline, changed: &Timeline, by: i64) {
    let (gone, come) = (only(plain, changed), only(changed, plain));
    let follows = [RowKind::Deliver, RowKind::Send, RowKind::Deliver, RowKind::Complete];
    let without_timers = |rows: &[Said]| -> Vec<RowKind> {
        kinds(rows).into_iter().filter(|kind| *kind != RowKind::TimerCancelled).collect()
    };
    assert_eq!(without_timers(&gone), follows);
    assert_eq!(gone.len(), come.len());
    for ((was, then), (is, now)) in gone.iter().zip(&come) {
        assert_eq!((was, then.wrapping_add_signed(by)), (is, *now));
    }
}

#[test]
fn a_delayed_message_comes_later_by_just_that() {
    let plain = asked(None);
    let delayed = asked(Some(("50001us", "delay = { message = \"1>0.5\", by = \"5ms\" }")));
    assert_eq!(arrival(&delayed), arrival(&plain) + 5_000);
    shifts_by(&plain, &delayed, 5_000);
}

#[test]
fn a_message_delivered_now_comes_now() {
    let plain = asked(None);
    let hurried = asked(Some(("50001us", "deliver-now.message = \"1>0.5\"")));
    assert_eq!(arrival(&hurried), 50_001);
    shifts_by(&plain, &hurried, 50_001 - arrival(&plain) as i64);
}

#[test]
fn a_dropped_message_is_lost_then_and_nothing_follows_from_it() {
    let plain = asked(None);
    let dropped = asked(Some(("50001us", "drop.message = \"1>0.5\"")));
    let lost = rows(&dropped, RowKind::Lost);
    assert_eq!(
        lost.iter().map(|rec| (rec.at, rec.message().to_string())).collect::<Vec<_>>(),
        [(50_001, "1>0.5".into())]
    );
    let (due, rule) = dropped.trace.loss(&lost[0]);
    assert_eq!((due.0, rule), (arrival(&plain), "dropped by hand"));
    // What the answers that follow it on the same link are called moves up; nothing else of c2 changes.
    let of_c2 = |rows: &[Said]| rows.iter().filter(|((_, node, peer, ..), _)| *node == 2 || *peer == 2).count();
    assert_eq!((of_c2(&only(&plain, &dropped)), of_c2(&only(&dropped, &plain))), (0, 0));
    assert_eq!(rows(&dropped, RowKind::Complete).len(), rows(&plain, RowKind::Complete).len() - 1);
}

#[test]
fn a_duplicated_message_comes_twice_and_is_answered_twice() {
    // The last message of its link to the server: the second answer is the last of its link too.
    let plain = asked(None);
    let doubled = asked(Some(("100001us", "duplicate.message = \"2>0.10\"")));
    assert_eq!(kinds(&only(&plain, &doubled)), []);
    let come = only(&doubled, &plain);
    assert_eq!(kinds(&come), [RowKind::Duplicate, RowKind::Deliver, RowKind::Send, RowKind::Deliver]);
    let copies: Vec<u8> = come.iter().map(|((.., copy, _), _)| *copy).collect();
    assert_eq!(copies, [2, 2, 0, 0], "the twin has a name of its own");
    assert!((101_001..=109_001).contains(&come[1].1), "a latency of its own, from then on: {}", come[1].1);
    let answer = come[3].1 - come[2].1;
    assert!((1_000..=9_000).contains(&answer) && come[2].1 == come[1].1);
}

#[test]
fn messages_that_are_gone_are_reported() {
    for command in [
        "drop.message = \"1>0.1\"",
        "duplicate.message = \"1>0.1\"",
        "delay = { message = \"1>0.1\", by = \"1ms\" }",
        "deliver-now.message = \"1>0.1\"",
    ] {
        let timeline = Lab::default().run(&[("1ms", &get("c1", "x")), ("10ms", command)], Micros::ms(20));
        let expected = "message 1>0.1 is not on its way";
        assert_eq!(timeline.refused, [None, Some(expected.into())], "{command}");
        let notes = super::lab::sentences(&timeline, RowKind::Note);
        assert_eq!(notes, [format!("n1: the command had no effect: {expected}")], "{command}");
    }
}

/// Messages that wait at a node, or on a clogged link, are within reach too.
#[test]
fn messages_that_wait_can_be_dropped() {
    let pause = [("0s", "pause.node = \"n1\""), ("1ms", &get("c1", "x")), ("10ms", "drop.message = \"1>0.1\"")];
    let clog = [("0s", "clog.from = [\"n1\"]"), ("1ms", &get("c1", "x")), ("10ms", "drop.message = \"1>0.1\"")];
    for commands in [pause, clog] {
        let mut commands = commands.to_vec();
        commands.extend([("20ms", "clog = { from = [\"n1\"], clogged = false }")]);
        let timeline = Lab::default().good(&commands, Micros::ms(50));
        assert_eq!(times(&timeline, RowKind::Lost, 1), [10_000]);
        assert!(times(&timeline, RowKind::Deliver, 0).is_empty());
    }
}

/// c1 asks at 1 s, c2 at 1.04 s; nobody answers; both ask again after 100 ms, and give up after 600 s.
fn unanswered(commands: &[(&str, &str)]) -> Timeline {
    let lab = Lab { parameters: "retry-after = \"100ms\", give-up-after = \"600s\"", ..Lab::default() };
    let (c1, c2) = (get("c1", "x"), get("c2", "x"));
    let asks = [("0s", "cut = { name = \"all\", from = [\"n1\"] }"), ("1s", c1.as_str()), ("1040ms", c2.as_str())];
    lab.good(&[&asks[..], commands].concat(), Micros::ms(1_250))
}

/// The pending timers with their times.
fn pending(timeline: &Timeline) -> Vec<(String, u64)> {
    let world = timeline.head();
    let mut timers = Vec::new();
    for (node, shell) in world.shells.iter().enumerate() {
        timers.extend(shell.timers.iter().map(|t| (format!("{node}!{}", t.count), t.due)));
    }
    timers.sort();
    timers
}

#[test]
fn timers_are_listed_with_their_times() {
    let mut timeline = unanswered(&[]);
    timeline.seek(Micros::ms(1_050), u64::MAX);
    let shells = &timeline.world().shells;
    let listed = |node: NodeId| shells[node.index()].timers.iter().map(|t| (t.count, t.set, t.due)).collect::<Vec<_>>();
    assert_eq!(listed(NodeId(1)), [(1, 1_000_000, 1_100_000), (2, 1_000_000, 601_000_000)]);
    assert_eq!(listed(NodeId(2)), [(1, 1_040_000, 1_140_000), (2, 1_040_000, 601_040_000)]);
    assert_eq!((times(&timeline, RowKind::TimerFired, 1), times(&timeline, RowKind::TimerFired, 2)), {
        (vec![1_100_000, 1_200_000], vec![1_140_000, 1_240_000])
    });
}

#[test]
fn a_timer_fired_now_fires_now_and_only_then() {
    let timeline = unanswered(&[("1050ms", "fire-timer.timer = \"1!1\"")]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 1), [1_050_000, 1_150_000, 1_250_000]);
    assert_eq!(times(&timeline, RowKind::Send, 1), [1_000_000, 1_050_000, 1_150_000, 1_250_000]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 2), [1_140_000, 1_240_000], "the other's stay");
    assert!(pending(&timeline).contains(&("1!2".into(), 601_000_000)), "its other timer stays");
}

#[test]
fn a_postponed_timer_fires_later_by_just_that() {
    let timeline = unanswered(&[("1050ms", "postpone-timer = { timer = \"1!1\", by = \"70ms\" }")]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 1), [1_170_000]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 2), [1_140_000, 1_240_000]);
    // Postponed twice is postponed by the sum.
    let twice = ("1060ms", "postpone-timer = { timer = \"1!1\", by = \"20ms\" }");
    let timeline = unanswered(&[("1050ms", "postpone-timer = { timer = \"1!1\", by = \"70ms\" }"), twice]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 1), [1_190_000]);
}

#[test]
fn aligned_timers_fire_at_the_time_of_the_latest() {
    let timeline = unanswered(&[("1050ms", "align-timers.kind = \"retry\"")]);
    let both = [1_140_000, 1_240_000];
    assert_eq!((&times(&timeline, RowKind::TimerFired, 1)[..], &times(&timeline, RowKind::TimerFired, 2)[..]), {
        (&both[..], &both[..])
    });
    let give_up: Vec<_> = pending(&timeline).into_iter().filter(|(_, due)| *due > 600_000_000).collect();
    assert_eq!(give_up, [("1!2".into(), 601_000_000), ("2!2".into(), 601_040_000)], "of the other kind");
    // Of one node there is nothing to align.
    let timeline = unanswered(&[("1050ms", "align-timers = { kind = \"retry\", nodes = [\"c1\"] }")]);
    assert_eq!(times(&timeline, RowKind::TimerFired, 1), [1_100_000, 1_200_000]);
}

#[test]
fn timers_that_are_gone_are_reported() {
    let lab = Lab::default();
    let ask = get("c1", "x");
    for (command, why) in [
        ("fire-timer.timer = \"1!1\"", "timer 1!1 is not pending"),
        ("postpone-timer = { timer = \"1!2\", by = \"1ms\" }", "timer 1!2 is not pending"),
        ("align-timers.kind = \"retry\"", "no such timer is pending"),
        (
            "align-timers = { kind = \"retry\", nodes = [\"c7\"] }",
            "there is no node, role or group \"c7\"; nodes: n1, c1, c2",
        ),
        ("align-timers.kind = \"election\"", "no timer is called \"election\"; timers: retry, give up"),
    ] {
        // Answered at 5 ms: the timers are cancelled.
        let timeline = lab.run(&[("1ms", &ask), ("10ms", command)], Micros::ms(20));
        assert_eq!(timeline.refused, [None, Some(why.into())], "{command}");
    }
}

/// Held messages stay, those that were on their way too; delivered by hand they arrive in the order of the commands, and
/// what they cause is held as well; let go, the rest goes on its way.
#[test]
fn held_messages_arrive_when_somebody_says_so() {
    let (one, two) = (get("c1", "x"), get("c2", "x"));
    let asks = [("1ms", one.as_str()), ("2ms", &two), ("2ms", "hold = {}")];
    let delivered = |timeline: &Timeline| -> Vec<(u64, String)> {
        rows(timeline, RowKind::Deliver).iter().map(|rec| (rec.at, rec.message().to_string())).collect()
    };
    let held = Lab::default().good(&asks, Micros::s(1));
    assert!(delivered(&held).is_empty() && held.head().net.held);
    assert_eq!(held.head().clogged.len(), 2);
    let by_hand = [("20ms", "deliver-now.message = \"2>0.1\""), ("20ms", "deliver-now.message = \"1>0.1\"")];
    let ordered = Lab::default().good(&[&asks[..], &by_hand].concat(), Micros::s(1));
    assert_eq!(delivered(&ordered), [(20_000, "2>0.1".into()), (20_000, "1>0.1".into())]);
    assert_eq!(ordered.head().clogged.len(), 2, "the answers are held");
    let let_go = Lab::default().good(&[&asks[..], &by_hand, &[("50ms", "hold.on = false")]].concat(), Micros::s(1));
    assert_eq!(delivered(&let_go).len(), 4);
    assert!(delivered(&let_go)[2..].iter().all(|(at, _)| *at == 52_000), "{:?}", delivered(&let_go));
    // A link that was clogged before stays so.
    let clogged = [&[("0s", "clog.from = [\"c2\"]")], &asks[..], &[("50ms", "hold.on = false")]].concat();
    let clogged = Lab::default().good(&clogged, Micros::s(1));
    let from =
        |timeline: &Timeline, node: &str| delivered(timeline).iter().filter(|(_, m)| m.starts_with(node)).count();
    assert_eq!((from(&clogged, "1>"), from(&clogged, "2>")), (1, 0));
}
