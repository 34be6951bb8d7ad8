//! The space-time diagram: a lane a node, time along it, messages from lane to lane.

use super::frame::OpCard;
use super::rows::{RowFilter, RowKind};
use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// What of a run is to be drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiagramAsk {
    pub from: Micros,
    pub to: Micros,
    /// So many things at most are drawn one by one; where there are more, they are counted.
    pub room: u32,
    pub filter: RowFilter,
    /// The row whose causal past and future are wanted.
    pub focus: Option<u64>,
    /// A second row, to be compared with the first.
    pub anchor: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagram {
    pub from: Micros,
    pub to: Micros,
    pub dots: Vec<Dot>,
    pub arrows: Vec<Arrow>,
    pub spans: Vec<Span>,
    pub ops: Vec<OpCard>,
    /// Instead of dots and arrows, where there are too many of them.
    pub dense: Vec<Dense>,
    /// The filter would have taken too long on so many rows: all are shown.
    pub unfiltered: bool,
    pub about: Option<About>,
}

/// Where something stands to the row in focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Nothing is in focus.
    #[default]
    Plain,
    Past,
    Future,
    Concurrent,
}

/// An event at a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dot {
    pub row: u64,
    pub at: Micros,
    pub node: u16,
    pub kind: RowKind,
    pub side: Side,
    /// What stands out, in words; else empty.
    pub words: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fate {
    Arrived,
    /// On its way; [`Arrow::end`] is when it will arrive, or the furthest point simulated where that is open.
    Flying,
    /// By this rule.
    Lost(String),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrow {
    /// The row of its sending, or of its doubling.
    pub row: u64,
    pub from: u16,
    pub to: u16,
    pub sent: Micros,
    pub end: Micros,
    /// Index into the kinds of messages.
    pub kind: u8,
    pub epoch: u64,
    pub copy: bool,
    pub fate: Fate,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanKind {
    Down,
    Paused,
    Cut,
}

/// A fault that lasts: at one node, or between nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub kind: SpanKind,
    pub node: Option<u16>,
    pub from: Micros,
    /// The furthest point simulated where it has not ended.
    pub to: Micros,
    pub words: String,
}

/// Events at a node within one of [`DENSE_SLICES`] equal slices of the time asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dense {
    pub node: u16,
    pub slice: u16,
    pub events: u32,
    pub lost: u32,
}

pub const DENSE_SLICES: u16 = 240;

/// The row in focus, and where one can go from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub row: u64,
    pub at: Micros,
    pub node: u16,
    pub sentence: String,
    /// The events before and after it at the same node.
    pub previous: Option<u64>,
    pub next: Option<u64>,
    /// The event at another node that led to it, and the first at another node that it led to.
    pub cause: Option<u64>,
    pub effect: Option<u64>,
    /// How it stands to the anchor, and why.
    pub relation: String,
}
