//! Values over time: latency, operations, messages by kind, what is in flight, the load of each node. Counted from the
//! trace; percentiles are exact (nearest rank), not taken from a histogram.

use super::Run;
use super::watch::Watch;
use crate::base::{Micros, order};
use crate::sim::trace::Rec;
use crate::sim::window::{Block, Counted, Flow};
use crate::wire::*;

/// Nodes with a line of their own; beyond, the busiest are shown.
const NODES_MAX: usize = 8;

/// Expressions watched at once.
const WATCHED_MAX: usize = 8;

/// What is known of each held row, found once: the run only grows, until it forks or another window is held.
#[derive(Default)]
pub struct Tally {
    forks: u32,
    away: bool,
    first: u32,
    rows: Vec<Seen>,
    /// Messages on their way before the first of them, and after the last.
    begun: u32,
    flow: Flow,
}

/// Expressions over time, as far as the run had come when they were last asked for: a stretch whose parts stay where they
/// are is looked at once.
#[derive(Default)]
pub struct Lines {
    forks: u32,
    of: ChartsAsk,
    read: Vec<Watch>,
    /// For each part that lies wholly in the past, the values of all.
    values: Vec<Vec<Option<f64>>>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    /// Of a sending: the kind of the message, plus one.
    kind: u8,
    /// Messages on their way after the row.
    flights: u32,
}

impl Tally {
    /// Messages on their way before one of the rows.
    fn flights(&self, place: usize) -> u32 {
        place.checked_sub(1).map_or(self.begun, |before| self.rows[before].flights)
    }
}

/// The parts of the stretch that is asked for.
#[derive(Clone, Copy)]
struct Parts {
    from: u64,
    span: u64,
    count: usize,
    /// The parts that the run has reached.
    reached: usize,
}

impl Parts {
    fn new(ask: &ChartsAsk, head: u64) -> Parts {
        let (from, span) = (ask.from.0, ask.to.since(ask.from).0.max(1));
        let count = ask.parts.clamp(1, PARTS_MAX) as usize;
        let reached = (head.saturating_sub(from) as u128 * count as u128).div_ceil(span as u128).min(count as u128);
        Parts { from, span, count, reached: reached as usize }
    }

    fn of(&self, at: u64) -> usize {
        let part = (at - self.from) as u128 * self.count as u128 / self.span as u128;
        (part as usize).min(self.count - 1)
    }

    fn rate(&self, count: u32) -> f64 {
        f64::from(count) * self.count as f64 * 1e6 / self.span as f64
    }

    /// A line of counts as one of values.
    fn series(&self, name: &str, counts: &[u32], value: impl Fn(u32) -> f64) -> Series {
        let values = counts.iter().enumerate().map(|(i, n)| (i < self.reached).then(|| value(*n))).collect();
        Series { name: name.into(), values }
    }

    fn rates(&self, name: &str, counts: &[u32]) -> Series {
        self.series(name, counts, |n| self.rate(n))
    }
}

/// Lines of counts, one for each of several things.
struct Counts {
    parts: Parts,
    counts: Vec<u32>,
}

impl Counts {
    fn new(parts: Parts, lines: usize) -> Counts {
        Counts { parts, counts: vec![0; lines * parts.count] }
    }

    fn add(&mut self, line: usize, part: usize) {
        self.counts[line * self.parts.count + part] += 1;
    }

    /// So many within a block that is not held.
    fn spread(&mut self, line: usize, block: &LetGo, count: u32) {
        let parts = self.parts;
        block.spread(parts.from, parts.span, parts.count, |part, share| {
            self.counts[line * parts.count + part] += share(count);
        });
    }

    fn line(&self, line: usize) -> &[u32] {
        &self.counts[line * self.parts.count..][..self.parts.count]
    }

    fn total(&self, line: usize) -> u64 {
        self.line(line).iter().map(|n| u64::from(*n)).sum()
    }
}

/// A block that is not held, and its time.
pub(super) struct LetGo<'a> {
    pub counted: &'a Counted,
    from: u64,
    to: u64,
}

impl LetGo<'_> {
    /// For each part of a stretch in which some of the block's time is, how much of a count falls to it.
    pub fn spread(&self, from: u64, span: u64, parts: usize, mut each: impl FnMut(usize, &dyn Fn(u32) -> u32)) {
        let begin = |part: usize| from + (u128::from(span) * part as u128 / parts as u128) as u64;
        let length = u128::from(self.to - self.from);
        if self.to <= from || self.from >= from + span {
            return;
        }
        let until = |at: u64| u128::from(at.clamp(self.from, self.to) - self.from);
        let place = |at: u64| (u128::from(at.saturating_sub(from)) * parts as u128 / u128::from(span)) as usize;
        for part in place(self.from)..(place(self.to) + 1).min(parts) {
            let (a, b) = (until(begin(part)), until(begin(part + 1)));
            each(part, &|count| {
                let before = |until: u128| u128::from(count) * until / length;
                (before(b) - before(a)) as u32
            });
        }
    }
}

impl Run {
    /// What is known of the run before the rows that are held.
    pub(super) fn let_go(&self) -> impl Iterator<Item = LetGo<'_>> {
        let (blocks, first) = (self.timeline.blocks(), self.timeline.trace.first());
        blocks.windows(2).take_while(move |pair| pair[1].first <= first).filter_map(|pair| {
            let counted = pair[0].counted.as_ref()?;
            Some(LetGo { counted, from: pair[0].at, to: pair[1].at.max(pair[0].at + 1) })
        })
    }

    pub(super) fn charts(&mut self, ask: ChartsAsk, watch: &[String]) -> Charts {
        self.timeline.hold_between(ask.from, ask.to);
        self.tally_up();
        let (trace, parts) = (&self.timeline.trace, self.parts(&ask));
        let first = trace.first_at(ask.from);
        let last = trace.first_at(ask.to).max(first);
        let rows = trace.between(first, last);
        let (latency, operations) = self.operations(ask, parts);
        let mut charts = vec![
            latency,
            operations,
            self.sent((first - trace.first()) as usize, rows, parts),
            self.in_flight((first - trace.first()) as usize, rows, parts),
            self.load(rows, parts),
        ];
        let (watched, lines) = self.watched(watch, ask);
        if !lines.is_empty() {
            charts.insert(0, Chart { title: "Watched".into(), unit: ChartUnit::Plain, series: lines });
        }
        Charts { of: ask, charts, watched }
    }

    /// The parts of what is asked for. At the instant of the last row something has happened.
    fn parts(&self, ask: &ChartsAsk) -> Parts {
        let (trace, head) = (&self.timeline.trace, self.timeline.head());
        let last = trace.rows().last().filter(|_| trace.len() == head.rows as usize);
        Parts::new(ask, head.now.max(last.map_or(0, |rec| rec.at + 1)))
    }

    /// Expressions at the cursor, and where they are numbers over time: at the beginning of each part.
    pub(super) fn watched(&mut self, watch: &[String], of: ChartsAsk) -> (Vec<Watched>, Vec<Series>) {
        let world = self.timeline.world();
        let watch = &watch[..watch.len().min(WATCHED_MAX)];
        let read: Vec<_> = watch.iter().map(|words| Watch::read(words, world, self.timeline.start())).collect();
        let now = |watch: &Result<Watch, String>| match watch {
            Ok(watch) => Ok(watch.value(world).shown().0),
            Err(why) => Err(why.clone()),
        };
        let watched = watch.iter().zip(&read).map(|(words, read)| Watched { words: words.clone(), now: now(read) });
        let watched = watched.collect();
        let names = watch.iter().zip(&read).filter(|(_, read)| read.is_ok()).map(|(words, _)| words.clone());
        let names: Vec<String> = names.collect();
        let values = self.over_time(read.into_iter().flatten().collect(), of);
        let line = |(i, name): (usize, String)| Series { name, values: values.iter().map(|all| all[i]).collect() };
        let mut lines: Vec<Series> = names.into_iter().enumerate().map(line).collect();
        lines.retain(|line| line.values.iter().any(Option::is_some));
        (watched, lines)
    }

    /// For each part of a stretch the values that expressions have where it begins; none where the run has not come.
    fn over_time(&mut self, read: Vec<Watch>, of: ChartsAsk) -> Vec<Vec<Option<f64>>> {
        let (forks, head) = (self.timeline.trace.forks(), self.timeline.head().now);
        let mut lines = std::mem::take(&mut self.lines);
        if (lines.forks, lines.of) != (forks, of) || lines.read != read {
            lines = Lines { forks, of, read, values: Vec::new() };
        }
        let parts = self.parts(&of);
        let begin = |part: usize| parts.from + (parts.span as u128 * part as u128 / parts.count as u128) as u64;
        let mut values = lines.values.clone();
        let reached = if lines.read.is_empty() { 0 } else { parts.reached };
        for part in values.len()..reached {
            let world = self.timeline.at(Micros(begin(part)));
            values.push(lines.read.iter().map(|watch| watch.value(&world).shown().1).collect());
        }
        // More may yet happen at the last moment.
        let past = (0..values.len()).take_while(|part| begin(*part) < head).count();
        lines.values = values[..past].to_vec();
        values.resize(parts.count, vec![None; lines.read.len()]);
        self.lines = lines;
        values
    }

    /// Looks at the rows that came since.
    fn tally_up(&mut self) {
        let timeline = &self.timeline;
        let (trace, away) = (&timeline.trace, timeline.is_away());
        let mut tally = std::mem::take(&mut self.tally);
        let gone = trace.first().checked_sub(tally.first).filter(|gone| *gone as usize <= tally.rows.len());
        match gone.filter(|_| (tally.forks, tally.away) == (trace.forks(), away)) {
            Some(gone) => {
                tally.begun = tally.flights(gone as usize);
                tally.rows.drain(..gone as usize);
                tally.first = trace.first();
            }
            None => {
                let block = timeline.blocks().iter().find(|block| block.first == trace.first());
                let flow = block.map_or_else(Flow::default, Block::flow);
                tally = Tally {
                    forks: trace.forks(),
                    away,
                    first: trace.first(),
                    rows: Vec::new(),
                    begun: flow.count,
                    flow,
                };
            }
        }
        for rec in &trace.rows()[tally.rows.len()..] {
            let kind = (rec.kind == RowKind::Send).then(|| self.reader().message_kind(rec)).flatten();
            tally.flow.follow(trace, rec);
            tally.rows.push(Seen { kind: kind.map_or(0, |kind| kind + 1), flights: tally.flow.count });
        }
        self.tally = tally;
    }

    /// Latency of the operations that ended well, by when they ended; and how operations ended.
    fn operations(&self, ask: ChartsAsk, parts: Parts) -> (Chart, Chart) {
        let trace = &self.timeline.trace;
        let mut times: Vec<Vec<u64>> = vec![Vec::new(); parts.count];
        let mut ended = Counts::new(parts, 3);
        let ops = trace.op_rows(u32::MAX);
        let at = |at: Micros| ops.partition_point(|row| trace.get(*row).at < at.0);
        let done = ops[at(ask.from)..at(ask.to).max(at(ask.from))].iter().map(|row| trace.get(*row));
        for rec in done.filter(|rec| rec.kind == RowKind::Complete) {
            let (_, outcome, _, begun) = trace.completed(rec);
            let part = parts.of(rec.at);
            ended.add(outcome as usize, part);
            if outcome == Outcome::Ok {
                times[part].push(rec.at - begun);
            }
        }
        for times in &mut times {
            order::sort(times, |a, b| a < b);
        }
        let percentile = |name: &str, hundredths: usize| {
            let rank = |times: &Vec<u64>| order::nearest_rank(times, hundredths).map(|us| *us as f64);
            Series { name: name.into(), values: times.iter().map(rank).collect() }
        };
        let latency = vec![percentile("median", 50), percentile("p99", 99), percentile("worst", 100)];
        let names = [(Outcome::Ok, "ok"), (Outcome::Fail, "failed"), (Outcome::Unknown, "outcome unknown")];
        let ended = names.map(|(outcome, name)| parts.rates(name, ended.line(outcome as usize)));
        (
            Chart { title: "Latency of operations".into(), unit: ChartUnit::Time, series: latency },
            Chart { title: "Operations ended".into(), unit: ChartUnit::Rate, series: ended.into() },
        )
    }

    /// Messages by kind, and those that were lost.
    fn sent(&self, first: usize, rows: &[Rec], parts: Parts) -> Chart {
        let kinds = &self.timeline.head().describe.messages;
        let mut counts = Counts::new(parts, kinds.len() + 1);
        for block in self.let_go() {
            for (kind, count) in block.counted.sent.iter().chain([&block.counted.lost]).enumerate() {
                counts.spread(kind, &block, *count);
            }
        }
        for (rec, seen) in rows.iter().zip(&self.tally.rows[first..]) {
            if rec.kind == RowKind::Lost {
                counts.add(kinds.len(), parts.of(rec.at));
            } else if let Some(kind) = usize::from(seen.kind).checked_sub(1).filter(|kind| *kind < kinds.len()) {
                counts.add(kind, parts.of(rec.at));
            }
        }
        let names = kinds.iter().map(|(name, _)| *name).chain(["lost"]);
        let series = names.enumerate().filter(|(i, _)| counts.total(*i) > 0);
        let series = series.map(|(i, name)| parts.rates(name, counts.line(i))).collect();
        Chart { title: "Messages sent, and lost".into(), unit: ChartUnit::Rate, series }
    }

    /// The most messages that were on their way at once.
    fn in_flight(&self, first: usize, rows: &[Rec], parts: Parts) -> Chart {
        let mut now = self.tally.flights(first);
        let mut most = vec![0; parts.count];
        for block in self.let_go() {
            block.spread(parts.from, parts.span, parts.count, |part, _| {
                most[part] = most[part].max(block.counted.flights);
            });
        }
        let begin = self.timeline.trace.rows().first().map_or(0, |rec| rec.at).max(parts.from);
        if begin >= parts.from + parts.span {
            now = 0;
        }
        let mut place = parts.of(begin);
        most[place] = most[place].max(now);
        for (rec, seen) in rows.iter().zip(&self.tally.rows[first..]) {
            let part = parts.of(rec.at);
            if part > place {
                most[place + 1..=part].fill(now);
                place = part;
            }
            now = seen.flights;
            most[part] = most[part].max(now);
        }
        most[place + 1..].fill(now);
        let series = vec![parts.series("messages", &most, f64::from)];
        Chart { title: "In flight, at most".into(), unit: ChartUnit::Count, series }
    }

    /// Messages that each node handled.
    fn load(&self, rows: &[Rec], parts: Parts) -> Chart {
        let setup = &self.timeline.head().setup;
        let mut counts = Counts::new(parts, setup.nodes.len());
        for block in self.let_go() {
            for (node, at_node) in block.counted.nodes.iter().enumerate() {
                counts.spread(node, &block, at_node.delivered);
            }
        }
        for rec in rows.iter().filter(|rec| rec.kind == RowKind::Deliver) {
            counts.add(rec.node.into(), parts.of(rec.at));
        }
        let mut nodes: Vec<(u64, usize)> = (0..setup.nodes.len()).map(|node| (counts.total(node), node)).collect();
        order::sort(&mut nodes, |a, b| (b.0, a.1) < (a.0, b.1));
        nodes.truncate(NODES_MAX);
        order::sort(&mut nodes, |a, b| a.1 < b.1);
        let series = nodes.iter().map(|(_, node)| parts.rates(&setup.nodes[*node].name, counts.line(*node))).collect();
        let title = if setup.nodes.len() > NODES_MAX {
            "Messages handled, by the busiest nodes"
        } else {
            "Messages handled, by node"
        };
        Chart { title: title.into(), unit: ChartUnit::Rate, series }
    }
}
