//! Commands: everything that a learner (or a scenario's script) can do to a run. Each is an entry in the log.
//!
//! Targets are named by stable identity, so that a log stays meaningful when something earlier in it is changed; a
//! command whose target does not exist is reported, not ignored. In TOML: `do.crash.node = "n1"`.

use super::value::Op;
use crate::base::{Micros, MsgId, TimerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    // Nodes
    /// Memory is lost; the disk is kept to its last completed sync.
    Crash(NodeRef),
    Restart(NodeRef),
    /// A long pause (garbage collection, a suspended machine): nothing is handled, messages queue.
    Pause(NodeRef),
    Resume(NodeRef),
    Slow(Slow),
    Clock(Clock),
    Disk(DiskShape),
    // Network
    /// Adds a named rule that drops what passes from one set of nodes to another.
    Cut(Cut),
    /// Removes a rule by name, or all of them.
    Heal(Heal),
    /// Changes how links behave from now on.
    Link(LinkChange),
    /// Holds back everything on the links until they are unclogged by `clogged = false`.
    Clog(Clog),
    Adversary(AdversaryScript),
    // Single messages
    Drop(MsgRef),
    Duplicate(MsgRef),
    Delay(DelayMsg),
    DeliverNow(MsgRef),
    // Timers
    FireTimer(TimerRef),
    PostponeTimer(PostponeTimer),
    /// Makes the next timers of one kind on the given nodes (all when empty) due at the same moment: the latest of them.
    AlignTimers(AlignTimers),
    // Clients
    Request(ClientRequest),
    Workload(Workload),
    /// Holds back every message, those on their way too: from now on each arrives when somebody says so.
    Hold(Hold),
}

/// A node by its name, or `@ROLE`: the first that is up and has that role when the command is carried out, as in
/// `@leader`. So wherever a command names a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRef {
    pub node: String,
}

impl Command {
    /// The words that name nodes.
    pub fn nodes_mut(&mut self) -> Vec<&mut String> {
        match self {
            Command::Crash(n) | Command::Restart(n) | Command::Pause(n) | Command::Resume(n) => vec![&mut n.node],
            Command::Slow(c) => vec![&mut c.node],
            Command::Clock(c) => vec![&mut c.node],
            Command::Disk(c) => vec![&mut c.node],
            Command::Cut(c) => c.from.iter_mut().chain(&mut c.to).collect(),
            Command::Link(c) => c.from.iter_mut().chain(&mut c.to).collect(),
            Command::Clog(c) => c.from.iter_mut().chain(&mut c.to).collect(),
            Command::Adversary(c) => c.from.iter_mut().chain(&mut c.to).collect(),
            Command::AlignTimers(c) => c.nodes.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MsgRef {
    pub message: MsgId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    #[serde(default = "yes")]
    pub on: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayMsg {
    pub message: MsgId,
    pub by: Micros,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimerRef {
    pub timer: TimerId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostponeTimer {
    pub timer: TimerId,
    pub by: Micros,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignTimers {
    /// The timer's kind as the protocol names it.
    pub kind: String,
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// Service time for each handled message; `0us` makes the node fast again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    pub node: String,
    pub service: Distribution,
}

/// The node's clock against simulated time from now on: `local = true + offset + drift × elapsed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub node: String,
    /// Microseconds added to the clock's reading (negative: behind).
    #[serde(default)]
    pub offset_us: i64,
    /// Parts per million by which the clock runs fast (negative: slow). Timers run by this clock.
    #[serde(default)]
    pub drift_ppm: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskShape {
    pub node: String,
    /// Time that one sync takes.
    pub sync: Distribution,
    /// The disk acknowledges syncs that it did not make: a crash loses everything since the last true one.
    #[serde(default)]
    pub lies: bool,
}

/// A partition rule. Directions: `from` → `to`, and back too unless `one_way`. An empty `to` means all nodes not in
/// `from`. Names are node names, roles, or groups such as `zone=a`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    pub name: String,
    pub from: Vec<String>,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub one_way: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// The rule's name; empty for all rules.
    #[serde(default)]
    pub name: String,
}

/// Changes the links from `from` to `to` (and back, unless `one_way`); empty means all. Absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    #[serde(default)]
    pub from: Vec<String>,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub one_way: bool,
    #[serde(default)]
    pub latency: Option<Distribution>,
    /// Latencies of messages of single kinds, by the protocol's names for them, in place of `latency`. They replace those
    /// given before: an empty table takes them all back.
    #[serde(default)]
    pub kinds: Option<BTreeMap<String, Distribution>>,
    /// Bytes a second; 0 for unlimited. Messages queue for transmission.
    #[serde(default)]
    pub bandwidth: Option<u64>,
    /// Probability that a message is lost.
    #[serde(default)]
    pub loss: Option<f64>,
    #[serde(default)]
    pub duplicate: Option<f64>,
    /// Probability that a message is held back by a further draw of the latency, times ten, so that later ones overtake.
    #[serde(default)]
    pub reorder: Option<f64>,
    /// First in, first out, as on one TCP connection.
    #[serde(default)]
    pub ordered: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clog {
    pub from: Vec<String>,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub one_way: bool,
    #[serde(default = "yes")]
    pub clogged: bool,
}

fn yes() -> bool {
    true
}

/// An adversary on the links from `from` to `to`, acting on each message that matches `kind` (empty: every message).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdversaryScript {
    pub name: String,
    #[serde(default)]
    pub from: Vec<String>,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub kind: String,
    pub act: AdversaryAct,
    /// After so many acts the adversary stops; 0 for never.
    #[serde(default)]
    pub times: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AdversaryAct {
    /// Notes the bytes in the trace.
    Read,
    /// Overwrites bytes from `at` on with `bytes`.
    Alter { at: u32, bytes: Vec<u8> },
    /// Sends the same bytes once more, `after` so long.
    Replay { after: Micros },
    /// Sends `bytes` as if from the sender, `after` so long, whenever a message matches.
    Inject { after: Micros, bytes: Vec<u8> },
    /// Stops the named adversary.
    Stop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRequest {
    pub client: String,
    pub op: Op,
}

/// What a client keeps asking for from now on; replaces its earlier workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// A client's name, or a role for all of its nodes.
    pub client: String,
    pub arrivals: Arrivals,
    /// Weight for each function, for example `{ get = 9, put = 1 }`.
    pub mix: BTreeMap<String, u32>,
    #[serde(default)]
    pub keys: Keys,
    /// Stops after so many operations; 0 for never.
    #[serde(default)]
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Arrivals {
    /// No operations of its own.
    Off,
    /// Poisson arrivals at a rate of operations a second, whether or not earlier ones are answered.
    Open { rate: f64 },
    /// The next operation follows the answer to the last, after `think`.
    Closed { think: Distribution },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Keys {
    Uniform {
        count: u32,
    },
    /// Rank r is drawn with probability proportional to r^-s.
    Zipf {
        count: u32,
        s: f64,
    },
}

impl Default for Keys {
    fn default() -> Self {
        Keys::Uniform { count: 1 }
    }
}

/// A distribution of lengths of time. Every draw is rounded to a microsecond.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Distribution {
    Constant(Micros),
    Uniform {
        min: Micros,
        max: Micros,
    },
    /// `min` plus an exponential time with this mean.
    Exponential {
        #[serde(default)]
        min: Micros,
        mean: Micros,
    },
    /// Cut off at 0.
    Normal {
        mean: Micros,
        sd: Micros,
    },
    /// `median` × exp(`sigma` × standard normal).
    LogNormal {
        median: Micros,
        sigma: f64,
    },
    /// Scale `min`, shape `alpha`.
    Pareto {
        min: Micros,
        alpha: f64,
    },
    /// An empirical quantile table: pairs of probability (rising from 0 to 1) and time, linear in between.
    Quantiles(Vec<(f64, Micros)>),
}
