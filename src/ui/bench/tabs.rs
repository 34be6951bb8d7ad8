//! What there is to read about the run, behind tabs.

use super::super::app::{Ctx, focus};
use super::super::rest::Part::Rest;
use super::super::state::{Action, Tab};
use super::{behind, diagram, log};
use yew::prelude::*;

const TABS: [(Tab, &str, &str); 10] = [
    (Tab::Diagram, "diagram", "Space-time"),
    (Tab::Log, "log", "Log"),
    (Tab::State, "state", "State"),
    (Tab::Pending, "pending", "Timers & messages"),
    (Tab::Commands, "commands", "Faults"),
    (Tab::History, "history", "History"),
    (Tab::Measures, "measures", "Measures"),
    (Tab::Operations, "operations", "Operations"),
    (Tab::Sweep, "sweep", "Sweep"),
    (Tab::Hunt, "search", "Search"),
];

/// The tabs with their words.
pub fn all() -> impl Iterator<Item = (Tab, &'static str)> {
    TABS.into_iter().map(|(tab, _, words)| (tab, words))
}

/// A tab's name, for links.
pub fn name(tab: Tab) -> &'static str {
    TABS.iter().find(|(own, ..)| *own == tab).map_or("log", |(_, name, _)| *name)
}

/// The tab of a name, if there is one.
pub fn named(name: &str) -> Option<Tab> {
    TABS.iter().find(|(_, own, _)| *own == name).map(|(tab, ..)| *tab)
}

pub fn tabs(ctx: &Ctx) -> Html {
    let current = ctx.state.run.tab;
    let onkeydown = {
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| {
            let place = TABS.iter().position(|(tab, ..)| *tab == current).unwrap_or(0);
            let next = match event.key().as_str() {
                "ArrowRight" => (place + 1) % TABS.len(),
                "ArrowLeft" => (place + TABS.len() - 1) % TABS.len(),
                "Home" => 0,
                "End" => TABS.len() - 1,
                _ => return,
            };
            event.prevent_default();
            ctx.dispatch(Action::Tab(TABS[next].0));
            focus(&format!("tab-{}", TABS[next].1));
        })
    };
    let tab = |(tab, id, label): &(Tab, &'static str, &'static str)| {
        let (ctx, tab, here) = (ctx.clone(), *tab, *tab == current);
        let onclick = Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Tab(tab)));
        html! {
            <button type="button" role="tab" id={format!("tab-{id}")} aria-selected={here.to_string()} aria-controls="tab-panel"
                tabindex={if here { "0" } else { "-1" }} {onclick}>{ *label }</button>
        }
    };
    let id = name(current);
    html! {
        <div class="tabs">
            <div class="tablist" role="tablist" aria-label="About the run" {onkeydown}>{ for TABS.iter().map(tab) }</div>
            <div class="panel" role="tabpanel" id="tab-panel" aria-labelledby={format!("tab-{id}")} tabindex="0">
                { match current {
                    Tab::Log => html! { <log::Log /> },
                    Tab::Diagram => html! { <diagram::SpaceTime /> },
                    _ => Rest.shown(ctx, behind::behind),
                } }
            </div>
        </div>
    }
}
