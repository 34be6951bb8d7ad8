//! A design as it is written, and its TOML form, version 1.
//!
//! Tables by kind, one a component: `[services.app]` is a service with the name "app". Names are unique over all kinds.
//! Times are strings with a unit ("250us", "1.5ms", "2s"), rates are per second, shares are from 0 to 1. What is left
//! out has the default that is said here with its source; `lessons/designs/cache.toml` is a whole example.
//!
//! Sources: \[SRE\] Beyer et al.: Site Reliability Engineering, O'Reilly 2016, chapters 20 to 22. \[Tail\] Dean, Barroso: The
//! tail at scale, CACM 56(2), 2013. \[Jitter\] Brooker: Exponential backoff and jitter, AWS Architecture Blog, 2015.
//! \[Numbers\] Dean: Numbers everyone should know, LADIS 2009. \[YCSB\] Cooper et al.: Benchmarking cloud serving systems with
//! YCSB, SoCC 2010. \[Memcache\] Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013. \[Dynamo\] DeCandia et al.: Dynamo,
//! SOSP 2007. \[Choice\] is ours, for want of a source: a round number of the usual order.

use crate::base::Micros;
use crate::wire::Distribution;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form.
pub const VERSION: u32 = 1;

type Named<T> = BTreeMap<String, T>;

/// A design, its load, its faults and how long it is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Design {
    pub version: u32,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub run: Run,
    #[serde(default)]
    pub keys: Named<Keys>,
    #[serde(default)]
    pub clients: Named<Clients>,
    #[serde(default)]
    pub balancers: Named<Balancer>,
    #[serde(default)]
    pub services: Named<Service>,
    #[serde(default)]
    pub caches: Named<Cache>,
    #[serde(default)]
    pub stores: Named<Store>,
    #[serde(default)]
    pub key_values: Named<KeyValue>,
    #[serde(default)]
    pub queues: Named<Jobs>,
    #[serde(default)]
    pub limiters: Named<Limiter>,
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What the report must fulfil: "p99(read) <= 200ms in 95%". See [`super::report`].
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// How long, and what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Run {
    /// Requests come from 0 to here. Default 60 s, 1 ms to 24 h \[Choice\].
    pub duration: Micros,
    /// Nothing before this is measured: the queues and caches fill. Default 5 s, below `duration` \[Choice\].
    pub warm_up: Micros,
    /// So much longer the run goes on for requests that are on their way. Default 10 s, up to 1 h \[Choice\].
    pub drain: Micros,
}

/// A space of keys that classes of requests ask for. The first is the most popular.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Keys {
    /// 1 to 4,000,000 over all spaces.
    pub count: u32,
    /// The k-th key is asked for in proportion to 1/k^zipf. Default 0.99, 0 (all alike) to 5 \[YCSB\].
    #[serde(default = "zipf")]
    pub zipf: f64,
}

/// A population of clients with one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Clients {
    pub load: Load,
    /// What is asked for, and how often. Without it, one class "request" that reads without a key.
    #[serde(default)]
    pub classes: Vec<Class>,
    pub call: Call,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Load {
    /// Open: independent requests come whether or not earlier ones were answered (a Poisson process).
    Open(Open),
    /// Closed: each user thinks, asks, waits for the answer.
    Closed(Closed),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Open {
    /// Requests a second; above 0, to 10,000,000.
    pub rate: f64,
    /// A wave over the rate: rate × (1 + swing × sin(2π t / period)). Off by default; swing 0 to 1.
    #[serde(default)]
    pub swing: f64,
    /// Of the wave. Default 24 h.
    #[serde(default = "day")]
    pub period: Micros,
    /// Crowds: from `at` the rate rises within `ramp` to `factor` times, for `hold`, and falls within `ramp`.
    #[serde(default)]
    pub crowds: Vec<Crowd>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Crowd {
    pub at: Micros,
    #[serde(default)]
    pub ramp: Micros,
    pub hold: Micros,
    /// 0 to 1,000.
    pub factor: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Closed {
    /// 1 to 1,000,000.
    pub users: u32,
    /// From an answer to the next request, and before the first.
    pub think: Distribution,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Class {
    pub name: String,
    /// In proportion to the others' shares. Default 1, above 0.
    #[serde(default = "one")]
    pub share: f64,
    /// Does it write? Default: it reads.
    #[serde(default)]
    pub write: bool,
    /// The name of a space of keys.
    #[serde(default)]
    pub keys: Option<String>,
    /// From the request; no call waits longer, and no component serves what is past it. Default: none.
    #[serde(default)]
    pub deadline: Option<Micros>,
}

/// A call of one component to others, with its policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Call {
    /// One component or several, which are called at once.
    pub to: Vec<String>,
    /// Only then is the call made. Default always.
    #[serde(default)]
    pub when: When,
    /// Only for requests of these classes. Default all.
    #[serde(default)]
    pub classes: Vec<String>,
    /// What is done there. Default: what the request does, a read or a write.
    #[serde(default)]
    pub does: Option<Does>,
    /// So many calls to each at once (fan-out). Default 1, 1 to 1,000.
    #[serde(default = "one_u16")]
    pub times: u16,
    /// So many answers are enough. Default all; of a key-value store what its quorum says.
    #[serde(default)]
    pub need: Option<u16>,
    /// A failure of it is no failure: of a cache it counts as a miss. Default no.
    #[serde(default)]
    pub optional: bool,
    /// The caller goes on without the answer. Default no.
    #[serde(default)]
    pub detached: bool,
    /// One way. Default 250 us: half of a round trip within a data centre \[Numbers\].
    #[serde(default = "latency")]
    pub latency: Distribution,
    /// For one attempt. Default none, 1 us to 1 h.
    #[serde(default)]
    pub time_out: Option<Micros>,
    /// Further attempts after a failure. Default 0, up to 15. Three are usual \[SRE, 22\].
    #[serde(default)]
    pub retries: u8,
    /// Before the n-th further attempt: back-off × 2^(n-1), up to `back-off-max`. Defaults 100 ms and 10 s \[Choice\].
    #[serde(default = "back_off")]
    pub back_off: Micros,
    #[serde(default = "back_off_max")]
    pub back_off_max: Micros,
    /// The share of the back-off that is drawn: 0 none, 1 anywhere from 0 to it. Default 1 \[Jitter, full jitter\].
    #[serde(default = "one")]
    pub jitter: f64,
    /// Further attempts as a share of first ones, in the long run; up to ten may be saved up. Default no bound. A tenth is
    /// usual \[SRE, 21\].
    #[serde(default)]
    pub retry_budget: Option<f64>,
    /// A second attempt, elsewhere if that can be, after so long without an answer. Default none. The 95th percentile is
    /// usual \[Tail\].
    #[serde(default)]
    pub hedge: Option<Micros>,
    #[serde(default)]
    pub breaker: Option<Breaker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    #[default]
    Always,
    /// The last cache that was asked had it, or did not.
    Hit,
    Miss,
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    Read,
    Write,
    /// Puts what was read into a cache.
    Fill,
    /// Takes the key out of a cache.
    Invalidate,
}

/// A circuit breaker in the caller: after `failures` in a row it refuses, and after `open` lets one through to see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Breaker {
    /// Default 5, 1 to 10,000 \[Choice\].
    pub failures: u32,
    /// Default 5 s, 1 ms to 1 h \[Choice\].
    pub open: Micros,
}

/// Spreads calls over the instances of what it calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Balancer {
    /// Default round-robin.
    #[serde(default)]
    pub policy: Policy,
    /// From an instance's going down or coming up to the balancer's knowing it. Default 10 s: two failed checks, 5 s apart
    /// \[Choice\].
    #[serde(default = "health_delay")]
    pub health_delay: Micros,
    /// Time spent in it, of which it has any number at once. Default 0.
    #[serde(default = "nothing")]
    pub service: Distribution,
    pub call: Call,
    /// Units a month. Default 20 \[Choice\].
    #[serde(default = "price_20")]
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    #[default]
    RoundRobin,
    Random,
    /// Fewest calls on their way, of this balancer's own.
    LeastConnections,
    /// The one with fewer of two drawn ones.
    TwoChoices,
    /// The instance of a key is always the same.
    Hash,
}

/// Stateless instances, alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// Default 1, 1 to 1,000.
    #[serde(default = "one_u16")]
    pub instances: u16,
    /// Requests served at once by an instance. Default 8, 1 to 100,000 \[Choice\].
    #[serde(default = "concurrency")]
    pub concurrency: u32,
    /// Requests that wait at an instance; more are turned away. Default 100, up to 1,000,000 \[Choice\].
    #[serde(default = "waiting_room")]
    pub queue: u32,
    pub service: Distribution,
    /// Are slots kept while calls are out (a thread a request), or let go? Default kept.
    #[serde(default = "yes")]
    pub holds: bool,
    /// A share of requests fails once served. Default 0.
    #[serde(default)]
    pub fails: f64,
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Units a month for an instance. Default 60 \[Choice\].
    #[serde(default = "price_60")]
    pub price: f64,
}

/// A cache of nodes that share the keys. With calls it reads and writes through; without, it stands aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cache {
    #[serde(default = "one_u16")]
    pub instances: u16,
    /// Entries of a node; the least recently used goes first.
    pub capacity: u32,
    /// An entry's life. Default without end.
    #[serde(default)]
    pub ttl: Option<Micros>,
    /// Read through: of the misses of one key only the first calls, the others wait for it. Default no \[Memcache, leases\].
    #[serde(default)]
    pub single_flight: bool,
    /// Default 4 threads a node \[Memcache\].
    #[serde(default = "threads")]
    pub concurrency: u32,
    #[serde(default = "long_room")]
    pub queue: u32,
    /// Default 100 us \[Choice\].
    #[serde(default = "cache_service")]
    pub service: Distribution,
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Units a month for a node. Default 80 \[Choice\].
    #[serde(default = "price_80")]
    pub price: f64,
}

/// A relational database: a primary, which takes the writes, and replicas, which follow its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Store {
    /// Besides the primary. Default 0, up to 7.
    #[serde(default)]
    pub replicas: u16,
    /// A write is acknowledged when so many replicas have it: 0 is asynchronous. Default 0.
    #[serde(default)]
    pub sync: u16,
    /// From the primary's commit to a replica's. Default 1 ms \[Choice\].
    #[serde(default = "millisecond")]
    pub lag: Distribution,
    /// Do replicas serve reads (and the primary none, while there is one)? Default no.
    #[serde(default)]
    pub replica_reads: bool,
    /// From the primary's end to a replica's taking its place. Default 30 s, a usual bound of managed databases \[Choice\].
    #[serde(default = "fail_over")]
    pub fail_over: Micros,
    /// Connections of an instance. Default 32 \[Choice\].
    #[serde(default = "connections")]
    pub concurrency: u32,
    #[serde(default = "long_room")]
    pub queue: u32,
    pub read: Distribution,
    pub write: Distribution,
    /// Units a month for an instance. Default 250 \[Choice\].
    #[serde(default = "price_250")]
    pub price: f64,
}

/// A store whose nodes share the keys, each key on `replicas` of them in a row (a ring). The caller asks all of a key's
/// nodes and goes on with `read-quorum` or `write-quorum` of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeyValue {
    /// Default 3, up to 1,000.
    #[serde(default = "three")]
    pub nodes: u16,
    /// Default 3, up to `nodes` and 7 \[Dynamo\].
    #[serde(default = "three")]
    pub replicas: u16,
    /// Defaults 2 and 2 \[Dynamo\].
    #[serde(default = "two")]
    pub read_quorum: u16,
    #[serde(default = "two")]
    pub write_quorum: u16,
    #[serde(default = "threads")]
    pub concurrency: u32,
    #[serde(default = "long_room")]
    pub queue: u32,
    pub read: Distribution,
    pub write: Distribution,
    /// Units a month for a node. Default 120 \[Choice\].
    #[serde(default = "price_120")]
    pub price: f64,
}

/// A queue with a pool of workers: a message is acknowledged when it is queued, then worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Jobs {
    /// Time to take a message in, any number at once. Default 1 ms \[Choice\].
    #[serde(default = "millisecond")]
    pub accept: Distribution,
    /// Messages that wait; more are refused. Default 100,000.
    #[serde(default = "backlog")]
    pub capacity: u32,
    /// Default 1.
    #[serde(default = "one_u32")]
    pub workers: u32,
    /// A worker's own time for a message.
    pub work: Distribution,
    /// A share of the messages fails when it is worked on. Default 0.
    #[serde(default)]
    pub fails: f64,
    /// A message that failed is tried so often again, then put aside as dead. Default 3, up to 15 \[Choice\].
    #[serde(default = "redeliveries")]
    pub redeliveries: u8,
    /// What a worker calls.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Units a month for a worker. Default 30 \[Choice\].
    #[serde(default = "price_30")]
    pub price: f64,
}

/// A token bucket before a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limiter {
    /// Tokens a second; above 0.
    pub rate: f64,
    /// Tokens that it holds; full at first. 1 and more.
    pub burst: f64,
    pub call: Call,
}

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fault {
    pub at: Micros,
    /// When it is over. Default never.
    #[serde(default)]
    pub until: Option<Micros>,
    pub does: Harm,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Harm {
    /// Its work is lost, and calls to it are refused. A cache comes back empty, a replica with all that the primary has.
    Down { component: String, instance: u16 },
    /// Times of service are `factor` times as long.
    Slow { component: String, factor: f64 },
    /// Calls and answers are lost without a word.
    Cut { from: String, to: String },
}

impl Default for Run {
    fn default() -> Run {
        Run { duration: Micros::s(60), warm_up: Micros::s(5), drain: Micros::s(10) }
    }
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker { failures: 5, open: Micros::s(5) }
    }
}

/// A function for serde's `default` for each constant.
macro_rules! defaults {
    ($($name:ident: $of:ty = $value:expr;)*) => { $(fn $name() -> $of { $value })* };
}

defaults! {
    zipf: f64 = 0.99;
    one: f64 = 1.0;
    one_u16: u16 = 1;
    one_u32: u32 = 1;
    two: u16 = 2;
    three: u16 = 3;
    yes: bool = true;
    day: Micros = Micros::s(86_400);
    latency: Distribution = Distribution::Constant(Micros(250));
    nothing: Distribution = Distribution::Constant(Micros::ZERO);
    millisecond: Distribution = Distribution::Constant(Micros::ms(1));
    cache_service: Distribution = Distribution::Constant(Micros(100));
    back_off: Micros = Micros::ms(100);
    back_off_max: Micros = Micros::s(10);
    health_delay: Micros = Micros::s(10);
    fail_over: Micros = Micros::s(30);
    concurrency: u32 = 8;
    threads: u32 = 4;
    connections: u32 = 32;
    waiting_room: u32 = 100;
    long_room: u32 = 1_000;
    backlog: u32 = 100_000;
    redeliveries: u8 = 3;
    price_20: f64 = 20.0;
    price_30: f64 = 30.0;
    price_60: f64 = 60.0;
    price_80: f64 = 80.0;
    price_120: f64 = 120.0;
    price_250: f64 = 250.0;
}

impl Design {
    /// Reads the TOML form. The error begins with the file's name and the line.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(name: &str, text: &str) -> Result<Design, String> {
        let design: Design = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            format!("{name}:{}: {}", crate::sim::scenario::line_of(text, at), error.message().trim())
        })?;
        if design.version != VERSION {
            return Err(format!("{name}: version {} is unknown; this program reads {VERSION}", design.version));
        }
        Ok(design)
    }
}
