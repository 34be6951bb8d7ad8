//! Each operator: met, missed, open; and the fork.

use super::super::finding::read_toml;
use super::super::format::GoalFile;
use super::super::goal::{Goal, GoalRun, Verdict};
use super::{Bench, Fact, ended, opened, row};
use crate::base::Micros;
use crate::lesson::spanned::Spanned;
use crate::wire::{GoalState, NodeStatus::*, Outcome::*, RowKind};

/// A run of one goal, written as its rule.
fn goal(rule: &str) -> GoalRun {
    let text = format!("id = \"g\"\ntitle = \"Goal\"\nmet = \"met\"\nmissed = \"missed\"\n{rule}\n");
    let file: Spanned<GoalFile> = read_toml("lesson.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    GoalRun::new(vec![Goal::compile(&file, &opened()).unwrap_or_else(|(_, e)| panic!("{rule}: {e}"))])
}

fn verdict(run: &GoalRun) -> Verdict {
    run.verdicts().next().unwrap()
}

fn met(row: u64, ms: u64) -> Verdict {
    Verdict::Met { row, at: Micros::ms(ms) }
}

fn missed(row: u64, ms: u64) -> Verdict {
    Verdict::Missed { row, at: Micros::ms(ms) }
}

fn put_ok(begun_ms: u64) -> Vec<Fact> {
    vec![row(RowKind::Deliver, 3), ended("put", Ok, 4, begun_ms)]
}

#[test]
fn eventually_counts_events() {
    let mut run = goal("eventually = { event = \"complete\", outcome = \"ok\", function = \"put\", at_least = 2 }");
    let mut bench = Bench::new();
    run.after_step(bench.step(1, put_ok(0)));
    assert_eq!(verdict(&run), Verdict::Open);
    assert_eq!(run.cards(Micros::ms(1))[0].sentence, "1 of 2 so far");
    run.after_step(bench.step(2, vec![ended("get", Ok, 4, 1), ended("put", Unknown, 0, 1)]));
    assert_eq!(verdict(&run), Verdict::Open);
    run.after_step(bench.step(3, put_ok(2)));
    assert_eq!(verdict(&run), met(5, 3));
    let card = &run.cards(Micros::ms(9))[0];
    assert_eq!((card.state, card.sentence.as_str()), (GoalState::Met, "met"));
}

#[test]
fn after_begins_the_count_and_within_ends_it() {
    let rule = "after = { event = \"crash\", on = \"r1\" }\n\
        eventually = { event = \"complete\", outcome = \"unknown\" }\nwithin = \"5s\"";
    let mut run = goal(rule);
    let mut bench = Bench::new();
    run.after_step(bench.step(10, vec![ended("put", Unknown, 0, 0)]));
    run.after_step(bench.step(20, vec![row(RowKind::Crash, 1)]));
    assert_eq!((verdict(&run), run.cards(Micros::ms(20))[0].sentence.as_str()), (Verdict::Open, ""));
    run.after_step(bench.step(1_000, vec![row(RowKind::Crash, 0)]));
    assert_eq!(run.cards(Micros::ms(2_500))[0].sentence, "3.5 s left");
    let mut late = run.clone();
    run.after_step(bench.step(6_000, vec![ended("put", Unknown, 0, 500)]));
    assert_eq!(verdict(&run), met(3, 6_000), "exactly at the limit is in time");
    assert_eq!(late.cards(Micros::ms(6_001))[0].state, GoalState::Missed);
    assert_eq!(verdict(&late), Verdict::Open, "asking for cards changes nothing");
    late.pass(Micros::ms(6_001));
    assert_eq!(verdict(&late), missed(2, 6_000));
}

#[test]
fn fresh_asks_for_operations_begun_since() {
    let mut run =
        goal("after = { event = \"crash\" }\neventually = { event = \"complete\", outcome = \"ok\", fresh = true }");
    let mut bench = Bench::new();
    run.after_step(bench.step(10, vec![row(RowKind::Crash, 0)]));
    run.after_step(bench.step(11, put_ok(9)));
    assert_eq!(verdict(&run), Verdict::Open);
    run.after_step(bench.step(12, put_ok(10)));
    assert_eq!(verdict(&run), met(4, 12));
}

#[test]
fn while_counts_anew_each_time() {
    let rule = "while = { nodes = \"down\", on = \"replica\", is = 2 }\n\
        eventually = { event = \"complete\", outcome = \"ok\", fresh = true, at_least = 2 }";
    let mut run = goal(rule);
    let mut bench = Bench::new();
    bench.status = [Down, Down, Up, Up];
    run.after_step(bench.step(1, vec![row(RowKind::Crash, 1)]));
    run.after_step(bench.step(2, put_ok(1)));
    bench.status[1] = Up;
    run.after_step(bench.step(3, vec![row(RowKind::Restart, 1)]));
    bench.status[1] = Down;
    run.after_step(bench.step(4, vec![row(RowKind::Crash, 1)]));
    run.after_step(bench.step(5, put_ok(4)));
    assert_eq!(verdict(&run), Verdict::Open, "the first count was forgotten");
    run.after_step(bench.step(6, put_ok(5)));
    assert_eq!(verdict(&run), met(8, 6));
}

#[test]
fn always_until_is_met_or_missed() {
    let rule =
        "always = { nodes = \"up\", on = \"replica\", at_least = 2 }\nuntil = { event = \"note\", text = \"DONE\" }";
    let done = Fact { text: "all done", ..row(RowKind::Note, 0) };
    let mut good = goal(rule);
    let mut bench = Bench::new();
    bench.status[0] = Down;
    good.after_step(bench.step(1, vec![row(RowKind::Crash, 0)]));
    let mut bad = good.clone();
    assert_eq!(verdict(&good), Verdict::Open);
    good.after_step(bench.clone().step(2, vec![row(RowKind::Send, 1), done.clone()]));
    assert_eq!(verdict(&good), met(2, 2));
    bench.status[1] = Down;
    bad.after_step(bench.step(2, vec![row(RowKind::Crash, 1), done]));
    assert_eq!(verdict(&bad), missed(2, 2), "the guard failed in the same step");
}

#[test]
fn always_for_is_met_by_time() {
    let mut run = goal("always = { measure = \"ops.unknown\", at_most = 0 }\nfor = \"2s\"");
    let mut bench = Bench::new();
    run.after_step(bench.step(500, vec![row(RowKind::Boot, 0)]));
    assert_eq!(run.cards(Micros::ms(1_500))[0].sentence, "held for 1.0 s of 2 s");
    let mut broken = run.clone();
    run.pass(Micros::ms(2_500));
    assert_eq!(verdict(&run), met(0, 2_500));
    broken.after_step(bench.step(2_499, vec![ended("put", Unknown, 0, 0)]));
    assert_eq!(verdict(&broken), missed(1, 2_499));
}

#[test]
fn eventually_for_begins_again_after_a_break() {
    let mut run = goal("eventually = { nodes = \"up\", on = \"zone=b\", is = 3 }\nfor = \"1s\"\nwithin = \"10s\"");
    let mut bench = Bench::new();
    run.after_step(bench.step(0, vec![row(RowKind::Boot, 0)]));
    bench.status[1] = Down;
    run.after_step(bench.step(900, vec![row(RowKind::Crash, 1)]));
    bench.status[1] = Up;
    run.after_step(bench.step(3_000, vec![row(RowKind::Restart, 1)]));
    run.pass(Micros::ms(3_999));
    assert_eq!(verdict(&run), Verdict::Open);
    run.pass(Micros::ms(20_000));
    assert_eq!(verdict(&run), met(2, 4_000), "it was fulfilled before the limit");
}

#[test]
fn eventually_is_missed_when_its_guard_fails() {
    let mut run = goal(
        "eventually = { probe = \"version\", on = \"replica\", at_least = 2, count = 2 }\n\
         always = { not = { event = \"violation\" } }",
    );
    let mut bench = Bench::new();
    bench.version = [2, 1, 0];
    run.after_step(bench.step(1, vec![row(RowKind::Deliver, 0)]));
    assert_eq!(verdict(&run), Verdict::Open);
    let mut fine = run.clone();
    run.after_step(bench.clone().step(2, vec![row(RowKind::Violation, 0)]));
    assert_eq!(verdict(&run), missed(1, 2));
    bench.version = [2, 2, 0];
    fine.after_step(bench.step(2, vec![row(RowKind::Deliver, 1)]));
    assert_eq!(verdict(&fine), met(1, 2));
}

#[test]
fn probes_compare_on_all_nodes_unless_told() {
    let mut all = goal("eventually = { probe = \"version\", on = \"replica\", is = 3 }");
    let mut one = goal("eventually = { probe = \"version\", is = 3, count = 1 }");
    let mut bench = Bench::new();
    bench.version = [3, 3, 2];
    all.after_step(bench.step(1, vec![row(RowKind::Deliver, 0)]));
    one.after_step(&bench);
    assert_eq!((verdict(&all), verdict(&one)), (Verdict::Open, met(0, 1)));
    bench.version = [3, 3, 3];
    all.after_step(bench.step(2, vec![row(RowKind::Deliver, 2)]));
    assert_eq!(verdict(&all), met(1, 2));
}

#[test]
fn all_any_and_not_combine() {
    let rule = "eventually = { all = [\n  { any = [{ nodes = \"down\" }, { nodes = \"paused\" }] },\n\
        { not = { event = \"lost\" } },\n  { event = \"complete\", at_least = 2 },\n] }";
    let mut run = goal(rule);
    let mut bench = Bench::new();
    run.after_step(bench.step(1, put_ok(0)));
    bench.status[2] = Paused;
    run.after_step(bench.step(2, vec![row(RowKind::Pause, 2)]));
    assert_eq!(run.cards(Micros::ms(2))[0].sentence, "1 of 2 so far");
    let mut lossy = run.clone();
    lossy.after_step(bench.clone().step(3, vec![row(RowKind::Lost, 2), ended("get", Ok, 4, 2)]));
    assert_eq!(verdict(&lossy), Verdict::Open);
    run.after_step(bench.step(3, put_ok(2)));
    assert_eq!(verdict(&run), met(4, 3));
}

#[test]
fn messages_are_told_apart() {
    let mut run =
        goal("eventually = { event = \"deliver\", message = \"answer\", on = \"client\", peer = \"zone=a\" }");
    let mut bench = Bench::new();
    let deliver = |kind, from| Fact { message: Some((kind, from)), ..row(RowKind::Deliver, 3) };
    run.after_step(bench.step(1, vec![deliver(0, 0), deliver(1, 1), row(RowKind::Deliver, 0)]));
    assert_eq!(verdict(&run), Verdict::Open);
    run.after_step(bench.step(2, vec![deliver(1, 0)]));
    assert_eq!(verdict(&run), met(3, 2));
}

#[test]
fn answers_and_values_are_compared_as_shown() {
    let mut run = goal("eventually = { event = \"complete\", function = \"get\", key = \"x\", answer = \"4\" }");
    let mut bench = Bench::new();
    run.after_step(bench.step(1, vec![ended("get", Ok, 3, 0), ended("put", Ok, 4, 0)]));
    assert_eq!(verdict(&run), Verdict::Open);
    run.after_step(bench.step(2, vec![ended("get", Ok, 4, 0)]));
    assert_eq!(verdict(&run), met(2, 2));
}

#[test]
fn measures_count_from_where_the_goal_does() {
    let rule = "after = { event = \"crash\" }\n\
        eventually = { all = [{ measure = \"ops.ok\", function = \"put\", at_least = 2 },\n\
        { measure = \"ops.latency_p99\", at_most = \"20ms\" }, { measure = \"ops.availability\", at_least = \"60%\" }] }";
    let mut run = goal(rule);
    let mut bench = Bench::new();
    run.after_step(bench.step(100, put_ok(0)));
    run.after_step(bench.step(101, vec![row(RowKind::Crash, 0)]));
    run.after_step(bench.step(120, put_ok(110)));
    run.after_step(bench.step(130, vec![ended("get", Unknown, 0, 110)]));
    assert_eq!(verdict(&run), Verdict::Open);
    run.after_step(bench.step(140, put_ok(120)));
    assert_eq!(verdict(&run), met(7, 140), "two of three ended ok, in 20 ms at most");
}

/// What a fork does: it takes the goals of a keyframe and feeds them other steps.
#[test]
fn a_fork_goes_on_from_the_past() {
    let mut run = goal("eventually = { event = \"complete\", at_least = 3 }\nwithin = \"1s\"");
    let mut bench = Bench::new();
    run.after_step(bench.step(1, put_ok(0)));
    let (keyframe, bench_then) = (run.clone(), bench.clone());
    run.after_step(bench.step(2, put_ok(1)));
    run.after_step(bench.step(3, put_ok(2)));
    assert_eq!(verdict(&run), met(5, 3));
    let (mut fork, mut bench) = (keyframe, bench_then);
    assert_eq!(fork.cards(Micros::ms(1))[0].sentence, "1 of 3 so far; 0.9 s left");
    fork.after_step(bench.step(1_500, put_ok(2)));
    assert_eq!(verdict(&fork), missed(1, 1_000));
}
