//! The sliders of a component, and the form of several components at once.

use super::super::controls::{tag, words};
use super::does;
use crate::view::board::desk::Desk;
use crate::view::board::doc::Part;
use crate::view::board::whatif::{self, Slider};
use yew::prelude::*;

pub fn sliders(desk: &Desk, part: &Part<'_>) -> Html {
    let all = whatif::sliders(desk, part);
    if all.is_empty() {
        return Html::default();
    }
    let one = |of: &Slider| {
        let live = format!("try:{}", of.path);
        let most = (of.ladder.len() - 1).to_string();
        html! {
            <div class="rung" key={of.path.clone()}>
                <label>{ of.label }<input type="range" min="0" max={most} step="1" data-live={live} aria-valuetext={of.told.clone()} value={of.at.to_string()} /></label>
                <output>{ of.told.clone() }</output>
            </div>
        }
    };
    html! {
        <div class="what-if" role="group" aria-label="What if">
            { words("h3", "", "What if") }
            { for all.iter().map(one) }
            <p class="n">{ "Each try is run; the run before is dashed in the charts. Undo takes it back." }</p>
        </div>
    }
}

/// What can be done with several.
pub fn several(names: &[String]) -> Vec<Html> {
    let list: Vec<Html> = names.iter().map(|name| words("li", "", name)).collect();
    let deeds =
        vec![does("", "copy", "Copy them"), does("", "paste", "Paste"), does("danger", "remove", "Remove them")];
    vec![
        words("p", "n", "They are moved together. A copy has the calls between them too."),
        tag("ul", &[], &[], list),
        tag("div", &["class"], &["deeds"], deeds),
    ]
}
