//! Values in buckets that widen with them, after Gil Tene's HdrHistogram: of `PARTS` buckets for each doubling (a power of
//! two), whole numbers below twice as many have one each. So a bucket is no wider than that part of what is in it, and as
//! many values as one likes take little room.

/// Enough for a picture of values.
pub const DRAWN: u64 = 32;

/// The bucket that a value is in.
#[inline(always)]
pub fn bucket<const PARTS: u64>(value: u64) -> u32 {
    let shift = value.checked_ilog2().unwrap_or(0).saturating_sub(PARTS.ilog2());
    if shift == 0 { value as u32 } else { (u64::from(shift) * PARTS + (value >> shift)) as u32 }
}

/// The least value of a bucket; that of the next one is the first that is too large for it.
pub fn least<const PARTS: u64>(bucket: u32) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 2 * PARTS { bucket } else { (bucket % PARTS + PARTS) << (bucket / PARTS - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_narrow<const PARTS: u64>(value: u64) -> Result<(), TestCaseError> {
        let (from, to) = (least::<PARTS>(bucket::<PARTS>(value)), least::<PARTS>(bucket::<PARTS>(value) + 1));
        prop_assert!(from <= value && value < to, "{} in {}..{}", value, from, to);
        prop_assert!((to - from - 1) * PARTS <= value, "{} in {}..{}", value, from, to);
        Ok(())
    }

    proptest! {
        #[test]
        fn a_value_is_in_its_bucket_and_the_bucket_is_narrow(value in 0u64..1 << 50, shift in 0u32..50) {
            let value = value >> shift;
            is_narrow::<DRAWN>(value)?;
            is_narrow::<128>(value)?;
        }
    }

    #[test]
    fn buckets_follow_one_another() {
        for place in 0..1_000 {
            assert!(least::<DRAWN>(place) < least::<DRAWN>(place + 1));
            assert_eq!(bucket::<DRAWN>(least::<DRAWN>(place)), place);
        }
    }
}
