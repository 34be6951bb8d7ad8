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
    /// When the load model's requests come, what they ask for, and how long their users think.
    Arrival = 11,
    Request = 12,
    Think = 13,
    /// Which instance a call goes to, and how long it waits before it is tried again.
    Pick = 14,
    Pause = 15,
}

/// The identity of something that comes of another: a request's call, a call's attempt.
#[inline(always)]
pub fn derive(identity: u64, part: u64) -> u64 {
    mixed(identity, part)
}

/// The stream for one purpose and identity.
#[derive(Clone, Debug)]
pub struct Stream(SplitMix64);

/// The streams of one purpose and first part of an identity: most of the key, made once.
#[derive(Clone, Copy, Debug)]
pub struct Family(u64);

impl Family {
    pub fn new(seed: u64, purpose: Purpose, a: u64) -> Family {
        Family([purpose as u64, a].into_iter().fold(seed, mixed))
    }

    /// The stream of the whole identity.
    #[inline(always)]
    pub fn stream(self, b: u64) -> Stream {
        Stream(SplitMix64::seed_from_u64(mixed(self.0, b)))
    }
}

#[inline(always)]
fn mixed(key: u64, word: u64) -> u64 {
    SplitMix64::seed_from_u64(key ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).next_u64()
}

/// What `random_range` does below 2³² (Canon: the high half of a product, corrected by the next one's when its low half is
/// near an overflow), by products of 64 bits: wasm has no instruction for one of 128, and calls for it.
#[inline(always)]
fn narrow(bound: u64, mut word: impl FnMut() -> u64) -> u64 {
    let wide = |word: u64| {
        let (high, low) = ((word >> 32) * bound, (word & 0xffff_ffff) * bound);
        ((high + (low >> 32)) >> 32, word.wrapping_mul(bound))
    };
    let (result, low) = wide(word());
    if low <= bound.wrapping_neg() {
        return result;
    }
    let (more, _) = wide(word());
    result + u64::from(low.checked_add(more).is_none())
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
        if bound >> 32 == 0 { narrow(bound, || self.0.next_u64()) } else { self.0.random_range(0..bound) }
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

    /// One draw by way of the library, and as many words taken.
    #[test]
    fn draws_are_those_of_the_library() {
        let mut own = Stream::new(1, Purpose::Choice, 2, 3);
        let mut other = own.clone();
        // With large bounds every second draw needs a second word.
        let bounds = [1, 2, 3, 1_000, 9_001, (1 << 31) + 1, (1 << 32) - 1, 1 << 32, u64::MAX];
        for bound in bounds.into_iter().cycle().take(100_000) {
            assert_eq!(own.below(bound), other.0.random_range(0..bound), "below {bound}");
        }
        assert_eq!(own.next_u64(), other.next_u64());
    }

    /// Below 2³² the correction is too rare to be met by chance: words are made that need it.
    #[test]
    fn the_rare_correction_is_that_of_the_library() {
        struct Words([u64; 2], usize);
        impl rand::TryRng for Words {
            type Error = std::convert::Infallible;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                unreachable!("whole words are drawn")
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                self.1 += 1;
                Ok(self.0[self.1 - 1])
            }
            fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
                unreachable!("whole words are drawn")
            }
        }
        let mut corrected = 0;
        for bound in [3_u64, 9_001, 1_000_003, (1 << 32) - 1] {
            // The inverse modulo 2⁶⁴, by Newton's iteration.
            let inverse = (0..6).fold(bound, |x, _| x.wrapping_mul(2_u64.wrapping_sub(bound.wrapping_mul(x))));
            assert_eq!(bound.wrapping_mul(inverse), 1);
            for low in [u64::MAX, u64::MAX - 1, bound.wrapping_neg(), bound.wrapping_neg() + 1, 0, 1] {
                for second in [0, 1 << 40, u64::MAX / 2, u64::MAX] {
                    let words = [inverse.wrapping_mul(low), second];
                    let mut taken = 0;
                    let own = narrow(bound, || {
                        taken += 1;
                        words[taken - 1]
                    });
                    let mut library = Words(words, 0);
                    assert_eq!(own, library.random_range(0..bound), "{bound} {low} {second}");
                    assert_eq!(taken, library.1, "{bound} {low}: as many words");
                    corrected += u32::from(taken == 2);
                }
            }
        }
        assert!(corrected > 30, "{corrected}");
    }

    /// Golden vectors: a saved scenario must give the same run for ever.
    #[test]
    fn streams_are_pinned() {
        let mut s = Stream::new(7, Purpose::Latency, 0x0001_0002, 3);
        let words: Vec<u64> = (0..3).map(|_| s.next_u64()).collect();
        insta::assert_snapshot!(format!("{words:x?} {} {:?}", s.below(1000), s.unit()));
    }
}
