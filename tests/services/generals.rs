//! That no number of confirmations is enough: exhaustively for short chains, and by chance against the closed form.

use super::lab::{broken, count, head, read, run, run_seed, scripted};
use faultline::base::Micros;
use faultline::wire::RowKind;

const ALONE: &str = "both attack or neither does";
const NODES: &str = "{ name = \"a\", role = \"general\" }, { name = \"b\", role = \"general\" }";

fn generals(parameters: &str) -> String {
    head("two-generals", NODES, &format!("parameters = {{ {parameters} }}"))
}

/// For every chain up to twelve messages and each of them alone lost: the generals differ if and only if it was the last.
#[test]
fn losing_the_last_message_alone_has_one_attack_alone() {
    for messages in 1..=12u64 {
        for lost in 0..=messages {
            // The k-th is sent by `a` if k is odd, 10 ms after the one before.
            let (from, to) = if lost % 2 == 1 { ("a", "b") } else { ("b", "a") };
            let at = format!("{}ms", 10 * lost.max(1) - 5);
            let cut = format!("cut = {{ name = \"caught\", from = [\"{from}\"], to = [\"{to}\"], one_way = true }}");
            let mut script = vec![("10ms", "a attack")];
            if lost > 0 {
                script.insert(usize::from(lost > 1), (&at, &cut));
            }
            let timeline = run(&scripted(&generals(&format!("messages = {messages}")), &script), Micros::s(2));
            let (attacks, found) = (count(&timeline, RowKind::Note, "attacks"), broken(&timeline));
            match lost {
                0 => assert_eq!((attacks, found), (2, vec![]), "all {messages} came"),
                _ if lost == messages => assert_eq!((attacks, found), (1, vec![(ALONE, 1)]), "{lost} of {messages}"),
                _ => assert_eq!((attacks, found), (0, vec![]), "{lost} of {messages}"),
            }
        }
    }
}

/// Each of n messages is lost with probability p, each carried by c messengers with p^c: one attacks alone if the first
/// n - 1 came and the last did not, with probability (1 - p^c)^(n-1) · p^c.
#[test]
fn one_attacks_alone_as_often_as_theory_says() {
    for (messages, copies, loss) in [(1, 1, 0.2), (2, 1, 0.2), (5, 1, 0.3), (2, 2, 0.3), (9, 3, 0.5)] {
        let work = "workload = { client = \"a\", mix = { attack = 1 }, arrivals.closed.think.constant = \"0ms\" }";
        let link = format!("link = {{ loss = {loss} }}");
        let text = generals(&format!("messages = {messages}, copies = {copies}"));
        let blueprint = read(&scripted(&text, &[("0s", work), ("0s", &link)]));
        let (mut dawns, mut alone) = (0u32, 0u32);
        for seed in 1..=20 {
            let timeline = run_seed(&blueprint, seed, Micros::s(200));
            dawns += 200;
            alone += broken(&timeline).iter().map(|(_, count)| count).sum::<u32>();
        }
        let q = f64::powi(loss, copies);
        let expected = (1.0 - q).powi(messages - 1) * q;
        let share = f64::from(alone) / f64::from(dawns);
        let error = (expected * (1.0 - expected) / f64::from(dawns)).sqrt();
        println!("{messages} messages, {copies} copies, loss {loss}: {share:.4}, expected {expected:.4} ± {error:.4}");
        assert!((share - expected).abs() < 4.0 * error + 0.001, "{share} is not {expected} ± {error}");
    }
}

/// The planted bug: what was heard for yesterday's dawn counts for today's.
#[test]
fn yesterdays_word_is_caught() {
    let work = "workload = { client = \"a\", mix = { attack = 1 }, arrivals.closed.think.constant = \"0ms\" }";
    let text = generals("messages = 2, bug-yesterday-counts = true");
    let caught = "cut = { name = \"all\", from = [\"a\"], to = [\"b\"] }";
    let timeline = run(&scripted(&text, &[("0s", work), ("1500ms", caught)]), Micros::s(4));
    assert!(broken(&timeline).iter().any(|(name, _)| *name == "the word is of that day"), "{:?}", broken(&timeline));
}
