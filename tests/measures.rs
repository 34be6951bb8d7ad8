//! What sweeps measure, against closed forms: order statistics of uniform time-outs and the probability that a vote is
//! split (Ongaro, "Consensus: Bridging Theory and Practice", 2014, sections 9.1 to 9.3, whose time-outs are uniform, too).

use faultline::base::Micros;
use faultline::check::measures::{self, MEASURES, Values};
use faultline::lesson::meter::Quantity;
use faultline::lesson::{GoalRun, Watcher, theory};
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::wire::SourceFile;
use std::process::{Command, Output};

const SEEDS: u64 = 1_500;

/// The measures of the scenario under many seeds, some of its text replaced.
fn swept(name: &str, until: Micros, changes: &[(&str, &str)]) -> Vec<Values> {
    let seeds = if name == "steady-writes" { 3 } else { SEEDS };
    let path = format!("tests/sweeps/{name}.toml");
    let mut text = std::fs::read_to_string(&path).expect(&path);
    for (before, after) in changes {
        assert!(text.contains(before), "{before} is not in {path}");
        text = text.replace(before, after);
    }
    let blueprint = Blueprint::read(&SourceFile { name: path, text }, protocols::all()).expect("a good scenario");
    let run = |seed| {
        let watch = Watch { properties: true, hash: false };
        let mut timeline = Timeline::new(blueprint.with_seed(seed), watch, None);
        timeline.advance(until, u64::MAX);
        assert!(timeline.head().broken.iter().all(Option::is_none), "seed {seed}");
        assert!(timeline.refused.iter().all(Option::is_none), "seed {seed}: {:?}", timeline.refused);
        measures::of(&timeline)
    };
    (0..seeds).map(run).collect()
}

/// The only value of a measure in each run.
fn each(values: &[Values], name: &str) -> Vec<f64> {
    let place = MEASURES.iter().position(|measure| measure.name == name).expect(name);
    let only = |run: &Values| {
        assert_eq!(run[place].len(), 1, "{name}: {:?}", run[place]);
        run[place][0]
    };
    values.iter().map(only).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean is what is expected, within four standard errors.
fn agrees(what: &str, values: &[f64], expected: f64) {
    let mean = mean(values);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    let error = (variance / values.len() as f64).sqrt();
    println!("{what}: {mean:.3}, expected {expected:.3}, standard error {error:.3}");
    assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean}, expected {expected}, standard error {error}");
}

/// Of s servers with time-outs uniform in [T, 2T] the first two are further apart than the latency L with probability
/// (1 - L/T)^s. When all s are needed for a majority, any second candidate splits the vote.
#[test]
fn split_votes_come_as_often_as_time_outs_are_close() {
    for (latency, ms) in [("15ms", 15.0), ("5ms", 5.0), ("45ms", 45.0)] {
        let runs = swept("split-votes", Micros::ms(400), &[("15ms", latency)]);
        // Runs that have not elected by then have split their vote at least once.
        let place = MEASURES.iter().position(|measure| measure.name == "split_votes").expect("a measure");
        let split: Vec<f64> = runs.iter().map(|run| if run[place][0] > 0.0 { 1.0 } else { 0.0 }).collect();
        agrees(&format!("split votes, {latency}"), &split, theory::split_vote(3.0, 150.0, ms));
    }
}

/// The first of s time-outs comes on average at T + T/(s + 1); a request and a vote follow.
#[test]
fn the_first_leader_comes_when_the_first_timer_fires() {
    let all_up =
        [("do.crash.node = \"n4\"", "do.heal = {}"), ("do.crash.node = \"n5\"", "do.heal = {}"), ("15ms", "1ms")];
    let runs = swept("split-votes", Micros::s(3), &all_up);
    let times: Vec<f64> = each(&runs, "leaderless_time").iter().map(|us| us / 1_000.0).collect();
    agrees("first leader of five", &times, 150.0 + 150.0 / 6.0 + 2.0);
    // The candidate's vote for itself and each voter's are on disk before they are sent.
    let slow_disks = [all_up[0], all_up[1], all_up[2], ("disk.constant = \"0us\"", "disk.constant = \"4ms\"")];
    let runs = swept("split-votes", Micros::s(3), &slow_disks);
    let place = MEASURES.iter().position(|measure| measure.name == "split_votes").expect("a measure");
    let clean: Vec<Values> = runs.into_iter().filter(|run| run[place][0] == 0.0).collect();
    let times: Vec<f64> = each(&clean, "leaderless_time").iter().map(|us| us / 1_000.0).collect();
    agrees("first leader of five, disks of 4 ms", &times, 150.0 + 150.0 / 6.0 + 2.0 + 8.0);
}

/// The crash comes on average half a heartbeat interval after the heartbeat from which the others' time-outs run, which
/// took one latency to arrive; then the first of four time-outs, a request, a vote.
#[test]
fn a_crashed_leader_is_replaced_in_time() {
    let runs = swept("leader-crash", Micros::s(3), &[]);
    let times: Vec<f64> = each(&runs, "leaderless_time").iter().map(|us| us / 1_000.0).collect();
    // Now and then four of four stand at once or two split the other two: seldom with 1 ms of 150.
    agrees("leaderless after a crash", &times, 1.0 - 25.0 + 150.0 + 150.0 / 5.0 + 2.0);
}

/// With two of four that cannot win it takes longer, and more elections.
#[test]
fn lagging_logs_cost_elections() {
    let runs = swept("lagging-logs", Micros::s(8), &[]);
    let (lag, plain) =
        (each(&runs, "leaderless_time"), each(&swept("leader-crash", Micros::s(3), &[]), "leaderless_time"));
    let elections = mean(&each(&runs, "elections"));
    println!("lagging logs: {elections:.2} elections, {:.0} ms; else {:.0} ms", mean(&lag) / 1e3, mean(&plain) / 1e3);
    assert!(elections > 1.3 && mean(&lag) > 1.2 * mean(&plain), "{elections}");
}

/// Figure 16 of the paper: with time-outs of 150 to 155 ms the median was 287 ms, and more randomness shortens the worst
/// case. How latencies were distributed is not published, so that its median is held to 20 % and the rest to its order.
#[test]
fn the_papers_figure_16_comes_out_alike() {
    let times = |longest: &str| {
        let runs = swept("paper-figure-16", Micros::s(6), &[("election-timeout-max = \"155ms\"", longest)]);
        // Now and then the new leader is deposed by a candidate that lags: what counts is when it came.
        let place = MEASURES.iter().position(|measure| measure.name == "leaderless_time").expect("a measure");
        let mut times: Vec<f64> = runs.iter().map(|run| run[place][0] / 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        let quantile = |share: f64| times[(times.len() as f64 * share) as usize];
        (quantile(0.5), quantile(0.99))
    };
    let narrow = times("election-timeout-max = \"155ms\"");
    let wide = times("election-timeout-max = \"200ms\"");
    println!("150 to 155 ms: median {:.0}, p99 {:.0} ms; to 200 ms: {:.0}, {:.0}", narrow.0, narrow.1, wide.0, wide.1);
    assert!((230.0..345.0).contains(&narrow.0), "median {} ms, the paper's is 287 ms", narrow.0);
    assert!(wide.1 < narrow.1);
}

/// A write takes four ways (client, leader, follower and back) and the followers' sync; the leader's own runs meanwhile. It
/// costs a request, four AppendEntries with their answers, and the answer.
#[test]
fn a_write_costs_four_ways_one_sync_and_ten_messages() {
    let runs = swept("steady-writes", Micros::s(20), &[]);
    let place = |name| MEASURES.iter().position(|measure| measure.name == name).expect(name);
    for run in &runs[..3] {
        let latencies = &run[place("commit_latency")];
        // The first of each client opens its session as well.
        let usual = latencies.iter().filter(|us| **us == f64::from(4 * 10_000 + 3_000)).count();
        assert!(usual >= latencies.len() - 2, "{latencies:?}");
        let messages = run[place("messages_per_commit")][0];
        assert!((10.0..10.8).contains(&messages), "{messages}");
    }
}

/// A paused leader serves nobody: the time counts until it goes on, if none was elected by then.
#[test]
fn a_pause_of_the_leader_counts() {
    let pause = "do.pause.node = \"@leader\"\n[[commands]]\nat = \"1100ms\"\ndo.resume.node = \"n1\"";
    let first = "[[commands]]\nat = \"0s\"\ndo.fire-timer.timer = \"0!1\"\n[[commands]]\nat = \"1s\"\n";
    let changes =
        [("spread = \"50ms\"\n", ""), ("[[commands]]\nat = \"1s\"\n", first), ("do.crash.node = \"@leader\"", pause)];
    let runs = swept("leader-crash", Micros::s(2), &changes);
    assert!(each(&runs, "leaderless_time").iter().all(|us| *us == 100_000.0));
}

fn faultline(arguments: &str) -> Output {
    let arguments = arguments.split_whitespace();
    Command::new(env!("CARGO_BIN_EXE_faultline")).args(arguments).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn shards_merge_to_the_whole_whatever_the_jobs() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let sweep = "sweep tests/sweeps/leader-crash.toml --seeds 10..70 --until 2s --format json";
    let whole = faultline(&format!("{sweep} --jobs 1"));
    assert!(whole.status.success());
    assert_eq!(said(&faultline(&format!("{sweep} --jobs 3"))), said(&whole));
    let files: Vec<String> = (1..=3)
        .map(|shard| {
            let file = format!("{folder}/shard-{shard}.json");
            std::fs::write(&file, faultline(&format!("{sweep} --shard {shard}/3")).stdout).expect("it can be written");
            file
        })
        .collect();
    let merged = faultline(&format!("merge --format json {} {} {}", files[2], files[0], files[1]));
    assert_eq!(said(&merged), said(&whole));
    let twice = faultline(&format!("merge {} {}", files[0], files[0]));
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("shard 1/3 is here twice"));
    let text = said(&faultline(&format!("merge {} {} {}", files[0], files[1], files[2])));
    assert!(text.contains("60 runs: 60 good"), "{text}");
}

/// The command of the job in `docs`, as its pods' shells run it, over fewer seeds.
#[test]
fn the_pods_of_the_example_job_make_the_whole() {
    let job = std::fs::read_to_string("docs/sweep-job.yaml").expect("it is there");
    let command = job.lines().find_map(|line| line.trim().strip_prefix("- faultline ")).expect("a command");
    let shards: u64 = job
        .lines()
        .find_map(|line| line.trim().strip_prefix("completions: "))
        .expect("pods")
        .parse()
        .expect("a number");
    let program = env!("CARGO_BIN_EXE_faultline");
    let scenario = "tests/sweeps/leader-crash.toml --until 2s";
    let script = format!("{program} {}", command.replace("scenario.toml", scenario).replace("0..200000", "0..60"));
    assert!(script.contains(scenario) && script.contains("0..60"), "{script}");
    let files: Vec<String> = (0..shards)
        .map(|index| {
            let mut shell = Command::new("sh");
            let pod =
                shell.arg("-c").arg(&script).env("JOB_COMPLETION_INDEX", index.to_string()).output().expect("it runs");
            assert!(pod.status.success(), "{}", String::from_utf8_lossy(&pod.stderr));
            let file = format!("{}/part-{index}", env!("CARGO_TARGET_TMPDIR"));
            std::fs::write(&file, pod.stdout).expect("it can be written");
            file
        })
        .collect();
    let merged = faultline(&format!("merge --format json {}", files.join(" ")));
    assert_eq!(said(&merged), said(&faultline(&format!("sweep {scenario} --seeds 0..60 --format json"))));
}

#[test]
fn a_broken_property_names_the_first_seed_and_how_to_see_it() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let file = format!("{folder}/double-vote.toml");
    let text = std::fs::read_to_string("tests/sweeps/split-votes.toml").expect("it is there");
    let text = text.replace("[parameters]", "[parameters]\nbug-double-vote = true");
    std::fs::write(&file, text).expect("it can be written");
    let swept = faultline(&format!("sweep {file} --seeds 0..40 --until 1s --measure elections"));
    let text = said(&swept);
    assert_eq!(swept.status.code(), Some(1), "{text}");
    assert!(text.contains("election safety") && !text.contains("commit_latency"), "{text}");
    let replay = text.lines().find_map(|line| line.strip_prefix("replay: faultline ")).expect("a replay");
    let run = faultline(replay);
    assert_eq!(run.status.code(), Some(1));
    assert!(said(&run).contains("BROKEN  election safety"));
    for bad in ["--seeds 4..4", "--seeds 0..9 --measure speed", "--seeds 0..9 --shard 3/2"] {
        assert_eq!(faultline(&format!("sweep {file} {bad}")).status.code(), Some(2), "{bad}");
    }
}

/// What lessons measure of leaders is what sweeps measure: here a crash, a pause, and both at once.
#[test]
fn lessons_and_sweeps_agree_on_leaders() {
    let path = "tests/sweeps/leader-crash.toml";
    let crash = std::fs::read_to_string(path).expect(path);
    let pause = crash.replace("do.crash.node", "do.pause.node");
    let both = pause.clone() + "\n[[commands]]\nat = \"1600ms\"\ndo.crash.node = \"@leader\"\n";
    for (text, losses) in [(crash, 1), (pause, 1), (both, 2)] {
        let blueprint =
            Blueprint::read(&SourceFile { name: path.into(), text }, protocols::all()).expect("a good scenario");
        for seed in 0..20 {
            let watch = Watch { properties: false, hash: false };
            let watcher = Watcher::new(GoalRun::default());
            let mut timeline = Timeline::new(blueprint.with_seed(seed), watch, Some(Box::new(watcher)));
            timeline.advance(Micros::s(3), u64::MAX);
            let [mut gaps, elections, ..] = measures::of(&timeline);
            gaps.sort_by(f64::total_cmp);
            assert_eq!(gaps.len(), losses, "seed {seed}");
            let watcher: &Watcher = timeline.observer().and_then(|o| o.as_any().downcast_ref()).expect("given above");
            let value = |quantity| watcher.meter.value(quantity, None);
            let expected = (Some(gaps[0]), gaps.last().copied(), Some(elections[0]));
            let found = (Quantity::LeaderlessP50, Quantity::LeaderlessP99, Quantity::Elections);
            assert_eq!((value(found.0), value(found.1), value(found.2)), expected, "seed {seed}");
        }
    }
}
