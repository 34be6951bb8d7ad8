//! The inspector, what is pending, and what was measured.

use super::super::app::Ctx;
use super::super::effects::{self, use_effect_on};
use super::super::engine::Asked;
use super::super::state::Tab;
use super::inbox::inbox;
use crate::base::Micros;
use crate::view::stage::Target;
use crate::view::words;
use crate::wire::*;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Timers listed at most.
const LISTED_MAX: usize = 100;

/// The node that the inspector shows.
fn inspected(ctx: &Ctx) -> u16 {
    let run = &ctx.state.run;
    let chosen = if let Some(Target::Node(node)) = run.selected { Some(node) } else { None };
    chosen.or(run.inspection.as_ref().map(|i| i.node)).unwrap_or(0)
}

/// Asks for a node's state, while it is in sight.
#[hook]
pub fn use_inspector(ctx: &Ctx) {
    let node = inspected(ctx);
    let step = ctx.state.run.frame.as_ref().map(|f| (f.step, f.now)).filter(|_| ctx.state.run.tab == Tab::State);
    let ctx = ctx.clone();
    let inspect = move || {
        if step.is_some() && !ctx.lab.waits_for(Asked::Inspect) {
            ctx.lab.send(Request::Inspect { node });
        }
    };
    let (step_key, now_key) = step.map_or((0, 0), |(step, now)| (step + 1, now.0));
    use_effect_on([node.into(), step_key, now_key], effects::plain(inspect));
}

pub fn inspector(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let node = inspected(ctx);
    let Some(opened) = &run.opened else { return Html::default() };
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            ctx.lab.select(Some(Target::Node(select.selected_index().max(0) as u16)));
        })
    };
    let inspection = run.inspection.as_ref().filter(|i| i.node == node);
    let picked = run.selected.and_then(|target| match target {
        Target::Message(id) => run.frame.as_ref()?.flights.iter().find(|f| f.id == id),
        _ => None,
    });
    if let Some((flight, frame)) = picked.zip(run.frame.as_ref()) {
        return payload(opened, flight, frame, run.payload.as_deref().filter(|p| p.row == flight.row));
    }
    html! {
        <div class="list inspector">
            <div class="filter">
                <label>{ "Node " }<select {onchange}>
                    { for opened.nodes.iter().enumerate().map(|(i, n)| html! { <option selected={i == node as usize}>{ &n.name }</option> }) }
                </select></label>
                <span class="n">{ "what the last step changed is marked" }</span>
            </div>
            if let Some(i) = inspection {
                <div class="trees">
                    <section><h3>{ "Memory" }</h3>{ tree(&i.state) }</section>
                    <section><h3>{ "Disk" }</h3>{ tree(&i.disk) }</section>
                    <section><h3>{ "Waiting at the door" }</h3>
                        if i.inbox.is_empty() { <p class="empty">{ "nothing" }</p> }
                        <ol>{ for i.inbox.iter().map(|m| html! { <li>{ m }</li> }) }</ol>
                    </section>
                </div>
            }
        </div>
    }
}

/// A message that is picked: where it is on its way, and what it carries.
fn payload(opened: &Opened, flight: &Flight, frame: &Frame, payload: Option<&Payload>) -> Html {
    html! {
        <div class="list inspector">
            <p class="filter">{ words::flight(opened, flight, frame.now) }</p>
            if let Some(payload) = payload {
                <div class="trees">
                    <section><h3>{ "It carries" }<span class="n">{ format!("{} bytes", payload.bytes) }</span></h3>{ tree(&payload.tree) }</section>
                </div>
            }
        </div>
    }
}

fn tree(node: &Tree) -> Html {
    if node.children.is_empty() {
        return leaf(node);
    }
    html! { <ul class="tree">{ for node.children.iter().map(branch) }</ul> }
}

fn branch(node: &Tree) -> Html {
    if node.children.is_empty() {
        return html! { <li>{ leaf(node) }</li> };
    }
    html! {
        <li><details open={true}><summary><span class="name">{ &node.name }</span>{ " " }<span class="n">{ &node.text }</span></summary>{ tree(node) }</details></li>
    }
}

fn leaf(node: &Tree) -> Html {
    let before = node.before.as_ref().map(|before| {
        let before = if before.is_empty() { "nothing" } else { before };
        html! { <mark><del>{ before }</del>{ " → " }<ins>{ if node.text.is_empty() { "gone" } else { &node.text } }</ins></mark> }
    });
    html! {
        <><span class="name">{ &node.name }</span>{ " " }{ before.unwrap_or_else(|| html! { <span class="value">{ &node.text }</span> }) }</>
    }
}

pub fn pending(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let (Some(opened), Some(frame)) = (&run.opened, &run.frame) else { return Html::default() };
    let kinds: Vec<&String> = {
        let mut kinds: Vec<u8> = Vec::new();
        for timer in &frame.timers {
            if !kinds.contains(&timer.kind) {
                kinds.push(timer.kind);
            }
        }
        kinds.into_iter().filter_map(|k| opened.timers.get(k as usize)).collect()
    };
    html! {
        <div class="list pending">
            <section>
                <h3>{ "Timers" }<span class="n">{ frame.timers.len() }</span>
                    { for kinds.into_iter().map(|kind| {
                        let command = Command::AlignTimers(AlignTimers { kind: kind.clone(), nodes: vec![] });
                        small(ctx, &format!("Align {kind}"), "Make these timers due at the same moment", command)
                    }) }
                </h3>
                <ul class="lines">{ for frame.timers.iter().take(LISTED_MAX).map(|t| timer(ctx, opened, frame, t)) }</ul>
            </section>
            { inbox(ctx) }
        </div>
    }
}

pub fn small(ctx: &Ctx, label: &str, title: &str, command: Command) -> Html {
    let ctx = ctx.clone();
    let onclick = Callback::from(move |_: MouseEvent| ctx.lab.command(command.clone()));
    html! { <button type="button" class="small" title={title.to_owned()} {onclick}>{ label }</button> }
}

fn timer(ctx: &Ctx, opened: &Opened, frame: &Frame, card: &TimerCard) -> Html {
    let name = opened.nodes.get(card.id.node.index()).map_or("", |n| n.name.as_str());
    let by = Micros(card.due.since(card.set).0.max(1_000));
    let postpone = Command::PostponeTimer(PostponeTimer { timer: card.id, by });
    html! {
        <li key={card.id.to_string()}>
            <span class="say">{ format!("{name}: {} in {}", card.label, words::length(card.due.since(frame.now).0)) }</span>
            { small(ctx, "Fire now", "Let it go off at once", Command::FireTimer(TimerRef { timer: card.id })) }
            { small(ctx, "Postpone", &format!("By {}", words::length(by.0)), postpone) }
        </li>
    }
}

pub fn measures(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let Some(opened) = &run.opened else { return Html::default() };
    let client = |ops: &[OpCard]| {
        let node = ops[0].client;
        let name = opened.nodes.get(node as usize).map_or("", |n| n.name.as_str());
        html! { <section><h3>{ name }</h3><ol class="lines">{ for ops.iter().map(|op| operation(ctx, op)) }</ol></section> }
    };
    html! {
        <div class="so-far">
            <section>
                <h3>{ "Measured so far" }</h3>
                <dl>{ for run.status.measures.iter().map(|(name, value)| html! { <div><dt>{ name }</dt><dd>{ value }</dd></div> }) }</dl>
            </section>
            { for run.status.ops.chunk_by(|a, b| a.client == b.client).map(client) }
        </div>
    }
}

fn operation(ctx: &Ctx, op: &OpCard) -> Html {
    let (class, fate) = match (op.outcome, op.ended) {
        (Some(Outcome::Ok), Some(ended)) => ("good", format!("ok, {}", words::length(ended.since(op.begun).0))),
        (Some(Outcome::Fail), Some(ended)) => ("bad", format!("failed, {}", words::length(ended.since(op.begun).0))),
        (Some(Outcome::Unknown), _) => ("bad", "gave up: outcome unknown".into()),
        _ => ("open", "waiting".into()),
    };
    let answer = if op.answer.is_empty() { String::new() } else { format!(" → {}", op.answer) };
    let (ctx, row) = (ctx.clone(), op.row);
    let onclick = Callback::from(move |_: MouseEvent| ctx.lab.go(Move::ToRow(row)));
    html! {
        <li class={class}>
            <button type="button" {onclick}>
                <span class="at">{ words::clock(op.begun, true) }</span>
                <span class="say"><code>{ format!("{}{answer}", op.text) }</code></span><span class="fate">{ fate }</span>
            </button>
        </li>
    }
}
