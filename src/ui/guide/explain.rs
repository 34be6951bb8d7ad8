//! "Explain it back": the learner says the idea of the lesson in two sentences, compares them with a model answer, and rates
//! how close they were. What is written stays text, here and in the browser's store.

use super::super::controls::{details, tag, words};
use super::super::effects::today_ms;
use super::super::pages::review::{rated, ratings};
use super::prose::inlines;
use super::{GuideAction, GuideProps};
use crate::progress::EXPLAIN;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

pub fn explain(props: &GuideProps) -> Html {
    let Some((question, answer)) = &props.page.explain else { return Html::default() };
    let written = props.progress.words.get(EXPLAIN).cloned().unwrap_or_default();
    let looks = props.progress.looks.get(EXPLAIN).map_or(&[][..], Vec::as_slice);
    let compare = if written.trim().is_empty() {
        words("small", "", "Two sentences will do. A model answer follows your own.")
    } else {
        let rate = props.on.reform(GuideAction::Rate);
        let inside = vec![
            tag("p", &[], &[], vec![inlines(answer, &props.page, "explain-answer")]),
            rated(looks).unwrap_or_else(|| ratings(looks, &rate, today_ms())),
        ];
        details("Compare with a model answer", inside.into_iter().collect())
    };
    let oninput = props
        .on
        .reform(|event: InputEvent| GuideAction::Explain(event.target_unchecked_into::<HtmlTextAreaElement>().value()));
    html! {
        <section class="card explain" key={props.page.slug.clone()} aria-labelledby="explain">
            <h2 class="card-title" id="explain">{ "Explain it back" }</h2>
            <div class="follow-up">
                <label>{ inlines(question, &props.page, "explain-question") }
                    <textarea rows="3" maxlength="4000" defaultvalue={written} {oninput} />
                </label>
                { compare }
            </div>
        </section>
    }
}
