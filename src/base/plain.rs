//! Any plain value as a tree of [`Json`], for the inspector.
//!
//! A serializer into a flat builder, so that a type's own part is a row of calls: it costs the engine a seventh of what
//! `serde_json::to_value` does, for each type that is shown.

use super::decimal;
use super::json::Json;
use serde::ser::{Serialize, Serializer};
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple};
use serde::ser::{SerializeTupleStruct, SerializeTupleVariant};
use std::fmt::{Display, Error};

type Done = Result<(), Error>;

/// The value as a tree: enums as a name, or as an object with the name as its only field.
pub fn tree<T: Serialize + ?Sized>(value: &T) -> Json {
    let mut builder = Builder::default();
    match value.serialize(&mut builder) {
        Ok(()) => builder.root,
        Err(Error) => Json::Text("cannot be shown".into()),
    }
}

#[derive(Default)]
struct Builder {
    root: Json,
    /// What is being filled, and the name of what comes next in it.
    open: Vec<(Json, String)>,
}

impl Builder {
    #[inline(never)]
    fn leaf(&mut self, value: Json) -> Done {
        match self.open.last_mut() {
            None => self.root = value,
            Some((Json::List(items), _)) => items.push(value),
            Some((Json::Map(fields), name)) => fields.push((std::mem::take(name), value)),
            Some(_) => return Err(Error),
        }
        Ok(())
    }

    #[inline(never)]
    fn begin(&mut self, value: Json) -> Done {
        self.open.push((value, String::new()));
        Ok(())
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        if let Some((_, next)) = self.open.last_mut() {
            *next = name.into();
        }
    }

    #[inline(never)]
    fn close(&mut self) -> Done {
        let (value, _) = self.open.pop().ok_or(Error)?;
        self.leaf(value)
    }

    /// The object that names a variant.
    #[inline(never)]
    fn variant(&mut self, name: &str) {
        self.open.push((Json::Map(Vec::new()), name.into()));
    }

    #[inline(never)]
    fn signed(&mut self, n: i64) -> Done {
        self.leaf(Json::Int(n))
    }

    #[inline(never)]
    fn unsigned(&mut self, n: u64) -> Done {
        self.leaf(i64::try_from(n).map_or_else(|_| Json::Text(n.to_string()), Json::Int))
    }

    #[inline(never)]
    fn word(&mut self, text: &str) -> Done {
        self.leaf(Json::Text(text.into()))
    }
}

impl<'a> Serializer for &'a mut Builder {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Part<'a>;
    type SerializeTuple = Part<'a>;
    type SerializeTupleStruct = Part<'a>;
    type SerializeTupleVariant = Part<'a>;
    type SerializeMap = Part<'a>;
    type SerializeStruct = Part<'a>;
    type SerializeStructVariant = Part<'a>;

    fn serialize_bool(self, v: bool) -> Done {
        self.leaf(Json::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Done {
        self.signed(v.into())
    }
    fn serialize_i16(self, v: i16) -> Done {
        self.signed(v.into())
    }
    fn serialize_i32(self, v: i32) -> Done {
        self.signed(v.into())
    }
    fn serialize_i64(self, v: i64) -> Done {
        self.signed(v)
    }
    fn serialize_u8(self, v: u8) -> Done {
        self.unsigned(v.into())
    }
    fn serialize_u16(self, v: u16) -> Done {
        self.unsigned(v.into())
    }
    fn serialize_u32(self, v: u32) -> Done {
        self.unsigned(v.into())
    }
    fn serialize_u64(self, v: u64) -> Done {
        self.unsigned(v)
    }
    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Done {
        self.serialize_str(&decimal::shortest(v))
    }
    fn serialize_char(self, v: char) -> Done {
        self.collect_str(&v)
    }
    fn serialize_str(self, v: &str) -> Done {
        self.word(v)
    }
    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.leaf(Json::List(v.iter().map(|byte| Json::Int((*byte).into())).collect()))
    }
    fn serialize_none(self) -> Done {
        self.leaf(Json::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        self.leaf(Json::Null)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.leaf(Json::Null)
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Done {
        self.word(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.close()
    }
    fn serialize_seq(self, _len: Option<usize>) -> Result<Part<'a>, Error> {
        Part::list(self, false)
    }
    fn serialize_tuple(self, _len: usize) -> Result<Part<'a>, Error> {
        Part::list(self, false)
    }
    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Part<'a>, Error> {
        Part::list(self, false)
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Part<'a>, Error> {
        self.variant(variant);
        Part::list(self, true)
    }
    fn serialize_map(self, _len: Option<usize>) -> Result<Part<'a>, Error> {
        Part::map(self, false)
    }
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Part<'a>, Error> {
        Part::map(self, false)
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Part<'a>, Error> {
        self.variant(variant);
        Part::map(self, true)
    }
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Done {
        self.leaf(Json::Text(value.to_string()))
    }
}

/// A list or an object that is being filled.
struct Part<'a> {
    builder: &'a mut Builder,
    /// It belongs to a variant, whose object ends with it.
    inside: bool,
}

impl<'a> Part<'a> {
    fn list(builder: &'a mut Builder, inside: bool) -> Result<Part<'a>, Error> {
        builder.begin(Json::List(Vec::new()))?;
        Ok(Part { builder, inside })
    }

    fn map(builder: &'a mut Builder, inside: bool) -> Result<Part<'a>, Error> {
        builder.begin(Json::Map(Vec::new()))?;
        Ok(Part { builder, inside })
    }

    #[inline(never)]
    fn finish(self) -> Done {
        self.builder.close()?;
        if self.inside { self.builder.close() } else { Ok(()) }
    }
}

macro_rules! items {
    ($($of:ident::$put:ident),+) => {
        $(impl $of for Part<'_> {
            type Ok = ();
            type Error = Error;
            fn $put<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                value.serialize(&mut *self.builder)
            }
            fn end(self) -> Done {
                self.finish()
            }
        })+
    };
}
items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($of:ident),+) => {
        $(impl $of for Part<'_> {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.builder.name(name);
                value.serialize(&mut *self.builder)
            }
            fn end(self) -> Done {
                self.finish()
            }
        })+
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Part<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        let name = match tree(key) {
            Json::Text(text) => text,
            Json::Int(n) => n.to_string(),
            Json::Bool(yes) => yes.to_string(),
            other => {
                let mut text = String::new();
                other.write(&mut text);
                text
            }
        };
        self.builder.name(&name);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut *self.builder)
    }
    fn end(self) -> Done {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Fate {
        Unknown,
        Lost(u8),
        Moved(i8, bool),
        Late { by: u64, why: Option<String> },
    }

    #[derive(Serialize)]
    struct Thing {
        name: String,
        fates: Vec<Fate>,
        by_number: BTreeMap<u16, (char, Vec<u8>)>,
        nothing: (),
    }

    #[test]
    fn is_like_serde_json() {
        let thing = Thing {
            name: "a \"thing\"".into(),
            fates: vec![
                Fate::Unknown,
                Fate::Lost(3),
                Fate::Moved(-1, true),
                Fate::Late { by: 5, why: None },
                Fate::Late { by: 6, why: Some("slow".into()) },
            ],
            by_number: BTreeMap::from([(1, ('x', vec![])), (20, ('y', vec![1, 2]))]),
            nothing: (),
        };
        let mut ours = String::new();
        tree(&thing).write(&mut ours);
        assert_eq!(ours, serde_json::to_string(&thing).expect("plain data"));
    }
}
