//! The browser's store, clipboard and files.

use super::state::{Notice, Theme};
use crate::progress::settings::{self, Settings};
use crate::progress::{ASIDE_KEY as ASIDE, KEY as PROGRESS, Progress};
use gloo::utils::{document, window};
use js_sys::Array;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Storage, Url};

/// What a text that was set aside is called as a file.
pub const ASIDE_FILE: &str = "faultline-progress-aside.json";
const THEME: &str = "faultline.theme";

thread_local! {
    /// What this tab last read or wrote as progress: what is stored and differs is another tab's.
    static KNOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

fn store() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Reads the progress; what cannot be read is set aside under another name, with a notice.
pub fn load() -> (Progress, Option<Notice>) {
    let Some(store) = store() else {
        let text = "This browser keeps nothing for this page (its storage is off): progress lasts until you leave.";
        return (Progress::default(), Some(Notice { text: text.into(), set_aside: None }));
    };
    let Some(text) = store.get_item(PROGRESS).ok().flatten() else { return (Progress::default(), None) };
    match Progress::read(&text) {
        Ok(progress) => {
            KNOWN.set(text);
            (progress, None)
        }
        Err(why) => {
            let kept = set_aside(&store, &text);
            let mut words = format!("Your progress could not be taken up: {why}. ");
            words +=
                if kept { "It was set aside and you start afresh; nothing of it is lost." } else { "Download it now." };
            (Progress::default(), Some(Notice { text: words, set_aside: Some(text) }))
        }
    }
}

fn set_aside(store: &Storage, text: &str) -> bool {
    let mut count = 1;
    while store.get_item(&aside_key(count)).ok().flatten().is_some_and(|old| old != text) {
        count += 1;
    }
    move_aside(store, &aside_key(count), text)
}

/// Puts a copy under another name; where there is no room for both, the original goes.
fn move_aside(store: &Storage, key: &str, text: &str) -> bool {
    let mut kept = store.set_item(key, text).is_ok();
    if !kept && store.remove_item(PROGRESS).is_ok() {
        kept = store.set_item(key, text).is_ok();
        if !kept {
            let _ = store.set_item(PROGRESS, text);
        }
    }
    kept
}

fn aside_key(count: u32) -> String {
    if count == 1 { ASIDE.to_owned() } else { format!("{ASIDE}.{count}") }
}

/// Whether anything was ever set aside.
pub fn has_aside() -> bool {
    store().is_some_and(|s| s.get_item(ASIDE).ok().flatten().is_some())
}

/// Offers all that was ever set aside, a file each.
pub fn download_aside() {
    let Some(store) = store() else { return };
    let mut count = 1;
    while let Ok(Some(text)) = store.get_item(&aside_key(count)) {
        download(ASIDE_FILE, JSON, &text);
        count += 1;
    }
}

/// Writes the progress, together with what another tab has written meanwhile; returns the two as one where that is more.
/// The error says what to do.
pub fn save(progress: &Progress) -> Result<Option<Progress>, String> {
    let Some(store) = store() else { return Ok(None) };
    let stored = store.get_item(PROGRESS).ok().flatten().unwrap_or_default();
    let joined = joined(progress, &stored);
    if joined.is_none() && !stored.is_empty() && Progress::read(&stored).is_err() {
        // Of a newer build in another tab, perhaps.
        set_aside(&store, &stored);
    }
    let text = joined.as_ref().unwrap_or(progress).to_text();
    if text != stored {
        store.set_item(PROGRESS, &text).map_err(|_| {
            "Your progress could not be saved: the browser's storage for this page is full. Export it as a file \
             (Progress, at the top), then free some space."
                .to_owned()
        })?;
    }
    KNOWN.set(text);
    Ok(joined.filter(|joined| joined != progress))
}

/// This tab's progress and another's that is stored, as one; none where what is stored is this tab's own, or no progress.
fn joined(progress: &Progress, stored: &str) -> Option<Progress> {
    let known = KNOWN.with_borrow(Clone::clone);
    let theirs = Progress::read(stored).ok().filter(|_| stored != known)?;
    let mut all = progress.clone();
    all.join(theirs, &Progress::read(&known).unwrap_or_default());
    Some(all)
}

/// What another tab has just stored under a key, taken together with this tab's progress.
pub fn heard(progress: &Progress, key: &str, text: &str) -> Option<Progress> {
    let joined = if key == PROGRESS { joined(progress, text) } else { None };
    if joined.is_some() {
        KNOWN.set(text.to_owned());
    }
    joined
}

/// Reads what the learner set; what cannot be read is set aside, with a sentence.
pub fn load_settings() -> (Settings, Option<String>) {
    let text = store().and_then(|store| store.get_item(settings::KEY).ok().flatten());
    let Some(text) = text else { return Default::default() };
    match Settings::read(&text) {
        Ok(settings) => (settings, None),
        Err(why) => {
            if let Some(store) = store() {
                let _ = store.set_item(settings::ASIDE_KEY, &text);
            }
            (Settings::default(), Some(format!("Your own keys could not be taken up: {why}. They were set aside.")))
        }
    }
}

pub fn save_settings(settings: &Settings) -> Result<(), String> {
    let Some(store) = store() else { return Err("This browser keeps nothing: your keys last until you leave.".into()) };
    let full = |_| "Your keys could not be saved: the browser's storage for this page is full.".to_owned();
    store.set_item(settings::KEY, &settings.to_text()).map_err(full)
}

pub fn load_theme() -> Theme {
    match store().and_then(|s| s.get_item(THEME).ok().flatten()).as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

pub fn save_theme(theme: Theme) {
    let name = match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    if let Some(store) = store() {
        let _ = store.set_item(THEME, name);
    }
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", name);
    }
}

/// Type of the files that the page reads again.
pub const JSON: &str = "application/json";

/// Offers a text as a file.
pub fn download(name: &str, mime: &str, text: &str) {
    let parts = Array::of1(&JsValue::from(text));
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    if let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) {
        download_blob(name, &blob);
    }
}

/// Offers a file.
pub fn download_blob(name: &str, blob: &Blob) {
    let Ok(address) = Url::create_object_url_with_blob(blob) else { return };
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    let _ = Url::revoke_object_url(&address);
}

/// The text of a file that the learner chose.
pub async fn read(file: &File) -> Result<String, String> {
    let text = JsFuture::from(file.text()).await.map_err(|_| "the file cannot be read".to_owned())?;
    text.as_string().ok_or_else(|| "the file is not text".to_owned())
}

/// Puts a text on the clipboard and says whether that was allowed.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let clipboard = window().navigator().clipboard();
    if JsValue::from(&clipboard).is_undefined() {
        return done(false);
    }
    let promise = clipboard.write_text(text);
    spawn_local(async move { done(JsFuture::from(promise).await.is_ok()) });
}
