//! Two tabs at once, no storage at all, and a tab that slept for an hour: nothing is lost, and the learner is told.

use crate::ENGINE;
use crate::keep::{CATCH_ENGINE, import};
use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::{Value, json};

const STORED: &str = "return JSON.parse(localStorage.getItem('faultline.progress') || '{}').lessons ?? {}";

fn finished(slug: &str) -> String {
    json!({ "version": 1, "lessons": { slug: { "finished": true } } }).to_string()
}

fn stored(page: &Page, slugs: &[&str]) {
    let all =
        format!("const lessons = (() => {{ {STORED} }})(); return arguments[0].every(slug => lessons[slug]?.finished)");
    page.wait_js(&format!("{slugs:?} to be kept"), &all, json!([slugs]));
}

#[test]
fn two_tabs_keep_what_is_done_in_both() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.new_tab();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    import(&page, &finished("leader-dies"));
    stored(&page, &["leader-dies"]);
    page.tab(0);
    page.wait_text("Faultline is open in another tab too.");
    import(&page, &finished("one-machine"));
    stored(&page, &["leader-dies", "one-machine"]);
    page.tab(1);
    page.wait_text("Faultline is open in another tab too.");
    // The course of the second tab knows what the first has done.
    page.wait_js("both as done", "return document.querySelectorAll('.map .l.d').length === 2", json!([]));
    page.finish();
}

/// A tab that sleeps hears nothing of what the other stores: what it stores itself takes that along.
#[test]
fn a_tab_that_heard_nothing_loses_nothing_of_the_others() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load("addEventListener('storage', event => event.stopImmediatePropagation(), true)");
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.new_tab();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    import(&page, &finished("leader-dies"));
    stored(&page, &["leader-dies"]);
    page.tab(0);
    import(&page, &finished("one-machine"));
    stored(&page, &["leader-dies", "one-machine"]);
    page.finish();
}

#[test]
fn without_storage_all_works_and_that_is_said() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('forbidden', 'SecurityError') } })",
    );
    open_bench(&mut page, &server.root());
    page.wait_text("This browser keeps nothing for this page");
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    // Progress lasts as long as the page, and keys too.
    import(&page, &finished("leader-dies"));
    page.wait_text("was added to yours");
    page.go("#/");
    page.wait_js("it as done", "return document.querySelectorAll('.map .l.d').length === 1", json!([]));
    page.screenshots("no-storage");
    page.finish();
}

#[test]
fn a_tab_that_slept_for_an_hour_goes_on() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load(CATCH_ENGINE);
    page.before_load(
        "window.slept = 0; const clock = performance.now.bind(performance); performance.now = () => clock() + slept",
    );
    open_bench(&mut page, &server.root());
    page.js("window.first = engine", json!([]));
    let clock = "return parseFloat(document.querySelector('#clock').innerText)";
    let seconds = |value: Value| value.as_f64().expect("seconds");
    page.click("#play");
    page.wait_js("some playing", &format!("return (() => {{ {clock} }})() > 0.01"), json!([]));
    // While the engine owes an answer an hour passes by the page's clock, in which the page has heard nothing.
    page.js("window.slept = 3_600_000", json!([]));
    let woken = seconds(page.js(clock, json!([])));
    // It goes on for about two seconds of watching: the alarm that was set before has come since.
    page.wait_js("it to go on", &format!("return (() => {{ {clock} }})() > arguments[0] + 0.016"), json!([woken]));
    let shown = page.js("return document.body.innerText", json!([]));
    assert!(!shown.as_str().is_some_and(|text| text.contains("engine stopped")), "{shown}");
    assert_eq!(page.js("return engine === first", json!([])), json!(true), "the engine is the same");
    page.click("#play");
    page.focus("[data-node=n1]");
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    page.finish();
}
