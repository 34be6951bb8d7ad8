//! Cuts the page's wasm in two: what every visitor needs at once, and the rest, which the page loads when somebody first
//! asks for it (`ui::rest`). `split SCRIPT PAGE REST` replaces the file `PAGE` by the first part and writes the second.
//! Neither has what only tools read (names, producers, features), their functions lie in an order that compresses well
//! ([`order`]), and what they and the script know each other by is short ([`short`]); `split SCRIPT FILE` does that alone to
//! another wasm.
//!
//! Yew and the linker know one wasm only, so the cut is made afterwards, on what `wasm-bindgen` wrote, by the functions'
//! names. Of the rest are the functions of the modules in [`REST`], and all that only they call. Both parts have one memory
//! and one table: the rest imports them, and the functions that it calls, from the first part. Its own functions take their
//! places in the table when it is instantiated; until then a call to one of them traps.
//!
//! The page must therefore hand out a function of the rest only as a pointer, to `ui::rest::shown`. That no function of the
//! page's own calls one by name is checked here, and is an error.
//!
//! Data is not cut: what is static stays in the first part.

mod order;
mod short;
mod wasm;

#[cfg(test)]
mod tests;

use short::Short;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use wasm::*;

/// The modules and functions that are loaded later: ours, and libraries that only they use.
const REST: &[&str] = &[
    "chrono",
    "faultline::ui::board",
    "faultline::ui::bench::Bench",
    "faultline::ui::bench::behind",
    "faultline::ui::bench::charts",
    "faultline::ui::bench::clip",
    "faultline::ui::bench::commands",
    "faultline::ui::bench::diagram",
    "faultline::ui::bench::dialog",
    "faultline::ui::bench::history",
    "faultline::ui::bench::hunt",
    "faultline::ui::bench::inbox",
    "faultline::ui::bench::inspector",
    "faultline::ui::bench::jobs",
    "faultline::ui::bench::lattice",
    "faultline::ui::bench::log",
    "faultline::ui::bench::look::look",
    "faultline::ui::bench::menu",
    "faultline::ui::bench::panels",
    "faultline::ui::bench::present",
    "faultline::ui::bench::properties",
    "faultline::ui::bench::sweep",
    "faultline::ui::bench::tabs",
    "faultline::ui::bench::transport",
    "faultline::ui::bench::use_keys_of_nobody",
    "faultline::ui::bench::verdict",
    "faultline::ui::books",
    "faultline::ui::guide",
    "faultline::ui::judge",
    "faultline::ui::keys::inside",
    "faultline::ui::pages::about",
    "faultline::ui::pages::cap",
    "faultline::ui::pages::class",
    "faultline::ui::pages::compare",
    "faultline::ui::pages::design",
    "faultline::ui::pages::glossary",
    "faultline::ui::pages::lesson",
    "faultline::ui::pages::review",
    "faultline::ui::pages::run",
    "faultline::ui::pages::sandbox",
    "faultline::ui::pages::search",
    "faultline::ui::pages::style",
    "faultline::ui::palette::inside",
    "faultline::ui::sandbox",
    "faultline::view::board",
    "faultline::view::cap",
    "faultline::view::compare",
    "faultline::view::concepts",
    "faultline::view::jobs",
    "faultline::view::sandbox",
    "faultline::view::search",
    "faultline::view::spacetime",
    "rs_fsrs",
];

/// Our own functions, and what was made for our own types. Others that call the rest do so for something of the rest.
const OWN: &str = "faultline::";
/// What drops a value.
const DROP: &str = "core::ptr::drop_in_place";

/// The name under which the rest imports from the first part.
const PAGE: &str = "page";

type Found<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [script, page, rest] => cut(script, page, Some(rest)),
        [script, file] => cut(script, file, None),
        _ => Err("usage: split SCRIPT PAGE REST, or split SCRIPT FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("split: {why}");
            ExitCode::FAILURE
        }
    }
}

fn cut(script: &str, file: &str, rest: Option<&str>) -> Found<()> {
    let (old, words) = (read(file)?, read(script)?);
    let words = std::str::from_utf8(&words).map_err(|e| format!("{script}: {e}"))?;
    let parts = split(&old, words, if rest.is_some() { REST } else { &[] }).map_err(|why| format!("{file}: {why}"))?;
    write(file, &parts.page)?;
    write(script, parts.script.as_bytes())?;
    rest.map_or(Ok(()), |rest| write(rest, &parts.rest))
}

fn read(path: &str) -> Found<Vec<u8>> {
    std::fs::read(path).map_err(|e| format!("{path}: {e}"))
}

fn write(path: &str, bytes: &[u8]) -> Found<()> {
    std::fs::write(path, bytes).map_err(|e| format!("{path}: {e}"))
}

/// The two wasm files, the second without meaning where nothing is loaded later; and the script of the first.
struct Parts {
    page: Vec<u8>,
    rest: Vec<u8>,
    script: String,
}

fn split(wasm: &[u8], script: &str, rest: &[&str]) -> Found<Parts> {
    let module = Module::read(wasm)?;
    let (cut, short) = (Cut::new(&module, rest)?, Short::of(&module)?);
    Ok(Parts { page: cut.page(&short)?, rest: cut.rest()?, script: short.script(script) })
}

/// Where the cut goes.
struct Cut<'a> {
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
}

impl<'a> Cut<'a> {
    fn new(module: &'a Module<'a>, rest: &[&str]) -> Found<Cut<'a>> {
        let later = |function: usize| rest.iter().any(|path| belongs(module.name(function), path));
        let called: Vec<Vec<usize>> = module.bodies.iter().map(|body| calls(body)).collect::<Found<_>>()?;
        let called = |function: usize| function.checked_sub(module.imported).map_or(&[][..], |own| &called[own]);
        let exported = module.exports.iter().filter(|(_, kind, _)| *kind == FUNCTION).map(|(.., function)| *function);
        let pointed = module.places.values().copied().filter(|function| !later(*function));
        let mut todo: Vec<usize> = exported.chain(module.start).chain(pointed).collect();
        let mut now: BTreeSet<usize> = (0..module.imported).collect();
        let mut ways = BTreeSet::new();
        while let Some(function) = todo.pop() {
            if function >= module.functions.len() {
                return Err(format!("there is no function {function}"));
            }
            if !now.insert(function) {
                continue;
            }
            for next in called(function) {
                let (from, to) = (module.name(function), module.name(*next));
                // What drops a value runs where there is one: if that is of the rest, the rest is there.
                let by_us = from.contains(OWN) && !from.starts_with(DROP);
                if later(*next) && !(by_us && is_of_all(to)) {
                    ways.insert(*next);
                    if by_us {
                        return Err(format!("{from} calls {to}, which is loaded later: see ui::rest"));
                    }
                } else {
                    todo.push(*next);
                }
            }
        }
        let own = module.imported..module.functions.len();
        let (stay, mut go): (Vec<usize>, Vec<usize>) = own.partition(|function| now.contains(function));
        if rest.is_empty() {
            // Nobody calls them.
            go.clear();
        }
        let [stay, go] = [stay, go].map(|functions| {
            let bodies: Vec<&[u8]> = functions.iter().map(|function| module.body(*function)).collect();
            order::alike(&bodies).into_iter().map(|place| functions[place]).collect::<Vec<usize>>()
        });
        let calls_of_rest: BTreeSet<usize> = go.iter().flat_map(|f| called(*f)).copied().collect();
        let shared: Vec<usize> = calls_of_rest.into_iter().filter(|function| now.contains(function)).collect();
        let mut limits = Reader::new(module.tables.first().ok_or("there is no table")?);
        limits.take(2)?;
        let table = limits.index()?;
        Ok(Cut {
            module,
            page: numbers((0..module.imported).chain(stay.iter().copied())),
            rest: numbers(shared.iter().chain(&go).copied()),
            ways: ways.into_iter().enumerate().map(|(i, function)| (function, table + i)).collect(),
            stay,
            go,
            shared,
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

    fn page(&self, short: &Short) -> Found<Vec<u8>> {
        let module = self.module;
        // What stands in the table in the place of functions of the rest: it traps. Without a rest there is no such place.
        let cut = usize::from(!self.go.is_empty());
        let (nothing, stub) = (module.types.len(), self.page.len());
        let trap_type: &[u8] = &[FUNCTION_TYPE, 0, 0];
        let types: Vec<&[u8]> = module.types.iter().copied().chain([trap_type].into_iter().take(cut)).collect();
        let kinds = self.stay.iter().map(|function| module.functions[*function]);
        let kinds: Vec<usize> = kinds.chain([nothing].into_iter().take(cut)).collect();
        let mut bodies = self.bodies(&self.stay, &self.page)?;
        bodies.extend([vec![0, UNREACHABLE, END]].into_iter().take(cut));
        let given = if cut > 0 { self.given() } else { Vec::new() };
        let given = given.iter().enumerate().map(|(i, (kind, index))| (name(i), *kind, *index));
        let exports = module.exports.iter().map(|(name, kind, index)| (short.name(name).to_owned(), *kind, *index));
        let exports: Vec<(String, u8, usize)> = exports.chain(given).collect();
        let mut file = File::new();
        file.section(1, &joined(&types));
        let imports: Vec<Vec<u8>> = module.imports.iter().map(|import| short.import(import)).collect::<Found<_>>()?;
        file.section(2, &joined(&imports));
        file.section(3, &vector(&kinds, |out, kind| number(out, *kind)));
        file.section(4, &joined(&self.tables()?));
        file.section(5, &joined(&module.memories));
        file.section(6, &vector(&module.globals, |out, (kind, value)| out.extend([*kind, *value].concat())));
        let export = |out: &mut Vec<u8>, (name, kind, index): &(String, u8, usize)| {
            text(out, name);
            out.push(*kind);
            number(out, if *kind == FUNCTION { self.page[index] } else { *index });
        };
        file.section(7, &vector(&exports, export));
        if let Some(start) = module.start {
            let mut out = Vec::new();
            number(&mut out, self.page[&start]);
            file.section(8, &out);
        }
        let in_table =
            module.places.iter().map(|(place, function)| (*place, *self.page.get(function).unwrap_or(&stub)));
        file.section(9, &elements(&in_table.collect::<Vec<_>>()));
        file.section(10, &code(&bodies));
        if let Some(data) = module.data {
            file.section(11, data);
        }
        Ok(file.bytes)
    }

    fn rest(&self) -> Found<Vec<u8>> {
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

/// Each function's number, by the list of all.
fn numbers(functions: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    functions.enumerate().map(|(new, old)| (old, new)).collect()
}

/// A function's name without the numbers of crates: `faultline[0123]::view` is `faultline::view`.
fn plain(name: &str) -> String {
    let (mut plain, mut left) = (String::new(), name);
    while let Some(at) = left.find('[') {
        let (before, after) = left.split_at(at);
        let number = after[1..].find(']').filter(|end| after[1..=*end].bytes().all(|b| b.is_ascii_hexdigit()));
        plain.push_str(before);
        match number.filter(|_| before.ends_with(|c: char| c.is_alphanumeric() || c == '_')) {
            Some(end) => left = &after[end + 2..],
            None => {
                plain.push('[');
                left = &after[1..];
            }
        }
    }
    plain + left
}

/// Whether a function is of a module, or of something in it.
fn belongs(name: &str, module: &str) -> bool {
    // What drops a value is of whoever drops it, wherever its type is from.
    if name.starts_with(DROP) || name.ends_with("::drop_slow") {
        return false;
    }
    let ends = |end: usize| !name[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    name.match_indices(module).any(|(from, _)| ends(from + module.len()))
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
