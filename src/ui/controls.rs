//! Buttons that many places have. One function each: what `html!` makes of an element is not small.

use yew::prelude::*;

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
    tip: &'static str,
    picture: Html,
    words: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    let class = if words.is_empty() { "ic" } else { "" };
    html! {
        <button type="button" {class} aria-label={name} title={tip} {onclick}>{ picture }<span class="hide">{ words }</span></button>
    }
}
