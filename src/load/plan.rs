//! A design, compiled: names become numbers, the kinds of components one shape, and what cannot be run is refused with the
//! name of the component.

use super::design::{Breaker, Design, Does, Harm, Load, Policy, When};
use super::keys::Popularity;
use crate::base::hash;
use crate::base::random::Stream;
use crate::sim::sample;
use crate::wire::Distribution;
use std::ops::Range;

/// No time-out, no deadline, no limit.
pub const NEVER: u64 = u64::MAX;

#[derive(Clone, Debug)]
pub struct Plan {
    pub title: String,
    /// In microseconds.
    pub warm_up: u64,
    pub duration: u64,
    pub drain: u64,
    pub parts: Vec<Part>,
    pub edges: Vec<Edge>,
    pub steps: Vec<Step>,
    pub clients: Vec<Client>,
    pub classes: Vec<Class>,
    pub spaces: Vec<Space>,
    /// Of all spaces.
    pub keys: u32,
    pub faults: Vec<Fault>,
    pub requirements: Vec<String>,
}

/// One component.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    /// What its draws are keyed by: the hash of its name.
    pub key: u64,
    pub kind: Kind,
    pub instances: u16,
    /// Slots of an instance, and how many wait for one.
    pub concurrency: u32,
    pub queue: u32,
    pub read: Time,
    pub write: Time,
    pub holds: bool,
    pub fails: f64,
    pub steps: Range<usize>,
    /// Units a month, of all instances.
    pub cost: f64,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Clients,
    Plain,
    Cache {
        capacity: u32,
        ttl: u64,
        single_flight: bool,
    },
    Store {
        sync: u16,
        lag: Time,
        fail_over: u64,
    },
    KeyValue {
        replicas: u16,
    },
    /// Takes messages in for the workers, which are the part of that number.
    Queue {
        workers: u16,
    },
    Limiter {
        rate: f64,
        burst: f64,
    },
}

/// A length of time; most are always the same.
#[derive(Clone, Debug)]
pub enum Time {
    Fixed(u64),
    Drawn(Distribution),
}

impl Time {
    #[inline(always)]
    pub fn draw(&self, stream: impl FnOnce() -> Stream) -> u64 {
        match self {
            Time::Fixed(time) => *time,
            Time::Drawn(distribution) => sample::draw(distribution, &mut stream()).0,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Edge {
    pub from: u16,
    pub to: u16,
    /// The hash of both names, and of the place among the calls between them.
    pub key: u64,
    pub pick: Pick,
    pub latency: Time,
    pub time_out: u64,
    pub retries: u8,
    pub back_off: u64,
    pub back_off_max: u64,
    pub jitter: f64,
    pub budget: Option<f64>,
    pub hedge: Option<u64>,
    pub breaker: Option<Breaker>,
    /// How long the caller is ignorant of an instance's state; 0 unless it is a balancer.
    pub health_delay: u64,
}

/// Which instance a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Only,
    Policy(Policy),
    /// The node of the key.
    Key,
    /// A store's primary, or one of its replicas for reads.
    Store {
        replica_reads: bool,
    },
    /// The n-th node of the key.
    Ring,
}

/// Calls that are made at once.
#[derive(Clone, Debug)]
pub struct Step {
    pub edges: Range<u16>,
    pub times: u16,
    /// Answers that are enough for a read and for a write.
    pub need: [u16; 2],
    pub when: When,
    /// One bit a class.
    pub classes: u64,
    pub does: Option<Does>,
    pub optional: bool,
    pub detached: bool,
}

#[derive(Clone, Debug)]
pub struct Client {
    pub part: u16,
    pub load: Load,
    pub edge: u16,
    /// Its classes, and up to where in a draw from 0 to 1 each is meant.
    pub classes: Range<usize>,
    pub shares: Vec<f64>,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub name: String,
    pub write: bool,
    pub space: Option<u16>,
    pub deadline: u64,
}

#[derive(Clone, Debug)]
pub struct Space {
    pub first: u32,
    pub popularity: Popularity,
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub at: u64,
    pub until: u64,
    pub does: Change,
}

#[derive(Clone, Debug)]
pub enum Change {
    Down { part: u16, instance: u16 },
    Slow { part: u16, factor: f64 },
    Cut { edges: Vec<u16> },
}

/// What is compiled so far, and the calls whose ends are still names.
pub(super) struct Compiler<'d> {
    pub(super) design: &'d Design,
    pub(super) plan: Plan,
}

impl Plan {
    /// Says by name what is wrong with a design that cannot be run.
    pub fn new(design: &Design) -> Result<Plan, String> {
        let run = &design.run;
        within("run.duration", run.duration.0 as f64, 1e3, 86_400e6)?;
        within("run.drain", run.drain.0 as f64, 0.0, 3_600e6)?;
        if run.warm_up >= run.duration {
            return Err("run.warm-up: it must be below the duration".into());
        }
        let plan = Plan {
            title: design.title.clone(),
            warm_up: run.warm_up.0,
            duration: run.duration.0,
            drain: run.drain.0,
            parts: Vec::new(),
            edges: Vec::new(),
            steps: Vec::new(),
            clients: Vec::new(),
            classes: Vec::new(),
            spaces: Vec::new(),
            keys: 0,
            faults: Vec::new(),
            requirements: design.requirements.clone(),
        };
        let mut compiler = Compiler { design, plan };
        compiler.spaces()?;
        compiler.parts()?;
        compiler.calls()?;
        compiler.plan.acyclic()?;
        compiler.faults()?;
        Ok(compiler.plan)
    }

    pub fn part(&self, name: &str) -> Option<u16> {
        self.parts.iter().position(|part| part.name == name).map(|at| at as u16)
    }

    /// Calls must come to an end.
    fn acyclic(&self) -> Result<(), String> {
        let mut depth = vec![0_usize; self.parts.len()];
        for round in 0..=self.parts.len() {
            let mut changed = false;
            for edge in &self.edges {
                let needed = depth[usize::from(edge.from)] + 1;
                if depth[usize::from(edge.to)] < needed {
                    depth[usize::from(edge.to)] = needed;
                    changed = true;
                }
                if changed && round == self.parts.len() {
                    let (from, to) = (self.name(edge.from), self.name(edge.to));
                    return Err(format!("{from}: its call to {to} is part of a circle; calls would never end"));
                }
            }
        }
        Ok(())
    }

    fn name(&self, part: u16) -> &str {
        &self.parts[usize::from(part)].name
    }
}

pub(super) fn within(what: &str, value: f64, least: f64, most: f64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{what}: {value} is outside of {least} to {most}"))
    }
}

pub(super) fn time(what: &str, distribution: &Distribution) -> Result<Time, String> {
    sample::check(distribution).map_err(|why| format!("{what}: {why}"))?;
    Ok(match distribution {
        Distribution::Constant(time) => Time::Fixed(time.0),
        drawn => Time::Drawn(drawn.clone()),
    })
}

/// A component of which there is one without limits, that takes no time.
fn plain(name: &str) -> Part {
    Part {
        name: name.to_owned(),
        key: hash::bytes(0, name.as_bytes()),
        kind: Kind::Plain,
        instances: 1,
        concurrency: u32::MAX,
        queue: 0,
        read: Time::Fixed(0),
        write: Time::Fixed(0),
        holds: false,
        fails: 0.0,
        steps: 0..0,
        cost: 0.0,
    }
}

impl Compiler<'_> {
    fn spaces(&mut self) -> Result<(), String> {
        for (name, keys) in &self.design.keys {
            within(&format!("keys.{name}: count"), f64::from(keys.count), 1.0, 4e6)?;
            within(&format!("keys.{name}: zipf"), keys.zipf, 0.0, 5.0)?;
            let popularity = Popularity::zipf(keys.count, keys.zipf);
            self.plan.spaces.push(Space { first: self.plan.keys, popularity });
            self.plan.keys += keys.count;
            within("keys: the count of all", f64::from(self.plan.keys), 1.0, 4e6)?;
        }
        Ok(())
    }

    fn push(&mut self, kind: &str, part: Part) -> Result<(), String> {
        let name = format!("{kind}.{}", part.name);
        let bad = |c: char| !(c.is_alphanumeric() || "-_ /".contains(c));
        if part.name.is_empty() || part.name.contains(bad) {
            return Err(format!("{name}: names are of letters, digits, \"-\", \"_\" and spaces"));
        }
        if self.plan.part(&part.name).is_some() {
            return Err(format!("{name}: another component has this name"));
        }
        if !matches!(part.kind, Kind::Clients) {
            within(&format!("{name}: instances"), f64::from(part.instances), 1.0, 1e3)?;
            within(&format!("{name}: concurrency"), f64::from(part.concurrency), 1.0, f64::from(u32::MAX))?;
            within(&format!("{name}: fails"), part.fails, 0.0, 1.0)?;
        }
        within(&format!("{name}: price"), part.cost, 0.0, 1e12)?;
        self.plan.parts.push(part);
        Ok(())
    }

    fn parts(&mut self) -> Result<(), String> {
        let design = self.design;
        for name in design.clients.keys() {
            self.push("clients", Part { kind: Kind::Clients, instances: 0, ..plain(name) })?;
        }
        for (name, of) in &design.balancers {
            let service = time(&format!("balancers.{name}: service"), &of.service)?;
            self.push("balancers", Part { read: service.clone(), write: service, cost: of.price, ..plain(name) })?;
        }
        for (name, of) in &design.services {
            let service = time(&format!("services.{name}: service"), &of.service)?;
            let part = Part {
                instances: of.instances,
                concurrency: of.concurrency,
                queue: of.queue,
                read: service.clone(),
                write: service,
                holds: of.holds,
                fails: of.fails,
                cost: of.price * f64::from(of.instances),
                ..plain(name)
            };
            self.push("services", part)?;
        }
        for (name, of) in &design.limiters {
            within(&format!("limiters.{name}: rate"), of.rate, 1e-6, 1e9)?;
            within(&format!("limiters.{name}: burst"), of.burst, 1.0, 1e9)?;
            self.push("limiters", Part { kind: Kind::Limiter { rate: of.rate, burst: of.burst }, ..plain(name) })?;
        }
        self.queues()?;
        self.keepers()
    }

    fn queues(&mut self) -> Result<(), String> {
        for (name, of) in &self.design.queues {
            let accept = time(&format!("queues.{name}: accept"), &of.accept)?;
            let work = time(&format!("queues.{name}: work"), &of.work)?;
            let kind = Kind::Queue { workers: self.plan.parts.len() as u16 + 1 };
            self.push("queues", Part { kind, read: accept.clone(), write: accept, ..plain(name) })?;
            let workers = Part {
                concurrency: of.workers,
                queue: of.capacity,
                read: work.clone(),
                write: work,
                holds: true,
                fails: of.fails,
                cost: of.price * f64::from(of.workers),
                ..plain(&workers(name))
            };
            self.push("queues", workers)?;
        }
        Ok(())
    }

    /// Caches and stores.
    fn keepers(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.caches {
            let service = time(&format!("caches.{name}: service"), &of.service)?;
            within(&format!("caches.{name}: capacity"), f64::from(of.capacity), 1.0, 4e6)?;
            let ttl = of.ttl.map_or(NEVER, |ttl| ttl.0);
            let kind = Kind::Cache { capacity: of.capacity, ttl, single_flight: of.single_flight };
            let (instances, concurrency, queue) = (of.instances, of.concurrency, of.queue);
            let cost = of.price * f64::from(instances);
            let (read, write) = (service.clone(), service);
            self.push("caches", Part { kind, instances, concurrency, queue, read, write, cost, ..plain(name) })?;
        }
        for (name, of) in &design.stores {
            within(&format!("stores.{name}: replicas"), f64::from(of.replicas), 0.0, 7.0)?;
            within(&format!("stores.{name}: sync"), f64::from(of.sync), 0.0, f64::from(of.replicas))?;
            let lag = time(&format!("stores.{name}: lag"), &of.lag)?;
            let kind = Kind::Store { sync: of.sync, lag, fail_over: of.fail_over.0 };
            let instances = of.replicas + 1;
            let read = time(&format!("stores.{name}: read"), &of.read)?;
            let write = time(&format!("stores.{name}: write"), &of.write)?;
            let (concurrency, queue, cost) = (of.concurrency, of.queue, of.price * f64::from(instances));
            self.push("stores", Part { kind, instances, concurrency, queue, read, write, cost, ..plain(name) })?;
        }
        for (name, of) in &design.key_values {
            let place = format!("key-values.{name}");
            within(&format!("{place}: replicas"), f64::from(of.replicas), 1.0, f64::from(of.nodes.min(7)))?;
            for quorum in [of.read_quorum, of.write_quorum] {
                within(&format!("{place}: quorum"), f64::from(quorum), 1.0, f64::from(of.replicas))?;
            }
            let (kind, instances) = (Kind::KeyValue { replicas: of.replicas }, of.nodes);
            let (read, write) =
                (time(&format!("{place}: read"), &of.read)?, time(&format!("{place}: write"), &of.write)?);
            let (concurrency, queue, cost) = (of.concurrency, of.queue, of.price * f64::from(instances));
            self.push("key-values", Part { kind, instances, concurrency, queue, read, write, cost, ..plain(name) })?;
        }
        Ok(())
    }

    fn faults(&mut self) -> Result<(), String> {
        for (i, fault) in self.design.faults.iter().enumerate() {
            let place = format!("faults[{i}]");
            let find = |name: &str| self.plan.part(name).ok_or_else(|| format!("{place}: no component \"{name}\""));
            let does = match &fault.does {
                Harm::Down { component, instance } => {
                    let part = find(component)?;
                    let instances = self.plan.parts[usize::from(part)].instances;
                    if *instance >= instances {
                        return Err(format!("{place}: {component} has {instances} instances, counted from 0"));
                    }
                    Change::Down { part, instance: *instance }
                }
                Harm::Slow { component, factor } => {
                    within(&format!("{place}: factor"), *factor, 1e-3, 1e4)?;
                    Change::Slow { part: find(component)?, factor: *factor }
                }
                Harm::Cut { from, to } => {
                    let (from_part, to_part) = (find(from)?, find(to)?);
                    let between = |at: &u16| {
                        let edge = &self.plan.edges[usize::from(*at)];
                        (edge.from, edge.to) == (from_part, to_part)
                    };
                    let edges: Vec<u16> = (0..self.plan.edges.len() as u16).filter(between).collect();
                    if edges.is_empty() {
                        return Err(format!("{place}: {from} does not call {to}"));
                    }
                    Change::Cut { edges }
                }
            };
            let until = fault.until.map_or(NEVER, |until| until.0);
            if until <= fault.at.0 {
                return Err(format!("{place}: it must end after it begins"));
            }
            self.plan.faults.push(Fault { at: fault.at.0, until, does });
        }
        Ok(())
    }
}

/// The name of a queue's workers.
pub fn workers(queue: &str) -> String {
    format!("{queue}/workers")
}
