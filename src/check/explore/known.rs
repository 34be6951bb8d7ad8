//! The states that were met: their fingerprints, in one open-addressing table with linear probing.
//!
//! A fingerprint's home is its share of the table (the high half, times the number of slots, by 2³²), so that the table
//! can grow by half instead of doubling, and a grown one is filled in the order of the old. (Knuth, The Art of Computer
//! Programming 3, section 6.4, algorithm L.)

/// Filled to this share at most, in eighths.
const EIGHTHS: u64 = 6;
const FIRST: usize = 1 << 10;

/// A set of fingerprints, or a map from them to numbers.
pub struct Known {
    /// 0: empty.
    slots: Vec<u64>,
    /// Beside each slot; none in a set.
    values: Vec<u32>,
    /// The fingerprint 0 has no slot.
    zero: Option<u32>,
    len: u64,
    most: u64,
}

impl Known {
    /// A set.
    pub fn set() -> Known {
        Known { slots: vec![0; FIRST], values: Vec::new(), zero: None, len: 0, most: room(FIRST) }
    }

    /// A map.
    pub fn map() -> Known {
        Known { values: vec![0; FIRST], ..Known::set() }
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn bytes(&self) -> u64 {
        (self.slots.len() * 8 + self.values.len() * 4) as u64
    }

    /// What is held while the next one is put in: a growing table lies beside the old one.
    pub fn bytes_next(&self) -> u64 {
        let one = if self.values.is_empty() { 8 } else { 12 };
        if self.len < self.most { self.bytes() } else { self.bytes() + (grown(self.slots.len()) * one) as u64 }
    }

    #[inline(always)]
    fn home(&self, key: u64) -> usize {
        (((key >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    /// Whether it lies at home, as most that are known do. A look at several at once has the memory fetch them together.
    #[inline(always)]
    pub fn glance(&self, key: u64) -> bool {
        key != 0 && self.slots[self.home(key)] == key
    }

    /// Puts one in; says whether it is new.
    #[inline(always)]
    pub fn insert(&mut self, key: u64) -> bool {
        self.enter(key, 0).is_none()
    }

    /// Maps a key to a value if it is new; else the value that it has.
    #[inline(always)]
    pub fn enter(&mut self, key: u64, value: u32) -> Option<u32> {
        if key == 0 {
            let known = self.zero;
            self.zero = known.or(Some(value));
            self.len += u64::from(known.is_none());
            return known;
        }
        if self.len >= self.most {
            self.grow();
        }
        let mut place = self.home(key);
        loop {
            let slot = self.slots[place];
            if slot == key {
                return Some(self.values.get(place).copied().unwrap_or(0));
            }
            if slot == 0 {
                self.slots[place] = key;
                if let Some(held) = self.values.get_mut(place) {
                    *held = value;
                }
                self.len += 1;
                return None;
            }
            place = if place + 1 == self.slots.len() { 0 } else { place + 1 };
        }
    }

    /// Changes the value of a key that is known.
    pub fn change(&mut self, key: u64, value: u32) {
        if key == 0 {
            self.zero = Some(value);
            return;
        }
        let mut place = self.home(key);
        while self.slots[place] != key {
            assert!(self.slots[place] != 0, "only what is known can be changed");
            place = if place + 1 == self.slots.len() { 0 } else { place + 1 };
        }
        self.values[place] = value;
    }

    #[cold]
    fn grow(&mut self) {
        let many = grown(self.slots.len());
        assert!((many as u64) < 1 << 32, "a home is found by a product of two halves");
        let map = !self.values.is_empty();
        let old = std::mem::replace(&mut self.slots, vec![0; many]);
        let values = std::mem::replace(&mut self.values, vec![0; if map { many } else { 0 }]);
        self.most = room(many);
        for (place, key) in old.into_iter().enumerate().filter(|(_, key)| *key != 0) {
            let mut to = self.home(key);
            while self.slots[to] != 0 {
                to = if to + 1 == many { 0 } else { to + 1 };
            }
            self.slots[to] = key;
            if map {
                self.values[to] = values[place];
            }
        }
    }
}

fn room(slots: usize) -> u64 {
    slots as u64 / 8 * EIGHTHS
}

fn grown(slots: usize) -> usize {
    slots + slots / 2
}

#[cfg(test)]
mod tests {
    use super::super::mix;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against an ordered map; few bits, so that homes collide and the end of the table is met.
        #[test]
        fn agrees_with_an_ordered_map(keys in prop::collection::vec((0u64..3_000, 0u32..9, 0u32..40), 0..6_000)) {
            let (mut known, mut set, mut twin) = (Known::map(), Known::set(), BTreeMap::new());
            for (key, value, shift) in keys {
                let key = if shift < 20 { mix(key) } else { u64::MAX - key % 7 };
                let before = twin.get(&key).copied();
                twin.entry(key).or_insert(value);
                prop_assert!(!set.glance(key) || before.is_some());
                prop_assert_eq!(known.enter(key, value), before);
                prop_assert_eq!(set.insert(key), before.is_none());
                if shift == 3 {
                    known.change(key, value + 1);
                    twin.insert(key, value + 1);
                }
            }
            prop_assert_eq!((known.len(), set.len()), (twin.len() as u64, twin.len() as u64));
            for (key, value) in twin {
                prop_assert_eq!(known.enter(key, 77), Some(value));
            }
        }
    }

    #[test]
    fn mixing_keeps_zero_and_spreads_the_rest() {
        assert_eq!(mix(0), 0, "the one fingerprint that has no slot");
        let homes: std::collections::BTreeSet<u64> = (0..4_096).map(|n| mix(n) >> 52).collect();
        assert!(homes.len() > 2_400, "{}: 4,096 · (1 - 1/e) = 2,589 are expected", homes.len());
    }
}
