//! Designs that are kept in this browser: each under its name, as text.

use super::super::fetch;
use super::super::lab::Core;
use super::super::state::Action;
use crate::base::json;
use crate::view::board::desk::Desk;
use crate::view::board::doc::Doc;
use crate::view::board::interview::Interview;
use gloo::utils::window;
use wasm_bindgen_futures::spawn_local;
use web_sys::Storage;

const KEY: &str = "faultline.design.";
const OF: &str = "faultline.design-of.";
/// What one's own designs are called, with a number.
pub const OWN: &str = "my-";

fn store() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// The exercise that a design of one's own is for; empty: none.
pub fn of(slug: &str) -> String {
    store().and_then(|store| store.get_item(&format!("{OF}{slug}")).ok().flatten()).unwrap_or_default()
}

pub fn load(slug: &str) -> Option<String> {
    store()?.get_item(&format!("{KEY}{slug}")).ok().flatten()
}

/// What cannot be kept is still on the desk: a file can be made of it.
pub fn save(desk: &Desk) {
    if let Some(store) = store() {
        let _ = store.set_item(&format!("{KEY}{}", desk.slug), &desk.text);
        if let Some(exercise) = desk.exercise.as_ref().filter(|_| desk.slug.starts_with(OWN)) {
            let _ = store.set_item(&format!("{OF}{}", desk.slug), &exercise.slug);
        }
    }
}

pub fn forget(slug: &str) {
    if let Some(store) = store() {
        let _ = store.remove_item(&format!("{KEY}{slug}"));
        let _ = store.remove_item(&format!("{INTERVIEW}{slug}"));
        let _ = store.remove_item(&format!("{OF}{slug}"));
    }
}

const INTERVIEW: &str = "faultline.interview.";

pub fn save_interview(desk: &Desk) {
    if let Some(store) = store() {
        let _ = store.set_item(&format!("{INTERVIEW}{}", desk.slug), &desk.interview.write());
    }
}

pub fn interview(slug: &str) -> Interview {
    let kept = store().and_then(|store| store.get_item(&format!("{INTERVIEW}{slug}")).ok().flatten());
    kept.map_or_else(Interview::default, |text| Interview::read(&text))
}

/// A name that no design has.
pub fn free() -> String {
    (1..).map(|i: u32| format!("{OWN}{i}")).find(|slug| load(slug).is_none()).unwrap_or_default()
}

/// All that are kept: names and titles.
pub fn kept() -> Vec<(String, String)> {
    let Some(store) = store() else { return Vec::new() };
    let count = store.length().unwrap_or(0);
    let slug = |i: u32| Some(store.key(i).ok().flatten()?.strip_prefix(KEY)?.to_owned());
    let mut slugs: Vec<String> = (0..count).filter_map(slug).collect();
    slugs.sort();
    let title = |slug: &str| {
        let doc = load(slug).and_then(|text| Doc::read(&text).ok());
        doc.map(|doc| doc.title().to_owned()).filter(|title| !title.is_empty()).unwrap_or_else(|| slug.to_owned())
    };
    slugs.into_iter().map(|slug| (slug.clone(), title(&slug))).collect()
}

thread_local! {
    /// The designs that ship, once they were fetched.
    static SHIPPED: std::cell::RefCell<Vec<(String, String)>> = const { std::cell::RefCell::new(Vec::new()) };
}

pub fn shipped() -> Vec<(String, String)> {
    SHIPPED.with(|shipped| shipped.borrow().clone())
}

/// Fetches the list of designs that ship.
pub fn list(core: &Core) {
    let me = core.me.clone();
    spawn_local(async move {
        let text = fetch::text("lessons/designs.json").await;
        let read = text.and_then(|text| {
            let one = |json: json::Json| {
                let mut fields = json.fields()?;
                Ok((fields.text("slug")?, fields.text("title")?))
            };
            json::read(&text)?.list()?.into_iter().map(one).collect::<Result<Vec<_>, String>>()
        });
        let Some(core) = me.upgrade() else { return };
        match read {
            Ok(list) => {
                SHIPPED.set(list);
                super::act(&core, &mut |_| {});
            }
            Err(why) => core.dispatch.dispatch(Action::Failed(why)),
        }
    });
}
