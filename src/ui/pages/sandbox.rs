//! The sandbox: any protocol, size, network, workload and faults, put together in a form beside the bench; and the gallery
//! of ready scenarios.

use super::super::app::Ctx;
use super::super::bench::Bench;
use super::super::controls::{button, link, tag, words};
use super::super::sandbox::{self, form};
use super::super::state::{Action, Load, Sandbox};
use super::failed;
use crate::view::route::Route;
use crate::wire::{CommandCard, Shelf};
use std::rc::Rc;
use yew::prelude::*;

pub fn sandbox(ctx: &Ctx) -> Html {
    let shelf = match &ctx.state.sandbox.shelf {
        Load::Ready(shelf) => Rc::clone(shelf),
        Load::Waiting => return waiting("Sandbox", words("p", "", "Fetching what there is to choose from…")),
        Load::Failed(why) => {
            let retry = {
                let ctx = ctx.clone();
                Callback::from(move |_: MouseEvent| sandbox::open_with(&ctx, String::new(), false))
            };
            return waiting("Sandbox", failed("The sandbox could not be opened", why, retry));
        }
    };
    let missing = &ctx.state.sandbox.missing;
    html! {
        <main id="main" class="lesson sandbox" tabindex="-1">
            <section class="guide" aria-label="Sandbox" tabindex="0">
                <div class="guide-body">
                    <h1>{ "Sandbox" }</h1>
                    <p>{ "Put a cluster together, run it, break it. Or begin with a ready one." }</p>
                    if !missing.is_empty() { <p class="bad" role="alert">{ format!("There is no ready scenario called “{missing}”.") }</p> }
                    { shown(&shelf, &ctx.state.route) }
                    { gallery(&shelf, &ctx.state.route) }
                    { form(ctx, 0, &ctx.state.run) }
                    { refused(ctx) }
                </div>
                { deeds(ctx) }
            </section>
            <Bench />
        </main>
    }
}

pub fn waiting(title: &str, inside: Html) -> Html {
    let inside = vec![words("h1", "", title), inside];
    tag("main", &["id", "class", "tabindex"], &["main", "page", "-1"], inside)
}

/// The ready scenario that is on the bench.
fn shown(shelf: &Shelf, route: &Route) -> Html {
    let slug = if let Route::Sandbox(slug) = route { slug.as_str() } else { "" };
    let Some(entry) = shelf.gallery.iter().find(|entry| entry.slug == slug) else { return Html::default() };
    let inside = vec![
        words("h2", "", &entry.sheet.title),
        words("p", "", &format!("{} {}", entry.why, entry.outcome)),
        link("", &Route::Compare(slug.to_owned()).href(), "Compare it with another run"),
    ];
    tag(
        "section",
        &["class", "aria-label"],
        &["card", "The scenario on the bench"],
        if entry.versus.is_some() { inside } else { inside[..2].to_vec() },
    )
}

fn gallery(shelf: &Shelf, route: &Route) -> Html {
    let one = |place: usize| {
        let entry = &shelf.gallery[place];
        let here = Route::Sandbox(entry.slug.clone());
        let current = if *route == here { "page" } else { "false" };
        let name = vec![Html::from(entry.sheet.title.as_str())];
        let mut inside = vec![
            tag("a", &["href", "aria-current"], &[&here.href(), current], name),
            words("span", "n", &entry.sheet.protocol),
            words("small", "", &format!("{} {}", entry.why, entry.outcome)),
        ];
        if entry.versus.is_some() {
            inside.push(link("two", &Route::Compare(entry.slug.clone()).href(), "Compare two"));
        }
        tag("li", &[], &[], inside)
    };
    let list = tag("ul", &["class"], &["gallery"], (0..shelf.gallery.len()).map(one).collect());
    let summary = words("summary", "", &format!("Ready scenarios ({})", shelf.gallery.len()));
    let open = matches!(route, Route::Sandbox(slug) if slug.is_empty());
    html! { <details class="ready" {open}>{ summary }{ list }</details> }
}

/// Lines of the script that had no effect, with the reason.
fn refused(ctx: &Ctx) -> Html {
    let line = |card: &CommandCard| {
        let why = card.refused.as_ref().filter(|_| card.scripted)?;
        Some(words("li", "", &format!("{}: {why}", card.sentence)))
    };
    let lines: Vec<Html> = ctx.state.run.status.commands.iter().filter_map(line).collect();
    if lines.is_empty() || ctx.state.sandbox.changed[0] {
        return Html::default();
    }
    let head = words("b", "", "Had no effect in this run");
    tag("div", &["class", "role"], &["no-effect", "status"], vec![head, tag("ul", &[], &[], lines)])
}

/// Runs the form, under its seed or another.
fn deeds(ctx: &Ctx) -> Html {
    let sandbox = &ctx.state.sandbox;
    let ready = sandbox::ready(sandbox, 0);
    let run = |other: bool| {
        let (ctx, sheet) = (ctx.clone(), ready.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(mut sheet) = sheet.clone() else { return };
            let old = &ctx.state.sandbox;
            let mut edition = old.edition;
            if other {
                // Small, so that it can be said and typed.
                let seed = sheet.seed % 10_000 * 7 % 9_973 + 1;
                Rc::make_mut(&mut sheet).seed = seed;
                edition += 1;
            }
            ctx.lab.open_sheet(&sheet, None, true);
            let sheets = [Some(sheet), None];
            ctx.dispatch(Action::Sandbox(Sandbox { sheets, edition, changed: [false; 2], ..old.clone() }));
        })
    };
    let beside = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.take_along(Route::Compare(String::new())))
    };
    let words = match (&ready, sandbox.changed[0]) {
        (None, _) => "A field needs another text.",
        (_, true) => "The form was changed since this run.",
        _ => "",
    };
    html! {
        <div class="run-it">
            <p role="status">{ words }</p>
            <button type="button" class="pri" id="run-it" disabled={ready.is_none()} onclick={run(false)}>{ "Run it" }</button>
            { button("", "Another seed", run(true)) }
            { button("", "Compare with…", beside) }
        </div>
    }
}
