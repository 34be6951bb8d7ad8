//! The glossary and the texts of the course: fetched together when a page, or the list of all that can be done, first asks.

use super::app::Ctx;
use super::controls::begun;
use super::fetch;
use super::state::{Action, Load};
use crate::base::codec;
use crate::wire::{Course, Glossary};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// For a page on which no run is shown.
pub fn open(ctx: &Ctx) {
    ctx.lab.play.pause();
    ask(ctx);
}

/// Fetches what is not there and not on its way.
pub fn ask(ctx: &Ctx) {
    if ctx.state.books.asked {
        return;
    }
    ctx.dispatch(Action::BooksAsked);
    let ctx = ctx.clone();
    spawn_local(async move {
        let (glossary, course) = (glossary().await, course().await);
        ctx.dispatch(Action::BooksCame(loaded(glossary), loaded(course)));
    });
}

fn loaded<T>(fetched: Result<T, String>) -> Load<Rc<T>> {
    match fetched {
        Ok(book) => Load::Ready(Rc::new(book)),
        Err(why) => Load::Failed(why),
    }
}

async fn glossary() -> Result<Glossary, String> {
    let path = "lessons/glossary.pack";
    codec::from_bytes(&fetch::bytes(path).await?).map_err(|why| format!("{path} cannot be read: {why}"))
}

async fn course() -> Result<Course, String> {
    let path = "lessons/course.pack";
    codec::from_bytes(&fetch::bytes(path).await?).map_err(|why| format!("{path} cannot be read: {why}"))
}

/// The field in which one types what is looked for.
pub fn field(ctx: &Ctx, label: &'static str) -> Html {
    let oninput = {
        let ctx = ctx.clone();
        Callback::from(move |event: InputEvent| {
            ctx.dispatch(Action::Sought(event.target_unchecked_into::<HtmlInputElement>().value()));
        })
    };
    let field = begun(html! { <input type="search" autocomplete="off" {oninput} /> }, &ctx.state.books.query);
    html! { <label class="sought">{ label }{ field }</label> }
}

/// Why it is not there, and another try; nothing while it is on its way but that.
pub fn missing(ctx: &Ctx, why: Option<&str>) -> Html {
    let Some(why) = why else { return super::controls::words("p", "empty", "Loading…") };
    let ctx = ctx.clone();
    super::pages::failed("This could not be loaded", why, Callback::from(move |_: MouseEvent| ask(&ctx)))
}
