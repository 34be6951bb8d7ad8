//! The master: hears who is alive and decides who is in the chain, in which order (CR, section 3.2).
//!
//! It is one node, and its decisions are on its disk before anybody hears of them.

use super::{Bug, Chain, Configuration, Context, Message, Timer};
use crate::base::{Micros, NodeId};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Master {
    pub configuration: Configuration,
    /// When each server was heard last, by the own clock.
    pub heard: LiteMap<NodeId, Micros>,
}

impl Chain {
    /// Everybody is given the benefit of the doubt for as long as silence is allowed to last: leases that an earlier life
    /// gave end before that.
    pub(super) fn start_master(&self, ctx: &mut Context<'_>) -> Master {
        if ctx.disk().configuration.number == 0 {
            let first = Configuration::first(ctx.setup(), self.replicas);
            ctx.disk_mut().configuration = first;
        }
        ctx.sync();
        ctx.set_timer(self.ping_interval, &Timer::Look);
        let now = ctx.local_now();
        let heard = ctx.setup().role("server").map(|server| (server, now)).collect();
        Master { configuration: ctx.disk().configuration.clone(), heard }
    }

    pub(super) fn on_ping(
        &self,
        s: &mut Master,
        from: NodeId,
        number: u64,
        ready: bool,
        sent: Micros,
        ctx: &mut Context<'_>,
    ) {
        s.heard.insert(from, ctx.local_now());
        let known = &s.configuration;
        if ready && known.joining == Some(from) && known.number == number {
            let servers = known.servers.iter().copied().chain([from]).collect();
            self.change(s, servers, None, ctx);
        }
        ctx.send(from, &Message::Configured { configuration: s.configuration.clone(), heard: Some(sent) });
    }

    pub(super) fn on_look(&self, s: &mut Master, ctx: &mut Context<'_>) {
        let now = ctx.local_now();
        let live = |n: &NodeId| s.heard.get(n).is_some_and(|at| now.since(*at) < self.dead_after);
        let known = &s.configuration;
        let mut servers: Vec<NodeId> = known.servers.iter().copied().filter(live).collect();
        // Nobody else has what these have.
        if servers.is_empty() {
            servers.clone_from(&known.servers);
        }
        let spare = |n: &NodeId| live(n) && !servers.contains(n);
        let wanted = servers.len() < self.replicas;
        let joining = known.joining.filter(spare).or_else(|| s.heard.keys().copied().find(spare)).filter(|_| wanted);
        match joining.filter(|_| self.has(Bug::JoinWithoutState)) {
            Some(added) => {
                servers.push(added);
                self.change(s, servers, None, ctx);
            }
            None if (&servers, joining) != (&known.servers, known.joining) => self.change(s, servers, joining, ctx),
            None => {}
        }
        ctx.set_timer(self.ping_interval, &Timer::Look);
    }

    fn change(&self, s: &mut Master, servers: Vec<NodeId>, joining: Option<NodeId>, ctx: &mut Context<'_>) {
        s.configuration = Configuration { number: s.configuration.number + 1, servers, joining };
        if !self.has(Bug::ConfigurationNotPersisted) {
            ctx.disk_mut().configuration = s.configuration.clone();
            ctx.sync();
        }
        ctx.note(format!("chain changes: {}", s.configuration.words(ctx.setup())));
        let news = Message::Configured { configuration: s.configuration.clone(), heard: None };
        let servers: Vec<NodeId> = ctx.setup().role("server").collect();
        servers.into_iter().for_each(|server| ctx.send(server, &news));
    }
}
