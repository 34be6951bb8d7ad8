//! Whatever comes from outside, the engine answers: it never panics, and a bad file's error says where. More cases by
//! `make fuzz`.

use faultline::base::{Micros, MsgId, NodeId, TimerId, codec};
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

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["r1", "c2", "c", "client", "nobody", ""].prop_map(String::from)
}

/// Ordinary, and as far as simulated time goes.
fn time() -> impl Strategy<Value = Micros> {
    prop_oneof![9 => (0..2_000_000u64).prop_map(Micros), 1 => Just(Micros::MAX), 1 => Just(Micros::ZERO)]
}

fn distribution() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        4 => time().prop_map(Distribution::Constant),
        1 => (time(), time()).prop_map(|(min, max)| Distribution::Uniform { min, max }),
        1 => (time(), time()).prop_map(|(min, mean)| Distribution::Exponential { min, mean }),
        1 => (time(), time()).prop_map(|(mean, sd)| Distribution::Normal { mean, sd }),
        1 => (time(), any::<f64>()).prop_map(|(median, sigma)| Distribution::LogNormal { median, sigma }),
        1 => (time(), any::<f64>()).prop_map(|(min, alpha)| Distribution::Pareto { min, alpha }),
        1 => proptest::collection::vec((0.0..1.0f64, time()), 0..4).prop_map(Distribution::Quantiles),
    ]
}

fn message() -> impl Strategy<Value = MsgRef> {
    let message = (0..7u16, 0..7u16, 0..12u32, 0..4u8);
    message.prop_map(|(from, to, count, copy)| {
        let (from, to) = (NodeId(from), NodeId(to));
        MsgRef { message: MsgId { from, to, count, copy } }
    })
}

fn timer() -> impl Strategy<Value = TimerId> {
    (0..7u16, 0..12u32).prop_map(|(node, count)| TimerId { node: NodeId(node), count })
}

fn node_command() -> impl Strategy<Value = Command> {
    let named = || name().prop_map(|node| NodeRef { node });
    let disk = (name(), distribution(), any::<bool>());
    let clock = (name(), any::<i64>(), any::<i32>());
    prop_oneof![
        2 => named().prop_map(Command::Crash),
        2 => named().prop_map(Command::Restart),
        1 => named().prop_map(Command::Pause),
        1 => named().prop_map(Command::Resume),
        1 => (name(), distribution()).prop_map(|(node, service)| Command::Slow(Slow { node, service })),
        1 => disk.prop_map(|(node, sync, lies)| Command::Disk(DiskShape { node, sync, lies })),
        1 => clock.prop_map(|(node, offset_us, drift_ppm)| Command::Clock(Clock { node, offset_us, drift_ppm })),
    ]
}

fn single_command() -> impl Strategy<Value = Command> {
    let op = (name(), prop_oneof!["get", "put", "swap"], name());
    prop_oneof![
        message().prop_map(Command::Drop),
        message().prop_map(Command::Duplicate),
        (message(), time()).prop_map(|(m, by)| Command::Delay(DelayMsg { message: m.message, by })),
        message().prop_map(Command::DeliverNow),
        timer().prop_map(|timer| Command::FireTimer(TimerRef { timer })),
        (timer(), time()).prop_map(|(timer, by)| Command::PostponeTimer(PostponeTimer { timer, by })),
        (prop_oneof!["retry", "give up", "x"], name())
            .prop_map(|(kind, node)| Command::AlignTimers(AlignTimers { kind, nodes: vec![node] })),
        op.prop_map(|(client, f, key)| {
            Command::Request(ClientRequest { client, op: Op { f: f.into(), key: key.into(), value: Datum::Int(1) } })
        }),
    ]
}

fn network_command() -> impl Strategy<Value = Command> {
    let ends = || (proptest::collection::vec(name(), 0..2), proptest::collection::vec(name(), 0..2), any::<bool>());
    let act = prop_oneof![
        Just(AdversaryAct::Read),
        Just(AdversaryAct::Stop),
        (any::<u32>(), any::<Vec<u8>>()).prop_map(|(at, bytes)| AdversaryAct::Alter { at: at % 9, bytes }),
        time().prop_map(|after| AdversaryAct::Replay { after }),
        (time(), any::<Vec<u8>>()).prop_map(|(after, bytes)| AdversaryAct::Inject { after, bytes }),
    ];
    let chance = || proptest::option::of(prop_oneof![0.0..1.0f64, any::<f64>()]);
    let link = (ends(), proptest::option::of(distribution()), proptest::option::of(any::<u64>()), chance(), chance());
    prop_oneof![
        (name(), ends()).prop_map(|(name, (from, to, one_way))| Command::Cut(Cut { name, from, to, one_way })),
        name().prop_map(|name| Command::Heal(Heal { name })),
        (ends(), any::<bool>()).prop_map(|((from, to, one_way), clogged)| Command::Clog(Clog {
            from,
            to,
            one_way,
            clogged
        })),
        (ends(), act).prop_map(|((from, to, _), act)| {
            Command::Adversary(AdversaryScript { name: "eve".into(), from, to, kind: String::new(), act, times: 0 })
        }),
        link.prop_map(|((from, to, one_way), latency, bandwidth, loss, duplicate)| {
            let ordered = Some(one_way);
            let links = LinkChange { from, to, one_way, latency, bandwidth, loss, duplicate, ..LinkChange::default() };
            Command::Link(LinkChange { reorder: loss, ordered, ..links })
        }),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    let filter = (prop_oneof!["", "put", "crash"], any::<bool>()).prop_map(|(text, backwards)| {
        let filter = RowFilter { text, ..RowFilter::default() };
        Move::Until { filter, backwards }
    });
    prop_oneof![
        3 => Just(Move::Forward),
        2 => Just(Move::Back),
        1 => any::<u64>().prop_map(Move::ToRow),
        1 => Just(Move::Start),
        1 => Just(Move::Head),
        1 => Just(Move::NextInteresting),
        1 => Just(Move::PreviousInteresting),
        1 => filter,
    ]
}

fn asks() -> impl Strategy<Value = ChartsAsk> {
    (any::<u64>(), 0..3_000_000u64, 0..40u32).prop_map(|(from, to, parts)| {
        let from = from % 2_000_000;
        ChartsAsk { from: Micros(from), to: Micros(to), parts }
    })
}

fn watches() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(
        prop_oneof![Just("count(up)".to_owned()), Just("n1.role = leader".to_owned()), ".{0,20}"],
        0..3,
    )
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let request = prop_oneof![
        3 => (0..2_000_000u64).prop_map(|at| Request::Show { at: Micros(at) }),
        3 => moves().prop_map(Request::Move),
        3 => node_command().prop_map(Request::Do),
        3 => single_command().prop_map(Request::Do),
        3 => network_command().prop_map(Request::Do),
        1 => (0..3u32).prop_map(Request::Branch),
        1 => Just(Request::Undo),
        1 => Just(Request::Export),
        1 => (any::<u64>(), any::<u32>())
            .prop_map(|(first, count)| Request::Rows { first, count, filter: RowFilter::default() }),
        1 => (0..9u16, asks(), watches()).prop_map(|(node, of, watch)| Request::Inspect { node, of, watch }),
        1 => (asks(), watches()).prop_map(|(of, watch)| Request::Charts { of, watch }),
        1 => (0..4u32, ".{0,70}").prop_map(|(branch, name)| Request::Name { branch, name }),
        1 => (0..4u32).prop_map(|branch| Request::Glance { branch }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(step, button)| Request::Press { step, button }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(step, prediction)| Request::Predict { step, prediction }),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(step, done)| Request::Measure { step, choices: vec![done], done }),
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
