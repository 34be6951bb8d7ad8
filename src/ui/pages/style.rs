//! The design system on one page, `#/style`: every token, and every component in every state, made by the functions that
//! make them elsewhere. Nothing leads here; tests and those who change the looks come by the address.

use super::super::app::{Ctx, use_ctx};
use super::super::bench::Bench;
use super::super::controls::{button, details, file_input, link, tag, tool, words};
use super::super::guide::{Guide, GuideAction};
use super::super::icons;
use super::super::state::Notice;
use super::failed;
use crate::base::Micros;
use crate::progress::{Answer, EXPLAIN, GoalMet, LessonProgress};
use crate::view::Ink;
use crate::wire::*;
use std::rc::Rc;
use yew::prelude::*;

/// Colours of elements; those of the canvas are listed by the inks themselves.
const COLOURS: [&str; 7] = ["well", "edge", "on-accent", "accent-soft", "brand", "good-soft", "bad-soft"];
const SPACES: [&str; 6] = ["s1", "s2", "s3", "s4", "s5", "s6"];
const TYPES: [&str; 10] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];

/// What the guide is shown with, in all states at once.
struct Sample {
    page: Rc<LessonPage>,
    progress: Rc<LessonProgress>,
    goals: Rc<Vec<GoalCard>>,
    outcomes: Rc<Vec<(String, PredictionOutcome)>>,
    measurement: Option<Rc<Measurement>>,
}

fn text(words: &str) -> Vec<Inline> {
    vec![Inline::Text(words.into())]
}

fn step() -> StepPage {
    let prediction = |id: &str| PredictionPage {
        id: id.into(),
        question: text("Which of the two will it be?"),
        options: vec![text("The one"), text("The other")],
    };
    let goal = |id: &str| GoalPage {
        id: id.into(),
        title: text("A goal that is ").into_iter().chain([Inline::Code(id.into())]).collect(),
    };
    let prose = vec![
        Inline::Text("Text with a ".into()),
        Inline::Term("term".into(), "term".into()),
        Inline::Text(", ".into()),
        Inline::Strong("weight".into()),
        Inline::Text(", ".into()),
        Inline::Emphasis("stress".into()),
        Inline::Text(" and a source".into()),
        Inline::Source("book".into()),
    ];
    StepPage {
        id: "s".into(),
        title: "The guide".into(),
        prose: vec![
            Block::Paragraph(prose),
            Block::Quote(text("A quotation.")),
            Block::List { ordered: false, items: vec![text("One"), text("Two")] },
            Block::Code("code {\n}".into()),
        ],
        predictions: vec![prediction("open"), prediction("waits"), prediction("right"), prediction("wrong")],
        goals: vec![goal("open"), goal("met"), goal("missed"), goal("kept")],
        hints: vec![text("A hint that is open."), text("Another.")],
        measure: Some(MeasurePage {
            id: "m".into(),
            title: "A measurement".into(),
            intro: text("Two variants, one column."),
            columns: vec!["Latency".into()],
            axis: Some("replicas".into()),
            variants: vec!["1".into(), "5".into()],
            theories: vec![TheoryPage {
                column: 0,
                title: "what theory says".into(),
                values: vec![("2 ms".into(), 2_000.0), ("9 ms".into(), 9_000.0)],
            }],
            choices: Vec::new(),
            requirements: Vec::new(),
        }),
        buttons: vec!["A button of the step".into()],
    }
}

fn sample() -> Sample {
    let page = LessonPage {
        id: "0.0".into(),
        slug: "style".into(),
        title: "Style".into(),
        question: String::new(),
        minutes: 1,
        reading: 1,
        explain: Some((text("What is the idea of this page?"), text("Each part once, in each of its states."))),
        steps: vec![step()],
        omissions: vec![text("Nothing is left out.")],
        sources: vec![SourceCard { id: "book".into(), text: "A source.".into(), url: None }],
        glossary: vec![("term".into(), "What a term means.".into())],
    };
    let mut progress = LessonProgress::default();
    for (id, option, truth) in [("waits", 0, None), ("right", 0, Some(0)), ("wrong", 1, Some(0))] {
        progress.answers.insert(format!("s/{id}"), Answer { option, confidence: 70, truth });
    }
    progress.goals.insert("s/kept".into(), GoalMet { at_us: 1_200, sentence: String::new(), run: "{}".into() });
    progress.hints.insert("s".into(), 1);
    progress.write(EXPLAIN, "Two sentences of the learner's. They stay text.");
    let card = |index: u32, state: GoalState, sentence: &str| GoalCard {
        index,
        state,
        sentence: sentence.into(),
        evidence: (state == GoalState::Met).then_some((3, Micros(1_200))),
    };
    let goals = vec![
        card(0, GoalState::Open, "1 of 3 so far"),
        card(1, GoalState::Met, "it happened"),
        card(2, GoalState::Missed, "it did not happen"),
    ];
    let outcome = |prediction: u32| PredictionOutcome {
        step: 0,
        prediction,
        truth: 0,
        because: text("The run says so."),
        evidence: Some((3, Micros(1_200))),
        run: String::new(),
    };
    let row = |title: &str, value: u32| MeasuredRow {
        title: title.into(),
        cells: vec![Some((format!("{value} ms"), value.into()))],
        seed: 1,
        at: Micros::ZERO,
    };
    let measurement = Measurement {
        id: "m".into(),
        step: 0,
        choices: Vec::new(),
        rows: vec![row("1", 9), row("5", 21)],
        verdicts: Vec::new(),
        follow_ups: Vec::new(),
        answer: Vec::new(),
        done: 2,
        runs: 2,
    };
    Sample {
        page: Rc::new(page),
        progress: Rc::new(progress),
        goals: Rc::new(goals),
        outcomes: Rc::new(vec![("s/right".into(), outcome(2)), ("s/wrong".into(), outcome(3))]),
        measurement: Some(Rc::new(measurement)),
    }
}

fn section(title: &str, inside: Vec<Html>) -> Html {
    let mut all = vec![words("h2", "", title)];
    all.extend(inside);
    tag("section", &[], &[], all)
}

/// The tokens. Classes say which: the style sheet has no inline styles to be given.
fn tokens() -> Vec<Html> {
    let swatch = |name: &str| {
        let fill = format!("var(--{name})");
        let colour = tag("rect", &["width", "height", "rx", "fill"], &["44", "28", "6", &fill], Vec::new());
        let picture = tag("svg", &["width", "height", "aria-hidden"], &["44", "28", "true"], vec![colour]);
        tag("li", &[], &[], vec![picture, words("code", "", name)])
    };
    let colours = Ink::ALL.iter().map(|(_, name)| *name).chain(COLOURS).map(swatch).collect();
    let space = |name: &&str| {
        let width = format!("var(--{name})");
        let bar = tag("rect", &["width", "height", "fill"], &[&width, "12", "var(--accent)"], Vec::new());
        let picture = tag("svg", &["width", "height", "aria-hidden"], &["44", "12", "true"], vec![bar]);
        tag("li", &[], &[], vec![picture, words("code", "", name)])
    };
    let size =
        |name: &&str| tag("li", &["class"], &[&format!("type-{name}")], vec![Html::from(format!("{name}: 1.204 s"))]);
    vec![
        section("Colours", vec![tag("ul", &["class"], &["swatches"], colours)]),
        section("Spaces", vec![tag("ul", &["class"], &["swatches"], SPACES.iter().map(space).collect())]),
        section("Type", vec![tag("ul", &["class"], &["sizes"], TYPES.iter().map(size).collect())]),
    ]
}

fn controls() -> Vec<Html> {
    let nothing = Callback::from(|_: MouseEvent| {});
    let press = |class: &'static str, said: &'static str| button(class, said, nothing.clone());
    let row = |inside: Vec<Html>| tag("p", &["class"], &["row"], inside);
    let buttons = row(vec![
        press("", "A button"),
        press("pri", "The main one"),
        press("small", "Small"),
        press("big", "Big"),
        press("link", "As a link"),
        press("records", "Records"),
        tag("button", &["type", "disabled"], &["button", ""], vec![Html::from("Not now")]),
        tag("button", &["type", "aria-pressed"], &["button", "true"], vec![Html::from("Pressed")]),
        tool("With a picture", "A tip".into(), icons::forward(), "", nothing.clone()),
        tool("With both", "A tip".into(), icons::back(), "Step", nothing),
        link("button", "#/style", "A way as a button"),
        file_input("A file", Callback::from(|_| {})),
        words("kbd", "", "Ctrl K"),
    ]);
    let fields = html! {
        <p class="row">
            <label>{ "Text " }<input type="text" value="some words" /></label>
            <label>{ "Number " }<input type="number" value="12" /></label>
            <label>{ "Choice " }<select><option>{ "One" }</option><option>{ "Two" }</option></select></label>
            <label>{ "Range " }<input type="range" /></label>
            <label><input type="checkbox" checked={true} />{ " On" }</label>
            <label><input type="checkbox" />{ " Off" }</label>
            <label><input type="radio" name="style" checked={true} />{ " This" }</label>
            <label><input type="radio" name="style" />{ " That" }</label>
            <label>{ "Under way " }<progress max="3" value="1"></progress></label>
        </p>
    };
    let more = details("What can be opened", words("p", "", "What it holds."));
    vec![section("Buttons", vec![buttons]), section("Fields", vec![fields, more])]
}

pub fn page(_: &Ctx) -> Html {
    html! { <Style /> }
}

#[component]
fn Style() -> Html {
    let ctx = use_ctx();
    let sample = use_memo((), |()| sample());
    let nothing = Callback::from(|_: MouseEvent| {});
    let notice = |text: &str| {
        let notice = Notice { text: text.into(), set_aside: Some(String::new()) };
        super::super::app::notice(&notice, nothing.clone())
    };
    let said = vec![
        notice("A notice that stays until it is closed."),
        failed("What failed", "Why it did.", nothing.clone()),
        words("p", "wrong", "What is wrong with an answer."),
        words("p", "empty", "Where nothing is."),
    ];
    html! {
        <main id="main" class="style" tabindex="-1">
            <h1>{ "Style" }</h1>
            { for tokens() }
            { for controls() }
            { section("Words to the learner", said) }
            <section>
                <h2>{ "The guide, a prediction and a goal in each state" }</h2>
                <div class="guide"><Guide page={sample.page.clone()} step={0} progress={sample.progress.clone()} goals={sample.goals.clone()}
                    outcomes={sample.outcomes.clone()} measurement={sample.measurement.clone()} measuring={false} on={Callback::from(|_: GuideAction| {})} /></div>
            </section>
            <section class="whole"><h2>{ "The bench" }</h2>if ctx.state.run.opened.is_some() { <Bench /> }</section>
        </main>
    }
}
