//! Measurements of lessons: the same in whatever slices, true to theory, and each run can be opened.

use faultline::base::Micros;
use faultline::lesson::check::check_lesson;
use faultline::lesson::draft::Draft;
use faultline::lesson::meter::Quantity;
use faultline::lesson::{Lesson, runner};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::params::ParamValue;
use faultline::sim::scenario::Blueprint;
use faultline::wire::*;

/// Steps of "when the leader dies" with the trade-off and with the exercise.
const TRADE_OFF: u32 = 6;
const EXERCISE: u32 = 7;

fn files() -> Vec<SourceFile> {
    let folder = "lessons/leader-dies";
    let scenarios = std::fs::read_dir(format!("{folder}/scenarios")).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("a file").file_name().into_string();
    let scenarios = scenarios.map(|entry| format!("scenarios/{}", name(entry).expect("a plain name")));
    let names = ["lesson.toml", "prose.md", "solution.toml"].map(String::from).into_iter().chain(scenarios);
    let read = |name: String| {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).expect(&name);
        SourceFile { name, text }
    };
    names.map(read).collect()
}

fn lesson() -> Lesson {
    let draft = Draft::read(&files(), protocols::all()).unwrap_or_else(|found| panic!("{found:?}"));
    let pack = draft.pack().unwrap_or_else(|finding| panic!("{finding}"));
    Lesson::new(pack, protocols::all())
}

/// The page asks the engine for slices; the command line makes all runs at once.
#[test]
fn slices_of_a_measurement_add_up() {
    let lesson = lesson();
    for (step, choices) in [(TRADE_OFF, vec![]), (EXERCISE, vec![3, 2])] {
        let whole = lesson.measure(step, &choices).expect("it runs");
        assert_eq!(whole.done, whole.runs);
        for steps in [1, 50_000] {
            let mut sweep = lesson.sweep(step, &choices).expect("it is there");
            let (mut slices, mut last) = (0, None);
            while last.as_ref().is_none_or(|m: &Measurement| m.done < m.runs) {
                last = Some(lesson.advance(&mut sweep, steps).expect("it runs"));
                slices += 1;
            }
            println!("step {step}: {} runs in {slices} slices", whole.runs);
            assert!(slices > 2, "{slices}");
            assert_eq!(last, Some(whole.clone()));
        }
    }
}

/// A slice of a measurement that is not under way, or was left for another one, is refused.
#[test]
fn only_the_measurement_under_way_goes_on() {
    let draft = Draft::read(&files(), protocols::all()).unwrap_or_else(|found| panic!("{found:?}"));
    let pack = draft.pack().unwrap_or_else(|finding| panic!("{finding}")).to_bytes();
    let mut session = Session::new(protocols::all());
    session.handle(Request::LoadLesson { name: "leader-dies".into(), pack });
    let mut ask = |step, choices: &[u32], done| {
        let request = Request::Measure { step, choices: choices.to_vec(), done };
        match session.handle(request).remove(0) {
            Reply::Measured(measured) => Ok(measured.done),
            Reply::Failed(why) => Err(why),
            other => panic!("{other:?}"),
        }
    };
    assert!(ask(TRADE_OFF, &[], 3).is_err_and(|why| why.contains("not under way")));
    let done = ask(TRADE_OFF, &[], 0).expect("it begins");
    let further = ask(TRADE_OFF, &[], done).expect("it goes on");
    assert!(further > done);
    assert!(ask(TRADE_OFF, &[], done).is_err(), "that slice was made");
    assert_eq!(ask(TRADE_OFF, &[], 0), Ok(done), "it begins again");
    assert!(ask(EXERCISE, &[0, 0], done).is_err(), "another one");
    assert!(ask(0, &[], 0).is_err_and(|why| why.contains("measures nothing")));
}

/// The run that a point opens on the bench is the one that was measured: the largest value is in it, where it is said.
#[test]
fn the_slowest_run_of_a_point_can_be_opened() {
    let lesson = lesson();
    let whole = lesson.measure(TRADE_OFF, &[]).expect("it runs");
    for (row, measured) in whole.rows.iter().enumerate() {
        let gap = |seed| {
            let blueprint = lesson.measured_run(TRADE_OFF, &[], row as u32, seed).expect("it is there");
            let done = runner::run(blueprint, Micros::s(12), Default::default()).expect("it runs");
            (done.meter.value(Quantity::LeaderlessP50, None), done.meter.longest_gap())
        };
        let (largest, at) = gap(measured.seed);
        assert_eq!(at, measured.at);
        assert!((1..=100).all(|other| gap(other).0 <= largest), "{}", measured.title);
    }
}

/// Without stalls and load, and with a latency L that does not vary: the crash comes uniformly within a heartbeat
/// interval h after the last heartbeat, which reached the four others L later. Their time-outs are uniform in [T, 2T]; the
/// first stands, asks, and is elected 2L later (Ongaro's dissertation, section 9.1, whose time-outs are uniform, too):
///
/// downtime = T + T·M + 3L − h·U, with M the least of four and U one, uniform in [0, 1].
///
/// So often does a downtime of at most x occur.
fn theory(x_ms: f64, t_ms: f64, latency_ms: f64, heartbeat_ms: f64) -> f64 {
    const PARTS: u32 = 1_000;
    let part = |i| {
        let u = (f64::from(i) + 0.5) / f64::from(PARTS);
        let m = ((x_ms - t_ms - 3.0 * latency_ms + heartbeat_ms * u) / t_ms).clamp(0.0, 1.0);
        1.0 - (1.0 - m).powi(4)
    };
    (0..PARTS).map(part).sum::<f64>() / f64::from(PARTS)
}

/// A measured quantile of n runs lies, in terms of the true distribution, within four standard errors √(p(1−p)/n) of p.
/// Two of the three others stand within L of the first, and so split the vote, about 3(L/T)² of the time: a longer tail.
#[test]
fn downtimes_are_those_of_theory() {
    const RUNS: u32 = 400;
    let text = std::fs::read_to_string("lessons/leader-dies/scenarios/stalls-crash.toml").expect("the scenario");
    let file = SourceFile { name: "stalls-crash.toml".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    for (t_ms, heartbeat_ms) in [(100u64, 50u64), (200, 50), (800, 50)] {
        let mut scenario = blueprint.scenario.clone();
        scenario.commands.retain(|entry| !matches!(entry.command, Command::Clog(_) | Command::Workload(_)));
        scenario.network.latency = Some(Distribution::Constant(Micros::ms(5)));
        let ms = |ms: u64| ParamValue::Text(format!("{ms}ms"));
        let mut set = |name: &str, value| scenario.parameters.insert(name.into(), value);
        set("election-timeout-min", ms(t_ms));
        set("election-timeout-max", ms(2 * t_ms));
        set("heartbeat-interval", ms(heartbeat_ms));
        let blueprint = Blueprint::resolve(scenario, protocols::all()).unwrap_or_else(|fault| panic!("{fault:?}"));
        let meter = runner::pooled(&blueprint, RUNS, Micros::s(15), false, &|_| Vec::new()).expect("it runs");
        assert_eq!(meter.value(Quantity::NeedlessPerHour, None), Some(0.0), "nothing else goes wrong");
        let split = 3.0 * (5.0 / t_ms as f64).powi(2);
        for (quantity, p) in [(Quantity::LeaderlessP50, 0.5f64), (Quantity::LeaderlessP99, 0.99)] {
            let measured = meter.value(quantity, None).expect("it crashed") / 1_000.0;
            let expected = theory(measured, t_ms as f64, 5.0, heartbeat_ms as f64);
            let error = (p * (1.0 - p) / f64::from(RUNS)).sqrt();
            println!("T = {t_ms} ms, p = {p}: {measured:.1} ms, by theory {expected:.3} ± {error:.3} + {split:.4}");
            assert!((expected - p).abs() < 4.0 * error + split, "T = {t_ms} ms: {p} measured, {expected} by theory");
        }
    }
}

/// What the check says of the lesson with some things changed: file, what stands there, and what then does.
fn found(changes: &[(&str, &str, &str)]) -> String {
    let mut files = files();
    for (file, from, to) in changes {
        let one = files.iter_mut().find(|f| f.name == *file).expect(file);
        assert!(one.text.contains(from), "{from}");
        one.text = one.text.replacen(from, to, 1);
    }
    let (_, report) = check_lesson("leader-dies", &files, protocols::all());
    report.findings.iter().map(|f| format!("{f}\n")).collect()
}

#[test]
fn claims_that_runs_do_not_bear_out_are_found() {
    let follow_up = "when = { measure = \"leaderless.p99\", at_least = \"751ms\" }";
    let claims = found(&[
        ("lesson.toml", "trend = \"rises\"", "trend = \"falls\""),
        ("lesson.toml", follow_up, &follow_up.replace("751ms", "751s")),
        ("solution.toml", "time-out = \"75–150 ms\"", "time-out = \"150–300 ms\""),
    ]);
    for claim in [
        "\"Without a leader, median\" goes the other way from \"25–50 ms\"",
        "no combination of choices leads to this follow-up",
        "this design misses nothing",
        "no [[design]] of solution.toml misses this requirement",
    ] {
        assert!(claims.contains(claim), "{claim}:\n{claims}");
    }
    let option = found(&[("solution.toml", "time-out = \"75–150 ms\"", "time-out = \"75 ms\"")]);
    assert!(option.contains("choices.time-out needs one of \"20–40 ms\""), "{option}");
}
