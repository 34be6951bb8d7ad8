//! A clip of the stage, recorded by the browser itself from the canvas, and saved as a file.

use super::super::app::Ctx;
use super::super::lab::Core;
use super::super::state::Action;
use super::super::storage;
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::window;
use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobEvent, BlobPropertyBag, MediaRecorder, MediaRecorderOptions};

/// A clip ends by itself after so long.
const LENGTH_MAX_MS: u32 = 120_000;
const FRAMES_PER_S: f64 = 30.0;
/// What browsers can write, with the ending of the file; the first that this one can is taken.
const KINDS: [(&str, &str); 4] = [
    ("video/mp4;codecs=avc1", "faultline.mp4"),
    ("video/webm;codecs=vp9", "faultline.webm"),
    ("video/webm", "faultline.webm"),
    ("video/mp4", "faultline.mp4"),
];

/// A recording that is under way. What listens to it ends with it.
pub struct Clip {
    recorder: MediaRecorder,
    _listeners: [EventListener; 2],
    _end: Timeout,
}

/// Begins a clip, or ends the one that is being recorded.
pub fn toggle(ctx: &Ctx) {
    if ctx.state.records {
        return end(&ctx.lab);
    }
    let words = match begin(&ctx.lab) {
        Ok(()) => {
            ctx.dispatch(Action::Records(true));
            "The stage is being recorded. The same key or button ends the clip and saves it."
        }
        Err(why) => why,
    };
    ctx.dispatch(Action::Toast(words.into()));
}

/// Ends the recording, if there is one: the file follows.
pub fn end(lab: &Core) {
    if let Some(clip) = &*lab.clip.borrow() {
        let _ = clip.recorder.stop();
    }
}

fn begin(lab: &Core) -> Result<(), &'static str> {
    const CANNOT: &str = "This browser cannot record a clip of the stage: it has no MediaRecorder for a canvas. Save a \
                          picture instead (Share), or record the screen.";
    let canvas = lab.play.canvas().ok_or("There is no stage to record.")?;
    let has = |name: &str| Reflect::has(&window(), &JsValue::from(name)).unwrap_or(false);
    let captures = Reflect::has(&canvas, &JsValue::from("captureStream")).unwrap_or(false);
    if !has("MediaRecorder") || !captures {
        return Err(CANNOT);
    }
    let (kind, file) = *KINDS.iter().find(|(kind, _)| MediaRecorder::is_type_supported(kind)).ok_or(CANNOT)?;
    let stream = canvas.capture_stream_with_frame_request_rate(FRAMES_PER_S).map_err(|_| CANNOT)?;
    let options = MediaRecorderOptions::new();
    options.set_mime_type(kind);
    let recorder = MediaRecorder::new_with_media_stream_and_media_recorder_options(&stream, &options);
    let recorder = recorder.map_err(|_| CANNOT)?;
    let parts = Array::new();
    let kept = parts.clone();
    let on_data = EventListener::new(&recorder, "dataavailable", move |event| {
        if let Some(blob) = event.dyn_ref::<BlobEvent>().and_then(BlobEvent::data) {
            kept.push(&blob);
        }
    });
    let me = lab.me.clone();
    let on_stop = EventListener::new(&recorder, "stop", move |_| {
        if let Some(core) = me.upgrade() {
            finish(&core, &parts, kind, file);
        }
    });
    recorder.start_with_time_slice(1_000).map_err(|_| CANNOT)?;
    let me = lab.me.clone();
    let end = Timeout::new(LENGTH_MAX_MS, move || {
        if let Some(core) = me.upgrade() {
            end(&core);
        }
    });
    // A clip has no transparency: the stage gets a ground.
    lab.play.set_opaque(true);
    *lab.clip.borrow_mut() = Some(Clip { recorder, _listeners: [on_data, on_stop], _end: end });
    Ok(())
}

fn finish(core: &Core, parts: &Array, kind: &str, file: &str) {
    let done = core.clip.take();
    core.play.set_opaque(false);
    let options = BlobPropertyBag::new();
    options.set_type(kind.split(';').next().unwrap_or(kind));
    let words = match Blob::new_with_blob_sequence_and_options(parts, &options) {
        Ok(blob) if blob.size() > 0.0 => {
            storage::download_blob(file, &blob);
            format!("The clip was saved as {file}.")
        }
        _ => "Nothing was recorded: the stage did not change.".to_owned(),
    };
    core.dispatch.dispatch(Action::Records(false));
    core.dispatch.dispatch(Action::Toast(words));
    drop(done);
}
