//! The bench: stage, transport, scrubber and what there is to read about the run.

mod behind;
mod charts;
mod clip;
mod commands;
pub mod deeds;
mod diagram;
mod dialog;
mod gestures;
mod history;
mod hunt;
mod inbox;
mod inspector;
mod jobs;
pub mod lattice;
mod log;
mod look;
mod menu;
mod panels;
mod present;
mod properties;
pub mod stage;
mod sweep;
pub mod tabs;
pub mod transport;
mod verdict;

use super::app::{Ctx, use_ctx};
use super::controls::button;
use super::effects::{self, use_effect_on};
use super::pages::failed;
use super::rest::Part::Rest;
use super::state::Action;
use crate::view::acts::{self, Act, What};
use crate::view::keys;
use crate::view::stage::Target;
use crate::wire::Request;
pub use clip::Clip;
use dialog::use_ask_dialog;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::request_animation_frame;
use gloo::utils::document;
use menu::use_menu;
use stage::{Mode, Stage};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// What the acts depend on, when a run is open.
pub fn bench_of(ctx: &Ctx) -> Option<acts::Bench<'_>> {
    let run = &ctx.state.run;
    Some(acts::Bench { opened: run.opened.as_deref()?, frame: run.frame.as_deref()?, status: &run.status })
}

/// Does an act, or asks what it needs first.
pub fn perform(ctx: &Ctx, act: &Act) {
    match &act.what {
        What::Command(command) => ctx.lab.command(command.clone()),
        What::Undo => ctx.lab.send(Request::Undo),
        What::Ask(form) => {
            ctx.lab.play.pause();
            ctx.dispatch(Action::Ask(Some(form.clone())));
        }
    }
}

/// Whether a frame has been drawn: what is to be read comes after what is to be seen, since drawing both at once keeps the
/// page from answering for too long.
#[hook]
fn use_settled() -> bool {
    let settled = use_state(|| false);
    let set = settled.setter();
    use_effect_on(
        [0; 3],
        Box::new(move || {
            let frame = request_animation_frame(move |_| set.set(true));
            Box::new(move || drop(frame))
        }),
    );
    *settled
}

/// Keys that no element has the focus for are the bench's.
#[hook]
fn use_keys_of_nobody(ctx: &Ctx) {
    let ctx = ctx.clone();
    let listen = move || -> effects::Undo {
        let find = EventListenerOptions::enable_prevent_default();
        let hear = move |event: &Event| {
            let body = event.target().is_some_and(|t| t.dyn_ref::<Element>().is_some_and(|e| e.tag_name() == "BODY"));
            if let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| body && !event.default_prevented()) {
                // A handle keeps every state that it was read at for as long as it lives.
                deeds::key(&ctx.clone(), event);
            }
        };
        let listener = EventListener::new_with_options(&document(), "keydown", find, hear);
        Box::new(move || drop(listener))
    };
    use_effect_on([0; 3], Box::new(listen));
}

#[component]
pub fn Bench() -> Html {
    let ctx = use_ctx();
    let settled = use_settled();
    let scrubber = transport::use_scrubber(&ctx, &[], None);
    let menu = use_menu(&ctx);
    let dialog = use_ask_dialog(&ctx);
    present::use_present(&ctx);
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| deeds::key(&ctx, &event))
    };
    let again = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.return_to_own())
    };
    use_keys_of_nobody(&ctx);
    let run = &ctx.state.run;
    html! {
        <section class={classes!("bench", ctx.state.presents.then_some("presents"))} id="bench" tabindex="-1" aria-label="Bench" {onkeydown}>
            <div class="stage">
                if let Some(why) = &run.failed {
                    { failed("The run could not be opened", why, again) }
                } else {
                    <Stage mode={Mode::Bench} />
                    { palette(&ctx) }
                    { properties::panel(&ctx) }
                    { look::look(&ctx) }
                    <p class="toast" hidden={run.toast.is_empty()}>{ &run.toast }</p>
                }
            </div>
            if ctx.state.presents { { Rest.shown(&ctx, present::caption) } }
            { transport::transport(&ctx, borrowed(&ctx), scrubber, true) }
            if settled { { tabs::tabs(&ctx) } } else { <div class="tabs"></div> }
            <p class="sr-only" role="status" id="said">{ &run.said }</p>
            { menu }
            { dialog }
        </section>
    }
}

/// The acts as buttons with their keys.
pub fn act_buttons(ctx: &Ctx, selected: Option<Target>) -> Html {
    let Some(bench) = bench_of(ctx) else { return Html::default() };
    let button = |act: Act| {
        let ctx = ctx.clone();
        let (label, key) = (act.label.clone(), ctx.state.keys().key(act.deed));
        let onclick = Callback::from(move |_: MouseEvent| {
            ctx.dispatch(Action::Menu(None));
            perform(&ctx, &act);
        });
        let shown = keys::shown(&key);
        html! { <button type="button" class="act" key={label.clone()} data-key={key} {onclick}>{ label }<kbd aria-hidden="true">{ shown }</kbd></button> }
    };
    html! { { for acts::acts(bench, selected).into_iter().map(button) } }
}

fn palette(ctx: &Ctx) -> Html {
    let Some(bench) = bench_of(ctx) else { return Html::default() };
    let selected = ctx.state.run.selected;
    html! {
        <div class="palette" role="group" aria-label="Faults and requests" tabindex="-1">
            <p class="head" title={acts::heading(bench, selected)}>{ acts::heading(bench, selected) }</p>
            if selected.is_none() {
                <p class="hint">{ "Pick a node, a message or a link. Drag from node to node to cut." }</p>
            }
            { act_buttons(ctx, selected) }
        </div>
    }
}

/// While another run than the learner's is shown.
fn borrowed(ctx: &Ctx) -> Html {
    let Some(whose) = &ctx.state.run.borrowed else { return Html::default() };
    let back = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.return_to_own())
    };
    html! {
        <p class="borrowed" role="status">
            { format!("You are looking at {whose}. ") }
            { button("", "Back to your run", back) }
        </p>
    }
}
