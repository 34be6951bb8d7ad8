//! Directed graphs whose edges have reasons, as the checks that look for cycles need them. Nodes are numbered in the order
//! of real time (by invocations), so that where there is a choice, an order comes out near to that.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// An edge that is on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<R> {
    pub from: usize,
    pub to: usize,
    pub why: R,
}

#[derive(Clone)]
pub struct Graph<R> {
    out: Vec<Vec<(u32, R)>>,
    edges: usize,
}

/// A shortest cycle is looked for through at most so many nodes: beyond it, one of the shortest.
const STARTS_MAX: usize = 512;

impl<R: Copy> Graph<R> {
    pub fn new(nodes: usize) -> Graph<R> {
        Graph { out: vec![Vec::new(); nodes], edges: 0 }
    }

    pub fn nodes(&self) -> usize {
        self.out.len()
    }

    pub fn edges(&self) -> usize {
        self.edges
    }

    pub fn add(&mut self, from: usize, to: usize, why: R) {
        self.out[from].push((to as u32, why));
        self.edges += 1;
    }

    /// Where edges lead from a node.
    pub fn next(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        self.out[from].iter().map(|(to, _)| *to as usize)
    }

    /// All nodes, none before one that leads to it; none if there is a cycle. Of nodes that could come next the one with
    /// the lowest number does.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut before = vec![0_u32; self.nodes()];
        self.out.iter().flatten().for_each(|(to, _)| before[*to as usize] += 1);
        let mut free: BinaryHeap<Reverse<usize>> =
            (0..self.nodes()).filter(|node| before[*node] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(self.nodes());
        while let Some(Reverse(node)) = free.pop() {
            order.push(node);
            for to in self.next(node) {
                before[to] -= 1;
                if before[to] == 0 {
                    free.push(Reverse(to));
                }
            }
        }
        (order.len() == self.nodes()).then_some(order)
    }

    /// A shortest path of at least one edge, over edges of which that is true.
    pub fn path(&self, from: usize, to: usize, may: impl Fn(&R) -> bool) -> Option<Vec<Step<R>>> {
        let mut came: Vec<Option<(u32, R)>> = vec![None; self.nodes()];
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for (next, why) in self.out[node].iter().filter(|(_, why)| may(why)) {
                let place = &mut came[*next as usize];
                if place.is_none() {
                    *place = Some((node as u32, *why));
                    queue.push_back(*next as usize);
                }
            }
            if came[to].is_some() {
                break;
            }
        }
        let mut steps = Vec::new();
        let mut at = to;
        while steps.is_empty() || at != from {
            let (before, why) = came[at]?;
            steps.push(Step { from: before as usize, to: at, why });
            at = before as usize;
        }
        steps.reverse();
        Some(steps)
    }

    /// A shortest cycle, if there is any.
    pub fn cycle(&self) -> Option<Vec<Step<R>>> {
        let mut best: Option<Vec<Step<R>>> = None;
        for start in self.knotted().into_iter().take(STARTS_MAX) {
            let shorter = |steps: &Vec<Step<R>>| best.as_ref().is_none_or(|best| steps.len() < best.len());
            if let Some(steps) = self.path(start, start, |_| true).filter(shorter) {
                best = Some(steps);
            }
        }
        best
    }

    /// The nodes on cycles, without those that no cycle goes through: its strongly connected components of more than one
    /// node (R. Tarjan: Depth-first search and linear graph algorithms, 1972), without recursion.
    fn knotted(&self) -> Vec<usize> {
        const NEW: u32 = u32::MAX;
        let (mut number, mut low) = (vec![NEW; self.nodes()], vec![0; self.nodes()]);
        let (mut on, mut stack, mut count) = (vec![false; self.nodes()], Vec::new(), 0);
        let mut found = Vec::new();
        for root in 0..self.nodes() {
            let mut calls = if number[root] == NEW { vec![(root, 0)] } else { Vec::new() };
            while let Some((node, at)) = calls.pop() {
                if at == 0 {
                    (number[node], low[node], on[node]) = (count, count, true);
                    count += 1;
                    stack.push(node);
                } else {
                    // Back from the one before.
                    let child = self.out[node][at - 1].0 as usize;
                    if on[child] {
                        low[node] = low[node].min(low[child]);
                    }
                }
                if let Some((next, _)) = self.out[node].get(at) {
                    calls.push((node, at + 1));
                    if number[*next as usize] == NEW {
                        calls.push((*next as usize, 0));
                    }
                    continue;
                }
                if low[node] == number[node] {
                    let from = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                    let part = stack.split_off(from);
                    part.iter().for_each(|other| on[*other] = false);
                    if part.len() > 1 || self.next(node).any(|next| next == node) {
                        found.extend(part);
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// For each node a set of nodes, as bits.
#[derive(Clone)]
pub struct Sets {
    words: usize,
    bits: Vec<u64>,
}

impl Sets {
    pub fn new(nodes: usize) -> Sets {
        let words = nodes.div_ceil(64);
        Sets { words, bits: vec![0; nodes * words] }
    }

    /// For each node those that lead to it, given all nodes in an order of the graph.
    pub fn ancestors<R: Copy>(graph: &Graph<R>, order: &[usize]) -> Sets {
        let mut sets = Sets::new(graph.nodes());
        for node in order {
            for next in graph.next(*node) {
                sets.take_in(next, *node);
            }
        }
        sets
    }

    /// For each node those that it leads to.
    pub fn descendants<R: Copy>(graph: &Graph<R>, order: &[usize]) -> Sets {
        let mut sets = Sets::new(graph.nodes());
        for node in order.iter().rev() {
            for next in graph.next(*node) {
                sets.take_in(*node, next);
            }
        }
        sets
    }

    pub fn has(&self, node: usize, other: usize) -> bool {
        self.bits[node * self.words + other / 64] >> (other % 64) & 1 == 1
    }

    /// Puts another node, and all of its set, into a node's set.
    pub fn take_in(&mut self, node: usize, other: usize) {
        let (to, from) = (node * self.words, other * self.words);
        for word in 0..self.words {
            self.bits[to + word] |= self.bits[from + word];
        }
        self.bits[to + other / 64] |= 1 << (other % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph<()> {
        let mut graph = Graph::new(nodes);
        edges.iter().for_each(|(from, to)| graph.add(*from, *to, ()));
        graph
    }

    fn nodes(steps: Option<Vec<Step<()>>>) -> Vec<usize> {
        steps.expect("there is one").iter().map(|step| step.from).collect()
    }

    #[test]
    fn orders_paths_and_cycles() {
        let plain = graph(5, &[(3, 0), (0, 1), (1, 4), (3, 4), (2, 4)]);
        assert_eq!(plain.order(), Some(vec![2, 3, 0, 1, 4]));
        assert!(plain.cycle().is_none());
        assert_eq!(nodes(plain.path(3, 4, |()| true)), [3]);
        assert!(plain.path(4, 3, |()| true).is_none() && plain.path(3, 3, |()| true).is_none());
        let sets = Sets::ancestors(&plain, &[2, 3, 0, 1, 4]);
        assert!(sets.has(4, 3) && sets.has(1, 3) && !sets.has(3, 1) && !sets.has(1, 2) && !sets.has(4, 4));
        let sets = Sets::descendants(&plain, &[2, 3, 0, 1, 4]);
        assert!(sets.has(3, 4) && sets.has(3, 1) && !sets.has(1, 3) && !sets.has(2, 1));
        let knotted = graph(6, &[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 3), (4, 5)]);
        assert_eq!(knotted.knotted(), [1, 2, 3, 4]);
        assert_eq!(nodes(knotted.cycle()), [3, 4]);
        assert!(knotted.order().is_none());
        assert_eq!(nodes(graph(2, &[(1, 1)]).cycle()), [1]);
    }
}
