//! The bench alone, with a run that the address holds.

use super::super::app::Ctx;
use super::super::bench::Bench;
use super::super::controls::{tag, words};
use super::super::links;
use super::super::state::Action;
use crate::view::route::Route;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Opens what the address holds.
pub fn open(ctx: &Ctx) {
    let Route::Run { packed, .. } = ctx.state.route.clone() else { return };
    ctx.dispatch(Action::Loading(String::new()));
    let (lab, dispatch) = (ctx.lab.clone(), ctx.state.dispatcher());
    spawn_local(async move {
        match links::unpack(&packed).await {
            Ok(session) => lab.open_link(session),
            Err(why) => dispatch.dispatch(Action::Failed(why)),
        }
    });
}

pub fn run(ctx: &Ctx) -> Html {
    let Route::Run { packed, embedded } = &ctx.state.route else { return Html::default() };
    let run = &ctx.state.run;
    let title = run.opened.as_ref().map_or("A run", |opened| opened.title.as_str());
    let mut said = vec![words("h1", if *embedded { "" } else { "sr-only" }, title)];
    if !run.note.is_empty() {
        said.push(words("p", "remark", &run.note));
    }
    let away = |href: &str, text: &str| {
        let keys = &["href", "target", "rel"];
        tag("a", keys, &[href, if *embedded { "_blank" } else { "_self" }, "noopener"], vec![Html::from(text)])
    };
    if *embedded {
        let whole = Route::Run { packed: packed.clone(), embedded: false };
        said.push(away(&whole.href(), "Open in Faultline"));
    } else if let Route::Lesson(..) = Route::parse(&run.from) {
        said.push(away(&run.from, "To the lesson that it comes from"));
    }
    html! {
        <main id="main" class={classes!("solo", embedded.then_some("embedded"))} tabindex="-1">
            <header class={classes!("about-run", (said.len() < 2).then_some("sr-only"))}>{ for said }</header>
            <Bench />
        </main>
    }
}
