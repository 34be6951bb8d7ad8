//! The script: what goes wrong, and when it is over. Faults may overlap; an instance is up when the last of them is over.

use super::engine::{Engine, Event};
use super::kinds::Held;
use super::plan::Change;

impl Engine<'_> {
    pub(super) fn harm(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down { part, instance } => self.down(*part, *instance),
            Change::Slow { part, .. } => self.parts[usize::from(*part)].slow = self.slowness(*part),
            Change::Cut { edges } => edges.iter().for_each(|edge| self.edges[usize::from(*edge)].cut += 1),
        }
    }

    pub(super) fn heal(&mut self, fault: u16) {
        let plan = self.plan;
        match &plan.faults[usize::from(fault)].does {
            Change::Down { part, instance } => self.up(*part, *instance),
            Change::Slow { part, .. } => self.parts[usize::from(*part)].slow = self.slowness(*part),
            Change::Cut { edges } => edges.iter().for_each(|edge| self.edges[usize::from(*edge)].cut -= 1),
        }
    }

    /// By all faults of this moment: taken back by division it would not be exact.
    fn slowness(&self, of: u16) -> f64 {
        let now = self.plan.faults.iter().filter(|fault| fault.at <= self.now && self.now < fault.until);
        now.filter_map(|fault| match fault.does {
            Change::Slow { part, factor } if part == of => Some(factor),
            _ => None,
        })
        .product()
    }

    fn down(&mut self, part: u16, instance: u16) {
        let down = &mut self.parts[usize::from(part)].instances[usize::from(instance)].down;
        *down += 1;
        if *down > 1 {
            return;
        }
        self.crash(part, instance);
        match &mut self.parts[usize::from(part)].held {
            Held::Cache(cache) => cache.clear(instance),
            Held::Store(_) => self.store_down(part, instance),
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
        let up = self.parts[part].instances[usize::from(instance)].down == 0;
        let alive = &mut self.edges[usize::from(edge)].alive;
        match alive.binary_search(&instance) {
            Ok(at) if !up => drop(alive.remove(at)),
            Err(at) if up => alive.insert(at, instance),
            _ => {}
        }
    }
}
