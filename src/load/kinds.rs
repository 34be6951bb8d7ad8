//! What a visit finds where it is served, by the kind of component.

use super::cache::{Cache, Dirty};
use super::design::{Algorithm, Does};
use super::engine::{Caller, Engine, Event, Freight, NONE, Outcome, Stage};
use super::plan::{Kind, Limiting, NEVER, Part};
use super::replicas::Store;
use crate::base::random::{Purpose, derive};
use crate::sim::ziggurat;
use std::collections::VecDeque;

/// How much earlier than its end an entry counts as a miss.
const EARLY: u64 = Purpose::Pause as u64;

/// What a component keeps.
pub(super) enum Held {
    Nothing,
    Cache(Cache),
    Store(Store),
    /// By the place of a node among the key's nodes: the versions of the keys. Beside them how often one was overwritten
    /// that whoever wrote had not seen.
    KeyValue(Vec<Vec<u32>>, u64),
    /// What is found of each key, and what will be: when, the key and its version.
    Index(Vec<u32>, VecDeque<(u64, u32, u32)>),
    Connections(Connections),
    Limits(Limits),
}

/// Which instance holds the connection of each key; how many each holds, and the most that one has held.
pub(super) struct Connections {
    pub of_key: Vec<u16>,
    pub count: Vec<u32>,
    limit: u32,
    pub most: u32,
}

pub(super) struct Limits {
    of: Limiting,
    /// Buckets of an instance.
    keys: usize,
    buckets: Vec<Bucket>,
}

/// Tokens and when they were counted; or what came in the present window and in the last, and which that is.
#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    last: f64,
    at: u64,
}

/// How a visit goes on.
pub(super) enum Found {
    GoOn,
    /// Something else will end it.
    Held,
    Done(Outcome),
}

impl Held {
    pub fn new(part: &Part, keys: u32) -> Held {
        let instances = usize::from(part.instances);
        match &part.kind {
            Kind::Clients | Kind::Plain | Kind::Router | Kind::Queue { .. } | Kind::Workers => Held::Nothing,
            Kind::Cache(caching) => Held::Cache(Cache::new(caching, part.instances, keys)),
            Kind::Store { row_locks, .. } => Held::Store(Store::new(part.instances, keys, *row_locks)),
            Kind::KeyValue { replicas, .. } => Held::KeyValue(vec![vec![0; keys as usize]; usize::from(*replicas)], 0),
            Kind::Index { .. } => Held::Index(vec![0; keys as usize], VecDeque::new()),
            Kind::Gateway { connections, .. } => Held::Connections(Connections {
                of_key: vec![u16::MAX; keys as usize],
                count: vec![0; instances],
                limit: *connections,
                most: 0,
            }),
            Kind::Limiter(of) => {
                let keys = if of.per_key { keys.max(1) as usize } else { 1 };
                let level = if of.algorithm == Algorithm::TokenBucket { of.burst } else { 0.0 };
                let buckets = vec![Bucket { level, last: 0.0, at: 0 }; keys * instances];
                Held::Limits(Limits { of: of.clone(), keys, buckets })
            }
        }
    }

    /// Can an instance hold a connection for a key?
    #[inline(always)]
    pub fn has_room(&self, key: u32, instance: u16) -> bool {
        let Held::Connections(held) = self else { return true };
        held.of_key.get(key as usize) == Some(&instance) || held.count[usize::from(instance)] < held.limit
    }

    /// The key's connection is the instance's from now on. Was it another's, or nobody's?
    pub fn connects(&mut self, key: u32, instance: u16) -> bool {
        let Held::Connections(held) = self else { return false };
        let Some(of_key) = held.of_key.get_mut(key as usize) else { return false };
        let before = std::mem::replace(of_key, instance);
        if before == instance {
            return false;
        }
        if let Some(count) = held.count.get_mut(usize::from(before)) {
            *count -= 1;
        }
        held.count[usize::from(instance)] += 1;
        held.most = held.most.max(held.count[usize::from(instance)]);
        true
    }
}

impl Connections {
    /// All that an instance held are gone.
    pub fn drop_all(&mut self, instance: u16) {
        self.of_key.iter_mut().filter(|of| **of == instance).for_each(|of| *of = u16::MAX);
        self.count[usize::from(instance)] = 0;
    }
}

impl Limits {
    /// Does an instance let one more through?
    #[inline(always)]
    fn lets(&mut self, now: u64, instance: u16, key: u32) -> bool {
        let key = if self.of.per_key && key != NONE { key as usize } else { 0 };
        let of = &self.of;
        let bucket = &mut self.buckets[usize::from(instance) * self.keys + key];
        if of.algorithm == Algorithm::TokenBucket {
            bucket.level = (bucket.level + of.rate * (now - bucket.at) as f64 / 1e6).min(of.burst);
            bucket.at = now;
            let lets = bucket.level >= 1.0;
            bucket.level -= if lets { 1.0 } else { 0.0 };
            return lets;
        }
        let window = now / of.window;
        if window != bucket.at {
            bucket.last = if window == bucket.at + 1 { bucket.level } else { 0.0 };
            (bucket.level, bucket.at) = (0.0, window);
        }
        let gone = (now % of.window) as f64 / of.window as f64;
        let before = if of.algorithm == Algorithm::SlidingWindow { bucket.last * (1.0 - gone) } else { 0.0 };
        let lets = bucket.level + before + 1.0 <= of.rate * of.window as f64 / 1e6;
        bucket.level += if lets { 1.0 } else { 0.0 };
        lets
    }
}

impl Engine<'_> {
    pub(super) fn find(&mut self, at: u32) -> Found {
        let visit = &mut self.visits[at];
        let (part, instance, key, does) =
            (usize::from(visit.part), visit.instance, visit.freight.key, visit.freight.does);
        let kind = &self.plan.parts[part].kind;
        match (&mut self.parts[part].held, kind) {
            (Held::Limits(limits), _) => {
                let lets = limits.lets(self.now, instance, key);
                if lets { Found::GoOn } else { Found::Done(Outcome::Limited) }
            }
            (_, Kind::Queue { workers, .. }) => {
                let workers = usize::from(*workers);
                let (of, state) = (&self.plan.parts[workers], &self.parts[workers]);
                let room = |place: &super::engine::Instance| place.busy < place.slots || place.queued < of.queue;
                if state.instances.iter().any(room) { Found::GoOn } else { Found::Done(Outcome::Shed) }
            }
            // Without a key there is nothing to be found.
            (Held::Cache(_), _) if key == NONE => {
                visit.missed = true;
                Found::GoOn
            }
            (Held::Cache(_), _) => self.find_cached(at),
            _ if key == NONE => Found::GoOn,
            (Held::Store(_), _) if does == Does::Write => self.commit(at),
            (Held::Store(store), _) => {
                visit.freight.version = store.versions[usize::from(instance)][key as usize];
                Found::GoOn
            }
            (Held::KeyValue(versions, overwritten), _) => {
                let freight = &mut visit.freight;
                let held = &mut versions[usize::from(freight.branch)][key as usize];
                if does == Does::Write {
                    let unseen = freight.seen != NONE && freight.seen != *held;
                    if unseen && freight.guard {
                        return Found::Done(Outcome::Failed);
                    }
                    *overwritten += u64::from(unseen && freight.branch == 0);
                    *held = (*held).max(freight.version);
                }
                freight.version = *held;
                Found::GoOn
            }
            (Held::Index(visible, coming), Kind::Index { refresh }) => {
                if does == Does::Write {
                    coming.push_back((self.now + refresh, key, visit.freight.version));
                    return Found::GoOn;
                }
                while let Some((_, key, version)) = coming.pop_front_if(|(when, ..)| *when <= self.now) {
                    visible[key as usize] = visible[key as usize].max(version);
                }
                visit.freight.version = visible[key as usize];
                Found::GoOn
            }
            _ => Found::GoOn,
        }
    }

    fn find_cached(&mut self, at: u32) -> Found {
        let visit = &mut self.visits[at];
        let (node, key, now) = (visit.instance, visit.freight.key, self.now);
        let state = &mut self.parts[usize::from(visit.part)];
        let Kind::Cache(of) = &self.plan.parts[usize::from(visit.part)].kind else { return Found::GoOn };
        let Held::Cache(cache) = &mut state.held else { return Found::GoOn };
        match visit.freight.does {
            Does::Invalidate => {
                cache.remove(node, key);
                return Found::Done(Outcome::Answered);
            }
            Does::Fill => {
                cache.put(node, key, visit.freight.version, now);
                return Found::Done(Outcome::Answered);
            }
            Does::Write => {
                let Some(later) = of.back else {
                    // Through to what is below, if anything is.
                    visit.missed = true;
                    return Found::GoOn;
                };
                let Freight { version, class, .. } = visit.freight;
                let dirty = cache.dirty.entry((node, key)).or_insert_with(|| {
                    self.queue.push(now + later, Event::Flush { part: visit.part, node, key });
                    Dirty { writes: 0, version, class }
                });
                dirty.writes += 1;
                dirty.version = dirty.version.max(version);
                let version = dirty.version;
                cache.put(node, key, version, now);
                return Found::Done(Outcome::Answered);
            }
            Does::Read => {}
        }
        let early = match of.early {
            0 => 0,
            mean => {
                let mut stream = state.service.stream(derive(visit.freight.id, EARLY));
                (ziggurat::exponential(&mut stream) * mean as f64) as u64
            }
        };
        let mut held = cache.get(node, key, now, early);
        if held.is_none() && !cache.dirty.is_empty() {
            // What is still to be written below was not forgotten with its entry.
            held = cache.dirty.get(&(node, key)).map(|dirty| dirty.version);
        }
        if self.measuring {
            state.count.hits += u64::from(held.is_some());
            state.count.misses += u64::from(held.is_none());
        }
        if let Some(version) = held {
            visit.freight.version = version;
            return Found::Done(Outcome::Answered);
        }
        visit.missed = true;
        let Some(leader) = cache.leader(node, key) else { return Found::GoOn };
        if *leader == NONE {
            *leader = at;
            return Found::GoOn;
        }
        let leader = *leader;
        let behind = std::mem::replace(&mut self.visits[leader].next, at);
        self.visits[at].next = behind;
        Found::Held
    }

    /// Writes of a key that were kept back are written below, as one.
    pub(super) fn flush(&mut self, part: u16, node: u16, key: u32) {
        let plan = self.plan;
        let of = &plan.parts[usize::from(part)];
        let Held::Cache(cache) = &mut self.parts[usize::from(part)].held else { return };
        let Some(dirty) = cache.dirty.remove(&(node, key)) else { return };
        let step = plan.steps[of.steps.clone()].iter().find(|step| step.classes & (1 << dirty.class) != 0);
        let Some(step) = step else { return };
        let id = derive(derive(of.key, u64::from(key)), self.now);
        let times = step.times[1];
        for edge in step.edges.clone() {
            for branch in 0..times {
                let freight = Freight {
                    id: derive(derive(id, plan.edges[usize::from(edge)].key), u64::from(branch)),
                    born: self.now,
                    deadline: NEVER,
                    key,
                    version: dirty.version,
                    seen: NONE,
                    trace: NONE,
                    class: dirty.class,
                    does: Does::Write,
                    guard: false,
                    branch,
                };
                self.call(Caller::Nobody, edge, freight, 0, plan.place(part, node));
            }
        }
    }

    /// A visit to a cache that reads or writes through has taken its steps.
    pub(super) fn keep(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        let of = &self.plan.parts[usize::from(visit.part)];
        let freight = visit.freight;
        // What it had to read itself comes with its answer.
        visit.missed &= of.steps.is_empty();
        let through = freight.does == Does::Write || !of.steps.is_empty();
        if freight.key == NONE || !through {
            return;
        }
        if let Held::Cache(cache) = &mut self.parts[usize::from(visit.part)].held {
            cache.put(visit.instance, freight.key, freight.version, self.now);
        }
    }

    /// Did others wait for this visit? They will not any more.
    pub(super) fn leads_no_more(&mut self, at: u32) -> bool {
        let visit = &self.visits[at];
        let Held::Cache(cache) = &mut self.parts[usize::from(visit.part)].held else { return false };
        if visit.freight.key == NONE {
            return false;
        }
        match cache.leader(visit.instance, visit.freight.key) {
            Some(leader) if *leader == at && visit.stage != Stage::Held => {
                *leader = NONE;
                true
            }
            _ => false,
        }
    }
}
