//! The guide: the lesson's column of prose, predictions, goals, hints and measurements. Plain properties in, one kind
//! of callback out; it knows neither engine nor storage.

mod chart;
mod explain;
mod goals;
mod measure;
mod prediction;
mod printed;
mod prose;

use super::app::use_ctx;
use super::controls::{button, link, tag, words};
use super::effects::{self, use_effect_on};
use super::rest::Part::Rest;
use super::state::key;
use crate::base::Micros;
use crate::progress::LessonProgress;
use crate::view::route::Route;
use crate::wire::{GoalCard, GoalState, LessonPage, Measurement, PredictionOutcome, SourceCard, StepPage};
use prediction::Prediction;
pub use prose::{AWAY, host};
use prose::{blocks, inlines};
use std::rc::Rc;
use yew::prelude::*;

/// What a learner does in the guide.
#[derive(Clone, Debug, PartialEq)]
pub enum GuideAction {
    /// Answers a prediction of this step.
    Answer {
        prediction: u32,
        option: u32,
        confidence: u8,
    },
    /// Opens the run that decided a prediction or met a goal, at that moment and row.
    OpenRun {
        run: String,
        at: Option<Micros>,
        row: Option<u64>,
    },
    /// Goes to the row that met a goal.
    ToRow(u64),
    /// Presses a button of this step.
    Press(u32),
    /// Opens the next hint of this step.
    Hint,
    /// Starts this step's measurement with the chosen options.
    Measure(Vec<u32>),
    StopMeasuring,
    /// Shows the measured run of a row that was the slowest.
    OpenMeasured(Rc<Measurement>, u32),
    /// The learner's own words on a follow-up question.
    Words(String, String),
    /// What the learner explains back, and how close it was.
    Explain(String),
    Rate(u8),
    /// The lesson's end.
    Finish,
}

#[derive(Clone, Properties)]
pub struct GuideProps {
    pub page: Rc<LessonPage>,
    /// From 0.
    pub step: u32,
    pub progress: Rc<LessonProgress>,
    /// The goals of the run on the bench.
    pub goals: Rc<Vec<GoalCard>>,
    /// Outcomes of predictions that the run has decided, by "step/prediction".
    pub outcomes: Rc<Vec<(String, PredictionOutcome)>>,
    /// This step's measurement, once made.
    pub measurement: Option<Rc<Measurement>>,
    /// A measurement is under way.
    pub measuring: bool,
    pub on: Callback<GuideAction>,
}

impl PartialEq for GuideProps {
    /// The same data, not equal data: nothing of it changes in place.
    fn eq(&self, o: &Self) -> bool {
        Rc::ptr_eq(&self.page, &o.page)
            && self.step == o.step
            && Rc::ptr_eq(&self.progress, &o.progress)
            && Rc::ptr_eq(&self.goals, &o.goals)
            && Rc::ptr_eq(&self.outcomes, &o.outcomes)
            && same(&self.measurement, &o.measurement)
            && self.measuring == o.measuring
    }
}

#[derive(Clone, Properties)]
pub struct MeasureProps {
    pub page: Rc<LessonPage>,
    /// The step.
    pub index: u32,
    pub progress: Rc<LessonProgress>,
    pub measurement: Option<Rc<Measurement>>,
    pub measuring: bool,
    /// What the run on the bench gives in the same columns.
    #[prop_or_default]
    pub own: Rc<Vec<Option<(String, f64)>>>,
    pub on: Callback<GuideAction>,
}

impl PartialEq for MeasureProps {
    fn eq(&self, o: &Self) -> bool {
        Rc::ptr_eq(&self.page, &o.page)
            && self.index == o.index
            && Rc::ptr_eq(&self.progress, &o.progress)
            && same(&self.measurement, &o.measurement)
            && self.measuring == o.measuring
            && Rc::ptr_eq(&self.own, &o.own)
    }
}

/// A measurement, which comes with the rest of the page.
#[component]
fn LaterMeasure(props: &MeasureProps) -> Html {
    let ctx = use_ctx();
    let own = Rc::clone(&ctx.state.run.measured);
    Rest.given(&ctx, &MeasureProps { own, ..props.clone() }, measure::measure)
}

/// Both absent, or the same.
fn same<T>(a: &Option<Rc<T>>, b: &Option<Rc<T>>) -> bool {
    a.as_ref().map(Rc::as_ptr) == b.as_ref().map(Rc::as_ptr)
}

#[function_component(Guide)]
pub fn guide(props: &GuideProps) -> Html {
    let heading = use_node_ref();
    // A new step begins at its heading, for eyes and for screen readers; not on the first view of the page.
    let first = use_mut_ref(|| true);
    let to_heading = {
        let heading = heading.clone();
        move || {
            if !first.replace(false)
                && let Some(element) = heading.cast::<web_sys::HtmlElement>()
            {
                let _ = element.focus();
                element.scroll_into_view();
            }
        }
    };
    use_effect_on([props.step.into(), 0, 0], effects::plain(to_heading));
    let Some(step) = props.page.steps.get(props.step as usize) else {
        return html! { <p>{ "This lesson has no such step." }</p> };
    };
    let count = props.page.steps.len();
    html! {
        <article class="guide-body">
            { bars(props) }
            <h1 ref={heading} tabindex="-1">{ &step.title }{ " " }
                <a class="permalink" href={Route::Lesson(props.page.slug.clone(), props.step).href()} aria-label="Link to this step" title="Link to this step">{ "#" }</a>
            </h1>
            <p class="meta">
                { format!("Step {} of {count}", props.step + 1) }
                { " · " }{ format!("lesson of about {} min, {} of them reading", props.page.minutes, props.page.reading) }
            </p>
            { blocks(&step.prose, &props.page) }
            { for step.predictions.iter().enumerate().map(|(i, _)| prediction_card(props, step, i)) }
            if !step.buttons.is_empty() {
                <p class="deeds">{ for step.buttons.iter().enumerate().map(|(i, words)| {
                    button("line", words.clone(), props.on.reform(move |_| GuideAction::Press(i as u32)))
                }) }</p>
            }
            if !step.goals.is_empty() {
                { goals::goals(props, step) }
            }
            { hints(props, step) }
            if let Some(measure) = &step.measure {
                <LaterMeasure key={measure.id.clone()} page={props.page.clone()} index={props.step} progress={props.progress.clone()}
                    measurement={props.measurement.clone()} measuring={props.measuring} on={props.on.clone()} />
            }
            if props.step as usize + 1 == count {
                { explain::explain(props) }
            }
            { way_on(props, step, count) }
            if props.step as usize + 1 == count {
                { endnotes(&props.page) }
            }
            <printed::Printed page={props.page.clone()} />
        </article>
    }
}

fn prediction_card(props: &GuideProps, step: &StepPage, index: usize) -> Html {
    let page = &step.predictions[index];
    let name = key(step, &page.id);
    let on = props.on.reform(move |(option, confidence)| GuideAction::Answer {
        prediction: index as u32,
        option,
        confidence,
    });
    let open = props.on.reform(|(run, evidence): (String, Option<(u64, Micros)>)| GuideAction::OpenRun {
        run,
        at: evidence.map(|e| e.1),
        row: evidence.map(|e| e.0),
    });
    html! {
        <Prediction key={name.clone()} name={name.clone()} page={props.page.clone()} prediction={Rc::new(page.clone())}
            answer={props.progress.answers.get(&name).cloned()} outcome={props.outcomes.iter().find(|(n, _)| *n == name).map(|(_, o)| Rc::new(o.clone()))}
            on_answer={on} on_open={open} />
    }
}

/// Hints one at a time; opening one costs nothing but is noted.
fn hints(props: &GuideProps, step: &StepPage) -> Html {
    let opened = props.progress.hints.get(&step.id).copied().unwrap_or(0) as usize;
    let total = step.hints.len();
    if total == 0 {
        return Html::default();
    }
    let next = props.on.reform(|_: MouseEvent| GuideAction::Hint);
    let shown =
        step.hints.iter().take(opened).map(|hint| tag("li", &[], &[], vec![inlines(hint, &props.page, "hint")]));
    let mut inside = vec![tag("ol", &["class", "aria-live"], &["hint-list", "polite"], shown.collect())];
    if opened < total {
        inside.push(button("line", format!("Hint {} of {total}", opened + 1), next));
    }
    tag("section", &["class", "aria-label"], &["hints", "Hints"], inside)
}

/// What is still to do here, and the way to the steps before and after.
fn way_on(props: &GuideProps, step: &StepPage, count: usize) -> Html {
    let place = |n: u32| Route::Lesson(props.page.slug.clone(), n).href();
    let last = props.step as usize + 1 == count;
    let met = step.goals.iter().filter(|g| is_met(props, step, &g.id)).count();
    let left = step.goals.len() - met;
    let finish = props.on.reform(|_: MouseEvent| GuideAction::Finish);
    let all_done = steps_done(&props.page, &props.progress).iter().all(|done| *done);
    let mut inside = Vec::new();
    if props.step > 0 {
        inside.push(link("button line", &place(props.step - 1), "Back"));
    }
    if !last {
        let class = if left == 0 { "button pri" } else { "button line" };
        let said = format!("Next: {}", props.page.steps[props.step as usize + 1].title);
        inside.push(tag(
            "a",
            &["class", "href", "rel"],
            &[class, &place(props.step + 1), "next"],
            vec![Html::from(said)],
        ));
    } else if props.progress.finished {
        let said = vec![Html::from("You finished this lesson. "), link("", &Route::Home.href(), "To the course")];
        inside.push(tag("p", &["class", "role"], &["done", "status"], said));
    } else {
        inside.push(button(if all_done { "pri" } else { "line" }, "Finish the lesson", finish));
    }
    if left > 0 {
        let said = format!("{left} goal{} of this step still open", if left == 1 { "" } else { "s" });
        inside.push(words("p", "meta", &said));
    }
    tag("nav", &["class", "aria-label"], &["way-on", "Steps"], inside)
}

fn is_met(props: &GuideProps, step: &StepPage, id: &str) -> bool {
    let place = step.goals.iter().position(|g| g.id == id).unwrap_or(usize::MAX);
    let live = props.goals.iter().any(|c| c.index as usize == place && c.state == GoalState::Met);
    live || props.progress.goals.contains_key(&key(step, id))
}

/// Which steps have all their goals met and predictions answered.
pub fn steps_done(page: &LessonPage, progress: &LessonProgress) -> Vec<bool> {
    let done = |step: &StepPage| {
        let asks = !step.goals.is_empty() || !step.predictions.is_empty();
        let goals = step.goals.iter().all(|g| progress.goals.contains_key(&key(step, &g.id)));
        let answers = step.predictions.iter().all(|p| progress.answers.contains_key(&key(step, &p.id)));
        if asks { goals && answers } else { progress.finished }
    };
    page.steps.iter().map(done).collect()
}

/// The steps as a row of bars, each a link.
fn bars(props: &GuideProps) -> Html {
    let done = steps_done(&props.page, &props.progress);
    let bar = |(i, step): (usize, &StepPage)| {
        let here = i == props.step as usize;
        let state = if here {
            "here"
        } else if done[i] {
            "done"
        } else {
            "open"
        };
        let said = format!("Step {}: {}{}", i + 1, step.title, if done[i] { ", done" } else { "" });
        let (href, class) = (Route::Lesson(props.page.slug.clone(), i as u32).href(), format!("bar {state}"));
        let keys = &["class", "href", "aria-label", "title", "aria-current"];
        let all = [&*class, &href, &said, &said, "step"];
        tag("li", &[], &[], vec![tag("a", keys, if here { &all } else { &all[..4] }, Vec::new())])
    };
    let bars = props.page.steps.iter().enumerate().map(bar).collect();
    tag("ol", &["class", "aria-label"], &["steps", "Steps of this lesson"], bars)
}

/// What the model leaves out, and the sources: at the end of the last step.
fn endnotes(page: &Rc<LessonPage>) -> Html {
    let list = |id: &str, title: &str, kind, items: Vec<Html>| {
        let title = tag("h2", &["id"], &[id], vec![Html::from(title)]);
        tag("section", &["class", "aria-labelledby"], &[id, id], vec![title, tag(kind, &[], &[], items)])
    };
    let omission = |item: &Vec<_>| tag("li", &[], &[], vec![inlines(item, page, "omission")]);
    let source = |source: &SourceCard| {
        let mut inside = vec![Html::from(source.text.as_str())];
        if let Some(url) = &source.url {
            inside.extend([
                Html::from(" "),
                tag("a", prose::AWAY, &[url, "_blank", "noreferrer external"], vec![Html::from(prose::host(url))]),
            ]);
        }
        tag("li", &[], &[], inside)
    };
    let omissions = page.omissions.iter().map(omission).collect();
    let sources = page.sources.iter().map(source).collect();
    [list("omissions", "What this model leaves out", "ul", omissions), list("sources", "Sources", "ol", sources)]
        .into_iter()
        .collect()
}
