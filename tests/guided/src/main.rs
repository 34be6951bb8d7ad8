//! The targets of `tests/parsers`, with inputs that coverage guides (libFuzzer). `TARGET` names the target; its good
//! examples are the first corpus. Needs no nightly compiler: the flags that instrument the code are stable ones.

#![no_main]

#[path = "../../parsers/targets.rs"]
mod targets;

use std::sync::LazyLock;
use targets::{TARGETS, Target};

static CHOSEN: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("TARGET is one of {known:?}"))
});

/// Writes the good examples where libFuzzer reads its corpus.
fn begin() {
    if let Ok(folder) = std::env::var("CORPUS") {
        for (i, good) in (CHOSEN.good)().iter().enumerate() {
            std::fs::write(format!("{folder}/good-{i}"), good).expect("the folder of the corpus is there");
        }
    }
}

libfuzzer_sys::fuzz_target!(init: begin(), |bytes: &[u8]| {
    (CHOSEN.feed)(bytes);
});
