//! The tabs that one comes to by a click: with the rest of the page (`ui::rest`). The two that are read most, the diagram and
//! the log, come with the page.

use super::super::app::{Ctx, use_ctx};
use super::super::state::Tab;
use super::{charts, commands, history, hunt, inspector, panels, sweep, verdict};
use yew::prelude::*;

pub fn behind(_: &Ctx) -> Html {
    html! { <Behind /> }
}

/// One component for all of these tabs: each asks the engine only while it is in sight.
#[component]
fn Behind() -> Html {
    let ctx = use_ctx();
    charts::use_charts(&ctx);
    inspector::use_inspector(&ctx);
    history::use_glance(&ctx);
    hunt::use_starts(&ctx);
    match ctx.state.run.tab {
        Tab::State => inspector::inspector(&ctx),
        Tab::Pending => panels::pending(&ctx),
        Tab::Commands => commands::faults(&ctx),
        Tab::History => history::history(&ctx),
        Tab::Operations => verdict::operations(&ctx),
        Tab::Measures => charts::charts(&ctx),
        Tab::Sweep => sweep::sweep(&ctx),
        Tab::Hunt => hunt::hunt(&ctx),
        Tab::Diagram | Tab::Log => Html::default(),
    }
}
