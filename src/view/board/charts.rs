//! What a run measured, over its time: lines with their scale, faults shaded, bounds of requirements dashed, the run before
//! as a ghost. Drawn as it is computed here.

use super::desk::{Desk, Tab};
use super::layout::tenths;
use super::picture;
use super::score::{Unit, grouped};
use super::seen::{Seen, percent};
use crate::base::decimal;
use crate::view::words;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Time,
    Share,
    Count,
}

impl Of {
    pub fn says(self, value: f64) -> String {
        match self {
            Of::Time => words::length(value as u64),
            Of::Share => percent(value),
            Of::Count if value >= 9.95 || value == 0.0 => grouped((value + 0.5) as i64),
            Of::Count => decimal::fixed(value, 1),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    /// One of the page's colours, by number.
    pub colour: usize,
    pub values: Vec<Option<f64>>,
    /// Of the run before.
    pub ghost: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub title: &'static str,
    pub of: Of,
    pub series: Vec<Series>,
    pub bounds: Vec<(f64, String)>,
}

/// A text at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub x: f32,
    pub y: f32,
    pub text: String,
    /// "end" or "start".
    pub anchor: &'static str,
    pub class: String,
}

/// All that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    pub width: f32,
    pub height: f32,
    /// Room of the lines: left, top, right, bottom.
    pub room: [f32; 4],
    pub grid: String,
    pub bounds: String,
    /// Class and path.
    pub lines: Vec<(String, String)>,
    /// From, width, words.
    pub shades: Vec<(f32, f32, String)>,
    pub labels: Vec<Label>,
    /// The part that is looked at: from, width.
    pub part: Option<(f32, f32)>,
}

/// The chart of a tab; none where the tab has no chart, or nothing was run.
pub fn chart(desk: &Desk) -> Option<Chart> {
    let seen = desk.seen.as_deref()?;
    let ghost = desk.before.as_deref();
    let (title, of): (_, Of) = match desk.tab {
        Tab::Latency => ("Latency of what was answered", Of::Time),
        Tab::Use => ("Share of slots that is taken", Of::Share),
        Tab::Queues => ("Requests that wait", Of::Count),
        Tab::Hits => ("Share of reads that a cache answers", Of::Share),
        Tab::Errors => ("Requests that were not answered", Of::Share),
        _ => return None,
    };
    let mut series = lines(seen, desk.tab, false);
    if let Some(before) = ghost {
        let ghosts = lines(before, desk.tab, true);
        series.extend(ghosts.into_iter().filter(|ghost| ghost.name != "p50"));
    }
    Some(Chart { title, of, bounds: bounds(desk), series })
}

fn lines(seen: &Seen, tab: Tab, ghost: bool) -> Vec<Series> {
    let mut all = Vec::new();
    let mut add = |name: String, colour: usize, values: Vec<Option<f64>>| {
        if values.iter().any(Option::is_some) {
            all.push(Series { name, colour, values, ghost });
        }
    };
    if matches!(tab, Tab::Latency | Tab::Errors) {
        let many = seen.classes.len() > 1;
        for (i, class) in seen.classes.iter().enumerate() {
            let name = |what: &str| if many { format!("{what} {}", class.name) } else { what.to_owned() };
            if tab == Tab::Errors {
                let share = |o: &[u64; 4]| (o[0] > 0).then(|| (o[0] - o[1]) as f64 / o[0] as f64);
                add(name("lost"), i, class.over.iter().map(share).collect());
                continue;
            }
            let at = |n: usize| class.over.iter().map(move |o| (o[1] > 0).then_some(o[n] as f64));
            add(name("p99"), i * 2, at(3).collect());
            if !ghost {
                add(name("p50"), i * 2 + 1, at(2).collect());
            }
        }
        return all;
    }
    for (i, component) in seen.components.iter().enumerate() {
        let value = |part: &super::seen::Part| match tab {
            Tab::Use => component.used.map(|_| part.used),
            Tab::Queues => component.used.map(|_| part.waiting),
            _ => part.hits,
        };
        add(component.name.clone(), i, component.over.iter().map(value).collect());
    }
    all
}

/// Bounds of requirements that the chart's values can be held to by eye.
fn bounds(desk: &Desk) -> Vec<(f64, String)> {
    let Some(opened) = &desk.opened else { return Vec::new() };
    let measures: &[&str] = match desk.tab {
        Tab::Latency => &["p50", "p90", "p95", "p99"],
        Tab::Use => &["use"],
        Tab::Hits => &["hits"],
        _ => &[],
    };
    let of = |r: &&super::score::Requirement| measures.iter().any(|m| r.text.starts_with(&format!("{m}(")));
    let value = |r: &super::score::Requirement| match r.unit {
        Unit::Share => r.bound as f64 / 1e6,
        _ => r.bound as f64,
    };
    let name = |r: &super::score::Requirement| {
        let what = r.text.split(['<', '>']).next().unwrap_or("").trim();
        format!("{what} {} {}", if r.most { "≤" } else { "≥" }, r.unit.says(r.bound))
    };
    opened.requirements.iter().filter(of).map(|r| (value(r), name(r))).collect()
}

/// The values' scale: times by the logarithm, the rest from nothing on.
struct Scale {
    low: f64,
    high: f64,
    log: bool,
    top: f32,
    bottom: f32,
}

impl Scale {
    fn new(chart: &Chart, top: f32, bottom: f32) -> Scale {
        let values = chart.series.iter().flat_map(|series| series.values.iter().flatten());
        let all = values.copied().chain(chart.bounds.iter().map(|(bound, _)| *bound));
        let (mut low, mut high) = (f64::MAX, 0.0_f64);
        for value in all {
            (low, high) = (low.min(value), high.max(value));
        }
        let log = chart.of == Of::Time;
        if log {
            (low, high) = (low.clamp(1.0, 1e12) / 1.3, high.max(10.0) * 1.25);
        } else {
            let least = if chart.of == Of::Share { 0.01 } else { 1.0 };
            (low, high) = (0.0, rounded(high.max(least)));
            if chart.of == Of::Share && high > 0.5 {
                high = 1.0;
            }
        }
        Scale { low, high, log, top, bottom }
    }

    fn y(&self, value: f64) -> f32 {
        let share = if self.log {
            libm::log2(value.max(self.low) / self.low) / libm::log2(self.high / self.low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.bottom - (self.bottom - self.top) * share.clamp(0.0, 1.0) as f32
    }

    fn ticks(&self) -> Vec<f64> {
        if !self.log {
            return (0..=4).map(|i| self.high * f64::from(i) / 4.0).collect();
        }
        let mut ticks = Vec::new();
        let mut ten = 1.0;
        while ten <= self.high {
            let step: &[f64] = if self.high / self.low > 300.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
            ticks.extend(step.iter().map(|n| n * ten).filter(|t| (self.low..=self.high).contains(t)));
            ten *= 10.0;
        }
        ticks
    }
}

/// 1, 2, 4 or 8 times a power of ten, so that a quarter of it is a plain number too.
fn rounded(most: f64) -> f64 {
    let mut ten = 1e-4;
    while ten * 10.0 <= most {
        ten *= 10.0;
    }
    [1.0, 2.0, 4.0, 8.0, 10.0].into_iter().map(|n| n * ten).find(|n| *n >= most).unwrap_or(most)
}

/// The chart as it is drawn, for a wide place or a narrow one.
pub fn drawn(desk: &Desk, chart: &Chart, narrow: bool) -> Drawn {
    let Some(seen) = desk.seen.as_deref() else { return Drawn::default() };
    let (width, height) = if narrow { (358.0, 190.0) } else { (760.0, 196.0) };
    let room = [56.0, 12.0, width - if narrow { 64.0 } else { 110.0 }, height - 22.0];
    let [left, top, right, bottom] = room;
    let scale = Scale::new(chart, top, bottom);
    let parts = seen.parts().max(1);
    let x = |part: f32| left + (right - left) * part / parts as f32;
    let at = |us: u64| {
        let share = us.saturating_sub(seen.from) as f32 / (seen.to - seen.from).max(1) as f32;
        left + (right - left) * share.min(1.0)
    };
    let mut drawn = Drawn { width, height, room, ..Drawn::default() };
    let label = |x: f32, y: f32, text: String, anchor, class: &str| Label { x, y, text, anchor, class: class.into() };
    let mut last = f32::MAX;
    for tick in scale.ticks() {
        let y = scale.y(tick);
        drawn.grid += &format!("M{} {}H{}", tenths(left), tenths(y), tenths(right));
        if last - y > 13.0 {
            drawn.labels.push(label(left - 6.0, y + 4.0, chart.of.says(tick), "end", "soft"));
            last = y;
        }
    }
    let whole = (seen.to - seen.from) / 1_000_000;
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].into_iter().find(|step| whole / step <= 6).unwrap_or(5_000);
    let first = seen.from.div_ceil(1_000_000).div_ceil(step) * step;
    for second in (first..=seen.to / 1_000_000).step_by(step as usize) {
        drawn.labels.push(label(at(second * 1_000_000), bottom + 15.0, format!("{second} s"), "middle", "soft"));
    }
    for (from, until, told) in picture::faults(&desk.doc) {
        let (from, to) = (at(from), at(until.unwrap_or(seen.to)));
        drawn.shades.push((from, (to - from).max(2.0), told));
    }
    for (bound, name) in &chart.bounds {
        let y = scale.y(*bound);
        drawn.bounds += &format!("M{} {}H{}", tenths(left), tenths(y), tenths(right));
        drawn.labels.push(label(left + 4.0, y - 3.0, name.clone(), "start", "bound"));
    }
    let mut ends: Vec<(f32, String, String)> = Vec::new();
    for series in &chart.series {
        let mut path = String::new();
        let mut before = false;
        for (i, value) in series.values.iter().enumerate() {
            if let Some(value) = value {
                path += &format!(
                    "{}{} {}",
                    if before { "L" } else { "M" },
                    tenths(x(i as f32 + 0.5)),
                    tenths(scale.y(*value))
                );
            }
            before = value.is_some();
        }
        let class = format!("s{}{}", series.colour % 8, if series.ghost { " ghost" } else { "" });
        if !series.ghost
            && let Some(end) = series.values.iter().rev().flatten().next()
        {
            ends.push((scale.y(*end), series.name.clone(), class.clone()));
        }
        drawn.lines.push((class, path));
    }
    // Names beside the ends of their lines, none over another.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = top;
    for (y, name, class) in ends {
        let y = (y + 4.0).max(free);
        free = y + 13.0;
        if y <= bottom + 8.0 {
            let name = words::fit(&name, 11.0, false, width - right - 8.0);
            drawn.labels.push(label(right + 5.0, y, name, "start", &class));
        }
    }
    drawn.part = desk.part.map(|part| (x(part as f32), (right - left) / parts as f32));
    drawn
}

/// The same as a table: a line for each part of the time, or for each sixth of it.
pub fn table(seen: &Seen, chart: &Chart) -> Vec<Vec<String>> {
    let own: Vec<&Series> = chart.series.iter().filter(|series| !series.ghost).collect();
    let mut rows = vec![[String::from("from")].into_iter().chain(own.iter().map(|s| s.name.clone())).collect()];
    for part in (0..seen.parts()).step_by(3) {
        let value = |series: &&Series| series.values[part].map_or_else(|| "–".into(), |value| chart.of.says(value));
        let from = words::length(seen.begin(part));
        rows.push([from].into_iter().chain(own.iter().map(value)).collect());
    }
    rows
}
