//! A design from a file that the learner chooses. What the load model cannot read stays outside.

use super::super::app::focus;
use super::super::controls::{tag, words};
use super::super::lab::Core;
use super::super::storage;
use super::{act, does, runs};
use crate::view::board::desk::{Desk, FILE_MAX, readable};
use gloo::timers::callback::Timeout;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The way to a file, for the menu.
pub fn chooser() -> Html {
    html! {
        <label class="button">{ "Open a file…" }<input class="sr-only" type="file" id="board-file" data-set="file:" accept=".toml,application/toml,text/plain" /></label>
    }
}

/// Takes the chosen file up, once the worker has read it.
pub fn open(core: &Core, input: HtmlInputElement) {
    let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
    let me = core.me.clone();
    spawn_local(async move {
        let (name, size) = (file.name(), file.size());
        let text = if size > FILE_MAX as f64 {
            Err((0, format!("it has {} kB", (size / 1_000.0) as u64)))
        } else {
            let text = storage::read(&file).await.map_err(|why| (0, why));
            text.and_then(|text| readable(&text).map(|()| text))
        };
        // The same file can be chosen again.
        input.set_value("");
        let Some(core) = me.upgrade() else { return };
        match text {
            Ok(text) => runs::open_file(&core, &name, &text),
            Err((line, why)) => refuse(&core, &name, line, &why),
        }
    });
}

pub fn refuse(core: &Core, name: &str, line: usize, why: &str) {
    act(core, &mut |desk| desk.refuse_file(name, line, why));
    close_menu();
    // Once it is there.
    Timeout::new(0, || focus("board-refused")).forget();
}

pub fn take(core: &Core, text: &str) {
    act(core, &mut |desk| desk.take_file(text));
    close_menu();
}

/// The menu has done its work.
fn close_menu() {
    let Some(menu) = document().get_element_by_id("board-menu") else { return };
    let hide = js_sys::Reflect::get(&menu, &"hidePopover".into()).ok();
    if let Some(hide) = hide.and_then(|hide| hide.dyn_into::<js_sys::Function>().ok()) {
        let _ = hide.call0(&menu);
    }
}

/// Why the file that was chosen is not here.
pub fn refused(desk: &Desk) -> Html {
    let Some(why) = &desk.refused else { return Html::default() };
    let inside =
        vec![words("b", "", "This file was not opened"), words("p", "", why), does("small", "refused", "Close")];
    let keys = &["id", "class", "role", "tabindex"];
    tag("div", keys, &["board-refused", "card wrong", "alert", "-1"], inside)
}
