//! The scrubber and the speed: numbers of an `input type=range` against simulated time.

use crate::base::Micros;

/// Steps of the scrubber over the whole run.
pub const STEPS: u64 = 10_000;

/// What the scrubber spans: the run so far, rounded up so that it does not rescale all the time.
pub fn span(head: Micros, pace_us_per_s: u64) -> Micros {
    let least = pace_us_per_s.saturating_mul(10).max(1_000);
    let mut span = least;
    while span < head.0 {
        // Doubling, by way of 2, 5, 10: the marks stay at readable places.
        span = span.saturating_mul(2);
    }
    Micros(span)
}

pub fn place(at: Micros, span: Micros) -> u64 {
    (u128::from(at.0) * u128::from(STEPS) / u128::from(span.0.max(1))).min(u128::from(STEPS)) as u64
}

pub fn time(place: u64, span: Micros) -> Micros {
    Micros((u128::from(place.min(STEPS)) * u128::from(span.0) / u128::from(STEPS)) as u64)
}

/// Speed slider: 0 to 100, each step a tenth of a doubling around the default pace at 50.
pub fn speed(slider: f64, pace_us_per_s: u64) -> f64 {
    pace_us_per_s as f64 * 2f64.powf((slider - 50.0) / 5.0)
}

pub fn slider(speed: f64, pace_us_per_s: u64) -> f64 {
    ((speed / pace_us_per_s.max(1) as f64).log2() * 5.0 + 50.0).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_agree() {
        let span = span(Micros(123_456), 10_000);
        assert_eq!(span, Micros(200_000));
        for at in [0, 1_000, 100_000, 200_000] {
            let back = time(place(Micros(at), span), span).0;
            assert!(back.abs_diff(at) <= span.0 / STEPS, "{at} {back}");
        }
        assert_eq!(place(Micros(u64::MAX), span), STEPS);
        assert!((slider(speed(35.0, 7_000), 7_000) - 35.0).abs() < 1e-9);
    }
}
