//! Numbers with units: what a learner writes in a capacity estimation ("12k request/s", "3.2 TB"), and formulas over named
//! quantities. Times and bytes are known with their multiples; every other word ("user", "post") is a dimension of its own,
//! so that users cannot be added to posts.

use crate::base::decimal::shortest;
use std::collections::BTreeMap;

/// A number in base units (seconds, bytes, pieces), and the power of each of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amount {
    pub value: f64,
    pub of: BTreeMap<String, i32>,
}

/// Words for multiples, and what they are multiples of: nothing, seconds or bytes. A month is 30 days, a year 365.
const KNOWN: [(&str, f64, &str); 27] = [
    ("%", 0.01, ""),
    ("k", 1e3, ""),
    ("thousand", 1e3, ""),
    ("M", 1e6, ""),
    ("million", 1e6, ""),
    ("billion", 1e9, ""),
    ("us", 1e-6, "s"),
    ("ms", 1e-3, "s"),
    ("s", 1.0, "s"),
    ("second", 1.0, "s"),
    ("min", 60.0, "s"),
    ("minute", 60.0, "s"),
    ("h", 3_600.0, "s"),
    ("hour", 3_600.0, "s"),
    ("day", 86_400.0, "s"),
    ("month", 2_592_000.0, "s"),
    ("year", 31_536_000.0, "s"),
    ("bit", 0.125, "B"),
    ("B", 1.0, "B"),
    ("byte", 1.0, "B"),
    ("kB", 1e3, "B"),
    ("KB", 1e3, "B"),
    ("MB", 1e6, "B"),
    ("GB", 1e9, "B"),
    ("TB", 1e12, "B"),
    ("PB", 1e15, "B"),
    ("GiB", 1_073_741_824.0, "B"),
];

impl Amount {
    pub fn plain(value: f64) -> Amount {
        Amount { value, of: BTreeMap::new() }
    }

    fn times(mut self, other: &Amount, power: i32) -> Amount {
        for (unit, exponent) in &other.of {
            *self.of.entry(unit.clone()).or_insert(0) += exponent * power;
        }
        self.of.retain(|_, exponent| *exponent != 0);
        self.value = if power < 0 { self.value / other.value } else { self.value * other.value };
        self
    }

    /// "request/s", for messages.
    pub fn dimension(&self) -> String {
        let part = |above: bool| {
            let of_it = self.of.iter().filter(|(_, exponent)| (**exponent > 0) == above);
            let told = of_it.map(|(unit, exponent)| match exponent.abs() {
                1 => unit.clone(),
                power => format!("{unit}^{power}"),
            });
            told.collect::<Vec<_>>().join(" ")
        };
        match (part(true), part(false)) {
            (above, below) if below.is_empty() => {
                if above.is_empty() {
                    "a plain number".into()
                } else {
                    above
                }
            }
            (above, below) => format!("{}/{}", if above.is_empty() { "1" } else { &above }, below.replace(' ', "/")),
        }
    }
}

/// One of these is an amount of the unit: "request/s", "GB/day", "1".
pub fn unit(text: &str) -> Result<Amount, String> {
    let mut all = Amount::plain(1.0);
    for (at, part) in text.split('/').enumerate() {
        for word in part.split_whitespace().flat_map(|word| word.split(['*', '·'])) {
            all = all.times(&word_of(word)?, if at == 0 { 1 } else { -1 });
        }
        if part.trim().is_empty() {
            return Err(format!("\"{text}\" is no unit: write it as in \"request/s\" or \"GB/day\""));
        }
    }
    Ok(all)
}

fn word_of(word: &str) -> Result<Amount, String> {
    if word == "1" {
        return Ok(Amount::plain(1.0));
    }
    if let Some((_, factor, of)) = known(word) {
        let of = if of.is_empty() { BTreeMap::new() } else { BTreeMap::from([(of.to_owned(), 1)]) };
        return Ok(Amount { value: factor, of });
    }
    if word.is_empty() || !word.chars().all(char::is_alphabetic) {
        return Err(format!("\"{word}\" is no unit: units are words, as in \"request/s\" or \"GB/day\""));
    }
    Ok(Amount { value: 1.0, of: BTreeMap::from([(singular(word).to_owned(), 1)]) })
}

fn known(word: &str) -> Option<(&'static str, f64, &'static str)> {
    let find = |word: &str| KNOWN.iter().copied().find(|(name, ..)| *name == word);
    find(word).or_else(|| find(singular(word)).filter(|(name, ..)| name.len() > 2))
}

/// "users" are of the unit "user".
fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|rest| rest.len() > 1).unwrap_or(word)
}

/// What a learner wrote: a number with a unit, or a formula over quantities that are known by name.
pub fn read(text: &str, known: &dyn Fn(&str) -> Option<Amount>) -> Result<Amount, String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".,_'".contains(c))).unwrap_or(text.len());
    if end > 0
        && let Ok(number) = number(&text[..end])
    {
        let rest = text[end..].trim();
        if rest.is_empty() {
            return Ok(Amount::plain(number));
        }
        if let Ok(unit) = unit(rest).filter_names(rest, known) {
            return Ok(Amount::plain(number).times(&unit, 1));
        }
    }
    let mut parser = Parser { text, at: 0, known };
    let value = parser.sum()?;
    parser.space();
    if parser.at < text.len() {
        return Err(format!("\"{}\" cannot be read", &text[parser.at..]));
    }
    Ok(value)
}

/// A unit of which no word names a quantity.
trait Names {
    fn filter_names(self, rest: &str, known: &dyn Fn(&str) -> Option<Amount>) -> Result<Amount, String>;
}

impl Names for Result<Amount, String> {
    fn filter_names(self, rest: &str, known: &dyn Fn(&str) -> Option<Amount>) -> Result<Amount, String> {
        let named = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| known(word).is_some());
        if named { Err(String::new()) } else { self }
    }
}

/// Digits with "," or "'" or "_" between thousands.
fn number(text: &str) -> Result<f64, String> {
    let plain: String = text.chars().filter(|c| !",_'".contains(*c)).collect();
    crate::base::decimal::parse(&plain).ok_or_else(|| format!("\"{text}\" is no number"))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    known: &'t dyn Fn(&str) -> Option<Amount>,
}

impl Parser<'_> {
    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, signs: &[char]) -> Option<char> {
        self.space();
        let next = self.text[self.at..].chars().next().filter(|c| signs.contains(c))?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// As many characters as are of a kind.
    fn run(&mut self, of: impl Fn(char) -> bool) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !of(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn sum(&mut self) -> Result<Amount, String> {
        let mut all = self.product()?;
        while let Some(sign) = self.take(&['+', '-', '−']) {
            let next = self.product()?;
            if next.of != all.of {
                return Err(format!("{} and {} cannot be added", all.dimension(), next.dimension()));
            }
            all.value += if sign == '+' { next.value } else { -next.value };
        }
        Ok(all)
    }

    fn product(&mut self) -> Result<Amount, String> {
        let mut all = self.atom()?;
        while let Some(sign) = self.take(&['*', '×', '·', '/', '÷']) {
            let next = self.atom()?;
            all = all.times(&next, if "/÷".contains(sign) { -1 } else { 1 });
        }
        Ok(all)
    }

    fn atom(&mut self) -> Result<Amount, String> {
        if self.take(&['(']).is_some() {
            let inner = self.sum()?;
            return self.take(&[')']).map(|_| inner).ok_or_else(|| "a \")\" is missing".into());
        }
        self.space();
        let first = self.text[self.at..].chars().next().ok_or("something is missing at the end")?;
        if first.is_ascii_digit() {
            let value = number(self.run(|c| c.is_ascii_digit() || ".,_'".contains(c)))?;
            return Ok(Amount::plain(value).times(&self.unit_after()?, 1));
        }
        let word = self.run(|c| c.is_alphanumeric() || c == '_').to_owned();
        match word.as_str() {
            "max" | "min" | "ceil" => self.function(&word),
            "" => Err(format!("\"{first}\" cannot be read")),
            _ => (self.known)(&word).ok_or_else(|| format!("no quantity has the name \"{word}\"")),
        }
    }

    /// After a number: "kB", or in brackets "[request/user]".
    fn unit_after(&mut self) -> Result<Amount, String> {
        if self.take(&['[']).is_some() {
            let inner = unit(self.run(|c| c != ']'))?;
            return self.take(&[']']).map(|_| inner).ok_or_else(|| "a \"]\" is missing".into());
        }
        self.space();
        let before = self.at;
        let word = self.run(|c| c.is_alphabetic() || c == '%' || c == '_').to_owned();
        if word.is_empty() || (self.known)(&word).is_some() {
            self.at = before;
            return Ok(Amount::plain(1.0));
        }
        word_of(&word)
    }

    fn function(&mut self, name: &str) -> Result<Amount, String> {
        self.take(&['(']).ok_or_else(|| format!("{name} is written with parentheses"))?;
        let mut all = self.sum()?;
        while self.take(&[';', ',']).is_some() {
            let next = self.sum()?;
            if next.of != all.of {
                return Err(format!("{} and {} cannot be compared", all.dimension(), next.dimension()));
            }
            all.value = if name == "max" { all.value.max(next.value) } else { all.value.min(next.value) };
        }
        if name == "ceil" {
            all.value = libm::ceil(all.value - 1e-9);
        }
        self.take(&[')']).map(|_| all).ok_or_else(|| "a \")\" is missing".into())
    }
}

/// A number as people write it: three digits, and thousands apart.
pub fn told(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    let mut step = 1.0;
    while size / step >= 1_000.0 {
        step *= 10.0;
    }
    while size / step < 100.0 && step > 1e-9 {
        step /= 10.0;
    }
    let rounded = libm::round(value / step) * step;
    if size < 1_000.0 {
        // Without what floating point leaves at the end.
        return shortest(libm::round(rounded * 1e6) / 1e6);
    }
    let digits = format!("{rounded:.0}");
    let (sign, digits) = digits.split_at(usize::from(digits.starts_with('-')));
    let apart = digits.bytes().enumerate().flat_map(|(at, digit)| {
        let comma = (at > 0 && (digits.len() - at).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([digit as char])
    });
    format!("{sign}{}", apart.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<Amount> {
        match name {
            "users" => Some(Amount { value: 2e6, of: BTreeMap::from([("user".into(), 1)]) }),
            "reads" => read("10 read/user/day", &|_| None).ok(),
            _ => None,
        }
    }

    #[test]
    fn amounts_and_formulas() {
        let value = |text: &str| read(text, &known).map(|a| (libm::round(a.value * 1e6) / 1e6, a.dimension()));
        assert_eq!(value("12k request/s"), Ok((12_000.0, "request/s".into())));
        assert_eq!(value("1,500"), Ok((1_500.0, "a plain number".into())));
        assert_eq!(value("3 days"), Ok((259_200.0, "s".into())));
        assert_eq!(value("users * reads"), Ok((231.481481, "read/s".into())));
        assert_eq!(
            value("users × reads × 2 kB/read".replace("2 kB/read", "2 [kB/read]").as_str()),
            Ok((462_962.962963, "B/s".into()))
        );
        assert_eq!(value("ceil(users / 300000 user) + 1"), Ok((8.0, "a plain number".into())));
        assert_eq!(value("20 % * users"), Ok((400_000.0, "user".into())));
        assert_eq!(value("max(3; 5) - 1"), Ok((4.0, "a plain number".into())));
        for bad in ["", "users + reads", "users *", "(users", "guests * 2", "3 [", "4 user + 3 post"] {
            assert!(read(bad, &known).is_err(), "{bad}");
        }
        assert_eq!(unit("B/s").map(|u| u.value), Ok(1.0));
        assert_eq!(unit("GB/day").map(|u| libm::round(u.value)), Ok(11_574.0));
    }

    #[test]
    fn numbers_are_told_short() {
        let all = [0.0, 0.012345, 3.0, 57.87, 999.4, 1_234.0, 86_400.0, 12_345_678.0];
        let told: Vec<String> = all.into_iter().map(told).collect();
        assert_eq!(told, ["0", "0.0123", "3", "57.9", "999", "1,230", "86,400", "12,300,000"]);
    }
}
