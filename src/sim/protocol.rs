//! What a protocol is, and the only door through which it sees the world.
//!
//! Sans-I/O: state in, message or timer in, effects out. Handlers never block, know no clock but the local one, and ask
//! [`Ctx`] for everything that is not a pure function of their arguments. The value of the protocol type itself is the
//! configuration, planted bugs included.

use super::node::{Bytes, INLINE, LocalClock};
use super::params::{ParamSpec, Params};
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, NodeId, OpId, codec};
use crate::wire::{Cell, Datum, FunctionInfo, Op, Outcome, Tone, Vote};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::rc::Rc;

/// Plain data with a canonical encoding: it gives message sizes, the trace hash, the inspector's tree, and what an
/// adversary on a link sees. A clone must be independent in effect: what an `Rc` in a message shares, all receivers of a
/// broadcast share, so nothing in it may change in place.
pub trait Data: Clone + Debug + Serialize + DeserializeOwned + 'static {}
impl<T: Clone + Debug + Serialize + DeserializeOwned + 'static> Data for T {}

pub trait Protocol: Clone + Send + Sync + Sized + 'static {
    type Msg: Data;
    type Timer: Data;
    /// Survives a crash up to the last completed sync.
    type Disk: Data + Default;
    /// Lost in a crash.
    type State: Data;
    /// The memory of the property checks (the highest tag seen so far, …). Encoded, it tells states apart where every
    /// order is explored.
    type Monitor: Clone + Default + Serialize + 'static;

    fn describe() -> Description;
    fn configure(params: &Params) -> Self;

    /// First start, and every restart: `disk` is what the last completed sync left.
    fn boot(&self, disk: &Self::Disk, ctx: &mut Ctx<'_, Self>) -> Self::State;
    fn on_message(&self, s: &mut Self::State, from: NodeId, m: Self::Msg, ctx: &mut Ctx<'_, Self>);
    fn on_timer(&self, _s: &mut Self::State, _t: Self::Timer, _ctx: &mut Ctx<'_, Self>) {}
    /// A client's operation begins at this node. It ends by [`Ctx::reply`].
    fn on_request(&self, _s: &mut Self::State, _id: OpId, _op: &Op, _ctx: &mut Ctx<'_, Self>) {}

    /// How a message looks and reads: an index into [`Description::messages`] and a few words.
    fn label(&self, m: &Self::Msg) -> (u8, String);
    /// Term, ballot or view that a message carries; 0: none.
    fn epoch(&self, _m: &Self::Msg) -> u64 {
        0
    }
    fn timer_label(&self, t: &Self::Timer) -> (u8, String);
    /// The first part of the label: worth a shorter way where timers are set often.
    fn timer_kind(&self, t: &Self::Timer) -> u8 {
        self.timer_label(t).0
    }
    /// How a node that is up looks, and its named observations. `durable` is what a crash would leave of `disk`.
    fn card(&self, role: &str, s: &Self::State, disk: &Self::Disk, durable: &Self::Disk, card: &mut Card);

    /// Looks at the whole system after each step, and reports each property that does not hold as (index into
    /// [`Description::properties`], reason).
    fn check(
        &self,
        _m: &mut Self::Monitor,
        _view: &View<'_, Self>,
        _step: &StepFacts,
        _broken: &mut Vec<(u16, String)>,
    ) {
    }
    /// Roles whose nodes have nothing but their names to tell them apart: if any two of them exchange names everywhere, all
    /// goes on as before, but for the names. So nothing orders, compares or computes with these nodes' identities (as does a
    /// tie that the higher one wins, a ring, a round that is somebody's), nothing is drawn at them, nothing sent to one of
    /// them by its place; and states, disks, messages, timers and what the properties remember name them as [`NodeId`]s only,
    /// and have one thing for each of them only in maps by these. The explorer then takes states that differ by their
    /// names for one. It believes what is said here: `tests/explore/alike.rs` is where it is tried out.
    fn alike(&self) -> &'static [&'static str] {
        &[]
    }
    /// Who is linked with whom, where not everybody speaks with everybody: only these links are drawn.
    fn links(&self, _setup: &Setup) -> Option<Vec<(NodeId, NodeId)>> {
        None
    }
    /// A sentence on why operations make no progress now, if the protocol knows one.
    fn why_no_progress(&self, _view: &View<'_, Self>) -> Option<String> {
        None
    }
}

/// What is fixed about a protocol, for the registry, the page and the command line.
#[derive(Clone, Debug)]
pub struct Description {
    pub name: &'static str,
    pub summary: &'static str,
    pub roles: Vec<RoleSpec>,
    pub messages: Vec<(&'static str, Tone)>,
    pub timers: Vec<&'static str>,
    /// Name and statement of each property.
    pub properties: Vec<(&'static str, &'static str)>,
    pub functions: Vec<FunctionInfo>,
    /// Functions about the cluster itself (its members, its leader): asked for by hand and by scripts, no part of what
    /// workloads are made of. A key is a server's name.
    pub administration: Vec<FunctionInfo>,
    pub params: Vec<ParamSpec>,
}

impl Description {
    /// All that a client can be asked for.
    pub fn all_functions(&self) -> Vec<FunctionInfo> {
        [&self.functions[..], &self.administration].concat()
    }
}

#[derive(Clone, Debug)]
pub struct RoleSpec {
    pub name: &'static str,
    pub meaning: &'static str,
    pub tone: Tone,
    /// Takes operations from outside.
    pub client: bool,
}

/// A node's face on the stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// The role as it is now; empty keeps the scenario's.
    pub role: String,
    pub tone: Option<Tone>,
    /// Term, ballot or view in which it acts; 0: the protocol has none.
    pub epoch: u64,
    pub headline: String,
    pub cells: Vec<Cell>,
    /// The election that it stands in: one for each who may vote.
    pub votes: Vec<Vote>,
    /// What it knows of others, each in a few words.
    pub knows: Vec<(NodeId, String)>,
    /// Named observations, for goals, watches and the accessibility tree.
    pub probes: Vec<(String, Datum)>,
}

/// Who is in the run: the same for all nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    pub seed: u64,
    pub nodes: Vec<NodeSetup>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeSetup {
    pub name: String,
    pub role: String,
    pub groups: Vec<String>,
    pub client: bool,
    pub place: Option<(u16, u16)>,
}

impl Setup {
    /// The nodes of a role, in order.
    pub fn role<'a>(&'a self, role: &'a str) -> impl Iterator<Item = NodeId> + Clone + 'a {
        self.nodes.iter().enumerate().filter(move |(_, n)| n.role == role).map(|(i, _)| NodeId(i as u16))
    }

    pub fn name(&self, node: NodeId) -> &str {
        &self.nodes[node.index()].name
    }

    /// The nodes that a word means: a node's name, a role, or a group.
    pub fn resolve(&self, word: &str) -> Vec<NodeId> {
        let named = self.nodes.iter().position(|n| n.name == word);
        match named {
            Some(i) => vec![NodeId(i as u16)],
            None => self
                .nodes
                .iter()
                .enumerate()
                .filter(|(_, n)| n.role == word || n.groups.iter().any(|g| g == word))
                .map(|(i, _)| NodeId(i as u16))
                .collect(),
        }
    }
}

/// What a handler asked for, in order. The contents of messages, timers and notes lie in [`Outbox::bytes`], answers in
/// [`Outbox::replies`]: so effects are copied, and forgotten without looking at each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    Send {
        to: NodeId,
        start: u32,
        end: u32,
    },
    SetTimer {
        kind: u8,
        after: Micros,
        start: u32,
        end: u32,
    },
    /// Cancels the timers of equal content.
    CancelTimer {
        start: u32,
        end: u32,
    },
    Reply {
        place: u32,
    },
    Note {
        start: u32,
        end: u32,
    },
    Sync,
}

/// Effects of one handler, with their contents. Reused from step to step.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pub effects: Vec<Effect>,
    /// Contents, and room behind them that stands for nothing.
    pub bytes: Vec<u8>,
    /// Where the contents end.
    used: usize,
    pub replies: Vec<(OpId, Outcome, Datum)>,
    /// The handler changed the disk.
    pub wrote: bool,
    /// Effects carried out so far: the others wait for a sync.
    pub(super) done: usize,
}

impl Outbox {
    /// Room behind the contents, so that short ones can be copied at a fixed length.
    #[inline(always)]
    pub(super) fn pad(&mut self) {
        if self.bytes.len() - self.used < INLINE {
            self.bytes.resize(self.used + INLINE, 0);
        }
    }

    /// Without more room than that: it is to be kept.
    pub(super) fn trim(&mut self) {
        self.bytes.truncate(self.used + INLINE);
    }

    /// The contents between two places; [`Outbox::pad`] comes first.
    #[inline(always)]
    pub(super) fn content(&self, start: u32, end: u32) -> Bytes {
        let (start, len) = (start as usize, (end - start) as usize);
        match self.bytes.get(start..).and_then(|rest| rest.first_chunk::<INLINE>()) {
            Some(chunk) if len <= INLINE => Bytes::from_buf_and_len(*chunk, len),
            _ => Bytes::from_slice(&self.bytes[start..start + len]),
        }
    }

    /// The effects that wait.
    pub(super) fn left(&self) -> &[Effect] {
        &self.effects[self.done..]
    }

    /// The effects that wait, with their contents.
    pub(super) fn waiting(&self, into: &mut Vec<u8>) {
        let content = |start: u32, end: u32| &self.bytes[start as usize..end as usize];
        for effect in self.left() {
            match *effect {
                Effect::Send { to, start, end } => codec::append(&(0u8, to, content(start, end)), into),
                Effect::SetTimer { kind, after, start, end } => {
                    codec::append(&(1u8, kind, after, content(start, end)), into);
                }
                Effect::CancelTimer { start, end } => codec::append(&(2u8, content(start, end)), into),
                Effect::Reply { place } => codec::append(&(3u8, &self.replies[place as usize]), into),
                Effect::Note { .. } => {}
                Effect::Sync => codec::append(&4u8, into),
            }
        }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.effects.clear();
        self.used = 0;
        if !self.replies.is_empty() {
            self.replies.clear();
        }
        self.done = 0;
    }
}

/// The part of [`Ctx`] that does not depend on the protocol.
pub struct CtxCore<'a> {
    pub me: NodeId,
    /// The true time, which no handler sees.
    pub(super) now: u64,
    pub(super) clock: &'a LocalClock,
    pub setup: &'a Setup,
    pub out: &'a mut Outbox,
    /// Draws made at this node so far; part of the node's identity for keyed choices.
    pub choices: &'a mut u64,
}

impl CtxCore<'_> {
    fn note(&mut self, text: &str) {
        let start = self.out.used;
        self.out.bytes.truncate(start);
        self.out.bytes.extend_from_slice(text.as_bytes());
        self.out.used = self.out.bytes.len();
        self.out.effects.push(Effect::Note { start: start as u32, end: self.out.used as u32 });
    }
}

/// A handler's only door to the outside.
pub struct Ctx<'a, P: Protocol> {
    pub(super) core: CtxCore<'a>,
    pub(super) protocol: &'a P,
    pub(super) disk: &'a mut Rc<P::Disk>,
    pub(super) syncing: &'a mut Vec<Rc<P::Disk>>,
}

impl<P: Protocol> Ctx<'_, P> {
    pub fn me(&self) -> NodeId {
        self.core.me
    }

    pub fn setup(&self) -> &Setup {
        self.core.setup
    }

    pub fn role(&self) -> &str {
        &self.core.setup.nodes[self.core.me.index()].role
    }

    /// The node's own clock: simulated time with this node's offset and drift.
    pub fn local_now(&self) -> Micros {
        self.core.clock.read(self.core.now)
    }

    /// Time as it passes for this node: with its drift, but never set and never going back (`CLOCK_MONOTONIC`). It tells how
    /// long something took, not when it was.
    pub fn elapsed(&self) -> Micros {
        self.core.clock.elapsed(self.core.now)
    }

    pub fn send(&mut self, to: NodeId, m: &P::Msg) {
        let (start, end) = self.put(m);
        self.core.out.effects.push(Effect::Send { to, start, end });
    }

    /// Sends what was sent last to another node, too, without encoding it again.
    pub fn send_again(&mut self, to: NodeId) {
        if let Some(Effect::Send { start, end, .. }) = self.core.out.effects.last() {
            let (start, end) = (*start, *end);
            self.core.out.effects.push(Effect::Send { to, start, end });
        }
    }

    /// Fires after `after` on the local clock, unless cancelled, crashed or postponed.
    pub fn set_timer(&mut self, after: Micros, t: &P::Timer) {
        let (start, end) = self.put(t);
        let kind = self.protocol.timer_kind(t);
        self.core.out.effects.push(Effect::SetTimer { kind, after, start, end });
    }

    /// Cancels the pending timers of equal content.
    pub fn cancel_timer(&mut self, t: &P::Timer) {
        let (start, end) = self.put(t);
        self.core.out.effects.push(Effect::CancelTimer { start, end });
    }

    /// Ends a client's operation.
    pub fn reply(&mut self, op: OpId, outcome: Outcome, answer: Datum) {
        let place = self.core.out.replies.len() as u32;
        self.core.out.replies.push((op, outcome, answer));
        self.core.out.effects.push(Effect::Reply { place });
    }

    /// Something that a reader should see. What stands before the first colon is its kind: it is counted by sweeps. A
    /// protocol with leaders says "stands for election: in term N", "becomes leader: of term N…" and "steps down…", from
    /// which downtimes and elections are measured.
    pub fn note(&mut self, text: impl AsRef<str>) {
        self.core.note(text.as_ref());
    }

    pub fn disk(&self) -> &P::Disk {
        self.disk
    }

    /// Changes the disk's cached contents. They survive a crash only once a [`Ctx::sync`] asked for later completed.
    pub fn disk_mut(&mut self) -> &mut P::Disk {
        self.core.out.wrote = true;
        Rc::make_mut(self.disk)
    }

    /// Makes what was written so far durable. Effects asked for from here on leave when the sync completes; until then
    /// the node handles nothing else.
    pub fn sync(&mut self) {
        self.syncing.push(Rc::clone(self.disk));
        self.core.out.effects.push(Effect::Sync);
    }

    /// A non-deterministic choice in `0..bound`, for the named purpose. In a simulation it is drawn from a stream keyed
    /// by this node and its count of choices.
    pub fn choose(&mut self, _what: &'static str, bound: u64) -> u64 {
        *self.core.choices += 1;
        let seed = self.core.setup.seed;
        Stream::new(seed, Purpose::Choice, u64::from(self.core.me.0), *self.core.choices).below(bound)
    }

    fn put<T: Serialize>(&mut self, value: &T) -> (u32, u32) {
        let start = self.core.out.used;
        let mut writer = codec::Writer::new(&mut self.core.out.bytes, start);
        writer.put(value);
        self.core.out.used = writer.end();
        (start as u32, self.core.out.used as u32)
    }
}

/// What happened in a step, for property checks.
#[derive(Clone, Debug, Default)]
pub struct StepFacts {
    pub now: Micros,
    /// The node that acted; its state may have changed. None for a command that touched no node's state.
    pub node: Option<NodeId>,
    pub began: Vec<(OpId, Op)>,
    pub ended: Vec<Ended>,
}

impl StepFacts {
    pub fn is_empty(&self) -> bool {
        self.began.is_empty() && self.ended.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub id: OpId,
    pub op: Op,
    pub outcome: Outcome,
    pub answer: Datum,
}

/// All nodes, typed, for property checks.
pub struct View<'a, P: Protocol> {
    pub setup: &'a Setup,
    pub(super) nodes: &'a [Rc<dyn super::cell::NodeBox>],
    pub(super) _protocol: std::marker::PhantomData<P>,
}

impl<P: Protocol> View<'_, P> {
    fn cell(&self, node: NodeId) -> &super::cell::NodeCell<P> {
        self.nodes[node.index()].as_any().downcast_ref().expect("all nodes of a run speak one protocol")
    }

    /// The state of a node that is up.
    pub fn state(&self, node: NodeId) -> Option<&P::State> {
        self.cell(node).state.as_ref()
    }

    /// The disk as written, synced or not.
    pub fn disk(&self, node: NodeId) -> &P::Disk {
        &self.cell(node).disk
    }

    /// The disk as of the last completed sync: what a crash would leave.
    pub fn durable(&self, node: NodeId) -> &P::Disk {
        &self.cell(node).durable
    }
}
