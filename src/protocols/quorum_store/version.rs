//! Versions of a value, and which of them is left when two replicas held different ones.
//!
//! Siblings are told apart by dotted version vectors: Preguiça, Baquero, Almeida, Fonte, Gonçalves: Dotted version vectors:
//! logical clocks for optimistic replication, 2010 (arXiv:1011.5808), and Brief announcement: Efficient causality tracking
//! in distributed storage systems with dotted version vectors, PODC 2012. A version is named by its **dot**, one event of
//! the replica that coordinated it, and carries the **vector** of what its client had read. It supersedes exactly what that
//! vector contains: so two clients of one replica that read the same make siblings, which plain version vectors of
//! replicas would take for one after the other.
//!
//! Invariant: who holds the n-th dot of an actor for a key holds all of that actor's earlier ones for it, or what supersedes
//! them. So one number an actor is enough for a vector. It is why a coordinator sends all that it holds of the key.

use super::Conflicts;
use crate::base::{Micros, NodeId, codec, hash};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event of a coordinator in one of its lives. The count only grows; it may skip numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dot {
    pub node: NodeId,
    pub life: u32,
    pub count: u64,
}

/// Who asked for a write: all versions that one put has made, if it was asked for at several coordinators, have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Author {
    pub client: NodeId,
    pub life: u32,
    pub op: u32,
}

/// For each actor its highest dot: stands for that one and all earlier ones. In order, each actor once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector(pub Vec<Dot>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub mark: Mark,
    pub author: Author,
    /// What its client had read; empty under last-writer-wins.
    pub past: Vector,
    pub value: Datum,
}

/// The name of a version, and its place in the order of last-writer-wins: by the coordinator's clock, ties by the dot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    pub stamp: Micros,
    pub dot: Dot,
}

/// What is held of a key: versions in the order of their dots, none of which supersedes another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held(pub Vec<Version>);

impl Vector {
    pub fn contains(&self, dot: Dot) -> bool {
        self.0.iter().any(|d| (d.node, d.life) == (dot.node, dot.life) && d.count >= dot.count)
    }

    pub fn add(&mut self, dot: Dot) {
        match self.0.binary_search_by_key(&(dot.node, dot.life), |d| (d.node, d.life)) {
            Ok(place) => self.0[place].count = self.0[place].count.max(dot.count),
            Err(place) => self.0.insert(place, dot),
        }
    }

    pub fn join(&mut self, other: &Vector) {
        other.0.iter().for_each(|dot| self.add(*dot));
    }
}

impl Held {
    pub fn of(version: Version) -> Held {
        Held(vec![version])
    }

    /// All dots that are held or superseded: what a client has seen that was given this.
    pub fn seen(&self) -> Vector {
        let mut seen = Vector::default();
        for version in &self.0 {
            seen.join(&version.past);
            seen.add(version.mark.dot);
        }
        seen
    }

    /// The latest version by the order of last-writer-wins.
    pub fn latest(&self) -> Option<&Version> {
        self.0.iter().max_by_key(|version| version.mark)
    }

    /// It is held, or something that supersedes it.
    pub fn covers(&self, mark: Mark, conflicts: Conflicts) -> bool {
        match conflicts {
            Conflicts::LastWriterWins => self.latest().is_some_and(|latest| latest.mark >= mark),
            Conflicts::Siblings => {
                self.0.iter().any(|version| version.mark.dot == mark.dot || version.past.contains(mark.dot))
            }
        }
    }

    /// Takes up what another holds; says whether that changed anything (Preguiça, 2012: `sync`).
    pub fn merge(&mut self, other: &Held, conflicts: Conflicts) -> bool {
        let new: Vec<&Version> = other.0.iter().filter(|version| !self.covers(version.mark, conflicts)).collect();
        if new.is_empty() {
            return false;
        }
        let new: Vec<Version> = new.into_iter().cloned().collect();
        match conflicts {
            Conflicts::LastWriterWins => {
                self.0 = new.into_iter().max_by_key(|version| version.mark).into_iter().collect();
            }
            Conflicts::Siblings => {
                self.0.retain(|own| other.0.iter().all(|version| !version.past.contains(own.mark.dot)));
                self.0.extend(new);
                self.0.sort_by_key(|version| version.mark.dot);
            }
        }
        true
    }

    /// What a client is told: nothing, the value, or the values of siblings, those of one put once.
    pub fn answer(&self) -> Datum {
        let mut authors: Vec<Author> = Vec::new();
        let mut values = Vec::new();
        for version in &self.0 {
            if !authors.contains(&version.author) {
                authors.push(version.author);
                values.push(version.value.clone());
            }
        }
        match values.len() {
            0 => Datum::None,
            1 => values.remove(0),
            _ => Datum::List(values),
        }
    }

    pub fn digest(&self) -> u64 {
        hash::bytes(0, &codec::to_bytes(self))
    }

    /// `x=4`, `x=[4, 5]`, `x unwritten`
    pub fn words(&self, key: &str) -> String {
        match self.0.len() {
            0 => format!("{key} unwritten"),
            _ => format!("{key}={}", self.answer()),
        }
    }
}

/// `n1.3`: the third event of the node of number 1; `n1/2.3` in its second life.
impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.life {
            0 | 1 => write!(f, "{}.{}", self.node.0 + 1, self.count),
            life => write!(f, "{}/{life}.{}", self.node.0 + 1, self.count),
        }
    }
}

/// `12 ms by 1.3`
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.stamp, self.dot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(count: u64, past: &[u64]) -> Version {
        let dot = |count| Dot { node: NodeId(0), life: 1, count };
        let mut vector = Vector::default();
        past.iter().for_each(|count| vector.add(dot(*count)));
        let author = Author { client: NodeId(9), life: 1, op: count as u32 };
        let mark = Mark { stamp: Micros(count), dot: dot(count) };
        Version { mark, author, past: vector, value: Datum::Int(count as i64) }
    }

    /// Preguiça and others, 2010, figure 1: two clients read the same and write at the same replica.
    #[test]
    fn writes_of_two_clients_at_one_replica_are_siblings() {
        let mut held = Held::of(version(1, &[]));
        for count in [2, 3] {
            assert!(held.merge(&Held::of(version(count, &[1])), Conflicts::Siblings));
        }
        assert_eq!(held.answer(), Datum::List(vec![Datum::Int(2), Datum::Int(3)]));
        assert!(!held.merge(&Held::of(version(1, &[])), Conflicts::Siblings), "an older one does not come back");
        assert!(held.merge(&Held::of(version(4, &[3])), Conflicts::Siblings));
        assert_eq!(held.answer(), Datum::Int(4), "who read both replaces both");
    }

    /// In whichever order replicas meet, they end with the same.
    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        let all = [version(1, &[]), version(2, &[1]), version(3, &[1]), version(4, &[2]), version(5, &[])];
        for conflicts in [Conflicts::Siblings, Conflicts::LastWriterWins] {
            let folded = |order: &[usize]| {
                let mut held = Held::default();
                for place in order {
                    held.merge(&Held::of(all[*place].clone()), conflicts);
                }
                held
            };
            let first = folded(&[0, 1, 2, 3, 4]);
            for order in [[4, 3, 2, 1, 0], [2, 4, 0, 3, 1], [1, 0, 3, 2, 4]] {
                let mut other = folded(&order);
                assert_eq!(other, first, "{order:?}");
                assert!(!other.merge(&first, conflicts));
            }
        }
    }
}
