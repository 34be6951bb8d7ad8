//! Faults, compiled: names become parts, instances and calls.

use super::design::{Fault, Harm};
use super::parts::TABLES;
use super::plan::{self, Change, Compiler, Kind, NEVER, Part, within};

impl Compiler<'_> {
    pub(super) fn faults(&mut self) -> Result<(), String> {
        for (i, fault) in self.design.faults.iter().enumerate() {
            let until = fault.until.map_or(NEVER, |until| until.0);
            if until <= fault.at.0 {
                return Err(format!("faults[{i}]: it must end after it begins"));
            }
            let changes = self.changes(fault).map_err(|why| format!("faults[{i}]: {why}"))?;
            for (does, longest) in changes {
                let until = until.min(fault.at.0.saturating_add(longest));
                self.plan.faults.push(plan::Fault { at: fault.at.0, until, does });
            }
        }
        within("faults: their number", self.plan.faults.len() as f64, 0.0, 1e3)
    }

    /// The parts of a name, or of all of a table: "stores.*".
    fn named(&self, name: &str) -> Result<Vec<u16>, String> {
        let Some(table) = name.strip_suffix(".*") else {
            return self.plan.part(name).map(|part| vec![part]).ok_or_else(|| format!("no component \"{name}\""));
        };
        if !TABLES.contains(&table) {
            return Err(format!("\"{name}\": there are {}", TABLES.join(", ")));
        }
        let of_it = |at: &u16| self.plan.parts[usize::from(*at)].table == table;
        Ok((0..self.plan.parts.len() as u16).filter(of_it).collect())
    }

    fn instances(&self, part: u16) -> u16 {
        self.plan.parts[usize::from(part)].instances
    }

    /// What a fault changes, and for how long at most.
    fn changes(&self, fault: &Fault) -> Result<Vec<(Change, u64)>, String> {
        Ok(match &fault.does {
            Harm::Down { component, instance } => self.down(component, *instance)?,
            Harm::Slow { component, factor } => {
                within("factor", *factor, 1e-3, 1e4)?;
                vec![(Change::Slow { parts: self.named(component)?, factor: *factor }, NEVER)]
            }
            Harm::Cut { from, to } => {
                let (froms, tos) = (self.named(from)?, self.named(to)?);
                let between = |at: &u16| {
                    let edge = &self.plan.edges[usize::from(*at)];
                    froms.contains(&edge.from) && tos.contains(&edge.to)
                };
                let edges: Vec<u16> = (0..self.plan.edges.len() as u16).filter(between).collect();
                if edges.is_empty() && !from.ends_with(".*") && !to.ends_with(".*") {
                    return Err(format!("{from} does not call {to}"));
                }
                vec![(Change::Cut { edges }, NEVER)]
            }
            Harm::Zone(zone) => {
                let place = self.plan.network.zone(zone)?;
                self.lost(|at| at == place)
            }
            Harm::Region(region) => {
                let network = &self.plan.network;
                let place = network.region(Some(region))?;
                let within =
                    |at: u16| network.region_of.get(usize::from(at)) == network.region_of.get(usize::from(place));
                self.lost(within)
            }
            Harm::Hot { keys, key, share } => {
                let space = self.design.keys.keys().position(|known| known == keys);
                let space = space.ok_or_else(|| format!("no keys \"{keys}\""))?;
                within("key", f64::from(*key), 0.0, f64::from(self.plan.spaces[space].count) - 1.0)?;
                within("share", *share, 0.0, 1.0)?;
                vec![(Change::Hot { space: space as u16, key: *key, share: *share }, NEVER)]
            }
            Harm::Deploy { component, instances, factor, fails } => {
                within("factor", *factor, 1e-3, 1e4)?;
                within("fails", *fails, 0.0, 1.0)?;
                let parts = self.named(component)?;
                vec![(Change::Deploy { parts, instances: *instances, factor: *factor, fails: *fails }, NEVER)]
            }
        })
    }

    fn down(&self, component: &str, instance: u16) -> Result<Vec<(Change, u64)>, String> {
        let parts = self.named(component)?;
        if let [part] = parts[..]
            && instance >= self.instances(part)
            && !component.ends_with(".*")
        {
            return Err(format!("{component} has {} instances, counted from 0", self.instances(part)));
        }
        let with_it = parts.into_iter().filter(|part| instance < self.instances(*part));
        let change = |part: u16| {
            let name = self.plan.name(part);
            let of_queue = matches!(self.plan.parts[usize::from(part)].kind, Kind::Queue { .. });
            // Another broker takes over.
            let longest =
                self.design.queues.get(name).filter(|_| of_queue).map_or(NEVER, |queue| queue.fail_over.0.max(1));
            (Change::Down(vec![(part, instance)]), longest)
        };
        Ok(with_it.map(change).collect())
    }

    /// Some places are lost: what stands there is down until they are back; of a queue that has brokers elsewhere, until one
    /// of those takes over.
    fn lost(&self, gone: impl Fn(u16) -> bool) -> Vec<(Change, u64)> {
        let (mut standing, mut taken_over) = (Vec::new(), Vec::new());
        for (part, instance) in self.standing(&gone) {
            let of = &self.plan.parts[usize::from(part)];
            let queue = self.design.queues.get(&of.name).filter(|_| matches!(of.kind, Kind::Queue { .. }));
            let elsewhere = |zone: &String| self.plan.network.zone(zone).is_ok_and(|place| !gone(place));
            match queue.filter(|queue| queue.zones.iter().any(elsewhere)) {
                Some(queue) => taken_over.push((Change::Down(vec![(part, instance)]), queue.fail_over.0.max(1))),
                None => standing.push((part, instance)),
            }
        }
        let zones: Vec<u16> = (0..self.plan.network.zones.len() as u16).filter(|zone| gone(*zone)).collect();
        let pools = self.plan.parts.iter().any(|part| part.spread.iter().any(|(zone, _)| gone(*zone)));
        let lost = pools.then_some((Change::Lost(zones), NEVER));
        std::iter::once((Change::Down(standing), NEVER)).chain(taken_over).chain(lost).collect()
    }

    /// All instances that stand at some places. Of a pool that is spread over zones only its workers do.
    fn standing(&self, at: impl Fn(u16) -> bool) -> Vec<(u16, u16)> {
        let mut found = Vec::new();
        let stands = |of: &Part| !matches!(of.kind, Kind::Clients) && of.spread.is_empty();
        for (part, of) in self.plan.parts.iter().enumerate().filter(|(_, of)| stands(of)) {
            let there = of.places.iter().enumerate().filter(|(_, place)| at(**place));
            found.extend(there.map(|(instance, _)| (part as u16, instance as u16)));
        }
        found
    }
}
