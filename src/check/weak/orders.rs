//! What must come before what, by each guarantee, and what cannot be then.
//!
//! Causal consistency, causal memory and causal convergence are decided by the bad patterns of A. Bouajjani, C. Enea, R.
//! Guerraoui, J. Hamza: On verifying causal consistency (POPL 2017, section 5): CyclicCO, ThinAirRead, WriteCOInitRead and
//! WriteCORead; for convergence CyclicCF too; for memory CyclicHB and WriteHBInitRead. The last two say whether a process
//! has a *view*: one order of all writes and its own reads that explains these reads. The same closure, over other
//! beginnings than causality, decides whether there are views for PRAM and for the guarantees of sessions: over unique
//! values a view exists unless the closure has a cycle (the proof of their Theorem 5 uses of causality only that it holds
//! who was read from).

use super::registers::{Registers, Sight};
use super::{Guarantee, Versions};
use crate::check::graph::{Graph, Sets, Step};
use crate::check::history::History;
use crate::check::linear::Limits;
use crate::wire::Datum;

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
    if nodes * nodes / 256 > limits.configurations {
        return Err("the limit of configurations was reached".into());
    }
    let mut whose = vec![false; registers.processes];
    for item in &registers.items {
        whose[item.process] = who(&history.operations[item.place].process);
    }
    let mut judge = Judge { registers, history, versions, whose, steps: limits.steps };
    match guarantee {
        Guarantee::Causal => judge.causal().map(Result::err),
        Guarantee::CausalConvergence => judge.convergence(),
        Guarantee::CausalMemory => match judge.causal()? {
            Err(broken) => Ok(Some(broken)),
            Ok(graph) => judge.views(|_, _, _| graph.clone()),
        },
        Guarantee::Pram => judge.views(|judge, process, _| judge.pram(process)),
        Guarantee::ReadYourWrites => judge.views(|judge, process, own| judge.read_your_writes(process, own)),
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
    /// Steps that are left.
    steps: u64,
}

impl Judge<'_> {
    /// What every guarantee has: that an order holds of one process's writes to a key, and that a compare-and-set comes
    /// after what it found. By real time too, if that is asked for.
    fn least(&self) -> Graph<Why> {
        let mut graph = Graph::new(self.registers.items.len());
        for (node, item) in self.registers.items.iter().enumerate().filter(|(_, item)| item.writes) {
            if let Some(before) = item.version_before {
                graph.add(before, node, Why::Process);
            }
            if let Some(Sight::Of(write)) = item.sight {
                graph.add(write, node, Why::Saw);
            }
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

    fn saw(&self, graph: &mut Graph<Why>, reads: impl Iterator<Item = usize>) {
        for read in reads {
            let item = &self.registers.items[read];
            if let Some(Sight::Of(write)) = item.sight.filter(|_| !item.writes) {
                graph.add(write, read, Why::Saw);
            }
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
        for (node, sight) in self.registers.sights() {
            if let Sight::Of(write) = sight {
                graph.add(write, node, Why::Saw);
            }
        }
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
        self.saw(&mut graph, self.all());
        self.earlier(&mut graph, self.all().map(|node| (node, items[node].read_before)));
        graph
    }

    fn spend(&mut self, steps: usize) -> Result<(), String> {
        let words = self.registers.items.len() / 64 + 1;
        self.steps = self.steps.checked_sub((steps * words) as u64).ok_or("the limit of steps was reached")?;
        Ok(())
    }

    /// The graph of causality, unless a pattern is in it that weak causal consistency forbids.
    fn causal(&mut self) -> Result<Result<Graph<Why>, Broken>, String> {
        let graph = self.causality();
        self.spend(graph.edges())?;
        let Some(order) = graph.order() else { return Ok(Err(cyclic(graph, None))) };
        let before = Sets::ancestors(&graph, &order);
        for (read, sight) in self.told() {
            let mut last = self.registers.last_versions(read, |write| before.has(read, write));
            let by = last.find(|write| match sight {
                Sight::Beginning => true,
                Sight::Of(seen) => before.has(*write, seen),
            });
            if let Some(by) = by {
                return Ok(Err(Broken { fault: Fault::Replaced { read, by }, process: None, graph }));
            }
        }
        Ok(Ok(graph))
    }

    /// One order for all of writes that do not know of each other: what is seen comes after what was known and not seen.
    fn convergence(&mut self) -> Result<Option<Broken>, String> {
        let mut graph = match self.causal()? {
            Err(broken) => return Ok(Some(broken)),
            Ok(graph) => graph,
        };
        let order = graph.order().unwrap_or_default();
        let before = Sets::ancestors(&graph, &order);
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

fn cyclic(graph: Graph<Why>, process: Option<usize>) -> Broken {
    Broken { fault: Fault::Cycle(graph.cycle().unwrap_or_default()), process, graph }
}
