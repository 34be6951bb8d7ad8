//! Somebody on the link: what each protection keeps from her, and what it does not.

use super::lab::{bank, broken, count, run, scripted};
use faultline::base::Micros;
use faultline::wire::RowKind;

const UNASKED: &str = "nothing happens that no client asked for";
const TWICE: &str = "no payment is charged twice";

fn workload(parameters: &str) -> String {
    bank(false, &format!("parameters = {{ retry-after = \"60ms\", give-up-after = \"1s\", {parameters} }}"))
}

const WORK: (&str, &str) =
    ("0s", "workload = { client = \"client\", mix = { pay = 1 }, arrivals.closed.think.constant = \"20ms\" }");
const ALTERS: (&str, &str) = (
    "100ms",
    "adversary = { name = \"Mallory\", from = [\"c1\"], to = [\"bank\"], kind = \"Pay\", act.alter = { at = 2, bytes = [109] }, times = 5 }",
);
const REPLAYS: (&str, &str) = (
    "100ms",
    "adversary = { name = \"Mallory\", from = [\"client\"], to = [\"bank\"], kind = \"Pay\", act.replay.after = \"300ms\" }",
);

/// What she does to payments with these parameters: the properties that broke, and how often.
fn attacked(parameters: &str, act: (&str, &str)) -> Vec<(&'static str, u32)> {
    let timeline = run(&scripted(&workload(parameters), &[WORK, act]), Micros::s(2));
    assert!(count(&timeline, RowKind::Adversary, "") >= 5, "she acts");
    assert!(count(&timeline, RowKind::Complete, "c1") >= 10, "payments go on");
    broken(&timeline)
}

#[test]
fn who_alters_takes_the_money_unless_it_is_signed() {
    let found = attacked("keys = \"disk\"", ALTERS);
    assert!(found.contains(&(UNASKED, 5)), "{found:?}");
    let found = attacked("fresh = \"number\"", ALTERS);
    assert!(found.contains(&(UNASKED, 5)), "numbers are not signed: {found:?}");
    assert_eq!(attacked("proof = \"mac\"", ALTERS), []);
}

/// The planted bug that no random fault can show.
#[test]
fn a_signature_that_leaves_the_amount_out_is_caught() {
    let found = attacked("proof = \"mac\", bug-mac-without-amount = true", ALTERS);
    assert!(found.contains(&(UNASKED, 5)), "{found:?}");
}

#[test]
fn who_replays_is_kept_off_by_keys_numbers_or_times_and_not_by_signatures() {
    let forgetful = "proof = \"mac\", forget-after = \"200ms\"";
    let found = attacked(forgetful, REPLAYS);
    assert!(matches!(found[..], [(TWICE, n)] if n >= 10), "{found:?}");
    for fresh in ["fresh = \"number\"", "fresh = \"time\", fresh-for = \"150ms\""] {
        assert_eq!(attacked(&format!("{forgetful}, {fresh}"), REPLAYS), [], "{fresh}");
    }
    assert_eq!(attacked("proof = \"mac\"", REPLAYS), [], "keys are remembered for ever");
}

/// Whoever's clock is off by more than the window is not heard.
#[test]
fn a_window_of_time_needs_clocks() {
    let text = workload("proof = \"mac\", fresh = \"time\", fresh-for = \"150ms\"");
    let timeline =
        run(&scripted(&text, &[WORK, ("0s", "clock = { node = \"c2\", offset_us = 1000000 }")]), Micros::s(2));
    let paid = |client: &str| count(&timeline, RowKind::Complete, &format!("{client}'s pay"));
    assert!(paid("c1") > 10, "c1's clock is right");
    assert_eq!(paid("c2"), 0, "c2 is never in time");
    assert!(count(&timeline, RowKind::Note, "rejects: it was sent") > 10);
}
