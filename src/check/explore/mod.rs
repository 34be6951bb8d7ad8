//! The explorer: it visits the states that a model can come to, and holds them to properties.
//!
//! A [`Model`] says where it begins, what can happen in a state, and what comes of it. Hand-written ones are a page
//! (`tests/explore/models.rs` has several); a cluster of real nodes is one too ([`cluster`]).
//!
//! # What is explored, and how
//! - [`Strategy::Breadth`]: nearest states first, so that a violation comes by a shortest way. [`Strategy::Depth`]: the
//!   newest first, with a smaller frontier in narrow models. [`Strategy::Walks`]: random ways from the start, each choice
//!   uniform; they exhaust nothing.
//! - Explicit-state search as in chapter 2 and section 6.3 of Clarke, Grumberg, Peled: Model Checking, MIT Press 1999; its
//!   chapter 14 is what [`Model::representative`] is for: of states that differ by a renaming one is kept. The way goes on
//!   from the state that was met, not from its representative, so that it can be walked again.
//! - Each bound (depth, states, memory, walks) that cut something off is said: [`Verdict::Unknown`], never "holds".
//!
//! # What the properties mean
//! - always: in every state. The exploration stops at the first that has it not.
//! - sometimes: in some state; the first example is kept with its way.
//! - eventually: on every maximal way there is such a state. Judged by a second search through the states that can be
//!   reached without having met one ([`eventually`]): a way that ends there is a counterexample, and so is a cycle there,
//!   if it is fair. Fairness is weak, by class of action ([`Model::fairness`]): a class that is possible all along a cycle
//!   from some point on must be taken in it. A model without classes is as unfair as can be: any cycle counts. Random walks
//!   judge ends only.
//!
//! # What a state costs
//! States are known by fingerprints of 64 bits in an open-addressing table ([`known`]), and their ways by a parent and the
//! number of a choice: 6 bytes. The states themselves lie in the frontier only. Successors go through one reused buffer;
//! nothing is allocated for a state that holds nothing on the heap itself.
//!
//! # What can go wrong
//! Two states of one fingerprint would be taken for one, and what lies behind the second be missed: never a false
//! counterexample, as ways are walked again. Among n states with independent, uniform fingerprints the probability is at
//! most n² / 2⁶⁵ ([`Report::mistaken`]): 8 in 100 million at 1.7 million states. (TLC states the same as n · (generated − n)
//! / 2⁶⁴: Lamport, Specifying Systems, Addison-Wesley 2002, section 14.3.3.) Where the fingerprint is a bijection of the
//! state ([`mix`] of a state of 64 bits) it is none, and [`Model::EXACT`] says so.
//!
//! Counts are those of TLC and stateright (its `state_count` and `unique_state_count`): initial states and every successor
//! within the boundary count as generated, stutters too.
//!
//! Left out: partial-order reduction, strong fairness, formulas of temporal logic, several threads.

pub mod cluster;
pub mod eventually;
pub mod known;
pub mod minimise;
pub mod record;
mod search;
mod walk;

pub use search::Search;
use std::fmt;

/// Something that moves from state to state.
pub trait Model {
    type State: Clone;
    type Action: Clone;
    /// Different states have different fingerprints: a count is exact, and nothing is missed.
    const EXACT: bool = false;

    /// Where it may begin.
    fn begin(&self) -> Vec<Self::State>;
    /// What may happen next, in an order that depends on the state alone.
    fn actions(&self, state: &Self::State, into: &mut Vec<Self::Action>);
    /// What comes of it; None where it cannot happen after all.
    fn next(&self, state: &Self::State, action: &Self::Action) -> Option<Self::State>;
    /// 64 at most.
    fn properties(&self) -> Vec<Property>;
    /// A bit for each property's condition that is true in this state, the first the lowest.
    fn holds(&self, state: &Self::State) -> u64;
    /// Well mixed in all its bits: see [`mix`] and [`crate::base::hash`].
    fn fingerprint(&self, state: &Self::State) -> u64;

    /// States outside are not counted and not entered.
    fn within(&self, _state: &Self::State) -> bool {
        true
    }
    /// One for all states that differ by a symmetry only.
    fn representative(&self, state: &Self::State) -> Self::State {
        state.clone()
    }
    /// The fingerprint of all those together.
    fn orbit(&self, state: &Self::State) -> u64 {
        self.fingerprint(&self.representative(state))
    }
    /// The class of an action for weak fairness, below 64; None: it need never happen.
    fn fairness(&self, _action: &Self::Action) -> Option<u8> {
        None
    }
    /// What a state takes up, with what it holds on the heap.
    fn bytes(&self, _state: &Self::State) -> usize {
        size_of::<Self::State>()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Always,
    Sometimes,
    Eventually,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    pub expect: Expect,
    pub name: &'static str,
}

impl Property {
    pub const fn always(name: &'static str) -> Property {
        Property { expect: Expect::Always, name }
    }
    pub const fn sometimes(name: &'static str) -> Property {
        Property { expect: Expect::Sometimes, name }
    }
    pub const fn eventually(name: &'static str) -> Property {
        Property { expect: Expect::Eventually, name }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Breadth,
    Depth,
    /// So many random ways, by the seed.
    Walks {
        seed: u64,
        walks: u64,
    },
}

/// How to explore, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub strategy: Strategy,
    /// Actions from the start at most.
    pub depth: u32,
    /// Distinct states at most.
    pub states: u64,
    /// Memory for what is known, for ways and for the frontier.
    pub bytes: u64,
    pub symmetry: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            strategy: Strategy::Breadth,
            depth: u32::MAX,
            states: u64::from(u32::MAX) - 1,
            bytes: 4 << 30,
            symmetry: false,
        }
    }
}

/// What cut an exploration off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Depth,
    States,
    Memory,
    Walks,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Bound::Depth => "the bound on depth was reached",
            Bound::States => "the bound on states was reached",
            Bound::Memory => "the bound on memory was reached",
            Bound::Walks => "random walks exhaust nothing",
        })
    }
}

/// A way that shows something of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<A> {
    pub property: Property,
    /// Which of the initial states it begins in.
    pub start: usize,
    pub actions: Vec<A>,
    /// From this action on it goes round for ever.
    pub cycle: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that can be reached was visited, and there is no counterexample.
    Holds,
    Broken,
    Unknown(Bound),
}

/// What an exploration came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<A> {
    /// Distinct states, the first ones among them.
    pub distinct: u64,
    /// Initial states and successors, whether new or not.
    pub generated: u64,
    /// States in which nothing can happen.
    pub ends: u64,
    /// Actions to the farthest state, on the way it was found.
    pub depth: u32,
    /// The most that was held at once: known states, ways and frontier.
    pub bytes: u64,
    pub violation: Option<Finding<A>>,
    /// One for each property that shall sometimes hold and does.
    pub examples: Vec<Finding<A>>,
    /// Those for which none was found.
    pub unseen: Vec<Property>,
    /// The first bound that cut something off.
    pub reached: Option<Bound>,
    exact: bool,
}

impl<A> Report<A> {
    pub fn verdict(&self) -> Verdict {
        match (&self.violation, self.reached) {
            (Some(_), _) => Verdict::Broken,
            (None, Some(bound)) => Verdict::Unknown(bound),
            (None, None) => Verdict::Holds,
        }
    }

    /// The probability, at most, that two states were taken for one.
    pub fn mistaken(&self) -> f64 {
        let n = self.distinct as f64;
        if self.exact { 0.0 } else { n * n / 2.0 / (1u64 << 32) as f64 / (1u64 << 32) as f64 }
    }
}

/// Explores until all is visited, a property broke, or a bound is reached.
pub fn explore<M: Model>(model: &M, options: Options) -> Report<M::Action> {
    let mut search = Search::new(model, options);
    while !search.advance(model, u64::MAX) {}
    search.report(model)
}

/// Walks a way from its start: every state on it. None where an action cannot happen.
pub fn walk<M: Model>(model: &M, start: usize, actions: &[M::Action]) -> Option<Vec<M::State>> {
    let mut states = vec![model.begin().into_iter().nth(start)?];
    for action in actions {
        states.push(model.next(states.last()?, action)?);
    }
    Some(states)
}

/// A bijection of 64 bits that mixes them well (Appleby's finaliser of MurmurHash3): states of 64 bits that differ have
/// fingerprints that differ.
#[inline(always)]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ word >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}
