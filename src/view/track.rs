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
    ((at.0 as f64 / span.0.max(1) as f64 * STEPS as f64) as u64).min(STEPS)
}

pub fn time(place: u64, span: Micros) -> Micros {
    Micros((place.min(STEPS) as f64 / STEPS as f64 * span.0 as f64) as u64)
}

/// The fifth root of 2.
const FIFTH: f64 = 1.148_698_354_997_035;

/// Speed slider: 0 to 100, each step a fifth of a doubling, the default pace at 50.
pub fn speed(slider: u32, pace_us_per_s: u64) -> f64 {
    let steps = slider.min(100).abs_diff(50);
    let factor = (0..steps).fold(1.0, |factor, _| factor * FIFTH);
    let pace = pace_us_per_s as f64;
    if slider >= 50 { pace * factor } else { pace / factor }
}

/// Where the slider stands for a speed.
pub fn slider(us_per_s: f64, pace_us_per_s: u64) -> u32 {
    (0..=100).find(|step| speed(*step, pace_us_per_s) * 1.07 >= us_per_s).unwrap_or(100)
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
        for step in [0, 35, 50, 77, 100] {
            assert_eq!(slider(speed(step, 7_000), 7_000), step);
        }
    }
}
