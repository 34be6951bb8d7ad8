//! A run that is watched: the ways of single requests, what slow ones spent their time on, and what was measured from
//! moment to moment. It changes nothing: the report is the same to the bit as without it, which a test holds.
//!
//! Memory is bounded by the requests that are alive at once, by [`SPANS_MAX`] for each, and by the parts of the time: what
//! is kept of those that ended is the slowest one of each part, and a few that were drawn by the time they came.
//!
//! What a slow request spent its time on is read off its critical path, backwards from its end: of a visit's calls the one
//! that was answered last before the visit went on is what it waited for; before that one was sent, again the last one.

use super::engine::{Call, Caller, Engine, Freight, NONE, Outcome, SLICES};
use super::histogram::Histogram;
use super::plan::{NEVER, Plan};
use std::collections::BTreeMap;

/// No span.
pub(super) const NO_SPAN: u16 = u16::MAX;
/// So many visits of a request are written down; further ones are not.
const SPANS_MAX: usize = 400;
/// So many requests of each part of the time are kept beside the slowest one.
const SAMPLES: u64 = 4;

/// A visit, as its request has seen it. Moments that did not come are [`NEVER`].
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub part: u16,
    pub instance: u16,
    /// The span of the visit that called, in the same way; none of the client's own call.
    pub parent: Option<u16>,
    pub sent: u64,
    pub arrived: u64,
    pub began: u64,
    pub served: u64,
    pub left: u64,
    /// When the caller had the answer, or gave up.
    pub back: u64,
    pub outcome: Outcome,
    attempt: (u32, u32, u8),
}

/// A request from its beginning to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    pub class: u8,
    pub client: u16,
    pub began: u64,
    pub ended: u64,
    pub outcome: Outcome,
    /// It was drawn, or it is the slowest of its part of the time.
    pub drawn: bool,
    pub spans: Vec<Span>,
}

/// What slow requests spent at a component, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    pub waiting: u64,
    pub served: u64,
    /// Neither: for others to come, for replicas, between attempts.
    pub held: u64,
}

/// Requests of a class that came within a part of the time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portion {
    pub asked: u64,
    pub answered: u64,
    pub latency: Histogram,
}

/// A component up to the end of a part of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    pub arrived: u64,
    pub bad: u64,
    pub hits: u64,
    pub misses: u64,
    /// Instances that are down at its end.
    pub down: u16,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Requests that took as long as the 99th percentile of their class, or longer, and did not end well before.
    pub slow: u64,
    pub slow_time: u64,
    /// By the number of the component; and on the way between components.
    pub spent: Vec<Spent>,
    pub travelled: u64,
    /// By class and part of the time.
    pub portions: Vec<Vec<Portion>>,
    /// By part of the time and component.
    pub standings: Vec<Vec<Standing>>,
    pub ways: Vec<Way>,
}

pub(super) struct Recorder {
    seen: Recording,
    /// What counts as slow, by class.
    slow: Vec<u64>,
    next: u32,
    live: BTreeMap<u32, Way>,
    slowest: Vec<Option<Way>>,
    from: u64,
    length: u64,
    /// The next moment from which on a request is drawn.
    sample: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Moment {
    Arrived,
    /// And when it will have been served.
    Began(u64),
    Left(Outcome),
    Back(Outcome),
}

impl Recorder {
    pub fn new(plan: &Plan, slow: Vec<u64>) -> Recorder {
        let seen = Recording {
            slow: 0,
            slow_time: 0,
            spent: vec![Spent::default(); plan.parts.len()],
            travelled: 0,
            portions: vec![vec![Portion::default(); SLICES as usize]; plan.classes.len()],
            standings: Vec::new(),
            ways: Vec::new(),
        };
        let (from, length) = (plan.warm_up, plan.duration - plan.warm_up);
        let slowest = vec![None; SLICES as usize];
        Recorder { seen, slow, next: 0, live: BTreeMap::new(), slowest, from, length, sample: 0 }
    }

    fn part(&self, at: u64) -> usize {
        ((at.saturating_sub(self.from)) * SLICES / self.length).min(SLICES - 1) as usize
    }

    fn begin(&mut self, now: u64, client: u16, class: u8) -> u32 {
        let drawn = now >= self.sample;
        if drawn {
            let step = self.length / (SLICES * SAMPLES);
            self.sample = self.from + ((now - self.from) / step.max(1) + 1) * step;
        }
        let id = self.next;
        self.next += 1;
        let spans = Vec::new();
        self.live.insert(id, Way { class, client, began: now, ended: NEVER, outcome: Outcome::Answered, drawn, spans });
        id
    }

    fn end(&mut self, freight: &Freight, began: u64, now: u64, outcome: Outcome) {
        let part = self.part(began);
        let portion = &mut self.seen.portions[usize::from(freight.class)][part];
        portion.asked += 1;
        if outcome == Outcome::Answered {
            portion.answered += 1;
            portion.latency.record(now - began);
        }
        let Some(mut way) = self.live.remove(&freight.trace) else { return };
        (way.ended, way.outcome) = (now, outcome);
        if now - began >= self.slow[usize::from(freight.class)] {
            self.seen.slow += 1;
            self.seen.slow_time += now - began;
            self.blame(&way);
        }
        if way.drawn {
            return self.seen.ways.push(way);
        }
        let slowest = &mut self.slowest[part];
        if slowest.as_ref().is_none_or(|old| old.ended - old.began < now - began) {
            *slowest = Some(way);
        }
    }

    fn blame(&mut self, way: &Way) {
        let left = self.follow(&way.spans, None, way.ended, way.began);
        self.seen.spent[usize::from(way.client)].held += left;
    }

    /// The calls of a visit (or of the client) between two moments: what they spent it on is written down. What is left, was
    /// spent on none of them.
    fn follow(&mut self, spans: &[Span], of: Option<u16>, end: u64, begin: u64) -> u64 {
        let own = |i: &usize| spans[*i].parent == of && spans[*i].back <= end && spans[*i].sent >= begin;
        let mut calls: Vec<usize> = (0..spans.len()).filter(own).collect();
        calls.sort_by_key(|i| (spans[*i].back, *i));
        let (mut at, mut left) = (end, 0);
        for call in calls.into_iter().rev().filter(|i| spans[*i].parent == of) {
            let span = &spans[call];
            if span.back <= at {
                left += at - span.back;
                self.visit(spans, call as u16);
                at = span.sent;
            }
        }
        left + at.saturating_sub(begin)
    }

    fn visit(&mut self, spans: &[Span], at: u16) {
        let span = &spans[usize::from(at)];
        let arrived = span.arrived.min(span.back);
        let left = span.left.min(span.back);
        let began = span.began.min(left);
        let served = span.served.min(left);
        self.seen.travelled += (arrived - span.sent) + (span.back - left.max(arrived));
        if arrived == span.back {
            return;
        }
        let held = self.follow(spans, Some(at), left, served);
        let spent = &mut self.seen.spent[usize::from(span.part)];
        spent.waiting += began - arrived;
        spent.served += served - began;
        spent.held += held;
    }

    pub fn done(mut self) -> Recording {
        self.seen.ways.extend(self.slowest.into_iter().flatten());
        self.seen.ways.sort_by_key(|way| (way.began, way.drawn));
        self.seen
    }
}

impl Engine<'_> {
    /// A request is about to be made: its number, if it is watched.
    pub(super) fn way_begins(&mut self, client: u16, class: u8) -> u32 {
        match &mut self.recorder {
            Some(recorder) if self.measuring => recorder.begin(self.now, client, class),
            _ => NONE,
        }
    }

    /// A client's request is over.
    pub(super) fn way_ends(&mut self, freight: &Freight, began: u64, outcome: Outcome) {
        if let Some(recorder) = &mut self.recorder
            && began >= self.plan.warm_up
        {
            recorder.end(freight, began, self.now, outcome);
        }
    }

    /// A visit was sent off.
    pub(super) fn note_sent(&mut self, at: u32) {
        let visit = self.visits[at];
        let Some(recorder) = &mut self.recorder else { return };
        let Some(way) = recorder.live.get_mut(&visit.freight.trace) else { return };
        if way.spans.len() >= SPANS_MAX {
            return;
        }
        let parent = match self.calls[visit.call].caller {
            Caller::Visit { visit, turn, .. } if self.visits[visit].turn == turn => Some(self.visits[visit].span),
            _ => None,
        };
        // A call of a visit that is not written down is not either.
        if parent == Some(NO_SPAN) {
            return;
        }
        self.visits[at].span = way.spans.len() as u16;
        way.spans.push(Span {
            part: visit.part,
            instance: visit.instance,
            parent,
            sent: self.now,
            arrived: NEVER,
            began: NEVER,
            served: NEVER,
            left: NEVER,
            back: NEVER,
            outcome: Outcome::Answered,
            attempt: (visit.call, visit.call_turn, visit.attempt),
        });
    }

    #[inline(always)]
    pub(super) fn note(&mut self, trace: u32, span: u16, moment: Moment) {
        if trace != NONE && span != NO_SPAN {
            self.write_down(trace, span, moment);
        }
    }

    fn write_down(&mut self, trace: u32, span: u16, moment: Moment) {
        let now = self.now;
        let way = self.recorder.as_mut().and_then(|recorder| recorder.live.get_mut(&trace));
        let Some(span) = way.and_then(|way| way.spans.get_mut(usize::from(span))) else { return };
        match moment {
            Moment::Arrived => span.arrived = now,
            Moment::Began(served) => (span.began, span.served) = (now, served),
            Moment::Left(outcome) => {
                // What it was still to be served is not.
                span.served = span.served.min(now);
                span.left = now;
                if span.back == NEVER {
                    span.outcome = outcome;
                }
            }
            Moment::Back(outcome) => (span.back, span.outcome) = (now, outcome),
        }
    }

    /// The caller of an attempt has given up.
    pub(super) fn note_given_up(&mut self, call: &Call, at: u32, attempt: u8) {
        let wanted = (at, call.turn, attempt);
        let way = self.recorder.as_mut().and_then(|recorder| recorder.live.get_mut(&call.freight.trace));
        let Some(way) = way else { return };
        if let Some(span) = way.spans.iter_mut().find(|span| span.attempt == wanted && span.back == NEVER) {
            (span.back, span.outcome) = (self.now, Outcome::TimedOut);
        }
    }

    /// A part of the time is over.
    pub(super) fn note_standing(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        let standing = |part: &super::engine::PartState| Standing {
            arrived: part.count.arrived,
            bad: part.count.failed + part.count.shed,
            hits: part.count.hits,
            misses: part.count.misses,
            down: part.instances.iter().filter(|instance| instance.down > 0).count() as u16,
        };
        recorder.seen.standings.push(self.parts.iter().map(standing).collect());
    }
}
