//! Each phenomenon by an example, what it is called, and the levels that forbid it; and the command line.

use super::{Consistency, History, Level, Outcome, Part, Txn, Verdict, evidence, history, is_good, level, verdict};
use faultline::check::consistency::NAMES;
use faultline::check::history::write;
use std::path::PathBuf;
use std::process::Command;

/// "0 ax1 ry12, 1 …": each transaction its process, and its parts: writes (a or w), reads with what was read; a `!` at the end
/// failed, a `?` is of unknown end. All overlap, or they come one after another.
fn txns(text: &str, after_another: bool) -> Vec<Txn> {
    let all: Vec<&str> = text.split(',').collect();
    let count = all.len() as u32;
    let txn = |(i, text): (u32, &&str)| {
        let outcome = match text.chars().last() {
            Some('!') => Outcome::Fail,
            Some('?') => Outcome::Unknown,
            _ => Outcome::Ok,
        };
        let mut words = text.trim_end_matches(['!', '?']).split_whitespace();
        let process = words.next().and_then(|word| word.parse().ok()).expect("a process");
        let part = |word: &str| {
            let key = ["x", "y", "z"].iter().position(|key| word[1..2] == **key).expect("a key");
            let digits: Vec<i64> = word[2..].bytes().map(|digit| i64::from(digit - b'0')).collect();
            if word.starts_with('r') { Part::Read(key, digits) } else { Part::Write(key, digits[0]) }
        };
        let (invoked, ended) = if after_another { (2 * i, 2 * i + 1) } else { (i, count + i) };
        Txn { process, invoked, ended, parts: words.map(part).collect(), outcome }
    };
    (0..).zip(&all).map(txn).collect()
}

pub fn lines(text: &str, after_another: bool) -> (History, bool) {
    let append = !text.contains(" w");
    (history(&txns(text, after_another), append), append)
}

/// A history, the weakest level that forbids it, and what is said.
const OVERLAPPING: [(&str, &str, &str); 25] = [
    (
        "0 ax1 ay1,1 ax2 ay2,2 rx12 ry21",
        "read-uncommitted",
        "G0 (dirty write): line 1 wrote x before line 2 did, as line 3 read; line 2 wrote y before line 1 did, as line 3 read; so",
    ),
    ("0 ax1,1 ax2,2 rx1,3 rx2", "read-uncommitted", "Incompatible order: what lines 4 and 3 read of x"),
    ("0 ax1,1 rx11", "read-uncommitted", "Duplicate element: line 2 read 1 twice in x"),
    (
        "0 ax1!,1 rx1",
        "read-committed",
        "G1a (aborted read): line 2 read 1 of x, which only “0 txn [[append, x, 1]] (failed)” (line 1) wrote",
    ),
    ("0 wx1!,1 rx1", "read-committed", "G1a (aborted read)"),
    (
        "0 ax1 ax2,1 rx1",
        "read-committed",
        "G1b (intermediate read): line 2 read what line 1 wrote to x and then replaced itself",
    ),
    ("0 wx1 wx2,1 rx1", "read-committed", "G1b (intermediate read)"),
    ("0 ax1 ry1,1 ay1 rx1", "read-committed", "G1c (circular information flow): line"),
    ("0 wx1 ry1,1 wy1 rx1", "read-committed", "G1c (circular information flow)"),
    ("0 rx7,1 ax1", "read-committed", "Read of what was never written: line 1 read 7 of x, which nobody wrote"),
    ("0 ax1 rx", "read-committed", "Internal inconsistency: line 1 read x otherwise than it had itself written it"),
    ("0 rx1 ax1", "read-committed", "Internal inconsistency"),
    ("0 wx1 rx2,1 wx2", "read-committed", "Internal inconsistency"),
    ("0 rx1 wx1", "read-committed", "Internal inconsistency"),
    ("0 ax1 ay1,1 rx ry1", "snapshot-isolation", "G-single (read skew): line"),
    ("0 wx1 wy1,1 rx ry1", "snapshot-isolation", "G-single (read skew)"),
    ("0 rx ax1,1 rx ax2,2 rx12", "snapshot-isolation", "G-single (lost update): line"),
    (
        "0 rx ax1,1 rx ax2",
        "snapshot-isolation",
        "G-single (lost update): lines 1 and 2 both wrote x, and neither can have been first",
    ),
    ("0 rx wx1,1 rx wx2", "snapshot-isolation", "G-single (lost update)"),
    ("0 ax1,1 ay1,2 rx1 ry,3 rx ry1", "snapshot-isolation", "G-nonadjacent (anti-dependencies apart)"),
    ("0 wx1,1 wy1,2 rx1 ry,3 rx ry1", "snapshot-isolation", "G-nonadjacent (anti-dependencies apart)"),
    ("0 rx ry ax1,1 rx ry ay1", "repeatable-read", "G2-item (write skew): line"),
    ("0 rx ry wx1,1 rx ry wy1", "repeatable-read", "G2-item (write skew)"),
    ("0 rx ay1,1 ry az1,2 rz ax1", "repeatable-read", "G2-item (anti-dependency cycle)"),
    // A register was read twice, otherwise: whichever was first.
    (
        "0 wx1,1 wx2,2 rx1 rx2",
        "snapshot-isolation",
        "G-single (read skew): lines 1 and 2 both wrote x, and neither can have been first",
    ),
];

const AFTER_ANOTHER: [(&str, &str, &str); 6] = [
    (
        "0 ax1,0 rx",
        "strong-session-snapshot-isolation",
        "G-single-process (read skew): line 3 read x without what line 1 wrote to it; line 1 comes before line 3 in process 0",
    ),
    (
        "0 ax1,1 rx",
        "strong-snapshot-isolation",
        "G-single-realtime (read skew): line 3 read x without what line 1 wrote to it; line 1 had ended before line 3 began",
    ),
    ("0 ax1,1 ax2,2 rx21", "strong-read-uncommitted", "G0-realtime (dirty write)"),
    ("0 ax1,0 ax2,2 rx21", "strong-session-read-uncommitted", "G0-process (dirty write)"),
    ("0 rx1,1 ax1", "strong-read-committed", "G1c-realtime (circular information flow)"),
    ("0 wx1,1 rx", "strong-snapshot-isolation", "G-single-realtime (read skew)"),
];

#[test]
fn each_phenomenon_is_found_and_forbidden_from_its_level_on() {
    let all = OVERLAPPING.iter().map(|case| (case, false)).chain(AFTER_ANOTHER.iter().map(|case| (case, true)));
    for ((text, least, sentence), after_another) in all {
        let (history, append) = lines(text, after_another);
        let least = level(least);
        for level in Level::all() {
            assert_eq!(is_good(append, level, &history), !level.implies(least), "{text} {level:?}");
        }
        let evidence = evidence(append, least, &history);
        assert!(evidence.sentence.starts_with(sentence), "{text}: {}", evidence.sentence);
        assert!(evidence.minimal && !evidence.core.is_empty(), "{text}: {evidence:?}");
    }
}

#[test]
fn unknown_ends_count_where_they_were_seen() {
    let strict = level("strict-serializable");
    for (text, good) in [
        ("0 ax1?,1 rx", true),
        ("0 ax1?,1 rx1", true),
        // It was seen, and so its other write is there, too.
        ("0 ax1 ay1?,1 rx1 ry", false),
        ("0 wx1 wy1?,1 rx1 ry", false),
        ("0 wx1 wy1?,1 rx ry", true),
        // After it nothing is in order with it in its own process.
        ("0 ax1?,0 rx,0 rx1", true),
    ] {
        let mut txns = txns(text, true);
        txns.iter_mut().filter(|txn| txn.outcome == Outcome::Unknown).for_each(|txn| txn.ended = u32::MAX);
        let append = !text.contains(" w");
        assert_eq!(is_good(append, strict, &history(&txns, append)), good, "{text}");
    }
}

#[test]
fn who_read_from_whom_must_be_known() {
    for (text, why) in [
        ("0 ax1,1 ax1,2 rx1", "1 was written to x by lines 1 and 2, and read"),
        ("0 wx1,1 wx1,2 rx1", "1 was written to x by lines 1 and 2, and read"),
    ] {
        let (history, append) = lines(text, false);
        let told = verdict(append, Consistency::Isolation(level("read-committed")), &history, true);
        assert!(matches!(&told, Verdict::Unknown(own) if own.starts_with(why)), "{told:?}");
    }
    let (history, append) = lines("0 ax1!,1 ax1,2 rx1", false);
    assert!(is_good(append, level("strict-serializable"), &history), "the one that failed did not write it");
    let (history, append) = lines("0 wx1,1 wx1,2 rx", false);
    assert!(is_good(append, level("serializable"), &history), "what nobody read may be written twice");
}

pub fn faultline(arguments: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_faultline")).args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

pub fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("it can be written");
    path.display().to_string()
}

#[test]
fn the_command_line_answers_by_its_exit_code() {
    let skew = file("skew.jsonl", &write(&lines("0 rx ry ax1,1 rx ry ay1", false).0));
    let check = |consistency: &str, more: &[&str]| {
        faultline(&[&["check", &skew, "--model", "list-append", "--consistency", consistency][..], more].concat())
    };
    let (code, out, _) = check("snapshot-isolation", &[]);
    assert_eq!((code, out.as_str()), (Some(0), "snapshot-isolation\n2 operations on 1 object\n"));
    let (code, out, _) = check("serializable", &[]);
    assert_eq!(code, Some(1));
    assert!(
        out.starts_with(
            "NOT serializable\nG2-item (write skew): line 1 read y without what line 2 wrote to it; line 2"
        ),
        "{out}"
    );
    assert!(out.contains("\n  line 2     1 txn [[r, x, nothing], [r, y, nothing], [append, y, 1]] → "), "{out}");
    let (code, out, _) = check("serializable", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, json["verdict"].as_str(), json["consistency"].as_str()),
        (Some(1), Some("violated"), Some("serializable"))
    );
    assert_eq!((json["core_lines"].to_string(), json["links"].as_array().map(Vec::len)), ("[1,2]".into(), Some(2)));
    let (code, out, _) = check("all", &[]);
    assert_eq!((code, out.lines().count()), (Some(1), 15));
    assert!(
        out.contains("holds    strong-snapshot-isolation\n") && out.contains("NOT      strict-serializable"),
        "{out}"
    );
    let (code, out, _) = check("all", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, json.as_array().map(Vec::len)), (Some(1), Some(15)));
    let (code, _, error) = check("pram", &[]);
    assert!(code == Some(2) && error.contains("the model list-append can be checked for"), "{error}");
    let (code, _, error) = check("sequentially", &[]);
    assert!(code == Some(2) && error.contains("monotonic-reads") && error.contains("which of these hold"), "{error}");
    assert_eq!(check("linearizable", &[]).0, Some(1));
}

#[test]
fn the_command_line_asks_registers_too() {
    let event = |process: u32, kind: &str, f: &str, value: u32, ms: u32| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":\"x\",\"value\":{value},\"time\":{ms}000000}}\n"
        )
    };
    let both = |process, f, value, ms| event(process, "invoke", f, value, ms) + &event(process, "ok", f, value, ms + 1);
    let stale = [both(0, "write", 1, 0), both(0, "write", 2, 2), both(1, "read", 2, 4), both(2, "read", 1, 6)].concat();
    let path = file("stale.jsonl", &stale);
    let check = |more: &[&str]| faultline(&[&["check", &path, "--model", "register"][..], more].concat());
    assert_eq!(check(&[]).0, Some(1), "linearizable without being asked");
    let bounded = |more: &[&str]| check(&[&["--consistency", "bounded-staleness"][..], more].concat()).0;
    assert_eq!(bounded(&["--within", "2ms"]), Some(1));
    assert_eq!(bounded(&["--within", "3ms"]), Some(0));
    assert_eq!(bounded(&["--versions", "1"]), Some(0));
    assert_eq!(bounded(&["--versions", "0"]), Some(1));
    assert_eq!(bounded(&[]), Some(2));
    for (name, code) in [("sequential", 0), ("pram", 0), ("monotonic-reads", 0), ("eventual", 1)] {
        assert_eq!(check(&["--consistency", name]).0, Some(code), "{name}");
    }
    let twice = file("twice.jsonl", &[both(0, "write", 1, 0), both(1, "write", 1, 2), both(2, "read", 1, 4)].concat());
    let (code, out, _) = faultline(&["check", &twice, "--model", "register", "--consistency", "causal"]);
    assert!(code == Some(3) && out.starts_with("unknown: 1 was written by lines 1 and 3, and read"), "{out}");
    assert_eq!(faultline(&["check", &twice, "--model", "register", "--consistency", "all"]).0, Some(0));
    assert_eq!(NAMES.len(), 27);
}
