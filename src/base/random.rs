//! Keyed random streams: every draw is keyed by the run's seed, its purpose and the stable identity of what it is
//! for, never by how many draws came before (architecture, invariant 6).
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014), whose
//! output is a bijection of its counter, so that a stream begins well mixed wherever it is entered.

use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;

/// What a draw is for. The numbers are part of the saved form: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    Latency = 1,
    Loss = 2,
    Duplicate = 3,
    Reorder = 4,
    Choice = 5,
    Workload = 6,
    Disk = 7,
    Service = 8,
    /// Random clicks in lesson checks, fault schedules of sweeps: outside of the run proper.
    Script = 9,
    /// Moments of commands that are drawn by the seed.
    Moment = 10,
}

/// The stream for one purpose and identity.
#[derive(Clone, Debug)]
pub struct Stream(SplitMix64);

/// The streams of one purpose and first part of an identity: most of the key, made once.
#[derive(Clone, Copy, Debug)]
pub struct Family(u64);

impl Family {
    pub fn new(seed: u64, purpose: Purpose, a: u64) -> Family {
        Family([purpose as u64, a].into_iter().fold(seed, chain))
    }

    /// The stream of the whole identity.
    #[inline(always)]
    pub fn stream(self, b: u64) -> Stream {
        Stream(SplitMix64::seed_from_u64(chain(self.0, b)))
    }
}

#[inline(always)]
fn chain(key: u64, word: u64) -> u64 {
    SplitMix64::seed_from_u64(key ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).next_u64()
}

impl Stream {
    /// Opens the stream of (`seed`, `purpose`, `a`, `b`).
    #[inline(always)]
    pub fn new(seed: u64, purpose: Purpose, a: u64, b: u64) -> Stream {
        Family::new(seed, purpose, a).stream(b)
    }

    #[inline(always)]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..bound`, without bias. `bound` must not be 0.
    #[inline(always)]
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.random_range(0..bound)
    }

    /// Uniform in `[0, 1)`, a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.unit() < p
    }

    /// The generator itself, for distributions of other crates.
    pub fn rng(&mut self) -> &mut SplitMix64 {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden vectors: a saved scenario must give the same run for ever.
    #[test]
    fn streams_are_pinned() {
        let mut s = Stream::new(7, Purpose::Latency, 0x0001_0002, 3);
        let words: Vec<u64> = (0..3).map(|_| s.next_u64()).collect();
        insta::assert_snapshot!(format!("{words:x?} {} {:?}", s.below(1000), s.unit()));
    }
}
