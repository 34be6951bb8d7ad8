//! Thousands of plain rectangles as pixels: to draw them one by one takes a browser a microsecond for each, more than a
//! frame has.

use super::display::{Form, Shape};

/// As many plain rectangles in one layer are laid as pixels; fewer are filled one by one, to parts of a pixel.
pub const MANY: usize = 400;

/// Red, green, blue and opacity of each pixel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub size: (u32, u32),
    pub bytes: Vec<u8>,
}

impl Pixels {
    pub fn new(size: (u32, u32)) -> Pixels {
        Pixels { size, bytes: vec![0; size.0 as usize * size.1 as usize * 4] }
    }

    pub fn clear(&mut self) {
        self.bytes.fill(0);
    }

    /// Fills the rectangles among shapes, given in CSS pixels, with a colour as a browser computes it, `rgb(1, 2, 3)`, and
    /// an opacity in hundredths. Each takes at least one pixel; what lies outside is cut off.
    pub fn fill(&mut self, shapes: &[Shape], ink: &str, alpha: u8, ratio: f32) {
        let width = self.size.0 as usize;
        let mut parts = ink.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u8>().ok());
        let mut part = || parts.next().unwrap_or(0);
        let colour = [part(), part(), part(), (u32::from(alpha) * 255 / 100) as u8];
        for shape in shapes {
            let Form::Rect { x, y, w, h, .. } = shape.form else { continue };
            let (left, right) = span(x * ratio, w * ratio, self.size.0);
            let (top, bottom) = span(y * ratio, h * ratio, self.size.1);
            if left >= right {
                continue;
            }
            for row in top..bottom {
                let row = &mut self.bytes[row * width * 4..(row + 1) * width * 4];
                row[left * 4..right * 4].as_chunks_mut().0.fill(colour);
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
        let (chunks, _) = pixels.bytes.as_chunks::<4>();
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
    fn clearing_leaves_nothing() {
        let mut pixels = Pixels::new((3, 2));
        pixels.bytes.fill(9);
        pixels.clear();
        assert_eq!(pixels, Pixels::new((3, 2)));
    }
}
