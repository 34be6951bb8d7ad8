//! The keys of the whole page, and the list of all keys: read from the one table, changed here, kept in this browser.

use super::app::Ctx;
use super::controls::{button, tag, words};
use super::effects::{self, use_effect_on};
use super::rest::Part::Rest;
use super::state::{Action, KeysOpen, Notice};
use super::storage;
use crate::progress::settings::{SPOKEN, Settings};
use crate::view::keys::{self, AREAS, Area, Deed, Line, TABLE};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlSelectElement};
use yew::prelude::*;

/// The key that leaves everything.
pub const ESCAPE: &str = "Esc";

/// What a screen reader hears, as the settings have it.
const HEARD: [&str; 3] = ["every step", "what stands out", "no steps"];

/// A key event as the table writes keys.
pub fn chord(event: &KeyboardEvent) -> String {
    keys::chord(&event.key(), event.ctrl_key() || event.meta_key(), event.shift_key())
}

/// Whether something is being typed where an event comes from.
pub fn typing(element: &Element) -> bool {
    let tag = element.tag_name();
    matches!(tag.as_str(), "TEXTAREA" | "SELECT")
        || tag == "INPUT" && !matches!(element.get_attribute("type").as_deref(), Some("range" | "checkbox" | "radio"))
}

/// Keys of the whole page.
pub fn pressed(ctx: &Ctx, event: &web_sys::Event) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| !event.default_prevented()) else { return };
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let held = event.ctrl_key() || event.meta_key();
    if !held && element.is_some_and(|element| typing(&element)) {
        return;
    }
    // A handle keeps every state that it was read at for as long as it lives, and this one lives as long as the page.
    let state = ctx.state.clone();
    let action = match state.keys().deed(&[Area::Page], &chord(event)) {
        Some(Deed::Find) => Action::Palette(Some(Default::default())),
        Some(Deed::Keys) => Action::KeysOpen(Some(KeysOpen::default())),
        _ => return,
    };
    event.prevent_default();
    ctx.dispatch(action);
}

fn open(ctx: &Ctx, changing: Option<&'static str>, said: impl Into<String>) {
    ctx.dispatch(Action::KeysOpen(Some(KeysOpen { changing, said: said.into() })));
}

/// Takes over and keeps other settings.
fn set(ctx: &Ctx, settings: Settings) {
    if let Err(text) = storage::save_settings(&settings) {
        ctx.dispatch(Action::Notice(Notice { text, set_aside: None }));
    }
    ctx.dispatch(Action::Settings(Rc::new(settings)));
}

/// Opens a dialog while something is there to be shown in it.
pub fn show(dialog: &NodeRef, open: bool) {
    if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
        if open && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open {
            dialog.close();
        }
    }
}

#[hook]
pub fn use_keys(ctx: &Ctx) -> Html {
    let dialog = use_node_ref();
    let open = ctx.state.keys_open.is_some() && Rest.is_here(ctx);
    let shown = dialog.clone();
    use_effect_on([open.into(), 1, 0], effects::plain(move || show(&shown, open)));
    let onclose = {
        let ctx = ctx.clone();
        Callback::from(move |_: Event| ctx.dispatch(Action::KeysOpen(None)))
    };
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| answered(&ctx, &event))
    };
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| picked(&ctx, &event))
    };
    html! {
        <dialog ref={dialog} class="ask keys-box" aria-labelledby="keys-title" {onclose} {onkeydown} {onclick}>
            if open { { Rest.shown(ctx, inside) } }
        </dialog>
    }
}

/// A key while another key is waited for.
fn answered(ctx: &Ctx, event: &KeyboardEvent) {
    let changing = ctx.state.keys_open.as_ref().and_then(|open| open.changing);
    let Some(line) = changing.and_then(|name| TABLE.iter().find(|line| line.name == name)) else { return };
    let key = event.key();
    if matches!(key.as_str(), "Shift" | "Control" | "Alt" | "Meta" | "AltGraph" | "Tab") {
        return;
    }
    event.prevent_default();
    if key == "Escape" {
        return open(ctx, None, "The key stays as it is.");
    }
    let chord = chord(event);
    match ctx.state.keys().changed(line, &chord) {
        Ok(keys) => {
            set(ctx, Settings { keys, ..(*ctx.state.settings).clone() });
            open(ctx, None, format!("“{}” now has the key {}.", line.words, keys::shown(&chord)));
        }
        Err(why) => open(ctx, changing, why),
    }
}

/// One listener for all the keys of the list.
fn picked(ctx: &Ctx, event: &MouseEvent) {
    let place = event.target_unchecked_into::<HtmlElement>().closest("[data-line]").ok().flatten();
    let name = place.and_then(|place| place.get_attribute("data-line"));
    if let Some(line) = TABLE.iter().find(|line| Some(line.name) == name.as_deref()) {
        open(ctx, Some(line.name), format!("Press the new key for “{}”. Escape leaves it as it is.", line.words));
    }
}

fn inside(ctx: &Ctx) -> Html {
    let Some(now) = &ctx.state.keys_open else { return Html::default() };
    let reset = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| {
            set(&ctx, Settings { keys: Vec::new(), ..(*ctx.state.settings).clone() });
            open(&ctx, None, "All keys are as they came.");
        })
    };
    let close = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.dispatch(Action::KeysOpen(None)))
    };
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let place = event.target_unchecked_into::<HtmlSelectElement>().selected_index().max(0) as usize;
            let (spoken, _) = SPOKEN[place.min(2)];
            set(&ctx, Settings { spoken, ..(*ctx.state.settings).clone() });
        })
    };
    let option = |(i, said): (usize, &&'static str)| {
        html! { <option selected={SPOKEN[i].0 == ctx.state.settings.spoken}>{ *said }</option> }
    };
    let area = |(area, heading): &(Area, &'static str)| {
        let lines = TABLE.iter().filter(|line| line.area == *area).map(|line| one(ctx, line, now)).collect();
        tag("section", &[], &[], vec![words("h3", "", heading), tag("ul", &[], &[], lines)])
    };
    html! {
        <>
            <header>
                <h2 id="keys-title">{ "Keys" }</h2>
                <label>{ "Spoken by a screen reader: " }<select {onchange}>{ for HEARD.iter().enumerate().map(option) }</select></label>
                { button("", "Reset all keys", reset) }
                { button("pri", "Close", close) }
                <p role="status">{ if now.said.is_empty() { "Press a key's button to give it another key. Where two areas have the focus, the narrower one goes first." } else { &now.said } }</p>
            </header>
            <div class="areas" tabindex="0" role="group" aria-label="All keys"><div>{ for AREAS.iter().map(area) }</div></div>
        </>
    }
}

fn one(ctx: &Ctx, line: &'static Line, now: &KeysOpen) -> Html {
    let key = keys::shown(&ctx.state.keys().of(line));
    let shown = if line.fixed {
        words("kbd", "", &key)
    } else {
        let waits = now.changing == Some(line.name);
        let name = format!("{}: {key}. Change the key", line.words);
        let class = if waits { "small waits" } else { "small" };
        let inside = vec![words("kbd", "", if waits { "…" } else { &key })];
        tag("button", &["type", "class", "data-line", "aria-label"], &["button", class, line.name, &name], inside)
    };
    tag("li", &[], &[], vec![words("span", "", line.words), shown])
}
