//! Parsed prose as elements. Authors' and learners' text becomes text nodes, never markup.

use crate::wire::{Block, Inline, LessonPage};
use yew::prelude::*;

pub fn blocks(blocks: &[Block], page: &LessonPage) -> Html {
    html! { <div class="prose">{ for blocks.iter().enumerate().map(|(i, b)| block(b, page, &format!("b{i}"))) }</div> }
}

fn block(block: &Block, page: &LessonPage, id: &str) -> Html {
    match block {
        Block::Paragraph(words) => html! { <p>{ inlines(words, page, id) }</p> },
        Block::Heading(words) => html! { <h2>{ inlines(words, page, id) }</h2> },
        Block::Quote(words) => html! { <blockquote>{ inlines(words, page, id) }</blockquote> },
        Block::Code(text) => html! { <pre tabindex="0"><code>{ text }</code></pre> },
        Block::List { ordered, items } => {
            let items = items.iter().enumerate();
            let items = items.map(|(i, item)| html! { <li>{ inlines(item, page, &format!("{id}i{i}")) }</li> });
            if *ordered {
                html! { <ol>{ for items }</ol> }
            } else {
                html! { <ul>{ for items }</ul> }
            }
        }
    }
}

/// `id` makes the ids of notes unique within the step.
pub fn inlines(words: &[Inline], page: &LessonPage, id: &str) -> Html {
    words.iter().enumerate().map(|(i, inline)| one(inline, page, &format!("{id}-{i}"))).collect()
}

fn one(inline: &Inline, page: &LessonPage, id: &str) -> Html {
    match inline {
        Inline::Text(text) => html! { { text } },
        Inline::Strong(text) => html! { <strong>{ text }</strong> },
        Inline::Emphasis(text) => html! { <em>{ text }</em> },
        Inline::Code(text) => html! { <code>{ text }</code> },
        Inline::Link(text, href) => {
            let away = href.starts_with("http");
            html! {
                <a href={href.clone()} target={away.then_some("_blank")} rel={away.then_some("noreferrer external")}>{ text }</a>
            }
        }
        Inline::Term(text, term) => {
            let meaning = page.glossary.iter().find(|(t, _)| t == term).map(|(_, meaning)| meaning.clone());
            note(id, "term", text, html! { <><strong>{ term }</strong>{ ": " }{ meaning.unwrap_or_default() }</> })
        }
        Inline::Source(source) => {
            let place = page.sources.iter().position(|s| s.id == *source);
            let Some(card) = place.map(|i| &page.sources[i]) else { return Html::default() };
            let label = format!("[{}]", place.unwrap_or(0) + 1);
            let link = card.url.as_ref().map(|url| {
                html! { <>{ " " }<a href={url.clone()} target="_blank" rel="noreferrer external">{ host(url) }</a></> }
            });
            note(id, "cite", &label, html! { <>{ &card.text }{ link.unwrap_or_default() }</> })
        }
    }
}

/// A word with a note behind it: the browser's own popover, by keyboard and touch as well.
fn note(id: &str, class: &'static str, label: &str, content: Html) -> Html {
    let id = format!("note-{id}");
    html! {
        <>
            <button type="button" {class} popovertarget={id.clone()}>{ label }</button>
            <span class="note" {id} popover="auto">{ content }</span>
        </>
    }
}

/// The host of an address, for showing where a link leads.
pub fn host(url: &str) -> String {
    let host = url.split('/').nth(2).unwrap_or(url);
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}
