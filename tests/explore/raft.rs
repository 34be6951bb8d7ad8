//! Small groups of Raft: all that can happen within budgets of faults and timers, counted.

use faultline::base::Micros;
use faultline::check::explore::cluster::{Bounds, Move};
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Report, Strategy, Verdict, explore};
use faultline::protocols;
use faultline::sim::scenario::Scenario;
use faultline::wire::SourceFile;

fn explored(from: Micros, bounds: Bounds, strategy: Strategy) -> Report<Move> {
    let text = include_str!("scenarios/raft.toml").to_string();
    let scenario = Scenario::read(&SourceFile { name: "raft.toml".into(), text }).expect("a good scenario");
    let case = Case::new(scenario, Start { from, syncs: false }, protocols::all()).expect("a good scenario");
    let cluster = case.cluster(bounds).expect("it can be explored");
    explore(&cluster, Options { strategy, ..Options::default() })
}

/// A leader, two followers, a put and then a get: no order of their messages, no lost one, no cut breaks anything.
#[test]
fn two_requests_in_every_order() {
    let none = Bounds::default();
    let cases = [
        (none, (191, 453, 3, 15)),
        (Bounds { drops: 1, ..none }, (583, 1_584, 20, 15)),
        (Bounds { partitions: 1, ..none }, (3_665, 11_069, 65, 17)),
        (Bounds { crashes: 1, ..none }, (12_662, 38_887, 65, 28)),
    ];
    for (bounds, counts) in cases {
        for strategy in [Strategy::Breadth, Strategy::Depth] {
            let found = explored(Micros::s(1), bounds, strategy);
            let (depth, expected) = match strategy {
                // The longest of the shortest ways; depth first knows others.
                Strategy::Breadth => (found.depth, counts.3),
                _ => (0, 0),
            };
            let states = (found.distinct, found.generated, found.ends);
            assert_eq!((states, depth), ((counts.0, counts.1, counts.2), expected), "{bounds:?} {strategy:?}");
            assert_eq!(found.verdict(), Verdict::Holds);
            assert!(found.unseen.is_empty(), "every request can be answered");
        }
    }
}

/// What shall come to be: without faults every request ends on every way; a lost message is enough that one does not.
#[test]
fn requests_end_unless_something_is_lost() {
    let bounds = Bounds { answered: true, ..Bounds::default() };
    let found = explored(Micros::s(1), bounds, Strategy::Breadth);
    assert_eq!((found.distinct, found.verdict()), (191, Verdict::Holds));
    let found = explored(Micros::s(1), Bounds { drops: 1, ..bounds }, Strategy::Breadth);
    let violation = found.violation.expect("found");
    assert_eq!(violation.property.name, "every request ends");
    assert!(matches!(violation.actions[..], [Move::Request(_), Move::Drop(_)]), "{violation:?}");
    assert_eq!(violation.cycle, None, "all is quiet then");
}
