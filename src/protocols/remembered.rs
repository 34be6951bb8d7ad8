//! A map that is bounded: it remembers what was put into it last. For checks that look back. (Of sorted lists, since each
//! kind of `BTreeMap` costs an engine's wasm some kilobytes.)

use litemap::LiteMap;
use serde::Serialize;
use std::collections::VecDeque;

/// So many are remembered.
const REMEMBERED_MAX: usize = 2_048;

#[derive(Clone, Serialize)]
pub struct Remembered<K, V> {
    pub map: LiteMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Remembered { map: LiteMap::new(), order: VecDeque::new() }
    }
}

impl<K: Copy + Ord, V> Remembered<K, V> {
    pub fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }
}
