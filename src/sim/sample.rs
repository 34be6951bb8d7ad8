//! Draws from the distributions of lengths of time. The functions come from `libm`, so that a draw has the same bits
//! natively and in wasm32; the bits are those of the crate `rand_distr`.

use super::ziggurat;
use crate::base::decimal::shortest;
use crate::base::{Micros, random::Stream};
use crate::wire::Distribution;

/// The longest time that a distribution may name or give, somewhat over a year: so no sum of times overflows.
const TIME_MAX: Micros = Micros(32_000_000_000_000);

/// Says what is wrong with a distribution's numbers, if anything.
pub fn check(d: &Distribution) -> Result<(), String> {
    let longest = match d {
        Distribution::Constant(time) => *time,
        Distribution::Uniform { max, .. } => *max,
        Distribution::Exponential { min, mean } => *min.max(mean),
        Distribution::Normal { mean, sd } => *mean.max(sd),
        Distribution::LogNormal { median: time, .. } | Distribution::Pareto { min: time, .. } => *time,
        Distribution::Quantiles(table) => table.last().map_or(Micros::ZERO, |(_, time)| *time),
    };
    if longest > TIME_MAX {
        return Err(format!("{longest} is too long: times are up to {TIME_MAX}"));
    }
    match d {
        Distribution::Uniform { min, max } if min > max => Err(format!("uniform: min {min} is above max {max}")),
        Distribution::Exponential { mean, .. } if mean.0 == 0 => Err("exponential: mean must be above 0".into()),
        Distribution::LogNormal { sigma, .. } if !(0.0..=10.0).contains(sigma) => {
            Err(format!("log-normal: sigma {} is outside of 0 to 10", shortest(*sigma)))
        }
        Distribution::Pareto { min, alpha } if min.0 == 0 || !(0.1..=100.0).contains(alpha) => {
            Err(format!("pareto: min must be above 0 and alpha ({}) from 0.1 to 100", shortest(*alpha)))
        }
        Distribution::Quantiles(table) => check_quantiles(table),
        _ => Ok(()),
    }
}

fn check_quantiles(table: &[(f64, Micros)]) -> Result<(), String> {
    let rising = table.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    match (table.first(), table.last()) {
        (Some((p0, _)), Some((p1, _))) if *p0 == 0.0 && *p1 == 1.0 && rising => Ok(()),
        _ => Err("quantiles: probabilities must rise from 0 to 1, and times must not fall".into()),
    }
}

/// One draw, rounded to a microsecond.
pub fn draw(d: &Distribution, stream: &mut Stream) -> Micros {
    match d {
        Distribution::Constant(time) => *time,
        Distribution::Uniform { min, max } => min.plus(Micros(stream.below(max.0 - min.0 + 1))),
        Distribution::Exponential { min, mean } => {
            let rate = 1.0 / mean.0 as f64;
            min.plus(round(ziggurat::exponential(stream) * (1.0 / rate)))
        }
        Distribution::Normal { mean, sd } => round(mean.0 as f64 + sd.0 as f64 * ziggurat::normal(stream)),
        Distribution::LogNormal { median, sigma } => {
            round(median.0 as f64 * libm::exp(sigma * ziggurat::normal(stream)))
        }
        Distribution::Pareto { min, alpha } => {
            // Above 0, up to 1.
            let u = ((stream.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
            round(min.0 as f64 * libm::pow(u, -1.0 / alpha))
        }
        Distribution::Quantiles(table) => quantile(table, stream.unit()),
    }
}

fn quantile(table: &[(f64, Micros)], p: f64) -> Micros {
    let above = table.partition_point(|(q, _)| *q <= p).clamp(1, table.len() - 1);
    let ((p0, t0), (p1, t1)) = (table[above - 1], table[above]);
    round(t0.0 as f64 + (t1.0 - t0.0) as f64 * (p - p0) / (p1 - p0))
}

/// To the nearest microsecond, held between 0 and [`TIME_MAX`].
fn round(time: f64) -> Micros {
    Micros(libm::round(time.clamp(0.0, TIME_MAX.0 as f64)) as u64)
}

/// The mean, for showing a link's shape in words.
pub fn describe(d: &Distribution) -> String {
    match d {
        Distribution::Constant(t) => format!("{t}"),
        Distribution::Uniform { min, max } => format!("{min} to {max}"),
        Distribution::Exponential { min, mean } if min.0 == 0 => format!("exponential, mean {mean}"),
        Distribution::Exponential { min, mean } => format!("{min} + exponential, mean {mean}"),
        Distribution::Normal { mean, sd } => format!("normal, {mean} ± {sd}"),
        Distribution::LogNormal { median, sigma } => format!("log-normal, median {median}, sigma {}", shortest(*sigma)),
        Distribution::Pareto { min, alpha } => format!("Pareto, from {min}, alpha {}", shortest(*alpha)),
        Distribution::Quantiles(table) => format!("by a table of {} quantiles", table.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;

    fn all() -> Vec<Distribution> {
        let ms = Micros::ms;
        vec![
            Distribution::Constant(ms(3)),
            Distribution::Uniform { min: ms(1), max: ms(10) },
            Distribution::Exponential { min: ms(1), mean: ms(5) },
            Distribution::Normal { mean: ms(20), sd: ms(3) },
            Distribution::LogNormal { median: ms(8), sigma: 0.5 },
            Distribution::Pareto { min: ms(2), alpha: 3.0 },
            Distribution::Quantiles(vec![(0.0, ms(1)), (0.5, ms(2)), (0.99, ms(9)), (1.0, ms(50))]),
        ]
    }

    /// The same as the library's, so that saved runs stay as they are.
    #[test]
    fn draws_are_those_of_the_library() {
        use rand_distr::{Distribution as _, Exp, LogNormal, Normal, Pareto};
        for i in 0..20_000 {
            let stream = || Stream::new(3, Purpose::Latency, 7, i);
            let own = |d| draw(&d, &mut stream());
            let ms = Micros::ms;
            let exponential = Exp::new(1.0 / 5_000.0).expect("good").sample(stream().rng());
            assert_eq!(own(Distribution::Exponential { min: ms(1), mean: ms(5) }), ms(1).plus(round(exponential)));
            let normal = Normal::new(20_000.0, 3_000.0).expect("good").sample(stream().rng());
            assert_eq!(own(Distribution::Normal { mean: ms(20), sd: ms(3) }), round(normal));
            let long = LogNormal::new(0.0, 0.5).expect("good").sample(stream().rng());
            assert_eq!(own(Distribution::LogNormal { median: ms(8), sigma: 0.5 }), round(8_000.0 * long));
            let pareto = Pareto::new(2_000.0, 3.0).expect("good").sample(stream().rng());
            assert_eq!(own(Distribution::Pareto { min: ms(2), alpha: 3.0 }), round(pareto));
        }
    }

    #[test]
    fn means_agree_with_closed_forms() {
        let expected = [3_000.0, 5_500.0, 6_000.0, 20_000.0, 8_000.0 * libm::exp(0.125), 3_000.0, 0.0];
        let n = 40_000u64;
        for (d, expected) in all().iter().zip(expected) {
            let draws: Vec<f64> =
                (0..n).map(|i| draw(d, &mut Stream::new(1, Purpose::Latency, 5, i)).0 as f64).collect();
            let mean = draws.iter().sum::<f64>() / n as f64;
            let var = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
            // The table's mean: each linear piece contributes its midpoint.
            let expected = if let Distribution::Quantiles(t) = d {
                t.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1.0 + w[1].1.0) as f64 / 2.0).sum()
            } else {
                expected
            };
            let error = 4.0 * (var / n as f64).sqrt() + 1.0;
            assert!((mean - expected).abs() < error, "{d:?}: mean {mean}, expected {expected} ± {error}");
        }
    }

    /// Golden vectors, the same natively and in wasm32 (tests/wasm.rs runs them there).
    #[test]
    fn draws_are_pinned() {
        let text: Vec<String> = all()
            .iter()
            .map(|d| {
                let draws: Vec<u64> = (0..6).map(|i| draw(d, &mut Stream::new(9, Purpose::Latency, 1, i)).0).collect();
                format!("{}: {draws:?}", describe(d))
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
