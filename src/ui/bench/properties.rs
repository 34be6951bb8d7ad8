//! Whether the properties hold at the cursor, since when not, and why; and how the clients' operations fare. In short on
//! the stage, where there is room for it; in full beside the state.

use super::super::app::Ctx;
use super::super::controls::{button, words};
use super::super::state::{Action, Tab};
use super::stage::is_wide;
use crate::view::{inspect, words as say};
use crate::wire::*;
use yew::prelude::*;

/// An operation has waited for long when a message would have made its way nine times meanwhile: so many seconds of watching
/// at the default pace.
const LONG_S: u64 = 12;

/// Goes to an event.
fn to_row(ctx: &Ctx, row: u64) -> Callback<MouseEvent> {
    let lab = ctx.lab.clone();
    Callback::from(move |_: MouseEvent| lab.go(Move::ToRow(row)))
}

fn to_state(ctx: &Ctx) -> Callback<MouseEvent> {
    let ctx = ctx.clone();
    Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Tab(Tab::State)))
}

fn line(ctx: &Ctx, opened: &Opened, card: &PropertyCard, full: bool) -> Html {
    let (name, statement) = opened.properties.get(card.index as usize).cloned().unwrap_or_default();
    let verdict = inspect::verdict(card);
    let row = card.broken.as_ref().map(|broken| broken.row).or(card.later.map(|(row, _)| row));
    let verdict = match row {
        Some(row) => button("link", verdict, to_row(ctx, row)),
        None => words("span", "", &verdict),
    };
    html! {
        <li class={if card.broken.is_some() { "no" } else { "ok" }} title={statement.clone()}>
            <span>{ name }</span>{ verdict }
            if let Some(broken) = &card.broken { <small>{ &broken.reason }</small> }
            if full {
                if let Some(since) = inspect::since(card) { <small class="n">{ since }</small> }
                <small class="n">{ statement }</small>
            }
        </li>
    }
}

fn lines(ctx: &Ctx, opened: &Opened, full: bool) -> Html {
    let bug = |p: &ParameterInfo| {
        html! { <li class={p.bug.then_some("no bug")} title={p.meaning.clone()}><span>{ &p.name }</span><span>{ &p.value }</span></li> }
    };
    html! {
        <ul>
            { for ctx.state.run.status.properties.iter().map(|card| line(ctx, opened, card, full)) }
            { for opened.parameters.iter().map(bug) }
        </ul>
    }
}

/// On the stage: a list where it is wide, else a word that leads to the list.
pub fn panel(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let Some(opened) = &run.opened else { return Html::default() };
    let cards = &run.status.properties;
    if cards.is_empty() && opened.parameters.is_empty() {
        return Html::default();
    }
    let goals = &run.goals;
    let met = goals.iter().filter(|g| g.state == GoalState::Met).count();
    let broken = cards.iter().any(|card| card.broken.is_some());
    let waiting = run.status.ops.iter().filter(|op| op.ended.is_none()).map(|op| op.begun).min();
    let now = run.frame.as_ref().map_or_else(Default::default, |frame| frame.now);
    let waiting = waiting.filter(|begun| now.since(*begun).0 > opened.pace_us_per_s * LONG_S);
    html! {
        <>
            <button type="button" class={classes!("props-word", broken.then_some("bug"))} onclick={to_state(ctx)}>{ inspect::verdicts(cards) }</button>
            <details class="props" open={is_wide()} data-broken={broken.to_string()}>
                <summary>{ "Properties " }if broken { <b class="bug">{ "broken" }</b> }if !goals.is_empty() { <span class="n">{ format!("goals {met}/{}", goals.len()) }</span> }</summary>
                { lines(ctx, opened, false) }
                if let Some(begun) = waiting {
                    <p>{ button("link", format!("Waiting for {}: why?", say::length(now.since(begun).0)), to_state(ctx)) }</p>
                }
            </details>
        </>
    }
}

/// Beside the state: all of it, and why operations do not go on.
pub fn section(ctx: &Ctx, progress: Option<&Progress>) -> Html {
    let run = &ctx.state.run;
    let Some(opened) = &run.opened else { return Html::default() };
    let now = run.frame.as_ref().map_or_else(Default::default, |frame| frame.now);
    let cards = &run.status.properties;
    html! {
        <>
            <section class="progress">
                <h3>{ "Progress" }</h3>
                if let Some(progress) = progress {
                    <p>{ inspect::standing(progress, now) }</p>
                    if !progress.why.is_empty() {
                        <h4>{ if progress.open > 0 { "Why not further" } else { "It could not go on" } }</h4>
                        <ul>{ for progress.why.iter().map(|why| html! { <li>{ why }</li> }) }</ul>
                    }
                }
            </section>
            if !cards.is_empty() {
                <section class="verdicts"><h3>{ "Properties" }<span class="n">{ inspect::verdicts(cards) }</span></h3>{ lines(ctx, opened, true) }</section>
            }
        </>
    }
}
