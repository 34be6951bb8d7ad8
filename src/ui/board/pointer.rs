//! The pointer on the board: components are moved, lines drawn, kinds taken from the palette, the ground pushed away.

use super::super::app::Ctx;
use super::super::lab::Core;
use super::acts::{about, show_form};
use super::{act, known, zoom};
use crate::view::board::desk::{Hold, Selected};
use crate::view::board::kinds;
use crate::view::board::layout::{HEIGHT, Place, WIDTH};
use crate::view::board::picture::{Picture, between};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, PointerEvent};
use yew::prelude::*;

/// Moved less than so many pixels, it was a click.
const CLICK: f32 = 4.0;

/// What is at a spot of the window, on the board.
pub fn under((x, y): (f32, f32), picture: &Picture) -> Option<Place> {
    let svg = document().query_selector(".board-stage > svg").ok()??;
    let bounds = svg.get_bounding_client_rect();
    let at = (x - bounds.x() as f32, y - bounds.y() as f32);
    Some(picture.under(at, (bounds.width() as f32, bounds.height() as f32)))
}

fn spot(event: &PointerEvent) -> (f32, f32) {
    (event.client_x() as f32, event.client_y() as f32)
}

type Pointing = Callback<PointerEvent>;

/// Down, move, up, and what ends it otherwise.
pub fn pointing(ctx: &Ctx) -> (Pointing, Pointing, Pointing, Pointing) {
    let on = |act: fn(&Core, &PointerEvent)| {
        let ctx = ctx.clone();
        Callback::from(move |event: PointerEvent| act(&ctx.lab, &event))
    };
    let lost = |core: &Core, event: &PointerEvent| {
        zoom::finger_up(event);
        act(core, &mut |desk| desk.hold = None);
    };
    (on(down), on(moved), on(up), on(lost))
}

fn down(core: &Core, event: &PointerEvent) {
    if zoom::finger_down(event) {
        // What the first finger began is nothing.
        return act(core, &mut |desk| desk.hold = None);
    }
    if event.button() != 0 || !event.is_primary() {
        return;
    }
    let desk = known(core);
    let picture = Picture::new(&desk);
    let Some(at) = under(spot(event), &picture) else { return };
    let hold = if let Some((_, from)) = about(event, "data-port") {
        Some(Hold::Line { from, to: at })
    } else if let Some(kind) = about(event, "data-new").and_then(|(_, table)| kinds::of(&table)) {
        Some(Hold::New { kind, to: None })
    } else if let Some((_, name)) = about(event, "data-part") {
        let from = picture.part(&name).map_or(at, |part| part.at);
        Some(Hold::Part { name, by: Place { x: at.x - from.x, y: at.y - from.y }, to: None })
    } else {
        // A finger scrolls the page where there is nothing to push.
        let (fingers, close) = (event.pointer_type() == "touch", desk.camera.is_close());
        match about(event, "data-ground") {
            Some(_) if close && !event.shift_key() => Some(Hold::Ground { from: at }),
            Some(_) if !fingers => Some(Hold::Lasso { from: at, to: at }),
            _ => None,
        }
    };
    let Some(hold) = hold else { return };
    // The stage hears of it wherever it goes.
    if let Some(stage) = document().query_selector(".board-stage").ok().flatten() {
        START.set(spot(event));
        if !matches!(hold, Hold::New { .. }) {
            let _ = stage.unchecked_into::<HtmlElement>().set_pointer_capture(event.pointer_id());
        }
    }
    act(core, &mut |desk| desk.hold = Some(hold.clone()));
}

thread_local! {
    /// Where the pointer went down, in the window.
    static START: std::cell::Cell<(f32, f32)> = const { std::cell::Cell::new((0.0, 0.0)) };
}

fn is_click(event: &PointerEvent) -> bool {
    let ((a, b), (x, y)) = (spot(event), START.get());
    (a - x).abs() < CLICK && (b - y).abs() < CLICK
}

fn moved(core: &Core, event: &PointerEvent) {
    if zoom::pinched(core, event) {
        return;
    }
    let desk = known(core);
    let Some(hold) = &desk.hold else { return };
    if event.buttons() == 0 {
        return act(core, &mut |desk| desk.hold = None);
    }
    let picture = Picture::new(&desk);
    let Some(at) = under(spot(event), &picture) else { return };
    if is_click(event) && !matches!(hold, Hold::Line { .. }) {
        return;
    }
    act(core, &mut |desk| match &mut desk.hold {
        Some(Hold::Part { by, to, .. }) if !desk.tall => *to = Some(Place { x: at.x - by.x, y: at.y - by.y }),
        // On a narrow screen components stay where they are; what is close is pushed wherever it is taken.
        Some(Hold::Part { .. }) if desk.camera.is_close() => desk.hold = Some(Hold::Ground { from: at }),
        Some(Hold::Line { to, .. } | Hold::Lasso { to, .. }) => *to = at,
        Some(Hold::New { to, .. }) => *to = Some(at),
        Some(Hold::Ground { from }) => desk.camera = desk.camera.pushed(picture.size(), *from, at),
        _ => {}
    });
}

fn up(core: &Core, event: &PointerEvent) {
    zoom::finger_up(event);
    let desk = known(core);
    let Some(hold) = desk.hold.clone() else { return };
    let picture = Picture::new(&desk);
    let at = under(spot(event), &picture);
    let (click, more) = (is_click(event), event.shift_key() || desk.several);
    act(core, &mut |desk| {
        desk.hold = None;
        match &hold {
            Hold::Part { name, to, .. } => match to {
                Some(to) if !click => desk.move_to(name, *to),
                _ if more && desk.linking.is_none() => desk.toggle(name),
                _ => desk.select(Selected::Part(name.clone())),
            },
            Hold::Line { from, .. } => {
                let target = at.and_then(|at| picture.hit(at)).filter(|part| part.name != *from);
                match target {
                    Some(to) => desk.connect(from, &to.name),
                    None if click => {
                        desk.linking = Some(from.clone());
                        desk.said = format!("Choose what {from} calls.");
                    }
                    None => {}
                }
            }
            Hold::New { kind, .. } => {
                // Let go over the board; a click on the palette is heard as one.
                if !click && let Some(at) = at {
                    let corner = Place { x: at.x - WIDTH / 2.0, y: at.y - HEIGHT / 2.0 };
                    desk.add(kind, (!desk.tall).then_some(corner));
                }
            }
            Hold::Lasso { from, to } if !click => {
                let mut all = if more { desk.chosen() } else { Vec::new() };
                let within = picture.within(between(*from, *to));
                all.extend(within.into_iter().filter(|name| !desk.is_chosen(name) || !more));
                desk.choose(all);
            }
            Hold::Ground { .. } | Hold::Lasso { .. } => {}
        }
    });
    if known(core).selected != desk.selected {
        show_form();
    }
}
