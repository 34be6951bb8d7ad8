//! A design exercise as data. A learner draws the graph alone: who asks for what and how often, what breaks, what must hold,
//! and how fast and dear each kind of part is, comes from the exercise. So a design cannot be made good by writing a faster
//! database down.
//!
//! Exercises are written in TOML (`lessons/designs`, read natively by `lesson::exercises`, and proved there), and packed for
//! the page in the canonical encoding, which [`Exercise::from_bytes`] reads.

use super::design::*;
use super::sheet::Quantity;
use crate::base::{Micros, codec};
use crate::wire::Distribution;
use serde::{Deserialize, Serialize};

/// The task and what comes of solving it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exercise {
    pub slug: String,
    pub task: Task,
    /// Designs that fulfil all requirements.
    pub accepted: Vec<Reference>,
    /// Plausible ones that miss one.
    pub wrong: Vec<Reference>,
}

/// `exercise.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Task {
    pub version: u32,
    pub title: String,
    /// For the whole interview.
    pub minutes: u16,
    /// In a sentence, for a list.
    pub summary: String,
    /// What the interviewer says, in paragraphs.
    pub brief: Vec<String>,
    /// What is worth asking, and what the answer is.
    pub questions: Vec<Question>,
    pub run: Run,
    #[serde(default)]
    pub network: Network,
    pub keys: Named<Keys>,
    pub clients: Named<Population>,
    #[serde(default)]
    pub given: Given,
    /// What others run, and a design may call: providers of payment or messages.
    #[serde(default)]
    pub others: Named<Service>,
    #[serde(default)]
    pub faults: Vec<Fault>,
    pub requirements: Vec<Demand>,
    pub sheet: Vec<Quantity>,
    pub follow_ups: Vec<FollowUp>,
    pub rubric: Vec<Skill>,
    /// One for each phase of [`PHASES`], in their order.
    pub answers: Vec<Answer>,
}

/// Of the interview, in their order.
pub const PHASES: [&str; 6] = ["requirements", "estimation", "high-level", "deep-dive", "failure", "trade-offs"];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    pub ask: String,
    pub answer: String,
    /// Would the design be another one without it?
    #[serde(default)]
    pub decides: bool,
}

/// Clients without their call, which is the learner's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Population {
    pub load: Load,
    #[serde(default)]
    pub classes: Vec<Class>,
    #[serde(default)]
    pub region: Option<String>,
    /// To the first component, one way. Default 250 us.
    #[serde(default = "near")]
    pub latency: Distribution,
}

fn near() -> Distribution {
    Call::default().latency
}

/// A requirement, and why it is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Demand {
    /// As in [`super::requirement`].
    pub text: String,
    pub why: String,
}

/// A question that the interviewer asks if the design, or its run, gives cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FollowUp {
    /// Conditions in the form of requirements, joined by " and ": "use(stores.*) >= 80% in any".
    pub when: String,
    /// With `{seed}`, `{value}` and `{component}` of the first condition.
    pub ask: String,
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Skill {
    pub skill: String,
    /// From the lowest up: what one sees of it.
    pub levels: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answer {
    pub phase: String,
    pub text: Vec<String>,
}

/// A design that ships with an exercise. Its design is a graph, as a learner would draw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub name: String,
    pub title: String,
    /// Why it is good; or why it must fail.
    pub why: String,
    /// Of a wrong one: the requirement that it misses.
    pub fails: Option<String>,
    pub design: Design,
}

/// What an index of exercises says of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub slug: String,
    pub title: String,
    pub minutes: u16,
    pub summary: String,
}

/// A struct of what is given of a kind of part, and how it is set in a part.
macro_rules! given {
    ($($(#[$doc:meta])* $name:ident for $part:ident [$($nature:ident)*] { $($field:ident: $of:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
            #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
            #[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
            pub struct $name {
                $(pub $field: Option<$of>,)*
            }

            impl $name {
                /// What is given holds. What is in the nature of a part, as its price and how long it works, is as it
                /// comes where nothing is given: a design cannot be made fast or cheap by saying so.
                fn apply(&self, part: &mut $part) {
                    let usual = $part::default();
                    part.price = usual.price;
                    $(part.$nature = usual.$nature.clone();)*
                    $(if let Some(given) = &self.$field {
                        part.$field = given.clone();
                    })*
                }
            }
        )*
    };
}

given! {
    GivenBalancer for Balancer [service] { health_delay: Micros, service: Distribution, price: f64, }
    GivenService for Service [service fails] { service: Distribution, concurrency: u32, queue: u32, fails: f64, price: f64, }
    GivenGateway for Gateway [service handshake] {
        service: Distribution, handshake: Micros, connections: u32, concurrency: u32, queue: u32, price: f64,
    }
    GivenCache for Cache [service] { service: Distribution, capacity: u32, concurrency: u32, price: f64, }
    GivenCdn for Cdn [service] { service: Distribution, capacity: u32, points: u16, price: f64, }
    GivenStore for Store [read write lag ack fail_over] {
        read: Distribution, write: Distribution, lag: Distribution, ack: Distribution, fail_over: Micros, row_locks: bool,
        concurrency: u32, price: f64,
    }
    GivenKeyValue for KeyValue [read write] { read: Distribution, write: Distribution, concurrency: u32, price: f64, }
    GivenObjects for Objects [read write] { read: Distribution, write: Distribution, price: f64, }
    GivenIndex for Index [read write] { read: Distribution, write: Distribution, refresh: Micros, concurrency: u32, price: f64, }
    GivenJobs for Jobs [accept work lag fail_over fails] {
        accept: Distribution, work: Distribution, lag: Distribution, fail_over: Micros, fails: f64, price: f64,
    }
    GivenLimiter for Limiter [service] {
        rate: f64, burst: f64, per_key: bool, service: Distribution, concurrency: Option<u32>, queue: u32, price: f64,
    }
}

/// How fast, how large and how dear parts are: units a month, as of `prices`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Given {
    /// What the prices are taken from, and of when.
    pub prices: String,
    /// Of every call but the clients', one way. Default 250 us.
    pub latency: Option<Distribution>,
    /// Until an instance that an autoscaler decided on serves.
    pub cold_start: Option<Micros>,
    pub balancers: GivenBalancer,
    pub services: GivenService,
    pub gateways: GivenGateway,
    pub caches: GivenCache,
    pub cdns: GivenCdn,
    pub stores: GivenStore,
    pub key_values: GivenKeyValue,
    pub objects: GivenObjects,
    pub indexes: GivenIndex,
    pub queues: GivenJobs,
    pub limiters: GivenLimiter,
}

impl Given {
    fn apply(&self, design: &mut Design) {
        for call in calls(design) {
            call.latency = self.latency.clone().unwrap_or_else(near);
        }
        design.routers.values_mut().for_each(|part| part.price = Router::default().price);
        design.balancers.values_mut().for_each(|part| self.balancers.apply(part));
        for part in design.services.values_mut() {
            self.services.apply(part);
            part.speeds.clear();
            if let Some(rule) = &mut part.autoscale {
                rule.cold_start = self.cold_start.unwrap_or(Autoscale::default().cold_start);
            }
        }
        design.gateways.values_mut().for_each(|part| self.gateways.apply(part));
        design.caches.values_mut().for_each(|part| self.caches.apply(part));
        design.cdns.values_mut().for_each(|part| self.cdns.apply(part));
        design.stores.values_mut().for_each(|part| self.stores.apply(part));
        design.key_values.values_mut().for_each(|part| self.key_values.apply(part));
        design.objects.values_mut().for_each(|part| self.objects.apply(part));
        design.indexes.values_mut().for_each(|part| self.indexes.apply(part));
        design.queues.values_mut().for_each(|part| self.queues.apply(part));
        design.limiters.values_mut().for_each(|part| self.limiters.apply(part));
    }
}

/// All calls but the clients'.
fn calls(design: &mut Design) -> Vec<&mut Call> {
    let mut all: Vec<&mut Call> = Vec::new();
    all.extend(design.routers.values_mut().map(|of| &mut of.call));
    all.extend(design.balancers.values_mut().map(|of| &mut of.call));
    all.extend(design.services.values_mut().flat_map(|of| &mut of.calls));
    all.extend(design.gateways.values_mut().flat_map(|of| &mut of.calls));
    all.extend(design.caches.values_mut().flat_map(|of| &mut of.calls));
    all.extend(design.cdns.values_mut().flat_map(|of| &mut of.calls));
    all.extend(design.queues.values_mut().flat_map(|of| &mut of.calls));
    all.extend(design.limiters.values_mut().filter_map(|of| of.call.as_mut()));
    all
}

impl Exercise {
    /// # Errors
    /// It is of another version, or no exercise at all.
    pub fn from_bytes(bytes: &[u8]) -> Result<Exercise, String> {
        codec::from_bytes(bytes)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        codec::to_bytes(self)
    }

    pub fn listed(&self) -> Listed {
        let Task { title, minutes, summary, .. } = &self.task;
        Listed { slug: self.slug.clone(), title: title.clone(), minutes: *minutes, summary: summary.clone() }
    }

    /// Where a learner begins: the clients, who call nothing yet, and what others run.
    pub fn starter(&self) -> Design {
        self.task.starter()
    }

    /// A learner's graph under the exercise's load and faults, of the parts that are given.
    ///
    /// # Errors
    /// Says by name what the graph lacks.
    pub fn design(&self, graph: &Design) -> Result<Design, String> {
        self.task.design(graph)
    }
}

impl Task {
    pub fn starter(&self) -> Design {
        let clients = self.clients.iter().map(|(name, of)| (name.clone(), of.with(Call::default())));
        Design {
            version: VERSION,
            title: self.title.clone(),
            run: self.run.clone(),
            network: self.network.clone(),
            keys: self.keys.clone(),
            clients: clients.collect(),
            services: self.others.clone(),
            faults: self.faults.clone(),
            requirements: self.requirements.iter().map(|demand| demand.text.clone()).collect(),
            ..Design::default()
        }
    }

    pub fn design(&self, graph: &Design) -> Result<Design, String> {
        let mut design = self.starter();
        for (name, clients) in &mut design.clients {
            let own = graph.clients.get(name).filter(|own| !own.call.to.is_empty());
            let own =
                own.ok_or_else(|| format!("clients.{name}: they call nothing yet; connect them to a component"))?;
            let latency = self.clients[name].latency.clone();
            clients.call = Call { latency, ..own.call.clone() };
        }
        if let Some(stranger) = graph.clients.keys().find(|name| !self.clients.contains_key(*name)) {
            return Err(format!("clients.{stranger}: the exercise has no such clients"));
        }
        design.routers = graph.routers.clone();
        design.balancers = graph.balancers.clone();
        design.services = graph.services.clone();
        self.others.keys().for_each(|name| drop(design.services.remove(name)));
        design.gateways = graph.gateways.clone();
        design.caches = graph.caches.clone();
        design.cdns = graph.cdns.clone();
        design.stores = graph.stores.clone();
        design.key_values = graph.key_values.clone();
        design.objects = graph.objects.clone();
        design.indexes = graph.indexes.clone();
        design.queues = graph.queues.clone();
        design.limiters = graph.limiters.clone();
        self.given.apply(&mut design);
        let others = self.others.iter().map(|(name, of)| (name.clone(), of.clone()));
        design.services.extend(others);
        Ok(design)
    }
}

impl Population {
    fn with(&self, call: Call) -> Clients {
        let call = Call { latency: self.latency.clone(), ..call };
        Clients { load: self.load.clone(), classes: self.classes.clone(), region: self.region.clone(), call }
    }
}
