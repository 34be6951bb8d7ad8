//! Measured values in texts: `{{ops.ok}}`, `{{ops.latency_p99 put}}`.

use super::meter::{Meter, Quantity, Unit};
use crate::wire::Inline;

/// Replaces each `{{name}}` by its value.
pub fn fill(text: &str, value: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or_else(|| format!("\"{{{{\" without \"}}}}\" in \"{text}\""))?;
        out += before;
        out += &value(name.trim())?;
        rest = after;
    }
    Ok(out + rest)
}

/// A text with what a meter measured.
pub fn fill_measures(text: &str, meter: &Meter) -> Result<String, String> {
    fill(text, &mut |words| quote(meter, words))
}

/// The same for parsed words.
pub fn fill_inlines(words: &[Inline], meter: &Meter) -> Result<Vec<Inline>, String> {
    let mut words = words.to_vec();
    for inline in &mut words {
        if let Some(text) = text_mut(inline) {
            *text = fill_measures(text, meter)?;
        }
    }
    Ok(words)
}

/// The words of an inline, where they may quote a value.
pub fn text_mut(inline: &mut Inline) -> Option<&mut String> {
    match inline {
        Inline::Text(text) | Inline::Strong(text) | Inline::Emphasis(text) | Inline::Code(text) => Some(text),
        Inline::Term(text, _) | Inline::Link(text, _) => Some(text),
        Inline::Source(_) => None,
    }
}

/// A measure as a text quotes it: `ops.ok`, or of one function `ops.latency_p99 put`, with one digit after the point
/// where it is no count.
pub fn quote(meter: &Meter, words: &str) -> Result<String, String> {
    let (name, function) = words.split_once(' ').map_or((words, None), |(name, f)| (name, Some(f.trim())));
    let quantity = Quantity::parse(name)?;
    let whole = matches!(quantity.unit(), Unit::Count) && !name.ends_with("per_op");
    Ok(match meter.value(quantity, function) {
        Some(value) => quantity.unit().show(value, if whole { 0 } else { 1 }),
        None => "none".into(),
    })
}
