//! What a learner sees when the page itself fails: what happened, a way to reload, a report to copy. Nothing is lost:
//! progress was written as it was made. The overlay works without our code, which may be unable to run.

use gloo::utils::{document, window};
use js_sys::{Array, Function, Reflect};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

thread_local! {
    static REPORT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The run (scenario, seed, commands) that a report would hold.
pub fn set_report(run: &str) {
    REPORT.with(|r| run.clone_into(&mut r.borrow_mut()));
}

pub fn install() {
    // Through Yew, which else would put its own in this one's place.
    yew::set_custom_panic_hook(Box::new(|info| stop(&info.to_string())));
}

/// Covers the page: it cannot go on for this reason.
pub fn stop(why: &str) {
    let text = describe(why);
    web_error(&text);
    let _ = overlay(&text);
}

fn describe(why: &str) -> String {
    let run = REPORT.with(|r| r.try_borrow().map(|r| r.clone()).unwrap_or_default());
    let address = window().location().href().unwrap_or_default();
    format!("Faultline {}\n{why}\nat {address}\n\nThe run:\n{run}\n", env!("CARGO_PKG_VERSION"))
}

fn web_error(text: &str) {
    if let Ok(console) = Reflect::get(&window(), &"console".into())
        && let Ok(error) = Reflect::get(&console, &"error".into())
        && let Some(error) = error.dyn_ref::<Function>()
    {
        let _ = error.call1(&console, &text.into());
    }
}

fn element(tag: &str, text: &str, parent: &Element) -> Result<Element, JsValue> {
    let element = document().create_element(tag)?;
    element.set_text_content(Some(text));
    parent.append_child(&element)?;
    Ok(element)
}

/// A browser's own function, bound to its object, as a listener: it runs even when our code cannot.
fn bound(object: &JsValue, name: &str, argument: Option<&str>) -> Result<Function, JsValue> {
    let function: Function = Reflect::get(object, &name.into())?.dyn_into()?;
    let arguments = argument.map_or_else(Array::new, |text| Array::of1(&text.into()));
    arguments.unshift(object);
    let bind: Function = Reflect::get(&function, &"bind".into())?.dyn_into()?;
    Reflect::apply(&bind, &function, &arguments)?.dyn_into()
}

fn overlay(text: &str) -> Result<(), JsValue> {
    if document().get_element_by_id("crash").is_some() {
        return Ok(());
    }
    let body: Element = document().body().ok_or(JsValue::NULL)?.into();
    let overlay = element("section", "", &body)?;
    overlay.set_id("crash");
    overlay.set_attribute("role", "alertdialog")?;
    overlay.set_attribute("aria-labelledby", "crash-title")?;
    let card = element("div", "", &overlay)?;
    element("h2", "Faultline stopped", &card)?.set_id("crash-title");
    element(
        "p",
        "Something went wrong. Your progress is kept. Reload to go on; the report helps to find the fault.",
        &card,
    )?;
    let reload = element("button", "Reload", &card)?;
    reload.set_class_name("primary");
    reload.add_event_listener_with_callback("click", &bound(&window().location(), "reload", None)?)?;
    let copy = element("button", "Copy the report", &card)?;
    let clipboard: JsValue = window().navigator().clipboard().into();
    if !clipboard.is_undefined() {
        copy.add_event_listener_with_callback("click", &bound(&clipboard, "writeText", Some(text))?)?;
    }
    element("pre", text, &card)?.set_attribute("tabindex", "0")?;
    let _ = reload.unchecked_ref::<web_sys::HtmlElement>().focus();
    Ok(())
}
