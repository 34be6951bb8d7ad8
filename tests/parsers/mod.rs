//! Every parser of what comes from outside, against 100,000 inputs each that look much like what it reads: no panic, no
//! hang, and what is refused is refused with a sentence that names the place. `make fuzz` lets coverage guide the same
//! targets. A failure prints the command that replays it.

mod mutate;
mod targets;

use mutate::Mutator;
use std::panic::catch_unwind;
use std::time::Instant;
use targets::{TARGETS, Target};

const CASES: u64 = 100_000;
/// Slower than that for one input is a hang.
const PATIENCE_S: f64 = 2.0;

fn try_all(name: &str) {
    let target: &Target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    let mutator = Mutator::new(&(target.good)());
    let only: Option<u64> = std::env::var("CASE").ok().and_then(|case| case.parse().ok());
    let (mut read, mut refused) = (0u64, 0u64);
    for case in only.map_or(0..CASES, |case| case..case + 1) {
        let input = mutator.case(case);
        let began = Instant::now();
        let said = catch_unwind(|| (target.feed)(&input));
        let replay =
            || format!("CASE={case} cargo test --test native parsers::{name}\n{}", String::from_utf8_lossy(&input));
        match said {
            Ok(true) => read += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("{name} panicked: {}", replay()),
        }
        let took = began.elapsed().as_secs_f64();
        assert!(took < PATIENCE_S, "{name} took {took} s: {}", replay());
    }
    println!("{name}: {read} read, {refused} refused");
    // Inputs that are all refused at once, or none, would prove little.
    assert!(only.is_some() || read > CASES / 100 && refused > CASES / 100, "{name}: {read} read, {refused} refused");
}

#[test]
fn every_target_reads_what_is_good() {
    for target in TARGETS {
        for good in (target.good)() {
            assert!((target.feed)(&good), "{}: {}", target.name, String::from_utf8_lossy(&good));
        }
    }
}

#[test]
fn scenario() {
    try_all("scenario");
}

#[test]
fn imported_run() {
    try_all("imported_run");
}

#[test]
fn lesson() {
    try_all("lesson");
}

#[test]
fn prose() {
    try_all("prose");
}

#[test]
fn link() {
    try_all("link");
}

#[test]
fn progress() {
    try_all("progress");
}

#[test]
fn settings() {
    try_all("settings");
}

#[test]
fn catalogue() {
    try_all("catalogue");
}

#[test]
fn history() {
    try_all("history");
}

#[test]
fn wire() {
    try_all("wire");
}
