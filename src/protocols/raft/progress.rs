//! Why operations make no progress.

use super::{Raft, Role, Server, State};
use crate::base::NodeId;
use crate::sim::protocol::View;

impl Raft {
    pub(super) fn why_stuck(&self, view: &View<'_, Self>) -> Option<String> {
        let servers = view.setup.nodes.iter().enumerate().filter(|(_, n)| !n.client).map(|(i, _)| NodeId(i as u16));
        let mut up: Vec<(NodeId, &Server)> = Vec::new();
        let mut down = Vec::new();
        for node in servers {
            match view.state(node) {
                Some(State::Server(s)) => up.push((node, s)),
                _ => down.push(view.setup.name(node)),
            }
        }
        let mut waits = Vec::new();
        for node in view.setup.role("client") {
            let Some(State::Client(c)) = view.state(node) else { continue };
            for p in c.pending.iter().take(3) {
                let name = view.setup.name(node);
                waits.push(format!(
                    "{name} waits for {} since {}, asks {}",
                    p.what,
                    p.begun,
                    view.setup.name(c.server)
                ));
            }
        }
        // A leader that nobody asks for anything is well; without one nobody could be answered.
        let led = up.iter().any(|(_, s)| matches!(s.role, Role::Leader(_)));
        if waits.is_empty() && led {
            return None;
        }
        let down = if down.is_empty() { String::new() } else { format!("; down: {}", down.join(", ")) };
        let why = format!("{}{down}", self.why_no_leader(view, &up));
        Some([vec![why], waits].concat().join("; "))
    }

    /// The newest configuration that anybody up has decides what a majority is.
    fn why_no_leader(&self, view: &View<'_, Self>, up: &[(NodeId, &Server)]) -> String {
        let name = |node: NodeId| view.setup.name(node);
        let newest = |s: &Server| (s.commit >= s.config_index, s.config_index);
        let Some((_, by)) = up.iter().max_by_key(|(_, s)| newest(s)) else { return "no server is up".into() };
        let voters = by.config.everyone();
        let voting = up.iter().filter(|(node, _)| voters.contains(node)).count();
        if !by.config.quorum(|n| up.iter().any(|(node, _)| *node == n)) {
            return format!("no majority is up: {voting} of {} voters", voters.len());
        }
        if let Some((node, s)) =
            up.iter().filter(|(_, s)| matches!(s.role, Role::Leader(_))).max_by_key(|(_, s)| s.term)
        {
            let Role::Leader(leading) = &s.role else { unreachable!("just filtered") };
            let last = view.disk(*node).log.last_index();
            let acks: Vec<String> =
                leading.peers.iter().map(|peer| format!("{} to {}", name(peer.node), peer.matched)).collect();
            return format!(
                "{} leads in term {} and has committed {} of {last} entries; it knows the others to match: {}",
                name(*node),
                s.term,
                s.commit,
                acks.join(", ")
            );
        }
        let elections = up.iter().map(|(_, s)| s.elections).max().unwrap_or(0);
        let mut reasons = Vec::new();
        for (node, s) in up.iter().filter(|(node, _)| voters.contains(node)) {
            let log = &view.disk(*node).log;
            let (index, term) = (log.last_index(), log.last_term());
            let stands = match &s.role {
                Role::Candidate(v) | Role::PreCandidate(v) => {
                    format!("stands for election, {} for it, {} against", v.granted.len(), v.refused.len())
                }
                _ => s.vote.map_or("has not voted".into(), |vote| format!("voted for {}", name(vote))),
            };
            reasons.push(format!("{} in term {} with a log to {index} of term {term} {stands}", name(*node), s.term));
        }
        format!(
            "a majority is up ({voting} of {} voters), yet there is no leader after {elections} election time-outs: {}",
            voters.len(),
            reasons.join(", ")
        )
    }
}
