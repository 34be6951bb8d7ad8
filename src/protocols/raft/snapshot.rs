//! Snapshots and log compaction (section 7).
//!
//! A server's own snapshot needs no sync of its own: a disk holds the old log, or the snapshot and the rest, never parts of
//! both. One that a leader sent is durable before it is acknowledged.

use super::config::Config;
use super::machine::Machine;
use super::messages::{Appended, Message};
use super::{Bug, Context, Raft, Server};
use crate::base::NodeId;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub last_index: u64,
    pub last_term: u64,
    /// The newest configuration up to there.
    pub config: Rc<Config>,
    pub config_index: u64,
    pub machine: Machine,
}

impl Raft {
    /// Takes a snapshot when enough entries were applied since the last. It is done before further entries are applied, so
    /// that whoever watches has seen those that go.
    pub(super) fn maybe_compact(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let disk = ctx.disk();
        let index = s.applied.min(s.commit);
        let since = disk.snapshot.as_ref().map_or(0, |snapshot| snapshot.last_index);
        let Some(last_term) = disk.log.term_at(index).filter(|_| index >= since + self.snapshot_threshold) else {
            return;
        };
        let (config, config_index) = self.config_at(index, ctx);
        let mut machine = s.machine.clone();
        if self.has(Bug::SnapshotWithoutSessions) {
            machine.sessions.clear();
        }
        ctx.note(format!("takes a snapshot: to {index}"));
        let disk = ctx.disk_mut();
        disk.snapshot = Some(Rc::new(Snapshot { last_index: index, last_term, config, config_index, machine }));
        disk.log.compact(index);
    }

    /// "If existing log entry has same index and term as snapshot's last included entry, retain log entries following it"
    /// (figure 13).
    pub(super) fn on_install_snapshot(
        &self,
        s: &mut Server,
        from: NodeId,
        term: u64,
        round: u64,
        snapshot: Rc<Snapshot>,
        ctx: &mut Context<'_>,
    ) {
        if !self.heed(s, from, term, ctx) {
            return;
        }
        let (index, term) = (snapshot.last_index, snapshot.last_term);
        if index > s.commit {
            ctx.note(format!("installs a snapshot: to {index} of term {term}"));
            s.machine = snapshot.machine.clone();
            (s.commit, s.applied) = (index, index);
            let disk = ctx.disk_mut();
            disk.snapshot = Some(snapshot);
            if disk.log.term_at(index) == Some(term) {
                disk.log.compact(index);
            } else {
                disk.log.restart_after(index, term);
            }
            s.wrote(index + 1);
            (s.config, s.config_index) = self.newest_config(ctx);
            self.arm(s, ctx);
        }
        self.persist(s, ctx);
        ctx.send(from, &Message::Appended { term: s.term, round, result: Appended::Matches(index) });
    }

    pub(super) fn newest_config(&self, ctx: &Context<'_>) -> (Rc<Config>, u64) {
        self.config_at(u64::MAX, ctx)
    }

    /// The configuration in force after the entry at `index`: in the log, in the snapshot, or the cluster's first.
    fn config_at(&self, index: u64, ctx: &Context<'_>) -> (Rc<Config>, u64) {
        let disk = ctx.disk();
        match (disk.log.config(index), &disk.snapshot) {
            (Some((at, config)), _) => (Rc::clone(config), at),
            (None, Some(snapshot)) => (Rc::clone(&snapshot.config), snapshot.config_index),
            (None, None) => (Rc::new(Config::of(ctx.setup().role("server").collect())), 0),
        }
    }
}
