//! The log of sentences. Only the rows in sight are asked for and drawn, however long the run is.

use super::super::app::{Ctx, use_ctx};
use super::super::effects::{self, use_effect_on};
use super::super::state::Action;
use super::deeds::roving;
use super::stage::{is_coarse, is_wide};
use crate::view::words;
use crate::wire::{Move, Row, RowFilter, RowKind};
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// Rows asked for beyond those in sight, above and below.
const SPARE: u64 = 20;
/// Browsers cannot lay out higher elements; a longer log is shown from its end.
const HEIGHT_MAX: u64 = 8_000_000;

#[component]
pub fn Log() -> Html {
    let ctx = use_ctx();
    let list = use_node_ref();
    let follow = use_mut_ref(|| true);
    let height: u64 = if is_coarse() || !is_wide() { 44 } else { 26 };
    let run = &ctx.state.run;
    let filter = &run.filter;
    let count = run.frame.as_ref().map_or(0, |f| f.row);
    let total = run.rows.as_ref().map_or(count, |r| r.total);
    let since = run.rows.as_ref().map(|r| r.since).filter(|since| since.0 > 0);
    let since = since.map_or(String::new(), |since| format!(", looked for from {} on", words::clock(since, false)));
    let skipped = (total * height).saturating_sub(HEIGHT_MAX) / height;
    let ask = {
        let (ctx, list, follow) = (ctx.clone(), list.clone(), follow.clone());
        let known = if *filter == RowFilter::default() { count } else { total };
        move || {
            let top = list.cast::<Element>().map_or(0, |l| l.scroll_top().max(0) as u64);
            let sight = list.cast::<Element>().map_or(300, |l| l.client_height().max(100) as u64) / height + 1;
            let first = if *follow.borrow() { known.saturating_sub(sight) } else { skipped + top / height };
            if ctx.state.run.opened.is_some() {
                ctx.lab.ask_rows(first.saturating_sub(SPARE), (sight + 2 * SPARE) as u32, &ctx.state.run.filter);
            }
        }
    };
    let now_ask = ask.clone();
    use_effect_with((count, filter.clone(), run.opened.is_some().then_some(run.number)), move |_| now_ask());
    // The newest row stays in sight until the reader scrolls away from it.
    let to_end = {
        let (list, follow) = (list.clone(), follow.clone());
        move || {
            if let Some(list) = list.cast::<Element>().filter(|_| *follow.borrow()) {
                list.set_scroll_top(list.scroll_height());
            }
        }
    };
    use_effect_on([total, run.rows.as_ref().map_or(0, |r| r.first + 1), 0], effects::plain(to_end));
    let onscroll = {
        let follow = follow.clone();
        Callback::from(move |event: Event| {
            let list: Element = event.target_unchecked_into();
            let left = list.scroll_height() - list.scroll_top() - list.client_height();
            *follow.borrow_mut() = left < 30;
            ask();
        })
    };
    let step = run.frame.as_ref().map_or(0, |f| f.step);
    let (first, rows) = run.rows.as_ref().map_or((0, [].as_slice()), |r| (r.first, r.rows.as_slice()));
    let above = first.saturating_sub(skipped) * height;
    let below = total.saturating_sub(first + rows.len() as u64) * height;
    let reached = reached(rows, step);
    let row = |row: &Row| {
        let (ctx, id) = (ctx.clone(), row.id);
        let onclick = Callback::from(move |_: MouseEvent| ctx.lab.go(Move::ToRow(id)));
        let here = row.step == step;
        html! {
            <li key={row.id} class={classes!(row.interesting.then_some("loud"), here.then_some("here"))} data-row={row.id.to_string()}>
                <button type="button" {onclick} aria-current={here.then_some("true")} tabindex={if reached == Some(row.id) { "0" } else { "-1" }}>
                    <span class="at">{ words::clock(row.at, true) }</span>{ kind(row.kind) }<span class="say">{ &row.sentence }</span>
                </button>
            </li>
        }
    };
    html! {
        <div class="log">
            { filter_bar(&ctx, true, html! { <span class="n">{ words::count(total, "row", "rows") }{ since }</span> }) }
            <div class="rows" ref={list} {onscroll}>
                <svg class="space" height={above.to_string()} aria-hidden="true"></svg>
                <ol onkeydown={roving(&ctx)}>{ for rows.iter().map(row) }</ol>
                <svg class="space" height={below.to_string()} aria-hidden="true"></svg>
            </div>
        </div>
    }
}

/// Of all rows one is reached by Tab; from it arrow keys go to the others.
fn reached(rows: &[Row], step: u64) -> Option<u64> {
    rows.iter().find(|row| row.step == step).or(rows.first()).map(|row| row.id)
}

/// What rows are shown, and searches for one like that.
pub fn filter_bar(ctx: &Ctx, of_log: bool, rest: Html) -> Html {
    let filter = &ctx.state.run.filter;
    let search = {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            ctx.dispatch(Action::Filter(RowFilter { text: input.value(), ..filter.clone() }));
        })
    };
    let toggle = {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        Callback::from(move |_: Event| {
            let kinds = if filter.kinds.is_empty() { LOUD.to_vec() } else { Vec::new() };
            ctx.dispatch(Action::Filter(RowFilter { kinds, ..filter.clone() }));
        })
    };
    let until = |backwards: bool| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        Callback::from(move |_: MouseEvent| ctx.lab.go(Move::Until { filter: filter.clone(), backwards }))
    };
    let any = *filter == RowFilter::default();
    let words = if of_log { "Find in the log" } else { "Show only" };
    html! {
        <div class="filter">
            <label><span class="sr-only">{ words }</span><input type="search" placeholder={words} value={filter.text.clone()} oninput={search} /></label>
            if of_log {
                <label class="check"><input type="checkbox" checked={!filter.kinds.is_empty()} onchange={toggle} />{ "Only what stands out" }</label>
            }
            <span role="group" aria-label="Run until a row that matches">
                <button type="button" disabled={any} onclick={until(true)} title="Back to the last row before that matches">{ "Back to" }</button>
                <button type="button" disabled={any} onclick={until(false)} title="Run until the next row that matches">{ "Run until" }</button>
            </span>
            { rest }
        </div>
    }
}

/// What stands out: faults, losses, operations, notes, violations.
const LOUD: [RowKind; 11] = [
    RowKind::Command,
    RowKind::Lost,
    RowKind::Invoke,
    RowKind::Complete,
    RowKind::Crash,
    RowKind::Restart,
    RowKind::Pause,
    RowKind::Resume,
    RowKind::Note,
    RowKind::Violation,
    RowKind::Adversary,
];

/// A sign for the kind; the sentence says it in words.
fn kind(kind: RowKind) -> Html {
    let (class, sign) = match kind {
        RowKind::Send => ("send", "→"),
        RowKind::Deliver | RowKind::Queued => ("deliver", "•"),
        RowKind::Lost => ("bad", "✗"),
        RowKind::Crash | RowKind::Violation => ("bad", "✗"),
        RowKind::Command | RowKind::Adversary => ("command", "!"),
        RowKind::Invoke => ("op", "?"),
        RowKind::Complete => ("op", "="),
        RowKind::Restart | RowKind::Resume | RowKind::Boot => ("good", "↑"),
        RowKind::Note => ("command", "✎"),
        _ => ("soft", "·"),
    };
    html! { <span class={classes!("sign", class)} aria-hidden="true">{ sign }</span> }
}
