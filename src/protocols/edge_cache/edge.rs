//! An edge: a shared cache in memory. RFC 9111, section 4, says when what it holds may be an answer.

use super::{Bug, Context, EdgeCache, FetchId, How, Message, Timer};
use crate::base::{Micros, NodeId};
use crate::protocols::once::Ticket;
use crate::wire::Datum;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Keys that it holds; then the one that was validated longest ago goes.
const HELD_MAX: usize = 256;
/// Fetches under way, and requests that wait for one. Further requests are not heard: they come again.
const FETCHES_MAX: usize = 256;
const WAITING_MAX: usize = 256;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Edge {
    life: u32,
    next_fetch: u32,
    pub held: LiteMap<SmolStr, Held>,
    pub fetches: Vec<Fetch>,
    pub counts: Counts,
    pub last: Last,
}

/// What may be answered with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Held {
    pub version: u64,
    pub value: Datum,
    /// When it was asked for, or last validated: no later than the origin said that it is the newest.
    pub since: Micros,
    /// The last fetch was in vain.
    pub failed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    id: u32,
    pub key: SmolStr,
    since: Micros,
    /// What was purged since then: an answer below this is too old.
    floor: u64,
    waiting: Vec<Asker>,
}

type Asker = (NodeId, Ticket);

/// Of this life.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub requests: u32,
    /// Requests that were answered at once, from memory; those that waited for the fetch of another one; those that were the
    /// cause of a fetch.
    pub hits: u32,
    pub collapsed: u32,
    pub misses: u32,
    /// Answers with what was stale.
    pub stale: u32,
    pub fetches: u32,
    pub not_modified: u32,
    pub failed: u32,
}

/// What the last handler did, for whoever watches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Last {
    /// Counts the handlers that did something.
    pub turn: u32,
    /// Key, version, value and reason of what was answered.
    pub served: Option<(SmolStr, u64, Datum, How)>,
    /// The key about which the origin was heard.
    pub heard: Option<SmolStr>,
}

impl EdgeCache {
    /// It begins with nothing: all first requests go to the origin.
    pub(super) fn start_edge(&self, ctx: &mut Context<'_>) -> Edge {
        let life = ctx.disk().lives;
        if life > 1 {
            ctx.note("cold: it holds nothing");
        }
        let (counts, last) = Default::default();
        Edge { life, next_fetch: 0, held: LiteMap::new(), fetches: Vec::new(), counts, last }
    }

    fn turn(e: &mut Edge) {
        e.last = Last { turn: e.last.turn + 1, ..Last::default() };
    }

    /// Section 2: what a value is kept under.
    fn cache_key<'a>(&self, key: &'a str) -> &'a str {
        match self.has(Bug::KeyCut) {
            true => key.get(..key.len().saturating_sub(1)).unwrap_or_default(),
            false => key,
        }
    }

    /// Why it may be answered with, if it may.
    fn usable(&self, held: &Held, now: Micros) -> Option<How> {
        let age = now.since(held.since);
        let younger = |how| age < self.age_max(held.version, how);
        let failed = held.failed && (younger(How::IfError) || self.has(Bug::StaleForEver));
        let at_once = self.has(Bug::StaleAtOnce) && younger(How::IfError);
        match () {
            () if younger(How::Fresh) => Some(How::Fresh),
            () if younger(How::WhileRevalidate) => Some(How::WhileRevalidate),
            () if failed || at_once => Some(How::IfError),
            () => None,
        }
    }

    pub(super) fn on_get(&self, e: &mut Edge, asker: Asker, key: SmolStr, ctx: &mut Context<'_>) {
        Self::turn(e);
        e.counts.requests += 1;
        let how = e.held.get(self.cache_key(&key)).and_then(|held| self.usable(held, ctx.elapsed()));
        let under_way = e.fetches.iter_mut().find(|fetch| fetch.key == key);
        if let Some(how) = how {
            let ask = how != How::Fresh && under_way.is_none();
            e.counts.hits += 1;
            self.serve(e, &key, how, &[asker], ctx);
            if ask {
                self.fetch(e, key, Vec::new(), ctx);
            }
            return;
        }
        match under_way.filter(|_| !self.has(Bug::NoCollapsing)) {
            Some(fetch) if fetch.waiting.len() < WAITING_MAX && !fetch.waiting.contains(&asker) => {
                fetch.waiting.push(asker);
                e.counts.collapsed += 1;
            }
            Some(_) => {}
            None => {
                e.counts.misses += 1;
                self.fetch(e, key, vec![asker], ctx);
            }
        }
    }

    /// With the version that is here, if there is one (section 4.3.1).
    fn fetch(&self, e: &mut Edge, key: SmolStr, waiting: Vec<Asker>, ctx: &mut Context<'_>) {
        let Some(origin) = ctx.setup().role("origin").next().filter(|_| e.fetches.len() < FETCHES_MAX) else { return };
        e.next_fetch += 1;
        e.counts.fetches += 1;
        let id = e.next_fetch;
        let validator = e.held.get(self.cache_key(&key)).map(|held| held.version);
        ctx.send(origin, &Message::Fetch { key: key.clone(), id: (e.life, id), validator });
        ctx.set_timer(self.fetch_timeout, &Timer::FetchTimeout { fetch: id });
        e.fetches.push(Fetch { id, key, since: ctx.elapsed(), floor: 0, waiting });
    }

    /// Sections 4.3.3 and 4.3.4: what is here is as good as new, or replaced.
    pub(super) fn on_content(
        &self,
        e: &mut Edge,
        key: &SmolStr,
        id: FetchId,
        version: u64,
        body: Option<Datum>,
        ctx: &mut Context<'_>,
    ) {
        Self::turn(e);
        let of_it = |fetch: &Fetch| (e.life, fetch.id) == id;
        let late = |fetch: &Fetch| fetch.key == *key && self.has(Bug::LateAnswers);
        let Some(place) = e.fetches.iter().position(|fetch| of_it(fetch) || late(fetch)) else { return };
        let now = ctx.elapsed();
        if now.since(e.fetches[place].since) >= self.fetch_timeout {
            // Its timer is late: the edge was paused.
            return self.fetch_failed(e, place, ctx);
        }
        let fetch = e.fetches.remove(place);
        ctx.cancel_timer(&Timer::FetchTimeout { fetch: fetch.id });
        let held = e.held.get(self.cache_key(key)).filter(|held| held.version == version);
        e.counts.not_modified += u32::from(body.is_none());
        let value = body.or_else(|| held.map(|held| held.value.clone())).filter(|_| version >= fetch.floor);
        let Some(value) = value else {
            ctx.note(format!("overtaken: version {version} of {key} was purged before it came"));
            if !fetch.waiting.is_empty() {
                self.fetch(e, fetch.key, fetch.waiting, ctx);
            }
            return;
        };
        let since = if self.has(Bug::AgeFromArrival) { now } else { fetch.since };
        self.keep(e, key, Held { version, value, since, failed: false });
        e.last.heard = Some(key.clone());
        self.serve(e, key, How::Fetched, &fetch.waiting, ctx);
    }

    fn keep(&self, e: &mut Edge, key: &str, held: Held) {
        e.held.insert(self.cache_key(key).into(), held);
        if e.held.len() > HELD_MAX
            && let Some(oldest) = e.held.iter().min_by_key(|(_, held)| held.since).map(|(key, _)| key.clone())
        {
            e.held.remove(&oldest);
        }
    }

    pub(super) fn on_fetch_timeout(&self, e: &mut Edge, id: u32, ctx: &mut Context<'_>) {
        if let Some(place) = e.fetches.iter().position(|fetch| fetch.id == id) {
            Self::turn(e);
            self.fetch_failed(e, place, ctx);
        }
    }

    /// RFC 5861, section 4: what is stale is better than an error, for some time.
    fn fetch_failed(&self, e: &mut Edge, place: usize, ctx: &mut Context<'_>) {
        let fetch = e.fetches.remove(place);
        ctx.cancel_timer(&Timer::FetchTimeout { fetch: fetch.id });
        e.counts.failed += 1;
        ctx.note(format!("no answer: the origin is silent about {}", fetch.key));
        let now = ctx.elapsed();
        if self.has(Bug::ErrorKept) {
            self.keep(e, &fetch.key, Held { version: 0, value: Datum::None, since: now, failed: false });
        }
        let held = e.held.get_mut(self.cache_key(&fetch.key));
        let how = held.and_then(|held| {
            held.failed = true;
            self.usable(held, now)
        });
        match how {
            Some(how) => self.serve(e, &fetch.key, how, &fetch.waiting, ctx),
            None => {
                fetch.waiting.iter().for_each(|(client, ticket)| {
                    ctx.send(*client, &Message::Unavailable { ticket: *ticket });
                });
            }
        }
    }

    /// Answers with what is held.
    fn serve(&self, e: &mut Edge, key: &SmolStr, how: How, askers: &[Asker], ctx: &mut Context<'_>) {
        let Some(held) = e.held.get(self.cache_key(key)).filter(|_| !askers.is_empty()) else { return };
        let age = ctx.elapsed().since(held.since);
        if how == How::IfError {
            ctx.note(format!("serves stale: {key}={}, {age} old, for the origin is silent", held.value));
        }
        if !matches!(how, How::Fresh | How::Fetched) {
            e.counts.stale += askers.len() as u32;
        }
        for (client, ticket) in askers {
            let (ticket, version, value) = (*ticket, held.version, held.value.clone());
            ctx.send(*client, &Message::Answer { ticket, version, value, how, age });
        }
        e.last.served = Some((key.clone(), held.version, held.value.clone(), how));
    }

    /// What is older goes, and what is older and on its way must not be kept.
    pub(super) fn on_purge(&self, e: &mut Edge, from: NodeId, key: SmolStr, version: u64, ctx: &mut Context<'_>) {
        Self::turn(e);
        if e.held.get(self.cache_key(&key)).is_some_and(|held| held.version < version) {
            e.held.remove(self.cache_key(&key));
        }
        if !self.has(Bug::PurgeLoses) {
            let concerned = e.fetches.iter_mut().filter(|fetch| fetch.key == key);
            concerned.for_each(|fetch| fetch.floor = fetch.floor.max(version));
        }
        ctx.send(from, &Message::Purged { key, version });
    }
}
