//! A lesson: the guide beside the bench.

use super::super::app::{Ctx, fetch_catalogue, load_lesson, use_ctx};
use super::super::bench::Bench;
use super::super::controls::{button, link, tag};
use super::super::effects::{self, use_effect_on};
use super::super::guide::{Guide, GuideAction};
use super::super::state::{Action, Load, key};
use super::failed;
use crate::progress::{EXPLAIN, Recall};
use crate::view::route::Route;
use crate::wire::{CatalogueEntry, Move, Request, RunSource};
use std::rc::Rc;
use yew::prelude::*;

pub fn lesson(_: &Ctx) -> Html {
    html! { <Lesson /> }
}

#[component]
fn Lesson() -> Html {
    let ctx = use_ctx();
    use_open_step(&ctx);
    if let Load::Failed(why) = &ctx.state.catalogue {
        let dispatch = ctx.state.dispatcher();
        let retry = Callback::from(move |_: MouseEvent| fetch_catalogue(dispatch.clone()));
        return unavailable(why, retry);
    }
    match &ctx.state.lesson {
        Load::Waiting => html! {
            <main id="main" class="page" tabindex="-1"><h1>{ "Lesson" }</h1><p role="status">{ "Loading the lesson…" }</p></main>
        },
        Load::Failed(why) => {
            let retry = {
                let ctx = ctx.clone();
                Callback::from(move |_: MouseEvent| load_lesson(&ctx, &ctx.state.slug))
            };
            unavailable(why, retry)
        }
        Load::Ready(_) => html! {
            <main id="main" class="lesson" tabindex="-1">
                <section class="guide" id="guide" aria-label="Guide" tabindex="0">{ guide(&ctx) }</section>
                <Bench />
            </main>
        },
    }
}

fn unavailable(why: &str, retry: Callback<MouseEvent>) -> Html {
    html! {
        <main id="main" class="page" tabindex="-1">
            <h1>{ "Lesson" }</h1>
            { failed("This lesson could not be opened", why, retry) }
            <p><a href={Route::Home.href()}>{ "To the course" }</a></p>
        </main>
    }
}

/// Opens the step's run when the step changes.
#[hook]
fn use_open_step(ctx: &Ctx) {
    let place = ctx.state.step().map(|(step, lesson, _)| (lesson.slug.clone(), step));
    let key = place.as_ref().map_or([0; 3], |(slug, step)| [1, effects::text(slug), (*step).into()]);
    let ctx = ctx.clone();
    let open = move || -> effects::Undo {
        if let Some((_, step)) = place {
            ctx.dispatch(Action::Visited);
            ctx.lab.open(RunSource::Step(step), class_seed(&ctx), false);
            ask_again(&ctx, step);
        }
        Box::new(move || ctx.lab.stop_measuring())
    };
    use_effect_on(key, Box::new(open));
}

/// The seed of the learner's class, if this lesson is on its list.
fn class_seed(ctx: &Ctx) -> Option<u64> {
    let class = ctx.state.progress.class.as_ref()?;
    class.lessons.contains(&ctx.state.slug).then_some(class.seed.into())
}

/// Predictions that were answered before: the run says again what it did.
fn ask_again(ctx: &Ctx, step: u32) {
    let Some((_, _, page)) = ctx.state.step() else { return };
    for (i, prediction) in page.predictions.iter().enumerate() {
        let key = key(page, &prediction.id);
        let known = ctx.state.outcomes.iter().any(|(k, _)| *k == key);
        if ctx.state.own.answers.contains_key(&key) && !known {
            ctx.lab.predict(step, i as u32);
        }
    }
}

fn guide(ctx: &Ctx) -> Html {
    let (Some(lesson), Route::Lesson(_, step)) = (ctx.state.lesson.ready(), &ctx.state.route) else {
        return Html::default();
    };
    let measured = lesson
        .steps
        .get(*step as usize)
        .and_then(|s| s.measure.as_ref())
        .and_then(|m| ctx.state.measured.iter().find(|r| r.id == m.id));
    let on = {
        let (ctx, step) = (ctx.clone(), *step);
        Callback::from(move |action: GuideAction| act(&ctx, step, action))
    };
    html! {
        <>
            <Guide page={Rc::clone(lesson)} step={*step} goals={Rc::clone(&ctx.state.run.goals)}
                progress={Rc::clone(&ctx.state.own)}
                outcomes={Rc::clone(&ctx.state.outcomes)} measurement={measured.cloned()}
                measuring={ctx.state.measuring} {on} />
            if ctx.state.predicting { { working(ctx) } }
            { beside(ctx, &lesson.slug) }
        </>
    }
}

/// The lessons before and after this one.
fn beside(ctx: &Ctx, slug: &str) -> Html {
    let lessons: Vec<&CatalogueEntry> =
        ctx.state.catalogue.ready().iter().flat_map(|c| &c.chapters).flat_map(|c| &c.lessons).collect();
    let Some(here) = lessons.iter().position(|lesson| lesson.slug == slug) else { return Html::default() };
    let way = |entry: Option<&&CatalogueEntry>, word: &str| {
        let Some(entry) = entry else { return Html::default() };
        let href = Route::Lesson(entry.slug.clone(), 0).href();
        let said = format!("{word} lesson: {} {}", entry.id, entry.title);
        link("", &href, &said)
    };
    let before = here.checked_sub(1).and_then(|i| lessons.get(i));
    let inside = vec![way(before, "Previous"), way(lessons.get(here + 1), "Next")];
    tag("nav", &["class", "aria-label"], &["beside", "Lessons"], inside)
}

/// The engine is at something longer: say so, and let it be stopped.
fn working(ctx: &Ctx) -> Html {
    let cancel = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.lab.cancel())
    };
    html! {
        <div class="working" role="status">
            <label>{ "Running the prediction's own run…" }<progress></progress></label>
            { button("", "Cancel", cancel) }
        </div>
    }
}

fn act(ctx: &Ctx, step: u32, action: GuideAction) {
    match action {
        GuideAction::Answer { prediction, option, confidence } => {
            ctx.dispatch(Action::Answer(prediction, option, confidence));
            ctx.lab.predict(step, prediction);
        }
        GuideAction::OpenRun { run, at, row } => ctx.lab.borrow_run(&run, "another run", at, row),
        GuideAction::ToRow(row) => ctx.lab.go(Move::ToRow(row)),
        GuideAction::Press(button) => ctx.lab.send(Request::Press { step, button }),
        GuideAction::Hint => ctx.dispatch(Action::Hint),
        GuideAction::Measure(choices) => ctx.lab.measure(step, choices),
        GuideAction::StopMeasuring => ctx.lab.stop_measuring(),
        GuideAction::OpenMeasured(measured, row) => ctx.lab.open_measured(&measured, row),
        GuideAction::Words(id, words) => ctx.dispatch(Action::Words(id, words)),
        GuideAction::Explain(words) => ctx.dispatch(Action::Explain(words)),
        GuideAction::Rate(rating) => {
            let look = Recall(effects::today_ms(), rating);
            ctx.dispatch(Action::Recall(ctx.state.slug.clone(), EXPLAIN.into(), look));
        }
        GuideAction::Finish => ctx.dispatch(Action::Finish),
    }
}
