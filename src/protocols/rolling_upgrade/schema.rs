//! Records as bytes, in a schema with numbered fields, of which there are two releases.
//!
//! The encoding is that of Protocol Buffers (Encoding, "Message Structure"): each field is a key, which is its number and
//! the kind of what follows, and then a number as zigzag varint (kind 0) or a text after its length (kind 2). So whoever
//! does not know a field can still find its end.

use crate::wire::Datum;
use serde::{Deserialize, Serialize};

/// What a release makes of fields that it does not know, and of those that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Compatible,
    Dropping,
    Required,
    Renumbered,
}

pub const NAMES: &[&str] = &["compatible", "dropping", "required", "renumbered"];
pub const SCHEMAS: [Schema; 4] = [Schema::Compatible, Schema::Dropping, Schema::Required, Schema::Renumbered];

/// The releases: 1 knows the value, 2 the note too.
pub type Release = u8;
pub const OLD: Release = 1;
pub const NEW: Release = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Field {
    Value,
    Note,
}

/// A record as a release understands it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub value: Datum,
    pub note: Datum,
    /// Kept for those who know them.
    pub unknown: Vec<(u32, Datum)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    Garbled,
    Unknown(u32),
    Missing(u32),
}

impl Fault {
    pub fn words(self, release: Release) -> String {
        match self {
            Fault::Garbled => "no record at all".into(),
            Fault::Unknown(number) => format!("v{release} has no field {number}"),
            Fault::Missing(number) => format!("v{release} requires field {number}"),
        }
    }
}

impl Record {
    pub fn get(&self, field: Field) -> Datum {
        let value = match field {
            Field::Value => &self.value,
            Field::Note => &self.note,
        };
        // What a required field is filled with.
        if *value == Datum::Text(String::new()) { Datum::None } else { value.clone() }
    }

    pub fn set(&mut self, field: Field, value: Datum) {
        match field {
            Field::Value => self.value = value,
            Field::Note => self.note = value,
        }
    }
}

impl Schema {
    fn number(self, release: Release, field: Field) -> Option<u32> {
        match (field, release) {
            (Field::Value, OLD) => Some(1),
            (Field::Note, OLD) => None,
            // The new field was put in front, and all were counted again.
            (Field::Value, _) => Some(if self == Schema::Renumbered { 2 } else { 1 }),
            (Field::Note, _) => Some(if self == Schema::Renumbered { 1 } else { 2 }),
        }
    }

    /// Which field a release takes a number for.
    fn field(self, release: Release, number: u32) -> Option<Field> {
        [Field::Value, Field::Note].into_iter().find(|field| self.number(release, *field) == Some(number))
    }

    pub fn write(self, release: Release, record: &Record) -> Vec<u8> {
        let mut fields = Vec::new();
        for field in [Field::Value, Field::Note] {
            let Some(number) = self.number(release, field) else { continue };
            let value = record.get(field);
            let required = self == Schema::Required && field == Field::Note;
            match value {
                Datum::None if required => fields.push((number, Datum::Text(String::new()))),
                Datum::None => {}
                value => fields.push((number, value)),
            }
        }
        fields.extend(record.unknown.iter().cloned());
        fields.sort_by_key(|(number, _)| *number);
        encode(&fields)
    }

    pub fn read(self, release: Release, bytes: &[u8]) -> Result<Record, Fault> {
        let mut record = Record::default();
        let fields = decode(bytes).ok_or(Fault::Garbled)?;
        if let (Schema::Required, Some(number)) = (self, self.number(release, Field::Note))
            && fields.iter().all(|(found, _)| *found != number)
        {
            return Err(Fault::Missing(number));
        }
        for (number, value) in fields {
            match (self.field(release, number), self) {
                (Some(field), _) => record.set(field, value),
                (None, Schema::Required) => return Err(Fault::Unknown(number)),
                (None, Schema::Compatible) => record.unknown.push((number, value)),
                (None, Schema::Dropping | Schema::Renumbered) => {}
            }
        }
        Ok(record)
    }
}

const VARINT: u64 = 0;
const TEXT: u64 = 2;

fn encode(fields: &[(u32, Datum)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in fields {
        let number = u64::from(*number) << 3;
        match value {
            Datum::Int(n) => {
                varint(number | VARINT, &mut bytes);
                varint((n << 1 ^ n >> 63) as u64, &mut bytes);
            }
            Datum::Text(text) => {
                varint(number | TEXT, &mut bytes);
                varint(text.len() as u64, &mut bytes);
                bytes.extend_from_slice(text.as_bytes());
            }
            Datum::None | Datum::List(_) => {}
        }
    }
    bytes
}

/// All fields, known or not; nothing where the bytes are not well formed.
fn decode(mut bytes: &[u8]) -> Option<Vec<(u32, Datum)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = take(&mut bytes)?;
        let number = u32::try_from(key >> 3).ok()?;
        let value = match key & 7 {
            VARINT => {
                let n = take(&mut bytes)?;
                Datum::Int((n >> 1) as i64 ^ -((n & 1) as i64))
            }
            TEXT => {
                let length = usize::try_from(take(&mut bytes)?).ok()?;
                let text = bytes.get(..length)?;
                bytes = &bytes[length..];
                Datum::Text(String::from_utf8(text.to_vec()).ok()?)
            }
            _ => return None,
        };
        fields.push((number, value));
    }
    Some(fields)
}

fn varint(mut n: u64, bytes: &mut Vec<u8>) {
    while n >= 128 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 127) << (7 * shift);
        if byte & 128 == 0 {
            return Some(n);
        }
    }
    None
}

/// All fields by their numbers, for whoever watches.
pub fn words(bytes: &[u8]) -> String {
    let Some(fields) = decode(bytes) else { return "?".into() };
    let words: Vec<String> = fields.iter().map(|(number, value)| format!("{number}: {value}")).collect();
    format!("{{{}}}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record { value: Datum::Int(150), note: Datum::Text("vip".into()), unknown: Vec::new() }
    }

    /// Encoding, "A Simple Message": field 1 with 150 is 08 96 01, there as a plain varint, here as zigzag of 75.
    #[test]
    fn the_encoding_is_the_documented_one() {
        assert_eq!(encode(&[(1, Datum::Int(75))]), [0x08, 0x96, 0x01]);
        let text = encode(&[(2, Datum::Text("testing".into()))]);
        assert_eq!(text, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        for n in [0, 1, -1, i64::MAX, i64::MIN] {
            assert_eq!(decode(&encode(&[(9, Datum::Int(n))])), Some(vec![(9, Datum::Int(n))]));
        }
        assert_eq!(decode(&[0x08]), None);
        assert_eq!(decode(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
        assert_eq!(decode(&[0x0b, 0]), None, "groups are none of ours");
    }

    #[test]
    fn a_release_reads_what_it_wrote() {
        for schema in SCHEMAS {
            assert_eq!(schema.read(NEW, &schema.write(NEW, &record())), Ok(record()), "{schema:?}");
            let old = Record { note: Datum::None, ..record() };
            assert_eq!(schema.read(OLD, &schema.write(OLD, &old)), Ok(old), "{schema:?}");
        }
    }

    #[test]
    fn what_each_schema_makes_of_the_other_release() {
        let (new, old) = (record(), Record { note: Datum::None, ..record() });
        let through_old = |schema: Schema| {
            let mut read = schema.read(OLD, &schema.write(NEW, &new))?;
            read.set(Field::Value, Datum::Int(7));
            schema.read(NEW, &schema.write(OLD, &read))
        };
        let note = |schema| through_old(schema).map(|record| record.note);
        assert_eq!(note(Schema::Compatible), Ok(new.note.clone()));
        assert_eq!(note(Schema::Dropping), Ok(Datum::None));
        assert_eq!(note(Schema::Required), Err(Fault::Unknown(2)));
        assert_eq!(note(Schema::Renumbered), Ok(Datum::Int(7)));
        let upwards = |schema: Schema| schema.read(NEW, &schema.write(OLD, &old));
        assert_eq!(upwards(Schema::Compatible), Ok(old.clone()));
        assert_eq!(upwards(Schema::Required), Err(Fault::Missing(2)));
        assert_eq!(upwards(Schema::Renumbered).map(|record| record.note), Ok(Datum::Int(150)));
    }
}
