//! The form of a JSON file as data: what fields there are, of what kind, and which may be absent.
//!
//! [`read`] turns a JSON text into the canonical bytes ([`super::codec`]) of the value that it stands for, [`write`] turns
//! them back. So a type's JSON costs the engine a few bytes of table, not a second deserialiser: derived ones took a third
//! of its wasm. Natively the same types have derived ones too, and tests hold the two to each other.

use super::json::{Reader, quote};
use super::{decimal, decode};
use std::fmt::Write;

/// What a value may be.
pub enum Form {
    Bool,
    Byte,
    /// Up to this.
    Unsigned(u64),
    /// Between this, negated, less one, and this.
    Signed(i64),
    Float,
    Text,
    /// A text with a meaning of its own, such as a time.
    Word(Word),
    /// Null when there is none.
    Option(&'static Form),
    List(&'static Form),
    /// By names.
    Map(&'static Form),
    Pair(&'static Form, &'static Form),
    Struct(&'static [Field]),
    /// A name, or an object with one field: the name and what belongs to it.
    Enum(&'static [Variant]),
    /// The first of these that begins like the value, each numbered as the variant of an enum: one of `Bool`, `Signed`
    /// and `Text` each.
    Either(&'static [Form]),
}

pub struct Word {
    /// Appends the encoding of what the text means, or says what is wrong with it.
    pub read: fn(&str, &mut Vec<u8>) -> Result<(), String>,
    /// Takes the encoding off the front of the bytes, and appends the text.
    pub write: fn(&mut &[u8], &mut String),
}

pub struct Field {
    pub name: &'static str,
    pub form: &'static Form,
    pub absent: Absent,
}

/// What it means that a field is not there.
pub enum Absent {
    Wrong,
    /// Zero, false, empty, nothing, the first variant; of a struct each field's own.
    Empty,
    /// This encoding.
    Is(&'static [u8]),
}

pub struct Variant {
    pub name: &'static str,
    /// None for a variant that is only a name.
    pub form: Option<&'static Form>,
}

pub const fn need(name: &'static str, form: &'static Form) -> Field {
    Field { name, form, absent: Absent::Wrong }
}

pub const fn may(name: &'static str, form: &'static Form) -> Field {
    Field { name, form, absent: Absent::Empty }
}

pub const fn or(name: &'static str, form: &'static Form, is: &'static [u8]) -> Field {
    Field { name, form, absent: Absent::Is(is) }
}

/// The encoding of the value that `text` stands for. The error is the line (from 1) and what is wrong there.
pub fn read(text: &str, form: &Form) -> Result<Vec<u8>, (usize, String)> {
    let mut reader = Reader::new(text);
    let mut out = Vec::new();
    let done = value(&mut reader, form, &mut out, 0).and_then(|()| reader.end());
    done.map(|()| out).map_err(|what| (reader.line(), what))
}

const DEPTH_MAX: u32 = 24;

fn number(n: u64, out: &mut Vec<u8>) {
    super::codec::append(&n, out);
}

fn value(reader: &mut Reader<'_>, form: &Form, out: &mut Vec<u8>, depth: u32) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err("nested too deeply".into());
    }
    let deeper = depth + 1;
    match form {
        Form::Bool => out.push(u8::from(reader.boolean()?)),
        Form::Byte => out.push(reader.digits("a whole number from 0 to 255")?),
        Form::Unsigned(max) => {
            let n: u64 = reader.digits("a whole number")?;
            if n > *max {
                return Err(format!("{n} is too large; accepted: 0 to {max}"));
            }
            number(n, out);
        }
        Form::Signed(max) => {
            let n: i64 = reader.digits("a whole number")?;
            if n > *max || n < -1 - *max {
                return Err(format!("{n} is out of range; accepted: {} to {max}", -1 - *max));
            }
            super::codec::append(&n, out);
        }
        Form::Float => {
            let n = reader.float("a number of at most 19 digits")?;
            out.extend(n.to_le_bytes());
        }
        Form::Text => super::codec::append(&reader.text()?, out),
        Form::Word(word) => (word.read)(&reader.text()?, out)?,
        Form::Option(inner) => {
            let some = !reader.null();
            out.push(u8::from(some));
            if some {
                value(reader, inner, out, deeper)?;
            }
        }
        Form::List(inner) => {
            let mut items = Vec::new();
            let mut count = 0;
            reader.items(|reader| {
                count += 1;
                value(reader, inner, &mut items, deeper)
            })?;
            number(count, out);
            out.append(&mut items);
        }
        Form::Pair(first, second) => {
            let mut count = 0;
            reader.items(|reader| {
                count += 1;
                match count {
                    1 => value(reader, first, out, deeper),
                    2 => value(reader, second, out, deeper),
                    _ => Err("expected two values".into()),
                }
            })?;
            if count < 2 {
                return Err("expected two values".into());
            }
        }
        Form::Map(inner) => {
            // The encoding has them in the order of their names.
            let mut places = reader.places()?;
            let end = reader.at;
            super::order::sort(&mut places, |a, b| a.0 < b.0);
            number(places.len() as u64, out);
            for (name, at) in places {
                super::codec::append(&name, out);
                reader.at = at;
                value(reader, inner, out, deeper)?;
            }
            reader.at = end;
        }
        Form::Struct(fields) => structure(reader, fields, out, deeper)?,
        Form::Enum(variants) => variant(reader, variants, out, deeper)?,
        Form::Either(forms) => {
            let first = reader.first();
            let begins = |form: &Form| match form {
                Form::Bool => matches!(first, b't' | b'f'),
                Form::Text => first == b'"',
                _ => matches!(first, b'-' | b'0'..=b'9'),
            };
            let Some(place) = forms.iter().position(begins) else {
                return Err("expected a whole number, a text, true or false".into());
            };
            out.push(place as u8);
            value(reader, &forms[place], out, deeper)?;
        }
    }
    Ok(())
}

fn structure(reader: &mut Reader<'_>, fields: &[Field], out: &mut Vec<u8>, depth: u32) -> Result<(), String> {
    let begin = reader.at;
    let places = reader.places()?;
    let end = reader.at;
    for (name, at) in &places {
        if !fields.iter().any(|field| field.name == name) {
            reader.at = *at;
            return Err(format!("unknown field \"{name}\"; accepted: {}", list(fields.iter().map(|field| field.name))));
        }
    }
    for field in fields {
        match places.iter().find(|(name, _)| name == field.name) {
            Some((_, at)) => {
                reader.at = *at;
                value(reader, field.form, out, depth)?;
            }
            None => match field.absent {
                Absent::Wrong => {
                    reader.at = begin;
                    return Err(format!("missing field \"{}\"", field.name));
                }
                Absent::Empty => empty(field.form, out),
                Absent::Is(bytes) => out.extend(bytes),
            },
        }
    }
    reader.at = end;
    Ok(())
}

fn variant(reader: &mut Reader<'_>, variants: &[Variant], out: &mut Vec<u8>, depth: u32) -> Result<(), String> {
    let (name, inside) = match reader.first() {
        b'"' => (reader.text()?, None),
        _ => {
            let mut places = reader.places()?;
            match (places.pop(), places.is_empty()) {
                (Some((name, at)), true) => (name, Some((at, reader.at))),
                _ => return Err(format!("expected one of {}", list(variants.iter().map(|v| v.name)))),
            }
        }
    };
    if let Some((at, _)) = inside {
        reader.at = at;
    }
    let Some(place) = variants.iter().position(|variant| variant.name == name) else {
        return Err(format!("unknown \"{name}\"; accepted: {}", list(variants.iter().map(|v| v.name))));
    };
    number(place as u64, out);
    match (variants[place].form, inside) {
        (None, None) => Ok(()),
        (Some(form), Some((_, end))) => {
            value(reader, form, out, depth)?;
            reader.at = end;
            Ok(())
        }
        (Some(_), None) => Err(format!("\"{name}\" needs to be told more, as in {{\"{name}\": …}}")),
        (None, Some(_)) => Err(format!("write only \"{name}\"")),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text += ", ";
        }
        text += name;
    }
    text
}

fn empty(form: &Form, out: &mut Vec<u8>) {
    match form {
        Form::Float => out.extend([0; 8]),
        Form::Pair(first, second) => {
            empty(first, out);
            empty(second, out);
        }
        Form::Struct(fields) => {
            for field in *fields {
                match field.absent {
                    Absent::Is(bytes) => out.extend(bytes),
                    _ => empty(field.form, out),
                }
            }
        }
        _ => out.push(0),
    }
}

/// The JSON of an encoded value, which must be of this form: the outermost object and the lists in it with a line for each
/// of their items. Fields whose value is the same as when they are absent are left out.
pub fn write(bytes: &[u8], form: &Form) -> String {
    let mut writer = Writer { rest: bytes, out: String::new() };
    writer.value(form, 0);
    debug_assert!(writer.rest.is_empty(), "the bytes are not of this form");
    writer.out
}

struct Writer<'a> {
    rest: &'a [u8],
    out: String,
}

impl Writer<'_> {
    /// Takes a value off the front. What is no value of this kind reads as its default: the bytes are our own.
    fn take<T: serde::de::DeserializeOwned + Default>(&mut self) -> T {
        match decode::take(self.rest) {
            Some((value, rest)) => {
                self.rest = rest;
                value
            }
            None => T::default(),
        }
    }

    fn plain(&mut self, value: impl std::fmt::Display) {
        write!(self.out, "{value}").expect("a text takes all that is written");
    }

    fn quoted(&mut self) {
        let text: String = self.take();
        quote(&text, &mut self.out);
    }

    fn value(&mut self, form: &Form, depth: u32) {
        match form {
            Form::Bool => {
                let yes: bool = self.take();
                self.plain(yes);
            }
            Form::Byte => {
                let n: u8 = self.take();
                self.plain(n);
            }
            Form::Unsigned(_) => {
                let n: u64 = self.take();
                self.plain(n);
            }
            Form::Signed(_) => {
                let n: i64 = self.take();
                self.plain(n);
            }
            Form::Float => {
                let n: f64 = self.take();
                self.out.push_str(&decimal::shortest(n));
            }
            Form::Text => self.quoted(),
            Form::Word(word) => {
                let mut text = String::new();
                (word.write)(&mut self.rest, &mut text);
                quote(&text, &mut self.out);
            }
            Form::Option(inner) => match self.take() {
                true => self.value(inner, depth),
                false => self.out.push_str("null"),
            },
            Form::List(inner) => {
                let count: u64 = self.take();
                self.all('[', ']', depth == 1, count, |writer, _| {
                    writer.value(inner, depth + 1);
                });
            }
            Form::Pair(first, second) => self.all('[', ']', false, 2, |writer, place| {
                writer.value(if place == 0 { first } else { second }, depth + 1);
            }),
            Form::Map(inner) => {
                let count: u64 = self.take();
                self.all('{', '}', false, count, |writer, _| {
                    writer.quoted();
                    writer.out.push_str(": ");
                    writer.value(inner, depth + 1);
                });
            }
            Form::Struct(fields) => self.structure(fields, depth),
            Form::Enum(variants) => {
                let place: u64 = self.take();
                let Some(variant) = variants.get(place as usize) else { return };
                match variant.form {
                    None => quote(variant.name, &mut self.out),
                    Some(form) => self.all('{', '}', false, 1, |writer, _| {
                        quote(variant.name, &mut writer.out);
                        writer.out.push_str(": ");
                        writer.value(form, depth + 1);
                    }),
                }
            }
            Form::Either(forms) => {
                let place: u64 = self.take();
                if let Some(form) = forms.get(place as usize) {
                    self.value(form, depth);
                }
            }
        }
    }

    fn structure(&mut self, fields: &[Field], depth: u32) {
        let mut shown = 0;
        self.out.push('{');
        for field in fields {
            let (rest, length) = (self.rest, self.out.len());
            self.gap(shown, depth == 0);
            quote(field.name, &mut self.out);
            self.out.push_str(": ");
            self.value(field.form, depth + 1);
            let mut usual = Vec::new();
            match field.absent {
                Absent::Wrong => {}
                Absent::Empty => empty(field.form, &mut usual),
                Absent::Is(bytes) => usual.extend(bytes),
            }
            if rest[..rest.len() - self.rest.len()] == usual {
                self.out.truncate(length);
            } else {
                shown += 1;
            }
        }
        self.out.push_str(if shown > 0 && depth == 0 { "\n}" } else { "}" });
    }

    fn all(&mut self, open: char, close: char, lines: bool, count: u64, item: impl Fn(&mut Self, u64)) {
        self.out.push(open);
        for place in 0..count {
            self.gap(place, lines);
            if lines {
                self.out.push_str("  ");
            }
            item(self, place);
        }
        if lines && count > 0 {
            self.out.push_str("\n  ");
        }
        self.out.push(close);
    }

    /// What stands between two items.
    fn gap(&mut self, place: u64, lines: bool) {
        self.out.push_str(match (place, lines) {
            (0, true) => "\n  ",
            (0, false) => "",
            (_, true) => ",\n  ",
            (_, false) => ", ",
        });
    }
}
