//! What the linker knew and `wasm-bindgen` forgets: which function or data uses which data, and which takes the address of
//! which function. A wasm linked with `--emit-relocs` says so in the sections "linking", "reloc.CODE" and "reloc.DATA"
//! (WebAssembly tool conventions, Linking.md). Data keeps its place in memory and functions theirs in the table; the
//! functions themselves are found again by their names.

use super::wasm::*;
use super::{Found, plain};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Something that is used other than by a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Use {
    /// A piece of data, by its number.
    Data(usize),
    /// The function at this place of the table.
    Place(usize),
}

/// Data that is used as a whole.
pub struct Piece {
    /// Where it is in memory.
    pub at: Range<usize>,
    pub uses: BTreeSet<Use>,
}

#[derive(Default)]
pub struct Linked {
    /// By their places; no two have a byte in common.
    pub pieces: Vec<Piece>,
    /// What the functions with a name use, without the numbers of crates.
    pub uses: BTreeMap<String, BTreeSet<Use>>,
    /// Places of the table that somebody is known to use.
    pub used: BTreeSet<usize>,
}

/// Relocations are numbered so.
const TABLE_INDEX: [u8; 3] = [1, 2, 12];
const MEMORY_ADDRESS: [u8; 4] = [3, 4, 5, 11];
/// Other kinds that have an addend.
const WITH_ADDEND: [u8; 3] = [8, 9, 22];

/// What a relocation points to.
#[derive(Clone, Copy)]
enum Symbol {
    Function(usize),
    /// From and to, in memory.
    Data(usize, usize),
    Other,
}

/// A place in a section that has the address of something.
struct Fixed {
    at: usize,
    kind: u8,
    symbol: usize,
}

/// The parts of the file that matter, each where it begins in its section.
#[derive(Default)]
struct Sections {
    code: Vec<Range<usize>>,
    /// With their places in memory.
    data: Vec<(Range<usize>, usize)>,
    symbols: Vec<Symbol>,
    in_code: Vec<Fixed>,
    in_data: Vec<Fixed>,
}

impl Linked {
    pub fn read(wasm: &[u8]) -> Found<Linked> {
        let (module, sections) = (Module::read(wasm)?, Sections::read(wasm)?);
        if sections.in_code.is_empty() {
            return Err("it does not say what uses what: it has to be linked with --emit-relocs".into());
        }
        let mut linked = Linked { pieces: pieces(&sections.symbols), ..Linked::default() };
        let places: BTreeMap<usize, usize> =
            module.places.iter().map(|(place, function)| (*function, *place)).collect();
        let of = |fixed: &Fixed, linked: &Linked| match sections.symbols.get(fixed.symbol) {
            Some(Symbol::Function(function)) if TABLE_INDEX.contains(&fixed.kind) => {
                places.get(function).map(|place| Use::Place(*place))
            }
            Some(Symbol::Data(from, _)) if MEMORY_ADDRESS.contains(&fixed.kind) => linked.piece(*from).map(Use::Data),
            _ => None,
        };
        for fixed in &sections.in_code {
            let Some(used) = of(fixed, &linked) else { continue };
            let body = sections.code.partition_point(|body| body.end <= fixed.at);
            let name = plain(&rustc_demangle::demangle(module.name(module.imported + body)).to_string());
            linked.uses.entry(name).or_default().insert(used);
        }
        for fixed in &sections.in_data {
            let Some(used) = of(fixed, &linked) else { continue };
            let (bytes, address) =
                sections.data.iter().find(|(bytes, _)| bytes.contains(&fixed.at)).ok_or("no data")?;
            // What no symbol stands for may be anybody's: so is what it uses.
            if let Some(piece) = linked.piece(address + (fixed.at - bytes.start)) {
                linked.pieces[piece].uses.insert(used);
            } else {
                linked.uses.entry(String::new()).or_default().insert(used);
            }
        }
        let all = linked.uses.values().chain(linked.pieces.iter().map(|piece| &piece.uses)).flatten();
        linked.used = all.filter_map(|used| if let Use::Place(place) = used { Some(*place) } else { None }).collect();
        Ok(linked)
    }

    /// The piece that has the byte at a place in memory.
    fn piece(&self, at: usize) -> Option<usize> {
        let piece = self.pieces.partition_point(|piece| piece.at.end <= at);
        self.pieces.get(piece).filter(|found| found.at.contains(&at)).map(|_| piece)
    }
}

/// Symbols may share bytes: those that do are one piece.
fn pieces(symbols: &[Symbol]) -> Vec<Piece> {
    let data = |symbol: &Symbol| if let Symbol::Data(from, to) = symbol { Some((*from, *to)) } else { None };
    let mut ranges: Vec<(usize, usize)> = symbols.iter().filter_map(data).filter(|(from, to)| from < to).collect();
    ranges.sort_unstable();
    let mut pieces: Vec<Piece> = Vec::new();
    for (from, to) in ranges {
        match pieces.last_mut() {
            Some(last) if from < last.at.end => last.at.end = last.at.end.max(to),
            _ => pieces.push(Piece { at: from..to, uses: BTreeSet::new() }),
        }
    }
    pieces
}

impl Sections {
    fn read(wasm: &[u8]) -> Found<Sections> {
        let (mut file, mut sections) = (Reader::new(wasm), Sections::default());
        file.take(8)?;
        while !file.ended() {
            let (id, size) = (file.byte()?, file.index()?);
            let mut section = Reader::new(file.take(size)?);
            sections.section(id, &mut section).map_err(|why| format!("section {id}: {why}"))?;
        }
        Ok(sections)
    }

    fn section(&mut self, id: u8, section: &mut Reader) -> Found<()> {
        match id {
            0 => match section.text()? {
                "linking" => self.symbols(section)?,
                "reloc.CODE" => self.in_code = fixed(section)?,
                "reloc.DATA" => self.in_data = fixed(section)?,
                _ => {}
            },
            10 => {
                self.code = section.each(|r| {
                    let size = r.index()?;
                    r.take(size)?;
                    Ok(r.at - size..r.at)
                })?;
            }
            11 => {
                self.data = section.each(|r| {
                    let (address, bytes) = data_segment(r)?;
                    Ok((r.at - bytes.len()..r.at, address))
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The table of symbols. It comes after the data that it tells of.
    fn symbols(&mut self, section: &mut Reader) -> Found<()> {
        const SYMBOL_TABLE: u8 = 8;
        if section.number()? != 2 {
            return Err("it is of another version".into());
        }
        while !section.ended() {
            let (kind, size) = (section.byte()?, section.index()?);
            let mut table = Reader::new(section.take(size)?);
            if kind == SYMBOL_TABLE {
                self.symbols = table.each(|r| self.symbol(r))?;
            }
        }
        Ok(())
    }

    fn symbol(&self, r: &mut Reader) -> Found<Symbol> {
        const UNDEFINED: u64 = 0x10;
        const EXPLICIT_NAME: u64 = 0x40;
        const ABSOLUTE: u64 = 0x200;
        let (kind, flags) = (r.byte()?, r.number()?);
        match kind {
            1 => {
                r.text()?;
                if flags & UNDEFINED != 0 {
                    return Ok(Symbol::Other);
                }
                let (segment, offset, size) = (r.index()?, r.index()?, r.index()?);
                let from = self.data.get(segment).map(|(_, address)| address + offset);
                Ok(from.filter(|_| flags & ABSOLUTE == 0).map_or(Symbol::Other, |from| Symbol::Data(from, from + size)))
            }
            3 => r.index().map(|_| Symbol::Other),
            _ => {
                let index = r.index()?;
                if flags & UNDEFINED == 0 || flags & EXPLICIT_NAME != 0 {
                    r.text()?;
                }
                Ok(if kind == FUNCTION { Symbol::Function(index) } else { Symbol::Other })
            }
        }
    }
}

fn fixed(section: &mut Reader) -> Found<Vec<Fixed>> {
    section.number()?;
    section.each(|r| {
        let (kind, at, symbol) = (r.byte()?, r.index()?, r.index()?);
        if MEMORY_ADDRESS.contains(&kind) || WITH_ADDEND.contains(&kind) {
            r.number()?;
        }
        Ok(Fixed { at, kind, symbol })
    })
}
