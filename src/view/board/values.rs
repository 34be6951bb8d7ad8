//! The values of fields: read from what was typed, shown in words, and found by the path that leads to them.

use super::kinds::Takes::{self, Choice, Flag, Names, Number, Spread, Text, Time, Whole};
use super::kinds::{CALL, CLASS, Field, RUN, SHAPES, of};
use super::toml::{Table, Value};
use crate::base::{Micros, decimal};

/// What was typed into a field, as a value; none for what is empty. The error says what is accepted.
pub fn read(takes: Takes, text: &str) -> Result<Option<Value>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(match takes {
        Whole(least, most) => {
            let found = text.replace('_', "").parse::<u64>().ok().filter(|n| (least..=most).contains(n));
            Value::Plain(found.ok_or_else(|| format!("Write a whole number from {least} to {most}."))?.to_string())
        }
        Number(least, most) => {
            let found = decimal::parse(text).filter(|n| (least..=most).contains(n));
            let range = || format!("Write a number from {} to {}.", plain(least), plain(most));
            let mut text = decimal::shortest(found.ok_or_else(range)?);
            if !text.contains('.') {
                text += ".0";
            }
            Value::Plain(text)
        }
        Time => {
            Micros::parse(text).map_err(|_| "Write a time, as in 20ms or 1.5s.".to_owned())?;
            Value::Text(text.replace(' ', ""))
        }
        Flag => Value::Plain(text.to_owned()),
        Choice(of) if !of.contains(&text) => return Err(format!("Choose one of {}.", of.join(", "))),
        Names => {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            Value::List(names.map(|name| Value::Text(name.to_owned())).collect())
        }
        Choice(_) | Text => Value::Text(text.to_owned()),
        Spread => return Err("Choose how it is drawn.".into()),
    }))
}

fn plain(number: f64) -> String {
    if number >= 1e6 { format!("{} million", (number / 1e6) as u64) } else { decimal::shortest(number) }
}

/// What a field shows of a value.
pub fn shown(takes: Takes, value: &Value) -> String {
    match (takes, value) {
        (Names, Value::List(items)) => items.iter().map(Value::words).collect::<Vec<_>>().join(", "),
        (Number(..), Value::Plain(text)) => text.strip_suffix(".0").unwrap_or(text).to_owned(),
        (Spread, value) => spread(value),
        _ => value.words().to_owned(),
    }
}

/// A drawn length of time in a few words: "5 ms, log-normal 0.5".
pub fn spread(value: &Value) -> String {
    let Some((shape, numbers)) = value.table().and_then(|table| table.0.first()) else {
        return value.words().to_owned();
    };
    match numbers {
        Value::Table(Table(numbers)) => {
            let words: Vec<&str> = numbers.iter().map(|(_, value)| value.words()).collect();
            format!("{} {}", words.join(" "), shape)
        }
        other => other.words().to_owned(),
    }
}

/// What the field takes that a path of a design leads to.
pub fn takes(path: &str) -> Option<Takes> {
    let steps: Vec<&str> = path.split('/').collect();
    let (fields, key): (&[Field], &[&str]) = match steps.as_slice() {
        ["run", key @ ..] => (RUN, key),
        ["keys", _, "count"] => return Some(Whole(1, 4_000_000)),
        ["keys", _, "zipf"] => return Some(Number(0.0, 5.0)),
        [_, _, "call", key @ ..] | [_, _, "calls", _, key @ ..] => (CALL, key),
        ["clients", _, "classes", _, key @ ..] => (CLASS, key),
        ["faults", _, "at" | "until"] => return Some(Time),
        ["faults", _, "does", "zone" | "region"] => return Some(Text),
        ["faults", _, "does", _, "component" | "from" | "to" | "keys"] => return Some(Text),
        ["faults", _, "does", _, "instance"] => return Some(Whole(0, 999)),
        ["faults", _, "does", _, "instances"] => return Some(Whole(1, 1_000)),
        ["faults", _, "does", _, "key"] => return Some(Whole(0, 3_999_999)),
        ["faults", _, "does", _, "share" | "fails"] => return Some(Number(0.0, 1.0)),
        ["faults", _, "does", _, "factor"] => return Some(Number(1e-3, 1e4)),
        ["requirements", _] | ["title"] => return Some(Text),
        [table, _, key @ ..] => (of(table)?.fields, key),
        _ => return None,
    };
    let key = key.join(".");
    let whole = fields.iter().find(|field| field.key == key).map(|field| field.takes);
    // A number of a shape.
    let within = || {
        let field = fields.iter().find(|field| field.takes == Spread && key.starts_with(field.key))?;
        let rest = key[field.key.len()..].trim_start_matches('.');
        let (shape, number) = rest.split_once('.').unwrap_or((rest, ""));
        let (_, _, numbers) = SHAPES.iter().find(|(name, ..)| *name == shape)?;
        let (_, usual) = numbers.iter().find(|(name, _)| *name == number)?;
        Some(if decimal::parse(usual).is_some() { Number(0.0, 100.0) } else { Time })
    };
    whole.or_else(within)
}

/// Another shape for a length of time, about as long.
pub fn reshaped(old: Option<&Value>, shape: &str) -> Option<Value> {
    let (_, _, numbers) = SHAPES.iter().find(|(name, ..)| *name == shape)?;
    let old = old.and_then(Value::table).and_then(|table| table.0.first()).map(|(_, value)| value);
    let long = match old {
        Some(Value::Table(Table(numbers))) => {
            let first = numbers.iter().find(|(key, _)| matches!(key.as_str(), "mean" | "median" | "max"));
            first.or(numbers.first()).map(|(_, value)| value.words())
        }
        Some(value) => Some(value.words()),
        None => None,
    };
    let long = long.filter(|text| Micros::parse(text).is_ok_and(|time| time > Micros::ZERO)).unwrap_or("1ms");
    let number = |(i, (_, usual)): (usize, &(&str, &str))| match decimal::parse(usual) {
        Some(_) => Value::Plain((*usual).to_owned()),
        None => Value::Text(if i == 0 { long.to_owned() } else { (*usual).to_owned() }),
    };
    let mut made: Vec<(String, Value)> =
        numbers.iter().enumerate().map(|(i, n)| (n.0.to_owned(), number((i, n)))).collect();
    let inner = if numbers[0].0.is_empty() { made.swap_remove(0).1 } else { Value::Table(Table(made)) };
    Some(Value::Table(Table(vec![(shape.to_owned(), inner)])))
}
