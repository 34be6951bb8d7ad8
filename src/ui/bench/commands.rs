//! What is wrong now and how it ends, scripts of faults, and the command log: what was done to the run, by the scenario
//! and by the learner, with undo. The learner's own commands can be given at another time.

use super::super::app::Ctx;
use super::super::controls::button;
use super::super::state::{Action, Panels};
use super::bench_of;
use crate::base::Micros;
use crate::view::acts::Bench;
use crate::view::faults::{self as view, On, Preset};
use crate::view::words;
use crate::wire::{CommandCard, Request};
use web_sys::HtmlInputElement;
use yew::prelude::*;

const BUDGET: u32 = 12;
const BUDGET_MAX: u32 = 200;

pub fn faults(ctx: &Ctx) -> Html {
    let Some(bench) = bench_of(ctx) else { return Html::default() };
    html! {
        <div class="list faults">
            <div>
                { on_now(ctx, bench) }
                { presets(ctx, bench) }
                { rainfall(ctx) }
            </div>
            { log(ctx) }
        </div>
    }
}

fn on_now(ctx: &Ctx, bench: Bench) -> Html {
    let line = |on: On| {
        let lab = ctx.lab.clone();
        let onclick = Callback::from(move |_: MouseEvent| lab.command(on.end.clone()));
        html! { <li key={on.words.clone()}><span class="say">{ on.words }</span>{ button("small", "End it", onclick) }</li> }
    };
    let on = view::on(bench);
    let all = {
        let (lab, ends) = (ctx.lab.clone(), on.iter().map(|on| (Micros::ZERO, on.end.clone())).collect::<Vec<_>>());
        Callback::from(move |_: MouseEvent| lab.command_all(ends.clone()))
    };
    html! {
        <section>
            <h3>{ "On now" }<span class="n">{ on.len() }</span>if on.len() > 1 { { button("small", "End all", all) } }</h3>
            if on.is_empty() { <p class="empty">{ "Nothing is broken." }</p> }
            <ul class="lines">{ for on.into_iter().map(line) }</ul>
        </section>
    }
}

fn presets(ctx: &Ctx, bench: Bench) -> Html {
    let selected = ctx.state.run.selected;
    let one = |(preset, name, meaning): (Preset, &'static str, &'static str)| {
        let script = preset.script(bench, selected)?;
        let lab = ctx.lab.clone();
        let onclick = Callback::from(move |_: MouseEvent| lab.command_all(script.clone()));
        Some(html! { <button type="button" class="small" title={meaning} {onclick}>{ name }</button> })
    };
    html! {
        <section>
            <h3>{ "Scripts" }</h3>
            <p class="n">{ "For what is selected, else for the leader or the first server. Undo takes a whole script back." }</p>
            <p class="row">{ for Preset::ALL.into_iter().filter_map(one) }</p>
        </section>
    }
}

/// Random faults with a budget and a seed.
fn rainfall(ctx: &Ctx) -> Html {
    let (budget, seed) = ctx.state.run.panels.rain.unwrap_or((BUDGET, 1));
    let number = |change: fn((u32, u64), f64) -> (u32, u64)| {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let number = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            let rain = Some(change((budget, seed), number.max(0.0)));
            ctx.dispatch(Action::Panels(Panels { rain, ..ctx.state.run.panels.clone() }));
        })
    };
    let set_budget = number(|(_, seed), budget| ((budget as u32).clamp(1, BUDGET_MAX), seed));
    let set_seed = number(|(budget, _), seed| (budget, seed as u64));
    let begin = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(bench) = bench_of(&ctx) {
                ctx.lab.command_all(view::rain(bench, seed, budget));
            }
        })
    };
    html! {
        <section>
            <h3>{ "Let it rain" }</h3>
            <p class="row">
                <label>{ "Faults " }<input type="number" min="1" max={BUDGET_MAX.to_string()} value={budget.to_string()} onchange={set_budget} /></label>
                <label>{ "Seed " }<input type="number" min="0" value={seed.to_string()} onchange={set_seed} /></label>
                { button("small", "Begin", begin) }
            </p>
        </section>
    }
}

/// The command log.
fn log(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let now = run.frame.as_ref().map_or_else(Default::default, |f| f.now);
    let commands = &run.status.commands;
    let undo = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.send(Request::Undo))
    };
    let can_undo = commands.iter().any(|c| !c.scripted && c.at <= now);
    html! {
        <section>
            <h3>{ "Commands" }<span class="n">{ commands.len() }</span>
                <button type="button" class="small" id="undo" disabled={!can_undo} onclick={undo}>{ "Undo the last" }</button>
            </h3>
            if commands.is_empty() { <p class="empty">{ "Nothing was done to this run yet. Crash a node, cut a link, delay a message." }</p> }
            <ol class="lines">{ for commands.iter().enumerate().map(|(place, card)| line(ctx, place as u32, card, now)) }</ol>
        </section>
    }
}

fn line(ctx: &Ctx, place: u32, card: &CommandCard, now: Micros) -> Html {
    let at = card.at;
    let seek = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.play.seek(at))
    };
    let edit = move |ctx: &Ctx, at: Option<Micros>| ctx.lab.send(Request::Edit { place, at });
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let ms = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            if ms >= 0.0 {
                edit(&ctx, Some(Micros((ms * 1_000.0) as u64)));
            }
        })
    };
    let remove = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| edit(&ctx, None))
    };
    html! {
        <li class={classes!((at > now).then_some("later"))}>
            { button("at link", words::clock(at, true), seek) }
            <span class="say">{ &card.sentence }</span>
            if card.scripted {
                <span class="who">{ "scenario" }</span>
            } else {
                <label class="when"><input type="number" min="0" step="any" value={words::millis(at)} {onchange}
                    aria-label={format!("When, in milliseconds: {}", card.sentence)} />{ "ms" }</label>
                { button("small", "Remove", remove) }
            }
            if let Some(why) = &card.refused { <small class="bad">{ format!("had no effect: {why}") }</small> }
        </li>
    }
}
