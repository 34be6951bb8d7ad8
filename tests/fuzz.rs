//! Whatever comes from outside, the engine answers: it never panics, and a bad file's error says where. More cases by
//! `make fuzz`.

use faultline::base::{Micros, codec};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::scenario::{Blueprint, Scenario};
use faultline::wire::*;
use proptest::prelude::*;

const GOOD: &str = r#"
version = 1
protocol = "majority-register"
seed = 7
[network]
latency = { uniform = { min = "1ms", max = "5ms" } }
loss = 0.01
[[nodes]]
name = "r"
role = "replica"
count = 3
[[nodes]]
name = "c"
role = "client"
count = 2
[[commands]]
at = "10ms"
[commands.do.workload]
client = "c1"
mix = { put = 1, get = 1 }
arrivals.closed.think.uniform = { min = "1ms", max = "9ms" }
keys.uniform.count = 3
[[commands]]
at = "200ms"
do.crash.node = "r1"
[[commands]]
at = "300ms"
do.cut = { name = "split", from = ["r2"], to = ["r3"] }
"#;

fn file(text: String) -> SourceFile {
    SourceFile { name: "fuzzed.toml".into(), text }
}

/// A good file with some pieces taken out, doubled, or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        Just("-1".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("\"\"".to_owned()),
        Just("[[nodes]]".to_owned()),
        Just("1e308".to_owned()),
        "\\PC{0,8}",
    ];
    proptest::collection::vec((0..GOOD.len(), 0..12usize, piece), 1..5).prop_map(|edits| {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, len, piece) in edits {
            let at = at.min(text.len());
            let end = (at + len).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let name = || prop_oneof![Just("r1".to_owned()), Just("c2".to_owned()), Just("nobody".to_owned())];
    let named = move || name().prop_map(|node| NodeRef { node });
    let time = || (0..2_000_000u64).prop_map(Micros);
    let request = prop_oneof![
        3 => time().prop_map(|at| Request::Show { at }),
        1 => named().prop_map(|n| Request::Do(Command::Crash(n))),
        1 => named().prop_map(|n| Request::Do(Command::Restart(n))),
        1 => named().prop_map(|n| Request::Do(Command::Pause(n))),
        1 => named().prop_map(|n| Request::Do(Command::Resume(n))),
        1 => (0..3u32).prop_map(Request::Branch),
        1 => Just(Request::Undo),
        1 => Just(Request::Export),
        1 => (0..9u16).prop_map(|node| Request::Inspect { node }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(step, prediction)| Request::Predict { step, prediction }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(step, choice)| Request::Measure { step, choices: vec![choice] }),
        1 => proptest::collection::vec(any::<u8>(), 0..64)
            .prop_map(|pack| Request::LoadLesson { name: "x".into(), pack }),
    ];
    proptest::collection::vec(request, 1..25)
}

fn answers(requests: &[Request]) -> Vec<Vec<u8>> {
    let mut session = Session::new(protocols::all());
    let open = OpenRun { source: RunSource::Text(file(GOOD.into())), seed: None, cursor: None };
    let mut replies = session.handle(Request::Open(open));
    assert!(!matches!(replies[0], Reply::Failed(_)), "{:?}", replies[0]);
    replies.extend(requests.iter().flat_map(|request| session.handle(request.clone())));
    replies.iter().map(codec::to_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(20_000), ..Default::default() })]

    #[test]
    fn fuzz_scenarios_are_read_or_refused_with_the_place(text in mutated()) {
        match Scenario::read(&file(text)) {
            Ok(scenario) => {
                // What reads may still name unknown things: that is an error, too, and no panic.
                let _ = Blueprint::resolve(scenario, protocols::all());
            }
            Err(error) => prop_assert!(error.to_string().contains("fuzzed.toml"), "no place in: {error}"),
        }
    }

    #[test]
    fn fuzz_any_text_is_refused_without_a_panic(text in "\\PC{0,200}") {
        let _ = Scenario::read(&file(text));
    }

    #[test]
    fn fuzz_sessions_answer_all_requests_and_the_same_each_time(requests in requests()) {
        prop_assert_eq!(answers(&requests), answers(&requests));
    }
}
