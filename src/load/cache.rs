//! What the nodes of a cache hold: entries in the order of their last use, in lists through one slab. The key's node is
//! where its calls go, so one table over the keys serves all nodes.

use super::engine::NONE;
use super::plan::NEVER;

pub(super) struct Cache {
    capacity: u32,
    ttl: u64,
    /// The entry of each key.
    of_key: Vec<u32>,
    entries: Vec<Entry>,
    free: u32,
    nodes: Vec<Node>,
    /// The visit that fetches a key for the others, if flights are single.
    pub leaders: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    version: u32,
    expires: u64,
    /// Used more lately, and less.
    before: u32,
    after: u32,
}

#[derive(Clone, Copy)]
struct Node {
    first: u32,
    last: u32,
    len: u32,
}

const EMPTY: Node = Node { first: NONE, last: NONE, len: 0 };

impl Cache {
    pub fn new(capacity: u32, ttl: u64, nodes: u16, keys: u32, single_flight: bool) -> Cache {
        let leaders = if single_flight { vec![NONE; keys as usize] } else { Vec::new() };
        let (of_key, nodes) = (vec![NONE; keys as usize], vec![EMPTY; usize::from(nodes)]);
        Cache { capacity, ttl, of_key, entries: Vec::new(), free: NONE, nodes, leaders }
    }

    /// The version held, which is now the last used.
    #[inline(always)]
    pub fn get(&mut self, node: u16, key: u32, now: u64) -> Option<u32> {
        let at = self.of_key[key as usize];
        if at == NONE {
            return None;
        }
        if self.entries[at as usize].expires <= now {
            self.remove(node, key);
            return None;
        }
        self.unlink(node, at);
        self.link(node, at);
        Some(self.entries[at as usize].version)
    }

    pub fn put(&mut self, node: u16, key: u32, version: u32, now: u64) {
        let expires = if self.ttl == NEVER { NEVER } else { now + self.ttl };
        self.remove(node, key);
        let full = self.nodes[usize::from(node)];
        if full.len >= self.capacity {
            self.remove(node, self.entries[full.last as usize].key);
        }
        let entry = Entry { key, version, expires, before: NONE, after: NONE };
        let at = if self.free == NONE {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        } else {
            let at = self.free;
            self.free = self.entries[at as usize].after;
            self.entries[at as usize] = entry;
            at
        };
        self.of_key[key as usize] = at;
        self.nodes[usize::from(node)].len += 1;
        self.link(node, at);
    }

    pub fn remove(&mut self, node: u16, key: u32) {
        let at = std::mem::replace(&mut self.of_key[key as usize], NONE);
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
            let last = self.nodes[usize::from(node)].last;
            self.remove(node, self.entries[last as usize].key);
        }
    }

    fn link(&mut self, node: u16, at: u32) {
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
        let Entry { before, after, .. } = self.entries[at as usize];
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

    /// Against a deliberately dumb twin: a list of keys in the order of their use.
    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(5, 1_000, 2, 40, false);
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
                    assert_eq!(cache.get(node, key, now), held.map(|(_, version, _)| version), "{now}");
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
