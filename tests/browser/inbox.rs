//! Messages by hand: held back, listed by receiver, delivered in the learner's own order, seen from inside.

use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, save};
use serde_json::{Value, json};

/// What waits for a node: the messages as they are listed.
const LISTED: &str = "return [...document.querySelectorAll('.inbox li .say')].map(e => e.innerText)";

fn listed(page: &Page, at_least: usize) -> Vec<String> {
    let enough = format!("const list = (() => {{ {LISTED} }})(); return list.length >= arguments[0] && list");
    let list = page.wait_js("the messages", &enough, json!([at_least]));
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn messages_are_delivered_by_hand_in_an_order_of_ones_own() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.click("#tab-pending");
    page.click(".inbox h3 input");
    page.wait_js("the messages held", "return document.querySelector('.inbox h3 input').checked", json!([]));
    // Two requests go out, and nothing arrives however long one waits.
    for key in ["x", "y"] {
        page.focus("[data-node=c1]");
        page.press("q");
        page.wait_js("the dialog", "return document.querySelector('dialog').open", json!([]));
        page.js("const key = [...document.querySelectorAll('dialog label')].find(l => l.innerText.startsWith('Key')).querySelector('input');
            key.value = arguments[0]; key.dispatchEvent(new Event('input', { bubbles: true }))", json!([key]));
        page.js("document.querySelector('dialog .pri').click()", json!([]));
        page.wait_js("the dialog to close", "return !document.querySelector('dialog').open", json!([]));
    }
    page.focus("[data-node=c1]");
    let ten = "return document.querySelectorAll('.inbox li').length >= 10";
    while page.js(ten, json!([])) != json!(true) {
        let event = page.text(".transport .ev");
        page.press(".");
        let stepped = format!(
            "return document.querySelector('.transport .ev').innerText !== arguments[0] || (() => {{ {ten} }})()"
        );
        page.wait_js("a step", &stepped, json!([event]));
    }
    let before = listed(&page, 10);
    assert!(before.iter().all(|line| line.ends_with("from c1")), "{before:#?}");
    let fates = "return [...document.querySelectorAll('.inbox li .fate')].every(e => e.innerText === 'held')";
    page.wait_js("all of them held", fates, json!([]));
    let rows = "return [...document.querySelectorAll('.inbox li')].every(li => li.clientHeight < 40)";
    assert_eq!(page.js(rows, json!([])), json!(true), "on a desk, what can be done to a message stands beside it");
    page.screenshots("by-hand");
    page.assert_accessible("by-hand");
    // The second message to the first receiver goes before the first; both arrive, in that order.
    let two = "const items = [...document.querySelector('.inbox section').querySelectorAll('li')]; return items.length >= 2 && items.map(i => i.querySelector('.say').innerText)";
    let was = page.wait_js("two for one receiver", two, json!([]));
    page.js("const items = document.querySelector('.inbox section').querySelectorAll('li');
        const send = (kind, item) => item.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() }));
        send('dragstart', items[1]); send('dragover', items[0]); send('drop', items[0]);", json!([]));
    let is = page.wait_js(
        "the other order",
        &format!("const is = (() => {{ {two} }})(); return is && is[0] === arguments[0] && is"),
        json!([was[1]]),
    );
    assert_eq!(is[1], was[0]);
    page.js("document.querySelector('.inbox section h4 button').click()", json!([]));
    page.wait_js(
        "both to arrive",
        "return ![...document.querySelectorAll('.inbox h4')].some(h => h.innerText.startsWith('To n1'))",
        json!([]),
    );
    let run: Value = serde_json::from_str(&save(&page)).expect("JSON");
    let commands: Vec<&Value> =
        run["commands"].as_array().into_iter().flatten().filter(|c| c["learner"] == true).collect();
    let delivered: Vec<&Value> = commands.iter().filter_map(|c| c["do"].get("deliver-now")).collect();
    assert_eq!(delivered.len(), 2, "{commands:#?}");
    // A message that is picked tells what it carries.
    page.js("document.querySelector('.inbox li .say').click()", json!([]));
    page.click("#tab-state");
    page.wait_text("It carries");
    page.screenshots("payload");
    page.finish();
}
