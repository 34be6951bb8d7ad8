//! Seed sweeps: thousands of clusters under random faults, then healed. No property may break, everyone must make
//! progress; and each planted bug must be caught by a property.
//!
//! `SEEDS=200000` sweeps more, `SEEDS=17..18` replays one. Run with `-- --nocapture` to see the numbers.

mod profiles;

use faultline::base::Micros;
use faultline::check::linear::{self, Limits};
use faultline::check::spec::Readings;
use faultline::check::sweep::{Report, Sweep, Verdict, run_all};
use faultline::check::{history, linear::Verdict as Checked};
use faultline::protocols;
use faultline::sim::params::ParamValue;
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use profiles::sweep;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

const SEEDS: u64 = 2_000;

fn seeds() -> Range<u64> {
    let number = |text: &str| text.parse().expect("SEEDS is a number, or two as in 17..18");
    match std::env::var("SEEDS") {
        Err(_) => 0..SEEDS,
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => 0..number(&text),
        },
    }
}

fn threads() -> u64 {
    std::thread::available_parallelism().map_or(2, |n| n.get() as u64)
}

/// A failing run as a file and as the commands that replay it.
fn replay(sweep: &Sweep, report: &Report, test: &str) -> String {
    let scenario = sweep.blueprint(report.seed).expect("it ran").scenario;
    let name = format!("target/sweep-{}-{}.json", sweep.profile.protocol, report.seed);
    std::fs::write(&name, scenario.to_json()).expect("target can be written");
    let (seed, next) = (report.seed, report.seed + 1);
    format!(
        "seed {seed}: {:?}\nreplay: cargo run -- run {name}\n    or: SEEDS={seed}..{next} cargo test --test native sweep::{test} -- --nocapture",
        report.verdict
    )
}

/// Each of these must have been met by at least 1 % of the seeds.
fn survives(protocol: &str, test: &str, wanted: &[&str]) {
    let (sweep, seeds, begun) = (sweep(protocol, None), seeds(), Instant::now());
    let summary = run_all(&sweep, seeds.clone(), true, threads(), |report| report.verdict != Verdict::Good);
    if let Some(bad) = &summary.stopped {
        panic!("{}", replay(&sweep, bad, test));
    }
    let (runs, steps, took) = (summary.runs, summary.steps, begun.elapsed().as_secs_f64());
    println!("{protocol}: seeds {seeds:?}, {steps} steps, {took:.1} s");
    for (name, (count, met)) in &summary.coverage {
        println!("  {name:45} {count:>9}   in {:5.1} % of seeds", *met as f64 * 100.0 / runs as f64);
    }
    if runs >= SEEDS {
        for name in wanted {
            let met = summary.coverage.get(*name).map_or(0, |(_, met)| *met);
            assert!(met * 100 >= runs, "only {met} of {runs} seeds met \"{name}\"");
        }
    }
}

const EVERYWHERE: [&str; 16] = [
    "crash",
    "crash that lost an unsynced write",
    "message duplicated",
    "message lost by chance",
    "message lost otherwise",
    "message lost to a partition",
    "message overtaken",
    "message to a node that is down",
    "message waited",
    "operation cut off by its client's crash",
    "operation failed",
    "operation ok",
    "operation unknown",
    "pause",
    "timer fired: give up",
    "timer fired: retry",
];

#[test]
fn majority_register_survives_faults() {
    let wanted = [&EVERYWHERE[..], &["note: the replicas disagree"]].concat();
    survives("majority-register", "majority_register_survives_faults", &wanted);
}

/// In every combination of its settings, each of which promises what it promises.
#[test]
fn quorum_store_survives_faults() {
    let marks = [
        "note: anti-entropy",
        "note: hint delivered",
        "note: read repair",
        "note: stands in",
        "note: too few answers",
        "timer fired: flush",
        "timer fired: suspect",
    ];
    survives("quorum-store", "quorum_store_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

/// At two sites or three, of one replica to three each.
#[test]
fn causal_store_survives_faults() {
    let marks = ["note: asked for what is not here", "note: held back", "note: overruled", "timer fired: send again"];
    survives("causal-store", "causal_store_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

#[test]
fn kv_single_survives_faults() {
    survives("kv-single", "kv_single_survives_faults", &EVERYWHERE);
}

#[test]
fn raft_survives_faults() {
    let marks = [
        "note: becomes leader",
        "note: gives the transfer up",
        "note: installs a snapshot",
        "note: lease expired",
        "note: lost its quorum",
        "note: membership changed",
        "note: split vote",
        "note: steps down",
        "note: takes a snapshot",
        "note: transfers leadership",
        "note: truncates its log",
    ];
    survives("raft", "raft_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

#[test]
fn primary_backup_survives_faults() {
    let marks = ["note: becomes leader", "note: steps down", "note: view changes", "note: view is active"];
    survives("primary-backup", "primary_backup_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

/// Head, middle and tail crash, come back and join again behind the tail.
#[test]
fn chain_survives_faults() {
    let marks = ["note: becomes leader", "note: chain changes", "note: rolls back", "note: steps down"];
    survives("chain-replication", "chain_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

/// After healing every client finds that all members agree on who is there.
#[test]
fn swim_survives_faults() {
    let marks = [
        "note: believes alive",
        "note: declares dead",
        "note: joins",
        "note: knows that it left",
        "note: leaves",
        "note: refutes",
        "note: suspects",
        "timer fired: ping timeout",
    ];
    survives("swim", "swim_survives_faults", &[&EVERYWHERE[..], &marks].concat());
}

/// Backups that must have a write semi-synchronously.
fn acknowledgements() -> Vec<BTreeMap<String, ParamValue>> {
    [1, 2].map(|n| BTreeMap::from([("acknowledgements".to_string(), ParamValue::Int(n))])).to_vec()
}

/// The other modes keep what they promise, too, and lose what they do not: writes are rolled back.
#[test]
fn primary_backup_survives_faults_in_every_mode() {
    let words = |name: &str, word: &str| (name.to_string(), ParamValue::Text(word.into()));
    let modes = [
        ("asynchronous", "confirmed", "0ms"),
        ("asynchronous", "any", "0ms"),
        ("asynchronous", "session", "0ms"),
        ("synchronous", "session", "0ms"),
        ("semi-synchronous", "primary", "0ms"),
        ("semi-synchronous", "confirmed", "30ms"),
    ];
    for (mode, reads, fall_back) in modes {
        let mut sweep = sweep("primary-backup", None);
        sweep.profile.parameters.extend([
            words("mode", mode),
            words("reads", reads),
            words("fall-back-after", fall_back),
        ]);
        sweep.profile.drawn.push(acknowledgements());
        let seeds = seeds().start..seeds().start + seeds().count().div_ceil(4) as u64;
        let summary = run_all(&sweep, seeds, true, threads(), |report| report.verdict != Verdict::Good);
        if let Some(bad) = &summary.stopped {
            panic!("{}", replay(&sweep, bad, "primary_backup_survives_faults_in_every_mode"));
        }
        let rolled = summary.coverage.get("note: rolls back").map_or(0, |(_, met)| *met);
        let fell = summary.coverage.get("note: falls back").map_or(0, |(_, met)| *met);
        println!(
            "{mode}, {reads}: in {rolled} of {} runs writes were rolled back, in {fell} it fell back",
            summary.runs
        );
        assert_eq!(fell > 0, fall_back != "0ms", "{mode}, {reads}: {fell} runs fell back");
        assert!(mode != "asynchronous" || rolled * 10 > summary.runs, "only {rolled} of {} runs", summary.runs);
    }
}

/// A get may skip its write-back when its majority agrees, and nothing breaks.
#[test]
fn majority_register_survives_faults_with_fewer_write_backs() {
    let sweep = sweep("majority-register", Some("skip-agreed-write-back"));
    let summary = run_all(&sweep, seeds(), false, threads(), |report| report.verdict != Verdict::Good);
    if let Some(bad) = &summary.stopped {
        panic!("{}", replay(&sweep, bad, "majority_register_survives_faults_with_fewer_write_backs"));
    }
}

/// Messages that come again half a second later, out of all order, harm nobody.
#[test]
fn replayed_messages_are_borne() {
    // Swept by tests of their own (tests/services).
    let elsewhere = ["payments", "two-generals", "detector", "rolling-upgrade", "link-state", "edge-cache"];
    for entry in protocols::all().iter().filter(|entry| !elsewhere.contains(&(entry.describe)().name)) {
        let mut sweep = sweep((entry.describe)().name, None);
        sweep.profile.adversary = true;
        let seeds = seeds().start..seeds().start + seeds().count().div_ceil(4) as u64;
        let summary = run_all(&sweep, seeds, true, threads(), |report| report.verdict != Verdict::Good);
        if let Some(bad) = &summary.stopped {
            panic!("{}", replay(&sweep, bad, "replayed_messages_are_borne"));
        }
        let (acts, met) = summary.coverage.get("adversary").copied().unwrap_or_default();
        println!("{}: {acts} messages replayed in {met} of {} runs", sweep.profile.protocol, summary.runs);
        assert!(met * 2 > summary.runs, "{}: {met} of {} runs replayed", sweep.profile.protocol, summary.runs);
    }
}

/// No protocol here can keep a promise on a disk that acknowledges what it does not keep, and each has a property that
/// notices. That this is seen at all is the point: a check that passes here would pass anywhere.
#[test]
fn lying_disks_break_durability_and_a_property_says_so() {
    let noticed: [(&str, &[&str]); 8] = [
        ("kv-single", &["acknowledged writes survive"]),
        ("majority-register", &["completed writes are on a majority", "tags never go back"]),
        ("quorum-store", &["acknowledged writes have W holders", "replicas only advance"]),
        (
            "primary-backup",
            &["acknowledged writes are on disk", "fail-over keeps acknowledged writes", "replicas agree"],
        ),
        (
            "chain-replication",
            &[
                "acknowledged writes are on the whole chain",
                "each holds a prefix of the one before",
                "repairs keep acknowledged writes",
            ],
        ),
        ("raft", &["terms and votes survive crashes", "leader completeness", "election safety"]),
        ("swim", &["incarnations are one's own"]),
        ("causal-store", &["acknowledged writes reach every site", "versions never go back"]),
    ];
    for (protocol, properties) in noticed {
        let mut sweep = sweep(protocol, None);
        sweep.profile.lying_disks = true;
        breaks(&sweep, "lying disks", properties);
    }
}

/// The property that a planted bug breaks first, by the common profile, within the common number of seeds.
fn is_caught(protocol: &str, bug: &str, properties: &[&str]) {
    breaks(&sweep(protocol, Some(bug)), bug, properties);
}

fn breaks(sweep: &Sweep, bug: &str, properties: &[&str]) {
    let protocol = &sweep.profile.protocol;
    let is_violation = |report: &Report| matches!(report.verdict, Verdict::Violation { .. });
    let summary = run_all(sweep, 0..SEEDS, false, threads(), is_violation);
    let Some(Report { seed, verdict: Verdict::Violation { property, reason, at }, .. }) = &summary.stopped else {
        panic!("{protocol} with {bug} is not caught within {SEEDS} seeds");
    };
    println!("{protocol} with {bug}: seed {seed}, at {at}: \"{property}\": {reason}");
    assert!(properties.contains(property), "{bug} broke \"{property}\", expected one of {properties:?}");
}

#[test]
fn planted_bugs_of_the_majority_register_are_caught() {
    let bugs: [(&str, &[&str]); 6] = [
        ("bug-no-write-back", &["reads are fresh"]),
        ("bug-ack-before-sync", &["completed writes are on a majority"]),
        ("bug-small-quorum", &["completed writes are on a majority", "reads are fresh"]),
        ("bug-tag-without-writer", &["one tag, one value"]),
        ("bug-tag-without-life", &["one tag, one value"]),
        ("bug-no-compare", &["tags never go back", "completed writes are on a majority"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("majority-register", bug, properties));
}

#[test]
fn planted_bugs_of_the_quorum_store_are_caught() {
    let holders = "acknowledged writes have W holders";
    let bugs: [(&str, &[&str]); 9] = [
        ("bug-ack-before-sync", &[holders]),
        ("bug-answer-early", &[holders]),
        ("bug-context-from-put", &["no write is lost unseen"]),
        ("bug-dot-without-life", &["one dot, one version"]),
        ("bug-hint-dropped-early", &[holders]),
        ("bug-no-compare", &["replicas only advance"]),
        ("bug-short-read", &["strict reads are fresh"]),
        ("bug-stand-in-counts-twice", &[holders]),
        ("bug-tree-ignores-values", &["comparisons leave nothing out"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("quorum-store", bug, properties));
}

#[test]
fn planted_bugs_of_the_causal_store_are_caught() {
    let (causes, later) = ("effects are seen after their causes", "a write is later than what it follows");
    let bugs: [(&str, &[&str]); 8] = [
        ("bug-clock-not-advanced", &[later]),
        ("bug-compare-versions", &[causes]),
        ("bug-confirm-early", &["acknowledged writes reach every site"]),
        ("bug-forget-reads", &[causes, later]),
        ("bug-no-compare", &["versions never go back"]),
        ("bug-no-dependency-check", &[causes]),
        ("bug-no-once-only", &["a put takes effect once"]),
        ("bug-put-clears-all", &[causes, later]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("causal-store", bug, properties));
}

#[test]
fn planted_bugs_of_the_single_server_are_caught() {
    is_caught("kv-single", "bug-ack-before-sync", &["acknowledged writes survive"]);
    is_caught("kv-single", "bug-no-once-only", &["a write takes effect once"]);
}

#[test]
fn planted_bugs_of_primary_backup_are_caught() {
    let (disk, kept, agree) =
        ("acknowledged writes are on disk", "fail-over keeps acknowledged writes", "replicas agree");
    let bugs: [(&str, &[&str]); 9] = [
        ("bug-accept-old-view", &[agree, kept]),
        ("bug-ack-before-sync", &[disk, agree]),
        ("bug-answer-before-backups", &[disk, kept]),
        ("bug-apply-gaps", &[agree]),
        ("bug-local-reads", &["reads see the last acknowledged write"]),
        ("bug-promote-unready", &[kept]),
        ("bug-ready-before-transfer", &[kept]),
        ("bug-transfer-without-sessions", &["a write takes effect once"]),
        ("bug-view-not-persisted", &["one view, one primary"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("primary-backup", bug, properties));
}

/// The primary is one that has a write, not one of the backups that have it.
#[test]
fn semi_synchronous_primaries_that_count_themselves_are_caught() {
    let mut sweep = sweep("primary-backup", Some("bug-counts-itself"));
    sweep.profile.parameters.insert("mode".into(), ParamValue::Text("semi-synchronous".into()));
    sweep.profile.drawn.push(acknowledgements());
    breaks(&sweep, "bug-counts-itself", &["acknowledged writes are on disk", "fail-over keeps acknowledged writes"]);
}

/// What a session has written is remembered for it, not only what it has read.
#[test]
fn sessions_that_forget_what_they_wrote_are_caught() {
    let mut sweep = sweep("primary-backup", Some("bug-session-forgets"));
    for (name, word) in [("mode", "asynchronous"), ("reads", "session")] {
        sweep.profile.parameters.insert(name.into(), ParamValue::Text(word.into()));
    }
    breaks(&sweep, "bug-session-forgets", &["sessions keep what they saw"]);
}

#[test]
fn planted_bugs_of_the_chain_are_caught() {
    let (chain, kept, prefix, reads) = (
        "acknowledged writes are on the whole chain",
        "repairs keep acknowledged writes",
        "each holds a prefix of the one before",
        "reads see the last acknowledged write",
    );
    let bugs: [(&str, &[&str]); 10] = [
        ("bug-accept-old-chain", &[prefix, chain, kept]),
        ("bug-ack-before-sync", &[chain, prefix]),
        ("bug-answers-alone", &[chain, kept, reads]),
        ("bug-any-reads", &[reads]),
        ("bug-apply-gaps", &[prefix]),
        ("bug-configuration-not-persisted", &["one chain a number"]),
        ("bug-endless-lease", &[reads]),
        ("bug-head-answers", &[chain]),
        ("bug-join-without-state", &[chain, kept, prefix, reads]),
        ("bug-transfer-without-sessions", &["a write takes effect once"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("chain-replication", bug, properties));
}

#[test]
fn planted_bugs_of_swim_are_caught() {
    let bugs: [(&str, &[&str]); 7] = [
        ("bug-accuser-raises", &["incarnations are one's own"]),
        ("bug-endless-gossip", &["news dies out"]),
        ("bug-incarnation-not-persisted", &["incarnations are one's own"]),
        ("bug-no-refutation", &["accusations are refuted"]),
        ("bug-short-suspicion", &["suspicion takes its time"]),
        ("bug-skips-last", &["the dead are noticed"]),
        ("bug-stale-news", &["beliefs only advance"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("swim", bug, properties));
}

#[test]
fn planted_bugs_of_raft_are_caught() {
    let bugs: [(&str, &[&str]); 15] = [
        ("bug-double-vote", &["election safety"]),
        ("bug-vote-not-persisted", &["terms and votes survive crashes", "election safety"]),
        ("bug-term-not-persisted", &["terms and votes survive crashes", "election safety"]),
        ("bug-commit-old-terms", &["leader completeness"]),
        ("bug-no-up-to-date-check", &["leader completeness"]),
        ("bug-truncate-matching", &["leader completeness"]),
        ("bug-apply-before-commit", &["state-machine safety"]),
        ("bug-forget-session", &["exactly-once application"]),
        ("bug-expired-lease", &["read freshness"]),
        ("bug-overlapping-changes", &["election safety", "leader completeness"]),
        ("bug-no-consistency-check", &["log matching"]),
        ("bug-snapshot-without-sessions", &["state-machine safety"]),
        ("bug-joint-by-new-majority", &["election safety", "leader completeness"]),
        ("bug-transfer-at-once", &["a handover is complete"]),
        ("bug-pre-vote-raises-term", &["terms begin with elections"]),
    ];
    bugs.into_iter().for_each(|(bug, properties)| is_caught("raft", bug, properties));
}

/// The lists above name every planted bug that there is.
#[test]
fn no_default_plants_a_bug() {
    for entry in protocols::all() {
        let describe = (entry.describe)();
        for spec in &describe.params {
            let is_bug = spec.kind == faultline::sim::params::ParamKind::Bug;
            assert_eq!(is_bug, spec.name.starts_with("bug-"), "{}: {}", describe.name, spec.name);
            assert!(!is_bug || spec.default_value() == ParamValue::Flag(false), "{}: {}", describe.name, spec.name);
        }
    }
}

/// The demand for progress has teeth: operations that have no time to end are reported, and the protocol says why.
#[test]
fn missing_progress_is_reported() {
    let mut hasty = sweep("majority-register", None);
    hasty.profile.bound = Micros(1);
    let Verdict::NoProgress { reason } = hasty.run(0, false).verdict else { panic!("no operation ends within 1 us") };
    assert!(reason.contains("not done in time: c1's") && reason.contains("c1 waits for"), "{reason}");
}

/// Enough for most runs. Where many clients gave up, what may have happened is more than can be gone through.
const TRY: Limits = Limits { steps: 300_000, bytes: 16 << 20, explain: false, ..Limits::GENEROUS };

/// What the clients of a seed's run were told, held against one copy of a map.
fn linearizable(sweep: &Sweep, seed: u64, limits: Limits) -> Checked {
    let blueprint = sweep.blueprint(seed).expect("a good profile");
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: false }, None);
    timeline.advance(sweep.profile.ends_at(), u64::MAX);
    // Changes of members and the like are about no key.
    let of_map = |op: &history::Operation| ["read", "write", "append", "cas"].contains(&op.f.as_str());
    let history = history::record(&timeline.trace).filter(of_map);
    assert!(history.operations.len() > 10, "{}, seed {seed}: clients ask for something", sweep.profile.protocol);
    let readings = Readings { failed_cas_did_not_match: true, ..Readings::default() };
    // As lines and back it is the same.
    let again = history::read(&history::write(&history)).expect("what was written can be read");
    assert_eq!(again.operations.len(), history.operations.len());
    linear::check("kv", &again, readings, limits).expect("well-formed").verdict
}

#[test]
fn what_clients_are_told_is_linearizable() {
    // Raft's clients append and compare-and-set too: what may have happened has more orders that make a difference (59 of 60).
    for (protocol, least) in [("kv-single", 60), ("majority-register", 60), ("chain-replication", 60), ("raft", 57)] {
        let sweep = sweep(protocol, None);
        let mut decided = 0;
        for seed in 0..60 {
            let checked = linearizable(&sweep, seed, TRY);
            assert!(!matches!(checked, Checked::Violated(_)), "{protocol}, seed {seed}");
            decided += u32::from(checked == Checked::Satisfied);
        }
        println!(
            "{protocol}: {decided} of 60 runs are linearizable, of the others it cannot be told within the limits"
        );
        assert!(decided >= least, "{protocol}: {decided} of 60");
    }
}

/// The checker knows nothing of the protocol, and still finds what its planted bugs do.
#[test]
fn clients_of_a_broken_register_are_told_what_no_single_copy_could() {
    let protocol = "majority-register";
    for bug in ["bug-no-write-back", "bug-ack-before-sync", "bug-small-quorum"] {
        let sweep = sweep(protocol, Some(bug));
        let found = (0..2_000).find(|seed| matches!(linearizable(&sweep, *seed, TRY), Checked::Violated(_)));
        let seed = found.unwrap_or_else(|| panic!("{protocol} with {bug}: no violation in 2,000 seeds"));
        let Checked::Violated(Some(evidence)) = linearizable(&sweep, seed, Limits { explain: true, ..TRY }) else {
            panic!("{protocol} with {bug}, seed {seed}: violated, then not");
        };
        println!("{protocol} with {bug}, seed {seed}: {}", evidence.sentence);
    }
}
