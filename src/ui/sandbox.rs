//! Forms for scenarios: fetched with what there is to choose from, filled in, and given to the engine.
//!
//! One listener for all fields of a form: a field's name says what it is about, and `view::sandbox` knows what to do with
//! its text.

use super::app::Ctx;
use super::bench;
use super::controls::{tag, words};
use super::fetch;
use super::lab::Core;
use super::state::{Action, Load, RunState, Sandbox};
use crate::base::Micros;
use crate::view::compare;
use crate::view::faults::Preset;
use crate::view::route::Route;
use crate::view::sandbox::{self as view, Field, Input, Section};
use crate::wire::{Move, Request, RunSource, Sheet, Shelf};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

impl Core {
    /// Opens what a form holds; simulated up to `ahead` where that is wanted, and shown from its beginning.
    pub fn open_sheet(&self, sheet: &Sheet, ahead: Option<Micros>, play: bool) {
        let source = RunSource::Sheet(Box::new(sheet.clone()));
        self.open(source.clone(), None, play);
        if ahead.is_some() {
            self.open_run(source, None, ahead, None, false);
            *self.then.borrow_mut() = Some(Request::Move(Move::Start));
        }
    }
}

/// Opens what the address names: the sandbox, or two runs side by side, with a scenario of the gallery or with what the
/// form holds.
pub fn open(ctx: &Ctx) {
    match &ctx.state.route {
        Route::Sandbox(slug) => open_with(ctx, slug.clone(), false),
        Route::Cap(slug) => open_with(ctx, slug.clone(), false),
        Route::Compare(slug) => open_with(ctx, slug.clone(), true),
        _ => {}
    }
}

/// Opens one run, or two, with a scenario of the gallery, or without one with what the form holds.
pub fn open_with(ctx: &Ctx, slug: String, two: bool) {
    ctx.dispatch(Action::Loading(String::new()));
    let ctx = ctx.clone();
    spawn_local(async move {
        let shelf = match ctx.state.sandbox.shelf.ready() {
            Some(shelf) => Ok(Rc::clone(shelf)),
            None => fetch::shelf().await.map(Rc::new),
        };
        match shelf {
            Ok(shelf) => begin(&ctx, shelf, &slug, two),
            Err(why) => {
                let shelf = Load::Failed(why);
                ctx.dispatch(Action::Sandbox(Sandbox { shelf, ..ctx.state.sandbox.clone() }));
            }
        }
    });
}

fn begin(ctx: &Ctx, shelf: Rc<Shelf>, slug: &str, two: bool) {
    let old = &ctx.state.sandbox;
    let lab = matches!(ctx.state.route, Route::Cap(_));
    let entry = shelf.gallery.iter().find(|entry| if lab && slug.is_empty() { entry.cap } else { entry.slug == slug });
    let held = !lab && slug.is_empty() && old.sheets[0].is_some();
    let sheets = match entry.or(shelf.gallery.first()) {
        _ if held => old.sheets.clone(),
        Some(entry) => [Some(Rc::new(entry.sheet.clone())), entry.versus.clone().map(Rc::new)],
        None => Default::default(),
    };
    let [Some(sheet), other] = sheets else { return };
    let other = other.unwrap_or_else(|| Rc::clone(&sheet));
    let missing = if slug.is_empty() || entry.is_some() { String::new() } else { slug.to_owned() };
    let sandbox = Sandbox {
        shelf: Load::Ready(shelf),
        sheets: [Some(Rc::clone(&sheet)), Some(Rc::clone(&other))],
        edition: old.edition + 1,
        runs: old.runs + 1,
        missing,
        ..Sandbox::default()
    };
    ctx.dispatch(Action::Sandbox(sandbox));
    ctx.lab.open_sheet(&sheet, two.then(|| compare::ahead(&sheet, &other)), !two && (lab || !slug.is_empty()));
}

/// Changes a form.
fn change(ctx: &Ctx, side: usize, change: impl FnOnce(&Shelf, &mut Sheet)) {
    let mut sandbox = ctx.state.sandbox.clone();
    let (Some(shelf), Some(sheet)) = (sandbox.shelf.ready().cloned(), &mut sandbox.sheets[side]) else { return };
    change(&shelf, Rc::make_mut(sheet));
    sandbox.changed[side] = true;
    ctx.dispatch(Action::Sandbox(sandbox));
}

/// Takes the text of a field.
fn fill(ctx: &Ctx, side: usize, id: &str, text: &str) {
    let mut sandbox = ctx.state.sandbox.clone();
    let (Some(shelf), Some(sheet)) = (sandbox.shelf.ready().cloned(), &mut sandbox.sheets[side]) else { return };
    sandbox.untaken.retain(|(of, field, ..)| *of != side || field != id);
    match view::set(&shelf, Rc::make_mut(sheet), id, text) {
        // Another protocol is another form.
        Ok(()) if id == "protocol" => {
            if side == 1 {
                let left = sandbox.sheets[0].clone().unwrap_or_default();
                sandbox.sheets[1] = Some(Rc::new(view::under(&shelf, &left, text).0));
            }
            sandbox.untaken.retain(|(of, ..)| *of != side);
            sandbox.edition += 1;
        }
        Ok(()) => {}
        Err(why) => sandbox.untaken.push((side, id.into(), text.into(), why)),
    }
    sandbox.changed[side] = true;
    ctx.dispatch(Action::Sandbox(sandbox));
}

/// The form's sheet for a run, when all of its texts could be taken.
pub fn ready(sandbox: &Sandbox, side: usize) -> Option<Rc<Sheet>> {
    let taken = sandbox.untaken.iter().all(|(of, ..)| *of != side);
    sandbox.sheets[side].clone().filter(|_| taken)
}

/// The form of a run; `run` is what became of it.
pub fn form(ctx: &Ctx, side: usize, run: &RunState) -> Html {
    let sandbox = &ctx.state.sandbox;
    let (Some(shelf), Some(sheet)) = (sandbox.shelf.ready(), &sandbox.sheets[side]) else { return Html::default() };
    let onchange = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            let Some((id, text)) = event.target().and_then(filled) else { return };
            if !id.is_empty() {
                fill(&ctx, side, &id, &text);
            }
        })
    };
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| {
            let button = event.target_unchecked_into::<Element>().closest("button[data-do]").ok().flatten();
            if let Some(button) = button {
                pressed(&ctx, side, &button);
            }
        })
    };
    let onsubmit = Callback::from(|event: SubmitEvent| event.prevent_default());
    let wrong = if run.wrong.is_empty() { String::new() } else { view::field_of(shelf, sheet, &run.wrong) };
    let complaint = |field: &Field| -> Option<(String, String)> {
        let untaken = sandbox.untaken.iter().find(|(of, id, ..)| *of == side && *id == field.id);
        match untaken {
            Some((.., text, why)) => Some((text.clone(), why.clone())),
            None if field.id == wrong => Some((field.value.clone(), run.failed.clone().unwrap_or_default())),
            None => None,
        }
    };
    let sections = view::sections(shelf, sheet);
    let sections = sections.iter().enumerate().map(|(place, one)| section(side, place, one, &complaint));
    html! {
        <form class="sheet" key={sandbox.edition} {onchange} {onclick} {onsubmit} autocomplete="off">
            { for sections }
        </form>
    }
}

/// The name and the text of a field.
fn filled(target: web_sys::EventTarget) -> Option<(String, String)> {
    if let Some(select) = target.dyn_ref::<HtmlSelectElement>() {
        return Some((select.name(), select.value()));
    }
    let input = target.dyn_into::<HtmlInputElement>().ok()?;
    let text = if input.type_() == "checkbox" { input.checked().to_string() } else { input.value() };
    Some((input.name(), text))
}

/// What a button of a form does.
fn pressed(ctx: &Ctx, side: usize, button: &Element) {
    let what = button.get_attribute("data-do").unwrap_or_default();
    match what.split_once(':') {
        Some(("remove", place)) => {
            let place = place.parse().unwrap_or(usize::MAX);
            change(ctx, side, |_, sheet| view::remove(sheet, place));
        }
        _ if what == "workload" => change(ctx, side, view::add_workload),
        _ => add_faults(ctx, side, button),
    }
}

/// Adds a script of faults, for the run that is on the bench.
fn add_faults(ctx: &Ctx, side: usize, button: &Element) {
    let Some(row) = button.parent_element() else { return };
    let value = |what: &str| {
        let found = row.query_selector(what).ok().flatten()?;
        Some(match found.dyn_into::<HtmlSelectElement>() {
            Ok(select) => select.value(),
            Err(other) => other.unchecked_into::<HtmlInputElement>().value(),
        })
    };
    let (preset, at) = (value("select").unwrap_or_default(), Micros::parse(&value("input").unwrap_or_default()));
    let preset = Preset::ALL.iter().find(|(_, name, _)| *name == preset);
    let bench = bench::bench_of(ctx);
    let script = preset
        .zip(bench)
        .and_then(|((preset, name, _), bench)| Some((*name, preset.script(bench, ctx.state.run.selected)?)));
    match (script, at) {
        (Some((name, script)), Ok(at)) => change(ctx, side, |_, sheet| view::add_script(sheet, at, name, script)),
        (_, Err(why)) => ctx.dispatch(Action::Toast(why)),
        (None, _) => ctx.dispatch(Action::Toast("These nodes have not what that script needs.".into())),
    }
}

type Complaint<'a> = &'a dyn Fn(&Field) -> Option<(String, String)>;

fn section(side: usize, place: usize, section: &Section, complaint: Complaint<'_>) -> Html {
    let unusual = section.fields.iter().filter(|field| field.is_unusual()).count();
    let bug = section.fields.iter().any(|field| field.input == Input::Bug && field.is_unusual());
    let wrong = section.fields.iter().any(|field| complaint(field).is_some());
    let note = match (unusual, bug) {
        (0, _) => String::new(),
        (n, true) => format!("{n} planted"),
        (n, _) => format!("{n} changed"),
    };
    let fields = section.fields.iter().map(|f| field(side, f, complaint(f)));
    html! {
        <details key={section.title} open={place == 0 || wrong}>
            <summary>{ section.title }<span class={if bug { "n bug" } else { "n" }}>{ note }</span></summary>
            { for fields }
            { more(section.title) }
        </details>
    }
}

/// What can be added to a section.
fn more(title: &str) -> Html {
    match title {
        "Workload" => adder("workload", "Add a workload", Html::default()),
        "Faults and other commands" => {
            // Options come into the page from the last to the first, and the browser would choose the one that came first.
            let option = |(i, (_, name, about)): (usize, &(Preset, &'static str, &'static str))| {
                html! { <option title={*about} selected={i == 0}>{ *name }</option> }
            };
            let options = Preset::ALL.iter().enumerate().map(option);
            let inside = html! {
                <>
                    <select aria-label="Script of faults">{ for options }</select>
                    <label>{ "at " }<input type="text" value="500 ms" size="7" /></label>
                </>
            };
            adder("faults", "Add", inside)
        }
        _ => Html::default(),
    }
}

fn adder(what: &str, label: &str, inside: Html) -> Html {
    let button = tag("button", &["type", "data-do", "class"], &["button", what, "small"], vec![Html::from(label)]);
    tag("p", &["class"], &["adder"], vec![inside, button])
}

fn field(side: usize, field: &Field, complaint: Option<(String, String)>) -> Html {
    let (id, name) = (format!("f{side}-{}", field.id), field.id.clone());
    if field.input == Input::Line {
        let label = format!("Remove: {}", field.label);
        let remove = tag(
            "button",
            &["type", "data-do", "class", "aria-label"],
            &["button", &name, "small", &label],
            vec![Html::from("Remove")],
        );
        // A heading with nothing to fill in before it stands for what follows.
        let head =
            if name.starts_with("remove") && field.label.starts_with("Workload") { field.label.as_str() } else { "" };
        return tag("p", &["class"], &["line"], vec![words("b", "", head), remove]);
    }
    let about = format!("{id}-about");
    let (value, why) = complaint.map_or_else(|| (field.value.clone(), String::new()), |(text, why)| (text, why));
    let invalid = (!why.is_empty()).then_some("true");
    let control = match &field.input {
        Input::Flag | Input::Bug => html! {
            <input type="checkbox" id={id.clone()} {name} checked={value == "true"} aria-describedby={about.clone()} />
        },
        Input::Choice(options) => html! {
            <select id={id.clone()} {name} ~value={value.as_str()} aria-describedby={about.clone()} aria-invalid={invalid}>
                { for options.iter().map(|(own, words)| html! { <option value={own.clone()} selected={*own == value}>{ words }</option> }) }
            </select>
        },
        kind => html! {
            <input type="text" id={id.clone()} {name} {value} aria-describedby={about.clone()} aria-invalid={invalid}
                inputmode={(*kind == Input::Number).then_some("decimal")} />
        },
    };
    let class = match (&field.input, field.is_unusual()) {
        (Input::Bug, true) => "field bug planted",
        (Input::Bug, false) => "field bug",
        (_, true) => "field unusual",
        _ => "field",
    };
    let says = vec![Html::from(field.about.as_str()), words("b", "bad", &why)];
    let inside = vec![
        tag("label", &["for"], &[&id], vec![Html::from(field.label.as_str())]),
        control,
        tag("small", &["id", "role"], &[&about, if why.is_empty() { "note" } else { "alert" }], says),
    ];
    html! { <div key={id} {class}>{ for inside }</div> }
}
