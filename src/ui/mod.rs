//! Layer 7, wasm32 only: the page.
//!
//! One reducer ([`state`]) holds what is shown. The [`lab`] speaks with the engine and tells the reducer; the playhead
//! ([`play`]) keeps the cursor between frames and draws the stage once per animation frame, outside of Yew: playback
//! does not pass through the virtual DOM. Components read the state and call the lab. Where two runs are side by side, the
//! second has a state and a lab of its own ([`pages::compare`]). What only some visitors come to is loaded later ([`rest`]).

mod app;
mod bench;
mod bench_mark;
mod board;
mod books;
mod canvas;
mod controls;
mod crash;
mod dots;
mod effects;
mod engine;
mod exports;
mod fetch;
mod guide;
mod icons;
mod judge;
mod keys;
mod lab;
mod links;
mod measuring;
mod pages;
mod palette;
mod pictures;
mod play;
mod rest;
mod sandbox;
mod state;
mod storage;
mod works;

use gloo::utils::document;

/// Puts the app in the place of the first paint.
pub fn start() {
    crash::install();
    let root = document().get_element_by_id("app").expect("index.html has #app");
    root.set_text_content(None);
    yew::Renderer::<app::App>::with_root(root).render();
}
