//! Cuts a wasm in two: what a visitor needs at once, and the rest, which is loaded later. `split SCRIPT FILE REST` replaces
//! `FILE` by the first part and writes the second. Neither has what only tools read (names, producers, features), their
//! functions lie in an order that compresses well ([`order`]), and what they and the script know each other by is short
//! ([`short`]); `split SCRIPT FILE` does that alone to another wasm.
//!
//! Yew and the linker know one wasm only, so the cut is made afterwards, on what `wasm-bindgen` wrote, by the functions'
//! names. Of the rest are the functions in one of the [`lists`], and all that only they call. Both parts have one memory and
//! one table: the rest imports them, and the functions that it calls, from the first part. Its own functions take their
//! places in the table when it is instantiated.
//!
//! Until then, in a wasm that exports [`LOAD`] (an engine: a worker may wait), such a place has a function that calls that
//! one, and then the place again: the rest is loaded when it is first needed. In another (the page, which may not wait) it
//! has one that traps. The page must therefore hand out a function of the rest only as a pointer, to `ui::rest::shown`, when
//! it has loaded the rest. That no function of its own calls one by name is checked here, and is an error.
//!
//! Data is not cut: what is static stays in the first part.

mod cut;
mod lists;
mod order;
mod short;
mod wasm;

#[cfg(test)]
mod tests;

use cut::Cut;
use lists::{LATER, REST};
use short::Short;
use std::process::ExitCode;
use wasm::*;

/// What drops a value.
const DROP: &str = "core::ptr::drop_in_place";

/// The name under which the rest imports from the first part.
const PAGE: &str = "page";
/// What loads the rest and comes back, as it is exported.
const LOAD: &str = "load_rest";

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
    let parts = Module::read(&old).and_then(|module| {
        let list = if module.export(LOAD).is_some() { LATER } else { REST };
        split(&module, words, if rest.is_some() { list } else { &[] })
    });
    let parts = parts.map_err(|why| format!("{file}: {why}"))?;
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

fn split(module: &Module, script: &str, rest: &[&str]) -> Found<Parts> {
    let (cut, short) = (Cut::new(module, rest)?, Short::of(module)?);
    Ok(Parts { page: cut.page(&short)?, rest: cut.rest()?, script: short.script(script) })
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
