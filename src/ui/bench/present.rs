//! The bench before an audience: full screen, large labels, the sentence of the moment; one key goes from mark to mark.

use super::super::app::{Ctx, focus};
use super::super::effects::{self, use_effect_on};
use super::super::keys;
use super::super::state::Action;
use crate::view::keys::{self as table, Deed};
use crate::view::words;
use crate::wire::Move;
use gloo::events::EventListener;
use gloo::utils::document;
use yew::prelude::*;

/// The stage is drawn so much larger.
const SCALE: f64 = 1.6;

pub fn toggle(ctx: &Ctx) {
    if ctx.state.presents {
        return leave(ctx);
    }
    ctx.dispatch(Action::Presents(true));
    ctx.lab.play.set_scale(SCALE);
    // Where the whole screen cannot be had, the bench takes the whole window.
    if let Some(bench) = document().get_element_by_id("bench").filter(|_| document().fullscreen_enabled()) {
        let _ = bench.request_fullscreen();
    }
    focus("bench");
}

pub fn leave(ctx: &Ctx) {
    ctx.dispatch(Action::Presents(false));
    ctx.lab.play.set_scale(1.0);
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
    }
}

/// Follows the browser when it leaves the whole screen by itself, and ends with the bench.
#[hook]
pub fn use_present(ctx: &Ctx) {
    let ctx = ctx.clone();
    let listen = move || -> effects::Undo {
        let of = ctx.clone();
        let left = EventListener::new(&document(), "fullscreenchange", move |_| {
            if of.state.presents && document().fullscreen_element().is_none() {
                leave(&of);
            }
        });
        Box::new(move || {
            drop(left);
            if ctx.state.presents {
                leave(&ctx);
            }
        })
    };
    use_effect_on([0, 0, 2], Box::new(listen));
}

/// To the next mark, or the next interesting event where no mark is known yet; or back.
pub fn mark(ctx: &Ctx, forwards: bool) {
    let run = &ctx.state.run;
    let Some(frame) = &run.frame else { return };
    let marks = run.status.marks.iter();
    let to = if forwards {
        marks.filter(|mark| mark.row >= frame.row).map(|mark| mark.row).min()
    } else {
        marks.filter(|mark| mark.at < frame.now).map(|mark| mark.row).max()
    };
    ctx.lab.go(match (to, forwards) {
        (Some(row), _) => Move::ToRow(row),
        (None, true) => Move::NextInteresting,
        (None, false) => Move::Start,
    });
}

/// What happened at this moment, in large letters.
pub fn caption(ctx: &Ctx) -> Html {
    let Some(frame) = &ctx.state.run.frame else { return Html::default() };
    let out = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| leave(&ctx))
    };
    let go = |forwards: bool| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| mark(&ctx, forwards))
    };
    let key = |deed| table::shown(&ctx.state.keys().key(deed));
    let sentence = if frame.stands_out.is_empty() { &frame.sentence } else { &frame.stands_out };
    html! {
        <div class="caption">
            <p><span class="n">{ words::clock(frame.now, false) }</span>{ " " }{ sentence }</p>
            <button type="button" onclick={go(false)}>{ "Mark before" }<kbd aria-hidden="true">{ key(Deed::PreviousMark) }</kbd></button>
            <button type="button" onclick={go(true)}>{ "Next mark" }<kbd aria-hidden="true">{ key(Deed::NextMark) }</kbd></button>
            <button type="button" onclick={out}>{ "Leave" }<kbd aria-hidden="true">{ keys::ESCAPE }</kbd></button>
        </div>
    }
}
