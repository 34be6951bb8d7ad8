//! Log replication (section 5.3), from both sides, and the commit rule (section 5.4.2).

use super::log::{Command, Entries, Entry, Payload};
use super::membership::Change;
use super::messages::{Appended, Message, Ticket, Timer};
use super::reads::Read;
use super::transfer::Transfer;
use super::{Bug, Context, Raft, Role, Server};
use crate::base::{Micros, NodeId};
use crate::wire::Op;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::VecDeque;
use std::rc::Rc;

/// Messages of entries that a leader sends ahead of a follower's answers.
const WINDOW: u64 = 4;
/// Rounds of heartbeats whose time is remembered.
const ROUNDS_MAX: usize = 256;

/// What only a leader keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leading {
    /// When its term began, on its clock, and the index of its first entry.
    pub since: Micros,
    pub first: u64,
    /// In the order of their nodes.
    pub peers: Vec<Peer>,
    /// Counts rounds of heartbeats, from 1; when those began whose answers may still count.
    pub round: u64,
    pub rounds: VecDeque<(u64, Micros)>,
    /// When the last round began that a quorum has answered.
    pub quorum_at: Option<Micros>,
    /// It has asked another to take over: from then on its lease protects nothing (dissertation, section 6.4.1).
    pub waived: bool,
    /// Clients that wait for an entry to be applied.
    pub waiting: VecDeque<Waiting>,
    pub batch: Vec<Item>,
    pub reads: VecDeque<Read>,
    pub change: Option<Change>,
    /// The newest configuration that it saw committed.
    pub settled_config: u64,
    pub transfer: Option<Transfer>,
}

/// What a leader knows of another server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peer {
    pub node: NodeId,
    pub next: u64,
    pub matched: u64,
    /// The last round that it answered.
    pub acked: u64,
    pub flow: Flow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flow {
    /// `next` is a guess: one message at a time.
    Probe,
    /// `next` is known to be right: entries are sent ahead.
    Replicate,
    /// A snapshot is on its way since then.
    Snapshot(Micros),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub index: u64,
    pub client: NodeId,
    pub serial: u32,
}

/// Something to append, and who waits for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    pub payload: Payload,
    pub asked: Option<(NodeId, u32)>,
}

/// The contents of AppendEntries.
pub struct Batch {
    pub prev_index: u64,
    pub prev_term: u64,
    pub commit: u64,
    pub entries: Entries,
}

/// Why a leader sends.
#[derive(Clone, Copy, PartialEq)]
pub enum Why {
    NewEntries,
    Answered,
    Heartbeat,
}

impl Leading {
    pub fn new(first: u64, now: Micros) -> Leading {
        Leading {
            since: now,
            first,
            peers: Vec::new(),
            round: 1,
            rounds: VecDeque::from([(1, now)]),
            quorum_at: None,
            waived: false,
            waiting: VecDeque::new(),
            batch: Vec::new(),
            reads: VecDeque::new(),
            change: None,
            settled_config: 0,
            transfer: None,
        }
    }

    pub fn peer(&self, node: NodeId) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.node == node)
    }

    pub fn matched(&self, node: NodeId) -> u64 {
        self.peer(node).map_or(0, |peer| peer.matched)
    }

    /// Whether this operation of the client is in the log, or will be.
    pub fn waits(&self, client: NodeId, serial: u32) -> bool {
        self.waiting.iter().any(|waits| (waits.client, waits.serial) == (client, serial))
            || self.batch.iter().any(|item| item.asked == Some((client, serial)))
    }

    pub fn next_round(&mut self, now: Micros) {
        self.round += 1;
        self.rounds.push_back((self.round, now));
        if self.rounds.len() > ROUNDS_MAX {
            self.rounds.pop_front();
        }
    }
}

impl Payload {
    pub fn read(key: SmolStr) -> Payload {
        Payload::write(Ticket::default(), Op { f: "get".into(), key, value: crate::wire::Datum::None })
    }

    pub fn write(ticket: Ticket, op: Op) -> Payload {
        Payload::Command(Rc::new(Command { ticket, op }))
    }
}

// The leader's side.
impl Raft {
    /// A command is appended at once, or with others after a short wait.
    pub(super) fn on_command(
        &self,
        s: &mut Server,
        client: NodeId,
        serial: u32,
        payload: Payload,
        ctx: &mut Context<'_>,
    ) {
        let Role::Leader(leading) = &mut s.role else { return };
        let item = Item { payload, asked: Some((client, serial)) };
        if self.batch_wait == Micros::ZERO {
            return self.append(s, vec![item], Why::NewEntries, ctx);
        }
        leading.batch.push(item);
        if leading.batch.len() as u64 >= self.entries_max {
            ctx.cancel_timer(&Timer::Batch);
            self.end_batch(s, ctx);
        } else if leading.batch.len() == 1 {
            ctx.set_timer(self.batch_wait, &Timer::Batch);
        }
    }

    pub(super) fn end_batch(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if let Role::Leader(leading) = &mut s.role
            && !leading.batch.is_empty()
        {
            let items = std::mem::take(&mut leading.batch);
            self.append(s, items, Why::NewEntries, ctx);
        }
    }

    /// "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in parallel" (section 5.3).
    /// Its own disk syncs meanwhile (dissertation, section 10.2.1).
    pub(super) fn append(&self, s: &mut Server, items: Vec<Item>, why: Why, ctx: &mut Context<'_>) {
        let term = s.term;
        let first = ctx.disk().log.last_index() + 1;
        for (index, Item { payload, asked }) in (first..).zip(items) {
            if let Payload::Config(config) = &payload {
                (s.config, s.config_index) = (Rc::clone(config), index);
            }
            if let (Role::Leader(leading), Some((client, serial))) = (&mut s.role, asked) {
                leading.waiting.push_back(Waiting { index, client, serial });
            }
            ctx.disk_mut().log.push(Entry { term, payload });
        }
        s.wrote(first);
        self.send_all(s, why, ctx);
        self.persist(s, ctx);
        self.advance_commit(s, ctx);
    }

    /// A new round of heartbeats to all.
    pub(super) fn broadcast(&self, s: &mut Server, ctx: &mut Context<'_>) {
        if let Role::Leader(leading) = &mut s.role {
            leading.next_round(ctx.local_now());
            self.send_all(s, Why::Heartbeat, ctx);
            self.renew(s, ctx);
        }
    }

    pub(super) fn on_heartbeat(&self, s: &mut Server, ctx: &mut Context<'_>) {
        self.broadcast(s, ctx);
        self.give_up_transfer(s, ctx);
        self.give_up_change(s, ctx);
        let Role::Leader(leading) = &s.role else { return };
        // "A leader steps down if an election timeout elapses without a successful round of heartbeats to a majority of
        // its cluster" (dissertation, section 6.2).
        let fresh = leading.quorum_at.unwrap_or_default().max(leading.since);
        let lost = ctx.local_now() >= fresh.plus(self.timeout_max) && !self.has(Bug::ExpiredLease);
        if self.check_quorum && lost {
            ctx.note("lost its quorum: nobody answered for an election time-out");
            self.follow(s, ctx);
        } else {
            ctx.set_timer(self.heartbeat, &Timer::Heartbeat);
        }
    }

    pub(super) fn send_all(&self, s: &mut Server, why: Why, ctx: &mut Context<'_>) {
        let peers = if let Role::Leader(leading) = &s.role { leading.peers.len() } else { 0 };
        // Where the last message began, and that it led to the log's end: most are sent the same.
        let end = ctx.disk().log.last_index() + 1;
        let mut same = None;
        for place in 0..peers {
            let Role::Leader(leading) = &mut s.role else { return };
            let peer = &mut leading.peers[place];
            let (next, even) = (peer.next, peer.flow == Flow::Replicate && !self.is_ahead(peer));
            if even && same == Some(next) {
                peer.next = end;
                ctx.send_again(peer.node);
                continue;
            }
            self.send_to(s, place, why, ctx);
            let Role::Leader(leading) = &s.role else { return };
            let peer = &leading.peers[place];
            let sent = next < end || why == Why::Heartbeat;
            let one = sent && peer.next == end && end - next <= self.entries_max && peer.flow == Flow::Replicate;
            same = (even && one).then_some(next);
        }
    }

    /// So much was sent that was not answered yet that answers are waited for.
    fn is_ahead(&self, peer: &Peer) -> bool {
        peer.next - peer.matched > WINDOW * self.entries_max
    }

    /// Sends a peer what it lacks: entries, a snapshot when they are compacted (section 7), or a heartbeat.
    pub(super) fn send_to(&self, s: &mut Server, place: usize, why: Why, ctx: &mut Context<'_>) {
        let (term, commit, now) = (s.term, s.commit, ctx.local_now());
        let Role::Leader(leading) = &mut s.role else { return };
        let round = leading.round;
        let peer = &mut leading.peers[place];
        match peer.flow {
            Flow::Probe if why == Why::NewEntries => return,
            Flow::Snapshot(since) if now < since.plus(self.timeout_max) => {
                if why == Why::Heartbeat {
                    // Nothing is known to match but the beginning.
                    let (prev_index, prev_term, commit, entries) = (0, 0, 0, Entries::new());
                    ctx.send(
                        peer.node,
                        &Message::AppendEntries { term, prev_index, prev_term, commit, round, entries },
                    );
                }
                return;
            }
            // It may have been lost.
            Flow::Snapshot(_) => (peer.flow, peer.next) = (Flow::Probe, peer.matched + 1),
            _ => {}
        }
        let mut beats = why == Why::Heartbeat || peer.flow == Flow::Probe;
        loop {
            let log = &ctx.disk().log;
            let Some(prev_term) = log.term_at(peer.next - 1) else { break };
            let ahead = peer.flow == Flow::Replicate && self.is_ahead(peer);
            let entries = if ahead { Entries::new() } else { log.slice(peer.next, self.entries_max) };
            if entries.is_empty() && !beats {
                return;
            }
            beats = false;
            let (prev_index, count) = (peer.next - 1, entries.len() as u64);
            ctx.send(peer.node, &Message::AppendEntries { term, prev_index, prev_term, commit, round, entries });
            if peer.flow == Flow::Probe {
                return;
            }
            peer.next += count;
        }
        if let Some(snapshot) = &ctx.disk().snapshot {
            let snapshot = Rc::clone(snapshot);
            peer.next = snapshot.last_index + 1;
            peer.flow = Flow::Snapshot(now);
            ctx.send(peer.node, &Message::InstallSnapshot { term, round, snapshot });
        }
    }

    pub(super) fn on_appended(
        &self,
        s: &mut Server,
        from: NodeId,
        term: u64,
        round: u64,
        result: Appended,
        ctx: &mut Context<'_>,
    ) {
        self.observe(s, term, ctx);
        self.persist(s, ctx);
        let Role::Leader(leading) = &mut s.role else { return };
        let Some(place) = leading.peers.iter().position(|peer| peer.node == from) else { return };
        if term < s.term {
            return;
        }
        let peer = &mut leading.peers[place];
        let renews = round > peer.acked;
        peer.acked = peer.acked.max(round);
        let more = match result {
            Appended::Matches(index) | Appended::Echo(index) => peer.matches(index),
            Appended::Conflict { prev, term, index } => peer.backs_up(prev, term, index, &ctx.disk().log),
            Appended::Stale => false,
        };
        let matched = peer.matched;
        if more {
            self.send_to(s, place, Why::Answered, ctx);
        }
        let before = s.commit;
        // One who lacks what comes after the commit index can't move it.
        if matched > before || self.has(Bug::ApplyBeforeCommit) {
            self.advance_commit(s, ctx);
        }
        // Reads may wait for the commit index as well.
        let moved = s.commit > before && matches!(&s.role, Role::Leader(leading) if !leading.reads.is_empty());
        if renews || moved {
            self.renew(s, ctx);
        }
        self.catch_up(s, from, ctx);
        self.hand_over(s, ctx);
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term == currentTerm: set
    /// commitIndex = N" (figure 2; figure 8 shows why the term matters).
    pub(super) fn advance_commit(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &s.role else { return };
        let (me, log) = (ctx.me(), &ctx.disk().log);
        let last = log.last_index();
        let reached = |node| if node == me { last } else { leading.matched(node) };
        let index = self.agreed(&s.config, &reached);
        let own = log.term_at(index) == Some(s.term) || self.has(Bug::CommitOldTerms);
        if index > s.commit && own {
            s.commit = index;
            self.apply(s, ctx);
            self.members_committed(s, ctx);
        } else if self.has(Bug::ApplyBeforeCommit) {
            self.apply(s, ctx);
        }
    }

    /// A quorum may have answered a further round: that renews the lease and confirms reads.
    pub(super) fn renew(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let (me, round) = (ctx.me(), leading.round);
        let acked = |node| if node == me { round } else { leading.peer(node).map_or(0, |peer| peer.acked) };
        let agreed = self.agreed(&s.config, &acked);
        while leading.rounds.pop_front_if(|(round, _)| *round < agreed).is_some() {}
        if let Some((round, at)) = leading.rounds.front()
            && *round == agreed
        {
            leading.quorum_at = Some(*at);
        }
        self.answer_reads(s, agreed, ctx);
    }
}

impl Peer {
    /// It holds the leader's entries up to `index`. True when it can be sent more at once.
    fn matches(&mut self, index: u64) -> bool {
        let news = index > self.matched;
        self.matched = self.matched.max(index);
        if index + 1 >= self.next {
            self.flow = Flow::Replicate;
        }
        self.next = self.next.max(index + 1);
        news || self.flow == Flow::Replicate
    }

    /// "The leader can decrement nextIndex to bypass all of the conflicting entries in that term" (end of section 5.3).
    fn backs_up(&mut self, prev: u64, term: u64, index: u64, log: &super::log::Log) -> bool {
        let late = prev <= self.matched || self.flow == Flow::Probe && prev + 1 != self.next;
        if late || matches!(self.flow, Flow::Snapshot(_)) {
            return false;
        }
        let next = if term == 0 { index } else { log.last_of_term(term).map_or(index, |last| last + 1) };
        self.next = next.min(prev).max(self.matched + 1);
        self.flow = Flow::Probe;
        true
    }
}

// The follower's side.
impl Raft {
    pub(super) fn on_append_entries(
        &self,
        s: &mut Server,
        from: NodeId,
        term: u64,
        round: u64,
        batch: Batch,
        ctx: &mut Context<'_>,
    ) {
        if !self.heed(s, from, term, ctx) {
            return;
        }
        let (prev, last, commit) = (batch.prev_index, batch.prev_index + batch.entries.len() as u64, batch.commit);
        let result = match self.accept(s, batch, ctx) {
            Some(conflict) => conflict,
            None if last == prev => Appended::Echo(last),
            None => Appended::Matches(last),
        };
        self.arm(s, ctx);
        self.persist(s, ctx);
        ctx.send(from, &Message::Appended { term: s.term, round, result });
        // "commitIndex = min(leaderCommit, index of last new entry)" (figure 2).
        if !matches!(result, Appended::Conflict { .. }) {
            s.commit = s.commit.max(commit.min(last));
            self.apply(s, ctx);
        }
    }

    /// Recognises the sender as the leader of its term, or tells it that its term is over.
    pub(super) fn heed(&self, s: &mut Server, from: NodeId, term: u64, ctx: &mut Context<'_>) -> bool {
        if term < s.term {
            // No round: the sender may lead again in this term by then, and rounds count anew in each.
            ctx.send(from, &Message::Appended { term: s.term, round: 0, result: Appended::Stale });
            return false;
        }
        self.observe(s, term, ctx);
        // Two leaders in one term: only where a bug is planted.
        if matches!(s.role, Role::Leader(_)) {
            return false;
        }
        self.follow(s, ctx);
        s.leader = Some(from);
        s.heard = Some(ctx.local_now());
        s.elections = 0;
        self.arm(s, ctx);
        true
    }

    /// The consistency check, and the repair of what conflicts (section 5.3; figure 2, AppendEntries 2 to 4).
    fn accept(&self, s: &mut Server, batch: Batch, ctx: &mut Context<'_>) -> Option<Appended> {
        let (prev, log) = (batch.prev_index, &ctx.disk().log);
        if prev > log.last_index() {
            return Some(Appended::Conflict { prev, term: 0, index: log.last_index() + 1 });
        }
        // What was compacted was committed, so it is the leader's.
        if let Some(term) = log.term_at(prev).filter(|term| *term != batch.prev_term)
            && !self.has(Bug::NoConsistencyCheck)
        {
            return Some(Appended::Conflict { prev, term, index: log.first_of_run(prev) });
        }
        let same = |index: u64, entry: &Entry| {
            index <= log.base() || log.term_at(index) == Some(entry.term) && !self.has(Bug::TruncateMatching)
        };
        let mut entries = batch.entries.into_iter();
        let mut index = prev + 1;
        let rest = loop {
            match entries.next() {
                None => return None,
                Some(entry) if same(index, &entry) => index += 1,
                Some(entry) => break std::iter::once(entry).chain(entries),
            }
        };
        if index <= log.last_index() {
            self.truncate(s, index, ctx);
        }
        s.wrote(index);
        for entry in rest {
            if let Payload::Config(config) = &entry.payload {
                (s.config, s.config_index) = (Rc::clone(config), index);
            }
            ctx.disk_mut().log.push(entry);
            index += 1;
        }
        None
    }

    /// "If an existing entry conflicts with a new one, delete the existing entry and all that follow it"; a configuration
    /// among them is in force no more.
    fn truncate(&self, s: &mut Server, index: u64, ctx: &mut Context<'_>) {
        let last = ctx.disk().log.last_index();
        ctx.note(format!("truncates its log: drops entries {index} to {last}"));
        ctx.disk_mut().log.truncate(index);
        if index <= s.config_index {
            (s.config, s.config_index) = self.newest_config(ctx);
        }
    }
}

impl Server {
    /// The log was written from `index` on.
    pub fn wrote(&mut self, index: u64) {
        self.unsaved = true;
        self.writes += 1;
        self.wrote_from = index;
    }
}
