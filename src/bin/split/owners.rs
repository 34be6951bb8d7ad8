//! Which part has which function and which data.

use super::linked::{Linked, Use};
use super::lists::{Part, before};
use super::wasm::Module;
use super::{DROP, FUNCTION, Found, belongs};
use std::collections::BTreeSet;

/// Our own functions, and what was made for our own types. Others that call the rest do so for something of the rest.
const OWN: &str = "faultline::";

/// Parts of the names of functions that `wasm-bindgen` runs, to learn what the others are like, and takes out.
const DESCRIBING: [&str; 2] = ["describe", "wbg_cast::breaks_if_inlined"];

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
    /// list, and what that alone uses. What several use is of the first again, or if one of them comes after others, of the last
    /// of these.
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
        let first = graph.reached(0, graph.roots()?, &BTreeSet::new())?;
        let mut owner: Vec<Option<usize>> = (0..graph.count()).map(|node| first.contains(&node).then_some(0)).collect();
        for part in 1..=parts.len() {
            let before = before(parts, part);
            let earlier = |of: usize| of == 0 || before.contains(&of);
            let taken: BTreeSet<usize> = (0..owner.len()).filter(|node| owner[*node].is_some_and(earlier)).collect();
            let listed = (0..graph.listed.len()).filter(|f| graph.listed[*f] == Some(part) && !taken.contains(f));
            let reached = graph.reached(part, listed.collect(), &taken)?;
            let common = before.last().copied().unwrap_or(0);
            for node in &reached {
                owner[*node] = Some(if owner[*node].is_none() { part } else { common });
            }
        }
        owner.truncate(module.functions.len());
        Ok(Owners {
            pieces: graph.pieces(&owner, parts),
            // What nobody calls goes with the last.
            functions: owner.into_iter().map(|part| part.unwrap_or(parts.len())).collect(),
        })
    }
}

/// The part that is there whenever either of two is.
fn both(a: usize, b: usize, parts: &[Part]) -> usize {
    match () {
        () if a == b || before(parts, b).contains(&a) => a,
        () if before(parts, a).contains(&b) => b,
        () => 0,
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

    /// What is used by functions that are not found again by their names, or by what no symbol stands for.
    fn used_by_nobody_known(&self) -> Vec<usize> {
        let names: BTreeSet<&str> = self.module.names.values().map(String::as_str).collect();
        let gone = |name: &str| DESCRIBING.iter().any(|part| name.contains(part));
        let lost = self.linked.uses.iter().filter(|(name, _)| !names.contains(name.as_str()) && !gone(name));
        lost.flat_map(|(_, uses)| self.nodes(Some(uses))).collect()
    }

    /// The part of each piece of data. A function that is not there yet can be waited for, data cannot: it has to be there
    /// whenever one of those runs that use it. What nobody is known to use stays.
    fn pieces(&self, functions: &[Option<usize>], parts: &[Part]) -> Vec<usize> {
        let mut owner: Vec<Option<usize>> = functions.to_vec();
        owner.resize(self.count(), None);
        let count = functions.len();
        self.used_by_nobody_known().into_iter().filter(|node| *node >= count).for_each(|node| owner[node] = Some(0));
        loop {
            let mut changed = false;
            for node in 0..owner.len() {
                let Some(user) = owner[node] else { continue };
                for used in self.uses(node).into_iter().filter(|used| *used >= count) {
                    let new = Some(owner[used].map_or(user, |other| both(user, other, parts)));
                    changed |= new != owner[used];
                    owner[used] = new;
                }
            }
            if !changed {
                return owner.split_off(count).into_iter().map(|part| part.unwrap_or(0)).collect();
            }
        }
    }

    /// What has to be in the first part: what is exported, and pointed to by nobody knows whom.
    fn roots(&self) -> Found<Vec<usize>> {
        let module = self.module;
        let exported = module.exports.iter().filter(|(_, kind, _)| *kind == FUNCTION).map(|(.., function)| *function);
        let pointed = module.places.iter().filter(|(place, _)| !self.linked.used.contains(place));
        let pointed = pointed.map(|(_, function)| *function).chain(self.used_by_nobody_known());
        let pointed = pointed.filter(|node| self.listed(*node).is_none());
        let called = (module.imported..module.functions.len()).flat_map(self.called);
        let all = exported.clone().chain(module.start).chain(module.places.values().copied()).chain(called.copied());
        if let Some(unknown) = all.clone().find(|function| *function >= module.functions.len()) {
            return Err(format!("there is no function {unknown}"));
        }
        Ok((0..module.imported).chain(exported).chain(module.start).chain(pointed).collect())
    }

    /// What a part's own leads to, without what others' lists have, and without what earlier parts have taken.
    fn reached(&self, part: usize, own: Vec<usize>, taken: &BTreeSet<usize>) -> Found<BTreeSet<usize>> {
        let (mut reached, mut todo) = (BTreeSet::new(), own);
        let mine = |node: usize| self.listed(node).is_none_or(|of| of == part);
        while let Some(node) = todo.pop() {
            if !reached.insert(node) {
                continue;
            }
            for next in self.calls(node).iter().copied().filter(|next| !taken.contains(next)) {
                let (from, to) = (self.module.name(node), self.module.name(next));
                // What drops a value runs where there is one: if that is of a later part, the part is there.
                let by_us = from.contains(OWN) && !from.starts_with(DROP);
                if mine(next) || by_us && !self.waits && is_of_all(to) {
                    todo.push(next);
                } else if by_us && !self.waits {
                    return Err(format!("{from} calls {to}, which is loaded later: see ui::rest"));
                }
            }
            todo.extend(self.uses(node).into_iter().filter(|next| mine(*next) && !taken.contains(next)));
        }
        Ok(reached)
    }
}

/// A function of the standard library's own for one of our types. Functions that come out alike are one, by the name of any
/// of them: what the rest is said to have may be everybody's.
fn is_of_all(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    ["core::", "alloc::", "std::"].iter().any(|library| name.starts_with(library))
}
