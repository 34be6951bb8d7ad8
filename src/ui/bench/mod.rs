//! The bench: stage, transport, scrubber and what there is to read about the run.

mod charts;
mod commands;
mod diagram;
mod dialog;
mod gestures;
mod history;
mod inbox;
mod inspector;
mod log;
mod look;
mod menu;
mod panels;
mod properties;
pub mod stage;
pub mod tabs;
mod transport;

use super::app::{Ctx, use_ctx};
use super::controls::button;
use super::pages::failed;
use super::state::Action;
use crate::view::acts::{self, Act, What};
use crate::view::stage::Target;
use crate::wire::{Move, Request};
use dialog::use_ask_dialog;
use menu::use_menu;
use stage::{Mode, Stage};
use wasm_bindgen::JsCast;
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

#[component]
pub fn Bench() -> Html {
    let ctx = use_ctx();
    let scrubber = transport::use_scrubber(&ctx);
    charts::use_charts(&ctx);
    inspector::use_inspector(&ctx);
    history::use_glance(&ctx);
    let menu = use_menu(&ctx);
    let dialog = use_ask_dialog(&ctx);
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| key(&ctx, &event))
    };
    let again = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.return_to_own())
    };
    let run = &ctx.state.run;
    html! {
        <section class="bench" aria-label="Bench" {onkeydown}>
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
            { transport::transport(&ctx, borrowed(&ctx), scrubber) }
            { tabs::tabs(&ctx) }
            <p class="sr-only" role="status" id="said">{ &run.said }</p>
            { menu }
            { dialog }
        </section>
    }
}

/// Keys of the whole bench; those of single elements have gone before.
fn key(ctx: &Ctx, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return;
    }
    let Some(element) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return };
    let tag = element.tag_name();
    let typing = matches!(tag.as_str(), "TEXTAREA" | "SELECT")
        || tag == "INPUT" && element.get_attribute("type").as_deref() != Some("range");
    if typing || element.closest("dialog").ok().flatten().is_some() {
        return;
    }
    let key = event.key();
    match key.as_str() {
        " " if matches!(tag.as_str(), "BUTTON" | "SUMMARY") => {}
        // Not prevented: it closes menus too.
        "Escape" => ctx.lab.select(None),
        key if by_key(ctx, key) => event.prevent_default(),
        _ => {}
    }
}

/// Does what a key of the bench does; false when it does nothing.
pub fn by_key(ctx: &Ctx, key: &str) -> bool {
    let lab = &ctx.lab;
    match key {
        " " => lab.play.toggle(),
        "." => lab.go(Move::Forward),
        "," => lab.go(Move::Back),
        "]" => lab.go(Move::NextInteresting),
        "[" => lab.go(Move::PreviousInteresting),
        "m" | "M" => next_message(ctx),
        "+" | "=" => lab.play.zoom_selected(look::CLOSER),
        "-" => lab.play.zoom_selected(1.0 / look::CLOSER),
        "0" => lab.play.zoom(0.0, None),
        "Escape" => lab.select(None),
        key => {
            let Some(bench) = bench_of(ctx) else { return false };
            let acts = acts::acts(bench, ctx.state.run.selected);
            let Some(act) = acts::by_key(&acts, key) else { return false };
            perform(ctx, act);
        }
    }
    true
}

/// Selects one message after another.
fn next_message(ctx: &Ctx) {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return };
    let flying: Vec<_> = frame.flights.iter().filter(|f| f.lost.is_none()).collect();
    let place = flying.iter().position(|f| run.selected == Some(Target::Message(f.id)));
    let next = place.map_or(0, |p| p + 1) % flying.len().max(1);
    ctx.lab.play.pause();
    let words = match flying.get(next) {
        Some(flight) => {
            ctx.lab.select(Some(Target::Message(flight.id)));
            crate::view::words::flight(opened, flight, frame.now)
        }
        None => "No message is on its way.".into(),
    };
    ctx.dispatch(Action::Toast(words));
}

/// The acts as buttons with their keys.
pub fn act_buttons(ctx: &Ctx, selected: Option<Target>) -> Html {
    let Some(bench) = bench_of(ctx) else { return Html::default() };
    let button = |act: Act| {
        let ctx = ctx.clone();
        let (label, key) = (act.label.clone(), act.key);
        let onclick = Callback::from(move |_: MouseEvent| {
            ctx.dispatch(Action::Menu(None));
            perform(&ctx, &act);
        });
        let shown = if key == "delete" { "Del".to_owned() } else { key.to_ascii_uppercase() };
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
