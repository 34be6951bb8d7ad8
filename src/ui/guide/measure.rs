//! Trade-offs and exercises: choices, runs in the background, what was measured as chart and table, requirements met or
//! missed, and the interviewer's follow-ups with room for the learner's own words.

use super::super::controls::button;
use super::chart::chart;
use super::prose::inlines;
use super::{GuideAction, key, same};
use crate::progress::{LessonProgress, WORDS_MAX};
use crate::wire::{ChoicePage, FollowUp, LessonPage, MeasurePage, MeasuredRow, Measurement, StepPage};
use std::rc::Rc;
use web_sys::{HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(Clone, Properties)]
pub struct MeasureProps {
    pub page: Rc<LessonPage>,
    /// The step.
    pub index: u32,
    pub progress: Rc<LessonProgress>,
    pub measurement: Option<Rc<Measurement>>,
    pub measuring: bool,
    pub on: Callback<GuideAction>,
}

impl PartialEq for MeasureProps {
    fn eq(&self, o: &Self) -> bool {
        Rc::ptr_eq(&self.page, &o.page)
            && self.index == o.index
            && Rc::ptr_eq(&self.progress, &o.progress)
            && same(&self.measurement, &o.measurement)
            && self.measuring == o.measuring
    }
}

#[function_component(Measure)]
pub fn measure(props: &MeasureProps) -> Html {
    let picked = use_state(Vec::new as fn() -> Vec<u32>);
    // The point of a chart that is chosen.
    let point = use_state(|| None::<usize>);
    let Some(step) = props.page.steps.get(props.index as usize) else { return Html::default() };
    let Some(asked) = &step.measure else { return Html::default() };
    let mut choices = (*picked).clone();
    choices.resize(asked.choices.len(), 0);
    let exercise = !asked.choices.is_empty();
    let measured = props.measurement.as_deref();
    // Verdicts are about the design that was measured, not about another one chosen since.
    let judged = measured.filter(|m| m.choices == choices && m.done == m.runs);
    let choose = {
        let point = point.clone();
        Callback::from(move |i: usize| point.set(Some(i)))
    };
    let title_id = format!("measure-{}", asked.id);
    html! {
        <section class="card measure" aria-labelledby={title_id.clone()}>
            <h2 class="card-title" id={title_id}>{ &asked.title }</h2>
            <p>{ inlines(&asked.intro, &props.page, &asked.id) }</p>
            { for asked.choices.iter().enumerate().map(|(i, choice)| select(props, &picked, &choices, i, choice)) }
            if !asked.requirements.is_empty() { { requirements(asked, judged) } }
            if let Some(axis) = &asked.axis {
                { chart(asked, measured.map_or(&[], |m| &m.rows), *point, &choose) }
                { points(asked, axis, *point, &choose) }
            }
            { run(props, exercise, choices) }
            if let Some(measured) = &props.measurement {
                { result(asked, measured, *point, &props.on) }
            }
            if let Some(judged) = judged.filter(|_| exercise) { { interview(props, step, judged) } }
        </section>
    }
}

/// A choice of an exercise. Another design is another measurement.
fn select(
    props: &MeasureProps,
    picked: &UseStateHandle<Vec<u32>>,
    all: &[u32],
    place: usize,
    choice: &ChoicePage,
) -> Html {
    let (picked, all, chosen) = (picked.clone(), all.to_vec(), all[place] as usize);
    let onchange = Callback::from(move |event: Event| {
        let element: HtmlSelectElement = event.target_unchecked_into();
        let mut all = all.clone();
        all[place] = element.selected_index().max(0) as u32;
        picked.set(all);
    });
    html! {
        <label class="choice">
            { &choice.title }
            <select {onchange} disabled={props.measuring}>
                { for choice.options.iter().enumerate().map(|(n, option)| html! {
                    <option selected={n == chosen}>{ option }</option>
                }) }
            </select>
        </label>
    }
}

/// What is asked for, each with what was measured, once it was.
fn requirements(asked: &MeasurePage, judged: Option<&Measurement>) -> Html {
    let row = |(i, title): (usize, &String)| {
        let verdict = judged.and_then(|m| m.verdicts.get(i));
        let (sign, state, word) = match verdict {
            Some((true, _)) => ("✓", "met", "Met: "),
            Some((false, _)) => ("✗", "missed", "Missed: "),
            None => ("○", "open", "Open: "),
        };
        html! {
            <li class={classes!("goal", state)} data-state={state}>
                <span class="sign" aria-hidden="true">{ sign }</span>
                <div><span class="sr-only">{ word }</span>{ title }<small>{ verdict.map(|(_, words)| words.clone()) }</small></div>
            </li>
        }
    };
    html! { <ul class="verdicts" aria-live="polite" aria-label="Requirements">{ for asked.requirements.iter().enumerate().map(row) }</ul> }
}

/// The axis of the chart: its points as radio buttons, each below its column.
fn points(asked: &MeasurePage, axis: &str, chosen: Option<usize>, choose: &Callback<usize>) -> Html {
    let radio = |(i, title): (usize, &String)| {
        let onchange = choose.reform(move |_: Event| i);
        html! { <label><input type="radio" name={asked.id.clone()} checked={chosen == Some(i)} {onchange} />{ title }</label> }
    };
    html! {
        <fieldset class="points">
            <legend>{ axis.to_owned() }</legend>
            <div>{ for asked.variants.iter().enumerate().map(radio) }</div>
        </fieldset>
    }
}

/// The button that starts the runs, or how far they are and the button that ends them.
fn run(props: &MeasureProps, exercise: bool, choices: Vec<u32>) -> Html {
    let measured = props.measurement.as_deref();
    if props.measuring {
        let (done, runs) = measured.map_or((0, 0), |m| (m.done, m.runs));
        let words = if runs == 0 { "Starting…".to_owned() } else { format!("{done} of {runs} runs") };
        let known = |n: u32| (runs > 0).then(|| n.to_string());
        return html! {
            <div class="running">
                <label>{ words }<progress value={known(done)} max={known(runs)}></progress></label>
                { button("", "Cancel", props.on.reform(|_| GuideAction::StopMeasuring)) }
            </div>
        };
    }
    let words = match (exercise, measured) {
        (true, _) => "Check my design",
        (false, None) => "Measure",
        (false, Some(_)) => "Measure again",
    };
    let class = if exercise || measured.is_none() { "pri" } else { "line" };
    html! { <p class="deeds">{ button(class, words, props.on.reform(move |_| GuideAction::Measure(choices.clone()))) }</p> }
}

fn result(asked: &MeasurePage, measured: &Rc<Measurement>, point: Option<usize>, on: &Callback<GuideAction>) -> Html {
    let cell =
        |cell: &Option<(String, f64)>| html! { <td>{ cell.as_ref().map_or("–", |(words, _)| words.as_str()) }</td> };
    let row =
        |row: &MeasuredRow| html! { <tr><th scope="row">{ &row.title }</th>{ for row.cells.iter().map(cell) }</tr> };
    let Measurement { done, runs, .. } = **measured;
    let caption = if done < runs { format!("After {done} of {runs} runs") } else { format!("Measured in {runs} runs") };
    let table = html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Measured values">
            <table>
                <caption>{ caption }</caption>
                <thead><tr><td></td>{ for asked.columns.iter().map(|c| html! { <th scope="col">{ c }</th> }) }</tr></thead>
                <tbody>{ for measured.rows.iter().map(row) }</tbody>
            </table>
        </div>
    };
    let chosen = if asked.axis.is_some() { point } else { Some(0).filter(|_| measured.rows.len() == 1) };
    let watch = chosen.and_then(|i| Some((i, measured.rows.get(i)?))).map(|(i, row)| {
        let open = GuideAction::OpenMeasured(Rc::clone(measured), i as u32);
        let words = format!("Run {} on the bench", row.title);
        html! {
            <p class="deeds">{ button("pri watch", words, on.reform(move |_| open.clone())) }
                <small>{ format!("Its slowest run, seed {}, from the moment that counts.", row.at.0) }</small></p>
        }
    });
    html! {
        <div class="measured">
            { watch.unwrap_or_default() }
            if asked.axis.is_some() {
                <details><summary>{ "The numbers as a table" }</summary>{ table }</details>
            } else {
                { table }
            }
        </div>
    }
}

/// The interviewer's questions. What the learner writes is text and nothing else; a model answer follows it.
fn interview(props: &MeasureProps, step: &StepPage, judged: &Measurement) -> Html {
    let question = |f: &FollowUp| {
        let written = props.progress.words.get(&key(step, &f.id)).cloned().unwrap_or_default();
        let (name, id) = (format!("follow-{}", f.id), f.id.clone());
        let onchange = props.on.reform(move |event: Event| {
            GuideAction::Words(id.clone(), event.target_unchecked_into::<HtmlTextAreaElement>().value())
        });
        let answer = if written.trim().is_empty() {
            html! { <small>{ "A model answer follows your own." }</small> }
        } else {
            html! { <details><summary>{ "A model answer" }</summary><p>{ inlines(&f.answer, &props.page, &f.id) }</p></details> }
        };
        html! {
            <li class="follow-up" key={f.id.clone()}>
                <label for={name.clone()}>{ &f.ask }</label>
                <textarea id={name} rows="3" maxlength={WORDS_MAX.to_string()} value={written} {onchange} />
                { answer }
            </li>
        }
    };
    html! {
        <div class="interview">
            <h3>{ "The interviewer asks" }</h3>
            <ul>{ for judged.follow_ups.iter().map(question) }</ul>
            if !judged.answer.is_empty() {
                <details><summary>{ "A model design" }</summary><p>{ inlines(&judged.answer, &props.page, "answer") }</p></details>
            }
        </div>
    }
}
