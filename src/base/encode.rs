//! Writing the canonical encoding. Nothing can fail, so that no type's writing has ways out in the middle.

use super::decode::{Never, never};
use super::marks::Mark;
use serde::ser::{self, Serialize};

/// Appends a value to what is there.
#[inline]
pub fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, out.len());
    writer.put(value);
    writer.close();
}

/// The same, and marks where it names nodes and has maps, where these are made ([`super::marks::MADE`]).
pub fn append_marked<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
    let at = out.len();
    let mut writer = Writer { out, at, marks: some(marks) };
    writer.put(value);
    writer.close();
}

#[cfg(not(target_arch = "wasm32"))]
type Marks<'a> = Option<&'a mut Vec<Mark>>;
#[cfg(target_arch = "wasm32")]
type Marks<'a> = std::marker::PhantomData<&'a ()>;

#[cfg(not(target_arch = "wasm32"))]
fn some(marks: &mut Vec<Mark>) -> Marks<'_> {
    Some(marks)
}

#[cfg(target_arch = "wasm32")]
fn some(_: &mut Vec<Mark>) -> Marks<'_> {
    Marks::default()
}

/// Bytes by which what is written to grows beyond what is written.
const ROOM: usize = 64;

/// Writes one value behind the other, over what is there.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where the next byte goes.
    at: usize,
    #[cfg_attr(target_arch = "wasm32", allow(dead_code))]
    marks: Marks<'a>,
}

impl<'a> Writer<'a> {
    /// Writes from a place on that is at most the end.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>, at: usize) -> Writer<'a> {
        Writer { out, at, marks: Marks::default() }
    }

    #[inline]
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        let Ok(()) = value.serialize(self);
    }

    /// Where what was written ends. What lies behind stands for nothing, and is there to be written over next time.
    #[inline]
    pub fn end(&self) -> usize {
        self.at
    }

    /// What was written is all that there is.
    #[inline(never)]
    fn close(&mut self) {
        self.out.truncate(self.at);
    }

    /// Writes what there is no room for, and makes some behind it: not much, since who appends a little to a long list takes
    /// it back each time.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: &[u8]) {
        self.out.truncate(self.at);
        self.out.extend_from_slice(bytes);
        self.out.resize(self.out.len() + ROOM, 0);
    }

    /// All of `bytes`, of which only so many are meant.
    #[inline(always)]
    fn some_of<const N: usize>(&mut self, bytes: [u8; N], meant: usize) {
        match self.out.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut()) {
            Some(place) => *place = bytes,
            None => self.grow(&bytes),
        }
        self.at += meant;
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn byte(&mut self, value: u8) {
        self.some_of([value], 1);
    }

    /// Seven bits in each byte, the lowest first.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn number(&mut self, value: u64) {
        if value < 0x80 {
            self.some_of([value as u8], 1);
        } else {
            self.long_number(value);
        }
    }

    /// Most of the long ones have up to four bytes: they are written as four, and what is too much is written over.
    #[inline(never)]
    fn long_number(&mut self, value: u64) {
        if value >> 28 != 0 {
            return self.any_number(value);
        }
        let part = |place: u32| (value as u32 >> (7 * place) & 0x7f) << (8 * place);
        let (three, four) = (value >> 14 != 0, value >> 21 != 0);
        let more = 0x80 | u32::from(three) << 15 | u32::from(four) << 23;
        let bytes = (part(0) | part(1) | part(2) | part(3) | more).to_le_bytes();
        self.some_of(bytes, 2 + usize::from(three) + usize::from(four));
    }

    #[inline(never)]
    fn any_number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// The lowest bit is the sign.
    #[inline]
    fn signed(&mut self, value: i64) {
        self.number((value << 1 ^ value >> 63) as u64);
    }

    #[inline(always)]
    fn mark(&mut self, _mark: fn(usize) -> Mark) {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(marks) = &mut self.marks {
            marks.push(_mark(self.at));
        }
    }

    #[inline(never)]
    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        match self.out.get_mut(self.at..self.at + bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None => self.grow(bytes),
        }
        self.at += bytes.len();
    }
}

macro_rules! write {
    ($($name:ident $type:ty, $write:expr;)+) => {$(
        #[inline]
        fn $name(self, value: $type) -> Result<(), Never> {
            let write: fn(&mut Self, $type) = $write;
            write(&mut { self }, value);
            Ok(())
        }
    )+};
}

impl ser::Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    write! {
        serialize_bool bool, |w, value| w.byte(value.into());
        serialize_u8 u8, |w, value| w.byte(value);
        serialize_u16 u16, |w, value| w.number(value.into());
        serialize_u32 u32, |w, value| w.number(value.into());
        serialize_u64 u64, |w, value| w.number(value);
        serialize_i8 i8, |w, value| w.byte(value as u8);
        serialize_i16 i16, |w, value| w.signed(value.into());
        serialize_i32 i32, |w, value| w.signed(value.into());
        serialize_i64 i64, |w, value| w.signed(value);
        serialize_f64 f64, |w, value| w.some_of(value.to_le_bytes(), 8);
        serialize_f32 f32, |_, _| never();
        serialize_char char, |_, _| never();
        serialize_str &str, |w, value| w.bytes(value.as_bytes());
        serialize_bytes &[u8], |w, value| w.bytes(value);
        serialize_unit_struct &'static str, |_, _| ();
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Never> {
        self.byte(0);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        self.byte(1);
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Never> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Result<(), Never> {
        self.number(variant.into());
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Never> {
        if name == "NodeId" {
            self.mark(Mark::Node);
        }
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        self.number(variant.into());
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Never> {
        self.number(len.unwrap_or_else(|| never()) as u64);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(self, _: &'static str, variant: u32, _: &'static str, _: usize) -> Result<Self, Never> {
        self.number(variant.into());
        Ok(self)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self, Never> {
        self.number(len.unwrap_or_else(|| never()) as u64);
        self.mark(|_| Mark::Map);
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(self, _: &'static str, variant: u32, _: &'static str, _: usize) -> Result<Self, Never> {
        self.number(variant.into());
        Ok(self)
    }
}

/// Parts follow each other: nothing stands between them or at the end.
macro_rules! parts {
    ($($trait:ident $part:ident $(, $name:ty)?;)+) => {$(
        impl ser::$trait for &mut Writer<'_> {
            type Ok = ();
            type Error = Never;

            #[inline]
            fn $part<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<(), Never> {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        }
    )+};
}

parts! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
    SerializeStruct serialize_field, &'static str;
    SerializeStructVariant serialize_field, &'static str;
}

impl ser::SerializeMap for &mut Writer<'_> {
    type Ok = ();
    type Error = Never;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.mark(Mark::Entry);
        key.serialize(&mut **self)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        value.serialize(&mut **self)
    }

    #[inline]
    fn end(self) -> Result<(), Never> {
        self.mark(Mark::End);
        Ok(())
    }
}
