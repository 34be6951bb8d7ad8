//! The stage at one moment: links, nodes, messages and their labels as a display list.

use super::display::{Align, Display, Form, Ink, Layer, Style, Text};
use super::labels::{Label, Labels};
use super::layout::{Layout, Point, Rect};
use super::{messages, minimap, nodes, words};
use crate::base::{Micros, MsgId};
use crate::wire::{Frame, LinkCard, Opened};

/// Beyond so many, only links with something on them are drawn.
const LINKS_MAX: usize = 60;
/// And beyond so many of these, only those that differ from the others.
const BUSY_LINKS_MAX: usize = 400;

/// Something on the stage that can be pointed at. A link's ends are in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Node(u16),
    Link(u16, u16),
    Message(MsgId),
}

impl Target {
    pub fn link(a: u16, b: u16) -> Target {
        Target::Link(a.min(b), a.max(b))
    }
}

/// All that a picture depends on.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    pub opened: &'a Opened,
    pub frame: &'a Frame,
    pub layout: &'a Layout,
    /// The layout of the whole stage, of which the other shows a part.
    pub whole: &'a Layout,
    /// The cursor: between frames it runs ahead of the frame's own moment.
    pub at: Micros,
    pub selected: Option<Target>,
    pub hover: Option<Target>,
    /// What the keyboard is on.
    pub focus: Option<Target>,
    /// Messages have arrowheads.
    pub paused: bool,
    /// Messages have labels.
    pub labels: bool,
    /// Messages are arcs from sender to receiver instead of moving.
    pub reduced: bool,
    /// A line being drawn from a node to the pointer.
    pub drag: Option<(u16, Point)>,
}

/// The picture, and where things are in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    pub display: Display,
    pub labels: Vec<Label>,
    /// What a node and its texts take, by its place among the nodes: nothing else is written there.
    pub taken: Vec<(usize, Rect)>,
    /// Where each message is drawn.
    pub spots: Vec<(MsgId, Point)>,
}

pub fn draw(scene: &Scene) -> Stage {
    let mut display = Display::default();
    let mut labels = Labels::new(scene.layout.area);
    let mut boxes = Vec::new();
    let count = scene.opened.nodes.len().min(scene.frame.nodes.len()).min(scene.layout.places.len());
    boxes_around(scene, &mut display, &mut labels);
    let timers = nodes::next_timers(scene.frame);
    for node in (0..count).filter(|node| scene.layout.shows(scene.layout.places[*node], 3.0 * scene.layout.r)) {
        for taken in nodes::draw(scene, node, timers[node], &mut display) {
            labels.keep_off(taken);
            boxes.push((node, taken));
        }
    }
    links(scene, &mut display, &mut labels);
    knows(scene, &mut labels);
    let spots = messages::draw(scene, &mut display, &mut labels);
    drag(scene, &mut display);
    if let Some(map) = minimap::area(scene.layout) {
        labels.keep_off(map);
    }
    let labels = labels.place();
    for label in &labels {
        label.draw(&mut display);
    }
    let mut display = display.finish();
    minimap::draw(scene.whole, scene.layout, scene.frame, &mut display);
    Stage { display, labels, taken: boxes, spots }
}

/// Boxes by zone, rack, region or role, each with its name.
fn boxes_around(scene: &Scene, display: &mut Display, labels: &mut Labels) {
    for named in &scene.layout.boxes {
        let Rect { x, y, w, h } = named.area;
        display.shape(
            Style::stroke(Layer::Links, Ink::Line, 1.2).filled(Ink::Panel).faint(70),
            Form::Rect { x, y, w, h, round: 8.0 },
        );
        let text = words::fit(&named.name, 11.5, true, w - 16.0);
        let area = Rect { x: x + 8.0, y: y + 3.0, w: words::width(&text, 11.5, true), h: 16.0 };
        labels.keep_off(area);
        let (x, y) = (area.x, area.y + 12.0);
        display.texts.push(Text {
            layer: Layer::Links,
            ink: Ink::Soft,
            size: 115,
            bold: true,
            align: Align::Left,
            x,
            y,
            text,
        });
    }
}

/// Where a link leaves one node and reaches the other, to the right of the line between them as one goes, so that the
/// two directions do not hide each other.
pub fn lane(layout: &Layout, from: u16, to: u16, shift: f32) -> Option<(Point, Point)> {
    let (a, b) = (*layout.places.get(from as usize)?, *layout.places.get(to as usize)?);
    let length = a.distance(b);
    if length < 2.0 * layout.r + 4.0 {
        return None;
    }
    let (dx, dy) = ((b.x - a.x) / length, (b.y - a.y) / length);
    let (gap, right) = (layout.r + 2.0, Point { x: -dy * shift, y: dx * shift });
    let start = Point { x: a.x + dx * gap + right.x, y: a.y + dy * gap + right.y };
    let end = Point { x: b.x - dx * gap + right.x, y: b.y - dy * gap + right.y };
    Some((start, end))
}

/// The pairs of nodes whose link is drawn: all over which anything is ever sent, or in a crowd those that matter now.
pub fn drawn_links(opened: &Opened, frame: &Frame) -> Vec<(u16, u16)> {
    let n = opened.nodes.len() as u16;
    let client = |i: u16| opened.nodes[i as usize].client;
    if let Some(wires) = opened.wires.as_ref().filter(|wires| wires.len() <= LINKS_MAX) {
        return wires.clone();
    }
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    let mut all: Vec<_> = pairs.filter(|(a, b)| !(client(*a) && client(*b))).take(LINKS_MAX + 1).collect();
    if all.len() <= LINKS_MAX {
        for link in frame.links.iter().map(|l| (l.from.min(l.to), l.from.max(l.to))) {
            if !all.contains(&link) {
                all.push(link);
            }
        }
        return all;
    }
    let mut seen = vec![false; n as usize * n as usize];
    let mut first = |a: u16, b: u16| {
        let link = (a.min(b), a.max(b));
        let known = seen.get_mut(link.0 as usize * n as usize + link.1 as usize)?;
        (!std::mem::replace(known, true)).then_some(link)
    };
    let special: Vec<_> = frame.links.iter().filter_map(|l| first(l.from, l.to)).collect();
    let busy = frame.flights.iter().filter_map(|f| first(f.id.from.0, f.id.to.0));
    let busy: Vec<_> = busy.take(BUSY_LINKS_MAX + 1).collect();
    // Lines of a throng would be one grey: its messages show where they fly.
    if busy.len() > BUSY_LINKS_MAX { special } else { [busy, special].concat() }
}

fn links(scene: &Scene, display: &mut Display, labels: &mut Labels) {
    let drawn = drawn_links(scene.opened, scene.frame);
    if drawn.is_empty() {
        return;
    }
    let (mut named, loads) = (Vec::new(), loads(scene));
    for (a, b) in drawn {
        let load = loads[a as usize * scene.opened.nodes.len() + b as usize];
        let Some((start, end)) = lane(scene.layout, a, b, 0.0) else { continue };
        let cards: Vec<&LinkCard> = [(a, b), (b, a)].iter().filter_map(|link| scene.frame.link(*link)).collect();
        let marked = [scene.selected, scene.hover, scene.focus].contains(&Some(Target::Link(a, b)));
        let style = match cards.as_slice() {
            _ if marked => Style::stroke(Layer::Links, Ink::Accent, 2.6),
            [] => Style::stroke(Layer::Links, Ink::Line, 1.2 + wider(load)),
            cards if cards.iter().any(|c| c.cut.is_some()) => Style::stroke(Layer::Links, Ink::Bad, 1.4).dashed(5),
            cards if cards.iter().any(|c| c.clogged) => Style::stroke(Layer::Links, Ink::Candidate, 1.6).dashed(2),
            _ => Style::stroke(Layer::Links, Ink::Candidate, 1.4 + wider(load)),
        };
        display.line(style, start.x, start.y, end.x, end.y);
        rule(scene, (start, end), &cards, &mut named, display, labels);
    }
}

/// What is unusual about a link: a cross or an arrow in its middle, and in words, once for each rule.
fn rule(
    scene: &Scene,
    (start, end): (Point, Point),
    cards: &[&LinkCard],
    named: &mut Vec<String>,
    display: &mut Display,
    labels: &mut Labels,
) {
    let Some(card) = cards.iter().find(|c| c.cut.is_some()).or(cards.first()) else { return };
    let link = Target::link(card.from, card.to);
    let words = match &card.cut {
        Some(name) => {
            let style = Style::stroke(Layer::Marks, Ink::Bad, 2.4);
            let at = |part| start.to(end, part);
            let middle = at(scene.layout.beside_nodes([card.from, card.to], &at, [0.5, 0.25, 0.75]));
            display.cross(style, middle.x, middle.y, 5.0);
            if cards.iter().filter(|c| c.cut.is_some()).count() == 1 {
                one_way(scene, card, display);
                format!("cut one way: {name}")
            } else {
                format!("cut: {name}")
            }
        }
        None if card.clogged => "clogged".to_owned(),
        None => card.shape.clone(),
    };
    if !words.is_empty() && !named.contains(&words) {
        named.push(words.clone());
        let spots = [0.5, 0.38, 0.62, 0.26, 0.74].map(|part| start.to(end, part));
        labels.want(words, card.cut.is_some(), link, 90, &spots, 8.0);
    }
}

/// How many messages are on their way on each link: by its lower end times the number of nodes, plus its higher end.
fn loads(scene: &Scene) -> Vec<u16> {
    let n = scene.opened.nodes.len();
    let mut loads = vec![0u16; n * n];
    for flight in scene.frame.flights.iter().filter(|f| f.lost.is_none()) {
        let (a, b) = (flight.id.from.index(), flight.id.to.index());
        if let Some(load) = loads.get_mut(a.min(b) * n + a.max(b)) {
            *load = load.saturating_add(1);
        }
    }
    loads
}

/// How much wider a link is by its load: half a pixel for 1 message, one for 3, two for 15.
fn wider(load: u16) -> f32 {
    (load.min(255) + 1).ilog2() as f32 / 2.0
}

/// An arrowhead on the side to which nothing passes.
fn one_way(scene: &Scene, card: &LinkCard, display: &mut Display) {
    if let Some((a, b)) = lane(scene.layout, card.from, card.to, 0.0) {
        let (p, (dx, dy)) = (a.to(b, 0.62), a.direction(b));
        display.shape(Style::fill(Layer::Marks, Ink::Bad), Form::Polygon { x: p.x, y: p.y, r: 6.0, sides: 3, dx, dy });
    }
}

/// What the selected node knows of others, in words at each of them, or else beside the link.
fn knows(scene: &Scene, labels: &mut Labels) {
    let selected = [scene.selected, scene.focus].into_iter().flatten();
    let mut nodes = selected.filter_map(|target| match target {
        Target::Node(node) => Some(node as usize),
        _ => None,
    });
    let Some((card, from)) = nodes.find_map(|n| scene.frame.nodes.get(n).zip(scene.layout.places.get(n))) else {
        return;
    };
    for (peer, words) in &card.knows {
        if let Some(place) = scene.layout.places.get(*peer as usize) {
            let gap = (scene.layout.r + 9.0) / from.distance(*place).max(1.0);
            let spots = [1.0 - gap, 0.7, 0.55, 0.4, 0.3, 0.2].map(|part| from.to(*place, part));
            labels.want(words.clone(), false, Target::Node(*peer), 95, &spots, 8.0);
        }
    }
}

fn drag(scene: &Scene, display: &mut Display) {
    let Some((node, to)) = scene.drag else { return };
    let Some(from) = scene.layout.places.get(node as usize) else { return };
    let style = Style::stroke(Layer::Marks, Ink::Bad, 2.0).dashed(6);
    display.line(style, from.x, from.y, to.x, to.y);
    display.cross(Style::stroke(Layer::Marks, Ink::Bad, 2.4), to.x, to.y, 6.0);
}

/// The box of a node on the page, for menus and buttons that stand over the canvas.
pub fn node_box(layout: &Layout, node: u16) -> Rect {
    let p = layout.places.get(node as usize).copied().unwrap_or_default();
    Rect::around(p, 2.0 * layout.r, 2.0 * layout.r)
}
