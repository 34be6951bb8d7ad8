//! A design, compiled: names become numbers, the kinds of components one shape, and what cannot be run is refused with the
//! name of the component.

use super::design::{Algorithm, Autoscale, Breaker, Design, Does, Load, Policy, When};
use super::keys::Popularity;
use super::requirement::Requirement;
use crate::base::hash;
use crate::base::random::Stream;
use crate::sim::sample;
use crate::wire::Distribution;
use std::ops::Range;

/// No time-out, no deadline, no limit.
pub const NEVER: u64 = u64::MAX;
/// The place of a component that is wherever its caller is.
pub const ANYWHERE: u16 = u16::MAX;
/// What a component keeps by instance and key has at most so many places.
pub(super) const PLACES_MAX: f64 = 16e6;

#[derive(Clone, Debug)]
pub struct Plan {
    pub title: String,
    /// In microseconds.
    pub warm_up: u64,
    pub duration: u64,
    pub drain: u64,
    pub network: Map,
    pub parts: Vec<Part>,
    pub edges: Vec<Edge>,
    pub steps: Vec<Step>,
    pub clients: Vec<Client>,
    pub classes: Vec<Class>,
    pub spaces: Vec<Space>,
    /// Of all spaces.
    pub keys: u32,
    pub faults: Vec<Fault>,
    pub requirements: Vec<Requirement>,
    /// Parts of the run that requirements are about.
    pub windows: Vec<(u64, u64)>,
}

/// Places: the zones, then the regions (of what stands in all of a region's zones).
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub zones: Vec<String>,
    pub regions: Vec<String>,
    /// By place.
    pub region_of: Vec<u16>,
    /// One way, in microseconds, by pair of places; empty if everything is in one.
    distances: Vec<u32>,
}

/// One component.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    /// The table of the form that it stands in.
    pub table: &'static str,
    /// What its draws are keyed by: the hash of its name.
    pub key: u64,
    pub kind: Kind,
    pub instances: u16,
    /// By instance.
    pub places: Vec<u16>,
    /// Of a pool of workers, which is one instance: how many of its slots are in each zone.
    pub spread: Vec<(u16, u32)>,
    pub speeds: Vec<f64>,
    /// Instances that there are at first, and the rule by which there are more or fewer.
    pub scale: Option<(u16, Autoscale)>,
    /// Slots of an instance, and how many wait for one.
    pub concurrency: u32,
    pub queue: u32,
    pub read: Time,
    pub write: Time,
    pub holds: bool,
    pub fails: f64,
    pub steps: Range<usize>,
    /// Units a month, of an instance.
    pub price: f64,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Clients,
    Plain,
    /// Takes the nearest of its calls.
    Router,
    Cache(Caching),
    Store {
        sync: u16,
        lag: Time,
        ack: Time,
        fail_over: u64,
        row_locks: bool,
    },
    KeyValue {
        replicas: u16,
        range: bool,
    },
    Index {
        refresh: u64,
    },
    Gateway {
        connections: u32,
        handshake: u64,
    },
    /// Takes messages in for the workers, which are the part of that number.
    Queue {
        workers: u16,
        retention: u64,
    },
    Workers,
    Limiter(Limiting),
}

#[derive(Clone, Debug)]
pub struct Caching {
    pub capacity: u32,
    pub ttl: u64,
    /// The mean of what a read may be early, or none.
    pub early: u64,
    pub single_flight: bool,
    pub least_frequently: bool,
    /// Every node has entries of its own for every key.
    pub local: bool,
    /// Writes are kept back for so long.
    pub back: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Limiting {
    /// Of an instance.
    pub rate: f64,
    pub burst: f64,
    pub per_key: bool,
    pub algorithm: Algorithm,
    pub window: u64,
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
    /// How long the caller is ignorant of an instance's state; 0 unless it is a balancer, a router or a queue.
    pub health_delay: u64,
    /// Of the instances, if they are weighted.
    pub weights: Vec<u32>,
}

/// Which instance a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Only,
    Policy(Policy),
    /// The node of the key.
    Key,
    /// The node of the key's partition, of so many.
    Partition(u16),
    /// One of so many points in the caller's region.
    Point(u16),
    /// A store's primary, or one of its replicas for reads.
    Store {
        replica_reads: bool,
    },
    /// The n-th node of the key.
    Ring,
    /// Every shard for a read, the key's for a write.
    Shard,
    /// The instance that holds the key's connection.
    Connection,
}

/// Calls that are made at once.
#[derive(Clone, Debug)]
pub struct Step {
    pub edges: Range<u16>,
    /// Calls to each, for a read and for a write.
    pub times: [u16; 2],
    pub fan: bool,
    /// Another space of keys for each call.
    pub space: Option<u16>,
    pub guard: bool,
    /// Answers that are enough for a read and for a write; 0 is all.
    pub need: [u16; 2],
    pub when: When,
    /// One bit a class.
    pub classes: u64,
    pub does: Option<Does>,
    pub optional: bool,
    /// That the one who is asked refuses is a failure all the same.
    pub binding: bool,
    pub detached: bool,
}

#[derive(Clone, Debug)]
pub struct Client {
    pub part: u16,
    pub place: u16,
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
    pub fan: u16,
}

#[derive(Clone, Debug)]
pub struct Space {
    pub first: u32,
    pub count: u32,
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
    /// Parts and instances.
    Down(Vec<(u16, u16)>),
    /// Zones, with the workers of pools that stand in them.
    Lost(Vec<u16>),
    Slow {
        parts: Vec<u16>,
        factor: f64,
    },
    Cut {
        edges: Vec<u16>,
    },
    Hot {
        space: u16,
        key: u32,
        share: f64,
    },
    /// The instances of the parts up to this one.
    Deploy {
        parts: Vec<u16>,
        instances: u16,
        factor: f64,
        fails: f64,
    },
}

/// What is compiled so far, and the calls whose ends are still names.
pub(super) struct Compiler<'d> {
    pub(super) design: &'d Design,
    pub(super) plan: Plan,
}

impl Plan {
    /// The same system under so many times the load.
    pub fn under(&self, times: f64) -> Plan {
        let mut plan = self.clone();
        for client in &mut plan.clients {
            match &mut client.load {
                Load::Open(open) => open.rate *= times,
                Load::Closed(closed) => {
                    closed.users = (libm::round(f64::from(closed.users) * times) as u32).clamp(1, 1_000_000);
                }
            }
        }
        plan
    }

    /// Says by name what is wrong with a design that cannot be run.
    pub fn new(design: &Design) -> Result<Plan, String> {
        let run = &design.run;
        within("run.duration", run.duration.0 as f64, 1e3, 86_400e6)?;
        within("run.drain", run.drain.0 as f64, 0.0, 3_600e6)?;
        if run.warm_up >= run.duration {
            return Err("run.warm-up: it must be below the duration".into());
        }
        let requirements: Vec<Requirement> =
            design.requirements.iter().map(|text| Requirement::read(text)).collect::<Result<_, _>>()?;
        let mut windows: Vec<(u64, u64)> = requirements.iter().filter_map(|requirement| requirement.window).collect();
        windows.sort_unstable();
        windows.dedup();
        let plan = Plan {
            title: design.title.clone(),
            warm_up: run.warm_up.0,
            duration: run.duration.0,
            drain: run.drain.0,
            network: Map::new(&design.network)?,
            parts: Vec::new(),
            edges: Vec::new(),
            steps: Vec::new(),
            clients: Vec::new(),
            classes: Vec::new(),
            spaces: Vec::new(),
            keys: 0,
            faults: Vec::new(),
            requirements,
            windows,
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

    /// Where a part's instance is.
    pub fn place(&self, part: u16, instance: u16) -> u16 {
        self.parts[usize::from(part)].places.get(usize::from(instance)).copied().unwrap_or(ANYWHERE)
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

    pub(super) fn name(&self, part: u16) -> &str {
        &self.parts[usize::from(part)].name
    }
}

impl Map {
    fn new(network: &super::design::Network) -> Result<Map, String> {
        let region = |zone: &str| zone.split_once('/').map_or(zone, |(region, _)| region).to_owned();
        let mut map = Map { zones: network.zones.clone(), ..Map::default() };
        for (at, zone) in network.zones.iter().enumerate() {
            if zone.is_empty() || network.zones[..at].contains(zone) {
                return Err(format!("network.zones: \"{zone}\": each has a name of its own"));
            }
            if !map.regions.contains(&region(zone)) {
                map.regions.push(region(zone));
            }
        }
        if map.regions.is_empty() {
            map.regions.push(String::new());
            map.region_of.push(0);
            return Ok(map);
        }
        within("network.zones: their number", map.zones.len() as f64, 1.0, 100.0)?;
        let find = |name: &str| map.regions.iter().position(|known| known == name);
        map.region_of = network.zones.iter().map(|zone| find(&region(zone)).unwrap_or(0) as u16).collect();
        map.region_of.extend(0..map.regions.len() as u16);
        for distance in &network.between {
            if let Some(unknown) = distance.regions.iter().find(|name| find(name).is_none()) {
                return Err(format!("network.between: no zone is in the region \"{unknown}\""));
            }
        }
        let far = [network.between_zones, network.between_regions];
        let all = network.between.iter().map(|distance| distance.latency).chain(far);
        for latency in all {
            within("network: a latency in microseconds", latency.0 as f64, 0.0, 1e7)?;
        }
        let count = map.region_of.len();
        for from in 0..count {
            for to in 0..count {
                let regions =
                    [&map.regions[usize::from(map.region_of[from])], &map.regions[usize::from(map.region_of[to])]];
                let told = network
                    .between
                    .iter()
                    .find(|d| [&d.regions[0], &d.regions[1]] == regions || [&d.regions[1], &d.regions[0]] == regions);
                let zones = from < map.zones.len() && to < map.zones.len() && from != to;
                let latency = match (regions[0] == regions[1], told) {
                    (true, _) if zones => network.between_zones,
                    (true, _) => crate::base::Micros::ZERO,
                    (false, Some(told)) => told.latency,
                    (false, None) => network.between_regions,
                };
                map.distances.push(latency.0 as u32);
            }
        }
        Ok(map)
    }

    /// One way, beyond what a call takes by itself.
    #[inline(always)]
    pub fn distance(&self, from: u16, to: u16) -> u32 {
        if self.distances.is_empty() || from == ANYWHERE || to == ANYWHERE {
            return 0;
        }
        self.distances[usize::from(from) * self.region_of.len() + usize::from(to)]
    }

    /// The place of a region as a whole; without a name that of the first.
    pub(super) fn region(&self, name: Option<&String>) -> Result<u16, String> {
        let at = match name {
            None => 0,
            Some(name) => self
                .regions
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| format!("no zone is in the region \"{name}\""))?,
        };
        Ok((self.zones.len() + at) as u16)
    }

    pub(super) fn zone(&self, name: &str) -> Result<u16, String> {
        let at = self.zones.iter().position(|known| known == name);
        at.map(|at| at as u16).ok_or_else(|| format!("network.zones has no \"{name}\""))
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
pub(super) fn plain(table: &'static str, name: &str) -> Part {
    Part {
        name: name.to_owned(),
        table,
        key: hash::bytes(0, name.as_bytes()),
        kind: Kind::Plain,
        instances: 1,
        places: Vec::new(),
        spread: Vec::new(),
        speeds: Vec::new(),
        scale: None,
        concurrency: u32::MAX,
        queue: 0,
        read: Time::Fixed(0),
        write: Time::Fixed(0),
        holds: false,
        fails: 0.0,
        steps: 0..0,
        price: 0.0,
    }
}

/// The name of a queue's workers.
pub fn workers(queue: &str) -> String {
    format!("{queue}/workers")
}
