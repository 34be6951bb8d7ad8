//! The command line: verdicts as exit codes, counterexamples as sentences and as runs that the engine repeats.

use std::process::{Command, Output};

fn faultline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faultline")).args(arguments).output().expect("it runs")
}

/// Exit code and standard output.
fn explored(arguments: &[&str]) -> (Option<i32>, String) {
    let done = faultline(&[&["explore"], arguments].concat());
    (done.status.code(), String::from_utf8(done.stdout).expect("text"))
}

const RAFT: &str = "tests/explore/scenarios/raft.toml";

#[test]
fn verdicts_are_exit_codes() {
    let (code, text) = explored(&[RAFT, "--from", "1s"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("all was seen") && text.contains("191 distinct states of 453 generated"), "{text}");
    let (code, text) = explored(&[RAFT, "--from", "1s", "--states", "100"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("the bound on states was reached"), "{text}");
    let (code, text) = explored(&[RAFT, "--from", "1s", "--strategy", "random", "--walks", "5", "--format", "json"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains(r#""verdict":"unknown""#) && text.contains("exhaust nothing"), "{text}");
    let done = faultline(&["explore", "tests/explore/main.rs"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(!done.stderr.is_empty(), "it says what is wrong");
}

/// Fewer states, the same verdict; and a refusal where nodes are told apart.
#[test]
fn symmetry_is_asked_for() {
    let text = "version = 1\nprotocol = \"majority-register\"\nnodes = [{ name = \"n\", role = \"replica\", count = 3 }, \
                { name = \"c\", role = \"client\" }]\n[[commands]]\nat = \"1s\"\n\
                do.request = { client = \"c\", op = { f = \"get\", key = \"x\" } }\n";
    let file = std::env::temp_dir().join(format!("faultline-alike-{}.toml", std::process::id()));
    std::fs::write(&file, text).expect("written");
    let file = file.to_str().expect("text");
    // One get of three replicas: as many as by hand, in tests/explore/registers.rs.
    for (more, distinct) in [(&[][..], "28 distinct states"), (&["--symmetry"], "11 distinct states")] {
        let (code, text) = explored(&[&[file][..], more].concat());
        assert!(code == Some(0) && text.contains(distinct), "{text}");
    }
    std::fs::remove_file(file).expect("removed");
    let refused = faultline(&["explore", RAFT, "--symmetry"]);
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(refused.status.code() == Some(2) && said.contains("no two nodes are alike"), "{said}");
}

/// A counterexample that was written is a scenario like any other: `run` breaks the same property.
#[test]
fn a_counterexample_is_a_run() {
    let folder = std::env::temp_dir().join(format!("faultline-explore-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (scenario, run) = (folder.join("scenario.toml"), folder.join("run.json"));
    let text = r#"version = 1
protocol = "majority-register"
nodes = [{ name = "n", role = "replica", count = 3 }, { name = "c", role = "client" }]
parameters = { bug-small-quorum = true }
[[commands]]
at = "2s"
do.request = { client = "c", op = { f = "put", key = "x", value = { int = 1 } } }
"#;
    std::fs::write(&scenario, text).expect("written");
    let (scenario, run) = (scenario.to_str().expect("text"), run.to_str().expect("text"));
    let (code, text) = explored(&[scenario, "--out", run]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("\"completed writes are on a majority\" breaks after 5 steps: c's put of x"), "{text}");
    for sentence in ["c asks for put x=1", "received", "no longer holds"] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    let again = faultline(&["run", run]);
    let said = String::from_utf8(again.stdout).expect("text");
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("BROKEN  completed writes are on a majority"), "{said}");
    let (code, text) = explored(&[scenario, "--format", "json"]);
    assert_eq!(code, Some(1));
    assert!(text.contains(r#""verdict":"broken""#) && text.contains(r#""steps":5"#), "{text}");
    std::fs::remove_dir_all(&folder).expect("removed");
}
