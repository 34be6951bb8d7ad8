//! Every order of deliveries of small causal stores.

use super::common::{STATES_MAX, orders, programs, scenario};
use faultline::check::explore::cluster::Move;
use faultline::check::explore::{Report, Verdict};
use faultline::sim::params::ParamValue;
use faultline::wire::Op;

/// Sites of so many replicas each; `x` and `z` are kept by different ones of two.
fn at_sites(sites: u16, each: u16, words: &[&str], flag: Option<&str>) -> Report<Move> {
    let mut scenario = scenario(sites * each, words.len() as u16, flag);
    scenario.protocol = "causal-store".into();
    scenario.parameters.insert("sites".into(), ParamValue::Int(i64::from(sites)));
    let small: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut programs = programs(&small.iter().map(String::as_str).collect::<Vec<_>>());
    // A capital letter: of another key.
    for ((_, ops), word) in programs.iter_mut().zip(words) {
        for (op, _) in ops.iter_mut().zip(word.chars()).filter(|(_, letter)| letter.is_uppercase()) {
            *op = Op { key: "z".into(), ..op.clone() };
        }
    }
    orders(scenario, programs, STATES_MAX).2
}

/// One put at one of s sites: before the request and on its way; then its answer is on its way or given, and for each
/// other site the write is on its way, or its confirmation is, or came: 2 + 2 · 3^(s-1).
#[test]
fn one_put_has_as_many_states_as_by_hand() {
    for sites in 1..=4u16 {
        let found = at_sites(sites, 1, &["p"], None);
        println!("{sites} sites: {} states, {} transitions", found.distinct, found.generated - 1);
        assert_eq!(
            (found.distinct as usize, found.ends),
            (2 + 2 * 3usize.pow(u32::from(sites) - 1), 1),
            "{sites} sites"
        );
        assert_eq!(found.verdict(), Verdict::Holds);
    }
}

/// A post and its comment, read the other way round at the other site, in every order of all their messages.
#[test]
fn every_order_of_a_post_and_its_comment_is_explored() {
    let cases: [(u16, u16, &[&str], [u64; 3]); 3] =
        [(2, 1, &["pP"], [37, 56, 3]), (2, 2, &["pP"], [49, 86, 2]), (2, 2, &["pP", "Gg"], [7_673, 16_862, 226])];
    for (sites, each, words, counts) in cases {
        let found = at_sites(sites, each, words, None);
        println!(
            "{sites} sites of {each}, {words:?}: {} distinct of {}, {} ends",
            found.distinct,
            found.generated - 1,
            found.ends
        );
        assert_eq!(found.verdict(), Verdict::Holds, "{words:?}");
        assert_eq!([found.distinct, found.generated - 1, found.ends], counts, "{words:?}");
    }
}

/// The shortest way to show a comment without its post: two requests,
/// two puts, the first one's answer, and the comment at the other site.
#[test]
fn a_comment_without_its_post_is_found_by_a_shortest_way() {
    let found = at_sites(2, 2, &["pP"], Some("bug-no-dependency-check")).violation.expect("found");
    assert_eq!((found.property.name, found.actions.len()), ("effects are seen after their causes", 6));
}
