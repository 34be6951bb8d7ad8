//! Where the nodes stand: peers on a ring, clients in a column at the left (on a narrow stage in a row at the top), or
//! where the scenario places them.

use super::words;
use crate::wire::Opened;

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

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub width: f32,
    pub height: f32,
    /// Where labels may be.
    pub area: Rect,
    pub places: Vec<Point>,
    /// Radius of a node.
    pub r: f32,
    /// Sizes of text.
    pub name: f32,
    pub small: f32,
    /// Whether there is room for the texts in and under the nodes.
    pub headlines: bool,
    pub roles: bool,
    pub cells: bool,
}

impl Layout {
    pub fn new(opened: &Opened, width: f32, height: f32, insets: Insets) -> Layout {
        let area = Rect {
            x: insets.left,
            y: insets.top,
            w: (width - insets.left - insets.right).max(80.0),
            h: (height - insets.top - insets.bottom).max(80.0),
        };
        let peers: Vec<usize> = (0..opened.nodes.len()).filter(|i| !opened.nodes[*i].client).collect();
        let clients: Vec<usize> = (0..opened.nodes.len()).filter(|i| opened.nodes[*i].client).collect();
        let mut r = radius(area, peers.len().max(clients.len()));
        loop {
            let layout = Layout::attempt(opened, (width, height, area), (&peers, &clients), r);
            if r <= 4.0 || layout.is_clear() {
                return layout;
            }
            r *= 0.93;
        }
    }

    /// A layout with this radius; the texts that have no room at this size are left out.
    fn attempt(
        opened: &Opened,
        (width, height, area): (f32, f32, Rect),
        kinds: (&[usize], &[usize]),
        r: f32,
    ) -> Layout {
        let longest = opened.nodes.iter().map(|n| words::width(&n.name, 1.0, true)).fold(1.0, f32::max);
        let mut layout = Layout {
            width,
            height,
            area,
            places: vec![Point::default(); opened.nodes.len()],
            r,
            name: within(r * 1.75 / longest, 9.5, within(r * 0.47, 9.5, 16.0)),
            small: within(r * 0.34, 9.5, 12.0),
            headlines: r >= 24.0,
            roles: r >= 16.0,
            cells: r >= 18.0,
        };
        layout.arrange(kinds.0, kinds.1);
        for (i, node) in opened.nodes.iter().enumerate() {
            if let Some((x, y)) = node.place {
                let inner = layout.inner(area);
                layout.places[i] = Point {
                    x: inner.x + inner.w * f32::from(x.min(1000)) / 1000.0,
                    y: inner.y + inner.h * f32::from(y.min(1000)) / 1000.0,
                };
            }
        }
        layout
    }

    /// Nodes stand apart, with the texts between them.
    fn is_clear(&self) -> bool {
        let pair = |a: &Point, b: &Point| {
            let beside = (a.x - b.x).abs() > 2.0 * self.r + 44.0 * f32::from(u8::from(self.roles));
            a.distance(*b) > 2.0 * self.r + 10.0 && (beside || (a.y - b.y).abs() >= 2.0 * self.r + self.under() + 14.0)
                || (!self.roles && a.distance(*b) > 2.0 * self.r + 3.0)
        };
        let inside = |p: &Point| Rect::around(*p, 2.0 * self.r, 2.0 * self.r).within(&self.area);
        let places = self.places.iter().enumerate();
        places.clone().all(|(i, a)| inside(a) && places.clone().skip(i + 1).all(|(_, b)| pair(a, b)))
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

    /// Height of the texts under a node.
    pub fn under(&self) -> f32 {
        let role = if self.roles { self.small + 8.0 } else { 0.0 };
        role + if self.cells { self.small + 7.0 } else { 0.0 }
    }

    /// How wide a row of cells centred under a node can be without meeting another node, its texts, or the edge.
    pub fn row_room(&self, node: usize) -> f32 {
        let p = self.places[node];
        let row = p.y + self.r + self.under() - self.small * 0.5;
        let half = (p.x - self.area.x).min(self.area.x + self.area.w - p.x);
        let others = self.places.iter().enumerate().filter(|(other, _)| *other != node);
        let half = others.fold(half, |half, (_, q)| {
            let (beside, below) = ((p.x - q.x).abs(), row - q.y);
            if below < -self.r - self.small || below > self.r + self.under() + self.small {
                half
            } else if (p.y - q.y).abs() < 2.0 * self.small {
                half.min(beside / 2.0 - 4.0)
            } else {
                half.min(beside - self.r - 8.0)
            }
        });
        2.0 * half
    }

    fn arrange(&mut self, peers: &[usize], clients: &[usize]) {
        let mut ring = self.area;
        if !clients.is_empty() && !peers.is_empty() {
            let across = self.area.w < 520.0;
            let cell = 2.0 * self.r + 26.0;
            let band = if across { 2.0 * self.r + 26.0 + self.under() } else { cell.max(self.area.w * 0.17) };
            let lines = if across {
                1
            } else {
                (clients.len() as f32 / fitting(self.area.h, cell + self.under())).ceil() as usize
            };
            let band = band * lines.max(1) as f32;
            let (mut side, gap) = (self.area, if across { 4.0 } else { 18.0 });
            if across {
                side.h = band;
                ring.y += band + gap;
                ring.h -= band + gap;
            } else {
                side.w = band;
                ring.x += band + gap;
                ring.w -= band + gap;
            }
            self.rows(clients, self.inner(side), across, lines.max(1));
        } else {
            // One kind alone has the whole stage.
            let all: Vec<usize> = peers.iter().chain(clients).copied().collect();
            return self.ring(&all, self.inner(self.area));
        }
        self.ring(peers, self.inner(ring));
    }

    fn rows(&mut self, nodes: &[usize], room: Rect, across: bool, lines: usize) {
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

    fn ring(&mut self, nodes: &[usize], room: Rect) {
        let centre = Point { x: room.x + room.w / 2.0, y: room.y + room.h / 2.0 };
        let ry = room.h / 2.0;
        let rx = (room.w / 2.0).min(ry * 1.7);
        // Narrow and high: a ring as high as the room would look like a needle.
        let ry = ry.min(rx * 1.5);
        for (k, node) in nodes.iter().enumerate() {
            let (sin, cos) = sin_cos(k as f32 / nodes.len() as f32);
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

fn fitting(length: f32, each: f32) -> f32 {
    (length / each).floor().max(1.0)
}

/// The largest radius worth trying.
fn radius(area: Rect, crowd: usize) -> f32 {
    let by_room = within(area.w.min(area.h * 1.25) * 0.092, 17.0, 36.0);
    if crowd > 7 { by_room.min(26.0) } else { by_room }
}
