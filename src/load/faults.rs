//! The script: what goes wrong, and when it is over. Faults may overlap; an instance is up when the last of them is over.

use super::engine::{Engine, Event};
use super::kinds::Held;
use super::plan::Change;

impl Engine<'_> {
    pub(super) fn harm(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down(instances) => instances.iter().for_each(|(part, instance)| self.down(*part, *instance)),
            Change::Cut { edges } => edges.iter().for_each(|edge| self.edges[usize::from(*edge)].cut += 1),
            Change::Slow { parts, .. } | Change::Deploy { parts, .. } => self.worsen(parts),
            Change::Hot { space, .. } => self.heat(*space),
        }
    }

    pub(super) fn heal(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down(instances) => instances.iter().for_each(|(part, instance)| self.up(*part, *instance)),
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
        match &mut state.held {
            Held::Cache(cache) => state.count.lost += cache.lose(instance),
            Held::Connections(held) => held.drop_all(instance),
            Held::Store(_) => self.store_down(part, instance),
            Held::Nothing => self.lose_messages(part),
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
            Ok(at) if !up => drop(alive.remove(at)),
            Err(at) if up => alive.insert(at, instance),
            _ => {}
        }
    }
}
