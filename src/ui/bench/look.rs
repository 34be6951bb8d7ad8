//! How the stage is looked at: how the nodes stand, which is kept with the run's scenario, and how close one is.

use super::super::app::Ctx;
use super::super::controls::button;
use super::super::state::Action;
use crate::view::layout::Point;
use crate::wire::{Arrangement, Opened, Request};
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

const ARRANGEMENTS: [(Arrangement, &str); 3] =
    [(Arrangement::Ring, "a ring"), (Arrangement::Groups, "zones and racks"), (Arrangement::Layers, "layers by role")];
/// A step by key, in thousandths of the stage.
const NUDGE: i32 = 20;
pub const CLOSER: f32 = 1.5;

/// The page's picture follows at once; the engine hears of it by [`keep`].
fn show(ctx: &Ctx, opened: Opened) {
    let opened = Rc::new(opened);
    ctx.lab.play.arrange(Rc::clone(&opened));
    ctx.dispatch(Action::Arranged(opened));
}

/// Of what the picture shows: what was rendered last may not have the last moves yet.
fn changed(ctx: &Ctx, change: impl FnOnce(&mut Opened)) {
    if let Some(opened) = ctx.lab.play.opened() {
        let mut opened = (*opened).clone();
        change(&mut opened);
        show(ctx, opened);
    }
}

/// A node is taken to a point of the canvas.
pub fn show_at(ctx: &Ctx, node: u16, p: Point) {
    let place = ctx.lab.play.place_at(p);
    changed(ctx, |opened| opened.nodes[node as usize].place = place);
}

/// The scenario gets the places as the page shows them.
pub fn keep(ctx: &Ctx) {
    if let Some(opened) = ctx.lab.play.opened() {
        let places = opened.nodes.iter().map(|n| n.place).collect();
        ctx.lab.send(Request::Arrange { arrangement: opened.arrangement, places });
    }
}

/// Moves a node by a step: from where it is drawn, or, if it has moved since then, from where it goes.
pub fn nudge(ctx: &Ctx, node: u16, (dx, dy): (i32, i32)) {
    let play = &ctx.lab.play;
    let Some(drawn) = play.spot(crate::view::Target::Node(node)).and_then(|spot| play.place_at(spot)) else { return };
    let step = |at: u16, by: i32| (i32::from(at) + by * NUDGE).clamp(0, 1000) as u16;
    let moved = play.is_stale();
    changed(ctx, |opened| {
        let place = &mut opened.nodes[node as usize].place;
        let (x, y) = place.filter(|_| moved).unwrap_or(drawn);
        *place = Some((step(x, dx), step(y, dy)));
    });
    keep(ctx);
}

/// Changes how all of them stand.
fn arrange(ctx: &Ctx, change: impl FnOnce(&mut Opened)) {
    changed(ctx, change);
    keep(ctx);
}

pub fn look(ctx: &Ctx) -> Html {
    let Some(opened) = &ctx.state.run.opened else { return Html::default() };
    let zoom = |factor: f32| {
        let lab = ctx.lab.clone();
        Callback::from(move |_: MouseEvent| lab.play.zoom_selected(factor))
    };
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let (arrangement, _) = ARRANGEMENTS[(select.selected_index().max(0) as usize).min(2)];
            arrange(&ctx, |opened| opened.arrangement = arrangement);
        })
    };
    let moving = {
        let lab = ctx.lab.clone();
        Callback::from(move |event: Event| {
            lab.play.set_moves_nodes(event.target_unchecked_into::<HtmlInputElement>().checked());
        })
    };
    let forget = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| {
            arrange(&ctx, |opened| opened.nodes.iter_mut().for_each(|n| n.place = None));
        })
    };
    let option = |(arrangement, words): (Arrangement, &'static str)| {
        html! { <option selected={arrangement == opened.arrangement}>{ words }</option> }
    };
    html! {
        <details class="look">
            <summary>{ "View" }</summary>
            <div>
                <label>{ "Nodes in " }<select {onchange}>{ for ARRANGEMENTS.into_iter().map(option) }</select></label>
                <p class="zoom">
                    { button("small", "Closer", zoom(CLOSER)) }
                    { button("small", "Further", zoom(1.0 / CLOSER)) }
                    { button("small", "Whole", zoom(0.0)) }
                </p>
                <label><input type="checkbox" onchange={moving} />{ "Dragging moves nodes" }</label>
                <p>{ "Also with Alt held, or Shift and arrow keys. The scenario keeps it." }</p>
                if opened.nodes.iter().any(|n| n.place.is_some()) {
                    { button("small", "Forget where I put them", forget) }
                }
            </div>
        </details>
    }
}
