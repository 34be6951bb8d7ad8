//! Trade-offs and exercises: choices, runs in the background, what was measured as chart and table, requirements met or
//! missed, and the interviewer's follow-ups with room for the learner's own words.

use super::super::controls::{button, details, tag, words};
use super::super::state::key;
use super::chart::chart;
use super::prose::inlines;
use super::{GuideAction, MeasureProps};
use crate::wire::{ChoicePage, FollowUp, MeasurePage, MeasuredRow, Measurement, StepPage};
use std::rc::Rc;
use web_sys::{HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

pub fn measure(props: &MeasureProps) -> Html {
    html! { <Measure ..props.clone() /> }
}

#[function_component(Measure)]
fn card(props: &MeasureProps) -> Html {
    // The options of an exercise; or the point of a chart, once one is chosen.
    let picked = use_state(Vec::new as fn() -> Vec<u32>);
    let Some(step) = props.page.steps.get(props.index as usize) else { return Html::default() };
    let Some(asked) = &step.measure else { return Html::default() };
    let (mut choices, mut point) = ((*picked).clone(), None);
    if asked.axis.is_some() {
        point = choices.pop().map(|i| i as usize);
    }
    choices.resize(asked.choices.len(), 0);
    let exercise = !choices.is_empty();
    let measured = props.measurement.as_ref();
    // Verdicts are about the design that was measured, not about another one chosen since.
    let judged = measured.filter(|m| exercise && m.choices == choices && m.done == m.runs);
    let id = format!("measure-{}", asked.id);
    let mut inside = vec![
        tag("h2", &["class", "id"], &["card-title", &id], vec![Html::from(asked.title.as_str())]),
        tag("p", &[], &[], vec![inlines(&asked.intro, &props.page, &asked.id)]),
    ];
    inside.extend(asked.choices.iter().enumerate().map(|(i, c)| select(props.measuring, &picked, &choices, i, c)));
    // What is absent keeps its place: so the rest stays what it is, and has the focus if it had.
    inside.push(if exercise { requirements(asked, judged.map(|m| &**m)) } else { Html::default() });
    let drawn = asked.axis.as_ref().map(|axis| {
        let rows = measured.map_or(&[][..], |m| &m.rows);
        tag("div", &[], &[], vec![chart(asked, rows, point), points(asked, axis, point, &picked)])
    });
    inside.push(drawn.unwrap_or_default());
    inside.push(run(props, exercise, choices));
    inside.push(measured.map(|measured| result(props, asked, measured, point)).unwrap_or_default());
    inside.push(judged.map(|judged| interview(props, step, judged)).unwrap_or_default());
    tag("section", &["class", "aria-labelledby"], &["card measure", &id], inside)
}

/// A choice of an exercise. Another design is another measurement.
fn select(disabled: bool, picked: &UseStateHandle<Vec<u32>>, all: &[u32], place: usize, choice: &ChoicePage) -> Html {
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
            <select {onchange} {disabled}>
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
        let measured = verdict.map_or("", |(_, words)| words);
        let said = vec![words("span", "sr-only", word), Html::from(title.as_str()), words("small", "", measured)];
        let sign = tag("span", &["class", "aria-hidden"], &["sign", "true"], vec![Html::from(sign)]);
        tag("li", &["class", "data-state"], &[&format!("goal {state}"), state], vec![sign, tag("div", &[], &[], said)])
    };
    let rows = asked.requirements.iter().enumerate().map(row).collect();
    tag("ul", &["class", "aria-live", "aria-label"], &["verdicts", "polite", "Requirements"], rows)
}

/// The axis of the chart: its points as radio buttons, each below its column.
fn points(asked: &MeasurePage, axis: &str, chosen: Option<usize>, picked: &UseStateHandle<Vec<u32>>) -> Html {
    let radio = |(i, title): (usize, &String)| {
        let picked = picked.clone();
        let onchange = Callback::from(move |_: Event| picked.set(vec![i as u32]));
        html! { <label><input type="radio" name={asked.id.clone()} checked={chosen == Some(i)} {onchange} />{ title }</label> }
    };
    let radios = asked.variants.iter().enumerate().map(radio).collect();
    tag("fieldset", &["class"], &["points"], vec![words("legend", "", axis), tag("div", &[], &[], radios)])
}

/// The button that starts the runs, or how far they are and the button that ends them.
fn run(props: &MeasureProps, exercise: bool, choices: Vec<u32>) -> Html {
    let measured = props.measurement.as_deref();
    if props.measuring {
        let (done, runs) = measured.map_or((0, 0), |m| (m.done, m.runs));
        let said = if runs == 0 { "Starting…".to_owned() } else { format!("{done} of {runs} runs") };
        let (done, runs) = (done.to_string(), runs.to_string());
        // Without a value the bar says that it is not known yet.
        let known: &[&str] = &[&done, &runs];
        let bar = tag("progress", &["value", "max"], if runs == "0" { &[] } else { known }, Vec::new());
        let label = tag("label", &[], &[], vec![Html::from(said), bar]);
        let cancel = button("", "Cancel", props.on.reform(|_| GuideAction::StopMeasuring));
        return tag("div", &["class"], &["running"], vec![label, cancel]);
    }
    let (class, said) = match (exercise, measured) {
        (true, _) => ("pri", "Check my design"),
        (false, None) => ("pri", "Measure"),
        (false, Some(_)) => ("line", "Measure again"),
    };
    let start = props.on.reform(move |_| GuideAction::Measure(choices.clone()));
    tag("div", &["class"], &["deeds"], vec![Html::default(), button(class, said, start)])
}

/// What was measured; and the slowest run of the design, or of the chosen point, to look at.
fn result(props: &MeasureProps, asked: &MeasurePage, measured: &Rc<Measurement>, point: Option<usize>) -> Html {
    let on = &props.on;
    let Measurement { done, runs, .. } = **measured;
    let caption = if done < runs { format!("After {done} of {runs} runs") } else { format!("Measured in {runs} runs") };
    let table = tag("table", &[], &[], vec![words("caption", "", &caption), table(asked, measured, &props.own)]);
    let region = &["class", "tabindex", "role", "aria-label"];
    let table = tag("div", region, &["scroll", "0", "region", "Measured values"], vec![table]);
    let chart = asked.axis.is_some();
    let table = if chart { details("The numbers as a table", table) } else { table };
    let watch = |class: &'static str, i: usize, row: &MeasuredRow| {
        let open = GuideAction::OpenMeasured(Rc::clone(measured), i as u32);
        button(class, format!("Run {} on the bench", row.title), on.reform(move |_| open.clone()))
    };
    let mut parts = vec![Html::default(), table];
    if !chart && measured.rows.len() > 1 {
        // Each row of the table has its run.
        let all = measured.rows.iter().enumerate().map(|(i, row)| watch("line watch", i, row));
        let note = words("small", "", "The slowest run of each, from the moment that counts.");
        parts.push(tag("p", &["class"], &["deeds"], all.chain([note]).collect()));
    } else if let Some((i, row)) =
        point.filter(|_| chart).or(Some(0).filter(|_| !chart)).and_then(|i| Some((i, measured.rows.get(i)?)))
    {
        let note = words("small", "", &format!("Its slowest run, seed {}, from the moment that counts.", row.seed));
        parts[0] =
            tag("p", &["class"], &["deeds"], vec![watch(if chart { "pri watch" } else { "line watch" }, i, row), note]);
    }
    tag("div", &["class"], &["measured"], parts)
}

/// A row for each variant; of a single design, a row for each column.
fn table(asked: &MeasurePage, measured: &Measurement, own: &[Option<(String, f64)>]) -> Html {
    let cell = |cell: &Option<(String, f64)>| words("td", "", cell.as_ref().map_or("–", |(words, _)| words));
    let scoped = |scope: &str, text: &str| tag("th", &["scope"], &[scope], vec![Html::from(text)]);
    let line = |cells: Vec<Html>| tag("tr", &[], &[], cells);
    let mut lines = Vec::new();
    if let [only] = &measured.rows[..] {
        lines.extend(asked.columns.iter().zip(&only.cells).map(|(title, c)| line(vec![scoped("row", title), cell(c)])));
    } else {
        let heads = asked.columns.iter().map(|title| scoped("col", title));
        let theories = asked.theories.iter().map(|theory| scoped("col", &theory.title));
        lines.push(line([words("td", "", "")].into_iter().chain(heads).chain(theories).collect()));
        for (i, row) in measured.rows.iter().enumerate() {
            let theories = asked.theories.iter().filter_map(|theory| theory.values.get(i));
            let theories = theories.map(|(shown, _)| words("td", "", shown));
            let cells = row.cells.iter().map(cell).chain(theories);
            lines.push(line([scoped("row", &row.title)].into_iter().chain(cells).collect()));
        }
    }
    if measured.rows.len() > 1 && own.len() == asked.columns.len() && own.iter().any(Option::is_some) {
        let cells = own.iter().map(cell).chain(asked.theories.iter().map(|_| cell(&None)));
        let own = words("th", "", "Your run, up to here");
        lines.push(tag("tr", &["class"], &["own"], [own].into_iter().chain(cells).collect()));
    }
    tag("tbody", &[], &[], lines)
}

/// The interviewer's questions. What the learner writes is text and nothing else; a model answer follows it.
fn interview(props: &MeasureProps, step: &StepPage, judged: &Measurement) -> Html {
    let question = |f: &FollowUp| {
        let written = props.progress.words.get(&key(step, &f.id)).cloned().unwrap_or_default();
        let id = f.id.clone();
        let oninput = props.on.reform(move |event: InputEvent| {
            GuideAction::Words(id.clone(), event.target_unchecked_into::<HtmlTextAreaElement>().value())
        });
        let answer = if written.trim().is_empty() {
            words("small", "", "A model answer follows your own.")
        } else {
            details("A model answer", inlines(&f.answer, &props.page, &f.id))
        };
        html! {
            <li class="follow-up" key={f.id.clone()}>
                <label>{ &f.ask }<textarea rows="3" maxlength="4000" defaultvalue={written} {oninput} /></label>
                { answer }
            </li>
        }
    };
    let questions = judged.follow_ups.iter().map(question).collect();
    let mut inside = vec![words("h3", "", "The interviewer asks"), tag("ul", &[], &[], questions)];
    if !judged.answer.is_empty() {
        inside.push(details("A model design", inlines(&judged.answer, &props.page, "answer")));
    }
    tag("div", &["class"], &["interview"], inside)
}
