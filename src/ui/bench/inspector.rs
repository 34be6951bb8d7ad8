//! A node's state and what the last step did to it; expressions that are watched; what a picked message carries.

use super::super::app::Ctx;
use super::super::controls::{button, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::engine::Asked;
use super::super::state::{Action, Tab};
use super::{charts, properties};
use crate::view::chart;
use crate::view::inspect::{self, Sign};
use crate::view::stage::Target;
use crate::view::words as say;
use crate::wire::*;
use gloo::utils::document;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The node that the inspector shows.
fn inspected(ctx: &Ctx) -> u16 {
    let run = &ctx.state.run;
    let chosen = if let Some(Target::Node(node)) = run.selected { Some(node) } else { None };
    chosen.or(run.inspection.as_ref().map(|i| i.node)).unwrap_or(0)
}

/// Asks for a node's state and what is watched, while they are in sight.
#[hook]
pub fn use_inspector(ctx: &Ctx) {
    let run = &ctx.state.run;
    let (node, (of, rows)) = (inspected(ctx), charts::whole(ctx));
    let sight = run.tab == Tab::State && rows > 0;
    let (step, now) = run.frame.as_ref().map_or((0, 0), |f| (f.step, f.now.0));
    let (lab, watch) = (ctx.lab.clone(), Rc::clone(&run.watch));
    let words = effects::text(&watch.join("\n"));
    let inspect = move || {
        if sight {
            lab.send_latest(Asked::Inspect, Request::Inspect { node, of, watch: watch.to_vec() });
        }
    };
    let key = [u64::from(node) ^ words ^ run.number.rotate_left(32), step.rotate_left(24) ^ of.to.0, now + 1];
    use_effect_on(if sight { key } else { [0; 3] }, effects::plain(inspect));
}

pub fn inspector(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let node = inspected(ctx);
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Html::default() };
    let picked = run.selected.and_then(|target| match target {
        Target::Message(id) => frame.flights.iter().find(|f| f.id == id),
        _ => None,
    });
    if let Some(flight) = picked {
        return payload(ctx, flight, frame, run.payload.as_deref().filter(|p| p.row == flight.row));
    }
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            ctx.lab.select(Some(Target::Node(select.selected_index().max(0) as u16)));
        })
    };
    let known = run.inspection.as_deref();
    let own = known.filter(|i| i.node == node);
    let trees = own.map(|i| {
        html! {
            <>
                <section><h3>{ "Memory" }</h3>{ tree(ctx, &i.state, 0) }</section>
                <div>
                    <section><h3>{ "Disk" }</h3>{ tree(ctx, &i.disk, 1) }</section>
                    <section><h3>{ "Waiting at the door" }</h3>
                        if i.inbox.is_empty() { <p class="empty">{ "nothing" }</p> }
                        <ol>{ for i.inbox.iter().map(|m| html! { <li>{ m }</li> }) }</ol>
                    </section>
                </div>
            </>
        }
    });
    html! {
        <div class="list inspector" data-fresh={own.map(|i| (i.step == frame.step).to_string())}>
            <div class="filter">
                <label>{ "Node " }<select {onchange}>
                    { for opened.nodes.iter().enumerate().map(|(i, n)| html! { <option selected={i == node as usize}>{ &n.name }</option> }) }
                </select></label>
                <span class="say">{ &frame.sentence }</span>
                if let Some(i) = own { <span class="n">{ inspect::changed(&[&i.state, &i.disk]) }</span> }
            </div>
            <div class="trees">
                { trees.unwrap_or_default() }
                <div>{ shown(ctx, opened, frame, node) }{ watched(ctx, opened, frame, known) }</div>
                <div>{ properties::section(ctx, known.map(|i| &i.progress)) }</div>
            </div>
        </div>
    }
}

/// Watches an expression, or no longer.
fn set(ctx: &Ctx, words: &str, on: bool) {
    let mut watch = ctx.state.run.watch.to_vec();
    watch.retain(|known| known != words);
    if on && !words.is_empty() && watch.len() < inspect::WATCHED_MAX {
        watch.push(words.to_owned());
    }
    ctx.dispatch(Action::Watch(Rc::new(watch)));
}

/// What a node shows of itself: each can be watched by one click.
fn shown(ctx: &Ctx, opened: &Opened, frame: &Frame, node: u16) -> Html {
    let (Some(info), Some(card)) = (opened.nodes.get(node as usize), frame.nodes.get(node as usize)) else {
        return Html::default();
    };
    let watch = &ctx.state.run.watch;
    let full = watch.len() >= inspect::WATCHED_MAX;
    let line = |(name, value): &(String, String)| {
        let expression = inspect::probe(&info.name, name);
        let on = watch.contains(&expression);
        let label = format!("Watch {expression}");
        let onclick = {
            let ctx = ctx.clone();
            Callback::from(move |_: MouseEvent| set(&ctx, &expression, !on))
        };
        let pin = inspect::can_be_named(&info.name).then(|| {
            html! { <button type="button" class="small" aria-pressed={on.to_string()} aria-label={label} disabled={full && !on} {onclick}>{ if on { "Watched" } else { "Watch" } }</button> }
        });
        html! { <li><span class="name">{ name }</span><span class="value">{ value }</span>{ pin.unwrap_or_default() }</li> }
    };
    html! {
        <section class="shown">
            <h3>{ "Shows" }</h3>
            if card.probes.is_empty() { <p class="empty">{ "nothing" }</p> }
            <ul>{ for card.probes.iter().map(line) }</ul>
        </section>
    }
}

/// The field for a new expression, and those that are watched.
fn watched(ctx: &Ctx, opened: &Opened, frame: &Frame, known: Option<&Inspection>) -> Html {
    let watch = &ctx.state.run.watch;
    let full = watch.len() >= inspect::WATCHED_MAX;
    let add = {
        let ctx = ctx.clone();
        move || {
            let Some(input) = document().get_element_by_id("watch") else { return };
            let input: HtmlInputElement = input.unchecked_into();
            set(&ctx, input.value().trim_ascii(), true);
            input.set_value("");
        }
    };
    let onkeydown = {
        let add = add.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                add();
            }
        })
    };
    let add = Callback::from(move |_: MouseEvent| add());
    html! {
        <section class="watches">
            <h3>{ "Watched" }<span class="n">{ format!("{} of {}", watch.len(), inspect::WATCHED_MAX) }</span></h3>
            <p class="row">
                <input type="text" id="watch" list="probes" maxlength={inspect::WORDS_MAX.to_string()} autocomplete="off" disabled={full}
                    placeholder="max(term) - min(term)" aria-label="Expression to watch" {onkeydown} />
                { button("small", "Watch", add) }
            </p>
            <datalist id="probes">{ for inspect::suggestions(opened, frame).into_iter().map(|value| tag("option", &["value"], &[&value], Vec::new())) }</datalist>
            <ul>{ for watch.iter().map(|words| expression(ctx, words, known)) }</ul>
        </section>
    }
}

/// An expression with its value, and over time where it is a number; or why it is none.
fn expression(ctx: &Ctx, text: &str, known: Option<&Inspection>) -> Html {
    let remove = {
        let (ctx, text) = (ctx.clone(), text.to_owned());
        Callback::from(move |_: MouseEvent| set(&ctx, &text, false))
    };
    let value = known.and_then(|i| i.watched.iter().find(|watched| watched.words == text)).map(|watched| &watched.now);
    let line = known.and_then(|i| Some((i.of, i.lines.iter().find(|line| line.name == text)?)));
    let said = match value {
        Some(Ok(value)) => words("b", "value", value),
        Some(Err(why)) => words("small", "bad", &format!("Not understood: {why}.")),
        None => Html::default(),
    };
    html! {
        <li>
            <code>{ text }</code>{ said }{ button("small", "Remove", remove) }
            if let Some((of, series)) = line { { plot(ctx, of, series) } }
        </li>
    }
}

/// A value over the whole run, small.
fn plot(ctx: &Ctx, of: ChartsAsk, series: &Series) -> Html {
    let chart = Chart { title: String::new(), unit: ChartUnit::Plain, series: vec![series.clone()] };
    let (top, most) = (chart::top(&chart), chart::shown(&chart, 0, None));
    let now = ctx.state.run.frame.as_ref().map_or_else(Default::default, |frame| frame.now);
    let parts = [
        tag("path", &["class", "d"], &["now", &chart::cursor(&of, now)], Vec::new()),
        tag("path", &["class", "d"], &["line", &chart::line(&series.values, top)], Vec::new()),
    ];
    let view = format!("0 0 {} {}", of.parts, chart::HEIGHT);
    let title = format!("{} over time, at most {most}, to {}", series.name, say::clock(of.to, false));
    let keys = &["viewBox", "preserveAspectRatio", "role", "aria-label"];
    tag("svg", keys, &[&view, "none", "img", &title], parts.into())
}

/// A message that is picked: where it is on its way, and what it carries.
fn payload(ctx: &Ctx, flight: &Flight, frame: &Frame, payload: Option<&Payload>) -> Html {
    let Some(opened) = &ctx.state.run.opened else { return Html::default() };
    html! {
        <div class="list inspector">
            <p class="filter">{ say::flight(opened, flight, frame.now) }</p>
            if let Some(payload) = payload {
                <div class="trees">
                    <section><h3>{ "It carries" }<span class="n">{ format!("{} bytes", payload.bytes) }</span></h3>{ tree(ctx, &payload.tree, 2) }</section>
                </div>
            }
        </div>
    }
}

/// What a branch holds. `path` tells it from others.
fn tree(ctx: &Ctx, node: &Tree, path: u64) -> Html {
    if node.children.is_empty() {
        return leaf(node);
    }
    let parts = inspect::parts(&node.children);
    if let [(_, children, _)] = parts[..] {
        return branches(ctx, children, path);
    }
    let part = |(from, children, closed): &(usize, &[Tree], bool)| {
        let path = below(path, &from.to_string());
        let open = *closed == ctx.state.run.turned.contains(&path);
        let name = words("span", "name", &format!("[{from} to {}]", from + children.len() - 1));
        fold(ctx, path, open, name, || branches(ctx, children, path))
    };
    html! { <ul class="tree">{ for parts.iter().map(part) }</ul> }
}

fn branches(ctx: &Ctx, children: &[Tree], path: u64) -> Html {
    html! { <ul class="tree">{ for children.iter().map(|child| branch(ctx, child, below(path, &child.name))) }</ul> }
}

fn branch(ctx: &Ctx, node: &Tree, path: u64) -> Html {
    if node.children.is_empty() {
        return html! { <li>{ leaf(node) }</li> };
    }
    let inspect::Branch { open, hidden } = inspect::branch(node, ctx.state.run.turned.contains(&path));
    let changes = hidden.map(|said| html! { <>{ " " }{ words("mark", "", &said) }</> });
    fold(ctx, path, open, html! { <>{ leaf(node) }{ changes.unwrap_or_default() }</> }, || tree(ctx, node, path))
}

fn below(path: u64, name: &str) -> u64 {
    path.rotate_left(9) ^ effects::text(name)
}

/// Drawn only where it is open: a log has thousands of entries, and the state is drawn with each frame.
fn fold(ctx: &Ctx, path: u64, open: bool, summary: Html, inside: impl Fn() -> Html) -> Html {
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            ctx.dispatch(Action::Turn(path));
        })
    };
    html! { <li><details {open}><summary {onclick}>{ summary }</summary>if open { { inside() } }</details></li> }
}

/// A name with its value, and what the last step made of it: before → after, new, or gone.
fn leaf(node: &Tree) -> Html {
    let before = node.before.as_deref().unwrap_or_default();
    let value = match inspect::sign(node) {
        Sign::Same => words("span", if node.children.is_empty() { "value" } else { "n" }, &node.text),
        Sign::Changed => html! { <mark><del>{ before }</del>{ " → " }<ins>{ &node.text }</ins></mark> },
        Sign::New => html! { <mark>{ "new: " }<ins>{ &node.text }</ins></mark> },
        Sign::Gone => html! { <mark>{ "gone: " }<del>{ before }</del></mark> },
    };
    html! { <><span class="name">{ &node.name }</span>{ " " }{ value }</> }
}
