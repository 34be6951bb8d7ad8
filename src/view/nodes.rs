//! One node: role by shape, colour and word; status, clock, timer and contents.

use super::display::{Align, Display, Form, Ink, Layer, Style, Text};
use super::layout::{Point, Rect, within};
use super::stage::{Scene, Target};
use super::words;
use crate::wire::{Cell, Frame, NodeCard, NodeStatus, TimerCard, Tone};
use std::f32::consts::FRAC_1_SQRT_2;

/// How strongly the colour of a term tints what belongs to it, of 100.
const TINT: u8 = 22;

/// Draws a node and returns the boxes that labels keep off.
pub fn draw(scene: &Scene, node: usize, next: Option<&TimerCard>, display: &mut Display) -> Vec<Rect> {
    let (layout, card) = (scene.layout, &scene.frame.nodes[node]);
    let p = layout.places[node];
    let ink = if card.status == NodeStatus::Down { Ink::Ghost } else { Ink::of(card.tone) };
    rings(scene, node, p, display);
    body(card, ink, p, layout.r, display);
    timer(scene, next, p, ink, display);
    texts(scene, node, p, ink, display);
    votes(scene, node, p, display);
    let cells = cells(scene, node, display);
    let mut taken = layout.boxes(node, role(card), cells).to_vec();
    taken.extend(badges(scene, node, display));
    taken
}

/// Of each node the timer that is due next.
pub fn next_timers(frame: &Frame) -> Vec<Option<&TimerCard>> {
    let mut next = vec![None; frame.nodes.len()];
    // They come in the order in which they are due.
    for timer in frame.timers.iter().rev() {
        if let Some(place) = next.get_mut(timer.id.node.index()) {
            *place = Some(timer);
        }
    }
    next
}

/// The word under a node.
fn role(card: &NodeCard) -> &str {
    match card.status {
        NodeStatus::Up => &card.role,
        NodeStatus::Down => "down",
        NodeStatus::Paused => "paused",
    }
}

/// Selection, pointer and keyboard focus, around the node.
fn rings(scene: &Scene, node: usize, p: Point, display: &mut Display) {
    let here = Some(Target::Node(node as u16));
    let r = scene.layout.r;
    if scene.selected == here {
        display.circle(Style::fill(Layer::Trails, Ink::Accent).faint(16), p.x, p.y, r + 6.0);
    }
    if scene.focus == here {
        display.circle(Style::stroke(Layer::Marks, Ink::Accent, 2.5), p.x, p.y, r + 5.0);
    } else if scene.hover == here || scene.selected == here {
        display.circle(Style::stroke(Layer::Trails, Ink::Accent, 1.4), p.x, p.y, r + 6.0);
    }
}

fn body(card: &NodeCard, ink: Ink, p: Point, r: f32, display: &mut Display) {
    let strong = matches!(card.tone, Tone::Leader | Tone::Candidate) && card.status == NodeStatus::Up;
    let width = if strong { 3.0 } else { 1.7 };
    let style = match card.status {
        NodeStatus::Down => Style::stroke(Layer::Nodes, ink, 1.6).filled(Ink::Bg).dashed(4),
        _ => Style::stroke(Layer::Nodes, ink, width).filled(Ink::Panel),
    };
    display.shape(style, outline(card.tone, p, r));
    if let Some(ink) = Ink::epoch(card.epoch).filter(|_| card.status != NodeStatus::Down) {
        display.shape(Style::fill(Layer::Nodes, ink).faint(TINT), outline(card.tone, p, r - 2.0));
    }
    if card.status == NodeStatus::Paused {
        hatch(p, r, ink, display);
    }
}

/// The role's shape.
fn outline(tone: Tone, p: Point, r: f32) -> Form {
    match tone {
        Tone::Client => Form::Rect { x: p.x - r * 0.92, y: p.y - r * 0.92, w: r * 1.84, h: r * 1.84, round: r * 0.3 },
        Tone::Leader => Form::Polygon { x: p.x, y: p.y, r: r * 1.08, sides: 6, dx: 1.0, dy: 0.0 },
        Tone::Candidate => Form::Polygon { x: p.x, y: p.y, r: r * 1.08, sides: 8, dx: 0.924, dy: 0.383 },
        _ => Form::Circle { x: p.x, y: p.y, r },
    }
}

/// Strokes from lower left to upper right, at the rim so that the texts stay readable.
fn hatch(p: Point, r: f32, ink: Ink, display: &mut Display) {
    let style = Style::stroke(Layer::Nodes, ink, 1.2).faint(55);
    let strokes = 9;
    for i in 0..strokes {
        let off = (i as f32 + 0.5) / strokes as f32 * 2.0 - 1.0;
        let half = (1.0 - off * off).sqrt() * r;
        let centre = Point { x: p.x + off * r * FRAC_1_SQRT_2, y: p.y + off * r * FRAC_1_SQRT_2 };
        let at = |along: f32| Point { x: centre.x + along * FRAC_1_SQRT_2, y: centre.y - along * FRAC_1_SQRT_2 };
        let inner = if off.abs() < 0.75 { half * 0.62 } else { 0.0 };
        for (from, to) in [(-half, -inner), (inner, half)] {
            let (a, b) = (at(from), at(to));
            display.line(style, a.x, a.y, b.x, b.y);
        }
    }
}

/// What is left of the nearest timer, as an arc from the top.
fn timer(scene: &Scene, next: Option<&TimerCard>, p: Point, ink: Ink, display: &mut Display) {
    let Some(next) = next.filter(|next| scene.frame.nodes[next.id.node.index()].status == NodeStatus::Up) else {
        return;
    };
    let whole = next.due.since(next.set).0.max(1) as f32;
    let left = next.due.since(scene.at).0 as f32 / whole;
    if left > 0.0 {
        let (width, gap) = (within(scene.layout.r * 0.16, 1.0, 3.0), within(scene.layout.r * 0.3, 1.0, 6.0));
        let style = Style::stroke(Layer::Marks, ink, width).faint(75);
        display.shape(style, Form::Arc { x: p.x, y: p.y, r: scene.layout.r + gap, part: left.min(0.999) });
    }
}

fn texts(scene: &Scene, node: usize, p: Point, ink: Ink, display: &mut Display) {
    let (layout, card) = (scene.layout, &scene.frame.nodes[node]);
    if layout.r < 9.0 {
        return;
    }
    let room = layout.r * 1.75;
    let name = &scene.opened.nodes[node].name;
    let headline = layout.headlines && !card.headline.is_empty();
    let lift = if headline { -layout.name * 0.12 } else { layout.name * 0.36 };
    if layout.roles {
        let size = layout.small + 0.5;
        let (w, h) = (words::width(role(card), size, true) * 0.9, size + 3.0);
        let halo = Form::Rect { x: p.x - w / 2.0, y: p.y + layout.r + layout.small + 8.0 - size, w, h, round: 4.0 };
        display.shape(Style::fill(Layer::Nodes, Ink::Bg).faint(85), halo);
    }
    let mut write = |text: String, size: f32, bold: bool, ink: Ink, y: f32| {
        let size = (size * 10.0) as u16;
        display.texts.push(Text { layer: Layer::Nodes, ink, size, bold, align: Align::Centre, x: p.x, y, text });
    };
    write(words::fit(name, layout.name, true, room), layout.name, true, Ink::Ink, p.y + lift);
    if headline {
        let y = p.y + lift + layout.small + 3.0;
        write(words::fit(&card.headline, layout.small, false, room), layout.small, false, Ink::Soft, y);
    }
    if layout.roles {
        let size = layout.small + 0.5;
        let ink = if ink == Ink::Ghost { Ink::Soft } else { ink };
        write(role(card).to_owned(), size, true, ink, p.y + layout.r + layout.small + 8.0);
    }
}

/// A candidate's votes as dots over its name: full, crossed out, or a ring while no answer is known, which has a core
/// while the question or the answer is on its way.
fn votes(scene: &Scene, node: usize, p: Point, display: &mut Display) {
    let (card, r) = (&scene.frame.nodes[node], scene.layout.r);
    if card.votes.is_empty() || !scene.layout.headlines || card.status == NodeStatus::Down {
        return;
    }
    let each = within(r * 1.4 / card.votes.len() as f32, 4.0, r * 0.27);
    let (size, y) = (each * 0.36, p.y - r * 0.6);
    let mut x = p.x - each * (card.votes.len() - 1) as f32 / 2.0;
    for vote in &card.votes {
        match vote.granted {
            Some(true) => display.circle(Style::fill(Layer::Marks, Ink::Good), x, y, size),
            Some(false) => display.cross(Style::stroke(Layer::Marks, Ink::Bad, 1.6), x, y, size * 0.8),
            None => {
                display.circle(Style::stroke(Layer::Marks, Ink::Candidate, 1.2), x, y, size);
                if words::under_way(scene.frame, node, vote) {
                    display.circle(Style::fill(Layer::Marks, Ink::Candidate), x, y, size * 0.5);
                }
            }
        }
        x += each;
    }
}

/// The contents in a row under the role; returns how many characters wide it is, in cells.
fn cells(scene: &Scene, node: usize, display: &mut Display) -> usize {
    let (layout, card) = (scene.layout, &scene.frame.nodes[node]);
    let p = layout.places[node];
    if !layout.cells || card.cells.is_empty() {
        return 0;
    }
    let size = layout.small - 1.0;
    let (height, gap) = (size + 5.0, 3.0);
    let room = layout.row_room(node);
    let (mut row, mut each) = row(&card.cells, room, |text| (words::width(text, size, false) + 6.0).max(height) + gap);
    // One cell alone may be wider than all the room that there is.
    let left = room - each.iter().rev().skip(1).sum::<f32>();
    if let (Some(cell), Some(w)) = (row.last_mut(), each.last_mut())
        && *w > left
    {
        cell.text = words::fit(&cell.text, size, false, left - 6.0 - gap);
        *w = left;
    }
    let total = each.iter().sum::<f32>() - gap;
    let (mut x, y) = (p.x - total / 2.0, p.y + layout.r + layout.small + 14.0);
    let alpha = if card.status == NodeStatus::Down { 45 } else { 100 };
    for (cell, w) in row.into_iter().zip(each) {
        let box_ = Form::Rect { x, y, w: w - gap, h: height, round: 3.0 };
        let ink = Ink::epoch(cell.epoch).unwrap_or(Ink::Good);
        // What lies under it is not read.
        display.shape(Style::fill(Layer::Nodes, Ink::Bg), box_);
        if cell.firm {
            display.shape(Style::fill(Layer::Nodes, ink).faint(if alpha < 100 { TINT / 2 } else { TINT }), box_);
        }
        let outline = Style::stroke(Layer::Nodes, ink, if cell.firm { 1.4 } else { 1.1 }).faint(alpha);
        display.shape(if cell.firm { outline } else { outline.dashed(2) }, box_);
        let ink = if card.status == NodeStatus::Down { Ink::Soft } else { Ink::Ink };
        let (size, y) = ((size * 10.0) as u16, y + height - 4.5);
        let text = cell.text;
        display.texts.push(Text {
            layer: Layer::Nodes,
            ink,
            size,
            bold: false,
            align: Align::Centre,
            x: x + (w - gap) / 2.0,
            y,
            text,
        });
        x += w;
    }
    (total / (layout.small + 4.0)).ceil() as usize
}

/// The last cells that fit into `room`, each with its width, after a sign for those that don't. Where few would fit, their
/// short texts are shown.
fn row(cells: &[Cell], room: f32, width: impl Fn(&str) -> f32) -> (Vec<Cell>, Vec<f32>) {
    let short = |cell: &Cell| Cell { text: cell.text.split(':').next().unwrap_or_default().into(), ..cell.clone() };
    let whole: f32 = cells.iter().map(|cell| width(&cell.text)).sum();
    let texts: Vec<Cell> = if whole > room { cells.iter().map(short).collect() } else { cells.to_vec() };
    let mut each: Vec<f32> = texts.iter().map(|cell| width(&cell.text)).collect();
    let more = Cell { text: "…".into(), firm: true, epoch: cells.first().map_or(0, |cell| cell.epoch) };
    let mut left = room - each.iter().sum::<f32>();
    let mut first = 0;
    while left < 0.0 && first + 1 < texts.len() {
        left += each[first] - if first == 0 { width(&more.text) } else { 0.0 };
        first += 1;
    }
    let mut row = texts[first..].to_vec();
    each.drain(..first);
    if first > 0 {
        each.insert(0, width(&more.text));
        row.insert(0, more);
    }
    (row, each)
}

/// What is unusual, in words above the node; a wrong clock has a tilted face too.
fn badges(scene: &Scene, node: usize, display: &mut Display) -> Option<Rect> {
    let (layout, card) = (scene.layout, &scene.frame.nodes[node]);
    let p = layout.places[node];
    if card.clock_off_us != 0 {
        clock(card.clock_off_us, Point { x: p.x + layout.r * 0.86, y: p.y - layout.r * 0.86 }, display);
    }
    if !layout.roles {
        return None;
    }
    let (size, y) = (layout.small - 0.5, p.y - layout.r - 13.0);
    // A cut word says nothing: those that have no room are in the accessible name and the inspector.
    let mut badges = words::badges(card);
    let room = layout.room(node, y);
    while !badges.is_empty() && words::width(&badges.join(" · "), size, false) > room {
        badges.pop();
    }
    let words = badges.join(" · ");
    if words.is_empty() {
        return None;
    }
    let width = words::width(&words, size, false);
    let x = within(p.x, layout.area.x + width / 2.0, layout.area.x + layout.area.w - width / 2.0);
    let (size10, text) = ((size * 10.0) as u16, words);
    display.texts.push(Text {
        layer: Layer::Marks,
        ink: Ink::Ink,
        size: size10,
        bold: false,
        align: Align::Centre,
        x,
        y,
        text,
    });
    Some(Rect { x: x - width / 2.0 - 2.0, y: y - size, w: width + 4.0, h: size + 4.0 })
}

fn clock(off_us: i64, p: Point, display: &mut Display) {
    let side = if off_us < 0 { -1.0 } else { 1.0 };
    display.circle(Style::stroke(Layer::Marks, Ink::Candidate, 1.6).filled(Ink::Panel), p.x, p.y, 8.0);
    // The long hand is tilted to the side to which the clock is wrong.
    let hand = Style::stroke(Layer::Labels, Ink::Candidate, 1.6);
    for (dx, dy) in [(3.4, -4.9), (2.4, 3.2)] {
        display.line(hand, p.x, p.y, p.x + side * dx, p.y + dy);
    }
}
