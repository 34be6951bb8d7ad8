//! The timeline: a run that can be stepped, sought, forked and returned to.
//!
//! Ground truth is the blueprint and the command log. The head is the furthest point simulated; the cursor is where
//! one looks. A moment in the past is the nearest keyframe (a clone of the world) plus replay without recording.
//! Keyframes are thinned as the run grows; of the trace a window is held where memory is to be bounded ([`super::window`]).
//! Forking cuts the log at the cursor; the old branch is kept as its log ([`super::branches`]).

use super::branches::{Branch, Limb};
use super::scenario::{Blueprint, LogEntry};
use super::trace::Trace;
use super::window::Blocks;
use super::world::{Watch, World};
use crate::base::Micros;
use crate::wire::Command;
use std::sync::Arc;

/// Keyframes kept at most; one more, and every other one is given up.
pub const KEYFRAMES_MAX: usize = 80;
const FIRST_SPACING: u32 = 128;
/// Every so many keyframes have the observer too: what it has seen so far grows with the run.
const OBSERVED: usize = 4;

/// Watches a run as it is recorded, step by step; its state is kept in some keyframes.
pub trait Observer: Send {
    fn after_step(&mut self, world: &World, trace: &Trace, first_row: u32);
    fn clone_box(&self) -> Box<dyn Observer>;
    fn as_any(&self) -> &dyn std::any::Any;
}

/// A world with its place in the log.
#[derive(Clone)]
pub struct Point {
    pub world: World,
    /// Commands of the log carried out so far.
    pub done: usize,
}

pub(super) struct Keyframe {
    pub point: Point,
    observer: Option<Box<dyn Observer>>,
}

pub struct Timeline {
    pub blueprint: Arc<Blueprint>,
    pub log: Vec<LogEntry>,
    /// For each command of the log that had no effect, why.
    pub refused: Vec<Option<String>>,
    /// For each command of the log the step in which it was carried out; 0: not yet.
    pub(super) carried: Vec<u32>,
    /// The rows that are held: all of them, or a window.
    pub trace: Trace,
    pub(super) blocks: Blocks,
    pub(super) head: Point,
    observer: Option<Box<dyn Observer>>,
    pub(super) keyframes: Vec<Keyframe>,
    spacing: u32,
    /// None: at the head.
    pub(super) cursor: Option<Point>,
    /// The time shown, at or after the last step of the cursor.
    pub(super) shown: Micros,
    /// The branches that were left, the one left last at the end.
    pub branches: Vec<Branch>,
    pub branch: u32,
    /// How all branches hang together, the present one among them, in the order of their making.
    pub limbs: Vec<Limb>,
    pub(super) next_branch: u32,
}

impl Point {
    /// Takes the next step at or before `limit`: a command of the log whose turn it is, or what the queue holds.
    pub(super) fn step(
        &mut self,
        log: &[LogEntry],
        limit: u64,
        trace: &mut Option<&mut Trace>,
        refused: &mut impl FnMut(usize, String),
    ) -> bool {
        let world = &mut self.world;
        let Some(entry) = log.get(self.done).filter(|entry| entry.at.0 <= limit) else {
            return world.step(limit, trace).is_some();
        };
        let at = entry.at.0.max(world.now);
        if at > world.now {
            if world.step(at - 1, trace).is_some() {
                return true;
            }
            world.advance_clock(at);
        }
        if world.at_now < entry.after && entry.at.0 == world.now && world.step(at, trace).is_some() {
            return true;
        }
        if world.halted.is_some() {
            return false;
        }
        if let Err(reason) = world.apply(&entry.command, trace) {
            refused(self.done, reason);
        }
        self.done += 1;
        true
    }
}

impl Timeline {
    /// One that holds all its rows.
    pub fn new(blueprint: Blueprint, watch: Watch, observer: Option<Box<dyn Observer>>) -> Timeline {
        Timeline::held(blueprint, watch, observer, None)
    }

    /// One that holds a few blocks of so many rows.
    pub fn held(
        blueprint: Blueprint,
        watch: Watch,
        observer: Option<Box<dyn Observer>>,
        block: Option<u32>,
    ) -> Timeline {
        let log = blueprint.script();
        let mut trace = Trace::default();
        trace.kept.bounded = block.is_some();
        let mut world = blueprint.world(watch);
        world.boot(&mut Some(&mut trace));
        let mut timeline = Timeline {
            blueprint: Arc::new(blueprint),
            refused: vec![None; log.len()],
            carried: vec![0; log.len()],
            log,
            trace,
            blocks: Blocks::new(block),
            head: Point { world, done: 0 },
            observer,
            keyframes: Vec::new(),
            spacing: FIRST_SPACING,
            cursor: None,
            shown: Micros::ZERO,
            branches: Vec::new(),
            branch: 0,
            limbs: vec![Limb::default()],
            next_branch: 1,
        };
        timeline.observe(0);
        timeline.keep();
        timeline
    }

    /// The world at the cursor.
    pub fn world(&self) -> &World {
        self.cursor.as_ref().map_or(&self.head.world, |c| &c.world)
    }

    /// The world when all nodes had first started.
    pub fn start(&self) -> &World {
        &self.keyframes[0].point.world
    }

    pub fn head(&self) -> &World {
        &self.head.world
    }

    /// Nothing that is simulated comes after what is shown.
    pub fn is_at_head(&self) -> bool {
        self.cursor.is_none()
    }

    /// Commands carried out up to the cursor.
    pub fn done(&self) -> usize {
        self.cursor.as_ref().map_or(self.head.done, |c| c.done)
    }

    /// The steps at which keyframes are kept.
    pub fn keyframes(&self) -> impl Iterator<Item = u32> {
        self.keyframes.iter().map(|keyframe| keyframe.point.world.step)
    }

    pub fn shown(&self) -> Micros {
        self.shown
    }

    pub fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    fn observe(&mut self, first_row: u32) {
        if let Some(observer) = &mut self.observer {
            observer.after_step(&self.head.world, &self.trace, first_row);
        }
    }

    /// Simulates at the head up to `limit`, at most `steps` steps. Says whether it got there.
    pub fn advance(&mut self, limit: Micros, steps: u64) -> bool {
        for _ in 0..steps {
            if !self.step_head(limit.0) {
                self.head.world.advance_clock(limit.0);
                return true;
            }
        }
        false
    }

    pub(super) fn step_head(&mut self, limit: u64) -> bool {
        self.go_on();
        let (first_row, done) = (self.head.world.rows, self.head.done);
        let refused = &mut self.refused;
        let stepped =
            self.head.step(&self.log, limit, &mut Some(&mut self.trace), &mut |i, reason| refused[i] = Some(reason));
        if stepped {
            if self.head.done > done {
                self.carried[done] = self.head.world.step;
            }
            self.observe(first_row);
            let last = self.keyframes.last().map_or(0, |k| k.point.world.step);
            if self.head.world.step >= last + self.spacing {
                self.keep();
            }
        }
        stepped
    }

    fn keep(&mut self) {
        let observer = self.observer.as_ref().filter(|_| self.keyframes.len().is_multiple_of(OBSERVED));
        let observer = observer.map(|o| o.clone_box());
        self.keyframes.push(Keyframe { point: self.head.clone(), observer });
        if self.keyframes.len() > KEYFRAMES_MAX {
            let mut place = 0;
            self.keyframes.retain_mut(|keyframe| {
                place += 1;
                if place % (2 * OBSERVED) != 1 {
                    keyframe.observer = None;
                }
                place % 2 == 1
            });
            self.spacing *= 2;
        }
    }

    /// Moves the cursor to the end of a step of the past, or to the head.
    pub fn seek_step(&mut self, step: u32) {
        if step >= self.head.world.step {
            self.cursor = None;
            self.shown = Micros(self.head.world.now);
            return;
        }
        let near = self.cursor.take().filter(|c| c.world.step <= step && step - c.world.step < self.spacing);
        let mut point = near.unwrap_or_else(|| {
            let place = self.keyframes.partition_point(|k| k.point.world.step <= step);
            self.keyframes[place.saturating_sub(1)].point.clone()
        });
        while point.world.step < step && point.step(&self.log, u64::MAX, &mut None, &mut |_, _| {}) {}
        self.shown = Micros(point.world.now);
        self.cursor = Some(point);
    }

    /// Moves the cursor to an instant: after everything that happens at it. Beyond the head the run is simulated, at
    /// most `steps` steps further.
    pub fn seek(&mut self, at: Micros, steps: u64) {
        if at.0 > self.head.world.now || self.cursor.is_none() && at == self.shown {
            let arrived = self.advance(at, steps);
            self.cursor = None;
            self.shown = if arrived { at } else { Micros(self.head.world.now) };
            return;
        }
        self.hold_between(at, at);
        let after = self.trace.first_after(at);
        let step = after.checked_sub(1).map_or(0, |row| self.trace.get(row).step);
        self.seek_step(step);
        self.shown = at;
    }

    /// The world just before a step.
    pub fn before(&self, step: u32) -> World {
        let step = step.saturating_sub(1);
        let place = self.keyframes.partition_point(|k| k.point.world.step <= step);
        let mut point = self.keyframes[place.saturating_sub(1)].point.clone();
        while point.world.step < step && point.step(&self.log, u64::MAX, &mut None, &mut |_, _| {}) {}
        point.world
    }

    /// The world after all that happens up to an instant, as far as the run is simulated.
    pub fn at(&self, at: Micros) -> World {
        if at.0 >= self.head.world.now {
            return self.head.world.clone();
        }
        let place = self.keyframes.partition_point(|k| k.point.world.now <= at.0);
        let mut point = self.keyframes[place.saturating_sub(1)].point.clone();
        while point.step(&self.log, at.0, &mut None, &mut |_, _| {}) {}
        point.world
    }

    /// One step on from the cursor; at the head, the next thing that happens is simulated.
    pub fn forward(&mut self) -> bool {
        let step = self.world().step;
        if step < self.head.world.step {
            self.seek_step(step + 1);
            return true;
        }
        let stepped = self.step_head(Micros::MAX.0);
        self.cursor = None;
        self.shown = Micros(self.head.world.now);
        stepped
    }

    pub fn back(&mut self) -> bool {
        let step = self.world().step;
        // The nodes' first starts are one moment.
        let first = self.keyframes[0].point.world.step;
        if step > first {
            self.seek_step(step - 1);
        }
        step > first
    }

    /// Appends a command at the cursor. In the past this forks: the old branch is kept. What was done here before, on
    /// any branch, is not done again: the cursor goes there.
    pub fn command(&mut self, command: Command) -> Result<(), String> {
        match self.enter_again(&[(Micros::ZERO, &command)]) {
            Some(done) => done,
            None => self.give(command, 0),
        }
    }

    /// Gives several commands as one: `at` of each counts from the cursor, in rising order from zero. When one is refused
    /// at once, those after it are not given.
    pub fn press(&mut self, commands: &[LogEntry]) -> Result<(), String> {
        let given: Vec<(Micros, &Command)> = commands.iter().map(|entry| (entry.at, &entry.command)).collect();
        if let Some(done) = self.enter_again(&given) {
            return done;
        }
        let press = self.log.iter().map(|entry| entry.press).max().unwrap_or(0) + 1;
        let now = self.shown;
        for entry in commands {
            if entry.at == Micros::ZERO {
                self.give(entry.command.clone(), press)?;
                continue;
            }
            let later = LogEntry { at: now.plus(entry.at), learner: true, press, ..entry.clone() };
            let place = self.log.partition_point(|other| other.at <= later.at);
            self.log.insert(place, later);
            self.refused.insert(place, None);
            self.carried.insert(place, 0);
        }
        Ok(())
    }

    fn give(&mut self, command: Command, press: u32) -> Result<(), String> {
        let (at, done) = (self.shown, self.done());
        let world = self.world();
        let after = if world.now == at.0 { world.at_now } else { 0 };
        if self.cursor.is_some() || self.head.world.now > at.0 {
            let log = self.without(done..done);
            self.begin_branch(at);
            let step = self.world().step;
            self.restart_from(log, done, step, at);
        }
        self.head.world.advance_clock(at.0);
        self.log.insert(self.head.done, LogEntry { at, after, spread: Micros::ZERO, command, learner: true, press });
        self.refused.insert(self.head.done, None);
        self.carried.insert(self.head.done, 0);
        let place = self.head.done;
        // What the script does at this same instant comes after it.
        for entry in self.log[place..].iter_mut().take_while(|entry| entry.at == at) {
            entry.after = entry.after.max(after);
        }
        while self.head.done <= place && self.step_head(at.0) {}
        match &self.refused[place] {
            Some(reason) => {
                let reason = reason.clone();
                Err(reason)
            }
            None => Ok(()),
        }
    }

    /// Takes another log that agrees with the present one in its first `same` commands, and simulates anew up to
    /// `step` (if it comes before) and `at`.
    pub(super) fn restart_from(&mut self, log: Vec<LogEntry>, same: usize, step: u32, at: Micros) {
        let fits = |k: &Keyframe| k.point.done <= same && k.point.world.step <= step && k.point.world.now <= at.0;
        let mut keep = self.keyframes.iter().take_while(|k| fits(k)).count().max(1);
        if self.observer.is_some() {
            keep = (keep - 1) / OBSERVED * OBSERVED + 1;
        }
        self.keyframes.truncate(keep);
        let last = &self.keyframes[keep - 1];
        self.head = last.point.clone();
        self.observer = last.observer.as_ref().map(|o| o.clone_box());
        self.record_from_head();
        // What was carried out before stays as it was; the rest is seen again.
        self.refused.truncate(self.head.done);
        self.refused.resize(log.len(), None);
        self.carried.truncate(self.head.done);
        self.carried.resize(log.len(), 0);
        self.log = log;
        self.cursor = None;
        while self.head.world.step < step && self.step_head(at.0) {}
        self.shown = at;
    }

    /// The log up to a range, and from its end on what no person gave later: the script, and what follows from a press
    /// before the range.
    fn without(&self, range: std::ops::Range<usize>) -> Vec<LogEntry> {
        let (before, after) = (&self.log[..range.start], &self.log[range.end..]);
        let begun = |press| press != 0 && before.iter().any(|entry| entry.press == press);
        let stays = |entry: &&LogEntry| !entry.learner || begun(entry.press);
        before.iter().chain(after.iter().filter(stays)).cloned().collect()
    }

    /// Takes back what a person last gave at or before the cursor: a command, or all that one press of a button gave.
    /// Later ones of the branch go too.
    pub fn undo(&mut self) -> Result<(), String> {
        let log = &self.log;
        let begins = |place: usize| {
            let press = log[place].press;
            press == 0 || log[..place].iter().all(|entry| entry.press != press)
        };
        // What was refused did nothing that could be taken back.
        let given = |place: &usize| log[*place].learner && self.refused[*place].is_none() && begins(*place);
        let place = (0..self.done()).rev().find(given).ok_or("there is nothing to take back")?;
        let (at, taken) = (self.shown, self.log[place].at);
        let log = self.without(place..place + 1);
        if self.enter(&log) {
            self.seek(at, u64::MAX);
            return Ok(());
        }
        self.begin_branch(taken);
        self.restart_from(log, place, u32::MAX, at);
        self.advance(at, u64::MAX);
        Ok(())
    }

    /// Gives a command that a person gave at another time, or not at all. The rest of the log stays as it is, and so does
    /// the moment that is shown; the old branch is kept.
    pub fn edit(&mut self, place: usize, to: Option<Micros>) -> Result<(), String> {
        let entry = self.log.get(place).filter(|entry| entry.learner).ok_or("only your own commands can be changed")?;
        let (shown, fork) = (self.shown, entry.at.min(to.unwrap_or(entry.at)));
        let mut log = self.log.clone();
        let entry = log.remove(place);
        if let Some(at) = to {
            log.insert(log.partition_point(|other| other.at <= at), LogEntry { at, after: 0, ..entry });
        }
        if self.enter(&log) {
            self.seek(shown, u64::MAX);
            return Ok(());
        }
        let same = self.log.iter().zip(&log).take_while(|(a, b)| a == b).count();
        self.begin_branch(fork);
        self.restart_from(log, same, u32::MAX, Micros(fork.0.saturating_sub(1)));
        self.advance(shown, u64::MAX);
        self.shown = shown;
        Ok(())
    }

    /// The scenario with this branch's log up to the head: the saved form of the run.
    pub fn save(&self) -> super::scenario::Scenario {
        let mut scenario = self.blueprint.scenario.clone();
        // As long as nobody did anything, moments that the seed draws stay open to another seed.
        if self.log != self.blueprint.script() {
            scenario.commands.clone_from(&self.log);
        }
        scenario
    }
}
