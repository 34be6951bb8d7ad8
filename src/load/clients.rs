//! When requests come, and what they ask for. An open population's next time is drawn by the number of the request, a
//! user's thinking by the user and the number of the thought, so that no answer changes them.

use super::design::{Does, Load, Open};
use super::engine::{Caller, Engine, Event, Freight, NONE, Outcome};
use super::plan::{Client, Plan};
use super::report::Tally;
use crate::base::random::{Family, Purpose, derive};
use crate::sim::{sample, ziggurat};

pub(super) struct Source {
    arrivals: Family,
    requests: Family,
    thoughts: Family,
    key: u64,
    /// Candidates drawn, of an open population.
    number: u64,
    /// When the last of them came, unrounded.
    last: f64,
    /// The highest rate there may be, in requests a microsecond.
    peak: f64,
    /// Requests of each user, of a closed one.
    asked: Vec<u32>,
}

impl Source {
    pub fn new(client: &Client, plan: &Plan, seed: u64) -> Source {
        let key = plan.parts[usize::from(client.part)].key;
        let (peak, users) = match &client.load {
            Load::Open(open) => (peak(open) / 1e6, 0),
            Load::Closed(closed) => (0.0, closed.users),
        };
        Source {
            arrivals: Family::new(seed, Purpose::Arrival, key),
            requests: Family::new(seed, Purpose::Request, key),
            thoughts: Family::new(seed, Purpose::Think, key),
            key: derive(seed, key),
            number: 0,
            last: 0.0,
            peak,
            asked: vec![0; users as usize],
        }
    }
}

/// A bound of the rate that is reached at most.
fn peak(open: &Open) -> f64 {
    let crowds: f64 = open.crowds.iter().map(|crowd| crowd.factor.max(1.0)).product();
    open.rate * (1.0 + open.swing) * crowds
}

/// By what the rate is multiplied at a time.
fn shape(open: &Open, at: f64) -> f64 {
    let mut shape = 1.0;
    if open.swing > 0.0 {
        shape += open.swing * libm::sin(core::f64::consts::TAU * at / open.period.0 as f64);
    }
    for crowd in &open.crowds {
        let (ramp, begin) = (crowd.ramp.0 as f64, crowd.at.0 as f64);
        let end = begin + ramp + crowd.hold.0 as f64;
        let risen = if ramp > 0.0 { ((at - begin) / ramp).min(1.0) } else { 1.0 };
        let fallen = if ramp > 0.0 { ((end + ramp - at) / ramp).min(1.0) } else { 1.0 };
        if at >= begin && at < end + ramp {
            shape *= 1.0 + (crowd.factor - 1.0) * risen.min(fallen);
        }
    }
    shape
}

impl Engine<'_> {
    pub(super) fn open_source(&mut self, client: u16) {
        match &self.plan.clients[usize::from(client)].load {
            Load::Open(open) => self.next_arrival(client, open),
            Load::Closed(closed) => {
                for user in 0..closed.users {
                    self.think(client, user);
                }
            }
        }
    }

    /// A Poisson process of the peak's rate, thinned to the rate of the time (Lewis, Shedler: Simulation of nonhomogeneous
    /// Poisson processes by thinning, 1979).
    fn next_arrival(&mut self, client: u16, open: &Open) {
        let level = open.swing == 0.0 && open.crowds.is_empty();
        let source = &mut self.sources[usize::from(client)];
        loop {
            let mut stream = source.arrivals.stream(source.number);
            source.number += 1;
            source.last += ziggurat::exponential(&mut stream) / source.peak;
            if source.last >= self.plan.duration as f64 {
                return;
            }
            if level || stream.unit() * source.peak * 1e6 < open.rate * shape(open, source.last) {
                self.queue.push(source.last as u64, Event::Arrive { client });
                return;
            }
        }
    }

    pub(super) fn arrive(&mut self, client: u16) {
        let plan = self.plan;
        self.request(client, self.sources[usize::from(client)].number, 0);
        if let Load::Open(open) = &plan.clients[usize::from(client)].load {
            self.next_arrival(client, open);
        }
    }

    /// A user thinks, then asks.
    pub(super) fn think(&mut self, client: u16, user: u32) {
        let Load::Closed(closed) = &self.plan.clients[usize::from(client)].load else { return };
        let source = &self.sources[usize::from(client)];
        let number = u64::from(user) << 32 | u64::from(source.asked[user as usize]);
        let at = self.now + sample::draw(&closed.think, &mut source.thoughts.stream(number)).0;
        if at < self.plan.duration {
            self.queue.push(at, Event::Ask { client, user });
        }
    }

    pub(super) fn ask(&mut self, client: u16, user: u32) {
        let asked = &mut self.sources[usize::from(client)].asked[user as usize];
        *asked += 1;
        let number = u64::from(user) << 32 | u64::from(*asked);
        self.request(client, number, user);
    }

    fn request(&mut self, client: u16, number: u64, user: u32) {
        let of = &self.plan.clients[usize::from(client)];
        let source = &self.sources[usize::from(client)];
        let mut stream = source.requests.stream(number);
        let drawn = stream.unit();
        let at = of.shares.iter().position(|share| drawn < *share).unwrap_or(of.shares.len() - 1);
        let at = of.classes.start + at;
        let class = &self.plan.classes[at];
        let key = class.space.map_or(NONE, |at| {
            let space = &self.plan.spaces[usize::from(at)];
            let drawn = space.first + space.popularity.draw(&mut stream);
            match self.hot[usize::from(at)] {
                Some((hot, share)) if stream.unit() < share => space.first + hot,
                _ => drawn,
            }
        });
        let (mut version, mut expected) = (0, 0);
        if key != NONE {
            expected = self.acknowledged[key as usize];
            if class.write {
                self.issued[key as usize] += 1;
                version = self.issued[key as usize];
            }
        }
        let id = derive(source.key, number);
        let freight = Freight {
            id,
            trace: self.way_begins(of.part, at as u8),
            born: self.now,
            deadline: self.now.saturating_add(class.deadline),
            key,
            version,
            seen: NONE,
            class: at as u8,
            does: if class.write { Does::Write } else { Does::Read },
            guard: false,
            branch: 0,
        };
        let (caller, edge) = (Caller::Client { client, user }, of.edge);
        if self.measuring {
            self.tallies[at].asked += 1;
            self.in_windows(self.now, at, |tally| tally.asked += 1);
        }
        self.call(caller, edge, freight, expected, of.place);
    }

    /// What is counted counts in each window that the request began in, too.
    fn in_windows(&mut self, began: u64, class: usize, count: impl Fn(&mut Tally)) {
        for ((from, until), tallies) in self.plan.windows.iter().zip(&mut self.windows) {
            if (*from..*until).contains(&began) {
                count(&mut tallies[class]);
            }
        }
    }

    /// A client's request is over.
    pub(super) fn tally(&mut self, freight: &Freight, began: u64, outcome: Outcome, version: u32, expected: u32) {
        self.way_ends(freight, began, outcome);
        let answered = outcome == Outcome::Answered;
        let writes = freight.does == Does::Write;
        if freight.key != NONE && answered && writes {
            let acknowledged = &mut self.acknowledged[freight.key as usize];
            *acknowledged = (*acknowledged).max(freight.version);
        }
        if began < self.plan.warm_up {
            return;
        }
        let stale = u64::from(freight.key != NONE && answered && !writes && version < expected);
        let took = self.now - began;
        let count = |tally: &mut Tally| {
            tally.stale += stale;
            match outcome {
                Outcome::Answered => tally.latency.record(took),
                Outcome::Failed => tally.failed += 1,
                Outcome::TimedOut => tally.timed_out += 1,
                Outcome::Shed | Outcome::Limited => tally.shed += 1,
            }
        };
        let class = usize::from(freight.class);
        count(&mut self.tallies[class]);
        self.in_windows(began, class, count);
    }
}
