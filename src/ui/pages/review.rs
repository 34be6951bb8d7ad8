//! Review: predictions and explanations that are due, one at a time, mixed across lessons; and the concept map. Nothing
//! reminds of it: it is there when somebody comes.

use super::super::app::{Ctx, use_ctx};
use super::super::books;
use super::super::controls::{link, tag, words};
use super::super::effects::{self, today_ms, use_effect_on};
use super::super::state::{Action, Load};
use crate::progress::review::{self, Card, DAY_MS, Knows, RATINGS};
use crate::progress::{EXPLAIN, LessonProgress, Recall};
use crate::view::concepts::{RADIUS, concepts};
use crate::view::route::Route;
use crate::view::words::count;
use crate::wire::{Catalogue, CatalogueEntry, Course, CourseLesson, CoursePrediction};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub fn page(_: &Ctx) -> Html {
    html! { <Review /> }
}

#[component]
fn Review() -> Html {
    let ctx = use_ctx();
    // The version of the progress at which the answer was shown, more one; empty before anything was done here.
    let turned = use_state(Vec::new as fn() -> Vec<u32>);
    let version = ctx.state.progress_version as u32 + 1;
    let (touched, open) = (!turned.is_empty(), turned.first() == Some(&version));
    let to_next = move || {
        let id = if open { "rate-3" } else { "show-answer" };
        let next = document().get_element_by_id(id).or_else(|| document().get_element_by_id("review-done"));
        if let Some(next) = next.filter(|_| touched) {
            let _ = next.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    use_effect_on([open.into(), version.into(), 0], effects::plain(to_next));
    let turn = Callback::from(move |_: MouseEvent| turned.set(vec![version]));
    let now = today_ms();
    let mut inside = vec![words("h1", "", "Review")];
    match (&ctx.state.books.course, ctx.state.catalogue.ready()) {
        (Load::Ready(course), Some(catalogue)) => {
            inside.push(session(&ctx, course, open, turn, now));
            inside.extend(map(&ctx, catalogue, now));
        }
        (Load::Failed(why), _) => inside.push(books::missing(&ctx, Some(why))),
        _ => inside.push(books::missing(&ctx, None)),
    }
    tag("main", &["id", "class", "tabindex"], &["main", "page review", "-1"], inside)
}

/// A card with what is needed to show it.
enum Shown<'a> {
    Prediction(&'a CourseLesson, usize, &'a CoursePrediction),
    Explain(&'a CourseLesson, &'a (String, String)),
}

/// What a card asks; none if its lesson does not have it any more.
fn find<'a>(course: &'a Course, card: &Card) -> Option<Shown<'a>> {
    let lesson = course.lessons.iter().find(|lesson| lesson.slug == card.slug)?;
    if card.key == EXPLAIN {
        return Some(Shown::Explain(lesson, lesson.explain.as_ref()?));
    }
    let (step, id) = card.key.split_once('/')?;
    let place = lesson.steps.iter().position(|s| s.id == step)?;
    let asked = lesson.steps[place].predictions.iter().find(|p| p.id == id)?;
    Some(Shown::Prediction(lesson, place, asked))
}

fn session(ctx: &Ctx, course: &Course, open: bool, turn: Callback<MouseEvent>, now: u64) -> Html {
    let mut cards = review::cards(&ctx.state.progress);
    cards.retain(|card| find(course, card).is_some());
    let due = review::due(&cards, now);
    let Some((card, shown)) = due.first().and_then(|card| Some((card, find(course, card)?))) else {
        return nothing(&cards, now);
    };
    let own = ctx.state.progress.lesson(&card.slug).cloned().unwrap_or_default();
    let rate = {
        let (ctx, card) = (ctx.clone(), card.clone());
        Callback::from(move |rating: u8| {
            ctx.dispatch(Action::Recall(card.slug.clone(), card.key.clone(), Recall(today_ms(), rating)));
        })
    };
    let onkeydown = {
        let rate = rate.clone();
        Callback::from(move |event: KeyboardEvent| {
            let number = event.key().parse::<u8>().unwrap_or(0);
            let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
            if open && plain && (1..=4).contains(&number) {
                event.prevent_default();
                rate.emit(number);
            }
        })
    };
    let inside = match shown {
        Shown::Prediction(lesson, place, asked) => prediction(lesson, place, asked, card, &own, open),
        Shown::Explain(lesson, asked) => explanation(lesson, asked, &own, open),
    };
    let looks = own.looks.get(&card.key).map_or(&[][..], Vec::as_slice);
    html! {
        <section class="card due" aria-label="A card" {onkeydown}>
            <p class="meta" role="status">{ format!("{} due", count(due.len() as u64, "card", "cards")) }</p>
            { inside }
            if open {
                { ratings(looks, &rate, now) }
            } else {
                <p class="deeds"><button type="button" class="pri" id="show-answer" onclick={turn}>{ "Show the answer" }</button></p>
            }
        </section>
    }
}

/// How well it was known, with the days until it comes back.
pub fn ratings(looks: &[Recall], rate: &Callback<u8>, now: u64) -> Html {
    let days = review::outlook(looks, now);
    let one = |i: usize| {
        let rate = rate.clone();
        let onclick = Callback::from(move |_: MouseEvent| rate.emit(i as u8 + 1));
        html! {
            <button type="button" class="line" id={format!("rate-{}", i + 1)} {onclick}>
                <kbd aria-hidden="true">{ i + 1 }</kbd>{ RATINGS[i] }<small>{ count(days[i].into(), "day", "days") }</small>
            </button>
        }
    };
    let buttons = (0..RATINGS.len()).map(one).collect();
    let label = words("p", "meta", "How well did you know it? By it the card comes back sooner or later.");
    let group = tag("div", &["class", "role", "aria-label"], &["deeds ratings", "group", "Rate"], buttons);
    [label, group].into_iter().collect()
}

fn from(lesson: &CourseLesson, step: usize, title: &str) -> Html {
    let href = Route::Lesson(lesson.slug.clone(), step as u32).href();
    let said = format!("{} {}: {title}", lesson.id, lesson.title);
    tag("p", &["class"], &["meta"], vec![Html::from("From "), link("", &href, &said)])
}

fn prediction(
    lesson: &CourseLesson,
    place: usize,
    asked: &CoursePrediction,
    card: &Card,
    own: &LessonProgress,
    open: bool,
) -> Html {
    let answer = own.answers.get(&card.key);
    let truth = answer.and_then(|answer| answer.truth);
    let option = |(i, text): (usize, &String)| {
        let (is_true, yours) = (open && truth == Some(i as u32), open && answer.is_some_and(|a| a.option == i as u32));
        let class = match (is_true, yours) {
            (true, _) => "opt true",
            (false, true) => "opt false",
            _ => "opt",
        };
        let mut inside = vec![words("span", "", text)];
        if is_true {
            inside.push(words("span", "tag", "what the run did"));
        } else if yours {
            inside.push(words("span", "tag", "what you said"));
        }
        tag("li", &["class"], &[class], inside)
    };
    let options = asked.options.iter().enumerate().map(option).collect();
    let mut inside = vec![
        from(lesson, place, &lesson.steps[place].title),
        words("h2", "", &asked.question),
        tag("ul", &["class"], &["options"], options),
    ];
    if let Some(answer) = answer.filter(|_| open) {
        let said = if truth == Some(answer.option) { "You said so too" } else { "You said something else" };
        inside.push(words("p", "", &format!("{said}, {} % sure.", answer.confidence)));
    }
    inside.into_iter().collect()
}

fn explanation(lesson: &CourseLesson, asked: &(String, String), own: &LessonProgress, open: bool) -> Html {
    let last = lesson.steps.len().saturating_sub(1);
    let mut inside = vec![from(lesson, last, "explain it back"), words("h2", "", &asked.0)];
    if open {
        let written = own.words.get(EXPLAIN).map_or("", String::as_str);
        inside.extend([words("h3", "", "What you wrote"), words("p", "written", written)]);
        inside.extend([words("h3", "", "A model answer"), words("p", "", &asked.1)]);
    } else {
        inside.push(words("p", "", "Say it in two sentences, then compare."));
    }
    inside.into_iter().collect()
}

fn nothing(cards: &[Card], now: u64) -> Html {
    let next = cards.iter().map(|card| card.standing.due_ms).min();
    let said = match next {
        None => "Nothing is here yet. What you predict in a lesson comes back here, once the run has decided it; so does what you explain.".to_owned(),
        Some(due) => {
            let days = due.saturating_sub(now).div_ceil(DAY_MS);
            let kept = count(cards.len() as u64, "card", "cards");
            format!("Nothing is due. Of {kept} the next comes back in {}.", count(days, "day", "days"))
        }
    };
    tag("p", &["id", "tabindex", "role"], &["review-done", "-1", "status"], vec![Html::from(said)])
}

/// The sign, the class and the words of a state.
fn state(knows: Knows, entry: &CatalogueEntry, catalogue: &Catalogue) -> (String, &'static str, String) {
    match knows {
        Knows::Due(n) => (format!("↻ {n}"), "due", format!("{n} due")),
        Knows::Known => ("✓".into(), "known", "known".into()),
        Knows::Begun => ("…".into(), "begun", "begun".into()),
        Knows::Next => ("→".into(), "next", "next".into()),
        Knows::Later => (String::new(), "later", format!("after {}", super::home::ids(&entry.needs, catalogue))),
    }
}

/// The concept map: a picture for eyes, the same as a list for everybody.
fn map(ctx: &Ctx, catalogue: &Catalogue, now: u64) -> Vec<Html> {
    let drawn = concepts(catalogue);
    let entries: Vec<&CatalogueEntry> = catalogue.chapters.iter().flat_map(|c| &c.lessons).collect();
    let states: Vec<_> = entries
        .iter()
        .map(|entry| state(review::knows(&ctx.state.progress, &entry.slug, &entry.needs, now), entry, catalogue))
        .collect();
    let text = |class: &str, x: u32, y: u32, said: &str| {
        let (x, y) = (x.to_string(), y.to_string());
        tag("text", &["class", "x", "y"], &[class, &x, &y], vec![Html::from(said)])
    };
    let mut inside: Vec<Html> = Vec::new();
    for (path, to) in &drawn.ways {
        let class = if states[*to].1 == "later" { "way" } else { "way open" };
        inside.push(tag("path", &["class", "d"], &[class, path], Vec::new()));
    }
    inside.extend(drawn.chapters.iter().map(|(title, y)| text("chapter", 4, *y, title)));
    for ((entry, state), (x, y)) in entries.iter().zip(&states).zip(&drawn.places) {
        let (cx, cy, r) = (x.to_string(), y.to_string(), RADIUS.to_string());
        let circle = tag("circle", &["cx", "cy", "r"], &[&cx, &cy, &r], Vec::new());
        let parts = vec![circle, text("id", *x, y - 2, &entry.id), text("sign", *x, y + 13, &state.0)];
        let href = Route::Lesson(entry.slug.clone(), 0).href();
        let class = format!("concept {}", state.1);
        inside.push(tag("a", &["class", "href", "tabindex"], &[&class, &href, "-1"], parts));
    }
    let (width, frame) = (drawn.width.to_string(), format!("0 0 {} {}", drawn.width, drawn.height));
    let keys = &["class", "viewBox", "width", "aria-hidden"];
    let picture = tag("svg", keys, &["concepts", &frame, &width, "true"], inside);
    let item = |(entry, state): (&&CatalogueEntry, &(String, &'static str, String))| {
        let href = Route::Lesson(entry.slug.clone(), 0).href();
        let way = link("", &href, &format!("{} {}", entry.id, entry.title));
        let class = format!("concept {}", state.1);
        tag("li", &["class"], &[&class], vec![way, words("span", "n", &state.2)])
    };
    let list = entries.iter().zip(&states).map(item).collect();
    let (list, heading) = (tag("ul", &["class"], &["known"], list), words("h2", "", "What you know"));
    vec![heading, tag("div", &["class"], &["concept-map"], vec![picture, list])]
}

/// For a button in the guide.
pub fn rated(looks: &[Recall]) -> Option<Html> {
    let last = looks.last()?;
    let said = RATINGS.get(usize::from(last.1).wrapping_sub(1)).copied().unwrap_or_default();
    let days = count(review::standing(looks).days.into(), "day", "days");
    Some(words("p", "meta", &format!("You rated it “{said}”: it comes back for review {days} after that.")))
}
