//! Faults beyond single gestures: what is on, scripts, rain, and commands that are moved in time.

use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::{Value, json};

fn commands(page: &Page) -> Vec<String> {
    let list = page.js(
        "return [...document.querySelectorAll('.faults ol li')].map(li => li.querySelector('.at').innerText + ' ' + li.querySelector('.say').innerText)",
        json!([]),
    );
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn press(page: &Page, label: &str) {
    let script =
        "const button = [...document.querySelectorAll('.faults button')].find(b => b.innerText === arguments[0]);
        button?.click(); return !!button";
    page.wait_js(label, script, json!([label]));
}

#[test]
fn scripts_and_rain_are_given_moved_and_taken_back() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.click("#tab-commands");
    page.wait_text("Nothing is broken.");
    // A script for the node that is selected: its commands stand in the log, some of them later.
    page.focus("[data-node=n2]");
    press(&page, "Long pause");
    page.wait_text("n2 is paused");
    let own = "return document.querySelectorAll('.faults .when').length";
    assert_eq!(page.js(own, json!([])), json!(2), "{:#?}", commands(&page));
    page.screenshots("faults");
    page.assert_accessible("faults");
    // The second is moved by its number, then dragged on the scrubber.
    let set = "const input = document.querySelectorAll('.faults .when input')[1];
        input.value = arguments[0]; input.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(set, json!(["7"]));
    page.wait_js(
        "the new time",
        "return document.querySelectorAll('.faults li:has(.when) .at')[1].innerText.startsWith('0.007')",
        json!([]),
    );
    let drag = "const mark = document.querySelectorAll('.marks .mine')[1], track = mark.closest('.marks').getBoundingClientRect();
        mark.setPointerCapture = () => {};
        const send = (kind, x) => mark.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 1, clientX: x, clientY: track.y + 4 }));
        send('pointerdown', track.x + 5); send('pointermove', track.x + track.width / 2); send('pointerup', track.x + track.width / 2)";
    page.js(drag, json!([]));
    page.wait_js(
        "the time that it was dragged to",
        "return !document.querySelectorAll('.faults li:has(.when) .at')[1].innerText.startsWith('0.007')",
        json!([]),
    );
    // What is on can be ended, and all of it undone.
    press(&page, "End it");
    page.wait_text("Nothing is broken.");
    press(&page, "Undo the last");
    page.wait_text("n2 is paused");
    press(&page, "Remove");
    page.wait_text("Nothing is broken.");
    let before = commands(&page).len();
    press(&page, "Begin");
    page.wait_js(
        "rain",
        "return document.querySelectorAll('.faults ol li').length >= arguments[0] + 20",
        json!([before]),
    );
    press(&page, "Undo the last");
    page.finish();
}
