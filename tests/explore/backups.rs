//! Every order of deliveries of small groups of a primary and backups.

use super::common::{STATES_MAX, orders, programs, scenario};
use faultline::check::explore::cluster::Move;
use faultline::check::explore::{Report, Verdict};
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::NodeLine;
use faultline::wire::{Datum, Op};

/// Two or three servers and a view service, or what is asked for of them.
fn backed_up(servers: u16, mode: &str, words: &[&str], flag: Option<&str>) -> Report<Move> {
    let mut scenario = scenario(servers, words.len() as u16, flag);
    scenario.protocol = "primary-backup".into();
    scenario.nodes[0].role = "server".into();
    let service = NodeLine { name: "v".into(), role: "view-service".into(), count: None, ..scenario.nodes[0].clone() };
    scenario.nodes.push(service);
    let text = |word: &str| ParamValue::Text(word.into());
    scenario.parameters.extend([
        ("mode".to_string(), text(mode)),
        ("ship-after".to_string(), text("0ms")),
        ("backups".to_string(), ParamValue::Int(i64::from(servers) - 1)),
    ]);
    let mut programs = programs(words);
    // A letter more: a switch-over to the second server.
    for ((_, ops), word) in programs.iter_mut().zip(words) {
        for (op, _) in ops.iter_mut().zip(word.chars()).filter(|(_, letter)| *letter == 's') {
            *op = Op { f: "promote".into(), key: "n2".into(), value: Datum::None };
        }
    }
    orders(scenario, programs, STATES_MAX).2
}

/// One put in a view of b backups: before the request, the request on its way; then for each backup its copy is on its
/// way, or the acknowledgement is, or came. Of these 3^b states those with k acknowledgements or more hold the answer,
/// on its way or given: 2 + 3^b + #(at least k came), where k is all, one, or none.
#[test]
fn one_backed_up_put_has_as_many_states_as_by_hand() {
    for backups in 1..=4u32 {
        let (all, none_came) = (3usize.pow(backups), 2usize.pow(backups));
        for (mode, answered) in [("synchronous", 1), ("semi-synchronous", all - none_came), ("asynchronous", all)] {
            let found = backed_up(backups as u16 + 1, mode, &["p"], None);
            println!("{mode}, {backups} backups: {} states, {} transitions", found.distinct, found.generated - 1);
            assert_eq!((found.distinct as usize, found.ends), (2 + all + answered, 1), "{mode}, {backups} backups");
            assert_eq!(found.verdict(), Verdict::Holds);
        }
    }
}

/// Puts and gets beside a switch-over, in every order of all their messages: nothing that was promised breaks.
#[test]
fn every_order_of_a_switch_over_is_explored() {
    let cases: [(&str, &[&str], u64, u64, u64); 5] = [
        // Before the request and on its way; then the answer is on its way or given, the old primary has heard or not, and
        // the new one has not heard, or sent its state, or that was acknowledged, reported, confirmed, or all is done.
        ("synchronous", &["s"], 26, 46, 1),
        ("synchronous", &["p", "s"], 1_118, 2_543, 28),
        ("synchronous", &["pg", "s"], 4_150, 9_223, 103),
        ("semi-synchronous", &["p", "s"], 1_118, 2_543, 28),
        ("asynchronous", &["p", "s"], 1_438, 3_518, 28),
    ];
    for (mode, words, states, transitions, ends) in cases {
        let found = backed_up(2, mode, words, None);
        println!("{mode}, {words:?}: {} distinct of {}", found.distinct, found.generated);
        assert_eq!(found.verdict(), Verdict::Holds, "{mode}, {words:?}");
        assert_eq!((found.distinct, found.generated - 1, found.ends), (states, transitions, ends), "{mode}, {words:?}");
    }
}

/// The shortest ways to break it, as they can be counted by hand.
#[test]
fn planted_bugs_of_primary_backup_are_found_by_a_shortest_way() {
    let cases: [(&str, &[&str], &str, usize); 2] = [
        // A request, the put, the answer: no backup has it.
        ("bug-answer-before-backups", &["p"], "acknowledged writes are on disk", 3),
        // Two requests, both puts at the primary, and the second's copy before the first's.
        ("bug-apply-gaps", &["p", "p"], "replicas agree", 5),
    ];
    for (bug, words, property, length) in cases {
        let found = backed_up(2, "synchronous", words, Some(bug)).violation.expect("found");
        assert_eq!((found.property.name, found.actions.len()), (property, length), "{bug}");
    }
}
