//! A run of any length in bounded memory: its trace is cut into blocks, of which the last few are held. What the blocks
//! before hold is counted when they are let go; to look at their rows again, a window of a few of them is made anew, by
//! replay from the nearest keyframe. At most two such stretches are held, that of the head and that of one window: what
//! else grows with a run is what [`super::kept`] keeps, some tens of bytes for each operation and mark.

use super::node::{Incoming, Message, Timer};
use super::timeline::{Point, Timeline};
use super::trace::{Rec, Trace};
use super::world::{Item, World};
use crate::base::{Micros, order};
use crate::wire::RowKind;
use std::collections::VecDeque;
use std::ops::Range;

/// Rows of a block: with at most [`HELD`] and one that is being filled, twice, some 400,000 rows of 40 bytes and their
/// contents.
pub const BLOCK_ROWS: u32 = 1 << 15;
/// Blocks that are held behind the one that is being filled; and the least that a window holds.
pub const HELD: usize = 4;

/// A stretch of rows, from its first one to the next block's.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub first: u32,
    /// Of its first row or earlier, but not before the rows of the block before.
    pub at: u64,
    step: u32,
    /// Where the messages that are on their way when it begins set out, in order.
    flying: Vec<u32>,
    /// What happened in it, if it was let go.
    pub counted: Option<Counted>,
}

/// What the rows of a block were.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Messages sent, by kind.
    pub sent: Vec<u32>,
    pub lost: u32,
    /// The most messages that were on their way.
    pub flights: u32,
    pub nodes: Vec<AtNode>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AtNode {
    pub events: u32,
    pub lost: u32,
    pub delivered: u32,
}

/// Follows messages through rows, in their order.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    first: u32,
    /// One bit for each row: the message that set out there has come to its end; and those on their way from before.
    ended: Vec<u64>,
    flying: Vec<u32>,
    /// How many are on their way.
    pub count: u32,
}

/// The blocks of a timeline.
pub(super) struct Blocks {
    size: u32,
    list: Vec<Block>,
    /// Where the next one begins at the earliest.
    next: u32,
    /// The trace that is not looked at: of the head and the window, one is.
    other: Option<Trace>,
    away: bool,
}

impl Flow {
    /// Takes the next row. A message comes to its end once, though from a queue it may be handled or lost later once more.
    pub fn follow(&mut self, trace: &Trace, rec: &Rec) {
        if Trace::sets_out(rec) {
            self.count += 1;
        } else if matches!(rec.kind, RowKind::Deliver | RowKind::Queued | RowKind::Lost)
            && let Some(start) = trace.begun(rec)
            && self.ends(start)
        {
            self.count = self.count.saturating_sub(1);
        }
    }

    fn ends(&mut self, start: u32) -> bool {
        let Some(place) = start.checked_sub(self.first) else {
            let found = self.flying.binary_search(&start);
            return found.map(|place| self.flying.remove(place)).is_ok();
        };
        let (word, bit) = (place as usize / 64, 1 << (place % 64));
        if self.ended.len() <= word {
            self.ended.resize(word + 1, 0);
        }
        let first = self.ended[word] & bit == 0;
        self.ended[word] |= bit;
        first
    }
}

impl Block {
    pub fn flow(&self) -> Flow {
        let flying = self.flying.clone();
        Flow { first: self.first, ended: Vec::new(), count: flying.len() as u32, flying }
    }
}

impl Blocks {
    /// None: all rows are held.
    pub fn new(size: Option<u32>) -> Blocks {
        let next = if size.is_some() { 0 } else { u32::MAX };
        Blocks { size: size.unwrap_or(u32::MAX), list: Vec::new(), next, other: None, away: false }
    }
}

impl Timeline {
    /// The blocks so far; none when all rows are held.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks.list
    }

    /// Whether it is a window of the past that is held.
    pub fn is_away(&self) -> bool {
        self.blocks.away
    }

    /// The trace of the head is looked at, and goes on.
    pub fn hold_head(&mut self) {
        if self.blocks.away {
            self.switch();
        }
    }

    fn switch(&mut self) {
        if let Some(mut other) = self.blocks.other.take() {
            std::mem::swap(&mut other.kept, &mut self.trace.kept);
            self.blocks.other = Some(std::mem::replace(&mut self.trace, other));
            self.blocks.away = !self.blocks.away;
        }
    }

    /// Has the head's rows recorded: in a new block, if one is due.
    pub(super) fn go_on(&mut self) {
        self.hold_head();
        if self.head.world.rows < self.blocks.next {
            return;
        }
        let world = &self.head.world;
        let timers = world.shells.iter().flat_map(|shell| shell.timers.iter().chain(timers_in(&shell.inbox)));
        let messages = waiting(world).chain(flying(world)).map(|message| message.row);
        for row in messages.chain(timers.map(|timer| timer.row)) {
            self.trace.keep(row);
        }
        let block = match self.blocks.list.is_empty() {
            // The first starts are in it too.
            true => Block::default(),
            false => {
                let start = |message: &Message| match Trace::sets_out(self.trace.get(message.row)) {
                    true => Some(message.row),
                    false => self.trace.begun(self.trace.get(message.row)),
                };
                let mut flying: Vec<u32> = flying(world).filter_map(start).collect();
                order::sort(&mut flying, |a, b| a < b);
                Block { first: world.rows, at: world.now, step: world.step, flying, counted: None }
            }
        };
        self.blocks.list.push(block);
        self.blocks.next = world.rows + self.blocks.size;
        let count = self.blocks.list.len();
        // After a fork fewer may be held.
        let over = count.checked_sub(HELD + 2).filter(|over| self.blocks.list[*over].counted.is_none());
        if let Some(over) = over {
            let end = self.blocks.list[over + 1].first;
            self.blocks.list[over].counted = Some(self.count(over));
            self.trace.let_go(end);
        }
    }

    /// What is held of a block is counted.
    fn count(&self, block: usize) -> Counted {
        let (block, end) = (&self.blocks.list[block], self.blocks.list[block + 1].first);
        let world = &self.head.world;
        let mut counted = Counted {
            sent: vec![0; world.describe.messages.len()],
            nodes: vec![AtNode::default(); world.shells.len()],
            ..Counted::default()
        };
        let mut flow = block.flow();
        counted.flights = flow.count;
        for rec in self.trace.between(block.first, end) {
            let node = &mut counted.nodes[usize::from(rec.node)];
            node.events += u32::from(rec.is_event());
            node.delivered += u32::from(rec.kind == RowKind::Deliver);
            if rec.kind == RowKind::Lost {
                (node.lost, counted.lost) = (node.lost + 1, counted.lost + 1);
            }
            if rec.kind == RowKind::Send
                && let Some((kind, _)) = world.machine.label(self.trace.payload(rec))
                && let Some(count) = counted.sent.get_mut(usize::from(kind))
            {
                *count += 1;
            }
            flow.follow(&self.trace, rec);
            counted.flights = counted.flights.max(flow.count);
        }
        counted
    }

    /// Holds the rows around one.
    pub fn hold_row(&mut self, row: u32) {
        self.hold(&|block| block.first <= row);
    }

    /// Holds the rows of a step and around it.
    pub fn hold_step(&mut self, step: u32) {
        self.hold(&|block| block.step < step);
    }

    /// Holds the rows that lead to what is shown.
    pub fn hold_cursor(&mut self) {
        self.hold_row(self.world().rows.saturating_sub(1));
    }

    fn hold(&mut self, before: &dyn Fn(&Block) -> bool) {
        let place = self.blocks.list.partition_point(before).saturating_sub(1);
        // With the ones around it: a page of rows may begin at its end.
        self.hold_blocks(place.saturating_sub(1)..(place + 2).min(self.blocks.list.len()).max(1));
    }

    /// Holds the rows of a stretch; false when they are too many: those of the head are held then.
    pub fn hold_between(&mut self, from: Micros, to: Micros) -> bool {
        let before = |at: u64| self.blocks.list.partition_point(|block| block.at < at);
        // With the ones around it: for what led to its first rows, and what became of its last.
        let end = (before(to.0.saturating_add(1)) + 1).min(self.blocks.list.len());
        let blocks = before(from.0).saturating_sub(2)..end.max(1);
        let fits = blocks.len() <= HELD + 2;
        if fits {
            self.hold_blocks(blocks);
        } else {
            self.hold_head();
        }
        fits
    }

    fn end_of(&self, block: usize) -> u32 {
        self.blocks.list.get(block + 1).map_or(self.head.world.rows, |next| next.first)
    }

    /// Holds some blocks, of which there are no more than a window has.
    fn hold_blocks(&mut self, blocks: Range<usize>) {
        let gone = self.blocks.list.partition_point(|block| block.counted.is_some());
        if blocks.start >= gone {
            return self.hold_head();
        }
        let (first, end) = (self.blocks.list[blocks.start].first, self.end_of(blocks.end - 1));
        let covers = |trace: &Trace| trace.first() <= first && end as usize <= trace.len();
        if self.blocks.away && covers(&self.trace) {
            return;
        }
        self.hold_head();
        if self.blocks.other.as_ref().is_some_and(covers) {
            return self.switch();
        }
        let last = (blocks.start + HELD).max(blocks.end - 1).min(self.blocks.list.len() - 1);
        let window = self.made_again(self.blocks.list[blocks.start].first, self.end_of(last));
        self.blocks.other = Some(window);
        self.switch();
    }

    /// The rows from `first` to `end` once more. What is kept goes along, and comes back with [`Self::switch`].
    fn made_again(&mut self, first: u32, end: u32) -> Trace {
        let place = self.keyframes.partition_point(|keyframe| keyframe.point.world.rows <= first);
        let mut point;
        let mut trace;
        match place.checked_sub(1) {
            Some(place) => {
                point = self.keyframes[place].point.clone();
                trace = Trace::since(first, point.world.rows);
                std::mem::swap(&mut trace.kept, &mut self.trace.kept);
            }
            // The first starts come before the first keyframe.
            None => {
                let world = self.blueprint.world(self.head.world.watch);
                point = Point { world, done: 0 };
                trace = Trace::since(first, 0);
                std::mem::swap(&mut trace.kept, &mut self.trace.kept);
                point.world.boot(&mut Some(&mut trace));
            }
        }
        while point.world.rows < end && point.step(&self.log, u64::MAX, &mut Some(&mut trace), &mut |_, _| {}) {}
        std::mem::swap(&mut trace.kept, &mut self.trace.kept);
        trace
    }

    /// The run goes on from the head as it is now: what was recorded later is forgotten.
    pub(super) fn record_from_head(&mut self) {
        self.hold_head();
        self.blocks.other = None;
        let rows = self.head.world.rows;
        let (list, size) = (&mut self.blocks.list, self.blocks.size);
        list.truncate(list.partition_point(|block| block.first <= rows));
        if let Some(last) = list.last() {
            self.blocks.next = last.first + size;
        }
        let back = self.trace.first() > rows;
        self.trace.truncate(rows);
        if back {
            let gone = self.blocks.list.len().saturating_sub(HELD + 1);
            for block in &mut self.blocks.list[gone..] {
                block.counted = None;
            }
            let mut trace = self.made_again(self.blocks.list[gone].first, rows);
            std::mem::swap(&mut trace.kept, &mut self.trace.kept);
            self.trace = trace;
        }
    }
}

/// Messages that have come to a node and are not handled yet.
fn waiting(world: &World) -> impl Iterator<Item = &Message> {
    world.shells.iter().flat_map(|shell| &shell.inbox).filter_map(|incoming| match incoming {
        Incoming::Message(message) => Some(message),
        _ => None,
    })
}

/// Timers that went off and are not handled yet.
fn timers_in(inbox: &VecDeque<Incoming>) -> impl Iterator<Item = &Timer> {
    inbox.iter().filter_map(|incoming| match incoming {
        Incoming::Timer(timer) => Some(timer),
        _ => None,
    })
}

/// Messages on their way.
fn flying(world: &World) -> impl Iterator<Item = &Message> {
    let due = world.queue.iter().filter_map(|(_, item)| match item {
        Item::Arrive(message) => Some(message),
        _ => None,
    });
    due.chain(&world.clogged)
}
