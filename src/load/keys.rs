//! Keys by popularity: Zipf's law exactly, in constant time, by Walker's alias method (Vose: A linear algorithm for
//! generating random numbers with a given distribution, IEEE TSE 17(9), 1991).

use crate::base::random::Stream;

/// 8 bytes a key.
#[derive(Clone, Debug)]
pub struct Popularity {
    /// Below the first number, of 2³², the place itself; else its alias.
    places: Vec<(u32, u32)>,
}

impl Popularity {
    /// The k-th of `count`, from 1, in proportion to 1/k^`exponent`.
    pub fn zipf(count: u32, exponent: f64) -> Popularity {
        let weights: Vec<f64> = (1..=count).map(|k| libm::pow(f64::from(k), -exponent)).collect();
        let mean = weights.iter().sum::<f64>() / f64::from(count);
        let mut rest: Vec<f64> = weights.iter().map(|w| w / mean).collect();
        let mut places: Vec<(u32, u32)> = (0..count).map(|k| (u32::MAX, k)).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) = (0..count).partition(|k| rest[*k as usize] < 1.0);
        while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
            places[poor as usize] = ((rest[poor as usize] * 4_294_967_296.0) as u32, rich);
            rest[rich as usize] -= 1.0 - rest[poor as usize];
            if rest[rich as usize] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Popularity { places }
    }

    /// A key from 0.
    #[inline(always)]
    pub fn draw(&self, stream: &mut Stream) -> u32 {
        let place = stream.below(self.places.len() as u64) as u32;
        let (own, alias) = self.places[place as usize];
        if (stream.next_u64() >> 32) as u32 <= own { place } else { alias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;

    #[test]
    fn popularity_is_the_law() {
        let keys = Popularity::zipf(50, 1.0);
        let mut stream = Stream::new(1, Purpose::Request, 0, 0);
        let (n, mut counts) = (200_000, [0_u32; 50]);
        (0..n).for_each(|_| counts[keys.draw(&mut stream) as usize] += 1);
        let harmonic: f64 = (1..=50).map(|k| 1.0 / f64::from(k)).sum();
        for (k, count) in counts.iter().enumerate() {
            let expected = f64::from(n) / (k as f64 + 1.0) / harmonic;
            let off = (f64::from(*count) - expected).abs();
            assert!(off < 5.0 * expected.sqrt(), "key {k}: {count} for {expected}");
        }
    }
}
