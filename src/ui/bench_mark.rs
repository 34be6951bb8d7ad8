//! Numbers for the benchmark in the browser: with `?bench` in the address, `window.faultlineFrames` holds for each
//! animation frame of the stage when it was and how long our script took, in milliseconds, as a flat list, and
//! `window.faultlineBoxes` what nodes and labels take on it: for each its node (-1 for a label), x, y, width and height.

use crate::view::Stage;
use gloo::utils::window;
use js_sys::{Array, Float32Array, Reflect};
use std::cell::OnceCell;
use wasm_bindgen::JsValue;

const KEPT_MAX: u32 = 20_000;

thread_local! {
    static FRAMES: OnceCell<Option<Array>> = const { OnceCell::new() };
}

/// Whether the page was opened for measuring.
pub fn wanted() -> bool {
    window().location().search().is_ok_and(|s| s.starts_with("?bench"))
}

/// Keeps what nodes and labels take in the picture drawn last.
pub fn boxes(stage: &Stage) {
    if FRAMES.with(|frames| frames.get().is_some_and(Option::is_some)) {
        let nodes = stage.taken.iter().map(|(node, area)| (*node as f32, *area));
        let all = nodes.chain(stage.labels.iter().map(|label| (-1.0, label.area)));
        // At once: hundreds of nodes, number by number, take longer than what is measured.
        let flat: Vec<f32> = all.flat_map(|(owner, area)| [owner, area.x, area.y, area.w, area.h]).collect();
        let _ = Reflect::set(&window(), &JsValue::from("faultlineBoxes"), &Float32Array::from(&flat[..]));
    }
}

pub fn record(at_ms: f64, script_ms: f64) {
    FRAMES.with(|frames| {
        let list = frames.get_or_init(|| {
            wanted().then(|| {
                let list = Array::new();
                let _ = Reflect::set(&window(), &JsValue::from("faultlineFrames"), &list);
                list
            })
        });
        if let Some(list) = list
            && list.length() < KEPT_MAX
        {
            list.push(&at_ms.into());
            list.push(&script_ms.into());
        }
    });
}
