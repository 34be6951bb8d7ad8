//! "Predict first": the learner commits to an answer; then the run, not the author, says who was right.

use super::super::controls::button;
use super::prose::inlines;
use crate::base::Micros;
use crate::progress::Answer;
use crate::wire::{Inline, LessonPage, PredictionOutcome, PredictionPage};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// No option is chosen yet.
const NONE: u32 = u32::MAX;

#[derive(Clone, Properties)]
pub struct PredictionProps {
    /// "step/prediction", also the name of the group of radio buttons.
    pub name: String,
    pub page: Rc<LessonPage>,
    pub prediction: Rc<PredictionPage>,
    pub answer: Option<Answer>,
    pub outcome: Option<Rc<PredictionOutcome>>,
    /// Option and confidence in percent.
    pub on_answer: Callback<(u32, u8)>,
    /// A run to open, and the row to go to.
    pub on_open: Callback<(String, Option<(u64, Micros)>)>,
}

impl PartialEq for PredictionProps {
    fn eq(&self, o: &Self) -> bool {
        let decided = |p: &Self| p.outcome.as_ref().map(|o| o.truth);
        self.name == o.name && Rc::ptr_eq(&self.page, &o.page) && self.answer == o.answer && decided(self) == decided(o)
    }
}

#[function_component(Prediction)]
pub fn prediction(props: &PredictionProps) -> Html {
    // The option, if one is chosen, and how sure; one kind of state with that of measurements.
    let picked = use_state(Vec::new as fn() -> Vec<u32>);
    let (chosen, confidence) = (picked.first().copied().filter(|o| *o != NONE), picked.get(1).map_or(70, |c| *c as u8));
    let committed = props.answer.as_ref();
    let shown = committed.map(|a| a.option).or(chosen);
    let submit = {
        let on = props.on_answer.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(option) = chosen {
                on.emit((option, confidence));
            }
        })
    };
    let slide = {
        let picked = picked.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            picked.set(vec![chosen.unwrap_or(NONE), input.value_as_number() as u32]);
        })
    };
    let options = props.prediction.options.iter().enumerate().map(|(i, words)| {
        let pick = {
            let picked = picked.clone();
            Callback::from(move |_: Event| picked.set(vec![i as u32, u32::from(confidence)]))
        };
        option(props, i as u32, words, shown == Some(i as u32), pick)
    });
    html! {
        <form class="card prediction" onsubmit={submit}>
            <fieldset>
                <legend>
                    <span class="card-title">{ "Predict first" }</span>
                    if let Some(answer) = committed {
                        <span class="who">{ format!("you, {} % sure", answer.confidence) }</span>
                    }
                </legend>
                <p>{ inlines(&props.prediction.question, &props.page, &props.name) }</p>
                { for options }
            </fieldset>
            if committed.is_none() {
                <div class="sure">
                    <label>
                        { format!("How sure are you? {confidence} %") }
                        <input type="range" min="50" max="100" step="5" value={confidence.to_string()} oninput={slide} />
                    </label>
                    <button type="submit" class="pri" disabled={chosen.is_none()}>{ "Commit" }</button>
                </div>
            }
            <div aria-live="polite">{ verdict(props) }</div>
        </form>
    }
}

fn option(props: &PredictionProps, index: u32, words: &[Inline], checked: bool, pick: Callback<Event>) -> Html {
    let truth = props.outcome.as_ref().map(|o| o.truth).or(props.answer.as_ref().and_then(|a| a.truth));
    let state = match truth {
        Some(truth) if truth == index => Some("true"),
        Some(_) if checked => Some("false"),
        _ => None,
    };
    let id = format!("{}-{index}", props.name);
    html! {
        <label class={classes!("opt", checked.then_some("sel"), state)}>
            <input type="radio" name={props.name.clone()} value={index.to_string()} {checked} onchange={pick}
                disabled={props.answer.is_some()} />
            <span>{ inlines(words, &props.page, &id) }</span>
            if state == Some("true") { <span class="tag">{ "what the run did" }</span> }
        </label>
    }
}

fn verdict(props: &PredictionProps) -> Html {
    let Some(answer) = &props.answer else { return Html::default() };
    let Some(outcome) = &props.outcome else {
        return html! { <p class="meta">{ if answer.truth.is_some() { "You answered this before." } else { "Asking the run…" } }</p> };
    };
    let right = outcome.truth == answer.option;
    let open = {
        let (on, run, row) = (props.on_open.clone(), outcome.run.clone(), outcome.evidence);
        Callback::from(move |_: MouseEvent| on.emit((run.clone(), row)))
    };
    let seen = match outcome.evidence {
        Some((_, at)) => format!("See it in the run, at {at}"),
        None => "See it in the run".into(),
    };
    html! {
        <div class={classes!("verdict", if right { "right" } else { "wrong" })}>
            <p>
                <strong>{ if right { "✓ As you said. " } else { "✗ Not this time. " } }</strong>
                { inlines(&outcome.because, &props.page, &format!("{}-because", props.name)) }
            </p>
            { button("line", seen, open) }
        </div>
    }
}
