//! Small pictures, drawn in the colour of the text beside them.

use yew::prelude::*;

fn icon(path: &'static str) -> Html {
    html! { <svg class="i" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}

pub fn to_start() -> Html {
    icon("M3 3h2v10H3zM13 3v10L6 8z")
}

pub fn back() -> Html {
    icon("M11 3v10L4 8z")
}

pub fn play() -> Html {
    icon("M4 2.5v11L13 8z")
}

pub fn pause() -> Html {
    icon("M4 3h3v10H4zM9 3h3v10H9z")
}

pub fn forward() -> Html {
    icon("M5 3v10l7-5z")
}

pub fn next_event() -> Html {
    icon("M2 3v10l5-5zM7.5 3v10l5-5zM13 3h1.6v10H13z")
}

pub fn to_head() -> Html {
    icon("M11 3h2v10h-2zM3 3v10l7-5z")
}

pub fn mark() -> Html {
    html! {
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M2 13h5l2-8 3 12 2-7h4" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
        </svg>
    }
}
