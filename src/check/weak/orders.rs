//! What must come before what, by each guarantee, and what cannot be then.
//!
//! Causal consistency, causal memory and causal convergence are decided by the bad patterns of A. Bouajjani, C. Enea, R.
//! Guerraoui, J. Hamza: On verifying causal consistency (POPL 2017, section 5): CyclicCO, ThinAirRead, WriteCOInitRead and
//! WriteCORead; for convergence CyclicCF too; for memory CyclicHB and WriteHBInitRead. The last two say whether a process
//! has a *view*: one order of all writes and its own reads that explains these reads. The same closure, over other
//! beginnings than causality, decides whether there are views for PRAM and for the guarantees of sessions: over unique
//! values a view exists unless the closure has a cycle (the proof of their Theorem 5 uses of causality only that it holds
//! who was read from).
//!
//! A list that was read says more: in what order its items were added, and that nothing else was. So in a view who added
//! them stand in that order; a read comes before what others of the view saw to be added next; and what comes before a read
//! and is not in it comes before what was put at its beginning. With that an order is put together step by step: what a
//! view's next read waits for can always come next, for had it to wait for another read, which has not got it, the closure
//! would have put it before the beginning of what that read saw.

use super::registers::{Registers, Sight};
use super::{Guarantee, Versions};
use crate::check::graph::{Graph, Sets, Step};
use crate::check::history::History;
use crate::check::limits::{Budget, Limits, reached};
use crate::wire::Datum;
use std::collections::BTreeMap;

/// Why one operation comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They are of one process.
    Process,
    /// The second saw what the first wrote.
    Saw,
    /// The first had ended before the second began: writes to one key, where versions are ordered by real time.
    RealTime,
    /// Both wrote; a read saw the second although it comes after the first. With the round in which that came out.
    Forced { read: usize, round: u32 },
    /// A read has both in its list, in this order.
    Listed { read: usize },
    /// The first read the list before the second was added, as another read of it shows.
    NotYet { read: usize },
}

/// What cannot be.
pub struct Broken {
    pub fault: Fault,
    /// In whose view.
    pub process: Option<usize>,
    pub graph: Graph<Why>,
}

pub enum Fault {
    /// Each would come before the next, and the last before the first.
    Cycle(Vec<Step<Why>>),
    /// A read saw what was replaced: it, and what replaced it.
    Replaced { read: usize, by: usize },
}

/// What is asked of a history.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub guarantee: Guarantee,
    pub versions: Versions,
    pub limits: Limits,
    /// Whose views are looked for, and whose reads have to be explained; all others' writes count as ever.
    pub who: &'a dyn Fn(&Datum) -> bool,
}

/// Whether a guarantee is broken. The error is the limit that was reached.
pub fn judge(registers: &Registers, history: &History, asked: Asked<'_>) -> Result<Option<Broken>, String> {
    let Asked { guarantee, versions, limits, who } = asked;
    let nodes = registers.items.len();
    let mut whose = vec![false; registers.processes];
    for item in &registers.items {
        whose[item.process] = who(&history.operations[item.place].process);
    }
    // For each those before it, a bit each.
    let bytes = (nodes as u64).pow(2) / 8;
    let mut judge = Judge { registers, history, versions, whose, budget: Budget::new(limits), bytes };
    judge.spend(0)?;
    match guarantee {
        Guarantee::Causal => judge.causal().map(Result::err),
        Guarantee::CausalConvergence => judge.convergence(),
        Guarantee::CausalMemory => match judge.causal()? {
            Err(broken) => Ok(Some(broken)),
            Ok(graph) => judge.views(|_, _, _| graph.clone()),
        },
        Guarantee::Pram => judge.views(|judge, process, _| judge.pram(process)),
        Guarantee::ReadYourWrites => judge.own_writes(),
        Guarantee::MonotonicReads => judge.views(|judge, _, own| judge.monotonic_reads(own)),
        Guarantee::MonotonicWrites => judge.seen_by_monotonic(|judge, own| judge.monotonic_writes(own)),
        Guarantee::WritesFollowReads => judge.seen_by_monotonic(|judge, own| judge.writes_follow_reads(own)),
    }
}

struct Judge<'a> {
    registers: &'a Registers,
    history: &'a History,
    versions: Versions,
    /// By process: whether it is asked about.
    whose: Vec<bool>,
    budget: Budget,
    /// What is held.
    bytes: u64,
}

/// A read, and two of its writes: the earlier, the later.
type Misplaced = (usize, (usize, usize));

impl Judge<'_> {
    /// What every guarantee has: that an order holds of one process's writes to a key, and that a compare-and-set comes
    /// after what it found. By real time too, if that is asked for.
    fn least(&self) -> Graph<Why> {
        let mut graph = Graph::new(self.registers.items.len());
        for (node, item) in self.registers.items.iter().enumerate().filter(|(_, item)| item.writes) {
            if let Some(before) = item.version_before {
                graph.add(before, node, Why::Process);
            }
            self.registers.wrote(node).for_each(|write| graph.add(write, node, Why::Saw));
        }
        if self.versions == Versions::RealTime {
            self.real_time(&mut graph);
        }
        graph
    }

    /// Of a key's writes, those that ended before another began, as far as it does not follow from others.
    fn real_time(&self, graph: &mut Graph<Why>) {
        let op = |node: usize| &self.history.operations[self.registers.items[node].place];
        for chains in &self.registers.versions {
            let writes: Vec<usize> = chains.iter().flatten().copied().collect();
            for to in &writes {
                let before = writes.iter().filter(|from| op(*to).follows(op(**from)));
                let last = before.clone().map(|from| op(*from).invoked).max().unwrap_or(0);
                for from in before.filter(|from| op(**from).completed() >= last) {
                    graph.add(*from, *to, Why::RealTime);
                }
            }
        }
    }

    /// Each after who wrote what it saw last; who wrote the rest of it stands before that ([`Judge::lists`]).
    fn saw(&self, graph: &mut Graph<Why>, reads: impl Iterator<Item = usize>) {
        for read in reads.filter(|read| !self.registers.items[*read].writes) {
            let base = if let Some(Sight::Of(base)) = self.registers.items[read].sight { Some(base) } else { None };
            if let Some(write) = self.registers.added(read).last().copied().or(base) {
                graph.add(write, read, Why::Saw);
            }
        }
    }

    /// Each after all who wrote what it saw, in a graph in which a process's reads are in their order: what one saw before
    /// that, in the same list, is not said again.
    fn saw_all(&self, graph: &mut Graph<Why>, may: impl Fn(usize) -> bool) {
        let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (read, sight) in self.registers.sights().filter(|(read, _)| may(*read)) {
            if let Sight::Of(base) = sight {
                graph.add(base, read, Why::Saw);
            }
            let item = &self.registers.items[read];
            if item.added.len == 0 {
                continue;
            }
            let before = known.get(&(item.process, item.added.list)).copied().unwrap_or(0);
            self.registers.added(read).iter().skip(before).for_each(|write| graph.add(*write, read, Why::Saw));
            if item.known {
                known.insert((item.process, item.added.list), before.max(item.added.len));
            }
        }
    }

    /// The order in which something was added, as reads have it.
    fn lists(&self, graph: &mut Graph<Why>, reads: impl Iterator<Item = usize>) {
        let mut longest: BTreeMap<usize, usize> = BTreeMap::new();
        for read in reads.filter(|read| self.registers.items[*read].added.len > 0) {
            let own = longest.entry(self.registers.items[read].added.list).or_insert(read);
            if self.registers.items[*own].added.len < self.registers.items[read].added.len {
                *own = read;
            }
        }
        for read in longest.into_values() {
            let wrote: Vec<usize> = self.registers.wrote(read).collect();
            wrote.windows(2).for_each(|two| graph.add(two[0], two[1], Why::Listed { read }));
        }
    }

    /// Reads of a list come before what another one of the same view has more.
    fn not_yet(&self, graph: &mut Graph<Why>, own: &[usize]) {
        let items = &self.registers.items;
        let same = |read: usize| items[read].sight.map(|sight| (items[read].key, sight));
        let mut longest: BTreeMap<_, usize> = BTreeMap::new();
        for read in own {
            let first = longest.entry(same(*read)).or_insert(*read);
            if items[*first].added.len < items[*read].added.len {
                *first = *read;
            }
        }
        for read in own {
            let other = longest[&same(*read)];
            let (less, more) = (self.registers.added(*read), self.registers.added(other));
            if other == *read || more.is_empty() {
                continue;
            }
            let alike = match items[*read].added.list == items[other].added.list {
                true => less.len(),
                false => less.iter().zip(more).take_while(|(one, two)| one == two).count(),
            };
            more.get(alike).into_iter().for_each(|next| graph.add(*read, *next, Why::NotYet { read: other }));
            less.get(alike).into_iter().for_each(|next| graph.add(other, *next, Why::NotYet { read: *read }));
        }
    }

    /// Edges from an earlier operation of the same process, where there is one.
    fn earlier(&self, graph: &mut Graph<Why>, nodes: impl Iterator<Item = (usize, Option<usize>)>) {
        nodes.for_each(|(node, before)| before.into_iter().for_each(|before| graph.add(before, node, Why::Process)));
    }

    /// What someone was told: not what a compare-and-set of unknown end found.
    fn told(&self) -> impl Iterator<Item = (usize, Sight)> + '_ {
        let asked = |node: usize| self.registers.items[node].known && self.whose[self.registers.items[node].process];
        self.registers.sights().filter(move |(node, _)| asked(*node))
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.registers.items.len()
    }

    fn causality(&self) -> Graph<Why> {
        let mut graph = Graph::new(self.registers.items.len());
        self.earlier(&mut graph, self.all().map(|node| (node, self.registers.items[node].before)));
        self.saw_all(&mut graph, |_| true);
        graph
    }

    /// Each process's writes in order; and all that the process itself did.
    fn pram(&self, process: usize) -> Graph<Why> {
        let items = &self.registers.items;
        let mut graph = self.least();
        let own = self.all().filter(|node| items[*node].process == process);
        self.earlier(&mut graph, own.clone().map(|node| (node, items[node].before)));
        self.saw(&mut graph, own);
        let others = self.all().filter(|node| items[*node].process != process && items[*node].writes);
        self.earlier(&mut graph, others.map(|node| (node, items[node].write_before)));
        graph
    }

    fn read_your_writes(&self, process: usize, own: &[usize]) -> Graph<Why> {
        let items = &self.registers.items;
        let mut graph = self.least();
        let own = own.iter().copied().filter(|node| items[*node].process == process && !items[*node].writes);
        self.earlier(&mut graph, own.clone().map(|node| (node, items[node].version_before)));
        self.saw(&mut graph, own);
        graph
    }

    fn monotonic_reads(&self, own: &[usize]) -> Graph<Why> {
        let mut graph = self.least();
        self.earlier(&mut graph, own.windows(2).map(|two| (two[1], Some(two[0]))));
        self.saw(&mut graph, own.iter().copied());
        graph
    }

    fn monotonic_writes(&self, own: &[usize]) -> Graph<Why> {
        let items = &self.registers.items;
        let mut graph = self.monotonic_reads(own);
        let writes = self.all().filter(|node| items[*node].writes);
        self.earlier(&mut graph, writes.map(|node| (node, items[node].write_before)));
        graph
    }

    /// Reads lead to later reads, and these to writes: only writes are compared by it.
    fn writes_follow_reads(&self, _: &[usize]) -> Graph<Why> {
        let items = &self.registers.items;
        let mut graph = self.least();
        self.saw_all(&mut graph, |read| !self.registers.items[read].writes);
        self.earlier(&mut graph, self.all().map(|node| (node, items[node].read_before)));
        graph
    }

    fn spend(&mut self, steps: usize) -> Result<(), String> {
        let words = self.registers.items.len() / 64 + 1;
        self.budget.spend((steps * words) as u64, self.bytes).map_err(reached)
    }

    /// The graph of causality, unless a pattern is in it that weak causal consistency forbids.
    fn causal(&mut self) -> Result<Result<Graph<Why>, Broken>, String> {
        let graph = self.causality();
        self.spend(graph.edges())?;
        let Some(order) = graph.order() else { return Ok(Err(cyclic(graph, None))) };
        let before = Sets::ancestors(&graph, &order);
        for (read, sight) in self.told() {
            let mut last = self.registers.last_versions(read, |write| before.has(read, write));
            let broken = last.find_map(|write| match sight {
                Sight::Beginning => Some((write, None)),
                Sight::Of(_) => {
                    self.registers.wrote(read).find(|own| before.has(write, *own)).map(|own| (write, Some(own)))
                }
            });
            match broken {
                None => {}
                Some((other, Some(own))) if self.registers.items[read].added.len > 0 => {
                    return Ok(Err(closed_by(graph, (other, own), Why::Forced { read, round: 1 })));
                }
                Some((by, _)) => {
                    return Ok(Err(Broken { fault: Fault::Replaced { read, by }, process: None, graph }));
                }
            }
        }
        match self.misplaced(&before)? {
            Some((read, two)) => Ok(Err(closed_by(graph, two, Why::Listed { read }))),
            None => Ok(Ok(graph)),
        }
    }

    /// A read that has two in an order in which they cannot be.
    fn misplaced(&mut self, before: &Sets) -> Result<Option<Misplaced>, String> {
        let mut looked = vec![0; self.registers.lists.len()];
        let mut steps = 0;
        let mut found = None;
        for (read, _) in self.told() {
            let item = &self.registers.items[read];
            let Some(looked) = looked.get_mut(item.added.list).filter(|looked| item.added.len > **looked) else {
                continue;
            };
            let wrote: Vec<usize> = self.registers.wrote(read).collect();
            let first = wrote.len() - (item.added.len - *looked);
            *looked = item.added.len;
            for (place, late) in wrote.iter().enumerate().skip(first) {
                steps += place;
                found = found.or_else(|| {
                    let early = wrote[..place].iter().find(|early| before.has(**early, *late))?;
                    Some((read, (*early, *late)))
                });
            }
        }
        self.spend(steps / 64)?;
        Ok(found)
    }

    /// One order for all of writes that do not know of each other: what is seen comes after what was known and not seen.
    fn convergence(&mut self) -> Result<Option<Broken>, String> {
        let mut graph = match self.causal()? {
            Err(broken) => return Ok(Some(broken)),
            Ok(graph) => graph,
        };
        let order = graph.order().unwrap_or_default();
        let before = Sets::ancestors(&graph, &order);
        self.lists(&mut graph, self.told().map(|(read, _)| read));
        for (read, sight) in self.told() {
            let Sight::Of(seen) = sight else { continue };
            for other in self.registers.last_versions(read, |write| before.has(read, write)) {
                if other != seen && !before.has(seen, other) {
                    graph.add(other, seen, Why::Forced { read, round: 1 });
                }
            }
        }
        Ok(if graph.order().is_some() { None } else { Some(cyclic(graph, None)) })
    }

    /// Looks for a process without a view, from what must hold in it.
    fn views(&mut self, base: impl Fn(&Judge<'_>, usize, &[usize]) -> Graph<Why>) -> Result<Option<Broken>, String> {
        for process in (0..self.registers.processes).filter(|process| self.whose[*process]).collect::<Vec<_>>() {
            let own = self.registers.reads_of(process);
            let graph = base(self, process, &own);
            let broken = self.close(graph, &own)?;
            if let Some((fault, graph)) = broken {
                return Ok(Some(Broken { fault, process: Some(process), graph }));
            }
        }
        Ok(None)
    }

    /// Read your writes: by one view of all reads of a process, or, of lists, by one of each read. Of registers these are the
    /// same; but that two lists have what they share in different orders has nothing to do with one's own writes.
    fn own_writes(&mut self) -> Result<Option<Broken>, String> {
        let broken = self.views(|judge, process, own| judge.read_your_writes(process, own))?;
        if broken.is_none() || self.registers.lists.is_empty() {
            return Ok(broken);
        }
        for process in (0..self.registers.processes).filter(|process| self.whose[*process]).collect::<Vec<_>>() {
            for read in self.registers.reads_of(process) {
                let graph = self.read_your_writes(process, &[read]);
                if let Some((fault, graph)) = self.close(graph, &[read])? {
                    return Ok(Some(Broken { fault, process: Some(process), graph }));
                }
            }
        }
        Ok(None)
    }

    /// The same, by the reads of each process as far as they are monotonic.
    fn seen_by_monotonic(
        &mut self,
        base: impl Fn(&Judge<'_>, &[usize]) -> Graph<Why>,
    ) -> Result<Option<Broken>, String> {
        for process in (0..self.registers.processes).filter(|process| self.whose[*process]).collect::<Vec<_>>() {
            let own = self.registers.reads_of(process);
            let good = self.monotonic(&own)?;
            let graph = base(self, &own[..good]);
            if let Some((fault, graph)) = self.close(graph, &own[..good])? {
                return Ok(Some(Broken { fault, process: Some(process), graph }));
            }
        }
        Ok(None)
    }

    /// How many of a process's reads, from the first, are monotonic.
    fn monotonic(&mut self, own: &[usize]) -> Result<usize, String> {
        let (mut good, mut bad, mut next) = (0, own.len() + 1, own.len());
        while bad - good > 1 {
            let graph = self.monotonic_reads(&own[..next]);
            if self.close(graph, &own[..next])?.is_none() {
                good = next
            } else {
                bad = next
            }
            next = (good + bad) / 2;
        }
        Ok(good)
    }

    /// Adds what the reads force: another write to the key that is before a read is before the write that it saw, too.
    fn close(&mut self, mut graph: Graph<Why>, own: &[usize]) -> Result<Option<(Fault, Graph<Why>)>, String> {
        self.lists(&mut graph, own.iter().copied());
        self.not_yet(&mut graph, own);
        for round in 1.. {
            self.spend(graph.edges() + own.len())?;
            let Some(order) = graph.order() else { return Ok(Some((cyclic(graph.clone(), None).fault, graph))) };
            let before = Sets::ancestors(&graph, &order);
            let mut news = false;
            for read in own {
                for other in self.registers.last_versions(*read, |write| before.has(*read, write)) {
                    match self.registers.items[*read].sight {
                        Some(Sight::Of(seen)) if other != seen && !before.has(seen, other) => {
                            graph.add(other, seen, Why::Forced { read: *read, round });
                            news = true;
                        }
                        Some(Sight::Of(_)) | None => {}
                        Some(Sight::Beginning) => {
                            return Ok(Some((Fault::Replaced { read: *read, by: other }, graph)));
                        }
                    }
                }
            }
            if !news {
                break;
            }
        }
        Ok(None)
    }
}

/// A graph that one more edge closes to a cycle.
fn closed_by(mut graph: Graph<Why>, (from, to): (usize, usize), why: Why) -> Broken {
    graph.add(from, to, why);
    cyclic(graph, None)
}

fn cyclic(graph: Graph<Why>, process: Option<usize>) -> Broken {
    Broken { fault: Fault::Cycle(graph.cycle().unwrap_or_default()), process, graph }
}
