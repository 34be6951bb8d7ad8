//! What the hand does on the board's page: clicks and fields by what their elements say, and keys.

use super::super::app::{Ctx, focus};
use super::super::lab::Core;
use super::super::links;
use super::super::state::Action;
use super::super::storage;
use super::{act, file, keep, known, put, runs, zoom};
use crate::view::board::camera::Camera;
use crate::view::board::desk::{Desk, LOADS, SEEDS_MAX, Selected, TABS};
use crate::view::board::layout::Place;
use crate::view::board::picture::{self, Picture};
use crate::view::board::{kinds, values};
use crate::view::route::Route;
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The element that an event is about: the nearest with an attribute.
pub fn about(event: &Event, attribute: &str) -> Option<(Element, String)> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let found = element.closest(&format!("[{attribute}]")).ok()??;
    let value = found.get_attribute(attribute)?;
    Some((found, value))
}

pub fn clicks(ctx: &Ctx) -> Callback<MouseEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: MouseEvent| {
        let Some((_, deed)) = about(&event, "data-do") else { return };
        // On the board the pointer has been heard already; a click without one is of a screen reader.
        match deed.strip_prefix("pick:") {
            None => does(&ctx.lab, &deed),
            Some(name) if event.detail() == 0 => does(&ctx.lab, &format!("select:{name}")),
            Some(_) => {}
        }
    })
}

fn does(core: &Core, deed: &str) {
    let (verb, of) = deed.split_once(':').unwrap_or((deed, ""));
    match verb {
        "run" => runs::grade(core),
        "cancel" => runs::stop(core),
        "seed" => {
            let seed = of.parse().unwrap_or(0);
            act(core, &mut |desk| desk.said = format!("Looking at seed {seed}."));
            runs::look(core, seed);
        }
        "file" => {
            let desk = known(core);
            storage::download(&format!("{}.toml", desk.slug), "application/toml", &desk.text);
        }
        "svg" => {
            let desk = known(core);
            storage::download(&format!("{}.svg", desk.slug), "image/svg+xml", &picture::file(&desk));
        }
        "link" => link(core),
        "copy-as-mine" => {
            let (slug, desk) = (keep::free(), known(core));
            put(core, &slug, &desk.text, desk.exercise.as_deref().cloned());
            keep::save(&known(core));
            let _ = window().location().set_hash(&Route::Design(slug).href());
        }
        "over" => {
            keep::forget(&known(core).slug);
            // The page is drawn anew by its address.
            let slug = known(core).slug.clone();
            *core.works.desk.borrow_mut() = None;
            act(core, &mut |_| {});
            let me = core.me.clone();
            reopen(me, slug);
        }
        "report" => {
            let desk = known(core);
            if let Some(exercise) = &desk.exercise {
                let text = crate::view::board::interview::report(&desk, exercise);
                storage::download(&format!("{}.md", desk.slug), "text/markdown", &text);
            }
        }
        "forget" => {
            keep::forget(of);
            act(core, &mut |_| {});
        }
        "tab" => {
            let tab = of.parse::<usize>().ok().and_then(|i| TABS.get(i));
            act(core, &mut |desk| desk.tab = tab.map_or(desk.tab, |(tab, _)| *tab));
        }
        "connect" => {
            act(core, &mut |desk| {
                desk.linking = if desk.linking.is_some() { None } else { Some(of.to_owned()) };
                desk.said = format!("Choose what {of} calls.");
            });
        }
        _ => {
            act(core, &mut |desk| at_desk(desk, verb, of));
            if matches!(verb, "select" | "toggle" | "wire" | "add" | "add-typed" | "paste") {
                show_form();
                known(core).chosen().last().iter().for_each(|name| zoom::follow(core, name));
            }
        }
    }
}

fn reopen(me: std::rc::Weak<Core>, slug: String) {
    spawn_local(async move {
        let found = super::find(&slug).await;
        let Some(core) = me.upgrade() else { return };
        match found {
            Ok((text, exercise)) => put(&core, &slug, &text, exercise),
            Err(why) => core.dispatch.dispatch(Action::Failed(why)),
        }
    });
}

fn link(core: &Core) {
    let (me, text) = (core.me.clone(), known(core).text.clone());
    let of = known(core).exercise.as_ref().map_or(String::new(), |exercise| format!(".{}", exercise.slug));
    spawn_local(async move {
        let packed = links::pack_text(&text).await;
        let Some(core) = me.upgrade() else { return };
        let said = |said: &str| act(&core, &mut |desk| desk.said = said.to_owned());
        match packed {
            Err(why) => said(&why),
            Ok(packed) => {
                let address = links::address(&Route::Design(packed + &of));
                core.dispatch.dispatch(Action::Linked(address.clone()));
                let length = address.len();
                let me = core.me.clone();
                storage::copy(&address, move |done| {
                    let Some(core) = me.upgrade() else { return };
                    let how = if done { "copied" } else { "but this browser does not let it be copied" };
                    act(&core, &mut |desk| desk.said = format!("A link of {length} characters, {how}."));
                });
            }
        }
    });
}

/// The form of what was selected stands at the top of the guide.
pub fn show_form() {
    if let Some(guide) = document().query_selector(".board .guide").ok().flatten() {
        guide.set_scroll_top(0);
    }
}

/// What needs nothing but the desk.
fn at_desk(desk: &mut Desk, verb: &str, of: &str) {
    match verb {
        "add" => {
            if let Some(kind) = kinds::of(of) {
                desk.add(kind, None);
            }
        }
        "add-typed" => {
            let typed = field("board-add");
            if desk.add_typed(&typed) {
                clear("board-add");
            }
        }
        "select" => desk.select(Selected::Part(of.to_owned())),
        "toggle" => desk.toggle(of),
        "several" => desk.several = !desk.several,
        "all" => desk.choose(desk.doc.parts().iter().map(|part| part.name.to_owned()).collect()),
        "refused" => desk.refused = None,
        "wire" => {
            if let Some((from, to)) = of.split_once('|') {
                desk.select(Selected::Edge(from.to_owned(), to.to_owned()));
            }
        }
        "close" => {
            desk.select(Selected::Nothing);
            (desk.linking, desk.several) = (None, false);
        }
        "undo" => desk.undo(),
        "redo" => desk.redo(),
        "remove" => desk.remove(),
        "copy" => desk.copy(),
        "cut" => {
            desk.copy();
            desk.remove_chosen();
        }
        "paste" => desk.paste(),
        "aside" => desk.aside(of),
        "earlier" => desk.change("", "", |doc| {
            doc.earlier(of);
        }),
        "uncall" => {
            if let Some((path, to)) = of.split_once('|') {
                desk.disconnect(path, to);
            }
        }
        "drop" => desk.change("", "", |doc| {
            doc.put(of, None);
        }),
        "arrange" => {
            desk.camera = Camera::default();
            desk.change("", "Arranged.", |doc| doc.arrange());
        }
        "zoom" => {
            let board = Picture::new(desk).size();
            desk.camera = desk.camera.stepped(board, of.parse().unwrap_or(0));
        }
        "whole" => (desk.part, desk.playing) = (None, false),
        "still" => desk.still = !desk.still,
        "play" => {
            let parts = desk.seen.as_ref().map_or(0, |seen| seen.parts());
            // From the beginning, if it stands at the end.
            desk.part = desk.part.filter(|part| desk.playing || part + 1 < parts);
            desk.playing = !desk.playing;
        }
        "phase" => {
            desk.interview.running |= desk.interview.phase.is_none();
            desk.interview.phase = of.parse().ok();
        }
        "clock" => desk.interview.running = !desk.interview.running,
        "ask" => desk.interview.asked.extend(of.parse::<usize>()),
        "answer" => {
            if let Some(shown) = of.parse::<usize>().ok().and_then(|i| desk.interview.answered.get_mut(i)) {
                *shown = true;
            }
        }
        "rate" => {
            if let Some((skill, level)) = of.split_once('|').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
            {
                desk.interview.rate(skill, level);
            }
        }
        "add-class" | "add-fault" | "add-requirement" => add_line(desk, verb, of),
        _ => {}
    }
}

fn add_line(desk: &mut Desk, verb: &str, of: &str) {
    use crate::view::board::toml::{self, Value};
    let (list, text) = match verb {
        "add-class" => {
            (format!("clients/{of}/classes"), format!("{{ name = \"class-{}\" }}", desk.doc.classes().len() + 1))
        }
        "add-fault" => {
            let part =
                desk.doc.parts().into_iter().find(|part| part.kind.table != "clients").map(|part| part.name.to_owned());
            let part = part.unwrap_or_default();
            (
                "faults".to_owned(),
                format!("{{ at = \"10s\", until = \"14s\", does.down = {{ component = \"{part}\", instance = 0 }} }}"),
            )
        }
        _ => {
            let class = desk.doc.classes().first().map_or("read", |class| class).to_owned();
            ("requirements".to_owned(), format!("\"p99({class}) <= 100ms in 95%\""))
        }
    };
    let Ok(value) = toml::value(&text) else { return };
    desk.change("", "Added.", |doc| {
        if doc.at(&list).is_none() {
            doc.put(&list, Some(Value::List(Vec::new())));
        }
        let count = doc.at(&list).map_or(0, |list| list.list().len());
        doc.put(&format!("{list}/{count}"), Some(value));
    });
}

fn field(id: &str) -> String {
    let input = document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlInputElement>().ok());
    input.map_or(String::new(), |input| input.value())
}

fn clear(id: &str) {
    if let Some(input) = document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
        input.set_value("");
    }
}

// Fields.

/// What is in a field, as text.
fn value(element: &Element) -> String {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        return if input.type_() == "checkbox" { input.checked().to_string() } else { input.value() };
    }
    if let Some(select) = element.dyn_ref::<HtmlSelectElement>() {
        return select.value();
    }
    element.dyn_ref::<HtmlTextAreaElement>().map_or(String::new(), HtmlTextAreaElement::value)
}

pub fn changes(ctx: &Ctx) -> Callback<Event> {
    let ctx = ctx.clone();
    Callback::from(move |event: Event| {
        let Some((element, path)) = about(&event, "data-set") else { return };
        let value = value(&element);
        let core = &*ctx.lab;
        if path == "file:"
            && let Ok(input) = element.dyn_into()
        {
            return file::open(core, input);
        }
        let (verb, of) = path.split_once(':').unwrap_or(("", path.as_str()));
        act(core, &mut |desk| match verb {
            "name" => desk.rename(of, &value),
            "shape" => desk.reshape(of, &value),
            "est" => drop(desk.interview.entries.insert(of.to_owned(), value.clone())),
            "seeds" => desk.seeds = value.parse::<u64>().unwrap_or(desk.seeds).clamp(1, SEEDS_MAX),
            "load" => desk.load = value.parse::<u64>().unwrap_or(100).clamp(LOADS.0, LOADS.1),
            "call" if !value.is_empty() => {
                let from = of.to_owned();
                desk.connect(&from, &value);
                desk.selected = Selected::Part(from);
                desk.edition += 1;
            }
            "harm" => harm(desk, of, &value),
            "" => {
                if let Some(takes) = values::takes(&path) {
                    desk.set(&path, takes, &value);
                }
            }
            _ => {}
        });
        if verb == "load" {
            runs::look_soon(core);
        }
    })
}

/// What a fault does is another kind of harm.
fn harm(desk: &mut Desk, path: &str, kind: &str) {
    use crate::view::board::toml::{self, Value};
    let does = desk.doc.at(&format!("{path}/does")).and_then(Value::table).and_then(|does| does.0.first().cloned());
    let part = does.as_ref().and_then(|(_, harm)| harm.table()).map(|harm| {
        let from = harm.words("from");
        if from.is_empty() { harm.words("component").to_owned() } else { from.to_owned() }
    });
    let part = part.unwrap_or_default();
    let to = desk.doc.edges().into_iter().find(|edge| edge.from == part).map_or(String::new(), |edge| edge.to);
    let text = match kind {
        "slow" => format!("{{ slow = {{ component = \"{part}\", factor = 5.0 }} }}"),
        "cut" => format!("{{ cut = {{ from = \"{part}\", to = \"{to}\" }} }}"),
        "zone" => format!("{{ zone = \"{}\" }}", desk.doc.zones().first().map_or("", String::as_str)),
        "region" => format!("{{ region = \"{}\" }}", desk.doc.regions().first().map_or("", String::as_str)),
        "hot" => {
            let keys = desk.doc.0.table("keys").and_then(|keys| keys.0.first()).map_or("", |(name, _)| name);
            format!("{{ hot = {{ keys = \"{keys}\", key = 0, share = 0.5 }} }}")
        }
        "deploy" => format!("{{ deploy = {{ component = \"{part}\", instances = 1, factor = 5.0, fails = 0.05 }} }}"),
        _ => format!("{{ down = {{ component = \"{part}\", instance = 0 }} }}"),
    };
    if let Ok(value) = toml::value(&text) {
        desk.change("", "", |doc| {
            doc.put(&format!("{path}/does"), Some(value));
        });
        desk.edition += 1;
    }
}

pub fn inputs(ctx: &Ctx) -> Callback<InputEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: InputEvent| {
        let Some((element, what)) = about(&event, "data-live") else { return };
        let value = value(&element);
        act(&ctx.lab, &mut |desk| match what.as_str() {
            "text" => {
                desk.write(&value);
                // Fields that were typed in begin anew.
                desk.edition += 1;
            }
            "part" => desk.part = value.parse().ok(),
            what => {
                if let (Some(path), Ok(at)) = (what.strip_prefix("try:"), value.parse()) {
                    desk.try_value(path, at);
                }
                let note = what.strip_prefix("note:").and_then(|i| i.parse::<usize>().ok());
                if let Some(note) = note.and_then(|i| desk.interview.notes.get_mut(i)) {
                    note.clone_from(&value);
                }
            }
        });
    })
}

// Keys.

/// Fields keep their keys, as far as they are typed in.
fn types(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|e| match e.tag_name().as_str() {
        "INPUT" => !matches!(e.get_attribute("type").as_deref(), Some("range" | "checkbox" | "file")),
        tag => matches!(tag, "TEXTAREA" | "SELECT"),
    })
}

fn way(key: &str) -> Option<(i32, i32)> {
    Some(match key {
        "ArrowLeft" => (-1, 0),
        "ArrowRight" => (1, 0),
        "ArrowUp" => (0, -1),
        "ArrowDown" => (0, 1),
        _ => return None,
    })
}

/// With the control key.
fn controlled(core: &Core, event: &KeyboardEvent) -> bool {
    let (key, on_part) = (event.key(), about(event, "data-part").is_some());
    let desk = known(core);
    let can_copy = !desk.chosen().is_empty() && no_words_chosen();
    let deed = match (key.to_ascii_lowercase().as_str(), event.shift_key()) {
        ("z", false) => "undo",
        ("z", true) | ("y", _) => "redo",
        ("c", _) if can_copy => "copy",
        ("x", _) if can_copy => "cut",
        ("v", _) if !desk.clipboard.is_empty() => "paste",
        ("a", _) if on_part => "all",
        _ => return on_part && way(&key).is_some_and(|way| zoom::push(core, way)),
    };
    does(core, deed);
    true
}

pub fn keys(ctx: &Ctx) -> Callback<KeyboardEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: KeyboardEvent| {
        if key(&ctx.lab, &event) {
            event.prevent_default();
        }
    })
}

fn key(core: &Core, event: &KeyboardEvent) -> bool {
    let control = event.ctrl_key() || event.meta_key();
    let key = event.key();
    if types(event) {
        if key == "Enter" && about(event, "data-enter").is_some() {
            does(core, "add-typed");
            return true;
        }
        return false;
    }
    if control {
        return controlled(core, event);
    }
    let arrow = way(&key);
    if let Some((_, tab)) = about(event, "role").filter(|(_, role)| role == "tab").and_then(|_| about(event, "data-do"))
    {
        return arrow.is_some_and(|(dx, _)| to_tab(core, &tab, dx));
    }
    let part = about(event, "data-part").map(|(_, name)| name);
    match (key.as_str(), arrow, part) {
        ("Escape", ..) => {
            let part = if let Selected::Part(name) = &known(core).selected { Some(name.clone()) } else { None };
            does(core, "close");
            part.iter().for_each(|name| focus_part(name));
        }
        ("+", ..) => focus("board-add"),
        ("=", ..) => does(core, "zoom:1"),
        ("-", ..) => does(core, "zoom:-1"),
        ("0", ..) => does(core, "zoom:0"),
        (_, Some(way), Some(name)) if event.alt_key() => nudge(core, &name, way),
        (_, Some(way), Some(name)) if event.shift_key() => extend(core, &name, way),
        (_, Some(way), Some(name)) => {
            let picture = Picture::new(&known(core));
            picture.toward(Some(&name), way).iter().for_each(|part| focus_part(&part.name));
        }
        ("Enter" | " ", _, Some(name)) if event.shift_key() => does(core, &format!("toggle:{name}")),
        ("Enter" | " ", _, Some(name)) => {
            let linked = known(core).linking.is_some();
            does(core, &format!("select:{name}"));
            if !linked && key == "Enter" {
                focus("board-form");
            }
        }
        ("c" | "C", _, Some(name)) => does(core, &format!("connect:{name}")),
        ("Delete" | "Backspace", _, Some(name)) => {
            act(core, &mut |desk| {
                if !desk.is_chosen(&name) {
                    desk.select(Selected::Part(name.clone()));
                }
                desk.remove_chosen();
            });
            focus("board-add");
        }
        _ => return false,
    }
    true
}

fn no_words_chosen() -> bool {
    let chosen = js_sys::Reflect::get(&window(), &"getSelection".into()).ok();
    let chosen =
        chosen.and_then(|get| get.dyn_into::<js_sys::Function>().ok()).and_then(|get| get.call0(&window()).ok());
    chosen.and_then(|chosen| js_sys::Reflect::get(&chosen, &"isCollapsed".into()).ok()).is_none_or(|is| is.is_truthy())
}

fn to_tab(core: &Core, deed: &str, by: i32) -> bool {
    let at: i32 = deed.trim_start_matches("tab:").parse().unwrap_or(0);
    let next = (at + by).rem_euclid(TABS.len() as i32);
    does(core, &format!("tab:{next}"));
    focus(&format!("board-tab-{next}"));
    true
}

/// From a component to the next one, which is chosen too; back over one that was chosen, which is not any more.
fn extend(core: &Core, name: &str, way: (i32, i32)) {
    let picture = Picture::new(&known(core));
    let Some(next) = picture.toward(Some(name), way) else { return };
    act(core, &mut |desk| {
        let mut all = desk.chosen();
        let back = desk.is_chosen(name) && desk.is_chosen(&next.name);
        all.retain(|own| own != name && *own != next.name);
        if !back {
            all.push(name.to_owned());
        }
        all.push(next.name.clone());
        desk.choose(all);
    });
    focus_part(&next.name);
}

fn nudge(core: &Core, name: &str, (dx, dy): (i32, i32)) {
    let picture = Picture::new(&known(core));
    let Some(at) = picture.part(name).map(|part| part.at) else { return };
    let to = Place { x: at.x + 10.0 * dx as f32, y: at.y + 10.0 * dy as f32 };
    act(core, &mut |desk| desk.move_to(name, to));
}

fn focus_part(name: &str) {
    let all = document().query_selector_all("g[data-part]").ok();
    let Some(all) = all else { return };
    for i in 0..all.length() {
        let element = all.get(i).and_then(|node| node.dyn_into::<Element>().ok());
        if let Some(element) = element.filter(|e| e.get_attribute("data-part").as_deref() == Some(name)) {
            let focus = js_sys::Reflect::get(&element, &"focus".into()).ok();
            if let Some(focus) = focus.and_then(|focus| focus.dyn_into::<js_sys::Function>().ok()) {
                let _ = focus.call0(&element);
            }
        }
    }
}
