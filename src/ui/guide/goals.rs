//! Goals: checked by the engine, each with the moment that met it.

use super::super::controls::{button, tag, words};
use super::super::state::key;
use super::prose::inlines;
use super::{GuideAction, GuideProps};
use crate::base::Micros;
use crate::wire::{GoalCard, GoalPage, GoalState, StepPage};
use yew::prelude::*;

pub fn goals(props: &GuideProps, step: &StepPage) -> Html {
    let card = |i: usize| props.goals.iter().find(|c| c.index as usize == i);
    let met = |i: usize, goal: &GoalPage| {
        card(i).is_some_and(|c| c.state == GoalState::Met) || props.progress.goals.contains_key(&key(step, &goal.id))
    };
    let goals = step.goals.iter().enumerate();
    let count = goals.clone().filter(|(i, goal)| met(*i, goal)).count();
    let title = vec![Html::from("Goals"), words("span", "who", &format!("{count} of {}", step.goals.len()))];
    let list = goals.map(|(i, goal)| one(props, step, goal, card(i), met(i, goal))).collect();
    let inside = vec![
        tag("h2", &["id", "class"], &["goals", "card-title"], title),
        tag("ul", &["aria-live"], &["polite"], list),
    ];
    tag("section", &["class", "aria-labelledby"], &["card goals", "goals"], inside)
}

fn one(props: &GuideProps, step: &StepPage, goal: &GoalPage, card: Option<&GoalCard>, met: bool) -> Html {
    let missed = !met && card.is_some_and(|c| c.state == GoalState::Missed);
    let (sign, state, word) = match (met, missed) {
        (true, _) => ("✓", "met", "Met: "),
        (_, true) => ("✗", "missed", "Missed: "),
        _ => ("○", "open", "Open: "),
    };
    let said = vec![
        words("span", "sr-only", word),
        inlines(&goal.title, &props.page, &format!("goal-{}", goal.id)),
        tag("small", &[], &[], vec![evidence(props, step, goal, card)]),
    ];
    let sign = tag("span", &["class", "aria-hidden"], &["sign", "true"], vec![Html::from(sign)]);
    let class = format!("goal {state}");
    tag("li", &["class", "data-goal", "data-state"], &[&class, &goal.id, state], vec![sign, tag("div", &[], &[], said)])
}

/// Which moment met it, as a link into this run; or the run that met it before.
fn evidence(props: &GuideProps, step: &StepPage, goal: &GoalPage, card: Option<&GoalCard>) -> Html {
    let kept = props.progress.goals.get(&key(step, &goal.id));
    match card {
        Some(GoalCard { state: GoalState::Met, evidence: Some((row, at)), sentence, .. }) => {
            let (row, go) = (*row, props.on.clone());
            let onclick = Callback::from(move |_: MouseEvent| go.emit(GuideAction::ToRow(row)));
            html! { <>{ "met at " }{ button("link", at.to_string(), onclick) }{ format!(": {sentence}") }</> }
        }
        _ if kept.is_some_and(|k| !k.run.is_empty()) => {
            let (run, go) = (kept.map(|k| k.run.clone()).unwrap_or_default(), props.on.clone());
            let at = Micros(kept.map_or(0, |k| k.at_us));
            let onclick = Callback::from(move |_: MouseEvent| {
                go.emit(GuideAction::OpenRun { run: run.clone(), at: Some(at), row: None });
            });
            html! { <>{ format!("met before, at {at}. ") }{ button("link", "Open that run", onclick) }</> }
        }
        _ if kept.is_some() => html! { { "met before" } },
        Some(card) => html! { { &card.sentence } },
        None => Html::default(),
    }
}
