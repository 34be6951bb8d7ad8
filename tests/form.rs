//! The form of scenario files in JSON is written down as data (`sim::form`): it must say the same as what is derived from
//! the types, both ways, and its errors must name line and choices.

use crate::parity::pairs;
use faultline::base::Micros;
use faultline::check::faults::Profile;
use faultline::check::sweep::Sweep;
use faultline::protocols;
use faultline::sim::scenario::Scenario;
use faultline::wire::SourceFile;
use std::collections::BTreeMap;

fn read(text: &str) -> Result<Scenario, String> {
    Scenario::read(&SourceFile { name: "a.json".into(), text: text.into() })
}

/// What `serde_json` makes of a scenario and ours are the same, and each reads the other's text.
fn agrees(scenario: &Scenario) {
    let (ours, theirs) = (scenario.to_json(), serde_json::to_string_pretty(scenario).expect("plain data"));
    for text in [&ours, &theirs] {
        assert_eq!(&read(text).unwrap_or_else(|why| panic!("{why}\n{text}")), scenario, "{text}");
        assert_eq!(&serde_json::from_str::<Scenario>(text).expect(text), scenario);
    }
}

#[test]
fn agrees_with_what_is_derived() {
    for (name, text) in pairs::pairs() {
        let scenario = read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(serde_json::from_str::<Scenario>(&text).expect("valid"), scenario, "{name}");
        agrees(&scenario);
    }
}

#[test]
fn agrees_on_random_fault_schedules() {
    let profile = Profile {
        protocol: "majority-register".into(),
        servers: ("replica".into(), "n".into(), vec![3, 5]),
        clients: ("client".into(), "c".into(), vec![2, 3]),
        beside: Vec::new(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        adversary: false,
        lying_disks: false,
        rough: Micros::s(2),
        settle: Micros::s(1),
        bound: Micros::ms(500),
    };
    let sweep = Sweep::new(profile, protocols::all()).expect("a good profile");
    for seed in 0..200 {
        agrees(&sweep.blueprint(seed).expect("a good scenario").scenario);
    }
}

const HEAD: &str =
    "{\"version\": 1, \"protocol\": \"kv-single\",\n \"nodes\": [{\"name\": \"s\", \"role\": \"server\"}]";

#[test]
fn errors_name_line_and_choices() {
    let command = |what: &str| format!("{HEAD},\n \"commands\": [\n  {{\"at\": \"1s\", \"do\": {what}}}]}}");
    let cases = [
        (
            format!("{HEAD}, \n\n\"sed\": 1}}"),
            "a.json:4: unknown field \"sed\"; accepted: version, title, protocol, seed",
        ),
        ("{\"version\": 1,\n\"nodes\": []}".into(), "a.json:1: missing field \"protocol\""),
        (format!("{HEAD}, \"seed\":\n -1}}"), "a.json:3: expected a whole number"),
        (format!("{HEAD}, \"seed\": 1,\n\"seed\": 2}}"), "a.json:3: this is here twice: \"seed\""),
        (format!("{HEAD}, \"pace\": \"3 parsecs\"}}"), "a.json:2: \"3 parsecs\" is not a time; write a number with us"),
        (command("{\"crush\": {\"node\": \"s\"}}"), "a.json:4: unknown \"crush\"; accepted: crash, restart, pause"),
        (command("{\"crash\": {}}"), "a.json:4: missing field \"node\""),
        (command("\"crash\""), "a.json:4: \"crash\" needs to be told more"),
        (command("{\"drop\": {\"message\": \"5\"}}"), "a.json:4: \"5\" is not a message; write FROM>TO.COUNT"),
        (
            command("{\"clock\": {\"node\": \"s\", \"drift_ppm\": 3000000000}}"),
            "out of range; accepted: -2147483648 to",
        ),
        (
            format!("{HEAD}, \"parameters\": {{\"a\": [1]}}}}"),
            "a.json:2: expected a whole number, a text, true or false",
        ),
        (HEAD.to_string(), "a.json:2: expected a comma or }"),
        (format!("{HEAD}}} x"), "a.json:2: expected nothing more"),
        ("{\"nodes\": [[[[[[[[".to_owned() + &"[".repeat(100_000), "a.json:1: expected a value"),
    ];
    for (text, expected) in cases {
        let error = read(&text).expect_err(&text);
        assert!(error.contains(expected), "{error}\nexpected: {expected}");
    }
    let deep = command(&format!(
        "{{\"request\": {{\"client\": \"c\", \"op\": {{\"f\": \"put\", \"value\": {}\"none\"{}}}}}}}",
        "{\"list\": [".repeat(60),
        "]}".repeat(60)
    ));
    assert!(read(&deep).expect_err("too deep").contains("nested too deeply"));
}
