//! Parsed prose as elements. Authors' and learners' text becomes text nodes, never markup.

use super::super::controls::{tag, words};
use crate::wire::{Block, Inline, LessonPage};
use yew::prelude::*;

/// Attributes of a link that leads away.
pub const AWAY: &[&str] = &["href", "target", "rel"];

pub fn blocks(blocks: &[Block], page: &LessonPage) -> Html {
    let inside = blocks.iter().enumerate().map(|(i, b)| block(b, page, &format!("b{i}"))).collect();
    tag("div", &["class"], &["prose"], inside)
}

fn block(block: &Block, page: &LessonPage, id: &str) -> Html {
    let all = |name, words| tag(name, &[], &[], vec![inlines(words, page, id)]);
    match block {
        Block::Paragraph(words) => all("p", words),
        Block::Heading(words) => all("h2", words),
        Block::Quote(words) => all("blockquote", words),
        Block::Code(text) => tag("pre", &["tabindex"], &["0"], vec![words("code", "", text)]),
        Block::List { ordered, items } => {
            let items = items.iter().enumerate();
            let items = items.map(|(i, item)| tag("li", &[], &[], vec![inlines(item, page, &format!("{id}i{i}"))]));
            tag(if *ordered { "ol" } else { "ul" }, &[], &[], items.collect())
        }
    }
}

/// `id` makes the ids of notes unique within the step.
pub fn inlines(words: &[Inline], page: &LessonPage, id: &str) -> Html {
    words.iter().enumerate().map(|(i, inline)| one(inline, page, &format!("{id}-{i}"))).collect()
}

fn one(inline: &Inline, page: &LessonPage, id: &str) -> Html {
    match inline {
        Inline::Text(text) => Html::from(text.as_str()),
        Inline::Strong(text) => words("strong", "", text),
        Inline::Emphasis(text) => words("em", "", text),
        Inline::Code(text) => words("code", "", text),
        Inline::Link(text, href) => {
            let away = href.starts_with("http");
            let all = [href.as_str(), "_blank", "noreferrer external"];
            tag("a", AWAY, if away { &all } else { &all[..1] }, vec![Html::from(text.as_str())])
        }
        Inline::Term(text, term) => {
            let meaning = page.glossary.iter().find(|(t, _)| t == term).map(|(_, meaning)| meaning.clone());
            let meaning = format!(": {}", meaning.unwrap_or_default());
            note(id, "term", text, vec![words("strong", "", term), Html::from(meaning)])
        }
        Inline::Source(source) => {
            let place = page.sources.iter().position(|s| s.id == *source);
            let Some(card) = place.map(|i| &page.sources[i]) else { return Html::default() };
            let label = format!("[{}]", place.unwrap_or(0) + 1);
            let mut inside = vec![Html::from(card.text.as_str())];
            if let Some(url) = &card.url {
                inside.extend([
                    Html::from(" "),
                    tag("a", AWAY, &[url, "_blank", "noreferrer external"], vec![Html::from(host(url))]),
                ]);
            }
            note(id, "cite", &label, inside)
        }
    }
}

/// A word with a note behind it: the browser's own popover, by keyboard and touch as well.
fn note(id: &str, class: &str, label: &str, content: Vec<Html>) -> Html {
    let id = format!("note-{id}");
    let word = tag("button", &["type", "class", "popovertarget"], &["button", class, &id], vec![Html::from(label)]);
    [word, tag("span", &["class", "id", "popover"], &["note", &id, "auto"], content)].into_iter().collect()
}

/// The host of an address, for showing where a link leads.
pub fn host(url: &str) -> String {
    let host = url.split('/').nth(2).unwrap_or(url);
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}
