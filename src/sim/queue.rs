//! The event queue: a hierarchical timing wheel over integer microseconds, ordered by (time, order of scheduling).
//!
//! Eight levels of 256 slots. An entry sits on the level of the highest byte in which its time differs from the
//! wheel's clock; when the clock enters a slot of a higher level, the slot's entries move down in order. Entries of
//! one instant therefore leave in the order in which they were scheduled, without storing a sequence number. (Varghese,
//! Lauck: Hashed and hierarchical timing wheels, SOSP 1987, scheme 7.)
//!
//! Invariant: nothing is scheduled before the wheel's clock, and the clock never passes the time of an entry that is
//! still queued nor the limit given to [`Queue::due`]. Entries lie by value in small chunks, a list of them for each slot:
//! with very many queued, filling, moving down and emptying a slot run through memory in order, where a list of single
//! entries misses the cache at each. A clone is a copy of a few vectors.
//!
//! A slot of level 1 with a single chunk is opened instead of moved down: its entries leave from where they lie, the
//! earliest first. What comes into its time since then lies on level 0 and was scheduled later.

const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 8;
const WORDS: usize = SLOTS / 64;
const NONE: u32 = u32::MAX;
/// Entries of a chunk. More run faster through a long queue, fewer leave less memory unused in a short one.
const CHUNK: usize = 16;

#[derive(Clone, Debug)]
struct Chunk<T> {
    /// In its slot, or among the free.
    next: u32,
    /// Its entries are in places `begin..end`.
    begin: u8,
    end: u8,
    entries: [Option<(u64, T)>; CHUNK],
}

#[derive(Clone, Debug)]
struct Level {
    /// One bit for each slot that holds entries, and one for each word of those that is not 0.
    occupied: [u64; WORDS],
    words: u8,
    /// First and last chunk of each slot, or `NONE`.
    ends: [(u32, u32); SLOTS],
}

#[derive(Clone, Debug)]
pub struct Queue<T> {
    clock: u64,
    len: usize,
    free: u32,
    chunks: Vec<Chunk<T>>,
    /// One bit for each level that holds entries.
    busy: u8,
    levels: Box<[Level; LEVELS]>,
    /// The chunk of the opened slot, and one bit for each of its entries that is still queued.
    open: u32,
    left: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let level = Level { occupied: [0; WORDS], words: 0, ends: [(NONE, NONE); SLOTS] };
        let levels = Box::new(std::array::from_fn(|_| level.clone()));
        Queue { clock: 0, len: 0, free: NONE, chunks: Vec::new(), busy: 0, levels, open: NONE, left: 0 }
    }
}

impl<T> Chunk<T> {
    /// The time of the entry in a place, which is taken.
    #[inline(always)]
    fn time(&self, place: usize) -> u64 {
        self.entries[place].as_ref().map_or(0, |(at, _)| *at)
    }
}

/// Writes into an empty place, without looking for what there would be to drop.
#[inline(always)]
fn fill<T>(place: &mut Option<T>, entry: T) {
    debug_assert!(place.is_none(), "the place is taken");
    std::mem::forget(place.replace(entry));
}

impl Level {
    #[inline(always)]
    fn first_slot(&self) -> usize {
        let word = self.words.trailing_zeros() as usize % WORDS;
        word * 64 + self.occupied[word].trailing_zeros() as usize % 64
    }

    #[inline(always)]
    fn occupy(&mut self, slot: usize, chunk: u32) {
        self.ends[slot] = (chunk, chunk);
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.words |= 1 << (slot / 64);
    }

    /// Marks a slot empty; says whether the level still holds entries.
    #[inline(always)]
    fn vacate(&mut self, slot: usize) -> bool {
        self.ends[slot] = (NONE, NONE);
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
        self.len += 1;
        self.attach(at.max(self.clock), item);
    }

    /// Puts an entry at the end of its slot.
    #[inline(always)]
    fn attach(&mut self, at: u64, item: T) {
        let level = match at ^ self.clock {
            0 => 0,
            difference => ((63 - difference.leading_zeros()) / BITS) as usize % LEVELS,
        };
        let slot = (at >> (level as u32 * BITS)) as usize & (SLOTS - 1);
        let (_, last) = self.levels[level].ends[slot];
        if last != NONE {
            let last = &mut self.chunks[last as usize];
            if let Some(place) = last.entries.get_mut(usize::from(last.end)) {
                fill(place, (at, item));
                last.end += 1;
                return;
            }
        }
        let index = self.chunk_of((at, item));
        if last == NONE {
            self.busy |= 1 << level;
            self.levels[level].occupy(slot, index);
        } else {
            self.chunks[last as usize].next = index;
            self.levels[level].ends[slot].1 = index;
        }
    }

    /// A chunk that holds this.
    #[inline(always)]
    fn chunk_of(&mut self, entry: (u64, T)) -> u32 {
        if self.free == NONE {
            self.free = self.chunks.len() as u32;
            self.chunks.push(Chunk { next: NONE, begin: 0, end: 0, entries: [const { None }; CHUNK] });
        }
        let index = self.free;
        let chunk = &mut self.chunks[index as usize];
        self.free = chunk.next;
        (chunk.next, chunk.begin, chunk.end) = (NONE, 0, 1);
        fill(&mut chunk.entries[0], entry);
        index
    }

    /// The earliest entry if its time is at most `limit`: its time and place. The clock moves to that time. The entry is
    /// queued no more, and lies in its place until [`Queue::take`], so that it need not be copied to be read.
    #[inline(always)]
    pub fn due(&mut self, limit: u64) -> Option<(u64, u32)> {
        loop {
            if self.left != 0 {
                return self.of_open(limit);
            }
            if self.busy == 0 {
                return None;
            }
            let level = self.busy.trailing_zeros() as usize % LEVELS;
            let slot = self.levels[level].first_slot();
            let (first, last) = self.levels[level].ends[slot];
            if level == 0 {
                return self.front(slot, first, limit);
            }
            let shift = level as u32 * BITS;
            let above = self.clock.checked_shr(shift + BITS).unwrap_or(0).checked_shl(shift + BITS).unwrap_or(0);
            let start = above | ((slot as u64) << shift);
            if start > limit {
                return None;
            }
            self.clock = self.clock.max(start);
            if first == last && level == 1 {
                self.open(slot, first);
            } else {
                self.empty(level, slot, |queue, at, item| queue.attach(at, item));
            }
        }
    }

    #[inline(always)]
    fn open(&mut self, slot: usize, chunk: u32) {
        let Chunk { begin, end, .. } = self.chunks[chunk as usize];
        self.open = chunk;
        self.left = (1 << end) - (1 << begin);
        self.vacate(1, slot);
    }

    /// The earliest of the opened slot, unless something that came since is due before.
    #[inline(always)]
    fn of_open(&mut self, limit: u64) -> Option<(u64, u32)> {
        let chunk = &mut self.chunks[self.open as usize];
        let mut earliest = self.left.trailing_zeros() as usize % CHUNK;
        let mut at = chunk.time(earliest);
        let mut rest = self.left & (self.left - 1);
        while rest != 0 {
            let place = rest.trailing_zeros() as usize % CHUNK;
            rest &= rest - 1;
            let time = chunk.time(place);
            if time < at {
                (earliest, at) = (place, time);
            }
        }
        if self.busy & 1 != 0 {
            let slot = self.levels[0].first_slot();
            if (self.clock & !(SLOTS as u64 - 1) | slot as u64) < at {
                return self.front(slot, self.levels[0].ends[slot].0, limit);
            }
        }
        if at > limit {
            return None;
        }
        self.left &= !(1 << earliest);
        if self.left == 0 {
            chunk.begin = chunk.end;
        }
        self.clock = at;
        Some((at, self.open * CHUNK as u32 + earliest as u32))
    }

    /// All entries of a slot on level 0 are due at once.
    #[inline(always)]
    fn front(&mut self, slot: usize, first: u32, limit: u64) -> Option<(u64, u32)> {
        let chunk = &mut self.chunks[first as usize];
        let begin = usize::from(chunk.begin) % CHUNK;
        let at = chunk.time(begin);
        if at > limit {
            return None;
        }
        chunk.begin += 1;
        if chunk.begin == chunk.end {
            let ends = &mut self.levels[0].ends[slot];
            let more = first != ends.1;
            ends.0 = chunk.next;
            if !more {
                self.vacate(0, slot);
            }
        }
        self.clock = at;
        Some((at, first * CHUNK as u32 + begin as u32))
    }

    #[inline(always)]
    fn vacate(&mut self, level: usize, slot: usize) {
        if !self.levels[level].vacate(slot) {
            self.busy &= !(1 << level);
        }
    }

    /// What lies in a place that [`Queue::due`] gave.
    #[inline(always)]
    pub fn item(&self, place: u32) -> &T {
        let (chunk, place) = (place as usize / CHUNK, place as usize % CHUNK);
        self.chunks[chunk].entries[place].as_ref().map(|(_, item)| item).expect("the place is taken")
    }

    /// Empties a place that [`Queue::due`] gave.
    #[inline(always)]
    pub fn take(&mut self, place: u32) -> T {
        self.len -= 1;
        let index = place / CHUNK as u32;
        let chunk = &mut self.chunks[index as usize];
        if chunk.begin == chunk.end {
            chunk.next = self.free;
            self.free = index;
        }
        chunk.entries[place as usize % CHUNK].take().map(|(_, item)| item).expect("the place is taken")
    }

    /// Takes a slot's entries out, in order.
    fn empty(&mut self, level: usize, slot: usize, mut to: impl FnMut(&mut Self, u64, T)) {
        let (mut index, _) = self.levels[level].ends[slot];
        self.vacate(level, slot);
        while index != NONE {
            let Chunk { begin, end, .. } = self.chunks[index as usize];
            for place in begin..end {
                let place = usize::from(place) % CHUNK;
                if let Some((at, item)) = self.chunks[index as usize].entries[place].take() {
                    to(self, at, item);
                }
            }
            let chunk = &mut self.chunks[index as usize];
            let next = std::mem::replace(&mut chunk.next, self.free);
            self.free = index;
            index = next;
        }
    }

    /// The queued items with their times, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.chunks.iter().flat_map(|chunk| &chunk.entries).flatten().map(|(at, item)| (*at, item))
    }

    /// Takes out every item for which `take` says so. Cost: the whole queue. The others keep their order.
    pub fn extract(&mut self, mut take: impl FnMut(&T) -> bool) -> Vec<(u64, T)> {
        let mut taken = Vec::new();
        self.extract_open(&mut take, &mut taken);
        for level in 0..LEVELS {
            for slot in 0..SLOTS {
                if self.levels[level].ends[slot].1 == NONE {
                    continue;
                }
                let mut kept = Vec::new();
                self.empty(
                    level,
                    slot,
                    |_, at, item| {
                        if take(&item) { taken.push((at, item)) } else { kept.push((at, item)) }
                    },
                );
                // They stay on this level: the clock did not move.
                kept.into_iter().for_each(|(at, item)| self.attach(at, item));
            }
        }
        self.len -= taken.len();
        taken
    }

    fn extract_open(&mut self, take: &mut impl FnMut(&T) -> bool, taken: &mut Vec<(u64, T)>) {
        let Some(chunk) = self.chunks.get_mut(self.open as usize) else { return };
        if self.left == 0 {
            return;
        }
        for (place, entry) in chunk.entries.iter_mut().enumerate() {
            if entry.as_ref().is_some_and(|(_, item)| take(item)) {
                self.left &= !(1 << place);
                taken.extend(entry.take());
            }
        }
        if self.left == 0 {
            (chunk.begin, chunk.next) = (chunk.end, self.free);
            self.free = self.open;
        }
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
