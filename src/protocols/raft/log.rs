//! The replicated log (section 5.3), with its compacted beginning (section 7).
//!
//! Indices and terms start at 1; index 0, term 0 stands for the empty beginning that all logs share. Entries lie in
//! chunks that copies of a log share, because every sync keeps a copy of the disk. A place in a chunk is written once: a
//! copy that is shorter does not see what others wrote behind its end, and one that would write another entry there takes
//! a chunk of its own. So appending copies nothing. Compaction drops whole chunks, so that up to a chunk's entries may be
//! kept that a snapshot covers as well. The encoding is that of a plain list.

use super::config::Config;
use super::messages::Ticket;
use crate::base::NodeId;
use crate::wire::Op;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

const CHUNK: usize = 16;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub term: u64,
    pub payload: Payload,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Payload {
    /// A leader's first entry (section 8).
    NoOp,
    /// Opens a client's session; its index is the session's name (dissertation, section 6.3). The client's first
    /// operation that asked for it tells copies of one request from another request.
    Register { client: NodeId, serial: u32 },
    #[serde(deserialize_with = "shared")]
    Command(Rc<Command>),
    #[serde(deserialize_with = "shared")]
    Config(Rc<Config>),
}

/// Reads into place: serde's own reader of `Rc` makes a box on the way.
fn shared<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Rc<T>, D::Error> {
    T::deserialize(d).map(Rc::new)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub ticket: Ticket,
    pub op: Op,
}

/// Entries in a message: most often there is one.
pub type Entries = SmallVec<[Entry; 1]>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Plain")]
pub struct Log {
    /// Of the last entry that was dropped.
    base_index: u64,
    base_term: u64,
    full: Rc<Vec<Rc<Chunk>>>,
    last: Rc<Chunk>,
    /// Entries of `last` that belong to this log: fewer than a chunk's.
    in_last: usize,
}

type Chunk = [OnceCell<Entry>; CHUNK];

/// As it is encoded.
#[derive(Deserialize)]
struct Plain {
    base_index: u64,
    base_term: u64,
    entries: Vec<Entry>,
}

impl From<Plain> for Log {
    fn from(plain: Plain) -> Log {
        let mut log = Log { base_index: plain.base_index, base_term: plain.base_term, ..Log::default() };
        plain.entries.into_iter().for_each(|entry| log.push(entry));
        log
    }
}

impl Serialize for Log {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut plain = serializer.serialize_struct("Log", 3)?;
        plain.serialize_field("base_index", &self.base_index)?;
        plain.serialize_field("base_term", &self.base_term)?;
        plain.serialize_field("entries", &List(self))?;
        plain.end()
    }
}

struct List<'a>(&'a Log);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_seq(Some(self.0.len() as usize))?;
        self.0.iter().try_for_each(|entry| entries.serialize_element(entry))?;
        entries.end()
    }
}

impl PartialEq for Log {
    fn eq(&self, other: &Log) -> bool {
        let base = |log: &Log| (log.base_index, log.base_term, log.len());
        base(self) == base(other) && self.iter().eq(other.iter())
    }
}

impl Log {
    /// The index of the last entry that was dropped: all after it are here.
    pub fn base(&self) -> u64 {
        self.base_index
    }

    pub fn len(&self) -> u64 {
        (self.full.len() * CHUNK + self.in_last) as u64
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        let full = self.full.iter().flat_map(|chunk| chunk.iter());
        full.chain(&self.last[..self.in_last]).filter_map(OnceCell::get)
    }

    pub fn last_index(&self) -> u64 {
        self.base_index + self.len()
    }

    pub fn last_term(&self) -> u64 {
        self.get(self.last_index()).map_or(self.base_term, |entry| entry.term)
    }

    pub fn get(&self, index: u64) -> Option<&Entry> {
        let place = index.checked_sub(self.base_index + 1)? as usize;
        let (chunk, place) = (place / CHUNK, place % CHUNK);
        match self.full.get(chunk) {
            Some(chunk) => chunk[place].get(),
            None if chunk == self.full.len() && place < self.in_last => self.last[place].get(),
            None => None,
        }
    }

    /// The term of an entry that is here, or of the last that was dropped.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.base_index { Some(self.base_term) } else { self.get(index).map(|entry| entry.term) }
    }

    pub fn push(&mut self, entry: Entry) {
        if let Err(entry) = self.last[self.in_last].set(entry) {
            // A copy went on differently.
            let own = Chunk::default();
            for (place, known) in own.iter().zip(&self.last[..self.in_last]) {
                known.get().cloned().map(|known| place.set(known));
            }
            let _ = own[self.in_last].set(entry);
            self.last = Rc::new(own);
        }
        self.in_last += 1;
        if self.in_last == CHUNK {
            Rc::make_mut(&mut self.full).push(std::mem::take(&mut self.last));
            self.in_last = 0;
        }
    }

    /// Drops the entries from `index` on.
    pub fn truncate(&mut self, index: u64) {
        let keep = index.saturating_sub(self.base_index + 1) as usize;
        if keep as u64 >= self.len() {
            return;
        }
        if let Some(chunk) = self.full.get(keep / CHUNK) {
            self.last = Rc::clone(chunk);
            Rc::make_mut(&mut self.full).truncate(keep / CHUNK);
        }
        self.in_last = keep % CHUNK;
    }

    /// Drops full chunks that end at or before `index`.
    pub fn compact(&mut self, index: u64) {
        let chunks = (index.saturating_sub(self.base_index) as usize / CHUNK).min(self.full.len());
        if chunks > 0 {
            let base_index = self.base_index + (chunks * CHUNK) as u64;
            self.base_term = self.term_at(base_index).unwrap_or(self.base_term);
            self.base_index = base_index;
            Rc::make_mut(&mut self.full).drain(..chunks);
        }
    }

    /// Drops everything, and goes on after an entry of this index and term.
    pub fn restart_after(&mut self, index: u64, term: u64) {
        *self = Log { base_index: index, base_term: term, ..Log::default() };
    }

    /// At most `max` entries from `index` on.
    pub fn slice(&self, index: u64, max: u64) -> Entries {
        let end = self.last_index().min(index.saturating_add(max).saturating_sub(1));
        (index..=end).filter_map(|i| self.get(i).cloned()).collect()
    }

    /// The first index that is here of the run of entries with one term that ends at `index`.
    pub fn first_of_run(&self, index: u64) -> u64 {
        let term = self.term_at(index);
        let mut first = index;
        while first > self.base_index + 1 && self.term_at(first - 1) == term {
            first -= 1;
        }
        first
    }

    /// The last index of an entry of this term.
    pub fn last_of_term(&self, term: u64) -> Option<u64> {
        let mut index = self.last_index();
        while index > self.base_index {
            match self.term_at(index) {
                Some(here) if here == term => return Some(index),
                Some(here) if here < term => return None,
                _ => index -= 1,
            }
        }
        None
    }

    /// The newest configuration in the log at or before `index`, with its index.
    pub fn config(&self, index: u64) -> Option<(u64, &Rc<Config>)> {
        let indices = (self.base_index + 1..=index.min(self.last_index())).rev();
        indices.filter_map(|i| self.get(i).map(|entry| (i, entry))).find_map(|(i, entry)| match &entry.payload {
            Payload::Config(config) => Some((i, config)),
            _ => None,
        })
    }
}

/// As on a card: `3:x=4`, term and what it does.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.term)?;
        match &self.payload {
            Payload::NoOp => f.write_str("no-op"),
            Payload::Register { .. } => f.write_str("session"),
            Payload::Config(config) if config.old.is_some() => f.write_str("joint"),
            Payload::Config(_) => f.write_str("members"),
            Payload::Command(command) if command.op.f == "put" => {
                write!(f, "{}={}", command.op.key, command.op.value)
            }
            Payload::Command(command) => write!(f, "{}", command.op),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codec;
    use proptest::prelude::*;

    /// The same by the simplest means.
    #[derive(Default)]
    struct Twin {
        base: (u64, u64),
        terms: Vec<u64>,
    }

    fn agree(log: &Log, twin: &Twin) {
        let first = twin.base.0 + 1;
        assert_eq!(log.last_index(), twin.base.0 + twin.terms.len() as u64);
        assert_eq!(log.last_term(), twin.terms.last().copied().unwrap_or(twin.base.1));
        for (i, term) in twin.terms.iter().enumerate().filter(|(i, _)| first + *i as u64 > log.base()) {
            let index = first + i as u64;
            assert_eq!(log.term_at(index), Some(*term));
            let run = twin.terms[..=i].iter().rev().take_while(|t| *t == term).count() as u64;
            assert_eq!(log.first_of_run(index), (index + 1 - run).max(log.base() + 1));
            assert_eq!(log.last_of_term(*term), twin.terms.iter().rposition(|t| t == term).map(|i| first + i as u64));
        }
        assert!(log.base() >= twin.base.0, "nothing is dropped that a snapshot does not cover");
        assert_eq!(log.get(log.last_index() + 1), None);
        assert_eq!(log.slice(log.base() + 1, u64::MAX).len() as u64, log.len());
        assert_eq!(codec::from_bytes::<Log>(&codec::to_bytes(log)).as_ref(), Ok(log));
    }

    proptest! {
        #[test]
        fn chunked_log_is_a_list_of_entries(steps in prop::collection::vec((0u8..8, 0u64..80), 0..120)) {
            let (mut log, mut twin, mut term) = (Log::default(), Twin::default(), 1);
            let mut copies = Vec::new();
            for (what, n) in steps {
                match what {
                    0..=3 => for _ in 0..n % 20 {
                        log.push(Entry { term, payload: Payload::NoOp });
                        twin.terms.push(term);
                    },
                    4 => term += n % 3,
                    5 => {
                        let index = (log.last_index() + 1).saturating_sub(n % 20).max(log.base() + 1);
                        log.truncate(index);
                        twin.terms.truncate((index - twin.base.0 - 1) as usize);
                    }
                    6 => log.compact(log.base() + n.min(log.len())),
                    _ if n < 4 => {
                        log.restart_after(log.last_index() + n, term);
                        twin = Twin { base: (log.last_index(), term), terms: Vec::new() };
                    }
                    _ => copies.push((log.clone(), codec::to_bytes(&log))),
                }
                agree(&log, &twin);
            }
            for (copy, bytes) in copies {
                prop_assert_eq!(codec::to_bytes(&copy), bytes, "a copy is not changed by later writes");
            }
        }
    }
}
