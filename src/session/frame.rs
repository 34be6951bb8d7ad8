//! The bench at the cursor, as plain data.

use super::Run;
use crate::base::random::{Purpose, Stream};
use crate::base::{Micros, NodeId, TimerId, codec, order};
use crate::sim::apply::BY_HAND;
use crate::sim::sample;
use crate::sim::scenario::Blueprint;
use crate::sim::sentence::Reader;
use crate::sim::world::{Item, World};
use crate::wire::*;

/// Lost messages are shown until so many seconds of watching, at the default pace, after they were sent.
const LINGER_S: u64 = 4;
const LOSSES_MAX: usize = 200;
/// Of a step that loses hundreds of messages, a few are told.
const STAND_OUT_MAX: usize = 5;
const ROWS_BACK_MAX: usize = 20_000;
/// A message in flight can be read when it takes about so many milliseconds of watching.
const FLIGHT_MS: u64 = 1_300;

/// Simulated microseconds for one second of watching, so that a typical message can be read as it flies.
pub fn pace_us_per_s(blueprint: &Blueprint) -> u64 {
    if let Some(pace) = blueprint.scenario.pace {
        return pace.0.max(1);
    }
    let latency = blueprint.world_latency();
    let mut draws: Vec<u64> =
        (0..33).map(|i| sample::draw(latency, &mut Stream::new(0, Purpose::Latency, 0, i)).0).collect();
    order::sort(&mut draws, |a, b| a < b);
    (draws[16] * 1_000 / FLIGHT_MS).max(1)
}

impl Run {
    pub(super) fn reader(&self) -> Reader<'_> {
        let world = self.timeline.head();
        Reader {
            trace: &self.timeline.trace,
            setup: &world.setup,
            machine: &*world.machine,
            properties: &world.describe.properties,
        }
    }

    pub(super) fn frame(&mut self) -> Reply {
        self.timeline.hold_cursor();
        let status = self.status();
        let encoded = codec::to_bytes(&status);
        let changed = self.sent != encoded;
        self.sent = encoded;
        let picture = self.picture(self.timeline.world(), self.timeline.shown());
        Reply::Frame(Box::new(Frame { status: changed.then(move || Box::new(status)), ..picture }))
    }

    /// What is seen of a world of this branch at a moment.
    fn picture(&self, world: &World, now: Micros) -> Frame {
        let head = self.timeline.head();
        let (sentence, stands_out) = self.sentence_of_step(world);
        Frame {
            now,
            head: Micros(head.now),
            step: world.step.into(),
            head_step: head.step.into(),
            row: world.rows.into(),
            head_rows: head.rows.into(),
            sentence,
            stands_out,
            nodes: (0..world.shells.len()).map(|i| self.node_card(world, NodeId(i as u16), now)).collect(),
            flights: self.flights(world, now),
            timers: self.timers(world),
            links: links(world),
            status: None,
            halted: self.halted(head),
            held: world.net.held,
            changes: None,
        }
    }

    /// The end of the present branch.
    pub(super) fn end(&self) -> Frame {
        let head = self.timeline.head();
        self.picture(head, Micros(head.now))
    }

    /// The end of a branch, without going there.
    pub(super) fn glance(&mut self, branch: u32) -> Reply {
        if branch == self.timeline.branch {
            self.timeline.hold_head();
            return Reply::Glanced(branch, Box::new(self.end()));
        }
        match self.ends.iter().find(|(id, _)| *id == branch) {
            Some((_, end)) => Reply::Glanced(branch, Box::new(end.clone())),
            None => Reply::Failed("that branch is not kept any more".into()),
        }
    }

    /// The sentence of the main row of a world's last step, and those of what stands out in it.
    fn sentence_of_step(&self, world: &World) -> (String, String) {
        let step = world.step;
        let trace = &self.timeline.trace;
        let rows = trace.between(trace.first_of_step(step.into()), u32::MAX);
        let Some(main) = rows.first() else { return Default::default() };
        let reader = self.reader();
        let own = rows.iter().take_while(|rec| rec.step == step);
        let loud = own.filter(|rec| reader.is_interesting(rec)).take(STAND_OUT_MAX);
        let mut stands_out = String::new();
        for rec in loud {
            stands_out += if stands_out.is_empty() { "" } else { ". " };
            stands_out += &reader.sentence(rec);
        }
        (reader.sentence(main), stands_out)
    }

    fn halted(&self, head: &World) -> Option<String> {
        match head.halted {
            Some(why) => Some(why.into()),
            None if head.queue.is_empty() && self.timeline.done() == self.timeline.log.len() => {
                Some("nothing more will happen by itself".into())
            }
            None => None,
        }
    }

    fn node_card(&self, world: &World, node: NodeId, now: Micros) -> NodeCard {
        let (shell, setup) = (&world.shells[node.index()], &world.setup.nodes[node.index()]);
        let card = world.card(node);
        let role = world.describe.roles.iter().find(|r| r.name == setup.role);
        NodeCard {
            status: shell.status,
            slow: shell.service.is_some(),
            syncing: shell.held.is_some(),
            disk: self.disk(shell),
            inbox: shell.inbox.len() as u32,
            clock_off_us: shell.clock.off_us(now.0),
            role: if card.role.is_empty() { setup.role.clone() } else { card.role },
            tone: card.tone.or(role.map(|r| r.tone)).unwrap_or_default(),
            epoch: card.epoch,
            headline: card.headline,
            cells: card.cells,
            votes: card.votes,
            knows: card.knows.into_iter().map(|(node, words)| (node.0, words)).collect(),
            probes: card.probes.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        }
    }

    fn disk(&self, shell: &crate::sim::node::Shell) -> String {
        if shell.lies {
            return "lies".into();
        }
        let usual = self.timeline.blueprint.disk();
        if *shell.sync_time == *usual { String::new() } else { format!("sync {}", sample::describe(&shell.sync_time)) }
    }

    fn flights(&self, world: &World, now: Micros) -> Vec<Flight> {
        let trace = &self.timeline.trace;
        let flight = |message: &crate::sim::node::Message, due: Micros| {
            let (kind, label) = world.machine.label(&message.bytes).unwrap_or((0, "unreadable".into()));
            let (sent, size) = (trace.get(message.row).time(), message.bytes.len() as u32);
            let epoch = world.machine.epoch(&message.bytes);
            Flight {
                id: message.id,
                kind,
                sent,
                due,
                epoch,
                label: label.into(),
                lost: None,
                row: message.row.into(),
                size,
            }
        };
        let mut flights: Vec<Flight> = world
            .queue
            .iter()
            .filter_map(|(due, item)| match item {
                Item::Arrive(message) => Some(flight(message, Micros(due))),
                _ => None,
            })
            .collect();
        // What a clogged link holds seems to stand still just after it was sent.
        flights.extend(world.clogged.iter().map(|m| flight(m, Micros::MAX)));
        flights.extend(self.losses(world, now));
        order::sort(&mut flights, |a, b| (a.sent, a.id) < (b.sent, b.id));
        flights
    }

    /// Messages lost a moment ago.
    fn losses(&self, world: &World, now: Micros) -> Vec<Flight> {
        let (trace, reader) = (&self.timeline.trace, self.reader());
        let oldest = now.since(Micros(self.pace * LINGER_S));
        let recent =
            trace.between(0, world.rows).iter().rev().take(ROWS_BACK_MAX).take_while(|rec| rec.time() >= oldest);
        let lost = recent.filter(|rec| rec.kind == RowKind::Lost).take(LOSSES_MAX);
        lost.map(|rec| {
            let (due, rule) = trace.loss(rec);
            let sending = rec.cause().map_or(rec.time(), |row| trace.get(row).time());
            // Lost on entering the link: it breaks half-way. Lost on arrival, or by hand: where it was then.
            let entering = rec.time() == sending && rule != BY_HAND;
            let at = if entering { Micros((sending.0 + due.0) / 2) } else { rec.time() };
            Flight {
                id: rec.message(),
                kind: reader.message_kind(rec).unwrap_or(0),
                sent: sending,
                due,
                epoch: reader.machine.epoch(trace.payload(rec)),
                label: reader.message(rec).into(),
                lost: Some(Loss { at, rule: rule.into() }),
                row: rec.cause().unwrap_or(0).into(),
                size: trace.payload(rec).len() as u32,
            }
        })
        .collect()
    }

    fn timers(&self, world: &World) -> Vec<TimerCard> {
        let mut timers = Vec::new();
        for (i, shell) in world.shells.iter().enumerate() {
            timers.extend(shell.timers.iter().map(|t| TimerCard {
                id: TimerId { node: NodeId(i as u16), count: t.count },
                kind: t.kind,
                set: Micros(t.set),
                due: Micros(t.due),
                label: world.machine.timer_label(&t.bytes).1,
            }));
        }
        order::sort(&mut timers, |a, b| (a.due, a.id) < (b.due, b.id));
        timers
    }
}

/// Links that are cut, clogged or shaped.
fn links(world: &World) -> Vec<LinkCard> {
    if world.net.is_plain() {
        return Vec::new();
    }
    let nodes = world.shells.len() as u16;
    let mut cards = Vec::new();
    for (from, to) in (0..nodes).flat_map(|f| (0..nodes).map(move |t| (f, t))).filter(|(f, t)| f != t) {
        let (f, t) = (NodeId(from), NodeId(to));
        let cut = world.net.cut_by(f, t).map(String::from);
        let clogged = world.net.clogged(f, t);
        let shape = world.net.shape_of(f, t).differs(world.net.default_shape());
        if cut.is_some() || clogged || !shape.is_empty() {
            cards.push(LinkCard { from, to, cut, clogged, shape });
        }
    }
    cards
}
