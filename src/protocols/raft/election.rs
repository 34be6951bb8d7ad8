//! Leader election (sections 5.2 and 5.4.1), with pre-vote (dissertation, section 9.6) and the refusal to vote while a
//! leader is heard (section 6, end; dissertation, section 4.2.3).

use super::log::Payload;
use super::messages::{Ballot, Message, Timer};
use super::replication::{Item, Leading, Why};
use super::{Bug, Context, Raft, Role, Server};
use crate::base::{Micros, NodeId};
use serde::{Deserialize, Serialize};

/// Who has answered a candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Votes {
    pub granted: Vec<NodeId>,
    pub refused: Vec<NodeId>,
}

impl Raft {
    pub(super) fn on_election_timeout(&self, s: &mut Server, ctx: &mut Context<'_>) {
        s.armed = None;
        match &s.role {
            Role::Leader(_) => return,
            // "Another election timeout elapses over the period with no winner" (section 5.2): many have answered, but
            // no quorum for one.
            Role::Candidate(votes)
                if self.agreed(&s.config, &|n| u64::from(votes.granted.contains(&n) || votes.refused.contains(&n)))
                    == 1 =>
            {
                ctx.note(format!("split vote: nobody won term {} here", s.term));
            }
            _ => {}
        }
        if s.electable(ctx.me()) {
            s.elections += 1;
            self.campaign(s, if self.pre_vote { Ballot::PreVote } else { Ballot::Vote }, ctx);
        }
    }

    /// "To begin an election, a follower increments its current term and transitions to candidate state" (section 5.2). In a
    /// pre-vote it does neither yet.
    pub(super) fn campaign(&self, s: &mut Server, ballot: Ballot, ctx: &mut Context<'_>) {
        let me = ctx.me();
        let pre = ballot == Ballot::PreVote;
        s.leader = None;
        if !pre || self.has(Bug::PreVoteRaisesTerm) {
            s.term += 1;
            s.vote = Some(me);
            s.unsaved = true;
        }
        if !pre {
            ctx.note(format!("stands for election: in term {}", s.term));
        }
        let votes = Votes { granted: vec![me], refused: Vec::new() };
        let wins = self.agreed(&s.config, &|n| u64::from(n == me)) == 1;
        s.role = if pre { Role::PreCandidate(votes) } else { Role::Candidate(votes) };
        self.arm(s, ctx);
        self.persist(s, ctx);
        match (wins, pre) {
            (true, true) => return self.campaign(s, Ballot::Vote, ctx),
            // Others' votes arrive after its own is durable; when it needs none it waits for that all the same: it could
            // crash, forget that it was elected, and elect another in this term.
            (true, false) => return ctx.set_timer(Micros::ZERO, &Timer::OwnVote { term: s.term }),
            _ => {}
        }
        let log = &ctx.disk().log;
        let term = if pre { s.term + 1 } else { s.term };
        let request = Message::RequestVote { term, last_index: log.last_index(), last_term: log.last_term(), ballot };
        for node in s.config.everyone() {
            if node != me {
                ctx.send(node, &request);
            }
        }
    }

    pub(super) fn on_own_vote(&self, s: &mut Server, term: u64, ctx: &mut Context<'_>) {
        if s.term == term && matches!(s.role, Role::Candidate(_)) {
            self.lead(s, ctx);
        }
    }

    pub(super) fn on_request_vote(
        &self,
        s: &mut Server,
        from: NodeId,
        term: u64,
        last: (u64, u64),
        ballot: Ballot,
        ctx: &mut Context<'_>,
    ) {
        let pre = ballot == Ballot::PreVote;
        // "If a server receives a RequestVote request within the minimum election timeout of hearing from a current
        // leader, it does not update its term or grant its vote" (dissertation, section 4.2.3).
        let refuses = (self.sticky && ballot != Ballot::Transfer || pre) && self.hears_leader(s, ctx);
        if !refuses && !pre {
            self.observe(s, term, ctx);
        }
        let log = &ctx.disk().log;
        // Section 5.4.1: the later last term, or in the same term the longer log.
        let up_to_date = last >= (log.last_term(), log.last_index()) || self.has(Bug::NoUpToDateCheck);
        let free = s.vote.is_none() || s.vote == Some(from) || self.has(Bug::DoubleVote);
        let granted = !refuses && up_to_date && (term == s.term && free || pre && term > s.term);
        if granted && !pre {
            if s.vote != Some(from) {
                s.vote = Some(from);
                s.unsaved = true;
            }
            self.arm(s, ctx);
        }
        self.persist(s, ctx);
        ctx.send(from, &Message::Vote { term: s.term, election: term, pre, granted });
    }

    /// Within the shortest election time-out of hearing from a leader; a leader hears itself while a quorum answers it.
    fn hears_leader(&self, s: &Server, ctx: &Context<'_>) -> bool {
        let heard = match &s.role {
            Role::Leader(leading) => leading.quorum_at,
            _ => s.heard,
        };
        let now = ctx.local_now();
        heard.is_some_and(|heard| heard <= now && now < heard.plus(self.timeout_min))
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn on_vote(
        &self,
        s: &mut Server,
        from: NodeId,
        term: u64,
        election: u64,
        pre: bool,
        granted: bool,
        ctx: &mut Context<'_>,
    ) {
        self.observe(s, term, ctx);
        let expected = if pre { s.term + 1 } else { s.term };
        let votes = match &mut s.role {
            Role::PreCandidate(votes) if pre && election == expected => votes,
            Role::Candidate(votes) if !pre && election == expected => votes,
            _ => return self.persist(s, ctx),
        };
        let list = if granted { &mut votes.granted } else { &mut votes.refused };
        // Who is in an earlier term refuses because it hears a leader: it has voted for nobody else.
        if !list.contains(&from) && (granted || term == s.term) {
            list.push(from);
        }
        let wins = granted && self.agreed(&s.config, &|n| u64::from(votes.granted.contains(&n))) == 1;
        match (wins, pre) {
            (true, true) => self.campaign(s, Ballot::Vote, ctx),
            (true, false) => self.lead(s, ctx),
            _ => {}
        }
    }

    /// "Upon election: send initial empty AppendEntries RPCs" (figure 2); here they carry the no-op that a leader commits
    /// at the start of its term (section 8).
    fn lead(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let me = ctx.me();
        let voters = match &s.role {
            Role::Candidate(votes) => votes.granted.clone(),
            _ => Vec::new(),
        };
        let names: Vec<&str> = voters.iter().map(|n| ctx.setup().name(*n)).collect();
        ctx.note(format!("becomes leader: of term {}, elected by {}", s.term, names.join(", ")));
        self.disarm(s, ctx);
        s.leader = Some(me);
        s.elections = 0;
        let last = ctx.disk().log.last_index();
        let begins = !self.has(Bug::CommitOldTerms);
        s.role = Role::Leader(Box::new(Leading::new(last + u64::from(begins), ctx.local_now())));
        self.watch_members(s, ctx);
        ctx.set_timer(self.heartbeat, &Timer::Heartbeat);
        if begins {
            self.append(s, vec![Item { payload: Payload::NoOp, asked: None }], Why::Heartbeat, ctx);
        } else {
            self.broadcast(s, ctx);
        }
    }
}
