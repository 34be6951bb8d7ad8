//! Reading the canonical encoding, without a way out in the middle: what is not well encoded reads as zeros from there on,
//! and is refused at the end. So nothing that was read so far needs to be dropped on the way out of an error, which, for
//! every field of every type, is more code than the reading.

use serde::de::{self, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any, ser};
use std::fmt::{self, Display, Formatter};

/// Takes a value off the front: the value, and what is left. None when there is none.
pub fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<(T, &'a [u8])> {
    let mut reader = Reader { bytes, at: 0 };
    let Ok(value) = T::deserialize(&mut reader);
    bytes.get(reader.at..).map(|rest| (value, rest))
}

/// A place, not a rest: what has two words is copied by way of memory, and has to wait for it.
struct Reader<'a> {
    bytes: &'a [u8],
    /// Where the next byte is; [`WRONG`] behind what is not well encoded.
    at: usize,
}

/// No slice goes on to here.
const WRONG: usize = usize::MAX;

impl<'a> Reader<'a> {
    #[cold]
    fn fail(&mut self) {
        self.at = WRONG;
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                *byte
            }
            None => {
                self.fail();
                0
            }
        }
    }

    /// A byte below `bound`.
    fn choice(&mut self, bound: u8) -> u8 {
        match self.byte() {
            byte if byte < bound => byte,
            _ => {
                self.fail();
                0
            }
        }
    }

    /// A number of so many bits, seven in each byte, the lowest first.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn number(&mut self, bits: u32) -> u64 {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                u64::from(*byte)
            }
            _ => self.long_number(bits),
        }
    }

    /// Most of the long ones have up to four bytes.
    #[inline(never)]
    fn long_number(&mut self, bits: u32) -> u64 {
        let [a, b, c, d] = match self.rest() {
            [a, b, ..] if *b < 0x80 => [*a, *b, 0, 0],
            [a, b, c, ..] if *c < 0x80 => [*a, *b, *c, 0],
            [a, b, c, d, ..] => [*a, *b, *c, *d],
            _ => return self.any_number(bits),
        };
        if d >= 0x80 || bits < 32 {
            return self.any_number(bits);
        }
        self.at += 2 + usize::from(b >= 0x80) + usize::from(c >= 0x80);
        let seven = |byte: u8, place: u32| u32::from(byte & 0x7f) << (7 * place);
        u64::from(seven(a, 0) | seven(b, 1) | seven(c, 2) | seven(d, 3))
    }

    #[inline(never)]
    fn any_number(&mut self, bits: u32) -> u64 {
        let (mut value, mut shift) = (0, 0);
        for (place, byte) in self.rest().iter().enumerate() {
            let seven = u64::from(byte & 0x7f);
            value |= seven << shift;
            if bits - shift < 7 && byte >> (bits - shift) != 0 {
                break;
            }
            if *byte < 0x80 {
                self.at += place + 1;
                return value;
            }
            shift += 7;
        }
        self.fail();
        0
    }

    /// A number whose lowest bit is the sign.
    fn signed(&mut self, bits: u32) -> i64 {
        let number = self.number(bits);
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }

    /// A count of things that take a byte at least.
    fn count(&mut self) -> usize {
        let count = self.number(64);
        if count > self.rest().len() as u64 {
            self.fail();
            return 0;
        }
        count as usize
    }

    #[inline(never)]
    fn bytes(&mut self) -> &'a [u8] {
        let count = self.count();
        let bytes = &self.rest()[..count];
        self.at += count;
        bytes
    }

    #[inline(never)]
    fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_else(|_| {
            self.fail();
            ""
        })
    }

    #[inline(never)]
    fn float(&mut self) -> f64 {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.at += bytes.len();
                f64::from_le_bytes(*bytes)
            }
            None => {
                self.fail();
                0.0
            }
        }
    }
}

/// The error that there is not.
pub enum Never {}

#[cold]
#[inline(never)]
pub fn never() -> ! {
    panic!("a type that has no canonical encoding")
}

impl fmt::Debug for Never {
    fn fmt(&self, _: &mut Formatter) -> fmt::Result {
        match *self {}
    }
}

impl Display for Never {
    fn fmt(&self, _: &mut Formatter) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: Display>(_: T) -> Never {
        never()
    }
}

impl de::Error for Never {
    fn custom<T: Display>(_: T) -> Never {
        never()
    }

    fn invalid_value(_: Unexpected, _: &dyn Expected) -> Never {
        never()
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Never {
        never()
    }
}

macro_rules! read {
    ($($name:ident $visit:ident $read:expr;)+) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
            let read: fn(&mut Reader<'de>) -> _ = $read;
            visitor.$visit(read(self))
        }
    )+};
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Never;

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    read! {
        deserialize_bool visit_bool |r| r.choice(2) == 1;
        deserialize_u8 visit_u8 |r| r.byte();
        deserialize_u16 visit_u16 |r| r.number(16) as u16;
        deserialize_u32 visit_u32 |r| r.number(32) as u32;
        deserialize_u64 visit_u64 |r| r.number(64);
        deserialize_i8 visit_i8 |r| r.byte() as i8;
        deserialize_i16 visit_i16 |r| r.signed(16) as i16;
        deserialize_i32 visit_i32 |r| r.signed(32) as i32;
        deserialize_i64 visit_i64 |r| r.signed(64);
        deserialize_f64 visit_f64 |r| r.float();
        deserialize_str visit_borrowed_str |r| r.text();
        deserialize_string visit_str |r| r.text();
        deserialize_bytes visit_borrowed_bytes |r| r.bytes();
        deserialize_byte_buf visit_bytes |r| r.bytes();
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Items { left: self.count(), reader: self })
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_map(Items { left: self.count(), reader: self })
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        if self.choice(2) == 1 { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_enum(Choice { variants: variants.len() as u64, reader: self })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Never> {
        never()
    }

    forward_to_deserialize_any! { i128 u128 f32 char identifier ignored_any }
}

/// The fields of a struct or tuple: whoever reads them knows how many there are.
struct Fields<'r, 'a>(&'r mut Reader<'a>);

impl<'a> de::SeqAccess<'a> for Fields<'_, 'a> {
    type Error = Never;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Never> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

/// The items of a list or map.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'a> de::SeqAccess<'a> for Items<'_, 'a> {
    type Error = Never;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Never> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'a> de::MapAccess<'a> for Items<'_, 'a> {
    type Error = Never;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Never> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Never> {
        seed.deserialize(&mut *self.reader)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// One of the variants of an enum. After an error it is the first, which must not hold another of its own type.
struct Choice<'r, 'a> {
    reader: &'r mut Reader<'a>,
    variants: u64,
}

impl<'a> de::EnumAccess<'a> for Choice<'_, 'a> {
    type Error = Never;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Never> {
        let mut variant = self.reader.number(32);
        if variant >= self.variants {
            self.reader.fail();
            variant = 0;
        }
        Ok((seed.deserialize((variant as u32).into_deserializer())?, self))
    }
}

impl<'a> de::VariantAccess<'a> for Choice<'_, 'a> {
    type Error = Never;

    #[inline]
    fn unit_variant(self) -> Result<(), Never> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Never> {
        seed.deserialize(self.reader)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self.reader))
    }

    #[inline]
    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self.reader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Nothing,
        Numbers(u8, u16, u32, u64, usize),
        Signed { a: i8, b: i16, c: i32, d: i64 },
        Text(String),
        Flag(bool),
        Real(u64, f64),
        Maybe(Option<Box<Tree>>),
        List(Vec<Tree>),
        Map(BTreeMap<String, u32>),
        Array([u16; 3]),
    }

    /// The same as postcard's, but for numbers that are no numbers, which equal nothing.
    fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
        let theirs = postcard::take_from_bytes::<Tree>(bytes).ok();
        prop_assert_eq!(format!("{:?}", take::<Tree>(bytes)), format!("{:?}", theirs));
        Ok(())
    }

    fn leaf() -> impl Strategy<Value = Tree> {
        prop_oneof![
            Just(Tree::Nothing),
            any::<(u8, u16, u32, u64, usize)>().prop_map(|(a, b, c, d, e)| Tree::Numbers(a, b, c, d, e)),
            any::<(i8, i16, i32, i64)>().prop_map(|(a, b, c, d)| Tree::Signed { a, b, c, d }),
            ".{0,9}".prop_map(Tree::Text),
            any::<bool>().prop_map(Tree::Flag),
            any::<(u64, f64)>().prop_map(|(n, x)| Tree::Real(n, x)),
            prop::collection::btree_map(".{0,3}", any::<u32>(), 0..4).prop_map(Tree::Map),
            any::<[u16; 3]>().prop_map(Tree::Array),
        ]
    }

    fn tree() -> impl Strategy<Value = Tree> {
        leaf().prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::option::of(inner.clone()).prop_map(|t| Tree::Maybe(t.map(Box::new))),
                prop::collection::vec(inner, 0..4).prop_map(Tree::List),
            ]
        })
    }

    /// Where a number takes a byte more: words that are drawn whole hardly ever lie there. Alone, and with more behind it.
    #[test]
    fn numbers_of_each_length_are_those_of_postcard() {
        for bits in 0..64 {
            for number in [(1_u64 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                for all in [vec![number], vec![number, 1, number]] {
                    let bytes = crate::base::codec::to_bytes(&all);
                    assert_eq!(bytes, postcard::to_allocvec(&all).expect("it encodes"), "{number}");
                    assert_eq!(take::<Vec<u64>>(&bytes), Some((all, &[][..])), "{number}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn writes_as_postcard_does_and_reads_it(tree in tree()) {
            let bytes = crate::base::codec::to_bytes(&tree);
            prop_assert_eq!(&bytes, &postcard::to_allocvec(&tree).expect("it encodes"));
            prop_assert_eq!(take::<Tree>(&bytes), Some((tree, &[][..])));
        }

        /// What is there from the place on shines through nowhere, and what is before it stays.
        #[test]
        fn writes_the_same_over_what_is_there(trees in prop::collection::vec(tree(), 0..4), mut bytes: Vec<u8>, at in any::<prop::sample::Index>()) {
            let at = at.index(bytes.len() + 1);
            let mut expected = bytes[..at].to_vec();
            trees.iter().for_each(|tree| crate::base::codec::append(tree, &mut expected));
            let mut writer = crate::base::codec::Writer::new(&mut bytes, at);
            trees.iter().for_each(|tree| writer.put(tree));
            let end = writer.end();
            prop_assert_eq!(&bytes[..end], &expected);
        }

        #[test]
        fn reads_and_refuses_damaged_bytes_as_postcard_does(tree in tree(), place in any::<prop::sample::Index>(), byte: u8, cut: u8) {
            let mut bytes = crate::base::codec::to_bytes(&tree);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            bytes.truncate(bytes.len() - usize::from(cut % 4).min(bytes.len()));
            agree(&bytes)?;
        }

        #[test]
        fn reads_and_refuses_any_bytes_as_postcard_does(kind in 0u8..11, bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..4, 0x7fu8..0x83, Just(0xff)], 0..40)) {
            agree(&[&[kind], &bytes[..]].concat())?;
        }
    }
}
