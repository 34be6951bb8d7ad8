//! Cuts a wasm in parts: what a visitor needs at once, and what is loaded later. `split SCRIPT FILE LINKED PART` replaces
//! `FILE` by the first part and writes the others, each to `PART` with its name for `*`; their names are printed. `LINKED` is
//! what the linker wrote, which says what uses what ([`linked`]). None has what only tools read (names, producers, features),
//! their functions lie in an order that compresses well ([`order`]), and what the first and the script know each other by is
//! short ([`short`]); `split SCRIPT FILE` does that alone to another wasm.
//!
//! Yew and the linker know one wasm only, so the cut is made afterwards, on what `wasm-bindgen` wrote, by the functions'
//! names. Of a part are the functions in one of the [`lists`], and all functions and data that only they use ([`owners`]).
//! All parts have one memory and one table: the others import them, and the functions that they call, from the first. Their
//! own functions take their places in the table when they are instantiated, and call each other by these; their data takes
//! its places in memory, where there were zeros until then, and nobody else looks.
//!
//! Until then, in a wasm that exports [`LOAD`] (an engine: a worker may wait), such a place in the table has a function that
//! calls that one with the part's number, and then the place again: a part is loaded when it is first needed. In another (the
//! page, which may not wait) it has one that traps. The page must therefore hand out a function of the rest only as a
//! pointer, to `ui::rest::shown`, when it has loaded the rest. That no function of its own calls one by name is checked here,
//! and is an error.

mod cut;
mod linked;
mod lists;
mod order;
mod owners;
mod short;
mod wasm;

#[cfg(test)]
mod tests;

use cut::Cut;
use linked::Linked;
use lists::{ENGINE, Part};
use short::Short;
use std::process::ExitCode;
use wasm::*;

/// What drops a value.
const DROP: &str = "core::ptr::drop_in_place";

/// The name under which the rest imports from the first part.
const PAGE: &str = "page";
/// What loads a part and comes back, as it is exported.
const LOAD: &str = "load_part";

type Found<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [script, file, linked, part] => cut(script, file, Some((linked, part))),
        [script, file] => cut(script, file, None),
        _ => Err("usage: split SCRIPT FILE LINKED PART, or split SCRIPT FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("split: {why}");
            ExitCode::FAILURE
        }
    }
}

fn cut(script: &str, file: &str, parts: Option<(&str, &str)>) -> Found<()> {
    let (old, words) = (read(file)?, read(script)?);
    let words = std::str::from_utf8(&words).map_err(|e| format!("{script}: {e}"))?;
    let (linked, part) = parts.unzip();
    let linked = linked
        .map_or(Ok(Linked::default()), |path| Linked::read(&read(path)?).map_err(|why| format!("{path}: {why}")))?;
    let parts = Module::read(&old).and_then(|module| {
        let list = if module.export(LOAD).is_some() { ENGINE } else { lists::PAGE };
        split(&module, &linked, words, if part.is_some() { list } else { &[] })
    });
    let parts = parts.map_err(|why| format!("{file}: {why}"))?;
    write(file, &parts.first)?;
    write(script, parts.script.as_bytes())?;
    for (name, bytes) in &parts.others {
        println!("{name}");
        write(&part.unwrap_or_default().replace('*', name), bytes)?;
    }
    Ok(())
}

fn read(path: &str) -> Found<Vec<u8>> {
    std::fs::read(path).map_err(|e| format!("{path}: {e}"))
}

fn write(path: &str, bytes: &[u8]) -> Found<()> {
    std::fs::write(path, bytes).map_err(|e| format!("{path}: {e}"))
}

/// The wasm files, the first and the others with their names; and the script of the first.
struct Parts {
    first: Vec<u8>,
    others: Vec<(&'static str, Vec<u8>)>,
    script: String,
}

fn split(module: &Module, linked: &Linked, script: &str, parts: &[Part]) -> Found<Parts> {
    let (cut, short) = (Cut::new(module, linked, parts)?, Short::of(module)?);
    let others =
        parts.iter().zip(1..).map(|(part, number)| Ok((part.name, cut.part(number)?))).collect::<Found<_>>()?;
    Ok(Parts { first: cut.first(&short)?, others, script: short.script(script) })
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
