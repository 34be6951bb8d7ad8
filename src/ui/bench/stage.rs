//! The canvas with its gestures, and the same in elements for keyboard and screen reader: a button over each node, a
//! list of the messages on their way.

use super::super::app::{Ctx, use_ctx};
use super::super::effects::{self, use_effect_on};
use super::super::keys::chord;
use super::super::state::Action;
use super::deeds::{rove, roving};
use super::gestures::Pointer;
use super::look;
use crate::base::Micros;
use crate::view::keys::{Area, Deed};
use crate::view::layout::{Insets, Layout};
use crate::view::stage::Target;
use crate::view::words;
use crate::wire::{self, Command, NodeStatus};
use gloo::utils::window;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::{Element, EventTarget, HtmlCanvasElement, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// Messages told in the list.
const TOLD_MAX: usize = 40;
/// While the run plays.
const TOLD_PLAYING_MAX: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A click crashes a node or restarts it.
    Poke,
    /// There is something to look at only.
    Watch,
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
    // Of all nodes one is reached by Tab; from it arrow keys go to the others.
    let selected = if let Some(Target::Node(node)) = run.selected { usize::from(node) } else { 0 };
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
                Mode::Watch => ctx.lab.select(Some(target)),
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
                    tabindex={if props.mode == Mode::Poke || i == selected { "0" } else { "-1" }}
                    aria-label={words} onclick={act} {onfocus} onblur={focus(None)}></button>
            </li>
        }
    };
    let messages = use_messages(&ctx, props.mode);
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| arrows(&ctx, &event))
    };
    html! {
        <div class="canvas" data-mode={if props.mode == Mode::Bench { "bench" } else { "poke" }}>
            <canvas ref={canvas} aria-hidden="true"></canvas>
            <ul class="spots" ref={mirror} aria-label="Nodes" {onkeydown}>{ for told(&ctx).into_iter().enumerate().map(node) }</ul>
            { messages }
        </div>
    }
}

/// The nodes in words.
fn told(ctx: &Ctx) -> Vec<String> {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Vec::new() };
    let count = opened.nodes.len().min(frame.nodes.len());
    frame.nodes[..count].iter().enumerate().map(|(i, card)| words::node(opened, card, i)).collect()
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
    let by = match ctx.state.keys().deed(&[Area::Stage], &chord(event)) {
        Some(Deed::MoveLeft) => (-1, 0),
        Some(Deed::MoveRight) => (1, 0),
        Some(Deed::MoveUp) => (0, -1),
        Some(Deed::MoveDown) => (0, 1),
        _ => {
            rove(ctx, event);
            return;
        }
    };
    if let Some(Target::Node(node)) = ctx.lab.play.focused() {
        event.prevent_default();
        look::nudge(ctx, node, by);
    }
}

/// Where the focus goes when the button that had it is gone.
fn keep_focus(list: &NodeRef, inside: &RefCell<bool>) {
    let lost = gloo::utils::document().active_element().is_none_or(|e| e.tag_name() == "BODY");
    let Some(list) = list.cast::<Element>().filter(|_| lost && inside.replace(false)) else { return };
    let other = list.query_selector("button[tabindex='0']").ok().flatten();
    let other = other.or_else(|| list.closest(".stage").ok()??.query_selector(".palette").ok()?);
    if let Some(other) = other {
        let _ = other.unchecked_into::<HtmlElement>().focus();
    }
}

/// The messages on their way as a list: in sight while the keyboard is in it.
#[hook]
fn use_messages(ctx: &Ctx, mode: Mode) -> Html {
    let list = use_node_ref();
    let inside = use_mut_ref(|| false);
    let run = &ctx.state.run;
    let all = run.frame.as_ref().map_or(&[][..], |frame| &frame.flights[..]);
    let now = run.frame.as_ref().map_or(Micros::ZERO, |frame| frame.now);
    // What was lost a moment ago is drawn, but is on its way no more.
    let flying = |f: &wire::Flight| f.lost.as_ref().is_none_or(|loss| loss.at > now);
    let flights: Vec<_> = all.iter().enumerate().filter(|(_, f)| flying(f)).collect();
    let count = flights.len();
    // A message that has arrived takes its button along: the focus goes to another, or to what can be done.
    let keep = {
        let (list, inside) = (list.clone(), inside.clone());
        move || keep_focus(&list, &inside)
    };
    let first = flights.first().map_or(0, |(_, f)| effects::text(&f.id.to_string()));
    use_effect_on([count as u64, first, run.frame.as_ref().map_or(0, |f| f.step)], effects::plain(keep));
    let at = {
        let ctx = ctx.clone();
        move |target: Option<EventTarget>| {
            let item = target?.dyn_into::<Element>().ok()?.closest("li").ok()??;
            let place: usize = item.get_attribute("data-flight")?.parse().ok()?;
            let id = ctx.state.run.frame.as_ref()?.flights.get(place)?.id;
            Some(Target::Message(id))
        }
    };
    let onfocusin = {
        let (ctx, at, inside) = (ctx.clone(), at.clone(), inside.clone());
        Callback::from(move |event: FocusEvent| {
            inside.replace(true);
            let target = at(event.target());
            if target.is_some() && ctx.state.run.selected != target {
                ctx.lab.play.pause();
                ctx.lab.select(target);
            }
        })
    };
    let onfocusout = Callback::from(move |event: FocusEvent| {
        if event.related_target().is_some() {
            inside.replace(false);
        }
    });
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| ctx.dispatch(Action::Menu(at(event.target()))))
    };
    let onkeydown = roving(ctx);
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Html::default() };
    // Nobody reads a list that changes several times a second; the focus, when it comes in, halts the run.
    let shown = flights.iter().take(if ctx.state.run.playing { TOLD_PLAYING_MAX } else { TOLD_MAX });
    let selected = shown.clone().position(|(_, f)| run.selected == Some(Target::Message(f.id))).unwrap_or(0);
    let item = |(i, (place, flight)): (usize, &(usize, &wire::Flight))| {
        html! {
            <li key={flight.id.to_string()} data-flight={place.to_string()}>
                <button type="button" tabindex={if i == selected && mode == Mode::Bench { "0" } else { "-1" }}>{ words::flight(opened, flight, frame.now) }</button>
            </li>
        }
    };
    html! {
        <ul class="flights" ref={list} aria-label={format!("Messages on their way: {count}")} {onfocusin} {onfocusout} {onclick} {onkeydown}>
            { for shown.enumerate().map(item) }
        </ul>
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
            let head = lab.clone();
            lab.play.attach(canvas.clone(), move |layout| place_spots(&spots, layout, head.play.scale() as f32));
            let resized = {
                let (lab, canvas) = (lab.clone(), canvas.clone());
                Closure::<dyn Fn()>::new(move || {
                    lab.play.resized();
                    let presents = lab.play.scale() > 1.0;
                    lab.play.set_insets(insets(f64::from(canvas.client_width()), mode, presents));
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
    // New buttons get their places too: those of another run are new ones even if there are as many of them.
    let run = &ctx.state.run;
    let lab = ctx.lab.clone();
    let put = move || {
        if let Some(layout) = lab.play.layout() {
            place_spots(&mirror, &layout, lab.play.scale() as f32);
        }
    };
    use_effect_on([run.opened.is_some().into(), run.frame.is_some().into(), run.number], effects::plain(put));
}

/// What palette and properties cover; the style sheet has the same widths.
fn insets(width: f64, mode: Mode, presents: bool) -> Insets {
    match mode {
        _ if presents => Insets { top: 16.0, bottom: 16.0, ..Insets::default() },
        Mode::Watch => Insets::default(),
        Mode::Poke => Insets { top: if width < 480.0 { 44.0 } else { 30.0 }, ..Insets::default() },
        Mode::Bench if width >= 820.0 => Insets { left: 178.0, right: 214.0, ..Insets::default() },
        Mode::Bench if width >= 600.0 => Insets { left: 178.0, ..Insets::default() },
        Mode::Bench if is_coarse() => Insets { top: 46.0, bottom: 54.0, ..Insets::default() },
        Mode::Bench => Insets { top: 34.0, bottom: 40.0, ..Insets::default() },
    }
}

/// Puts each node's button over the node.
fn place_spots(mirror: &NodeRef, layout: &Layout, scale: f32) {
    let Some(list) = mirror.cast::<Element>() else { return };
    let items = list.children();
    for (i, place) in layout.places.iter().enumerate() {
        let Some(item) = items.item(i as u32) else { break };
        let style = item.unchecked_into::<HtmlElement>().style();
        let side = (2.0 * layout.r + 12.0).max(24.0);
        let set = |name: &str, value: f32| {
            let _ = style.set_property(name, &format!("{}px", (value * scale) as i32));
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
