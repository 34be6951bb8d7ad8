//! The whole stage in small, while one looks at a part of it.

use super::display::{Display, Form, Ink, Layer, Style};
use super::layout::{Camera, Layout, Point, Rect};
use crate::wire::{Frame, NodeStatus};

const WIDTH: f32 = 132.0;

/// Where it is drawn: in the lower right corner; none while the whole is seen.
pub fn area(layout: &Layout) -> Option<Rect> {
    let stage = layout.area;
    let (w, h) = (WIDTH.min(stage.w * 0.3), WIDTH.min(stage.w * 0.3) * stage.h / stage.w);
    let corner = Point { x: stage.x + stage.w - w - 10.0, y: stage.y + stage.h - h - 10.0 };
    (layout.camera.zoom > 1.0).then_some(Rect { x: corner.x, y: corner.y, w, h })
}

/// The camera that has in its middle what is drawn at a point of the map.
pub fn look(layout: &Layout, p: Point) -> Option<Camera> {
    let map = area(layout).filter(|map| map.holds(p))?;
    Some(Camera { x: (p.x - map.x) / map.w, y: (p.y - map.y) / map.h, ..layout.camera }.within())
}

pub fn draw(whole: &Layout, seen: &Layout, frame: &Frame, display: &mut Display) {
    let Some(map) = area(seen) else { return };
    let Rect { x, y, w, h } = map;
    let card = Style::stroke(Layer::Labels, Ink::Line, 1.0).filled(Ink::Panel);
    display.shape(card, Form::Rect { x, y, w, h, round: 4.0 });
    for (place, card) in whole.places.iter().zip(&frame.nodes) {
        let (x, y) = (x + (place.x - whole.area.x) / whole.area.w * w, y + (place.y - whole.area.y) / whole.area.h * h);
        let ink = if card.status == NodeStatus::Up { Ink::of(card.tone) } else { Ink::Bad };
        let dot = Form::Rect { x: x - 1.0, y: y - 1.0, w: 2.0, h: 2.0, round: 0.0 };
        display.shape(Style::fill(Layer::Labels, ink), dot);
    }
    let Camera { zoom, x: cx, y: cy } = seen.camera;
    let (part_w, part_h) = (w / zoom, h / zoom);
    let part =
        Form::Rect { x: x + cx * w - part_w / 2.0, y: y + cy * h - part_h / 2.0, w: part_w, h: part_h, round: 2.0 };
    display.shape(Style::stroke(Layer::Labels, Ink::Accent, 1.6), part);
}
