//! Files of this site, by addresses relative to the page.

use crate::base::codec;
use crate::wire::{Catalogue, Shelf};
use gloo::utils::window;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// The text of a file. The error says what to try.
pub async fn text(path: &str) -> Result<String, String> {
    let text = get(path, Response::text).await?;
    text.as_string().ok_or_else(|| failed(path, "it is not text"))
}

async fn get(path: &str, read: fn(&Response) -> Result<Promise, JsValue>) -> Result<JsValue, String> {
    let lost = |_| failed(path, "no answer");
    let answer: Response = JsFuture::from(window().fetch_with_str(path)).await.map_err(lost)?.unchecked_into();
    if !answer.ok() {
        return Err(failed(path, &format!("the server answers {}", answer.status())));
    }
    JsFuture::from(read(&answer).map_err(lost)?).await.map_err(lost)
}

fn failed(path: &str, why: &str) -> String {
    format!("{path} could not be loaded ({why}). Check the connection and try again.")
}

pub async fn catalogue() -> Result<Catalogue, String> {
    let path = "lessons/catalogue.json";
    crate::view::catalogue::read(&text(path).await?).map_err(|e| format!("{path} cannot be read: {e}"))
}

/// The bytes of a file.
pub async fn bytes(path: &str) -> Result<Vec<u8>, String> {
    Ok(Uint8Array::new(&get(path, Response::array_buffer).await?).to_vec())
}

/// A packed lesson.
pub async fn lesson(slug: &str) -> Result<Vec<u8>, String> {
    bytes(&format!("lessons/{slug}/lesson.pack")).await
}

/// Protocols and ready scenarios.
pub async fn shelf() -> Result<Shelf, String> {
    let path = "lessons/sandbox.pack";
    codec::from_bytes(&bytes(path).await?).map_err(|why| format!("{path} cannot be read: {why}"))
}
