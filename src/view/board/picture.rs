//! What is drawn of a design: boxes with their use and queue, lines with how much goes along them, and the requests of a
//! run on their way. All of it is a function of the design and of what a run has measured.

use super::camera::{Camera, View};
use super::desk::{Desk, Hold, Selected};
use super::doc::{Doc, Edge};
use super::frames::{self, Frame};
use super::layout::{self, HEIGHT, Line, MARGIN, Place, SHEET, WIDTH};
use super::seen::{Seen, percent};
use crate::base::decimal;
use crate::view::words;

#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub title: String,
    pub kind: &'static str,
    pub sub: String,
    pub at: Place,
    /// Sheets behind the first one: there are several instances.
    pub sheets: u32,
    /// Its use, and that of the run before, from 0 to 1.
    pub used: Option<f64>,
    pub used_before: Option<f64>,
    /// How many wait, in words; empty: none.
    pub queue: String,
    pub down: String,
    pub heat: Heat,
    pub selected: bool,
    pub linking: bool,
    /// What a screen reader says.
    pub told: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heat {
    #[default]
    Unknown,
    Cool,
    Warm,
    Hot,
}

impl Heat {
    fn of(used: Option<f64>) -> Heat {
        match used {
            None => Heat::Unknown,
            Some(used) if used >= 0.85 => Heat::Hot,
            Some(used) if used >= 0.65 => Heat::Warm,
            Some(_) => Heat::Cool,
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            Heat::Unknown => "unknown",
            Heat::Cool => "cool",
            Heat::Warm => "warm",
            Heat::Hot => "hot",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    pub edge: Edge,
    pub line: Line,
    pub selected: bool,
    /// So many calls fail or are made again.
    pub troubled: bool,
    pub told: String,
}

/// A request on a line, moving as it did: fractions of the time of the picture, and where it is on the line then.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub path: String,
    /// As SVG takes them, with ";" between.
    pub times: String,
    pub points: String,
    pub slow: bool,
}

/// A callout at a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Callout {
    pub at: Place,
    pub width: f32,
    pub title: String,
    pub lines: Vec<String>,
    pub easy: bool,
}

impl Callout {
    pub fn height(&self) -> f32 {
        30.0 + 15.0 * self.lines.len() as f32
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Behind all else: where components stand.
    pub frames: Vec<Frame>,
    pub parts: Vec<Part>,
    pub wires: Vec<Wire>,
    pub width: f32,
    pub height: f32,
    /// What is in sight: from where, how wide and high.
    pub view: View,
    pub callout: Option<Callout>,
    /// The line that is being drawn by hand.
    pub new_line: Option<(Place, Place)>,
    /// What is drawn around components to select them: upper left corner, width, height.
    pub lasso: Option<View>,
}

/// The least that the board is drawn for: with few components they are not enlarged beyond reason.
const LEAST: (f32, f32) = (900.0, 400.0);

impl Picture {
    pub fn new(desk: &Desk) -> Picture {
        let (doc, seen) = (&desk.doc, desk.seen.as_deref());
        let mut places = layout::places(doc, desk.tall);
        let all = doc.parts();
        let names: Vec<&str> = all.iter().map(|part| part.name).collect();
        if let Some(Hold::Part { name, to: Some(to), .. }) = &desk.hold
            && let Some(at) = names.iter().position(|own| own == name)
        {
            let by = (to.x - places[at].x, to.y - places[at].y);
            for (place, _) in places.iter_mut().zip(&names).filter(|(_, own)| desk.moves_with(name, own)) {
                *place = Place { x: place.x + by.0, y: place.y + by.1 };
            }
        }
        let edges = doc.edges();
        let lines = layout::lines(&names, &places, &edges, desk.tall);
        let parts: Vec<Part> = all.iter().zip(&places).map(|(part, at)| draw(desk, part, *at)).collect();
        let wires =
            edges.into_iter().zip(lines).filter_map(|(edge, line)| Some(wire(desk, seen, edge, line?))).collect();
        let far = |of: fn(&Place) -> f32, size: f32| places.iter().map(of).fold(0.0, f32::max) + size + MARGIN;
        let (mut width, mut height) = (far(|p| p.x, WIDTH), far(|p| p.y, HEIGHT));
        if desk.tall {
            width = 2.0 * (WIDTH + MARGIN) + 18.0;
        } else {
            (width, height) = (width.max(LEAST.0), height.max(LEAST.1));
        }
        let frames = frames::frames(doc, &places, desk.tall);
        let callout = callout(desk, (&parts, &frames), width);
        if let Some(callout) = &callout {
            height = height.max(callout.at.y + callout.height() + 6.0);
        }
        // It leaves the board as large as it is to a hand that holds something.
        let callout = callout.filter(|_| desk.hold.is_none());
        let new_line = match &desk.hold {
            Some(Hold::Line { from, to }) => {
                names.iter().position(|own| own == from).map(|at| (middle(places[at]), *to))
            }
            _ => None,
        };
        let lasso = if let Some(Hold::Lasso { from, to }) = &desk.hold { Some(between(*from, *to)) } else { None };
        let view = desk.camera.view((width, height));
        Picture { frames, parts, wires, width, height, view, callout, new_line, lasso }
    }

    pub fn size(&self) -> (f32, f32) {
        (self.width, self.height)
    }

    /// The components of which something is within what was drawn around them.
    pub fn within(&self, (from, w, h): View) -> Vec<String> {
        let meets = |part: &&Part| {
            part.at.x < from.x + w
                && part.at.x + WIDTH > from.x
                && part.at.y < from.y + h
                && part.at.y + HEIGHT > from.y
        };
        self.parts.iter().filter(meets).map(|part| part.name.clone()).collect()
    }

    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The component at a place of the board.
    pub fn hit(&self, at: Place) -> Option<&Part> {
        let within = |from: f32, size: f32, at: f32| (from..=from + size).contains(&at);
        self.parts.iter().rev().find(|part| within(part.at.x, WIDTH, at.x) && within(part.at.y, HEIGHT, at.y))
    }

    /// The next component in a direction, from one of them or from none.
    pub fn toward(&self, name: Option<&str>, (dx, dy): (i32, i32)) -> Option<&Part> {
        let Some(from) = name.and_then(|name| self.part(name)) else { return self.parts.first() };
        let (a, dx, dy) = (middle(from.at), dx as f32, dy as f32);
        let far = |part: &&Part| {
            let b = middle(part.at);
            let (along, aside) = ((b.x - a.x) * dx + (b.y - a.y) * dy, ((b.x - a.x) * dy - (b.y - a.y) * dx).abs());
            (along > 1.0).then_some(along + 2.0 * aside)
        };
        let others = self.parts.iter().filter(|part| part.name != from.name && far(part).is_some());
        others.min_by(|a, b| far(a).unwrap_or(f32::MAX).total_cmp(&far(b).unwrap_or(f32::MAX)))
    }

    /// Where a pointer is on the board: its place in the element, whose size is given. The drawing is in the middle, as
    /// large as fits.
    pub fn under(&self, (x, y): (f32, f32), (wide, high): (f32, f32)) -> Place {
        let (from, w, h) = self.view;
        let scale = (wide / w).min(high / h).max(1e-6);
        Place { x: from.x + (x - (wide - w * scale) / 2.0) / scale, y: from.y + (y - (high - h * scale) / 2.0) / scale }
    }
}

pub fn middle(at: Place) -> Place {
    Place { x: at.x + WIDTH / 2.0, y: at.y + HEIGHT / 2.0 }
}

/// What two opposite corners enclose.
pub fn between(a: Place, b: Place) -> View {
    (Place { x: a.x.min(b.x), y: a.y.min(b.y) }, (a.x - b.x).abs(), (a.y - b.y).abs())
}

fn draw(desk: &Desk, part: &super::doc::Part<'_>, at: Place) -> Part {
    let name = part.name.to_owned();
    let selected = desk.is_chosen(&name);
    let of = |seen: &Seen| seen.state(&name, desk.part);
    let state = desk.seen.as_deref().filter(|seen| seen.behind(&name).next().is_some()).map(of);
    let before = desk.before.as_deref().map(of).and_then(|state| state.0);
    let (used, waiting, down) = state.unwrap_or((None, 0.0, 0));
    let queue = match waiting {
        n if n < 0.05 => String::new(),
        n if n < 9.95 => format!("{} wait", decimal::fixed(n, 1)),
        n => format!("{} wait", decimal::fixed(n, 0)),
    };
    let instances = part.instances();
    let down = match down {
        0 => String::new(),
        n if n >= instances => "down".into(),
        n => format!("{n} of {instances} down"),
    };
    let sub = part.summary();
    // First what is written on it, in the same order: who speaks to the page names it by what is seen.
    let written = if down.is_empty() { &sub } else { &down };
    let mut told = format!("{name}, {written}");
    if !queue.is_empty() {
        told += &format!(", {queue}");
    }
    if let Some(used) = used {
        told += &format!(", {} used", percent(used));
    }
    told += &format!(", {}", part.kind.title);
    if !down.is_empty() {
        told += &format!(", {sub}");
    }
    if let Some((region, zone)) = frames::standing(part) {
        told += &format!(", in {}", zone.unwrap_or(region));
    }
    let calls: Vec<String> =
        desk.doc.edges().into_iter().filter(|edge| edge.from == name).map(|edge| edge.to).collect();
    if !calls.is_empty() {
        told += &format!(", calls {}", calls.join(" and "));
    }
    Part {
        title: words::fit(&name, 14.0, true, WIDTH - 24.0),
        kind: part.kind.title,
        sub: words::fit(&sub, 11.5, false, WIDTH - 24.0),
        at,
        sheets: (instances.min(3) as u32).saturating_sub(1),
        used,
        used_before: before,
        queue,
        down,
        heat: Heat::of(used),
        selected,
        linking: desk.linking.as_deref() == Some(&name),
        told,
        name,
    }
}

fn wire(desk: &Desk, seen: Option<&Seen>, edge: Edge, line: Line) -> Wire {
    let selected = desk.selected == Selected::Edge(edge.from.clone(), edge.to.clone());
    let (mut attempts, mut bad) = (0, 0);
    for measured in seen.iter().flat_map(|seen| &seen.edges).filter(|own| own.from == edge.from && own.to == edge.to) {
        attempts += measured.attempts;
        bad += measured.retries + measured.timed_out + measured.refused;
    }
    let troubled = attempts > 0 && bad * 50 > attempts;
    let mut told = format!("{} calls {}", edge.from, edge.to);
    if attempts > 0 {
        told += &format!(": {} attempts", super::score::grouped(attempts as i64));
        if bad > 0 {
            told += &format!(", {} of them again, too late or refused", super::score::grouped(bad as i64));
        }
    }
    Wire { edge, line, selected, troubled, told }
}

fn callout(desk: &Desk, (parts, frames): (&[Part], &[Frame]), width: f32) -> Option<Callout> {
    if desk.seen_of != desk.text {
        return None;
    }
    let found = desk.seen.as_ref()?.bottleneck()?;
    let part = parts.iter().find(|part| part.name == found.name)?;
    let wide = if desk.tall { 300.0 } else { 320.0 };
    let lines = wrapped(&found.evidence, 11.5, wide - 24.0);
    let x = (part.at.x + WIDTH / 2.0 - wide / 2.0).clamp(MARGIN / 2.0, (width - wide - MARGIN / 2.0).max(MARGIN / 2.0));
    let mut callout = Callout { at: Place { x, y: 0.0 }, width: wide, title: found.title, lines, easy: found.easy };
    // Below the component, where nothing else stands if that can be: no component, and no frame but those around its own.
    let high = callout.height();
    let meets = |y: f32, at: Place, (across, down): (f32, f32)| {
        at.x < x + wide && at.x + across > x && at.y < y + high && at.y + down > y
    };
    let others = || frames.iter().filter(|frame| !frame.members.contains(&part.name));
    let free = |y: f32| {
        !parts.iter().any(|other| meets(y, other.at, (WIDTH, HEIGHT)))
            && !others().any(|frame| meets(y, frame.at, (frame.width, frame.height)))
    };
    let below = part.at.y + HEIGHT + 14.0;
    let above = part.at.y - high - 14.0;
    let bottoms =
        parts.iter().map(|part| part.at.y + HEIGHT).chain(frames.iter().map(|frame| frame.at.y + frame.height));
    let lowest = bottoms.fold(0.0, f32::max) + 14.0;
    callout.at.y = [below, above].into_iter().find(|y| *y >= 0.0 && free(*y)).unwrap_or(lowest);
    Some(callout)
}

/// A text in lines that are no wider than there is room.
pub fn wrapped(text: &str, size: f32, room: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if words::width(&format!("{line} {word}"), size, false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A picture lasts as long as the slowest request in it that is shown; that many seconds on the screen.
pub const SHOWN_S: u32 = 6;
/// Requests at once, at most.
const DOTS: usize = 24;

/// Requests of the part of the time that is looked at, on their lines. All begin together, and take as long beside each
/// other as they did.
pub fn dots(desk: &Desk, picture: &Picture) -> Vec<Dot> {
    let Some(seen) = desk.seen.as_deref() else { return Vec::new() };
    let part = desk.part.unwrap_or(seen.parts() / 2);
    let within = |way: &&super::seen::Way| seen.part_of(way.began) == part;
    let ways: Vec<&super::seen::Way> = seen.ways.iter().filter(within).take(DOTS).collect();
    let Some(longest) = ways.iter().map(|way| way.ended - way.began).max() else { return Vec::new() };
    let slowest = ways.iter().max_by_key(|way| way.ended - way.began).map(|way| way.began);
    let mut dots = Vec::new();
    for (i, way) in ways.iter().enumerate() {
        let slow = Some(way.began) == slowest;
        // Not all at one place.
        let late = if slow { 0.0 } else { i as f64 / ways.len() as f64 * 0.6 };
        let at = |us: i64| {
            let share = (us - way.began as i64).max(0) as f64 / longest.max(1) as f64;
            (late + share * if slow { 1.0 } else { 1.0 - late }).min(1.0)
        };
        for span in &way.spans {
            let [sent, arrived, _, _, left, back] = span.at;
            let caller = span.parent.map_or(way.client, |parent| way.spans[parent].part);
            let (Some(from), Some(to)) = (seen.names.get(caller), seen.names.get(span.part)) else { continue };
            let Some(wire) = picture.wires.iter().find(|wire| wire.edge.from == *from && wire.edge.to == *to) else {
                continue;
            };
            // There, waiting at the end while it is inside, and back.
            let there = at(if arrived < 0 { way.ended as i64 } else { arrived });
            let gone = at(if left < 0 { way.ended as i64 } else { left });
            let home = at(if back < 0 { way.ended as i64 } else { back.max(left) });
            let moments = rising([0.0, at(sent), there.max(at(sent)), gone, home, 1.0]);
            dots.push(Dot {
                path: wire.line.path.clone(),
                times: moments.map(|t| decimal::fixed(t, 4)).join(";"),
                points: "0;0;1;1;0;0".into(),
                slow,
            });
        }
    }
    dots
}

/// Times of an animation never go back.
fn rising<const N: usize>(mut times: [f64; N]) -> [f64; N] {
    for i in 1..N {
        times[i] = times[i].max(times[i - 1]);
    }
    times
}

/// The picture as a file of its own, in the colours of paper.
pub fn file(desk: &Desk) -> String {
    let mut still = desk.clone();
    (still.camera, still.hold, still.tall) = (Camera::default(), None, false);
    let picture = Picture::new(&still);
    let t = layout::tenths;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"system-ui, sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fffefb\"/>\n",
        t(picture.width),
        t(picture.height)
    );
    for frame in &picture.frames {
        out += &format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"none\" stroke=\"#8b8f94\" stroke-dasharray=\"2 4\"/>\n\
             <text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"#545c66\">{}</text>\n",
            t(frame.at.x),
            t(frame.at.y),
            t(frame.width),
            t(frame.height),
            t(frame.at.x + 6.0),
            t(frame.at.y + frames::CAPTION + 1.0),
            t(frames::CAPTION),
            escaped(&frame.caption)
        );
    }
    for wire in &picture.wires {
        let dash = if wire.edge.detached { " stroke-dasharray=\"5 4\"" } else { "" };
        out +=
            &format!("<path d=\"{}\" fill=\"none\" stroke=\"#545c66\" stroke-width=\"1.6\"{dash}/>\n", wire.line.path);
        out += &format!("<path d=\"{}\" fill=\"#545c66\"/>\n", wire.line.head);
    }
    for part in &picture.parts {
        for sheet in (0..=part.sheets).rev() {
            let by = sheet as f32 * SHEET;
            out += &format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\" fill=\"#ffffff\" stroke=\"#8b8f94\"/>\n",
                t(part.at.x + by),
                t(part.at.y - by)
            );
        }
        let text = |y: f32, size: &str, weight: &str, words: &str| {
            let (x, y) = (t(part.at.x + 12.0), t(part.at.y + y));
            format!(
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\">{}</text>\n",
                escaped(words)
            )
        };
        out += &text(21.0, "14", "620", &part.title);
        out += &text(38.0, "11.5", "400", &part.sub);
        if let Some(used) = part.used {
            out += &text(56.0, "11.5", "400", &format!("{} used", percent(used)));
        }
    }
    out + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A doc's faults as stretches of time with words, in microseconds.
pub fn faults(doc: &Doc) -> Vec<(u64, Option<u64>, String)> {
    use crate::base::Micros;
    let one = |value: &super::toml::Value| {
        let fault = value.table()?;
        let time = |key: &str| Micros::parse(fault.words(key)).ok().map(|time| time.0);
        let (kind, harm) = fault.table("does")?.0.first()?;
        let of = |key: &str| harm.table().map_or("", |harm| harm.words(key)).to_owned();
        let told = match kind.as_str() {
            "down" => format!("{} {} down", of("component"), of("instance").parse::<u32>().unwrap_or(0) + 1),
            "slow" => format!("{} {} times slower", of("component"), of("factor").trim_end_matches(".0")),
            "cut" => format!("{} cut from {}", of("from"), of("to")),
            "hot" => format!("a hot key of {}", of("keys")),
            "deploy" => format!("a bad version of {}", of("component")),
            other => format!("{other} {} down", harm.words()),
        };
        Some((time("at")?, time("until"), told))
    };
    doc.0.list("faults").iter().filter_map(one).collect()
}
