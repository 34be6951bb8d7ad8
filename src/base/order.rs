//! Sorting for lists that are short or seldom sorted: one copy of the code for all types. Each of the standard library's
//! sorts costs the engine 4 kB for every type and order; where speed matters they are used all the same.

/// Sorts by `before`, a strict total order: the order of equal items is not kept.
pub fn sort<T>(items: &mut [T], before: impl Fn(&T, &T) -> bool) {
    let count = items.len();
    heap_sort(count, &mut Slice { items, before });
}

trait Items {
    fn before(&self, a: usize, b: usize) -> bool;
    fn swap(&mut self, a: usize, b: usize);
}

struct Slice<'a, T, F> {
    items: &'a mut [T],
    before: F,
}

impl<T, F: Fn(&T, &T) -> bool> Items for Slice<'_, T, F> {
    fn before(&self, a: usize, b: usize) -> bool {
        (self.before)(&self.items[a], &self.items[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }
}

#[inline(never)]
fn heap_sort(count: usize, items: &mut dyn Items) {
    for root in (0..count / 2).rev() {
        sift(root, count, items);
    }
    for end in (1..count).rev() {
        items.swap(0, end);
        sift(0, end, items);
    }
}

fn sift(mut root: usize, end: usize, items: &mut dyn Items) {
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        child += usize::from(child + 1 < end && items.before(child, child + 1));
        if !items.before(root, child) {
            return;
        }
        items.swap(root, child);
        root = child;
    }
}

/// The smallest item that so many hundredths of all do not exceed: a percentile that occurred. None of nothing.
pub fn nearest_rank<T>(sorted: &[T], hundredths: usize) -> Option<&T> {
    let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
    sorted.get(rank - 1)
}

/// Two sorted lists as one sorted list.
pub fn merged<'a>(mut a: &'a [u32], mut b: &'a [u32]) -> Vec<u32> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    while let ([first, rest @ ..], [other, ..]) = (a, b) {
        if first <= other {
            all.push(*first);
            a = rest;
        } else {
            (a, b) = (b, a);
        }
    }
    all.extend_from_slice(a);
    all.extend_from_slice(b);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts(mut items in prop::collection::vec(any::<u16>(), 0..200)) {
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, |a, b| a < b);
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn merges(mut a in prop::collection::vec(any::<u32>(), 0..50), mut b in prop::collection::vec(0u32..9, 0..50)) {
            let mut expected = [&a[..], &b[..]].concat();
            expected.sort_unstable();
            a.sort_unstable();
            b.sort_unstable();
            prop_assert_eq!(merged(&a, &b), expected);
        }
    }
}
