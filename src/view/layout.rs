//! Where the nodes stand and how large they are: as they are arranged, or where the scenario places them; and what of
//! that a camera sees.

use super::arrange::{self, Block, Places};
use super::words;
use crate::wire::{Arrangement, Opened};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub fn to(self, other: Point, part: f32) -> Point {
        Point { x: self.x + (other.x - self.x) * part, y: self.y + (other.y - self.y) * part }
    }

    pub fn distance(self, other: Point) -> f32 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        (dx * dx + dy * dy).sqrt()
    }

    /// The direction from here to there, of length 1.
    pub fn direction(self, other: Point) -> (f32, f32) {
        let length = self.distance(other).max(0.001);
        ((other.x - self.x) / length, (other.y - self.y) / length)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

impl Rect {
    pub fn around(centre: Point, w: f32, h: f32) -> Rect {
        Rect { x: centre.x - w / 2.0, y: centre.y - h / 2.0, w, h }
    }

    pub fn overlaps(&self, o: &Rect) -> bool {
        self.x < o.x + o.w && o.x < self.x + self.w && self.y < o.y + o.h && o.y < self.y + self.h
    }

    pub fn within(&self, o: &Rect) -> bool {
        self.x >= o.x && self.y >= o.y && self.x + self.w <= o.x + o.w && self.y + self.h <= o.y + o.h
    }

    pub fn holds(&self, p: Point) -> bool {
        p.x >= self.x && p.x <= self.x + self.w && p.y >= self.y && p.y <= self.y + self.h
    }
}

/// What part of the stage is taken by other things, in pixels from each edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Insets {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

/// What part of the stage is seen: how many times as large as the whole, and what is in the middle, as parts of its area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub zoom: f32,
    pub x: f32,
    pub y: f32,
}

impl Camera {
    pub const WHOLE: Camera = Camera { zoom: 1.0, x: 0.5, y: 0.5 };
    pub const ZOOM_MAX: f32 = 12.0;

    /// The camera nearest to this one that shows little beyond the edges: what stands there shall not be cut.
    pub fn within(self) -> Camera {
        let zoom = within(self.zoom, 1.0, Camera::ZOOM_MAX);
        let half = if zoom > 1.0 { 0.4 / zoom } else { 0.5 };
        Camera { zoom, x: within(self.x, half, 1.0 - half), y: within(self.y, half, 1.0 - half) }
    }
}

/// A box around nodes that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: String,
    pub area: Rect,
    pub nodes: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub width: f32,
    pub height: f32,
    /// Where labels may be.
    pub area: Rect,
    pub places: Vec<Point>,
    /// Which of them stand where the scenario says.
    placed: Vec<bool>,
    pub boxes: Vec<Named>,
    /// Radius of a node.
    pub r: f32,
    /// Sizes of text.
    pub name: f32,
    pub small: f32,
    /// Whether there is room for the texts in and under the nodes.
    pub headlines: bool,
    pub roles: bool,
    pub cells: bool,
    pub camera: Camera,
}

/// Height of a box's name.
const CAPTION: f32 = 20.0;
/// How large nodes get when one looks closer.
const CLOSE_R: f32 = 34.0;
/// Nodes that were placed by hand so close to each other that smaller ones would be hard to see may overlap.
const SMALLEST_PART: f32 = 0.6;

impl Layout {
    pub fn new(opened: &Opened, width: f32, height: f32, insets: Insets) -> Layout {
        let area = Rect {
            x: insets.left,
            y: insets.top,
            w: (width - insets.left - insets.right).max(80.0),
            h: (height - insets.top - insets.bottom).max(80.0),
        };
        let clients = opened.nodes.iter().filter(|n| n.client).count();
        let crowd = (opened.nodes.len() - clients).max(clients);
        let whole = (width, height, area);
        let free = Layout::largest(radius(area, crowd), 4.0, &|r| Layout::attempt(opened, whole, r, false));
        if opened.nodes.iter().all(|n| n.place.is_none()) {
            return free;
        }
        Layout::largest(radius(area, crowd), (free.r * SMALLEST_PART).max(4.0), &|r| {
            Layout::attempt(opened, whole, r, true)
        })
    }

    /// The layout with the largest radius at which all nodes stand apart, or the one with the smallest.
    fn largest(mut r: f32, least: f32, attempt: &dyn Fn(f32) -> Layout) -> Layout {
        loop {
            let layout = attempt(r);
            if r <= least || layout.is_clear() {
                return layout;
            }
            r *= 0.93;
        }
    }

    /// A layout with this radius; the texts that have no room at this size are left out.
    fn attempt(opened: &Opened, (width, height, area): (f32, f32, Rect), r: f32, placed: bool) -> Layout {
        let mut layout = Layout {
            width,
            height,
            area,
            places: vec![Point::default(); opened.nodes.len()],
            placed: opened.nodes.iter().map(|n| placed && n.place.is_some()).collect(),
            boxes: Vec::new(),
            r: 0.0,
            name: 0.0,
            small: 0.0,
            headlines: false,
            roles: false,
            cells: false,
            camera: Camera::WHOLE,
        };
        layout.set_size(opened, r);
        layout.arrange(opened);
        for (i, node) in opened.nodes.iter().enumerate().filter(|_| placed) {
            if let Some((x, y)) = node.place {
                // At the edge there is room for its texts.
                let inner = layout.inner(area);
                let at = |part: u16, from: f32, length: f32| from + length * f32::from(part.min(1000)) / 1000.0;
                layout.places[i] = Point {
                    x: within(at(x, area.x, area.w), inner.x, inner.x + inner.w),
                    y: within(at(y, area.y, area.h), inner.y, inner.y + inner.h),
                };
            }
        }
        layout
    }

    fn set_size(&mut self, opened: &Opened, r: f32) {
        let longest = opened.nodes.iter().map(|n| words::width(&n.name, 1.0, true)).fold(1.0, f32::max);
        self.r = r;
        self.name = within(r * 1.75 / longest, 9.5, within(r * 0.47, 9.5, 16.0));
        self.small = within(r * 0.34, 9.5, 12.0);
        (self.headlines, self.roles, self.cells) = (r >= 24.0, r >= 16.0, r >= 18.0);
    }

    /// What the camera sees of the whole: the nodes further apart, and as large as they can be then.
    pub fn seen(&self, opened: &Opened, camera: Camera) -> Layout {
        let zoom = camera.zoom;
        if zoom <= 1.0 {
            return self.clone();
        }
        let area = self.area;
        let place = |p: Point| Point {
            x: area.x + area.w * (0.5 + ((p.x - area.x) / area.w - camera.x) * zoom),
            y: area.y + area.h * (0.5 + ((p.y - area.y) / area.h - camera.y) * zoom),
        };
        let mut close = Layout { camera, places: self.places.iter().map(|p| place(*p)).collect(), ..self.clone() };
        for named in &mut close.boxes {
            let Point { x, y } = place(Point { x: named.area.x, y: named.area.y });
            named.area = Rect { x, y, w: named.area.w * zoom, h: named.area.h * zoom };
        }
        let mut r = (self.r * zoom).min(CLOSE_R).max(self.r);
        loop {
            close.set_size(opened, r);
            if r <= self.r || close.apart() {
                return close;
            }
            r = (r * 0.93).max(self.r);
        }
    }

    /// The place on this whole stage that a camera shows at a point, in thousandths of its area.
    pub fn place_at(&self, p: Point, camera: Camera) -> (u16, u16) {
        let area = self.area;
        let x = area.x + area.w * (camera.x + ((p.x - area.x) / area.w - 0.5) / camera.zoom);
        let y = area.y + area.h * (camera.y + ((p.y - area.y) / area.h - 0.5) / camera.zoom);
        let part = |at: f32, from: f32, length: f32| within((at - from) / length * 1000.0 + 0.5, 0.0, 1000.0) as u16;
        (part(x, area.x, area.w), part(y, area.y, area.h))
    }

    /// Whether anything within so much of a point can be seen.
    pub fn shows(&self, p: Point, reach: f32) -> bool {
        p.x > -reach && p.y > -reach && p.x < self.width + reach && p.y < self.height + reach
    }

    /// Nodes stand apart, with the texts between them, and inside of the stage and of their boxes.
    fn is_clear(&self) -> bool {
        let inside = |p: &Point, area: &Rect| Rect::around(*p, 2.0 * self.r, 2.0 * self.r).within(area);
        let boxed = |b: &Named| b.nodes.iter().all(|n| self.placed[*n] || inside(&self.places[*n], &b.area));
        self.places.iter().all(|p| inside(p, &self.area)) && self.boxes.iter().all(boxed) && self.apart()
    }

    fn apart(&self) -> bool {
        let pair = |a: &Point, b: &Point| {
            let beside = (a.x - b.x).abs() > 2.0 * self.r + 44.0 * f32::from(u8::from(self.roles));
            a.distance(*b) > 2.0 * self.r + 10.0 && (beside || (a.y - b.y).abs() >= 2.0 * self.r + self.under() + 14.0)
                || (!self.roles && a.distance(*b) > 2.0 * self.r + 3.0)
        };
        let places = self.places.iter().enumerate();
        places.clone().all(|(i, a)| places.clone().skip(i + 1).all(|(_, b)| pair(a, b)))
    }

    /// The room for a node's centre: its circle, badges above it and texts under it stay inside.
    fn inner(&self, area: Rect) -> Rect {
        let (side, above, under) = (self.r + 14.0, self.r + 20.0, self.r + self.under() + 6.0);
        Rect {
            x: area.x + side,
            y: area.y + above,
            w: (area.w - 2.0 * side).max(1.0),
            h: (area.h - above - under).max(1.0),
        }
    }

    /// The first of some parts of a way from one node to another that is not on a third node: what is shown there would seem
    /// to be about that one. The first of all, if each is.
    pub fn beside_nodes(&self, ends: [u16; 2], at: &dyn Fn(f32) -> Point, parts: [f32; 3]) -> f32 {
        let hides = |part: &f32| {
            let (spot, near) = (at(*part), self.r * 1.3);
            let mut others = self.places.iter().zip(0..).filter(|(_, node)| !ends.contains(node));
            others.any(|(place, _)| place.distance(spot) < near)
        };
        parts.into_iter().find(|part| !hides(part)).unwrap_or(parts[0])
    }

    /// Height of the texts under a node.
    pub fn under(&self) -> f32 {
        let role = if self.roles { self.small + 8.0 } else { 0.0 };
        role + if self.cells { self.small + 7.0 } else { 0.0 }
    }

    /// How wide a row of cells centred under a node can be.
    pub fn row_room(&self, node: usize) -> f32 {
        self.room(node, self.places[node].y + self.r + self.under() - self.small * 0.5)
    }

    /// How wide something centred over or under a node, at height `row`, can be without meeting another node, its texts,
    /// or the edge.
    pub fn room(&self, node: usize, row: f32) -> f32 {
        let p = self.places[node];
        let half = (p.x - self.area.x).min(self.area.x + self.area.w - p.x);
        let others = self.places.iter().enumerate().filter(|(other, _)| *other != node);
        let half = others.fold(half, |half, (_, q)| {
            let (beside, below) = ((p.x - q.x).abs(), row - q.y);
            // Badges stand above a node.
            if below < -self.r - 2.0 * self.small - 12.0 || below > self.r + self.under() + self.small {
                half
            } else if (p.y - q.y).abs() < 2.0 * self.small {
                half.min(beside / 2.0 - 4.0)
            } else {
                half.min(beside - self.r - 8.0)
            }
        });
        2.0 * half
    }

    fn arrange(&mut self, opened: &Opened) {
        let frame = Layout { places: Vec::new(), boxes: Vec::new(), ..self.clone() };
        let mut places = Places { places: &mut self.places, inner: &|room| frame.inner(room) };
        if opened.arrangement == Arrangement::Ring {
            return frame.ring_and_clients(opened, &mut places);
        }
        let blocks = arrange::blocks(opened, opened.arrangement);
        let margin = 6.0;
        let room = Rect {
            x: self.area.x + margin,
            y: self.area.y + margin,
            w: self.area.w - 2.0 * margin,
            h: self.area.h - 2.0 * margin,
        };
        let areas = places.boxes(&blocks, room, CAPTION);
        let named = |(block, area): (Block, Rect)| Named { name: block.name, area, nodes: block.nodes };
        self.boxes = blocks.into_iter().zip(areas).map(named).collect();
    }

    /// Peers on a ring, and clients in a column at the left, on a narrow stage in a row at the top.
    fn ring_and_clients(&self, opened: &Opened, places: &mut Places) {
        let all = 0..opened.nodes.len();
        let peers: Vec<usize> = all.clone().filter(|i| !opened.nodes[*i].client).collect();
        let clients: Vec<usize> = all.clone().filter(|i| opened.nodes[*i].client).collect();
        if clients.is_empty() || peers.is_empty() {
            // One kind alone has the whole stage.
            return places.ring(&all.collect::<Vec<_>>(), self.area);
        }
        let (mut ring, mut side) = (self.area, self.area);
        let across = self.area.w < 520.0;
        let cell = 2.0 * self.r + 26.0;
        let band = if across { cell + self.under() } else { cell.max(self.area.w * 0.17) };
        let fitting = ((self.area.h / (cell + self.under())) as usize).max(1);
        let lines = if across { 1 } else { clients.len().div_ceil(fitting) };
        let (band, gap) = (band * lines as f32, if across { 4.0 } else { 18.0 });
        if across {
            side.h = band;
            ring.y += band + gap;
            ring.h -= band + gap;
        } else {
            side.w = band;
            ring.x += band + gap;
            ring.w -= band + gap;
        }
        places.lines(&clients, side, across, lines);
        places.ring(&peers, ring);
    }

    /// The boxes that a node's circle and its texts take, for keeping labels off them.
    pub fn boxes(&self, node: usize, role: &str, cells: usize) -> [Rect; 2] {
        let p = self.places[node];
        let circle = Rect::around(p, 2.0 * self.r + 8.0, 2.0 * self.r + 8.0);
        let width = words::width(role, self.small, true).max(cells as f32 * (self.small + 4.0)) + 6.0;
        let under = Rect { x: p.x - width / 2.0, y: p.y + self.r + 4.0, w: width, h: self.under() };
        [circle, under]
    }
}

/// As `clamp`, whose panic brings the code for writing floats with it.
pub fn within(n: f32, least: f32, most: f32) -> f32 {
    n.min(most).max(least)
}

/// Sine and cosine of so many turns, to three decimals: enough to place things, and a tenth of the library's code.
pub fn sin_cos(turns: f32) -> (f32, f32) {
    let wave = |turns: f32| {
        let t = turns - (turns + 0.5).floor();
        let folded = if t > 0.25 {
            0.5 - t
        } else if t < -0.25 {
            -0.5 - t
        } else {
            t
        };
        let x = folded * std::f32::consts::TAU;
        let square = x * x;
        x * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)))
    };
    (wave(turns), wave(turns + 0.25))
}

/// The largest radius worth trying.
fn radius(area: Rect, crowd: usize) -> f32 {
    let by_room = within(area.w.min(area.h * 1.25) * 0.092, 17.0, 36.0);
    if crowd > 7 { by_room.min(26.0) } else { by_room }
}
