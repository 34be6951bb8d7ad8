//! The search for a counterexample from the moment that is shown on: how, within which limits, how far it is, and what it
//! found, which opens as a branch of the run.

use super::super::app::Ctx;
use super::super::controls::{button, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::state::Tab;
use super::jobs;
use crate::view::jobs::Standing;
use crate::view::jobs::hunt::{FIELDS, Field, Found, Hunt, KINDS, WAYS};
use crate::view::words as say;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Seconds that a search may be given.
const SECONDS_MAX: u64 = 600;

/// Fetches the start scenarios when the tab is first in sight.
#[hook]
pub fn use_starts(ctx: &Ctx) {
    let missing = ctx.state.run.tab == Tab::Hunt && jobs::known(&ctx.state.jobs).hunt.starts.is_none();
    let ctx = ctx.clone();
    let load = move || {
        if missing {
            jobs::load_starts(&ctx);
        }
    };
    use_effect_on([missing.into(), 0, 0], effects::plain(load));
}

pub fn hunt(ctx: &Ctx) -> Html {
    let known = jobs::known(&ctx.state.jobs);
    let hunt = &known.hunt;
    let mut parts = vec![starts(ctx, hunt)];
    if hunt.standing == Standing::Running {
        let label = tag("label", &[], &[], vec![Html::from(hunt.progress()), tag("progress", &[], &[], Vec::new())]);
        let lab = ctx.lab.clone();
        let stop = Callback::from(move |_: MouseEvent| jobs::end_hunt(&lab, Standing::Stopped));
        parts.push(tag("div", &["class"], &["running"], vec![label, button("", "Cancel", stop)]));
    } else {
        parts.push(form(ctx, hunt));
    }
    let came = came(ctx, hunt);
    parts.push(tag("div", &["role"], &["status"], came));
    tag("div", &["class"], &["list jobs"], parts)
}

/// The scenarios with a planted bug each, ready to be searched.
fn starts(ctx: &Ctx, hunt: &Hunt) -> Html {
    if !hunt.starts_wrong.is_empty() {
        return words("p", "bad", &hunt.starts_wrong);
    }
    let all: Vec<_> = hunt.starts.iter().flatten().collect();
    let lab = ctx.lab.clone();
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Some(place) = select.selected_index().checked_sub(1).filter(|place| *place >= 0) {
            jobs::open_start(&lab, place as usize);
        }
    });
    let option = |(place, start): (usize, &&crate::view::jobs::hunt::Start)| {
        html! { <option selected={hunt.start == Some(place)}>{ format!("{}: {}", start.protocol, start.title) }</option> }
    };
    let why = hunt.start.and_then(|place| all.get(place)).map_or("", |start| &start.why);
    html! {
        <p class="ask">
            <label>{ "Begin with a planted bug" }<select {onchange} disabled={hunt.standing == Standing::Running}>
                <option selected={hunt.start.is_none()}>{ "the open run, at the moment shown" }</option>
                { for all.iter().enumerate().map(option) }
            </select></label>
            <span class="n">{ why }</span>
        </p>
    }
}

fn form(ctx: &Ctx, hunt: &Hunt) -> Html {
    let choose = |of: &'static [(&'static str, &'static str)], chosen: usize, kinds: bool, label: &'static str| {
        let lab = ctx.lab.clone();
        let onchange = Callback::from(move |event: Event| {
            let place = event.target_unchecked_into::<HtmlSelectElement>().selected_index().max(0) as usize;
            jobs::change(&lab, |jobs| if kinds { jobs.hunt.ask.kinds = place } else { jobs.hunt.ask.way = place });
        });
        html! {
            <label>{ label }<select {onchange}>
                { for of.iter().enumerate().map(|(i, (_, words))| html! { <option selected={i == chosen}>{ *words }</option> }) }
            </select></label>
        }
    };
    let start = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| jobs::hunt(&ctx))
    };
    let ask = &hunt.ask;
    let field =
        |(place, field): (usize, &'static Field)| number(ctx, Some(place), field.words, ask.numbers[place], field.most);
    let now = ctx.state.run.frame.as_ref().map_or_else(String::new, |frame| say::clock(frame.now, false));
    html! {
        <div class="ask">
            { choose(&WAYS, ask.way, false, "Try") }
            if ask.is_in_time() { { choose(&KINDS, ask.kinds, true, "Faults") } }
            { for ask.fields().map(field) }
            { number(ctx, None, "Seconds at most", ask.seconds, SECONDS_MAX) }
            { button("pri", format!("Search from {now} on"), start) }
        </div>
    }
}

/// A number of the form; without a place, the seconds.
fn number(ctx: &Ctx, place: Option<usize>, name: &'static str, value: u64, most: u64) -> Html {
    let lab = ctx.lab.clone();
    let onchange = Callback::from(move |event: Event| {
        let typed = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
        let value = if typed.is_nan() { 0 } else { (typed as u64).min(most) };
        jobs::change(&lab, |jobs| match place {
            Some(place) => jobs.hunt.ask.numbers[place] = value.min(FIELDS[place].most),
            None => jobs.hunt.ask.seconds = value.max(1),
        });
    });
    html! { <label>{ name }<input type="number" min="0" max={most.to_string()} value={value.to_string()} {onchange} /></label> }
}

fn came(ctx: &Ctx, hunt: &Hunt) -> Vec<Html> {
    if let Some(found) = &hunt.found {
        return vec![found_card(ctx, hunt, found)];
    }
    match &hunt.standing {
        Standing::Unasked => {
            let said = "From the moment shown on, a worker tries what may happen, until a property of the protocol breaks. What it finds is made small, and opens as a branch of this run.";
            vec![words("p", "n", said)]
        }
        Standing::Running => Vec::new(),
        Standing::Stopped => vec![words("p", "n", &format!("Cancelled after {}. Nothing was found.", hunt.progress()))],
        Standing::Failed(why) => vec![words("p", "bad", why)],
        Standing::Over => vec![words("p", "", &format!("Nothing found; {}. {}.", hunt.said, hunt.progress()))],
    }
}

fn found_card(ctx: &Ctx, hunt: &Hunt, found: &Found) -> Html {
    let lab = ctx.lab.clone();
    let open = Callback::from(move |_: MouseEvent| jobs::adopt(&lab));
    let told = found.told.iter().map(|line| tag("li", &[], &[], vec![Html::from(line.as_str())])).collect();
    let parts = vec![
        words("h3", "bad", &format!("✗ {}", found.heading(hunt.ask.is_in_time()))),
        words("p", "", &found.why),
        tag(
            "p",
            &["class"],
            &["deeds"],
            vec![button("pri", "Open it as a branch", open), words("span", "n", &hunt.progress())],
        ),
        tag("ol", &["class"], &["told"], told),
    ];
    tag("section", &["class"], &["object"], parts)
}
