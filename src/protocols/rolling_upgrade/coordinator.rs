//! The coordinator: a round of two phases for each operation, one after the other for a key.
//!
//! A round that meets a higher ballot begins again with a still higher one, later each time. Nothing is lost by that: if its
//! write was accepted, it finds the write's ticket in the record, and only has it accepted again.

use super::replica::Replica;
use super::schema::{Fault, Field, NEW, Record, Release};
use super::{Ballot, Bug, Context, Held, Message, Reply, RollingUpgrade, Timer, What, Why};
use crate::base::{Micros, NodeId};
use crate::protocols::once::{Sessions, Standing, Ticket, honour, standing};
use crate::wire::Datum;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A coordinator leaves an operation alone after so many rounds: its client asks another one.
const TRIES_MAX: u32 = 8;
/// What it had accepted last, for whoever watches.
const MADE_MAX: usize = 8;
/// Operations under way; clients ask again.
const ROUNDS_MAX: usize = 256;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Round {
    pub client: NodeId,
    pub ticket: Ticket,
    pub key: SmolStr,
    pub field: Field,
    pub put: Option<Datum>,
    pub phase: Phase,
    pub ballot: Ballot,
    pub heard: Vec<NodeId>,
    /// Those that cannot read it: in which release, and why.
    pub blind: Vec<(NodeId, Release, Fault)>,
    tries: u32,
    /// The highest counter that it was refused for.
    met: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// Another operation on the key is under way here, or it has met another coordinator.
    Waits,
    /// The best that it was promised, as it reads it.
    Prepares { best: Held, record: Record },
    /// What is to be accepted, and will be answered; whether the write is in the record for the first time.
    Accepts { held: Held, found: Datum, new: bool },
}

impl Round {
    fn is_open(&self, key: &str, ballot: Ballot, prepares: bool) -> bool {
        let phase = match self.phase {
            Phase::Waits => false,
            Phase::Prepares { .. } => prepares,
            Phase::Accepts { .. } => !prepares,
        };
        phase && self.key == key && self.ballot == ballot
    }
}

type Caller = (NodeId, Ticket, SmolStr);

impl RollingUpgrade {
    pub(super) fn on_ask(
        &self,
        r: &mut Replica,
        (client, ticket, key): Caller,
        (field, put): (Field, Option<Datum>),
        ctx: &mut Context<'_>,
    ) {
        if field == Field::Note && r.release < NEW {
            let what = What::Answer { ticket, reply: Reply::NoNotes };
            return ctx.send(client, &Message { release: r.release, key, what });
        }
        // What its client does not wait for any more holds nobody up.
        let settled = (ticket.life, ticket.settled);
        r.rounds.retain(|_, round| {
            round.client != client || round.tries > 0 || (round.ticket.life, round.ticket.op) >= settled
        });
        let mut rounds = r.rounds.values();
        let known = rounds.any(|round| (round.client, round.ticket.op) == (client, ticket.op));
        if known || r.rounds.len() >= ROUNDS_MAX {
            return;
        }
        r.begun += 1;
        let busy = r.rounds.values().any(|round| round.key == key);
        let (phase, ballot) = (Phase::Waits, Ballot::default());
        let round = Round {
            client,
            ticket,
            key,
            field,
            put,
            phase,
            ballot,
            heard: Vec::new(),
            blind: Vec::new(),
            tries: 0,
            met: 0,
        };
        r.rounds.insert(r.begun, round);
        if !busy {
            self.prepare(r, r.begun, ctx);
        }
    }

    /// Phase 1: a ballot above all that it knows.
    fn prepare(&self, r: &mut Replica, number: u32, ctx: &mut Context<'_>) {
        let Some(round) = r.rounds.get_mut(&number) else { return };
        let promised = ctx.disk().slots.get(&round.key).map_or(0, |slot| slot.promised.counter);
        let counter = promised.max(round.met).max(round.ballot.counter).saturating_add(1);
        round.ballot = Ballot { counter, node: ctx.me(), life: r.life };
        round.phase = Phase::Prepares { best: Held::default(), record: Record::default() };
        round.tries += 1;
        round.heard.clear();
        round.blind.clear();
        ctx.set_timer(self.retry_after, &Timer::Again { round: number });
        let (key, ballot) = (round.key.clone(), round.ballot);
        self.ask_others(r, number, ctx);
        self.on_prepare(r, ctx.me(), key, ballot, ctx);
    }

    /// Asks those that have not answered. The others are on their way while its own disk syncs.
    fn ask_others(&self, r: &Replica, number: u32, ctx: &mut Context<'_>) {
        let Some(round) = r.rounds.get(&number) else { return };
        let what = match &round.phase {
            Phase::Waits => return,
            Phase::Prepares { .. } => What::Prepare { ballot: round.ballot },
            Phase::Accepts { held, .. } => What::Accept { held: held.clone() },
        };
        let message = Message { release: r.release, key: round.key.clone(), what };
        let me = ctx.me();
        let silent = |node: &NodeId| *node != me && !round.heard.contains(node);
        for (i, node) in self.replicas(ctx).into_iter().filter(silent).enumerate() {
            if i == 0 { ctx.send(node, &message) } else { ctx.send_again(node) }
        }
    }

    pub(super) fn on_promise(
        &self,
        r: &mut Replica,
        from: NodeId,
        key: &str,
        ballot: Ballot,
        held: Held,
        ctx: &mut Context<'_>,
    ) {
        let release = r.release;
        let Some((number, round)) = open(r, key, ballot, true) else { return };
        if round.heard.contains(&from) {
            return;
        }
        let read = match held.ballot.counter {
            0 => Ok(Record::default()),
            _ => self.schema.read(release, &held.bytes),
        };
        let read = match read {
            Ok(read) => read,
            Err(fault) => {
                let (who, why) = (ctx.setup().name(from).to_string(), fault.words(release));
                ctx.note(format!("cannot read: {who}'s {key}, {why}"));
                return self.on_blind(r, number, (from, release, fault), ctx);
            }
        };
        if let Phase::Prepares { best, record } = &mut round.phase
            && held.ballot > best.ballot
        {
            (*best, *record) = (held, read);
        }
        round.heard.push(from);
        if round.heard.len() >= self.quorum(self.replicas(ctx).len()) {
            self.change(r, number, ctx);
        }
    }

    /// Phase 2: the record as it was found, or as it is to be.
    fn change(&self, r: &mut Replica, number: u32, ctx: &mut Context<'_>) {
        let Some(round) = r.rounds.get_mut(&number) else { return };
        let Phase::Prepares { best, record } = &round.phase else { return };
        let (mut record, mut sessions) = (record.clone(), best.sessions.clone());
        let nobody_wrote = best.ballot.counter == 0;
        let (ticket, from) = (round.ticket, round.client);
        let found = record.get(round.field);
        let (found, new) = match &round.put {
            None if nobody_wrote => return self.end(r, number, Some((Datum::None, Ballot::default())), ctx),
            None => (found, false),
            Some(value) => match standing_of(&sessions, from, ticket, self.has(Bug::NoOnceOnly)) {
                Standing::Over => return self.end(r, number, None, ctx),
                Standing::Honoured(()) => (Datum::None, false),
                Standing::New => {
                    if self.has(Bug::PutDropsUnknown) {
                        record.unknown.clear();
                    }
                    record.set(round.field, value.clone());
                    honour(&mut sessions, from, ticket, ());
                    (Datum::None, true)
                }
            },
        };
        let bytes = self.schema.write(r.release, &record);
        let held = Held { ballot: round.ballot, release: r.release, bytes, sessions };
        round.phase = Phase::Accepts { held: held.clone(), found, new };
        round.heard.clear();
        round.blind.clear();
        let key = round.key.clone();
        self.ask_others(r, number, ctx);
        self.on_accept(r, ctx.me(), key, held, ctx);
    }

    pub(super) fn on_accepted(&self, r: &mut Replica, from: NodeId, key: &str, ballot: Ballot, ctx: &mut Context<'_>) {
        let Some((number, round)) = open(r, key, ballot, false) else { return };
        if round.heard.contains(&from) {
            return;
        }
        round.heard.push(from);
        if round.heard.len() < self.quorum(self.replicas(ctx).len()) {
            return;
        }
        let Phase::Accepts { found, new, .. } = round.phase.clone() else { return };
        if new {
            let made = (round.client, round.ticket.op, ballot);
            if r.made.len() >= MADE_MAX {
                r.made.pop_front();
            }
            r.made.push_back(made);
        }
        self.end(r, number, Some((found, ballot)), ctx);
    }

    /// One who has promised more is met again later; one who cannot read it never will.
    pub(super) fn on_refuse(
        &self,
        r: &mut Replica,
        from: NodeId,
        key: &str,
        (ballot, release, why): (Ballot, Release, Why),
        ctx: &mut Context<'_>,
    ) {
        let found = open(r, key, ballot, true).map(|(number, _)| number);
        let Some(number) = found.or_else(|| open(r, key, ballot, false).map(|(number, _)| number)) else { return };
        match why {
            Why::Unreadable(fault) => self.on_blind(r, number, (from, release, fault), ctx),
            Why::Promised(counter) => {
                let Some(round) = r.rounds.get_mut(&number) else { return };
                round.met = round.met.max(counter);
                round.phase = Phase::Waits;
                let most = self.back_off.0 << round.tries.min(TRIES_MAX);
                ctx.note(format!("meets another coordinator: at {key}"));
                ctx.cancel_timer(&Timer::Again { round: number });
                let wait = Micros(1 + ctx.choose("back-off", most));
                ctx.set_timer(wait, &Timer::Again { round: number });
            }
        }
    }

    fn on_blind(
        &self,
        r: &mut Replica,
        number: u32,
        (from, release, fault): (NodeId, Release, Fault),
        ctx: &mut Context<'_>,
    ) {
        let Some(round) = r.rounds.get_mut(&number) else { return };
        if !round.blind.iter().any(|(node, ..)| *node == from) {
            round.blind.push((from, release, fault));
        }
        let all = self.replicas(ctx).len();
        if all - round.blind.len().min(all) < self.quorum(all) {
            let reply = Reply::Unreadable(release, fault);
            let (client, ticket) = (round.client, round.ticket);
            let what = What::Answer { ticket, reply };
            ctx.send(client, &Message { release: r.release, key: round.key.clone(), what });
            self.end(r, number, None, ctx);
        }
    }

    /// Answers, if there is anything to be said, and goes on with the next operation on the key.
    fn end(&self, r: &mut Replica, number: u32, answer: Option<(Datum, Ballot)>, ctx: &mut Context<'_>) {
        let Some(round) = r.rounds.remove(&number) else { return };
        ctx.cancel_timer(&Timer::Again { round: number });
        if let Some((found, ballot)) = answer {
            let what = What::Answer { ticket: round.ticket, reply: Reply::Done { found, ballot } };
            ctx.send(round.client, &Message { release: r.release, key: round.key.clone(), what });
        }
        let next = r.rounds.iter().find(|(_, other)| other.key == round.key).map(|(number, _)| *number);
        if let Some(next) = next {
            self.prepare(r, next, ctx);
        }
    }

    /// It was to wait, or somebody is silent: the question or the answer may have been lost.
    pub(super) fn on_again(&self, r: &mut Replica, number: u32, ctx: &mut Context<'_>) {
        let Some(round) = r.rounds.get_mut(&number) else { return };
        if round.tries >= TRIES_MAX {
            return self.end(r, number, None, ctx);
        }
        if round.phase == Phase::Waits {
            return self.prepare(r, number, ctx);
        }
        round.tries += 1;
        ctx.set_timer(self.retry_after, &Timer::Again { round: number });
        self.ask_others(r, number, ctx);
    }
}

/// The round of this ballot that is in this phase.
fn open<'a>(r: &'a mut Replica, key: &str, ballot: Ballot, prepares: bool) -> Option<(u32, &'a mut Round)> {
    let mut rounds = r.rounds.iter_mut();
    rounds.find(|(_, round)| round.is_open(key, ballot, prepares)).map(|(number, round)| (*number, round))
}

fn standing_of(sessions: &Sessions<()>, from: NodeId, ticket: Ticket, forget: bool) -> Standing<()> {
    if forget { Standing::New } else { standing(sessions, from, ticket) }
}
