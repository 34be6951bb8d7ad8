//! The space-time diagram of a stretch of the run: what is visible one by one, or counted where there is too much of it.

use super::Run;
use crate::base::{Micros, NodeId, codec, order};
use crate::sim::causality::Cone;
use crate::sim::trace::Rec;
use crate::sim::world::Item;
use crate::wire::*;

/// Rows looked at after the stretch, for the ends of messages that were sent in it.
const ROWS_AFTER_MAX: u32 = 4_000;
/// Rows beyond which a filter on sentences is not applied.
const FILTERED_MAX: u32 = 60_000;
/// Operations' rows looked at before and after the stretch, for those that reach into it; and in all.
const OPS_AROUND: usize = 200;
const OPS_MAX: usize = 1_000;
const SPANS_MAX: usize = 400;

/// A message's way: the row where it, or its copy, set out; when it arrived or was lost, and then by which row.
struct Way {
    row: u32,
    end: Option<Micros>,
    lost: Option<u32>,
    wanted: bool,
}

impl Run {
    pub(super) fn diagram(&mut self, ask: &DiagramAsk) -> Diagram {
        let fits = self.timeline.hold_between(ask.from, ask.to);
        let trace = &self.timeline.trace;
        let first = trace.first_at(ask.from);
        let last = trace.first_after(ask.to).max(first);
        let mut diagram = Diagram { from: ask.from, to: ask.to, ..Diagram::default() };
        let known = |row: &u64| (u64::from(trace.first())..trace.len() as u64).contains(row);
        let focus = ask.focus.filter(known).map(|row| row as u32);
        let nodes = self.timeline.head().shells.len();
        let cone = focus.map(|row| {
            let (low, high) = (first.min(row), last.saturating_sub(1).max(row));
            trace.cone(nodes, row, low, high)
        });
        let any = ask.filter == RowFilter::default();
        diagram.unfiltered = !any && (!fits || last - first > FILTERED_MAX);
        let wanted = |rec: &Rec| any || diagram.unfiltered || self.matches(rec, &ask.filter);
        let arrows = if !fits || last - first > ask.room * 12 {
            None
        } else {
            let dots: Vec<Dot> = self.dots(first, last, &wanted, cone.as_ref());
            let arrows = self.arrows((first, last), &wanted, cone.as_ref());
            let fits = dots.len() + arrows.len() <= ask.room as usize;
            diagram.dots = dots;
            fits.then_some(arrows)
        };
        match arrows {
            Some(arrows) => diagram.arrows = arrows,
            None => {
                diagram.dots = self.loud_dots(ask, cone.as_ref());
                diagram.dense = self.dense(ask, (first, last), &wanted);
            }
        }
        diagram.spans = self.spans(ask);
        diagram.ops = self.ops_between(ask);
        diagram.about = focus.map(|row| self.about(row, ask.anchor.filter(known).map(|row| row as u32)));
        diagram
    }

    fn dots(&self, first: u32, last: u32, wanted: &dyn Fn(&Rec) -> bool, cone: Option<&Cone>) -> Vec<Dot> {
        let rows = (first..).zip(self.timeline.trace.between(first, last));
        rows.filter(|(_, rec)| rec.is_event() && wanted(rec)).map(|(row, rec)| self.dot(row, rec, cone)).collect()
    }

    /// Where there are too many events, those that a scrubber marks.
    fn loud_dots(&self, ask: &DiagramAsk, cone: Option<&Cone>) -> Vec<Dot> {
        let trace = &self.timeline.trace;
        let marks = trace.mark_rows();
        let (a, b) = (
            marks.partition_point(|row| trace.get(*row).at < ask.from.0),
            marks.partition_point(|row| trace.get(*row).at <= ask.to.0),
        );
        let every = (b - a).div_ceil(ask.room as usize / 4 + 1).max(1);
        let loud = marks[a..b].iter().step_by(every);
        loud.map(|row| self.dot(*row, trace.get(*row), cone)).collect()
    }

    fn dot(&self, row: u32, rec: &Rec, cone: Option<&Cone>) -> Dot {
        let loud = matches!(rec.kind, RowKind::Note | RowKind::Violation | RowKind::Command);
        let words = if loud { self.timeline.trace.text(rec).to_owned() } else { String::new() };
        let side = side(cone, rec.node, row);
        Dot { row: row.into(), at: rec.time(), node: rec.node, kind: rec.kind, side, words }
    }

    fn arrows(&self, rows: (u32, u32), wanted: &dyn Fn(&Rec) -> bool, cone: Option<&Cone>) -> Vec<Arrow> {
        let trace = &self.timeline.trace;
        let mut ways: Vec<Way> = Vec::new();
        for (row, rec) in (rows.0..).zip(trace.between(rows.0, rows.1 + ROWS_AFTER_MAX)) {
            let inside = row < rows.1;
            match rec.kind {
                RowKind::Send | RowKind::Duplicate if inside => {
                    ways.push(Way { row, end: None, lost: None, wanted: wanted(rec) });
                }
                RowKind::Deliver | RowKind::Queued | RowKind::Lost => {
                    let Some(start) = trace.set_out(rec) else { continue };
                    let place = ways.partition_point(|way| way.row < start);
                    if ways.get(place).is_none_or(|way| way.row != start) {
                        if !inside {
                            continue;
                        }
                        ways.insert(place, Way { row: start, end: None, lost: None, wanted: false });
                    }
                    let way = &mut ways[place];
                    way.wanted |= wanted(rec);
                    if way.end.is_none() {
                        way.end = Some(rec.time());
                        way.lost = (rec.kind == RowKind::Lost).then_some(row);
                    }
                }
                _ => {}
            }
        }
        let mut due: Vec<(u32, u64)> = (self.timeline.head().queue.iter())
            .filter_map(|(due, item)| match item {
                Item::Arrive(message) => Some((message.row, due)),
                _ => None,
            })
            .collect();
        order::sort(&mut due, |a, b| a.0 < b.0);
        ways.iter().filter(|way| way.wanted).map(|way| self.arrow(way, &due, cone)).collect()
    }

    fn arrow(&self, way: &Way, due: &[(u32, u64)], cone: Option<&Cone>) -> Arrow {
        let (trace, head) = (&self.timeline.trace, self.timeline.head());
        let rec = trace.get(way.row);
        let bytes = trace.payload(rec);
        let id = rec.message();
        let coming = || due.get(due.partition_point(|(row, _)| *row < way.row)).filter(|(row, _)| *row == way.row);
        Arrow {
            row: way.row.into(),
            from: id.from.0,
            to: id.to.0,
            sent: rec.time(),
            end: way.end.unwrap_or_else(|| Micros(coming().map_or(head.now, |(_, due)| *due))),
            kind: head.machine.label(bytes).map_or(0, |(kind, _)| kind),
            epoch: head.machine.epoch(bytes),
            copy: rec.kind == RowKind::Duplicate,
            fate: match (way.lost, way.end) {
                (Some(row), _) => Fate::Lost(trace.loss(trace.get(row)).1.into()),
                (None, Some(_)) => Fate::Arrived,
                (None, None) => Fate::Flying,
            },
            side: side(cone, id.from.0, way.row),
        }
    }

    fn dense(&self, ask: &DiagramAsk, rows: (u32, u32), wanted: &dyn Fn(&Rec) -> bool) -> Vec<Dense> {
        let nodes = self.timeline.head().shells.len();
        let slices = usize::from(DENSE_SLICES);
        let mut counts = vec![(0u32, 0u32); nodes * slices];
        let whole = ask.to.since(ask.from).0.max(1);
        // Of what is not held it is known how much there was: as if it were spread evenly.
        for block in self.let_go() {
            for (node, at_node) in block.counted.nodes.iter().enumerate() {
                block.spread(ask.from.0, whole, slices, |slice, share| {
                    let count = &mut counts[node * slices + slice];
                    *count = (count.0 + share(at_node.events), count.1 + share(at_node.lost));
                });
            }
        }
        for rec in self.timeline.trace.between(rows.0, rows.1) {
            let (event, lost) = (rec.is_event(), rec.kind == RowKind::Lost);
            if (event || lost) && wanted(rec) {
                let slice = ((rec.at - ask.from.0) as u128 * slices as u128 / whole as u128) as usize;
                let count = &mut counts[usize::from(rec.node) * slices + slice.min(slices - 1)];
                *count = (count.0 + u32::from(event), count.1 + u32::from(lost));
            }
        }
        let filled = counts.into_iter().enumerate().filter(|(_, count)| *count != (0, 0));
        let dense = |(i, (events, lost))| Dense { node: (i / slices) as u16, slice: (i % slices) as u16, events, lost };
        filled.map(dense).collect()
    }

    /// Faults that last: of nodes by what happened to them, between nodes by the commands carried out.
    fn spans(&self, ask: &DiagramAsk) -> Vec<Span> {
        let (trace, head) = (&self.timeline.trace, Micros(self.timeline.head().now));
        let mut open: Vec<Option<Span>> = vec![None; self.timeline.head().shells.len()];
        let mut spans = Vec::new();
        for rec in trace.turn_rows().iter().map(|row| trace.get(*row)).take_while(|rec| rec.at <= ask.to.0) {
            let (kind, words) = match rec.kind {
                RowKind::Crash => (Some(SpanKind::Down), "down"),
                RowKind::Pause => (Some(SpanKind::Paused), "paused"),
                _ => (None, ""),
            };
            let slot = &mut open[usize::from(rec.node)];
            if let Some(over) = slot.take() {
                spans.push(Span { to: rec.time(), ..over });
            }
            *slot = kind.map(|kind| {
                let (node, from) = (Some(rec.node), rec.time());
                Span { kind, node, from, to: head, words: words.into() }
            });
        }
        spans.extend(open.into_iter().flatten());
        spans.extend(self.cuts(head));
        spans.retain(|span| span.from <= ask.to && span.to >= ask.from);
        spans.truncate(SPANS_MAX);
        spans
    }

    fn cuts(&self, head: Micros) -> Vec<Span> {
        let mut cuts: Vec<(Span, bool)> = Vec::new();
        let log = self.timeline.log.iter().zip(&self.timeline.refused);
        for (entry, _) in log.filter(|(entry, refused)| refused.is_none() && entry.at <= head) {
            let mut end = |name: Option<&str>| {
                for (span, open) in cuts.iter_mut().filter(|(span, open)| *open && name.is_none_or(|n| n == span.words))
                {
                    (span.to, *open) = (entry.at, false);
                }
            };
            match &entry.command {
                Command::Cut(cut) => {
                    end(Some(&cut.name));
                    let words = cut.name.clone();
                    cuts.push((Span { kind: SpanKind::Cut, node: None, from: entry.at, to: head, words }, true));
                }
                Command::Heal(heal) => end(Some(heal.name.as_str()).filter(|name| !name.is_empty())),
                _ => {}
            }
        }
        cuts.into_iter().map(|(span, _)| span).collect()
    }

    /// Operations that were under way at some time of the stretch.
    fn ops_between(&self, ask: &DiagramAsk) -> Vec<OpCard> {
        let trace = &self.timeline.trace;
        let rows = trace.op_rows(u32::MAX);
        let at = |from: Micros| rows.partition_point(|row| trace.get(*row).time() < from);
        let (first, last) = (at(ask.from).saturating_sub(OPS_AROUND), (at(ask.to) + OPS_AROUND).min(rows.len()));
        let rows = &rows[first.max(last.saturating_sub(OPS_MAX))..last];
        let mut open: Vec<u32> = Vec::new();
        let mut ops = Vec::new();
        for row in rows {
            let rec = trace.get(*row);
            if rec.kind == RowKind::Invoke {
                open.push(*row);
            } else {
                open.retain(|begun| trace.get(*begun).op() != rec.op());
                ops.push(self.ended_op(*row));
            }
        }
        ops.extend(open.into_iter().map(|row| {
            let rec = trace.get(row);
            let op: Op = codec::own(trace.data(rec));
            let (client, begun, text) = (rec.node, rec.time(), op.to_string());
            OpCard { client, text, begun, ended: None, outcome: None, answer: String::new(), row: row.into() }
        }));
        ops.retain(|op| op.begun <= ask.to && op.ended.is_none_or(|end| end >= ask.from));
        ops
    }

    fn about(&self, row: u32, anchor: Option<u32>) -> About {
        let trace = &self.timeline.trace;
        let rec = trace.get(row);
        let nodes = self.timeline.head().shells.len();
        let event = |other: &Rec| other.node == rec.node && other.is_event() && other.kind != RowKind::Command;
        let near = |rows: &mut dyn Iterator<Item = u32>| {
            rows.take(ROWS_AFTER_MAX as usize).find(|row| event(trace.get(*row))).map(u64::from)
        };
        let last = (row + ROWS_AFTER_MAX).min(trace.len() as u32);
        let elsewhere = |other: u32| trace.get(other).node != rec.node && trace.get(other).is_act();
        let effect = || {
            let future = trace.cone(nodes, row, row, last - 1).future;
            future.into_iter().flatten().filter(|other| elsewhere(*other)).min().map(u64::from)
        };
        let cause = || {
            let mut cause = rec.cause();
            while let Some(other) = cause.filter(|other| !elsewhere(*other)) {
                cause = trace.get(other).cause();
            }
            cause.map(|other| self.event_of(other))
        };
        About {
            row: row.into(),
            at: rec.time(),
            node: rec.node,
            sentence: self.reader().sentence(rec),
            previous: near(&mut (trace.first()..row).rev()),
            next: near(&mut (row + 1..last)),
            cause: cause(),
            effect: effect(),
            relation: anchor.filter(|other| *other != row).map_or(String::new(), |other| self.relation(other, row)),
        }
    }

    /// The row that is drawn for what a row belongs to: the event that made its node act.
    fn event_of(&self, row: u32) -> u64 {
        let trace = &self.timeline.trace;
        let mut place = row;
        while let Some(cause) = trace.get(place).cause().filter(|_| !trace.get(place).is_event()) {
            place = cause;
        }
        place.into()
    }

    /// Whether one of two rows happened before the other, and why.
    fn relation(&self, a: u32, b: u32) -> String {
        let trace = &self.timeline.trace;
        let nodes = self.timeline.head().shells.len();
        let (a, b) = (a.min(b), a.max(b));
        let (one, two) = (trace.get(a), trace.get(b));
        let name = |node: u16| self.timeline.blueprint.setup.name(NodeId(node));
        if !one.is_act() || !two.is_act() {
            return "Only what nodes do has a place in the order of causes: this is done to them.".into();
        }
        match trace.chain(nodes, a, b) {
            Some(chain) if chain.is_empty() => {
                format!("The earlier one happened before the other: both are {}'s own.", name(one.node))
            }
            Some(chain) => {
                let reader = self.reader();
                let heard = |row: &u32| {
                    let rec = trace.get(*row);
                    format!("{} at {}", reader.sentence(rec), rec.time())
                };
                let way: Vec<String> = chain.iter().map(heard).collect();
                format!("The earlier one happened before the other. Word of it travelled: {}.", way.join("; then "))
            }
            None => format!(
                "Concurrent: no chain of messages leads from {} to {} or back between the two, so neither can have influenced the other.",
                name(one.node),
                name(two.node)
            ),
        }
    }
}

fn side(cone: Option<&Cone>, node: u16, row: u32) -> Side {
    let Some(cone) = cone else { return Side::Plain };
    let node = usize::from(node);
    if cone.past[node].is_some_and(|cut| row <= cut) {
        Side::Past
    } else if cone.future[node].is_some_and(|cut| row >= cut) {
        Side::Future
    } else {
        Side::Concurrent
    }
}
