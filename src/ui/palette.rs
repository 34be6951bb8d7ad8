//! One list of all that can be done and read, each with its key: found by typing, opened by Ctrl-K.

use super::app::{Ctx, set_theme};
use super::bench::{self, deeds, tabs, transport};
use super::books;
use super::controls::begun;
use super::effects::{self, use_effect_on};
use super::exports::{self, Share};
use super::keys::show;
use super::rest::Part::Rest;
use super::state::{Action, Tab, Theme};
use crate::base::Micros;
use crate::view::acts::{self, Act};
use crate::view::faults::Preset;
use crate::view::keys::{self, AREAS, Area, Deed, Line, TABLE};
use crate::view::route::Route;
use crate::view::search::search;
use crate::view::words::holds;
use crate::wire::{Command, GalleryEntry};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// Lines shown at most.
const SHOWN_MAX: usize = 200;

enum Do {
    Act(Act),
    /// Something of the bench.
    Deed(Deed),
    Share(Share),
    /// A script of faults.
    Script(Vec<(Micros, Command)>),
    Theme(Theme),
    Keys,
    /// The same set-up again, under this seed.
    Seed(u64),
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

/// Deeds of the bench that an act of the selection stands for: they are listed with the selection's own words.
fn by_selection(area: Area) -> bool {
    !matches!(area, Area::Page | Area::Bench | Area::Present)
}

fn entries(ctx: &Ctx) -> Vec<Entry> {
    let (mut list, own) = (Vec::new(), ctx.state.keys());
    if let Some(bench) = bench::bench_of(ctx).filter(|_| !matches!(ctx.state.route, Route::Home | Route::Compare(_))) {
        let heading = acts::heading(bench, ctx.state.run.selected);
        let acts = acts::acts(bench, ctx.state.run.selected);
        for act in &acts {
            let words =
                if ctx.state.run.selected.is_some() { format!("{heading}: {}", act.label) } else { act.label.clone() };
            let key = keys::shown(&own.key(act.deed));
            list.push(entry("Do", words, &key, Do::Act(act.clone())));
        }
        let tabs = tabs::all().enumerate();
        let show = |i: usize| keys::shown(&own.key(Deed::Tab(i as u8)));
        list.extend(tabs.map(|(i, (tab, words))| entry("Show", words, &show(i), Do::Tab(tab))));
        let bench_lines = TABLE.iter().filter(|line| line.area == Area::Bench && !matches!(line.deed, Deed::Tab(_)));
        let of_act = |deed| matches!(deed, Deed::Request | Deed::Heal | Deed::Undo);
        let bench_lines = bench_lines.filter(|line| !of_act(line.deed));
        list.extend(
            bench_lines.map(|line| entry("Move", line.words, &keys::shown(&own.of(line)), Do::Deed(line.deed))),
        );
        list.extend(whole(ctx, bench));
        let read = TABLE.iter().filter(|line| by_selection(line.area));
        let place = |area| AREAS.iter().find(|(own, _)| *own == area).map_or("", |(_, words)| *words);
        let words = |line: &Line| format!("{}: {}", place(line.area), line.words);
        list.extend(read.map(|line| entry("Keys", words(line), &keys::shown(&own.of(line)), Do::Read)));
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
    list.push(entry("Page", "Keys, and how much is spoken", &keys::shown(&own.key(Deed::Keys)), Do::Keys));
    for (theme, words) in
        [(Theme::Light, "Light theme"), (Theme::Dark, "Dark theme"), (Theme::System, "Theme of the system")]
    {
        list.push(entry("Page", words, "", Do::Theme(theme)));
    }
    if let Some(shelf) = ctx.state.sandbox.shelf.ready() {
        let ready = |e: &GalleryEntry| {
            entry(
                "Scenario",
                format!("{}: {}", e.sheet.title, e.why),
                "",
                Do::Go(Route::Sandbox(e.slug.clone()).href()),
            )
        };
        list.extend(shelf.gallery.iter().map(ready));
    }
    list.push(entry("Page", "Sandbox", "", Do::Go(Route::Sandbox(String::new()).href())));
    list.push(entry(
        "Page",
        "The CAP lab: cut the network of one register",
        "",
        Do::Go(Route::Cap(String::new()).href()),
    ));
    for (words, route) in [
        ("Search lessons, terms and sources", Route::Search),
        ("Glossary", Route::Glossary(String::new())),
        ("Review: what is due; and the concept map", Route::Review),
        ("Design board", Route::Design(String::new())),
        ("For teachers: a link for a class", Route::Class(None)),
    ] {
        list.push(entry("Page", words, "", Do::Go(route.href())));
    }
    list.push(entry("Page", "Two runs side by side", "", Do::Go(Route::Compare(String::new()).href())));
    list.push(entry("Page", "The course", "", Do::Go(Route::Home.href())));
    list.push(entry("Page", "What it models, and what it does not", "", Do::Go(Route::About.href())));
    list
}

/// What is done with the whole run: scripts of faults, files, another seed.
fn whole(ctx: &Ctx, bench: acts::Bench) -> Vec<Entry> {
    let scripts = Preset::ALL.into_iter().filter_map(|(preset, name, meaning)| {
        let script = preset.script(bench, ctx.state.run.selected)?;
        Some(entry("Script", format!("{name}: {meaning}"), "", Do::Script(script)))
    });
    let forms = exports::FORMS.iter().map(|form| entry("Save", form.words, "", Do::Share(Share::Write(*form))));
    let text = entry("Save", "The run as a file, to be opened again", "", Do::Share(Share::Download));
    let copy = entry("Save", "Copy the run as text", "", Do::Share(Share::Copy));
    let seed = bench.opened.seed;
    let again = entry("Run", "Start this run again", "", Do::Seed(seed));
    let other = entry("Run", "Try another seed", "", Do::Seed(transport::another(seed)));
    scripts.chain(forms).chain([text, copy, again, other]).collect()
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
    // Texts are searched once there is something to search for.
    if query.len() > 1 {
        let (course, glossary) = (ctx.state.books.course.ready(), ctx.state.books.glossary.ready());
        let hits = search(course.map(|c| &**c), glossary.map(|g| &**g), &query);
        let hits = hits.into_iter().filter(|hit| hit.group != "Lesson" && hit.href.starts_with('#'));
        list.extend(hits.map(|hit| entry(hit.group, format!("{}: {}", hit.title, hit.excerpt), "", Do::Go(hit.href))));
    }
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
        Do::Deed(deed) => {
            deeds::does(ctx, *deed);
        }
        Do::Share(how) => ctx.lab.share(how.clone()),
        Do::Script(script) => ctx.lab.command_all(script.clone()),
        Do::Seed(seed) => ctx.lab.reopen(Some(*seed)),
        Do::Keys => ctx.dispatch(Action::KeysOpen(Some(Default::default()))),
        Do::Theme(theme) => set_theme(ctx, *theme),
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
    let open = ctx.state.palette.is_some() && Rest.is_here(ctx);
    let shown = dialog.clone();
    let asked = ctx.clone();
    let opens = move || {
        show(&shown, open);
        if open {
            Rest.with(&asked, books::ask);
        }
    };
    use_effect_on([open.into(), 0, 0], effects::plain(opens));
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
            if open { { Rest.shown(ctx, inside) } }
        </dialog>
    }
}

fn inside(ctx: &Ctx) -> Html {
    let Some((query, chosen)) = &ctx.state.palette else { return Html::default() };
    let chosen = *chosen;
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
        let ctx = ctx.clone();
        Callback::from(move |event: KeyboardEvent| {
            // What was typed may not be drawn yet.
            let query = event.target_unchecked_into::<HtmlInputElement>().value();
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
            ctx.dispatch(Action::Palette(Some((query, next))));
        })
    };
    // One listener for all lines.
    let onclick = {
        let (ctx, query) = (ctx.clone(), query.clone());
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
    let field = html! {
        <input type="text" role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant={format!("found-{chosen}")}
            aria-label="Go to, or do" placeholder="Something to do, a lesson, a term" autocomplete="off" {oninput} {onkeydown} />
    };
    html! {
        <>
            { begun(field, query) }
            <ul id="found" role="listbox" aria-label="Found" {onclick}>{ for list.iter().enumerate().map(line) }</ul>
            if count == 0 { <p class="empty" role="status">{ "Nothing is called that." }</p> }
        </>
    }
}
