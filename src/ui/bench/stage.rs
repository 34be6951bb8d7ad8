//! The canvas with its gestures, and the same in elements for keyboard and screen reader: a button over each node, a
//! list of the messages on their way.

use super::super::app::{Ctx, use_ctx};
use super::super::effects::{self, use_effect_on};
use super::super::state::Action;
use super::gestures::Pointer;
use super::look;
use crate::view::layout::{Insets, Layout};
use crate::view::stage::Target;
use crate::view::words;
use crate::wire::{self, Command, NodeStatus};
use gloo::utils::window;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlCanvasElement, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// Messages told in the list.
const TOLD_MAX: usize = 40;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A click crashes a node or restarts it.
    Poke,
    Bench,
}

#[derive(PartialEq, Properties)]
pub struct StageProps {
    pub mode: Mode,
}

#[component]
pub fn Stage(props: &StageProps) -> Html {
    let ctx = use_ctx();
    let canvas = use_node_ref();
    let mirror = use_node_ref();
    use_canvas(&ctx, &canvas, &mirror, props.mode);
    let run = &ctx.state.run;
    let focus = {
        let lab = ctx.lab.clone();
        move |target: Option<Target>| {
            let lab = lab.clone();
            Callback::from(move |_: FocusEvent| lab.play.focus(target))
        }
    };
    let node = |(i, words): (usize, String)| {
        let target = Target::Node(i as u16);
        let act = {
            let (ctx, mode) = (ctx.clone(), props.mode);
            Callback::from(move |event: MouseEvent| match mode {
                // A pointer's click was dealt with when it was released.
                _ if event.detail() > 0 => {}
                Mode::Poke => poke(&ctx, i as u16),
                Mode::Bench => {
                    ctx.lab.select(Some(target));
                    ctx.dispatch(Action::Menu(Some(target)));
                }
            })
        };
        let onfocus = {
            let (ctx, mode) = (ctx.clone(), props.mode);
            Callback::from(move |_: FocusEvent| {
                ctx.lab.play.focus(Some(target));
                if mode == Mode::Bench && ctx.state.run.selected != Some(target) {
                    ctx.lab.select(Some(target));
                }
            })
        };
        html! {
            <li key={i}>
                <button type="button" class="spot" data-node={run.opened.as_ref().map(|o| o.nodes[i].name.clone())}
                    aria-label={words} onclick={act} {onfocus} onblur={focus(None)}></button>
            </li>
        }
    };
    let (nodes, messages) = told(&ctx);
    let flying = run.frame.as_ref().map_or(0, |frame| frame.flights.len());
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| arrows(&ctx, &event))
    };
    html! {
        <div class="canvas" data-mode={if props.mode == Mode::Poke { "poke" } else { "bench" }}>
            <canvas ref={canvas} aria-hidden="true"></canvas>
            <ul class="spots" ref={mirror} aria-label="Nodes" {onkeydown}>{ for nodes.into_iter().enumerate().map(node) }</ul>
            <ul class="sr-only" aria-label={format!("Messages on their way: {flying}")}>{ for messages.into_iter().map(|m| html! { <li>{ m }</li> }) }</ul>
        </div>
    }
}

/// Nodes and messages in words.
fn told(ctx: &Ctx) -> (Vec<String>, Vec<String>) {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Default::default() };
    let count = opened.nodes.len().min(frame.nodes.len());
    let nodes = frame.nodes[..count].iter().enumerate().map(|(i, card)| words::node(opened, card, i)).collect();
    let told = frame.flights.iter().take(TOLD_MAX).map(|f| words::flight(opened, f, frame.now)).collect();
    (nodes, told)
}

/// Crashes a node that is up, restarts one that is down.
pub fn poke(ctx: &Ctx, node: u16) {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return };
    let (Some(info), Some(card)) = (opened.nodes.get(node as usize), frame.nodes.get(node as usize)) else { return };
    let this = wire::NodeRef { node: info.name.clone() };
    ctx.lab.command(match card.status {
        NodeStatus::Up => Command::Crash(this),
        NodeStatus::Down => Command::Restart(this),
        NodeStatus::Paused => Command::Resume(this),
    });
    ctx.lab.play.play();
}

/// Arrow keys go from node to node; with the shift key they move the node.
fn arrows(ctx: &Ctx, event: &KeyboardEvent) {
    let (dx, dy) = match event.key().as_str() {
        "ArrowRight" => (1, 0),
        "ArrowDown" => (0, 1),
        "ArrowLeft" => (-1, 0),
        "ArrowUp" => (0, -1),
        _ => return,
    };
    let forward = dx + dy > 0;
    if let (true, Some(Target::Node(node))) = (event.shift_key(), ctx.lab.play.focused()) {
        event.prevent_default();
        return look::nudge(ctx, node, (dx, dy));
    }
    let Some(element) = event.target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
    let Some(item) = element.parent_element() else { return };
    let next = if forward { item.next_element_sibling() } else { item.previous_element_sibling() };
    if let Some(button) = next.and_then(|i| i.first_element_child()) {
        event.prevent_default();
        let _ = button.unchecked_into::<HtmlElement>().focus();
    }
}

/// Gives the canvas to the playhead while it is on the page.
#[hook]
fn use_canvas(ctx: &Ctx, canvas: &NodeRef, mirror: &NodeRef, mode: Mode) {
    let (canvas, mirror) = (canvas.clone(), mirror.clone());
    let latest = use_mut_ref(|| ctx.clone());
    *latest.borrow_mut() = ctx.clone();
    let show = {
        let (lab, mirror) = (ctx.lab.clone(), mirror.clone());
        move || -> effects::Undo {
            let canvas = canvas.cast::<HtmlCanvasElement>().expect("the canvas is there");
            let spots = mirror.clone();
            lab.play.set_hurry(mode == Mode::Poke);
            lab.play.attach(canvas.clone(), move |layout| place_spots(&spots, layout));
            let resized = {
                let (lab, canvas) = (lab.clone(), canvas.clone());
                Closure::<dyn Fn()>::new(move || {
                    lab.play.set_insets(insets(f64::from(canvas.client_width()), mode));
                })
            };
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
            if let Some(observer) = &observer {
                observer.observe(&canvas);
            }
            let listeners = Pointer::new(latest, canvas, mode).listen();
            Box::new(move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop((listeners, resized));
                lab.play.detach();
            })
        }
    };
    use_effect_on([0; 3], Box::new(show));
    // New nodes get their places too.
    let count = ctx.state.run.opened.as_ref().map_or(0, |o| o.nodes.len() + 1);
    let lab = ctx.lab.clone();
    let put = move || {
        if let Some(layout) = lab.play.layout() {
            place_spots(&mirror, &layout);
        }
    };
    use_effect_on([count as u64, ctx.state.run.frame.is_some().into(), 0], effects::plain(put));
}

/// What palette and properties cover; the style sheet has the same widths.
fn insets(width: f64, mode: Mode) -> Insets {
    match mode {
        Mode::Poke => Insets { top: if width < 480.0 { 44.0 } else { 30.0 }, ..Insets::default() },
        Mode::Bench if width >= 820.0 => Insets { left: 178.0, right: 214.0, ..Insets::default() },
        Mode::Bench if width >= 600.0 => Insets { left: 178.0, ..Insets::default() },
        Mode::Bench if is_coarse() => Insets { top: 46.0, bottom: 54.0, ..Insets::default() },
        Mode::Bench => Insets { top: 34.0, bottom: 40.0, ..Insets::default() },
    }
}

/// Puts each node's button over the node.
fn place_spots(mirror: &NodeRef, layout: &Layout) {
    let Some(list) = mirror.cast::<Element>() else { return };
    let items = list.children();
    for (i, place) in layout.places.iter().enumerate() {
        let Some(item) = items.item(i as u32) else { break };
        let style = item.unchecked_into::<HtmlElement>().style();
        let side = (2.0 * layout.r + 12.0).max(24.0);
        let set = |name: &str, value: f32| {
            let _ = style.set_property(name, &format!("{}px", value as i32));
        };
        set("left", place.x - side / 2.0);
        set("top", place.y - side / 2.0);
        set("width", side);
        set("height", side);
    }
}

/// Whether guide and bench stand side by side; the style sheet has the same width.
pub fn is_wide() -> bool {
    window().inner_width().ok().and_then(|w| w.as_f64()).is_none_or(|w| w > 760.0)
}

/// Whether fingers point here.
pub fn is_coarse() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|m| m.matches())
}
