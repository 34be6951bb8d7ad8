//! Asks what an act needs: a request's key and value, how long a delay.

use super::super::app::use_ctx;
use crate::view::acts::{Field, Form, Input};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct AskProps {
    pub form: Option<Form>,
    pub close: UseStateSetter<Option<Form>>,
}

#[component]
pub fn AskDialog(props: &AskProps) -> Html {
    let ctx = use_ctx();
    let dialog = use_node_ref();
    let wrong = use_state(String::new);
    use_effect_with(props.form.clone(), {
        let (dialog, wrong) = (dialog.clone(), wrong.setter());
        move |form| {
            wrong.set(String::new());
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                if form.is_some() && !dialog.open() {
                    let _ = dialog.show_modal();
                } else if form.is_none() {
                    dialog.close();
                }
            }
        }
    });
    let Some(form) = &props.form else {
        return html! { <dialog ref={dialog} aria-label="Nothing is asked"></dialog> };
    };
    let onclose = {
        let close = props.close.clone();
        Callback::from(move |_: Event| close.set(None))
    };
    let cancel = {
        let close = props.close.clone();
        Callback::from(move |_: MouseEvent| close.set(None))
    };
    let onsubmit = {
        let (ctx, form, dialog, wrong, close) =
            (ctx.clone(), form.clone(), dialog.clone(), wrong.setter(), props.close.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(opened) = &ctx.state.run.opened else { return };
            match form.command(opened, &answers(&dialog)) {
                Ok(command) => {
                    ctx.lab.command(command);
                    close.set(None);
                }
                Err(sentence) => wrong.set(sentence),
            }
        })
    };
    html! {
        <dialog ref={dialog} class="ask" aria-labelledby="ask-title" {onclose}>
            <form {onsubmit} key={form.title.clone()}>
                <h2 id="ask-title">{ &form.title }</h2>
                { for form.fields.iter().map(field) }
                <p class="wrong" role="alert">{ (*wrong).clone() }</p>
                <p class="row-end">
                    <button type="button" onclick={cancel}>{ "Cancel" }</button>
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
