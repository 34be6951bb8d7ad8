//! The design board, drawn. What it is and can do stands in `view::board`; here its parts become elements, what the hand
//! does becomes calls of the desk, and the workers are asked. Elements say what they do in `data-do` (clicks), `data-set`
//! (fields) and `data-part`, so that a few listeners serve all of them.

mod acts;
mod charts;
mod file;
mod form;
mod guide;
mod interview;
mod keep;
mod list;
mod pointer;
mod runs;
mod stage;
mod whatif;
mod zoom;

use super::app::Ctx;
use super::controls::{tag, words};
use super::effects::{self, use_effect_on};
use super::fetch;
use super::lab::Core;
use super::links;
use super::pages::failed;
use super::state::Action;
use crate::view::board::desk::{Desk, TABS, Tab};
use crate::view::board::doc::Doc;
use crate::view::board::exercise::Exercise;
use crate::view::route::{Route, is_slug};
use gloo::events::EventListener;
use gloo::timers::callback::Interval;
use gloo::utils::window;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long a part of a run is shown while it plays, in milliseconds.
const PART_MS: u32 = 300;

/// The desk as it is.
fn known(core: &Core) -> Rc<Desk> {
    core.works.desk.borrow().clone().unwrap_or_default()
}

/// Does something at the desk, has it drawn, and has a changed text checked and kept.
fn act(core: &Core, change: &mut dyn FnMut(&mut Desk)) {
    let mut desk = known(core);
    let (text, slug) = (desk.text.clone(), desk.slug.clone());
    let interview = desk.interview.clone();
    change(Rc::make_mut(&mut desk));
    let changed = desk.text != text && desk.slug == slug;
    if changed && desk.wrong.is_none() {
        Rc::make_mut(&mut desk).opened = None;
    }
    *core.works.desk.borrow_mut() = Some(Rc::clone(&desk));
    core.dispatch.dispatch(Action::Desk(Rc::clone(&desk)));
    if changed {
        keep::save(&desk);
        runs::check_soon(core);
    }
    if desk.interview != interview && desk.slug == slug {
        keep::save_interview(&desk);
        if desk.interview.entries != interview.entries {
            runs::judge_sheet(core);
        }
    }
}

/// Puts a design on the desk, with the exercise that it is for.
fn put(core: &Core, slug: &str, text: &str, exercise: Option<Exercise>) {
    runs::stop(core);
    let mut desk = Desk::open(slug, text);
    desk.interview = keep::interview(slug);
    desk.exercise = exercise.map(Rc::new);
    desk.tall = is_tall();
    desk.edition = known(core).edition + 1;
    // What was copied can be put into another design.
    desk.clipboard.clone_from(&known(core).clipboard);
    *core.works.desk.borrow_mut() = Some(Rc::new(desk));
    act(core, &mut |_| {});
    runs::exercise(core);
    runs::check(core);
}

fn is_tall() -> bool {
    window().match_media("(max-width: 760px)").ok().flatten().is_some_and(|query| query.matches())
}

/// Opens what the address names: what is kept of it here, else the design that ships.
pub fn open(ctx: &Ctx) {
    ctx.lab.play.pause();
    let Route::Design(slug) = ctx.state.route.clone() else { return };
    let me = ctx.lab.me.clone();
    if slug.is_empty() {
        keep::list(&ctx.lab);
        return;
    }
    if known(&ctx.lab).slug == slug {
        return;
    }
    spawn_local(async move {
        let found = find(&slug).await;
        let Some(core) = me.upgrade() else { return };
        match found {
            // A design from a link is one's own from the first change on.
            Ok((text, exercise)) if slug.contains('.') => put(&core, &keep::free(), &text, exercise),
            Ok((text, exercise)) => put(&core, &slug, &keep::load(&slug).unwrap_or(text), exercise),
            Err(why) => core.dispatch.dispatch(Action::Failed(why)),
        }
    });
}

/// What a name stands for: the text to begin with, and the exercise that it is for. A design of one's own and one in a
/// link say which exercise they are for: `1.PACKED.EXERCISE`.
async fn find(slug: &str) -> Result<(String, Option<Exercise>), String> {
    if let Some((version, packed)) = slug.split_once('.') {
        let (packed, of) = packed.split_once('.').unwrap_or((packed, ""));
        return Ok((links::unpack_text(&format!("{version}.{packed}")).await?, exercise(of).await?));
    }
    if slug.starts_with(keep::OWN) {
        return Ok((Doc::empty("My design").write(), exercise(&keep::of(slug)).await?));
    }
    match exercise(slug).await? {
        Some(exercise) => Ok((exercise.starter().write(), Some(exercise))),
        None => Ok((text(slug).await?, None)),
    }
}

async fn text(slug: &str) -> Result<String, String> {
    fetch::text(&format!("lessons/designs/{slug}.toml")).await
}

/// The exercise of a name; none of no name, and of a plain design's.
async fn exercise(slug: &str) -> Result<Option<Exercise>, String> {
    if slug.is_empty() || !is_slug(slug) {
        return Ok(None);
    }
    let mut read = Exercise::read(&text(slug).await?).ok().filter(Exercise::is_one);
    if let Some(exercise) = &mut read {
        exercise.slug = slug.to_owned();
    }
    Ok(read)
}

pub fn page(_: &Ctx) -> Html {
    html! { <Board /> }
}

#[component]
fn Board() -> Html {
    let ctx = super::app::use_ctx();
    use_width(&ctx);
    use_clock(&ctx);
    use_play(&ctx);
    let desk = shown(&ctx);
    zoom::use_zoom(&ctx, desk.is_some());
    let Route::Design(slug) = &ctx.state.route else { return Html::default() };
    if slug.is_empty() {
        return list::shelf(&ctx);
    }
    if let Some(why) = &ctx.state.run.failed {
        let retry = {
            let ctx = ctx.clone();
            Callback::from(move |_: MouseEvent| open(&ctx))
        };
        return super::pages::sandbox::waiting("Design board", failed("The design could not be opened", why, retry));
    }
    match desk {
        Some(desk) => whole(&ctx, desk),
        None => super::pages::sandbox::waiting("Design board", words("p", "", "Fetching the design…")),
    }
}

/// The design that the page has before it, if it is there.
fn shown(ctx: &Ctx) -> Option<&Rc<Desk>> {
    let Route::Design(slug) = &ctx.state.route else { return None };
    let own = |desk: &&Rc<Desk>| desk.slug == *slug || slug.contains('.') && desk.slug.starts_with(keep::OWN);
    ctx.state.desk.as_ref().filter(own).filter(|_| ctx.state.run.failed.is_none() && !slug.is_empty())
}

/// The board follows the width of the window.
#[hook]
fn use_width(ctx: &Ctx) {
    let core = ctx.lab.me.clone();
    let listen = move || -> effects::Undo {
        let listener = EventListener::new(&window(), "resize", move |_| {
            let Some(core) = core.upgrade() else { return };
            if known(&core).tall != is_tall() {
                act(&core, &mut |desk| desk.tall = is_tall());
            }
        });
        Box::new(move || drop(listener))
    };
    use_effect_on([0; 3], Box::new(listen));
}

/// The interview's clock, while it goes.
#[hook]
fn use_clock(ctx: &Ctx) {
    let running = ctx.state.desk.as_ref().is_some_and(|desk| desk.interview.running);
    let core = ctx.lab.me.clone();
    let tick = move || -> effects::Undo {
        // By the time of day: a tab in the background is called less often.
        let last = Cell::new(effects::today_ms());
        let interval = running.then(|| {
            Interval::new(1_000, move || {
                let seconds = effects::today_ms().saturating_sub(last.get()) / 1_000;
                last.set(last.get() + seconds * 1_000);
                if let Some(core) = core.upgrade().filter(|_| seconds > 0) {
                    act(&core, &mut |desk| desk.interview.spent += seconds);
                }
            })
        });
        Box::new(move || drop(interval))
    };
    use_effect_on([running.into(), 0, 1], Box::new(tick));
}

/// The parts of a run follow each other while it plays.
#[hook]
fn use_play(ctx: &Ctx) {
    let playing = ctx.state.desk.as_ref().is_some_and(|desk| desk.playing);
    let core = ctx.lab.me.clone();
    let tick = move || -> effects::Undo {
        let interval = playing.then(|| {
            Interval::new(PART_MS, move || {
                if let Some(core) = core.upgrade() {
                    act(&core, &mut Desk::play_on);
                }
            })
        });
        Box::new(move || drop(interval))
    };
    use_effect_on([playing.into(), 0, 2], Box::new(tick));
}

fn whole(ctx: &Ctx, desk: &Rc<Desk>) -> Html {
    let (onclick, onchange, oninput) = (acts::clicks(ctx), acts::changes(ctx), acts::inputs(ctx));
    let onkeydown = acts::keys(ctx);
    html! {
        <main id="main" class="lesson board" tabindex="-1" {onclick} {onchange} {oninput} {onkeydown}>
            <section class="guide" aria-label="The design and its score" tabindex="0">
                <div class="guide-body">{ guide::guide(desk) }</div>
            </section>
            <div class="desk">
                { stage::stage(ctx, desk) }
                { bar(desk) }
                { results(desk) }
            </div>
            <p class="sr-only" role="status">{ &desk.said }</p>
        </main>
    }
}

/// A button that says what it does.
fn does(class: &str, deed: &str, text: &str) -> Html {
    tag("button", &["type", "class", "data-do"], &["button", class, deed], vec![Html::from(text)])
}

/// The same, if that can be done now.
fn can(class: &str, deed: &str, text: &str, can: bool) -> Html {
    let values = ["button", class, deed, "true"];
    let values = if can { &values[..3] } else { &values[..] };
    tag("button", &["type", "class", "data-do", "disabled"], values, vec![Html::from(text)])
}

/// Below the board: what is done to it as a whole, and the runs.
fn bar(desk: &Desk) -> Html {
    use crate::view::board::desk::Standing;
    let running = desk.standing == Standing::Running;
    let run = if running {
        does("pri", "cancel", "Cancel")
    } else {
        can("pri", "run", &format!("Run {} seeds", desk.seeds), desk.is_ready())
    };
    let kept = html! {
        <>
            <button type="button" popovertarget="board-menu">{ "Keep" }</button>
            <div class="menu" id="board-menu" popover="auto" role="group" aria-label="Keep this design">
                <p>{ "It is kept in this browser as you change it." }</p>
                { does("", "file", "Save as a file") }
                { file::chooser() }
                { does("", "svg", "Save as a picture (SVG)") }
                { does("", "link", "Make a link") }
                { does("", "copy-as-mine", "Go on with a copy") }
                { does("", "over", "Start over") }
            </div>
        </>
    };
    let inside = vec![
        can("", "undo", "Undo", desk.can_undo()),
        can("", "redo", "Redo", desk.can_redo()),
        does("", "arrange", "Arrange"),
        kept,
        tag("span", &["class"], &["sp"], Vec::new()),
        words("span", "said", &desk.said),
        run,
    ];
    tag("div", &["class", "role", "aria-label"], &["bar", "group", "Deeds"], inside)
}

/// The tabs below the board.
fn results(desk: &Desk) -> Html {
    let one = |(i, (tab, name)): (usize, &(Tab, &str))| {
        let deed = format!("tab:{i}");
        let selected = if *tab == desk.tab { "true" } else { "false" };
        let keys = &["type", "role", "id", "data-do", "aria-selected", "aria-controls", "tabindex"];
        let id = format!("board-tab-{i}");
        let index = if *tab == desk.tab { "0" } else { "-1" };
        let values = ["button", "tab", &id, &deed, selected, "board-panel", index];
        tag("button", keys, &values, vec![Html::from(*name)])
    };
    let at = TABS.iter().position(|(tab, _)| *tab == desk.tab).unwrap_or(0);
    let list = tag(
        "div",
        &["class", "role", "aria-label"],
        &["strip", "tablist", "What is shown"],
        TABS.iter().enumerate().map(one).collect(),
    );
    let inside = match desk.tab {
        Tab::Text => list::text(desk),
        Tab::List => list::parts(desk),
        Tab::Cost => charts::cost(desk),
        _ => charts::results(desk),
    };
    let panel = tag(
        "div",
        &["id", "class", "role", "aria-labelledby", "tabindex"],
        &["board-panel", "panel", "tabpanel", &format!("board-tab-{at}"), "0"],
        vec![inside],
    );
    tag("section", &["class", "aria-label"], &["results", "What was measured"], vec![list, panel])
}
