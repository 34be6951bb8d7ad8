//! The space-time diagram as an SVG picture that stands alone: what the page draws on its canvas, with the light theme's
//! colours from the page's own style sheet.

use crate::base::Micros;
use crate::session::Session;
use crate::view::display::{Align, Display, Form, Ink, Style, Text};
use crate::view::spacetime::{self, Plan, Window};
use crate::wire::{DiagramAsk, Reply, Request, RowFilter};
use std::f32::consts::{FRAC_PI_2, TAU};
use std::fmt::Write;

const WIDTH: f32 = 1_600.0;
/// Higher than on the page, where lanes share the room that there is.
const LANE: f32 = 44.0;
/// So many things at most are drawn one by one.
const ROOM: u32 = 6_000;
const STYLES: &str = include_str!("../../static/style.css");

pub fn write(session: &mut Session, out: &mut String) {
    let (Some(opened), Some(timeline)) = (session.opened(), session.timeline()) else { return };
    let (now, head) = (timeline.shown(), Micros(timeline.head().now).max(timeline.shown()));
    let to = Micros(head.0 + head.0 / 50 + 1);
    let filter = RowFilter::default();
    let ask = DiagramAsk { from: Micros::ZERO, to, room: ROOM, filter, focus: None, anchor: None };
    let Some(Reply::Diagram(diagram)) = session.handle(Request::Diagram(ask)).pop() else { return };
    let lanes: Vec<u16> = (0..opened.nodes.len() as u16).collect();
    let height = spacetime::height(0) + lanes.len() as f32 * LANE;
    let plan = Plan {
        opened: &opened,
        diagram: &diagram,
        window: Window { from: 0.0, to: to.0 as f64 },
        at: now,
        head,
        lanes: &lanes,
        size: (WIDTH, height),
        scrolled: 0.0,
        focus: None,
        anchor: None,
        lit: &[],
    };
    let title = format!("{}, seed {}", opened.title, opened.seed);
    picture(&spacetime::draw(&plan).display, (WIDTH, height), &title, out);
}

/// A display list as a document. Writing to a string cannot fail.
fn picture(display: &Display, (width, height): (f32, f32), title: &str, out: &mut String) {
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" stroke-linecap=\"round\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        escaped(title),
        colour(Ink::Panel)
    );
    // Shapes and texts are in the order of their layers, shapes before texts in each.
    let (mut shapes, mut texts) = (display.shapes.iter().peekable(), display.texts.iter().peekable());
    loop {
        let layer = |layer: Option<crate::view::display::Layer>| layer.map_or(u8::MAX, |layer| layer as u8);
        let next = (layer(shapes.peek().map(|s| s.style.layer)), layer(texts.peek().map(|t| t.layer)));
        match next {
            (u8::MAX, u8::MAX) => break,
            (a, b) if a <= b => {
                if let Some(shape) = shapes.next() {
                    shape_of(&shape.form, shape.style, out);
                }
            }
            _ => {
                if let Some(text) = texts.next() {
                    text_of(text, out);
                }
            }
        }
    }
    out.push_str("</svg>\n");
}

fn shape_of(form: &Form, style: Style, out: &mut String) {
    let _ = match *form {
        Form::Circle { x, y, r } => write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\""),
        Form::Line { x1, y1, x2, y2 } => write!(out, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\""),
        Form::Curve { x1, y1, cx, cy, x2, y2 } => {
            write!(out, "<path d=\"M{x1:.1} {y1:.1}Q{cx:.1} {cy:.1} {x2:.1} {y2:.1}\"")
        }
        Form::Rect { x, y, w, h, round } => {
            write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{round}\"")
        }
        Form::Arc { x, y, r, part } => {
            let angle = part.min(0.999) * TAU - FRAC_PI_2;
            let (ex, ey, large) = (x + r * libm::cosf(angle), y + r * libm::sinf(angle), u8::from(part > 0.5));
            write!(out, "<path d=\"M{x:.1} {:.1}A{r:.1} {r:.1} 0 {large} 1 {ex:.1} {ey:.1}\"", y - r)
        }
        Form::Polygon { x, y, r, sides, dx, dy } => {
            let corner = |i: u8| {
                let turn = f32::from(i) / f32::from(sides) * TAU;
                let (cos, sin) = (libm::cosf(turn) * r, libm::sinf(turn) * r);
                format!("{:.1},{:.1}", x + dx * cos - dy * sin, y + dx * sin + dy * cos)
            };
            let corners: Vec<String> = (0..sides).map(corner).collect();
            write!(out, "<polygon points=\"{}\"", corners.join(" "))
        }
    };
    let _ = write!(out, " fill=\"{}\"", style.fill.map_or("none", colour));
    if let Some(ink) = style.stroke {
        let _ = write!(out, " stroke=\"{}\" stroke-width=\"{}\"", colour(ink), f32::from(style.width) / 10.0);
    }
    if style.dash > 0 {
        let _ = write!(out, " stroke-dasharray=\"{} {}\"", style.dash, style.dash + 1);
    }
    if style.alpha < 100 {
        let _ = write!(out, " opacity=\"{}\"", f32::from(style.alpha) / 100.0);
    }
    out.push_str("/>\n");
}

fn text_of(text: &Text, out: &mut String) {
    let anchor = if text.align == Align::Centre { " text-anchor=\"middle\"" } else { "" };
    let weight = if text.bold { " font-weight=\"600\"" } else { "" };
    let (size, ink) = (f32::from(text.size) / 10.0, colour(text.ink));
    let words = escaped(&text.text);
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{ink}\"{anchor}{weight}>{words}</text>",
        text.x, text.y
    );
}

/// The light theme's colour of an ink: `--name: light-dark(#fff, #000);` in the style sheet.
fn colour(ink: Ink) -> &'static str {
    let name = Ink::ALL.iter().find(|(own, _)| *own == ink).map_or("", |(_, name)| *name);
    let value = STYLES.split_once(&format!("--{name}: light-dark(")).map(|(_, rest)| rest);
    value.and_then(|rest| rest.split_once(',')).map_or("currentColor", |(light, _)| light)
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    safe.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_a_colour() {
        for (ink, name) in Ink::ALL {
            assert!(colour(ink).starts_with('#'), "{name}: {}", colour(ink));
        }
    }
}
