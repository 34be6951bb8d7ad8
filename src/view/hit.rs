//! What is under the pointer.

use super::layout::{Layout, Point, within};
use super::stage::{Stage, Target, drawn_links, lane};
use crate::wire::{Frame, Opened};

/// The thing at a point: a message before a node before a link. `reach` is how far a finger or a mouse may be off.
pub fn at(stage: &Stage, layout: &Layout, opened: &Opened, frame: &Frame, p: Point, reach: f32) -> Option<Target> {
    let inside = node_at(layout, p, 0.0);
    let near = stage.spots.iter().map(|(id, spot)| (spot.distance(p), *id)).filter(|(d, _)| *d <= reach);
    let message = near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| Target::Message(id));
    let label = || stage.labels.iter().find(|l| l.area.holds(p)).map(|l| l.of);
    let link = || {
        let near = drawn_links(opened, frame)
            .into_iter()
            .filter_map(|(a, b)| Some((off_line(lane(layout, a, b, 0.0)?, p), Target::Link(a, b))))
            .filter(|(d, _)| *d <= reach * 0.6);
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, target)| target)
    };
    inside
        .map(Target::Node)
        .or(message)
        .or_else(label)
        .or_else(|| node_at(layout, p, reach * 0.6).map(Target::Node))
        .or_else(link)
}

/// The node whose circle, widened by `reach`, holds the point.
pub fn node_at(layout: &Layout, p: Point, reach: f32) -> Option<u16> {
    let off = |place: &Point| place.distance(p);
    let nearest = layout.places.iter().enumerate().min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
    (off(nearest.1) <= layout.r + reach).then_some(nearest.0 as u16)
}

fn off_line((a, b): (Point, Point), p: Point) -> f32 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let square = (dx * dx + dy * dy).max(1.0);
    let along = within(((p.x - a.x) * dx + (p.y - a.y) * dy) / square, 0.0, 1.0);
    a.to(b, along).distance(p)
}
