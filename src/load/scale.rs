//! The autoscaler: every so often the use of the slots since the last time, and as many instances as would have brought it
//! to the target. A tenth more or less changes nothing (Kubernetes: horizontal pod autoscaling, its tolerance).

use super::engine::{Engine, Event, PartState};
use serde::{Deserialize, Serialize};

const TOLERANCE: f64 = 0.1;

/// What an autoscaler remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Scaled {
    /// The area of busy slots, and the time, at the last decision.
    area: u64,
    at: u64,
    /// Instances that were decided on and are not there yet.
    starting: u16,
    /// When the last decision for as many or more was.
    wanted: u64,
    /// While instances start: since when, how many by now, and what had waited and been turned away before.
    begun: u64,
    awaited: u16,
    before: (u64, u64),
    /// All that waited, and all that were turned away, while instances were starting.
    cold: (u64, u64),
    /// Of those times the one with the most waiting, or with the most turned away if that is as long.
    worst: Option<(u64, u64, Start)>,
}

/// A time in which instances that had been decided on were not there yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub instances: u16,
    /// From the first decision to the last instance, or to the end of what is measured.
    pub from: u64,
    pub until: u64,
}

/// What starting instances cost: of the waiting for a slot, and of those that were turned away, the share that came while
/// instances were starting; and the start with the most of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cold {
    pub waited: f64,
    pub shed: f64,
    pub worst: Start,
}

impl Scaled {
    /// The meter of busy slots begins anew, with what it had counted.
    pub fn restart(&mut self, area: u64) {
        // Less than nothing since then: `rescale` wraps it back.
        self.area = self.area.wrapping_sub(area);
        (self.before, self.cold, self.worst) = ((0, 0), (0, 0), None);
    }

    /// Of so much waiting and so many that were turned away.
    pub fn told(&self, waited: u64, shed: u64) -> Option<Cold> {
        let share = |of: u64, all: u64| if all == 0 { 0.0 } else { of as f64 / all as f64 };
        let (.., worst) = self.worst.clone()?;
        Some(Cold { waited: share(self.cold.0, waited), shed: share(self.cold.1, shed), worst })
    }
}

impl PartState {
    /// All that were decided on are there, or it is measured no longer.
    fn end_start(&mut self, now: u64) {
        let (waited, shed) = (self.waiting.area(now), self.count.shed);
        let of = &mut self.scaled;
        let own = (waited - of.before.0, shed - of.before.1);
        (of.cold.0, of.cold.1) = (of.cold.0 + own.0, of.cold.1 + own.1);
        let start = Start { instances: of.awaited, from: of.begun, until: now };
        if of.worst.as_ref().is_none_or(|(waited, shed, _)| (*waited, *shed) < own) {
            of.worst = Some((own.0, own.1, start));
        }
    }
}

impl Engine<'_> {
    /// It is measured no longer: what has not started by now counts up to here.
    pub(super) fn end_starts(&mut self) {
        for state in self.parts.iter_mut().filter(|state| state.scaled.starting > 0) {
            state.end_start(self.now);
        }
    }

    pub(super) fn rescale(&mut self, part: u16) {
        let of = &self.plan.parts[usize::from(part)];
        let Some((_, rule)) = &of.scale else { return };
        let now = self.now;
        let state = &mut self.parts[usize::from(part)];
        let area = state.busy.area(now);
        let on = state.instances.iter().filter(|instance| !instance.off).count() as u16;
        let slots = (now - state.scaled.at) as f64 * f64::from(on) * f64::from(of.concurrency);
        let used = area.wrapping_sub(state.scaled.area) as f64 / slots;
        (state.scaled.area, state.scaled.at) = (area, now);
        let wanted =
            libm::ceil(f64::from(on) * used / rule.target).clamp(f64::from(rule.min.max(1)), f64::from(rule.max));
        let steady = (used / rule.target - 1.0).abs() <= TOLERANCE;
        let wanted = if steady { on } else { wanted as u16 };
        let there = on + state.scaled.starting;
        if wanted >= on {
            state.scaled.wanted = now;
        }
        if wanted > there {
            self.start(part, wanted - there, rule.cold_start.0);
        } else if wanted < on && now - state.scaled.wanted >= rule.cool_down.0 {
            self.stop(part, on - wanted);
        }
        if now < self.plan.duration {
            self.queue.push(now + rule.every.0, Event::Scale { part });
        }
    }

    fn start(&mut self, part: u16, more: u16, cold: u64) {
        let state = &mut self.parts[usize::from(part)];
        if state.scaled.starting == 0 {
            (state.scaled.begun, state.scaled.awaited) = (self.now, 0);
            state.scaled.before = (state.waiting.area(self.now), state.count.shed);
        }
        state.scaled.starting += more;
        state.scaled.awaited += more;
        for _ in 0..more {
            // Which one it is shows when it is there.
            self.queue.push(self.now + cold, Event::Started { part });
        }
    }

    pub(super) fn started(&mut self, part: u16) {
        let state = &mut self.parts[usize::from(part)];
        state.scaled.starting -= 1;
        if self.measuring && state.scaled.starting == 0 {
            state.end_start(self.now);
        }
        let Some(at) = state.instances.iter().position(|instance| instance.off) else { return };
        state.instances[at].off = false;
        state.on.add(self.now, 1);
        self.list(part, at as u16);
    }

    /// The last ones get nothing more, and end what they have.
    fn stop(&mut self, part: u16, fewer: u16) {
        for _ in 0..fewer {
            let state = &mut self.parts[usize::from(part)];
            let Some(at) = state.instances.iter().rposition(|instance| !instance.off) else { return };
            state.instances[at].off = true;
            state.on.add(self.now, -1);
            self.list(part, at as u16);
        }
    }

    /// Callers know of it at once: whoever starts and stops instances tells them.
    fn list(&mut self, part: u16, instance: u16) {
        let calling: Vec<u16> =
            (0..self.plan.edges.len() as u16).filter(|at| self.plan.edges[usize::from(*at)].to == part).collect();
        for edge in calling {
            self.health(edge, instance);
        }
    }
}
