//! Distributions of lengths of time as fields: their kind, and the numbers of that kind.

use super::{Field, Input, choice};
use crate::base::{Micros, decimal};
use crate::wire::Distribution;

const KINDS: [(&str, &str); 6] = [
    ("constant", "always the same"),
    ("uniform", "anything between two times"),
    ("exponential", "at least, and an exponential time more"),
    ("normal", "normal, cut off at 0"),
    ("log-normal", "log-normal: mostly near, sometimes far off"),
    ("pareto", "Pareto: a heavy tail"),
];

fn kind(of: &Distribution) -> &'static str {
    match of {
        Distribution::Constant(_) => "constant",
        Distribution::Uniform { .. } => "uniform",
        Distribution::Exponential { .. } => "exponential",
        Distribution::Normal { .. } => "normal",
        Distribution::LogNormal { .. } => "log-normal",
        Distribution::Pareto { .. } => "pareto",
        Distribution::Quantiles(_) => "quantiles",
    }
}

/// A number of a distribution.
enum Part<'a> {
    Time(&'a mut Micros),
    Number(&'a mut f64),
}

const A_TIME: &str = "A time, as in “5 ms” or “250 us”.";

/// What each number is called and means.
fn parts(of: &mut Distribution) -> Vec<(&'static str, &'static str, Part<'_>)> {
    use Part::{Number, Time};
    match of {
        Distribution::Constant(time) => vec![("time", A_TIME, Time(time))],
        Distribution::Uniform { min, max } => vec![("from", A_TIME, Time(min)), ("to", A_TIME, Time(max))],
        Distribution::Exponential { min, mean } => {
            vec![("at least", A_TIME, Time(min)), ("more on average", A_TIME, Time(mean))]
        }
        Distribution::Normal { mean, sd } => {
            vec![("mean", A_TIME, Time(mean)), ("standard deviation", A_TIME, Time(sd))]
        }
        Distribution::LogNormal { median, sigma } => {
            let about = "How far it spreads, of the logarithm. 0 to 10; 0.4 is a quiet network.";
            vec![("median", A_TIME, Time(median)), ("sigma", about, Number(sigma))]
        }
        Distribution::Pareto { min, alpha } => {
            let about = "The smaller, the heavier the tail. 0.1 to 100.";
            vec![("at least", A_TIME, Time(min)), ("alpha", about, Number(alpha))]
        }
        Distribution::Quantiles(_) => Vec::new(),
    }
}

pub fn fields(id: &str, label: &str, about: &str, of: &Distribution) -> Vec<Field> {
    let mut of = of.clone();
    let kinds = match &of {
        Distribution::Quantiles(_) => choice(&[&[("quantiles", "as in a table of the scenario")], &KINDS[..]].concat()),
        _ => choice(&KINDS),
    };
    let mut fields = vec![Field::new(id, label, kind(&of), kinds).about(about)];
    for (place, (name, about, part)) in parts(&mut of).into_iter().enumerate() {
        let value = match part {
            Part::Time(time) => time.to_string(),
            Part::Number(number) => decimal::shortest(*number),
        };
        let label = format!("{label}: {name}");
        fields.push(Field::new(format!("{id}:{place}"), label, value, Input::Text).about(about));
    }
    fields
}

/// Takes a new kind (no place), or a number by its place.
pub fn set(of: &mut Distribution, place: &str, text: &str) -> Result<(), String> {
    let Ok(place) = place.parse::<usize>() else {
        if text != kind(of) {
            *of = of_kind(text, typical(of));
        }
        return Ok(());
    };
    match parts(of).into_iter().nth(place) {
        Some((.., Part::Time(own))) => *own = time(text)?,
        Some((.., Part::Number(own))) => *own = decimal::parse(text).ok_or("Write a number.")?,
        None => {}
    }
    Ok(())
}

pub fn time(text: &str) -> Result<Micros, String> {
    Micros::parse(text).map_err(|why| super::capital(&why) + ".")
}

/// A time that is drawn about as often as longer ones.
fn typical(of: &Distribution) -> Micros {
    match of {
        Distribution::Constant(time) => *time,
        Distribution::Uniform { min, max } => Micros(min.0 / 2 + max.0 / 2),
        Distribution::Exponential { min, mean } => min.plus(*mean),
        Distribution::Normal { mean: time, .. }
        | Distribution::LogNormal { median: time, .. }
        | Distribution::Pareto { min: time, .. } => *time,
        Distribution::Quantiles(table) => table.get(table.len() / 2).map_or(Micros::ms(1), |(_, time)| *time),
    }
}

fn of_kind(kind: &str, typical: Micros) -> Distribution {
    let part = |hundredths: u64| Micros((typical.0.saturating_mul(hundredths) / 100).max(1));
    match kind {
        "uniform" => Distribution::Uniform { min: part(50), max: part(150) },
        "exponential" => Distribution::Exponential { min: part(50), mean: part(50) },
        "normal" => Distribution::Normal { mean: typical, sd: part(20) },
        "log-normal" => Distribution::LogNormal { median: typical, sigma: 0.4 },
        "pareto" => Distribution::Pareto { min: part(60), alpha: 2.0 },
        _ => Distribution::Constant(typical),
    }
}
