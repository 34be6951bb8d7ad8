//! Goals: rules over conditions, fed step by step. A [`GoalRun`] is cheap to clone, so that keyframes hold it and a fork
//! goes on from the past's goals.
//!
//! A goal begins to count when `after` first holds (else from the start), and only while `while` holds, each time anew.
//! Then one of:
//! - `eventually = A`: met when A holds; with `for`, when it has held that long; with `always = B`, missed when B fails
//!   before;
//! - `always = A` with `until = B`: met when B holds, missed when A fails before;
//! - `always = A` with `for = "5s"`: met when A has held that long, missed when it fails before.
//!
//! `within` is the time limit from where the goal begins to count. Met and missed are final (in this branch). Counts
//! and measures of `eventually`, `always` and `until` begin where the goal begins to count; those of `after` and `while`
//! at the run's start.

use super::condition::{Condition, Memory};
use super::step::StepView;
use crate::base::Micros;
use crate::wire::{GoalCard, GoalState, RowKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A goal that fits a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Goal {
    pub(super) after: Option<Condition>,
    pub(super) during: Option<Condition>,
    pub(super) aim: Aim,
    pub(super) within: Option<Micros>,
    pub(super) met: String,
    pub(super) missed: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Aim {
    Reach {
        goal: Condition,
        guard: Option<Condition>,
        hold: Option<Micros>,
    },
    Keep {
        guard: Condition,
        length: Micros,
    },
    /// Judged when the run ends (options of predictions).
    AtEnd(Condition),
}

/// The state of the goals of one run.
#[derive(Clone, Debug, Default)]
pub struct GoalRun {
    goals: Arc<[Goal]>,
    progress: Vec<Progress>,
    now: Micros,
}

#[derive(Clone, Debug)]
struct Progress {
    after: Option<Memory>,
    during: Option<Memory>,
    goal: Option<Memory>,
    guard: Option<Memory>,
    begun: bool,
    /// Since when it counts.
    since: Option<Micros>,
    /// Since when the goal's condition has held (for `for`).
    held: Option<Micros>,
    /// At the end of the last step: holds (options of predictions).
    holds: bool,
    counted: Option<(u64, u64)>,
    /// The last row seen.
    row: u64,
    verdict: Verdict,
}

/// What became of a goal, with the row that decided it and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Met { row: u64, at: Micros },
    Missed { row: u64, at: Micros },
}

impl Goal {
    /// Every condition of the goal.
    pub fn conditions(&self) -> Vec<&Condition> {
        let mut all: Vec<&Condition> = self.after.iter().chain(&self.during).collect();
        match &self.aim {
            Aim::Reach { goal, guard, .. } => all.extend(std::iter::once(goal).chain(guard)),
            Aim::Keep { guard, .. } => all.push(guard),
            Aim::AtEnd(goal) => all.push(goal),
        }
        all
    }

    fn start(&self) -> Progress {
        let (goal, guard) = self.aim.memories();
        Progress {
            after: self.after.as_ref().map(Condition::memory),
            during: self.during.as_ref().map(Condition::memory),
            goal,
            guard,
            begun: self.after.is_none(),
            since: (self.after.is_none() && self.during.is_none()).then_some(Micros::ZERO),
            held: None,
            holds: false,
            counted: None,
            row: 0,
            verdict: Verdict::Open,
        }
    }
}

impl Aim {
    fn memories(&self) -> (Option<Memory>, Option<Memory>) {
        match self {
            Aim::Reach { goal, guard, .. } => (Some(goal.memory()), guard.as_ref().map(Condition::memory)),
            Aim::Keep { guard, .. } => (None, Some(guard.memory())),
            Aim::AtEnd(goal) => (Some(goal.memory()), None),
        }
    }

    fn goal(&self) -> Option<&Condition> {
        match self {
            Aim::Reach { goal, .. } | Aim::AtEnd(goal) => Some(goal),
            Aim::Keep { .. } => None,
        }
    }

    pub(super) fn guard(&self) -> Option<&Condition> {
        match self {
            Aim::Reach { guard, .. } => guard.as_ref(),
            Aim::Keep { guard, .. } => Some(guard),
            Aim::AtEnd(_) => None,
        }
    }
}

impl GoalRun {
    pub fn new(goals: Vec<Goal>) -> GoalRun {
        let progress = goals.iter().map(Goal::start).collect();
        GoalRun { goals: goals.into(), progress, now: Micros::ZERO }
    }

    pub fn is_empty(&self) -> bool {
        self.goals.is_empty()
    }

    /// Takes in a step that was just done.
    pub fn after_step(&mut self, view: &dyn StepView) {
        self.pass(view.now());
        for (goal, progress) in self.goals.iter().zip(&mut self.progress) {
            if progress.verdict == Verdict::Open {
                goal.step(progress, view);
            }
        }
    }

    /// Simulated time went by: limits run out, lengths are fulfilled.
    pub fn pass(&mut self, now: Micros) {
        self.now = now;
        for (goal, progress) in self.goals.iter().zip(&mut self.progress) {
            goal.pass(progress, now);
        }
    }

    pub fn verdicts(&self) -> impl Iterator<Item = Verdict> + '_ {
        self.progress.iter().map(|p| p.verdict)
    }

    /// Whether each goal's condition holds at the end of the last step (options of predictions).
    pub fn holding(&self) -> impl Iterator<Item = bool> + '_ {
        self.progress.iter().map(|p| p.holds)
    }

    /// The latest row that counted for a goal.
    pub fn last_row(&self, index: usize) -> Option<u64> {
        let (goal, progress) = (&self.goals[index], &self.progress[index]);
        goal.aim.goal().zip(progress.goal.as_ref()).and_then(|(goal, memory)| goal.last_row(memory))
    }

    /// What the page shows at `now`, which may be later than the last step.
    pub fn cards(&self, now: Micros) -> Vec<GoalCard> {
        let card = |(index, (goal, progress)): (usize, (&Goal, &Progress))| {
            let mut progress = progress.clone();
            goal.pass(&mut progress, now);
            let (state, evidence, sentence) = match progress.verdict {
                Verdict::Open => (GoalState::Open, None, goal.so_far(&progress, now)),
                Verdict::Met { row, at } => (GoalState::Met, Some((row, at)), goal.met.clone()),
                Verdict::Missed { row, at } => (GoalState::Missed, Some((row, at)), goal.missed.clone()),
            };
            GoalCard { index: index as u32, state, evidence, sentence }
        };
        self.goals.iter().zip(&self.progress).enumerate().map(card).collect()
    }
}

impl Goal {
    fn pass(&self, p: &mut Progress, now: Micros) {
        let (Verdict::Open, Some(since)) = (p.verdict, p.since) else { return };
        let fulfilled = match (&self.aim, p.held) {
            (Aim::Reach { hold: Some(hold), .. }, Some(held)) => Some(held.plus(*hold)),
            (Aim::Keep { length, .. }, Some(held)) => Some(held.plus(*length)),
            _ => None,
        };
        let limit = self.within.map(|within| since.plus(within));
        match (fulfilled, limit) {
            (Some(at), limit) if now >= at && limit.is_none_or(|limit| at <= limit) => {
                p.verdict = Verdict::Met { row: p.row, at };
            }
            (_, Some(limit)) if now > limit => p.verdict = Verdict::Missed { row: p.row, at: limit },
            _ => {}
        }
    }

    fn step(&self, p: &mut Progress, view: &dyn StepView) {
        p.row = view.rows().end.saturating_sub(1).max(p.row);
        if let Some(since) = p.since {
            feed(self.aim.goal(), &mut p.goal, view, since);
            feed(self.aim.guard(), &mut p.guard, view, since);
        }
        feed(self.during.as_ref(), &mut p.during, view, Micros::ZERO);
        if !p.begun {
            feed(self.after.as_ref(), &mut p.after, view, Micros::ZERO);
            p.begun = holds(self.after.as_ref(), &p.after, view) == Some(true);
        }
        let counts = p.begun && holds(self.during.as_ref(), &p.during, view) != Some(false);
        match (counts, p.since) {
            (true, None) => p.since = Some(view.now()),
            (false, Some(_)) => {
                (p.goal, p.guard) = self.aim.memories();
                (p.since, p.held, p.counted) = (None, None, None);
            }
            _ => {}
        }
        if p.since.is_some() {
            self.judge(p, view);
        }
    }

    fn judge(&self, p: &mut Progress, view: &dyn StepView) {
        let goal_holds = holds(self.aim.goal(), &p.goal, view);
        let guard_holds = holds(self.aim.guard(), &p.guard, view) != Some(false);
        p.counted = self.aim.goal().zip(p.goal.as_ref()).and_then(|(goal, memory)| goal.progress(memory, view));
        let row = self.evidence(p, view);
        match &self.aim {
            Aim::AtEnd(_) => p.holds = goal_holds == Some(true),
            _ if !guard_holds => p.verdict = Verdict::Missed { row, at: view.now() },
            Aim::Keep { .. } => p.held = p.held.or(Some(view.now())),
            Aim::Reach { hold, .. } => match (goal_holds, hold) {
                (Some(true), None) => p.verdict = Verdict::Met { row, at: view.now() },
                (Some(true), Some(_)) => p.held = p.held.or(Some(view.now())),
                _ => p.held = None,
            },
        }
    }

    /// The row of this step that counted last, else the one that a reader would look for.
    fn evidence(&self, p: &Progress, view: &dyn StepView) -> u64 {
        let rows = view.rows();
        let counted = |goal: Option<&Condition>, memory: &Option<Memory>| {
            goal.zip(memory.as_ref()).and_then(|(goal, memory)| goal.last_row(memory)).filter(|row| rows.contains(row))
        };
        let guard = counted(self.aim.guard(), &p.guard);
        let telling = rows.clone().rev().find(|row| TELLING.contains(&view.kind(*row)));
        counted(self.aim.goal(), &p.goal).or(guard).or(telling).unwrap_or(rows.start)
    }

    fn so_far(&self, p: &Progress, now: Micros) -> String {
        let Some(since) = p.since else { return String::new() };
        let mut parts = Vec::new();
        if let Some((have, need)) = p.counted.filter(|(_, need)| *need > 1) {
            parts.push(format!("{have} of {need} so far"));
        }
        if let (Some(held), Aim::Reach { hold: Some(length), .. } | Aim::Keep { length, .. }) = (p.held, &self.aim) {
            parts.push(format!("held for {} of {length}", tenths(now.since(held))));
        }
        if let Some(within) = self.within {
            parts.push(format!("{} left", tenths(since.plus(within).since(now))));
        }
        parts.join("; ")
    }
}

/// Rows that say best what changed in a step.
const TELLING: [RowKind; 6] =
    [RowKind::Complete, RowKind::Crash, RowKind::Restart, RowKind::Pause, RowKind::Resume, RowKind::Violation];

fn feed(condition: Option<&Condition>, memory: &mut Option<Memory>, view: &dyn StepView, since: Micros) {
    if let (Some(condition), Some(memory)) = (condition, memory) {
        condition.feed(memory, view, since);
    }
}

fn holds(condition: Option<&Condition>, memory: &Option<Memory>, view: &dyn StepView) -> Option<bool> {
    condition.zip(memory.as_ref()).map(|(condition, memory)| condition.holds(memory, view))
}

/// A length of time in tenths of a second, as a reader wants to watch it.
fn tenths(time: Micros) -> String {
    format!("{}.{} s", time.0 / 1_000_000, time.0 / 100_000 % 10)
}
