//! Layer 6, wasm32 only: the page.

use crate::{
    wire::{FromEngine, Reply, Request, ToEngine, VERSION},
    worker,
};
use yew::prelude::*;

/// Puts the app in the place of the first paint.
pub fn start() {
    let root = gloo::utils::document().get_element_by_id("app").expect("index.html has #app");
    yew::Renderer::<App>::with_root(root).render();
}

#[component]
fn App() -> Html {
    let answer = use_state(|| None::<String>);
    let shown = answer.clone();
    use_effect_with((), move |()| {
        let engine = worker::spawn(move |from: FromEngine| {
            if let Reply::Failed(sentence) = from.reply {
                answer.set(Some(sentence));
            }
        });
        engine.send(ToEngine { version: VERSION, generation: 1, request: Request::Export });
        move || drop(engine)
    });
    html! {
        <main data-app="ready" data-engine={shown.as_ref().map(|_| "ready")}>
            <h1>{ "Faultline" }</h1>
            <p id="engine" role="status">{ (*shown).clone().unwrap_or_default() }</p>
        </main>
    }
}
