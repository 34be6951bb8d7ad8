//! Home: a cluster to poke at once, and the course.

use super::super::app::{Ctx, fetch_catalogue, open_home};
use super::super::bench::stage::{Mode, Stage};
use super::super::rest::Part::Rest;
use super::super::state::Load;
use super::{class, failed};
use crate::progress::{LessonProgress, Progress};
use crate::view::route::Route;
use crate::view::words;
use crate::wire::{Catalogue, CatalogueEntry, Chapter};
use yew::prelude::*;

pub fn home(ctx: &Ctx) -> Html {
    let run = &ctx.state.run;
    let again = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| open_home(&ctx))
    };
    let tip = match run.frame.as_deref() {
        None => "Starting the cluster…".to_owned(),
        Some(frame) if !run.toast.is_empty() => format!("{} {}", run.toast, frame.sentence),
        Some(_) => "This is live. Click a node to crash it, again to restart it.".into(),
    };
    html! {
        <main id="main" class="home" tabindex="-1">
            <section class="hero" aria-labelledby="hero-title">
                <div class="say">
                    <h1 id="hero-title">{ "Break a cluster. See why it broke." }</h1>
                    <p>{ "Real protocols in your browser: every message visible, every moment rewindable, every claim checked. Nothing to install, nothing leaves this page." }</p>
                    { calls(ctx) }
                </div>
                <div class="live">
                    if let Some(why) = &run.failed {
                        { failed("The cluster could not be started", why, again) }
                    } else {
                        <p class="tip">{ tip }</p>
                        <Stage mode={Mode::Poke} />
                    }
                </div>
            </section>
            if ctx.state.progress.class.is_some() { { Rest.shown(ctx, class::section) } }
            { course(ctx) }
            <footer class="foot">
                <p>{ "One register, one cut network: " }<a href={Route::Cap(String::new()).href()}>{ "the CAP lab" }</a></p>
                <p>{ "For teachers: " }<a href={Route::Class(None).href()}>{ "a link for a class" }</a></p>
                <p>{ "Everything runs in this browser. " }<a href={Route::About.href()}>{ "What it models, and what it does not" }</a></p>
            </footer>
        </main>
    }
}

fn find<'a>(catalogue: &'a Catalogue, slug: &str) -> Option<&'a CatalogueEntry> {
    catalogue.chapters.iter().flat_map(|c| &c.lessons).find(|l| l.slug == slug)
}

/// Where to begin or go on.
fn calls(ctx: &Ctx) -> Html {
    let Some(catalogue) = ctx.state.catalogue.ready() else { return html! { <p class="calls"></p> } };
    let Some(first) = catalogue.chapters.iter().flat_map(|c| &c.lessons).next() else { return Html::default() };
    let start = Route::Lesson(first.slug.clone(), 0).href();
    let position = ctx.state.progress.position.as_ref();
    let on = position.and_then(|p| Some((find(catalogue, &p.slug)?, p.step)));
    html! {
        <p class="calls">
            if let Some((entry, step)) = on {
                <a class="button pri big" id="continue" href={Route::Lesson(entry.slug.clone(), step).href()}>
                    { format!("Continue: {} {}, step {}", entry.id, entry.title, step + 1) }
                </a>
                <a class="button big" id="start" href={start}>{ "Start at the beginning" }</a>
            } else {
                <a class="button pri big" id="start" href={start}>{ "Start at the beginning" }</a>
            }
        </p>
    }
}

fn course(ctx: &Ctx) -> Html {
    let again = {
        let dispatch = ctx.state.dispatcher();
        Callback::from(move |_: MouseEvent| fetch_catalogue(dispatch.clone()))
    };
    html! {
        <section class="map" aria-labelledby="course-title">
            { match &ctx.state.catalogue {
                Load::Waiting => html! { <h2 id="course-title">{ "The course" }</h2> },
                Load::Failed(why) => html! { <><h2 id="course-title">{ "The course" }</h2>{ failed("The course could not be loaded", why, again) }</> },
                Load::Ready(catalogue) => chapters(catalogue, &ctx.state.progress),
            } }
        </section>
    }
}

fn chapters(catalogue: &Catalogue, progress: &Progress) -> Html {
    let lessons = || catalogue.chapters.iter().flat_map(|c| &c.lessons);
    let finished = |l: &CatalogueEntry| progress.lesson(&l.slug).is_some_and(|p| p.finished);
    let (all, done) = (lessons().count(), lessons().filter(|l| finished(l)).count());
    let left: u32 = lessons().filter(|l| !finished(l)).map(|l| l.minutes).sum();
    let time = if left == 0 { "all done".into() } else { format!("about {left} min left") };
    html! {
        <>
            <h2 id="course-title">{ "The course" }<span>{ format!("{done} of {} · {time}", words::count(all as u64, "lesson", "lessons")) }</span></h2>
            <p class="books"><a href={Route::Search.href()}>{ "Search" }</a><a href={Route::Glossary(String::new()).href()}>{ "Glossary" }</a><a href={Route::Review.href()}>{ "Review and concept map" }</a></p>
            { for catalogue.chapters.iter().filter(|c| !c.lessons.is_empty()).map(|c| chapter(c, progress, catalogue)) }
        </>
    }
}

fn chapter(chapter: &Chapter, progress: &Progress, catalogue: &Catalogue) -> Html {
    html! {
        <section class="row" aria-labelledby={format!("chapter-{}", chapter.number)}>
            <span class="k" aria-hidden="true">{ chapter.number }</span>
            <h3 id={format!("chapter-{}", chapter.number)}>{ &chapter.title }</h3>
            <ul class="ls">{ for chapter.lessons.iter().map(|l| lesson(l, progress, catalogue)) }</ul>
        </section>
    }
}

/// The numbers of lessons: "1.1, 2.3".
pub fn ids(slugs: &[String], catalogue: &Catalogue) -> String {
    let mut ids = String::new();
    for entry in slugs.iter().filter_map(|slug| find(catalogue, slug)) {
        if !ids.is_empty() {
            ids += ", ";
        }
        ids += &entry.id;
    }
    ids
}

fn lesson(entry: &CatalogueEntry, progress: &Progress, catalogue: &Catalogue) -> Html {
    let own = progress.lesson(&entry.slug).cloned().unwrap_or_default();
    let here = progress.position.as_ref().filter(|p| p.slug == entry.slug);
    let (class, state) = state_of(entry, &own, here.is_some());
    let step = here.map_or(0, |p| p.step);
    html! {
        <li>
            <a class={classes!("l", class)} href={Route::Lesson(entry.slug.clone(), step).href()}>
                <i aria-hidden="true"></i>
                <span class="t">{ format!("{} {}", entry.id, entry.title) }</span>
                <small>{ format!("{} min · {} · {state}", entry.minutes, words::count(entry.steps.into(), "step", "steps")) }</small>
                <small class="q">{ &entry.question }</small>
                if !entry.needs.is_empty() { <small>{ "builds upon " }{ ids(&entry.needs, catalogue) }</small> }
            </a>
        </li>
    }
}

fn state_of(entry: &CatalogueEntry, own: &LessonProgress, here: bool) -> (&'static str, String) {
    let met = own.goals.len().min(entry.goals as usize);
    if own.finished {
        ("d", "finished".into())
    } else if here || met > 0 {
        ("c", format!("{met} of {}", words::count(entry.goals.into(), "goal", "goals")))
    } else {
        ("", format!("{} to meet", words::count(entry.goals.into(), "goal", "goals")))
    }
}
