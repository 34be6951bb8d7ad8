//! The list of designs; and the open one as a list and as text.

use super::super::app::Ctx;
use super::super::controls::{link, tag, words};
use super::{acts, does, keep};
use crate::view::board::desk::Desk;
use crate::view::board::picture::Picture;
use crate::view::board::score::grouped;
use crate::view::board::seen::percent;
use crate::view::route::Route;
use yew::prelude::*;

/// What there is to design, and what was designed here.
pub fn shelf(ctx: &Ctx) -> Html {
    let row = |(slug, title): &(String, String), own: bool| {
        let mut inside = vec![link("", &Route::Design(slug.clone()).href(), title)];
        if own {
            let name = format!("Forget {title}");
            let deed = format!("forget:{slug}");
            let keys = &["type", "class", "data-do", "aria-label"];
            inside.push(tag("button", keys, &["button", "small", &deed, &name], vec![Html::from("Forget")]));
        }
        tag("li", &[], &[], inside)
    };
    let shipped: Vec<Html> = keep::shipped().iter().map(|design| row(design, false)).collect();
    let kept: Vec<Html> = keep::kept().iter().map(|design| row(design, true)).collect();
    let kept = if kept.is_empty() {
        words("p", "n", "Nothing yet: what you change is kept here.")
    } else {
        tag("ul", &["class"], &["designs"], kept)
    };
    let onclick = acts::clicks(ctx);
    html! {
        <main id="main" class="page" tabindex="-1" {onclick}>
            <h1>{ "Design board" }</h1>
            <p>{ "Put a system together from clients, balancers, services, caches, stores and queues. Every request of its load walks through it, waits, is served, fails, is tried again; many runs are graded against what you require, with what breaks on the way." }</p>
            <p>{ link("button pri", &Route::Design(keep::free()).href(), "A new design") }</p>
            <h2>{ "To begin with" }</h2>
            { tag("ul", &["class"], &["designs"], shipped) }
            <h2>{ "Yours, in this browser" }</h2>
            { kept }
        </main>
    }
}

/// The design as text: the same, both ways, as it is typed.
pub fn text(desk: &Desk) -> Html {
    let wrong = match &desk.wrong {
        Some((0, why)) => why.clone(),
        Some((line, why)) => format!("Line {line}: {why}"),
        None if desk.opened.is_some() => "It can be run.".into(),
        None => "Reading…".into(),
    };
    let class = if desk.wrong.is_some() { "bad" } else { "n" };
    html! {
        <div class="as-text">
            <p {class} id="board-text-said" role="status">{ wrong }</p>
            <textarea data-live="text" value={desk.text.clone()} spellcheck="false" autocomplete="off" aria-label="The design as text (TOML)" aria-describedby="board-text-said" />
        </div>
    }
}

/// Every component with what it calls, its form one click away: the board without the drawing.
pub fn parts(desk: &Desk) -> Html {
    let picture = Picture::new(desk);
    let parts = desk.doc.parts();
    let edges = desk.doc.edges();
    let head = ["component", "what it is", "use", "waiting", "calls"].map(|head| words("th", "", head)).to_vec();
    let mut rows = vec![tag("tr", &[], &[], head)];
    for part in &parts {
        let Some(drawn) = picture.part(part.name) else { continue };
        let select = tag(
            "button",
            &["type", "class", "data-do"],
            &["button", "link", &format!("select:{}", part.name)],
            vec![Html::from(part.name)],
        );
        let mut calls = Vec::new();
        for edge in edges.iter().filter(|edge| edge.from == part.name) {
            let deed = format!("wire:{}|{}", edge.from, edge.to);
            let name = format!("The calls from {} to {}", edge.from, edge.to);
            let keys = &["type", "class", "data-do", "aria-label"];
            calls.push(tag("button", keys, &["button", "link", &deed, &name], vec![Html::from(edge.to.as_str())]));
            calls.push(Html::from(" "));
        }
        let used = drawn.used.map_or_else(|| "–".to_owned(), percent);
        let queue = if drawn.queue.is_empty() { "–" } else { &drawn.queue };
        let cells = vec![
            tag("th", &["scope"], &["row"], vec![select]),
            words("td", "", &format!("{}: {}", part.kind.title, part.summary())),
            words("td", "", &used),
            words("td", "", queue),
            tag("td", &[], &[], calls),
        ];
        rows.push(tag("tr", &[], &[], cells));
    }
    let table = tag("table", &["class"], &["parts"], vec![tag("tbody", &[], &[], rows)]);
    let cost =
        desk.opened.as_ref().map_or(String::new(), |opened| format!("{} units a month.", grouped(opened.cost as i64)));
    let foot = vec![words("span", "n", &cost), does("small", "paste", "Paste what was copied")];
    tag("div", &["class"], &["as-list"], vec![table, tag("div", &["class"], &["deeds"], foot)])
}
