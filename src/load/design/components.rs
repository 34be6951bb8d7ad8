//! The components: each a queue of its own kind.

use super::Call;
use crate::base::Micros;
use crate::wire::Distribution;
use serde::{Deserialize, Serialize};

/// Names clients the nearest of several components, one a region (DNS with geographic answers, or anycast).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Router {
    /// So long clients go on to a region that is gone: the life of the answers. Default 60 s, up to 24 h \[Choice\].
    pub ttl: Micros,
    /// To one component a region; of those believed to be up the nearest is called.
    pub call: Call,
    /// Units a month. Default 5 \[Choice\].
    pub price: f64,
}

/// Spreads calls over the instances of what it calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Balancer {
    /// Default round-robin.
    pub policy: Policy,
    /// Of the instances, for `weighted`: in proportion to these. What is not listed has 1.
    pub weights: Vec<u32>,
    /// From an instance's going down or coming up to the balancer's knowing it. Default 10 s: two failed checks, 5 s apart
    /// \[Choice\].
    pub health_delay: Micros,
    /// Time spent in it, of which it has any number at once. Default 0.
    pub service: Distribution,
    pub call: Call,
    /// Default the region of the first zone. It stands in all of the region's zones.
    pub region: Option<String>,
    /// Units a month. Default 20 \[Choice\].
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    #[default]
    RoundRobin,
    Random,
    /// Fewest calls on their way, of this balancer's own.
    LeastConnections,
    /// The one with fewer of two drawn ones.
    TwoChoices,
    /// The instance of a key is always the same, as long as there are as many of them (the hash modulo their number).
    Hash,
    /// In proportion to the weights, evenly mixed (nginx's smooth weighted round robin).
    Weighted,
    /// Of two drawn ones that with the lower latency, of late and at its peaks, times calls on their way \[Finagle\].
    PeakEwma,
    /// A ring with 100 points an instance: when one goes, only its own keys move (Karger et al., STOC 1997).
    ConsistentHash,
}

/// Stateless instances, alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Service {
    /// Default 1, 1 to 1,000.
    pub instances: u16,
    /// Requests served at once by an instance. Default 8, 1 to 100,000 \[Choice\].
    pub concurrency: u32,
    /// Requests that wait at an instance; more are turned away. Default 100, up to 1,000,000 \[Choice\].
    pub queue: u32,
    /// Default exponential with a mean of 5 ms \[Choice\].
    pub service: Distribution,
    /// Are slots kept while calls are out (a thread a request), or let go? Default kept.
    pub holds: bool,
    /// A share of requests fails once served. Default 0.
    pub fails: f64,
    /// How fast each instance is; what is not listed has 1. Above 0, up to 100.
    pub speeds: Vec<f64>,
    pub autoscale: Option<Autoscale>,
    pub calls: Vec<Call>,
    /// Where the instances are, in turn. Default all zones of the network.
    pub zones: Vec<String>,
    /// Units a month for an instance. Default 60 \[Choice\].
    pub price: f64,
}

/// Target tracking: every so often as many instances as would have brought the use of the slots to the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Autoscale {
    /// Default 1 and 10, up to 1,000. At first there are as many as the service's `instances`.
    pub min: u16,
    pub max: u16,
    /// Of the use of the slots. Default 0.6, 0.05 to 1 \[Choice\].
    pub target: f64,
    /// Between decisions. Default 15 s \[HPA\].
    pub every: Micros,
    /// From the decision to an instance that serves. Default 30 s \[Choice\].
    pub cold_start: Micros,
    /// Without more for so long before there are fewer. Default 300 s \[HPA, stabilisation window\].
    pub cool_down: Micros,
}

/// A cache of nodes that share the keys. With calls it reads and writes through; without, it stands aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Cache {
    /// Default 1, 1 to 1,000.
    pub instances: u16,
    /// Entries of a node. Default 10,000, 1 to 4,000,000 \[Choice\].
    pub capacity: u32,
    /// Which entry goes first. Default the least recently used.
    pub evicts: Evicts,
    /// An entry's life. Default without end.
    pub ttl: Option<Micros>,
    /// Before an entry ends a read may already count as a miss: earlier than the end by a drawn time with this mean \[Early\].
    /// Default never. A little more than the time to fetch it anew is usual.
    pub early: Option<Micros>,
    /// Read through: of the misses of one key only the first calls, the others wait for it. Default no \[Memcache, leases\].
    pub single_flight: bool,
    /// What becomes of writes. Default through.
    pub writes: Writes,
    /// Until a write that was kept back is written below; those of one key in that time are written as one. Default 1 s
    /// \[Choice\].
    pub flush: Micros,
    /// Default 4 threads a node \[Memcache\].
    pub concurrency: u32,
    /// Default 1,000, up to 1,000,000 \[Choice\].
    pub queue: u32,
    /// Default 100 us \[Choice\].
    pub service: Distribution,
    pub calls: Vec<Call>,
    pub zones: Vec<String>,
    /// Units a month for a node. Default 80 \[Choice\].
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Evicts {
    #[default]
    Lru,
    /// The least frequently used since it came in; of those the least recently used.
    Lfu,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    #[default]
    Through,
    /// Acknowledged at once, written later; what a node has not written when it goes down is lost.
    Back,
}

/// Caches at the edge of the network, near the clients: each point has entries of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Cdn {
    /// In each region. Default 1, up to 100.
    pub points: u16,
    /// Entries of a point. Default 10,000 \[Choice\].
    pub capacity: u32,
    pub evicts: Evicts,
    /// Default 60 s \[Choice\].
    pub ttl: Option<Micros>,
    /// Default yes, as request collapsing is at the larger ones.
    pub single_flight: bool,
    /// Of requests that a point serves, any number at once. Default 200 us \[Choice\].
    pub service: Distribution,
    /// To the origin.
    pub calls: Vec<Call>,
    /// Units a month for a point. Default 50 \[Choice\].
    pub price: f64,
}

/// A relational database: a primary, which takes the writes, and replicas, which follow its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Store {
    /// Besides the primary. Default 0, up to 7.
    pub replicas: u16,
    /// A write is acknowledged when so many replicas have it: 0 is asynchronous, 1 of several semi-synchronous. Default 0.
    pub sync: u16,
    /// From the primary's commit to a replica's. Default 1 ms \[Choice\]. Between zones and regions the network's distance
    /// comes on top.
    pub lag: Distribution,
    /// From a replica's commit to the primary's hearing of it, which a synchronous write waits for. Default 0: it is part of
    /// the lag. The distance back comes on top.
    pub ack: Distribution,
    /// Do replicas serve reads (and the primary none, while there is one)? Default no.
    pub replica_reads: bool,
    /// From the primary's end to a replica's taking its place. Default 30 s, a usual bound of managed databases \[Choice\].
    pub fail_over: Micros,
    /// Writes of one row are done one after another: each holds it for its time of service. Default no.
    pub row_locks: bool,
    /// Connections of an instance. Default 32 \[Choice\].
    pub concurrency: u32,
    /// Default 1,000, up to 1,000,000 \[Choice\].
    pub queue: u32,
    /// Defaults log-normal with medians of 5 and 8 ms \[Choice\].
    pub read: Distribution,
    pub write: Distribution,
    pub zones: Vec<String>,
    /// Units a month for an instance. Default 250 \[Choice\].
    pub price: f64,
}

/// A store whose nodes share the keys, each key on `replicas` of them in a row (a ring). The caller asks all of a key's
/// nodes and goes on with `read-quorum` or `write-quorum` of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct KeyValue {
    /// Default 3, up to 1,000.
    pub nodes: u16,
    /// Default 3, up to `nodes` and 7 \[Dynamo\].
    pub replicas: u16,
    /// Defaults 2 and 2 \[Dynamo\].
    pub read_quorum: u16,
    pub write_quorum: u16,
    /// How keys are shared out. Default by hash.
    pub shard: Shard,
    /// Default 4 threads a node \[Memcache\].
    pub concurrency: u32,
    /// Default 1,000 \[Choice\].
    pub queue: u32,
    /// Defaults exponential with means of 1 and 2 ms \[Choice\].
    pub read: Distribution,
    pub write: Distribution,
    pub zones: Vec<String>,
    /// Units a month for a node. Default 120 \[Choice\].
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shard {
    #[default]
    Hash,
    /// Neighbours stay together: the most popular keys too.
    Range,
}

/// An object store of the provider's: as many requests at once as come, in all zones of its region, slow to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Objects {
    /// Defaults log-normal with medians of 100 and 150 ms: "100 to 200 milliseconds for small objects" \[S3\].
    pub read: Distribution,
    pub write: Distribution,
    pub region: Option<String>,
    /// Units a month. Default 25 \[Choice\].
    pub price: f64,
}

/// A search index: a read asks one replica of every shard, a write goes to its key's shard, and is found after a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Index {
    /// Default 3, up to 100.
    pub shards: u16,
    /// From a write to its being found. Default 1 s \[Lucene\].
    pub refresh: Micros,
    /// Searches at once on a shard. Default 8 \[Choice\].
    pub concurrency: u32,
    /// Default 1,000 \[Lucene\].
    pub queue: u32,
    /// Defaults log-normal with medians of 10 and 5 ms \[Choice\].
    pub read: Distribution,
    pub write: Distribution,
    pub zones: Vec<String>,
    /// Units a month for a shard. Default 150 \[Choice\].
    pub price: f64,
}

/// Holds a connection for each client (WebSocket): a request goes to the instance that holds its key's connection; without
/// one it connects first, to the instance with the fewest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Gateway {
    /// Default 1, 1 to 1,000.
    pub instances: u16,
    /// Held by an instance; more are refused. Default 10,000, up to 4,000,000 \[Choice\].
    pub connections: u32,
    /// The time that connecting takes of an instance: TLS, authentication. Default 5 ms \[Choice\].
    pub handshake: Micros,
    /// Default 8 \[Choice\].
    pub concurrency: u32,
    /// Default 1,000, up to 1,000,000 \[Choice\].
    pub queue: u32,
    /// Of a message. Default 200 us \[Choice\].
    pub service: Distribution,
    /// Default let go: it waits for answers without a thread.
    pub holds: bool,
    pub calls: Vec<Call>,
    pub zones: Vec<String>,
    /// Units a month for an instance. Default 70 \[Choice\].
    pub price: f64,
}

/// A queue with a pool of workers: a message is acknowledged when it is queued, then worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Jobs {
    /// Time to take a message in, any number at once. Default 1 ms \[Choice\].
    pub accept: Distribution,
    /// Messages that wait; more are refused. Default 100,000.
    pub capacity: u32,
    /// Default 1.
    pub workers: u32,
    /// A log of so many partitions: messages of a key stay in order, and a partition has one worker, which may have several.
    /// Default 0: any worker takes the next message. Up to 1,000. A message without a key is of no particular one.
    pub partitions: u16,
    /// A message that waited longer is gone, and counts as dead. Default never.
    pub retention: Option<Micros>,
    /// When a message is acknowledged. Default when all copies have it.
    pub acks: Acks,
    /// Until all copies have it; a worker gets it then \[Kafka\]. Default 0: nothing can be lost.
    pub lag: Distribution,
    /// Until another broker takes over from one that is down, and until other workers have the partitions of one that is.
    /// Default 10 s \[Choice\].
    pub fail_over: Micros,
    /// A worker's own time for a message. Default exponential with a mean of 5 ms \[Choice\].
    pub work: Distribution,
    /// A share of the messages fails when it is worked on. Default 0.
    pub fails: f64,
    /// A message that failed is tried so often again, then put aside as dead. Default 3, up to 15 \[Choice\].
    pub redeliveries: u8,
    /// What a worker calls.
    pub calls: Vec<Call>,
    pub region: Option<String>,
    /// Where brokers and workers stand, in turn: a zone that is lost takes them with it, and of the partitions those that it
    /// leads until another broker does. Without partitions the queue itself is in the first. Default none: it stands in all
    /// of the region's zones.
    pub zones: Vec<String>,
    /// Units a month for a worker. Default 30 \[Choice\].
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Acks {
    /// When the leader has it: what the copies lack when it goes down is lost.
    One,
    #[default]
    All,
}

/// Lets a rate of requests through. With a call it stands before it; without, it is asked and answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Limiter {
    /// Requests a second; default 100, above 0.
    pub rate: f64,
    /// What may come at once: tokens that a bucket holds; full at first. Default 100, 1 and more.
    pub burst: f64,
    /// A rate for each key, or for all requests together? Default together.
    pub per_key: bool,
    /// Default the token bucket.
    pub algorithm: Algorithm,
    /// Of the windows. Default 1 s.
    pub window: Micros,
    /// Each counts for itself what it lets through. Default 1.
    pub instances: u16,
    /// Has each instance its part of the rate, or the whole? Default the whole.
    pub divided: bool,
    /// Defaults: without limit, no time.
    pub concurrency: Option<u32>,
    pub queue: u32,
    pub service: Distribution,
    pub call: Option<Call>,
    pub zones: Vec<String>,
    /// Units a month for an instance. Default 0.
    pub price: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    #[default]
    TokenBucket,
    /// So many in each window; two windows' worth may come within one window's time, across a border.
    FixedWindow,
    /// So many in the present window and what of the last one is still within a window's time, as if it had come evenly.
    SlidingWindow,
}

/// The usual shape of a time of service: a median and a longer tail.
fn log_normal(median: u64) -> Distribution {
    Distribution::LogNormal { median: Micros::ms(median), sigma: 0.5 }
}

fn exponential(mean: u64) -> Distribution {
    Distribution::Exponential { min: Micros::ZERO, mean: Micros::ms(mean) }
}

const NOTHING: Distribution = Distribution::Constant(Micros::ZERO);

/// `Default` by a list of what a field has.
macro_rules! defaults {
    ($($of:ident { $($field:ident: $value:expr,)* })*) => {
        $(impl Default for $of {
            fn default() -> $of {
                $of { $($field: $value,)* }
            }
        })*
    };
}

defaults! {
    Router { ttl: Micros::s(60), call: Call::default(), price: 5.0, }
    Balancer {
        policy: Policy::RoundRobin, weights: Vec::new(), health_delay: Micros::s(10), service: NOTHING,
        call: Call::default(), region: None, price: 20.0,
    }
    Service {
        instances: 1, concurrency: 8, queue: 100, service: exponential(5), holds: true, fails: 0.0, speeds: Vec::new(),
        autoscale: None, calls: Vec::new(), zones: Vec::new(), price: 60.0,
    }
    Autoscale {
        min: 1, max: 10, target: 0.6, every: Micros::s(15), cold_start: Micros::s(30), cool_down: Micros::s(300),
    }
    Cache {
        instances: 1, capacity: 10_000, evicts: Evicts::Lru, ttl: None, early: None, single_flight: false,
        writes: Writes::Through, flush: Micros::s(1), concurrency: 4, queue: 1_000,
        service: Distribution::Constant(Micros(100)), calls: Vec::new(), zones: Vec::new(), price: 80.0,
    }
    Cdn {
        points: 1, capacity: 10_000, evicts: Evicts::Lru, ttl: Some(Micros::s(60)), single_flight: true,
        service: Distribution::Constant(Micros(200)), calls: Vec::new(), price: 50.0,
    }
    Store {
        replicas: 0, sync: 0, lag: Distribution::Constant(Micros::ms(1)), ack: NOTHING, replica_reads: false,
        fail_over: Micros::s(30), row_locks: false, concurrency: 32, queue: 1_000, read: log_normal(5),
        write: log_normal(8), zones: Vec::new(), price: 250.0,
    }
    KeyValue {
        nodes: 3, replicas: 3, read_quorum: 2, write_quorum: 2, shard: Shard::Hash, concurrency: 4, queue: 1_000,
        read: exponential(1), write: exponential(2), zones: Vec::new(), price: 120.0,
    }
    Objects { read: log_normal(100), write: log_normal(150), region: None, price: 25.0, }
    Index {
        shards: 3, refresh: Micros::s(1), concurrency: 8, queue: 1_000, read: log_normal(10), write: log_normal(5),
        zones: Vec::new(), price: 150.0,
    }
    Gateway {
        instances: 1, connections: 10_000, handshake: Micros::ms(5), concurrency: 8, queue: 1_000,
        service: Distribution::Constant(Micros(200)), holds: false, calls: Vec::new(), zones: Vec::new(), price: 70.0,
    }
    Jobs {
        accept: Distribution::Constant(Micros::ms(1)), capacity: 100_000, workers: 1, partitions: 0, retention: None,
        acks: Acks::All, lag: NOTHING, fail_over: Micros::s(10), work: exponential(5),
        fails: 0.0, redeliveries: 3, calls: Vec::new(), region: None, zones: Vec::new(), price: 30.0,
    }
    Limiter {
        rate: 100.0, burst: 100.0, per_key: false, algorithm: Algorithm::TokenBucket, window: Micros::s(1),
        instances: 1, divided: false, concurrency: None, queue: 0, service: NOTHING, call: None, zones: Vec::new(),
        price: 0.0,
    }
}
