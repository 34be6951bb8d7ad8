//! Pictures as files: the stage as it is drawn, and the space-time diagram from its SVG.

use super::storage;
use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement};

/// Browsers have no larger canvas than this, in pixels a side.
const SIDE_MAX: f64 = 8_192.0;
/// Pixels for each of the SVG's own, where there is room.
const SHARP: f64 = 2.0;

pub fn canvas(width: f64, height: f64) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d").ok()??.unchecked_into();
    Some((canvas, context))
}

/// Offers a canvas as a PNG.
pub fn save(canvas: &HtmlCanvasElement, file: &'static str, done: impl FnOnce(bool) + 'static) {
    let take = Closure::once_into_js(move |blob: Option<Blob>| {
        if let Some(blob) = &blob {
            storage::download_blob(file, blob);
        }
        done(blob.is_some());
    });
    let _ = canvas.to_blob(take.unchecked_ref());
}

/// Paints an SVG that stands alone and offers it as a PNG.
pub fn save_svg(svg: &str, file: &'static str, done: impl FnOnce(bool) + 'static) {
    let Ok(image) = HtmlImageElement::new() else { return done(false) };
    let address = String::from(js_sys::encode_uri_component(svg));
    let painted = image.clone();
    EventListener::once(&image, "load", move |_| {
        let (w, h) = (f64::from(painted.natural_width()), f64::from(painted.natural_height()));
        let sharp = SHARP.min(SIDE_MAX / w.max(h).max(1.0));
        let Some((canvas, context)) = canvas(w * sharp, h * sharp) else { return done(false) };
        match context.draw_image_with_html_image_element_and_dw_and_dh(&painted, 0.0, 0.0, w * sharp, h * sharp) {
            Ok(()) => save(&canvas, file, done),
            Err(_) => done(false),
        }
    })
    .forget();
    image.set_src(&format!("data:image/svg+xml,{address}"));
}
