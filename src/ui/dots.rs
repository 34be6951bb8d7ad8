//! Thousands of plain rectangles as pixels: one by one the browser takes a microsecond for each, more than a frame has.

use super::pictures;
use crate::view::{Form, Shape};
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Fewer are filled one by one, to parts of a pixel.
pub const MANY: usize = 400;

/// A layer of pixels as large as the canvas.
pub struct Dots {
    size: (u32, u32),
    pixels: Vec<u8>,
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl Dots {
    pub fn new(size: (u32, u32)) -> Option<Dots> {
        let (canvas, context) = pictures::canvas(f64::from(size.0), f64::from(size.1))?;
        Some(Dots { size, pixels: vec![0; size.0 as usize * size.1 as usize * 4], canvas, context })
    }

    pub fn fits(&self, size: (u32, u32)) -> bool {
        self.size == size
    }

    pub fn clear(&mut self) {
        self.pixels.fill(0);
    }

    /// Fills rectangles, given in CSS pixels, with a colour as the browser computes it: `rgb(1, 2, 3)`.
    pub fn fill(&mut self, shapes: &[Shape], ink: &str, alpha: u8, ratio: f32) {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let mut parts = ink.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u8>().ok());
        let mut part = || parts.next().unwrap_or(0);
        let colour = [part(), part(), part(), (u32::from(alpha) * 255 / 100) as u8];
        for shape in shapes {
            let Form::Rect { x, y, w, h, .. } = shape.form else { continue };
            // At least one pixel; what lies outside is cut off. The conversions saturate.
            let (left, top) = ((x * ratio + 0.5) as usize, (y * ratio + 0.5) as usize);
            let right = (left + ((w * ratio + 0.5) as usize).max(1)).min(width);
            let bottom = (top + ((h * ratio + 0.5) as usize).max(1)).min(height);
            for row in top..bottom {
                let row = &mut self.pixels[row * width * 4..(row + 1) * width * 4];
                if let Some(pixels) = row.get_mut(left * 4..right * 4) {
                    pixels.as_chunks_mut().0.fill(colour);
                }
            }
        }
    }

    /// Lays the pixels over what is drawn.
    pub fn lay(&self, over: &CanvasRenderingContext2d) {
        let pixels = ImageData::new_with_u8_clamped_array(Clamped(&self.pixels), self.size.0);
        if let Ok(pixels) = pixels {
            let _ = self.context.put_image_data(&pixels, 0.0, 0.0);
            let _ = over.reset_transform();
            let _ = over.draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0);
        }
    }
}
