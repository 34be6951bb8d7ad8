//! The configurations that a search has been in. Each is known by a fingerprint of 128 bits of what must have taken effect
//! and of the state, and by the set of operations that may have: a configuration that used up more of those than another
//! can do nothing that the other cannot.
//!
//! Of N configurations two different ones have the same fingerprint with a chance below N²/2¹²⁹: for ten million,
//! below 2·10⁻²⁵. Only such a confusion could make a verdict wrong, and only to "violated".

use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

const NONE: u32 = u32::MAX;

pub struct Seen {
    keys: Vec<u128>,
    /// Of each key the first of its sets, where there is anything that may have happened.
    first: Vec<u32>,
    /// Sets of a key after one another: words, and where the next begins.
    sets: Vec<u64>,
    next: Vec<u32>,
    /// Words of a set.
    words: usize,
    len: usize,
}

impl Seen {
    /// For sets of so many operations.
    pub fn new(optional: usize) -> Seen {
        let words = optional.div_ceil(64);
        Seen { keys: vec![0; 1024], first: vec![NONE; 1024], sets: Vec::new(), next: Vec::new(), words, len: 0 }
    }

    /// How many configurations are kept.
    pub fn len(&self) -> usize {
        if self.words == 0 { self.len } else { self.next.len() }
    }

    /// What it takes up: 20 bytes for each place, and half as much again while it grows.
    pub fn bytes(&self) -> u64 {
        self.keys.len() as u64 * 30 + self.sets.len() as u64 * 8 + self.next.len() as u64 * 4
    }

    /// Keeps a configuration; false when it, or one that can do all that it can, was here before.
    pub fn insert(&mut self, fingerprint: u128, used: &[u64]) -> bool {
        // 0 marks a free place.
        let key = fingerprint.max(1);
        let place = self.place(key);
        let known = self.keys[place] == key;
        if known && self.words == 0 {
            return false;
        }
        let mut set = if known { self.first[place] } else { NONE };
        while set != NONE {
            let from = set as usize * self.words;
            if self.sets[from..from + self.words].iter().zip(used).all(|(kept, new)| kept & !new == 0) {
                return false;
            }
            set = self.next[set as usize];
        }
        if self.words > 0 {
            self.next.push(if known { self.first[place] } else { NONE });
            self.first[place] = self.next.len() as u32 - 1;
            self.sets.extend_from_slice(used);
        }
        if !known {
            self.keys[place] = key;
            self.len += 1;
            if self.len * 2 > self.keys.len() {
                self.grow();
            }
        }
        true
    }

    /// Where a key is, or may be put.
    fn place(&self, key: u128) -> usize {
        let mask = self.keys.len() - 1;
        let mut place = key as usize & mask;
        while self.keys[place] != 0 && self.keys[place] != key {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let size = self.keys.len() * 2;
        let keys = std::mem::replace(&mut self.keys, vec![0; size]);
        let first = std::mem::replace(&mut self.first, vec![NONE; size]);
        for (key, first) in keys.into_iter().zip(first).filter(|(key, _)| *key != 0) {
            let place = self.place(key);
            (self.keys[place], self.first[place]) = (key, first);
        }
    }
}

/// Places are hashed by another function than states: the number 2 as a state must not undo place 2.
const PLACES: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number of 128 bits for a place: sets of places are known by the exclusive-or of theirs.
pub fn of_place(place: usize) -> u128 {
    xxh3_128_with_seed(&(place as u64).to_le_bytes(), PLACES)
}

/// A fingerprint of anything that can be hashed.
pub fn of<T: std::hash::Hash>(value: &T, bytes: &mut Vec<u8>) -> u128 {
    bytes.clear();
    let mut hasher = Bytes(bytes);
    value.hash(&mut hasher);
    xxh3_128(bytes)
}

/// Takes down what is hashed; lengths and discriminants at the same width on every machine.
struct Bytes<'a>(&'a mut Vec<u8>);

impl std::hash::Hasher for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_usize(&mut self, n: usize) {
        self.write(&(n as u64).to_le_bytes());
    }

    fn write_isize(&mut self, n: isize) {
        self.write(&(n as i64).to_le_bytes());
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_used_up_more_is_no_news() {
        let mut seen = Seen::new(70);
        assert!(seen.insert(7, &[0b110, 0]));
        assert!(!seen.insert(7, &[0b110, 0]) && !seen.insert(7, &[0b111, 1]));
        assert!(seen.insert(7, &[0b101, 0]) && seen.insert(8, &[0b111, 1]));
        assert!(!seen.insert(7, &[0b101, 9]));
        let mut plain = Seen::new(0);
        assert!((0..10_000).all(|n| plain.insert(of_place(n), &[])));
        assert!((0..10_000).all(|n| !plain.insert(of_place(n), &[])));
        assert_eq!(plain.len(), 10_000);
    }
}
