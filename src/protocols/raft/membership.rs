//! Changes of the members: one server at a time (dissertation, chapter 4), or from any set to any other through a joint
//! configuration (section 6).
//!
//! New servers first catch up without a vote, in rounds (dissertation, section 4.2.1). A change begins only when the one
//! before is committed, and when an entry of the leader's own term is: without the second, two leaders whose configurations
//! differ from the same third one could have disjoint majorities (Ongaro, raft-dev, 10 July 2015).

use super::config::Config;
use super::log::Payload;
use super::messages::{Ask, Message, Reply};
use super::replication::{Flow, Item, Peer, Why};
use super::{Bug, Context, Raft, Role, Server};
use crate::base::{Micros, NodeId};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// "The algorithm waits a fixed number of rounds (such as 10)" (dissertation, section 4.2.1).
const ROUNDS_MAX: u32 = 10;

/// A change that a client waits for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    pub client: NodeId,
    pub serial: u32,
    pub voters: Vec<NodeId>,
    pub joint: bool,
    /// Those who catch up before it is appended.
    pub joining: Vec<NodeId>,
    pub appended: bool,
    pub began: Micros,
    /// The present round: its number, its beginning, and the index that it leads to.
    pub round: u32,
    pub round_began: Micros,
    pub round_to: u64,
}

impl Raft {
    pub(super) fn on_change(&self, s: &mut Server, client: NodeId, serial: u32, what: Ask, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let mut voters = s.config.voters.clone();
        let joint = matches!(what, Ask::ChangeMembers(_));
        match what {
            Ask::AddServer(node) => voters.push(node),
            Ask::RemoveServer(node) => voters.retain(|voter| *voter != node),
            Ask::ChangeMembers(nodes) => voters = nodes,
            _ => return,
        }
        let voters = Config::of(voters).voters;
        let settled = s.config.old.is_none() && s.config_index <= s.commit;
        let own = leading.first <= s.commit;
        let under_way = leading.transfer.is_some() || leading.change.as_ref().is_some_and(|c| c.voters != voters);
        let reply = if voters.is_empty() {
            Reply::Refused("a cluster without members serves nobody".into())
        } else if voters == s.config.voters && settled {
            Reply::Done { value: Datum::None, index: s.config_index }
        } else if (under_way || !settled || !own) && !self.has(Bug::OverlappingChanges) {
            Reply::Later
        } else if let Some(change) = leading.change.as_mut().filter(|change| change.voters == voters) {
            (change.client, change.serial) = (client, serial);
            return;
        } else {
            let joining = voters.iter().copied().filter(|node| !s.config.contains(*node)).collect();
            let (began, round_to) = (ctx.local_now(), ctx.disk().log.last_index());
            leading.change = Some(Change {
                client,
                serial,
                voters,
                joint,
                joining,
                appended: false,
                began,
                round: 1,
                round_began: began,
                round_to,
            });
            self.watch_members(s, ctx);
            return self.begin_change(s, ctx);
        };
        ctx.send(client, &Message::Answer { serial, reply });
    }

    /// Those who join are sent what they lack; if nobody joins, the configuration is appended at once.
    fn begin_change(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let Some(change) = &mut leading.change else { return };
        if !change.joining.is_empty() {
            return self.send_all(s, Why::Answered, ctx);
        }
        change.appended = true;
        let old = change.joint.then(|| s.config.voters.clone());
        let config = Rc::new(Config { voters: change.voters.clone(), old });
        self.append_config(s, config, ctx);
    }

    /// The configuration is in force at once, and goes to its own members.
    fn append_config(&self, s: &mut Server, config: Rc<Config>, ctx: &mut Context<'_>) {
        (s.config, s.config_index) = (Rc::clone(&config), ctx.disk().log.last_index() + 1);
        self.watch_members(s, ctx);
        self.append(s, vec![Item { payload: Payload::Config(config), asked: None }], Why::NewEntries, ctx);
    }

    /// The leader's list of peers follows the configuration and those who join.
    pub(super) fn watch_members(&self, s: &mut Server, ctx: &Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let mut nodes = s.config.everyone();
        nodes.extend(leading.change.iter().filter(|c| !c.appended).flat_map(|c| &c.joining));
        let (me, next) = (ctx.me(), ctx.disk().log.last_index() + 1);
        let nodes = Config::of(nodes).voters.into_iter().filter(|node| *node != me);
        let known = std::mem::take(&mut leading.peers);
        let fresh = |node| Peer { node, next, matched: 0, acked: 0, flow: Flow::Probe };
        leading.peers =
            nodes.map(|node| known.iter().find(|p| p.node == node).cloned().unwrap_or_else(|| fresh(node))).collect();
    }

    /// A server that joins has got further. When all have what there was at the beginning of the round, and the round was
    /// shorter than an election time-out, they would not hold the cluster up.
    pub(super) fn catch_up(&self, s: &mut Server, from: NodeId, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let Some(change) = leading.change.as_mut().filter(|c| !c.appended && c.joining.contains(&from)) else { return };
        let matched = |node: &NodeId| leading.peers.iter().find(|p| p.node == *node).map_or(0, |p| p.matched);
        if change.joining.iter().any(|node| matched(node) < change.round_to) {
            return;
        }
        let now = ctx.local_now();
        if now.since(change.round_began) <= self.timeout_min {
            change.joining.clear();
            self.begin_change(s, ctx);
        } else if change.round < ROUNDS_MAX {
            change.round += 1;
            change.round_began = now;
            change.round_to = ctx.disk().log.last_index();
        } else {
            self.drop_change(s, ctx);
        }
    }

    /// "The leader should abort the change if the new server is unavailable or is so slow that it will never catch up."
    pub(super) fn give_up_change(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        let patience = Micros(self.timeout_max.0.saturating_mul(u64::from(ROUNDS_MAX)));
        let now = ctx.local_now();
        if leading.change.as_ref().is_some_and(|c| !c.appended && now.since(c.began) > patience) {
            self.drop_change(s, ctx);
        }
    }

    fn drop_change(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        if let Some(change) = leading.change.take() {
            let reply = Reply::Refused("a new server does not catch up".into());
            ctx.send(change.client, &Message::Answer { serial: change.serial, reply });
            self.watch_members(s, ctx);
        }
    }

    /// After something was committed: from a joint configuration on to the new one; and a leader that is no member any more
    /// "steps down once it has committed the C_new log entry" (section 6).
    pub(super) fn members_committed(&self, s: &mut Server, ctx: &mut Context<'_>) {
        let Role::Leader(leading) = &mut s.role else { return };
        if s.commit < s.config_index || leading.settled_config >= s.config_index {
            return;
        }
        leading.settled_config = s.config_index;
        if s.config.old.is_some() {
            let config = Rc::new(s.config.without_old());
            return self.append_config(s, config, ctx);
        }
        if s.config_index >= leading.first {
            let names: Vec<&str> = s.config.voters.iter().map(|node| ctx.setup().name(*node)).collect();
            let names = names.join(", ");
            ctx.note(format!("membership changed: to {names}"));
        }
        if let Some(change) = leading.change.take_if(|c| c.appended && c.voters == s.config.voters) {
            let reply = Reply::Done { value: Datum::None, index: s.config_index };
            ctx.send(change.client, &Message::Answer { serial: change.serial, reply });
        }
        if !s.config.contains(ctx.me()) {
            self.follow(s, ctx);
        }
    }

    /// The highest value that a quorum has reached.
    pub(super) fn agreed(&self, config: &Config, value: &dyn Fn(NodeId) -> u64) -> u64 {
        if config.old.is_some() && self.has(Bug::JointByNewMajority) {
            config.without_old().agreed(value)
        } else {
            config.agreed(value)
        }
    }
}
