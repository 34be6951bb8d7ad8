//! The glossary: all terms, filtered by typing, by letter, or by an address that names one.

use super::super::app::{Ctx, use_ctx};
use super::super::books;
use super::super::controls::{link, tag, words};
use super::super::effects::{self, use_effect_on};
use super::super::guide::{AWAY, host};
use super::super::state::Load;
use crate::view::route::Route;
use crate::view::search::{Query, terms};
use crate::wire::{Glossary, Term};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub fn page(_: &Ctx) -> Html {
    html! { <Terms /> }
}

#[component]
fn Terms() -> Html {
    let ctx = use_ctx();
    let key = match &ctx.state.route {
        Route::Glossary(key) => key.clone(),
        _ => String::new(),
    };
    let glossary = ctx.state.books.glossary.ready().cloned();
    let to = key.clone();
    // The term that the address names, as soon as it is there.
    let show = move || {
        let term = document().get_element_by_id(&format!("term-{to}")).filter(|_| !to.is_empty());
        if let Some(term) = term {
            term.scroll_into_view();
            let _ = term.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    use_effect_on([effects::text(&key), glossary.is_some().into(), 0], effects::plain(show));
    let inside = match (&ctx.state.books.glossary, &glossary) {
        (_, Some(glossary)) => shown(&ctx, glossary, &key),
        (Load::Failed(why), _) => vec![books::missing(&ctx, Some(why))],
        _ => vec![books::missing(&ctx, None)],
    };
    let inside = [words("h1", "", "Glossary")].into_iter().chain(inside).collect();
    tag("main", &["id", "class", "tabindex"], &["main", "page glossary", "-1"], inside)
}

fn shown(ctx: &Ctx, glossary: &Glossary, key: &str) -> Vec<Html> {
    let query = Query::new(&ctx.state.books.query);
    let all: Vec<&Term> = glossary.terms.iter().collect();
    let found = if query.is_empty() { all } else { terms(glossary, &query) };
    let count = format!("{} of {} terms", found.len(), glossary.terms.len());
    let list = found.iter().map(|term| one(glossary, term)).collect();
    let mut inside = vec![
        tag("div", &["class"], &["finder"], vec![books::field(ctx, "Filter")]),
        tag("p", &["class", "role"], &["meta", "status"], vec![Html::from(count)]),
    ];
    // Each in its place even if it is nothing: a list that is drawn anew is compared from its end, and what has another
    // place there is made anew, the field that has the focus too.
    inside.push(if query.is_empty() { letters(glossary) } else { Html::default() });
    let unknown = !key.is_empty() && !glossary.terms.iter().any(|term| term.key == key);
    inside.push(if unknown { words("p", "empty", &format!("There is no term “{key}”.")) } else { Html::default() });
    inside.push(tag("ul", &["class"], &["terms"], list));
    inside
}

/// The first term of each letter.
fn letters(glossary: &Glossary) -> Html {
    let mut last = String::new();
    let mut links = Vec::new();
    for term in &glossary.terms {
        let letter: String = term.name.chars().take(1).map(|c| c.to_ascii_uppercase()).collect();
        if letter != last {
            let href = Route::Glossary(term.key.clone()).href();
            links.push(tag("li", &[], &[], vec![link("button", &href, &letter)]));
            last = letter;
        }
    }
    let list = tag("ul", &[], &[], links);
    tag("nav", &["class", "aria-label"], &["letters", "Letters"], vec![list])
}

fn one(glossary: &Glossary, term: &Term) -> Html {
    let href = Route::Glossary(term.key.clone()).href();
    let label = format!("Link to {}", term.name);
    let permalink = tag("a", &["class", "href", "aria-label"], &["permalink", &href, &label], vec![Html::from("#")]);
    let heading = tag("h2", &[], &[], vec![Html::from(term.name.as_str()), Html::from(" "), permalink]);
    let mut shown = vec![Html::from("Shown in ")];
    for (i, (title, href)) in term.places.iter().enumerate() {
        if i > 0 {
            shown.push(Html::from("; "));
        }
        shown.push(link("", href, title));
    }
    let mut source = Vec::new();
    if let Some(card) = glossary.sources.get(term.source as usize) {
        source.push(Html::from(format!("{} {}", card.text, term.section)));
        if let Some(url) = &card.url {
            let away = tag("a", AWAY, &[url, "_blank", "noreferrer external"], vec![Html::from(host(url))]);
            source.extend([Html::from(" "), away]);
        }
    }
    let inside = vec![
        heading,
        words("p", "", &term.text),
        tag("p", &["class"], &["meta"], shown),
        tag("p", &["class"], &["meta"], source),
    ];
    tag("li", &["id", "tabindex"], &[&format!("term-{}", term.key), "-1"], inside)
}
