//! A lesson on paper: all its steps, without what only works on a screen. Made while the browser prints.

use super::super::controls::{tag, words};
use super::super::effects::{self, use_effect_on};
use super::endnotes;
use super::prose::{blocks, inlines};
use crate::wire::{LessonPage, StepPage};
use gloo::events::EventListener;
use gloo::utils::window;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties)]
pub struct PrintedProps {
    pub page: Rc<LessonPage>,
}

impl PartialEq for PrintedProps {
    fn eq(&self, o: &Self) -> bool {
        Rc::ptr_eq(&self.page, &o.page)
    }
}

#[component]
pub fn Printed(props: &PrintedProps) -> Html {
    let printing = use_state(|| false);
    let listen = {
        let printing = printing.clone();
        move || -> effects::Undo {
            let on = |name: &'static str, now: bool| {
                let printing = printing.clone();
                EventListener::new(&window(), name, move |_| printing.set(now))
            };
            let both = [on("beforeprint", true), on("afterprint", false)];
            Box::new(move || drop(both))
        }
    };
    use_effect_on([0; 3], Box::new(listen));
    if !*printing {
        return Html::default();
    }
    let page = &props.page;
    let title = words("h1", "", &format!("{} {}", page.id, page.title));
    let mut inside = vec![title, words("p", "meta", &page.question)];
    inside.extend(page.steps.iter().enumerate().map(|(i, s)| step(page, i, s)));
    inside.push(endnotes(page));
    tag("div", &["class"], &["printed"], inside)
}

fn step(page: &LessonPage, index: usize, step: &StepPage) -> Html {
    let item = |words: &[_]| tag("li", &[], &[], vec![inlines(words, page, "printed")]);
    let mut inside = vec![words("h2", "", &format!("{} · {}", index + 1, step.title)), blocks(&step.prose, page)];
    for asked in &step.predictions {
        let question = tag("p", &[], &[], vec![words("b", "", "Predict: "), inlines(&asked.question, page, "printed")]);
        let options = asked.options.iter().map(|words| item(words)).collect();
        inside.extend([question, tag("ol", &["type"], &["A"], options)]);
    }
    if !step.goals.is_empty() {
        let goals = step.goals.iter().map(|goal| item(&goal.title)).collect();
        inside.extend([tag("p", &[], &[], vec![words("b", "", "Goals")]), tag("ul", &["class"], &["to-do"], goals)]);
    }
    tag("section", &[], &[], inside)
}
