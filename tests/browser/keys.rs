//! The list of all keys: what it says is what the keys do, each can be another, and how much is spoken is set there.

use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::json;

const SAID: &str = "return document.querySelector('#said').innerText";
const SETTINGS: &str = "return localStorage.getItem('faultline.settings')";

fn state(page: &Page, node: &str, word: &str) {
    let there = "return document.querySelector(`[data-node=${arguments[0]}]`).ariaLabel.includes(arguments[1])";
    page.wait_js(&format!("{node} to be {word}"), there, json!([node, word]));
}

fn open_list(page: &Page) {
    page.press("?");
    page.wait_js("the list", "return document.querySelector('.keys-box').open", json!([]));
}

/// Gives a line another key, and returns what is said of that.
fn change(page: &Page, line: &str, key: &str) -> String {
    page.click(&format!("[data-line={line}]"));
    page.wait_for(&format!("[data-line={line}].waits"));
    let before = page.text(".keys-box [role=status]");
    page.press(key);
    let other = "return document.querySelector('.keys-box [role=status]').innerText !== arguments[0]";
    page.wait_js("the answer", other, json!([before]));
    page.text(".keys-box [role=status]")
}

#[test]
fn every_key_is_listed_and_can_be_another() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    open_list(&page);
    page.screenshots("keys");
    page.assert_accessible("keys");
    assert!(page.count(".keys-box li") > 70);
    assert_eq!(change(&page, "crash", "w"), "“Crash it” now has the key W.");
    let taken = change(&page, "pause", "w");
    assert!(taken.contains("is taken by “Crash it”"), "{taken}");
    // It still waits; Escape leaves the key as it is, and the list open.
    page.press("Escape");
    page.wait_text("The key stays as it is.");
    page.click(".keys-box header .pri");
    page.focus("[data-node=n1]");
    page.press("c");
    page.press("w");
    state(&page, "n1", "down");
    page.wait_for(".palette [data-key=r]");
    page.focus("[data-node=n2]");
    page.wait_for(".palette [data-key=w]");
    // It is kept, as text of a stated version.
    assert_eq!(page.js(SETTINGS, json!([])), json!(r#"{"version":1,"spoken":"all","keys":{"crash":"w"}}"#));
    page.reload();
    page.wait_for("[data-node=n3]");
    page.focus("[data-node=n3]");
    page.press("w");
    state(&page, "n3", "down");
    open_list(&page);
    page.js(
        "[...document.querySelectorAll('.keys-box button')].find(b => b.innerText === 'Reset all keys').click()",
        json!([]),
    );
    page.wait_text("All keys are as they came.");
    page.click(".keys-box header .pri");
    page.focus("[data-node=n2]");
    page.press("c");
    state(&page, "n2", "down");
    page.finish();
}

#[test]
fn keys_that_cannot_be_read_are_set_aside() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.js("localStorage.setItem('faultline.settings', '{\"version\":9}')", json!([]));
    page.reload();
    page.wait_text("Your own keys could not be taken up");
    let aside = "return localStorage.getItem('faultline.settings.aside')";
    assert_eq!(page.js(aside, json!([])), json!("{\"version\":9}"));
    page.finish();
}

/// Steps and returns all that was said.
fn step(page: &Page, count: usize) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..count {
        let event = page.text(".transport .ev");
        page.press(".");
        let next = "return document.querySelector('.transport .ev').innerText !== arguments[0]";
        page.wait_js("the next event", next, json!([event]));
        said.push(page.js(SAID, json!([])).as_str().unwrap_or_default().to_owned());
    }
    said.dedup();
    said
}

#[test]
fn how_much_is_spoken_is_the_listeners_choice() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let speak = |page: &Page, place: u32| {
        open_list(page);
        let choose = "const s = document.querySelector('.keys-box select'); s.selectedIndex = arguments[0];
            s.dispatchEvent(new Event('change', { bubbles: true }))";
        page.js(choose, json!([place]));
        page.click(".keys-box header .pri");
        page.focus("[data-node=n1]");
    };
    let all = step(&page, 12);
    assert!(all.len() > 8, "{all:?}");
    speak(&page, 1);
    let loud = step(&page, 24);
    assert!(!loud.is_empty() && loud.len() < 20, "{loud:?}");
    speak(&page, 2);
    assert!(step(&page, 12).len() <= 1);
    // What the learner does is answered all the same.
    page.press("j");
    page.wait_js("an answer", "return document.querySelector('#said').innerText.length > 0", json!([]));
    page.finish();
}

#[test]
fn nodes_messages_and_rows_are_walked_by_arrow_keys() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let here = |page: &Page, css: &str| {
        let there = "return document.activeElement?.matches(arguments[0])";
        page.wait_js(&format!("the focus on {css}"), there, json!([css]));
    };
    // One node of all is reached by Tab.
    assert_eq!(page.count(".spot[tabindex='0']"), 1);
    page.press("ArrowRight");
    here(&page, "[data-node=n2]");
    page.press("End");
    page.press("Home");
    here(&page, "[data-node=n1]");
    // Messages: the list is in sight while the keyboard is in it; what has the focus is selected.
    while page.count(".flights li") < 2 {
        step(&page, 1);
    }
    page.focus(".flights button");
    page.press("ArrowDown");
    here(&page, ".flights li:nth-child(2) button");
    page.wait_for(".palette [data-key=delete]");
    page.screenshots("messages-list");
    page.assert_accessible("the list of messages");
    let count = page.count(".flights li");
    page.press("Delete");
    page.wait_js("one less", "return document.querySelectorAll('.flights li').length < arguments[0]", json!([count]));
    // The focus is not lost with the message.
    page.wait_js("the focus", "return !!document.activeElement.closest('.bench')", json!([]));
    // Rows of the log.
    page.press("2");
    page.wait_for(".rows button[tabindex='0']");
    page.focus(".rows button[tabindex='0']");
    let row = "return document.activeElement.closest('[data-row]')?.dataset.row";
    let from = page.wait_js("the focus on a row", row, json!([]));
    page.press("ArrowUp");
    page.wait_js("another row", &format!("return (() => {{ {row} }})() !== arguments[0]"), json!([from]));
    page.finish();
}

#[test]
fn the_diagram_is_walked_along_causality() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    step(&page, 14);
    page.press("1");
    page.wait_for(".spacetime .lanes");
    page.focus(".spacetime .lanes");
    let about = |page: &Page, key: &str, before: &str| -> String {
        page.press(key);
        let other = "const words = document.querySelector('.spacetime .about').innerText;
            return words.length > 12 && words !== arguments[0] && words";
        page.wait_js(&format!("another event by {key}"), other, json!([before])).as_str().unwrap_or_default().to_owned()
    };
    let first = page.text(".spacetime .about");
    let at = about(&page, "ArrowRight", &first);
    // Back along the lane until something elsewhere led to the event, then to that.
    let back = about(&page, "ArrowLeft", &at);
    let mut here = back;
    for _ in 0..8 {
        page.press("ArrowUp");
        let moved = "const toast = document.querySelector('.bench .toast').innerText;
            return document.querySelector('.spacetime .about').innerText !== arguments[0] && 'moved'
              || toast.includes('No event at another node') && 'none'";
        if page.wait_js("an answer", moved, json!([here])) == json!("moved") {
            break;
        }
        here = about(&page, "ArrowLeft", &here);
    }
    // Each event is told once: by the diagram, as its sentence.
    assert_eq!(page.attribute(".spacetime .about", "aria-live").as_deref(), Some("polite"));
    page.assert_accessible("the diagram");
    page.finish();
}
