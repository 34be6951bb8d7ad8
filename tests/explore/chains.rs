//! Every order of deliveries along small chains.

use super::common::{STATES_MAX, case, programs, scenario};
use faultline::check::explore::cluster::{Bounds, Move};
use faultline::check::explore::record::Start;
use faultline::check::explore::{Options, Report, Verdict, explore};
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::NodeLine;

/// So many servers and a master. Nobody pings: reads are as in the paper, at the tail. It is what `faultline explore` finds
/// for the same scenario.
fn chained(servers: u16, words: &[&str], flag: Option<&str>) -> Report<Move> {
    let mut scenario = scenario(servers, words.len() as u16, flag);
    scenario.protocol = "chain-replication".into();
    scenario.nodes[0].role = "server".into();
    let master = NodeLine { name: "m".into(), role: "master".into(), count: None, ..scenario.nodes[0].clone() };
    scenario.nodes.push(master);
    scenario.parameters.extend([
        ("reads".to_string(), ParamValue::Text("tail".into())),
        ("replicas".to_string(), ParamValue::Int(i64::from(servers))),
    ]);
    let case = case(scenario, programs(words), Start::default());
    let cluster = case.cluster(Bounds::default()).expect("it can be explored");
    explore(&cluster, Options { states: STATES_MAX, ..Options::default() })
}

/// One put on a chain of n: before the request, the request on its way, and n - 1 times on its way along the chain; then
/// the answer is on its way or given, while the acknowledgement is on one of n - 1 ways up, or has come to the head:
/// 2 + (n - 1) + 2n.
#[test]
fn one_chained_put_has_as_many_states_as_by_hand() {
    for servers in 1..=5 {
        let found = chained(servers, &["p"], None);
        println!("{servers} servers: {} states, {} transitions", found.distinct, found.generated - 1);
        let n = u64::from(servers);
        assert_eq!((found.distinct, found.ends), (3 * n + 1, 1), "{servers} servers");
        assert_eq!(found.verdict(), Verdict::Holds);
    }
}

/// Puts and gets of two clients, in every order of all their messages: nothing that was promised breaks.
#[test]
fn every_order_of_puts_and_gets_on_a_chain_is_explored() {
    let cases: [(u16, &[&str], u64, u64, u64); 3] =
        [(2, &["p", "p"], 279, 534, 10), (2, &["pg", "g"], 262, 426, 23), (3, &["p", "pg"], 3_429, 8_003, 31)];
    for (servers, words, states, transitions, ends) in cases {
        let found = chained(servers, words, None);
        println!(
            "{servers} servers, {words:?}: {} distinct of {}, {} ends",
            found.distinct, found.generated, found.ends
        );
        assert_eq!(found.verdict(), Verdict::Holds, "{servers} servers, {words:?}");
        let counted = (found.distinct, found.generated - 1, found.ends);
        assert_eq!(counted, (states, transitions, ends), "{servers} servers, {words:?}");
    }
}

/// The shortest ways to break it, as they can be counted by hand.
#[test]
fn planted_bugs_of_the_chain_are_found_by_a_shortest_way() {
    let cases: [(&str, &[&str], &str, usize); 2] = [
        // A request, the put, the answer: the next server does not have it.
        ("bug-head-answers", &["p"], "acknowledged writes are on the whole chain", 3),
        // Two requests, both puts at the head, and the second on the next server before the first.
        ("bug-apply-gaps", &["p", "p"], "each holds a prefix of the one before", 5),
    ];
    for (bug, words, property, length) in cases {
        let found = chained(2, words, Some(bug)).violation.expect("found");
        assert_eq!((found.property.name, found.actions.len()), (property, length), "{bug}");
    }
}
