//! The frame of the page: addresses, theme, progress, notices, and the page that the address names.

use super::controls::{button, file_input};
use super::effects::{self, use_effect_on};
use super::keys::{self, use_keys};
use super::lab::Lab;
use super::palette::use_palette;
use super::rest::Part::{Board, Rest};
use super::state::{Action, KeysOpen, Load, Notice, RunState, State, Theme};
use super::{board, books, fetch, icons, pages, sandbox, storage};
use crate::progress::Progress;
use crate::progress::settings::{self, Settings};
use crate::view::route::Route;
use crate::wire::{RunSource, SourceFile};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::StorageEvent;
use yew::prelude::*;

/// So long the home page has the network and the processor for itself.
const REST_AFTER_MS: u32 = 3_000;

/// What every component can reach.
#[derive(Clone)]
pub struct Ctx(Rc<Reach>);

pub struct Reach {
    pub state: UseReducerHandle<State>,
    pub lab: Lab,
    /// Which state it was made for: the handle always shows the newest.
    version: u64,
}

impl PartialEq for Ctx {
    /// Comparing whole runs would cost more than drawing them.
    fn eq(&self, other: &Self) -> bool {
        self.0.version == other.0.version
    }
}

impl std::ops::Deref for Ctx {
    type Target = Reach;
    fn deref(&self) -> &Reach {
        &self.0
    }
}

impl Reach {
    pub fn dispatch(&self, action: Action) {
        self.state.dispatch(action);
    }
}

impl Ctx {
    /// What is reached with this state by this lab.
    pub fn new(state: UseReducerHandle<State>, lab: Lab) -> Ctx {
        Ctx(Rc::new(Reach { version: state.version, state, lab }))
    }
}

#[hook]
pub fn use_ctx() -> Ctx {
    use_context::<Ctx>().expect("inside of the app")
}

/// Loads a lesson's files and gives them to the engine.
pub fn load_lesson(ctx: &Ctx, slug: &str) {
    let catalogue = ctx.state.catalogue.ready();
    let known = catalogue.is_some_and(|c| c.chapters.iter().flat_map(|c| &c.lessons).any(|l| l.slug == slug));
    ctx.dispatch(Action::Loading(slug.to_owned()));
    if !known {
        let words = format!("There is no lesson called “{slug}”.");
        return ctx.dispatch(Action::Lesson(Load::Failed(words)));
    }
    let (lab, dispatch, slug) = (ctx.lab.clone(), ctx.state.dispatcher(), slug.to_owned());
    spawn_local(async move {
        match fetch::lesson(&slug).await {
            Ok(pack) => lab.load_lesson(slug, pack),
            Err(why) => dispatch.dispatch(Action::Lesson(Load::Failed(why))),
        }
    });
}

/// Opens the home page's living cluster.
pub fn open_home(ctx: &Ctx) {
    let (lab, dispatch) = (ctx.lab.clone(), ctx.state.dispatcher());
    dispatch.dispatch(Action::Loading(String::new()));
    spawn_local(async move {
        let name = "home.json";
        match fetch::text(&format!("lessons/{name}")).await {
            Ok(text) => lab.open(RunSource::Text(SourceFile { name: name.into(), text }), None, true),
            Err(why) => dispatch.dispatch(Action::Failed(why)),
        }
    });
}

pub fn fetch_catalogue(dispatch: UseReducerDispatcher<State>) {
    dispatch.dispatch(Action::Catalogue(Load::Waiting));
    spawn_local(async move {
        dispatch.dispatch(Action::Catalogue(match fetch::catalogue().await {
            Ok(catalogue) => Load::Ready(Rc::new(catalogue)),
            Err(why) => Load::Failed(why),
        }));
    });
}

fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

fn first_state() -> State {
    let (progress, notice) = storage::load();
    let (settings, unread) = storage::load_settings();
    let unread = unread.map(|text| Notice { text, set_aside: None });
    let theme = storage::load_theme();
    storage::save_theme(theme);
    State {
        route: Route::parse(&hash()),
        theme,
        progress: Rc::new(progress),
        aside: storage::has_aside(),
        settings: Rc::new(settings),
        notices: notice.into_iter().chain(unread).collect(),
        ..State::default()
    }
}

#[component]
pub fn App() -> Html {
    let state = use_reducer(first_state);
    let lab = use_memo((), {
        let dispatch = state.dispatcher();
        move |()| Lab::new(dispatch)
    });
    let ctx = Ctx::new(state.clone(), (*lab).clone());
    use_surroundings(&ctx);
    use_saved_progress(&ctx);
    use_place(&ctx);
    use_rest_ahead(&ctx);
    let palette = use_palette(&ctx);
    let keys = use_keys(&ctx);
    let title = title(&state);
    use_effect_on([effects::text(&title), 0, 0], effects::plain(move || document().set_title(&title)));
    let ready = state.run.frame.is_some();
    html! {
        <ContextProvider<Ctx> context={ctx.clone()}>
            <div class="app" data-app="ready" data-engine={ready.then_some("ready")}>
                <a class="skip" href="#main" onclick={skip()}>{ "Skip to the content" }</a>
                if !matches!(state.route, Route::Run { embedded: true, .. }) { { top(&ctx) } }
                { notices(&ctx) }
                { match &state.route {
                    Route::Home => pages::home::home(&ctx),
                    Route::Lesson(..) => Rest.page(&ctx, pages::lesson::lesson),
                    Route::About => Rest.page(&ctx, pages::about::about),
                    Route::Review => Rest.page(&ctx, pages::review::page),
                    Route::Search => Rest.page(&ctx, pages::search::page),
                    Route::Glossary(_) => Rest.page(&ctx, pages::glossary::page),
                    Route::Class(_) => Rest.page(&ctx, pages::class::page),
                    Route::Style => Rest.page(&ctx, pages::style::page),
                    Route::Run { .. } => Rest.page(&ctx, pages::run::run),
                    Route::Sandbox(_) => Rest.page(&ctx, pages::sandbox::sandbox),
                    Route::Cap(_) => Rest.page(&ctx, pages::cap::page),
                    Route::Compare(_) => Rest.page(&ctx, pages::compare::page),
                    Route::Design(_) => Board.page(&ctx, pages::design::page),
                    Route::NotFound(path) => pages::not_found(path),
                } }
                { palette }
                { keys }
            </div>
        </ContextProvider<Ctx>>
    }
}

/// The address's `#` is taken by pages, so the link moves the focus itself.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        focus("main");
    })
}

pub fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        let _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

fn title(state: &State) -> String {
    match &state.route {
        Route::Home => "Faultline: a distributed-systems lab".into(),
        Route::Lesson(..) => match (state.step(), &state.lesson) {
            (Some((_, lesson, page)), _) => format!("{} · {} · Faultline", page.title, lesson.title),
            (None, Load::Failed(_)) => "Lesson not available · Faultline".into(),
            _ => "Lesson · Faultline".into(),
        },
        Route::About => "About · Faultline".into(),
        Route::Review => "Review · Faultline".into(),
        Route::Search => "Search · Faultline".into(),
        Route::Glossary(_) => "Glossary · Faultline".into(),
        Route::Class(_) => "A class · Faultline".into(),
        Route::Style => "Style · Faultline".into(),
        Route::Sandbox(_) => "Sandbox · Faultline".into(),
        Route::Cap(_) => "The CAP lab · Faultline".into(),
        Route::Compare(_) => "Two runs side by side · Faultline".into(),
        Route::Design(_) => "Design board · Faultline".into(),
        Route::Run { .. } => match &state.run.opened {
            Some(opened) => format!("{} · Faultline", opened.title),
            None => "A run · Faultline".into(),
        },
        Route::NotFound(_) => "Page not found · Faultline".into(),
    }
}

#[hook]
fn use_saved_progress(ctx: &Ctx) {
    let dispatch = ctx.state.dispatcher();
    let first = use_mut_ref(|| true);
    let progress = Rc::clone(&ctx.state.progress);
    let save = move || {
        // What was just read need not be written; what could not be read must not be overwritten by nothing.
        if first.replace(false) {
            return;
        }
        match storage::save(&progress) {
            Ok(Some(more)) => dispatch.dispatch(Action::Progress(Rc::new(more))),
            Ok(None) => {}
            Err(text) => dispatch.dispatch(Action::Notice(Notice { text, set_aside: None })),
        }
    };
    use_effect_on([ctx.state.progress_version, 0, 0], effects::plain(save));
}

/// Once: follows the address and the system's wishes about theme and motion, and fetches the catalogue.
#[hook]
fn use_surroundings(ctx: &Ctx) {
    let (dispatch, lab, ctx) = (ctx.state.dispatcher(), ctx.lab.clone(), ctx.clone());
    let listen = move || -> effects::Undo {
        fetch_catalogue(dispatch.clone());
        let other = ctx.clone();
        let go = move |_: &web_sys::Event| dispatch.dispatch(Action::Go(Route::parse(&hash())));
        let find = EventListenerOptions::enable_prevent_default();
        let find = EventListener::new_with_options(&window(), "keydown", find, move |event| keys::pressed(&ctx, event));
        let mut listeners = vec![EventListener::new(&window(), "hashchange", go), find];
        listeners.push(EventListener::new(&window(), "storage", move |event| other_tab(&other, event)));
        let query = |text: &str| window().match_media(text).ok().flatten();
        if let Some(dark) = query("(prefers-color-scheme: dark)") {
            let lab = lab.clone();
            listeners.push(EventListener::new(&dark, "change", move |_| lab.play.theme_changed()));
        }
        if let Some(still) = query("(prefers-reduced-motion: reduce)") {
            lab.play.set_reduced(still.matches());
            let query = still.clone();
            listeners.push(EventListener::new(&still, "change", move |_| lab.play.set_reduced(query.matches())));
        }
        Box::new(move || drop(listeners))
    };
    use_effect_on([0; 3], Box::new(listen));
}

/// Once the cluster of the home page lives, what a lesson needs is fetched before somebody asks for it.
#[hook]
fn use_rest_ahead(ctx: &Ctx) {
    let quiet = matches!(ctx.state.route, Route::Home) && ctx.state.run.frame.is_some();
    let ctx = ctx.clone();
    let fetch = move || -> effects::Undo {
        let timer = quiet.then(|| {
            Timeout::new(REST_AFTER_MS, move || {
                Rest.is_here(&ctx);
            })
        });
        Box::new(|| drop(timer))
    };
    use_effect_on([u64::from(quiet), 0, 0], Box::new(fetch));
}

/// Another tab has stored something: what it knows more is known here too.
fn other_tab(ctx: &Ctx, event: &web_sys::Event) {
    let Some(event) = event.dyn_ref::<StorageEvent>() else { return };
    let (key, text) = (event.key().unwrap_or_default(), event.new_value().unwrap_or_default());
    let state = ctx.state.clone();
    if let Some(all) = storage::heard(&state.progress, &key, &text) {
        ctx.dispatch(Action::Progress(Rc::new(all)));
        let text = "Faultline is open in another tab too. What you do there and here is kept together.";
        ctx.dispatch(Action::Notice(Notice { text: text.into(), set_aside: None }));
    } else if key == settings::KEY
        && let Ok(settings) = Settings::read(&text)
    {
        ctx.dispatch(Action::Settings(Rc::new(settings)));
    }
}

/// What the address names, as far as it can be fetched: nothing, home (an empty name), a lesson, a run (after a `#`), the
/// sandbox (after a `=`), the CAP lab (after a `^`), two runs (after a `~`), the books (an `@`), or the design board (after a
/// `+`).
fn place(state: &State) -> Option<String> {
    match &state.route {
        Route::Run { packed, .. } => Some(format!("#{packed}")),
        Route::Home | Route::Style => Some(String::new()),
        Route::Sandbox(slug) => Some(format!("={slug}")),
        Route::Cap(slug) => Some(format!("^{slug}")),
        Route::Compare(slug) => Some(format!("~{slug}")),
        Route::Review | Route::Search | Route::Glossary(_) => Some(String::from("@")),
        Route::Design(slug) => Some(format!("+{slug}")),
        Route::Lesson(slug, _) if state.catalogue.ready().is_some() => Some(slug.clone()),
        _ => None,
    }
}

impl State {
    /// Goes elsewhere. Where the address holds a run, the one that was open is not drawn there first, to be taken away again
    /// at once.
    pub(super) fn go(&mut self, route: Route) {
        let before = std::mem::replace(&mut self.route, route);
        if let Route::Run { packed, .. } = &self.route
            && !matches!(&before, Route::Run { packed: same, .. } if same == packed)
        {
            self.run = RunState::default();
        }
    }
}

#[hook]
fn use_place(ctx: &Ctx) {
    let ctx = ctx.clone();
    let place = place(&ctx.state);
    let key = [place.is_some().into(), place.as_deref().map_or(0, effects::text), 0];
    let go = move || {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        match place.as_deref() {
            Some("") => open_home(&ctx),
            Some(run) if run.starts_with('#') => Rest.with(&ctx, pages::run::open),
            Some("@") => Rest.with(&ctx, books::open),
            Some(design) if design.starts_with('+') => Board.with(&ctx, board::open),
            Some(form) if form.starts_with(['=', '^', '~']) => Rest.with(&ctx, sandbox::open),
            Some(slug) => load_lesson(&ctx, slug),
            None => ctx.lab.play.pause(),
        }
    };
    use_effect_on(key, effects::plain(go));
}

fn top(ctx: &Ctx) -> Html {
    let theme = ctx.state.theme;
    let (next, words) = match theme {
        Theme::System => (Theme::Light, "system"),
        Theme::Light => (Theme::Dark, "light"),
        Theme::Dark => (Theme::System, "dark"),
    };
    let cycle = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| set_theme(&ctx, next))
    };
    let find = find(ctx);
    let list = keys_list(ctx);
    let crumb = ctx.state.step().map(|(_, lesson, _)| {
        html! {
            <span class="crumb"><span class="hide">{ format!("{} ", lesson.id) }</span><b>{ &lesson.title }</b></span>
        }
    });
    html! {
        <header class="top">
            <a class="mark" href={Route::Home.href()} aria-label="Faultline">{ icons::mark() }<span>{ "Faultline" }</span></a>
            { crumb.unwrap_or_default() }
            <span class="sp"></span>
            { button("quiet find hide", "Find", find) }
            <button type="button" class="quiet keys" onclick={list} title="Keys, and how much is spoken (?)" aria-label="Keys">{ "?" }</button>
            <a class="quiet sand" href={Route::Sandbox(String::new()).href()}>{ "Sandbox" }</a>
            <a class="quiet hide design-link" href={Route::Design(String::new()).href()}>{ "Design" }</a>
            <a class="quiet hide about-link" href={Route::About.href()}>{ "About" }</a>
            { progress_menu(ctx) }
            <button type="button" id="theme" onclick={cycle} aria-label={format!("Theme: {words}")} title="Light, dark, or as the system has it"><span>{ "Theme" }<span class="hide">{ ": " }{ words }</span></span></button>
        </header>
    }
}

pub fn set_theme(ctx: &Ctx, theme: Theme) {
    storage::save_theme(theme);
    ctx.lab.play.theme_changed();
    ctx.dispatch(Action::Theme(theme));
}

/// Opens the list of all that can be done.
fn find(ctx: &Ctx) -> Callback<MouseEvent> {
    let ctx = ctx.clone();
    Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Palette(Some(Default::default()))))
}

/// Opens the list of keys.
fn keys_list(ctx: &Ctx) -> Callback<MouseEvent> {
    let ctx = ctx.clone();
    Callback::from(move |_: MouseEvent| ctx.dispatch(Action::KeysOpen(Some(KeysOpen::default()))))
}

/// Progress as a file, out and in.
fn progress_menu(ctx: &Ctx) -> Html {
    let export = {
        let progress = Rc::clone(&ctx.state.progress);
        Callback::from(move |_: MouseEvent| {
            storage::download("faultline-progress.json", storage::JSON, &progress.to_text())
        })
    };
    let import = {
        let ctx = ctx.clone();
        Callback::from(move |read: Result<String, String>| {
            let words = match read.and_then(|text| Progress::read(&text)) {
                Ok(progress) => {
                    let mut all = (*ctx.state.progress).clone();
                    all.merge(progress);
                    ctx.dispatch(Action::Progress(Rc::new(all)));
                    "The progress in the file was added to yours.".to_owned()
                }
                Err(why) => format!("The file was not taken up: {why}."),
            };
            ctx.dispatch(Action::Notice(Notice { text: words, set_aside: None }));
        })
    };
    let (find, list) = (find(ctx), keys_list(ctx));
    let aside = Callback::from(|_: MouseEvent| storage::download_aside());
    html! {
        <>
            <button type="button" id="progress" popovertarget="progress-menu">{ "Progress" }</button>
            <div class="menu" id="progress-menu" popover="auto" role="group" aria-label="Progress">
                <p>{ "Your progress stays in this browser. Nothing leaves this machine." }</p>
                { button("", "Save as a file", export) }
                { file_input("Add from a file", import) }
                if ctx.state.aside { { button("", "Save what was set aside", aside) } }
                { button("", "Go to, or do…", find) }
                { button("", "Keys and speech…", list) }
                <a href={Route::Review.href()}>{ "Review and concept map" }</a>
                <a href={Route::Search.href()}>{ "Search the course" }</a>
                <a href={Route::Glossary(String::new()).href()}>{ "Glossary" }</a>
                <a href={Route::Sandbox(String::new()).href()}>{ "To the sandbox" }</a>
                <a href={Route::Design(String::new()).href()}>{ "To the design board" }</a>
                <a href={Route::About.href()}>{ "About Faultline" }</a>
            </div>
        </>
    }
}

/// A message that stays until it is closed.
pub fn notice(notice: &Notice, close: Callback<MouseEvent>) -> Html {
    let download = notice.set_aside.clone().map(|text| {
        let save = Callback::from(move |_: MouseEvent| storage::download(storage::ASIDE_FILE, storage::JSON, &text));
        button("", "Download it", save)
    });
    html! {
        <div class="notice">
            <p>{ &notice.text }</p>
            { download.unwrap_or_default() }
            { button("", "Close", close) }
        </div>
    }
}

fn notices(ctx: &Ctx) -> Html {
    let one = |(i, each): (usize, &Notice)| {
        let ctx = ctx.clone();
        notice(each, Callback::from(move |_: MouseEvent| ctx.dispatch(Action::CloseNotice(i))))
    };
    html! {
        <div class="notices" role="status">{ for ctx.state.notices.iter().enumerate().map(one) }</div>
    }
}
