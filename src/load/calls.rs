//! One call along an edge: its attempts, and the policy that the caller has for them.
//!
//! Invariant: nothing here calls back at once. What fails without travelling comes back as an event of the same moment, so
//! that a component that makes several calls has made all of them before the first is over.

use super::design::Does;
use super::engine::{Call, Caller, Engine, Event, Freight, LIVE_MAX, NONE, Outcome, Stage, Visit};
use super::plan::{Kind, NEVER};
use super::recorder::{Moment, NO_SPAN};
use crate::base::random::derive;

impl Engine<'_> {
    pub(super) fn call(&mut self, caller: Caller, edge: u16, freight: Freight, expected: u32, place: u16) {
        let call = Call {
            caller,
            freight,
            began: self.now,
            expected,
            turn: 0,
            edge,
            live: 0,
            attempts: 0,
            hedged: false,
            visit: NONE,
            instance: u16::MAX,
            place,
        };
        let at = match self.calls.place() {
            Some(at) => {
                let turn = self.calls[at].turn;
                self.calls[at] = Call { turn, ..call };
                at
            }
            None => self.calls.push(call),
        };
        let of = &self.plan.edges[usize::from(edge)];
        if let Some(budget) = of.budget {
            let tokens = &mut self.edges[usize::from(edge)].tokens;
            *tokens = (*tokens + budget).min(10.0);
        }
        if let Some(hedge) = of.hedge {
            let turn = self.calls[at].turn;
            self.queue.push(self.now + hedge, Event::Hedge { call: at, turn });
        }
        self.attempt(at);
    }

    /// Sends a visit off.
    fn attempt(&mut self, at: u32) {
        let call = &mut self.calls[at];
        let (attempt, turn, edge, mut freight, place) = (call.attempts, call.turn, call.edge, call.freight, call.place);
        let avoided = (attempt > 0 && call.hedged).then_some(call.instance);
        call.attempts += 1;
        call.live |= 1 << attempt;
        freight.id = derive(freight.id, u64::from(attempt));
        let measuring = self.measuring;
        self.edges[usize::from(edge)].count.attempts += u64::from(measuring);
        let plan = self.plan;
        let of = &plan.edges[usize::from(edge)];
        let refused = |outcome| Event::Refused { call: at, turn, attempt, outcome };
        if of.breaker.is_some() && !self.breaker_lets(edge) {
            self.edges[usize::from(edge)].count.refused += u64::from(measuring);
            return self.queue.push(self.now, refused(Outcome::Shed));
        }
        let Some(instance) = self.pick(edge, &freight, avoided, place) else {
            return self.queue.push(self.now, refused(Outcome::Failed));
        };
        if attempt == 0 {
            self.calls[at].instance = instance;
        }
        let limit = self.now.saturating_add(of.time_out).min(freight.deadline);
        if limit != NEVER {
            self.queue.push(limit.max(self.now), Event::TimeOut { call: at, turn, attempt });
        }
        let state = &mut self.edges[usize::from(edge)];
        if state.cut > 0 {
            return;
        }
        state.open[usize::from(instance)] += 1;
        let latency = of.latency.draw(|| state.latency.stream(freight.id));
        let visit = self.visit(at, turn, attempt, freight, (edge, of.to, instance));
        let far = plan.network.distance(place, plan.place(of.to, instance));
        (self.visits[visit].from, self.visits[visit].far) = (place, far);
        self.calls[at].visit = visit;
        self.note_sent(visit);
        self.queue.push(self.now + latency + u64::from(far), Event::Deliver { visit });
    }

    fn visit(
        &mut self,
        call: u32,
        call_turn: u32,
        attempt: u8,
        freight: Freight,
        (edge, part, instance): (u16, u16, u16),
    ) -> u32 {
        let visit = Visit {
            freight,
            call,
            call_turn,
            next: NONE,
            turn: 0,
            arrived: self.now,
            began: self.now,
            edge,
            part,
            instance,
            from: 0,
            far: 0,
            pending: 0,
            need: 0,
            span: NO_SPAN,
            attempt,
            step: 0,
            stage: Stage::Travelling,
            outcome: Outcome::Answered,
            slot: false,
            missed: false,
            fresh: false,
        };
        match self.visits.place() {
            Some(at) => {
                let turn = self.visits[at].turn;
                self.visits[at] = Visit { turn, ..visit };
                at
            }
            None => {
                self.full |= self.visits.len() >= LIVE_MAX;
                self.visits.push(visit)
            }
        }
    }

    /// An answer has travelled back.
    pub(super) fn reply(&mut self, at: u32) {
        let visit = self.visits[at];
        self.forget(at);
        let call = self.calls[visit.call];
        if call.turn != visit.call_turn || call.live & (1 << visit.attempt) == 0 {
            return;
        }
        self.notes_latency(&visit);
        self.note(visit.freight.trace, visit.span, Moment::Back(visit.outcome));
        if visit.outcome != Outcome::Answered {
            return self.attempt_ended(visit.call, visit.call_turn, visit.attempt, visit.outcome);
        }
        if self.plan.edges[usize::from(visit.edge)].breaker.is_some() {
            self.breaker_hears(visit.edge, true);
        }
        self.ended(visit.call, Outcome::Answered, visit.freight.version, visit.missed);
    }

    /// A visit and its call are gone without a word.
    pub(super) fn vanish(&mut self, at: u32) {
        let (call, turn) = (self.visits[at].call, self.visits[at].call_turn);
        self.forget(at);
        let of = &mut self.calls[call];
        if of.turn == turn {
            (of.turn, of.live) = (turn.wrapping_add(1), 0);
            self.calls.release(call);
        }
    }

    /// Gives the place of a visit free.
    pub(super) fn forget(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        visit.turn = visit.turn.wrapping_add(1);
        visit.stage = Stage::Gone;
        self.edges[usize::from(visit.edge)].open[usize::from(visit.instance)] -= 1;
        self.visits.release(at);
    }

    pub(super) fn time_out(&mut self, at: u32, turn: u32, attempt: u8) {
        let call = self.calls[at];
        if call.turn == turn && call.live & (1 << attempt) != 0 && !self.is_begun(&call, at) {
            self.note_given_up(&call, at, attempt);
            self.edges[usize::from(call.edge)].count.timed_out += u64::from(self.measuring);
            self.attempt_ended(at, turn, attempt, Outcome::TimedOut);
        }
    }

    /// A message whose work has begun is not given up: it was kept long enough.
    fn is_begun(&self, call: &Call, at: u32) -> bool {
        let from = usize::from(self.plan.edges[usize::from(call.edge)].from);
        if call.visit == NONE || !matches!(self.plan.parts[from].kind, Kind::Queue { .. }) {
            return false;
        }
        let visit = &self.visits[call.visit];
        (visit.call, visit.call_turn) == (at, call.turn)
            && matches!(visit.stage, Stage::Served | Stage::Calling | Stage::Held | Stage::Returning)
    }

    /// An attempt has failed: another one, or the call has.
    pub(super) fn attempt_ended(&mut self, at: u32, turn: u32, attempt: u8, outcome: Outcome) {
        let call = &mut self.calls[at];
        if call.turn != turn || call.live & (1 << attempt) == 0 {
            return;
        }
        call.live &= !(1 << attempt);
        let (live, edge, attempts, freight) = (call.live, call.edge, call.attempts, call.freight);
        let of = &self.plan.edges[usize::from(edge)];
        if of.breaker.is_some() && !matches!(outcome, Outcome::Shed | Outcome::Limited) {
            self.breaker_hears(edge, false);
        }
        if live != 0 {
            return;
        }
        let hedges = u8::from(self.calls[at].hedged);
        if attempts - hedges > of.retries || attempts > 15 || outcome == Outcome::Limited {
            return self.ended(at, outcome, 0, true);
        }
        let state = &mut self.edges[usize::from(edge)];
        if of.budget.is_some() {
            if state.tokens < 1.0 {
                return self.ended(at, outcome, 0, true);
            }
            state.tokens -= 1.0;
        }
        let whole = of.back_off.saturating_mul(1_u64 << (attempts - 1).min(40)).min(of.back_off_max) as f64;
        let drawn = state.pause.stream(derive(freight.id, u64::from(attempts))).unit();
        let retry_at = self.now + (whole * (1.0 - of.jitter * drawn)) as u64;
        if retry_at >= freight.deadline {
            return self.ended(at, outcome, 0, true);
        }
        state.count.retries += u64::from(self.measuring);
        self.queue.push(retry_at, Event::Retry { call: at, turn });
    }

    pub(super) fn retry(&mut self, at: u32, turn: u32) {
        let call = &self.calls[at];
        if call.turn == turn && call.live == 0 {
            self.attempt(at);
        }
    }

    pub(super) fn hedge(&mut self, at: u32, turn: u32) {
        let call = &mut self.calls[at];
        if call.turn == turn && call.live != 0 && call.attempts < 15 {
            call.hedged = true;
            self.edges[usize::from(call.edge)].count.hedges += u64::from(self.measuring);
            self.attempt(at);
        }
    }

    /// The call is over.
    fn ended(&mut self, at: u32, outcome: Outcome, version: u32, missed: bool) {
        let call = &mut self.calls[at];
        let (caller, freight, began, expected, edge) =
            (call.caller, call.freight, call.began, call.expected, call.edge);
        call.turn = call.turn.wrapping_add(1);
        call.live = 0;
        call.caller = Caller::Nobody;
        self.calls.release(at);
        match caller {
            Caller::Visit { visit, turn, step } => {
                let to = usize::from(self.plan.edges[usize::from(edge)].to);
                let cache = matches!(self.plan.parts[to].kind, Kind::Cache(_)) && freight.does == Does::Read;
                self.answered(visit, turn, step, outcome, version, cache.then_some(missed));
            }
            Caller::Nobody => {
                let from = usize::from(self.plan.edges[usize::from(edge)].from);
                if matches!(self.plan.parts[from].kind, Kind::Queue { .. }) && freight.born >= self.plan.warm_up {
                    let tally = &mut self.tallies[usize::from(freight.class)];
                    match outcome {
                        Outcome::Answered => tally.delivered.record(self.now - freight.born),
                        _ => tally.undelivered += 1,
                    }
                }
                let state = &mut self.parts[from];
                let count = &mut state.count;
                if self.measuring && outcome == Outcome::Answered {
                    state.later.record(self.now - began);
                    count.done += 1;
                } else if self.measuring {
                    count.dead += 1;
                }
            }
            Caller::Client { client, user } => {
                self.tally(&freight, began, outcome, version, expected);
                self.think(client, user);
            }
        }
    }

    /// Closed, or for the one that is to see. It may end without a word about the other side (turned away, or overtaken by
    /// its hedge), so that another one may see after as long again.
    fn breaker_lets(&mut self, edge: u16) -> bool {
        let Some(breaker) = &self.plan.edges[usize::from(edge)].breaker else { return true };
        let state = &mut self.edges[usize::from(edge)];
        if state.open_until == 0 {
            return true;
        }
        let probes = self.now >= state.open_until;
        if probes {
            state.open_until = self.now.saturating_add(breaker.open.0).max(1);
        }
        probes
    }

    fn breaker_hears(&mut self, edge: u16, good: bool) {
        let Some(breaker) = &self.plan.edges[usize::from(edge)].breaker else { return };
        let state = &mut self.edges[usize::from(edge)];
        if good {
            (state.failures, state.open_until) = (0, 0);
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= breaker.failures {
            state.open_until = self.now.saturating_add(breaker.open.0).max(1);
        }
    }
}
