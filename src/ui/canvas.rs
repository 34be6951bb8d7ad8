//! Paints a display list. Each shape is a path of its own: where the browser fills paths by itself, without a graphics
//! card, one path of a thousand lines takes four times as long as a thousand paths, since it is scanned as a whole.

use super::dots::Dots;
use crate::view::{self, Align, Display, Form, Ink, Layer, Shape, Style};
use gloo::utils::document;
use js_sys::Array;
use std::cell::{Cell, RefCell, RefMut};
use std::f32::consts::FRAC_1_SQRT_2;
use std::f64::consts::{FRAC_PI_2, TAU};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, Path2d};

const FAMILY: &str = r#"system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif"#;
const LAYERS: [Layer; 6] = [Layer::Links, Layer::Trails, Layer::Nodes, Layer::Marks, Layer::Messages, Layer::Labels];

pub struct Painter {
    pub canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    inks: Rc<[String]>,
    /// Width and height in CSS pixels, and device pixels to one of them.
    pub size: (f64, f64),
    ratio: f64,
    /// The context's font, by size and weight: to set it makes the browser look up the style of the page.
    font: Cell<Option<(u16, bool)>>,
    /// The element may have another size now. Asking for its size makes the browser lay out the page at once.
    resized: bool,
    /// Polygons by their number of sides.
    stamps: [Option<Path2d>; SIDES_MAX + 1],
    dots: RefCell<Option<Dots>>,
    /// Everything is drawn so much larger.
    pub scale: f64,
    /// The ground is painted too.
    pub opaque: bool,
}

thread_local! {
    /// The colours of the style sheet: the same for every canvas, and read once, since that makes the browser style the
    /// whole page at once.
    static INKS: RefCell<Option<Rc<[String]>>> = const { RefCell::new(None) };
}

/// Called when the style sheet may say other colours.
pub fn theme_changed() {
    INKS.take();
}

fn inks() -> Rc<[String]> {
    INKS.with_borrow_mut(|inks| inks.get_or_insert_with(read_inks).clone())
}

fn read_inks() -> Rc<[String]> {
    let probe: HtmlElement = document().create_element("i").expect("an element").unchecked_into();
    probe.set_hidden(true);
    let Some(parent) = document().body() else { return Rc::new([]) };
    let _ = parent.append_child(&probe);
    let read = |name: &str| {
        let _ = probe.style().set_property("color", &format!("var(--{name})"));
        let style = gloo::utils::window().get_computed_style(&probe).ok().flatten();
        style.and_then(|s| s.get_property_value("color").ok()).unwrap_or_default()
    };
    let inks = Ink::ALL.iter().map(|(_, name)| read(name)).collect();
    probe.remove();
    inks
}

impl Painter {
    pub fn new(canvas: HtmlCanvasElement) -> Option<Painter> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Painter {
            canvas,
            context,
            inks: Rc::new([]),
            size: (0.0, 0.0),
            ratio: 1.0,
            font: Cell::new(None),
            stamps: std::array::from_fn(stamp),
            dots: RefCell::default(),
            resized: true,
            scale: 1.0,
            opaque: false,
        })
    }

    /// Called when the element has another size.
    pub fn resize(&mut self) {
        self.resized = true;
    }

    /// Takes over the size of the element; true when it changed.
    pub fn fit(&mut self) -> bool {
        let ratio = gloo::utils::window().device_pixel_ratio().clamp(1.0, 3.0) * self.scale;
        if !std::mem::take(&mut self.resized) && self.ratio == ratio {
            return false;
        }
        let (w, h) = (f64::from(self.canvas.client_width()), f64::from(self.canvas.client_height()));
        let (w, h) = (w / self.scale, h / self.scale);
        let changed = self.size != (w, h) || self.ratio != ratio;
        if changed {
            self.canvas.set_width((w * ratio) as u32);
            self.canvas.set_height((h * ratio) as u32);
            (self.size, self.ratio) = ((w, h), ratio);
            // Another size puts the context back to its defaults.
            self.font.set(None);
        }
        changed
    }

    /// What is drawn, on its ground.
    pub fn picture(&self) -> Option<HtmlCanvasElement> {
        let (w, h) = (f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        let (canvas, context) = super::pictures::canvas(w, h)?;
        context.set_fill_style_str(self.ink(Ink::Bg));
        context.fill_rect(0.0, 0.0, w, h);
        context.draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0).ok()?;
        Some(canvas)
    }

    fn ink(&self, ink: Ink) -> &str {
        self.inks.get(ink as usize).map_or("", String::as_str)
    }

    pub fn paint(&mut self, display: &Display) {
        self.inks = inks();
        self.upright();
        let c = &self.context;
        c.clear_rect(0.0, 0.0, self.size.0, self.size.1);
        if self.opaque {
            c.set_fill_style_str(self.ink(Ink::Bg));
            c.fill_rect(0.0, 0.0, self.size.0, self.size.1);
        }
        let (mut shapes, mut texts) = (&display.shapes[..], &display.texts[..]);
        for layer in LAYERS {
            let count = shapes.iter().take_while(|s| s.style.layer == layer).count();
            self.layer(&shapes[..count]);
            shapes = &shapes[count..];
            let count = texts.iter().take_while(|t| t.layer == layer).count();
            let mut last = None;
            for text in &texts[..count] {
                let style = (text.size, text.bold, text.align, text.ink);
                if last != Some(style) {
                    self.text_style(style);
                    last = Some(style);
                }
                let _ = c.fill_text(&text.text, f64::from(text.x), f64::from(text.y));
            }
            texts = &texts[count..];
        }
    }

    /// The shapes of a layer, those of one style together; plain rectangles first when there are many.
    fn layer(&self, shapes: &[Shape]) {
        let runs = || shapes.chunk_by(|a, b| a.style == b.style);
        let many = shapes.iter().filter(|shape| shape.is_plain()).count() >= view::MANY;
        let mut dots = if many { self.dots() } else { None };
        if let Some(dots) = &mut dots {
            dots.pixels.clear();
            for run in runs().filter(|run| run.iter().all(Shape::is_plain)) {
                let style = run[0].style;
                let ink = style.fill.map_or("", |ink| self.ink(ink));
                dots.pixels.fill(run, ink, style.alpha, self.ratio as f32);
            }
            dots.lay(&self.context);
            self.upright();
        }
        for run in runs().filter(|run| dots.is_none() || !run.iter().all(Shape::is_plain)) {
            self.batch(run);
        }
    }

    /// The pixels for many rectangles, as large as the canvas; None where there is no second canvas to be had.
    fn dots(&self) -> Option<RefMut<'_, Dots>> {
        let size = (self.canvas.width(), self.canvas.height());
        let mut dots = self.dots.borrow_mut();
        if dots.as_ref().is_none_or(|dots| dots.pixels.size != size) {
            *dots = Dots::new(size);
        }
        RefMut::filter_map(dots, Option::as_mut).ok()
    }

    fn text_style(&self, (size, bold, align, ink): (u16, bool, Align, Ink)) {
        let font = (size, bold);
        if self.font.replace(Some(font)) != Some(font) {
            let weight = if bold { "620" } else { "400" };
            self.context.set_font(&format!("{weight} {}.{}px {FAMILY}", size / 10, size % 10));
        }
        self.context.set_text_align(if align == Align::Left { "left" } else { "center" });
        self.context.set_fill_style_str(self.ink(ink));
    }

    fn batch(&self, shapes: &[Shape]) {
        let (c, style): (_, Style) = (&self.context, shapes[0].style);
        c.set_global_alpha(f64::from(style.alpha) / 100.0);
        if let (Some(ink), true) = (style.fill, shapes.iter().all(Shape::is_plain)) {
            return self.blocks(ink, shapes);
        }
        if let Some(ink) = style.fill {
            c.set_fill_style_str(self.ink(ink));
        }
        if let Some(ink) = style.stroke {
            c.set_stroke_style_str(self.ink(ink));
            c.set_line_width(f64::from(style.width) / 10.0);
            c.set_line_cap(if style.width > 10 { "round" } else { "butt" });
        }
        let dash = f64::from(style.dash);
        if style.dash > 0 {
            let _ = c.set_line_dash(&Array::of2(&JsValue::from(dash), &JsValue::from(dash + 1.0)));
        }
        let mut stamped = false;
        for shape in shapes {
            if style.stroke.is_none() && self.stamp(&shape.form) {
                stamped = true;
                continue;
            }
            if std::mem::take(&mut stamped) {
                self.upright();
            }
            c.begin_path();
            self.trace(&shape.form);
            if style.fill.is_some() {
                c.fill();
            }
            if style.stroke.is_some() {
                c.stroke();
            }
        }
        if stamped {
            self.upright();
        }
        if style.dash > 0 {
            let _ = c.set_line_dash(&Array::new());
        }
        c.set_global_alpha(1.0);
    }

    /// One unit is a CSS pixel, from the upper left corner.
    fn upright(&self) {
        let _ = self.context.set_transform(self.ratio, 0.0, 0.0, self.ratio, 0.0, 0.0);
    }

    /// Fills a polygon: a path of each kind is kept and put where it stands, in two calls instead of eight. The next that
    /// is drawn otherwise has to be put [`Self::upright`] first.
    fn stamp(&self, form: &Form) -> bool {
        let Form::Polygon { x, y, r, sides, dx, dy } = *form else { return false };
        let Some(path) = self.stamps.get(usize::from(sides)).and_then(Option::as_ref) else { return false };
        let [x, y, along, across] = [x, y, dx * r, dy * r].map(|at| f64::from(at) * self.ratio);
        let _ = self.context.set_transform(along, across, -across, along, x, y);
        self.context.fill_with_path_2d(path);
        true
    }

    /// Rectangles need no path.
    fn blocks(&self, ink: Ink, shapes: &[Shape]) {
        self.context.set_fill_style_str(self.ink(ink));
        for shape in shapes {
            if let Form::Rect { x, y, w, h, .. } = shape.form {
                self.context.fill_rect(x.into(), y.into(), w.into(), h.into());
            }
        }
        self.context.set_global_alpha(1.0);
    }

    fn trace(&self, form: &Form) {
        let c = &self.context;
        match *form {
            Form::Circle { x, y, r } => {
                // An arc begins its path by itself: alone in it, Chromium draws it without making a path.
                let _ = c.arc(x.into(), y.into(), r.into(), 0.0, TAU);
            }
            Form::Arc { x, y, r, part } => {
                let _ = c.arc(x.into(), y.into(), r.into(), -FRAC_PI_2, f64::from(part) * TAU - FRAC_PI_2);
            }
            Form::Line { x1, y1, x2, y2 } => {
                c.move_to(f64::from(x1), f64::from(y1));
                c.line_to(f64::from(x2), f64::from(y2));
            }
            Form::Curve { x1, y1, cx, cy, x2, y2 } => {
                c.move_to(f64::from(x1), f64::from(y1));
                c.quadratic_curve_to(f64::from(cx), f64::from(cy), f64::from(x2), f64::from(y2));
            }
            Form::Rect { x, y, w, h, round } => {
                let (x, y, w, h) = (f64::from(x), f64::from(y), f64::from(w), f64::from(h));
                let _ = c.round_rect_with_f64(x, y, w, h, f64::from(round));
            }
            Form::Polygon { x, y, r, sides, dx, dy } => {
                for (dx, dy) in corners(sides.into(), (dx * r, dy * r)) {
                    c.line_to(f64::from(x + dx), f64::from(y + dy));
                }
                c.close_path();
            }
        }
    }
}

const SIDES_MAX: usize = 8;

/// A polygon around the origin with a corner at (1, 0); none of so few sides.
fn stamp(sides: usize) -> Option<Path2d> {
    let path = Path2d::new().ok().filter(|_| sides > 2)?;
    for (x, y) in corners(sides, (1.0, 0.0)) {
        path.line_to(x.into(), y.into());
    }
    path.close_path();
    Some(path)
}

/// Where the corners are, from the middle, when one of them is known.
fn corners(sides: usize, first: (f32, f32)) -> impl Iterator<Item = (f32, f32)> {
    let (cos, sin) = STEP[sides.min(SIDES_MAX)];
    let turned = move |(x, y): &(f32, f32)| Some((x * cos - y * sin, x * sin + y * cos));
    std::iter::successors(Some(first), turned).take(sides)
}

/// Cosine and sine of the angle between two corners, by the number of corners (3, 4, 6, 8).
const STEP: [(f32, f32); SIDES_MAX + 1] = {
    let mut step = [(1.0, 0.0); 9];
    step[3] = (-0.5, 0.866_025_4);
    step[4] = (0.0, 1.0);
    step[6] = (0.5, 0.866_025_4);
    step[8] = (FRAC_1_SQRT_2, FRAC_1_SQRT_2);
    step
};
