//! What must hold at every moment (figure 3 and section 8), and why it does not when it does not.
//!
//! A check looks only at the server that acted: the entries that it wrote, and those that it applied since it was looked at
//! last. An entry counts as committed, or as applied, once the server that says so has it on disk: a server that forgets
//! it in a crash before has told nobody.

use super::log::{Entry, Payload};
use super::{Raft, Role, Server, State};
use crate::base::{NodeId, OpId, codec, hash};
use crate::sim::protocol::{Ended, StepFacts, View};
use crate::wire::{Datum, Outcome};
use serde::Serialize;
use std::collections::VecDeque;
use std::rc::Rc;

/// In the order of the numbers below.
pub const STATEMENTS: [(&str, &str); 10] = [
    ("election safety", "At most one leader is elected in a given term."),
    ("leader append-only", "A leader never overwrites or deletes entries in its log; it only appends."),
    (
        "log matching",
        "If two logs contain an entry with the same index and term, the logs are identical in all entries up through it.",
    ),
    (
        "leader completeness",
        "An entry that was committed in a term is in the logs of the leaders of all later terms, and no server that knows \
         of its commitment loses it.",
    ),
    (
        "state-machine safety",
        "No two servers apply different entries at the same index, and what an entry wrote is the same everywhere.",
    ),
    ("exactly-once application", "No command is carried out twice, however often it is asked for."),
    ("read freshness", "A read returns nothing older than what was committed when it began."),
    (
        "terms and votes survive crashes",
        "After a restart a server knows the term that it has told others, and for whom it voted in it.",
    ),
    ("terms begin with elections", "The first server in a term is one that stands for election in it."),
    ("a handover is complete", "Who is told to take over has all that the leader has in its log."),
];
const ELECTION: u16 = 0;
const APPEND_ONLY: u16 = 1;
const MATCHING: u16 = 2;
const COMPLETENESS: u16 = 3;
const MACHINE: u16 = 4;
const ONCE: u16 = 5;
const FRESH: u16 = 6;
const SURVIVES: u16 = 7;
/// "Each term begins with an election" (section 5.1).
const BEGINS: u16 = 8;
/// Dissertation, section 3.10, step 2.
const HANDOVER: u16 = 9;

/// Indices of the log, leaders and commands that are remembered: the newest.
const SLOTS_MAX: usize = 4_096;
const LEADERS_MAX: usize = 256;
const EXECUTED_MAX: usize = 1_024;

type Broken = Vec<(u16, String)>;

#[derive(Clone, Default, Serialize)]
pub struct Memory {
    nodes: Vec<Seen>,
    leaders: VecDeque<(u64, NodeId)>,
    /// The latest term that any server was in.
    term: u64,
    /// What is known of each index, from `base + 1` on.
    base: u64,
    /// Copies share what nobody writes to any more: a keyframe of a run has a copy.
    slots: VecDeque<Rc<Slot>>,
    /// The highest committed index.
    committed: u64,
    /// Session, number and index of commands that were carried out, in this order.
    executed: Vec<(u64, u32, u64)>,
    /// For each open operation what was committed when it began.
    open: Vec<(OpId, u64)>,
}

/// What one server showed so far.
#[derive(Clone, Copy, Default, Serialize)]
struct Seen {
    up: bool,
    /// Term and vote that were surely on its disk: what it may have told others.
    firm: (u64, Option<NodeId>),
    leads: u64,
    writes: u32,
    last: u64,
    applied: u64,
    /// It has told another to take over.
    hands_over: bool,
}

#[derive(Clone, Default, Serialize)]
struct Slot {
    /// All entries that any log had here, with the term of the entry before.
    entries: Vec<(u64, Entry)>,
    /// The term of the entry that was committed here; 0 while none is.
    chosen: u64,
    /// The term in which that was first known, or a later one.
    in_term: u64,
    /// The term of the entry that was applied here.
    applied: u64,
    /// What its key held just after it: a fingerprint, 0 while unknown.
    wrote: u64,
}

impl Memory {
    pub fn check(&mut self, view: &View<'_, Raft>, step: &StepFacts, broken: &mut Broken) {
        if self.nodes.len() < view.setup.nodes.len() {
            self.nodes.resize(view.setup.nodes.len(), Seen::default());
        }
        for (id, _) in &step.began {
            self.open.push((*id, self.committed));
        }
        if let Some(node) = step.node
            && !view.setup.nodes[node.index()].client
        {
            self.server_acted(view, node, broken);
        }
        for ended in &step.ended {
            self.operation_ended(view, ended, broken);
        }
    }

    fn server_acted(&mut self, view: &View<'_, Raft>, node: NodeId, broken: &mut Broken) {
        let seen = &mut self.nodes[node.index()];
        let Some(State::Server(s)) = view.state(node) else {
            // Crashed: what its disk lost was never promised.
            *seen = Seen { firm: seen.firm, ..Seen::default() };
            return;
        };
        let before = *seen;
        // What it wrote last before the crash may have become durable without having been seen so.
        let forgot = before.firm.1.is_some() && s.vote != before.firm.1;
        if !before.up && (s.term < before.firm.0 || s.term == before.firm.0 && forgot) {
            let words = |vote: Option<NodeId>| {
                vote.map_or("had not voted".into(), |n| format!("had voted for {}", view.setup.name(n)))
            };
            let (term, vote) = before.firm;
            let why = format!(
                "{} was in term {term} and {}; after its restart it is in term {} and {}",
                view.setup.name(node),
                words(vote),
                s.term,
                words(s.vote)
            );
            broken.push((SURVIVES, why));
        }
        let leads = if matches!(s.role, Role::Leader(_)) { s.term } else { 0 };
        let last = view.disk(node).log.last_index();
        let synced = std::ptr::eq(view.disk(node), view.durable(node));
        let firm = if synced { (s.term, s.vote) } else { before.firm };
        let applied = before.applied.min(s.applied);
        let told = match &s.role {
            Role::Leader(leading) => leading.transfer.as_ref().filter(|transfer| transfer.sent),
            _ => None,
        };
        *seen = Seen { up: true, firm, leads, writes: s.writes, last, applied, hands_over: told.is_some() };
        if s.term > self.term {
            self.term = s.term;
            if !matches!(s.role, Role::Candidate(_)) {
                let why =
                    format!("{} is in term {}, in which nobody has stood for election", view.setup.name(node), s.term);
                broken.push((BEGINS, why));
            }
        }
        if let Some(transfer) = told.filter(|_| !before.hands_over) {
            handed_over(view, node, s, (transfer.target, before.last), broken);
        }
        if leads > 0 && leads != before.leads {
            self.elected(view, node, s, broken);
        }
        if s.writes != before.writes {
            if leads > 0 && leads == before.leads && s.wrote_from <= before.last {
                let why = format!(
                    "{}, the leader of term {leads}, wrote entry {} again, though its log went to {}",
                    view.setup.name(node),
                    s.wrote_from,
                    before.last
                );
                broken.push((APPEND_ONLY, why));
            }
            self.wrote(view, node, s, broken);
        }
        self.applied(view, node, s, broken);
    }

    fn elected(&mut self, view: &View<'_, Raft>, node: NodeId, s: &Server, broken: &mut Broken) {
        let name = |node: NodeId| view.setup.name(node);
        match self.leaders.iter().rev().find(|(term, _)| *term == s.term) {
            Some((term, other)) if *other != node => {
                let why = format!("{} and {} are both elected in term {term}", name(*other), name(node));
                broken.push((ELECTION, why));
            }
            Some(_) => {}
            None => {
                self.leaders.push_back((s.term, node));
                if self.leaders.len() > LEADERS_MAX {
                    self.leaders.pop_front();
                }
            }
        }
        let log = &view.disk(node).log;
        let from = log.base().max(self.base) + 1;
        for index in from..=self.committed {
            let Some(slot) = self.slot(index).filter(|slot| slot.chosen > 0 && slot.in_term < s.term) else { continue };
            let chosen = slot.chosen;
            let held = log.term_at(index);
            if held != Some(chosen) {
                let has = held.map_or("no entry there".into(), |term| format!("one of term {term} there"));
                let why = format!(
                    "{} is elected in term {} without entry {index} of term {chosen}, which was committed: it has {has}",
                    name(node),
                    s.term
                );
                return broken.push((COMPLETENESS, why));
            }
        }
    }

    /// The entries that a server wrote, against all that others have there.
    fn wrote(&mut self, view: &View<'_, Raft>, node: NodeId, s: &Server, broken: &mut Broken) {
        let log = &view.disk(node).log;
        let name = view.setup.name(node);
        if log.last_index() < s.commit {
            let why = format!("{name} knows {} entries to be committed, and now holds {}", s.commit, log.last_index());
            return broken.push((COMPLETENESS, why));
        }
        for index in s.wrote_from..=log.last_index() {
            let (Some(entry), Some(before)) = (log.get(index), log.term_at(index - 1)) else { continue };
            let commit = s.commit;
            let Some(slot) = self.slot_mut(index) else { continue };
            if slot.chosen > 0 && slot.chosen != entry.term && index <= commit {
                let why = format!(
                    "{name} knows entry {index} of term {} to be committed, and overwrites it by one of term {}",
                    slot.chosen, entry.term
                );
                return broken.push((COMPLETENESS, why));
            }
            match slot.entries.iter().find(|(_, known)| known.term == entry.term) {
                Some((prev, known)) if *prev != before || known != entry => {
                    let what = if known != entry { "another entry" } else { "another one before it" };
                    let why = format!("{name} has entry {index} of term {}, but elsewhere there is {what}", entry.term);
                    return broken.push((MATCHING, why));
                }
                Some(_) => {}
                None => slot.entries.push((before, entry.clone())),
            }
        }
    }

    /// The entries that a server applied since it was looked at last.
    fn applied(&mut self, view: &View<'_, Raft>, node: NodeId, s: &Server, broken: &mut Broken) {
        let log = &view.disk(node).log;
        let firm = s.applied.min(view.durable(node).log.last_index());
        let from = self.nodes[node.index()].applied.max(log.base()) + 1;
        for index in from..=firm {
            let Some(entry) = log.get(index) else { continue };
            let Some(slot) = self.slot_mut(index) else { continue };
            if slot.applied == 0 {
                slot.applied = entry.term;
            } else if slot.applied != entry.term {
                let why = format!(
                    "{} applies entry {index} of term {}, but elsewhere one of term {} was applied there",
                    view.setup.name(node),
                    entry.term,
                    slot.applied
                );
                broken.push((MACHINE, why));
            }
            if index <= s.commit && slot.chosen == 0 {
                (slot.chosen, slot.in_term) = (entry.term, s.term);
            }
            if index == s.applied
                && let Payload::Command(command) = &entry.payload
            {
                let wrote = fingerprint(&s.machine.get(&command.op.key));
                if slot.wrote != 0 && slot.wrote != wrote {
                    let (name, key, value) = (view.setup.name(node), &command.op.key, s.machine.get(&command.op.key));
                    let why =
                        format!("after entry {index} {name} has {key}={value}, and elsewhere it had another value");
                    broken.push((MACHINE, why));
                }
                slot.wrote = wrote;
            }
            self.committed = self.committed.max(index.min(s.commit));
            self.once(view, node, s, index, entry, broken);
        }
        let seen = &mut self.nodes[node.index()].applied;
        *seen = firm.max(*seen);
    }

    /// By which entry the command of this entry was carried out, as the server remembers it.
    fn once(
        &mut self,
        view: &View<'_, Raft>,
        node: NodeId,
        s: &Server,
        index: u64,
        entry: &Entry,
        broken: &mut Broken,
    ) {
        let Payload::Command(command) = &entry.payload else { return };
        let (session, serial) = (command.ticket.session, command.ticket.serial);
        let Some(done) = s.machine.answered(session, serial) else { return };
        let place = self.executed.binary_search_by_key(&(session, serial), |(a, b, _)| (*a, *b));
        let known = place.map_or(index.min(done.index), |place| self.executed[place].2);
        if known != done.index {
            let why = format!(
                "{} carries out {} by entry {}, although entry {known} had done so",
                view.setup.name(node),
                command.op,
                done.index
            );
            broken.push((ONCE, why));
        }
        if let Err(place) = place {
            self.executed.insert(place, (session, serial, done.index));
            if self.executed.len() > EXECUTED_MAX {
                let places = 0..self.executed.len();
                places.min_by_key(|place| self.executed[*place].2).map(|oldest| self.executed.remove(oldest));
            }
        }
    }

    fn operation_ended(&mut self, view: &View<'_, Raft>, ended: &Ended, broken: &mut Broken) {
        let Some(place) = self.open.iter().position(|(id, _)| *id == ended.id) else { return };
        let (_, committed) = self.open.remove(place);
        if ended.outcome != Outcome::Ok || ended.op.f != "get" {
            return;
        }
        // Not found only if more operations than a client remembers ended within one step.
        let Some(State::Client(c)) = view.state(ended.id.client) else { return };
        let Some((_, index)) = c.finished.iter().rev().find(|(op, _)| *op == ended.id.count) else { return };
        if *index < committed {
            let why = format!(
                "{}'s {} was answered as of entry {index}, although entry {committed} was committed when it began",
                view.setup.name(ended.id.client),
                ended.op
            );
            broken.push((FRESH, why));
        }
    }

    fn slot(&self, index: u64) -> Option<&Slot> {
        self.slots.get(index.checked_sub(self.base + 1)? as usize).map(|slot| &**slot)
    }

    /// None for an index that is too old to be remembered.
    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        let mut place = index.checked_sub(self.base + 1)? as usize;
        while place >= self.slots.len() {
            self.slots.push_back(Rc::default());
            if self.slots.len() > SLOTS_MAX {
                self.slots.pop_front();
                self.base += 1;
                place -= 1;
            }
        }
        self.slots.get_mut(place).map(Rc::make_mut)
    }
}

/// A leader has told another to take over, when its log went to an index: in the same step it may have written on. One that is
/// in a later term by now does not listen.
fn handed_over(view: &View<'_, Raft>, node: NodeId, s: &Server, to: (NodeId, u64), broken: &mut Broken) {
    let (target, last) = to;
    let term = match view.state(target) {
        Some(State::Server(other)) => other.term,
        _ => view.disk(target).term,
    };
    let (own, other) = (&view.disk(node).log, &view.disk(target).log);
    let wanted = own.term_at(last).filter(|_| term <= s.term && other.base() <= last);
    if wanted.is_some() && other.term_at(last) != wanted {
        let name = |node: NodeId| view.setup.name(node);
        let (name, target, held) = (name(node), name(target), other.last_index());
        let why = format!("{name} tells {target} to take over, whose log goes to {held}, and its own to {last}");
        broken.push((HANDOVER, why));
    }
}

fn fingerprint(value: &Datum) -> u64 {
    hash::bytes(0, &codec::to_bytes(value)).max(1)
}
