//! Where the cut goes, and both its sides.

use super::linked::Linked;
use super::lists::{Part, before};
use super::owners::Owners;
use super::short::Short;
use super::wasm::*;
use super::{Found, LOAD, PAGE, order};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A function's type and body.
type Typed = (usize, Vec<u8>);
/// Places of the table, with the numbers of the functions that stand there.
type InTable = Vec<(usize, usize)>;

/// Where the cuts go. Parts are numbered: 0 is the first.
pub struct Cut<'a> {
    module: &'a Module<'a>,
    linked: &'a Linked,
    owners: Owners,
    /// For each part its functions in their order, and the number that it knows each by.
    bodies: Vec<Vec<usize>>,
    numbers: Vec<BTreeMap<usize, usize>>,
    /// What others call in the first part, by all of them and by each.
    shared: Vec<usize>,
    needs: Vec<Vec<usize>>,
    /// What is called from another part, and is not in the first, with its place in the table.
    ways: BTreeMap<usize, usize>,
    /// What loads a part.
    load: Option<usize>,
    /// For each part but the first those that it comes after, and itself.
    chains: Vec<Vec<usize>>,
}

impl<'a> Cut<'a> {
    pub fn new(module: &'a Module<'a>, linked: &'a Linked, parts: &[Part]) -> Found<Cut<'a>> {
        let called: Vec<Vec<usize>> = module.bodies.iter().map(|body| calls(body)).collect::<Found<_>>()?;
        let called = |function: usize| function.checked_sub(module.imported).map_or(&[][..], |own| &called[own]);
        let load = module.export(LOAD);
        let owners = Owners::of(module, linked, parts, &called, load.is_some())?;
        let owner = &owners.functions;
        let own = module.imported..module.functions.len();
        let mut bodies: Vec<Vec<usize>> = vec![Vec::new(); parts.len() + 1];
        own.clone().for_each(|function| bodies[owner[function]].push(function));
        let elsewhere = |part: usize, next: &&usize| owner[**next] != part;
        let calls_of =
            |part: usize| bodies[part].iter().flat_map(|f| called(*f)).filter(move |next| elsewhere(part, next));
        let ways: BTreeSet<usize> =
            (0..bodies.len()).flat_map(|part| calls_of(part)).copied().filter(|next| owner[*next] != 0).collect();
        let needs: Vec<Vec<usize>> = (0..bodies.len())
            .map(|part| calls_of(part).copied().filter(|next| owner[*next] == 0).collect::<BTreeSet<_>>())
            .map(|needs| needs.into_iter().collect())
            .collect();
        let shared: BTreeSet<usize> = needs.iter().flatten().copied().collect();
        let mut limits = Reader::new(module.tables.first().ok_or("there is no table")?);
        limits.take(2)?;
        let table = limits.index()?;
        let bodies: Vec<Vec<usize>> = bodies.into_iter().map(|functions| alike(module, functions)).collect();
        let imported: Vec<usize> = (0..module.imported).collect();
        let known = |part: usize| if part == 0 { &imported } else { &needs[part] };
        Ok(Cut {
            numbers: (0..bodies.len()).map(|part| numbers(known(part).iter().chain(&bodies[part]).copied())).collect(),
            ways: ways.into_iter().enumerate().map(|(i, function)| (function, table + i)).collect(),
            shared: shared.into_iter().collect(),
            module,
            linked,
            owners,
            bodies,
            needs,
            load,
            chains: (1..=parts.len()).map(|part| before(parts, part).into_iter().chain([part]).collect()).collect(),
        })
    }

    /// What the first part gives to the others, by kind and number; the place in the list is the name.
    fn given(&self) -> Vec<(u8, usize)> {
        let all = |kind: u8, count: usize| (0..count).map(move |i| (kind, i));
        let module = self.module;
        let functions = self.shared.iter().map(|function| (FUNCTION, *function));
        let others = all(TABLE, module.tables.len()).chain(all(MEMORY, module.memories.len()));
        functions.chain(others).chain(all(GLOBAL, module.globals.len())).collect()
    }

    pub fn first(&self, short: &Short) -> Found<Vec<u8>> {
        let module = self.module;
        let (stubs, in_table) = self.stubs()?;
        let trap_type: &[u8] = &[FUNCTION_TYPE, 0, 0];
        let types: Vec<&[u8]> = module.types.iter().copied().chain([trap_type]).collect();
        let kinds = self.bodies[0].iter().map(|function| module.functions[*function]);
        let kinds: Vec<usize> = kinds.chain(stubs.iter().map(|(kind, _)| *kind)).collect();
        let mut bodies = self.bodies(0)?;
        bodies.extend(stubs.into_iter().map(|(_, body)| body));
        let mut file = File::new();
        file.section(1, &joined(&types[..types.len() - usize::from(!kinds.contains(&module.types.len()))]));
        let imports: Vec<Vec<u8>> = module.imports.iter().map(|import| short.import(import)).collect::<Found<_>>()?;
        file.section(2, &joined(&imports));
        file.section(3, &vector(&kinds, |out, kind| number(out, *kind)));
        file.section(4, &joined(&self.tables()?));
        file.section(5, &joined(&module.memories));
        file.section(6, &vector(&module.globals, |out, (kind, value)| out.extend([*kind, *value].concat())));
        file.section(7, &self.exports(short));
        if let Some(start) = module.start {
            let mut out = Vec::new();
            number(&mut out, self.numbers[0][&start]);
            file.section(8, &out);
        }
        file.section(9, &elements(&in_table));
        file.section(10, &code(&bodies));
        if !module.data.is_empty() {
            file.section(11, &data(&self.first_data()));
        }
        Ok(file.bytes)
    }

    /// What stands in memory at the start. Where data of other parts comes there are zeros, which compress to nothing.
    fn first_data(&self) -> Vec<(usize, Vec<u8>)> {
        let others: Vec<&Range<usize>> = self.pieces().filter(|(part, _)| *part != 0).map(|(_, at)| at).collect();
        let without = |(address, bytes): &(usize, &[u8])| {
            let (mut bytes, end) = (bytes.to_vec(), address + bytes.len());
            for at in others.iter().filter(|at| *address <= at.start && at.end <= end) {
                bytes[at.start - address..at.end - address].fill(0);
            }
            (*address, bytes)
        };
        self.module.data.iter().map(without).collect()
    }

    /// A part's own data: a segment for each stretch.
    fn data(&self, part: usize) -> Vec<(usize, Vec<u8>)> {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for (_, at) in self.pieces().filter(|(owner, _)| *owner == part) {
            match stretches.last_mut() {
                Some(last) if last.end == at.start => last.end = at.end,
                _ => stretches.push(at.clone()),
            }
        }
        let bytes = |at: Range<usize>| {
            let (address, bytes) = self.module.data.iter().rev().find(|(address, _)| *address <= at.start)?;
            Some((at.start, bytes.get(at.start - address..at.end - address)?.to_vec()))
        };
        stretches.into_iter().filter_map(bytes).collect()
    }

    /// The pieces of data with the parts that have them.
    fn pieces(&self) -> impl Iterator<Item = (usize, &Range<usize>)> {
        self.owners.pieces.iter().copied().zip(self.linked.pieces.iter().map(|piece| &piece.at))
    }

    fn exports(&self, short: &Short) -> Vec<u8> {
        let given = if self.bodies.len() > 1 { self.given() } else { Vec::new() };
        let given = given.iter().enumerate().map(|(i, (kind, index))| (name(i), *kind, *index));
        let exports =
            self.module.exports.iter().map(|(name, kind, index)| (short.name(name).to_owned(), *kind, *index));
        let exports: Vec<(String, u8, usize)> = exports.chain(given).collect();
        vector(&exports, |out, (name, kind, index)| {
            text(out, name);
            out.push(*kind);
            number(out, if *kind == FUNCTION { self.numbers[0][index] } else { *index });
        })
    }

    /// Places of the table, with the functions that come there in the end.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let pointed = self.module.places.iter().map(|(place, function)| (*place, *function));
        pointed.chain(self.ways.iter().map(|(function, place)| (*place, *function)))
    }

    /// What stands in the table in the place of functions of other parts, with types; and the first part's table.
    fn stubs(&self) -> Found<(Vec<Typed>, InTable)> {
        let (mut stubs, mut in_table, mut trap) = (Vec::new(), Vec::new(), None);
        let count = self.numbers[0].len();
        for (place, function) in self.places() {
            let part = self.owners.functions[function];
            let number = match self.load {
                _ if part == 0 => self.numbers[0][&function],
                // Its places are empty until the rest has come, or one function stands in all.
                None if self.ways.get(&function) == Some(&place) => continue,
                None => *trap.get_or_insert_with(|| {
                    stubs.push((self.module.types.len(), vec![0, UNREACHABLE, END]));
                    count + stubs.len() - 1
                }),
                Some(load) => {
                    let kind = self.module.functions[function];
                    let load = self.numbers[0][&load];
                    stubs.push((kind, loading(self.module.types[kind], kind, (&self.chains[part - 1], load), place)?));
                    count + stubs.len() - 1
                }
            };
            in_table.push((place, number));
        }
        Ok((stubs, in_table))
    }

    pub fn part(&self, part: usize) -> Found<Vec<u8>> {
        let module = self.module;
        let tables = self.tables()?;
        let needed = |(_, (kind, index)): &(usize, (u8, usize))| *kind != FUNCTION || self.needs[part].contains(index);
        let given: Vec<(usize, (u8, usize))> = self.given().into_iter().enumerate().filter(needed).collect();
        let import = |out: &mut Vec<u8>, (i, (kind, index)): &(usize, (u8, usize))| {
            text(out, PAGE);
            text(out, &name(*i));
            out.push(*kind);
            match *kind {
                FUNCTION => number(out, module.functions[*index]),
                TABLE => out.extend(&tables[*index]),
                MEMORY => out.extend(module.memories[*index]),
                _ => out.extend(module.globals[*index].0),
            }
        };
        let mut file = File::new();
        file.section(1, &joined(&module.types));
        file.section(2, &vector(&given, import));
        file.section(3, &vector(&self.bodies[part], |out, function| number(out, module.functions[*function])));
        let own = self.places().filter(|(_, function)| self.owners.functions[*function] == part);
        let in_table: Vec<(usize, usize)> =
            own.map(|(place, function)| (place, self.numbers[part][&function])).collect();
        file.section(9, &elements(&in_table));
        file.section(10, &code(&self.bodies(part)?));
        file.section(11, &data(&self.data(part)));
        Ok(file.bytes)
    }

    /// The bodies of a part's functions, with the numbers that functions have there.
    fn bodies(&self, part: usize) -> Found<Vec<Vec<u8>>> {
        let call = |out: &mut Vec<u8>, called: usize| {
            if let Some(new) = self.numbers[part].get(&called) {
                out.push(CALL);
                number(out, *new);
            } else {
                constant(out, self.ways[&called]);
                out.push(CALL_INDIRECT);
                number(out, self.module.functions[called]);
                out.push(0);
            }
        };
        self.bodies[part].iter().map(|function| rewritten(self.module.body(*function), call)).collect()
    }

    /// The tables; the first has a place more for each way into another part.
    fn tables(&self) -> Found<Vec<Vec<u8>>> {
        let mut tables: Vec<Vec<u8>> = self.module.tables.iter().map(|table| table.to_vec()).collect();
        let mut old = Reader::new(self.module.tables[0]);
        let mut first = old.take(2)?.to_vec();
        while !old.ended() {
            number(&mut first, old.index()? + self.ways.len());
        }
        tables[0] = first;
        Ok(tables)
    }
}

/// Functions in an order that compresses well.
fn alike(module: &Module, functions: Vec<usize>) -> Vec<usize> {
    let bodies: Vec<&[u8]> = functions.iter().map(|function| module.body(*function)).collect();
    order::alike(&bodies).into_iter().map(|place| functions[place]).collect()
}

/// A function of some type that loads parts, and then calls what stands in its place.
fn loading(kind: &[u8], number_of_kind: usize, (parts, load): (&[usize], usize), place: usize) -> Found<Vec<u8>> {
    let mut r = Reader::new(kind);
    r.byte()?;
    let count = r.each(Reader::byte)?.len();
    let mut body = vec![0];
    for part in parts {
        constant(&mut body, part - 1);
        body.push(CALL);
        number(&mut body, load);
    }
    for parameter in 0..count {
        body.push(LOCAL);
        number(&mut body, parameter);
    }
    constant(&mut body, place);
    body.push(CALL_INDIRECT);
    number(&mut body, number_of_kind);
    body.extend([0, END]);
    Ok(body)
}

/// Each function's number, by the list of all.
fn numbers(functions: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    functions.enumerate().map(|(new, old)| (old, new)).collect()
}

/// What the rest imports is named by letters: `$a`, `$b`…
fn name(mut i: usize) -> String {
    let mut name = String::from("$");
    loop {
        name.push(char::from(b'a' + (i % 26) as u8));
        i /= 26;
        if i == 0 {
            return name;
        }
    }
}

/// Functions at places of the first table: a segment for each stretch without a gap.
fn elements(in_table: &[(usize, usize)]) -> Vec<u8> {
    let stretches: Vec<&[(usize, usize)]> = in_table.chunk_by(|a, b| a.0 + 1 == b.0).collect();
    vector(&stretches, |out, stretch| {
        out.push(0);
        constant(out, stretch[0].0);
        out.push(END);
        out.extend(vector(stretch, |out, (_, function)| number(out, *function)));
    })
}
