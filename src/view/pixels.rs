//! Thousands of plain rectangles as pixels: to draw them one by one takes a browser a microsecond for each, more than a
//! frame has.

use super::display::{Form, Shape};

/// As many plain rectangles in one layer are laid as pixels; fewer are filled one by one, to parts of a pixel.
pub const MANY: usize = 400;

/// Red, green, blue and opacity of each pixel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub size: (u32, u32),
    colours: Vec<[u8; 4]>,
    /// Nothing is filled outside of it. To clear, copy and lay all of a stage's pixels takes longer than to fill those of
    /// a throng.
    touched: Part,
}

/// Columns and rows from (left, top) up to but without (right, bottom).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Part {
    const NONE: Part = Part { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0 };

    fn and(self, other: Part) -> Part {
        Part {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

impl Pixels {
    pub fn new(size: (u32, u32)) -> Pixels {
        Pixels { size, colours: vec![[0; 4]; size.0 as usize * size.1 as usize], touched: Part::NONE }
    }

    pub fn bytes(&self) -> &[u8] {
        self.colours.as_flattened()
    }

    /// The part that holds all that is filled; None when nothing is.
    pub fn touched(&self) -> Option<Part> {
        (self.touched != Part::NONE).then_some(self.touched)
    }

    pub fn clear(&mut self) {
        if let Some(part) = self.touched() {
            self.paint(part, [0; 4]);
        }
        self.touched = Part::NONE;
    }

    fn paint(&mut self, part: Part, colour: [u8; 4]) {
        let width = self.size.0 as usize;
        for row in self.colours[part.top * width..part.bottom * width].chunks_exact_mut(width) {
            row[part.left..part.right].fill(colour);
        }
    }

    /// Fills the rectangles among shapes, given in CSS pixels, with a colour as a browser computes it, `rgb(1, 2, 3)`, and
    /// an opacity in hundredths. Each takes at least one pixel; what lies outside is cut off.
    pub fn fill(&mut self, shapes: &[Shape], ink: &str, alpha: u8, ratio: f32) {
        let mut parts = ink.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u8>().ok());
        let mut part = || parts.next().unwrap_or(0);
        let colour = [part(), part(), part(), (u32::from(alpha) * 255 / 100) as u8];
        for shape in shapes {
            let Form::Rect { x, y, w, h, .. } = shape.form else { continue };
            let (left, right) = span(x * ratio, w * ratio, self.size.0);
            let (top, bottom) = span(y * ratio, h * ratio, self.size.1);
            if left < right && top < bottom {
                let part = Part { left, top, right, bottom };
                self.paint(part, colour);
                self.touched = self.touched.and(part);
            }
        }
    }
}

/// The whole pixels of a length from some place on, of so many that there are.
fn span(from: f32, length: f32, room: u32) -> (usize, usize) {
    let from = (from + 0.5).floor() as i64;
    let to = from.saturating_add(((length + 0.5) as i64).max(1));
    let within = |at: i64| at.max(0).min(i64::from(room)) as usize;
    (within(from), within(to))
}

#[cfg(test)]
mod tests {
    use super::super::display::{Ink, Layer, Style};
    use super::*;

    /// Where the pixels are that a rectangle takes, of 6 by 4.
    fn taken(x: f32, y: f32, w: f32, h: f32, ratio: f32) -> Vec<(usize, usize)> {
        let mut pixels = Pixels::new((6, 4));
        let shape =
            Shape { style: Style::fill(Layer::Messages, Ink::Bad), form: Form::Rect { x, y, w, h, round: 0.0 } };
        pixels.fill(&[shape], "rgb(1, 20, 255)", 50, ratio);
        let (chunks, _) = pixels.bytes().as_chunks::<4>();
        assert!(chunks.iter().all(|pixel| [[0; 4], [1, 20, 255, 127]].contains(pixel)));
        chunks.iter().enumerate().filter(|(_, pixel)| pixel[3] > 0).map(|(i, _)| (i % 6, i / 6)).collect()
    }

    #[test]
    fn rectangles_take_whole_pixels_and_at_least_one() {
        assert_eq!(taken(1.0, 2.0, 2.0, 1.0, 1.0), [(1, 2), (2, 2)]);
        assert_eq!(taken(1.0, 1.0, 1.0, 1.0, 2.0), [(2, 2), (3, 2), (2, 3), (3, 3)]);
        assert_eq!(taken(2.4, 0.6, 0.1, 0.1, 1.0), [(2, 1)]);
    }

    #[test]
    fn what_lies_outside_is_cut_off_on_every_side() {
        assert_eq!(taken(-2.0, -1.0, 3.0, 2.0, 1.0), [(0, 0)]);
        assert_eq!(taken(5.0, 3.0, 9.0, 9.0, 1.0), [(5, 3)]);
        for (x, y) in [(-9.0, 1.0), (1.0, -9.0), (9.0, 1.0), (1.0, 9.0), (-1e30, 1e30)] {
            assert_eq!(taken(x, y, 3.0, 2.0, 1.0), [], "{x} {y}");
        }
    }

    #[test]
    fn what_is_touched_holds_all_that_is_filled_and_clearing_leaves_nothing() {
        let mut pixels = Pixels::new((9, 7));
        assert_eq!(pixels.touched(), None);
        let style = Style::fill(Layer::Messages, Ink::Bad);
        let shape = |x: f32, y: f32| Shape { style, form: Form::Rect { x, y, w: 2.0, h: 1.0, round: 0.0 } };
        pixels.fill(&[shape(5.0, 2.0), shape(1.0, 4.0), shape(-9.0, -9.0), shape(3.0, 3.0)], "rgb(9, 9, 9)", 100, 1.0);
        assert_eq!(pixels.touched(), Some(Part { left: 1, top: 2, right: 7, bottom: 5 }));
        let filled = pixels.bytes().iter().filter(|byte| **byte > 0).count();
        assert_eq!(filled, 3 * 2 * 4);
        pixels.clear();
        assert_eq!(pixels, Pixels::new((9, 7)));
    }
}
