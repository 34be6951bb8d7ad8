//! The history of the run: its branches as a tree over time. The one under the pointer or in the focus is shown as a small
//! picture of how it ends, and can be given a name; a click or Enter returns to it.

use super::super::app::{Ctx, focus};
use super::super::canvas::Painter;
use super::super::controls::{begun, button, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::engine::Asked;
use super::super::state::{Action, Panels, Tab};
use crate::view::history::{self as view, Limb};
use crate::view::words as say;
use crate::wire::Request;
use gloo::utils::document;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, HtmlInputElement, PointerEvent};
use yew::prelude::*;

/// The longest name, in characters; the engine takes no longer one.
const NAME_MAX: u32 = 60;

/// The branch that is looked at.
fn looked_at(ctx: &Ctx) -> u32 {
    let run = &ctx.state.run;
    let known = |id: &u32| run.status.branches.iter().any(|card| card.id == *id);
    run.panels.branch.filter(known).unwrap_or(run.status.branch)
}

fn look_at(ctx: &Ctx, branch: Option<u32>) {
    if branch != ctx.state.run.panels.branch {
        ctx.dispatch(Action::Panels(Panels { branch, ..ctx.state.run.panels.clone() }));
    }
}

fn go(ctx: &Ctx, branch: u32) {
    ctx.lab.play.pause();
    ctx.lab.send(Request::Branch(branch));
}

/// Asks how a branch ends, and draws that.
#[hook]
pub fn use_glance(ctx: &Ctx) {
    let run = &ctx.state.run;
    let (sight, branch) = (run.tab == Tab::History && run.frame.is_some(), looked_at(ctx));
    let count = run.status.branches.len() as u64;
    let paused_at = run.frame.as_ref().filter(|_| !run.playing).map_or(0, |frame| frame.head.0);
    let lab = ctx.lab.clone();
    let ask = move || {
        if sight {
            lab.send_latest(Asked::Glance, Request::Glance { branch });
        }
    };
    let key = [u64::from(branch) + 1, count.rotate_left(32) ^ u64::from(run.status.branch), paused_at];
    use_effect_on(if sight { key } else { [0; 3] }, effects::plain(ask));
    let (glance, opened) = (run.glance.clone(), run.opened.clone());
    let drawn = glance.as_ref().map_or(0, |glance| Rc::as_ptr(glance) as usize as u64);
    let draw = move || {
        let canvas = document().get_element_by_id("glance").and_then(|e| e.dyn_into::<HtmlCanvasElement>().ok());
        let painter = canvas.filter(|_| sight).and_then(Painter::new);
        if let (Some(mut painter), Some(glance), Some(opened)) = (painter, glance, opened) {
            painter.fit();
            let (width, height) = painter.size;
            painter.paint(&view::picture(&opened, &glance.1, (width as f32, height as f32)));
        }
    };
    use_effect_on([drawn, u64::from(sight), ctx.state.theme as u64], effects::plain(draw));
}

pub fn history(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let Some(frame) = &run.frame else { return Html::default() };
    let limbs = view::limbs(&run.status, frame.head);
    html! {
        <div class="list history">
            { tree(ctx, &limbs) }
            { about(ctx, &limbs) }
        </div>
    }
}

/// The branch of the line in which something happened.
fn line_of(element: &Element) -> Option<u32> {
    element.closest("[role=treeitem]").ok()??.id().strip_prefix("limb-")?.parse().ok()
}

fn tree(ctx: &Ctx, limbs: &[Limb]) -> Html {
    let (span, at) = (view::span(limbs), looked_at(ctx));
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(branch) = line_of(&event.target_unchecked_into()) {
                look_at(&ctx, Some(branch));
                go(&ctx, branch);
            }
        })
    };
    let onpointermove = {
        let ctx = ctx.clone();
        Callback::from(move |event: PointerEvent| look_at(&ctx, line_of(&event.target_unchecked_into())))
    };
    let onkeydown = {
        let (ctx, lines) = (ctx.clone(), limbs.iter().map(|limb| (limb.id, limb.parent)).collect::<Vec<_>>());
        Callback::from(move |event: KeyboardEvent| {
            let Some(branch) = line_of(&event.target_unchecked_into()) else { return };
            let place = lines.iter().position(|(id, _)| *id == branch).unwrap_or(0);
            let next = match event.key().as_str() {
                "ArrowDown" => place + 1,
                "ArrowUp" => place.saturating_sub(1),
                "ArrowLeft" => lines[place].1.unwrap_or(place),
                "ArrowRight" => lines.iter().position(|(_, parent)| *parent == Some(place)).unwrap_or(place),
                "Home" => 0,
                "End" => lines.len() - 1,
                "Enter" => {
                    event.prevent_default();
                    return go(&ctx, branch);
                }
                "F2" => {
                    event.prevent_default();
                    return focus("branch-name");
                }
                _ => return,
            };
            event.prevent_default();
            if let Some((id, _)) = lines.get(next) {
                look_at(&ctx, Some(*id));
                focus(&format!("limb-{id}"));
            }
        })
    };
    let item = |limb: &Limb| {
        let (level, looked) = ((limb.depth + 1).to_string(), limb.id == at);
        html! {
            <li role="treeitem" id={format!("limb-{}", limb.id)} key={limb.id} tabindex={if looked { "0" } else { "-1" }} aria-level={level}
                aria-selected={looked.to_string()} aria-current={limb.here.then_some("true")} aria-label={limb.spoken.clone()}>{ &limb.name }</li>
        }
    };
    let mut ways = Vec::new();
    for (i, limb) in limbs.iter().enumerate() {
        let class = if limb.here { "here" } else { "" };
        ways.push(tag("path", &["class", "d"], &[class, &limb.way(i, span)], Vec::new()));
        ways.push(tag("path", &["class", "d"], &[&format!("end {class}"), &limb.end(i, span)], Vec::new()));
    }
    if let (Some(frame), Some(place)) = (&ctx.state.run.frame, limbs.iter().position(|limb| limb.here)) {
        let now = format!("M{} {}v2", view::x(frame.now, span), place * 2);
        ways.push(tag("path", &["class", "d"], &["now", &now], Vec::new()));
    }
    let size = format!("0 0 {} {}", view::WIDTH, limbs.len() * 2);
    html! {
        <div class="limbs">
            <ul role="tree" aria-label="Branches of the run" {onclick} {onpointermove} {onkeydown}>{ for limbs.iter().map(item) }</ul>
            { tag("svg", &["viewBox", "preserveAspectRatio", "aria-hidden"], &[&size, "none", "true"], ways) }
        </div>
    }
}

/// The branch that is looked at: how it ends, its name, and the way to it.
fn about(ctx: &Ctx, limbs: &[Limb]) -> Html {
    let (run, branch) = (&ctx.state.run, looked_at(ctx));
    let card = run.status.branches.iter().find(|card| card.id == branch);
    let (Some(card), Some(limb)) = (card, limbs.iter().find(|limb| limb.id == branch)) else { return Html::default() };
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let name = event.target_unchecked_into::<HtmlInputElement>().value();
            ctx.lab.send(Request::Name { branch, name });
        })
    };
    let back = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| go(&ctx, branch))
    };
    let commands = say::count(card.commands.into(), "command", "commands");
    let said = format!("{commands} of yours, to {}.", say::clock(limb.head, false));
    let field = html! { <input id="branch-name" type="text" maxlength={NAME_MAX.to_string()} placeholder={card.label.clone()} {onchange} /> };
    let field = begun(field, &card.name);
    html! {
        <section class="limb" key={branch}>
            <canvas id="glance" role="img" aria-label={format!("How branch {} ends", limb.name)}></canvas>
            <div>
                <label>{ "Name " }{ field }</label>
                { words("p", "n", &said) }
                if limb.here {
                    { words("p", "n", "You are on it. Doing something else in its past begins another branch.") }
                } else {
                    { button("small", "Return to it", back) }
                }
            </div>
        </section>
    }
}
