//! Where the cut goes, and both its sides.

use super::short::Short;
use super::wasm::*;
use super::{DROP, Found, LOAD, PAGE, belongs, order};
use std::collections::{BTreeMap, BTreeSet};

/// Our own functions, and what was made for our own types. Others that call the rest do so for something of the rest.
const OWN: &str = "faultline::";

/// Where the cut goes.
pub struct Cut<'a> {
    module: &'a Module<'a>,
    /// Each function's number in the first part, or in the rest.
    page: BTreeMap<usize, usize>,
    rest: BTreeMap<usize, usize>,
    /// The functions that have a body in the first part, and in the rest; in their order.
    stay: Vec<usize>,
    go: Vec<usize>,
    /// What the rest calls in the first part.
    shared: Vec<usize>,
    /// What the first part calls in the rest, with its place in the table.
    ways: BTreeMap<usize, usize>,
    /// What loads the rest.
    load: Option<usize>,
}

/// What is needed at once: its functions, and what they call later.
#[derive(Default)]
struct First {
    functions: BTreeSet<usize>,
    ways: BTreeSet<usize>,
}

impl<'a> Cut<'a> {
    pub fn new(module: &'a Module<'a>, rest: &[&str]) -> Found<Cut<'a>> {
        let called: Vec<Vec<usize>> = module.bodies.iter().map(|body| calls(body)).collect::<Found<_>>()?;
        let called = |function: usize| function.checked_sub(module.imported).map_or(&[][..], |own| &called[own]);
        let load = module.export(LOAD);
        let first = first(module, rest, &called, load.is_some())?;
        let own = module.imported..module.functions.len();
        let (stay, mut go): (Vec<usize>, Vec<usize>) = own.partition(|function| first.functions.contains(function));
        if rest.is_empty() {
            // Nobody calls them.
            go.clear();
        }
        let [stay, go] = [stay, go].map(|functions| {
            let bodies: Vec<&[u8]> = functions.iter().map(|function| module.body(*function)).collect();
            order::alike(&bodies).into_iter().map(|place| functions[place]).collect::<Vec<usize>>()
        });
        let calls_of_rest: BTreeSet<usize> = go.iter().flat_map(|f| called(*f)).copied().collect();
        let shared: Vec<usize> =
            calls_of_rest.into_iter().filter(|function| first.functions.contains(function)).collect();
        let mut limits = Reader::new(module.tables.first().ok_or("there is no table")?);
        limits.take(2)?;
        let table = limits.index()?;
        Ok(Cut {
            module,
            page: numbers((0..module.imported).chain(stay.iter().copied())),
            rest: numbers(shared.iter().chain(&go).copied()),
            ways: first.ways.into_iter().enumerate().map(|(i, function)| (function, table + i)).collect(),
            stay,
            go,
            shared,
            load,
        })
    }

    /// What the rest imports, by kind and number; the place in the list is the name.
    fn given(&self) -> Vec<(u8, usize)> {
        let all = |kind: u8, count: usize| (0..count).map(move |i| (kind, i));
        let module = self.module;
        let functions = self.shared.iter().map(|function| (FUNCTION, *function));
        let others = all(TABLE, module.tables.len()).chain(all(MEMORY, module.memories.len()));
        functions.chain(others).chain(all(GLOBAL, module.globals.len())).collect()
    }

    pub fn page(&self, short: &Short) -> Found<Vec<u8>> {
        let module = self.module;
        let (stubs, in_table) = self.stubs()?;
        let trap_type: &[u8] = &[FUNCTION_TYPE, 0, 0];
        let types: Vec<&[u8]> = module.types.iter().copied().chain([trap_type]).collect();
        let kinds = self.stay.iter().map(|function| module.functions[*function]);
        let kinds: Vec<usize> = kinds.chain(stubs.iter().map(|(kind, _)| *kind)).collect();
        let mut bodies = self.bodies(&self.stay, &self.page)?;
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
            number(&mut out, self.page[&start]);
            file.section(8, &out);
        }
        file.section(9, &elements(&in_table));
        file.section(10, &code(&bodies));
        if let Some(data) = module.data {
            file.section(11, data);
        }
        Ok(file.bytes)
    }

    fn exports(&self, short: &Short) -> Vec<u8> {
        let given = if self.go.is_empty() { Vec::new() } else { self.given() };
        let given = given.iter().enumerate().map(|(i, (kind, index))| (name(i), *kind, *index));
        let exports =
            self.module.exports.iter().map(|(name, kind, index)| (short.name(name).to_owned(), *kind, *index));
        let exports: Vec<(String, u8, usize)> = exports.chain(given).collect();
        vector(&exports, |out, (name, kind, index)| {
            text(out, name);
            out.push(*kind);
            number(out, if *kind == FUNCTION { self.page[index] } else { *index });
        })
    }

    /// What stands in the table in the place of functions of the rest, with types; and the first part's table.
    fn stubs(&self) -> Found<(Vec<(usize, Vec<u8>)>, Vec<(usize, usize)>)> {
        let (mut stubs, mut in_table, mut made) = (Vec::new(), Vec::new(), BTreeMap::new());
        let pointed = self.module.places.iter().map(|(place, function)| (*place, *function));
        let called = self.ways.iter().map(|(function, place)| (*place, *function));
        for (place, function) in pointed.chain(called) {
            let number = match (self.page.get(&function), self.load) {
                (Some(number), _) => *number,
                // Its places are empty until the rest has come, or one function stands in all.
                (None, None) if self.ways.get(&function) == Some(&place) => continue,
                (None, None) => *made.entry(0).or_insert_with(|| {
                    stubs.push((self.module.types.len(), vec![0, UNREACHABLE, END]));
                    self.page.len() + stubs.len() - 1
                }),
                (None, Some(load)) => {
                    let kind = self.module.functions[function];
                    stubs.push((kind, loading(self.module.types[kind], kind, self.page[&load], place)?));
                    self.page.len() + stubs.len() - 1
                }
            };
            in_table.push((place, number));
        }
        Ok((stubs, in_table))
    }

    pub fn rest(&self) -> Found<Vec<u8>> {
        let module = self.module;
        let tables = self.tables()?;
        let mut i = 0;
        let import = |out: &mut Vec<u8>, (kind, index): &(u8, usize)| {
            text(out, PAGE);
            text(out, &name(i));
            i += 1;
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
        file.section(2, &vector(&self.given(), import));
        file.section(3, &vector(&self.go, |out, function| number(out, module.functions[*function])));
        let pointed = module.places.iter().map(|(place, function)| (*place, *function));
        let called = self.ways.iter().map(|(function, place)| (*place, *function));
        let in_table = pointed.chain(called).filter(|(_, function)| !self.page.contains_key(function));
        let in_table: Vec<(usize, usize)> = in_table.map(|(place, function)| (place, self.rest[&function])).collect();
        file.section(9, &elements(&in_table));
        file.section(10, &code(&self.bodies(&self.go, &self.rest)?));
        Ok(file.bytes)
    }

    /// The bodies of some functions, with the numbers that functions have in their part.
    fn bodies(&self, functions: &[usize], numbers: &BTreeMap<usize, usize>) -> Found<Vec<Vec<u8>>> {
        let call = |out: &mut Vec<u8>, called: usize| {
            if let Some(new) = numbers.get(&called) {
                out.push(CALL);
                number(out, *new);
            } else {
                constant(out, self.ways[&called]);
                out.push(CALL_INDIRECT);
                number(out, self.module.functions[called]);
                out.push(0);
            }
        };
        functions.iter().map(|function| rewritten(self.module.body(*function), call)).collect()
    }

    /// The tables; the first has a place more for each way into the rest.
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

/// What is needed at once: what is exported and pointed to, and all that it calls, but for what is in the list.
fn first<'a>(module: &Module, rest: &[&str], called: &dyn Fn(usize) -> &'a [usize], waits: bool) -> Found<First> {
    let listed = |name: &str| rest.iter().any(|path| belongs(name, path));
    // Who may wait can have anything loaded later, but should not need it soon for what is everybody's.
    let later = |function: usize| listed(module.name(function)) && !(waits && is_of_all(module.name(function)));
    let exported = module.exports.iter().filter(|(_, kind, _)| *kind == FUNCTION).map(|(.., function)| *function);
    let pointed = module.places.values().copied().filter(|function| !later(*function));
    let mut todo: Vec<usize> = exported.chain(module.start).chain(pointed).collect();
    let mut first = First { functions: (0..module.imported).collect(), ways: BTreeSet::new() };
    while let Some(function) = todo.pop() {
        if function >= module.functions.len() {
            return Err(format!("there is no function {function}"));
        }
        if !first.functions.insert(function) {
            continue;
        }
        for next in called(function) {
            let (from, to) = (module.name(function), module.name(*next));
            // What drops a value runs where there is one: if that is of the rest, the rest is there.
            let by_us = from.contains(OWN) && !from.starts_with(DROP);
            if later(*next) && !(by_us && is_of_all(to)) {
                first.ways.insert(*next);
                if by_us && !waits {
                    return Err(format!("{from} calls {to}, which is loaded later: see ui::rest"));
                }
            } else {
                todo.push(*next);
            }
        }
    }
    Ok(first)
}

/// A function of some type that loads the rest, and then calls what stands in its place.
fn loading(kind: &[u8], number_of_kind: usize, load: usize, place: usize) -> Found<Vec<u8>> {
    let mut r = Reader::new(kind);
    r.byte()?;
    let count = r.each(Reader::byte)?.len();
    let mut body = vec![0, CALL];
    number(&mut body, load);
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

/// A function of the standard library's own for one of our types. Functions that come out alike are one, by the name of any
/// of them: what the rest is said to have may be everybody's.
fn is_of_all(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    ["core::", "alloc::", "std::"].iter().any(|library| name.starts_with(library))
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
