//! Golden transcripts: what happens in named situations, sentence by sentence, with times.

use super::lab::{bank, head, scripted, transcript};
use faultline::base::Micros;

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

const ANSWER_LOST: (&str, &str) =
    ("20ms", "cut = { name = \"answers\", from = [\"bank\"], to = [\"c1\"], one_way = true }");
const HEALED: (&str, &str) = ("50ms", "heal.name = \"answers\"");

/// The answer is lost; the bank knows the key, and answers again.
#[test]
fn payment_is_answered_again() {
    let text = scripted(&bank(false, ""), &[("10ms", "c1 pay x=30"), ANSWER_LOST, HEALED, ("200ms", "c2 balance x")]);
    golden!(transcript(&text, Micros::s(1)));
}

/// The same without keys: asking again is asking for more.
#[test]
fn payment_is_charged_twice() {
    let text = scripted(&bank(false, "parameters.keys = \"none\""), &[("10ms", "c1 pay x=30"), ANSWER_LOST, HEALED]);
    golden!(transcript(&text, Micros::s(1)));
}

/// The bank crashes between charge and sync: nothing has happened, and the next attempt is charged.
#[test]
fn payment_survives_a_crash_of_the_bank() {
    let crash = [("22ms", "crash.node = \"bank\""), ("40ms", "restart.node = \"bank\"")];
    let text = scripted(&bank(false, ""), &[("10ms", "c1 pay x=30"), crash[0], crash[1]]);
    golden!(transcript(&text, Micros::s(1)));
}

/// More than there is in the account is refused, and refused again.
#[test]
fn payment_is_refused() {
    let text = scripted(&bank(false, "parameters.opening = 20"), &[("10ms", "c1 pay x=30"), ANSWER_LOST, HEALED]);
    golden!(transcript(&text, Micros::s(1)));
}

/// The first front is slow; the second is asked as well, and whichever answers first has answered.
#[test]
fn payment_is_hedged() {
    let more = "parameters = { hedge-after = \"60ms\", retry-after = \"200ms\" }";
    let slow = "slow = { node = \"f1\", service.constant = \"100ms\" }";
    let text = scripted(&bank(true, more), &[("0s", slow), ("10ms", "c1 pay x=30")]);
    golden!(transcript(&text, Micros::s(1)));
}

/// Both know that both attack, as far as two messages can tell.
#[test]
fn generals_attack_together() {
    let nodes = "{ name = \"a\", role = \"general\" }, { name = \"b\", role = \"general\" }";
    golden!(transcript(&scripted(&head("two-generals", nodes, ""), &[("10ms", "a attack")]), Micros::s(2)));
}

/// The confirmation is caught: the second attacks alone.
#[test]
fn general_attacks_alone() {
    let nodes = "{ name = \"a\", role = \"general\" }, { name = \"b\", role = \"general\" }";
    let caught = "cut = { name = \"the way back\", from = [\"b\"], to = [\"a\"], one_way = true }";
    let text = scripted(&head("two-generals", nodes, ""), &[("5ms", caught), ("10ms", "a attack")]);
    golden!(transcript(&text, Micros::s(2)));
}

/// A crash is found after the time-out, a restart by the first heartbeat of the new life.
#[test]
fn detector_finds_a_crash() {
    let nodes = "{ name = \"n\", role = \"member\", count = 2 }, { name = \"c\", role = \"client\", count = 2 }";
    let more = "parameters = { interval = \"100ms\", time-out = \"250ms\" }";
    let script = [
        ("300ms", "crash.node = \"n2\""),
        ("650ms", "c1 members"),
        ("700ms", "restart.node = \"n2\""),
        ("1s", "c1 agreement"),
    ];
    golden!(transcript(&scripted(&head("detector", nodes, more), &script), Micros::ms(1_200)));
}
