//! Sequential consistency (L. Lamport: How to make a multiprocessor computer that correctly executes multiprocess programs,
//! 1979): is there one order of all operations, in keeping with each process's own, that one copy of the objects could have
//! answered so?
//!
//! It is not local: objects that have such an order each need not have one together. So this is a search over all of a
//! history at once, by the order of processes instead of real time, and otherwise as that of linearizability: depth first,
//! with the configurations it was in. A read that can come next comes next: no order is lost by that. What began first is
//! tried first, so that a history that is linearizable too is mostly explained at once.

use crate::check::history::History;
use crate::check::limits::{Budget, Limits};
use crate::check::linear::seen::{self, Seen};
use crate::check::linear::{minimise, tries};
use crate::check::spec::{Shown, Spec, Words};
use crate::wire::Outcome;
use std::collections::BTreeMap;

pub enum Found {
    /// The places of the operations, in an order that explains them.
    Order(Vec<usize>),
    Nothing,
    /// The limit that was reached.
    Limit(&'static str),
}

struct Item<C> {
    call: C,
    place: usize,
    key: usize,
    process: usize,
    invoked: u32,
    /// Of its process so many others must have taken effect before it.
    after: usize,
}

/// One that may have taken effect stands for itself; of the others, processes have one to come next each.
#[derive(Clone, Copy)]
enum Move {
    Must(usize),
    May(usize),
}

struct Frame<T> {
    moves: Vec<Move>,
    tried: usize,
    /// The key's state before the move that was made last.
    undo: Option<(Move, usize, T, u128)>,
    /// What is held for it.
    bytes: u64,
}

/// Of a frame, beside its state and its moves; and of each of these.
const FRAME: u64 = 96;
const MOVE: u64 = 16;

pub struct Search<'a, S: Spec> {
    spec: &'a S,
    items: Vec<Item<S::Call>>,
    /// For each process the items that must take effect, in order, and how many have.
    chains: Vec<Vec<usize>>,
    done: Vec<usize>,
    may: Vec<usize>,
    used: Vec<u64>,
    states: Vec<S::State>,
    prints: Vec<u128>,
    set: u128,
    seen: Seen,
    bytes: Vec<u8>,
    /// What the frames take up.
    held: u64,
    pub steps: u64,
}

impl<'a, S: Spec> Search<'a, S> {
    pub fn new(spec: &'a S, history: &History) -> Result<Search<'a, S>, String> {
        let mut words = Words::default();
        let (mut keys, mut processes) = (BTreeMap::new(), BTreeMap::new());
        let (mut items, mut chains, mut may) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new());
        for (place, op) in history.operations.iter().enumerate() {
            let Some(call) = spec.read(op, &mut words)? else { continue };
            let count = keys.len();
            let key = *keys.entry(&op.key).or_insert(count);
            let process = *processes.entry(&op.process).or_insert_with(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
            let after = chains[process].len();
            if op.outcome == Outcome::Unknown {
                may.push(items.len())
            } else {
                chains[process].push(items.len())
            }
            items.push(Item { call, place, key, process, invoked: op.invoked, after });
        }
        may.retain(|own| shown(spec, &items, *own));
        let mut search = Search {
            spec,
            done: vec![0; chains.len()],
            chains,
            used: vec![0; may.len().div_ceil(64)],
            seen: Seen::new(may.len()),
            may,
            states: vec![spec.start(); keys.len()],
            prints: vec![0; keys.len()],
            items,
            set: 0,
            bytes: Vec::new(),
            held: 0,
            steps: 0,
        };
        for key in 0..search.states.len() {
            search.prints[key] = search.print(key);
            search.set ^= search.prints[key];
        }
        Ok(search)
    }

    pub fn configurations(&self) -> usize {
        self.seen.len()
    }

    pub fn run(&mut self, limits: Limits) -> Found {
        let mut frames = vec![self.frame()];
        let mut budget = Budget::new(limits);
        loop {
            if self.done.iter().zip(&self.chains).all(|(done, chain)| *done == chain.len()) {
                return Found::Order(self.order(&frames));
            }
            let Some(frame) = frames.last_mut() else { return Found::Nothing };
            if let Some((done, key, state, set)) = frame.undo.take() {
                self.take_back(done, key, state, set);
            }
            let Some(next) = frame.moves.get(frame.tried).copied() else {
                self.held -= frame.bytes;
                frames.pop();
                continue;
            };
            frame.tried += 1;
            self.steps += 1;
            if let Err(limit) = budget.spend(1, self.seen.bytes() + self.held) {
                return Found::Limit(limit);
            }
            frame.undo = self.make(next);
            if frame.undo.is_some() {
                frames.push(self.frame());
            }
        }
    }

    /// What can be tried next; beside it lies the state before it, about as long as the one that was encoded last.
    fn frame(&mut self) -> Frame<S::State> {
        let moves = self.moves();
        let bytes = FRAME + moves.len() as u64 * MOVE + self.bytes.len() as u64;
        self.held += bytes;
        Frame { moves, tried: 0, undo: None, bytes }
    }

    fn order(&self, frames: &[Frame<S::State>]) -> Vec<usize> {
        let mut done = vec![0; self.chains.len()];
        let mut item = |own: Move| match own {
            Move::Must(process) => {
                done[process] += 1;
                self.chains[process][done[process] - 1]
            }
            Move::May(place) => self.may[place],
        };
        let made = frames.iter().filter_map(|frame| frame.undo.as_ref());
        made.map(|(own, ..)| self.items[item(*own)].place).collect()
    }

    fn print(&mut self, key: usize) -> u128 {
        seen::of(&(key as u64, &self.states[key]), &mut self.bytes)
    }

    fn item(&self, own: Move) -> usize {
        match own {
            Move::Must(process) => self.chains[process][self.done[process]],
            Move::May(place) => self.may[place],
        }
    }

    /// What could come next, what began first before the others.
    fn moves(&self) -> Vec<Move> {
        let next = (0..self.chains.len()).filter(|process| self.done[*process] < self.chains[*process].len());
        let mut moves: Vec<Move> = next.map(Move::Must).collect();
        let can = |own: &Move| {
            let Item { call, key, .. } = &self.items[self.item(*own)];
            self.spec.only_looks(call) && self.spec.apply(&self.states[*key], call).is_some()
        };
        if let Some(read) = moves.iter().copied().find(can) {
            return vec![read];
        }
        moves.sort_by_key(|own| self.items[self.item(*own)].invoked);
        let free = |place: &usize| {
            let Item { process, after, .. } = self.items[self.may[*place]];
            self.used[place / 64] >> (place % 64) & 1 == 0 && self.done[process] >= after
        };
        moves.extend((0..self.may.len()).filter(free).map(Move::May));
        moves
    }

    /// Makes a move, unless it cannot be or leads where the search was; with what takes it back.
    fn make(&mut self, own: Move) -> Option<(Move, usize, S::State, u128)> {
        let item = self.item(own);
        let key = self.items[item].key;
        let after = self.spec.apply(&self.states[key], &self.items[item].call)?;
        if matches!(own, Move::May(_)) && after == self.states[key] {
            return None;
        }
        let before = std::mem::replace(&mut self.states[key], after);
        let set = self.set;
        let print = self.print(key);
        self.set ^= self.prints[key] ^ print;
        self.prints[key] = print;
        match own {
            Move::Must(process) => {
                self.set ^= seen::of_place(item);
                self.done[process] += 1;
            }
            Move::May(place) => self.used[place / 64] |= 1 << (place % 64),
        }
        if !self.seen.insert(self.set, &self.used) {
            self.take_back(own, key, before, set);
            return None;
        }
        Some((own, key, before, set))
    }

    fn take_back(&mut self, own: Move, key: usize, state: S::State, set: u128) {
        self.states[key] = state;
        self.prints[key] = self.print(key);
        self.set = set;
        match own {
            Move::Must(process) => self.done[process] -= 1,
            Move::May(place) => self.used[place / 64] &= !(1 << (place % 64)),
        }
    }
}

/// Whether another operation may have shown one that nobody knows the end of.
fn shown<S: Spec>(spec: &S, items: &[Item<S::Call>], own: usize) -> bool {
    let of = |other: &Item<S::Call>| spec.shows(&items[own].call, &other.call);
    let others = items.iter().enumerate().filter(|(other, item)| *other != own && item.key == items[own].key);
    others.map(|(_, other)| of(other)).any(|shown| matches!(shown, Shown::Perhaps | Shown::Surely | Shown::Both))
}

/// Which operations have no order together, as few as were found, and whether each is needed.
pub fn core<S: Spec>(spec: &S, history: &History, limits: Limits) -> Result<(Vec<usize>, bool), String> {
    let violates = |history: &History| {
        if limits.stop.is_due() {
            return Ok(None);
        }
        Ok(match Search::new(spec, history)?.run(tries(limits)) {
            Found::Nothing => Some(true),
            Found::Order(_) => Some(false),
            Found::Limit(_) => None,
        })
    };
    minimise(history, None, violates)
}
