//! Elements that many places have. One function each: what `html!` makes of an element is not small.

use super::storage;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew::virtual_dom::{AttributeOrProperty, Attributes, VTag};

/// An element without listeners. Attributes whose values are missing at the end are left out.
pub fn tag(name: &'static str, keys: &'static [&'static str], values: &[&str], inside: Vec<Html>) -> Html {
    let value =
        |i: usize| values.get(i).map(|value| AttributeOrProperty::Attribute(AttrValue::from((*value).to_owned())));
    let mut tag = VTag::new(name);
    tag.set_attributes(Attributes::Dynamic { keys, values: (0..keys.len()).map(value).collect() });
    tag.add_children(inside);
    tag.into()
}

/// An element with text in it.
pub fn words(name: &'static str, class: &str, text: &str) -> Html {
    let class = [class];
    tag(name, &["class"], if class[0].is_empty() { &[] } else { &class }, vec![Html::from(text)])
}

/// A way within the app.
pub fn link(class: &str, href: &str, text: &str) -> Html {
    tag("a", &["class", "href"], &[class, href], vec![Html::from(text)])
}

/// What can be opened, with the line that always shows.
pub fn details(summary: &str, inside: Html) -> Html {
    tag("details", &[], &[], vec![words("summary", "", summary), inside])
}

/// A field that begins with a text, and is the hand's from then on. A field that is given its `value` at every drawing takes
/// back what was typed since the state that is drawn, whenever a drawing takes longer than the next stroke.
pub fn begun(field: Html, text: &str) -> Html {
    let Html::VTag(mut tag) = field else { return field };
    Rc::make_mut(&mut tag).add_attribute("value", text.to_owned());
    Html::VTag(tag)
}

/// A button with words in it.
pub fn button(class: &'static str, words: impl Into<AttrValue>, onclick: Callback<MouseEvent>) -> Html {
    made(class, words.into(), onclick)
}

fn made(class: &'static str, words: AttrValue, onclick: Callback<MouseEvent>) -> Html {
    html! { <button type="button" {class} {onclick}>{ words }</button> }
}

/// A button with a picture; `name` is what it is called, `tip` says more, `words` stand beside it where there is room.
pub fn tool(
    name: &'static str,
    tip: String,
    picture: Html,
    words: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    let class = if words.is_empty() { "ic" } else { "" };
    html! {
        <button type="button" {class} aria-label={name} title={tip} {onclick}>{ picture }<span class="hide">{ words }</span></button>
    }
}

/// Chooses a file from the learner's disk; `take` gets its text, or why it cannot be read.
pub fn file_input(words: &'static str, take: Callback<Result<String, String>>) -> Html {
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let take = take.clone();
        spawn_local(async move {
            take.emit(storage::read(&file).await);
            // The same file can be chosen again.
            input.set_value("");
        });
    });
    html! {
        <label class="button">{ words }<input class="sr-only" type="file" accept="application/json,.json" {onchange} /></label>
    }
}
