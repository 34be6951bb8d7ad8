//! Calls, compiled: each becomes a step of its component, with an edge for each component that it calls.

use super::design::{self, Acks, Call, Load, Policy, When};
use super::plan::{Class, Client, Compiler, Edge, Kind, NEVER, Part, Pick, Step, time, within, workers};
use crate::base::{Micros, hash};
use crate::sim::sample;
use crate::wire::Distribution;

/// How a component chooses among the instances that it calls.
#[derive(Clone, Copy)]
struct Choice<'d> {
    policy: Policy,
    health_delay: Micros,
    weights: &'d [u32],
}

/// Of a component that is no balancer.
const DIRECT: Choice<'static> = Choice { policy: Policy::Random, health_delay: Micros::ZERO, weights: &[] };

impl Compiler<'_> {
    pub(super) fn calls(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.clients {
            self.client(name, of)?;
        }
        for (name, of) in &design.routers {
            within(&format!("routers.{name}: ttl"), of.ttl.0 as f64, 0.0, 86_400e6)?;
            if of.call.times != 1 || of.call.fan || of.call.detached {
                return Err(format!("routers.{name}: it makes one call, to the nearest, and waits for it"));
            }
            self.steps(name, std::slice::from_ref(&of.call), Choice { health_delay: of.ttl, ..DIRECT })?;
        }
        for (name, of) in &design.balancers {
            let choice = Choice { policy: of.policy, health_delay: of.health_delay, weights: &of.weights };
            self.steps(name, std::slice::from_ref(&of.call), choice)?;
        }
        for (name, of) in &design.services {
            self.steps(name, &of.calls, DIRECT)?;
        }
        for (name, of) in &design.gateways {
            self.steps(name, &of.calls, DIRECT)?;
        }
        for (name, of) in &design.limiters {
            self.steps(name, of.call.as_slice(), DIRECT)?;
        }
        for (name, of) in &design.queues {
            let mut deliver = Call::new(&workers(name));
            deliver.detached = true;
            deliver.retries = of.redeliveries;
            // Until all copies have it, no worker does; if it was acknowledged before, it is on its way so long.
            let on_its_way = of.acks == Acks::One;
            deliver.latency = if on_its_way { of.lag.clone() } else { Distribution::Constant(Micros::ZERO) };
            // Who takes part in the group of workers is known after so long.
            self.steps(name, &[deliver], Choice { health_delay: of.fail_over, ..DIRECT })?;
            self.steps(&workers(name), &of.calls, DIRECT)?;
        }
        for (name, of) in &design.caches {
            self.steps(name, &through(&of.calls), DIRECT)?;
        }
        for (name, of) in &design.cdns {
            self.steps(name, &through(&of.calls), DIRECT)?;
        }
        Ok(())
    }

    fn client(&mut self, name: &str, of: &design::Clients) -> Result<(), String> {
        let place = format!("clients.{name}");
        check_load(&place, &of.load)?;
        let first = self.plan.classes.len();
        for class in &of.classes {
            let unknown = |keys: &String| format!("{place}: class {}: no keys \"{keys}\"", class.name);
            let space = class.keys.as_ref().map(|keys| self.space(keys).ok_or_else(|| unknown(keys))).transpose()?;
            within(&format!("{place}: fan of {}", class.name), f64::from(class.fan), 1.0, 1e3)?;
            within(&format!("{place}: share of {}", class.name), class.share, 1e-9, 1e9)?;
            let deadline = class.deadline.map_or(NEVER, |deadline| deadline.0);
            let (name, write, fan) = (class.name.clone(), class.write, class.fan);
            self.plan.classes.push(Class { name, write, space, deadline, fan });
        }
        let mut shares: Vec<f64> = of.classes.iter().map(|class| class.share).collect();
        if shares.is_empty() {
            let name = name.to_owned();
            self.plan.classes.push(Class { name, write: false, space: None, deadline: NEVER, fan: 1 });
            shares.push(1.0);
        }
        let names: Vec<&str> = self.plan.classes.iter().map(|class| class.name.as_str()).collect();
        if let Some(twice) = (first..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            return Err(format!("{place}: another class has the name \"{}\"", names[twice]));
        }
        within(&format!("{place}: classes of all clients"), names.len() as f64, 1.0, 64.0)?;
        let all: f64 = shares.iter().sum();
        let mut up_to = 0.0;
        for share in &mut shares {
            up_to += *share / all;
            *share = up_to;
        }
        let call = &of.call;
        if call.to.len() != 1
            || call.times != 1
            || call.fan
            || call.detached
            || call.optional
            || call.when != When::Always
        {
            return Err(format!("{place}: clients make one call, to one component, and wait for it"));
        }
        let steps = self.plan.steps.len();
        self.steps(name, std::slice::from_ref(call), DIRECT)?;
        let step = &self.plan.steps[steps];
        if step.times != [1, 1] {
            return Err(format!(
                "{place}: a service stands between clients and a store with many nodes, and asks them"
            ));
        }
        let (edge, classes) = (step.edges.start, first..self.plan.classes.len());
        let part = self.plan.part(name).expect("it was added");
        let at = self.plan.network.region(of.region.as_ref()).map_err(|why| format!("{place}: {why}"))?;
        self.plan.clients.push(Client { part, place: at, load: of.load.clone(), edge, classes, shares });
        Ok(())
    }

    /// The number of a space of keys.
    fn space(&self, name: &str) -> Option<u16> {
        self.design.keys.keys().position(|known| known == name).map(|at| at as u16)
    }

    fn steps(&mut self, name: &str, calls: &[Call], choice: Choice) -> Result<(), String> {
        let from = self.plan.part(name).expect("it was added");
        let first = self.plan.steps.len();
        for call in calls {
            let edges = self.plan.edges.len() as u16;
            for to in &call.to {
                let edge = self.edge(from, to, call, choice)?;
                self.plan.edges.push(edge);
            }
            within("calls: their number", self.plan.edges.len() as f64, 0.0, 1e4)?;
            let step = self.step(name, call, edges)?;
            self.plan.steps.push(step);
        }
        within(&format!("{name}: calls"), (self.plan.steps.len() - first) as f64, 0.0, 255.0)?;
        self.plan.parts[usize::from(from)].steps = first..self.plan.steps.len();
        Ok(())
    }

    fn step(&self, name: &str, call: &Call, first: u16) -> Result<Step, String> {
        let edges = first..self.plan.edges.len() as u16;
        let calls = u32::from(call.times) * call.to.len() as u32;
        if call.to.is_empty() || calls == 0 || calls > 1_000 {
            return Err(format!("{name}: a call is to 1 to 1,000 components and instances"));
        }
        if call.need.is_some_and(|need| need == 0 || !call.fan && u32::from(need) > calls) {
            return Err(format!("{name}: need is from 1 to the {calls} calls that are made"));
        }
        if call.fan && call.to.len() > 10 {
            return Err(format!("{name}: a call for each of many others is to 10 components at most"));
        }
        let space = |keys: &String| self.space(keys).ok_or_else(|| format!("{name}: no keys \"{keys}\""));
        let mut step = Step {
            times: [call.times; 2],
            fan: call.fan,
            space: call.keys.as_ref().map(space).transpose()?,
            guard: call.guard,
            need: [call.need.unwrap_or(0); 2],
            when: call.when,
            classes: 0,
            does: call.does,
            optional: call.optional,
            binding: call.to.iter().any(|to| self.asks_limiter(to, 0)),
            detached: call.detached,
            edges,
        };
        for to in &call.to {
            let (store, index) = (self.design.key_values.get(to), self.design.indexes.get(to));
            if (store.is_some() || index.is_some()) && (calls != 1 || call.fan && call.keys.is_none()) {
                return Err(format!(
                    "{name}: \"{to}\" has many nodes: it is called by itself, once, or for other keys"
                ));
            }
            if let Some(of) = store {
                (step.times, step.need) = ([of.replicas; 2], [of.read_quorum, of.write_quorum]);
            }
            if let Some(of) = index {
                step.times = [of.shards, 1];
            }
            if call.fan && step.times != [1, 1] {
                return Err(format!(
                    "{name}: a call for each of many others asks one node of \"{to}\"; give it one copy"
                ));
            }
        }
        for class in &call.classes {
            let at = self.plan.classes.iter().position(|known| known.name == *class);
            step.classes |= 1 << at.ok_or_else(|| format!("{name}: no class \"{class}\""))?;
        }
        if call.classes.is_empty() {
            step.classes = u64::MAX;
        }
        Ok(step)
    }

    /// Is it a limiter, or what only leads to one?
    fn asks_limiter(&self, name: &str, depth: usize) -> bool {
        let balancer = self.design.balancers.get(name).map(|of| &of.call);
        let router = self.design.routers.get(name).map(|of| &of.call);
        let mut leads = balancer.into_iter().chain(router).flat_map(|call| &call.to);
        // Circles are refused later.
        self.design.limiters.contains_key(name) || depth < 8 && leads.any(|to| self.asks_limiter(to, depth + 1))
    }

    fn edge(&self, from: u16, to: &str, call: &Call, choice: Choice) -> Result<Edge, String> {
        let name = &self.plan.parts[usize::from(from)].name;
        let place = format!("{name}: its call to {to}");
        let target = self.plan.part(to).ok_or_else(|| format!("{place}: no component has this name"))?;
        let part = &self.plan.parts[usize::from(target)];
        if matches!(part.kind, Kind::Clients) {
            return Err(format!("{place}: nothing calls clients"));
        }
        within(&format!("{place}: retries"), f64::from(call.retries), 0.0, 15.0)?;
        within(&format!("{place}: jitter"), call.jitter, 0.0, 1.0)?;
        within(&format!("{place}: retry-budget"), call.retry_budget.unwrap_or(0.0), 0.0, 1e3)?;
        let hour = Micros::s(3_600).0;
        for limit in [call.time_out, call.hedge].into_iter().flatten() {
            within(&format!("{place}: time-out or hedge"), limit.0 as f64, 1.0, hour as f64)?;
        }
        within(&format!("{place}: back-off-max"), call.back_off_max.0 as f64, 0.0, hour as f64)?;
        if call.breaker.as_ref().is_some_and(|b| b.failures == 0 || b.open.0 > hour) {
            return Err(format!("{place}: a breaker opens after 1 failure or more, for up to an hour"));
        }
        let same = self.plan.edges.iter().filter(|edge| (edge.from, edge.to) == (from, target)).count();
        Ok(Edge {
            from,
            to: target,
            key: hash::bytes(same as u64, format!("{name}>{to}").as_bytes()),
            pick: self.pick(part, choice.policy),
            latency: time(&format!("{place}: latency"), &call.latency)?,
            time_out: call.time_out.map_or(NEVER, |limit| limit.0),
            retries: call.retries,
            back_off: call.back_off.0.min(hour),
            back_off_max: call.back_off_max.0,
            jitter: call.jitter,
            budget: call.retry_budget,
            hedge: call.hedge.map(|hedge| hedge.0),
            breaker: call.breaker.clone(),
            health_delay: choice.health_delay.0,
            weights: choice.weights.to_vec(),
        })
    }

    fn pick(&self, part: &Part, policy: Policy) -> Pick {
        match &part.kind {
            Kind::Cache(caching) if caching.local => {
                Pick::Point(self.design.cdns.get(&part.name).map_or(1, |of| of.points))
            }
            Kind::Cache(_) => Pick::Key,
            Kind::Store { .. } => {
                Pick::Store { replica_reads: self.design.stores.get(&part.name).is_some_and(|of| of.replica_reads) }
            }
            Kind::KeyValue { .. } => Pick::Ring,
            Kind::Index { .. } => Pick::Shard,
            Kind::Gateway { .. } => Pick::Connection,
            Kind::Queue { .. } | Kind::Workers if part.instances > 1 => {
                let queue = part.name.strip_suffix("/workers").unwrap_or(&part.name);
                Pick::Partition(self.design.queues.get(queue).map_or(1, |of| of.partitions))
            }
            _ if part.instances == 1 => Pick::Only,
            _ => Pick::Policy(policy),
        }
    }
}

/// Calls of a cache that is read and written through: what it has need not be read again.
fn through(calls: &[Call]) -> Vec<Call> {
    let mut calls = calls.to_vec();
    calls.iter_mut().filter(|call| call.when == When::Always).for_each(|call| call.when = When::Miss);
    calls
}

fn check_load(place: &str, load: &Load) -> Result<(), String> {
    match load {
        Load::Open(open) => {
            within(&format!("{place}: rate"), open.rate, 1e-6, 1e7)?;
            within(&format!("{place}: swing"), open.swing, 0.0, 1.0)?;
            within(&format!("{place}: period"), open.period.0 as f64, 1.0, 1e12)?;
            for crowd in &open.crowds {
                within(&format!("{place}: factor"), crowd.factor, 0.0, 1e3)?;
                within(&format!("{place}: ramp and hold"), crowd.ramp.plus(crowd.hold).0 as f64, 0.0, 1e12)?;
            }
            Ok(())
        }
        Load::Closed(closed) => {
            within(&format!("{place}: users"), f64::from(closed.users), 1.0, 1e6)?;
            sample::check(&closed.think).map_err(|why| format!("{place}: think: {why}"))
        }
    }
}
