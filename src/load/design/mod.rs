//! A design as it is written, and its TOML form, version 1.
//!
//! Tables by kind, one a component: `[services.app]` is a service with the name "app". Names are unique over all kinds.
//! Times are strings with a unit ("250us", "1.5ms", "2s"), rates are per second, shares are from 0 to 1. What is left
//! out has the default that is said here with its source; `lessons/designs/cache.toml` is a whole example.
//! Where a fault or a requirement names a component, "stores.*" means every store.
//!
//! Sources: \[SRE\] Beyer et al.: Site Reliability Engineering, O'Reilly 2016, chapters 20 to 22. \[Tail\] Dean, Barroso: The
//! tail at scale, CACM 56(2), 2013. \[Jitter\] Brooker: Exponential backoff and jitter, AWS Architecture Blog, 2015.
//! \[Numbers\] Dean: Numbers everyone should know, LADIS 2009. \[YCSB\] Cooper et al.: Benchmarking cloud serving systems with
//! YCSB, SoCC 2010. \[Memcache\] Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013. \[Dynamo\] DeCandia et al.: Dynamo,
//! SOSP 2007. \[Kafka\] Kreps, Narkhede, Rao: Kafka, a distributed messaging system for log processing, NetDB 2011. \[Finagle\]
//! Twitter: Finagle, its client's load balancers. \[Early\] Vattani, Chierichetti, Lowenstein: Optimal probabilistic cache
//! stampede prevention, VLDB 8(8), 2015. \[Lucene\] Elasticsearch's guide: near real-time search. \[S3\] Amazon S3's user guide:
//! performance guidelines. \[HPA\] Kubernetes: horizontal pod autoscaling. \[Choice\] is ours, for want of a source: a round
//! number of the usual order.

mod components;
mod traffic;

pub use components::*;
pub use traffic::*;

use crate::base::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form.
pub const VERSION: u32 = 1;

pub type Named<T> = BTreeMap<String, T>;

/// A design, its load, its faults and how long it is run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Design {
    pub version: u32,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub run: Run,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub keys: Named<Keys>,
    #[serde(default)]
    pub clients: Named<Clients>,
    #[serde(default)]
    pub routers: Named<Router>,
    #[serde(default)]
    pub balancers: Named<Balancer>,
    #[serde(default)]
    pub services: Named<Service>,
    #[serde(default)]
    pub gateways: Named<Gateway>,
    #[serde(default)]
    pub caches: Named<Cache>,
    #[serde(default)]
    pub cdns: Named<Cdn>,
    #[serde(default)]
    pub stores: Named<Store>,
    #[serde(default)]
    pub key_values: Named<KeyValue>,
    #[serde(default)]
    pub objects: Named<Objects>,
    #[serde(default)]
    pub indexes: Named<Index>,
    #[serde(default)]
    pub queues: Named<Jobs>,
    #[serde(default)]
    pub limiters: Named<Limiter>,
    /// Where components stand on the board, in its units; it changes nothing of a run.
    #[serde(default)]
    pub board: Named<(f64, f64)>,
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What the report must fulfil: "p99(read) <= 200ms in 95%". See [`super::requirement`].
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// How long, and what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Run {
    /// Requests come from 0 to here. Default 60 s, 1 ms to 24 h \[Choice\].
    pub duration: Micros,
    /// Nothing before this is measured: the queues and caches fill. Default 5 s, below `duration` \[Choice\].
    pub warm_up: Micros,
    /// So much longer the run goes on for requests that are on their way. Default 10 s, up to 1 h \[Choice\].
    pub drain: Micros,
}

/// Zones and regions, and how far apart they are. Times are one way, and come on top of a call's own latency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Network {
    /// A zone's region is what stands before the "/": "eu/a" and "eu/b" are two zones of "eu". Default none: everything is
    /// in one place.
    pub zones: Vec<String>,
    /// Between zones of a region. Default 500 us: a millisecond for the round trip, as providers promise at most \[Choice\].
    pub between_zones: Micros,
    /// Between regions of which `between` says nothing. Default 75 ms: half of the round trip from California to the
    /// Netherlands \[Numbers\].
    pub between_regions: Micros,
    pub between: Vec<Distance>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Distance {
    pub regions: [String; 2],
    /// One way, up to 10 s.
    pub latency: Micros,
}

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fault {
    pub at: Micros,
    /// When it is over. Default never.
    #[serde(default)]
    pub until: Option<Micros>,
    pub does: Harm,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Harm {
    /// Its work is lost, and calls to it are refused. A cache comes back empty, a replica with all that the primary has.
    Down { component: String, instance: u16 },
    /// Times of service are `factor` times as long.
    Slow { component: String, factor: f64 },
    /// Calls and answers are lost without a word.
    Cut { from: String, to: String },
    /// Every instance in the zone is down, and of a pool of workers those that stand in it are gone.
    Zone(String),
    /// Every instance in the region is down, and what stands in no zone of it too.
    Region(String),
    /// A share of the requests that would ask for any key of the space ask for this one (from 0; default the first).
    Hot {
        keys: String,
        #[serde(default)]
        key: u32,
        share: f64,
    },
    /// A bad version: its instances from the first on are so much slower, and a share of what they serve fails. It is over
    /// when it was rolled back.
    Deploy {
        component: String,
        instances: u16,
        #[serde(default = "one")]
        factor: f64,
        #[serde(default)]
        fails: f64,
    },
}

fn one() -> f64 {
    1.0
}

impl Default for Run {
    fn default() -> Run {
        Run { duration: Micros::s(60), warm_up: Micros::s(5), drain: Micros::s(10) }
    }
}

impl Default for Network {
    fn default() -> Network {
        Network { zones: Vec::new(), between_zones: Micros(500), between_regions: Micros::ms(75), between: Vec::new() }
    }
}

impl Design {
    /// Reads the TOML form. The error begins with the file's name and the line.
    pub fn read(name: &str, text: &str) -> Result<Design, String> {
        Design::parse(text).map_err(|(line, why)| format!("{name}:{line}: {why}"))
    }

    /// Reads the TOML form. The error has the line, from 1.
    pub fn parse(text: &str) -> Result<Design, (usize, String)> {
        let design: Design = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (text[..at.min(text.len())].matches('\n').count() + 1, error.message().trim().to_owned())
        })?;
        if design.version != VERSION {
            return Err((1, format!("version {} is unknown; this program reads {VERSION}", design.version)));
        }
        Ok(design)
    }
}
