//! Every order of what may happen to one payment or two.

use faultline::check::explore::cluster::{Bounds, Move, Program};
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Options, Report, Verdict, explore};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::{NodeLine, Scenario, VERSION};
use faultline::wire::{Datum, LinkChange, Op};
use std::collections::HashSet;

/// One payment of each of so many clients, with these parameters.
fn payments(clients: u16, parameters: &[(&str, ParamValue)], bounds: Bounds) -> Report<Move> {
    let line = |name: &str, role: &str, count| NodeLine {
        name: name.into(),
        role: role.into(),
        count: Some(count),
        groups: Vec::new(),
        place: None,
    };
    let scenario = Scenario {
        version: VERSION,
        title: String::new(),
        protocol: "payments".into(),
        seed: 1,
        pace: None,
        parameters: parameters.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect(),
        network: LinkChange::default(),
        disk: None,
        layout: Default::default(),
        nodes: vec![line("n", "bank", 1), line("c", "client", clients)],
        commands: Vec::new(),
    };
    let pay = |client: u16| Op { f: "pay".into(), key: "x".into(), value: Datum::Int(i64::from(client)) };
    let programs: Vec<Program> = (1..=clients).map(|client| (format!("c{client}"), vec![pay(client)])).collect();
    let mut case = Case::new(scenario, Start::default(), protocols::all()).expect("a good scenario");
    case.programs = programs;
    let cluster = case.cluster(bounds).expect("it can be explored");
    explore(&cluster, Options { states: 200_000, ..Options::default() })
}

/// All that can be of payments that are each asked for, charged and answered: what a state knows is the order in which they
/// began and ended, and that in which the bank charged. How many there are, and how many are ends.
fn by_hand(clients: u16) -> (u64, u64) {
    type Seen = (Vec<(bool, u16)>, Vec<u16>);
    let mut open: Vec<Seen> = vec![Seen::default()];
    let (mut known, mut ends) = (HashSet::from([Seen::default()]), 0);
    while let Some((told, charged)) = open.pop() {
        let mut is_end = true;
        for client in 0..clients {
            let mut next = (told.clone(), charged.clone());
            match (told.contains(&(false, client)), charged.contains(&client), told.contains(&(true, client))) {
                (false, ..) => next.0.push((false, client)),
                (true, false, _) => next.1.push(client),
                (true, true, false) => next.0.push((true, client)),
                (true, true, true) => continue,
            }
            is_end = false;
            if known.insert(next.clone()) {
                open.push(next);
            }
        }
        ends += u64::from(is_end);
    }
    (known.len() as u64, ends)
}

#[test]
fn payments_have_as_many_states_as_by_hand() {
    let plain = Bounds { memory: false, ..Bounds::default() };
    for clients in 1..=3 {
        let found = payments(clients, &[], plain);
        println!("{clients} clients: {} states, {} ends", found.distinct, found.ends);
        assert_eq!(found.verdict(), Verdict::Holds);
        assert_eq!((found.distinct, found.ends), by_hand(clients), "{clients} clients");
    }
}

/// With losses, crashes of everyone and timers, in every order.
#[test]
fn every_order_of_a_payment_with_faults_is_explored() {
    let bounds = Bounds { drops: 1, crashes: 1, timers: 2, ..Bounds::default() };
    let found = payments(1, &[], bounds);
    assert_eq!(found.verdict(), Verdict::Holds);
    let counts = format!("{} states, {} transitions, {} ends", found.distinct, found.generated - 1, found.ends);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(counts) });
}

/// The shortest ways to do harm, as they can be counted by hand.
#[test]
fn harm_is_found_by_a_shortest_way() {
    let text = |word: &str| ParamValue::Text(word.into());
    let bounds = Bounds { timers: 2, crashes: 1, ..Bounds::default() };
    // Asked for, asked for again, and both arrive; with keys in memory a crash and a restart between them.
    let cases = [("none", 4), ("memory", 6)];
    for (keys, length) in cases {
        let found = payments(1, &[("keys", text(keys))], bounds).violation.expect("found");
        assert_eq!((found.property.name, found.actions.len()), ("no payment is charged twice", length), "{keys}");
    }
    // Asked for, given up, arrives.
    let bug = [("bug-timeout-means-failed", ParamValue::Flag(true)), ("attempts", ParamValue::Int(1))];
    let found = payments(1, &bug, bounds).violation.expect("found");
    assert_eq!((found.property.name, found.actions.len()), ("what is said to have failed never happens", 3));
}
