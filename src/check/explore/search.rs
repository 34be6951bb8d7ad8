//! The search itself, in slices, so that whoever runs it can show its progress and stop it.

use super::eventually;
use super::known::Known;
use super::walk::Walker;
use super::*;
use std::collections::VecDeque;

/// No parent: an initial state.
const NONE: u32 = u32::MAX;

/// A state whose successors are still to be seen.
struct Open<S> {
    state: S,
    /// Its place among the ways.
    id: u32,
    depth: u32,
}

/// A successor, on its way from the model to what is known.
struct Next<S> {
    key: u64,
    /// It lay at its home.
    seen: bool,
    choice: u16,
    state: S,
}

/// For each state its parent, and which of the parent's actions led to it: a way is walked again from the start.
#[derive(Default)]
struct Ways {
    parents: Vec<u32>,
    choices: Vec<u16>,
}

/// An exploration under way.
pub struct Search<M: Model> {
    options: Options,
    properties: Vec<Property>,
    always: u64,
    /// Those without an example so far.
    sometimes: u64,
    eventually: u64,
    pub(super) known: Known,
    /// The known states' depths are kept: one that is met again nearer to the start is explored again.
    deepens: bool,
    ways: Ways,
    frontier: VecDeque<Open<M::State>>,
    /// What the frontier's states take up.
    held: u64,
    actions: Vec<M::Action>,
    batch: Vec<Next<M::State>>,
    walker: Option<Walker>,
    found: Found<M::Action>,
    done: bool,
}

/// What was found so far.
pub(super) struct Found<A> {
    pub generated: u64,
    pub ends: u64,
    pub depth: u32,
    pub bytes: u64,
    pub violation: Option<Finding<A>>,
    pub examples: Vec<Finding<A>>,
    pub reached: Option<Bound>,
}

impl Ways {
    fn push(&mut self, parent: u32, choice: u16) -> u32 {
        self.parents.push(parent);
        self.choices.push(choice);
        (self.parents.len() - 1) as u32
    }

    fn bytes(&self) -> u64 {
        (self.parents.capacity() * 4 + self.choices.capacity() * 2) as u64
    }

    /// The start, and the choices from there to a state.
    fn to(&self, mut id: u32) -> (usize, Vec<u16>) {
        let mut choices = Vec::new();
        while self.parents[id as usize] != NONE {
            choices.push(self.choices[id as usize]);
            id = self.parents[id as usize];
        }
        choices.reverse();
        (usize::from(self.choices[id as usize]), choices)
    }
}

/// The actions that a way's choices were.
fn actions<M: Model>(model: &M, start: usize, choices: &[u16]) -> Vec<M::Action> {
    let mut state = model.begin().swap_remove(start);
    let (mut way, mut possible) = (Vec::new(), Vec::new());
    for choice in choices {
        possible.clear();
        model.actions(&state, &mut possible);
        let action = possible.swap_remove(usize::from(*choice));
        state = model.next(&state, &action).expect("the way was walked before");
        way.push(action);
    }
    way
}

impl<M: Model> Search<M> {
    pub fn new(model: &M, options: Options) -> Search<M> {
        let properties = model.properties();
        assert!(properties.len() <= 64, "there is a bit for each of 64 properties");
        let bits = |expect: Expect| {
            let of = properties.iter().enumerate().filter(|(_, property)| property.expect == expect);
            of.fold(0, |bits, (place, _)| bits | 1 << place)
        };
        let deepens = options.strategy == Strategy::Depth && options.depth < u32::MAX;
        let walker = match options.strategy {
            Strategy::Walks { seed, walks } => Some(Walker::new(seed, walks)),
            _ => None,
        };
        let mut search = Search {
            always: bits(Expect::Always),
            sometimes: bits(Expect::Sometimes),
            eventually: bits(Expect::Eventually),
            options,
            properties,
            known: if deepens { Known::map() } else { Known::set() },
            deepens,
            ways: Ways::default(),
            frontier: VecDeque::new(),
            held: 0,
            actions: Vec::new(),
            batch: Vec::new(),
            walker,
            found: Found {
                generated: 0,
                ends: 0,
                depth: 0,
                bytes: 0,
                violation: None,
                examples: Vec::new(),
                reached: None,
            },
            done: false,
        };
        if search.walker.is_none() {
            search.begin(model);
        }
        search
    }

    fn begin(&mut self, model: &M) {
        for (place, state) in model.begin().into_iter().enumerate() {
            let key = self.key(model, &state);
            self.batch.push(Next { key, seen: false, choice: place as u16, state });
        }
        self.enter_batch(model, NONE, 0);
    }

    #[inline(always)]
    fn key(&self, model: &M, state: &M::State) -> u64 {
        if self.options.symmetry { model.orbit(state) } else { model.fingerprint(state) }
    }

    /// Explores so many states further (or walks). Says whether it is over.
    pub fn advance(&mut self, model: &M, states: u64) -> bool {
        for _ in 0..states {
            if self.done {
                break;
            }
            if let Some(mut walker) = self.walker.take() {
                self.walk(model, &mut walker);
                self.walker = Some(walker);
                continue;
            }
            let breadth = self.options.strategy == Strategy::Breadth;
            let open = if breadth { self.frontier.pop_front() } else { self.frontier.pop_back() };
            match open {
                Some(open) => self.expand(model, open),
                None => self.finish(model),
            }
        }
        self.done
    }

    /// Distinct states so far, those of them that are still to be explored, and the depth: for a display of progress.
    pub fn progress(&self) -> (u64, usize, u32) {
        (self.known.len(), self.frontier.len(), self.found.depth)
    }

    fn walk(&mut self, model: &M, walker: &mut Walker) {
        let goals = super::walk::Goals {
            properties: &self.properties,
            always: self.always,
            sometimes: &mut self.sometimes,
            eventually: self.eventually,
        };
        self.done = walker.walk(model, &self.options, goals, &mut self.known, &mut self.found);
    }

    #[inline(always)]
    fn expand(&mut self, model: &M, open: Open<M::State>) {
        self.held -= model.bytes(&open.state) as u64;
        self.actions.clear();
        model.actions(&open.state, &mut self.actions);
        if open.depth >= self.options.depth {
            self.cut_off(model, &open.state);
            return;
        }
        let mut possible = false;
        let symmetry = self.options.symmetry;
        for (choice, action) in self.actions.iter().enumerate() {
            let Some(state) = model.next(&open.state, action) else { continue };
            possible = true;
            if !model.within(&state) {
                continue;
            }
            let key = if symmetry { model.orbit(&state) } else { model.fingerprint(&state) };
            let seen = !self.deepens && self.known.glance(key);
            self.batch.push(Next { key, seen, choice: choice as u16, state });
        }
        self.found.ends += u64::from(!possible);
        self.enter_batch(model, open.id, open.depth + 1);
    }

    /// At the bound on depth: whether anything lies behind it.
    #[cold]
    fn cut_off(&mut self, model: &M, state: &M::State) {
        if self.actions.iter().any(|action| model.next(state, action).is_some()) {
            self.found.reached = self.found.reached.or(Some(Bound::Depth));
        } else {
            self.found.ends += 1;
        }
    }

    #[inline(always)]
    fn enter_batch(&mut self, model: &M, parent: u32, depth: u32) {
        self.found.generated += self.batch.len() as u64;
        let mut batch = std::mem::take(&mut self.batch);
        for next in batch.drain(..) {
            if !next.seen && !self.done {
                self.enter(model, parent, depth, next);
            }
        }
        self.batch = batch;
    }

    fn enter(&mut self, model: &M, parent: u32, depth: u32, next: Next<M::State>) {
        if self.deepens {
            match self.known.enter(next.key, depth) {
                Some(before) if before <= depth => return,
                // Known, but by a longer way: what lies behind was cut off by the bound, perhaps.
                Some(_) => self.known.change(next.key, depth),
                None => {}
            }
        } else if !self.known.insert(next.key) {
            return;
        }
        if self.is_full(model, &next.state) {
            return;
        }
        let id = self.ways.push(parent, next.choice);
        self.found.depth = self.found.depth.max(depth);
        let held = model.holds(&next.state);
        let (broken, shown) = (self.always & !held, self.sometimes & held);
        if broken | shown != 0 {
            self.show(model, id, broken, shown);
        }
        self.frontier.push_back(Open { state: next.state, id, depth });
    }

    /// Whether the newest known state is one too many, or takes too much memory. It is then forgotten, and all is over.
    #[inline(always)]
    fn is_full(&mut self, model: &M, state: &M::State) -> bool {
        self.held += model.bytes(state) as u64;
        let bytes = self.known.bytes_next() + self.ways.bytes() + self.held;
        let many = self.ways.parents.len() as u64 >= u64::from(NONE);
        self.found.bytes = self.found.bytes.max(bytes);
        if self.known.len() > self.options.states || bytes > self.options.bytes || many {
            let memory = self.known.len() <= self.options.states;
            self.found.reached = Some(if memory { Bound::Memory } else { Bound::States });
            self.done = true;
        }
        self.done
    }

    #[cold]
    fn show(&mut self, model: &M, id: u32, broken: u64, shown: u64) {
        let (start, choices) = self.ways.to(id);
        let way = actions(model, start, &choices);
        let finding = |place: u32| {
            let property = self.properties[place as usize];
            Finding { property, start, actions: way.clone(), cycle: None }
        };
        self.sometimes &= !shown;
        let examples = (0..64).filter(|place| shown >> place & 1 == 1).map(finding);
        self.found.examples.extend(examples);
        if broken != 0 {
            self.found.violation = Some(finding(broken.trailing_zeros()));
            self.done = true;
        }
    }

    /// All was visited: what shall come to be is judged.
    fn finish(&mut self, model: &M) {
        self.done = true;
        if self.found.reached.is_some() {
            return;
        }
        for place in (0..64).filter(|place| self.eventually >> place & 1 == 1) {
            let property = self.properties[place];
            match eventually::judge(model, place, &self.options) {
                Ok(None) => {}
                Ok(Some((start, actions, cycle))) => {
                    self.found.violation = Some(Finding { property, start, actions, cycle });
                    return;
                }
                Err(bound) => self.found.reached = Some(bound),
            }
        }
    }

    pub fn report(self, _model: &M) -> Report<M::Action> {
        let Found { generated, ends, depth, bytes, violation, examples, reached } = self.found;
        let unseen = (0..self.properties.len()).filter(|place| self.sometimes >> place & 1 == 1);
        Report {
            distinct: self.known.len().min(self.options.states),
            generated,
            ends,
            depth,
            bytes,
            violation,
            examples,
            unseen: unseen.map(|place| self.properties[place]).collect(),
            reached,
            exact: M::EXACT,
        }
    }
}
