//! Files of this site, by addresses relative to the page.

use crate::wire::Catalogue;
use gloo::net::http::{Request, Response};

/// The text of a file. The error says what to try.
pub async fn text(path: &str) -> Result<String, String> {
    get(path).await?.text().await.map_err(|e| failed(path, &e.to_string()))
}

async fn get(path: &str) -> Result<Response, String> {
    let answer = Request::get(path).send().await.map_err(|e| failed(path, &e.to_string()))?;
    if answer.ok() { Ok(answer) } else { Err(failed(path, &format!("the server answers {}", answer.status()))) }
}

fn failed(path: &str, why: &str) -> String {
    format!("{path} could not be loaded ({why}). Check the connection and try again.")
}

pub async fn catalogue() -> Result<Catalogue, String> {
    let path = "lessons/catalogue.json";
    serde_json::from_str(&text(path).await?).map_err(|e| format!("{path} cannot be read: {e}"))
}

/// A packed lesson.
pub async fn lesson(slug: &str) -> Result<Vec<u8>, String> {
    let path = format!("lessons/{slug}/lesson.pack");
    get(&path).await?.binary().await.map_err(|e| failed(&path, &e.to_string()))
}
