//! Decimal numbers to floating point and back, exactly rounded, by integers of 128 bits. The standard library's general
//! reader and writer cost the engine 30 kB of tables and code for digits that no scenario has.

/// The nearest number of 64 bits, ties to even. None when the text is no number, or one of more than 19 significant digits,
/// or one with digits beyond the 38th decimal or before the 38th place.
pub fn parse(text: &str) -> Option<f64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || digits.ends_with('.') || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut number: u64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let mut scale = exponent.checked_sub(fraction.len() as i32)?;
    while number != 0 && number.is_multiple_of(10) && scale < 0 {
        number /= 10;
        scale += 1;
    }
    let value = match scale {
        _ if number == 0 => 0.0,
        0..=38 => u128::from(number).checked_mul(10u128.pow(scale as u32))? as f64,
        -38..0 => quotient(number, 10u128.pow(-scale as u32)),
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

/// `number` / `divisor`, which is at most 10^38, rounded once.
fn quotient(number: u64, divisor: u128) -> f64 {
    let number = u128::from(number);
    let (mut quotient, mut rest, mut shift) = (number / divisor, number % divisor, 0);
    // Long division until there are 55 bits: 53, and two to round by.
    while quotient >> 54 == 0 {
        rest *= 2;
        quotient *= 2;
        if rest >= divisor {
            rest -= divisor;
            quotient += 1;
        }
        shift += 1;
    }
    // One more bit, far below those that count, says whether something is left.
    let sticky = quotient << 1 | u128::from(rest != 0);
    // Scaling by a power of two is exact: the least result is far from the subnormals.
    sticky as f64 * f64::from_bits((1023 - 1 - shift) << 52)
}

/// The most digits after the point that [`fixed`] writes: with more, 128 bits would not do.
const PLACES_MAX: u32 = 22;

/// The number with `places` digits after the point (22 at most), rounded to the nearest, ties to even.
pub fn fixed(number: f64, places: u32) -> String {
    let bits = number.abs().to_bits();
    let (mantissa, exponent) = match bits >> 52 {
        0 => (bits, -1074),
        biased => (bits & ((1 << 52) - 1) | 1 << 52, biased as i32 - 1075),
    };
    let places = places.min(PLACES_MAX);
    let unit = 10u128.pow(places);
    let (whole, part) = if exponent >= 0 {
        (number.abs() as u128, 0)
    } else {
        let scaled = u128::from(mantissa) * unit;
        let (kept, rest) = match -exponent as u32 {
            shift @ ..128 => (scaled >> shift, scaled << (128 - shift)),
            // At most 2^127: less than half of the last place.
            _ => (0, 1),
        };
        const HALF: u128 = 1 << 127;
        let rounded = kept + u128::from(rest > HALF || rest == HALF && kept % 2 == 1);
        (rounded / unit, rounded % unit)
    };
    let sign = if number.is_sign_negative() { "-" } else { "" };
    match places as usize {
        0 => format!("{sign}{whole}"),
        places => format!("{sign}{whole}.{part:0places$}"),
    }
}

/// The number with as few digits after the point as tell it from all others; 22 at most.
pub fn shortest(number: f64) -> String {
    let mut all = (0..PLACES_MAX).map(|places| fixed(number, places));
    all.find(|text| parse(text) == Some(number)).unwrap_or_else(|| fixed(number, PLACES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(n in any::<u64>(), digits in 1u32..20, scale in -38i32..=0, tail in 0i32..12) {
            let n = n % 10u64.pow(digits);
            let text = format!("{n}e{scale}");
            prop_assert_eq!(parse(&text), text.parse().ok(), "{}", text);
            let text = format!("-{n}e{tail}");
            prop_assert_eq!(parse(&text), text.parse().ok(), "{}", text);
        }

        #[test]
        fn reads_what_is_written(x in any::<f64>(), places in 0i32..18) {
            let n = x % 1e18 / 10f64.powi(places);
            let text = n.to_string();
            prop_assert!(parse(&text) == Some(n) || n.abs() < 1e-19, "{}", text);
        }

        #[test]
        fn rounds_as_the_standard_library_does(x in any::<f64>(), scale in -12i32..16, places in 0usize..23, n in 0u32..4096) {
            for x in [x % 1.0 * 10f64.powi(scale), f64::from(n) / 64.0, -f64::from(n) / 1000.0] {
                prop_assert_eq!(fixed(x, places as u32), format!("{x:.places$}"));
            }
        }

        #[test]
        fn writes_as_the_standard_library_does(x in 1e-3..1.0, scale in -2i32..15, n in any::<i32>(), places in 0i32..12) {
            let few_digits = f64::from(n) / 10f64.powi(places);
            prop_assert_eq!(shortest(few_digits), few_digits.to_string());
            // Where 16 digits are too few and two numbers of 17 are as near, theirs is the greater one.
            let many_digits = x * 10f64.powi(scale);
            let text = shortest(many_digits);
            prop_assert_eq!(parse(&text), Some(many_digits));
            prop_assert_eq!(text.len(), many_digits.to_string().len());
        }

        #[test]
        fn never_panics(text in "[-+0-9.eE]{0,30}") {
            if let Some(n) = parse(&text) {
                prop_assert_eq!(text.parse(), Ok(n));
            }
        }
    }

    #[test]
    fn says_no() {
        for text in
            ["", "-", ".5", "5.", "1e", "+1", "0x1", "1e400", "123456789012345678901", "1e-39", "inf", "NaN", "--1"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("0.1"), Some(0.1));
        assert_eq!(parse("-0.0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(parse("9007199254740993"), Some(9_007_199_254_740_992.0));
    }
}
