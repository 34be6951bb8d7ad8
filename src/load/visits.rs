//! One visit: it arrives, waits for a slot, is served, takes the steps of its component, and its answer travels back.

use super::design::{Does, When};
use super::engine::{Caller, Engine, Event, Freight, NONE, Outcome, Stage};
use super::kinds::Found;
use super::plan::{ANYWHERE, Kind, Step};
use super::recorder::Moment;
use crate::base::random::{Purpose, derive};

/// Draws about a visit beside its time of service.
const FAILS: u64 = Purpose::Loss as u64;
/// The key of a call that is about another one.
const KEY: u64 = Purpose::Request as u64;
/// The way back.
const BACK: u64 = Purpose::Latency as u64;

impl Engine<'_> {
    pub(super) fn deliver(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        let (part, instance) = (usize::from(visit.part), usize::from(visit.instance));
        if visit.stage == Stage::Lost {
            return self.vanish(at);
        }
        visit.arrived = self.now;
        let (trace, span) = (visit.freight.trace, visit.span);
        self.note(trace, span, Moment::Arrived);
        let visit = &self.visits[at];
        let of = &self.plan.parts[part];
        let state = &mut self.parts[part];
        state.count.arrived += u64::from(self.measuring);
        // A message stays in its queue until a worker has it.
        if state.instances[instance].down > 0 && !matches!(of.kind, Kind::Workers) {
            return self.turn_away(at, Outcome::Failed);
        }
        if visit.freight.deadline <= self.now {
            return self.turn_away(at, Outcome::TimedOut);
        }
        let place = &mut state.instances[instance];
        let waits = place.busy >= place.slots;
        if waits && place.queued >= of.queue || !state.held.has_room(visit.freight.key, visit.instance) {
            return self.turn_away(at, Outcome::Shed);
        }
        // A connection is held from the moment that somebody is let in.
        let fresh = state.held.connects(visit.freight.key, visit.instance);
        state.inside.add(self.now, 1);
        self.visits[at].fresh = fresh;
        if waits { self.line_up(at) } else { self.serve(at) }
    }

    /// Waits behind the others of its instance.
    fn line_up(&mut self, at: u32) {
        let visit = &self.visits[at];
        let state = &mut self.parts[usize::from(visit.part)];
        let place = &mut state.instances[usize::from(visit.instance)];
        state.waiting.add(self.now, 1);
        place.queued += 1;
        let last = std::mem::replace(&mut place.tail, at);
        if last == NONE {
            place.head = at;
        } else {
            self.visits[last].next = at;
        }
        self.visits[at].stage = Stage::Waiting;
    }

    /// Back at the door: it was never inside.
    fn turn_away(&mut self, at: u32, outcome: Outcome) {
        let part = usize::from(self.visits[at].part);
        if self.measuring {
            match outcome {
                Outcome::Shed => self.parts[part].count.shed += 1,
                _ => self.parts[part].count.failed += 1,
            }
        }
        self.send_back(at, outcome);
    }

    /// Takes a slot.
    fn serve(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        let part = usize::from(visit.part);
        visit.slot = true;
        let instance = usize::from(visit.instance);
        let state = &mut self.parts[part];
        state.instances[instance].busy += 1;
        state.busy.add(self.now, 1);
        if matches!(self.plan.parts[part].kind, Kind::Store { row_locks: true, .. }) && !self.lock(at) {
            self.visits[at].stage = Stage::Held;
            return;
        }
        self.work(at);
    }

    /// Is served from now on.
    pub(super) fn work(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        let part = usize::from(visit.part);
        visit.stage = Stage::Served;
        visit.began = self.now;
        let (id, turn, writes) = (visit.freight.id, visit.turn, visit.freight.does != Does::Read);
        let (waited, instance, fresh) = (self.now - visit.arrived, visit.instance, visit.fresh);
        let of = &self.plan.parts[part];
        let state = &mut self.parts[part];
        let time = if writes { &of.write } else { &of.read };
        let mut time = time.draw(|| state.service.stream(id));
        if let Kind::Gateway { handshake, .. } = of.kind {
            time += if fresh { handshake } else { 0 };
        }
        let slow = state.instances[usize::from(instance)].slow;
        if slow != 1.0 {
            time = libm::round(time as f64 * slow) as u64;
        }
        if self.measuring {
            state.wait.record(waited);
            state.served.record(time);
        }
        let visit = &self.visits[at];
        self.note(visit.freight.trace, visit.span, Moment::Began(self.now + time));
        // Where nothing ever waits, what takes no time need not be queued.
        if time == 0 && of.concurrency == u32::MAX {
            return self.served(at);
        }
        self.queue.push(self.now + time, Event::Served { visit: at, turn });
    }

    /// Gives its slot to the next that waits. What waited past its deadline is not served any more.
    fn let_go(&mut self, at: u32) {
        let visit = &mut self.visits[at];
        if !std::mem::replace(&mut visit.slot, false) {
            return;
        }
        let (part, instance) = (usize::from(visit.part), usize::from(visit.instance));
        self.parts[part].instances[instance].busy -= 1;
        self.parts[part].busy.add(self.now, -1);
        self.fill(part, instance);
    }

    /// Serves those that wait, as many as there are slots for.
    pub(super) fn fill(&mut self, part: usize, instance: usize) {
        loop {
            let place = &self.parts[part].instances[instance];
            if place.busy >= place.slots {
                return;
            }
            let Some(next) = self.first_in_line(part, instance) else { return };
            if self.visits[next].freight.deadline > self.now {
                self.serve(next);
            } else {
                self.finish(next, Outcome::TimedOut);
            }
        }
    }

    /// The first that waits, which does so no longer.
    fn first_in_line(&mut self, part: usize, instance: usize) -> Option<u32> {
        let state = &mut self.parts[part];
        let place = &mut state.instances[instance];
        let next = place.head;
        if next == NONE {
            return None;
        }
        place.queued -= 1;
        place.head = std::mem::replace(&mut self.visits[next].next, NONE);
        if place.head == NONE {
            place.tail = NONE;
        }
        state.waiting.add(self.now, -1);
        Some(next)
    }

    /// A worker is known to be gone: what waits for it goes to those that have its partitions now.
    pub(super) fn hand_over(&mut self, edge: u16, part: u16, instance: u16) {
        let mut moved = Vec::new();
        while let Some(at) = self.first_in_line(usize::from(part), usize::from(instance)) {
            moved.push(at);
        }
        for at in moved {
            let (freight, from) = (self.visits[at].freight, self.visits[at].from);
            let to = self.pick(edge, &freight, None, from).unwrap_or(instance);
            let open = &mut self.edges[usize::from(edge)].open;
            open[usize::from(instance)] -= 1;
            open[usize::from(to)] += 1;
            self.visits[at].instance = to;
            self.line_up(at);
            self.fill(usize::from(part), usize::from(to));
        }
    }

    pub(super) fn served(&mut self, at: u32) {
        let visit = &self.visits[at];
        let part = usize::from(visit.part);
        let of = &self.plan.parts[part];
        let state = &self.parts[part];
        // By its nature, or by a bad version.
        let fails = of.fails.max(state.instances[usize::from(visit.instance)].fails);
        if fails > 0.0 && state.service.stream(derive(visit.freight.id, FAILS)).chance(fails) {
            return self.finish(at, Outcome::Failed);
        }
        if !of.holds {
            self.let_go(at);
        }
        match self.find(at) {
            Found::Done(outcome) => self.finish(at, outcome),
            Found::Held => self.visits[at].stage = Stage::Held,
            Found::GoOn => self.advance(at),
        }
    }

    fn applies(&self, at: u32, step: &Step) -> bool {
        let visit = &self.visits[at];
        let reads = visit.freight.does == Does::Read;
        let when = match step.when {
            When::Always => true,
            When::Hit => !visit.missed,
            When::Miss => visit.missed,
            When::Read => reads,
            When::Write => !reads,
            When::New => visit.freight.seen == 0,
            When::Known => visit.freight.seen != 0 && visit.freight.seen != NONE,
        };
        when && step.classes & (1 << visit.freight.class) != 0
    }

    /// Takes the next step, or is done.
    pub(super) fn advance(&mut self, at: u32) {
        let plan = self.plan;
        loop {
            let visit = &mut self.visits[at];
            let of = &plan.parts[usize::from(visit.part)];
            let Some(step) = plan.steps[of.steps.clone()].get(usize::from(visit.step)) else {
                self.keep(at);
                return self.finish(at, Outcome::Answered);
            };
            if !self.applies(at, step) {
                self.visits[at].step += 1;
                continue;
            }
            self.take(at, step);
            if !step.detached {
                return;
            }
            self.visits[at].step += 1;
        }
    }

    /// Makes the calls of a step.
    fn take(&mut self, at: u32, step: &Step) {
        let plan = self.plan;
        let visit = &mut self.visits[at];
        let (mut freight, turn) = (visit.freight, visit.turn);
        let of = &plan.parts[usize::from(visit.part)];
        let here = match plan.place(visit.part, visit.instance) {
            ANYWHERE => visit.from,
            place => place,
        };
        freight.does = step.does.unwrap_or(freight.does);
        freight.guard = step.guard;
        if step.detached {
            freight.trace = NONE;
        }
        if let Kind::Queue { retention, .. } = of.kind {
            // A message is there for longer than who sent it waits.
            freight.deadline = self.now.saturating_add(retention);
        }
        let writes = usize::from(freight.does != Does::Read);
        let times = if step.fan { plan.classes[usize::from(freight.class)].fan } else { step.times[writes] };
        let edges = if matches!(of.kind, Kind::Router) { self.nearest(here, step) } else { step.edges.clone() };
        let visit = &mut self.visits[at];
        visit.pending = edges.len() as u16 * times;
        visit.need = if step.need[writes] == 0 { visit.pending } else { step.need[writes].min(visit.pending) };
        visit.stage = Stage::Calling;
        let caller = if step.detached { Caller::Nobody } else { Caller::Visit { visit: at, turn, step: visit.step } };
        for edge in edges {
            let id = derive(freight.id, plan.edges[usize::from(edge)].key);
            for branch in 0..times {
                let mut own =
                    Freight { id: derive(id, u64::from(branch)), branch: if step.fan { 0 } else { branch }, ..freight };
                if let Some(space) = step.space {
                    self.another_key(&mut own, usize::from(space), branch);
                }
                self.call(caller, edge, own, 0, here);
            }
        }
    }

    /// Of a router's calls that to the nearest that is believed to be up; of none, to the first.
    fn nearest(&self, here: u16, step: &Step) -> std::ops::Range<u16> {
        let network = &self.plan.network;
        let up = |edge: &u16| !self.edges[usize::from(*edge)].alive.is_empty();
        let far = |edge: &u16| network.distance(here, self.plan.place(self.plan.edges[usize::from(*edge)].to, 0));
        let edge = step.edges.clone().filter(up).min_by_key(far).unwrap_or(step.edges.start);
        edge..edge + 1
    }

    /// A call about another key than the request's: always the same one for the same request and branch.
    fn another_key(&mut self, freight: &mut Freight, space: usize, branch: u16) {
        let space = &self.plan.spaces[space];
        let draw = derive(derive(freight.id, KEY), u64::from(branch));
        freight.key = space.first + (draw % u64::from(space.count)) as u32;
        freight.seen = NONE;
        freight.version = 0;
        if freight.does == Does::Write {
            let issued = &mut self.issued[freight.key as usize];
            *issued += 1;
            freight.version = *issued;
        }
    }

    /// One of a step's calls is over.
    pub(super) fn answered(
        &mut self,
        at: u32,
        turn: u32,
        step: u8,
        outcome: Outcome,
        version: u32,
        missed: Option<bool>,
    ) {
        let plan = self.plan;
        let visit = &mut self.visits[at];
        if visit.turn != turn || visit.stage != Stage::Calling || visit.step != step {
            return;
        }
        let steps = &plan.steps[plan.parts[usize::from(visit.part)].steps.clone()];
        let step = &steps[usize::from(step)];
        visit.pending -= 1;
        if let Some(missed) = missed {
            visit.missed = missed;
        }
        let reads = step.does.unwrap_or(visit.freight.does) == Does::Read;
        if outcome == Outcome::Answered && step.space.is_none() {
            if reads && missed != Some(true) {
                visit.freight.seen = if visit.freight.seen == NONE { version } else { visit.freight.seen.max(version) };
            }
            // What a request writes is its own version, whatever it has read before.
            if !reads || visit.freight.does == Does::Read {
                visit.freight.version = visit.freight.version.max(version);
            }
        }
        let refused = outcome == Outcome::Limited && step.binding;
        if outcome == Outcome::Answered || step.optional && !refused {
            visit.need -= 1;
        }
        if visit.need == 0 {
            visit.step += 1;
            self.advance(at);
        } else if visit.pending < visit.need {
            self.finish(at, outcome);
        }
    }

    /// It leaves the component.
    pub(super) fn finish(&mut self, at: u32, outcome: Outcome) {
        self.leave(at, outcome);
        self.unlock(at);
        self.wake(at, outcome);
        self.let_go(at);
        self.send_back(at, outcome);
    }

    pub(super) fn leave(&mut self, at: u32, outcome: Outcome) {
        let visit = &self.visits[at];
        let of = &self.plan.parts[usize::from(visit.part)];
        let state = &mut self.parts[usize::from(visit.part)];
        state.inside.add(self.now, -1);
        if self.measuring {
            state.sojourn.record(self.now - visit.arrived);
            match outcome {
                Outcome::Answered => state.count.answered += 1,
                Outcome::Limited if matches!(of.kind, Kind::Limiter(_)) => state.count.shed += 1,
                _ => state.count.failed += 1,
            }
        }
    }

    /// Those who waited for what this visit brings, end as it does.
    fn wake(&mut self, at: u32, outcome: Outcome) {
        if !self.leads_no_more(at) {
            return;
        }
        let version = self.visits[at].freight.version;
        let mut next = std::mem::replace(&mut self.visits[at].next, NONE);
        while next != NONE {
            let waiter = next;
            next = std::mem::replace(&mut self.visits[waiter].next, NONE);
            self.visits[waiter].freight.version = version;
            self.leave(waiter, outcome);
            self.send_back(waiter, outcome);
        }
    }

    pub(super) fn send_back(&mut self, at: u32, outcome: Outcome) {
        let visit = &mut self.visits[at];
        visit.stage = Stage::Returning;
        visit.outcome = outcome;
        let (trace, span) = (visit.freight.trace, visit.span);
        // What was to come for it finds it gone.
        visit.turn = visit.turn.wrapping_add(1);
        let (edge, id, turn, far) = (usize::from(visit.edge), visit.freight.id, visit.turn, u64::from(visit.far));
        self.note(trace, span, Moment::Left(outcome));
        let state = &self.edges[edge];
        if state.cut > 0 {
            return self.forget(at);
        }
        let latency = self.plan.edges[edge].latency.draw(|| state.latency.stream(derive(id, BACK)));
        self.queue.push(self.now + latency + far, Event::Reply { visit: at, turn });
    }

    /// An instance is gone, and what was inside with it: callers find their connections closed.
    pub(super) fn crash(&mut self, part: u16, instance: u16) {
        // What waits for a worker is in its queue, and stays there.
        let kept = matches!(self.plan.parts[usize::from(part)].kind, Kind::Workers);
        let inside = |stage| match stage {
            Stage::Waiting => !kept,
            stage => matches!(stage, Stage::Served | Stage::Calling | Stage::Held),
        };
        let of_it = |at: &u32| {
            let visit = &self.visits[*at];
            visit.part == part && visit.instance == instance && inside(visit.stage)
        };
        let lost: Vec<u32> = (0..self.visits.all().len() as u32).filter(of_it).collect();
        let state = &mut self.parts[usize::from(part)];
        let place = &mut state.instances[usize::from(instance)];
        state.busy.add(self.now, -(place.busy as i32));
        place.busy = 0;
        if !kept {
            state.waiting.add(self.now, -(place.queued as i32));
            (place.queued, place.head, place.tail) = (0, NONE, NONE);
        }
        for at in lost {
            self.leave(at, Outcome::Failed);
            self.leads_no_more(at);
            self.forget_lock(at);
            (self.visits[at].slot, self.visits[at].next) = (false, NONE);
            self.send_back(at, Outcome::Failed);
        }
    }
}
