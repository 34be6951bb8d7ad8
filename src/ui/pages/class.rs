//! For teachers: a link that fixes a list of lessons and a seed, and the file that a learner hands in.

use super::super::app::{Ctx, use_ctx};
use super::super::controls::{button, link, tag, words};
use super::super::links::address;
use super::super::state::{Action, Load};
use super::super::storage;
use crate::progress::{Class, Progress};
use crate::view::route::Route;
use crate::view::words::count;
use crate::wire::{Catalogue, CatalogueEntry};
use web_sys::HtmlInputElement;
use yew::prelude::*;

pub fn page(ctx: &Ctx) -> Html {
    let inside = match (&ctx.state.catalogue, &ctx.state.route) {
        (Load::Ready(catalogue), Route::Class(Some((seed, lessons)))) => {
            vec![words("h1", "", "Your class"), joined(ctx, catalogue, *seed, lessons)]
        }
        (Load::Ready(_), _) => vec![words("h1", "", "For teachers"), html! { <Maker /> }],
        (Load::Failed(why), _) => vec![words("h1", "", "For teachers"), words("p", "", why)],
        _ => vec![words("h1", "", "For teachers"), words("p", "empty", "Loading…")],
    };
    tag("main", &["id", "class", "tabindex"], &["main", "page class", "-1"], inside)
}

fn entries(catalogue: &Catalogue) -> impl Iterator<Item = &CatalogueEntry> {
    catalogue.chapters.iter().flat_map(|chapter| &chapter.lessons)
}

/// What a class link says, and what a learner does with it.
fn joined(ctx: &Ctx, catalogue: &Catalogue, seed: u32, lessons: &[String]) -> Html {
    let class = Class { seed, lessons: lessons.to_vec() };
    let member = ctx.state.progress.class.as_ref() == Some(&class);
    let change = |class: Option<Class>| {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Class(class.clone())))
    };
    let unknown: Vec<&str> =
        lessons.iter().filter(|slug| entries(catalogue).all(|e| e.slug != **slug)).map(String::as_str).collect();
    let said = format!(
        "{}, played under seed {seed}: everybody's network delays and time-outs are the same.",
        count(lessons.len() as u64, "lesson", "lessons")
    );
    let mut inside = vec![words("p", "", &said), list(ctx, catalogue, &class)];
    if !unknown.is_empty() {
        inside.push(words("p", "empty", &format!("This course has no lesson called: {}.", unknown.join(", "))));
    }
    if member {
        inside.push(words("p", "", "You take part. Hand in the file when you are done: it has your answers, your words, and the run of each goal that you met in these lessons, and nothing else. It is saved on this machine; you send it yourself."));
        inside.push(tag(
            "p",
            &["class"],
            &["deeds"],
            vec![hand_in(ctx, &class), button("line", "Leave the class", change(None))],
        ));
    } else {
        let join = tag("p", &["class"], &["deeds"], vec![button("pri", "Take part", change(Some(class)))]);
        inside.push(join);
    }
    inside.into_iter().collect()
}

fn hand_in(ctx: &Ctx, class: &Class) -> Html {
    let (progress, class) = (ctx.state.progress.clone(), class.clone());
    let save = Callback::from(move |_: MouseEvent| {
        let mut file = Progress { class: Some(class.clone()), ..Progress::default() };
        for slug in &class.lessons {
            if let Some(own) = progress.lesson(slug) {
                *file.lesson_mut(slug) = own.clone();
            }
        }
        storage::download("faultline-hand-in.json", storage::JSON, &file.to_text());
    });
    button("pri", "Save the file to hand in", save)
}

/// The lessons of a class, each with what is done of it.
fn list(ctx: &Ctx, catalogue: &Catalogue, class: &Class) -> Html {
    let item = |slug: &String| {
        let entry = entries(catalogue).find(|entry| entry.slug == *slug)?;
        let own = ctx.state.progress.lesson(slug);
        let met = own.map_or(0, |own| own.goals.len().min(entry.goals as usize));
        let done = if own.is_some_and(|own| own.finished) { ", finished" } else { "" };
        let way = link("", &Route::Lesson(slug.clone(), 0).href(), &format!("{} {}", entry.id, entry.title));
        let said = format!(" {} min, {met} of {} goals met{done}", entry.minutes, entry.goals);
        Some(tag("li", &[], &[], vec![way, words("span", "n", &said)]))
    };
    tag("ol", &["class"], &["known"], class.lessons.iter().filter_map(item).collect())
}

/// On the home page of somebody who takes part.
pub fn section(ctx: &Ctx) -> Html {
    let (Some(class), Some(catalogue)) = (&ctx.state.progress.class, ctx.state.catalogue.ready()) else {
        return Html::default();
    };
    let route = Route::Class(Some((class.seed, class.lessons.clone())));
    let way = tag("p", &[], &[], vec![link("", &route.href(), "Hand in, or leave the class")]);
    let inside = vec![words("h2", "", "Your class"), list(ctx, catalogue, class), way];
    tag("section", &["class"], &["class"], inside)
}

/// Makes a link.
#[component]
fn Maker() -> Html {
    let ctx = use_ctx();
    // The seed, then the places of the lessons that were chosen.
    let chosen = use_state(Vec::new as fn() -> Vec<u32>);
    let Some(catalogue) = ctx.state.catalogue.ready() else { return Html::default() };
    let seed = chosen.first().copied().unwrap_or(1);
    let all: Vec<&CatalogueEntry> = entries(catalogue).collect();
    let tick = |(i, entry): (usize, &&CatalogueEntry)| {
        let checked = chosen.iter().skip(1).any(|place| *place as usize == i);
        let chosen = chosen.clone();
        let onchange = Callback::from(move |_: Event| {
            let mut now = if chosen.is_empty() { vec![1] } else { (*chosen).clone() };
            match now.iter().skip(1).position(|place| *place as usize == i) {
                Some(at) => {
                    now.remove(at + 1);
                }
                None => now.push(i as u32),
            }
            chosen.set(now);
        });
        html! { <li><label><input type="checkbox" {checked} {onchange} />{ format!(" {} {}", entry.id, entry.title) }</label></li> }
    };
    let oninput = {
        let chosen = chosen.clone();
        Callback::from(move |event: InputEvent| {
            let seed = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            let mut now = if chosen.is_empty() { vec![1] } else { (*chosen).clone() };
            now[0] = seed as u32;
            chosen.set(now);
        })
    };
    let mut places: Vec<usize> = chosen.iter().skip(1).map(|place| *place as usize).collect();
    places.sort_unstable();
    let lessons: Vec<String> = places.iter().filter_map(|i| Some(all.get(*i)?.slug.clone())).collect();
    html! {
        <>
            <p>{ "Choose lessons and a seed. Whoever opens the link plays these lessons under that seed, and can hand in a file; " }<code>{ "faultline progress verify FILE" }</code>{ " plays again what met each goal in it. It proves what was done, not who did it." }</p>
            <fieldset class="ticks"><legend>{ "Lessons" }</legend><ul>{ for all.iter().enumerate().map(tick) }</ul></fieldset>
            <label class="sought">{ "Seed" }<input type="number" min="0" max="4294967295" value={seed.to_string()} {oninput} /></label>
            { made(&ctx, seed, lessons) }
        </>
    }
}

fn made(ctx: &Ctx, seed: u32, lessons: Vec<String>) -> Html {
    if lessons.is_empty() {
        return words("p", "empty", "No lesson is chosen yet.");
    }
    let address = address(&Route::Class(Some((seed, lessons))));
    let copy = {
        let (ctx, address) = (ctx.clone(), address.clone());
        Callback::from(move |_: MouseEvent| {
            let dispatch = ctx.state.dispatcher();
            storage::copy(&address, move |done| {
                let said = if done {
                    "The link was copied."
                } else {
                    "This browser does not let the page copy; copy it by hand."
                };
                dispatch.dispatch(Action::Toast(said.to_owned()));
            });
        })
    };
    html! {
        <>
            <label class="sought wide">{ "The link of the class" }<input type="text" readonly={true} value={address} /></label>
            <p class="deeds">{ button("pri", "Copy the link", copy) }</p>
            <p class="meta" role="status">{ &ctx.state.run.toast }</p>
        </>
    }
}
