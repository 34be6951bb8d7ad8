//! Messages on their way: a glyph and colour by tone, a trail behind, a cross where one was lost.

use super::display::{Display, Form, Ink, Layer, Style};
use super::labels::Labels;
use super::layout::{Point, Rect, within};
use super::stage::{Scene, Target, lane};
use super::words;
use crate::base::{Micros, MsgId};
use crate::wire::{Flight, Loss, Tone};
use std::f32::consts::FRAC_1_SQRT_2;

/// Where held-back messages stand on their link: one behind the other, so many beside each other before it begins anew.
const HELD: f32 = 0.12;
const HELD_STEP: f32 = 0.1;
const HELD_ROW: u32 = 7;
/// Beyond so many in flight there are no labels but that of the selected one: nobody could read them.
const LABELLED_MAX: usize = 60;
/// Beyond so many, a message is a dot without a trail.
const TRAILED_MAX: usize = 400;

pub fn draw(scene: &Scene, display: &mut Display, labels: &mut Labels) -> Vec<(MsgId, Point)> {
    let crowd = scene.frame.flights.len();
    let size = match crowd {
        0..=40 => within(scene.layout.r * 0.19, 4.5, 6.5),
        41..=120 => 4.5,
        _ => 3.6,
    };
    let mut spots = Vec::with_capacity(crowd);
    // By what messages were lost, and where: of those that end at one node it is said once.
    let mut said: Vec<(&str, Point)> = Vec::new();
    for flight in &scene.frame.flights {
        if flight.sent > scene.at {
            continue;
        }
        let Some((start, end)) = lane(scene.layout, flight.id.from.0, flight.id.to.0, size * 0.9) else { continue };
        let path = Path { start, end, bow: if scene.reduced { 0.16 } else { 0.0 } };
        let marked = is_marked(scene, flight.id);
        let spot = if crowd > TRAILED_MAX && !marked {
            dot(scene, flight, &path, display)
        } else {
            one(scene, flight, &path, size, display)
        };
        spots.push((flight.id, spot));
        if crowd <= LABELLED_MAX {
            labels.keep_off(Rect::around(spot, 2.0 * size, 2.0 * size));
        }
        let told = loss(scene, flight).map(|loss| (&*loss.rule, spot));
        let near = |(rule, place): &(&str, Point)| {
            told.is_some_and(|(own, spot)| own == *rule && place.distance(spot) < scene.layout.r * 2.8)
        };
        let again = said.iter().any(near);
        if marked || (scene.labels && crowd <= LABELLED_MAX && !again) {
            said.extend(told);
            label(scene, flight, spot, marked, labels);
        }
    }
    spots
}

/// A straight or bowed way from sender to receiver.
struct Path {
    start: Point,
    end: Point,
    bow: f32,
}

impl Path {
    fn control(&self) -> Point {
        let (dx, dy) = (self.end.x - self.start.x, self.end.y - self.start.y);
        let middle = self.start.to(self.end, 0.5);
        Point { x: middle.x - dy * self.bow, y: middle.y + dx * self.bow }
    }

    fn at(&self, part: f32) -> Point {
        if self.bow == 0.0 {
            return self.start.to(self.end, part);
        }
        let c = self.control();
        self.start.to(c, part).to(c.to(self.end, part), part)
    }

    fn direction(&self) -> (f32, f32) {
        self.start.direction(self.end)
    }
}

fn is_marked(scene: &Scene, id: MsgId) -> bool {
    let is = |target| matches!(target, Some(Target::Message(marked)) if marked == id);
    is(scene.selected) || is(scene.hover) || is(scene.focus)
}

/// How far a message has come at a moment.
fn part(flight: &Flight, at: Micros) -> f32 {
    if flight.due == Micros::MAX {
        return HELD + HELD_STEP * (flight.id.count % HELD_ROW) as f32;
    }
    let whole = flight.due.since(flight.sent).0.max(1) as f64;
    within((at.since(flight.sent).0 as f64 / whole) as f32, 0.0, 1.0)
}

/// How it was lost, if it was by now.
fn loss<'a>(scene: &Scene, flight: &'a Flight) -> Option<&'a Loss> {
    flight.lost.as_ref().filter(|loss| loss.at <= scene.at)
}

/// Where on its way it is drawn.
fn place(scene: &Scene, flight: &Flight, path: &Path) -> f32 {
    match (loss(scene, flight), scene.reduced) {
        (Some(loss), _) => {
            let part = part(flight, loss.at);
            let ends = [flight.id.from.0, flight.id.to.0];
            scene.layout.beside_nodes(ends, &|part| path.at(part), [part, part * 0.5, part * 0.75])
        }
        (None, true) => 0.5,
        (None, false) => part(flight, scene.at),
    }
}

fn tone(scene: &Scene, flight: &Flight) -> Tone {
    scene.opened.kinds.get(flight.kind as usize).map_or(Tone::Neutral, |k| k.tone)
}

fn one(scene: &Scene, flight: &Flight, path: &Path, size: f32, display: &mut Display) -> Point {
    let tone = tone(scene, flight);
    let ink = Ink::of(tone);
    let lost = loss(scene, flight);
    let spot = path.at(place(scene, flight, path));
    let routine = tone == Tone::Routine;
    // As thin as a pixel: without a graphics card a browser takes several times as long for a wider line.
    let trail = Style::stroke(Layer::Trails, ink, 1.0).faint(if routine { 25 } else { 60 });
    let (dx, dy) = path.direction();
    if path.bow > 0.0 {
        let (s, c, e) = (path.start, path.control(), path.end);
        display.shape(trail, Form::Curve { x1: s.x, y1: s.y, cx: c.x, cy: c.y, x2: e.x, y2: e.y });
        display.shape(Style::fill(Layer::Messages, ink), Form::Polygon { x: e.x, y: e.y, r: size, sides: 3, dx, dy });
    } else {
        display.line(trail, path.start.x, path.start.y, spot.x, spot.y);
    }
    if lost.is_some() {
        display.cross(Style::stroke(Layer::Messages, Ink::Bad, 2.4), spot.x, spot.y, size);
        return spot;
    }
    if let Some(ink) = Ink::epoch(flight.epoch) {
        display.circle(Style::stroke(Layer::Messages, ink, 1.6), spot.x, spot.y, size * 1.3 + 2.0);
    }
    glyph(flight, tone, spot, (dx, dy), size, display);
    if scene.paused && !scene.reduced {
        let ahead = size + 6.0;
        let (x, y) = (spot.x + dx * ahead, spot.y + dy * ahead);
        display.shape(Style::fill(Layer::Messages, ink), Form::Polygon { x, y, r: size * 0.72, sides: 3, dx, dy });
    }
    if is_marked(scene, flight.id) {
        display.circle(Style::stroke(Layer::Messages, Ink::Accent, 2.0), spot.x, spot.y, size + 5.0);
    }
    spot
}

/// One of a throng: its way is not to be followed by eye. The tone's shape is left in outline: as wide as high, wider or
/// higher.
fn dot(scene: &Scene, flight: &Flight, path: &Path, display: &mut Display) -> Point {
    let (lost, spot) = (loss(scene, flight), path.at(place(scene, flight, path)));
    let tone = tone(scene, flight);
    let (w, h) = match tone {
        Tone::Update | Tone::Leader => (5.0, 3.0),
        Tone::Query | Tone::Candidate | Tone::Refusal => (3.0, 5.0),
        Tone::Routine => (2.0, 2.0),
        _ => (3.5, 3.5),
    };
    let ink = if lost.is_some() { Ink::Bad } else { Ink::of(tone) };
    let Rect { x, y, .. } = Rect::around(spot, w, h);
    display.shape(Style::fill(Layer::Messages, ink), Form::Rect { x, y, w, h, round: 0.0 });
    spot
}

/// The tone's shape; a second copy is a ghost.
fn glyph(flight: &Flight, tone: Tone, p: Point, (dx, dy): (f32, f32), r: f32, display: &mut Display) {
    let ink = Ink::of(tone);
    let style = match flight.id.copy {
        0 => Style::fill(Layer::Messages, ink),
        _ => Style::stroke(Layer::Messages, ink, 1.5).filled(Ink::Panel).dashed(2),
    };
    let polygon = |r: f32, sides: u8, (dx, dy): (f32, f32)| Form::Polygon { x: p.x, y: p.y, r, sides, dx, dy };
    // The direction of flight, turned by 45 degrees.
    let aslant = ((dx - dy) * FRAC_1_SQRT_2, (dx + dy) * FRAC_1_SQRT_2);
    let form = match tone {
        Tone::Update | Tone::Leader => polygon(r * 1.3, 4, (dx, dy)),
        Tone::Reply | Tone::Server | Tone::Follower => polygon(r * 1.25, 4, aslant),
        Tone::Refusal => polygon(r * 1.35, 3, (0.0, -1.0)),
        Tone::Client => polygon(r * 1.15, 6, (dx, dy)),
        Tone::Routine => Form::Circle { x: p.x, y: p.y, r: r * 0.65 },
        Tone::Neutral | Tone::Query | Tone::Candidate => Form::Circle { x: p.x, y: p.y, r },
    };
    display.shape(style, form);
}

fn label(scene: &Scene, flight: &Flight, spot: Point, marked: bool, labels: &mut Labels) {
    let lost = loss(scene, flight);
    let words = match lost {
        Some(loss) => format!("lost: {}", loss.rule),
        None => words::message(scene.opened, flight),
    };
    let importance = match tone(scene, flight) {
        _ if marked => 100,
        _ if lost.is_some() => 80,
        Tone::Routine => 10,
        _ if flight.id.copy > 0 => 40,
        _ => 50,
    };
    labels.want(words, lost.is_some(), Target::Message(flight.id), importance, &[spot], 11.0);
}
