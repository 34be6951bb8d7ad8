//! The board itself: the palette, the drawing, and the form of what is selected.

use super::super::app::Ctx;
use super::super::controls::{tag, words};
use super::{does, file, form, pointer};
use crate::view::board::camera::Camera;
use crate::view::board::desk::{Desk, Hold, Selected};
use crate::view::board::frames::{CAPTION, Frame, Level};
use crate::view::board::kinds::KINDS;
use crate::view::board::layout::{HEIGHT, Place, SHEET, WIDTH, tenths};
use crate::view::board::picture::{self, Callout, Dot, Part, Picture, SHOWN_S, Wire};
use crate::view::board::seen::percent;
use gloo::utils::window;
use std::rc::Rc;
use yew::prelude::*;

pub fn stage(ctx: &Ctx, desk: &Desk) -> Html {
    let picture = Picture::new(desk);
    let (onpointerdown, onpointermove, onpointerup, onpointercancel) = pointer::pointing(ctx);
    let class = match &desk.hold {
        Some(Hold::Part { to: Some(_), .. } | Hold::Ground { .. }) => "board-stage grabbing",
        Some(Hold::Line { .. } | Hold::New { .. }) => "board-stage linking",
        _ if desk.linking.is_some() => "board-stage linking",
        _ => "board-stage",
    };
    html! {
        <div {class} {onpointerdown} {onpointermove} {onpointerup} {onpointercancel}>
            { drawing(desk, &picture) }
            { palette() }
            { corner(desk, &picture) }
            // Elsewhere it stands beside the board, and covers nothing.
            if desk.tall { { file::refused(desk) } }
            if desk.tall && desk.selected != Selected::Nothing { { form::form(desk) } }
        </div>
    }
}

fn palette() -> Html {
    let one = |kind: &&'static crate::view::board::kinds::Kind| {
        let deed = format!("add:{}", kind.table);
        let keys = &["type", "class", "data-do", "data-new", "title"];
        tag("button", keys, &["button", "act", &deed, kind.table, kind.is], vec![Html::from(kind.title)])
    };
    let kinds = KINDS.iter().collect::<Vec<_>>();
    let keys = &["id", "type", "placeholder", "aria-label", "data-enter", "autocomplete", "spellcheck"];
    let values = ["board-add", "text", "+ cache", "Add a component by typing what it is", "add", "off", "false"];
    let typed = vec![tag("input", keys, &values, Vec::new()), does("", "add-typed", "Add")];
    let mut inside = vec![tag("div", &["class"], &["typed"], typed)];
    let list = tag("div", &["class"], &["kinds"], kinds.iter().map(one).collect());
    inside.push(tag("details", &["open"], &["true"], vec![words("summary", "", "Components"), list]));
    tag("div", &["class", "role", "aria-label"], &["palette", "group", "Add a component"], inside)
}

/// Zoom, and how to go on.
fn corner(desk: &Desk, picture: &Picture) -> Html {
    let named = |deed: &str, text: &str, name: &str, can: bool| {
        let keys = &["type", "class", "data-do", "aria-label", "title", "disabled"];
        let values = ["button", "small", deed, name, name, "true"];
        tag("button", keys, if can { &values[..5] } else { &values[..] }, vec![Html::from(text)])
    };
    let mut inside = vec![
        named("zoom:-1", "−", "Further (-)", true),
        named("zoom:1", "+", "Closer (=)", true),
        named("zoom:0", "All", "All of the board (0)", desk.camera != Camera::default()),
    ];
    inside.push(match desk.still {
        true => named("still", "▶", "Let the requests move", true),
        false => named("still", "❚❚", "Stop the requests", true),
    });
    // Where there is no shift key.
    let keys = &["type", "class", "data-do", "aria-pressed", "title"];
    let pressed = if desk.several { "true" } else { "false" };
    let title = "A click selects one more, as with the shift key";
    inside.push(tag("button", keys, &["button", "small", "several", pressed, title], vec![Html::from("Several")]));
    let zoom = tag("div", &["class", "role", "aria-label"], &["zoom", "group", "Zoom and motion"], inside);
    let hint = match (&desk.linking, desk.doc.parts().len()) {
        (Some(from), _) => format!("Choose what {from} calls. Esc ends this."),
        (None, 0..=1) => "Drag a component here, or type what it is: + service.".into(),
        _ => String::new(),
    };
    let hint = if hint.is_empty() { Html::default() } else { words("p", "hint", &hint) };
    let map = if desk.camera.is_close() { minimap(picture) } else { Html::default() };
    tag("div", &["class"], &["corner"], vec![map, hint, zoom])
}

fn minimap(picture: &Picture) -> Html {
    let (from, w, h) = picture.view;
    let view = format!("0 0 {} {}", tenths(picture.width), tenths(picture.height));
    let rect = |class: &str, at: Place, w: f32, h: f32| {
        let values = [class, &tenths(at.x), &tenths(at.y), &tenths(w), &tenths(h)];
        tag("rect", &["class", "x", "y", "width", "height"], &values, Vec::new())
    };
    let mut inside: Vec<Html> = picture.parts.iter().map(|part| rect("box", part.at, WIDTH, HEIGHT)).collect();
    inside.push(rect("sight", from, w, h));
    tag("svg", &["class", "viewBox", "aria-hidden"], &["minimap", &view, "true"], inside)
}

fn drawing(desk: &Desk, picture: &Picture) -> Html {
    let (from, w, h) = picture.view;
    let view = format!("{} {} {} {}", tenths(from.x), tenths(from.y), tenths(w), tenths(h));
    let ground = tag(
        "rect",
        &["class", "data-ground", "x", "y", "width", "height"],
        &["ground", "", &tenths(from.x - w), &tenths(from.y - h), &tenths(w * 3.0), &tenths(h * 3.0)],
        Vec::new(),
    );
    let mut wires: Vec<Html> = picture.wires.iter().map(wire).collect();
    if let Some((a, b)) = picture.new_line {
        let d = format!("M{} {}L{} {}", tenths(a.x), tenths(a.y), tenths(b.x), tenths(b.y));
        wires.push(tag("path", &["class", "d"], &["new-line", &d], Vec::new()));
    }
    let moving = !window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|m| m.matches());
    let current = desk.seen_of == desk.text && desk.hold.is_none();
    let dots = if current && moving && !desk.still { picture::dots(desk, picture) } else { Vec::new() };
    let flow: Vec<Html> = dots.iter().map(dot).collect();
    let frames = picture.frames.iter().map(frame).collect();
    let mut inside = vec![ground, tag("g", &["aria-hidden"], &["true"], frames)];
    inside.push(tag("g", &["aria-hidden"], &["true"], wires));
    inside.push(tag("g", &["class", "aria-hidden"], &["flow", "true"], flow));
    // In groups of their own and by their names: what comes and goes takes no focus along.
    inside.push(tag("g", &[], &[], picture.parts.iter().map(part).collect()));
    inside.push(tag("g", &[], &[], picture.callout.iter().map(callout).collect()));
    if let Some((at, w, h)) = picture.lasso {
        inside.push(rect("lasso", at, (w, h), "3"));
    }
    let keys = &["viewBox", "role", "aria-label", "preserveAspectRatio", "class", "data-drawing", "width", "height"];
    let size = (tenths(w), tenths(h));
    let close = if desk.camera.is_close() { " pushes" } else { "" };
    let class = format!("{}{close}", if desk.tall { "tall" } else { "wide" });
    let values = [view.as_str(), "group", "The design", "xMidYMid meet", &class, "", &size.0, &size.1];
    tag("svg", keys, if desk.tall { &values[..] } else { &values[..6] }, inside)
}

/// Where components stand, with its name.
fn frame(of: &Frame) -> Html {
    let class = if of.level == Level::Region { "frame of-region" } else { "frame" };
    let inside = vec![
        rect("around", of.at, (of.width, of.height), "10"),
        text("soft", of.at.x + 7.0, of.at.y + CAPTION + 2.0, "start", &of.caption),
    ];
    tag("g", &["class"], &[class], inside)
}

fn wire(of: &Wire) -> Html {
    let mut class = String::from("wire");
    for (is, name) in [(of.selected, " selected"), (of.troubled, " troubled"), (of.edge.detached, " detached")] {
        class += if is { name } else { "" };
    }
    let deed = format!("wire:{}|{}", of.edge.from, of.edge.to);
    let inside = vec![
        words("title", "", &of.told),
        tag("path", &["class", "d"], &["near", &of.line.path], Vec::new()),
        tag("path", &["class", "d"], &["line", &of.line.path], Vec::new()),
        tag("path", &["class", "d"], &["head", &of.line.head], Vec::new()),
    ];
    tag("g", &["class", "data-do"], &[&class, &deed], inside)
}

/// A request: it moves as it did.
fn dot(of: &Dot) -> Html {
    let class = if of.slow { "dot slow" } else { "dot" };
    let seconds = format!("{SHOWN_S}s");
    let motion = tag(
        "animateMotion",
        &["path", "dur", "repeatCount", "calcMode", "keyTimes", "keyPoints"],
        &[&of.path, &seconds, "indefinite", "linear", &of.times, &of.points],
        Vec::new(),
    );
    // At rest at either end it is no request on the way.
    let show = tag(
        "animate",
        &["attributeName", "dur", "repeatCount", "calcMode", "keyTimes", "values"],
        &["opacity", &seconds, "indefinite", "discrete", &of.times, "0;1;0;1;0;0"],
        Vec::new(),
    );
    tag("circle", &["class", "r", "opacity"], &[class, if of.slow { "4" } else { "3" }, "0"], vec![motion, show])
}

fn keyed(key: &str, made: Html) -> Html {
    let Html::VTag(mut tag) = made else { return made };
    Rc::make_mut(&mut tag).key = Some(key.to_owned().into());
    Html::VTag(tag)
}

fn text(class: &str, x: f32, y: f32, anchor: &str, text: &str) -> Html {
    let values = [class, &tenths(x), &tenths(y), anchor];
    // With a space: read as one, they are words apart.
    tag("text", &["class", "x", "y", "text-anchor"], &values, vec![Html::from(format!("{text} "))])
}

fn rect(class: &str, at: Place, (w, h): (f32, f32), rx: &str) -> Html {
    let values = [class, &tenths(at.x), &tenths(at.y), &tenths(w), &tenths(h), rx];
    tag("rect", &["class", "x", "y", "width", "height", "rx"], &values, Vec::new())
}

fn part(of: &Part) -> Html {
    let at = of.at;
    let mut inside = Vec::new();
    for sheet in (1..=of.sheets).rev() {
        let by = sheet as f32 * SHEET;
        inside.push(rect("sheet", Place { x: at.x + by, y: at.y - by }, (WIDTH, HEIGHT), "8"));
    }
    inside.push(rect("box", at, (WIDTH, HEIGHT), "8"));
    inside.push(text("name", at.x + 12.0, at.y + 21.0, "start", &of.title));
    let (class, said) = if of.down.is_empty() { ("soft", &of.sub) } else { ("down", &of.down) };
    inside.push(text(class, at.x + 12.0, at.y + 38.0, "start", said));
    if !of.queue.is_empty() {
        inside.push(rect("badge", Place { x: at.x + 8.0, y: at.y + HEIGHT - 4.0 }, (74.0, 17.0), "8"));
        inside.push(text("waits", at.x + 45.0, at.y + HEIGHT + 8.5, "middle", &of.queue));
    }
    if let Some(used) = of.used {
        let (x, y, room) = (at.x + 12.0, at.y + 49.0, WIDTH - 70.0);
        inside.push(rect("track", Place { x, y }, (room, 6.0), "3"));
        inside.push(rect("used", Place { x, y }, ((room * used as f32).max(1.0), 6.0), "3"));
        if let Some(before) = of.used_before {
            let d = format!("M{} {}v12", tenths(x + room * before as f32), tenths(y - 3.0));
            inside.push(tag("path", &["class", "d"], &["before", &d], Vec::new()));
        }
        inside.push(text("use", at.x + WIDTH - 12.0, at.y + 56.0, "end", &percent(used)));
    }
    let port = vec![
        tag(
            "circle",
            &["class", "cx", "cy", "r"],
            &["reach", &tenths(at.x + WIDTH), &tenths(at.y + HEIGHT / 2.0), "14"],
            Vec::new(),
        ),
        tag(
            "circle",
            &["class", "cx", "cy", "r"],
            &["knob", &tenths(at.x + WIDTH), &tenths(at.y + HEIGHT / 2.0), "6"],
            Vec::new(),
        ),
    ];
    inside.push(tag("g", &["class", "data-port"], &["port", &of.name], port));
    let mut class = format!("part {}", of.heat.class());
    for (is, name) in [(of.selected, " selected"), (of.linking, " from"), (of.down == "down", " gone")] {
        class += if is { name } else { "" };
    }
    let deed = format!("pick:{}", of.name);
    let pressed = if of.selected { "true" } else { "false" };
    let keys = &["class", "data-part", "data-do", "role", "tabindex", "aria-label", "aria-pressed"];
    keyed(&of.name, tag("g", keys, &[&class, &of.name, &deed, "button", "0", &of.told, pressed], inside))
}

fn callout(of: &Callout) -> Html {
    let at = of.at;
    let mut inside = vec![
        rect("ground", at, (of.width, of.height()), "8"),
        text("name", at.x + 12.0, at.y + 19.0, "start", &of.title),
    ];
    for (i, line) in of.lines.iter().enumerate() {
        inside.push(text("soft", at.x + 12.0, at.y + 35.0 + 15.0 * i as f32, "start", line));
    }
    tag("g", &["class", "aria-hidden"], &[if of.easy { "callout easy" } else { "callout" }, "true"], inside)
}
