//! The event queue: a hierarchical timing wheel over integer microseconds, ordered by (time, order of scheduling).
//!
//! Eight levels of 256 slots. An entry sits on the level of the highest byte in which its time differs from the
//! wheel's clock; when the clock enters a slot of a higher level, the slot's entries move down in order. Entries of
//! one instant therefore leave in the order in which they were scheduled, without storing a sequence number. (Varghese,
//! Lauck: Hashed and hierarchical timing wheels, SOSP 1987, scheme 7.)
//!
//! Invariant: nothing is scheduled before the wheel's clock, and the clock never passes the time of an entry that is
//! still queued nor the limit given to [`Queue::due`]. Entries live in slabs of linked lists, so that a clone is a
//! copy of a few vectors; times and links lie apart from the items, so that moving down touches little memory.

const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 8;
const WORDS: usize = SLOTS / 64;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Knot {
    at: u64,
    next: u32,
}

#[derive(Clone, Debug)]
struct Level {
    /// One bit for each slot that holds entries, and one for each word of those that is not 0.
    occupied: [u64; WORDS],
    words: u8,
    /// First and last entry of each slot; meaningless where the slot is not occupied.
    ends: [(u32, u32); SLOTS],
}

#[derive(Clone, Debug)]
pub struct Queue<T> {
    clock: u64,
    len: usize,
    free: u32,
    knots: Vec<Knot>,
    items: Vec<Option<T>>,
    /// One bit for each level that holds entries.
    busy: u8,
    levels: Box<[Level; LEVELS]>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let level = Level { occupied: [0; WORDS], words: 0, ends: [(NONE, NONE); SLOTS] };
        let levels = Box::new(std::array::from_fn(|_| level.clone()));
        Queue { clock: 0, len: 0, free: NONE, knots: Vec::new(), items: Vec::new(), busy: 0, levels }
    }
}

impl Level {
    #[inline(always)]
    fn first_slot(&self) -> usize {
        let word = self.words.trailing_zeros() as usize % WORDS;
        word * 64 + self.occupied[word].trailing_zeros() as usize % 64
    }

    #[inline(always)]
    fn is_occupied(&self, slot: usize) -> bool {
        self.occupied[slot / 64] & 1 << (slot % 64) != 0
    }

    #[inline(always)]
    fn occupy(&mut self, slot: usize) {
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.words |= 1 << (slot / 64);
    }

    /// Marks a slot empty; says whether the level still holds entries.
    #[inline(always)]
    fn vacate(&mut self, slot: usize) -> bool {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        if self.occupied[slot / 64] == 0 {
            self.words &= !(1 << (slot / 64));
        }
        self.words != 0
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
    #[inline(always)]
    pub fn push(&mut self, at: u64, item: T) {
        debug_assert!(at >= self.clock, "scheduled in the past");
        let at = at.max(self.clock);
        let index = if self.free == NONE {
            self.knots.push(Knot { at, next: NONE });
            self.items.push(Some(item));
            (self.knots.len() - 1) as u32
        } else {
            let index = self.free;
            let knot = &mut self.knots[index as usize];
            self.free = knot.next;
            *knot = Knot { at, next: NONE };
            self.items[index as usize] = Some(item);
            index
        };
        self.len += 1;
        self.link(index, at);
    }

    #[inline(always)]
    fn link(&mut self, index: u32, at: u64) {
        let level = match at ^ self.clock {
            0 => 0,
            difference => ((63 - difference.leading_zeros()) / BITS) as usize % LEVELS,
        };
        self.attach(level, index, at);
    }

    /// Puts an entry at the end of its slot on `level`.
    #[inline(always)]
    fn attach(&mut self, level: usize, index: u32, at: u64) {
        let slot = (at >> (level as u32 * BITS)) as usize & (SLOTS - 1);
        self.busy |= 1 << level;
        let level = &mut self.levels[level];
        if level.is_occupied(slot) {
            self.knots[level.ends[slot].1 as usize].next = index;
            level.ends[slot].1 = index;
        } else {
            level.occupy(slot);
            level.ends[slot] = (index, index);
        }
    }

    /// The earliest entry if its time is at most `limit`: its time and place. The clock moves to that time. The entry is
    /// queued no more, and lies in its place until [`Queue::take`], so that it need not be copied to be read.
    #[inline(always)]
    pub fn due(&mut self, limit: u64) -> Option<(u64, u32)> {
        loop {
            if self.busy == 0 {
                return None;
            }
            let level = self.busy.trailing_zeros() as usize % LEVELS;
            let slot = self.levels[level].first_slot();
            let (first, last) = self.levels[level].ends[slot];
            // All entries of a slot on level 0 are due at once; a single entry of a higher slot is the earliest, too.
            if level == 0 || first == last {
                let Knot { at, next } = self.knots[first as usize];
                if at > limit {
                    return None;
                }
                self.levels[level].ends[slot].0 = next;
                if first == last && !self.levels[level].vacate(slot) {
                    self.busy &= !(1 << level);
                }
                self.clock = at;
                return Some((at, first));
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

    /// What lies in a place that [`Queue::due`] gave.
    #[inline(always)]
    pub fn item(&self, place: u32) -> &T {
        self.items[place as usize].as_ref().expect("the place is taken")
    }

    /// Empties a place that is linked nowhere any more.
    #[inline(always)]
    pub fn take(&mut self, place: u32) -> T {
        self.len -= 1;
        self.knots[place as usize].next = self.free;
        self.free = place;
        self.items[place as usize].take().expect("the place is taken")
    }

    /// The clock enters a slot of a higher level: its entries move to lower levels, in order.
    fn descend(&mut self, level: usize, slot: usize, start: u64) {
        let (mut index, _) = self.levels[level].ends[slot];
        if !self.levels[level].vacate(slot) {
            self.busy &= !(1 << level);
        }
        self.clock = self.clock.max(start);
        while index != NONE {
            let Knot { at, next } = self.knots[index as usize];
            self.knots[index as usize].next = NONE;
            // Most come from level 1, where no other level than 0 is left.
            if level == 1 {
                self.attach(0, index, at);
            } else {
                self.link(index, at);
            }
            index = next;
        }
    }

    /// The queued items with their times, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.knots.iter().zip(&self.items).filter_map(|(knot, item)| item.as_ref().map(|item| (knot.at, item)))
    }

    /// Takes out every item for which `take` says so. Cost: the whole queue. The others keep their order.
    pub fn extract(&mut self, mut take: impl FnMut(&T) -> bool) -> Vec<(u64, T)> {
        let mut taken = Vec::new();
        for level in 0..LEVELS {
            for slot in 0..SLOTS {
                if !self.levels[level].is_occupied(slot) {
                    continue;
                }
                let (mut index, _) = self.levels[level].ends[slot];
                if !self.levels[level].vacate(slot) {
                    self.busy &= !(1 << level);
                }
                let mut kept = Vec::new();
                while index != NONE {
                    let Knot { at, next } = self.knots[index as usize];
                    if self.items[index as usize].as_ref().is_some_and(&mut take) {
                        taken.push((at, self.take(index)));
                    } else {
                        self.knots[index as usize].next = NONE;
                        kept.push((index, at));
                    }
                    index = next;
                }
                // They stay on this level: the clock did not move.
                kept.into_iter().for_each(|(index, at)| self.link(index, at));
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

    fn pop(queue: &mut Queue<u64>, limit: u64) -> Option<(u64, u64)> {
        queue.due(limit).map(|(at, place)| (at, queue.take(place)))
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
                        prop_assert_eq!(pop(&mut queue, limit), expected);
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
                prop_assert_eq!(pop(&mut queue, u64::MAX), Some((at, n)));
            }
        }
    }
}
