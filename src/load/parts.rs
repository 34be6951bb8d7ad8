//! Components, compiled: every kind becomes the one shape of a part.

use super::design::{Acks, Evicts, Jobs, Shard, Writes};
use super::keys::Popularity;
use super::plan::{
    Caching, Compiler, Kind, Limiting, NEVER, PLACES_MAX, Part, Space, Time, plain, time, within, workers,
};
use crate::base::Micros;
use crate::wire::Distribution;

/// The tables of the form, which "stores.*" and the like name.
pub const TABLES: [&str; 13] = [
    "clients",
    "routers",
    "balancers",
    "services",
    "gateways",
    "caches",
    "cdns",
    "stores",
    "key-values",
    "objects",
    "indexes",
    "queues",
    "limiters",
];
/// What belongs to a queue, and has no table of its own.
pub const WORKERS: &str = "workers";

impl Compiler<'_> {
    pub(super) fn spaces(&mut self) -> Result<(), String> {
        for (name, keys) in &self.design.keys {
            within(&format!("keys.{name}: count"), f64::from(keys.count), 1.0, 4e6)?;
            within(&format!("keys.{name}: zipf"), keys.zipf, 0.0, 5.0)?;
            let popularity = Popularity::zipf(keys.count, keys.zipf);
            self.plan.spaces.push(Space { first: self.plan.keys, count: keys.count, popularity });
            self.plan.keys += keys.count;
            within("keys: the count of all", f64::from(self.plan.keys), 1.0, 4e6)?;
        }
        Ok(())
    }

    fn push(&mut self, part: Part) -> Result<(), String> {
        let name = format!("{}.{}", part.table, part.name);
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
        for speed in &part.speeds {
            within(&format!("{name}: speeds"), *speed, 1e-3, 100.0)?;
        }
        within(&format!("{name}: price"), part.price, 0.0, 1e12)?;
        self.plan.parts.push(part);
        Ok(())
    }

    /// Where instances are, in turn.
    fn places(&self, name: &str, zones: &[String], instances: u16) -> Result<Vec<u16>, String> {
        let network = &self.plan.network;
        let all: Vec<u16> = match zones {
            [] if network.zones.is_empty() => vec![network.region(None)?],
            [] => (0..network.zones.len() as u16).collect(),
            zones => zones
                .iter()
                .map(|zone| network.zone(zone))
                .collect::<Result<_, _>>()
                .map_err(|why| format!("{name}: {why}"))?,
        };
        Ok((0..usize::from(instances)).map(|at| all[at % all.len()]).collect())
    }

    /// How many of a pool stand in each zone, in turn.
    fn spread(&self, name: &str, zones: &[String], workers: u32) -> Result<Vec<(u16, u32)>, String> {
        let count = zones.len() as u32;
        let more = |at: usize| u32::from((at as u32) < workers % count);
        let places = self.places(name, zones, count as u16)?;
        Ok(places.into_iter().enumerate().map(|(at, place)| (place, workers / count + more(at))).collect())
    }

    fn region(&self, name: &str, region: Option<&String>) -> Result<Vec<u16>, String> {
        Ok(vec![self.plan.network.region(region).map_err(|why| format!("{name}: {why}"))?])
    }

    pub(super) fn parts(&mut self) -> Result<(), String> {
        let design = self.design;
        for name in design.clients.keys() {
            self.push(Part { kind: Kind::Clients, instances: 0, ..plain("clients", name) })?;
        }
        for (name, of) in &design.routers {
            self.push(Part { kind: Kind::Router, price: of.price, ..plain("routers", name) })?;
        }
        for (name, of) in &design.balancers {
            let service = time(&format!("balancers.{name}: service"), &of.service)?;
            let places = self.region(&format!("balancers.{name}"), of.region.as_ref())?;
            let part =
                Part { places, read: service.clone(), write: service, price: of.price, ..plain("balancers", name) };
            self.push(part)?;
        }
        for (name, of) in &design.services {
            self.service(name, of)?;
        }
        for (name, of) in &design.gateways {
            let service = time(&format!("gateways.{name}: service"), &of.service)?;
            within(&format!("gateways.{name}: connections"), f64::from(of.connections), 1.0, 4e6)?;
            let part = Part {
                kind: Kind::Gateway { connections: of.connections, handshake: of.handshake.0.min(Micros::s(3_600).0) },
                instances: of.instances,
                places: self.places(name, &of.zones, of.instances)?,
                concurrency: of.concurrency,
                queue: of.queue,
                read: service.clone(),
                write: service,
                holds: of.holds,
                price: of.price,
                ..plain("gateways", name)
            };
            self.push(part)?;
        }
        self.limiters()?;
        for (name, of) in &design.queues {
            self.jobs(name, of)?;
        }
        self.caches()?;
        self.cdns()?;
        self.stores()?;
        self.key_values()?;
        self.others()
    }

    fn service(&mut self, name: &str, of: &super::design::Service) -> Result<(), String> {
        let place = format!("services.{name}");
        let service = time(&format!("{place}: service"), &of.service)?;
        let mut instances = of.instances;
        if let Some(scale) = &of.autoscale {
            within(&format!("{place}: autoscale.max"), f64::from(scale.max), f64::from(scale.min.max(1)), 1e3)?;
            within(&format!("{place}: autoscale.target"), scale.target, 0.05, 1.0)?;
            within(&format!("{place}: autoscale.every"), scale.every.0 as f64, 1e3, 3_600e6)?;
            within(
                &format!("{place}: instances"),
                f64::from(of.instances),
                f64::from(scale.min.max(1)),
                f64::from(scale.max),
            )?;
            instances = scale.max;
        }
        let part = Part {
            instances,
            places: self.places(name, &of.zones, instances)?,
            speeds: of.speeds.clone(),
            scale: of.autoscale.clone().map(|scale| (of.instances, scale)),
            concurrency: of.concurrency,
            queue: of.queue,
            read: service.clone(),
            write: service,
            holds: of.holds,
            fails: of.fails,
            price: of.price,
            ..plain("services", name)
        };
        self.push(part)
    }

    fn limiters(&mut self) -> Result<(), String> {
        for (name, of) in &self.design.limiters {
            let place = format!("limiters.{name}");
            within(&format!("{place}: rate"), of.rate, 1e-6, 1e9)?;
            within(&format!("{place}: burst"), of.burst, 1.0, 1e9)?;
            within(&format!("{place}: window"), of.window.0 as f64, 1e3, 3_600e6)?;
            if of.per_key {
                self.fits(&place, of.instances)?;
            }
            let divided = if of.divided { f64::from(of.instances.max(1)) } else { 1.0 };
            let limiting = Limiting {
                rate: of.rate / divided,
                burst: (of.burst / divided).max(1.0),
                per_key: of.per_key,
                algorithm: of.algorithm,
                window: of.window.0,
            };
            let service = time(&format!("{place}: service"), &of.service)?;
            let part = Part {
                kind: Kind::Limiter(limiting),
                instances: of.instances,
                places: self.places(name, &of.zones, of.instances)?,
                concurrency: of.concurrency.unwrap_or(u32::MAX),
                queue: of.queue,
                read: service.clone(),
                write: service,
                price: of.price,
                ..plain("limiters", name)
            };
            self.push(part)?;
        }
        Ok(())
    }

    /// Something is kept for each instance and key.
    fn fits(&self, place: &str, instances: u16) -> Result<(), String> {
        let what = format!("{place}: instances × keys");
        within(&what, f64::from(instances) * f64::from(self.plan.keys.max(1)), 1.0, PLACES_MAX)
    }

    fn jobs(&mut self, name: &str, of: &Jobs) -> Result<(), String> {
        let place = format!("queues.{name}");
        let mut accept = time(&format!("{place}: accept"), &of.accept)?;
        let work = time(&format!("{place}: work"), &of.work)?;
        within(&format!("{place}: workers"), f64::from(of.workers), 1.0, 1e6)?;
        within(&format!("{place}: partitions"), f64::from(of.partitions), 0.0, 1e3)?;
        if of.acks == Acks::All {
            accept = both(&place, &of.accept, &of.lag)?;
        }
        let retention = of.retention.map_or(NEVER, |retention| retention.0);
        let kind = Kind::Queue { workers: self.plan.parts.len() as u16 + 1, retention };
        let region = self.region(&place, of.region.as_ref())?;
        let stand = |compiler: &Self, count: u16| match of.zones.len() {
            0 => Ok(vec![region[0]; usize::from(count)]),
            _ => compiler.places(&place, &of.zones, count),
        };
        // Each leads its part of the partitions.
        let brokers = (of.zones.len() as u16).min(of.partitions).max(1);
        let places = stand(self, brokers)?;
        let queue = plain("queues", name);
        self.push(Part { kind, instances: brokers, places, read: accept.clone(), write: accept, ..queue })?;
        // A partition has one worker.
        let (instances, concurrency) = match of.partitions {
            0 => (1, of.workers),
            partitions => (of.workers.min(u32::from(partitions)) as u16, 1),
        };
        let pooled = of.partitions == 0 && !of.zones.is_empty();
        let workers = Part {
            kind: Kind::Workers,
            instances,
            places: stand(self, instances)?,
            spread: if pooled { self.spread(&place, &of.zones, of.workers)? } else { Vec::new() },
            concurrency,
            queue: of.capacity / u32::from(instances.max(1)),
            read: work.clone(),
            write: work,
            holds: true,
            fails: of.fails,
            price: of.price * f64::from(of.workers) / f64::from(instances.max(1)),
            ..plain(WORKERS, &workers(name))
        };
        self.push(workers)
    }

    fn caches(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.caches {
            let place = format!("caches.{name}");
            let service = time(&format!("{place}: service"), &of.service)?;
            within(&format!("{place}: capacity"), f64::from(of.capacity), 1.0, 4e6)?;
            within(&format!("{place}: flush"), of.flush.0 as f64, 1e3, 3_600e6)?;
            if of.writes == Writes::Back && of.calls.is_empty() {
                return Err(format!("{place}: writes that are kept back need a call to where they are written later"));
            }
            let caching = Caching {
                capacity: of.capacity,
                ttl: of.ttl.map_or(NEVER, |ttl| ttl.0),
                early: of.early.map_or(0, |early| early.0),
                single_flight: of.single_flight,
                least_frequently: of.evicts == Evicts::Lfu,
                local: false,
                back: (of.writes == Writes::Back).then_some(of.flush.0),
            };
            let part = Part {
                kind: Kind::Cache(caching),
                instances: of.instances,
                places: self.places(name, &of.zones, of.instances)?,
                concurrency: of.concurrency,
                queue: of.queue,
                read: service.clone(),
                write: service,
                price: of.price,
                ..plain("caches", name)
            };
            self.push(part)?;
        }
        Ok(())
    }

    fn cdns(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.cdns {
            let place = format!("cdns.{name}");
            let service = time(&format!("{place}: service"), &of.service)?;
            within(&format!("{place}: capacity"), f64::from(of.capacity), 1.0, 4e6)?;
            within(&format!("{place}: points"), f64::from(of.points), 1.0, 100.0)?;
            let regions = self.plan.network.regions.len() as u16;
            let instances = of.points * regions;
            self.fits(&place, instances)?;
            let caching = Caching {
                capacity: of.capacity,
                ttl: of.ttl.map_or(NEVER, |ttl| ttl.0),
                early: 0,
                single_flight: of.single_flight,
                least_frequently: of.evicts == Evicts::Lfu,
                local: true,
                back: None,
            };
            let zones = self.plan.network.zones.len() as u16;
            let part = Part {
                kind: Kind::Cache(caching),
                instances,
                places: (0..instances).map(|at| zones + at / of.points).collect(),
                read: service.clone(),
                write: service,
                price: of.price,
                ..plain("cdns", name)
            };
            self.push(part)?;
        }
        Ok(())
    }

    fn stores(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.stores {
            let place = format!("stores.{name}");
            within(&format!("{place}: replicas"), f64::from(of.replicas), 0.0, 7.0)?;
            within(&format!("{place}: sync"), f64::from(of.sync), 0.0, f64::from(of.replicas))?;
            let lag = time(&format!("{place}: lag"), &of.lag)?;
            let ack = time(&format!("{place}: ack"), &of.ack)?;
            let instances = of.replicas + 1;
            let part = Part {
                kind: Kind::Store { sync: of.sync, lag, ack, fail_over: of.fail_over.0, row_locks: of.row_locks },
                instances,
                places: self.places(name, &of.zones, instances)?,
                concurrency: of.concurrency,
                queue: of.queue,
                read: time(&format!("{place}: read"), &of.read)?,
                write: time(&format!("{place}: write"), &of.write)?,
                price: of.price,
                ..plain("stores", name)
            };
            self.push(part)?;
        }
        Ok(())
    }

    fn key_values(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.key_values {
            let place = format!("key-values.{name}");
            within(&format!("{place}: replicas"), f64::from(of.replicas), 1.0, f64::from(of.nodes.min(7)))?;
            for quorum in [of.read_quorum, of.write_quorum] {
                within(&format!("{place}: quorum"), f64::from(quorum), 1.0, f64::from(of.replicas))?;
            }
            let part = Part {
                kind: Kind::KeyValue { replicas: of.replicas, range: of.shard == Shard::Range },
                instances: of.nodes,
                places: self.places(name, &of.zones, of.nodes)?,
                concurrency: of.concurrency,
                queue: of.queue,
                read: time(&format!("{place}: read"), &of.read)?,
                write: time(&format!("{place}: write"), &of.write)?,
                price: of.price,
                ..plain("key-values", name)
            };
            self.push(part)?;
        }
        Ok(())
    }

    fn others(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.objects {
            let place = format!("objects.{name}");
            let part = Part {
                kind: Kind::Store { sync: 0, lag: Time::Fixed(0), ack: Time::Fixed(0), fail_over: 0, row_locks: false },
                places: self.region(&place, of.region.as_ref())?,
                read: time(&format!("{place}: read"), &of.read)?,
                write: time(&format!("{place}: write"), &of.write)?,
                price: of.price,
                ..plain("objects", name)
            };
            self.push(part)?;
        }
        for (name, of) in &design.indexes {
            let place = format!("indexes.{name}");
            within(&format!("{place}: shards"), f64::from(of.shards), 1.0, 100.0)?;
            let part = Part {
                kind: Kind::Index { refresh: of.refresh.0 },
                instances: of.shards,
                places: self.places(name, &of.zones, of.shards)?,
                concurrency: of.concurrency,
                queue: of.queue,
                read: time(&format!("{place}: read"), &of.read)?,
                write: time(&format!("{place}: write"), &of.write)?,
                price: of.price,
                ..plain("indexes", name)
            };
            self.push(part)?;
        }
        Ok(())
    }
}

/// One after the other; both can be drawn only if one is always the same.
fn both(place: &str, first: &Distribution, second: &Distribution) -> Result<Time, String> {
    let (shifted, by) = match (first, second) {
        (other, Distribution::Constant(by)) | (Distribution::Constant(by), other) => (other, *by),
        _ => return Err(format!("{place}: of accept and lag one must be constant")),
    };
    let moved = match shifted {
        Distribution::Constant(time) => Distribution::Constant(time.plus(by)),
        Distribution::Uniform { min, max } => Distribution::Uniform { min: min.plus(by), max: max.plus(by) },
        Distribution::Exponential { min, mean } => Distribution::Exponential { min: min.plus(by), mean: *mean },
        Distribution::Normal { mean, sd } => Distribution::Normal { mean: mean.plus(by), sd: *sd },
        other if by == Micros::ZERO => other.clone(),
        _ => return Err(format!("{place}: accept and lag: write constant, uniform, exponential or normal ones")),
    };
    time(&format!("{place}: accept and lag"), &moved)
}
