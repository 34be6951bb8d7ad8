//! What the nodes of a cache hold: entries in the order of their last use, in lists through one slab, or in the order of how
//! often they were used. The key's node is where its calls go, so one table over the keys serves all nodes, unless every node
//! has entries of its own.

use super::engine::NONE;
use super::plan::{Caching, NEVER};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Cache {
    capacity: u32,
    ttl: u64,
    /// Keys, if every node has a table of its own; else 0.
    local: usize,
    /// The entry of each key, by node if they are local.
    of_key: Vec<u32>,
    entries: Vec<Entry>,
    free: u32,
    nodes: Vec<Node>,
    /// By node: uses, the number of the last one, and the entry; if the least frequently used goes first.
    by_use: Option<Vec<BTreeSet<(u32, u64, u32)>>>,
    uses: u64,
    /// The visit that fetches a key for the others, if flights are single.
    leaders: Vec<u32>,
    /// By node and key: writes that are acknowledged and not yet written below.
    pub dirty: BTreeMap<(u16, u32), Dirty>,
}

#[derive(Clone, Copy)]
pub(super) struct Dirty {
    pub writes: u64,
    pub version: u32,
    pub class: u8,
}

#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    version: u32,
    expires: u64,
    /// Used more lately, and less.
    before: u32,
    after: u32,
    /// How often it was used, and the number of the last use.
    used: u32,
    last: u64,
}

#[derive(Clone, Copy)]
struct Node {
    first: u32,
    last: u32,
    len: u32,
}

const EMPTY: Node = Node { first: NONE, last: NONE, len: 0 };

impl Cache {
    pub fn new(of: &Caching, nodes: u16, keys: u32) -> Cache {
        let nodes = usize::from(nodes);
        let places = keys as usize * if of.local { nodes } else { 1 };
        Cache {
            capacity: of.capacity,
            ttl: of.ttl,
            local: if of.local { keys as usize } else { 0 },
            of_key: vec![NONE; places],
            entries: Vec::new(),
            free: NONE,
            nodes: vec![EMPTY; nodes],
            by_use: of.least_frequently.then(|| vec![BTreeSet::new(); nodes]),
            uses: 0,
            leaders: if of.single_flight { vec![NONE; places] } else { Vec::new() },
            dirty: BTreeMap::new(),
        }
    }

    #[inline(always)]
    fn place(&self, node: u16, key: u32) -> usize {
        usize::from(node) * self.local + key as usize
    }

    /// Who fetches the key for a node, if flights are single.
    #[inline(always)]
    pub fn leader(&mut self, node: u16, key: u32) -> Option<&mut u32> {
        let place = self.place(node, key);
        self.leaders.get_mut(place)
    }

    /// The version held, which is now the last used.
    #[inline(always)]
    pub fn get(&mut self, node: u16, key: u32, now: u64, early: u64) -> Option<u32> {
        let at = self.of_key[self.place(node, key)];
        if at == NONE {
            return None;
        }
        let expires = self.entries[at as usize].expires;
        if expires <= now {
            self.remove(node, key);
            return None;
        }
        if expires != NEVER && expires <= now.saturating_add(early) {
            return None;
        }
        self.unlink(node, at);
        self.link(node, at);
        Some(self.entries[at as usize].version)
    }

    pub fn put(&mut self, node: u16, key: u32, version: u32, now: u64) {
        let expires = if self.ttl == NEVER { NEVER } else { now + self.ttl };
        self.remove(node, key);
        if self.nodes[usize::from(node)].len >= self.capacity {
            self.remove(node, self.entries[self.first_to_go(node) as usize].key);
        }
        let entry = Entry { key, version, expires, before: NONE, after: NONE, used: 0, last: 0 };
        let at = if self.free == NONE {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        } else {
            let at = self.free;
            self.free = self.entries[at as usize].after;
            self.entries[at as usize] = entry;
            at
        };
        let place = self.place(node, key);
        self.of_key[place] = at;
        self.nodes[usize::from(node)].len += 1;
        self.link(node, at);
    }

    pub fn remove(&mut self, node: u16, key: u32) {
        let place = self.place(node, key);
        let at = std::mem::replace(&mut self.of_key[place], NONE);
        if at != NONE {
            self.unlink(node, at);
            self.nodes[usize::from(node)].len -= 1;
            self.entries[at as usize].after = self.free;
            self.free = at;
        }
    }

    /// A node has lost everything.
    pub fn clear(&mut self, node: u16) {
        while self.nodes[usize::from(node)].len > 0 {
            self.remove(node, self.entries[self.first_to_go(node) as usize].key);
        }
    }

    fn first_to_go(&self, node: u16) -> u32 {
        let by_use = self.by_use.as_ref().and_then(|nodes| nodes[usize::from(node)].first());
        by_use.map_or(self.nodes[usize::from(node)].last, |(.., at)| *at)
    }

    /// A node is gone: so many acknowledged writes with it.
    pub fn lose(&mut self, node: u16) -> u64 {
        self.clear(node);
        let lost = self.dirty.range((node, 0)..=(node, NONE)).map(|(_, dirty)| dirty.writes).sum();
        self.dirty.retain(|(of, _), _| *of != node);
        lost
    }

    fn link(&mut self, node: u16, at: u32) {
        if let Some(nodes) = &mut self.by_use {
            self.uses += 1;
            let entry = &mut self.entries[at as usize];
            (entry.used, entry.last) = (entry.used.saturating_add(1), self.uses);
            nodes[usize::from(node)].insert((entry.used, entry.last, at));
        }
        let node = &mut self.nodes[usize::from(node)];
        let second = std::mem::replace(&mut node.first, at);
        if second == NONE {
            node.last = at;
        } else {
            self.entries[second as usize].before = at;
        }
        let entry = &mut self.entries[at as usize];
        (entry.before, entry.after) = (NONE, second);
    }

    fn unlink(&mut self, node: u16, at: u32) {
        let Entry { before, after, used, last, .. } = self.entries[at as usize];
        if let Some(nodes) = &mut self.by_use {
            nodes[usize::from(node)].remove(&(used, last, at));
        }
        let node = &mut self.nodes[usize::from(node)];
        if before == NONE {
            node.first = after;
        } else {
            self.entries[before as usize].after = after;
        }
        if after == NONE {
            node.last = before;
        } else {
            self.entries[after as usize].before = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caching(capacity: u32, least_frequently: bool) -> Caching {
        let (early, local, single_flight, back) = (0, false, false, None);
        Caching { capacity, ttl: 1_000, early, single_flight, least_frequently, local, back }
    }

    /// Against a twin that counts: key, uses, last use.
    #[test]
    fn the_least_frequently_used_goes_first() {
        let mut cache = Cache::new(&Caching { ttl: NEVER, ..caching(4, true) }, 1, 30);
        let mut twin: Vec<(u32, u32, u64)> = Vec::new();
        let mut word = 7_u64;
        let mut hits = 0;
        for now in 0..20_000_u64 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Low keys more often.
            let key = ((word >> 33) as u32 % 30) * ((word >> 50) as u32 % 30) / 30;
            let held = twin.iter().position(|(k, ..)| *k == key);
            assert_eq!(cache.get(0, key, now, 0).is_some(), held.is_some(), "{now}");
            match held {
                Some(at) => {
                    hits += 1;
                    twin[at] = (key, twin[at].1 + 1, now);
                }
                None => {
                    if twin.len() == 4 {
                        let least = (0..4).min_by_key(|at| (twin[*at].1, twin[*at].2)).expect("four");
                        twin.remove(least);
                    }
                    twin.push((key, 1, now));
                    cache.put(0, key, 1, now);
                }
            }
        }
        assert!(hits > 5_000, "{hits}");
    }

    /// Every node for itself, and what a node had not written is gone with it.
    #[test]
    fn local_entries_and_writes_kept_back() {
        let mut cache = Cache::new(&Caching { local: true, ..caching(4, false) }, 2, 10);
        cache.put(0, 3, 7, 0);
        assert_eq!((cache.get(0, 3, 1, 0), cache.get(1, 3, 1, 0)), (Some(7), None));
        assert_eq!(cache.get(0, 3, 990, 20), None, "early");
        assert_eq!(cache.get(0, 3, 990, 5), Some(7), "and yet there");
        for (node, writes) in [(0, 2), (1, 3)] {
            cache.dirty.insert((node, 3), Dirty { writes, version: 9, class: 0 });
        }
        assert_eq!(cache.lose(1), 3);
        assert_eq!((cache.dirty.len(), cache.get(0, 3, 990, 0)), (1, Some(7)));
    }

    /// Against a deliberately dumb twin: a list of keys in the order of their use.
    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(&caching(5, false), 2, 40);
        let mut twins: [Vec<(u32, u32, u64)>; 2] = [Vec::new(), Vec::new()];
        let mut word = 1_u64;
        let mut hits = 0;
        for now in 0..20_000_u64 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (word >> 33) as u32 % 40;
            let node = (key % 2) as u16;
            let twin = &mut twins[usize::from(node)];
            let at = twin.iter().position(|(k, ..)| *k == key);
            match (word >> 40) % 8 {
                0 => {
                    cache.remove(node, key);
                    at.map(|at| twin.remove(at));
                }
                1 if now % 50 == 0 => {
                    cache.clear(node);
                    twin.clear();
                }
                1..4 => {
                    cache.put(node, key, now as u32, now);
                    at.map(|at| twin.remove(at));
                    twin.insert(0, (key, now as u32, now + 1_000));
                    twin.truncate(5);
                }
                _ => {
                    let held = at.map(|at| twin.remove(at)).filter(|(_, _, expires)| *expires > now);
                    assert_eq!(cache.get(node, key, now, 0), held.map(|(_, version, _)| version), "{now}");
                    if let Some(held) = held {
                        twin.insert(0, held);
                    }
                    hits += u32::from(held.is_some());
                }
            }
            assert!(cache.entries.len() <= 10, "bounded by its capacity");
        }
        assert!(hits > 1_000, "{hits}");
    }
}
