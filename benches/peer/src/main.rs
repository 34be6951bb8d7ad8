//! Commits a second of our Raft, simulated message by message, beside the crate `raft` (of TiKV) driven by a plain loop:
//! five servers, one request in flight, eight messages among servers for a commit on both sides. Ours sends the client's
//! request and the answer as messages besides, and delivers each of the ten as an event at zero latency.

use faultline::base::Micros;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::world::{Watch, World};
use faultline::wire::SourceFile;
use raft::prelude::{ConfState, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use slog::{Discard, Logger, o};
use std::collections::VecDeque;
use std::time::Instant;

const COMMITS: u64 = 100_000;
const ROUNDS: usize = 7;

fn main() {
    // `peer profile`: a short run of ours alone, for a profiler.
    if std::env::args().nth(1).as_deref() == Some("profile") {
        println!("{:.3} s", ours(COMMITS / 10, 1, "0ms"));
        return;
    }
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        rates[0].push(rate(|| peer(COMMITS)));
        rates[1].push(rate(|| ours(COMMITS, 1, "0ms")));
        rates[2].push(rate(|| ours(COMMITS, 64, "1ms")));
    }
    let [peer, ours, batched] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    println!("raft 0.7, a plain loop, one in flight:         {:>9.0} commits/s", peer);
    println!(
        "ours, every message an event, one in flight:   {:>9.0} commits/s, ratio {:.2} (wanted: 1.5)",
        ours,
        ours / peer
    );
    println!("ours, batches of up to 64 from 64 clients:     {:>9.0} commits/s, ratio {:.2}", batched, batched / peer);
}

/// Of `COMMITS`, a second.
fn rate(run: impl FnOnce() -> f64) -> f64 {
    COMMITS as f64 / run()
}

/// Seconds for so many commits, by so many clients that each wait for their answer.
fn ours(commits: u64, clients: u64, batch_wait: &str) -> f64 {
    let limit = commits / clients;
    let text = format!(
        r#"{{"version": 1, "protocol": "raft", "seed": 3, "network": {{"latency": {{"constant": "0us"}}}}, "disk": {{"constant": "0us"}},
        "parameters": {{"election-timeout-min": "1h", "election-timeout-max": "1h", "heartbeat-interval": "1h",
          "retry-after": "1h", "give-up-after": "2h", "batch-wait": "{batch_wait}", "entries-max": 64}},
        "nodes": [{{"name": "n", "role": "server", "count": 5}}, {{"name": "c", "role": "client", "count": {clients}}}],
        "commands": [{{"at": "1ms", "do": {{"fire-timer": {{"timer": "0!1"}}}}}},
          {{"at": "2s", "do": {{"workload": {{"client": "client", "arrivals": {{"closed": {{"think": {{"constant": "0us"}}}}}},
            "mix": {{"put": 1}}, "limit": {limit}}}}}}}]}}"#
    );
    let file = SourceFile { name: "ours.json".into(), text };
    let blueprint = Blueprint::read(&file, protocols::all()).expect("a good scenario");
    let mut world = blueprint.world(Watch { properties: false, hash: false });
    world.boot(&mut None);
    for entry in blueprint.script() {
        run(&mut world, entry.at);
        world.advance_clock(entry.at.0);
        world.apply(&entry.command, &mut None).expect("a good command");
    }
    let start = Instant::now();
    run(&mut world, Micros::s(600));
    let took = start.elapsed().as_secs_f64();
    let committed = world
        .card(faultline::base::NodeId(0))
        .probes
        .iter()
        .find(|(name, _)| name == "commit-index")
        .map(|(_, n)| n.to_string());
    let least = limit * clients;
    let committed: u64 = committed.and_then(|n| n.parse().ok()).expect("the leader's probe");
    assert!(committed >= least, "{committed} entries are committed, expected {least}");
    took
}

fn run(world: &mut World, until: Micros) {
    while world.step(until.0, &mut None).is_some() {}
}

struct Peers {
    nodes: Vec<RawNode<MemStorage>>,
    mail: VecDeque<Message>,
    applied: u64,
    sent: u64,
}

/// The same by the peer. It is told not to broadcast each commit on its own: the next entry carries it, as ours does.
fn peer(commits: u64) -> f64 {
    let logger = Logger::root(Discard, o!());
    let members = ConfState { voters: vec![1, 2, 3, 4, 5], ..ConfState::default() };
    let node = |id| {
        let config = Config { id, election_tick: 10, heartbeat_tick: 3, skip_bcast_commit: true, ..Config::default() };
        let storage = MemStorage::new_with_conf_state(members.clone());
        RawNode::new(&config, storage, &logger).expect("a good configuration")
    };
    let mut peers = Peers { nodes: (1..=5).map(node).collect(), mail: VecDeque::new(), applied: 0, sent: 0 };
    peers.nodes[0].campaign().expect("it may stand");
    peers.settle();
    assert_eq!(peers.nodes[0].raft.state, StateRole::Leader);
    let (before, start) = (peers.sent, Instant::now());
    for n in 0..commits {
        let wanted = peers.applied + 1;
        peers.nodes[0].propose(Vec::new(), format!("put x={n}").into_bytes()).expect("it leads");
        peers.settle();
        assert!(peers.applied >= wanted, "request {n} was not committed");
    }
    let took = start.elapsed().as_secs_f64();
    assert_eq!((peers.sent - before) / commits, 8, "messages for a commit");
    took
}

impl Peers {
    /// Until nothing is left to do.
    fn settle(&mut self) {
        // A proposal is the leader's own.
        self.ready(0);
        while let Some(message) = self.mail.pop_front() {
            let to = message.to as usize - 1;
            let _ = self.nodes[to].step(message);
            self.ready(to);
        }
    }

    fn ready(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        if !node.has_ready() {
            return;
        }
        let mut ready = node.ready();
        let store = node.raft.raft_log.store.clone();
        self.sent += (ready.messages().len() + ready.persisted_messages().len()) as u64;
        self.mail.extend(ready.take_messages());
        let mut committed = ready.take_committed_entries();
        store.wl().append(ready.entries()).expect("entries in order");
        if let Some(state) = ready.hs() {
            store.wl().set_hardstate(state.clone());
        }
        self.mail.extend(ready.take_persisted_messages());
        let mut light = node.advance(ready);
        self.sent += light.messages().len() as u64;
        self.mail.extend(light.take_messages());
        committed.extend(light.take_committed_entries());
        if let Some(commit) = light.commit_index() {
            store.wl().mut_hard_state().set_commit(commit);
        }
        if place == 0 {
            self.applied += committed.iter().filter(|entry| !entry.data.is_empty()).count() as u64;
        }
        node.advance_apply();
    }
}
