//! Causal broadcast.

use super::transcript_until;
use faultline::base::Micros;

/// Three members; what c1 sends to c3 is lost until the link heals.
fn members(until: Micros, more: &str, script: &[(&str, &str)]) -> String {
    let lost = "cut = { name = \"late\", from = [\"c1\"], to = [\"c3\"] }";
    let head = format!(
        "version = 1\ntitle = \"transcript\"\nprotocol = \"causal-broadcast\"\nseed = 1\n\
         network.latency.constant = \"10ms\"\ndisk.constant = \"5ms\"\n\
         nodes = [{{ name = \"c\", role = \"member\", count = 3 }}]\n{more}\n"
    );
    transcript_until(until, &head, &[&[("1ms", lost)][..], script].concat())
}

/// The reply is held back until c3 has asked for the comment.
#[test]
fn broadcast_reply_waits_for_its_comment() {
    let script = [
        ("10ms", "c1 post x=1"),
        ("60ms", "c2 post x=2"),
        ("100ms", "c3 read x"),
        ("110ms", "heal.name = \"late\""),
        ("290ms", "c3 read x"),
    ];
    let text = members(Micros::ms(300), "parameters.ask-interval = \"150ms\"", &script);
    assert!(text.contains("held back: c2's reply x=2 waits for c1's post 1"), "{text}");
    golden!(text);
}

/// The post ends for its author when the last member says that it has it.
#[test]
fn broadcast_answers_when_all_have_it() {
    let more = "parameters.ask-interval = \"450ms\"\nparameters.answer = \"everywhere\"";
    golden!(members(Micros::ms(200), more, &[("5ms", "heal.name = \"late\""), ("10ms", "c1 post x=1")]));
}
