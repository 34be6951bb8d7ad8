//! Causes and vector clocks against happened-before (Lamport 1978) by brute force: the transitive closure of "earlier at
//! the same node" and "caused by".

use faultline::base::Micros;
use faultline::check::faults::{self, Profile};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Trace;
use faultline::sim::world::Watch;
use faultline::wire::RowKind;
use std::collections::BTreeMap;

fn random_run(protocol: &'static str, seed: u64, rough: Micros) -> Timeline {
    let entry = protocols::all().iter().find(|entry| (entry.describe)().name == protocol).expect("registered");
    let describe = (entry.describe)();
    let profile = Profile {
        protocol: protocol.into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: (describe.roles[0].name.into(), "n".into(), if protocol == "kv-single" { vec![1] } else { vec![3] }),
        clients: ("client".into(), "c".into(), vec![2]),
        beside: Vec::new(),
        adversary: true,
        lying_disks: true,
        rough,
        settle: Micros::ms(1),
        bound: Micros::ms(1),
    };
    let scenario = faults::scenario(&profile, &describe, seed);
    let blueprint = Blueprint::resolve(scenario, protocols::all()).expect("a good scenario");
    let mut timeline = Timeline::new(blueprint, Watch { properties: true, hash: false }, None);
    timeline.advance(rough, u64::MAX);
    timeline
}

/// Rows that are nobody's: commands come from outside, the network does what it does with a message unseen, and the
/// watched properties look on.
const NOBODYS: [RowKind; 6] =
    [RowKind::Command, RowKind::Queued, RowKind::Lost, RowKind::Duplicate, RowKind::Adversary, RowKind::Violation];

/// What one node did at one go: its first and last row.
struct Event {
    node: u16,
    first: u32,
    last: u32,
}

/// The events of a trace, and for each row whose it is. What nobody did belongs to the event that it follows from.
fn events(trace: &Trace) -> (Vec<Event>, Vec<Option<usize>>) {
    let (mut events, mut latest, mut of): (Vec<Event>, BTreeMap<u16, usize>, Vec<Option<usize>>) = Default::default();
    for (row, rec) in (0..).zip(trace.rows()) {
        let caused = rec.cause().and_then(|cause| of[cause as usize]);
        if NOBODYS.contains(&rec.kind) {
            of.push(caused);
            continue;
        }
        // A timer that it set itself goes off in a step of its own: another event.
        let same_step = |event: &usize| trace.get(events[*event].first).step == rec.step;
        let goes_on = latest.get(&rec.node).copied().filter(|event| caused == Some(*event)).filter(same_step);
        let place = goes_on.unwrap_or_else(|| {
            events.push(Event { node: rec.node, first: row, last: row });
            latest.insert(rec.node, events.len() - 1);
            events.len() - 1
        });
        events[place].last = row;
        of.push(Some(place));
    }
    (events, of)
}

/// Warshall's closure, in rows of bits: `before[b]` holds a if a happened before b.
fn happened_before(trace: &Trace) -> (Vec<Event>, Vec<Vec<u64>>) {
    let (events, of) = events(trace);
    let n = events.len();
    let mut before = vec![vec![0u64; n.div_ceil(64)]; n];
    let mut add = |a: usize, b: usize| before[b][a / 64] |= 1 << (a % 64);
    let mut latest: BTreeMap<u16, usize> = BTreeMap::new();
    for (b, event) in events.iter().enumerate() {
        if let Some(a) = latest.insert(event.node, b) {
            add(a, b);
        }
    }
    for (row, rec) in trace.rows().iter().enumerate().filter(|(_, rec)| !NOBODYS.contains(&rec.kind)) {
        if let (Some(b), Some(a)) = (of[row], rec.cause().and_then(|cause| of[cause as usize]))
            && a != b
        {
            add(a, b);
        }
    }
    for k in 0..n {
        let through = before[k].clone();
        for row in before.iter_mut().filter(|row| row[k / 64] & 1 << (k % 64) != 0) {
            row.iter_mut().zip(&through).for_each(|(word, more)| *word |= more);
        }
    }
    (events, before)
}

#[test]
fn clocks_order_what_happened_before_and_nothing_else() {
    for protocol in ["kv-single", "majority-register", "raft"] {
        let (mut ordered, mut concurrent) = (0u64, 0u64);
        for seed in 0..60 {
            let timeline = random_run(protocol, seed, Micros::ms(250));
            let (trace, nodes) = (&timeline.trace, timeline.head().shells.len());
            let (events, before) = happened_before(trace);
            let clocks = trace.clocks(nodes, trace.len() as u32 - 1);
            let clock = |event: &Event| &clocks[event.last as usize];
            for (b, later) in events.iter().enumerate() {
                assert_eq!(&trace.clock(nodes, later.last), clock(later), "one clock on demand is that of all");
                for (a, earlier) in events.iter().enumerate().filter(|(a, _)| *a != b) {
                    let happened = before[b][a / 64] & 1 << (a % 64) != 0;
                    let (one, two) = (clock(earlier), clock(later));
                    let below = one != two && one.iter().zip(two).all(|(x, y)| x <= y);
                    let place = || format!("{protocol}, seed {seed}: rows {} and {}", earlier.first, later.first);
                    assert_eq!(happened, below, "{}: {one:?}, {two:?}", place());
                    (ordered, concurrent) = (ordered + u64::from(happened), concurrent + u64::from(!happened));
                }
            }
            if ordered.min(concurrent) > 200_000 {
                break;
            }
        }
        println!("{protocol}: {ordered} pairs ordered, {concurrent} pairs not");
        assert!(ordered > 30_000 && concurrent > 30_000, "{protocol}: too little was compared");
    }
}

/// Cuts and chains say the same as the closure; a chain leads from message to message.
#[test]
fn cones_hold_what_happened_before_and_after() {
    for protocol in ["kv-single", "majority-register", "raft"] {
        let mut pairs = [0u64; 2];
        for seed in 0..20 {
            let timeline = random_run(protocol, seed, Micros::ms(120));
            let (trace, nodes) = (&timeline.trace, timeline.head().shells.len());
            let (events, before) = happened_before(trace);
            let last = trace.len() as u32 - 1;
            for (a, one) in events.iter().enumerate() {
                let cone = trace.cone(nodes, one.last, 0, last);
                for (b, two) in events.iter().enumerate().filter(|(b, _)| *b != a) {
                    let bit = |a: usize, b: usize| before[b][a / 64] & 1 << (a % 64) != 0;
                    let place = format!("{protocol}, seed {seed}: rows {} and {}", one.last, two.first);
                    // Within a step rows come one after the other: the last row of one event, the first of the next.
                    let in_past = cone.past[usize::from(two.node)].is_some_and(|cut| two.first <= cut);
                    let in_future = cone.future[usize::from(two.node)].is_some_and(|cut| two.last >= cut);
                    assert_eq!(in_past, bit(b, a), "past: {place}");
                    assert!(!in_future || bit(a, b), "future: {place}");
                    let chain = trace.chain(nodes, one.first, two.last);
                    assert_eq!(chain.is_some(), bit(a, b), "chain: {place}");
                    let mut node = one.node;
                    for row in chain.into_iter().flatten() {
                        let arrival = trace.get(row);
                        assert!(arrival.kind == RowKind::Deliver && arrival.peer == node, "chain: {place}");
                        node = arrival.node;
                    }
                    pairs[usize::from(bit(a, b))] += 1;
                }
            }
        }
        assert!(pairs[0] > 2_000 && pairs[1] > 2_000, "{protocol}: {pairs:?} is too little");
    }
}

/// So there are no circles; and a message's way leads back from row to row to its sending.
#[test]
fn causes_come_first() {
    for protocol in ["kv-single", "majority-register", "raft"] {
        for seed in 0..40 {
            let timeline = random_run(protocol, seed, Micros::ms(500));
            let trace = &timeline.trace;
            for (row, rec) in (0u32..).zip(trace.rows()) {
                assert!(!matches!(rec.kind, RowKind::Deliver | RowKind::Lost) || rec.cause().is_some());
                let Some(cause) = rec.cause() else { continue };
                let earlier = trace.get(cause);
                assert!(
                    cause < row && earlier.at <= rec.at && earlier.step <= rec.step,
                    "{protocol}, {seed}: row {row}"
                );
                if rec.kind == RowKind::Deliver {
                    let mut way = earlier;
                    while way.kind != RowKind::Send {
                        assert!(matches!(way.kind, RowKind::Duplicate | RowKind::Adversary | RowKind::Queued));
                        way = trace.get(way.cause().expect("a message was sent"));
                    }
                    let (sent, came) = (way.message(), rec.message());
                    assert_eq!((sent.from, sent.to, sent.count), (came.from, came.to, came.count));
                }
            }
        }
    }
}
