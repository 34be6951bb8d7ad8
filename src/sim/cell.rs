//! The thin generic shell around a protocol: one node's state and disk behind an object-safe face, so that the rest of
//! the engine is compiled once, not once a protocol.

use super::node::INLINE;
use super::params::Params;
use super::protocol::{Card, Ctx, CtxCore, Data, Description, Protocol, Setup, StepFacts, View};
use crate::base::codec::Writer;
use crate::base::json::Json;
use crate::base::marks::{self, Mark};
use crate::base::{NodeId, OpId, codec, hash, plain};
use crate::wire::Op;
use serde::Serialize;
use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// One node of any protocol.
pub trait NodeBox: 'static {
    fn as_any(&self) -> &dyn Any;
    fn clone_rc(&self) -> Rc<dyn NodeBox>;
    fn is_up(&self) -> bool;
    fn boot(&mut self, core: CtxCore<'_>);
    /// False when the bytes are no message of this protocol: the message is lost.
    fn on_message(&mut self, from: NodeId, bytes: &[u8], memo: &mut Memo, core: CtxCore<'_>) -> bool;
    fn on_timer(&mut self, bytes: &[u8], core: CtxCore<'_>);
    fn on_request(&mut self, id: OpId, op: &Op, core: CtxCore<'_>);
    /// The oldest sync under way completes; a lying disk keeps nothing.
    fn synced(&mut self, lies: bool);
    /// Memory is lost, and what was not synced.
    fn crash(&mut self);
    fn card(&self, role: &str, card: &mut Card);
    /// Writes state and disks.
    fn write(&self, to: &mut Writer<'_>);
    /// Writes what the syncs under way will have written.
    fn write_syncing(&self, to: &mut Writer<'_>);
    /// All that its future hangs on, with marks.
    fn marked(&self, out: &mut Vec<u8>, marks: &mut Vec<Mark>);
    /// State and disk as plain trees for the inspector.
    fn trees(&self) -> (Json, Json);
}

impl dyn NodeBox {
    /// Chains the hash of state and disks to `chain`. What is in `scratch` stands for nothing.
    pub fn fingerprint(&self, chain: u64, scratch: &mut Vec<u8>) -> u64 {
        let mut writer = Writer::new(scratch, 0);
        self.write(&mut writer);
        let end = writer.end();
        hash::bytes(chain, &scratch[..end])
    }

    /// The same with the syncs under way: all that its future hangs on, which is then in `scratch`.
    pub fn identity(&self, chain: u64, scratch: &mut Vec<u8>) -> u64 {
        let mut writer = Writer::new(scratch, 0);
        self.write(&mut writer);
        let middle = writer.end();
        self.write_syncing(&mut writer);
        let end = writer.end();
        scratch.truncate(end);
        hash::bytes(hash::bytes(chain, &scratch[..middle]), &scratch[middle..])
    }
}

pub struct NodeCell<P: Protocol> {
    protocol: Arc<P>,
    pub state: Option<P::State>,
    pub disk: Rc<P::Disk>,
    pub durable: Rc<P::Disk>,
    pub syncing: Vec<Rc<P::Disk>>,
}

impl<P: Protocol> Clone for NodeCell<P> {
    fn clone(&self) -> Self {
        NodeCell {
            protocol: Arc::clone(&self.protocol),
            state: self.state.clone(),
            disk: Rc::clone(&self.disk),
            durable: Rc::clone(&self.durable),
            syncing: self.syncing.clone(),
        }
    }
}

impl<P: Protocol> NodeCell<P> {
    /// Runs one handler on the state, if the node is up.
    #[inline]
    fn handle(&mut self, core: CtxCore<'_>, handler: impl FnOnce(&P, &mut P::State, &mut Ctx<'_, P>)) {
        let Some(state) = &mut self.state else { return };
        let protocol = &*self.protocol;
        let mut ctx = Ctx { core, protocol, disk: &mut self.disk, syncing: &mut self.syncing };
        handler(protocol, state, &mut ctx);
    }
}

/// The long message decoded last: one that goes to all is decoded once, and what it shares (`Rc`) all its receivers share.
#[derive(Default)]
pub struct Memo {
    bytes: Vec<u8>,
    message: Option<Box<dyn Any>>,
}

impl Memo {
    #[inline(always)]
    fn decode<M: Data>(&mut self, bytes: &[u8]) -> Option<M> {
        if bytes.len() <= INLINE { codec::read(bytes) } else { self.decode_long(bytes) }
    }

    #[inline(never)]
    fn decode_long<M: Data>(&mut self, bytes: &[u8]) -> Option<M> {
        let known = self.message.as_mut().and_then(|message| message.downcast_mut::<M>());
        match known {
            Some(known) if self.bytes == bytes => Some(known.clone()),
            Some(known) => {
                *known = codec::read(bytes)?;
                bytes.clone_into(&mut self.bytes);
                Some(known.clone())
            }
            None => {
                self.message = Some(Box::new(codec::read::<M>(bytes)?));
                bytes.clone_into(&mut self.bytes);
                self.decode_long(bytes)
            }
        }
    }
}

impl<P: Protocol> NodeBox for NodeCell<P> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_rc(&self) -> Rc<dyn NodeBox> {
        Rc::new(self.clone())
    }

    fn is_up(&self) -> bool {
        self.state.is_some()
    }

    fn boot(&mut self, core: CtxCore<'_>) {
        let durable = Rc::clone(&self.durable);
        let protocol = Arc::clone(&self.protocol);
        self.disk = Rc::clone(&durable);
        let mut ctx = Ctx { core, protocol: &*protocol, disk: &mut self.disk, syncing: &mut self.syncing };
        self.state = Some(protocol.boot(&durable, &mut ctx));
    }

    fn on_message(&mut self, from: NodeId, bytes: &[u8], memo: &mut Memo, core: CtxCore<'_>) -> bool {
        let Some(message) = memo.decode(bytes) else { return false };
        self.handle(core, |p, s, ctx| p.on_message(s, from, message, ctx));
        true
    }

    fn on_timer(&mut self, bytes: &[u8], core: CtxCore<'_>) {
        let timer = codec::own::<P::Timer>(bytes);
        self.handle(core, |p, s, ctx| p.on_timer(s, timer, ctx));
    }

    fn on_request(&mut self, id: OpId, op: &Op, core: CtxCore<'_>) {
        self.handle(core, |p, s, ctx| p.on_request(s, id, op, ctx));
    }

    fn synced(&mut self, lies: bool) {
        assert!(!self.syncing.is_empty(), "a sync that nobody asked for completed");
        let image = self.syncing.remove(0);
        if !lies {
            self.durable = image;
        }
    }

    fn crash(&mut self) {
        self.state = None;
        self.syncing.clear();
        self.disk = Rc::clone(&self.durable);
    }

    fn card(&self, role: &str, card: &mut Card) {
        if let Some(state) = &self.state {
            self.protocol.card(role, state, &self.disk, &self.durable, card);
        }
    }

    fn write(&self, to: &mut Writer<'_>) {
        to.put(&self.state);
        to.put(&*self.disk);
        if !Rc::ptr_eq(&self.disk, &self.durable) {
            to.put(&*self.durable);
        }
    }

    fn write_syncing(&self, to: &mut Writer<'_>) {
        to.put(&self.syncing);
    }

    fn marked(&self, out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
        if !marks::MADE {
            return;
        }
        codec::append_marked(&self.state, out, marks);
        let syncing = self.syncing.iter().map(|image| &**image);
        for disk in [&*self.disk, &*self.durable].into_iter().chain(syncing) {
            codec::append_marked(disk, out, marks);
        }
    }

    fn trees(&self) -> (Json, Json) {
        (plain::tree(&self.state), plain::tree(&*self.disk))
    }
}

/// A configured protocol behind an object-safe face.
pub trait Machine: Send + Sync + 'static {
    fn node(&self) -> Rc<dyn NodeBox>;
    fn monitor(&self) -> Box<dyn Monitor>;
    /// Kind and words of an encoded message; None when it is not one.
    fn label(&self, bytes: &[u8]) -> Option<(u8, String)>;
    /// Term, ballot or view that an encoded message carries; 0: none.
    fn epoch(&self, bytes: &[u8]) -> u64;
    fn timer_label(&self, bytes: &[u8]) -> (u8, String);
    /// An encoded message as a tree.
    fn message_tree(&self, bytes: &[u8]) -> Option<Json>;
    fn check(
        &self,
        monitor: &mut dyn Monitor,
        setup: &Setup,
        nodes: &[Rc<dyn NodeBox>],
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    );
    fn why_no_progress(&self, setup: &Setup, nodes: &[Rc<dyn NodeBox>]) -> Option<String>;
    /// See [`Protocol::alike`].
    fn alike(&self) -> &'static [&'static str];
    /// See [`Protocol::links`].
    fn links(&self, setup: &Setup) -> Option<Vec<(NodeId, NodeId)>>;
    /// An encoded message with marks; as it is, if it is none.
    fn marked_message(&self, bytes: &[u8], out: &mut Vec<u8>, marks: &mut Vec<Mark>);
    fn marked_timer(&self, bytes: &[u8], out: &mut Vec<u8>, marks: &mut Vec<Mark>);
}

/// The memory of a protocol's property checks, cloneable behind a box.
pub trait Monitor {
    fn clone_box(&self) -> Box<dyn Monitor>;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// All that it remembers, in the canonical encoding.
    fn encode(&self, into: &mut Vec<u8>);
    fn marked(&self, into: &mut Vec<u8>, marks: &mut Vec<Mark>);
}

impl<T: Clone + Serialize + 'static> Monitor for T {
    fn clone_box(&self) -> Box<dyn Monitor> {
        Box::new(self.clone())
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn encode(&self, into: &mut Vec<u8>) {
        codec::append(self, into);
    }
    fn marked(&self, into: &mut Vec<u8>, marks: &mut Vec<Mark>) {
        if marks::MADE {
            codec::append_marked(self, into, marks);
        }
    }
}

struct Configured<P: Protocol>(Arc<P>);

impl<P: Protocol> Configured<P> {
    fn view<'a>(setup: &'a Setup, nodes: &'a [Rc<dyn NodeBox>]) -> View<'a, P> {
        View { setup, nodes, _protocol: PhantomData }
    }
}

impl<P: Protocol> Machine for Configured<P> {
    fn node(&self) -> Rc<dyn NodeBox> {
        let disk = Rc::new(P::Disk::default());
        Rc::new(NodeCell {
            protocol: Arc::clone(&self.0),
            state: None,
            durable: Rc::clone(&disk),
            disk,
            syncing: Vec::new(),
        })
    }

    fn monitor(&self) -> Box<dyn Monitor> {
        Box::new(P::Monitor::default())
    }

    fn label(&self, bytes: &[u8]) -> Option<(u8, String)> {
        codec::read::<P::Msg>(bytes).map(|m| self.0.label(&m))
    }

    fn epoch(&self, bytes: &[u8]) -> u64 {
        codec::read::<P::Msg>(bytes).map_or(0, |m| self.0.epoch(&m))
    }

    fn timer_label(&self, bytes: &[u8]) -> (u8, String) {
        self.0.timer_label(&codec::own(bytes))
    }

    fn message_tree(&self, bytes: &[u8]) -> Option<Json> {
        Some(plain::tree(&codec::read::<P::Msg>(bytes)?))
    }

    fn check(
        &self,
        monitor: &mut dyn Monitor,
        setup: &Setup,
        nodes: &[Rc<dyn NodeBox>],
        step: &StepFacts,
        broken: &mut Vec<(u16, String)>,
    ) {
        let memory = monitor.as_any_mut().downcast_mut().expect("the monitor belongs to this protocol");
        self.0.check(memory, &Self::view(setup, nodes), step, broken);
    }

    fn why_no_progress(&self, setup: &Setup, nodes: &[Rc<dyn NodeBox>]) -> Option<String> {
        self.0.why_no_progress(&Self::view(setup, nodes))
    }

    fn alike(&self) -> &'static [&'static str] {
        self.0.alike()
    }

    fn links(&self, setup: &Setup) -> Option<Vec<(NodeId, NodeId)>> {
        self.0.links(setup)
    }

    fn marked_message(&self, bytes: &[u8], out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
        if !marks::MADE {
            return;
        }
        match codec::read::<P::Msg>(bytes) {
            Some(message) => codec::append_marked(&message, out, marks),
            None => out.extend_from_slice(bytes),
        }
    }

    fn marked_timer(&self, bytes: &[u8], out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
        if marks::MADE {
            codec::append_marked(&codec::own::<P::Timer>(bytes), out, marks);
        }
    }
}

/// A line of the registry of protocols.
#[derive(Clone, Copy)]
pub struct Entry {
    /// As in its description: to be found by it, a protocol need not be loaded.
    pub name: &'static str,
    pub describe: fn() -> Description,
    pub build: fn(&Params) -> Arc<dyn Machine>,
}

impl Entry {
    pub const fn of<P: Protocol>(name: &'static str) -> Entry {
        Entry { name, describe: P::describe, build: |params| Arc::new(Configured(Arc::new(P::configure(params)))) }
    }
}
