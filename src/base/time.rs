//! Simulated time: integer microseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// An instant or a length of simulated time, in microseconds.
///
/// In TOML and JSON it is a string with a unit (`"250us"`, `"1.5ms"`, `"2s"`, `"3min"`, `"1h"`); in the binary
/// encoding it is a plain integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

const UNITS: [(&str, u64); 5] = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000)];

impl Micros {
    pub const ZERO: Micros = Micros(0);
    /// The end of simulated time: over 285,000 years. Nothing is scheduled there.
    pub const MAX: Micros = Micros(u64::MAX >> 1);

    pub const fn ms(n: u64) -> Micros {
        Micros(n * 1_000)
    }

    pub const fn s(n: u64) -> Micros {
        Micros(n * 1_000_000)
    }

    /// The sum, held at [`Micros::MAX`].
    pub fn plus(self, other: Micros) -> Micros {
        Micros(self.0.saturating_add(other.0).min(Micros::MAX.0))
    }

    /// The difference, or zero when `other` is later.
    pub fn since(self, other: Micros) -> Micros {
        Micros(self.0.saturating_sub(other.0))
    }

    /// Reads a number with a unit. The error says what is accepted.
    pub fn parse(text: &str) -> Result<Micros, String> {
        let text = text.trim();
        let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
        let (number, unit) = (text[..split].replace('_', ""), text[split..].trim());
        let wrong = || format!("\"{text}\" is not a time; write a number with us, ms, s, min or h, as in \"250ms\"");
        let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        if whole.is_empty() || fraction.len() > 9 || fraction.contains('.') {
            return Err(wrong());
        }
        let mut micros = whole.parse::<u64>().map_err(|_| wrong())?.checked_mul(scale).ok_or_else(wrong)?;
        if !fraction.is_empty() {
            let digits: u64 = fraction.parse().map_err(|_| wrong())?;
            micros = micros.saturating_add(digits * scale / 10u64.pow(fraction.len() as u32));
        }
        if micros > Micros::MAX.0 { Err(wrong()) } else { Ok(Micros(micros)) }
    }
}

/// Exact and short: the largest unit that needs at most three decimals, else microseconds.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = match self.0 {
            0 => return f.write_str("0 ms"),
            n if n >= 1_000_000 && n % 1_000 == 0 => ("s", 1_000_000),
            n if n >= 1_000 => ("ms", 1_000),
            _ => ("us", 1),
        };
        let (whole, rest) = (self.0 / scale, self.0 % scale);
        if rest == 0 {
            write!(f, "{whole} {unit}")
        } else {
            let width = if scale == 1_000_000 { 6 } else { 3 };
            let digits = format!("{rest:0width$}");
            write!(f, "{whole}.{} {unit}", digits.trim_end_matches('0'))
        }
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(&self.to_string().replace(' ', "")) } else { s.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = String::deserialize(d)?;
            Micros::parse(&text).map_err(D::Error::custom)
        } else {
            u64::deserialize(d).map(Micros)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_exactly() {
        for n in [0, 1, 999, 1_000, 1_500, 1_204_000, 1_204_001, 60_000_000, 123_456_789] {
            let shown = Micros(n).to_string();
            assert_eq!(Micros::parse(&shown), Ok(Micros(n)), "{shown}");
        }
        assert_eq!(Micros::parse("1.5ms"), Ok(Micros(1_500)));
        assert_eq!(Micros::parse("2min"), Ok(Micros::s(120)));
        for bad in ["", "5", "ms", "-1s", "1.2.3s", "1 parsec", "99999999999999999999s"] {
            assert!(Micros::parse(bad).is_err(), "{bad}");
        }
    }
}
