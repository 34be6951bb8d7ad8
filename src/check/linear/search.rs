//! The search for an order: depth first over what could have taken effect next, with the configurations that it has been
//! in (J. Wing, C. Gong: Testing and verifying concurrent objects, 1993; G. Lowe: Testing for linearizability, 2017; A.
//! Athalye: Porcupine).
//!
//! Operations that must have taken effect stand in a list of their two events in real time; an operation can come next
//! when its invocation stands before the first completion in that list. Operations that *may* have taken effect are beside
//! the list: they can come next at any time after their invocation, or never. They are tried last, and only where they
//! change something: when what comes after one would have come to the same without it, the order without it is as good.
//! What only looks is put into the order as soon as it can be, and nothing is tried instead of it. What nobody saw is put
//! directly before the next blind call, as much of it as can be: there it makes no difference, and later it would.

use super::seen::{self, Seen};
use crate::check::history::NEVER;
use crate::check::limits::{Budget, Limits};
use crate::check::spec::Spec;
use std::rc::Rc;

/// An operation of the search.
#[derive(Clone)]
pub struct Item<C> {
    pub call: C,
    pub invoked: u32,
    /// [`NEVER`]: it may have taken effect, or not.
    pub completed: u32,
}

pub enum Found {
    /// The items in an order that explains all answers.
    Order(Vec<usize>),
    Nothing,
    /// The limit that was reached.
    Limit(&'static str),
}

/// What a search that finds nothing tells of how far it got.
pub struct Reached<T> {
    /// States in which all but the last operation to complete have taken effect.
    pub states: Vec<T>,
    /// For each item the longest order that it is in.
    pub longest: Vec<Option<Rc<[usize]>>>,
    best: usize,
}

/// At most so many states are told.
const STATES_MAX: usize = 8;
/// How far from the end of an order its operations are looked at for the longest one that they are in; those before are in
/// the longest of all.
const TAIL: usize = 128;

const HEAD: usize = 0;

/// An event in the list, or its end.
#[derive(Clone, Copy)]
struct Node {
    item: u32,
    /// Its other event, and whether this is the completion.
    other: u32,
    completes: bool,
    place: u32,
    next: u32,
    before: u32,
}

#[derive(Clone, Copy)]
enum Move {
    Must(usize),
    /// One that only looked, and could: nothing is lost by looking now, so nothing else is tried instead.
    Looked(usize),
    /// The item's place among those that may, and the first completion's place.
    May(usize, u32),
}

struct Frame<T> {
    done: Move,
    state: T,
    /// The state before the move, if the move was one that may have been.
    before: Option<T>,
    /// The invocations of what was put directly before it, unseen.
    unseen: Vec<u32>,
    /// What is held for it.
    bytes: u64,
}

/// Of a frame, beside its states.
const FRAME: u64 = 64;

pub struct Search<'a, S: Spec> {
    spec: &'a S,
    items: &'a [Item<S::Call>],
    list: Vec<Node>,
    may: Vec<usize>,
    used: Vec<u64>,
    seen: Seen,
    frames: Vec<Frame<S::State>>,
    state: S::State,
    /// The state before the last move, if that was one that may have been.
    before: Option<S::State>,
    set: u128,
    bytes: Vec<u8>,
    /// What the frames take up.
    held: u64,
    pub steps: u64,
    pub reached: Option<Reached<S::State>>,
}

impl<'a, S: Spec> Search<'a, S> {
    pub fn new(spec: &'a S, items: &'a [Item<S::Call>]) -> Search<'a, S> {
        let mut may: Vec<usize> = (0..items.len()).filter(|i| items[*i].completed == NEVER).collect();
        may.sort_by_key(|i| items[*i].invoked);
        Search {
            spec,
            items,
            list: list(items),
            used: vec![0; may.len().div_ceil(64)],
            seen: Seen::new(may.len()),
            may,
            frames: Vec::new(),
            state: spec.start(),
            before: None,
            set: 0,
            bytes: Vec::new(),
            held: 0,
            steps: 0,
            reached: None,
        }
    }

    /// Has it tell how far it got.
    pub fn telling(mut self) -> Self {
        self.reached = Some(Reached { states: Vec::new(), longest: vec![None; self.items.len()], best: 0 });
        self
    }

    /// How many configurations it was in.
    pub fn configurations(&self) -> usize {
        self.seen.len()
    }

    pub fn run(&mut self, limits: Limits) -> Found {
        let mut next = self.begin();
        let mut budget = Budget::new(limits);
        loop {
            if self.list[HEAD].next as usize == HEAD {
                return Found::Order(self.order());
            }
            self.steps += 1;
            if let Err(limit) = budget.spend(1, self.seen.bytes() + self.held) {
                return Found::Limit(limit);
            }
            let tried = match next {
                Move::Must(node) if self.list[node].completes => Some(Move::May(0, self.list[node].place)),
                Move::Must(node) => self.must(node).then_some(Move::Must(self.list[node].next as usize)),
                Move::Looked(node) if self.looked(node) => None,
                Move::May(place, bound) if self.may.get(place).is_some_and(|i| self.items[*i].invoked < bound) => {
                    self.may_have(place, bound).then_some(Move::May(place + 1, bound))
                }
                // Or it looked, and came to where one was before.
                Move::May(..) | Move::Looked(_) => match self.back() {
                    Some(next) => Some(next),
                    None => return Found::Nothing,
                },
            };
            // Something took effect: from the beginning of what is left.
            next = tried.unwrap_or_else(|| self.begin());
        }
    }

    /// What to try first from here: one that only looks and sees what it was answered. It can look now whatever comes later:
    /// in any order that explains the rest it can be moved to the front.
    fn begin(&self) -> Move {
        let first = self.list[HEAD].next as usize;
        let mut node = first;
        while !self.list[node].completes {
            let call = &self.items[self.list[node].item as usize].call;
            if self.spec.only_looks(call) && self.spec.apply(&self.state, call).is_some() {
                return Move::Looked(node);
            }
            node = self.list[node].next as usize;
        }
        Move::Must(first)
    }

    /// Has an operation look; false when this comes to where one was before.
    fn looked(&mut self, node: usize) -> bool {
        let set = self.set ^ seen::of_place(self.list[node].item as usize);
        if !self.seen.insert(set ^ seen::of(&self.state, &mut self.bytes), &self.used) {
            return false;
        }
        self.set = set;
        self.lift(node);
        self.push(Move::Looked(node), self.state.clone(), false);
        true
    }

    /// Tries the operation whose invocation is at a node; true when it cannot come next, or need not.
    fn must(&mut self, node: usize) -> bool {
        let (items, item) = (self.items, self.list[node].item as usize);
        let call = &items[item].call;
        let Some(after) = self.spec.apply(&self.state, call).filter(|after| self.counts(call, after)) else {
            return true;
        };
        let unseen = if self.spec.is_blind(call) { self.lift_unseen(node) } else { Vec::new() };
        let places = unseen.iter().map(|node| self.list[*node as usize].item as usize);
        let set = places.fold(self.set ^ seen::of_place(item), |set, place| set ^ seen::of_place(place));
        if !self.seen.insert(set ^ seen::of(&after, &mut self.bytes), &self.used) {
            unseen.iter().rev().for_each(|node| self.put_back(*node as usize));
            return true;
        }
        self.set = set;
        self.lift(node);
        self.push(Move::Must(node), after, false);
        if let Some(frame) = self.frames.last_mut() {
            frame.unseen = unseen;
        }
        false
    }

    /// Takes what nobody saw out of the list, as far as it can come before the operation whose invocation is at a node.
    fn lift_unseen(&mut self, next: usize) -> Vec<u32> {
        let mut unseen = Vec::new();
        let mut node = self.list[HEAD].next as usize;
        while !self.list[node].completes {
            let after = self.list[node].next as usize;
            if node != next && self.spec.is_unseen(&self.items[self.list[node].item as usize].call) {
                // Its completion may be what stands next.
                let other = self.list[node].other as usize;
                self.lift(node);
                unseen.push(node as u32);
                node = if after == other { self.list[other].next as usize } else { after };
            } else {
                node = after;
            }
        }
        unseen
    }

    /// Tries an operation that may have taken effect.
    fn may_have(&mut self, place: usize, bound: u32) -> bool {
        let (items, word, bit) = (self.items, place / 64, 1 << (place % 64));
        let call = &items[self.may[place]].call;
        if self.used[word] & bit != 0 {
            return true;
        }
        let after = self.spec.apply(&self.state, call).filter(|after| *after != self.state && self.counts(call, after));
        let Some(after) = after else { return true };
        self.used[word] |= bit;
        if !self.seen.insert(self.set ^ seen::of(&after, &mut self.bytes), &self.used) {
            self.used[word] &= !bit;
            return true;
        }
        self.push(Move::May(place, bound), after, true);
        false
    }

    /// Whether this would have come out otherwise without the move before it, if that need not have been.
    fn counts(&self, call: &S::Call, after: &S::State) -> bool {
        match &self.before {
            None => true,
            Some(_) if self.spec.is_blind(call) => false,
            Some(before) => self.spec.apply(before, call).as_ref() != Some(after),
        }
    }

    fn push(&mut self, done: Move, after: S::State, may: bool) {
        let state = std::mem::replace(&mut self.state, after);
        let before = std::mem::replace(&mut self.before, may.then(|| state.clone()));
        // The state that came of it was encoded last; what came before it is about as long.
        let bytes = FRAME + self.bytes.len() as u64 * if may { 2 } else { 1 };
        self.held += bytes;
        self.frames.push(Frame { done, state, before, unseen: Vec::new(), bytes });
        if self.reached.is_some() {
            self.tell_state();
        }
    }

    /// Takes the last move back, and says what to try next.
    fn back(&mut self) -> Option<Move> {
        if self.reached.is_some() {
            self.tell_order();
        }
        loop {
            let Frame { done, state, before, unseen, bytes } = self.frames.pop()?;
            self.held -= bytes;
            (self.state, self.before) = (state, before);
            match done {
                Move::Must(node) | Move::Looked(node) => {
                    self.set ^= seen::of_place(self.list[node].item as usize);
                    self.put_back(node);
                }
                Move::May(place, _) => self.used[place / 64] &= !(1 << (place % 64)),
            }
            for node in unseen.into_iter().rev() {
                self.set ^= seen::of_place(self.list[node as usize].item as usize);
                self.put_back(node as usize);
            }
            match done {
                Move::Must(node) => return Some(Move::Must(self.list[node].next as usize)),
                Move::May(place, bound) => return Some(Move::May(place + 1, bound)),
                Move::Looked(_) => {}
            }
        }
    }

    /// Takes both events of an operation out of the list.
    fn lift(&mut self, node: usize) {
        for node in [node, self.list[node].other as usize] {
            let Node { next, before, .. } = self.list[node];
            self.list[before as usize].next = next;
            self.list[next as usize].before = before;
        }
    }

    fn put_back(&mut self, node: usize) {
        for node in [self.list[node].other as usize, node] {
            let Node { next, before, .. } = self.list[node];
            self.list[before as usize].next = node as u32;
            self.list[next as usize].before = node as u32;
        }
    }

    fn order(&self) -> Vec<usize> {
        let item = |frame: &Frame<S::State>| match frame.done {
            Move::Must(node) | Move::Looked(node) => self.list[node].item as usize,
            Move::May(place, _) => self.may[place],
        };
        let unseen = |node: &u32| self.list[*node as usize].item as usize;
        self.frames.iter().flat_map(|frame| frame.unseen.iter().map(unseen).chain([item(frame)])).collect()
    }

    /// Notes the state, when all but one of the operations have taken effect.
    fn tell_state(&mut self) {
        let first = self.list[HEAD].next as usize;
        let one_left = first != HEAD && self.list[self.list[first].next as usize].next as usize == HEAD;
        if let Some(reached) = self.reached.as_mut().filter(|_| one_left)
            && reached.states.len() < STATES_MAX
            && !reached.states.contains(&self.state)
        {
            reached.states.push(self.state.clone());
        }
    }

    /// Notes the order that the search turns back from, for the operations of which it is the longest.
    fn tell_order(&mut self) {
        let Some(reached) = &self.reached else { return };
        let length = self.frames.len();
        let tail = if length > reached.best { 0 } else { length.saturating_sub(TAIL) };
        let order = self.order();
        let shorter = |item: &usize| reached.longest[*item].as_ref().is_none_or(|other| other.len() < length);
        let news: Vec<usize> = order[tail..].iter().copied().filter(shorter).collect();
        let shared: Rc<[usize]> = order.into();
        if let Some(reached) = self.reached.as_mut() {
            reached.best = reached.best.max(length);
            for item in news {
                reached.longest[item] = Some(Rc::clone(&shared));
            }
        }
    }
}

/// The events of what must have taken effect, in real time, on a ring through the head.
fn list<C>(items: &[Item<C>]) -> Vec<Node> {
    let must = (0..items.len()).filter(|i| items[*i].completed != NEVER);
    let mut events: Vec<(u32, usize, bool)> =
        must.flat_map(|i| [(items[i].invoked, i, false), (items[i].completed, i, true)]).collect();
    events.sort_unstable();
    let len = events.len() as u32 + 1;
    let head = Node { item: 0, other: 0, completes: true, place: NEVER, next: 1 % len, before: len - 1 };
    let mut list = vec![head];
    let mut begun = vec![0_u32; items.len()];
    for (at, (place, item, completes)) in (1_u32..).zip(events) {
        let other = if completes { begun[item] } else { 0 };
        begun[item] = at;
        list.push(Node { item: item as u32, other, completes, place, next: (at + 1) % len, before: at - 1 });
        if completes {
            list[other as usize].other = at;
        }
    }
    list
}
