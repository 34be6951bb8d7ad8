//! What a history of transactions tells: who read what of whom, which versions came after which, and what no order of
//! versions can put right.
//!
//! Values must be told apart: where one that was read was written twice to its key, who read from whom is unknown. A
//! transaction of unknown end has committed if something that it wrote was read, and else is left out. One that failed has
//! aborted.
//!
//! Of lists, what was read tells the order of what was appended; what nobody read comes after, in an order that nothing
//! tells. Of registers nothing tells the order of versions, but for what [`super::solve`] finds to be the only way.

use super::{Base, Dependency, How, Why};
use crate::check::history::{History, NEVER, Operation};
use crate::check::linear::relaxed;
use crate::check::spec::{Part, Spec, Transactions, Words};
use crate::check::weak::explain::named;
use crate::wire::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong whatever the order of versions is.
pub struct Oddity {
    pub name: &'static str,
    /// The weakest level that forbids it.
    pub least: Base,
    pub places: BTreeSet<usize>,
    pub why: String,
}

/// Transactions that wrote a key, in an order that nothing tells.
pub struct Group {
    pub key: u32,
    pub writers: Vec<usize>,
}

#[derive(Default)]
pub struct Observed {
    /// The places of the committed transactions in the history.
    pub places: Vec<usize>,
    /// By conflict: what was written, read and missed.
    pub dependencies: Vec<Dependency>,
    /// By the order of each process, and by real time.
    pub process: Vec<Dependency>,
    pub real_time: Vec<Dependency>,
    pub groups: Vec<Group>,
    /// Who read a transaction's version of a key, where the next version is not known.
    pub readers: BTreeMap<(u32, usize), Vec<usize>>,
    /// Whose version of a key a transaction read (none: what was there in the beginning); and who wrote a key.
    pub saw: BTreeMap<(usize, u32), Option<usize>>,
    pub wrote: BTreeSet<(usize, u32)>,
    /// Who read the longest list of a key, which tells its order.
    pub witnesses: BTreeMap<u32, usize>,
    pub oddities: Vec<Oddity>,
    pub words: Words,
}

/// A transaction that committed or aborted.
struct Txn {
    place: usize,
    parts: Vec<Part>,
    known: bool,
}

/// Who wrote a value to a key.
#[derive(Clone, Copy, PartialEq)]
struct Writer {
    txn: usize,
    /// It is the last that the transaction wrote to the key.
    last: bool,
}

struct Reader<'a> {
    history: &'a History,
    txns: Vec<Txn>,
    writers: BTreeMap<(u32, u32), Vec<Writer>>,
    /// The places of transactions that failed to write a value.
    aborted: BTreeMap<(u32, u32), usize>,
    own: Observed,
    unclear: Option<String>,
}

/// Reads a history. The inner error says why it cannot be told who read from whom.
pub fn read(spec: &Transactions, history: &History) -> Result<Result<Observed, String>, String> {
    let mut words = Words::default();
    let (mut txns, mut aborted) = (Vec::new(), BTreeMap::new());
    for (place, op) in history.operations.iter().enumerate() {
        let failed = op.outcome == Outcome::Fail;
        let parts = if failed { spec.read(&relaxed(op), &mut words)? } else { spec.read(op, &mut words)? };
        let parts = parts.unwrap_or_default();
        if failed {
            for written in writes(&parts) {
                aborted.entry(written).or_insert(place);
            }
        } else {
            txns.push(Txn { place, parts, known: op.outcome == Outcome::Ok });
        }
    }
    let txns = committed(txns);
    let own = Observed { places: txns.iter().map(|txn| txn.place).collect(), words, ..Observed::default() };
    let writers = writers(&txns);
    let mut reader = Reader { history, txns, writers, aborted, own, unclear: None };
    reader.own.wrote = reader.writers.iter().flat_map(|((key, _), all)| all.iter().map(|w| (w.txn, *key))).collect();
    if spec.append {
        reader.lists()
    } else {
        reader.registers()
    }
    reader.orders();
    Ok(match reader.unclear {
        Some(why) => Err(format!("{why}: who read from whom cannot be told")),
        None => Ok(reader.own),
    })
}

fn writes(parts: &[Part]) -> impl Iterator<Item = (u32, u32)> + '_ {
    parts.iter().filter_map(|part| if let Part::Write(key, value) = part { Some((*key, *value)) } else { None })
}

/// Leaves out those of unknown end of which nothing was read.
fn committed(txns: Vec<Txn>) -> Vec<Txn> {
    let mut read = BTreeSet::new();
    for part in txns.iter().flat_map(|txn| &txn.parts) {
        if let Part::Read(key, Some(values)) = part {
            read.extend(values.iter().map(|value| (*key, *value)));
        }
    }
    let counts = |txn: &Txn| txn.known || writes(&txn.parts).any(|written| read.contains(&written));
    txns.into_iter().filter(counts).collect()
}

fn writers(txns: &[Txn]) -> BTreeMap<(u32, u32), Vec<Writer>> {
    let mut writers = BTreeMap::<_, Vec<Writer>>::new();
    for (number, txn) in txns.iter().enumerate() {
        let last: BTreeMap<u32, u32> = writes(&txn.parts).collect();
        for (key, value) in writes(&txn.parts) {
            writers.entry((key, value)).or_default().push(Writer { txn: number, last: last.get(&key) == Some(&value) });
        }
    }
    writers
}

impl Reader<'_> {
    fn op(&self, txn: usize) -> &Operation {
        &self.history.operations[self.txns[txn].place]
    }

    fn line(&self, txn: usize) -> u32 {
        self.op(txn).lines.0
    }

    fn value(&self, number: u32) -> String {
        self.own.words.value(number).to_string()
    }

    /// Who wrote what was read. None: nobody did, or it cannot be told, which is noted.
    fn writer(&mut self, txn: usize, key: u32, value: u32) -> Option<Writer> {
        let all = self.writers.get(&(key, value)).cloned().unwrap_or_default();
        match all.as_slice() {
            [one] => Some(*one),
            [] => {
                let (name, key_name) = (self.value(value), self.value(key));
                let line = self.line(txn);
                let aborted = self.aborted.get(&(key, value)).copied();
                let why = match aborted {
                    Some(place) => format!(
                        "line {line} read {name} of {key_name}, which only {} wrote, and that did not commit",
                        named(self.history, place)
                    ),
                    None => format!("line {line} read {name} of {key_name}, which nobody wrote"),
                };
                let places = aborted.into_iter().chain([self.txns[txn].place]).collect();
                let name = if aborted.is_some() { "G1a (aborted read)" } else { "Read of what was never written" };
                self.own.oddities.push(Oddity { name, least: Base::ReadCommitted, places, why });
                None
            }
            [one, other, ..] => {
                let lines = (self.line(one.txn), self.line(other.txn));
                let (value, key) = (self.value(value), self.value(key));
                self.unclear =
                    Some(format!("{value} was written to {key} by lines {} and {}, and read", lines.0, lines.1));
                None
            }
        }
    }

    fn odd(&mut self, name: &'static str, least: Base, txns: &[usize], why: String) {
        let places = txns.iter().map(|txn| self.txns[*txn].place).collect();
        self.own.oddities.push(Oddity { name, least, places, why });
    }

    fn internal(&mut self, txn: usize, key: u32) {
        let why = format!("line {} read {} otherwise than it had itself written it", self.line(txn), self.value(key));
        self.odd("Internal inconsistency", Base::ReadCommitted, &[txn], why);
    }

    fn intermediate(&mut self, txn: usize, writer: Writer, key: u32) {
        if writer.txn != txn && !writer.last {
            let (own, other) = (self.line(txn), self.line(writer.txn));
            let why =
                format!("line {own} read what line {other} wrote to {} and then replaced itself", self.value(key));
            self.odd("G1b (intermediate read)", Base::ReadCommitted, &[writer.txn, txn], why);
        }
    }

    fn add(&mut self, from: usize, to: usize, why: Why) {
        if from != to {
            self.own.dependencies.push(Dependency { from, to, why });
        }
    }

    fn registers(&mut self) {
        let mut groups = BTreeMap::<u32, BTreeSet<usize>>::new();
        for (txn, key) in self.own.wrote.clone() {
            groups.entry(key).or_default().insert(txn);
        }
        for txn in 0..self.txns.len() {
            let parts = self.txns[txn].parts.clone();
            let mut mine = BTreeMap::new();
            for part in parts {
                match part {
                    Part::Write(key, value) => drop(mine.insert(key, value)),
                    Part::Read(key, Some(values)) => match (mine.get(&key), values.first()) {
                        (Some(own), seen) if seen != Some(own) => self.internal(txn, key),
                        (Some(_), _) => {}
                        (None, None) => self.beginning(txn, key, groups.get(&key)),
                        (None, Some(value)) => self.version(txn, key, *value),
                    },
                    Part::Read(_, None) => {}
                }
            }
        }
        let groups = groups.into_iter().filter(|(_, writers)| writers.len() > 1);
        self.own.groups = groups.map(|(key, writers)| Group { key, writers: writers.into_iter().collect() }).collect();
    }

    /// Nothing was read: before every version.
    fn beginning(&mut self, txn: usize, key: u32, writers: Option<&BTreeSet<usize>>) {
        if let Some(writer) = self.writers.get(&(key, 0)).and_then(|all| all.first()) {
            let (line, key) = (self.line(writer.txn), self.value(key));
            self.unclear = Some(format!("line {line} wrote nothing to {key}, which is also what is there first"));
            return;
        }
        self.own.saw.entry((txn, key)).or_insert(None);
        for writer in writers.into_iter().flatten() {
            self.add(txn, *writer, Why::Missed { key });
        }
    }

    fn version(&mut self, txn: usize, key: u32, value: u32) {
        let Some(writer) = self.writer(txn, key, value) else { return };
        if writer.txn == txn {
            return self.internal(txn, key);
        }
        self.intermediate(txn, writer, key);
        if writer.last {
            self.own.saw.entry((txn, key)).or_insert(Some(writer.txn));
            self.add(writer.txn, txn, Why::Saw { key });
            let readers = self.own.readers.entry((key, writer.txn)).or_default();
            if readers.last() != Some(&txn) {
                readers.push(txn);
            }
        }
    }

    fn lists(&mut self) {
        // By key: who read which list, of what committed.
        let mut reads = BTreeMap::<u32, Vec<(usize, Vec<u32>)>>::new();
        for txn in 0..self.txns.len() {
            let parts = self.txns[txn].parts.clone();
            let all: Vec<(u32, u32)> = writes(&parts).collect();
            let mut mine: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for part in parts {
                match part {
                    Part::Write(key, value) => mine.entry(key).or_default().push(value),
                    Part::Read(key, Some(values)) => {
                        let own: Vec<u32> =
                            values.iter().copied().filter(|value| all.contains(&(key, *value))).collect();
                        if own != mine.get(&key).cloned().unwrap_or_default() {
                            self.internal(txn, key);
                        }
                        let list = self.list(txn, key, &values);
                        reads.entry(key).or_default().extend(list.map(|list| (txn, list)));
                    }
                    Part::Read(_, None) => {}
                }
            }
        }
        let keys: BTreeSet<u32> = self.writers.keys().map(|(key, _)| *key).collect();
        for key in keys {
            self.versions(key, &reads.remove(&key).unwrap_or_default());
        }
    }

    /// A list that was read, without what did not commit. None: it has something twice.
    fn list(&mut self, txn: usize, key: u32, values: &[u32]) -> Option<Vec<u32>> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        if let Some(two) = sorted.windows(2).find(|two| two[0] == two[1]) {
            let why = format!("line {} read {} twice in {}", self.line(txn), self.value(two[0]), self.value(key));
            self.odd("Duplicate element", Base::ReadUncommitted, &[txn], why);
            return None;
        }
        let writers: Vec<Option<Writer>> = values.iter().map(|value| self.writer(txn, key, *value)).collect();
        if let Some(Some(writer)) = writers.last() {
            self.intermediate(txn, *writer, key);
        }
        Some(values.iter().zip(writers).filter(|(_, writer)| writer.is_some()).map(|(value, _)| *value).collect())
    }

    /// The order of what was appended to a key, and what follows from it.
    fn versions(&mut self, key: u32, reads: &[(usize, Vec<u32>)]) {
        let longest = reads.iter().max_by_key(|(_, list)| list.len());
        let order: &[u32] = longest.map_or(&[], |(_, list)| list);
        self.own.witnesses.extend(longest.map(|(txn, _)| (key, *txn)));
        if let Some((other, _)) = reads.iter().find(|(_, list)| !order.starts_with(list)) {
            let one = longest.map_or(*other, |(txn, _)| *txn);
            let (a, b) = (self.line(one), self.line(*other));
            let why = format!("what lines {a} and {b} read of {} is not the beginning of one list", self.value(key));
            self.odd("Incompatible order", Base::ReadUncommitted, &[one, *other], why);
            return;
        }
        let by = |value: &u32| self.writers.get(&(key, *value)).and_then(|all| all.first()).map(|writer| writer.txn);
        let chain: Vec<usize> = order.iter().filter_map(by).collect();
        let read: BTreeSet<u32> = order.iter().copied().collect();
        let unread = self.writers.range((key, 0)..=(key, u32::MAX)).filter(|((_, value), _)| !read.contains(value));
        let unread: BTreeSet<usize> = unread.flat_map(|(_, all)| all.iter().map(|writer| writer.txn)).collect();
        let after = |count: usize| match chain.get(count) {
            Some(next) => vec![*next],
            None => unread.iter().copied().collect::<Vec<usize>>(),
        };
        for (place, txn) in chain.iter().enumerate() {
            for next in after(place + 1) {
                self.add(*txn, next, Why::Wrote { key, how: How::Read });
            }
        }
        for (txn, list) in reads {
            let seen = list.len().checked_sub(1).map(|last| chain[last]);
            if let Some(writer) = seen {
                self.add(writer, *txn, Why::Saw { key });
            }
            self.own.saw.entry((*txn, key)).or_insert(seen);
            for next in after(list.len()) {
                self.add(*txn, next, Why::Missed { key });
            }
        }
        if unread.len() > 1 {
            self.own.groups.push(Group { key, writers: unread.into_iter().collect() });
        }
    }

    /// The orders of processes and of real time, as far as they do not follow from others.
    fn orders(&mut self) {
        let mut last = BTreeMap::new();
        for txn in 0..self.txns.len() {
            let process = &self.history.operations[self.txns[txn].place].process;
            if let Some(from) = last.get(process).copied() {
                self.own.process.push(Dependency { from, to: txn, why: Why::Process });
            }
            if self.txns[txn].known {
                last.insert(process, txn);
            }
        }
        let mut ends: Vec<(u32, usize)> = (0..self.txns.len()).map(|txn| (self.op(txn).completed(), txn)).collect();
        ends.retain(|(end, _)| *end != NEVER);
        ends.sort_unstable();
        // Up to each end the latest beginning.
        let mut begun = Vec::new();
        for (_, txn) in &ends {
            let invoked = self.op(*txn).invoked;
            begun.push(begun.last().map_or(invoked, |last: &u32| invoked.max(*last)));
        }
        for txn in 0..self.txns.len() {
            let invoked = self.op(txn).invoked;
            let count = ends.partition_point(|(end, _)| *end < invoked);
            let Some(latest) = count.checked_sub(1).map(|place| begun[place]) else { continue };
            let ended = ends[..count].iter().rev().take_while(|(end, _)| *end >= latest);
            let edges = ended.map(|(_, from)| Dependency { from: *from, to: txn, why: Why::RealTime });
            self.own.real_time.extend(edges);
        }
    }
}
