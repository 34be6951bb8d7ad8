//! Does what keys and the list of all deeds ask of the bench.

use super::super::app::Ctx;
use super::super::keys::{chord, typing};
use super::super::state::{Action, Tab};
use super::{bench_of, clip, look, menu, perform, present, tabs};
use crate::view::acts;
use crate::view::keys::{Area, Deed};
use crate::view::stage::Target;
use crate::view::{track, words};
use crate::wire::Move;
use gloo::timers::callback::Timeout;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// So many steps of the slider a key makes it faster or slower.
const SPEED_STEP: i64 = 5;

/// Keys of the whole bench; those of single elements have gone before.
pub fn key(ctx: &Ctx, event: &KeyboardEvent) {
    if event.alt_key() || event.default_prevented() {
        return;
    }
    let Some(element) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
    if typing(&element) || element.closest("dialog").ok().flatten().is_some() {
        return;
    }
    let chord = chord(event);
    // What the browser itself does with a key where the focus is.
    let own = match element.tag_name().as_str() {
        "BUTTON" | "SUMMARY" | "A" => matches!(chord.as_str(), " " | "enter"),
        "INPUT" => chord.starts_with("arrow") || matches!(chord.as_str(), " " | "home" | "end" | "pageup" | "pagedown"),
        _ => false,
    };
    let range = element.get_attribute("type").as_deref() == Some("range");
    if own && !(range && chord == " ") {
        return;
    }
    let keys = ctx.state.keys();
    let presenting = ctx.state.presents.then(|| keys.deed(&[Area::Present], &chord)).flatten();
    let Some(deed) = presenting.or_else(|| keys.deed(&[Area::Bench, Area::of(ctx.state.run.selected)], &chord)) else {
        return;
    };
    // Escape is not prevented: it closes menus too.
    if does(ctx, deed) && deed != Deed::Nothing {
        event.prevent_default();
    }
}

/// Does a deed; false when there is nothing to be done.
pub fn does(ctx: &Ctx, deed: Deed) -> bool {
    let lab = &ctx.lab;
    match deed {
        Deed::Play => lab.play.toggle(),
        Deed::Forward => lab.go(Move::Forward),
        Deed::Back => lab.go(Move::Back),
        Deed::NextInteresting => lab.go(Move::NextInteresting),
        Deed::PreviousInteresting => lab.go(Move::PreviousInteresting),
        Deed::Start => lab.go(Move::Start),
        Deed::Head => lab.go(Move::Head),
        Deed::Faster => faster(ctx, SPEED_STEP),
        Deed::Slower => faster(ctx, -SPEED_STEP),
        Deed::NextMessage => message(ctx, true),
        Deed::PreviousMessage => message(ctx, false),
        Deed::Closer => lab.play.zoom_selected(look::CLOSER),
        Deed::Further => lab.play.zoom_selected(1.0 / look::CLOSER),
        Deed::Whole => lab.play.zoom(0.0, None),
        Deed::Nothing => lab.select(None),
        Deed::Present => present::toggle(ctx),
        Deed::Leave => present::leave(ctx),
        Deed::NextMark => present::mark(ctx, true),
        Deed::PreviousMark => present::mark(ctx, false),
        Deed::Clip => clip::toggle(ctx),
        Deed::Share => menu::show_by_id("share-menu"),
        Deed::Search => search(ctx),
        Deed::Tab(place) => {
            let Some((tab, _)) = tabs::all().nth(place.into()) else { return false };
            ctx.dispatch(Action::Tab(tab));
        }
        deed => {
            let Some(bench) = bench_of(ctx) else { return false };
            let acts = acts::acts(bench, ctx.state.run.selected);
            let Some(act) = acts::by_deed(&acts, deed) else { return false };
            perform(ctx, act);
        }
    }
    true
}

fn faster(ctx: &Ctx, by: i64) {
    let run = &ctx.state.run;
    let Some(opened) = &run.opened else { return };
    let slider = i64::from(track::slider(run.speed, opened.pace_us_per_s)) + by;
    let speed = ctx.lab.play.speed_from(slider.clamp(0, 100) as u32);
    ctx.lab.play.set_speed(speed);
    ctx.dispatch(Action::Toast(format!("{} of real time", words::speed(speed))));
}

/// Where one types what is searched for; the log where the open tab has no such place.
fn search(ctx: &Ctx) {
    let field = || document().query_selector(".filter input[type=search]").ok().flatten();
    if field().is_none() {
        ctx.dispatch(Action::Tab(Tab::Log));
    }
    Timeout::new(0, move || {
        if let Some(field) = field() {
            let _ = field.unchecked_into::<HtmlElement>().focus();
        }
    })
    .forget();
}

/// Selects one message after another, forwards or backwards.
fn message(ctx: &Ctx, forwards: bool) {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return };
    let flying: Vec<_> = frame.flights.iter().filter(|f| f.lost.is_none()).collect();
    let place = flying.iter().position(|f| run.selected == Some(Target::Message(f.id)));
    let count = flying.len().max(1);
    let next = match (place, forwards) {
        (None, true) => 0,
        (None, false) => count - 1,
        (Some(place), true) => (place + 1) % count,
        (Some(place), false) => (place + count - 1) % count,
    };
    ctx.lab.play.pause();
    let words = match flying.get(next) {
        Some(flight) => {
            ctx.lab.select(Some(Target::Message(flight.id)));
            words::flight(opened, flight, frame.now)
        }
        None => "No message is on its way.".into(),
    };
    ctx.dispatch(Action::Toast(words));
}

/// Moves the focus within a list whose items hold one button each. True when the key was one of lists.
pub fn rove(ctx: &Ctx, event: &KeyboardEvent) -> bool {
    let deed = ctx.state.keys().deed(&[Area::List], &chord(event));
    let Some(element) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return false };
    let Ok(Some(item)) = element.closest("li") else { return false };
    let list = item.parent_element();
    let next = match deed {
        Some(Deed::Next) => item.next_element_sibling(),
        Some(Deed::Previous) => item.previous_element_sibling(),
        Some(Deed::First) => list.and_then(|list| list.first_element_child()),
        Some(Deed::Last) => list.and_then(|list| list.last_element_child()),
        _ => return false,
    };
    event.prevent_default();
    if let Some(Some(button)) = next.map(|item| item.query_selector("button").ok().flatten()) {
        let _ = button.unchecked_into::<HtmlElement>().focus();
    }
    true
}

/// Listens for the keys of lists.
pub fn roving(ctx: &Ctx) -> Callback<KeyboardEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: KeyboardEvent| {
        rove(&ctx, &event);
    })
}
