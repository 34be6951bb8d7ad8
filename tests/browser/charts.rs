//! Values over time: charts that are read with the pointer and with the keyboard, zoomed into, and read as tables.

use crate::page::Page;
use crate::server::Server;
use crate::share::open_bench;
use serde_json::{Value, json};

/// The legends: each with a name and a value.
const LEGENDS: &str = "return [...document.querySelectorAll('.plot dl div')].map(line => line.innerText)";

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn charts_are_read_zoomed_and_tabled() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.click("#tab-measures");
    // Fast, until there is something to see; every line goes on while time passes.
    page.js(
        "const speed = document.querySelector('.speed input'); speed.value = 90;
         speed.dispatchEvent(new Event('input', { bubbles: true }))",
        json!([]),
    );
    page.click("#play");
    page.wait_js("a second", "return parseFloat(document.querySelector('#clock').innerText) >= 1", json!([]));
    page.click("#play");
    page.wait_for("#play[aria-label=Play]");
    // The engine answers in order: after two steps no chart of what has played is on its way any more.
    for _ in 0..2 {
        let event = page.text(".transport .ev");
        page.press(",");
        let next = "return document.querySelector('.transport .ev').innerText !== arguments[0]";
        page.wait_js("a step back", next, json!([event]));
    }
    let greatest = list(&page.wait_js("the legends", LEGENDS, json!([])));
    assert!(greatest.iter().any(|line| line.starts_with("median") && line.ends_with("ms")), "{greatest:#?}");
    assert!(greatest.iter().any(|line| line.starts_with("ok") && line.ends_with("/s")), "{greatest:#?}");
    page.screenshots("charts");
    page.assert_accessible("charts");
    // By keyboard: the slider is at a moment, says its values, and the legends show them.
    page.focus(".moment input");
    (0..30).for_each(|_| page.press("ArrowRight"));
    let said = page.wait_js(
        "the moment",
        "const i = document.querySelector('.moment input'); return i.value === '30' && i.getAttribute('aria-valuetext')",
        json!([]),
    );
    let said = said.as_str().unwrap_or_default();
    assert!(said.contains("Latency of operations") && said.contains("In flight, at most, messages"), "{said}");
    assert_ne!(list(&page.js(LEGENDS, json!([]))), greatest);
    let press = |label: &str| {
        let script = "const b = [...document.querySelectorAll('.moment button')].find(b => b.innerText === arguments[0]); b?.click(); return !!b";
        page.wait_js(label, script, json!([label]));
    };
    let seen = "return document.querySelector('.moment .n').innerText";
    let whole = page.js(seen, json!([]));
    press("Show it");
    press("Zoom from here");
    page.focus(".moment input");
    (0..10).for_each(|_| page.press("ArrowRight"));
    press("Zoom to here");
    page.wait_js("the stretch", &format!("return (() => {{ {seen} }})() !== arguments[0]"), json!([whole]));
    press("The whole run");
    page.wait_js("the whole", &format!("return (() => {{ {seen} }})() === arguments[0]"), json!([whole]));
    // By pointer: dragged over, a chart shows that stretch; the table has its values.
    page.drag(".plot .area", (60.0, 30.0), (120.0, 30.0));
    page.wait_js("the stretch", &format!("return (() => {{ {seen} }})() !== arguments[0]"), json!([whole]));
    page.click(".plot summary");
    page.wait_js("a table", "return document.querySelectorAll('.plot details[open] tr').length > 2", json!([]));
    page.screenshots("charts-zoomed");
    page.finish();
}
