//! Small runs of the single server: n1 (node 0), c1 (node 1), c2 (node 2); latencies of 2 ms unless said otherwise.

use faultline::base::Micros;
use faultline::protocols;
use faultline::sim::scenario::Blueprint;
use faultline::sim::sentence::Reader;
use faultline::sim::timeline::Timeline;
use faultline::sim::trace::Rec;
use faultline::sim::world::Watch;
use faultline::wire::{Datum, Outcome, RowKind, SourceFile};

pub struct Lab {
    pub protocol: &'static str,
    pub servers: (&'static str, u16),
    pub clients: u16,
    pub seed: u64,
    pub parameters: &'static str,
    pub network: &'static str,
    pub disk: &'static str,
}

impl Default for Lab {
    fn default() -> Lab {
        Lab {
            protocol: "kv-single",
            servers: ("server", 1),
            clients: 2,
            seed: 11,
            parameters: "retry-after = \"60s\", give-up-after = \"600s\"",
            network: "latency.constant = \"2ms\"",
            disk: "constant = \"0us\"",
        }
    }
}

impl Lab {
    /// The run up to `until`; `commands` are pairs of a time and the rest of a command after `do.`.
    pub fn run(&self, commands: &[(&str, &str)], until: Micros) -> Timeline {
        let mut timeline = Timeline::new(self.blueprint(commands), Watch { properties: true, hash: true }, None);
        timeline.advance(until, u64::MAX);
        timeline
    }

    /// The same, and every command had its effect.
    pub fn good(&self, commands: &[(&str, &str)], until: Micros) -> Timeline {
        let timeline = self.run(commands, until);
        assert!(timeline.refused.iter().all(Option::is_none), "{:?}", timeline.refused);
        timeline
    }

    pub fn blueprint(&self, commands: &[(&str, &str)]) -> Blueprint {
        self.read(commands).expect("a good scenario")
    }

    pub fn read(&self, commands: &[(&str, &str)]) -> Result<Blueprint, String> {
        let Lab { protocol, servers: (role, count), clients, seed, parameters, network, disk } = self;
        let mut text = format!(
            "version = 1\nprotocol = \"{protocol}\"\nseed = {seed}\nparameters = {{ {parameters} }}\n\
             network = {{ {network} }}\ndisk = {{ {disk} }}\nnodes = [{{ name = \"n\", role = \"{role}\", count = {count} }}, \
             {{ name = \"c\", role = \"client\", count = {clients} }}]\n"
        );
        for (at, command) in commands {
            text += &format!("[[commands]]\nat = \"{at}\"\ndo.{command}\n");
        }
        Blueprint::read(&SourceFile { name: "lab.toml".into(), text }, protocols::all())
    }
}

pub fn get(client: &str, key: &str) -> String {
    format!("request = {{ client = \"{client}\", op = {{ f = \"get\", key = \"{key}\" }} }}")
}

pub fn put(client: &str, key: &str, value: i64) -> String {
    format!("request = {{ client = \"{client}\", op = {{ f = \"put\", key = \"{key}\", value.int = {value} }} }}")
}

pub fn rows(timeline: &Timeline, kind: RowKind) -> Vec<Rec> {
    timeline.trace.rows().iter().filter(|rec| rec.kind == kind).copied().collect()
}

/// When rows of a kind happened at a node, in milliseconds where that is exact.
pub fn times(timeline: &Timeline, kind: RowKind, node: u16) -> Vec<u64> {
    rows(timeline, kind).iter().filter(|rec| rec.node == node).map(|rec| rec.at).collect()
}

/// What a row says, apart from its place in the trace: kind, node, peer, count, copy and contents; and when it was.
pub type Said = ((RowKind, u16, u16, u32, u8, Vec<u8>), u64);

pub fn said(timeline: &Timeline, rec: &Rec) -> Said {
    ((rec.kind, rec.node, rec.peer, rec.count, rec.copy, timeline.trace.data(rec).to_vec()), rec.at)
}

pub fn sentence(timeline: &Timeline, rec: &Rec) -> String {
    let world = timeline.head();
    let properties = &world.describe.properties;
    Reader { trace: &timeline.trace, setup: &world.setup, machine: &*world.machine, properties }.sentence(rec)
}

pub fn sentences(timeline: &Timeline, kind: RowKind) -> Vec<String> {
    rows(timeline, kind).iter().map(|rec| sentence(timeline, rec)).collect()
}

/// How a client's operations ended, in order: when, how, and with which answer.
pub fn answers(timeline: &Timeline, client: u16) -> Vec<(u64, Outcome, Datum)> {
    let ended = rows(timeline, RowKind::Complete);
    let ended = ended.iter().filter(|rec| rec.node == client);
    ended
        .map(|rec| {
            let (_, outcome, answer, _) = timeline.trace.completed(rec);
            (rec.at, outcome, answer)
        })
        .collect()
}

/// The names of the properties that broke.
pub fn broken(timeline: &Timeline) -> Vec<&'static str> {
    let world = timeline.head();
    let properties = world.describe.properties.iter().zip(&world.broken);
    properties.filter(|(_, broken)| broken.is_some()).map(|((name, _), _)| *name).collect()
}
