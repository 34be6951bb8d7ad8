//! The logs of 103 runs of Jepsen's against etcd that Porcupine is measured and tested with, and what is known of them. They
//! come with the crate `todc-utils`, another checker of their kind, from which Cargo says where it has put them.

use faultline::check::history::{self, History};
use std::path::PathBuf;
use std::process::Command;

/// Those that are linearizable, by their numbers, as Porcupine's tests have it after A. Horn's; of the run of number 95 there
/// is no operation.
const LINEARIZABLE: [usize; 23] =
    [2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102];
const EMPTY: usize = 95;
const RUNS: usize = 103;

pub struct Log {
    pub number: usize,
    pub path: PathBuf,
    pub history: History,
    /// As it is known.
    pub linearizable: bool,
}

/// All that have operations.
pub fn logs() -> Vec<Log> {
    let folder = folder();
    let log = |number: usize| {
        let path = folder.join(format!("etcd_{number:03}.log"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let history = history::read(&lines(&text)).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        Log { number, path, history, linearizable: LINEARIZABLE.contains(&number) }
    };
    (0..RUNS).filter(|number| *number != EMPTY).map(log).collect()
}

/// Where Cargo keeps the crate's source; or the folder that `ETCD_LOGS` names.
fn folder() -> PathBuf {
    if let Ok(folder) = std::env::var("ETCD_LOGS") {
        return folder.into();
    }
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let asked = ["metadata", "--offline", "--locked", "--format-version", "1", "--manifest-path", manifest];
    let out = Command::new(env!("CARGO")).args(asked).output().expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    for package in told["packages"].as_array().expect("packages") {
        if package["name"] == "todc-utils" {
            let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
            return manifest.with_file_name("tests").join("linearizability/etcd");
        }
    }
    panic!("cargo knows no package todc-utils");
}

/// As JSON lines, from those like `INFO  jepsen.util - 3 :invoke :cas [1 2]`, tabs between. A read that timed out says nothing.
fn lines(log: &str) -> String {
    let mut lines = String::new();
    let mut asked = std::collections::BTreeMap::new();
    for line in log.lines() {
        let Some(("INFO  jepsen.util", event)) = line.split_once(" - ") else { continue };
        let words: Vec<&str> = event.split('\t').collect();
        let [process, kind, f, value] = words[..] else { continue };
        if process == ":nemesis" {
            continue;
        }
        let value = match value {
            "nil" => "null".to_owned(),
            ":timed-out" => asked.get(process).cloned().unwrap_or_default(),
            value => value.replace(' ', ","),
        };
        asked.insert(process, value.clone());
        let (kind, f) = (kind.trim_start_matches(':'), f.trim_start_matches(':'));
        lines += &format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n");
    }
    lines
}
