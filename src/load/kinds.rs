//! What a visit finds where it is served, by the kind of component.

use super::cache::Cache;
use super::design::Does;
use super::engine::{Engine, NONE, Outcome, Stage};
use super::plan::{Kind, Part};
use super::replicas::Store;

/// What a component keeps.
pub(super) enum Held {
    Nothing,
    Cache(Cache),
    Store(Store),
    /// By the place of a node among the key's nodes: the versions of the keys.
    KeyValue(Vec<Vec<u32>>),
    Bucket {
        rate: f64,
        burst: f64,
        tokens: f64,
        at: u64,
    },
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
        match part.kind {
            Kind::Clients | Kind::Plain | Kind::Queue { .. } => Held::Nothing,
            Kind::Cache { capacity, ttl, single_flight } => {
                Held::Cache(Cache::new(capacity, ttl, part.instances, keys, single_flight))
            }
            Kind::Store { .. } => Held::Store(Store::new(part.instances, keys)),
            Kind::KeyValue { replicas } => Held::KeyValue(vec![vec![0; keys as usize]; usize::from(replicas)]),
            Kind::Limiter { rate, burst } => Held::Bucket { rate, burst, tokens: burst, at: 0 },
        }
    }

    /// Takes a token, if it is a bucket of them.
    #[inline(always)]
    pub fn lets(&mut self, now: u64) -> bool {
        let Held::Bucket { rate, burst, tokens, at } = self else { return true };
        *tokens = (*tokens + *rate * (now - *at) as f64 / 1e6).min(*burst);
        *at = now;
        let lets = *tokens >= 1.0;
        *tokens -= if lets { 1.0 } else { 0.0 };
        lets
    }
}

impl Engine<'_> {
    pub(super) fn find(&mut self, at: u32) -> Found {
        let visit = &self.visits[at];
        let (part, key, does) = (visit.part, visit.freight.key, visit.freight.does);
        match &self.plan.parts[usize::from(part)].kind {
            Kind::Queue { workers } => {
                let workers = usize::from(*workers);
                let (of, place) = (&self.plan.parts[workers], &self.parts[workers].instances[0]);
                let room = place.busy < of.concurrency || place.queued < of.queue;
                if room { Found::GoOn } else { Found::Done(Outcome::Shed) }
            }
            Kind::Clients | Kind::Plain | Kind::Limiter { .. } => Found::GoOn,
            // Without a key there is nothing to be found.
            Kind::Cache { .. } if key == NONE => {
                self.visits[at].missed = true;
                Found::GoOn
            }
            Kind::Cache { .. } => self.find_cached(at),
            _ if key == NONE => Found::GoOn,
            Kind::Store { .. } if does == Does::Write => self.commit(at),
            Kind::Store { .. } => {
                let instance = usize::from(self.visits[at].instance);
                if let Held::Store(store) = &self.parts[usize::from(part)].held {
                    self.visits[at].freight.version = store.versions[instance][key as usize];
                }
                Found::GoOn
            }
            Kind::KeyValue { .. } => {
                let freight = &mut self.visits[at].freight;
                if let Held::KeyValue(versions) = &mut self.parts[usize::from(part)].held {
                    let held = &mut versions[usize::from(freight.branch)][key as usize];
                    if does == Does::Write {
                        *held = (*held).max(freight.version);
                    }
                    freight.version = *held;
                }
                Found::GoOn
            }
        }
    }

    fn find_cached(&mut self, at: u32) -> Found {
        let visit = &mut self.visits[at];
        let (node, key) = (visit.instance, visit.freight.key);
        let state = &mut self.parts[usize::from(visit.part)];
        let Held::Cache(cache) = &mut state.held else { return Found::GoOn };
        match visit.freight.does {
            Does::Invalidate => {
                cache.remove(node, key);
                return Found::Done(Outcome::Answered);
            }
            Does::Fill => {
                cache.put(node, key, visit.freight.version, self.now);
                return Found::Done(Outcome::Answered);
            }
            // Through to what is below, if anything is.
            Does::Write => {
                visit.missed = true;
                return Found::GoOn;
            }
            Does::Read => {}
        }
        let held = cache.get(node, key, self.now);
        if self.measuring {
            state.count.hits += u64::from(held.is_some());
            state.count.misses += u64::from(held.is_none());
        }
        if let Some(version) = held {
            visit.freight.version = version;
            return Found::Done(Outcome::Answered);
        }
        visit.missed = true;
        let Some(leader) = cache.leaders.get_mut(key as usize) else { return Found::GoOn };
        if *leader == NONE {
            *leader = at;
            return Found::GoOn;
        }
        let leader = *leader;
        let behind = std::mem::replace(&mut self.visits[leader].next, at);
        self.visits[at].next = behind;
        Found::Held
    }

    /// A visit to a cache that reads or writes through has taken its steps.
    pub(super) fn keep(&mut self, at: u32) {
        let visit = &self.visits[at];
        let of = &self.plan.parts[usize::from(visit.part)];
        let freight = visit.freight;
        let through = freight.does == Does::Write || !of.steps.is_empty();
        if !matches!(of.kind, Kind::Cache { .. }) || freight.key == NONE || !through {
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
        match cache.leaders.get_mut(visit.freight.key as usize) {
            Some(leader) if *leader == at && visit.stage != Stage::Held => {
                *leader = NONE;
                true
            }
            _ => false,
        }
    }
}
