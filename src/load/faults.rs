//! The script: what goes wrong, and when it is over. Faults may overlap; an instance is up when the last of them is over.

use super::engine::{Engine, Event, Outcome, Stage};
use super::kinds::Held;
use super::plan::{Change, Kind};

impl Engine<'_> {
    pub(super) fn harm(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down(instances) => instances.iter().for_each(|(part, instance)| self.down(*part, *instance)),
            Change::Lost(_) => self.man_pools(),
            Change::Cut { edges } => edges.iter().for_each(|edge| self.edges[usize::from(*edge)].cut += 1),
            Change::Slow { parts, .. } | Change::Deploy { parts, .. } => self.worsen(parts),
            Change::Hot { space, .. } => self.heat(*space),
        }
    }

    pub(super) fn heal(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down(instances) => instances.iter().for_each(|(part, instance)| self.up(*part, *instance)),
            Change::Lost(_) => self.man_pools(),
            Change::Cut { edges } => edges.iter().for_each(|edge| self.edges[usize::from(*edge)].cut -= 1),
            Change::Slow { parts, .. } | Change::Deploy { parts, .. } => self.worsen(parts),
            Change::Hot { space, .. } => self.heat(*space),
        }
    }

    /// The faults of this moment.
    fn present(&self) -> impl Iterator<Item = &Change> {
        let now = self.now;
        self.plan.faults.iter().filter(move |fault| fault.at <= now && now < fault.until).map(|fault| &fault.does)
    }

    /// How slow and faulty instances are by all faults of this moment: taken back by division it would not be exact.
    fn worsen(&mut self, parts: &[u16]) {
        for part in parts {
            let of = usize::from(*part);
            for at in 0..self.parts[of].instances.len() {
                let mut slow = 1.0 / self.plan.parts[of].speeds.get(at).copied().unwrap_or(1.0);
                let mut fails = 0.0_f64;
                for change in self.present() {
                    match change {
                        Change::Slow { parts, factor } if parts.contains(part) => slow *= factor,
                        Change::Deploy { parts, instances, factor, fails: share }
                            if parts.contains(part) && at < usize::from(*instances) =>
                        {
                            slow *= factor;
                            fails = fails.max(*share);
                        }
                        _ => {}
                    }
                }
                let instance = &mut self.parts[of].instances[at];
                (instance.slow, instance.fails) = (slow, fails);
            }
        }
    }

    /// How many workers each pool has by all faults of this moment, and which of its slots are left.
    fn man_pools(&mut self) {
        let plan = self.plan;
        for (part, of) in plan.parts.iter().enumerate().filter(|(_, of)| !of.spread.is_empty()) {
            let is_lost =
                |zone: u16| self.present().any(|change| matches!(change, Change::Lost(zones) if zones.contains(&zone)));
            let there = of.spread.iter().filter(|(zone, _)| !is_lost(*zone)).map(|(_, workers)| workers).sum();
            let place = &mut self.parts[part].instances[0];
            let (before, down) = (std::mem::replace(&mut place.slots, there), place.down > 0);
            if down {
                place.slots = 0;
            } else if there < before {
                // Of those that worked, as many as of all.
                let stay = u64::from(place.busy) * u64::from(there);
                let stay = stay.div_ceil(u64::from(before)) as u32;
                let lost = place.busy - stay.min(there);
                self.lose_work(part as u16, lost as usize);
            }
            self.fill(part, 0);
        }
    }

    /// So many workers of a pool are gone with what they worked on: it is delivered again.
    fn lose_work(&mut self, part: u16, count: usize) {
        let at_work = |at: &u32| {
            let visit = &self.visits[*at];
            visit.part == part && matches!(visit.stage, Stage::Served | Stage::Calling | Stage::Held)
        };
        let mut lost: Vec<u32> = (0..self.visits.all().len() as u32).filter(at_work).collect();
        // In an order that has nothing to do with when they came.
        lost.sort_unstable_by_key(|at| self.visits[*at].freight.id);
        for at in lost.into_iter().take(count) {
            self.leave(at, Outcome::Failed);
            self.visits[at].slot = false;
            let state = &mut self.parts[usize::from(part)];
            state.instances[0].busy -= 1;
            state.busy.add(self.now, -1);
            self.send_back(at, Outcome::Failed);
        }
    }

    fn heat(&mut self, space: u16) {
        let hot = self.present().filter_map(|change| match change {
            Change::Hot { space: of, key, share } if *of == space => Some((*key, *share)),
            _ => None,
        });
        self.hot[usize::from(space)] = hot.last();
    }

    fn down(&mut self, part: u16, instance: u16) {
        let down = &mut self.parts[usize::from(part)].instances[usize::from(instance)].down;
        *down += 1;
        if *down > 1 {
            return;
        }
        self.crash(part, instance);
        let state = &mut self.parts[usize::from(part)];
        if matches!(self.plan.parts[usize::from(part)].kind, Kind::Workers) {
            state.instances[usize::from(instance)].slots = 0;
        }
        match &mut state.held {
            Held::Cache(cache) => state.count.lost += cache.lose(instance),
            Held::Connections(held) => held.drop_all(instance),
            Held::Store(_) => self.store_down(part, instance),
            Held::Nothing => self.lose_messages(part, instance),
            _ => {}
        }
        self.tell(part, instance);
    }

    fn up(&mut self, part: u16, instance: u16) {
        let down = &mut self.parts[usize::from(part)].instances[usize::from(instance)].down;
        *down -= 1;
        if *down > 0 {
            return;
        }
        if matches!(self.parts[usize::from(part)].held, Held::Store(_)) {
            self.store_up(part, instance);
        }
        let of = &self.plan.parts[usize::from(part)];
        if matches!(of.kind, Kind::Workers) {
            self.parts[usize::from(part)].instances[usize::from(instance)].slots = of.concurrency;
            self.man_pools();
            self.fill(usize::from(part), usize::from(instance));
        }
        self.tell(part, instance);
    }

    /// Callers learn of it, each after its delay.
    fn tell(&mut self, part: u16, instance: u16) {
        for (at, edge) in self.plan.edges.iter().enumerate().filter(|(_, edge)| edge.to == part) {
            self.queue.push(self.now + edge.health_delay, Event::Health { edge: at as u16, instance });
        }
    }

    /// What a caller learns is how things stand now.
    pub(super) fn health(&mut self, edge: u16, instance: u16) {
        let part = usize::from(self.plan.edges[usize::from(edge)].to);
        let of = &self.parts[part].instances[usize::from(instance)];
        let up = of.down == 0 && !of.off;
        let alive = &mut self.edges[usize::from(edge)].alive;
        match alive.binary_search(&instance) {
            Ok(at) if !up => {
                alive.remove(at);
                if matches!(self.plan.parts[part].kind, Kind::Workers) {
                    self.hand_over(edge, part as u16, instance);
                }
            }
            Err(at) if up => alive.insert(at, instance),
            _ => {}
        }
    }
}
