//! The command log: what was done to the run, by the scenario and by the learner, with undo.

use super::super::app::Ctx;
use crate::view::words;
use crate::wire::{CommandCard, Request};
use yew::prelude::*;

pub fn commands(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let now = run.frame.as_ref().map_or_else(Default::default, |f| f.now);
    let commands = &run.status.commands;
    let undo = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.send(Request::Undo))
    };
    let can_undo = commands.iter().any(|c| !c.scripted && c.at <= now);
    let line = |card: &CommandCard| {
        let (ctx, at) = (ctx.clone(), card.at);
        let onclick = Callback::from(move |_: MouseEvent| ctx.lab.play.seek(at));
        html! {
            <li class={classes!((card.at > now).then_some("later"))}>
                <button type="button" {onclick}>
                    <span class="at">{ words::clock(card.at, true) }</span>
                    <span class="say">{ &card.sentence }</span>
                    <span class="who">{ if card.scripted { "scenario" } else { "you" } }</span>
                </button>
                if let Some(why) = &card.refused { <small class="bad">{ format!("had no effect: {why}") }</small> }
            </li>
        }
    };
    html! {
        <div class="list">
            <div class="filter">
                <button type="button" id="undo" disabled={!can_undo} onclick={undo}>{ "Undo the last" }</button>
                <span class="n">{ words::count(commands.len() as u64, "command", "commands") }</span>
            </div>
            if commands.is_empty() { <p class="empty">{ "Nothing was done to this run yet. Crash a node, cut a link, delay a message." }</p> }
            <ol class="lines">{ for commands.iter().map(line) }</ol>
        </div>
    }
}
