//! What is seen of the board: closer by wheel, by two fingers and by keys, pushed, and after the keyboard's focus. The
//! arithmetic stands in `view::board::camera`.

use super::super::app::Ctx;
use super::super::effects::{self, use_effect_on};
use super::super::lab::Core;
use super::acts::about;
use super::pointer::under;
use super::{act, known};
use crate::view::board::camera::{Camera, of_wheel};
use crate::view::board::layout::Place;
use crate::view::board::picture::Picture;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::document;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{Event, PointerEvent, WheelEvent};
use yew::prelude::*;

const STAGE: &str = ".board-stage";

/// Where something is in the window.
type Spot = (f32, f32);

thread_local! {
    /// Fingers on the board, by their ids.
    static FINGERS: RefCell<Vec<(i32, Spot)>> = const { RefCell::new(Vec::new()) };
}

/// Listens while there is a board. Wheels and fingers are kept from the page, which Yew's own listeners cannot do.
#[hook]
pub fn use_zoom(ctx: &Ctx, is_there: bool) {
    let core = ctx.lab.me.clone();
    let listen = move || -> effects::Undo {
        let stage = document().query_selector(STAGE).ok().flatten().filter(|_| is_there);
        let all = stage.map(|stage| {
            let on = |name: &'static str, hear: fn(&Core, &Event)| {
                let core = core.clone();
                let options = EventListenerOptions::enable_prevent_default();
                EventListener::new_with_options(&stage, name, options, move |event: &Event| {
                    if let Some(core) = core.upgrade() {
                        hear(&core, event);
                    }
                })
            };
            [on("wheel", wheel), on("touchmove", touched), on("focusin", focused)]
        });
        Box::new(move || drop(all))
    };
    use_effect_on([is_there.into(), 0, 3], Box::new(listen));
}

/// Whether something happened on the drawing, not on what stands over it.
fn on_drawing(event: &Event) -> bool {
    about(event, "data-drawing").is_some()
}

fn look(core: &Core, change: impl Fn(Camera, (f32, f32)) -> Camera) {
    let desk = known(core);
    let camera = change(desk.camera, Picture::new(&desk).size());
    if camera != desk.camera {
        act(core, &mut |desk| desk.camera = camera);
    }
}

/// Where the page itself scrolls, only with the control key, which is also what a pinch on a touch pad says.
fn wheel(core: &Core, event: &Event) {
    let Some(wheel) = event.dyn_ref::<WheelEvent>() else { return };
    let desk = known(core);
    if !on_drawing(event) || desk.tall && !wheel.ctrl_key() {
        return;
    }
    event.prevent_default();
    let at = under((wheel.client_x() as f32, wheel.client_y() as f32), &Picture::new(&desk));
    let factor = of_wheel(wheel.delta_y() as f32, wheel.delta_mode(), wheel.ctrl_key());
    look(core, |camera, board| camera.zoomed(board, factor, at));
}

/// Two fingers on the board do not scroll the page.
fn touched(_: &Core, event: &Event) {
    if FINGERS.with_borrow(|fingers| fingers.len() == 2) {
        event.prevent_default();
    }
}

/// What the keyboard leads to is in sight.
fn focused(core: &Core, event: &Event) {
    if let Some((element, name)) = about(event, "data-part")
        && element.matches(":focus-visible").unwrap_or(false)
    {
        follow(core, &name);
    }
}

/// Brings a component into sight.
pub fn follow(core: &Core, name: &str) {
    let picture = Picture::new(&known(core));
    if let Some(part) = picture.part(name) {
        look(core, |camera, board| camera.toward(board, part.at));
    }
}

/// A quarter of what is in sight on; false if all of it is.
pub fn push(core: &Core, way: (i32, i32)) -> bool {
    let close = known(core).camera.is_close();
    look(core, |camera, board| camera.moved(board, way));
    close
}

fn spot(event: &PointerEvent) -> Spot {
    (event.client_x() as f32, event.client_y() as f32)
}

/// A finger went down; true if it is the second one.
pub fn finger_down(event: &PointerEvent) -> bool {
    if event.pointer_type() != "touch" || !on_drawing(event) {
        return false;
    }
    FINGERS.with_borrow_mut(|fingers| {
        if event.is_primary() {
            // Of one that was lifted elsewhere nothing was heard.
            fingers.clear();
        }
        fingers.push((event.pointer_id(), spot(event)));
        fingers.len() > 1
    })
}

pub fn finger_up(event: &PointerEvent) {
    FINGERS.with_borrow_mut(|fingers| fingers.retain(|(id, _)| *id != event.pointer_id()));
}

/// True while two fingers hold the board.
pub fn pinched(core: &Core, event: &PointerEvent) -> bool {
    let ways = FINGERS.with_borrow_mut(|fingers| {
        let [a, b] = fingers.as_mut_slice() else { return None };
        let from = [a.1, b.1];
        for finger in [&mut *a, &mut *b] {
            if finger.0 == event.pointer_id() {
                finger.1 = spot(event);
            }
        }
        Some((from, [a.1, b.1]))
    });
    let Some((from, to)) = ways else { return false };
    let picture = Picture::new(&known(core));
    let places = |[a, b]: [Spot; 2]| -> Option<[Place; 2]> { Some([under(a, &picture)?, under(b, &picture)?]) };
    if let (Some(from), Some(to)) = (places(from), places(to)) {
        look(core, |camera, board| camera.pinched(board, from, to));
    }
    true
}
