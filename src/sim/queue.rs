//! The event queue: a hierarchical timing wheel over integer microseconds, ordered by (time, order of scheduling).
//!
//! Eleven levels of 64 slots. An entry sits on the level of the highest 6-bit group in which its time differs from the
//! wheel's clock; when the clock enters a slot of a higher level, the slot's entries move down in order. Entries of
//! one instant therefore leave in the order in which they were scheduled, without storing a sequence number. (Varghese,
//! Lauck: Hashed and hierarchical timing wheels, SOSP 1987, scheme 7.)
//!
//! Invariant: nothing is scheduled before the wheel's clock, and the clock never passes the time of an entry that is
//! still queued nor the limit given to [`Queue::pop_until`]. Entries live in a slab of linked lists, so that a clone is
//! a copy of a few vectors.

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 11;
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Entry<T> {
    at: u64,
    next: u32,
    item: Option<T>,
}

#[derive(Clone, Debug)]
pub struct Queue<T> {
    clock: u64,
    len: usize,
    free: u32,
    entries: Vec<Entry<T>>,
    occupied: [u64; LEVELS],
    first: [[u32; SLOTS]; LEVELS],
    last: [[u32; SLOTS]; LEVELS],
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue {
            clock: 0,
            len: 0,
            free: NONE,
            entries: Vec::new(),
            occupied: [0; LEVELS],
            first: [[NONE; SLOTS]; LEVELS],
            last: [[NONE; SLOTS]; LEVELS],
        }
    }
}

impl<T> Queue<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Schedules `item`; `at` must not lie before the wheel's clock.
    pub fn push(&mut self, at: u64, item: T) {
        debug_assert!(at >= self.clock, "scheduled in the past");
        let at = at.max(self.clock);
        let entry = Entry { at, next: NONE, item: Some(item) };
        let index = if self.free == NONE {
            self.entries.push(entry);
            (self.entries.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.entries[index as usize].next;
            self.entries[index as usize] = entry;
            index
        };
        self.len += 1;
        self.link(index, at);
    }

    #[inline]
    fn link(&mut self, index: u32, at: u64) {
        let level = match at ^ self.clock {
            0 => 0,
            difference => ((63 - difference.leading_zeros()) / BITS) as usize,
        };
        let slot = (at >> (level as u32 * BITS)) as usize & (SLOTS - 1);
        let tail = self.last[level][slot];
        if tail == NONE || self.occupied[level] & (1 << slot) == 0 {
            self.first[level][slot] = index;
            self.occupied[level] |= 1 << slot;
        } else {
            self.entries[tail as usize].next = index;
        }
        self.last[level][slot] = index;
    }

    /// Takes the earliest entry if its time is at most `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: u64) -> Option<(u64, T)> {
        loop {
            let level = (0..LEVELS).find(|&level| self.occupied[level] != 0)?;
            let slot = self.occupied[level].trailing_zeros() as usize;
            if level == 0 {
                let index = self.first[0][slot];
                let entry = &mut self.entries[index as usize];
                if entry.at > limit {
                    return None;
                }
                let (at, next, item) = (entry.at, entry.next, entry.item.take());
                entry.next = self.free;
                self.free = index;
                self.first[0][slot] = next;
                if next == NONE {
                    self.occupied[0] &= !(1 << slot);
                }
                self.clock = at;
                self.len -= 1;
                return Some((at, item.expect("a queued entry holds an item")));
            }
            let shift = level as u32 * BITS;
            let above = self.clock.checked_shr(shift + BITS).unwrap_or(0).checked_shl(shift + BITS).unwrap_or(0);
            let start = above | ((slot as u64) << shift);
            if start > limit {
                return None;
            }
            self.descend(level, slot, start);
        }
    }

    /// The clock enters a slot of a higher level: its entries move to lower levels, in order.
    fn descend(&mut self, level: usize, slot: usize, start: u64) {
        self.occupied[level] &= !(1 << slot);
        let mut index = self.first[level][slot];
        self.clock = self.clock.max(start);
        while index != NONE {
            let entry = &mut self.entries[index as usize];
            let (at, next) = (entry.at, entry.next);
            entry.next = NONE;
            self.link(index, at);
            index = next;
        }
    }

    /// The queued items with their times, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.entries.iter().filter_map(|entry| entry.item.as_ref().map(|item| (entry.at, item)))
    }

    /// Takes out every item for which `take` says so. Cost: the whole queue. The others keep their order.
    pub fn extract(&mut self, mut take: impl FnMut(&T) -> bool) -> Vec<(u64, T)> {
        let mut taken = Vec::new();
        for level in 0..LEVELS {
            for slot in 0..SLOTS {
                if self.occupied[level] & (1 << slot) == 0 {
                    continue;
                }
                let mut index = std::mem::replace(&mut self.first[level][slot], NONE);
                self.occupied[level] &= !(1 << slot);
                let mut tail = NONE;
                while index != NONE {
                    let next = self.entries[index as usize].next;
                    if self.entries[index as usize].item.as_ref().is_some_and(&mut take) {
                        let entry = &mut self.entries[index as usize];
                        taken.extend(entry.item.take().map(|item| (entry.at, item)));
                        entry.next = self.free;
                        self.free = index;
                        self.len -= 1;
                    } else {
                        if tail == NONE {
                            self.first[level][slot] = index;
                            self.occupied[level] |= 1 << slot;
                        } else {
                            self.entries[tail as usize].next = index;
                        }
                        self.entries[index as usize].next = NONE;
                        self.last[level][slot] = index;
                        tail = index;
                    }
                    index = next;
                }
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Act {
        Push(u64),
        Pop(u64),
        Extract(u64),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let far = prop_oneof![0..4u64, 0..100u64, 0..10_000u64, 0..(1u64 << 40)];
        proptest::collection::vec(
            prop_oneof![
                4 => far.clone().prop_map(Act::Push),
                3 => far.prop_map(Act::Pop),
                1 => (1..7u64).prop_map(Act::Extract),
            ],
            0..400,
        )
    }

    proptest! {
        /// Against a deliberately dumb twin: an ordered map from (time, sequence).
        #[test]
        fn agrees_with_an_ordered_map(acts in acts()) {
            let (mut queue, mut twin) = (Queue::default(), BTreeMap::new());
            let (mut now, mut sequence) = (0u64, 0u64);
            for act in acts {
                match act {
                    Act::Push(after) => {
                        sequence += 1;
                        queue.push(now + after, sequence);
                        twin.insert((now + after, sequence), sequence);
                    }
                    Act::Pop(within) => {
                        let limit = now + within;
                        let expected = twin.first_key_value().map(|(k, _)| *k).filter(|(at, _)| *at <= limit);
                        if let Some(key) = expected { twin.remove(&key); }
                        prop_assert_eq!(queue.pop_until(limit), expected);
                        now = expected.map_or(limit, |(at, _)| at);
                    }
                    Act::Extract(of) => {
                        let mut out: Vec<u64> = queue.extract(|n| n % of == 0).into_iter().map(|(_, n)| n).collect();
                        out.sort_unstable();
                        let gone: Vec<u64> = twin.values().copied().filter(|n| n % of == 0).collect();
                        let mut sorted = gone.clone();
                        sorted.sort_unstable();
                        twin.retain(|_, n| *n % of != 0);
                        prop_assert_eq!(out, sorted);
                    }
                }
                prop_assert_eq!(queue.len(), twin.len());
            }
            for ((at, n), _) in twin {
                prop_assert_eq!(queue.pop_until(u64::MAX), Some((at, n)));
            }
        }
    }
}
