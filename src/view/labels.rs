//! Labels beside things on the stage: none over a node, none over another. Where there is no room, the least important
//! ones are left out.

use super::display::{Align, Display, Form, Ink, Layer, Style, Text, ordered};
use super::layout::{Point, Rect};
use super::stage::Target;
use super::words;

/// Height of a label and its text's size.
const HEIGHT: f32 = 18.0;
const SIZE: f32 = 11.5;
const WIDTH_MAX: f32 = 270.0;
/// Most labels tried at a time.
const WANTED_MAX: usize = 80;

/// A label that has its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub area: Rect,
    pub text: String,
    pub of: Target,
    pub bad: bool,
}

struct Wanted {
    text: String,
    bad: bool,
    of: Target,
    importance: u8,
    spots: Vec<Point>,
    gap: f32,
}

/// Collects what wants a label, then finds places.
pub struct Labels {
    area: Rect,
    taken: Vec<Rect>,
    wanted: Vec<Wanted>,
}

impl Labels {
    pub fn new(area: Rect) -> Labels {
        Labels { area, taken: Vec::new(), wanted: Vec::new() }
    }

    pub fn keep_off(&mut self, area: Rect) {
        self.taken.push(area);
    }

    /// Asks for a label near one of the spots (the first is best), at least `gap` away from its middle.
    pub fn want(&mut self, text: String, bad: bool, of: Target, importance: u8, spots: &[Point], gap: f32) {
        self.wanted.push(Wanted { text, bad, of, importance, spots: spots.to_vec(), gap });
    }

    /// Gives places to as many as fit, the most important first.
    pub fn place(mut self) -> Vec<Label> {
        let mut wanted = ordered(std::mem::take(&mut self.wanted), |w| u64::from(u8::MAX - w.importance));
        wanted.truncate(WANTED_MAX);
        let mut placed = Vec::new();
        for want in wanted {
            let text = words::fit(&want.text, SIZE, false, WIDTH_MAX.min(self.area.w - 16.0) - 12.0);
            let width = words::width(&text, SIZE, false) + 12.0;
            let mut places = want.spots.iter().flat_map(|spot| around(*spot, width, want.gap));
            let free = |area: &Rect| area.within(&self.area) && !self.taken.iter().any(|t| t.overlaps(area));
            if let Some(area) = places.find(free) {
                self.taken.push(Rect { x: area.x - 2.0, y: area.y - 2.0, w: area.w + 4.0, h: area.h + 4.0 });
                placed.push(Label { area, text, of: want.of, bad: want.bad });
            }
        }
        placed
    }
}

/// Places beside a spot, best first.
fn around(spot: Point, width: f32, gap: f32) -> [Rect; 8] {
    let (above, below) = (spot.y - gap - HEIGHT, spot.y + gap);
    let (middle, right, left) = (spot.x - width / 2.0, spot.x + gap, spot.x - gap - width);
    let level = spot.y - HEIGHT / 2.0;
    let at = |x: f32, y: f32| Rect { x, y, w: width, h: HEIGHT };
    [
        at(middle, above),
        at(middle, below),
        at(right, level),
        at(left, level),
        at(right, above),
        at(left, above),
        at(right, below),
        at(left, below),
    ]
}

impl Label {
    pub fn draw(&self, display: &mut Display) {
        let a = self.area;
        let form = Form::Rect { x: a.x, y: a.y, w: a.w, h: a.h, round: 4.0 };
        let edge = if self.bad { Ink::Bad } else { Ink::Line };
        display.shape(Style::stroke(Layer::Labels, edge, 1.0).filled(Ink::Panel), form);
        let (x, y) = (a.x + a.w / 2.0, a.y + HEIGHT - 5.0);
        let (size, ink, text) = ((SIZE * 10.0) as u16, Ink::Ink, self.text.clone());
        display.texts.push(Text { layer: Layer::Labels, ink, size, bold: false, align: Align::Centre, x, y, text });
    }
}
