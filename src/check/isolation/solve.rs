//! Whether some order of versions leaves none of the cycles that a level forbids.
//!
//! A level is a graph that must have no cycle. For serializability a transaction is a node, and every dependency an edge.
//! For snapshot isolation it is two, its start and its commit after it: what it saw or wrote over had committed before it
//! started, and what it missed committed after that; so two neighbouring anti-dependencies make no cycle, and all others do
//! (A. Fekete et al.: Making snapshot isolation serializable, 2005, Theorem 2.1; A. Cerone, A. Gotsman: Analysing snapshot
//! isolation, 2016, Theorem 4.1).
//!
//! Where nothing tells which of two transactions wrote a key first, both are possible, each with its dependencies, as in
//! the polygraphs of C. Papadimitriou: The serializability of concurrent database updates, 1979. What would close a cycle
//! is not; if neither is possible, the level is violated. What is left open after that is tried out.

use super::read::Observed;
use super::{Base, Dependency, How, Level, Order, Why};
use crate::check::graph::{Graph, Sets, Step};
use crate::check::limits::{Budget, Limits};

/// Two transactions that wrote a key.
#[derive(Clone, Copy)]
pub struct Choice {
    pub key: u32,
    pub a: usize,
    pub b: usize,
}

pub enum Solved {
    Good,
    Cycle(Vec<Dependency>),
    /// Whichever of the two was first, there is a cycle: if A was, and if B was. Perhaps only after others were chosen.
    Either(Choice, Vec<Dependency>, Vec<Dependency>),
    /// The limit that was reached.
    Limit(&'static str),
}

pub fn solve(observed: &Observed, level: Level, limits: Limits) -> Solved {
    let mut solver = Solver { observed, level, budget: Budget::new(limits), held: 0, conflict: None };
    if let Err(limit) = solver.budget.spend(0, 0) {
        return Solved::Limit(limit);
    }
    let graph = solver.fixed();
    let Some(order) = graph.order() else { return Solved::Cycle(solver.told(&graph.cycle().unwrap_or_default())) };
    if observed.groups.is_empty() || solver.completed(&graph, &order) {
        return Solved::Good;
    }
    let pairs = observed.groups.iter().map(|group| (group.writers.len() as u64).pow(2) / 2).sum();
    solver.held = size(&graph, pairs);
    if let Err(limit) = solver.budget.spend(0, solver.held) {
        return Solved::Limit(limit);
    }
    let mut open = Vec::new();
    for group in &observed.groups {
        for (place, a) in group.writers.iter().enumerate() {
            open.extend(group.writers[place + 1..].iter().map(|b| Choice { key: group.key, a: *a, b: *b }));
        }
    }
    let leads = Sets::descendants(&graph, &order);
    match solver.search(Trial { graph, leads, open }) {
        Err(limit) => Solved::Limit(limit),
        Ok(true) => Solved::Good,
        Ok(false) => match solver.conflict {
            Some((choice, first, second)) => Solved::Either(choice, first, second),
            None => Solved::Limit("steps"),
        },
    }
}

struct Solver<'a> {
    observed: &'a Observed,
    level: Level,
    budget: Budget,
    /// What the trials take up.
    held: u64,
    conflict: Option<(Choice, Vec<Dependency>, Vec<Dependency>)>,
}

/// What was taken to be, and which pairs are open.
#[derive(Clone)]
struct Trial {
    graph: Graph<Why>,
    /// Where each node leads.
    leads: Sets,
    open: Vec<Choice>,
}

/// What a trial takes up: for each node a bit for each that it leads to; edges; pairs.
fn size(graph: &Graph<Why>, pairs: u64) -> u64 {
    let nodes = graph.nodes() as u64;
    nodes * nodes / 8 + 24 * (nodes + graph.edges() as u64 + pairs)
}

impl Solver<'_> {
    fn is_snapshot(&self) -> bool {
        self.level.base == Base::SnapshotIsolation
    }

    /// The node that stands for when a transaction's writes are there.
    fn commit(&self, txn: usize) -> usize {
        if self.is_snapshot() { 2 * txn + 1 } else { txn }
    }

    /// The edge of a dependency in the graph of the level, if it has one.
    fn edge(&self, dependency: &Dependency) -> Option<(usize, usize)> {
        let Dependency { from, to, why } = *dependency;
        match (self.level.base, why) {
            (Base::ReadUncommitted, Why::Saw { .. } | Why::Missed { .. }) => None,
            (Base::ReadCommitted, Why::Missed { .. }) => None,
            (Base::SnapshotIsolation, Why::Missed { .. }) => Some((2 * from, 2 * to + 1)),
            (Base::SnapshotIsolation, _) => Some((2 * from + 1, 2 * to)),
            _ => Some((from, to)),
        }
    }

    fn fixed(&self) -> Graph<Why> {
        let txns = self.observed.places.len();
        let mut graph = Graph::new(if self.is_snapshot() { 2 * txns } else { txns });
        if self.is_snapshot() {
            (0..txns).for_each(|txn| graph.add(2 * txn, 2 * txn + 1, Why::Own));
        }
        let orders = match self.level.order {
            Order::None => &[][..],
            Order::Session => &self.observed.process,
            Order::RealTime => &self.observed.real_time,
        };
        // A process's order is one of real time; named first, it is what a cycle is told by.
        let process = if self.level.order == Order::RealTime { &self.observed.process[..] } else { &[] };
        for dependency in self.observed.dependencies.iter().chain(process).chain(orders) {
            if let Some((from, to)) = self.edge(dependency) {
                graph.add(from, to, dependency.why);
            }
        }
        graph
    }

    /// What follows from one having written a key before the other.
    fn follows(&self, key: u32, first: usize, then: usize) -> impl Iterator<Item = Dependency> + '_ {
        let readers = self.observed.readers.get(&(key, first)).map_or(&[][..], Vec::as_slice);
        let missed = readers.iter().filter(move |reader| **reader != then);
        let missed = missed.map(move |reader| Dependency { from: *reader, to: then, why: Why::Missed { key } });
        [Dependency { from: first, to: then, why: Why::Wrote { key, how: How::Must } }].into_iter().chain(missed)
    }

    /// Whether all is well if versions are in the order in which the transactions come out.
    fn completed(&self, graph: &Graph<Why>, order: &[usize]) -> bool {
        let mut place = vec![0; graph.nodes()];
        order.iter().enumerate().for_each(|(at, node)| place[*node] = at);
        let mut graph = graph.clone();
        for group in &self.observed.groups {
            let mut writers = group.writers.clone();
            writers.sort_by_key(|txn| place[self.commit(*txn)]);
            for two in writers.windows(2) {
                for dependency in self.follows(group.key, two[0], two[1]) {
                    if let Some((from, to)) = self.edge(&dependency) {
                        graph.add(from, to, dependency.why);
                    }
                }
            }
        }
        graph.order().is_some()
    }

    /// Whether one can have written a key before the other.
    fn can(&self, trial: &Trial, key: u32, first: usize, then: usize) -> bool {
        let edges = self.follows(key, first, then);
        edges.filter_map(|own| self.edge(&own)).all(|(from, to)| from != to && !trial.leads.has(to, from))
    }

    fn take(&mut self, trial: &mut Trial, key: u32, first: usize, then: usize) -> Result<(), &'static str> {
        let edges: Vec<Dependency> = self.follows(key, first, then).collect();
        for dependency in edges {
            let Some((from, to)) = self.edge(&dependency) else { continue };
            trial.graph.add(from, to, dependency.why);
            if trial.leads.has(from, to) {
                continue;
            }
            for node in 0..trial.graph.nodes() {
                if node == from || trial.leads.has(node, from) {
                    trial.leads.take_in(node, to);
                }
            }
            self.budget.spend(trial.graph.nodes() as u64, self.held)?;
        }
        Ok(())
    }

    fn search(&mut self, mut trial: Trial) -> Result<bool, &'static str> {
        if !self.settle(&mut trial)? {
            return Ok(false);
        }
        let Some(order) = trial.graph.order() else { return Ok(false) };
        if trial.open.is_empty() || self.completed(&trial.graph, &order) {
            return Ok(true);
        }
        let Choice { key, a, b } = trial.open[0];
        let place = |txn| order.iter().position(|node| *node == self.commit(txn));
        let both = if place(a) < place(b) { [(a, b), (b, a)] } else { [(b, a), (a, b)] };
        for (first, then) in both {
            let bytes = size(&trial.graph, trial.open.len() as u64);
            self.held += bytes;
            self.budget.spend(0, self.held)?;
            let mut next = trial.clone();
            self.take(&mut next, key, first, then)?;
            if self.search(next)? {
                return Ok(true);
            }
            self.held -= bytes;
        }
        Ok(false)
    }

    /// Takes what is the only way, until there is no more of that; false if something has no way at all.
    fn settle(&mut self, trial: &mut Trial) -> Result<bool, &'static str> {
        let mut news = true;
        while news {
            news = false;
            for choice in std::mem::take(&mut trial.open) {
                let Choice { key, a, b } = choice;
                self.budget.spend(1, self.held)?;
                let (first, second) = (self.can(trial, key, a, b), self.can(trial, key, b, a));
                match (first, second) {
                    (true, true) => trial.open.push(choice),
                    (false, false) => {
                        let (one, other) = (self.closes(trial, key, a, b), self.closes(trial, key, b, a));
                        self.conflict.get_or_insert((choice, one, other));
                        return Ok(false);
                    }
                    _ => {
                        let (first, then) = if first { (a, b) } else { (b, a) };
                        self.take(trial, key, first, then)?;
                        news = true;
                    }
                }
            }
        }
        Ok(true)
    }

    /// The shortest cycle that it would close, had one written a key before the other.
    fn closes(&self, trial: &Trial, key: u32, first: usize, then: usize) -> Vec<Dependency> {
        let mut best: Option<Vec<Step<Why>>> = None;
        for dependency in self.follows(key, first, then) {
            let Some((from, to)) = self.edge(&dependency) else { continue };
            let Some(mut steps) = trial.graph.path(to, from, |_| true) else { continue };
            // That it was first is said beside it, not that it must have been.
            let why = match dependency.why {
                Why::Wrote { key, .. } => Why::Wrote { key, how: How::Supposed },
                other => other,
            };
            steps.insert(0, Step { from, to, why });
            if best.as_ref().is_none_or(|best| steps.len() < best.len()) {
                best = Some(steps);
            }
        }
        self.told(&best.unwrap_or_default())
    }

    /// A cycle of the graph as one of transactions: those of one process, or of real time, after one another are one step.
    fn told(&self, steps: &[Step<Why>]) -> Vec<Dependency> {
        let txn = |node: usize| if self.is_snapshot() { node / 2 } else { node };
        let steps = steps.iter().filter(|step| step.why != Why::Own);
        let mut cycle: Vec<Dependency> =
            steps.map(|step| Dependency { from: txn(step.from), to: txn(step.to), why: step.why }).collect();
        // Begins with what is no order of time, so that such a run is in one piece.
        if let Some(first) = cycle.iter().position(|own| !own.why.is_order()) {
            cycle.rotate_left(first);
        }
        let mut told: Vec<Dependency> = Vec::new();
        for own in cycle {
            match told.last_mut().filter(|last| last.why == own.why && own.why.is_order()) {
                Some(last) => last.to = own.to,
                None => told.push(own),
            }
        }
        told
    }
}
