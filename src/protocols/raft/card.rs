//! How a server looks, and its named observations.

use super::replication::Peer;
use super::{Disk, Role, Server};
use crate::base::NodeId;
use crate::sim::protocol::Card;
use crate::wire::{Cell, Datum, Tone, Vote};

/// The newest entries are shown.
const CELLS_SHOWN: u64 = 8;

pub(super) fn server(s: &Server, disk: &Disk, card: &mut Card) {
    let (role, tone) = match &s.role {
        Role::Leader(_) => ("leader", Tone::Leader),
        Role::Candidate(_) => ("candidate", Tone::Candidate),
        Role::PreCandidate(_) => ("pre-candidate", Tone::Candidate),
        Role::Follower if s.config_index > 0 || s.armed.is_some() => ("follower", Tone::Follower),
        Role::Follower => ("spare", Tone::Neutral),
    };
    card.role = role.into();
    card.tone = Some(tone);
    card.headline = format!("term {}", s.term);
    card.epoch = s.term;
    if let Role::Candidate(votes) | Role::PreCandidate(votes) = &s.role {
        let granted = |n: &NodeId| match (votes.granted.contains(n), votes.refused.contains(n)) {
            (false, false) => None,
            (granted, _) => Some(granted),
        };
        card.votes = s.config.everyone().iter().map(|n| Vote { by: n.0, granted: granted(n) }).collect();
    }
    if let Role::Leader(leading) = &s.role {
        let words = |peer: &Peer| format!("match {} · next {}", peer.matched, peer.next);
        card.knows = leading.peers.iter().map(|peer| (peer.node, words(peer))).collect();
    }
    let log = &disk.log;
    let first = (log.last_index() + 1).saturating_sub(CELLS_SHOWN).max(log.base() + 1);
    for index in first..=log.last_index() {
        if let Some(entry) = log.get(index) {
            card.cells.push(Cell { text: entry.to_string(), firm: index <= s.commit, epoch: entry.term });
        }
    }
    let int = |n: u64| Datum::Int(n as i64);
    let node = |node: Option<NodeId>| node.map_or(Datum::None, |node| Datum::Int(i64::from(node.0)));
    let mut probe = |name: &str, value: Datum| card.probes.push((name.into(), value));
    probe("term", int(s.term));
    probe("voted-for", node(s.vote));
    probe("leader", node(s.leader));
    probe("commit-index", int(s.commit));
    probe("last-applied", int(s.applied));
    probe("log-length", int(log.last_index()));
    probe("snapshot-index", int(disk.snapshot.as_ref().map_or(0, |snapshot| snapshot.last_index)));
    probe("voters", int(s.config.everyone().len() as u64));
    if let Role::Candidate(votes) | Role::PreCandidate(votes) = &s.role {
        probe("votes", int(votes.granted.len() as u64));
    }
    if let Role::Leader(leading) = &s.role {
        probe("next-index", Datum::List(leading.peers.iter().map(|peer| int(peer.next)).collect()));
        probe("match-index", Datum::List(leading.peers.iter().map(|peer| int(peer.matched)).collect()));
    }
    for (key, value) in s.machine.map.iter().take(8) {
        probe(&format!("value.{key}"), value.clone());
        if ["x", "y", "z"].contains(&key.as_str()) {
            probe(key, value.clone());
        }
    }
}
