//! Calls, compiled: each becomes a step of its component, with an edge for each component that it calls.

use super::design::{self, Call, Load, Policy, When};
use super::plan::{Class, Client, Compiler, Edge, Kind, NEVER, Part, Pick, Step, time, within, workers};
use crate::base::{Micros, hash};
use crate::sim::sample;
use crate::wire::Distribution;

/// How a component makes its calls, unless it is a balancer.
const DIRECT: (Policy, Micros) = (Policy::Random, Micros::ZERO);

impl Compiler<'_> {
    pub(super) fn calls(&mut self) -> Result<(), String> {
        let design = self.design;
        for (name, of) in &design.clients {
            self.client(name, of)?;
        }
        for (name, of) in &design.balancers {
            self.steps(name, std::slice::from_ref(&of.call), (of.policy, of.health_delay))?;
        }
        for (name, of) in &design.services {
            self.steps(name, &of.calls, DIRECT)?;
        }
        for (name, of) in &design.limiters {
            self.steps(name, std::slice::from_ref(&of.call), DIRECT)?;
        }
        for (name, of) in &design.queues {
            let mut deliver = call_to(&workers(name));
            deliver.detached = true;
            deliver.retries = of.redeliveries;
            deliver.latency = Distribution::Constant(Micros::ZERO);
            self.steps(name, &[deliver], DIRECT)?;
            self.steps(&workers(name), &of.calls, DIRECT)?;
        }
        for (name, of) in &design.caches {
            let mut calls = of.calls.clone();
            // Through: what it has need not be read again.
            calls.iter_mut().filter(|call| call.when == When::Always).for_each(|call| call.when = When::Miss);
            self.steps(name, &calls, DIRECT)?;
        }
        Ok(())
    }

    fn client(&mut self, name: &str, of: &design::Clients) -> Result<(), String> {
        let place = format!("clients.{name}");
        check_load(&place, &of.load)?;
        let first = self.plan.classes.len();
        for class in &of.classes {
            let unknown = |keys: &String| format!("{place}: class {}: no keys \"{keys}\"", class.name);
            let space = |keys: &String| self.design.keys.keys().position(|k| k == keys).ok_or_else(|| unknown(keys));
            let space = class.keys.as_ref().map(space).transpose()?.map(|at| at as u16);
            within(&format!("{place}: share of {}", class.name), class.share, 1e-9, 1e9)?;
            let deadline = class.deadline.map_or(NEVER, |deadline| deadline.0);
            self.plan.classes.push(Class { name: class.name.clone(), write: class.write, space, deadline });
        }
        let mut shares: Vec<f64> = of.classes.iter().map(|class| class.share).collect();
        if shares.is_empty() {
            self.plan.classes.push(Class { name: name.to_owned(), write: false, space: None, deadline: NEVER });
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
        if call.to.len() != 1 || call.times != 1 || call.detached || call.optional || call.when != When::Always {
            return Err(format!("{place}: clients make one call, to one component, and wait for it"));
        }
        let steps = self.plan.steps.len();
        self.steps(name, std::slice::from_ref(call), DIRECT)?;
        let step = &self.plan.steps[steps];
        if step.times != 1 {
            return Err(format!("{place}: a key-value store is called by a service, which asks its nodes"));
        }
        let (edge, classes) = (step.edges.start, first..self.plan.classes.len());
        let part = self.plan.part(name).expect("it was added");
        self.plan.clients.push(Client { part, load: of.load.clone(), edge, classes, shares });
        Ok(())
    }

    fn steps(&mut self, name: &str, calls: &[Call], (policy, health_delay): (Policy, Micros)) -> Result<(), String> {
        let from = self.plan.part(name).expect("it was added");
        let first = self.plan.steps.len();
        for call in calls {
            let edges = self.plan.edges.len() as u16;
            for to in &call.to {
                let edge = self.edge(from, to, call, policy)?;
                self.plan.edges.push(Edge { health_delay: health_delay.0, ..edge });
            }
            let step = self.step(name, call, edges)?;
            self.plan.steps.push(step);
        }
        self.plan.parts[usize::from(from)].steps = first..self.plan.steps.len();
        Ok(())
    }

    fn step(&self, name: &str, call: &Call, first: u16) -> Result<Step, String> {
        let edges = first..self.plan.edges.len() as u16;
        let calls = u32::from(call.times) * call.to.len() as u32;
        if call.to.is_empty() || calls == 0 || calls > 1_000 {
            return Err(format!("{name}: a call is to 1 to 1,000 components and instances"));
        }
        let mut step = Step {
            edges,
            times: call.times,
            need: [call.need.unwrap_or(calls as u16); 2],
            when: call.when,
            classes: 0,
            does: call.does,
            optional: call.optional,
            detached: call.detached,
        };
        if call.need.is_some_and(|need| need == 0 || u32::from(need) > calls) {
            return Err(format!("{name}: need is from 1 to the {calls} calls that are made"));
        }
        if let Some(of) = call.to.iter().find_map(|to| self.design.key_values.get(to)) {
            if calls != 1 {
                return Err(format!("{name}: a key-value store is called by itself, once"));
            }
            (step.times, step.need) = (of.replicas, [of.read_quorum, of.write_quorum]);
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

    fn edge(&self, from: u16, to: &str, call: &Call, policy: Policy) -> Result<Edge, String> {
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
            pick: self.pick(part, policy),
            latency: time(&format!("{place}: latency"), &call.latency)?,
            time_out: call.time_out.map_or(NEVER, |limit| limit.0),
            retries: call.retries,
            back_off: call.back_off.0.min(hour),
            back_off_max: call.back_off_max.0,
            jitter: call.jitter,
            budget: call.retry_budget,
            hedge: call.hedge.map(|hedge| hedge.0),
            breaker: call.breaker.clone(),
            health_delay: 0,
        })
    }

    fn pick(&self, part: &Part, policy: Policy) -> Pick {
        match part.kind {
            Kind::Cache { .. } => Pick::Key,
            Kind::Store { .. } => {
                Pick::Store { replica_reads: self.design.stores.get(&part.name).is_some_and(|of| of.replica_reads) }
            }
            Kind::KeyValue { .. } => Pick::Ring,
            _ if part.instances == 1 => Pick::Only,
            _ => Pick::Policy(policy),
        }
    }
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

/// A call with the defaults of the form.
fn call_to(name: &str) -> Call {
    Call {
        to: vec![name.to_owned()],
        when: When::Always,
        classes: Vec::new(),
        does: None,
        times: 1,
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
