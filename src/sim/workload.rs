//! Workloads: clients that keep asking. Every draw is keyed by the client and the operation's number.

use super::node::Working;
use super::sample;
use super::trace::Trace;
use super::world::{Item, World};
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, NodeId, decimal};
use crate::wire::{Arrivals, Datum, Distribution, Keys, NodeStatus, Op, Workload};
use rand_distr::{Distribution as _, Zipf};
use std::sync::Arc;

/// Says what is wrong with a workload's numbers, if anything.
pub fn check(w: &Workload) -> Result<(), String> {
    match &w.arrivals {
        Arrivals::Open { rate } if !(0.001..=1_000_000.0).contains(rate) => {
            return Err(format!(
                "rate = {} is not from 0.001 to 1,000,000 operations a second",
                decimal::shortest(*rate)
            ));
        }
        Arrivals::Closed { think } => sample::check(think)?,
        _ => {}
    }
    let (count, s) = match w.keys {
        Keys::Uniform { count } => (count, 1.0),
        Keys::Zipf { count, s } => (count, s),
    };
    if count == 0 || count > 1_000_000 || !(0.0..=10.0).contains(&s) {
        return Err("keys: count must be from 1 to 1,000,000, and s from 0 to 10".into());
    }
    if w.mix.values().all(|weight| *weight == 0) && w.arrivals != Arrivals::Off {
        return Err("mix needs at least one function with a weight above 0".into());
    }
    Ok(())
}

impl World {
    pub(super) fn set_workload(&mut self, client: NodeId, spec: Arc<Workload>) {
        let shell = &mut self.shells[client.index()];
        shell.generation += 1;
        let generation = shell.generation;
        let off = spec.arrivals == Arrivals::Off;
        shell.working = (!off).then_some(Working { spec, issued: 0, generation });
        self.schedule_arrival(client, generation);
    }

    /// Schedules the next operation of the workload.
    fn schedule_arrival(&mut self, client: NodeId, generation: u32) {
        let (seed, now) = (self.setup.seed, self.now);
        let Some(working) = &self.shells[client.index()].working else { return };
        let mut stream = stream(seed, client, working, 0);
        let wait = match &working.spec.arrivals {
            Arrivals::Off => return,
            Arrivals::Open { rate } => {
                let mean = Micros(libm::round(1_000_000.0 / rate).max(1.0) as u64);
                sample::draw(&Distribution::Exponential { min: Micros::ZERO, mean }, &mut stream)
            }
            Arrivals::Closed { think } => sample::draw(think, &mut stream),
        };
        self.schedule(now + wait.0, Item::Arrival { client, generation });
    }

    /// An operation of the workload is due.
    pub(super) fn arrival(&mut self, client: NodeId, generation: u32, trace: &mut Option<&mut Trace>) {
        let seed = self.setup.seed;
        let shell = &mut self.shells[client.index()];
        let Some(working) = shell.working.as_mut().filter(|w| w.generation == generation) else { return };
        working.issued += 1;
        let op = next_op(seed, client, working);
        let last = working.spec.limit > 0 && working.issued >= working.spec.limit;
        let open = matches!(working.spec.arrivals, Arrivals::Open { .. });
        let up = shell.status != NodeStatus::Down;
        if !last && (open || !up) {
            // A client that is down asks nothing, but its customers keep coming.
            self.schedule_arrival(client, generation);
        }
        if up {
            self.invoke(client, op, None, trace);
        }
        if last {
            self.shells[client.index()].working = None;
        }
    }

    /// In a closed loop, the end of one operation brings the next.
    pub(super) fn next_closed_arrival(&mut self, client: NodeId) {
        let working = self.shells[client.index()].working.as_ref();
        if let Some(w) = working.filter(|w| matches!(w.spec.arrivals, Arrivals::Closed { .. })) {
            let generation = w.generation;
            self.schedule_arrival(client, generation);
        }
    }
}

/// Stream `part` of the next operation: 0 its arrival, 1 what it asks for.
fn stream(seed: u64, client: NodeId, working: &Working, part: u64) -> Stream {
    let who = u64::from(client.0) | u64::from(working.generation) << 16 | part << 48;
    Stream::new(seed, Purpose::Workload, who, u64::from(working.issued))
}

fn next_op(seed: u64, client: NodeId, working: &Working) -> Op {
    let mut stream = stream(seed, client, working, 1);
    let total: u32 = working.spec.mix.values().sum();
    let mut draw = stream.below(u64::from(total.max(1))) as u32;
    let mut f = "";
    for (name, weight) in &working.spec.mix {
        f = name;
        if draw < *weight {
            break;
        }
        draw -= weight;
    }
    let key = match working.spec.keys {
        Keys::Uniform { count } => stream.below(u64::from(count)),
        Keys::Zipf { count, s } => Zipf::new(f64::from(count), s).expect("checked").sample(stream.rng()) as u64 - 1,
    };
    // Written values differ from one another, so that a read tells which write it saw.
    let value = if f == "get" || f == "read" {
        Datum::None
    } else {
        Datum::Int(i64::from(working.issued) * 100 + i64::from(client.0 % 100))
    };
    Op { f: f.into(), key: key_name(key).into(), value }
}

/// `x`, `y`, `z`, then `k3`, `k4`, …
fn key_name(index: u64) -> String {
    match index {
        0 => "x".into(),
        1 => "y".into(),
        2 => "z".into(),
        n => format!("k{n}"),
    }
}
