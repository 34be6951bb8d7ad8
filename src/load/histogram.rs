//! A histogram of lengths of time whose size does not grow with what it counts: every value is known to less than one part in
//! 128, since tails are compared with closed forms. Sums are kept beside it, so means are exact.

use crate::base::histogram::{bucket, least};
use serde::{Deserialize, Serialize};

/// So many buckets for each power of two.
const LINEAR: u64 = 128;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// As many as the largest value needed; at most 58 × 128.
    buckets: Vec<u64>,
    count: u64,
    sum: u64,
    max: u64,
}

/// The largest value of a bucket.
fn top(bucket: usize) -> u64 {
    least::<LINEAR>(bucket as u32 + 1) - 1
}

impl Histogram {
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        let bucket = bucket::<LINEAR>(value) as usize;
        match self.buckets.get_mut(bucket) {
            Some(count) => *count += 1,
            None => self.grow(bucket),
        }
        self.count += 1;
        self.sum += value;
        self.max = self.max.max(value);
    }

    #[cold]
    fn grow(&mut self, bucket: usize) {
        self.buckets.resize(bucket + 1, 0);
        self.buckets[bucket] = 1;
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Histogram) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(own, more)| *own += more);
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn max(&self) -> u64 {
        self.max
    }

    /// Exact; 0 of nothing.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The smallest value known to be at or above a share `p` of all, up to the width of its bucket; 0 of nothing.
    pub fn quantile(&self, p: f64) -> u64 {
        let wanted = (libm::ceil(p * self.count as f64) as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return top(bucket).min(self.max);
            }
        }
        self.max
    }

    /// The share of values up to `value`, to the width of its bucket; 1 of nothing.
    pub fn share_up_to(&self, value: u64) -> f64 {
        let within: u64 = self.buckets.iter().take(bucket::<LINEAR>(value) as usize + 1).sum();
        if self.count == 0 { 1.0 } else { within as f64 / self.count as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another_and_are_narrow() {
        let mut last = 0;
        for value in (0..100_000_u64).chain((17..58).map(|bit| 1 << bit)) {
            let bucket = bucket::<LINEAR>(value) as usize;
            assert!(bucket == last || bucket == last + 1 || value >= 100_000, "{value}");
            last = bucket;
            assert!(value <= top(bucket), "{value} is at most {}", top(bucket));
            assert!((top(bucket) - value) as f64 <= value as f64 / 128.0, "{value} to {}", top(bucket));
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let values: Vec<u64> = (0..10_000_u64).map(|i| i * i % 99_991).collect();
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let (mut all, mut halves) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
        for value in &values {
            all.record(*value);
            halves[(*value % 2) as usize].record(*value);
        }
        for p in [0.0, 0.01, 0.5, 0.9, 0.99, 1.0] {
            let exact = sorted[((p * 10_000.0) as usize).saturating_sub(1)];
            let read = all.quantile(p);
            assert!(read >= exact && (read - exact) as f64 <= exact as f64 / 128.0 + 1.0, "{p}: {read} for {exact}");
        }
        assert_eq!(all.mean(), values.iter().sum::<u64>() as f64 / 10_000.0);
        let [mut merged, odd] = halves;
        merged.merge(&odd);
        assert_eq!(merged, all);
        assert_eq!(Histogram::default().quantile(0.99), 0);
    }
}
