//! Raft: a replicated log by an elected leader, and a key-value map on top of it.
//!
//! Ongaro and Ousterhout: In search of an understandable consensus algorithm (extended version), 2014; "section" and
//! "figure" here mean that paper. Ongaro: Consensus: bridging theory and practice, PhD dissertation, Stanford 2014
//! ("dissertation"), for pre-vote, check-quorum, leadership transfer, read-only queries, sessions and single-server
//! membership changes; these with the correction that Ongaro sent to the raft-dev list on 10 July 2015.
//!
//! Invariants:
//! - What a message promises is durable before it leaves: term, vote and log lie on the disk, and every handler that
//!   changes them syncs before it answers (figure 2, "persistent state"). A leader sends its entries while its own disk
//!   syncs; it counts itself only with others' answers, which it handles afterwards (dissertation, section 10.2.1).
//! - A leader counts replicas only for entries of its own term (section 5.4.2), and only by the quorums of [`config`].
//! - A configuration is in force from the moment it is in the log, until it is truncated (section 6).
//! - The state machine depends on the log alone, expiry of sessions included.
//!
//! Left out: chunks of snapshots (a message takes time in proportion to its size anyway), reads from followers, witnesses,
//! and disks that lie about their syncs (nothing holds then; the properties show it).

mod card;
mod client;
pub mod config;
mod election;
mod log;
mod machine;
mod membership;
pub mod messages;
mod params;
mod progress;
mod properties;
mod reads;
mod replication;
mod server;
mod snapshot;
mod transfer;

use crate::base::{Micros, NodeId, OpId};
use crate::sim::params::Params;
use crate::sim::protocol::{Card, Ctx, Description, Protocol, RoleSpec, StepFacts, View};
use crate::wire::{FunctionInfo, Op, Tone};
use messages::{Message, Timer};
pub use params::Bug;
use serde::{Deserialize, Serialize};
pub use server::{Role, Server};
use std::rc::Rc;

/// The configuration: see [`params`] for the meaning of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Raft {
    timeout_min: Micros,
    timeout_max: Micros,
    heartbeat: Micros,
    batch_wait: Micros,
    entries_max: u64,
    snapshot_threshold: u64,
    sessions_max: usize,
    pre_vote: bool,
    check_quorum: bool,
    sticky: bool,
    reads: Reads,
    /// How long a lease lasts on the leader's clock.
    lease: Micros,
    retry_after: Micros,
    give_up_after: Micros,
    /// A bit for each [`Bug`].
    bugs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    ReadIndex,
    Lease,
    Log,
}

/// Of a server; a client's stays empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub term: u64,
    pub vote: Option<NodeId>,
    pub log: log::Log,
    pub snapshot: Option<Rc<snapshot::Snapshot>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    Server(Box<Server>),
    Client(client::Client),
}

type Context<'a> = Ctx<'a, Raft>;

impl Protocol for Raft {
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type State = State;
    type Monitor = properties::Memory;

    fn describe() -> Description {
        let role = |name, meaning, tone, client| RoleSpec { name, meaning, tone, client };
        let function = |f: &str, has_value| FunctionInfo { f: f.into(), has_key: true, has_value };
        Description {
            name: "raft",
            summary: "a key-value service on a log that an elected leader replicates",
            roles: vec![
                role("server", "a member of the cluster from the start", Tone::Follower, false),
                role("spare", "a server that can be added to the cluster", Tone::Neutral, false),
                role("client", "finds the leader, retries, gives up", Tone::Client, true),
            ],
            messages: messages::KINDS.to_vec(),
            timers: messages::TIMERS.to_vec(),
            properties: properties::STATEMENTS.to_vec(),
            functions: vec![
                function("get", false),
                function("put", true),
                function("append", true),
                function("cas", true),
            ],
            administration: vec![
                function("add-server", false),
                function("remove-server", false),
                FunctionInfo { f: "change-members".into(), has_key: false, has_value: true },
                function("transfer-leadership", false),
            ],
            params: params::specs(),
        }
    }

    fn configure(params: &Params) -> Self {
        params::configure(params)
    }

    fn boot(&self, disk: &Disk, ctx: &mut Context<'_>) -> State {
        match ctx.role() {
            "client" => State::Client(self.start_client(ctx)),
            _ => State::Server(Box::new(self.start_server(disk, ctx))),
        }
    }

    fn on_message(&self, s: &mut State, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match s {
            State::Server(s) => self.on_server_message(s, from, m, ctx),
            State::Client(c) => {
                if let Message::Answer { serial, reply } = m {
                    self.on_answer(c, from, serial, reply, ctx);
                }
            }
        }
    }

    fn on_timer(&self, s: &mut State, t: Timer, ctx: &mut Context<'_>) {
        match (s, t) {
            (State::Server(s), Timer::Election) => self.on_election_timeout(s, ctx),
            (State::Server(s), Timer::Heartbeat) => self.on_heartbeat(s, ctx),
            (State::Server(s), Timer::Batch) => self.end_batch(s, ctx),
            (State::Server(s), Timer::OwnVote { term }) => self.on_own_vote(s, term, ctx),
            (State::Client(c), Timer::Retry { op }) => self.on_retry(c, op, ctx),
            (State::Client(c), Timer::GiveUp { op }) => self.on_give_up(c, op, ctx),
            _ => {}
        }
    }

    fn on_request(&self, s: &mut State, id: OpId, op: &Op, ctx: &mut Context<'_>) {
        if let State::Client(c) = s {
            self.begin(c, id, op, ctx);
        }
    }

    fn label(&self, m: &Message) -> (u8, String) {
        messages::label(m)
    }

    fn epoch(&self, m: &Message) -> u64 {
        messages::term(m)
    }

    fn timer_label(&self, t: &Timer) -> (u8, String) {
        messages::timer_label(t)
    }

    fn timer_kind(&self, t: &Timer) -> u8 {
        messages::timer_kind(t)
    }

    fn card(&self, _role: &str, s: &State, disk: &Disk, _durable: &Disk, card: &mut Card) {
        match s {
            State::Server(s) => card::server(s, disk, card),
            State::Client(c) => self.client_card(c, card),
        }
    }

    fn check(
        &self,
        memory: &mut properties::Memory,
        view: &View<'_, Self>,
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        memory.check(view, step, broken);
    }

    fn why_no_progress(&self, view: &View<'_, Self>) -> Option<String> {
        self.why_stuck(view)
    }
}

impl Raft {
    fn on_server_message(&self, s: &mut Server, from: NodeId, m: Message, ctx: &mut Context<'_>) {
        match m {
            Message::RequestVote { term, last_index, last_term, ballot } => {
                self.on_request_vote(s, from, term, (last_term, last_index), ballot, ctx);
            }
            Message::Vote { term, election, pre, granted } => self.on_vote(s, from, term, election, pre, granted, ctx),
            Message::AppendEntries { term, prev_index, prev_term, commit, round, entries } => {
                let batch = replication::Batch { prev_index, prev_term, commit, entries };
                self.on_append_entries(s, from, term, round, batch, ctx);
            }
            Message::Appended { term, round, result } => self.on_appended(s, from, term, round, result, ctx),
            Message::InstallSnapshot { term, round, snapshot } => {
                self.on_install_snapshot(s, from, term, round, snapshot, ctx);
            }
            Message::TimeoutNow { term } => self.on_timeout_now(s, term, ctx),
            Message::Ask { serial, what } => self.on_ask(s, from, serial, what, ctx),
            // Addressed to the wrong role, by an adversary.
            Message::Answer { .. } => {}
        }
    }
}
