//! Who asks, for what, and how calls are made.

use crate::base::Micros;
use crate::wire::Distribution;
use serde::{Deserialize, Serialize};

/// A space of keys that classes of requests ask for. The first is the most popular.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Keys {
    /// Default 10,000; 1 to 4,000,000 over all spaces.
    pub count: u32,
    /// The k-th key is asked for in proportion to 1/k^zipf. Default 0.99, 0 (all alike) to 5 \[YCSB\].
    pub zipf: f64,
}

/// A population of clients with one call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Clients {
    /// Default open, 100 requests a second \[Choice\].
    #[serde(default)]
    pub load: Load,
    /// What is asked for, and how often. Without it, one class "request" that reads without a key.
    #[serde(default)]
    pub classes: Vec<Class>,
    /// Where they are. Default the region of the first zone.
    #[serde(default)]
    pub region: Option<String>,
    pub call: Call,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Load {
    /// Open: independent requests come whether or not earlier ones were answered (a Poisson process).
    Open(Open),
    /// Closed: each user thinks, asks, waits for the answer.
    Closed(Closed),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Open {
    /// Requests a second; default 100, above 0, to 10,000,000.
    pub rate: f64,
    /// A wave over the rate (a day's): rate × (1 + swing × sin(2π t / period)). Default 0, none; up to 1.
    pub swing: f64,
    /// Of the wave. Default 24 h.
    pub period: Micros,
    /// Crowds: from `at` the rate rises within `ramp` to `factor` times, for `hold`, and falls within `ramp`.
    pub crowds: Vec<Crowd>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
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
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Closed {
    /// 1 to 1,000,000.
    pub users: u32,
    /// From an answer to the next request, and before the first.
    pub think: Distribution,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Class {
    pub name: String,
    /// In proportion to the others' shares. Default 1, above 0.
    pub share: f64,
    /// Does it write? Default: it reads.
    pub write: bool,
    /// The name of a space of keys.
    pub keys: Option<String>,
    /// From the request; no call waits longer, and no component serves what is past it. Default: none.
    pub deadline: Option<Micros>,
    /// How many others a request is about: followers, recipients. Calls with `fan` are made so often. Default 1, 1 to 1,000.
    pub fan: u16,
}

/// A call of one component to others, with its policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Call {
    /// One component or several, which are called at once.
    pub to: Vec<String>,
    /// Only then is the call made. Default always.
    pub when: When,
    /// Only for requests of these classes. Default all.
    pub classes: Vec<String>,
    /// What is done there. Default: what the request does, a read or a write.
    pub does: Option<Does>,
    /// So many calls to each at once (fan-out). Default 1, 1 to 1,000.
    pub times: u16,
    /// Instead of `times`: as many as the request's class is about. Default no.
    pub fan: bool,
    /// Instead of the request's key: another one of this space for each call, always the same ones for the same request.
    pub keys: Option<String>,
    /// A write is done only if what the request has read of the key is still so (compare and set); else it fails. Default no.
    pub guard: bool,
    /// So many answers are enough. Default all; of a key-value store what its quorum says.
    pub need: Option<u16>,
    /// A failure of it is no failure: of a cache it counts as a miss. That a limiter refuses is one. Default no.
    pub optional: bool,
    /// The caller goes on without the answer. Default no.
    pub detached: bool,
    /// One way. Default 250 us: half of a round trip within a data centre \[Numbers\].
    pub latency: Distribution,
    /// For one attempt. Default none, 1 us to 1 h.
    pub time_out: Option<Micros>,
    /// Further attempts after a failure. Default 0, up to 15. Three are usual \[SRE, 22\].
    pub retries: u8,
    /// Before the n-th further attempt: back-off × 2^(n-1), up to `back-off-max`. Defaults 100 ms and 10 s \[Choice\].
    pub back_off: Micros,
    pub back_off_max: Micros,
    /// The share of the back-off that is drawn: 0 none, 1 anywhere from 0 to it. Default 1 \[Jitter, full jitter\].
    pub jitter: f64,
    /// Further attempts as a share of first ones, in the long run; up to ten may be saved up. Default no bound. A tenth is
    /// usual \[SRE, 21\].
    pub retry_budget: Option<f64>,
    /// A second attempt, elsewhere if that can be, after so long without an answer. Default none. The 95th percentile is
    /// usual \[Tail\].
    pub hedge: Option<Micros>,
    pub breaker: Option<Breaker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum When {
    #[default]
    Always,
    /// The last cache that was asked had it, or did not.
    Hit,
    Miss,
    Read,
    Write,
    /// What was read of the key had never been written, or had.
    New,
    Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
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
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Breaker {
    /// Default 5, 1 to 10,000 \[Choice\].
    pub failures: u32,
    /// Default 5 s, 1 ms to 1 h \[Choice\].
    pub open: Micros,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys { count: 10_000, zipf: 0.99 }
    }
}

impl Default for Load {
    fn default() -> Load {
        Load::Open(Open::default())
    }
}

impl Default for Open {
    fn default() -> Open {
        Open { rate: 100.0, swing: 0.0, period: Micros::s(86_400), crowds: Vec::new() }
    }
}

impl Default for Class {
    fn default() -> Class {
        Class { name: String::new(), share: 1.0, write: false, keys: None, deadline: None, fan: 1 }
    }
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker { failures: 5, open: Micros::s(5) }
    }
}

impl Default for Call {
    fn default() -> Call {
        Call {
            to: Vec::new(),
            when: When::Always,
            classes: Vec::new(),
            does: None,
            times: 1,
            fan: false,
            keys: None,
            guard: false,
            need: None,
            optional: false,
            detached: false,
            latency: Distribution::Constant(Micros(250)),
            time_out: None,
            retries: 0,
            back_off: Micros::ms(100),
            back_off_max: Micros::s(10),
            jitter: 1.0,
            retry_budget: None,
            hedge: None,
            breaker: None,
        }
    }
}

impl Call {
    /// A call with the defaults of the form.
    pub fn new(to: &str) -> Call {
        Call { to: vec![to.to_owned()], ..Call::default() }
    }
}
