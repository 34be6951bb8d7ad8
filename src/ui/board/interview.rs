//! The interview beside the board: its phases, the clock, what can be asked, the estimation sheet, what the interviewer asks
//! of the design, model answers and the rating.

use super::super::controls::{begun, tag, words};
use super::does;
use crate::view::board::desk::Desk;
use crate::view::board::exercise::{Exercise, PHASES};
use yew::prelude::*;

/// The clock and the phases, above everything else.
pub fn head(desk: &Desk, exercise: &Exercise) -> Html {
    let own = &desk.interview;
    let Some(here) = own.phase else {
        let minutes = exercise.minutes();
        let inside = vec![
            does("pri", "phase:0", "Begin the interview"),
            words("span", "n", &format!("{minutes} minutes, a clock that can be stopped; or just design.")),
        ];
        return tag("div", &["class"], &["deeds begin"], inside);
    };
    let phase = |(i, (_, title)): (usize, &(&str, &str))| {
        let state = match i.cmp(&here) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "here",
            std::cmp::Ordering::Greater => "open",
        };
        let current = if i == here { "step" } else { "false" };
        let keys = &["type", "class", "data-do", "aria-label", "aria-current", "title"];
        let values = ["button", &format!("bar {state}"), &format!("phase:{i}"), title, current, title];
        tag("li", &[], &[], vec![tag("button", keys, &values, Vec::new())])
    };
    let steps = tag(
        "ol",
        &["class", "aria-label"],
        &["phases", "Phases of the interview"],
        PHASES.iter().enumerate().map(phase).collect(),
    );
    let clock = if own.running { "Stop the clock" } else { "Go on" };
    let left = format!("{} left", own.left(exercise.minutes()));
    let over = own.spent > exercise.minutes() * 60;
    let line = vec![
        words("b", "", &format!("Phase {} of 6: {}", here + 1, PHASES[here].1)),
        tag("span", &["class", "role"], &[if over { "clock bad" } else { "clock" }, "timer"], vec![Html::from(left)]),
        does("small", "clock", clock),
    ];
    tag("div", &["class"], &["interview-head"], vec![steps, tag("div", &["class"], &["clock-line"], line)])
}

/// What is done in the phase.
pub fn phase(desk: &Desk, exercise: &Exercise) -> Html {
    let own = &desk.interview;
    let mut inside = Vec::new();
    if own.phase.is_none_or(|phase| phase == 0) {
        inside.push(brief(exercise));
    }
    let Some(here) = own.phase else { return html! { <>{ for inside }</> } };
    match here {
        0 => inside.push(questions(desk, exercise)),
        1 => inside.push(sheet(desk, exercise)),
        4 => inside.push(follow_ups(desk)),
        5 => inside.push(rating(desk, exercise)),
        _ => {}
    }
    inside.push(notes(desk, here));
    inside.push(answer(desk, exercise, here));
    if here + 1 < PHASES.len() {
        inside.push(does("", &format!("phase:{}", here + 1), &format!("On to: {}", PHASES[here + 1].1)));
    } else {
        inside.push(does("pri", "report", "Save the report"));
    }
    html! { <section class="phase" aria-label={PHASES[here].1}>{ for inside }</section> }
}

fn brief(exercise: &Exercise) -> Html {
    let mut inside = vec![words("b", "", "Interviewer")];
    inside.extend(exercise.brief().into_iter().map(|text| words("p", "", text)));
    tag("div", &["class"], &["say"], inside)
}

fn questions(desk: &Desk, exercise: &Exercise) -> Html {
    let one = |(i, (ask, answer, decides)): (usize, (&str, &str, bool))| {
        let inside = if desk.interview.asked.contains(&i) {
            let word = if decides { " It decides the design." } else { "" };
            vec![words("b", "", ask), words("p", "", &format!("{answer}{word}"))]
        } else {
            vec![does("ask", &format!("ask:{i}"), ask)]
        };
        tag("li", &[], &[], inside)
    };
    let list = exercise.questions().into_iter().enumerate().map(one).collect();
    let inside =
        vec![words("h2", "card-title", "What would you ask?"), tag("ul", &["class"], &["rows questions"], list)];
    tag("div", &["class"], &["card"], inside)
}

fn sheet(desk: &Desk, exercise: &Exercise) -> Html {
    let one = |of: crate::view::board::exercise::Quantity<'_>| {
        let judged = desk.sheet.iter().find(|row| row.name == of.name);
        let field = if of.given.is_empty() {
            let value = desk.interview.entries.get(of.name).cloned().unwrap_or_default();
            let path = format!("est:{}", of.name);
            let key = path.clone();
            let field = html! { <input type="text" {key} data-set={path} placeholder={of.unit.to_owned()} aria-label={of.label.to_owned()} autocomplete="off" spellcheck="false" /> };
            begun(field, &value)
        } else {
            words("span", "given", of.given)
        };
        let mut inside = vec![words("span", "label", of.label), words("code", "", of.name), field];
        if let Some(row) = judged.filter(|row| !row.said.is_empty()) {
            let class = if row.verdict == "good" { "said good" } else { "said bad" };
            inside.push(words("span", class, &row.said));
            if !row.steps.is_empty() && row.verdict != "missing" {
                inside.push(words("span", "steps", &row.steps));
            }
        }
        if let Some(said) = desk.measured(of.name) {
            inside.push(words("span", "said", &format!("The runs, scaled up: {said}")));
        }
        tag("li", &[], &[], inside)
    };
    let list = exercise.sheet().into_iter().map(one).collect();
    let inside = vec![
        words("h2", "card-title", "Your estimate"),
        words("p", "n", "A number with its unit, or a formula of the names above it: people * looks."),
        tag("ul", &["class"], &["rows sheet"], list),
    ];
    tag("div", &["class"], &["card"], inside)
}

fn follow_ups(desk: &Desk) -> Html {
    if desk.follow_ups.is_empty() {
        let text = "Grade your design first: the interviewer asks about what it and its runs show.";
        return tag("div", &["class"], &["card"], vec![words("p", "", text)]);
    }
    let one = |of: &crate::view::board::interview::FollowUp| {
        let mut inside = vec![words("p", "", &of.ask)];
        if let Some(seed) = of.seed {
            inside.push(does("link", &format!("seed:{seed}"), &format!("Look at seed {seed}")));
        }
        let answer = vec![words("summary", "", "A model answer"), words("p", "", &of.answer)];
        inside.push(tag("details", &[], &[], answer));
        tag("li", &["class"], &["say"], inside)
    };
    let list = desk.follow_ups.iter().map(one).collect();
    tag("div", &["class"], &["asked"], vec![words("b", "", "Interviewer"), tag("ul", &["class"], &["rows"], list)])
}

fn notes(desk: &Desk, here: usize) -> Html {
    let value = desk.interview.notes[here].clone();
    html! {
        <label class="notes" key={format!("notes {here}")}>{ "What you say" }<textarea data-live={format!("note:{here}")} defaultvalue={value} rows="4" /></label>
    }
}

fn answer(desk: &Desk, exercise: &Exercise, here: usize) -> Html {
    let texts = exercise.answer(PHASES[here].0);
    if texts.is_empty() {
        return Html::default();
    }
    if !desk.interview.answered[here] {
        return does("small", &format!("answer:{here}"), "Show a model answer");
    }
    let mut inside = vec![words("b", "", "A model answer")];
    inside.extend(texts.into_iter().map(|text| words("p", "", text)));
    tag("div", &["class"], &["card"], inside)
}

fn rating(desk: &Desk, exercise: &Exercise) -> Html {
    let one = |(i, (skill, levels)): (usize, (&str, Vec<&str>))| {
        let rated = desk.interview.ratings.get(i).copied().unwrap_or(0);
        let level = |(at, text): (usize, &&str)| {
            let level = at as u64 + 1;
            let keys = &["type", "class", "data-do", "aria-pressed"];
            let pressed = if rated == level { "true" } else { "false" };
            let deed = format!("rate:{i}|{level}");
            tag("button", keys, &["button", "level", &deed, pressed], vec![Html::from(format!("{level}. {text}"))])
        };
        let inside = vec![
            words("b", "", skill),
            tag("div", &["class"], &["levels"], levels.iter().enumerate().map(level).collect()),
        ];
        tag("li", &[], &[], inside)
    };
    let list = exercise.rubric().into_iter().enumerate().map(one).collect();
    let inside = vec![words("h2", "card-title", "How was it?"), tag("ul", &["class"], &["rows rubric"], list)];
    tag("div", &["class"], &["card"], inside)
}
