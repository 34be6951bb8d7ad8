//! A cluster of real nodes as a model: the engine's own handlers, in every order in which things may happen.
//!
//! What may happen: a message arrives, or is lost; a client begins its next request, after the answer to the one before; a
//! timer fires; a sync or a service time is over; a node crashes, or comes back; the network is cut in two, or heals. Faults
//! and timers have budgets ([`Bounds`]): what of them is spent is part of the state. Repairs are free.
//!
//! Time: nothing but what comes with time moves the clock. Timers fire in the order of their times; one that overtakes
//! another (so that the other fires late) counts as early. A sync that is due takes place before anything else, and lets no
//! timer pass for free. So each way is a run of the engine, and [`super::record`] says by which commands.
//!
//! A state is nodes, disks, what comes with time and when, the multiset of held messages, what properties remember, the
//! order in which operations began and ended, requests not yet made, and what is spent. The clock is part of it, because
//! nodes may have read it; a protocol that stores what it reads has as many states as there are moments at which it can.
//! Parts are known by their own hashes of 64 bits, so that the bound on mistakes counts those too: it is a few times that
//! of [`super::Report::mistaken`].
//!
//! Symmetry ([`Cluster::symmetric`]): states that differ by the names of nodes that are alike are taken for one (Clarke,
//! Grumberg, Peled, chapter 14). A state is renamed in its encoding, in every way; the least hash stands for all. That is
//! sound if a step of the renamed state is the renamed step, which only the protocol can promise
//! ([`crate::sim::protocol::Protocol::alike`]). Few can. Raft cannot: its servers draw their timeouts by their names, and
//! its clients try servers in the order of their places; chains, primaries with backups and rings are orders of names from
//! the start; and clients are told apart by what they ask for, and by the tags of their writes. The replicas of the
//! majority register only answer, and are alike.
//!
//! Left out: symmetry under partitions, several cuts at once, pauses, slow nodes, clocks that change on the way,
//! adversaries.

use super::{Model, Property};
use crate::base::NodeId;
use crate::sim::net::Pairs;
use crate::sim::still::{Apart, Due, Stage, Still, What};
use crate::sim::world::World;
use crate::wire::Op;
use smallvec::SmallVec;
use std::cell::RefCell;

/// What each client asks for, one after another: the next begins at any time after the answer to the one before.
pub type Program = (String, Vec<Op>);

/// Up to so many nodes every way to cut them in two is tried; of more, every way to cut off one.
const SIDES_MAX: usize = 5;

/// What may go wrong at most, and what tells states apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub crashes: u8,
    pub drops: u8,
    /// Cuts, one at a time.
    pub partitions: u8,
    /// Firings of timers in all.
    pub timers: u8,
    /// Those that overtake another timer.
    pub early: u8,
    /// What properties remember tells states apart. Without it states are fewer, and a violation may be missed that needs
    /// a memory which another way to the same nodes and messages has not.
    pub memory: bool,
    /// On every way all requests end.
    pub answered: bool,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { crashes: 0, drops: 0, partitions: 0, timers: 0, early: 0, memory: true, answered: false }
    }
}

/// Named by what it is, not by its place, so that it means the same after something else was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A message of this hash arrives.
    Deliver(u64),
    Drop(u64),
    /// The client of this program begins its next request.
    Request(u8),
    /// The first timer of this hash fires.
    Fire(u64),
    /// The next sync or service time is over.
    Pass,
    Crash(NodeId),
    Restart(NodeId),
    /// By the number of the cut.
    Cut(u16),
    Heal,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    crashes: u8,
    drops: u8,
    partitions: u8,
    timers: u8,
    early: u8,
}

#[derive(Clone)]
pub struct State {
    pub still: Still,
    /// Requests made so far, for each program.
    made: SmallVec<[u8; 8]>,
    spent: Spent,
}

impl State {
    /// Requests that a program has made.
    pub(super) fn made(&self, program: usize) -> usize {
        self.made[program].into()
    }
}

pub struct Cluster {
    stage: RefCell<Stage>,
    start: State,
    pub(super) programs: Vec<(NodeId, Vec<Op>)>,
    /// The one side of each cut, by names.
    pub(super) cuts: Vec<Vec<String>>,
    bounds: Bounds,
    properties: Vec<Property>,
}

const ANSWERED: &str = "every request is answered";
const ENDED: &str = "every request ends";

impl Cluster {
    /// What can come of a world whose messages are held and whose workloads are stopped: see [`super::record::Case`].
    ///
    /// # Errors
    /// What of it cannot be explored.
    pub fn new(world: &World, programs: &[Program], bounds: Bounds) -> Result<Cluster, String> {
        let setup = &world.setup;
        let program = |(name, ops): &Program| {
            let place = setup.nodes.iter().position(|node| node.name == *name);
            let node = place.ok_or_else(|| format!("there is no node \"{name}\""))?;
            if !setup.nodes[node].client {
                return Err(format!("{name} is not a client"));
            }
            if ops.len() > 255 {
                return Err(format!("{name} has {} requests; at most 255 are explored", ops.len()));
            }
            Ok((NodeId(node as u16), ops.clone()))
        };
        let programs = programs.iter().map(program).collect::<Result<Vec<_>, String>>()?;
        if let Some(place) = world.broken.iter().position(Option::is_some) {
            return Err(format!("\"{}\" is broken from the start", world.describe.properties[place].0));
        }
        if bounds.partitions > 0 && !world.net.cuts.is_empty() {
            return Err("the network is cut already: heal it, or explore without partitions".into());
        }
        let mut properties: Vec<Property> =
            world.describe.properties.iter().map(|(name, _)| Property::always(name)).collect();
        properties.push(Property::sometimes(ANSWERED));
        if bounds.answered {
            properties.push(Property::eventually(ENDED));
        }
        let cuts = if bounds.partitions > 0 { sides(setup.nodes.len()) } else { Vec::new() };
        let named = |side: &Vec<usize>| side.iter().map(|node| setup.nodes[*node].name.clone()).collect();
        let cuts: Vec<Vec<String>> = cuts.iter().map(named).collect();
        let pairs = cuts.iter().map(|side| Pairs::resolve(setup, side, &[], false)).collect::<Result<Vec<_>, _>>()?;
        let (stage, still) = Stage::new(world, pairs)?;
        let made = programs.iter().map(|_| 0).collect();
        let start = State { still, made, spent: Spent::default() };
        Ok(Cluster { stage: RefCell::new(stage), start, programs, cuts, bounds, properties })
    }

    /// States that differ by the names of nodes that are alike are one, where [`super::Options::symmetry`] is asked for.
    ///
    /// # Errors
    /// There are no such nodes; or cuts, whose sides have names.
    pub fn symmetric(mut self) -> Result<Cluster, String> {
        if self.bounds.partitions > 0 {
            return Err("symmetry does not go with partitions: their sides have names".into());
        }
        if self.stage.get_mut().rename(&mut self.start.still) == 1 {
            return Err("no two nodes are alike to this protocol, in this scenario".into());
        }
        Ok(self)
    }

    /// What all is spent and made; and what of the state tells it apart.
    fn chain(&self, state: &State) -> (u64, Apart) {
        let Spent { crashes, drops, partitions, timers, early } = state.spent;
        let mut chain = u64::from_le_bytes([crashes, drops, partitions, timers, early, 0, 0, 0]);
        for made in &state.made {
            chain = chain.wrapping_mul(0x100_0000_01b3) ^ u64::from(*made) << 40;
        }
        (chain, Apart { memory: self.bounds.memory, history: true, timers: timers < self.bounds.timers })
    }

    /// Why a property broke in the step that led to a state.
    pub fn why(&self, state: &State) -> Option<String> {
        state.still.broken.as_ref().map(|(_, why)| why.to_string())
    }

    fn answered(&self, state: &State) -> bool {
        let programs = self.programs.iter().zip(&state.made);
        programs
            .into_iter()
            .all(|((client, ops), made)| usize::from(*made) == ops.len() && state.still.open_ops(*client) == 0)
    }

    fn time(&self, state: &State, into: &mut Vec<Move>) {
        let dues = state.still.dues();
        if dues.iter().any(|due| !is_timer(due)) {
            into.push(Move::Pass);
        }
        if state.spent.timers >= self.bounds.timers {
            return;
        }
        let timers = dues.iter().take_while(|due| is_timer(due)).enumerate();
        let may = |place: usize| place == 0 || state.spent.early < self.bounds.early;
        into.extend(timers.filter(|(place, _)| may(*place)).map(|(_, due)| Move::Fire(due.key)));
    }

    fn faults(&self, state: &State, into: &mut Vec<Move>) {
        let (spent, bounds) = (state.spent, self.bounds);
        if spent.drops < bounds.drops {
            let deliveries: SmallVec<[Move; 16]> = into.iter().copied().collect();
            into.extend(deliveries.iter().filter_map(|action| match action {
                Move::Deliver(key) => Some(Move::Drop(*key)),
                _ => None,
            }));
        }
        for node in (0..self.start.still.nodes() as u16).map(NodeId) {
            match state.still.is_up(node) {
                true if spent.crashes < bounds.crashes => into.push(Move::Crash(node)),
                false => into.push(Move::Restart(node)),
                true => {}
            }
        }
        match state.still.cut {
            0 if spent.partitions < bounds.partitions => {
                into.extend((0..self.cuts.len() as u16).map(Move::Cut));
            }
            0 => {}
            _ => into.push(Move::Heal),
        }
    }

    fn fire(&self, state: &State, key: u64, spent: &mut Spent) -> Option<Still> {
        let dues = state.still.dues();
        let place = dues.iter().position(|due| due.key == key && is_timer(due))?;
        let early = place > 0;
        let may = spent.timers < self.bounds.timers && (!early || spent.early < self.bounds.early);
        if !may || !dues[..place].iter().all(is_timer) {
            return None;
        }
        (spent.timers, spent.early) = (spent.timers + 1, spent.early + u8::from(early));
        Some(self.stage.borrow_mut().pass(&state.still, place))
    }

    fn request(&self, state: &State, program: u8) -> Option<Still> {
        let (client, ops) = &self.programs[usize::from(program)];
        let op = ops.get(usize::from(state.made[usize::from(program)]))?;
        let free = state.still.is_up(*client) && state.still.open_ops(*client) == 0;
        free.then(|| self.stage.borrow_mut().request(&state.still, *client, op))
    }
}

fn is_timer(due: &Due) -> bool {
    matches!(due.what, What::Timer { .. })
}

/// Something that is due now and is no timer: nothing comes before it.
fn is_forced(state: &State) -> bool {
    state.still.dues().iter().any(|due| due.at <= state.still.now && !is_timer(due))
}

/// The one side of every way to cut so many nodes in two, or of those that cut off one.
fn sides(nodes: usize) -> Vec<Vec<usize>> {
    let side = |bits: usize| (0..nodes).filter(|node| bits >> node & 1 == 1).collect();
    if nodes <= SIDES_MAX {
        // The last node is always on the other side.
        (1..1usize << (nodes.max(1) - 1)).map(side).collect()
    } else {
        (0..nodes).map(|node| vec![node]).collect()
    }
}

impl Model for Cluster {
    type State = State;
    type Action = Move;

    fn begin(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, into: &mut Vec<Move>) {
        if state.still.halted || state.still.broken.is_some() {
            return;
        }
        if is_forced(state) {
            into.push(Move::Pass);
            return;
        }
        let mut last = None;
        for (key, _) in state.still.messages() {
            if last != Some(key) {
                into.push(Move::Deliver(key));
            }
            last = Some(key);
        }
        for (place, (client, ops)) in self.programs.iter().enumerate() {
            let more = usize::from(state.made[place]) < ops.len();
            if more && state.still.is_up(*client) && state.still.open_ops(*client) == 0 {
                into.push(Move::Request(place as u8));
            }
        }
        self.time(state, into);
        self.faults(state, into);
    }

    fn next(&self, state: &State, action: &Move) -> Option<State> {
        if is_forced(state) && *action != Move::Pass {
            return None;
        }
        let mut spent = state.spent;
        let mut made = state.made.clone();
        let from = &state.still;
        let within = |spent: &mut u8, most: u8| {
            *spent += 1;
            (*spent <= most).then_some(())
        };
        let still = match *action {
            Move::Deliver(key) => self.stage.borrow_mut().deliver(from, key)?,
            Move::Drop(key) => {
                within(&mut spent.drops, self.bounds.drops)?;
                self.stage.borrow().lose(from, key)?
            }
            Move::Request(program) => {
                let still = self.request(state, program)?;
                made[usize::from(program)] += 1;
                still
            }
            Move::Fire(key) => self.fire(state, key, &mut spent)?,
            Move::Pass => {
                let place = from.dues().iter().position(|due| !is_timer(due))?;
                self.stage.borrow_mut().pass(from, place)
            }
            Move::Crash(node) => {
                within(&mut spent.crashes, self.bounds.crashes)?;
                self.stage.borrow_mut().crash(from, node)?
            }
            Move::Restart(node) => self.stage.borrow_mut().restart(from, node)?,
            Move::Cut(cut) if from.cut == 0 => {
                within(&mut spent.partitions, self.bounds.partitions)?;
                self.stage.borrow().cut(from, cut + 1)
            }
            Move::Heal if from.cut > 0 => self.stage.borrow().cut(from, 0),
            Move::Cut(_) | Move::Heal => return None,
        };
        Some(State { still, made, spent })
    }

    fn properties(&self) -> Vec<Property> {
        self.properties.clone()
    }

    fn holds(&self, state: &State) -> u64 {
        let answered = self.answered(state);
        let broken = state.still.broken.as_ref().map_or(0, |(place, _)| 1u64 << place);
        let of = |property: &Property| property.name != ANSWERED && property.name != ENDED || answered;
        let met = self.properties.iter().enumerate().filter(|(_, property)| of(property));
        met.fold(0, |bits, (place, _)| bits | 1 << place) & !broken
    }

    fn fingerprint(&self, state: &State) -> u64 {
        let (chain, apart) = self.chain(state);
        state.still.key(chain, apart)
    }

    fn orbit(&self, state: &State) -> u64 {
        let (chain, apart) = self.chain(state);
        self.stage.borrow().orbit(&state.still, chain, apart)
    }

    fn bytes(&self, state: &State) -> usize {
        size_of::<State>() - size_of::<Still>() + state.still.bytes()
    }
}
