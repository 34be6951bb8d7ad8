//! Search over the course.

use super::super::app::Ctx;
use super::super::books;
use super::super::controls::{link, tag, words};
use super::super::guide::AWAY;
use super::super::state::Load;
use crate::view::search::{Hit, search};
use yew::prelude::*;

/// Beyond these the words are too common to help.
const SHOWN_MAX: usize = 80;

pub fn page(ctx: &Ctx) -> Html {
    let books = &ctx.state.books;
    let mut inside = vec![words("h1", "", "Search")];
    if let Load::Failed(why) = &books.course {
        inside.push(books::missing(ctx, Some(why)));
    } else if books.course.ready().is_none() {
        inside.push(books::missing(ctx, None));
    } else {
        inside.extend(found(ctx));
    }
    tag("main", &["id", "class", "tabindex"], &["main", "page search", "-1"], inside)
}

fn found(ctx: &Ctx) -> Vec<Html> {
    let books = &ctx.state.books;
    let hits = search(books.course.ready().map(|c| &**c), books.glossary.ready().map(|g| &**g), &books.query);
    let said = match hits.len() {
        _ if books.query.trim().is_empty() => "Lessons and their steps, terms, and sources.".to_owned(),
        0 => "Nothing has all these words.".to_owned(),
        1 => "1 place".to_owned(),
        n if n > SHOWN_MAX => format!("{n} places, the first {SHOWN_MAX} of them shown"),
        n => format!("{n} places"),
    };
    let list = hits.iter().take(SHOWN_MAX).map(one).collect();
    vec![
        tag("div", &["class"], &["finder"], vec![books::field(ctx, "Words")]),
        tag("p", &["class", "role"], &["meta", "status"], vec![Html::from(said)]),
        tag("ul", &["class"], &["hits"], list),
    ]
}

fn one(hit: &Hit) -> Html {
    let way = if hit.href.starts_with("http") {
        tag("a", AWAY, &[&hit.href, "_blank", "noreferrer external"], vec![Html::from(hit.title.as_str())])
    } else if hit.href.is_empty() {
        words("b", "", &hit.title)
    } else {
        link("", &hit.href, &hit.title)
    };
    let inside = vec![words("span", "n", hit.group), tag("div", &[], &[], vec![way, words("p", "", &hit.excerpt)])];
    tag("li", &[], &[], inside)
}
