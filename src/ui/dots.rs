//! The canvas beside the canvas, through which pixels are laid over what is drawn: put directly they would replace it.

use super::pictures;
use crate::view::Pixels;
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// A layer of pixels.
pub struct Dots {
    pub pixels: Pixels,
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl Dots {
    pub fn new(size: (u32, u32)) -> Option<Dots> {
        let (canvas, context) = pictures::canvas(f64::from(size.0), f64::from(size.1))?;
        Some(Dots { pixels: Pixels::new(size), canvas, context })
    }

    /// Lays the pixels over what is drawn.
    pub fn lay(&self, over: &CanvasRenderingContext2d) {
        let Some(part) = self.pixels.touched() else { return };
        let (x, y) = (part.left as f64, part.top as f64);
        let (w, h) = ((part.right - part.left) as f64, (part.bottom - part.top) as f64);
        let pixels = ImageData::new_with_u8_clamped_array(Clamped(self.pixels.bytes()), self.pixels.size.0);
        if let Ok(pixels) = pixels {
            let _ = self.context.put_image_data_with_dirty_x_and_dirty_y_and_dirty_width_and_dirty_height(
                &pixels, 0.0, 0.0, x, y, w, h,
            );
            let _ = over.reset_transform();
            let _ = over.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &self.canvas,
                x,
                y,
                w,
                h,
                x,
                y,
                w,
                h,
            );
        }
    }
}
