//! The engine's speed in the browser, on the same ring as the native benchmark, and the checker's, on the same histories:
//! `make bench` compares them.

#[path = "../../benches/cell/mod.rs"]
mod cell;
#[path = "../../benches/histories/mod.rs"]
mod histories;
#[path = "../explore/models.rs"]
#[allow(dead_code)]
mod models;
#[path = "../explore/paxos.rs"]
mod paxos;
#[path = "../../benches/ring/mod.rs"]
mod ring;

use faultline::base::Micros;
use faultline::check::explore::cluster::Bounds;
use faultline::check::explore::record::{Case, Start};
use faultline::check::explore::{Model, Options, explore};
use faultline::check::linear::{self, Limits, Verdict};
use faultline::check::spec::Readings;
use faultline::protocols;
use faultline::sim::scenario::Scenario;
use faultline::sim::{timeline::Timeline, world::Watch};
use faultline::wire::SourceFile;
use std::hint::black_box;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

const MESSAGES: u64 = 2_000_000;
const ROUNDS: usize = 5;

/// Milliseconds of the worker's clock.
fn now() -> f64 {
    let clock = js_sys::Reflect::get(&js_sys::global(), &"performance".into()).expect("a worker has a clock");
    clock.unchecked_into::<web_sys::Performance>().now()
}

/// Million a second, the median of several rounds.
fn rate(mut run: impl FnMut()) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = now();
            run();
            MESSAGES as f64 / 1e3 / (now() - start)
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

#[wasm_bindgen_test]
#[ignore = "a benchmark: make bench"]
fn bench_ring() {
    for in_flight in [64, 65_536] {
        let heap = rate(|| {
            black_box(ring::heap(in_flight, MESSAGES));
        });
        let mut world = ring::world(in_flight, false, &mut None);
        let off = rate(|| ring::deliver(&mut world, MESSAGES, &mut None));
        console_log!("wasm, {in_flight} in flight: heap {heap:.2} M/s; recording off {off:.2} M/s");
    }
}

#[wasm_bindgen_test]
#[ignore = "a benchmark: make bench"]
fn bench_load() {
    let plan = faultline::load::Plan::new(&cell::design()).expect("a good design");
    let times = (0..ROUNDS as u64).map(|seed| {
        let start = now();
        let report = faultline::load::run(&plan, seed);
        assert!(report.classes[0].answered > cell::REQUESTS);
        now() - start
    });
    let best = times.fold(f64::INFINITY, f64::min);
    console_log!(
        "wasm: a million requests through ten servers, a cache and a store in {:.2} s (wanted: 3)",
        best / 1e3
    );
}

#[wasm_bindgen_test]
#[ignore = "a benchmark: make bench"]
fn bench_seek() {
    let mut timeline = Timeline::new(ring::blueprint(64), Watch { properties: false, hash: false }, None);
    let start = now();
    timeline.advance(Micros::MAX, 1_000_000);
    console_log!("wasm: 1,000,000 events recorded in {:.2} s", (now() - start) / 1e3);
    let mut times: Vec<f64> = (1..=101u64)
        .map(|i| {
            let start = now();
            timeline.seek_step(((i * 48_271 * 20_671) % 1_000_000) as u32);
            now() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let pages = core::arch::wasm32::memory_size(0);
    console_log!("wasm: seek to a random event of 1,000,000: median {:.2} ms, max {:.2} ms", times[50], times[100]);
    console_log!("wasm: memory {} MB (wanted: below 300)", pages * 65_536 / 1_000_000);
}

#[wasm_bindgen_test]
#[ignore = "a benchmark: make bench"]
fn bench_linear() {
    let sweep = histories::sweep();
    let (mut times, mut undecided, mut overlaps) = (Vec::new(), 0, 0.0);
    for seed in 0..2_000 {
        let Some((history, _)) = histories::history(&sweep, seed) else { continue };
        let limits = Limits { explain: false, ..Limits::default() };
        overlaps += histories::overlap(&history);
        let start = now();
        let report = linear::check("register", &history, Readings::default(), limits).expect("well-formed");
        times.push(now() - start);
        assert!(!matches!(report.verdict, Verdict::Violated(_)), "seed {seed} is not linearizable");
        undecided += usize::from(matches!(report.verdict, Verdict::Unknown(_)));
        if times.len() == histories::HISTORIES {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    console_log!(
        "wasm: {} histories of {} operations, {:.1} open at once: median {median:.0} ms, worst {worst:.0} ms (wanted: 4,000); {undecided} undecided",
        times.len(),
        histories::OPERATIONS,
        overlaps / times.len() as f64
    );
}

/// The same models as the native benchmark's, in the worker.
fn explored<M: Model>(what: &str, model: &M) {
    let mut rates = Vec::new();
    let mut counts = (0, 0);
    for _ in 0..ROUNDS {
        let start = now();
        let found = explore(model, Options::default());
        rates.push(found.generated as f64 / 1e3 / (now() - start));
        counts = (found.distinct, found.generated);
    }
    rates.sort_by(f64::total_cmp);
    let (distinct, generated) = counts;
    console_log!("wasm, {what}: {distinct} distinct of {generated}: {:.2} M/s", rates[ROUNDS / 2]);
}

#[wasm_bindgen_test]
#[ignore = "a benchmark: make bench"]
fn bench_explorer() {
    explored("two-phase commit, 8 managers", &models::TwoPhase { managers: 8 });
    explored("Paxos, 3 clients", &paxos::Paxos::new(3));
    // As `tests/explore/scenarios/raft.toml`.
    let text = r#"{"version": 1, "title": "Three servers and two requests", "protocol": "raft", "seed": 1,
        "nodes": [{"name": "n", "role": "server", "count": 3}, {"name": "c", "role": "client"}], "commands": [
        {"at": "600ms", "do": {"request": {"client": "c", "op": {"f": "put", "key": "x", "value": {"int": 1}}}}},
        {"at": "1s", "do": {"request": {"client": "c", "op": {"f": "put", "key": "x", "value": {"int": 2}}}}},
        {"at": "1s", "do": {"request": {"client": "c", "op": {"f": "get", "key": "x"}}}}]}"#;
    let scenario =
        Scenario::read(&SourceFile { name: "raft.json".into(), text: text.into() }).expect("a good scenario");
    let start = Start { from: Micros::s(1), syncs: false };
    let case = Case::new(scenario, start, protocols::all()).expect("a good scenario");
    let cluster = case.cluster(Bounds { crashes: 1, ..Bounds::default() }).expect("it can be explored");
    explored("Raft, 3 servers, one crash, two requests", &cluster);
}
