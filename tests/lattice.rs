//! Which models a run still allows, and what led to an answer: runs of protocols with planted bugs lose the models that they
//! should and keep the others; by which event, is as if every part of the history had been judged by itself; and a causal
//! slice is what its definition says.

use faultline::base::Micros;
use faultline::check::consistency::Consistency;
use faultline::check::history::{self, History, NEVER};
use faultline::check::lattice::{Clients, Lattice, VIEWS};
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::{Map, Readings};
use faultline::check::weak::{self, Asked, Versions};
use faultline::export;
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Trace;
use faultline::view::lattice::{self as view, How};
use faultline::view::slice;
use faultline::wire::*;
use std::collections::{BTreeMap, BTreeSet};

const END: Micros = Micros::ms(900);

/// Three servers and three clients that read and write one register.
fn run(protocol: &str, server: &str, parameters: &str, seed: u64) -> Session {
    let text = format!(
        r#"{{"version": 1, "protocol": "{protocol}", "seed": {seed}, "parameters": {{{parameters}}},
        "network": {{"latency": {{"uniform": {{"min": "2ms", "max": "30ms"}}}}, "loss": 0.1}},
        "nodes": [{{"name": "r", "role": "{server}", "count": 3}}, {{"name": "c", "role": "client", "count": 3}}],
        "commands": [{{"at": "0s", "do": {{"workload": {{"client": "client", "arrivals": {{"closed": {{"think": {{"constant": "4ms"}}}}}},
          "mix": {{"get": 2, "put": 1}}}}}}}}]}}"#
    );
    let mut session = Session::new(protocols::all()).with_writer(export::writer());
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text });
    let opened = session.handle(Request::Open(OpenRun { source, seed: None, cursor: Some(END) }));
    assert!(matches!(&opened[..], [Reply::Opened(_), Reply::Frame(_)]), "{opened:?}");
    session
}

fn form(session: &mut Session, form: &str) -> String {
    match session.handle(Request::Write { form: form.into() }).pop() {
        Some(Reply::Exported(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The models that runs of some seeds lose, and those of which something cannot be told.
fn lost(
    protocol: &str,
    server: &str,
    parameters: &str,
    seeds: u64,
) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut lost, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..seeds {
        let text = form(&mut run(protocol, server, parameters, seed), "lattice");
        let lattice = view::read(&text).expect("it reads");
        assert!(lattice.wrong.is_empty() && lattice.operations > 10, "{text}");
        for node in &view::NODES {
            match lattice.how(node.model, None, END) {
                How::Lost(loss) => {
                    assert!(!loss.said.is_empty() && !loss.core.is_empty() && loss.slice.is_some(), "{loss:?}");
                    lost.insert(node.model);
                }
                How::Unknown(why) => {
                    assert!(!why.is_empty());
                    unknown.insert(node.model);
                }
                _ => {}
            }
        }
    }
    (lost, unknown)
}

/// A ready scenario, with another seed.
fn ready(text: &str, seed: u64, until: Micros) -> Session {
    let mut session = Session::new(protocols::all()).with_writer(export::writer());
    let source = RunSource::Text(SourceFile { name: "run.toml".into(), text: text.into() });
    let opened = session.handle(Request::Open(OpenRun { source, seed: Some(seed), cursor: Some(until) }));
    assert!(matches!(&opened[..], [Reply::Opened(_), Reply::Frame(_)]), "{opened:?}");
    session
}

const NO_WRITE_BACK: &str = include_str!("../lessons/gallery/no-write-back.toml");
const HALF_QUORUM: &str = include_str!("../lessons/gallery/half-quorum.toml");

fn all_but(kept: &[&str]) -> BTreeSet<&'static str> {
    view::NODES.iter().map(|node| node.model).filter(|model| !kept.contains(model)).collect()
}

#[test]
fn a_register_that_is_one_copy_loses_nothing() {
    assert_eq!(lost("majority-register", "replica", "", 12), (BTreeSet::new(), BTreeSet::new()));
}

/// Who writes does not read, so its own writes cannot come out of order; who reads goes back.
#[test]
fn without_write_back_reads_go_back_and_nothing_else_is_lost_but_what_implies_that_they_do_not() {
    for seed in 0..4 {
        let lattice = view::read(&form(&mut ready(NO_WRITE_BACK, seed, END), "lattice")).expect("it reads");
        let lost = |client: Option<usize>| -> BTreeSet<&'static str> {
            let is_lost = |model: &&str| matches!(lattice.how(model, client, END), How::Lost(_));
            view::NODES.iter().map(|node| node.model).filter(is_lost).collect()
        };
        assert_eq!(lost(None), all_but(&["read-your-writes", "monotonic-writes", "writes-follow-reads"]), "{seed}");
        let names: Vec<&str> = lattice.clients.iter().map(String::as_str).collect();
        assert_eq!(names, ["c1", "c2", "c3"]);
        assert!(lost(Some(0)).is_empty(), "it only writes");
        let by_reader: BTreeSet<_> = lost(Some(1)).union(&lost(Some(2))).copied().collect();
        assert!(by_reader.contains("monotonic-reads") && by_reader.contains("pram"), "{by_reader:?}");
        assert_eq!(lattice.how("linearizable", Some(1), END), How::Together);
        // Before the first loss all was possible.
        let first = lattice.losses(None, END)[0].0.at;
        assert!(lattice.losses(None, Micros(first.0 - 1)).is_empty());
        assert_eq!(lattice.how("sequential", None, Micros(first.0 - 1)), How::Possible);
    }
}

/// Two halves that do not hear of each other: each client stays with its own, and sees one order.
#[test]
fn half_a_quorum_loses_linearizability_only() {
    for seed in 0..4 {
        let lattice = view::read(&form(&mut ready(HALF_QUORUM, seed, END), "lattice")).expect("it reads");
        let told = lattice.losses(None, END);
        let models: Vec<_> = told.iter().map(|(_, models)| models.clone()).collect();
        assert_eq!(models, [["linearizable"]], "{seed}");
        let stalest = lattice.stalest(None, END);
        assert!(stalest.0.is_some_and(|stale| stale.age > Micros::ZERO) && stalest.1 >= 1, "{stalest:?}");
    }
}

/// A write is at all replicas before it ends, a read asks one: it sees its client's own writes, but may go back while others
/// are on their way.
#[test]
fn reads_of_one_replica_go_back_but_never_behind_own_writes() {
    let parameters = r#""read-quorum": 1, "write-quorum": 3, "sloppy-quorum": false"#;
    let (lost, _) = lost("quorum-store", "replica", parameters, 20);
    assert!(!lost.contains("read-your-writes") && !lost.contains("monotonic-writes"), "{lost:?}");
    let must = ["linearizable", "sequential", "causal-memory", "causal-convergence", "pram", "monotonic-reads"];
    assert!(must.iter().all(|model| lost.contains(model)), "{lost:?}");
}

fn timeline(session: &mut Session) -> &Timeline {
    session.timeline().expect("a run is open")
}

/// A client's name for each process: here each process is a client.
fn clients(history: &History) -> Clients {
    let processes: BTreeSet<_> = history.operations.iter().map(|op| op.process.clone()).collect();
    Clients { count: processes.len(), of_process: processes.into_iter().zip(0..).collect() }
}

/// As by its definition, for every part of the history up to a completion.
#[test]
fn a_model_is_lost_by_the_first_event_after_which_it_does_not_hold() {
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    let limits = Limits { explain: false, ..Limits::default() };
    let mut losses = 0;
    for seed in [0, 3] {
        let whole = history::record(&timeline(&mut ready(NO_WRITE_BACK, seed, Micros::ms(470))).trace);
        let mut lattice = Lattice::default();
        lattice.follow(whole.clone(), clients(&whole)).expect("a good history");
        let place = |model: Consistency, client: Option<usize>| {
            let own = lattice.standings.iter().find(|own| own.model == model && own.client == client);
            own.expect("it is judged").lost.as_ref().map_or(NEVER, |loss| loss.place)
        };
        let whose = clients(&whole);
        for end in whole.operations.iter().map(|op| op.ended).filter(|ended| *ended != NEVER) {
            let part = whole.prefix(end);
            let linear = linear::check("kv", &part, readings, limits).expect("a good history").verdict;
            let is_lost = place(Consistency::Linearizable, None) <= end;
            assert_eq!(matches!(linear, Verdict::Violated(_)), is_lost, "{seed}: {end}");
            for guarantee in VIEWS {
                let mut any = false;
                for client in 0..whose.count {
                    let who = |process: &Datum| whose.of_process[process] == client;
                    let asked = Asked { guarantee, versions: Versions::Derived, limits, who: &who };
                    let verdict = weak::check_for(&Map { readings }, &part, asked).expect("a good history").verdict;
                    let bad = matches!(verdict, Verdict::Violated(_));
                    assert_eq!(
                        bad,
                        place(Consistency::Guarantee(guarantee), Some(client)) <= end,
                        "{guarantee:?} {client}"
                    );
                    any |= bad;
                }
                assert_eq!(any, place(Consistency::Guarantee(guarantee), None) <= end, "{guarantee:?}");
                let together = weak::check(&Map { readings }, &part, guarantee, Versions::Derived, limits);
                let bad = matches!(together.expect("a good history").verdict, Verdict::Violated(_));
                assert_eq!(any, bad, "{guarantee:?}: of all together, as of each");
                losses += usize::from(bad);
            }
        }
    }
    assert!(losses > 10, "there was something to lose");
}

/// What follows a run as it goes on comes to the same as what looks at all of it at once; a run that goes on otherwise is
/// judged anew.
#[test]
fn a_run_is_followed_as_it_goes_on() {
    let whole = history::record(&timeline(&mut ready(NO_WRITE_BACK, 0, END)).trace);
    let mut followed = Lattice::default();
    for end in whole.operations.iter().map(|op| op.ended).filter(|ended| *ended != NEVER).step_by(9) {
        let part = whole.prefix(end);
        followed.follow(part.clone(), clients(&part)).expect("a good history");
    }
    followed.follow(whole.clone(), clients(&whole)).expect("a good history");
    let mut anew = Lattice::default();
    anew.follow(whole.clone(), clients(&whole)).expect("a good history");
    let places = |lattice: &Lattice| -> BTreeMap<_, _> {
        let place = |own: &faultline::check::lattice::Standing| own.lost.as_ref().map(|loss| loss.place);
        lattice.standings.iter().map(|own| ((own.model, own.client), place(own))).collect()
    };
    assert_eq!(places(&followed), places(&anew));
    assert!(places(&anew).values().any(Option::is_some));
    let good = history::record(&timeline(&mut run("majority-register", "replica", "", 1)).trace);
    followed.follow(good.clone(), clients(&good)).expect("a good history");
    assert!(places(&followed).values().all(Option::is_none), "nothing is left of the other run");
}

/// What an act follows directly: the act before it at its node, and what caused it, through what the network did.
fn direct(trace: &Trace) -> Vec<Vec<u32>> {
    let mut last: BTreeMap<u16, u32> = BTreeMap::new();
    let mut before = Vec::new();
    for (row, rec) in (0..).zip(trace.rows()) {
        let mut own = Vec::new();
        if rec.is_act() {
            own.extend(last.insert(rec.node, row));
            let mut cause = rec.cause();
            while let Some(earlier) = cause.filter(|earlier| !trace.get(*earlier).is_act()) {
                cause = trace.get(earlier).cause();
            }
            own.extend(cause);
        }
        before.push(own);
    }
    before
}

#[test]
fn a_causal_slice_is_what_lies_on_paths_from_one_act_to_another() {
    let mut session = ready(NO_WRITE_BACK, 0, Micros::ms(470));
    let loss = {
        let lattice = view::read(&form(&mut session, "lattice")).expect("it reads");
        let (loss, _) = lattice.losses(None, END).into_iter().last().expect("a loss");
        loss.clone()
    };
    let ends = loss.slice.expect("it has evidence");
    let told = slice::read(&form(&mut session, &ends.form())).expect("it reads");
    let timeline = timeline(&mut session);
    let (trace, nodes) = (&timeline.trace, timeline.world().setup.nodes.len());
    let (starts, end): (Vec<u32>, u32) = (ends.from.iter().map(|row| *row as u32).collect(), ends.to as u32);
    let before = direct(trace);
    // Forwards from the beginnings, backwards from the end.
    let mut after: BTreeSet<u32> = starts.iter().copied().collect();
    for row in 0..=end {
        if before[row as usize].iter().any(|earlier| after.contains(earlier)) {
            after.insert(row);
        }
    }
    let mut past = BTreeSet::from([end]);
    for row in (0..=end).rev() {
        if past.contains(&row) {
            past.extend(&before[row as usize]);
        }
    }
    let wanted: Vec<u32> = after.intersection(&past).copied().collect();
    assert_eq!(trace.slice(nodes, &starts, end), wanted);
    assert!(wanted.len() > 6 && wanted.len() < trace.len(), "{}", wanted.len());
    // The vector clocks say the same.
    let clocks = trace.clocks(nodes, end);
    let leads = |a: u32, b: u32| clocks[a as usize].iter().zip(&clocks[b as usize]).all(|(a, b)| a <= b);
    assert!(wanted.iter().all(|row| leads(*row, end) && starts.iter().any(|start| leads(*start, *row))));
    // What is lit are these, and messages that set out and arrived among them.
    let lit: BTreeSet<u32> = told.rows.iter().map(|row| *row as u32).collect();
    assert!(wanted.iter().all(|row| trace.get(*row).kind == RowKind::Send || lit.contains(row)));
    assert!(lit.iter().all(|row| wanted.contains(row) || trace.get(*row).kind == RowKind::Duplicate));
    assert!(lit.contains(&end) && told.messages >= 2 && !told.lines.is_empty());
    assert!(told.lines.iter().all(|(row, at, words)| trace.get(*row as u32).time() == *at && !words.is_empty()));
    // Word that never came is not among them.
    assert!(trace.slice(nodes, &[end], starts[0]).is_empty());
}
