//! The menu of a thing on the stage: the palette's acts beside it, in the browser's own popover.

use super::super::app::Ctx;
use super::super::effects::{self, use_effect_on};
use super::super::state::Action;
use super::act_buttons;
use crate::view::acts;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Calls a method of the popover interface.
fn popover(element: &HtmlElement, method: &str) {
    if let Ok(function) = js_sys::Reflect::get(element, &method.into())
        && let Some(function) = function.dyn_ref::<js_sys::Function>()
    {
        let _ = function.call0(element);
    }
}

/// Opens a popover by its id, with the focus on the first of its buttons.
pub fn show_by_id(id: &str) {
    let element = gloo::utils::document().get_element_by_id(id);
    if let Some(element) = element.filter(|e| !e.matches(":popover-open").unwrap_or(false)) {
        let element: HtmlElement = element.unchecked_into();
        popover(&element, "showPopover");
        if let Ok(Some(first)) = element.query_selector("button") {
            let _ = first.unchecked_into::<HtmlElement>().focus();
        }
    }
}

/// A hook rather than a component: there is one of it, and a component is not small.
#[hook]
pub fn use_menu(ctx: &Ctx) -> Html {
    let target = ctx.state.run.menu;
    let menu = use_node_ref();
    use_effect_with(target, {
        let (menu, lab) = (menu.clone(), ctx.lab.clone());
        move |target| {
            let Some(element) = menu.cast::<HtmlElement>() else { return };
            match target {
                Some(target) => {
                    if let (Some(spot), Some(stage)) = (lab.play.spot(*target), lab.play.canvas_box()) {
                        let scale = lab.play.scale();
                        let x = (stage.x() + f64::from(spot.x) * scale + 30.0)
                            .min(stage.x() + stage.width() - 190.0)
                            .max(8.0);
                        let y = (stage.y() + f64::from(spot.y) * scale - 20.0).max(8.0);
                        let _ = element.style().set_property("left", &format!("{}px", x as i32));
                        let _ = element.style().set_property("top", &format!("{}px", y as i32));
                    }
                    show_by_id("menu");
                }
                None => popover(&element, "hidePopover"),
            }
        }
    });
    let heading = match (super::bench_of(ctx), target) {
        (Some(bench), Some(_)) => acts::heading(bench, target),
        _ => String::new(),
    };
    // The popover closes by itself on Escape and on clicks elsewhere: follow it.
    let ontoggle = {
        let (menu, ctx) = (menu.clone(), ctx.clone());
        Callback::from(move |_: Event| {
            let open = menu.cast::<HtmlElement>().is_some_and(|m| m.matches(":popover-open").unwrap_or(false));
            if !open && ctx.state.run.menu.is_some() {
                ctx.dispatch(Action::Menu(None));
            }
        })
    };
    let listen = {
        let menu = menu.clone();
        move || -> effects::Undo {
            let listener = menu.cast::<HtmlElement>().map(|element| {
                gloo::events::EventListener::new(&element, "toggle", move |event| ontoggle.emit(event.clone()))
            });
            Box::new(move || drop(listener))
        }
    };
    use_effect_on([0; 3], Box::new(listen));
    html! {
        <div ref={menu} class="menu acts" id="menu" popover="auto" role="group" aria-label={format!("What to do with {heading}")}>
            <p class="head">{ heading }</p>
            if target.is_some() { { act_buttons(ctx, target) } }
        </div>
    }
}
