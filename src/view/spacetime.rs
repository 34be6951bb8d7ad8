//! The space-time diagram as a display list: a lane a node, time from left to right, messages from lane to lane
//! (Lamport 1978, figure 1). Pan and zoom are a window of time; what the engine has told may be for another window, and is
//! drawn where it belongs.

use super::display::{Align, Display, Form, Ink, Layer, Style, Text};
use super::labels::Labels;
use super::layout::{Point, Rect, within};
use super::stage::Target;
use super::words;
use crate::base::Micros;
use crate::wire::*;

/// Room for the lanes' names, for the axis, and for the bands of cuts.
pub const GUTTER: f32 = 76.0;
const AXIS: f32 = 20.0;
const BAND: f32 = 15.0;
const BANDS_MAX: usize = 3;
const LANE_MIN: f32 = 25.0;
const SIZE: f32 = 11.5;
/// Up to so many arrows have heads, and up to so many dots words.
const HEADS_MAX: usize = 400;
const WORDS_MAX: usize = 24;
/// The window is never shorter or longer than this, microseconds.
const SPAN_MIN_US: f64 = 50.0;
const SPAN_MAX_US: f64 = 36e8;

/// A stretch of time in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub from: f64,
    pub to: f64,
}

impl Window {
    pub fn span(&self) -> f64 {
        self.to - self.from
    }

    /// Longer or shorter by a factor, with one moment where it is.
    pub fn zoomed(&self, factor: f64, at: f64) -> Window {
        let span = (self.span() * factor).clamp(SPAN_MIN_US, SPAN_MAX_US);
        let left = (at - self.from) / self.span();
        Window { from: at - span * left, to: at + span * (1.0 - left) }.clipped()
    }

    pub fn moved(&self, by: f64) -> Window {
        Window { from: self.from + by, to: self.to + by }.clipped()
    }

    /// The same length, with a moment at four fifths of it.
    pub fn following(&self, at: f64) -> Window {
        self.moved(at - self.from - self.span() * 0.8)
    }

    /// There is nothing before the beginning.
    fn clipped(self) -> Window {
        let by = (-self.from).max(0.0);
        Window { from: self.from + by, to: self.to + by }
    }
}

/// All that a picture depends on.
pub struct Plan<'a> {
    pub opened: &'a Opened,
    pub diagram: &'a Diagram,
    pub window: Window,
    /// The cursor, and the furthest point simulated.
    pub at: Micros,
    pub head: Micros,
    /// The nodes that have a lane, from above.
    pub lanes: &'a [u16],
    pub size: (f32, f32),
    /// Lanes that do not fit are scrolled so far; the axis and the bands of cuts stay.
    pub scrolled: f32,
    pub focus: Option<u64>,
    pub anchor: Option<u64>,
    /// Only these rows are lit, in rising order; empty: what the diagram itself says.
    pub lit: &'a [u64],
}

/// The picture, and which row is where in it.
#[derive(Debug, Default)]
pub struct Picture {
    pub display: Display,
    pub spots: Vec<(u64, Point)>,
}

/// How high a diagram of so many lanes wants to be.
pub fn height(lanes: usize) -> f32 {
    AXIS + BAND + lanes as f32 * LANE_MIN + 8.0
}

impl Plan<'_> {
    fn x(&self, at: Micros) -> f32 {
        let part = (at.0 as f64 - self.window.from) / self.window.span();
        // Far outside is as good as just outside, and has no rounding of its own.
        let room = f64::from(self.size.0 - GUTTER);
        // Not `clamp`, which would bring the writing of floating-point numbers for its panic: 5 kB.
        GUTTER + (part * room).max(-4.0 * room).min(5.0 * room) as f32
    }

    /// The moment at a place.
    pub fn time(&self, x: f32) -> f64 {
        self.window.from + f64::from((x - GUTTER) / (self.size.0 - GUTTER)) * self.window.span()
    }

    fn top(&self) -> f32 {
        let bands = self.diagram.spans.iter().filter(|span| span.kind == SpanKind::Cut).count();
        AXIS + bands.min(BANDS_MAX) as f32 * BAND + 4.0
    }

    /// How high a lane is.
    fn each(&self) -> f32 {
        (self.size.1.max(height(self.lanes.len())) - self.top()) / self.lanes.len().max(1) as f32
    }

    /// The middle of a node's lane, in sight or not; None when it is hidden.
    pub fn middle(&self, node: u16) -> Option<f32> {
        let lane = self.lanes.iter().position(|lane| *lane == node)?;
        Some(self.top() + self.each() * (lane as f32 + 0.5) - self.scrolled)
    }

    /// The same, if it is in sight.
    fn y(&self, node: u16) -> Option<f32> {
        self.middle(node).filter(|y| self.shows(*y))
    }

    /// A lane with its middle there is in sight.
    pub fn shows(&self, y: f32) -> bool {
        y >= self.top() + LANE_MIN * 0.3 && y <= self.size.1 + LANE_MIN * 0.5
    }

    /// How a row stands to what is lit.
    fn side(&self, row: u64, side: Side) -> Side {
        match self.lit {
            [] => side,
            lit if lit.binary_search(&row).is_ok() => Side::Past,
            _ => Side::Concurrent,
        }
    }

    fn in_sight(&self, x: f32) -> bool {
        x >= GUTTER - 1.0 && x <= self.size.0 + 1.0
    }
}

pub fn draw(plan: &Plan) -> Picture {
    let mut picture = Picture::default();
    // Hidden, as on paper.
    if plan.size.0 <= GUTTER || plan.lanes.is_empty() {
        return picture;
    }
    let mut labels =
        Labels::new(Rect { x: GUTTER, y: plan.top(), w: plan.size.0 - GUTTER, h: plan.size.1 - plan.top() });
    let display = &mut picture.display;
    axis(plan, display);
    lanes(plan, display);
    spans(plan, display);
    ops(plan, display);
    dense(plan, display);
    arrows(plan, display, &mut picture.spots);
    dots(plan, display, &mut picture.spots, &mut labels);
    cursor(plan, display);
    for label in labels.place() {
        label.draw(display);
    }
    picture.display = std::mem::take(&mut picture.display).finish();
    picture
}

/// The row drawn nearest to a point.
pub fn hit(picture: &Picture, p: Point, reach: f32) -> Option<u64> {
    let near = picture.spots.iter().map(|(row, spot)| (*row, spot.distance(p))).filter(|(_, d)| *d <= reach);
    near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row)
}

fn write(display: &mut Display, ink: Ink, bold: bool, align: Align, (x, y): (f32, f32), text: String) {
    let size = (SIZE * 10.0) as u16;
    display.texts.push(Text { layer: Layer::Labels, ink, size, bold, align, x, y, text });
}

/// Round moments, as many as have room for their labels.
fn axis(plan: &Plan, display: &mut Display) {
    let room = f64::from((plan.size.0 - GUTTER) / 96.0).max(1.0);
    let mut step = 1.0;
    let mut factors = [2.0, 2.5, 2.0].into_iter().cycle();
    while plan.window.span() / step > room {
        step *= factors.next().unwrap_or(2.0);
    }
    let mut at = (plan.window.from / step).ceil() * step;
    while at <= plan.window.to {
        let x = plan.x(Micros(at as u64));
        display.line(Style::stroke(Layer::Links, Ink::Hair, 1.0), x, AXIS, x, plan.size.1);
        let text = words::clock(Micros(at as u64), step < 1_000.0);
        // One that would be cut at the right is left out.
        if x + words::width(&text, SIZE, false) < plan.size.0 {
            write(display, Ink::Soft, false, Align::Left, (x + 3.0, AXIS - 6.0), text);
        }
        at += step;
    }
}

fn lanes(plan: &Plan, display: &mut Display) {
    for node in plan.lanes {
        let (Some(y), Some(info)) = (plan.y(*node), plan.opened.nodes.get(usize::from(*node))) else { continue };
        display.line(Style::stroke(Layer::Links, Ink::Line, 1.0), GUTTER, y, plan.size.0, y);
        let cover = Form::Rect { x: 0.0, y: y - 10.0, w: GUTTER, h: 20.0, round: 0.0 };
        display.shape(Style::fill(Layer::Labels, Ink::Panel), cover);
        let name = words::fit(&info.name, SIZE, true, GUTTER - 14.0);
        write(display, if info.client { Ink::Client } else { Ink::Ink }, true, Align::Left, (8.0, y + 4.0), name);
    }
}

/// Faults that last: over the lane of their node, or in a band of their own above all lanes.
fn spans(plan: &Plan, display: &mut Display) {
    let mut bands: Vec<f32> = Vec::new();
    for span in &plan.diagram.spans {
        let (from, to) = (plan.x(span.from).max(GUTTER), plan.x(span.to).min(plan.size.0));
        if to < GUTTER || from > plan.size.0 {
            continue;
        }
        let (y, h, ink) = match (span.kind, span.node) {
            (SpanKind::Cut, _) => {
                let free = bands.iter().position(|end| *end <= from).unwrap_or(bands.len());
                if free >= BANDS_MAX {
                    continue;
                }
                bands.resize(bands.len().max(free + 1), 0.0);
                bands[free] = to;
                (AXIS + free as f32 * BAND, BAND - 2.0, Ink::Bad)
            }
            (kind, Some(node)) => {
                let Some(y) = plan.y(node) else { continue };
                (y - 9.0, 18.0, if kind == SpanKind::Down { Ink::Bad } else { Ink::Candidate })
            }
            _ => continue,
        };
        let area = Form::Rect { x: from, y, w: (to - from).max(1.0), h, round: 3.0 };
        display.shape(Style::fill(Layer::Trails, ink).faint(20), area);
        display
            .shape(Style::stroke(Layer::Trails, ink, 1.0).dashed(if span.kind == SpanKind::Cut { 0 } else { 3 }), area);
        let words = if span.kind == SpanKind::Cut { format!("cut: {}", span.words) } else { span.words.clone() };
        if words::width(&words, SIZE, false) + 8.0 < to - from {
            let y = y + h / 2.0 + 4.0;
            write(display, ink, false, Align::Left, (from + 5.0, y), words);
        }
    }
}

/// Operations of clients, from asking to answer; the colour says how they ended.
fn ops(plan: &Plan, display: &mut Display) {
    for op in &plan.diagram.ops {
        let Some(y) = plan.y(op.client) else { continue };
        let end = op.ended.unwrap_or(plan.head);
        let (from, to) = (plan.x(op.begun), plan.x(end));
        if to < GUTTER || from > plan.size.0 {
            continue;
        }
        let (from, to) = (from.max(GUTTER), to.min(plan.size.0));
        let ink = match op.outcome {
            Some(Outcome::Ok) => Ink::Good,
            Some(Outcome::Fail) => Ink::Bad,
            Some(Outcome::Unknown) | None => Ink::Candidate,
        };
        let area = Form::Rect { x: from, y: y - 8.0, w: (to - from).max(2.0), h: 16.0, round: 4.0 };
        display.shape(Style::fill(Layer::Nodes, Ink::Panel), area);
        display.shape(Style::fill(Layer::Nodes, ink).faint(18), area);
        let outline = Style::stroke(Layer::Nodes, ink, 1.0);
        display.shape(if op.ended.is_none() { outline.dashed(3) } else { outline }, area);
        let text = if op.answer.is_empty() { op.text.clone() } else { format!("{} → {}", op.text, op.answer) };
        if words::width(&text, SIZE, false) + 10.0 < to - from {
            write(display, Ink::Ink, false, Align::Left, (from + 5.0, y + 4.0), text);
        }
    }
}

/// Counts of events as bars on their lanes; their height grows with the logarithm.
fn dense(plan: &Plan, display: &mut Display) {
    let d = plan.diagram;
    let slice = d.to.since(d.from).0 as f64 / f64::from(DENSE_SLICES);
    let half = plan.each() * 0.4;
    for bar in &d.dense {
        let Some(y) = plan.y(bar.node) else { continue };
        let at = |slices: f64| plan.x(Micros((d.from.0 as f64 + slice * slices) as u64));
        let (from, to) = (at(f64::from(bar.slice)), at(f64::from(bar.slice) + 1.0));
        if to < GUTTER || from > plan.size.0 {
            continue;
        }
        let grown = |count: u32| half * within((32 - count.leading_zeros()) as f32 / 14.0, 0.0, 1.0);
        let mut bar_of = |count: u32, ink: Ink, alpha: u8| {
            let h = grown(count);
            if count > 0 {
                let area = Form::Rect {
                    x: from.max(GUTTER),
                    y: y - h,
                    w: (to - from).max(1.0) * 0.86,
                    h: 2.0 * h,
                    round: 0.0,
                };
                display.shape(Style::fill(Layer::Nodes, ink).faint(alpha), area);
            }
        };
        bar_of(bar.events, Ink::Server, 55);
        bar_of(bar.lost, Ink::Bad, 85);
    }
}

/// How strongly something is drawn that stands so to what is in focus, of 100.
fn strength(side: Side) -> u8 {
    match side {
        Side::Plain => 75,
        Side::Past | Side::Future => 100,
        Side::Concurrent => 22,
    }
}

fn arrows(plan: &Plan, display: &mut Display, spots: &mut Vec<(u64, Point)>) {
    let heads = plan.diagram.arrows.len() <= HEADS_MAX;
    for arrow in &plan.diagram.arrows {
        let (Some(y1), Some(y2)) = (plan.middle(arrow.from), plan.middle(arrow.to)) else { continue };
        let tone = plan.opened.kinds.get(usize::from(arrow.kind)).map_or(Tone::Neutral, |kind| kind.tone);
        let lost = matches!(arrow.fate, Fate::Lost(_));
        let (start, end) = (Point { x: plan.x(arrow.sent), y: y1 }, Point { x: plan.x(arrow.end), y: y2 });
        // One that was lost where it set out breaks on its way; it would have taken some time.
        let end = if lost && end.x - start.x < 6.0 { Point { x: start.x + 6.0, y: y1 + (y2 - y1) * 0.3 } } else { end };
        if end.x < GUTTER || start.x > plan.size.0 {
            continue;
        }
        let goal = end;
        let (start, end) = clip((start, end), (GUTTER, plan.size.0), |p| p.x);
        if start.y.max(end.y) < plan.top() || start.y.min(end.y) > plan.size.1 {
            continue;
        }
        let (start, end) = clip((start, end), (plan.top(), plan.size.1), |p| p.y);
        let ink = if lost { Ink::Bad } else { Ink::of(tone) };
        let side = plan.side(arrow.row, arrow.side);
        let routine = if tone == Tone::Routine && side == Side::Plain { 2 } else { 1 };
        let line =
            Style::stroke(Layer::Messages, ink, if side == Side::Past || side == Side::Future { 1.9 } else { 1.0 });
        let line = line.faint(strength(side) / routine);
        let line = if arrow.copy || arrow.fate == Fate::Flying { line.dashed(4) } else { line };
        display.line(line, start.x, start.y, end.x, end.y);
        if lost && end == goal {
            display.cross(Style::stroke(Layer::Messages, Ink::Bad, 1.8).faint(strength(side)), end.x, end.y, 3.5);
        } else if heads && arrow.fate == Fate::Arrived && end == goal {
            let (dx, dy) = start.direction(end);
            let (x, y) = (end.x - dx * 5.0, end.y - dy * 5.0);
            let head = Form::Polygon { x, y, r: 4.5, sides: 3, dx, dy };
            display.shape(Style::fill(Layer::Messages, ink).faint(strength(side)), head);
        }
        spots.push((arrow.row, start.to(end, 0.5)));
    }
}

/// The part of a line between two values of a coordinate.
fn clip((a, b): (Point, Point), (low, high): (f32, f32), of: fn(Point) -> f32) -> (Point, Point) {
    let (from, to) = (of(a), of(b));
    // A line along the edge has no part to take.
    let at = |edge: f32| if from == to { a } else { a.to(b, within((edge - from) / (to - from), 0.0, 1.0)) };
    let inside = |p: Point, value: f32| {
        if value < low {
            at(low)
        } else if value > high {
            at(high)
        } else {
            p
        }
    };
    (inside(a, from), inside(b, to))
}

fn dots(plan: &Plan, display: &mut Display, spots: &mut Vec<(u64, Point)>, labels: &mut Labels) {
    let mut worded = 0;
    for dot in &plan.diagram.dots {
        let (Some(y), x) = (plan.y(dot.node), plan.x(dot.at)) else { continue };
        if !plan.in_sight(x) {
            continue;
        }
        let alpha = strength(plan.side(dot.row, dot.side)).max(30);
        let fill = |ink: Ink| Style::fill(Layer::Marks, ink).faint(alpha);
        match dot.kind {
            RowKind::Command => {
                let form = Form::Polygon { x, y, r: 5.0, sides: 3, dx: 0.0, dy: 1.0 };
                display.shape(fill(Ink::Bad), form);
            }
            RowKind::Violation | RowKind::Crash => {
                display.cross(Style::stroke(Layer::Marks, Ink::Bad, 2.4).faint(alpha), x, y, 5.0);
            }
            RowKind::Note => {
                display.shape(fill(Ink::Leader), Form::Polygon { x, y, r: 5.0, sides: 4, dx: 0.0, dy: 1.0 })
            }
            RowKind::TimerFired => {
                display.circle(Style::stroke(Layer::Marks, Ink::Soft, 1.4).filled(Ink::Panel).faint(alpha), x, y, 3.2)
            }
            RowKind::Synced => display.circle(fill(Ink::Soft), x, y, 1.8),
            _ => display.circle(fill(Ink::Ink), x, y, 2.6),
        }
        for (row, ink) in [(plan.focus, Ink::Accent), (plan.anchor, Ink::Leader)] {
            if row == Some(dot.row) {
                display.circle(Style::stroke(Layer::Labels, ink, 2.2), x, y, 7.0);
            }
        }
        if !dot.words.is_empty() && worded < WORDS_MAX {
            worded += 1;
            let bad = dot.kind == RowKind::Violation;
            labels.want(
                dot.words.clone(),
                bad,
                Target::Node(dot.node),
                if bad { 90 } else { 50 },
                &[Point { x, y }],
                8.0,
            );
        }
        spots.push((dot.row, Point { x, y }));
    }
}

/// Where the bench is; what comes later is paler.
fn cursor(plan: &Plan, display: &mut Display) {
    let x = plan.x(plan.at);
    if x < plan.size.0 {
        let from = x.max(GUTTER);
        let later = Form::Rect { x: from, y: AXIS, w: plan.size.0 - from, h: plan.size.1 - AXIS, round: 0.0 };
        display.shape(Style::fill(Layer::Messages, Ink::Bg).faint(45), later);
    }
    if plan.in_sight(x) {
        display.line(Style::stroke(Layer::Labels, Ink::Accent, 1.6), x, AXIS - 4.0, x, plan.size.1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::opened;
    use super::*;

    fn arrow(row: u64, from: u16, to: u16, sent: u64, end: u64) -> Arrow {
        let (sent, end) = (Micros(sent), Micros(end));
        Arrow { row, from, to, sent, end, kind: 1, epoch: 0, copy: false, fate: Fate::Arrived, side: Side::Plain }
    }

    /// A diagram of 40 lanes in a room for a few, from 1 ms to 2 ms.
    fn drawn(arrows: Vec<Arrow>, scrolled: f32) -> (Picture, (f32, f32), f32) {
        let (opened, lanes) = (opened(40, 0), (0..40).collect::<Vec<u16>>());
        let diagram = Diagram { arrows, ..Diagram::default() };
        let plan = Plan {
            opened: &opened,
            diagram: &diagram,
            window: Window { from: 1_000.0, to: 2_000.0 },
            at: Micros(2_000),
            head: Micros(2_000),
            lanes: &lanes,
            size: (600.0, 200.0),
            scrolled,
            focus: None,
            anchor: None,
            lit: &[],
        };
        (draw(&plan), plan.size, plan.top())
    }

    fn named(picture: &Picture) -> Vec<&str> {
        let texts = picture.display.texts.iter().map(|text| text.text.as_str());
        texts.filter(|text| text.starts_with('n')).collect()
    }

    #[test]
    fn only_lanes_in_sight_are_drawn_wherever_they_are_scrolled_to() {
        let (picture, ..) = drawn(Vec::new(), 0.0);
        let first = named(&picture);
        assert!(first.contains(&"n1") && first.len() < 10, "{first:?}");
        let (picture, ..) = drawn(Vec::new(), 20.0 * LANE_MIN);
        let later = named(&picture);
        assert!(later.contains(&"n22") && !later.contains(&"n1") && later.len() < 10, "{later:?}");
    }

    #[test]
    fn arrows_stay_below_the_axis_and_in_the_window() {
        // From a lane above to one in sight, through all that is in sight, above only, below only; and one that comes
        // into the height of the lanes in sight only before the window begins.
        let arrows = vec![
            arrow(1, 0, 22, 1_200, 1_600),
            arrow(2, 0, 39, 1_200, 1_600),
            arrow(3, 1, 2, 1_200, 1_600),
            arrow(4, 38, 39, 1_200, 1_600),
            arrow(5, 22, 0, 0, 1_100),
        ];
        let (picture, (width, height), top) = drawn(arrows, 20.0 * LANE_MIN);
        let rows: Vec<u64> = picture.spots.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [1, 2]);
        let of_messages = picture.display.shapes.iter().filter(|shape| shape.style.layer == Layer::Messages);
        let mut lines = 0;
        for shape in of_messages {
            if let Form::Line { x1, y1, x2, y2 } = shape.form {
                lines += 1;
                assert!([x1, x2].iter().all(|x| *x >= GUTTER && *x <= width), "{shape:?}");
                assert!([y1, y2].iter().all(|y| *y >= top - 0.01 && *y <= height + 0.01), "{shape:?}");
            }
        }
        assert_eq!(lines, 2);
    }
}
