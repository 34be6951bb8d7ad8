//! What is pending, and what was measured.

use super::super::app::Ctx;
use super::inbox::inbox;
use crate::base::Micros;
use crate::view::words;
use crate::wire::*;
use yew::prelude::*;

/// Timers listed at most.
const LISTED_MAX: usize = 100;

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
