//! Asks what an act needs: a request's key and value, how long a delay.

use super::super::app::Ctx;
use super::super::controls::button;
use super::super::state::Action;
use crate::view::acts::{Field, Input};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[hook]
pub fn use_ask_dialog(ctx: &Ctx) -> Html {
    let dialog = use_node_ref();
    let run = &ctx.state.run;
    use_effect_with(run.form.clone(), {
        let dialog = dialog.clone();
        move |form| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                if form.is_some() && !dialog.open() {
                    let _ = dialog.show_modal();
                } else if form.is_none() {
                    dialog.close();
                }
            }
        }
    });
    let Some(form) = &run.form else {
        return html! { <dialog ref={dialog} aria-label="Nothing is asked"></dialog> };
    };
    let onclose = {
        let ctx = ctx.clone();
        Callback::from(move |_: Event| ctx.dispatch(Action::Ask(None)))
    };
    let cancel = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| ctx.dispatch(Action::Ask(None)))
    };
    let onsubmit = {
        let (ctx, form, dialog) = (ctx.clone(), form.clone(), dialog.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(opened) = &ctx.state.run.opened else { return };
            match form.command(opened, &answers(&dialog)) {
                Ok(command) => {
                    ctx.lab.command(command);
                    ctx.dispatch(Action::Ask(None));
                }
                Err(sentence) => ctx.dispatch(Action::FormWrong(sentence)),
            }
        })
    };
    html! {
        <dialog ref={dialog} class="ask" aria-labelledby="ask-title" {onclose}>
            <form {onsubmit} key={form.title.clone()}>
                <h2 id="ask-title">{ &form.title }</h2>
                { for form.fields.iter().map(field) }
                <p class="wrong" role="alert">{ &run.form_wrong }</p>
                <p class="row-end">
                    { button("", "Cancel", cancel) }
                    <button type="submit" class="pri">{ form.confirm }</button>
                </p>
            </form>
        </dialog>
    }
}

fn field(field: &Field) -> Html {
    let value = field.value.clone();
    let input = match &field.input {
        Input::Number { unit, .. } => html! { <span class="unit"><input type="number" {value} />{ *unit }</span> },
        Input::Text => html! { <input type="text" {value} autocomplete="off" /> },
        Input::Choice(options) => html! {
            <select>{ for options.iter().map(|o| html! { <option value={o.clone()} selected={*o == value}>{ o }</option> }) }</select>
        },
    };
    html! { <label key={field.label.clone()}><span>{ &field.label }</span>{ input }</label> }
}

/// The values as they stand in the form, in its order.
fn answers(dialog: &NodeRef) -> Vec<String> {
    let Some(dialog) = dialog.cast::<HtmlDialogElement>() else { return Vec::new() };
    let labels = dialog.get_elements_by_tag_name("label");
    let labels = (0..labels.length()).filter_map(|i| labels.item(i));
    let value = |label: web_sys::Element| {
        let input = label.query_selector("input, select").ok().flatten()?;
        match input.dyn_into::<HtmlInputElement>() {
            Ok(input) => Some(input.value()),
            Err(other) => Some(other.unchecked_into::<HtmlSelectElement>().value()),
        }
    };
    labels.map(|label| value(label).unwrap_or_default()).collect()
}
