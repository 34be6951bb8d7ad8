//! One list of all that can be done and read, each with its key: found by typing, opened by Ctrl-K or `?`.

use super::app::Ctx;
use super::bench::{self, tabs};
use super::effects::{self, use_effect_on};
use super::state::{Action, Tab};
use crate::view::acts::{self, Act};
use crate::view::route::Route;
use crate::view::words::holds;
use web_sys::{HtmlDialogElement, HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// Lines shown at most.
const SHOWN_MAX: usize = 60;

enum Do {
    Act(Act),
    /// A key of the bench.
    Key(&'static str),
    Tab(Tab),
    Go(String),
    /// Nothing: it is there to be read.
    Read,
}

struct Entry {
    group: &'static str,
    words: String,
    key: String,
    what: Do,
}

fn entry(group: &'static str, words: impl Into<String>, key: &str, what: Do) -> Entry {
    Entry { group, words: words.into(), key: key.into(), what }
}

/// Moving about on the bench: the words, the key as it is shown, and as it is pressed.
const MOVES: [(&str, &str, &str); 10] = [
    ("Play or pause", "Space", " "),
    ("Step forward", ".", "."),
    ("Step back", ",", ","),
    ("To the next interesting event", "]", "]"),
    ("To the previous interesting event", "[", "["),
    ("Select the next message", "M", "m"),
    ("Closer", "+", "+"),
    ("Further away", "−", "-"),
    ("See the whole stage", "0", "0"),
    ("Select nothing", "Esc", "Escape"),
];

/// Keys that work where the focus is, and cannot be pressed from here.
const PLACES: [(&str, &str); 8] = [
    ("From node to node", "arrow keys"),
    ("Move the node in focus", "Shift arrow keys"),
    ("In the space-time diagram: to the previous, the next event", "← →"),
    ("In the space-time diagram: to the cause, to the effect", "↑ ↓"),
    ("In the space-time diagram: compare this event with the next ones", "Enter"),
    ("In the space-time diagram: earlier, later", "Page ↑ ↓"),
    ("From tab to tab", "← →"),
    ("This list", "Ctrl K or ?"),
];

fn entries(ctx: &Ctx) -> Vec<Entry> {
    let mut list = Vec::new();
    if let Some(bench) = bench::bench_of(ctx).filter(|_| !matches!(ctx.state.route, Route::Home)) {
        let heading = acts::heading(bench, ctx.state.run.selected);
        for act in acts::acts(bench, ctx.state.run.selected) {
            let words =
                if ctx.state.run.selected.is_some() { format!("{heading}: {}", act.label) } else { act.label.clone() };
            let key = if act.key == "delete" { "Del".to_owned() } else { act.key.to_ascii_uppercase() };
            list.push(entry("Do", words, &key, Do::Act(act)));
        }
        list.extend(MOVES.iter().map(|(words, shown, key)| entry("Move", *words, shown, Do::Key(key))));
        list.extend(tabs::all().map(|(tab, words)| entry("Show", words, "", Do::Tab(tab))));
        list.extend(PLACES.iter().map(|(words, key)| entry("Keys", *words, key, Do::Read)));
    }
    if let Some(lesson) = ctx.state.lesson.ready() {
        let step = |i: usize| Do::Go(Route::Lesson(lesson.slug.clone(), i as u32).href());
        let steps = lesson.steps.iter().enumerate();
        list.extend(steps.map(|(i, s)| entry("Step", format!("{}. {}", i + 1, s.title), "", step(i))));
        let terms = lesson.glossary.iter();
        list.extend(terms.map(|(term, meaning)| entry("Term", format!("{term}: {meaning}"), "", Do::Read)));
    }
    for lesson in ctx.state.catalogue.ready().iter().flat_map(|c| &c.chapters).flat_map(|c| &c.lessons) {
        let words = format!("{} {}: {}", lesson.id, lesson.title, lesson.question);
        list.push(entry("Lesson", words, "", Do::Go(Route::Lesson(lesson.slug.clone(), 0).href())));
    }
    list.push(entry("Page", "The course", "", Do::Go(Route::Home.href())));
    list.push(entry("Page", "What it models, and what it does not", "", Do::Go(Route::About.href())));
    list
}

/// The entries that have every word that was typed. Without the standard library's searches and letters of all scripts, which
/// would be 8 kB more.
fn found(ctx: &Ctx, query: &str) -> Vec<Entry> {
    let query = query.to_ascii_lowercase();
    let mut list = entries(ctx);
    list.retain(|e| {
        let text = [e.group, &e.words, &e.key].join(" ").to_ascii_lowercase();
        query.split_ascii_whitespace().all(|word| holds(&text, word))
    });
    list.truncate(SHOWN_MAX);
    list
}

fn run(ctx: &Ctx, what: &Do) {
    if let Do::Read = what {
        return;
    }
    ctx.dispatch(Action::Palette(None));
    match what {
        Do::Act(act) => bench::perform(ctx, act),
        Do::Key(key) => {
            bench::by_key(ctx, key);
        }
        Do::Tab(tab) => ctx.dispatch(Action::Tab(*tab)),
        Do::Go(href) => {
            let _ = gloo::utils::window().location().set_hash(href);
        }
        Do::Read => {}
    }
}

#[hook]
pub fn use_palette(ctx: &Ctx) -> Html {
    let dialog = use_node_ref();
    let open = ctx.state.palette.is_some();
    let show = {
        let dialog = dialog.clone();
        move || {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                if open && !dialog.open() {
                    let _ = dialog.show_modal();
                } else if !open {
                    dialog.close();
                }
            }
        }
    };
    use_effect_on([open.into(), 0, 0], effects::plain(show));
    let chosen = ctx.state.palette.as_ref().map_or(0, |(_, chosen)| *chosen as u64 + 1);
    let in_sight = move || {
        let line = gloo::utils::document().get_element_by_id(&format!("found-{}", chosen.saturating_sub(1)));
        if let Some(line) = line.filter(|_| chosen > 0) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            line.scroll_into_view_with_scroll_into_view_options(&options);
        }
    };
    use_effect_on([chosen, 0, 0], effects::plain(in_sight));
    let onclose = {
        let ctx = ctx.clone();
        Callback::from(move |_: Event| ctx.dispatch(Action::Palette(None)))
    };
    html! {
        <dialog ref={dialog} class="ask palette-box" aria-label="Go to, or do" {onclose}>
            if let Some((query, chosen)) = &ctx.state.palette { { inside(ctx, query, *chosen) } }
        </dialog>
    }
}

fn inside(ctx: &Ctx, query: &str, chosen: usize) -> Html {
    let list = found(ctx, query);
    let count = list.len();
    let oninput = {
        let ctx = ctx.clone();
        Callback::from(move |event: InputEvent| {
            let query = event.target_unchecked_into::<HtmlInputElement>().value();
            ctx.dispatch(Action::Palette(Some((query, 0))));
        })
    };
    let onkeydown = {
        let (ctx, query) = (ctx.clone(), query.to_owned());
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowDown" => (chosen + 1) % count.max(1),
                "ArrowUp" => (chosen + count.max(1) - 1) % count.max(1),
                "Enter" => {
                    event.prevent_default();
                    if let Some(entry) = found(&ctx, &query).get(chosen) {
                        run(&ctx, &entry.what);
                    }
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            ctx.dispatch(Action::Palette(Some((query.clone(), next))));
        })
    };
    // One listener for all lines.
    let onclick = {
        let (ctx, query) = (ctx.clone(), query.to_owned());
        Callback::from(move |event: MouseEvent| {
            let line = event.target_unchecked_into::<HtmlElement>().closest("li").ok().flatten();
            let place = line.and_then(|line| line.id().strip_prefix("found-").and_then(|n| n.parse::<usize>().ok()));
            if let Some(entry) = place.and_then(|place| found(&ctx, &query).into_iter().nth(place)) {
                run(&ctx, &entry.what);
            }
        })
    };
    let line = |(i, e): (usize, &Entry)| {
        html! {
            <li role="option" id={format!("found-{i}")} aria-selected={(i == chosen).to_string()}>
                <span class="n">{ e.group }</span><span>{ &e.words }</span>if !e.key.is_empty() { <kbd>{ &e.key }</kbd> }
            </li>
        }
    };
    html! {
        <>
            <input type="text" role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant={format!("found-{chosen}")}
                aria-label="Go to, or do" placeholder="Something to do, a lesson, a term" autocomplete="off" value={query.to_owned()} {oninput} {onkeydown} />
            <ul id="found" role="listbox" aria-label="Found" {onclick}>{ for list.iter().enumerate().map(line) }</ul>
            if count == 0 { <p class="empty" role="status">{ "Nothing is called that." }</p> }
        </>
    }
}
