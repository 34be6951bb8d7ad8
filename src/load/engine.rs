//! The run: a queue of small events over slabs of calls and visits. Nothing is allocated for a request once the slabs have
//! grown to as many as are alive at once.

use super::clients::Source;
use super::design::Does;
use super::design::Policy;
use super::histogram::Histogram;
use super::kinds::Held;
use super::meter::Meter;
use super::plan::{Edge, NEVER, Part, Pick, Plan};
use super::recorder::{Recorder, Recording};
use super::report::{self, Report, Tally};
use super::scale::Scaled;
use crate::base::random::{Family, Purpose, derive};
use crate::sim::queue::Queue;
use std::ops::{Index, IndexMut};

/// So many visits may be on their way at once; a run with more ends, and its report says so.
pub const LIVE_MAX: usize = 2_000_000;
/// No visit, no key.
pub(super) const NONE: u32 = u32::MAX;
/// Parts of the measured time, for queues and use over time.
pub(super) const SLICES: u64 = 60;

#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The next request of an open population.
    Arrive {
        client: u16,
    },
    /// A user has thought.
    Ask {
        client: u16,
        user: u32,
    },
    Deliver {
        visit: u32,
    },
    Served {
        visit: u32,
        turn: u32,
    },
    Reply {
        visit: u32,
        turn: u32,
    },
    /// An attempt that came to nothing at once.
    Refused {
        call: u32,
        turn: u32,
        attempt: u8,
        outcome: Outcome,
    },
    TimeOut {
        call: u32,
        turn: u32,
        attempt: u8,
    },
    Retry {
        call: u32,
        turn: u32,
    },
    Hedge {
        call: u32,
        turn: u32,
    },
    /// A replica has the next entry of the log.
    Apply {
        part: u16,
        replica: u16,
        epoch: u32,
    },
    /// The primary hears that one replica more has an entry of the log.
    Copied {
        part: u16,
        log: u16,
        entry: u32,
    },
    Promote {
        part: u16,
        term: u32,
    },
    Harm {
        fault: u16,
    },
    Heal {
        fault: u16,
    },
    /// A caller learns of an instance's state.
    Health {
        edge: u16,
        instance: u16,
    },
    /// Time to decide how many instances there shall be; one that was decided on is there.
    Scale {
        part: u16,
    },
    Started {
        part: u16,
    },
    /// A cache writes below what it kept back.
    Flush {
        part: u16,
        node: u16,
        key: u32,
    },
    Warm,
    Slice,
    End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    #[default]
    Answered,
    Failed,
    TimedOut,
    Shed,
    /// Refused by a limiter: it is not tried again.
    Limited,
}

/// Who waits for a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Caller {
    #[default]
    Nobody,
    Client {
        client: u16,
        user: u32,
    },
    Visit {
        visit: u32,
        turn: u32,
        step: u8,
    },
}

/// What travels with a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freight {
    pub id: u64,
    /// When the client asked.
    pub born: u64,
    pub deadline: u64,
    pub key: u32,
    pub version: u32,
    /// What the request has read of its key, or [`NONE`].
    pub seen: u32,
    /// The number of its way, if it is watched.
    pub trace: u32,
    pub class: u8,
    pub does: Does,
    /// A write is done only upon what was seen.
    pub guard: bool,
    pub branch: u16,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub caller: Caller,
    pub freight: Freight,
    pub began: u64,
    /// What a read must not be older than.
    pub expected: u32,
    pub turn: u32,
    pub edge: u16,
    /// One bit for each attempt that is not over.
    pub live: u16,
    pub attempts: u8,
    pub hedged: bool,
    /// The visit of the last attempt.
    pub visit: u32,
    /// Where the first attempt went.
    pub instance: u16,
    /// Where the caller is.
    pub place: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Travelling,
    Waiting,
    Served,
    Calling,
    /// For another of the same key, or for replicas.
    Held,
    /// Gone on its way, with who sent it.
    Lost,
    /// It has left, and its answer travels back.
    Returning,
    Gone,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub freight: Freight,
    pub call: u32,
    pub call_turn: u32,
    /// Behind it in its queue.
    pub next: u32,
    pub turn: u32,
    pub arrived: u64,
    pub began: u64,
    pub edge: u16,
    pub part: u16,
    pub instance: u16,
    /// Where its caller is, and how far away, in microseconds.
    pub from: u16,
    pub far: u32,
    /// Calls that are out, and answers that are needed.
    pub pending: u16,
    pub need: u16,
    /// In the way of its request.
    pub span: u16,
    pub attempt: u8,
    pub step: u8,
    pub stage: Stage,
    pub outcome: Outcome,
    pub slot: bool,
    pub missed: bool,
    /// A connection was made for it.
    pub fresh: bool,
}

/// Values by number; numbers of those that are gone are given again, with another turn.
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// A place: the number of one that is free, or that of a new one.
    #[inline(always)]
    pub fn place(&mut self) -> Option<u32> {
        self.free.pop()
    }

    pub fn push(&mut self, item: T) -> u32 {
        self.items.push(item);
        self.items.len() as u32 - 1
    }

    #[inline(always)]
    pub fn release(&mut self, at: u32) {
        self.free.push(at);
    }

    /// All, those that are gone too.
    pub fn all(&self) -> &[T] {
        &self.items
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, at: u32) -> &T {
        &self.items[at as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.items[at as usize]
    }
}

pub(super) struct Instance {
    /// Faults that hold it down.
    pub down: u16,
    /// Not started, or to be no more.
    pub off: bool,
    /// Times of service are so much longer, and such a share fails: by faults, and by its own speed.
    pub slow: f64,
    pub fails: f64,
    /// How many it serves at once: of workers fewer while some are gone, else always as many.
    pub slots: u32,
    pub busy: u32,
    pub queued: u32,
    pub head: u32,
    pub tail: u32,
}

pub(super) struct PartState {
    pub service: Family,
    pub instances: Vec<Instance>,
    pub held: Held,
    pub scaled: Scaled,
    /// Instances that there are.
    pub on: Meter,
    pub inside: Meter,
    pub waiting: Meter,
    pub busy: Meter,
    pub wait: Histogram,
    pub served: Histogram,
    pub sojourn: Histogram,
    /// Of calls that nobody waits for, from when they were made until they were done.
    pub later: Histogram,
    pub count: report::Counts,
    /// Areas of what waits, of what is busy, and of instances.
    pub slices: Vec<[u64; 3]>,
}

pub(super) struct EdgeState {
    pub latency: Family,
    pub pick: Family,
    pub pause: Family,
    /// Faults that cut it.
    pub cut: u16,
    pub turn: u32,
    /// Visits by instance.
    pub open: Vec<u32>,
    /// Instances that are believed to be up.
    pub alive: Vec<u16>,
    pub tokens: f64,
    pub failures: u32,
    pub open_until: u64,
    /// By instance: the latency of late, and when it was known; its turn by weight.
    pub lately: Vec<(f64, u64)>,
    pub turns: Vec<i64>,
    /// Points of instances, in their order.
    pub ring: Vec<(u64, u16)>,
    pub count: report::EdgeCounts,
}

pub(super) struct Engine<'p> {
    pub plan: &'p Plan,
    pub now: u64,
    pub queue: Queue<Event>,
    pub visits: Slab<Visit>,
    pub calls: Slab<Call>,
    pub parts: Vec<PartState>,
    pub edges: Vec<EdgeState>,
    pub sources: Vec<Source>,
    /// By key: the last version given, and the last acknowledged.
    pub issued: Vec<u32>,
    pub acknowledged: Vec<u32>,
    pub tallies: Vec<Tally>,
    /// The same for each window that requirements are about.
    pub windows: Vec<Vec<Tally>>,
    /// By space: the key that is hot, and for what share.
    pub hot: Vec<Option<(u32, f64)>>,
    pub measuring: bool,
    /// There were more visits than may be.
    pub full: bool,
    /// Only of a run that is watched.
    pub recorder: Option<Box<Recorder>>,
}

/// Runs a plan for a seed.
pub fn run(plan: &Plan, seed: u64) -> Report {
    let mut engine = Engine::new(plan, seed);
    engine.go();
    report::make(&mut engine, seed)
}

/// Runs it twice: the second time it is known what is slow, and watched.
pub fn watch(plan: &Plan, seed: u64) -> (Report, Recording) {
    let slow = run(plan, seed).classes.iter().map(|class| class.latency.quantile(0.99)).collect();
    let mut engine = Engine::new(plan, seed);
    engine.recorder = Some(Box::new(Recorder::new(plan, slow)));
    engine.go();
    let recorder = engine.recorder.take().expect("it was put there");
    (report::make(&mut engine, seed), recorder.done())
}

impl PartState {
    fn new(part: &Part, plan: &Plan, seed: u64) -> PartState {
        let first = part.scale.as_ref().map_or(part.instances, |(instances, _)| *instances);
        let instance = |at: u16| Instance {
            down: 0,
            off: at >= first,
            slow: 1.0 / part.speeds.get(usize::from(at)).copied().unwrap_or(1.0),
            fails: 0.0,
            slots: part.concurrency,
            busy: 0,
            queued: 0,
            head: NONE,
            tail: NONE,
        };
        let mut on = Meter::default();
        on.add(0, i32::from(first));
        PartState {
            service: Family::new(seed, Purpose::Service, part.key),
            instances: (0..part.instances).map(instance).collect(),
            held: Held::new(part, plan.keys),
            scaled: Scaled::default(),
            on,
            inside: Meter::default(),
            waiting: Meter::default(),
            busy: Meter::default(),
            wait: Histogram::default(),
            served: Histogram::default(),
            sojourn: Histogram::default(),
            later: Histogram::default(),
            count: report::Counts::default(),
            slices: Vec::with_capacity(SLICES as usize),
        }
    }
}

impl EdgeState {
    fn new(edge: &Edge, plan: &Plan, seed: u64) -> EdgeState {
        let to = &plan.parts[usize::from(edge.to)];
        let instances = to.instances;
        let first = to.scale.as_ref().map_or(instances, |(first, _)| *first);
        let ring = if edge.pick == Pick::Policy(Policy::ConsistentHash) { ring(instances) } else { Vec::new() };
        EdgeState {
            latency: Family::new(seed, Purpose::Latency, edge.key),
            pick: Family::new(seed, Purpose::Pick, edge.key),
            pause: Family::new(seed, Purpose::Pause, edge.key),
            cut: 0,
            turn: 0,
            open: vec![0; usize::from(instances)],
            alive: (0..first).collect(),
            tokens: 10.0,
            failures: 0,
            open_until: 0,
            lately: vec![(0.0, 0); usize::from(instances)],
            turns: vec![0; usize::from(instances)],
            ring,
            count: report::EdgeCounts::default(),
        }
    }
}

/// A hundred points for each instance.
fn ring(instances: u16) -> Vec<(u64, u16)> {
    let points = |instance: u16| (0..100).map(move |point| (derive(u64::from(instance), point), instance));
    let mut ring: Vec<(u64, u16)> = (0..instances).flat_map(points).collect();
    ring.sort_unstable();
    ring
}

impl<'p> Engine<'p> {
    fn new(plan: &'p Plan, seed: u64) -> Engine<'p> {
        Engine {
            plan,
            now: 0,
            queue: Queue::default(),
            visits: Slab { items: Vec::new(), free: Vec::new() },
            calls: Slab { items: Vec::new(), free: Vec::new() },
            parts: plan.parts.iter().map(|part| PartState::new(part, plan, seed)).collect(),
            edges: plan.edges.iter().map(|edge| EdgeState::new(edge, plan, seed)).collect(),
            sources: plan.clients.iter().map(|client| Source::new(client, plan, seed)).collect(),
            issued: vec![0; plan.keys as usize],
            acknowledged: vec![0; plan.keys as usize],
            tallies: vec![Tally::default(); plan.classes.len()],
            windows: vec![vec![Tally::default(); plan.classes.len()]; plan.windows.len()],
            hot: vec![None; plan.spaces.len()],
            measuring: false,
            full: false,
            recorder: None,
        }
    }

    fn go(&mut self) {
        self.begin();
        let last = self.plan.duration + self.plan.drain;
        while let Some((at, place)) = self.queue.due(last) {
            let event = self.queue.take(place);
            self.now = at;
            self.handle(event);
            if self.full {
                break;
            }
        }
    }

    /// What is known from the beginning.
    fn begin(&mut self) {
        self.queue.push(self.plan.warm_up, Event::Warm);
        for (at, fault) in self.plan.faults.iter().enumerate() {
            self.queue.push(fault.at, Event::Harm { fault: at as u16 });
            if fault.until != NEVER {
                self.queue.push(fault.until, Event::Heal { fault: at as u16 });
            }
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            if let Some((_, scale)) = &part.scale {
                self.queue.push(scale.every.0, Event::Scale { part: at as u16 });
            }
        }
        for client in 0..self.plan.clients.len() as u16 {
            self.open_source(client);
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive { client } => self.arrive(client),
            Event::Ask { client, user } => self.ask(client, user),
            Event::Deliver { visit } => self.deliver(visit),
            Event::Served { visit, turn } => {
                if self.visits[visit].turn == turn {
                    self.served(visit);
                }
            }
            Event::Reply { visit, turn } => {
                if self.visits[visit].turn == turn {
                    self.reply(visit);
                }
            }
            Event::Refused { call, turn, attempt, outcome } => self.attempt_ended(call, turn, attempt, outcome),
            Event::TimeOut { call, turn, attempt } => self.time_out(call, turn, attempt),
            Event::Retry { call, turn } => self.retry(call, turn),
            Event::Hedge { call, turn } => self.hedge(call, turn),
            Event::Apply { part, replica, epoch } => self.apply(part, replica, epoch),
            Event::Copied { part, log, entry } => self.hears_of_copy(part, log, entry),
            Event::Promote { part, term } => self.promote(part, term),
            Event::Harm { fault } => self.harm(fault),
            Event::Heal { fault } => self.heal(fault),
            Event::Health { edge, instance } => self.health(edge, instance),
            Event::Scale { part } => self.rescale(part),
            Event::Started { part } => self.started(part),
            Event::Flush { part, node, key } => self.flush(part, node, key),
            Event::Warm => self.warm(),
            Event::Slice => self.slice(),
            Event::End => {
                self.end_starts();
                self.measuring = false;
            }
        }
    }

    /// From here on it is measured.
    fn warm(&mut self) {
        self.measuring = true;
        for part in &mut self.parts {
            part.inside.restart(self.now);
            part.waiting.restart(self.now);
            part.scaled.restart(part.busy.area(self.now));
            part.busy.restart(self.now);
            part.on.restart(self.now);
        }
        let length = self.plan.duration - self.now;
        for slice in 1..=SLICES {
            self.queue.push(self.now + length * slice / SLICES, Event::Slice);
        }
        self.queue.push(self.plan.duration, Event::End);
    }

    fn slice(&mut self) {
        self.note_standing();
        for part in &mut self.parts {
            part.slices.push([part.waiting.area(self.now), part.busy.area(self.now), part.on.area(self.now)]);
            if part.slices.len() as u64 == SLICES {
                part.count.inside_area = part.inside.area(self.now);
                part.count.waiting_max = part.waiting.max();
            }
        }
    }
}
