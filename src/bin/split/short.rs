//! Short names for what a wasm and its script know each other by. `wasm-bindgen` gives each function a long name that ends
//! in a hash, which nothing compresses, and writes it into both files: of the page's, they were 9 of 277 kB.

use super::wasm::*;
use super::{Found, Module};
use std::collections::BTreeMap;

/// How the names begin that `wasm-bindgen` gives.
const GIVEN: [&str; 3] = ["__wbg_", "__wbindgen_", "wasm_bindgen_"];

/// The short name of each long one: a sign and a number. It depends on nothing but the set of the names, which a script has
/// all of: the same script stays the same, and with it the file's name.
pub struct Short(BTreeMap<String, String>);

impl Short {
    pub fn of(module: &Module) -> Found<Short> {
        let imported = module.imports.iter().map(|import| Ok(parts(import)?.1)).collect::<Found<Vec<&str>>>()?;
        let exported = module.exports.iter().map(|(name, ..)| *name);
        let long = |name: &&str| GIVEN.iter().any(|given| name.starts_with(given));
        let mut names: Vec<&str> = imported.into_iter().chain(exported).filter(long).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Short(names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), format!("${i}"))).collect()))
    }

    /// The name that something has from now on.
    pub fn name<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// Something imported, by its new name.
    pub fn import(&self, import: &[u8]) -> Found<Vec<u8>> {
        let (module, name, rest) = parts(import)?;
        let mut out = Vec::new();
        text(&mut out, module);
        text(&mut out, self.name(name));
        out.extend(rest);
        Ok(out)
    }

    /// A script with the new names: whole words are replaced.
    pub fn script(&self, script: &str) -> String {
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let (mut out, mut left) = (String::new(), script);
        while let Some(from) = left.find(in_word) {
            let (before, after) = left.split_at(from);
            let (word, after) = after.split_at(after.find(|c| !in_word(c)).unwrap_or(after.len()));
            out.push_str(before);
            out.push_str(self.name(word));
            left = after;
        }
        out + left
    }
}

/// The module and the name of something imported, and what it is.
fn parts(import: &[u8]) -> Found<(&str, &str, &[u8])> {
    let mut r = Reader::new(import);
    Ok((r.text()?, r.text()?, &import[r.at..]))
}
