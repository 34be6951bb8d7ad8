//! Trade-offs and exercises: choices, runs, a table of what was measured, verdicts and the interviewer's follow-up.

use super::prose::inlines;
use super::{GuideAction, same};
use crate::wire::{ChoicePage, LessonPage, MeasurePage, Measurement};
use std::rc::Rc;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(Clone, Properties)]
pub struct MeasureProps {
    pub page: Rc<LessonPage>,
    /// The step.
    pub index: u32,
    pub measurement: Option<Rc<Measurement>>,
    pub measuring: bool,
    pub on: Callback<GuideAction>,
}

impl PartialEq for MeasureProps {
    fn eq(&self, o: &Self) -> bool {
        Rc::ptr_eq(&self.page, &o.page)
            && self.index == o.index
            && same(&self.measurement, &o.measurement)
            && self.measuring == o.measuring
    }
}

#[function_component(Measure)]
pub fn measure(props: &MeasureProps) -> Html {
    let asked: Option<&MeasurePage> = props.page.steps.get(props.index as usize).and_then(|s| s.measure.as_ref());
    let picked = use_state(Vec::new as fn() -> Vec<u32>);
    let Some(asked) = asked else { return Html::default() };
    let mut choices = (*picked).clone();
    choices.resize(asked.choices.len(), 0);
    let submit = {
        let (on, choices) = (props.on.clone(), choices.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            on.emit(GuideAction::Measure(choices.clone()));
        })
    };
    let select = |(i, choice): (usize, &ChoicePage)| {
        let chosen = choices[i] as usize;
        let (picked, all) = (picked.clone(), choices.clone());
        let onchange = Callback::from(move |event: Event| {
            let element: HtmlSelectElement = event.target_unchecked_into();
            let mut all = all.clone();
            all[i] = element.selected_index().max(0) as u32;
            picked.set(all);
        });
        html! {
            <label class="choice">
                { &choice.title }
                <select {onchange}>
                    { for choice.options.iter().enumerate().map(|(n, option)| html! {
                        <option selected={n == chosen}>{ option }</option>
                    }) }
                </select>
            </label>
        }
    };
    let exercise = !asked.requirements.is_empty();
    let title_id = format!("measure-{}", asked.id);
    html! {
        <section class="card measure" aria-labelledby={title_id.clone()}>
            <h2 class="card-title" id={title_id}>{ &asked.title }</h2>
            <p>{ inlines(&asked.intro, &props.page, &asked.id) }</p>
            if exercise {
                <ul class="requirements">{ for asked.requirements.iter().map(|r| html! { <li>{ r }</li> }) }</ul>
            }
            <form onsubmit={submit}>
                { for asked.choices.iter().enumerate().map(select) }
                <button type="submit" class="pri" disabled={props.measuring}>
                    { if props.measuring { "Running…" } else if exercise { "Run the design" } else { "Measure" } }
                </button>
            </form>
            <div aria-live="polite">
                if let Some(measured) = &props.measurement { { result(&props.page, measured) } }
            </div>
        </section>
    }
}

fn result(page: &LessonPage, measured: &Measurement) -> Html {
    let row = |(name, cells): &(String, Vec<String>)| {
        html! { <tr><th scope="row">{ name }</th>{ for cells.iter().map(|cell| html! { <td>{ cell }</td> }) }</tr> }
    };
    let verdict = |(met, words): &(bool, String)| {
        let (sign, state) = if *met { ("✓", "met") } else { ("✗", "missed") };
        html! { <li class={classes!("goal", state)}><span class="sign" aria-hidden="true">{ sign }</span><span>{ words }</span></li> }
    };
    html! {
        <div class="measured">
            <div class="scroll" tabindex="0" role="region" aria-label="Measured values">
                <table>
                    <caption>{ format!("Measured in {} run{}", measured.runs, if measured.runs == 1 { "" } else { "s" }) }</caption>
                    <thead><tr><td></td>{ for measured.columns.iter().map(|c| html! { <th scope="col">{ c }</th> }) }</tr></thead>
                    <tbody>{ for measured.rows.iter().map(row) }</tbody>
                </table>
            </div>
            if !measured.verdicts.is_empty() { <ul class="verdicts">{ for measured.verdicts.iter().map(verdict) }</ul> }
            if let Some(question) = &measured.follow_up {
                <p class="follow-up"><strong>{ "The interviewer asks: " }</strong>{ question }</p>
            }
            if !measured.answer.is_empty() {
                <details><summary>{ "A model answer" }</summary><p>{ inlines(&measured.answer, page, "answer") }</p></details>
            }
        </div>
    }
}
