//! Two runs side by side: one seed, workload and script of faults, and something that differs. One cursor moves both; where
//! they part is found, marked and explained.
//!
//! The left run is the app's own. The right one has a state and a lab of its own, which everything beneath it reaches in
//! the place of the app's: stages and forms do not know which of the two they belong to.

use super::super::app::{Ctx, use_ctx};
use super::super::bench::stage::{Mode, Stage};
use super::super::bench::{deeds, transport};
use super::super::controls::{button, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::engine::Asked;
use super::super::keys::{chord, typing};
use super::super::lab::Lab;
use super::super::sandbox::{self, form};
use super::super::state::{Action, Load, Panels, RunState, Sandbox, State};
use super::failed;
use super::sandbox::waiting;
use crate::view::compare::{self, Search, Setting};
use crate::view::keys::{Area, Deed};
use crate::wire::{Request, Sheet, TracePage};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub fn page(_: &Ctx) -> Html {
    html! { <Compare /> }
}

#[component]
fn Compare() -> Html {
    let left = use_ctx();
    let state = use_reducer(State::default);
    let lab = use_memo((), {
        let dispatch = state.dispatcher();
        move |()| Lab::new(dispatch)
    });
    let right = Ctx::new(state.clone(), (*lab).clone());
    use_pair(&left, &right);
    use_search(&left, &right);
    let search = Rc::clone(&left.state.run.panels.search);
    let parting = search.found.as_ref().map(|found| found.at);
    let scrubber = transport::use_scrubber(&left, &right.state.run.status.marks, parting);
    let onkeydown = {
        let ctx = left.clone();
        Callback::from(move |event: KeyboardEvent| key(&ctx, &event))
    };
    if let Load::Failed(why) = &left.state.sandbox.shelf {
        let retry = {
            let ctx = left.clone();
            Callback::from(move |_: MouseEvent| sandbox::open_with(&ctx, String::new(), true))
        };
        return waiting("Two runs side by side", failed("The scenarios could not be fetched", why, retry));
    }
    let sandbox = &left.state.sandbox;
    let (Some(shelf), [Some(a), Some(b)]) = (sandbox.shelf.ready(), &sandbox.sheets) else {
        return waiting("Two runs side by side", words("p", "", "Fetching what there is to choose from…"));
    };
    let settings = compare::settings(shelf, a, b);
    html! {
        <main id="main" class="two-runs" tabindex="-1" {onkeydown}>
            <h1>{ "Two runs side by side" }<span class="n">{ "one seed, one script, one clock" }</span></h1>
            <div class="sides">
                { side(&left, a, "Left") }
                <ContextProvider<Ctx> context={right.clone()}>{ side(&right, b, "Right") }</ContextProvider<Ctx>>
            </div>
            { transport::transport(&left, Html::default(), scrubber, false) }
            <div class="findings">
                { found(&left, &search, &settings) }
                { table(&left.state.run, &right.state.run, &settings) }
            </div>
            { forms(&left, &right) }
            <p class="sr-only" role="status">{ &left.state.run.said }</p>
        </main>
    }
}

/// The keys that move both runs.
fn key(ctx: &Ctx, event: &KeyboardEvent) {
    let element = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let Some(element) = element.filter(|element| !event.alt_key() && !typing(element)) else { return };
    let chord = chord(event);
    if chord == "d" {
        return to_parting(ctx);
    }
    if chord == " "
        && matches!(element.tag_name().as_str(), "BUTTON" | "SUMMARY" | "A" | "INPUT")
        && element.id() != "scrubber"
    {
        return;
    }
    use Deed::{Back, Forward, Head, NextInteresting, Play, PreviousInteresting, Start};
    let deed = ctx.state.keys().deed(&[Area::Bench], &chord);
    if let Some(deed @ (Play | Forward | Back | NextInteresting | PreviousInteresting | Start | Head)) = deed
        && !(chord.starts_with("arrow") || matches!(chord.as_str(), "home" | "end"))
    {
        event.prevent_default();
        deeds::does(ctx, deed);
    }
}

fn to_parting(ctx: &Ctx) {
    if let Some(found) = &ctx.state.run.panels.search.found {
        ctx.lab.play.seek(found.at);
    }
}

/// Opens the right run whenever the left one is opened anew, and lets it go along.
#[hook]
fn use_pair(left: &Ctx, right: &Ctx) {
    let (a, b) = (left.clone(), right.clone());
    let open = move || {
        let [Some(one), Some(other)] = &a.state.sandbox.sheets else { return };
        b.lab.open_sheet(other, Some(compare::ahead(one, other)), false);
        a.dispatch(Action::Panels(Panels::default()));
    };
    use_effect_on([left.state.sandbox.runs, left.state.sandbox.sheets[1].is_some().into(), 0], effects::plain(open));
    let opened = |ctx: &Ctx| ctx.state.run.opened.as_ref().map_or(0, |_| ctx.state.run.number);
    let (a, b) = (left.lab.clone(), right.lab.clone());
    let lead = move || a.play.lead(b.me.clone());
    use_effect_on([opened(left), opened(right), 1], effects::plain(lead));
}

/// Reads both traces until they part.
#[hook]
fn use_search(left: &Ctx, right: &Ctx) {
    let number = |page: Option<&Rc<TracePage>>| {
        page.map_or(0, |page| page.first.rotate_left(20) ^ page.upto.0 ^ page.rows.len() as u64)
    };
    let head = |ctx: &Ctx| ctx.state.run.frame.as_ref().map_or(0, |frame| frame.head.0 + 1);
    let search = &left.state.run.panels.search;
    let (a, b) = (&left.state.run, &right.state.run);
    let key = [
        number(a.trace.as_ref()).rotate_left(17) ^ number(b.trace.as_ref()),
        head(left).rotate_left(31) ^ head(right),
        search.next * 2 + u64::from(search.found.is_some()),
    ];
    let (left, right) = (left.clone(), right.clone());
    let read = move || {
        let (a, b) = (&left.state.run, &right.state.run);
        if a.panels.search.found.is_some() || a.frame.is_none() || b.frame.is_none() {
            return;
        }
        let mut search = Search::clone(&a.panels.search);
        if let (Some(one), Some(other)) = (&a.trace, &b.trace) {
            let before = search.clone();
            search.take(one, other);
            if search != before {
                left.dispatch(Action::Panels(Panels { search: Rc::new(search), ..a.panels.clone() }));
                return;
            }
        }
        // What is there already ends before what was simulated since.
        for (ctx, run) in [(&left, a), (&right, b)] {
            let head = run.frame.as_ref().map(|frame| frame.head);
            let fresh = run.trace.as_ref().is_some_and(|page| page.first == search.next && Some(page.upto) == head);
            if !fresh && !ctx.lab.waits_for(Asked::Trace) {
                ctx.lab.send(Request::Trace { first: search.next });
            }
        }
    };
    use_effect_on(key, effects::plain(read));
}

fn side(ctx: &Ctx, sheet: &Sheet, name: &'static str) -> Html {
    let run = &ctx.state.run;
    let unusual = run.opened.iter().flat_map(|opened| &opened.parameters);
    let parameters =
        unusual.map(|p| words("span", if p.bug { "n bug" } else { "n" }, &format!("{} {}", p.name, p.value)));
    let mut head = vec![words("b", "", &sheet.protocol), words("span", "n", &format!("seed {}", sheet.seed))];
    head.extend(parameters);
    html! {
        <section class="side" aria-label={name}>
            <h2>{ name }{ for head }</h2>
            <div class="stage">
                if let Some(why) = &run.failed {
                    <p class="failed" role="alert">{ why }</p>
                } else {
                    <Stage mode={Mode::Watch} />
                }
            </div>
        </section>
    }
}

/// Where the runs part, and why.
fn found(ctx: &Ctx, search: &Search, settings: &[Setting]) -> Html {
    let go = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| to_parting(&ctx))
    };
    let said = match &search.found {
        Some(found) => compare::explain(found, settings),
        None if settings.is_empty() => vec![
            "Both runs are set up alike, so they are the same to the last event.".into(),
            "Change something in the right form below, and run both.".into(),
        ],
        None => vec![format!("The first {} events are the same.", search.next)],
    };
    html! {
        <section class="parting" aria-labelledby="parting-title">
            <h2 id="parting-title">{ "Where they part" }if search.found.is_some() { { button("small", "Show it (D)", go) } }</h2>
            { for said.iter().map(|sentence| words("p", "", sentence)) }
        </section>
    }
}

fn table(left: &RunState, right: &RunState, settings: &[Setting]) -> Html {
    let row = |s: &Setting| {
        tag("tr", &[], &[], vec![words("th", "", &s.name), words("td", "", &s.left), words("td", "", &s.right)])
    };
    let head = |what: &str| tag("tr", &[], &[], [what, "left", "right"].map(|name| words("th", "", name)).into());
    let section = |title: &str, what: &str, rows: Vec<Html>| {
        let inside =
            vec![words("caption", "", title), tag("thead", &[], &[], vec![head(what)]), tag("tbody", &[], &[], rows)];
        tag("table", &[], &[], inside)
    };
    let properties = compare::properties(left.opened.as_deref(), &left.status, right.opened.as_deref(), &right.status);
    let measures = compare::measures(&left.status, &right.status);
    let tables = vec![
        section("What is set differently", "setting", settings.iter().map(row).collect()),
        section("Measures, of all that is simulated", "measure", measures.iter().map(row).collect()),
        section("Properties, at this moment", "property", properties.iter().map(row).collect()),
    ];
    tag(
        "div",
        &["class", "tabindex", "role", "aria-label"],
        &["measured scroll", "0", "region", "Both runs in numbers"],
        tables,
    )
}

/// What each run is set up by, to be changed.
fn forms(left: &Ctx, right: &Ctx) -> Html {
    let run = {
        let ctx = left.clone();
        Callback::from(move |_: MouseEvent| {
            let old = &ctx.state.sandbox;
            let (Some(one), Some(other)) = (sandbox::ready(old, 0), sandbox::ready(old, 1)) else { return };
            ctx.lab.open_sheet(&one, Some(compare::ahead(&one, &other)), false);
            let sandbox = Sandbox { changed: [false; 2], runs: old.runs + 1, ..old.clone() };
            ctx.dispatch(Action::Sandbox(sandbox));
        })
    };
    let ready = (0..2).all(|side| sandbox::ready(&left.state.sandbox, side).is_some());
    let changed = left.state.sandbox.changed.contains(&true);
    let words = if !ready {
        "A field needs another text."
    } else if changed {
        "The forms were changed since these runs."
    } else {
        ""
    };
    html! {
        <section class="both-forms" aria-label="What each run is set up by">
            <div class="run-it"><p role="status">{ words }</p><button type="button" class="pri" disabled={!ready} onclick={run}>{ "Run both" }</button></div>
            <div class="sides">
                <div><h2>{ "Left" }</h2>{ form(left, 0, &left.state.run) }</div>
                <div><h2>{ "Right" }</h2>{ form(left, 1, &right.state.run) }</div>
            </div>
        </section>
    }
}
