//! Files of this site, by addresses relative to the page.

use crate::wire::{Catalogue, SourceFile};
use gloo::net::http::Request;
use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// The text of a file. The error says what to try.
pub async fn text(path: &str) -> Result<String, String> {
    let failed = |why: String| format!("{path} could not be loaded ({why}). Check the connection and try again.");
    let answer = Request::get(path).send().await.map_err(|e| failed(e.to_string()))?;
    if !answer.ok() {
        return Err(failed(format!("the server answers {}", answer.status())));
    }
    answer.text().await.map_err(|e| failed(e.to_string()))
}

pub async fn catalogue() -> Result<Catalogue, String> {
    let path = "lessons/catalogue.json";
    serde_json::from_str(&text(path).await?).map_err(|e| format!("{path} cannot be read: {e}"))
}

/// A lesson's files, side by side.
pub async fn lesson(slug: &str, names: &[String]) -> Result<Vec<SourceFile>, String> {
    let promises = Array::new();
    for name in names {
        let path = format!("lessons/{slug}/{name}");
        promises.push(&future_to_promise(async move { text(&path).await.map(JsValue::from).map_err(JsValue::from) }));
    }
    let texts = JsFuture::from(Promise::all(&promises))
        .await
        .map_err(|e| e.as_string().unwrap_or_else(|| "the lesson could not be loaded".into()))?;
    let file = |(name, text): (&String, JsValue)| SourceFile {
        name: name.clone(),
        text: text.as_string().unwrap_or_default(),
    };
    Ok(names.iter().zip(Array::from(&texts).iter()).map(file).collect())
}
