//! Which instance a call goes to.

use super::design::{Does, Policy};
use super::engine::{EdgeState, Engine, Freight, NONE, Outcome, Visit};
use super::kinds::Held;
use super::plan::{Kind, Pick};
use crate::base::random::derive;

/// What was known of a latency is forgotten by 1/e in so many microseconds, unless it was exceeded (Finagle's default).
const LATELY: f64 = 10e6;
/// What a failure counts as.
const FAILURE: f64 = 1e6;

/// What a key's place is drawn by; without one, the call itself is all there is.
fn by_key(freight: &Freight) -> u64 {
    derive(if freight.key == NONE { freight.id } else { u64::from(freight.key) }, 0)
}

impl Engine<'_> {
    /// Where an attempt goes; nowhere if nothing is known to be up.
    #[inline(always)]
    pub(super) fn pick(&mut self, edge: u16, freight: &Freight, avoided: Option<u16>, place: u16) -> Option<u16> {
        let of = &self.plan.edges[usize::from(edge)];
        let instances = u64::from(self.plan.parts[usize::from(of.to)].instances);
        match of.pick {
            Pick::Only => Some(0),
            Pick::Policy(policy) => self.by_policy(policy, edge, freight, avoided),
            Pick::Key => Some((by_key(freight) % instances) as u16),
            Pick::Partition(partitions) => {
                let partition = by_key(freight) % u64::from(partitions);
                let (own, alive) = ((partition % instances) as u16, &self.edges[usize::from(edge)].alive);
                let gone = |worker: u64| alive.binary_search(&(worker as u16)).is_err();
                let workers = matches!(self.plan.parts[usize::from(of.to)].kind, Kind::Workers);
                if !workers || alive.is_empty() || !gone(u64::from(own)) {
                    return Some(own);
                }
                // The partitions of workers that are known to be gone are dealt out to the others.
                let before = (0..partition).filter(|other| gone(other % instances)).count();
                Some(alive[before % alive.len()])
            }
            Pick::Point(points) => {
                let region = self.plan.network.region_of.get(usize::from(place)).copied().unwrap_or(0);
                Some(region * points + (derive(freight.id, 0) % u64::from(points)) as u16)
            }
            Pick::Ring => {
                let first = match self.plan.parts[usize::from(of.to)].kind {
                    Kind::KeyValue { range: true, .. } if freight.key != NONE => {
                        self.range(freight.key) * instances as f64
                    }
                    _ => (by_key(freight) % instances) as f64,
                };
                Some(((first as u64 + u64::from(freight.branch)) % instances) as u16)
            }
            Pick::Shard if freight.does == Does::Write => Some((by_key(freight) % instances) as u16),
            Pick::Shard => Some(freight.branch % instances as u16),
            Pick::Connection => self.connection(edge, freight),
            Pick::Store { replica_reads } => {
                let part = &self.parts[usize::from(of.to)];
                let Held::Store(store) = &part.held else { return None };
                let primary = store.primary;
                let up = |at: &u16| *at != primary && part.instances[usize::from(*at)].down == 0;
                let replicas = || (0..part.instances.len() as u16).filter(up);
                let count = replicas().count() as u64;
                if !replica_reads || freight.does != Does::Read || count == 0 {
                    return Some(primary);
                }
                let nth = self.edges[usize::from(edge)].pick.stream(freight.id).below(count);
                replicas().nth(nth as usize)
            }
        }
    }

    fn by_policy(&mut self, policy: Policy, edge: u16, freight: &Freight, avoided: Option<u16>) -> Option<u16> {
        let state = &mut self.edges[usize::from(edge)];
        let alive = state.alive.len();
        if alive == 0 {
            return None;
        }
        let draw = |count: usize, state: &EdgeState| {
            let mut stream = state.pick.stream(freight.id);
            let first = stream.below(count as u64) as usize;
            let second = if count > 1 { stream.below(count as u64 - 1) as usize } else { 0 };
            (first, if second >= first && count > 1 { second + 1 } else { second })
        };
        let mut at = match policy {
            Policy::RoundRobin => {
                let turn = state.turn as usize % alive;
                state.turn = (turn as u32 + 1) % alive as u32;
                turn
            }
            Policy::Random => draw(alive, state).0,
            Policy::TwoChoices => {
                let (one, other) = draw(alive, state);
                let open = |at: usize| state.open[usize::from(state.alive[at])];
                if open(other) < open(one) { other } else { one }
            }
            Policy::LeastConnections => {
                // From where the turn is, so that the first is not the one that gets all of the ties.
                state.turn = (state.turn + 1) % alive as u32;
                let turn = state.turn as usize;
                let from_turn = (turn..alive).chain(0..turn);
                from_turn.min_by_key(|at| state.open[usize::from(state.alive[*at])]).unwrap_or(0)
            }
            Policy::Hash => (by_key(freight) % alive as u64) as usize,
            Policy::ConsistentHash => state.next_on_ring(by_key(freight)),
            Policy::Weighted => state.next_by_weight(&self.plan.edges[usize::from(edge)].weights),
            Policy::PeakEwma => {
                let (one, other) = draw(alive, state);
                let now = self.now;
                let cost = |at: usize| {
                    let instance = usize::from(state.alive[at]);
                    let (latency, since) = state.lately[instance];
                    let latency = latency * libm::exp((since as f64 - now as f64) / LATELY);
                    // What nothing is known of is tried.
                    (latency + 1.0) * f64::from(state.open[instance] + 1)
                };
                if cost(other) < cost(one) { other } else { one }
            }
        };
        if avoided == Some(state.alive[at]) {
            at = (at + 1) % alive;
        }
        Some(state.alive[at])
    }

    /// Where a key stands among those of its space, from 0 to 1.
    fn range(&self, key: u32) -> f64 {
        let within = self.plan.spaces.iter().rfind(|space| space.first <= key);
        within.map_or(0.0, |space| f64::from(key - space.first) / f64::from(space.count))
    }

    /// The instance that holds the key's connection; else that with the fewest.
    fn connection(&self, edge: u16, freight: &Freight) -> Option<u16> {
        let part = &self.parts[usize::from(self.plan.edges[usize::from(edge)].to)];
        let Held::Connections(held) = &part.held else { return None };
        // Of a key without a connection no instance.
        let up = |at: &u16| part.instances.get(usize::from(*at)).is_some_and(|instance| instance.down == 0);
        let own = held.of_key.get(freight.key as usize).copied().filter(up);
        own.or_else(|| {
            let alive = self.edges[usize::from(edge)].alive.iter().copied();
            alive.min_by_key(|at| held.count[usize::from(*at)])
        })
    }

    /// An answer has come: what is the latency of late?
    #[inline(always)]
    pub(super) fn notes_latency(&mut self, visit: &Visit) {
        if self.plan.edges[usize::from(visit.edge)].pick != Pick::Policy(Policy::PeakEwma) {
            return;
        }
        let known = &mut self.edges[usize::from(visit.edge)].lately[usize::from(visit.instance)];
        let now = (self.now - visit.arrived) as f64;
        let now = if visit.outcome == Outcome::Answered { now } else { now.max(FAILURE) };
        let kept = libm::exp((known.1 as f64 - self.now as f64) / LATELY);
        *known = (if now > known.0 { now } else { known.0 * kept + now * (1.0 - kept) }, self.now);
    }
}

impl EdgeState {
    /// The first that is alive from a point on.
    fn next_on_ring(&self, point: u64) -> usize {
        let from = self.ring.partition_point(|(at, _)| *at < point);
        let around = self.ring[from..].iter().chain(&self.ring[..from]);
        around.filter_map(|(_, instance)| self.alive.binary_search(instance).ok()).next().unwrap_or(0)
    }

    /// Each gains its weight, the one with most pays for all.
    fn next_by_weight(&mut self, weights: &[u32]) -> usize {
        let (mut best, mut all) = (0, 0);
        for (at, instance) in self.alive.iter().enumerate() {
            let weight = i64::from(weights.get(usize::from(*instance)).copied().unwrap_or(1));
            self.turns[usize::from(*instance)] += weight;
            all += weight;
            if self.turns[usize::from(*instance)] > self.turns[usize::from(self.alive[best])] {
                best = at;
            }
        }
        self.turns[usize::from(self.alive[best])] -= all;
        best
    }
}
