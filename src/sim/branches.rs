//! The branches of a run: a tree, whose present branch the [`Timeline`] is on. A branch that was left is kept as its log;
//! to return to it, the run is simulated anew from where both part.
//!
//! What was done once is not done twice: a command that some branch already has at the place of the cursor leads there. A
//! place is an event when one stands on it, as after a step; between events it is a moment, and the same command at another
//! moment is another one.

use super::scenario::LogEntry;
use super::timeline::Timeline;
use crate::base::Micros;
use crate::wire::{Command, RowKind};

/// Branches kept beside the present one; one more, and the one that was left first is given up.
pub const BRANCHES_MAX: usize = 32;
/// The longest name of a branch, in characters.
pub const NAME_MAX: usize = 60;

/// A branch that was left: its log, and how far it had come.
#[derive(Clone, Debug)]
pub struct Branch {
    pub id: u32,
    pub log: Vec<LogEntry>,
    pub head: Micros,
    /// For each command of the log the step in which it was carried out; 0: it had not come so far.
    carried: Vec<u32>,
}

/// How a branch hangs in the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limb {
    pub id: u32,
    /// The branch that it left; none: it is the first, or those that it came from are not kept any more.
    pub parent: Option<u32>,
    /// When it left it.
    pub fork: Micros,
    /// The learner's name for it; empty: none.
    pub name: String,
}

impl Timeline {
    /// Keeps the present branch.
    fn put_away(&mut self) {
        if self.branches.len() >= BRANCHES_MAX {
            let gone = self.branches.remove(0).id;
            self.cut_off(gone);
        }
        let (id, head) = (self.branch, Micros(self.head.world.now));
        self.branches.push(Branch { id, log: self.log.clone(), head, carried: self.carried.clone() });
    }

    /// What left a branch that is given up hangs on the one that this had left.
    fn cut_off(&mut self, gone: u32) {
        let Some(place) = self.limbs.iter().position(|limb| limb.id == gone) else { return };
        let from = self.limbs.remove(place);
        for limb in self.limbs.iter_mut().filter(|limb| limb.parent == Some(gone)) {
            (limb.parent, limb.fork) = (from.parent, limb.fork.min(from.fork));
        }
    }

    /// Keeps the present branch and begins another one, which leaves it at a moment.
    pub(super) fn begin_branch(&mut self, fork: Micros) {
        let limb = Limb { id: self.next_branch, parent: Some(self.branch), fork, name: String::new() };
        self.limbs.push(limb);
        self.put_away();
        self.branch = self.next_branch;
        self.next_branch += 1;
    }

    /// Returns to a kept branch, where it was left; on the present one, to its end.
    pub fn go_to_branch(&mut self, id: u32) -> Result<(), String> {
        if id == self.branch {
            self.seek_step(u32::MAX);
            return Ok(());
        }
        let gone = || match id < self.next_branch {
            true => format!("branch {} is not kept any more: no more than the last {BRANCHES_MAX} are", id + 1),
            false => format!("there is no branch {id}"),
        };
        let place = self.branches.iter().position(|b| b.id == id).ok_or_else(gone)?;
        let there = self.branches.remove(place);
        let same = self.log.iter().zip(&there.log).take_while(|(a, b)| a == b).count();
        let first_other = |log: &[LogEntry]| log.get(same).map_or(Micros::MAX, |e| e.at);
        let fork = first_other(&self.log).min(first_other(&there.log));
        self.put_away();
        self.branch = there.id;
        // Everything strictly before the first difference is common.
        let before = Micros(fork.0.saturating_sub(1)).min(there.head);
        self.restart_from(there.log, same, u32::MAX, before);
        self.advance(there.head, u64::MAX);
        self.shown = there.head;
        Ok(())
    }

    /// Goes on by another log as a branch of this name, as far as a moment: where it parts from the present one is where the
    /// branch leaves.
    pub fn adopt(&mut self, log: Vec<LogEntry>, to: Micros, name: &str) -> Result<(), String> {
        let same = self.log.iter().zip(&log).take_while(|(a, b)| a == b).count();
        if log != self.log && !self.enter(&log) {
            let first_other = |log: &[LogEntry]| log.get(same).map_or(Micros::MAX, |entry| entry.at);
            let fork = first_other(&self.log).min(first_other(&log));
            self.begin_branch(fork);
            self.restart_from(log, same, u32::MAX, Micros(fork.0.saturating_sub(1)));
        }
        self.seek(to, u64::MAX);
        self.name_branch(self.branch, name)
    }

    /// Gives a branch a name, or by an empty one takes it away.
    pub fn name_branch(&mut self, id: u32, name: &str) -> Result<(), String> {
        let limb = self.limbs.iter_mut().find(|limb| limb.id == id).ok_or("that branch is not kept any more")?;
        if name.chars().count() > NAME_MAX {
            return Err(format!("a branch's name has no more than {NAME_MAX} characters"));
        }
        name.trim().clone_into(&mut limb.name);
        Ok(())
    }

    /// Goes to the branch that has exactly this log, if there is one.
    pub(super) fn enter(&mut self, log: &[LogEntry]) -> bool {
        let there = self.branches.iter().find(|branch| branch.log == log).map(|branch| branch.id);
        there.is_some_and(|id| self.go_to_branch(id).is_ok())
    }

    /// Goes to where these commands (with their times from the first on) were given at the place of the cursor, on whatever
    /// branch that was; or to the event, when they ask for the one that comes next anyway. Says what became of them there.
    pub(super) fn enter_again(&mut self, given: &[(Micros, &Command)]) -> Option<Result<(), String>> {
        self.hold_row(self.world().rows);
        let (done, step, shown) = (self.done(), self.world().step, self.shown);
        let world = self.world();
        let on_event = world.now == shown.0 && (world.at_now > 0 || shown == Micros::ZERO);
        if on_event && given.len() == 1 && self.comes_next(given[0].1) {
            self.seek_step(step + 1);
            return Some(Ok(()));
        }
        let here = |log: &[LogEntry], carried: &[u32]| {
            carried.get(done) == Some(&(step + 1))
                && (on_event || log[done].at == shown)
                && is_same(&log[done..], given)
        };
        if !here(&self.log, &self.carried) {
            let before = &self.log[..done];
            let had = |branch: &&Branch| branch.log.get(..done) == Some(before) && here(&branch.log, &branch.carried);
            let id = self.branches.iter().rev().find(had)?.id;
            self.go_to_branch(id).ok()?;
        }
        let end = self.end_of_gift(done, step + 1);
        self.seek_step(end);
        Some(self.refused[done].clone().map_or(Ok(()), Err))
    }

    /// The step to stand on after a command was given: its own; while messages are held, and nobody lets time pass, the
    /// last one that it caused at its instant.
    fn end_of_gift(&mut self, place: usize, step: u32) -> u32 {
        if !self.head.world.net.held {
            return step;
        }
        self.hold_step(step);
        let next = self.carried.get(place + 1).copied().filter(|next| *next > 0).unwrap_or(u32::MAX);
        let rows = self.trace.between(self.trace.first_of_step(step.into()), u32::MAX);
        let at = rows.first().map(|rec| rec.at);
        let same = rows.iter().take_while(|rec| Some(rec.at) == at && rec.step < next);
        same.last().map_or(step, |rec| rec.step)
    }

    /// Whether the next event of the run so far is the one that a command asks for.
    fn comes_next(&self, command: &Command) -> bool {
        let row = self.world().rows;
        let Some(rec) = self.trace.between(row, row + 1).first() else { return false };
        match command {
            Command::DeliverNow(of) => rec.kind == RowKind::Deliver && rec.message() == of.message,
            Command::FireTimer(of) => rec.kind == RowKind::TimerFired && rec.timer() == of.timer,
            _ => false,
        }
    }
}

/// Whether a log begins with these commands, given together.
fn is_same(log: &[LogEntry], given: &[(Micros, &Command)]) -> bool {
    let first = &log[0];
    let with = |entry: &&LogEntry| entry.press == first.press && (first.press > 0 || std::ptr::eq(*entry, first));
    let mut there = log.iter().filter(with);
    let same = |(at, command): &(Micros, &Command)| {
        there.next().is_some_and(|entry| entry.at.since(first.at) == *at && entry.command == **command)
    };
    first.learner && given.iter().all(same) && there.next().is_none()
}
