//! A history of registers as reads and writes, with who read from whom; and of lists, to which values are added at the end.
//! A list that was read begins with what was put, or with nothing, and each of its items tells who added it.
//!
//! That can be told where no value that was read was written twice to its key, nor nothing (`null`) if that was read; else
//! it is unknown. A write of unknown end counts where it was read; where it was not, it is left out: whatever can be
//! explained with it can be without it. Nothing follows it in its own process (see [`crate::check::history`]).

use super::explain::named;
use crate::check::history::History;
use crate::check::linear::relaxed;
use crate::check::spec::{Access, Spec, Words};
use crate::wire::{Datum, Outcome};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// What a read saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Nothing: the state in the beginning.
    Beginning,
    /// What an operation wrote.
    Of(usize),
}

/// What a read saw, and who had added to it, in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    base: Sight,
    added: Vec<usize>,
}

/// The first items of one of the lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    pub list: usize,
    pub len: usize,
}

/// An operation; a compare-and-set that matched reads and writes.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its place in the history.
    pub place: usize,
    pub process: usize,
    pub key: usize,
    pub sight: Option<Sight>,
    /// What had been added to that.
    pub added: Prefix,
    pub writes: bool,
    /// It added to what was there.
    pub appends: bool,
    pub known: bool,
    /// Of those before it in its process whose end is known: the last one, the last read, the last write, and the last
    /// write to its key.
    pub before: Option<usize>,
    pub read_before: Option<usize>,
    pub write_before: Option<usize>,
    pub version_before: Option<usize>,
}

pub struct Registers {
    /// In the order of their invocations.
    pub items: Vec<Item>,
    pub processes: usize,
    /// By key, chains of writes: those of a process are one, in order; one of unknown end is one by itself.
    pub versions: Vec<Vec<Vec<usize>>>,
    /// What was seen to be added, in order: of those that go on alike the longest.
    pub lists: Vec<Vec<usize>>,
    /// For each list the place of each of its items, sorted by these.
    places: Vec<Vec<(usize, usize)>>,
    /// Why more than a violation cannot be told.
    pub unsure: Option<String>,
}

pub enum Reading {
    Clear(Registers),
    /// A read of what was not there: its place, and why it was not.
    ThinAir(usize, Air),
    /// Who read from whom cannot be told.
    Unclear(String),
}

/// What cannot be read so.
enum Unread {
    ThinAir(usize, Air),
    Unclear(String),
}

/// Why a value was not there, with the place of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Air {
    Nobody,
    /// It failed.
    Failed(usize),
    /// It was put where the read has it among what was added, or added where the read has it alone.
    Odd(usize),
    /// It was added once, and is there twice.
    Twice(usize),
}

struct Raw {
    place: usize,
    key: usize,
    found: Option<Datum>,
    left: Option<Datum>,
    appends: bool,
    known: bool,
}

/// Who wrote what, and to which keys something was added.
#[derive(Default)]
struct Writers {
    of: ByValue<Vec<usize>>,
    failed: ByValue<usize>,
    appended: BTreeSet<usize>,
}

/// By a key and a value.
type ByValue<T> = BTreeMap<(usize, Datum), T>;

/// What each saw, and who counts: whose end is known, or who was seen by one that counts. The error is what becomes of the
/// history where that cannot be told.
fn sights(history: &History, raws: &[Raw], writers: &Writers) -> Result<(Vec<Option<Seen>>, Vec<bool>), Unread> {
    let mut unclear = None;
    let mut sights = vec![None; raws.len()];
    let mut counted: Vec<bool> = raws.iter().map(|raw| raw.known).collect();
    let mut left: Vec<usize> = (0..raws.len()).filter(|raw| counted[*raw]).collect();
    while let Some(reader) = left.pop() {
        match sight(history, raws, writers, reader) {
            Ok(None) => {}
            Ok(Some(seen)) => {
                let base = if let Sight::Of(base) = seen.base { Some(base) } else { None };
                for writer in seen.added.iter().copied().chain(base) {
                    if !std::mem::replace(&mut counted[writer], true) {
                        left.push(writer);
                    }
                }
                sights[reader] = Some(seen);
            }
            Err(Unread::Unclear(why)) => unclear = Some(why),
            Err(other) => return Err(other),
        }
    }
    if let Some(why) = unclear {
        return Err(Unread::Unclear(format!("{why}: who read from whom cannot be told")));
    }
    Ok((sights, counted))
}

/// What one saw.
fn sight(history: &History, raws: &[Raw], writers: &Writers, reader: usize) -> Result<Option<Seen>, Unread> {
    let Raw { key, place, ref found, .. } = raws[reader];
    let Some(value) = found else { return Ok(None) };
    let line = |raw: usize| history.operations[raws[raw].place].lines.0;
    let mut seen = Seen { base: Sight::Beginning, added: Vec::new() };
    let (items, is_list) = match value {
        Datum::List(items) if !items.is_empty() && writers.appended.contains(&key) => (&items[..], true),
        value => (std::slice::from_ref(value), false),
    };
    let mut known = BTreeSet::new();
    for (at, value) in items.iter().enumerate() {
        let (nothing, wrote) = (*value == Datum::None, (key, value.clone()));
        let all = writers.of.get(&wrote).map_or(&[][..], Vec::as_slice);
        let others: SmallVec<[usize; 4]> = all.iter().copied().filter(|writer| *writer != reader).collect();
        let writer = match others.as_slice() {
            [] if nothing && !is_list => continue,
            [] => {
                let failed = writers.failed.get(&wrote).map_or(Air::Nobody, |place| Air::Failed(*place));
                return Err(Unread::ThinAir(place, failed));
            }
            [one] if !nothing => *one,
            [one] => {
                let why = format!("line {} wrote nothing, which is also what is there first", line(*one));
                return Err(Unread::Unclear(why));
            }
            [one, other, ..] => {
                let (one, other) = (line(*one), line(*other));
                return Err(Unread::Unclear(format!("{value} was written by lines {one} and {other}, and read")));
            }
        };
        if !known.insert(writer) {
            return Err(Unread::ThinAir(place, Air::Twice(raws[writer].place)));
        }
        match (raws[writer].appends, is_list) {
            (true, true) => seen.added.push(writer),
            // More was added to what was put.
            (false, true) if at == 0 && items.len() > 1 => seen.base = Sight::Of(writer),
            (false, false) => seen.base = Sight::Of(writer),
            _ => return Err(Unread::ThinAir(place, Air::Odd(raws[writer].place))),
        }
    }
    Ok(Some(seen))
}

impl Registers {
    pub fn read<S: Spec>(spec: &S, history: &History) -> Result<Reading, String> {
        let (mut words, mut keys) = (Words::default(), BTreeMap::new());
        let (mut raws, mut writers) = (Vec::<Raw>::new(), Writers::default());
        let mut unsure = None;
        for (place, op) in history.operations.iter().enumerate() {
            let count = keys.len();
            let key = *keys.entry(&op.key).or_insert(count);
            if let Some(call) = spec.read(op, &mut words)? {
                let (found, left, appends) = match spec.access(&call) {
                    Some(Access::Read(value)) => (Some(value), None, false),
                    Some(Access::Write(value)) => (None, Some(value), false),
                    Some(Access::Append(value)) => (None, Some(value), true),
                    Some(Access::Both(found, left)) => (Some(found), Some(left), false),
                    Some(Access::Not(_)) => {
                        let line = op.lines.0;
                        let why = || format!("the cas of line {line} did not match, which does not say what it saw");
                        unsure.get_or_insert_with(why);
                        continue;
                    }
                    None => {
                        let why = format!("what {} leaves depends on what was there (line {})", op.f, op.lines.0);
                        return Ok(Reading::Unclear(why));
                    }
                };
                let (found, left) = (found.map(|value| value.datum(&words)), left.map(|value| value.datum(&words)));
                if let Some(value) = &left {
                    writers.of.entry((key, value.clone())).or_default().push(raws.len());
                }
                if appends {
                    writers.appended.insert(key);
                }
                raws.push(Raw { place, key, found, left, appends, known: op.outcome == Outcome::Ok });
            } else if op.outcome == Outcome::Fail
                && let Some(call) = spec.read(&relaxed(op), &mut words)?
                && let Some(Access::Write(value) | Access::Both(_, value) | Access::Append(value)) = spec.access(&call)
            {
                writers.failed.entry((key, value.datum(&words))).or_insert(place);
                if let Some(Access::Append(_)) = spec.access(&call) {
                    writers.appended.insert(key);
                }
            }
        }
        if let Some(why) = runs_together(history, &raws, &writers) {
            return Ok(Reading::Unclear(why));
        }
        let (sights, counted) = match sights(history, &raws, &writers) {
            Ok(told) => told,
            Err(Unread::ThinAir(read, why)) => return Ok(Reading::ThinAir(read, why)),
            Err(Unread::Unclear(why)) => return Ok(Reading::Unclear(why)),
        };
        Ok(Reading::Clear(Registers::put_together(history, &raws, &sights, &counted, keys.len(), unsure)))
    }

    fn put_together(
        history: &History,
        raws: &[Raw],
        sights: &[Option<Seen>],
        counted: &[bool],
        keys: usize,
        unsure: Option<String>,
    ) -> Registers {
        let mut number = vec![0; raws.len()];
        (0..raws.len()).filter(|raw| counted[*raw]).enumerate().for_each(|(item, raw)| number[raw] = item);
        let renumbered = |seen: &Seen| Seen {
            base: if let Sight::Of(raw) = seen.base { Sight::Of(number[raw]) } else { seen.base },
            added: seen.added.iter().map(|raw| number[*raw]).collect(),
        };
        let seen: Vec<Option<Seen>> =
            (0..raws.len()).filter(|raw| counted[*raw]).map(|raw| sights[raw].as_ref().map(renumbered)).collect();
        let (lists, prefixes) = longest(&seen);
        let places = lists.iter().map(|list| {
            let mut places: Vec<(usize, usize)> = list.iter().copied().zip(0..).collect();
            places.sort_unstable();
            places
        });
        let places = places.collect();
        let versions = vec![Vec::new(); keys];
        let mut own = Registers { items: Vec::new(), processes: 0, versions, lists, places, unsure };
        let mut processes: BTreeMap<&Datum, Last> = BTreeMap::new();
        for raw in raws.iter().zip(counted).filter(|(_, counted)| **counted).map(|(raw, _)| raw) {
            let count = processes.len();
            let process = &history.operations[raw.place].process;
            let last = processes.entry(process).or_insert_with(|| Last { process: count, ..Last::default() });
            let node = own.items.len();
            let sight = seen[node].as_ref().map(|seen| seen.base);
            let item = Item {
                place: raw.place,
                process: last.process,
                key: raw.key,
                sight,
                added: prefixes[node],
                writes: raw.left.is_some(),
                appends: raw.appends,
                known: raw.known,
                before: last.item,
                read_before: last.read,
                write_before: last.write,
                version_before: last.versions.get(&raw.key).map(|(_, item)| *item),
            };
            if item.writes {
                let chains = &mut own.versions[raw.key];
                match last.versions.get_mut(&raw.key).filter(|_| raw.known) {
                    Some((chain, before)) => {
                        chains[*chain].push(node);
                        *before = node;
                    }
                    None => {
                        if raw.known {
                            last.versions.insert(raw.key, (chains.len(), node));
                        }
                        chains.push(vec![node]);
                    }
                }
            }
            if raw.known {
                last.item = Some(node);
                last.read = sight.map(|_| node).or(last.read);
                last.write = item.writes.then_some(node).or(last.write);
            }
            own.items.push(item);
        }
        own.processes = processes.len();
        own
    }

    /// The reads of a process, in order.
    pub fn reads_of(&self, process: usize) -> Vec<usize> {
        let own = |node: &usize| self.items[*node].process == process && self.items[*node].sight.is_some();
        (0..self.items.len()).filter(|node| own(node) && self.items[*node].known).collect()
    }

    /// Items that read, with who wrote what they saw.
    pub fn sights(&self) -> impl Iterator<Item = (usize, Sight)> + '_ {
        self.items.iter().enumerate().filter_map(|(node, item)| Some((node, item.sight?)))
    }

    /// All that wrote what a read saw, in order.
    pub fn wrote(&self, read: usize) -> impl Iterator<Item = usize> + '_ {
        let item = &self.items[read];
        let base = if let Some(Sight::Of(base)) = item.sight { Some(base) } else { None };
        base.into_iter().chain(self.added(read).iter().copied())
    }

    /// Who added to what a read saw, in order.
    pub fn added(&self, read: usize) -> &[usize] {
        let Prefix { list, len } = self.items[read].added;
        self.lists.get(list).map_or(&[], |list| &list[..len])
    }

    /// Whether a write is among those that added to what a read saw.
    fn has_added(&self, read: usize, write: usize) -> bool {
        let Prefix { list, len } = self.items[read].added;
        let places = self.places.get(list).filter(|_| len > 0);
        places.is_some_and(|places| {
            let place = places.binary_search_by_key(&write, |(own, _)| *own);
            place.is_ok_and(|place| places[place].1 < len)
        })
    }

    /// Of each chain of writes to a read's key the last one that is among those before it, other than itself and than what it
    /// saw to be added.
    pub fn last_versions<'a>(
        &'a self,
        read: usize,
        is_before: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        self.versions[self.items[read].key].iter().filter_map(move |chain| {
            let count = chain.partition_point(|write| is_before(*write));
            let other = |write: &&usize| **write != read && !self.has_added(read, **write);
            chain[..count].iter().rev().find(other).copied()
        })
    }
}

/// Why what was read of a list would not tell who wrote it: values in it run together, or look alike.
fn runs_together(history: &History, raws: &[Raw], writers: &Writers) -> Option<String> {
    let plain = |value: &Datum| !matches!(value, Datum::None | Datum::Text(_) | Datum::List(_));
    let odd = raws.iter().find(|raw| writers.appended.contains(&raw.key) && !raw.left.as_ref().is_none_or(plain))?;
    Some(format!("what is added to it runs together with {}", named(history, odd.place)))
}

/// What was seen to be added, as few lists as have all of it; and for each that saw something the first items of one of them.
fn longest(seen: &[Option<Seen>]) -> (Vec<Vec<usize>>, Vec<Prefix>) {
    let mut lists: Vec<Vec<usize>> = Vec::new();
    let mut prefixes = vec![Prefix::default(); seen.len()];
    let mut order: Vec<(&Seen, usize)> =
        seen.iter().zip(0..).filter_map(|(seen, at)| Some((seen.as_ref()?, at))).collect();
    order.sort_unstable();
    let mut last: Option<&Seen> = None;
    // What a list begins with stands before it.
    for (own, at) in order.into_iter().rev().filter(|(own, _)| !own.added.is_empty()) {
        if !last.is_some_and(|last| last.base == own.base && last.added.starts_with(&own.added)) {
            lists.push(own.added.clone());
            last = Some(own);
        }
        prefixes[at] = Prefix { list: lists.len() - 1, len: own.added.len() };
    }
    (lists, prefixes)
}

/// Of a process: its number, and its last operations of known end.
#[derive(Default)]
struct Last {
    process: usize,
    item: Option<usize>,
    read: Option<usize>,
    write: Option<usize>,
    /// By key: the chain, and the write.
    versions: BTreeMap<usize, (usize, usize)>,
}
