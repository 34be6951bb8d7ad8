//! A server: what it keeps in memory, how it starts, how terms pass, and how committed entries are applied.

use super::config::Config;
use super::election::Votes;
use super::log::Payload;
use super::machine::{Applied, Machine};
use super::messages::{Ask, Message, Reply, Timer};
use super::replication::Leading;
use super::{Bug, Context, Disk, Raft};
use crate::base::{Micros, NodeId};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    /// Of these two the disk has a copy: see [`Raft::persist`].
    pub term: u64,
    pub vote: Option<NodeId>,
    pub role: Role,
    pub leader: Option<NodeId>,
    /// When it last heard from a leader, on its own clock.
    pub heard: Option<Micros>,
    pub commit: u64,
    pub applied: u64,
    pub machine: Machine,
    /// The newest configuration in the log, and its index.
    pub config: Rc<Config>,
    pub config_index: u64,
    /// Term, vote or log have changed since the last sync was asked for.
    pub unsaved: bool,
    /// When the election timer was set.
    pub armed: Option<Micros>,
    /// Elections that it began since it last knew a leader.
    pub elections: u32,
    /// How often the log was written, and the lowest index that was written last: for whoever watches.
    pub writes: u32,
    pub wrote_from: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Role {
    Follower,
    PreCandidate(Votes),
    Candidate(Votes),
    Leader(Box<Leading>),
}

impl Raft {
    /// Starts from what is on disk (figure 2): everything else is learned again. All servers know the cluster's first
    /// configuration; later ones are in their logs and snapshots.
    pub(super) fn start_server(&self, disk: &Disk, ctx: &mut Context<'_>) -> Server {
        let snapshot = disk.snapshot.as_deref();
        let (config, config_index) = self.newest_config(ctx);
        // It may have promised a leader's lease to vote for nobody, just before it crashed (dissertation, section 6.4.1).
        let heard = (self.reads == super::Reads::Lease && disk.term > 0).then(|| ctx.local_now());
        let mut s = Server {
            term: disk.term,
            vote: disk.vote,
            role: Role::Follower,
            leader: None,
            heard,
            commit: snapshot.map_or(0, |s| s.last_index),
            applied: snapshot.map_or(0, |s| s.last_index),
            machine: snapshot.map(|s| s.machine.clone()).unwrap_or_default(),
            config,
            config_index,
            unsaved: false,
            armed: None,
            elections: 0,
            writes: 0,
            wrote_from: 0,
        };
        self.arm(&mut s, ctx);
        s
    }

    /// Makes term, vote and log durable, if they changed. What is sent afterwards leaves when they are.
    pub(super) fn persist(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if !std::mem::take(&mut s.unsaved) {
            return;
        }
        let disk = ctx.disk_mut();
        if !self.has(Bug::TermNotPersisted) {
            disk.term = s.term;
        }
        if !self.has(Bug::VoteNotPersisted) {
            disk.vote = s.vote;
        }
        ctx.sync();
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (figure 2).
    pub(super) fn observe(&self, s: &mut Server, term: u64, ctx: &mut Context<'_>) {
        if term > s.term {
            s.term = term;
            s.vote = None;
            s.leader = None;
            s.unsaved = true;
            self.follow(s, ctx);
        }
    }

    /// Becomes a follower, if it is not one.
    pub(super) fn follow(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if let Role::Leader(_) = s.role {
            ctx.note(format!("steps down: it led until term {}", s.term));
            ctx.cancel_timer(&Timer::Heartbeat);
            ctx.cancel_timer(&Timer::Batch);
            s.leader = None;
            s.role = Role::Follower;
            self.arm(s, ctx);
        }
        s.role = Role::Follower;
    }

    /// Sets the election timer anew: "election timeouts are chosen randomly from a fixed interval" (section 5.2). One that
    /// was set at this very moment stays.
    pub(super) fn arm(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let now = ctx.local_now();
        if s.armed == Some(now) {
            return;
        }
        if s.armed.is_some() {
            ctx.cancel_timer(&Timer::Election);
        }
        s.armed = s.electable(ctx.me()).then_some(now);
        if s.armed.is_some() {
            let range = self.timeout_max.since(self.timeout_min).0;
            let more = if self.has(Bug::SameTimeouts) { 0 } else { ctx.choose("election time-out", range + 1) };
            ctx.set_timer(self.timeout_min.plus(Micros(more)), &Timer::Election);
        }
    }

    pub(super) fn disarm(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if s.armed.take().is_some() {
            ctx.cancel_timer(&Timer::Election);
        }
    }

    /// Applies what is committed, in order (section 5.3), and answers those who wait for it.
    pub(super) fn apply(&self, s: &mut Server, ctx: &mut Context<'_>) {
        self.maybe_compact(s, ctx);
        let end = if self.has(Bug::ApplyBeforeCommit) { ctx.disk().log.last_index() } else { s.commit };
        while s.applied < end {
            let index = s.applied + 1;
            let Some(entry) = ctx.disk().log.get(index) else { return };
            let done = s.machine.apply(index, entry, self.sessions_max, self.has(Bug::ForgetSession));
            s.applied = index;
            let Role::Leader(leading) = &mut s.role else { continue };
            let Some(waits) = leading.waiting.pop_front_if(|waits| waits.index <= index) else { continue };
            let reply = match done {
                Applied::Answer(value) => Reply::Done { value, index },
                Applied::Session(id) => Reply::Session(id),
                Applied::Expired => Reply::Expired,
                Applied::Nothing => continue,
            };
            ctx.send(waits.client, &Message::Answer { serial: waits.serial, reply });
        }
    }

    /// A client asks for something.
    pub(super) fn on_ask(&self, s: &mut Server, client: NodeId, serial: u32, what: Ask, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else {
            let reply = Reply::NotLeader(s.leader);
            return ctx.send(client, &Message::Answer { serial, reply });
        };
        let payload = match what {
            Ask::Read { key } if self.reads != super::Reads::Log => {
                return self.on_read(s, client, serial, key, ctx);
            }
            Ask::AddServer(_) | Ask::RemoveServer(_) | Ask::ChangeMembers(_) => {
                return self.on_change(s, client, serial, what, ctx);
            }
            Ask::TransferLeadership(target) => return self.on_transfer(s, client, serial, target, ctx),
            // "The prior leader stops accepting new client requests" (dissertation, section 3.10).
            _ if leading.transfer.is_some() => {
                return ctx.send(client, &Message::Answer { serial, reply: Reply::Later });
            }
            // It is on its way already: once more would only make the log longer.
            _ if leading.waits(client, serial) => return,
            Ask::Register { first } => Payload::Register { client, serial: first },
            Ask::Read { key } => Payload::read(key),
            Ask::Write { ticket, op } => {
                let known = s.machine.answered(ticket.session, ticket.serial);
                if let Some(known) = known.filter(|_| !self.has(Bug::ForgetSession)) {
                    let reply = Reply::Done { value: known.answer.clone(), index: known.index };
                    return ctx.send(client, &Message::Answer { serial, reply });
                }
                Payload::write(ticket, op)
            }
        };
        self.on_command(s, client, serial, payload, ctx);
    }
}

impl Server {
    /// Whether it may stand for election. "A server that is not part of its own latest configuration should still start new
    /// elections, as it might still be needed until the C_new entry is committed" (dissertation, section 4.2.2).
    pub fn electable(&self, me: NodeId) -> bool {
        self.config.contains(me) || self.commit < self.config_index
    }
}
