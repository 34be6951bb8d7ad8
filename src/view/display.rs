//! A display list: shapes and texts as plain data, in the order in which they are painted.
//!
//! Shapes of one style stand together after [`Display::finish`], so that a painter makes one path of them.

use crate::wire::Tone;

/// Colour by role; the theme's tokens say what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Bg,
    Panel,
    Ink,
    Soft,
    Line,
    Hair,
    Accent,
    Ghost,
    Good,
    Bad,
    Neutral,
    Client,
    Server,
    Leader,
    Candidate,
    Follower,
    Query,
    Update,
    Reply,
    Refusal,
    Routine,
    Epoch1,
    Epoch2,
    Epoch3,
    Epoch4,
    Epoch5,
    Epoch6,
}

impl Ink {
    /// Every ink with the name of its token (`--name`).
    pub const ALL: [(Ink, &'static str); 27] = [
        (Ink::Bg, "bg"),
        (Ink::Panel, "panel"),
        (Ink::Ink, "ink"),
        (Ink::Soft, "soft"),
        (Ink::Line, "line"),
        (Ink::Hair, "hair"),
        (Ink::Accent, "accent"),
        (Ink::Ghost, "ghost"),
        (Ink::Good, "good"),
        (Ink::Bad, "bad"),
        (Ink::Neutral, "neutral"),
        (Ink::Client, "client"),
        (Ink::Server, "server"),
        (Ink::Leader, "leader"),
        (Ink::Candidate, "candidate"),
        (Ink::Follower, "follower"),
        (Ink::Query, "query"),
        (Ink::Update, "update"),
        (Ink::Reply, "reply"),
        (Ink::Refusal, "refusal"),
        (Ink::Routine, "routine"),
        (Ink::Epoch1, "epoch-1"),
        (Ink::Epoch2, "epoch-2"),
        (Ink::Epoch3, "epoch-3"),
        (Ink::Epoch4, "epoch-4"),
        (Ink::Epoch5, "epoch-5"),
        (Ink::Epoch6, "epoch-6"),
    ];

    /// The colour of a term, ballot or view, the same again after six of them; none for 0.
    pub fn epoch(epoch: u64) -> Option<Ink> {
        const ROUND: [Ink; 6] = [Ink::Epoch6, Ink::Epoch1, Ink::Epoch2, Ink::Epoch3, Ink::Epoch4, Ink::Epoch5];
        (epoch > 0).then(|| ROUND[(epoch % 6) as usize])
    }

    pub fn of(tone: Tone) -> Ink {
        match tone {
            Tone::Neutral => Ink::Neutral,
            Tone::Client => Ink::Client,
            Tone::Server => Ink::Server,
            Tone::Leader => Ink::Leader,
            Tone::Candidate => Ink::Candidate,
            Tone::Follower => Ink::Follower,
            Tone::Query => Ink::Query,
            Tone::Update => Ink::Update,
            Tone::Reply => Ink::Reply,
            Tone::Refusal => Ink::Refusal,
            Tone::Routine => Ink::Routine,
        }
    }
}

/// What is painted over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Links,
    Trails,
    Nodes,
    Marks,
    Messages,
    Labels,
}

/// How a shape is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub layer: Layer,
    pub fill: Option<Ink>,
    pub stroke: Option<Ink>,
    /// Tenths of a pixel.
    pub width: u16,
    /// Dash and gap in pixels; 0 for a full line.
    pub dash: u8,
    /// Of 100.
    pub alpha: u8,
}

impl Style {
    pub fn fill(layer: Layer, ink: Ink) -> Style {
        Style { layer, fill: Some(ink), stroke: None, width: 0, dash: 0, alpha: 100 }
    }

    pub fn stroke(layer: Layer, ink: Ink, width: f32) -> Style {
        Style { layer, fill: None, stroke: Some(ink), width: (width * 10.0) as u16, dash: 0, alpha: 100 }
    }

    /// Equal for equal styles, and rising with the layer.
    fn key(&self) -> u64 {
        let ink = |ink: Option<Ink>| ink.map_or(0, |i| i as u64 + 1);
        let look = u64::from(self.width) << 16 | u64::from(self.dash) << 8 | u64::from(self.alpha);
        (self.layer as u64) << 60 | ink(self.fill) << 50 | ink(self.stroke) << 40 | look
    }

    pub fn filled(self, ink: Ink) -> Style {
        Style { fill: Some(ink), ..self }
    }

    pub fn dashed(self, dash: u8) -> Style {
        Style { dash, ..self }
    }

    pub fn faint(self, alpha: u8) -> Style {
        Style { alpha, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Circle {
        x: f32,
        y: f32,
        r: f32,
    },
    /// Clockwise from the top, a part of the whole circle.
    Arc {
        x: f32,
        y: f32,
        r: f32,
        part: f32,
    },
    Line {
        x1: f32,
        y1: f32,
        x2: f32,
        y2: f32,
    },
    /// A quadratic curve with one control point.
    Curve {
        x1: f32,
        y1: f32,
        cx: f32,
        cy: f32,
        x2: f32,
        y2: f32,
    },
    Rect {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        round: f32,
    },
    /// A regular polygon; `(dx, dy)`, of length 1, is the direction of its first corner.
    Polygon {
        x: f32,
        y: f32,
        r: f32,
        sides: u8,
        dx: f32,
        dy: f32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub style: Style,
    pub form: Form,
}

impl Shape {
    /// A rectangle with sharp corners and without an outline.
    pub fn is_plain(&self) -> bool {
        self.style.stroke.is_none() && matches!(self.form, Form::Rect { round: 0.0, .. })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
}

/// One line of text; `y` is its base line.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub layer: Layer,
    pub ink: Ink,
    /// Tenths of a pixel.
    pub size: u16,
    pub bold: bool,
    pub align: Align,
    pub x: f32,
    pub y: f32,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Display {
    pub shapes: Vec<Shape>,
    pub texts: Vec<Text>,
}

impl Display {
    pub fn shape(&mut self, style: Style, form: Form) {
        self.shapes.push(Shape { style, form });
    }

    pub fn circle(&mut self, style: Style, x: f32, y: f32, r: f32) {
        self.shape(style, Form::Circle { x, y, r });
    }

    pub fn line(&mut self, style: Style, x1: f32, y1: f32, x2: f32, y2: f32) {
        self.shape(style, Form::Line { x1, y1, x2, y2 });
    }

    /// Two crossing strokes.
    pub fn cross(&mut self, style: Style, x: f32, y: f32, r: f32) {
        self.line(style, x - r, y - r, x + r, y + r);
        self.line(style, x - r, y + r, x + r, y - r);
    }

    /// Puts shapes and texts of one style together, layer by layer, in a stable order.
    pub fn finish(mut self) -> Display {
        self.shapes = ordered(self.shapes, |s| s.style.key());
        self.texts = ordered(self.texts, |t| {
            let parts = [t.layer as u64, u64::from(t.size), u64::from(t.bold), t.align as u64, t.ink as u64];
            parts.into_iter().fold(0, |key, part| key << 12 | part)
        });
        self
    }
}

/// The items in the order of their keys; equal ones stay as they were. Thousands of shapes have a few dozen styles: to put
/// each on its style's pile takes less than to sort them.
pub fn ordered<T>(items: Vec<T>, key: impl Fn(&T) -> u64) -> Vec<T> {
    let mut all = Vec::with_capacity(items.len());
    let mut piles: Vec<(u64, Vec<T>)> = Vec::new();
    let mut last = 0;
    for item in items {
        let key = key(&item);
        if piles.get(last).is_none_or(|pile| pile.0 != key) {
            last = piles.partition_point(|pile| pile.0 < key);
            if piles.get(last).is_none_or(|pile| pile.0 != key) {
                piles.insert(last, (key, Vec::new()));
            }
        }
        piles[last].1.push(item);
    }
    for (_, pile) in &mut piles {
        all.append(pile);
    }
    all
}
