//! Which part has which function and which data.

use super::linked::{Linked, Use};
use super::lists::Part;
use super::wasm::Module;
use super::{DROP, FUNCTION, Found, belongs};
use std::collections::BTreeSet;

/// Our own functions, and what was made for our own types. Others that call the rest do so for something of the rest.
const OWN: &str = "faultline::";

/// The part of each function, and of each piece of data. Parts are numbered: 0 is the first.
pub struct Owners {
    pub functions: Vec<usize>,
    pub pieces: Vec<usize>,
}

/// Functions and, with the numbers after theirs, pieces of data.
struct Graph<'a> {
    module: &'a Module<'a>,
    linked: &'a Linked,
    called: &'a dyn Fn(usize) -> &'a [usize],
    /// The part whose list has a function.
    listed: Vec<Option<usize>>,
    /// Whether a function that is called before its part is there can wait for it.
    waits: bool,
}

impl Owners {
    /// Of the first is what is exported, and all that it uses but for what is in a part's list; of another what is in its
    /// list, and what that alone uses; what several use is of the first again.
    pub fn of<'a>(
        module: &'a Module<'a>,
        linked: &'a Linked,
        parts: &[Part],
        called: &'a dyn Fn(usize) -> &'a [usize],
        waits: bool,
    ) -> Found<Owners> {
        let listed = |function: usize| {
            let name = module.name(function);
            // Who may wait can have anything loaded later, but should not need it soon for what is everybody's.
            let own = |part: &Part| part.of.iter().any(|path| belongs(name, path));
            if waits && is_of_all(name) { None } else { parts.iter().position(own).map(|part| part + 1) }
        };
        let listed = (0..module.functions.len()).map(listed).collect();
        let graph = Graph { module, linked, called, listed, waits };
        let first = graph.first()?;
        let mut owner: Vec<Option<usize>> = (0..graph.count()).map(|node| first.contains(&node).then_some(0)).collect();
        for part in 1..=parts.len() {
            for node in graph.of_part(part, &first) {
                owner[node] = Some(if owner[node].is_none() { part } else { 0 });
            }
        }
        let pieces = owner.split_off(module.functions.len());
        Ok(Owners {
            // What nobody calls goes with the last; data that nobody is known to use stays.
            functions: owner.into_iter().map(|part| part.unwrap_or(parts.len())).collect(),
            pieces: pieces.into_iter().map(|part| part.unwrap_or(0)).collect(),
        })
    }
}

impl Graph<'_> {
    fn count(&self) -> usize {
        self.module.functions.len() + self.linked.pieces.len()
    }

    /// Whether it is in some part's list.
    fn listed(&self, node: usize) -> Option<usize> {
        self.listed.get(node).copied().flatten()
    }

    fn calls(&self, node: usize) -> &[usize] {
        if node < self.module.functions.len() { (self.called)(node) } else { &[] }
    }

    /// What it uses other than by a call.
    fn uses(&self, node: usize) -> Vec<usize> {
        let used = match node.checked_sub(self.module.functions.len()) {
            Some(piece) => Some(&self.linked.pieces[piece].uses),
            None => self.linked.uses.get(self.module.name(node)),
        };
        self.nodes(used)
    }

    fn nodes(&self, used: Option<&BTreeSet<Use>>) -> Vec<usize> {
        let node = |used: &Use| match used {
            Use::Data(piece) => Some(self.module.functions.len() + piece),
            Use::Place(place) => self.module.places.get(place).copied(),
        };
        used.into_iter().flatten().filter_map(node).collect()
    }

    fn first(&self) -> Found<BTreeSet<usize>> {
        let module = self.module;
        let exported = module.exports.iter().filter(|(_, kind, _)| *kind == FUNCTION).map(|(.., function)| *function);
        let pointed = module.places.iter().filter(|(place, _)| !self.linked.used.contains(place));
        let pointed = pointed.map(|(_, function)| *function).chain(self.nodes(self.linked.uses.get("")));
        let known = |function: usize| function < self.count();
        let all = exported.clone().chain(module.start).chain(module.places.values().copied());
        if let Some(unknown) = all.clone().find(|function| *function >= module.functions.len()) {
            return Err(format!("there is no function {unknown}"));
        }
        let pointed = pointed.filter(|node| self.listed(*node).is_none());
        let mut first: BTreeSet<usize> = (0..module.imported).collect();
        let mut todo: Vec<usize> = exported.chain(module.start).chain(pointed).collect();
        while let Some(node) = todo.pop() {
            if !first.insert(node) {
                continue;
            }
            for next in self.calls(node) {
                let (from, to) = (module.name(node), module.name(*next));
                // What drops a value runs where there is one: if that is of the rest, the rest is there.
                let by_us = from.contains(OWN) && !from.starts_with(DROP);
                if !known(*next) {
                    return Err(format!("there is no function {next}"));
                } else if self.listed(*next).is_none() || by_us && is_of_all(to) {
                    todo.push(*next);
                } else if by_us && !self.waits {
                    return Err(format!("{from} calls {to}, which is loaded later: see ui::rest"));
                }
            }
            todo.extend(self.uses(node).into_iter().filter(|next| self.listed(*next).is_none()));
        }
        Ok(first)
    }

    /// What a part's list leads to, and the first does not have.
    fn of_part(&self, part: usize, first: &BTreeSet<usize>) -> BTreeSet<usize> {
        let (mut seen, mut todo) = (BTreeSet::new(), Vec::new());
        todo.extend((0..self.listed.len()).filter(|f| self.listed(*f) == Some(part) && !first.contains(f)));
        while let Some(node) = todo.pop() {
            if seen.insert(node) {
                let own = |next: &usize| *next < self.count() && self.listed(*next).is_none_or(|of| of == part);
                let next = self.calls(node).iter().copied().chain(self.uses(node));
                todo.extend(next.filter(own).filter(|next| !first.contains(next)));
            }
        }
        seen
    }
}

/// A function of the standard library's own for one of our types. Functions that come out alike are one, by the name of any
/// of them: what the rest is said to have may be everybody's.
fn is_of_all(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    ["core::", "alloc::", "std::"].iter().any(|library| name.starts_with(library))
}
