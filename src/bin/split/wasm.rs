//! Wasm files, read as far as the cut needs it, and written.

use super::{Found, plain};
use std::collections::BTreeMap;

/// The kinds of what is imported and exported, as wasm numbers them.
pub const FUNCTION: u8 = 0;
pub const TABLE: u8 = 1;
pub const MEMORY: u8 = 2;
pub const GLOBAL: u8 = 3;

/// A wasm file, read as far as the cut needs it. What is of no interest stays as bytes.
#[derive(Default)]
pub struct Module<'a> {
    pub types: Vec<&'a [u8]>,
    pub imports: Vec<&'a [u8]>,
    /// The type of each function; the imported ones come first.
    pub functions: Vec<usize>,
    pub imported: usize,
    pub tables: Vec<&'a [u8]>,
    pub memories: Vec<&'a [u8]>,
    /// Each global's type, and what it begins with.
    pub globals: Vec<(&'a [u8], &'a [u8])>,
    pub exports: Vec<(&'a str, u8, usize)>,
    pub start: Option<usize>,
    /// The function at each place of the first table.
    pub places: BTreeMap<usize, usize>,
    pub bodies: Vec<&'a [u8]>,
    /// What stands in memory at the start, with its places.
    pub data: Vec<(usize, &'a [u8])>,
    /// Without the numbers of the crates.
    pub names: BTreeMap<usize, String>,
}

impl<'a> Module<'a> {
    pub fn read(wasm: &'a [u8]) -> Found<Module<'a>> {
        let mut module = Module::default();
        let mut file = Reader::new(wasm);
        file.take(8)?;
        while !file.ended() {
            let (id, size) = (file.byte()?, file.index()?);
            let mut section = Reader::new(file.take(size)?);
            module.section(id, &mut section).map_err(|why| format!("section {id}: {why}"))?;
        }
        if module.functions.len() != module.imported + module.bodies.len() {
            return Err("a function has no body".into());
        }
        Ok(module)
    }

    pub fn section(&mut self, id: u8, section: &mut Reader<'a>) -> Found<()> {
        match id {
            0 if section.text()? == "name" => self.read_names(section)?,
            1 => self.types = section.each(|r| r.passed(function_type))?,
            2 => self.read_imports(section)?,
            3 => self.functions.extend(section.each(Reader::index)?),
            4 => {
                self.tables = section.each(|r| {
                    r.passed(|r| {
                        r.byte()?;
                        r.limits()
                    })
                })?;
            }
            5 => self.memories = section.each(|r| r.passed(Reader::limits))?,
            6 => self.globals = section.each(|r| Ok((r.take(2)?, r.passed(start_value)?)))?,
            7 => self.exports = section.each(|r| Ok((r.text()?, r.byte()?, r.index()?)))?,
            8 => self.start = Some(section.index()?),
            9 => self.read_elements(section)?,
            10 => {
                self.bodies = section.each(|r| {
                    let size = r.index()?;
                    r.take(size)
                })?;
            }
            11 => self.data = section.each(data_segment)?,
            // Other custom sections are for tools; the count of data is for instructions that are refused below.
            0 | 12 => {}
            _ => return Err("it is not known".into()),
        }
        Ok(())
    }

    pub fn read_names(&mut self, section: &mut Reader<'a>) -> Found<()> {
        while !section.ended() {
            let (kind, size) = (section.byte()?, section.index()?);
            let mut names = Reader::new(section.take(size)?);
            if kind == 1 {
                self.names = names.each(|r| Ok((r.index()?, plain(r.text()?))))?.into_iter().collect();
            }
        }
        Ok(())
    }

    pub fn read_imports(&mut self, section: &mut Reader<'a>) -> Found<()> {
        let functions = &mut self.functions;
        self.imports = section.each(|r| {
            r.passed(|r| {
                r.text()?;
                r.text()?;
                if r.byte()? != FUNCTION {
                    return Err("something else than a function is imported".into());
                }
                functions.push(r.index()?);
                Ok(())
            })
        })?;
        self.imported = functions.len();
        Ok(())
    }

    pub fn read_elements(&mut self, section: &mut Reader<'a>) -> Found<()> {
        let places = &mut self.places;
        section.each(|r| {
            if r.number()? != 0 || r.byte()? != CONSTANT {
                return Err("an element segment is of another kind".into());
            }
            let from = r.index()?;
            r.byte()?;
            let functions = r.each(Reader::index)?;
            places.extend(functions.into_iter().enumerate().map(|(i, function)| (from + i, function)));
            Ok(())
        })?;
        Ok(())
    }

    /// The body of a function; of an imported one there is none.
    pub fn body(&self, function: usize) -> &'a [u8] {
        function.checked_sub(self.imported).map_or(&[], |own| self.bodies[own])
    }

    /// The function that is exported under a name.
    pub fn export(&self, name: &str) -> Option<usize> {
        let is = |(own, kind, _): &&(&str, u8, usize)| *own == name && *kind == FUNCTION;
        self.exports.iter().find(is).map(|(.., function)| *function)
    }

    pub fn name(&self, function: usize) -> &str {
        self.names.get(&function).map_or("", String::as_str)
    }
}

pub fn function_type(r: &mut Reader) -> Found<()> {
    if r.byte()? != FUNCTION_TYPE {
        return Err("a type is not a function's".into());
    }
    for _ in 0..2 {
        r.each(Reader::byte)?;
    }
    Ok(())
}

pub fn start_value(r: &mut Reader) -> Found<()> {
    while r.bytes.get(r.at) != Some(&END) {
        instruction(r)?;
    }
    r.byte().map(drop)
}

/// A place in memory, and the bytes that come there.
pub fn data_segment<'a>(r: &mut Reader<'a>) -> Found<(usize, &'a [u8])> {
    if r.number()? != 0 || r.byte()? != CONSTANT {
        return Err("a data segment is of another kind".into());
    }
    let address = r.index()?;
    r.byte()?;
    let size = r.index()?;
    Ok((address, r.take(size)?))
}

pub const FUNCTION_TYPE: u8 = 0x60;
pub const UNREACHABLE: u8 = 0x00;
pub const END: u8 = 0x0b;
pub const CALL: u8 = 0x10;
pub const CALL_INDIRECT: u8 = 0x11;
pub const LOCAL: u8 = 0x20;
/// `i32.const`.
pub const CONSTANT: u8 = 0x41;

/// Reads bytes of wasm.
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub fn ended(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn byte(&mut self) -> Found<u8> {
        let byte = self.bytes.get(self.at).ok_or("the file ends too early")?;
        self.at += 1;
        Ok(*byte)
    }

    /// An unsigned number, or the bits of a signed one.
    pub fn number(&mut self) -> Found<u64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 127).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 128 == 0 {
                return Ok(value);
            }
        }
    }

    pub fn index(&mut self) -> Found<usize> {
        Ok(self.number()? as usize)
    }

    pub fn take(&mut self, count: usize) -> Found<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + count).ok_or("the file ends too early")?;
        self.at += count;
        Ok(taken)
    }

    pub fn text(&mut self) -> Found<&'a str> {
        let length = self.index()?;
        std::str::from_utf8(self.take(length)?).map_err(|e| e.to_string())
    }

    /// The bytes that a reading passes over.
    pub fn passed(&mut self, read: impl FnOnce(&mut Self) -> Found<()>) -> Found<&'a [u8]> {
        let from = self.at;
        read(self)?;
        Ok(&self.bytes[from..self.at])
    }

    /// Every item of a vector.
    pub fn each<T>(&mut self, mut read: impl FnMut(&mut Self) -> Found<T>) -> Found<Vec<T>> {
        (0..self.index()?).map(|_| read(self)).collect()
    }

    pub fn limits(&mut self) -> Found<()> {
        let bounded = self.byte()? & 1 == 1;
        self.number()?;
        if bounded {
            self.number()?;
        }
        Ok(())
    }
}

/// An instruction: only calls matter here.
pub enum Step {
    Call(usize),
    Other,
}

/// Reads one instruction with all that belongs to it.
pub fn instruction(r: &mut Reader) -> Found<Step> {
    let code = r.byte()?;
    match code {
        CALL => return Ok(Step::Call(r.index()?)),
        // Blocks, branches, locals, globals, tables, integers: one number.
        0x02..=0x04 | 0x0c | 0x0d | 0x20..=0x26 | 0x3f..=0x42 | 0xd0 => {
            r.number()?;
        }
        0x0e => {
            r.each(Reader::index)?;
            r.number()?;
        }
        // An indirect call: type and table. Memory: alignment and offset.
        CALL_INDIRECT | 0x28..=0x3e => {
            r.number()?;
            r.number()?;
        }
        0x1c => {
            r.each(Reader::byte)?;
        }
        0x43 => {
            r.take(4)?;
        }
        0x44 => {
            r.take(8)?;
        }
        0xfc => {
            let more = match r.number()? {
                0..=7 => 0,
                11 | 13 | 15..=17 => 1,
                10 | 12 | 14 => 2,
                other => return Err(format!("instruction 0xfc {other} is not known")),
            };
            for _ in 0..more {
                r.number()?;
            }
        }
        UNREACHABLE | 0x01 | 0x05 | END | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => {}
        _ => return Err(format!("instruction {code:#x} is not known")),
    }
    Ok(Step::Other)
}

/// Past the declarations of locals.
pub fn locals(r: &mut Reader) -> Found<()> {
    r.each(|r| {
        r.number()?;
        r.byte()
    })?;
    Ok(())
}

pub fn calls(body: &[u8]) -> Found<Vec<usize>> {
    let (mut r, mut calls) = (Reader::new(body), Vec::new());
    locals(&mut r)?;
    while !r.ended() {
        if let Step::Call(function) = instruction(&mut r)? {
            calls.push(function);
        }
    }
    Ok(calls)
}

/// The same body with other calls.
pub fn rewritten(body: &[u8], call: impl Fn(&mut Vec<u8>, usize)) -> Found<Vec<u8>> {
    let (mut r, mut out) = (Reader::new(body), Vec::new());
    out.extend(r.passed(locals)?);
    while !r.ended() {
        let from = r.at;
        match instruction(&mut r)? {
            Step::Call(function) => call(&mut out, function),
            Step::Other => out.extend(&body[from..r.at]),
        }
    }
    Ok(out)
}

pub fn number(out: &mut Vec<u8>, mut value: usize) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

/// `i32.const` with a value.
pub fn constant(out: &mut Vec<u8>, value: usize) {
    out.push(CONSTANT);
    let mut value = value;
    while value > 63 {
        out.push(value as u8 & 127 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend(text.as_bytes());
}

/// The items of a vector after their count.
pub fn vector<T>(items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, items.len());
    items.iter().for_each(|item| write(&mut out, item));
    out
}

pub fn code(bodies: &[Vec<u8>]) -> Vec<u8> {
    vector(bodies, |out, body| {
        number(out, body.len());
        out.extend(body);
    })
}

/// Bytes with the places in memory where they come.
pub fn data(segments: &[(usize, Vec<u8>)]) -> Vec<u8> {
    vector(segments, |out, (address, bytes)| {
        out.push(0);
        constant(out, *address);
        out.push(END);
        number(out, bytes.len());
        out.extend(bytes);
    })
}

pub fn joined(items: &[impl AsRef<[u8]>]) -> Vec<u8> {
    vector(items, |out, item| out.extend(item.as_ref()))
}

/// A wasm file as it is written.
pub struct File {
    pub bytes: Vec<u8>,
}

impl File {
    pub fn new() -> File {
        File { bytes: b"\0asm\x01\0\0\0".to_vec() }
    }

    pub fn section(&mut self, id: u8, content: &[u8]) {
        self.bytes.push(id);
        number(&mut self.bytes, content.len());
        self.bytes.extend(content);
    }
}
