//! A history of registers as reads and writes, with who read from whom.
//!
//! That can be told where no value that was read was written twice to its key, nor nothing (`null`) if that was read; else
//! it is unknown. A write of unknown end counts where it was read; where it was not, it is left out: whatever can be
//! explained with it can be without it. Nothing follows it in its own process (see [`crate::check::history`]).

use crate::check::history::History;
use crate::check::linear::relaxed;
use crate::check::spec::{Access, Spec, Words};
use crate::wire::{Datum, Outcome};
use std::collections::BTreeMap;

/// What a read saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing: the state in the beginning.
    Beginning,
    /// What an operation wrote.
    Of(usize),
}

/// An operation; a compare-and-set that matched reads and writes.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its place in the history.
    pub place: usize,
    pub process: usize,
    pub key: usize,
    pub sight: Option<Sight>,
    pub writes: bool,
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
    /// Why more than a violation cannot be told.
    pub unsure: Option<String>,
}

pub enum Reading {
    Clear(Registers),
    /// A read of what nobody wrote: its place, and the failed write of the same, if there is one.
    ThinAir(usize, Option<usize>),
    /// Who read from whom cannot be told.
    Unclear(String),
}

struct Raw {
    place: usize,
    key: usize,
    found: Option<Datum>,
    left: Option<Datum>,
    known: bool,
}

/// By a key and a value.
type ByValue<T> = BTreeMap<(usize, Datum), T>;

/// What each saw, and who counts: whose end is known, or who was seen by one that counts. The error is what becomes of the
/// history where that cannot be told.
fn sights(
    history: &History,
    raws: &[Raw],
    writers: &ByValue<Vec<usize>>,
    failed: &ByValue<usize>,
) -> Result<(Vec<Option<Sight>>, Vec<bool>), Reading> {
    let mut unclear = None;
    let mut sights = vec![None; raws.len()];
    let mut counted: Vec<bool> = raws.iter().map(|raw| raw.known).collect();
    let mut left: Vec<usize> = (0..raws.len()).filter(|raw| counted[*raw]).collect();
    while let Some(reader) = left.pop() {
        let Raw { key, place, .. } = raws[reader];
        let Some(value) = raws[reader].found.clone() else { continue };
        let (nothing, wrote) = (value == Datum::None, (key, value));
        let all = writers.get(&wrote).map_or(&[][..], Vec::as_slice);
        let others: Vec<usize> = all.iter().copied().filter(|writer| *writer != reader).collect();
        let line = |raw: usize| history.operations[raws[raw].place].lines.0;
        sights[reader] = match others.as_slice() {
            [] if nothing => Some(Sight::Beginning),
            [] => return Err(Reading::ThinAir(place, failed.get(&wrote).copied())),
            [one] if !nothing => {
                if !std::mem::replace(&mut counted[*one], true) {
                    left.push(*one);
                }
                Some(Sight::Of(*one))
            }
            [one] => {
                unclear = Some(format!("line {} wrote nothing, which is also what is there first", line(*one)));
                continue;
            }
            [one, other, ..] => {
                let value = &wrote.1;
                let lines = (line(*one), line(*other));
                unclear = Some(format!("{value} was written by lines {} and {}, and read", lines.0, lines.1));
                continue;
            }
        };
    }
    if let Some(why) = unclear {
        return Err(Reading::Unclear(format!("{why}: who read from whom cannot be told")));
    }
    Ok((sights, counted))
}

impl Registers {
    pub fn read<S: Spec>(spec: &S, history: &History) -> Result<Reading, String> {
        let (mut words, mut keys) = (Words::default(), BTreeMap::new());
        let mut raws = Vec::new();
        let mut unsure = None;
        // By key and value: who wrote it, and who failed to.
        let (mut writers, mut failed) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::new());
        for (place, op) in history.operations.iter().enumerate() {
            let count = keys.len();
            let key = *keys.entry(&op.key).or_insert(count);
            if let Some(call) = spec.read(op, &mut words)? {
                let (found, left) = match spec.access(&call) {
                    Some(Access::Read(value)) => (Some(value), None),
                    Some(Access::Write(value)) => (None, Some(value)),
                    Some(Access::Both(found, left)) => (Some(found), Some(left)),
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
                    writers.entry((key, value.clone())).or_default().push(raws.len());
                }
                raws.push(Raw { place, key, found, left, known: op.outcome == Outcome::Ok });
            } else if op.outcome == Outcome::Fail
                && let Some(call) = spec.read(&relaxed(op), &mut words)?
                && let Some(Access::Write(value) | Access::Both(_, value)) = spec.access(&call)
            {
                failed.entry((key, value.datum(&words))).or_insert(place);
            }
        }
        let (sights, counted) = match sights(history, &raws, &writers, &failed) {
            Ok(told) => told,
            Err(other) => return Ok(other),
        };
        Ok(Reading::Clear(Registers::put_together(history, &raws, &sights, &counted, keys.len(), unsure)))
    }

    fn put_together(
        history: &History,
        raws: &[Raw],
        sights: &[Option<Sight>],
        counted: &[bool],
        keys: usize,
        unsure: Option<String>,
    ) -> Registers {
        let mut number = vec![0; raws.len()];
        (0..raws.len()).filter(|raw| counted[*raw]).enumerate().for_each(|(item, raw)| number[raw] = item);
        let mut own = Registers { items: Vec::new(), processes: 0, versions: vec![Vec::new(); keys], unsure };
        let mut processes: BTreeMap<&Datum, Last> = BTreeMap::new();
        for (raw, sight) in raws.iter().zip(sights).zip(counted).filter(|(_, counted)| **counted).map(|(both, _)| both)
        {
            let count = processes.len();
            let process = &history.operations[raw.place].process;
            let last = processes.entry(process).or_insert_with(|| Last { process: count, ..Last::default() });
            let sight = sight.map(|sight| if let Sight::Of(raw) = sight { Sight::Of(number[raw]) } else { sight });
            let item = Item {
                place: raw.place,
                process: last.process,
                key: raw.key,
                sight,
                writes: raw.left.is_some(),
                known: raw.known,
                before: last.item,
                read_before: last.read,
                write_before: last.write,
                version_before: last.versions.get(&raw.key).map(|(_, item)| *item),
            };
            let node = own.items.len();
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

    /// Of each chain of writes to a read's key the last one that is among those before it, other than itself.
    pub fn last_versions<'a>(
        &'a self,
        read: usize,
        is_before: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        self.versions[self.items[read].key].iter().filter_map(move |chain| {
            let count = chain.partition_point(|write| is_before(*write));
            chain[..count].iter().rev().find(|write| **write != read).copied()
        })
    }
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
