//! The pointer on the board: components are moved, lines drawn, kinds taken from the palette, the ground pushed away.

use super::super::app::Ctx;
use super::super::lab::Core;
use super::acts::{about, show_form};
use super::{act, known};
use crate::view::board::desk::{Hold, Selected};
use crate::view::board::kinds;
use crate::view::board::layout::{HEIGHT, Place, WIDTH};
use crate::view::board::picture::Picture;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, PointerEvent};
use yew::prelude::*;

/// Moved less than so many pixels, it was a click.
const CLICK: f32 = 4.0;

/// Where it is on the board; the stage's drawing.
fn under(event: &PointerEvent, picture: &Picture) -> Option<Place> {
    let svg = document().query_selector(".board-stage > svg").ok()??;
    let bounds = svg.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()) - bounds.x(), f64::from(event.client_y()) - bounds.y());
    Some(picture.under((x as f32, y as f32), (bounds.width() as f32, bounds.height() as f32)))
}

type Pointing = Callback<PointerEvent>;

/// Down, move, up, and what ends it otherwise.
pub fn pointing(ctx: &Ctx) -> (Pointing, Pointing, Pointing, Pointing) {
    let on = |act: fn(&Core, &PointerEvent)| {
        let ctx = ctx.clone();
        Callback::from(move |event: PointerEvent| act(&ctx.lab, &event))
    };
    (on(down), on(moved), on(up), on(|core, _| act(core, &mut |desk| desk.hold = None)))
}

fn down(core: &Core, event: &PointerEvent) {
    if event.button() != 0 || !event.is_primary() {
        return;
    }
    let desk = known(core);
    let picture = Picture::new(&desk);
    let Some(at) = under(event, &picture) else { return };
    let hold = if let Some((_, from)) = about(event, "data-port") {
        Some(Hold::Line { from, to: at })
    } else if let Some(kind) = about(event, "data-new").and_then(|(_, table)| kinds::of(&table)) {
        Some(Hold::New { kind, to: None })
    } else if let Some((_, name)) = about(event, "data-part") {
        let from = picture.part(&name).map_or(at, |part| part.at);
        Some(Hold::Part { name, by: Place { x: at.x - from.x, y: at.y - from.y }, to: None })
    } else {
        let ground = about(event, "data-ground").is_some();
        (ground && desk.camera.zoom > 0).then_some(Hold::Ground { from: at })
    };
    let Some(hold) = hold else { return };
    // The stage hears of it wherever it goes.
    if let Some(stage) = document().query_selector(".board-stage").ok().flatten() {
        START.set((event.client_x() as f32, event.client_y() as f32));
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
    let (x, y) = START.get();
    (event.client_x() as f32 - x).abs() < CLICK && (event.client_y() as f32 - y).abs() < CLICK
}

fn moved(core: &Core, event: &PointerEvent) {
    let desk = known(core);
    let Some(hold) = &desk.hold else { return };
    if event.buttons() == 0 {
        return act(core, &mut |desk| desk.hold = None);
    }
    let Some(at) = under(event, &Picture::new(&desk)) else { return };
    if is_click(event) && !matches!(hold, Hold::Line { .. }) {
        return;
    }
    act(core, &mut |desk| match &mut desk.hold {
        Some(Hold::Part { by, to, .. }) if !desk.tall => *to = Some(Place { x: at.x - by.x, y: at.y - by.y }),
        Some(Hold::Line { to, .. }) => *to = at,
        Some(Hold::New { to, .. }) => *to = Some(at),
        Some(Hold::Ground { from }) => {
            let picture = (desk.camera.middle, *from);
            let middle = picture.0.unwrap_or(at);
            desk.camera.middle = Some(Place { x: middle.x + picture.1.x - at.x, y: middle.y + picture.1.y - at.y });
        }
        _ => {}
    });
}

fn up(core: &Core, event: &PointerEvent) {
    let desk = known(core);
    let Some(hold) = desk.hold.clone() else { return };
    let mut picture = Picture::new(&desk);
    let at = under(event, &picture);
    let click = is_click(event);
    act(core, &mut |desk| {
        desk.hold = None;
        match &hold {
            Hold::Part { name, to, .. } => match to {
                Some(to) if !click => {
                    picture.parts.retain(|part| part.name != *name);
                    desk.move_to(name, *to);
                }
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
            Hold::Ground { .. } => {}
        }
    });
    if known(core).selected != desk.selected {
        show_form();
    }
}
