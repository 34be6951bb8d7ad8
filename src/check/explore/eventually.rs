//! What shall come to be: the second search, through the states that can be reached without having met it.
//!
//! That part of the graph is kept whole. A state of it in which nothing can happen is a counterexample, and so is a
//! strongly connected part of it in which a fair way can stay for ever. Under weak fairness that is decided for each part
//! as a whole: for every class of actions, some state of the part has none of it, or some step within the part is one of
//! it; then a way that goes round through all of it for ever is fair, and no other could be if this one is not.
//! (Clarke, Grumberg, Peled: Model Checking, section 6.3; Tarjan: Depth-first search and linear graph algorithms, SIAM J.
//! Comput. 1(2), 1972.) Symmetry is not used here.

use super::known::Known;
use super::{Bound, Model, Options};
use std::collections::VecDeque;

/// A start, the actions from there, and from which of them on they are a cycle.
pub type Lasso<A> = (usize, Vec<A>, Option<usize>);

const NONE: u32 = u32::MAX;
const NO_CLASS: u8 = u8::MAX;

#[derive(Clone, Copy)]
struct Edge {
    to: u32,
    choice: u16,
    class: u8,
}

struct Graph<S> {
    states: Vec<S>,
    /// Parent, and which of its actions led here; of an initial state its number.
    parents: Vec<(u32, u16)>,
    /// Where each state's edges end; they begin where those of the state before end.
    ends: Vec<usize>,
    edges: Vec<Edge>,
    /// The classes of which each state has an action, wherever it leads.
    possible: Vec<u64>,
}

/// A counterexample to "property `place` comes to hold on every way", if there is one.
///
/// # Errors
/// The bound that was reached.
pub fn judge<M: Model>(model: &M, place: usize, options: &Options) -> Result<Option<Lasso<M::Action>>, Bound> {
    let graph = match Graph::new(model, place, options)? {
        Ok(graph) => graph,
        Err(end) => return Ok(Some(end)),
    };
    for part in graph.parts() {
        if let Some(needed) = graph.fair(&part) {
            return Ok(Some(graph.lasso(model, &part, &needed)));
        }
    }
    Ok(None)
}

/// What a fair cycle through a part has to meet: a state without any action of a class, or an edge that is one.
enum Needed {
    State(u32),
    Edge(u32, Edge),
}

impl<S: Clone> Graph<S> {
    /// All states that come before the property holds; or a way to one of them at which all ends.
    #[allow(clippy::type_complexity)]
    fn new<M: Model<State = S>>(
        model: &M,
        place: usize,
        options: &Options,
    ) -> Result<Result<Graph<S>, Lasso<M::Action>>, Bound> {
        let lacks = |state: &S| model.holds(state) >> place & 1 == 0;
        let mut graph = Graph { states: vec![], parents: vec![], ends: vec![], edges: vec![], possible: vec![] };
        let mut known = Known::map();
        for (start, state) in model.begin().into_iter().enumerate().filter(|(_, state)| lacks(state)) {
            graph.enter(model, &mut known, state, (NONE, start as u16));
        }
        let mut actions = Vec::new();
        for id in 0.. {
            let Some(state) = graph.states.get(id).cloned() else { break };
            actions.clear();
            model.actions(&state, &mut actions);
            let (mut ends, mut possible) = (true, 0);
            for (choice, action) in actions.iter().enumerate() {
                let Some(next) = model.next(&state, action) else { continue };
                let class = model.fairness(action).unwrap_or(NO_CLASS);
                ends = false;
                possible |= 1u64.checked_shl(class.into()).unwrap_or(0);
                if lacks(&next) && model.within(&next) {
                    let to = graph.enter(model, &mut known, next, (id as u32, choice as u16));
                    graph.edges.push(Edge { to, choice: choice as u16, class });
                }
            }
            if ends {
                let (start, way) = graph.way(model, id as u32);
                return Ok(Err((start, way, None)));
            }
            graph.ends.push(graph.edges.len());
            graph.possible.push(possible);
            let bytes = known.bytes_next()
                + (graph.edges.capacity() * size_of::<Edge>()) as u64
                + (graph.states.capacity() * (model.bytes(&state) + 24)) as u64;
            if graph.states.len() as u64 > options.states {
                return Err(Bound::States);
            }
            if bytes > options.bytes {
                return Err(Bound::Memory);
            }
        }
        Ok(Ok(graph))
    }

    fn enter<M: Model<State = S>>(&mut self, model: &M, known: &mut Known, state: S, from: (u32, u16)) -> u32 {
        let id = self.states.len() as u32;
        let before = known.enter(model.fingerprint(&state), id);
        before.unwrap_or_else(|| {
            self.states.push(state);
            self.parents.push(from);
            id
        })
    }

    fn action<M: Model<State = S>>(&self, model: &M, from: u32, choice: u16) -> M::Action {
        let mut actions = Vec::new();
        model.actions(&self.states[from as usize], &mut actions);
        actions.swap_remove(usize::from(choice))
    }

    /// The start, and the actions to a state.
    fn way<M: Model<State = S>>(&self, model: &M, mut id: u32) -> (usize, Vec<M::Action>) {
        let mut way = Vec::new();
        loop {
            let (parent, choice) = self.parents[id as usize];
            if parent == NONE {
                way.reverse();
                return (choice.into(), way);
            }
            way.push(self.action(model, parent, choice));
            id = parent;
        }
    }

    fn edges(&self, id: u32) -> &[Edge] {
        let id = id as usize;
        let begin = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.edges[begin..self.ends[id]]
    }

    /// The strongly connected parts that hold a cycle, each in the order of the states' distance from the start.
    fn parts(&self) -> Vec<Vec<u32>> {
        let many = self.states.len();
        let (mut index, mut low, mut stacked) = (vec![NONE; many], vec![0u32; many], vec![false; many]);
        let (mut stack, mut parts, mut count) = (Vec::new(), Vec::new(), 0);
        for root in 0..many as u32 {
            if index[root as usize] != NONE {
                continue;
            }
            let mut calls = vec![(root, 0usize)];
            while let Some((id, next)) = calls.pop() {
                let at = id as usize;
                if next == 0 {
                    (index[at], low[at], stacked[at]) = (count, count, true);
                    count += 1;
                    stack.push(id);
                }
                if let Some(edge) = self.edges(id).get(next) {
                    let to = edge.to as usize;
                    calls.push((id, next + 1));
                    if index[to] == NONE {
                        calls.push((edge.to, 0));
                    } else if stacked[to] {
                        low[at] = low[at].min(index[to]);
                    }
                    continue;
                }
                if let Some((parent, _)) = calls.last() {
                    low[*parent as usize] = low[*parent as usize].min(low[at]);
                }
                if low[at] == index[at] {
                    let begin = stack.iter().rposition(|other| *other == id).unwrap_or(0);
                    let mut part = stack.split_off(begin);
                    part.iter().for_each(|state| stacked[*state as usize] = false);
                    part.sort_unstable();
                    if part.len() > 1 || self.edges(id).iter().any(|edge| edge.to == id) {
                        parts.push(part);
                    }
                }
            }
        }
        parts.sort_unstable();
        parts
    }

    fn inner<'a>(&'a self, part: &'a [u32]) -> impl Iterator<Item = (u32, Edge)> + 'a {
        let within = |(from, edge): (u32, Edge)| part.binary_search(&edge.to).is_ok().then_some((from, edge));
        part.iter().flat_map(|from| self.edges(*from).iter().map(|edge| (*from, *edge))).filter_map(within)
    }

    /// What a fair cycle through all of a part would meet; None if a fair way has to leave it.
    fn fair(&self, part: &[u32]) -> Option<Vec<Needed>> {
        let mut needed = Vec::new();
        for class in 0..64u8 {
            let has = |id: &u32| self.possible[*id as usize] >> class & 1 == 1;
            if !part.iter().any(has) {
                continue;
            }
            let free = part.iter().find(|id| !has(id));
            let taken = self.inner(part).find(|(_, edge)| edge.class == class);
            needed.push(match (free, taken) {
                (Some(id), _) => Needed::State(*id),
                (None, Some((from, edge))) => Needed::Edge(from, edge),
                (None, None) => return None,
            });
        }
        Some(needed)
    }

    /// A shortest way to the part, and a cycle that meets what it needs.
    fn lasso<M: Model<State = S>>(&self, model: &M, part: &[u32], needed: &[Needed]) -> Lasso<M::Action> {
        let first = part[0];
        let (start, mut way) = self.way(model, first);
        let cycle = way.len();
        let mut at = first;
        let mut go = |at: &mut u32, to: u32, edge: Option<Edge>| {
            for (from, choice) in self.between(part, *at, to) {
                way.push(self.action(model, from, choice));
            }
            *at = to;
            if let Some(edge) = edge {
                way.push(self.action(model, to, edge.choice));
                *at = edge.to;
            }
        };
        for need in needed {
            match need {
                Needed::State(id) => go(&mut at, *id, None),
                Needed::Edge(from, edge) => go(&mut at, *from, Some(*edge)),
            }
        }
        let some = self.inner(part).find(|(from, _)| *from == at);
        if let Some((from, edge)) = some.filter(|_| at == first) {
            go(&mut at, from, Some(edge));
        }
        go(&mut at, first, None);
        (start, way, Some(cycle))
    }

    /// A shortest way within a part, as states and choices.
    fn between(&self, part: &[u32], from: u32, to: u32) -> Vec<(u32, u16)> {
        let mut before: Vec<Option<(u32, u16)>> = vec![None; part.len()];
        let mut open = VecDeque::from([from]);
        while let Some(id) = open.pop_front().filter(|id| *id != to) {
            for edge in self.edges(id) {
                if let Ok(place) = part.binary_search(&edge.to)
                    && before[place].is_none()
                    && edge.to != from
                {
                    before[place] = Some((id, edge.choice));
                    open.push_back(edge.to);
                }
            }
        }
        let (mut way, mut at) = (Vec::new(), to);
        while at != from {
            let place = part.binary_search(&at).expect("within the part");
            let step = before[place].expect("a part is strongly connected");
            way.push(step);
            at = step.0;
        }
        way.reverse();
        way
    }
}
