//! Arrangements of nodes: peers on a ring, in boxes by their groups, or in layers by their roles.

use super::layout::{Point, Rect, sin_cos};
use crate::wire::{Arrangement, NodeInfo, Opened};

/// Beyond so many, a ring is a line of dots: they stand in rows instead.
const RING_MAX: usize = 48;

/// Nodes that stand together, and the box around them where it has a name.
pub struct Block {
    pub name: String,
    pub nodes: Vec<usize>,
}

/// What the nodes are apart by: their groups, or their layers.
pub fn blocks(opened: &Opened, arrangement: Arrangement) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut put = |name: String, node: usize| match blocks.iter_mut().find(|b| b.name == name) {
        Some(block) => block.nodes.push(node),
        None => blocks.push(Block { name, nodes: vec![node] }),
    };
    let name = |info: &NodeInfo| match arrangement {
        Arrangement::Groups if info.groups.is_empty() => info.role.clone(),
        Arrangement::Groups => info.groups.join(" · ").replace('=', " "),
        _ => info.role.clone(),
    };
    // Clients first: requests go from them to the right, or down.
    for clients in [true, false] {
        for (i, info) in opened.nodes.iter().enumerate().filter(|(_, info)| info.client == clients) {
            put(name(info), i);
        }
    }
    blocks
}

/// Where nodes stand within their rooms: `inner` takes off a room what a node needs around its centre.
pub struct Places<'a> {
    pub places: &'a mut [Point],
    pub inner: &'a dyn Fn(Rect) -> Rect,
}

impl Places<'_> {
    /// The blocks beside each other, or under each other where the room is high; each gets room by its size. Returns the
    /// boxes.
    pub fn boxes(&mut self, blocks: &[Block], room: Rect, caption: f32) -> Vec<Rect> {
        let across = room.w >= room.h;
        let gap = 8.0;
        let weight = |block: &Block| (block.nodes.len() as f32).sqrt();
        let all: f32 = blocks.iter().map(weight).sum();
        let whole = if across { room.w } else { room.h } - gap * blocks.len().saturating_sub(1) as f32;
        let mut at = if across { room.x } else { room.y };
        let mut boxes = Vec::new();
        for block in blocks {
            let length = whole * weight(block) / all.max(1.0);
            let area = if across { Rect { x: at, w: length, ..room } } else { Rect { y: at, h: length, ..room } };
            at += length + gap;
            boxes.push(area);
            self.rows(&block.nodes, Rect { y: area.y + caption, h: (area.h - caption).max(1.0), ..area });
        }
        boxes
    }

    /// In rows and columns that leave most room between neighbours.
    pub fn rows(&mut self, nodes: &[usize], room: Rect) {
        let room = (self.inner)(room);
        let count = nodes.len();
        let apart = |columns: usize| {
            let rows = count.div_ceil(columns);
            let step = |length: f32, n: usize| if n > 1 { length / (n - 1) as f32 } else { f32::MAX };
            step(room.w, columns).min(step(room.h, rows))
        };
        let best = (1..=count).max_by(|a, b| apart(*a).total_cmp(&apart(*b))).unwrap_or(1);
        let rows = count.div_ceil(best);
        for (k, node) in nodes.iter().enumerate() {
            let (row, column) = (k / best, k % best);
            let columns = best.min(count - row * best);
            let part = |i: usize, n: usize| if n > 1 { i as f32 / (n - 1) as f32 } else { 0.5 };
            // A row that is not full stands in the middle.
            let shift = (best - columns) as f32 / 2.0;
            let x = if best > 1 { (column as f32 + shift) / (best - 1) as f32 } else { 0.5 };
            self.places[*node] = Point { x: room.x + room.w * x, y: room.y + room.h * part(row, rows) };
        }
    }

    /// In so many columns, or rows where they go across.
    pub fn lines(&mut self, nodes: &[usize], room: Rect, across: bool, lines: usize) {
        let room = (self.inner)(room);
        let each = nodes.len().div_ceil(lines);
        for (k, node) in nodes.iter().enumerate() {
            let (line, place) = (k / each, k % each);
            let count = each.min(nodes.len() - line * each);
            let along = (place as f32 + 0.5) / count as f32;
            let beside = (line as f32 + 0.5) / lines as f32;
            let (px, py) = if across { (along, beside) } else { (beside, along) };
            self.places[*node] = Point { x: room.x + room.w * px, y: room.y + room.h * py };
        }
    }

    pub fn ring(&mut self, nodes: &[usize], room: Rect) {
        if nodes.len() > RING_MAX {
            return self.rows(nodes, room);
        }
        let room = (self.inner)(room);
        let centre = Point { x: room.x + room.w / 2.0, y: room.y + room.h / 2.0 };
        let ry = room.h / 2.0;
        let rx = (room.w / 2.0).min(ry * 1.7);
        // Narrow and high: a ring as high as the room would look like a needle.
        let ry = ry.min(rx * 1.5);
        let turns = apart(nodes.len(), rx, ry);
        for (k, node) in nodes.iter().enumerate() {
            let (sin, cos) = sin_cos(turns[k]);
            self.places[*node] = match nodes.len() {
                1 => centre,
                2 => Point { x: centre.x + rx * (k as f32 - 0.5) * 1.3, y: centre.y },
                _ => Point { x: centre.x + rx * sin, y: centre.y - ry * cos },
            };
        }
        // An odd ring leaves room at the bottom: let it use it.
        if nodes.len() > 2 && nodes.len() % 2 == 1 {
            let lowest = nodes.iter().map(|n| self.places[*n].y).fold(f32::MIN, f32::max);
            let highest = centre.y - ry;
            let stretch = (2.0 * ry) / (lowest - highest).max(1.0);
            for node in nodes {
                self.places[*node].y = highest + (self.places[*node].y - highest) * stretch;
            }
        }
    }
}

/// A crowd on a flat ring: from here on even angles would press together what stands at its ends.
const CROWD: usize = 8;
/// Into so many pieces the ring is cut to measure it.
const PIECES: usize = 180;

/// Places on an ellipse, in turns from the top, with the same way along the line from each to the next.
fn apart(count: usize, rx: f32, ry: f32) -> Vec<f32> {
    let even = |k: usize| k as f32 / count as f32;
    if count < CROWD {
        return (0..count).map(even).collect();
    }
    let at = |piece: usize| {
        let (sin, cos) = sin_cos(piece as f32 / PIECES as f32);
        (rx * sin, ry * cos)
    };
    let mut along = vec![0.0];
    for piece in 1..=PIECES {
        let ((x, y), (x2, y2)) = (at(piece - 1), at(piece));
        let (dx, dy) = (x2 - x, y2 - y);
        along.push(along[piece - 1] + (dx * dx + dy * dy).sqrt());
    }
    let place = |k: usize| {
        let wanted = even(k) * along[PIECES];
        let piece = along.iter().position(|way| *way > wanted).unwrap_or(PIECES).max(1);
        let part = (wanted - along[piece - 1]) / (along[piece] - along[piece - 1]).max(1e-6);
        (piece as f32 - 1.0 + part) / PIECES as f32
    };
    (0..count).map(place).collect()
}
