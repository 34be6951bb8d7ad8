//! Measured values over time: what of a run is to be counted, and the counts.

use crate::base::Micros;
use serde::{Deserialize, Serialize};

/// A stretch of the run, cut into equal parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartsAsk {
    /// Microseconds of simulated time; `to` is not part of it.
    pub from: Micros,
    pub to: Micros,
    /// So many parts: 1 to [`PARTS_MAX`].
    pub parts: u32,
}

/// The most parts that a stretch can be cut into.
pub const PARTS_MAX: u32 = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Charts {
    pub of: ChartsAsk,
    pub charts: Vec<Chart>,
    /// The expressions that were asked for, in order.
    pub watched: Vec<Watched>,
}

/// An expression over what nodes show of themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    pub words: String,
    /// Its value at the cursor, or what is wrong with it.
    pub now: Result<String, String>,
}

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChartUnit {
    /// Microseconds.
    Time,
    /// So many in one second of simulated time.
    Rate,
    Count,
    /// Whatever the expression gives.
    Plain,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    pub title: String,
    pub unit: ChartUnit,
    pub series: Vec<Series>,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    /// A value for each part; none where there is nothing to measure, or the run has not come so far.
    pub values: Vec<Option<f64>>,
}
