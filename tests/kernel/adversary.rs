//! A scripted adversary on a link: each act does what it says, to the messages that it is set on, and shows in the
//! trace; a script that cannot work is an error.

use super::lab::{Lab, Said, answers, broken, get, put, rows, said, sentences, times};
use faultline::base::{Micros, codec};
use faultline::protocols::kv_single::Message;
use faultline::protocols::once::Ticket;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Rec;
use faultline::wire::{Datum, Outcome, RowKind};
use std::collections::BTreeSet;

/// The rows other than those of commands and adversaries.
fn others(timeline: &Timeline) -> Vec<Said> {
    let is_other = |rec: &&Rec| !matches!(rec.kind, RowKind::Command | RowKind::Adversary);
    timeline.trace.rows().iter().filter(is_other).map(|rec| said(timeline, rec)).collect()
}

#[test]
fn reading_is_noted_and_changes_nothing() {
    let (one, two) = (put("c1", "x", 1), get("c1", "x"));
    let ask = [("10ms", &one[..]), ("20ms", &two[..])];
    let reader = ("0s", "adversary = { name = \"eve\", from = [\"c1\"], to = [\"n1\"], act = \"read\" }");
    let lab = Lab { network: "latency.uniform = { min = \"1ms\", max = \"9ms\" }", ..Lab::default() };
    let (plain, read) = (lab.good(&ask, Micros::ms(50)), lab.good(&[&[reader][..], &ask].concat(), Micros::ms(50)));
    assert_eq!(others(&plain), others(&read));
    assert_eq!(
        sentences(&read, RowKind::Adversary),
        ["An adversary read put x=1 from c1 to n1", "An adversary read get x from c1 to n1",]
    );
    assert_eq!(times(&read, RowKind::Adversary, 1), [10_000, 20_000], "as they enter the link");
    assert_eq!(sentences(&read, RowKind::Command)[0], {
        "An adversary \"eve\" sits on the links from c1 to n1: it reads all messages"
    });
}

#[test]
fn altering_overwrites_the_bytes() {
    // A get: kind, ticket (life, operation, settled), length of the key, key.
    let asked = codec::to_bytes(&Message::Get { ticket: Ticket { life: 1, op: 3, settled: 3 }, key: "x".into() });
    assert_eq!((asked.len(), asked[5]), (6, b'x'));
    let alter = "adversary = { name = \"mallory\", from = [\"c1\"], to = [\"n1\"], kind = \"Get\", \
                 act.alter = { at = 5, bytes = [121] }, times = 1 }";
    let (x, y, ask) = (put("c1", "x", 1), put("c1", "y", 2), get("c1", "x"));
    let commands = [("0s", alter), ("10ms", &x), ("20ms", &y), ("30ms", &ask), ("40ms", &ask)];
    let timeline = Lab::default().good(&commands, Micros::ms(60));
    let got: Vec<Datum> = answers(&timeline, 1).into_iter().skip(2).map(|(.., answer)| answer).collect();
    assert_eq!(got, [Datum::Int(2), Datum::Int(1)], "the first get asks for y, the second for x as it was sent");
    assert_eq!(sentences(&timeline, RowKind::Adversary), ["An adversary altered get x from c1 to n1: now it is get y"]);
    let delivered = sentences(&timeline, RowKind::Deliver);
    assert!(delivered.contains(&"n1 received get y from c1".into()), "the receiver sees what came: {delivered:?}");
    // Bytes beyond the end of a message change nothing; a message that cannot be read any more is lost.
    for (act, ends) in [("at = 90, bytes = [1]", Some(Outcome::Ok)), ("at = 0, bytes = [9]", None)] {
        let alter = format!("adversary = {{ name = \"m\", from = [\"c1\"], act.alter = {{ {act} }} }}");
        let timeline = Lab::default().good(&[("0s", &alter), ("30ms", &ask)], Micros::ms(60));
        assert_eq!(answers(&timeline, 1).first().map(|(_, outcome, _)| *outcome), ends, "{act}");
        let lost: Vec<_> = rows(&timeline, RowKind::Lost);
        assert!(lost.iter().all(|rec| timeline.trace.loss(rec).1 == "it cannot be decoded"));
        assert_eq!(lost.len(), usize::from(ends.is_none()));
    }
}

#[test]
fn replaying_sends_the_same_bytes_once_more() {
    let parrot = "adversary = { name = \"parrot\", from = [\"c1\"], to = [\"n1\"], kind = \"Put\", \
                  act.replay.after = \"50ms\", times = 1 }";
    let (one, two, ask) = (put("c1", "x", 1), put("c2", "x", 2), get("c2", "x"));
    let commands = [("0s", parrot), ("10ms", &one), ("20ms", &two), ("70ms", &one), ("80ms", &ask)];
    let timeline = Lab::default().good(&commands, Micros::ms(100));
    let came: Vec<(u64, String)> = rows(&timeline, RowKind::Deliver)
        .iter()
        .filter(|rec| (rec.node, rec.peer) == (0, 1))
        .map(|rec| (rec.at, rec.message().to_string()))
        .collect();
    let expected = [(12_000, "1>0.1"), (62_000, "1>0.1+2"), (72_000, "1>0.2")];
    assert_eq!(came, expected.map(|(at, id)| (at, id.to_string())), "50 ms later, and a latency of its own");
    assert_eq!(sentences(&timeline, RowKind::Adversary), ["An adversary replays put x=1 from c1 to n1"]);
    assert!(broken(&timeline).is_empty(), "the server honours a ticket once");
    // What that protects from: the replayed put undoes the one after it.
    let parameters = "retry-after = \"60s\", give-up-after = \"600s\", bug-no-once-only = true";
    let commands = [("0s", parrot), ("10ms", &one), ("20ms", &two), ("80ms", &ask)];
    let timeline = Lab { parameters, ..Lab::default() }.good(&commands, Micros::ms(100));
    assert_eq!(answers(&timeline, 2)[1].2, Datum::Int(1));
    assert!(broken(&timeline).contains(&"a write takes effect once"));
}

#[test]
fn injecting_sends_bytes_as_if_from_the_sender() {
    let forged =
        Message::Put { ticket: Ticket { life: 1, op: 99, settled: 1 }, key: "x".into(), value: Datum::Int(666) };
    let inject = |bytes: &[u8]| {
        format!(
            "adversary = {{ name = \"forger\", from = [\"c1\"], to = [\"n1\"], kind = \"Get\", times = 1, \
             act.inject = {{ after = \"3ms\", bytes = {bytes:?} }} }}"
        )
    };
    let (one, ask) = (put("c1", "x", 1), get("c1", "x"));
    let run = |script: &str| {
        let commands = [("0s", script), ("10ms", &one), ("20ms", &ask), ("30ms", &ask)];
        Lab::default().good(&commands, Micros::ms(50))
    };
    let timeline = run(&inject(&codec::to_bytes(&forged)));
    let got: Vec<Datum> = answers(&timeline, 1).into_iter().skip(1).map(|(.., answer)| answer).collect();
    assert_eq!(got, [Datum::Int(1), Datum::Int(666)], "what was sent is answered, and then the forgery takes effect");
    assert_eq!(sentences(&timeline, RowKind::Adversary), ["An adversary injects put x=666 from c1 to n1"]);
    let come = rows(&timeline, RowKind::Deliver).into_iter().find(|rec| rec.copy > 0).expect("it comes");
    assert_eq!((come.at, come.message().to_string()), (25_000, "1>0.2+2".to_string()));
    let timeline = run(&inject(&[255, 1]));
    let lost = rows(&timeline, RowKind::Lost);
    assert_eq!(
        lost.iter().map(|rec| (rec.at, timeline.trace.loss(rec).1)).collect::<Vec<_>>(),
        [(25_000, "it cannot be decoded")]
    );
    assert_eq!(sentences(&timeline, RowKind::Adversary), ["An adversary injects an unreadable message from c1 to n1"]);
}

#[test]
fn it_acts_on_its_links_so_often_and_until_it_is_stopped() {
    let work = "workload = { client = \"client\", arrivals.open.rate = 100.0, mix = { get = 1 } }";
    let acts = |script: &str, stop: Option<&str>| {
        let mut commands = vec![("0s", work), ("0s", script)];
        commands.extend(stop.map(|stop| ("1s", stop)));
        let timeline = Lab::default().good(&commands, Micros::s(2));
        let sent =
            |node: u16, until: u64| times(&timeline, RowKind::Send, node).iter().filter(|at| **at < until).count();
        let sent = [sent(1, 2_000_000), sent(1, 1_000_000), sent(2, 2_000_000)];
        let acted = rows(&timeline, RowKind::Adversary);
        (acted.len(), sent, acted.iter().map(|rec| rec.node).collect::<BTreeSet<u16>>())
    };
    let (acted, sent, on) = acts("adversary = { name = \"a\", from = [\"c1\"], to = [\"n1\"], act = \"read\" }", None);
    assert_eq!((acted, on), (sent[0], BTreeSet::from([1])), "one way, one link");
    let (acted, ..) = acts("adversary = { name = \"a\", from = [\"c1\"], act = \"read\", times = 7 }", None);
    assert_eq!(acted, 7);
    let stop = "adversary = { name = \"a\", act = \"stop\" }";
    let (acted, sent, _) = acts("adversary = { name = \"a\", from = [\"c1\"], act = \"read\" }", Some(stop));
    assert_eq!(acted, sent[1], "nothing after the stop");
    let (acted, sent, _) = acts("adversary = { name = \"a\", to = [\"n1\"], act = \"read\" }", None);
    assert_eq!(acted, sent[0] + sent[2], "from everyone");
}

/// Two adversaries that copy one message make two copies with names of their own, and what one copies does not change
/// how another's copies fare.
#[test]
fn copies_have_stable_names_and_fates() {
    let work = "workload = { client = \"client\", arrivals.open.rate = 100.0, mix = { get = 1 } }";
    let replay = |name: &str, from: &str, after: &str| {
        format!(
            "adversary = {{ name = \"{name}\", from = [\"{from}\"], to = [\"n1\"], act.replay.after = \"{after}\" }}"
        )
    };
    let (a, b, other) = (replay("a", "c1", "5ms"), replay("b", "c1", "9ms"), replay("other", "c2", "1ms"));
    let lab = Lab { network: "latency.uniform = { min = \"1ms\", max = \"9ms\" }", ..Lab::default() };
    let run = |scripts: &[&str]| {
        let mut commands = vec![("0s", work)];
        commands.extend(scripts.iter().map(|script| ("0s", *script)));
        lab.good(&commands, Micros::s(1))
    };
    let of_c1 = |timeline: &Timeline| -> Vec<(u64, String)> {
        let come = rows(timeline, RowKind::Deliver);
        let come = come.iter().filter(|rec| (rec.node, rec.peer) == (0, 1));
        come.map(|rec| (rec.at, rec.message().to_string())).collect()
    };
    let both = run(&[&a, &b]);
    let names: Vec<String> = of_c1(&both).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "no two are called the same");
    assert!(names.iter().any(|name| name.ends_with("+2")) && names.iter().any(|name| name.ends_with("+3")));
    assert_eq!(both.head().trace_hash(), run(&[&a, &b]).head().trace_hash());
    // One that sits on the whole way into n1 copies c2's messages too: c1's copies fare as before.
    let wide = a.replace("from = [\"c1\"]", "from = [\"client\"]");
    assert_eq!(of_c1(&run(&[&a])), of_c1(&run(&[&wide])));
    assert_eq!(of_c1(&run(&[&a])), of_c1(&run(&[&a, &other])));
    let reader = "adversary = { name = \"reader\", act = \"read\" }";
    assert_eq!(of_c1(&run(&[&a])), of_c1(&run(&[reader, &a])));
}

#[test]
fn a_bad_script_is_an_error() {
    for (script, why) in [
        ("from = [\"c9\"], act = \"read\"", "there is no node, role or group \"c9\"; nodes: n1, c1, c2"),
        ("kind = \"Vote\", act = \"read\"", "no message is called \"Vote\"; messages: Put, Get, Answer"),
        ("act = \"stop\"", "no adversary is named \"eve\""),
        ("act.alter = { at = 3, bytes = [] }", "bytes: say at least one byte"),
        ("act.inject = { after = \"1ms\", bytes = [] }", "bytes: say at least one byte"),
    ] {
        let command = format!("adversary = {{ name = \"eve\", {script} }}");
        let timeline = Lab::default().run(&[("1ms", &command)], Micros::ms(2));
        assert_eq!(timeline.refused, [Some(why.to_string())], "{script}");
    }
    for (script, says) in [
        (
            "act = \"eavesdrop\"",
            "unknown variant `eavesdrop`, expected one of `read`, `alter`, `replay`, `inject`, `stop`",
        ),
        ("act.replay = { afterwards = \"1ms\" }", "afterwards"),
        ("act.alter = { at = 0, bytes = [256] }", "256"),
        ("times = -1, act = \"read\"", "-1"),
    ] {
        let command = format!("adversary = {{ name = \"eve\", {script} }}");
        let error = Lab::default().read(&[("1ms", &command)]).err().expect("a bad script");
        assert!(error.starts_with("lab.toml:10: ") && error.contains(says), "{script}: {error}");
    }
    // A script that is refused leaves the one of the same name in place.
    let good = "adversary = { name = \"eve\", from = [\"c1\"], act = \"read\" }";
    let bad = "adversary = { name = \"eve\", from = [\"c9\"], act = \"read\" }";
    let timeline = Lab::default().run(&[("0s", good), ("1ms", bad), ("2ms", &get("c1", "x"))], Micros::ms(9));
    assert_eq!(rows(&timeline, RowKind::Adversary).len(), 1);
}
